"""Regions: connected, boxed, ranked, in the input's own frame."""

import numpy as np
import pytest
import trimesh

from partwise import Shape
from partwise.errors import InputError
from partwise.regions import CONTACTS, find_regions, oriented_box


def grid(offset=(0.0, 0.0, 0.0), sides=(1.0, 0.2), steps=(40, 8)):
    u, v = np.meshgrid(np.linspace(0, sides[0], steps[0]), np.linspace(0, sides[1], steps[1]), indexing="ij")
    return np.stack([u.ravel(), np.zeros(u.size), v.ravel()], axis=1) + offset


def test_two_patches_are_two_regions_hottest_first():
    anchors = np.concatenate([grid(), grid((0, 1, 0)), grid((0, 2, 0))])
    heat = np.repeat(np.array([0.6, 0.2, 0.9], dtype=np.float32), 320)
    regions = find_regions(Shape.of(anchors, up="y"), anchors, heat, np.arange(960, dtype=np.int32), 0.5)
    assert [round(float(r.centroid[1])) for r in regions] == [2, 0]
    assert [len(r.points) for r in regions] == [320, 320]
    assert regions[0].area is None
    assert regions[0].normal is None
    assert (regions[0].points >= 640).all()
    assert 1 <= len(regions[0].contacts) <= CONTACTS
    assert (np.diff(regions[0].heat) <= 0).all()
    gaps = np.linalg.norm(regions[0].contacts[:, None] - regions[0].contacts[None], axis=-1)
    assert gaps[~np.eye(len(gaps), dtype=bool)].min() >= 0.15 - 1e-9


def test_box_of_a_turned_plate():
    points = grid()
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    box = oriented_box(points @ turn.T + [3, 4, 5])
    assert box.sides == pytest.approx([1.0, 0.2, 0.0], abs=1e-9)
    assert abs(box.axes[0] @ turn[:, 0]) == pytest.approx(1)
    assert np.linalg.det(box.axes) == pytest.approx(1)
    assert box.center == pytest.approx(points.mean(axis=0) @ turn.T + [3, 4, 5])


def test_area_and_normal_of_a_mesh():
    points = np.array([[0, 0, 0], [0, 0, 1], [1, 0, 1], [1, 0, 0], [0, -1, 0]], dtype=float)
    faces = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 4]])
    shape = Shape.of(trimesh.Trimesh(points, faces, process=False), up="y")
    heat = np.array([1, 1, 1, 1, 0], dtype=np.float32)
    (region,) = find_regions(shape, points, heat, np.arange(5, dtype=np.int32), 0.5)
    assert region.area == pytest.approx(1.0)
    assert region.normal == pytest.approx([0, 1, 0])
    assert region.record()["index"] == [0, 1, 2, 3]


def test_nothing_hot_is_no_region_and_a_single_anchor_is_one():
    points = grid()
    shape, rows = Shape.of(points, up="y"), np.arange(320, dtype=np.int32)
    assert find_regions(shape, points, np.full(320, 0.4, dtype=np.float32), rows, 0.5) == ()
    one = np.zeros(320, dtype=np.float32)
    one[5] = 1
    (region,) = find_regions(shape, points, one, rows, 0.5)
    assert region.points.tolist() == [5]
    assert region.box.sides == pytest.approx([0, 0, 0])


@pytest.mark.parametrize("above", [0.0, -1.0, 1.5])
def test_thresholds_outside_the_scale_are_refused(above):
    points = grid()
    with pytest.raises(InputError, match="region threshold"):
        find_regions(
            Shape.of(points, up="y"),
            points,
            np.ones(320, dtype=np.float32),
            np.arange(320, dtype=np.int32),
            above,
        )
