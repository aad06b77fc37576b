"""Vessels one carries about: flasks and lanterns."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import box, cylinder, lathe, ring, slab, sweep, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import inward, outward
from partwise.datasets.world.fittings import washer
from partwise.datasets.world.mesh import Number, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle


def thermos(rng: np.random.Generator) -> Assembly:
    """Flasks under a cup that is their lid, travel mugs with a flap, wide ones for soup, pots one pumps."""
    kind = pick(rng, ("flask", "travel", "wide", "pump"), (4, 3, 2, 3))
    a = Assembly(
        {"travel": "travel mug", "wide": "food flask"}.get(kind, pick(rng, ("thermos", "vacuum flask")))
    )
    radius, around = rng.uniform(0.034, 0.045), max(14, roundness(rng))
    tall = radius * {"flask": 5.5, "travel": 4.2, "wide": 2.8, "pump": 4.0}[kind] * rng.uniform(0.9, 1.2)
    if kind in ("wide", "pump"):
        radius, tall = radius * 1.5, tall * 1.3
    top = radius * {"flask": 0.85, "travel": 1.08, "wide": 1.0, "pump": 0.95}[kind]
    side = [(radius * 0.9, 0), (radius, 0.01), (radius, tall * 0.75), (top, tall * 0.92), (top, tall)]
    a.add("body", lathe(side if kind != "travel" else [(radius * 0.8, 0), (top, tall)], around))
    if chance(rng, 0.4):
        a.add("base", cylinder(radius * 1.04, tall * 0.07, bevel=0.002, around=around).at(y=-0.004))
    if chance(rng, 0.3) and kind != "travel":
        a.add(
            "band",
            washer(radius * 0.95, radius * 1.03, 0.01, around).at(y=tall * 0.7),
        )
    {"flask": _cup_lid, "travel": _flap_lid, "wide": _wide_lid, "pump": _pump_lid}[kind](
        a, rng, (top, tall), around
    )
    if kind in ("flask", "travel") and chance(rng, 0.55):
        out, low, high = radius * rng.uniform(1.7, 2.0), tall * 0.25, tall * 0.7
        loop = curve(
            [[radius * 0.93, high, 0], [out, high * 0.97, 0], [out, low * 1.1, 0], [radius * 0.88, low, 0]],
            14,
        )
        a.add("handle", sweep(loop, rectangle(0.018, 0.008, 0.003, 2)))
    elif kind == "flask" and chance(rng, 0.6):
        drop = curve(
            [
                [radius * 0.98, tall * 0.8, 0],
                [radius * 1.9, tall * 0.5, 0.01],
                [radius * 0.98, tall * 0.15, 0],
            ],
            14,
        )
        a.add("strap", sweep(drop, rectangle(0.016, 0.002)))
    a.afford("wrapgrasp", "body", where=outward())
    a.afford("grasp", "handle", "cup", "lid", "cap", where=outward())
    a.afford("open", "cup", "lid", "cap", "flap", "cork")
    a.afford("press", "button", "pump")
    a.afford("carry", "handle", "strap")
    a.afford("lift", "handle", "flap")
    a.afford("pour", "spout", "rim")
    a.afford("contain", "cup", where=inward())
    return a


def _cup_lid(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number], around: int) -> None:
    """The cup over the stopper of a flask of (radius, height); now and then the cup stands beside it."""
    radius, y = size
    high, wide = radius * rng.uniform(1.2, 1.8), radius * 1.05
    cup = vessel([(wide * 0.8, 0), (wide, high * 0.15), (wide, high)], 0.003, around)
    a.add(
        pick(rng, ("rim", "neck")),
        cylinder(radius * 0.85, 0.022, radius * 0.8, around=around).at(y=y - 0.002),
    )
    if chance(rng, 0.4):
        a.add(
            pick(rng, ("cork", "cap")),
            cylinder(radius * 0.66, 0.026, bevel=0.003, around=around).at(y=y + 0.018),
        )
        a.add("cup", cup.at(x=radius * 3.2 * pick(rng, (-1, 1)), z=radius * 0.8))
        a.add("button", cylinder(radius * 0.3, 0.008, around=14).at(y=y + 0.042))
    else:
        a.add(pick(rng, ("cup", "lid")), cup.turned("x", 180).at(y=y + high + 0.003))


def _flap_lid(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number], around: int) -> None:
    """A lid with a drinking hole's flap, or with a button, on a travel mug of (radius, height)."""
    radius, y = size
    high = rng.uniform(0.014, 0.028)
    a.add("lid", cylinder(radius * 1.04, high, radius * 0.97, bevel=0.003, around=around).at(y=y - 0.003))
    if chance(rng, 0.6):
        flap = slab(rectangle(radius * 0.5, radius * 0.9, radius * 0.2, 3), 0.006).at(z=radius * 0.42)
        a.add("flap", flap.turned("x", -pick(rng, (0, rng.uniform(20, 80)))).at(y=y + high - 0.005))
        a.add(
            "hinge",
            cylinder(0.004, radius * 0.55, around=10)
            .at(y=-radius * 0.275)
            .turned("z", 90)
            .at(y=y + high - 0.002, z=-0.004),
        )
    else:
        a.add("button", cylinder(radius * 0.35, 0.008, around=18).at(y=y + high - 0.004))
        a.add(
            pick(rng, ("spout", "mouthpiece")),
            cylinder(radius * 0.2, 0.016, radius * 0.15, around=12).at(y=y + high - 0.005, z=radius * 0.68),
        )


