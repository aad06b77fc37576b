"""ShapeNetPart as HDF5 (`shapenet_part_seg_hdf5_data`), 2,048 points a shape: what PointNet and Find3D read.

The files name no shapes, so ids count the rows of a split: "test-00000". h5py comes with the extra `data`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int32

from partwise.datasets.entries import Arrays, Entry, check_entries, convert_entries
from partwise.datasets.manifest import Manifest
from partwise.datasets.official import inside, whole_labels
from partwise.datasets.shapenetpart import TERMS
from partwise.datasets.shapenetpart_names import NAMES, SYNSETS, first_labels
from partwise.datasets.source import DatasetSource
from partwise.datasets.twins import slabs
from partwise.errors import InputError, MissingDataError, MissingExtraError, UnsafeError

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
    """Every shape of every file, in the order of the files. Raises MissingExtraError or InputError."""
    categories, found = tuple(NAMES), []
    for split in SPLITS:
        number = 0
        for path in sorted(folder.glob(f"ply_data_{split}*.h5")):
            for row, label in enumerate(_labels(path)):
                uid, category = f"{split}-{number:05d}", categories[label]
                found.append(Entry(split, uid, category, (path,), partial(_read, path, row, category)))
                number += 1
    return found


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The file with its three arrays checked before any is read. Raises InputError if it is damaged or another."""
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError("h5py", "data", "the HDF5 layout of ShapeNetPart") from error
    try:
        with h5py.File(path, "r") as file:
            counts = {key: _checked(file, key, path) for key in KEYS}
            if len(set(counts.values())) != 1:
                raise InputError(f"{path}: its arrays hold different numbers of shapes: {counts}")
            yield file
    except OSError as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path}: it cannot be read as HDF5 ({reason}): truncated or damaged, get it again"
        ) from None


def _checked(file: Any, key: str, path: Path) -> int:
    """How many shapes the array has. Raises InputError for another shape, UnsafeError for data outside the file."""
    import h5py

    link, array = file.get(key, getlink=True), None
    if isinstance(link, h5py.ExternalLink | h5py.SoftLink):
        raise UnsafeError(f"{path}, key {key!r}: it points elsewhere, which is never followed")
    array = file.get(key)
    found = getattr(array, "shape", None)
    if not isinstance(array, h5py.Dataset) or found is None or found[1:] != KEYS[key]:
        raise InputError(f"{path}, key {key!r}: found the shape {found}, expected (shapes, *{KEYS[key]})")
    if array.external or array.is_virtual:
        raise UnsafeError(f"{path}, key {key!r}: its values lie in another file, which is never opened")
    if array.dtype.kind not in "fiu" or found[0] > MOST_SHAPES:
        raise InputError(
            f"{path}, key {key!r}: {found[0]:,} rows of {array.dtype}: this is not the published file"
        )
    return found[0]


def _labels(path: Path) -> Int32[np.ndarray, "S"]:
    """The category index (S,) of every shape of a file."""
    with _opened(path) as file:
        return whole_labels(file["label"][:, 0], 0, len(NAMES) - 1, f"{path}, key 'label'")


def _read(path: Path, row: int, category: str) -> Arrays:
    first, count = first_labels()[category], len(NAMES[category])
    with _opened(path) as file:
        points, pid = file["data"][row].astype(np.float32), file["pid"][row]
    if not np.isfinite(points).all():
        raise InputError(f"{path}, key 'data', shape {row}: a point is not finite: the file is damaged")
    labels = whole_labels(pid, first, first + count - 1, f"{path}, key 'pid', shape {row}")
    return {"points": points, "labels": labels - np.int32(first)}


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: all 16 categories, a shape or two of each in a file."""
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError("h5py", "data", "the HDF5 layout of ShapeNetPart") from error
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
