"""Figures that are no mean over samples, compared all the same: both are taken again over each draw of the objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from partwise.evaluate.figures import (
    ABSENT,
    LEVEL,
    column_first,
    known_layers,
    label_mious,
    label_tables,
    number_of,
    object_draws,
    part_first,
)
from partwise.evaluate.measure import Measure, joined_counts
from partwise.evaluate.protocol import Protocol, from_record, load_names
from partwise.evaluate.results import Result
from partwise.metrics.parts import part_iou
from partwise.metrics.uncertainty import Comparison, Interval

# Figures of 3D AffordanceNet and the scores of a sample that they are made of.
BY_AFFORDANCE = {"maiou": "aiou", "map": "ap", "mauc": "auc", "mse": "mse"}
# A figure (D,) of each of D weightings (D,S) of the samples.
Weighted = Callable[[np.ndarray], np.ndarray]


def paired_figure(first: Result, second: Result, figure: str) -> Comparison | None:
    """First minus second when the same objects are drawn for both; None where samples do not hold what that needs.

    Part-first mIoU, the figures of 3D AffordanceNet, and the mIoU of pooled labels can be taken again.
    """
    weights = object_draws(first.objects())
    pair = [_weighted(result, figure) for result in (first, second)]
    if weights is None or pair[0] is None or pair[1] is None:
        return None
    once = np.ones((1, len(first.samples)))
    difference = float((pair[0](once) - pair[1](once))[0])
    drawn = pair[0](weights) - pair[1](weights)
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return None
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    tail = int(min((drawn <= 0).sum(), (drawn >= 0).sum()))
    interval = Interval(difference, float(low), float(high), LEVEL, len(drawn))
    return Comparison(interval, min(1.0, 2 * (tail + 1) / (len(drawn) + 1)), len(first.samples))


def _weighted(result: Result, figure: str) -> Weighted | None:
    """A figure of weights, from the measures of the samples, its layers of seeds averaged first."""
    task, measured = result.protocol.get("task"), _by_seed(result)
    if not measured:
        return None
    if task == "affordances" and figure in BY_AFFORDANCE:
        source = BY_AFFORDANCE[figure]
        tables = [np.array([[number_of(v) for v in one[source]] for one in seed]) for seed in measured]
        mean, times = known_layers(tables), tables[0].shape[1] if figure == "mse" else 1
        return lambda weights: times * column_first(mean, weights)
    if task == "parts" and figure == "part_miou":
        protocol, categories = _protocol(result), result.categories()
        counts = [joined_counts(list(seed), categories) for seed in measured]
        iou = known_layers([part_iou(one, ABSENT[str(protocol.absent)]) for one in counts])
        return lambda weights: part_first(iou, categories, weights)
    if task == "labels" and figure == "miou":
        protocol = _protocol(result)
        labels = len(load_names(protocol.names[0])["*"])
        tables, without = label_tables(protocol, labels, measured)
        summed = tables.sum(axis=0)
        return lambda weights: label_mious(summed, without, weights)
    return None


def _protocol(result: Result) -> Protocol:
    return from_record(result.protocol, "the result")


def _by_seed(result: Result) -> Sequence[Sequence[Measure]]:
    """The measures of all samples for each seed; nothing if a sample has none."""
    if any(len(row.measure) != len(result.seeds) for row in result.samples):
        return []
    return [[row.measure[number] for row in result.samples] for number in range(len(result.seeds))]
