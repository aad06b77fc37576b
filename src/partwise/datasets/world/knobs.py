"""What one reads and switches on table and wall: kitchen scale, wall switch, service bell."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, slab, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing, inward
from partwise.datasets.world.fronts import key, turn_knob
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle
from partwise.datasets.world.panels import case, stud


def kitchen_scale(rng: np.random.Generator) -> Assembly:
    """Scales with a dial under a bowl, flat ones with a display, ones with a round weighing plate."""
    kind = pick(rng, ("dial", "flat", "round"), (3, 3, 3))
    a = Assembly("kitchen scale")
    if kind == "dial":
        _spring_scale(a, rng)
    else:
        wide, low = rng.uniform(0.15, 0.22), rng.uniform(0.012, 0.035)
        deep = wide * rng.uniform(1.05, 1.4)
        body = pick(rng, ("body", "base"))
        a.add(body, case(rng, (wide, low, deep)))
        z, size = deep * rng.uniform(0.36, 0.42), wide * rng.uniform(0.04, 0.09)
        if kind == "round":
            radius = wide * rng.uniform(0.4, 0.5)
            a.add("column", cylinder(radius * 0.4, low * 0.5, around=16).at(y=low, z=-deep * 0.1))
            plate = lathe([(radius * 0.9, 0), (radius, 0.008), (radius, 0.011)], max(12, roundness(rng)))
            a.add("weighing plate", plate.at(y=low * 1.4, z=-deep * 0.1))
            if chance(rng, 0.5):
                bowl = vessel([(radius * 0.5, 0), (radius * 0.9, 0.04), (radius * 1.1, 0.09)], 0.003)
                a.add("bowl", bowl.at(y=low * 1.4 + 0.01, z=-deep * 0.1))
        elif chance(rng, 0.6):
            top = box(wide * 0.96, 0.005, deep * 0.68, bevel=pick(rng, (0.0, 0.002)))
            a.add("weighing plate", top.at(y=low - 0.001, z=-deep * 0.14))
        a.add("display", box(wide * 0.36, 0.003, deep * 0.1).at(y=low - 0.001, z=z))
        x = wide * rng.uniform(0.3, 0.4)
        if chance(rng, 0.5):
            a.add("button", stud(rng, size, size).at(x=x, y=low, z=z).both_sides())
        else:
            a.add("button", stud(rng, size, size).at(x=x, y=low, z=z))
        if chance(rng, 0.5):
            a.add("foot", cylinder(0.01, 0.006, around=10).at(wide * 0.35, -0.005, deep * 0.4).four_corners())
        a.afford("move", body)
    a.afford("contain", "bowl", where=inward())
    a.afford("support", "weighing plate", where=facing())
    a.afford("lift", "bowl", "weighing plate")
    a.afford("display", "display", "face", "pointer")
    a.afford("press", "button")
    a.afford("grasp", "knob")
    return a


def _spring_scale(a: Assembly, rng: np.random.Generator) -> None:
    """A tapered case with a face and a pointer, a bowl or a plate above it, a small knob to set it to nought."""
    wide, high = rng.uniform(0.12, 0.18), rng.uniform(0.12, 0.2)
    deep, top = wide * rng.uniform(0.6, 0.9), rng.uniform(0.6, 0.95)
    shape = box(wide, high, deep).tapered(top)
    if chance(rng, 0.3):
        shape = slab(ellipse(wide, deep, 20), high).tapered(top)
        deep *= (1 + top) / 2
    a.add(pick(rng, ("body", "case")), shape)
    size, z = wide * top * 0.42, deep / 2 * (1 + top) / 2
    disc = cylinder(size, deep * 0.12 + 0.004, around=24).turned("x", 90)
    a.add("face", disc.at(y=high * 0.5, z=z - deep * 0.06))
    front = z + deep * 0.06 + 0.004
    pointer = box(size * 0.07, size * 1.1, 0.002).at(y=-size * 0.25).turned("z", rng.uniform(0, 360))
    a.add(
        "pointer",
        pointer.at(y=high * 0.5, z=front),
        cylinder(size * 0.1, 0.005, around=10).turned("x", 90).at(y=high * 0.5, z=front - 0.002),
    )
    a.add("column", cylinder(wide * 0.08, 0.03, around=10).at(y=high - 0.005))
    y, span = high + 0.022, wide * rng.uniform(0.55, 0.75)
    if chance(rng, 0.65):
        a.add(
            "bowl",
            vessel([(span * 0.4, 0), (span * 0.8, 0.02), (span, rng.uniform(0.03, 0.07))], 0.003).at(y=y),
        )
    else:
        a.add("weighing plate", slab(rectangle(wide * 1.2, wide * 1.1, 0.02), 0.006).at(y=y))
    knob = cylinder(wide * 0.05, 0.012, around=10)
    if chance(rng, 0.5):
        a.add("knob", knob.turned("x", 90).at(y=high * 0.12, z=deep / 2 - 0.004))
    else:
        a.add("button", knob.at(x=wide * top * 0.3, y=high - 0.003))


def wall_switch(rng: np.random.Generator) -> Assembly:
    """Light switches with rockers, toggles or a dimmer, switches in a cord, doorbells with one button."""
    kind = pick(rng, ("rocker", "toggle", "dimmer", "doorbell", "table"), (3, 3, 2, 4, 3))
    a = Assembly("doorbell" if kind == "doorbell" else "light switch")
    gangs = int(pick(rng, (1, 1, 2, 3))) if kind in ("rocker", "toggle") else 1
    one, high, deep = rng.uniform(0.06, 0.085), rng.uniform(0.08, 0.12), rng.uniform(0.006, 0.02)
    if kind == "doorbell":
        _doorbell(a, rng)
    elif kind == "table":
        _foot_switch(a, rng)
    else:
        wide, y = one * gangs, high / 2
        edge = rectangle(wide, high, pick(rng, (0.0, 0.008)))
        a.add(
            pick(rng, ("wall plate", "plate")),
            slab(edge, deep, bevel=deep * 0.3).turned("x", 90).at(y=y, z=-deep / 2),
        )
        z = deep / 2
        if kind == "rocker":
            tilt = pick(rng, (-6, 6))
            rocker = box(one * rng.uniform(0.35, 0.8), high * rng.uniform(0.4, 0.75), 0.01)
            rocker = rocker.at(y=-(rocker.high[1]) / 2).turned("x", tilt)
            a.add(pick(rng, ("switch", "button")), rocker.row(gangs, x=one).at(y=y, z=z))
        elif kind == "toggle":
            bat = cylinder(0.003, 0.022, 0.0045, around=10).turned("x", pick(rng, (55, 125)))
            collar = box(0.012, 0.024, 0.004).at(y=-0.012)
            a.add("switch", bat.row(gangs, x=one).at(y=y, z=z - 0.002))
            a.add("collar", collar.row(gangs, x=one).at(y=y, z=z))
        else:
            a.add(pick(rng, ("knob", "dial")), turn_knob(rng, one * rng.uniform(0.15, 0.3)).at(y=y, z=z))
            if chance(rng, 0.5):
                a.add("button", key(rng, 0.008, 0.008).at(x=one * 0.3, y=high * 0.14, z=z))
        if chance(rng, 0.6):
            head = cylinder(0.003, 0.002, around=10).turned("x", 90)
            a.add("screw", head.row(2, y=high * 0.84).row(gangs, x=one).at(y=y, z=z - 0.0005))
    a.afford("press", "switch", "button")
    a.afford("push", "switch", "slider")
    a.afford("grasp", "knob", "dial")
    a.afford("move", "switch", "knob", "dial", "slider")
    a.afford("listen", "grille")
    a.afford("display", "label")
    return a


def _doorbell(a: Assembly, rng: np.random.Generator) -> None:
    """A plate of any outline with one small button, with a name plate, a grille and an eye on some."""
    wide = rng.uniform(0.035, 0.08)
    high, deep = wide * pick(rng, (1.0, 1.6, 2.8)), rng.uniform(0.006, 0.02)
    outline = rectangle(wide, high, pick(rng, (0.0, 0.3, 0.5)) * wide)
    if chance(rng, 0.3):
        outline = ellipse(wide, high, 24)
    a.add(
        pick(rng, ("wall plate", "body")),
        slab(outline, deep, bevel=deep * 0.3).turned("x", 90).at(y=high / 2, z=-deep / 2),
    )
    radius, z = wide * rng.uniform(0.1, 0.24), deep / 2
    tall = high > 1.3 * wide
    y = high * (rng.uniform(0.25, 0.4) if tall else 0.5)
    collar = lathe([(radius, 0), (radius * 1.5, 0), (radius * 1.4, 0.003), (radius, 0.003)], 20, closed=True)
    if chance(rng, 0.7):
        a.add("button ring", collar.turned("x", 90).at(y=y, z=z - 0.0005))
    a.add(
        "button",
        lathe([(radius, 0), (radius * 0.95, 0.004), (radius * 0.5, 0.006)], 16).turned("x", 90).at(y=y, z=z),
    )
    if tall and chance(rng, 0.5):
        a.add(
            "lens",
            lathe([(wide * 0.2, 0), (wide * 0.16, 0.004), (wide * 0.06, 0.007)], 16)
            .turned("x", 90)
            .at(y=high * 0.78, z=z),
        )
    elif tall:
        a.add("label", box(wide * 0.6, high * 0.14, 0.002).at(y=high * 0.7, z=z))
    if tall and high > 0.1 and chance(rng, 0.6):
        a.add("grille", box(wide * 0.5, 0.002, 0.003).row(4, y=high * 0.03).at(y=high * 0.56, z=z))


def _foot_switch(a: Assembly, rng: np.random.Generator) -> None:
    """A switch in a cord: an oval case that lies on the floor with a button or slider, cord at both ends."""
    long, wide, high = rng.uniform(0.06, 0.11), rng.uniform(0.03, 0.07), rng.uniform(0.015, 0.03)
    shape = slab(
        pick(rng, (ellipse(long, wide, 24), rectangle(long, wide, wide * 0.3))), high, bevel=high * 0.3
    )
    a.add(pick(rng, ("body", "case")), shape)
    x = long * rng.uniform(-0.15, 0.15)
    if chance(rng, 0.6):
        a.add("button", stud(rng, wide * rng.uniform(0.2, 0.5), wide * 0.3).at(x=x, y=high - 0.001))
    else:
        a.add("slider", box(wide * 0.25, 0.008, wide * 0.25, bevel=0.002).at(x=x, y=high - 0.001))
    reach = long * rng.uniform(0.8, 1.6)
    for side in (-1, 1):
        path = [
            [side * long * 0.47, high * 0.4, 0],
            [side * (long * 0.5 + reach * 0.4), 0.004, wide * rng.uniform(-1, 1)],
        ]
        end = [[side * (long * 0.5 + reach), 0.004, wide * rng.uniform(-1, 1)]]
        a.add("cord", tube(curve(path + end, 10), 0.003, 6))


def service_bell(rng: np.random.Generator) -> Assembly:
    """Bells on a counter: a dome on a round or square foot, the plunger on top or a lever at the side."""
    a = Assembly("service bell")
    radius, around = rng.uniform(0.035, 0.05), max(12, roundness(rng))
    low = rng.uniform(0.01, 0.025)
    foot = cylinder(radius * 1.1, low, radius * rng.uniform(0.8, 1.05), around=around)
    if chance(rng, 0.3):
        foot = slab(rectangle(radius * 2.4, radius * 2.4, radius * 0.3), low)
    a.add("base", foot)
    rise = radius * rng.uniform(0.6, 1.0)
    y, gap = low + radius * rng.uniform(0.05, 0.3), 0.9
    a.add("post", cylinder(radius * 0.12, rise + y - low, around=8).at(y=low))
    outside = arc(1.0, 0, 88, 8)[:, :2] * [radius, rise]
    a.add("bell", lathe(np.concatenate([outside, outside[::-1] * gap]), around, closed=True).at(y=y))
    top, size = y + rise, radius * rng.uniform(0.1, 0.22)
    if chance(rng, 0.65):
        a.add("pin", cylinder(size * 0.35, radius * 0.25, around=8).at(y=top - radius * 0.08))
        cap = ball(size * 2, size * rng.uniform(0.8, 1.8), size * 2, around=12)
        a.add(pick(rng, ("button", "plunger knob")), cap.at(y=top + radius * 0.2))
    else:
        path = [
            [0, low + 0.002, radius * 0.9],
            [0, low + radius * 0.25, radius * 1.2],
            [0, low + radius * 0.3, radius * 1.6],
        ]
        a.add("lever", tube(curve(path, 8), radius * 0.06, 6))
        a.add("button", cylinder(size, 0.005, around=12).at(y=low + radius * 0.28, z=radius * 1.65))
        a.add("nut", cylinder(size * 0.7, 0.006, around=6).at(y=top - 0.003))
    a.afford("press", "button", "plunger knob")
    a.afford("press", "lever", where=facing())
    a.afford("push", "lever", "button", "plunger knob")
    a.afford("listen", "bell")
    a.afford("move", "base")
    a.afford("lift", "base")
    return a
