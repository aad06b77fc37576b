"""From points to patches and patch tokens: farthest point centres, nearest neighbours, mini-PointNet (Point-BERT)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from partwise.points import farthest_points, gather, nearest


@dataclass(frozen=True)
class Patches:
    """Overlapping patches of a cloud: centres, the points of each patch, and those points seen from their centre."""

    centers: Float[Tensor, "B G 3"]
    index: Int64[Tensor, "B G K"]
    local: Float[Tensor, "B G K 3"]


def group(points: Float[Tensor, "B N 3"], groups: int, size: int, rule: str) -> Patches:
    """`groups` centres by farthest points and the `size` nearest points of each, nearest first, not scaled.

    rule: see `partwise.points.farthest_points`. Raises InputError if groups or size exceed N.
    """
    centers = gather(points, farthest_points(points, groups, rule))
    _, index = nearest(centers, points, size)
    return Patches(centers, index, gather(points, index) - centers[:, :, None])


class MiniPointNet(nn.Module):
    """A token for each patch: two shared point MLPs, each followed by a max over the patch (Point-BERT, section 3.1).

    The second MLP sees [global, local], in this order. `hidden` holds the widths (128, 256, 512) of the papers.
    """

    def __init__(self, width: int, hidden: tuple[int, int, int] = (128, 256, 512)) -> None:
        super().__init__()
        first, middle, last = hidden
        self.first = nn.ModuleList([nn.Linear(3, first), nn.BatchNorm1d(first), nn.Linear(first, middle)])
        self.second = nn.ModuleList(
            [nn.Linear(2 * middle, last), nn.BatchNorm1d(last), nn.Linear(last, width)]
        )

    def forward(self, local: Float[Tensor, "B G K 3"]) -> Float[Tensor, "B G D"]:
        """Patches seen from their centres (B,G,K,3) -> tokens (B,G,D)."""
        return self.point_features(local).amax(dim=2)

    def point_features(self, local: Float[Tensor, "B G K 3"]) -> Float[Tensor, "B G K D"]:
        """Features of each point in each patch (B,G,K,D); a token is their maximum over the patch."""
        x = F.relu(_normalized(self.first[1], self.first[0](local)))
        x = self.first[2](x)  # (B,G,K,middle)
        whole = x.amax(dim=2, keepdim=True)
        # [whole, x] @ W.T without building the pair: the whole of a patch is multiplied once, not for every point.
        weight_whole, weight_local = self.second[0].weight.split(x.shape[-1], dim=1)
        x = F.linear(x, weight_local, self.second[0].bias) + F.linear(whole, weight_whole)
        return self.second[2](F.relu(_normalized(self.second[1], x)))


@torch.no_grad()
def patch_shares(
    index: Int64[Tensor, "B G K"], labels: Int64[Tensor, "B N"], count: int
) -> Float[Tensor, "B G T"]:
    """Share (B,G,T) of the K points of each patch with each of `count` labels; label -1 counts for none."""
    found = labels.gather(1, index.flatten(1)).view(index.shape)
    return F.one_hot(found + 1, count + 1)[..., 1:].float().mean(dim=2)


def _normalized(norm: nn.Module, x: Float[Tensor, "B G K D"]) -> Float[Tensor, "B G K D"]:
    """BatchNorm over all points of all patches, channels last."""
    return norm(x.flatten(0, 2)).view(x.shape)


class FoldedMiniPointNet(nn.Module):
    """A trained MiniPointNet for inference: the same function of the same weights in half the multiplications.

    Batch norms are folded into the Linear before them. The Linear that ends the first MLP and the local half of the
    one that opens the second have nothing between them but the sum, so their product is taken once, here.
    Agrees with MiniPointNet in eval mode within float32 rounding.
    """

    def __init__(self, net: MiniPointNet) -> None:
        super().__init__()
        one_w, one_b = _folded(net.first[0], net.first[1])
        two_w, two_b = net.first[2].weight.double(), net.first[2].bias.double()
        three_w, three_b = _folded(net.second[0], net.second[1])
        whole_w, local_w = three_w.split(two_w.shape[0], dim=1)
        self.open = _linear(one_w, one_b)  # 3 -> first
        self.whole_in = _linear(two_w, two_b)  # first -> middle, needed for its maximum alone
        self.whole_out = _linear(whole_w, three_b + local_w @ two_b)  # middle -> last, once a patch
        self.local = _linear(local_w @ two_w, None)  # first -> last, skipping the middle
        self.close = _linear(net.second[2].weight.double(), net.second[2].bias.double())

    def forward(self, local: Float[Tensor, "B G K 3"]) -> Float[Tensor, "B G D"]:
        """Patches seen from their centres (B,G,K,3) -> tokens (B,G,D)."""
        return (
            self._without_bias(local).amax(dim=2).add_(self.close.bias)
        )  # the same bias for all: once a patch

    def point_features(self, local: Float[Tensor, "B G K 3"]) -> Float[Tensor, "B G K D"]:
        """Features of each point in each patch (B,G,K,D); a token is their maximum over the patch."""
        return self._without_bias(local).add_(self.close.bias)

    def _without_bias(self, local: Float[Tensor, "B G K 3"]) -> Float[Tensor, "B G K D"]:
        batch, groups, size, _ = local.shape
        x = self.open(local.reshape(-1, 3)).relu_()
        whole = self.whole_out(self.whole_in(x).view(-1, size, self.whole_in.out_features).amax(dim=1))
        x = self.local(x).view(batch * groups, size, -1)
        x = x.add_(whole[:, None]).relu_().flatten(0, 1)
        return F.linear(x, self.close.weight).view(batch, groups, size, -1)


def _folded(linear: nn.Linear, norm: nn.BatchNorm1d) -> tuple[Float[Tensor, "O I"], Float[Tensor, "O"]]:
    """Weight (O,I) and bias (O,) of Linear and BatchNorm (running statistics) as one Linear, in float64."""
    scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    bias = (linear.bias.double() - norm.running_mean.double()) * scale + norm.bias.double()
    return linear.weight.double() * scale[:, None], bias


def _linear(weight: Float[Tensor, "O I"], bias: Float[Tensor, "O"] | None) -> nn.Linear:
    """A frozen float32 Linear with these values."""
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device=weight.device)
    linear.weight = nn.Parameter(weight.float(), requires_grad=False)
    if bias is not None:
        linear.bias = nn.Parameter(bias.float(), requires_grad=False)
    return linear
