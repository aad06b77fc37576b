"""What opens bottles and cans: corkscrews, can openers, bottle openers."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import cutout
from partwise.datasets.world.build import (
    ball,
    box,
    cylinder,
    lathe,
    ring,
    slab,
    sweep,
    tube,
    vessel,
)
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import outward
from partwise.datasets.world.fittings import washer
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import curve, ellipse, helix, rectangle, star
from partwise.datasets.world.tools import GRASP, haft, laid

OPENS = GRASP | {
    "stab": ("screw",),
    "press": ("lever", "button"),
    "pull": ("handle",),
    "lift": ("lever",),
    "cut": ("blade",),
}


def corkscrew(rng: np.random.Generator) -> Assembly:
    """Corkscrews with two wings, plain ones with a cross handle, waiters' folding ones, electric ones."""
    make = pick(rng, (_winged, _plain_corkscrew, _waiter, _electric_corkscrew), (4, 3, 3, 2))
    return laid(rng, pick(rng, ("corkscrew", "corkscrew", "wine opener")), make(rng), OPENS)


def _worm(rng: np.random.Generator, length: Number) -> Mesh:
    """The spiral of a corkscrew, hanging from the origin down to its point."""
    turns = int(rng.integers(4, 7))
    wind = helix(0.0045, length * 0.8, turns, 9 * turns) * [1, -1, 1] - [0, length * 0.2, 0]
    thick = np.full(len(wind) + 2, 0.0017)
    thick[-3:] = 0.0013, 0.0009, 0.0004
    return tube(np.concatenate([[[0, 0.004, 0], [0, -length * 0.14, 0]], wind]), thick, 5)


def _winged(rng: np.random.Generator) -> list[Piece]:
    """A bell over the bottle's neck, a frame with two toothed levers, the screw and its handle."""
    radius, tall, rise = rng.uniform(0.014, 0.018), rng.uniform(0.04, 0.055), rng.uniform(0.015, 0.05)
    bell = vessel(
        [(radius * 0.5, 0), (radius * 0.8, 0.006), (radius, 0.014), (radius, tall * 0.6)], 0.003, 18
    ).mirrored("y")
    pieces = [Piece(pick(rng, ("bell", "collar")), bell.at(y=-0.002))]
    post = box(0.006, tall * 0.8, 0.01).at(x=radius * 0.55).both_sides()
    bridge = box(radius * 1.6, 0.012, 0.014).at(y=tall * 0.72)
    pieces.append(Piece(pick(rng, ("frame", "body")), join([post, bridge])))
    opened, reach = rng.uniform(5, 80), rng.uniform(0.075, 0.1)
    gear = slab(star(10, 0.022, 0.017), 0.006).turned("x", 90).at(z=-0.003)
    path = curve([[0, 0, 0], [0.006, -reach * 0.5, 0], [0.002, -reach, 0]], 8)
    arm = sweep(path, rectangle(0.007, 0.009, 0.002, 1), np.linspace(0.8, 1.3, 8))
    knob = ball(0.016, around=10).at(*path[-1])
    tip = [] if chance(rng, 0.4) else [knob]
    named = chance(rng, 0.4)
    wing = join([arm, *tip]).turned("z", opened).at(x=radius * 0.55 + 0.009, y=tall * 0.78)
    pieces.append(Piece("lever", wing.both_sides()))
    cog = gear.at(x=radius * 0.55 + 0.009, y=tall * 0.78).both_sides()
    pieces.append(Piece("gear" if named else "pivot", cog))
    top = tall + rise
    pieces.append(Piece("shaft", cylinder(0.0042, top + 0.01, around=10).at(y=-0.008)))
    pieces.append(Piece("screw", _worm(rng, 0.055).at(y=-0.006)))
    style = pick(rng, ("key", "cross", "knob"))
    if style == "key":
        grip = ring(ellipse(0.04, 0.03, 20), ellipse(0.024, 0.016, 20), 0.008).at(y=top + 0.012)
    elif style == "cross":
        grip = haft(rng, 0.07, 0.014).at(y=-0.035).turned("z", 90).at(y=top + 0.004)
    else:
        grip = ball(0.034, 0.024, 0.024, around=14).at(y=top + 0.008)
    return [*pieces, Piece(pick(rng, ("handle", "handle", "grip")), grip)]


