"""Packed shapes: samples written once, read in any order from memory-mapped arrays while training."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int16, UInt8

from partwise.datasets.sample import PartName, Sample
from partwise.errors import InputError, MissingDataError
from partwise.files import atomic_path

FORMAT = "partwise-pack/1"
_POINTS, _LABELS, _HEAT, _INDEX = "points.npy", "labels.npy", "heat.npy", "shapes.json"
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
            self._heat = (
                np.load(folder / _HEAT, mmap_mode="r", allow_pickle=False) if index.get("heat") else None
            )
        except (ValueError, OSError) as error:
            raise InputError(
                f"{folder} is damaged ({error}): make it again with `partwise data pack`"
            ) from None
        if index.get("format") != FORMAT:
            raise InputError(
                f"{folder} has format {index.get('format')!r}, expected {FORMAT!r}: pack it again"
            )
        self._shapes = index["shapes"]
        arrays = [a for a in (self._points, self._labels, self._heat) if a is not None]
        if any(len(array) != len(self._shapes) for array in arrays):
            raise InputError(
                f"{folder} lists {len(self._shapes)} shapes, "
                f"its arrays hold {' and '.join(str(len(array)) for array in arrays)}: "
                "make it again with `partwise data pack`"
            )

    def __len__(self) -> int:
        return len(self._shapes)

    def __getitem__(self, index: int) -> PackedShape:
        shape = self._shapes[index]
        parts = tuple(PartName(name, coarse, tuple(synonyms)) for name, coarse, synonyms in shape["parts"])
        points, labels = self._points[index].astype(np.float32), self._labels[index].astype(np.int16)
        actions = tuple(shape.get("actions", ()))
        heat = np.zeros((len(points), 0), np.float32)
        if actions and self._heat is not None:
            heat = self._heat[index, : len(actions)].T.astype(np.float32) / 255
        return PackedShape(points, labels, parts, shape["category"], shape["uid"], actions, heat)

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
    another size or with more than 127 parts or, with heat, 12 actions.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shapes = []
    with ExitStack() as stack:
        files = [stack.enter_context(atomic_path(folder / name)) for name in (_POINTS, _LABELS)]
        maps = None
        if heat:
            file = stack.enter_context(atomic_path(folder / _HEAT))
            size = (count, MOST_ACTIONS, points)
            maps = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=size)
        xyz = np.lib.format.open_memmap(files[0], mode="w+", dtype=np.float16, shape=(count, points, 3))
        labels = np.lib.format.open_memmap(files[1], mode="w+", dtype=np.int8, shape=(count, points))
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
            shape = {"uid": sample.uid, "category": sample.category, "parts": parts}
            if maps is not None:
                shape["actions"] = sample.affordances
                maps[row, : len(sample.affordances)] = _steps(sample)
            shapes.append(shape)
        if len(shapes) != count:
            raise InputError(f"{len(shapes)} samples came for a pack of {count}")
        del xyz, labels, maps  # flush the maps before the files get their names
    with atomic_path(folder / _INDEX) as temporary:
        temporary.write_text(json.dumps({"format": FORMAT, "heat": heat, "shapes": shapes}), encoding="utf-8")


def _steps(sample: Sample) -> UInt8[np.ndarray, "A N"]:
    if len(sample.affordances) > MOST_ACTIONS:
        # One left out would be taught as absent.
        raise InputError(
            f"{sample.uid} offers {len(sample.affordances)} actions: a pack has room for {MOST_ACTIONS}"
        )
    return np.rint(sample.heat.T * 255).astype(np.uint8)
