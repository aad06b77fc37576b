"""Flat shapes and curves: what the brushes extrude, turn on the lathe and sweep along.

Closed outlines are (P,2), counter-clockwise, the first point not repeated. Paths are (P,3).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from jaxtyping import Float64, Num
from scipy.interpolate import make_interp_spline

from partwise.datasets.world.mesh import Number


def ellipse(width: Number, height: Number | None = None, count: int = 24) -> Float64[np.ndarray, "P 2"]:
    """An ellipse by its full width and height; a circle of that diameter if the height is left out."""
    angle = np.arange(count) * (2 * np.pi / count)
    return np.stack(
        [width / 2 * np.cos(angle), (width if height is None else height) / 2 * np.sin(angle)], axis=1
    )


def rectangle(
    width: Number, height: Number, radius: Number = 0.0, count: int = 4
) -> Float64[np.ndarray, "P 2"]:
    """A rectangle around the origin, its corners rounded with `radius` in `count` steps each."""
    half = np.array([width, height]) / 2
    signs = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], dtype=np.float64)
    radius = min(radius, *half)
    if radius <= 0:
        return signs * half
    angle = np.linspace(0, np.pi / 2, count + 1)[None, :] + np.arange(4)[:, None] * (np.pi / 2)
    turn = radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return ((half - radius) * signs)[:, None, :].repeat(count + 1, 1).reshape(-1, 2) + turn.reshape(-1, 2)


def squircle(
    width: Number, height: Number, power: Number = 4.0, count: int = 32
) -> Float64[np.ndarray, "P 2"]:
    """A superellipse: power 2 is an ellipse, large powers come near a rectangle, 1 is a diamond."""
    angle = np.arange(count) * (2 * np.pi / count)
    c, s = np.cos(angle), np.sin(angle)
    wave = np.stack([np.sign(c) * np.abs(c) ** (2 / power), np.sign(s) * np.abs(s) ** (2 / power)], axis=1)
    return wave * [width / 2, height / 2]


def regular(sides: int, diameter: Number) -> Float64[np.ndarray, "P 2"]:
    """A regular polygon with a flat side below: 6 for a nut, 3 for a warning sign."""
    angle = np.arange(sides) * (2 * np.pi / sides) - np.pi / 2 + np.pi / sides
    return diameter / 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def star(points: int, outer: Number, inner: Number) -> Float64[np.ndarray, "P 2"]:
    """A star, or a gear with a few points, by its two diameters."""
    radius = np.tile([outer / 2, inner / 2], points)
    angle = np.arange(2 * points) * (np.pi / points) + np.pi / 2
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def arc(radius: Number, start: Number, stop: Number, count: int = 12) -> Float64[np.ndarray, "P 3"]:
    """A piece of a circle in the x-y plane, from start to stop degrees counter-clockwise from +x."""
    angle = np.radians(np.linspace(start, stop, count))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.zeros(count)], axis=1)


def curve(points: Num[np.ndarray, "K D"] | list, count: int = 16) -> Float64[np.ndarray, "P D"]:
    """A smooth curve through 2 or more points of any dimension, `count` points on it."""
    points = np.asarray(points, dtype=np.float64)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1) + 1e-9)])
    spline = make_interp_spline(length, points, k=min(3, len(points) - 1))
    return spline(np.linspace(0, length[-1], count))


def bezier(points: Num[np.ndarray, "K D"] | list, count: int = 12) -> Float64[np.ndarray, "P D"]:
    """The curve that starts and ends at the outer two of 3 or 4 points and is drawn towards those between."""
    points = np.asarray(points, dtype=np.float64)
    t = np.linspace(0, 1, count)[:, None]
    while len(points) > 1:  # de Casteljau's scheme, all t at once
        points = [a + (b - a) * t for a, b in pairwise(points)]
    return points[0]


def helix(
    radius: Number, height: Number, turns: Number, count: int | None = None
) -> Float64[np.ndarray, "P 3"]:
    """A screw line about the y axis from y = 0 up: springs, cords, heating coils."""
    t = np.linspace(0, 1, count or max(8, round(10 * turns)))
    angle = 2 * np.pi * turns * t
    return np.stack([radius * np.cos(angle), height * t, radius * np.sin(angle)], axis=1)


def rounded(
    profile: Num[np.ndarray, "K 2"] | list, radius: Number, count: int = 3
) -> Float64[np.ndarray, "P 2"]:
    """An open profile with its corners rounded: each becomes `count` + 1 points of a quadratic curve."""
    profile = np.asarray(profile, dtype=np.float64)
    corner, before, after = profile[1:-1], profile[:-2] - profile[1:-1], profile[2:] - profile[1:-1]
    reach = [np.linalg.norm(v, axis=1, keepdims=True) + 1e-12 for v in (before, after)]
    start = corner + before * np.minimum(0.5, radius / reach[0])
    stop = corner + after * np.minimum(0.5, radius / reach[1])
    t = np.linspace(0, 1, count + 1)[None, :, None]
    bends = start[:, None] * (1 - t) ** 2 + 2 * corner[:, None] * t * (1 - t) + stop[:, None] * t**2
    return np.concatenate([profile[:1], bends.reshape(-1, 2), profile[-1:]])
