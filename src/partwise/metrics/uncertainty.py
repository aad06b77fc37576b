"""How far a mean over shapes can be trusted: bootstrap intervals, paired comparison, calibration of a confidence."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

from partwise.errors import InputError

# Confidences are rounded to this before they are added, so that sums are exact and their order does not matter.
CONFIDENCE_STEP = 2.0**-24


@dataclass(frozen=True)
class Interval:
    """A mean and the percentile interval of its bootstrap."""

    mean: float
    low: float
    high: float
    level: float
    draws: int


@dataclass(frozen=True)
class Comparison:
    """Mean of first minus second with its interval, and the two-sided bootstrap p-value of no difference."""

    difference: Interval
    p_value: float
    shapes: int


@dataclass(frozen=True)
class Reliability:
    """Confidence against accuracy in bins of equal width; NaN in empty bins.

    error  expected calibration error: mean gap between the two over all answers (Guo et al. 2017, section 2)
    worst  largest gap of any bin
    """

    edges: Float64[np.ndarray, "E"]
    count: Int64[np.ndarray, "K"]
    confidence: Float64[np.ndarray, "K"]
    accuracy: Float64[np.ndarray, "K"]
    error: float
    worst: float


def bootstrap_interval(
    values: Float[np.ndarray, "S"],
    seed: int,
    draws: int = 1000,
    level: float = 0.95,
    clusters: Sequence[Hashable] | None = None,
    categories: Sequence[str] | None = None,
) -> Interval:
    """Mean over shapes and its interval under redrawing them with replacement. NaN values are left out.

    clusters    shapes with the same entry are drawn together, such as the prompts of one object
    categories  take the mean of category means instead, and redraw within each category; a cluster lies in one

    Raises InputError if nothing is left, lengths differ or an argument is out of range.

    Example:
        >>> interval = bootstrap_interval(np.array([0.2, 0.4, 0.6, 0.8]), seed=0)
        >>> interval.mean, interval.low < interval.mean < interval.high
        (0.5, True)
    """
    mean, means = _bootstrap(values, seed, draws, clusters, categories)
    return _interval(mean, means, level)


def paired_bootstrap(
    first: Float[np.ndarray, "S"],
    second: Float[np.ndarray, "_"],
    seed: int,
    draws: int = 1000,
    level: float = 0.95,
    clusters: Sequence[Hashable] | None = None,
    categories: Sequence[str] | None = None,
) -> Comparison:
    """Whether the first of two models is better on the same shapes: the bootstrap of the shape-wise difference.

    Shapes that are NaN for either are left out. The p-value is never 0: it is at least 2 / (draws + 1).
    Arguments and errors as in `bootstrap_interval`.
    """
    if first.shape != second.shape:
        raise InputError(
            f"{len(first)} and {len(second)} shapes were scored: both models need the same ones, in order"
        )
    mean, means = _bootstrap(first - second, seed, draws, clusters, categories)
    tail = min((means <= 0).sum(), (means >= 0).sum())
    p_value = min(1.0, 2 * (int(tail) + 1) / (draws + 1))
    return Comparison(_interval(mean, means, level), p_value, int((~np.isnan(first - second)).sum()))


def reliability(
    confidence: Float[np.ndarray, "N"], correct: Bool[np.ndarray, "_"], bins: int = 15
) -> Reliability:
    """Expected calibration error and the curve behind it, from the confidence of N answers and whether they were right.

    A confidence on an edge falls into the lower bin. Raises InputError if there are no answers, lengths differ, or with
    the place of a confidence outside [0,1].
    """
    tally = CalibrationTally(bins)
    tally.update(confidence, correct)
    return tally.result()


class CalibrationTally:
    """`reliability` gathered batch by batch: the sums are exact, so the order does not matter."""

    def __init__(self, bins: int = 15) -> None:
        if bins < 1:
            raise InputError(f"{bins} bins were asked for: at least 1 is needed")
        self._edges = np.linspace(0, 1, bins + 1)
        self._sums = np.zeros(
            (3, bins)
        )  # answers, confidence in steps, right answers: whole numbers below 2^53

    def update(self, confidence: Float[np.ndarray, "N"], correct: Bool[np.ndarray, "_"]) -> None:
        """Add answers."""
        if confidence.shape != correct.shape:
            raise InputError(f"{len(confidence)} confidences came with {len(correct)} answers: one each")
        if confidence.size and not (confidence.min() >= 0 and confidence.max() <= 1):  # NaN fails both
            place = int(np.flatnonzero(~((confidence >= 0) & (confidence <= 1)))[0])
            raise InputError(f"confidence {confidence[place]} at {place} is not in [0,1]: give probabilities")
        values = confidence.astype(np.float64)
        place = np.maximum(self._edges.searchsorted(values, side="left") - 1, 0)
        for row, weights in zip(self._sums, (None, np.rint(values / CONFIDENCE_STEP), correct), strict=True):
            row += np.bincount(place, weights=weights, minlength=len(row))

    def merge(self, other: CalibrationTally) -> None:
        """Add the answers of another tally. Raises InputError if it has other bins."""
        if len(other._edges) != len(self._edges):
            raise InputError(
                f"a tally of {len(other._edges) - 1} bins does not fit one of {len(self._edges) - 1}"
            )
        self._sums += other._sums

    def result(self) -> Reliability:
        """The curve so far. Raises InputError if there are no answers."""
        count, steps, right = self._sums
        total = count.sum()
        if total == 0:
            raise InputError("no answer was added: a calibration needs at least one")
        with np.errstate(invalid="ignore"):
            confidence, accuracy = steps * CONFIDENCE_STEP / count, right / count
        gap = np.nan_to_num(np.abs(confidence - accuracy))
        error, worst = float((gap * count).sum() / total), float(gap.max())
        return Reliability(self._edges, count.astype(np.int64), confidence, accuracy, error, worst)


def _bootstrap(
    values: np.ndarray,
    seed: int,
    draws: int,
    clusters: Sequence[Hashable] | None,
    categories: Sequence[str] | None,
) -> tuple[float, Float64[np.ndarray, "K"]]:
    """The mean, and the means of `draws` resamples."""
    if draws < 1:
        raise InputError(f"{draws} draws were asked for: at least 1 is needed, 1000 is usual")
    for name, given in (("clusters", clusters), ("categories", categories)):
        if given is not None and len(given) != len(values):
            raise InputError(f"{len(given)} {name} came with {len(values)} values: one each")
    known = np.flatnonzero(~np.isnan(values))
    if len(known) == 0:
        raise InputError(f"none of the {len(values)} values is a number: there is no mean to bound")
    unit = _numbered(clusters, len(values))[known]
    stratum = (
        _numbered(categories, len(values))[known]
        if categories is not None
        else np.zeros(len(known), np.int64)
    )
    rng = np.random.default_rng(seed)
    mean, means = [], []
    for number in np.unique(stratum):
        mine = stratum == number
        _, cluster = np.unique(unit[mine], return_inverse=True)
        total, count = np.bincount(cluster, weights=values[known][mine]), np.bincount(cluster)
        drawn = rng.integers(0, len(count), (draws, len(count)))
        mean.append(total.sum() / count.sum())
        means.append(total[drawn].sum(axis=1) / count[drawn].sum(axis=1))
    return float(np.mean(mean)), np.mean(means, axis=0)


def _numbered(names: Sequence[Hashable] | None, count: int) -> Int64[np.ndarray, "S"]:
    """A number for each entry, equal for equal ones, in order of first appearance; all different without names."""
    if names is None:
        return np.arange(count)
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def _interval(mean: float, means: Float64[np.ndarray, "K"], level: float) -> Interval:
    if not 0 < level < 1:
        raise InputError(f"level {level} is not between 0 and 1: 0.95 is usual")
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(mean, float(low), float(high), level, len(means))
