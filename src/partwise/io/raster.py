"""What is seen at each pixel: triangles and discs into a buffer of indices, in NumPy, without a display.

Every candidate pixel is one 64-bit key, depth above and index below, so that a minimum keeps the nearest.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float32, Int32, Int64

_CHUNK = 400_000  # candidate pixels at a time, few enough to stay in the processor's cache
_EMPTY = np.uint64(2**64 - 1)


def triangle_ids(
    flat: Float32[np.ndarray, "N 2"],
    depth: Float32[np.ndarray, "N"],
    faces: Int64[np.ndarray, "F 3"],
    width: int,
    height: int,
) -> Int32[np.ndarray, "H W"]:
    """Index (H,W) of the nearest face at each pixel centre, -1 where there is none.

    flat (N,2) pixel positions of the vertices, depth (N,) > 0. Both sides of a face count.
    """
    keys = np.full(height * width, _EMPTY)
    corners = flat[faces].astype(np.float64)  # (F,3,2)
    nearness = 1.0 / depth[faces].astype(np.float64)  # linear on the screen, unlike depth
    a, b, c = (corners[:, corner] for corner in range(3))
    low, high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    first = np.maximum(np.ceil(low[:, 1] - 0.5), 0).astype(np.int64)
    last = np.minimum(np.floor(high[:, 1] - 0.5), height - 1).astype(np.int64)
    wide = high[:, 0] - low[:, 0] + 1
    for some in _chunks(np.maximum(last - first + 1, 0), wide):
        _fill(keys, some, corners[some], nearness[some], first[some], last[some], width)
    return _index(keys).reshape(height, width)


def disc_ids(
    flat: Float32[np.ndarray, "N 2"],
    depth: Float32[np.ndarray, "N"],
    radius: Float32[np.ndarray, "N"],
    bulge: Float32[np.ndarray, "N"],
    width: int,
    height: int,
) -> Int32[np.ndarray, "H W"]:
    """Index (H,W) of the nearest disc at each pixel, -1 where there is none.

    flat (N,2) pixel positions, depth (N,) > 0, radius (N,) in pixels, bulge (N,) how much nearer the middle of a disc
    is than its rim, so that neighbours meet halfway like the cells of a honeycomb.
    """
    keys = np.full(height * width, _EMPTY)
    radius = np.maximum(radius, 0.71)  # the half diagonal of a pixel: every disc shows
    first = np.maximum(np.ceil(flat[:, 1] - radius - 0.5), 0).astype(np.int64)
    last = np.minimum(np.floor(flat[:, 1] + radius - 0.5), height - 1).astype(np.int64)
    for some in _chunks(np.maximum(last - first + 1, 0), 2 * radius + 1):
        rows = last[some] - first[some] + 1
        owner = np.repeat(some, rows)
        y = np.repeat(first[some], rows) + _counter(rows)
        squared = radius[owner] ** 2 - (y + np.float32(0.5) - flat[owner, 1]) ** 2
        across = np.sqrt(np.maximum(squared, 0))
        middle = flat[owner, 0] - np.float32(0.5)
        start = np.maximum(np.ceil(middle - across), 0).astype(np.int64)
        end = np.minimum(np.floor(middle + across), width - 1).astype(np.int64)
        length = np.maximum(end - start + 1, 0)
        column = _counter(length) + np.repeat(start.astype(np.int32), length)
        # A paraboloid: nearest in the middle, falling with the squared distance to it.
        steep = bulge[owner] / (depth[owner] * radius[owner]) ** 2
        away = column.astype(np.float32) - np.repeat(middle, length)
        away *= away
        away *= np.repeat(steep, length)
        near = np.repeat(1 / depth[owner] + steep * squared, length) - away
        np.minimum.at(
            keys,
            column + np.repeat((y * width).astype(np.int32), length),
            _key(near, np.repeat(owner.astype(np.uint32), length)),
        )
    return _index(keys).reshape(height, width)


def barycentric(
    flat: Float32[np.ndarray, "N 2"],
    depth: Float32[np.ndarray, "N"],
    corners: Int64[np.ndarray, "M 3"],
    pixels: Float32[np.ndarray, "M 2"],
) -> Float32[np.ndarray, "M 3"]:
    """Weights (M,3) of the corners of a triangle at a pixel position, corrected for perspective."""
    a, b, c = (flat[corners[:, corner]] for corner in range(3))
    weights = np.stack(
        [_cross(b - pixels, c - pixels), _cross(c - pixels, a - pixels), _cross(a - pixels, b - pixels)], 1
    )
    weights *= np.sign(_cross(b - a, c - a))[:, None]
    weights = np.maximum(weights, 0) / depth[corners]
    return weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)


def _fill(
    keys: np.ndarray,
    index: np.ndarray,
    corners: np.ndarray,
    nearness: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    width: int,
) -> None:
    """Scan lines of some triangles into `keys`: each (triangle, row) is a span between two edges."""
    edge = np.roll(corners, -1, axis=1) - corners  # (M,3,2)
    area = _cross(edge[:, 0], -edge[:, 2])
    solid = np.abs(area) > 1e-9
    rows = np.where(solid, np.maximum(last - first + 1, 0), 0)
    owner = np.repeat(np.arange(len(rows)), rows)
    y = first[owner] + _counter(rows) + 0.5
    low = np.full(len(owner), -np.inf)
    high = np.full(len(owner), np.inf)
    for side in range(3):
        rise = edge[owner, side, 1] * np.sign(area[owner])
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = edge[owner, side, 0] / edge[owner, side, 1]
            x = corners[owner, side, 0] + (y - corners[owner, side, 1]) * slope
        low = np.where(rise < 0, np.maximum(low, x), low)
        high = np.where(rise > 0, np.minimum(high, x), high)
    start = np.maximum(np.ceil(low - 0.5), 0).astype(np.int64)
    length = np.maximum(np.minimum(np.floor(high - 0.5), width - 1).astype(np.int64) - start + 1, 0)
    column = _counter(length) + np.repeat(start.astype(np.int32), length)
    # Nearness is a plane over the screen: its slopes follow from the three corners.
    delta = nearness[:, 1:] - nearness[:, :1]
    safe = np.where(solid, area, 1.0)
    along_x = (delta[:, 0] * -edge[:, 2, 1] - delta[:, 1] * edge[:, 0, 1]) / safe
    along_y = (delta[:, 1] * edge[:, 0, 0] - delta[:, 0] * -edge[:, 2, 0]) / safe
    at_zero = nearness[:, 0] - along_x * (corners[:, 0, 0] - 0.5) - along_y * corners[:, 0, 1]
    row_start = at_zero[owner] + along_y[owner] * y
    near = np.repeat(row_start, length) + np.repeat(along_x[owner], length) * column
    row = (y - 0.5).astype(np.int64)
    np.minimum.at(
        keys,
        column + np.repeat((row * width).astype(np.int32), length),
        _key(near, np.repeat(index[owner].astype(np.uint32), length)),
    )


def _chunks(rows: np.ndarray, wide: np.ndarray) -> Iterator[np.ndarray]:
    """Indices of triangles on the screen, in groups of at most _CHUNK candidate pixels (or one triangle)."""
    visible = np.flatnonzero(rows > 0)
    total = np.cumsum(rows[visible] * wide[visible])
    groups = np.searchsorted(total, np.arange(_CHUNK, total[-1] + _CHUNK, _CHUNK)) if len(total) else []
    yield from (group for group in np.split(visible, groups) if len(group))


def _key(nearness: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Smaller is nearer; equal depths go to the lower index, so pictures repeat exactly."""
    halves = np.empty((len(index), 2), dtype=np.uint32)
    low, high = (0, 1) if sys.byteorder == "little" else (1, 0)
    halves[:, low] = index
    np.invert(
        nearness.astype(np.float32, copy=False).view(np.uint32), out=halves[:, high]
    )  # floats > 0 sort like bits
    return halves.view(np.uint64)[:, 0]


def _index(keys: np.ndarray) -> Int32[np.ndarray, "P"]:
    return np.where(keys == _EMPTY, -1, (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)).astype(np.int32)


def _counter(lengths: np.ndarray) -> np.ndarray:
    """0, 1, ... within each run of the given lengths."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total, dtype=np.int32) - np.repeat((ends - lengths).astype(np.int32), lengths)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
