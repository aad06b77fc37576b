"""The manifest of a converted data set: what it came from, which shapes are in which split, what labels mean."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from partwise.datasets.converted_item import check_name
from partwise.errors import InputError, MissingDataError
from partwise.files import atomic_path, file_sha256

VERSION = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class SourceFile:
    """A file that a conversion read: its path in the source folder, and what identifies it."""

    name: str
    sha256: str
    bytes: int

    @classmethod
    def of(cls, root: Path, name: str) -> SourceFile:
        """The file `name` of the folder `root`. Raises MissingDataError without it."""
        path = root / name
        if not path.is_file():
            raise MissingDataError(f"{path} is not there")
        return cls(name, file_sha256(path), path.stat().st_size)


@dataclass(frozen=True)
class Manifest:
    """What a converted data set says about itself.

    dataset       its name, also that of its folder
    licence       the terms of the source, in a sentence
    converter     what wrote it: "partwise.datasets.laso/1"
    source_files  every table or pickle read; of clouds that are a file each, one entry stands for the list of them
    splits        the ids of each split, in the order of the source
    label_names   for each category the meaning of labels 0, 1, ...; of heat the names that occur. Where shapes of one
                  category have parts of their own (Objaverse), by the uid of the shape: see `names_of`
    up, units     "y" or "z", and "metre", "unit sphere" or "unknown"
    missing       what a whole copy has and this one had not: this is a partial conversion
    made_up       true for a layout twin (`partwise data mock`): figures on it mean nothing
    digests       for each split the SHA-256 over its shapes, which identifies the data in results
    questions     for each category and affordance the questions by number, question 0 first (LASO)
    created       a date if whoever converts wants one; converters leave it out, so the same source gives the same bytes
    """

    dataset: str
    licence: str
    converter: str
    source_files: tuple[SourceFile, ...] = ()
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    label_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    up: str = "y"
    units: str = "unknown"
    missing: tuple[str, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    questions: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    made_up: bool = False
    created: str | None = None
    version: int = VERSION

    def __post_init__(self) -> None:
        for what, names in (("dataset", (self.dataset,)), ("split", self.splits)):
            for name in names:
                check_name(name, what)
        if self.up not in ("y", "z"):
            raise InputError(f"{self.dataset}: up is {self.up!r}: use y or z")
        for split, ids in self.splits.items():
            if len(set(ids)) != len(ids):
                raise InputError(f"{self.dataset}: the split {split} lists a shape twice")
            for uid in ids:
                check_name(uid, "uid")

    def names_of(self, uid: str, category: str) -> tuple[str, ...]:
        """What labels 0, 1, ... of a shape stand for. Raises InputError if the manifest does not say."""
        names = names_of(self.label_names, uid, category)
        if names is None:
            raise InputError(f"{self.dataset} has no label_names for {uid} nor for the category {category!r}")
        return names

    def counts(self) -> dict[str, int]:
        """Shapes of each split."""
        return {split: len(ids) for split, ids in self.splits.items()}


def names_of(label_names: Mapping[str, tuple[str, ...]], uid: str, category: str) -> tuple[str, ...] | None:
    """The names of a shape's own labels if it has some, else those of its category, else None."""
    return label_names.get(uid, label_names.get(category))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write manifest.json, whole or not at all; the same manifest gives the same bytes."""
    with atomic_path(folder / MANIFEST) as temporary:
        text = json.dumps(asdict(manifest), indent=1, sort_keys=True, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder. Raises MissingDataError without one, InputError naming the key that does not fit."""
    path = folder / MANIFEST
    if not path.is_file():
        raise MissingDataError(
            f"{folder} has no {MANIFEST}: convert the data set with `partwise data prepare {folder.name}`, "
            f"or try it on a made-up copy: `partwise data mock {folder.name} --root {folder.parent} --prepared`"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON ({error}): convert the data set again") from None
    # Before the keys: another version may have others.
    if isinstance(content, dict) and content.get("version", VERSION) != VERSION:
        raise InputError(
            f"{path} has version {content['version']!r}, expected {VERSION}: convert the data set again"
        )
    names = {entry.name for entry in fields(Manifest)}
    if not isinstance(content, dict) or content.keys() != names:
        found = sorted(content) if isinstance(content, dict) else type(content).__name__
        raise InputError(f"{path} has the keys {found}, expected {sorted(names)}: convert the data set again")
    return _checked(content, path)


def _checked(content: dict[str, Any], path: Path) -> Manifest:
    readers = {
        "source_files": _source_files,
        "splits": _name_lists,
        "label_names": _name_lists,
        "digests": _texts,
        "questions": lambda value: {key: _name_lists(inner) for key, inner in _mapping(value).items()},
        "missing": _names,
        "made_up": _flag,
        "created": lambda value: None if value is None else _text(value),
        "version": int,
    }
    values: dict[str, Any] = {}
    for key, value in content.items():
        try:
            values[key] = readers.get(key, _text)(value)
        except (TypeError, ValueError, KeyError) as error:
            raise InputError(f"{path}: {key} is damaged ({error}): convert the data set again") from None
    try:
        return Manifest(**values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {type(value).__name__}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"expected true or false, found {type(value).__name__}")
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"expected a mapping, found {type(value).__name__}")
    return types.MappingProxyType(value)


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {type(value).__name__}")
    return tuple(_text(name) for name in value)


def _name_lists(value: Any) -> dict[str, tuple[str, ...]]:
    return {key: _names(names) for key, names in _mapping(value).items()}


def _texts(value: Any) -> dict[str, str]:
    return {key: _text(text) for key, text in _mapping(value).items()}


def _source_files(value: Any) -> tuple[SourceFile, ...]:
    return tuple(
        SourceFile(_text(row["name"]), _text(row["sha256"]), int(row["bytes"]))
        for row in (_mapping(row) for row in value)
    )
