"""The point encoders that OpenAD, LM-AD and the closed-set baseline can stand on, and the choice among them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from partwise.errors import InputError
from partwise.layers.pointnet2 import FeaturePropagation, Geometry, Level, three_nearest
from partwise.layers.tokens import PatchEncoder, PatchEncoderConfig
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
        self.encoder()  # refuses sizes that do not fit each other

    def encoder(self) -> PatchEncoderConfig:
        """The sizes of the patch encoder inside."""
        return PatchEncoderConfig(
            groups=self.groups,
            group_size=self.group_size,
            token_hidden=self.token_hidden,
            width=self.token_width,
            depth=self.depth,
            heads=self.heads,
            drop_path=self.drop_path,
            farthest_rule="plain",
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
        self.encoder = PatchEncoder(config.encoder())
        self.spread = FeaturePropagation(3 + config.token_width, (2 * config.out, config.out))
        self.out_width = config.out

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
        patches = self.encoder.patches(points)
        index, weight = three_nearest(points, patches.centers)
        return self.spread(points, self.encoder(patches), Level(patches.centers, (), index, weight))


BackboneConfig = PointNet2Config | DgcnnConfig | TokensConfig
Backbone = PointNet2 | Dgcnn | Tokens


def make_backbone(config: BackboneConfig) -> Backbone:
    """The encoder that a config describes."""
    if isinstance(config, DgcnnConfig):
        return Dgcnn(config)
    return PointNet2(config) if isinstance(config, PointNet2Config) else Tokens(config)


def reads_colors(config: object) -> bool:
    """Whether a model of this config reads 6 channels, which are places and colours, or places alone."""
    encoder = getattr(config, "backbone", getattr(config, "points", None))
    return getattr(encoder, "channels", 3) == 6


def check_ids(ids: Tensor | None, reads: str) -> Tensor:
    """The part of a prompt that a model reads. Raises InputError if it is not there."""
    if ids is None:
        raise InputError(
            f"this model reads a prompt's {reads}, and the prompt has none: encode the phrases so"
        )
    return torch.as_tensor(ids)
