"""Small machines: toaster, coffee machine, blender, television, clock, fan."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import (
    ball,
    box,
    cylinder,
    extrude,
    frame,
    lathe,
    ring,
    sheet,
    slab,
    tray,
    tube,
    vessel,
)
from partwise.datasets.world.dice import between, chance, pick, roundness
from partwise.datasets.world.fields import both, facing, inward, outward
from partwise.datasets.world.fronts import key, turn_knob
from partwise.datasets.world.kitchen import ear
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle, regular, squircle
from partwise.datasets.world.pieces import foot


def toaster(rng: np.random.Generator) -> Assembly:
    """Toasters for two or four slices: slots, lever, dial, buttons, sometimes the rack and the bread."""
    a = Assembly("toaster")
    width, height, depth = rng.uniform(0.24, 0.36), rng.uniform(0.15, 0.22), rng.uniform(0.13, 0.28)
    slots, wall = pick(rng, (1, 2, 2, 2)), 0.01
    outline = pick(
        rng, (rectangle(depth, height), rectangle(depth, height, 0.05), squircle(depth, height, 5, 24))
    )
    side = outline + np.array([0, height / 2])
    gap, long = depth / slots * rng.uniform(0.35, 0.6), width * rng.uniform(0.65, 0.85)
    if chance(rng, 0.5):
        shell = extrude(side, width).turned("y", 90)
    else:
        shell = tray(width, height, depth, wall, height * 0.35)
    a.add("body", shell)
    for z in (np.arange(slots) - (slots - 1) / 2) * depth / slots:
        rim = frame(long + 0.012, gap + 0.012, 0.012, 0.012).turned("x", -90)
        a.add("rack", rim.at(y=height, z=z))
        wire = box(0.004, 0.07, gap * 0.8).row(7, x=long / 7.5)
        a.add("rack", wire.at(y=height - 0.065, z=z))
        if chance(rng, 0.2):
            a.add("bread", box(long * 0.8, 0.1, gap * 0.5, bevel=0.01).at(y=height - 0.04, z=z))
    _toaster_controls(a, rng, (width, height, depth), slots)
    if chance(rng, 0.4):
        a.add("foot", foot(rng, 0.02, 0.03).at(x=width * 0.4, y=-0.018, z=depth * 0.35).four_corners())
    a.afford("press", "lever", "button")
    a.afford("push", "lever")
    a.afford("contain", "rack", where=facing())
    return a


def _toaster_controls(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], slots: int
) -> None:
    """Lever, dial and buttons on the end (+x) or on the front (+z) of a toaster."""
    width, height, depth = size
    at_end = chance(rng, 0.5)
    room, out = (depth, width / 2) if at_end else (width, depth / 2)
    count = 2 if slots == 2 and chance(rng, 0.4) else 1
    lever = box(0.035, 0.016, 0.03, bevel=0.003).at(y=height * rng.uniform(0.45, 0.75), z=0.012)
    things = [("lever", lever.row(count, x=room * 0.45))]
    if chance(rng, 0.7):
        things.append(("dial", turn_knob(rng, 0.016).row(count, x=room * 0.45).at(y=height * 0.25)))
    if chance(rng, 0.6):
        one = key(rng, 0.016, 0.012).row(int(rng.integers(2, 4)), y=0.022)
        things.append(("button", one.row(count, x=room * 0.45).at(x=room * 0.14, y=height * 0.45)))
    for name, mesh in things:
        placed = mesh.at(z=out)
        a.add(name, placed.turned("y", 90) if at_end else placed)


def coffee_machine(rng: np.random.Generator) -> Assembly:
    """Espresso and filter machines: a C-shaped body with a spout over a jug or mug, tank, buttons."""
    a = Assembly("coffee machine")
    width, height, depth = rng.uniform(0.16, 0.32), rng.uniform(0.28, 0.42), rng.uniform(0.22, 0.36)
    column, low, head = (
        depth * rng.uniform(0.35, 0.5),
        height * rng.uniform(0.07, 0.18),
        height * rng.uniform(0.25, 0.4),
    )
    bevel = pick(rng, (0.0, 0.01))
    a.add("body", box(width, height, column, bevel=bevel).at(z=column / 2 - depth / 2))
    a.add(
        "body", box(width, low, depth, bevel=bevel), box(width, head, depth, bevel=bevel).at(y=height - head)
    )
    reach, under = depth * 0.22, height - head
    if chance(rng, 0.8):
        nozzle = cylinder(width * 0.07, height * 0.06, width * 0.12, around=12)
        a.add("spout", nozzle.row(pick(rng, (1, 2)), x=width * 0.18).at(y=under - height * 0.06, z=reach))
    room = under - low - height * 0.07
    if chance(rng, 0.8):
        radius = min(width * 0.38, depth * 0.25) * rng.uniform(0.7, 1.0)
        tall = room * rng.uniform(0.6, 0.95)
        name = pick(rng, ("mug", "jug")) if tall < radius * 3 else "jug"
        a.add(
            name,
            vessel(curve([[radius * 0.8, 0], [radius, tall * 0.4], [radius * 0.8, tall]], 8), 0.004).at(
                y=low, z=reach
            ),
        )
        a.add(
            "handle",
            ear(rng, tall * 0.6, radius * 0.6, 0.012)
            .turned("y", -90)
            .at(y=low + tall * 0.2, z=reach + radius * 0.85),
        )
    front_y, z = height - head / 2, depth / 2
    if chance(rng, 0.5):
        radius = head * rng.uniform(0.15, 0.3)
        a.add("button", cylinder(radius, 0.025, around=roundness(rng)).turned("x", 90).at(y=front_y, z=z))
        if chance(rng, 0.6):
            edge = ring(ellipse(radius * 2.6, count=16), ellipse(radius * 2.1, count=16), 0.02)
            a.add("button ring", edge.at(y=front_y, z=z))
    else:
        a.add(
            "button", key(rng, 0.022, 0.018).row(int(rng.integers(2, 5)), x=width * 0.18).at(y=front_y, z=z)
        )
        if chance(rng, 0.5):
            a.add("display", box(width * 0.4, head * 0.25, 0.01).at(y=front_y + head * 0.2, z=z))
    if chance(rng, 0.4):
        a.add("tank", box(width * 0.85, height * 0.8, 0.06).at(y=0.02, z=-depth / 2 - 0.03))
    if chance(rng, 0.4):
        a.add("lid", box(width * 0.95, 0.02, depth * 0.9, bevel=0.004).at(y=height))
    if chance(rng, 0.4):
        a.add("rack", frame(width * 0.85, depth * 0.45, 0.01, 0.01).turned("x", 90).at(y=low, z=reach))
    a.afford("press", "button")
    a.afford("push", "button")
    a.afford("contain", "jug", "mug", where=inward(z=reach))
    a.afford("grasp", "handle")
    a.afford("open", "lid")
    return a


def blender(rng: np.random.Generator) -> Assembly:
    """Blenders: a foot with a motor and buttons, a jug with handle and lid, blades inside."""
    a = Assembly("blender")
    radius, around = (
        rng.uniform(0.06, 0.1),
        pick(rng, (roundness(rng) + 2, regular(6, 1.0), rectangle(1, 1, 0.2))),
    )
    low, tall, wall = rng.uniform(0.1, 0.2), rng.uniform(0.15, 0.3), 0.004
    neck = radius * rng.uniform(0.55, 0.85)
    a.add(
        "body", lathe([(radius * 1.1, 0), (radius * rng.uniform(0.9, 1.1), low * 0.5), (neck, low)], around)
    )
    top = radius * rng.uniform(0.85, 1.25)
    a.add("jug", vessel([(neck * 0.95, 0), (top, tall)], wall, around).at(y=low))
    a.add(
        "lid",
        lathe([(top * 1.03, 0), (top * 1.03, 0.025), (top * 0.4, 0.03), (top * 0.35, 0.05)], around).at(
            y=low + tall
        ),
    )
    if chance(rng, 0.8):
        loop = ear(rng, tall * 0.7, radius * 0.7, 0.02).at(x=(neck + top) / 2 * 0.95, y=low + tall * 0.15)
        a.add("handle" if chance(rng, 0.6) else "jug", loop)
    if chance(rng, 0.6):
        wing = box(neck * 0.75, 0.004, 0.014).at(x=neck * 0.4, y=0).turned("z", 25)
        a.add("blade", wing.around(4).at(y=low + 0.025), cylinder(0.012, 0.03, around=8).at(y=low + 0.004))
    z = radius * 0.96
    if chance(rng, 0.5):
        a.add("button", key(rng, 0.016, 0.014).row(int(rng.integers(2, 6)), x=0.021).at(y=low * 0.4, z=z))
    else:
        a.add("knob", turn_knob(rng, 0.02).at(y=low * 0.4, z=z))
    a.afford("grasp", "handle")
    a.afford("contain", "jug", where=inward())
    a.afford("pour", "jug", where=both(outward(), facing("z")))
    a.afford("press", "button")
    a.afford("open", "lid")
    return a


def television(rng: np.random.Generator) -> Assembly:
    """Televisions and tube monitors: deep sets with knobs and dials, flat panels on a foot."""
    a = Assembly("tv")
    tube_set = chance(rng, 0.6)
    width = rng.uniform(0.4, 0.8) if tube_set else rng.uniform(0.5, 1.5)
    height = width * rng.uniform(0.55, 0.9) if tube_set else width * rng.uniform(0.52, 0.65)
    case_name = pick(rng, ("body", "shell"))
    if not tube_set:
        thick, edge = rng.uniform(0.02, 0.07), width * rng.uniform(0.01, 0.04)
        a.add(case_name, box(width, height, thick))
        a.add("screen", box(width - 2 * edge, height - 2 * edge, 0.006).at(y=edge, z=thick / 2))
        _stand(a, rng, width, 0.0)
    else:
        depth, thick = width * rng.uniform(0.5, 0.9), width * rng.uniform(0.15, 0.4)
        rear = box(width * 0.95, height * 0.95, depth - thick)
        if chance(rng, 0.6):
            rear = (
                box(width * 0.97, depth - thick, height * 0.97)
                .tapered(0.65)
                .turned("x", -90)
                .at(y=height * 0.485)
            )
            rear = rear.at(z=0.0)
        else:
            rear = rear.at(z=(thick - depth) / 2)
        side = rng.uniform(0.18, 0.3) * width if chance(rng, 0.5) else 0.0
        edge = width * rng.uniform(0.04, 0.09)
        wide, tall = width - 2 * edge - side, height - 2 * edge
        foot_strip = height * 0.12 if not side and chance(rng, 0.6) else 0.0
        tall -= foot_strip
        x, y = -side / 2, foot_strip / 2
        rim = np.add(rectangle(wide, tall, tall * 0.08), [x, y])
        outer = rectangle(width, height, pick(rng, (0.001, 0.04)))
        a.add(case_name, ring(outer, rim, thick).at(y=height / 2, z=thick / 2), rear)
        bulge = pillow_screen(wide, tall, rng.uniform(0.005, 0.05)).at(x=x, y=height / 2 + y, z=thick * 0.6)
        a.add("screen", bulge)
        _tv_controls(a, rng, (side, foot_strip, edge), (width, height, thick))
        if chance(rng, 0.5):
            _stand(a, rng, width, depth * 0.3)
        if chance(rng, 0.3):
            for lean in (-30, 30):
                rod = cylinder(0.005, height * 0.7, around=6).turned("z", lean).at(y=height)
                a.add("antenna", rod)
    a.afford("display", "screen")
    return a


def pillow_screen(width: Number, height: Number, bulge: Number) -> Mesh:
    """A pane around the origin that swells by `bulge` towards +z."""
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 7), np.linspace(-0.5, 0.5, 7))
    rise = bulge * (1 - 2 * (x**2 + y**2))
    return sheet(np.stack([x * width, y * height, rise], axis=-1), 0.01)


def _stand(a: Assembly, rng: np.random.Generator, width: Number, back: Number) -> None:
    """What a screen stands on: a column on a plate, two feet, or nothing; below y = 0."""
    style, high = pick(rng, ("column", "feet", "disc")), width * rng.uniform(0.04, 0.1)
    name = pick(rng, ("stand", "base"))
    if style == "feet":
        a.add(name, box(width * 0.05, high, width * 0.2).at(x=width * 0.35, y=-high, z=-back).both_sides())
        return
    outline = (
        ellipse(width * 0.45, width * 0.3, 20) if style == "disc" else rectangle(width * 0.4, width * 0.22)
    )
    a.add(
        name,
        slab(outline, high * 0.3).at(y=-high, z=-back),
        box(width * 0.1, high, width * 0.05).at(y=-high, z=-back),
    )


def _tv_controls(
    a: Assembly,
    rng: np.random.Generator,
    room: tuple[Number, Number, Number],
    size: tuple[Number, Number, Number],
) -> None:
    """Dials and knobs in the strip beside the screen, buttons in the one below it."""
    (side, low, edge), (width, height, thick) = room, size
    z = thick
    if side:
        x = width / 2 - edge * 0.7 - side / 2
        a.add(
            "dial",
            turn_knob(rng, side * 0.24).row(int(rng.integers(1, 4)), y=side * 0.6).at(x, height * 0.68, z),
        )
        if chance(rng, 0.6):
            a.add("knob", turn_knob(rng, side * 0.13).row(2, x=side * 0.4).at(x, height * 0.25, z))
        if chance(rng, 0.4):
            a.add("grille", box(side * 0.7, 0.008, 0.008).row(6, y=0.018).at(x, height * 0.4, z))
    elif low:
        a.afford("press", "button")
        one = key(rng, low * 0.5, low * 0.35)
        a.add(
            "button",
            one.row(int(rng.integers(2, 7)), x=low * 0.75).at(
                x=width * rng.uniform(-0.1, 0.2), y=edge + low * 0.2, z=z
            ),
        )


def clock(rng: np.random.Generator) -> Assembly:
    """Wall clocks, alarm clocks with bells, mantel clocks with a pendulum."""
    a = Assembly("clock")
    size, depth = between(rng, 0.08, 0.5), rng.uniform(0.08, 0.3)
    depth *= size
    outline = pick(
        rng, (ellipse(size, count=roundness(rng) + 4), rectangle(size, size), regular(8, size)), (4, 2, 1)
    )
    inner = outline * rng.uniform(0.78, 0.92)
    a.add("frame", ring(outline, inner, depth))
    face = "face" if chance(rng, 0.65) else "frame"
    a.add(face, extrude(inner, depth * 0.5).at(z=-depth * 0.1))
    z, thick = depth * 0.2, size * 0.02
    for length, wide in ((0.24, 0.05), (0.36, 0.035)):
        pointer = box(size * wide, size * (length + 0.05), thick).at(y=-size * 0.05)
        a.add("hand", pointer.turned("z", rng.uniform(0, 360)).at(z=z + thick))
    if chance(rng, 0.3):
        mark = box(size * 0.02, size * 0.05, thick).at(y=size * 0.33)
        a.add(face, mark.around(12, "z").at(z=z))
    kind = pick(rng, ("wall", "alarm", "mantel"), (4, 3, 2))
    if kind == "alarm":
        cup = lathe(arc(size * 0.2, 0, 90, 6)[:, :2], 14).at(y=size * 0.5)
        a.add("bell", join([cup.turned("z", lean) for lean in (-38, 38)]))
        pin = cylinder(size * 0.03, size * 0.2, around=8).at(y=-size * 0.62)
        a.add("foot", join([pin.turned("z", lean) for lean in (-35, 35)]))
        if chance(rng, 0.5):
            a.add("handle", tube(arc(size * 0.2, 0, 180, 9), size * 0.02, 6).at(y=size * 0.62))
    elif kind == "mantel":
        high = size * rng.uniform(0.1, 0.9)
        a.add("base", box(size * 1.2, high, depth * 1.6).at(y=-size * 0.46 - high))
    a.afford("display", "face", "hand", where=facing("z"))
    return a


def fan(rng: np.random.Generator) -> Assembly:
    """Table, floor and ceiling fans: blades on a hub, a grille, a pole on a base."""
    a = Assembly("fan")
    radius, count = rng.uniform(0.12, 0.5), int(rng.integers(3, 7))
    wide, pitch = rng.uniform(0.25, 0.5), rng.uniform(12, 35)
    blade = (
        slab(squircle(radius * 0.78, radius * wide, 3, 14), radius * 0.015)
        .turned("x", pitch)
        .at(x=radius * 0.55)
    )
    hub = lathe(
        [(radius * 0.16, 0), (radius * 0.16, radius * 0.15), (radius * 0.06, radius * 0.24)], roundness(rng)
    )
    if chance(rng, 0.3):
        a.add("fan blade", blade.around(count).scaled(1.6, 1, 1.6))
        a.add("body", hub.scaled(1.4).turned("x", 180).at(y=radius * 0.15))
        drop = radius * rng.uniform(0.3, 0.9)
        a.add("pole", cylinder(radius * 0.04, drop, around=8).at(y=radius * 0.1))
        a.add("base", cylinder(radius * 0.2, radius * 0.08, around=16).at(y=drop + radius * 0.05))
        if chance(rng, 0.5):
            a.add("light", ball(radius * 0.4, around=12).at(y=-radius * 0.25))
        return _fan_actions(a)
    high = radius * rng.uniform(1.3, 4.0)
    a.add("fan blade", blade.around(count).turned("x", 90).at(y=high))
    a.add(
        "body",
        hub.turned("x", 90).at(y=high),
        cylinder(radius * 0.2, radius * 0.5).turned("x", -90).at(y=high),
    )
    if chance(rng, 0.8):
        rib = tube(arc(radius, -75, 75, 9) * [1, 0.22, 1], radius * 0.012, 4)
        cage = join([rib.at(y=0).turned("x", 90).turned("z", angle) for angle in np.arange(0, 180, 180 / 7)])
        hoops = [
            tube(arc(radius * r, 0, 360, 25)[:-1], radius * 0.016, 4, closed=True).at(z=h * radius)
            for r, h in ((1.0, 0.0), (0.6, 0.2), (0.6, -0.2))
        ]
        a.add("grille", join([cage, *hoops]).at(y=high))
    z = -radius * 0.3
    a.add("pole", cylinder(radius * 0.07, high, around=10).at(z=z))
    outline = pick(rng, (ellipse(radius * 1.3, count=20), rectangle(radius * 1.2, radius * 1.1, 0.04)))
    a.add("base", slab(outline, radius * 0.12).at(z=z))
    if chance(rng, 0.6):
        one = key(rng, radius * 0.12, radius * 0.12).turned("x", -90)
        a.add(
            "button",
            one.row(int(rng.integers(2, 5)), x=radius * 0.18).at(y=radius * 0.12, z=z + radius * 0.35),
        )
    return _fan_actions(a)


def _fan_actions(a: Assembly) -> Assembly:
    a.afford("press", "button")
    a.afford("move", "pole", "base")
    return a
