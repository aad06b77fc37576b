"""The doctor on shapes whose ailments are known."""

import numpy as np
import pytest
import trimesh

from partwise import Segmenter, Shape
from partwise.doctor import examine, stability


def test_a_healthy_mesh_and_one_with_a_hole():
    box = trimesh.creation.box((1, 2, 3))
    found = examine(Shape.of(box, up="z"))
    assert (found.open_edges, found.pieces, found.flat_faces, found.duplicates) == (0, 1, 0, 0)
    assert found.extent == pytest.approx((1, 2, 3))
    open_box = trimesh.Trimesh(box.vertices, box.faces[1:], process=False)
    assert examine(Shape.of(open_box)).open_edges == 3
    two = trimesh.util.concatenate([box, box.copy().apply_translation((5, 0, 0))])
    assert examine(Shape.of(two)).pieces == 2


def test_vertices_split_for_texture_seams_are_no_holes():
    box = trimesh.creation.box()
    split = trimesh.Trimesh(box.triangles.reshape(-1, 3), np.arange(36).reshape(-1, 3), process=False)
    found = examine(Shape.of(split))
    assert (found.open_edges, found.pieces) == (0, 1)
    assert found.duplicates == 36 - 8


def test_flat_faces_are_counted():
    flat = trimesh.Trimesh(
        [[0, 0, 0], [1, 0, 0], [2, 0, 0], [0, 1, 0]], [[0, 1, 2], [0, 1, 3]], process=False
    )
    assert examine(Shape.of(flat)).flat_faces == 1


def test_nan_and_duplicates_in_a_cloud():
    cloud = np.random.default_rng(0).random((1000, 3))
    cloud[:10] = np.nan
    cloud[500:520] = cloud[600]
    found = examine(Shape.of(cloud))
    assert (found.not_finite, found.duplicates) == (10, 20)
    assert found.spacing == pytest.approx(0.05, abs=0.03)


def sphere(count=4000):
    directions = np.random.default_rng(0).standard_normal((count, 3))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


@pytest.mark.parametrize("direction", np.eye(3))
def test_one_sided_scans_are_told_from_whole_ones(direction):
    whole = sphere()
    assert not examine(Shape.of(whole)).one_sided
    assert examine(Shape.of(whole[whole @ direction > 0.1])).one_sided


def test_single_points_are_examined_too():
    found = examine(Shape.of(np.zeros((1, 3))))
    assert (found.points, found.spacing, found.one_view) == (1, None, None)


def test_stability_is_whole_for_an_answer_that_cannot_change(segmenter, shape):
    class Silent(Segmenter):
        def segment(self, shape, phrases, **options):
            return super().segment(shape, phrases, none_below=1.0, **options)

    steady = stability(
        Silent(segmenter.model, segmenter.embedder, segmenter.config), shape, ["leg", "seat"], trials=1
    )
    assert (steady.resampled, steady.yaw, steady.rotated) == (1, 1, 1)


def test_stability_of_a_random_model_is_lower_when_turned(segmenter, shape):
    steady = stability(segmenter, shape, ["leg", "seat", "table top"], trials=2)
    assert steady.rotated <= steady.resampled
    assert stability(segmenter, shape, ["leg", "seat", "table top"], trials=2) == steady
