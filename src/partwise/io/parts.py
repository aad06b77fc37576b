"""From labels to parts: which rows belong together, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int, Int32, Int64, UInt8

from partwise.errors import InputError
from partwise.io.geometry import Geometry
from partwise.io.names import printable, unique
from partwise.io.palette import NONE_COLOR
from partwise.io.surface import face_areas

NONE_NAME = "none"


@dataclass(frozen=True)
class Part:
    """The faces of a mesh, or the points of a cloud, that carry one label.

    label  index into the phrases, -1 for none
    name   unique among the parts of one file
    color  RGB, as screens show it
    rows   (M,) their indices, ascending, never empty
    """

    label: int
    name: str
    color: tuple[int, int, int]
    rows: Int64[np.ndarray, "M"]


def split_parts(
    labels: Int[np.ndarray, "M"], names: Sequence[str], colors: UInt8[np.ndarray, "T 3"]
) -> list[Part]:
    """The parts that occur, in the order of their labels, "none" last.

    labels (M,) in -1..T-1, as `check_labels` makes sure; colors (T,3).
    """
    if not len(labels):
        return []
    order = np.argsort(labels, kind="stable")
    present, start = np.unique(labels[order], return_index=True)
    shown = unique([*(printable(name) for name in names), NONE_NAME])
    parts = []
    for label, rows in zip(present.tolist(), np.split(order, start[1:]), strict=True):
        red, green, blue = NONE_COLOR if label < 0 else map(int, colors[label])
        parts.append(Part(label, shown[label], (red, green, blue), rows))
    return parts[1:] + parts[:1] if parts[0].label < 0 else parts


def check_labels(
    labels: Int[np.ndarray, "M"], expected: int, names: Sequence[str], colors: UInt8[np.ndarray, "T 3"]
) -> None:
    """Raises InputError unless there are `expected` labels, each -1 or a row of `names` and of `colors`."""
    if len(labels) != expected:
        raise InputError(f"{len(labels)} labels for {expected} faces or points: give one for each")
    if len(names) != len(colors):
        raise InputError(f"{len(names)} names but {len(colors)} colours: give one colour for each name")
    if len(labels) and not -1 <= labels.min() <= labels.max() < len(names):
        raise InputError(
            f"labels run from {labels.min()} to {labels.max()} with {len(names)} names: "
            f"use -1 for none, else 0..{len(names) - 1}"
        )


def split_instances(
    geometry: Geometry, face_labels: Int[np.ndarray, "F"], names: Sequence[str]
) -> tuple[Int32[np.ndarray, "F"], list[str], Int32[np.ndarray, "P"]]:
    """Every connected piece of every part as a label of its own: "leg", "leg_2", "leg_3", the largest first.

    Faces touch if they share a corner position, so seams in the texture do not cut. Faces labelled -1 stay -1.
    Returns labels (F,) into the P pieces, their names, and the old label of each piece (P,): take colours by it.
    Raises InputError for a cloud, which has no connections.
    """
    if geometry.faces is None:
        raise InputError("a point cloud has no connected pieces: split the parts of a mesh")
    piece = _connected_pieces(geometry.points, geometry.faces, face_labels)
    area = np.bincount(piece, weights=face_areas(geometry.points[geometry.faces]))
    first = np.unique(piece, return_index=True)[1]  # one face of each piece
    label = face_labels[first]
    order = np.lexsort((first, -area, label))
    order = order[label[order] >= 0]
    new_label = np.full(len(area), -1, dtype=np.int32)
    new_label[order] = np.arange(len(order))
    old_label = label[order].astype(np.int32)
    return new_label[piece], unique([names[int(index)] for index in old_label]), old_label


def _connected_pieces(
    points: Float64[np.ndarray, "N 3"], faces: Int64[np.ndarray, "F 3"], face_labels: Int[np.ndarray, "F"]
) -> Int64[np.ndarray, "F"]:
    """Piece (F,) of each face: faces of one label joined through equal corner positions."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    welded = np.unique(points, axis=0, return_inverse=True)[1].reshape(-1)
    # A corner of two parts is two places: what joins faces is a pair (label, position).
    pairs = (face_labels.astype(np.int64)[:, None] + 1) * len(points) + welded[faces]
    place = np.unique(pairs, return_inverse=True)[1].reshape(-1, 3)
    ends = (np.repeat(place[:, 0], 2), place[:, 1:].reshape(-1))
    size = int(place.max()) + 1 if place.size else 0
    graph = coo_matrix((np.ones(len(ends[0]), dtype=bool), ends), shape=(size, size))
    piece_of_place = connected_components(graph, directed=False)[1]
    return np.unique(piece_of_place[place[:, 0]], return_inverse=True)[1]
