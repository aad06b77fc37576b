"""Part IoU under every published convention: what an absent part counts, and over what is averaged first.

All start from `PartCounts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from partwise.errors import InputError
from partwise.metrics.averages import known_mean, known_means
from partwise.metrics.counts import PartCounts

# A part that is absent from the truth of a shape
#   absent_counts_one          and from the answer: IoU 1 (PointNet++, DGCNN, Point-MAE, PointCLIPv2, SATR, COPS)
#   skip_empty_union           and from the answer: not counted; but found: 0 (Find3D)
#   skip_parts_absent_from_gt  is not counted, so what is found of it costs nothing (released PatchAlign3D)
ABSENT_RULES = ("absent_counts_one", "skip_empty_union", "skip_parts_absent_from_gt")


@dataclass(frozen=True)
class PartScores:
    """Means of part IoU in 0..1; NaN where nothing could be counted.

    instance     mean over shapes of the mean over a shape's parts (instance mIoU, "mIoU")
    category     mean over categories of their mean over shapes (category mIoU, "cIoU")
    accuracy     share of labelled points with the right label, over all shapes
    skipped      shapes without a part to count, which no mean contains
    """

    instance: float
    category: float
    by_category: dict[str, float]
    accuracy: float
    shapes: int
    skipped: int


@dataclass(frozen=True)
class PartFirstScores:
    """Means of part IoU taken part by part: over shapes, then over a category's parts, then over categories.

    A part that occurs in no shape is NaN in `by_part` and left out of the means.
    """

    miou: float
    by_category: dict[str, float]
    by_part: dict[str, Float64[np.ndarray, "_"]]


def part_iou(counts: PartCounts, absent: str) -> Float64[np.ndarray, "S P"]:
    """IoU (S,P) of every part on every shape, NaN where it does not count. `absent` is one of ABSENT_RULES.

    Raises InputError for another rule.
    """
    if absent not in ABSENT_RULES:
        raise InputError(f"unknown rule {absent!r} for absent parts: use one of {', '.join(ABSENT_RULES)}")
    union = counts.found + counts.truth - counts.common
    with np.errstate(invalid="ignore"):
        iou = counts.common / union  # NaN for an empty union
    if absent == "absent_counts_one":
        iou[union == 0] = 1.0
    elif absent == "skip_parts_absent_from_gt":
        iou[counts.truth == 0] = np.nan
    iou[np.arange(iou.shape[1]) >= counts.parts[:, None]] = np.nan
    return iou


def instance_iou(counts: PartCounts, absent: str) -> Float64[np.ndarray, "S"]:
    """Mean part IoU of each shape; NaN for a shape without a part that counts."""
    return known_means(part_iou(counts, absent), axis=1)


def part_scores(counts: PartCounts, absent: str) -> PartScores:
    """Instance mIoU, category mIoU and point accuracy. Raises InputError if there are no shapes.

    Example:
        >>> from partwise.metrics import count_parts
        >>> counts = count_parts(np.array([[0, 0, 1, 1]]), np.array([[0, 1, 1, 1]]), parts=2, categories="Mug")
        >>> round(part_scores(counts, "absent_counts_one").instance, 4)
        0.5833
    """
    _some(counts)
    values = instance_iou(counts, absent)
    by_category = _by_category(values, counts.categories)
    return PartScores(
        instance=known_mean(values),
        category=known_mean(np.array(list(by_category.values()))),
        by_category=by_category,
        accuracy=float(counts.common.sum() / counts.truth.sum()) if counts.truth.any() else float("nan"),
        shapes=len(values),
        skipped=int(np.isnan(values).sum()),
    )


def batch_category_miou(counts: PartCounts, absent: str, batch: int) -> float:
    """Category mIoU as the released PatchAlign3D evaluator takes it: category means per batch are averaged first.

    It depends on the batch size and the order of the shapes; only for quoting that release.
    """
    _some(counts)
    values = instance_iou(counts, absent)
    means: dict[str, list[float]] = {}
    for start in range(0, len(values), batch):
        part = slice(start, start + batch)
        for category, mean in _by_category(values[part], counts.categories[part]).items():
            means.setdefault(category, []).append(mean)
    return known_mean(np.array([known_mean(np.array(one)) for one in means.values()]))


def part_first_scores(counts: PartCounts, absent: str = "skip_parts_absent_from_gt") -> PartFirstScores:
    """PartSLIP's and SATR's averaging: each part over the shapes whose truth contains it, then parts, then categories.

    PartSLIP counts independent masks and unlabelled points (`count_masks`), SATR has one category. `absent` is one of
    ABSENT_RULES; with another than the default a part is averaged over more shapes than those that have it.
    """
    _some(counts)
    iou = part_iou(counts, absent)
    return _part_first({name: known_means(iou[rows], axis=0) for name, rows in _rows(counts).items()}, counts)


def pooled_part_scores(counts: PartCounts) -> PartFirstScores:
    """IoU of each part over the points of all shapes of its category together, then parts, then categories."""
    _some(counts)
    by_part = {}
    for name, rows in _rows(counts).items():
        common, found, truth = (
            table[rows].sum(axis=0) for table in (counts.common, counts.found, counts.truth)
        )
        with np.errstate(invalid="ignore"):
            by_part[name] = common / (found + truth - common)
    return _part_first(by_part, counts)


def _part_first(by_part: dict[str, np.ndarray], counts: PartCounts) -> PartFirstScores:
    """The means over parts and categories, with each row cut to the parts of its category."""
    parts = {name: int(counts.parts[rows].max()) for name, rows in _rows(counts).items()}
    by_part = {name: values[: parts[name]] for name, values in by_part.items()}
    by_category = {name: known_mean(values) for name, values in by_part.items()}
    return PartFirstScores(known_mean(np.array(list(by_category.values()))), by_category, by_part)


def _some(counts: PartCounts) -> None:
    if not counts.categories:
        raise InputError("no shape was counted: give at least one")


def _rows(counts: PartCounts) -> dict[str, np.ndarray]:
    """Row numbers of each category, categories in order of name."""
    names, number = _numbered(counts.categories)
    return {name: np.flatnonzero(number == place) for place, name in enumerate(names)}


def _by_category(values: np.ndarray, categories: Sequence[str]) -> dict[str, float]:
    """Mean of the values of each category that has any, categories in order of name."""
    names, number = _numbered(categories)
    known = ~np.isnan(values)
    count = np.bincount(number[known], minlength=len(names))
    total = np.bincount(number[known], weights=values[known], minlength=len(names))
    return {name: float(total[i] / count[i]) for i, name in enumerate(names) if count[i]}


def _numbered(categories: Sequence[str]) -> tuple[list[str], Int64[np.ndarray, "S"]]:
    """The names in order, and the place in them of each shape's category."""
    names = sorted(set(categories))
    places = {name: place for place, name in enumerate(names)}
    return names, np.fromiter(map(places.__getitem__, categories), np.int64, len(categories))
