"""The point encoders that OpenAD, LM-AD and the closed-set baseline can stand on, and the choice among them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from partwise.errors import InputError
from partwise.layers.attention import PositionedBlocks, init_transformer
from partwise.layers.patches import MiniPointNet, group
from partwise.layers.pointnet2 import FeaturePropagation, Geometry, Level, three_nearest
from partwise.models.dgcnn import Dgcnn, DgcnnConfig
from partwise.models.pointnet2 import PointNet2, PointNet2Config, check_points


@dataclass(frozen=True)
class TokensConfig:
    """A point transformer as encoder: Point-MAE's and CMAT's tokens, carried back to the points.

    The defaults are Point-MAE's sizes; `out` is the width of a point's vector.
    """

    groups: int = 128
    group_size: int = 32
    token_width: int = 384
    token_hidden: tuple[int, ...] = (128, 256, 512)
    depth: int = 12
    heads: int = 6
    drop_path: float = 0.1
    out: int = 128

    def __post_init__(self) -> None:
        if self.token_width % self.heads or len(self.token_hidden) != 3:
            raise InputError(
                f"token_width {self.token_width} with {self.heads} heads, token_hidden {self.token_hidden}: "
                "the width must be a multiple of the heads, and there are three hidden widths"
            )


class Tokens(nn.Module):
    """Patch tokens in context, then the three nearest of them and the place itself for every point.

    Example:
        >>> net = Tokens(TokensConfig(groups=8, group_size=4, token_width=12, depth=1, heads=2, out=6)).eval()
        >>> net(torch.rand(2, 50, 3)).shape
        torch.Size([2, 50, 6])
    """

    def __init__(self, config: TokensConfig) -> None:
        super().__init__()
        self.config = config
        narrow, middle, wide = config.token_hidden
        width = config.token_width
        self.tokenizer = MiniPointNet(width, (narrow, middle, wide))
        self.position = nn.Sequential(nn.Linear(3, 128), nn.GELU(), nn.Linear(128, width))
        self.blocks = PositionedBlocks(width, config.depth, config.heads, config.drop_path)
        self.norm = nn.LayerNorm(width)
        self.spread = FeaturePropagation(3 + width, (2 * config.out, config.out))
        self.out_width = config.out
        self.blocks.apply(init_transformer)

    def look(self, points: Float[Tensor, "B N 3"]) -> None:
        """Nothing is looked up beforehand: patches are made in passing."""
        check_points(points, 3)

    def forward(
        self, points: Float[Tensor, "B N 3"], geometry: Geometry | None = None
    ) -> Float[Tensor, "B N D"]:
        """A vector (B,N,D) for every point of canonical clouds (B,N,3).

        geometry  has no meaning here and must be None
        Raises InputError for fewer points than there are groups or neighbours.
        """
        check_points(points, 3)
        if geometry is not None:
            raise InputError("the token encoder makes its own patches: give it no geometry")
        patches = group(points, self.config.groups, self.config.group_size, "plain")
        tokens = self.blocks(self.tokenizer(patches.local), self.position(patches.centers))
        index, weight = three_nearest(points, patches.centers)
        level = Level(patches.centers, (), index, weight)
        return self.spread(points, self.norm(tokens), level)


BackboneConfig = PointNet2Config | DgcnnConfig | TokensConfig
Backbone = PointNet2 | Dgcnn | Tokens


def make_backbone(config: BackboneConfig) -> Backbone:
    """The encoder that a config describes."""
    if isinstance(config, DgcnnConfig):
        return Dgcnn(config)
    return PointNet2(config) if isinstance(config, PointNet2Config) else Tokens(config)


def check_ids(ids: Tensor | None, reads: str) -> Tensor:
    """The part of a prompt that a model reads. Raises InputError if it is not there."""
    if ids is None:
        raise InputError(
            f"this model reads a prompt's {reads}, and the prompt has none: encode the phrases so"
        )
    return torch.as_tensor(ids)
