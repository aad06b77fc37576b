"""The sweep of CMAT's ablation: each row changes what its name says, and errors of lifting are errors of that size."""

import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

from partwise.lift.cameras import cmat_paper
from partwise.lift.project import CMAT_PAPER, Target, view_weights
from partwise.lift.render import MeshScene, render_views
from partwise.points import sample_surface
from partwise.shape import Shape

ROOT = Path(__file__).parent.parent


@pytest.fixture
def rooms(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), str(ROOT / "benchmarks"), *sys.path])


def changed(one, other):
    """Fields that differ -> the value in the first."""
    names = [field.name for field in fields(one)]
    return {name: getattr(one, name) for name in names if getattr(one, name) != getattr(other, name)}


def test_every_row_of_the_sweep_changes_what_its_name_says_and_no_more(rooms):
    import cmat_experiments as experiments
    from cmat_setup import LOOKS

    base, look = experiments.pretrainings()["rec+aff"]
    found = {}
    for name, (config, own_look) in experiments.sweep().items():
        change = changed(config, base)
        model = change.pop("model", base.model)
        sizes = changed(model.encoder, base.model.encoder)
        found[name] = change, sizes, changed(LOOKS[own_look], LOOKS[look])
        assert set(changed(model, base.model)) <= {"encoder"}
        assert LOOKS[own_look].patches == model.encoder.groups
    assert found == {
        "weight 0.01": ({"affinity_weight": 0.01}, {}, {}),
        "weight 1": ({"affinity_weight": 1.0}, {}, {}),
        "64 patches": ({}, {"groups": 64}, {"patches": 64}),
        "128 patches": ({}, {"groups": 128}, {"patches": 128}),
        "256 patches": ({}, {"groups": 256}, {"patches": 256}),
        "6 views": ({}, {}, {"views": 6}),
        "3 views": ({}, {}, {"views": 3}),
        "turned 2 degrees": ({}, {}, {"turn": 2}),
        "turned 5 degrees": ({}, {}, {"turn": 5}),
    }


@pytest.fixture(scope="module")
def sight():
    """A box that 12 cameras look at, and tokens that say which of the pictures they come from."""
    shape = Shape.of(trimesh.creation.box((2.0, 1.0, 1.5)), up="y")
    scene = MeshScene(shape)
    views = render_views(scene, cmat_paper(112))
    points, faces, _ = sample_surface(shape.points, shape.geometry.faces, 200, np.random.default_rng(0))
    target = Target(scene.frame.apply(points), faces, scene.diagonal)
    return target, views, torch.eye(12)[:, None, None].expand(12, 14, 14, 12)


def test_fewer_views_are_some_of_the_views_and_without_an_error_all_is_as_lifted(rooms, sight):
    from cmat_setup import LOOKS, Look, lifted_features

    target, views, tokens = sight
    whole, seen = lifted_features(LOOKS["middle"], target, views, tokens, 4)
    weights = view_weights(target, views, (14, 14), CMAT_PAPER)
    assert (seen == weights.seen).all()
    assert (seen.sum(), len(seen)) == (200, 200)
    shares = weights.matrix.toarray().reshape(200, 12, -1).sum(axis=2)
    assert whole.numpy() == pytest.approx(shares, abs=1e-6)
    used = {}
    for count in (6, 3, 1):
        features, own = lifted_features(Look(views=count), target, views, tokens, 4)
        used[count] = set(np.flatnonzero(features.sum(dim=0) > 0))
        assert len(used[count]) == count
        assert own.mean() > 0.3 if count == 1 else own.mean() > 0.7
        assert features.sum(dim=1).numpy() == pytest.approx(1)
    assert used[1] < used[3] < used[6]


def test_a_turned_camera_stands_where_it_stood_and_sees_less_of_what_it_is_asked_about(rooms, sight):
    from cmat_setup import Look, lifted_features, turned

    target, views, tokens = sight
    for degrees in (2, 5):
        moved = turned(views[3], degrees, np.array([1.0, -2.0, 0.5])).camera
        old = views[3].camera
        assert moved.position == pytest.approx(old.position)
        turn = moved.world_to_camera[:3, :3] @ old.world_to_camera[:3, :3].T
        assert np.rad2deg(np.arccos((np.trace(turn) - 1) / 2)) == pytest.approx(degrees)
    weights = [
        view_weights(target, [turned(view, degrees, np.ones(3)) for view in views], (14, 14), CMAT_PAPER)
        for degrees in (0, 2, 5, 10)
    ]
    looks_up = [w.matrix.nnz for w in weights]
    assert looks_up == sorted(looks_up, reverse=True)
    assert looks_up[-1] < looks_up[0]
    one, other = (lifted_features(Look(turn=5), target, views, tokens, index)[0] for index in (4, 5))
    again = lifted_features(Look(turn=5), target, views, tokens, 4)[0]
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
