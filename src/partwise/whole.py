"""Whole numbers that a person gives: seeds and counts. One check, so that every door refuses the same."""

from __future__ import annotations

import operator
from typing import Any

from partwise.errors import InputError

# torch takes seeds of 64 bits, and a recipe makes one from its seed and the step: this leaves room for any of these.
MOST_SEED = 2**32 - 1


def whole_number(name: str, value: Any, least: int, most: int | None = None) -> int:
    """The value as an int, `least` and `most` included; numpy's integers are taken too.

    Raises InputError for what is no whole number (2.0 and True are none: they come from a mistake), or out of bounds.

    >>> whole_number("points", 512, 1)
    512
    """
    bounds = f"{least:,} or more" if most is None else f"{least:,} to {most:,}"
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise InputError(f"{name} is {value!r:.60}, a {type(value).__name__}: give a whole number, {bounds}")
    if number < least or (most is not None and number > most):
        raise InputError(f"{name} is {number}: give {bounds}")
    return number


def checked_seed(seed: Any) -> int:
    """A seed from 0 to 2^32 - 1. Raises InputError for any other."""
    return whole_number("seed", seed, 0, MOST_SEED)
