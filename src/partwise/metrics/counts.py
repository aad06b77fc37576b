"""Points of each part in answers and truths: all that any part metric needs, added up shape by shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int64, Integer, Shaped, UInt64

from partwise.errors import InputError

# Labels counted at one time: enough that calls cost little, and few enough for the shared cache of a processor.
CHUNK = 1 << 19
# Bits of a word: points are counted this many at a time.
WORD = 64
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
    counts = np.zeros((3, len(parts), widest), dtype=np.int64)
    for rows in _chunks(found):
        columns = int(parts[rows].max())
        labels, lacking = _narrowed(found[rows], truth[rows], parts[rows], rows.start)
        if lacking is not None and unlabelled == "ignore":
            lacking[0] |= lacking[1]
        counts[:, rows, :columns] = _points(labels, lacking, columns)
    beyond = np.arange(widest) >= parts[:, None]
    if counts[:, beyond].any():
        _check_labels(found, parts, 0, "found")
        _check_labels(truth, parts, 0, "true")
    return PartCounts(counts[0], counts[1], counts[2], parts, categories)


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
    parts = np.concatenate([piece.parts for piece in pieces])
    tables = np.zeros((3, len(parts), int(parts.max(initial=0))), dtype=np.int64)
    start = 0
    for piece in pieces:
        rows = slice(start, start := start + len(piece.parts))
        for table, counted in zip(tables, (piece.common, piece.found, piece.truth), strict=True):
            table[rows, : counted.shape[1]] = counted
    categories = tuple(category for piece in pieces for category in piece.categories)
    return PartCounts(tables[0], tables[1], tables[2], parts, categories)


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


def _narrowed(
    found: np.ndarray, truth: np.ndarray, parts: np.ndarray, first: int
) -> tuple[Shaped[np.ndarray, "2 S M"], UInt64[np.ndarray, "2 S W"] | None]:
    """Both labels in a narrow type and a whole number of words, and the points without one if there are any.

    Labels are checked against the widest category, and against their own where some point has none.
    """
    points, most = found.shape[1], int(parts.max())
    width = max(1, -(-points // WORD)) * WORD
    labels = np.empty((2, len(found), width), dtype=np.int8 if most <= np.iinfo(np.int8).max else np.int32)
    all_labelled = width == points
    for given, narrow in zip((found, truth), labels, strict=True):
        # As an unsigned number -1 is the largest, so that one look settles the usual case.
        all_labelled &= bool(given.view(f"u{given.dtype.itemsize}").max(initial=0) < most)
        narrow[:, :points] = given
        narrow[:, points:] = -1
    if all_labelled:
        return labels, None
    _check_labels(found, parts, first, "found")
    _check_labels(truth, parts, first, "true")
    return labels, _packed(labels < 0)


def _points(
    labels: Shaped[np.ndarray, "2 S M"], lacking: UInt64[np.ndarray, "2 S W"] | None, parts: int
) -> Float[np.ndarray, "3 S P"]:
    """Points of each part in both, in the answer and in the truth, by sets of points with one bit a point.

    A label is a number of few bits: the set of points that have a bit, for each bit, gives the set of every label by
    logic on whole words.
    """
    shapes, words = labels.shape[1], labels.shape[2] // WORD
    sets = np.empty((3 * parts, shapes, words), dtype=np.uint64)
    common, single = sets[:parts], sets[parts:].reshape(parts, 2, shapes, words)
    single[0] = ~(np.uint64(0) if lacking is None else lacking)
    known = 1
    for place in range((parts - 1).bit_length()):
        bit = _packed(labels & labels.dtype.type(1 << place))
        more = min(known, parts - known)
        np.bitwise_and(single[:more], bit, out=single[known : known + more])
        single[:more] ^= single[known : known + more]
        known += more
    np.bitwise_and(single[:, 0], single[:, 1], out=common)
    # A product with ones adds up faster than a sum does, and exactly.
    kind = np.float32 if labels.shape[2] <= 1 << 24 else np.float64
    points = np.bitwise_count(sets).astype(kind) @ np.ones(words, dtype=kind)
    both, each = points[:parts], points[parts:].reshape(parts, 2, shapes)
    return np.stack([both, each[:, 0], each[:, 1]]).swapaxes(1, 2)


def _packed(mask: Shaped[np.ndarray, "2 S M"]) -> UInt64[np.ndarray, "2 S W"]:
    """One bit for each point that is not zero or False."""
    return np.packbits(mask.ravel()).view(np.uint64).reshape(*mask.shape[:-1], -1)


def _check_labels(labels: np.ndarray, parts: np.ndarray, first: int, kind: str) -> None:
    """Raise InputError naming shape and point of the first label outside -1..parts-1."""
    if labels.size == 0 or (labels.min() >= -1 and (labels.max(axis=1) < parts).all()):
        return
    shape, point = np.argwhere((labels < -1) | (labels >= parts[:, None]))[0]
    raise InputError(
        f"{kind} label {labels[shape, point]} at shape {first + shape}, point {point} is out of range: its category "
        f"has {parts[shape]} parts, so labels are 0..{parts[shape] - 1}, or -1 for none"
    )
