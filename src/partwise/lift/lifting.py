"""One shape to patch features: sample, render, encode, carry back, pool. The settings that decide the result."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64, UInt8
from torch import Tensor

from partwise.errors import InputError
from partwise.lift.cameras import LAYOUTS, Camera
from partwise.lift.project import PROJECTIONS, Projection, Target, lift_points, pool_patches, view_weights
from partwise.lift.render import pictures, render_views, scene_of
from partwise.lift.scene import View
from partwise.lift.shards import FORMAT, LiftedShape
from partwise.lift.splat import CloudScene
from partwise.points import choose, farthest_points, nearest, sample_surface
from partwise.shape import Shape


@runtime_checkable
class DenseEncoder(Protocol):
    """What lifting asks of an encoder; `partwise.encoders.vision.VisionEncoder` is one."""

    name: str
    revision: str
    width: int

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of tokens for pictures of this size."""
        ...

    def encode(self, images: UInt8[np.ndarray, "V H W 3"], batch: int = 16) -> Float[Tensor, "V h w D"]:
        """Tokens of pictures."""
        ...


@dataclass(frozen=True)
class LiftConfig:
    """Everything that decides the numbers on disk; its hash names the units.

    cameras, projection  names in `cameras.LAYOUTS` and `project.PROJECTIONS`
    size                 side of a picture in pixels
    points               points sampled on each shape
    groups, neighbours   patches, and points in each
    farthest             how patch centres are picked, see `points.farthest_points`
    up                   the axis that points up in all inputs, None to let each file say
    seed                 of the sampling; each shape has its own stream, whatever the order of work
    """

    cameras: str = "cmat_paper"
    projection: str = "cmat_paper"
    size: int = 224
    points: int = 2048
    groups: int = 128
    neighbours: int = 32
    farthest: str = "plain"
    up: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name, known in (("cameras", LAYOUTS), ("projection", PROJECTIONS)):
            if getattr(self, name) not in known:
                raise InputError(f"unknown {name} {getattr(self, name)!r}: use one of {', '.join(known)}")
        if not 1 <= self.groups <= self.points or not 1 <= self.neighbours <= self.points:
            raise InputError(
                f"{self.groups} patches of {self.neighbours} points cannot be made from {self.points} points: "
                "both must be between 1 and the number of points"
            )

    def views(self) -> tuple[Camera, ...]:
        """The cameras of this run."""
        return LAYOUTS[self.cameras](self.size)

    def settings(self, encoder: DenseEncoder) -> dict[str, Any]:
        """Plain data that decides the result: this config, the encoder's weights, every camera, the format."""
        return {
            "format": FORMAT,
            "config": asdict(self),
            "projection": asdict(PROJECTIONS[self.projection]),
            "encoder": {"name": encoder.name, "sha256": encoder.revision, "width": encoder.width},
            "cameras": [camera.to_json() for camera in self.views()],
        }


# What a person may type: each source with its own cameras, picture size and projection.
PRESETS = {
    "cmat_paper": LiftConfig(),
    "cmat_release": LiftConfig("cmat_release", "cmat_release", size=378),
    "patchalign3d": LiftConfig("patchalign3d", "patchalign3d", size=518, farthest="pointnet2"),
    "cops": LiftConfig("cops", "cops"),
}


@dataclass(frozen=True, eq=False)
class PointFeatures:
    """Lifted features of a shape's sampled points, before they are pooled into patches.

    target    the points (N,3) in the canonical frame, and their faces
    features  (N,D)
    seen      (N,) points that some view saw
    """

    target: Target
    features: Float[Tensor, "N D"]
    seen: np.ndarray
    to_canonical: Float64[np.ndarray, "4 4"]


