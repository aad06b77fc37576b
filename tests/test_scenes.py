"""Scenes of whole real objects: named as what they are, apart from each other, the same for the same seed."""

import json

import numpy as np
import pytest
import trimesh

from partwise.datasets.mixture import TrainingShapes
from partwise.datasets.scenes import MOST, SIZES, RealScenes
from partwise.datasets.world.surface import Scan
from partwise.errors import InputError


@pytest.fixture
def corpus(tmp_path):
    meshes = {
        "crate": trimesh.creation.box((30, 10, 10)),
        "ball": trimesh.creation.icosphere(2),
        "desk fan": trimesh.creation.cylinder(1, 3),
        "stick": trimesh.creation.box((1, 4, 1)),
    }
    rows = []
    for category, mesh in meshes.items():
        trimesh.Scene(mesh).export(tmp_path / f"{category}.glb")
        nodes = [{"name": "x", "clean_part_name": None}]
        rows.append({"path": f"{category}.glb", "category": category, "split": "train", "nodes": nodes})
    (tmp_path / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return tmp_path


def test_scenes_name_what_is_in_them(corpus):
    scenes = RealScenes(30, corpus, scan=Scan(points=2048), seed=3, without={"fan"})
    seen = set()
    for sample in scenes:
        names = [part.name for part in sample.parts]
        assert 2 <= len(names) <= MOST
        assert len(set(names)) == len(names)
        assert set(np.unique(sample.labels)) == set(range(len(names)))
        assert sample.points.shape == (2048, 3)
        seen.update(names)
        extents = [np.ptp(sample.points[sample.labels == k], axis=0).max() for k in range(len(names))]
        assert min(extents) > 0.6 * SIZES[0]  # points fall short of the ends, a turned box shows its side
        assert max(extents) < 1.42 * SIZES[1]  # the diagonal of a turned box
    assert seen == {"crate", "ball", "stick"}


def test_objects_stand_side_by_side_or_on_each_other(corpus):
    stacked = 0
    for sample in RealScenes(20, corpus, scan=Scan(points=8192)):
        boxes = [sample.points[sample.labels == k] for k in range(len(sample.parts))]
        low, high = np.array([b.min(axis=0) for b in boxes]), np.array([b.max(axis=0) for b in boxes])
        above = low[:, 1] > 0.1
        stacked += int(above.sum())
        assert not above[0]
        for number in np.flatnonzero(above):
            assert low[number, 1] == pytest.approx(high[number - 1, 1], abs=0.05)
        order = np.flatnonzero(~above)
        assert (low[order[1:], 0] > high[order[:-1], 0]).all()
    assert stacked > 3


def test_scenes_are_a_function_of_seed_and_index(corpus):
    a, b, other = (RealScenes(5, corpus, seed=seed)[2] for seed in (1, 1, 2))
    assert np.array_equal(a.points, b.points)
    assert np.array_equal(a.labels, b.labels)
    assert a.parts == b.parts
    assert not np.array_equal(a.points, other.points)


def test_scenes_need_two_kinds_of_objects(corpus):
    with pytest.raises(InputError, match="fewer than 2 categories"):
        RealScenes(3, corpus, without={"fan", "ball", "stick"})
    with pytest.raises(InputError, match="fewer than 2 categories"):
        RealScenes(3, corpus, split="val")
    with pytest.raises(InputError, match="name their folder"):
        TrainingShapes(3, scenes=2)
    shapes = TrainingShapes(1, points=256, objects=corpus, scenes=2)
    assert len(shapes) == 3  # no object here has two named parts
    assert [shape.category for shape in shapes][1:] == ["scene", "scene"]
    assert not {part.name for shape in shapes for part in shape.parts} & {"desk fan"}
