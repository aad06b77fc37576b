"""Wavefront OBJ to `Geometry`. Vertices and faces keep the order of the file, which a general loader does not."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64

from partwise.errors import InputError
from partwise.io.colors import rgba_bytes
from partwise.io.geometry import Geometry
from partwise.io.mtl import read_materials
from partwise.io.polygons import triangulate
from partwise.io.source import Source
from partwise.io.text import decoded, numbers, table, whole


@dataclass
class _Lines:
    """The lines of an OBJ file, sorted by what they hold."""

    vertices: list[str] = field(default_factory=list)
    coordinates: list[str] = field(default_factory=list)
    normals: list[str] = field(default_factory=list)
    faces: list[str] = field(default_factory=list)
    libraries: list[str] = field(default_factory=list)
    # For each of these: (number of the first face line it holds for, name).
    materials: list[tuple[int, str]] = field(default_factory=list)
    objects: list[tuple[int, str]] = field(default_factory=list)
    groups: list[tuple[int, str]] = field(default_factory=list)
    # Face lines that count backwards: (number, vertices, coordinates and normals seen so far).
    backward: list[tuple[int, int, int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class _Split:
    """Vertices after those with several texture coordinates were copied.

    corner (K,) vertex of each face corner; vertex (N,) line of each vertex; coordinate (N,) its texture line or -1.
    """

    corner: Int64[np.ndarray, "K"]
    vertex: Int64[np.ndarray, "N"]
    coordinate: Int64[np.ndarray, "N"]


def read_obj(source: Source) -> Geometry:
    """Geometry with one node for each object (`o`) or, without objects, each group (`g`).

    A vertex that has several texture coordinates keeps its place with the first of them; copies for the others are
    appended at the end. Several normals of one vertex are averaged. Missing material files or textures are warnings,
    and so are those outside the folder: they are never opened.
    """
    lines = _sorted_lines(decoded(source.data))
    source.limits.check_points(len(lines.vertices))
    if not lines.vertices:
        raise InputError("no vertices (lines that start with 'v'): this is no OBJ file, or an empty one")
    vertices = _rows(lines.vertices, "vertices", 3)
    colors = rgba_bytes(vertices[:, 3:6]) if vertices.shape[1] in (6, 7) else None
    if not lines.faces:
        return Geometry(vertices[:, :3].copy(), colors=colors)
    corners, counts = _corners(lines)
    source.limits.check_faces(int(np.maximum(counts - 2, 0).sum()))
    split = _split(corners, len(vertices))
    faces, polygon = triangulate(split.corner, counts)
    warnings: list[str] = []
    uv = None
    if (split.coordinate >= 0).any():
        coordinates = _rows(lines.coordinates, "texture coordinates", 2)[:, :2]
        uv = np.concatenate([coordinates, np.zeros((1, 2))])[split.coordinate].astype(
            np.float32
        )  # -1: the last row
    used, face_material = _spans(lines.materials, polygon)
    node_names, face_node = _spans(lines.objects or lines.groups, polygon)
    return Geometry(
        points=vertices[split.vertex, :3],
        faces=faces,
        normals=_normals(lines, corners[:, 2], split),
        colors=None if colors is None else colors[split.vertex],
        uv=uv,
        materials=read_materials(source, lines.libraries, used, warnings),
        face_material=face_material,
        node_names=node_names,
        face_node=face_node,
        warnings=tuple(warnings),
    )


def _sorted_lines(text: str) -> _Lines:
    if "\\\n" in text or "\\\r" in text:  # a backslash continues a line
        text = text.replace("\\\r\n", " ").replace("\\\n", " ")
    lines = _Lines()
    plain = {"v": lines.vertices, "vt": lines.coordinates, "vn": lines.normals, "mtllib": lines.libraries}
    named = {"usemtl": lines.materials, "o": lines.objects, "g": lines.groups}
    for line in text.replace("\t", " ").replace("\r", "\n").split("\n"):
        key, _, rest = line.strip().partition(" ")
        if key in plain:
            plain[key].append(rest)
        elif key == "f":
            if "-" in rest:
                seen = len(lines.vertices), len(lines.coordinates), len(lines.normals)
                lines.backward.append((len(lines.faces), *seen))
            lines.faces.append(rest.partition("#")[0])
        elif key in named:
            named[key].append((len(lines.faces), rest.strip() or "default"))
    return lines


def _rows(lines: list[str], what: str, width: int) -> Float64[np.ndarray, "R C"]:
    """Rows of at least `width` numbers; only those are kept where the lines differ in length."""
    if not lines:
        raise InputError(f"faces use {what}, but the file has none: it is truncated or damaged")
    try:
        values = table(lines, what)
    except InputError:
        values = table(lines, what, columns=range(width))
    if len(values) != len(lines) or values.shape[1] < width:
        raise InputError(
            f"{len(lines)} {what} of {width} numbers were expected, but {values.shape} were found"
        )
    return values


def _corners(lines: _Lines) -> tuple[Int64[np.ndarray, "K 3"], Int64[np.ndarray, "P"]]:
    """Lines of vertex, texture coordinate and normal (K,3) of all face corners, from 0, -1 for none; and corners (P,).

    Raises InputError where a face is no list of v, v/vt, v//vn or v/vt/vn, or counts beyond what there is.
    """
    counts = np.array([len(line.split()) for line in lines.faces], dtype=np.int64)
    text = " ".join(" ".join(lines.faces).split())
    text = f"{text.replace('//', '/0/')} ".replace("/ ", " ").rstrip()
    values = whole(numbers(text.replace("/", " "), "faces"), "faces")
    raw = np.frombuffer(text.encode(), dtype=np.uint8)
    slashes = np.bincount(np.cumsum(raw == ord(" "))[raw == ord("/")], minlength=int(counts.sum()))
    first = np.cumsum(slashes + 1) - (slashes + 1)
    if (
        len(slashes) != counts.sum()
        or len(values) != counts.sum() + slashes.sum()
        or slashes.max(initial=0) > 2
    ):
        raise InputError("a face is no list of v, v/vt, v//vn or v/vt/vn: repair it or export the file again")
    corners = np.zeros((len(slashes), 3), dtype=np.int64)
    for column in range(3):
        has = slashes >= column
        corners[has, column] = values[first[has] + column]
    base = np.zeros((len(counts), 3), dtype=np.int64)
    if lines.backward:
        backward = np.array(lines.backward, dtype=np.int64)
        base[backward[:, 0]] = backward[:, 1:]
    resolved = np.where(corners < 0, corners + np.repeat(base, counts, axis=0), corners - 1)
    total = np.array([len(lines.vertices), len(lines.coordinates), len(lines.normals)])
    wrong = (resolved >= total) | ((corners <= 0) & (resolved < 0))
    wrong[:, 1:] &= corners[:, 1:] != 0  # 0 stands for none here
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        what = ("vertices", "texture coordinates", "normals")[column]
        raise InputError(
            f"a face points to number {corners[row, column]} of {total[column]} {what}: it is damaged"
        )
    return resolved, counts


def _split(corners: Int64[np.ndarray, "K 3"], count: int) -> _Split:
    """One vertex for each pair of vertex and texture coordinate in use; the first pair keeps the vertex's place."""
    vertex, coordinate = corners[:, 0], corners[:, 1]
    pair = vertex * (coordinate.max(initial=-1) + 2) + coordinate + 1
    _, first, member = np.unique(pair, return_index=True, return_inverse=True)
    order = np.argsort(first)  # pairs in the order of the file
    owner = vertex[first[order]]
    _, opening = np.unique(owner, return_index=True)
    is_copy = np.ones(len(owner), dtype=bool)
    is_copy[opening] = False
    place = owner.copy()
    place[is_copy] = count + np.arange(is_copy.sum())
    place_of_pair = np.empty(len(order), dtype=np.int64)
    place_of_pair[order] = place
    coordinates = np.full(count + int(is_copy.sum()), -1, dtype=np.int64)
    coordinates[place] = coordinate[first[order]]
    return _Split(
        place_of_pair[member.reshape(-1)], np.concatenate([np.arange(count), owner[is_copy]]), coordinates
    )


