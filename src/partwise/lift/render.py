"""Headless pictures of a mesh by ray casting: colour, depth, face and barycentric weights of each pixel.

No GL context, no window: rays go through Embree, or Warp on a GPU. `scene_of` picks the renderer of a shape.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from jaxtyping import Float32, Int32, UInt8, UInt32

from partwise.errors import InputError
from partwise.lift.cameras import Camera
from partwise.lift.cast import Caster, EmbreeCaster, WarpCaster
from partwise.lift.paint import PACKED, Paint, dim
from partwise.lift.scene import STUDIO, UNLIT, Light, View, frame_of
from partwise.lift.splat import CloudScene
from partwise.shape import Shape

# Lifts the farthest place of a depth picture off the white of the background (PointCLIP V2: "depth_bias").
DEPTH_BIAS = 0.3


class MeshScene:
    """A mesh ready to be looked at: canonical frame, ray-casting tree, colours.

    Raises InputError if there is no face with an area, MissingExtraError without embreex.
    """

    def __init__(
        self, shape: Shape, light: Light = STUDIO, caster: Callable[..., Caster] = EmbreeCaster
    ) -> None:
        geometry = shape.geometry
        if geometry.faces is None or len(geometry.faces) == 0:
            raise InputError("the shape has no faces: render its points as a cloud, or give a mesh")
        # A stray vertex that no face uses must not shrink the object in the picture.
        used = np.zeros(len(geometry.points), dtype=bool)
        used[geometry.faces] = True
        self.frame = frame_of(shape, geometry.points[used])
        vertices = self.frame.apply(geometry.points)
        corners = vertices[geometry.faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        if not normals.any():
            raise InputError(
                f"all {len(geometry.faces)} faces have zero area: there is no surface to look at"
            )
        self.light = light
        self.diagonal = float(np.linalg.norm(np.ptp(vertices[used], axis=0)))
        self.depth_slack = 0.0
        self._paint = Paint(geometry, geometry.faces)
        self._normals = (normals / np.maximum(np.linalg.norm(normals, axis=1), 1e-300)[:, None]).astype(
            np.float32
        )
        self.caster = caster(vertices, geometry.faces)

    def render(self, camera: Camera) -> View:
        """One picture; transparent materials are drawn opaque, since a pixel can belong to one surface only."""
        hits = self.caster.cast(*camera.rays)
        face, depth, u, v = hits.face, hits.depth, hits.u, hits.v
        missed = face < 0
        shown = np.flatnonzero(~missed)
        color = np.full(len(face), np.array([*self.light.background, 0], dtype=np.uint8).view(PACKED)[0])
        color[shown] = self._shade(camera, face.take(shown), u.take(shown), v.take(shown))
        depth[missed] = np.inf
        size = (camera.height, camera.width)
        buffers = (buffer.reshape(size) for buffer in (depth, face, u, v))
        return View(camera, color.view(np.uint8).reshape(*size, 4), *buffers)

    def _shade(
        self,
        camera: Camera,
        face: Int32[np.ndarray, "M"],
        u: Float32[np.ndarray, "M"],
        v: Float32[np.ndarray, "M"],
    ) -> UInt32[np.ndarray, "M"]:
        """Lit packed colour (M,) of the places that pixels show."""
        color = self._paint.at(face, u, v)
        if self.light == UNLIT:
            return color
        if len(self._normals) < len(face):  # a small mesh is lit once for each face, not for each pixel
            return dim(color, self.light.brightness(self._normals, camera).take(face))
        return dim(color, self.light.brightness(self._normals.take(face, axis=0), camera))


def scene_of(
    shape: Shape, light: Light = STUDIO, device: str | torch.device = "cpu"
) -> MeshScene | CloudScene:
    """The renderer of a shape: ray casting for a mesh, depth-tested splats for a cloud.

    A cloud renders on any torch device. The rays of a mesh are cast by Embree on the CPU, by Warp on a GPU; colours
    are looked up on the CPU. Raises MissingExtraError without the caster's package, InputError for another device.
    """
    if not shape.is_mesh:
        return CloudScene(shape, light, device=device)
    if torch.device(device).type == "cpu":
        return MeshScene(shape, light)
    return MeshScene(shape, light, functools.partial(WarpCaster, device=str(device)))


def render_views(scene: MeshScene | CloudScene, cameras: Sequence[Camera], threads: int = 1) -> list[View]:
    """One picture for each camera, in their order. The ray caster frees the interpreter, so threads share the work."""
    if threads <= 1:
        return [scene.render(camera) for camera in cameras]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(scene.render, cameras))


def pictures(views: Sequence[View]) -> UInt8[np.ndarray, "V H W 3"]:
    """The colours (V,H,W,3) of views of one size, as an encoder takes them."""
    return np.stack([view.color[..., :3] for view in views])


def depth_pictures(views: Sequence[View]) -> UInt8[np.ndarray, "V H W 3"]:
    """Grey pictures of depth (V,H,W,3): the nearest place of a view is black, what is farther lighter, nothing white.

    PointCLIP V2 (released code): 1 - v / max v with v = nearness + 0.3, nearness 0..1 over the shape's own depth.
    """
    grey = np.ones((len(views), *views[0].depth.shape), dtype=np.float32)
    for number, view in enumerate(views):
        shown = view.ids >= 0
        if shown.any():
            nearness = (np.linalg.norm(view.camera.position) + 1 - view.depth[shown]) / 2
            value = np.clip(nearness, 0, 1) + DEPTH_BIAS
            grey[number, shown] = 1 - value / value.max()
    return np.rint(255 * grey[..., None]).astype(np.uint8).repeat(3, axis=-1)