def _plain_corkscrew(rng: np.random.Generator) -> list[Piece]:
    """A handle across, a shaft, the screw; perhaps a little brush or a bell below the handle."""
    wide = rng.uniform(0.08, 0.11)
    across = haft(rng, wide, rng.uniform(0.016, 0.026))
    down = rng.uniform(0.02, 0.05)
    pieces = [Piece(pick(rng, ("handle", "grip")), across.at(y=-wide / 2).turned("z", 90))]
    pieces.append(Piece("shaft", cylinder(0.004, down + 0.006, around=8).at(y=-down)))
    pieces.append(Piece("screw", _worm(rng, rng.uniform(0.05, 0.065)).at(y=-down)))
    if chance(rng, 0.3):
        pieces.append(
            Piece("bristles", cylinder(0.009, 0.022, 0.011, around=10).turned("z", 90).at(x=-wide * 0.48))
        )
    if chance(rng, 0.4):
        pieces.append(
            Piece(pick(rng, ("collar", "ring")), cylinder(0.008, 0.008, around=12).at(y=-down - 0.004))
        )
    return pieces


def _waiter(rng: np.random.Generator) -> list[Piece]:
    """A folding one: a bowed handle with a knife, the screw half-way, a lever at the other end."""
    long, thick = rng.uniform(0.1, 0.12), rng.uniform(0.011, 0.014)
    path = curve([[-long / 2, 0, 0], [0, rng.uniform(0.004, 0.012), 0], [long / 2, 0, 0]], 10)
    pieces = [
        Piece(pick(rng, ("handle", "body")), sweep(path, rectangle(thick, thick * 1.1, thick * 0.3, 2)))
    ]
    swing = rng.uniform(-25, 25)
    pieces.append(Piece("screw", _worm(rng, 0.05).turned("z", swing)))
    side = rng.uniform(20, 95)
    bars = (
        box(0.003, 0.05, 0.009)
        + box(0.008, 0.008, 0.011).at(y=-0.004)
        + box(0.01, 0.006, 0.009).at(x=0.003, y=0.044)
    )
    pieces.append(Piece("lever", bars.turned("z", 180 - side).at(x=long / 2 - 0.006)))
    knife = cutout([(0, -0.003), (0.042, -0.004), (0.046, 0.003), (0.03, 0.005), (0, 0.003)], 0.002)
    pieces.append(Piece("blade", knife.turned("z", -rng.uniform(30, 140)).at(x=-long / 2 + 0.004)))
    pin = cylinder(0.003, thick * 1.25, around=10).turned("x", 90).at(z=-thick * 0.62)
    return [*pieces, Piece("pivot", pin.copies([(long / 2 - 0.006, 0, 0), (-long / 2 + 0.004, 0, 0)]))]


def _electric_corkscrew(rng: np.random.Generator) -> list[Piece]:
    """A thick stick with two buttons; the screw shows in the clear sleeve below."""
    radius, tall = rng.uniform(0.02, 0.026), rng.uniform(0.11, 0.14)
    side = curve(
        [(radius, 0), (radius * 0.92, tall * 0.4), (radius * 1.05, tall * 0.8), (radius * 0.8, tall)], 12
    )
    pieces = [Piece(pick(rng, ("body", "handle")), lathe(side, max(10, roundness(rng))))]
    sleeve = rng.uniform(0.06, 0.075)
    wall = [
        (radius * 0.88, -sleeve),
        (radius * 0.98, -sleeve),
        (radius * 0.98, 0.002),
        (radius * 0.88, 0.002),
    ]
    if chance(rng, 0.5):
        pieces.append(Piece("glass" if chance(rng, 0.5) else "shell", lathe(wall, 18, closed=True)))
    else:
        bar = box(0.006, sleeve, 0.006).at(x=radius * 0.9, y=-sleeve).around(3)
        pieces.append(
            Piece(
                "frame", join([bar, lathe([(r, y * 0.15 - sleeve * 0.85) for r, y in wall], 18, closed=True)])
            )
        )
    pieces.append(Piece("screw", _worm(rng, sleeve * 0.85)))
    key = (
        box(0.012, 0.014, 0.008, bevel=0.002)
        if chance(rng, 0.5)
        else cylinder(0.007, 0.008, around=12).turned("x", 90).at(z=-0.004)
    )
    pieces.append(Piece("button", key.row(2, y=0.022).at(y=tall * 0.62, z=radius * 0.96)))
    if chance(rng, 0.5):
        pieces.append(
            Piece(
                "light",
                washer(radius * 0.9, radius * 1.06, 0.005, 18).at(y=-0.004),
            )
        )
    return pieces


