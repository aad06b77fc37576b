"""glTF materials to `Material`: base colour factor and base colour texture, nothing else of the shading model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from partwise.errors import InputError
from partwise.io.geometry import Material
from partwise.io.gltf_document import Document
from partwise.io.textures import TextureBudget

WHITE = Material("default", np.full(4, 255, dtype=np.uint8))


@dataclass(frozen=True)
class TextureUse:
    """Which texture coordinates a material looks up, and how it moves them (KHR_texture_transform)."""

    uv_set: int = 0
    offset: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (1.0, 1.0)
    rotation: float = 0.0

    def moved(self, uv: Float[np.ndarray, "N 2"]) -> Float[np.ndarray, "N 2"]:
        """Coordinates (N,2) after scale, rotation (counter-clockwise in uv as stored) and offset."""
        cos, sin = math.cos(self.rotation), math.sin(self.rotation)
        u, v = (uv * np.array(self.scale)).T
        return np.stack([cos * u + sin * v, cos * v - sin * u], axis=1) + np.array(self.offset)


class Materials:
    """The materials that faces use, decoded once each, in order of first use."""

    def __init__(self, document: Document, warnings: list[str]) -> None:
        self._document = document
        self._warnings = warnings
        self._budget = TextureBudget(document.source.limits)
        self._slots: dict[int | None, tuple[int, TextureUse]] = {}
        self._images: dict[int, UInt8[np.ndarray, "H W C"] | None] = {}
        self.used: list[Material] = []

    def slot(self, index: Any) -> tuple[int, TextureUse]:
        """Position in `used` of a material of the file (None: glTF's white default), and its texture lookup."""
        if index is not None:
            self._document.row("materials", index)  # checks the index before it is a key
        if index not in self._slots:
            material, use = (WHITE, TextureUse()) if index is None else self._read(index)
            self._slots[index] = (len(self.used), use)
            self.used.append(material)
        return self._slots[index]

    def _read(self, index: int) -> tuple[Material, TextureUse]:
        """One material.

        The factor is taken as it is written, without the gamma curve that the specification asks for: the colours
        that asset tools write there are mostly the ones seen on the screen.
        """
        field = self._document.field
        row = self._document.row("materials", index)
        name = field(row, "name", str, f"material_{index}")
        surface = field(row, "pbrMetallicRoughness", dict, {})
        factor = numbers_of(surface, "baseColorFactor", 4, (1.0, 1.0, 1.0, 1.0))
        color = np.rint(np.clip(factor, 0, 1) * 255).astype(np.uint8)
        info = field(surface, "baseColorTexture", dict, None)
        if info is None:
            return Material(name, color), TextureUse()
        move = field(field(info, "extensions", dict, {}), "KHR_texture_transform", dict, {})
        use = TextureUse(
            uv_set=field(move, "texCoord", int, field(info, "texCoord", int, 0)),
            offset=numbers_of(move, "offset", 2, (0.0, 0.0)),
            scale=numbers_of(move, "scale", 2, (1.0, 1.0)),
            rotation=numbers_of({"rotation": [move.get("rotation", 0.0)]}, "rotation", 1, (0.0,))[0],
        )
        return Material(name, color, self._texture(info, name)), use

    def _texture(self, info: dict[str, Any], material: str) -> UInt8[np.ndarray, "H W C"] | None:
        """Pixels of a texture, or None and a warning if they are missing or cannot be decoded."""
        field = self._document.field
        texture = self._document.row("textures", info.get("index"))
        webp = field(field(texture, "extensions", dict, {}), "EXT_texture_webp", dict, {})
        index = texture.get("source", webp.get("source"))
        if index is None:
            self._warnings.append(
                f"material {material!r}: its texture has a format that is not read; base colour used"
            )
            return None
        image = self._document.row("images", index)
        if index not in self._images:
            self._images[index] = None
            data = self._document.image_bytes(image)
            if data is None:
                self._warnings.append(f"the texture {image.get('uri')!r} is not there: base colour used")
            else:
                try:
                    self._images[index] = self._budget.decode(data)
                except InputError as error:
                    self._warnings.append(f"material {material!r}: {error}; base colour used")
        return self._images[index]


def numbers_of(row: dict[str, Any], key: str, length: int, default: tuple[float, ...]) -> tuple[Any, ...]:
    """A list of `length` finite numbers of a JSON object; raises InputError if it is something else."""
    value = row.get(key, default)
    is_list = isinstance(value, (list, tuple)) and len(value) == length
    if not is_list or not all(type(item) in (int, float) and abs(item) < 1e30 for item in value):
        raise InputError(
            f"{key!r} is {str(value)[:80]}, but {length} numbers were expected: the file is damaged"
        )
    return tuple(float(item) for item in value)
