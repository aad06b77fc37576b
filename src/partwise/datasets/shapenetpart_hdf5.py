"""ShapeNetPart as HDF5 (`shapenet_part_seg_hdf5_data`), 2,048 points a shape: what PointNet and Find3D read.

The files name no shapes, so ids count the rows of a split: "test-00000". h5py comes with the extra `data`.
"""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

import numpy as np

from partwise.datasets.entries import Arrays, Entry, check_entries, convert_entries
from partwise.datasets.hdf5 import read_hdf5, require_h5py
from partwise.datasets.manifest import Manifest
from partwise.datasets.official import inside, whole_labels
from partwise.datasets.shapenetpart import TERMS
from partwise.datasets.shapenetpart_names import NAMES, SYNSETS, first_labels
from partwise.datasets.source import DatasetSource
from partwise.datasets.twins import slabs
from partwise.errors import InputError, MissingDataError

FOLDER = "hdf5_data"
SPLITS = ("train", "val", "test")
POINTS = 2048
# Of the published files, as public loaders state them that check their downloads.
MD5 = {
    "ply_data_train0.h5": "e7152ff588ae6c87eb1156823df05855",
    "ply_data_train1.h5": "b4894a082211418b61b5a707fedb4f56",
    "ply_data_train2.h5": "508eeeee96053b90388520c37df3a8b8",
    "ply_data_train3.h5": "88574c3d5c61d0f3156b9e02cd6cda03",
    "ply_data_train4.h5": "418cb01104740bf1353b792331cb5878",
    "ply_data_train5.h5": "26e65c8827b08f7c340cd03f902e27e8",
    "ply_data_val0.h5": "628b4b3cbc17765de2114d104e51b9c9",
    "ply_data_test0.h5": "fa3fb32b179128ede32c2c948ed83efc",
    "ply_data_test1.h5": "5eb63ae378831c665282c8f22b6c1249",
}
SOURCE = DatasetSource(
    name="shapenetpart-hdf5",
    title="ShapeNetPart, HDF5 of 2,048 points",
    where="shapenet_part_seg_hdf5_data.zip (346 MB); the original host at Stanford is gone, mirrors carry it: "
    "`partwise data check` compares the published MD5",
    licence=TERMS,
    files=tuple(MD5),
    counts={"train shapes": 12137, "val shapes": 1870, "test shapes": 2874, "categories": 16},
)
KEYS = {"data": (POINTS, 3), "label": (1,), "pid": (POINTS,)}
MOST_SHAPES = 100_000  # a header that announces more than five times the whole data set is no file of it
MOCK_SHAPES = {"ply_data_train0.h5": 2, "ply_data_val0.h5": 1, "ply_data_test0.h5": 1, "ply_data_test1.h5": 1}


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Write the converted layout; labels count from 0 within each category, names are those of PatchAlign3D."""
    folder = _folder(Path(source_root))
    return convert_entries(SOURCE, folder, out_root, _entries(folder), NAMES)


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a copy, a line each; empty if it is whole. Compares the published MD5 too."""
    problems = check_entries(SOURCE, source_root, _folder, _entries)
    try:
        folder = _folder(Path(source_root))
    except MissingDataError:
        return problems
    for name, expected in MD5.items():
        if (folder / name).is_file():
            found = hashlib.md5((folder / name).read_bytes(), usedforsecurity=False).hexdigest()
            if found != expected:
                problems.append(f"{name} has the MD5 {found[:12]}, published was {expected[:12]}")
    return problems


def _folder(root: Path) -> Path:
    return inside(root, FOLDER, "ply_data_test0.h5")


def _entries(folder: Path) -> list[Entry]:
    """Every shape of every file, in the order of the files. Raises what reading a file raises."""
    categories, reader, found = tuple(NAMES), _Reader(), []
    for split in SPLITS:
        number = 0
        for path in sorted(folder.glob(f"ply_data_{split}*.h5")):
            place = f"{path}, key 'label'"
            for row, label in enumerate(
                whole_labels(reader.arrays(path)["label"][:, 0], 0, len(NAMES) - 1, place)
            ):
                uid, category = f"{split}-{number:05d}", categories[label]
                found.append(
                    Entry(split, uid, category, (path,), partial(_read, reader, path, row, category))
                )
                number += 1
    return found


class _Reader:
    """The arrays of the file that was asked for last: its shapes are asked for one after the other."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._arrays: dict[str, np.ndarray] = {}

    def arrays(self, path: Path) -> dict[str, np.ndarray]:
        """data, label and pid of a file, of the published shapes. Raises InputError if they are others."""
        if path != self._path:
            self._path, self._arrays = None, {}
            self._arrays = _checked(read_hdf5(path, tuple(KEYS), MOST_SHAPES), path)
            self._path = path
        return self._arrays


def _checked(arrays: dict[str, np.ndarray], path: Path) -> dict[str, np.ndarray]:
    count = len(arrays["data"])
    for key, shape in KEYS.items():
        found = arrays[key].shape
        if found != (count, *shape):
            raise InputError(f"{path}, key {key!r}: found the shape {found}, expected {(count, *shape)}")
    return arrays


def _read(reader: _Reader, path: Path, row: int, category: str) -> Arrays:
    arrays = reader.arrays(path)
    first, count = first_labels()[category], len(NAMES[category])
    points, pid = arrays["data"][row].astype(np.float32), arrays["pid"][row]
    if not np.isfinite(points).all():
        raise InputError(f"{path}, key 'data', shape {row}: a point is not finite: the file is damaged")
    labels = whole_labels(pid, first, first + count - 1, f"{path}, key 'pid', shape {row}")
    return {"points": points, "labels": labels - np.int32(first)}


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: all 16 categories, a shape or two of each in a file."""
    h5py = require_h5py()
    rng, folder = np.random.default_rng(seed), Path(root) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    first = first_labels()
    for name, each in MOCK_SHAPES.items():
        order = rng.permutation(np.repeat(np.arange(len(NAMES)), each))
        data, pid = np.empty((len(order), POINTS, 3), np.float32), np.empty((len(order), POINTS), np.uint8)
        for row, category in enumerate(tuple(NAMES)[index] for index in order):
            points, _, labels = slabs(rng, POINTS, len(NAMES[category]))
            data[row], pid[row] = points, labels + first[category]
        with h5py.File(folder / name, "w", track_order=False) as file:
            for key, values in (("data", data), ("label", order[:, None].astype(np.uint8)), ("pid", pid)):
                file.create_dataset(key, data=values, compression="gzip", track_times=False)
    for split in SPLITS:
        files = [name for name in MOCK_SHAPES if f"_{split}" in name]
        (folder / f"{split}_hdf5_file_list.txt").write_text("\n".join(files) + "\n", encoding="utf-8")
    rows = [f"{category}\t{synset}" for category, synset in SYNSETS.items()]
    (folder / "all_object_categories.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
