"""Synthetic shapes for the layout twins of affordance sets: clouds that look like nothing, with heat in soft spots."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

Make = Callable[[np.random.Generator, str], dict[str, Any]]
POINTS = 2048
# What a mock object offers, in the words of PIADv2. Some objects of each published filter are among them.
OFFERS: dict[str, tuple[str, ...]] = {
    "Mug": ("grasp", "contain", "wrapgrasp", "pour"),
    "Chair": ("sit", "support", "move"),
    "Knife": ("grasp", "cut", "stab"),
    "Table": ("support", "move"),
    "Bed": ("lay", "sit", "support"),
    "Laptop": ("display", "press"),
    "Bag": ("lift", "contain", "open"),
    "TrashCan": ("contain", "open", "pour"),
}


def cloud(rng: np.random.Generator, count: int = POINTS) -> Float64[np.ndarray, "N 3"]:
    """Points on a box of random proportions, centred, within the unit sphere."""
    points = rng.uniform(-1, 1, (count, 3))
    side = rng.integers(0, 3, count)
    points[np.arange(count), side] = np.sign(points[np.arange(count), side])
    points = points * rng.uniform(0.3, 1.0, 3)
    points -= points.mean(axis=0)
    return points / np.linalg.norm(points, axis=1).max()


def spot(rng: np.random.Generator, points: Float64[np.ndarray, "N 3"]) -> Float64[np.ndarray, "N 1"]:
    """Heat 1 at one of the points, falling off softly, 0 far from it."""
    far = np.linalg.norm(points - points[rng.integers(len(points))], axis=1)
    heat = np.exp(-((far / 0.5) ** 2))
    return np.where(heat < 0.05, 0.0, heat)[:, None]


def write_shapes(
    path: Path, rng: np.random.Generator, labels: Sequence[str], make: Make, views: int = 0
) -> None:
    """A pickle as 3D AffordanceNet has them: one shape of each mock object, or as many views of each.

    make  the {coordinate, label} of a cloud of an object
    """
    shapes = []
    for row, category in enumerate(OFFERS):
        shape: dict[str, Any] = mock_record(path, row, category, labels)
        if views:
            shape["partial"] = {f"view_{view}": make(rng, category) for view in range(views)}
        else:
            shape["full_shape"] = make(rng, category)
        shapes.append(shape)
    write_pickle(path, shapes)


def mock_record(path: Path, row: int, category: str, labels: Sequence[str]) -> dict[str, Any]:
    """What an element says beside its clouds; the same shape has the same id in files of the same split."""
    split = path.stem.split("_")[-2]  # full_shape_val_data
    return {"shape_id": f"{split}{row}", "semantic class": category, "affordance": list(labels)}


def write_pickle(path: Path, content: Any) -> None:
    """A pickle, as the authors wrote theirs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content, protocol=4))
