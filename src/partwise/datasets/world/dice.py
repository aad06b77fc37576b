"""Small throws of the dice, so that generators read as descriptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from partwise.datasets.world.mesh import Number

T = TypeVar("T")


def chance(rng: np.random.Generator, share: Number) -> bool:
    """True in that share of the throws."""
    return bool(rng.random() < share)


def pick(rng: np.random.Generator, options: Sequence[T], weights: Sequence[Number] | None = None) -> T:
    """One of the options, all alike or by weight."""
    if weights is None:
        return options[int(rng.random() * len(options))]
    total = np.cumsum(weights)
    return options[int(np.searchsorted(total, rng.random() * total[-1], side="right"))]


def between(rng: np.random.Generator, low: Number, high: Number) -> float:
    """A number between low and high, as often near the one as near the other in proportion (log-uniform)."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def roundness(rng: np.random.Generator) -> int:
    """How many sides stand for a circle: from low-poly to smooth."""
    return pick(rng, (6, 8, 10, 12, 16, 24, 32), (1, 2, 1, 3, 3, 3, 2))
