"""Anchors: the sample of a shape that a model sees, and how every point and face is answered from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Float64, Int32, Int64
from torch import Tensor

from partwise.checks import checked_seed, whole_number
from partwise.errors import InputError
from partwise.pieces import face_pairs, mesh_pieces
from partwise.points import choose, fit_box, nearest_assignment, sample_surface, triangle_areas, with_colors
from partwise.shape import Shape, canonical_transform

# Fewer distinct points than one patch holds: an answer is still given, with a warning.
FEW_POINTS = 32
# Pieces smaller than this share of the largest are drawn no denser than one of this size.
LEAST_PIECE = 1e-4
# More anchors than this a model does not see: a hundred thousand take ten seconds, and time grows with their square.
MOST_ANCHORS = 131_072
# More draws than this gain nothing that was measured, and each costs a pass.
MOST_DRAWS = 8
# The row of a point or face whose nearest anchor was not looked for yet; -1 is taken, it means "none".
UNKNOWN = -2


class Rows:
    """The rows that answer the points or faces of a shape: known ones, and nearest anchors, looked for when needed.

    Where pieces vote, many points and faces never ask for their nearest anchor; those that do ask once.
    """

    def __init__(
        self,
        known: Int32[np.ndarray, "E"],
        points: Float64[np.ndarray, "N 3"],
        faces: Int64[np.ndarray, "E 3"] | None,
        anchors: Float64[np.ndarray, "M 3"],
    ) -> None:
        """Of the faces, or of the points if `faces` is None; `known` holds UNKNOWN where the nearest anchor answers."""
        self._known, self._points, self._faces, self._anchors = known, points, faces, anchors

    def all(self) -> Int32[np.ndarray, "E"]:
        """The row (E,) of each."""
        return self._found(np.ones(len(self._known), dtype=bool))

    def led(self, row: Int32[np.ndarray, "E"]) -> Rows:
        """These rows, but those of `row` (E,) where it is not -1."""
        own = row < 0
        return Rows(np.where(own, self._found(own), row), self._points, self._faces, self._anchors)

    def _found(self, wanted: Bool[np.ndarray, "E"]) -> Int32[np.ndarray, "E"]:
        """All rows (E,), those that are wanted found."""
        missing = np.flatnonzero(wanted & (self._known == UNKNOWN))
        if len(missing):
            index = missing if self._faces is None else self._faces[missing]
            places = self._points[index] if self._faces is None else self._points[index].mean(axis=1)
            self._known[missing] = nearest_assignment(places, self._anchors)
        return self._known


@dataclass(frozen=True)
class Anchors:
    """The sample of a shape that a model sees, and how the shape is answered from it; draws lie end to end.

    canonical (M,3) and original (M,3) positions; points and faces (None for a cloud) lead to the rows that answer them;
    place (M,) is the face each anchor lies on, or the input point it is in a cloud;
    corner_weights (M,3) places it between the corners of that face, None for a cloud;
    face_groups (M,) numbers the face of each anchor among those that have one, None for a cloud;
    pairs (2,L) of faces that share an edge, and the connected piece (F,) of each face, where they were looked for
    """

    canonical: Float32[np.ndarray, "M 3"]
    original: Float64[np.ndarray, "M 3"]
    transform: Float64[np.ndarray, "4 4"]
    points: Rows
    faces: Rows | None
    place: Int64[np.ndarray, "M"]
    corner_weights: Float64[np.ndarray, "M 3"] | None
    face_groups: Int64[np.ndarray, "M"] | None
    warnings: tuple[str, ...]
    pairs: Int64[np.ndarray, "2 L"] | None = None
    piece: Int32[np.ndarray, "F"] | None = None

    @property
    def point_row(self) -> Int32[np.ndarray, "N"]:
        """Row (N,) of each point, as in Segmentation."""
        return self.points.all()

    @property
    def face_row(self) -> Int32[np.ndarray, "F"] | None:
        """Row (F,) of each face, None for a cloud."""
        return None if self.faces is None else self.faces.all()


def checked_sampling(points: Any, draws: Any) -> tuple[int, int]:
    """How many anchors a draw has, and how many draws there are. Raises InputError for what is out of bounds."""
    points = whole_number("points", points, 1, MOST_ANCHORS)
    draws = whole_number("draws", draws, 1, MOST_DRAWS)
    if points * draws > MOST_ANCHORS:
        raise InputError(
            f"draws is {draws} and points is {points:,}, which makes {points * draws:,} anchors: give fewer of either, "
            f"at most {MOST_ANCHORS:,} in all"
        )
    return points, draws


def sample_anchors(
    shape: Shape, count: int, box: str, seed: int, even: float = 0.0, draws: int = 1
) -> Anchors:
    """`draws` times `count` anchors of a shape in the model's box: surface points of a mesh, input points of a cloud.

    even   how much denser small connected pieces of a mesh are drawn: as their area to the power of minus this; 1 gives
           all pieces as many anchors, 0 all areas
    draws  each as if it were the only one, but in one box: the first does not change with what follows

    A cloud of just `count` points is taken whole and in order; a larger one is thinned without replacement; a
    smaller one is filled up by drawing again. Centre and scale come from the whole cloud, or the surface as first
    sampled. Raises InputError for a seed that is none.
    """
    rng = np.random.default_rng(checked_seed(seed))
    rotation, corner_weights = shape.to_y_up(), None
    pairs = piece = None
    if shape.faces is not None:
        density = None
        if even:
            pairs = face_pairs(shape.points, shape.faces)
            piece = mesh_pieces(shape.points, shape.faces, None, pairs)
            density = _density(shape, piece, even)
        drawn = [sample_surface(shape.points, shape.faces, count, rng, density) for _ in range(draws)]
        original, place, corner_weights = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
        reference, warnings = original[:count], ()
    else:
        finite = np.flatnonzero(shape.finite)
        reference = shape.points if len(finite) == len(shape.points) else shape.points[finite]
        chosen = _choose_often(len(reference), count, draws, rng)
        original, warnings = reference[chosen], _sampling_warnings(reference, len(shape.points), count)
    centre, scale = fit_box(reference, box)
    transform = canonical_transform(rotation, centre, scale)
    canonical = ((original - centre) @ (scale * rotation).T).astype(np.float32)
    if shape.faces is not None:
        points = Rows(np.full(len(shape.points), UNKNOWN, np.int32), shape.points, None, original)
        faces, groups = _face_rows(shape, original, place)
    else:
        points, faces, groups = _point_rows(shape, original, chosen, finite), None, None
        place = finite[chosen]
    return Anchors(
        canonical, original, transform, points, faces, place, corner_weights, groups, warnings, pairs, piece
    )


def colored_anchors(shape: Shape, anchors: Anchors) -> Float32[np.ndarray, "M 6"]:
    """Canonical places of the anchors with the shape's colours there behind them, for models that read both.

    Raises InputError if the shape has none: white everywhere would be an answer to another question.
    """
    geometry = shape.geometry
    if geometry.colors is None and geometry.face_material is None:
        raise InputError(
            f"{shape.source} has no colours, and this model was trained with them: give a shape with colours of "
            "points, materials or textures, or ask a model that reads places alone"
        )
    if anchors.corner_weights is None:
        assert geometry.colors is not None  # only meshes have materials
        rgba = geometry.colors[anchors.place]
    else:
        rgba = geometry.surface_colors(anchors.place, anchors.corner_weights)
    return with_colors(anchors.canonical, rgba[:, :3].astype(np.float32) / 255)


def with_face_means(
    values: Float[Tensor, "M T"], groups: Int64[np.ndarray, "M"] | None
) -> Float[Tensor, "R T"]:
    """Anchor values (M,T), followed by one row for each face that anchors lie on: their mean."""
    if groups is None:
        return values
    index = torch.from_numpy(groups)
    total = torch.zeros(int(groups.max()) + 1, values.shape[1]).index_add_(0, index, values)
    return torch.cat([values, total / torch.bincount(index)[:, None]])


def _choose_often(n: int, count: int, draws: int, rng: np.random.Generator) -> Int64[np.ndarray, "M"]:
    """`count` of n indices, as often as there are draws, end to end.

    The order of points decides where patches lie, so all draws but the first are shuffled: of a cloud that is taken
    whole, a second draw is the same points in other patches.
    """
    first = choose(n, count, rng)
    return np.concatenate([first, *(rng.permutation(choose(n, count, rng)) for _ in range(draws - 1))])


def _density(shape: Shape, piece: Int32[np.ndarray, "F"], even: float) -> Float64[np.ndarray, "F"]:
    """How dense (F,) anchors lie on each face, by the area of its piece."""
    assert shape.faces is not None
    whole = np.bincount(piece, triangle_areas(shape.points[shape.faces]))
    largest = whole.max()
    if not np.isfinite(largest) or largest <= 0:
        return np.ones(len(piece))  # the sampling says what is wrong
    return (np.maximum(whole / largest, LEAST_PIECE) ** -even)[piece]


def _sampling_warnings(reference: Float64[np.ndarray, "N 3"], total: int, count: int) -> tuple[str, ...]:
    """What a person should know about how a cloud was sampled."""
    warnings = []
    if len(reference) < total:
        warnings.append(
            f"{total - len(reference)} of {total} points are not finite: they get label -1 and score 0"
        )
    if len(reference) < count:
        warnings.append(f"only {len(reference)} points for {count} anchors: points were drawn more than once")
    if (reference == reference[0]).all():
        warnings.append(f"all {len(reference)} points coincide: there is no shape to tell parts of")
    elif len(reference) < FEW_POINTS:
        warnings.append(f"{len(reference)} points are too few to show a shape: the labels mean little")
    return tuple(warnings)


def _point_rows(
    shape: Shape,
    anchors: Float64[np.ndarray, "M 3"],
    chosen: Int64[np.ndarray, "M"],
    finite: Int64[np.ndarray, "K"],
) -> Rows:
    """Rows (N,) of the points: their own anchors if they are some, else the nearest; -1 if not finite."""
    known = np.full(len(shape.points), -1, dtype=np.int32)
    known[finite] = UNKNOWN
    known[finite[chosen]] = np.arange(len(anchors))
    return Rows(known, shape.points, None, anchors)


def _face_rows(
    shape: Shape, anchors: Float64[np.ndarray, "M 3"], face: Int64[np.ndarray, "M"]
) -> tuple[Rows, Int64[np.ndarray, "M"]]:
    """Rows (F,) of the faces, and the number (M,) of each anchor's face among those that have one.

    A face takes the mean of its own anchors (rows after the M of the anchors); one without, the anchor nearest to
    its centroid.
    """
    assert shape.faces is not None
    sampled, groups = np.unique(face, return_inverse=True)
    known = np.full(len(shape.faces), UNKNOWN, dtype=np.int32)
    known[sampled] = len(anchors) + np.arange(len(sampled))
    return Rows(known, shape.points, shape.faces, anchors), groups
