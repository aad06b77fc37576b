"""One shape to patch features: sample, render, encode, carry back, pool. The settings that decide the result."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Float16, Float32, Float64, Int64, UInt8
from torch import Tensor

from partwise.checks import keep_seed, keep_whole
from partwise.errors import InputError
from partwise.farthest import farthest_points
from partwise.io.geometry import Geometry
from partwise.lift.cameras import LAYOUTS, UNIFORM, Camera, uniform_sphere
from partwise.lift.project import (
    PROJECTIONS,
    Projection,
    Target,
    ViewWeights,
    lift_points,
    pool_patches,
    view_weights,
)
from partwise.lift.render import MeshScene, pictures, render_views, scene_of
from partwise.lift.scene import View
from partwise.lift.shards import FORMAT, LiftedShape
from partwise.lift.splat import CloudScene
from partwise.points import choose, nearest, sample_surface
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
    farthest             how patch centres are picked, see `farthest.farthest_points`
    up                   the axis that points up in all inputs, None to let each file say
    seed                 of the sampling; each shape has its own stream, whatever the order of work
    views                cameras of the layout "uniform"; the other layouts have their own number
    splats               None draws the faces of a mesh; a radius (canonical units) draws the sampled points instead
    keep_points          store the feature of every point too, not only those of patches
    drawn_on             device on which pictures are drawn, see `render.scene_of`; where a ray grazes an edge, the
                         casters of two devices may differ
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
    views: int = 12
    splats: float | None = None
    keep_points: bool = False
    drawn_on: str = "cpu"

    def __post_init__(self) -> None:
        keep_whole(self, 1, "size", "points", "groups", "neighbours", "views")
        keep_seed(self)
        for name, known in (("cameras", (*LAYOUTS, UNIFORM)), ("projection", PROJECTIONS)):
            if getattr(self, name) not in known:
                raise InputError(f"unknown {name} {getattr(self, name)!r}: use one of {', '.join(known)}")
        if self.groups > self.points or self.neighbours > self.points:
            raise InputError(
                f"{self.groups} patches of {self.neighbours} points cannot be made from {self.points} points: "
                "both must be between 1 and the number of points"
            )

    @functools.cached_property
    def look(self) -> tuple[Camera, ...]:
        """The cameras of this run, made once."""
        if self.cameras == UNIFORM:
            return uniform_sphere(self.views, self.size)
        return LAYOUTS[self.cameras](self.size)

    def settings(self, encoder: DenseEncoder) -> dict[str, Any]:
        """Plain data that decides the result: this config, the encoder's weights, every camera, the format."""
        return {
            "format": FORMAT,
            "config": asdict(self),
            "projection": asdict(PROJECTIONS[self.projection]),
            "encoder": {"name": encoder.name, "sha256": encoder.revision, "width": encoder.width},
            "cameras": [camera.to_json() for camera in self.look],
        }