def _normals(
    lines: _Lines, index: Int64[np.ndarray, "K"], split: _Split
) -> Float32[np.ndarray, "N 3"] | None:
    """Mean direction (N,3) of the normals of a vertex's corners; zero where there is none."""
    has = index >= 0
    if not has.any():
        return None
    stored = _rows(lines.normals, "normals", 3)[index[has], :3]
    count = len(split.vertex)
    total = np.stack([np.bincount(split.corner[has], stored[:, axis], count) for axis in range(3)], axis=1)
    return (total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-30)).astype(np.float32)


def _spans(
    marks: list[tuple[int, str]], polygon: Int64[np.ndarray, "F"]
) -> tuple[tuple[str, ...], Int32[np.ndarray, "F"] | None]:
    """Names in use, and for each face (F,) which; "default" before the first mark. Nothing without marks."""
    if not marks:
        return (), None
    starts = np.array([0] + [start for start, _ in marks])
    distinct = {
        name: number for number, name in enumerate(dict.fromkeys(["default", *(name for _, name in marks)]))
    }
    numbers_of_marks = np.array([0] + [distinct[name] for _, name in marks])
    named = numbers_of_marks[np.searchsorted(starts, polygon, side="right") - 1]
    used, renumbered = np.unique(named, return_inverse=True)
    names = list(distinct)
    return tuple(names[number] for number in used), renumbered.reshape(-1).astype(np.int32)
