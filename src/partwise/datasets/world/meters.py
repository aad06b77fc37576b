"""Small instruments held by their case: meters, timers, pagers, receivers, alarms, with or without a strap."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, pillow, ring, slab
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Mesh, Number
from partwise.datasets.world.outlines import ellipse, rectangle, squircle
from partwise.datasets.world.straps import strapped

Size = tuple[Number, Number, Number]


def hand_meter(rng: np.random.Generator) -> Assembly:
    """Tall, wide, cubic or round cases: a dial, gauge, screen or speaker to +z, buttons, now and then a strap."""
    a = Assembly(pick(rng, ("meter", "timer", "pager", "receiver", "alarm", "detector")))
    form = pick(rng, ("tall", "wide", "cube", "round"), (3, 4, 2, 2))
    wide = rng.uniform(0.06, 0.09) if form == "tall" else rng.uniform(0.08, 0.14)
    high = wide * {"tall": rng.uniform(1.5, 2.4), "wide": rng.uniform(0.5, 0.8)}.get(form, 1.0)
    deep = wide * (rng.uniform(0.15, 0.5) if form != "cube" else rng.uniform(0.6, 1.0))
    size, case = (wide, high, deep), pick(rng, ("body", "body", "case", "housing"))
    a.add(case, _case(rng, size, form))
    _front(a, rng, size)
    _buttons(a, rng, size, form == "round")
    _above(a, rng, size, form)
    if chance(rng, 0.25):
        clip = box(wide * 0.3, high * 0.5, deep * 0.08).at(y=high * 0.35, z=-deep * 0.6)
        clip += box(wide * 0.3, high * 0.06, deep * 0.18).at(y=high * 0.82, z=-deep * 0.54)
        a.add("clip", clip)
    strapped(a, rng, size, 0.55)
    a.afford("grasp", case)
    a.afford("press", "button", "switch")
    a.afford("display", "screen", "gauge")
    a.afford("move", "dial", "knob")
    a.afford("listen", "speaker")
    return a


def _case(rng: np.random.Generator, size: Size, form: str) -> Mesh:
    wide, high, deep = size
    if form == "round":
        bevel = pick(rng, (0.0, 0.2)) * deep
        disc = cylinder(wide / 2, deep, bevel=bevel, around=max(12, roundness(rng)))
        return disc.turned("x", 90).at(y=high / 2, z=-deep / 2)
    style = pick(rng, ("box", "edged", "rounded", "pillow"), (3, 2, 3, 1))
    if style == "pillow":
        return pillow(wide, high, deep, rng.uniform(4, 9)).at(y=high / 2)
    if style == "rounded":
        outline = pick(rng, (rectangle(wide, high, wide * 0.2), squircle(wide, high, rng.uniform(3, 6), 24)))
        return (
            slab(outline, deep, bevel=pick(rng, (0.0, 0.15)) * deep)
            .turned("x", 90)
            .at(y=high / 2, z=-deep / 2)
        )
    return box(wide, high, deep, bevel=deep * 0.15 if style == "edged" else 0.0)


def _front(a: Assembly, rng: np.random.Generator, size: Size) -> None:
    """A flat thing on the front: a dial, a gauge with its needle, a screen, a speaker."""
    wide, high, deep = size
    broad, z = min(wide, high), deep / 2
    x, y = pick(rng, (0.0, 0.0, -0.2, 0.2)) * wide, high * rng.uniform(0.45, 0.6)
    radius, around = broad * rng.uniform(0.2, 0.38), max(12, roundness(rng))
    kind = pick(rng, ("dial", "gauge", "screen", "speaker"), (2, 2, 3, 1))
    if kind == "dial":
        knob = lathe([(radius, 0), (radius * 0.9, radius * 0.2), (radius * 0.5, radius * 0.25)], around)
        a.add("dial", knob.turned("x", 90).at(x=x, y=y, z=z - 0.001))
    elif kind == "gauge":
        hoop = ring(ellipse(2 * radius, count=20), ellipse(1.75 * radius, count=20), deep * 0.12)
        a.add("rim", hoop.at(x=x, y=y, z=z))
        a.add("gauge", cylinder(radius * 0.88, 0.002, around=20).turned("x", 90).at(x=x, y=y, z=z))
        needle = box(radius * 0.08, radius * 0.75, 0.002).turned("z", rng.uniform(-120, 120))
        a.add("needle", needle.at(x=x, y=y, z=z + 0.003))
    elif kind == "screen":
        a.add("screen", box(wide * rng.uniform(0.55, 0.85), high * 0.28, 0.003).at(y=high * 0.6, z=z))
    else:
        a.add("speaker", cylinder(radius, 0.003, around=around).turned("x", 90).at(x=x, y=y, z=z))


def _buttons(a: Assembly, rng: np.random.Generator, size: Size, round_: bool) -> None:
    """One to six small ones in a row on the top, low on the front, or one on a side."""
    wide, high, deep = size
    count, name = (
        1 if round_ else pick(rng, (1, 1, 1, 2, 3, 4, 6)),
        pick(rng, ("button", "button", "button", "switch")),
    )
    thick = min(wide, high) * rng.uniform(0.05, 0.12)
    key = (
        cylinder(thick / 2, thick * 0.6, around=10)
        if chance(rng, 0.6)
        else box(thick, thick * 0.5, thick * 0.7)
    )
    step, place = min(thick * 2, wide * 0.8 / count), pick(rng, ("top", "front", "side"), (4, 3, 1))
    row = key.row(count, x=step)
    if place == "top":
        spare = (wide - step * count) * 0.4
        a.add(name, row.at(x=rng.uniform(-spare, spare), y=high - thick * 0.1))
    elif place == "front":
        a.add(name, row.turned("x", 90).at(y=high * rng.uniform(0.1, 0.2), z=deep / 2 - thick * 0.1))
    else:
        side = key.turned("z", -90).at(x=wide / 2 - thick * 0.1, y=high * rng.uniform(0.45, 0.55))
        a.add(name, side)


def _above(a: Assembly, rng: np.random.Generator, size: Size, form: str) -> None:
    """What stands on top of some: an antenna, a knob, a feeler on a neck."""
    wide, high, deep = size
    if form == "round" or chance(rng, 0.45):
        return
    kind, x = pick(rng, ("antenna", "knob", "sensor")), wide * rng.uniform(-0.38, -0.25)
    if kind == "antenna":
        rod = cylinder(wide * 0.04, high * rng.uniform(0.4, 1.2), wide * 0.025, around=8)
        a.add("antenna", rod.at(x=x, y=high))
    elif kind == "knob":
        a.add("knob", cylinder(wide * 0.08, wide * 0.1, around=12).at(x=x, y=high - 0.001))
    else:
        thick, reach = min(wide, deep) * rng.uniform(0.12, 0.3), high * rng.uniform(0.15, 0.7)
        neck = cylinder(thick * 0.5, reach, around=10) + ball(thick * 1.5, around=10).at(y=reach)
        a.add("sensor", neck.at(y=high - 0.001))
