"""Answers that flow over points: along a smooth surface easily, across an edge of it hardly.

A point takes the mean of what its neighbours say, and of what it says itself: a random walker (Grady, IEEE PAMI 2006)
whose links are weak where the surface bends. Where few points disagree with those around them on the same smooth patch
they are outvoted, and a border between two answers moves to the nearest edge.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from partwise.points import QUERIES_A_CORE, nearest_assignment, thinnest

# A point's normal comes from so many nearest points, itself included, and those are linked with it.
NEIGHBOURS = 8
# A link weighs 1/e if the cosine between the normals at its ends is less than 1 by this: at a bend of 18 degrees.
BEND = 0.05
# Links longer than this many medians are none.
REACH = 2.0
# What a link weighs at least: answers reach every point in the end.
LEAST_LINK = 1e-6
# What an anchor says itself weighs so much, in links of a flat surface; so much what the nearest one says elsewhere.
OWN, NEAREST = 0.15, 1e-3
# Steps of the conjugate gradients: few on purpose, what they have not reached is far away.
STEPS = 10
# Columns that are smoothed at a time, to bound the memory.
COLUMNS = 64


def smoothed(
    points: Float64[np.ndarray, "N 3"],
    anchor: Int64[np.ndarray, "M"],
    values: Float32[np.ndarray, "M S"],
) -> Float32[np.ndarray, "N S"]:
    """Values (N,S) of all points of a surface, from those (M,S) of the points `anchor` (M,). Deterministic."""
    points = _sized(points)
    counts = np.full(len(points), NEAREST)
    counts[anchor] = OWN
    others = np.flatnonzero(counts == NEAREST)
    says = np.empty((len(points), values.shape[1]), dtype=np.float32)
    says[anchor] = values
    says[others] = values[nearest_assignment(points[others], points[anchor])]
    return _flowed(_linked(points), says, counts)


def evened(links: csr_array, values: Float32[np.ndarray, "N S"], own: float) -> Float32[np.ndarray, "N S"]:
    """Values (N,S) of points on a surface, all of which say something: each counts `own` links. Deterministic.

    links  between the points, as `surface_links` finds them: whoever asks more than once looks for them once
    """
    return _flowed(links, values, np.full(len(values), own))


def surface_links(points: Float[np.ndarray, "N 3"]) -> csr_array:
    """Weights (N,N) of the links between points that are near each other on a surface."""
    return _linked(_sized(points.astype(np.float64)))


def _sized(points: Float64[np.ndarray, "N 3"]) -> Float64[np.ndarray, "N 3"]:
    """The points around their middle, none further than 1 along an axis: products of any unit stay finite."""
    points = points - points.mean(axis=0)
    return points / (np.abs(points).max() or 1.0)


def _flowed(
    links: csr_array, says: Float32[np.ndarray, "N S"], counts: Float64[np.ndarray, "N"]
) -> Float32[np.ndarray, "N S"]:
    """Each column of the answer solves (D - W + C) x = C y: W links, D their sums, y what points say, C what it counts.

    Conjugate gradients with the diagonal as preconditioner, on all columns at once: scipy's take one at a time, and
    half of their time goes by between the products.
    """
    weight = counts.astype(np.float32)[:, None]
    whole = links.sum(axis=1)[:, None] + weight
    blocks = (says[:, first : first + COLUMNS] for first in range(0, says.shape[1], COLUMNS))
    return np.concatenate([_solved(links, whole, weight, block) for block in blocks], axis=1)


def _solved(
    links: csr_array,
    whole: Float32[np.ndarray, "N 1"],
    weight: Float32[np.ndarray, "N 1"],
    says: Float32[np.ndarray, "N S"],
) -> Float32[np.ndarray, "N S"]:
    """What STEPS steps from `says` towards the answer of whole * answer - links @ answer = weight * says reach."""
    least = np.finfo(np.float32).tiny
    answer = says.copy()
    rest = weight * answer - (whole * answer - links @ answer)
    way = rest / whole
    gain = (rest * way).sum(axis=0)
    for _ in range(STEPS):
        pushed = whole * way - links @ way
        step = gain / np.maximum((way * pushed).sum(axis=0), least)
        answer += step * way
        rest -= step * pushed
        scaled = rest / whole
        before, gain = gain, (rest * scaled).sum(axis=0)
        way = scaled + gain / np.maximum(before, least) * way
    return answer


def _linked(points: Float64[np.ndarray, "N 3"]) -> csr_array:
    """Weights (N,N) of the links between near points, the same in both directions; that to itself changes nothing."""
    count = len(points)
    workers = -1 if count > QUERIES_A_CORE else 1
    distance, near = cKDTree(points).query(points, k=range(1, 1 + min(NEIGHBOURS, count)), workers=workers)
    along = np.zeros(near.shape)
    for axis in _normals(points, near):
        along += axis[:, None] * axis[near]
    weight = np.exp((np.abs(along) - 1) / BEND)
    weight[distance > REACH * np.median(distance[:, -1])] = 0
    ends = np.repeat(np.arange(count, dtype=np.int32), near.shape[1]), near.reshape(-1).astype(np.int32)
    # Half the digits: answers are that exact, and their products are what takes the time.
    links = csr_array(((weight.reshape(-1) + LEAST_LINK).astype(np.float32), ends), shape=(count, count))
    return (links + links.T).tocsr()


def _normals(
    points: Float64[np.ndarray, "N 3"], neighbours: Int64[np.ndarray, "N K"]
) -> Float64[np.ndarray, "3 N"]:
    """Normal (3,N) of the neighbours of each point; zero where none is known."""
    x, y, z = (axis[neighbours] for axis in np.ascontiguousarray(points.T))
    x, y, z = (axis - axis.mean(axis=1, keepdims=True) for axis in (x, y, z))
    products = ((x, x), (x, y), (x, z), (y, y), (y, z), (z, z))
    return thinnest(np.stack([np.einsum("nk,nk->n", a, b) for a, b in products]))
