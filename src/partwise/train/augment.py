"""Augmentation of labelled clouds; every random number comes from the generator that is passed in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int16, Int64

from partwise.checks import keep_real
from partwise.points import fit_box, front_points, random_rotation


@dataclass(frozen=True)
class Augment:
    """Ranges of the augmentation. The defaults are those of the PatchAlign3D release (radians, unit-sphere lengths).

    probability  of changing a shape at all
    tilt         rotation about each axis, up to this many radians either way
    yaw, full    share of shapes turned freely about the up axis, and turned freely in every way
    mirror       share of shapes mirrored left to right
    scale        smallest and largest factor, for all axes together
    stretch      largest relative change of each axis on its own
    shift        largest translation
    jitter, clip standard deviation and bound of the noise on each coordinate
    one_sided    share of shapes of which only the side towards a random viewer is kept
    even         how much denser small parts may be drawn: a part of a share s of the points is drawn with a density
                 of s to the power of minus a number up to this, as anchors of a mesh are (`SegmenterConfig.even`)
    """

    probability: float = 0.9
    tilt: float = float(np.deg2rad(20))
    yaw: float = 0.0
    full: float = 0.0
    mirror: float = 0.0
    scale: tuple[float, float] = (0.9, 1.1)
    stretch: float = 0.0
    shift: float = 0.02
    jitter: float = 0.01
    clip: float = 0.05
    one_sided: float = 0.0
    even: float = 0.0

    def __post_init__(self) -> None:
        keep_real(self, 0, "probability", "yaw", "full", "mirror", "one_sided", most=1)
        keep_real(self, 0, "tilt", "stretch", "shift", "jitter", "clip", "even")


NO_AUGMENT = Augment(probability=0.0)
# What the shipped default was trained with: shapes of any make, standing, turned, fallen, stretched or half seen.
BROAD_AUGMENT = Augment(
    probability=1.0,
    tilt=0.15,
    yaw=0.6,
    full=0.2,
    mirror=0.5,
    stretch=0.25,
    shift=0.0,
    jitter=0.006,
    one_sided=0.1,
)


def augmented(
    points: Float32[np.ndarray, "N 3"],
    labels: Int16[np.ndarray, "N"],
    augment: Augment,
    count: int,
    box: str,
    rng: np.random.Generator,
) -> tuple[Float32[np.ndarray, "M 3"], Int64[np.ndarray, "M"]]:
    """`count` points (M,3) of a cloud, changed at random, in the model's box; and which of the N they are (M,)."""
    change, kept = rng.random() < augment.probability, np.arange(len(points))
    if change:
        points = _turned(points, augment, rng)
        if rng.random() < augment.one_sided:
            kept = np.arange(len(points))[front_points(points, rng)]
    kept = kept[_drawn(labels[kept], augment.even, count, rng)]
    points = points[kept]
    centre, scale = fit_box(points.astype(np.float64), box)
    points = (points - centre) * scale
    return (_moved(points, augment, rng) if change else points).astype(np.float32), kept


def varied(
    points: Float32[np.ndarray, "N C"], augment: Augment, rng: np.random.Generator
) -> Float32[np.ndarray, "N C"]:
    """A canonical cloud changed at random, all of its points kept and in order; what follows x, y, z stays as it is.

    `one_sided` and `even`, which leave points out, are for `augmented`.
    """
    if rng.random() >= augment.probability:
        return points
    places = _moved(_turned(points[:, :3], augment, rng), augment, rng)
    return np.concatenate([places.astype(np.float32), points[:, 3:]], axis=1)


def _moved(
    points: Float[np.ndarray, "N 3"], augment: Augment, rng: np.random.Generator
) -> Float[np.ndarray, "N 3"]:
    """Scaled and shifted, then with noise."""
    points = points * rng.uniform(*augment.scale) + rng.uniform(-augment.shift, augment.shift, 3)
    return points + np.clip(rng.normal(0, augment.jitter, points.shape), -augment.clip, augment.clip)


def _drawn(
    labels: Int16[np.ndarray, "N"], even: float, count: int, rng: np.random.Generator
) -> Int64[np.ndarray, "M"]:
    """`count` of N indices, those of small parts likelier by up to `even`; points without a name are a part too."""
    if not even:
        return rng.choice(len(labels), count, replace=len(labels) < count)
    held = np.bincount(labels + 1)[labels + 1]
    density = held ** -rng.uniform(0, even)
    # The count smallest of exponential waiting times: a weighted draw without replacement, as long as points last.
    wait = rng.exponential(size=len(labels)) / density
    if count <= len(labels):
        return np.argpartition(wait, count - 1)[:count]
    return rng.choice(len(labels), count, p=density / density.sum())


def _turned(
    points: Float32[np.ndarray, "N 3"], augment: Augment, rng: np.random.Generator
) -> Float32[np.ndarray, "N 3"]:
    """Stretched along its own axes, mirrored, then turned."""
    matrix = np.diag(1 + rng.uniform(-augment.stretch, augment.stretch, 3))
    if rng.random() < augment.mirror:
        matrix = np.diag([-1.0, 1.0, 1.0]) @ matrix
    fate = rng.random()
    if fate < augment.full:
        matrix = random_rotation(rng, "full") @ matrix
    elif fate < augment.full + augment.yaw:
        matrix = random_rotation(rng, "yaw") @ matrix
    for axis, angle in enumerate(rng.uniform(-augment.tilt, augment.tilt, 3)):
        c, s = np.cos(angle), np.sin(angle)
        i, j = (axis + 1) % 3, (axis + 2) % 3
        tilt = np.eye(3)
        tilt[i, i], tilt[i, j], tilt[j, i], tilt[j, j] = c, -s, s, c
        matrix = tilt @ matrix
    return (points @ matrix.T).astype(np.float32)
