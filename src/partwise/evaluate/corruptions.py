"""Seven ways in which a point cloud goes bad, at five strengths each, written from their published description.

The kinds are those of ModelNet-C (Ren et al., ICML 2022) that GEAL (CVPR 2025) takes to affordances; strengths follow
ModelNet-C, counts as shares of its 1,024 points. Clouds of other sizes get the same shares. What GEAL stored was drawn
with other random numbers: figures here are of the same kind, not the same clouds.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from partwise.errors import InputError

KINDS = ("scale", "jitter", "rotate", "drop global", "drop local", "add global", "add local")
ADDING = ("add global", "add local")  # those that add points
LEVELS = (1, 2, 3, 4, 5)
# Largest stretch of an axis, deviation of jitter in radii, share of points dropped; one for each level.
_STRETCH = (1.6, 1.7, 1.8, 1.9, 2.0)
_JITTER = (0.01, 0.02, 0.03, 0.04, 0.05)
_DROPPED = (0.25, 0.375, 0.5, 0.625, 0.75)
_TURN = np.pi / 30  # about each axis, for each level
_LOCAL, _GLOBAL = 100 / 1024, 10 / 1024  # share of points in clusters, and anywhere, for each level
_MOST_CLUSTERS = 8
_CLUSTER_SIZE = (0.075, 0.125)  # deviation of an added cluster in radii


def corrupted(
    points: Float64[np.ndarray, "N 3"], kind: str, level: int, rng: np.random.Generator
) -> tuple[Float64[np.ndarray, "M 3"], Int64[np.ndarray, "K"], Float64[np.ndarray, "A 3"]]:
    """(kept points moved, which K of the N they are, points added), K = M. Radii are those of the ball around the mean.

    Raises InputError for another kind or level.
    """
    if kind not in KINDS or level not in LEVELS:
        raise InputError(
            f"corruption {kind!r} at level {level}: use one of {', '.join(KINDS)} at 1 to {LEVELS[-1]}"
        )
    centre = points.mean(axis=0)
    radius = float(np.linalg.norm(points - centre, axis=1).max()) or 1.0
    unit = (points - centre) / radius
    every, nothing = np.arange(len(points)), np.zeros((0, 3))
    kept, added = every, nothing
    if kind == "scale":
        unit = unit * rng.uniform(1 / _STRETCH[level - 1], _STRETCH[level - 1], 3)
    elif kind == "jitter":
        unit = unit + rng.normal(0, _JITTER[level - 1], unit.shape)
    elif kind == "rotate":
        unit = unit @ _turned(rng.uniform(-_TURN * level, _TURN * level, 3)).T
    elif kind == "drop global":
        count = max(1, round(len(points) * (1 - _DROPPED[level - 1])))
        kept = np.sort(rng.choice(len(points), count, replace=False))
    elif kind == "drop local":
        kept = _without_clusters(unit, round(len(points) * _LOCAL * level), rng)
    elif kind == "add global":
        added = _in_ball(max(1, round(len(points) * _GLOBAL * level)), rng)
    else:
        added = _clusters(unit, max(1, round(len(points) * _LOCAL * level)), rng)
    return unit[kept] * radius + centre, kept, added * radius + centre


def _turned(angles: Float64[np.ndarray, "3"]) -> Float64[np.ndarray, "3 3"]:
    """Turns about x, then y, then z."""
    turn = np.eye(3)
    for axis, angle in enumerate(angles):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        one = np.eye(3)
        one[[a, b], [a, b]] = np.cos(angle)
        one[b, a], one[a, b] = np.sin(angle), -np.sin(angle)
        turn = one @ turn
    return turn


def _without_clusters(
    unit: Float64[np.ndarray, "N 3"], total: int, rng: np.random.Generator
) -> Int64[np.ndarray, "K"]:
    """What is left when up to eight patches around chosen points are cut out, `total` points together."""
    left = np.arange(len(unit))
    for size in _shares(total, rng):
        middle = unit[rng.choice(left)]
        distance = np.linalg.norm(unit[left] - middle, axis=1)
        left = np.sort(left[np.argsort(distance, kind="stable")[min(size, len(left) - 1) :]])
    return left


def _clusters(
    unit: Float64[np.ndarray, "N 3"], total: int, rng: np.random.Generator
) -> Float64[np.ndarray, "A 3"]:
    """Up to eight small clouds around chosen points, `total` points together, none outside the ball."""
    added = []
    for size in _shares(total, rng):
        spread = rng.uniform(*_CLUSTER_SIZE)
        added.append(unit[rng.integers(len(unit))] + rng.normal(0, spread, (size, 3)))
    cloud = np.concatenate(added)
    return cloud / np.maximum(np.linalg.norm(cloud, axis=1, keepdims=True), 1.0)


def _shares(total: int, rng: np.random.Generator) -> Int64[np.ndarray, "C"]:
    """`total` split at random among 1 to 8 clusters."""
    clusters = int(rng.integers(1, _MOST_CLUSTERS + 1))
    return np.bincount(rng.integers(0, clusters, total), minlength=clusters)


def _in_ball(count: int, rng: np.random.Generator) -> Float64[np.ndarray, "A 3"]:
    """Uniform in the unit ball."""
    direction = rng.normal(size=(count, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return direction * rng.random((count, 1)) ** (1 / 3)
