"""A glTF 2.0 file as checked lookups: its JSON, its buffers and its accessors as arrays.

Own code rather than a library's: node names stay as they are, nothing outside the folder is opened, and every count
and offset is compared with the bytes that are there before an array of that size exists.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from typing import Any

import numpy as np
from jaxtyping import Shaped

from partwise.errors import InputError, MissingDataError, UnsafeError
from partwise.io.source import Source

# glTF 2.0 specification, section 3.6.2.2 (accessor data types).
COMPONENTS = {
    5120: np.dtype("<i1"),
    5121: np.dtype("<u1"),
    5122: np.dtype("<i2"),
    5123: np.dtype("<u2"),
    5125: np.dtype("<u4"),
    5126: np.dtype("<f4"),
}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
JSON_CHUNK, BINARY_CHUNK = 0x4E4F534A, 0x004E4942
COMPRESSED = ("KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression")


class Document:
    """The parsed JSON with its buffers; every method raises InputError where the file contradicts itself."""

    def __init__(self, source: Source) -> None:
        self.source = source
        text, self._binary = _containers(source.data)
        self.root = _parse(text)
        self._buffers: dict[int, bytes] = {}
        self._rows: dict[str, list[dict[str, Any]]] = {}
        version = str(self.field(self.root, "asset", dict, {}).get("version", "missing"))
        if not version.startswith("2"):
            raise InputError(f"glTF version {version}, but only 2.x can be read: export it again as glTF 2.0")
        for name in self.field(self.root, "extensionsRequired", list, []):
            if name in COMPRESSED:
                raise InputError(f"it is compressed with {name}: export it again without mesh compression")
        declared = sum(self.field(row, "byteLength", int, 0) for row in self.rows("buffers"))
        if declared > source.limits.max_file_bytes:
            raise UnsafeError(
                f"its buffers announce {declared:,} bytes, but at most {source.limits.max_file_bytes:,} are read: "
                "if you trust the file, read it with Limits(max_file_bytes=...)"
            )

    def rows(self, key: str) -> list[dict[str, Any]]:
        """A top-level list of objects such as "nodes"; empty if absent."""
        if key not in self._rows:  # checked once: a scene may ask for one row at a time
            rows = self.field(self.root, key, list, [])
            if not all(isinstance(row, dict) for row in rows):
                raise InputError(f"{key!r} holds something that is not an object: the JSON is damaged")
            self._rows[key] = rows
        return self._rows[key]

    def row(self, key: str, index: Any) -> dict[str, Any]:
        """One object of a top-level list."""
        rows = self.rows(key)
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(rows):
            raise InputError(
                f"it refers to {key}[{str(index)[:40]}], but there are {len(rows)}: the file is damaged"
            )
        return rows[index]

    @staticmethod
    def field(row: dict[str, Any], key: str, kind: type, default: Any) -> Any:
        """A member of an object, checked for its type; integers are checked to be 0 or more."""
        value = row.get(key, default)
        if value is default:
            return default
        if not isinstance(value, kind) or isinstance(value, bool) or (kind is int and value < 0):
            raise InputError(
                f"{key!r} is {str(value)[:60]!r}, but {kind.__name__} was expected: the JSON is damaged"
            )
        return value

    def stored_bytes(self) -> int:
        """Bytes of this file and of the files beside it that hold its buffers."""
        outside = [number for number, row in enumerate(self.rows("buffers")) if "uri" in row]
        return len(self.source.data) + sum(len(self._buffer(number)) for number in outside)

    def count(self, index: Any) -> int:
        """Number of elements an accessor announces; nothing is read."""
        return self.field(self.row("accessors", index), "count", int, 0)

    def accessor(self, index: Any, width: int | tuple[int, ...]) -> Shaped[np.ndarray, "n w"]:
        """The (n,w) elements of an accessor; normalised integers come as float64 in -1..1, the rest as stored.

        Raises InputError if the accessor has not `width` components, or reaches beyond its buffer.
        """
        row = self.row("accessors", index)
        dtype = self._dtype(row)
        columns = WIDTHS.get(self.field(row, "type", str, ""), 0)
        expected = width if isinstance(width, tuple) else (width,)
        if columns not in expected:
            raise InputError(
                f"accessor {index} is {row.get('type')!r}, but {expected} components were expected"
            )
        count = self.field(row, "count", int, 0)
        sparse = self.field(row, "sparse", dict, {})
        if "bufferView" in row:
            offset = self.field(row, "byteOffset", int, 0)
            values = self._view(row["bufferView"], offset, count, columns, dtype)
        elif sparse:
            values = np.zeros((count, columns), dtype)
        else:
            raise InputError(f"accessor {index} has no data: export the file again")
        if sparse:
            values = self._with_sparse(values, sparse)
        if row.get("normalized") is True and dtype.kind in "iu":
            return np.maximum(values / np.iinfo(dtype).max, -1.0)
        return values

    def image_bytes(self, row: dict[str, Any]) -> bytes | None:
        """Encoded bytes of an image (an `images` entry), or None if it is a file that is not there."""
        if "bufferView" in row:
            view = self.row("bufferViews", row["bufferView"])
            length = self.field(view, "byteLength", int, 0)
            return self._view(row["bufferView"], 0, length, 1, np.dtype("u1")).tobytes()
        uri = self.field(row, "uri", str, "")
        return _data_uri(uri) if uri.startswith("data:") else self.source.beside(uri)

    def _dtype(self, row: dict[str, Any]) -> np.dtype:
        component = row.get("componentType")
        if not isinstance(component, int) or component not in COMPONENTS:
            raise InputError(f"component type {str(component)[:40]} is not one of {sorted(COMPONENTS)}")
        return COMPONENTS[component]

    def _view(
        self, index: Any, offset: int, count: int, columns: int, dtype: np.dtype
    ) -> Shaped[np.ndarray, "n w"]:
        """`count` elements of a buffer view from byte `offset`, after every bound is checked."""
        view = self.row("bufferViews", index)
        element = columns * dtype.itemsize
        stride = self.field(view, "byteStride", int, element) or element
        start = self.field(view, "byteOffset", int, 0)
        length = self.field(view, "byteLength", int, 0)
        data = self._buffer(view.get("buffer"))
        needed = offset + stride * (count - 1) + element if count else 0
        if stride < element or needed > length or start + length > len(data):
            raise InputError(
                f"buffer view {index}: {count} elements need bytes up to {needed:,} of {length:,}, which start at "
                f"{start:,} of a buffer of {len(data):,} bytes: the file is truncated or damaged"
            )
        return np.ndarray((count, columns), dtype, data, start + offset, (stride, dtype.itemsize))

    def _with_sparse(
        self, values: Shaped[np.ndarray, "n w"], sparse: dict[str, Any]
    ) -> Shaped[np.ndarray, "n w"]:
        """A copy with the listed elements replaced (glTF 2.0, section 3.6.2.3)."""
        count = self.field(sparse, "count", int, 0)
        places = self.field(sparse, "indices", dict, {})
        news = self.field(sparse, "values", dict, {})
        at = self._view(
            places.get("bufferView"), self.field(places, "byteOffset", int, 0), count, 1, self._dtype(places)
        )
        new = self._view(
            news.get("bufferView"),
            self.field(news, "byteOffset", int, 0),
            count,
            values.shape[1],
            values.dtype,
        )
        if at.dtype.kind != "u" or (count and at.max() >= len(values)):
            raise InputError(
                f"a sparse accessor replaces elements beyond its {len(values)}: the file is damaged"
            )
        values = values.copy()
        values[at[:, 0]] = new
        return values

    def _buffer(self, index: Any) -> bytes:
        row = self.row("buffers", index)
        if index not in self._buffers:
            length = self.field(row, "byteLength", int, 0)
            uri = self.field(row, "uri", str, None)
            if uri is None:
                data = self._binary if index == 0 else None
            else:
                data = (
                    _data_uri(uri) if uri.startswith("data:") else self.source.beside(uri, max_bytes=length)
                )
            if data is None:
                name = "the binary chunk of the GLB" if uri is None else repr(uri[:200])
                raise MissingDataError(
                    f"its data are in {name}, which is not there: copy that file beside this one"
                )
            if len(data) < length:
                raise InputError(
                    f"buffer {index} has {len(data):,} of {length:,} bytes: the file is truncated"
                )
            self._buffers[index] = data
        return self._buffers[index]


def _containers(data: bytes) -> tuple[bytes, bytes | None]:
    """JSON text and binary chunk of a GLB; of a .gltf the whole file and None."""
    if not data.startswith(b"glTF"):
        return data, None
    if len(data) < 20:
        raise InputError(f"only {len(data)} bytes, but a GLB starts with 20: the file is truncated")
    version, length, json_length, json_kind = struct.unpack_from("<4I", data, 4)
    if version != 2:
        raise InputError(f"GLB version {version}, but only 2 can be read: export it again as glTF 2.0")
    if length > len(data) or 20 + json_length > length or json_kind != JSON_CHUNK:
        raise InputError(
            f"the header announces {length:,} bytes, {len(data):,} are there: truncated or damaged"
        )
    text, at = data[20 : 20 + json_length], 20 + json_length
    while at + 8 <= length:
        size, kind = struct.unpack_from("<2I", data, at)
        if at + 8 + size > length:
            raise InputError(
                f"a chunk of {size:,} bytes reaches beyond the end: the file is truncated or damaged"
            )
        if kind == BINARY_CHUNK:
            return text, data[at + 8 : at + 8 + size]
        at += 8 + size
    return text, None


def _parse(text: bytes) -> dict[str, Any]:
    try:
        root = json.loads(text.rstrip(b" \0"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"its JSON cannot be read ({error}): the file is truncated or damaged") from None
    if not isinstance(root, dict):
        raise InputError("its JSON is no object: this is not glTF")
    return root


def _data_uri(uri: str) -> bytes:
    header, _, body = uri.partition(",")
    if not header.endswith(";base64"):
        raise InputError("a data URI is not base64: export the file as GLB")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"a data URI is not valid base64 ({error}): the file is damaged") from None
