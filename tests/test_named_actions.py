"""What the names of parts say about the actions of real objects."""

import json
from dataclasses import replace

import numpy as np
import pytest
import trimesh

from partwise import Segmenter
from partwise.datasets.named_actions import CLEAR, GuessedObjects, NamedActions
from partwise.encoders.actions import drawn_actions
from partwise.errors import InputError, MissingDataError
from partwise.train import afford as recipe


@pytest.fixture(scope="module")
def actions():
    return NamedActions.of_world(7)


@pytest.fixture(autouse=True)
def learned_once(actions, monkeypatch):
    """What names say takes seconds to learn, and is the same in every test."""
    monkeypatch.setattr(NamedActions, "of_world", lambda seed: actions)


def folder_of(tmp_path, parts, category="jar", split="train"):
    """One object: a box for each part, stacked."""
    scene = trimesh.Scene()
    nodes = []
    for number, part in enumerate(parts):
        box = trimesh.creation.box((1, 1, 1))
        box.apply_translation((0, 1.1 * number, 0))
        scene.add_geometry(box, node_name=f"n{number}")
        nodes.append({"name": f"n{number}", "clean_part_name": part})
    scene.export(tmp_path / "object.glb")
    row = {"path": "object.glb", "category": category, "split": split, "nodes": nodes}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(row), encoding="utf-8")
    return tmp_path


def test_clear_names_say_what_they_are_for(actions):
    assert actions.offered(("blade", "handle")) == ("grasp", "cut")
    assert actions.offered(("trigger",)) == ("press", "pull")
    assert actions.offered(("handle", "flux capacitor")) == ()  # a name that says nothing may hide anything
    assert all(0 < heat <= 1 for heats in actions.clear.values() for heat in heats.values())
    assert not any(actions.doubtful[name] & set(heats) for name, heats in actions.clear.items())
    assert "sit" in actions.doubtful["seat"]  # one sits on some seats and rides on others
    assert CLEAR > 0.5
    # What is clear for one part and in doubt for another is not known of the object.
    assert actions.offered(("handle",)) == ("grasp",)
    assert "grasp" in actions.doubtful["body"]
    assert actions.offered(("body", "handle")) == ()
    assert actions.offered(("body", "lid")) == ("open",)


def test_a_real_object_is_hot_where_its_names_say_so(actions, tmp_path):
    objects = GuessedObjects(folder_of(tmp_path, ["blade", "handle"]), 600, 7)
    guess = objects.drawn(np.random.default_rng(0))
    sample = guess.sample
    assert len(objects) == 1
    for action, part in (("cut", "blade"), ("grasp", "handle")):
        column = sample.heat[:, sample.affordances.index(action)]
        hot = sample.labels == [p.name for p in sample.parts].index(part)
        assert column[hot] == pytest.approx(actions.clear[part][action])
    stray = sample.labels == -1
    assert not sample.heat[stray].any()
    assert np.array_equal(objects.drawn(np.random.default_rng(0)).sample.heat, sample.heat)
    asked = {
        a for seed in range(40) for a in drawn_actions((), 6, np.random.default_rng(seed), guess.doubtful)
    }
    assert asked
    assert not asked & guess.doubtful


def test_objects_that_say_nothing_or_are_held_out(tmp_path):
    with pytest.raises(InputError, match="leave it out"):
        GuessedObjects(folder_of(tmp_path, ["flux capacitor", "lid"]), 600, 7)
    with pytest.raises(InputError, match="leave it out"):
        GuessedObjects(folder_of(tmp_path, ["body", "lid"], category="teapot"), 600, 7)
    with pytest.raises(MissingDataError, match=r"manifest\.jsonl"):
        GuessedObjects(tmp_path / "nowhere", 600, 7)


def test_a_head_trains_on_real_objects_too(tmp_path):
    segmenter = Segmenter.from_pretrained(head=False)
    config = replace(recipe.TINY, real=0.5, batch=8)
    sources = recipe.Sources.of(config, segmenter, folder_of(tmp_path, ["blade", "handle"]))
    drawn = []
    sources.real.drawn, real = lambda rng: drawn.append(1) or real(rng), sources.real.drawn
    batches = [recipe.make_batch(config, sources, step) for step in range(2)]
    assert 2 <= len(drawn) <= 14
    assert all(batch.points.shape == (8, config.points, 3) for batch in batches)
    with pytest.raises(InputError, match="name it"):
        recipe.Sources.of(config, segmenter)