def _wide_lid(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number], around: int) -> None:
    """A broad screw lid with a bail over it on a food flask of (radius, height)."""
    radius, y = size
    high = radius * rng.uniform(0.35, 0.6)
    a.add("lid", cylinder(radius * 1.03, high, radius, bevel=0.004, around=around).at(y=y - 0.003))
    if chance(rng, 0.6):
        bow = _bow((radius * 1.05, high * 0.4), (radius * 0.8, high + radius * 0.6))
        a.add("handle", tube(bow, 0.005, 8).turned("x", pick(rng, (0, 25, -40))).at(y=y))
        a.add(
            "pivot",
            cylinder(0.009, 0.008, around=12).turned("z", -90).at(x=radius, y=y + high * 0.4).both_sides(),
        )
    else:
        a.add(
            pick(rng, ("cap", "knob")),
            cylinder(radius * 0.4, 0.018, bevel=0.003, around=18).at(y=y + high - 0.005),
        )


def _bow(foot: tuple[Number, Number], shoulder: tuple[Number, Number]) -> Float64[np.ndarray, "P 3"]:
    """The line of a carrying handle over a lid, from foot to foot over both shoulders; each is (x, y)."""
    (near, low), (wide, top) = foot, shoulder
    return curve([[-near, low, 0], [-wide, top, 0], [wide, top, 0], [near, low, 0]], 14)


def _pump_lid(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number], around: int) -> None:
    """The head of a pump pot of (radius, height): a top to press, a beak in front, a bail to carry it by."""
    radius, y = size
    high = radius * rng.uniform(0.45, 0.7)
    a.add(
        pick(rng, ("head", "lid")),
        cylinder(radius * 1.06, high, radius * 0.98, bevel=0.005, around=around).at(y=y - 0.003),
    )
    a.add(
        pick(rng, ("pump", "button")),
        cylinder(radius * 0.6, 0.014, radius * 0.55, around=20).at(y=y + high - 0.005),
    )
    beak = curve(
        [[0, high * 0.6, radius * 0.9], [0, high * 0.75, radius * 1.5], [0, high * 0.1, radius * 1.75]], 10
    )
    a.add("spout", tube(np.add(beak, [0, y, 0]), np.linspace(0.016, 0.009, 10), 10))
    bow = _bow((radius * 1.06, high * 0.5), (radius * 1.1, high + radius * 0.5))
    a.add(
        "handle", sweep(bow, rectangle(0.022, 0.008, 0.003, 2)).turned("x", pick(rng, (0, -30, -60))).at(y=y)
    )


