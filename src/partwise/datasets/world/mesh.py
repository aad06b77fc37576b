"""A bare triangle mesh and the ways to move, bend and repeat it. Nothing is changed in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64, Num

# Sizes may be given as whole numbers.
Number = float | int
AXES = {"x": 0, "y": 1, "z": 2}


@dataclass(frozen=True)
class Mesh:
    """Triangles that face outward: vertices (V,3) in metres, y up, and faces (F,3).

    Every method returns a new mesh, so calls chain: box(1, 2, 3).turned("y", 45).at(y=0.5).
    """

    vertices: Float64[np.ndarray, "V 3"]
    faces: Int64[np.ndarray, "F 3"]

    def at(self, x: Number = 0.0, y: Number = 0.0, z: Number = 0.0) -> Mesh:
        """Moved by (x, y, z)."""
        return Mesh(self.vertices + np.array([x, y, z], dtype=np.float64), self.faces)

    def turned(self, axis: str, degrees: Number) -> Mesh:
        """Turned about the x, y or z axis through the origin, counter-clockwise seen from its tip."""
        return Mesh(self.vertices @ rotation(axis, degrees).T, self.faces)

    def scaled(self, x: Number, y: Number | None = None, z: Number | None = None) -> Mesh:
        """Stretched from the origin; one number stretches all axes. Factors are positive."""
        factor = np.array([x, x if y is None else y, x if z is None else z], dtype=np.float64)
        return Mesh(self.vertices * factor, self.faces)

    def mirrored(self, axis: str) -> Mesh:
        """The mirror image through the plane across `axis` at the origin, still facing outward."""
        factor = np.ones(3)
        factor[AXES[axis]] = -1.0
        return Mesh(self.vertices * factor, self.faces[:, ::-1])

    def pointed(self, start: Iterable[Number], stop: Iterable[Number]) -> Mesh:
        """Its y axis laid from start towards stop (3 numbers each), its origin at start. The length stays."""
        start = np.array(list(start), dtype=np.float64)
        along = np.array(list(stop), dtype=np.float64) - start
        along /= max(float(np.linalg.norm(along)), 1e-12)
        side = np.cross(along, [0.0, 0.0, 1.0] if abs(along[2]) < 0.9 else [1.0, 0.0, 0.0])
        side /= np.linalg.norm(side)
        frame = np.stack([side, along, np.cross(side, along)])
        return Mesh(self.vertices @ frame + start, self.faces)

    def warped(self, change: Callable[[Float64[np.ndarray, "V 3"]], Float64[np.ndarray, "V 3"]]) -> Mesh:
        """Every vertex sent through `change`, which maps (V,3) to (V,3) without mirroring."""
        return Mesh(np.asarray(change(self.vertices), dtype=np.float64), self.faces)

    def tapered(self, top: Number, bottom: Number = 1.0) -> Mesh:
        """Widths in x and z multiplied by `bottom` at the lowest point and by `top` at the highest."""
        y = self.vertices[:, 1]
        share = (y - y.min()) / max(float(np.ptp(y)), 1e-12)
        factor = bottom + (top - bottom) * share
        return Mesh(self.vertices * np.stack([factor, np.ones_like(y), factor], axis=1), self.faces)

    def twisted(self, degrees_per_metre: Number) -> Mesh:
        """Turned about the y axis the more the higher."""
        x, y, z = self.vertices.T
        angle = np.radians(degrees_per_metre) * y
        c, s = np.cos(angle), np.sin(angle)
        return Mesh(np.stack([c * x + s * z, y, c * z - s * x], axis=1), self.faces)

    def bent(self, degrees_per_metre: Number) -> Mesh:
        """Rolled up: what lies along y curls towards +z. Needs vertices along y."""
        rate = np.radians(degrees_per_metre)
        if abs(rate) < 1e-9:
            return self
        x, y, z = self.vertices.T
        radius = 1.0 / rate - z
        return Mesh(
            np.stack([x, radius * np.sin(rate * y), 1.0 / rate - radius * np.cos(rate * y)], 1), self.faces
        )

    def copies(self, offsets: Num[np.ndarray, "K 3"] | Iterable[Iterable[Number]]) -> Mesh:
        """One mesh with a copy at each offset."""
        offsets = np.asarray(offsets, dtype=np.float64).reshape(-1, 3)
        step = np.arange(len(offsets))[:, None, None] * len(self.vertices)
        vertices = (self.vertices[None] + offsets[:, None, :]).reshape(-1, 3)
        return Mesh(vertices, (self.faces[None] + step).reshape(-1, 3))

    def row(self, count: int, x: Number = 0.0, y: Number = 0.0, z: Number = 0.0) -> Mesh:
        """`count` copies in a row, its middle here, (x, y, z) from one to the next."""
        steps = np.arange(count) - (count - 1) / 2
        return self.copies(steps[:, None] * np.array([[x, y, z]], dtype=np.float64))

    def around(self, count: int, axis: str = "y", start: Number = 0.0, stop: Number | None = None) -> Mesh:
        """`count` copies turned about an axis, evenly over the circle or from start to stop degrees."""
        angles = start + np.arange(count) * 360.0 / count if stop is None else np.linspace(start, stop, count)
        return join([self.turned(axis, float(angle)) for angle in angles])

    def both_sides(self, axis: str = "x") -> Mesh:
        """This and its mirror image."""
        return join([self, self.mirrored(axis)])

    def four_corners(self) -> Mesh:
        """This and its mirror images in x, in z and in both: legs, feet, wheels."""
        return self.both_sides("x").both_sides("z")

    def __add__(self, other: Mesh) -> Mesh:
        return join([self, other])

    @property
    def low(self) -> Float64[np.ndarray, "3"]:
        """The smallest x, y and z."""
        return self.vertices.min(axis=0)

    @property
    def high(self) -> Float64[np.ndarray, "3"]:
        """The largest x, y and z."""
        return self.vertices.max(axis=0)


class Piece(NamedTuple):
    """A mesh, the name of the part it is, and the coarse part that belongs to if that differs."""

    name: str
    mesh: Mesh
    of: str | None = None

    def changed(self, change: Callable[[Mesh], Mesh]) -> Piece:
        """The same piece with its mesh sent through `change`: piece.changed(lambda m: m.turned("y", 90))."""
        return self._replace(mesh=change(self.mesh))


def join(meshes: Iterable[Mesh]) -> Mesh:
    """Several meshes as one, side by side, nothing merged."""
    meshes = list(meshes)
    sizes = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    vertices = np.concatenate([np.empty((0, 3)), *[mesh.vertices for mesh in meshes]])
    faces = [mesh.faces + shift for mesh, shift in zip(meshes, sizes, strict=False)]
    return Mesh(vertices, np.concatenate([np.empty((0, 3), np.int64), *faces]))


def rotation(axis: str, degrees: Number) -> Float64[np.ndarray, "3 3"]:
    """The matrix that turns column vectors about x, y or z."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix
