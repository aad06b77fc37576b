"""Handy things with a roll or a brush: tape dispensers, toothbrushes, paint rollers."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along
from partwise.datasets.world.build import box, cylinder, lathe, ring, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing, outward
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import curve, ellipse, rectangle
from partwise.datasets.world.tools import GRASP, haft, laid


def tape_dispenser(rng: np.random.Generator) -> Assembly:
    """Heavy ones for the desk, guns with a handle for parcels, small snails one holds in the hand."""
    kind = pick(rng, ("desk", "gun", "snail"), (4, 3, 2))
    a = Assembly(pick(rng, ("tape dispenser", "tape gun" if kind == "gun" else "tape dispenser")))
    radius, wide = rng.uniform(0.03, 0.045), rng.uniform(0.018, 0.026)
    if kind == "gun":
        radius, wide = radius * 1.5, 0.05
    hub = radius * rng.uniform(0.5, 0.62)
    roll = ring(ellipse(2 * radius, count=26), ellipse(2 * hub, count=26), wide).turned("y", 90)
    core = cylinder(hub * 0.98, wide * 1.12, around=20).at(y=-wide * 0.56).turned("z", 90)
    y = radius * (1.15 if kind != "gun" else 0.0)
    name = pick(rng, ("roll", "tape"))
    a.add(name, roll.at(y=y))
    a.add(pick(rng, ("hub", "spool")), core.at(y=y))
    if kind == "gun":
        _tape_gun(a, rng, (radius, wide))
    else:
        _tape_stand(a, rng, (radius, wide, y), kind == "desk")
    a.afford("pull", "tape")
    a.afford("cut", "blade", "tooth")
    a.afford("grasp", "handle", "grip")
    a.afford("grasp", "body", "base", where=outward())
    a.afford("press", "trigger")
    a.afford("move", "base", "hub", "spool")
    return a


def _tape_stand(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], desk: bool
) -> None:
    """The body around a roll of (radius, width, height of its middle), the blade in front, the tape up to it."""
    radius, wide, y = size
    long, wall = radius * rng.uniform(2.6, 3.2), wide * 0.22
    front, tip = long * 0.62, y * rng.uniform(0.75, 1.0)
    flank = [
        (-radius * 0.95, 0),
        (front, 0),
        (front, tip),
        (front * 0.85, tip),
        (radius * 0.7, y * 0.55),
        (0, y * 0.6),
        (-radius * 0.8, y * 0.55),
    ]
    if desk:
        a.add(
            pick(rng, ("body", "base")),
            along(flank, wide * 1.5 + 2 * wall)
            if chance(rng, 0.5)
            else join(
                [
                    along(flank, wall).at(x=wide * 0.62 + wall).both_sides(),
                    box(wide * 1.7, y * 0.3, front + radius * 0.9).at(z=(front - radius * 0.95) / 2),
                ]
            ),
        )
        if chance(rng, 0.5):
            a.add("foot", box(wide * 1.4, 0.004, (front + radius) * 0.9).at(y=-0.003, z=front * 0.15))
    else:
        hoop = ring(ellipse(radius * 2.25, count=24), ellipse(radius * 1.9, count=24), wide * 0.3).turned(
            "y", 90
        )
        beak = along(
            [
                (radius * 0.6, -radius * 0.6),
                (front, -radius * 0.75),
                (front, -radius * 0.55),
                (radius * 0.9, -radius * 0.1),
            ],
            wide,
        )
        a.add("body", join([hoop.at(x=wide * 0.4).both_sides(), beak]).at(y=y))
        tip = y - radius * 0.55
    a.add(
        pick(rng, ("blade", "tooth")),
        _serrated(wide * 1.1).turned("x", 60).at(y=tip + 0.001, z=front - 0.001),
    )
    strip = np.array(
        [
            [0, y + radius * 0.98, 0],
            [0, y + radius * 0.85, radius * 0.55],
            [0, tip + 0.004, front * 0.93],
            [0, tip + 0.003, front + 0.006],
        ]
    )
    a.add("tape", sweep(strip, rectangle(wide * 0.95, 0.0012)))


def _serrated(wide: Number) -> Mesh:
    """A strip across x with teeth along its upper edge."""
    teeth = 10
    x = np.linspace(-wide / 2, wide / 2, 2 * teeth + 1)
    edge = np.stack([x, np.where(np.arange(2 * teeth + 1) % 2, 0.008, 0.006)], 1)
    outline = np.concatenate([[[-wide / 2, 0], [wide / 2, 0]], edge[::-1]])
    return slab(outline * [1, -1], 0.001).turned("x", 90)


def _tape_gun(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number]) -> None:
    """Frame, roller, blade and handle of a gun for parcel tape around a roll of (radius, width) at the origin."""
    radius, wide = size
    front = radius * rng.uniform(1.3, 1.6)
    plate = along(
        [
            (-radius * 0.4, -radius * 0.45),
            (front, -radius * 0.1),
            (front, radius * 0.35),
            (-radius * 0.4, radius * 0.45),
        ],
        0.003,
    )
    a.add(
        pick(rng, ("frame", "body")),
        plate.at(x=wide * 0.55).both_sides() if chance(rng, 0.5) else plate.at(x=wide * 0.55),
        box(wide * 1.15, 0.004, radius * 0.6).at(y=-radius * 0.22, z=front - radius * 0.4),
    )
    bar = cylinder(0.012, wide * 1.1, around=14).at(y=-wide * 0.55).turned("z", 90)
    a.add("roller", bar.at(y=radius * 0.1, z=front))
    a.add("blade", _serrated(wide).turned("x", 40).at(y=radius * 0.1 + 0.004, z=front + 0.011))
    drop = rng.uniform(0.08, 0.11)
    path = curve(
        [
            [0, -radius * 0.3, radius * 0.9],
            [0, -radius * 0.3 - drop * 0.5, radius * 0.75],
            [0, -radius * 0.3 - drop, radius * 0.7],
        ],
        8,
    )
    a.add(pick(rng, ("handle", "grip")), sweep(path, ellipse(0.03, 0.036, 12)))
    web = box(wide * 1.15, 0.014, 0.03).at(y=-radius * 0.32, z=radius * 0.9)
    a.add("bracket", web)
    strip = np.array(
        [[0, radius * 0.99, 0], [0, radius * 0.85, radius * 0.55], [0, radius * 0.1 + 0.0125, front]]
    )
    a.add("tape", sweep(strip, rectangle(wide * 0.95, 0.0012)))
    if chance(rng, 0.5):
        a.add("trigger", box(0.012, 0.03, 0.01).at(y=-radius * 0.4 - drop * 0.35, z=radius * 0.98))


def toothbrush(rng: np.random.Generator) -> Assembly:
    """Plain toothbrushes, electric ones with a button, some on their charger, folding ones for travel."""
    kind = pick(rng, ("manual", "electric", "charging", "travel"), (4, 4, 2, 2))
    actions = {
        "grasp": ("handle", "grip", "body"),
        "clean": ("bristles",),
        "press": ("button", "switch"),
        "push": ("button", "switch"),
        "wrapgrasp": ("body",),
        "open": ("cover", "cap"),
    }
    name = "toothbrush" if kind in ("manual", "travel") else pick(rng, ("electric toothbrush", "toothbrush"))
    if kind in ("manual", "travel"):
        return laid(rng, name, _plain_brush(rng, kind == "travel"), actions)
    pieces = _electric_brush(rng)
    if kind == "electric":
        return laid(rng, name, pieces, actions)
    a = Assembly(name)
    a.put(pieces, y=0.018)
    a.add(pick(rng, ("base", "stand")), cylinder(0.027, 0.02, 0.023, bevel=0.003, around=20))
    wire = curve([[0, 0.005, -0.025], [0.01, 0.004, -0.06], [rng.uniform(-0.04, 0.04), 0.004, -0.1]], 10)
    a.add("cable", tube(wire, 0.002, 6))
    for action, parts in actions.items():
        a.afford(action, *parts)
    a.afford("support", "base", "stand", where=facing())
    return a


def _electric_brush(rng: np.random.Generator) -> list[Piece]:
    """A thick handle with a button, a neck, a round or long head."""
    radius, tall = rng.uniform(0.011, 0.015), rng.uniform(0.12, 0.15)
    side = curve(
        [(radius * 0.9, 0), (radius, tall * 0.3), (radius * 0.95, tall * 0.7), (radius * 0.6, tall)], 10
    )
    pieces = [Piece(pick(rng, ("handle", "body")), lathe(side, max(12, roundness(rng))))]
    stalk = rng.uniform(0.05, 0.065)
    pieces.append(Piece("neck", cylinder(radius * 0.55, stalk, radius * 0.25, around=12).at(y=tall - 0.002)))
    y = tall + stalk
    if chance(rng, 0.5):
        disc = cylinder(0.0065, 0.006, around=16).turned("x", 90).at(y=y, z=-0.002)
        hair = cylinder(0.006, 0.008, 0.0056, around=14).turned("x", 90).at(y=y, z=0.0035)
    else:
        disc = slab(rectangle(0.011, 0.006, 0.003, 2), 0.026, bevel=0.001).at(y=y - 0.008)
        hair = box(0.009, 0.021, 0.009).at(y=y - 0.005, z=0.007)
    pieces += [Piece("head", disc), Piece("bristles", hair)]
    key = (
        cylinder(0.005, 0.004, around=14).turned("x", 90)
        if chance(rng, 0.6)
        else box(0.007, 0.013, 0.004, bevel=0.001)
    )
    pieces.append(
        Piece(
            pick(rng, ("button", "switch")),
            key.row(int(rng.integers(1, 3)), y=0.022).at(y=tall * 0.6, z=radius * 0.93),
        )
    )
    if chance(rng, 0.5):
        pieces.append(
            Piece(
                "ring",
                lathe(
                    [(radius * 0.3, 0), (radius * 0.66, 0), (radius * 0.64, 0.005), (radius * 0.3, 0.005)],
                    16,
                    closed=True,
                ).at(y=tall - 0.002),
            )
        )
    if chance(rng, 0.4):
        pieces.append(Piece("light", box(0.004, 0.012, 0.003).at(y=tall * 0.3, z=radius * 0.96)))
    return pieces


def _plain_brush(rng: np.random.Generator, folding: bool) -> list[Piece]:
    """A handle, a neck, a head with its bristles; a folding one has a pivot and a cover."""
    long, wide = rng.uniform(0.1, 0.12), rng.uniform(0.011, 0.015)
    bend = rng.uniform(-0.006, 0.006)
    y = np.linspace(0, long, 9)
    path = np.stack([0 * y, y, bend * np.sin(2 * np.pi * y / long)], 1)
    girth = np.interp(y / long, [0, 0.15, 0.4, 0.65, 1], [0.8, 1.0, rng.uniform(0.8, 1.1), 1.1, 0.5])
    pieces = [
        Piece(
            pick(rng, ("handle", "handle", "grip")),
            sweep(path, rectangle(wide, wide * 0.6, wide * 0.25, 2), girth),
        )
    ]
    stalk = rng.uniform(0.035, 0.05)
    pieces.append(
        Piece(
            "neck",
            sweep(np.array([[0, long - 0.003, 0], [0, long + stalk, 0]]), rectangle(0.006, 0.005, 0.002, 1)),
        )
    )
    y0, head = long + stalk, rng.uniform(0.026, 0.034)
    pieces.append(Piece("head", slab(rectangle(0.012, 0.005, 0.002, 2), head, bevel=0.0015).at(y=y0 - 0.002)))
    tuft = cylinder(0.0014, rng.uniform(0.009, 0.012), around=5).turned("x", 90)
    rows = int(rng.integers(7, 10))
    block = box(0.01, head * 0.85, 0.011).at(y=y0 + head * 0.05, z=0.007)
    tufts = tuft.row(3, x=0.0034).row(rows, y=head * 0.85 / rows).at(y=y0 + head * 0.47, z=0.002)
    pieces.append(Piece("bristles", tufts if chance(rng, 0.6) else block))
    if chance(rng, 0.4):
        pad = sweep(
            path[2:7] + np.array([0, 0, wide * 0.1]),
            rectangle(wide * 0.7, wide * 0.55, wide * 0.2, 2),
            girth[2:7],
        )
        pieces.append(Piece("pad", pad))
    if folding:
        turn, kept = rng.uniform(0, 150), ("handle", "grip", "pad")
        folded = [p.changed(lambda m: m.at(y=-long).turned("x", turn).at(y=long)) for p in pieces[1:]]
        pieces = [p if p.name in kept else new for p, new in zip(pieces, [pieces[0], *folded], strict=True)]
        pieces.append(
            Piece(
                pick(rng, ("hinge", "pivot")),
                cylinder(0.004, wide * 0.9, around=12).at(y=-wide * 0.45).turned("z", 90).at(y=long),
            )
        )
    elif chance(rng, 0.25):
        pieces.append(
            Piece(
                pick(rng, ("cover", "cap")),
                box(0.018, head * 1.25, 0.022, bevel=0.003).at(y=y0 - head * 0.1, z=0.004),
            )
        )
    return pieces


def paint_roller(rng: np.random.Generator) -> Assembly:
    """Paint rollers on a bent wire, long or short, with a pole, and lint rollers with a straight handle."""
    kind = pick(rng, ("wall", "small", "pole", "lint"), (4, 2, 2, 2))
    radius, wide = rng.uniform(0.02, 0.03), rng.uniform(0.16, 0.24)
    if kind in ("small", "lint"):
        radius, wide = radius * 0.7, wide * 0.5
    around = max(12, roundness(rng))
    hold = rng.uniform(0.11, 0.15)
    drum = cylinder(radius, wide, bevel=0.003, around=around).at(y=-wide / 2).turned("z", 90)
    if kind == "lint":
        pieces = [Piece("roller", drum.turned("z", 90)), *_lint_handle(rng, (radius, wide, hold))]
        return laid(
            rng, "lint roller", pieces, GRASP | {"clean": ("roller",), "move": ("roller",), "pull": ("cap",)}
        )
    gap, drop = rng.uniform(0.012, 0.02), rng.uniform(0.1, 0.16)
    bow = np.array(
        [
            [-wide / 2 + 0.004, 0, 0],
            [wide / 2 + gap, 0, 0],
            [wide / 2 + gap, -drop * 0.45, 0],
            [0, -drop * 0.6, 0],
            [0, -drop, 0],
        ]
    )
    pieces = [Piece("roller", drum), Piece(pick(rng, ("frame", "wire")), tube(bow, 0.0035, 8))]
    if chance(rng, 0.6):
        pieces.append(
            Piece(
                "cap",
                cylinder(radius * 0.9, 0.006, around=around)
                .turned("z", -90)
                .at(x=wide / 2 - 0.002)
                .both_sides(),
            )
        )
    pieces.append(
        Piece(pick(rng, ("handle", "grip")), haft(rng, hold, 0.032).mirrored("y").at(y=-drop + 0.02))
    )
    if kind == "pole":
        pieces.append(
            Piece(
                "pole",
                cylinder(0.012, rng.uniform(0.4, 0.7), around=12).mirrored("y").at(y=-drop - hold + 0.03),
            )
        )
    if chance(rng, 0.5):
        pieces.append(Piece("collar", cylinder(0.012, 0.016, 0.008, around=14).at(y=-drop + 0.014)))
    return laid(
        rng,
        "paint roller",
        pieces,
        {
            "grasp": ("handle", "grip", "pole"),
            "push": ("handle", "grip", "pole"),
            "move": ("roller",),
            "clean": ("roller",),
        },
    )


def _lint_handle(rng: np.random.Generator, size: tuple[Number, Number, Number]) -> list[Piece]:
    """Handle and core of a lint roller of (radius, width, length of the handle) that stands along y."""
    radius, wide, hold = size
    pieces = [
        Piece(pick(rng, ("handle", "grip")), haft(rng, hold, 0.026).mirrored("y").at(y=-wide / 2 - 0.008)),
        Piece("rod", cylinder(0.006, wide + 0.03, around=10).at(y=-wide / 2 - 0.015)),
    ]
    if chance(rng, 0.6):
        pieces.append(
            Piece(
                pick(rng, ("cap", "collar")), cylinder(radius * 0.8, 0.012, around=16).at(y=-wide / 2 - 0.01)
            )
        )
    if chance(rng, 0.4):
        pieces.append(
            Piece(
                "hole",
                ring(ellipse(0.02, count=14), ellipse(0.012, count=14), 0.008).at(y=-wide / 2 - hold - 0.014),
            )
        )
    return pieces
