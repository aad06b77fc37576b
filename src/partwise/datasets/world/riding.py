"""Pieces of what one rides and pushes: rods, rounded bodies, wheels with tyres, handlebars, pedals, saddles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Num

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import outward, wheel
from partwise.datasets.world.build import (
    ball,
    box,
    cylinder,
    lathe,
    loft,
    pillow,
    sweep,
    tube,
)
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Mesh, Number
from partwise.datasets.world.outlines import arc, curve, rectangle, squircle

Place = Sequence[Number] | Num[np.ndarray, "3"]
WHEELS = ("plain", "disc", "spokes", "wire")


def rod(radius: Number, *path: Place, sides: int = 6) -> Mesh:
    """A round rod through the places, with corners."""
    return tube(np.array(path, dtype=np.float64), radius, sides)


def across(radius: Number, width: Number, around: int = 12) -> Mesh:
    """A cylinder around the origin whose axis lies along x: hubs, axles, grips, discs that roll."""
    return cylinder(radius, width, around=around).at(y=-width / 2).turned("z", 90)


def body(stations: Sequence[Place] | Num[np.ndarray, "R 4"], power: Number = 4.0, steps: int = 0) -> Mesh:
    """A body along z through rounded sections (z, y of its middle, width, height), smoothed to `steps`."""
    stations = np.asarray(stations, dtype=np.float64)
    rings = []
    for z, y, width, height in curve(stations, steps) if steps else stations:
        outline = squircle(max(width, 1e-3), max(height, 1e-3), power, 16)
        rings.append(np.column_stack([outline + np.array([0, y]), np.full(16, z)]))
    return outward(loft(np.stack(rings)))


def wheels(
    a: Assembly, rng: np.random.Generator, style: str, size: tuple[Number, Number], places: Sequence[Place]
) -> None:
    """Wheels of (radius, width) at places (x, y, z): whole, or tyre, hub and spokes or a disc.

    The style, one of WHEELS, is the caller's, so that all wheels of an object agree.
    """
    radius, width = size
    if style == "plain":
        a.add("wheel", wheel(rng, radius, width).copies(places))
        return
    inner = radius - min(width * 0.8, radius * 0.35)
    middle, around = (inner + radius) / 2, max(12, roundness(rng))
    profile = [(inner, 0.1), (middle, 0), (radius, 0.25), (radius, 0.75), (middle, 1), (inner, 0.9)]
    tyre = lathe(np.array(profile) * [1, width], around, closed=True).at(y=-width / 2).turned("z", 90)
    a.add("tyre", tyre.copies(places), of="wheel")
    core = "wheel" if style == "disc" else "spoke"
    hub = across(radius * 0.16, width * 1.2).copies(places)
    a.add(pick(rng, ("hub", core)), hub, of="wheel")
    if style == "disc":
        a.add(core, across(inner * 1.02, width * rng.uniform(0.4, 0.8), around).copies(places), of="wheel")
        return
    count = int(rng.integers(9, 15) if style == "wire" else rng.integers(3, 7))
    thick = max(radius * (0.015 if style == "wire" else 0.07), 0.0015)
    spoke = cylinder(thick, inner * 1.02, around=4).around(count, "z").turned("y", 90)
    a.add(core, spoke.copies(places), of="wheel")


def guard(radius: Number, width: Number, start: Number, stop: Number) -> Mesh:
    """A mudguard around the origin over a wheel that rolls along z; 0 degrees is the front, 90 the top."""
    return sweep(arc(radius, start, stop, 9)[:, [2, 1, 0]], rectangle(width, max(0.06 * radius, 0.004)))


def steering(a: Assembly, rng: np.random.Generator, head: Place, wide: Number, thick: Number) -> None:
    """A handlebar of half width `wide` at `head`, with what it may bear: grips, brake levers, bell, mirrors."""
    pull, rise = rng.uniform(-0.6, 0.05) * wide, rng.uniform(0.0, 0.35) * wide
    right = [[wide * 0.5, rise * 0.8, pull * 0.15], [wide, rise, pull]]
    left = [[-x, y, z] for x, y, z in reversed(right)]
    path = curve([*left, [0, 0, 0], *right], 13) + np.asarray(head, dtype=np.float64)
    a.add("handlebar", tube(path, thick, int(pick(rng, (6, 8)))))
    tip, inside = path[-1], path[-4]
    name = pick(rng, ("grip", "handle"))
    if chance(rng, 0.7):
        grip = cylinder(thick * 1.5, wide * 0.36, bevel=thick * 0.4, around=10)
        a.add(name, grip.pointed(tip + (tip - inside) * 0.1, inside).both_sides())
    if chance(rng, 0.3):
        out = (0, -thick, thick * 5)
        lever = rod(thick * 0.5, inside, inside * 0.7 + tip * 0.3 + out, tip + out, sides=5)
        a.add("brake lever", lever.both_sides())
    if chance(rng, 0.15):
        a.add("bell", ball(thick * 4, around=10).at(*(path[4] + (0, thick * 1.5, 0))))
    if chance(rng, 0.15):
        far = path[-3] + (wide * 0.25, wide * 0.6, 0)
        glass = cylinder(wide * 0.2, thick, around=10).turned("x", 90).at(*far)
        a.add("mirror", (glass + rod(thick * 0.3, path[-3], far, sides=5)).both_sides())
    a.afford("grasp", name, "handlebar")
    a.afford("pull", "brake lever")
    a.afford("press", "bell", "brake lever")


def pedals(a: Assembly, rng: np.random.Generator, centre: Place, half: Number, reach: Number) -> None:
    """Two pedals on cranks of length `reach`, `half` beside the middle, turned at random."""
    thick, turn = reach * 0.1, rng.uniform(0, 2 * np.pi)
    own = chance(rng, 0.7)
    for sign in (1, -1):
        start = np.add(centre, [sign * half, 0, 0])
        end = np.add(start, [0, -sign * reach * np.cos(turn), -sign * reach * np.sin(turn)])
        out = np.add(end, [sign * reach * 0.65, 0, 0])
        arm = [rod(thick, p, q, sides=6) for p, q in ((centre, start), (start, end), (end, out))]
        a.add("crank" if own else "pedal", *arm)
        tread = box(reach * 0.55, thick * 2.6, reach * 0.5, bevel=pick(rng, (0.0, thick * 0.5)))
        a.add("pedal", tread.at(y=-thick * 1.3).at(*(end * 0.4 + out * 0.6)))
    a.afford("push", "pedal")


def steering_wheel(
    a: Assembly, name: str, place: Place, radius: Number, column: Number, tilt: Number = 50
) -> None:
    """A steering wheel at `place` that faces back and up, on a column of that length and that name."""
    hoop = tube(arc(radius, 0, 360, 17)[:-1], radius * 0.1, 6, closed=True)
    bars = cylinder(radius * 0.07, radius, around=5).around(3, "z")
    a.add("steering wheel", (hoop + bars).turned("x", tilt).at(*place))
    along_it = np.array([0, -np.sin(np.radians(tilt)), np.cos(np.radians(tilt))])
    a.add(
        name,
        rod(radius * 0.12, np.asarray(place) - along_it * 0.02, np.asarray(place) + along_it * column),
    )
    a.afford("grasp", "steering wheel")


def saddle(rng: np.random.Generator, width: Number, length: Number) -> Mesh:
    """A saddle on y = 0, broad behind and narrow in front."""
    high, nose = length * rng.uniform(0.2, 0.35), rng.uniform(0.25, 0.6)
    pad = pillow(width, high, length, pick(rng, (2.5, 4.0)), 14)

    def narrow(points: Num[np.ndarray, "V 3"]) -> Num[np.ndarray, "V 3"]:
        share = np.clip(points[:, 2] / length + 0.45, 0, 0.7) / 0.7
        return points * np.stack([1 - (1 - nose) * share, np.ones_like(share), np.ones_like(share)], 1)

    return pad.warped(narrow).at(y=high * 0.45)
