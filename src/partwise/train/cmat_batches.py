"""Batches of CMAT pre-training: clouds, their patches, and what the teacher says about each patch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from torch import Tensor

from partwise.errors import InputError
from partwise.farthest import farthest_points
from partwise.layers.patches import Patches, membership_mean
from partwise.lift.project import Projection, pool_patches
from partwise.lift.shards import LiftedShape
from partwise.points import gather, nearest, random_rotation
from partwise.train.cmat_presets import CmatConfig


@dataclass(frozen=True)
class Batch:
    """B clouds of N points, their G patches of K points, a feature of the teacher for each patch, noise for the masks.

    A patch that nothing saw has the feature zero.
    """

    points: Float[Tensor, "B N 3"]
    centers: Float[Tensor, "B G 3"]
    index: Int64[Tensor, "B G K"]
    teacher: Float[Tensor, "B G E"]
    noise: Float[Tensor, "B G"]

    def patches(self) -> Patches:
        """The patches as the encoder takes them."""
        local = gather(self.points, self.index) - self.centers[:, :, None]
        return Patches(self.centers, self.index, local)

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return Batch(*(getattr(self, field.name).to(device) for field in fields(self)))


def check_shapes(shapes: Sequence[LiftedShape], config: CmatConfig, folder: Path) -> None:
    """Raise InputError for no shapes, or for stored patches of another number or size than the config's."""
    if not shapes:
        raise InputError(f"{folder} holds no lifted shape: look at its failures with `partwise lift`")
    sizes = config.model.encoder
    if config.teacher_pool == "stored" and shapes[0].patches.shape != (sizes.groups, sizes.group_size):
        groups, size = shapes[0].patches.shape
        raise InputError(
            f"{folder} holds {groups} patches of {size} points a shape, this run takes {sizes.groups} of "
            f"{sizes.group_size}: lift with --groups {sizes.groups} --neighbours {sizes.group_size}, or choose the "
            "teacher pool 'group' or 'voronoi'"
        )
    if config.teacher_pool != "stored" and len(shapes[0].points) < config.points:
        raise InputError(
            f"{folder} holds {len(shapes[0].points)} points a shape, this run shows {config.points}: lift with "
            f"--points {config.points}"
        )


def make_batch(shapes: Sequence[LiftedShape], config: CmatConfig, step: int, slots: range) -> Batch:
    """The shapes in `slots` of the step's batch: a pure function of (seed, step, slot)."""
    rows = [_row(shapes, config, step, slot) for slot in slots]
    return Batch(*(torch.stack(column) for column in zip(*rows, strict=True)))


def _row(shapes: Sequence[LiftedShape], config: CmatConfig, step: int, slot: int) -> tuple[Tensor, ...]:
    """One shape of the batch: the fields of `Batch` without the first axis."""
    number = step * config.batch + slot
    order = np.random.default_rng([config.seed, number // len(shapes)]).permutation(len(shapes))
    shape = shapes[int(order[number % len(shapes)])]
    rng = np.random.default_rng([config.seed, step, slot])
    change = Change.drawn(config, rng)
    noise = torch.from_numpy(rng.random(config.model.encoder.groups, dtype=np.float32))
    if config.teacher_pool == "stored":
        points, centers = (change.apply(x) for x in (shape.points, shape.centers))
        features = torch.from_numpy(shape.features.astype(np.float32))
        return points, centers, torch.from_numpy(shape.patches.astype(np.int64)), features, noise
    chosen = torch.from_numpy(rng.permutation(len(shape.points))[: config.points])
    features = point_features(shape)[chosen]
    points = change.apply(shape.points)[chosen]
    sizes = config.model.encoder
    centers = points[farthest_points(points[None], sizes.groups, sizes.farthest_rule)[0]]
    index = nearest(centers[None], points[None], sizes.group_size)[1][0]
    how = Projection(pool="neighbours" if config.teacher_pool == "group" else "voronoi")
    return points, centers, index, pool_patches(features, points, centers, index, how), noise


def point_features(shape: LiftedShape) -> Float[Tensor, "N E"]:
    """What the shards say about each point; where they keep patches only, the mean over those that hold it.

    A point in none of them takes the nearest's.
    """
    if shape.point_features is not None:
        return torch.from_numpy(shape.point_features.astype(np.float32))
    points, centers = torch.from_numpy(shape.points)[None], torch.from_numpy(shape.centers)[None]
    index = torch.from_numpy(shape.patches.astype(np.int64))[None]
    features = torch.from_numpy(shape.features.astype(np.float32))[None]
    patches = Patches(centers, index, gather(points, index) - centers[:, :, None])
    return membership_mean(points, patches, features)[0]


@dataclass(frozen=True)
class Change:
    """A turn about +Y, then a factor and a translation for each axis: the same for points and centres."""

    turn: Float32[np.ndarray, "3 3"]
    factor: Float32[np.ndarray, "3"]
    shift: Float32[np.ndarray, "3"]

    @classmethod
    def drawn(cls, config: CmatConfig, rng: np.random.Generator) -> Change:
        """One at random, within the config's ranges."""
        turned = rng.random() < config.yaw
        turn = random_rotation(rng, "yaw") if turned else np.eye(3, dtype=np.float32)
        factor, shift = rng.uniform(*config.scale, 3), rng.uniform(-config.shift, config.shift, 3)
        return cls(turn, factor.astype(np.float32), shift.astype(np.float32))

    def apply(self, points: Float32[np.ndarray, "N 3"]) -> Float32[Tensor, "N 3"]:
        """The changed points."""
        return torch.from_numpy((points @ self.turn.T) * self.factor + self.shift)
