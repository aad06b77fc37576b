"""Pieces that many objects share: legs, feet, casters, grips, fronts of doors and drawers, cables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import (
    ball,
    box,
    cylinder,
    frame,
    lathe,
    ring,
    slab,
    sweep,
    tube,
)
from partwise.datasets.world.dice import between, chance, pick, roundness
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle, rounded


def leg(rng: np.random.Generator, height: Number, thick: Number) -> Mesh:
    """One upright leg from y = 0 to `height`, about `thick` wide: square, round, tapered, turned."""
    style = pick(rng, ("square", "taper", "round", "cone", "turned", "rod", "curved"), (4, 3, 3, 3, 2, 1, 1))
    around = roundness(rng)
    if style == "square":
        return box(thick, height, thick * pick(rng, (1.0, 1.0, 1.6)), bevel=pick(rng, (0.0, 0.1)) * thick)
    if style == "taper":
        return box(thick, height, thick).tapered(1.2, rng.uniform(0.5, 0.8))
    if style == "round":
        return cylinder(thick / 2, height, around=around)
    if style == "cone":
        return cylinder(thick * rng.uniform(0.25, 0.4), height, thick * 0.6, around=around)
    if style == "rod":
        return cylinder(thick * 0.3, height, around=around)
    if style == "curved":
        bow = thick * rng.uniform(-1.0, 1.0)
        path = curve([[0, 0, 0], [bow, height * 0.35, bow], [0, height, 0]], 9)
        return sweep(path, rectangle(thick, thick), np.linspace(0.7, 1.1, 9))
    return turned(rng, height, thick / 2, around)


def turned(rng: np.random.Generator, height: Number, radius: Number, around: int = 16) -> Mesh:
    """A turned post from y = 0 to `height` with beads and hollows, at most `radius` thick."""
    knots = int(rng.integers(4, 8))
    width = radius * rng.uniform(0.45, 1.0, knots)
    profile = np.stack([width, np.linspace(0, height, knots)], axis=1)
    return lathe(rounded(profile, height / knots / 2) if chance(rng, 0.6) else profile, around)


def splayed(mesh: Mesh, x: Number, z: Number) -> Mesh:
    """Sheared so that the lowest point moves by (x, z) and the highest stays: legs that stand wide."""
    y = mesh.vertices[:, 1]
    share = 1 - (y - y.min()) / max(float(np.ptp(y)), 1e-9)
    return Mesh(mesh.vertices + share[:, None] * np.array([[x, 0.0, z]]), mesh.faces)


def foot(rng: np.random.Generator, height: Number, thick: Number) -> Mesh:
    """A short foot from y = 0 to `height`: block, bun or cone."""
    style = pick(rng, ("block", "bun", "cone"))
    if style == "block":
        return box(thick, height, thick)
    if style == "bun":
        return ball(thick, height, thick, around=12).at(y=height / 2)
    return cylinder(thick * 0.35, height, thick * 0.5, around=12)


def caster(rng: np.random.Generator, size: Number) -> Mesh:
    """A small swivel wheel, one or two discs under a fork, from y = 0 to `size`."""
    disc = cylinder(size * 0.4, size * 0.22, around=12).at(y=-size * 0.11).turned("z", 90).at(y=size * 0.4)
    wheels = disc.row(2, x=size * 0.32) if chance(rng, 0.6) else disc
    return join([wheels, box(size * 0.3, size * 0.35, size * 0.5).at(y=size * 0.65)])


def star_base(rng: np.random.Generator, radius: Number, casters: bool) -> list[Piece]:
    """Four or five arms on the floor, on casters or gliders, and their hub; the column starts at its top."""
    count = int(pick(rng, (5, 5, 4)))
    size = radius * rng.uniform(0.15, 0.22) if casters else radius * 0.05
    thick = radius * rng.uniform(0.1, 0.16)
    rise = rng.uniform(0.0, 0.2) * radius
    path = np.array([[0, size + thick / 2 + rise, 0], [radius, size + thick / 2, 0]])
    ray = sweep(path, rectangle(thick * 1.3, thick), np.array([1.2, 0.7]))
    pieces = [
        Piece("base", join([ray.around(count), cylinder(thick, thick * 2, around=12).at(y=size + rise)]))
    ]
    end = caster(rng, size) if casters else cylinder(thick * 0.4, size, around=8)
    return [*pieces, Piece("caster" if casters else "foot", end.at(x=radius * 0.94).around(count))]


def grip(rng: np.random.Generator, width: Number) -> Piece:
    """What one pulls a door or drawer by: on the plane z = 0 around the origin, lying along x."""
    style = pick(rng, ("bar", "arch", "knob", "plate", "cup", "ring", "lip"), (4, 3, 3, 2, 1, 1, 1))
    thick, out = between(rng, 0.008, 0.02), rng.uniform(0.02, 0.045)
    width = max(width, 4 * thick)
    if style == "knob":
        radius = rng.uniform(0.011, 0.022)
        profile = [(radius * 0.5, 0), (radius * 0.45, out * 0.4), (radius, out * 0.6), (radius * 0.8, out)]
        return Piece("knob", lathe(profile, roundness(rng)).turned("x", 90))
    if style == "bar":
        rod = (
            box(width, thick, thick)
            if chance(rng, 0.5)
            else cylinder(thick / 2, width, around=10).turned("z", 90)
        )
        rod = rod.at(x=-(rod.low[0] + rod.high[0]) / 2, y=-(rod.low[1] + rod.high[1]) / 2, z=out)
        post = box(thick, thick, out).at(y=-thick / 2, z=out / 2)
        return Piece("handle", join([rod, post.at(x=width * 0.4).both_sides("x")]))
    if style == "arch":
        path = curve(
            [[-width / 2, 0, 0], [-width * 0.4, 0, out], [width * 0.4, 0, out], [width / 2, 0, 0]], 12
        )
        return Piece("handle", tube(path, thick / 2, int(pick(rng, (4, 6, 8)))))
    if style == "plate":
        return Piece("handle", box(width, thick * 2, out * 0.4).at(y=-thick, z=out * 0.2))
    if style == "cup":
        shell = lathe(arc(width * 0.3, -90, 0, 6)[:, :2], 16).scaled(1, 0.7, 0.5)
        return Piece("handle", shell.at(z=0.005))
    if style == "ring":
        hoop = ring(ellipse(width * 0.5, count=16), ellipse(width * 0.5 - 2 * thick, count=16), thick)
        return Piece("handle", join([hoop.at(y=-width * 0.2, z=thick), ball(thick * 3, around=8)]))
    return Piece(
        "handle",
        sweep(np.array([[-width / 2, 0, 0], [width / 2, 0, 0]]), rectangle(out, thick)).at(z=out / 2),
    )


def front(
    rng: np.random.Generator, name: str, width: Number, height: Number, thick: Number, style: str
) -> list[Piece]:
    """The face of a door or drawer around the origin, its back on z = 0, in one of the FRONTS.

    The styles of one object should agree, so the caller picks one of FRONTS for all.
    """
    border = min(width, height) * rng.uniform(0.12, 0.2)
    if style == "edged":
        return [Piece(name, box(width, height, thick, bevel=thick * 0.45).at(y=-height / 2, z=thick / 2))]
    if style == "raised":
        face = box(width, height, thick).at(y=-height / 2, z=thick / 2)
        block = box(width - 2 * border, height - 2 * border, thick * 0.8, bevel=thick * 0.3)
        return [Piece(name, face), Piece(f"{name} panel", block.at(y=border - height / 2, z=thick), of=name)]
    if style in ("framed", "glazed"):
        edge = frame(width, height, border, thick).at(z=thick / 2)
        inner = box(width - 2 * border, height - 2 * border, thick * 0.4).at(
            y=border - height / 2, z=thick * 0.4
        )
        return [
            Piece(name, edge),
            Piece("glass", inner) if style == "glazed" else Piece(f"{name} panel", inner, of=name),
        ]
    if style == "louvred":
        edge = frame(width, height, border, thick).at(z=thick / 2)
        count = max(3, int((height - 2 * border) / 0.05))
        blade = box(width - 2 * border, thick * 0.3, thick).turned("x", 30).at(z=thick / 2)
        return [
            Piece(name, edge),
            Piece("louvre", blade.row(count, y=(height - 2 * border) / count), of=name),
        ]
    return [Piece(name, box(width, height, thick).at(y=-height / 2, z=thick / 2))]


FRONTS = ("flat", "edged", "raised", "framed", "glazed", "louvred")


def cable(
    rng: np.random.Generator, start: tuple[Number, Number, Number], length: Number, radius: Number = 0.003
) -> Mesh:
    """A wire that leaves `start` backwards (-z) and meanders over the floor y = 0."""
    steps = np.cumsum(rng.normal(0, length / 5, (4, 1)), axis=0)
    floor = np.concatenate(
        [steps, np.full((4, 1), radius), -np.linspace(0.3, 1, 4)[:, None] * length], axis=1
    )
    return tube(
        curve(np.concatenate([[[0, 0, 0]], np.add(floor, [0, -start[1], 0])]) + np.array(start), 20),
        radius,
        6,
    )


PLATES = ("square", "rounded", "edged", "oval")


def plate(
    rng: np.random.Generator, width: Number, depth: Number, height: Number, styles: Sequence[str] = PLATES
) -> Mesh:
    """A flat board on y = 0 with a footprint of one of the styles: tabletop, base, seat."""
    style = pick(rng, styles)
    if style == "square":
        return box(width, height, depth)
    if style == "rounded":
        return slab(rectangle(width, depth, min(width, depth) * rng.uniform(0.05, 0.4)), height)
    if style == "oval":
        return slab(ellipse(width, depth, roundness(rng) + 4), height, bevel=pick(rng, (0.0, 0.3)) * height)
    return box(width, height, depth, bevel=height * 0.4)


def posed(a: Assembly, rng: np.random.Generator, pieces: Iterable[Piece], other: tuple[str, Number]) -> None:
    """Adds the pieces as they are or, now and then, turned about an axis by an angle: laid down, set on end."""
    axis, angle = other if chance(rng, 0.25) else ("y", 0)
    a.put(piece.changed(lambda mesh: mesh.turned(axis, angle)) for piece in pieces)
