"""The data sets that `partwise data` knows, by the names that a user types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from partwise.datasets import (
    affordancenet,
    affordancenet_partial,
    affordancenet_rotated,
    faust,
    laso,
    objaverse_general,
    openad,
    openad_partial,
    own_objects,
    own_procedural,
    partnete,
    piad,
    piadv2,
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
    """What each data set offers, a module or an object; see partwise.datasets.source."""

    @property
    def SOURCE(self) -> DatasetSource:
        """What is known about it."""
        ...

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
    "affordancenet": affordancenet,
    "affordancenet-partial": affordancenet_partial,
    "affordancenet-rotated": affordancenet_rotated,
    "openad": openad,
    "openad-partial": openad_partial,
    "laso": laso,
    "piad-seen": piad.SEEN,
    "piad-unseen": piad.UNSEEN,
    "piadv2-seen": piadv2.SEEN,
    "piadv2-unseen-obj": piadv2.UNSEEN_OBJ,
    "piadv2-unseen-aff": piadv2.UNSEEN_AFF,
    "procedural": own_procedural,
    "objects": own_objects,
}


def dataset_module(name: str) -> DatasetModule:
    """The module of a data set. Raises InputError that lists the names for an unknown one."""
    if name not in DATASETS:
        raise InputError(f"unknown data set {name!r}: use one of {', '.join(DATASETS)}")
    return DATASETS[name]


def found_counts(data: Converted, wanted: Iterable[str] = ()) -> dict[str, int]:
    """What a converted data set holds, by what is counted; 0 for what is `wanted` and not there.

    "<split> shapes", "objects" in all splits, "categories"; where it has pairs "pairs", "<split> pairs" and
    "<split> affordances asked". Only if wanted, as every shape is read for it: "<split> shapes with <label>" and
    "<split> categories".
    """
    manifest, counts = data.manifest, dict.fromkeys(wanted, 0)
    for split, ids in manifest.splits.items():
        counts[f"{split} shapes"] = len(ids)
        if (data.folder / f"pairs_{split}.jsonl").is_file():
            pairs = data.pairs(split)
            counts[f"{split} pairs"] = len(pairs)
            counts["pairs"] = counts.get("pairs", 0) + len(pairs)
            counts[f"{split} affordances asked"] = len({pair.affordance for pair in pairs})
        if any(key.startswith(f"{split} shapes with ") for key in counts):
            counts |= _shapes_with(data, split)
        if f"{split} categories" in counts:
            counts[f"{split} categories"] = len({item.category for item in data.split(split)})
    uids = {uid for ids in manifest.splits.values() for uid in ids}
    counts["objects"] = len(uids)
    if categories := manifest.label_names.keys() - uids:  # without those that are names of one shape
        counts["categories"] = len(categories)
    return counts


def _shapes_with(data: Converted, split: str) -> Counter[str]:
    """How many shapes of a split have a point of each label."""
    found: Counter[str] = Counter()
    for item in data.split(split):
        names = data.manifest.names_of(item.uid, item.category)
        labels = np.unique(item.labels) if item.labels is not None else ()
        found.update(f"{split} shapes with {names[label]}" for label in labels if label >= 0)
    return found
