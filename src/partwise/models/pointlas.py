"""LAS with a point encoder of its own, so that both train and are kept together: CMAT + LAS as the paper has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from partwise.encoders.prompt import Prompt
from partwise.errors import InputError
from partwise.layers.pointnet2 import Geometry
from partwise.layers.tokens import PatchEncoder, PatchEncoderConfig
from partwise.models.las import Las, LasConfig, Seen
from partwise.models.pointnet2 import PointNet2, PointNet2Config, check_points
from partwise.points import gather, nearest


@dataclass(frozen=True)
class PointLasConfig:
    """An encoder, Point-MAE's and CMAT's or PointNet++, and the head on its tokens."""

    backbone: PatchEncoderConfig | PointNet2Config
    head: LasConfig

    def __post_init__(self) -> None:
        is_patches = isinstance(self.backbone, PatchEncoderConfig)
        # A point's vector of PointNet++ is four times the width that its config counts in.
        width = self.backbone.width if is_patches else 4 * self.backbone.width
        if self.head.token_width != width or self.head.point_width:
            raise InputError(
                f"the head takes tokens of {self.head.token_width} and point vectors of {self.head.point_width}, "
                f"this encoder gives tokens of {width} alone: set token_width {width}, point_width 0"
            )


class PointLas(nn.Module):
    """Clouds and prompts to heat.

    Example:
        >>> sizes = PatchEncoderConfig(groups=8, group_size=4, width=12, depth=1, heads=2)
        >>> head = LasConfig(token_width=12, text_width=6, width=16, feedforward=16, layers=1, heads=2)
        >>> model = PointLas(PointLasConfig(sizes, head)).eval()
        >>> words = Prompt(tokens=torch.rand(3, 5, 6), mask=torch.ones(3, 5, dtype=torch.bool))
        >>> model.logits(model(torch.rand(1, 50, 3)), words).shape
        torch.Size([1, 50, 3])
    """

    answers: ClassVar[str] = "sigmoid"

    def __init__(self, config: PointLasConfig) -> None:
        super().__init__()
        self.config, self.reads = config, config.head.reads
        kind = config.backbone
        self.backbone = PatchEncoder(kind) if isinstance(kind, PatchEncoderConfig) else PointNet2(kind)
        self.head = Las(config.head)

    def forward(self, points: Float[Tensor, "B N C"], geometry: Geometry | None = None) -> Seen:
        """One pass of the encoder over canonical clouds; any number of prompts can be asked about it.

        geometry  of PointNet++, looked up before; a patch encoder has none
        Raises InputError for fewer points than there are patches.
        """
        if isinstance(self.backbone, PatchEncoder):
            check_points(points, 3)
            patches = self.backbone.patches(points)
            return Seen(points, patches.centers, self.backbone(patches))
        geometry = self.backbone.look(points) if geometry is None else geometry
        # PointNet++ has no tokens: its vectors at its coarse centres, which are points of the cloud, stand for them.
        places, centers = points[..., :3], geometry.levels[-1].centers
        vectors = self.backbone(points, geometry)
        return Seen(places, centers, gather(vectors, nearest(centers, places, 1)[1][..., 0]))

    def logits(self, seen: Seen, prompt: Prompt) -> Float[Tensor, "B N T"]:
        """Heat before the sigmoid; see `Las.logits`."""
        return self.head.logits(seen, prompt)
