"""Pieces of a shape that are likely one part: what hangs together in a mesh, what lies on one smooth patch.

A model sees scattered points; the mesh knows where its pieces end, and a dense cloud shows where its surface bends.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int, Int32, Int64
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from partwise.points import face_normals, thinnest, triangle_areas

# Vertices this close, in parts of the largest extent, are one: files repeat vertices along seams of texture and normal.
WELD = 1e-5
# Pieces have the same form if their sizes and spreads differ by less than this share of their size.
SAME_FORM = 0.02
# Two faces that meet at a sharper bend than this do not lie on one smooth patch.
CREASE_DEGREES = 35.0
# The same for neighbouring cells of a cloud, whose normals are estimated: at a bend they turn step by step.
BEND_DEGREES = 15.0
# Cells of the grid over a cloud hold so many points, or more where the cloud has more than MOST_CELLS need.
POINTS_PER_CELL, MOST_CELLS = 5.0, 2000
# The three coordinates of a welded vertex lie in one number, 20 bits each.
X, Y, Z = 1 << 40, 1 << 20, 1
# Points whose variance is less than this, in squares of a cell, are one spot and have no normal.
SPOT = 1e-4
# The points around a cell lie on a surface if no more of their variance than this is across it.
FLAT = 0.15
# The size of the cells is found by counting those that are taken; more points than this are thinned for it.
CORRECTIONS, COUNTED = 2, 50_000


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


def cloud_pieces(points: Float64[np.ndarray, "N 3"]) -> Int32[np.ndarray, "N"]:
    """The superpoint of each point (N,): cells of a grid that touch and whose estimated normals hardly differ.

    A cell takes the place of a few points: a grid is found by sorting, many times faster than neighbours of points.
    What votes gain is a little less (benchmarks/superpoints.py). A sparse or noisy cloud falls into pieces of one cell,
    which is the honest answer there. Deterministic.
    """
    axes = np.ascontiguousarray(points.T)
    axes -= axes.min(axis=1, keepdims=True)
    size = _cell_size(axes)
    steps = _cell_steps(axes.max(axis=1), size)
    key, cell = np.unique(_cell_keys(axes, size, steps), return_inverse=True)
    a, b, faced = _touching(key, steps)
    normal = _normals(axes / size, cell, np.stack([a[faced], b[faced]]), len(key))
    along = np.zeros(len(a))
    for axis in normal:
        along += axis[a] * axis[b]
    smooth = np.abs(along) > np.cos(np.deg2rad(BEND_DEGREES))
    return _linked(a[smooth], b[smooth], len(key))[cell]


def _cell_steps(extent: Float64[np.ndarray, "3"], size: float) -> tuple[int, int, int]:
    """How far apart the numbers of two cells are that follow each other along x and y, and how many there are.

    Coordinates begin at 1 and end before the last, so that all neighbours have numbers too.
    """
    x, y, z = (int(along / size) + 3 for along in extent)
    return y * z, z, x * y * z


def _cell_keys(
    axes: Float64[np.ndarray, "3 N"], size: float, steps: tuple[int, int, int]
) -> Int[np.ndarray, "N"]:
    """The number of the cell of each point (N,), in 32 bits if they are enough: those are sorted in half the time."""
    along_x, along_y, count = steps
    whole = np.int32 if count < 2**31 else np.int64
    x, y, z = ((axis / size).astype(whole) + 1 for axis in axes)
    return along_x * x + along_y * y + z


def _cell_size(axes: Float64[np.ndarray, "3 N"]) -> float:
    """Cells so large that about as many are taken as there should be."""
    reach = axes.max(axis=1)
    extent, target = float(reach.max()) or 1.0, min(axes.shape[1] / POINTS_PER_CELL, MOST_CELLS)
    thin = axes[:, :: 1 + axes.shape[1] // COUNTED]
    size = extent / np.sqrt(target)
    for _ in range(CORRECTIONS):
        key = np.sort(_cell_keys(thin, size, _cell_steps(reach, size)))
        taken = 1 + np.count_nonzero(key[1:] != key[:-1])
        # A surface takes four times as many cells of half the size.
        size = max(size * np.sqrt(taken / target), extent / 2**19)
    return float(size)


def _touching(
    key: Int[np.ndarray, "C"], steps: tuple[int, int, int]
) -> tuple[Int32[np.ndarray, "L"], Int32[np.ndarray, "L"], Bool[np.ndarray, "L"]]:
    """Pairs of cells (L,), (L,) that touch, at corners too, each once, and whether they share a face."""
    along_x, along_y, _ = steps
    below = np.flatnonzero(key[1:] == key[:-1] + 1)
    found = [(below, below + 1, np.ones(len(below), dtype=bool))]
    padded = np.concatenate([key, np.full(3, -1, dtype=key.dtype)])
    diagonals = (along_x - along_y, False), (along_x + along_y, False)
    for step, straight in ((along_y, True), (along_x, True), *diagonals):
        wanted = key + step
        first = np.searchsorted(key, wanted - 1)
        for place in range(3):  # cells that differ in z alone follow each other
            off = padded[first + place] - wanted
            a = np.flatnonzero(np.abs(off) <= 1)
            found.append((a, first[a] + place, straight & (off[a] == 0)))
    a, b, faced = (np.concatenate(each) for each in zip(*found, strict=True))
    return a.astype(np.int32), b.astype(np.int32), faced  # as sparse matrices hold them


def _normals(
    axes: Float64[np.ndarray, "3 N"],
    cell: Int64[np.ndarray, "N"],
    faced: Int32[np.ndarray, "2 L"],
    count: int,
) -> Float64[np.ndarray, "3 C"]:
    """Normal (3,C) of the points in each cell and in those that share a face with it; zero where it is not known."""
    x, y, z = axes - axes.mean(axis=1, keepdims=True)
    weights = (None, x, y, z, x * x, x * y, x * z, y * y, y * z, z * z)
    sums = np.stack([np.bincount(cell, weight, minlength=count) for weight in weights], axis=1)
    after = csr_array((np.ones(faced.shape[1]), (faced[0], faced[1])), shape=(count, count))
    held, x, y, z, *squares = np.ascontiguousarray((sums + after @ sums + after.T @ sums).T)
    x, y, z = x / held, y / held, z / held
    products = (x * x, x * y, x * z, y * y, y * z, z * z)
    spread = np.stack([s / held - p for s, p in zip(squares, products, strict=True)])
    xx, xy, xz, yy, yz, zz = spread
    x, y, z = normal = thinnest(spread)
    across = x * x * xx + y * y * yy + z * z * zz + 2 * (x * y * xy + x * z * xz + y * z * yz)
    whole = xx + yy + zz
    return np.where((whole > SPOT) & (across < FLAT * whole), normal, 0.0)


def _linked(a: Int[np.ndarray, "L"], b: Int[np.ndarray, "L"], count: int) -> Int32[np.ndarray, "M"]:
    """The number (M,) of the connected group of each of `count` things, given the links between them."""
    # Of float64, which SciPy would copy the links to.
    links = csr_array((np.ones(len(a)), (a, b)), shape=(count, count))
    return connected_components(links, directed=False)[1].astype(np.int32)
