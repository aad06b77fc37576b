"""Pieces of a shape that are likely one part: what hangs together in a mesh, what lies on one smooth patch.

A model sees scattered points; the mesh knows where its pieces end, and a dense cloud shows where its surface bends.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int32, Int64
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from partwise.points import face_normals, normals_from

# Vertices this close, in parts of the largest extent, are one: files repeat vertices along seams of texture and normal.
WELD = 1e-5
# Two faces that meet at a sharper bend than this do not lie on one smooth patch.
CREASE_DEGREES = 35.0
# The same for neighbouring points of a cloud, whose normals are estimated: at a bend they turn step by step.
BEND_DEGREES = 15.0
NORMAL_NEIGHBOURS, LINKS = 12, 6
# Neighbours further away than this many typical spacings do not touch.
REACH = 2.0


def mesh_pieces(
    points: Float64[np.ndarray, "N 3"], faces: Int64[np.ndarray, "F 3"], crease: float | None = None
) -> Int32[np.ndarray, "F"]:
    """The connected piece of each face (F,), over welded vertices; edges bent by more than `crease` degrees part it."""
    used = np.unique(faces)  # a vertex that no face names may be anything, NaN included
    extent = float(np.ptp(points[used], axis=0).max()) or 1.0
    cell = np.round(points[used] / (WELD * extent)).astype(np.int64)
    cell -= cell.min(axis=0)
    # Less than 2**20 cells along each axis: one number names a cell, and sorts faster than three.
    welded = np.zeros(len(points), dtype=np.int64)
    welded[used] = np.unique((cell[:, 0] << 40) | (cell[:, 1] << 20) | cell[:, 2], return_inverse=True)[1]
    corners = welded[faces]
    edges = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    face = np.tile(np.arange(len(faces)), 3)
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    edges, face = edges[order], face[order]
    same = (edges[1:] == edges[:-1]).all(axis=1)
    a, b = face[:-1][same], face[1:][same]
    if crease is not None:
        normal = face_normals(points[faces])
        # Winding is not to be trusted, so a face may bend either way; a flat fold shows in neither.
        smooth = np.abs((normal[a] * normal[b]).sum(axis=1)) >= np.cos(np.deg2rad(crease))
        a, b = a[smooth], b[smooth]
    return _linked(a, b, len(faces))


def cloud_pieces(points: Float64[np.ndarray, "N 3"]) -> Int32[np.ndarray, "N"]:
    """The superpoint of each point (N,): neighbours that lie close and whose estimated normals hardly differ.

    A sparse or noisy cloud falls into pieces of one point, which is the honest answer there. Deterministic.
    """
    count = min(NORMAL_NEIGHBOURS, len(points))
    if count <= LINKS:
        return np.arange(len(points), dtype=np.int32)
    distance, index = cKDTree(points).query(points, k=count, workers=-1)
    normal = normals_from(points, index)
    spacing = float(np.median(distance[:, LINKS]))
    a, b = np.repeat(np.arange(len(points)), LINKS), index[:, :LINKS].reshape(-1)
    close = distance[:, :LINKS].reshape(-1) <= REACH * spacing
    smooth = np.abs((normal[a] * normal[b]).sum(axis=1)) > np.cos(np.deg2rad(BEND_DEGREES))
    return _linked(a[close & smooth], b[close & smooth], len(points))


def _linked(a: Int64[np.ndarray, "L"], b: Int64[np.ndarray, "L"], count: int) -> Int32[np.ndarray, "M"]:
    """The number (M,) of the connected group of each of `count` things, given the links between them."""
    links = coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(count, count))
    return connected_components(links, directed=False)[1].astype(np.int32)
