"""The OpenAD files (Nguyen et al., IROS 2023), whole shapes: 3D AffordanceNet with one of 19 labels on each point.

Layout: `full_shape_{train,val}_data.pkl`, see shape_pickles; label 18 is "none". The names of the files are those of
3D AffordanceNet: keep the two in folders of their own.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from partwise.datasets.affordance_words import OBJECTS, OPENAD_LABELS, canonical
from partwise.datasets.affordancenet import LICENCE
from partwise.datasets.heat_twins import OFFERS, cloud, spot, write_shapes
from partwise.datasets.manifest import Manifest
from partwise.datasets.shape_pickles import hard_items
from partwise.datasets.source import DatasetSource
from partwise.datasets.streams import SplitFiles, Words, check_splits, convert_splits, one_file_each

SPLITS, PATTERN = ("train", "val"), "full_shape_{}_data.pkl"
WHERE = (
    "the drive folder in the README of "
    "github.com/Fsoft-AIC/Open-Vocabulary-Affordance-Detection-in-3D-Point-Clouds"
)
# Validation shapes of a whole copy that have each label, in the order of the labels.
_VAL_SHAPES = (201, 475, 9, 366, 18, 618, 1405, 178, 196, 1382, 182, 21, 15, 22, 21, 56, 34, 37)
SOURCE = DatasetSource(
    name="openad",
    title="OpenAD files, full shapes",
    where=WHERE,
    licence=LICENCE,
    files=tuple(PATTERN.format(split) for split in SPLITS),
    counts={"train shapes": 16_082}
    | {f"val shapes with {name}": count for name, count in zip(OPENAD_LABELS[:-1], _VAL_SHAPES, strict=True)},
)
WORDS = Words(OBJECTS, OPENAD_LABELS)


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Write the converted layout: labels count in the order of OPENAD_LABELS."""
    return convert_splits(SOURCE, source_root, out_root, _splits(Path(source_root)), WORDS)


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a copy, a line each; empty if it is whole."""
    return check_splits(SOURCE, source_root, _splits(Path(source_root)), WORDS)


def _splits(root: Path) -> dict[str, SplitFiles]:
    return one_file_each(root, PATTERN, SPLITS, partial(hard_items, setting="full_shape"))


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: one shape of each mock object in every split."""
    for number, split in enumerate(SPLITS):
        rng = np.random.default_rng([seed, number])
        write_shapes(Path(root) / PATTERN.format(split), rng, OPENAD_LABELS, mock_cloud)


def mock_cloud(rng: np.random.Generator, category: str) -> dict[str, Any]:
    """A cloud with a label for each point: the hottest that the object offers, "none" where none reaches 0.5."""
    points = cloud(rng)
    offered = [number for number, name in enumerate(OPENAD_LABELS) if canonical(name) in OFFERS[category]]
    heat = np.concatenate([spot(rng, points) for _ in offered], axis=1)
    label = np.where(heat.max(axis=1) >= 0.5, np.array(offered)[heat.argmax(axis=1)], len(OPENAD_LABELS) - 1)
    return {"coordinate": points, "label": label.astype(np.int64)}
