"""PointNet++ MSG: a vector for every point. The encoder under OpenAD and LM-AD, and the start of PointRefer's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from partwise.errors import InputError
from partwise.layers.pointnet2 import (
    FeaturePropagation,
    Geometry,
    GlobalAbstraction,
    Scale,
    SetAbstraction,
    look_up,
)


@dataclass(frozen=True)
class PointNet2Config:
    """Sizes; the defaults are the published table (PointNet++ MSG part segmentation, as OpenAD has it).

    channels    of the input: 3 for places, 6 with colours behind them (`points.with_colors`)
    centers     of the two levels; a smaller cloud uses all its points
    width       every layer is a multiple of it: 32 gives 32-32-64 up to 256-512-1024
    neighbours  in the smallest ball; the larger ones hold 2 and 4 times as many
    """

    channels: int = 3
    centers: tuple[int, ...] = (512, 128)
    width: int = 32
    neighbours: int = 32

    def __post_init__(self) -> None:
        if self.channels < 3 or len(self.centers) != 2 or min(self.centers) < 1:
            raise InputError(
                f"channels {self.channels}, centers {self.centers}: points have at least 3 channels, "
                "and there are two levels of at least 1 centre"
            )
        if self.width < 1 or self.neighbours < 1:
            raise InputError(f"width {self.width}, neighbours {self.neighbours}: both are at least 1")

    @property
    def scales(self) -> tuple[tuple[Scale, ...], tuple[Scale, ...]]:
        """The balls of both levels."""
        k = self.neighbours

        def widths(*factors: int | float) -> tuple[int, ...]:
            return tuple(max(1, round(factor * self.width)) for factor in factors)

        first = (
            Scale(0.1, k, widths(1, 1, 2)),
            Scale(0.2, 2 * k, widths(2, 2, 4)),
            Scale(0.4, 4 * k, widths(2, 3, 4)),
        )
        # 196, where 192 is expected, is the published number: 6.125 times 32.
        second = (Scale(0.4, 2 * k, widths(4, 4, 8)), Scale(0.8, 4 * k, widths(4, 6.125, 8)))
        return first, second


class PointNet2(nn.Module):
    """Two levels of multi-scale grouping, one global vector, and three propagations back.

    Example:
        >>> net = PointNet2(PointNet2Config(centers=(16, 4), width=4, neighbours=4)).eval()
        >>> net(torch.rand(2, 64, 3)).shape
        torch.Size([2, 64, 16])
    """

    def __init__(self, config: PointNet2Config) -> None:
        super().__init__()
        self.config = config
        first, second = config.scales
        w = config.width
        self.down1 = SetAbstraction(config.channels, first)
        self.down2 = SetAbstraction(self.down1.width, second)
        self.whole = GlobalAbstraction(self.down2.width, (8 * w, 16 * w, 32 * w))
        self.up3 = FeaturePropagation(self.down2.width + self.whole.width, (8 * w, 8 * w))
        self.up2 = FeaturePropagation(self.down1.width + self.up3.width, (8 * w, 4 * w))
        # The finest skip holds the places twice: as the official code joins them, once as places, once as features.
        self.up1 = FeaturePropagation(3 + config.channels + self.up2.width, (4 * w, 4 * w))
        self.out_width = self.up1.width

    def look(
        self,
        points: Float[Tensor, "B N C"],
        start: Int64[Tensor, "B"] | None = None,
        chosen: Sequence[Int64[Tensor, "B _"]] | None = None,
    ) -> Geometry:
        """The neighbourhoods of clouds; `start` and `chosen` as in `layers.pointnet2.look_up`."""
        return look_up(points[..., :3], self.config.centers, self.config.scales, start, chosen)

    def forward(
        self, points: Float[Tensor, "B N C"], geometry: Geometry | None = None
    ) -> Float[Tensor, "B N D"]:
        """A vector (B,N,D) for every point of canonical clouds (B,N,C), C the config's channels.

        geometry  of these same points, looked up before; made here if it is left out
        Raises InputError for no points or another number of channels.
        """
        check_points(points, self.config.channels)
        geometry = self.look(points) if geometry is None else geometry
        fine, coarse = geometry.levels
        places = points[..., :3]
        x1 = self.down1(places, points, fine)
        x2 = self.down2(fine.centers, x1, coarse)
        x3 = self.whole(coarse.centers, x2)
        x2 = self.up3(x2, x3, None)
        x1 = self.up2(x1, x2, coarse)
        return self.up1(torch.cat([places, points], dim=-1), x1, fine)


def check_points(points: Tensor, channels: int) -> None:
    """Raise InputError unless clouds (B,N,C) hold points and have the channels that a model reads."""
    if points.ndim != 3 or points.shape[1] == 0 or points.shape[2] != channels:
        raise InputError(
            f"points of shape {tuple(points.shape)}: expected (B,N,{channels}) with at least one point; "
            "a model reads as many channels as it was trained with"
        )
