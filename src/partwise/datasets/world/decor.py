"""Small things on a shelf or by the door: globes, hourglasses, birdcages, shoes."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, loft, slab, sweep, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import both, facing, towards
from partwise.datasets.world.fittings import washer
from partwise.datasets.world.mesh import Mesh, Number
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle
from partwise.datasets.world.pieces import turned


def globe(rng: np.random.Generator) -> Assembly:
    """Globes: on a desk with a bow and a foot, on the floor in a ring on legs."""
    a = Assembly("globe")
    size = rng.uniform(0.1, 0.18)
    tilt, around = pick(rng, (0.0, 23.0, 23.0)), pick(rng, (16, 20, 24))
    sphere = ball(2 * size, around=around).turned("z", -tilt)
    floor = chance(rng, 0.4)
    y = size * rng.uniform(1.6, 2.2) if not floor else size * rng.uniform(3.0, 4.5)
    a.add("ball", sphere.at(y=y))
    pin = cylinder(size * 0.05, size * 2.3, around=8).at(y=-size * 1.15).turned("z", -tilt)
    a.add("axle", pin.at(y=y))
    if not floor or chance(rng, 0.5):
        path = arc(size * 1.13, 90, 270, 17) if not floor else arc(size * 1.13, 0, 360, 33)[:-1]
        bow = sweep(path, rectangle(size * 0.16, size * 0.06), closed=floor).turned("z", -tilt)
        a.add(pick(rng, ("arm", "bow", "meridian")), bow.at(y=y))
    if chance(rng, 0.5):
        cap = ball(size * 0.16, around=8).at(y=size * 1.17).turned("z", -tilt)
        a.add("knob", cap.at(y=y))
    if floor:
        a.add("ring", washer(size * 1.16, size * 1.3, size * 0.12, 24).at(y=y - size * 0.06))
        count = int(pick(rng, (3, 4)))
        prop = turned(rng, y, size * 0.12, 10) if chance(rng, 0.5) else cylinder(size * 0.08, y, around=10)
        a.add("leg", prop.at(x=size * 1.23).around(count))
        rail = cylinder(size * 0.05, size * 1.2, around=8).turned("z", -90).around(count)
        a.add("rung", rail.at(y=y * rng.uniform(0.15, 0.3)))
    else:
        low = y - size * 1.1
        foot_size = size * rng.uniform(0.6, 0.9)
        profile = [
            (foot_size, 0),
            (foot_size * 0.9, low * 0.3),
            (size * 0.12, low * 0.55),
            (size * 0.1, low + 0.01),
        ]
        a.add(pick(rng, ("base", "stand")), lathe(profile, max(12, roundness(rng))))
    a.afford("push", "ball", where=facing("z", softness=0.8))
    a.afford("display", "ball")
    a.afford("grasp", "arm", "bow", "meridian", "knob")
    a.afford("move", "ball", "base", "stand")
    a.afford("carry", "base", "stand", "ring")
    a.afford("lift", "arm", "bow", "meridian", "ring")
    return a


def hourglass(rng: np.random.Generator) -> Assembly:
    """Hourglasses: two bulbs of glass, with or without sand, between two plates that posts hold apart."""
    a = Assembly("hourglass")
    high, wide = rng.uniform(0.1, 0.3), rng.uniform(0.3, 0.42)
    wide, thick, around = wide * high, high * rng.uniform(0.05, 0.1), max(12, roundness(rng))
    inner = high - 2 * thick
    waist, belly = wide * rng.uniform(0.06, 0.12), wide * rng.uniform(0.6, 0.8)
    half = [(belly * 0.7, 0), (belly, inner * 0.15), (belly * 0.75, inner * 0.32), (waist, inner * 0.48)]
    shape = half + [(radius, inner - y) for radius, y in reversed(half)]
    a.add("glass", lathe(curve(shape, 17), around).at(y=thick))
    fill = rng.uniform(0.15, 0.9)
    if chance(rng, 0.5):  # the sand is drawn as a body a little wider than the glass, so that it is seen
        heap = [(belly * 0.72, 0), (belly * 1.02, inner * 0.15), (belly * 0.5, inner * (0.16 + 0.14 * fill))]
        a.add("sand", lathe([*heap, (0.0, inner * (0.2 + 0.2 * fill))], around).at(y=thick))
    style = pick(rng, ("round", "square", "six"))
    disc = {
        "round": cylinder(wide, thick, bevel=pick(rng, (0.0, 0.25)) * thick, around=max(14, around)),
        "square": box(2 * wide, thick, 2 * wide, bevel=pick(rng, (0.0, 0.2)) * thick),
        "six": cylinder(wide, thick, around=6),
    }[style]
    if chance(rng, 0.5):
        a.add("base", disc)
        a.add("top", disc.at(y=high - thick))
    else:
        a.add("plate", disc + disc.at(y=high - thick))
    count, spot = int(pick(rng, (3, 3, 4))), wide * 0.86
    post = turned(rng, inner, wide * 0.12, 10) if chance(rng, 0.6) else cylinder(wide * 0.07, inner, around=8)
    start = 45 if count == 4 else 0
    a.add(pick(rng, ("post", "column")), post.at(x=spot, y=thick).around(count, start=start))
    if chance(rng, 0.5):
        a.add(
            "collar",
            lathe([(waist * 1.1, 0), (waist * 2, 0.0), (waist * 2, inner * 0.03)], 12).at(
                y=high / 2 - inner * 0.015
            ),
        )
    if chance(rng, 0.4):
        a.add("foot", ball(thick * 0.9, around=8).at(x=wide * 0.6, y=-thick * 0.3).around(count, start=start))
    a.afford("grasp", "post", "column")
    a.afford("wrapgrasp", "glass")
    a.afford("contain", "glass")
    a.afford("lift", "top", "plate", where=towards("y", high * 0.5, high))
    a.afford("move", "base", "plate", where=towards("y", high * 0.5, 0))
    a.afford("display", "sand", "glass")
    return a


def birdcage(rng: np.random.Generator) -> Assembly:
    """Birdcages: round with a dome or square with a roof, on a foot, hung from a hook, or standing by itself."""
    a = Assembly("birdcage")
    radius, high = rng.uniform(0.14, 0.24), rng.uniform(0.25, 0.45)
    square = chance(rng, 0.45)
    outline = (
        rectangle(2 * radius, 2 * radius * rng.uniform(0.7, 1.0)) if square else ellipse(2 * radius, count=24)
    )
    deep, thick = np.ptp(outline[:, 1]) / 2, 0.004
    wall, top = 0.05, high + 0.05
    a.add("tray" if chance(rng, 0.6) else "base", slab(outline * 1.04, wall))
    rise = radius * rng.uniform(0.5, 1.1)
    count = int(rng.integers(5, 9)) if square else int(rng.integers(16, 26))
    if square:
        fence = cylinder(thick, high, around=5).at(y=wall)
        xs = np.linspace(-radius, radius, count)
        zs = np.linspace(-deep, deep, count)[1:-1]
        spots = [(x, 0, z) for x in xs for z in (-deep, deep)] + [
            (x, 0, z) for z in zs for x in (-radius, radius)
        ]
        a.add("bar", fence.copies(spots))
        for x, _, z in spots[:: 1 if chance(rng, 0.5) else 2]:
            a.add("roof", tube([[x, top, z], [x * 0.1, top + rise, 0]], thick, 4))
        hoop = sweep(
            np.stack([outline[:, 0], np.zeros(4), outline[:, 1]], 1), rectangle(0.008, 0.008), closed=True
        )
    else:
        dome = arc(1.0, 0, 85, 7) * [radius, rise, 1] + [0, top, 0]
        wire = tube(np.concatenate([[[radius, wall, 0]], dome]), thick, 5)
        a.add("bar", wire.around(count))
        hoop = tube(arc(radius, 0, 360, 25)[:-1], thick * 1.2, 5, closed=True).turned("x", 90)
    a.add("ring", hoop.at(y=top), hoop.at(y=wall + high * rng.uniform(0.3, 0.6)))
    door_wide, door_high = radius * 0.75, high * 0.45
    leaf = box(0.006, door_high, 0.006).row(4, x=door_wide / 3)
    leaf = leaf + box(door_wide, 0.008, 0.008).row(3, y=door_high / 2).at(y=door_high / 2)
    swing = pick(rng, (0.0, 0.0, 1.0)) * rng.uniform(30, 100)
    leaf = leaf.at(x=door_wide / 2).turned("y", -swing).at(x=-door_wide / 2, y=wall + 0.02, z=deep + 0.006)
    a.add("door", leaf)
    if chance(rng, 0.5):
        a.add("latch", box(0.02, 0.012, 0.012).at(x=door_wide / 2, y=wall + door_high * 0.55, z=deep + 0.012))
    a.add("perch", cylinder(0.007, 2 * radius, around=6).turned("z", -90).at(x=-radius, y=wall + high * 0.4))
    if chance(rng, 0.5):
        a.add("cup", vessel([(0.022, 0), (0.028, 0.04)], 0.003, 12).at(x=radius - 0.03, y=wall + high * 0.3))
    loop = tube(arc(0.03, 0, 360, 15)[:-1], 0.005, 6, closed=True)
    a.add(pick(rng, ("handle", "hook")), loop.at(y=top + rise + 0.028), ball(0.03, around=8).at(y=top + rise))
    if chance(rng, 0.35):
        tall = rng.uniform(0.5, 0.9)
        a.add(
            "stand", cylinder(0.016, tall, around=10).at(y=-tall), cylinder(0.16, 0.03, around=20).at(y=-tall)
        )
    a.afford("contain", "tray", "base", where=both(facing(), towards("y", wall - 0.01, wall)))
    a.afford("open", "door", "latch")
    a.afford("pull", "door", "tray", where=facing("z", softness=0.7))
    a.afford("carry", "handle", "hook")
    a.afford("grasp", "handle", "hook", "latch")
    a.afford("support", "perch")
    return a


def shoe(rng: np.random.Generator) -> Assembly:
    """Shoes, one or a pair: laced shoes, slippers, boots high or low, sandals of straps."""
    kind = pick(rng, ("shoe", "slipper", "boot", "sandal"), (4, 2, 4, 3))
    a = Assembly(pick(rng, ("shoe", "sneaker")) if kind == "shoe" else kind)
    long, wide = rng.uniform(0.22, 0.3), rng.uniform(0.085, 0.11)
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    waist = 1 - 0.12 * np.exp(-((np.sin(angle) + 0.25) ** 2) / 0.15)
    outline = np.stack([np.cos(angle) * wide / 2 * waist, np.sin(angle) * long / 2], axis=1)
    thick, raised = rng.uniform(0.008, 0.03), kind != "slipper" and chance(rng, 0.5)
    parts: list[tuple[str, Mesh]] = [("sole", slab(outline * 1.05, thick))]
    if raised:
        heel = box(wide * 0.72, 0.02, long * 0.24, bevel=0.004).at(y=-0.019, z=-long * 0.38)
        fore = box(wide * 0.7, 0.02, long * 0.3, bevel=0.004).at(y=-0.019, z=long * 0.15)
        parts += [("heel", heel), ("sole", fore)]
    if kind == "sandal":
        parts += _sandal_straps(rng, (long, wide, thick))
    else:
        parts += _upper(rng, kind, outline, thick)
    pair = chance(rng, 0.5)
    for name, mesh in parts:
        a.add(name, mesh.at(x=wide * 0.65).both_sides() if pair else mesh)
    worn = "sole" if kind == "sandal" else "upper"
    a.afford("wear", worn, where=facing("y", softness=1.2))
    a.afford("wear", "strap")
    a.afford("pull", "lace", "tongue", "strap", "pull tab")
    a.afford("grasp", "upper", where=towards("z", -long * 0.2, -long * 0.5))
    a.afford("lift", "pull tab", "heel")
    a.afford("open", "buckle")
    return a


def _upper(
    rng: np.random.Generator, kind: str, outline: Float[np.ndarray, "S 2"], thick: Number
) -> list[tuple[str, Mesh]]:
    """The hollow body over the sole, what closes it, and the shaft of a boot."""
    long, wide = np.ptp(outline[:, 1]), np.ptp(outline[:, 0])
    high, collar = rng.uniform(0.06, 0.085), ellipse(wide * 0.72, long * rng.uniform(0.36, 0.44), 24)
    collar = np.add(collar, [0, -long * 0.26])
    if kind == "slipper":
        collar, high = np.add(ellipse(wide * 0.8, long * 0.58, 24), [0, -long * 0.2]), high * 0.7
    shares = np.array([0, 0.06, 0.25, 0.6, 1.0])
    heights = np.array([0, 0.35, 0.65, 0.85, 1.0]) * high
    flats = [outline * (1 - share) + collar * share for share in shares]
    if kind == "boot":
        tall = rng.uniform(0.08, 0.3)
        grown = collar * [rng.uniform(1.0, 1.25), 1.0]
        flats, heights = [*flats, grown], np.append(heights, high + tall)
    inner = [flat * [0.93, 0.96] for flat in flats[::-1]]
    rings = [np.stack([f[:, 0], np.full(len(f), y), f[:, 1]], 1) for f, y in zip(flats, heights, strict=True)]
    rings += [
        np.stack([f[:, 0], np.full(len(f), max(y, 0.004)), f[:, 1]], 1)
        for f, y in zip(inner, heights[::-1], strict=True)
    ]
    parts = [("upper", loft(np.stack(rings)).at(y=thick - 0.001))]
    rear, top = -long * 0.46, thick + heights[-1]
    if kind == "shoe" or (kind == "boot" and chance(rng, 0.5)):
        parts += _laces(rng, (long, wide, thick + high * 0.98), high * 0.2)
    if kind == "boot" and chance(rng, 0.5):
        band = sweep(
            np.stack([collar[:, 0] * 1.12, np.full(24, thick + high + 0.02), collar[:, 1] * 1.02], 1),
            rectangle(0.006, 0.02),
            closed=True,
        )
        parts += [
            ("strap", band),
            ("buckle", box(0.006, 0.024, 0.026).at(wide * 0.42, thick + high + 0.008, -long * 0.24)),
        ]
    if chance(rng, 0.4):
        cap = ball(wide * 0.74, high * 0.85, long * 0.24, around=12).at(y=thick + high * 0.24, z=long * 0.38)
        parts.append(("toe cap", cap))
    if kind != "slipper" and chance(rng, 0.5):
        tab = tube([[0, 0, 0], [0, 0.03, -0.008], [0, 0.002, -0.014]], 0.004, 6)
        parts.append(("pull tab", tab.at(y=top - 0.006, z=rear + long * 0.02)))
    return parts


def _laces(
    rng: np.random.Generator, size: tuple[Number, Number, Number], drop: Number
) -> list[tuple[str, Mesh]]:
    """Laces across the slope of a shoe of (length, width, height), which falls by `drop`, and the tongue behind."""
    long, wide, high = size
    lace = cylinder(0.004, wide * 0.42, around=6).turned("z", -90).at(x=-wide * 0.21, y=high + 0.004)
    shares = np.linspace(0.0, 0.9, int(rng.integers(3, 6)))
    laces = lace.copies([(0, -drop * share, long * (0.22 * share - 0.06)) for share in shares])
    tongue = box(wide * 0.34, 0.005, long * 0.2, bevel=0.002).turned("x", 38)
    return [("lace", laces), ("tongue", tongue.at(y=high, z=-long * 0.02))]


def _sandal_straps(rng: np.random.Generator, size: tuple[Number, Number, Number]) -> list[tuple[str, Mesh]]:
    """Bands across the foot and around the heel, with or without a buckle."""
    long, wide, thick = size
    parts: list[tuple[str, Mesh]] = []
    broad, rise = rng.uniform(0.012, 0.04), rng.uniform(0.045, 0.06)
    for z in np.linspace(long * 0.08, long * 0.26, int(pick(rng, (1, 2, 3)))):
        bow = arc(1.0, 0, 180, 11) * [wide * 0.5, rise, 1]
        parts.append(("strap", sweep(bow, rectangle(broad, 0.004)).at(y=thick * 0.6, z=z)))
    if chance(rng, 0.6):
        loop = [
            [wide * 0.44, thick * 0.5, -long * 0.12],
            [wide * 0.36, thick + 0.05, -long * 0.3],
            [0, thick + 0.055, -long * 0.47],
        ]
        loop = curve(loop + [[-x, y, z] for x, y, z in loop[1::-1]], 16)
        parts.append(("strap", sweep(loop, rectangle(0.012, 0.004))))
        parts.append(("buckle", box(0.006, 0.02, 0.02).at(wide * 0.39, thick + 0.03, -long * 0.25)))
    return parts
