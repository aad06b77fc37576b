"""What things are put into: chest, box, bin, bucket, basket, plant pot, vase."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import (
    ball,
    box,
    cylinder,
    lathe,
    ring,
    sheet,
    slab,
    sweep,
    tray,
    tube,
    vessel,
)
from partwise.datasets.world.dice import between, chance, pick, roundness
from partwise.datasets.world.fields import both, facing, inward, outward, towards
from partwise.datasets.world.fronts import bar
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle, regular, squircle


def chest(rng: np.random.Generator) -> Assembly:
    """Treasure chests, trunks and coffers: a box under a flat or vaulted lid, open or shut, with metal bands."""
    a = Assembly("chest")
    width, height, depth = rng.uniform(0.6, 1.2), rng.uniform(0.25, 0.5), rng.uniform(0.35, 0.65)
    wall, flare = rng.uniform(0.02, 0.05), pick(rng, (1.0, 1.0, rng.uniform(0.75, 0.95)))
    hollow = chance(rng, 0.7)
    body = tray(width, height, depth, wall) if hollow else box(width, height, depth)
    a.add("body", body.tapered(1.0, flare))
    rise = pick(rng, (rng.uniform(0.04, 0.1), rng.uniform(0.5, 1.0) * depth / 2))
    lid = [_vault(width, depth, rise, 0.0 if not hollow else wall)]
    metal = pick(rng, ("none", "trim", "gold", "band", "body"), (3, 2, 2, 2, 2))
    bands = []
    if metal != "none":
        strip, count = rng.uniform(0.04, 0.09), pick(rng, (2, 2, 3))
        bands = list(np.linspace(-0.5, 0.5, count) * (width - strip))
        for x in bands:
            post = box(strip, height, 0.015).at(x=x, z=depth / 2 + 0.004)
            a.add(metal, post.tapered(1.0, 1.0))
    over = [_vault(rng.uniform(0.04, 0.09), depth + 0.03, rise + 0.015, 0.0).at(x=x) for x in bands]
    angle = rng.uniform(20, 110) if hollow and chance(rng, 0.35) else 0.0

    def placed(mesh: Mesh) -> Mesh:
        return mesh.at(z=depth / 2).turned("x", -angle).at(y=height, z=-depth / 2)

    a.add("lid", *[placed(mesh) for mesh in lid])
    if over:
        a.add("lid" if metal == "body" else metal, *[placed(mesh) for mesh in over])
    if chance(rng, 0.6):
        size = rng.uniform(0.05, 0.12)
        clasp = box(size, size * 1.4, 0.03).at(y=-size * 0.8, z=depth / 2 + 0.02)
        a.add(pick(rng, ("lock", "gold")) if metal == "gold" else "lock", placed(clasp))
    if chance(rng, 0.35):
        loop = tube(arc(0.07, 180, 360, 8), 0.01, 6).turned("y", 90).at(x=width / 2 + 0.01, y=height * 0.65)
        a.add("handle", loop.both_sides())
    a.afford("open", "lid", where=facing("z"))
    a.afford("open", "lock")
    a.afford("contain", "body", where=facing())
    a.afford("lift", "lid", where=facing("z"))
    a.afford("carry", "handle")
    return a


def _vault(width: Number, depth: Number, rise: Number, wall: Number) -> Mesh:
    """A lid on y = 0, round from front to back if it is high, hollow below if it has a wall."""
    if rise < 0.12:
        if not wall:
            return box(width, rise, depth)
        return tray(width, rise, depth, wall, min(wall, rise * 0.4)).turned("x", 180).at(y=rise)
    line = arc(1.0, 0, 180, 9)[:, :2] * [depth / 2, rise]
    if wall:
        inner = line[::-1] * [1 - 2 * wall / depth, 1 - wall / rise]
        shell = sweep(np.array([[-width / 2, 0, 0], [width / 2, 0, 0]]), np.concatenate([line, inner]))
        ends = join(
            [_slice(line, wall).at(x=width / 2 - wall / 2), _slice(line, wall).at(x=wall / 2 - width / 2)]
        )
        return shell + ends if shell.high[1] > rise * 0.5 else shell.mirrored("y") + ends
    return _slice(line, width)


def _slice(line: np.ndarray, thick: Number) -> Mesh:
    """A plate across x with the outline `line` in (z, y)."""
    return slab(line, thick).turned("z", 90).turned("x", 90).at(x=thick / 2)


def storage_box(rng: np.random.Generator) -> Assembly:
    """Storage boxes, crates, cartons and coffins: a lid laid on, hinged or in flaps; open or shut."""
    a = Assembly("box")
    width, height, depth = between(rng, 0.2, 0.9), between(rng, 0.12, 0.7), between(rng, 0.2, 0.7)
    wall, style = rng.uniform(0.008, 0.03), pick(rng, ("plain", "crate", "carton", "round"), (4, 3, 2, 1))
    flare = pick(rng, (1.0, 1.0, rng.uniform(0.8, 1.0)))
    if style == "round":
        outline = pick(rng, (regular(6, 1.0), ellipse(1.0, count=roundness(rng)), squircle(1.0, 1.0, 4, 16)))
        a.add("body", vessel([(width / 2, 0), (width / 2, height)], wall, outline))
        a.add("lid", lathe([(width * 0.52, 0), (width * 0.52, height * 0.12)], outline).at(y=height))
    elif style == "carton":
        a.add("body", tray(width, height, depth, wall * 0.4))
        for side in (-1, 1):
            flap = box(width, wall * 0.4, depth / 2).at(z=-depth / 4).turned("x", rng.uniform(0, 220))
            flap = flap if side > 0 else flap.mirrored("z")
            a.add("lid", flap.at(y=height, z=side * depth / 2))
    elif style == "crate":
        planks = int(rng.integers(2, 5))
        tall = height / planks
        a.add(
            "body",
            box(width * 0.96, height * 0.96, depth * 0.96)
            if chance(rng, 0.5)
            else tray(width, height, depth, wall),
        )
        for y in np.arange(planks) * tall:
            hoop = ring(rectangle(width + wall, depth + wall), rectangle(width, depth), tall * 0.85)
            a.add("body", hoop.turned("x", 90).at(y=y + tall / 2))
        a.add("body", box(wall * 2.5, height, wall * 2.5).at(x=width / 2, z=depth / 2).four_corners())
        board = box(width + 2 * wall, wall, depth / 5).row(4, z=depth / 3.9)
        a.add("lid", board.at(y=height))
    else:
        a.add("body", tray(width, height, depth, wall).tapered(1.0, flare))
        low = min(rng.uniform(0.015, 0.25) * height, height)
        cover = tray(width + 2 * wall, low + wall, depth + 2 * wall, wall).turned("x", 180).at(y=wall)
        angle = rng.uniform(10, 110) if chance(rng, 0.3) else 0.0
        a.add("lid", cover.at(y=height * 0.02, z=depth / 2).turned("x", -angle).at(y=height, z=-depth / 2))
    if chance(rng, 0.4):
        pull = bar(rng, min(depth, width) * 0.35, 0.03).turned("x", 90).turned("y", 90)
        a.add(
            "handle",
            pull.at(x=width / 2, y=height * 0.65).both_sides()
            if chance(rng, 0.5)
            else pull.turned("z", 90).at(y=height * 1.15),
        )
    a.afford("open", "lid", where=facing())
    a.afford("lift", "lid", where=facing())
    a.afford("contain", "body", where=facing())
    a.afford("carry", "handle")
    return a


def trash_can(rng: np.random.Generator) -> Assembly:
    """Waste bins: pedal bins, swing bins, wheelie bins, paper baskets."""
    a = Assembly("trash can")
    around = pick(
        rng, (ellipse(1.0, count=roundness(rng) + 4), rectangle(1.0, 0.9, 0.12), rectangle(0.8, 1.0))
    )
    radius, height = rng.uniform(0.12, 0.3), rng.uniform(0.3, 0.95)
    flare, wall = rng.uniform(0.65, 1.0), rng.uniform(0.006, 0.015)
    style = pick(rng, ("open", "pedal", "swing", "lid", "wheelie"), (2, 3, 2, 2, 2))
    a.add("body", vessel([(radius * flare, 0), (radius, height)], wall, around))
    if style == "open" or chance(rng, 0.4):
        hoop = lathe(
            [(radius - wall, 0), (radius + 0.012, 0), (radius + 0.012, 0.025), (radius - wall, 0.025)],
            around,
            closed=True,
        )
        a.add("rim", hoop.at(y=height - 0.015), of="body")
    rise = radius * rng.uniform(0.1, 0.9)
    dome = curve([[radius * 1.03, 0.0], [radius * 0.9, rise * 0.65], [radius * 0.3, rise]], 6)
    cover = lathe(
        np.concatenate([dome, [[0.0, rise]]])
        if chance(rng, 0.6)
        else [(radius * 1.03, 0), (radius * 1.03, 0.03)],
        around,
    )
    top = cover.high[1]
    if style == "swing":
        a.add("body", lathe([(radius * 1.03, 0), (radius * 0.8, rise * 0.4)], around).at(y=height))
        flap = box(radius * 1.1, 0.01, radius * 1.2).turned("x", rng.uniform(-50, 50))
        a.add(
            "lid",
            lathe([(radius * 0.8, 0), (radius * 0.4, rise)], around).at(y=height + rise * 0.4),
            flap.at(y=height + rise * 0.9),
        )
    elif style != "open":
        angle = rng.uniform(20, 100) if chance(rng, 0.3) else 0.0
        a.add("lid", cover.at(z=radius).turned("x", -angle).at(y=height, z=-radius))
        if chance(rng, 0.4) and not angle:
            a.add("handle", tube(arc(radius * 0.25, 0, 180, 7), radius * 0.05, 6).at(y=height + top - 0.004))
    if style == "pedal":
        a.add("pedal", box(radius * 0.5, 0.015, radius * 0.45).at(y=0.02, z=radius * flare * 1.1))
    if style == "wheelie":
        a.add(
            "wheel",
            cylinder(radius * 0.3, 0.05)
            .turned("z", 90)
            .at(x=radius * 0.8, y=radius * 0.3, z=-radius * 0.8)
            .both_sides(),
        )
        a.add(
            "handle",
            cylinder(0.016, radius * 1.6, around=8)
            .at(y=-radius * 0.8)
            .turned("z", 90)
            .at(y=height, z=-radius * 1.15),
        )
    a.afford("contain", "body", where=inward())
    a.afford("open", "lid", "pedal", where=facing())
    a.afford("move", "body")
    return a


def bucket(rng: np.random.Generator) -> Assembly:
    """Pails and buckets of tin, plastic and wood with a bail handle, up or hanging."""
    a = Assembly("bucket")
    radius, around = rng.uniform(0.1, 0.18), roundness(rng) + 4
    height, flare, wall = radius * rng.uniform(1.3, 2.3), rng.uniform(0.65, 0.95), rng.uniform(0.003, 0.015)
    a.add("body", vessel([(radius * flare, 0), (radius, height)], wall, around))
    if chance(rng, 0.5):
        hoop = lathe(
            [(radius, 0), (radius + 0.012, 0), (radius + 0.012, 0.02), (radius, 0.02)], around, closed=True
        )
        a.add("rim", hoop.at(y=height - 0.02), of="body")
    if chance(rng, 0.3):
        share = np.array([0.25, 0.75])
        for t in share:
            r = radius * (flare + (1 - flare) * t)
            strap = lathe(
                [(r - 0.002, 0), (r + 0.005, 0), (r + 0.006, 0.03), (r - 0.002, 0.03)], around, closed=True
            )
            a.add("band", strap.at(y=height * t))
    rise, thick = radius * rng.uniform(0.9, 1.3), rng.uniform(0.003, 0.008)
    bail = tube(arc(1.0, 0, 180, 17) * [radius * 1.04, rise, 1], thick, 6)
    angle = pick(rng, (0.0, 90.0, rng.uniform(0, 130)))
    a.add("handle", bail.turned("x", angle).at(y=height * 0.93))
    if chance(rng, 0.35):
        sleeve = cylinder(thick * 3, radius * 0.6, around=8).at(y=-radius * 0.3).turned("z", 90).at(y=rise)
        a.add("handle", sleeve.turned("x", angle).at(y=height * 0.93))
    a.afford("contain", "body", where=inward())
    a.afford("lift", "handle")
    a.afford("grasp", "handle", where=towards("y", height, height + rise))
    a.afford("carry", "handle")
    a.afford("pour", "body", where=towards("y", height * 0.85, height))
    return a


def basket(rng: np.random.Generator) -> Assembly:
    """Wicker and wire baskets: woven hoops on ribs, a bail or two ears."""
    a = Assembly("basket")
    radius, height = rng.uniform(0.14, 0.3), rng.uniform(0.12, 0.45)
    flare, count = rng.uniform(0.65, 1.0), int(rng.integers(5, 10))
    outline = pick(rng, (ellipse(1.0, count=18), ellipse(1.0, 0.7, 18), squircle(1.0, 0.7, 5, 20)))
    solid, thick = chance(rng, 0.5), height / count
    if solid:
        line = [
            (radius * (flare + (1 - flare) * y) * w, y * height)
            for y in np.linspace(0, 1, 2 * count)
            for w in (1.0,)
        ]
        wave = np.asarray(line) + np.stack(
            [0.006 * np.sin(np.arange(2 * count) * np.pi + 0.5), np.zeros(2 * count)], 1
        )
        a.add("body", vessel(wave, 0.012, outline))
    else:
        for t in np.linspace(0, 1, count):
            r = radius * (flare + (1 - flare) * t)
            path = np.stack(
                [outline[:, 0] * 2 * r, np.full(len(outline), t * height), outline[:, 1] * 2 * r], 1
            )
            a.add("body", tube(path, thick * 0.25, 4, closed=True))
        low, high = outline[::2] * 2 * radius * flare, outline[::2] * 2 * radius
        for p, q in zip(low, high, strict=True):
            a.add("body", tube([[p[0], 0, p[1]], [q[0], height, q[1]]], thick * 0.25, 4))
        a.add("body", slab(outline * 2 * radius * flare, 0.01))
    path = np.stack(
        [outline[:, 0] * 2 * radius, np.full(len(outline), height), outline[:, 1] * 2 * radius], 1
    )
    a.add("rim", tube(path, rng.uniform(0.008, 0.016), 6, closed=True), of="body")
    rise = rng.uniform(0.15, 0.3)
    if chance(rng, 0.6):
        a.add(
            "handle",
            tube(arc(1.0, 0, 180, 15) * [radius, rise, 1], rng.uniform(0.008, 0.014), 6).at(y=height),
        )
    else:
        ear = tube(arc(radius * 0.35, 0, 180, 9), 0.009, 6).turned("y", 90).at(x=radius, y=height)
        a.add("handle", ear.both_sides())
    a.afford("contain", "body", where=inward())
    a.afford("carry", "handle")
    a.afford("lift", "handle")
    return a


def plant_pot(rng: np.random.Generator) -> Assembly:
    """Potted plants and planters: pot, soil, leaves or a small tree."""
    a = Assembly("potted plant")
    radius = between(rng, 0.05, 0.35)
    height, wall = radius * rng.uniform(0.5, 2.6), radius * rng.uniform(0.06, 0.2)
    outline = pick(
        rng,
        (ellipse(1.0, count=roundness(rng) + 2), regular(6, 1.0), rectangle(1.0, 1.0), rectangle(1.0, 0.35)),
        (4, 1, 2, 1),
    )
    line = np.array([(radius * rng.uniform(0.55, 1.0), 0), (radius, height)])
    if chance(rng, 0.3):
        line = curve([line[0], [radius * rng.uniform(0.9, 1.2), height * 0.5], line[1]], 8)
    a.add("pot", vessel(line, wall, outline))
    if chance(rng, 0.4):
        lip = [
            (radius - wall, 0),
            (radius * 1.08, 0),
            (radius * 1.08, height * 0.15),
            (radius - wall, height * 0.15),
        ]
        a.add("rim", lathe(lip, outline, closed=True).at(y=height * 0.86), of="pot")
    bare = chance(rng, 0.3)
    if bare or chance(rng, 0.75):
        a.add(
            "soil", lathe([(radius - wall, 0), (radius - wall, height * 0.04)], outline).at(y=height * 0.86)
        )
    if not bare:
        narrow = min(outline[:, 1].max() * 2, 1.0)
        a.add("plant", _plant(rng, radius * narrow).at(y=height * 0.85))
    a.afford("contain", "pot", where=inward())
    a.afford("wrapgrasp", "pot", where=outward())
    return a


def _plant(rng: np.random.Generator, radius: Number) -> Mesh:
    """Blades, round leaves on stems, a bush, a cactus or a small tree, standing on y = 0."""
    style, tall = pick(rng, ("blades", "leaves", "bush", "cactus", "tree")), radius * rng.uniform(1.5, 4.5)
    if style == "bush":
        tuft = ball(radius * 1.1, around=8)
        return join([tuft.at(*rng.normal(0, 0.35, 3) * radius).at(y=tall * 0.4) for _ in range(6)])
    if style == "cactus":
        trunk = lathe(curve([[radius * 0.4, 0], [radius * 0.5, tall * 0.5], [0.0, tall]], 8), roundness(rng))
        arm = tube(
            curve([[0, tall * 0.4, 0], [radius * 0.8, tall * 0.45, 0], [radius * 0.9, tall * 0.8, 0]], 8),
            radius * 0.18,
            8,
        )
        return trunk + arm
    if style == "tree":
        crown = ball(radius * 2.2, tall * 0.6, around=10).at(y=tall)
        return join([cylinder(radius * 0.12, tall, around=6), crown])
    leaves = []
    for angle in rng.uniform(0, 360, int(rng.integers(4, 12))):
        lean, long = rng.uniform(0.1, 0.9) * radius, tall * rng.uniform(0.7, 1.1)
        line = curve([[0, 0, 0], [lean * 0.3, long * 0.6, 0], [lean, long, 0]], 6)
        wide = radius * (0.16 if style == "blades" else 0.4) * np.array([0.5, 1.0, 1.0, 0.85, 0.5, 0.05])
        if style == "leaves":
            wide = wide * [0.1, 0.1, 0.5, 1.2, 1.2, 0.6]
        grid = line[:, None] + wide[:, None, None] * np.array([[0, 0, -1], [0.1, 0, 0], [0, 0, 1.0]])[None]
        leaves.append(sheet(grid, radius * 0.03).turned("y", angle))
    return join(leaves)


def vase(rng: np.random.Generator) -> Assembly:
    """Vases and urns: body, rim or lid, ears, and sometimes flowers in them."""
    a = Assembly("vase")
    height, around = rng.uniform(0.15, 0.5), roundness(rng) + 4
    wide = height * rng.uniform(0.12, 0.45, 5)
    line = np.maximum(curve(np.stack([wide, np.linspace(0, height, 5)], 1), 16), [0.015, 0.0])
    neck = float(line[-1, 0])
    a.add("body", vessel(line, min(0.006, neck * 0.3), around))
    extra = pick(rng, ("lid", "plant", "rim"))
    if extra == "lid":
        cover = curve([[neck * 1.1, 0.0], [neck * 0.8, neck * 0.35], [neck * 0.15, neck * 0.6]], 6)
        a.add("lid", lathe(cover, around).at(y=height), ball(neck * 0.5, around=8).at(y=height + neck * 0.75))
    elif extra == "plant":
        a.add("plant", _plant(rng, max(neck, height * 0.15)).at(y=height * 0.9))
    else:
        a.add(
            "rim",
            lathe(
                [(neck, 0), (neck * 1.12, 0.0), (neck * 1.12, neck * 0.15), (neck, neck * 0.15)],
                around,
                closed=True,
            ).at(y=height),
        )
    if chance(rng, 0.4):
        out = height * rng.uniform(0.2, 0.4)
        ear = tube(
            curve(
                [
                    [wide[2] * 0.9, height * 0.5, 0],
                    [wide[2] + out, height * 0.7, 0],
                    [line[-3, 0] * 0.9, height * 0.88, 0],
                ],
                10,
            ),
            height * 0.02,
            6,
        )
        a.add("handle", ear.both_sides())
    a.afford("contain", "body", where=inward())
    a.afford("wrapgrasp", "body", where=both(outward(), towards("y", height, height * 0.4)))
    a.afford("grasp", "handle")
    a.afford("open", "lid")
    return a
