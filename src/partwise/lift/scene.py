"""The canonical frame of a shape, the light, and what one picture holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64, Int32, UInt8

from partwise.errors import InputError
from partwise.lift.cameras import Camera
from partwise.shape import Shape, canonical_transform

# Where the lights stand, in the camera frame (x right, y down, z forward): at the camera, upper left, right.
LIGHT_DIRECTIONS = np.array([[0.0, 0.0, -1.0], [-0.64, -0.64, -0.43], [0.80, -0.20, -0.57]])


@dataclass(frozen=True)
class Light:
    """How a surface is lit: a head light at the camera and two fills; the light never depends on a normal's sign.

    The parts add up to at most 1 on a surface that faces the camera; `ambient` alone shows the colours as they are.
    """

    ambient: float = 0.35
    head: float = 0.45
    fill: float = 0.2
    background: tuple[int, int, int] = (255, 255, 255)

    def brightness(self, normals: Float32[np.ndarray, "M 3"], camera: Camera) -> Float32[np.ndarray, "M"]:
        """Factor 0..1 (M,) for unit normals (M,3) of either sign.

        Only the size of the cosine counts, so flipped faces look like any other. The lights are far away and turn
        with the camera.
        """
        directions = (LIGHT_DIRECTIONS @ camera.world_to_camera[:3, :3]).astype(np.float32)
        strengths = np.array([self.head, self.fill, self.fill], dtype=np.float32)
        value = np.abs(normals @ directions.T) @ strengths
        value += np.float32(self.ambient)
        return np.minimum(value, 1, out=value)


STUDIO = Light()
UNLIT = Light(ambient=1.0, head=0.0, fill=0.0)


@dataclass(frozen=True)
class Frame:
    """From a shape's own frame to the canonical one: +Y up, box centre at the origin, farthest point at distance 1."""

    rotation: Float64[np.ndarray, "3 3"]
    centre: Float64[np.ndarray, "3"]
    scale: float

    def apply(self, points: Float[np.ndarray, "N 3"]) -> Float64[np.ndarray, "N 3"]:
        """Points (N,3) of the shape's frame in the canonical frame; centred before they are scaled, for precision."""
        return ((points - self.centre) * self.scale) @ self.rotation.T

    @property
    def matrix(self) -> Float64[np.ndarray, "4 4"]:
        """The same map as a (4,4) matrix, for records."""
        return canonical_transform(self.rotation, self.centre, self.scale)


def frame_of(shape: Shape, points: Float[np.ndarray, "N 3"]) -> Frame:
    """The canonical frame of a shape whose surface is spanned by `points` (N,3), all finite.

    Raises InputError if the points have no extent or are too large to square.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    centre = low / 2 + high / 2
    with np.errstate(over="ignore"):
        reach = float(np.sqrt(np.square(points - centre).sum(axis=1).max()))
    if not 0 < reach < np.inf or not 0 < 1 / reach < np.inf:
        raise InputError(
            f"the shape's radius is {reach}: expected a positive, finite one; check the coordinates"
        )
    return Frame(shape.to_y_up(), centre, 1 / reach)


@dataclass(frozen=True, eq=False)
class View:
    """One rendered picture, and for each pixel what it shows.

    color  (H,W,4) RGBA; alpha is 255 on the shape, 0 on the background
    depth  (H,W) along the view direction in canonical units, inf on the background
    ids    (H,W) face of a mesh or point of a cloud, -1 on the background
    u, v   (H,W) weights of the face's second and third corner, meaningless on the background; None for a cloud
    """

    camera: Camera
    color: UInt8[np.ndarray, "H W 4"]
    depth: Float32[np.ndarray, "H W"]
    ids: Int32[np.ndarray, "H W"]
    u: Float32[np.ndarray, "H W"] | None = None
    v: Float32[np.ndarray, "H W"] | None = None

    @property
    def barycentric(self) -> Float32[np.ndarray, "H W 3"]:
        """Weights (H,W,3) of the corners of the face that each pixel shows, 0 on the background.

        Raises InputError for a cloud, which has no faces.
        """
        if self.u is None or self.v is None:
            raise InputError(
                "this picture shows a point cloud: there are no faces and so no barycentric weights"
            )
        weights = np.stack([1 - self.u - self.v, self.u, self.v], axis=-1)
        return np.where(self.ids[..., None] >= 0, weights, np.float32(0))
