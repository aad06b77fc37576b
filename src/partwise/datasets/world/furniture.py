"""Furniture to sit at and to read by: chair, table, lamp. What holds things is in storage.py."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, pillow, ring, sheet, slab, sweep
from partwise.datasets.world.build import tube as rod
from partwise.datasets.world.dice import between, chance, pick, roundness
from partwise.datasets.world.fields import both, facing, middle, near, towards
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle, squircle
from partwise.datasets.world.pieces import PLATES, cable, leg, plate, splayed, star_base, turned


def chair(rng: np.random.Generator) -> Assembly:
    """Dining, office, garden, pedestal and cantilever chairs, with and without arms."""
    width, depth = rng.uniform(0.38, 0.6), rng.uniform(0.36, 0.55)
    height, thick = rng.uniform(0.38, 0.5), between(rng, 0.018, 0.1)
    office = chance(rng, 0.25)
    a = Assembly("chair")
    _chair_seat(a, rng, width, depth, height, thick)
    style = "star" if office else pick(rng, ("legs", "sled", "pedestal", "panels"), (7, 1, 1, 1))
    _chair_base(a, rng, style, width, depth, height)
    tall = rng.uniform(0.3, 0.65)
    lean = rng.uniform(-2, 16)
    back = pick(rng, ("solid", "curved", "padded", "slats", "bars", "hoop", "frame"))
    if office:
        back = pick(rng, ("solid", "curved", "padded", "frame"))
    for name, mesh in _chair_back(rng, back, width, tall):
        a.add(name, mesh.turned("x", -lean).at(y=height + thick * 0.4, z=-depth / 2 + 0.02), of="back")
    if chance(rng, 0.4):
        a.add("arm", _arm(rng, depth, rng.uniform(0.17, 0.26)).at(x=width / 2, y=height).both_sides())
    a.afford("sit", "seat", "cushion", where=facing())
    a.afford("sit", "back", where=both(facing("z"), towards("y", height + tall, height)))
    a.afford("support", "back", "slat", "spindle", where=facing("z"))
    a.afford("move", "back", "back rail", "arm", where=towards("y", height, height + tall))
    return a


def _chair_seat(
    a: Assembly, rng: np.random.Generator, width: Number, depth: Number, height: Number, thick: Number
) -> None:
    """A seat whose top is at about `height` + `thick`."""
    style = pick(rng, ("board", "round", "squircle", "bucket", "padded", "slats"), (4, 2, 2, 2, 2, 1))
    if style == "round":
        seat = slab(ellipse(width, depth, roundness(rng) + 4), thick, bevel=pick(rng, (0, 0.3)) * thick)
    elif style == "squircle":
        seat = slab(squircle(width, depth, rng.uniform(3, 8)), thick, bevel=thick * 0.3)
    elif style == "bucket":
        x, z = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9))
        dip = rng.uniform(0.01, 0.05) * (x**2 + 0.5 * z**2 - 1)
        seat = sheet(np.stack([x * width / 2, dip + thick, z * depth / 2], axis=-1), min(thick, 0.03))
    elif style == "padded":
        seat = pillow(width, thick * 1.5 + 0.03, depth, rng.uniform(3, 8)).at(y=thick / 2)
    elif style == "slats":
        count = int(rng.integers(5, 10))
        bar = box(width, min(thick, 0.025), depth / count * 0.75).at(y=thick / 2)
        a.add("seat", box(0.03, thick / 2, depth).at(x=width * 0.4, y=height).both_sides())
        seat = bar.row(count, z=depth / count)
    else:
        seat = box(width, thick, depth, bevel=pick(rng, (0.0, 0.25)) * thick)
    a.add("seat", seat.at(y=height))
    if style == "board" and chance(rng, 0.4):
        soft = pillow(width * 0.95, rng.uniform(0.04, 0.09), depth * 0.95, 5)
        a.add("cushion", soft.at(y=height + thick + 0.01), of="seat")


def _chair_base(
    a: Assembly, rng: np.random.Generator, style: str, width: Number, depth: Number, height: Number
) -> None:
    """What carries a seat whose underside is at `height`."""
    thick = rng.uniform(0.022, 0.05)
    x, z = width / 2 - thick * 0.7, depth / 2 - thick * 0.7
    if style == "legs":
        wide = pick(rng, (0.0, 0.0, rng.uniform(0.02, 0.08)))
        one = splayed(leg(rng, height, thick), wide, wide).at(x=x, z=z)
        a.add("leg", one.four_corners())
        if chance(rng, 0.35):
            y, bar = height * rng.uniform(0.2, 0.5), thick * 0.5
            a.add("rung", box(bar, bar, 2 * z + wide).at(x=x + wide / 2, y=y).both_sides(), of="leg")
            a.add("rung", box(2 * x, bar, bar).at(y=y, z=pick(rng, (0.0, z))), of="leg")
    elif style == "panels":
        a.add("leg", box(thick * 0.7, height, depth * 0.9).at(x=x).both_sides())
    elif style == "sled":
        path = [[x, height, z], [x, thick / 2, z], [x, thick / 2, -z], [x, height, -z]]
        a.add("leg", rod(path[int(rng.integers(0, 2)) :], thick / 2).both_sides())
        a.add("rung", box(2 * x, thick * 0.7, thick * 0.7).at(z=pick(rng, (z, -z, 0.0))), of="leg")
    else:
        radius = width * rng.uniform(0.45, 0.6)
        if style == "star":
            a.put(star_base(rng, radius, casters=chance(rng, 0.8)))
        else:
            flare = [
                (radius, 0),
                (radius, 0.015),
                (radius * 0.3, rng.uniform(0.03, 0.08)),
                (thick * 0.8, 0.12),
            ]
            a.add("base", lathe(flare, roundness(rng) + 4))
        low = height * 0.22
        a.add("column", cylinder(thick * 0.8, height - low + 0.01, around=12).at(y=low), of="base")


def _chair_back(rng: np.random.Generator, style: str, width: Number, tall: Number) -> list[tuple[str, Mesh]]:
    """A back that starts at the origin and rises along y, its front towards +z."""
    thick = rng.uniform(0.018, 0.035)
    gap, width = pick(rng, (0.0, 0.1, 0.25)) * tall, width * rng.uniform(0.85, 1.0)
    x, around = width / 2 - thick / 2, roundness(rng)
    upright = box(thick, tall, thick) if chance(rng, 0.5) else cylinder(thick / 2, tall, around=around)
    posts, rail = (
        upright.at(x=x).both_sides(),
        box(width, thick * rng.uniform(1.2, 3.5), thick).at(y=tall - thick),
    )
    if style == "hoop":
        path = curve(
            [[-x, 0, 0], [-x * 1.05, tall * 0.7, 0], [0, tall, 0], [x * 1.05, tall * 0.7, 0], [x, 0, 0]], 20
        )
        sticks = [
            cylinder(thick * 0.25, tall * (1 - 0.5 * t * t), around=6).at(x=t * x * 0.9)
            for t in np.linspace(-0.7, 0.7, 5)
        ]
        return [("back", rod(path, thick / 2)), ("spindle", join(sticks))]
    if style == "slats":
        count = int(rng.integers(3, 8))
        strip = box(width / count * rng.uniform(0.25, 0.7), tall - gap, thick * 0.5).at(y=gap)
        low = box(width, thick, thick).at(y=gap)
        return [
            ("back", posts),
            ("slat", strip.row(count, x=width * 0.85 / count)),
            ("back rail", join([rail, low])),
        ]
    if style == "bars":
        count = int(rng.integers(2, 6))
        space = (tall - gap) / count
        bar = box(2 * x, space * rng.uniform(0.25, 0.6), thick * 0.5).at(
            y=gap + (tall - gap) / 2 - space * 0.2
        )
        return [("back", posts), ("slat", bar.row(count, y=space))]
    if style == "frame":
        high = tall - gap
        outer, inner = rectangle(width, high, 0.06), rectangle(width - 4 * thick, high - 4 * thick, 0.05)
        web = slab(inner, thick * 0.3).turned("x", 90)
        middle_y = gap + high / 2
        neck = box(0.06, gap + 0.05, thick).at(z=-thick / 2)
        return [("back", join([ring(outer, inner, thick).at(y=middle_y), web.at(y=middle_y), neck]))]
    stand = [("back", box(0.07, gap + 0.05, thick).at(z=-thick))] if gap else []
    if style == "padded":
        shape = pillow(width, tall - gap, thick * 3, rng.uniform(3, 9)).at(y=gap + (tall - gap) / 2)
        if chance(rng, 0.3):
            stand.append(("headrest", pillow(width * 0.55, 0.14, 0.08, 4).at(y=tall + 0.1)))
            stand.append(("back", box(0.03, 0.12, 0.02).at(y=tall - 0.03)))
    elif style == "curved":
        u, v = np.meshgrid(np.linspace(-1, 1, 11), np.linspace(0, 1, 7))
        narrow = 1 - rng.uniform(0, 0.35) * v**2
        bend = rng.uniform(0.02, 0.12) * u**2
        shape = sheet(np.stack([u * width / 2 * narrow, gap + v * (tall - gap), bend], axis=-1), thick * 0.7)
    else:
        outline = rectangle(width, tall - gap, pick(rng, (0.0, 0.05, 0.15)))
        shape = slab(outline, thick).turned("x", 90).at(y=gap + (tall - gap) / 2)
    return [("back", shape), *stand]


def _arm(rng: np.random.Generator, depth: Number, height: Number) -> Mesh:
    """The arm on the right side (+x), its foot on y = 0."""
    thick, long = rng.uniform(0.02, 0.05), depth * rng.uniform(0.7, 1.0)
    style = pick(rng, ("board", "loop", "block", "bow"))
    if style == "block":
        return box(thick * 2, height, long, bevel=pick(rng, (0.0, 0.01))).at(x=thick * 0.5, y=-0.05)
    if style == "loop":
        path = [[0, 0, -long / 2], [0, height, -long / 2], [0, height, long / 2], [0, 0, long / 2]]
        return rod(curve(path, 20) if chance(rng, 0.5) else path, thick / 2)
    if style == "bow":
        path = [
            [0, height * 0.9, -long / 2],
            [0.02, height, 0],
            [0, height, long / 2],
            [0, height * 0.4, long * 0.5],
            [0, 0, long * 0.2],
        ]
        return sweep(curve(path, 16), rectangle(thick, thick * 0.7))
    pad = box(thick * 1.6, thick * 0.7, long, bevel=pick(rng, (0.0, thick * 0.3))).at(y=height - thick * 0.7)
    posts = box(thick * 0.7, height, thick * 0.7)
    return join(
        [pad, posts.at(z=long * 0.35), posts.at(z=-long * 0.35)] if chance(rng, 0.7) else [pad, posts]
    )


def table(rng: np.random.Generator) -> Assembly:
    """Dining, coffee, side and round tables on legs, trestles, panels or a pedestal."""
    height = pick(rng, (rng.uniform(0.35, 0.5), rng.uniform(0.68, 0.8), rng.uniform(0.9, 1.1)), (2, 4, 1))
    width = between(rng, 0.4, 2.2)
    depth = width * rng.uniform(0.4, 1.0) if width > 0.6 else width
    thick = between(rng, 0.012, 0.08)
    a = Assembly("table")
    shape = pick(rng, PLATES, (4, 3, 2, 2))
    a.add("tabletop", plate(rng, width, depth, thick, (shape,)).at(y=height - thick))
    style = pick(rng, ("legs", "pedestal", "panels", "trestle"), (6, 2, 1, 1))
    under = height - thick
    if style == "pedestal":
        radius = min(width, depth) * rng.uniform(0.22, 0.36)
        if chance(rng, 0.4):
            a.add("base", star_base(rng, radius * 1.2, casters=False)[0].mesh)
        else:
            a.add("base", plate(rng, 2 * radius, 2 * radius, rng.uniform(0.015, 0.06)))
        a.add("column", cylinder(between(rng, 0.02, 0.08), under, around=roundness(rng)), of="base")
    elif style == "panels":
        a.add(
            "leg",
            box(thick, under, depth * rng.uniform(0.6, 0.95))
            .at(x=width * rng.uniform(0.35, 0.46))
            .both_sides(),
        )
    elif style == "trestle":
        one = box(0.05, under, 0.05)
        pair = join([splayed(one, 0, depth * 0.3), splayed(one, 0, -depth * 0.3)])
        a.add("leg", pair.at(x=width * 0.35).both_sides())
        a.add("rung", box(width * 0.7, 0.04, 0.03).at(y=under * 0.45), of="leg")
    else:
        size = between(rng, 0.025, 0.1)
        inside = rng.uniform(0.6, 0.72) if shape == "oval" else rng.uniform(0.75, 0.97)
        x, z = width / 2 * inside - size / 2, depth / 2 * inside - size / 2
        out = pick(rng, (0.0, 0.0, rng.uniform(0.02, 0.1)))
        a.add("leg", splayed(leg(rng, under, size), out, out).at(x=x, z=z).four_corners())
        if chance(rng, 0.5):
            high = rng.uniform(0.05, 0.12)
            rails = box(2 * x, high, 0.02).at(z=z).both_sides("z") + box(0.02, high, 2 * z).at(
                x=x
            ).both_sides("x")
            a.add("frame", rails.at(y=under - high))
        if chance(rng, 0.2):
            a.add("shelf", box(2 * x, 0.02, 2 * z).at(y=under * rng.uniform(0.15, 0.4)))
    a.afford("support", "tabletop", "shelf", where=facing())
    a.afford("move", "tabletop", where=towards("y", height - 3 * thick, height))
    return a


def lamp(rng: np.random.Generator) -> Assembly:
    """Table, floor, desk and hanging lamps."""
    a = Assembly("lamp")
    style = pick(rng, ("table", "floor", "desk", "hanging"), (4, 3, 3, 2))
    if style == "hanging":
        return _hanging_lamp(a, rng)
    if style == "desk":
        return _desk_lamp(a, rng)
    around = roundness(rng) + 4
    tall = rng.uniform(0.15, 0.45) if style == "table" else rng.uniform(1.1, 1.6)
    radius = rng.uniform(0.06, 0.11) if style == "table" else rng.uniform(0.11, 0.18)
    foot_high = rng.uniform(0.01, 0.04)
    if style == "floor" and chance(rng, 0.3):  # tripod
        one = splayed(leg(rng, tall, 0.03), 0.0, tall * rng.uniform(0.2, 0.35))
        a.add("leg", one.around(3))
    elif style == "table" and chance(rng, 0.5):  # a vase-like body
        width = radius * rng.uniform(0.3, 1.3, 5)
        body = curve(np.stack([width, np.linspace(0, tall, 5)], axis=1), 14)
        a.add("base", lathe(np.maximum(body, [0.01, 0.0]), around))
    else:
        a.add(
            "base",
            slab(
                pick(rng, (ellipse(2 * radius, count=around), rectangle(2 * radius, 2 * radius))), foot_high
            ),
        )
        thick = rng.uniform(0.006, 0.02)
        pole = cylinder(thick, tall, around=10) if chance(rng, 0.6) else turned(rng, tall, thick * 2, around)
        a.add("pole", pole.at(y=foot_high * 0.5))
    high = tall + foot_high
    _shade(a, rng, high, rng.uniform(0.1, 0.24), around)
    if chance(rng, 0.4):
        a.add("cable", cable(rng, (0.0, 0.01, -radius * 0.9), rng.uniform(0.2, 0.6)))
    a.afford("grasp", "pole", where=middle("y", 0, tall))
    a.afford("move", "base", "pole", "leg")
    return a


def _shade(a: Assembly, rng: np.random.Generator, y: Number, radius: Number, around: int) -> None:
    """A lampshade around a bulb above the point (0, y, 0): drum, cone, dome or globe."""
    tall = radius * rng.uniform(0.9, 1.8)
    style = pick(rng, ("drum", "cone", "dome", "globe"), (3, 4, 2, 1))
    a.add("socket", cylinder(0.016, 0.05, around=10).at(y=y - 0.01))
    if style == "globe":
        a.add("lampshade", ball(2 * radius, around=20).at(y=y + radius))
        return
    narrow = {"drum": 1.0, "cone": rng.uniform(0.3, 0.8), "dome": 0.25}[style]
    line = [(radius, 0.0), (radius * narrow, tall)]
    if style == "dome":
        line = curve([[radius, 0], [radius * 0.85, tall * 0.6], [radius * narrow, tall]], 8)
    outer = np.asarray(line)
    wall = rng.uniform(0.002, 0.006)
    shell = lathe(np.concatenate([outer, (outer - [wall, 0])[::-1]]), around, closed=True)
    a.add("lampshade", shell.at(y=y - tall * rng.uniform(0.05, 0.3)))
    if chance(rng, 0.75):
        size = min(0.06, radius * 0.8)
        a.add(
            "bulb",
            lathe(curve([[0.013, 0], [0.015, size * 0.4], [size / 2, size], [0.0, size * 1.5]], 10), 14).at(
                y=y + 0.03
            ),
        )
    if chance(rng, 0.3):
        a.add("harp", rod(arc(radius * narrow, 0, 180, 8) * [1, 0.2, 1], 0.002, 5).at(y=y + tall * 0.6))


def _hanging_lamp(a: Assembly, rng: np.random.Generator) -> Assembly:
    """A shade on a cable below a ceiling rose."""
    drop, radius = rng.uniform(0.4, 1.2), rng.uniform(0.1, 0.3)
    a.add("cable", cylinder(rng.uniform(0.002, 0.006), drop, around=6))
    a.add("base", lathe([(0.05, drop), (0.05, drop + 0.02), (0.02, drop + 0.03)], 16))
    tall = radius * rng.uniform(0.5, 1.3)
    outer = curve([[radius, -tall], [radius * rng.uniform(0.6, 1), -tall * 0.5], [0.03, 0]], 10)
    a.add(
        "lampshade",
        lathe(np.concatenate([outer, (outer - [0.003, 0.004])[::-1]]), roundness(rng) + 8, closed=True),
    )
    a.add("socket", cylinder(0.018, 0.06, around=10).at(y=-0.06))
    a.add("bulb", ball(0.06, 0.08, around=12).at(y=-0.1))
    return a


def _desk_lamp(a: Assembly, rng: np.random.Generator) -> Assembly:
    """A jointed arm or gooseneck over a heavy foot, a small shade at its end."""
    low, reach, around = rng.uniform(0.15, 0.3), rng.uniform(0.12, 0.3), roundness(rng) + 4
    a.add("base", slab(ellipse(rng.uniform(0.12, 0.2), count=around), rng.uniform(0.015, 0.03), bevel=0.004))
    elbow, end = np.array([0, low, -reach * 0.4]), np.array([0, low * rng.uniform(1.2, 1.8), reach])
    if chance(rng, 0.5):
        a.add("arm", rod([[0, 0.01, 0], elbow], 0.008), rod([elbow, end], 0.008))
        a.add("hinge", cylinder(0.016, 0.03, around=10).at(y=-0.015).turned("z", 90).at(*elbow))
    else:
        a.add(
            "arm",
            rod(
                curve([[0, 0.01, 0], [0, low, -reach * 0.2], [0, end[1] * 1.1, reach * 0.4], end], 18), 0.007
            ),
        )
    radius = rng.uniform(0.05, 0.09)
    outer = np.array([[radius, -radius * 1.4], [radius * 0.4, -0.02], [radius * 0.3, 0.0]])
    tilt, shell = rng.uniform(-40, 10), np.concatenate([outer, (outer - [0.003, 0.003])[::-1]])
    a.add("lampshade", lathe(shell, around, closed=True).turned("x", tilt).at(*end))
    a.add("bulb", ball(radius * 0.8, around=10).at(y=-radius * 0.8).turned("x", tilt).at(*end))
    a.afford("grasp", "arm", where=near(elbow, 0.1))
    a.afford("push", "lampshade")
    return a
