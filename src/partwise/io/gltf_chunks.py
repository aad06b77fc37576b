"""The two chunks of a GLB file (glTF 2.0, section 4.4): JSON, and the bytes that its accessors point into."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped, UInt8, UInt32

from partwise.errors import InputError

# Component types by dtype, glTF 2.0 section 3.6.2.2.
_COMPONENT = {
    np.dtype(np.uint8): 5121,
    np.dtype(np.uint32): 5125,
    np.dtype(np.float32): 5126,
}
_VERTICES, _INDICES = 34962, 34963  # buffer targets
_LARGEST = 2**32 - 1  # the file states its length in 32 bits


class GltfBuffer:
    """Collects arrays and images, each aligned to four bytes."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._length = 0
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []

    def add_vertices(
        self, values: Shaped[np.ndarray, "M C"], kind: str, bounds: bool = False, normalized: bool = False
    ) -> int:
        """Accessor of one row (C values, a multiple of four bytes) per vertex; positions must state their bounds."""
        accessor: dict[str, Any] = {"type": kind}
        if bounds:
            accessor |= {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}
        if normalized:
            accessor["normalized"] = True
        return self._add_accessor(values, accessor, _VERTICES)

    def add_indices(self, values: UInt32[np.ndarray, "M"]) -> int:
        """Accessor of vertex indices."""
        return self._add_accessor(values, {"type": "SCALAR"}, _INDICES)

    def add_png(self, pixels: UInt8[np.ndarray, "H W C"]) -> int:
        """Buffer view of an image, C = 1 grey, 2 grey + alpha, 3 RGB or 4 RGBA."""
        from PIL import Image

        stream = io.BytesIO()
        Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(stream, format="PNG")
        return self._add_view(stream.getvalue(), None)

    def write(self, path: Path, document: dict[str, Any]) -> None:
        """The whole file. Raises InputError beyond 4 GiB, the most that GLB can hold."""
        document = {
            **document,
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": self._length}],
        }
        text = json.dumps(
            document, separators=(",", ":"), allow_nan=False
        ).encode()  # ascii: escapes keep any name safe
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + self._length
        if total > _LARGEST:
            raise InputError(
                f"the result has {total / 2**30:.1f} GiB and GLB ends at 4: write .ply or .npz instead"
            )
        with path.open("wb") as stream:
            stream.write(struct.pack("<4sII", b"glTF", 2, total))
            stream.write(struct.pack("<I4s", len(text), b"JSON") + text)
            stream.write(struct.pack("<I4s", self._length, b"BIN\0"))
            for block in self._blocks:
                stream.write(block)

    def _add_accessor(
        self, values: Shaped[np.ndarray, "M ..."], accessor: dict[str, Any], target: int
    ) -> int:
        view = self._add_view(np.ascontiguousarray(values).tobytes(), target)
        layout = {"bufferView": view, "componentType": _COMPONENT[values.dtype], "count": len(values)}
        self._accessors.append({**layout, **accessor})
        return len(self._accessors) - 1

    def _add_view(self, data: bytes, target: int | None) -> int:
        view = {"buffer": 0, "byteOffset": self._length, "byteLength": len(data)}
        self._views.append(view if target is None else {**view, "target": target})
        self._blocks.append(data + b"\0" * (-len(data) % 4))
        self._length += len(self._blocks[-1])
        return len(self._views) - 1
