"""Official copies of part data sets, one entry a shape: converted, or checked shape by shape, by the same reading."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from partwise.datasets.converted import write_converted
from partwise.datasets.converted_item import Item
from partwise.datasets.manifest import Manifest
from partwise.datasets.sample import Sample
from partwise.datasets.source import DatasetSource, count_problems, empty_manifest, file_problems, together
from partwise.errors import InputError, MissingDataError, MissingExtraError, PartwiseError

Arrays = dict[str, np.ndarray]
MOST_PROBLEMS = 50  # of one check: a folder of another data set would have thousands


@dataclass(frozen=True)
class Entry:
    """One shape of an official copy that is not read yet.

    split, uid, category   where it goes, its name there, and what it is
    files                  what `read` opens
    read                   gives the arrays of an Item: points, labels into the names of the category, and what else
                           there is. Raises MissingDataError or InputError that names the file
    """

    split: str
    uid: str
    category: str
    files: tuple[Path, ...]
    read: Callable[[], Arrays]

    def item(self) -> Item:
        """The shape itself. Raises MissingDataError or InputError that names the file."""
        arrays = self.read()
        try:
            return Item(self.uid, self.category, **arrays)  # pyright: ignore[reportArgumentType]
        except InputError as error:
            raise InputError(f"{self.files[0] if self.files else self.uid}: {error}") from None


def counts_of(entries: Sequence[Entry]) -> dict[str, int]:
    """What is counted in a copy: "<split> shapes" of each split, and "categories"."""
    splits = [entry.split for entry in entries]
    counts = {f"{split} shapes": splits.count(split) for split in dict.fromkeys(splits)}
    return counts | {"categories": len({entry.category for entry in entries})}


def convert_entries(
    source: DatasetSource,
    root: Path,
    out_root: Path | str,
    entries: Sequence[Entry],
    names: Mapping[str, tuple[str, ...]],
) -> Manifest:
    """Write the converted layout: every split that has shapes, in the order of the entries. +Y up, units unknown.

    names  of the labels of each category, or of a shape by its uid; the manifest keeps those that occur

    Raises MissingDataError if nothing is listed, and whatever reading an entry raises; then nothing is written.
    """
    if not entries:
        raise MissingDataError(
            f"{root} lists no shape of {source.title}, which is obtained here: {source.where}"
        )
    tables = [name for name in source.files if (root / name).is_file()]
    present = {key for entry in entries for key in (entry.category, entry.uid)}
    manifest = empty_manifest(
        source,
        root,
        tables,
        label_names={key: tuple(words) for key, words in names.items() if key in present},
    )
    shapes = dict.fromkeys(path for entry in entries for path in entry.files)
    rest = [path for path in shapes if path.relative_to(root).as_posix() not in tables]
    if rest:
        manifest = replace(manifest, source_files=(*manifest.source_files, together(root, rest, "shapes")))
    splits = dict.fromkeys(entry.split for entry in entries)
    items = {split: _items(entries, split) for split in splits}
    return write_converted(out_root, manifest, items)


def convert_samples(
    source: DatasetSource,
    root: Path,
    out_root: Path | str,
    sets: Mapping[str, Iterable[Sample]],
    file_of: Callable[[Sample], Path] | None = None,
) -> Manifest:
    """Write samples in the converted layout, a split for each set; the names of a shape stand under its uid.

    file_of  the file that a sample was read from, where there is one
    """
    entries, names = [], {}
    for split, samples in sets.items():
        for sample in samples:
            files = (file_of(sample),) if file_of else ()
            uid = re.sub(r"[^A-Za-z0-9_.+-]", "_", sample.uid)
            names[uid] = tuple(part.name for part in sample.parts)
            entries.append(Entry(split, uid, sample.category, files, partial(_arrays, sample)))
    return convert_entries(source, root, out_root, entries, names)


def _arrays(sample: Sample) -> Arrays:
    return {
        "points": sample.points.astype(np.float32),
        "normals": sample.normals.astype(np.float32),
        "labels": sample.labels.astype(np.int32),
    }


def _items(entries: Sequence[Entry], split: str) -> Iterable[Item]:
    return (entry.item() for entry in entries if entry.split == split)


def check_entries(
    source: DatasetSource,
    root: Path | str,
    folder: Callable[[Path], Path],
    entries: Callable[[Path], Sequence[Entry]],
) -> list[str]:
    """What is wrong with a copy: files, counts, then every shape read as a conversion would; at most MOST_PROBLEMS.

    folder, entries  find the folder of the copy, and list its shapes

    Raises MissingExtraError if a package is missing to look inside.
    """
    try:
        place = folder(Path(root))
    except MissingDataError as error:
        return [f"{error}. {source.title} is obtained here: {source.where}"]
    problems = file_problems(source, place)
    try:
        listed = entries(place)
    except MissingExtraError:
        raise
    except PartwiseError as error:
        return [*problems, _line(error, place)]
    problems += count_problems(source, dict.fromkeys(source.counts, 0) | counts_of(listed))
    for entry in listed:
        if len(problems) >= MOST_PROBLEMS:
            return [*problems, f"stopped after {len(problems)} problems: is this a copy of {source.title}?"]
        try:
            entry.item()
        except PartwiseError as error:
            problems.append(_line(error, place))
    return problems


def _line(error: PartwiseError, root: Path) -> str:
    return " ".join(str(error).replace(f"{root}{os.sep}", "").split())
