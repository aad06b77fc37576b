"""What one carries about and holds in a hand or two: binoculars, fire extinguisher."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import box, cylinder, lathe, ring, slab, sweep, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import both, middle, outward
from partwise.datasets.world.fittings import washer
from partwise.datasets.world.mesh import Number, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle
from partwise.datasets.world.tools import haft


def binoculars(rng: np.random.Generator) -> Assembly:
    """Field glasses with stepped barrels, slim straight ones, opera glasses on a stick; they look to +z."""
    kind = pick(rng, ("stepped", "straight", "opera"), (4, 4, 2))
    a = Assembly("opera glasses" if kind == "opera" else "binoculars")
    long = rng.uniform(0.1, 0.16) * (0.6 if kind == "opera" else 1)
    radius, gap = long * rng.uniform(0.15, 0.2), rng.uniform(0.03, 0.036)
    if kind == "opera":
        radius = long * 0.24
    wide = max(radius * 1.08, gap) if kind == "straight" else gap + radius * rng.uniform(0.5, 0.9)
    name, around = pick(rng, ("barrel", "tube", "body")), max(12, roundness(rng))
    if kind == "stepped":  # prisms between the wide front and the eyepieces
        block = slab(rectangle(radius * 1.7 + wide - gap, radius * 2.1, radius * 0.6), long * 0.42)
        a.add(
            "housing" if chance(rng, 0.5) else name,
            block.turned("x", 90).at(x=(wide + gap) / 2, z=-long * 0.22).both_sides(),
        )
        hull = cylinder(radius * 0.75, long * 0.45, radius, around=around).at(y=long * 0.18)
    else:
        side = [
            (radius * 0.72, -long * 0.25),
            (radius * 0.75, long * 0.05),
            (radius, long * 0.3),
            (radius, long * 0.62),
        ]
        hull = lathe(curve(side, 9) if chance(rng, 0.5) else np.array(side), around)
    a.add(name, hull.turned("x", 90).at(x=wide).both_sides())
    _glasses(a, rng, (long, radius, wide, gap), name)
    _worn(a, rng, (long, radius, wide), kind == "opera")
    a.afford("grasp", "barrel", "tube", "body", "housing", "handle", "grip")
    a.afford("wear", "strap")
    a.afford("carry", "strap", "handle", "grip")
    a.afford("push", "focus knob", "knob", "dial")
    a.afford("open", "lens cap")
    return a


def _glasses(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number, Number], name: str
) -> None:
    """Lenses, eyepieces, bridge and wheel of binoculars of (length, radius, half widths in front and behind)."""
    long, radius, wide, gap = size
    front, eye, back = long * 0.62, radius * rng.uniform(0.55, 0.75), -long * 0.24
    hoop = ring(ellipse(radius * 2.15, count=20), ellipse(radius * 1.75, count=20), long * 0.06)
    a.add("rim" if chance(rng, 0.5) else name, hoop.at(x=wide, z=front).both_sides())
    glass = (
        lathe([(radius * 0.9, 0), (radius * 0.6, 0.003), (0, 0.004)], 18)
        .turned("x", 90)
        .at(x=wide, z=front - 0.002)
    )
    capped = chance(rng, 0.25)
    cap = cylinder(radius * 1.12, long * 0.1, bevel=0.002, around=20).turned("x", 90).at(x=wide, z=front)
    a.add(
        "lens cap" if capped else pick(rng, ("lens", "objective", "glass")),
        (cap if capped else glass).both_sides(),
    )
    cup = lathe(
        [
            (eye * 0.8, 0),
            (eye, long * 0.06),
            (eye, long * 0.14),
            (eye * 1.1, long * 0.2),
            (eye * 0.7, long * 0.2),
        ],
        16,
    )
    a.add("eyepiece", cup.turned("x", -90).at(x=gap, z=back + 0.003).both_sides())
    axle = cylinder(radius * 0.3, long * 0.5, around=12).turned("x", 90).at(z=-long * 0.2)
    webs = box(2 * wide, radius * 0.5, long * 0.08).row(2, z=long * 0.32).at(y=-radius * 0.25, z=long * 0.05)
    a.add(pick(rng, ("bridge", "hinge")), join([webs, axle]))
    knob = cylinder(radius * 0.46, long * 0.14, around=pick(rng, (12, 20))).turned("x", 90)
    a.add(
        pick(rng, ("focus knob", "focus knob", "knob", "dial")),
        knob.at(y=radius * 0.1, z=rng.uniform(-0.35, -0.1) * long),
    )


def _worn(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], stick: bool) -> None:
    """What binoculars of (length, radius, half the width) are held or worn by: a stick, else perhaps a strap."""
    long, radius, wide = size
    if stick:
        hold = haft(rng, long * 1.6, 0.016).mirrored("y")
        a.add(
            pick(rng, ("handle", "grip")),
            hold.turned("z", rng.uniform(0, 25)).at(x=wide + radius * 0.5, y=-radius * 0.6),
        )
    elif chance(rng, 0.5):
        side, drop = wide + radius * 0.8, rng.uniform(0.5, 2.2) * long
        loop = curve(
            [
                [side, 0, 0],
                [side * 1.3, -drop * 0.5, -0.03],
                [0, -drop, -0.05],
                [-side * 1.3, -drop * 0.5, -0.03],
                [-side, 0, 0],
            ],
            18,
        )
        a.add("strap", sweep(loop, rectangle(0.003, 0.012)))


def fire_extinguisher(rng: np.random.Generator) -> Assembly:
    """Bottles with a squeeze handle, a pin and a hose, some with a wide horn; small ones with a bare nozzle."""
    kind = pick(rng, ("powder", "horn", "small"), (5, 3, 2))
    a = Assembly(pick(rng, ("fire extinguisher", "fire extinguisher", "extinguisher")))
    radius = rng.uniform(0.055, 0.085) * (0.6 if kind == "small" else 1)
    tall = radius * rng.uniform(4.2, 6.0)
    low = radius * rng.uniform(0.15, 0.3)
    shoulder = curve(
        [(radius, tall - radius * 0.7), (radius * 0.85, tall - radius * 0.25), (radius * 0.3, tall)], 7
    )
    side = np.concatenate([[(radius * 0.75, low * 0.6), (radius, low + radius * 0.1)], shoulder])
    around = max(14, roundness(rng))
    a.add(pick(rng, ("body", "body", "cylinder", "tank")), lathe(side, around))
    a.add(pick(rng, ("base", "foot")), washer(radius * 0.86, radius, low + radius * 0.12, around))
    a.add(
        "neck" if chance(rng, 0.5) else "collar",
        cylinder(radius * 0.32, radius * 0.35, around=14).at(y=tall - 0.005),
    )
    thick, top = max(radius * 0.26, 0.012), tall + radius * 0.3
    block = box(thick * 1.4, radius * 0.55, radius * 0.75).at(y=top - 0.003)
    a.add("valve head", block)
    _squeeze(a, rng, (radius, top + radius * 0.4, thick))
    front = radius * 0.37
    if chance(rng, 0.7):
        dial = cylinder(radius * 0.28, radius * 0.14, around=16).turned("z", pick(rng, (90, -90)))
        sign = 1 if dial.high[0] > 0.001 else -1
        a.add("gauge", dial.at(x=sign * thick * 0.68, y=top + radius * 0.2, z=radius * 0.1))
    if kind == "small":
        a.add(
            "nozzle",
            cylinder(radius * 0.14, radius * 0.4, radius * 0.1, around=12)
            .turned("x", 90)
            .at(y=top + radius * 0.3, z=front - 0.003),
        )
    else:
        _extinguisher_hose(a, rng, (radius, tall, top + radius * 0.25), kind)
    _wrapped(a, rng, (radius, tall), around)
    a.afford("grasp", "handle", "hose", "horn")
    a.afford("carry", "handle")
    a.afford("lift", "handle")
    a.afford("press", "lever")
    a.afford("pull", "pin", "ring")
    a.afford("wrapgrasp", "body", "cylinder", "tank", "label", where=both(outward(), middle("y", 0, tall)))
    return a


def _wrapped(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number], around: int) -> None:
    """The label around a bottle of (radius, height), and the strap and bracket that hold it to a wall."""
    radius, tall = size
    if chance(rng, 0.7):
        high = tall * rng.uniform(0.25, 0.45)
        a.add(
            "label",
            lathe(
                [
                    (radius * 0.9, 0),
                    (radius * 1.01, 0.001),
                    (radius * 1.01, high),
                    (radius * 0.9, high + 0.001),
                ],
                around,
            ).at(y=tall * 0.25),
        )
    if chance(rng, 0.4):
        band = washer(radius * 0.95, radius * 1.04, 0.02, around)
        a.add(pick(rng, ("strap", "band")), band.at(y=tall * 0.72))
        a.add("bracket", box(radius * 0.9, tall * 0.4, 0.006).at(y=tall * 0.45, z=-radius * 1.06))


def _squeeze(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]) -> None:
    """The handle, the lever above it and the pin between, at the valve of (radius, height, thickness)."""
    radius, y, thick = size
    reach, rise = radius * rng.uniform(1.3, 1.8), radius * rng.uniform(0.3, 0.5)
    section = rectangle(thick, max(thick * 0.25, 0.004))
    lower = curve([[0, 0, radius * 0.2], [0, 0.002, -reach * 0.5], [0, -rise * 0.5, -reach]], 8)
    upper = curve(
        [[0, rise * 0.25, radius * 0.25], [0, rise, -reach * 0.4], [0, rise * rng.uniform(0.8, 1.5), -reach]],
        8,
    )
    a.add("handle", sweep(np.add(lower, [0, y, 0]), section))
    a.add(
        "lever",
        sweep(np.add(upper, [0, y, 0]), section),
        box(thick, rise * 0.5, radius * 0.2).at(y=y - 0.003, z=radius * 0.2),
    )
    if chance(rng, 0.8):
        at = (y + rise * 0.3, radius * 0.05)
        bolt = (
            cylinder(max(radius * 0.035, 0.002), thick * 2.6, around=8).turned("z", 90).at(thick * 1.3, *at)
        )
        hoop = tube(arc(radius * 0.17, 0, 360, 15)[:-1], max(radius * 0.03, 0.002), 6, closed=True)
        two = chance(rng, 0.4)
        a.add("pin", bolt)
        a.add("ring" if two else "pin", hoop.turned("y", 90).at(thick * 1.3, at[0] - radius * 0.15, at[1]))


def _extinguisher_hose(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], kind: str
) -> None:
    """The hose from the valve down along the bottle of (radius, height, height of the valve), to its nozzle."""
    radius, tall, y = size
    thick, side = radius * 0.13, pick(rng, (-1, 1))
    out, end = side * (radius + thick * 1.2), tall * rng.uniform(0.25, 0.5)
    long = tall * rng.uniform(0.35, 0.5)
    if kind == "horn":
        end = max(end, long + 0.02)
    path = curve(
        [
            [0, y, radius * 0.3],
            [out * 0.45, y + radius * 0.1, radius * 0.9],
            [out * 1.1, y - radius * 0.6, radius * 0.4],
            [out, tall * 0.65, 0],
            [out, end, 0],
        ],
        20,
    )
    a.add("hose", tube(path, thick, 8))
    if kind == "horn":
        mouth = radius * rng.uniform(0.45, 0.65)
        cone = vessel([(thick * 0.9, 0), (thick * 1.3, long * 0.25), (mouth, long)], 0.003, 16).mirrored("y")
        shift = side * max(mouth - thick, 0)
        a.add(
            pick(rng, ("horn", "nozzle")),
            cone.warped(lambda p: p + np.stack([shift * (p[:, 1] / -long), 0 * p[:, 0], 0 * p[:, 0]], 1)).at(
                x=out, y=end + 0.004
            ),
        )
        if chance(rng, 0.5):
            a.add("grip", cylinder(thick * 1.5, tall * 0.14, around=12).at(x=out, y=end))
    else:
        jet = lathe(
            [(thick * 1.25, 0), (thick * 1.3, radius * 0.3), (thick * 0.8, radius * 0.8)], 12
        ).mirrored("y")
        a.add("nozzle", jet.at(x=out, y=end + 0.004))
