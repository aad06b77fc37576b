"""Texture images to arrays, behind a limit on pixels."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from partwise.errors import InputError, PartwiseError, UnsafeError
from partwise.io.limits import Limits

if TYPE_CHECKING:
    from PIL.Image import Image

# What glTF allows, and what OBJ exporters also write. Rare, little-tested decoders stay out of reach.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TGA")


class TextureBudget:
    """Decodes the images of one file and keeps count of their pixels."""

    def __init__(self, limits: Limits, upright: bool = False, formats: tuple[str, ...] = FORMATS) -> None:
        """`upright` turns photographs as the camera noted; textures stay as they are stored."""
        self._limits, self._upright, self._formats = limits, upright, formats
        self._pixels = 0

    def decode(self, data: bytes, name: str = "a texture") -> UInt8[np.ndarray, "H W C"]:
        """Pixels (H,W,C) with C = 1 grey, 2 grey + alpha, 3 RGB or 4 RGBA; only the first frame.

        name  of the image, for messages
        Raises UnsafeError if the header announces more pixels than the limits allow, before one is decoded,
        InputError if the image cannot be decoded.
        """
        from PIL import Image, UnidentifiedImageError

        with decoding(name), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns below its own limit; ours is checked next
            try:
                image = Image.open(io.BytesIO(data), formats=self._formats)
            except UnidentifiedImageError as error:
                known = ", ".join(self._formats)
                raise InputError(f"{name} is not a picture that can be read ({known})") from error
            self._pixels += image.width * image.height
            self._limits.check_pixels(self._pixels)
            return pixels_of(image, self._upright)


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """Around a decoder: whatever it raises becomes an InputError that says which image, or UnsafeError for a bomb."""
    from PIL import Image

    try:
        yield
    except PartwiseError:
        raise
    except Image.DecompressionBombError as error:
        raise UnsafeError(f"{name} is refused: {error}") from error
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error and more
        raise InputError(f"{name} cannot be decoded ({type(error).__name__}: {error})") from error


def pixels_of(image: Image, upright: bool = False) -> UInt8[np.ndarray, "H W C"]:
    """A Pillow image of any mode as `TextureBudget.decode` gives it; `upright` turns it as its camera noted."""
    from PIL import ImageOps

    if upright:
        image = ImageOps.exif_transpose(image)
    if image.mode == "F":
        pixels = eight_bit(np.array(image))
    elif image.mode == "I" or image.mode.startswith("I;16"):
        # Sixteen bits of grey: Pillow's own conversion would cut them off at 255.
        pixels = np.array(image)
        if not 0 <= pixels.min() <= pixels.max() <= 65_535:
            raise InputError(
                f"a picture has values from {pixels.min()} to {pixels.max()}: at most 16 bits are read"
            )
        pixels = eight_bit(pixels.astype(np.uint16))
    else:
        if image.mode not in ("L", "LA", "RGB", "RGBA"):
            has_alpha = image.mode in ("PA", "La", "RGBa") or "transparency" in image.info
            image = image.convert("RGBA" if has_alpha else "RGB")
        pixels = np.array(image, dtype=np.uint8)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


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
