"""Where pictures become tokens: a published vision tower, or the plain pixels where no weights are at hand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from partwise.encoders.picture_tail import FrozenPart, PictureTail
from partwise.encoders.vision import DEFAULT, VisionEncoder
from partwise.errors import CheckpointError, InputError

PIXELS = "pixels"
# Side to which pictures are brought for a published tower, as the paper of LAS has it: 14 and 16 both divide it.
TOWER_SIZE = 224
# Grid and patch of `PixelEncoder`.
GRID, PATCH = 8, 8


@runtime_checkable
class PictureEncoder(Protocol):
    """Turns pictures into patch tokens. Two encoders agree when their `revision` is equal."""

    name: str
    revision: str
    width: int

    def encode(self, images: UInt8[Any, "V H W 3"]) -> Float[Tensor, "V h w D"]:
        """Features (V,h,w,D) of the patches of V pictures."""
        ...


class PixelEncoder:
    """No model at all: a token is the 8 x 8 pixels of its patch and its place. LAS's own projection reads them.

    It stands in where the weights of a vision tower are not at hand. It knows nothing of the world: a head trained with
    it understands pictures like those it was shown, and no others.
    """

    name = PIXELS
    # Of the rule above: changes with it, as the hash of weights would.
    revision = hashlib.sha256(f"pixels/1 {GRID} {PATCH}".encode()).hexdigest()
    width = PATCH * PATCH * 3 + 4

    def encode(self, images: UInt8[Any, "V H W 3"]) -> Float[Tensor, "V h w D"]:
        """Tokens (V,8,8,196): the patch's pixels in -1..1, then sine and cosine of its row and column."""
        pixels = torch.as_tensor(images).permute(0, 3, 1, 2).float() / 127.5 - 1
        side = GRID * PATCH
        if pixels.shape[2:] != (side, side):
            pixels = functional.interpolate(pixels, (side, side), mode="bilinear", antialias=True)
        patches = functional.unfold(pixels, PATCH, stride=PATCH).mT.unflatten(1, (GRID, GRID))
        turn = torch.arange(GRID) * (torch.pi / GRID)
        row, column = torch.meshgrid(turn, turn, indexing="ij")
        place = torch.stack([row.sin(), row.cos(), column.sin(), column.cos()], dim=-1)
        return torch.cat([patches, place.expand(len(patches), -1, -1, -1)], dim=-1)


@dataclass(frozen=True)
class PictureTower:
    """Which encoder reads the pictures of a head; saved with the head's weights.

    source    "pixels", a local folder, or a hub id
    revision  full commit of a hub id, else None
    sha256    of the weights that the head was trained with, None before training
    train     how many of the tower's last blocks train with the head and are kept with it: 0 in the paper, 2 in the
              release
    """

    source: str = DEFAULT
    revision: str | None = None
    sha256: str | None = None
    train: int = 0

    def open(self) -> PictureEncoder:
        """The encoder; the last one opened is kept. Naming a hub id with its commit is the consent to download it.

        With `train` it is the part that stays as it is. MissingDataError if it is not here, CheckpointError if its
        weights are not those of `sha256`, InputError if it has no such blocks to train.
        """
        encoder = PixelEncoder() if self.source == PIXELS else _tower(self.source, self.revision)
        if self.sha256 is not None and encoder.revision != self.sha256:
            raise CheckpointError(
                f"{self.source} has weights {encoder.revision[:12]}, the affordance head was trained with pictures "
                f"through {self.sha256[:12]}: name the right encoder"
            )
        if not self.train:
            return encoder
        if not isinstance(encoder, VisionEncoder):
            raise InputError(
                f"{self.source!r} has no blocks to train: name a DINOv2 or DINOv3, or set train 0"
            )
        return FrozenPart(encoder, self.train)

    def pinned(self) -> PictureTower:
        """The same with the hash of its weights, as a run keeps it. Raises as `open`."""
        return replace(self, sha256=self.open().revision)

    def tail(self) -> PictureTail | None:
        """The blocks that train, as published; None for none of them. Raises as `open`."""
        part = self.open()
        return part.tail() if isinstance(part, FrozenPart) else None


@lru_cache(maxsize=1)
def _tower(source: str, revision: str | None) -> VisionEncoder:
    return VisionEncoder.open(source, revision=revision, allow_network=revision is not None, size=TOWER_SIZE)


def picture_tokens(
    pictures: Sequence[UInt8[Any, "_ _ 3"]], encoder: PictureEncoder
) -> Float[Tensor, "T Q D"]:
    """Patch tokens of T pictures, each of any size: the encoder brings them to one."""
    return torch.cat([encoder.encode(picture[None]).flatten(1, 2) for picture in pictures])
