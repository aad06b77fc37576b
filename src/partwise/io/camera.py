"""Where a picture is taken from: a three-quarter view that fills the frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from partwise.errors import InputError

# Turns that bring each axis up, as rotations (never mirrors): row i is the input direction of canonical axis i.
_TO_Y_UP = {
    "y": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "z": [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
    "x": [[0, -1, 0], [1, 0, 0], [0, 0, 1]],
    "-y": [[1, 0, 0], [0, -1, 0], [0, 0, -1]],
    "-z": [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
    "-x": [[0, 1, 0], [-1, 0, 0], [0, 0, 1]],
}
_DISTANCE = 4.5  # in radii of the shape: a calm perspective, about that of a portrait lens


def to_y_up(up: str) -> Float64[np.ndarray, "3 3"]:
    """The rotation (3,3) that turns axis `up` to +Y. Raises InputError for anything but an axis."""
    if up not in _TO_Y_UP:
        raise InputError(f"unknown up axis {up!r}: use one of {', '.join(_TO_Y_UP)}")
    return np.array(_TO_Y_UP[up], dtype=np.float64)


def bounding_ball(points: Float64[np.ndarray, "M 3"]) -> tuple[Float64[np.ndarray, "3"], float]:
    """Centre (3,) of the box of the points and the distance to its corners; 1 where all points are one."""
    low, high = points.min(axis=0), points.max(axis=0)
    return low / 2 + high / 2, float(np.linalg.norm(high / 2 - low / 2)) or 1.0


@dataclass(frozen=True)
class Camera:
    """A perspective camera around shapes that were brought to centre 0 and radius 1, +Y up.

    axes    (3,3) rows: right, up and toward the camera
    zoom    pixels per unit of x / depth
    middle  (2,) pixel of the optical axis: shifted so that the shape sits in the middle of its frame
    """

    axes: Float64[np.ndarray, "3 3"]
    zoom: float
    middle: tuple[float, float]

    @classmethod
    def framing(
        cls,
        points: Float64[np.ndarray, "M 3"],
        radius: Float64[np.ndarray, "M"] | float,
        view: tuple[float, float],
        frame: tuple[int, int, int, int],
    ) -> Camera:
        """The camera in whose picture balls of `radius` at all points fill `frame`: left, top, right, bottom in pixels.

        view is azimuth and elevation in degrees: (0, 0) looks at the front, azimuth 90 at the right side.
        """
        turn, lift = np.radians(view)
        toward = np.array([np.sin(turn) * np.cos(lift), np.sin(lift), np.cos(turn) * np.cos(lift)])
        right = np.array([np.cos(turn), 0.0, -np.sin(turn)])
        axes = np.stack([right, np.cross(toward, right), toward])
        flat, depth = cls(axes, 1.0, (0.0, 0.0)).project(points)
        extra = (radius / depth)[:, None]
        low, high = (flat - extra).min(axis=0), (flat + extra).max(axis=0)
        left, top, right_edge, bottom = frame
        size = np.maximum(high - low, 0.1)  # a single point does not fill the picture
        zoom = float(min((right_edge - left) / size[0], (bottom - top) / size[1]))
        middle = np.array([left + right_edge, top + bottom]) / 2 - zoom * (low + high) / 2
        return cls(axes, zoom, (float(middle[0]), float(middle[1])))

    def within(self, left: int, top: int, finer: int) -> Camera:
        """The same view in a picture that begins at (left, top) of this one and has `finer` times as many pixels."""
        middle = ((self.middle[0] - left) * finer, (self.middle[1] - top) * finer)
        return Camera(self.axes, self.zoom * finer, middle)

    def project(
        self, points: Float64[np.ndarray, "M 3"]
    ) -> tuple[Float32[np.ndarray, "M 2"], Float32[np.ndarray, "M"]]:
        """Pixel positions (M,2), y down, and depths (M,) in front of the camera."""
        local = points @ self.axes.T
        depth = _DISTANCE - local[:, 2]
        flat = local[:, :2] * ([self.zoom, -self.zoom] / depth[:, None]) + self.middle
        return flat.astype(np.float32), depth.astype(np.float32)

    def rays(self, width: int, height: int) -> tuple[Float64[np.ndarray, "3"], Float32[np.ndarray, "H W 3"]]:
        """The camera's position (3,) and the direction (H,W,3) through each pixel, one unit deep."""
        column = (np.arange(width) + 0.5 - self.middle[0]) / self.zoom
        row = (np.arange(height) + 0.5 - self.middle[1]) / self.zoom
        across = column[None, :, None] * self.axes[0]
        down = -row[:, None, None] * self.axes[1] - self.axes[2]
        return self.axes[2] * _DISTANCE, across.astype(np.float32) + down.astype(np.float32)
