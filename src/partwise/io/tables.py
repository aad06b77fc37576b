"""Results as arrays (NPZ) and as a record (JSON)."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from partwise.errors import InputError
from partwise.files import atomic_path


def write_npz(path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray]) -> None:
    """Plain arrays in an uncompressed .npz that np.load opens with allow_pickle=False.

    Scores hardly compress, and packing five million rows would take longer than finding them. Raises InputError for
    an array of Python objects.
    """
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise InputError(
                f"array {name!r} holds Python objects, which need pickle: give numbers or fixed-length text"
            )
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def write_json(path: str | os.PathLike[str], record: Mapping[str, Any]) -> None:
    """The record as indented UTF-8 JSON, see `plain`."""
    text = json.dumps(plain(record), indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_path(path) as temporary:
        # A lone surrogate, from a file name that is not UTF-8, has no bytes: it is written as its \u escape.
        temporary.write_bytes(text.encode("utf-8", "backslashreplace") + b"\n")


def plain(value: Any) -> Any:
    """The value in JSON's own types: NumPy numbers and arrays opened, tuples as lists, NaN and infinity as null.

    Raises InputError for anything else.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise InputError(
        f"a {type(value).__name__} cannot be kept in JSON: give numbers, text, lists or dictionaries"
    )
