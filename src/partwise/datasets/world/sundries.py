"""What the thumb presses: syringes, joysticks."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, ring, slab, sweep, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fittings import washer
from partwise.datasets.world.mesh import Number, Piece, join
from partwise.datasets.world.outlines import curve, ellipse, rectangle
from partwise.datasets.world.pieces import cable
from partwise.datasets.world.tools import laid


def syringe(rng: np.random.Generator) -> Assembly:
    """Syringes with a needle or a cap, wide ones for the kitchen, metal ones with three rings."""
    kind = pick(rng, ("needle", "plain", "rings"), (5, 3, 2))
    long, radius = rng.uniform(0.06, 0.1), rng.uniform(0.006, 0.014)
    around = max(12, roundness(rng))
    out = long * rng.uniform(0.15, 0.9)
    body = vessel([(radius * 0.35, 0), (radius, radius * 0.5), (radius, long)], radius * 0.1, around)
    pieces = [Piece(pick(rng, ("barrel", "tube", "cylinder")), body)]
    wing = (
        slab(ellipse(radius * 5, radius * 2.2, 18), radius * 0.25)
        if kind != "rings"
        else ring(ellipse(radius * 3, count=18), ellipse(radius * 2, count=18), radius * 0.5)
        .at(x=radius * 2.4)
        .both_sides()
    )
    pieces.append(
        Piece("finger flange" if kind != "rings" else "finger ring", wing.at(y=long - radius * 0.1))
    )
    rod = join([box(radius * 0.3, long, radius * 1.5), box(radius * 1.5, long, radius * 0.3)]).at(y=out)
    rod = rod if chance(rng, 0.6) else cylinder(radius * 0.35, long, around=10).at(y=out)
    pieces.append(Piece("plunger rod", rod))
    pieces.append(
        Piece(
            "piston",
            cylinder(radius * 0.88, radius * 0.9, around=around).at(y=max(out - radius * 0.8, radius * 0.5)),
        )
    )
    rest = cylinder(radius * 1.3, radius * 0.3, around=around).at(y=long + out - 0.0005)
    if kind == "rings":
        rest = ring(ellipse(radius * 3, count=18), ellipse(radius * 2, count=18), radius * 0.5).at(
            y=long + out + radius * 1.3
        )
    pieces.append(Piece("thumb rest", rest))
    pieces += _syringe_tip(rng, (long, radius), kind == "plain")
    if chance(rng, 0.5):
        marks = washer(radius * 0.95, radius * 1.02, 0.0012, around)
        pieces.append(Piece("scale mark", marks.row(int(rng.integers(4, 8)), y=long * 0.1).at(y=long * 0.5)))
    actions = {
        "press": ("thumb rest",),
        "grasp": ("barrel", "tube", "cylinder", "finger ring"),
        "pull": ("thumb rest", "cap"),
        "push": ("plunger rod", "thumb rest"),
        "stab": ("needle",),
        "pour": ("nozzle", "tip"),
        "open": ("cap",),
    }
    return laid(rng, "syringe", pieces, actions)


def _syringe_tip(rng: np.random.Generator, size: tuple[Number, Number], plain: bool) -> list[Piece]:
    """The nozzle below a syringe of (length, radius), with a needle in its collar or, if plain, perhaps a cap."""
    long, radius = size
    nose = cylinder(radius * 0.25, radius * 1.2, radius * 0.32, around=12).mirrored("y").at(y=0.001)
    pieces = [Piece(pick(rng, ("tip", "nozzle")), nose)]
    if not plain:
        hub = cylinder(radius * 0.5, radius * 1.2, radius * 0.4, around=12).mirrored("y").at(y=-radius * 0.8)
        pieces += [
            Piece("collar", hub),
            Piece(
                "needle",
                cylinder(max(radius * 0.08, 0.0006), long * rng.uniform(0.35, 0.6), 0.0003, around=8)
                .mirrored("y")
                .at(y=-radius * 1.9),
            ),
        ]
    elif chance(rng, 0.5):
        pieces.append(
            Piece(
                "cap",
                cylinder(radius * 0.45, radius * 2.2, radius * 0.4, bevel=0.0005, around=12)
                .mirrored("y")
                .at(y=-radius * 0.6),
            )
        )
    return pieces


def joystick(rng: np.random.Generator) -> Assembly:
    """Flight sticks with a trigger and a hat, arcade sticks with a ball and buttons, old ones with one button."""
    kind = pick(rng, ("flight", "arcade", "old"), (4, 3, 2))
    a = Assembly(
        pick(rng, ("joystick", {"flight": "flight stick", "arcade": "arcade stick"}.get(kind, "joystick")))
    )
    wide, deep, high = rng.uniform(0.13, 0.2), rng.uniform(0.12, 0.17), rng.uniform(0.03, 0.05)
    if kind == "arcade":
        wide *= 1.7
    x = -wide * 0.25 if kind == "arcade" else 0.0
    foot = slab(
        rectangle(wide, deep, deep * pick(rng, (0.05, 0.3)), 3), high, bevel=pick(rng, (0.002, 0.006))
    )
    a.add(
        pick(rng, ("base", "base", "body")),
        foot if kind != "flight" else foot.tapered(rng.uniform(0.75, 1.0)),
    )
    boot = lathe([(deep * 0.24, 0), (deep * 0.16, 0.01), (deep * 0.12, 0.016), (deep * 0.06, 0.024)], 18)
    a.add("collar", boot.at(x=x, y=high - 0.002))
    tall, lean, turn = rng.uniform(0.09, 0.13), rng.uniform(0, 18), rng.uniform(0, 360)
    if kind == "flight":
        stick = _flight_grip(rng, tall * 1.2)
    else:
        knob = (
            ball(0.034, around=16)
            if chance(rng, 0.6)
            else lathe(curve([(0.006, -0.03), (0.015, 0), (0.017, 0.012), (0.004, 0.022)], 9), 16)
        )
        shaft = (
            cylinder(0.005, tall * 0.65, around=12)
            if kind == "arcade"
            else cylinder(0.011, tall * 0.8, 0.008, around=14)
        )
        head = Piece(pick(rng, ("knob", "ball")), knob.at(y=tall * (0.68 if kind == "arcade" else 0.85)))
        stick = [Piece(pick(rng, ("shaft", "lever")), shaft), head]
        if kind == "old":
            stick[1] = Piece("button", cylinder(0.006, 0.006, around=12).at(y=tall * 0.8 - 0.002))
    a.put((p.changed(lambda m: m.turned("x", lean).turned("y", turn)) for p in stick), x=x, y=high + 0.016)
    _base_buttons(a, rng, (wide, deep, high), kind)
    if chance(rng, 0.6):
        a.add("cable", cable(rng, (0, high * 0.5, -deep / 2), rng.uniform(0.1, 0.25)))
    a.afford("grasp", "grip", "handle", "knob", "ball", "shaft", "lever")
    a.afford("push", "grip", "handle", "lever", "knob", "ball", "throttle")
    a.afford("press", "button", "trigger", "hat switch")
    a.afford("pull", "trigger", "throttle")
    a.afford("play", "button", "grip", "handle", "ball", "knob")
    return a


def _flight_grip(rng: np.random.Generator, tall: Number) -> list[Piece]:
    """A moulded grip that stands on the origin, with a trigger in front and buttons on its head."""
    path = curve([[0, 0, 0], [0, tall * 0.35, -0.006], [0, tall * 0.75, 0.004], [0, tall, 0.016]], 12)
    thick = rng.uniform(0.03, 0.036)
    girth = np.interp(np.linspace(0, 1, 12), [0, 0.15, 0.3, 0.75, 1], [0.6, 0.75, 0.95, 1.0, 1.15])
    pieces = [Piece(pick(rng, ("grip", "handle")), sweep(path, ellipse(thick, thick * 1.2, 14), girth))]
    pieces.append(
        Piece("trigger", box(0.009, 0.03, 0.016, bevel=0.003).at(y=tall * 0.68, z=thick * 0.62 + 0.002))
    )
    top = tall + 0.0005
    pieces.append(
        Piece(
            "hat switch" if chance(rng, 0.6) else "button",
            join([cylinder(0.005, 0.009, around=10), cylinder(0.009, 0.004, around=14).at(y=0.006)]).at(
                y=top - 0.001, z=0.016
            ),
        )
    )
    key = cylinder(0.0048, 0.006, around=12).at(x=0.011, y=top - 0.002, z=0.008)
    pieces.append(Piece("button", key.both_sides()))
    if chance(rng, 0.5):
        rest = slab(ellipse(thick * 2.0, thick * 2.2, 18), 0.01, bevel=0.003)
        pieces.append(Piece("hand rest", rest.at(y=tall * 0.1)))
    return pieces


def _base_buttons(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], kind: str
) -> None:
    """Buttons and a throttle on a base of (width, depth, height)."""
    wide, deep, high = size
    if kind == "arcade":
        knob = cylinder(0.013, 0.01, 0.012, around=16) + lathe(
            [(0.012, 0), (0.016, 0), (0.015, 0.004), (0.012, 0.004)], 16, closed=True
        )
        columns = int(rng.integers(2, 5))
        a.add("button", knob.row(columns, x=0.036).row(2, z=0.036).at(x=wide * 0.2, y=high - 0.002, z=0.01))
        if chance(rng, 0.6):
            a.add(
                "button",
                cylinder(0.006, 0.006, around=12)
                .row(2, x=0.024)
                .at(x=wide * 0.3, y=high - 0.001, z=-deep * 0.36),
            )
        return
    place = {"flight": 0.34, "old": 0.36}[kind]
    key = cylinder(0.01, 0.008, around=14) if chance(rng, 0.5) else box(0.016, 0.008, 0.012, bevel=0.002)
    if kind == "flight":
        key = key.scaled(0.8)
        a.add(
            "button",
            key.row(int(rng.integers(2, 4)), z=0.022).at(x=wide * place * 0.9, y=high - 0.002).both_sides(),
        )
        if chance(rng, 0.6):
            slot = (
                box(0.012, 0.034, 0.02, bevel=0.003)
                .turned("x", rng.uniform(-30, 30))
                .at(x=wide * 0.1, y=high - 0.008, z=-deep * 0.38)
            )
            a.add("throttle", slot)
    else:
        a.add("button", key.scaled(1.3).at(x=-wide * place, y=high - 0.002, z=-deep * 0.3))
