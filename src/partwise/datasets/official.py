"""Official copies of data sets: files found and read so that every problem names its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int32, Shaped

from partwise.errors import InputError, MissingDataError, UnsafeError
from partwise.io.text import table


def inside(root: Path | str, folder: str, mark: str) -> Path:
    """The folder that holds `mark`: `root` itself, or `folder` in it. Raises MissingDataError if neither does."""
    root = Path(root)
    for place in (root, root / folder):
        if (place / mark).exists():
            return place
    raise MissingDataError(
        f"{root}: there is no {mark} here nor in {folder}/: "
        "give the folder that the publisher's archive unpacks to"
    )


def present(path: Path) -> Path:
    """The path of a file that must be there. Raises MissingDataError if it is not."""
    if not path.is_file():
        raise MissingDataError(f"{path}: the file is missing: complete the copy, or unpack it again")
    return path


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, without their ends. Raises MissingDataError or InputError."""
    try:
        return present(path).read_text(encoding="utf-8").rstrip().splitlines()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: byte {error.start} is no UTF-8 text: the file is damaged, get it again"
        ) from None


def read_json(path: Path, kind: type) -> Any:
    """The value of a JSON file, which must be of `kind` (dict or list). Raises MissingDataError or InputError."""
    text = "\n".join(read_lines(path))
    try:
        value = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise InputError(f"{path}, line {line}: this is no JSON ({error}): get the file again") from None
    except RecursionError:
        raise InputError(f"{path}: the JSON is nested too deep: this is not the published file") from None
    if not isinstance(value, kind):
        raise InputError(
            f"{path}: it holds a {type(value).__name__}, but a {kind.__name__} was expected: "
            "this is not the published file"
        )
    return value


def read_rows(path: Path, columns: int) -> Float64[np.ndarray, "R C"]:
    """A text file of `columns` finite numbers a line (R,C). Raises InputError that names the first bad line."""
    lines = read_lines(path)
    try:
        values = table(lines, "rows")
    except InputError:
        values = None
    if values is not None and values.shape == (len(lines), columns) and np.isfinite(values).all():
        return values
    if not lines:
        raise InputError(f"{path}: the file is empty, but {columns} numbers a line were expected")
    number = next(number for number, line in enumerate(lines, 1) if not _is_row(line, columns))
    raise InputError(
        f"{path}, line {number}: {lines[number - 1][:60]!r}, but {columns} finite numbers were expected: "
        "the file is damaged, get it again"
    )


def _is_row(line: str, columns: int) -> bool:
    try:
        values = np.array(line.split(), dtype=np.float64)
    except ValueError:
        return False
    return len(values) == columns and bool(np.isfinite(values).all())


def whole_labels(
    values: Shaped[np.ndarray, "N"], low: int, high: int, place: Path | str, unit: str = "row"
) -> Int32[np.ndarray, "N"]:
    """The values (N,) as int32. Raises InputError at the first that is not a whole number within low..high.

    unit  what the values are counted in, from 1: rows of an array or lines of a text
    """
    if values.dtype.kind not in "iuf":
        raise InputError(f"{place}: the labels are {values.dtype}, but whole numbers were expected")
    wrong = ~((values >= low) & (values <= high) & (values == np.rint(values)))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"{place}, {unit} {row + 1}: label {values[row]:g}, but a whole number in {low}..{high} was expected"
        )
    return values.astype(np.int32)


def read_npy(path: Path) -> Shaped[np.ndarray, "..."]:
    """The plain array of an NPY file. Raises MissingDataError, InputError, or UnsafeError for a pickle inside."""
    try:
        with present(path).open("rb") as file:
            start = file.read(6)
            file.seek(0)
            if start[:1] == b"\x80":
                raise UnsafeError(
                    f"{path}: it is a pickle, which could run code, but a plain array was expected"
                )
            return np.load(file, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        if isinstance(error, InputError):
            raise
        if "pickle" in str(error).lower() or "object" in str(error).lower():
            raise UnsafeError(
                f"{path}: it holds Python objects, which could run code, but a plain array was expected"
            ) from None
        raise InputError(f"{path}: it is no NPY array ({error}): truncated or damaged") from None
