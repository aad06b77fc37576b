"""PointRefer: a question guides the decoder of PointNet++ (Li et al., LASO, CVPR 2024).

Written from the paper's facts. The text encoder, a fine-tuned RoBERTa in the paper, stays outside: the model reads
the states of its tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from partwise.encoders.prompt import Prompt
from partwise.errors import InputError
from partwise.layers.pointnet2 import FeaturePropagation, Geometry, Scale, SetAbstraction, look_up
from partwise.models.backbones import check_ids
from partwise.models.pointnet2 import PointNet2Config, check_points


@dataclass(frozen=True)
class PointReferConfig:
    """Sizes; the defaults are those of LASO with RoBERTa-base.

    points       the first two levels of the encoder, PointNet++'s own
    centers      of the third level
    tokens       to which every question is padded or, where `strict` is off, cut
    text_width   of a token's state
    masking      "all": padding is nobody's key; "release": the grouping looks at it too, as the published weights do
    double_scale attention scores are divided by the head's width instead of its root, as released
    """

    points: PointNet2Config = field(default_factory=PointNet2Config)
    centers: int = 64
    tokens: int = 40
    text_width: int = 768
    width: int = 512
    heads: int = 4
    hidden: int = 2048
    up: int = 768
    masking: str = "all"
    double_scale: bool = True

    def __post_init__(self) -> None:
        if self.masking not in ("all", "release"):
            raise InputError(f"masking is {self.masking!r}: use 'all' or 'release'")
        if self.width % self.heads or self.tokens < 1:
            raise InputError(
                f"width {self.width} with {self.heads} heads and {self.tokens} tokens: the width must be a multiple "
                "of the heads, and there is at least 1 token"
            )

    @property
    def scales(self) -> tuple[tuple[Scale, ...], ...]:
        """The balls of all three levels."""
        k, w = self.points.neighbours, self.points.width
        third = (
            Scale(0.2, max(1, k // 2), (4 * w, 4 * w, self.width // 2)),
            Scale(0.4, k, (4 * w, round(6.125 * w), self.width // 2)),
        )
        return (*self.points.scales, third)


@dataclass(frozen=True)
class Pyramid:
    """The encoder's levels: features, finest (B,N,2C) first, and the geometry between them."""

    features: tuple[Float[Tensor, "B _ _"], ...]
    geometry: Geometry


