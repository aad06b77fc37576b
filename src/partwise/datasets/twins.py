"""Synthetic shapes for layout twins: labelled points that look like nothing, with the arrays that a format needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64, UInt8


def slabs(
    rng: np.random.Generator, count: int, parts: int
) -> tuple[Float64[np.ndarray, "N 3"], Float64[np.ndarray, "N 3"], Int64[np.ndarray, "N"]]:
    """Points (N,3) on a stack of `parts` boxes along +Y, unit normals (N,3), labels (N,) 0..parts-1, all present.

    Every label gets at least one point, so `count` must be at least `parts`.
    """
    labels = np.concatenate([np.arange(parts), rng.integers(0, parts, count - parts)])
    labels = labels[rng.permutation(count)]
    points = rng.uniform(-0.5, 0.5, (count, 3))
    side, sign = rng.integers(0, 3, count), rng.choice([-0.5, 0.5], count)
    points[np.arange(count), side] = sign
    normals = np.zeros((count, 3))
    normals[np.arange(count), side] = np.sign(sign)
    widths = rng.uniform(0.4, 1.0, (parts, 2))
    points[:, [0, 2]] *= widths[labels]
    points[:, 1] = (points[:, 1] + labels + 0.5) / parts - 0.5
    return points, normals, labels


def boxes(
    rng: np.random.Generator, count: int
) -> tuple[Float64[np.ndarray, "N 3"], Int64[np.ndarray, "F 3"]]:
    """Closed boxes one above the other: vertices (8 x count,3) and triangles (12 x count,3), box after box."""
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64)
    halves = rng.uniform(0.05, 0.3, (count, 1, 3))
    points = corners * halves + np.arange(count)[:, None, None] * [0.0, 0.7, 0.0]
    sides = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    one = np.concatenate([sides[:, [0, 1, 2]], sides[:, [0, 2, 3]]])
    faces = one + 8 * np.arange(count)[:, None, None]
    return points.reshape(-1, 3), faces.reshape(-1, 3)


def write_cloud(path: Path, points: Float64[np.ndarray, "N 3"], colors: UInt8[np.ndarray, "N 3"]) -> None:
    """A binary PLY of coloured points, as Open3D writes them: double x y z, uchar red green blue."""
    columns = [*((axis, "<f8") for axis in "xyz"), *((name, "u1") for name in ("red", "green", "blue"))]
    rows = np.empty(len(points), dtype=columns)
    for index, (name, _) in enumerate(columns):
        rows[name] = points[:, index] if index < 3 else colors[:, index - 3]
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(points)}"]
    header += [f"property {'double' if kind == '<f8' else 'uchar'} {name}" for name, kind in columns]
    path.write_bytes("\n".join([*header, "end_header", ""]).encode() + rows.tobytes())


def write_pcd(
    path: Path,
    points: Float64[np.ndarray, "N 3"],
    colors: UInt8[np.ndarray, "N 3"],
    normals: Float64[np.ndarray, "N 3"],
) -> None:
    """A binary PCD of coloured points with normals, as Open3D writes them: float32, colours packed as rgb."""
    fields = ("x", "y", "z", "rgb", "normal_x", "normal_y", "normal_z")
    packed = np.zeros((len(points), 4), dtype=np.uint8)
    packed[:, :3] = colors[:, ::-1]  # b g r 0, little-endian
    rgb = packed.view("<f4")
    header = [
        "# .PCD v0.7 - Point Cloud Data file format",
        "VERSION 0.7",
        f"FIELDS {' '.join(fields)}",
        f"SIZE {' '.join('4' for _ in fields)}",
        f"TYPE {' '.join('F' for _ in fields)}",
        f"COUNT {' '.join('1' for _ in fields)}",
        f"WIDTH {len(points)}",
        "HEIGHT 1",
        "VIEWPOINT 0 0 0 1 0 0 0",
        f"POINTS {len(points)}",
        "DATA binary",
        "",
    ]
    rows = np.column_stack([points.astype("<f4"), rgb, normals.astype("<f4")])
    path.write_bytes("\n".join(header).encode() + rows.astype("<f4").tobytes())
