"""Cookers, makers of music and plates on a wall, each run by a few keys or knobs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along
from partwise.datasets.world.build import box, cylinder, lathe, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing, inward
from partwise.datasets.world.fronts import key, turn_knob
from partwise.datasets.world.mesh import Mesh, Number
from partwise.datasets.world.outlines import curve, ellipse
from partwise.datasets.world.panels import stud
from partwise.datasets.world.pieces import cable


def rice_cooker(rng: np.random.Generator) -> Assembly:
    """Rice cookers with a glass lid and one lever, with a hinged lid and a panel, oval slow cookers."""
    kind = pick(rng, ("classic", "hinged", "slow"), (3, 4, 3))
    a = Assembly("slow cooker" if kind == "slow" else "rice cooker")
    radius, around = rng.uniform(0.11, 0.16), max(16, roundness(rng))
    high, flat = radius * rng.uniform(1.1, 1.6), rng.uniform(0.65, 0.8) if kind == "slow" else 1.0
    shape: int | np.ndarray = ellipse(1.0, flat) if kind == "slow" else around
    low = high * rng.uniform(0.02, 0.05)
    profile = [(radius * rng.uniform(0.75, 0.95), low), (radius, low + high * 0.25), (radius * 0.98, high)]
    opened = chance(rng, 0.35)
    a.add("body", vessel(profile, radius * 0.06, shape) if opened else lathe(profile, shape))
    a.add(
        "foot",
        cylinder(0.012, low + 0.004, around=10).at(x=radius * 0.5, z=radius * flat * 0.45).four_corners(),
    )
    if opened:
        inner = [
            (radius * 0.7, low + high * 0.2),
            (radius * 0.88, low + high * 0.4),
            (radius * 0.9, high * 1.01),
        ]
        a.add("inner pot", vessel(inner, 0.004, shape))
    if kind == "hinged":
        _hinged_lid(a, rng, (radius, high, around), -rng.uniform(60, 95) if opened else 0.0)
    elif not opened:
        dome = [(radius * 0.94, high), (radius * 0.92, high + 0.012), (radius * 0.5, high + radius * 0.2)]
        a.add("lid", lathe([*dome, (0.015, high + radius * 0.24)], shape))
        grip = [(0.012, 0), (0.01, 0.012), (0.024, 0.022), (0.018, 0.034)]
        a.add("knob", lathe(grip, 14).at(y=high + radius * 0.23))
    if kind != "hinged":
        ear = curve([[0, -0.012, 0.035], [0.035, 0, 0.028], [0.035, 0, -0.028], [0, -0.012, -0.035]], 10)
        a.add("handle", tube(ear, 0.008, 8).at(x=radius * 0.96, y=high * 0.72).both_sides())
    _cooker_front(a, rng, kind, (radius, high, flat))
    if chance(rng, 0.4):
        a.add("cable", cable(rng, (0, high * 0.12, -radius * flat * 0.93), radius * 1.5))
    a.afford("press", "button", "latch")
    a.afford("press", "lever")
    a.afford("push", "lever")
    a.afford("open", "lid", "latch", "knob")
    a.afford("contain", "inner pot", where=inward())
    a.afford("grasp", "handle", "knob", "dial")
    a.afford("lift", "handle", "lid", "inner pot")
    a.afford("carry", "handle")
    a.afford("display", "display")
    return a


def _hinged_lid(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, int], angle: Number
) -> None:
    """A domed lid, turned up by `angle` about a hinge at the back, with a latch, a vent and a loop to carry it by."""
    radius, high, around = size
    rise = radius * rng.uniform(0.2, 0.4)
    lid = lathe([(radius * 0.98, 0), (radius, rise * 0.3), (radius * 0.7, rise), (0, rise * 1.1)], around)
    vent = cylinder(radius * 0.12, 0.012, around=12).at(y=rise * 1.0, z=-radius * 0.35)

    def turned(mesh: Mesh) -> Mesh:
        return mesh.at(z=radius * 0.95).turned("x", angle).at(y=high, z=-radius * 0.95)

    a.add("lid", turned(lid))
    a.add("steam vent", turned(vent))
    a.add(
        "hinge",
        cylinder(0.009, radius * 0.7, around=10).at(y=-radius * 0.35).turned("z", 90).at(y=high, z=-radius),
    )
    latch = stud(rng, radius * rng.uniform(0.15, 0.3), radius * 0.16)
    a.add(pick(rng, ("latch", "button")), turned(latch.at(y=rise * 0.84, z=radius * 0.76)))
    if chance(rng, 0.5) and not angle:
        span = radius * 1.03
        loop = [
            [-span, -high * 0.1, 0],
            [-span, rise * 0.9, 0],
            [0, rise * 1.6, 0],
            [span, rise * 0.9, 0],
            [span, -high * 0.1, 0],
        ]
        a.add("handle", tube(curve(loop, 16), 0.007, 6).at(y=high))


def _cooker_front(
    a: Assembly, rng: np.random.Generator, kind: str, size: tuple[Number, Number, Number]
) -> None:
    """What a cooker is set by: one lever or button on a small plate, a knob, or a panel of keys."""
    radius, high, flat = size
    z, y, small = radius * flat, high * rng.uniform(0.3, 0.45), radius * rng.uniform(0.1, 0.17)
    style = "panel" if kind == "hinged" and chance(rng, 0.7) else pick(rng, ("lever", "knob", "button"))
    wide, tall = radius * (0.9 if style == "panel" else 0.5), high * (0.36 if style == "panel" else 0.24)
    thick = z - np.sqrt(max(z * z * (1 - (wide / 2 / radius) ** 2), 0)) + 0.012
    a.add("panel", box(wide, tall, thick).at(y=y - tall / 2, z=z - thick / 2 + 0.004))
    front = z + 0.004
    if style == "panel":
        a.add("display", box(wide * 0.5, tall * 0.35, 0.004).at(y=y + tall * 0.05, z=front))
        one = key(rng, small, small * 0.7).row(int(rng.integers(2, 5)), x=small * 1.5)
        a.add("button", one.at(y=y - tall * 0.22, z=front))
    elif style == "lever":
        a.add("lever", box(small * 1.6, small * 0.6, 0.025, bevel=0.002).at(y=y - tall * 0.2, z=front + 0.01))
        a.add(
            "light",
            cylinder(max(small * 0.3, 0.005), 0.004, around=8)
            .turned("x", 90)
            .row(2, x=small * 1.6)
            .at(y=y + tall * 0.28, z=front),
        )
    elif style == "knob":
        a.add(pick(rng, ("knob", "dial")), turn_knob(rng, min(wide, tall) * 0.36).at(y=y, z=front))
    else:
        a.add("button", key(rng, small, small).at(y=y, z=front))


def metronome(rng: np.random.Generator) -> Assembly:
    """Pyramids with a swinging rod and a sliding weight, digital boxes with keys, a drum with one button."""
    kind = pick(rng, ("pyramid", "digital", "drum"), (5, 3, 2))
    a = Assembly("metronome")
    if kind == "pyramid":
        _pyramid(a, rng)
    elif kind == "digital":
        _beeper(a, rng)
    else:
        radius, high = rng.uniform(0.03, 0.06), rng.uniform(0.03, 0.06)
        a.add("body", cylinder(radius, high, radius * 0.92, bevel=0.003, around=24))
        a.add("dial", cylinder(radius * 0.7, 0.006, around=24).at(y=high - 0.001))
        a.add("button", stud(rng, radius * 0.35, radius * 0.35).at(y=high + 0.004))
        a.add(
            "light", cylinder(max(radius * 0.08, 0.003), 0.004, around=8).at(y=high - 0.001, z=radius * 0.8)
        )
        a.add("display", box(radius * 0.9, high * 0.4, 0.006).at(y=high * 0.3, z=radius * 0.94))
    a.afford("press", "button")
    a.afford("move", "pendulum", "weight")
    a.afford("push", "pendulum", "weight")
    a.afford("grasp", "winding key", "weight", "dial")
    a.afford("open", "cover")
    a.afford("listen", "grille", "body")
    a.afford("display", "display", "scale plate", "light", where=facing("z", softness=0.7))
    return a


def _pyramid(a: Assembly, rng: np.random.Generator) -> None:
    """A tapered case with its rod before a plate of numbers, a key at the side, a small button at its foot."""
    high, wide = rng.uniform(0.18, 0.25), rng.uniform(0.1, 0.13)
    top, deep = rng.uniform(0.3, 0.45), wide * rng.uniform(0.8, 1.0)
    a.add("body", box(wide, high, deep).tapered(top))
    lean = float(np.degrees(np.arctan2(deep * (1 - top) / 2, high)))

    def lay(mesh: Mesh) -> Mesh:
        return mesh.turned("x", -lean).at(z=deep / 2)

    a.add("scale plate", lay(box(wide * 0.22, high * 0.7, 0.003).at(y=high * 0.27)))
    a.add(
        "base", box(wide * 1.12, high * 0.09, deep * 1.12, bevel=pick(rng, (0.0, 0.004))).at(y=-high * 0.088)
    )
    swing, foot = rng.uniform(-22, 22), high * 0.22
    rod, height = cylinder(0.0022, high * 0.8, around=8), high * rng.uniform(0.35, 0.65)
    a.add("pendulum", lay(rod.turned("z", swing).at(y=foot, z=0.01)))
    block = _keystone(wide * 0.16, wide * 0.13, 0.012).at(y=height).turned("z", swing)
    a.add("weight", lay(block.at(y=foot, z=0.01)))
    a.add("pivot", lay(cylinder(0.006, 0.014, around=10).turned("x", 90).at(y=foot, z=-0.002)))
    x = wide * 0.5 * (1 + (top - 1) * 0.3)
    a.add(
        "winding key",
        cylinder(0.004, 0.016, around=8).turned("z", -90).at(x=x - 0.004, y=high * 0.3),
        box(0.004, 0.014, 0.026).at(x=x + 0.012, y=high * 0.3 - 0.007),
    )
    size = wide * rng.uniform(0.05, 0.1)
    if chance(rng, 0.7):
        a.add("button", lay(key(rng, size, size).at(x=wide * rng.uniform(-0.3, 0.3), y=high * 0.1)))
    else:
        a.add("button", stud(rng, size, size).at(y=high - 0.001))
    if chance(rng, 0.3):
        a.add(
            "cover",
            box(wide, high * 0.9, 0.006).tapered(top).turned("x", -lean * 0.5).at(z=deep * 0.62, y=0.002),
        )


def _keystone(wide: Number, tall: Number, thick: Number) -> Mesh:
    """A small keystone, wider above, around the origin in the x-y plane."""
    return box(wide, tall, thick).tapered(1.0, 0.6).at(y=-tall / 2)


def _beeper(a: Assembly, rng: np.random.Generator) -> None:
    """An upright electronic box that leans on a prop: a display, keys and a wheel or a knob on its face."""
    wide, high, deep = rng.uniform(0.06, 0.13), rng.uniform(0.07, 0.11), rng.uniform(0.014, 0.03)

    def lean(mesh: Mesh) -> Mesh:
        return mesh.turned("x", -14)

    z, size = deep / 2, wide * rng.uniform(0.06, 0.11)
    a.add("body", lean(box(wide, high, deep, bevel=pick(rng, (0.0, 0.003)))))
    a.add("display", lean(box(wide * 0.8, high * 0.4, 0.003).at(y=high * 0.52, z=z)))
    count = int(rng.integers(1, 5))
    a.add("button", lean(key(rng, size, size).row(count, x=size * 1.6).at(x=-wide * 0.1, y=high * 0.32, z=z)))
    if chance(rng, 0.6):
        a.add("dial", lean(turn_knob(rng, wide * 0.09).at(x=wide * 0.32, y=high * 0.28, z=z)))
    if chance(rng, 0.6):
        a.add(
            "grille",
            lean(box(wide * 0.4, 0.002, 0.003).row(3, y=0.006).at(x=-wide * 0.1, y=high * 0.12, z=z)),
        )
    a.add("stand", box(wide * 0.5, high * 0.7, 0.004).turned("x", 22).at(z=-deep - high * 0.4))


def synthesizer(rng: np.random.Generator) -> Assembly:
    """Synthesizers with keys, mixing desks with sliders, drum machines with pads, a pedal with one foot switch."""
    kind = pick(rng, ("keys", "mixer", "pads", "pedal"), (3, 3, 3, 3))
    names = {"keys": "synthesizer", "mixer": "sound mixer", "pads": "drum machine", "pedal": "effects pedal"}
    a = Assembly(names[kind])
    if kind == "pedal":
        wide, deep = rng.uniform(0.06, 0.1), rng.uniform(0.1, 0.13)
        low, tall = rng.uniform(0.02, 0.035), rng.uniform(0.035, 0.06)
    else:
        wide = rng.uniform(0.5, 0.9) if kind == "keys" else rng.uniform(0.22, 0.45)
        deep, low = rng.uniform(0.22, 0.32), rng.uniform(0.025, 0.045)
        tall = low + rng.uniform(0.0, 0.06)
    side = [(deep / 2, 0), (deep / 2, low), (-deep / 2, tall), (-deep / 2, 0)]
    a.add(pick(rng, ("body", "case")), along(side, wide))
    tilt = float(np.degrees(np.arctan2(tall - low, deep)))

    def lay(mesh: Mesh, x: Number, z: Number) -> Mesh:
        return mesh.at(x * wide, 0, z * deep).turned("x", tilt).at(y=(low + tall) / 2)

    {"keys": _piano_panel, "mixer": _mixer_panel, "pads": _pad_panel, "pedal": _pedal_panel}[kind](
        a, rng, (wide, deep), lay
    )
    if kind != "pedal" and chance(rng, 0.5):
        a.add("end panel", box(0.012, tall * 1.1 + 0.005, deep * 1.02).at(x=wide / 2 + 0.005).both_sides())
    a.afford("press", "button", "foot switch", "drum pad")
    a.afford("press", "white key", "black key", where=facing())
    a.afford("play", "white key", "black key", "drum pad", where=facing())
    a.afford("push", "slider", "foot switch")
    a.afford("move", "slider", "joystick")
    a.afford("grasp", "knob", "slider")
    a.afford("display", "display", "light")
    a.afford("beat", "drum pad")
    a.afford("lift", "body", "case")
    return a


def _piano_panel(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number], lay: Callable) -> None:
    """Two or more octaves in front, knobs, keys and a display behind them."""
    wide, deep = size
    octaves = int(rng.integers(2, 5))
    step = wide * 0.88 / (7 * octaves)
    a.add("white key", lay(box(step * 0.92, 0.014, deep * 0.44).row(7 * octaves, x=step), 0, 0.25))
    places = [(o * 7 + k - 3.5 * octaves) * step for o in range(octaves) for k in (1, 2, 4, 5, 6)]
    black = box(step * 0.55, 0.01, deep * 0.26).at(y=0.012)
    a.add("black key", lay(black.copies([(x, 0, 0) for x in places]), 0, 0.16))
    pitch = wide * rng.uniform(0.04, 0.06)
    a.add(
        "knob",
        lay(turn_knob(rng, pitch * 0.3).turned("x", -90).row(int(rng.integers(3, 7)), x=pitch), -0.26, -0.28),
    )
    one = stud(rng, pitch * 0.5, pitch * 0.4)
    a.add(
        "button",
        lay(one.row(int(rng.integers(1, 7)), x=pitch * 0.8).row(int(pick(rng, (1, 2))), z=pitch), 0.3, -0.28),
    )
    if chance(rng, 0.7):
        a.add("display", lay(box(wide * 0.16, 0.004, deep * 0.18), 0.03, -0.28))
    if chance(rng, 0.4):
        a.add("joystick", lay(cylinder(0.004, 0.025, 0.007, around=10), -0.45, -0.1))


def _mixer_panel(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number], lay: Callable) -> None:
    """Channels side by side: a slider in its slot, knobs above it, a button or two."""
    wide, deep = size
    count = int(rng.integers(3, 9))
    step = wide * 0.86 / count
    thin = min(step * 0.5, 0.02)
    slot = box(thin * 0.2, 0.003, deep * 0.36)
    a.add("slot", lay(slot.row(count, x=step), 0, 0.27))
    cap = box(thin, 0.012, thin * 1.5, bevel=0.002)
    places = [((c - (count - 1) / 2) * step, 0, deep * rng.uniform(-0.14, 0.14)) for c in range(count)]
    a.add("slider", lay(cap.copies(places), 0, 0.27))
    rows = int(rng.integers(1, 4))
    turn = turn_knob(rng, thin * 0.55).turned("x", -90)
    a.add("knob", lay(turn.row(count, x=step).row(rows, z=deep * 0.13), 0, -0.24))
    small = stud(rng, thin * 0.6, thin * 0.5)
    if chance(rng, 0.5):
        a.add("button", lay(small.row(count, x=step), 0, 0.03))
    else:
        a.add("button", lay(small, 0.44, pick(rng, (-0.42, 0.42))))
    if chance(rng, 0.4):
        a.add("jack", lay(cylinder(thin * 0.5, 0.005, around=12).row(count, x=step), 0, -0.44))


def _pad_panel(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number], lay: Callable) -> None:
    """A square of pads, a row of knobs, a display and small buttons."""
    wide, deep = size
    rows, columns = int(rng.integers(2, 5)), int(rng.integers(3, 5))
    step = min(deep * 0.6 / rows, wide * 0.62 / columns)
    pad = box(step * 0.85, 0.009, step * 0.85, bevel=0.002)
    a.add("drum pad", lay(pad.row(columns, x=step).row(rows, z=step), 0.14, 0.14))
    a.add("knob", lay(turn_knob(rng, wide * 0.03).turned("x", -90).row(4, x=wide * 0.11), 0.18, -0.36))
    a.add("display", lay(box(wide * 0.24, 0.004, deep * 0.16), -0.32, -0.34))
    small, count = wide * rng.uniform(0.025, 0.05), int(rng.integers(1, 5))
    a.add("button", lay(stud(rng, small, small).row(count, z=small * 1.6), -0.4, 0.1))


def _pedal_panel(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number], lay: Callable) -> None:
    """One round foot switch near the front, one to three knobs behind it, a lamp, sockets at the sides."""
    wide = size[0]
    radius = wide * rng.uniform(0.06, 0.1)
    a.add("foot switch", lay(lathe([(radius, 0), (radius, 0.008), (radius * 0.7, 0.012)], 14), 0, 0.28))
    a.add("nut", lay(cylinder(radius * 1.6, 0.004, around=6), 0, 0.28))
    count = int(rng.integers(1, 4))
    turn = turn_knob(rng, wide * rng.uniform(0.08, 0.13)).turned("x", -90)
    a.add("knob", lay(turn.row(count, x=wide * 0.3), 0, -0.26))
    a.add("light", lay(cylinder(wide * 0.035, 0.005, around=8), 0, 0.02))
    plug = cylinder(0.007, 0.01, around=12).turned("z", -90)
    a.add("jack", lay(plug, 0.49, -0.05).at(y=-0.015), lay(plug.mirrored("x"), -0.49, -0.05).at(y=-0.015))
