"""How points and faces find the anchors that answer them."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from partwise import Shape, anchors
from partwise.anchors import sample_anchors
from partwise.points import nearest_assignment
from partwise.voting import vote


@pytest.fixture
def mesh():
    """A large box, and a small one above it."""
    small = trimesh.creation.box((0.3, 0.3, 0.3))
    small.apply_translation((0, 2, 0))
    boxes = trimesh.util.concatenate([trimesh.creation.box((1, 1, 1)), small])
    return Shape.of(boxes.subdivide().subdivide(), up="y")


@pytest.fixture
def queries(monkeypatch):
    """The numbers of places for which a nearest anchor was looked for."""
    numbers = []

    def counted(places, points):
        numbers.append(len(places))
        return nearest_assignment(places, points)

    monkeypatch.setattr(anchors, "nearest_assignment", counted)
    return numbers


def test_rows_are_those_of_the_nearest_anchors(mesh):
    sample = sample_anchors(mesh, 200, "unit_sphere", 0)
    assert np.array_equal(sample.point_row, nearest_assignment(mesh.points, sample.original))
    nearest = nearest_assignment(mesh.points[mesh.faces].mean(axis=1), sample.original)
    held = np.isin(np.arange(len(mesh.faces)), sample.place)
    assert np.array_equal(sample.face_row[~held], nearest[~held])
    assert np.array_equal(sample.face_row[sample.place], 200 + sample.face_groups)


@pytest.mark.parametrize("count", [60, 297, 500])  # fewer than the finite points, as many, more
def test_points_of_a_cloud_find_themselves_or_the_nearest(count):
    points = np.random.default_rng(0).random((300, 3))
    points[[3, 70, 299]] = np.nan, 0, 0
    sample = sample_anchors(Shape.of(points, up="y"), count, "unit_sphere", 0)
    finite = np.isfinite(points).all(axis=1)
    assert (sample.point_row[~finite] == -1).all()
    answered = sample.original[sample.point_row[finite]]
    nearest = sample.original[nearest_assignment(points[finite], sample.original)]
    assert np.array_equal(answered, nearest)
    assert np.array_equal(points[sample.place], sample.original)


def test_nearest_anchors_are_looked_for_once_and_only_where_nothing_else_answers(mesh, queries):
    sample = sample_anchors(mesh, 200, "unit_sphere", 0)
    assert queries == []
    plain = np.array(sample_anchors(mesh, 200, "unit_sphere", 0).point_row)
    queries.clear()
    row = np.where(mesh.points[:, 1] > 1, 777, -1).astype(np.int32)
    led = sample.points.led(row)
    assert np.array_equal(led.all(), np.where(row >= 0, row, plain))
    assert queries == [(row < 0).sum()]
    assert np.array_equal(sample.point_row, plain)
    assert queries == [(row < 0).sum(), (row >= 0).sum()]
    assert np.array_equal(sample.point_row, plain)
    assert len(queries) == 2


def test_pieces_found_while_sampling_are_those_that_vote(mesh):
    sample = sample_anchors(mesh, 200, "unit_sphere", 0, 0.5)
    values = np.random.default_rng(0).random((200 + sample.face_groups.max() + 1, 3)).astype(np.float32)
    forgetful = replace(sample, pairs=None, piece=None)
    for voting in ("components", "regions", "pieces", "matched"):
        one, other = (vote(mesh, known, values, 3, voting, 0.02) for known in (sample, forgetful))
        assert np.array_equal(one.values, other.values)
        assert np.array_equal(one.anchors.face_row, other.anchors.face_row)
        assert np.array_equal(one.anchors.point_row, other.anchors.point_row)
