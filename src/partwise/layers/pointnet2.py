"""PointNet++ with multi-scale grouping: set abstraction, feature propagation, and who neighbours whom.

Qi et al., NeurIPS 2017, in the form that OpenAD, LASO and most baselines use. Channels last throughout; a 1x1
convolution is a Linear here. Neighbourhoods depend on the points alone, so `Geometry` holds them apart from the
weights: a recipe without augmentation looks them up once a shape, and a parity test puts its own in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from partwise.farthest import farthest_points
from partwise.points import ball, gather, nearest

# Added to squared distances before they are inverted (PointNet++, section 3.4).
NEAR = 1e-8


@dataclass(frozen=True)
class Scale:
    """One ball of a set abstraction: its radius, how many points it holds, and the widths of its layers."""

    radius: float
    neighbours: int
    widths: tuple[int, ...]


@dataclass(frozen=True)
class Level:
    """One level of centres below a finer set of P points.

    centers  (B,M,3) the chosen points
    balls    for each scale (B,M,K), indices into the finer points
    index    (B,P,3) the nearest centres of each finer point, nearest first; fewer where there are fewer centres
    weight   (B,P,3) their shares, which sum to 1
    """

    centers: Float[Tensor, "B M 3"]
    balls: tuple[Int64[Tensor, "B M _"], ...]
    index: Int64[Tensor, "B P J"]
    weight: Float[Tensor, "B P J"]


@dataclass(frozen=True)
class Geometry:
    """The levels of a cloud, finest first."""

    levels: tuple[Level, ...]


def look_up(
    points: Float[Tensor, "B N 3"],
    counts: Sequence[int],
    scales: Sequence[Sequence[Scale]],
    start: Int64[Tensor, "B"] | None = None,
    chosen: Sequence[Int64[Tensor, "B _"]] | None = None,
) -> Geometry:
    """Centres, balls and interpolation weights of every level of clouds (B,N,3).

    counts, scales  of each level; a level with more centres than points takes all points
    start           where farthest point sampling begins at the first level; index 0 by default. The official code
                    draws it at random, and its scores vary with the draw
    chosen          indices of the centres of each level, in place of farthest point sampling
    """
    levels, finer = [], points
    for number, (count, balls) in enumerate(zip(counts, scales, strict=True)):
        if chosen is not None:
            index = chosen[number]
        else:
            index = farthest_points(finer, min(count, finer.shape[1]), start=start if number == 0 else None)
        centers = gather(finer, index)
        near, weight = three_nearest(finer, centers)
        found = tuple(ball(centers, finer, scale.radius, scale.neighbours) for scale in balls)
        levels.append(Level(centers, found, near, weight))
        finer = centers
    return Geometry(tuple(levels))


def three_nearest(
    points: Float[Tensor, "B P 3"], centers: Float[Tensor, "B M 3"]
) -> tuple[Int64[Tensor, "B P J"], Float[Tensor, "B P J"]]:
    """The three nearest centres of each point and weights 1/(d^2 + 1e-8), brought to sum 1."""
    distance, index = nearest(points, centers, min(3, centers.shape[1]))
    weight = 1.0 / (distance + NEAR)
    return index, weight / weight.sum(dim=-1, keepdim=True)


def rows_at(values: Float[Tensor, "B P D"], index: Int64[Tensor, "B *M"]) -> Float[Tensor, "B *M D"]:
    """values[b, index[b]] as `points.gather`, by an embedding look-up: several times faster to go back through."""
    offset = torch.arange(len(values), device=values.device).view(-1, *[1] * (index.ndim - 1))
    return F.embedding(index + offset * values.shape[1], values.flatten(0, 1))


class Layers(nn.Module):
    """Linear, batch norm and ReLU for each width; in eval mode the norm is folded into the Linear as it runs."""

    def __init__(self, inputs: int, widths: Sequence[int]) -> None:
        super().__init__()
        sizes = [inputs, *widths]
        self.linears = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.norms = nn.ModuleList(nn.BatchNorm1d(b) for b in sizes[1:])

    def forward(self, x: Float[Tensor, "*S C"], pooled: bool = False) -> Float[Tensor, "*R D"]:
        """(*S,C) -> (*S,D); `pooled` takes the maximum over the last axis but one, before the last ReLU."""
        return self._rest(F.linear(x, *self._weights(0)), pooled)

    def grouped(
        self,
        features: Float[Tensor, "B P C"],
        points: Float[Tensor, "B P 3"],
        centers: Float[Tensor, "B M 3"],
        index: Int64[Tensor, "B M K"],
    ) -> Float[Tensor, "B M D"]:
        """The layers on [features, place relative to the centre] of each ball, then the maximum over the ball.

        The first layer is linear in both, so it runs once a point and not once for every ball that holds the point.
        """
        weight, bias = self._weights(0)
        own = F.linear(torch.cat([features, points], dim=-1), weight, bias)
        back = F.linear(centers, -weight[:, -3:])
        return self._rest(rows_at(own, index) + back[:, :, None], pooled=True)

    def _rest(self, x: Float[Tensor, "*S C"], pooled: bool) -> Float[Tensor, "*R D"]:
        """What follows the first Linear: norm, ReLU and the other layers."""
        last = len(self.linears) - 1
        for number in range(last + 1):
            if number:
                x = F.linear(x, *self._weights(number))
            if self.training:
                x = self.norms[number](x.reshape(-1, x.shape[-1])).view(x.shape)
            if pooled and number == last:
                x = x.amax(dim=-2)
            x = F.relu(x)
        return x

    def _weights(self, number: int) -> tuple[Tensor, Tensor]:
        """Weight and bias of a Linear, with its norm taken in when that does not learn."""
        linear: Any = self.linears[number]
        return (linear.weight, linear.bias) if self.training else folded(linear, self.norms[number])


def folded(linear: Any, norm: Any) -> tuple[Float[Tensor, "D C"], Float[Tensor, "D"]]:
    """A Linear's weight and bias with the batch norm behind it taken in, by its running statistics."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return linear.weight * scale[:, None], (linear.bias - norm.running_mean) * scale + norm.bias