# What a person may type: each source with its own cameras, picture size, projection, points and patches. CMAT's patch
# counts are those of its paper (64, of 1,024 points) and of its release (256); COPS has 256 superpoints of 10 points,
# and draws the 10,000 points themselves.
PRESETS = {
    "cmat_paper": LiftConfig(points=1024, groups=64),
    "cmat_release": LiftConfig("cmat_release", "cmat_release", size=378, points=1024, groups=256),
    "patchalign3d": LiftConfig("patchalign3d", "patchalign3d", size=518, farthest="pointnet2"),
    "cops": LiftConfig("cops", "cops", points=10_000, groups=256, neighbours=10, splats=0.04),
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


@dataclass(frozen=True, eq=False)
class Drawn:
    """A shape before its pictures are encoded: all that needs geometry, so that the encoder may work elsewhere.

    images   (V,H,W,3) what the encoder sees
    weights  which tokens make up each point
    target   the sampled points (N,3) in the canonical frame, and their faces
    """

    images: UInt8[np.ndarray, "V H W 3"]
    weights: ViewWeights
    target: Target
    to_canonical: Float64[np.ndarray, "4 4"]


@dataclass(frozen=True, eq=False)
class DrawnShape:
    """A drawn shape with its patches: centres (G,3), indices of their points (G,K), and where it came from."""

    source: str
    sha256: str
    drawn: Drawn
    centers: Float32[np.ndarray, "G 3"]
    patches: Int64[np.ndarray, "G K"]


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


def draw_points(shape: Shape, grid: tuple[int, int], config: LiftConfig, rng: np.random.Generator) -> Drawn:
    """Pictures of a shape, its sampled points, and the weights of a `grid` (h, w) of tokens in each point.

    Raises InputError if there is nothing to see, MissingExtraError without embreex for a mesh.
    """
    points, place = sample_points(shape, config.points, rng)
    faces = place if shape.is_mesh else None
    scene, place = _stage(shape, points, place, config.splats, config.drawn_on)
    views = render_views(scene, config.look)
    target = Target(scene.frame.apply(points), faces, scene.diagonal, scene.depth_slack)
    weights = _weights(scene, replace(target, faces=place), views, grid, PROJECTIONS[config.projection])
    return Drawn(pictures(views), weights, target, scene.frame.matrix)


def _stage(
    shape: Shape,
    points: Float64[np.ndarray, "N 3"],
    place: Int64[np.ndarray, "N"],
    splats: float | None,
    device: str = "cpu",
) -> tuple[MeshScene | CloudScene, Int64[np.ndarray, "N"]]:
    """What is looked at, the shape or its sampled points as disks of radius `splats`, and what a pixel names."""
    if splats is None:
        return scene_of(shape, device=device), place
    cloud = replace(shape, geometry=Geometry(points, colors=_colors_at(shape, place)))
    return CloudScene(cloud, radius=splats, device=device), np.arange(len(points))


def _weights(
    scene: MeshScene | CloudScene,
    target: Target,
    views: Sequence[View],
    grid: tuple[int, int],
    projection: Projection,
) -> ViewWeights:
    """Weights for a target whose `faces` are what `sample_points` gives as the second array."""
    # In a cloud a pixel names the input point itself, so the sampled point stands where a mesh has its face.
    if isinstance(scene, CloudScene) and projection.visibility != "owner":
        target = replace(target, faces=None)
    return view_weights(target, views, grid, projection)


def lift_onto(
    shape: Shape,
    points: Float64[np.ndarray, "N 3"],
    place: Int64[np.ndarray, "N"],
    cameras: Sequence[Camera],
    projection: Projection,
    encode: Callable[[Sequence[View]], Float[Tensor, "V h w D"]],
    splats: float | None = None,
) -> PointFeatures:
    """Features of given points (N,3) on a shape, in its own frame; place (N,) as `sample_points` gives it.

    `encode` turns the rendered views into tokens; splats as in `LiftConfig`. Raises InputError if there is nothing to
    see.
    """
    scene, named = _stage(shape, points, place, splats)
    views = render_views(scene, cameras)
    target = Target(scene.frame.apply(points), named, scene.diagonal, scene.depth_slack)
    tokens = encode(views)
    weights = _weights(scene, target, views, (tokens.shape[1], tokens.shape[2]), projection)
    target = replace(target, faces=place if shape.is_mesh else None)
    return PointFeatures(
        target, lift_points(target, weights, tokens, projection), weights.seen, scene.frame.matrix
    )


def _colors_at(shape: Shape, place: Int64[np.ndarray, "N"]) -> UInt8[np.ndarray, "N 4"] | None:
    """Colours (N,4) of sampled points of a cloud, None for a mesh, whose splats are grey as in COPS."""
    colors = shape.geometry.colors
    return None if shape.is_mesh or colors is None else colors[place]


def encode_points(drawn: Drawn, encoder: DenseEncoder, config: LiftConfig, batch: int = 16) -> PointFeatures:
    """Features of the points of a drawn shape. Raises InputError if no view sees any of them."""
    tokens = encoder.encode(drawn.images, batch=batch)
    features = lift_points(drawn.target, drawn.weights, tokens, PROJECTIONS[config.projection])
    return PointFeatures(drawn.target, features, drawn.weights.seen, drawn.to_canonical)


def lift_point_features(
    shape: Shape, encoder: DenseEncoder, config: LiftConfig, rng: np.random.Generator, batch: int = 16
) -> PointFeatures:
    """Features of `config.points` sampled points of one shape.

    Raises InputError if there is nothing to see, MissingExtraError without embreex for a mesh.
    """
    drawn = draw_points(shape, encoder.grid(config.size, config.size), config, rng)
    return encode_points(drawn, encoder, config, batch)


def draw_shape(shape: Shape, grid: tuple[int, int], config: LiftConfig, sha256: str = "") -> DrawnShape:
    """Everything about one shape but its features: pictures, points, patches.

    `sha256` of the input file picks the shape's own random stream. Raises InputError if there is nothing to see.
    """
    rng = np.random.default_rng([config.seed, int(sha256[:15] or "0", 16)])
    drawn = draw_points(shape, grid, config, rng)
    points = torch.from_numpy(drawn.target.points.astype(np.float32))
    start = torch.tensor([int(rng.integers(config.points))])
    centers = points[farthest_points(points[None], config.groups, config.farthest, start)[0]]
    index = nearest(centers[None], points[None], config.neighbours)[1][0]
    return DrawnShape(shape.source, sha256, drawn, centers.numpy(), index.numpy())


def encode_shape(
    shape: DrawnShape, encoder: DenseEncoder, config: LiftConfig, batch: int = 16
) -> LiftedShape:
    """Patch features of a drawn shape, as they go to disk. Raises InputError if they are not finite."""
    lifted = encode_points(shape.drawn, encoder, config, batch)
    points = lifted.target.points.astype(np.float32)
    patches = pool_patches(
        lifted.features,
        torch.from_numpy(points),
        torch.from_numpy(shape.centers),
        torch.from_numpy(shape.patches).to(lifted.features.device),
        PROJECTIONS[config.projection],
    )
    faces = lifted.target.faces
    return LiftedShape(
        shape.source,
        shape.sha256,
        points,
        np.full(len(points), -1, dtype=np.int32) if faces is None else faces.astype(np.int32),
        lifted.seen,
        shape.centers,
        shape.patches.astype(np.int32),
        _half(patches),
        lifted.to_canonical,
        _half(lifted.features) if config.keep_points else None,
    )


def _half(features: Float[Tensor, "M D"]) -> Float16[np.ndarray, "M D"]:
    half = features.cpu().to(torch.float16).numpy()
    if not np.isfinite(half).all():
        raise InputError("some lifted features are not finite in half precision: check the encoder's weights")
    return half


def lift_shape(
    shape: Shape, encoder: DenseEncoder, config: LiftConfig, sha256: str = "", batch: int = 16
) -> LiftedShape:
    """Patch features of one shape: `draw_shape`, then `encode_shape`; raises what they raise."""
    drawn = draw_shape(shape, encoder.grid(config.size, config.size), config, sha256)
    return encode_shape(drawn, encoder, config, batch)
