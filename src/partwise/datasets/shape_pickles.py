"""The pickles of 3D AffordanceNet, which OpenAD repacks: a list of shapes, whole, or as views, or with rotations.

Each element is a dict of `shape_id`, `semantic class`, `affordance` (all label names in order) and one of
`full_shape`: {coordinate (N,3), label}; `partial`: {view: {coordinate, label}}; `rotate`: {mode: {number: (3,3)}}.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from partwise.datasets.affordance_words import AFFORDANCENET_LABELS, OBJECTS, OPENAD_LABELS
from partwise.datasets.converted_item import Item
from partwise.datasets.pickled import read_pickle
from partwise.errors import InputError

# Published heat is rounded in float32; further out of 0..1 is damage.
ROUNDING = 1e-4


def soft_items(path: Path, setting: str, labels: tuple[str, ...] = AFFORDANCENET_LABELS) -> Iterator[Item]:
    """Shapes with a dict of (N,1) heat for each label; setting "full_shape" or "partial".

    A label that is 0 on all points becomes no column. Views are named shape+view.
    """
    for uid, category, cloud, where in _clouds(path, setting, labels):
        points = _points(cloud, where)
        maps = value(cloud, "label", dict, where)
        columns = {name: _column(maps, name, len(points), where) for name in labels}
        columns = {name: column for name, column in columns.items() if column.any()}
        yield heat_item(uid, category, points, columns, where)


def hard_items(path: Path, setting: str) -> Iterator[Item]:
    """Shapes with one of the 19 labels of OpenAD on each point; setting "full_shape" or "partial"."""
    for uid, category, cloud, where in _clouds(path, setting, OPENAD_LABELS):
        points = _points(cloud, where)
        found = value(cloud, "label", np.ndarray, where).reshape(-1)
        if found.shape != (len(points),) or found.dtype.kind not in "iuf":
            raise InputError(f"{where}: label is {found.dtype} {found.shape} for {len(points)} points")
        labels = found.astype(np.int32)
        if (labels != found).any() or labels.min() < 0 or labels.max() >= len(OPENAD_LABELS):
            raise InputError(
                f"{where}: label lies in {found.min()}..{found.max()}, "
                f"expected whole numbers in 0..{len(OPENAD_LABELS) - 1}"
            )
        yield Item(uid, category, points, labels=labels)


def rotated_items(full: Path, rotations: Path, mode: str) -> Iterator[Item]:
    """Whole shapes with heat, turned by the stored matrices of a mode; each is named shape+mode-number.

    The two files list the same shapes in the same order.
    """
    records = read_pickle(rotations, "list")
    for number, item in enumerate(soft_items(full, "full_shape")):
        where = f"{rotations}, element {number}"
        record = next(records, None)
        if not isinstance(record, dict) or str(record.get("shape_id")) != item.object:
            raise InputError(f"{where} is not the shape {item.object} of {full.name}: they go together")
        turns = value(value(record, "rotate", dict, where), mode, dict, where)
        for key, matrix in turns.items():
            if not isinstance(matrix, np.ndarray) or matrix.shape != (3, 3):
                raise InputError(f"{where}: rotate {mode} {key} is no (3,3) matrix")
            points = np.ascontiguousarray(item.points @ matrix.astype(np.float32).T)
            yield Item(
                f"{item.uid}+{mode}-{key}", item.category, points, heat=item.heat, heat_names=item.heat_names
            )


def heat_item(
    uid: str, category: str, points: np.ndarray, columns: Mapping[str, np.ndarray], where: str
) -> Item:
    """An item of heat columns (N,) by name. Raises InputError, naming the place, for heat that is none."""
    heat = np.stack(list(columns.values()), axis=1).astype(np.float32) if columns else None
    if heat is not None:
        if not np.isfinite(heat).all() or heat.min() < -ROUNDING or heat.max() > 1 + ROUNDING:
            raise InputError(f"{where}: heat lies in {heat.min()}..{heat.max()}, expected 0..1")
        heat = heat.clip(0, 1)
    try:
        return Item(uid, category, points, heat=heat, heat_names=tuple(columns))
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def value(record: Mapping[Any, Any], key: str, kind: type | tuple[type, ...], where: str) -> Any:
    """`record[key]`, which must be of a kind. Raises InputError naming place and key."""
    if key not in record:
        raise InputError(f"{where} has no {key!r}, it has {', '.join(map(str, record))[:200]}")
    if not isinstance(record[key], kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        expected = " or ".join(one.__name__ for one in kinds)
        raise InputError(f"{where}: {key!r} is a {type(record[key]).__name__}, expected a {expected}")
    return record[key]


def _clouds(path: Path, setting: str, labels: tuple[str, ...]) -> Iterator[tuple[str, str, Mapping, str]]:
    """(uid, category, {coordinate, label}, place) of every cloud of a file."""
    seen: Counter[str] = Counter()
    for number, record in enumerate(read_pickle(path, "list")):
        where = f"{path}, element {number}"
        if not isinstance(record, dict):
            raise InputError(f"{where} is a {type(record).__name__}, expected a dict")
        shape, category = str(value(record, "shape_id", (str, int), where)), record.get("semantic class")
        if category not in OBJECTS:
            raise InputError(
                f"{where}: 'semantic class' is {category!r}, expected one of {', '.join(OBJECTS)}"
            )
        names = tuple(value(record, "affordance", (list, tuple), where))
        if names != labels:
            raise InputError(f"{where}: 'affordance' is {names}, expected {labels}")
        clouds = value(record, setting, dict, where)
        clouds = {"": clouds} if setting == "full_shape" else clouds
        for view, cloud in clouds.items():
            uid = f"{shape}+{view}" if setting == "partial" else shape
            seen[uid] += 1
            # A shape that is listed again is kept, as a view of the same object.
            uid = uid if seen[uid] == 1 else f"{uid}+again{seen[uid]}"
            place = f"{where} ({uid})"
            if not isinstance(cloud, dict):
                raise InputError(f"{place} is a {type(cloud).__name__}, expected a dict")
            yield uid, category, cloud, place


def _points(cloud: Mapping[str, Any], where: str) -> Shaped[np.ndarray, "N 3"]:
    points = value(cloud, "coordinate", np.ndarray, where)
    if (
        points.ndim != 2
        or points.shape[1] != 3
        or points.dtype.kind not in "fiu"
        or not np.isfinite(points).all()
    ):
        raise InputError(f"{where}: coordinate is {points.dtype} {points.shape}, expected finite (N,3)")
    return points.astype(np.float32)


def _column(maps: Mapping[str, Any], name: str, count: int, where: str) -> Shaped[np.ndarray, "N"]:
    column = value(maps, name, np.ndarray, where)
    if column.size != count or column.dtype.kind not in "fiub":
        raise InputError(f"{where}: label {name!r} is {column.dtype} {column.shape} for {count} points")
    return column.reshape(-1).astype(np.float32)
