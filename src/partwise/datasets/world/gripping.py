"""What grips, cuts and prises with long levers: pliers, bolt cutters and shears, crowbars."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import cutout
from partwise.datasets.world.build import box, cylinder, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fittings import bolt_head
from partwise.datasets.world.mesh import Mesh, Number, Piece, join, rotation
from partwise.datasets.world.outlines import arc, curve, ellipse, helix, rectangle, regular
from partwise.datasets.world.tools import GRASP, haft, laid


def pliers(rng: np.random.Generator) -> Assembly:
    """Combination pliers, long-nosed ones straight and bent, side cutters, pincers; with sleeves or a spring."""
    kind = pick(rng, ("pliers", "long-nose pliers", "side cutters", "pincers"), (3, 3, 2, 2))
    thick, opened = rng.uniform(0.008, 0.013), rng.uniform(1, 13)
    pieces = _jaws(rng, kind, thick, opened)
    length = rng.uniform(0.09, 0.14)
    bow, close = length * rng.uniform(0.12, 0.26), rng.uniform(0.3, 1.2)
    bend = curve([[0, 0.004, 0], [-bow, -length * 0.35, 0], [-bow * close, -length, 0]], 12)
    path = bend @ rotation("z", -opened).T
    flat = rectangle(thick * 0.8, thick * 0.95, thick * 0.3, 2)
    pieces.append(Piece("handle", sweep(path, flat, np.linspace(1.0, 0.8, 12)).both_sides()))
    if chance(rng, 0.65):
        start = int(rng.integers(3, 6))
        swell = np.linspace(1.25, 1.15, 12 - start) + 0.25 * (np.arange(12 - start) == 0)
        sleeve = sweep(np.add(path[start:], [0, -0.002, 0]), ellipse(thick * 1.1, thick * 1.1, 12), swell)
        pieces.append(Piece("grip", sleeve.both_sides(), of=pick(rng, ("handle", "grip"))))
    pin = cylinder(thick * rng.uniform(0.5, 0.8), thick * 1.35, bevel=0.001, around=max(8, roundness(rng)))
    if chance(rng, 0.85):
        pieces.append(Piece("pivot", pin.turned("x", 90).at(z=-thick * 0.68)))
    if kind != "pincers" and chance(rng, 0.4):
        x, y, _ = path[3]
        coil = tube(helix(thick * 0.25, -2 * x, 5, 36), 0.0008, 4).turned("z", 90).at(x=-x, y=y)
        leaf = sweep(curve([[x, y, 0], [0, y + 0.012, 0], [-x, y, 0]], 9), rectangle(thick * 0.5, 0.0012))
        pieces.append(Piece("spring", pick(rng, (coil, leaf))))
    return laid(rng, kind, pieces, GRASP | {"press": ("handle", "grip"), "cut": ("blade",)})


def _jaws(rng: np.random.Generator, kind: str, thick: Number, opened: Number) -> list[Piece]:
    """Both jaws above the pivot at the origin, each opened by some degrees, with their cutting edges."""
    wide, reach = rng.uniform(0.01, 0.014), rng.uniform(0.03, 0.045)
    tip = wide * rng.uniform(0.4, 0.75)
    edge: Mesh | None = cutout(
        [(0.0004, 0.004), (wide * 0.5, 0.006), (wide * 0.5, 0.016), (0.0004, 0.018)], thick * 1.2
    )
    if kind == "pincers":
        radius = reach * 0.55
        bow = np.add(arc(radius, -80, 75, 10), [0, radius, 0])
        half = sweep(bow, rectangle(thick, thick * 0.8), np.linspace(1.1, 0.7, 10))
        top = bow[-1]
        edge = cutout(
            [
                (0.0004, top[1] + 0.004),
                (top[0] + 0.003, top[1] + 0.003),
                (top[0] + 0.003, top[1] - 0.005),
                (0.0004, top[1]),
            ],
            thick * 1.6,
        )
    elif kind == "side cutters":
        half = cutout(
            [(wide * 0.3, -0.004), (wide, -0.003), (wide * 1.05, reach * 0.3), (wide * 0.3, reach * 0.6)],
            thick,
        )
        edge = cutout(
            [(0.0004, 0.003), (wide * 0.45, 0.0), (wide * 0.45, reach * 0.55), (0.0004, reach * 0.62)],
            thick * 0.8,
        )
    else:
        if kind == "long-nose pliers":
            reach, tip = reach * rng.uniform(1.5, 2.1), wide * 0.25
        outline = [
            (0.0004, -0.005),
            (wide, -0.005),
            (wide * 1.05, reach * 0.25),
            (tip, reach),
            (0.0004, reach),
        ]
        half = cutout(outline, thick)
        if kind == "long-nose pliers" and chance(rng, 0.4):  # bent at the tip
            steps = [
                cutout([(0.0004, y), (w, y), (v, y + reach / 8), (0.0004, y + reach / 8)], thick * 0.8)
                for y, w, v in [
                    (reach * i / 8, wide + (tip - wide) * i / 8, wide + (tip - wide) * (i + 1) / 8)
                    for i in range(8)
                ]
            ]
            bent = rng.uniform(0.2, 0.45) / reach
            half = join(steps).warped(
                lambda p: p + np.stack([0 * p[:, 0], 0 * p[:, 0], bent * np.maximum(p[:, 1], 0) ** 2], 1)
            )
        if chance(rng, 0.25):
            edge = None
    pieces = [Piece("jaw", half.turned("z", -opened).both_sides())]
    return pieces if edge is None else [*pieces, Piece("blade", edge.turned("z", -opened).both_sides())]


def cutter(rng: np.random.Generator) -> Assembly:
    """Bolt cutters, loppers for branches and hedge shears: long handles, short or long blades, bolts."""
    kind = pick(rng, ("bolt cutter", "lopper", "hedge shears"), (4, 3, 3))
    length, thick = rng.uniform(0.35, 0.65), rng.uniform(0.018, 0.026)
    opened = rng.uniform(3, 16)
    if kind == "hedge shears":
        length *= 0.6
    reach = {"bolt cutter": rng.uniform(0.07, 0.1), "lopper": rng.uniform(0.08, 0.11)}.get(
        kind, rng.uniform(0.2, 0.28)
    )
    pieces = _blades(rng, kind, reach, opened)
    wide = reach * 0.35 if kind == "bolt cutter" else 0.02
    bend = curve(
        [[-0.004, -0.01, 0], [-wide, -length * 0.2, 0], [-wide * 1.6, -length * 0.6, 0], [-wide, -length, 0]],
        12,
    )
    path = bend @ rotation("z", -opened).T
    pieces.append(Piece("handle", sweep(path, ellipse(thick, thick, 10), 0.85).both_sides()))
    if chance(rng, 0.8):
        start = int(rng.integers(7, 10))
        sleeve = sweep(np.add(path[start:], [0, -0.004, 0]), ellipse(thick * 1.35, thick * 1.35, 12))
        pieces.append(Piece("grip", sleeve.both_sides(), of=pick(rng, ("handle", "grip"))))
    if kind == "bolt cutter":
        strap = slab(rectangle(reach * 0.75, reach * 0.3, reach * 0.12, 3), 0.006).turned("x", 90)
        pieces.append(Piece("plate", strap.at(z=-thick * 0.42) + strap.at(z=thick * 0.42 + 0.006)))
        places = [(reach * 0.26, 0, thick * 0.42 + 0.004), (-reach * 0.26, 0, thick * 0.42 + 0.004)]
    else:
        places = [(0, 0, thick * 0.4)]
        if chance(rng, 0.5):
            x, y, _ = path[3]
            pad = cylinder(thick * 0.4, -x * 0.95, around=12).turned("z", -90).at(x=x, y=y)
            pieces.append(Piece(pick(rng, ("buffer", "pad")), pad.both_sides()))
    nut = bolt_head(rng, thick * 0.3).turned("x", 90)
    name = pick(rng, ("bolt", "bolt", "pivot"))
    heads = nut.copies(places) + nut.mirrored("z").copies(np.multiply(places, [1, 1, -1]))
    pieces.append(Piece(name, heads))
    if kind != "bolt cutter":
        pieces.append(Piece(name, cylinder(thick * 0.25, thick).turned("x", 90).at(z=-thick * 0.5)))
    return laid(rng, kind, pieces, GRASP | {"cut": ("blade",), "press": ("handle", "grip")})


def _blades(rng: np.random.Generator, kind: str, reach: Number, opened: Number) -> list[Piece]:
    """What cuts, above the bolt at the origin."""
    if kind == "bolt cutter":
        wide = reach * rng.uniform(0.35, 0.45)
        beak = [
            (0.001, reach * 0.25),
            (wide * 0.5, -reach * 0.12),
            (wide, 0),
            (wide * 0.9, reach * 0.5),
            (wide * 0.3, reach * 0.95),
            (0.001, reach * 0.9),
        ]
        return [
            Piece(pick(rng, ("blade", "jaw")), cutout(beak, 0.014).turned("z", -opened * 0.4).both_sides())
        ]
    if kind == "hedge shears":
        wide = reach * rng.uniform(0.12, 0.18)
        long = cutout(
            [
                (-wide * 0.3, -0.02),
                (wide * 0.6, -0.015),
                (wide, reach * 0.2),
                (wide * 0.35, reach),
                (-wide * 0.05, reach),
            ],
            0.003,
        )
        return [
            Piece("blade", long.turned("z", -opened).at(z=0.0025)),
            Piece("blade", long.mirrored("x").turned("z", opened).at(z=-0.0025)),
        ]
    wide = reach * rng.uniform(0.3, 0.4)
    out = curve([(wide * 0.4, -0.015), (wide, reach * 0.4), (wide * 0.2, reach)], 9)
    back = curve([(-wide * 0.1, reach * 0.9), (wide * 0.1, reach * 0.45), (-wide * 0.35, -0.015)], 7)
    hook = np.concatenate(
        [
            curve([(wide * 0.35, -0.015), (wide * 0.75, reach * 0.4), (wide * 0.1, reach * 0.85)], 8),
            curve([(wide * 0.05, reach * 0.7), (wide * 0.35, reach * 0.35), (-wide * 0.3, -0.015)], 7),
        ]
    )
    blade = cutout(np.concatenate([out, back]), 0.004).turned("z", -opened).at(z=0.003)
    other = cutout(hook, 0.007).mirrored("x").turned("z", opened).at(z=-0.0035)
    return [Piece("blade", blade), Piece(pick(rng, ("jaw", "hook")), other)]


def crowbar(rng: np.random.Generator) -> Assembly:
    """Crowbars with a hook and a chisel end, flat prising bars, nail pullers with a handle."""
    kind = pick(rng, ("crowbar", "pry bar", "nail puller"), (4, 3, 2))
    length, thick = rng.uniform(0.35, 0.7), rng.uniform(0.016, 0.024)
    if kind == "nail puller":
        length *= 0.5
    section = (
        rectangle(thick * 1.8, thick * 0.5, thick * 0.1, 1)
        if kind == "pry bar"
        else regular(pick(rng, (6, 8, 12)), thick)
    )
    turn = length * rng.uniform(0.05, 0.1)
    start = 0.1 if kind == "nail puller" else 0.0
    straight = np.array([[0, start, 0], [0, length * 0.5, 0], [0, length - turn * 0.3, 0]])
    pieces = [Piece(pick(rng, ("shaft", "bar")), sweep(straight, section))]
    swing = rng.uniform(100, 165) if kind == "crowbar" else rng.uniform(60, 95)
    angle = np.radians(np.linspace(0, swing, 9))
    bow = np.stack([0 * angle, length - turn * 0.3 + turn * np.sin(angle), turn * (1 - np.cos(angle))], 1)
    pieces.append(Piece("hook", sweep(bow, section, np.linspace(1, 0.85, 9))))
    reach, end = thick * rng.uniform(1.8, 3.0), bow[-1]
    along_bow = (bow[-1] - bow[-2]) / np.linalg.norm(bow[-1] - bow[-2])
    fang = box(thick * 0.42, reach, thick * 0.5).tapered(0.5).at(x=thick * 0.4).both_sides()
    root = box(thick * 1.5, reach * 0.4, thick * 0.55)
    pieces.append(Piece("claw", join([fang, root]).pointed(end - along_bow * 0.003, end + along_bow)))
    if kind == "nail puller":
        pieces.append(Piece(pick(rng, ("handle", "grip")), haft(rng, 0.11, 0.034)))
    else:
        chisel = box(thick * 1.5, reach * 1.4, thick * 0.7).tapered(0.5 if kind == "crowbar" else 1.0, 1.2)
        flat = chisel.warped(
            lambda p: (
                p * np.stack([1 + 0 * p[:, 1], 1 + 0 * p[:, 1], 0.15 + 0.85 * p[:, 1] / p[:, 1].max()], 1)
            )
        )
        pieces.append(Piece("tip", flat.turned("x", rng.uniform(0, 8)).at(y=-reach * 1.25)))
        if chance(rng, 0.35):
            pieces.append(
                Piece(
                    "grip",
                    cylinder(thick * 0.85, length * 0.3, around=12).scaled(1.15, 1, 0.9).at(y=length * 0.15),
                )
            )
    actions = {
        "grasp": ("shaft", "bar", "grip", "handle"),
        "pull": ("shaft", "bar", "handle"),
        "lift": ("claw", "tip"),
        "stab": ("tip",),
    }
    return laid(rng, kind, pieces, actions)
