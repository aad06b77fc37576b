"""Where a protocol's shapes come from: a converted data set, the procedural world, or a folder of real objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from partwise.datasets.converted import Converted, Pair
from partwise.datasets.converted_item import Item
from partwise.datasets.manifest import MANIFEST
from partwise.datasets.objects import RealObjects
from partwise.datasets.own_procedural import HELD_OUT_TIMES, SEED_NEVER_TRAINED_ON
from partwise.datasets.procedural import HELD_OUT, ProceduralShapes, training_categories
from partwise.datasets.world.surface import Scan
from partwise.errors import InputError, MissingDataError
from partwise.evaluate.protocol import Protocol

# More than a model samples, so that its seed matters.
POINTS = 4096


@dataclass(frozen=True)
class Pairs:
    """The pairs of a split, and the shape of each by its name."""

    rows: tuple[Pair, ...]
    item: Callable[[str], Item]


@dataclass(frozen=True)
class Source:
    """The shapes of one split, what their labels mean, and what is asked about which shape.

    names    of an item: what its labels 0, 1, ... stand for
    up       axis that points up
    pairs    what is asked about which shape, where the data set says so
    partial  whether the copy lacks something; mock whether it is a layout twin: as its manifest says
    """

    items: Iterable[Item]
    names: Callable[[Item], tuple[str, ...]]
    up: str
    pairs: Pairs | None = None
    partial: bool = False
    mock: bool = False


def open_source(protocol: Protocol, root: Path | None) -> Source:
    """The data of a protocol. `root` holds converted data sets, or GLB files of objects; the world needs none.

    Raises MissingDataError naming the command that prepares what is missing.
    """
    if protocol.dataset == "procedural":
        return _of_samples(_procedural(protocol))
    if root is None:
        raise MissingDataError(
            f"{protocol.id} needs the data set {protocol.dataset!r}: give its folder as --root; "
            f"`partwise data prepare {protocol.dataset}` makes it from a copy of the official files"
        )
    if protocol.dataset == "objects" and not (root / "objects" / MANIFEST).is_file():
        scan = Scan(points=POINTS, kind="cad")
        return _of_samples(RealObjects(root, split=protocol.split, least_names=2, scan=scan))
    data = Converted(root, protocol.dataset)
    split = data.split(protocol.split)
    pairs = None
    if (data.folder / f"pairs_{protocol.split}.jsonl").is_file():
        # Pairs about one shape mostly follow each other.
        item = lru_cache(maxsize=8)(lambda uid: split[split.row(uid)])
        pairs = Pairs(tuple(data.pairs(protocol.split)), item)
    manifest = data.manifest
    return Source(
        split,
        lambda item: manifest.names_of(item.uid, item.category),
        manifest.up,
        pairs,
        bool(manifest.missing),
        manifest.made_up,
    )


def _procedural(protocol: Protocol) -> ProceduralShapes:
    scan, heat = Scan(points=POINTS, kind="mixed"), protocol.task != "parts"
    if protocol.split == "held-out-seeds":
        seen = training_categories()
        return ProceduralShapes(SEED_NEVER_TRAINED_ON, seen, scan, len(seen), heat)
    if protocol.split == "held-out-categories":
        return ProceduralShapes(SEED_NEVER_TRAINED_ON, HELD_OUT, scan, len(HELD_OUT) * HELD_OUT_TIMES, heat)
    raise InputError(
        f"{protocol.id}: the procedural world has the splits held-out-seeds and held-out-categories, "
        f"not {protocol.split!r}"
    )


class _Items:
    """Samples as items, made when asked for; the last one is kept, for its names are asked for next."""

    def __init__(self, samples: ProceduralShapes | RealObjects) -> None:
        self._samples = samples
        self._last: tuple[Item, tuple[str, ...]] | None = None

    def __iter__(self) -> Iterator[Item]:
        for sample in self._samples:
            item = Item(
                uid=re.sub(r"[^A-Za-z0-9_.+-]", "_", sample.uid).lstrip(".+-"),
                category=sample.category,
                points=sample.points.astype(np.float32),
                labels=sample.labels.astype(np.int32),
                heat=sample.heat.clip(0, 1) if sample.affordances else None,
                heat_names=sample.affordances,
            )
            self._last = item, tuple(part.name for part in sample.parts)
            yield item

    def names(self, item: Item) -> tuple[str, ...]:
        """What the labels of the item that was made last stand for."""
        if self._last is None or self._last[0] is not item:
            raise InputError(f"{item.uid} is not the item that was made last")
        return self._last[1]


def _of_samples(samples: ProceduralShapes | RealObjects) -> Source:
    items = _Items(samples)
    return Source(items, items.names, "y")
