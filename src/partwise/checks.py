"""Numbers that a person gives: seeds, counts, weights and shares. One check of each, so every door refuses the same."""

from __future__ import annotations

import math
import operator
from numbers import Real
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
    bounds = _bounds(least, most)
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


def derived_seed(seed: int, add: int) -> int:
    """Another seed, `add` further on; past the last it begins again at 0, so that any seed has one.

    >>> derived_seed(7, 1_000_000), derived_seed(MOST_SEED, 3)
    (1000007, 2)
    """
    return (seed + add) % (MOST_SEED + 1)


def real_number(name: str, value: Any, least: int, most: int | None = None) -> float:
    """The value as a float, finite, `least` and `most` included: weights, rates and shares.

    Raises InputError for what is no number (True and "1" are none), NaN, infinite, or out of bounds.

    >>> real_number("dice_weight", 1, 0)
    1.0
    """
    bounds = _bounds(least, most)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(f"{name} is {value!r:.60}, a {type(value).__name__}: give a number, {bounds}")
    try:
        number = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        number = math.inf
    if not math.isfinite(number) or number < least or (most is not None and number > most):
        raise InputError(f"{name} is {number}: give {bounds}")
    return number


def keep_whole(config: object, least: int, *names: str, most: int | None = None) -> None:
    """Check these fields of a frozen dataclass, and keep them as ints: it is saved as JSON, which knows no numpy.

    Raises InputError as `whole_number` does.
    """
    for name in names:
        object.__setattr__(config, name, whole_number(name, getattr(config, name), least, most))


def keep_seed(config: object) -> None:
    """The same for the field `seed`. Raises InputError as `checked_seed` does."""
    keep_whole(config, 0, "seed", most=MOST_SEED)


def keep_real(config: object, least: int, *names: str, most: int | None = None) -> None:
    """The same for fields that are real numbers, kept as floats. Raises InputError as `real_number` does."""
    for name in names:
        object.__setattr__(config, name, real_number(name, getattr(config, name), least, most))


def _bounds(least: int, most: int | None) -> str:
    return f"{least:,} or more" if most is None else f"{least:,} to {most:,}"
