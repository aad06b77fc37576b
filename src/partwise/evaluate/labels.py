"""Affordances as one label for each point, as OpenAD has them: cases made of samples, and pooled scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64
from torch import nn

from partwise.datasets.sample import Sample
from partwise.encoders.prompt import Prompt
from partwise.errors import InputError
from partwise.metrics.labels import LabelScores, label_confusion, label_scores
from partwise.points import choose, fit_box, front_points, random_rotation, with_colors

NONE = "none"
SETTINGS = ("full", "partial", "rotated")
# Heat from which a point counts as having an affordance, as in the metrics of every affordance data set.
HOT = 0.5


@dataclass(frozen=True)
class Case:
    """Canonical points of a shape, the heat (N,T) of each of T labels, and one label (N,) for each point.

    points  (N,3), or (N,6) with colours behind the places as `points.with_colors` puts them
    """

    points: Float32[np.ndarray, "N C"]
    heat: Float32[np.ndarray, "N T"]
    label: Int64[np.ndarray, "N"]
    offered: tuple[bool, ...]
    uid: str
    category: str


def make_case(
    sample: Sample,
    labels: Sequence[str],
    count: int,
    setting: str,
    rng: np.random.Generator,
    colored: bool = False,
) -> Case:
    """`count` points of a sample in a setting: the "full" shape, "partial" (one view) or "rotated" (any way up).

    A point's label is its hottest affordance among `labels` if that reaches 0.5, else "none", which must be one of
    them. Affordances that are not among the labels do not count. `colored` puts the sample's colours behind its
    points. Raises InputError.
    """
    if setting not in SETTINGS:
        raise InputError(f"unknown setting {setting!r}: use one of {', '.join(SETTINGS)}")
    if NONE not in labels or len(set(labels)) != len(labels):
        raise InputError(f"the labels {', '.join(labels)} need 'none' among them, and each one once")
    if not len(sample.points):
        raise InputError(f"{sample.uid} has no points: leave it out")
    if colored and sample.colors is None:
        raise InputError(
            f"{sample.uid} has no colours, which this model reads: give data that have them, or a model of 3 channels"
        )
    seen = front_points(sample.points, rng) if setting == "partial" else np.arange(len(sample.points))
    rows = seen[choose(len(seen), count, rng)]
    points = sample.points[rows].astype(np.float64)
    centre, scale = fit_box(points, "unit_sphere")
    points = ((points - centre) * scale).astype(np.float32)
    if setting == "rotated":
        points = points @ random_rotation(rng, "full").T
    if colored and sample.colors is not None:
        points = with_colors(points, sample.colors[rows])
    heat = np.zeros((len(rows), len(labels)), dtype=np.float32)
    for column, name in enumerate(labels):
        if name in sample.affordances:
            heat[:, column] = sample.heat[rows, sample.affordances.index(name)]
    hottest = heat.argmax(axis=1)
    label = np.where(heat.max(axis=1) >= HOT, hottest, list(labels).index(NONE)).astype(np.int64)
    offered = tuple(name in sample.affordances for name in labels)
    return Case(points, heat, label, offered, sample.uid, sample.category)


@torch.inference_mode()
def confusions(
    model: nn.Module, cases: Iterable[Case], prompt: Prompt, none_score: float | None = None
) -> Int64[np.ndarray, "S C C"]:
    """One confusion (true, found) of the C labels for each case; the model is left in eval mode.

    none_score  of the last label, where the prompt leaves it out; None if the prompt holds every label
    """
    model.eval()
    device = next(model.parameters()).device
    tables = []
    for case in cases:
        logits = predicted(model, torch.from_numpy(case.points)[None].to(device), prompt, none_score)[0]
        tables.append(label_confusion(logits.argmax(dim=-1).cpu().numpy(), case.label, logits.shape[-1]))
    if not tables:
        raise InputError("no case was given: an evaluation needs at least one shape")
    return np.stack(tables)


def predicted(
    model: Any, points: torch.Tensor, prompt: Prompt, none_score: Any = None, geometry: Any = None
) -> torch.Tensor:
    """Logits (B,N,T) of clouds (B,N,3), the score of "none" behind them where it is no word of the prompt.

    The points lie on the model's device; the prompt may lie on the processor still.
    """
    embedding = model(points) if geometry is None else model(points, geometry)
    logits = model.logits(embedding, prompt.to(points.device))
    if none_score is None:
        return logits
    return torch.cat([logits, torch.as_tensor(none_score).to(logits).expand(*logits.shape[:2], 1)], dim=-1)


def pooled(tables: Int64[np.ndarray, "S C C"]) -> LabelScores:
    """OpenAD's figures over all points of all cases, "none" counted."""
    return label_scores(tables.sum(axis=0))


def pooled_interval(
    tables: Int64[np.ndarray, "S C C"], draws: int = 1000, seed: int = 0
) -> Float64[np.ndarray, "2"]:
    """The middle 95 % of the pooled mIoU when the cases are drawn again with replacement."""
    rng = np.random.default_rng(seed)
    flat = tables.reshape(len(tables), -1).astype(np.float64)
    weights = rng.multinomial(len(tables), np.full(len(tables), 1 / len(tables)), size=draws)
    drawn = (weights @ flat).reshape(draws, *tables.shape[1:])
    right = np.diagonal(drawn, axis1=1, axis2=2)
    union = drawn.sum(axis=1) + drawn.sum(axis=2) - right
    return np.percentile((right / (union + 1e-6)).mean(axis=1), [2.5, 97.5])
