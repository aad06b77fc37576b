"""Groups of points with like features: superpoints, k-means over them, names for the groups, votes of neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int64
from scipy.optimize import linear_sum_assignment
from scipy.spatial import KDTree
from torch import Tensor

from partwise.farthest import farthest_points
from partwise.points import nearest


@dataclass(frozen=True, eq=False)
class Superpoints:
    """N points that share S features (S,D), and the superpoint `owner` (N,) that each point belongs to."""

    features: Float32[np.ndarray, "S D"]
    owner: Int64[np.ndarray, "N"]

    @property
    def sizes(self) -> Int64[np.ndarray, "S"]:
        """How many points each superpoint has (S,)."""
        return np.bincount(self.owner, minlength=len(self.features))


def aggregate(
    points: Float[Tensor, "N 3"], features: Float[Tensor, "N D"], count: int, near: int, alike: int
) -> Superpoints:
    """COPS' geometric aggregation: features smoothed over `count` superpoints, in space and then in feature space.

    A superpoint (farthest point sampling from point 0) takes the mean of its `near` nearest points; each point, that
    of its nearest superpoint. Then a superpoint takes the mean of the `alike` points whose features are nearest to its
    own. Counts above N mean N.
    """
    n = len(points)
    chosen = farthest_points(points[None], min(count, n))[0]
    around = nearest(points[chosen][None], points[None], min(near, n))[1][0]
    smooth = features[around].mean(dim=1)  # (S,D)
    owner = nearest(points[None], points[chosen][None], 1)[1][0, :, 0]
    first = Superpoints(smooth.numpy(), owner.numpy())
    return Superpoints(_alike_means(first, min(alike, n)), first.owner)


def _alike_means(superpoints: Superpoints, alike: int) -> Float32[np.ndarray, "S D"]:
    """For each superpoint the mean feature of the `alike` nearest of all points, in feature space.

    All points of a superpoint have one feature, so S superpoints with their sizes stand for N points.
    """
    features, sizes = superpoints.features.astype(np.float64), superpoints.sizes
    order = np.argsort(_squared(features, features), axis=1, kind="stable")  # (S,S), itself first
    reached = np.minimum(np.cumsum(sizes[order], axis=1), alike)
    taken = np.diff(reached, axis=1, prepend=0)  # points used of each superpoint, in that order
    share = np.zeros((len(features), len(features)))
    np.put_along_axis(share, order, taken / alike, axis=1)
    return (share @ features).astype(np.float32)


def k_means(
    rows: Float[np.ndarray, "S D"],
    weights: Int64[np.ndarray, "S"],
    k: int,
    restarts: int,
    iterations: int,
    rng: np.random.Generator,
) -> Int64[np.ndarray, "S"]:
    """The cluster (S,) of each row by Lloyd's algorithm from k-means++ starts; the restart of least inertia wins.

    A row counts `weights` times, which SciPy's k-means cannot say. Fewer distinct rows than k make fewer clusters; a
    cluster that runs empty keeps its centre.
    """
    rows = rows.astype(np.float64)
    k = min(k, len(np.unique(rows, axis=0)))
    best, least = np.zeros(len(rows), dtype=np.int64), np.inf
    for _ in range(restarts):
        centres, cluster = _spread_start(rows, weights, k, rng), np.full(len(rows), -1)
        for _ in range(iterations):
            distance = _squared(rows, centres)
            before, cluster = cluster, distance.argmin(axis=1)
            if (before == cluster).all():
                break
            centres = _weighted_means(rows, weights, cluster, centres)
        distance = _squared(rows, centres)
        inertia = float(weights @ distance.min(axis=1))
        if inertia < least:
            best, least = distance.argmin(axis=1), inertia
    return best


def _spread_start(
    rows: Float64[np.ndarray, "S D"], weights: Int64[np.ndarray, "S"], k: int, rng: np.random.Generator
) -> Float64[np.ndarray, "k D"]:
    """k rows, each drawn in proportion to its weight times its squared distance to those before it (k-means++)."""
    chance = weights.astype(np.float64)
    distance = np.full(len(rows), np.inf)
    chosen = []
    for _ in range(k):
        chosen.append(int(rng.choice(len(rows), p=chance / chance.sum())))
        distance = np.minimum(distance, np.square(rows - rows[chosen[-1]]).sum(axis=1))
        chance = weights * distance
    return rows[chosen]


def _weighted_means(
    rows: Float64[np.ndarray, "S D"],
    weights: Int64[np.ndarray, "S"],
    cluster: Int64[np.ndarray, "S"],
    centres: Float64[np.ndarray, "k D"],
) -> Float64[np.ndarray, "k D"]:
    member = (cluster[None, :] == np.arange(len(centres))[:, None]) * weights  # (k,S)
    total = member.sum(axis=1, keepdims=True)
    return np.where(total > 0, (member @ rows) / np.maximum(total, 1), centres)


def _squared(a: Float64[np.ndarray, "A D"], b: Float64[np.ndarray, "B D"]) -> Float64[np.ndarray, "A B"]:
    """Squared distances (A,B); rounding below zero is cut off."""
    square = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1)[None] - 2 * a @ b.T
    return np.maximum(square, 0)


def name_clusters(cluster: Int64[np.ndarray, "N"], guess: Int64[np.ndarray, "N"]) -> Int64[np.ndarray, "N"]:
    """The name (N,) of each point: clusters and names matched one to one for the largest sum of IoU (Hungarian).

    cluster (N,) and guess (N,), a name for every point from elsewhere. There are no more clusters than names guessed.
    """
    names, name = np.unique(guess, return_inverse=True)
    together = np.zeros((int(cluster.max()) + 1, len(names)))
    np.add.at(together, (cluster, name), 1)
    union = together.sum(axis=1, keepdims=True) + together.sum(axis=0) - together
    iou = np.divide(together, union, out=np.zeros_like(together), where=union > 0)
    _, matched = linear_sum_assignment(iou, maximize=True)
    return names[matched[cluster]]


def neighbour_votes(
    points: Float[Tensor, "N 3"], label: Int64[np.ndarray, "N"], labels: int, neighbours: int
) -> Float32[Tensor, "N T"]:
    """The share of each point's nearest `neighbours`, itself among them, that carry each of `labels` labels (N,T)."""
    count = min(neighbours, len(points))
    index = KDTree(points.numpy()).query(points.numpy(), k=count)[1].reshape(len(points), count)
    voters = torch.from_numpy(label[index])  # (N,K)
    return torch.stack([(voters == t).float().mean(dim=1) for t in range(labels)], dim=1)
