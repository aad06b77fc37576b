"""From points to patches and patch tokens: farthest point centres, nearest neighbours, mini-PointNet (Point-BERT)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from partwise.farthest import farthest_points
from partwise.points import gather, nearest


@dataclass(frozen=True)
class Patches:
    """Overlapping patches of a cloud: centres, the points of each patch, and those points seen from their centre."""

    centers: Float[Tensor, "B G 3"]
    index: Int64[Tensor, "B G K"]
    local: Float[Tensor, "B G K 3"]


def group(points: Float[Tensor, "B N 3"], groups: int, size: int, rule: str) -> Patches:
    """`groups` centres by farthest points and the `size` nearest points of each, nearest first, not scaled.

    rule: see `partwise.farthest.farthest_points`. Raises InputError if groups or size exceed N.
    """
    centers = gather(points, farthest_points(points, groups, rule))
    _, index = nearest(centers, points, size)
    return Patches(centers, index, gather(points, index) - centers[:, :, None])


def membership_mean(
    points: Float[Tensor, "B N 3"], patches: Patches, values: Float[Tensor, "B G T"]
) -> Float[Tensor, "B N T"]:
    """Values of patches (B,G,T) to points (B,N,T): the mean over the patches that hold a point, else the nearest's."""
    index = patches.index.flatten(1)  # (B,G*K)
    spread = values.repeat_interleave(patches.index.shape[-1], dim=1)  # (B,G*K,T)
    closest = gather(values, nearest(points, patches.centers, 1)[1][..., 0])
    total = torch.zeros_like(closest).scatter_add_(1, index[..., None].expand_as(spread), spread)
    count = torch.zeros(points.shape[:2], device=points.device).scatter_add_(
        1, index, torch.ones_like(index, dtype=torch.float32)
    )[..., None]
    return torch.where(count > 0, total / count.clamp(min=1), closest)


class PointMlp(nn.Module):
    """Linear, batch norm over all points of all patches, ReLU, Linear; shared by all points."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, hidden)
        self.norm = nn.BatchNorm1d(hidden)
        self.leave = nn.Linear(hidden, outputs)

    def finish(self, entered: Float[Tensor, "B G K H"]) -> Float[Tensor, "B G K O"]:
        """What follows the first Linear: (B,G,K,H) -> (B,G,K,O)."""
        normed = self.norm(entered.flatten(0, 2)).view(entered.shape)
        return self.leave(F.relu(normed))

    def folded_enter(self) -> tuple[Float[Tensor, "H I"], Float[Tensor, "H"]]:
        """Weight (H,I) and bias (H,) of the first Linear and the norm's running statistics as one, in float64."""
        mean, variance = self.norm.running_mean, self.norm.running_var
        assert mean is not None and variance is not None  # noqa: PT018 - set by BatchNorm1d's own default
        scale = self.norm.weight.double() / torch.sqrt(variance.double() + self.norm.eps)
        bias = (self.enter.bias.double() - mean.double()) * scale + self.norm.bias.double()
        return self.enter.weight.double() * scale[:, None], bias


class MiniPointNet(nn.Module):
    """A token for each patch: two shared point MLPs, each followed by a max over the patch (Point-BERT, section 3.1).

    The second MLP sees [global, local], in this order. `hidden` holds the widths (128, 256, 512) of the papers.
    """

    def __init__(self, width: int, hidden: tuple[int, int, int] = (128, 256, 512)) -> None:
        super().__init__()
        narrow, middle, wide = hidden
        self.first = PointMlp(3, narrow, middle)
        self.second = PointMlp(2 * middle, wide, width)

    def forward(self, local: Float[Tensor, "B G K 3"]) -> Float[Tensor, "B G D"]:
        """Patches seen from their centres (B,G,K,3) -> tokens (B,G,D)."""
        return self.point_features(local).amax(dim=2)

    def point_features(self, local: Float[Tensor, "B G K 3"]) -> Float[Tensor, "B G K D"]:
        """Features of each point in each patch (B,G,K,D); a token is their maximum over the patch."""
        x = self.first.finish(self.first.enter(local))  # (B,G,K,middle)
        whole = x.amax(dim=2, keepdim=True)
        # [whole, x] @ W.T without building the pair: the whole of a patch is multiplied once, not for every point.
        enter = self.second.enter
        weight_whole, weight_local = enter.weight.split(x.shape[-1], dim=1)
        return self.second.finish(F.linear(x, weight_local, enter.bias) + F.linear(whole, weight_whole))


class FoldedMiniPointNet(nn.Module):
    """A trained MiniPointNet for inference: the same function of the same weights in half the multiplications.

    Batch norms are folded into the Linear before them. The Linear that ends the first MLP and the local half of the
    one that opens the second have nothing between them but the sum, so their product is taken once, here.
    Agrees with MiniPointNet in eval mode within float32 rounding.
    """

    def __init__(self, net: MiniPointNet) -> None:
        super().__init__()
        middle_w, middle_b = net.first.leave.weight.double(), net.first.leave.bias.double()
        wide_w, wide_b = net.second.folded_enter()
        whole_w, local_w = wide_w.split(middle_w.shape[0], dim=1)
        self.open = _linear(*net.first.folded_enter())  # 3 -> narrow
        self.whole_in = _linear(middle_w, middle_b)  # narrow -> middle, needed for its maximum alone
        self.whole_out = _linear(whole_w, wide_b + local_w @ middle_b)  # middle -> wide, once a patch
        self.local = _linear(local_w @ middle_w, None)  # narrow -> wide, skipping the middle
        self.close = _linear(net.second.leave.weight.double(), None)  # wide -> width
        self.shift = nn.Parameter(net.second.leave.bias.detach().clone(), requires_grad=False)

    def forward(self, local: Float[Tensor, "B G K 3"]) -> Float[Tensor, "B G D"]:
        """Patches seen from their centres (B,G,K,3) -> tokens (B,G,D)."""
        return self._without_shift(local).amax(dim=2) + self.shift  # the same for all points: once a patch

    def point_features(self, local: Float[Tensor, "B G K 3"]) -> Float[Tensor, "B G K D"]:
        """Features of each point in each patch (B,G,K,D); a token is their maximum over the patch."""
        return self._without_shift(local).add_(self.shift)

    def _without_shift(self, local: Float[Tensor, "B G K 3"]) -> Float[Tensor, "B G K D"]:
        batch, groups, size, _ = local.shape
        x = self.open(local.reshape(-1, 3)).relu_()
        whole = self.whole_out(self.whole_in(x).view(-1, size, self.whole_in.out_features).amax(dim=1))
        x = self.local(x).view(batch * groups, size, -1)
        x = x.add_(whole[:, None]).relu_().flatten(0, 1)
        return self.close(x).view(batch, groups, size, -1)


def _linear(weight: Float[Tensor, "O I"], bias: Float[Tensor, "O"] | None) -> nn.Linear:
    """A frozen float32 Linear with these values."""
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device=weight.device)
    linear.weight = nn.Parameter(weight.float(), requires_grad=False)
    if bias is not None:
        linear.bias = nn.Parameter(bias.float(), requires_grad=False)
    return linear
