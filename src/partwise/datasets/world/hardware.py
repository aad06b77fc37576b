"""Things held together by bolts, and what is built of them: boards on trucks, skates, casters, pulleys."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along, deck, wheel
from partwise.datasets.world.build import box, cylinder, extrude, lathe, slab, tube
from partwise.datasets.world.dice import between, chance, pick, roundness
from partwise.datasets.world.fields import facing
from partwise.datasets.world.fittings import bearing, bolt, bolt_head, hex_nut, washer
from partwise.datasets.world.mesh import Number, Piece, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle
from partwise.datasets.world.tools import laid


def roller(rng: np.random.Generator, radius: Number, width: Number, nut: str) -> list[Piece]:
    """A small wheel on an axle along x from the origin outwards: bearings in its bore, washers, the nut at the end.

    nut  what the piece at the end of the axle is called
    """
    hole, rod = radius * rng.uniform(0.38, 0.5), radius * rng.uniform(0.13, 0.18)
    soft = radius * rng.uniform(0.1, 0.35)
    tread = [(hole, 0), (radius - soft, 0), (radius, soft), (radius, width - soft), (radius - soft, width)]
    if chance(rng, 0.3):  # a core with a web, as softer wheels have it
        tread = [(hole, width * 0.2), (radius * 0.75, width * 0.1), *tread[1:], (radius * 0.75, width * 0.9)]
    thick, out = width * rng.uniform(0.16, 0.26), rng.uniform(-0.02, 0.05) * width
    race = bearing(rng, rod, hole, thick)
    flat, high = rod * rng.uniform(0.25, 0.6), rod * rng.uniform(0.9, 1.6)
    ring_out = washer(rod, rod * rng.uniform(1.5, 2.0), flat)
    end = width + out
    upright = [
        Piece("wheel", lathe([*tread, (hole, width)], max(12, roundness(rng)), closed=True)),
        Piece("bearing", race.at(y=-out) + race.at(y=width + out - thick)),
        Piece("washer", ring_out.at(y=-out - flat) + ring_out.at(y=end)),
        Piece(nut, hex_nut(rng, rod, high).at(y=end + flat)),
        Piece("truck", cylinder(rod * 0.97, end + flat + high * 1.2 + out, around=8).at(y=-out)),
    ]
    return [piece.changed(lambda mesh: mesh.turned("z", -90)) for piece in upright]


def truck(rng: np.random.Generator, half: Number, axle_y: Number, top: Number) -> list[Piece]:
    """What carries the two wheels of a board: hanger, bushings, a plate under the deck; axle along x at `axle_y`."""
    thick = (top - axle_y) * rng.uniform(0.25, 0.4)
    slope = [(thick * 0.4, half), (thick * 0.5, half * 0.5)]
    neck = curve([*((r, -x) for r, x in slope), (thick, 0), *reversed(slope)], 9)
    hanger = lathe(neck, 10).turned("z", 90).at(y=axle_y)
    plate = box(half * rng.uniform(0.8, 1.1), thick * 0.5, half * rng.uniform(1.0, 1.5), bevel=thick * 0.1)
    plate = plate.at(y=top - thick * 0.5)
    lean = rng.uniform(-25, 25)
    post = cylinder(thick * 0.35, (top - axle_y) * 1.2, around=8).at(y=-(top - axle_y) * 0.3)
    soft = lathe([(thick * 0.8, 0), (thick * 0.65, thick * 0.3), (thick * 0.85, thick * 0.6)], 12)
    post, soft = (mesh.turned("x", lean).at(y=axle_y + thick * 0.5) for mesh in (post, soft))
    pivot = box(thick * 0.7, (top - axle_y) * 0.8, thick * 0.7).turned("x", -2 * lean).at(y=axle_y)
    own = chance(rng, 0.25)
    return [
        Piece("truck", join([hanger, pivot])),
        Piece("base plate" if own else "truck", plate, of="truck"),
        Piece("truck", post),
        Piece("bushing" if own else "truck", soft, of="truck"),
    ]


def skateboard(rng: np.random.Generator) -> Assembly:
    """Skateboards and longboards: plain ones, and such with all their bolts, nuts, washers and bearings."""
    a = Assembly("skateboard")
    length, width, radius = rng.uniform(0.6, 1.0), rng.uniform(0.17, 0.24), rng.uniform(0.024, 0.04)
    top, z = 2 * radius + rng.uniform(0.005, 0.035), length * rng.uniform(0.27, 0.36)
    a.add("deck", deck(rng, length, width, top + length * 0.006, rng.uniform(0, 0.14)))
    if chance(rng, 0.3):
        _plain_trucks(a, rng, (width, top, z), radius)
    else:
        _bolted_trucks(a, rng, (width, top, z), radius)
    a.afford("ride", "deck", where=facing())
    a.afford("support", "deck", where=facing())
    return a


def _plain_trucks(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], radius: Number
) -> None:
    """Four wheels on two blocks, as simple models have it; `size` is (width, height of the deck, z of a truck)."""
    width, top, z = size
    rim = wheel(rng, radius, radius * rng.uniform(0.9, 1.3), pick(rng, ("disc", "dish")))
    a.add("wheel", rim.copies([(x * width * 0.38, radius, s * z) for x in (-1, 1) for s in (-1, 1)]))
    block = join(
        [
            box(width * 0.62, 0.018, 0.02).at(y=radius - 0.009),
            box(0.05, top - radius, 0.06).tapered(1.2).at(y=radius),
            box(0.06, 0.012, 0.09).at(y=top - 0.012),
        ]
    )
    a.add("truck", block.copies([(0, 0, z), (0, 0, -z)]))


def _bolted_trucks(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], radius: Number
) -> None:
    """Trucks with their wheels, and the bolts that hold them to the deck, heads above and nuts below."""
    width, top, z = size
    at_axle, on_deck = pick(rng, (("nut", "bolt"), ("nut", "screw"), ("bolt", "screw")), (3, 3, 3))
    half, broad = width * rng.uniform(0.26, 0.34), radius * rng.uniform(0.9, 1.5)
    pieces = truck(rng, half, radius, top)
    for piece in roller(rng, radius, broad, at_axle):
        outer = piece.mesh.at(x=half * 1.02, y=radius)
        pieces.append(piece._replace(mesh=outer.both_sides("x")))
    thin = radius * rng.uniform(0.07, 0.13)
    x, apart = half * rng.uniform(0.2, 0.35), half * rng.uniform(0.4, 0.6)
    long = rng.uniform(0.01, 0.02) + 2 * thin
    head = bolt(rng, thin, long).at(x=x, z=apart).four_corners()
    pieces.append(Piece(on_deck, head.at(y=top + rng.uniform(0.008, 0.016))))
    if chance(rng, 0.7):
        below = hex_nut(rng, thin, thin * 1.5).at(x=x, z=apart).four_corners()
        pieces.append(Piece("nut", below.at(y=top - (half * 0.08 + 2 * thin))))
    a.put(pieces, z=z)
    a.put((piece.changed(lambda mesh: mesh.turned("y", 180)) for piece in pieces), z=-z)


def roller_skate(rng: np.random.Generator) -> Assembly:
    """Skates: a boot with laces or straps, on four wheels or on a row of them."""
    a = Assembly("roller skate")
    long, wide, radius = rng.uniform(0.24, 0.32), rng.uniform(0.08, 0.1), rng.uniform(0.026, 0.036)
    inline = chance(rng, 0.5)
    sole = 2 * radius + rng.uniform(0.015, 0.04)
    shape = slab(ellipse(wide, long), rng.uniform(0.008, 0.02)).at(y=sole)
    high, ankle = rng.uniform(0.1, 0.24), rng.uniform(0.75, 0.9)
    foot = [(long * 0.5, 0.02), (long * 0.47, 0.055), (long * 0.1, 0.095), (-long * 0.05, high)]
    shaft = [(-long * 0.45, high * 1.03), (-long * 0.5, 0.02)]
    boot = along([*foot, *shaft], wide * ankle).at(y=sole)
    a.add("boot", boot)
    a.add("sole" if chance(rng, 0.7) else "plate", shape)
    count = int(rng.integers(2, 5)) if chance(rng, 0.8) else 0
    lace = tube(arc(wide * 0.47, 20, 160, 7)[:, [0, 2, 1]], 0.004, 5)
    for step in np.linspace(0.3, 0.85, count):
        y, z = sole + 0.07 + (high - 0.07) * step, long * (0.12 - 0.2 * step)
        a.add("lace" if high < 0.16 else "strap", lace.scaled(1, 1, 0.4).at(y=y, z=z))
    bolt_name = pick(rng, ("nut", "bolt", "screw"))
    if inline:
        places = np.linspace(-0.42, 0.42, int(rng.integers(3, 6))) * long
        side = along(
            [(-long * 0.48, radius), (long * 0.48, radius), (long * 0.4, sole), (-long * 0.4, sole)], 0.004
        )
        a.add("frame", side.at(x=radius * 0.7).both_sides())
        rim = cylinder(radius, radius, bevel=radius * 0.3, around=16).at(y=-radius / 2).turned("z", 90)
        pin = bolt_head(rng, radius * 0.2).turned("z", -90).at(x=radius * 0.75).both_sides()
        a.add("wheel", rim.copies([(0, radius, z) for z in places]))
        a.add(bolt_name, pin.copies([(0, radius, z) for z in places]))
    else:
        for z in (long * 0.3, -long * 0.32):
            pieces = truck(rng, wide * 0.36, radius, sole)
            for piece in roller(rng, radius, radius, bolt_name):
                outer = piece.mesh.at(x=wide * 0.36, y=radius)
                pieces.append(piece._replace(mesh=outer.both_sides()))
            a.put(pieces, z=z)
    if chance(rng, 0.6):
        stop = cylinder(radius * 0.6, radius * 1.1, radius * 0.8, around=12).turned("x", 20)
        a.add("brake", stop.at(y=radius * 1.0, z=long * 0.5 if not inline else -long * 0.52))
    a.afford("wear", "boot", "strap")
    a.afford("ride", "boot", "sole")
    return a


def caster(rng: np.random.Generator) -> Assembly:
    """A swivel wheel by itself: top plate or stem, fork, wheel, the bolt and nut of its axle, often a brake."""
    a = Assembly("caster")
    radius, wide = rng.uniform(0.025, 0.06), rng.uniform(0.018, 0.034)
    rod, cheek = radius * rng.uniform(0.1, 0.16), wide / 2 + rng.uniform(0.002, 0.005)
    top, trail = 2 * radius + rng.uniform(0.008, 0.02), radius * rng.uniform(0, 0.6)
    a.add("wheel", wheel(rng, radius, wide).at(y=radius, z=-trail))
    low, broad = radius * 0.8, radius * 0.35
    side = along(
        [(-trail - broad, low), (broad - trail, low), (radius * 0.6, top), (-radius * 0.6, top)], 0.003
    )
    a.add(
        "fork", side.at(x=cheek + 0.0015).both_sides(), box(2 * cheek + 0.006, 0.003, radius * 1.2).at(y=top)
    )
    head = bolt_head(rng, rod).turned("z", -90).at(x=cheek + 0.003, y=radius, z=-trail)
    end = hex_nut(rng, rod, rod * 1.4).turned("z", 90).at(x=-cheek - 0.003, y=radius, z=-trail)
    pin = (
        cylinder(rod * 0.95, 2 * cheek + 0.01, around=8)
        .turned("z", 90)
        .at(x=cheek + 0.003, y=radius, z=-trail)
    )
    a.add("bolt", head, pin)
    a.add("nut", end)
    swivel = bearing(rng, radius * 0.2, radius * 0.6, 0.007).at(y=top + 0.003)
    a.add("bearing" if chance(rng, 0.7) else "fork", swivel)
    if chance(rng, 0.6):
        size = radius * rng.uniform(1.6, 2.1)
        a.add("plate", box(size, 0.004, size).at(y=top + 0.01))
        screw = bolt_head(rng, size * 0.06).at(x=size * 0.38, z=size * 0.38).four_corners()
        a.add("screw", screw.at(y=top + 0.014))
    else:
        a.add("stem", cylinder(radius * 0.2, radius * 1.2, around=12).at(y=top + 0.01))
    if chance(rng, 0.5):
        a.add(
            "brake",
            box(wide * 0.8, 0.004, radius * 0.9).turned("x", 25).at(y=top * 0.92, z=-trail - radius * 1.0),
        )
        a.afford("press", "brake")
    a.afford("move", "wheel")
    return a


def fastened(rng: np.random.Generator) -> Assembly:
    """Bolts with their nuts and washers: alone, or through plates, angles and flanges that they hold together."""
    style = pick(rng, ("alone", "plates", "flange", "bracket"), (2, 2, 2, 2))
    a = Assembly("bolt" if style == "alone" else pick(rng, ("joint", "bracket", "fitting")))
    rod, name = between(rng, 0.003, 0.012), pick(rng, ("bolt", "screw"))
    if style == "alone":
        long = rod * rng.uniform(5, 12)
        pieces = [Piece(name, bolt(rng, rod, long))]
        pieces.append(
            Piece("nut", hex_nut(rng, rod, rod * rng.uniform(1.3, 2)).at(y=-long * rng.uniform(0.6, 0.95)))
        )
        for y in (-rod * 0.35, -long * rng.uniform(0.35, 0.55)):
            pieces.append(Piece("washer", washer(rod, rod * rng.uniform(2.0, 2.8), rod * 0.35).at(y=y)))
        return laid(rng, a.category, pieces, {"grasp": (name,)})
    thick = rod * rng.uniform(0.8, 2.0)
    if style == "flange":
        wide = rod * rng.uniform(14, 22)
        a.add("flange", *(washer(wide * 0.25, wide / 2, thick, 24).at(y=y) for y in (-thick, 0)))
        pipe = washer(wide * 0.25, wide * 0.3, wide * rng.uniform(0.4, 0.9), 24)
        a.add("pipe", pipe.at(y=thick), pipe.mirrored("y").at(y=-thick))
        places, stack = arc(wide * 0.41, 0, 360, int(rng.integers(4, 9)) + 1)[:-1, [0, 2, 1]], 2 * thick
    else:
        wide, deep = rod * rng.uniform(12, 24), rod * rng.uniform(6, 10)
        a.add("plate", box(wide, thick, deep))
        other = box(wide * 0.7, thick, deep).at(x=wide * rng.uniform(-0.3, 0.3), y=-thick)
        if style == "bracket":
            other = join(
                [box(wide, thick, deep), box(thick, wide * 0.5, deep).at(x=wide / 2 - thick / 2)]
            ).mirrored("y")
        a.add("bracket" if style == "bracket" else "plate", other)
        count, stack = int(rng.integers(2, 4)), 2 * thick
        places = np.stack(
            [np.linspace(-0.3, 0.3, count) * wide * 0.8, np.zeros(count), np.zeros(count)], axis=1
        )
    flat = rod * rng.uniform(0.25, 0.4)
    ring_in = washer(rod, rod * rng.uniform(1.9, 2.4), flat)
    a.add(name, bolt(rng, rod, stack + rod * 3).at(y=thick + flat).copies(places))
    a.add("washer", (ring_in.at(y=thick) + ring_in.at(y=thick - stack - flat)).copies(places))
    nut = hex_nut(rng, rod, rod * 1.5).mirrored("y").at(y=thick - stack - flat)
    a.add("nut", nut.copies(places))
    return a


def pulley(rng: np.random.Generator) -> Assembly:
    """A block and hook: a grooved wheel between cheeks, a bolt through all, often with its rope."""
    a = Assembly("pulley")
    radius, wide = rng.uniform(0.03, 0.08), rng.uniform(0.012, 0.03)
    rod, cheek = radius * rng.uniform(0.12, 0.2), wide * 0.6
    groove = [(rod * 2, 0), (radius, 0), (radius * 0.8, wide / 2), (radius, wide), (rod * 2, wide)]
    a.add("wheel", lathe(groove, 24, closed=True).at(y=-wide / 2).turned("x", 90))
    a.add("bearing", bearing(rng, rod, rod * 2, wide * 1.02).at(y=-wide * 0.51).turned("x", 90))
    side = extrude(rectangle(radius * rng.uniform(0.9, 1.6), radius * 2.6, radius * 0.4), wide * 0.15)
    a.add(pick(rng, ("frame", "cheek", "housing")), side.at(z=cheek), side.at(z=-cheek))
    head = bolt_head(rng, rod).turned("x", 90).at(z=cheek * 1.12)
    pin = cylinder(rod * 0.95, 2 * cheek, around=8).turned("x", 90).at(z=-cheek)
    a.add("bolt", head, pin)
    a.add("nut", hex_nut(rng, rod, rod).turned("x", -90).at(z=-cheek * 1.12))
    top = radius * 1.3
    bow = curve(
        [[0, 0, 0], [0.02, 0.25, 0], [0.32, 0.45, 0], [0.3, 0.85, 0], [-0.05, 0.95, 0], [-0.3, 0.7, 0]], 14
    )
    a.add("hook", tube(bow * radius * 1.4 + [0, top * 0.95, 0], radius * 0.1, 8))
    if chance(rng, 0.6):
        left = np.array([[-radius * 0.85, -radius * rng.uniform(2, 4), 0], [-radius * 0.85, 0, 0]])
        path = np.concatenate([left, arc(radius * 0.85, 180, 0, 9), left[::-1] * [-1, 1, 1]])
        a.add("rope", tube(path, wide * 0.2, 6))
    a.afford("pull", "rope")
    a.afford("support", "hook")
    return a
