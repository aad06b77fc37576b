"""What one aims or squeezes: pistol, rifle, drill, pliers, scissors, wrench, saw."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along, cutout
from partwise.datasets.world.build import box, cylinder, lathe, ring, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle, regular
from partwise.datasets.world.tools import GRASP, laid


def pistol(rng: np.random.Generator) -> Assembly:
    """Pistols, revolvers, rifles and spray or glue guns: a grip, a trigger, a barrel."""
    kind = pick(rng, ("pistol", "revolver", "rifle", "drill"), (3, 2, 3, 2))
    a = Assembly(kind)
    length, high, thick = rng.uniform(0.12, 0.17), rng.uniform(0.03, 0.045), rng.uniform(0.024, 0.036)
    lean, drop = rng.uniform(0.02, 0.05), rng.uniform(0.08, 0.12)
    own = chance(rng, 0.5)
    grip = along([(-0.005, 0), (-lean - 0.005, -drop), (-lean + 0.035, -drop), (0.035, 0)], thick)
    a.add(
        "body",
        along(
            [(-0.02, -0.005), (-0.02, high * 0.8), (length * 0.2, high), (length, high), (length, 0)],
            thick * 0.95,
        ),
    )
    a.add("grip" if own else "body", grip)
    guard = arc(0.024, 180, 360, 8)[:, [2, 1, 0]] + [0, 0, 0.06]
    a.add("body", tube(guard, 0.004, 6))
    a.add(
        "trigger",
        sweep(np.array([[0, 0, 0.062], [0, -0.011, 0.058], [0, -0.02, 0.064]]), rectangle(0.008, 0.006)),
    )
    muzzle = _muzzle(rng, kind)
    a.add("barrel" if kind != "drill" else "chuck", muzzle.turned("x", 90).at(y=high * 0.6, z=length - 0.005))
    if kind == "revolver":
        a.add(
            "cylinder",
            cylinder(high * 0.6, 0.045, around=12, bevel=0.003).turned("x", 90).at(y=high * 0.5, z=0.045),
        )
        a.add("hammer", box(0.008, 0.024, 0.012).turned("x", -30).at(y=high * 0.7, z=-0.018))
    elif kind == "pistol" and chance(rng, 0.4):
        a.add("slide", box(thick * 1.08, high * 0.55, length * 1.02).at(y=high * 0.55, z=length / 2 - 0.015))
    elif kind == "rifle":
        _shoulder(a, rng, (thick, high, length), drop)
    elif kind == "drill":
        a.add("battery", box(thick * 1.7, 0.035, 0.085, bevel=0.004).at(y=-drop - 0.03, z=-lean + 0.015))
    a.afford("grasp", "grip" if own else "body")
    a.afford("press", "trigger")
    return a


def _muzzle(rng: np.random.Generator, kind: str) -> Mesh:
    """A barrel, or the chuck and bit of a drill, standing on the origin."""
    bore = rng.uniform(0.007, 0.012)
    reach = rng.uniform(0.25, 0.5) if kind == "rifle" else rng.uniform(0.03, 0.1)
    muzzle = lathe(
        [(bore, 0), (bore, reach * 0.8), (bore * 1.3, reach * 0.82), (bore * 1.3, reach)], roundness(rng)
    )
    if kind == "drill":
        muzzle = lathe(
            [
                (bore * 1.8, 0),
                (bore * 1.8, reach * 0.5),
                (bore, reach * 0.7),
                (bore * 0.3, reach * 0.72),
                (bore * 0.3, reach * 1.6),
            ],
            12,
        )
    return muzzle


def _shoulder(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], drop: Number
) -> None:
    """What makes a rifle of it: stock, magazine, perhaps a scope on a body of (thickness, height, length)."""
    thick, high, length = size
    stock = along(
        [(-0.02, 0), (-0.02, high), (-rng.uniform(0.2, 0.28), high * 0.8), (-0.24, -drop * 0.5)],
        thick * 0.9,
    )
    a.add("stock", stock)
    a.add(
        "magazine",
        box(thick * 0.7, 0.1, 0.045).turned("x", rng.uniform(-20, 10)).at(y=-0.09, z=length * 0.75),
    )
    if chance(rng, 0.6):
        a.add(
            "scope",
            cylinder(0.016, 0.16, around=12).turned("x", 90).at(y=high + 0.026, z=length * 0.1),
            box(0.01, 0.02, 0.02).row(2, z=0.07).at(y=high - 0.002, z=length * 0.6),
        )
        if chance(rng, 0.7):
            a.add(
                "lens",
                cylinder(0.0165, 0.006, around=12)
                .turned("x", 90)
                .row(2, z=0.165)
                .at(y=high + 0.026, z=length * 0.1 + 0.08),
            )


def _levers(rng: np.random.Generator, length: Number, open_angle: Number, thick: Number) -> list:
    """Two crossing handles below the pivot at the origin, as mirrored meshes."""
    bow = rng.uniform(0.1, 0.3) * length
    path = curve([[0, 0, 0], [-bow, -length * 0.3, 0], [-bow * 0.8, -length, 0]], 10)
    arm = sweep(path, rectangle(thick, thick, thick * 0.3, 2), np.linspace(0.8, 1.1, 10)).turned(
        "z", -open_angle
    )
    return [arm.both_sides()]


def pliers(rng: np.random.Generator) -> Assembly:
    """Pliers, pincers, shears and scissors: two handles, a pivot, two jaws or blades."""
    kind = pick(rng, ("pliers", "scissors", "scissors"))
    reach, length, opened, thick = (
        rng.uniform(0.05, 0.12),
        rng.uniform(0.07, 0.12),
        rng.uniform(2, 16),
        rng.uniform(0.008, 0.014),
    )
    if kind == "pliers":
        handles = _levers(rng, length, opened / 2, thick)
        nose = cutout(
            [(0.001, 0), (0.016, 0), (rng.uniform(0.003, 0.012), reach * 0.6), (0.001, reach * 0.6)], thick
        )
        pieces = [Piece("jaw", nose.turned("z", -opened / 2).both_sides())]
    else:
        wide = rng.uniform(0.03, 0.045)
        loop = ellipse(wide, wide * rng.uniform(1.1, 1.6), 16)
        hoop = ring(loop, loop * 0.68, thick * 0.7).at(x=-wide * 0.55, y=-length * 0.6)
        bar = sweep(np.array([[0, 0, 0], [-wide * 0.25, -length * 0.45, 0]]), rectangle(thick, thick * 0.6))
        handles = [join([hoop, bar]).turned("z", -opened / 3).both_sides()]
        blade = cutout(
            [(-0.004, -0.01), (0.007, 0), (0.005, reach * 0.5), (-0.003, reach), (-0.006, reach * 0.3)], 0.002
        )
        pieces = [
            Piece("blade", blade.turned("z", -opened).at(z=0.002), None),
            Piece("blade", blade.mirrored("x").turned("z", opened).at(z=-0.002)),
        ]
    pieces += [Piece("handle", mesh) for mesh in handles]
    if chance(rng, 0.7):
        pin = cylinder(thick * 0.7, thick * 1.5, around=12).turned("x", 90).at(z=-thick * 0.75)
        pieces.append(Piece("pivot", pin))
    return laid(rng, kind, pieces, GRASP | {"cut": ("blade",), "press": ("handle",)})


def wrench(rng: np.random.Generator) -> Assembly:
    """Open-ended and combination wrenches."""
    length, thick = rng.uniform(0.14, 0.3), rng.uniform(0.006, 0.01)
    wide = length * rng.uniform(0.07, 0.1)
    bar = slab(rectangle(wide, thick, thick * 0.3, 2), length)
    jaw = cutout(
        [
            (wide * 1.1, wide * 0.2),
            (wide * 1.1, wide * 1.4),
            (wide * 0.55, wide * 2.3),
            (wide * 0.45, wide * 1.0),
            (-wide * 0.45, wide * 1.0),
            (-wide * 0.55, wide * 2.3),
            (-wide * 1.1, wide * 1.4),
            (-wide * 1.1, wide * 0.2),
            (-wide * 0.5, -wide * 0.3),
            (wide * 0.5, -wide * 0.3),
        ],
        thick * 1.4,
    )
    pieces = [Piece("handle", bar), Piece("jaw" if chance(rng, 0.6) else "head", jaw.at(y=length))]
    if chance(rng, 0.6):
        hoop = ring(ellipse(wide * 1.9, count=18), regular(6, wide * 1.2)[np.arange(18) // 3], thick * 1.3)
        pieces.append(Piece("ring", hoop.at(y=-wide * 0.7)))
    return laid(rng, "wrench", pieces, GRASP)


def saw(rng: np.random.Generator) -> Assembly:
    """Hand saws."""
    length, high = rng.uniform(0.25, 0.45), rng.uniform(0.08, 0.13)
    count = int(rng.integers(12, 24))
    x = np.linspace(0, length, 2 * count + 1)
    edge = np.stack([np.where(np.arange(2 * count + 1) % 2, -0.006, 0.0), x], 1)
    blade = cutout(np.concatenate([edge, [(high * 0.4, length), (high, 0)]]), 0.002)
    outer = rectangle(high * 1.1, 0.1, 0.02, 3)
    grip = ring(outer, outer * [0.45, 0.6], 0.022).at(x=high / 2, y=-0.045)
    return laid(rng, "saw", [Piece("blade", blade), Piece("handle", grip)], GRASP | {"cut": ("blade",)})
