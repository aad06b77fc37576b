"""A toy encoder and toy files for the tests of the lifting engine; importable by worker processes."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import trimesh

CELL = 16


@dataclass
class ColourEncoder:
    """Tokens are mean colours of 16-pixel cells, mixed into `width` channels by a fixed matrix."""

    width: int = 8
    name: str = "mean colours"
    revision: str = "0" * 64

    def grid(self, height: int, width: int) -> tuple[int, int]:
        return height // CELL, width // CELL

    def encode(self, images: np.ndarray, batch: int = 16) -> torch.Tensor:
        cells = images.reshape(len(images), images.shape[1] // CELL, CELL, images.shape[2] // CELL, CELL, 3)
        mix = np.random.default_rng(0).standard_normal((3, self.width))
        return torch.from_numpy((cells.mean(axis=(2, 4)) / 255 @ mix).astype(np.float32))


def open_colours() -> ColourEncoder:
    return ColourEncoder()


def open_broken() -> ColourEncoder:
    raise ValueError("no such encoder")


@dataclass
class SlowEncoder(ColourEncoder):
    """Takes its time, so that a run can be killed in its middle."""

    seconds: float = 0.15

    def encode(self, images: np.ndarray, batch: int = 16) -> torch.Tensor:
        time.sleep(self.seconds)
        return super().encode(images, batch)


def open_slow() -> SlowEncoder:
    return SlowEncoder()


@dataclass
class DeadlyEncoder(ColourEncoder):
    """Kills its process, or hangs, on pictures that are mostly red or mostly blue."""

    def encode(self, images: np.ndarray, batch: int = 16) -> torch.Tensor:
        red, _, blue = images[images.min(axis=-1) < 250].mean(axis=0)
        if red > 2 * blue:
            os.kill(os.getpid(), signal.SIGKILL)
        if blue > 2 * red:
            time.sleep(60)
        return super().encode(images, batch)


def open_deadly() -> DeadlyEncoder:
    return DeadlyEncoder()


@dataclass
class KilledOnce(ColourEncoder):
    """Notes its calls in a file, and kills its process in the fifth, once."""

    notes: Path = Path()

    def encode(self, images: np.ndarray, batch: int = 16) -> torch.Tensor:
        calls = self.notes.read_text().split() if self.notes.exists() else []
        deadly = len(calls) == 4
        with self.notes.open("a") as file:
            file.write("killed\n" if deadly else "made\n")
        if deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(images, batch)


def open_killed_once(notes: Path) -> KilledOnce:
    return KilledOnce(notes=notes)


def write_shapes(folder: Path, count: int) -> None:
    """`count` small meshes of different proportions."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        box = trimesh.creation.box([1.0, 0.3 + 0.1 * i, 0.5])
        box.export(folder / f"box_{i:02d}.ply")