class PointRefer(nn.Module):
    """Three levels of PointNet++, one shared block that lets the question in at each, and a dot product at the end.

    Example:
        >>> small = PointNet2Config(centers=(16, 8), width=4, neighbours=4)
        >>> config = PointReferConfig(small, 4, tokens=6, text_width=8, width=16, heads=2, hidden=16, up=16)
        >>> model = PointRefer(config).eval()
        >>> prompt = Prompt(tokens=torch.rand(3, 5, 8), mask=torch.ones(3, 5, dtype=torch.bool))
        >>> model.logits(model(torch.rand(1, 64, 3)), prompt).shape
        torch.Size([1, 64, 3])
    """

    reads: ClassVar[str] = "tokens"
    answers: ClassVar[str] = "sigmoid"

    def __init__(self, config: PointReferConfig) -> None:
        super().__init__()
        self.config = config
        width, channels = config.width, config.points.channels
        scales = config.scales
        self.text = nn.Linear(config.text_width, width)
        self.text_norm = nn.LayerNorm(width, eps=1e-12)
        self.down1 = SetAbstraction(channels, scales[0])
        self.down2 = SetAbstraction(self.down1.width, scales[1])
        self.down3 = SetAbstraction(self.down2.width, scales[2])
        if self.down2.width != width:
            raise InputError(
                f"the second level is {self.down2.width} wide and the block for words {width}: "
                "16 times the encoder's width is the one that fits"
            )
        self.block = GuidedBlock(config)
        self.up3 = FeaturePropagation(self.down2.width + width, (config.up, width))
        self.up2 = FeaturePropagation(self.down1.width + width, (config.up, width))
        self.up1 = FeaturePropagation(3 + channels + width, (width, width))
        self.decoder = WordDecoder(config)

    def look(self, points: Float[Tensor, "B N C"]) -> Geometry:
        """The neighbourhoods of clouds; centres by farthest points from index 0, which the release draws at random."""
        counts = (*self.config.points.centers, self.config.centers)
        return look_up(points[..., :3], counts, self.config.scales)

    def forward(self, points: Float[Tensor, "B N C"], geometry: Geometry | None = None) -> Pyramid:
        """One pass of the encoder over canonical clouds (B,N,C); the question comes in afterwards."""
        check_points(points, self.config.points.channels)
        geometry = self.look(points) if geometry is None else geometry
        first, second, third = geometry.levels
        places = points[..., :3]
        x1 = self.down1(places, points, first)
        x2 = self.down2(first.centers, x1, second)
        x3 = self.down3(second.centers, x2, third)
        return Pyramid((torch.cat([places, points], dim=-1), x1, x2, x3), geometry)

    def logits(self, embedding: Pyramid, prompt: Prompt) -> Float[Tensor, "B N T"]:
        """Before the sigmoid: mean over the question's tokens of their product with each point.

        Raises InputError if the prompt has no tokens, too many, or tokens of another width.
        """
        tokens, real = self._questions(prompt, len(embedding.features[0]))
        pieces = [self._answer(embedding, tokens[:, t], real[:, t]) for t in range(tokens.shape[1])]
        return torch.stack(pieces, dim=2)

    def _questions(
        self, prompt: Prompt, batch: int
    ) -> tuple[Float[Tensor, "B T L W"], Bool[Tensor, "B T L"]]:
        """The questions' tokens in this model's width, padded to the length that the token mixer is made for."""
        states = check_ids(prompt.tokens, self.reads)
        length = states.shape[-2]
        if states.shape[-1] != self.config.text_width:
            raise InputError(
                f"tokens have {states.shape[-1]} numbers, this model was trained with {self.config.text_width}: "
                "use the text encoder it was trained with"
            )
        if length > self.config.tokens:
            raise InputError(
                f"a question has {length} tokens, this model takes at most {self.config.tokens}: shorten it"
            )
        real = prompt.mask
        if real is None:
            real = torch.ones(states.shape[:-1], dtype=torch.bool, device=states.device)
        states = F.pad(states, (0, 0, 0, self.config.tokens - length))
        real = F.pad(real, (0, self.config.tokens - length))
        tokens = self.text_norm(self.text(states))
        return tokens.expand(batch, -1, -1, -1), real.expand(batch, -1, -1)

    def _answer(
        self, pyramid: Pyramid, text: Float[Tensor, "B L W"], real: Bool[Tensor, "B L"]
    ) -> Float[Tensor, "B N"]:
        x0, x1, x2, x3 = pyramid.features
        first, second, third = pyramid.geometry.levels
        x3 = self.block(x3, text, real)
        x2 = self.block(self.up3(x2, x3, third), text, real)
        x1 = self.block(self.up2(x1, x2, second), text, real)
        points = self.up1(x0, x1, first)
        asked = self.decoder(text, points, real) * real[..., None]
        # The mean over tokens of products is the product with the mean: one column in place of forty.
        mean = asked.sum(dim=1) / real.sum(dim=1).clamp(min=1)[:, None]
        return (points @ mean[..., None])[..., 0]


