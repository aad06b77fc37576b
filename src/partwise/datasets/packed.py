"""Packed shapes: samples written once, read in any order from memory-mapped arrays while training."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int16

from partwise.datasets.sample import PartName, Sample
from partwise.errors import InputError, MissingDataError
from partwise.files import atomic_path

FORMAT = "partwise-pack/1"
_POINTS, _LABELS, _INDEX = "points.npy", "labels.npy", "shapes.json"


@dataclass(frozen=True)
class PackedShape:
    """One shape of a pack: points (N,3), labels (N,) into parts or -1."""

    points: Float32[np.ndarray, "N 3"]
    labels: Int16[np.ndarray, "N"]
    parts: tuple[PartName, ...]
    category: str
    uid: str


class Pack:
    """A folder of packed shapes. Raises MissingDataError or InputError when it is opened, not in mid-training."""

    def __init__(self, folder: Path | str) -> None:
        folder = Path(folder)
        absent = [name for name in (_INDEX, _POINTS, _LABELS) if not (folder / name).is_file()]
        if absent:
            raise MissingDataError(f"{folder} has no {', '.join(absent)}: make it with `partwise data pack`")
        try:
            index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
            self._points = np.load(folder / _POINTS, mmap_mode="r", allow_pickle=False)
            self._labels = np.load(folder / _LABELS, mmap_mode="r", allow_pickle=False)
        except (ValueError, OSError) as error:
            raise InputError(
                f"{folder} is damaged ({error}): make it again with `partwise data pack`"
            ) from None
        if index.get("format") != FORMAT:
            raise InputError(
                f"{folder} has format {index.get('format')!r}, expected {FORMAT!r}: pack it again"
            )
        self._shapes = index["shapes"]
        if not len(self._shapes) == len(self._points) == len(self._labels):
            raise InputError(
                f"{folder} lists {len(self._shapes)} shapes, "
                f"its arrays hold {len(self._points)} and {len(self._labels)}: "
                "make it again with `partwise data pack`"
            )

    def __len__(self) -> int:
        return len(self._shapes)

    def __getitem__(self, index: int) -> PackedShape:
        shape = self._shapes[index]
        parts = tuple(PartName(name, coarse, tuple(synonyms)) for name, coarse, synonyms in shape["parts"])
        points = self._points[index].astype(np.float32)
        return PackedShape(
            points, self._labels[index].astype(np.int16), parts, shape["category"], shape["uid"]
        )

    def categories(self) -> list[str]:
        """The categories of its shapes, sorted."""
        return sorted({shape["category"] for shape in self._shapes})

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


def write_pack(folder: Path | str, samples: Iterable[Sample], count: int, points: int) -> None:
    """Write `count` samples of `points` points each: half-precision points (unit sphere), int8 labels, names.

    The list of shapes is written last, so a folder without it was never finished. Raises InputError for a sample of
    another size or with more than 127 parts.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shapes = []
    with atomic_path(folder / _POINTS) as points_file, atomic_path(folder / _LABELS) as labels_file:
        xyz = np.lib.format.open_memmap(points_file, mode="w+", dtype=np.float16, shape=(count, points, 3))
        labels = np.lib.format.open_memmap(labels_file, mode="w+", dtype=np.int8, shape=(count, points))
        for row, sample in zip(range(count), samples, strict=False):
            if len(sample.points) != points or len(sample.parts) > 127:
                raise InputError(
                    f"{sample.uid} has {len(sample.points)} points and {len(sample.parts)} parts: "
                    f"a pack takes {points} "
                    "points and at most 127 parts"
                )
            centred = sample.points - sample.points.mean(axis=0)
            xyz[row] = centred / max(float(np.linalg.norm(centred, axis=1).max()), 1e-12)
            labels[row] = sample.labels
            parts = [(part.name, part.coarse, part.synonyms) for part in sample.parts]
            shapes.append({"uid": sample.uid, "category": sample.category, "parts": parts})
        if len(shapes) != count:
            raise InputError(f"{len(shapes)} samples came for a pack of {count}")
        del xyz, labels  # flush the maps before the files get their names
    with atomic_path(folder / _INDEX) as temporary:
        temporary.write_text(json.dumps({"format": FORMAT, "shapes": shapes}), encoding="utf-8")