def lantern(rng: np.random.Generator) -> Assembly:
    """Oil lanterns with a glass and a tank, candle lanterns with panes and a roof, camping lamps with a button."""
    kind = pick(rng, ("oil", "panes", "camping"), (3, 3, 3))
    a = Assembly(
        {"oil": pick(rng, ("oil lamp", "lantern")), "panes": "lantern"}.get(
            kind, pick(rng, ("camping lantern", "lantern"))
        )
    )
    size, around = rng.uniform(0.05, 0.075), max(12, roundness(rng))
    if kind == "panes":
        top, half = _pane_lantern(a, rng, size)
    else:
        top, half = (_oil_lantern if kind == "oil" else _camping_lantern)(a, rng, size, around)
    rise = size * rng.uniform(0.9, 1.8)
    bow = curve(
        [
            [-half, 0, 0],
            [-half * 0.95, rise * 0.6, 0],
            [0, rise, 0],
            [half * 0.95, rise * 0.6, 0],
            [half, 0, 0],
        ],
        17,
    )
    a.add(
        "handle",
        tube(bow, size * rng.uniform(0.035, 0.07), 8).turned("x", pick(rng, (0, 0, 30, -60))).at(y=top),
    )
    a.afford("carry", "handle")
    a.afford("grasp", "handle", "knob")
    a.afford("lift", "handle")
    a.afford("press", "button", "switch")
    a.afford("open", "door", "lid", "cap")
    a.afford("pull", "ring")
    a.afford("move", "base")
    return a


def _oil_lantern(a: Assembly, rng: np.random.Generator, size: Number, around: int) -> tuple[Number, Number]:
    """A tank below, a bulging glass with a flame, a chimney, side tubes. Returns height and half width of the bail."""
    a.add(
        pick(rng, ("tank", "base")),
        lathe(curve([(size, 0), (size * 1.05, size * 0.3), (size * 0.6, size * 0.65)], 7), around),
    )
    a.add("cap", cylinder(size * 0.18, size * 0.16, around=12).at(x=size * 0.65, y=size * 0.5))
    a.add("collar", cylinder(size * 0.45, size * 0.3, size * 0.4, around=around).at(y=size * 0.6))
    pin = cylinder(size * 0.04, size * 0.7, around=8).at(y=size * 0.2) + cylinder(
        size * 0.16, size * 0.08, around=12
    ).at(y=size * 0.88)
    a.add("knob", pin.turned("x", 90).at(y=size * 0.75))
    low, high = size * 0.88, size * rng.uniform(1.4, 1.8)
    swell = curve([(size * 0.42, 0), (size * rng.uniform(0.6, 0.75), high * 0.4), (size * 0.36, high)], 10)
    a.add("glass", vessel(swell, 0.002, around).at(y=low))
    a.add(
        "flame",
        lathe(curve([(0.002, 0), (size * 0.14, size * 0.15), (0.001, size * 0.5)], 7), 10).at(
            y=low + size * 0.02
        ),
    )
    roof = lathe(
        [
            (size * 0.5, 0),
            (size * 0.55, size * 0.12),
            (size * 0.3, size * 0.25),
            (size * 0.3, size * 0.5),
            (size * 0.4, size * 0.6),
        ],
        around,
    )
    a.add(pick(rng, ("chimney", "cap", "roof")), roof.at(y=low + high - 0.003))
    top = low + high + size * 0.3
    path = curve(
        [
            [size * 0.75, size * 0.4, 0],
            [size * 1.0, size * 1.2, 0],
            [size * 0.9, top - size * 0.2, 0],
            [size * 0.3, top, 0],
        ],
        12,
    )
    a.add("frame", tube(path, size * 0.08, 8).both_sides())
    return top - size * 0.2, size * 0.85


