"""Hard point labels pooled over all points of a split: the OpenAD figures, with and without the label "none"."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64, Integer

from partwise.errors import InputError


@dataclass(frozen=True)
class LabelScores:
    """Figures in 0..1 over the labels that count: IoU and recall of each, their means, and point accuracy.

    Labels that do not count are NaN in `iou` and `recall`.
    """

    iou: Float64[np.ndarray, "C"]
    recall: Float64[np.ndarray, "C"]
    miou: float
    accuracy: float
    mean_accuracy: float


def label_confusion(
    found: Integer[np.ndarray, "..."], truth: Integer[np.ndarray, "..."], labels: int
) -> Int64[np.ndarray, "C C"]:
    """Points (C,C) by true label (row) and found label (column). Raises InputError with the place of a bad label."""
    if found.shape != truth.shape:
        raise InputError(
            f"labels of shape {found.shape} do not match truths of shape {truth.shape}: one for every point"
        )
    for kind, values in (("found", found), ("true", truth)):
        if values.size and not (values.min() >= 0 and values.max() < labels):
            place = tuple(int(i) for i in np.argwhere((values < 0) | (values >= labels))[0])
            raise InputError(
                f"{kind} label {values[place]} at {place} is out of range: labels are 0..{labels - 1}"
            )
    pairs = truth.astype(np.int64).ravel() * labels + found.ravel()
    return np.bincount(pairs, minlength=labels * labels).reshape(labels, labels)


def label_scores(confusion: Int64[np.ndarray, "C C"], without: Collection[int] = ()) -> LabelScores:
    """OpenAD's mIoU, Acc and mAcc from pooled counts, with its 1e-6 in the denominators; an absent label counts 0.

    without  labels that the means leave out, such as "none" in the protocol of 3D-ADLLM; points whose true label they
             are do not enter Acc, but what is found on them still costs the label found
    Raises InputError if no point or no label is left.
    """
    kept = np.array([label not in without for label in range(len(confusion))])
    if not confusion[kept].any():
        raise InputError(
            f"no point has one of the {int(kept.sum())} labels that count: check the labels left out"
        )
    right, truth, found = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    iou = np.where(kept, right / (truth + found - right + 1e-6), np.nan)
    recall = np.where(kept, right / (truth + 1e-6), np.nan)
    return LabelScores(
        iou=iou,
        recall=recall,
        miou=float(iou[kept].mean()),
        accuracy=float(right[kept].sum() / truth[kept].sum()),
        mean_accuracy=float(recall[kept].mean()),
    )


class LabelTally:
    """The pooled confusion of C labels gathered batch by batch: integers, so the order does not matter."""

    def __init__(self, labels: int) -> None:
        self._confusion = np.zeros((labels, labels), dtype=np.int64)

    def update(self, found: Integer[np.ndarray, "..."], truth: Integer[np.ndarray, "..."]) -> None:
        """Add points as in `label_confusion`."""
        self._confusion += label_confusion(found, truth, len(self._confusion))

    def merge(self, other: LabelTally) -> None:
        """Add the points of another tally. Raises InputError if it counts another number of labels."""
        if len(other._confusion) != len(self._confusion):
            raise InputError(
                f"a tally of {len(other._confusion)} labels does not fit one of {len(self._confusion)}"
            )
        self._confusion += other._confusion

    def result(self) -> Int64[np.ndarray, "C C"]:
        """The confusion so far."""
        return self._confusion.copy()
