"""Point operations: neighbours, interpolation, sampling. The one place for them; plain torch and NumPy, any device.

Squared distances are explicit differences in float32, added in the order x, y, z: the order in which the CUDA
kernels of the published models add them, so that the same neighbours come out.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int64
from scipy.spatial import cKDTree
from torch import Tensor

from partwise.errors import InputError

# Eigenvalues this close, in parts of the matrix, are the same: the plane they span has no one axis.
TWO_ALIKE = 1e-6
# So few neighbours are found faster by one minimum after the other.
FEW_NEIGHBOURS = 3
# Pairs of (query, point) whose distances are held at one time; three times 8 million floats are 96 MB.
PAIRS_AT_ONCE = 8_000_000
# More queries of a k-d tree than this are worth the start of threads, which takes milliseconds beside torch.
QUERIES_A_CORE = 20_000
# Coordinates beyond this have squares that are no numbers any more, and are measured in their own unit.
FAR = 1e150


def squared_distances(
    queries: Float[Tensor, "B M 3"], points: Float[Tensor, "B N 3"]
) -> Float[Tensor, "B M N"]:
    """All squared distances (B,M,N) by explicit differences, never the expanded product, which rounds otherwise."""
    x, y, z = (
        (q[:, :, None] - p[:, None, :]).square_()
        for q, p in zip(queries.unbind(-1), points.unbind(-1), strict=True)
    )
    return x.add_(y).add_(z)  # addcmul_ would round once, not twice


def nearest(
    queries: Float[Tensor, "B M 3"], points: Float[Tensor, "B N 3"], k: int
) -> tuple[Float[Tensor, "B M K"], Int64[Tensor, "B M K"]]:
    """The k nearest points of each query, nearest first, the lower index first among equals: (squared distance, index).

    The order is that of a stable sort by (distance, index). Queries are taken in chunks, so memory stays bounded.
    Raises InputError if k is not within 1..N.
    """
    n = points.shape[1]
    if not 1 <= k <= n:
        raise InputError(f"{k} neighbours were asked for among {n} points: ask for 1..{n}")
    queries, points = queries.detach().float(), points.detach().float()
    rows = max(1, PAIRS_AT_ONCE // max(1, n * len(points)))
    found = [_nearest_chunk(chunk, points, k) for chunk in queries.split(rows, dim=1)]
    return torch.cat([d for d, _ in found], dim=1), torch.cat([i for _, i in found], dim=1)


def _nearest_chunk(
    queries: Float[Tensor, "B M 3"], points: Float[Tensor, "B N 3"], k: int
) -> tuple[Float[Tensor, "B M K"], Int64[Tensor, "B M K"]]:
    distance = squared_distances(queries, points)
    if k <= FEW_NEIGHBOURS:
        return _nearest_few(distance, k)
    # A distance is not negative, so its bits sort as an integer does; the index below them breaks ties exactly.
    key = distance.view(torch.int32).to(torch.int64) << 32
    key |= torch.arange(points.shape[1], device=points.device)
    key = key.topk(k, dim=-1, largest=False, sorted=True).values
    return (key >> 32).to(torch.int32).view(torch.float32), key & 0xFFFFFFFF


def _nearest_few(
    distance: Float[Tensor, "B M N"], k: int
) -> tuple[Float[Tensor, "B M K"], Int64[Tensor, "B M K"]]:
    """Minimum after minimum; overwrites what it is given. min returns the first of the equals."""
    found = [distance.min(dim=-1, keepdim=True)]
    while len(found) < k:
        distance.scatter_(-1, found[-1][1], torch.inf)
        found.append(distance.min(dim=-1, keepdim=True))
    return torch.cat([value for value, _ in found], dim=-1), torch.cat([index for _, index in found], dim=-1)


def ball(
    queries: Float[Tensor, "B M 3"], points: Float[Tensor, "B N 3"], radius: float, k: int
) -> Int64[Tensor, "B M K"]:
    """Ball query (PointNet++): the first k points in index order with distance < radius; the first one fills up.

    A query with no point in its ball gets index 0 throughout, as in pointnet2_ops. A ball with fewer than k points,
    k > N included, repeats its first.
    """
    n = points.shape[1]
    inside = squared_distances(queries.detach().float(), points.detach().float()) < radius * radius
    index = torch.where(inside, torch.arange(n, device=points.device), n)
    index = index.topk(min(k, n), dim=-1, largest=False, sorted=True).values
    index = torch.nn.functional.pad(index, (0, max(0, k - n)), value=n)
    first = torch.where(index[..., :1] == n, 0, index[..., :1])
    return torch.where(index == n, first, index)


def gather(values: Float[Tensor, "B N D"], index: Int64[Tensor, "B *M"]) -> Float[Tensor, "B *M D"]:
    """Rows of `values` at `index`, batch by batch: values[b, index[b]], differentiable."""
    first = torch.arange(0, values.shape[0] * values.shape[1], values.shape[1], device=values.device)
    flat = index + first.view(-1, *[1] * (index.ndim - 1))
    return values.flatten(0, 1).index_select(0, flat.flatten()).view(*index.shape, values.shape[-1])


def interpolate(
    queries: Float[Tensor, "B M 3"],
    points: Float[Tensor, "B N 3"],
    values: Float[Tensor, "B N D"],
    k: int = 3,
    eps: float = 1e-8,
) -> Float[Tensor, "B M D"]:
    """Inverse-distance interpolation from the k nearest points, weights 1/(d^2 + eps) (PointNet++, section 3.4).

    With fewer than k points, all of them are used.
    """
    distance, index = nearest(queries, points, min(k, points.shape[1]))
    weight = 1.0 / (distance + eps)
    return blend(values, index, weight / weight.sum(dim=-1, keepdim=True))


def blend(
    values: Float[Tensor, "B N D"], index: Int64[Tensor, "B M K"], weight: Float[Tensor, "B M K"]
) -> Float[Tensor, "B M D"]:
    """The weighted sum (B,M,D) of the values at `index`, batch by batch."""
    total = weight[..., :1].to(values.dtype) * gather(values, index[..., 0])
    for j in range(1, index.shape[-1]):  # neighbour by neighbour: (B,M,K,D) is never held
        total = total + weight[..., j : j + 1].to(values.dtype) * gather(values, index[..., j])
    return total


def blend_weights(
    queries: Float[np.ndarray, "M 3"], points: Float[np.ndarray, "N 3"], k: int = 3, eps: float = 1e-8
) -> tuple[Int64[np.ndarray, "M K"], Float32[np.ndarray, "M K"]]:
    """The k nearest points of each query (M,K), all if they are fewer, and their weights in `interpolate`.

    By a k-d tree, for as many points as a shape may have.
    """
    ranks, workers = np.arange(1, min(k, len(points)) + 1), -1 if len(queries) > QUERIES_A_CORE else 1
    distance, index = cKDTree(points).query(queries, k=ranks, workers=workers)
    weight = 1.0 / (np.square(distance) + eps)
    return index, (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)


def nearest_assignment(
    queries: Float[np.ndarray, "M 3"], points: Float[np.ndarray, "N 3"]
) -> Int64[np.ndarray, "M"]:
    """Index (M,) of the nearest point of each query by a k-d tree: for millions of queries."""
    far = float(np.abs(points).max(initial=0))
    if far > FAR:
        queries, points = queries / far, points / far
    # A few are found before other cores, which torch may hold, have begun to help.
    return cKDTree(points).query(queries, workers=-1 if len(queries) > QUERIES_A_CORE else 1)[1]


def normals_from(
    points: Float64[np.ndarray, "N 3"], neighbours: Int64[np.ndarray, "N K"]
) -> Float64[np.ndarray, "N 3"]:
    """Estimated normals (N,3): the direction in which the neighbours of a point spread least; the sign says nothing."""
    around = points[neighbours]
    around = around - around.mean(axis=1, keepdims=True)
    return np.linalg.eigh(around.transpose(0, 2, 1) @ around)[1][:, :, 0]


def thinnest(spread: Float64[np.ndarray, "6 C"]) -> Float64[np.ndarray, "3 C"]:
    """Unit eigenvectors (3,C) to the least eigenvalues of symmetric matrices, (xx, xy, xz, yy, yz, zz) each (6,C).

    In closed form, for thousands of matrices at once: the least root of the characteristic cubic is a cosine, and the
    eigenvector is any column of the adjugate of what it leaves. Zero where the two least eigenvalues are the same, as
    those of zero are.
    """
    xx, xy, xz, yy, yz, zz = spread
    mean = (xx + yy + zz) / 3
    xx, yy, zz = xx - mean, yy - mean, zz - mean
    size = np.sqrt((xx * xx + yy * yy + zz * zz + 2 * (xy * xy + xz * xz + yz * yz)) / 6)
    unit = np.where(size > 0, size, 1)
    xx, xy, xz, yy, yz, zz = (entry / unit for entry in (xx, xy, xz, yy, yz, zz))
    half = (xx * (yy * zz - yz * yz) - xy * (xy * zz - xz * yz) + xz * (xy * yz - xz * yy)) / 2
    least = 2 * np.cos((np.arccos(np.clip(half, -1, 1)) + 2 * np.pi) / 3)
    xx, yy, zz = xx - least, yy - least, zz - least
    columns = np.empty((3, 3, len(least)))
    columns[0] = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    columns[1] = columns[0, 1], xx * zz - xz * xz, xy * xz - xx * yz
    columns[2] = columns[0, 2], columns[1, 2], xx * yy - xy * xy
    x, y, z = (np.abs(columns[axis, axis]) for axis in range(3))
    best = np.where(x >= y, columns[0], columns[1])
    best = np.where(np.maximum(x, y) >= z, best, columns[2])
    length = np.sqrt((best * best).sum(axis=0))
    return np.where((length > TWO_ALIKE) & (size > 0), best / np.maximum(length, TWO_ALIKE), 0.0)


def face_normals(corners: Float64[np.ndarray, "F 3 3"]) -> Float64[np.ndarray, "F 3"]:
    """Unit normal (F,3) of each triangle by its winding; zero for one without area. A scale of 1e-9 is no such case."""
    normal, area = _crossed_edges(corners)
    return (normal / np.maximum(2 * area, 1e-300)).T


def triangle_areas(corners: Float64[np.ndarray, "F 3 3"]) -> Float64[np.ndarray, "F"]:
    """Area (F,) of each triangle, in the square of the unit of its corners."""
    return _crossed_edges(corners)[1]


def _crossed_edges(
    corners: Float64[np.ndarray, "F 3 3"],
) -> tuple[Float64[np.ndarray, "3 F"], Float64[np.ndarray, "F"]]:
    """Cross product (3,F) of two edges of each triangle, and its area (F,); np.cross takes half as long again."""
    (ux, uy, uz), (vx, vy, vz) = ((corners[:, k] - corners[:, 0]).T for k in (1, 2))
    x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    return np.stack([x, y, z]), np.sqrt(x * x + y * y + z * z) / 2


def sample_surface(
    vertices: Float64[np.ndarray, "N 3"],
    faces: Int64[np.ndarray, "F 3"],
    count: int,
    rng: np.random.Generator,
    density: Float64[np.ndarray, "F"] | None = None,
) -> tuple[Float64[np.ndarray, "M 3"], Int64[np.ndarray, "M"], Float64[np.ndarray, "M 3"]]:
    """`count` points uniform in area: (positions (M,3), face index (M,), barycentric weights (M,3)).

    density  how many times likelier (F,) an area of each face is drawn
    Raises InputError if the surface has no area.
    """
    area = triangle_areas(vertices[faces])
    total = np.cumsum(area if density is None else area * density)
    if len(total) == 0 or not np.isfinite(total[-1]) or total[-1] <= 0:
        raise InputError(
            f"the {len(faces)} faces span no area: give a surface, or its vertices as a point cloud"
        )
    face = np.minimum(np.searchsorted(total, rng.random(count) * total[-1], side="right"), len(faces) - 1)
    root, share = np.sqrt(rng.random(count)), rng.random(count)
    weights = np.stack([1 - root, root * (1 - share), root * share], axis=1)
    a, b, c = vertices[faces[face]].transpose(1, 0, 2)
    positions = weights[:, :1] * a + weights[:, 1:2] * b + weights[:, 2:] * c
    return positions, face, weights


def choose(n: int, count: int, rng: np.random.Generator) -> Int64[np.ndarray, "M"]:
    """`count` of n indices: in input order if they are just as many, else without replacement while n lasts.

    If n < count, every index comes at least once and the rest are drawn again.
    """
    if n == count:
        return np.arange(n)
    if n > count:
        return (
            rng.permutation(n)[:count]
            if n < 4 * count
            else rng.choice(n, count, replace=False, shuffle=False)
        )
    return np.concatenate([np.arange(n), rng.integers(0, n, count - n)])


def fit_box(points: Float64[np.ndarray, "N 3"], box: str) -> tuple[Float64[np.ndarray, "3"], float]:
    """Centre (3,) and scale that bring points into a model's box: canonical = (point - centre) * scale.

    box "unit_sphere": mean to the origin, largest radius 1. box "max_abs_075": mean to the origin, largest
    coordinate 0.75 (how PatchAlign3D stored its training set). Points that all coincide get scale 1.
    """
    centre = points.mean(axis=0)
    offset = points - centre
    reach = float(np.abs(offset).max())
    if reach == 0:
        return centre, 1.0
    if box == "max_abs_075":
        return centre, 0.75 / reach
    if box != "unit_sphere":
        raise InputError(f"unknown box {box!r}: use 'unit_sphere' or 'max_abs_075'")
    offset /= reach  # squares of very large or very small coordinates would leave float64
    return centre, 1.0 / (reach * float(np.sqrt(np.einsum("nc,nc->n", offset, offset).max())))


def with_colors(
    points: Float32[np.ndarray, "N 3"], colors: Float32[np.ndarray, "N 3"]
) -> Float32[np.ndarray, "N 6"]:
    """Places (N,3) with their RGB (N,3) in 0..1 behind them, as models of 6 channels read them.

    Colours become -1..1, so that they count about as much as places in the unit sphere.
    """
    return np.concatenate([points, 2 * colors - 1], axis=1)


def random_rotation(rng: np.random.Generator, kind: str = "full") -> Float32[np.ndarray, "3 3"]:
    """A rotation matrix: kind "yaw" turns about +Y, "full" is uniform over SO(3)."""
    if kind == "yaw":
        angle = rng.uniform(0, 2 * np.pi)
        c, s = np.cos(angle), np.sin(angle)
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], dtype=np.float32)
    if kind != "full":
        raise InputError(f"unknown rotation {kind!r}: use 'yaw' or 'full'")
    w, x, y, z = (q := rng.standard_normal(4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ],
        dtype=np.float32,
    )


def front_points(
    points: Float32[np.ndarray, "N 3"], rng: np.random.Generator, cells: int = 40
) -> Int64[np.ndarray, "M"]:
    """Indices of the points that a distant viewer in a random direction sees: the front layer of a depth grid."""
    turned = points @ random_rotation(rng, "full").T
    low, high = turned.min(axis=0), turned.max(axis=0)
    cell = ((turned[:, :2] - low[:2]) / np.maximum(high[:2] - low[:2], 1e-9) * (cells - 1)).astype(np.int64)
    key = cell[:, 0] * cells + cell[:, 1]
    front = np.full(cells * cells, np.inf)
    np.minimum.at(front, key, turned[:, 2])
    return np.flatnonzero(turned[:, 2] <= front[key] + 3 * float((high - low).max()) / cells)