def _pane_lantern(a: Assembly, rng: np.random.Generator, size: Number) -> tuple[Number, Number]:
    """Posts and panes around a candle under a roof with a ring. Returns height and half width of the bail."""
    sides, high = int(pick(rng, (4, 4, 6))), size * rng.uniform(2.0, 3.2)
    inner, turn = size * 0.8, 45 if sides == 4 else 0
    a.add(
        "base",
        cylinder(size * 1.4 if sides == 4 else size * 1.15, size * 0.2, around=sides).turned("y", turn),
    )
    reach = inner * (np.sqrt(2) if sides == 4 else 1.1)
    post = box(size * 0.12, high, size * 0.12).turned("y", 45).at(x=reach).turned("y", turn)
    a.add("frame", post.around(sides).at(y=size * 0.15))
    flat = reach * np.cos(np.pi / sides)
    pane = box(2 * reach * np.sin(np.pi / sides) * 0.9, high * 0.96, 0.003).at(z=flat, y=size * 0.2)
    panes = [pane.turned("y", 360 / sides * i + (0 if sides == 4 else 30)) for i in range(sides)]
    a.add("glass", join(panes[1:] if chance(rng, 0.5) else panes))
    if chance(rng, 0.7):
        a.add("candle", cylinder(size * 0.3, high * rng.uniform(0.25, 0.5), around=16).at(y=size * 0.19))
        a.add("wick", cylinder(size * 0.03, high * 0.12 + high * 0.4, around=6).at(y=size * 0.19))
    y = size * 0.12 + high
    a.add(
        "roof",
        lathe(
            [(reach * 1.15, 0), (reach * 1.1, size * 0.08), (reach * 0.25, size * rng.uniform(0.5, 0.9))],
            sides,
        )
        .turned("y", turn)
        .at(y=y),
    )
    top = y + size * 0.5
    if chance(rng, 0.5):
        a.add("chimney", cylinder(size * 0.25, size * 0.4, size * 0.3, around=12).at(y=top))
        a.add(
            "ring",
            ring(ellipse(size * 0.5, count=16), ellipse(size * 0.36, count=16), size * 0.06).at(
                y=top + size * 0.6
            ),
        )
    return y + size * 0.05, reach * 0.8


def _camping_lantern(
    a: Assembly, rng: np.random.Generator, size: Number, around: int
) -> tuple[Number, Number]:
    """A battery lamp: a base with a switch, a frosted tube, a cap. Returns height and half width of the bail."""
    low, high = size * rng.uniform(0.8, 1.2), size * rng.uniform(1.3, 2.0)
    a.add("base", cylinder(size, low, size * 0.9, bevel=0.004, around=around))
    a.add(
        pick(rng, ("glass", "shade", "lampshade")),
        cylinder(size * 0.8, high, around=around).at(y=low - 0.002),
    )
    bars = box(size * 0.08, high, size * 0.08).at(x=size * 0.85, y=low - 0.002).around(int(pick(rng, (3, 4))))
    if chance(rng, 0.7):
        a.add(pick(rng, ("guard", "frame")), bars)
    y = low + high - 0.004
    a.add(
        pick(rng, ("cap", "head", "lid")),
        lathe([(size * 0.95, 0), (size * 0.95, size * 0.2), (size * 0.6, size * 0.45)], around).at(y=y),
    )
    key = (
        cylinder(size * 0.2, 0.008, around=14).turned("x", 90)
        if chance(rng, 0.6)
        else box(size * 0.3, size * 0.2, 0.01, bevel=0.002).at(y=-size * 0.1)
    )
    a.add(pick(rng, ("button", "switch")), key.at(y=low * 0.5, z=size * 0.92))
    if chance(rng, 0.4):
        a.add("hook", tube(arc(size * 0.25, -60, 200, 10), size * 0.05, 6).at(y=y + size * 0.62))
    a.add(
        "pivot",
        cylinder(size * 0.1, size * 0.15, around=10)
        .turned("z", -90)
        .at(x=size * 0.85, y=y + size * 0.12)
        .both_sides(),
    )
    return y + size * 0.12, size * 0.98
