"""Part segmentation scored: a labelled shape is asked for its own part names, under stated conditions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from partwise.datasets.sample import Sample
from partwise.errors import InputError
from partwise.evaluate.conditions import Condition, conditioned
from partwise.metrics.counts import count_parts
from partwise.metrics.parts import part_iou
from partwise.predict import Segmenter
from partwise.shape import Shape


@dataclass(frozen=True)
class ShapeScore:
    """IoU of each asked phrase on one shape, and of the two baselines' answers on average."""

    uid: str
    category: str
    phrases: tuple[str, ...]
    iou: tuple[float, ...]
    confidence: float
    accuracy: float
    largest: float
    random: float

    @property
    def mean(self) -> float:
        """Mean IoU over the phrases."""
        return float(np.nanmean(self.iou))


@dataclass(frozen=True)
class MeanScores:
    """Mean over shapes, mean over categories of their means, each category's own, and the baselines' means."""

    instance: float
    category: float
    largest: float
    random: float
    by_category: dict[str, float]
    shapes: int


def evaluate_parts(
    segmenter: Segmenter,
    samples: Iterable[Sample],
    condition: Condition,
    seed: int = 0,
    points: int | None = None,
    draws: int | None = None,
    voting: str | None = None,
) -> list[ShapeScore]:
    """Ask about each sample by the plain names of the parts it shows; points without a name are not scored.

    Samples with fewer than two named parts are passed over: any answer would be right. points, draws and voting are the
    segmenter's own options. Everything random follows from (seed, position in the list).
    """
    scores = []
    for number, sample in enumerate(samples):
        rng = np.random.default_rng([seed, number])
        cloud, labels = conditioned(sample.points, sample.labels, condition, rng)
        present = np.unique(labels[labels >= 0])
        if len(present) < 2:
            continue
        phrases = tuple(sample.parts[i].name for i in present)
        shape = Shape.of(cloud, up="y")
        answer = segmenter.segment(shape, phrases, seed=seed, points=points, draws=draws, voting=voting)
        lookup = np.full(len(sample.parts) + 1, -1, dtype=np.int64)
        lookup[present] = np.arange(len(present))
        truth = lookup[labels]
        named = truth >= 0
        found, truth = answer.labels[named].astype(np.int64), truth[named]
        count = len(present)
        largest = np.full(len(truth), np.bincount(truth, minlength=count).argmax())
        scores.append(
            ShapeScore(
                uid=sample.uid,
                category=sample.category,
                phrases=phrases,
                iou=tuple(iou_of(found, truth, count).tolist()),
                confidence=float(answer.confidence[named].mean()),
                accuracy=float((found == truth).mean()),
                largest=float(iou_of(largest, truth, count).mean()),
                random=float(iou_of(rng.integers(0, count, len(truth)), truth, count).mean()),
            )
        )
    return scores


def iou_of(
    found: Int64[np.ndarray, "N"], truth: Int64[np.ndarray, "N"], count: int
) -> Float64[np.ndarray, "T"]:
    """IoU (T,) of each of `count` parts, all of which are in the truth, so that no rule for absent parts matters."""
    return part_iou(count_parts(found[None], truth[None], count), "skip_parts_absent_from_gt")[0]


def mean_scores(scores: Sequence[ShapeScore]) -> MeanScores:
    """Averages of shape scores. Raises InputError if there are none."""
    if not scores:
        raise InputError("no shape with two named parts was scored: check the data")
    by_category: dict[str, list[float]] = {}
    for score in scores:
        by_category.setdefault(score.category, []).append(score.mean)
    means = {category: float(np.mean(values)) for category, values in sorted(by_category.items())}
    return MeanScores(
        instance=float(np.mean([score.mean for score in scores])),
        category=float(np.mean(list(means.values()))),
        largest=float(np.mean([score.largest for score in scores])),
        random=float(np.mean([score.random for score in scores])),
        by_category=means,
        shapes=len(scores),
    )
