"""PCD (Point Cloud Data 0.7: ascii, binary, binary_compressed) to `Geometry`."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped, UInt8

from partwise.errors import InputError
from partwise.io.colors import rgba_bytes
from partwise.io.geometry import Geometry
from partwise.io.lzf import lzf_decompress
from partwise.io.source import Source
from partwise.io.text import decoded, table

KINDS = {"F": "f", "I": "i", "U": "u"}
MAX_HEADER_BYTES = 2**20
ENTRIES = ("VERSION", "FIELDS", "SIZE", "TYPE", "COUNT", "WIDTH", "HEIGHT", "VIEWPOINT", "POINTS", "DATA")


@dataclass(frozen=True)
class _Field:
    """One column of a record: its name, its number type and how many values it has."""

    name: str
    dtype: np.dtype
    count: int

    @property
    def bytes(self) -> int:
        return self.dtype.itemsize * self.count


@dataclass(frozen=True)
class _Header:
    fields: list[_Field]
    width: int
    height: int
    data: str
    size: int

    @property
    def points(self) -> int:
        return self.width * self.height

    @property
    def record(self) -> int:
        return sum(field.bytes for field in self.fields)


def read_pcd(source: Source) -> Geometry:
    """Geometry of a cloud: normals and packed or separate colours where it has them, `grid` if it is organised.

    Points that the sensor did not see stay as NaN rows. The viewpoint is not applied: coordinates are those of the
    file. Raises InputError if the header does not fit the length, UnsafeError if compressed data would explode.
    """
    header = _header(source.data)
    source.limits.check_points(header.points)
    columns = _columns(source, header)
    missing = [name for name in "xyz" if name not in columns]
    if missing:
        raise InputError(
            f"there is no field {missing[0]!r} (fields: {str(list(columns))[1:200]}): this holds no points"
        )
    normals = [columns[name] for name in ("normal_x", "normal_y", "normal_z") if name in columns]
    return Geometry(
        points=np.stack([columns[name] for name in "xyz"], axis=1).astype(np.float64),
        normals=np.stack(normals, axis=1).astype(np.float32) if len(normals) == 3 else None,
        colors=_colors(columns),
        grid=(header.height, header.width) if header.height > 1 else None,
    )


def _header(data: bytes) -> _Header:
    """The header; raises InputError if it is cut off or contradicts itself."""
    entries: dict[str, list[str]] = {}
    at = 0
    while "DATA" not in entries:
        end = data.find(b"\n", at, MAX_HEADER_BYTES)
        if end < 0:
            raise InputError("the header has no DATA line: this is no PCD file, or a truncated one")
        words = data[at:end].decode("utf-8", errors="replace").split()
        at = end + 1
        if words and not words[0].startswith("#"):
            if words[0] not in (*ENTRIES, "COLUMNS"):
                raise InputError(
                    f"the header line {' '.join(words)[:80]!r} is not understood: this is no PCD file"
                )
            entries["FIELDS" if words[0] == "COLUMNS" else words[0]] = words[1:]
    names = entries.get("FIELDS", [])
    sizes = _integers(entries, "SIZE")
    counts = _integers(entries, "COUNT") or [1] * len(names)
    kinds = entries.get("TYPE", [])
    width, height, points = (_integers(entries, key) for key in ("WIDTH", "HEIGHT", "POINTS"))
    if not len(names) == len(sizes) == len(kinds) == len(counts) or not names:
        raise InputError("FIELDS, SIZE, TYPE and COUNT do not have the same length: the file is damaged")
    fields = [_field(*column) for column in zip(names, kinds, sizes, counts, strict=True)]
    shape = (width or points)[:1], (height or [1])[:1]
    if not all(shape):
        raise InputError("the header has no WIDTH and no POINTS: the file is damaged")
    if points and points[0] != shape[0][0] * shape[1][0]:
        raise InputError(
            f"POINTS is {points[0]:,}, but WIDTH x HEIGHT is {shape[0][0]:,} x {shape[1][0]:,}: damaged"
        )
    return _Header(fields, shape[0][0], shape[1][0], " ".join(entries["DATA"]), at)


def _integers(entries: dict[str, list[str]], key: str) -> list[int]:
    words = entries.get(key, [])
    if not all(word.isascii() and word.isdigit() and len(word) < 20 for word in words):
        raise InputError(
            f"{key} is {' '.join(words)[:80]!r}, but whole numbers were expected: the file is damaged"
        )
    return [int(word) for word in words]


def _field(name: str, kind: str, size: int, count: int) -> _Field:
    if kind not in KINDS or size not in ((4, 8) if kind == "F" else (1, 2, 4, 8)):
        raise InputError(
            f"the field {name[:40]!r} has the type {kind[:10]}{size}, which does not exist: it is damaged"
        )
    return _Field(name, np.dtype(f"<{KINDS[kind]}{size}"), count)


def _columns(source: Source, header: _Header) -> dict[str, Shaped[np.ndarray, "N"]]:
    """The single-valued fields by name, (N,) each, in their own number type."""
    body = source.data[header.size :]
    if header.data == "ascii":
        return _ascii_columns(decoded(body), header)
    expected = header.points * header.record
    if header.data == "binary":
        if len(body) < expected:
            raise _short(header, expected, len(body))
        layout = [(f"{i}", field.dtype, (field.count,)) for i, field in enumerate(header.fields)]
        records = np.frombuffer(body, np.dtype(layout), header.points)
        columns = [records[f"{index}"] for index in range(len(header.fields))]
    elif header.data == "binary_compressed":
        body = _expanded(source, body, expected)
        ends = np.cumsum([header.points * field.bytes for field in header.fields])
        columns = [  # all values of a field stand together
            np.frombuffer(body[end - header.points * field.bytes : end], field.dtype).reshape(-1, field.count)
            for field, end in zip(header.fields, ends, strict=True)
        ]
    else:
        raise InputError(f"DATA is {header.data[:40]!r}, but ascii, binary or binary_compressed was expected")
    pairs = zip(header.fields, columns, strict=True)
    return {field.name: values[:, 0] for field, values in pairs if field.count == 1}


def _ascii_columns(text: str, header: _Header) -> dict[str, Shaped[np.ndarray, "N"]]:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < header.points:
        raise InputError(
            f"{header.points:,} points announced, but {len(lines):,} lines follow: truncated or lies"
        )
    if header.points == 0:
        return {field.name: np.zeros(0) for field in header.fields}
    values = table(lines[: header.points], "points")
    width = sum(field.count for field in header.fields)
    if values.shape != (header.points, width):
        raise InputError(
            f"the points have {values.shape[1]} numbers, but {width} are announced: the file is damaged"
        )
    starts = np.cumsum([0] + [field.count for field in header.fields])
    columns: dict[str, np.ndarray] = {}
    for field, start in zip(header.fields, starts, strict=False):
        if field.count == 1:
            column = values[:, start]
            if field.dtype.kind != "f" and not (np.isfinite(column) & (np.abs(column) < 2**63)).all():
                raise InputError(
                    f"the field {field.name!r} holds a value that is no integer: the file is damaged"
                )
            columns[field.name] = column.astype(field.dtype)
    return columns


def _expanded(source: Source, body: bytes, expected: int) -> bytes:
    """The expanded body, after its two sizes are checked against what is there and what is needed."""
    if len(body) < 8:
        raise InputError("the sizes of the compressed data are missing: the file is truncated")
    stored, size = struct.unpack_from("<2I", body)
    if size != expected or stored > len(body) - 8:
        raise InputError(
            f"compressed data of {stored:,} bytes for {size:,} are announced, but {len(body) - 8:,} follow and "
            f"{expected:,} are needed: the file is truncated or lies"
        )
    source.limits.check_expansion(stored, size)
    return lzf_decompress(body[8 : 8 + stored], size)


def _short(header: _Header, expected: int, found: int) -> InputError:
    return InputError(
        f"{header.points:,} points of {header.record} bytes need {expected:,} bytes, but {found:,} follow: "
        "the file is truncated or lies"
    )


def _colors(columns: dict[str, Shaped[np.ndarray, "N"]]) -> UInt8[np.ndarray, "N 4"] | None:
    """RGBA (N,4) of `rgb` (no alpha) or `rgba`, packed in the bits of one float or integer, or of r, g and b."""
    for name in ("rgb", "rgba"):
        values = columns.get(name)
        if values is not None and values.dtype.itemsize == 4:
            bgra = np.ascontiguousarray(values).view(np.uint8).reshape(-1, 4)
            rgba = bgra[:, [2, 1, 0, 3]]
            if name == "rgb":
                rgba[:, 3] = 255
            return rgba
    if all(name in columns for name in "rgb"):
        return rgba_bytes(np.stack([columns[name] for name in "rgb"], axis=1))
    return None
