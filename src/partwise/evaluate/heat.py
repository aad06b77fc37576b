"""Affordance maps scored: a shape with known heat is asked for each of its actions, and for some that it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from partwise.datasets.sample import Sample
from partwise.encoders.actions import ACTIONS, unrelated
from partwise.encoders.bank import PhraseEmbedder
from partwise.errors import InputError
from partwise.metrics.heat import heat_scores
from partwise.metrics.ranking import curve_areas, rank
from partwise.predict import Segmenter
from partwise.shape import Shape

# Contrast of the baseline that knows words alone: a softmax over cosines of sentence vectors needs a low temperature.
PRIOR_TEMPERATURE = 0.05


@dataclass(frozen=True)
class HeatScore:
    """One action on one shape: figures of the answer and of the two baselines, in the order sim, aiou, auc, mae."""

    uid: str
    category: str
    action: str
    answer: tuple[float, float, float, float]
    uniform: tuple[float, float, float, float]
    word_prior: tuple[float, float, float, float]


@dataclass(frozen=True)
class Offer:
    """How strongly an action was seen on a shape, and whether the shape offers it."""

    action: str
    strength: float
    offered: bool


def evaluate_heat(
    segmenter: Segmenter,
    samples: Iterable[Sample],
    wording: Callable[[str], str] = str,
    seed: int = 0,
) -> tuple[list[HeatScore], list[Offer]]:
    """Ask each sample for the actions that it offers and for those it surely does not, said as `wording` says them.

    Actions that no point serves with at least 0.5 are passed over. The baselines: "uniform", the same heat everywhere,
    and "word prior", which is told the true parts and heats each by how near its name is to the action's words.
    """
    scores, offers = [], []
    for sample in samples:
        offered = [a for a in sample.affordances if a in ACTIONS]
        absent = [a for a in ACTIONS if unrelated(a, sample.affordances)]
        if not offered:
            continue
        asked = [*offered, *absent]
        maps = segmenter.afford(Shape.of(sample.points, up="y"), [wording(a) for a in asked], seed=seed)
        heat = maps.heat
        for index, action in enumerate(asked):
            target = sample.heat[:, sample.affordances.index(action)] if index < len(offered) else None
            if target is not None and target.max() < 0.5:
                continue
            offers.append(Offer(action, float(maps.strength[index]), target is not None))
            if target is None:
                continue
            uniform = np.full_like(target, 0.5)
            prior = word_prior(sample, wording(action), segmenter.embedder)
            triple = [_figures(values, target) for values in (heat[:, index], uniform, prior)]
            scores.append(HeatScore(sample.uid, sample.category, action, *triple))
    return scores, offers


def word_prior(sample: Sample, words: str, embedder: PhraseEmbedder) -> Float32[np.ndarray, "N"]:
    """Heat from words and true parts alone: a softmax over the cosines of the action with each part's name."""
    names = list(dict.fromkeys(part.name for part in sample.parts))
    vectors = embedder.embed([*names, words]) if words not in names else embedder.embed(names)
    cosine = vectors[: len(names)] @ vectors[-1]
    share = np.exp((cosine - cosine.max()) / PRIOR_TEMPERATURE)
    by_part = np.array([share[names.index(part.name)] for part in sample.parts] + [0.0], dtype=np.float32)
    return by_part[sample.labels]


def mean_heat(scores: Sequence[HeatScore], kind: str = "answer") -> dict[str, float]:
    """Means over samples of sim, aiou, auc and mae for "answer", "uniform" or "word_prior".

    Raises InputError if there are none.
    """
    if not scores:
        raise InputError("no action was scored: check the data")
    values = np.array([getattr(score, kind) for score in scores])
    means = np.nanmean(values, axis=0)
    return {name: float(mean) for name, mean in zip(("sim", "aiou", "auc", "mae"), means, strict=True)}


def offer_auc(offers: Sequence[Offer]) -> float:
    """Probability that an offered action is seen more strongly than one that is not offered."""
    strength = np.array([[offer.strength for offer in offers]])
    return float(curve_areas(rank(strength, np.array([[offer.offered for offer in offers]])))[0][0])


def offer_threshold(offers: Sequence[Offer]) -> float:
    """The strength that best parts offered actions from others: largest mean of the two rates of being right.

    Raises InputError unless both kinds are there.
    """
    strength = np.array([offer.strength for offer in offers])
    offered = np.array([offer.offered for offer in offers], dtype=bool)
    if not offered.any() or offered.all():
        raise InputError("a threshold needs actions that are offered and some that are not: give more shapes")
    order = np.sort(np.unique(strength))
    middles = (order[:-1] + order[1:]) / 2 if len(order) > 1 else order
    right = [(strength[offered] >= t).mean() + (strength[~offered] < t).mean() for t in middles]
    return float(middles[int(np.argmax(right))])


def _figures(
    heat: Float[np.ndarray, "N"], target: Float[np.ndarray, "N"]
) -> tuple[float, float, float, float]:
    found = heat_scores(heat[None].astype(np.float64), target[None].astype(np.float64))
    return float(found.sim[0]), float(found.aiou[0]), float(found.auc[0]), float(found.mae[0])