class Attention(nn.Module):
    """Multi-head attention whose value and output projections may be left out, at the scale of the release or not."""

    def __init__(self, config: PointReferConfig, bias: bool, values: bool = True, out: bool = True) -> None:
        super().__init__()
        width, head = config.width, config.width // config.heads
        self.heads = config.heads
        self.scale = 1.0 / head if config.double_scale else head**-0.5
        self.query = nn.Linear(width, width, bias=bias)
        self.key = nn.Linear(width, width, bias=bias)
        self.value = nn.Linear(width, width, bias=bias) if values else nn.Identity()
        self.out = nn.Linear(width, width) if out else nn.Identity()

    def forward(
        self,
        query: Float[Tensor, "B R W"],
        key: Float[Tensor, "B S W"],
        value: Float[Tensor, "B S W"],
        real: Bool[Tensor, "B S"] | None = None,
    ) -> Float[Tensor, "B R W"]:
        """Answers (B,R,W); only keys that are `real` are looked at."""
        projected = (self.query(query), self.key(key), self.value(value))
        q, k, v = (x.unflatten(-1, (self.heads, -1)).transpose(1, 2) for x in projected)
        mask = None if real is None else real[:, None, None, :]
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=self.scale)
        return self.out(found.transpose(1, 2).flatten(2))


class GuidedBlock(nn.Module):
    """Words gather from points, exchange among themselves, and give back to the points; shared by all levels."""

    def __init__(self, config: PointReferConfig) -> None:
        super().__init__()
        width = config.width
        self.release = config.masking == "release"
        self.point_norm = nn.LayerNorm(width)
        self.collect = Attention(config, bias=True, values=False, out=False)
        self.mixer = Mixer(config.tokens, width, config.hidden)
        self.return_point_norm = nn.LayerNorm(width)
        self.return_group_norm = nn.LayerNorm(width)
        self.give = Attention(config, bias=True)
        self.last_norm = nn.LayerNorm(width)
        self.last = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(
        self, points: Float[Tensor, "B M W"], text: Float[Tensor, "B L W"], real: Bool[Tensor, "B L"]
    ) -> Float[Tensor, "B M W"]:
        """Points (B,M,W) that have heard the question (B,L,W)."""
        query, key = F.gelu(text), self.point_norm(points)
        groups = query + self.collect(query, key, key)
        if not self.release:
            groups = groups * real[..., None]
        groups = groups + self.mixer(groups)
        asked = self.return_group_norm(groups)
        found = self.give(self.return_point_norm(points), asked, asked, None if self.release else real)
        points = points + found
        return points + self.last(self.last_norm(points))


class WordDecoder(nn.Module):
    """One decoder layer: words look at each other, then at the points; ReLU, post-norm, places added to the queries."""

    def __init__(self, config: PointReferConfig) -> None:
        super().__init__()
        width = config.width
        self.place = nn.Parameter(torch.empty(1, config.tokens, width))
        nn.init.trunc_normal_(self.place, std=0.2)
        self.own = Attention(config, bias=False)
        self.points = Attention(config, bias=False)
        self.mlp = nn.Sequential(nn.Linear(width, config.hidden), nn.ReLU(), nn.Linear(config.hidden, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(4))

    def forward(
        self, text: Float[Tensor, "B L W"], points: Float[Tensor, "B N W"], real: Bool[Tensor, "B L"]
    ) -> Float[Tensor, "B L W"]:
        """Words (B,L,W) that have seen the points (B,N,W)."""
        placed = text + self.place
        x = self.norms[0](text + self.own(placed, placed, text, real))
        x = self.norms[1](x + self.points(x + self.place, points, points))
        return self.norms[3](self.norms[2](x + self.mlp(x)))


class Mixer(nn.Module):
    """An MLP across the tokens, then one across the channels, both pre-norm with residual."""

    def __init__(self, tokens: int, width: int, hidden: int) -> None:
        super().__init__()
        self.token_norm = nn.LayerNorm(width)
        self.token_mlp = nn.Sequential(
            nn.Linear(tokens, 256, bias=False), nn.GELU(), nn.Linear(256, tokens, bias=False)
        )
        self.channel_norm = nn.LayerNorm(width)
        self.channel_mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, x: Float[Tensor, "B L W"]) -> Float[Tensor, "B L W"]:
        """Tokens (B,L,W) -> (B,L,W)."""
        x = x + self.token_mlp(self.token_norm(x).mT).mT
        return x + self.channel_mlp(self.channel_norm(x))
