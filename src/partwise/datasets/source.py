"""Where a published data set comes from, and how a copy of it is checked: shared by all converters.

Each data set is one module with

    SOURCE = DatasetSource(...)
    convert(source_root, out_root) -> Manifest     official files -> converted layout; partial copies name what lacks
    mock(root, seed)                               a tiny made-up copy of the official layout: names, dtypes, splits
    check(source_root) -> list[str]                what is wrong with a copy, a line each; empty if it is whole

Nothing here downloads: every set is handed out by its authors, most behind a form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from partwise.datasets.manifest import Manifest, SourceFile
from partwise.errors import MissingDataError
from partwise.files import file_sha256


@dataclass(frozen=True)
class DatasetSource:
    """What is known about a published data set.

    name     of the converted folder and on the command line
    title    as its authors call it
    where    where a person obtains it, and how
    licence  its terms, in a sentence
    files    the official files, by their path in the source folder; folders end in "/"
    counts   what a whole copy must hold, by what is counted: {"pairs": 19751}. Only published or verified numbers
    hashes   SHA-256 of official files, where known
    version  of the converter; raise it when its output changes
    made_here  true where partwise makes the shapes itself and reads no copy
    """

    name: str
    title: str
    where: str
    licence: str
    files: tuple[str, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    version: int = 1
    made_here: bool = False

    @property
    def converter(self) -> str:
        """What a manifest says about who wrote it."""
        return f"partwise.datasets.{self.name}/{self.version}"


def absent(source: DatasetSource, root: Path) -> list[str]:
    """The official files that a copy lacks, in the order of the source."""
    return [
        name
        for name in source.files
        if not ((root / name).is_dir() if name.endswith("/") else (root / name).is_file())
    ]


def require(source: DatasetSource, root: Path, names: Iterable[str]) -> None:
    """Raises MissingDataError naming every file of `names` that is not there, and where the set is obtained."""
    if not root.is_dir():
        raise MissingDataError(f"no folder {root}: {source.title} is to be had here: {source.where}")
    lacking = set(absent(source, root)) & set(names)
    if lacking:
        raise MissingDataError(
            f"{root} lacks {', '.join(sorted(lacking))}: {source.title} is to be had here: {source.where}"
        )


def present(source: DatasetSource, root: Path, names: Iterable[str]) -> list[str]:
    """Those of `names` that are there. Raises MissingDataError if none is: an empty conversion helps nobody."""
    names = list(names)
    lacking = absent(source, root)
    found = [name for name in names if name not in lacking]
    if not root.is_dir() or not found:
        require(source, root, names)
    return found


def fingerprints(root: Path, names: Iterable[str]) -> tuple[SourceFile, ...]:
    """Name, hash and size of source files."""
    return tuple(SourceFile.of(root, name) for name in names)


def together(root: Path, paths: Sequence[Path], what: str) -> SourceFile:
    """One entry for many files: their number, and a hash over all names and hashes in the order of reading.

    Raises MissingDataError for a file that is not there.
    """
    total, size = hashlib.sha256(), 0
    for path in paths:
        if not path.is_file():
            raise MissingDataError(f"{path}: the file is missing: complete the copy, or unpack it again")
        total.update(f"{path.relative_to(root).as_posix()} {file_sha256(path)}\n".encode())
        size += path.stat().st_size
    return SourceFile(f"{len(paths)} files of {what}", total.hexdigest(), size)


def file_problems(source: DatasetSource, root: Path) -> list[str]:
    """A line for each official file that a copy lacks or that is another one than was published."""
    if not root.is_dir():
        return [f"no folder {root}"]
    lacking = absent(source, root)
    problems = [f"{name} is missing" for name in lacking]
    for name, expected in source.hashes.items():
        if name not in lacking and (found := SourceFile.of(root, name).sha256) != expected:
            problems.append(f"{name} has the SHA-256 {found[:12]}, published was {expected[:12]}")
    return problems


def count_problems(source: DatasetSource, found: Mapping[str, int]) -> list[str]:
    """A line for each count that differs from the published one; counts that were not taken are no problem."""
    return [
        f"{found[what]:,} {what}, expected {expected:,}"
        for what, expected in source.counts.items()
        if what in found and found[what] != expected
    ]


def empty_manifest(source: DatasetSource, root: Path, read: Iterable[str], **facts: object) -> Manifest:
    """The manifest of a conversion that reads the files `read`, for `write_converted` to fill; it names what lacks."""
    return Manifest(
        dataset=source.name,
        licence=source.licence,
        converter=source.converter,
        source_files=fingerprints(root, read),
        missing=tuple(absent(source, root)),
        **facts,  # pyright: ignore[reportArgumentType]
    )
