"""STL, binary and ascii, to `Geometry`."""

from __future__ import annotations

import re

import numpy as np
from jaxtyping import Float64, Int32

from partwise.errors import InputError
from partwise.io.geometry import Geometry
from partwise.io.source import Source
from partwise.io.text import decoded, numbers

RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
HEADER_BYTES = 80
_SOLID = re.compile(r"^[ \t]*solid\b[ \t]*([^\r\n]*)", re.MULTILINE | re.IGNORECASE)


def read_stl(source: Source) -> Geometry:
    """Geometry whose equal corners are one vertex, in order of first use; faces as in the file.

    The format has no vertex list: every triangle repeats its corners, and only equal positions say what touches.
    Facet normals follow from the corners and are left out. The solids of an ascii file become named nodes.
    Raises InputError if the triangle count does not fit the length.
    """
    data = source.data
    count = int.from_bytes(data[HEADER_BYTES : HEADER_BYTES + 4], "little")
    body = len(data) - HEADER_BYTES - 4
    # Binary files may begin with "solid" too; the length cannot lie.
    if body == count * RECORD.itemsize and body >= 0:
        source.limits.check_faces(count)
        records = np.frombuffer(data, RECORD, count, HEADER_BYTES + 4)
        return _welded(records["corners"].reshape(-1, 3).astype(np.float64))
    if data[:1024].lstrip()[:5].lower() == b"solid" and b"\0" not in data:
        return _ascii(source, decoded(data))
    if body < 0:
        raise InputError(f"only {len(data)} bytes, but a binary STL starts with 84: the file is truncated")
    raise InputError(
        f"the header announces {count:,} triangles ({count * RECORD.itemsize:,} bytes), but {body:,} bytes follow: "
        "the file is truncated or damaged"
    )


def _ascii(source: Source, text: str) -> Geometry:
    """The solids of an ascii file, each a node if there are several."""
    names: list[str] = []
    corners: list[str] = []
    sizes: list[int] = []
    for number, piece in enumerate((text if "facet" in text else text.lower()).split("endsolid")):
        opening = _SOLID.search(piece)
        if opening is None and "endfacet" not in piece:  # the name behind the last endsolid
            continue
        name, body = (opening.group(1).strip(), piece[opening.end() :]) if opening else ("", piece)
        found = [" ".join(words.split(None, 3)[:3]) for words in body.split("vertex")[1:]]
        names.append(name or f"solid_{number}")
        sizes.append(body.count("endfacet"))
        if len(found) != 3 * sizes[-1]:
            raise InputError(
                f"solid {names[-1][:80]!r} has {len(found)} vertices in {sizes[-1]} facets, but 3 in each were "
                "expected: the file is truncated or damaged"
            )
        corners += found
    source.limits.check_faces(sum(sizes))
    values = numbers(" ".join(corners), "vertices")
    if len(values) != 9 * sum(sizes):
        raise InputError("a vertex has not three numbers: repair the line or export the file again")
    if len(names) == 1:
        return _welded(values.reshape(-1, 3))
    return _welded(
        values.reshape(-1, 3), tuple(names), np.repeat(np.arange(len(names), dtype=np.int32), sizes)
    )


def _welded(
    corners: Float64[np.ndarray, "K 3"],
    names: tuple[str, ...] = (),
    node: Int32[np.ndarray, "F"] | None = None,
) -> Geometry:
    """Triangles of K = 3 F corners as a mesh in which equal corners are one vertex."""
    order = np.lexsort(corners.T)  # stable: among equal corners the first of the file comes first
    ordered = corners[order]
    opens = np.ones(len(order), dtype=bool)
    opens[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    first = order[opens]
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    member = np.empty(len(order), dtype=np.int64)
    member[order] = rank[np.cumsum(opens) - 1]
    return Geometry(corners[np.sort(first)], faces=member.reshape(-1, 3), node_names=names, face_node=node)