def sample_points(
    shape: Shape, count: int, rng: np.random.Generator
) -> tuple[Float64[np.ndarray, "N 3"], Int64[np.ndarray, "N"]]:
    """`count` points (N,3) of a shape in its own frame and their faces (N,): uniform on a mesh, chosen from a cloud.

    For a cloud the second array holds the indices of the chosen points instead; non-finite points are never chosen.
    """
    if shape.faces is not None:
        points, faces, _ = sample_surface(shape.points, shape.faces, count, rng)
        return points, faces
    finite = np.flatnonzero(shape.finite)
    index = finite[choose(len(finite), count, rng)]
    return shape.points[index], index


def lift_point_features(
    shape: Shape, encoder: DenseEncoder, config: LiftConfig, rng: np.random.Generator, batch: int = 16
) -> PointFeatures:
    """Features of `config.points` sampled points of one shape.

    Raises InputError if there is nothing to see, MissingExtraError without embreex for a mesh.
    """
    points, place = sample_points(shape, config.points, rng)
    projection = PROJECTIONS[config.projection]
    encode = functools.partial(_encode_colours, encoder, batch)
    return lift_onto(shape, points, place, config.views(), projection, encode)


def _encode_colours(encoder: DenseEncoder, batch: int, views: Sequence[View]) -> Float[Tensor, "V h w D"]:
    return encoder.encode(pictures(views), batch=batch)


def lift_onto(
    shape: Shape,
    points: Float64[np.ndarray, "N 3"],
    place: Int64[np.ndarray, "N"],
    cameras: Sequence[Camera],
    projection: Projection,
    encode: Callable[[Sequence[View]], Float[Tensor, "V h w D"]],
) -> PointFeatures:
    """Features of given points (N,3) on a shape, in its own frame; place (N,) as `sample_points` gives it.

    `encode` turns the rendered views into tokens. Raises InputError if there is nothing to see.
    """
    scene = scene_of(shape)
    views = render_views(scene, cameras)
    positions = scene.frame.apply(points)
    # In a cloud a pixel names the input point itself, so the sampled point stands where a mesh has its face.
    is_cloud = isinstance(scene, CloudScene)
    target = Target(
        positions,
        None if is_cloud and projection.visibility != "owner" else place,
        scene.diagonal,
        scene.depth_slack,
    )
    tokens = encode(views)
    weights = view_weights(target, views, (tokens.shape[1], tokens.shape[2]), projection)
    features = lift_points(target, weights, tokens, projection)
    return PointFeatures(
        Target(positions, None if is_cloud else place, scene.diagonal, scene.depth_slack),
        features,
        weights.seen,
        scene.frame.matrix,
    )


def lift_shape(
    shape: Shape, encoder: DenseEncoder, config: LiftConfig, sha256: str = "", batch: int = 16
) -> LiftedShape:
    """Patch features of one shape, as they go to disk.

    `sha256` of the input file picks the shape's own random stream. Raises InputError if nothing can be seen or the
    features are not finite.
    """
    rng = np.random.default_rng([config.seed, int(sha256[:15] or "0", 16)])
    lifted = lift_point_features(shape, encoder, config, rng, batch)
    points = torch.from_numpy(lifted.target.points.astype(np.float32))
    start = torch.tensor([int(rng.integers(config.points))])
    chosen = farthest_points(points[None], config.groups, config.farthest, start)[0]
    centers = points[chosen]
    index = nearest(centers[None], points[None], config.neighbours)[1][0]
    projection = PROJECTIONS[config.projection]
    patches = pool_patches(lifted.features, points, centers, index.to(lifted.features.device), projection)
    patches = patches.cpu().to(torch.float16).numpy()
    if not np.isfinite(patches).all():
        raise InputError("some lifted features are not finite in half precision: check the encoder's weights")
    faces = lifted.target.faces
    return LiftedShape(
        shape.source,
        sha256,
        points.numpy(),
        np.full(len(points), -1, dtype=np.int32) if faces is None else faces.astype(np.int32),
        lifted.seen,
        centers.numpy(),
        index.numpy().astype(np.int32),
        patches,
        lifted.to_canonical,
    )
