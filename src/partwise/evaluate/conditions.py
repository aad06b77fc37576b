"""What is done to a shape or to its words before a model is asked: steps of a sweep, and those of the card."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int64, Shaped

from partwise.errors import InputError
from partwise.evaluate.corruptions import KINDS, LEVELS, corrupted
from partwise.points import front_points, random_rotation


@dataclass(frozen=True)
class Condition:
    """What is done to a shape before it is asked about.

    rotation    "none", "yaw" (about +Y), "full", or "stored": full, by a matrix that is given
    points      this many of its points are given; None for all
    noise       standard deviation of added noise, in units of the largest radius
    one_sided   only what one random distant viewer sees
    scale       factor on all coordinates
    lying       turned a quarter about X, so that what is said to point up does not
    corruption  kind and level, see partwise.evaluate.corruptions
    words       how a phrase is put: "the {phrase} of the {category}"
    """

    name: str = "as is"
    rotation: str = "none"
    points: int | None = None
    noise: float = 0.0
    one_sided: bool = False
    scale: float = 1.0
    lying: bool = False
    corruption: tuple[str, int] | None = None
    words: str = "{phrase}"


# Of a checkpoint's card.
CONDITIONS = (
    Condition(),
    Condition("random yaw", rotation="yaw"),
    Condition("random rotation", rotation="full"),
    Condition("512 points", points=512),
    Condition("10,000 points", points=10_000),
    Condition("noise 1 %", noise=0.01),
    Condition("one-sided", one_sided=True),
)

# Of a sweep: each kind is compared with a shape as it is.
SWEEPS: dict[str, tuple[Condition, ...]] = {
    "rotation": (Condition("yaw", rotation="yaw"), Condition("SO(3), stored", rotation="stored")),
    "points": tuple(Condition(f"{n:,} points", points=n) for n in (512, 1024, 2048, 8192)),
    "noise": tuple(Condition(f"noise {percent} %", noise=percent / 100) for percent in (0.5, 1, 2, 5)),
    "partial": (Condition("one-sided", one_sided=True),),
    "scale": tuple(Condition(f"scale x{factor:g}", scale=factor) for factor in (0.01, 0.1, 10.0, 100.0)),
    "up": (Condition("wrong up axis", lying=True),),
    "words": (
        Condition('"the ..."', words="the {phrase}"),
        Condition('"... of a [category]"', words="{phrase} of a {category}"),
        Condition(
            '"the part of the [category] called ..."', words="the part of the {category} called {phrase}"
        ),
    ),
    "corruptions": tuple(
        Condition(f"{kind} {level}", corruption=(kind, level)) for kind in KINDS for level in LEVELS
    ),
}


def changed(
    points: Float32[np.ndarray, "N 3"],
    condition: Condition,
    rng: np.random.Generator,
    stored: Float[np.ndarray, "3 3"] | None = None,
) -> tuple[Float32[np.ndarray, "M 3"], Int64[np.ndarray, "K"]]:
    """Points of a shape under a condition: first K of its own, then any that were added; and which of the N those are.

    Raises InputError if the shape has too few points, or for a stored rotation that was not given.
    """
    rows, added = np.arange(len(points)), np.zeros((0, 3))
    if condition.rotation == "stored":
        if stored is None:
            raise InputError(f"condition {condition.name!r} turns by a stored rotation: give its matrix")
        points = (points @ stored.T).astype(np.float32)
    elif condition.rotation != "none":
        points = points @ random_rotation(rng, condition.rotation).T
    if condition.lying:
        points = points[:, [0, 2, 1]] * np.array([1, -1, 1], dtype=np.float32)
    if condition.one_sided:
        seen = front_points(points, rng)
        points, rows = points[seen], rows[seen]
    if condition.points is not None:
        if condition.points > len(points):
            raise InputError(
                f"condition {condition.name!r} takes {condition.points} points, the shape has {len(points)}"
            )
        index = rng.choice(len(points), condition.points, replace=False)
        points, rows = points[index], rows[index]
    if condition.noise:
        reach = np.linalg.norm(points - points.mean(axis=0), axis=1).max()
        points = points + rng.normal(0, condition.noise * reach, points.shape)
    if condition.corruption is not None:
        points, kept, added = corrupted(points.astype(np.float64), *condition.corruption, rng)
        rows = rows[kept]
    return (np.concatenate([points, added]) * condition.scale).astype(np.float32), rows


def conditioned(
    points: Float32[np.ndarray, "N 3"],
    labels: Shaped[np.ndarray, "N"],
    condition: Condition,
    rng: np.random.Generator,
) -> tuple[Float32[np.ndarray, "M 3"], Shaped[np.ndarray, "M"]]:
    """Points and labels of a shape under a condition; added points have no label. Errors as in `changed`."""
    cloud, rows = changed(points, condition, rng)
    none = np.full(len(cloud) - len(rows), -1, dtype=labels.dtype)
    return cloud, np.concatenate([labels[rows], none])
