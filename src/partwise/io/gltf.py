"""GLB and glTF to `Geometry`: the nodes of the scene, placed and joined, each keeping its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int64

from partwise.errors import InputError, UnsafeError
from partwise.io.colors import rgba_bytes
from partwise.io.geometry import Geometry
from partwise.io.gltf_document import Document
from partwise.io.gltf_materials import WHITE, Materials, TextureUse, numbers_of
from partwise.io.source import Source

# glTF 2.0, section 3.7.2.1: primitive modes. Lines (1-3) have no surface.
POINTS, TRIANGLES, STRIP, FAN = 0, 4, 5, 6
# Extensions that are read, or that only change how a surface shines.
UNDERSTOOD = ("KHR_mesh_quantization", "KHR_texture_transform", "EXT_texture_webp", "KHR_materials_")
# Far above any real scene; stops a small file that places a mesh of many tiny primitives many times.
MAX_PRIMITIVES = 100_000


@dataclass(frozen=True)
class _Placed:
    """A node that shows a mesh: its name, its matrix to the scene, and the mesh's row."""

    name: str
    matrix: Float64[np.ndarray, "4 4"]
    mesh: dict[str, Any]


@dataclass(frozen=True)
class _Block:
    """Vertices of one primitive, in the scene."""

    points: Float64[np.ndarray, "n 3"]
    normals: Float[np.ndarray, "n 3"] | None
    colors: np.ndarray | None
    uv: Float[np.ndarray, "n 2"] | None


def read_gltf(source: Source) -> Geometry:
    """Geometry of the default scene, +Y up, metres.

    Vertices stand in the order of nodes (depth first) and primitives; primitives of one node that share their
    vertices in the file share them here. Raises InputError, MissingDataError (its .bin is not there) or UnsafeError.
    """
    document = Document(source)
    required = document.field(document.root, "extensionsRequired", list, [])
    unread = [str(name)[:80] for name in required if not str(name).startswith(UNDERSTOOD)]
    warnings = [
        f"it requires {name!r}, which is not read: look at the result before you trust it" for name in unread
    ]
    nodes = _placed_nodes(document, warnings)
    is_mesh = _check_size(document, nodes)
    materials = Materials(document, warnings)
    blocks: list[_Block] = []
    faces: list[Int64[np.ndarray, "_ 3"]] = []
    owners: list[tuple[int, int]] = []  # node and material of each entry of `faces`
    start = 0
    for number, node in enumerate(nodes):
        known: dict[Any, int] = {}
        for primitive in document.field(node.mesh, "primitives", list, []):
            mode = document.field(primitive, "mode", int, TRIANGLES)
            if mode not in (TRIANGLES, STRIP, FAN) and (is_mesh or mode != POINTS):
                warnings.append(
                    f"node {node.name!r} holds loose points or lines beside the surface: left out"
                )
                continue
            slot, use = materials.slot(primitive.get("material")) if is_mesh else (0, TextureUse())
            attributes = document.field(primitive, "attributes", dict, {})
            key = (tuple(sorted((name, str(index)) for name, index in attributes.items())), use)
            if key not in known:
                known[key] = start
                blocks.append(_block(document, attributes, node.matrix, use))
                start += len(blocks[-1].points)
            if is_mesh:
                count = document.count(attributes.get("POSITION"))
                faces.append(_faces(document, primitive, mode, count, node.matrix) + known[key])
                owners.append((number, slot))
    return _joined(nodes, blocks, faces, owners, materials, warnings)


def _placed_nodes(document: Document, warnings: list[str]) -> list[_Placed]:
    """The nodes of the scene that show a mesh, depth first; a tree, as the format demands."""
    field = document.field
    rows = document.rows("nodes")
    scenes = document.rows("scenes")
    if scenes:
        roots = field(document.row("scenes", document.root.get("scene", 0)), "nodes", list, [])
    else:
        children = {str(child) for row in rows for child in field(row, "children", list, [])}
        roots = [index for index in range(len(rows)) if str(index) not in children]
    placed: list[_Placed] = []
    seen: set[int] = set()
    stack = [(root, np.eye(4)) for root in reversed(roots)]
    while stack:
        index, parent = stack.pop()
        row = document.row("nodes", index)
        if index in seen:
            raise InputError(f"node {index} has two parents or is its own ancestor: the scene is not a tree")
        seen.add(index)
        matrix = parent @ _local_matrix(row)
        stack += [(child, matrix) for child in reversed(field(row, "children", list, []))]
        if "mesh" in row:
            mesh = document.row("meshes", row["mesh"])
            name = field(row, "name", str, "") or field(mesh, "name", str, "") or f"node_{index}"
            placed.append(_Placed(name, matrix, mesh))
            if "skin" in row:
                warnings.append(f"node {name!r} is skinned: it is read as stored, without its skeleton")
    return placed


