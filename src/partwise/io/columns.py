"""Which column of a bare table means what: by name if there is a header, else by number and by the values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num

from partwise.errors import InputError
from partwise.io.colors import rgba_bytes
from partwise.io.geometry import Geometry

NAMES = {
    "points": (("x", "y", "z"), ("//x", "y", "z"), ("px", "py", "pz"), ("points_x", "points_y", "points_z")),
    "normals": (("nx", "ny", "nz"), ("normal_x", "normal_y", "normal_z"), ("normalx", "normaly", "normalz")),
    "colors": (("r", "g", "b"), ("red", "green", "blue"), ("rf", "gf", "bf")),
}
# Where a triple of normals or colours can start, for each number of columns: x y z, then ...
STARTS = {6: (3,), 7: (3, 4), 9: (3, 6)}
UNIT_TOLERANCE = 0.02  # files round normals to two or three digits


@dataclass(frozen=True)
class Roles:
    """First column, or three columns, of each role; None where there is none."""

    points: tuple[int, ...] = (0, 1, 2)
    normals: tuple[int, ...] | None = None
    colors: tuple[int, ...] | None = None


def named_roles(names: list[str]) -> Roles | None:
    """Roles by column names, whatever their order; None if x, y and z are not among them."""
    lower = [name.strip().strip("\"'").lower() for name in names]
    found: dict[str, tuple[int, ...]] = {}
    for role, choices in NAMES.items():
        for choice in choices:
            if all(name in lower for name in choice):
                found.setdefault(role, tuple(lower.index(name) for name in choice))
    return Roles(**found) if "points" in found else None


def guessed_roles(values: Num[np.ndarray, "N C"]) -> tuple[Roles, list[str]]:
    """Roles by number of columns and by values, with a warning for each guess.

    3: x y z. 6: x y z and normals (if they have unit length) or RGB. 7: the same with one more column, which is left
    out: at the end (labels) or before the colours (intensity). 9: x y z, normals and RGB in either order. Of any other
    number the first three are taken.
    """
    count = values.shape[1]
    found: dict[str, tuple[int, ...]] = {}
    warnings = []
    for start in STARTS.get(count, ()):
        triple = values[:, start : start + 3].astype(np.float64)
        role = "normals" if _is_normals(triple) else "colors" if _is_colors(triple) else None
        if role is not None and role not in found and not (count == 7 and found):
            found[role] = (start, start + 1, start + 2)
            warnings.append(
                f"columns {start + 1}-{start + 3} are taken as {role}: they look it, and no header says"
            )
    unused = count - 3 - 3 * len(found)
    if unused:
        warnings.append(
            f"{unused} of {count} columns are left out: name them in a header (x y z nx ny nz r g b)"
        )
    return Roles(**found), warnings


def cloud(values: Num[np.ndarray, "N C"], roles: Roles, warnings: list[str]) -> Geometry:
    """Geometry of the columns (N,C) that the roles pick out."""
    if len(values) == 0:
        raise InputError("it holds no points: export it again")
    return Geometry(
        points=values[:, list(roles.points)].astype(np.float64),
        normals=None if roles.normals is None else values[:, list(roles.normals)].astype(np.float32),
        colors=None if roles.colors is None else rgba_bytes(values[:, list(roles.colors)]),
        warnings=tuple(warnings),
    )


def _is_normals(triple: Float[np.ndarray, "N 3"]) -> bool:
    """True if nearly all rows have unit length; scanners leave a few rows zero or NaN."""
    length = np.linalg.norm(triple, axis=1)
    return bool((np.abs(length - 1) < UNIT_TOLERANCE).mean() > 0.95) if len(length) else False


def _is_colors(triple: Float[np.ndarray, "N 3"]) -> bool:
    """True for fractions in 0..1 or whole numbers in 0..255."""
    if not len(triple) or not np.isfinite(triple).all() or triple.min() < 0:
        return False
    return bool(triple.max() <= 1 or (triple.max() <= 255 and (triple == np.rint(triple)).all()))
