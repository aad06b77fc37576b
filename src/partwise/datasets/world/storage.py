"""What holds things behind fronts: cabinet, drawer chest, and the doors and drawers that others reuse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import box, carcass, tray
from partwise.datasets.world.dice import between, chance, pick
from partwise.datasets.world.fields import both, facing, towards
from partwise.datasets.world.mesh import Number, Piece
from partwise.datasets.world.pieces import FRONTS, foot, front, grip, leg, plate


@dataclass(frozen=True)
class Look:
    """What the fronts of one object share: style, thickness, grip, and whether there is an inside."""

    style: str
    thick: Number
    grip: Piece | None
    hollow: bool


def roll_look(rng: np.random.Generator, width: Number, styles: tuple[str, ...] = FRONTS) -> Look:
    """A look for fronts about `width` metres wide; `hollow` is False for low-poly solid blocks."""
    style = pick(rng, styles, (5, 3, 2, 3, 2, 1)[: len(styles)])
    handle = grip(rng, width * rng.uniform(0.15, 0.6)) if chance(rng, 0.85) else None
    return Look(style, rng.uniform(0.012, 0.03), handle, chance(rng, 0.7))


def door(
    rng: np.random.Generator, look: Look, width: Number, height: Number, hinge: str = "left"
) -> list[Piece]:
    """A door around the origin, its back on z = 0, its grip opposite the hinge; sometimes ajar if hollow.

    hinge: "left", "right", "top" or "bottom".
    """
    pieces = front(rng, "door", width, height, look.thick, look.style)
    across, up = {"left": (1, 0), "right": (-1, 0), "top": (0, -1), "bottom": (0, 1)}[hinge]
    if look.grip is not None:
        upright = bool(across) and look.grip.name == "handle"
        y = rng.uniform(-0.2, 0.2) * height if across else up * (height / 2 - 0.04)
        x = across * (width / 2 - min(0.04, width * 0.12))
        knob = look.grip.changed(
            lambda mesh: (mesh.turned("z", 90) if upright else mesh).at(x, y, look.thick)
        )
        pieces.append(knob)
    if look.hollow and chance(rng, 0.15):
        angle = rng.uniform(5, 110)
        x, y = -across * width / 2, -up * height / 2
        axis, turn = ("y", -across * angle) if across else ("x", up * angle)
        pieces = [p.changed(lambda mesh: mesh.at(-x, -y).turned(axis, turn).at(x, y)) for p in pieces]
    return pieces


def drawer(rng: np.random.Generator, look: Look, width: Number, height: Number, depth: Number) -> list[Piece]:
    """A drawer whose face lies around the origin with its back on z = 0; its box reaches back `depth`.

    Without an inside only the face is there. Sometimes it is pulled out a little.
    """
    style = "framed" if look.style in ("glazed", "louvred") else look.style
    pieces = front(rng, "drawer", width, height, look.thick, style)
    if look.grip is not None:
        y = pick(rng, (0.0, 0.0, 0.25)) * height
        count = 2 if look.grip.name == "knob" and width > 0.6 else 1
        pieces.append(look.grip.changed(lambda mesh: mesh.row(count, x=width * 0.5).at(y=y, z=look.thick)))
    if not look.hollow:
        return pieces
    inside = tray(width - 0.02, height * 0.75, depth, 0.012).at(y=-height * 0.45, z=-depth / 2)
    pieces.append(Piece("drawer", inside))
    out = rng.uniform(0.05, 0.7) * depth if chance(rng, 0.12) else 0.0
    return [piece.changed(lambda mesh: mesh.at(z=out)) for piece in pieces]


def stand(a: Assembly, rng: np.random.Generator, width: Number, depth: Number, style: str = "") -> float:
    """Legs, feet, a plinth or nothing under a case; returns how high that lifts it."""
    style = style or pick(rng, ("floor", "legs", "feet", "plinth"), (3, 3, 2, 2))
    if style == "floor":
        return 0.0
    if style == "plinth":
        lift = rng.uniform(0.04, 0.12)
        a.add("plinth", box(width * 0.96, lift, depth * 0.9).at(z=-depth * 0.03), of="base")
        return lift
    lift = rng.uniform(0.1, 0.3) if style == "legs" else rng.uniform(0.02, 0.08)
    size = rng.uniform(0.025, 0.06)
    one = leg(rng, lift, size) if style == "legs" else foot(rng, lift, size)
    a.add("leg" if style == "legs" else "foot", one.at(x=width / 2 - size, z=depth / 2 - size).four_corners())
    return lift


def case(
    a: Assembly,
    rng: np.random.Generator,
    size: tuple[Number, Number, Number],
    look: Look,
    kinds: tuple[str, ...],
) -> None:
    """A case of (width, height, depth) whose front is cut into columns of doors, drawers or open shelves."""
    width, height, depth = size
    wall = rng.uniform(0.015, 0.035)
    lift = stand(a, rng, width, depth)
    open_front = look.hollow or "shelf" in kinds
    a.add(
        "body", (carcass(width, height, depth, wall) if open_front else box(width, height, depth)).at(y=lift)
    )
    if chance(rng, 0.4):
        over = rng.uniform(0.0, 0.04)
        a.add(
            "top",
            plate(rng, width + 2 * over, depth + over, wall * 1.2, ("square", "edged")).at(y=lift + height),
            of="body",
        )
    columns = max(1, round(width / rng.uniform(0.4, 0.9)))
    share, room = (width - 2 * wall) / columns, depth - 2 * wall
    gap = rng.uniform(0.002, 0.008)
    face = depth / 2 - (look.thick * rng.uniform(0.6, 1.2) if open_front and chance(rng, 0.6) else 0.0)
    for column in range(columns):
        x = wall + share * (column + 0.5) - width / 2
        if open_front and column:
            a.add("body", box(wall, height - 2 * wall, room).at(x=x - share / 2, y=lift + wall))
        kind = pick(rng, kinds)
        rows = max(1, round(height / (rng.uniform(0.16, 0.4) if kind != "door" else rng.uniform(0.7, 1.5))))
        tall = (height - 2 * wall) / rows
        for row in range(rows):
            y = lift + wall + tall * (row + 0.5)
            if kind == "shelf" and row:
                a.add("shelf", box(share, wall * 0.8, room).at(x=x, y=y - tall / 2))
            elif kind == "drawer":
                a.put(drawer(rng, look, share - gap, tall - gap, room * 0.9), x, y, face)
            elif kind == "door":
                hinge = "left" if column < columns / 2 else "right"
                a.put(door(rng, look, share - gap, tall - gap, hinge), x, y, face)
                if open_front and chance(rng, 0.7):
                    a.add("shelf", box(share, wall * 0.7, room * 0.9).at(x=x, y=y))
    store(a, lift + height, depth)


def store(a: Assembly, top: Number, depth: Number) -> None:
    """The actions of everything with fronts: open and pull at the grips, put things in and on it."""
    a.afford("contain", "body", "drawer", "shelf", where=both(facing(), towards("y", top, top - 0.02)))
    a.afford("open", "handle", "knob")
    a.afford(
        "open",
        "door",
        "drawer",
        "door panel",
        "drawer panel",
        "glass",
        where=both(facing("z"), towards("z", 0.0, depth)),
    )
    a.afford("pull", "handle", "knob")
    a.afford("support", "top", "body", where=both(facing(), towards("y", top - 0.03, top)))


def cabinet(rng: np.random.Generator) -> Assembly:
    """Cupboards, sideboards and wardrobes: doors, drawers and open shelves."""
    a = Assembly("cabinet")
    size = between(rng, 0.4, 1.8), between(rng, 0.5, 2.0), rng.uniform(0.28, 0.6)
    look = roll_look(rng, min(size[0], 0.6))
    case(a, rng, size, look, pick(rng, (("door",), ("door", "drawer"), ("door", "drawer", "shelf"))))
    return a


def drawer_chest(rng: np.random.Generator) -> Assembly:
    """Chests of drawers, bedside tables, filing cabinets."""
    a = Assembly("chest of drawers")
    size = between(rng, 0.35, 1.3), between(rng, 0.4, 1.3), rng.uniform(0.3, 0.55)
    case(a, rng, size, roll_look(rng, min(size[0], 0.6), FRONTS[:4]), ("drawer",))
    return a
