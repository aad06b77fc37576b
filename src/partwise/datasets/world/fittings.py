"""Small metal things that hold others together: bolts, nuts, washers, bearings. Each lies along the y axis."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.build import ball, cylinder, lathe
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.mesh import Mesh, Number, join


def hex_nut(rng: np.random.Generator, bore: Number, height: Number) -> Mesh:
    """A nut on y = 0 around a rod of radius `bore`: six or four sides, now and then a cap or a flange."""
    wide = bore * rng.uniform(1.7, 2.2)
    sides = pick(rng, (6, 6, 6, 4))
    around = [(bore, 0), (wide, 0), (wide, height), (bore, height)]
    nut = lathe(around, sides, closed=True)
    if chance(rng, 0.2):
        nut += lathe([(wide * 0.8, height), (wide * 0.6, height * 1.5), (0, height * 1.7)], 12)
    if chance(rng, 0.2):
        nut += washer(bore, wide * 1.25, height * 0.2)
    return nut


def washer(bore: Number, radius: Number, height: Number, around: int = 16) -> Mesh:
    """A flat ring on y = 0."""
    return lathe([(bore, 0), (radius, 0), (radius, height), (bore, height)], around, closed=True)


def bearing(rng: np.random.Generator, bore: Number, radius: Number, width: Number) -> Mesh:
    """A ball bearing on y = 0: two rings with a shield between them, or with its balls showing."""
    wall = (radius - bore) * rng.uniform(0.2, 0.3)
    races = [washer(bore, bore + wall, width, 20), washer(radius - wall, radius, width, 20)]
    if chance(rng, 0.5):
        return join([*races, washer(bore + wall, radius - wall, width * 0.8, 20).at(y=width * 0.1)])
    size, middle = (radius - bore - 2 * wall) * 0.95, (radius + bore) / 2
    balls = ball(size, around=6).at(x=middle, y=width / 2)
    return join([*races, balls.around(int(rng.integers(6, 10)))])


def bolt_head(rng: np.random.Generator, radius: Number) -> Mesh:
    """The head of a bolt or screw on y = 0: hexagonal, domed, cylindrical with a socket, or sunk flat."""
    wide = radius * rng.uniform(1.6, 2.1)
    style = pick(rng, ("hex", "dome", "socket", "flat"), (3, 2, 2, 2))
    if style == "hex":
        return cylinder(wide, radius * rng.uniform(1.0, 1.5), around=6)
    if style == "dome":
        return lathe([(wide, 0), (wide * 0.85, radius * 0.7), (wide * 0.4, radius * 1.1)], 12)
    if style == "socket":
        high, hole = radius * 1.8, radius * 0.8
        return lathe([(wide * 0.85, 0), (wide * 0.85, high), (hole, high), (hole, high * 0.4)], 12)
    return cylinder(wide * 0.6, radius * 0.5, wide, around=12)


def bolt(rng: np.random.Generator, radius: Number, length: Number) -> Mesh:
    """A bolt or screw: its head from y = 0 up, its shaft `length` down, smooth or with a thread."""
    head = bolt_head(rng, radius)
    if chance(rng, 0.35):
        count = int(np.clip(length / radius, 4, 12))
        y = np.repeat(np.linspace(-length, 0, count + 1), 2)[1:-1]
        ridge = np.tile([radius, radius * 0.75], count)
        return head + lathe(np.stack([ridge, y], axis=1), 10)
    point = radius * pick(rng, (1.0, 1.0, 0.2))
    return head + lathe([(point, -length), (radius, -length * 0.85), (radius, 0)], 10)
