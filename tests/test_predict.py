"""Segmenter: order, frame, length, determinism, abstention, odd clouds, big clouds."""

import os
import subprocess
import sys

import numpy as np
import pytest

from partwise import Segmenter, Shape
from partwise.anchors import sample_anchors
from partwise.errors import InputError, MissingDataError
from partwise.points import random_rotation

PHRASES = ["table top", "leg", "drawer"]


def test_every_point_is_answered_in_input_order(segmenter, cloud, shape):
    parts = segmenter.segment(shape, PHRASES)
    assert parts.scores.shape == (5000, 3)
    assert parts.labels.shape == parts.confidence.shape == (5000,)
    assert parts.labels.dtype == np.int32
    assert np.allclose(parts.scores.sum(1), 1, atol=1e-5)
    assert (parts.labels == parts.scores.argmax(1)).all()
    assert np.allclose(parts.confidence, parts.scores.max(1))
    assert len(np.unique(parts.labels)) > 1


def test_labels_follow_a_reordering_of_the_anchors_they_came_from(segmenter, cloud, shape):
    parts = segmenter.segment(shape, PHRASES)
    from scipy.spatial import cKDTree

    nearest = cKDTree(parts.anchors).query(cloud)[1]
    assert (parts.labels == parts.anchor_labels[nearest]).mean() > 0.999  # equal but for exact ties


def test_a_cloud_of_just_the_models_size_is_taken_whole(segmenter, cloud):
    exact = Shape.of(cloud[:2048], up="y")
    parts = segmenter.segment(exact, PHRASES)
    assert np.array_equal(parts.anchors, exact.points)
    assert np.array_equal(parts.point_row, np.arange(2048))


def test_same_seed_same_labels_other_seed_other_anchors(segmenter, shape):
    first, again, other = (segmenter.segment(shape, PHRASES, seed=s) for s in (3, 3, 4))
    assert np.array_equal(first.labels, again.labels)
    assert np.array_equal(first.scores, again.scores)
    assert not np.array_equal(first.anchors, other.anchors)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_size_and_place_do_not_matter(segmenter, cloud, scale, shift):
    plain = segmenter.segment(Shape.of(cloud, up="y"), PHRASES)
    moved = segmenter.segment(Shape.of(cloud * scale + shift * scale, up="y"), PHRASES)
    assert (
        plain.labels == moved.labels
    ).mean() > 0.995  # float64 keeps 1e-10 of a shape at a distance of 1e6


@pytest.mark.parametrize("up", ["x", "z", "-y", "-x", "-z"])
def test_the_same_object_standing_on_another_axis(segmenter, cloud, up):
    plain = Shape.of(cloud, up="y")
    turned = Shape.of(cloud @ Shape.of(cloud, up=up).to_y_up(), up=up)  # rows: inverse of the rotation to +Y
    assert np.allclose(turned.points @ turned.to_y_up().T, plain.points)
    assert np.linalg.det(turned.to_y_up()) == pytest.approx(1)
    labels = segmenter.segment(turned, PHRASES).labels
    assert (labels == segmenter.segment(plain, PHRASES).labels).mean() > 0.995


def apply_transform(matrix, points):
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def test_the_recorded_transform_is_the_one_used(segmenter, shape):
    anchors = sample_anchors(shape, 2048, "unit_sphere", 0)
    canonical = apply_transform(anchors.transform, anchors.original)
    assert np.allclose(canonical, anchors.canonical, atol=1e-6)
    assert np.linalg.norm(apply_transform(anchors.transform, shape.points), axis=1).max() == pytest.approx(1)
    assert np.array_equal(segmenter.segment(shape, PHRASES).transform, anchors.transform)


def test_a_mesh_is_answered_on_vertices_and_faces(segmenter, box_mesh):
    shape = Shape.of(box_mesh, up="z")
    parts = segmenter.segment(shape, PHRASES)
    assert parts.labels.shape == (len(box_mesh.vertices),)
    assert parts.face_labels.shape == (len(box_mesh.faces),)
    assert parts.face_scores.shape == (len(box_mesh.faces), 3)
    assert parts.face_row.max() == len(parts.row_scores) - 1  # faces with anchors have a row of their own
    assert np.allclose(parts.row_scores.sum(1), 1, atol=1e-5)


def test_a_single_phrase_is_weighed_against_anything(segmenter, shape):
    parts = segmenter.segment(shape, ["leg"])
    assert parts.options["allow_none"] is True
    assert set(np.unique(parts.labels)) <= {-1, 0}
    assert parts.confidence.max() < 1


def test_abstention(segmenter, shape):
    assert (segmenter.segment(shape, PHRASES, none_below=1.0).labels == -1).all()
    asked = segmenter.segment(shape, PHRASES, allow_none=True)
    assert (asked.scores.sum(1) < 1).all()
    with pytest.raises(InputError, match="none_below is 2"):
        segmenter.segment(shape, PHRASES, none_below=2.0)


