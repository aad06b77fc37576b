"""What machines and doors have in front: pulls, leaves with a pane, hinges, knobs, keys, control panels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import box, cylinder, frame, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import curve


def bar(rng: np.random.Generator, length: Number, out: Number) -> Mesh:
    """A pull along y around the origin, standing out of the plane z = 0: bar on posts, bow, strip or block."""
    style = pick(rng, ("round", "square", "bow", "strip", "block"), (4, 3, 2, 2, 2))
    thick = max(length * rng.uniform(0.04, 0.09), out * 0.3)
    if style == "bow":
        path = [[0, -length / 2, 0], [0, -length * 0.35, out], [0, length * 0.35, out], [0, length / 2, 0]]
        return tube(curve(path, 12), thick / 2, 8)
    if style == "strip":
        return box(thick * 0.8, length, out).at(y=-length / 2, z=out / 2)
    if style == "block":
        return box(thick * 2, length, out, bevel=out * 0.3).at(y=-length / 2, z=out * 0.45)
    rod = (
        cylinder(thick / 2, length, around=roundness(rng))
        if style == "round"
        else box(thick, length, thick, bevel=thick * 0.1)
    )
    post = box(thick * 0.8, thick * 0.8, out).at(y=-thick * 0.4, z=out / 2)
    return join([rod.at(y=-length / 2, z=out), post.row(2, y=length * rng.uniform(0.6, 0.9))])


def leaf(
    rng: np.random.Generator, size: tuple[Number, Number, Number], window: bool, word: str = "window"
) -> list[Piece]:
    """A door of (width, height, thickness) around the origin, its back on z = 0, maybe with a pane in it."""
    width, height, thick = size
    if not window:
        bevel = pick(rng, (0.0, 0.3)) * thick
        return [Piece("door", box(width, height, thick, bevel=bevel).at(y=-height / 2, z=thick / 2))]
    border = min(width, height) * rng.uniform(0.08, 0.25)
    inner = box(width - 2 * border, height - 2 * border, thick * rng.uniform(0.3, 0.9))
    pane = inner.at(y=border - height / 2, z=thick * 0.5)
    if chance(rng, 0.4):  # a pane laid on a closed leaf, as simple models have it
        face = box(width, height, thick).at(y=-height / 2, z=thick / 2)
        return [Piece("door", face), Piece(word, pane.at(z=thick * rng.uniform(0.25, 0.6)))]
    return [Piece("door", frame(width, height, border, thick).at(z=thick / 2)), Piece(word, pane)]


def swing(pieces: Sequence[Piece], axis: str, angle: Number, at: tuple[Number, Number]) -> list[Piece]:
    """The pieces turned by `angle` degrees about a hinge along x or y that runs through (x, y) = `at`."""
    x, y = at
    return [p.changed(lambda mesh: mesh.at(-x, -y).turned(axis, angle).at(x, y)) for p in pieces]


def turn_knob(rng: np.random.Generator, radius: Number) -> Mesh:
    """A control that is turned, on the plane z = 0 around the origin."""
    out, around = radius * rng.uniform(0.6, 1.3), roundness(rng)
    cap = cylinder(radius, out, radius * rng.uniform(0.7, 1.0), around=around).turned("x", 90)
    if chance(rng, 0.4):
        ridge = box(radius * 0.35, radius * 1.9, out * 0.5).at(y=-radius * 0.95, z=out * 1.1)
        return cap + ridge
    return cap


def key(rng: np.random.Generator, width: Number, height: Number) -> Mesh:
    """A control that is pressed, on the plane z = 0 around the origin: square, round or rounded."""
    out = min(width, height) * rng.uniform(0.25, 0.7)
    style = pick(rng, ("square", "bevelled", "round"))
    if style == "round":
        return cylinder(min(width, height) / 2, out, around=roundness(rng)).turned("x", 90)
    bevel = out * 0.3 if style == "bevelled" else 0.0
    return box(width, height, out, bevel=bevel).at(y=-height / 2, z=out * 0.45)


def controls(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number], at: tuple[Number, Number, Number]
) -> None:
    """A control panel of (width, height) around the point `at`: display above, keys or knobs in a grid below."""
    (width, height), (x, y, z) = size, at
    if chance(rng, 0.35):
        a.add("panel", box(width * 0.95, height * 0.95, 0.008).at(x, y - height * 0.475, z))
        z += 0.004
    upright = height > width
    if chance(rng, 0.5):
        if upright:
            shown, where = box(width * 0.75, height * 0.14, 0.012), (x, y + height * 0.28)
        else:
            shown, where = box(width * 0.22, height * 0.5, 0.012), (x, y - height * 0.25)
        a.add("display", shown.at(*where, z))
    long, short = max(size), min(size)
    if chance(rng, 0.5):
        count = int(rng.integers(1, 4))
        radius = min(short * rng.uniform(0.22, 0.42), long * 0.22 / count)
        step, start = long * 0.24, rng.uniform(-0.2, 0.05) * long
        for index in range(count):
            along = start - (index - (count - 1) / 2) * step
            spot = (x, y + along) if upright else (x + along * 1.3, y)
            a.add("knob", turn_knob(rng, radius).at(*spot, z))
    else:
        columns, rows = (3, int(rng.integers(3, 6))) if upright else (int(rng.integers(2, 7)), 1)
        cell = min(width * 0.85 / columns, height * 0.5 / rows)
        one = key(rng, cell * 0.75, cell * rng.uniform(0.4, 0.75))
        shift = (x, y - height * 0.15) if upright else (x + width * 0.25, y)
        if chance(rng, 0.3) and upright:
            one, columns, rows = key(rng, width * 0.7, height * 0.1), 1, int(rng.integers(1, 3))
            cell = height * 0.14
        grid = one.row(columns, x=cell).row(rows, y=cell)
        a.add("button", grid.at(*shift, z))
