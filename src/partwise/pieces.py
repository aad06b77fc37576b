"""Pieces of a mesh that are likely one part: what hangs together, what lies on one smooth patch.

A model sees scattered points; the mesh knows where its pieces end.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int, Int32, Int64
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from partwise.points import face_normals, triangle_areas

# Vertices this close, in parts of the largest extent, are one: files repeat vertices along seams of texture and normal.
WELD = 1e-5
# Pieces have the same form if their sizes and spreads differ by less than this share of their size.
SAME_FORM = 0.02
# Two faces that meet at a sharper bend than this do not lie on one smooth patch.
CREASE_DEGREES = 35.0
# The three coordinates of a welded vertex lie in one number, 20 bits each.
X, Y, Z = 1 << 40, 1 << 20, 1


def mesh_pieces(
    points: Float64[np.ndarray, "N 3"],
    faces: Int64[np.ndarray, "F 3"],
    crease: float | None = None,
    pairs: Int64[np.ndarray, "2 L"] | None = None,
) -> Int32[np.ndarray, "F"]:
    """The connected piece of each face (F,), over welded vertices; edges bent by more than `crease` degrees part it.

    pairs  of faces, as `face_pairs` finds them, for who asks more than once
    """
    a, b = face_pairs(points, faces) if pairs is None else pairs
    if crease is not None:
        normal = face_normals(points[faces])
        # Winding is not to be trusted, so a face may bend either way; a flat fold shows in neither.
        smooth = np.abs(np.einsum("lc,lc->l", normal[a], normal[b])) >= np.cos(np.deg2rad(crease))
        a, b = a[smooth], b[smooth]
    return _linked(a, b, len(faces))


def face_pairs(
    points: Float64[np.ndarray, "N 3"], faces: Int64[np.ndarray, "F 3"]
) -> Int64[np.ndarray, "2 L"]:
    """Pairs (2,L) of faces that share an edge, once their vertices are welded."""
    used = np.zeros(len(points), dtype=bool)  # a vertex that no face names may be anything, NaN included
    used[faces] = True
    corner = np.ascontiguousarray(points[used].T)
    extent = float(np.ptp(corner, axis=1).max()) or 1.0
    # Less than 2**20 cells along each axis: one number names a cell, and sorts faster than three.
    x, y, z = (np.round(axis / (WELD * extent)).astype(np.int64) for axis in corner)
    key = X * (x - x.min()) + Y * (y - y.min()) + Z * (z - z.min())
    welded = np.zeros(len(points), dtype=np.int64)
    welded[used] = np.unique(key, return_inverse=True)[1]
    a, b, c = welded[faces.T]
    ends = np.concatenate([a, b, c]), np.concatenate([b, c, a])
    edge = np.minimum(*ends) * len(points) + np.maximum(*ends)
    order = np.argsort(edge, kind="stable")
    same = np.flatnonzero(edge[order[1:]] == edge[order[:-1]])
    return np.stack([order[same], order[same + 1]]) % len(faces)


def alike(
    points: Float64[np.ndarray, "N 3"], faces: Int64[np.ndarray, "F 3"], piece: Int64[np.ndarray, "F"]
) -> Int64[np.ndarray, "P"]:
    """The number of the form of each piece (P,): those with as many faces, as large, and as far spread are alike.

    Turned and mirrored copies have the same form. Spreads are the square roots of the principal second moments of the
    surface.
    """
    count = int(piece.max()) + 1
    corners = points[faces]
    corners -= corners.reshape(-1, 3).mean(axis=0)
    corners /= np.abs(corners).max() or 1.0  # moments of any unit stay finite
    area = triangle_areas(corners)
    axes = np.ascontiguousarray(corners.transpose(2, 1, 0))  # x, y and z of the corners, (3,3,F)
    middle = axes.mean(axis=1)
    whole = np.bincount(piece, area, minlength=count)
    per = 1 / np.where(whole > 0, whole, 1.0)
    mean = np.stack([np.bincount(piece, area * along, minlength=count) * per for along in middle], axis=1)
    moment = np.empty((count, 3, 3))
    for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)):
        # The mean of x_i x_j over a triangle, from its corners and its middle.
        product = ((axes[i] * axes[j]).sum(axis=0) + 9 * middle[i] * middle[j]) / 12
        second = np.bincount(piece, area * product, minlength=count) * per - mean[:, i] * mean[:, j]
        moment[:, i, j] = moment[:, j, i] = second
    spread = np.sqrt(np.maximum(np.linalg.eigvalsh(moment), 0))
    size = np.sqrt(whole)
    form = np.unique(np.bincount(piece, minlength=count), return_inverse=True)[1]
    for column in (size, *spread.T):
        order = np.lexsort((column, form))
        apart = np.diff(column[order]) > SAME_FORM * size[order][1:]
        form[order] = np.cumsum(np.concatenate([[0], apart | (np.diff(form[order]) != 0)]))
    return form


def _linked(a: Int[np.ndarray, "L"], b: Int[np.ndarray, "L"], count: int) -> Int32[np.ndarray, "M"]:
    """The number (M,) of the connected group of each of `count` things, given the links between them."""
    # Of float64, which SciPy would copy the links to.
    links = csr_array((np.ones(len(a)), (a, b)), shape=(count, count))
    return connected_components(links, directed=False)[1].astype(np.int32)
