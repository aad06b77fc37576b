"""Sports and pastimes in the hand: rackets and paddles, fishing rods."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, ring, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle
from partwise.datasets.world.tools import haft, laid


def racket(rng: np.random.Generator) -> Assembly:
    """Rackets for tennis, badminton and squash with their strings; paddles for table tennis and the beach."""
    kind = pick(
        rng,
        ("tennis racket", "badminton racket", "squash racket", "table tennis paddle", "padel racket"),
        (5, 3, 2, 3, 2),
    )
    actions = {
        "grasp": ("handle", "grip"),
        "beat": ("string", "face", "blade", "pad"),
        "lift": ("handle", "grip"),
    }
    if kind in ("table tennis paddle", "padel racket"):
        return laid(rng, kind, _paddle(rng, kind == "padel racket"), actions)
    total = rng.uniform(0.6, 0.7)
    wide = {"tennis racket": 0.25, "badminton racket": 0.19}.get(kind, 0.2) * rng.uniform(0.9, 1.1)
    high = wide * (rng.uniform(1.25, 1.45) if kind != "squash racket" else rng.uniform(1.5, 1.8))
    thick = {"tennis racket": 0.02, "badminton racket": 0.009}.get(kind, 0.014) * rng.uniform(0.85, 1.2)
    hold, width = rng.uniform(0.15, 0.2), {"tennis racket": 0.034}.get(kind, 0.026)
    centre = total - high / 2
    loop = np.column_stack([ellipse(wide, high, 36), np.zeros(36)])
    if kind == "squash racket":  # drop-shaped: the frame runs down into the throat
        loop[:, 0] *= np.clip(1.0 + 0.35 * loop[:, 1] / (high / 2), 0.35, 1.05)
    rim = sweep(loop, rectangle(thick, thick * 0.6, thick * 0.2, 2), closed=True)
    pieces = [Piece(pick(rng, ("frame", "frame", "rim", "hoop")), rim.at(y=centre))]
    pieces.append(Piece("string", _strings(rng, loop, (wide, high)).at(y=centre)))
    pieces.append(Piece(pick(rng, ("handle", "grip")), haft(rng, hold, width)))
    bottom = total - high
    if kind == "badminton racket" or chance(rng, 0.25):
        rod = cylinder(thick * 0.35, bottom - hold + thick * 0.4, around=10).at(y=hold - 0.004)
        cone = cylinder(width * 0.42, 0.03, thick * 0.4, around=12).at(y=hold - 0.003)
        pieces += [Piece("shaft", rod), Piece(pick(rng, ("collar", "shaft")), cone)]
    else:  # two arms that leave a gap between them
        joint = high * 0.3
        side = wide / 2 * np.sqrt(1 - ((high / 2 - joint * 0.25) / (high / 2)) ** 2)
        if kind == "squash racket":
            side *= 0.68
        path = curve(
            [
                [width * 0.2, hold - 0.01, 0],
                [width * 0.35, hold + (bottom - hold) * 0.4, 0],
                [side, bottom + joint * 0.25, 0],
            ],
            9,
        )
        arm = sweep(path, rectangle(thick, thick * 0.7, thick * 0.2, 2))
        pieces.append(Piece(pick(rng, ("throat", "shaft", "neck")), arm.both_sides()))
    if chance(rng, 0.5):
        pieces.append(
            Piece(
                pick(rng, ("cap", "pommel")),
                slab(ellipse(width * 1.25, width * 1.1, 14), 0.014, bevel=0.003).at(y=-0.006),
            )
        )
    if chance(rng, 0.4):
        pieces.append(Piece("collar", cylinder(width * 0.58, 0.014, around=14).at(y=hold - 0.012)))
    if kind == "tennis racket" and chance(rng, 0.3):
        pieces.append(Piece("buffer", ball(0.016, around=10).at(y=bottom + high * 0.09)))
    return laid(rng, kind, pieces, actions)


def _strings(rng: np.random.Generator, loop: Float[np.ndarray, "P 3"], size: tuple[Number, Number]) -> Mesh:
    """Crossed strings within a loop of (width, height) around the origin, each as long as the loop is wide there."""
    wide, high = size
    count, thin = int(rng.integers(8, 14)), 0.0022
    right = loop[loop[:, 0] >= -1e-9]
    right = right[np.argsort(right[:, 1])]
    across = []
    for y in np.linspace(-0.85, 0.88, count) * high / 2:
        half = float(np.interp(y, right[:, 1], right[:, 0]))
        across.append(box(2 * half, thin, thin).at(y=y))
    rising = loop[np.argsort(loop[:, 0])]
    for x in np.linspace(-0.8, 0.8, count - 1) * wide / 2:
        top = float(np.interp(x, *rising[rising[:, 1] >= -1e-9].T[:2]))
        low = float(np.interp(x, *rising[rising[:, 1] <= 1e-9].T[:2]))
        across.append(box(thin, top - low, thin).at(x=x, y=low))
    return join(across)


def _paddle(rng: np.random.Generator, large: bool) -> list[Piece]:
    """A solid paddle: a blade with rubber on both sides, or a thick face with holes."""
    wide = rng.uniform(0.23, 0.27) if large else rng.uniform(0.14, 0.165)
    high, thick, hold = wide * rng.uniform(1.0, 1.15), 0.034 if large else 0.007, 0.12 if large else 0.1
    outline = ellipse(wide, high, 28)
    middle = hold + high * 0.46
    neck = np.array([[-0.016, 0], [0.016, 0], [wide * 0.24, high * 0.2], [-wide * 0.24, high * 0.2]])
    name = pick(rng, ("face", "blade"))
    plate = slab(outline, thick, bevel=0.004 if large else 0.0).turned("x", 90).at(y=middle, z=-thick / 2)
    root = slab(neck * [1, -1], thick * 0.9).turned("x", 90).at(y=hold - 0.02, z=-thick * 0.45)
    pieces = [Piece(name, join([plate, root]))]
    pieces.append(Piece(pick(rng, ("handle", "grip")), haft(rng, hold, 0.036 if large else 0.03)))
    if large:
        hole = cylinder(0.006, thick * 1.1, around=10).turned("x", 90).row(4, x=0.03).row(4, y=0.03)
        pieces.append(Piece("hole", hole.at(y=middle + 0.02, z=-thick * 0.55)))
        cord = curve(
            [[0, 0.004, 0], [0.03, -0.05, 0.01], [0, -0.1, 0], [-0.03, -0.05, -0.01], [0, 0.004, 0.004]], 16
        )
        pieces.append(Piece(pick(rng, ("cord", "strap")), tube(cord, 0.003, 6)))
    else:
        rubber = slab(outline[np.abs(np.arctan2(outline[:, 0], outline[:, 1])) > 0.35] * 0.97, 0.003).turned(
            "x", 90
        )
        pieces.append(
            Piece("pad", rubber.at(y=middle, z=thick / 2 - 0.001) + rubber.at(y=middle, z=-thick / 2 - 0.002))
        )
        if chance(rng, 0.3):
            pieces.append(
                Piece(
                    "ball", ball(0.04, around=16).at(x=wide * 0.3, y=middle + high * 0.1, z=thick / 2 + 0.023)
                )
            )
    return pieces


def fishing_rod(rng: np.random.Generator) -> Assembly:
    """Rods with an open reel, with a drum reel, short ones for ice, bamboo poles with a float and a hook."""
    kind = pick(rng, ("spinning", "drum", "short", "pole"), (4, 3, 2, 2))
    length = {"short": rng.uniform(0.5, 0.7), "pole": rng.uniform(1.2, 1.8)}.get(kind, rng.uniform(1.0, 1.7))
    thick, hold = rng.uniform(0.02, 0.028), 0.25 * min(length, 1.2)
    pieces = []
    name = pick(rng, ("handle", "grip"))
    if chance(rng, 0.5) and kind != "pole":  # the reel sits between two grips
        pieces.append(
            Piece(
                name,
                haft(rng, hold * 0.5, thick)
                + cylinder(thick * 0.5, hold * 0.25, thick * 0.4, around=12).at(y=hold * 0.78),
            )
        )
    else:
        pieces.append(Piece(name, haft(rng, hold, thick)))
    y = np.linspace(hold * 0.3, length, 12)
    bow = rng.uniform(0, 0.12) * length * np.clip((y / length - 0.3) / 0.7, 0, 1) ** 2
    path = np.stack([0 * y, y, bow], 1)
    pieces.append(
        Piece(pick(rng, ("pole", "rod", "shaft")), tube(path, np.linspace(thick * 0.36, thick * 0.1, 12), 8))
    )
    off = thick * 1.2
    if kind != "pole":
        knots = np.linspace(0.35, 0.99, 4 if kind == "short" else 6)
        rings = []
        for size, share in zip(np.linspace(0.9, 0.35, len(knots)), knots, strict=True):
            at = hold + share * (length - hold)
            z, radius = float(np.interp(at, y, bow)), thick * size * 0.5
            eye = ring(ellipse(2 * radius, count=12), ellipse(1.4 * radius, count=12), 0.004).turned("x", 90)
            rings.append(
                join([eye, box(0.004, 0.004, radius + thick * 0.2).at(y=-0.002, z=-radius - thick * 0.1)]).at(
                    y=at, z=z + radius + thick * 0.25
                )
            )
        pieces.append(Piece("ring", join(rings)))
        pieces += [p.changed(lambda m: m.at(y=hold * 0.62)) for p in _reel(rng, thick, kind == "spinning")]
        off = thick * 0.5
    if chance(rng, 0.7) or kind == "pole":
        pieces += _line(rng, (length, float(bow[-1])), (hold * 0.9, off), kind == "pole")
    if chance(rng, 0.5):
        pieces.append(Piece(pick(rng, ("cap", "pommel")), ball(thick * 1.2, around=12)))
    actions = {
        "grasp": ("handle", "grip"),
        "move": ("crank",),
        "press": ("lever", "button"),
        "pull": ("string",),
        "stab": ("hook",),
        "lift": ("pole", "rod", "shaft"),
    }
    return laid(rng, "fishing rod", pieces, actions)


def _reel(rng: np.random.Generator, thick: Number, spinning: bool) -> list[Piece]:
    """A reel in front of the rod (+z): a foot on the rod, a spool of line, a crank with a knob."""
    size, z = thick * rng.uniform(1.3, 1.8), thick * 2.2
    foot = box(thick * 0.5, size * 1.8, thick * 0.3).at(y=-size * 0.9, z=thick * 0.42)
    stem = box(thick * 0.35, thick * 0.6, z).at(y=-thick * 0.3, z=z * 0.55)
    body = pick(rng, ("body", "housing"))
    pieces = [Piece(pick(rng, ("foot", "stem", body)), join([foot, stem]))]
    if spinning:  # the spool lies along the rod
        pieces.append(Piece(body, ball(size * 0.9, size * 1.1, size, around=12).at(y=-size * 0.3, z=z)))
        side = [
            (size * 0.5, 0),
            (size * 0.5, size * 0.1),
            (size * 0.36, size * 0.14),
            (size * 0.36, size * 0.6),
            (size * 0.46, size * 0.66),
        ]
        pieces.append(Piece(pick(rng, ("spool", "reel")), lathe(side, 18).at(y=size * 0.15, z=z)))
        if chance(rng, 0.6):
            bail = arc(size * 0.62, 0, 180, 11)[:, [0, 2, 1]] * [1, 1, 0.9]
            pieces.append(Piece("wire", tube(bail, 0.0015, 5).at(y=size * 0.4, z=z)))
            pieces.append(
                Piece("wire", box(0.003, size * 0.5, 0.006).at(x=size * 0.6, y=0, z=z).both_sides())
            )
        axis = -size * 0.3
        pieces.append(Piece("knob", cylinder(size * 0.25, size * 0.2, around=12).at(y=size * 0.78, z=z)))
    else:  # a drum across the rod
        drum = cylinder(size * 0.62, size * 0.9, around=20).at(y=-size * 0.45).turned("z", 90)
        flange = (
            cylinder(size * 0.72, size * 0.12, around=20)
            .at(y=-size * 0.06)
            .turned("z", 90)
            .at(x=size * 0.46)
            .both_sides()
        )
        pieces += [Piece(body, flange.at(z=z)), Piece(pick(rng, ("spool", "reel", "drum")), drum.at(z=z))]
        axis = 0.0
        if chance(rng, 0.5):
            pieces.append(
                Piece(
                    pick(rng, ("lever", "button")),
                    box(size * 0.5, size * 0.16, size * 0.2).at(y=size * 0.6, z=z),
                )
            )
    return pieces + _winder(rng, size, axis, z)


def _winder(rng: np.random.Generator, size: Number, axis: Number, z: Number) -> list[Piece]:
    """The crank of a reel of about `size`, its axle along x at (y, z) = (axis, z), and its knob."""
    turn, reach = rng.uniform(0, 360), size * rng.uniform(0.7, 1.0)
    out = size * 0.55
    pin = cylinder(size * 0.09, size * 0.35, around=8).turned("z", -90).at(x=out - size * 0.3)
    arm = box(size * 0.09, reach, size * 0.22).at(x=out)
    pieces = [Piece("crank", join([pin, arm]).turned("x", turn).at(y=axis, z=z))]
    knob = pick(
        rng,
        (
            ball(size * 0.4, around=10).at(x=size * 0.2),
            cylinder(size * 0.12, size * 0.4, size * 0.17, around=10).turned("z", -90),
        ),
    )
    named = "crank" if chance(rng, 0.3) else "handle knob"
    pieces.append(
        Piece(
            named,
            knob.at(x=out, y=reach * 0.92).turned("x", turn).at(y=axis, z=z),
            of=None if named == "crank" else "crank",
        )
    )
    return pieces


def _line(
    rng: np.random.Generator, tip: tuple[Number, Number], low: tuple[Number, Number], floating: bool
) -> list[Piece]:
    """The line from the tip at (y, z) back to (y, z) or hanging, with a float or a weight and a hook at its end."""
    (y, z), (start, off) = tip, low
    down = y * rng.uniform(0.3, 0.55)
    end = np.array([0, y - down, z + 0.25 * down])
    line = [[0, y, z], [0, y - down * 0.4, z + 0.14 * down], end]
    if not floating:
        line = [[0, start, off], *line]
    pieces = [Piece("string", tube(np.array(line), 0.0012, 4))]
    bend = arc(0.016, 180, 400, 10) + np.array([0.016, -0.045, 0])
    shank = np.concatenate([[[0, 0.002, 0]], bend])
    pieces.append(Piece("hook", tube(shank * 1.3, 0.0025, 6).at(*end)))
    if floating or chance(rng, 0.5):
        body = lathe(
            curve([(0.001, 0), (0.012, 0.02), (0.016, 0.035), (0.004, 0.055), (0.003, 0.08)], 10), 12
        )
        at = np.array(line[-2]) * 0.4 + end * 0.6
        pieces.append(Piece(pick(rng, ("float", "float", "ball")), body.at(at[0], at[1] - 0.03, at[2])))
    return pieces
