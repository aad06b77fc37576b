"""Where one sleeps, works and keeps clothes and books: bed, nightstand, wardrobe, desk, bookcase."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.books import shelved
from partwise.datasets.world.build import box, carcass, cylinder, pillow, sheet
from partwise.datasets.world.dice import between, chance, pick
from partwise.datasets.world.fields import both, facing, middle, towards
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.pieces import FRONTS, foot, leg, plate
from partwise.datasets.world.storage import case, door, drawer, roll_look, stand, store


def bed(rng: np.random.Generator) -> Assembly:
    """Single, double and bunk beds with mattress, pillows, blanket, headboard and footboard."""
    a = Assembly("bed")
    width, length = pick(rng, (rng.uniform(0.8, 1.1), rng.uniform(1.3, 1.9))), rng.uniform(1.85, 2.2)
    height, thick = rng.uniform(0.18, 0.42), rng.uniform(0.03, 0.08)
    bunk = width < 1.2 and chance(rng, 0.2)
    frame_name = pick(rng, ("frame", "body"))
    pad = "body" if frame_name == "body" and chance(rng, 0.5) else "mattress"
    boards = "named" if chance(rng, 0.5) else frame_name
    soft = rng.uniform(0.1, 0.25)
    if bunk:
        high = rng.uniform(0.85, 1.1)
        post = box(thick * 1.3, height + high + 0.45, thick * 1.3)
        a.add(frame_name, post.at(x=width / 2, z=length / 2).four_corners())
        rail = box(thick, 0.12, length).at(x=width / 2).both_sides()
        ends = box(width, 0.12, thick).at(z=length / 2).both_sides("z")
        for floor in (height, height + high):
            a.add(frame_name, join([rail, ends]).at(y=floor - 0.06))
            _bedding(a, rng, (width * 0.95, length * 0.97), (floor, soft), pad)
        side = join([box(0.04, height + high + 0.4, 0.04).row(2, z=0.36), _rungs(rng, height + high)])
        a.add("ladder", side.at(x=width / 2 + 0.06, z=length * 0.3), of=frame_name)
    else:
        _bedstead(a, rng, (width, height, length), thick, frame_name, boards)
        _bedding(a, rng, (width * 0.97, length * 0.97), (height, soft), pad)
    a.afford("lay", "mattress", "blanket", "pillow", where=facing())
    a.afford("lay", "body", where=both(facing(), middle("y", height, height + soft)))
    a.afford("sit", "mattress", "blanket", where=facing())
    a.afford("support", "frame", "headboard", where=facing("z"))
    return a


def _rungs(rng: np.random.Generator, high: Number) -> Mesh:
    """The rungs of a bunk bed's ladder up to a height."""
    count = int(rng.integers(4, 7))
    return box(0.035, 0.03, 0.36).row(count, y=high / (count + 1)).at(y=high / 2)


def _bedstead(
    a: Assembly,
    rng: np.random.Generator,
    size: tuple[Number, Number, Number],
    thick: Number,
    frame_name: str,
    boards: str,
) -> None:
    """Rails or a box, legs, a headboard and perhaps a footboard; the mattress lies on y = the size's height."""
    width, height, length = size
    style = pick(rng, ("rails", "box", "drawers"), (5, 3, 1))
    if style == "rails":
        low = height * rng.uniform(0.35, 0.7)
        a.add(frame_name, box(thick, height - low, length).at(x=width / 2, y=low).both_sides())
        a.add(frame_name, box(width, height - low, thick).at(y=low, z=length / 2).both_sides("z"))
        slat = box(width, 0.02, 0.07).row(9, z=length * 0.1).at(y=height - 0.03)
        a.add("slat", slat, of=frame_name)
        one = leg(rng, low, thick * rng.uniform(1.0, 2.0)) if low > 0.09 else foot(rng, low, thick * 2)
        a.add("leg", one.at(x=width / 2 - thick, z=length / 2 - thick).four_corners())
    else:
        a.add(frame_name, box(width, height, length))
    if style == "drawers":
        face = box(0.02, height * 0.7, length * 0.4).row(2, z=length * 0.45)
        a.add("drawer", face.at(x=width / 2 + 0.01, y=height * 0.15).both_sides())
    high = height + rng.uniform(0.25, 0.9)
    ends = [("headboard", high, -1)] if chance(rng, 0.9) else []
    if chance(rng, 0.55):
        ends.append(("footboard", height + (high - height) * rng.uniform(0.2, 0.7), 1))
    look = pick(rng, ("board", "posts", "padded", "bars"), (4, 2, 2, 2))
    for name, tall, side in ends:
        board = _end_board(rng, look, width, tall, thick)
        a.add(name if boards == "named" else boards, board.at(z=side * (length / 2 + thick / 2)))


