"""3D AffordanceNet (Deng et al., CVPR 2021), partial views: what is seen of a shape from one of several sides.

Layout: `partial_{train,val,test}_data.pkl`, see shape_pickles. Views are named shape+view.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from partwise.datasets import affordancenet
from partwise.datasets.affordance_words import AFFORDANCENET_LABELS
from partwise.datasets.affordancenet import SPLITS, WORDS, mock_cloud
from partwise.datasets.heat_twins import write_shapes
from partwise.datasets.manifest import Manifest
from partwise.datasets.shape_pickles import soft_items
from partwise.datasets.streams import SplitFiles, check_splits, convert_splits, one_file_each

PATTERN, MOCK_VIEWS = "partial_{}_data.pkl", 2
SOURCE = replace(
    affordancenet.SOURCE,
    name="affordancenet-partial",
    title="3D AffordanceNet, partial views",
    files=tuple(PATTERN.format(split) for split in SPLITS),
)


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Write the converted layout: every view is a shape of its own."""
    return convert_splits(SOURCE, source_root, out_root, _splits(Path(source_root)), WORDS)


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a copy, a line each; empty if it is whole."""
    return check_splits(SOURCE, source_root, _splits(Path(source_root)), WORDS)


def _splits(root: Path) -> dict[str, SplitFiles]:
    return one_file_each(root, PATTERN, SPLITS, partial(soft_items, setting="partial"))


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: two views of each mock object in every split."""
    for number, split in enumerate(SPLITS):
        rng = np.random.default_rng([seed, number])
        write_shapes(Path(root) / PATTERN.format(split), rng, AFFORDANCENET_LABELS, mock_cloud, MOCK_VIEWS)