def can_opener(rng: np.random.Generator) -> Assembly:
    """Can openers with two handles and a key to turn, bottle openers, levers with a point, electric ones."""
    kind = pick(rng, ("turning", "bottle", "point", "electric"), (5, 2, 2, 3))
    if kind == "electric":
        return _electric_can_opener(rng)
    make = {"turning": _turning_opener, "bottle": _bottle_opener, "point": _point_opener}[kind]
    actions = GRASP | {
        "press": ("handle",),
        "move": ("turning key", "crank"),
        "cut": ("blade", "cutting wheel"),
        "stab": ("blade",),
        "pull": ("hook",),
        "open": ("hook", "cutting wheel"),
    }
    return laid(rng, "bottle opener" if kind == "bottle" else "can opener", make(rng), actions)


def _turning_opener(rng: np.random.Generator) -> list[Piece]:
    """Two handles like pliers, a cutting wheel between their ends, a key at the side to turn."""
    long, thick, opened = rng.uniform(0.11, 0.15), rng.uniform(0.012, 0.018), rng.uniform(2, 14)
    pieces, padded = [], chance(rng, 0.5)
    for side in (-1, 1):
        bar = sweep(
            curve(
                [
                    [0.004 * side, 0.03, 0],
                    [0.008 * side, 0, 0],
                    [0.012 * side, -long * 0.6, 0],
                    [0.009 * side, -long, 0],
                ],
                10,
            ),
            rectangle(thick * 0.8, thick * 0.5),
        )
        pieces.append(Piece("frame" if padded else "handle", bar.turned("z", side * opened / 2)))
        if padded:
            sleeve = haft(rng, long * 0.75, thick * 1.25).at(x=0.011 * side, y=-long * 1.03)
            pieces.append(Piece("handle", sleeve.turned("z", side * opened / 2)))
    disc = cylinder(0.011, 0.003, around=18).turned("x", 90).at(x=-0.004, y=0.026, z=thick * 0.45)
    cog = slab(star(12, 0.019, 0.015), 0.003).turned("x", 90).at(x=0.009, y=0.014, z=thick * 0.4)
    pieces += [Piece(pick(rng, ("cutting wheel", "blade")), disc), Piece("gear", cog)]
    pin = (
        cylinder(0.0035, thick * 1.5 + 0.02, around=10)
        .turned("x", 90)
        .at(x=0.006, y=0.012, z=-thick * 0.7 - 0.018)
    )
    wing = (
        slab(rectangle(rng.uniform(0.045, 0.06), 0.02, 0.009, 3), 0.005)
        .turned("x", 90)
        .turned("z", rng.uniform(0, 180))
    )
    if chance(rng, 0.4):
        wing = box(0.05, 0.01, 0.006).at(x=0.02) + ball(0.018, around=12).at(x=0.042, y=0.005, z=-0.012)
    pieces.append(
        Piece(
            pick(rng, ("turning key", "crank")),
            join([pin, wing.at(x=0.006, y=0.012, z=-thick * 0.7 - 0.016)]),
        )
    )
    if chance(rng, 0.4):
        pieces.append(
            Piece("hook", ring(ellipse(0.022, count=16), ellipse(0.012, count=16), 0.004).at(x=0.004, y=0.04))
        )
    return pieces


