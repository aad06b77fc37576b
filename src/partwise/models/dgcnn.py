"""DGCNN for points: the other encoder that OpenAD was published with."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from partwise.errors import InputError
from partwise.layers.dgcnn import EdgeLayers, LeakyLayers, TransformNet, feature_neighbours
from partwise.layers.pointnet2 import Geometry
from partwise.models.pointnet2 import check_points


@dataclass(frozen=True)
class DgcnnConfig:
    """Sizes; the defaults are those of the part segmentation network.

    channels   of the input; neighbours in the first graph are near in place, colours come after
    edges      neighbours of each point
    width      of an edge layer; the others are multiples of it
    """

    channels: int = 3
    edges: int = 40
    width: int = 64

    def __post_init__(self) -> None:
        if self.channels < 3 or self.edges < 1 or self.width < 1:
            raise InputError(
                f"channels {self.channels}, edges {self.edges}, width {self.width}: "
                "at least 3 channels, 1 edge and width 1"
            )


class Dgcnn(nn.Module):
    """A transform net, three edge convolutions, a global vector, and layers on all of them together.

    Example:
        >>> net = Dgcnn(DgcnnConfig(edges=4, width=8)).eval()
        >>> net(torch.rand(2, 50, 3)).shape
        torch.Size([2, 50, 16])
    """

    def __init__(self, config: DgcnnConfig) -> None:
        super().__init__()
        self.config = config
        w = config.width
        self.transform = TransformNet(w)
        self.edges = nn.ModuleList(
            [EdgeLayers(config.channels, (w, w)), EdgeLayers(w, (w, w)), EdgeLayers(w, (w,))]
        )
        self.embed = LeakyLayers(3 * w, (16 * w,))
        self.mix = LeakyLayers(19 * w, (4 * w, 4 * w, 2 * w))
        self.out_width = 2 * w

    def look(self, points: Float[Tensor, "B N C"]) -> None:
        """Nothing to look up: neighbours follow the features, and change as they are learned."""
        check_points(points, self.config.channels)

    def forward(
        self, points: Float[Tensor, "B N C"], geometry: Geometry | None = None
    ) -> Float[Tensor, "B N D"]:
        """A vector (B,N,D) for every point of canonical clouds (B,N,C), C the config's channels.

        geometry  has no meaning here and must be None
        Raises InputError for no points or another number of channels.
        """
        check_points(points, self.config.channels)
        if geometry is not None:
            raise InputError("DGCNN finds its neighbours among features: give it no geometry")
        k = self.config.edges
        places = points[..., :3]
        turned = places @ self.transform(places, feature_neighbours(places, k))
        x = torch.cat([turned, points[..., 3:]], dim=-1)
        stages = []
        for number, edges in enumerate(self.edges):
            x = edges(x, feature_neighbours(x[..., :3] if number == 0 else x, k))
            stages.append(x)
        local = torch.cat(stages, dim=-1)
        whole = self.embed(local).amax(dim=1, keepdim=True)
        return self.mix(torch.cat([whole.expand(-1, local.shape[1], -1), local], dim=-1))
