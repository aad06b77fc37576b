"""The rows of PLY elements, ascii or binary, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, Num

from partwise.errors import InputError
from partwise.io.ply_header import Element, Header
from partwise.io.text import decoded, numbers, table, whole


@dataclass(frozen=True)
class Ragged:
    """A list property: `counts` (R,) values of each row, and all of them in `values` (K,)."""

    counts: Int64[np.ndarray, "R"]
    values: Num[np.ndarray, "K"]


Columns = dict[str, "np.ndarray | Ragged"]


def read_elements(data: bytes, header: Header) -> dict[str, Columns]:
    """The columns of all elements by name; raises InputError where rows are missing or malformed."""
    return _ascii(data, header) if header.order == "" else _binary(data, header)


def _ascii(data: bytes, header: Header) -> dict[str, Columns]:
    lines = [line for line in decoded(data[header.size :]).splitlines() if line.strip()]
    result: dict[str, Columns] = {}
    at = 0
    for element in header.elements:
        rows = lines[at : at + element.rows]
        at += element.rows
        if len(rows) < element.rows:
            raise InputError(
                f"{element.rows:,} {element.name} announced, but {len(rows):,} lines are left: truncated"
            )
        result[element.name] = (
            _ascii_lists(rows, element) if element.has_lists else _ascii_table(rows, element)
        )
    return result


def _ascii_table(rows: list[str], element: Element) -> Columns:
    names = [column.name for column in element.properties]
    if not rows or not names:
        return {name: np.zeros(0) for name in names}
    values = table(rows, element.name)
    if values.shape != (len(rows), len(names)):
        raise InputError(
            f"{element.name} rows have {values.shape[1]} numbers, but {len(names)} are announced"
        )
    return {name: values[:, index] for index, name in enumerate(names)}


def _ascii_lists(rows: list[str], element: Element) -> Columns:
    """Rows that may differ in length; walked property by property, all rows at once."""
    widths = np.array([len(row.split()) for row in rows], dtype=np.int64)
    values = numbers(" ".join(rows), element.name)
    if len(values) != widths.sum():
        raise InputError(
            f"the {element.name} rows hold something that is not a number: export the file again"
        )
    end = np.cumsum(widths)
    at = end - widths
    result: Columns = {}
    for column in element.properties:
        if (at >= end).any():
            raise InputError(
                f"{element.name} row {int(np.argmax(at >= end))} ends before {column.name!r}: it is damaged"
            )
        if column.count is None:
            result[column.name] = values[at]
            at = at + 1
            continue
        counts = whole(values[at], f"lengths of {column.name}")
        at = at + 1
        if ((counts < 0) | (counts > end - at)).any():
            raise InputError(f"a list {column.name!r} is longer than its row: the file is damaged")
        result[column.name] = Ragged(counts, values[_members(at, counts)])
        at = at + counts
    return result


def _binary(data: bytes, header: Header) -> dict[str, Columns]:
    result: dict[str, Columns] = {}
    at = header.size
    for element in header.elements:
        columns, at = _binary_even(data, at, element) or _binary_uneven(data, at, element)
        result[element.name] = columns
    return result


def _binary_even(data: bytes, at: int, element: Element) -> tuple[Columns, int] | None:
    """Columns and the byte after them if every list is as long as in the first row, else None."""
    layout: list[tuple] = []
    cursor = at
    for index, column in enumerate(element.properties):
        if column.count is None:
            layout.append((f"{index}", column.dtype))
            cursor += column.dtype.itemsize
            continue
        length = 0
        if element.rows:
            length = _length(data, cursor, column.count, element.name)
        if cursor + length * column.dtype.itemsize > len(data):
            raise InputError(
                f"a list {column.name!r} of {length:,} values reaches beyond the end: truncated or damaged"
            )
        layout += [(f"n{index}", column.count), (f"{index}", column.dtype, (length,))]
        cursor += column.count.itemsize + length * column.dtype.itemsize
    dtype = np.dtype(layout)
    end = at + element.rows * dtype.itemsize
    if end > len(data):
        return None
    rows = (
        np.frombuffer(data, dtype, element.rows, at)
        if dtype.itemsize and element.rows
        else np.zeros(0, dtype)
    )
    result: Columns = {}
    for index, column in enumerate(element.properties):
        values = rows[f"{index}"]
        if column.count is None:
            result[column.name] = values
            continue
        if len(rows) and (rows[f"n{index}"] != rows[f"n{index}"][0]).any():
            return None
        counts = rows[f"n{index}"].astype(np.int64)
        result[column.name] = Ragged(counts, np.ascontiguousarray(values).reshape(-1))
    return result, end


def _binary_uneven(data: bytes, at: int, element: Element) -> tuple[Columns, int]:
    """Columns of rows that differ in length: find where each value starts, then gather."""
    starts: list[list[int]] = [[] for _ in element.properties]
    counts: list[list[int]] = [[] for _ in element.properties]
    for _ in range(element.rows):
        for index, column in enumerate(element.properties):
            length = 1
            if column.count is not None:
                length = _length(data, at, column.count, element.name)
                at += column.count.itemsize
                counts[index].append(length)
            starts[index].append(at)
            at += length * column.dtype.itemsize
        if at > len(data):
            raise InputError(
                f"the {element.name} rows reach beyond the end of the file: it is truncated or damaged"
            )
    raw = np.frombuffer(data, np.uint8)
    result: Columns = {}
    for index, column in enumerate(element.properties):
        first = np.array(starts[index], dtype=np.int64)
        length = np.array(counts[index], dtype=np.int64) if column.count is not None else np.ones_like(first)
        size = column.dtype.itemsize
        places = _members(first, length, size)
        values = raw[places[:, None] + np.arange(size)].view(column.dtype).reshape(-1)
        result[column.name] = values if column.count is None else Ragged(length, values)
    return result, at


def _length(data: bytes, at: int, dtype: np.dtype, name: str) -> int:
    """The length of the list at byte `at`."""
    if at + dtype.itemsize > len(data):
        raise InputError(f"the {name} rows reach beyond the end of the file: it is truncated or damaged")
    order = "big" if dtype.str[0] == ">" else "little"
    length = int.from_bytes(data[at : at + dtype.itemsize], order, signed=dtype.kind == "i")
    if length < 0:
        raise InputError(f"a list of {name} has the length {length}: the file is damaged")
    return length


def _members(
    first: Int64[np.ndarray, "R"], counts: Int64[np.ndarray, "R"], size: int = 1
) -> Int64[np.ndarray, "K"]:
    """Places (K,) of all members of runs that start at `first` and are `counts` long, `size` apart."""
    step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(first, counts) + size * step
