"""What closes a hole in a wall or a case: door, window, safe."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, carcass, cylinder, extrude, frame, ring, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing
from partwise.datasets.world.fronts import bar, swing, turn_knob
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle, regular


def latch(rng: np.random.Generator, thick: Number) -> list[Piece]:
    """A door's handle around the origin, on both faces of a leaf of the given thickness: lever, knob or pull.

    The lever points to -x. Behind it a plate or a rosette, or nothing.
    """
    style = pick(rng, ("lever", "knob", "pull"), (5, 3, 2))
    out, size = rng.uniform(0.035, 0.07), rng.uniform(0.008, 0.014)
    if style == "knob":
        stem = cylinder(size, out, around=8)
        one = join([stem, ball(size * 5, out * 0.8, size * 5, around=12).at(y=out)]).turned("x", 90)
    elif style == "pull":
        one = bar(rng, rng.uniform(0.2, 0.6), out)
    else:
        reach = rng.uniform(0.09, 0.15)
        path = [[0, 0, 0], [0, 0, out], [-reach * 0.4, 0, out], [-reach, rng.uniform(-0.01, 0.01), out]]
        if chance(rng, 0.4):
            grip = box(reach, size * 2, size * 1.4).at(x=-reach / 2, y=-size, z=out)
            one = join([cylinder(size, out, around=8).turned("x", 90), grip])
        else:
            one = tube(curve(path, 10) if chance(rng, 0.5) else np.asarray(path), size, 8)
    one = one.scaled(rng.uniform(1.0, 1.8))
    pieces = [Piece("handle", _both_faces(one, thick))]
    back = pick(rng, ("none", "plate", "rosette"), (2, 3, 2))
    if back == "plate":
        tall = rng.uniform(0.15, 0.3)
        plate = box(0.045, tall, 0.008, bevel=pick(rng, (0.0, 0.003))).at(y=-tall * 0.6, z=0.004)
        pieces.append(Piece("handle plate", _both_faces(plate, thick)))
    if back == "rosette":
        disc = cylinder(size * 2.4, 0.009, around=14).turned("x", 90)
        pieces.append(Piece("handle base", _both_faces(disc, thick)))
    return pieces


def _both_faces(mesh: Mesh, thick: Number) -> Mesh:
    """What stands on z = 0, on the front and the back of a leaf from z = -thick / 2 to thick / 2."""
    return mesh.at(z=thick / 2).both_sides("z")


def _leaf(rng: np.random.Generator, width: Number, height: Number, thick: Number) -> list[Piece]:
    """The leaf of a door standing on y = 0: plain, panelled, glazed, boarded, framed."""
    style = pick(rng, ("plain", "panels", "glazed", "strip", "boards", "inset"), (3, 3, 3, 2, 2, 2))
    flat = box(width, height, thick)
    if style in ("panels", "inset"):
        rows, columns = int(rng.integers(1, 4)), int(rng.integers(1, 3))
        border = width * 0.12
        wide, tall = (width - border * (columns + 1)) / columns, (height - border * (rows + 1)) / rows
        rise = thick * (1.35 if style == "panels" else 0.6)
        field = box(wide, tall, rise, bevel=thick * 0.2)
        grid = field.row(columns, x=wide + border).row(rows, y=tall + border).at(y=(height - tall) / 2)
        if style == "panels":
            return [Piece("door", flat), Piece("door", grid)]
        post = box(border, height, thick).row(columns + 1, x=wide + border)
        beam = box(width, border, thick).row(rows + 1, y=tall + border).at(y=(height - border) / 2)
        return [Piece("door", join([post, beam])), Piece("door panel", grid, of="door")]
    if style == "boards":
        count = int(rng.integers(4, 8))
        board = box(width / count * 0.95, height, thick).row(count, x=width / count)
        beam = box(width * 0.95, 0.1, thick * 1.6).row(2, y=height * 0.6).at(y=height / 2)
        return [Piece("door", join([board, beam]))]
    if style in ("glazed", "strip"):
        wide, tall = width * rng.uniform(0.5, 0.75), height * rng.uniform(0.25, 0.75)
        x = 0.0
        if style == "strip":
            wide, tall, x = width * 0.12, height * 0.6, width * rng.uniform(-0.28, 0.28)
        y = rng.uniform(0.55, 0.65) * (height - tall)
        hole = np.add(rectangle(wide, tall), [x, y + tall / 2])
        outer = np.add(rectangle(width, height), [0, height / 2])
        pieces = [Piece("door", ring(outer, hole, thick))]
        return [*pieces, Piece("glass", box(wide, tall, thick * 0.4).at(x=x, y=y))]
    return [Piece("door", flat)]


def _arched(width: Number, height: Number, rise: Number, count: int = 10) -> np.ndarray:
    """The outline of a door with a round top, its foot on y = 0; a plain rectangle if `rise` is 0."""
    top = arc(1.0, 0, 180, count)[:, :2] * [width / 2, rise] + [0, height - rise]
    return np.concatenate([[[-width / 2, 0], [width / 2, 0]], top])


def _casing(a: Assembly, rng: np.random.Generator, width: Number, height: Number, thick: Number) -> None:
    """The frame around a doorway of the given size, sometimes with a ledge on top and a threshold."""
    border, depth = rng.uniform(0.04, 0.14), thick * rng.uniform(1.5, 4.0)
    post = box(border, height + border, depth).at(x=(width + border) / 2).both_sides()
    a.add("frame", post, box(width, border, depth).at(y=height))
    if chance(rng, 0.35):
        ledge = box(width + 2 * border + 0.08, rng.uniform(0.04, 0.1), depth * 1.3)
        a.add("frame", ledge.at(y=height + border))
    if chance(rng, 0.25):
        a.add("frame", box(width, 0.02, depth))


def door(rng: np.random.Generator) -> Assembly:
    """House, school and barn doors: leaf or two, frame, handles, hinges, glass, kick plate; shut or ajar."""
    a = Assembly("door")
    width, height = rng.uniform(0.65, 1.05), rng.uniform(1.85, 2.3)
    thick, double = rng.uniform(0.03, 0.07), chance(rng, 0.12)
    framed = chance(rng, 0.75)
    if chance(rng, 0.12):
        return _arched_door(a, rng, width, height, thick)
    if framed:
        _casing(a, rng, width * (2 if double else 1), height, thick)
    pieces = _leaf(rng, width - 0.008, height - 0.01, thick)
    y = height * rng.uniform(0.42, 0.52)
    if chance(rng, 0.9):
        x = width * rng.uniform(0.36, 0.43)
        pieces += [p.changed(lambda mesh: mesh.at(x, y)) for p in latch(rng, thick)]
    if chance(rng, 0.25):
        low = box(width * 0.9, rng.uniform(0.12, 0.3), 0.006).at(y=0.04)
        pieces.append(Piece("kick plate", _both_faces(low, thick)))
    if chance(rng, 0.35):
        pin = cylinder(0.011, 0.1, around=8).row(int(rng.integers(2, 4)), y=height * 0.36)
        pieces.append(Piece("hinge", pin.at(x=-width / 2, y=height / 2, z=thick / 2 + 0.006)))
    if chance(rng, 0.15):
        disc = cylinder(0.024, 0.012, around=12).turned("x", 90).at(x=width * 0.4, y=y + 0.2)
        pieces.append(Piece("lock", _both_faces(disc, thick)))
    shift = -width / 2 if double else 0.0
    if framed and chance(rng, 0.3):
        pieces = swing(pieces, "y", rng.uniform(10, 110) * pick(rng, (-1, 1)), (-width / 2, 0))
    a.put(pieces, shift)
    if double:
        a.put([p.changed(lambda mesh: mesh.mirrored("x")) for p in pieces], width / 2)
    _door_actions(a)
    return a


def _arched_door(
    a: Assembly, rng: np.random.Generator, width: Number, height: Number, thick: Number
) -> Assembly:
    """A door with a round top in a frame of stone or wood."""
    rise, border = width * rng.uniform(0.3, 0.5), rng.uniform(0.06, 0.2)
    hole = _arched(width, height, rise)
    outer = _arched(width + 2 * border, height + border, rise + border)
    a.add("frame", ring(outer, hole, thick * rng.uniform(1.5, 4.0)))
    a.add("door", extrude(_arched(width * 0.99, height * 0.995, rise), thick))
    a.put(latch(rng, thick), width * 0.38, height * 0.45)
    if chance(rng, 0.5):
        strap = _both_faces(box(width * 0.7, 0.05, 0.012), thick).row(2, y=height * 0.4)
        a.add("hinge", strap.at(x=-width * 0.12, y=height * 0.4))
    _door_actions(a)
    return a


def _door_actions(a: Assembly) -> None:
    a.afford("open", "handle")
    a.afford("open", "door", "door panel", "glass", where=facing("z"))
    a.afford("push", "door", "door panel", "handle plate", "kick plate", where=facing("z"))
    a.afford("pull", "handle")
    a.afford("grasp", "handle")


def _sash(
    rng: np.random.Generator, size: tuple[Number, Number], border: Number, bars: tuple[int, int]
) -> list[Piece]:
    """A glazed frame around the origin with (columns, rows) of panes."""
    width, height = size
    columns, rows = bars
    edge, inner = frame(width, height, border, border), (width - 2 * border, height - 2 * border)
    pieces = [Piece("sash", edge), Piece("glass", box(*inner, border * 0.25).at(y=-inner[1] / 2))]
    thin = border * 0.5
    if columns > 1:
        strip = box(thin, inner[1], thin).row(columns - 1, x=inner[0] / columns)
        pieces.append(Piece("sash", strip.at(y=-inner[1] / 2)))
    if rows > 1:
        strip = box(inner[0], thin, thin).row(rows - 1, y=inner[1] / rows)
        pieces.append(Piece("sash", strip.at(y=-thin / 2)))
    return pieces


def window(rng: np.random.Generator) -> Assembly:
    """Casement, sliding and sash windows: frame, one to three sashes with panes, handle, sill."""
    a = Assembly("window")
    width, height = rng.uniform(0.5, 1.8), rng.uniform(0.6, 1.6)
    edge, deep = rng.uniform(0.04, 0.1), rng.uniform(0.06, 0.14)
    a.add("frame", frame(width + 2 * edge, height + 2 * edge, edge, deep))
    style = pick(rng, ("casement", "sliding", "sash"), (4, 2, 2))
    bars = pick(rng, ((1, 1), (1, 1), (2, 2), (1, 2), (2, 1), (2, 3)))
    border = rng.uniform(0.03, 0.06)
    pull = bar(rng, rng.uniform(0.1, 0.2), rng.uniform(0.025, 0.05))
    if chance(rng, 0.4):
        lever = box(0.02, 0.12, 0.016).at(y=-0.1, z=0.04)
        pull = join([lever, cylinder(0.012, 0.04, around=8).turned("x", 90)])
    handles = chance(rng, 0.8)
    count = 2 if style == "sash" or width > 1.0 or style == "sliding" else 1
    for index in range(count):
        side = 1 if index == 0 else -1
        wide, tall = (width, height / count) if style == "sash" else (width / count, height)
        lap = border if style != "casement" and count > 1 else 0.0
        size = (wide, tall + lap) if style == "sash" else (wide + lap, tall)
        pieces = _sash(rng, size, border, bars)
        if handles and (index == 0 or count == 1):
            turned = pull.turned("z", 90) if style == "sash" else pull
            spot = (0.0, -tall / 2 + border) if style == "sash" else (wide / 2 - border / 2, 0.0)
            pieces.append(Piece("handle", turned.at(*spot, border / 2)))
        z = side * border * 0.5 if lap else 0.0
        x = side * -width / 4 if count == 2 and style != "sash" else 0.0
        y = side * height / 4 if style == "sash" else 0.0
        if style == "casement" and chance(rng, 0.25):
            pieces = swing(pieces, "y", -side * rng.uniform(10, 100), (-side * wide / 2, 0))
        elif style != "casement" and index == 0 and chance(rng, 0.3):
            slide = rng.uniform(0.1, 0.8)
            x, y = (x, y - slide * height / 2) if style == "sash" else (x + slide * width / 2, y)
        a.put(pieces, x, y, z)
    if chance(rng, 0.55):
        board = box(width + 2 * edge + 0.12, rng.uniform(0.02, 0.05), deep + rng.uniform(0.08, 0.2))
        a.add(pick(rng, ("sill", "base")), board.at(y=-height / 2 - edge - 0.02, z=0.06))
    a.afford("open", "handle")
    a.afford("open", "sash", "glass", where=facing("z"))
    a.afford("push", "sash", where=facing("z"))
    a.afford("support", "sill", "base", where=facing())
    return a


def safe(rng: np.random.Generator) -> Assembly:
    """Safes and strongboxes: a thick door with a wheel, a lever, a dial, keys or a lock on it."""
    a = Assembly("safe")
    width, height, depth = rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.9), rng.uniform(0.3, 0.6)
    wall, thick = min(width, height) * rng.uniform(0.06, 0.12), rng.uniform(0.03, 0.07)
    ajar = chance(rng, 0.35)
    a.add("body", carcass(width, height, depth, wall) if ajar else box(width, height, depth))
    if chance(rng, 0.4):
        a.add("foot", box(0.06, 0.04, 0.06).at(x=width * 0.4, y=-0.04, z=depth * 0.38).four_corners())
    wide, tall = width - rng.uniform(0.5, 2.0) * wall, height - rng.uniform(0.5, 2.0) * wall
    pieces = [
        Piece("door", box(wide, tall, thick, bevel=pick(rng, (0.0, 0.006))).at(y=-tall / 2, z=thick / 2))
    ]
    size = min(wide, tall)
    if chance(rng, 0.5):
        a_wheel = tube(arc(size * 0.16, 0, 360, 17)[:-1], size * 0.02, 6, closed=True)
        spokes = box(size * 0.03, size * 0.32, size * 0.03).at(y=-size * 0.16).around(3, "z", 0, 120)
        pieces.append(Piece("handle", join([a_wheel, spokes]).at(y=-tall * 0.1, z=thick + 0.035)))
        hub = cylinder(size * 0.05, 0.04, around=12).turned("x", 90).at(y=-tall * 0.1, z=thick)
        pieces.append(Piece("handle base", hub))
    else:
        reach = bar(rng, size * rng.uniform(0.25, 0.5), 0.05).turned("z", rng.uniform(0, 180))
        pieces.append(Piece("handle", reach.at(x=wide * 0.22, y=-tall * 0.12, z=thick)))
        hub = cylinder(size * 0.08, 0.015, around=roundness(rng)).turned("x", 90)
        pieces.append(Piece("handle base", hub.at(x=wide * 0.22, y=-tall * 0.12, z=thick)))
    opener = pick(rng, ("dial", "button", "lock"))
    x, y = wide * rng.uniform(-0.25, 0.1), tall * 0.22
    if opener == "dial":
        pieces.append(Piece("dial", turn_knob(rng, size * 0.1).at(x, y, thick)))
    elif opener == "button":
        keys = box(size * 0.06, size * 0.06, 0.012).row(3, x=size * 0.08).row(4, y=size * 0.08)
        pieces.append(Piece("button", keys.at(x, y, thick + 0.004)))
    else:
        plate = cylinder(size * 0.09, 0.008, around=6).turned("x", 90)
        pin = extrude(pick(rng, (regular(6, size * 0.08), ellipse(size * 0.08, count=12))), 0.04)
        pieces += [Piece("lock plate", plate.at(x, y, thick)), Piece("lock", pin.at(x, y, thick + 0.01))]
    if ajar:
        pieces = swing(pieces, "y", -rng.uniform(10, 110), (-wide / 2, 0))
        a.add("shelf", box(width - 2 * wall, 0.012, depth - 2 * wall).at(y=height / 2))
    a.put(pieces, 0, height / 2, depth / 2)
    a.add(
        "hinge",
        cylinder(0.016, 0.07, around=8).row(2, y=tall * 0.6).at(x=-wide / 2, y=height / 2, z=depth / 2),
    )
    a.afford("open", "handle", "dial")
    a.afford("open", "door", where=facing("z"))
    a.afford("contain", "body", "shelf", where=facing())
    a.afford("press", "button")
    return a
