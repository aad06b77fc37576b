"""Official copies that come as a few big files: read shape by shape, converted, or checked by the same reading."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from partwise.datasets.converted import Pair, write_converted
from partwise.datasets.converted_item import Item
from partwise.datasets.manifest import Manifest
from partwise.datasets.source import (
    DatasetSource,
    count_problems,
    empty_manifest,
    file_problems,
    present,
    require,
)
from partwise.errors import InputError, MissingDataError, PartwiseError

LONGEST_NAME = 255  # of a file, on every system in use


@dataclass(frozen=True)
class SplitFiles:
    """A split of an official copy.

    files  that it needs, by their path in the source folder; without one of them it is left out, and said so
    items  reads its shapes one by one
    pairs  what is asked about them, taken after all items; None where the data set has no pairs
    """

    files: tuple[str, ...]
    items: Callable[[], Iterator[Item]]
    pairs: Callable[[], Iterator[Pair]] | None = None


@dataclass(frozen=True)
class Words:
    """What labels or heat of the objects mean: `labels`, the same for each of `categories`."""

    categories: Sequence[str]
    labels: Sequence[str]

    def table(self) -> dict[str, tuple[str, ...]]:
        """The label names of a manifest."""
        return {category: tuple(self.labels) for category in self.categories}


def convert_splits(
    source: DatasetSource,
    source_root: Path | str,
    out_root: Path | str,
    splits: Mapping[str, SplitFiles],
    words: Words,
    complete: Callable[[Manifest, Collection[str]], Manifest] | None = None,
) -> Manifest:
    """Write the converted layout of every split whose files are there; the manifest names the files that lack.

    complete  puts more into the manifest, given the names of the splits that are whole

    Raises MissingDataError if no split is whole, and whatever reading a split raises; then nothing is written.
    """
    root = Path(source_root)
    files = dict.fromkeys(name for split in splits.values() for name in split.files)
    there = present(source, root, files)
    whole = {name: split for name, split in splits.items() if set(split.files) <= set(there)}
    if not whole:
        require(source, root, files)
    manifest = empty_manifest(
        source,
        root,
        [name for name in files if name in there],
        label_names=words.table(),
    )
    if complete is not None:
        manifest = complete(manifest, whole)
    return write_converted(
        out_root,
        manifest,
        {name: split.items() for name, split in whole.items()},
        {name: split.pairs() for name, split in whole.items() if split.pairs is not None},
    )


def check_splits(
    source: DatasetSource, source_root: Path | str, splits: Mapping[str, SplitFiles], words: Words
) -> list[str]:
    """What is wrong with a copy: files, then every shape read as a conversion would, then counts.

    Reading stops at the first damage of a split; the counts of a split that was not read whole are not compared.
    """
    root = Path(source_root)
    problems, tally, whole = file_problems(source, root), Tally(), []
    for name, split in splits.items():
        if not all((root / file).is_file() for file in split.files):
            continue
        try:
            for item in split.items():
                tally.add_item(name, item, words)
            for pair in split.pairs() if split.pairs is not None else ():
                tally.add_pair(name, pair)
            whole.append(name)
        except PartwiseError as error:
            problems.append(" ".join(str(error).replace(f"{root}{os.sep}", "").split()))
    # A total over all splits says nothing if one of them is missing.
    complete = len(whole) == len(splits)
    compared = [key for key in source.counts if complete or key.split(" ")[0] in whole]
    counts = tally.counts()
    return problems + count_problems(source, {key: counts.get(key, 0) for key in compared})


class Tally:
    """Counts of a copy, by the words of DatasetSource.counts.

    "objects" and "pairs" of all splits; of each split "<split> shapes", "<split> pairs", "<split> shapes with <label>",
    "<split> categories" and "<split> affordances asked".
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._objects: set[str] = set()
        self._kinds: dict[str, set[str]] = {}

    def add_item(self, split: str, item: Item, words: Words) -> None:
        """Count a shape. Raises InputError for an object that the data set does not have."""
        if item.category not in words.categories:
            raise InputError(
                f"{item.uid}: unknown object {item.category!r}: expected {', '.join(words.categories)}"
            )
        names = item.heat_names
        if item.labels is not None:
            names = [words.labels[label] for label in np.unique(item.labels)]
        self._objects.add(item.uid)
        self._counts.update([f"{split} shapes", *(f"{split} shapes with {name}" for name in names)])
        self._kinds.setdefault(f"{split} categories", set()).add(item.category)

    def add_pair(self, split: str, pair: Pair) -> None:
        """Count a pair."""
        self._counts.update(["pairs", f"{split} pairs"])
        self._kinds.setdefault(f"{split} affordances asked", set()).add(pair.affordance)

    def counts(self) -> dict[str, int]:
        """All counts."""
        kinds = {key: len(names) for key, names in self._kinds.items()}
        return {"objects": len(self._objects), **self._counts, **kinds}


def one_file_each(
    root: Path, pattern: str, splits: Sequence[str], read: Callable[[Path], Iterator[Item]]
) -> dict[str, SplitFiles]:
    """Splits of a file each, whose name is `pattern` with the split in it."""
    names = {split: pattern.format(split) for split in splits}
    return {split: SplitFiles((name,), partial(read, root / name)) for split, name in names.items()}


def listed_paths(root: Path, name: str) -> list[tuple[str, Path]]:
    """The files that a list of the copy names, one a line: (where it is listed, where it lies).

    Authors list paths as they lie on their own disk: "Data/Seen/Point/x.txt" is also found as Seen/Point/x.txt.
    Raises InputError for a path that leaves the folder. The files themselves may be missing.
    """
    found = []
    for number, line in enumerate(lines_of(root / name), start=1):
        parts = PurePosixPath(line.strip().replace("\\", "/").lstrip("/")).parts
        if not parts or ".." in parts or "\0" in line or max(map(len, parts)) > LONGEST_NAME:
            raise InputError(f"{root / name}, line {number}: {line[:80]!r} names no file of the copy")
        tails = (root.joinpath(*parts[start:]) for start in range(len(parts)))
        path = next((tail for tail in tails if tail.is_file()), root.joinpath(*parts))
        found.append((f"{root / name}, line {number}", path))
    return found


def lines_of(path: Path) -> list[str]:
    """The lines of a list; only a line feed ends one, for texts hold all sorts of separators."""
    return path.read_text(encoding="utf-8", errors="replace").rstrip().split("\n")


def needed(where: str, path: Path) -> Path:
    """The path of a listed file. Raises MissingDataError naming list and line if it is not there."""
    if not path.is_file():
        raise MissingDataError(f"{where}: {path} is not there: complete the copy, or unpack it again")
    return path
