"""Small tools of the kitchen: pepper and coffee mills, rolling pins, graters."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, ring, slab, sweep, tray, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import inward, outward
from partwise.datasets.world.fittings import washer
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle
from partwise.datasets.world.pieces import turned
from partwise.datasets.world.tools import GRASP, haft, laid


def pepper_mill(rng: np.random.Generator) -> Assembly:
    """Turned mills with a head to twist, electric ones with a button, coffee mills with a crank and a drawer."""
    kind = pick(rng, ("turned", "electric", "crank", "coffee"), (4, 2, 2, 3))
    if kind == "coffee":
        return _coffee_mill(rng)
    a = Assembly(pick(rng, ("pepper mill", "pepper grinder", "salt mill")))
    radius, tall, around = rng.uniform(0.023, 0.032), rng.uniform(0.09, 0.2), max(12, roundness(rng))
    low = rng.uniform(0.015, 0.03)
    a.add("base", cylinder(radius, low, bevel=0.002, around=around))
    if kind == "turned":
        waist = rng.uniform(0.5, 0.8)
        side = curve(
            [
                (radius, 0),
                (radius * 0.95, tall * 0.15),
                (radius * waist, tall * 0.5),
                (radius * 0.85, tall * 0.85),
                (radius * 0.7, tall),
            ],
            14,
        )
        a.add(
            "body",
            lathe(side, around) if chance(rng, 0.7) else turned(rng, tall, radius, around),
            cylinder(radius * 0.4, tall),
        )
    else:
        a.add(
            pick(rng, ("body", "glass")),
            cylinder(radius * 0.97, tall, radius * rng.uniform(0.85, 0.97), around=around).at(y=low - 0.001),
        )
        tall += low
    _mill_top(a, rng, (radius, tall), kind)
    a.afford("wrapgrasp", "body", "glass", where=outward())
    a.afford("grasp", "head", "body", "glass", "knob", "handle knob", where=outward())
    a.afford("press", "button")
    a.afford("move", "crank", "head")
    a.afford("open", "cap", "lid", "nut")
    return a


def _mill_top(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number], kind: str) -> None:
    """What a mill of (radius, height without it) is turned by: a button, a head with its nut, a cap with a crank."""
    radius, tall = size
    if kind == "electric":
        a.add(
            "head",
            cylinder(radius, tall * 0.35, radius * 0.95, bevel=0.003, around=20).at(y=tall - 0.002),
        )
        a.add("button", cylinder(radius * 0.5, 0.008, radius * 0.45, around=16).at(y=tall * 1.35 - 0.003))
        if chance(rng, 0.5):
            a.add("light", cylinder(radius * 0.4, 0.004, around=14).at(y=-0.003))
    elif kind == "turned":
        wide = radius * rng.uniform(0.85, 1.05)
        head = pick(
            rng,
            (
                ball(2 * wide, 1.7 * wide, 2 * wide, around=16).at(y=wide * 0.8),
                lathe(curve([(wide * 0.7, 0), (wide, wide * 0.6), (wide * 0.5, wide * 1.5)], 8), 20),
            ),
        )
        a.add("head", head.at(y=tall - 0.002))
        a.add(
            pick(rng, ("knob", "nut")),
            ball(radius * 0.45, around=10).at(y=tall + (head.high[1]) + radius * 0.1),
        )
        if chance(rng, 0.4):
            a.add(
                pick(rng, ("ring", "collar")),
                washer(radius * 0.6, radius * 0.92, 0.006, 20).at(y=tall * 0.98),
            )
    else:
        a.add(
            pick(rng, ("cap", "lid")),
            lathe([(radius * 1.02, 0), (radius, 0.01), (radius * 0.3, radius * 0.6)], 20).at(y=tall - 0.002),
        )
        _crank(a, rng, tall + radius * 0.55, radius * rng.uniform(1.4, 2.2))


def _crank(a: Assembly, rng: np.random.Generator, y: Number, reach: Number) -> None:
    """A crank that turns about the y axis at the height y, and its knob."""
    angle = rng.uniform(0, 360)
    rise = rng.uniform(0, 0.3) * reach
    arm = sweep(curve([[0, 0, 0], [reach * 0.5, rise, 0], [reach, rise * 0.6, 0]], 8), rectangle(0.005, 0.01))
    hub = cylinder(0.008, 0.014, around=12).at(y=-0.01)
    a.add("crank", join([arm, hub]).turned("y", angle).at(y=y))
    knob = (
        lathe(curve([(0.005, 0), (0.011, 0.012), (0.013, 0.022), (0.006, 0.032)], 8), 12)
        if chance(rng, 0.6)
        else ball(0.026, around=12).at(y=0.014)
    )
    a.add(
        pick(rng, ("handle knob", "knob")),
        knob.at(x=reach * 0.95, y=rise * 0.6).turned("y", angle).at(y=y),
    )


def _coffee_mill(rng: np.random.Generator) -> Assembly:
    """A box with a drawer below, a bowl above and a crank on it."""
    a = Assembly("coffee mill")
    wide, high = rng.uniform(0.11, 0.15), rng.uniform(0.09, 0.13)
    a.add("base", box(wide * 1.15, 0.012, wide * 1.15, bevel=pick(rng, (0.0, 0.003))))
    a.add(pick(rng, ("body", "case")), box(wide, high, wide, bevel=pick(rng, (0.0, 0.004))).at(y=0.01))
    a.add("top", box(wide * 1.1, 0.01, wide * 1.1).at(y=high + 0.008))
    out = pick(rng, (0.0, rng.uniform(0.01, 0.05)))
    inner = wide * 0.7
    bin_ = tray(inner, high * 0.38, wide * 0.8, 0.004).at(y=0.02, z=wide * 0.12 + out)
    a.add("drawer", bin_, box(inner * 1.08, high * 0.44, 0.006).at(y=0.017, z=wide * 0.52 + out))
    a.add("knob", ball(0.016, around=12).at(y=0.02 + high * 0.2, z=wide * 0.52 + 0.009 + out))
    top, radius = high + 0.016, wide * rng.uniform(0.36, 0.46)
    if chance(rng, 0.65):
        cup = vessel([(radius * 0.5, 0), (radius * 0.85, radius * 0.3), (radius, radius * 0.6)], 0.003, 22)
        a.add(pick(rng, ("bowl", "funnel")), cup.at(y=top))
        a.add("shaft", cylinder(0.005, radius * 0.75, around=10).at(y=top))
        rise = radius * 0.72
    else:
        a.add(pick(rng, ("dome", "lid")), lathe(arc(radius, 0, 80, 7)[:, :2], 22).scaled(1, 0.8, 1).at(y=top))
        rise = radius * 0.8
    _crank(a, rng, top + rise + 0.006, wide * rng.uniform(0.7, 1.0))
    a.afford("grasp", "knob", "handle knob")
    a.afford("pull", "drawer", "knob")
    a.afford("open", "drawer", "lid")
    a.afford("contain", "bowl", "funnel", "drawer", where=inward())
    a.afford("move", "crank")
    return a


def rolling_pin(rng: np.random.Generator) -> Assembly:
    """Rollers with two handles, tapered ones of one piece, small ones on a fork with one handle."""
    kind = pick(rng, ("handles", "rings", "tapered", "fork"), (4, 2, 2, 2))
    long, radius, around = rng.uniform(0.2, 0.3), rng.uniform(0.02, 0.034), max(12, roundness(rng))
    actions = {
        "grasp": ("handle", "grip", "tip"),
        "push": ("handle", "grip"),
        "move": ("roller",),
        "press": ("roller",),
    }
    if kind == "fork":
        long, radius = long * 0.45, radius * 0.7
    barrel = cylinder(radius, long, bevel=radius * 0.1, around=around).at(y=-long / 2)
    if kind == "tapered":
        barrel = lathe(
            curve(
                [
                    (radius * 0.7, -long / 2),
                    (radius, -long * 0.2),
                    (radius, long * 0.2),
                    (radius * 0.7, long / 2),
                ],
                11,
            ),
            around,
        )
        end = lathe(
            curve([(radius * 0.71, 0), (radius * 0.5, long * 0.12), (radius * 0.3, long * 0.2)], 6), around
        ).at(y=long / 2 - 0.001)
        pieces = [Piece("roller", barrel), Piece(pick(rng, ("tip", "handle", "grip")), end.both_sides("y"))]
        return laid(rng, "rolling pin", pieces, actions)
    pieces = [Piece("roller", barrel)]
    if kind == "fork":
        pieces += _fork(rng, long, radius)
        return laid(rng, pick(rng, ("pastry roller", "dough roller")), pieces, actions)
    gap, hold = rng.uniform(0.003, 0.012), rng.uniform(0.08, 0.11)
    grip = haft(rng, hold, radius * rng.uniform(0.9, 1.1)).at(y=long / 2 + gap)
    pieces.append(Piece(pick(rng, ("handle", "handle", "grip")), grip.both_sides("y")))
    pieces.append(
        Piece(
            pick(rng, ("axle", "rod")),
            cylinder(radius * 0.3, long + 2 * gap + 0.008, around=10).at(y=-long / 2 - gap - 0.004),
        )
    )
    if kind == "rings":
        disc = cylinder(radius * rng.uniform(1.15, 1.4), 0.008, around=around).at(y=long / 2 - 0.012)
        pieces.append(Piece("ring", disc.both_sides("y")))
    return laid(rng, "rolling pin", pieces, actions)


def _fork(rng: np.random.Generator, long: Number, radius: Number) -> list[Piece]:
    """The fork that a small roller of (length, radius) along y turns in, and its handle."""
    half, drop = long / 2, radius * rng.uniform(2.0, 3.0)
    bow = [
        [0, half + 0.012, 0],
        [drop * 0.5, half + 0.012, 0],
        [drop, half * 0.3, 0],
        [drop * 1.15, 0, 0],
    ]
    arm = tube(curve(bow, 10), 0.0035, 6)
    pieces = [
        Piece(
            "frame",
            join([arm.both_sides("y"), cylinder(0.003, long + 0.026, around=8).at(y=-half - 0.013)]),
        )
    ]
    pieces.append(
        Piece(
            pick(rng, ("handle", "grip")),
            haft(rng, rng.uniform(0.09, 0.12), 0.026).turned("z", -90).at(x=drop * 1.1),
        )
    )
    return pieces


def grater(rng: np.random.Generator) -> Assembly:
    """Box graters with four sides, flat ones with a handle, long fine ones, small drums with a crank."""
    kind = pick(rng, ("box", "flat", "long", "drum"), (4, 3, 2, 2))
    if kind == "box":
        return _box_grater(rng)
    if kind == "drum":
        return _drum_grater(rng)
    long, wide = (
        (rng.uniform(0.18, 0.24), rng.uniform(0.024, 0.034))
        if kind == "long"
        else (rng.uniform(0.13, 0.18), rng.uniform(0.06, 0.09))
    )
    plate, hold = slab(rectangle(wide, 0.002), long), rng.uniform(0.1, 0.13)
    pieces = [
        Piece(pick(rng, ("plate", "body")), plate),
        Piece("tooth", _teeth(rng, wide * 0.8, long * 0.85).at(y=long * 0.06, z=0.001)),
    ]
    wire = [[-wide / 2, 0, 0], [-wide / 2, long, 0], [wide / 2, long, 0], [wide / 2, 0, 0]]
    if kind == "flat" or chance(rng, 0.4):
        pieces.append(Piece("frame", tube(np.array(wire), 0.003, 6)))
    if kind == "flat" and chance(rng, 0.4):
        loop = curve(
            [[-wide / 2, 0, 0], [-wide * 0.3, -0.09, 0], [wide * 0.3, -0.09, 0], [wide / 2, 0, 0]], 14
        )
        pieces.append(Piece("handle", tube(loop, 0.005, 8)))
    else:
        pieces.append(
            Piece(pick(rng, ("handle", "handle", "grip")), haft(rng, hold, 0.024).at(y=0.006 - hold))
        )
    if chance(rng, 0.5):
        pieces.append(Piece("foot", box(wide, 0.012, 0.012, bevel=0.002).at(y=long - 0.004, z=-0.002)))
    return laid(
        rng,
        pick(rng, ("grater", "cheese grater")),
        pieces,
        GRASP | {"cut": ("tooth",), "push": ("handle", "grip"), "support": ("foot",)},
    )


def _teeth(rng: np.random.Generator, wide: Number, high: Number, slots: bool = False) -> Mesh:
    """Rows of small teeth, or a few broad edges over `slots`, out of the plane z = 0 towards +z, up to y = `high`."""
    columns = int(rng.integers(4, 7))
    step = wide / columns
    rows = max(3, min(int(high / step), 12))
    tooth = cylinder(step * 0.3, step * 0.3, 0.0, around=4).turned("x", 90)
    if slots:
        rows, columns, tooth = 4, 1, box(wide * 0.8, 0.008, 0.006).turned("x", 30)
    return tooth.row(columns, x=step).row(rows, y=high / rows).at(y=high / 2)


def _box_grater(rng: np.random.Generator) -> Assembly:
    """Four sides that lean together, each with teeth of its own size, a handle on the top."""
    a = Assembly(pick(rng, ("grater", "box grater", "cheese grater")))
    wide, deep, tall = rng.uniform(0.09, 0.12), rng.uniform(0.07, 0.09), rng.uniform(0.17, 0.23)
    top = rng.uniform(0.5, 0.75)
    shell = vessel([(0.5, 0), (0.5 * top, tall)], 0.02, rectangle(1, 1)).scaled(wide, 1, deep)
    a.add(pick(rng, ("body", "frame", "plate")), shell)
    for turn, size, out, slots in (
        (0, wide, deep, False),
        (180, wide, deep, False),
        (90, deep, wide, True),
        (270, deep, wide, False),
    ):
        lean = np.degrees(np.arctan(out * (1 - top) / 2 / tall))
        teeth = _teeth(rng, size * top * 0.85, tall * 0.75, slots).turned("x", -lean)
        name = "blade" if slots and chance(rng, 0.6) else "tooth"
        a.add(name, teeth.at(y=tall * 0.12, z=out / 2 * (1 - (1 - top) * 0.12)).turned("y", turn))
    half, rise = wide * top * 0.4, rng.uniform(0.03, 0.045)
    bow = curve([[-half, -0.01, 0], [-half * 0.9, rise, 0], [half * 0.9, rise, 0], [half, -0.01, 0]], 12)
    a.add("handle", sweep(bow, rectangle(0.018, 0.01, 0.003, 2)).at(y=tall))
    a.add(
        pick(rng, ("top", "rim")),
        slab(rectangle(wide * top * 1.06, deep * top * 1.1, 0.006), 0.012).at(y=tall - 0.01),
    )
    if chance(rng, 0.5):
        hoop = ring(
            rectangle(wide * 1.06, deep * 1.06, 0.006), rectangle(wide * 0.94, deep * 0.94, 0.004), 0.012
        )
        a.add(pick(rng, ("base", "rim")), hoop.turned("x", 90).at(y=0.006))
    a.afford("grasp", "handle")
    a.afford("lift", "handle")
    a.afford("press", "handle")
    a.afford("cut", "tooth", "blade")
    return a


def _drum_grater(rng: np.random.Generator) -> Assembly:
    """A small one for cheese: a handle with a lid that presses on a drum, turned by a crank."""
    long, radius = rng.uniform(0.12, 0.16), rng.uniform(0.02, 0.026)
    bar = sweep(
        curve([[0, -long, 0], [0, -long * 0.4, 0.004], [0, radius * 1.1, 0]], 8),
        rectangle(0.026, 0.014, 0.005, 2),
    )
    lid = sweep(
        curve([[0, -long, 0.02], [0, -long * 0.4, 0.034], [0, radius, radius * 1.05]], 8),
        rectangle(0.022, 0.01, 0.003, 2),
    )
    case = (
        ring(ellipse(radius * 2.7, count=20), ellipse(radius * 2.1, count=20), radius * 2)
        .turned("y", 90)
        .at(y=radius * 1.9)
    )
    drum = cylinder(radius, radius * 2.2, around=18).at(y=-radius * 1.1).turned("z", 90).at(y=radius * 1.9)
    tooth = (
        cylinder(0.003, 0.003, 0, around=5)
        .at(y=radius)
        .copies([(x, 0, 0) for x in (-0.012, -0.004, 0.004, 0.012)])
        .around(8, "x")
    )
    pieces = [
        Piece("handle", bar),
        Piece("lever", lid),
        Piece(pick(rng, ("housing", "case")), case),
        Piece("drum", drum),
    ]
    pieces.append(Piece("tooth", tooth.at(y=radius * 1.9)))
    pin = cylinder(0.005, radius * 0.9, around=8).turned("z", -90).at(x=radius * 0.9, y=radius * 1.9)
    arm = box(0.005, radius * 2.2, 0.01).turned("x", rng.uniform(0, 360)).at(x=radius * 1.7, y=radius * 1.9)
    end = arm.vertices.mean(axis=0) * 2 - [radius * 1.7 + 0.0025, radius * 1.9, 0]
    knob = cylinder(0.006, 0.024, 0.008, around=10).turned("z", -90).at(radius * 1.7, end[1], end[2])
    pieces += [Piece("crank", join([pin, arm])), Piece(pick(rng, ("handle knob", "knob")), knob)]
    return laid(
        rng, "cheese grater", pieces, GRASP | {"press": ("lever",), "move": ("crank",), "cut": ("tooth",)}
    )
