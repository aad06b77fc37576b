"""Big kitchen machines with doors: microwave, oven, fridge, dishwasher, washing machine."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import box, carcass, cylinder, lathe, ring
from partwise.datasets.world.dice import between, chance, pick, roundness
from partwise.datasets.world.fields import both, facing, middle
from partwise.datasets.world.fronts import bar, controls, leaf, swing, turn_knob
from partwise.datasets.world.mesh import Number, Piece, join
from partwise.datasets.world.outlines import ellipse, rectangle
from partwise.datasets.world.pieces import foot


def shell(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], y: Number, hollow: bool
) -> None:
    """The body of a machine of (width, height, depth) from the height y up: a block, or open to the front."""
    width, height, depth = size
    wall = min(width, height) * rng.uniform(0.03, 0.08)
    bevel = pick(rng, (0.0, 0.0, 0.02)) * min(size)
    body = carcass(width, height, depth, wall) if hollow else box(width, height, depth, bevel=bevel)
    a.add("body", body.at(y=y))


def operate(a: Assembly) -> None:
    """The actions of a machine with a door: open it, pull its handle, put things in."""
    a.afford("open", "handle")
    a.afford("open", "door", "window", "glass", where=facing("z"))
    a.afford("pull", "handle")
    a.afford("push", "door", where=facing("z"))
    a.afford("contain", "body", "rack", "shelf", where=facing())


def _feet(a: Assembly, rng: np.random.Generator, width: Number, depth: Number, share: Number) -> float:
    """Four small feet, or none; returns how high they lift the machine."""
    if not chance(rng, share):
        return 0.0
    lift, thick = rng.uniform(0.012, 0.04), rng.uniform(0.03, 0.06)
    a.add("foot", foot(rng, lift * 1.1, thick).at(x=width / 2 - thick, z=depth / 2 - thick).four_corners())
    return lift


def microwave(rng: np.random.Generator) -> Assembly:
    """Microwave ovens: door to the left, controls to the right, the door closed or ajar."""
    a = Assembly("microwave")
    width, height = rng.uniform(0.42, 0.6), rng.uniform(0.24, 0.36)
    depth, thick = rng.uniform(0.3, 0.45), rng.uniform(0.012, 0.045)
    lift, hollow = _feet(a, rng, width, depth, 0.5), chance(rng, 0.6)
    shell(a, rng, (width, height, depth), lift, hollow)
    share = pick(rng, (rng.uniform(0.68, 0.82), rng.uniform(0.68, 0.82), 0.98))
    wide, y, z = width * share, lift + height / 2, depth / 2
    tall = height * rng.uniform(0.85, 1.0)
    pieces = leaf(rng, (wide, tall, thick), chance(rng, 0.7), pick(rng, ("window", "window", "glass")))
    if chance(rng, 0.75):
        pull = bar(rng, tall * rng.uniform(0.55, 0.9), rng.uniform(0.02, 0.05))
        pieces.append(Piece("handle", pull.at(x=wide * rng.uniform(0.38, 0.46), z=thick)))
    if chance(rng, 0.25) and hollow:
        pieces = swing(pieces, "y", -rng.uniform(10, 110), (-wide / 2, 0))
    a.put(pieces, wide / 2 - width / 2, y, z)
    if share < 0.9:
        room = width - wide
        if hollow:
            a.add("body", box(room, height, depth * 0.9).at(x=wide / 2, y=lift, z=depth * 0.045))
        if chance(rng, 0.85):
            controls(a, rng, (room, height * 0.9), (wide / 2, y, z))
    if hollow and chance(rng, 0.3):
        plate_width = min(wide, depth) * 0.8
        disc = cylinder(plate_width / 2, 0.012, around=16)
        a.add("rack", disc.at(x=wide / 2 - width / 2, y=lift + height * 0.1))
    operate(a)
    a.afford("press", "button", "knob")
    return a


def burners(a: Assembly, rng: np.random.Generator, width: Number, depth: Number, y: Number) -> None:
    """Four or two cooking places on the plane y: plates, rings, coils or grates."""
    radius, style = min(width, depth) * rng.uniform(0.13, 0.19), pick(rng, ("plate", "ring", "coil", "grate"))
    around = roundness(rng)
    if style == "plate":
        one = cylinder(radius, 0.012, around=around)
    elif style == "ring":
        one = lathe(
            [(radius * 0.6, 0), (radius, 0), (radius, 0.01), (radius * 0.6, 0.01)], around, closed=True
        )
    elif style == "coil":
        hoops = [
            lathe([(r - 0.008, 0), (r, 0), (r, 0.012), (r - 0.008, 0.012)], around, closed=True)
            for r in radius * np.array([0.3, 0.65, 1.0])
        ]
        one = join(hoops)
    else:
        rod = box(2 * radius, 0.012, 0.012).at(y=0.02)
        one = join([rod, rod.turned("y", 90), cylinder(radius * 0.4, 0.02, around=around)])
    corners = np.array([[1, 0, 1], [-1, 0, 1], [1, 0, -1], [-1, 0, -1]]) * [width / 4, 0, depth / 4.2]
    spots = corners[: pick(rng, (4, 4, 4, 2))] + np.array([0, y, 0])
    a.add("burner", one.copies(spots))
    if chance(rng, 0.35):
        edge = lathe(
            [(radius * 1.08, 0), (radius * 1.22, 0), (radius * 1.22, 0.008), (radius * 1.08, 0.008)],
            around,
            closed=True,
        )
        a.add("burner rim", edge.copies(spots), of="burner")


def oven(rng: np.random.Generator) -> Assembly:
    """Stoves and built-in ovens: door with window, cooktop with burners, knobs, drawer, hood."""
    a = Assembly("oven")
    width, height, depth = rng.uniform(0.5, 0.8), rng.uniform(0.6, 0.95), rng.uniform(0.5, 0.68)
    lift, hollow = _feet(a, rng, width, depth, 0.3), chance(rng, 0.5)
    shell(a, rng, (width, height, depth), lift, hollow)
    strip = height * rng.uniform(0.12, 0.2)
    below = height * rng.uniform(0.14, 0.25) if chance(rng, 0.4) else 0.02
    tall, wide, thick = (
        height - strip - below - 0.01,
        width * rng.uniform(0.88, 1.0),
        rng.uniform(0.015, 0.05),
    )
    doors = leaf(rng, (wide, tall, thick), chance(rng, 0.75), pick(rng, ("window", "window", "glass")))
    out = rng.uniform(0.025, 0.06)
    pull = bar(rng, wide * rng.uniform(0.5, 0.9), out).turned("z", 90)
    if chance(rng, 0.85):
        doors.append(Piece("handle", pull.at(y=tall * rng.uniform(0.38, 0.46), z=thick)))
    if hollow and chance(rng, 0.25):
        doors = swing(doors, "x", rng.uniform(10, 90), (0, -tall / 2))
    a.put(doors, 0, lift + below + tall / 2, depth / 2)
    if below > 0.02:
        a.add("drawer", box(wide, below * 0.9, thick).at(y=lift + below * 0.05, z=depth / 2 + thick / 2))
        if chance(rng, 0.6):
            a.add("handle", pull.at(y=lift + below * 0.6, z=depth / 2 + thick))
    front_y = lift + height - strip / 2
    if hollow:
        a.add("body", box(width * 0.99, strip, depth * 0.97).at(y=front_y - strip / 2))
    if chance(rng, 0.85):
        _knobs(a, rng, wide, strip, (front_y, depth / 2))
    if hollow and chance(rng, 0.6):
        wire = box(width * 0.88, 0.008, 0.008).row(9, z=depth * 0.09)
        a.add("rack", wire.at(y=lift + below + tall * rng.uniform(0.3, 0.6)))
    top = lift + height
    if chance(rng, 0.85):
        if chance(rng, 0.7):
            slab_height = rng.uniform(0.01, 0.04)
            a.add("cooktop", box(width * rng.uniform(0.97, 1.04), slab_height, depth).at(y=top))
            top += slab_height
        burners(a, rng, width, depth, top)
        if chance(rng, 0.3):
            high = rng.uniform(0.08, 0.2)
            a.add("body", box(width, high, 0.05).at(y=top, z=0.025 - depth / 2))
    if chance(rng, 0.25):
        _hood(a, rng, width, depth, top + rng.uniform(0.5, 0.75))
    operate(a)
    a.afford("support", "burner", "cooktop", where=facing())
    return a


def _knobs(
    a: Assembly, rng: np.random.Generator, width: Number, strip: Number, at: tuple[Number, Number]
) -> None:
    """A row of knobs and perhaps a display along the strip at (y, z)."""
    y, z = at
    count = int(rng.integers(2, 8))
    one = turn_knob(rng, min(strip * rng.uniform(0.2, 0.4), width / count * 0.35))
    if chance(rng, 0.35):
        a.add("display", box(width * 0.2, strip * 0.5, 0.014).at(y=y - strip * 0.25, z=z))
        for side in (-1, 1):
            a.add("knob", one.row(2, x=width * 0.16).at(x=side * width * 0.33, y=y, z=z))
        return
    if chance(rng, 0.3):
        a.add("switch plate", box(width * 0.9, strip * 0.7, 0.012).at(y=y - strip * 0.35, z=z))
        z += 0.006
    a.add("knob", one.row(count, x=width * 0.85 / count).at(y=y, z=z))


def _hood(a: Assembly, rng: np.random.Generator, width: Number, depth: Number, y: Number) -> None:
    """A cooker hood above the stove: a flat box, or a funnel under a chimney."""
    low = rng.uniform(0.06, 0.12)
    a.add("hood", box(width, low, depth * 0.8).at(y=y, z=-depth * 0.1))
    if chance(rng, 0.5):
        funnel = box(width, 0.15, depth * 0.8).tapered(0.35)
        chimney = box(width * 0.35, 0.4, depth * 0.28).at(y=0.15)
        a.add("hood", join([funnel, chimney]).at(y=y + low, z=-depth * 0.1))


def fridge(rng: np.random.Generator) -> Assembly:
    """Fridges with one to four doors, freezers below or above, the doors closed or ajar."""
    a = Assembly("fridge")
    width, height, depth = rng.uniform(0.5, 0.9), between(rng, 0.8, 1.95), rng.uniform(0.5, 0.75)
    lift, hollow = _feet(a, rng, width, depth, 0.35), chance(rng, 0.5)
    shell(a, rng, (width, height, depth), lift, hollow)
    thick, gap = rng.uniform(0.03, 0.09), rng.uniform(0.004, 0.02)
    columns = 2 if width > 0.75 and chance(rng, 0.6) else 1
    split = rng.uniform(0.25, 0.7)
    rows = pick(rng, ((0.0, 1.0), (0.0, split, 1.0), (0.0, split / 2, split, 1.0)), (2, 4, 1))
    wide, out = width / columns - gap, rng.uniform(0.025, 0.06)
    tall = min(high - low for low, high in pairwise(rows)) * height
    upright = chance(rng, 0.8)
    pull = bar(rng, (tall if upright else wide) * rng.uniform(0.3, 0.8), out)
    handles = chance(rng, 0.75)
    window = chance(rng, 0.1)
    for column in range(columns):
        side = -1 if column and columns == 2 else 1
        for low, high in pairwise(rows):
            size = (high - low) * height - gap
            pieces = leaf(rng, (wide, size, thick), window, "glass")
            if handles:
                spot = (side * wide * 0.42, 0.0) if upright else (0.0, size * 0.4)
                turned = pull if upright else pull.turned("z", 90)
                pieces.append(Piece("handle", turned.at(*spot, thick)))
            if hollow and chance(rng, 0.2):
                pieces = swing(pieces, "y", -side * rng.uniform(10, 110), (-side * wide / 2, 0))
            x = (column + 0.5) * width / columns - width / 2
            a.put(pieces, x, lift + (low + high) / 2 * height, depth / 2)
    if hollow:
        board = box(width * 0.92, 0.012, depth * 0.85)
        a.add("shelf", board.row(3, y=height * 0.2).at(y=lift + height / 2))
    if chance(rng, 0.15):
        size = (wide * 0.35, height * 0.12)
        spot = (columns == 2) * -width / 4, lift + height * 0.72, depth / 2 + thick
        a.add("display", box(*size, 0.012).at(*spot))
    operate(a)
    return a


def dishwasher(rng: np.random.Generator) -> Assembly:
    """Dishwashers: a door hinged below, racks inside, controls along the top."""
    a = Assembly("dishwasher")
    width, height, depth = rng.uniform(0.45, 0.62), rng.uniform(0.75, 0.9), rng.uniform(0.5, 0.65)
    lift, hollow = _feet(a, rng, width, depth, 0.3), chance(rng, 0.6)
    shell(a, rng, (width, height, depth), lift, hollow)
    strip, thick = rng.uniform(0.08, 0.14), rng.uniform(0.02, 0.05)
    apron = rng.uniform(0.05, 0.12) if chance(rng, 0.5) else 0.0
    tall = height - strip - apron
    pieces = leaf(rng, (width * 0.98, tall, thick), False)
    pull = bar(rng, width * rng.uniform(0.4, 0.85), rng.uniform(0.025, 0.05)).turned("z", 90)
    pieces.append(Piece("handle", pull.at(y=tall * 0.43, z=thick)))
    is_open = hollow and chance(rng, 0.4)
    if is_open:
        pieces = swing(pieces, "x", rng.uniform(20, 90), (0, -tall / 2))
    a.put(pieces, 0, lift + apron + tall / 2, depth / 2)
    strip_y = lift + height - strip / 2
    face = box(width, strip * 0.95, thick).at(y=strip_y - strip / 2, z=depth / 2 + thick / 2)
    a.add("panel" if chance(rng, 0.5) else "body", face)
    controls(a, rng, (width * 0.9, strip * 0.9), (0.0, strip_y, depth / 2 + thick))
    if apron:
        a.add("kick plate", box(width * 0.98, apron * 0.9, 0.02).at(y=lift, z=depth / 2 - 0.03))
    if hollow:
        wire = box(0.008, 0.008, depth * 0.85).row(9, x=width * 0.1)
        edge = ring(rectangle(width * 0.88, depth * 0.85), rectangle(width * 0.84, depth * 0.81), 0.06)
        tray_ = join([wire, edge.turned("x", 90).at(y=0.03)])
        a.add("rack", tray_.row(2, y=height * 0.35).at(y=lift + height * 0.45))
    operate(a)
    a.afford("press", "button", "knob")
    return a


def washing_machine(rng: np.random.Generator) -> Assembly:
    """Washing machines and dryers, alone or stacked: a round door, a drawer for powder, controls above."""
    a = Assembly("washing machine")
    width, height, depth = rng.uniform(0.5, 0.7), rng.uniform(0.75, 0.95), rng.uniform(0.45, 0.65)
    base = _feet(a, rng, width, depth, 0.4)
    strip, thick, around = height * rng.uniform(0.14, 0.22), rng.uniform(0.02, 0.06), roundness(rng) + 6
    diameter = width * rng.uniform(0.5, 0.8)
    square = chance(rng, 0.2)
    outline = ellipse(diameter, count=around)
    if square:
        outline = rectangle(diameter, diameter, diameter * 0.1, around // 4)
    inner = outline * rng.uniform(0.6, 0.82)
    glass, drawer_at = chance(rng, 0.75), pick(rng, (-1, 1, 0))
    for floor in range(2 if chance(rng, 0.15) else 1):
        lift, z = base + floor * height, depth / 2
        shell(a, rng, (width, height, depth), lift, False)
        middle_y = lift + (height - strip) * 0.52
        door = ring(outline, inner, thick).at(z=thick / 2)
        pieces = [Piece("door", door)]
        if glass:
            rise = rng.uniform(0.2, 1.2) * thick
            dome = lathe([(0.5, 0.0), (0.42, rise * 0.8), (0.2, rise + 0.002)], inner)
            pieces.append(Piece("glass", dome.turned("x", 90)))
        else:
            disc = lathe([(0.5, 0.0), (0.5, thick * 0.7)], inner)
            pieces.append(Piece("door", disc.turned("x", 90)))
        if chance(rng, 0.5):
            pull = bar(rng, diameter * 0.25, thick).at(x=diameter * 0.43, z=thick * 0.8)
            pieces.append(Piece("handle", pull))
        if chance(rng, 0.15):
            pieces = swing(pieces, "y", -rng.uniform(10, 120), (-diameter / 2, 0))
        a.put(pieces, 0, middle_y, z)
        strip_y = lift + height - strip / 2
        if drawer_at:
            face = box(width * 0.27, strip * 0.6, 0.02).at(
                x=drawer_at * width * 0.33, y=strip_y - strip * 0.3
            )
            a.add("drawer", face.at(z=z))
        controls(a, rng, (width * 0.6, strip * 0.8), (-drawer_at * width * 0.15, strip_y, z))
    operate(a)
    a.afford("press", "button", "knob")
    a.afford("support", "body", where=both(facing(), middle("y", height - 0.05, height + 0.1)))
    return a