def _local_matrix(row: dict[str, Any]) -> Float64[np.ndarray, "4 4"]:
    """Matrix (4,4) of one node from `matrix` (column-major) or translation, rotation (x, y, z, w) and scale."""
    if "matrix" in row:
        return np.array(numbers_of(row, "matrix", 16, ()), dtype=np.float64).reshape(4, 4).T
    x, y, z, w = np.array(numbers_of(row, "rotation", 4, (0.0, 0.0, 0.0, 1.0)), dtype=np.float64)
    length = x * x + y * y + z * z + w * w
    if length == 0:
        raise InputError("a node has the rotation (0, 0, 0, 0), which is none: the file is damaged")
    s = 2.0 / length
    rotation = np.array(
        [
            [1 - s * (y * y + z * z), s * (x * y - z * w), s * (x * z + y * w)],
            [s * (x * y + z * w), 1 - s * (x * x + z * z), s * (y * z - x * w)],
            [s * (x * z - y * w), s * (y * z + x * w), 1 - s * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * np.array(numbers_of(row, "scale", 3, (1.0, 1.0, 1.0)), dtype=np.float64)
    matrix[:3, 3] = numbers_of(row, "translation", 3, (0.0, 0.0, 0.0))
    return matrix


def _check_size(document: Document, nodes: list[_Placed]) -> bool:
    """Add up what all placed nodes would take, before any of it is read; True if there is a surface among them."""
    vertices = faces_placed = primitives = 0
    modes: set[int] = set()
    totals: dict[int, tuple[int, int, int]] = {}
    for node in nodes:
        if id(node.mesh) not in totals:
            rows = document.field(node.mesh, "primitives", list, [])
            if not all(isinstance(row, dict) for row in rows):
                raise InputError("a mesh has primitives that are not objects: the JSON is damaged")
            attributes = [document.field(row, "attributes", dict, {}) for row in rows]
            counts = [document.count(names.get("POSITION")) for names in attributes]
            corners = [
                document.count(row["indices"]) if "indices" in row else count
                for row, count in zip(rows, counts, strict=True)
            ]
            kinds = [document.field(row, "mode", int, TRIANGLES) for row in rows]
            modes |= set(kinds)
            faces = sum(n // 3 if mode == TRIANGLES else n for n, mode in zip(corners, kinds, strict=True))
            totals[id(node.mesh)] = (sum(counts), faces, len(rows))
        sizes = totals[id(node.mesh)]
        vertices, faces_placed, primitives = (
            vertices + sizes[0],
            faces_placed + sizes[1],
            primitives + sizes[2],
        )
    limits = document.source.limits
    limits.check_points(vertices)
    limits.check_faces(faces_placed)
    limits.check_expansion(document.stored_bytes(), 12 * (vertices + faces_placed))
    if primitives > MAX_PRIMITIVES:
        raise UnsafeError(f"{primitives:,} primitives after instancing, at most {MAX_PRIMITIVES:,} are read")
    return bool(modes & {TRIANGLES, STRIP, FAN})


def _block(
    document: Document, attributes: dict[str, Any], matrix: Float64[np.ndarray, "4 4"], use: TextureUse
) -> _Block:
    """Vertices of a primitive moved to the scene."""
    points = document.accessor(attributes.get("POSITION"), 3).astype(np.float64)
    normals = colors = uv = None
    if "NORMAL" in attributes:
        normals = document.accessor(attributes["NORMAL"], 3).astype(np.float64)
        normals = normals @ _cofactors(matrix[:3, :3]).T
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    if "COLOR_0" in attributes:
        colors = document.accessor(attributes["COLOR_0"], (3, 4))
        colors = rgba_bytes(np.clip(colors, 0, 1) if colors.dtype.kind == "f" else colors)
    if f"TEXCOORD_{use.uv_set}" in attributes:
        uv = use.moved(document.accessor(attributes[f"TEXCOORD_{use.uv_set}"], 2).astype(np.float64))
        uv = np.stack([uv[:, 0], 1.0 - uv[:, 1]], axis=1)  # glTF counts v from the top of the image
    for name, values in (("NORMAL", normals), ("COLOR_0", colors), ("TEXCOORD", uv)):
        if values is not None and len(values) != len(points):
            raise InputError(
                f"{name} has {len(values)} elements for {len(points)} vertices: the file is damaged"
            )
    return _Block(points @ matrix[:3, :3].T + matrix[:3, 3], normals, colors, uv)


def _cofactors(matrix: Float64[np.ndarray, "3 3"]) -> Float64[np.ndarray, "3 3"]:
    """What turns normals when `matrix` turns points: its inverse transpose times a positive factor, flat ones too."""
    a, b, c = matrix
    sign = -1.0 if np.linalg.det(matrix) < 0 else 1.0
    return sign * np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)])


def _faces(
    document: Document, primitive: dict[str, Any], mode: int, count: int, matrix: Float64[np.ndarray, "4 4"]
) -> Int64[np.ndarray, "f 3"]:
    """Triangles (f,3) of a primitive of `count` vertices, turned round where the matrix mirrors."""
    if "indices" in primitive:
        indices = document.accessor(primitive["indices"], 1)[:, 0]
        if indices.dtype.kind != "u":
            raise InputError(f"face indices are {indices.dtype}, but unsigned integers were expected")
        indices = indices.astype(np.int64)
    else:
        indices = np.arange(count)
    if len(indices) and indices.max() >= count:
        raise InputError(
            f"a face points to vertex {indices.max()}, but its primitive has {count}: the file is damaged"
        )
    if mode == TRIANGLES:
        faces = indices[: len(indices) // 3 * 3].reshape(-1, 3)
    elif mode == STRIP:
        faces = (
            np.stack([indices[:-2], indices[1:-1], indices[2:]], axis=1) if len(indices) > 2 else indices[:0]
        )
        faces = faces.reshape(-1, 3).copy()
        faces[1::2] = faces[1::2, [1, 0, 2]]
    else:
        rim = indices[1:]
        faces = np.stack(
            [np.full(max(len(rim) - 1, 0), indices[0] if len(indices) else 0), rim[:-1], rim[1:]], axis=1
        )
    return faces[:, ::-1] if np.linalg.det(matrix[:3, :3]) < 0 else faces


def _joined(
    nodes: list[_Placed],
    blocks: list[_Block],
    faces: list[Int64[np.ndarray, "_ 3"]],
    owners: list[tuple[int, int]],
    materials: Materials,
    warnings: list[str],
) -> Geometry:
    """All blocks as one vertex list; what only some of them have is filled up, or left out where it cannot be."""
    if not blocks:
        raise InputError(
            "its scene shows no mesh and no points: export the objects, not only cameras and lights"
        )
    points = np.concatenate([block.points for block in blocks])
    normals = [block.normals for block in blocks if block.normals is not None]
    if 0 < len(normals) < len(blocks):
        warnings.append("some nodes have normals and some have not: normals left out")
    has_colors = any(block.colors is not None for block in blocks)
    has_uv = any(block.uv is not None for block in blocks)
    white = np.full((len(points), 4), 255, dtype=np.uint8)
    sizes = [len(rows) for rows in faces]
    owner = np.array(owners, dtype=np.int32).reshape(-1, 2)
    is_mesh = bool(faces)
    has_materials = materials.used not in ([], [WHITE])
    return Geometry(
        points=points,
        faces=np.concatenate(faces) if is_mesh else None,
        normals=np.concatenate(normals).astype(np.float32) if len(normals) == len(blocks) else None,
        colors=np.concatenate([white[: len(b.points)] if b.colors is None else b.colors for b in blocks])
        if has_colors
        else None,
        uv=np.concatenate([np.zeros((len(b.points), 2)) if b.uv is None else b.uv for b in blocks]).astype(
            np.float32
        )
        if has_uv
        else None,
        materials=tuple(materials.used) if has_materials else (),
        face_material=np.repeat(owner[:, 1], sizes) if has_materials else None,
        node_names=tuple(node.name for node in nodes) if is_mesh else (),
        face_node=np.repeat(owner[:, 0], sizes) if is_mesh else None,
        up="y",
        units="m",
        warnings=tuple(dict.fromkeys(warnings)),
    )
