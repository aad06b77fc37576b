"""From picture features back to points: who sees a point, where its feature is looked up, how views are joined.

Geometry comes first: `view_weights` turns pictures into one sparse matrix whose rows are points and whose columns are
the tokens of all views. Applying it to tokens (`apply_weights`) is then a single weighted sum, on any device, and
a row that sees anything sums to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Float64, Int, Int64
from scipy.sparse import coo_array, csr_array
from scipy.spatial import KDTree
from torch import Tensor

from partwise.errors import InputError
from partwise.lift.scene import View

# The free constant of cubic up-sampling as torch and OpenCV set it.
CUBIC = -0.75
NEIGHBOURS_OF_UNSEEN = 20


@dataclass(frozen=True)
class Projection:
    """One way of carrying features to points; the named instances below are the published ones.

    visibility   "surface": the pixel shows the point's face, or a depth within `tolerance`; "depth": the latter alone;
                 "owner": each pixel speaks for one point only, the first point of its face (or the splatted point)
    tolerance    largest |depth difference|, a share of the box diagonal or, if not `relative`, canonical units
    lookup       how a token grid is read between token centres
    snap         read at the centre of the point's pixel (as a map of whole pixels does), not at the exact place
    unseen       a point that no view sees gets its nearest seen point's feature, the mean over the seen ones among
                 its 20 nearest points (the nearest seen one if there are none), or zero
    unit_points  bring every point feature to length 1 before patches are made
    pool         a patch's feature is the mean over its K neighbours, or over the points nearest to its centre
    unit_patches bring every patch feature to length 1
    """

    visibility: Literal["surface", "depth", "owner"] = "surface"
    tolerance: float = 0.005
    relative: bool = True
    lookup: Literal["nearest", "bilinear", "bicubic"] = "nearest"
    snap: bool = False
    unseen: Literal["nearest", "mean20", "zero"] = "nearest"
    unit_points: bool = False
    pool: Literal["neighbours", "voronoi"] = "neighbours"
    unit_patches: bool = False

    def __post_init__(self) -> None:
        if not self.tolerance > 0:
            raise InputError(
                f"a depth tolerance of {self.tolerance} lets no point be seen: give a positive number"
            )


# CMAT, stage 0 as the paper words it; what it leaves open is ours (relative tolerance, nearest seen point).
CMAT_PAPER = Projection()
# CMAT, released code: 2 mm depth test, whole-pixel lookup, unseen points stay zero, patches are Voronoi cells.
CMAT_RELEASE = Projection(
    visibility="depth", tolerance=0.002, relative=False, snap=True, unseen="zero", pool="voronoi"
)
# PatchAlign3D, stage 1 targets: bicubic maps, each pixel goes to the first point of its face.
PATCHALIGN3D = Projection(
    visibility="owner", lookup="bicubic", snap=True, unseen="mean20", unit_points=True, unit_patches=True
)
# COPS: splatted points own their pixels, bicubic maps, mean of 20 neighbours for unseen points.
COPS = Projection(visibility="owner", lookup="bicubic", snap=True, unseen="mean20")
# PointCLIP V2: bilinear maps read at whole pixels; its test, a tenth of the grey range, is about this depth. It leaves
# unseen points without any score, which falls to the first label; here they take their neighbour's.
POINTCLIPV2 = Projection(visibility="depth", tolerance=0.1, lookup="bilinear", snap=True)
# What a person may type. In code, use the instance.
PROJECTIONS = {
    "cmat_paper": CMAT_PAPER,
    "cmat_release": CMAT_RELEASE,
    "patchalign3d": PATCHALIGN3D,
    "cops": COPS,
    "pointclipv2": POINTCLIPV2,
}


@dataclass(frozen=True, eq=False)
class Target:
    """The points that receive features: canonical positions (N,3) and the face each lies on, or None if unknown.

    diagonal of the shape's box and depth_slack of the renderer (both canonical units) come from the scene.
    """

    points: Float64[np.ndarray, "N 3"]
    faces: Int64[np.ndarray, "N"] | None
    diagonal: float
    depth_slack: float = 0.0


@dataclass(frozen=True, eq=False)
class ViewWeights:
    """Which tokens make up each point: a sparse matrix (N, V h w), rows sum to 1, or to 0 where no view sees."""

    matrix: csr_array
    views: int
    grid: tuple[int, int]

    @property
    def seen(self) -> Bool[np.ndarray, "N"]:
        """Points (N,) that at least one view sees."""
        return np.diff(self.matrix.indptr) > 0


def view_weights(
    target: Target, views: Sequence[View], grid: tuple[int, int], projection: Projection = CMAT_PAPER
) -> ViewWeights:
    """The weight of each token of each view in each point: the mean over the views that see it.

    grid (h, w): tokens of one picture, which they cover evenly. Raises InputError without views.
    """
    if not views:
        raise InputError("no views to lift from: render at least one")
    h, w = grid
    rows, columns, values = [], [], []
    for number, view in enumerate(views):
        points, places = _sight(target, view, projection)
        token, weight = _taps(places, (view.camera.height, view.camera.width), grid, projection.lookup)
        rows.append(np.repeat(points, token.shape[1]))
        columns.append(token.reshape(-1) + number * h * w)
        values.append(weight.reshape(-1))
    count, size = len(target.points), len(views) * h * w
    row = np.concatenate(rows)
    total = np.bincount(row, weights=np.concatenate(values), minlength=count)
    value = np.concatenate(values) / np.where(total > 0, total, 1)[row]
    matrix = coo_array(
        (value.astype(np.float32), (row, np.concatenate(columns))), shape=(count, size)
    ).tocsr()
    return ViewWeights(matrix, len(views), grid)


def _sight(
    target: Target, view: View, projection: Projection
) -> tuple[Int64[np.ndarray, "M"], Float64[np.ndarray, "M 2"]]:
    """The points (M,) that a view sees and where in the picture (column, row) their feature is read (M,2)."""
    if projection.visibility == "owner":
        return _owners(target, view)
    camera = view.camera
    place, depth = camera.project(target.points)
    inside = (depth > 0) & (place >= 0).all(axis=1) & (place < (camera.width, camera.height)).all(axis=1)
    point = np.flatnonzero(inside)
    column, row = np.floor(place[point]).astype(np.int64).T
    tolerance = projection.tolerance * (target.diagonal if projection.relative else 1.0)
    gap = np.abs(view.depth[row, column].astype(np.float64) - depth[point])
    visible = gap <= max(tolerance, target.depth_slack)
    if projection.visibility == "surface" and target.faces is not None:
        visible |= view.ids[row, column] == target.faces[point]
    place = np.stack([column, row], axis=1) + 0.5 if projection.snap else place[point]
    return point[visible], place[visible]


def _owners(target: Target, view: View) -> tuple[Int64[np.ndarray, "M"], Float64[np.ndarray, "M 2"]]:
    """One pixel for each point that owns any: the last one in row-major order, as the references overwrite it.

    A face belongs to its first point in the order of `target`; the ids of a cloud are the points themselves.
    """
    shown = np.flatnonzero(view.ids.reshape(-1) >= 0)
    ids = view.ids.reshape(-1)[shown]
    if target.faces is not None:
        face, first = np.unique(target.faces, return_index=True)
        slot = np.minimum(np.searchsorted(face, ids), len(face) - 1)
        known = face[slot] == ids
        shown, ids = shown[known], first[slot[known]]
    elif len(ids) and ids.max() >= len(target.points):
        raise InputError(
            f"a picture names point {ids.max()} of {len(target.points)}: "
            "'owner' visibility needs the faces of the points, or pictures of the very cloud that is lifted to"
        )
    point, last = np.unique(ids[::-1], return_index=True)
    row, column = np.divmod(shown[::-1][last], view.camera.width)
    return point.astype(np.int64), np.stack([column, row], axis=1) + 0.5


def _taps(
    place: Float64[np.ndarray, "M 2"], picture: tuple[int, int], grid: tuple[int, int], lookup: str
) -> tuple[Int64[np.ndarray, "M T"], Float64[np.ndarray, "M T"]]:
    """Tokens (M,T) read at places (column, row) and their weights (M,T), which sum to 1; the border repeats."""
    (height, width), (h, w) = picture, grid
    row, row_weight = _taps_1d(place[:, 1] * (h / height), h, lookup)
    column, column_weight = _taps_1d(place[:, 0] * (w / width), w, lookup)
    size = (len(place), row.shape[1] * column.shape[1])
    token = row[:, :, None] * w + column[:, None, :]
    weight = row_weight[:, :, None] * column_weight[:, None, :]
    return token.reshape(size), weight.reshape(size)


def _taps_1d(
    place: Float64[np.ndarray, "M"], size: int, lookup: str
) -> tuple[Int64[np.ndarray, "M T"], Float64[np.ndarray, "M T"]]:
    """Taps along one axis of `size` tokens; token i covers the places i..i+1 and is centred between them."""
    if lookup == "nearest":
        return np.clip(np.floor(place), 0, size - 1).astype(np.int64)[:, None], np.ones((len(place), 1))
    start = np.floor(place - 0.5)
    t = place - 0.5 - start
    if lookup == "bilinear":
        offset, weight = np.arange(2), np.stack([1 - t, t], axis=1)
    else:
        offset = np.arange(-1, 3)
        weight = np.stack([_cubic(t + 1), _cubic(t), _cubic(1 - t), _cubic(2 - t)], axis=1)
    return np.clip(start[:, None] + offset, 0, size - 1).astype(np.int64), weight


def _cubic(distance: Float64[np.ndarray, "M"]) -> Float64[np.ndarray, "M"]:
    """Keys' cubic convolution kernel (IEEE ASSP 1981, eq. 4) with a = CUBIC at 0 <= distance <= 2."""
    d, a = distance, CUBIC
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = a * (((d - 5) * d + 8) * d - 4)
    return np.where(d <= 1, near, far)


