"""Objects of other libraries, and plain arrays, as `Geometry`. They are recognised by what they offer, not imported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from partwise.errors import InputError
from partwise.io.geometry import Geometry, Material


def geometry_of(data: Any) -> Geometry:
    """Points (N,3) or (N,6 with RGB), a trimesh mesh, scene or cloud, or an Open3D mesh or cloud.

    Everything is copied. Colours, normals, one texture and the names of scene nodes come along. Raises InputError if
    it is none of these or holds no points.
    """
    if hasattr(data, "detach"):
        data = data.detach().cpu().numpy()
    if isinstance(data, (np.ndarray, list, tuple)):
        return _of_array(data)
    if hasattr(data, "graph") and hasattr(data, "geometry"):
        return _of_trimesh_scene(data)
    if hasattr(data, "vertices") and hasattr(data, "faces"):
        return _of_trimesh(data)
    if hasattr(data, "vertices") and hasattr(data, "triangles"):  # open3d.geometry.TriangleMesh
        return Geometry(
            _array(data.vertices, np.float64),
            faces=_array(data.triangles, np.int64),
            normals=_filled(data, "vertex_normals", np.float32),
            colors=_open3d_colors(data, "vertex_colors"),
        )
    if hasattr(data, "points") and hasattr(data, "has_normals"):  # open3d.geometry.PointCloud
        return Geometry(
            _array(data.points, np.float64),
            normals=_filled(data, "normals", np.float32),
            colors=_open3d_colors(data, "colors"),
        )
    if hasattr(data, "vertices"):  # trimesh.PointCloud
        colors = getattr(data, "colors", None)
        colors = np.array(colors, dtype=np.uint8) if colors is not None and len(colors) else None
        return Geometry(_array(data.vertices, np.float64), colors=colors)
    raise InputError(
        f"a {type(data).__name__} is not a shape: give an (N,3) array, a trimesh or Open3D object, "
        "or a path to Shape.read"
    )


def _of_trimesh(mesh: Any) -> Geometry:
    """A trimesh.Trimesh with its vertex colours, or its base-colour texture and its coordinates."""
    geometry = Geometry(_array(mesh.vertices, np.float64), faces=_array(mesh.faces, np.int64))
    visual: Any = getattr(mesh, "visual", None)
    if getattr(visual, "kind", None) == "vertex":
        return replace(geometry, colors=np.array(visual.vertex_colors, dtype=np.uint8))
    if getattr(visual, "kind", None) != "texture":
        return geometry
    image = getattr(visual.material, "baseColorTexture", None) or getattr(visual.material, "image", None)
    texture = None if image is None else np.asarray(image.convert("RGBA"), dtype=np.uint8)
    # With an image, trimesh's main colour is a stand-in for renderers without textures, not a factor.
    color = np.array(visual.material.main_color if texture is None else [255] * 4, dtype=np.uint8)
    has_uv = visual.uv is not None and len(visual.uv) == len(geometry.points)
    return replace(
        geometry,
        materials=(Material(str(getattr(visual.material, "name", None) or "material"), color, texture),),
        face_material=np.zeros(len(mesh.faces), dtype=np.int32),
        uv=np.array(visual.uv, dtype=np.float32) if has_uv else None,
    )


def _of_trimesh_scene(scene: Any) -> Geometry:
    """All meshes of a trimesh.Scene where its graph puts them, with the names of their nodes; colours per vertex."""
    points, faces, colors, face_node, names = [], [], [], [], []
    for node in scene.graph.nodes_geometry:
        matrix, key = scene.graph[node]
        mesh = scene.geometry[key]
        if not hasattr(mesh, "faces"):
            continue
        start = sum(map(len, points))
        points.append(np.asarray(mesh.vertices, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3])
        faces.append(np.asarray(mesh.faces, dtype=np.int64) + start)
        visual = mesh.visual.to_color() if hasattr(mesh.visual, "to_color") else mesh.visual
        colors.append(np.asarray(visual.vertex_colors, dtype=np.uint8))
        face_node.append(np.full(len(mesh.faces), len(names), dtype=np.int32))
        names.append(str(node))
    if not points:
        raise InputError("the scene holds no mesh: give a mesh, or its points as an array")
    return Geometry(
        np.concatenate(points),
        faces=np.concatenate(faces),
        colors=np.concatenate(colors),
        node_names=tuple(names),
        face_node=np.concatenate(face_node),
    )


def _filled(data: Any, name: str, dtype: type) -> np.ndarray | None:
    """An attribute of an Open3D object as an array, None if it is empty or not there."""
    values = np.array(getattr(data, name, ()), dtype=dtype)
    return values if len(values) else None


def _open3d_colors(data: Any, name: str) -> UInt8[np.ndarray, "N 4"] | None:
    """Colours in 0..1 of an Open3D object as RGBA."""
    values = _filled(data, name, np.float64)
    return None if values is None else _rgba(values * 255)


def _of_array(data: Any) -> Geometry:
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise InputError(f"the points do not form an array: {error}") from None
    if array.dtype.kind not in "fiu":
        raise InputError(f"points have dtype {array.dtype}: give real numbers")
    if array.ndim != 2 or array.shape[1] not in (3, 6) or len(array) == 0:
        hint = (
            " (channels come last here: transpose it)" if array.ndim == 2 and array.shape[0] in (3, 6) else ""
        )
        raise InputError(f"points have shape {array.shape}: give (N,3), or (N,6) with RGB, N >= 1{hint}")
    colors = None
    if array.shape[1] == 6:
        top = np.nanmax(array[:, 3:])
        if np.nanmin(array[:, 3:]) < 0 or top > 255:
            raise InputError("columns 4-6 are not RGB in 0..1 or 0..255: give (N,3) points alone")
        colors = _rgba(np.nan_to_num(array[:, 3:]) * (255 if array.dtype.kind == "f" and top <= 1 else 1))
    return Geometry(_array(array[:, :3], np.float64), colors=colors)


def _array(values: Any, dtype: type) -> np.ndarray:
    """A contiguous (N,3) copy, so that the caller's data never change under a Shape."""
    array = np.array(values, dtype=dtype, order="C")
    if array.ndim != 2 or array.shape[1] != 3 or len(array) == 0:
        raise InputError(f"an array of shape {array.shape} where (N,3) with N >= 1 was expected")
    return array


def _rgba(rgb: Float[np.ndarray, "N 3"]) -> np.ndarray:
    """Opaque RGBA (N,4) uint8 of RGB in 0..255."""
    opaque = np.full((len(rgb), 4), 255, dtype=np.uint8)
    opaque[:, :3] = np.clip(np.rint(rgb), 0, 255)
    return opaque
