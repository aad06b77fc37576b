"""Point-MAE: hide most patches of a cloud, encode the others, rebuild the hidden ones.

Pang et al., Masked Autoencoders for Point Cloud Self-supervised Learning, ECCV 2022. CMAT (CVPR 2026,
arXiv 2510.08316, section on stage 1) trains the same network with two more losses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from partwise.checks import keep_whole
from partwise.errors import InputError
from partwise.layers.attention import PositionedBlocks, init_transformer
from partwise.layers.patches import Patches
from partwise.layers.tokens import PatchEncoder, PatchEncoderConfig, position_mlp
from partwise.models.official import (
    affine_names,
    block_names,
    depth_of,
    encoder_names,
    prefixed,
    translated,
)
from partwise.points import gather, squared_distances

MASKS = ("random", "block")
# What of a state dict is not the encoder: left behind, and nothing else, when only the encoder is taken over.
DECODER = ("mask_token", "decoder_position.", "decoder.", "decoder_norm.", "rebuild.")


@dataclass(frozen=True)
class PointMAEConfig:
    """Sizes; the defaults are those of the published `pretrain.pth`."""

    encoder: PatchEncoderConfig = field(default_factory=PatchEncoderConfig)
    decoder_depth: int = 4
    decoder_heads: int = 6

    def __post_init__(self) -> None:
        keep_whole(self, 1, "decoder_depth", "decoder_heads")
        if self.encoder.width % self.decoder_heads:
            raise InputError(
                f"width {self.encoder.width} does not divide by decoder_heads {self.decoder_heads}: make it a multiple"
            )


@dataclass(frozen=True)
class Rebuilt:
    """One masked pass: V patches were seen, M were hidden and rebuilt; both in ascending order of their numbers.

    tokens   (B,V,D) of the encoder for the patches numbered in `visible`
    rebuilt  (B,M,K,3) the patches numbered in `hidden`, each seen from its own centre
    """

    patches: Patches
    visible: Int64[Tensor, "B V"]
    hidden: Int64[Tensor, "B M"]
    tokens: Float[Tensor, "B V D"]
    rebuilt: Float[Tensor, "B M K 3"]

    def truth(self) -> Float[Tensor, "B M K 3"]:
        """What `rebuilt` should be."""
        return gather(self.patches.local.flatten(2), self.hidden).unflatten(-1, (-1, 3))


class PointMAE(nn.Module):
    """Encoder of the visible patches, and a light decoder that has a position MLP of its own.

    Example:
        >>> sizes = PatchEncoderConfig(groups=8, group_size=4, width=12, depth=1, heads=2)
        >>> model = PointMAE(PointMAEConfig(sizes, decoder_depth=1, decoder_heads=2)).eval()
        >>> patches = model.encoder.patches(torch.rand(2, 50, 3))
        >>> model(patches, masked(patches.centers, torch.rand(2, 8), 0.6)).rebuilt.shape
        torch.Size([2, 4, 4, 3])
    """

    def __init__(self, config: PointMAEConfig) -> None:
        super().__init__()
        self.config = config
        sizes = config.encoder
        self.encoder = PatchEncoder(sizes)
        self.mask_token = nn.Parameter(torch.empty(1, 1, sizes.width))
        self.decoder_position = position_mlp(sizes.width)
        self.decoder = PositionedBlocks(
            sizes.width, config.decoder_depth, config.decoder_heads, sizes.drop_path
        )
        self.decoder_norm = nn.LayerNorm(sizes.width)
        self.rebuild = nn.Linear(sizes.width, 3 * sizes.group_size)
        self.apply(init_transformer)
        nn.init.trunc_normal_(self.mask_token, std=0.02)

    def forward(self, patches: Patches, mask: Bool[Tensor, "B G"]) -> Rebuilt:
        """Encode the patches where `mask` is False, rebuild those where it is True.

        Raises InputError unless the mask hides the same number of patches of every cloud, at least one and not all.
        """
        visible, hidden = split(mask)
        tokens = self.encoder(patches, visible)
        batch, count = hidden.shape
        sequence = torch.cat([tokens, self.mask_token.expand(batch, count, -1)], dim=1)
        position = self.decoder_position(gather(patches.centers, torch.cat([visible, hidden], dim=1)))
        # Only the hidden places are read out, and only they pass the norm.
        x = self.decoder_norm(self.decoder(sequence, position)[:, -count:])
        return Rebuilt(patches, visible, hidden, tokens, self.rebuild(x).unflatten(-1, (-1, 3)))


def split(mask: Bool[Tensor, "B G"]) -> tuple[Int64[Tensor, "B V"], Int64[Tensor, "B M"]]:
    """Numbers of the visible and of the hidden patches, each ascending. Raises InputError for uneven masks."""
    counts = mask.sum(dim=1)
    hidden = int(counts[0])
    if not bool((counts == hidden).all()) or not 0 < hidden < mask.shape[1]:
        raise InputError(
            f"masks hide {counts.tolist()} of {mask.shape[1]} patches: hide the same number in every cloud, "
            "at least one and not all"
        )
    order = torch.argsort(mask.to(torch.uint8), dim=1, stable=True)
    return order[:, :-hidden], order[:, -hidden:]


def masked(
    centers: Float[Tensor, "B G 3"], noise: Float[Tensor, "B G"], ratio: float, kind: str = "random"
) -> Bool[Tensor, "B G"]:
    """True for the floor(ratio * G) patches of each cloud that are to be hidden, decided by uniform `noise` alone.

    kind "random": any of them; "block": those nearest to a patch picked at random, itself included (Point-MAE).
    Raises InputError for another kind, or a ratio that hides none or all.
    """
    groups = centers.shape[1]
    count = int(ratio * groups)
    if kind not in MASKS or not 0 < count < groups:
        raise InputError(
            f"mask {kind!r} of {ratio:g} of {groups} patches: use random or block, and hide at least one and not all"
        )
    key = noise
    if kind == "block":
        anchor = gather(centers, noise.argmin(dim=1, keepdim=True))
        key = squared_distances(anchor, centers)[:, 0]
    chosen = key.argsort(dim=1, stable=True)[:, :count]
    return torch.zeros_like(noise, dtype=torch.bool).scatter_(1, chosen, True)


def from_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """State dict of the published Point-MAE (its entry "base_model") in the names of this file, decoder included.

    A prefix `module.`, which multi-GPU training leaves, is taken off. Raises CheckpointError listing every missing
    and unexpected key.
    """
    given = {key.removeprefix("module."): value for key, value in state.items()}
    names = prefixed(encoder_names(depth_of(given, "MAE_encoder.blocks.blocks.")), "MAE_encoder.", "encoder.")
    names |= prefixed(block_names(depth_of(given, "MAE_decoder.blocks.")), "MAE_decoder.", "decoder.")
    names |= affine_names("MAE_decoder.norm", "decoder_norm") | affine_names("increase_dim.0", "rebuild")
    for layer in ("0", "2"):
        names |= affine_names(f"decoder_pos_embed.{layer}", f"decoder_position.{layer}")
    return translated(given, names | {"mask_token": "mask_token"}, "a Point-MAE pre-training checkpoint")


def encoder_of(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The encoder's part of a PointMAE state dict, in the names of `PatchEncoder`; `DECODER` stays behind."""
    return {
        key.removeprefix("encoder."): value for key, value in state.items() if not key.startswith(DECODER)
    }
