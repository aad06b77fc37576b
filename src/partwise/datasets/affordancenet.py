"""3D AffordanceNet (Deng et al., CVPR 2021), whole shapes: soft heat of 18 affordances on 2,048 points.

Layout: `full_shape_{train,val,test}_data.pkl`, see shape_pickles. The semi-supervised files are not converted.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from partwise.datasets.affordance_words import AFFORDANCENET_LABELS, OBJECTS, canonical
from partwise.datasets.heat_twins import OFFERS, cloud, spot, write_shapes
from partwise.datasets.manifest import Manifest
from partwise.datasets.shape_pickles import soft_items
from partwise.datasets.source import DatasetSource
from partwise.datasets.streams import SplitFiles, Words, check_splits, convert_splits, one_file_each

SPLITS, PATTERN = ("train", "val", "test"), "full_shape_{}_data.pkl"
WHERE = (
    "the form or drive link in the README of github.com/Gorilla-Lab-SCUT/AffordanceNet; "
    "the labels of the test split are reported hard to get"
)
LICENCE = "shapes descend from PartNet and ShapeNet: non-commercial research, no redistribution"
SOURCE = DatasetSource(
    name="affordancenet",
    title="3D AffordanceNet, full shapes",
    where=WHERE,
    licence=LICENCE,
    files=tuple(PATTERN.format(split) for split in SPLITS),
)
WORDS = Words(OBJECTS, AFFORDANCENET_LABELS)


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Write the converted layout: of each shape the columns of heat that are not 0 everywhere."""
    return convert_splits(SOURCE, source_root, out_root, _splits(Path(source_root)), WORDS)


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a copy, a line each; empty if it is whole. Its authors say about 23,000 shapes."""
    return check_splits(SOURCE, source_root, _splits(Path(source_root)), WORDS)


def _splits(root: Path) -> dict[str, SplitFiles]:
    return one_file_each(root, PATTERN, SPLITS, partial(soft_items, setting="full_shape"))


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: one shape of each mock object in every split."""
    for number, split in enumerate(SPLITS):
        rng = np.random.default_rng([seed, number])
        write_shapes(Path(root) / PATTERN.format(split), rng, AFFORDANCENET_LABELS, mock_cloud)


def mock_cloud(rng: np.random.Generator, category: str) -> dict[str, Any]:
    """A cloud with heat for each label, 0 where the object does not offer it."""
    points = cloud(rng)
    nothing = np.zeros((len(points), 1), dtype=np.float32)
    offered = OFFERS[category]
    label = {
        name: spot(rng, points).astype(np.float32) if canonical(name) in offered else nothing
        for name in AFFORDANCENET_LABELS
    }
    return {"coordinate": points, "label": label}
