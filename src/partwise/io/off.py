"""OFF (Object File Format, Princeton and ModelNet) to `Geometry`, with the COFF, NOFF and STOFF variants."""

from __future__ import annotations

import re

import numpy as np
from jaxtyping import Int64

from partwise.errors import InputError
from partwise.io.colors import rgba_bytes
from partwise.io.geometry import Geometry
from partwise.io.polygons import triangulate
from partwise.io.source import Source
from partwise.io.text import decoded, numbers, table, whole

_HEADER = re.compile(r"\s*(ST)?(C)?(N)?OFF\b|\s*(ST)?(C)?(N)?OFF(?=\d)")


def read_off(source: Source) -> Geometry:
    """Geometry with vertex colours (COFF) and normals (NOFF); colours of faces are left out with a warning.

    ModelNet files that run the header into the counts ("OFF490 518 0") are understood.
    Raises InputError if the counts do not fit the lines that follow.
    """
    text = decoded(source.data)
    header = _HEADER.match(text)
    if header is None:
        raise InputError(f"it starts with {text[:12]!r}, but 'OFF' was expected: check the extension")
    has_uv, has_colors, has_normals = (bool(header.group(i) or header.group(i + 3)) for i in (1, 2, 3))
    body = text[header.end() :]
    if "#" in body:
        body = re.sub(r"#[^\n]*", "", body)
    lines = [line for line in body.splitlines() if line.strip()]
    counts = whole(numbers(lines[0] if lines else "", "counts"), "counts")
    if len(counts) < 2 or counts.min() < 0:
        raise InputError("vertex and face counts were expected after 'OFF': the file is truncated or damaged")
    n_vertices, n_faces = int(counts[0]), int(counts[1])
    if n_vertices + n_faces > len(lines) - 1:
        raise InputError(
            f"the header announces {n_vertices:,} vertices and {n_faces:,} faces, but {len(lines) - 1:,} lines follow: "
            "the file is truncated or lies"
        )
    source.limits.check_points(n_vertices)
    if n_vertices == 0:
        raise InputError("it holds no vertices: export it again")
    vertices = table(lines[1 : 1 + n_vertices], "vertices")
    at_colors = 3 + 3 * has_normals
    width = at_colors + (3 if has_colors else 0)
    if vertices.shape[1] < width:
        raise InputError(
            f"vertices have {vertices.shape[1]} numbers, but {width} were expected: the file is damaged"
        )
    faces, warnings = _faces(lines[1 + n_vertices : 1 + n_vertices + n_faces])
    source.limits.check_faces(len(faces))
    channels = vertices[:, at_colors : min(at_colors + 4, vertices.shape[1] - 2 * has_uv)]
    return Geometry(
        points=vertices[:, :3].copy(),
        faces=faces,
        normals=vertices[:, 3:6].astype(np.float32) if has_normals else None,
        colors=rgba_bytes(channels) if has_colors else None,
        uv=vertices[:, -2:].astype(np.float32) if has_uv else None,
        warnings=warnings,
    )


def _faces(lines: list[str]) -> tuple[Int64[np.ndarray, "F 3"], tuple[str, ...]]:
    """Triangles (F,3) of lines "n v1 ... vn [colour]"."""
    width = np.array([len(line.split()) for line in lines], dtype=np.int64)
    start = np.cumsum(width) - width
    values = numbers(" ".join(lines), "faces")
    if len(values) != width.sum():
        raise InputError("the faces hold something that is not a number: repair the line or export it again")
    counts = whole(values[start], "face sizes")
    wrong = (counts < 0) | (counts + 1 > width)
    if wrong.any():
        bad = int(np.argmax(wrong))
        raise InputError(
            f"face {bad} announces {counts[bad]} corners, but {width[bad] - 1} numbers follow: it is damaged"
        )
    step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    faces, _ = triangulate(whole(values[np.repeat(start + 1, counts) + step], "faces"), counts)
    return faces, ("colours of faces are not read",) if (width > counts + 1).any() else ()
