"""What holds work in place: clamps with a screw in a bow, on a bar with a grip and trigger, with a spring."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import cutout
from partwise.datasets.world.build import ball, box, cylinder, sweep, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Mesh, Number, Piece
from partwise.datasets.world.outlines import curve, helix, rectangle, rounded
from partwise.datasets.world.tools import laid


def clamp(rng: np.random.Generator) -> Assembly:
    """Clamps: a screw in a bowed frame, jaws on a bar with a trigger or a screw, two levers with a spring."""
    make = pick(rng, (_bow_clamp, _trigger_clamp, _bar_clamp, _spring_clamp), (3, 4, 2, 2))
    pieces = make(rng)
    return laid(rng, "clamp", pieces, {"grasp": ("handle", "grip", "body"), "press": ("trigger",)})


def _bow_clamp(rng: np.random.Generator) -> list[Piece]:
    """A G clamp: frame, screw with its pad, the bar that turns it."""
    wide, high, thick = rng.uniform(0.05, 0.09), rng.uniform(0.1, 0.18), rng.uniform(0.014, 0.022)
    path = np.array(
        [
            [0, high, 0],
            [wide * 0.6, high, 0],
            [wide, high * 0.85, 0],
            [wide, high * 0.15, 0],
            [wide * 0.6, 0, 0],
            [0, 0, 0],
        ]
    )
    bow = sweep(path, rectangle(thick * 0.7, thick))
    screw = cylinder(thick * 0.28, high * 0.95, around=10).at(y=-high * 0.5)
    bar = cylinder(thick * 0.18, wide * 0.9, around=8).turned("z", 90).at(x=wide * 0.45, y=-high * 0.48)
    pad = cylinder(thick * 0.6, thick * 0.5, around=12).at(y=high * 0.42)
    named = pick(rng, ("screw", "pad", "jaw"))
    return [
        Piece("frame", bow),
        Piece("screw", screw),
        Piece(named, pad),
        Piece("handle" if chance(rng, 0.4) else "screw", bar),
    ]


def _jaw(rng: np.random.Generator, reach: Number, thick: Number) -> Float64[np.ndarray, "P 2"]:
    """Outline of a jaw that stands on the bar (y = 0) and grips towards -x: a wedge, a block or a bent arm."""
    deep, low = reach * rng.uniform(0.25, 0.5), -thick * rng.uniform(0.6, 1.2)
    style = pick(rng, ("wedge", "block", "arm"))
    if style == "wedge":
        return np.array(
            [[0, low], [deep * 1.4, low], [deep * 1.5, reach * 0.2], [deep * 0.5, reach], [0, reach]]
        )
    if style == "block":
        return np.array([[0, low], [deep, low], [deep, reach * 0.9], [deep * 0.8, reach], [0, reach]])
    return np.array(
        [
            [deep * 0.5, low],
            [deep * 1.3, low],
            [deep * 1.3, reach * 0.6],
            [deep * 0.6, reach],
            [0, reach],
            [0, reach * 0.6],
            [deep * 0.5, reach * 0.45],
        ]
    )


def _bar(rng: np.random.Generator, length: Number, thick: Number) -> Mesh:
    """The bar along x from 0 to `length`: flat or round."""
    if chance(rng, 0.5):
        return box(length, thick * rng.uniform(0.5, 0.9), thick * rng.uniform(0.2, 0.6)).at(
            x=length / 2, y=-thick * 0.35
        )
    return cylinder(thick * rng.uniform(0.18, 0.35), length, around=max(8, roundness(rng))).turned("z", -90)


def _trigger_clamp(rng: np.random.Generator) -> list[Piece]:
    """A one-handed clamp: a jaw at the end of the bar; on it slides a body with a second jaw, a grip and a trigger.

    Bar and end jaw are one part as often as not, and so are body, jaw and grip.
    """
    length, reach, thick = rng.uniform(0.25, 0.5), rng.uniform(0.06, 0.1), rng.uniform(0.022, 0.036)
    place, depth = length * rng.uniform(0.3, 0.7), thick * rng.uniform(0.8, 1.2)
    end = cutout(_jaw(rng, reach, thick), depth * rng.uniform(0.6, 1.0)).at(x=length * 0.93)
    moving = cutout(_jaw(rng, reach * rng.uniform(0.7, 1.0), thick) * [-1, 1], depth * 0.9)
    block = box(reach * rng.uniform(0.5, 0.9), thick * 1.8, depth * 1.05, bevel=thick * 0.15)
    block = block.at(x=-reach * 0.3, y=-thick * 1.1)
    drop, lean, wide = rng.uniform(0.09, 0.13), rng.uniform(-0.035, 0.035), rng.uniform(0.02, 0.034)
    path = [(-0.01, -thick), (-0.01 + lean * 0.4, -drop * 0.5), (lean - 0.01, -drop)]
    path = curve(np.array(path), 5)
    stick = _ribbon(path - [wide * 0.9, 0], wide * rng.uniform(0.8, 1.1), depth * 0.8)
    long = rng.uniform(0.6, 0.95)
    pull = path[: max(3, round(5 * long))].copy()
    pull[:, 0] += wide * rng.uniform(0.2, 0.5) + np.linspace(0, 0.012, len(pull))
    finger = _ribbon(pull, wide * 0.55, depth * 0.6)
    bar_name, jaw_name = pick(rng, (("jaw", "jaw"), ("bar", "jaw"), ("bar", "head")), (3, 2, 1))
    own = pick(rng, ("body", "jaw", "handle"), (5, 2, 2))
    pieces = [
        Piece(jaw_name, end),
        Piece(bar_name, _bar(rng, length, thick)),
        Piece("jaw" if own == "jaw" else "body", moving.at(x=place)),
        Piece("body", block.at(x=place)),
        Piece("handle" if own == "handle" else "body", stick.at(x=place)),
        Piece("trigger", finger.at(x=place)),
    ]
    if chance(rng, 0.4):
        catch = box(0.005, 0.03, depth * 0.5).turned("z", 20).at(x=place + 0.018, y=-thick - 0.022)
        pieces.append(Piece("lever" if chance(rng, 0.5) else "body", catch))
    if chance(rng, 0.3):
        soft = box(0.008, reach * 0.4, depth * 1.1)
        pieces.append(Piece("pad", soft.at(x=length * 0.93 - 0.004, y=reach * 0.55)))
        pieces.append(Piece("pad", soft.at(x=place + 0.004, y=reach * 0.45)))
    return pieces


def _ribbon(path: Float64[np.ndarray, "P 2"], wide: Number, depth: Number) -> Mesh:
    """A bar of rectangular section along a path in the x-y plane."""
    flat = np.concatenate([path, np.zeros((len(path), 1))], axis=1)
    taper = np.linspace(1.0, 0.85, len(path))
    return sweep(flat, rectangle(depth, wide, min(wide, depth) * 0.25, 2), taper)


def _bar_clamp(rng: np.random.Generator) -> list[Piece]:
    """An F clamp: a fixed arm at the end of the bar, a sliding one with a screw and its wooden handle."""
    length, reach, thick = rng.uniform(0.25, 0.6), rng.uniform(0.07, 0.12), rng.uniform(0.016, 0.026)
    place, depth = length * rng.uniform(0.15, 0.5), thick * 0.8
    arm = cutout([(0, -thick), (thick, -thick), (thick, reach), (0, reach)], depth)
    screw = (
        cylinder(thick * 0.28, length * 0.4, around=10).turned("z", -90).at(x=-length * 0.22, y=reach * 0.85)
    )
    grip = cylinder(thick * 0.7, 0.09, thick * 0.6, around=roundness(rng)).turned("z", 90)
    pad = cylinder(thick * 0.6, thick * 0.4, around=12).turned("z", -90).at(x=length * 0.18, y=reach * 0.85)
    same = chance(rng, 0.5)
    return [
        Piece("jaw", arm.at(x=length * 0.95)),
        Piece("bar", _bar(rng, length, thick)),
        Piece("jaw" if same else "body", arm.at(x=place)),
        Piece("screw", screw.at(x=place)),
        Piece("handle", grip.at(x=place - length * 0.22, y=reach * 0.85)),
        Piece("pad" if chance(rng, 0.5) else "screw", pad.at(x=place)),
    ]


def _spring_clamp(rng: np.random.Generator) -> list[Piece]:
    """A spring clamp or peg: two crossed levers, jaws with pads in front, handles behind, a coil between."""
    length, thick = rng.uniform(0.07, 0.18), rng.uniform(0.008, 0.016)
    gape, depth = rng.uniform(2, 14), thick * rng.uniform(1.2, 2.2)
    split = length * rng.uniform(0.4, 0.55)
    front = np.array(
        [[0, thick * 0.2], [split * 0.5, thick * 1.4], [split, thick * 0.3], [split, 0], [0, -thick * 0.6]]
    )
    back = rounded(
        [
            (0, thick * 0.2),
            (-(length - split), thick * 2.2),
            (-(length - split), thick * 3.2),
            (0, thick * 1.2),
        ],
        thick * 0.4,
    )
    jaw, handle = (cutout(outline, depth).turned("z", gape / 2) for outline in (front, back))
    coil = tube(helix(thick * 0.55, depth * 1.1, rng.uniform(3, 5), 36), thick * 0.12, 5)
    pieces = [
        Piece("jaw", jaw.both_sides("y")),
        Piece("handle", handle.both_sides("y")),
        Piece(pick(rng, ("spring", "pivot")), coil.turned("x", 90).at(z=-depth * 0.55)),
    ]
    if chance(rng, 0.6):
        tip = ball(thick * 1.1, thick * 0.7, depth, around=8).at(x=split * 0.97, y=thick * 0.3)
        pieces.append(Piece("pad" if chance(rng, 0.6) else "tip", tip.turned("z", gape / 2).both_sides("y")))
    return pieces
