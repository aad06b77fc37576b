"""Large bodies with small controls: telephones and alarm clocks."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along
from partwise.datasets.world.build import ball, box, cylinder, extrude, lathe, ring, slab, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing
from partwise.datasets.world.fronts import key
from partwise.datasets.world.mesh import Mesh, Number, Piece
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle
from partwise.datasets.world.pieces import cable

Size = tuple[Number, Number, Number]


def stud(rng: np.random.Generator, width: Number, depth: Number) -> Mesh:
    """A control that is pressed from above, on y = 0 around the origin."""
    return key(rng, width, depth).turned("x", -90)


def case(rng: np.random.Generator, size: Size) -> Mesh:
    """A low case of (width, height, depth) on y = 0: sharp, bevelled or with round corners."""
    (wide, high, deep), style = size, pick(rng, ("sharp", "bevelled", "round"))
    if style == "round":
        corner = min(wide, deep) * rng.uniform(0.08, 0.4)
        return slab(rectangle(wide, deep, corner), high, bevel=pick(rng, (0.0, 0.15)) * high)
    return box(wide, high, deep, bevel=high * 0.15 if style == "bevelled" else 0.0)


def telephone(rng: np.random.Generator) -> Assembly:
    """Telephones with keys, with a dial, candlestick telephones, telephones on a wall."""
    kind = pick(rng, ("keys", "dial", "candlestick", "wall"), (4, 3, 3, 2))
    a = Assembly("telephone")
    {"keys": _key_phone, "dial": _dial_phone, "candlestick": _candlestick, "wall": _wall_phone}[kind](a, rng)
    a.afford("press", "button", "key", "hook switch")
    a.afford("push", "dial", where=facing("z", softness=0.6))
    a.afford("lift", "handset", "earpiece")
    a.afford("grasp", "handset", "column")
    a.afford("speak", "mouthpiece")
    a.afford("listen", "earpiece", "grille")
    a.afford("display", "display")
    a.afford("support", "cradle")
    a.afford("move", "body", "base")
    return a


def handset(rng: np.random.Generator, long: Number) -> list[Piece]:
    """A receiver along x, its two cups on y = 0, the grip above them."""
    cup, high, around = long * rng.uniform(0.11, 0.15), long * rng.uniform(0.13, 0.2), max(8, roundness(rng))
    if chance(rng, 0.4):
        bar = box(long, high * 0.45, cup * 1.3, bevel=cup * 0.2).at(y=high * 0.55)
    else:
        arch = curve([[-long * 0.4, high * 0.6, 0], [0, high * 1.2, 0], [long * 0.4, high * 0.6, 0]], 9)
        bar = tube(arch, cup * rng.uniform(0.4, 0.6), 8)
    shell = lathe([(cup * 0.9, 0), (cup, high * 0.3), (cup * 0.5, high * 0.8)], around)
    side = pick(rng, (-1, 1))
    pieces = [Piece("handset", bar)]
    for name, sign in (("earpiece", side), ("mouthpiece", -side)):
        pieces.append(Piece(name, shell.at(x=sign * long * 0.4), of="handset"))
    return pieces


def curly(start: list, through: list, stop: list, radius: Number) -> Mesh:
    """A coiled cord from start to stop by way of a third point."""
    path, angle = curve([start, through, stop], 64), np.linspace(0, 2 * np.pi * 8, 64)
    swing = np.stack([np.cos(angle) * 0.7, np.sin(angle), np.cos(angle) * 0.7], axis=1)
    return tube(path + radius * swing, radius * 0.35, 4)


def _key_phone(a: Assembly, rng: np.random.Generator) -> None:
    """A wedge with the receiver on its left, keys in a block, a display and one or more odd buttons."""
    wide, deep, low = rng.uniform(0.17, 0.25), rng.uniform(0.19, 0.24), rng.uniform(0.02, 0.04)
    high = low + rng.uniform(0.02, 0.08)
    tilt = float(np.degrees(np.arctan2(high - low, deep)))
    a.add(
        pick(rng, ("body", "base")),
        along([(deep / 2, 0), (deep / 2, low), (-deep / 2, high), (-deep / 2, 0)], wide),
    )

    def lay(mesh: Mesh, x: Number, z: Number) -> Mesh:
        return mesh.at(x, 0, z).turned("x", tilt).at(y=(low + high) / 2)

    x, pitch = wide * 0.18, wide * rng.uniform(0.11, 0.15)
    one = stud(rng, pitch * 0.7, pitch * rng.uniform(0.5, 0.7))
    a.add(pick(rng, ("key", "button")), lay(one.row(3, x=pitch).row(4, z=pitch), x, deep * 0.16))
    if chance(rng, 0.7):
        a.add("display", lay(box(wide * 0.5, 0.004, deep * 0.15), x, -deep * 0.32))
    small = stud(rng, pitch * 0.4, pitch * 0.3)
    if chance(rng, 0.6):
        a.add("button", lay(small.row(int(rng.integers(1, 6)), x=pitch * 0.7), x, -deep * 0.17))
    if chance(rng, 0.5):
        a.add("grille", lay(box(wide * 0.2, 0.003, 0.003).row(5, z=0.008), -wide * 0.28, deep * 0.05))
    left, rest = -wide * 0.31, rng.uniform(0.006, 0.015)
    a.add("cradle", lay(box(wide * 0.26, rest, deep * 0.14).row(2, z=deep * 0.7), left, 0))
    for piece in handset(rng, deep * 1.05):
        a.add(piece.name, lay(piece.mesh.turned("y", 90).at(y=rest * 0.6), left, 0), of=piece.of)
    end = [-wide * 0.5 + 0.01, low * 0.4, deep * 0.3]
    cup = [left, low + rest, deep * 0.44]
    a.add("cord", curly(end, [-wide * rng.uniform(0.7, 0.9), 0.012, deep * 0.55], cup, 0.006))


def _dial_phone(a: Assembly, rng: np.random.Generator) -> None:
    """An old telephone: a flared body, the receiver across the top, a dial (or keys) on the sloped front."""
    wide, deep, high = rng.uniform(0.17, 0.22), rng.uniform(0.16, 0.2), rng.uniform(0.09, 0.13)
    top = rng.uniform(0.45, 0.65)
    profile = [
        (deep / 2, 0),
        (deep / 2, high * 0.15),
        (deep * 0.02, high),
        (-deep * 0.42, high),
        (-deep / 2, 0),
    ]
    a.add("body", along(profile, wide).tapered(top))
    tilt = float(np.degrees(np.arctan2(deep * 0.48, high * 0.85)))
    y, z = high * 0.52, deep * 0.27 * (1 + top) / 2 + 0.002
    size = wide * rng.uniform(0.24, 0.3)
    lean = -max(25.0, tilt * 0.9)
    if chance(rng, 0.75):
        disc = cylinder(size, 0.012, around=24).turned("x", 90)
        if chance(rng, 0.8):
            hole = ring(ellipse(size * 0.36, count=10), ellipse(size * 0.24, count=10), 0.006)
            disc = disc + hole.at(y=size * 0.75, z=0.013).around(10, "z", start=-20, stop=270)
        a.add("dial", disc.turned("x", lean).at(y=y, z=z))
        a.add(
            "button", cylinder(size * 0.25, 0.018, around=12).turned("x", 90).turned("x", lean).at(y=y, z=z)
        )
    else:
        one = key(rng, size * 0.36, size * 0.36)
        a.add("button", one.row(3, x=size * 0.52).row(4, y=size * 0.52).turned("x", lean).at(y=y, z=z))
    rest = rng.uniform(0.02, 0.035)
    prong = box(wide * 0.08, rest, deep * 0.3, bevel=0.003)
    a.add("cradle", prong.at(x=wide * 0.24, y=high - 0.004, z=-deep * 0.14).both_sides())
    if chance(rng, 0.6):
        pin = cylinder(0.005, rest * 0.7, around=8).at(x=wide * 0.1, y=high - 0.002, z=-deep * 0.14)
        a.add("hook switch", pin.both_sides())
    a.put(handset(rng, wide * rng.uniform(1.1, 1.3)), y=high + rest * 0.55, z=-deep * 0.14)
    if chance(rng, 0.6):
        ends = [-wide * 0.48, high + rest, -deep * 0.14], [-wide * 0.38, high * 0.2, -deep * 0.3]
        a.add("cord", curly(ends[0], [-wide * 0.75, high * 0.4, -deep * 0.2], ends[1], 0.006))


def _candlestick(a: Assembly, rng: np.random.Generator) -> None:
    """A round foot, a column with the mouthpiece on top, the receiver on a hook at its side."""
    radius, high, around = rng.uniform(0.06, 0.085), rng.uniform(0.2, 0.32), max(12, roundness(rng))
    foot = [(radius, 0), (radius, 0.012), (radius * 0.8, 0.03), (radius * 0.3, rng.uniform(0.035, 0.06))]
    a.add("base", lathe(foot, around))
    a.add("column", cylinder(0.013, high - 0.02, rng.uniform(0.009, 0.013), around=12).at(y=0.02))
    horn = lathe([(0.014, 0), (0.018, 0.02), (0.036, 0.055), (0.03, 0.055), (0.008, 0.02)], around)
    a.add("mouthpiece", horn.turned("x", 75).at(y=high, z=0.012))
    a.add("body", ball(0.05, around=12).at(y=high))
    y = high * rng.uniform(0.72, 0.82)
    a.add(
        "hook",
        tube(
            curve([[0, y, 0], [-0.03, y + 0.005, 0], [-0.06, y - 0.005, 0], [-0.07, y + 0.012, 0]], 9),
            0.004,
            6,
        ),
    )
    a.add("handset", cylinder(0.014, 0.1, 0.019, around=12).at(x=-0.06, y=y - 0.105))
    a.add("earpiece", cylinder(0.027, 0.016, 0.022, around=16).at(x=-0.06, y=y - 0.12), of="handset")
    where = radius * rng.uniform(0.62, 0.72)
    if chance(rng, 0.5):
        disc = cylinder(radius * 0.34, 0.01, around=20).turned("x", 90)
        a.add("dial", disc.turned("x", -50).at(y=0.032, z=where))
    else:
        size = radius * rng.uniform(0.1, 0.2)
        a.add(
            "button",
            stud(rng, size, size)
            .row(int(rng.integers(1, 4)), x=size * 1.5)
            .turned("x", 25)
            .at(y=0.033, z=where),
        )
    if chance(rng, 0.6):
        sag = [[-0.06, y - 0.005, 0], [-radius * 1.5, high * 0.4, -0.01], [-radius * 0.7, 0.025, -0.02]]
        a.add("cord", tube(curve(sag, 14), 0.003, 6))


def _wall_phone(a: Assembly, rng: np.random.Generator) -> None:
    """A tall case on a wall with a hanging receiver beside keys or a dial."""
    wide, high, deep = rng.uniform(0.16, 0.22), rng.uniform(0.2, 0.28), rng.uniform(0.03, 0.06)
    a.add("body", box(wide, high, deep, bevel=pick(rng, (0.0, 0.008))))
    z, left, pitch = deep / 2, -wide * 0.27, wide * rng.uniform(0.12, 0.16)
    a.add("cradle", box(wide * 0.3, high * 0.09, 0.03).at(left, high * 0.8, z + 0.012))
    for piece in handset(rng, high * 0.95):
        a.add(
            piece.name,
            piece.mesh.turned("z", 90).turned("y", 90).at(left, high * 0.5, z + 0.004),
            of=piece.of,
        )
    one = key(rng, pitch * 0.65, pitch * 0.55)
    rows = int(pick(rng, (4, 4, 1)))
    name = pick(rng, ("key", "button"))
    a.add(name, one.row(3 if rows == 4 else 1, x=pitch).row(rows, y=pitch).at(wide * 0.2, high * 0.45, z))
    if chance(rng, 0.6):
        a.add("grille", box(wide * 0.3, 0.003, 0.003).row(5, y=0.009).at(wide * 0.2, high * 0.85, z))
    ends = [left, high * 0.08, z + 0.02], [wide * 0.1, 0.004, z - 0.01]
    a.add("cord", curly(ends[0], [left * 0.3, -high * rng.uniform(0.3, 0.6), z], ends[1], 0.006))


def alarm_clock(rng: np.random.Generator) -> Assembly:
    """Clocks with two bells, digital boxes with keys on top, domes and balls of light with one button."""
    kind = pick(rng, ("bells", "digital", "dome", "light"), (4, 4, 2, 2))
    a = Assembly("alarm clock")
    {"bells": _bell_clock, "digital": _digital_clock, "dome": _dome_clock, "light": _light_clock}[kind](
        a, rng
    )
    a.afford("press", "button", "snooze button")
    a.afford("push", "snooze button", "switch")
    a.afford("grasp", "handle", "knob")
    a.afford("lift", "handle")
    a.afford("listen", "bell", "grille")
    a.afford("display", "display", "face", "hand", where=facing("z", softness=0.7))
    a.afford("move", "body", "base")
    return a


def _hands(a: Assembly, rng: np.random.Generator, size: Number, place: Size) -> None:
    """A clock face of diameter `size` looking to +z at a place, with its hands."""
    x, y, z = place
    a.add("face", cylinder(size / 2, 0.004, around=24).turned("x", 90).at(x, y, z))
    for long, thick in ((0.26, 0.05), (0.38, 0.035), (0.3, 0.02)):
        pointer = box(size * thick, size * long, 0.002).turned("z", rng.uniform(0, 360))
        a.add("hand", pointer.at(x, y, z + 0.005))


def _bell_clock(a: Assembly, rng: np.random.Generator) -> None:
    """A drum on two feet with bells, hammer and handle above, keys behind and one button on top."""
    size, around = rng.uniform(0.08, 0.13), max(14, roundness(rng))
    deep, y = size * rng.uniform(0.35, 0.55), size * 0.62
    a.add(
        "body",
        cylinder(size / 2, deep, bevel=pick(rng, (0.0, 0.1)) * deep, around=around)
        .turned("x", 90)
        .at(y=y, z=-deep / 2),
    )
    _hands(a, rng, size * rng.uniform(0.8, 0.9), (0, y, deep / 2 - 0.002))
    cup = lathe(arc(size * rng.uniform(0.2, 0.26), 0, 90, 6)[:, :2], 14)
    pin = cylinder(size * 0.03, size * 0.2, around=8)
    if chance(rng, 0.75):
        for lean in (-36, 36):
            a.add("bell", cup.at(y=size * 0.58).turned("z", lean).at(y=y))
            a.add("post", pin.at(y=size * 0.45).turned("z", lean).at(y=y))
        if chance(rng, 0.6):
            a.add(
                "hammer",
                pin.at(y=size * 0.48).at(y=y),
                box(size * 0.14, size * 0.06, size * 0.06).at(y=y + size * 0.66),
            )
        if chance(rng, 0.7):
            hoop = [
                [-size * 0.33, size * 0.68, 0],
                [-size * 0.2, size * 1.0, 0],
                [size * 0.2, size * 1.0, 0],
                [size * 0.33, size * 0.68, 0],
            ]
            a.add("handle", tube(curve(hoop, 11), size * 0.025, 6).at(y=y))
    else:
        a.add("bell", cup.scaled(1.2).at(y=y + size * 0.52))
        a.add("button", cylinder(size * 0.05, size * 0.09, around=10).at(y=y + size * 0.8))
        a.add("post", pin.at(y=y + size * 0.45))
    a.add("foot", pin.scaled(1.3, 1.1, 1.3).at(y=-size * 0.68).turned("z", 30).at(y=y).both_sides())
    if chance(rng, 0.7):
        turn = cylinder(size * 0.06, size * 0.08, around=10).turned("x", -90).at(y=y, z=-deep / 2)
        a.add("knob", turn.row(int(rng.integers(2, 4)), x=size * 0.22))
    if chance(rng, 0.4):
        knob = cylinder(size * 0.04, size * 0.06, around=10).turned("z", -90).at(x=size * 0.49, y=y)
        a.add("button", knob)


def _digital_clock(a: Assembly, rng: np.random.Generator) -> None:
    """A box or wedge with a display, a wide snooze key and small ones on top, or one at the side."""
    wide, high, deep = rng.uniform(0.11, 0.22), rng.uniform(0.05, 0.1), rng.uniform(0.05, 0.1)
    back = deep * rng.uniform(0.6, 1.0)
    a.add(
        pick(rng, ("body", "case")),
        along([(deep / 2, 0), (deep / 2 - deep + back, high), (-deep / 2, high), (-deep / 2, 0)], wide),
    )
    lean = float(np.degrees(np.arctan2(deep - back, high)))
    a.add("display", box(wide * 0.85, high * 0.7, 0.004).at(y=high * 0.15).turned("x", -lean).at(z=deep / 2))
    z, size = -(deep - back) / 2, wide * rng.uniform(0.03, 0.06)
    if chance(rng, 0.7):
        a.add(
            "snooze button",
            box(wide * rng.uniform(0.25, 0.5), 0.008, back * 0.3, bevel=0.002).at(
                y=high - 0.002, z=z + back * 0.15
            ),
        )
    if chance(rng, 0.75):
        count = int(rng.integers(1, 6))
        a.add("button", stud(rng, size, size).row(count, x=size * 1.6).at(y=high, z=z - back * 0.25))
    else:
        a.add("button", key(rng, size, size).turned("y", 90).at(wide / 2, high * 0.6, z))
    if chance(rng, 0.4):
        a.add("grille", box(0.003, 0.003, back * 0.4).row(7, x=0.007).at(wide * 0.33, high - 0.001, z))
    if chance(rng, 0.4):
        a.add("switch", box(0.006, 0.012, 0.01).at(-wide / 2, high * 0.4, z))
    if chance(rng, 0.4):
        a.add("cable", cable(rng, (wide * 0.3, 0.01, -deep / 2), wide * 0.8))


def _dome_clock(a: Assembly, rng: np.random.Generator) -> None:
    """A loaf or dome with a round face and a single button on its crown."""
    wide, deep = rng.uniform(0.08, 0.13), rng.uniform(0.04, 0.07)
    high = wide * rng.uniform(0.95, 1.25)
    outline = np.concatenate(
        [[[-wide / 2, 0], [wide / 2, 0]], arc(wide / 2, 0, 180, 13)[:, :2] + [0, high - wide / 2]]
    )
    a.add("body", extrude(outline, deep))
    _hands(a, rng, wide * 0.8, (0, high - wide / 2, deep / 2 - 0.002))
    size = wide * rng.uniform(0.08, 0.3)
    a.add(
        pick(rng, ("button", "snooze button")),
        stud(rng, size, min(size, deep * 0.6)).scaled(1, 2, 1).at(y=high - 0.003),
    )
    if chance(rng, 0.6):
        a.add(
            "knob",
            cylinder(wide * 0.05, 0.008, around=10)
            .turned("x", -90)
            .row(2, x=wide * 0.3)
            .at(y=high * 0.4, z=-deep / 2),
        )
    a.add("foot", box(wide * 0.12, 0.01, deep * 0.8).at(x=wide * 0.35, y=-0.009).both_sides())


def _light_clock(a: Assembly, rng: np.random.Generator) -> None:
    """A wake-up light: a ball or disc on a round base, a display, tiny buttons on the base or the rim."""
    size, low = rng.uniform(0.14, 0.2), rng.uniform(0.015, 0.035)
    radius = size * rng.uniform(0.28, 0.42)
    a.add("base", cylinder(radius, low, radius * 0.9, around=24))
    flat = pick(rng, (0.35, 0.6, 1.0))
    a.add("light", ball(size, size, size * flat, around=20).at(y=low + size * 0.48))
    a.add("display", box(size * 0.4, size * 0.16, 0.006).at(y=low + size * 0.42, z=size * flat / 2 - 0.004))
    count, small = int(rng.integers(1, 4)), size * rng.uniform(0.05, 0.09)
    if chance(rng, 0.6):
        a.add("button", stud(rng, small, small).row(count, x=small * 1.5).at(y=low, z=radius * 0.7))
    else:
        a.add(
            "button",
            stud(rng, small, small).row(count, x=small * 1.3).scaled(1, 2.5, 1).at(y=low + size * 0.97),
        )
