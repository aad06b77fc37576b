"""Converted data sets: what every loader here reads, whatever the official files look like.

`<root>/<dataset>/<split>/<id>.npz` holds a shape, `manifest.json` what they are, `pairs_<split>.jsonl` what is asked
about which shape. Plain arrays and JSON only; converters write it, one for each data set.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, overload

from partwise.datasets.converted_item import Item, check_name, item_bytes, read_item
from partwise.datasets.manifest import Manifest, names_of, read_manifest, write_manifest
from partwise.errors import InputError, MissingDataError

_PAIR_KEYS = ("affordance", "id", "image", "phrase", "question_id")


@dataclass(frozen=True)
class Pair:
    """What is asked about a shape: a phrase, an image, or the affordance's own word where both are None.

    uid          of the shape
    image        path in the source folder, with slashes
    question_id  which of the numbered questions the phrase is
    """

    uid: str
    phrase: str | None
    image: str | None
    affordance: str
    question_id: int | None = None


class Split(Sequence):  # of Item; not Sequence[Item], or checks of types at run time read a file each
    """The shapes of a split, each read when it is asked for and checked against the manifest."""

    def __init__(
        self, folder: Path, uids: tuple[str, ...], label_names: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.folder, self.uids, self._label_names = folder, uids, label_names
        self._rows = {uid: row for row, uid in enumerate(uids)}

    def __len__(self) -> int:
        return len(self.uids)

    def __iter__(self) -> Iterator[Item]:
        return (self._item(uid) for uid in self.uids)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Split: ...
    def __getitem__(self, index: int | slice) -> Item | Split:
        if isinstance(index, slice):
            return Split(self.folder, self.uids[index], self._label_names)
        return self._item(self.uids[index])

    def row(self, uid: str) -> int:
        """Where the shape of a pair is. Raises InputError for one that is not of this split."""
        if uid not in self._rows:
            raise InputError(f"{uid!r} is not a shape of {self.folder}: see the splits of the manifest")
        return self._rows[uid]

    def _item(self, uid: str) -> Item:
        path = self.folder / f"{uid}.npz"
        item = read_item(path, uid)
        try:
            check_meaning(item, self._label_names)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
        return item


class Converted:
    """A data set in the converted layout.

    >>> laso = Converted("data", "laso")  # doctest: +SKIP
    >>> item, pair = laso.split("test")[0], laso.pairs("test")[0]  # doctest: +SKIP

    Raises MissingDataError without its manifest, InputError if that is damaged or of another data set.
    """

    def __init__(self, root: Path | str, dataset: str) -> None:
        check_name(dataset, "dataset")
        self.folder = Path(root) / dataset
        self.manifest = read_manifest(self.folder)
        if self.manifest.dataset != dataset:
            raise InputError(f"{self.folder} holds {self.manifest.dataset!r}, not {dataset!r}: rename it")

    def split(self, name: str) -> Split:
        """The shapes of a split. Raises MissingDataError for one that was not converted."""
        return Split(self.folder / name, self._uids(name), self.manifest.label_names)

    def pairs(self, name: str) -> list[Pair]:
        """What is asked about the shapes of a split. Raises MissingDataError, or InputError naming file and line."""
        uids, path = set(self._uids(name)), self.folder / f"pairs_{name}.jsonl"
        if not path.is_file():
            raise MissingDataError(
                f"{path} is not there: {self.manifest.dataset} has no pairs for {name!r}, or lost them"
            )
        found = []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                pair = _pair(json.loads(line))
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise InputError(f"line {number} of {path} is damaged ({error}): convert again") from None
            if pair.uid not in uids:
                raise InputError(f"line {number} of {path}: {pair.uid!r} is not a shape of {name!r}")
            found.append(pair)
        return found

    def digest(self, name: str) -> str:
        """SHA-256 that identifies the shapes of a split in results, as the converter noted it."""
        self._uids(name)
        return self.manifest.digests[name]

    def verify(self, name: str) -> None:
        """Read a whole split again. Raises InputError if its shapes are not those that were converted."""
        shapes = ((item.uid, item_bytes(item)[1]) for item in self.split(name))
        found = _digest(shapes)
        if found != self.digest(name):
            raise InputError(
                f"the shapes of {self.folder / name} have the digest {found[:12]}, "
                f"the manifest says {self.digest(name)[:12]}: convert the data set again"
            )

    def _uids(self, name: str) -> tuple[str, ...]:
        if name in self.manifest.splits:
            return self.manifest.splits[name]
        missing = f"; missing were {', '.join(self.manifest.missing)}" if self.manifest.missing else ""
        raise MissingDataError(
            f"{self.manifest.dataset} was converted without a split {name!r}, it has "
            f"{', '.join(self.manifest.splits) or 'none'}{missing}"
        )


def write_converted(
    root: Path | str,
    manifest: Manifest,
    splits: Mapping[str, Iterable[Item]],
    pairs: Mapping[str, Iterable[Pair]] | None = None,
) -> Manifest:
    """Write a data set into `root`/`manifest.dataset`; the folder appears whole or not at all.

    manifest  without splits and digests: they are filled in here, and the whole is returned
    splits    items in order, taken one by one, so that they need not fit into memory
    pairs     by split; of any iterable, taken after the items

    A pure function of its inputs: the same items give the same bytes. Raises InputError for a folder that is there
    already, a shape twice, labels beyond label_names, a pair about no shape of its split.
    """
    folder = Path(root) / manifest.dataset
    if folder.exists():
        raise InputError(f"{folder} is there already: remove it, or name another root")
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = folder.with_name(f".{manifest.dataset}.{secrets.token_hex(6)}")
    try:
        ids: dict[str, tuple[str, ...]] = {}
        digests: dict[str, str] = {}
        for name, items in splits.items():
            check_name(name, "split")
            written = list(_write_items(staging / name, items, manifest.label_names))
            ids[name], digests[name] = tuple(uid for uid, _ in written), _digest(written)
        staging.mkdir(exist_ok=True)
        for name, rows in (pairs or {}).items():
            _write_pairs(staging / f"pairs_{name}.jsonl", rows, ids.get(name, ()))
        manifest = replace(manifest, splits=ids, digests=digests)
        write_manifest(staging, manifest)
        if hasattr(os, "sync"):
            os.sync()  # thousands of small files: once for all, before the folder gets its name
        os.rename(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return manifest


def check_meaning(item: Item, label_names: Mapping[str, tuple[str, ...]]) -> None:
    """Raises InputError for labels or heat that the names of the item, or of its category, do not cover."""
    names = names_of(label_names, item.uid, item.category)
    if names is None and (item.labels is not None or item.heat is not None):
        raise InputError(f"category: {item.category!r} has no label_names in the manifest")
    if item.labels is not None and item.labels.max() >= len(names or ()):
        raise InputError(
            f"labels: {item.labels.max()} is beyond the {len(names or ())} names of {item.category!r}"
        )
    unknown = set(item.heat_names) - set(names or ())
    if unknown:
        raise InputError(f"heat_names: {', '.join(sorted(unknown))} not among the names of {item.category!r}")


def _write_items(
    folder: Path, items: Iterable[Item], label_names: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str]]:
    folder.mkdir(parents=True)
    seen: set[str] = set()
    for item in items:
        # Folded, because some file systems do not tell "A" from "a".
        if item.uid.casefold() in seen:
            raise InputError(f"{item.uid} comes twice in the split {folder.name!r}: the source is damaged")
        seen.add(item.uid.casefold())
        try:
            check_meaning(item, label_names)
        except InputError as error:
            raise InputError(f"{item.uid}: {error}") from None
        data, digest = item_bytes(item)
        (folder / f"{item.uid}.npz").write_bytes(data)
        yield item.uid, digest


def _write_pairs(path: Path, pairs: Iterable[Pair], uids: Sequence[str]) -> None:
    known = set(uids)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for pair in pairs:
            if pair.uid not in known:
                raise InputError(
                    f"{path.name}: a pair asks about {pair.uid!r}, which is no shape of its split"
                )
            row = asdict(pair)
            row["id"] = row.pop("uid")
            file.write(json.dumps(row, sort_keys=True, ensure_ascii=False) + "\n")


def _pair(row: Any) -> Pair:
    if not isinstance(row, dict) or sorted(row) != list(_PAIR_KEYS):
        raise TypeError(f"expected the keys {', '.join(_PAIR_KEYS)}")
    for key, kinds in (("id", str), ("affordance", str), ("phrase", str | None), ("image", str | None)):
        if not isinstance(row[key], kinds):
            raise TypeError(f"{key} is {type(row[key]).__name__}")
    number = row["question_id"]
    if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 0):
        raise TypeError(f"question_id is {number!r}")
    return Pair(row["id"], row["phrase"], row["image"], row["affordance"], number)


def _digest(shapes: Iterable[tuple[str, str]]) -> str:
    total = hashlib.sha256()
    for uid, digest in shapes:
        total.update(f"{uid} {digest}\n".encode())
    return total.hexdigest()
