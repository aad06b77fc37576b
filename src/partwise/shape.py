"""`Shape`, what goes in everywhere: a cloud or a mesh, with its up axis and units stated and the reason for each."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from partwise.errors import InputError
from partwise.io.camera import to_y_up
from partwise.io.geometry import Geometry
from partwise.io.limits import Limits
from partwise.io.memory import geometry_of
from partwise.io.read import read_geometry

UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254}
# What the tools that write a format usually mean by it; a convention, not a promise.
_CUSTOMARY_UP = {
    ".obj": ("y", "customary in OBJ files"),
    ".stl": ("z", "customary in STL files (printers stand z up)"),
    ".pcd": ("z", "customary in PCD files (robots and scanners stand z up)"),
    ".las": ("z", "survey data stand z up"),
    ".laz": ("z", "survey data stand z up"),
}


@dataclass(frozen=True)
class Shape:
    """A mesh or point cloud in its own frame; results come back in that frame, order and length.

    geometry   the arrays, untouched
    up, units  the axis that points up ("y", "z", "x", "-y", ...) and the length unit ("m", "cm", "mm", "in", "unknown")
    up_reason, units_reason   who said so: the caller, the format, a custom or a guess
    source     where it came from, for records

    Example:
        >>> cloud = Shape.of(np.random.default_rng(0).random((1000, 3)), up="z")
        >>> cloud.points.shape, cloud.is_mesh
        ((1000, 3), False)
    """

    geometry: Geometry
    up: str
    up_reason: str
    units: str
    units_reason: str
    source: str = "memory"

    @classmethod
    def read(
        cls,
        path: str | os.PathLike[str],
        up: str | None = None,
        units: str | None = None,
        limits: Limits | None = None,
    ) -> Shape:
        """Read GLB/glTF, OBJ, STL, OFF, PLY, PCD, XYZ/TXT/CSV, NPY/NPZ or LAS/LAZ.

        `up` and `units` override what the format says. Raises MissingDataError, InputError or UnsafeError; see
        docs/bad_input.md for the whole table.
        """
        geometry = read_geometry(path, limits or Limits())
        return _described(geometry, up, units, str(path), Path(path).suffix.lower())

    @classmethod
    def of(cls, data: Any, up: str | None = None, units: str | None = None) -> Shape:
        """From points (N,3) or (N,6 with RGB) as NumPy or torch, a trimesh mesh, scene or cloud, an Open3D object.

        Raises InputError if it is none of these, or holds no finite point.
        """
        if isinstance(data, Shape):
            return replace(data, **({"up": _checked_up(up), "up_reason": "given"} if up else {}))
        return _described(geometry_of(data), up, units, "memory", "")

    @property
    def points(self) -> Float64[np.ndarray, "N 3"]:
        """Positions (N,3) in the input frame: the points of a cloud, the vertices of a mesh."""
        return self.geometry.points

    @property
    def faces(self) -> Int64[np.ndarray, "F 3"] | None:
        """Vertex indices (F,3) of a mesh, None for a cloud."""
        return self.geometry.faces

    @property
    def is_mesh(self) -> bool:
        """True if there are faces."""
        return self.geometry.faces is not None

    @property
    def finite(self) -> Bool[np.ndarray, "N"]:
        """Which points (N,) have three finite coordinates; scanners leave NaN where they saw nothing."""
        x, y, z = np.isfinite(self.points).T  # a sum over so short an axis takes NumPy seven times as long
        return np.asarray(x & y & z)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What reading noticed, and every assumption that nobody confirmed."""
        notes = list(self.geometry.warnings)
        if self.up_reason.startswith("assumed"):
            notes.append(
                f"+{self.up.upper()} is taken as up: {self.up_reason}. Say up= (--up) if that is wrong."
            )
        return tuple(notes)

    def to_y_up(self) -> Float64[np.ndarray, "3 3"]:
        """The rotation (3,3) that turns this shape's up axis to +Y: canonical = rotation @ point."""
        return to_y_up(self.up)


def canonical_transform(
    rotation: Float64[np.ndarray, "3 3"], centre: Float64[np.ndarray, "3"], scale: float
) -> Float64[np.ndarray, "4 4"]:
    """The (4,4) matrix of canonical = scale * rotation @ (point - centre)."""
    matrix = np.eye(4)
    matrix[:3, :3] = scale * rotation
    matrix[:3, 3] = -scale * rotation @ centre
    return matrix


def _described(geometry: Geometry, up: str | None, units: str | None, source: str, suffix: str) -> Shape:
    """A Shape with its axis and unit settled: said by the caller, promised by the format, customary, or assumed."""
    if not np.isfinite(geometry.points).all(axis=1).any():
        raise InputError(f"{source}: none of the {len(geometry.points)} points has finite coordinates")
    if up is not None:
        axis, axis_reason = _checked_up(up), "given"
    elif geometry.up is not None:
        axis, axis_reason = geometry.up, "the format says so"
    else:
        axis, reason = _CUSTOMARY_UP.get(suffix, ("y", "nothing in the data says otherwise"))
        axis_reason = f"assumed, {reason}"
    if units is not None:
        if units not in UNITS and units != "unknown":
            raise InputError(f"unknown units {units!r}: use one of {', '.join(UNITS)} or 'unknown'")
        unit, unit_reason = units, "given"
    elif geometry.units is not None:
        unit, unit_reason = geometry.units, "the format says so" + _odd_size(geometry)
    else:
        unit, unit_reason = _guess_units(geometry.points)
    return Shape(geometry, axis, axis_reason, unit, unit_reason, source)


def _checked_up(up: str) -> str:
    axis = up.lower().removeprefix("+")
    to_y_up(axis)  # raises for anything but an axis
    return axis


def _odd_size(geometry: Geometry) -> str:
    """A doubt about the unit that a format promises: many exporters write centimetres into metre files."""
    size = _largest_extent(geometry.points) * UNITS.get(geometry.units or "", 1.0)
    return f", but {size:.4g} m across is no everyday size" if not 0.005 <= size <= 50 else ""


def _largest_extent(points: Float64[np.ndarray, "N 3"]) -> float:
    finite = points[np.isfinite(points).all(axis=1)]
    return float((finite.max(axis=0) - finite.min(axis=0)).max())


def _guess_units(points: Float64[np.ndarray, "N 3"]) -> tuple[str, str]:
    """Unit and reason from the size alone: household things measure between 2 cm and 5 m."""
    size = _largest_extent(points)
    if 0.02 <= size <= 5:
        return "m", f"assumed, {size:.3g} across is an everyday size in metres"
    if 20 <= size <= 5000:
        return "mm", f"assumed, {size:.4g} across is an everyday size in millimetres"
    return "unknown", f"{size:.3g} across is no everyday size in metres or millimetres"
