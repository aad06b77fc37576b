"""What packs consist of: arrays written row by row and read through a memory map, and a JSON list that is written last.

Not written through a map: a full disk answers that with SIGBUS, which ends the process without a word.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from partwise.errors import InputError
from partwise.files import atomic_path, refusals_of_disk


class Rows:
    """An .npy file that grows row by row, and the SHA-256 of what was written."""

    def __init__(self, path: Path, file: Any, dtype: DTypeLike, shape: tuple[int, ...]) -> None:
        self.dtype, self.digest = np.dtype(dtype), hashlib.sha256()
        self._path, self._file = path, file
        self._size = int(np.prod(shape[1:])) * self.dtype.itemsize
        header = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        self._end = file.tell() + shape[0] * self._size

    def write(self, row: np.ndarray) -> None:
        """Add one row, or the first part of one: the rest is a hole that takes no room. Raises InputError."""
        data = np.ascontiguousarray(row, dtype=self.dtype).tobytes()
        self.digest.update(data)
        with refusals_of_disk(self._path):
            self._file.write(data)
            self._file.seek(self._size - len(data), os.SEEK_CUR)

    def finish(self) -> None:
        """Bring all rows to the disk, and the file to its whole length. Raises InputError if the disk is full."""
        with refusals_of_disk(self._path):
            self._file.truncate(self._end)
            os.fsync(self._file.fileno())


@contextmanager
def writing_rows(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> Iterator[Rows]:
    """An array of `shape` to be written row by row and finished, which then appears at `path`."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        yield Rows(path, file, dtype, shape)


def write_index(path: Path, content: dict[str, Any]) -> None:
    """Write the list of a pack, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content), encoding="utf-8")


def read_index(path: Path, version: str, again: str) -> dict[str, Any]:
    """The list of a pack, of which "shapes" is a list of objects.

    again  what to do about a damaged one, for the message
    Raises InputError if it is damaged or of another format than `version`.
    """
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise InputError(f"{path} is damaged ({error}): {again}") from None
    if not isinstance(index, dict):
        raise InputError(f"{path} is damaged (a {type(index).__name__}, expected an object): {again}")
    if index.get("format") != version:
        raise InputError(f"{path} has format {index.get('format')!r}, expected {version!r}: {again}")
    shapes = index.get("shapes")
    if not isinstance(shapes, list) or not all(isinstance(shape, dict) for shape in shapes):
        raise InputError(f'{path} is damaged (no list "shapes" of objects): {again}')
    return index


def open_rows(path: Path, axes: int, again: str) -> np.ndarray:
    """A memory map of an array of `axes` axes. Raises InputError if the file is not there, damaged or cut off."""
    try:
        rows = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, OSError) as error:
        raise InputError(f"{path} is damaged ({error}): {again}") from None
    if rows.ndim != axes or rows.dtype.kind not in "fiu":
        raise InputError(
            f"{path} is damaged (an array {rows.shape} of {rows.dtype}, expected numbers on {axes} axes): {again}"
        )
    return rows
