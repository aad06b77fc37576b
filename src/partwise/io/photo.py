"""Pictures that a person shows as a question: any common file or array becomes 8-bit RGB."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from partwise.errors import InputError, MissingDataError
from partwise.io.limits import DEFAULT_LIMITS, Limits
from partwise.io.textures import TextureBudget, pixels_of

# Below this many pixels a side a picture shows nothing that an encoder could use: a mistake rather than a question.
LEAST_SIDE = 16


def read_photo(source: Any, limits: Limits = DEFAULT_LIMITS) -> UInt8[np.ndarray, "H W 3"]:
    """A picture (H,W,3) from a path, a PIL image or an array; it is turned upright as the camera noted.

    Arrays are (H,W) or (H,W,C), C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA, of uint8, uint16 or floats in 0..1. Grey
    becomes three equal channels, 16 bits become 8, what is transparent shows white.
    Raises InputError for what is no picture or has a side below 16 pixels, MissingDataError for no such file,
    UnsafeError for more pixels than the limits allow.
    """
    from PIL import Image

    if isinstance(source, (str, os.PathLike)):
        pixels = _from_file(Path(source), limits)
    elif isinstance(source, Image.Image):
        limits.check_pixels(source.width * source.height)
        pixels = pixels_of(source, upright=True)
    elif hasattr(source, "__array__"):
        pixels = eight_bit(np.asarray(source))
    else:
        raise InputError(f"a {type(source).__name__} is no picture: give a path, a PIL image or an array")
    height, width = pixels.shape[:2]
    if min(height, width) < LEAST_SIDE:
        raise InputError(
            f"the picture has {height} x {width} pixels, which show nothing: give at least "
            f"{LEAST_SIDE} x {LEAST_SIDE}"
        )
    return on_white(pixels)


def photos_of(
    images: Any, limits: Limits = DEFAULT_LIMITS
) -> tuple[list[UInt8[np.ndarray, "_ _ 3"]], tuple[str, ...]]:
    """One picture or a list of them, and a name for each: that of its file, or its place in the list.

    Raises InputError for an empty list, and as `read_photo`.
    """
    listed = list(images) if isinstance(images, (list, tuple)) else [images]
    if not listed:
        raise InputError("expected at least one picture, found an empty list: leave it out, or give one")
    names: list[str] = []
    for place, source in enumerate(listed, 1):
        name = Path(source).stem if isinstance(source, (str, os.PathLike)) else f"picture {place}"
        names.append(name if name not in names else f"{name} {place}")
    return [read_photo(source, limits) for source in listed], tuple(names)


def eight_bit(pixels: np.ndarray) -> UInt8[np.ndarray, "H W C"]:
    """Any array of pixels (H,W) or (H,W,C) in 8 bits. Raises InputError for another shape, dtype or range."""
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 2, 3, 4) or not pixels.size:
        raise InputError(f"an array of shape {pixels.shape} is no picture: give (H,W) or (H,W,C), C = 1 to 4")
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return np.round(pixels / 257).astype(np.uint8)
    if np.issubdtype(pixels.dtype, np.floating):
        if not (pixels.min() >= 0 and pixels.max() <= 1):  # NaN fails both
            raise InputError(
                f"a picture of {pixels.dtype} has values from {pixels.min():.3g} to {pixels.max():.3g}: "
                "floats must lie in 0..1"
            )
        return np.round(pixels * 255).astype(np.uint8)
    raise InputError(f"a picture of dtype {pixels.dtype} is not known: use uint8, uint16 or floats in 0..1")


def on_white(pixels: UInt8[np.ndarray, "H W C"]) -> UInt8[np.ndarray, "H W 3"]:
    """Grey or colour, with or without alpha, as RGB over a white background."""
    channels = pixels.shape[2]
    color = pixels[..., :3] if channels >= 3 else np.repeat(pixels[..., :1], 3, axis=2)
    if channels in (1, 3):
        return np.ascontiguousarray(color)
    alpha = pixels[..., -1:].astype(np.float32) / 255
    return np.round(color * alpha + 255 * (1 - alpha)).astype(np.uint8)


def _from_file(path: Path, limits: Limits) -> UInt8[np.ndarray, "H W C"]:
    if not path.is_file():
        raise MissingDataError(f"there is no picture at {str(path)!r}: check the name")
    if path.stat().st_size > limits.max_file_bytes:
        raise InputError(
            f"{path} has {path.stat().st_size:,} bytes, more than {limits.max_file_bytes:,}: is it a picture?"
        )
    try:
        return TextureBudget(limits, upright=True).decode(path.read_bytes())
    except InputError as error:
        raise InputError(
            f"{path} is not a picture that can be read (PNG, JPEG, WEBP, BMP, TGA): {error}"
        ) from error
