"""Shapes with affordance heat, written once: points, heat and colours of any data set here, read back as samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from partwise.datasets.pack_files import open_rows, read_index, write_index, writing_rows
from partwise.datasets.sample import Sample
from partwise.errors import InputError, MissingDataError
from partwise.files import make_folder

FORMAT = "partwise-heat-pack/1"
_POINTS, _HEAT, _COLORS, _INDEX = "points.npy", "heat.npy", "colors.npy", "shapes.json"
_AGAIN = "write it again"


class HeatPack:
    """A folder of shapes with heat; `pack[i]` is a Sample without part names.

    Raises MissingDataError or InputError when it is opened, not in mid-training.
    """

    def __init__(self, folder: Path | str) -> None:
        folder = Path(folder)
        absent = [name for name in (_INDEX, _POINTS, _HEAT) if not (folder / name).is_file()]
        if absent:
            raise MissingDataError(
                f"{folder} has no {', '.join(absent)}: write it with partwise.datasets.heat_pack.write_heat_pack"
            )
        index = read_index(folder / _INDEX, FORMAT, _AGAIN)
        self._shapes = index["shapes"]
        self.names: tuple[str, ...] = _names(folder / _INDEX, index)
        self._points, self._heat = (open_rows(folder / name, 3, _AGAIN) for name in (_POINTS, _HEAT))
        colored = (folder / _COLORS).is_file()
        self._colors = open_rows(folder / _COLORS, 3, _AGAIN) if colored else None
        arrays = [self._points, self._heat, *([] if self._colors is None else [self._colors])]
        sizes = [(len(self._shapes), self._points.shape[1], last) for last in (3, len(self.names), 3)]
        if any(array.shape != size for array, size in zip(arrays, sizes, strict=False)):
            found = ", ".join(str(array.shape) for array in arrays)
            raise InputError(f"the files of {folder} do not belong together ({found}): {_AGAIN}")

    def __len__(self) -> int:
        return len(self._shapes)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} is not within 0..{len(self) - 1}")
        shape = self._shapes[index]
        points = np.array(self._points[index], dtype=np.float32)
        columns = [self.names.index(name) for name in shape["offered"]]
        return Sample(
            points=points,
            normals=np.zeros_like(points),
            labels=np.full(len(points), -1, dtype=np.int16),
            parts=(),
            category=shape["category"],
            uid=shape["uid"],
            affordances=tuple(shape["offered"]),
            heat=self._heat[index][:, columns].astype(np.float32) / 255,
            colors=None if self._colors is None else self._colors[index].astype(np.float32) / 255,
        )


def write_heat_pack(folder: Path | str, samples: Iterable[Sample], points: int) -> int:
    """Write samples of `points` points each: half-precision points, heat and colours in 256 steps. Returns how many.

    Raises InputError for a sample of another size, for colours that only some have, or for no sample; and if
    the disk is full.
    """
    folder = Path(folder)
    clouds, heats, colors, shapes = [], [], [], []
    for sample in samples:
        if len(sample.points) != points:
            raise InputError(f"{sample.uid} has {len(sample.points)} points, this pack takes {points}")
        centred = sample.points - sample.points.mean(axis=0)
        reach = max(float(np.linalg.norm(centred, axis=1).max()), 1e-12)
        clouds.append((centred / reach).astype(np.float16))
        heats.append(np.rint(sample.heat * 255).astype(np.uint8))
        if sample.colors is not None:
            colors.append(np.rint(sample.colors * 255).astype(np.uint8))
        shapes.append({"uid": sample.uid, "category": sample.category, "offered": list(sample.affordances)})
    if not shapes:
        raise InputError("no sample came for the pack: give at least one")
    if len(colors) not in (0, len(shapes)):
        raise InputError(f"{len(colors)} of {len(shapes)} samples have colours: give them to all or to none")
    names = sorted({name for shape in shapes for name in shape["offered"]})
    heat = np.zeros((len(shapes), points, len(names)), dtype=np.uint8)
    for row, (shape, columns) in enumerate(zip(shapes, heats, strict=True)):
        heat[row][:, [names.index(name) for name in shape["offered"]]] = columns
    make_folder(folder)
    arrays = {_POINTS: np.stack(clouds), _HEAT: heat} | ({_COLORS: np.stack(colors)} if colors else {})
    with ExitStack() as stack:
        for name, array in arrays.items():
            file = stack.enter_context(writing_rows(folder / name, array.dtype, array.shape))
            for row in array:
                file.write(row)
            file.finish()
        # Of a pack that was here before: they must not be taken for those of the new arrays.
        (folder / _INDEX).unlink(missing_ok=True)
        if not colors:
            (folder / _COLORS).unlink(missing_ok=True)
    write_index(folder / _INDEX, {"format": FORMAT, "names": names, "shapes": shapes})
    return len(shapes)


def _names(path: Path, index: dict[str, Any]) -> tuple[str, ...]:
    """The actions that a list knows, after a look at its shapes. Raises InputError if something is not there."""
    names = index.get("names")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f'{path} is damaged (no list "names" of words): {_AGAIN}')
    for number, shape in enumerate(index["shapes"]):
        offered = shape.get("offered")
        whole = isinstance(offered, list) and all(name in names for name in offered)
        if not whole or not all(isinstance(shape.get(key), str) for key in ("uid", "category")):
            raise InputError(f"{path} is damaged (shape {number} is incomplete): {_AGAIN}")
    return tuple(names)
