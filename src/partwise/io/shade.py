"""Light on a picture: a soft key light, a bright sky, dark corners and a shadow on the floor."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from partwise.io.camera import Camera

_KEY_LIGHT = np.array(
    [-0.45, 0.62, 0.64], dtype=np.float32
)  # right, up, toward the camera: over the left shoulder
_AMBIENT, _KEY, _GLOSS = 0.62, 0.55, 0.05
_SAMPLES = 16
FLOOR_SPAN, FLOOR_CELLS = 4.0, 192  # side of the floor in radii of the shape, and in cells
_REACH = 0.16  # how far corners darken, in radii of the shape


def lit(
    albedo: Float32[np.ndarray, "M 3"],
    normals: Float32[np.ndarray, "M 3"],
    open_sky: Float32[np.ndarray, "M"],
) -> Float32[np.ndarray, "M 3"]:
    """Linear light (M,3) of surfaces with colour `albedo` (linear); normals in camera axes, open_sky (M,) in 0..1."""
    key = _KEY_LIGHT / np.linalg.norm(_KEY_LIGHT)
    diffuse = np.clip(normals @ key, 0, 1)
    sky = 0.78 + 0.22 * normals[:, 1]  # a floor that throws back some light
    half = key + np.array([0, 0, 1], dtype=np.float32)
    gloss = np.clip(normals @ (half / np.linalg.norm(half)), 0, 1) ** 24
    strength = open_sky * (_AMBIENT * sky) + (0.35 + 0.65 * open_sky) * _KEY * diffuse
    return albedo * strength[:, None] + (_GLOSS * gloss * open_sky)[:, None]


def open_sky(
    depth: Float32[np.ndarray, "H W"],
    normals: Float32[np.ndarray, "H W 3"],
    seen: Bool[np.ndarray, "H W"],
    zoom: float,
) -> Float32[np.ndarray, "H W"]:
    """How much of the sky each pixel sees, in 0..1: ambient obscurance over the depth picture.

    Follows the estimator of McGuire et al., "The Alchemy Screen-Space Ambient Obscurance Algorithm" (2011): samples
    on a spiral around each pixel darken it as far as they rise above its tangent plane.
    """
    from scipy.ndimage import gaussian_filter

    height, width = depth.shape
    rows, columns = np.nonzero(seen)
    if not len(rows):
        return np.ones((height, width), dtype=np.float32)
    x = (np.arange(width, dtype=np.float32) - width / 2) / zoom
    y = (height / 2 - np.arange(height, dtype=np.float32)) / zoom
    here, normal = depth[rows, columns], normals[rows, columns]
    place = np.stack([x[columns] * here, y[rows] * here, -here], axis=1)
    reach = _REACH * zoom / float(here.mean())
    # Neighbouring pixels turn the spiral differently; the blur at the end mixes 4 x 4 of them.
    turn = (((rows % 4) * 4 + columns % 4) * 7 % 16).astype(np.float32) * np.float32(np.pi / 8)
    total = np.zeros(len(rows), dtype=np.float32)
    for index in range(_SAMPLES):
        share = (index + 0.5) / _SAMPLES
        angle = turn + np.float32(2.4 * index)
        row = np.clip(rows + np.rint(np.sin(angle) * (reach * share)).astype(np.int64), 0, height - 1)
        column = np.clip(columns + np.rint(np.cos(angle) * (reach * share)).astype(np.int64), 0, width - 1)
        there = depth[row, column]
        step = np.stack([x[column] * there, y[row] * there, -there], axis=1) - place
        squared = np.einsum("mc,mc->m", step, step)
        rise = np.einsum("mc,mc->m", step, normal) - 0.01 * _REACH
        weight = np.maximum(_REACH**2 - squared, 0) ** 3 / _REACH**6
        total += np.where(seen[row, column], np.maximum(rise, 0) * weight / np.sqrt(squared + 1e-6), 0)
    sky = np.zeros((height, width), dtype=np.float32)
    sky[rows, columns] = np.clip(1 - 2.6 * total / _SAMPLES, 0, 1) ** 1.2
    share = gaussian_filter(seen.astype(np.float32), 1.6)
    return np.where(seen, gaussian_filter(sky, 1.6) / np.maximum(share, 1e-3), 1).astype(np.float32)


def floor_shadow(points: Float64[np.ndarray, "M 3"]) -> Float32[np.ndarray, "X Z"]:
    """How dark the floor is, in 0..1, on a square of FLOOR_SPAN around the middle: darkest where the shape touches it.

    points (M,3) spread over the surface, centre 0 and radius 1, +Y up; the floor lies at the lowest of them.
    """
    from scipy.ndimage import gaussian_filter

    above = points[:, 1] - points[:, 1].min()
    place = np.clip(
        ((points[:, (0, 2)] / FLOOR_SPAN + 0.5) * FLOOR_CELLS).astype(np.int64), 0, FLOOR_CELLS - 1
    )
    dark = np.zeros((FLOOR_CELLS, FLOOR_CELLS), dtype=np.float32)
    for top, blur, share in (
        (0.12, 1.5, 0.45),
        (0.6, 5.0, 0.35),
        (9.0, 12.0, 0.3),
    ):  # higher up, softer and fainter
        layer = np.zeros_like(dark)
        near = place[above < top]
        layer[near[:, 0], near[:, 1]] = 1
        dark += share * gaussian_filter((gaussian_filter(layer, 1.0) > 0.2).astype(np.float32), blur)
    return np.minimum(dark, 1)


def seen_on_floor(
    shadow: Float32[np.ndarray, "X Z"], floor: float, camera: Camera, width: int, height: int
) -> Float32[np.ndarray, "H W"]:
    """The shadow (H,W) as the camera sees it on the floor at height `floor`; 0 where no floor is seen."""
    from scipy.ndimage import map_coordinates

    eye, rays = camera.rays(width, height)
    with np.errstate(divide="ignore"):
        along = (floor - eye[1]) / rays[..., 1]
    hit = np.isfinite(along) & (along > 0)
    ground = np.where(hit[..., None], eye[[0, 2]] + along[..., None] * rays[..., (0, 2)], 1e6)
    cell = (ground / FLOOR_SPAN + 0.5) * FLOOR_CELLS - 0.5
    return map_coordinates(shadow, [cell[..., 0], cell[..., 1]], order=1, mode="constant").astype(np.float32)


def surface_sample(
    points: Float64[np.ndarray, "N 3"], faces: Int64[np.ndarray, "F 3"], count: int
) -> Float64[np.ndarray, "M 3"]:
    """About `count` points (M,3) spread evenly over a mesh; the same ones each time."""
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    area = np.cumsum(np.linalg.norm(np.cross(b - a, c - a), axis=1))
    if not len(area) or not area[-1] > 0:
        return points
    generator = np.random.default_rng(0)
    face = np.searchsorted(area, (np.arange(count) + 0.5) / count * area[-1])
    u, v = generator.random((2, count, 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    return a[face] + u * (b - a)[face] + v * (c - a)[face]
