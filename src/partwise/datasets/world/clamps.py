"""What holds work in place: clamps with a screw in a bow, on a bar or pipe, with a trigger, a toggle, a spring."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import cutout
from partwise.datasets.world.build import ball, box, cylinder, lathe, pillow, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import curve, helix, rectangle, rounded, star
from partwise.datasets.world.squeezers import squeeze_clamp
from partwise.datasets.world.tools import laid


def clamp(rng: np.random.Generator) -> Assembly:
    """Clamps: a screw in a bow or cast frame, jaws on a bar or pipe, wooden jaws, a toggle, levers with a spring."""
    frames = (_bow_clamp, _cast_clamp, _hand_screw, _trigger_clamp, _bar_clamp, _pipe_clamp)
    make = pick(rng, (*frames, _spring_clamp, _toggle_clamp, squeeze_clamp), (3, 4, 2, 2, 2, 2, 2, 2, 9))
    triggers = ("trigger", "lever", "release lever")
    actions = {"grasp": ("handle", "grip", "body"), "press": triggers, "pull": ("lever",)}
    return laid(rng, "clamp", make(rng), actions | {"wrapgrasp": ("grip",)})


def _thread(radius: Number, length: Number, pitch: Number) -> Mesh:
    """A threaded rod from y = 0 up, its ridges as rings."""
    count = max(4, int(length / pitch))
    y = np.linspace(0, length, 2 * count + 1)
    return lathe(np.stack([radius * np.where(np.arange(len(y)) % 2, 1.0, 0.82), y], axis=1), 10)


def _turner(rng: np.random.Generator, size: Number) -> Mesh:
    """What turns a screw, around the origin: a bar with knobs at its ends, two wings, a wooden grip, a star."""
    style = pick(rng, ("bar", "wings", "grip", "star"), (4, 2, 2, 1))
    if style == "bar":
        shift = pick(rng, (0.0, 0.3)) * size
        rod = cylinder(size * 0.06, size * 1.1, around=8).at(y=-size * 0.55)
        knob = ball(size * 0.17, around=8)
        return join([rod, knob.at(y=size * 0.55), knob.at(y=-size * 0.55)]).turned("z", 90).at(x=shift)
    if style == "wings":
        wing = pillow(size * 0.5, size * 0.3, size * 0.1, 3, 10).at(x=size * 0.26, y=-size * 0.05)
        return wing.both_sides() + cylinder(size * 0.14, size * 0.25, around=10).at(y=-size * 0.12)
    if style == "grip":
        shape = [(0.1, 0), (0.2, 0.1), (0.17, 0.5), (0.21, 0.85), (0.08, 1.0)]
        return lathe(curve(np.array(shape) * size, 9), 12).at(y=-size)
    return slab(star(int(pick(rng, (3, 5))), size * 0.6, size * 0.3), size * 0.22).at(y=-size * 0.2)


def _cast_clamp(rng: np.random.Generator) -> list[Piece]:
    """A C clamp cast in iron: a ribbed frame with an anvil above and a boss below, a threaded screw, a swivel pad."""
    wide, high, thick = rng.uniform(0.045, 0.1), rng.uniform(0.09, 0.2), rng.uniform(0.012, 0.022)
    bend = [
        (0, high),
        (wide * 0.75, high * rng.uniform(0.9, 1.0)),
        (wide, high * 0.5),
        (wide * 0.75, 0),
        (0, 0),
    ]
    spine = curve(bend, 15) if chance(rng, 0.6) else rounded(bend, wide * 0.3)
    path = np.concatenate([spine, np.zeros((len(spine), 1))], axis=1)
    bow = [sweep(path, rectangle(thick * 0.5, thick * 1.3))]
    if chance(rng, 0.6):
        bow.append(sweep(path, rectangle(thick * 1.2, thick * 0.45)))  # the flange of a T or cross section
    boss = cylinder(thick * 0.75, thick * 2.0, thick * 0.65, around=12).at(y=-thick * 1.1)
    anvil = cylinder(thick * 0.7, thick * 0.6, around=12).at(y=high - thick * 1.1)
    fixed = pick(rng, ("frame", "jaw", "anvil"), (2, 3, 1))
    bore, gap = thick * rng.uniform(0.26, 0.4), rng.uniform(0.25, 0.8)
    top = thick * 1.2 + (high - thick * 2.4) * (1 - gap)
    low = -high * rng.uniform(0.35, 0.75)
    pad = lathe([(bore * 1.3, 0), (thick * 0.75, thick * 0.25), (thick * 0.75, thick * 0.5)], 14)
    pieces = [
        Piece("frame", join([*bow, boss])),
        Piece(fixed, anvil),
        Piece("screw", _thread(bore, top - low, thick * rng.uniform(0.2, 0.35)).at(y=low)),
        Piece(pick(rng, ("pad", "jaw", "jaw", "screw")), pad.at(y=top - thick * 0.15)),
        Piece(pick(rng, ("handle", "handle", "screw")), _turner(rng, wide * rng.uniform(0.6, 1.0)).at(y=low)),
    ]
    if chance(rng, 0.3):
        collar = cylinder(bore * 1.6, thick * 0.5, around=int(pick(rng, (6, 12))))
        pieces.append(Piece(pick(rng, ("ring", "nut")), collar.at(y=top - thick * 0.6)))
    return pieces


def _hand_screw(rng: np.random.Generator) -> list[Piece]:
    """A wooden hand screw: two long jaws, two threaded rods through both, their grips at opposite ends."""
    long, thick = rng.uniform(0.18, 0.32), rng.uniform(0.028, 0.045)
    gape, lean = rng.uniform(0.1, 1.6) * thick, rng.uniform(-4, 4)
    tip = rng.uniform(0.35, 0.8) * thick
    side = np.array([(0, 0), (long, 0), (long, tip), (long * 0.6, thick), (0, thick)])
    jaw = cutout(side, thick * 0.95).turned("z", lean).at(y=gape / 2)
    rod, grip_long = thick * rng.uniform(0.13, 0.2), rng.uniform(0.08, 0.12)
    span = gape + 2.6 * thick
    hold = lathe(
        curve([[rod, 0], [rod * 2.6, grip_long * 0.2], [rod * 2.2, grip_long]], 8), max(8, roundness(rng))
    )
    pieces = [Piece("jaw", jaw.both_sides("y"))]
    for sign, x in ((1, long * 0.12), (-1, long * 0.45)):
        screw = _thread(rod, span, rod * 1.2).at(y=-span / 2)
        handle = hold.at(y=span / 2 - 0.002)
        both_parts = (("screw", screw), ("handle", handle))
        pieces += [Piece(n, (m if sign > 0 else m.turned("z", 180)).at(x=x)) for n, m in both_parts]
        if chance(rng, 0.4):
            barrel = cylinder(rod * 2, thick * 1.05, around=10).turned("x", 90).at(x=x, y=0, z=-thick * 0.52)
            offset = gape / 2 + thick * 0.5
            pieces.append(Piece("nut", barrel.at(y=offset) + barrel.at(y=-offset)))
    return pieces


def _pipe_clamp(rng: np.random.Generator) -> list[Piece]:
    """A pipe clamp: a head with a screw and crank at one end of a pipe, a tail that slides and locks with a lever."""
    long, radius, reach = rng.uniform(0.3, 0.7), rng.uniform(0.009, 0.014), rng.uniform(0.04, 0.07)
    depth = radius * rng.uniform(2.4, 3.4)
    pipe = cylinder(radius, long, around=max(10, roundness(rng))).turned("z", -90)
    sleeve = cylinder(radius * 1.6, radius * 3.2, around=14).turned("z", -90)
    face = cutout([(0, 0), (radius * 3, 0), (radius * 1.6, reach), (0, reach)], depth)
    tail, at = long * rng.uniform(0.45, 0.85), radius * 2
    name = pick(rng, ("jaw", "head"))
    rod = cylinder(radius * 0.55, reach * 1.8, around=10).turned("z", 90).at(x=at, y=reach * 0.5)
    plate = box(radius * 0.9, reach * 1.1, depth).at(x=at + radius * 2.6, y=-radius * 0.5)
    crank = tube([[0, 0, 0], [0, reach * 0.8, 0], [-reach * 0.5, reach * 0.8, 0]], radius * 0.3, 6)
    pieces = [
        Piece(pick(rng, ("pipe", "bar")), pipe),
        Piece(name, sleeve.at(x=tail) + face.at(x=tail, y=radius)),
        Piece("body", sleeve.at(x=at - radius * 3.2) + face.mirrored("x").at(x=at, y=radius)),
        Piece("jaw", plate),
        Piece(
            "screw", rod.at(x=radius * 2) + ball(radius * 1.6, around=8).at(x=at + radius * 2, y=reach * 0.5)
        ),
        Piece("handle", crank.at(x=at + radius * 2 - reach * 1.8 + radius * 2, y=reach * 0.5)),
    ]
    catch = (
        box(radius * 0.5, radius * 5, depth * 0.8)
        .turned("z", 15)
        .row(int(pick(rng, (1, 2, 3))), x=radius * 0.8)
    )
    pieces.append(Piece(pick(rng, ("lever", "plate")), catch.at(x=tail + radius * 4.4, y=-radius * 3)))
    if chance(rng, 0.5):
        stand = box(radius * 1.5, radius * 1.5, depth * 2.2).at(y=-radius * 3)
        stand = stand + box(radius, radius * 2.2, radius).at(y=-radius * 2.4)
        pieces.append(Piece("foot", stand.copies([(at, 0, 0), (long * 0.93, 0, 0)])))
    return pieces


def _toggle_clamp(rng: np.random.Generator) -> list[Piece]:
    """A toggle clamp on a base plate: a lever with a soft grip swings down an arm that ends in a bolt."""
    size = rng.uniform(0.05, 0.09)
    open_angle = pick(rng, (0.0, 0.0, 1.0)) * rng.uniform(30, 80)
    base = box(size * 0.8, size * 0.06, size * 0.7)
    head = cylinder(size * 0.07, size * 0.05, around=6).at(x=size * 0.28, y=size * 0.05, z=size * 0.25)
    cheek = cutout([(-0.3, 0), (0.25, 0), (0.2, 0.6), (-0.05, 0.7), (-0.25, 0.45)], 0.05).scaled(size)
    pin = cylinder(size * 0.06, size * 0.34, around=10).turned("x", 90).at(z=-size * 0.17)
    arm = box(size * 1.25, size * 0.1, size * 0.16).at(x=size * 0.6, y=-size * 0.05)
    bolt = cylinder(size * 0.05, size * 0.55, around=10).at(x=size * 1.1, y=-size * 0.42)
    tip = cylinder(size * 0.09, size * 0.14, around=12).at(x=size * 1.1, y=-size * 0.5)
    nut = cylinder(size * 0.1, size * 0.07, around=6).at(x=size * 1.1)
    nuts = nut.at(y=size * 0.05) + nut.at(y=-size * 0.12)
    rod = tube([[0, 0, 0], [-size * 0.25, size * 0.55, 0], [-size * 0.35, size * 1.0, 0]], size * 0.06, 8)
    hold = tube([[-size * 0.3, size * 0.75, 0], [-size * 0.55, size * 1.75, 0]], size * 0.11, 10)

    def swung(mesh: Mesh, share: Number) -> Mesh:
        return mesh.turned("z", open_angle * share).at(x=size * 0.08, y=size * 0.5)

    own = chance(rng, 0.7)
    return [
        Piece(pick(rng, ("base", "base", "base plate")), base),
        Piece("bolt", head.four_corners()),
        Piece(pick(rng, ("frame", "body")), cheek.row(2, z=size * 0.2)),
        Piece("pivot", pin.at(x=size * 0.08, y=size * 0.5) + pin.at(x=-size * 0.12, y=size * 0.3)),
        Piece(pick(rng, ("arm", "jaw")), swung(arm, 1.0)),
        Piece("screw" if chance(rng, 0.6) else "rod", swung(bolt, 1.0)),
        Piece(pick(rng, ("pad", "tip")), swung(tip, 1.0)),
        Piece("nut", swung(nuts, 1.0)),
        Piece("lever" if own else "handle", swung(rod, 0.8)),
        Piece("grip" if own else "handle", swung(hold, 0.8)),
    ]


def _bow_clamp(rng: np.random.Generator) -> list[Piece]:
    """A G clamp: frame, screw with its pad, the bar that turns it."""
    wide, high, thick = rng.uniform(0.05, 0.09), rng.uniform(0.1, 0.18), rng.uniform(0.014, 0.022)
    path = np.array(
        [
            [0, high, 0],
            [wide * 0.6, high, 0],
            [wide, high * 0.85, 0],
            [wide, high * 0.15, 0],
            [wide * 0.6, 0, 0],
            [0, 0, 0],
        ]
    )
    bow = sweep(path, rectangle(thick * 0.7, thick))
    screw = cylinder(thick * 0.28, high * 0.95, around=10).at(y=-high * 0.5)
    bar = cylinder(thick * 0.18, wide * 0.9, around=8).turned("z", 90).at(x=wide * 0.45, y=-high * 0.48)
    pad = cylinder(thick * 0.6, thick * 0.5, around=12).at(y=high * 0.42)
    named = pick(rng, ("screw", "pad", "jaw"))
    return [
        Piece("frame", bow),
        Piece("screw", screw),
        Piece(named, pad),
        Piece("handle" if chance(rng, 0.4) else "screw", bar),
    ]


def _jaw(rng: np.random.Generator, reach: Number, thick: Number) -> Float64[np.ndarray, "P 2"]:
    """Outline of a jaw that stands on the bar (y = 0) and grips towards -x: a wedge, a block or a bent arm."""
    deep, low = reach * rng.uniform(0.25, 0.5), -thick * rng.uniform(0.6, 1.2)
    style = pick(rng, ("wedge", "block", "arm"))
    if style == "wedge":
        return np.array(
            [[0, low], [deep * 1.4, low], [deep * 1.5, reach * 0.2], [deep * 0.5, reach], [0, reach]]
        )
    if style == "block":
        return np.array([[0, low], [deep, low], [deep, reach * 0.9], [deep * 0.8, reach], [0, reach]])
    return np.array(
        [
            [deep * 0.5, low],
            [deep * 1.3, low],
            [deep * 1.3, reach * 0.6],
            [deep * 0.6, reach],
            [0, reach],
            [0, reach * 0.6],
            [deep * 0.5, reach * 0.45],
        ]
    )


def _bar(rng: np.random.Generator, length: Number, thick: Number) -> Mesh:
    """The bar along x from 0 to `length`: flat or round."""
    if chance(rng, 0.5):
        return box(length, thick * rng.uniform(0.5, 0.9), thick * rng.uniform(0.2, 0.6)).at(
            x=length / 2, y=-thick * 0.35
        )
    return cylinder(thick * rng.uniform(0.18, 0.35), length, around=max(8, roundness(rng))).turned("z", -90)


def _trigger_clamp(rng: np.random.Generator) -> list[Piece]:
    """A one-handed clamp: a jaw at the end of the bar; on it slides a body with a second jaw, a grip and a trigger.

    Bar and end jaw are one part as often as not, and so are body, jaw and grip.
    """
    length, reach, thick = rng.uniform(0.25, 0.5), rng.uniform(0.06, 0.1), rng.uniform(0.022, 0.036)
    place, depth = length * rng.uniform(0.3, 0.7), thick * rng.uniform(0.8, 1.2)
    end = cutout(_jaw(rng, reach, thick), depth * rng.uniform(0.6, 1.0)).at(x=length * 0.93)
    moving = cutout(_jaw(rng, reach * rng.uniform(0.7, 1.0), thick) * [-1, 1], depth * 0.9)
    block = box(reach * rng.uniform(0.5, 0.9), thick * 1.8, depth * 1.05, bevel=thick * 0.15)
    block = block.at(x=-reach * 0.3, y=-thick * 1.1)
    drop, lean, wide = rng.uniform(0.09, 0.13), rng.uniform(-0.035, 0.035), rng.uniform(0.02, 0.034)
    path = [(-0.01, -thick), (-0.01 + lean * 0.4, -drop * 0.5), (lean - 0.01, -drop)]
    path = curve(np.array(path), 5)
    stick = _ribbon(path - [wide * 0.9, 0], wide * rng.uniform(0.8, 1.1), depth * 0.8)
    long = rng.uniform(0.6, 0.95)
    pull = path[: max(3, round(5 * long))].copy()
    pull[:, 0] += wide * rng.uniform(0.2, 0.5) + np.linspace(0, 0.012, len(pull))
    finger = _ribbon(pull, wide * 0.55, depth * 0.6)
    bar_name, jaw_name = pick(rng, (("jaw", "jaw"), ("bar", "jaw"), ("bar", "head")), (3, 2, 1))
    own = pick(rng, ("body", "jaw", "handle"), (5, 2, 2))
    pieces = [
        Piece(jaw_name, end),
        Piece(bar_name, _bar(rng, length, thick)),
        Piece("jaw" if own == "jaw" else "body", moving.at(x=place)),
        Piece("body", block.at(x=place)),
        Piece("handle" if own == "handle" else "body", stick.at(x=place)),
        Piece("trigger", finger.at(x=place)),
    ]
    if chance(rng, 0.4):
        catch = box(0.005, 0.03, depth * 0.5).turned("z", 20).at(x=place + 0.018, y=-thick - 0.022)
        pieces.append(Piece("lever" if chance(rng, 0.5) else "body", catch))
    if chance(rng, 0.3):
        soft = box(0.008, reach * 0.4, depth * 1.1)
        pieces.append(Piece("pad", soft.at(x=length * 0.93 - 0.004, y=reach * 0.55)))
        pieces.append(Piece("pad", soft.at(x=place + 0.004, y=reach * 0.45)))
    return pieces


def _ribbon(path: Float64[np.ndarray, "P 2"], wide: Number, depth: Number) -> Mesh:
    """A bar of rectangular section along a path in the x-y plane."""
    flat = np.concatenate([path, np.zeros((len(path), 1))], axis=1)
    taper = np.linspace(1.0, 0.85, len(path))
    return sweep(flat, rectangle(depth, wide, min(wide, depth) * 0.25, 2), taper)


def _bar_clamp(rng: np.random.Generator) -> list[Piece]:
    """An F clamp: a fixed arm at the end of the bar, a sliding one with a screw and its wooden handle."""
    length, reach, thick = rng.uniform(0.25, 0.6), rng.uniform(0.07, 0.12), rng.uniform(0.016, 0.026)
    place, depth = length * rng.uniform(0.15, 0.5), thick * 0.8
    arm = cutout([(0, -thick), (thick, -thick), (thick, reach), (0, reach)], depth)
    screw = (
        cylinder(thick * 0.28, length * 0.4, around=10).turned("z", -90).at(x=-length * 0.22, y=reach * 0.85)
    )
    grip = cylinder(thick * 0.7, 0.09, thick * 0.6, around=roundness(rng)).turned("z", 90)
    pad = cylinder(thick * 0.6, thick * 0.4, around=12).turned("z", -90).at(x=length * 0.18, y=reach * 0.85)
    same = chance(rng, 0.5)
    return [
        Piece("jaw", arm.at(x=length * 0.95)),
        Piece("bar", _bar(rng, length, thick)),
        Piece("jaw" if same else "body", arm.at(x=place)),
        Piece("screw", screw.at(x=place)),
        Piece("handle", grip.at(x=place - length * 0.22, y=reach * 0.85)),
        Piece("pad" if chance(rng, 0.5) else "screw", pad.at(x=place)),
    ]


def _spring_clamp(rng: np.random.Generator) -> list[Piece]:
    """A spring clamp or peg: two crossed levers, jaws with pads in front, handles behind, a coil between."""
    length, thick = rng.uniform(0.07, 0.18), rng.uniform(0.008, 0.016)
    gape, depth = rng.uniform(2, 14), thick * rng.uniform(1.2, 2.2)
    split = length * rng.uniform(0.4, 0.55)
    front = np.array(
        [[0, thick * 0.2], [split * 0.5, thick * 1.4], [split, thick * 0.3], [split, 0], [0, -thick * 0.6]]
    )
    back = rounded(
        [
            (0, thick * 0.2),
            (-(length - split), thick * 2.2),
            (-(length - split), thick * 3.2),
            (0, thick * 1.2),
        ],
        thick * 0.4,
    )
    jaw, handle = (cutout(outline, depth).turned("z", gape / 2) for outline in (front, back))
    coil = tube(helix(thick * 0.55, depth * 1.1, rng.uniform(3, 5), 36), thick * 0.12, 5)
    pieces = [
        Piece("jaw", jaw.both_sides("y")),
        Piece("handle", handle.both_sides("y")),
        Piece(pick(rng, ("spring", "pivot")), coil.turned("x", 90).at(z=-depth * 0.55)),
    ]
    if chance(rng, 0.6):
        tip = ball(thick * 1.1, thick * 0.7, depth, around=8).at(x=split * 0.97, y=thick * 0.3)
        pieces.append(Piece("pad" if chance(rng, 0.6) else "tip", tip.turned("z", gape / 2).both_sides("y")))
    return pieces
