"""From the measures of all samples to a protocol's figures, with their spread over seeds and objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int32, Integer

from partwise.evaluate.measure import Measure, confusion, joined_counts, pooled_points
from partwise.evaluate.protocol import DATA_NAMES, Protocol, load_names
from partwise.evaluate.questions import Question
from partwise.evaluate.results import Figure, SampleRow
from partwise.metrics.averages import known_mean, known_means
from partwise.metrics.counts import PartCounts
from partwise.metrics.heat import EPS, THRESHOLDS, cmat_pooled
from partwise.metrics.labels import label_scores
from partwise.metrics.parts import instance_iou, part_first_scores, part_iou, part_scores
from partwise.metrics.uncertainty import bootstrap_interval

DRAWS, LEVEL = 1000, 0.95
ABSENT = {
    "one": "absent_counts_one",
    "skip-gt": "skip_parts_absent_from_gt",
    "skip-union": "skip_empty_union",
}
# Figures of heat by the protocol's threshold, the headline first; a cosine is never called SIM.
HEAT_FIGURES = {
    "inclusive": {"aiou": "aiou", "auc": "auc", "sim": "sim", "mae": "mae", "kld": "kld"},
    "strict": {"aiou": "aiou", "auc": "auc", "simcos": "cosine", "mae": "mae"},
}


def summarise(
    protocol: Protocol, asked: Sequence[Question], measured: Sequence[Sequence[Measure]]
) -> tuple[dict[str, Figure], tuple[SampleRow, ...]]:
    """Figures and samples of a run: `measured` holds for each seed a measure of each question.

    Questions may have lost their points; key, object, category, labels, held_out and, where heat is pooled, truth are
    read. Intervals are over objects, on the mean over seeds.
    """
    if protocol.task == "parts":
        figures, values = _parts(protocol, asked, measured)
    elif protocol.task == "labels":
        figures, values = _labels(protocol, asked, measured), [{} for _ in asked]
    elif protocol.averaging[0] == "pooled":
        figures, values = _pooled_heat(asked, measured), [{} for _ in asked]
    elif protocol.task == "affordances":
        figures, values = _affordances(asked, measured), [{} for _ in asked]
    else:
        figures, values = _heat(protocol, asked, measured)
    kept = protocol.averaging[0] != "pooled" or protocol.task == "labels"
    rows = tuple(
        SampleRow(
            question.key,
            question.object,
            question.category,
            values[number],
            tuple(one[number] for one in measured) if kept else (),
        )
        for number, question in enumerate(asked)
    )
    return figures, rows


def _parts(protocol: Protocol, asked: Sequence[Question], measured: Sequence[Sequence[Measure]]) -> Any:
    categories, objects = [q.category for q in asked], [q.object for q in asked]
    absent = ABSENT[str(protocol.absent)]
    tables = [joined_counts(list(one), categories) for one in measured]
    shapes = np.stack([instance_iou(table, absent) for table in tables], axis=1)  # (S,K)
    scores = [part_scores(table, absent) for table in tables]
    figures = {}
    for averaging in protocol.averaging:
        if averaging == "instance":
            interval = _shape_interval(shapes, objects)
            figures["miou"] = _figure([one.instance for one in scores], interval)
        elif averaging == "category":
            interval = _shape_interval(shapes, objects, categories)
            figures["ciou"] = _figure([one.category for one in scores], interval)
        else:
            figures["part_miou"] = _part_figure(tables, absent, asked)
    figures["accuracy"] = _figure([one.accuracy for one in scores], (None, None))
    return figures, [{"iou": tuple(row)} for row in shapes.tolist()]


def _part_figure(tables: Sequence[PartCounts], absent: str, asked: Sequence[Question]) -> Figure:
    """Each part over shapes, then over a category's parts, then over categories."""
    categories = [q.category for q in asked]
    mean = known_layers([part_iou(table, absent) for table in tables])
    found = [part_first_scores(table, absent).miou for table in tables]
    redrawn = _redrawn(lambda weights: part_first(mean, categories, weights), [q.object for q in asked])
    return _figure(found, redrawn)


def part_first(
    iou: Float64[np.ndarray, "S P"], categories: Sequence[str], weights: Float64[np.ndarray, "D S"]
) -> Float64[np.ndarray, "D"]:
    """Weighted mean of each part over the shapes of its category, then over parts, then over categories."""
    names, inverse = np.unique(np.array(categories), return_inverse=True)
    mine = [inverse == number for number in range(len(names))]
    return known_means(np.stack([column_first(iou[m], weights[:, m]) for m in mine], axis=1), axis=1)


