"""Shapes with affordance heat, written once: points, heat and colours of any data set here, read back as samples."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from partwise.datasets.sample import Sample
from partwise.errors import InputError, MissingDataError
from partwise.files import atomic_path

FORMAT = "partwise-heat-pack/1"
_POINTS, _HEAT, _COLORS, _INDEX = "points.npy", "heat.npy", "colors.npy", "shapes.json"


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
        try:
            index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
            self._points = np.load(folder / _POINTS, mmap_mode="r", allow_pickle=False)
            self._heat = np.load(folder / _HEAT, mmap_mode="r", allow_pickle=False)
            colored = (folder / _COLORS).is_file()
            self._colors = np.load(folder / _COLORS, mmap_mode="r", allow_pickle=False) if colored else None
        except (ValueError, OSError) as error:
            raise InputError(f"{folder} is damaged ({error}): write it again") from None
        if index.get("format") != FORMAT:
            raise InputError(
                f"{folder} has format {index.get('format')!r}, expected {FORMAT!r}: write it again"
            )
        self.names: tuple[str, ...] = tuple(index["names"])
        self._shapes = index["shapes"]
        arrays = [self._points, self._heat, *([self._colors] if colored else [])]
        rows = {len(self._shapes), *map(len, arrays)}
        if len(rows) != 1 or self._heat.shape[2] != len(self.names):
            raise InputError(f"the files of {folder} do not belong together: write it again")

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

    Raises InputError for a sample of another size, for colours that only some have, or for no sample.
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
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {_POINTS: np.stack(clouds), _HEAT: heat} | ({_COLORS: np.stack(colors)} if colors else {})
    for name, array in arrays.items():
        with atomic_path(folder / name) as temporary, temporary.open("wb") as file:
            np.save(file, array, allow_pickle=False)
    if not colors:
        (folder / _COLORS).unlink(missing_ok=True)  # of a pack that was here before
    with atomic_path(folder / _INDEX) as temporary:
        content = {"format": FORMAT, "names": names, "shapes": shapes}
        temporary.write_text(json.dumps(content), encoding="utf-8")
    return len(shapes)
