"""Splits of lists: clouds by path, images by path, and what is asked about a cloud is what an image shows.

Shared by PIAD and PIADv2, which differ in how a file is read and how its path tells object and affordance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from partwise.datasets.converted import Pair
from partwise.datasets.converted_item import Item
from partwise.datasets.manifest import Manifest
from partwise.datasets.source import DatasetSource, together
from partwise.datasets.streams import (
    SplitFiles,
    Words,
    check_splits,
    convert_splits,
    lines_of,
    listed_paths,
    needed,
)
from partwise.errors import InputError


@dataclass
class ListedSplit:
    """One split of a copy. It remembers which cloud is which while they are read, for the pairs that come after.

    points, images  the two lists, in the folder `root`
    beside          lists with one line for each image; of other things, which are not read
    objects         that the split may hold
    read            a cloud's file
    shown           (object, affordance) by the path of an image, None if it is not named as expected
    """

    root: Path
    points: str
    images: str
    beside: tuple[str, ...]
    objects: tuple[str, ...]
    read: Callable[[Path], Item]
    shown: Callable[[Path], tuple[str, str] | None]
    uids: dict[Path, str] = field(default_factory=dict)
    of_object: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """Every list."""
        return (self.points, self.images, *self.beside)

    def items(self) -> Iterator[Item]:
        """Every cloud that is listed, once: a test list names a cloud again for each image."""
        self.uids, self.of_object = {}, {}
        for where, path in listed_paths(self.root, self.points):
            if path in self.uids:
                continue
            item = self.read(needed(where, path))
            if item.category not in self.objects:
                raise InputError(f"{where}: a {item.category} is none of {', '.join(self.objects)}")
            self.uids[path] = item.uid
            self.of_object.setdefault(item.category, []).append((item.uid, item.heat_names))
            yield item

    def paired(self) -> Iterator[Pair]:
        """Image i with cloud i."""
        images, clouds = self._images(), listed_paths(self.root, self.points)
        if len(images) != len(clouds):
            raise InputError(
                f"{self.root / self.images} lists {len(images)} images, {self.points} {len(clouds)} clouds: "
                "they go line by line, so one of the two is truncated"
            )
        for (image, _, affordance), (_, cloud) in zip(images, clouds, strict=True):
            yield Pair(self.uids[cloud], None, image, affordance)

    def drawn(self) -> Iterator[Pair]:
        """Every image with a cloud of its object, in turn, one with that affordance if there is any.

        Training may put any other such cloud in its place.
        """
        turns: Counter[tuple[str, str]] = Counter()
        for image, category, affordance in self._images():
            clouds = self.of_object.get(category, [])
            fitting = [uid for uid, names in clouds if affordance in names] or [uid for uid, _ in clouds]
            if not fitting:
                raise InputError(f"{self.root / self.images}: {image} shows a {category}, no cloud is one")
            yield Pair(fitting[turns[category, affordance] % len(fitting)], None, image, affordance)
            turns[category, affordance] += 1

    def _images(self) -> list[tuple[str, str, str]]:
        """(path in the copy, object, affordance) of every image."""
        images = listed_paths(self.root, self.images)
        for name in self.beside:
            count = len(lines_of(self.root / name))
            if count != len(images):
                raise InputError(
                    f"{self.root / self.images} lists {len(images)} images, {name} has {count} lines: "
                    "they go line by line, so one of the two is truncated"
                )
        found = []
        for where, path in images:
            shown = self.shown(path)
            if shown is None or shown[0] not in self.objects:
                raise InputError(
                    f"{where}: {path.name!r} does not tell an object of the split and an affordance"
                )
            found.append((path.relative_to(self.root).as_posix(), *shown))
        return found

    def absent_images(self) -> list[str]:
        """A line if listed images are not there: models of words do without them."""
        absent = [path for _, path in listed_paths(self.root, self.images) if not path.is_file()]
        return [f"{len(absent)} images of {self.images}, such as {absent[0].name}"] if absent else []

    def with_facts(self, manifest: Manifest) -> Manifest:
        """The manifest with one entry for all clouds of the split, and with the images that lack."""
        clouds = [path for _, path in listed_paths(self.root, self.points) if path.is_file()]
        entry = together(self.root, list(dict.fromkeys(clouds)), self.points)
        return replace(
            manifest,
            source_files=(*manifest.source_files, entry),
            missing=(*manifest.missing, *self.absent_images()),
        )


@dataclass(frozen=True)
class ListedDataset:
    """A data set of such lists as `partwise data` knows it; settings of one publication differ in its fields alone.

    splits   of a copy in a folder
    made_up  writes a synthetic copy into a folder, from a seed
    """

    SOURCE: DatasetSource
    words: Words
    splits: Callable[[Path], dict[str, ListedSplit]]
    made_up: Callable[[Path, int], None]

    def convert(self, source_root: Path | str, out_root: Path | str) -> Manifest:
        """Write the converted layout: test pairs line by line, other images each with one cloud."""
        root = Path(source_root)
        return convert_lists(self.SOURCE, root, out_root, self.splits(root), self.words)

    def check(self, source_root: Path | str) -> list[str]:
        """What is wrong with a copy, a line each; empty if it is whole."""
        root = Path(source_root)
        return check_lists(self.SOURCE, root, self.splits(root), self.words)

    def mock(self, root: Path | str, seed: int) -> None:
        """Write a synthetic copy of the layout."""
        self.made_up(Path(root), seed)


def convert_lists(
    source: DatasetSource, root: Path, out_root: Path | str, splits: Mapping[str, ListedSplit], words: Words
) -> Manifest:
    """Write the converted layout; the test pairs line by line, the others each image with one cloud."""

    def complete(manifest: Manifest, whole: Collection[str]) -> Manifest:
        for name in whole:
            manifest = splits[name].with_facts(manifest)
        return manifest

    return convert_splits(source, root, out_root, _as_splits(splits), words, complete)


def check_lists(
    source: DatasetSource, root: Path, splits: Mapping[str, ListedSplit], words: Words
) -> list[str]:
    """What is wrong with a copy, a line each; images that lack are named too."""
    problems = check_splits(source, root, _as_splits(splits), words)
    for split in splits.values():
        if (root / split.images).is_file():
            problems += [f"missing: {line}" for line in split.absent_images()]
    return problems


def _as_splits(splits: Mapping[str, ListedSplit]) -> dict[str, SplitFiles]:
    return {
        name: SplitFiles(split.files, split.items, split.paired if name == "test" else split.drawn)
        for name, split in splits.items()
    }
