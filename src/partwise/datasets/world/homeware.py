"""What else a home holds: cribs, high chairs, hammocks, coat racks."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import (
    ball,
    box,
    cylinder,
    pillow,
    sheet,
    sweep,
    tray,
    tube,
)
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import both, facing, inward, middle, towards
from partwise.datasets.world.mesh import Number, join
from partwise.datasets.world.outlines import arc, curve, rectangle
from partwise.datasets.world.pieces import caster, plate, turned


def crib(rng: np.random.Generator) -> Assembly:
    """Cribs with bars all round or boards at their ends, cradles on rockers."""
    a = Assembly(pick(rng, ("crib", "crib", "cradle")))
    wide, deep = rng.uniform(0.9, 1.3), rng.uniform(0.5, 0.7)
    low, high = rng.uniform(0.25, 0.4), rng.uniform(0.75, 1.0)
    cradle = a.category == "cradle"
    if cradle:
        wide, low, high = wide * 0.75, 0.22, 0.22 + rng.uniform(0.3, 0.4)
    solid = chance(rng, 0.4)
    post = 0.045
    if not cradle:
        a.add(
            "leg" if chance(rng, 0.5) else "post",
            box(post, high, post).at(wide / 2, 0, deep / 2).four_corners(),
        )
    end = box(0.025, high - low + rng.uniform(0.0, 0.15), deep).at(x=wide / 2, y=low)
    if solid or cradle:
        a.add("headboard", end)
        a.add("footboard", end.mirrored("x"))
    else:
        _bars(a, rng, deep, (low, high), [(90, wide / 2), (90, -wide / 2)])
    _bars(a, rng, wide, (low, high), [(0, deep / 2), (0, -deep / 2)])
    a.add("base", box(wide - 0.02, 0.03, deep - 0.02).at(y=low))
    a.add("mattress", box(wide - 0.05, 0.09, deep - 0.05, bevel=0.02).at(y=low + 0.03))
    if chance(rng, 0.4):
        soft = pillow(0.18, 0.07, deep * 0.6, 3, 14).at(x=-wide * 0.36, y=low + 0.15)
        a.add("pillow", soft)
    if chance(rng, 0.4):
        a.add("blanket", box(wide * 0.5, 0.03, deep - 0.04, bevel=0.01).at(x=wide * 0.2, y=low + 0.11))
    if cradle:
        bow = arc(deep * 0.9, 225, 315, 13)[:, [2, 1, 0]] + [0, deep * 0.9 + 0.03, 0]
        a.add("rocker", sweep(bow, rectangle(0.03, 0.05)).at(x=wide * 0.42).both_sides())
        a.add("leg", box(0.03, low - 0.03, 0.05).at(x=wide * 0.42, y=0.05, z=deep * 0.28).four_corners())
    elif chance(rng, 0.4):
        a.add("caster", caster(rng, 0.07).at(wide / 2, -0.07, deep / 2).four_corners())
    if chance(rng, 0.3) and not cradle:
        rod = curve(
            [[-wide / 2, high - 0.1, 0], [-wide / 2, high + 0.45, 0], [-wide * 0.15, high + 0.5, 0]], 12
        )
        a.add("mobile arm", tube(rod, 0.01, 6))
        toy = join([cylinder(0.003, 0.14, around=5).at(y=-0.14), ball(0.06, around=8).at(y=-0.16)])
        ray = cylinder(0.005, 0.12, around=5).turned("z", -90) + toy.at(x=0.115)
        a.add("toy", ray.around(4).at(x=-wide * 0.15, y=high + 0.495))
    a.afford("lay", "mattress", "blanket", "pillow", where=facing())
    a.afford("contain", "mattress", where=facing())
    a.afford("grasp", "rail", "toy", where=towards("y", high - 0.1, high - 0.03))
    a.afford("move", "caster", "headboard")
    a.afford("push", "rail", "headboard", where=towards("y", high - 0.1, high - 0.03))
    a.afford("pull", "toy")
    a.afford("support", "headboard", where=facing("x", 1, 0.6))
    return a


def _bars(
    a: Assembly,
    rng: np.random.Generator,
    span: Number,
    height: tuple[Number, Number],
    sides: list[tuple[Number, Number]],
) -> None:
    """A rail above, one below and bars between them, on sides (angle, shift).

    At 0 degrees they run along x and are moved along z, at 90 along z and are moved along x.
    """
    low, high = height
    count = max(4, int(span / rng.uniform(0.07, 0.12)))
    thick = rng.uniform(0.009, 0.014)
    bar = cylinder(thick, high - low - 0.02, around=int(pick(rng, (4, 6, 8)))).row(
        count, x=(span - 0.06) / count
    )
    rails = box(span, 0.04, 0.03).at(y=high - 0.04) + box(span, 0.04, 0.03).at(y=low - 0.02)
    for angle, shift in sides:
        x, z = (shift, 0.0) if angle else (0.0, shift)
        a.add("rail", rails.turned("y", angle).at(x=x, z=z))
        a.add("bar", bar.at(y=low).turned("y", angle).at(x=x, z=z))


def high_chair(rng: np.random.Generator) -> Assembly:
    """High chairs for children: wooden or folding, a tray before the seat, a step, straps."""
    a = Assembly("high chair")
    low, wide, deep = rng.uniform(0.48, 0.62), rng.uniform(0.32, 0.4), rng.uniform(0.3, 0.36)
    thick = rng.uniform(0.025, 0.05)
    a.add("seat", plate(rng, wide, deep, thick).at(y=low))
    size = (wide, low, deep)
    _child_back(a, rng, size, thick)
    _child_legs(a, rng, size)
    top = low + thick + rng.uniform(0.15, 0.2)
    arm = box(0.03, 0.025, deep).at(x=wide / 2 - 0.015, y=top).both_sides()
    a.add("arm", arm, box(0.025, top - low, 0.025).at(wide / 2 - 0.015, low + 0.01, deep * 0.42).both_sides())
    if chance(rng, 0.85):
        reach = rng.uniform(0.24, 0.32)
        dish = (
            tray(wide * 1.25, 0.03, reach, 0.012)
            if chance(rng, 0.7)
            else box(wide * 1.2, 0.02, reach, bevel=0.006)
        )
        a.add("tray", dish.at(y=top + 0.02, z=deep / 2 + reach * 0.3))
        if chance(rng, 0.4):
            a.add(
                "button",
                box(0.03, 0.015, 0.03, bevel=0.004)
                .at(wide * 0.63, top + 0.025, deep / 2 + 0.05)
                .both_sides(),
            )
    if chance(rng, 0.4):
        bow = curve(
            [
                [0.05, low + thick + 0.26, -deep / 2 + 0.03],
                [0.06, low + thick + 0.14, -0.02],
                [0.02, low + thick, 0.02],
            ],
            9,
        )
        a.add("strap", sweep(bow, rectangle(0.025, 0.004)).both_sides())
    elif chance(rng, 0.5):
        a.add("cushion", pillow(wide * 0.85, 0.05, deep * 0.8, 4, 14).at(y=low + thick + 0.015))
    a.afford("sit", "seat", "cushion", where=facing())
    a.afford("support", "back", "slat", where=facing("z", softness=0.6))
    a.afford("support", "tray", "footrest", where=facing())
    a.afford("contain", "tray", where=facing())
    a.afford("pull", "tray", "strap")
    a.afford("press", "button")
    a.afford("move", "back rail", "leg", "back")
    a.afford("lift", "tray")
    return a


def _child_back(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], thick: Number
) -> None:
    """A hollowed shell or slats between posts, behind a seat of (width, its height, depth)."""
    (wide, low, deep), tall = size, rng.uniform(0.32, 0.45)
    if chance(rng, 0.5):
        y, x = np.meshgrid(np.linspace(0, tall, 5), np.linspace(-wide / 2, wide / 2, 7), indexing="ij")
        grid = np.stack([x, y, 0.2 * x**2 / wide - deep / 2 - y * 0.12], -1)
        a.add("back", sheet(grid, 0.02).at(y=low + thick * 0.5))
    else:
        post = box(0.03, tall, 0.03).at(x=wide / 2 - 0.015, y=low + thick * 0.5, z=-deep / 2 + 0.015)
        a.add("back post", post.both_sides(), of="back")
        count = int(rng.integers(3, 6))
        slat = box(wide * 0.7 / count, tall - 0.05, 0.012).row(count, x=wide * 0.9 / count)
        a.add("slat", slat.at(y=low + thick, z=-deep / 2 + 0.015), of="back")
        a.add("back rail", box(wide, 0.06, 0.03).at(y=low + tall - 0.05, z=-deep / 2 + 0.015), of="back")


def _child_legs(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]) -> None:
    """Four legs that stand wide, two crossed pairs or a column, and where the feet rest."""
    wide, low, deep = size
    style = pick(rng, ("splayed", "cross", "column"), (4, 2, 1))
    spread = rng.uniform(0.06, 0.14)
    if style == "splayed":
        prop = tube(
            [[wide / 2 + spread, 0, deep / 2 + spread], [wide / 2 - 0.03, low + 0.01, deep / 2 - 0.03]],
            rng.uniform(0.013, 0.02),
            int(pick(rng, (4, 8))),
        )
        a.add("leg", prop.four_corners())
        y = low * rng.uniform(0.15, 0.3)
        half = (wide / 2 + spread) - (spread + 0.03) * y / low
        a.add("rung", box(2 * half, 0.02, 0.02).at(y=y, z=half + (deep - wide) / 2).both_sides("z"))
    elif style == "cross":
        pair = [
            tube([[0, 0, s * (deep / 2 + spread)], [0, low + 0.01, -s * deep * 0.42]], 0.014, 8)
            for s in (1, -1)
        ]
        a.add("leg", join(pair).at(x=wide / 2 - 0.02).both_sides())
        a.add(
            "rung",
            cylinder(0.012, wide, around=8)
            .turned("z", -90)
            .at(-wide / 2, 0.02, deep / 2 + spread)
            .both_sides("z"),
        )
        a.add(
            "bolt",
            cylinder(0.02, 0.012, around=8).turned("z", -90).at(x=wide / 2 - 0.01, y=low * 0.5).both_sides(),
        )
    else:
        a.add("column", cylinder(0.03, low, around=14))
        a.add("base", cylinder(0.26, 0.03, bevel=0.008, around=24))
    if chance(rng, 0.7):
        y, z = low * rng.uniform(0.35, 0.5), deep / 2 + rng.uniform(0.02, 0.05)
        if style == "splayed":
            z = deep / 2 - 0.03 + (spread + 0.03) * (1 - y / low)
        a.add("footrest", box(wide * 1.05, 0.018, 0.11).at(y=y, z=z))
        if style != "splayed":
            a.add("footrest", box(0.02, low - y, 0.02).at(x=wide * 0.4, y=y, z=deep / 2 - 0.01).both_sides())


def hammock(rng: np.random.Generator) -> Assembly:
    """Hammocks between two posts, on a bow or in a frame of tubes, gathered at their ends or kept wide by bars."""
    a = Assembly("hammock")
    long, wide, sag = rng.uniform(1.6, 2.3), rng.uniform(0.7, 1.1), rng.uniform(0.25, 0.45)
    high, reach = rng.uniform(0.9, 1.3), rng.uniform(0.35, 0.6)
    spread = chance(rng, 0.5)
    s, t = np.meshgrid(np.linspace(-1, 1, 13), np.linspace(-1, 1, 9), indexing="ij")
    end = 1.0 if spread else 0.15
    half = wide / 2 * (end + (1 - end) * np.cos(s * np.pi / 2) ** 0.8)
    curl = rng.uniform(0.1, 0.35)
    y = high - 0.15 - sag * (1 - s**2) + curl * half * np.abs(t) ** 2.5
    a.add(pick(rng, ("cloth", "bed", "net")), sheet(np.stack([s * long / 2, y, t * half], -1), 0.015))
    knot = [long / 2 + reach, high, 0]
    edge = high - 0.15
    for z in np.linspace(-1, 1, 5) * half[-1, 0] * 0.95:
        line = tube(
            [[long / 2 - 0.02, edge + curl * half[-1, 0] * abs(z / half[-1, 0]) ** 2.5, z], knot], 0.007, 5
        )
        a.add("rope", line.both_sides())
    if spread:
        bar = box(0.035, 0.03, wide * 1.05).at(x=long / 2, y=edge - 0.02)
        a.add("spreader bar", bar.both_sides())
    a.add("ring", tube(arc(0.035, 0, 360, 13)[:-1], 0.008, 6, closed=True).at(*knot).both_sides())
    x = knot[0] + 0.04
    _hammock_stand(a, rng, x, high, wide)
    if chance(rng, 0.4):
        a.add(
            "pillow",
            pillow(0.25, 0.09, 0.4, 3, 14).turned("z", -20).at(x=-long * 0.32, y=high - 0.05 - sag * 0.59),
        )
    bed = ("cloth", "bed", "net")
    a.afford("lay", *bed, "pillow", where=facing("y", softness=0.6))
    a.afford("sit", *bed, where=both(facing("y", softness=0.5), middle("x", -0.4, 0.4)))
    a.afford("support", *bed, "pillow", where=facing("y", softness=0.6))
    a.afford("push", *bed, where=both(facing("z", 1, 0.9), middle("x", -0.6, 0.6)))
    a.afford("grasp", "rope", "spreader bar")
    a.afford("pull", "rope")
    return a


def _hammock_stand(a: Assembly, rng: np.random.Generator, x: Number, high: Number, wide: Number) -> None:
    """What holds the hooks at (x, high) on both sides: posts, a bow on two feet, a frame of tubes."""
    style = pick(rng, ("posts", "bow", "frame"))
    if style == "posts":
        trunk = pick(
            rng, (box(0.1, high + 0.4, 0.1), cylinder(0.09, high + 0.5, 0.07, around=roundness(rng) + 4))
        )
        a.add("post", trunk.at(x=x + 0.07).both_sides())
        a.add("hook", tube([[x - 0.03, high, 0], [x + 0.06, high, 0]], 0.01, 6).both_sides())
    elif style == "bow":
        path = curve(
            [
                [-x, high, 0],
                [-x * 0.75, high * 0.35, 0],
                [0, 0.05, 0],
                [x * 0.75, high * 0.35, 0],
                [x, high, 0],
            ],
            24,
        )
        a.add("stand", sweep(path, rectangle(0.07, 0.06)))
        a.add("foot", box(0.06, 0.05, wide * 1.2).at(x=x * 0.4).both_sides())
        a.add("hook", tube([[x - 0.04, high, 0], [x, high, 0]], 0.01, 6).both_sides())
    else:
        spar = tube([[x * 0.6, 0.06, 0], [x, high + 0.02, 0]], 0.03, 8)
        a.add(
            "stand",
            spar.both_sides(),
            cylinder(0.03, x * 1.24, around=10).turned("z", -90).at(x=-x * 0.62, y=0.06),
        )
        a.add(
            "foot",
            cylinder(0.03, wide * 1.2, around=10).turned("x", 90).at(x * 0.6, 0.04, -wide * 0.6).both_sides(),
        )
        a.add("hook", tube([[x - 0.04, high, 0], [x, high, 0]], 0.01, 6).both_sides())


def coat_rack(rng: np.random.Generator) -> Assembly:
    """Coat racks: a post with hooks, a rail on the wall, a rail on wheels with hangers."""
    a = Assembly("coat rack")
    kind = pick(rng, ("post", "wall", "rail"), (4, 3, 3))
    {"post": _coat_post, "wall": _coat_wall, "rail": _coat_rail}[kind](a, rng)
    a.afford("support", "hook", "peg", "rail")
    a.afford("support", "shelf", where=facing())
    a.afford("contain", "holder", where=inward())
    a.afford("grasp", "pole", "post", "hanger", where=towards("y", 0.6, 1.0))
    a.afford("lift", "hanger")
    a.afford("move", "base", "caster", "post")
    a.afford("carry", "pole", where=middle("y", 0.7, 1.2))
    return a


def _coat_post(a: Assembly, rng: np.random.Generator) -> None:
    """A post on a plate or on bent feet, its hooks in one ring or two."""
    high, thick = rng.uniform(1.5, 1.9), rng.uniform(0.018, 0.035)
    pole = (
        cylinder(thick, high, around=roundness(rng) + 4)
        if chance(rng, 0.6)
        else turned(rng, high, thick * 1.4)
    )
    a.add("pole", pole)
    if chance(rng, 0.5):
        a.add("base", cylinder(rng.uniform(0.16, 0.24), 0.04, bevel=0.01, around=24))
    else:
        ray = tube(curve([[0, 0.25, 0], [0.14, 0.14, 0], [0.3, 0.02, 0]], 9), thick * 0.7, 8)
        a.add("leg", ray.around(int(pick(rng, (3, 4)))))
    arm = [[0, 0, 0], [0.1, -0.03, 0], [0.17, 0.02, 0], [0.18, 0.09, 0]]
    peg = (
        tube(curve(arm, 10), 0.011, 6)
        if chance(rng, 0.6)
        else cylinder(0.012, 0.2, around=8).turned("z", -60)
    )
    peg = peg + ball(0.035, around=8).at(*(peg.high * [1, 1, 0]))
    a.add("hook" if chance(rng, 0.6) else "peg", peg.around(int(pick(rng, (4, 5, 6)))).at(y=high * 0.93))
    if chance(rng, 0.5):
        a.add("hook" if chance(rng, 0.5) else "peg", peg.scaled(0.6).around(4, start=45).at(y=high * 0.7))
    if chance(rng, 0.4):
        hoop = tube(arc(0.17, 0, 360, 21)[:-1], 0.01, 6, closed=True).turned("x", 90)
        spoke = tube([[0, 0, 0], [0.17, 0, 0]], 0.007, 6).around(3)
        a.add("holder", (hoop + spoke).at(y=high * 0.32))
    a.add("finial", ball(thick * 2.6, around=12).at(y=high))


def _coat_wall(a: Assembly, rng: np.random.Generator) -> None:
    """A board with hooks or pegs, perhaps under a shelf."""
    wide, high, thick = rng.uniform(0.5, 1.0), rng.uniform(0.08, 0.2), 0.02
    a.add("board", box(wide, high, thick, bevel=pick(rng, (0.0, 0.005))))
    count, out = int(rng.integers(3, 8)), rng.uniform(0.05, 0.08)
    bent = [[0, high * 0.55, 0.0], [0, high * 0.3, out * 0.6], [0, high * 0.4, out], [0, high * 0.6, out]]
    style = pick(rng, ("hook", "peg"))
    piece = tube(curve(bent, 10), 0.006, 6)
    if style == "peg":
        piece = cylinder(0.011, out, 0.014, around=10).turned("x", 75).at(y=high * 0.45)
    a.add(style, piece.row(count, x=wide / count))
    if chance(rng, 0.5):
        a.add("shelf", box(wide, 0.018, 0.2).at(y=high - 0.005, z=0.1 - thick / 2))
        a.add("bracket", box(0.02, high * 0.7, 0.12).at(x=wide * 0.42, y=high * 0.3, z=0.06).both_sides())
    screws = cylinder(0.008, 0.004, around=8).turned("x", 90).at(x=wide * 0.46, y=high * 0.15, z=thick / 2)
    a.add("screw", screws.both_sides())


def _coat_rail(a: Assembly, rng: np.random.Generator) -> None:
    """A rail on two posts, with hangers, on wheels or on feet."""
    wide, high, deep = rng.uniform(0.8, 1.3), rng.uniform(1.4, 1.7), rng.uniform(0.4, 0.5)
    post = cylinder(0.014, high, around=10).at(x=wide / 2)
    a.add("post", post.both_sides())
    a.add("rail", cylinder(0.014, wide + 0.1, around=10).turned("z", -90).at(x=-wide / 2 - 0.05, y=high))
    a.add("foot", box(0.03, 0.03, deep).at(x=wide / 2).both_sides())
    if chance(rng, 0.6):
        a.add("caster", caster(rng, 0.06).at(wide / 2, -0.06, deep * 0.45).four_corners())
    if chance(rng, 0.5):
        a.add("shelf", box(wide, 0.015, deep * 0.8).at(y=rng.uniform(0.02, 0.2)))
    bow = [[-0.2, -0.16, 0], [0, -0.07, 0], [0.2, -0.16, 0]]
    hanger = tube(curve(bow, 9), 0.008, 6) + tube([[-0.2, -0.16, 0], [0.2, -0.16, 0]], 0.005, 6)
    hanger = hanger + tube([[0, -0.07, 0], [0, -0.02, 0], [0.014, 0.0, 0], [0, 0.018, 0]], 0.004, 6)
    count = int(rng.integers(2, 7))
    a.add("hanger", hanger.turned("y", 90 + rng.uniform(-15, 15)).row(count, x=wide * 0.8 / count).at(y=high))
