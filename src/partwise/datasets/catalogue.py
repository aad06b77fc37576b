"""The data sets that `partwise data` knows, by the names that a user types."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from partwise.datasets import (
    faust,
    objaverse_general,
    own_objects,
    own_procedural,
    partnete,
    scanobjectnn,
    shapenetpart,
    shapenetpart_hdf5,
)
from partwise.datasets.converted import Converted
from partwise.datasets.manifest import Manifest
from partwise.datasets.source import DatasetSource
from partwise.errors import InputError


@runtime_checkable
class DatasetModule(Protocol):
    """What each module of a data set offers; see partwise.datasets.source."""

    SOURCE: DatasetSource

    def convert(self, source_root: Path, out_root: Path) -> Manifest:
        """Official files to the converted layout."""
        ...

    def check(self, source_root: Path) -> list[str]:
        """What is wrong with a copy."""
        ...

    def mock(self, root: Path, seed: int) -> None:
        """A made-up copy of the official layout."""
        ...


DATASETS: Mapping[str, DatasetModule] = {
    "shapenetpart": shapenetpart,
    "shapenetpart-hdf5": shapenetpart_hdf5,
    "partnete": partnete,
    "scanobjectnn-part": scanobjectnn,
    "faust-coarse": faust,
    "objaverse-general": objaverse_general,
    "procedural": own_procedural,
    "objects": own_objects,
}


def dataset_module(name: str) -> DatasetModule:
    """The module of a data set. Raises InputError that lists the names for an unknown one."""
    if name not in DATASETS:
        raise InputError(f"unknown data set {name!r}: use one of {', '.join(DATASETS)}")
    return DATASETS[name]


def found_counts(data: Converted) -> dict[str, int]:
    """What a converted data set holds, by what is counted: shapes and pairs of each split and in all, categories."""
    manifest = data.manifest
    counts = {f"{split} shapes": count for split, count in manifest.counts().items()}
    counts["objects"] = len({uid for ids in manifest.splits.values() for uid in ids})
    counts["categories"] = len(manifest.label_names)
    pairs = {
        split: len(data.pairs(split))
        for split in manifest.splits
        if (data.folder / f"pairs_{split}.jsonl").is_file()
    }
    if pairs:
        counts |= {f"{split} pairs": count for split, count in pairs.items()}
        counts["pairs"] = sum(pairs.values())
    return counts
