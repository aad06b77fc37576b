"""Packed shapes: samples written once, read in any order from memory-mapped arrays while training."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int16, UInt8

from partwise.datasets.pack_files import open_rows, read_index, write_index, writing_rows
from partwise.datasets.sample import PartName, Sample
from partwise.errors import InputError, MissingDataError
from partwise.files import file_sha256, make_folder

FORMAT = "partwise-pack/1"
_POINTS, _LABELS, _HEAT, _INDEX = "points.npy", "labels.npy", "heat.npy", "shapes.json"
_AGAIN = "make it again with `partwise data pack`"
# Room for the maps of a shape; those that it lacks are holes in a sparse file.
MOST_ACTIONS = 12


@dataclass(frozen=True)
class PackedShape:
    """One shape of a pack: points (N,3), labels (N,) into parts or -1, heat (N,A) of its actions, 0..1.

    actions  empty where nothing is known of them: in a pack without heat, and of real objects
    """

    points: Float32[np.ndarray, "N 3"]
    labels: Int16[np.ndarray, "N"]
    parts: tuple[PartName, ...]
    category: str
    uid: str
    actions: tuple[str, ...]
    heat: Float32[np.ndarray, "N A"]


class Pack:
    """A folder of packed shapes. Raises MissingDataError or InputError when it is opened, not in mid-training.

    All but one thing is looked at then: that the points of a shape are finite, when it is read. Looking at all of a
    large pack would take as long as reading it.
    """

    def __init__(self, folder: Path | str) -> None:
        folder = Path(folder)
        absent = [name for name in (_INDEX, _POINTS, _LABELS) if not (folder / name).is_file()]
        if absent:
            raise MissingDataError(f"{folder} has no {', '.join(absent)}: make it with `partwise data pack`")
        index = read_index(folder / _INDEX, FORMAT, _AGAIN)
        self._shapes = index["shapes"]
        self._identity = file_sha256(folder / _INDEX)
        _check_shapes(folder / _INDEX, self._shapes)
        self._points = open_rows(folder / _POINTS, 3, _AGAIN)
        self._labels = open_rows(folder / _LABELS, 2, _AGAIN)
        self._heat = open_rows(folder / _HEAT, 3, _AGAIN) if index.get("heat") else None
        arrays = [a for a in (self._points, self._labels, self._heat) if a is not None]
        if any(len(array) != len(self._shapes) for array in arrays):
            raise InputError(
                f"{folder} lists {len(self._shapes)} shapes, "
                f"its arrays hold {' and '.join(str(len(array)) for array in arrays)}: {_AGAIN}"
            )
        points = self._labels.shape[-1]
        sizes = [(len(self._shapes), *rest) for rest in ((points, 3), (points,), (MOST_ACTIONS, points))]
        if any(array.shape != size for array, size in zip(arrays, sizes, strict=False)):
            found = ", ".join(str(array.shape) for array in arrays)
            raise InputError(f"the arrays of {folder} do not belong together ({found}): {_AGAIN}")
        _check_labels(folder / _LABELS, self._labels, self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)

    def __getitem__(self, index: int) -> PackedShape:
        """Raises InputError for points that are not finite."""
        shape = self._shapes[index]
        parts = tuple(PartName(name, coarse, tuple(synonyms)) for name, coarse, synonyms in shape["parts"])
        points, labels = self._points[index].astype(np.float32), self._labels[index].astype(np.int16)
        if not np.isfinite(points).all():
            raise InputError(
                f"shape {index} of the pack ({shape['uid']}) has points that are not finite: {_AGAIN}"
            )
        actions = tuple(shape.get("actions", ()))
        heat = np.zeros((len(points), 0), np.float32)
        if actions and self._heat is not None:
            heat = self._heat[index, : len(actions)].T.astype(np.float32) / 255
        return PackedShape(points, labels, parts, shape["category"], shape["uid"], actions, heat)

    def identity(self) -> str:
        """SHA-256 of the list of shapes, which holds those of the arrays: two packs that share it are the same.

        The lists of packs that were written through a memory map do not hold them: there it is that of the names alone.
        """
        return self._identity

    def categories(self) -> list[str]:
        """The categories of its shapes, sorted."""
        return sorted({shape["category"] for shape in self._shapes})

    def has_heat(self) -> bool:
        """Whether it was packed with the actions of its shapes."""
        return self._heat is not None

    def phrases(self) -> list[str]:
        """Every name, coarse name and synonym of every part, sorted."""
        found = set()
        for shape in self._shapes:
            for name, coarse, synonyms in shape["parts"]:
                found.update((name, coarse, *synonyms))
        return sorted(found)

    def other_words(self) -> dict[str, set[str]]:
        """Every fine name, with its coarse names and synonyms on all shapes."""
        found: dict[str, set[str]] = {}
        for shape in self._shapes:
            for name, coarse, synonyms in shape["parts"]:
                found.setdefault(name, set()).update((coarse, *synonyms))
        return found


def write_pack(
    folder: Path | str, samples: Iterable[Sample], count: int, points: int, heat: bool = False
) -> None:
    """Write `count` samples of `points` points each: half-precision points (unit sphere), int8 labels, names.

    heat  keep where each offers which action, too, in 256 steps

    The list of shapes is written last, so a folder without it was never finished. Raises InputError for a sample of
    another size or with more than 127 parts or, with heat, 12 actions; and if the disk is full.
    """
    folder = make_folder(folder)
    shapes = []
    with ExitStack() as stack:
        sizes = [(_POINTS, np.float16, (count, points, 3)), (_LABELS, np.int8, (count, points))]
        if heat:
            sizes.append((_HEAT, np.uint8, (count, MOST_ACTIONS, points)))
        files = [stack.enter_context(writing_rows(folder / name, dtype, size)) for name, dtype, size in sizes]
        for _, sample in zip(range(count), samples, strict=False):
            if len(sample.points) != points or len(sample.parts) > 127:
                raise InputError(
                    f"{sample.uid} has {len(sample.points)} points and {len(sample.parts)} parts: "
                    f"a pack takes {points} "
                    "points and at most 127 parts"
                )
            centred = sample.points - sample.points.mean(axis=0)
            rows = [centred / max(float(np.linalg.norm(centred, axis=1).max()), 1e-12), sample.labels]
            parts = [(part.name, part.coarse, part.synonyms) for part in sample.parts]
            shape = {"uid": sample.uid, "category": sample.category, "parts": parts}
            if heat:
                shape["actions"] = sample.affordances
                rows.append(_steps(sample))
            for file, row in zip(files, rows, strict=True):
                file.write(row)
            shapes.append(shape)
        if len(shapes) != count:
            raise InputError(f"{len(shapes)} samples came for a pack of {count}")
        for file in files:
            file.finish()
        # Of a pack that was here before: it must not be taken for the list of the new arrays.
        (folder / _INDEX).unlink(missing_ok=True)
    hashes = {name: file.digest.hexdigest() for (name, *_), file in zip(sizes, files, strict=True)}
    write_index(folder / _INDEX, {"format": FORMAT, "heat": heat, "sha256": hashes, "shapes": shapes})


def _check_shapes(path: Path, shapes: list[dict[str, Any]]) -> None:
    """Raise InputError for a shape without a name, a category, or parts of a name, a coarse name and synonyms."""
    for number, shape in enumerate(shapes):
        try:
            whole = all(isinstance(shape[key], str) for key in ("uid", "category"))
            for name, coarse, synonyms in shape["parts"]:
                whole &= all(isinstance(word, str) for word in (name, coarse, *synonyms))
            whole &= all(isinstance(action, str) for action in shape.get("actions", ()))
        except (KeyError, TypeError, ValueError):
            whole = False
        if not whole:
            raise InputError(f"{path} is damaged (shape {number} is incomplete): {_AGAIN}")


def _check_labels(path: Path, labels: np.ndarray, shapes: list[dict[str, Any]]) -> None:
    """Raise InputError for a shape with a label that is neither -1 nor one of its parts. They are a byte a point."""
    parts = np.array([len(shape["parts"]) for shape in shapes])
    for first in range(0, len(labels), 1024):  # not all of the file in memory at once
        rows = labels[first : first + 1024]
        least, most = rows.min(axis=1, initial=-1), rows.max(axis=1, initial=-1)
        wrong = np.flatnonzero(~((least >= -1) & (most < parts[first : first + 1024])))
        if len(wrong):
            row = first + int(wrong[0])
            raise InputError(
                f"{path} is damaged (shape {row} has {parts[row]} parts and labels from {labels[row].min()} to "
                f"{labels[row].max()}): {_AGAIN}"
            )


def _steps(sample: Sample) -> UInt8[np.ndarray, "A N"]:
    if len(sample.affordances) > MOST_ACTIONS:
        # One left out would be taught as absent.
        raise InputError(
            f"{sample.uid} offers {len(sample.affordances)} actions: a pack has room for {MOST_ACTIONS}"
        )
    return np.rint(sample.heat.T * 255).astype(np.uint8)
