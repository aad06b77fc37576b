"""What floats and flies: boats and airplanes."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import outward, wheel
from partwise.datasets.world.build import ball, box, cylinder, lathe, loft, sheet
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.outlines import rounded


def _hull(rng: np.random.Generator, length: Number, width: Number, depth: Number) -> Mesh:
    """An open boat from stern to bow along z, deck at y = `depth`, hollow."""
    stations = np.linspace(-1, 1, 9)
    blunt, sheer = rng.uniform(0.3, 0.9), rng.uniform(0.05, 0.5) * depth
    power = rng.uniform(2.0, 3.5)
    half = (
        width
        / 2
        * np.where(
            stations > 0, np.maximum(1 - np.abs(stations) ** power, 0.03), 1 - (1 - blunt) * stations**2
        )
    )
    rim = depth + sheer * stations**2 + np.where(stations > 0, sheer * stations**2, 0)
    keel = depth * 0.75 * np.maximum(stations, 0) ** 3
    angle = np.linspace(-np.pi / 2, np.pi / 2, 9)
    flat = rng.uniform(0.4, 1.0)
    x = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** flat
    y = 1 - np.abs(np.cos(angle)) ** flat
    grid = np.empty((9, 9, 3))
    grid[..., 0] = half[:, None] * x
    grid[..., 1] = keel[:, None] + (rim - keel)[:, None] * y
    grid[..., 2] = (stations * length / 2)[:, None]
    return sheet(grid, depth * 0.06)


def _deck(length: Number, width: Number, y: Number) -> Mesh:
    outline = [(-0.42, -0.9), (-0.5, 0), (-0.4, 0.45), (0, 0.9), (0.4, 0.45), (0.5, 0), (0.42, -0.9)]
    return (
        box(1, 0.04, 1).scaled(width * 0.8, 1, length * 0.7).at(y=y)
        if length < 1
        else loft(
            np.stack(
                [
                    np.array([(x * width * 0.95, h, z * length / 2) for x, z in reversed(outline)])
                    for h in (y, y + 0.05)
                ]
            )
        )
    )


def boat(rng: np.random.Generator) -> Assembly:
    """Rowing boats, sailing boats, tall ships, motor boats."""
    kind = pick(rng, ("sail", "ship", "row", "motor", "longship"), (3, 2, 2, 2, 1))
    a = Assembly({"sail": "sail boat", "ship": "sail ship", "longship": "viking boat"}.get(kind, "boat"))
    length = {"ship": 16.0, "row": 3.5, "longship": 10.0}.get(kind, 6.0) * rng.uniform(0.8, 1.3)
    width, depth = length * rng.uniform(0.24, 0.4), length * rng.uniform(0.1, 0.18)
    a.add("hull", _hull(rng, length, width, depth))
    if kind != "row":
        a.add(pick(rng, ("hull", "deck")), _deck(length * 0.95, width * 0.9, depth * 0.8))
    if kind in ("row", "longship"):
        a.add(
            "seat",
            box(width * 0.9, depth * 0.08, length * 0.06)
            .row(int(rng.integers(2, 5)), z=length * 0.18)
            .at(y=depth * 0.6),
        )
    if kind in ("row", "longship"):
        oar = join(
            [
                cylinder(length * 0.008, length * 0.5, around=6),
                box(length * 0.03, length * 0.1, length * 0.006).at(y=-length * 0.08),
            ]
        )
        oar = oar.pointed((width * 1.1, depth * 0.3, 0), (0, depth * 1.7, 0))
        a.add("oar", oar.row(1 if kind == "row" else int(rng.integers(3, 6)), z=length * 0.12).both_sides())
    if kind in ("sail", "ship", "longship"):
        _rig(a, rng, length, depth, kind)
    if kind in ("ship", "sail") and chance(rng, 0.6):
        a.add(
            "rudder", box(length * 0.012, depth * 0.9, length * 0.06).at(y=0, z=-length / 2 - length * 0.02)
        )
    if kind == "motor":
        house = box(width * 0.6, depth * 0.8, length * 0.25).tapered(0.8).at(y=depth * 0.8, z=length * 0.05)
        a.add("cabin", house)
        a.add(
            "window",
            box(width * 0.5, depth * 0.3, length * 0.22).at(y=depth * 1.15, z=length * 0.09),
            box(width * 0.58, depth * 0.25, length * 0.16).at(y=depth * 1.15, z=length * 0.05),
        )
        a.add("engine", box(width * 0.16, depth * 1.2, length * 0.06).at(y=depth * 0.1, z=-length * 0.52))
    a.afford("ride", "hull", "seat", "deck", where=facing())
    a.afford("sit", "seat", where=facing())
    a.afford("grasp", "oar")
    return a


def _rig(a: Assembly, rng: np.random.Generator, length: Number, depth: Number, kind: str) -> None:
    """Masts and sails."""
    count = int(rng.integers(2, 4)) if kind == "ship" else 1
    high = length * rng.uniform(0.6, 1.0) / (1.2 if kind == "ship" else 1)
    own = chance(rng, 0.7)
    for z in (np.arange(count) - (count - 1) / 2) * length * 0.28:
        a.add(
            "mast" if own else "hull",
            cylinder(length * 0.012, high, length * 0.008, around=8).at(y=depth * 0.6, z=z),
        )
        if kind == "sail":
            low, tip, foot = depth + high * 0.12, depth + high * 0.55, -length * rng.uniform(0.3, 0.42)
            for reach in (foot, length * 0.35) if chance(rng, 0.6) else (foot,):
                s, t = np.meshgrid(np.linspace(0, 1, 5), np.linspace(0, 1, 5), indexing="ij")
                belly = length * 0.06 * np.sin(np.pi * t) * (1 - s)
                grid = np.stack(
                    [
                        belly,
                        low + (tip - low) * 1.55 * s,
                        z + np.sign(reach) * 0.1 + reach * t * (1 - s * 0.97),
                    ],
                    -1,
                )
                a.add("sail", sheet(grid, length * 0.004))
            a.add("boom", cylinder(length * 0.008, abs(foot), around=6).turned("x", -90).at(y=low, z=z))
        else:
            rows = int(rng.integers(2, 4)) if kind == "ship" else 1
            tall = high * 0.8 / rows
            for row in range(rows):
                wide = length * (0.34 if kind == "ship" else 0.5) * (1 - 0.22 * row)
                s, t = np.meshgrid(np.linspace(0, 1, 5), np.linspace(-0.5, 0.5, 5), indexing="ij")
                belly = length * 0.07 * np.sin(np.pi * s)
                y = depth + high * 0.15 + tall * (row + 0.88 * s)
                a.add("sail", sheet(np.stack([wide * t, y, z + 0.1 + belly], -1), length * 0.004))
                a.add(
                    "yard",
                    cylinder(length * 0.007, wide, around=6)
                    .turned("z", 90)
                    .at(x=wide / 2, y=depth + high * 0.15 + tall * (row + 0.9), z=z + 0.05),
                )
    if chance(rng, 0.4):
        a.add(
            "flag",
            box(length * 0.003, length * 0.06, length * 0.1).at(y=depth * 0.6 + high, z=-length * 0.05),
        )


def airplane(rng: np.random.Generator) -> Assembly:
    """Airliners, propeller planes, gliders and fighters."""
    kind = pick(rng, ("liner", "propeller", "fighter", "glider"), (4, 3, 2, 1))
    a = Assembly("airplane")
    length = rng.uniform(6, 14)
    girth = (
        length
        * {"liner": 0.065, "propeller": 0.075, "fighter": 0.06, "glider": 0.04}[kind]
        * rng.uniform(0.85, 1.2)
    )
    y, f = length * 0.16, length / 2
    profile = rounded(
        [
            (0.02, -f),
            (girth * 0.35, -f + 0.02 * length),
            (girth, -length * 0.12),
            (girth, length * 0.28),
            (girth * rng.uniform(0.3, 0.7), length * 0.45),
            (0.01, f),
        ],
        length * 0.1,
    )
    hull = lathe(profile, roundness(rng) + 4).turned("x", 90).at(y=y)
    a.add("body", hull)
    _wings(a, rng, length, girth, y, kind)
    style = pick(rng, ("band", "canopy")) if kind == "liner" else "canopy"
    if style == "canopy":
        a.add(
            "window" if chance(rng, 0.7) else "canopy",
            ball(girth * 1.3, girth * 1.3, length * 0.18, around=12).at(y=y + girth * 0.7, z=length * 0.24),
        )
    else:
        row = box(girth * 2.02, girth * 0.22, length * 0.02).row(int(rng.integers(6, 14)), z=length * 0.04)
        a.add(
            "window",
            row.at(y=y + girth * 0.2, z=length * 0.05),
            box(girth * 1.1, girth * 0.3, length * 0.04).at(y=y + girth * 0.45, z=length * 0.4),
        )
    if kind == "propeller":
        blade = box(girth * 0.25, girth * 2.2, length * 0.01).at(y=0.0)
        a.add(
            "propeller",
            join([blade.around(int(pick(rng, (2, 3))), "z"), ball(girth * 0.6, around=8)]).at(
                y=y, z=f + length * 0.012
            ),
        )
    if chance(rng, 0.7):
        radius = length * 0.022
        rim = wheel(rng, radius, radius * 0.9)
        places = [
            (0, radius, length * 0.3),
            (girth * 1.2, radius, -length * 0.02),
            (-girth * 1.2, radius, -length * 0.02),
        ]
        a.add("wheel", rim.copies(places))
        strut = box(length * 0.012, y - girth * 0.6 - radius, length * 0.012)
        a.add("landing gear", strut.copies([(x, radius, z) for x, _, z in places]))
    a.afford("ride", "body", where=facing("x"))
    return a


def _wings(
    a: Assembly, rng: np.random.Generator, length: Number, girth: Number, y: Number, kind: str
) -> None:
    """Main wings, tail planes and fin, with engines below or behind."""
    span = length * rng.uniform(0.4, 0.55) * {"fighter": 0.7, "glider": 1.5}.get(kind, 1.0)
    chord = length * rng.uniform(0.12, 0.18) * {"fighter": 1.8, "glider": 0.6}.get(kind, 1.0)
    sweep_back = {"liner": 0.35, "fighter": 0.6}.get(kind, 0.05) * span * rng.uniform(0.6, 1.2)

    def plane(reach: Number, root: Number, back: Number, thick: Number) -> Mesh:
        tip = root * 0.4
        flat = [(0, -root / 2), (reach, -back - tip / 2), (reach, -back + tip / 2), (0, root / 2)]
        return loft(np.stack([np.array([(x, h, z) for x, z in reversed(flat)]) for h in (thick, 0)])[::-1])

    rise = pick(rng, (-0.3, 0.0, 0.8)) * girth
    wing = plane(span, chord, sweep_back, girth * 0.18).turned("z", rng.uniform(0, 6))
    wing = outward(wing)
    a.add("wing", wing.at(x=girth * 0.4, y=y + rise, z=length * 0.05).both_sides())
    small = plane(span * 0.36, chord * 0.6, sweep_back * 0.35, girth * 0.14)
    small = outward(small)
    z = -length * 0.44
    fin = small.turned("z", 90).scaled(1, 0.9, 1.1)
    a.add("tail", small.at(y=y, z=z).both_sides(), fin.at(y=y + girth * 0.2, z=z))
    if kind == "liner":
        pod = cylinder(girth * 0.4, length * 0.12, girth * 0.5, bevel=girth * 0.05, around=12).turned("x", 90)
        count = pick(rng, ((0.3,), (0.3,), (0.25, 0.55)))
        for share in count:
            place = pod.at(
                x=girth + span * share, y=y + rise - girth * 0.35, z=length * 0.05 - sweep_back * share
            )
            a.add("engine", place.both_sides())
    elif kind == "fighter":
        a.add(
            "engine",
            cylinder(girth * 0.45, length * 0.1, girth * 0.6, around=12)
            .turned("x", 90)
            .at(y=y, z=-length * 0.54),
        )
        if chance(rng, 0.6):
            a.add(
                "missile",
                cylinder(girth * 0.15, length * 0.16, around=8)
                .turned("x", 90)
                .at(x=span * 0.6, y=y + rise - girth * 0.3, z=-length * 0.05)
                .both_sides(),
            )
