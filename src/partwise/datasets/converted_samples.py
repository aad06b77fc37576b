"""Converted affordance data as samples, the one currency of the recipes: shapes with heat, or one question each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from partwise.datasets.converted import Converted, Split
from partwise.datasets.converted_item import Item, object_of
from partwise.datasets.manifest import Manifest
from partwise.datasets.sample import Sample
from partwise.errors import InputError

NONE = "none"
# One object in so many is kept back from training to select on.
KEPT_OBJECTS = 10


@dataclass(frozen=True)
class Entry:
    """A sample to be: a row of the split, and the affordance that is asked about; None for all of the shape."""

    row: int
    affordance: str | None = None


class HeatSamples(
    Sequence
):  # of Sample; not Sequence[Sample], or checks of types at run time read a file each
    """Entries of a split as samples, each read when it is asked for; hard labels become heat of 0 and 1."""

    def __init__(self, split: Split, entries: Sequence[Entry], labels: Sequence[str]) -> None:
        self.split, self.entries, self.labels = split, tuple(entries), tuple(labels)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        entry = self.entries[index]
        return as_sample(self.split[entry.row], self.labels, entry.affordance)

    def categories(self) -> tuple[str, ...]:
        """The objects among the samples, sorted; every shape is read."""
        rows = dict.fromkeys(entry.row for entry in self.entries)
        return tuple(sorted({self.split[row].category for row in rows}))


def as_sample(item: Item, labels: Sequence[str], affordance: str | None = None) -> Sample:
    """A converted shape as a sample without part names.

    labels      of the data set, which hard labels number
    affordance  the only one that is wanted; without a column it is 0 everywhere
    """
    names, heat = list(item.heat_names), item.heat
    if item.labels is not None:
        numbers = [int(number) for number in np.unique(item.labels) if number >= 0 and labels[number] != NONE]
        names = [labels[number] for number in numbers]
        heat = np.stack([item.labels == number for number in numbers], axis=1) if numbers else None
    if heat is None:
        heat = np.zeros((len(item.points), 0))
    if affordance is not None:
        column = heat[:, names.index(affordance)] if affordance in names else np.zeros(len(heat))
        names, heat = [affordance], column[:, None]
    return Sample(
        points=item.points,
        normals=np.zeros_like(item.points),
        labels=np.full(len(item.points), -1, dtype=np.int16),
        parts=(),
        category=item.category,
        uid=item.uid,
        affordances=tuple(names),
        heat=heat.astype(np.float32),
        colors=None if item.colors is None else item.colors.astype(np.float32) / 255,
    )


def affordance_labels(manifest: Manifest) -> tuple[str, ...]:
    """The affordances of a data set in its own order and spelling, "none" among them where its labels are hard.

    Raises InputError if its objects do not share one list, as the parts of objects do not.
    """
    lists = set(manifest.label_names.values())
    if len(lists) != 1:
        raise InputError(
            f"{manifest.dataset} has {len(lists)} lists of labels, one for each object: a recipe for affordances "
            "needs one for all"
        )
    return lists.pop()


def entries_of(
    data: Converted, split: str, by_pair: bool, keeps: Callable[[str, str], bool] | None = None
) -> list[Entry]:
    """What a split is trained on: every shape, or every annotated pair (LASO).

    keeps  (object, affordance) -> whether a pair belongs to the variant that is trained
    """
    shapes = data.split(split)
    if not by_pair:
        if keeps is not None:
            raise InputError(
                f"{data.manifest.dataset}: a variant leaves pairs out, but whole shapes were asked for"
            )
        return [Entry(row) for row in range(len(shapes))]
    pairs = [(shapes.row(pair.uid), pair.affordance) for pair in data.pairs(split)]
    if keeps is not None:
        objects = {row: shapes[row].category for row in {row for row, _ in pairs}}
        pairs = [(row, affordance) for row, affordance in pairs if keeps(objects[row], affordance)]
    if not pairs:
        raise InputError(f"{data.manifest.dataset}: no pair of {split!r} is left")
    return [Entry(row, affordance) for row, affordance in pairs]


def cut(split: Split, entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """(to train on, to select on): about one object in ten is kept back, with all its views and questions.

    Which ones follows from their names alone, so the same objects are kept back in every run and from every variant.
    Raises InputError if nothing would be left on one side.
    """
    kept = [entry for entry in entries if _is_kept(split.uids[entry.row])]
    trained = [entry for entry in entries if not _is_kept(split.uids[entry.row])]
    if not kept and len({object_of(split.uids[entry.row]) for entry in entries}) > 1:
        # A tiny set, whose names happen to spare all: its last object.
        last = object_of(split.uids[entries[-1].row])
        kept = [entry for entry in entries if object_of(split.uids[entry.row]) == last]
        trained = [entry for entry in entries if object_of(split.uids[entry.row]) != last]
    if not kept or not trained:
        raise InputError(
            f"{len(entries)} samples of {split.folder} cannot be cut into some to train on and some to select on"
        )
    return trained, kept


def _is_kept(uid: str) -> bool:
    return crc32(object_of(uid).encode()) % KEPT_OBJECTS == 0
