"""Polygons to triangles, for the formats whose faces have any number of corners."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64


def triangulate(
    corners: Int64[np.ndarray, "K"], counts: Int64[np.ndarray, "P"]
) -> tuple[Int64[np.ndarray, "F 3"], Int64[np.ndarray, "F"]]:
    """Cut polygons into fans from their first corner, in order.

    corners (K,) the values of all corners, polygon after polygon; counts (P,) corners of each. Returns triangles (F,3)
    and, for each, its polygon (F,). Polygons of one or two corners vanish. A fan is exact for convex polygons; what
    is cut off a concave one stays within its plane.
    """
    first = np.cumsum(counts) - counts
    triangles = np.maximum(counts - 2, 0)
    polygon = np.repeat(np.arange(len(counts)), triangles)
    step = np.arange(len(polygon)) - np.repeat(np.cumsum(triangles) - triangles, triangles)
    start = first[polygon]
    return np.stack([corners[start], corners[start + step + 1], corners[start + step + 2]], axis=1), polygon
