"""PatchAlign3D: a point transformer whose patch features live in the space of a text encoder.

Hadgi, Gong, Sundararaman, Pierson, Li, Wonka, Ovsjanikov: PatchAlign3D, CVPR 2026, arXiv 2601.02457.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from partwise.checks import keep_whole
from partwise.errors import InputError
from partwise.layers.attention import PositionedBlocks, init_transformer
from partwise.layers.patches import FoldedMiniPointNet, MiniPointNet, Patches, group, membership_mean
from partwise.layers.tokens import position_mlp
from partwise.models.official import affine_names, depth_of, encoder_names, prefixed, translated
from partwise.points import gather, interpolate, nearest

PROPAGATIONS = ("nearest", "membership", "idw3")


@dataclass(frozen=True)
class PatchAlign3DConfig:
    """Sizes of the encoder and its text head; the defaults are those of the published weights.

    class_token  False for encoders that have none, as those of Point-MAE and CMAT
    """

    groups: int = 128
    group_size: int = 32
    token_hidden: tuple[int, int, int] = (128, 256, 512)
    token_width: int = 256
    width: int = 384
    depth: int = 12
    heads: int = 6
    drop_path: float = 0.1
    text_width: int = 1280
    farthest_rule: str = "pointnet2"
    class_token: bool = True

    def __post_init__(self) -> None:
        keep_whole(self, 1, "groups", "group_size", "token_width", "width", "depth", "heads", "text_width")
        if self.width % self.heads:
            raise InputError(f"width {self.width} does not divide by heads {self.heads}: make it a multiple")


@dataclass(frozen=True)
class PatchEmbedding:
    """What one pass over a shape leaves behind; any number of phrases can be compared with it.

    points (B,N,3) as given, patches, tokens (B,G,D), features (B,G,E) of unit length in the text space
    """

    points: Float[Tensor, "B N 3"]
    patches: Patches
    tokens: Float[Tensor, "B G D"]
    features: Float[Tensor, "B G E"]


class PatchAlign3D(nn.Module):
    """Tokenizer, 12 blocks, one Linear into the text space.

    Example:
        >>> model = PatchAlign3D(PatchAlign3DConfig(depth=1)).eval()
        >>> model(torch.rand(2, 2048, 3)).features.shape
        torch.Size([2, 128, 1280])
    """

    def __init__(self, config: PatchAlign3DConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.tokenizer: MiniPointNet | FoldedMiniPointNet = MiniPointNet(
            config.token_width, config.token_hidden
        )
        self.reduce = nn.Linear(config.token_width, width)
        self.position = position_mlp(width)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width)) if config.class_token else None
        self.cls_position = nn.Parameter(torch.randn(1, 1, width)) if config.class_token else None
        self.blocks = PositionedBlocks(width, config.depth, config.heads, config.drop_path)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, config.text_width)
        self.apply(init_transformer)

    def forward(self, points: Float[Tensor, "B N 3"]) -> PatchEmbedding:
        """Clouds (B,N,3), canonical and +Y up, to one text-aligned vector per patch (B,G,E).

        Raises InputError if N is less than `groups` or `group_size`.
        """
        # The published encoder was trained with y and z swapped: up is its third axis.
        patches = group(
            points[..., [0, 2, 1]], self.config.groups, self.config.group_size, self.config.farthest_rule
        )
        tokens = self.encode(self.tokenizer(patches.local), patches.centers)
        return PatchEmbedding(points, patches, tokens, F.normalize(self.head(tokens), dim=-1))

    def encode(
        self, tokens: Float[Tensor, "B G C"], centers: Float[Tensor, "B G 3"]
    ) -> Float[Tensor, "B G D"]:
        """Patch tokens (B,G,C) and centres (B,G,3), both in the network's axes, to tokens in context (B,G,D)."""
        tokens, position = self.reduce(tokens), self.position(centers)
        if self.cls_token is None or self.cls_position is None:
            return self.norm(self.blocks(tokens, position))
        batch = len(tokens)
        tokens = torch.cat([self.cls_token.expand(batch, -1, -1), tokens], dim=1)
        position = torch.cat([self.cls_position.expand(batch, -1, -1), position], dim=1)
        return self.norm(self.blocks(tokens, position))[:, 1:]

    def similarity(
        self, embedding: PatchEmbedding, text: Float[Tensor, "T E"], propagation: str = "nearest"
    ) -> Float[Tensor, "B N T"]:
        """Cosine (B,N,T) between every point and every phrase vector (T,E), carried over from patches.

        propagation: "nearest" patch centre (published figures); "membership", the mean over the patches that hold
        the point, else nearest; "idw3", inverse distance over three centres. Raises InputError for another name.
        """
        cosine = embedding.features @ F.normalize(text, dim=-1).T  # (B,G,T)
        return propagate(embedding, cosine, propagation)

    def folded(self) -> PatchAlign3D:
        """This model with its tokenizer folded for inference: the same labels in less time. Not for training."""
        if isinstance(self.tokenizer, FoldedMiniPointNet):
            return self
        twin = PatchAlign3D(self.config)
        twin.load_state_dict(self.state_dict())
        twin.tokenizer = FoldedMiniPointNet(self.tokenizer)
        return twin.to(self.head.weight.device).eval().requires_grad_(False)


def propagate(embedding: PatchEmbedding, values: Float[Tensor, "B G T"], how: str) -> Float[Tensor, "B N T"]:
    """Values of patches (B,G,T) to points (B,N,T); `how` as in `PatchAlign3D.similarity`."""
    points = embedding.points[..., [0, 2, 1]]
    centers = embedding.patches.centers
    if how == "idw3":
        return interpolate(points, centers, values)
    if how not in PROPAGATIONS:
        raise InputError(f"unknown propagation {how!r}: use one of {', '.join(PROPAGATIONS)}")
    if how == "membership":
        # The release leaves a point in no patch at zero, which can beat every real score; its nearest centre answers.
        return membership_mean(points, embedding.patches, values)
    return gather(values, nearest(points, centers, 1)[1][..., 0])


def from_official(model: Mapping[str, Tensor], proj: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """State dict of the published checkpoint (its "model" and "proj" entries) in the names of this file.

    Every official key must be there and no other: raises CheckpointError listing the missing and unexpected ones.
    """
    names = prefixed(encoder_names(depth_of(model, "blocks.blocks.")), "model.", "")
    names |= affine_names("model.reduce_dim", "reduce") | affine_names("proj.proj", "head")
    names |= {"model.cls_token": "cls_token", "model.cls_pos": "cls_position"}
    given = {**{f"model.{k}": v for k, v in model.items()}, **{f"proj.{k}": v for k, v in proj.items()}}
    return translated(given, names, "a PatchAlign3D checkpoint")


def from_patch_encoder(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """State dict, head left out, of a PatchAlign3D without class token that gives the tokens of this `PatchEncoder`.

    PatchAlign3D swaps y and z, Point-MAE and CMAT do not: the two layers that read coordinates are swapped back.
    The reduction between tokenizer and blocks, which they do not have, begins as the identity.
    """
    width = state["norm.weight"].shape[0]
    identity = {"reduce.weight": torch.eye(width), "reduce.bias": torch.zeros(width)}
    swapped = {
        name: state[name][:, [0, 2, 1]] for name in ("tokenizer.first.enter.weight", "position.0.weight")
    }
    return {**state, **swapped, **identity}