def _end_board(rng: np.random.Generator, look: str, width: Number, tall: Number, thick: Number) -> Mesh:
    """The upright end of a bed, standing on y = 0."""
    if look == "board":
        return box(width, tall, thick, bevel=pick(rng, (0.0, 0.3)) * thick)
    if look == "padded":
        return pillow(width, tall, thick * 2.5, 7, around=16).at(y=tall / 2)
    post = box(thick * 1.5, tall * 1.08, thick * 1.5).at(x=width / 2).both_sides()
    if look == "posts":
        return join([post, box(width, tall * 0.65, thick * 0.7).at(y=tall * 0.3)])
    bars = cylinder(thick * 0.3, tall * 0.7, around=8).row(int(rng.integers(5, 12)), x=width / 12)
    rails = box(width, thick, thick).row(2, y=tall * 0.68).at(y=tall * 0.62)
    return join([post, bars.at(y=tall * 0.3), rails])


def _bedding(
    a: Assembly,
    rng: np.random.Generator,
    size: tuple[Number, Number],
    place: tuple[Number, Number],
    name: str,
) -> None:
    """Mattress called `name`, pillows at the back (-z), blanket: on (width, length), from (floor, thickness)."""
    (width, length), (floor, soft) = size, place
    blocky = chance(rng, 0.5)
    mattress = box(width, soft, length, bevel=pick(rng, (0.0, 0.03)))
    a.add(name, mattress.at(y=floor))
    count = 2 if width > 1.2 else 1
    wide, deep, high = width / count * rng.uniform(0.65, 0.9), rng.uniform(0.3, 0.5), rng.uniform(0.08, 0.16)
    head = box(wide, high, deep, bevel=0.02) if blocky else pillow(wide, high, deep, 3.5).at(y=high * 0.4)
    a.add("pillow", head.row(count, x=width / count).at(y=floor + soft, z=deep * 0.6 - length / 2))
    if chance(rng, 0.75):
        reach, lap, thick = (
            length * rng.uniform(0.5, 0.8),
            soft * rng.uniform(0.3, 1.0),
            rng.uniform(0.015, 0.05),
        )
        z = length / 2 - reach / 2 + thick
        over = box(width + 2 * thick, thick, reach).at(y=floor + soft, z=z)
        if blocky:
            flap = box(thick, lap, reach).at(x=width / 2 + thick / 2, y=floor + soft - lap, z=z).both_sides()
            a.add("blanket", over, flap)
        else:
            a.add("blanket", _draped(rng, (width, reach, lap), thick).at(y=floor + soft, z=z))


def _draped(rng: np.random.Generator, size: tuple[Number, Number, Number], thick: Number) -> Mesh:
    """A blanket of (width, length, overhang) that hangs down on both sides, a little wavy."""
    width, length, lap = size
    across = np.array([-0.53, -0.52, -0.49, -0.25, 0.0, 0.25, 0.49, 0.52, 0.53]) * width
    drop = np.array([-lap, -lap * 0.4, 0.0, 0.0, 0.0, 0.0, 0.0, -lap * 0.4, -lap])
    z = np.linspace(length / 2, -length / 2, 9)
    wave = rng.normal(0, 0.012, (9, 9)) + thick * 0.7
    grid = np.stack([np.tile(across, (9, 1)), drop + wave, np.tile(z[:, None], (1, 9))], axis=-1)
    return sheet(grid, thick)


