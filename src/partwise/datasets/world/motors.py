"""Household machines that a motor or a crank drives: sewing machine, mixer."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along, wheel
from partwise.datasets.world.build import box, cylinder, lathe, pillow, ring, slab, sweep, tube, vessel
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing, inward
from partwise.datasets.world.fronts import turn_knob
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.optics import beam
from partwise.datasets.world.outlines import curve, ellipse, rectangle
from partwise.datasets.world.pieces import cable


def sewing_machine(rng: np.random.Generator) -> Assembly:
    """Electric sewing machines, cast ones with a crank, some on a table with a treadle: the needle is at -x."""
    kind = pick(rng, ("electric", "cast", "treadle"), (5, 3, 2))
    a = Assembly("sewing machine")
    wide, high, deep = rng.uniform(0.34, 0.42), rng.uniform(0.25, 0.31), rng.uniform(0.13, 0.17)
    low = high * rng.uniform(0.14, 0.24)
    right, left = wide * 0.36, -wide * 0.34
    a.add("base", box(wide, low, deep * 1.15, bevel=pick(rng, (0.0, 0.006))))
    drop, thick = _bridge(a, rng, kind == "electric", (wide, low, high, deep), (left, right))
    _stitch(a, rng, (left, low, drop), thick)
    radius = high * rng.uniform(0.16, 0.24) * (1.0 if kind == "electric" else 1.4)
    edge = right + (wide * 0.13 if kind == "electric" else deep * 0.2)
    hub = (edge - 0.004, high * 0.82 if kind == "electric" else high * 0.72, 0.0)
    disc = cylinder(radius, 0.026, bevel=0.004, around=24).turned("z", -90)
    if kind != "electric":
        hoop = ring(ellipse(2 * radius, count=24), ellipse(1.6 * radius, count=24), 0.02).turned("y", 90)
        spokes = box(0.01, 2 * radius * 0.9, 0.012).at(y=-radius * 0.9).around(3, "x", stop=120)
        disc = join([hoop, spokes, cylinder(0.012, 0.04).turned("z", -90).at(x=-0.03)]).at(x=0.025)
    a.add("hand wheel", disc.at(*hub))
    if kind == "cast":
        grip = cylinder(0.01, 0.05, 0.012, around=12).turned("z", -90)
        a.add("crank", grip.at(hub[0] + 0.03, hub[1], radius * 0.9))
    _thread(a, rng, kind, (left, right, high, thick))
    if kind == "treadle":
        _treadle(a, rng, wide)
    elif kind == "electric" and chance(rng, 0.4):
        a.add(
            "pedal", along([(-0.06, 0), (0.06, 0), (0.06, 0.02), (-0.06, 0.045)], 0.09).at(x=0.05, z=deep * 2)
        )
        lead = [[edge, low * 0.5, 0], [edge + 0.08, 0.006, deep], [0.05, 0.01, deep * 2 - 0.055]]
        a.add("cable", tube(curve([[edge - 0.06, low * 0.5, 0], *lead], 14), 0.004, 6))
    a.afford("press", "button", "lever", "pedal")
    a.afford("grasp", "hand wheel", "crank", "handle", "knob", "dial")
    a.afford("stab", "needle")
    a.afford("carry", "handle")
    a.afford("lift", "handle", "presser foot")
    a.afford("support", "tabletop", "needle plate", where=facing())
    a.afford("push", "pedal")
    return a


def _bridge(
    a: Assembly,
    rng: np.random.Generator,
    electric: bool,
    size: tuple[Number, Number, Number, Number],
    spots: tuple[Number, Number],
) -> tuple[float, float]:
    """Column, arm and head at the two places along x, on a base of (width, its height, height of all, depth).

    Returns the height of the head's underside and the thickness of the arm.
    """
    (wide, low, high, deep), (left, right) = size, spots
    over, thick = high * rng.uniform(0.24, 0.32), deep * rng.uniform(0.5, 0.75)
    if electric:
        bevel = pick(rng, (0.004, 0.014))
        a.add("column", box(wide * 0.26, high - low, thick, bevel=bevel).at(x=right, y=low - 0.002))
        a.add(
            "arm", box(right - left, over, thick * 0.96, bevel=bevel).at(x=(right + left) / 2, y=high - over)
        )
        a.add(
            "head",
            box(wide * 0.2, over * 1.45, thick, bevel=bevel).at(x=left, y=high - over * 1.45),
        )
        return high - over * 1.45, thick
    bow = curve(
        [
            [right, low - 0.01, 0],
            [right, high * 0.6, 0],
            [right * 0.7, high * 0.9, 0],
            [left, high * 0.86, 0],
        ],
        16,
    )
    swell = np.interp(np.linspace(0, 1, 16), [0, 0.3, 0.6, 1], [1.25, 0.9, 0.85, 0.8])
    a.add("arm", sweep(bow, ellipse(deep * 0.5, deep * 0.46, 12), swell))
    a.add("head", box(wide * 0.13, high * 0.4, deep * 0.42, bevel=0.008).at(x=left, y=high * 0.58))
    return high * 0.58, thick


def _stitch(
    a: Assembly, rng: np.random.Generator, spot: tuple[Number, Number, Number], thick: Number
) -> None:
    """Needle, foot and plate between the base and the head; `spot` is (x, top of the base, underside of the head)."""
    x, low, drop = spot
    z = thick * 0.1
    a.add(
        "needle",
        cylinder(0.001, 0.02, 0.003, around=6).at(x, low + 0.006, z),
        cylinder(0.005, drop - low - 0.02, around=8).at(x, low + 0.024, z),
    )
    shank = box(0.007, drop - low - 0.006, 0.006).at(x=x + 0.012, y=low + 0.01, z=z)
    a.add("presser foot", shank, box(0.03, 0.005, 0.03).at(x + 0.004, low + 0.007, z + 0.004))
    a.add(
        "needle plate" if chance(rng, 0.6) else "plate", box(0.09, 0.009, thick * 1.1).at(x, low - 0.002, 0)
    )


def _thread(
    a: Assembly, rng: np.random.Generator, kind: str, size: tuple[Number, Number, Number, Number]
) -> None:
    """Spools on top, dials and levers in front, a handle; `size` is (left, right, height, thickness)."""
    left, right, high, thick = size
    top = high - 0.003 if kind == "electric" else high * 0.96
    spool = lathe(
        [(0.014, 0), (0.014, 0.004), (0.011, 0.007), (0.011, 0.033), (0.014, 0.036), (0.014, 0.04)], 14
    )
    count = int(rng.integers(1, 3))
    pin = cylinder(0.003, 0.055, around=6)
    places = [(right * 0.8 - i * 0.05, top - 0.005, -thick * 0.15) for i in range(count)]
    a.add("spool", spool.copies(places).at(y=0.004))
    a.add("rod", pin.copies(places))
    front = thick * 0.5 if kind == "electric" else thick * 0.36
    one = turn_knob(rng, high * rng.uniform(0.05, 0.07))
    if kind == "electric":
        a.add(
            pick(rng, ("dial", "knob")),
            one.row(int(rng.integers(1, 4)), x=0.055).at(0.0, high * 0.86, front - 0.003),
        )
        a.add("lever", box(0.012, 0.02, 0.02, bevel=0.003).at(right, high * 0.42, front + 0.006))
        if chance(rng, 0.6):
            row = cylinder(0.008, 0.006, around=12).turned("x", 90).row(int(rng.integers(2, 5)), y=0.024)
            a.add("button", row.at(right, high * 0.7, front - 0.002))
        if chance(rng, 0.5):
            bow = np.array([[-0.06, 0, 0], [-0.06, 0.03, 0], [0.06, 0.03, 0], [0.06, 0, 0]])
            a.add(
                "handle", sweep(bow, rectangle(0.014, 0.008)).at((left + right) * 0.5 - 0.05, high - 0.004, 0)
            )
    else:
        a.add("dial", one.at(left, high * 0.8, thick * 0.3))


def _treadle(a: Assembly, rng: np.random.Generator, wide: Number) -> None:
    """The table under a sewing machine, its iron legs, the tread and the wheel that it drives; below y = 0."""
    tall, reach, deep = rng.uniform(0.6, 0.7), wide * rng.uniform(0.75, 1.0), rng.uniform(0.36, 0.46)
    a.add("tabletop", box(2 * reach + 0.1, 0.025, deep).at(y=-0.024))
    cross = beam([[0, -tall, deep * 0.45], [0, -0.02, -deep * 0.3]], 0.011)
    foot = box(0.03, 0.025, deep).at(y=-tall)
    a.add("leg", join([cross, cross.mirrored("z"), foot]).at(x=reach).both_sides())
    a.add("rod", cylinder(0.008, 2 * reach, around=8).turned("z", 90).at(x=reach, y=-tall * 0.4 - 0.012))
    a.add(
        "pedal",
        box(wide * 0.8, 0.016, deep * 0.55).turned("x", 10).at(y=0.024 - tall),
        cylinder(0.008, 2 * reach, around=8).turned("z", 90).at(x=reach, y=0.03 - tall),
    )
    a.add("wheel", wheel(rng, tall * 0.22, 0.02, "spoked").at(x=reach * 0.75, y=-tall * 0.4 - 0.012))
    a.afford("move", "tabletop", "leg")


def mixer(rng: np.random.Generator) -> Assembly:
    """Hand mixers with two beaters, stick blenders, stand mixers with a bowl."""
    kind = pick(rng, ("hand", "stick", "stand"), (4, 2, 4))
    a = Assembly({"hand": "hand mixer", "stick": "stick blender", "stand": "stand mixer"}[kind])
    {"hand": _hand_mixer, "stick": _stick_blender, "stand": _stand_mixer}[kind](a, rng)
    a.afford("grasp", "handle", "grip", "knob")
    a.afford("press", "button", "switch", "lever")
    a.afford("contain", "bowl", where=inward())
    a.afford("lift", "head")
    a.afford("move", "base")
    return a


def _beater(rng: np.random.Generator, size: Number, tall: Number) -> Mesh:
    """A shaft from y = 0 down with bent wires at its end."""
    bow = np.array([[0, 0, 0], [size, -tall * 0.12, 0], [size, -tall * 0.4, 0], [0.002, -tall * 0.52, 0]])
    wires = tube(curve(bow, 9), 0.0022, 5).around(int(pick(rng, (4, 4, 6)))).at(y=-tall * 0.48)
    return wires + cylinder(0.004, tall, around=8).at(y=-tall)


def _hand_mixer(a: Assembly, rng: np.random.Generator) -> None:
    """The beaters point down, the handle is above; the front is +z."""
    long, wide, high = rng.uniform(0.17, 0.22), rng.uniform(0.075, 0.095), rng.uniform(0.06, 0.08)
    y = 0.16
    a.add("body", pillow(wide, high, long, rng.uniform(2.5, 5)).at(y=y + high / 2))
    a.add("beater", _beater(rng, 0.022, y + 0.01).at(y=y + 0.012, x=wide * 0.28, z=long * 0.2).both_sides())
    rise, low = rng.uniform(0.035, 0.05), y + high - 0.016
    front = [[0, low, long * 0.32], [0, low + rise * 0.9, long * 0.28], [0, low + rise + 0.012, 0]]
    closed = chance(rng, 0.6)
    rear = (
        [[0, low + rise, -long * 0.4], [0, low - 0.01, -long * 0.36]]
        if closed
        else [[0, low + rise * 0.9, -long * 0.5]]
    )
    a.add("handle", sweep(curve([*front, *rear], 16), ellipse(0.026, 0.022, 10)))
    a.add(
        pick(rng, ("switch", "button")),
        box(0.016, 0.01, 0.026, bevel=0.002).at(y=low + rise + 0.02, z=long * 0.1),
    )
    if chance(rng, 0.6):
        a.add(
            "dial",
            cylinder(wide * 0.22, 0.012, around=16).turned("x", 90).at(y=y + high * 0.5, z=long * 0.48),
        )
    if chance(rng, 0.6):
        lead = [
            [0, y + high * 0.5, -long * 0.48],
            [0, y + high * 0.2, -long * 0.7],
            [0.05, 0.01, -long],
            [0.12, 0.01, -long * 1.4],
        ]
        a.add("cable", tube(curve(lead, 16), 0.004, 6))


def _stick_blender(a: Assembly, rng: np.random.Generator) -> None:
    """A grip above, a shaft, and a bell around the blade at the bottom."""
    radius, grip, reach = rng.uniform(0.026, 0.034), rng.uniform(0.17, 0.22), rng.uniform(0.14, 0.19)
    bell = vessel([(radius * 0.5, 0), (radius * 1.1, 0.025), (radius * 1.1, 0.045)], 0.002, 20)
    a.add("guard", bell.turned("x", 180).at(y=0.045))
    a.add(
        "blade",
        box(radius * 1.6, 0.002, 0.01).turned("z", 8).at(y=0.014),
        cylinder(0.004, 0.034, around=8).at(y=0.01),
    )
    a.add(pick(rng, ("shaft", "tube")), cylinder(radius * 0.5, reach, around=16).at(y=0.042))
    y = reach + 0.04
    side = [
        (radius * 0.6, 0),
        (radius * 1.1, 0.03),
        (radius * 0.9, grip * 0.5),
        (radius * 0.95, grip * 0.9),
        (radius * 0.6, grip),
    ]
    a.add(pick(rng, ("grip", "handle", "body")), lathe(curve(side, 14), 18).at(y=y))
    press = cylinder(0.009, 0.012, around=12).turned("x", 90)
    a.add("button", press.row(int(rng.integers(1, 3)), y=0.03).at(y=y + grip * 0.68, z=radius * 0.86))
    if chance(rng, 0.5):
        a.add("dial", cylinder(radius * 0.5, 0.014, around=14).at(y=y + grip - 0.002))
    else:
        lead = curve(
            [[0, y + grip - 0.005, 0], [0.01, y + grip + 0.06, -0.02], [0.05, y + grip + 0.05, -0.1]], 12
        )
        a.add("cable", tube(lead, 0.0035, 6))


def _stand_mixer(a: Assembly, rng: np.random.Generator) -> None:
    """A head over a bowl, seen along z: the column is at the back."""
    radius, tall, long = rng.uniform(0.1, 0.13), rng.uniform(0.12, 0.16), rng.uniform(0.3, 0.36)
    low, back = 0.035, -long * 0.5
    outline = rectangle(radius * 1.9, long, radius * 0.8) + np.array([0, -long * 0.14])
    a.add("base", slab(outline, low))
    y = low + tall + rng.uniform(0.03, 0.05)
    a.add(
        "column", slab(rectangle(radius * 0.9, radius * 0.8, 0.02), y).tapered(0.8).at(z=back + radius * 0.35)
    )
    high = rng.uniform(0.1, 0.13)
    a.add(
        "head",
        pillow(radius * rng.uniform(1.0, 1.2), high, long * 1.1, rng.uniform(2.5, 4)).at(
            y=y + high * 0.42, z=-long * 0.1
        ),
    )
    a.add(
        "bowl",
        vessel(curve([(radius * 0.5, 0), (radius * 0.9, tall * 0.35), (radius, tall)], 9), 0.003).at(
            y=low - 0.001
        ),
    )
    if chance(rng, 0.5):
        loop = curve(
            [
                [radius * 0.92, low + tall * 0.85, 0],
                [radius * 1.5, low + tall * 0.75, 0],
                [radius * 0.9, low + tall * 0.4, 0],
            ],
            10,
        )
        a.add("handle", tube(loop, 0.007, 8))
    a.add("beater", _beater(rng, radius * 0.45, tall * 0.95).at(y=y + 0.012))
    a.add(
        pick(rng, ("knob", "lever")),
        turn_knob(rng, 0.015).turned("y", 90).at(x=radius * 0.5, y=y + high * 0.4, z=-long * 0.2),
    )
    if chance(rng, 0.5):
        a.add(
            "hinge",
            cylinder(0.012, radius * 0.9, around=12)
            .turned("z", 90)
            .at(x=radius * 0.45, y=y, z=back + radius * 0.4),
        )
    if chance(rng, 0.5):
        a.add(
            "cap", cylinder(high * 0.26, 0.02, around=18).turned("x", 90).at(y=y + high * 0.42, z=long * 0.43)
        )
    if chance(rng, 0.5):
        a.add("cable", cable(rng, (0, low * 0.5, -long * 0.63), rng.uniform(0.15, 0.3)))