def known_layers(layers: Sequence[Float64[np.ndarray, "S P"]]) -> Float64[np.ndarray, "S P"]:
    """Mean over layers of what is known, cell by cell."""
    stacked = np.stack(layers, axis=-1)
    return known_means(stacked.reshape(-1, stacked.shape[-1]), axis=1).reshape(stacked.shape[:-1])


def column_first(
    values: Float64[np.ndarray, "S P"], weights: Float64[np.ndarray, "D S"]
) -> Float64[np.ndarray, "D"]:
    """Weighted mean of each column over what is known, then the mean over columns; NaN where nothing is."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        columns = (weights @ np.where(known, values, 0.0)) / (weights @ known.astype(np.float64))
    return known_means(columns, axis=1)


def _heat(protocol: Protocol, asked: Sequence[Question], measured: Sequence[Sequence[Measure]]) -> Any:
    objects, held = [q.object for q in asked], np.array([q.held_out for q in asked])
    figures: dict[str, Figure] = {}
    values: list[dict[str, tuple[float, ...]]] = [{} for _ in asked]
    for name, source in HEAT_FIGURES[str(protocol.threshold)].items():
        table = np.array([[number_of(one[source]) for one in seed] for seed in measured]).T  # (S,K)
        figures[name] = _sample_figure(table, objects)
        if held.any():
            figures[f"held_out/{name}"] = _sample_figure(
                table[held], [o for o, h in zip(objects, held, strict=True) if h]
            )
        for row, scores in zip(values, table.tolist(), strict=True):
            row[name] = tuple(scores)
    return figures, values


def _affordances(asked: Sequence[Question], measured: Sequence[Sequence[Measure]]) -> dict[str, Figure]:
    """The figures of 3D AffordanceNet: over shapes, then over affordances; the squared error is summed over these."""
    objects = [q.object for q in asked]
    figures = {}
    for name, source in (("maiou", "aiou"), ("map", "ap"), ("mauc", "auc"), ("mse", "mse")):
        tables = [np.array([[number_of(v) for v in one[source]] for one in seed]) for seed in measured]
        times = tables[0].shape[1] if name == "mse" else 1
        found = [float(times * column_first(table, np.ones((1, len(table))))[0]) for table in tables]
        mean = known_layers(tables)
        interval = _redrawn(lambda weights, m=mean, t=times: t * column_first(m, weights), objects)
        figures[name] = _figure(found, interval)
    return figures


def _labels(
    protocol: Protocol, asked: Sequence[Question], measured: Sequence[Sequence[Measure]]
) -> dict[str, Figure]:
    """mIoU, Acc and mAcc over all points; rounds of questions have labels of their own, averaged together."""
    tables, without = label_tables(protocol, asked[0].labels, measured)
    scores = [label_scores(table.sum(axis=0, dtype=np.int64), without) for table in tables]
    summed = tables.sum(axis=0)
    drawn = _redrawn(lambda weights: label_mious(summed, without, weights), [q.object for q in asked])
    return {
        "miou": _figure([one.miou for one in scores], drawn),
        "acc": _figure([one.accuracy for one in scores], (None, None)),
        "macc": _figure([one.mean_accuracy for one in scores], (None, None)),
    }


def label_tables(
    protocol: Protocol, labels: int, measured: Sequence[Sequence[Measure]]
) -> tuple[Int32[np.ndarray, "K S C C"], set[int]]:
    """Confusions of each seed and sample, each round of questions with `labels` of its own, and those not counted."""
    rounds, samples = len(protocol.names), len(measured[0])
    wide = rounds * (labels + 1)
    tables = np.zeros((len(measured), samples, wide, wide), dtype=np.int32)
    for seed, one in enumerate(measured):
        for number, entry in enumerate(one):
            start = (number % rounds) * (labels + 1)
            block = slice(start, start + labels), slice(start, start + labels + 1)
            tables[(seed, number, *block)] = confusion(entry, labels)
    return tables, _uncounted(protocol, rounds, labels)


def label_mious(
    tables: Integer[np.ndarray, "S C C"], without: set[int], weights: Float64[np.ndarray, "D S"]
) -> Float64[np.ndarray, "D"]:
    """The pooled mIoU of each weighting of the samples."""
    flat = tables.reshape(len(tables), -1).astype(np.float64)
    summed = np.rint(weights @ flat).astype(np.int64).reshape(-1, *tables.shape[1:])
    return np.array([label_scores(table, without).miou for table in summed])


def _uncounted(protocol: Protocol, rounds: int, labels: int) -> set[int]:
    """Numbers of the labels that no mean counts: those named by the protocol, and "none of them" of each round."""
    left = {number * (labels + 1) + labels for number in range(rounds)}
    for number, name in enumerate(protocol.names):
        words = [] if name == DATA_NAMES else list(load_names(name).get("*", {}))
        left |= {number * (labels + 1) + words.index(word) for word in protocol.uncounted if word in words}
    return left


def _pooled_heat(asked: Sequence[Question], measured: Sequence[Sequence[Measure]]) -> dict[str, Figure]:
    """All points of all samples as one map. AUC has no interval: it cannot be redrawn from sums of samples."""
    truth = np.concatenate([q.truth for q in asked])
    maps = [[pooled_points(one) for one in seed] for seed in measured]
    found = [cmat_pooled(np.concatenate(seed), truth) for seed in maps]
    sums = np.mean([[_sums(p, q.truth) for p, q in zip(seed, asked, strict=True)] for seed in maps], axis=0)
    objects = [q.object for q in asked]
    figures = {}
    for name, source in HEAT_FIGURES["strict"].items():
        interval = (None, None)
        if name != "auc":
            interval = _redrawn(lambda weights, n=name: _from_sums(weights @ sums)[n], objects)
        figures[name] = _figure([float(getattr(one, source)[0]) for one in found], interval)
    return figures


def _sums(p: Float32[np.ndarray, "M"], g: Float32[np.ndarray, "M"]) -> Float64[np.ndarray, "F"]:
    """What adds up over samples: points above each threshold, right ones and wrong or missed ones, and five sums."""
    above, true = p[:, None] > THRESHOLDS, (g > 0.5)[:, None]
    wide = p.astype(np.float64), g.astype(np.float64)
    products = [float(a @ b) for a, b in ((wide[0], wide[1]), (wide[0], wide[0]), (wide[1], wide[1]))]
    difference = float(np.abs(wide[0] - wide[1]).sum())
    return np.array([*(above & true).sum(axis=0), *(above | true).sum(axis=0), *products, difference, len(p)])


def _from_sums(sums: Float64[np.ndarray, "D F"]) -> dict[str, Float64[np.ndarray, "D"]]:
    """The pooled figures of each draw."""
    count = len(THRESHOLDS)
    right, union = sums[:, :count], sums[:, count : 2 * count]
    dot, found, true, difference, points = sums[:, 2 * count :].T
    iou = np.where(union == 0, 1.0, right / np.maximum(union, 1))
    cosine = dot / np.maximum(np.sqrt(found * true), EPS)
    return {"aiou": iou.mean(axis=1), "simcos": cosine, "mae": difference / points}


def _sample_figure(table: Float64[np.ndarray, "S K"], objects: list[str]) -> Figure:
    return _figure([known_mean(column) for column in table.T], _shape_interval(table, objects))


def _shape_interval(
    table: Float64[np.ndarray, "S K"], objects: list[str], categories: list[str] | None = None
) -> tuple[float | None, float | None]:
    values = known_means(table, axis=1)
    if lonely(values, objects, categories or [""] * len(objects)):
        return None, None
    interval = bootstrap_interval(values, 0, DRAWS, LEVEL, objects, categories)
    return interval.low, interval.high


def lonely(values: Float64[np.ndarray, "S"], objects: list[str], categories: list[str]) -> bool:
    """Whether some category has one object with a value, or none has any: drawn again, it would never change.

    An interval over categories that cannot change is narrower than the truth.
    """
    seen: dict[str, set[str]] = {}
    for category, one, value in zip(categories, objects, values, strict=True):
        if not np.isnan(value):
            seen.setdefault(category, set()).add(one)
    return min(map(len, seen.values()), default=0) < 2


def _redrawn(
    figure: Callable[[np.ndarray], np.ndarray], objects: list[str]
) -> tuple[float | None, float | None]:
    """The interval of a figure of weights (D,S) when objects are drawn again with replacement."""
    weights = object_draws(objects)
    if weights is None:
        return None, None
    values = figure(weights)
    values = values[~np.isnan(values)]
    if not len(values):
        return None, None
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def object_draws(objects: Sequence[str]) -> Float64[np.ndarray, "D S"] | None:
    """How often each sample comes in each draw of the objects with replacement; None for a single object."""
    _, cluster = np.unique(np.array(objects), return_inverse=True)
    count = int(cluster.max()) + 1
    if count < 2:
        return None
    draws = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=DRAWS)
    return draws[:, cluster].astype(np.float64)


def _figure(by_seed: Sequence[float], interval: tuple[float | None, float | None]) -> Figure:
    values = np.array(by_seed, dtype=np.float64)
    std = float(values.std(ddof=1)) if len(values) > 1 else None
    return Figure(known_mean(values), std, *interval, tuple(float(v) for v in values))


def number_of(value: float | None) -> float:
    """A log holds null for what is undefined."""
    return float("nan") if value is None else float(value)
