"""Surface colours for the renderer: every material as a patch of one long row of texels, looked up without a loop.

The same colours as `Geometry.surface_colors` within one grey level, in much less time; a test holds them together.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int32, Int64, UInt8, UInt32

from partwise.io.geometry import Geometry, Material

# Colours are packed for speed: red in the lowest byte, alpha in the highest, as in the memory of an RGBA picture.
PACKED = np.dtype("<u4")
OPAQUE = 0xFF000000
RED_AND_BLUE, GREEN = 0x00FF00FF, 0x0000FF00
# Albedo of a surface that has no colour of its own.
GREY = 0.7
FARTHEST_UV = 2.0**22


class Paint:
    """The colours of a mesh (F faces), ready for millions of lookups; alpha is dropped."""

    def __init__(self, geometry: Geometry, faces: Int64[np.ndarray, "F 3"]) -> None:
        self._corner_color = (
            None if geometry.colors is None else geometry.colors[faces, :3].astype(np.float32)
        )
        # A material without a texture, or any in a mesh without uv, is a texture of one texel; so is the last
        # swatch, for faces that have no material.
        swatches = [_swatch(material, geometry.uv is not None) for material in geometry.materials]
        plain = round(255 * GREY) if geometry.colors is None and geometry.face_material is None else 255
        swatches.append(np.full((1, 1, 3), plain, dtype=np.uint8))
        material = np.full(len(faces), -1) if geometry.face_material is None else geometry.face_material
        material = np.where(
            (material >= 0) & (material < len(geometry.materials)), material, len(swatches) - 1
        )
        # Only what is used: most meshes have one material, and need no lookup of it.
        used = np.flatnonzero(np.bincount(material, minlength=len(swatches)))
        material = np.searchsorted(used, material)
        swatches = [swatches[number] for number in used]
        self._texels = _packed(np.concatenate([swatch.reshape(-1, 3) for swatch in swatches]))
        self._material = material.astype(np.int32) if len(used) > 1 else None
        areas = [swatch.shape[0] * swatch.shape[1] for swatch in swatches]
        self._start = np.cumsum([0, *areas[:-1]], dtype=np.int32)
        self._width, self._height = np.array([s.shape[1::-1] for s in swatches], dtype=np.int32).T.copy()
        self._axes = None
        if geometry.uv is not None and max(areas) > 1:
            # Single precision holds no fraction beyond: such places name no texel, and must not overflow either.
            uv = np.clip(np.nan_to_num(geometry.uv.astype(np.float32)), -FARTHEST_UV, FARTHEST_UV)
            corners = uv[faces]
            corners[:, 1:] -= corners[:, :1]
            # One row for each face, uv of a corner and the ways to the other two: a lookup in a large mesh then
            # waits for memory once.
            self._axes = corners.reshape(-1, 6)

    def at(
        self, face: Int32[np.ndarray, "M"], u: Float32[np.ndarray, "M"], v: Float32[np.ndarray, "M"]
    ) -> UInt32[np.ndarray, "M"]:
        """Packed opaque RGBA (M,) at places given by face and the weights u, v of its second and third corner."""
        color = self._texel(face, u, v)
        if self._corner_color is None:
            return color
        shares = np.stack([1 - u - v, u, v], axis=1)
        mixed = np.einsum("mk,mkc->mc", shares, self._corner_color[face])
        texel = color.view(np.uint8).reshape(-1, 4)[:, :3]
        return _packed(np.clip(mixed * texel / 255 + 0.5, 0, 255).astype(np.uint8))

    def _texel(
        self, face: Int32[np.ndarray, "M"], u: Float32[np.ndarray, "M"], v: Float32[np.ndarray, "M"]
    ) -> UInt32[np.ndarray, "M"]:
        """The nearest texel of a repeating texture; image rows run top down while the second coordinate runs up."""
        if self._axes is None and self._material is None:
            return np.full(len(face), self._texels[0])
        if self._material is None:
            start, width, height = self._start[0], self._width[0], self._height[0]
        else:
            material = self._material.take(face)
            start, width, height = (part.take(material) for part in (self._start, self._width, self._height))
        if self._axes is None:
            return self._texels.take(start)
        axes = self._axes.take(face, axis=0)
        # `take` and steps in place, because this runs for every pixel of every picture.
        across = axes[:, 0] + u * axes[:, 2] + v * axes[:, 4]
        up = axes[:, 1] + u * axes[:, 3] + v * axes[:, 5]
        across -= np.floor(across)
        up = 1 - (up - np.floor(up))
        column = np.minimum((across * width).astype(np.int32), width - 1)
        index = np.minimum((up * height).astype(np.int32), height - 1)
        index *= width
        index += column
        index += start
        return self._texels.take(index)


def dim(color: UInt32[np.ndarray, "M"], brightness: Float32[np.ndarray, "M"]) -> UInt32[np.ndarray, "M"]:
    """Packed colours (M,) times a brightness 0..1 (M,) in 256 steps, alpha kept: two channels in one multiplication."""
    factor = (brightness * 256 + 0.5).astype(PACKED)
    red_and_blue = ((color & RED_AND_BLUE) * factor >> 8) & RED_AND_BLUE
    green = ((color & GREEN) * factor >> 8) & GREEN
    return red_and_blue | green | (color & OPAQUE)


def _packed(rgb: UInt8[np.ndarray, "M 3"]) -> UInt32[np.ndarray, "M"]:
    """Opaque packed colours (M,) of RGB (M,3)."""
    rgba = np.full((len(rgb), 4), 255, dtype=np.uint8)
    rgba[:, :3] = rgb
    return rgba.view(PACKED)[:, 0]


def _swatch(material: Material, has_uv: bool) -> UInt8[np.ndarray, "H W 3"]:
    """A material's texture times its base colour, grey widened to RGB."""
    base = material.base_color[:3].astype(np.float32) / 255
    if material.texture is None or not has_uv:
        return material.base_color[None, None, :3]
    channels = material.texture.shape[2]
    rgb = material.texture[..., :1].repeat(3, axis=2) if channels <= 2 else material.texture[..., :3]
    return rgb if (base == 1).all() else (rgb * base + 0.5).astype(np.uint8)
