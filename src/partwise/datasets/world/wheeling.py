"""What one walks on, pushes and plays records on: treadmill, hand dolly, turntable."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along
from partwise.datasets.world.build import ball, box, cylinder, lathe, sweep, tube
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing
from partwise.datasets.world.fronts import key, turn_knob
from partwise.datasets.world.mesh import Number
from partwise.datasets.world.outlines import arc, curve, rectangle
from partwise.datasets.world.pieces import foot
from partwise.datasets.world.riding import WHEELS, across, rod, wheels


def treadmill(rng: np.random.Generator) -> Assembly:
    """Treadmills: with a console on posts and rails to hold, flat ones under a desk, curved ones without motor."""
    kind = pick(rng, ("motor", "walking pad", "curved"), (5, 2, 3))
    a = Assembly("treadmill")
    long, wide, y = rng.uniform(1.3, 1.7), rng.uniform(0.45, 0.6), rng.uniform(0.1, 0.18)
    dip = 0.22 if kind == "curved" else 0.0
    z = np.linspace(-long / 2, long / 2, 13 if dip else 2)
    path = np.column_stack([np.zeros_like(z), y + dip * (2 * z / long) ** 2, z])
    a.add("running belt", sweep(path, rectangle(wide, 0.05)))
    rails = sweep(path + np.array([wide / 2 + 0.05, 0.01, 0]), rectangle(0.12, 0.09))
    a.add(pick(rng, ("side rail", "frame")), rails.both_sides())
    ends = [(0, y + dip, s * (long / 2 - 0.01)) for s in (-1, 1)]
    a.add("roller", across(0.045, wide + 0.14).copies(ends))
    x = wide / 2 + 0.07
    a.add("foot", foot(rng, y + dip, 0.07).at(x=x - 0.02, z=long * 0.46).both_sides())
    if kind == "curved" or chance(rng, 0.5):
        a.add("wheel", across(0.05, 0.04).at(x, 0.05, -long * 0.45).both_sides())
        a.add("bracket", rod(0.02, (x, 0.05, -long * 0.45), (x, y + dip * 0.8, -long * 0.45)).both_sides())
    else:
        a.add("foot", foot(rng, y + dip, 0.07).at(x=x - 0.02, z=-long * 0.46).both_sides())
    if kind != "curved":
        hood = along([(0, 0), (0.34, 0), (0.3, y * 0.9), (0.1, y + 0.1), (0, y + 0.06)], wide + 0.2)
        a.add(pick(rng, ("hood", "cover")), hood.at(y=0.03, z=long / 2 - 0.2))
    if kind != "walking pad":
        _console(a, rng, (x, y + dip, long), kind)
    a.afford("move", "running belt", "wheel")
    a.afford("support", "running belt", "side rail", where=facing())
    a.afford("grasp", "handle", "handrail", "grip")
    a.afford("press", "button")
    a.afford("push", "handle", "handrail")
    a.afford("pull", "cord")
    a.afford("display", "screen", "display")
    return a


def _console(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], kind: str) -> None:
    """Posts from (half width, height of the belt, length) up to a console, rails for the hands, keys, a cord."""
    x, low, long = size
    high, foot_z = rng.uniform(1.1, 1.35), long * rng.uniform(0.34, 0.42)
    z = foot_z + rng.uniform(-0.1, 0.1)
    a.add(
        pick(rng, ("post", "frame")),
        rod(
            0.035, (x, low - (0.12 if kind == "curved" else 0.0), foot_z), (x, high, z), sides=8
        ).both_sides(),
    )
    a.add("console", box(2 * x + 0.1, 0.3, 0.06, bevel=0.015).turned("x", -25).at(y=high - 0.05, z=z))
    face = float(np.tan(np.radians(25)))

    def spot(up: Number) -> tuple[float, float]:
        return high - 0.05 + up, z - 0.04 - up * face + 0.02

    y, front = spot(0.17)
    shown = box(x * rng.uniform(0.7, 1.2), 0.14, 0.014, bevel=0.003).turned("x", -25)
    a.add(pick(rng, ("screen", "display")), shown.at(y=y - 0.05, z=front))
    y, front = spot(0.06)
    one = key(rng, 0.032, 0.026).turned("y", 180).turned("x", -25)
    a.add("button", one.row(int(rng.integers(3, 7)), x=0.05).at(y=y, z=front))
    start, end = (x, high - 0.06, z), (x, high - rng.uniform(0.06, 0.25), z - rng.uniform(0.3, 0.65))
    a.add(pick(rng, ("handrail", "handle")), rod(0.024, start, end, sides=8).both_sides())
    if chance(rng, 0.4):
        a.add("grip", cylinder(0.031, 0.18, around=10).pointed(end, start).both_sides())
    if chance(rng, 0.4) and kind == "motor":
        lead = curve(
            [(0.05, high - 0.02, z - 0.04), (0.1, high - 0.35, z - 0.15), (0.12, high - 0.5, z - 0.12)], 9
        )
        a.add("cord", tube(lead, 0.007, 5), box(0.03, 0.05, 0.02).at(*(lead[-1] - [0, 0.05, 0])))


def hand_dolly(rng: np.random.Generator) -> Assembly:
    """What boxes are wheeled on: upright dollies on two wheels, platforms with a bar to push, low boards."""
    kind = pick(rng, ("upright", "platform", "board"), (6, 4, 1))
    a = Assembly({"upright": "hand dolly", "platform": "platform trolley", "board": "moving dolly"}[kind])
    if kind == "upright":
        _upright(a, rng)
    else:
        _platform(a, rng, kind == "platform")
    a.afford("grasp", "handle", "grip", "push bar")
    a.afford("push", "handle", "grip", "push bar")
    a.afford("pull", "handle", "grip", "strap")
    a.afford("move", "wheel", "tyre", "caster")
    a.afford("support", "toe plate", "deck", where=facing())
    a.afford("carry", "toe plate", "deck", where=facing())
    a.afford("press", "brake pedal")
    return a


def _upright(a: Assembly, rng: np.random.Generator) -> None:
    """Two posts with rungs, a plate below in front, two wheels behind it, a loop or two grips above."""
    wide, tall, radius = rng.uniform(0.3, 0.45), rng.uniform(1.0, 1.3), rng.uniform(0.09, 0.14)
    x, pipe = wide / 2, rng.uniform(0.013, 0.02)
    plate = [(0, 0), (rng.uniform(0.18, 0.32), 0), (0.02, 0.012), (0.015, 0.09), (0, 0.09)]
    a.add("toe plate", along(plate, wide * 1.1).at(y=0.005))
    posts = rod(pipe, (x, 0.03, 0), (x, tall, 0), sides=8).both_sides()
    a.add("frame", posts)
    rungs = across(pipe * 0.8, wide, 8) if chance(rng, 0.6) else box(wide, pipe * 3, pipe)
    count = int(rng.integers(3, 6))
    a.add(pick(rng, ("rung", "frame")), rungs.row(count, y=tall * 0.8 / count).at(y=tall * 0.5))
    if chance(rng, 0.4):
        a.add("frame", rod(pipe * 0.8, (0, 0.08, 0), (0, tall * 0.9, 0), sides=6))
    style = pick(rng, WHEELS[:3])
    wheels(a, rng, style, (radius, 0.05), [(s * (x + 0.05), radius, -radius * 0.9) for s in (-1, 1)])
    a.add("axle", across(0.012, wide + 0.12, 8).at(0, radius, -radius * 0.9))
    a.add("bracket", rod(0.014, (x, radius * 2.3, 0), (x, radius, -radius * 0.9), (x, 0.05, 0)).both_sides())
    top, bend = pick(rng, ("loop", "grips", "horns")), rng.uniform(0.06, 0.16)
    if top == "loop":
        bow = curve(
            [
                (-x, tall, 0),
                (-x, tall + 0.05, -bend * 0.4),
                (0, tall + 0.1, -bend),
                (x, tall + 0.05, -bend * 0.4),
                (x, tall, 0),
            ],
            15,
        )
        a.add("handle", tube(bow, pipe * 1.1, 8))
    else:
        out = (x * (1.0 if top == "grips" else 0.6), tall + 0.04, -bend)
        a.add(
            pick(rng, ("handle", "frame")),
            rod(pipe, (x, tall - 0.02, 0), out, sides=8).both_sides(),
            across(pipe, wide, 8).at(y=tall - 0.02),
        )
        a.add(
            "grip",
            cylinder(pipe * 1.5, 0.13, bevel=0.004, around=10)
            .pointed(out, np.add(out, (0, 0.02, -0.1)))
            .both_sides(),
        )
    if chance(rng, 0.35):
        a.add(
            "strap",
            tube(np.array([(-x, 0, 0), (-x, 0, 0.3), (x, 0, 0.3), (x, 0, 0)]), 0.01, 4).at(y=tall * 0.4),
        )
        a.add("cargo", box(wide, tall * 0.55, 0.26).at(y=0.02, z=0.15))


def _platform(a: Assembly, rng: np.random.Generator, bar: bool) -> None:
    """A deck on four wheels, with a bar to push it by, or bare."""
    wide, long, high = rng.uniform(0.45, 0.6), rng.uniform(0.6, 0.95), rng.uniform(0.13, 0.2)
    a.add("deck", box(wide, 0.035, long, bevel=pick(rng, (0.0, 0.012))).at(y=high))
    radius = (high - 0.035) / 2
    x, z = wide * 0.4, long * 0.38
    wheels(a, rng, "plain", (radius, 0.035), [(s * x, radius, t * z) for s in (-1, 1) for t in (-1, 1)])
    fork = box(0.012, high - radius + 0.005, 0.035).at(x=0.026, y=radius).both_sides()
    a.add("caster", (fork + box(0.065, 0.012, 0.06).at(y=high - 0.01)).at(x, 0, z).four_corners())
    if chance(rng, 0.6):
        edge = np.column_stack([rectangle(wide, long, 0.03), np.full(20, high + 0.015)])[:, [0, 2, 1]]
        a.add("bumper", tube(edge, 0.02, 6, closed=True))
    if not bar:
        a.add("grip", tube(arc(0.07, 0, 180, 9), 0.011, 6).at(y=high + 0.03, z=long * 0.36))
        return
    tall, lean = high + rng.uniform(0.65, 0.8), rng.uniform(0.0, 0.12)
    path = [
        (-x, high, -long * 0.47),
        (-x, tall, -long * 0.47 - lean),
        (x, tall, -long * 0.47 - lean),
        (x, high, -long * 0.47),
    ]
    a.add(pick(rng, ("push bar", "handle")), tube(np.array(path), 0.015, 8))
    if chance(rng, 0.5):
        a.add(
            "brace",
            across(0.011, 2 * x, 8).copies(
                [(0, high + s * (tall - high), -long * 0.47 - lean * s) for s in (0.35, 0.65)]
            ),
        )
    if chance(rng, 0.5):
        a.add(
            "brake pedal", box(0.07, 0.012, 0.06).turned("x", 20).at(x, radius * 1.4, -z - 0.06).both_sides()
        )


def turntable(rng: np.random.Generator) -> Assembly:
    """Record players: flat decks with a clear lid, small suitcases, gramophones with a horn and a crank."""
    kind = pick(rng, ("deck", "suitcase", "gramophone"), (4, 3, 3))
    a = Assembly("gramophone" if kind == "gramophone" else "record player")
    wide, deep, high = rng.uniform(0.36, 0.46), rng.uniform(0.3, 0.37), rng.uniform(0.06, 0.1)
    if kind == "gramophone":
        deep, high = wide * 0.95, rng.uniform(0.14, 0.2)
    a.add(pick(rng, ("body", "base")), box(wide, high, deep, bevel=pick(rng, (0.0, 0.008))))
    x = -wide * 0.1 if kind != "gramophone" else 0.0
    a.add("platter", cylinder(0.145, 0.02, around=28).at(x=x, y=high - 0.002))
    if chance(rng, 0.8):
        a.add("record", cylinder(0.15, 0.006, around=28).at(x=x, y=high + 0.017))
        if chance(rng, 0.6):
            a.add("label", cylinder(0.05, 0.003, around=18).at(x=x, y=high + 0.0225), of="record")
    a.add("spindle", cylinder(0.005, 0.03, around=8).at(x=x, y=high + 0.012))
    if kind == "gramophone":
        _horn(a, rng, (wide, high, deep))
    else:
        _tonearm(a, rng, (wide, high, deep), x)
        angle = pick(rng, (90.0, rng.uniform(50, 85)))
        shell = box(wide, 0.06 if kind == "suitcase" else 0.05, deep).at(z=deep / 2)
        a.add("lid", shell.turned("x", -angle).at(y=high, z=-deep / 2 + 0.005))
        a.add("hinge", across(0.012, 0.05, 10).row(2, x=wide * 0.6).at(y=high, z=-deep / 2))
        if kind == "suitcase":
            a.add(
                "latch",
                box(0.03, 0.03, 0.012, bevel=0.002).row(2, x=wide * 0.6).at(y=high - 0.035, z=deep / 2),
            )
            grip = arc(0.05, 180, 360, 9)[:, [0, 2, 1]] * [1, 1, -0.7]
            a.add("handle", tube(grip, 0.009, 6).at(y=high * 0.5, z=deep / 2 - 0.003))
            a.add("speaker", box(0.08, 0.03, 0.012).row(2, x=wide * 0.5).at(y=high * 0.15, z=deep / 2))
    a.add("foot", foot(rng, 0.02, 0.04).at(x=wide * 0.4, y=-0.018, z=deep * 0.38).four_corners())
    a.afford("play", "record", "platter", where=facing())
    a.afford("listen", "horn", "speaker")
    a.afford("press", "button")
    a.afford("grasp", "tonearm", "knob", "crank", "handle")
    a.afford("lift", "tonearm", "lid")
    a.afford("open", "lid", "latch")
    a.afford("carry", "handle")
    a.afford("support", "platter", where=facing())
    return a


def _tonearm(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], x: Number) -> None:
    """The arm on its pivot with a head, and knobs or buttons beside the platter."""
    wide, high, deep = size
    post, y = (wide * 0.36, high, -deep * 0.3), high + 0.045
    a.add("pivot", cylinder(0.022, 0.05, around=14).at(*post))
    tip = np.array(
        [x + rng.uniform(0.08, 0.13) if chance(rng, 0.6) else wide * 0.34, y, deep * rng.uniform(0.1, 0.25)]
    )
    rear = (wide * 0.37, y, -deep * 0.42)
    a.add("tonearm", rod(0.006, rear, (post[0], y, post[2]), tip, sides=8))
    a.add("weight", cylinder(0.016, 0.03, around=12).pointed(rear, (post[0], y, post[2])))
    a.add(
        pick(rng, ("cartridge", "needle")),
        box(0.018, 0.02, 0.035).at(tip[0], y - 0.018, tip[2] + 0.012),
        of="tonearm",
    )
    if chance(rng, 0.6):
        a.add(
            "knob", turn_knob(rng, 0.016).turned("x", -90).row(2, z=0.045).at(wide * 0.42, high, deep * 0.3)
        )
    else:
        a.add(
            "button",
            cylinder(0.012, 0.01, around=12).row(2, z=0.04).at(wide * 0.42, high - 0.002, deep * 0.3),
        )


def _horn(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]) -> None:
    """A flaring horn over the case, the sound box on the record, the crank at the side."""
    wide, high, deep = size
    neck = curve(
        [
            (0.1, high + 0.02, 0.03),
            (0.1, high + 0.06, -0.06),
            (0.02, high + 0.12, -deep * 0.5),
            (0, high + 0.26, -deep * 0.5),
            (0, high + 0.34, -deep * 0.36),
        ],
        14,
    )
    a.add("tonearm", tube(neck, np.linspace(0.008, 0.02, 14), 8))
    a.add("bracket", box(0.05, high + 0.16, 0.025).at(y=0.0, z=-deep * 0.5 - 0.006))
    a.add(
        "sound box",
        cylinder(0.032, 0.018, around=18).turned("z", 90).at(0.11, high + 0.035, 0.04),
        of="tonearm",
    )
    reach, flare = rng.uniform(0.3, 0.42), rng.uniform(0.15, 0.23)
    side = curve([(0.02, 0), (0.035, reach * 0.35), (flare * 0.5, reach * 0.75), (flare, reach)], 12)
    wall = np.concatenate([side, side[::-1] * [0.94, 1] - [0, 0.001]])
    bell = lathe(wall, int(pick(rng, (8, 16, 24))), closed=True).turned("x", rng.uniform(40, 60))
    a.add("horn", bell.at(y=high + 0.33, z=-deep * 0.38))
    hub = (wide / 2, high * 0.55, 0.02)
    turn = rng.uniform(0, 2 * np.pi)
    end = (wide / 2 + 0.05, hub[1] + 0.07 * np.cos(turn), hub[2] + 0.07 * np.sin(turn))
    a.add(
        "crank",
        rod(0.007, hub, (wide / 2 + 0.05, hub[1], hub[2]), end),
        cylinder(0.011, 0.05, around=10).turned("z", -90).at(*end),
    )
    if chance(rng, 0.4):
        a.add("knob", ball(0.025, around=10).at(wide * 0.4, high + 0.008, deep * 0.4))
