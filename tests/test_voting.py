"""Votes: pieces are found whatever the file repeats, and only those that agree vote."""

import numpy as np
import pytest
import trimesh

from partwise import Shape
from partwise.anchors import sample_anchors
from partwise.errors import InputError
from partwise.voting import pieces, vote


def boxes(count=3):
    """Cubes above each other with gaps between them."""
    stack = [trimesh.creation.box((1, 1, 1)) for _ in range(count)]
    for number, box in enumerate(stack):
        box.apply_translation((0, 1.5 * number, 0))
    return trimesh.util.concatenate(stack)


def soup(mesh):
    """The same triangles, each with corners of its own, as exporters write them."""
    corners = np.asarray(mesh.vertices)[np.asarray(mesh.faces)]
    return corners.reshape(-1, 3), np.arange(3 * len(corners)).reshape(-1, 3)


def test_pieces_hang_together_though_vertices_repeat():
    mesh = boxes(2)
    for points, faces in ((np.asarray(mesh.vertices), np.asarray(mesh.faces)), soup(mesh)):
        assert len(np.unique(pieces(points, faces))) == 2
        assert len(np.unique(pieces(points, faces, crease=35.0))) == 12  # the sides of two cubes
    sphere = trimesh.creation.icosphere(3)
    assert len(np.unique(pieces(np.asarray(sphere.vertices), np.asarray(sphere.faces), crease=35.0))) == 1


def scored(shape, labels_of, noise, seed=1):
    """Anchors of a shape with scores of the label that their place has, some of them wrong; and true face labels."""
    anchors = sample_anchors(shape, 512, "unit_sphere", 0)
    rng = np.random.default_rng(seed)
    label = labels_of(anchors.original)
    wrong = rng.random(len(label)) < noise
    label = np.where(wrong, 1 - label, label)
    rows = np.eye(2, dtype=np.float32)[label] * 0.6 + 0.2
    groups = anchors.face_groups
    means = np.stack([np.bincount(groups, rows[:, k]) for k in range(2)], axis=1)
    scores = np.concatenate([rows, means / np.bincount(groups)[:, None]]).astype(np.float32)
    return anchors, scores, labels_of(shape.points[shape.faces].mean(axis=1))


@pytest.mark.parametrize("voting", ["components", "regions"])
def test_votes_mend_scattered_errors(voting):
    shape = Shape.of(boxes().subdivide().subdivide(), up="y")
    anchors, scores, truth = scored(shape, lambda p: (p[:, 1] > 0.75).astype(int), noise=0.08)
    none = np.zeros(len(scores), dtype=bool)
    before = (scores.argmax(axis=1)[anchors.face_row] == truth).mean()
    voted, rows, empty = vote(shape, anchors, scores, none, voting)
    assert before < 0.98
    assert (rows.argmax(axis=1)[voted.face_row] == truth).mean() == 1.0
    heights = (shape.points[:, 1] > 0.75).astype(int)
    assert (rows.argmax(axis=1)[voted.point_row] == heights).mean() == 1.0
    assert len(rows) == len(empty)


def test_a_piece_of_two_parts_does_not_vote():
    shape = Shape.of(trimesh.creation.box((1, 1, 1)).subdivide().subdivide(), up="y")
    anchors, scores, _ = scored(shape, lambda p: (p[:, 1] > 0).astype(int), noise=0.0)
    voted, rows, _ = vote(shape, anchors, scores, np.zeros(len(scores), dtype=bool), "components")
    assert np.array_equal(voted.face_row, anchors.face_row)
    assert np.array_equal(rows, scores)


def test_a_piece_that_is_mostly_none_is_none():
    shape = Shape.of(boxes(), up="y")
    anchors, scores, _ = scored(shape, lambda p: (p[:, 1] > 0.75).astype(int), noise=0.0)
    none = np.zeros(len(scores), dtype=bool)
    none[: len(anchors.original)] = anchors.original[:, 1] > 0.75
    voted, _, empty = vote(shape, anchors, scores, none, "components")
    upper = shape.points[shape.faces].mean(axis=1)[:, 1] > 0.75
    assert np.array_equal(empty[voted.face_row], upper)


def test_clouds_and_unknown_names(segmenter, shape, box_mesh):
    plain, voted = (segmenter.segment(shape, ["leg", "top"], voting=v) for v in ("none", "components"))
    assert np.array_equal(plain.labels, voted.labels)
    with pytest.raises(InputError, match="unknown voting"):
        segmenter.segment(shape, ["leg", "top"], voting="majority")
    mesh = Shape.of(box_mesh, up="z")
    answer = segmenter.segment(mesh, ["leg", "top"], voting="regions")
    assert answer.options["voting"] == "regions"
    assert answer.face_scores.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert len(answer.labels) == len(mesh.points)
