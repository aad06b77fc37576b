"""PointAlign3D: PatchAlign3D with a light decoder, so that labels are as sharp as the points and not as the patches.

A patch has one answer for all its points, so even perfect patch labels blur handles, legs and panels. The decoder
joins the tokens of the nearest patches, each seen from the point, with the tokenizer's own point features.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from partwise.checks import keep_whole
from partwise.errors import InputError
from partwise.layers.patches import Patches, group
from partwise.models.patchalign3d import PatchAlign3D, PatchAlign3DConfig, PatchEmbedding, propagate
from partwise.points import gather, nearest


@dataclass(frozen=True)
class PointAlign3DConfig:
    """Sizes. The number of patches follows the number of points: one for every `points_per_group`.

    class_token  False for encoders that have none, as those of Point-MAE and CMAT
    """

    points_per_group: int = 16
    group_size: int = 32
    token_hidden: tuple[int, int, int] = (64, 128, 256)
    token_width: int = 192
    width: int = 192
    depth: int = 6
    heads: int = 3
    drop_path: float = 0.0
    text_width: int = 384
    decoder_width: int = 192
    local_width: int = 64
    neighbours: int = 3
    class_token: bool = True

    def __post_init__(self) -> None:
        keep_whole(self, 1, "points_per_group", "decoder_width", "local_width", "neighbours")
        keep_whole(self, 1, "group_size", "token_width", "width", "depth", "heads", "text_width")

    def encoder(self) -> PatchAlign3DConfig:
        """The sizes of the patch encoder inside."""
        return PatchAlign3DConfig(
            group_size=self.group_size,
            token_hidden=self.token_hidden,
            token_width=self.token_width,
            width=self.width,
            depth=self.depth,
            heads=self.heads,
            drop_path=self.drop_path,
            text_width=self.text_width,
            farthest_rule="plain",
            class_token=self.class_token,
        )


@dataclass(frozen=True)
class PointEmbedding:
    """One pass over a shape: the patches' embedding, and a vector (B,N,E) for every answered point, of any length."""

    patches: PatchEmbedding
    features: Float[Tensor, "B N E"]


