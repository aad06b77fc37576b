"""The procedural world as a data set of fixed shapes, through the same door as published ones.

Shapes of training categories with seeds that no pack is made with, and shapes of categories kept out of all training.
"""

from __future__ import annotations

from pathlib import Path

from partwise.datasets.entries import convert_samples
from partwise.datasets.manifest import Manifest
from partwise.datasets.procedural import HELD_OUT, ProceduralShapes, training_categories
from partwise.datasets.source import DatasetSource
from partwise.datasets.world.surface import Scan

SEED_NEVER_TRAINED_ON = 1_000_003
HELD_OUT_TIMES = (
    5  # shapes of a held-out category for each one of a training category: there are few of these
)
SOURCE = DatasetSource(
    name="procedural",
    title="the procedural world of partwise",
    where="made here from a seed: needs no --source",
    licence="Apache-2.0, as partwise itself",
    files=(),
    made_here=True,
)


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Make the shapes and write the converted layout; nothing of `source_root` is read. Parts only, 2,048 points."""
    sets = {
        "held-out-seeds": _shapes(training_categories(), 1),
        "held-out-categories": _shapes(HELD_OUT, HELD_OUT_TIMES),
    }
    return convert_samples(SOURCE, Path(source_root), out_root, sets)


def check(source_root: Path | str) -> list[str]:
    """Nothing can be wrong: there is no copy of it."""
    return []


def mock(root: Path | str, seed: int) -> None:
    """An empty folder: there are no official files to imitate."""
    Path(root).mkdir(parents=True, exist_ok=True)


def _shapes(categories: tuple[str, ...], each: int) -> ProceduralShapes:
    count = len(categories) * each
    return ProceduralShapes(SEED_NEVER_TRAINED_ON, categories, Scan(kind="mixed"), count, heat=False)
