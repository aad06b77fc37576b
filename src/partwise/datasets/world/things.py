"""Small belongings: potion, bags, suitcase, hats and helmets, lighter, lipstick, pen, stapler."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import box, cylinder, lathe, pillow, slab, sweep, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Number, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle


def potion(rng: np.random.Generator) -> Assembly:
    """Flasks of coloured liquid with a cork."""
    a = Assembly("potion")
    high, wide, neck = rng.uniform(0.12, 0.25), rng.uniform(0.06, 0.14), rng.uniform(0.014, 0.026)
    style, around = pick(rng, ("round", "cone", "tube", "heart")), max(6, roundness(rng))
    r, top = wide / 2, high * rng.uniform(0.5, 0.7)
    belly = {
        "round": [(r * 0.5, 0), (r, top * 0.35), (r * 0.9, top * 0.65), (neck, top)],
        "cone": [(r * 0.9, 0), (r, top * 0.1), (neck, top)],
        "tube": [(neck * 0.6, 0), (neck * 1.05, top * 0.1), (neck, top)],
        "heart": [(r * 0.3, 0), (r * 0.85, top * 0.5), (r, top * 0.7), (neck, top)],
    }[style]
    a.add("glass", vessel([*belly, (neck, high * 0.95), (neck * 1.25, high)], 0.003, around))
    fill = [(x * 0.9, y * 0.93 + 0.004) for x, y in belly[:-1]]
    a.add(
        "liquid",
        lathe(fill if len(fill) > 2 or style == "round" else [*fill, (neck * 0.9, top * 0.8)], around),
    )
    a.add("cork", cylinder(neck * 0.9, high * 0.16, neck * 1.1, around=around).at(y=high * 0.92))
    a.afford("contain", "glass")
    a.afford("open", "cork")
    a.afford("wrapgrasp", "glass")
    return a


def backpack(rng: np.random.Generator) -> Assembly:
    """Backpacks, handbags and suitcases."""
    kind = pick(rng, ("backpack", "handbag", "suitcase"))
    a = Assembly(kind)
    wide, high, deep = rng.uniform(0.28, 0.4), rng.uniform(0.35, 0.55), rng.uniform(0.14, 0.24)
    if kind == "handbag":
        high *= 0.6
    soft = pillow(wide, high, deep, rng.uniform(4, 8)).at(y=high / 2)
    a.add(
        "body",
        soft
        if kind != "suitcase" and chance(rng, 0.7)
        else slab(rectangle(wide, deep, 0.03), high, bevel=0.02),
    )
    {"backpack": _rucksack, "handbag": _handbag, "suitcase": _suitcase}[kind](a, rng, (wide, high, deep))
    a.afford("contain", "body")
    a.afford("carry", "handle", "strap")
    a.afford("grasp", "handle", "strap")
    return a


def _rucksack(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]) -> None:
    """Two shoulder straps, a pocket and a loop to hang it by."""
    wide, high, deep = size
    strap = curve(
        [
            [0, high * 0.92, -deep * 0.4],
            [0.02, high * 0.75, -deep * 0.9],
            [0.03, high * 0.3, -deep * 0.85],
            [0.05, high * 0.08, -deep * 0.45],
        ],
        12,
    )
    a.add("strap", sweep(strap, rectangle(0.06, 0.015)).at(x=wide * 0.22).both_sides())
    a.add("pocket", pillow(wide * 0.75, high * 0.4, deep * 0.5, 5).at(y=high * 0.28, z=deep * 0.5))
    a.add(
        "handle",
        tube(
            curve(
                [
                    [-0.05, high * 0.96, -deep * 0.2],
                    [0, high + 0.05, -deep * 0.2],
                    [0.05, high * 0.96, -deep * 0.2],
                ],
                9,
            ),
            0.01,
            6,
        ),
    )
    a.afford("wear", "strap")


def _handbag(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]) -> None:
    """One bow or two, now and then a pocket."""
    wide, high, deep = size
    lift = high * rng.uniform(0.4, 1.0)
    bow = curve(
        [
            [-wide * 0.3, high * 0.9, 0],
            [-wide * 0.22, high + lift, 0],
            [wide * 0.22, high + lift, 0],
            [wide * 0.3, high * 0.9, 0],
        ],
        14,
    )
    both = tube(bow, 0.01, 6)
    a.add(
        pick(rng, ("handle", "strap")),
        join([both.at(z=deep * 0.25), both.at(z=-deep * 0.25)]) if chance(rng, 0.5) else both,
    )
    if chance(rng, 0.5):
        a.add("pocket", box(wide * 0.6, high * 0.4, 0.03, bevel=0.01).at(y=high * 0.2, z=deep * 0.47))


def _suitcase(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]) -> None:
    """A handle, drawn out or not, and four wheels."""
    wide, high, deep = size
    out = rng.uniform(0.05, 0.35)
    a.add(
        "handle",
        tube([[-0.08, high, 0], [-0.08, high + out, 0], [0.08, high + out, 0], [0.08, high, 0]], 0.009, 6),
    )
    a.add(
        "wheel",
        cylinder(0.028, 0.025, around=12)
        .turned("z", 90)
        .at(x=wide * 0.4, y=-0.018, z=deep * 0.35)
        .four_corners(),
    )


def hat(rng: np.random.Generator) -> Assembly:
    """Brimmed hats, caps and helmets."""
    kind = pick(rng, ("hat", "cap", "helmet"))
    a = Assembly(kind)
    wide, high = rng.uniform(0.17, 0.2), rng.uniform(0.09, 0.16)
    angle = np.linspace(0, np.pi / 2, 8)
    shell = np.stack([wide / 2 * np.maximum(np.cos(angle), 0.0), high * np.sin(angle)], 1)
    around = max(12, roundness(rng))
    if kind == "hat":
        top = rng.uniform(0.5, 1.0)
        profile = pick(rng, (shell, np.array([(wide / 2, 0), (wide / 2 * top, high), (0, high)])))
        a.add("crown", lathe(profile, around))
        a.add("brim", slab(ellipse(wide * rng.uniform(1.5, 2.4), wide * rng.uniform(1.5, 2.4), 24), 0.006))
        if chance(rng, 0.6):
            a.add(
                "ribbon",
                lathe(
                    [(wide * 0.48, 0.006), (wide * 0.52, 0.006), (wide * 0.5, 0.03), (wide * 0.46, 0.03)],
                    around,
                    closed=True,
                ),
            )
    elif kind == "cap":
        a.add("crown", lathe(shell, around))
        peak = np.concatenate(
            [arc(wide * 0.5, 20, 160, 9)[:, :2] * [1, 1.9], arc(wide * 0.48, 160, 20, 9)[:, :2]]
        )
        a.add("visor" if chance(rng, 0.5) else "brim", slab(peak, 0.006))
    else:
        a.add(
            pick(rng, ("helmet", "shell")),
            vessel((shell * [1.25, 1.5])[::-1] * [1, -1] + [0, high * 1.5], 0.008, around)
            .turned("z", 180)
            .at(y=high * 1.5),
        )
        y, tilt = high * 0.35, rng.uniform(-30, 30)
        face = arc(wide * 0.66, 25, 155, 12)[:, [0, 2, 1]]
        a.add(
            "visor",
            sweep(face, rectangle(0.07, 0.005) @ np.array([[0, 1.0], [-1.0, 0]]))
            .turned("x", -tilt * 0.3)
            .at(y=y),
        )
        if chance(rng, 0.6):
            a.add(
                "strap",
                sweep(
                    curve([[-wide * 0.55, 0, 0], [0, -high * 0.9, 0.03], [wide * 0.55, 0, 0]], 12),
                    rectangle(0.015, 0.004),
                ),
            )
    a.afford("wear", "crown", "brim", "helmet", "shell", "strap", "visor")
    return a


def small_thing(rng: np.random.Generator) -> Assembly:
    """Lighters, lipsticks and pens."""
    kind = pick(rng, ("lighter", "lipstick", "pen"))
    a = Assembly(kind)
    if kind == "lighter":
        wide, high = rng.uniform(0.018, 0.026), rng.uniform(0.055, 0.08)
        a.add(
            "body",
            slab(
                ellipse(wide, wide * 0.6, 16) if chance(rng, 0.6) else rectangle(wide, wide * 0.5, 0.002),
                high,
            ),
        )
        a.add(
            "wheel",
            cylinder(wide * 0.22, wide * 0.3, around=12)
            .at(y=-wide * 0.15)
            .turned("x", 90)
            .at(x=wide * 0.1, y=high + wide * 0.15),
        )
        a.add("lever", box(wide * 0.35, wide * 0.16, wide * 0.35).turned("z", -15).at(x=wide * 0.35, y=high))
        a.add("shield", box(wide * 0.35, wide * 0.5, wide * 0.4).at(x=-wide * 0.25, y=high))
        a.afford("press", "lever", "wheel")
    elif kind == "lipstick":
        radius, high = rng.uniform(0.008, 0.011), rng.uniform(0.03, 0.045)
        square = chance(rng, 0.4)
        case = box(2 * radius, high, 2 * radius) if square else cylinder(radius, high, around=16)
        a.add("base", case, cylinder(radius * 0.85, high * 0.4, around=16).at(y=high))
        a.add(
            "wax",
            lathe(
                [
                    (radius * 0.7, 0),
                    (radius * 0.7, high * 0.4),
                    (radius * 0.45, high * 0.62),
                    (0.001, high * 0.7),
                ],
                14,
            ).at(y=high * 1.4),
        )
        a.add(
            "lid",
            (box(2 * radius, high, 2 * radius) if square else cylinder(radius, high, around=16)).at(
                x=rng.uniform(2.5, 4) * radius
            ),
        )
        a.afford("open", "lid")
    else:
        radius, high = rng.uniform(0.004, 0.006), rng.uniform(0.11, 0.14)
        a.add("body", cylinder(radius, high, around=pick(rng, (6, 12))))
        a.add("tip", cylinder(radius * 0.15, 0.018, radius, around=12).at(y=-0.018))
        a.add(
            "cap" if chance(rng, 0.6) else "button",
            cylinder(radius * 1.15, 0.04, around=12).at(y=high - 0.02),
        )
        a.add("clip", box(0.003, 0.035, 0.0025).at(y=high - 0.02, z=radius * 1.4))
    a.afford("grasp", "body", "base")
    return a


def stapler(rng: np.random.Generator) -> Assembly:
    """Staplers."""
    a = Assembly("stapler")
    long, wide = rng.uniform(0.1, 0.16), rng.uniform(0.025, 0.035)
    a.add("base", box(wide, 0.01, long, bevel=0.002))
    a.add(
        pick(rng, ("top", "body")),
        box(wide * 0.9, 0.024, long * 0.95, bevel=0.006)
        .turned("x", -rng.uniform(4, 20))
        .at(y=0.032, z=-0.002),
    )
    a.add("magazine", box(wide * 0.6, 0.01, long * 0.9).turned("x", -4).at(y=0.017))
    a.add("hinge", cylinder(0.008, wide, around=10).turned("z", 90).at(x=wide / 2, y=0.018, z=-long * 0.46))
    a.afford("press", "top", "body", where=facing())
    return a
