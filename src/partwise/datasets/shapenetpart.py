"""ShapeNetPart as text with normals (`shapenetcore_partanno_segmentation_benchmark_v0_normal`), all points of a file.

Source: Yi et al. 2016, in the packing of PointNet++.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np

from partwise.datasets.entries import Arrays, Entry, check_entries, convert_entries
from partwise.datasets.manifest import Manifest
from partwise.datasets.official import inside, read_json, read_lines, read_rows, whole_labels
from partwise.datasets.shapenetpart_names import NAMES, SYNSETS, first_labels
from partwise.datasets.source import DatasetSource
from partwise.datasets.twins import slabs
from partwise.errors import InputError, MissingDataError

FOLDER = "shapenetcore_partanno_segmentation_benchmark_v0_normal"
SPLITS = ("train", "val", "test")
TERMS = "ShapeNet terms of use: non-commercial research, no redistribution"
SOURCE = DatasetSource(
    name="shapenetpart",
    title="ShapeNetPart, text with normals",
    where="shapenetcore_partanno_segmentation_benchmark_v0_normal.zip; the original host at Stanford is gone, "
    "ask ShapeNet (shapenet.org, by registration) or a group that has it",
    licence=TERMS,
    files=(
        "synsetoffset2category.txt",
        *(f"train_test_split/shuffled_{split}_file_list.json" for split in SPLITS),
        *(f"{synset}/" for synset in SYNSETS.values()),
    ),
    counts={"test shapes": 2874, "categories": 16},
)
MOST_ABSENT = 20
MOCK_SHAPES = {"train": 2, "val": 1, "test": 2}  # of each category
MOCK_POINTS = 120


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Write the converted layout; labels count from 0 within each category, names are those of PatchAlign3D."""
    folder = _folder(Path(source_root))
    return convert_entries(SOURCE, folder, out_root, _entries(folder), NAMES)


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a copy, a line each; empty if it is whole."""
    return check_entries(SOURCE, source_root, _folder, _entries)


def _folder(root: Path) -> Path:
    return inside(root, FOLDER, "synsetoffset2category.txt")


def _entries(folder: Path) -> list[Entry]:
    """The listed shapes, in the order of the lists, each once. Raises MissingDataError or InputError.

    The published archive lacks a few of the shapes that its training and validation lists name (loaders that look for
    files find 13,998 of about 14,007); up to MOST_ABSENT of those are left out. The test list is complete.
    """
    category_of = {synset: category for category, synset in _synsets(folder).items()}
    found, absent = [], []
    for split in SPLITS:
        for synset, uid in _listed(folder, split, category_of):
            file, category = folder / synset / f"{uid}.txt", category_of[synset]
            entry = Entry(split, f"{synset}_{uid}", category, (file,), partial(_read, file, category))
            (found if split == "test" or file.is_file() else absent).append(entry)
    if len(absent) > MOST_ABSENT:
        raise MissingDataError(
            f"{absent[0].files[0]} and {len(absent) - 1} other listed files are missing: complete the copy"
        )
    return found


def _listed(folder: Path, split: str, category_of: dict[str, str]) -> list[tuple[str, str]]:
    """(synset, id) of every shape of a split, each once."""
    path = folder / "train_test_split" / f"shuffled_{split}_file_list.json"
    found = {}
    for number, name in enumerate(read_json(path, list)):
        parts = name.split("/") if isinstance(name, str) else []
        if len(parts) != 3 or parts[1] not in category_of or parts[2] in ("", ".", ".."):
            raise InputError(
                f"{path}, entry {number}: {name!r}, but 'shape_data/<synset>/<id>' was expected, "
                f"with a synset of synsetoffset2category.txt"
            )
        found[parts[1], parts[2]] = None
    return list(found)


def _synsets(folder: Path) -> dict[str, str]:
    """Category -> synset as the copy says. Raises InputError if it is not the published table."""
    path = folder / "synsetoffset2category.txt"
    table = {}
    for number, line in enumerate(read_lines(path), 1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2 or SYNSETS.get(words[0]) != words[1]:
            raise InputError(
                f"{path}, line {number}: {line[:60]!r} is not one of the 16 published categories: "
                "get the file again"
            )
        table[words[0]] = words[1]
    if len(table) != len(SYNSETS):
        absent = ", ".join(sorted(set(SYNSETS) - set(table)))
        raise InputError(f"{path}: {len(table)} categories, but 16 were expected: {absent} are missing")
    return table


def _read(path: Path, category: str) -> Arrays:
    rows = read_rows(path, 7)
    first, count = first_labels()[category], len(NAMES[category])
    labels = whole_labels(rows[:, 6], first, first + count - 1, path, "line")
    return {
        "points": rows[:, :3].astype(np.float32),
        "normals": rows[:, 3:6].astype(np.float32),
        "labels": labels - np.int32(first),
    }


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: all 16 categories, a few shapes of a few points."""
    rng, folder = np.random.default_rng(seed), Path(root) / FOLDER
    (folder / "train_test_split").mkdir(parents=True, exist_ok=True)
    lines = [f"{category}\t{synset}" for category, synset in SYNSETS.items()]
    (folder / "synsetoffset2category.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    first = first_labels()
    for split, count in MOCK_SHAPES.items():
        names = []
        for category, synset in SYNSETS.items():
            (folder / synset).mkdir(exist_ok=True)
            for _ in range(count):
                points, normals, labels = slabs(rng, MOCK_POINTS, len(NAMES[category]))
                uid = rng.bytes(16).hex()
                rows = np.column_stack([points, normals, labels + first[category]])
                np.savetxt(folder / synset / f"{uid}.txt", rows, fmt="%.6f")
                names.append(f"shape_data/{synset}/{uid}")
        names = [names[index] for index in rng.permutation(len(names))]
        path = folder / "train_test_split" / f"shuffled_{split}_file_list.json"
        path.write_text(json.dumps(names), encoding="utf-8")
