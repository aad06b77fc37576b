"""Meshes scored by area: the IoU itself, and the user's own call on a tiny corpus."""

import numpy as np
import pytest
from conftest import write_checkpoint
from test_objects import corpus  # noqa: F401 - a fixture

from partwise import Segmenter, Shape
from partwise.datasets.objects import RealObjects
from partwise.evaluate.meshes import AS_MESHES, area_iou, evaluate_meshes, face_areas


def test_area_iou_counts_area_and_skips_what_has_no_name():
    found, truth = np.array([0, 0, 1, 1, 0]), np.array([0, 1, 1, -1, 2])
    area = np.array([1.0, 2.0, 3.0, 100.0, 0.0])
    iou = area_iou(found, truth, area, 4)
    assert iou[:2] == pytest.approx([1 / 3, 3 / 5])
    assert np.isnan(iou[2:]).all()  # a part without area, and one that neither has
    assert area_iou(np.full(5, -1), truth, area, 3)[:2] == pytest.approx([0, 0])


def test_face_areas(box_mesh):
    assert face_areas(Shape.of(box_mesh, up="z")) == pytest.approx(box_mesh.area_faces)


def test_files_are_asked_and_scored(corpus, tmp_path):  # noqa: F811
    segmenter = Segmenter.from_pretrained(write_checkpoint(tmp_path / "model", "pointalign3d"))
    objects = RealObjects(corpus, "all")
    for condition in AS_MESHES:
        scores = evaluate_meshes(segmenter, objects, condition, points=512)
        assert scores == evaluate_meshes(segmenter, objects, condition, points=512)
        assert [score.uid for score in scores] == [row["path"] for row in objects.rows]
        assert all(0 <= value <= 1 for score in scores for value in (score.mean, score.largest, score.random))
