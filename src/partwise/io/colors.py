"""Colours of any number type to RGBA bytes: the one place that decides between 0..1, 0..255 and 0..65535."""

from __future__ import annotations

import numpy as np
from jaxtyping import Num, UInt8

from partwise.errors import InputError


def rgba_bytes(values: Num[np.ndarray, "N C"]) -> UInt8[np.ndarray, "N 4"]:
    """RGBA (N,4) of grey, grey + alpha, RGB or RGBA (N,1..4); no colour (NaN) becomes black, no alpha opaque.

    Bytes stay. 16-bit integers are scaled from 0..65535 if one is above 255. Fractions and 0/1 floats are scaled from
    0..1, other floats taken as 0..255. Raises InputError beyond that.
    """
    count, channels = values.shape
    if not 1 <= channels <= 4:
        raise InputError(f"colours have {channels} channels: give RGB or RGBA")
    rgba = np.full((count, 4), 255, dtype=np.uint8)
    data = _scaled(values)
    rgba[:, :3] = data[:, :1] if channels <= 2 else data[:, :3]
    if channels in (2, 4):
        rgba[:, 3] = data[:, -1]
    return rgba


def _scaled(values: Num[np.ndarray, "N C"]) -> UInt8[np.ndarray, "N C"]:
    if values.dtype == np.uint8 or values.size == 0:
        return values.astype(np.uint8)
    data = np.nan_to_num(values.astype(np.float64), posinf=np.inf, neginf=-np.inf)
    low, high = data.min(), data.max()
    is_integer = values.dtype.kind in "iu"
    if low < 0 or high > (65535 if is_integer else 255):
        raise InputError(
            f"colours run from {low:g} to {high:g}: give 0..1 floats, or integers in 0..255 or 0..65535"
        )
    if is_integer:
        data = data / 257 if high > 255 else data
    elif high <= 1:
        data = data * 255
    return np.rint(data).astype(np.uint8)
