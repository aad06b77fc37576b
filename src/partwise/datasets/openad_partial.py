"""The OpenAD files (Nguyen et al., IROS 2023), partial views of 3D AffordanceNet with one of 19 labels on each point.

Layout: `partial_view_{train,val}_data.pkl`, see shape_pickles. Views are named shape+view.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from partwise.datasets import openad
from partwise.datasets.affordance_words import OPENAD_LABELS
from partwise.datasets.heat_twins import write_shapes
from partwise.datasets.manifest import Manifest
from partwise.datasets.openad import SPLITS, WORDS, mock_cloud
from partwise.datasets.shape_pickles import hard_items
from partwise.datasets.streams import SplitFiles, check_splits, convert_splits, one_file_each

PATTERN, MOCK_VIEWS = "partial_view_{}_data.pkl", 2
# Validation views of a whole copy that have each label, in the order of the labels.
_VAL_VIEWS = (777, 1700, 30, 1180, 64, 2320, 4714, 701, 746, 5508, 531, 83, 54, 88, 84, 124, 136, 148)
SOURCE = replace(
    openad.SOURCE,
    name="openad-partial",
    title="OpenAD files, partial views",
    files=tuple(PATTERN.format(split) for split in SPLITS),
    counts={
        f"val shapes with {name}": count for name, count in zip(OPENAD_LABELS[:-1], _VAL_VIEWS, strict=True)
    },
)


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Write the converted layout: every view is a shape of its own."""
    return convert_splits(SOURCE, source_root, out_root, _splits(Path(source_root)), WORDS)


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a copy, a line each; empty if it is whole."""
    return check_splits(SOURCE, source_root, _splits(Path(source_root)), WORDS)


def _splits(root: Path) -> dict[str, SplitFiles]:
    return one_file_each(root, PATTERN, SPLITS, partial(hard_items, setting="partial"))


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: two views of each mock object in every split."""
    for number, split in enumerate(SPLITS):
        rng = np.random.default_rng([seed, number])
        write_shapes(Path(root) / PATTERN.format(split), rng, OPENAD_LABELS, mock_cloud, MOCK_VIEWS)
