"""Bodies with few small things to press: air fryers, hot plates, water dispensers."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, ring, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing
from partwise.datasets.world.fronts import key, turn_knob
from partwise.datasets.world.mesh import Number
from partwise.datasets.world.outlines import arc, curve, ellipse
from partwise.datasets.world.panels import case, stud
from partwise.datasets.world.pieces import cable


def air_fryer(rng: np.random.Generator) -> Assembly:
    """Eggs and blocks, the drawer with a big handle below, the few keys on the crown or on the slope."""
    a = Assembly("air fryer")
    wide, high = rng.uniform(0.22, 0.3), rng.uniform(0.28, 0.36)
    split = high * rng.uniform(0.45, 0.58)
    if chance(rng, 0.5):
        r = wide / 2
        shell = [(r * 0.9, 0), (r, high * 0.3), (r, split + 0.02), (r * 0.85, high * 0.85), (r * 0.5, high)]
        a.add("body", lathe(shell, max(16, roundness(rng))))
    else:
        a.add("body", box(wide, high, wide, bevel=0.03))
    a.add("drawer", box(wide * 0.72, split * 0.8, wide * 0.3, bevel=0.01).at(y=split * 0.12, z=wide * 0.38))
    front = wide * 0.53
    a.add("drawer handle", box(0.03, split * 0.35, 0.09, bevel=0.008).at(y=split * 0.35, z=front + 0.04))
    size = wide * rng.uniform(0.03, 0.07)
    if chance(rng, 0.4):
        a.add("button", stud(rng, size, size).row(int(rng.integers(1, 3)), x=size * 1.6).at(y=high - 0.001))
    else:
        panel_z = wide / 2 - 0.012
        a.add("panel", box(wide * 0.55, high * 0.2, 0.03, bevel=0.005).at(y=split + high * 0.08, z=panel_z))
        y, z = split + high * 0.11, panel_z + 0.014
        if chance(rng, 0.5):
            one = key(rng, size, size).row(int(rng.integers(2, 6)), x=size * 1.4)
            a.add("button", one.at(y=y, z=z))
            a.add("display", box(wide * 0.3, high * 0.07, 0.004).at(y=y + size, z=z))
        else:
            a.add("dial", turn_knob(rng, wide * 0.07).row(2, x=wide * 0.25).at(y=y + size, z=z))
            a.add("button", key(rng, size, size).at(y=y, z=z))
    if chance(rng, 0.4):
        a.add("latch", box(0.02, 0.012, 0.03).at(y=split * 0.7, z=front + 0.035))
    a.add("vent", box(wide * 0.3, 0.008, 0.02).row(5, y=0.02).at(y=high * 0.55, z=-wide * 0.49))
    a.afford("press", "button", "latch")
    a.afford("open", "drawer", "latch")
    a.afford("pull", "drawer handle")
    a.afford("grasp", "drawer handle")
    a.afford("display", "display")
    a.afford("move", "body")
    return a


def hot_plate(rng: np.random.Generator) -> Assembly:
    """Hot plates with coils or discs and knobs, induction plates with touch keys, camping stoves."""
    a = Assembly("hot plate")
    kind = pick(rng, ("electric", "induction", "camping"), (4, 3, 3))
    {"electric": _electric_plate, "induction": _induction_plate, "camping": _camping_stove}[kind](a, rng)
    a.afford("support", "burner", "glass", "arm", where=facing())
    a.afford("press", "button", "knob", "switch")
    a.afford("grasp", "handle", "knob")
    a.afford("lift", "handle")
    a.afford("carry", "handle")
    a.afford("open", "lid")
    a.afford("display", "display")
    a.afford("move", "body")
    return a


def _electric_plate(a: Assembly, rng: np.random.Generator) -> None:
    """A flat box with one or two burners, knobs in front and a tiny switch or light at the corner."""
    count, deep, high = pick(rng, (1, 2)), rng.uniform(0.22, 0.28), rng.uniform(0.05, 0.09)
    wide = deep * (1.05 if count == 1 else rng.uniform(1.8, 2.1))
    a.add("body", case(rng, (wide, high, deep)))
    radius = deep * rng.uniform(0.3, 0.38)
    if chance(rng, 0.5):
        turn = np.linspace(0, 2 * np.pi * 3.2, 60)
        r = np.linspace(radius * 0.2, radius, 60)
        one = tube(np.stack([r * np.cos(turn), np.zeros(60), r * np.sin(turn)], 1), radius * 0.07, 5)
        one = one.at(y=radius * 0.06)
    else:
        one = cylinder(radius, 0.014, radius * 0.95, around=24)
    a.add("burner", one.row(count, x=wide * 0.48).at(y=high))
    knob = turn_knob(rng, high * rng.uniform(0.22, 0.34)).row(count, x=wide * 0.48)
    a.add("knob", knob.at(y=high * 0.5, z=deep / 2))
    small = high * 0.16
    if chance(rng, 0.6):
        where = (wide * 0.42 * pick(rng, (-1, 1)), high * 0.5, deep / 2)
        a.add(pick(rng, ("switch", "button")), key(rng, small * 1.5, small).at(*where))
    if chance(rng, 0.5):
        a.add("light", ball(small, around=8).row(count, x=wide * 0.48).at(wide * 0.12, high * 0.5, deep / 2))
    a.add(
        "foot",
        cylinder(0.013, 0.015, around=8).at(x=wide * 0.42, y=-0.014, z=deep * 0.4).four_corners(),
    )
    if chance(rng, 0.5):
        a.add("cord", cable(rng, (wide * 0.3, 0.02, -deep / 2), deep * 0.8))


def _induction_plate(a: Assembly, rng: np.random.Generator) -> None:
    """A thin case with a glass top, touch keys along the front edge and a display among them."""
    wide, deep, high = rng.uniform(0.26, 0.32), rng.uniform(0.32, 0.4), rng.uniform(0.035, 0.06)
    a.add("body", box(wide, high, deep, bevel=pick(rng, (0.0, 0.005))))
    a.add("glass", box(wide * 0.96, 0.005, deep * 0.72).at(y=high - 0.001, z=-deep * 0.12))
    hoop = ring(ellipse(wide * 0.7, count=24), ellipse(wide * 0.66, count=24), 0.002)
    a.add("burner", hoop.turned("x", 90).at(y=high + 0.005, z=-deep * 0.12))
    size, z = wide * rng.uniform(0.04, 0.07), deep * 0.4
    count = int(rng.integers(1, 5))
    if chance(rng, 0.35):
        a.add("button", stud(rng, size, size).at(wide * 0.4 * pick(rng, (-1, 1)), high, z))
        a.add("knob", turn_knob(rng, wide * 0.07).turned("x", -90).at(y=high, z=z))
    else:
        a.add("button", stud(rng, size, size).row(count, x=size * 1.6).at(-wide * 0.22, high, z))
    a.add("display", box(wide * 0.2, 0.004, size).at(wide * 0.24, high, z))


def _camping_stove(a: Assembly, rng: np.random.Generator) -> None:
    """A gas cartridge with a burner and arms on it, or a flat case with a cartridge bay and one knob."""
    if chance(rng, 0.5):
        radius, high = rng.uniform(0.045, 0.06), rng.uniform(0.07, 0.11)
        shell = [(radius * 0.95, 0), (radius, 0.01), (radius, high * 0.75), (radius * 0.3, high)]
        a.add("body", lathe(shell, 20))
        a.add("valve", cylinder(0.012, 0.045, around=10).at(y=high - 0.006))
        knob = cylinder(0.008, 0.014, around=8).turned("x", 90)
        a.add("rod", cylinder(0.003, 0.045, around=6).turned("x", 90).at(y=high + 0.02, z=0.005))
        a.add("knob", knob.at(y=high + 0.02, z=0.048))
        a.add("burner", cylinder(0.012, 0.025, 0.026, around=16).at(y=high + 0.036))
        arm = tube([[0.02, 0, 0], [radius * 1.1, 0.02, 0], [radius * 1.2, 0.03, 0], [0.02, 0.032, 0]], 0.003)
        a.add("arm", arm.around(pick(rng, (3, 4))).at(y=high + 0.05))
        if chance(rng, 0.6):
            a.add("button", cylinder(0.004, 0.012, around=8).turned("x", -90).at(y=high + 0.02, z=-0.01))
        return
    wide, deep, high = rng.uniform(0.32, 0.38), rng.uniform(0.24, 0.28), rng.uniform(0.07, 0.09)
    a.add("body", case(rng, (wide, high, deep)))
    x = -wide * 0.12
    a.add("tray", cylinder(deep * 0.4, 0.006, around=24).at(x, high - 0.001))
    a.add("burner", cylinder(deep * 0.14, 0.02, around=18).at(x, high))
    arm = box(deep * 0.24, 0.022, 0.006).at(x=deep * 0.27)
    a.add("arm", arm.around(4).at(x, high + 0.004))
    a.add("lid", box(wide * 0.2, 0.008, deep * 0.9, bevel=0.003).at(wide * 0.37, high))
    a.add("knob", turn_knob(rng, high * 0.26).at(wide * 0.36, high * 0.5, deep / 2))
    if chance(rng, 0.6):
        a.add("handle", tube(arc(0.04, 0, 180, 9), 0.005, 6).turned("x", 90).at(x, high * 0.5, deep / 2))


def water_dispenser(rng: np.random.Generator) -> Assembly:
    """Coolers with a bottle on top, urns and barrels with one tap, boxes with keys over a bay."""
    a = Assembly("water dispenser")
    kind = pick(rng, ("cooler", "urn", "box"), (4, 3, 3))
    {"cooler": _cooler, "urn": _urn, "box": _water_box}[kind](a, rng)
    a.afford("press", "button", "tap lever")
    a.afford("push", "tap lever")
    a.afford("open", "lid", "door")
    a.afford("pour", "tap", "spout")
    a.afford("contain", "water bottle", "tank")
    a.afford("support", "drip tray", where=facing())
    a.afford("grasp", "handle", "lid knob")
    a.afford("lift", "lid knob", "water bottle")
    a.afford("move", "body")
    return a


def _tap(a: Assembly, rng: np.random.Generator, size: Number, x: Number, y: Number, z: Number) -> None:
    """A tap that leaves the plane z forwards, its lever or button above."""
    pipe = curve([[x, y, z - size * 0.1], [x, y, z + size * 0.7], [x, y - size * 0.7, z + size]], 8)
    a.add("tap", tube(pipe, size * 0.22, 8))
    if chance(rng, 0.6):
        a.add("tap lever", box(size * 0.45, size * 0.14, size).at(x, y + size * 0.2, z + size * 0.7))
    else:
        a.add("button", cylinder(size * 0.2, size * 0.5, around=10).at(x, y + size * 0.1, z + size * 0.5))


def _cooler(a: Assembly, rng: np.random.Generator) -> None:
    """A tall or low case with an upturned bottle on it, two or three taps and a grating below them."""
    wide, high = rng.uniform(0.28, 0.34), pick(rng, (rng.uniform(0.8, 1.0), rng.uniform(0.35, 0.5)))
    a.add("body", box(wide, high, wide, bevel=pick(rng, (0.0, 0.02))))
    z = wide / 2
    a.add("collar", cylinder(wide * 0.3, 0.03, wide * 0.26, around=20).at(y=high - 0.002))
    r, tall = wide * rng.uniform(0.38, 0.44), rng.uniform(0.28, 0.4)
    shell = [(0.05, 0), (r * 0.5, tall * 0.14), (r, tall * 0.28), (r, tall * 0.95), (r * 0.9, tall)]
    a.add("water bottle", lathe(shell, 20).at(y=high + 0.02))
    count, pitch = pick(rng, (1, 2, 2, 3)), wide * 0.28
    y = high - rng.uniform(0.1, 0.14)
    a.add("panel", box(wide * 0.86, 0.13, 0.012).at(y=y - 0.06, z=z))
    for i in range(count):
        _tap(a, rng, 0.045, (i - (count - 1) / 2) * pitch, y, z + 0.005)
    a.add("drip tray", box(wide * 0.7, 0.02, 0.1).at(y=y - 0.19, z=z + 0.045))
    if chance(rng, 0.6):
        a.add("button", key(rng, 0.014, 0.01).at(wide * 0.33, y + 0.045, z + 0.006))
    if high > 0.6 and chance(rng, 0.7):
        a.add("door", box(wide * 0.85, high * 0.5, 0.014).at(y=high * 0.06, z=z + 0.005))
        a.add("handle", box(0.012, 0.08, 0.02).at(wide * 0.34, high * 0.4, z + 0.02))


def _urn(a: Assembly, rng: np.random.Generator) -> None:
    """A barrel or a cylinder on a foot, with a lid, two ears and one tap low in front."""
    radius, high, around = rng.uniform(0.1, 0.15), rng.uniform(0.28, 0.45), max(14, roundness(rng))
    low, waist = rng.uniform(0.02, 0.12), radius * rng.uniform(0.88, 1.1)
    a.add("base", cylinder(radius * 0.8, low + 0.002, radius * 0.7, around=around))
    a.add(
        "tank",
        lathe(curve([[radius * 0.85, low], [waist, low + high / 2], [radius * 0.9, low + high]], 7), around),
    )
    dome = high * rng.uniform(0.05, 0.16)
    top = low + high
    a.add(
        "lid", lathe([(radius * 0.95, 0), (radius * 0.9, dome * 0.5), (radius * 0.2, dome)], around).at(y=top)
    )
    a.add("lid knob", ball(radius * 0.25, around=10).at(y=top + dome + radius * 0.08))
    _tap(a, rng, radius * 0.35, 0, low + high * 0.15, radius * 0.86)
    ear = tube(arc(high * 0.12, -90, 90, 9), 0.007, 6).at(x=radius * 0.88, y=low + high * 0.7)
    a.add("handle", ear.both_sides())
    if chance(rng, 0.5):
        size = radius * 0.12
        a.add("button", key(rng, size, size).at(0, low * 0.5, radius * 0.74))


def _water_box(a: Assembly, rng: np.random.Generator) -> None:
    """A C-shaped machine: a tank behind, a head with a spout and tiny keys on it, a tray below."""
    wide, high, deep = rng.uniform(0.16, 0.28), rng.uniform(0.35, 0.48), rng.uniform(0.28, 0.36)
    back, foot, head = deep * 0.5, high * rng.uniform(0.06, 0.12), high * rng.uniform(0.25, 0.35)
    a.add("body", box(wide, high, back).at(z=-back / 2), box(wide, foot, deep * 0.5).at(z=deep * 0.25))
    a.add("body", box(wide, head, deep * 0.42, bevel=0.004).at(y=high - head, z=deep * 0.21))
    a.add("spout", cylinder(0.012, 0.03, 0.018, around=10).at(y=high - head - 0.028, z=deep * 0.24))
    a.add("drip tray", box(wide * 0.7, 0.012, deep * 0.3).at(y=foot - 0.002, z=deep * 0.27))
    a.add("tank", box(wide * 0.9, high * 0.85, deep * 0.15, bevel=0.005).at(y=0.01, z=-back - deep * 0.07))
    a.add("lid", box(wide * 0.9, 0.012, deep * 0.16).at(y=high * 0.85 + 0.01, z=-back - deep * 0.07))
    size, count = wide * rng.uniform(0.06, 0.1), int(rng.integers(1, 5))
    if chance(rng, 0.5):
        a.add("button", stud(rng, size, size).row(count, x=size * 1.6).at(y=high, z=deep * 0.33))
    else:
        a.add("button", key(rng, size, size).row(count, x=size * 1.6).at(y=high - head * 0.5, z=deep * 0.42))
