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
_NOT_FOUND = (float("nan"), float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True)
class HeatScore:
    """One action on one shape: figures of the answer and of the baselines, in the order sim, aiou, auc, mae."""

    uid: str
    category: str
    action: str
    answer: tuple[float, float, float, float]
    uniform: tuple[float, float, float, float]
    word_prior: tuple[float, float, float, float]
    found_prior: tuple[float, float, float, float]


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
    priors: bool = True,
) -> tuple[list[HeatScore], list[Offer]]:
    """Ask each sample for the actions that it offers and for those it surely does not, said as `wording` says them.

    Actions that no point serves with at least 0.5 are passed over. The baselines: "uniform", the same heat everywhere;
    "found prior", which is told the names of the parts, finds them as `Segmenter.segment` does, and heats each by how
    near its name is to the action's words (NaN without `priors`, and for a model that finds no parts); and "word
    prior", which is told where the true parts are as well: a bound for words alone, since nobody else is told.
    """
    scores, offers = [], []
    for sample in samples:
        offered = [a for a in sample.affordances if a in ACTIONS]
        absent = [a for a in ACTIONS if unrelated(a, sample.affordances)]
        if not offered:
            continue
        asked = [*offered, *absent]
        look = segmenter.look(Shape.of(sample.points, up="y"), seed=seed)
        maps = segmenter.afford(look, [wording(a) for a in asked])
        heat, names = maps.heat, list(dict.fromkeys(part.name for part in sample.parts))
        # Models that read prompts have no vectors of parts to compare names with.
        finds = priors and segmenter.head is not None and len(names) > 1
        found = segmenter.segment(look, names).scores if finds else None
        for index, action in enumerate(asked):
            target = sample.heat[:, sample.affordances.index(action)] if index < len(offered) else None
            if target is not None and target.max() < 0.5:
                continue
            offers.append(Offer(action, float(maps.strength[index]), target is not None))
            if target is None:
                continue
            uniform = np.full_like(target, 0.5)
            share = part_shares(names, wording(action), segmenter.embedder)
            by_part = np.array([share[names.index(part.name)] for part in sample.parts] + [0.0], np.float32)
            rows = [_figures(values, target) for values in (heat[:, index], uniform, by_part[sample.labels])]
            rows.append(_NOT_FOUND if found is None else _figures((found @ share).clip(0, 1), target))
            scores.append(HeatScore(sample.uid, sample.category, action, *rows))
    return scores, offers


def part_shares(names: Sequence[str], words: str, embedder: PhraseEmbedder) -> Float32[np.ndarray, "T"]:
    """How well each part's name (T,) goes with an action by words alone: cosines through a softmax, the best one 1."""
    vectors = embedder.embed(list(names))
    asked = vectors[names.index(words)] if words in names else embedder.embed([words])[0]
    cosine = vectors @ asked
    return np.exp((cosine - cosine.max()) / PRIOR_TEMPERATURE).astype(np.float32)


def mean_heat(scores: Sequence[HeatScore], kind: str = "answer") -> dict[str, float]:
    """Means over samples of sim, aiou, auc and mae for "answer", "uniform", "word_prior" or "found_prior".

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


def offer_rates(offers: Sequence[Offer], above: float) -> tuple[float, float]:
    """Share of the offered actions that the verdict calls offered, and of the others that it calls not offered."""
    said = np.array([offer.strength >= above for offer in offers], dtype=bool)
    offered = np.array([offer.offered for offer in offers], dtype=bool)
    return float(said[offered].mean()), float((~said[~offered]).mean())


def _figures(
    heat: Float[np.ndarray, "N"], target: Float[np.ndarray, "N"]
) -> tuple[float, float, float, float]:
    found = heat_scores(heat[None].astype(np.float64), target[None].astype(np.float64))
    return float(found.sim[0]), float(found.aiou[0]), float(found.auc[0]), float(found.mae[0])
