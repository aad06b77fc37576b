"""Bound paper: single books, rows between bookends, stacks, open books, and those on the shelves of a bookcase."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import box, sheet, slab
from partwise.datasets.world.dice import between, chance, pick
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import arc


def bound(rng: np.random.Generator, thick: Number, high: Number, deep: Number) -> list[Piece]:
    """A closed book that stands on y = 0, its back towards +z: boards, back and the block of pages between them.

    The boards stand out over the pages or end with them; the back is flat or round and now and then named itself.
    """
    board = min(thick * rng.uniform(0.06, 0.16), 0.006)
    over = pick(rng, (0.0, 1.0, 1.0)) * rng.uniform(0.015, 0.04)
    boards = box(board, high, deep).at(x=(thick - board) / 2).both_sides()
    if chance(rng, 0.35):
        outline = np.concatenate([arc(thick / 2, 0, 180, 7), arc(thick / 2 - board, 180, 0, 7)])[:, :2]
        back = slab(outline * [1, 0.5], high).at(z=deep / 2)
    else:
        back = box(thick, high, board).at(z=(deep - board) / 2)
    wide, tall, long = thick - 2 * board, high * (1 - 2 * over), deep * (1 - over) - 2 * board
    pages = box(wide, tall, long)
    if chance(rng, 0.7):  # only what shows of them: hardly anybody models the sides that the boards hide
        edge = min(tall, long) * rng.uniform(0.02, 0.1)
        ends = box(wide, edge, long)
        pages = join([ends, ends.at(y=tall - edge), box(wide, tall, edge).at(z=-(long - edge) / 2)])
    pages = pages.at(y=high * over, z=deep * over / 2 - board * 0.1)
    pieces = [Piece("cover", boards), Piece("pages", pages)]
    own = chance(rng, 0.2)
    return [*pieces, Piece("spine", back, of="cover") if own else Piece("cover", back)]


def row(rng: np.random.Generator, width: Number, height: Number, depth: Number) -> tuple[list[Piece], float]:
    """Books side by side along x from x = 0, backs to the front, none beyond `width`; and where the last one ends.

    Some rows are of one size as an edition is, others of all sizes; now and then one stands the wrong way round.
    """
    pieces: list[Piece] = []
    x, alike = 0.0, chance(rng, 0.3)
    size = rng.uniform(0.6, 0.9, 2)
    while True:
        thick = width * rng.uniform(0.05, 0.16) if not alike else width * 0.1
        if x + thick > width or len(pieces) > 36:
            return pieces, x
        tall, deep = (size if alike else rng.uniform(0.5, 0.92, 2)) * [height, depth]
        turned = chance(rng, 0.06)
        for piece in bound(rng, thick * 0.97, tall, deep):
            mesh = piece.mesh.turned("y", 180) if turned else piece.mesh
            pieces.append(piece._replace(mesh=mesh.at(x=x + thick / 2, z=(depth - deep) / 2)))
        x += thick


def pile(rng: np.random.Generator, count: int, width: Number) -> list[Piece]:
    """Books lying on each other, a little askew, the widest below."""
    pieces, y = [], 0.0
    for size in np.sort(rng.uniform(0.65, 1.0, count))[::-1]:
        thick = width * rng.uniform(0.08, 0.22)
        lie, turn = rng.uniform(-12, 12), pick(rng, (0, 0, 90, 180))
        for piece in bound(rng, thick, width * size * 1.35, width * size):
            flat = piece.mesh.turned("z", 90).at(x=width * size * 0.67, y=thick / 2)
            pieces.append(piece._replace(mesh=flat.turned("y", turn + lie).at(y=y)))
        y += thick
    return pieces


def book(rng: np.random.Generator) -> Assembly:
    """Books: one alone, standing or lying or open, a row between bookends, a pile."""
    kind = pick(rng, ("one", "open", "row", "pile"), (3, 2, 3, 2))
    a = Assembly("book" if kind in ("one", "open") else "books")
    if kind == "one":
        pieces = bound(rng, between(rng, 0.012, 0.07), rng.uniform(0.18, 0.32), rng.uniform(0.12, 0.24))
        axis, angle = pick(rng, (("y", 0), ("y", 90), ("z", 90), ("x", 90)))
        a.put(piece.changed(lambda mesh: mesh.turned(axis, angle)) for piece in pieces)
        if chance(rng, 0.25):
            a.add("bookmark", box(0.012, 0.002, 0.2).turned(axis, angle).at(y=0.1))
    elif kind == "open":
        _open_book(a, rng)
    elif kind == "pile":
        a.put(pile(rng, int(rng.integers(2, 7)), rng.uniform(0.15, 0.25)))
    else:
        _held_row(a, rng)
    a.afford("open", "cover", where=facing("z"))
    a.afford("grasp", "cover")
    return a


def _open_book(a: Assembly, rng: np.random.Generator) -> None:
    """Two swung halves of pages on two boards; flat on its back or propped up."""
    wide, deep, thick = rng.uniform(0.12, 0.2), rng.uniform(0.18, 0.28), rng.uniform(0.008, 0.03)
    s, t = np.meshgrid(np.linspace(0, 1, 8), [-0.5, 0.5], indexing="ij")
    rise = thick * np.sqrt(np.maximum(s, 0)) * (1.25 - 0.5 * s)
    half = np.stack([s * wide * 0.95, rise / 2 + 0.004, t * deep * 0.95], axis=-1)
    leaf = sheet(half, thick * 0.8)
    cover = box(wide, 0.004, deep).at(x=wide / 2)
    tilt = pick(rng, (0, 0, 50, 65))
    for name, mesh in (("pages", leaf), ("cover", cover)):
        a.add(name, mesh.both_sides().turned("x", tilt))
    if chance(rng, 0.3):
        a.add("bookmark", box(0.012, 0.0015, deep * 1.2).at(y=thick + 0.004).turned("x", tilt))


def _held_row(a: Assembly, rng: np.random.Generator) -> None:
    """A row of books, held by two bookends or in a small rack, or standing alone."""
    width, height, depth = rng.uniform(0.15, 0.5), rng.uniform(0.2, 0.32), rng.uniform(0.14, 0.24)
    pieces, end = row(rng, width, height, depth)
    a.put(pieces)
    style = pick(rng, ("none", "ends", "rack"), (2, 3, 2))
    if style == "none":
        return
    tall, thick = height * rng.uniform(0.5, 0.9), rng.uniform(0.004, 0.02)
    sides: list[Mesh] = [box(thick, tall, depth * 0.8).at(x=x) for x in (-thick / 2, end + thick / 2)]
    if style == "ends":
        feet = box(width * 0.2, 0.004, depth * 0.7)
        a.add("bookend", *sides, feet.at(x=-width * 0.1), feet.at(x=end + width * 0.1))
        return
    name = pick(rng, ("rack", "holder", "body"))
    a.add(name, *sides, box(end + 2 * thick, thick, depth).at(x=end / 2, y=-thick))
    if chance(rng, 0.5):
        a.add(name, box(end, tall * 0.8, thick).at(x=end / 2, z=-depth / 2 - thick / 2))


def shelved(rng: np.random.Generator, width: Number, height: Number, depth: Number, rows: int) -> list[Piece]:
    """Books on some of the shelves of a case whose shelves are `height` + 0.03 apart: whole, or as cover and pages."""
    pieces: list[Piece] = []
    whole = chance(rng, 0.4)
    for level in range(rows):
        if level and chance(rng, 0.4):
            continue
        share = rng.uniform(0.3, 1.0)
        found, end = row(rng, width * share, height, depth * rng.uniform(0.6, 0.95))
        start = pick(rng, (-width / 2, width / 2 - end, -end / 2))
        y = level * (height + 0.03) + 0.02
        pieces += [piece.changed(lambda mesh, at=(start, y): mesh.at(*at)) for piece in found]
    return [Piece("book", piece.mesh) for piece in pieces] if whole else pieces
