"""AUC, average precision and IoU at thresholds from one sort, for many rows at once, ties exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64, Shaped


@dataclass(frozen=True)
class Ranking:
    """R rows of N scores in ascending order, negatives before positives among equals.

    keys      the bits of the score, which order like non-negative numbers, followed by one bit for "positive"
    positive  that last bit, 0 or 1, as a signed integer
    right     positives up to and with each place
    kind      float32 or float64: what the bits are of
    """

    keys: Shaped[np.ndarray, "R N"]
    positive: Shaped[np.ndarray, "R N"]
    right: Shaped[np.ndarray, "R N"]
    kind: np.dtype

    @property
    def positives(self) -> Int64[np.ndarray, "R"]:
        """Positives of each row."""
        return self.right[:, -1].astype(np.int64)


def rank(scores: Float[np.ndarray, "R N"], positive: Bool[np.ndarray, "R N"]) -> Ranking:
    """Sort each row once. Scores are float32 or float64 within [0,1]; 1 <= N < 2^31."""
    unsigned, signed = (np.uint32, np.int32) if scores.dtype == np.float32 else (np.uint64, np.int64)
    keys = scores.view(unsigned) << unsigned(1)  # drops the sign, which is 0 or that of a zero
    keys |= positive
    keys.sort(axis=1)
    sorted_positive = (keys & unsigned(1)).view(signed)
    return Ranking(keys, sorted_positive, np.cumsum(sorted_positive, axis=1, dtype=signed), scores.dtype)


def curve_areas(ranking: Ranking) -> tuple[Float64[np.ndarray, "R"], Float64[np.ndarray, "R"]]:
    """(AUC, average precision) of each row; AUC is NaN without both classes, average precision without positives.

    AUC is the rank sum with equal scores at their middle rank; average precision is the step-wise sum over distinct
    scores of precision times the recall they add.
    """
    rows, n = ranking.keys.shape
    positives = ranking.positives
    # As if no two scores were equal. `right` counts a positive once for itself and each place above it, so it adds up
    # to the ranks from the top; with the negatives below each positive that makes the area in whole numbers.
    below = positives * n - ranking.right.sum(axis=1, dtype=np.int64) - positives * (positives - 1) // 2
    above = ranking.positive * (ranking.right[:, -1:] + 1 - ranking.right)
    precision = above * (1.0 / np.arange(n, 0, -1))
    area, steps = below.astype(np.float64), precision.sum(axis=1)
    row, first, last = _ties(ranking.keys)
    if len(row):
        before = ranking.right[row, first] - ranking.positive[row, first]
        tied = ranking.right[row, last] - before
        area -= 0.5 * np.bincount(row, weights=tied * (last - first + 1 - tied), minlength=rows)
        runs = np.stack([row * n + first, row * n + last], axis=1).ravel()
        counted = np.add.reduceat(precision.ravel(), runs)[::2] + precision[row, last]
        steps += np.bincount(
            row, weights=tied * (positives[row] - before) / (n - first) - counted, minlength=rows
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        return area / (positives * (n - positives)), steps / positives


def overlaps(
    ranking: Ranking, thresholds: Float64[np.ndarray, "K"], strict: bool = False
) -> tuple[Int64[np.ndarray, "R K"], Int64[np.ndarray, "R K"]]:
    """(scores >= threshold, positives among them) for each row and threshold in [0,1]; strict takes > instead."""
    lowest = thresholds.astype(ranking.kind)  # the smallest score of this kind that is in
    out = lowest <= thresholds if strict else lowest < thresholds
    lowest = np.where(out, np.nextafter(lowest, ranking.kind.type(2)), lowest)
    keys = lowest.view(ranking.keys.dtype) << ranking.keys.dtype.type(1)
    place = np.stack([row.searchsorted(keys) for row in ranking.keys])
    below = np.take_along_axis(ranking.right, np.maximum(place - 1, 0), axis=1) * (place > 0)
    return ranking.keys.shape[1] - place, ranking.positives[:, None] - below


def _ties(keys: Shaped[np.ndarray, "R N"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, first and last place of every run of equal scores longer than one."""
    equal = np.zeros(keys.shape, dtype=bool)  # with the next one; never in the last place
    np.less_equal(keys[:, 1:] ^ keys[:, :-1], keys.dtype.type(1), out=equal[:, :-1])
    places = np.flatnonzero(equal)
    starts = np.flatnonzero(np.diff(places, prepend=-2) != 1)
    lengths = np.diff(starts, append=len(places))
    row, first = np.divmod(places[starts], keys.shape[1])
    return row, first, first + lengths
