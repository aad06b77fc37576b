"""One HTML file that shows a result in any browser: opened from disk, with no server and no network."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Float64, Int, Int64, UInt8

from partwise.errors import InputError
from partwise.files import atomic_path
from partwise.io.camera import bounding_ball, to_y_up
from partwise.io.geometry import Geometry
from partwise.io.palette import heat_colors
from partwise.io.parts import Part, check_labels, split_parts
from partwise.io.shade import FLOOR_CELLS, FLOOR_SPAN, floor_shadow, surface_sample
from partwise.io.surface import cloud_surface, corner_normals, face_areas
from partwise.io.tables import plain

_MOST_POINTS = 400_000  # of a cloud; a file of about 10 MB that older graphics chips still turn smoothly
_MOST_SCORES = 24_000_000  # bytes of scores, 32 MB of text
_HEAT = "partwise-heat/1"  # schema of the records whose pages open with the map of the first phrase


def write_html(
    path: str | os.PathLike[str],
    geometry: Geometry,
    labels: Int[np.ndarray, "M"],
    scores: Float[np.ndarray, "N T"],
    names: Sequence[str],
    colors: UInt8[np.ndarray, "T 3"],
    title: str,
    record: Mapping[str, Any],
) -> None:
    """A page with the shape to turn, a legend to show and hide parts, scores as heat maps, and parts to pull apart.

    labels (F,) of the faces of a mesh, or (N,) of the points of a cloud; scores (N,T) of its vertices or points, shown
    on the absolute scale 0..1 in steps of 1/255; colors (T,3). `geometry.up` says which axis points up, +Y if None.
    Clouds are thinned to 400,000 points here, and phrases beyond 24 MB of scores have no heat map; the page says so.
    Points that are not finite are left out. Raises InputError if the arrays do not fit or nothing is left to show.
    """
    check_labels(labels, len(geometry.points if geometry.faces is None else geometry.faces), names, colors)
    if scores.shape != (len(geometry.points), len(names)):
        raise InputError(
            f"scores {scores.shape} for {len(geometry.points)} points and {len(names)} names: "
            f"give ({len(geometry.points)}, {len(names)})"
        )
    page = resources.files("partwise.io").joinpath("viewer.html").read_text(encoding="utf-8")
    payload = _payload(geometry, labels, scores, names, colors)
    # Parts are the answer of one record, heat that of the other: below 0.5 its parts would all be grey.
    opens = 0 if record.get("schema") == _HEAT and payload["scored"] else -1
    payload |= {"title": title, "record": plain(record), "opens": opens}
    # In one pass, so that a title which contains a mark is not filled in again.
    filling = {"title": html.escape(title), "data": _inert_json(payload)}
    text = re.sub(r"\{\{(title|data)\}\}", lambda mark: filling[mark.group(1)], page)
    with atomic_path(path) as temporary:
        temporary.write_bytes(text.encode("utf-8", "backslashreplace"))


@dataclass(frozen=True)
class _View:
    """What the page draws, sorted by part.

    points   (V,3) vertices, or the points shown
    faces    (F,3) or None
    normals  (F,3,3) or (V,3)
    rows     (V,) their rows in the input
    radius   of a disc, 0 for a mesh
    parts    each with its range of rows of `faces` or `points`
    """

    points: Float64[np.ndarray, "V 3"]
    faces: Int64[np.ndarray, "F 3"] | None
    normals: Float32[np.ndarray, "R ..."]
    rows: Int64[np.ndarray, "V"]
    radius: float
    parts: list[Part]


def _payload(
    geometry: Geometry,
    labels: Int[np.ndarray, "M"],
    scores: Float[np.ndarray, "N T"],
    names: Sequence[str],
    colors: UInt8[np.ndarray, "T 3"],
) -> dict[str, Any]:
    """Everything the page knows, ready for JSON; arrays are base64 of little-endian bytes."""
    notes: list[str] = []
    if geometry.faces is None:
        view = _cloud_view(geometry, labels, names, colors, notes)
    else:
        view = _mesh_view(geometry, geometry.faces, labels, names, colors)
    used = view.points if view.faces is None else view.points[np.unique(view.faces)]
    centre, size = bounding_ball(used)
    world = to_y_up(geometry.up or "y") / size
    canonical = (view.points - centre) @ world.T
    surface = canonical if view.faces is None else surface_sample(canonical, view.faces, 60_000)
    scored = min(len(names), _MOST_SCORES // max(len(view.rows), 1))
    if scored < len(names):
        notes.append(f"Heat maps of the first {scored} of {len(names)} phrases only; the files hold all.")
    to_world = np.eye(4)
    to_world[:3, :3] = world
    return {
        "positions": _packed(view.points - centre, "<f4"),
        "faces": None if view.faces is None else _packed(view.faces, "<u4"),
        "normals": _packed(np.rint(np.nan_to_num(view.normals) * 127), "i1"),
        "scores": _packed(_bytes_of_scores(scores[view.rows, :scored]).T, "u1"),
        "heat": _packed(heat_colors(np.linspace(0, 1, 256)), "u1"),
        "floor": {
            "shadow": _packed(np.rint(floor_shadow(surface).T * 255), "u1"),
            "cells": FLOOR_CELLS,
            "span": FLOOR_SPAN,
            "height": float(surface[:, 1].min()),
        },
        "parts": _part_table(view, centre),
        "names": list(names),
        "scored": scored,
        "centre": centre.tolist(),
        "toWorld": to_world.T.reshape(-1).tolist(),  # column by column
        "pointRadius": view.radius / size,
        "notes": notes,
    }


def _mesh_view(
    geometry: Geometry,
    faces: Int64[np.ndarray, "F 3"],
    labels: Int[np.ndarray, "F"],
    names: Sequence[str],
    colors: UInt8[np.ndarray, "T 3"],
) -> _View:
    if not len(faces):
        raise InputError("nothing to show: the mesh has no face")
    parts = split_parts(labels, names, colors)
    order = np.concatenate([part.rows for part in parts])
    normals = corner_normals(geometry, faces)[order]
    return _View(geometry.points, faces[order], normals, np.arange(len(geometry.points)), 0.0, parts)


def _cloud_view(
    geometry: Geometry,
    labels: Int[np.ndarray, "N"],
    names: Sequence[str],
    colors: UInt8[np.ndarray, "T 3"],
    notes: list[str],
) -> _View:
    finite = np.flatnonzero(np.isfinite(geometry.points).all(axis=1))
    if not len(finite):
        raise InputError("nothing to show: the cloud has no finite point")
    if len(finite) < len(labels):
        notes.append(f"Left out, without finite coordinates: {len(labels) - len(finite):,}.")
    if len(finite) > _MOST_POINTS:
        notes.append(
            f"Showing {_MOST_POINTS:,} of {len(finite):,} points, picked at random; the files hold all."
        )
        finite = np.sort(np.random.default_rng(0).choice(finite, _MOST_POINTS, replace=False))
    parts = split_parts(labels[finite], names, colors)
    rows = finite[np.concatenate([part.rows for part in parts])]
    normals, radius = cloud_surface(geometry, rows)
    return _View(geometry.points[rows], None, normals, rows, float(np.median(radius)), parts)


def _part_table(view: _View, centre: Float64[np.ndarray, "3"]) -> list[dict[str, Any]]:
    """Name, colour, range, share of surface or points, middle; ranges count corners of a mesh, points of a cloud."""
    if view.faces is None:
        places, weights, per_row = view.points, np.ones(len(view.points)), 1
    else:
        corners = view.points[view.faces]
        places, weights, per_row = corners.mean(axis=1), face_areas(corners), 3
    table, start = [], 0
    for part in view.parts:
        inside = places[start : start + len(part.rows)]
        table.append(
            {
                "label": part.label,
                "name": part.name,
                "color": part.color,
                "start": start * per_row,
                "count": len(part.rows) * per_row,
                "share": float(weights[start : start + len(part.rows)].sum() / (weights.sum() or 1)),
                "center": ((inside.min(axis=0) + inside.max(axis=0)) / 2 - centre).tolist(),
            }
        )
        start += len(part.rows)
    return table


def _bytes_of_scores(scores: Float[np.ndarray, "V T"]) -> UInt8[np.ndarray, "V T"]:
    return np.rint(np.clip(np.nan_to_num(scores), 0, 1) * 255).astype(np.uint8)


def _packed(values: np.ndarray, dtype: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values.astype(dtype)).tobytes()).decode()


def _inert_json(payload: Mapping[str, Any]) -> str:
    """JSON that can stand inside a script element: "</script>" in a phrase must not end it."""
    text = json.dumps(payload, separators=(",", ":"), allow_nan=False)  # ascii, so U+2028 is escaped as well
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