class PointAlign3D(nn.Module):
    """A PatchAlign3D encoder and a point decoder, both aligned with the same text space.

    Example:
        >>> model = PointAlign3D(PointAlign3DConfig(depth=1)).eval()
        >>> model(torch.rand(2, 2048, 3)).features.shape
        torch.Size([2, 2048, 384])
    """

    def __init__(self, config: PointAlign3DConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = PatchAlign3D(config.encoder())
        self.decoder = PointDecoder(config)

    def forward(self, points: Float[Tensor, "B N 3"], answered: int | None = None) -> PointEmbedding:
        """Clouds (B,N,3), canonical and +Y up, to text-aligned vectors of their patches and of their points.

        answered  decode only the first so many points, as training does: they are a random half of a random sample
        Raises InputError if N is less than `group_size` or `points_per_group`.
        """
        groups = points.shape[1] // self.config.points_per_group
        if groups < 1:
            raise InputError(
                f"{points.shape[1]} points make no patch of {self.config.points_per_group}: sample more"
            )
        swapped = points[..., [0, 2, 1]]
        patches = group(swapped, groups, self.config.group_size, "plain")
        local = self.encoder.tokenizer.point_features(patches.local)  # (B,G,K,C)
        tokens = self.encoder.encode(local.amax(dim=2), patches.centers)
        coarse = F.normalize(self.encoder.head(tokens), dim=-1)
        features = self.decoder(swapped, patches, local, tokens, answered or points.shape[1])
        return PointEmbedding(PatchEmbedding(points, patches, tokens, coarse), features)

    def similarity(
        self, embedding: PointEmbedding, text: Float[Tensor, "T E"], propagation: str = "decoder"
    ) -> Float[Tensor, "B N T"]:
        """Cosine (B,N,T) between every point and every phrase vector (T,E).

        propagation "decoder" answers from the point vectors; "nearest", "membership" and "idw3" from the patches, as
        PatchAlign3D does.
        """
        if propagation == "decoder":
            return cosine(embedding.features, text)
        return propagate(embedding.patches, cosine(embedding.patches.features, text), propagation)

    def folded(self) -> PointAlign3D:
        """This model with its tokenizer folded for inference. Not for training."""
        twin = PointAlign3D(self.config)
        twin.load_state_dict(self.state_dict())
        twin.encoder = twin.encoder.folded()
        return twin.to(self.encoder.head.weight.device).eval().requires_grad_(False)


def cosine(features: Float[Tensor, "B S E"], text: Float[Tensor, "*B T E"]) -> Float[Tensor, "B S T"]:
    """Cosine (B,S,T) between vectors (B,S,E) of any length and phrases (T,E), or (B,T,E) of each shape's own.

    Divides the few products by the lengths rather than the many vectors: much less to do, and to go back through.
    """
    length = features.float().norm(dim=-1, keepdim=True).clamp(min=1e-6)
    return (features @ F.normalize(text, dim=-1).to(features.dtype).mT).float() / length


class PointDecoder(nn.Module):
    """For each point: its nearest tokens seen from it, their sum, its own features, then an MLP."""

    def __init__(self, config: PointAlign3DConfig) -> None:
        super().__init__()
        width = config.decoder_width
        self.neighbours = config.neighbours
        self.from_token = nn.Linear(config.width, width)
        self.from_offset = nn.Linear(4, width, bias=False)
        self.narrow = nn.Linear(config.token_width, config.local_width)
        self.from_local = nn.Linear(config.local_width, width)
        self.from_place = nn.Linear(3, width)
        self.mix = nn.Sequential(nn.LayerNorm(2 * width), nn.Linear(2 * width, width), nn.GELU())
        self.head = nn.Linear(width, config.text_width)

    def forward(
        self,
        points: Float[Tensor, "B N 3"],
        patches: Patches,
        local: Float[Tensor, "B G K C"],
        tokens: Float[Tensor, "B G D"],
        answered: int,
    ) -> Float[Tensor, "B M E"]:
        """Vectors (B,M,E) of the first M = `answered` points in the text space, not normalised."""
        spread = _spread(self.narrow(local), patches, points.shape[1])[:, :answered]
        points = points[:, :answered]
        index = nearest(points, patches.centers, min(self.neighbours, patches.centers.shape[1]))[1].mT
        offset = points[:, None] - gather(patches.centers, index)  # (B,K,M,3)
        # Offsets are a tenth of the shape; scaled, they meet the other terms at the same size.
        offset = 10.0 * torch.cat([offset, offset.norm(dim=-1, keepdim=True)], dim=-1)
        projected = self.from_token(tokens)
        # Sums in place: what costs here is not the additions but memory that was not touched before.
        own = self.from_local(spread)
        own += self.from_place(points)
        total = torch.zeros_like(own)
        for j in range(index.shape[1]):
            seen = self.from_offset(offset[:, j])
            seen += gather(projected, index[:, j])
            seen += own
            total += F.gelu(seen)
        own += gather(projected, index[:, 0])
        x = self.mix(torch.cat([total, own], dim=-1))
        return self.head(x)


def _spread(local: Float[Tensor, "B G K C"], patches: Patches, count: int) -> Float[Tensor, "B N C"]:
    """Features of points in patches, averaged over the patches that hold a point; zero for a point in none."""
    batch, _, _, width = local.shape
    index = patches.index.flatten(1)
    total = local.new_zeros(batch, count, width).scatter_add_(
        1, index[..., None].expand(-1, -1, width), local.flatten(1, 2)
    )
    holders = local.new_zeros(batch, count).scatter_add_(1, index, torch.ones_like(index, dtype=local.dtype))
    return total / holders.clamp(min=1)[..., None]
