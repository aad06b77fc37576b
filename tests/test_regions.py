"""Regions: connected, boxed, ranked, in the input's own frame."""

from dataclasses import replace

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
    assert not region.area_estimated
    assert not region.normal_estimated
    assert region.normal == pytest.approx([0, 1, 0])
    assert region.record()["index"] == [0, 1, 2, 3]


def scattered(kind, count=2048):
    """Points on a unit sphere, on a rod of radius 0.05 and length 1, or on the unit square at height 0."""
    rng = np.random.default_rng(0)
    if kind == "sphere":
        points = rng.standard_normal((count, 3))
        return points / np.linalg.norm(points, axis=1, keepdims=True)
    if kind == "rod":
        angle = rng.uniform(0, 2 * np.pi, count)
        return np.stack([rng.uniform(0, 1, count), 0.05 * np.cos(angle), 0.05 * np.sin(angle)], axis=1)
    return rng.uniform([0, 0, 0], [1, 0, 1], (count, 3))


def region_of(points, hot, normals=None):
    shape = Shape.of(points, up="y")
    shape = replace(shape, geometry=replace(shape.geometry, normals=normals))
    rows = np.arange(len(points), dtype=np.int32)
    regions = find_regions(shape, points, hot.astype(np.float32), rows, 0.5)
    assert len(regions) == 1
    return regions[0]


def test_area_of_a_cloud_is_estimated_from_gaps():
    sphere, rod, square = (scattered(kind) for kind in ("sphere", "rod", "square"))
    cap = region_of(sphere, sphere[:, 1] > 0.5)
    assert cap.area == pytest.approx(np.pi, rel=0.1)  # 2 pi r h
    assert cap.area_estimated
    half = region_of(rod, rod[:, 0] > 0.5)
    assert half.area == pytest.approx(np.pi * 0.05, rel=0.1)
    corner = region_of(square, (square[:, 0] < 0.5) & (square[:, 2] < 0.5))
    assert corner.area == pytest.approx(0.25, rel=0.1)
    larger = region_of(100 * square, (square[:, 0] < 0.5) & (square[:, 2] < 0.5))
    assert larger.area == pytest.approx(1e4 * corner.area)
    record = larger.record()
    assert (record["area"], record["area_estimated"]) == (larger.area, True)


def test_normal_of_a_cloud_is_estimated_outward_or_taken_as_stored():
    sphere = scattered("sphere")
    direction = np.array([1.0, -2.0, 0.5]) / np.linalg.norm([1.0, -2.0, 0.5])
    hot = sphere @ direction > 0.6
    cap = region_of(sphere + np.array([5.0, 6.0, 7.0]), hot)
    assert cap.normal_estimated
    assert cap.record()["normal_estimated"] is True
    assert cap.normal @ direction > 0.99
    assert np.linalg.norm(cap.normal) == pytest.approx(1)
    # A file that says so is believed, even inside out, and rows without a normal do not count.
    stored = (-sphere).astype(np.float32)
    stored[::3] = np.nan
    inward = region_of(sphere, hot, normals=stored)
    assert not inward.normal_estimated
    assert inward.normal @ direction < -0.99
    # Without a side the two ends of a rod's normals cancel, or nearly: no number that is not finite comes out.
    rod = region_of(scattered("rod"), np.ones(2048))
    assert rod.normal is None or np.isfinite(rod.normal).all()


def test_a_small_cloud_that_is_drawn_again_is_one_region_of_the_same_area():
    sphere = scattered("sphere", 400)
    index = np.concatenate([np.arange(400), np.random.default_rng(1).integers(0, 400, 1648)])
    anchors, rows = sphere[index], np.arange(400, dtype=np.int32)
    regions = find_regions(
        Shape.of(sphere, up="y"), anchors, (anchors[:, 1] > 0).astype(np.float32), rows, 0.5
    )
    assert len(regions) == 1
    assert regions[0].area == pytest.approx(2 * np.pi, rel=0.15)
    assert regions[0].normal[1] > 0.99


def test_four_points_say_nothing_of_a_surface():
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0.0]])
    regions = find_regions(
        Shape.of(points, up="y"), points, np.ones(4, dtype=np.float32), np.arange(4, dtype=np.int32), 0.5
    )
    assert regions[0].record()["area"] is None
    assert regions[0].record()["normal"] is None


def test_normals_that_cancel_are_no_normal():
    sphere = trimesh.creation.icosphere(subdivisions=2)
    points = np.array(sphere.vertices)
    rows = np.arange(len(points), dtype=np.int32)
    shape = Shape.of(sphere, up="y")
    (region,) = find_regions(shape, points, np.ones(len(points), dtype=np.float32), rows, 0.5)
    assert region.normal is None
    assert not region.normal_estimated
    assert region.area == pytest.approx(sphere.area)
    unknown = region_of(points, np.ones(len(points)), normals=np.zeros_like(points, dtype=np.float32))
    assert unknown.normal_estimated  # a file full of zeros says nothing


def test_a_hot_place_within_a_large_face_has_an_estimated_area():
    """Four corners of a large square that are not hot themselves, and anchors on it that are."""
    corners = np.array([[0, 0, 0], [0, 0, 1], [1, 0, 1], [1, 0, 0]], dtype=float)
    shape = Shape.of(trimesh.Trimesh(corners, [[0, 1, 2], [0, 2, 3]], process=False), up="y")
    anchors = scattered("square")
    hot = np.linalg.norm(anchors - [0.5, 0, 0.5], axis=1) < 0.3
    nearest = np.array([np.linalg.norm(anchors - c, axis=1).argmin() for c in corners], dtype=np.int32)
    (region,) = find_regions(shape, anchors, hot.astype(np.float32), nearest, 0.5)
    assert region.points.tolist() == []
    assert region.area_estimated
    assert region.area == pytest.approx(np.pi * 0.09, rel=0.1)
    assert abs(region.normal[1]) > 0.99


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
