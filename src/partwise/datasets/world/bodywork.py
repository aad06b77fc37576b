"""Pieces that vehicles share: prisms along the road, panes, wheels. Vehicles drive towards +z."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Num

from partwise.datasets.world.build import box, cylinder, extrude, lathe, sheet, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.outlines import arc


def along(profile: Num[np.ndarray, "P 2"] | Sequence, width: Number) -> Mesh:
    """A side view (z, y) given thickness `width` in x: bodies of cars, trains and guns."""
    return extrude(np.asarray(profile, dtype=np.float64), width).turned("y", -90)


def cutout(outline: Num[np.ndarray, "P 2"] | Sequence, depth: Number) -> Mesh:
    """A plate in the x-y plane whose outline may be written down as a list of corners."""
    return extrude(np.asarray(outline, dtype=np.float64), depth)


def pane(corners: Num[np.ndarray, "4 3"] | Sequence, shrink: Number, thick: Number) -> Mesh:
    """A thin plate on a four-cornered face, its border left free: `shrink` 0.1 leaves a tenth on each side."""
    a, b, c, d = np.asarray(corners, dtype=np.float64)
    s, t = np.meshgrid([shrink, 1 - shrink], [shrink, 1 - shrink], indexing="ij")
    s, t = s[..., None], t[..., None]
    grid = a * (1 - s) * (1 - t) + b * s * (1 - t) + c * s * t + d * (1 - s) * t
    return sheet(grid, thick)


def wheel(rng: np.random.Generator, radius: Number, width: Number, style: str = "") -> Mesh:
    """A wheel around the origin that rolls along z: plain disc, dished, hubbed or spoked."""
    style = style or pick(rng, ("disc", "dish", "hub"), (3, 3, 2))
    around = max(8, roundness(rng))
    if style == "disc":
        solid = cylinder(radius, width, bevel=pick(rng, (0.0, 0.15)) * radius, around=around)
    elif style == "dish":
        ends = [(0.5 * radius, 0.25 * width), (0.6 * radius, 0), (0.9 * radius, 0), (radius, 0.15 * width)]
        solid = lathe(ends + [(r, width - y) for r, y in reversed(ends)], around)
    elif style == "hub":
        solid = join(
            [cylinder(radius, width, around=around), cylinder(0.3 * radius, width * 1.3).at(y=-0.15 * width)]
        )
    else:
        hoop = [(0.8 * radius, 0), (radius, 0), (radius, width), (0.8 * radius, width)]
        spoke = box(radius * 1.7, width * 0.5, radius * 0.1).at(y=width * 0.25)
        parts = [lathe(hoop, around, closed=True), cylinder(radius * 0.2, width * 1.2).at(y=-width * 0.1)]
        solid = join([*parts, spoke.around(int(pick(rng, (3, 4, 5))), stop=150)])
    return solid.at(y=-width / 2).turned("z", 90)


def wire_wheel(rng: np.random.Generator, radius: Number, thick: Number) -> Mesh:
    """A bicycle's wheel around the origin: a hoop, a hub, and often spokes."""
    hoop = tube(arc(radius - thick / 2, 0, 360, 25)[:-1], thick / 2, 6, closed=True)
    parts = [hoop, cylinder(thick, thick * 2.5, around=8).at(y=-thick * 1.25).turned("x", 90)]
    if chance(rng, 0.7):
        count = int(rng.integers(5, 12))
        spoke = cylinder(max(thick * 0.08, 0.003), radius - thick / 2, around=4)
        parts.append(spoke.around(count, "z"))
    return join(parts).turned("y", 90)


def on_axles(mesh: Mesh, half: Number, places: Iterable[Number], y: Number) -> Mesh:
    """The mesh at the height y on both sides, `half` from the middle, at each place along z."""
    return mesh.copies([(half, y, z) for z in places]) + mesh.mirrored("x").copies(
        [(-half, y, z) for z in places]
    )


def outward(mesh: Mesh) -> Mesh:
    """The same solid with its faces turned to look outward."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    return mesh if float((np.cross(a, b) * c).sum()) > 0 else Mesh(mesh.vertices, mesh.faces[:, ::-1])


def deck(rng: np.random.Generator, length: Number, width: Number, y: Number, kick: Number) -> Mesh:
    """The board itself, its ends round and bent up by `kick`, its lower side near `y`."""
    s, t = np.meshgrid(np.linspace(-1, 1, 7), np.linspace(-1, 1, 17), indexing="ij")
    nose = rng.uniform(0.6, 0.8)
    end = np.sqrt(np.maximum(1 - np.maximum((np.abs(t) - nose) / (1 - nose), 0) ** 2, 0.01))
    rise = kick * np.maximum(np.abs(t) - 0.65, 0) * 1.2 + rng.uniform(0, 0.03) * width * s**2
    return sheet(
        np.stack([s * width / 2 * end, y + rise, t * length / 2], -1), length * rng.uniform(0.01, 0.02)
    )
