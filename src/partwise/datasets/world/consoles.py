"""Machines of the desk and the sideboard with few small controls: router, power strip, humidifier."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import box, cylinder, lathe, ring, slab, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fronts import key, turn_knob
from partwise.datasets.world.mesh import Mesh, Number
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle
from partwise.datasets.world.panels import case, stud
from partwise.datasets.world.pieces import cable


def router(rng: np.random.Generator) -> Assembly:
    """Flat routers with antennas at the back, upright ones on a foot, domes and cylinders with one button."""
    kind = pick(rng, ("flat", "upright", "puck"), (4, 3, 3))
    a = Assembly("router")
    {"flat": _flat_router, "upright": _upright_router, "puck": _puck_router}[kind](a, rng)
    a.afford("press", "button")
    a.afford("move", "antenna")
    a.afford("pull", "antenna", "plug")
    a.afford("grasp", "antenna", "plug")
    a.afford("display", "light")
    a.afford("lift", "body", "case")
    return a


def _antenna(rng: np.random.Generator, long: Number) -> Mesh:
    """A paddle or rod with a knuckle at its foot, from y = 0 up."""
    thick = long * rng.uniform(0.05, 0.09)
    if chance(rng, 0.5):
        blade = box(thick * 1.6, long, thick * 0.7, bevel=thick * 0.2)
    else:
        blade = cylinder(thick * 0.6, long, thick * 0.4, around=10)
    return blade + cylinder(thick * 0.9, thick * 2.0, around=10).at(y=-thick * 0.5)


def _flat_router(a: Assembly, rng: np.random.Generator) -> None:
    """A low case, antennas along its back edge or its sides, lights in front, sockets and a button behind."""
    wide, high = rng.uniform(0.16, 0.28), rng.uniform(0.025, 0.045)
    deep = wide * rng.uniform(0.5, 0.8)
    a.add(pick(rng, ("body", "case")), case(rng, (wide, high, deep)))
    rod, count = _antenna(rng, wide * rng.uniform(0.5, 0.9)), int(rng.integers(1, 5))
    for place in np.linspace(-0.42, 0.42, count) if count > 1 else (0.4,):
        lean = -place * rng.uniform(0, 60)
        a.add("antenna", rod.turned("z", lean).at(x=wide * place, y=high * 0.5, z=-deep / 2 - 0.002))
    if chance(rng, 0.4):
        a.add("antenna", rod.at(x=wide / 2 + 0.003, y=high * 0.4, z=deep * 0.1).both_sides())
    lamp = box(0.006, 0.003, 0.003) if chance(rng, 0.5) else box(0.003, 0.005, 0.003)
    a.add("light", lamp.row(int(rng.integers(3, 9)), x=wide * 0.07).at(y=high * 0.4, z=deep / 2))
    size = wide * rng.uniform(0.025, 0.06)
    where = pick(rng, ("top", "front", "back"), (4, 3, 2))
    if where == "top":
        a.add("button", stud(rng, size, size).at(x=wide * rng.uniform(-0.4, 0.4), y=high, z=deep * 0.36))
    else:
        side = 1 if where == "front" else -1
        one = key(rng, size, min(size, high * 0.4)).turned("y", 0 if side > 0 else 180)
        a.add("button", one.at(x=wide * 0.42, y=high * 0.5, z=side * deep / 2))
    if chance(rng, 0.6):
        hole = box(wide * 0.055, high * 0.5, 0.006)
        a.add("port", hole.row(int(rng.integers(2, 6)), x=wide * 0.085).at(y=high * 0.2, z=-deep / 2))
    if chance(rng, 0.4):
        a.add("vent", box(wide * 0.4, 0.002, 0.003).row(6, z=deep * 0.07).at(y=high - 0.001, z=-deep * 0.1))
    if chance(rng, 0.4):
        a.add("cable", cable(rng, (-wide * 0.35, high * 0.4, -deep / 2), wide))


def _upright_router(a: Assembly, rng: np.random.Generator) -> None:
    """A book-like case on a foot: lights and a button down its narrow front."""
    high, wide = rng.uniform(0.16, 0.25), rng.uniform(0.03, 0.05)
    deep, low = high * rng.uniform(0.6, 0.9), rng.uniform(0.008, 0.02)
    a.add("body", box(wide, high, deep, bevel=wide * pick(rng, (0.0, 0.2))).at(y=low * 0.8))
    outline = ellipse(wide * 2.4, deep * 0.9) if chance(rng, 0.5) else rectangle(wide * 1.8, deep * 0.8)
    a.add(pick(rng, ("base", "stand")), slab(outline, low))
    lamp = cylinder(wide * 0.07, 0.003, around=8).turned("x", 90)
    a.add("light", lamp.row(int(rng.integers(3, 7)), y=high * 0.07).at(y=high * 0.72, z=deep / 2))
    size = wide * rng.uniform(0.25, 0.5)
    if chance(rng, 0.6):
        a.add("button", key(rng, size, size).at(y=high * rng.uniform(0.2, 0.4), z=deep / 2))
    else:
        one = key(rng, size, size).turned("y", 90)
        a.add("button", one.at(x=wide / 2, y=high * 0.25, z=deep * 0.38))
    if chance(rng, 0.5):
        rod = _antenna(rng, high * 0.7)
        a.add("antenna", rod.at(y=high + low * 0.5, z=-deep * 0.3))
    a.add("port", box(wide * 0.5, high * 0.07, 0.006).row(4, y=high * 0.11).at(y=high * 0.35, z=-deep / 2))
    if chance(rng, 0.4):
        a.add("cable", cable(rng, (0, high * 0.15, -deep / 2), high))


def _puck_router(a: Assembly, rng: np.random.Generator) -> None:
    """A smooth cylinder, cone or dome with a ring of light and one tiny button."""
    radius, high = rng.uniform(0.05, 0.08), rng.uniform(0.05, 0.18)
    top, around = radius * rng.uniform(0.5, 1.0), max(12, roundness(rng))
    profile = [(radius * 0.9, 0.004), (radius, 0.012), (top, high * 0.85), (top * 0.75, high), (0, high)]
    a.add("body", lathe(profile, around))
    a.add("base", cylinder(radius * 0.8, 0.008, around=around))
    loop = tube(arc(top * 0.6, 0, 360, 25)[:-1], top * 0.03, 4, closed=True).turned("x", 90)
    if chance(rng, 0.7):
        a.add("light", loop.at(y=high))
    size = radius * rng.uniform(0.12, 0.25)
    if chance(rng, 0.5):
        a.add("button", stud(rng, size, size).at(y=high))
    else:
        one = key(rng, size, size).at(y=0.02, z=radius * 0.97 - (radius - top) * 0.02)
        a.add("button", one.turned("y", pick(rng, (0, 180, 40))))
    if chance(rng, 0.5):
        a.add("port", box(radius * 0.35, 0.014, 0.008).row(2, x=radius * 0.5).at(y=0.014, z=-radius * 0.86))
        a.add("cable", cable(rng, (0, 0.02, -radius * 0.8), radius * 3))


def power_strip(rng: np.random.Generator) -> Assembly:
    """Strips of sockets with a switch at one end, towers of sockets on a round or square foot."""
    a = Assembly("power strip")
    tower = chance(rng, 0.35)
    eye, count = rng.uniform(0.018, 0.024), int(rng.integers(3, 8))
    socket = ring(ellipse(eye * 2, count=12), ellipse(eye * 1.3, count=12), 0.005).turned("x", -90)
    pins = cylinder(0.003, 0.002, around=8).row(2, x=eye * 0.7)
    if chance(rng, 0.4):
        socket = ring(rectangle(eye * 2, eye * 2), rectangle(eye * 1.4, eye * 1.4), 0.005).turned("x", -90)
    socket = socket + pins.turned("y", pick(rng, (0, 45, 90)))
    if tower:
        start = _tower(a, rng, socket, eye)
    else:
        wide, high, pitch = eye * rng.uniform(2.4, 3.0), rng.uniform(0.03, 0.045), eye * rng.uniform(2.2, 3.0)
        long = pitch * (count + 1.2)
        a.add(pick(rng, ("body", "case")), case(rng, (long, high, wide)))
        a.add("outlet", socket.row(count, x=pitch).at(x=-pitch * 0.5, y=high))
        x, size = long / 2 - pitch * 0.6, wide * rng.uniform(0.15, 0.4)
        one = box(size, 0.008, size * rng.uniform(0.6, 1.4)).turned("z", pick(rng, (-8, 8)))
        a.add(pick(rng, ("switch", "switch", "button")), one.at(x=x, y=high - 0.003))
        if chance(rng, 0.5):
            a.add("light", cylinder(0.003, 0.003, around=8).at(x=x, y=high - 0.001, z=wide * 0.36))
        if chance(rng, 0.4):
            a.add(
                "port", box(0.012, 0.002, 0.005).row(2, z=0.014).at(x=long / 2 - pitch * 0.15, y=high - 0.001)
            )
        start = [long / 2 - 0.004, high * 0.5, 0.0]
    reach, r = rng.uniform(0.1, 0.25), 0.004
    bends = [[start[0] + reach * 0.4, r, 0.05], [start[0] + reach * 0.5, r, 0.15]]
    stop = [start[0] + reach * rng.uniform(-0.3, 0.8), 0.016, 0.22]
    a.add(pick(rng, ("cable", "cord")), tube(curve([start, *bends, stop], 18), r, 6))
    a.add(
        "plug", cylinder(0.016, 0.035, 0.012, around=12).turned("x", 90).at(stop[0], stop[1], stop[2] - 0.004)
    )
    a.add(
        "prong",
        cylinder(0.0025, 0.02, around=8).turned("x", 90).row(2, x=0.018).at(stop[0], stop[1], stop[2] + 0.03),
    )
    a.afford("press", "switch", "button")
    a.afford("push", "switch", "plug", "button")
    a.afford("pull", "plug", "cable", "cord")
    a.afford("grasp", "plug")
    a.afford("move", "body", "case")
    a.afford("lift", "body", "case")
    return a


def _tower(a: Assembly, rng: np.random.Generator, socket: Mesh, eye: Number) -> list[float]:
    """A square or round column of sockets on a foot, a switch on the top or the foot; where the cord leaves."""
    side, floors = eye * rng.uniform(2.3, 2.8), int(rng.integers(1, 4))
    high, low = eye * (2.4 * floors + 1.0), rng.uniform(0.01, 0.02)
    foot = side * rng.uniform(0.65, 0.95)
    a.add("base", cylinder(foot, low, foot * 0.92, around=24))
    a.add("body", box(side, high, side, bevel=0.003).at(y=low * 0.9))
    front = socket.turned("x", 90).at(z=side / 2)
    stack = front.row(floors, y=eye * 2.4).at(y=low + high / 2)
    a.add("outlet", stack.around(4))
    size = side * rng.uniform(0.16, 0.35)
    if chance(rng, 0.5):
        a.add(pick(rng, ("switch", "button")), stud(rng, size, size).at(y=low * 0.9 + high))
    else:
        a.add("button", stud(rng, size * 0.8, size * 0.8).at(y=low, z=(foot + side / 2) / 2))
    if chance(rng, 0.5):
        loop = arc(side * 0.4, 0, 180, 9)
        a.add("handle", tube(loop, 0.004, 6).at(y=low * 0.9 + high - 0.001))
        a.afford("grasp", "handle")
        a.afford("carry", "handle")
    return [foot - 0.004, low * 0.5, 0.0]


def humidifier(rng: np.random.Generator) -> Assembly:
    """Humidifiers with a tank over a foot, drops and eggs with one button, air purifiers with a top panel."""
    kind = pick(rng, ("tank", "drop", "tower", "box"), (3, 3, 3, 3))
    a = Assembly("humidifier" if kind in ("tank", "drop") else "air purifier")
    if kind in ("tank", "drop"):
        _mist(a, rng, kind == "drop")
    else:
        _purifier(a, rng, kind == "tower")
    a.afford("press", "button")
    a.afford("grasp", "knob", "dial", "handle")
    a.afford("carry", "handle")
    a.afford("lift", "tank", "handle")
    a.afford("open", "lid", "filter door")
    a.afford("contain", "tank")
    a.afford("display", "display", "light")
    a.afford("move", "base", "body")
    return a


def _mist(a: Assembly, rng: np.random.Generator, drop: bool) -> None:
    """A foot with the control, a tank on it, a lid and a nozzle for the mist."""
    radius, high = rng.uniform(0.07, 0.12), rng.uniform(0.18, 0.32)
    low, around = high * rng.uniform(0.18, 0.3), max(14, roundness(rng))
    shape: int | np.ndarray = around
    if not drop and chance(rng, 0.4):
        shape = rectangle(1.0, rng.uniform(0.6, 0.9), 0.2)
    flat = 1.0 if isinstance(shape, int) else float(np.ptp(shape, axis=0)[1])
    a.add("base", lathe([(radius * 0.95, 0), (radius, low * 0.3), (radius, low)], shape))
    if drop:
        share = np.linspace(0, 1, 9)
        width = radius * np.cos(share * np.pi / 2) ** rng.uniform(0.6, 1.2)
        width = np.maximum(width, radius * 0.13)
        a.add("tank", lathe(np.stack([width, low + share * (high - low)], axis=1), around))
        tip, spread = high, radius * 0.13
    else:
        top = radius * rng.uniform(0.85, 1.0)
        a.add("tank", lathe([(radius * 0.97, low), (top, high * 0.93)], shape))
        a.add("lid", lathe([(top, high * 0.93), (top, high * 0.97), (top * 0.6, high)], shape))
        tip, spread = high, radius * 0.2
    a.add(
        "nozzle", cylinder(spread, high * 0.07, spread * rng.uniform(0.5, 1.2), around=12).at(y=tip - 0.004)
    )
    z, size = radius * flat * 0.985, radius * rng.uniform(0.08, 0.2)
    if chance(rng, 0.55):
        a.add(
            "button",
            key(rng, size, size).row(int(pick(rng, (1, 1, 2, 3))), x=size * 1.5).at(y=low * 0.6, z=z),
        )
    else:
        a.add(
            pick(rng, ("knob", "dial")), turn_knob(rng, min(radius * 0.22, low * 0.35)).at(y=low * 0.6, z=z)
        )
        a.add(
            "light",
            cylinder(max(size * 0.5, 0.004), 0.005, around=8)
            .turned("x", 90)
            .at(x=radius * 0.35, y=low * 0.6, z=z * 0.93),
        )
    if not drop and chance(rng, 0.4):
        loop = arc(radius * 0.5, 0, 180, 9)
        a.add("handle", tube(loop, 0.007, 6).at(y=high * 0.96))


def _purifier(a: Assembly, rng: np.random.Generator, tower: bool) -> None:
    """A column or a box with slots for the air, its few keys on the top or at a corner of the front."""
    high = rng.uniform(0.35, 0.7)
    wide = high * (rng.uniform(0.35, 0.5) if tower else rng.uniform(0.55, 0.75))
    deep = wide if tower else wide * rng.uniform(0.4, 0.6)
    if tower and chance(rng, 0.6):
        a.add("body", cylinder(wide / 2, high, wide * rng.uniform(0.4, 0.5), around=24))
        slot = tube(arc(wide * 0.495, 0, 360, 25)[:-1], wide * 0.012, 4, closed=True).turned("x", 90)
        a.add("grille", slot.row(int(rng.integers(5, 10)), y=high * 0.04).at(y=high * 0.28).tapered(0.96))
    else:
        a.add("body", box(wide, high, deep, bevel=wide * pick(rng, (0.0, 0.05))))
        slot = box(wide * 0.7, high * 0.012, 0.006).row(int(rng.integers(6, 14)), y=high * 0.035)
        a.add("grille" if chance(rng, 0.6) else "vent", slot.at(y=high * 0.35, z=deep / 2))
        if chance(rng, 0.4):
            door = box(0.006, high * 0.7, deep * 0.8).at(x=wide / 2, y=high * 0.1)
            a.add("filter door", door)
    size = wide * rng.uniform(0.045, 0.09)
    count = int(rng.integers(1, 6))
    if chance(rng, 0.65):
        a.add("panel", box(wide * 0.6, 0.004, deep * 0.5).at(y=high - 0.001))
        a.add("button", stud(rng, size, size).row(count, x=size * 1.7).at(y=high + 0.003, z=deep * 0.12))
        if chance(rng, 0.6):
            a.add("display", box(wide * 0.2, 0.003, deep * 0.14).at(y=high + 0.002, z=-deep * 0.1))
    else:
        a.add("button", stud(rng, size, size).at(x=wide * rng.uniform(-0.3, 0.3), y=high, z=deep * 0.25))
    if chance(rng, 0.5):
        a.add(
            "foot", box(wide * 0.1, high * 0.03, deep * 0.8).at(x=wide * 0.25, y=-high * 0.027).both_sides()
        )
    if chance(rng, 0.4):
        span = wide * 0.25
        loop = curve(
            [[-span, -0.004, 0], [-span * 0.8, 0.05, 0], [span * 0.8, 0.05, 0], [span, -0.004, 0]], 10
        )
        a.add("handle", tube(loop, 0.009, 6).at(y=high, z=-deep * 0.36))
