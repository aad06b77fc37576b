"""GLB with one named node per part: what opens in Blender, in engines and in simulators as separate objects."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64, UInt8

from partwise.errors import InputError
from partwise.files import atomic_path
from partwise.io.geometry import Geometry
from partwise.io.gltf_chunks import GltfBuffer
from partwise.io.palette import srgb_to_linear
from partwise.io.parts import Part, check_labels, split_parts
from partwise.io.tables import plain

_POINTS, _TRIANGLES = 0, 4  # primitive modes, glTF 2.0 section 3.7.2
# Beyond this many times its own size from the origin a shape would lose detail in float32 (24 bits).
_FAR = 8.0


def write_glb(
    path: str | os.PathLike[str],
    geometry: Geometry,
    face_labels: Int32[np.ndarray, "F"] | None,
    labels: Int32[np.ndarray, "N"],
    names: Sequence[str],
    colors: UInt8[np.ndarray, "T 3"],
    record: Mapping[str, Any],
    keep_material: bool = False,
) -> None:
    """One node and one mesh for each part, named after it, with vertices of its own; -1 becomes the node "none".

    Each part of a mesh has a material with its name and colour, which shows in Blender without any setting;
    keep_material=True keeps the materials, textures and vertex colours of the input instead. The parts of a cloud
    are points with a colour each; points that are not finite are left out, glTF forbids them.
    Parts without a face or point have no node. `split_instances` gives labels for one node per connected piece.

    The frame is that of the input, neither scaled nor turned, though glTF says +Y is up: what is known about it stands
    in the scene's extras beside `record`, under "partwise". A shape far from the origin (more than 8 times its
    size) is stored around its centre and every node carries the shift as its translation, because glTF stores float32.
    face_labels (F,) for a mesh, None for a cloud; labels (N,); colors (T,3). Raises InputError if they do not fit.
    """
    far = _offset(geometry.points)
    scene = _Scene(geometry, far, keep_material)
    if geometry.faces is None:
        finite = np.isfinite(geometry.points).all(axis=1)
        check_labels(labels, len(geometry.points), names, colors)
        kept = np.flatnonzero(finite)
        for part in split_parts(labels[kept], names, colors):
            scene.add_cloud_part(part, kept[part.rows])
    else:
        if face_labels is None:
            raise InputError("a mesh needs one label for each face: face_labels is None")
        check_labels(face_labels, len(geometry.faces), names, colors)
        for part in split_parts(face_labels, names, colors):
            scene.add_mesh_part(part, geometry.faces)
    if not scene.nodes:
        raise InputError("nothing to write: the shape has no face and no finite point")
    document = scene.document({"partwise": _extras(geometry, far, record)})
    with atomic_path(path) as temporary:
        scene.buffer.write(temporary, document)


class _Scene:
    """The glTF arrays while they grow; indices into them are what glTF objects are."""

    def __init__(self, geometry: Geometry, offset: Float64[np.ndarray, "3"], keep_material: bool) -> None:
        self.geometry = geometry
        self.offset = offset
        self.keep_material = keep_material
        self.buffer = GltfBuffer()
        self.nodes: list[dict[str, Any]] = []
        self.meshes: list[dict[str, Any]] = []
        self.materials: list[dict[str, Any]] = []
        self.images: list[dict[str, Any]] = []
        self._kept: dict[int, int] = {}  # material of the input -> material of the file
        self._pictures: dict[int, int] = {}  # identity of a texture -> image of the file

    def add_mesh_part(self, part: Part, faces: Int64[np.ndarray, "F 3"]) -> None:
        """A node with the faces `part.rows`: one primitive, or one per material of the input where those are kept."""
        slots = self.geometry.face_material
        if not self.keep_material:
            factor = _linear(np.array([*part.color, 255], dtype=np.uint8))
            primitives = [self._triangles(faces[part.rows], self._add_material(_finish(part.name, factor)))]
        elif slots is None or not self.geometry.materials:
            primitives = [self._triangles(faces[part.rows], None)]
        else:
            used = np.unique(slots[part.rows]).tolist()
            primitives = [
                self._triangles(faces[part.rows[slots[part.rows] == k]], self._kept_material(k)) for k in used
            ]
        self._add_node(part, primitives)

    def add_cloud_part(self, part: Part, rows: Int64[np.ndarray, "M"]) -> None:
        """A node with the points `rows` in the colour of the part, or in their own where colours are kept."""
        if self.keep_material and self.geometry.colors is not None:
            colors = self.buffer.add_vertices(self.geometry.colors[rows], "VEC4", normalized=True)
        else:  # in bytes: common readers take longer numbers for bytes as well
            light = np.rint(_linear(np.array([*part.color, 255], dtype=np.uint8)) * 255).astype(np.uint8)
            colors = self.buffer.add_vertices(np.tile(light, (len(rows), 1)), "VEC4", normalized=True)
        attributes = {"POSITION": self._positions(rows), "COLOR_0": colors}
        self._add_node(part, [{"mode": _POINTS, "attributes": attributes}])

    def document(self, extras: dict[str, Any]) -> dict[str, Any]:
        """The JSON half of the file without its buffers, which GltfBuffer adds."""
        document = {
            "asset": {"version": "2.0", "generator": "partwise"},
            "scene": 0,
            "scenes": [{"nodes": list(range(len(self.nodes))), "extras": extras}],
            "nodes": self.nodes,
            "meshes": self.meshes,
        }
        if self.materials:
            document["materials"] = self.materials
        if self.images:
            document["images"] = self.images
            document["textures"] = [{"source": index} for index in range(len(self.images))]
        return document

    def _add_node(self, part: Part, primitives: list[dict[str, Any]]) -> None:
        node: dict[str, Any] = {"name": part.name, "mesh": len(self.meshes), "extras": {"label": part.label}}
        if self.offset.any():
            node["translation"] = self.offset.tolist()
        self.nodes.append(node)
        self.meshes.append({"name": part.name, "primitives": primitives})

    def _triangles(self, faces: Int64[np.ndarray, "M 3"], material: int | None) -> dict[str, Any]:
        """A primitive of the faces with only the vertices they use."""
        geometry = self.geometry
        used, corner = np.unique(faces, return_inverse=True)
        attributes = {"POSITION": self._positions(used)}
        if geometry.normals is not None and (normals := _unit(geometry.normals[used])) is not None:
            attributes["NORMAL"] = self.buffer.add_vertices(normals, "VEC3")
        if self.keep_material and geometry.uv is not None:
            uv = np.nan_to_num(geometry.uv[used])
            uv = np.stack([uv[:, 0], 1 - uv[:, 1]], axis=1).astype(np.float32)  # glTF counts v from the top
            attributes["TEXCOORD_0"] = self.buffer.add_vertices(uv, "VEC2")
        if self.keep_material and geometry.colors is not None:
            attributes["COLOR_0"] = self.buffer.add_vertices(geometry.colors[used], "VEC4", normalized=True)
        indices = self.buffer.add_indices(corner.reshape(-1).astype(np.uint32))
        primitive = {"mode": _TRIANGLES, "attributes": attributes, "indices": indices}
        return primitive if material is None else {**primitive, "material": material}

    def _positions(self, rows: Int64[np.ndarray, "M"]) -> int:
        with np.errstate(over="ignore"):
            local = (self.geometry.points[rows] - self.offset).astype(np.float32)
        if not np.isfinite(local).all():
            raise InputError("coordinates are too large for glTF (beyond 3e38): scale the shape down")
        return self.buffer.add_vertices(local, "VEC3", bounds=True)

    def _add_material(self, material: dict[str, Any]) -> int:
        self.materials.append(material)
        return len(self.materials) - 1

    def _kept_material(self, index: int) -> int:
        """A material of the input, written once however many parts use it."""
        if index not in self._kept:
            source = self.geometry.materials[index]
            material = _finish(source.name, source.base_color / 255.0)  # as it was read
            if source.base_color[3] < 255:
                material["alphaMode"] = "BLEND"
            if source.texture is not None:
                material["pbrMetallicRoughness"]["baseColorTexture"] = {
                    "index": self._texture(source.texture)
                }
                if source.texture.shape[2] in (2, 4) and source.texture[..., -1].min() < 255:
                    # Leaves and fences keep their holes. Blending would draw opaque shapes in a wrong order as well.
                    material.setdefault("alphaMode", "MASK")
            self._kept[index] = self._add_material(material)
        return self._kept[index]

    def _texture(self, pixels: UInt8[np.ndarray, "H W C"]) -> int:
        """An image, written once even if several materials share it; images and textures count alike here."""
        if id(pixels) not in self._pictures:
            self._pictures[id(pixels)] = len(self.images)
            self.images.append({"bufferView": self.buffer.add_png(pixels), "mimeType": "image/png"})
        return self._pictures[id(pixels)]


def _finish(name: str, factor: Float64[np.ndarray, "4"]) -> dict[str, Any]:
    """A matt material, visible from both sides because a part cut out of a shape is open."""
    surface = {"baseColorFactor": factor.round(6).tolist(), "metallicFactor": 0.0, "roughnessFactor": 0.7}
    return {"name": name, "pbrMetallicRoughness": surface, "doubleSided": True}


def _linear(rgba: UInt8[np.ndarray, "4"]) -> Float64[np.ndarray, "4"]:
    """A screen colour as glTF wants it: linear light, and alpha as it is."""
    return np.append(srgb_to_linear(rgba[:3]), rgba[3] / 255.0)


def _offset(points: Float64[np.ndarray, "N 3"]) -> Float64[np.ndarray, "3"]:
    """The middle of a shape that lies far from the origin, else zero."""
    finite = points[np.isfinite(points).all(axis=1)]
    if not len(finite):
        return np.zeros(3)
    low, high = finite.min(axis=0), finite.max(axis=0)
    middle = low / 2 + high / 2
    return middle if np.abs(middle).max() > _FAR * (high - low).max() else np.zeros(3)


def _extras(
    geometry: Geometry, offset: Float64[np.ndarray, "3"], record: Mapping[str, Any]
) -> dict[str, Any]:
    frame = {"up": geometry.up, "units": geometry.units, "offset": offset.tolist()}
    return plain({"frame": frame, **record})


def _unit(normals: Float32[np.ndarray, "M 3"]) -> Float32[np.ndarray, "M 3"] | None:
    """Normals of length one, as glTF demands, or None if one of them has no direction."""
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    usable = np.isfinite(length).all() and (length > 1e-6).all()
    return (normals / length).astype(np.float32) if usable else None