def nightstand(rng: np.random.Generator) -> Assembly:
    """Bedside tables with a drawer or two, a door or an open shelf."""
    a = Assembly("nightstand")
    size = rng.uniform(0.32, 0.6), rng.uniform(0.35, 0.65), rng.uniform(0.3, 0.5)
    kinds = pick(rng, (("drawer",), ("drawer", "shelf"), ("door",)))
    case(a, rng, size, roll_look(rng, size[0], FRONTS[:4]), kinds)
    return a


def wardrobe(rng: np.random.Generator) -> Assembly:
    """Closets and lockers: tall doors over perhaps a drawer, shelves and a rail inside."""
    a = Assembly("wardrobe")
    columns = int(rng.integers(1, 4))
    width, height, depth = columns * rng.uniform(0.3, 0.6), rng.uniform(1.5, 2.2), rng.uniform(0.4, 0.65)
    look, wall = roll_look(rng, 0.5), rng.uniform(0.02, 0.05)
    lift = stand(a, rng, width, depth)
    body = carcass(width, height, depth, wall) if look.hollow else box(width, height, depth)
    a.add("body", body.at(y=lift))
    if chance(rng, 0.4):
        over = rng.uniform(0.02, 0.1)
        a.add("body", box(width + over, rng.uniform(0.03, 0.1), depth + over).at(y=lift + height))
    low = height * rng.uniform(0.12, 0.3) if chance(rng, 0.4) else wall
    room, gap = width - 2 * wall, rng.uniform(0.003, 0.012)
    share, tall = room / columns, height - low - wall
    for column in range(columns):
        x = share * (column + 0.5) - room / 2
        hinge = "left" if column < columns / 2 else "right"
        a.put(door(rng, look, share - gap, tall - gap, hinge), x, lift + low + tall / 2, depth / 2)
        if look.hollow and chance(rng, 0.4):
            board = box(share, wall, depth - 2 * wall).row(int(rng.integers(1, 4)), y=tall * 0.22)
            a.add("shelf", board.at(x=x, y=lift + low + tall / 2))
    if low > wall:
        wide = room / min(columns, 2)
        for column in range(min(columns, 2)):
            x = wide * (column + 0.5) - room / 2
            a.put(
                drawer(rng, look, wide - gap, low - wall - gap, depth * 0.8),
                x,
                lift + (low + wall) / 2,
                depth / 2,
            )
    if look.hollow and chance(rng, 0.5):
        a.add(
            "rail", cylinder(0.015, room, around=8).at(y=-room / 2).turned("z", 90).at(y=lift + height * 0.9)
        )
    store(a, lift + height, depth)
    return a


def desk(rng: np.random.Generator) -> Assembly:
    """Writing desks: a top on legs, panels or drawer blocks, perhaps with a shelf above or a corner wing."""
    a = Assembly("desk")
    width, height, depth = rng.uniform(0.9, 1.8), rng.uniform(0.68, 0.8), rng.uniform(0.45, 0.85)
    thick, look = rng.uniform(0.02, 0.06), roll_look(rng, 0.4, FRONTS[:4])
    case_name = pick(rng, ("body", "leg"))
    top_name = "body" if case_name == "body" and chance(rng, 0.4) else pick(rng, ("desktop", "tabletop"))
    a.add(top_name, plate(rng, width, depth, thick).at(y=height - thick))
    low, blocks = height - thick, pick(rng, ((), (1,), (-1,), (-1, 1)))
    wide = width * rng.uniform(0.25, 0.34)
    lift = pick(rng, (0.0, rng.uniform(0.05, 0.4)))
    for side in (-1, 1):
        x = side * (width / 2 - wide / 2 - 0.01)
        if side in blocks:
            a.add(
                "body",
                (carcass if look.hollow else box_case)(wide, low - lift, depth * 0.92, 0.015).at(x, lift),
            )
            rows = max(1, round((low - lift) / rng.uniform(0.15, 0.35)))
            share = (low - lift) / rows
            for row in range(rows):
                y = lift + share * (row + 0.5)
                a.put(drawer(rng, look, wide * 0.94, share * 0.92, depth * 0.8), x, y, depth * 0.46)
        if side not in blocks or lift:
            span = depth / 2 - 0.05
            one = leg(rng, lift if side in blocks else low, rng.uniform(0.035, 0.06))
            a.add("leg", one.at(x=side * (width / 2 - 0.05), z=span).both_sides("z"))
    if chance(rng, 0.4):
        a.add("panel", box(width * 0.94, low * rng.uniform(0.3, 0.8), 0.015).at(y=low * 0.2, z=-depth * 0.4))
    if not blocks:
        a.put(drawer(rng, look, width * 0.5, 0.09, depth * 0.7), 0, low - 0.05, depth * 0.42)
    if chance(rng, 0.2):
        high = rng.uniform(0.25, 0.6)
        side = box(0.02, high, depth * 0.35).at(x=width * 0.48, y=height, z=-depth * 0.3).both_sides()
        a.add("side", side)
        a.add(
            "shelf",
            box(width * 0.97, 0.02, depth * 0.35)
            .row(2, y=high * 0.5)
            .at(y=height + high * 0.7, z=-depth * 0.3),
        )
    a.afford(
        "support", "desktop", "tabletop", "body", "shelf", where=both(facing(), towards("y", low - 0.02, low))
    )
    a.afford("open", "drawer", "handle", "knob", where=facing("z"))
    a.afford("pull", "handle", "knob")
    a.afford("move", "desktop", "tabletop", "leg")
    return a


