"""Hand tools and cutlery: a handle at one end and what works at the other. They lie along y, working end up."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import cutout
from partwise.datasets.world.build import ball, box, cylinder, lathe, ring, sheet, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import curve, ellipse, rectangle, rounded


def haft(rng: np.random.Generator, length: Number, thick: Number) -> Mesh:
    """A handle from y = 0 to `length`: round, swelling, oval, flat or grooved."""
    style = pick(rng, ("round", "swell", "oval", "flat", "grooved", "square"), (3, 3, 2, 2, 1, 1))
    if style == "round":
        return cylinder(
            thick / 2, length, thick / 2 * rng.uniform(0.75, 1.0), bevel=thick * 0.1, around=roundness(rng)
        )
    if style == "swell":
        width = thick / 2 * np.array([0.9, 1.15, 0.85, rng.uniform(0.6, 1.0), 0.7])
        return lathe(
            curve(np.stack([width, np.array([0, 0.15, 0.45, 0.75, 1]) * length], 1), 12), roundness(rng)
        )
    if style == "oval":
        return lathe(
            [(0.5 * thick, 0), (0.55 * thick, length * 0.2), (0.4 * thick, length)], ellipse(1.2, 0.7, 14)
        )
    if style == "flat":
        return slab(rectangle(thick * 1.2, thick * 0.6, thick * 0.25, 3), length, bevel=thick * 0.1)
    if style == "square":
        return box(thick * 0.9, length, thick * 0.9, bevel=thick * 0.12)
    steps = np.linspace(0, 1, 17)
    return lathe(
        np.stack([thick / 2 * (0.85 + 0.15 * np.cos(steps * 16 * np.pi / 2)), steps * length], 1), 12
    )


def laid(
    rng: np.random.Generator, category: str, pieces: list[Piece], actions: dict[str, tuple[str, ...]]
) -> Assembly:
    """An assembly of the pieces, standing, lying on a side or flat, with actions that hold all over a part."""
    axis, angle = pick(rng, (("y", 0), ("z", 90), ("z", -90), ("x", 90), ("z", 180)), (3, 2, 2, 3, 1))
    a = Assembly(category)
    a.put(piece.changed(lambda mesh: mesh.turned(axis, angle)) for piece in pieces)
    present = {piece.name for piece in pieces}
    for action, parts in actions.items():
        if present & set(parts):
            a.afford(action, *parts)
    return a


GRASP = {"grasp": ("handle", "grip")}


def hammer(rng: np.random.Generator) -> Assembly:
    """Claw hammers, sledges, mallets, ball-pein hammers."""
    length, thick = rng.uniform(0.24, 0.4), rng.uniform(0.022, 0.036)
    kind = pick(rng, ("claw", "sledge", "mallet", "pein"))
    size = thick * rng.uniform(1.2, 1.8)
    head = [box(size, size * 0.9, size * 1.2, bevel=size * 0.08).at(y=length - size * 0.6)]
    y, wide = length - size * 0.15, size * rng.uniform(1.4, 2.4)
    if kind == "mallet":
        barrel = cylinder(size * 0.9, wide * 1.6, bevel=size * 0.1, around=roundness(rng)).at(y=-wide * 0.8)
        head = [barrel.turned("z", 90).at(y=y)]
    elif kind == "sledge":
        head = [box(wide * 1.7, size * 1.5, size * 1.5, bevel=size * 0.2).at(y=y - size * 0.75)]
    else:
        face = lathe(
            [
                (size * 0.35, 0),
                (size * 0.35, wide * 0.4),
                (size * 0.55, wide * 0.5),
                (size * 0.55, wide * 0.75),
            ],
            14,
        )
        head.append(face.turned("z", -90).at(y=y))
        if kind == "pein":
            head += [
                ball(size * 0.9, around=12).at(x=-wide * 0.6, y=y),
                cylinder(size * 0.35, wide * 0.6).turned("z", 90).at(y=y),
            ]
        else:
            path = curve([[0, 0, 0], [-wide * 0.5, size * 0.05, 0], [-wide * 1.0, -size * 0.5, 0]], 8)
            prong = sweep(path, rectangle(size * 0.3, size * 0.5), np.linspace(1, 0.35, 8))
            head.append(prong.turned("y", 8).at(y=y, z=size * 0.22).both_sides("z"))
    pieces = [Piece("handle", haft(rng, length, thick)), Piece("head", join(head))]
    if chance(rng, 0.25):
        pieces.append(
            Piece("grip", cylinder(thick * 0.62, length * 0.4, around=14).at(y=-0.002), of="handle")
        )
    return laid(rng, "mallet" if kind == "mallet" else "hammer", pieces, GRASP | {"beat": ("head",)})


def screwdriver(rng: np.random.Generator) -> Assembly:
    """Screwdrivers, files, awls and chisels."""
    kind = pick(rng, ("screwdriver", "screwdriver", "screwdriver", "chisel", "file"))
    grip, thick = rng.uniform(0.07, 0.11), rng.uniform(0.02, 0.034)
    reach, thin = rng.uniform(0.06, 0.18), rng.uniform(0.005, 0.008)
    pieces = [Piece("handle", haft(rng, grip, thick))]
    if kind == "screwdriver":
        rod = cylinder(thin / 2 + 0.001, reach, around=8)
        tip = box(thin * 1.7, thin * 2.2, thin).tapered(1.0).at(y=grip + reach - thin * 0.2)
        own = chance(rng, 0.4)
        pieces += [Piece("shaft", rod.at(y=grip)), Piece("tip" if own else "shaft", tip)]
    else:
        wide = rng.uniform(0.012, 0.03)
        pieces.append(Piece("blade", box(wide, reach, 0.006).at(y=grip - 0.002)))
        pieces.append(
            Piece("collar", cylinder(thick * 0.45, 0.014, thick * 0.3, around=12).at(y=grip - 0.002))
        )
    return laid(rng, kind, pieces, GRASP | {"stab": ("shaft", "tip", "blade")})


def _edge(rng: np.random.Generator, length: Number, wide: Number, curved: Number, kind: str) -> Mesh:
    """A flat blade from y = 0 up with its cutting side on +x."""
    t = np.linspace(0, 1, 9)
    taper = np.where(t < 0.7, 1.0, 1 - (np.maximum(t - 0.7, 0) / 0.3) ** rng.uniform(1.2, 3.0))
    right = wide / 2 * np.maximum(taper, 0.02)
    left = -right if kind == "double" else np.full(9, -wide / 2)
    if kind != "double":
        right = np.maximum(wide * taper - wide / 2, -wide * 0.48)
    bow = curved * t**2 * length
    outline = np.concatenate(
        [np.stack([right + bow, t * length], 1), np.stack([left + bow, t * length], 1)[::-1]]
    )
    return cutout(outline, max(wide * 0.07, 0.0025))


def knife(rng: np.random.Generator) -> Assembly:
    """Kitchen knives, daggers, cleavers, pocket and bread knives."""
    grip, thick = rng.uniform(0.09, 0.13), rng.uniform(0.016, 0.026)
    kind = pick(rng, ("kitchen", "dagger", "cleaver", "table"))
    reach = rng.uniform(0.09, 0.24)
    wide = {"cleaver": 0.08, "dagger": 0.03, "table": 0.02}.get(kind, 0.035) * rng.uniform(0.8, 1.3)
    if kind == "cleaver":
        blade = box(wide, reach * 0.8, 0.004).at(x=wide / 2 - thick / 2)
    else:
        blade = _edge(rng, reach, wide, rng.uniform(-0.05, 0.1), "double" if kind == "dagger" else "single")
    pieces = [Piece("handle", haft(rng, grip, thick)), Piece("blade", blade.at(y=grip - 0.004))]
    if kind == "dagger" or chance(rng, 0.15):
        pieces.append(
            Piece("guard", box(wide * 1.6, thick * 0.5, thick * 0.9, bevel=0.002).at(y=grip - thick * 0.3))
        )
    if chance(rng, 0.2):
        pieces.append(Piece("pommel", ball(thick * 1.3, around=12).at(y=0)))
    return laid(rng, "knife", pieces, GRASP | {"cut": ("blade",), "stab": ("blade",)})


def sword(rng: np.random.Generator) -> Assembly:
    """Straight swords, sabres, and wide fantasy blades."""
    grip, thick, reach = rng.uniform(0.12, 0.25), rng.uniform(0.025, 0.04), rng.uniform(0.5, 1.0)
    wide, curved = rng.uniform(0.035, 0.1), pick(rng, (0.0, 0.0, rng.uniform(0.05, 0.3)))
    blade = _edge(rng, reach, wide, curved, "single" if curved else "double")
    guard_wide = wide * rng.uniform(2, 4.5)
    style = pick(rng, ("bar", "bowed", "disc", "basket"))
    if style == "bar":
        guard = box(guard_wide, thick * 0.8, thick, bevel=0.004).at(y=-thick * 0.4)
    elif style == "bowed":
        lift = thick * rng.uniform(-1.5, 1.5)
        path = curve([[-guard_wide / 2, lift, 0], [0, 0, 0], [guard_wide / 2, lift, 0]], 9)
        guard = sweep(path, rectangle(thick * 0.7, thick * 0.7))
    elif style == "disc":
        guard = cylinder(guard_wide * 0.35, thick * 0.35, around=roundness(rng) + 4)
    else:
        bow = curve(
            [[0, 0, 0], [grip * 0.35, -grip * 0.2, 0], [grip * 0.3, -grip * 0.8, 0], [0, -grip, 0]], 10
        )
        guard = sweep(bow, rectangle(thick * 0.9, thick * 0.25)) + cylinder(
            guard_wide * 0.25, thick * 0.4, around=12
        )
    own = chance(rng, 0.7)
    pieces = [Piece("handle", haft(rng, grip, thick)), Piece("blade", blade.at(y=grip))]
    pieces.append(Piece("guard" if own else "handle", guard.at(y=grip)))
    pieces.append(Piece("pommel" if own and chance(rng, 0.6) else "handle", ball(thick * 1.6, around=10)))
    return laid(rng, "sword", pieces, GRASP | {"cut": ("blade",), "stab": ("blade",)})


def axe(rng: np.random.Generator) -> Assembly:
    """Axes, hatchets, pickaxes, hoes and rakes: a head across a long handle."""
    kind = pick(rng, ("axe", "axe", "double axe", "pickaxe", "hoe", "rake"))
    length, thick = rng.uniform(0.35, 0.9), rng.uniform(0.028, 0.045)
    wide, high, y = rng.uniform(0.1, 0.2), rng.uniform(0.1, 0.22), length - 0.06
    wing = [(0, high * 0.2), (0, -high * 0.2), (wide, -high * 0.55), (wide * 1.1, 0), (wide, high * 0.5)]
    if kind.endswith("axe") and kind != "pickaxe":
        head = cutout(wing, thick * 0.5)
        head = join(
            [
                head,
                head.mirrored("x")
                if kind == "double axe"
                else box(thick * 1.6, high * 0.4, thick * 1.3).at(y=-high * 0.2),
            ]
        )
    elif kind == "pickaxe":
        path = curve([[-0.3, -0.08, 0], [0, 0.02, 0], [0.3, -0.08, 0]], 11)
        head = sweep(path, rectangle(thick, thick), np.r_[np.linspace(0.3, 1.2, 6), np.linspace(1.1, 0.3, 5)])
    elif kind == "hoe":
        head = box(0.16, 0.015, 0.14).turned("x", 25).at(z=0.08)
    else:
        tooth = cylinder(0.006, 0.07, around=6).turned("x", 80).row(int(rng.integers(7, 13)), x=0.03)
        head = join([tooth, box(0.38, 0.02, 0.02)])
    pieces = [
        Piece("handle", haft(rng, length, thick)),
        Piece("head" if kind != "double axe" else "blade", head.at(y=y)),
    ]
    return laid(rng, "axe" if kind == "double axe" else kind, pieces, GRASP | {"cut": ("head", "blade")})


def spoon(rng: np.random.Generator) -> Assembly:
    """Spoons, ladles, spatulas, whisks and forks: cutlery and kitchen tools."""
    kind = pick(rng, ("spoon", "fork", "ladle", "spatula", "whisk"), (4, 4, 2, 2, 1))
    grip, wide = (
        rng.uniform(0.1, 0.16) * (1.7 if kind in ("ladle", "spatula", "whisk") else 1),
        rng.uniform(0.009, 0.018),
    )
    t = np.linspace(0, 1, 8)
    rise = rng.uniform(-0.01, 0.015) * np.sin(np.pi * t)
    path = np.stack([np.zeros(8), t * grip, rise], 1)
    bar = sweep(path, rectangle(wide, 0.004, 0.0015, 1), np.linspace(1.2, 0.6, 8))
    pieces = [Piece("handle", bar if chance(rng, 0.7) else haft(rng, grip, wide * 1.2))]
    size = rng.uniform(0.03, 0.045) * (1.8 if kind == "ladle" else 1)
    if kind in ("spoon", "ladle"):
        r, angle = np.linspace(0.02, 1, 6)[:, None], np.linspace(0, 2 * np.pi, 17)[None]
        deep = size * (0.25 if kind == "spoon" else 0.6)
        cup = np.stack(
            [r * np.cos(angle) * size / 2, r * np.sin(angle) * size * 0.7, -deep * (1 - r**2) + 0 * angle], -1
        )
        pieces.append(Piece("bowl", sheet(cup, 0.0025).at(y=grip + size * 0.62)))
    elif kind == "fork":
        count = int(pick(rng, (2, 3, 4)))
        root = cutout(
            rounded(
                [(-size * 0.35, size * 0.5), (-size * 0.25, 0), (size * 0.25, 0), (size * 0.35, size * 0.5)],
                0.01,
            ),
            0.003,
        )
        prong = box(size * 0.7 / (2 * count - 1), size * 1.1, 0.003).row(count, x=size * 0.7 / count * 1.05)
        names = ("head", "head") if chance(rng, 0.3) else ("neck", "tine")
        pieces += [Piece(names[0], root.at(y=grip - 0.002)), Piece(names[1], prong.at(y=grip + size * 0.45))]
    elif kind == "spatula":
        pieces.append(Piece("blade", slab(rectangle(size * 1.8, 0.003), size * 2.4).at(y=grip)))
    else:
        loop = curve(
            [
                [0, 0, 0],
                [size * 0.8, size * 1.5, 0],
                [0, size * 2.6, 0],
                [-size * 0.8, size * 1.5, 0],
                [0, 0, 0],
            ],
            14,
        )
        pieces.append(Piece("wire", tube(loop, 0.0015, 5).around(4, stop=135).at(y=grip - 0.005)))
    actions = (
        GRASP | {"contain": ("bowl",)}
        if kind in ("spoon", "ladle")
        else GRASP | {"stab": ("tine",), "lift": ("blade",)}
    )
    return laid(rng, kind, pieces, actions)


def shovel(rng: np.random.Generator) -> Assembly:
    """Shovels, brooms, mops and paint brushes."""
    kind = pick(rng, ("shovel", "broom", "brush"), (3, 2, 2))
    length, thick = (
        (rng.uniform(0.12, 0.2), 0.025)
        if kind == "brush"
        else (rng.uniform(0.7, 1.3), rng.uniform(0.024, 0.036))
    )
    pieces = [Piece("handle", haft(rng, length, thick))]
    if kind == "shovel":
        wide, high = rng.uniform(0.18, 0.26), rng.uniform(0.24, 0.34)
        s, t = np.meshgrid(np.linspace(-1, 1, 7), np.linspace(0, 1, 7), indexing="ij")
        point = rng.uniform(0, 0.3)
        grid = np.stack(
            [s * wide / 2 * (1 - point * t**3), t * high * (1 - point * 0.6 * s**2 * t), 0.05 * s**2], -1
        )
        pieces.append(Piece("blade", sheet(grid, 0.006).at(y=length - 0.03)))
        if chance(rng, 0.6):
            hoop = tube(
                np.array([[-0.06, 0, 0], [0.06, 0, 0], [0.05, 0.09, 0], [0, 0.12, 0], [-0.05, 0.09, 0]]),
                0.012,
                6,
                closed=True,
            )
            pieces.append(Piece("grip", hoop.at(y=-0.1), of="handle"))
    else:
        wide, deep, high = (0.06, 0.02, 0.05) if kind == "brush" else (rng.uniform(0.25, 0.45), 0.06, 0.1)
        pieces.append(Piece("head", box(wide, high * 0.5, deep, bevel=0.004).at(y=length - 0.01)))
        pieces.append(
            Piece(
                "bristles", box(wide * 0.95, high, deep * 0.9).tapered(1.1).at(y=length - 0.01 + high * 0.5)
            )
        )
    return laid(
        rng,
        "paint brush" if kind == "brush" else kind,
        pieces,
        GRASP | {"lift": ("blade",), "clean": ("bristles",)},
    )


def golf_club(rng: np.random.Generator) -> Assembly:
    """Golf clubs, hockey sticks, bats and rackets."""
    kind = pick(rng, ("golf club", "hockey stick", "racket", "bat"), (3, 1, 2, 1))
    length, thick = rng.uniform(0.6, 1.1), rng.uniform(0.014, 0.03)
    grip = length * rng.uniform(0.2, 0.35)
    pieces = [Piece("grip", haft(rng, grip, thick * 1.6))]
    if kind == "bat":
        barrel = lathe(
            curve(
                [
                    (thick * 0.7, 0),
                    (thick * 0.9, length * 0.3),
                    (thick * 1.8, length * 0.6),
                    (thick * 1.4, length * 0.72),
                ],
                10,
            ),
            16,
        )
        return laid(
            rng, "baseball bat", [*pieces, Piece("barrel", barrel.at(y=grip))], GRASP | {"beat": ("barrel",)}
        )
    pieces.append(Piece("shaft", cylinder(thick / 2, length - grip, around=10).at(y=grip)))
    if kind == "racket":
        wide = rng.uniform(0.18, 0.26)
        oval = ellipse(wide, wide * 1.3, 24)
        pieces.append(Piece("frame", ring(oval, oval * 0.88, 0.02).at(y=length + wide * 0.6)))
        count = 9
        line = np.linspace(-0.75, 0.75, count)
        half = np.sqrt(1 - line**2) * wide * 0.46
        strings = [box(2 * h, 0.004, 0.004).at(y=s * wide * 0.58) for s, h in zip(line, half, strict=True)]
        strings += [
            box(0.004, 2.6 * h, 0.004).at(x=s * wide * 0.45, y=-1.3 * h)
            for s, h in zip(line, half, strict=True)
        ]
        pieces.append(Piece("string", join(strings).at(y=length + wide * 0.6)))
    elif kind == "hockey stick":
        pieces.append(
            Piece("head", box(0.28, 0.06, 0.02, bevel=0.004).turned("z", 20).at(x=0.1, y=length - 0.06))
        )
    else:
        size = rng.uniform(0.07, 0.2)
        head = (
            ball(size * 1.6, size * 0.6, size * 0.7, around=12)
            if chance(rng, 0.4)
            else slab(rectangle(size * 1.8, size * 0.5, size * 0.2), size * 0.5)
        )
        pieces.append(Piece("head", head.at(x=size * 0.5, y=length)))
    return laid(rng, kind, pieces, {"grasp": ("grip",), "beat": ("head", "frame", "string")})
