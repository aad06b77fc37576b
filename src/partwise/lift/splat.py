"""Headless pictures of a point cloud: every point is a disk, the nearest one wins its pixel. Any torch device."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int64
from scipy.spatial import KDTree
from torch import Tensor

from partwise.errors import InputError
from partwise.lift.cameras import Camera
from partwise.lift.paint import GREY
from partwise.lift.scene import STUDIO, Light, View, frame_of
from partwise.points import normals_from
from partwise.shape import Shape

# Disks of this many times the usual distance between neighbours leave no holes in a surface.
COVER = 1.6
# A disk never grows beyond this many pixels: a lone point in a huge picture must not fill it.
LARGEST_RADIUS = 12
NEIGHBOURS_FOR_NORMAL = 16
# Points that are asked for their spacing.
SPACING_SAMPLE = 2048
# (pixel, point) pairs that are tried at one time.
PAIRS_AT_ONCE = 500_000
EMPTY = torch.iinfo(torch.int64).max


class CloudScene:
    """A point cloud ready to be looked at.

    radius: of a point's disk in canonical units (COPS: 0.04 or 0.01); None takes it from the cloud's own spacing.
    Points that are not finite are left out of the pictures and keep their index.
    """

    def __init__(
        self,
        shape: Shape,
        light: Light = STUDIO,
        radius: float | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        geometry, finite = shape.geometry, shape.finite
        self.frame = frame_of(shape, geometry.points[finite])
        self.kept = np.flatnonzero(finite)
        points = self.frame.apply(geometry.points[finite])
        self.radius = _spacing(points) * COVER if radius is None else radius
        if not self.radius > 0:
            raise InputError(
                f"a disk radius of {self.radius} draws nothing: give a positive radius in canonical units"
            )
        self.light, self.device = light, torch.device(device)
        self.diagonal = float(np.linalg.norm(points.max(axis=0) - points.min(axis=0)))
        # Estimated normals leave a disk before or behind its neighbours by about its own size.
        self.depth_slack = self.radius
        self._points = torch.as_tensor(points, device=self.device)
        stored = None if geometry.normals is None else geometry.normals[finite] @ self.frame.rotation.T
        self._normals = (_normals(points) if stored is None else stored).astype(np.float32)
        self._colors = None if geometry.colors is None else geometry.colors[finite][:, :3]

    def render(self, camera: Camera) -> View:
        """One picture: stored colours as they are, or grey lit by the light."""
        depth, winner = self._splat(camera)
        shown = np.flatnonzero(winner >= 0)
        color = np.empty((len(winner), 4), dtype=np.uint8)
        color[:] = (*self.light.background, 0)
        color[shown, 3] = 255
        point = winner[shown]
        if self._colors is not None:
            color[shown, :3] = self._colors[point]
        else:
            color[shown, :3] = self._grey(camera, point)
        ids = np.full(len(winner), -1, dtype=np.int32)
        ids[shown] = self.kept[point]
        size = (camera.height, camera.width)
        return View(camera, color.reshape(*size, 4), depth.reshape(size), ids.reshape(size))

    def _grey(self, camera: Camera, point: Int64[np.ndarray, "M"]) -> Float32[np.ndarray, "M 1"]:
        bright = self.light.brightness(self._normals[point], camera)
        return (bright * (255 * GREY) + 0.5)[:, None]

    def _splat(self, camera: Camera) -> tuple[Float32[np.ndarray, "M"], Int64[np.ndarray, "M"]]:
        """Depth (M,) and winning point (M,) of each pixel, M = H W; -1 where no disk falls.

        Depth and index share one integer key, so a scatter minimum settles both; the lower index wins a tie.
        """
        matrix = torch.as_tensor(camera.world_to_camera, device=self.device)
        seen = self._points @ matrix[:3, :3].T + matrix[:3, 3]
        index = torch.nonzero(seen[:, 2] > 0)[:, 0]
        x, y, z = seen[index].unbind(-1)
        focal, (middle_x, middle_y) = camera.intrinsics[0, 0], camera.intrinsics[:2, 2]
        zoom = torch.full_like(z, focal) if camera.orthographic else focal / z  # pixels per unit at the point
        column, row = x * zoom + middle_x, y * zoom + middle_y
        reach = (self.radius * zoom).clamp(max=LARGEST_RADIUS)
        normal = torch.as_tensor(self._normals, device=self.device)[index].double() @ matrix[:3, :3].T
        steep_x, steep_y = (-normal[:, axis] / _away_from_zero(normal[:, 2]) / zoom for axis in (0, 1))
        buffer = torch.full((camera.height * camera.width,), EMPTY, dtype=torch.int64, device=self.device)
        extent = int(reach.max().ceil()) if len(reach) else 0
        steps = torch.arange(-extent, extent + 1, device=self.device)
        for some in torch.cartesian_prod(steps, steps).split(max(1, PAIRS_AT_ONCE // max(1, len(z)))):
            down, across = some[:, :1], some[:, 1:]  # (O,1) pixels away from the one that holds the point
            i, j = row.floor().long() + down, column.floor().long() + across  # (O,N)
            right, below = j + 0.5 - column, i + 0.5 - row
            inside = (i >= 0) & (i < camera.height) & (j >= 0) & (j < camera.width)
            # The pixel that holds the point is always drawn.
            inside &= (right**2 + below**2 <= reach**2) | ((down == 0) & (across == 0))
            # The disk lies in the surface, not across the view: on a slope its far side is deeper. The clamp keeps
            # a normal that is seen edge-on, or estimated badly, from reaching far.
            tilt = (steep_x * right + steep_y * below).clamp(-2 * self.radius, 2 * self.radius)
            key = ((z + tilt).float().view(torch.int32).to(torch.int64) << 32) | index
            buffer.scatter_reduce_(0, (i * camera.width + j)[inside], key[inside], "amin")
        empty = buffer == EMPTY
        depth = (buffer >> 32).to(torch.int32).view(torch.float32).masked_fill(empty, torch.inf)
        winner = (buffer & 0xFFFFFFFF).masked_fill(empty, -1)
        return depth.cpu().numpy(), winner.cpu().numpy()


def _away_from_zero(values: Float[Tensor, "N"]) -> Float[Tensor, "N"]:
    return torch.where(values.abs() < 1e-6, 1e-6, values)


def _spacing(points: Float64[np.ndarray, "N 3"]) -> float:
    """The usual distance of a point to its nearest distinct neighbour; 0.05 if all points coincide."""
    step = max(1, len(points) // SPACING_SAMPLE)
    distance = KDTree(points).query(points[::step], k=min(4, len(points)))[0].reshape(-1)
    distance = distance[distance > 0]
    return float(np.median(distance)) if len(distance) else 0.05


def _normals(points: Float64[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 3"]:
    """A normal of each point (N,3), of either sign."""
    _, index = KDTree(points).query(points, k=min(NEIGHBOURS_FOR_NORMAL, len(points)))
    return normals_from(points, index.reshape(len(points), -1))