def box_case(width: Number, height: Number, depth: Number, wall: Number) -> Mesh:
    """A solid block with the same arguments as `carcass`."""
    return box(width, height, depth, bevel=wall * 0.1)


def bookcase(rng: np.random.Generator) -> Assembly:
    """Shelves: bookcases with sides, backs and doors below, racks on posts, boards on brackets, with books."""
    a = Assembly("bookcase")
    width, height, depth = between(rng, 0.5, 1.6), between(rng, 0.5, 2.1), rng.uniform(0.2, 0.45)
    thick, rows = rng.uniform(0.015, 0.04), int(rng.integers(2, 7))
    step = height / rows
    style = pick(rng, ("case", "posts", "panels", "bracket"), (5, 2, 2, 1))
    board = box(width - 2 * thick, thick, depth * 0.96)
    if style == "case":
        a.add("body", carcass(width, height, depth, thick))
        a.add("shelf", board.row(rows - 1, y=step).at(y=height / 2))
        if chance(rng, 0.35):
            look, tall = roll_look(rng, width / 2), step * pick(rng, (1, 1, 2))
            for side in (-1, 1):
                hinge = "left" if side < 0 else "right"
                a.put(
                    door(rng, look, width / 2 - thick, tall - thick, hinge),
                    side * width / 4,
                    tall / 2,
                    depth / 2,
                )
    else:
        a.add("shelf", board.row(rows, y=step).at(y=height / 2))
        frame_name = pick(rng, ("support", "frame")) if style != "panels" else pick(rng, ("side", "support"))
        if style == "posts":
            post = (
                cylinder(thick, height, around=8)
                if chance(rng, 0.5)
                else box(thick * 1.5, height, thick * 1.5)
            )
            a.add(frame_name, post.at(x=width / 2 - thick, z=depth / 2 - thick).four_corners())
        elif style == "panels":
            a.add(frame_name, box(thick, height, depth).at(x=width / 2 - thick / 2).both_sides())
        else:
            arm = join(
                [
                    box(thick, 0.02, depth * 0.9).at(y=-0.02),
                    box(thick, step * 0.4, 0.02).at(y=-step * 0.4, z=-depth * 0.45),
                ]
            )
            a.add(frame_name, arm.at(x=width * 0.35).both_sides().row(rows, y=step).at(y=height / 2))
    if chance(rng, 0.5):
        a.put(shelved(rng, width - 3 * thick, step - thick, depth, rows))
    a.afford("support", "shelf", where=facing())
    a.afford("contain", "shelf", "body", where=facing())
    a.afford("open", "handle", "knob")
    a.afford("open", "door", where=facing("z"))
    return a
