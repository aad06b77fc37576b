"""How a shape lies around each of its points: height, place in the box, flat or thin, what is above and below.

No weights are in it, so nothing of it was learned from some categories and fails on others.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from partwise.layers.patches import Patches
from partwise.points import gather, nearest

# Numbers of each point.
SURROUNDINGS = 20
# Distances in the unit sphere: around a point, and of the upright column through it.
NEAR, FAR, COLUMN, GAP = 0.2, 0.4, 0.15, 0.08


@torch.no_grad()
def surroundings(points: Float[Tensor, "B N 3"], patches: Patches, up: int = 1) -> Float[Tensor, "B N F"]:
    """The 20 numbers (B,N,F) of points that lie in the cloud of `patches`, most of them within -1..1.

    Eight of the point's place in the box of the centres and of the box itself; eight of its nearest patch, how
    elongated, flat and full it is, which way it lies, and on which side of the point; four counts of centres, near, in
    a wider ball, above and below. up: the axis that points up.
    """
    centers = patches.centers
    low, high = centers.amin(dim=1, keepdim=True), centers.amax(dim=1, keepdim=True)
    extent = (high - low).clamp(min=1e-3)
    middle = (low + high) / 2
    flat = torch.ones(3, device=points.device)
    flat[up] = 0
    sides = [axis for axis in range(3) if axis != up]
    out = (points - middle) * flat
    radius = out.norm(dim=-1, keepdim=True)
    widest = ((centers - middle) * flat).norm(dim=-1).amax(dim=1)[:, None, None].clamp(min=1e-3)
    place = 2 * (points - middle) / extent
    box = (2 * extent / extent.amax(dim=-1, keepdim=True) - 1).expand_as(points)
    distance = (points - centers.mean(dim=1, keepdim=True)).norm(dim=-1, keepdim=True)
    whole = [place[..., [up]], place[..., sides].abs(), 2 * radius / widest - 1, distance, box]

    around = patches.local.mean(dim=2)  # (B,G,3)
    spread = patches.local - around[:, :, None]
    values, axes = torch.linalg.eigh(spread.mT @ spread / spread.shape[2])  # smallest first
    small, medium, large = values.clamp(min=1e-9).sqrt().unbind(-1)
    form = [(large - medium) / large, (medium - small) / large, small / large, (large / 0.1).log()]
    lies = [axes[..., up, 0].abs(), axes[..., up, 2].abs()]
    own = torch.stack([*form, *lies], dim=-1)
    index = nearest(points, centers, 1)[1][..., 0]
    # Seen from the point, in lengths of its patch: a point on an edge or rim has its patch on one side.
    offset = (gather(centers + around, index) - points) / gather(large[..., None], index)
    outward = out / radius.clamp(min=1e-6)
    side = [offset[..., [up]], (offset * outward).sum(dim=-1, keepdim=True)]

    apart = torch.cdist(points, centers)
    rise = centers[:, None, :, up] - points[..., None, up]
    column = torch.cdist(points[..., sides], centers[..., sides]) < COLUMN
    masks = (apart < NEAR, apart < FAR, column & (rise > GAP), column & (rise < -GAP))
    counts = [mask.float().mean(dim=-1, keepdim=True).sqrt() for mask in masks]
    return torch.cat([*whole, gather(own, index), *side, *counts], dim=-1)
