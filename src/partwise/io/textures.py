"""Texture images to arrays, behind a limit on pixels."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from partwise.errors import InputError, UnsafeError
from partwise.io.limits import Limits

if TYPE_CHECKING:
    from PIL.Image import Image

# What glTF allows, and what OBJ exporters also write. Rare, little-tested decoders stay out of reach.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TGA")


class TextureBudget:
    """Decodes the images of one file and keeps count of their pixels."""

    def __init__(self, limits: Limits, upright: bool = False) -> None:
        """`upright` turns photographs as the camera noted; textures stay as they are stored."""
        self._limits, self._upright = limits, upright
        self._pixels = 0

    def decode(self, data: bytes) -> UInt8[np.ndarray, "H W C"]:
        """Pixels (H,W,C) with C = 1 grey, 2 grey + alpha, 3 RGB or 4 RGBA; only the first frame.

        Raises UnsafeError if the header announces more pixels than the limits allow, before one is decoded,
        InputError if the image cannot be decoded.
        """
        from PIL import Image

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow warns below its own limit; ours is checked next
                image = Image.open(io.BytesIO(data), formats=FORMATS)
                self._pixels += image.width * image.height
                self._limits.check_pixels(self._pixels)
                return pixels_of(image, self._upright)
        except UnsafeError:
            raise
        except Image.DecompressionBombError as error:
            raise UnsafeError(f"a texture is refused: {error}") from error
        except Exception as error:  # decoders raise OSError, SyntaxError, struct.error and more
            raise InputError(f"the image cannot be decoded ({type(error).__name__}: {error})") from error


def pixels_of(image: Image, upright: bool = False) -> UInt8[np.ndarray, "H W C"]:
    """A Pillow image of any mode as `TextureBudget.decode` gives it; `upright` turns it as its camera noted."""
    from PIL import ImageOps

    if upright:
        image = ImageOps.exif_transpose(image)
    if image.mode == "I" or image.mode.startswith("I;16"):
        # Sixteen bits of grey: Pillow's own conversion would cut them off at 255.
        pixels = np.round(np.array(image).clip(0, 65_535) / 257).astype(np.uint8)
    else:
        if image.mode not in ("L", "LA", "RGB", "RGBA"):
            has_alpha = image.mode in ("PA", "La", "RGBa") or "transparency" in image.info
            image = image.convert("RGBA" if has_alpha else "RGB")
        pixels = np.array(image, dtype=np.uint8)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]