def apply_weights(weights: ViewWeights, tokens: Float[Tensor, "V h w D"]) -> Float32[Tensor, "N D"]:
    """Point features (N,D) on the tokens' device: the weighted sum of tokens; zero where no view sees the point.

    Raises InputError if the tokens are not those the weights were made for.
    """
    expected = (weights.views, *weights.grid)
    if tuple(tokens.shape[:3]) != expected:
        raise InputError(
            f"tokens have views and grid {tuple(tokens.shape[:3])}, the weights were made for {expected}"
        )
    matrix, device = weights.matrix, tokens.device
    return torch.nn.functional.embedding_bag(
        torch.as_tensor(matrix.indices, dtype=torch.int64, device=device),
        tokens.reshape(-1, tokens.shape[-1]).float(),
        torch.as_tensor(matrix.indptr[:-1], dtype=torch.int64, device=device),
        mode="sum",
        per_sample_weights=torch.as_tensor(matrix.data, device=device),
    )


def fill_unseen(
    features: Float[Tensor, "N D"], seen: Bool[np.ndarray, "N"], points: Float[np.ndarray, "N 3"], unseen: str
) -> Float[Tensor, "N D"]:
    """Features (N,D) with every unseen row filled from its neighbours, see `Projection.unseen`.

    Raises InputError if no point is seen and a fill was asked for.
    """
    blind = np.flatnonzero(~seen)
    if unseen == "zero" or not len(blind):
        return features
    if not seen.any():
        raise InputError(
            f"no view sees any of the {len(seen)} points: are they on the surface, in the shape's frame?"
        )
    visible = np.flatnonzero(seen)
    source = visible[KDTree(points[visible]).query(points[blind])[1]]
    filled = features.clone()
    filled[blind] = features[source]
    if unseen == "mean20":
        count = min(NEIGHBOURS_OF_UNSEEN + 1, len(points))
        index = KDTree(points).query(points[blind], k=count)[1].reshape(len(blind), count)
        share = torch.as_tensor(seen[index], dtype=features.dtype, device=features.device)
        total = torch.einsum("mk,mkd->md", share, features[index])
        some = share.sum(1) > 0
        filled[blind] = torch.where(
            some[:, None], total / share.sum(1, keepdim=True).clamp(min=1), filled[blind]
        )
    return filled