class Projection(nn.Module):
    """Linear and batch norm, no ReLU: how a point's features enter another space."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x: Float[Tensor, "B N C"]) -> Float[Tensor, "B N D"]:
        """(B,N,C) -> (B,N,D)."""
        if not self.training:
            return F.linear(x, *folded(self.linear, self.norm))
        x = self.linear(x)
        return self.norm(x.flatten(0, 1)).view(x.shape)


class SetAbstraction(nn.Module):
    """From points to centres: layers on each ball of each scale, maximum over the ball, scales side by side."""

    def __init__(self, inputs: int, scales: Sequence[Scale]) -> None:
        super().__init__()
        self.scales = nn.ModuleList(Layers(inputs + 3, scale.widths) for scale in scales)
        self.width = sum(scale.widths[-1] for scale in scales)

    def forward(
        self, points: Float[Tensor, "B P 3"], features: Float[Tensor, "B P C"], level: Level
    ) -> Float[Tensor, "B M D"]:
        """Features (B,M,D) of the centres of `level`."""
        scales: list[Any] = list(self.scales)
        found = [
            layers.grouped(features, points, level.centers, index)
            for layers, index in zip(scales, level.balls, strict=True)
        ]
        return torch.cat(found, dim=-1)


class GlobalAbstraction(nn.Module):
    """All points as one group: layers on [place, features], which is the other order, then the maximum."""

    def __init__(self, inputs: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.layers = Layers(inputs + 3, widths)
        self.width = widths[-1]

    def forward(
        self, points: Float[Tensor, "B P 3"], features: Float[Tensor, "B P C"]
    ) -> Float[Tensor, "B 1 D"]:
        """One vector (B,1,D) for the cloud."""
        return self.layers(torch.cat([points, features], dim=-1), pooled=True)[:, None]


class FeaturePropagation(nn.Module):
    """From centres back to points: the three nearest centres mixed, behind the points' own features, then layers."""

    def __init__(self, inputs: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.layers = Layers(inputs, widths)
        self.width = widths[-1]

    def forward(
        self, skip: Float[Tensor, "B P C"], coarse: Float[Tensor, "B M D"], level: Level | None
    ) -> Float[Tensor, "B P E"]:
        """Features (B,P,E) of the finer points; without a level `coarse` is one vector, repeated."""
        spread = coarse.expand(-1, skip.shape[1], -1) if level is None else mixed(coarse, level)
        return self.layers(torch.cat([skip, spread], dim=-1))


def mixed(coarse: Float[Tensor, "B M D"], level: Level) -> Float[Tensor, "B P D"]:
    """Features of centres carried to the finer points by `level`'s weights; (B,P,3,D) is never held."""
    total = level.weight[..., :1] * rows_at(coarse, level.index[..., 0])
    for j in range(1, level.index.shape[-1]):
        total = total + level.weight[..., j : j + 1] * rows_at(coarse, level.index[..., j])
    return total


def side_by_side(clouds: Sequence[Geometry]) -> Geometry:
    """The geometries of single clouds as one of a batch. All need the same numbers of points and centres."""
    levels = []
    for rows in zip(*(cloud.levels for cloud in clouds), strict=True):
        levels.append(
            Level(
                torch.cat([row.centers for row in rows]),
                tuple(torch.cat(balls) for balls in zip(*(row.balls for row in rows), strict=True)),
                torch.cat([row.index for row in rows]),
                torch.cat([row.weight for row in rows]),
            )
        )
    return Geometry(tuple(levels))
