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
        self._texels = _packed(np.concatenate([swatch.reshape(-1, 3) for swatch in swatches]))
        self._material = material.astype(np.int32)
        self._start = np.cumsum([0] + [swatch.shape[0] * swatch.shape[1] for swatch in swatches[:-1]])
        self._width, self._height = np.array([s.shape[1::-1] for s in swatches], dtype=np.int32).T.copy()
        self._axes = None
        if geometry.uv is not None and max(self._width.max(), self._height.max()) > 1:
            corners = np.nan_to_num(geometry.uv.astype(np.float32))[faces]
            first = corners[:, 0]
            # One row for each face: a lookup in a large mesh then waits for memory once.
            self._axes = np.concatenate(
                [first, corners[:, 1] - first, corners[:, 2] - first], axis=1
            )  # (F,6)

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
        material = self._material[face]
        index = self._start[material]
        if self._axes is not None:
            axes = self._axes.take(face, axis=0)
            across = axes[:, 0] + u * axes[:, 2] + v * axes[:, 4]
            up = axes[:, 1] + u * axes[:, 3] + v * axes[:, 5]
            width, height = self._width[material], self._height[material]
            column = np.minimum(((across - np.floor(across)) * width).astype(np.int32), width - 1)
            row = np.minimum(((1 - (up - np.floor(up))) * height).astype(np.int32), height - 1)
            index += row * width.astype(np.int64) + column
        return self._texels[index]


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
