"""Normals and spacing for showing a shape: smooth where it is round, sharp where it has edges."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64, Int64

from partwise.io.geometry import Geometry

_CREASE = np.cos(np.radians(40.0))  # faces that meet at more than this stay sharp
_NEIGHBOURS, _CLOSE = 10, 5  # for the normal, and for the gap to the next points


def corner_normals(geometry: Geometry, faces: Int64[np.ndarray, "F 3"]) -> Float32[np.ndarray, "F 3 3"]:
    """Unit normals (F, corner, 3) of a mesh: the stored ones, else averaged over faces that meet gently.

    Two rounds of averaging: the second leaves out faces that turned out to lie beyond a crease, so the rim of a
    cylinder does not bend the shade of its wall.
    """
    if geometry.normals is not None and _are_unit(geometry.normals):
        return geometry.normals[faces]
    a, b, c = (geometry.points[faces[:, corner]] for corner in range(3))
    weighted = np.cross(b - a, c - a)  # (F,3), twice the area long
    flat = _normalized(weighted)
    place = _welded(geometry.points)[faces]  # (F,3)
    agrees = np.ones(place.shape, dtype=bool)
    smooth = np.zeros((*place.shape, 3))
    for _ in range(2):
        which = place[agrees]
        share = np.broadcast_to(weighted[:, None], smooth.shape)[agrees]
        total = np.stack([np.bincount(which, share[:, axis], place.max() + 1) for axis in range(3)], axis=1)
        smooth = _normalized(total)[place]  # (F,3,3)
        agrees = np.einsum("fkc,fc->fk", smooth, flat) > _CREASE
    return np.where(agrees[..., None], smooth, flat[:, None]).astype(np.float32)


def face_areas(corners: Float64[np.ndarray, "F 3 3"]) -> Float64[np.ndarray, "F"]:
    """Areas (F,) of triangles with corners (F, corner, xyz), in the unit of the coordinates squared."""
    return np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2


def cloud_surface(
    geometry: Geometry, rows: Int64[np.ndarray, "M"]
) -> tuple[Float32[np.ndarray, "M 3"], Float64[np.ndarray, "M"]]:
    """Unit normals (M,3), of either sign, and radii (M,) that let discs at the points `rows` close the surface.

    Normals are the stored ones, else the direction in which the nearest neighbours spread least. A disc covers the
    gap between points of the local density, within a factor of two of the usual one.
    """
    from scipy.spatial import KDTree

    points = geometry.points[rows]
    size = float((points.max(axis=0) - points.min(axis=0)).max()) or 1.0
    count = min(_NEIGHBOURS, len(points) - 1)
    if count < 3:
        return np.tile(np.array([0, 0, 1], dtype=np.float32), (len(points), 1)), np.full(
            len(points), 0.05 * size
        )
    distance, neighbour = KDTree(points).query(points, k=count + 1, workers=-1)
    # k points in a disc of radius d: one takes the area pi d^2 / k, and a disc twice as wide as its side closes gaps.
    close = min(_CLOSE, count)
    radius = 1.2 * distance[:, close] * np.sqrt(np.pi / close)
    usual = float(np.median(radius)) or 0.02 * size
    radius = np.clip(radius, usual / 2, min(2 * usual, 0.045 * size))
    if geometry.normals is not None and _are_unit(geometry.normals[rows]):
        return geometry.normals[rows], radius
    spread = points[neighbour]
    spread = (spread - spread.mean(axis=1, keepdims=True)) / size
    _, axes = np.linalg.eigh(np.einsum("mki,mkj->mij", spread, spread))
    return axes[:, :, 0].astype(np.float32), radius


def _welded(points: Float64[np.ndarray, "N 3"]) -> Int64[np.ndarray, "N"]:
    """The same number for equal positions, through a 64-bit hash: sorting whole rows would take ten times as long."""
    bits = (points + 0.0).view(np.uint64).reshape(-1, 3)  # + 0.0 turns -0.0 into 0.0
    factors = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)
    mixed = bits * factors
    mixed ^= mixed >> np.uint64(29)
    return np.unique((mixed * factors[::-1]).sum(axis=1, dtype=np.uint64), return_inverse=True)[1].reshape(-1)


def _normalized(vectors: Float64[np.ndarray, "M 3"]) -> Float64[np.ndarray, "M 3"]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1.0)


def _are_unit(normals: Float32[np.ndarray, "M 3"]) -> bool:
    length = np.linalg.norm(normals, axis=1)
    return bool(np.isfinite(length).all() and (np.abs(length - 1) < 0.05).all())
