"""Points of each part in answers and truths: all that any part metric needs, added up shape by shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64, Integer

from partwise.errors import InputError

# Labels compared at one time; with their masks they stay in the processor's cache.
CHUNK = 1 << 17
# Trues are added eight at a time as bytes of 64-bit words; a byte holds the sum of up to 255 words.
WORDS = 128
UNLABELLED_RULES = ("ignore", "false_positive")


@dataclass(frozen=True)
class PartCounts:
    """Points per shape and part: in answer and truth, in the answer, in the truth. Columns from `parts` on are empty.

    parts       number of parts of each shape's category
    categories  name of each shape's category
    """

    common: Int64[np.ndarray, "S P"]
    found: Int64[np.ndarray, "S P"]
    truth: Int64[np.ndarray, "S P"]
    parts: Int64[np.ndarray, "S"]
    categories: tuple[str, ...]


def count_parts(
    found: Integer[np.ndarray, "S N"],
    truth: Integer[np.ndarray, "_ _"],
    parts: int | Integer[np.ndarray, "S"],
    categories: str | Sequence[str] = "",
    unlabelled: str = "ignore",
) -> PartCounts:
    """Counts of S shapes whose points have one label each: 0..parts-1, or -1 for none.

    parts, categories  one for each shape, or one for all
    unlabelled         "ignore" leaves points without a true label out; "false_positive" holds what is found there
                       against the part that was found

    Raises InputError if lengths differ or a label is out of range, with its place.

    Example:
        >>> count_parts(np.array([[0, 0, 1, 1]]), np.array([[0, 1, 1, -1]]), parts=2).common
        array([[1, 1]])
    """
    parts, categories = _per_shape(found, truth, parts, categories, unlabelled)
    widest = int(parts.max(initial=0))
    common, in_found, in_truth = np.zeros((3, *parts.shape, widest), dtype=np.int64)
    narrow = np.int8 if widest <= np.iinfo(np.int8).max else np.int32
    for rows in _chunks(found):
        _check_labels(found[rows], parts[rows], rows.start, "found")
        _check_labels(truth[rows], parts[rows], rows.start, "true")
        mine, yours = _padded(found[rows], narrow), _padded(truth[rows], narrow)
        if unlabelled == "ignore":
            mine[yours < 0] = -1
        part = np.arange(parts[rows].max(), dtype=narrow)[:, None]
        is_found, is_true = mine[:, None] == part, yours[:, None] == part  # (S,P,N)
        in_found[rows, : len(part)] = _trues(is_found)
        in_truth[rows, : len(part)] = _trues(is_true)
        is_found &= is_true
        common[rows, : len(part)] = _trues(is_found)
    return PartCounts(common, in_found, in_truth, parts, categories)


def count_masks(
    masks: Bool[np.ndarray, "S N P"],
    truth: Integer[np.ndarray, "_ _"],
    categories: str | Sequence[str] = "",
    unlabelled: str = "false_positive",
) -> PartCounts:
    """Counts of S shapes answered by one independent mask per part, as PartSLIP does; masks may overlap.

    See `count_parts` for the arguments and errors; here what is found on unlabelled points counts by default.
    """
    parts, categories = _per_shape(masks[..., 0], truth, masks.shape[2], categories, unlabelled)
    _check_labels(truth, parts, 0, "true")
    is_true = truth[..., None] == np.arange(masks.shape[2])
    if unlabelled == "ignore":
        masks = masks & (truth >= 0)[..., None]
    return PartCounts(
        (masks & is_true).sum(axis=1), masks.sum(axis=1), is_true.sum(axis=1), parts, categories
    )


def join_counts(pieces: Sequence[PartCounts]) -> PartCounts:
    """The shapes of all pieces, in order. Raises InputError if there are none."""
    if not pieces:
        raise InputError("no shape was counted: give at least one")
    widest = max(piece.common.shape[1] for piece in pieces)

    def rows(tables: list[np.ndarray]) -> np.ndarray:
        return np.concatenate([np.pad(table, ((0, 0), (0, widest - table.shape[1]))) for table in tables])

    return PartCounts(
        rows([piece.common for piece in pieces]),
        rows([piece.found for piece in pieces]),
        rows([piece.truth for piece in pieces]),
        np.concatenate([piece.parts for piece in pieces]),
        tuple(category for piece in pieces for category in piece.categories),
    )


class PartTally:
    """`PartCounts` gathered batch by batch; `result` equals one count over all shapes, number for number."""

    def __init__(self) -> None:
        self._pieces: list[PartCounts] = []

    def update(
        self,
        found: Integer[np.ndarray, "S N"],
        truth: Integer[np.ndarray, "_ _"],
        parts: int | Integer[np.ndarray, "S"],
        categories: str | Sequence[str] = "",
        unlabelled: str = "ignore",
    ) -> None:
        """Add shapes as in `count_parts`; batches may differ in N."""
        self._pieces.append(count_parts(found, truth, parts, categories, unlabelled))

    def update_masks(
        self,
        masks: Bool[np.ndarray, "S N P"],
        truth: Integer[np.ndarray, "_ _"],
        categories: str | Sequence[str] = "",
        unlabelled: str = "false_positive",
    ) -> None:
        """Add shapes as in `count_masks`."""
        self._pieces.append(count_masks(masks, truth, categories, unlabelled))

    def merge(self, other: PartTally) -> None:
        """Append the shapes of another tally, such as that of another process."""
        self._pieces.extend(other._pieces)

    def result(self) -> PartCounts:
        """All shapes so far, in the order they came. Raises InputError if there are none."""
        self._pieces = [join_counts(self._pieces)]
        return self._pieces[0]


def _per_shape(
    found: np.ndarray,
    truth: np.ndarray,
    parts: int | np.ndarray,
    categories: str | Sequence[str],
    unlabelled: str,
) -> tuple[Int64[np.ndarray, "S"], tuple[str, ...]]:
    """parts and categories, one for each shape, after everything about sizes has been checked."""
    if found.shape != truth.shape:
        raise InputError(
            f"{found.shape[0]} answers of {found.shape[1]} points do not match {truth.shape[0]} truths of "
            f"{truth.shape[1]}: give one label for every point, in the same order"
        )
    if unlabelled not in UNLABELLED_RULES:
        raise InputError(
            f"unknown rule {unlabelled!r} for unlabelled points: use one of {', '.join(UNLABELLED_RULES)}"
        )
    count = len(found)
    parts = (
        np.full(count, parts, dtype=np.int64) if np.ndim(parts) == 0 else np.asarray(parts, dtype=np.int64)
    )
    names = (categories,) * count if isinstance(categories, str) else tuple(categories)
    if len(parts) != count or len(names) != count:
        raise InputError(
            f"{count} shapes came with {len(parts)} part counts and {len(names)} categories: one each"
        )
    if count and parts.min() < 1:
        raise InputError(f"shape {int(parts.argmin())} has {parts.min()} parts: at least 1 is needed")
    return parts, names


def _chunks(labels: np.ndarray) -> list[slice]:
    """Slices of rows that hold about CHUNK labels each."""
    size = max(1, CHUNK // max(1, labels.shape[1]))
    return [slice(start, min(start + size, len(labels))) for start in range(0, len(labels), size)]


def _check_labels(labels: np.ndarray, parts: np.ndarray, first: int, kind: str) -> None:
    """Raise InputError naming shape and point of the first label outside -1..parts-1."""
    if labels.size == 0 or (labels.min() >= -1 and (labels.max(axis=1) < parts).all()):
        return
    shape, point = np.argwhere((labels < -1) | (labels >= parts[:, None]))[0]
    raise InputError(
        f"{kind} label {labels[shape, point]} at shape {first + shape}, point {point} is out of range: its category "
        f"has {parts[shape]} parts, so labels are 0..{parts[shape] - 1}, or -1 for none"
    )


def _padded(labels: np.ndarray, narrow: type) -> np.ndarray:
    """Labels in a narrow type, filled up with -1 to whole blocks of WORDS 64-bit words of one byte a point."""
    block = 8 * WORDS
    wide = np.full((len(labels), max(1, -(-labels.shape[1] // block)) * block), -1, dtype=narrow)
    wide[:, : labels.shape[1]] = labels
    return wide


def _trues(mask: Bool[np.ndarray, "*R N"]) -> Int64[np.ndarray, "*R"]:
    """Trues along the last axis, whose length is a multiple of 8 WORDS: `mask.sum(-1)` at six times the speed."""
    words = mask.view(np.uint64).reshape(*mask.shape[:-1], -1, WORDS)
    return np.einsum("...w->...", words).view(np.uint8).sum(axis=-1, dtype=np.int64)
