"""Pictures that a person shows as a question: any common file or array becomes 8-bit RGB."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from partwise.errors import InputError, MissingDataError
from partwise.io.limits import DEFAULT_LIMITS, Limits
from partwise.io.textures import FORMATS, TextureBudget, decoding, eight_bit, pixels_of

# Below this many pixels a side a picture shows nothing that an encoder could use: a mistake rather than a question.
LEAST_SIDE = 16
# Scanners and microscopes write TIFF. It stays out of shapes: no format of a shape names it.
PHOTO_FORMATS = (*FORMATS, "TIFF")


def read_photo(source: Any, limits: Limits = DEFAULT_LIMITS) -> UInt8[np.ndarray, "H W 3"]:
    """A picture (H,W,3) from a path, a PIL image or an array; it is turned upright as the camera noted.

    Files are PNG, JPEG, WEBP, BMP, TGA or TIFF (its first page). Arrays are (H,W) or (H,W,C), C = 1 grey, 2 grey and
    alpha, 3 RGB, 4 RGBA, of uint8, uint16 or floats in 0..1. Grey becomes three equal channels, 16 bits become 8, what
    is transparent shows white.
    Raises InputError for what is no picture or has a side below 16 pixels, MissingDataError for no such file,
    UnsafeError for more pixels than the limits allow.
    """
    from PIL import Image

    if isinstance(source, (str, os.PathLike)):
        pixels = _from_file(Path(source), limits)
    elif isinstance(source, Image.Image):
        limits.check_pixels(source.width * source.height)
        with decoding("the picture"):
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
    return TextureBudget(limits, upright=True, formats=PHOTO_FORMATS).decode(path.read_bytes(), str(path))
