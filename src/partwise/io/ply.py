"""PLY (ascii, binary little and big endian), meshes and clouds, to `Geometry`."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64, UInt8

from partwise.errors import InputError
from partwise.io.colors import rgba_bytes
from partwise.io.geometry import Geometry
from partwise.io.ply_header import Header, read_header
from partwise.io.ply_rows import Columns, Ragged, read_elements
from partwise.io.polygons import triangulate
from partwise.io.source import Source
from partwise.io.text import whole

# The names that writers use for the same thing.
COLORS = (("red", "green", "blue"), ("r", "g", "b"), ("diffuse_red", "diffuse_green", "diffuse_blue"))
ALPHAS = ("alpha", "a", "diffuse_alpha")
COORDINATES = (("u", "v"), ("s", "t"), ("texture_u", "texture_v"))
FACES = ("vertex_indices", "vertex_index")


def read_ply(source: Source) -> Geometry:
    """Geometry with normals, colours and vertex texture coordinates where the file has them; polygons become fans.

    Other elements and properties are skipped. Raises InputError if the header announces more than the file holds.
    """
    header = read_header(source.data)
    source.limits.check_points(_rows(header, "vertex"))
    source.limits.check_faces(_rows(header, "face"))
    elements = read_elements(source.data, header)
    vertex = elements.get("vertex", {})
    points = _stacked(vertex, ("x", "y", "z"))
    if points is None:
        raise InputError("there is no 'vertex' element with x, y and z: this PLY holds no shape")
    faces, warnings = _faces(source, elements)
    if "tristrips" in elements:
        warnings.append("triangle strips are not read: export the mesh with a face list")
    normals = _stacked(vertex, ("nx", "ny", "nz"))
    uv = next((found for names in COORDINATES if (found := _stacked(vertex, names)) is not None), None)
    return Geometry(
        points=points.astype(np.float64),
        faces=faces,
        normals=None if normals is None else normals.astype(np.float32),
        colors=_colors(header, vertex),
        uv=None if uv is None else uv.astype(np.float32),
        warnings=tuple(warnings),
    )


def _rows(header: Header, name: str) -> int:
    return sum(element.rows for element in header.elements if element.name == name)


def _stacked(columns: Columns, names: tuple[str, ...]) -> np.ndarray | None:
    """The named scalar columns side by side (R,C), or None if one is absent."""
    found = [columns.get(name) for name in names]
    if not all(isinstance(values, np.ndarray) for values in found):
        return None
    return np.stack([values for values in found if isinstance(values, np.ndarray)], axis=1)


def _faces(source: Source, elements: dict[str, Columns]) -> tuple[Int64[np.ndarray, "F 3"] | None, list[str]]:
    """Triangles (F,3), or None for a cloud; and what a person should know about the rest."""
    face = elements.get("face", {})
    rows = next((rows for name in FACES if isinstance(rows := face.get(name), Ragged)), None)
    if rows is None:
        return None, []
    source.limits.check_faces(int(np.maximum(rows.counts - 2, 0).sum()))
    values = rows.values
    corners = whole(values, "faces") if values.dtype.kind == "f" else values.astype(np.int64)
    faces, _ = triangulate(corners, rows.counts)
    per_face = {"texcoord": "texture coordinates", "red": "colours"}
    return faces, [f"{what} of faces are not read" for name, what in per_face.items() if name in face]


def _colors(header: Header, vertex: Columns) -> UInt8[np.ndarray, "N 4"] | None:
    """Vertex colours in the number type that the header announces (ascii rows are all read as floats)."""
    for names in COLORS:
        alpha = next(((name,) for name in ALPHAS if isinstance(vertex.get(name), np.ndarray)), ())
        values = _stacked(vertex, (*names, *alpha))
        if values is None:
            continue
        columns = [
            column for element in header.elements if element.name == "vertex" for column in element.properties
        ]
        dtype = next(column.dtype for column in columns if column.name == names[0])
        if dtype.kind in "iu" and values.dtype.kind == "f":
            values = whole(values, "colours")
        return rgba_bytes(values)
    return None
