"""Part segmentation scored on meshes as people have them: every face is answered, and counts by its area."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from partwise.datasets.objects import RealObjects
from partwise.evaluate.conditions import Condition
from partwise.evaluate.parts import ShapeScore
from partwise.points import random_rotation, triangle_areas
from partwise.predict import Segmenter
from partwise.shape import Shape

AS_MESHES = (
    Condition(),
    Condition("random yaw", rotation="yaw"),
    Condition("random rotation", rotation="full"),
)


def evaluate_meshes(
    segmenter: Segmenter,
    objects: RealObjects,
    condition: Condition,
    seed: int = 0,
    points: int | None = None,
    draws: int | None = None,
    voting: str | None = None,
    said: Callable[[Sequence[str]], Sequence[str]] = list,
) -> list[ShapeScore]:
    """Ask about each file by the plain names of its parts; faces without a name are not scored.

    condition  only its rotation is looked at: a mesh has no noise and no points of its own
    points, draws, voting   the segmenter's own options
    said       how the names are put, the names themselves by default
    Everything random follows from (seed, position in the list). Raises MissingDataError or InputError for the files.
    """
    options = {"points": points, "draws": draws, "voting": voting}
    return [
        _score(segmenter, objects, index, condition, seed, options, said) for index in range(len(objects))
    ]


def mesh_confidences(
    segmenter: Segmenter, objects: RealObjects, draws: int = 1000, seed: int = 0
) -> tuple[Float64[np.ndarray, "S"], Bool[np.ndarray, "S"]]:
    """Confidence and correctness of `draws` named places on each mesh, drawn by area: S is objects times draws."""
    confidence, correct = [], []
    for index, row in enumerate(objects.rows):
        shape, truth = Shape.read(objects.root / row["path"], up="y"), objects.surface(index).face_part
        answer = segmenter.segment(shape, [part.name for part in objects.parts(index)], seed=seed)
        assert answer.face_labels is not None
        assert answer.face_scores is not None
        area = np.where(truth >= 0, face_areas(shape), 0.0)
        rng = np.random.default_rng([seed, index])
        face = rng.choice(len(truth), draws, p=area / area.sum())
        confidence.append(answer.face_scores[face].max(axis=1))
        correct.append(answer.face_labels[face] == truth[face])
    return np.concatenate(confidence).astype(np.float64), np.concatenate(correct)


def area_iou(
    found: Int64[np.ndarray, "F"],
    truth: Int64[np.ndarray, "F"],
    area: Float64[np.ndarray, "F"],
    count: int,
) -> Float64[np.ndarray, "T"]:
    """IoU by area (T,) of each of `count` parts; faces of truth -1 do not count, and a part without area is NaN."""
    named = truth >= 0
    found, truth, area = found[named], truth[named], area[named]
    right = np.bincount(truth[found == truth], area[found == truth], minlength=count)
    answered = np.bincount(found[found >= 0], area[found >= 0], minlength=count)
    either = np.bincount(truth, area, minlength=count) + answered - right
    with np.errstate(invalid="ignore"):
        return right / np.where(either > 0, either, np.nan)


def face_areas(shape: Shape) -> Float64[np.ndarray, "F"]:
    """Area (F,) of each face, in the square of the shape's unit."""
    assert shape.faces is not None
    return triangle_areas(shape.points[shape.faces])


def _score(
    segmenter: Segmenter,
    objects: RealObjects,
    index: int,
    condition: Condition,
    seed: int,
    options: dict[str, Any],
    said: Callable[[Sequence[str]], Sequence[str]],
) -> ShapeScore:
    row, names = objects.rows[index], tuple(part.name for part in objects.parts(index))
    shape, rng = Shape.read(objects.root / row["path"], up="y"), np.random.default_rng([seed, index])
    area, count = face_areas(shape), len(names)  # of the file as it is: a rotation changes no area
    if condition.rotation != "none":
        turn = random_rotation(rng, condition.rotation).astype(np.float64)
        shape = replace(shape, geometry=replace(shape.geometry, points=shape.points @ turn.T))
    truth = objects.surface(index).face_part.astype(np.int64)
    answer = segmenter.segment(shape, said(names), seed=seed, **options)
    assert answer.face_labels is not None
    assert answer.face_scores is not None
    found = answer.face_labels.astype(np.int64)
    weight = np.where(truth >= 0, area, 0.0)
    largest = np.full(len(truth), np.bincount(truth[truth >= 0], area[truth >= 0]).argmax())
    return ShapeScore(
        uid=row["path"],
        category=row["category"],
        phrases=names,
        iou=tuple(area_iou(found, truth, area, count).tolist()),
        confidence=float(np.average(answer.face_scores.max(axis=1), weights=weight)),
        accuracy=float(np.average(found == truth, weights=weight)),
        largest=float(np.nanmean(area_iou(largest, truth, area, count))),
        random=float(np.nanmean(area_iou(rng.integers(0, count, len(truth)), truth, area, count))),
    )