def test_asking_for_a_thing_among_anything(segmenter, shape):
    assert segmenter.segment(shape, ["thing", "leg"], allow_none=True).phrases == ("thing", "leg")


def test_hundreds_of_phrases(segmenter, shape):
    known = list(segmenter.embedder.bank.keys[:400])
    parts = segmenter.segment(shape, known)
    assert parts.scores.shape == (5000, 400)


def test_points_without_coordinates_keep_their_place(segmenter, cloud):
    holes = cloud.copy()
    holes[::7] = np.nan
    holes[3, 1] = np.inf
    parts = segmenter.segment(Shape.of(holes, up="y"), PHRASES)
    lost = ~np.isfinite(holes).all(1)
    assert (parts.labels[lost] == -1).all()
    assert (parts.scores[lost] == 0).all()
    assert (parts.labels[~lost] >= 0).all()
    assert any("not finite" in warning for warning in parts.warnings)


ODD = {
    "one point": np.zeros((1, 3)),
    "two points": np.array([[0.0, 0, 0], [1, 0, 0]]),
    "three points": np.eye(3),
    "all the same": np.ones((500, 3)),
    "on a line": np.linspace(0, 1, 700)[:, None] * np.ones(3),
    "in a plane": np.random.default_rng(0).random((700, 3)) * [1, 0, 1],
    "huge": np.random.default_rng(0).random((300, 3)) * 1e30,
    "tiny": np.random.default_rng(0).random((300, 3)) * 1e-30,
    "integers": np.random.default_rng(0).integers(0, 50, (300, 3)),
    "half precision": np.random.default_rng(0).random((300, 3)).astype(np.float16),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_clouds_get_an_answer(segmenter, name):
    parts = segmenter.segment(Shape.of(ODD[name], up="y"), PHRASES)
    assert len(parts.labels) == len(ODD[name])
    assert np.isfinite(parts.scores).all()
    if len(ODD[name]) < 32 or name == "all the same":
        assert any("too few" in w or "coincide" in w for w in parts.warnings)


@pytest.mark.parametrize(
    ("phrases", "message"),
    [
        ([], "phrase"),
        (["leg", "Leg!"], "both 'leg'"),
        (["..."], "'...'"),
        (["x" * 500], "400"),
        ("leg", "one string"),
    ],
)
def test_phrases_that_cannot_be_asked(segmenter, shape, phrases, message):
    with pytest.raises(InputError, match=message):
        segmenter.segment(shape, phrases)


def test_a_phrase_nobody_knows_names_its_neighbours(checkpoint, shape, monkeypatch):
    monkeypatch.setattr("partwise.encoders.text.find_minilm", lambda path=None: None)
    fresh = Segmenter.from_pretrained(checkpoint)
    with pytest.raises(MissingDataError, match="chair leg"):
        fresh.segment(shape, ["chair legz", "seat"])


def test_wrong_devices_are_refused(checkpoint):
    with pytest.raises(InputError, match="warp-drive"):
        Segmenter.from_pretrained(checkpoint, device="warp-drive")
    import torch

    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="no CUDA device"):
            Segmenter.from_pretrained(checkpoint, device="cuda")


def test_points_option(segmenter, shape):
    assert len(segmenter.segment(shape, PHRASES, points=512).anchors) == 512
    with pytest.raises(InputError, match="points is -1"):
        segmenter.segment(shape, PHRASES, points=-1)
    with pytest.raises(InputError, match="1 to 131,072"):
        segmenter.segment(shape, PHRASES, points=10_000_000)
    with pytest.raises(InputError, match="seed is -1"):
        segmenter.segment(shape, PHRASES, seed=-1)


def test_rotating_a_cloud_moves_nothing_in_memory(segmenter, shape, cloud):
    before = cloud.copy()
    segmenter.segment(shape, PHRASES)
    assert np.array_equal(cloud, before)
    turned = Shape.of(cloud @ random_rotation(np.random.default_rng(0)).T, up="y")
    assert segmenter.segment(turned, PHRASES).labels.shape == (5000,)


def test_five_million_points_with_many_phrases_in_little_memory(checkpoint):
    code = (
        "import resource, sys\nimport numpy as np\nfrom partwise import Segmenter, Shape\n"
        "segmenter = Segmenter.from_pretrained(sys.argv[1])\n"
        "cloud = np.random.default_rng(0).random((5_000_000, 3), dtype=np.float32)\n"
        "parts = segmenter.segment(Shape.of(cloud, up='y'), list(segmenter.embedder.bank.keys[:200]))\n"
        "assert parts.labels.shape == parts.confidence.shape == (5_000_000,)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-c", code, str(checkpoint)], capture_output=True, text=True, env=environment
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) < 2_500_000  # kilobytes


def test_a_text_bank_of_ones_own(checkpoint):
    from partwise.encoders.bank import default_bank_path

    segmenter = Segmenter.from_pretrained(checkpoint, text_bank=str(default_bank_path()))
    assert segmenter.embedder.bank is not None
    assert "handle" in segmenter.embedder.bank
