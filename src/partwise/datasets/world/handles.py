"""What a handle pushes along or presses down: hand planes, dustpans with their brush, plungers."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along
from partwise.datasets.world.build import ball, box, cylinder, lathe, ring, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import curve, ellipse, rectangle
from partwise.datasets.world.tools import GRASP, haft, laid


def hand_plane(rng: np.random.Generator) -> Assembly:
    """Iron planes with a knob and a curved handle, wooden ones with a horn and a wedge, short ones for one hand."""
    kind = pick(rng, ("iron", "wooden", "block"), (4, 3, 2))
    a = Assembly(
        pick(rng, ("hand plane", "bench plane") if kind != "block" else ("block plane", "hand plane"))
    )
    long, wide = rng.uniform(0.22, 0.36), rng.uniform(0.05, 0.07)
    if kind == "block":
        long *= 0.55
    low = rng.uniform(0.01, 0.014)
    if kind == "wooden":
        low = rng.uniform(0.045, 0.06)
        a.add(pick(rng, ("body", "block")), box(wide, low, long, bevel=pick(rng, (0.0, 0.004))))
        if chance(rng, 0.5):
            a.add("soleplate", box(wide * 1.01, 0.005, long * 1.005).at(y=-0.004))
    else:
        a.add(pick(rng, ("soleplate", "base")), box(wide, low * 0.5, long))
        wall = [(-long * 0.25, 0), (-long * 0.1, low * 2.6), (long * 0.12, low * 2.2), (long * 0.3, 0)]
        a.add(
            "side" if chance(rng, 0.5) else "body",
            along(wall, 0.004).at(x=wide / 2 - 0.002, y=low * 0.45).both_sides(),
        )
        a.add(
            "body",
            along([(-long * 0.12, 0), (-long * 0.12, low * 2), (long * 0.05, 0)], wide * 0.6).at(
                y=low * 0.45
            ),
        )
    _plane_iron(a, rng, (long, wide, low), kind)
    _plane_handles(a, rng, (long, wide, low), kind)
    a.afford("grasp", "handle", "knob", "horn")
    a.afford("push", "handle", "horn", "knob")
    a.afford("cut", "blade")
    a.afford("move", "body", "block", "side", where=facing("x"))
    a.afford("press", "lever", "knob")
    return a


def _plane_iron(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], kind: str
) -> None:
    """The blade that leans back through a plane of (length, width, height of the base) and what holds it."""
    long, wide, low = size
    reach, lean = (
        rng.uniform(0.08, 0.11) * (0.7 if kind == "block" else 1),
        70 if kind == "block" else rng.uniform(40, 50),
    )
    if kind == "wooden":
        reach = low * 1.5 + 0.035

    def leaned(mesh: Mesh) -> Mesh:
        """What stands on the origin, laid back from the mouth of the plane."""
        return mesh.turned("x", -lean).at(y=0.003, z=long * 0.08)

    a.add("blade", leaned(box(wide * 0.7, reach, 0.004)))
    if kind == "wooden":
        a.add("wedge", leaned(box(wide * 0.6, reach * 0.85, 0.016).at(y=0.004, z=0.01)))
        return
    a.add(
        pick(rng, ("cap", "cover")),
        leaned(box(wide * 0.62, reach * 0.75, 0.009, bevel=0.002).at(y=reach * 0.1, z=0.006)),
    )
    a.add("lever", leaned(box(wide * 0.3, reach * 0.2, 0.008, bevel=0.002).at(y=reach * 0.78, z=0.013)))
    a.add("screw", leaned(cylinder(0.006, 0.007, around=14).turned("x", 90).at(y=reach * 0.45, z=0.009)))
    wheel = cylinder(0.012, 0.012, around=16).turned("x", -90).at(y=low * 2.4 + 0.01, z=-long * 0.1 - 0.014)
    stem = cylinder(0.004, 0.04, around=8).turned("x", -90).at(y=low * 2.4 + 0.01, z=-long * 0.1 + 0.018)
    a.add(pick(rng, ("dial", "nut")), join([wheel, stem]))


def _plane_handles(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], kind: str
) -> None:
    """Knob or horn in front and a handle behind on a plane of (length, width, height of the base)."""
    long, wide, low = size
    front, back, foot = long * 0.36, -long * 0.3, low * 0.45 if kind != "wooden" else low - 0.002
    bulb = lathe(
        curve([(0.014, 0), (0.01, 0.014), (0.018, 0.034), (0.012, 0.048)], 10), max(12, roundness(rng))
    )
    if kind == "wooden":
        if chance(rng, 0.7):
            bow = curve([[0, 0, 0], [0, 0.035, 0.008], [0, 0.065, -0.006], [0, 0.085, -0.028]], 10)
            a.add(
                pick(rng, ("horn", "handle")),
                sweep(bow, ellipse(0.03, 0.034, 12), np.linspace(1.0, 0.55, 10)).at(y=foot, z=front),
            )
    else:
        a.add("knob", bulb.scaled(0.8 if kind == "block" else 1.0).at(y=foot, z=front))
    if kind == "block":
        palm = lathe(curve([(wide * 0.4, 0), (wide * 0.36, 0.012), (0.001, 0.022)], 7), 16)
        a.add(
            "handle",
            palm.scaled(1, 1, 0.9).at(y=low * 2.2, z=back * 0.55),
            box(wide * 0.5, low * 2.2, 0.02).at(y=foot, z=back * 0.55),
        )
    elif chance(rng, 0.7):  # a curved handle, open behind
        bow = curve([[0, 0, 0.012], [0, 0.03, 0.002], [0, 0.06, 0.012], [0, 0.085, -0.012]], 12)
        a.add(
            "handle",
            sweep(
                bow, ellipse(0.024, 0.034, 12), np.interp(np.linspace(0, 1, 12), [0, 0.4, 1], [1.3, 0.9, 0.9])
            ).at(y=foot, z=back),
        )
    else:
        loop = ring(rectangle(0.075, 0.085, 0.02, 3), rectangle(0.04, 0.048, 0.015, 3), 0.022).turned("y", 90)
        a.add("handle", loop.at(y=foot + 0.04, z=back))


def dustpan(rng: np.random.Generator) -> Assembly:
    """Dustpans for the hand, some with their brush beside or on them; tall ones on a stick."""
    kind = pick(rng, ("hand", "set", "tall"), (3, 4, 3))
    a = Assembly("dustpan")
    wide, deep, high = rng.uniform(0.2, 0.28), rng.uniform(0.18, 0.26), rng.uniform(0.035, 0.06)
    floor = slab(
        np.array(
            [[-wide / 2, deep / 2], [wide / 2, deep / 2], [wide * 0.42, -deep / 2], [-wide * 0.42, -deep / 2]]
        )[::-1],
        0.004,
    )
    a.add(pick(rng, ("pan", "tray")), floor)
    flank = along([(deep / 2, 0), (deep / 2, 0.008), (-deep / 2, high), (-deep / 2, 0)], 0.004)
    rear = box(wide * 0.85, high, 0.005).at(z=-deep / 2)
    lean = np.degrees(np.arctan(0.08 * wide / deep))
    walls = [flank.turned("y", lean).at(x=wide * 0.46), flank.turned("y", -lean).at(x=-wide * 0.46), rear]
    if chance(rng, 0.5):
        walls.append(box(wide * 0.85, 0.004, deep * rng.uniform(0.2, 0.4)).at(y=high - 0.002, z=-deep * 0.36))
    a.add("side" if chance(rng, 0.6) else "rim", join(walls))
    if chance(rng, 0.7):
        a.add(pick(rng, ("lip", "edge")), box(wide, 0.007, 0.012).at(y=-0.002, z=deep / 2))
    if kind == "tall":
        up = rng.uniform(0.55, 0.8)
        foot, tip = np.array([0, high * 0.5, -deep * 0.5]), np.array([0, up, -deep * rng.uniform(0.45, 0.8)])
        a.add(pick(rng, ("pole", "shaft")), tube(np.stack([foot, tip]), 0.011, 10))
        a.add(pick(rng, ("grip", "handle")), haft(rng, 0.14, 0.032).pointed(tip + 0.15 * (foot - tip), tip))
    else:
        reach = rng.uniform(0.11, 0.15)
        rise = rng.uniform(0.0, 0.5) * reach
        path = curve(
            [
                [0, high * 0.6, -deep / 2],
                [0, high * 0.6 + rise * 0.6, -deep / 2 - reach * 0.5],
                [0, high * 0.6 + rise, -deep / 2 - reach],
            ],
            9,
        )
        a.add(
            pick(rng, ("handle", "handle", "grip")),
            sweep(path, rectangle(0.026, 0.016, 0.005, 2), 1 + 0.2 * np.sin(np.linspace(0, np.pi, 9))),
        )
        if chance(rng, 0.5):
            a.add(
                "ring",
                ring(ellipse(0.026, count=16), ellipse(0.015, count=16), 0.006)
                .turned("x", 90)
                .at(y=path[-1][1], z=path[-1][2] - 0.01),
            )
    if kind == "set":
        _hand_brush(a, rng, wide)
    a.afford("grasp", "handle", "grip", "pole", "shaft")
    a.afford("contain", "pan", "tray", where=facing())
    a.afford("push", "lip", "edge")
    a.afford("clean", "bristles")
    a.afford("lift", "handle", "grip", "pole", "shaft")
    return a


def _hand_brush(a: Assembly, rng: np.random.Generator, wide: Number) -> None:
    """A hand brush that lies in a pan of that width or beside it."""
    long, hair = rng.uniform(0.13, 0.17), rng.uniform(0.03, 0.045)
    turn = pick(rng, (0, 90, rng.uniform(0, 90)))
    stem = sweep(
        curve([[long * 0.45, 0.012, 0], [long * 0.8, 0.022, 0], [long * 1.4, 0.016, 0]], 9),
        ellipse(0.022, 0.014, 10),
    )
    parts = {
        "bristles": box(long * 0.95, hair, 0.032).tapered(0.85, 1.1),
        "head": slab(rectangle(long, 0.036, 0.012, 3), 0.018, bevel=0.003).at(y=hair - 0.002),
        "brush handle": stem.at(y=hair - 0.004),
    }
    spot = (0.0, 0.004, 0.02) if chance(rng, 0.5) and turn == 0 else (wide * 0.72, 0.0, 0.0)
    for name, mesh in parts.items():
        a.add(name, mesh.turned("y", turn).at(*spot), of="brush" if name == "brush handle" else None)
    a.afford("grasp", "brush handle")


def plunger(rng: np.random.Generator) -> Assembly:
    """Plungers: a rubber cup, with a flange or folded like a bellows, on a stick with or without a grip."""
    kind = pick(rng, ("cup", "flange", "bellows"), (4, 2, 2))
    radius, length, thick = rng.uniform(0.055, 0.075), rng.uniform(0.25, 0.5), rng.uniform(0.018, 0.026)
    high, around = radius * rng.uniform(0.8, 1.2), max(14, roundness(rng))
    if kind == "bellows":
        steps = np.linspace(0, 1, 13)
        side = np.stack(
            [radius * (0.85 - 0.35 * steps + 0.1 * np.cos(steps * 6 * np.pi)), steps * high * 1.5], 1
        )
    else:
        side = curve(
            [(radius, 0), (radius * 0.96, high * 0.4), (radius * 0.6, high * 0.85), (radius * 0.28, high)], 10
        )
    top = float(side[-1, 1])
    inner = np.stack([np.maximum(side[::-1, 0] - 0.006, 0.002), np.minimum(side[::-1, 1], top - 0.006)], 1)
    cup = lathe(np.concatenate([side, [[0.002, top]], inner]), around, closed=True)
    pieces = [Piece(pick(rng, ("cup", "rubber cup")), cup)]
    if kind == "flange":
        tip = [
            (radius * 0.5, -radius * 0.35),
            (radius * 0.56, -radius * 0.35),
            (radius * 0.97, 0.006),
            (radius * 0.88, 0.006),
        ]
        pieces.append(Piece("lip", lathe(tip, around, closed=True)))
    pieces.append(Piece("collar", cylinder(thick * 0.8, 0.03, thick * 0.7, around=around).at(y=top - 0.006)))
    if chance(rng, 0.5):
        pieces.append(Piece(pick(rng, ("handle", "shaft")), cylinder(thick / 2, length, around=12).at(y=top)))
        pieces.append(Piece("grip", haft(rng, 0.11, thick * 1.3).at(y=top + length - 0.05)))
    else:
        pieces.append(Piece("handle", haft(rng, length, thick * 1.1).at(y=top)))
        if chance(rng, 0.4):
            pieces.append(Piece(pick(rng, ("knob", "cap")), ball(thick * 1.4, around=12).at(y=top + length)))
    actions = GRASP | {
        "push": ("handle", "grip", "shaft", "knob"),
        "pull": ("handle", "grip"),
        "press": ("cup", "rubber cup"),
        "clean": ("cup", "rubber cup"),
    }
    return laid(rng, "plunger", pieces, actions)
