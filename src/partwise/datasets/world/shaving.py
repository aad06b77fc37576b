"""What one shaves with: hair clippers, beard trimmers, shavers with foils or round heads."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, ring, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fittings import washer
from partwise.datasets.world.mesh import Number, Piece, join
from partwise.datasets.world.outlines import curve, ellipse, rectangle
from partwise.datasets.world.pieces import posed


def hair_clipper(rng: np.random.Generator) -> Assembly:
    """Clippers with a comb-like blade, beard trimmers, shavers with a foil or with three round heads."""
    kind = pick(rng, ("clipper", "trimmer", "foil", "rotary"), (4, 2, 3, 3))
    a = Assembly({"clipper": "hair clipper", "trimmer": "beard trimmer"}.get(kind, "electric shaver"))
    long, wide, deep = rng.uniform(0.12, 0.16), rng.uniform(0.036, 0.048), rng.uniform(0.03, 0.038)
    if kind == "trimmer":
        wide, deep = wide * 0.75, deep * 0.75
    name = pick(rng, ("body", "body", "handle"))
    y = np.linspace(0, long, 9)
    girth = np.interp(y / long, [0, 0.08, 0.45, 0.8, 1.0], [0.75, 0.92, rng.uniform(0.82, 0.95), 1.0, 0.95])
    path = np.stack([0 * y, y, rng.uniform(-0.012, 0.012) * np.sin(np.pi * y / long)], 1)
    hull = sweep(path, pick(rng, (ellipse(wide, deep, 16), rectangle(wide, deep, deep * 0.35, 3))), girth)
    pieces = [Piece(name, hull)]
    if chance(rng, 0.4):
        pad = sweep(path[1:6], ellipse(wide * 1.04, deep * 0.9, 14), girth[1:6])
        pieces.append(Piece("grip", pad, of=pick(rng, ("grip", name))))
    make = {"clipper": _clipper_head, "trimmer": _clipper_head, "foil": _foil_head, "rotary": _rotary_head}[
        kind
    ]
    pieces += [p.changed(lambda m: m.at(y=long - 0.002)) for p in make(rng, wide, deep)]
    if kind == "clipper" and chance(rng, 0.8):  # the lever at the side sets the length
        lever = box(0.004, 0.034, 0.008).turned("z", rng.uniform(-15, 5)).at(x=wide * 0.5, y=long * 0.82)
        pieces.append(Piece("lever", lever + ball(0.009, around=8).at(x=wide * 0.5, y=long * 0.83)))
    front = deep * 0.5 * float(np.interp(0.6, y / long, girth)) + float(np.interp(0.6, y / long, path[:, 2]))
    key = pick(rng, (box(0.012, 0.02, 0.006, bevel=0.002), cylinder(0.007, 0.005, around=14).turned("x", 90)))
    pieces.append(Piece(pick(rng, ("switch", "button")), key.at(y=long * 0.6, z=front - 0.002)))
    if chance(rng, 0.4):
        lamp = box(0.012, 0.018, 0.003).at(y=long * 0.3, z=deep * 0.4)
        pieces.append(Piece(pick(rng, ("display", "light")), lamp.at(z=path[3, 2])))
    if chance(rng, 0.35):
        hoop = ring(ellipse(0.022, count=14), ellipse(0.014, count=14), 0.004).at(y=-0.009)
        pieces.append(Piece("ring", hoop))
    elif chance(rng, 0.6):
        wire = curve([[0, 0.004, 0], [0, -0.05, 0.004], [rng.uniform(-0.05, 0.05), -0.12, 0.01]], 12)
        pieces.append(Piece("cable", tube(wire, 0.003, 6) + cylinder(0.005, 0.02, around=10).at(y=-0.016)))
    posed(a, rng, pieces, pick(rng, (("x", 90), ("x", -90), ("z", 90))))
    a.afford("grasp", "body", "handle", "grip")
    a.afford("wrapgrasp", "body", "handle")
    a.afford("press", "switch", "button")
    a.afford("push", "switch", "lever")
    a.afford("cut", "blade", "foil")
    a.afford("pull", "comb", "cap")
    a.afford("open", "cap")
    return a


def _clipper_head(rng: np.random.Generator, wide: Number, deep: Number) -> list[Piece]:
    """Two toothed plates across the end, now and then with a comb over them."""
    count, across = int(rng.integers(9, 16)), wide * rng.uniform(0.85, 1.05)
    high = rng.uniform(0.016, 0.024)
    neck = box(across, high * 0.6, deep * 0.5).tapered(0.9).at(z=-deep * 0.05)
    plate = box(across, high, 0.004).at(y=high * 0.3, z=deep * 0.06)
    tooth = (
        box(across / count * 0.5, high * 0.4, 0.004)
        .row(count, x=across / count)
        .at(y=high * 1.29, z=deep * 0.06)
    )
    moving = box(across * 0.7, high * 0.9, 0.003).at(y=high * 0.3, z=deep * 0.06 + 0.0036)
    pieces = [Piece("head", neck), Piece("blade", join([plate, tooth, moving]))]
    if chance(rng, 0.45):
        bars = (
            box(across / count * 0.45, high * 1.2, deep * 0.5)
            .tapered(0.4)
            .row(count // 2, x=2 * across / count)
        )
        back = box(across * 1.05, high * 0.5, 0.004).at(y=high * 0.2, z=deep * 0.3)
        pieces.append(Piece("comb", join([bars.at(y=high * 0.7, z=deep * 0.14), back])))
    return pieces


def _foil_head(rng: np.random.Generator, wide: Number, deep: Number) -> list[Piece]:
    """One to three rounded foils side by side on a block."""
    count, high = int(rng.integers(1, 4)), rng.uniform(0.018, 0.028)
    across = wide * rng.uniform(1.0, 1.2)
    block = slab(rectangle(across, deep * 0.95, deep * 0.15, 2), high, bevel=0.002)
    if chance(rng, 0.25):
        return [
            Piece("head", block),
            Piece("cap", box(across * 1.08, high * 1.3, deep * 1.08, bevel=0.003).at(y=high * 0.5)),
        ]
    each = deep * 0.85 / count
    foil = (
        cylinder(each * 0.48, across * 0.88, around=14).at(y=-across * 0.44).turned("z", 90).scaled(1, 1.4, 1)
    )
    return [
        Piece("head", block),
        Piece("foil" if chance(rng, 0.6) else "blade", foil.row(count, z=each).at(y=high)),
    ]


def _rotary_head(rng: np.random.Generator, wide: Number, deep: Number) -> list[Piece]:
    """Three round cutters on a tilted head, each a disc with a ring."""
    size, tilt = wide * rng.uniform(0.3, 0.36), rng.uniform(10, 40)
    neck = cylinder(deep * 0.3, 0.016, deep * 0.4, around=14)
    plate = slab(ellipse(wide * 1.5, wide * 1.45, 20), 0.014, bevel=0.004)
    disc = cylinder(size, 0.006, size * 0.8, around=16) + cylinder(size * 0.35, 0.009, around=10)
    three = disc.at(z=size * 1.15).around(3, start=60).at(y=0.0135)
    rims = washer(size, size * 1.12, 0.004).at(z=size * 1.15).around(3, start=60).at(y=0.0135)
    head = [
        Piece("head", plate),
        Piece(pick(rng, ("blade", "foil")), three),
        Piece("ring" if chance(rng, 0.5) else "head", rims),
    ]
    return [Piece("neck", neck), *(p.changed(lambda m: m.turned("x", tilt).at(y=0.016)) for p in head)]
