"""What hangs on air that is lighter: hot air balloon, gas balloon."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, frame, lathe, tray, tube, vessel
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing, inward, towards
from partwise.datasets.world.mesh import Mesh, Number
from partwise.datasets.world.outlines import arc, curve, ellipse
from partwise.datasets.world.riding import rod


def balloon(rng: np.random.Generator) -> Assembly:
    """Balloons over a basket: hot air with a burner, round ones of gas in a net with sand bags."""
    gas = chance(rng, 0.3)
    a = Assembly("gas balloon" if gas else "hot air balloon")
    high, wide = rng.uniform(0.85, 1.1), rng.uniform(1.0, 1.4)
    square = chance(rng, 0.6)
    deep = wide * (1.0 if not square else rng.uniform(0.7, 1.0))
    if square:
        a.add("basket", tray(wide, high, deep, 0.07))
        rim = frame(wide + 0.08, deep + 0.08, 0.14, 0.1).turned("x", 90).at(y=high)
    else:
        sides = [(wide * 0.42, 0), (wide * 0.5, high)]
        a.add("basket", vessel(sides, 0.07, 20))
        rim = tube(arc(wide * 0.5, 0, 360, 25)[:-1], 0.07, 8, closed=True).turned("x", 90).at(y=high)
    a.add(pick(rng, ("rim", "rail")), rim, of="basket")
    if chance(rng, 0.5):
        a.add(
            "band",
            (frame if square else _hoop)(wide + 0.04, deep + 0.04, 0.05, 0.06)
            .turned("x", 90)
            .at(y=high * 0.45),
            of="basket",
        )
    width = rng.uniform(3.4, 5.4)
    corner = (wide * 0.44, deep * 0.44) if square else (wide * 0.35, wide * 0.35)
    top = high + rng.uniform(1.0, 1.5)
    neck = width * (0.12 if gas else rng.uniform(0.14, 0.22))
    crown = _envelope(a, rng, gas, (width, top, neck))
    _ropes(a, rng, gas, (width, neck, crown), (*corner, high, top))
    if not gas:
        _burner(a, rng, corner, high, top)
    if chance(rng, 0.8 if gas else 0.35):
        bag = lathe([(0.06, 0), (0.13, 0.05), (0.13, 0.24), (0.05, 0.34)], 10).at(y=high * 0.5)
        spots = [(wide * 0.5 + 0.1, 0, s * deep * 0.25) for s in (-1, 1)]
        a.add("ballast", bag.copies(spots).both_sides())
    if chance(rng, 0.4):
        a.add("step", box(0.4, 0.06, 0.14).at(y=high * 0.3, z=(deep if square else wide * 0.9) / 2 + 0.05))
    a.afford("ride", "basket", where=inward())
    a.afford("contain", "basket", where=inward())
    a.afford("grasp", "rim", "rail", "lever", "handle")
    a.afford("pull", "cord", "lever", "rope", where=towards("y", top, high))
    a.afford("lift", "ballast")
    a.afford("support", "step", where=facing())
    return a


def _hoop(width: Number, depth: Number, border: Number, high: Number) -> Mesh:
    """A round band about as wide, in the x-y plane, in the place of a frame."""
    return tube(arc((width + depth) / 4 - border * 0.8, 0, 360, 25)[:-1], high * 0.8, 6, closed=True)


def _envelope(a: Assembly, rng: np.random.Generator, gas: bool, size: tuple[Number, Number, Number]) -> float:
    """The bag of (width, height of its mouth, radius of the mouth), maybe with a stripe. Returns its crown."""
    width, top, neck = size
    tall = width * (1.0 if gas else rng.uniform(1.0, 1.3))
    bends = [(0.32, 0.12), (0.5, 0.5), (0.34, 0.87)] if gas else [(0.3, 0.2), (0.5, 0.62), (0.3, 0.93)]
    side = curve([(neck, 0), *((width * out, tall * up) for out, up in bends), (0.02, tall)], 20)
    side[:, 0] = np.maximum(side[:, 0], 0.02)
    gores = int(pick(rng, (8, 12, 16)))
    angle = np.arange(gores * 2) * 2 * np.pi / (gores * 2)
    puff = 1 + rng.uniform(0.0, 0.045) * (np.abs(np.sin(angle * gores / 2)) - 0.5)
    outline = ellipse(1.0, count=gores * 2) * puff[:, None]
    if chance(rng, 0.4):
        low, up = int(rng.integers(5, 8)), int(rng.integers(10, 13))
        a.add("envelope", lathe(side[: low + 1], outline).at(y=top), lathe(side[up:], outline).at(y=top))
        a.add("stripe", lathe(side[low : up + 1], outline).at(y=top), of="envelope")
    else:
        a.add("envelope", lathe(side, outline).at(y=top))
    if not gas:
        cloth = lathe(
            [(neck * 0.75, -0.35), (neck * 1.02, 0.1), (neck * 0.95, 0.1), (neck * 0.68, -0.35)],
            16,
            closed=True,
        )
        a.add("skirt", cloth.at(y=top), of="envelope")
    if chance(rng, 0.6):
        a.add(
            "parachute valve", cylinder(width * 0.09, 0.08, width * 0.05, around=16).at(y=top + tall - 0.04)
        )
    return top + tall


def _ropes(
    a: Assembly,
    rng: np.random.Generator,
    gas: bool,
    bag: tuple[Number, Number, Number],
    basket: tuple[Number, Number, Number, Number],
) -> None:
    """Ropes from the corners of the basket to the bag of (width, mouth, crown), and the cord of the valve.

    `basket` is (half width, half depth, height, height of the mouth).
    """
    (width, neck, crown), (x, z, high, top) = bag, basket
    tall, thick = crown - top, rng.uniform(0.018, 0.03)
    if gas:
        a.add(
            "ring",
            tube(arc(neck * 1.1, 0, 360, 21)[:-1], 0.06, 6, closed=True).turned("x", 90).at(y=top - 0.3),
        )
        a.add("rope", rod(thick, (x, high, z), (neck * 0.78, top - 0.3, neck * 0.78)).four_corners())
        line = curve(
            [
                (neck * 1.1, top - 0.3, 0),
                (width * 0.4, top + tall * 0.15, 0),
                (width * 0.512, top + tall * 0.5, 0),
            ],
            10,
        )
        a.add("net", tube(line, thick * 0.8, 5).around(int(rng.integers(8, 13))))
        belt = tube(arc(width * 0.512, 0, 360, 33)[:-1], thick, 5, closed=True).turned("x", 90)
        a.add("net", belt.at(y=top + tall * 0.5))
    else:
        far = neck * 0.72
        a.add("rope", rod(thick, (x, high, z), (far, top + 0.05, far)).four_corners())
    if chance(rng, 0.6):
        a.add(
            "cord",
            rod(0.018, (neck * 0.3, high + 0.25, 0), (neck * 0.3, top + 0.1, 0)),
            ball(0.12, around=8).at(neck * 0.3, high + 0.25, 0),
        )


def _burner(
    a: Assembly, rng: np.random.Generator, corner: tuple[Number, Number], high: Number, top: Number
) -> None:
    """Posts on the corners of the basket, a frame, one or two burners with flames and levers, gas bottles."""
    (x, z), y = corner, high + (top - high) * 0.5
    posts = rod(0.035, (x, high - 0.1, z), (x * 0.45, y, z * 0.45), sides=8).four_corners()
    bars = frame(x * 0.9 + 0.08, z * 0.9 + 0.08, 0.07, 0.07).turned("x", 90).at(y=y)
    a.add("frame", posts, bars, box(x * 0.9, 0.05, 0.1).at(y=y - 0.03))
    count = int(pick(rng, (1, 2)))
    can = cylinder(0.11, 0.3, 0.13, around=14) + cylinder(0.14, 0.05, around=14).at(y=0.27)
    a.add("burner", can.row(count, x=0.3).at(y=y))
    if chance(rng, 0.7):
        flame = lathe(curve([(0.05, 0), (0.1, 0.18), (0.05, 0.38), (0.005, 0.55)], 8), 10)
        a.add("flame", flame.row(count, x=0.3).at(y=y + 0.3))
    if chance(rng, 0.7):
        a.add(
            pick(rng, ("lever", "handle")),
            rod(0.025, (0, y + 0.05, 0.05), (0, y - 0.1, 0.25), (0, y - 0.28, 0.25)).row(count, x=0.3),
        )
    if chance(rng, 0.6):
        bottle = lathe([(0.13, 0), (0.15, 0.05), (0.15, 0.6), (0.06, 0.72)], 12).at(
            x=x * 0.68, y=0.08, z=z * 0.62
        )
        a.add("canister", bottle.both_sides())