def lift_points(
    target: Target,
    weights: ViewWeights,
    tokens: Float[Tensor, "V h w D"],
    projection: Projection = CMAT_PAPER,
) -> Float32[Tensor, "N D"]:
    """Features (N,D) of every point: those seen from their views, the others from their neighbours.

    Raises InputError if no point is seen at all.
    """
    features = apply_weights(weights, tokens)
    features = fill_unseen(features, weights.seen, target.points, projection.unseen)
    return torch.nn.functional.normalize(features, dim=-1) if projection.unit_points else features


def pool_patches(
    features: Float[Tensor, "N D"],
    points: Float[Tensor, "N 3"],
    centers: Float[Tensor, "G 3"],
    index: Int[Tensor, "G K"],
    projection: Projection = CMAT_PAPER,
) -> Float[Tensor, "G D"]:
    """Patch features (G,D): means over the K neighbours `index` (G,K), or over the Voronoi cell of each centre (G,3).

    An empty cell, possible where two centres coincide, gives a zero vector.
    """
    if projection.pool == "neighbours":
        pooled = features[index].mean(dim=1)
    else:
        cell = KDTree(centers.cpu().numpy()).query(points.cpu().numpy())[1]
        cell = torch.as_tensor(cell, device=features.device)
        total = torch.zeros(len(centers), features.shape[1], dtype=features.dtype, device=features.device)
        total.index_add_(0, cell, features)
        pooled = total / torch.bincount(cell, minlength=len(centers)).clamp(min=1)[:, None]
    return torch.nn.functional.normalize(pooled, dim=-1) if projection.unit_patches else pooled
