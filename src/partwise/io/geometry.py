"""What a file holds, as plain arrays: the one structure that every reader returns and every writer takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64, Int32, Int64, UInt8

from partwise.errors import InputError


@dataclass(frozen=True)
class Material:
    """A surface finish: a base colour and, if the file has one, a base-colour texture.

    Colour and texture multiply, as in glTF. Image rows run top down; uv (0, 0) is the bottom left corner.
    """

    name: str
    base_color: UInt8[np.ndarray, "4"]
    texture: UInt8[np.ndarray, "H W C"] | None = None


@dataclass(frozen=True)
class Geometry:
    """A point cloud (faces is None) or a mesh, in the frame and order of its file.

    points         (N,3) positions; the vertices of a mesh. May hold NaN rows in a cloud, never in a mesh.
    faces          (F,3) vertex indices, or None
    normals        (N,3) unit normals as stored, or None
    colors         (N,4) RGBA as stored per point, or None (textures stay in the materials)
    uv             (N,2) texture coordinates, or None
    materials      what face_material (F,) points into
    node_names     what face_node (F,) points into: the names of the scene nodes, the parts' names if a file has any
    grid           (height, width) of an organised cloud, row-major, or None
    up, units      what the format itself promises ("y" and "m" for glTF), else None
    warnings       what a reader noticed and a person should know
    """

    points: Float64[np.ndarray, "N 3"]
    faces: Int64[np.ndarray, "F 3"] | None = None
    normals: Float32[np.ndarray, "N 3"] | None = None
    colors: UInt8[np.ndarray, "N 4"] | None = None
    uv: Float32[np.ndarray, "N 2"] | None = None
    materials: tuple[Material, ...] = ()
    face_material: Int32[np.ndarray, "F"] | None = None
    node_names: tuple[str, ...] = ()
    face_node: Int32[np.ndarray, "F"] | None = None
    grid: tuple[int, int] | None = None
    up: str | None = None
    units: str | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.points)
        for name in ("normals", "colors", "uv"):
            value = getattr(self, name)
            if value is not None and len(value) != n:
                raise InputError(f"{name} has {len(value)} rows for {n} points: give one row for each point")
        if self.faces is None:
            return
        for name in ("face_material", "face_node"):
            value = getattr(self, name)
            if value is not None and len(value) != len(self.faces):
                raise InputError(
                    f"{name} has {len(value)} rows for {len(self.faces)} faces: one for each face"
                )
        if len(self.faces) and (self.faces.min() < 0 or self.faces.max() >= n):
            raise InputError(
                f"faces point to vertices {self.faces.min()}..{self.faces.max()}, "
                f"but there are {n} vertices (0..{n - 1})"
            )

    def surface_colors(
        self, faces: Int64[np.ndarray, "M"], barycentric: Float[np.ndarray, "M 3"]
    ) -> UInt8[np.ndarray, "M 4"]:
        """RGBA at places on the surface: vertex colour times base colour times nearest texture pixel.

        faces (M,) face indices, barycentric (M,3) weights of the three corners. Returns (M,4).
        """
        if self.faces is None:
            raise InputError("a point cloud has no surface to colour: ask for the colours of its points")
        corners = self.faces[faces]
        color = np.full((len(faces), 4), 255.0)
        if self.colors is not None:
            color = np.einsum("mk,mkc->mc", barycentric, self.colors[corners].astype(np.float64))
        if self.face_material is not None:
            for index, material in enumerate(self.materials):
                hit = self.face_material[faces] == index
                if not hit.any():
                    continue
                color[hit] *= material.base_color / 255.0
                if material.texture is not None and self.uv is not None:
                    uv = np.einsum("mk,mkc->mc", barycentric[hit], self.uv[corners[hit]].astype(np.float64))
                    color[hit] *= _texture_at(material.texture, uv) / 255.0
        return np.clip(np.rint(color), 0, 255).astype(np.uint8)


def _texture_at(
    texture: UInt8[np.ndarray, "H W C"], uv: Float[np.ndarray, "M 2"]
) -> Float[np.ndarray, "M 4"]:
    """Nearest pixel (M,4) of a repeating texture; grey and RGB images are widened to RGBA."""
    height, width, channels = texture.shape
    uv = np.nan_to_num(uv) % 1.0
    column = np.minimum((uv[:, 0] * width).astype(np.int64), width - 1)
    row = np.minimum(((1.0 - uv[:, 1]) * height).astype(np.int64), height - 1)
    pixel = texture[row, column].astype(np.float64)
    if channels <= 2:  # grey, or grey with alpha
        alpha = pixel[:, 1:] if channels == 2 else np.full((len(pixel), 1), 255.0)
        return np.concatenate([pixel[:, :1].repeat(3, axis=1), alpha], axis=1)
    return pixel if channels == 4 else np.concatenate([pixel, np.full((len(pixel), 1), 255.0)], axis=1)
