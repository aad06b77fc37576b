"""Bound paper: single books, rows that stand or lean, stacks, bundles, open books, notebooks, those of a bookcase."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import box, cylinder, frame, ring, sheet, slab, tube
from partwise.datasets.world.dice import between, chance, pick
from partwise.datasets.world.fields import facing, towards
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import arc, ellipse


def bound(rng: np.random.Generator, thick: Number, high: Number, deep: Number) -> list[Piece]:
    """A closed book that stands on y = 0, its back towards +z: boards, back and the block of pages between them.

    The boards stand out over the pages or end with them; the back is flat or round and now and then named itself.
    """
    board = min(thick * rng.uniform(0.06, 0.16), 0.006)
    if chance(rng, 0.25):
        return _folded(rng, (thick, high, deep), board)
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


def _folded(rng: np.random.Generator, size: tuple[Number, Number, Number], board: Number) -> list[Piece]:
    """A book whose cover is one shell folded around the pages, which are one block or a few sewn sections."""
    thick, high, deep = size
    half, inner = thick / 2, thick / 2 - board
    back = arc(1.0, 0, 180, 7)[:, :2] if chance(rng, 0.4) else np.array([(1.0, 0.5), (-1.0, 0.5)])
    swell = min(thick * 0.25, deep * 0.1)
    outside = back * [half, swell] + [0, deep / 2 - swell * 0.5]
    inside = back[::-1] * [inner, swell] + [0, deep / 2 - swell * 0.5 - board]
    ends = [
        [(half, -deep / 2)],
        outside,
        [(-half, -deep / 2), (-inner, -deep / 2)],
        inside,
        [(inner, -deep / 2)],
    ]
    pieces = [Piece("cover", slab(np.concatenate(ends), high))]
    over, count = rng.uniform(0.01, 0.04), int(pick(rng, (1, 1, 2, 3, 4)))
    block = box(
        2 * inner / count * (1.0 if count == 1 else 0.94), high * (1 - 2 * over), deep * (0.97 - over)
    )
    pages = block.row(count, x=2 * inner / count).at(y=high * over, z=deep * over / 2 - board * 0.6)
    pieces.append(Piece("pages", pages))
    if chance(rng, 0.25):
        rib = box(thick * 1.04, high * 0.02, swell + 0.004).row(int(rng.integers(2, 5)), y=high * 0.2)
        name = pick(rng, ("cover", "band"))
        pieces.append(Piece(name, rib.at(y=high * 0.48, z=deep / 2 - swell * 0.2)))
    if chance(rng, 0.2):
        clasp = box(thick * 1.1, high * 0.09, deep * 0.12).at(y=high * 0.45, z=-deep * 0.46)
        pieces.append(Piece(pick(rng, ("clasp", "lock")), clasp))
    return pieces


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
    """Books: one alone, standing or lying or open, a row held or leaning, a pile, a bundle, a notebook, a binder."""
    kinds = ("one", "open", "fanned", "row", "leaning", "pile", "bundle", "notebook", "binder")
    kind = pick(rng, kinds, (4, 3, 2, 4, 2, 4, 2, 2, 2))
    if kind in ("notebook", "binder"):
        return _notebook(rng) if kind == "notebook" else _binder(rng)
    a = Assembly("book" if kind in ("one", "open", "fanned") else "books")
    if kind == "one":
        pieces = bound(rng, between(rng, 0.012, 0.07), rng.uniform(0.18, 0.32), rng.uniform(0.12, 0.24))
        axis, angle = pick(rng, (("y", 0), ("y", 90), ("z", 90), ("x", 90)))
        a.put(piece.changed(lambda mesh: mesh.turned(axis, angle)) for piece in pieces)
        if chance(rng, 0.25):
            a.add("bookmark", box(0.012, 0.002, 0.2).turned(axis, angle).at(y=0.1))
    elif kind in ("open", "fanned"):
        (_open_book if kind == "open" else _fanned_book)(a, rng)
    elif kind == "leaning":
        _leaning_row(a, rng)
    elif kind == "bundle":
        _bundle(a, rng)
    elif kind == "pile":
        a.put(pile(rng, int(rng.integers(2, 7)), rng.uniform(0.15, 0.25)))
    else:
        _held_row(a, rng)
    a.afford("open", "cover", where=facing("z"))
    a.afford("grasp", "cover")
    a.afford("carry", "strap", "string", "handle")
    a.afford("pull", "bookmark")
    return a


def _fanned_book(a: Assembly, rng: np.random.Generator) -> None:
    """A book that stands open: two boards that meet at the back, the leaves fanned out between them."""
    wide, high, board = rng.uniform(0.12, 0.2), rng.uniform(0.18, 0.3), rng.uniform(0.002, 0.005)
    angle, count = rng.uniform(25, 85), int(rng.integers(3, 8))
    plate = box(board, high, wide).at(z=-wide / 2)
    a.add("cover", plate.turned("y", angle / 2), plate.turned("y", -angle / 2))
    a.add("spine" if chance(rng, 0.4) else "cover", box(rng.uniform(0.015, 0.03), high, board), of="cover")
    leaf = box(rng.uniform(0.001, 0.006), high * 0.94, wide * 0.94).at(y=high * 0.03, z=-wide * 0.47)
    inside = angle * rng.uniform(0.6, 0.9) / 2
    a.add("pages", leaf.around(count, start=-inside, stop=inside))


def _leaning_row(a: Assembly, rng: np.random.Generator) -> None:
    """Books upright and one or two more that lean against the last of them."""
    tall, deep = rng.uniform(0.2, 0.3), rng.uniform(0.13, 0.2)
    pieces, end = row(rng, rng.uniform(0.08, 0.3), tall, deep)
    a.put(pieces)
    for _ in range(int(pick(rng, (1, 2)))):
        thick, high, lean = rng.uniform(0.015, 0.04), tall * rng.uniform(0.5, 0.62), rng.uniform(8, 25)
        foot_x = end + high * np.sin(np.radians(lean))
        leant = bound(rng, thick, high, deep * 0.85)
        a.put((p.changed(lambda m, t=thick, k=lean: m.at(x=t / 2).turned("z", k)) for p in leant), x=foot_x)
        end = foot_x + thick / np.cos(np.radians(lean))


def _bundle(a: Assembly, rng: np.random.Generator) -> None:
    """Books of one size that lie on each other, tied crosswise with a string or carried in a strap."""
    wide, long = rng.uniform(0.13, 0.2), rng.uniform(0.2, 0.28)
    y = 0.0
    for _ in range(int(rng.integers(2, 6))):
        thick = rng.uniform(0.015, 0.045)
        flip = pick(rng, (0, 0, 180))
        tied = bound(rng, thick, long, wide)
        flat = [p.changed(lambda m, f=flip: m.turned("z", 90).at(x=long / 2).turned("y", f)) for p in tied]
        a.put(flat, y=y + thick / 2)
        y += thick
    name, edge = pick(rng, ("string", "strap", "band")), rng.uniform(0.002, 0.005)
    broad = edge if name == "string" else rng.uniform(0.012, 0.025)
    around = frame(wide + 2 * edge, y + 2 * edge, edge, broad).at(y=y / 2).turned("y", 90)
    a.add(name, around if chance(rng, 0.5) else around.row(2, x=long * 0.5))
    if name != "strap":
        a.add(name, frame(long + 2 * edge, y + 2 * edge, edge, broad).at(y=y / 2))
    if chance(rng, 0.5):
        bow = arc(0.04, 0, 180, 9) * [1, rng.uniform(0.7, 1.2), 1]
        a.add("handle" if name == "strap" else name, tube(bow, 0.004, 6).at(y=y))


def _notebook(rng: np.random.Generator) -> Assembly:
    """A notebook on a wire coil or with an elastic band, lying shut or with its cover lifted, perhaps with a pen."""
    a = Assembly("notebook")
    wide, long, thick = rng.uniform(0.09, 0.2), rng.uniform(0.14, 0.29), rng.uniform(0.006, 0.02)
    board, lift = 0.002, pick(rng, (0.0, 0.0, 1.0)) * rng.uniform(20, 170)
    a.add("pages", box(wide * 0.98, thick, long * 0.97).at(y=board))
    top = box(wide, board, long).at(x=wide / 2).turned("z", lift).at(x=-wide / 2, y=board + thick)
    a.add("cover", box(wide, board, long), top)
    if chance(rng, 0.6):
        count, radius = int(rng.integers(10, 22)), thick * 0.75 + 0.003
        loop = tube(arc(radius, 0, 360, 11)[:-1], radius * 0.12, 4, closed=True)
        a.add(
            pick(rng, ("coil", "binding")),
            loop.row(count, z=long * 0.9 / count).at(-wide / 2, thick / 2 + board),
        )
    else:
        spine = box(board, thick + 2 * board, long).at(x=-wide / 2 - board / 2)
        a.add("spine" if chance(rng, 0.5) else "cover", spine, of="cover")
        if not lift and chance(rng, 0.6):
            tie = frame(0.004 + long, thick + 0.009, 0.0025, 0.006).turned("y", 90)
            a.add("band", tie.at(x=wide * 0.38, y=thick / 2 + board))
    if chance(rng, 0.3):
        pen = cylinder(0.004, 0.13, 0.004, around=8).turned("x", 90)
        a.add("pen", pen.at(x=wide / 2 + 0.004, y=thick * 0.5 + 0.004, z=-0.06))
    if chance(rng, 0.3):
        a.add("bookmark", box(0.006, 0.001, long * 1.2).at(y=board + thick * 0.6, z=0.02))
    a.afford("open", "cover", where=towards("x", -wide * 0.2, wide * 0.5))
    a.afford("grasp", "cover", "pen")
    a.afford("pull", "band", "bookmark")
    a.afford("lift", "cover")
    return a


def _binder(rng: np.random.Generator) -> Assembly:
    """A ring binder that stands shut or lies open: three boards, rings on a plate with a lever, sheets or none."""
    pieces: list[Piece] = []
    wide, high, thick = rng.uniform(0.22, 0.28), rng.uniform(0.28, 0.32), rng.uniform(0.03, 0.08)
    board = 0.003
    opened = pick(rng, (0.0, 90.0, 90.0))
    pieces.append(Piece("spine" if chance(rng, 0.5) else "cover", box(thick, high, board), "cover"))
    plate = box(board, high, wide).at(z=-wide / 2)
    pieces.append(Piece("cover", plate.turned("y", -opened).at(x=thick / 2).both_sides()))
    radius, count = thick * 0.36, int(pick(rng, (2, 2, 3, 4)))
    loop = tube(arc(radius, 0, 360, 15)[:-1], 0.0025, 6, closed=True).turned("x", 90)
    rings = loop.row(count, y=0.08 if count < 4 else 0.06).at(y=high / 2, z=-board - radius)
    pieces.append(Piece("ring", rings))
    pieces.append(Piece("plate", box(thick * 0.4, high * 0.7, 0.004).at(y=high * 0.15, z=-board)))
    lever = tube([[0, 0, 0], [0, 0.01, -radius], [0, 0.055, -radius * 1.2]], 0.003, 6)
    pieces.append(Piece("lever", lever.at(y=high * 0.72, z=-board)))
    if chance(rng, 0.6):
        many = thick * rng.uniform(0.2, 0.8)
        pieces.append(
            Piece("pages", box(many, high * 0.93, wide * 0.9).at(y=high * 0.03, z=-wide * 0.47 - board))
        )
    if chance(rng, 0.6):
        pieces.append(Piece("label", box(thick * 0.7, high * 0.4, 0.002).at(y=high * 0.4, z=board / 2)))
    if chance(rng, 0.5):
        hole = ring(ellipse(0.03, count=16), ellipse(0.022, count=16), 0.004)
        pieces.append(Piece("finger ring", hole.at(y=high * 0.15, z=board / 2)))
    a = Assembly("binder")
    a.put(piece.changed(lambda mesh: mesh.turned("x", opened)) for piece in pieces)
    a.afford("open", "cover", where=None if opened else towards("z", -wide * 0.4, -wide))
    a.afford("open", "ring")
    a.afford("press", "lever")
    a.afford("pull", "lever", "finger ring")
    a.afford("grasp", "spine", "finger ring", "cover")
    a.afford("lift", "spine")
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
