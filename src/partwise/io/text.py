"""Numbers written as text, for the formats that hold them so: fast on a million lines, strict about each of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from partwise.errors import InputError


def decoded(data: bytes) -> str:
    """Text of a file, whatever the bytes of its names and comments; raises InputError if it is no text at all."""
    if b"\0" in data:
        raise InputError("binary bytes where text was expected: check the extension, or export it again")
    return data.decode("utf-8-sig", errors="replace")


def table(
    lines: list[str], what: str, separator: str | None = None, columns: Sequence[int] | None = None
) -> Float64[np.ndarray, "R C"]:
    """Rows (R,C) of equally many numbers; empty lines and what follows a # do not count.

    Raises InputError that names the first bad row of `what`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", UserWarning
            )  # "no data": told by the caller, who knows what is missing
            return np.loadtxt(lines, delimiter=separator, usecols=columns, ndmin=2)
    except ValueError as error:
        reason = str(error).split(";")[0].rstrip(".")
        raise InputError(
            f"the {what} cannot be read as a table of numbers: {reason} (rows count from 0)"
        ) from None


def numbers(text: str, what: str) -> Float64[np.ndarray, "K"]:
    """All numbers (K,) of a text that is separated by white space; raises InputError at anything else."""
    text = text.strip()
    if not text:  # NumPy would make a -1 of it
        return np.zeros(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # how NumPy 1 reports what NumPy 2 raises
            return np.fromstring(text, sep=" ", dtype=np.float64)
    except (ValueError, DeprecationWarning):
        raise InputError(
            f"the {what} hold something that is not a number: repair the line or export it again"
        ) from None


def whole(values: Float64[np.ndarray, "*shape"], what: str) -> np.ndarray:
    """The same values as int64; raises InputError if one is not a whole number of sensible size."""
    if not ((values == np.rint(values)) & (np.abs(values) < 2**53)).all():
        raise InputError(f"the {what} hold a value that is not a whole number: the file is damaged")
    return values.astype(np.int64)
