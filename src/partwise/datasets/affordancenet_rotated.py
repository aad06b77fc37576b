"""3D AffordanceNet (Deng et al., CVPR 2021), rotated: whole shapes turned by the matrices that its authors stored.

Layout: `rotate_{val,test}_data.pkl` beside the full shapes, see shape_pickles. Modes: "z" turns about the upright axis,
"so3" any way. Training turns full shapes at random, so there is no train split.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from partwise.datasets import affordancenet
from partwise.datasets.affordance_words import AFFORDANCENET_LABELS
from partwise.datasets.affordancenet import WORDS
from partwise.datasets.heat_twins import OFFERS, mock_record, write_pickle
from partwise.datasets.manifest import Manifest
from partwise.datasets.shape_pickles import rotated_items
from partwise.datasets.streams import SplitFiles, check_splits, convert_splits
from partwise.points import random_rotation

SPLITS, MODES, MOCK_TURNS = ("val", "test"), ("z", "so3"), 2
SOURCE = replace(
    affordancenet.SOURCE,
    name="affordancenet-rotated",
    title="3D AffordanceNet, stored rotations",
    files=tuple(f"{kind}_{split}_data.pkl" for split in SPLITS for kind in ("full_shape", "rotate")),
)


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Write the converted layout: splits val-z, val-so3, test-z, test-so3, every turn a shape of its own."""
    return convert_splits(SOURCE, source_root, out_root, _splits(Path(source_root)), WORDS)


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a copy, a line each; empty if it is whole."""
    return check_splits(SOURCE, source_root, _splits(Path(source_root)), WORDS)


def _splits(root: Path) -> dict[str, SplitFiles]:
    found = {}
    for split in SPLITS:
        full, rotations = f"full_shape_{split}_data.pkl", f"rotate_{split}_data.pkl"
        for mode in MODES:
            read = partial(rotated_items, root / full, root / rotations, mode)
            found[f"{split}-{mode}"] = SplitFiles((full, rotations), read)
    return found


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: the full shapes, and two turns of each mode for every one."""
    affordancenet.mock(root, seed)
    for number, split in enumerate(SPLITS):
        rng, path, shapes = np.random.default_rng([seed, number]), Path(root) / f"rotate_{split}_data.pkl", []
        for row, category in enumerate(OFFERS):
            about = np.stack([random_rotation(rng, "yaw") for _ in range(MOCK_TURNS)])
            turns = {"z": about, "so3": np.stack([random_rotation(rng, "full") for _ in range(MOCK_TURNS)])}
            rotate = {mode: dict(enumerate(matrices)) for mode, matrices in turns.items()}
            shapes.append({**mock_record(path, row, category, AFFORDANCENET_LABELS), "rotate": rotate})
        write_pickle(path, shapes)
