"""What one answer is worth: counts or scores of a sample, from which every figure of a protocol follows."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from jaxtyping import Float32, Int64

from partwise.errors import InputError
from partwise.evaluate.protocol import Protocol
from partwise.evaluate.questions import Question
from partwise.metrics.counts import PartCounts, count_masks, count_parts, join_counts
from partwise.metrics.heat import cmat_scores, heat_scores
from partwise.metrics.labels import label_confusion

Measure = Mapping[str, Any]


def measure(protocol: Protocol, question: Question, answer: np.ndarray) -> Measure:
    """Counts or scores of one answer, see `Answerer` for its form.

    parts        {common, found, truth}: points of each part
    labels       {confusion: [[true, found, points], ...]}
    heat         {figure: score}; one for each map where a shape has all of them
    pooled heat  {points: the answer itself, as base64 of float32}, for figures over all points of all samples

    Raises InputError naming the question for an answer of another length, NaN, or a label out of range.
    """
    _check(protocol, question, answer)
    try:
        if protocol.task == "parts":
            return _part_counts(protocol, question, answer)
        if protocol.task == "labels":
            table = label_confusion(
                np.where(answer < 0, question.labels, answer), question.truth, question.labels + 1
            )
            cells = np.argwhere(table)
            return {"confusion": [[int(t), int(f), int(table[t, f])] for t, f in cells]}
        if protocol.averaging[0] == "pooled":
            return {"points": base64.b64encode(answer.astype("<f4").tobytes()).decode()}
        score = heat_scores if protocol.threshold == "inclusive" else cmat_scores
        scores = asdict(score(answer[None].astype(np.float64), question.truth[None].astype(np.float64)))
        return {name: values[0].tolist() for name, values in scores.items()}
    except InputError as error:
        raise InputError(f"{question.key}: {error}") from None


def pooled_points(measured: Measure) -> Float32[np.ndarray, "M"]:
    """The answer that a measure of pooled heat holds."""
    return np.frombuffer(base64.b64decode(measured["points"]), dtype="<f4").astype(np.float32)


def joined_counts(measured: list[Measure], categories: list[str]) -> PartCounts:
    """The counts of many samples as one table."""
    pieces = []
    for one, category in zip(measured, categories, strict=True):
        common, found, truth = (np.array([one[n]], dtype=np.int64) for n in ("common", "found", "truth"))
        pieces.append(PartCounts(common, found, truth, np.array([common.shape[1]]), (category,)))
    return join_counts(pieces)


def confusion(measured: Measure, labels: int) -> Int64[np.ndarray, "C D"]:
    """The confusion (labels, labels + 1) of one sample by true and found label; the last column is "none of them"."""
    table = np.zeros((labels, labels + 1), dtype=np.int64)
    for true, found, points in measured["confusion"]:
        table[true, found] = points
    return table


def _part_counts(protocol: Protocol, question: Question, answer: np.ndarray) -> Measure:
    truth = question.truth[None]
    # Where points without a label are a class of their own, none of them is left.
    unlabelled = "ignore" if protocol.unlabelled == "own_class" else str(protocol.unlabelled)
    if answer.ndim == 2:
        counts = count_masks(answer[None].astype(bool), truth, question.category, unlabelled)
    else:
        counts = count_parts(answer[None], truth, question.labels, question.category, unlabelled)
    return {name: getattr(counts, name)[0].tolist() for name in ("common", "found", "truth")}


def _check(protocol: Protocol, question: Question, answer: np.ndarray) -> None:
    if len(answer) != len(question.truth):
        raise InputError(
            f"{question.key}: {len(answer)} answers for {len(question.truth)} points: one for every point"
        )
    if answer.dtype.kind == "f" and not np.isfinite(answer).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(answer))[0])
        raise InputError(f"{question.key}: the answer at {place} is {answer[place]}: a model turned NaN")
    if protocol.task in ("parts", "labels") and answer.ndim == 1 and answer.dtype.kind not in "iu":
        raise InputError(f"{question.key}: labels of type {answer.dtype}: give whole numbers, -1 for none")
