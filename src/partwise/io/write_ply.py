"""Binary PLY with a label and a score per vertex: what point-cloud tools and scripts read."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int32, UInt8

from partwise.errors import InputError
from partwise.files import atomic_path
from partwise.io.geometry import Geometry
from partwise.io.names import printable, slug, unique
from partwise.io.palette import painted
from partwise.io.parts import check_labels

_TYPES = {"f4": "float", "u1": "uchar", "i4": "int"}
_FIXED = [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("red", "u1"), ("green", "u1"), ("blue", "u1")]


def write_ply(
    path: str | os.PathLike[str],
    geometry: Geometry,
    labels: Int32[np.ndarray, "N"],
    confidence: Float[np.ndarray, "N"],
    scores: Float[np.ndarray, "N T"],
    names: Sequence[str],
    colors: UInt8[np.ndarray, "_ 3"],
) -> None:
    """Every point or vertex in input order with its colour, label, confidence and one score per phrase; faces kept.

    Properties: float x y z, uchar red green blue, int label (-1 for none), float score (the confidence (N,)), then one
    float score_<slug> per phrase. Comments say which label and which property is which phrase. Points that are not
    finite stay, as NaN. float32, because doubles break other tools; a comment says so where that rounds visibly.
    labels (N,), scores (N,T), colors (T,3) of the labels, or (N,3) of the points themselves. Raises InputError if
    they do not fit together.
    """
    count = len(geometry.points)
    own = len(colors) == count != len(names)
    check_labels(labels, count, names, colors[: len(names)] if own else colors)
    if len(confidence) != count or scores.shape != (count, len(names)):
        raise InputError(
            f"confidence {confidence.shape} and scores {scores.shape} for {count} points and {len(names)} names: "
            f"give ({count},) and ({count}, {len(names)})"
        )
    columns = [f"score_{column}" for column in unique(slug(name) for name in names)]
    vertices = np.empty(
        count, dtype=[*_FIXED, ("label", "<i4"), ("score", "<f4"), *((c, "<f4") for c in columns)]
    )
    with np.errstate(over="ignore"):  # beyond float32 becomes infinite, like the comment says
        for axis, column in enumerate("xyz"):
            vertices[column] = geometry.points[:, axis]
    rgb = colors if own else painted(labels, colors)
    for channel, column in enumerate(("red", "green", "blue")):
        vertices[column] = rgb[:, channel]
    vertices["label"], vertices["score"] = labels, confidence
    for index, column in enumerate(columns):
        vertices[column] = scores[:, index]
    header = _header(vertices.dtype, geometry, names, columns)
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        stream.write(header)
        # Not ndarray.tofile: its error on a full disk does not say that the disk is full.
        stream.write(vertices.view(np.uint8).data)
        if geometry.faces is not None:
            triangles = np.empty(len(geometry.faces), dtype=[("count", "u1"), ("corners", "<i4", (3,))])
            triangles["count"], triangles["corners"] = 3, geometry.faces
            stream.write(triangles.view(np.uint8).data)


def _header(dtype: np.dtype, geometry: Geometry, names: Sequence[str], columns: Sequence[str]) -> bytes:
    lines = ["ply", "format binary_little_endian 1.0", "comment written by partwise", *_rounding(geometry)]
    lines += [f"comment label {index} {printable(name)}" for index, name in enumerate(names)]
    lines += [f"comment property {column} label {index}" for index, column in enumerate(columns)]
    lines.append(f"element vertex {len(geometry.points)}")
    lines += [f"property {_TYPES[dtype[name].str[1:]]} {name}" for name in dtype.names or ()]
    if geometry.faces is not None:
        lines += [f"element face {len(geometry.faces)}", "property list uchar int vertex_indices"]
    return ("\n".join([*lines, "end_header"]) + "\n").encode("utf-8")


def _rounding(geometry: Geometry) -> list[str]:
    """A comment where float32 moves points by more than a ten thousandth of the shape's size."""
    finite = geometry.points[np.isfinite(geometry.points).all(axis=1)]
    if not len(finite):
        return []
    step = float(np.abs(finite).max()) * 2.0**-24
    if step <= 1e-4 * float((finite.max(axis=0) - finite.min(axis=0)).max()):
        return []
    return [f"comment float32 rounds these positions by up to {step:.1g}, the NPZ and GLB forms do not"]
