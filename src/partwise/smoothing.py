"""Answers that flow over a cloud: along a smooth surface easily, across an edge of it hardly.

A point takes the mean of what its neighbours say, and an anchor what it says itself besides: a random walker (Grady,
IEEE PAMI 2006) whose links are weak where the surface bends. Where few points disagree with those around them on the
same smooth patch they are outvoted, and a border between two answers moves to the nearest edge.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64, Int64
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import cg
from scipy.spatial import cKDTree

from partwise.points import nearest_assignment, thinnest

# A point's normal comes from so many nearest points, itself included, and those are linked with it.
NEIGHBOURS = 10
# A link weighs 1/e if the cosine between the normals at its ends is less than 1 by this: at a bend of 18 degrees.
BEND = 0.05
# Links longer than this many medians are none.
REACH = 2.0
# What a link weighs at least: answers reach every point in the end.
LEAST_LINK = 1e-6
# What an anchor says itself weighs so much, in links of a flat surface; so much what the nearest one says elsewhere.
OWN, NEAREST = 0.15, 1e-3
# Steps of the conjugate gradients, which end earlier once the rest is this part of what was there.
STEPS, REST = 30, 1e-3


def smoothed(
    points: Float64[np.ndarray, "N 3"],
    anchor: Int64[np.ndarray, "M"],
    values: Float32[np.ndarray, "M S"],
) -> Float32[np.ndarray, "N S"]:
    """Values (N,S) of all points of a surface, from those (M,S) of the points `anchor` (M,). Deterministic.

    Each column solves (D - W + C) x = C y, where W are the links, D their sums, y the values of the nearest anchors and
    C how much those count.
    """
    points = points - points.mean(axis=0)
    points /= np.abs(points).max() or 1.0  # products of any unit stay finite
    links = _links(points)
    says = values[nearest_assignment(points, points[anchor])]
    says[anchor] = values
    counts = np.full(len(points), NEAREST)
    counts[anchor] = OWN
    whole = links.sum(axis=1) + counts
    system = (diags_array(whole) - links).tocsr()
    before = diags_array(1 / whole)
    # Steps are few on purpose: what they have not reached is far away.
    columns = [cg(system, counts * y, y, rtol=REST, maxiter=STEPS, M=before)[0] for y in says.T]
    return np.stack(columns, axis=1).astype(np.float32)


def _links(points: Float64[np.ndarray, "N 3"]) -> csr_array:
    """Weights (N,N) of the links between near points, the same in both directions; that to itself changes nothing."""
    count = len(points)
    distance, near = cKDTree(points).query(points, k=range(1, 1 + min(NEIGHBOURS, count)), workers=-1)
    along = np.zeros(near.shape)
    for axis in _normals(points, near):
        along += axis[:, None] * axis[near]
    weight = np.exp((np.abs(along) - 1) / BEND)
    weight[distance > REACH * np.median(distance[:, -1])] = 0
    ends = np.repeat(np.arange(count, dtype=np.int32), near.shape[1]), near.reshape(-1).astype(np.int32)
    links = csr_array((weight.reshape(-1) + LEAST_LINK, ends), shape=(count, count))
    return (links + links.T).tocsr()


def _normals(
    points: Float64[np.ndarray, "N 3"], neighbours: Int64[np.ndarray, "N K"]
) -> Float64[np.ndarray, "3 N"]:
    """Normal (3,N) of the neighbours of each point; zero where none is known."""
    x, y, z = (axis[neighbours] for axis in np.ascontiguousarray(points.T))
    x, y, z = (axis - axis.mean(axis=1, keepdims=True) for axis in (x, y, z))
    products = ((x, x), (x, y), (x, z), (y, y), (y, z), (z, z))
    return thinnest(np.stack([np.einsum("nk,nk->n", a, b) for a, b in products]))
