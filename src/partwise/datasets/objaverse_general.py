"""Objaverse-General (Ma et al. 2025, Find3D): 5,000 coloured points of artists' objects, parts named by annotators.

Layout: `{seenclass,unseen,shapenetpart}/<class>_<uid>/{points5000.pcd, labels.npy, label_map.json}`; labels 0 is
unlabelled, 1..K are the keys of label_map.json. Each object has its own parts, so the manifest names them by object.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np

from partwise.datasets.entries import Arrays, Entry, check_entries, convert_entries
from partwise.datasets.manifest import Manifest
from partwise.datasets.official import inside, read_json, read_npy, whole_labels
from partwise.datasets.source import DatasetSource
from partwise.datasets.twins import slabs, write_pcd
from partwise.errors import InputError
from partwise.io.read import read_geometry

POINTS = 5000
# Folder as published -> split. The release's text calls the first one "seen", its code "seenclass".
SPLITS = {"seenclass": "seen", "seen": "seen", "unseen": "unseen", "shapenetpart": "shapenetpart"}
FOLDER = "Objaverse-General-Find3D"
FILES = ("points5000.pcd", "labels.npy", "label_map.json")
SOURCE = DatasetSource(
    name="objaverse-general",
    title="Objaverse-General (Find3D)",
    where="huggingface.co/datasets/ziqima/Objaverse-General-Find3D",
    licence="each object has its own: CC-BY most, some CC-BY-NC and CC-BY-NC-SA; see objaverse.allenai.org",
    files=(),
    counts={"seen shapes": 50, "unseen shapes": 50, "shapenetpart shapes": 32},
)
MOCK_CLASSES = {
    "seenclass": ("mug", "alarm_clock"),
    "unseen": ("sheep", "fire_hydrant"),
    "shapenetpart": ("chair", "chair"),
}


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Write the converted layout; -1 is unlabelled, the names of an object stand in the manifest under its uid."""
    folder = _folder(Path(source_root))
    entries = _entries(folder)
    names = {entry.uid: _names(entry.files[0].parent) for entry in entries}
    return convert_entries(SOURCE, folder, out_root, entries, names)


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a copy, a line each; empty if it is whole."""
    return check_entries(SOURCE, source_root, _folder, _entries)


def _folder(root: Path) -> Path:
    return inside(root, FOLDER, "unseen")


def _entries(folder: Path) -> list[Entry]:
    """Every object folder, by name. Raises InputError for a folder that names no class and uid, or a split twice."""
    found, seen = [], set()
    for published, split in SPLITS.items():
        if not (folder / published).is_dir():
            continue
        if split in seen:
            raise InputError(f"{folder}: there are seen and seenclass, the same split twice: remove one")
        seen.add(split)
        for place in sorted(path for path in (folder / published).iterdir() if path.is_dir()):
            kind, separator, uid = place.name.rpartition("_")
            if not (kind and separator and uid):
                raise InputError(
                    f"{place}: the name of the folder is not <class>_<uid>: unpack the set again"
                )
            files, category = tuple(place / name for name in FILES), kind.replace("_", " ")
            found.append(Entry(split, place.name, category, files, partial(_read, *files)))
    return found


def _read(cloud: Path, label_file: Path, map_file: Path) -> Arrays:
    geometry, labels = read_geometry(cloud), read_npy(label_file)
    count = len(geometry.points)
    if labels.shape != (count,):
        raise InputError(
            f"{label_file}: found {labels.shape}, but one label for each of {count:,} points of {cloud.name}"
        )
    arrays = {
        "points": geometry.points.astype(np.float32),
        "labels": whole_labels(labels, 0, len(_names(map_file.parent)), label_file) - np.int32(1),
    }
    if geometry.normals is not None:
        arrays["normals"] = geometry.normals
    if geometry.colors is not None:
        arrays["colors"] = np.ascontiguousarray(geometry.colors[:, :3])
    return arrays


def _names(place: Path) -> tuple[str, ...]:
    """The part names of an object, in the order of the keys 1..K."""
    path = place / "label_map.json"
    table = read_json(path, dict)
    names = tuple(table.get(str(number + 1)) for number in range(len(table)))
    wrong = next(
        (number for number, name in enumerate(names, 1) if not isinstance(name, str) or not name), None
    )
    if wrong is not None or not names:
        raise InputError(
            f"{path}, key {str(wrong or 1)!r}: the keys are {list(table)}, but names for 1..K were expected"
        )
    return names


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: two objects of each of the three folders, with 5,000 points each."""
    rng = np.random.default_rng(seed)
    for folder, classes in MOCK_CLASSES.items():
        for kind in classes:
            place = Path(root) / folder / f"{kind}_{rng.bytes(16).hex()}"
            place.mkdir(parents=True, exist_ok=True)
            names = ("base", "top", "handle")[: int(rng.integers(2, 4))]
            points, normals, labels = slabs(rng, POINTS, len(names) + 1)  # the lowest box is unlabelled
            colors = rng.integers(0, 256, (POINTS, 3)).astype(np.uint8)
            write_pcd(place / "points5000.pcd", points, colors, normals)
            np.save(place / "labels.npy", labels)
            table = {str(number): name for number, name in enumerate(names, 1)}
            (place / "label_map.json").write_text(json.dumps(table), encoding="utf-8")
