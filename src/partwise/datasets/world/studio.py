"""What holds sheets and canvases upright: music stands and easels."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import box, cylinder, slab, tray, tube
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing, middle
from partwise.datasets.world.mesh import Number, Piece
from partwise.datasets.world.music import tripod
from partwise.datasets.world.outlines import curve, ellipse
from partwise.datasets.world.pieces import grip, turned


def music_stand(rng: np.random.Generator) -> Assembly:
    """Music stands: a folding one of thin rods, one with a plate, a wooden one on a turned post."""
    a = Assembly("music stand")
    kind = pick(rng, ("folding", "plate", "wooden"), (3, 4, 2))
    high, wide, tall = rng.uniform(0.75, 1.15), rng.uniform(0.4, 0.56), rng.uniform(0.24, 0.36)
    thick = rng.uniform(0.008, 0.014)
    if kind == "wooden":
        a.add("pole", turned(rng, high - 0.05, 0.03).at(y=0.05))
        ray = tube(curve([[0, 0.2, 0], [0.12, 0.14, 0], [0.26, 0.015, 0]], 9), 0.016, 6)
        a.add("leg", ray.around(3, start=30))
    elif chance(rng, 0.5):
        a.add("stand", tripod(high, rng.uniform(0.22, 0.32), thick))
    else:
        a.add("pole", cylinder(thick, high, around=10))
        a.add("base", cylinder(rng.uniform(0.13, 0.17), 0.02, bevel=0.006, around=24))
    if kind != "wooden":
        collar = cylinder(thick * 1.8, 0.05, around=10).at(y=high * 0.55)
        a.add("collar", collar)
        a.add("knob", cylinder(0.014, 0.03, around=10).turned("x", 90).at(y=high * 0.58, z=thick * 1.5))
    pieces = _desk(rng, kind, wide, tall)
    lean = rng.uniform(12, 38)
    a.put((piece.changed(lambda m: m.turned("x", -lean)) for piece in pieces), y=high - tall * 0.3, z=0.012)
    a.afford("support", "desk", "ledge", "desk rod", where=facing("z", softness=0.6))
    a.afford("support", "ledge", where=facing())
    a.afford("grasp", "knob", "page clip")
    a.afford("carry", "pole", "stand", where=middle("y", high * 0.4, high * 0.8))
    a.afford("wrapgrasp", "pole", "stand", where=middle("y", high * 0.4, high * 0.8))
    a.afford("move", "base", "leg")
    a.afford("display", "pages", where=facing("z", softness=0.6))
    a.afford("lift", "desk")
    return a


def _desk(rng: np.random.Generator, kind: str, wide: Number, tall: Number) -> list[Piece]:
    """What the sheets lean on, upright with its lower edge on y = 0, its face to +z, and what lies on it."""
    pieces = []
    if kind == "folding":
        rods = [cylinder(0.004, wide, around=6).turned("z", -90).at(x=-wide / 2, y=y) for y in (0.01, tall)]
        fan = tube([[0, 0, 0], [wide * 0.48, tall, 0]], 0.004, 6).both_sides()
        lattice = tube([[wide * 0.48, 0.01, 0], [0, tall * 0.98, 0]], 0.004, 6).both_sides()
        pieces.append(Piece("desk rod", rods[0] + rods[1], "desk"))
        pieces.append(Piece("desk rod", fan + lattice, "desk"))
        arm = tube([[0, 0, 0], [0, 0, 0.035], [0, 0.03, 0.035]], 0.004, 6)
        pieces.append(Piece("page clip", arm.at(x=wide * 0.42, y=0.01).both_sides()))
    elif kind == "plate" or chance(rng, 0.5):
        pieces.append(Piece("desk", box(wide, tall, 0.006)))
        pieces.append(Piece("ledge", box(wide, 0.006, 0.05).at(z=0.025), "desk"))
    else:
        edge = slab(ellipse(wide, tall, 24), 0.012).turned("x", 90).at(y=tall / 2)
        pieces.append(Piece("desk", edge))
        pieces.append(Piece("ledge", box(wide * 0.8, 0.01, 0.05).at(y=tall * 0.1, z=0.025), "desk"))
    if kind == "plate" and chance(rng, 0.4):
        hand = box(0.012, 0.04, 0.03).at(x=wide * 0.3, y=0.0, z=0.05).both_sides()
        pieces.append(Piece("page clip", hand))
    if chance(rng, 0.6):
        sheets = box(wide * rng.uniform(0.4, 0.9), tall * rng.uniform(0.75, 1.1), 0.006)
        pieces.append(Piece("pages", sheets.at(y=0.03 if kind == "wooden" else 0.012, z=0.012)))
    return pieces


def easel(rng: np.random.Generator) -> Assembly:
    """Easels: three legs, a studio frame with a crank, a small one on a table, with or without a canvas."""
    kind = pick(rng, ("tripod", "studio", "table"), (4, 3, 3))
    a = Assembly("easel")
    high = rng.uniform(1.4, 1.9) if kind != "table" else rng.uniform(0.4, 0.7)
    size = high * rng.uniform(0.25, 0.45)
    thick = high * rng.uniform(0.018, 0.026)
    make = {"tripod": _tripod_easel, "studio": _studio_easel, "table": _table_easel}[kind]
    rest, lean, z = make(a, rng, (high, size, thick))
    if chance(rng, 0.7):
        wide, tall = size * rng.uniform(0.9, 1.8), (high - rest) * rng.uniform(0.5, 0.85)
        sheet = box(wide, tall, thick * 0.8).turned("x", -lean)
        a.add(pick(rng, ("canvas", "canvas", "picture")), sheet.at(y=rest, z=z))
        if chance(rng, 0.5):
            block = box(thick * 2, thick * 1.5, thick * 2.5).turned("x", -lean)
            turn = np.radians(lean)
            a.add(
                "clamp",
                block.at(y=rest + tall * np.cos(turn) * 0.99, z=z - tall * np.sin(turn) - thick * 0.5),
            )
    a.afford("support", "ledge", "tray", where=facing())
    a.afford("display", "canvas", "picture", where=facing("z", softness=0.6))
    a.afford("lift", "canvas", "picture")
    a.afford("grasp", "knob", "crank", "handle")
    a.afford("carry", "mast", "leg", where=middle("y", rest, high))
    a.afford("move", "leg", "base", where=middle("y", 0, rest))
    a.afford("pull", "drawer", "handle")
    a.afford("contain", "drawer", where=facing())
    return a


def _tripod_easel(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]
) -> tuple[float, float, float]:
    """Two legs in front and one behind; a ledge on pegs or on a sliding block. Returns where a canvas stands."""
    high, wide, thick = size
    depth, top = high * rng.uniform(0.28, 0.4), wide * rng.uniform(0.1, 0.5)
    front = tube([[wide * 0.8, 0, 0], [top / 2, high, -depth * 0.5]], thick * 0.8, 4).both_sides()
    a.add("leg", front)
    a.add(
        "back leg" if chance(rng, 0.5) else "leg",
        tube([[0, 0, -depth], [0, high * 0.95, -depth * 0.5]], thick * 0.8, 4),
        of="leg",
    )
    rest = high * rng.uniform(0.3, 0.45)
    along = -depth * 0.5
    for share in (0.93, rest / high - 0.02):
        span = wide * 1.6 * (1 - share) + top * share + thick
        a.add("rail", box(span, thick * 1.6, thick).at(y=high * share, z=along * share))
    if chance(rng, 0.5):
        a.add(
            "mast",
            tube([[0, rest - 0.05, along * rest / high], [0, high * 1.08, along * 1.08]], thick * 0.6, 4),
        )
    z = along * rest / high + thick * 1.6
    a.add("ledge", box(wide * rng.uniform(1.0, 1.6), thick, thick * 3.5).at(y=rest - thick, z=z))
    if chance(rng, 0.6):
        nut = cylinder(thick * 0.8, thick * 1.2, around=10).turned("x", 90)
        a.add(
            "knob",
            nut.at(x=wide * 0.3, y=rest - thick * 1.6, z=along * rest / high + thick * 0.5).both_sides(),
        )
    if chance(rng, 0.4):
        low = high * 0.25
        link = tube(
            curve([[0, low, along * 0.25], [0, low - 0.06, -depth * 0.5], [0, low, -depth * 0.87]], 10),
            0.005,
            5,
        )
        a.add("chain", link)
        a.add("rail", box(wide * 1.2 + top * 0.25, thick, thick).at(y=low - thick / 2, z=along * 0.25))
    return rest, float(np.degrees(np.arctan2(depth * 0.5, high))), z


def _studio_easel(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]
) -> tuple[float, float, float]:
    """A heavy foot frame, two uprights, a mast that slides between them, a tray for the brushes."""
    high, wide, thick = size
    deep = high * 0.35
    a.add("base", box(thick * 2, thick * 2, deep).at(x=wide * 0.6, y=0.04).both_sides())
    a.add("base", box(wide * 1.2, thick * 1.6, thick * 2).row(2, z=deep * 0.7).at(y=0.045))
    a.add(
        "caster",
        cylinder(0.022, 0.02, around=12).turned("z", 90).at(wide * 0.6, 0.022, deep * 0.4).four_corners(),
    )
    post = box(thick * 1.4, high * 0.75, thick * 1.6).at(x=wide * 0.3, y=0.05).both_sides()
    a.add("post", post)
    a.add(
        "post",
        tube([[wide * 0.45, 0.07, -deep * 0.45], [wide * 0.3, high * 0.6, 0]], thick * 0.7, 4).both_sides(),
    )
    a.add("mast", box(thick * 2, high * 0.85, thick).at(y=high * 0.15, z=thick * 0.8))
    a.add("rail", box(wide * 0.75, thick * 2, thick).at(y=high * 0.78, z=0))
    a.add("rail", box(wide * 0.75, thick * 2, thick).at(y=high * 0.2, z=0))
    rest = high * rng.uniform(0.3, 0.45)
    a.add(
        "ledge" if chance(rng, 0.5) else "tray",
        tray(wide * 1.3, thick * 1.5, thick * 6, 0.01).at(y=rest - thick * 1.5, z=thick * 3.5),
    )
    if chance(rng, 0.7):
        arm = tube(
            [[0, 0, 0], [thick * 2, 0, 0], [thick * 2, thick * 3, 0], [thick * 4, thick * 3, 0]],
            thick * 0.3,
            6,
        )
        a.add("crank", arm.at(x=wide * 0.3, y=high * 0.22))
    nut = cylinder(thick, thick * 1.4, around=10).turned("x", 90)
    a.add("knob", nut.at(y=high * 0.7, z=thick * 1.2))
    return rest, rng.uniform(0, 4), thick * 2.4


def _table_easel(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]
) -> tuple[float, float, float]:
    """A small easel: a box with a drawer, or a bare base, and a mast that folds up from its back."""
    high, wide, thick = size
    low, deep = high * 0.16, wide * rng.uniform(0.8, 1.0)
    thick = thick * 1.3
    lean = rng.uniform(8, 22)
    boxed = chance(rng, 0.6)
    if boxed:
        a.add(pick(rng, ("case", "body")), box(wide * 1.2, low, deep))
        out = pick(rng, (0.0, 0.0, 0.4)) * deep
        shut = tray(wide * 1.1, low * 0.7, deep * 0.9, 0.006).at(y=low * 0.15, z=deep * 0.06 + out)
        a.add("drawer", shut)
        pull = grip(rng, wide * 0.25)
        a.add(pull.name, pull.mesh.at(y=low * 0.5, z=deep * 0.51 + out))
    else:
        low = thick * 1.5
        a.add("base", box(thick, low, deep).at(x=wide * 0.45).both_sides())
        a.add("base", box(wide * 0.9, low, thick * 1.2).row(2, z=deep * 0.8))
    rest, z = low + thick, deep * 0.2
    turn = np.radians(lean)
    name = pick(rng, ("mast", "frame"))
    pair = box(thick, high - low, thick).turned("x", -lean)
    spots = [0.0] if chance(rng, 0.5) else [-wide * 0.3, wide * 0.3]
    a.add(name, pair.copies([(x, low - 0.005, z - thick) for x in spots]))
    if len(spots) > 1:
        y = (high - low) * 0.95
        a.add(
            name, box(wide * 0.7, thick, thick).at(y=low + y * np.cos(turn), z=z - thick - y * np.sin(turn))
        )
    a.add("ledge", box(wide, thick, thick * 3).at(y=low, z=z))
    joint = z - thick - (high * 0.6 - low) * np.tan(turn)  # where the mast is at 0.6 of the height
    a.add("prop", tube([[0, low, -deep * 0.42], [0, high * 0.6, joint]], thick * 0.4, 6))
    if len(spots) > 1:
        a.add("rail", box(wide * 0.7, thick, thick * 0.8).at(y=high * 0.58, z=joint))
    nut = cylinder(thick * 0.7, thick, around=10).turned("z", -90)
    a.add("knob", nut.at(x=spots[-1] + thick * 0.4, y=high * 0.6, z=joint))
    return rest, lean, z
