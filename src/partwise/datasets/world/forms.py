"""Shapes that can stand for many parts: each grows from the plane y = 0 towards +y and is about 1 in size.

A form is a function of the dice alone; compositions scale it, turn it, fix it to a core and give it a name.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from partwise.datasets.world.bodywork import cutout
from partwise.datasets.world.build import (
    ball,
    box,
    cylinder,
    frame,
    lathe,
    pillow,
    sheet,
    slab,
    sweep,
    tray,
    tube,
    vessel,
)
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Mesh, join
from partwise.datasets.world.outlines import arc, curve, ellipse, helix, rectangle, rounded, star

Form = Callable[[np.random.Generator], Mesh]


def rod(rng: np.random.Generator) -> Mesh:
    """A straight thin rod, round or square, even or tapered."""
    thick = rng.uniform(0.03, 0.09)
    if chance(rng, 0.4):
        return box(thick, 1, thick).tapered(rng.uniform(0.5, 1.1))
    return cylinder(thick / 2, 1, thick / 2 * rng.uniform(0.4, 1.0), around=roundness(rng))


def post(rng: np.random.Generator) -> Mesh:
    """A stout upright."""
    thick = rng.uniform(0.12, 0.3)
    if chance(rng, 0.5):
        return box(thick, 1, thick * rng.uniform(0.8, 1.3)).tapered(rng.uniform(0.6, 1.2))
    return lathe(
        curve([(thick / 2, 0), (thick * rng.uniform(0.3, 0.6), 0.5), (thick * 0.45, 1)], 7), roundness(rng)
    )


def disc(rng: np.random.Generator) -> Mesh:
    """A flat round piece, plain, domed or stepped."""
    high, around = rng.uniform(0.15, 0.4), roundness(rng)
    profile = pick(
        rng,
        (
            [(0.5, 0), (0.5, high)],
            [(0.5, 0), (0.48, high * 0.6), (0.3, high)],
            [(0.3, 0), (0.5, high * 0.5), (0.4, high)],
        ),
    )
    return lathe(profile, around)


def roller(rng: np.random.Generator) -> Mesh:
    """A disc standing off on a short axle, dished or plain."""
    wide, around = rng.uniform(0.2, 0.4), max(8, roundness(rng))
    dish = [(0.2, 0.08), (0.42, 0), (0.5, 0.04), (0.5, wide), (0.42, wide + 0.03), (0.15, wide - 0.05)]
    plain = [(0.5, 0), (0.5, wide)]
    return join(
        [lathe(pick(rng, (dish, plain)), around).at(y=0.06), cylinder(0.08, 0.15, around=8).at(y=-0.04)]
    )


def bead(rng: np.random.Generator) -> Mesh:
    """A ball or a knob on a neck."""
    if chance(rng, 0.5):
        return ball(1, rng.uniform(0.7, 1), 1, around=12).at(y=0.4)
    return lathe([(0.2, 0), (0.17, 0.4), (0.45, 0.6), (0.48, 0.8), (0.25, 1.0)], roundness(rng))


def block(rng: np.random.Generator) -> Mesh:
    """A box about as high as wide."""
    return box(1, rng.uniform(0.5, 1.0), rng.uniform(0.5, 1.4), bevel=pick(rng, (0.0, 0.08))).tapered(
        rng.uniform(0.7, 1)
    )


def tile(rng: np.random.Generator) -> Mesh:
    """A thin flat plate lying on the surface, square, rounded or oval."""
    deep, high = rng.uniform(0.6, 1.4), rng.uniform(0.03, 0.07)
    return slab(pick(rng, (rectangle(1, deep), rectangle(1, deep, 0.15), ellipse(1, deep))), high)


def pad(rng: np.random.Generator) -> Mesh:
    """A soft cushion."""
    high = rng.uniform(0.15, 0.35)
    return pillow(1, high, rng.uniform(0.7, 1.2), rng.uniform(2.5, 6), 14).at(y=high * 0.45)


def fan(rng: np.random.Generator) -> Mesh:
    """A thin fin that stands on edge, straight, swept or round."""
    back = rng.uniform(0.0, 0.6)
    outline = pick(
        rng,
        (
            [(-0.5, 0), (0.5, 0), (0.3 - back, 1), (-0.2 - back, 1)],
            [(-0.5, 0), (0.5, 0), (-0.3, 1)],
            rounded([(-0.5, 0), (-0.5, 0.8), (0.5, 0.8), (0.5, 0), (-0.5, 0)], 0.4)[:-1],
        ),
    )
    return cutout(outline, rng.uniform(0.03, 0.08)).turned("y", 90)


def span(rng: np.random.Generator) -> Mesh:
    """A long thin wing that reaches out, narrower at its tip."""
    root, tip, back = rng.uniform(0.3, 0.6), rng.uniform(0.08, 0.3), rng.uniform(0, 0.5)
    outline = [(-root / 2, 0), (root / 2, 0), (tip / 2 - back, 1.4), (-tip / 2 - back, 1.4)]
    return cutout(outline, rng.uniform(0.03, 0.07)).turned("y", 90)


def ledge(rng: np.random.Generator) -> Mesh:
    """A board that stands out level from a wall."""
    return box(rng.uniform(0.04, 0.08), rng.uniform(0.5, 0.8), rng.uniform(0.9, 1.3))


def arch(rng: np.random.Generator) -> Mesh:
    """A loop with both ends on the surface: round, flat-topped or a strap."""
    high, thick = rng.uniform(0.3, 0.7), rng.uniform(0.04, 0.09)
    bow = curve([[0, 0, -0.5], [0, high * 0.9, -0.35], [0, high * 0.9, 0.35], [0, 0, 0.5]], 12)
    if chance(rng, 0.35):
        bow = np.array([[0, 0, -0.5], [0, high, -0.5], [0, high, 0.5], [0, 0, 0.5]])
    return sweep(bow, pick(rng, (ellipse(thick * 2, count=8), rectangle(thick * 3, thick))))


def hoop(rng: np.random.Generator) -> Mesh:
    """A ring that stands on the surface."""
    return tube(arc(0.46, -90, 250, 18), rng.uniform(0.03, 0.08), 6).at(y=0.5)


def band(rng: np.random.Generator) -> Mesh:
    """A flat ring lying on the surface."""
    inner, high = rng.uniform(0.3, 0.42), rng.uniform(0.08, 0.25)
    return lathe([(inner, 0), (0.5, 0), (0.5, high), (inner, high)], max(10, roundness(rng)), closed=True)


def crook(rng: np.random.Generator) -> Mesh:
    """A hook."""
    path = curve([[0, 0, 0], [0, 0.5, 0], [0.15, 0.85, 0], [0.4, 0.9, 0], [0.5, 0.6, 0]], 12)
    return tube(path, rng.uniform(0.04, 0.07), 6).turned("y", 90 * int(rng.integers(4)))


def horn(rng: np.random.Generator) -> Mesh:
    """A bent cone that comes to a point."""
    lean = rng.uniform(-0.5, 0.5)
    path = curve([[0, 0, 0], [lean * 0.2, 0.5, 0], [lean, 1, rng.uniform(-0.3, 0.3)]], 9)
    return tube(path, np.linspace(rng.uniform(0.1, 0.2), 0.01, 9), 8)


def cone(rng: np.random.Generator) -> Mesh:
    """A straight cone or pyramid."""
    return cylinder(rng.uniform(0.25, 0.5), 1, 0.01, around=pick(rng, (4, 6, 8, 16, 24)))


def pipe(rng: np.random.Generator) -> Mesh:
    """A hollow tube that leaves the surface and may bend."""
    radius = rng.uniform(0.1, 0.2)
    if chance(rng, 0.5):
        return vessel([(radius, 0), (radius * rng.uniform(0.8, 1.3), 1)], radius * 0.25, roundness(rng))
    path = curve([[0, 0, 0], [0, 0.5, 0], [0, 0.7, 0.25], [0, 0.75, 0.7]], 10)
    return tube(path, np.linspace(radius, radius * rng.uniform(0.5, 1.0), 10), 10)


def funnel(rng: np.random.Generator) -> Mesh:
    """A hollow cone that widens outwards."""
    return vessel([(0.12, 0), (0.14, 0.35), (0.5, 1)], 0.03, roundness(rng))


def bowl(rng: np.random.Generator) -> Mesh:
    """A hollow cup open outwards."""
    high = rng.uniform(0.4, 0.9)
    return vessel(curve([(0.2, 0), (0.42, high * 0.3), (0.5, high)], 7), 0.04, max(8, roundness(rng)))


def bin_box(rng: np.random.Generator) -> Mesh:
    """A rectangular tray open outwards."""
    return tray(1, rng.uniform(0.3, 0.7), rng.uniform(0.6, 1.0), 0.05)


def dome(rng: np.random.Generator) -> Mesh:
    """Half a ball or a flatter cap."""
    angle = np.linspace(0, np.pi / 2, 7)
    return lathe(
        np.stack([np.maximum(np.cos(angle), 0) / 2, np.sin(angle) * rng.uniform(0.2, 0.5)], 1),
        max(8, roundness(rng)),
    )


def coil(rng: np.random.Generator) -> Mesh:
    """A spring."""
    return tube(helix(rng.uniform(0.15, 0.25), 1, rng.uniform(3, 5), 36), 0.035, 5)


def links(rng: np.random.Generator) -> Mesh:
    """A chain that hangs outwards."""
    link = tube(arc(0.09, 0, 360, 11)[:-1], 0.025, 5, closed=True).scaled(1, 1.5, 1)
    count = int(rng.integers(4, 7))
    return join([link.turned("y", 90 * (i % 2)).at(y=0.12 + 0.2 * i) for i in range(count)])


def cord(rng: np.random.Generator) -> Mesh:
    """A wandering cable."""
    points = np.cumsum(np.add(rng.normal(0, 0.25, (5, 3)), [0, 0.25, 0]), axis=0)
    return tube(
        curve(np.concatenate([[[0, 0, 0], [0, 0.15, 0]], np.add(points, [0, 0.15, 0])]), 22),
        rng.uniform(0.02, 0.04),
        6,
    )


def bars(rng: np.random.Generator) -> Mesh:
    """A grid of slats in a border, lying on the surface."""
    count = int(rng.integers(4, 8))
    slat = box(1, 0.05, 0.45 / count).row(count, z=0.85 / count)
    return join([slat, frame(1.05, 1.0, 0.06, 0.07).turned("x", 90).at(y=0.035)])


def gear(rng: np.random.Generator) -> Mesh:
    """A toothed wheel lying on the surface."""
    count = int(rng.integers(8, 15))
    spread = star(count * 2, 1.0, 0.78)[np.arange(count * 4)]
    teeth = (
        spread
        / np.linalg.norm(spread, axis=1, keepdims=True)
        * np.where(np.arange(count * 4) % 4 < 2, 0.5, 0.4)[:, None]
    )
    return slab(teeth, rng.uniform(0.12, 0.25))


def cranked(rng: np.random.Generator) -> Mesh:
    """A rod that turns a corner and ends in a grip."""
    path = np.array([[0, 0, 0], [0, 0.3, 0], [0, 0.3, 0.6], [0, 0.6, 0.6]])
    return join([tube(path, 0.05, 6), cylinder(0.09, 0.35, around=8).at(y=0.5, z=0.6)])


def stick(rng: np.random.Generator) -> Mesh:
    """A slanting rod with a ball or grip at its end."""
    lean = rng.uniform(-40, 40)
    end = ball(0.22, around=10) if chance(rng, 0.6) else box(0.16, 0.3, 0.16).at(y=-0.15)
    return join([cylinder(0.045, 1, around=8), end.at(y=1)]).turned("x", lean)


def cloth(rng: np.random.Generator) -> Mesh:
    """A waving cloth on a thin pole."""
    s, t = np.meshgrid(np.linspace(0, 0.7, 7), np.linspace(0.55, 1, 4), indexing="ij")
    wave = 0.05 * np.sin(9 * s + rng.uniform(0, 6))
    return join([cylinder(0.025, 1, around=6), sheet(np.stack([wave, t, s], -1), 0.015)])


def paw(rng: np.random.Generator) -> Mesh:
    """A short wrist that ends in fingers or claws."""
    finger = tube([[0, 0.3, 0], [0.1, 0.7, 0], [0.02, 1, 0]], np.array([0.1, 0.09, 0.03]), 6)
    return join([box(0.4, 0.4, 0.4).at(y=0), finger.at(x=0.12).around(int(pick(rng, (2, 3, 4))))])


def leafy(rng: np.random.Generator) -> Mesh:
    """A pointed curved leaf."""
    s, t = np.meshgrid(np.linspace(-1, 1, 5), np.linspace(0, 1, 8), indexing="ij")
    half = 0.25 * np.sin(np.pi * np.clip(t, 0.04, 0.97)) ** 0.8
    return sheet(np.stack([s * half, t, 0.3 * t**2 + 0.1 * s**2], -1), 0.02)


def bell(rng: np.random.Generator) -> Mesh:
    """A shade or bell: wide at its base, hollow."""
    return (
        lathe([(0.5, 0), (0.47, 0.0), (0.2, 0.7), (0.24, 0.75)][::-1], 16, closed=True)
        .mirrored("y")
        .at(y=0.75)
    )


def prongs(rng: np.random.Generator) -> Mesh:
    """A body with two or three pins."""
    return join(
        [
            box(0.6, 0.6, 0.4, bevel=0.06),
            cylinder(0.05, 0.4, around=8).row(int(pick(rng, (2, 3))), x=0.2).at(y=0.58),
        ]
    )
