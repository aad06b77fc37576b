"""Edge convolutions of DGCNN: each point looks at its nearest neighbours, near in features and not in space.

Wang et al., Dynamic Graph CNN, ACM TOG 2019, section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from partwise.layers.pointnet2 import rows_at

SLOPE = 0.2
# Pairs of points whose distances are held at one time: 4 million floats are 16 MB.
PAIRS_AT_ONCE = 4_000_000


def feature_neighbours(features: Float[Tensor, "B N D"], k: int) -> Int64[Tensor, "B N K"]:
    """The k nearest points of each in feature space, itself among them; all points if there are fewer.

    By |a|^2 - 2ab + |b|^2, as the released code has it, for rows in chunks, so that memory stays bounded.
    """
    features = features.detach()
    square = features.square().sum(dim=-1)  # (B,N)
    rows = max(1, PAIRS_AT_ONCE // max(1, square.numel()))
    k = min(k, features.shape[1])
    found = [
        # The row's own |a|^2 changes no order and is left out.
        torch.baddbmm(square[:, None], chunk, features.mT, alpha=-2).topk(k, dim=-1, largest=False).indices
        for chunk in features.split(rows, dim=1)
    ]
    return torch.cat(found, dim=1)


class EdgeLayers(nn.Module):
    """Layers on [neighbour - own, own] of every neighbour, each with batch norm and a leaky ReLU, then the maximum."""

    def __init__(self, inputs: int, widths: Sequence[int]) -> None:
        super().__init__()
        sizes = [2 * inputs, *widths]
        self.linears = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in pairwise(sizes))
        self.norms = nn.ModuleList(nn.BatchNorm1d(b) for b in sizes[1:])

    def forward(self, x: Float[Tensor, "B N C"], index: Int64[Tensor, "B N K"]) -> Float[Tensor, "B N D"]:
        """Features (B,N,C) and the neighbours of each point to features (B,N,D)."""
        first: Any = self.linears[0]
        near, own = first.weight.chunk(2, dim=1)
        # W [b - a, a] = W1 b + (W2 - W1) a: once a point instead of once an edge.
        x = rows_at(F.linear(x, near), index) + F.linear(x, own - near)[:, :, None]
        for number, norm in enumerate(self.norms):
            if number:
                x = self.linears[number](x)
            x = F.leaky_relu(norm(x.flatten(0, 2)).view(x.shape), SLOPE)
        return x.amax(dim=2)


class LeakyLayers(nn.Module):
    """Linear without bias, batch norm and leaky ReLU for each width, on rows of any shape."""

    def __init__(self, inputs: int, widths: Sequence[int]) -> None:
        super().__init__()
        sizes = [inputs, *widths]
        self.linears = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in pairwise(sizes))
        self.norms = nn.ModuleList(nn.BatchNorm1d(b) for b in sizes[1:])

    def forward(self, x: Float[Tensor, "*S C"]) -> Float[Tensor, "*S D"]:
        """(*S,C) -> (*S,D)."""
        for linear, norm in zip(self.linears, self.norms, strict=True):
            x = linear(x)
            x = F.leaky_relu(norm(x.reshape(-1, x.shape[-1])).view(x.shape), SLOPE)
        return x


class TransformNet(nn.Module):
    """A 3x3 matrix for each cloud, learned from its edges, that turns the cloud before anything else sees it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.edges = EdgeLayers(3, (width, 2 * width))
        self.wide = LeakyLayers(2 * width, (16 * width,))
        self.narrow = LeakyLayers(16 * width, (8 * width, 4 * width))
        self.matrix = nn.Linear(4 * width, 9)
        nn.init.zeros_(self.matrix.weight)
        with torch.no_grad():
            self.matrix.bias.copy_(torch.eye(3).flatten())

    def forward(
        self, points: Float[Tensor, "B N 3"], index: Int64[Tensor, "B N K"]
    ) -> Float[Tensor, "B 3 3"]:
        """The matrix (B,3,3); the identity before training."""
        x = self.wide(self.edges(points, index)).amax(dim=1)
        return self.matrix(self.narrow(x)).view(-1, 3, 3)
