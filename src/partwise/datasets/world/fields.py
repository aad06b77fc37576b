"""Where on a part an action takes place: soft functions of position and normal, 1 at the best place.

Each function here returns a field: (points (N,3), normals (N,3)) -> (N,) in 0..1. Fields multiply with
`both`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from jaxtyping import Float64, Num

from partwise.datasets.world.mesh import AXES, Number

Field = Callable[[Num[np.ndarray, "N 3"], Num[np.ndarray, "N 3"]], Float64[np.ndarray, "N"]]


def everywhere(level: Number = 1.0) -> Field:
    """The same all over the part."""
    return lambda points, normals: np.full(len(points), level)


def facing(axis: str = "y", sign: int = 1, softness: Number = 0.3) -> Field:
    """Where the surface looks along an axis: facing() is what one sits on or puts things on."""
    index = AXES[axis]
    return lambda points, normals: np.clip((sign * normals[:, index] - 0.75 + softness) / softness, 0, 1)


def near(place: Iterable[Number], radius: Number) -> Field:
    """Fades with the distance from a place: 1 there, about 0.4 at `radius` metres."""
    centre = np.array(list(place), dtype=np.float64)
    return lambda points, normals: np.exp(-((points - centre) ** 2).sum(axis=1) / radius**2)


def towards(axis: str, start: Number, stop: Number) -> Field:
    """Rises smoothly from 0 at the coordinate `start` to 1 at `stop`, which may be the smaller one."""

    def rise(points: Num[np.ndarray, "N 3"], normals: Num[np.ndarray, "N 3"]) -> Float64[np.ndarray, "N"]:
        share = np.clip((points[:, AXES[axis]] - start) / (stop - start), 0, 1)
        return share * share * (3 - 2 * share)

    return rise


def middle(axis: str, low: Number, high: Number) -> Field:
    """1 half-way between two coordinates, 0.4 at them: where a hand takes a handle."""
    centre, half = (low + high) / 2, max(abs(high - low) / 2, 1e-9)
    return lambda points, normals: np.exp(-(((points[:, AXES[axis]] - centre) / half) ** 2))


def inward(x: Number = 0.0, z: Number = 0.0, softness: Number = 0.4) -> Field:
    """Where the surface looks up or towards the vertical line at (x, z): the inside of a bowl, mug or pot."""

    def inside(points: Num[np.ndarray, "N 3"], normals: Num[np.ndarray, "N 3"]) -> Float64[np.ndarray, "N"]:
        to_axis = np.array([x, 0, z]) - points * [1, 0, 1]
        to_axis /= np.linalg.norm(to_axis, axis=1, keepdims=True) + 1e-9
        return np.clip(((normals * to_axis).sum(axis=1) + np.maximum(normals[:, 1], 0)) / softness, 0, 1)

    return inside


def outward(x: Number = 0.0, z: Number = 0.0, softness: Number = 0.4) -> Field:
    """Where the surface looks away from the vertical line at (x, z): the outside that a hand wraps around."""

    def outside(points: Num[np.ndarray, "N 3"], normals: Num[np.ndarray, "N 3"]) -> Float64[np.ndarray, "N"]:
        away = points * [1, 0, 1] - np.array([x, 0, z])
        away /= np.linalg.norm(away, axis=1, keepdims=True) + 1e-9
        return np.clip((normals * away).sum(axis=1) / softness, 0, 1)

    return outside


def both(*fields: Field) -> Field:
    """The product of fields: where all of them hold."""

    def product(points: Num[np.ndarray, "N 3"], normals: Num[np.ndarray, "N 3"]) -> Float64[np.ndarray, "N"]:
        return np.prod([field(points, normals) for field in fields], axis=0)

    return product
