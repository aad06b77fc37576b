"""Cameras and the view layouts of the published pipelines.

World frame: the shape's canonical frame, +Y up, inside the unit sphere (see `scene.Frame`).
Camera frame: x right, y down, z forward; depth is z. Pixel (row, column) has its centre at (column + 0.5, row + 0.5).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64

from partwise.errors import InputError

# Room left around the unit sphere by the layouts that are ours to choose.
MARGIN = 1.05
# A view direction steeper than this (cosine) has no +Y to point up in the picture.
NEARLY_VERTICAL = 0.999


@dataclass(frozen=True, eq=False)
class Camera:
    """One view: pose, intrinsics and picture size.

    world_to_camera  (4,4) rigid transform
    intrinsics       (3,3) focal lengths and principal point in pixels; orthographic: pixels per world unit
    """

    world_to_camera: Float64[np.ndarray, "4 4"]
    intrinsics: Float64[np.ndarray, "3 3"]
    height: int
    width: int
    orthographic: bool = False

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1:
            raise InputError(
                f"a picture of {self.height} x {self.width} pixels has no pixel: give at least 1 x 1"
            )

    @property
    def position(self) -> Float64[np.ndarray, "3"]:
        """Where the camera stands in the world (3,)."""
        rotation, shift = self.world_to_camera[:3, :3], self.world_to_camera[:3, 3]
        return -rotation.T @ shift

    @property
    def forward(self) -> Float64[np.ndarray, "3"]:
        """The view direction in the world (3,), unit length."""
        return self.world_to_camera[2, :3]

    def project(
        self, points: Float[np.ndarray, "N 3"]
    ) -> tuple[Float64[np.ndarray, "N 2"], Float64[np.ndarray, "N"]]:
        """World points (N,3) -> (column, row) in pixels (N,2) and depth (N,). Points behind the camera give NaN."""
        seen = points @ self.world_to_camera[:3, :3].T + self.world_to_camera[:3, 3]
        depth = seen[:, 2]
        plane = seen[:, :2]
        if not self.orthographic:
            with np.errstate(divide="ignore", invalid="ignore"):
                plane = np.where(depth[:, None] > 0, plane / depth[:, None], np.nan)
        focal = self.intrinsics[[0, 1], [0, 1]]
        return plane * focal + self.intrinsics[:2, 2], depth

    @functools.cached_property
    def rays(self) -> tuple[Float32[np.ndarray, "M 3"], Float32[np.ndarray, "M 3"]]:
        """One ray for each pixel in row-major order, M = H W: origins (M,3) and directions (M,3).

        A direction advances the depth by one: the distance along a ray is the depth. They are made once, since a
        library is looked at through the same few cameras.
        """
        right, down, forward = self.world_to_camera[:3, :3].astype(np.float32)
        x = (np.arange(self.width) + 0.5 - self.intrinsics[0, 2]) / self.intrinsics[0, 0]
        y = (np.arange(self.height) + 0.5 - self.intrinsics[1, 2]) / self.intrinsics[1, 1]
        start = self.position.astype(np.float32)
        # What depends on the column, once for a row of pixels; then what the row adds. Long rows keep NumPy fast.
        along = np.outer(x.astype(np.float32), right) + (start if self.orthographic else forward)
        moving = np.outer(y.astype(np.float32), np.tile(down, self.width)) + along.reshape(-1)
        moving = moving.reshape(-1, 3)
        still = np.broadcast_to(forward if self.orthographic else start, moving.shape)
        return (moving, still) if self.orthographic else (still, moving)

    def to_json(self) -> dict[str, object]:
        """Plain numbers for a manifest."""
        return {
            "world_to_camera": self.world_to_camera.tolist(),
            "intrinsics": self.intrinsics.tolist(),
            "height": self.height,
            "width": self.width,
            "orthographic": self.orthographic,
        }


def look_from(eye: Float[np.ndarray, "3"]) -> Float64[np.ndarray, "4 4"]:
    """World-to-camera matrix (4,4) of a camera at `eye` (3,) that looks at the origin with +Y up in the picture.

    Seen from straight above or below, where +Y has no direction in the picture, -Z is up.
    Raises InputError if `eye` is the origin.
    """
    distance = np.linalg.norm(eye)
    if not distance > 0:
        raise InputError("a camera at the origin cannot look at the origin: give it a distance")
    forward = -eye / distance
    up = np.array([0.0, 1.0, 0.0]) if abs(forward[1]) < NEARLY_VERTICAL else np.array([0.0, 0.0, -1.0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, np.cross(forward, right), forward])
    matrix[:3, 3] = -matrix[:3, :3] @ eye
    return matrix


def on_sphere(azimuth: float, elevation: float) -> Float64[np.ndarray, "3"]:
    """Unit direction (3,) from angles in degrees: azimuth 0 is +Z and turns towards +X, elevation 90 is +Y."""
    turn, rise = np.deg2rad(azimuth), np.deg2rad(elevation)
    return np.array([np.cos(rise) * np.sin(turn), np.sin(rise), np.cos(rise) * np.cos(turn)])


def perspective(eye: Float[np.ndarray, "3"], size: int, field_of_view: float) -> Camera:
    """A square perspective camera at `eye` (3,) that looks at the origin; angle in degrees, `size` in pixels."""
    focal = size / (2 * np.tan(np.deg2rad(field_of_view) / 2))
    return Camera(look_from(eye), _intrinsics(focal, size), size, size)


def orthographic(eye: Float[np.ndarray, "3"], size: int, half_extent: float = 1.0) -> Camera:
    """A square orthographic camera that shows `half_extent` world units to each side of the origin."""
    return Camera(look_from(eye), _intrinsics(size / (2 * half_extent), size), size, size, orthographic=True)


def _intrinsics(focal: float, size: int) -> Float64[np.ndarray, "3 3"]:
    return np.array([[focal, 0, size / 2], [0, focal, size / 2], [0, 0, 1]])


def _distance(field_of_view: float) -> float:
    """Distance from which the unit sphere fills a picture of this angle (degrees), with the margin."""
    return MARGIN / np.sin(np.deg2rad(field_of_view) / 2)


def cmat_paper(size: int = 224) -> tuple[Camera, ...]:
    """12 views, evenly spread (CMAT, stage 0). The paper gives number and size; the icosahedron is our reading.

    The vertices of an icosahedron with a face up: three cameras at each elevation +52.6, +10.8, -10.8, -52.6 degrees.
    """
    rings = ((52.6226, 0.0), (10.8123, 60.0), (-10.8123, 0.0), (-52.6226, 60.0))
    directions = [
        on_sphere(start + turn, elevation) for elevation, start in rings for turn in (0.0, 120.0, 240.0)
    ]
    return tuple(perspective(_distance(40.0) * d, size, 40.0) for d in directions)


def cmat_release(size: int = 378, seed: int = 0) -> tuple[Camera, ...]:
    """16 views (CMAT, released render script): rings of 8 at 30 and 0 degrees, a 35 mm lens on a 32 mm sensor.

    The distance of each ring is drawn once from 2.4..2.8. The release crops the margin afterwards; here nothing is cut.
    """
    rng = np.random.default_rng(seed)
    field_of_view = 2 * np.rad2deg(np.arctan(16 / 35))
    cameras = []
    for elevation, first in ((30.0, 30), (0.0, 60)):
        distance = rng.uniform(2.4, 2.8)
        for turn in range(first, first + 360, 45):
            cameras.append(perspective(distance * on_sphere(float(turn), elevation), size, field_of_view))
    return tuple(cameras)


def cops(size: int = 224) -> tuple[Camera, ...]:
    """10 views at distance 2 (COPS): 8 around at 20 degrees, one steep from above, one steep from below.

    60 degrees is the default angle of the renderer COPS uses. The steep angle is not known; 70 degrees is ours.
    """
    directions = [on_sphere(float(turn), 20.0) for turn in range(0, 360, 45)] + [
        on_sphere(0.0, 70.0),
        on_sphere(0.0, -70.0),
    ]
    return tuple(perspective(2.0 * d, size, 60.0) for d in directions)


def find3d(size: int = 500) -> tuple[Camera, ...]:
    """10 orthographic views (Find3D data engine): every 36 degrees, elevation +30 and -20 in turn, distance 3."""
    turns = range(-180, 180, 36)
    directions = [on_sphere(float(turn), (30.0, -20.0)[i % 2]) for i, turn in enumerate(turns)]
    return tuple(orthographic(3.0 * d, size) for d in directions)


def patchalign3d(size: int = 518) -> tuple[Camera, ...]:
    """10 views (PatchAlign3D stage 1): the layout of Find3D, whose renderings it reads, at the size DINOv2 sees."""
    return find3d(size)


def pointclipv2(size: int = 224) -> tuple[Camera, ...]:
    """10 orthographic views (PointCLIP V2, released code): 8 around at 20 degrees, one each 12 degrees off +Y and -Y.

    Its object spans 0.7 of the picture, whose middle 184 of 224 pixels are kept; here the unit sphere takes that place.
    """
    directions = [on_sphere(float(turn), 20.0) for turn in range(0, 360, 45)] + [
        on_sphere(0.0, 78.0),
        on_sphere(0.0, -78.0),
    ]
    return tuple(orthographic(3.0 * d, size, half_extent=184 / 224 / 0.7) for d in directions)


def uniform_sphere(views: int, size: int = 224, field_of_view: float | None = 40.0) -> tuple[Camera, ...]:
    """`views` cameras spread evenly over the sphere (Fibonacci lattice); angle in degrees, None for orthographic ones.

    Raises InputError if `views` is not positive.
    """
    if views < 1:
        raise InputError(f"{views} views were asked for: ask for 1 or more")
    golden = 180.0 * (3.0 - np.sqrt(5.0))
    elevations = np.rad2deg(np.arcsin(1 - (2 * np.arange(views) + 1) / views))
    directions = [on_sphere(golden * i, float(e)) for i, e in enumerate(elevations)]
    if field_of_view is None:
        return tuple(orthographic(2 * MARGIN * d, size, MARGIN) for d in directions)
    return tuple(perspective(_distance(field_of_view) * d, size, field_of_view) for d in directions)


# What a person may type. In code, call the function. `uniform_sphere` asks for a number of views too.
UNIFORM = "uniform"
LAYOUTS: dict[str, Callable[[int], tuple[Camera, ...]]] = {
    "cmat_paper": cmat_paper,
    "cmat_release": cmat_release,
    "cops": cops,
    "find3d": find3d,
    "patchalign3d": patchalign3d,
    "pointclipv2": pointclipv2,
}
