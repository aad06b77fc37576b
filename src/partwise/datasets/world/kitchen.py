"""Things of the kitchen that hold and pour: mug, kettle, teapot, pot, bottle, jar."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, cylinder, lathe, slab, sweep, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import both, facing, inward, middle, near, outward, towards
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle, rounded, squircle


def ear(rng: np.random.Generator, tall: Number, out: Number, thick: Number) -> Mesh:
    """The handle of a mug or jug: from the origin up to y = `tall`, standing `out` towards +x."""
    style = pick(rng, ("round", "square", "drop"), (4, 2, 2))
    if style == "round":
        path = curve(
            [[-thick, 0, 0], [out * 0.9, tall * 0.15, 0], [out, tall * 0.75, 0], [-thick, tall, 0]], 16
        )
    elif style == "square":
        path = np.array(
            [[-thick, 0, 0], [out, tall * 0.05, 0], [out, tall * 0.95, 0], [-thick, tall, 0]], float
        )
    else:
        path = curve(
            [[-thick, 0, 0], [out * 0.5, tall * 0.3, 0], [out, tall * 0.9, 0], [-thick, tall, 0]], 16
        )
    section = pick(rng, (ellipse(2.0, count=8), rectangle(2.6, 1.4), ellipse(3.0, 1.6, 8)))
    return sweep(path, section, thick / 2)


def radius_at(profile: Float[np.ndarray, "P 2"], y: Number) -> float:
    """How wide a profile that rises along y is at a height."""
    return float(np.interp(y, profile[:, 1], profile[:, 0]))


def mug(rng: np.random.Generator) -> Assembly:
    """Mugs, beer mugs and tea cups with a handle."""
    a = Assembly("mug")
    radius = rng.uniform(0.033, 0.055)
    tall, wall = radius * rng.uniform(1.3, 3.2), radius * rng.uniform(0.05, 0.14)
    shape = pick(rng, ("straight", "belly", "cone", "waist"), (4, 2, 2, 1))
    foot = {"straight": 1.0, "belly": 0.75, "cone": rng.uniform(0.5, 0.85), "waist": 1.0}[shape]
    waist = {"straight": 1.0, "belly": 1.15, "cone": (1 + foot) / 2, "waist": 0.82}[shape]
    side = curve([[radius * foot, 0], [radius * waist, tall * 0.5], [radius, tall]], 10)
    around = roundness(rng) + 4
    a.add("body", vessel(side, wall, around))
    low, high = tall * rng.uniform(0.1, 0.25), tall * rng.uniform(0.75, 0.92)
    thick = radius * rng.uniform(0.15, 0.3)
    loop = ear(rng, high - low, radius * rng.uniform(0.5, 0.9), thick)
    lean = (radius_at(side, high) - radius_at(side, low)) / (high - low)
    loop = loop.warped(lambda p: p + np.outer(p[:, 1] * lean, [1.0, 0, 0]))
    at = radius_at(side, low)
    a.add("handle", loop.at(x=at - wall * 0.3, y=low))
    if chance(rng, 0.15):
        a.add("lid", cylinder(radius * 1.02, tall * 0.06, around=around).at(y=tall))
    a.afford("grasp", "handle", where=middle("y", low, high))
    a.afford("contain", "body", where=inward())
    a.afford("wrapgrasp", "body", where=both(outward(), middle("y", 0, tall)))
    a.afford("pour", "body", where=towards("y", tall * 0.85, tall))
    return a


def pouring_profile(rng: np.random.Generator, slender: Number) -> Float[np.ndarray, "P 2"]:
    """The outline of a kettle or teapot, from the bottom to a mouth that a lid fits on."""
    radius = rng.uniform(0.06, 0.12)
    tall = radius * slender
    mouth, belly = rng.uniform(0.35, 0.75), rng.uniform(0.25, 0.6)
    foot = rng.uniform(0.55, 1.0)
    keys = [
        [radius * foot, 0],
        [radius, tall * belly],
        [radius * (mouth + 0.12), tall * 0.92],
        [radius * mouth, tall],
    ]
    return np.asarray(keys) if chance(rng, 0.25) else curve(keys, 12)


def bent_spout(rng: np.random.Generator, at: Number, tall: Number) -> tuple[Mesh, np.ndarray]:
    """A spout that leaves the body at x = `at` towards +x, and its tip."""
    low = tall * rng.uniform(0.2, 0.6)
    tip = np.array([at + tall * rng.uniform(0.3, 0.6), tall * rng.uniform(0.8, 1.05), 0.0])
    start = np.array([at * 0.8, low, 0.0])
    swan = start + (tip - start) * [0.75, rng.uniform(0.2, 0.5), 0]
    path = curve([start, swan, tip], 10) if chance(rng, 0.7) else np.stack([start, tip])
    thick = tall * rng.uniform(0.1, 0.18)
    return tube(path, np.linspace(thick, thick * rng.uniform(0.35, 0.6), len(path)), 10), tip


def lid_with_knob(rng: np.random.Generator, radius: Number, around: int) -> tuple[Mesh, Mesh]:
    """A lid standing on y = 0 and the knob on it."""
    rise, edge = radius * rng.uniform(0.02, 0.45), radius * 0.08
    top = curve([[radius, edge], [radius * 0.7, edge + rise * 0.6], [0.0, edge + rise]], 7)
    cover = lathe(np.concatenate([[[radius, 0.0]], np.maximum(top, 0)]), around)
    size = radius * rng.uniform(0.12, 0.3)
    style = pick(rng, ("ball", "disc", "loop"), (3, 2, 1))
    if style == "ball":
        knob = join(
            [
                ball(2 * size, 2 * size * rng.uniform(0.7, 1.1), around=10).at(y=size),
                cylinder(size * 0.4, size, around=8),
            ]
        )
    elif style == "disc":
        knob = lathe([(size * 0.4, 0), (size * 0.4, size * 0.6), (size, size * 0.8), (size * 0.9, size)], 12)
    else:
        knob = tube(arc(size * 1.4, 0, 180, 8), size * 0.25, 6)
    return cover, knob.at(y=edge + rise - size * 0.15)


def _pourer(a: Assembly, rng: np.random.Generator, slender: Number, bow: bool) -> Assembly:
    """Body (`slender` is height by radius), spout, lid with knob, and a handle: a bow over the top, or at the back."""
    side = pouring_profile(rng, slender)
    tall, around = float(side[-1, 1]), roundness(rng) + 4
    wide, mouth = float(side[:, 0].max()), float(side[-1, 0])
    wall = wide * 0.03
    a.add("body", vessel(side, wall, around))
    spout, tip = bent_spout(rng, radius_at(side, tall * 0.4), tall)
    a.add("spout", spout)
    cover, knob = lid_with_knob(rng, mouth * 1.05, around)
    a.add("lid", cover.at(y=tall - wall))
    a.add("knob", knob.at(y=tall - wall), of="lid")
    thick = wide * rng.uniform(0.09, 0.18)
    if bow:
        reach, rise = wide * rng.uniform(0.7, 0.95), tall * rng.uniform(0.45, 0.9)
        y = tall * 0.75
        path = curve(
            [
                [-reach, y, 0],
                [-reach * 0.9, tall + rise * 0.6, 0],
                [0, tall + rise, 0],
                [reach * 0.9, tall + rise * 0.6, 0],
                [reach, y, 0],
            ],
            20,
        )
        a.add("handle", tube(path, thick / 2, 8))
        a.afford("grasp", "handle", where=near((0, tall + rise, 0), wide * 0.8))
    else:
        low, high = tall * rng.uniform(0.1, 0.3), tall * rng.uniform(0.75, 0.95)
        loop = ear(rng, high - low, wide * rng.uniform(0.5, 0.8), thick)
        a.add("handle", loop.at(x=radius_at(side, low) - thick * 0.3, y=low).turned("y", 180))
        a.afford("grasp", "handle", where=middle("y", low, high))
    if chance(rng, 0.35):
        base = slab(ellipse(2 * float(side[0, 0]) * 1.1, count=around), tall * 0.1)
        a.add("base", base.at(y=-tall * 0.1))
    a.afford("pour", "spout", where=near(tip, tall * 0.35))
    a.afford("contain", "body", where=inward())
    a.afford("open", "lid", "knob", where=towards("y", tall * 0.9, tall * 1.1))
    return a


def kettle(rng: np.random.Generator) -> Assembly:
    """Stove kettles with the handle above, and tall electric ones with the handle behind."""
    bow = chance(rng, 0.5)
    # A squat pot with the handle behind would be a teapot, which is held out of training.
    return _pourer(Assembly("kettle"), rng, rng.uniform(1.3, 2.4) if bow else rng.uniform(2.1, 2.9), bow)


def teapot(rng: np.random.Generator) -> Assembly:
    """Round teapots with the handle behind."""
    return _pourer(Assembly("teapot"), rng, rng.uniform(1.0, 1.7), bow=False)


def pot(rng: np.random.Generator) -> Assembly:
    """Cooking pots with two ears, saucepans and frying pans with one long handle, with or without lid."""
    pan = chance(rng, 0.5)
    a = Assembly("pan" if pan else "pot")
    radius = rng.uniform(0.08, 0.17)
    tall = radius * (rng.uniform(0.25, 0.9) if pan else rng.uniform(0.7, 1.8))
    wall, around = radius * rng.uniform(0.02, 0.05), roundness(rng) + 8
    side = rounded([(0, 0), (radius * rng.uniform(0.75, 1.0), 0), (radius, tall)], tall * 0.3)
    a.add("body", vessel(side, wall, around))
    y = tall * rng.uniform(0.65, 0.92)
    thick = rng.uniform(0.008, 0.014)
    if pan:
        long = radius * rng.uniform(1.2, 2.2)
        start, stop = radius * 0.97, radius + long
        path = curve(
            [
                [start, y, 0],
                [start + long * 0.3, y + long * rng.uniform(0, 0.15), 0],
                [stop, y + long * 0.1, 0],
            ],
            8,
        )
        section = pick(rng, (ellipse(2.0, count=8), rectangle(3.2, 1.4), ellipse(3.0, 1.6, 8)))
        a.add("handle", sweep(path, section, np.linspace(0.8, 1.1, 8) * thick))
        a.afford("grasp", "handle", where=middle("x", start + long * 0.4, stop))
        a.afford("lift", "handle", where=middle("x", start + long * 0.4, stop))
    else:
        half, out = radius * rng.uniform(0.2, 0.35), radius * rng.uniform(0.18, 0.35)
        loop = [[-0.01, 0, half], [out, 0.01, half * 0.8], [out, 0.01, -half * 0.8], [-0.01, 0, -half]]
        one = tube(curve(loop, 12) if chance(rng, 0.6) else np.array(loop), thick / 2 + 0.002, 8)
        a.add("handle", one.at(x=radius * 0.98, y=y).both_sides())
        a.afford("grasp", "handle")
        a.afford("lift", "handle")
    if chance(rng, 0.25 if pan else 0.6):
        cover, knob = lid_with_knob(rng, radius * 1.02, around)
        a.add("lid", cover.at(y=tall))
        a.add("knob", knob.at(y=tall), of="lid")
        a.afford("open", "knob", "lid", where=towards("y", tall, tall * 1.2))
    a.afford("contain", "body", where=inward())
    return a


def bottle(rng: np.random.Generator) -> Assembly:
    """Wine, water, medicine, soap and square bottles with cap or cork."""
    a = Assembly("bottle")
    radius = rng.uniform(0.025, 0.055)
    tall, neck = radius * rng.uniform(3.0, 7.5), radius * rng.uniform(0.22, 0.6)
    shoulder, collar = tall * rng.uniform(0.45, 0.75), tall * rng.uniform(0.78, 0.88)
    square = chance(rng, 0.2)
    around = squircle(1.0, rng.uniform(0.6, 1.0), 8, 24) if square else roundness(rng) + 4
    low = rounded(
        [(0, 0), (radius, 0), (radius, shoulder), (neck, collar)], radius * rng.uniform(0.1, 0.9), 4
    )
    wall = radius * 0.05
    a.add(
        "body",
        lathe(
            np.concatenate(
                [low, [[neck - wall, collar], [radius - wall, shoulder], [radius - wall, wall], [0, wall]]]
            ),
            around,
        ),
    )
    throat = [(neck, collar), (neck, tall)]
    if chance(rng, 0.5):
        throat += [(neck * 1.15, tall), (neck * 1.15, tall * 1.02)]
    inner = [(neck - wall, throat[-1][1]), (neck - wall, collar)]
    a.add("neck", lathe(throat + inner, roundness(rng) + 4, closed=True), of="body")
    top = throat[-1][1]
    _closure(a, rng, neck, top)
    if not square and chance(rng, 0.35):
        size = shoulder * rng.uniform(0.3, 0.7)
        y = shoulder * 0.5 - size / 2
        a.add(
            "label",
            lathe(
                [
                    (radius * 1.004, y),
                    (radius * 1.012, y),
                    (radius * 1.012, y + size),
                    (radius * 1.004, y + size),
                ],
                24,
                closed=True,
            ),
            of="body",
        )
    a.afford("wrapgrasp", "body", "label", where=both(outward(), middle("y", 0, shoulder)))
    a.afford("contain", "body", where=inward())
    a.afford("pour", "neck", "spout", where=towards("y", collar, top))
    a.afford("open", "cap", "cork")
    return a


def _closure(a: Assembly, rng: np.random.Generator, neck: Number, top: Number) -> None:
    """Cap, cork or pump on a neck of radius `neck` that ends at the height `top`; sometimes nothing."""
    style = pick(rng, ("cap", "cork", "pump", "open"), (5, 2, 1, 1))
    if style == "cap":
        high = neck * rng.uniform(0.7, 1.8)
        a.add(
            "cap",
            cylinder(neck * 1.2, high, neck * rng.uniform(0.9, 1.25), bevel=high * 0.08, around=16).at(
                y=top - high * 0.6
            ),
        )
    elif style == "cork":
        a.add("cork", cylinder(neck * 0.85, neck * 1.8, neck * 1.05, around=12).at(y=top - neck * 0.8))
    elif style == "pump":
        spout = curve([[0, 0.02, 0], [0.0, 0.035, 0], [neck * 2.5, 0.033, 0]], 8)
        a.add("cap", cylinder(neck * 1.2, 0.015, around=14).at(y=top - 0.005))
        a.add("spout", tube(spout, 0.004, 6).at(y=top - 0.01), cylinder(0.003, 0.03, around=8).at(y=top))


def jar(rng: np.random.Generator) -> Assembly:
    """Jars and canisters with a wide lid, screwed or clipped."""
    a = Assembly("jar")
    radius = rng.uniform(0.03, 0.08)
    tall, around = radius * rng.uniform(1.2, 3.2), roundness(rng) + 4
    mouth = radius * rng.uniform(0.7, 1.0)
    side = rounded(
        [(0, 0), (radius * rng.uniform(0.85, 1), 0), (radius, tall * 0.85), (mouth, tall)], radius * 0.25
    )
    a.add("body", vessel(side, radius * 0.06, squircle(1.0, 1.0, 7, 24) if chance(rng, 0.2) else around))
    if chance(rng, 0.4):
        a.add(
            "rim",
            lathe(
                [
                    (mouth * 0.95, tall),
                    (mouth * 1.05, tall),
                    (mouth * 1.05, tall * 1.04),
                    (mouth * 0.95, tall * 1.04),
                ],
                around,
                closed=True,
            ),
            of="body",
        )
    lift = tall * (1.04 if any(part.name == "rim" for part in a.parts()) else 0.97)
    if chance(rng, 0.5):
        high = radius * rng.uniform(0.2, 0.5)
        a.add("lid", cylinder(mouth * 1.08, high, bevel=high * 0.1, around=around).at(y=lift))
    else:
        cover, knob = lid_with_knob(rng, mouth * 1.06, around)
        a.add("lid", cover.at(y=lift))
        a.add("knob", knob.at(y=lift), of="lid")
    if chance(rng, 0.3):
        size, y = tall * rng.uniform(0.25, 0.5), tall * 0.2
        wrap = arc(radius * 1.01, 20, 160, 16)[:, [0, 2, 1]]
        a.add("label", sweep(wrap, rectangle(size, 0.002)).at(y=y + size / 2), of="body")
    a.afford("wrapgrasp", "body", where=both(outward(), middle("y", 0, tall)))
    a.afford("contain", "body", where=inward())
    a.afford("open", "lid", "knob")
    a.afford("grasp", "lid", "knob", where=facing())
    return a
