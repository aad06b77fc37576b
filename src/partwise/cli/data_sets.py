"""`partwise data list|check|prepare|mock`: published data sets, from an official copy to what every loader reads."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from partwise.checks import checked_seed
from partwise.cli.progress import step
from partwise.errors import InputError, MissingDataError, PartwiseError
from partwise.files import make_folder

if TYPE_CHECKING:
    from partwise.datasets.catalogue import DatasetModule

SHOWN = 20  # problems in a message; --json has them all


@dataclass(frozen=True)
class ListSets:
    """Say which data sets are known, where each is obtained, under which terms, and what is prepared under --root.

    Examples:
        partwise data list
        partwise data list --root data --json
    """

    root: Path = Path("data")
    """The folder of prepared data sets."""
    json: bool = False
    """Print JSON."""

    def run(self) -> None:
        """Look and print."""
        from partwise.datasets.catalogue import DATASETS

        rows = []
        for name, module in DATASETS.items():
            source = module.SOURCE
            row = {"name": name, "title": source.title, "where": source.where, "licence": source.licence}
            rows.append(row | {"counts": dict(source.counts)} | _prepared(self.root, name))
        if self.json:
            print(json.dumps({"root": str(self.root), "datasets": rows}))
            return
        for row in rows:
            print(f"{row['name']}: {row['title']}")
            print(f"  from      {row['where']}")
            print(f"  licence   {row['licence']}")
            print(f"  prepared  {row['state']}")


def _prepared(root: Path, name: str) -> dict[str, Any]:
    """`prepared`, `state` (a sentence) and what the manifest of a prepared set says about its size and gaps."""
    from partwise.datasets.manifest import MANIFEST, read_manifest

    if not (root / name / MANIFEST).is_file():
        return {"prepared": False, "state": f"not under {root}"}
    try:
        manifest = read_manifest(root / name)
    except PartwiseError as error:
        return {"prepared": False, "state": str(error)}
    splits = ", ".join(f"{count:,} {split}" for split, count in manifest.counts().items())
    gaps = f"; partial: {'; '.join(manifest.missing)}" if manifest.missing else ""
    return {
        "prepared": True,
        "state": splits + ("; made up" if manifest.made_up else "") + gaps,
        "splits": manifest.counts(),
        "missing": list(manifest.missing),
        "made_up": manifest.made_up,
    }


@dataclass(frozen=True)
class CheckSet:
    """Check an official copy: files, hashes where known, counts, then every shape. Exit code 3 if it is not whole.

    Examples:
        partwise data check shapenetpart --root downloads
    """

    name: tyro.conf.Positional[str]
    """The data set, as `partwise data list` calls it."""
    root: Path
    """The folder with the official files."""
    json: bool = False
    """Print JSON."""

    def run(self) -> None:
        """Check and print. Raises MissingDataError with the problems if there are some."""
        from partwise.datasets.catalogue import dataset_module

        module = dataset_module(self.name)
        with step(f"checking {self.root}"):
            problems = module.check(self.root)
        if self.json:
            record = {"name": self.name, "root": str(self.root), "whole": not problems, "problems": problems}
            print(json.dumps(record))
        if problems:
            raise MissingDataError(f"{self.root} is not the whole of {self.name}:{_listed(problems)}")
        if not self.json:
            print(f"{self.root}: {module.SOURCE.title} is whole")


@dataclass(frozen=True)
class PrepareSet:
    """Convert an official copy into what the loaders read, and check what it must hold. Nothing is downloaded.

    Nothing is written if a file is missing or damaged or a count differs from the published one; --partial converts
    what is there all the same, and notes what is missing in the manifest, so that no result passes for the whole.

    Examples:
        partwise data prepare shapenetpart --source downloads --root data
        partwise data prepare procedural --root data
    """

    name: tyro.conf.Positional[str]
    """The data set, as `partwise data list` calls it."""
    source: Path | None = None
    """The folder with the official files; `procedural` needs none."""
    root: Path = Path("data")
    """The folder to write into."""
    partial: bool = False
    """Convert an incomplete copy."""
    json: bool = False
    """Print JSON."""

    def run(self) -> None:
        """Convert, check counts, move into place, print counts."""
        from partwise.datasets.catalogue import dataset_module

        module = dataset_module(self.name)
        if self.source is None and not module.SOURCE.made_here:
            raise MissingDataError(
                f"{self.name} is made from a copy of the official files: name its folder as --source. "
                f"It is obtained here: {module.SOURCE.where}"
            )
        with step(f"converting {self.name}"):
            counts, missing = prepare(module, self.source or Path(), self.root, self.partial)
        report(self.root / self.name, counts, missing, self.json)


@dataclass(frozen=True)
class MockSet:
    """Write a tiny made-up copy of a data set in its official layout, to try a loader before you have the data.

    Examples:
        partwise data mock partnete --root mocks
        partwise data mock partnete --root mocks --prepared
    """

    name: tyro.conf.Positional[str]
    """The data set, as `partwise data list` calls it."""
    root: Path
    """The folder to write into: <root>/official/<name>, and <root>/<name> with --prepared."""
    seed: int = 0
    """The same seed gives the same files."""
    prepared: bool = False
    """Convert the copy too."""
    json: bool = False
    """Print JSON."""

    def run(self) -> None:
        """Write the copy, and convert it. Raises InputError if it is there already."""
        from partwise.datasets.catalogue import dataset_module

        module, official = dataset_module(self.name), self.root / "official" / self.name
        if official.exists():
            raise InputError(f"{official} is there already: remove it, or name another root")
        checked_seed(self.seed)
        with tempfile.TemporaryDirectory(
            dir=make_folder(official.parent), prefix=f".{self.name}."
        ) as staging:
            module.mock(Path(staging) / "copy", self.seed)
            os.rename(Path(staging) / "copy", official)
        counts, missing = {}, ()
        if self.prepared:
            counts, missing = prepare(module, official, self.root, partial=True, made_up=True)
        if self.prepared or self.json:
            report(self.root / self.name if self.prepared else official, counts, missing, self.json)
        if not self.json:
            print(f"wrote {official}")


def prepare(
    module: DatasetModule, source: Path, root: Path, partial: bool, made_up: bool = False
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Convert `source` into `root`; what was counted, and what is missing. The folder appears whole or not at all.

    made_up  whether this is a layout twin, which the manifest says

    Raises InputError for a folder that is there, or if the copy is not whole and `partial` does not allow that.
    """
    from partwise.datasets.catalogue import found_counts
    from partwise.datasets.converted import Converted
    from partwise.datasets.manifest import write_manifest
    from partwise.datasets.source import count_problems

    name = module.SOURCE.name
    target = root / name
    if target.exists():
        raise InputError(f"{target} is there already: remove it, or name another root")
    staging = Path(tempfile.mkdtemp(dir=make_folder(root), prefix=f".{name}."))
    try:
        manifest = module.convert(source, staging)
        counts = found_counts(Converted(staging, name), module.SOURCE.counts)
        problems = (*manifest.missing, *count_problems(module.SOURCE, counts))
        if problems and not partial:
            raise MissingDataError(
                f"{source} is not the whole of {name}:{_listed(problems)}\n"
                "Complete it, or convert what is there with --partial"
            )
        if made_up or problems != manifest.missing:
            write_manifest(staging / name, replace(manifest, missing=problems, made_up=made_up))
        os.rename(staging / name, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return counts, problems


def report(folder: Path, counts: dict[str, int], missing: tuple[str, ...], as_json: bool) -> None:
    """Print what was written."""
    if as_json:
        print(json.dumps({"folder": str(folder), "counts": counts, "missing": list(missing)}))
        return
    print(f"wrote {folder}")
    for what, count in counts.items():
        print(f"  {count:>9,} {what}")
    for line in missing:
        print(f"  missing: {line}")


def _listed(problems: list[str] | tuple[str, ...]) -> str:
    lines = [f"\n  {line}" for line in problems[:SHOWN]]
    return "".join(lines) + (f"\n  and {len(problems) - SHOWN} more" if len(problems) > SHOWN else "")
