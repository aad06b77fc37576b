"""What is wrong or unusual about a shape, and how steady its labels are: the questions to ask before trusting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64, Int64
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from partwise.checks import checked_seed, derived_seed
from partwise.points import random_rotation
from partwise.predict import Segmenter
from partwise.segmentation import Segmentation
from partwise.shape import Shape

# More points than this are thinned before neighbours are looked for; the medians do not need them all.
SPACING_SAMPLE = 20_000
# How a cloud is looked at to tell a one-sided scan: viewers around it, cells a side of each one's picture, how deep
# (in radii) the front layer of a cell reaches, and the share of points in front from which on it counts as one-sided.
VIEWERS, VIEW_CELLS, VIEW_DEPTH, ONE_SIDED_SHARE = 64, 24, 0.15, 0.8
# Points that are looked at; the picture's cells need no more.
VIEWED_POINTS = 20_000


@dataclass(frozen=True)
class Examination:
    """What was found in a shape; lengths in its own unit.

    spacing      median distance between neighbouring places (vertices, for a mesh), None for a single one
    duplicates   points that repeat an earlier one
    open_edges   edges of a mesh with one face: holes; None for a cloud
    pieces       connected components of a mesh, None for a cloud
    flat_faces   faces without area, None for a cloud
    one_view     the largest share of the points of a cloud that a single viewer sees; None for a mesh
    """

    points: int
    faces: int | None
    extent: tuple[float, float, float]
    not_finite: int
    duplicates: int
    spacing: float | None
    open_edges: int | None
    pieces: int | None
    flat_faces: int | None
    one_view: float | None

    @property
    def one_sided(self) -> bool:
        """True for a cloud of which a single viewer sees nearly all: a single scan, or something thin or flat."""
        return self.one_view is not None and self.one_view >= ONE_SIDED_SHARE


@dataclass(frozen=True)
class Stability:
    """Share of points that keep their label when the question is asked again in another way, lowest of the trials."""

    resampled: float
    yaw: float
    rotated: float


def examine(shape: Shape) -> Examination:
    """Measure a shape; nothing is changed."""
    points = shape.points[shape.finite]
    x, y, z = (float(v) for v in np.ptp(points, axis=0))
    places = np.unique(points, axis=0)
    distinct = len(places)
    open_edges = pieces = flat = None
    if shape.faces is not None:
        open_edges, pieces, flat = _mesh_topology(shape)
    return Examination(
        points=len(shape.points),
        faces=None if shape.faces is None else len(shape.faces),
        extent=(x, y, z),
        not_finite=len(shape.points) - len(points),
        duplicates=len(points) - distinct,
        spacing=_spacing(places),
        open_edges=open_edges,
        pieces=pieces,
        flat_faces=flat,
        one_view=None
        if shape.is_mesh or distinct < 100
        else _seen_from_one_side(_thinned(points, VIEWED_POINTS)),
    )


def stability(
    segmenter: Segmenter, shape: Shape, phrases: Sequence[str], trials: int = 3, seed: int = 0
) -> Stability:
    """Ask again with other samples, turned about the up axis, and turned at random; compare with the first answer.

    A turned shape keeps its declared up axis, so "rotated" shows what a wrong `up` or a fallen object costs.
    Raises InputError for a seed that is none, and what `Segmenter.segment` raises.
    """
    seed = checked_seed(seed)
    rng = np.random.default_rng(seed)
    first = segmenter.segment(shape, phrases, seed=seed)
    to_y_up = shape.to_y_up()

    def kept(kind: str | None, trial: int) -> float:
        asked = shape
        if kind is not None:
            turn = random_rotation(rng, kind).astype(np.float64)
            asked = _turned(shape, to_y_up.T @ turn @ to_y_up)
        return _agreement(first, segmenter.segment(asked, phrases, seed=derived_seed(seed, 1 + trial)))

    worst = {kind: min(kept(kind, trial) for trial in range(trials)) for kind in (None, "yaw", "full")}
    return Stability(resampled=worst[None], yaw=worst["yaw"], rotated=worst["full"])


def _agreement(first: Segmentation, other: Segmentation) -> float:
    """Share of equal labels: over the area of a mesh, over the points of a cloud."""
    if first.face_labels is None or other.face_labels is None or first.shape.faces is None:
        return float((first.labels == other.labels).mean())
    a, b, c = (first.shape.points[first.shape.faces[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return float(area @ (first.face_labels == other.face_labels) / area.sum())


def _turned(shape: Shape, rotation: Float64[np.ndarray, "3 3"]) -> Shape:
    """The shape turned about the middle of its box."""
    middle = np.nanmean(np.where(np.isfinite(shape.points), shape.points, np.nan), axis=0)
    return replace(
        shape, geometry=replace(shape.geometry, points=(shape.points - middle) @ rotation.T + middle)
    )


def _spacing(points: Float64[np.ndarray, "N 3"]) -> float | None:
    """Median distance to the nearest other point; of a sample of the points, against all of them."""
    if len(points) < 2:
        return None
    some = _thinned(points, SPACING_SAMPLE)
    return float(np.median(cKDTree(points).query(some, k=2, workers=-1)[0][:, 1]))


def _thinned(points: Float64[np.ndarray, "N 3"], count: int) -> Float64[np.ndarray, "M 3"]:
    """Every n-th point, so that fewer than 2 * count are left."""
    return points[:: max(1, len(points) // count)]


def _mesh_topology(shape: Shape) -> tuple[int, int, int]:
    """(open edges, connected pieces, faces without area), after merging vertices at the same place."""
    places, merged = np.unique(shape.points, axis=0, return_inverse=True)
    faces: Int64[np.ndarray, "F 3"] = merged.reshape(-1)[shape.faces]
    a, b, c = (places[faces[:, k]] for k in range(3))
    flat = int((np.linalg.norm(np.cross(b - a, c - a), axis=1) == 0).sum())
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    edges = edges[edges[:, 0] != edges[:, 1]]
    _, uses = np.unique(edges, axis=0, return_counts=True)
    graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(len(places), len(places)))
    _, component = connected_components(graph, directed=False)
    return int((uses == 1).sum()), len(np.unique(component[faces])), flat


def _seen_from_one_side(points: Float64[np.ndarray, "N 3"]) -> float:
    """The largest share of points that one distant viewer sees, over viewers spread evenly around."""
    turn = np.arange(VIEWERS) + 0.5  # a Fibonacci sphere
    polar, azimuth = np.arccos(1 - 2 * turn / VIEWERS), np.pi * (1 + np.sqrt(5)) * turn
    directions = np.stack(
        [np.cos(azimuth) * np.sin(polar), np.cos(polar), np.sin(azimuth) * np.sin(polar)], axis=1
    )
    spread = points - points.mean(axis=0)
    spread /= np.linalg.norm(spread, axis=1).max()
    best = 0.0
    for direction in directions:
        side = np.cross(direction, [1.0, 0, 0] if abs(direction[0]) < 0.9 else [0, 1.0, 0])
        side /= np.linalg.norm(side)
        across = np.stack([spread @ side, spread @ np.cross(direction, side)], axis=1)
        cell = np.clip(((across + 1) / 2 * VIEW_CELLS).astype(np.int64), 0, VIEW_CELLS - 1)
        key, depth = cell[:, 0] * VIEW_CELLS + cell[:, 1], spread @ direction
        front = np.full(VIEW_CELLS**2, -np.inf)
        np.maximum.at(front, key, depth)
        best = max(best, float((depth >= front[key] - VIEW_DEPTH).mean()))
    return best