def _bottle_opener(rng: np.random.Generator) -> list[Piece]:
    """A loop with a lip on a handle, or one flat plate with a ring for the keys."""
    long, wide = rng.uniform(0.07, 0.1), rng.uniform(0.03, 0.042)
    head = ring(ellipse(wide, wide * 1.15, 24), ellipse(wide * 0.66, wide * 0.72, 24), 0.004)
    pieces = [
        Piece(pick(rng, ("head", "ring", "frame")), head.at(y=wide * 0.5)),
        Piece(pick(rng, ("hook", "tip")), box(wide * 0.3, wide * 0.22, 0.005).at(y=wide * 0.08)),
    ]
    flat = chance(rng, 0.5)
    hold = slab(rectangle(wide * 0.5, 0.004, 0.001, 1), long) if flat else haft(rng, long, 0.02)
    pieces.append(Piece(pick(rng, ("handle", "grip")), hold.at(y=-long)))
    if chance(rng, 0.5):
        pieces.append(
            Piece(
                "key ring",
                ring(ellipse(0.026, count=18), ellipse(0.021, count=18), 0.002).at(y=-long - 0.011),
            )
        )
    return pieces


def _point_opener(rng: np.random.Generator) -> list[Piece]:
    """An old one: a handle, a stem, a bent blade and a hook that holds the rim of the can."""
    long = rng.uniform(0.09, 0.12)
    blade = cutout(
        [
            (-0.006, 0),
            (0.006, 0),
            (0.009, 0.025),
            (0.026, 0.03),
            (0.024, 0.038),
            (0.0, 0.046),
            (-0.007, 0.02),
        ],
        0.003,
    )
    hook = tube(
        np.array([[0, 0, 0], [-0.016, 0.004, 0], [-0.018, 0.018, 0.003], [-0.01, 0.022, 0.006]]), 0.0028, 6
    )
    pieces = [
        Piece(pick(rng, ("handle", "grip")), haft(rng, long, 0.024)),
        Piece("shaft", box(0.01, 0.03, 0.004).at(y=long - 0.006)),
    ]
    pieces += [Piece("blade", blade.at(y=long + 0.02)), Piece("hook", hook.at(y=long + 0.012))]
    if chance(rng, 0.5):
        pieces.append(
            Piece(pick(rng, ("collar", "ring")), cylinder(0.009, 0.012, around=14).at(y=long - 0.006))
        )
    return pieces


def _electric_can_opener(rng: np.random.Generator) -> Assembly:
    """A standing machine: the can hangs in front under a lever with a cutting wheel and a magnet."""
    a = Assembly(pick(rng, ("can opener", "electric can opener")))
    wide, tall, deep = rng.uniform(0.09, 0.12), rng.uniform(0.19, 0.25), rng.uniform(0.08, 0.11)
    shell = slab(rectangle(wide, deep, deep * pick(rng, (0.05, 0.3)), 3), tall, bevel=0.005).tapered(
        rng.uniform(0.8, 1.0)
    )
    a.add(pick(rng, ("body", "housing")), shell)
    if chance(rng, 0.6):
        a.add("base", slab(rectangle(wide * 1.15, deep * 1.25, deep * 0.15, 3), 0.014).at(z=0.004))
    y, z = tall * 0.8, deep * 0.45
    a.add(
        "lever",
        box(wide * 0.75, 0.03, 0.03, bevel=0.005).at(x=wide * 0.08, y=y, z=z + 0.008),
        box(0.02, 0.012, 0.05, bevel=0.002).at(x=wide * 0.36, y=y + 0.02, z=z + 0.02),
    )
    a.add(
        pick(rng, ("cutting wheel", "blade")),
        cylinder(0.012, 0.004, around=18).turned("x", 90).at(y=y - 0.008, z=z + 0.01),
    )
    a.add("gear", slab(star(12, 0.018, 0.014), 0.012).turned("x", 90).at(y=y - 0.026, z=z - 0.002))
    if chance(rng, 0.7):
        a.add(
            "magnet",
            cylinder(0.01, 0.006, around=14).at(y=y - 0.03, z=z + 0.05),
            box(0.01, 0.005, 0.05).at(y=y - 0.025, z=z + 0.025),
        )
    if chance(rng, 0.5):
        a.add("button", box(0.022, 0.006, 0.03, bevel=0.002).at(y=tall - 0.002))
    a.afford("press", "lever", "button")
    a.afford("lift", "lever")
    a.afford("cut", "cutting wheel", "blade")
    a.afford("push", "button")
    a.afford("grasp", "body", "housing", where=outward())
    return a
