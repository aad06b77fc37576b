"""A vision tower cut in two: what stays as published, and its last blocks, which train along with a head.

The release of CMAT + LAS trains the last two blocks of its image encoder; the paper, and partwise by default, none.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from partwise.encoders.vision import VisionEncoder
from partwise.errors import InputError

# What follows the blocks of each kind: where the list of blocks and the last norm are found in its model.
_PLACES = {
    "dinov2": ("encoder.layer", "layernorm"),
    "dinov2_with_registers": ("encoder.layer", "layernorm"),
    "dinov3_vit": ("model.layer", "norm"),
}


class FrozenPart:
    """All of a tower but its last blocks, as a `PictureEncoder`: its tokens are states for a `PictureTail`.

    The class token and registers are among them, since the last blocks attend to them.
    """

    def __init__(self, encoder: VisionEncoder, blocks: int) -> None:
        """Raises InputError for a tower other than DINOv2 and DINOv3, or one with fewer blocks."""
        self.layers, self.norm = _ends(encoder)
        if not 0 < blocks <= len(self.layers):
            raise InputError(
                f"{blocks} blocks are to train, {encoder.name} has {len(self.layers)}: ask for 1 to all of them"
            )
        self.encoder, self.blocks = encoder, blocks
        self.name, self.revision, self.width = encoder.name, encoder.revision, encoder.width

    @torch.inference_mode()
    def encode(self, images: UInt8[Any, "V H W 3"]) -> Float[Tensor, "V 1 S D"]:
        """States (V,1,S,D) of all tokens where the last blocks begin."""
        return self.encoder.states(torch.as_tensor(images), self.blocks)[:, None]

    def tail(self) -> PictureTail:
        """The rest, a copy of its own that trains."""
        return PictureTail(self)


class PictureTail(nn.Module):
    """The last blocks and the norm after them; DINOv3 gets one norm more, as in the release."""

    def __init__(self, part: FrozenPart) -> None:
        super().__init__()
        model = part.encoder.model
        self.blocks = deepcopy(part.layers[-part.blocks :]).requires_grad_(True)
        self.norm = deepcopy(part.norm).requires_grad_(False)
        self.prefix, self.turn = part.encoder.prefix, None
        self.more = nn.Identity()
        if part.encoder.kind == "dinov3_vit":
            self.more = nn.LayerNorm(part.width)
            h, w = part.encoder.grid(0, 0)
            blank = torch.zeros(1, 3, h * part.encoder.patch, w * part.encoder.patch)
            with torch.no_grad():
                self.turn = model.rope_embeddings(blank)  # of the places of patches; no weights

    def forward(self, states: Float[Tensor, "*B S D"]) -> Float[Tensor, "*B Q D"]:
        """Patch tokens as the tower gives them, of the states where its last blocks begin."""
        x, options = states.flatten(0, -3), {}
        if self.turn is not None:
            options["position_embeddings"] = tuple(part.to(x) for part in self.turn)
        for block in self.blocks:
            x = block(x, **options)
        x = self.more(self.norm(x))[:, self.prefix :]
        return x.unflatten(0, states.shape[:-2])


def _ends(encoder: VisionEncoder) -> tuple[nn.ModuleList, nn.Module]:
    """The blocks of a tower and the norm after them."""
    if encoder.kind not in _PLACES:
        raise InputError(
            f"{encoder.name} is a {encoder.kind} model: the last blocks of {', '.join(_PLACES)} can be trained"
        )
    layers, norm = (encoder.model.get_submodule(place) for place in _PLACES[encoder.kind])
    assert isinstance(layers, nn.ModuleList), "a tower has a list of blocks"
    return layers, norm
