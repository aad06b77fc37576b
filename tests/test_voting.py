"""Votes: pieces are found whatever the file repeats, they take one answer each, and rare phrases are raised."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from partwise import Segmenter, Shape
from partwise.anchors import sample_anchors
from partwise.errors import InputError
from partwise.pieces import alike, face_pairs, mesh_pieces
from partwise.points import random_rotation
from partwise.voting import CLOUD_BALANCE, MOST_POINTS, balance, vote, weigh

TEMPERATURE = 0.05


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
        assert len(np.unique(mesh_pieces(points, faces))) == 2
        assert len(np.unique(mesh_pieces(points, faces, crease=35.0))) == 12  # the sides of two cubes
    sphere = trimesh.creation.icosphere(3)
    assert (
        len(np.unique(mesh_pieces(np.asarray(sphere.vertices), np.asarray(sphere.faces), crease=35.0))) == 1
    )


def test_vertices_that_no_face_names_do_not_weld_the_others():
    mesh = boxes(3)
    points = np.concatenate([[[np.nan, 0, 0], [1e12, 0, 0]], np.asarray(mesh.vertices)])
    assert len(np.unique(mesh_pieces(points, np.asarray(mesh.faces) + 2))) == 3
    for scale, shift in ((1e-9, 0.0), (1e9, 0.0), (1.0, 1e6)):
        assert (
            len(np.unique(mesh_pieces(np.asarray(mesh.vertices) * scale + shift, np.asarray(mesh.faces))))
            == 3
        )


def scored(shape, labels_of, noise, seed=1, anchors=512):
    """Anchors of a shape with cosines of the label that their place has, some of them wrong; and true labels of all."""
    anchors = sample_anchors(shape, anchors, "unit_sphere", 0)
    rng = np.random.default_rng(seed)
    label = labels_of(anchors.original)
    label = np.where(rng.random(len(label)) < noise, 1 - label, label)
    values = (np.eye(2)[label] * 0.2).astype(np.float32)
    if shape.faces is None:
        return anchors, values, labels_of(shape.points)
    groups = anchors.face_groups
    means = np.stack([np.bincount(groups, values[:, k]) for k in range(2)], axis=1)
    values = np.concatenate([values, means / np.bincount(groups)[:, None]]).astype(np.float32)
    return anchors, values, labels_of(shape.points[shape.faces].mean(axis=1))


def above(height):
    """A labelling: 1 above a height, 0 below."""
    return lambda points: (points[:, 1] > height).astype(int)


@pytest.mark.parametrize("voting", ["components", "regions", "pieces"])
def test_votes_mend_scattered_errors(voting):
    shape = Shape.of(boxes().subdivide().subdivide(), up="y")
    anchors, values, truth = scored(shape, above(0.75), noise=0.08)
    before = (values.argmax(axis=1)[anchors.face_row] == truth).mean()
    ballot = vote(shape, anchors, values, 2, voting, TEMPERATURE)
    voted, rows = ballot.anchors, ballot.settled(ballot.values)
    assert before < 0.98
    assert ballot.voted == 1.0
    assert (rows.argmax(axis=1)[voted.face_row] == truth).mean() == 1.0
    assert (rows.argmax(axis=1)[voted.point_row] == above(0.75)(shape.points)).mean() == 1.0
    assert (rows.argmax(axis=1)[: len(anchors.original)] == above(0.75)(anchors.original)).all()


def test_a_cloud_answers_smoothly():
    points, _ = trimesh.sample.sample_surface(boxes(), 6000, seed=1)
    shape = Shape.of(np.asarray(points), up="y")
    anchors, values, truth = scored(shape, above(0.75), noise=0.2, anchors=1024)
    before = (values.argmax(axis=1)[anchors.point_row] == truth).mean()
    for voting in ("pieces", "matched"):
        ballot = vote(shape, anchors, values, 2, voting, TEMPERATURE)
        rows = ballot.settled(ballot.values)
        assert before < 0.85
        assert (rows.argmax(axis=1)[ballot.anchors.point_row] == truth).mean() > 0.99
        assert (rows.argmax(axis=1)[:1024] == above(0.75)(anchors.original)).mean() > 0.99


def test_pairs_of_faces_may_be_found_beforehand():
    mesh = boxes(2)
    points, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    pairs = face_pairs(points, faces)
    assert pairs.shape == (2, 36)  # the edges of two cubes of twelve triangles
    for crease in (None, 35.0):
        assert np.array_equal(mesh_pieces(points, faces, crease, pairs), mesh_pieces(points, faces, crease))


def test_a_large_cloud_is_answered_through_some_of_its_points():
    points, _ = trimesh.sample.sample_surface(boxes(), MOST_POINTS + 15_000, seed=1)
    points = np.concatenate([[[np.nan, 0, 0]], np.asarray(points), [[np.inf, 0, 0]]])
    shape = Shape.of(points, up="y")
    anchors, values, _ = scored(shape, above(0.75), noise=0.2, anchors=1024)
    ballot = vote(shape, anchors, values, 2, "pieces", TEMPERATURE)
    rows, led = ballot.settled(ballot.values), ballot.anchors.point_row
    assert len(rows) < 1024 + MOST_POINTS + 1024
    assert led[0] == led[-1] == -1
    assert (ballot.row == led[anchors.place]).all()
    assert (rows.argmax(axis=1)[led[1:-1]] == above(0.75)(points[1:-1])).mean() > 0.99


def test_a_smooth_piece_of_two_parts_does_not_vote():
    shape = Shape.of(trimesh.creation.icosphere(3), up="y")
    anchors, values, _ = scored(shape, above(0.0), noise=0.0)
    for voting in ("components", "regions", "pieces"):
        ballot = vote(shape, anchors, values, 2, voting, TEMPERATURE)
        assert ballot.voted == 0.0
        assert np.array_equal(ballot.anchors.face_row, anchors.face_row)
        assert np.array_equal(ballot.settled(ballot.values), values)


def test_regions_stand_in_for_a_piece_of_two_minds():
    """A post on a plate, moulded on: one component, and two parts that meet at a crease."""
    plate, post = trimesh.creation.box((4, 0.2, 4)), trimesh.creation.box((0.8, 3, 0.8))
    post.apply_translation((0, 1.5, 0))
    shape = Shape.of(trimesh.boolean.union([plate, post]).subdivide().subdivide(), up="y")
    anchors, values, truth = scored(shape, above(0.11), noise=0.1, anchors=2048)
    alone = vote(shape, anchors, values, 2, "components", TEMPERATURE)
    ballot = vote(shape, anchors, values, 2, "pieces", TEMPERATURE)
    voted, rows = ballot.anchors, ballot.settled(ballot.values)
    assert alone.voted == 0.0
    assert ballot.voted == 1.0
    assert (rows.argmax(axis=1)[voted.face_row] == truth).mean() == 1.0


def test_pieces_without_an_anchor_keep_the_answer_of_the_nearest():
    crumb = trimesh.creation.box((1e-3, 1e-3, 1e-3))
    crumb.apply_translation((0, 3.6, 0))
    shape = Shape.of(trimesh.util.concatenate([crumb, boxes(), crumb]), up="y")
    anchors, values, _ = scored(shape, above(0.75), noise=0.0)
    ballot = vote(shape, anchors, values, 2, "pieces", TEMPERATURE)
    voted, rows = ballot.anchors, ballot.settled(ballot.values)
    assert (rows.argmax(axis=1)[voted.face_row[:12]] == 1).all()
    assert (rows.argmax(axis=1)[voted.face_row[-12:]] == 1).all()


def copies():
    """A long box, a mirrored and turned copy of it far away, a cube of the same area, and a cube of another size."""
    long, cube = trimesh.creation.box((3, 1, 0.5)), trimesh.creation.box(np.full(3, np.sqrt(10 / 6)))
    other = trimesh.creation.box((3, 1, 0.5))
    other.apply_transform(np.diag([-1.0, 1, 1, 1]))
    turn = np.eye(4)
    turn[:3, :3] = random_rotation(np.random.default_rng(3))
    other.apply_transform(turn)
    small = trimesh.creation.box((1, 1, 1))
    for number, part in enumerate((long, other, cube, small)):
        part.apply_translation((5 * number, 0, 0))
    return trimesh.util.concatenate([long, other, cube, small])


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (1e-120, 0.0), (1e120, 0.0), (1.0, 1e4)])
def test_copies_have_the_same_form_however_turned(scale, shift):
    mesh = copies()
    points, faces = np.asarray(mesh.vertices) * scale + shift, np.asarray(mesh.faces)
    piece = mesh_pieces(points, faces)
    long, other, cube, small = alike(points, faces, piece.astype(np.int64))[piece[::12]]
    assert long == other
    assert len({long, cube, small}) == 3


def test_pieces_of_one_form_vote_together():
    """The first of two wheels is taken for the other part, the second is surer of what it is: both follow that."""
    shape = Shape.of(boxes(3), up="y")
    anchors, values, _ = scored(shape, above(0.75), noise=0.0)
    values *= np.where(values[:, 1:] > 0, 1.0, 0.5)  # what lies below is half as sure of itself
    for voting, bottom in (("pieces", 0), ("matched", 1)):
        ballot = vote(shape, anchors, values, 2, voting, TEMPERATURE)
        rows = ballot.settled(ballot.values)
        assert (rows.argmax(axis=1)[ballot.anchors.face_row[:12]] == bottom).all()


@pytest.mark.parametrize(("lead", "kept"), [(0.5, False), (1.5, True)])
def test_what_has_a_piece_of_its_own_is_seldom_moulded_onto_the_body(lead, kept):
    """A post on a plate, one component, and a knob beside them: the post is a second knob only if it surely is one."""
    plate, post = trimesh.creation.box((4, 0.2, 4)), trimesh.creation.box((0.8, 3, 0.8))
    post.apply_translation((0, 1.5, 0))
    body, knob = trimesh.boolean.union([plate, post]).subdivide(), trimesh.creation.box((0.5, 0.5, 0.5))
    knob.apply_translation((0, 4, 0))
    shape = Shape.of(trimesh.util.concatenate([body, knob]), up="y")
    anchors, values, truth = scored(shape, above(0.11), noise=0.0, anchors=2048)
    moulded = shape.points[shape.faces].mean(axis=1)[:, 1] < 3.5
    values[:, 1] = np.where(values[:, 1] > 0, lead * TEMPERATURE, 0.0)
    for voting, stays in (("pieces", True), ("matched", kept)):
        ballot = vote(shape, anchors, values, 2, voting, TEMPERATURE)
        found = ballot.settled(ballot.values).argmax(axis=1)[ballot.anchors.face_row]
        assert (found[~moulded] == 1).all()
        assert (found[moulded] == (truth[moulded] if stays else 0)).all()


def test_every_phrase_gets_a_piece_that_minds_least():
    mesh = copies()
    shape = Shape.of(mesh, up="y")
    anchors = sample_anchors(shape, 512, "unit_sphere", 0)
    piece = mesh_pieces(shape.points, shape.faces)[anchors.place]
    values = np.zeros((len(anchors.original), 3), dtype=np.float32)
    values[:, 0] = 0.3
    values[piece == 2, 1] = 0.28  # the cube nearly says phrase 1, the small one nearly phrase 2
    values[piece == 3, 2] = 0.25
    plain, matched = (
        vote(shape, anchors, values, 3, voting, TEMPERATURE) for voting in ("pieces", "matched")
    )
    assert (plain.settled(plain.values).argmax(axis=1) == 0).all()
    rows = weigh(matched, TEMPERATURE, 0.0, "matched")
    found = rows.argmax(axis=1)[matched.anchors.face_row].reshape(4, 12)
    assert (found == np.array([0, 0, 1, 2])[:, None]).all()
    assert np.array_equal(rows[:512].argmax(axis=1), np.array([0, 0, 1, 2])[piece])
    # More phrases than forms: nothing is forced.
    few = vote(shape, anchors, np.pad(values, ((0, 0), (0, 2))), 5, "matched", TEMPERATURE)
    assert (weigh(few, TEMPERATURE, 0.0, "matched").argmax(axis=1) == 0).all()


def test_small_pieces_are_sampled_densely_if_asked():
    small = trimesh.creation.box((0.1, 0.1, 0.1))
    small.apply_translation((0, 2, 0))
    shape = Shape.of(trimesh.util.concatenate([trimesh.creation.box((1, 1, 1)), small]), up="y")
    shares = [
        (sample_anchors(shape, 2000, "unit_sphere", 0, float(even)).place >= 12).mean()
        for even in (0, 0.5, 1)
    ]
    assert shares == pytest.approx([0.0099, 0.0909, 0.5], abs=0.03)
    assert sample_anchors(shape, 2000, "unit_sphere", 0, 0.5).pairs is not None


def test_balance_raises_what_is_rare():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 0.01, (400, 3)).astype(np.float32)
    values[:, 0] += 0.1  # one phrase fits everywhere a little better
    values[:20, 2] += 0.09  # and one only just loses where it belongs
    even = balance(values, 400, TEMPERATURE, 0.75)
    assert (values[:20].argmax(axis=1) == 2).mean() < 0.5
    assert (even[:20].argmax(axis=1) == 2).mean() > 0.9
    assert (even[20:].argmax(axis=1) == 0).mean() > 0.9
    assert balance(values, 400, TEMPERATURE, 0.0) is values
    # It is the log of the mean probability that is taken off, so equal phrases are left alike.
    alike = np.tile(values[:, :1], (1, 2))
    assert balance(alike, 400, TEMPERATURE, 1.0).argmax(axis=1) == pytest.approx(0)


def test_a_cloud_is_balanced_but_nothing_is_forced():
    points, _ = trimesh.sample.sample_surface(boxes(), 3000, seed=1)
    shape = Shape.of(np.asarray(points), up="y")
    anchors, values, _ = scored(shape, above(0.75), noise=0.0)
    values = np.pad(values, ((0, 0), (0, 1)), constant_values=-1.0)  # a phrase that fits nowhere
    ballot = vote(shape, anchors, values, 3, "matched", TEMPERATURE)
    rows = ballot.settled(ballot.values)
    weighed = weigh(ballot, TEMPERATURE, 0.5, "matched")
    assert np.array_equal(weighed, balance(rows, len(values), TEMPERATURE, 0.5 * CLOUD_BALANCE))
    assert set(weighed.argmax(axis=1)) == {0, 1}


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


def test_phrases_are_balanced_unless_they_may_be_nowhere(segmenter, box_mesh):
    mesh = Shape.of(box_mesh, up="z")
    segmenter = Segmenter(
        segmenter.model, segmenter.embedder, replace(segmenter.config, voting="components", balance=1.0)
    )
    balanced = segmenter.segment(mesh, ["leg", "top"])
    open_ = segmenter.segment(mesh, ["leg", "top"], allow_none=True)
    for answer in (balanced, open_):
        assert all(len(np.unique(box)) == 1 for box in np.split(answer.face_labels, 2))  # two boxes
    assert set(balanced.face_labels) == {
        0,
        1,
    }  # with random weights, one phrase wins both boxes but for the balance
    assert len(set(open_.face_labels)) == 1
    assert open_.face_scores.sum(axis=1).max() < 1.0
