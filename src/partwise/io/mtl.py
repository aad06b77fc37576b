"""Wavefront MTL, the materials beside an OBJ: diffuse colour and diffuse texture."""

from __future__ import annotations

from urllib.parse import quote

import numpy as np
from jaxtyping import UInt8

from partwise.errors import InputError, UnsafeError
from partwise.io.geometry import Material
from partwise.io.source import Source
from partwise.io.textures import TextureBudget

GREY = np.array([204, 204, 204, 255], dtype=np.uint8)  # the customary Kd of 0.8
WHITE = np.full(4, 255, dtype=np.uint8)


def read_materials(
    source: Source, libraries: list[str], used: tuple[str, ...], warnings: list[str]
) -> tuple[Material, ...]:
    """The materials named in `used`, in that order: grey where the library or the entry is missing, with a warning.

    Raises UnsafeError for a texture beyond the limit on pixels. Files outside the folder are a warning, never opened:
    OBJ files are full of other people's absolute paths.
    """
    if not used:
        return ()
    entries: dict[str, dict[str, str]] = {}
    for name in dict.fromkeys(libraries):
        data = _beside(source, name.strip(), "material file", warnings)
        entries.update(_entries(data.decode("utf-8", errors="replace")) if data is not None else {})
    budget = TextureBudget(source.limits)
    textures: dict[str, UInt8[np.ndarray, "H W C"] | None] = {}
    materials = []
    for name in used:
        entry = entries.get(name, {})
        path = entry.get("map_kd", "").strip()
        if path.startswith("-"):  # options such as -s 1 1 1 stand before the file name
            path = path.split()[-1]
        if path and path not in textures:
            textures[path] = _texture(source, path, budget, warnings)
        texture = textures.get(path)
        # Exporters write any Kd, even black, beside a texture that is meant to be seen as it is.
        materials.append(Material(name, _base_color(entry) if texture is None else WHITE, texture))
    return tuple(materials)


def _entries(text: str) -> dict[str, dict[str, str]]:
    """The lines of each material by lower-case keyword."""
    entries: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in text.replace("\r", "\n").split("\n"):
        key, _, rest = line.strip().replace("\t", " ").partition(" ")
        if key.lower() == "newmtl":
            current = entries.setdefault(rest.strip() or "default", {})
        else:
            current[key.lower()] = rest
    return entries


def _base_color(entry: dict[str, str]) -> UInt8[np.ndarray, "4"]:
    try:
        words = entry["kd"].split() + entry.get("d", "1").split()[:1]
        color = np.array([float(word) for word in words])
    except (KeyError, ValueError):
        return GREY
    is_color = len(color) == 4 and np.isfinite(color).all()
    return np.rint(np.clip(color, 0, 1) * 255).astype(np.uint8) if is_color else GREY


def _texture(
    source: Source, path: str, budget: TextureBudget, warnings: list[str]
) -> UInt8[np.ndarray, "H W C"] | None:
    data = _beside(source, path, "texture", warnings)
    if data is None:
        return None
    try:
        return budget.decode(data)
    except InputError as error:
        warnings.append(f"texture {path!r}: {error}; base colour used")
        return None


def _beside(source: Source, name: str, what: str, warnings: list[str]) -> bytes | None:
    """Bytes of a file that is named beside the OBJ, or None and a warning."""
    try:
        data = source.beside(quote(name.replace("\\", "/"), errors="replace"))
    except UnsafeError as error:
        warnings.append(f"{what} {name[:200]!r} is not read: {error}")
        return None
    if data is None:
        warnings.append(f"{what} {name[:200]!r} is not there: put it beside the OBJ to see its colours")
    return data
