"""The header of a PLY file: which elements follow, how many, and how their rows are laid out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partwise.errors import InputError

TYPES = {
    "char": "i1",
    "uchar": "u1",
    "short": "i2",
    "ushort": "u2",
    "int": "i4",
    "uint": "u4",
    "float": "f4",
    "double": "f8",
    "int8": "i1",
    "uint8": "u1",
    "int16": "i2",
    "uint16": "u2",
    "int32": "i4",
    "uint32": "u4",
    "float32": "f4",
    "float64": "f8",
}
ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
MAX_HEADER_BYTES = 2**20


@dataclass(frozen=True)
class Property:
    """One column: a scalar, or a list if `count` (the type of its length) is set."""

    name: str
    dtype: np.dtype
    count: np.dtype | None = None

    @property
    def min_bytes(self) -> int:
        """Bytes that every row has for it at least, in a binary file."""
        return self.dtype.itemsize if self.count is None else self.count.itemsize


@dataclass
class Element:
    """A block of `rows` rows."""

    name: str
    rows: int
    properties: list[Property]

    @property
    def has_lists(self) -> bool:
        """True if rows can differ in length."""
        return any(column.count is not None for column in self.properties)


@dataclass(frozen=True)
class Header:
    """What a PLY header says; `order` is "" for ascii, else the byte order, and data start at byte `size`."""

    order: str
    elements: list[Element]
    size: int


def read_header(data: bytes) -> Header:
    """The header of a PLY file; raises InputError if it is cut off, malformed or announces more than there is."""
    end = data.find(b"end_header", 0, MAX_HEADER_BYTES)
    if not data.startswith(b"ply") or end < 0:
        raise InputError(
            "a PLY header from 'ply' to 'end_header' was expected: the file is truncated or damaged"
        )
    size = end + len(b"end_header")
    size += 2 if data[size : size + 2] == b"\r\n" else 1
    order: str | None = None
    elements: list[Element] = []
    for line in data[:end].decode("utf-8", errors="replace").replace("\r", "\n").split("\n")[1:]:
        words = line.split()
        if not words or words[0] in ("comment", "obj_info"):
            continue
        if words[0] == "format" and len(words) == 3 and words[1] in ORDERS:
            order = ORDERS[words[1]]
        elif words[0] == "element" and len(words) == 3 and words[2].isascii() and words[2].isdigit():
            elements.append(Element(words[1], int(words[2][:20]), []))
        elif words[0] == "property" and elements and order is not None:
            elements[-1].properties.append(_property(words, order))
        else:
            raise InputError(f"the header line {line[:80]!r} is not understood: export the file again")
    if order is None:
        raise InputError(
            "the header has no 'format' line with ascii or a binary byte order: export the file again"
        )
    header = Header(order, elements, size)
    _check_length(header, len(data) - size)
    return header


def _property(words: list[str], order: str) -> Property:
    is_list = len(words) == 5 and words[1] == "list"
    names = words[2:4] if is_list else words[1:2]
    if not (is_list or len(words) == 3) or any(name not in TYPES for name in names):
        raise InputError(f"the header line {' '.join(words)[:80]!r} is not understood: export the file again")
    dtypes = [np.dtype((order or "<") + TYPES[name]) for name in names]
    if not is_list:
        return Property(words[-1], dtypes[0])
    if dtypes[0].kind == "f":
        raise InputError(f"the list {words[-1][:40]!r} has a fractional length: the file is damaged")
    return Property(words[-1], dtypes[1], dtypes[0])


def _check_length(header: Header, available: int) -> None:
    """Compare the rows that the header announces with the bytes that follow it."""
    needed = 0
    if len({element.name for element in header.elements}) != len(header.elements):
        raise InputError("the header names an element twice: export the file again")
    for element in header.elements:
        names = [column.name for column in element.properties]
        if len(set(names)) != len(names):
            raise InputError(f"the element {element.name!r} names a property twice: export the file again")
        # Ascii needs at least a digit and a separator for each value.
        row = sum(column.min_bytes if header.order else 2 for column in element.properties)
        needed += element.rows * row
    if needed > available + (0 if header.order else 1):
        rows = ", ".join(f"{element.rows:,} {element.name}" for element in header.elements)
        raise InputError(
            f"the header announces {rows}: at least {needed:,} bytes, but {available:,} follow: "
            "the file is truncated or lies"
        )
