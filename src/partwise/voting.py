"""Votes: the pieces of a shape take one answer each, and no asked phrase is left out without need.

Three things are known besides what the model says of single points. Faces that hang together, or lie on one smooth
patch, are likely one part; so are near points of a cloud, as long as it does not bend (partwise.smoothing). Pieces of
the same form are likely the same part: a wheel is seldom alone. A part that has a piece of its own is seldom moulded
onto the body a second time. And whoever asks for four parts of a shape expects four parts: a phrase that scores low all
over is raised, which is prior correction as in classification (Saerens et al., Neural Computation 2002), but only as
far as pieces vote, because scattered points would follow it into noise; and one that no piece takes even then is given
the piece that minds least. The numbers below were chosen on training objects (benchmarks/voting.py, superpoints.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int32, Int64
from scipy.optimize import linear_sum_assignment

from partwise.anchors import Anchors
from partwise.errors import InputError
from partwise.pieces import CREASE_DEGREES, alike, face_pairs, mesh_pieces
from partwise.points import choose, nearest_assignment
from partwise.shape import Shape
from partwise.smoothing import smoothed

VOTING = ("none", "components", "regions", "pieces", "matched")
# A piece of a mesh that holds more of the anchors than LARGEST votes only if AGREEMENT of them say the same: it may be
# the body with parts moulded on.
LARGEST, AGREEMENT = 0.5, 0.85
# Of a larger cloud so many points are smoothed, the anchors among them, and the others follow the nearest: more gain a
# point of mIoU at most, and take longer than the model does.
MOST_POINTS = 5_000
# How far a cloud, which has no pieces but smooth answers, bears the balance that voting pieces do.
CLOUD_BALANCE = 0.7
# How many temperatures less a phrase that has a piece of its own counts inside one that is of two minds.
ELSEWHERE = 1.0
# What a piece minds counts by its share of the anchors to this power: a phrase that is nowhere is rather a small part.
MINDS = 0.5
# A phrase that is nowhere is raised no further than one that holds this share.
LEAST_SHARE = 1e-6


@dataclass(frozen=True)
class Pieces:
    """The piece of each anchor (M,) and of each face (F,) of a mesh."""

    of_anchor: Int64[np.ndarray, "M"]
    of_face: Int64[np.ndarray, "F"]


@dataclass(frozen=True)
class Tally:
    """For each of P pieces: how many anchors it holds, their mean, and the share of them that the mean speaks for."""

    held: Int64[np.ndarray, "P"]
    mean: Float32[np.ndarray, "P S"]
    agreement: Float32[np.ndarray, "P"]


@dataclass(frozen=True)
class Ballot:
    """What the votes made of M anchors.

    anchors  whose faces and points lead to the row of their piece where it votes
    values   the rows (Q,S) that there were, then those of the pieces, or of the points of a cloud
    row      (M,) of each anchor: that of its piece or point, or its own
    pieces   whether it was pieces that voted
    """

    anchors: Anchors
    values: Float32[np.ndarray, "Q S"]
    row: Int64[np.ndarray, "M"]
    pieces: bool = True

    @property
    def voted(self) -> float:
        """The share of the anchors whose pieces voted."""
        return float((self.row >= len(self.row)).mean())

    def settled(self, values: Float32[np.ndarray, "Q T"]) -> Float32[np.ndarray, "Q T"]:
        """Values (Q,T) in which every anchor says what its piece says."""
        count = len(self.row)
        return np.concatenate([values[self.row], values[count:]])


def vote(
    shape: Shape,
    anchors: Anchors,
    values: Float32[np.ndarray, "R S"],
    asked: int,
    voting: str,
    temperature: float,
) -> Ballot:
    """Let pieces vote on the cosines (R,S) of rows with phrases, of which the first `asked` can be chosen.

    voting  "components": connected pieces of a mesh; "regions": their smooth patches; "pieces": components, or the
            regions of one that is most of the shape and of two minds, and the smoothed answers of a cloud; "matched":
            the same, but such a one is less easily given what has a piece of its own, and pieces of a mesh that have
            the same form vote together; "none": nothing
    Raises InputError for another name.
    """
    if voting not in VOTING:
        raise InputError(f"unknown voting {voting!r}: use one of {', '.join(VOTING)}")
    count = len(anchors.original)
    if voting == "none" or (shape.faces is None and voting not in ("pieces", "matched")):
        return Ballot(anchors, values, np.arange(count))
    if shape.faces is None:
        return cloud_ballot(shape, anchors, values)
    pieces, heard = _of_mesh(shape, anchors, values[:count], asked, voting, ELSEWHERE * temperature)
    tally = _tally(pieces, heard, asked)
    votes = (tally.held > 0) & ~_of_two_minds(tally)
    if voting == "matched":
        pieces, tally, votes = _together(shape, pieces, tally, votes)
    row = np.full(len(votes), -1, dtype=np.int32)
    row[votes] = len(values) + np.arange(int(votes.sum()))
    own = row[pieces.of_anchor]
    values = np.concatenate([values, tally.mean[votes]])
    led = _led(shape, anchors, row[pieces.of_face])
    return Ballot(led, values, np.where(own >= 0, own, np.arange(count)))


def weigh(ballot: Ballot, temperature: float, strength: float, voting: str) -> Float32[np.ndarray, "Q T"]:
    """The values (Q,T) of a ballot where every phrase is expected: balanced, and with "matched" each has a piece."""
    values = ballot.settled(ballot.values)
    bears = ballot.voted if ballot.pieces else CLOUD_BALANCE
    values = balance(values, len(ballot.row), temperature, strength * bears)
    if voting == "matched" and ballot.pieces:
        return ballot.settled(match(values, ballot, temperature))
    return values


def balance(
    values: Float32[np.ndarray, "Q T"], anchors: int, temperature: float, strength: float
) -> Float32[np.ndarray, "Q T"]:
    """Cosines (Q,T) with phrases that are rare among the first `anchors` rows raised, the common ones lowered.

    By strength * temperature * log of the mean probability of each: 0 changes nothing, 1 gives all phrases equal odds.
    """
    if strength == 0:
        return values
    share = probabilities(values[:anchors], temperature).mean(axis=0)
    return values - strength * temperature * np.log(share + LEAST_SHARE)


def match(
    values: Float32[np.ndarray, "Q T"], ballot: Ballot, temperature: float
) -> Float32[np.ndarray, "Q T"]:
    """Values (Q,T) in which every phrase wins at least one piece, if there are as many pieces as phrases.

    The most likely answer under that condition: all pieces take their best phrase, but for those that a one-to-one
    assignment at the least loss of log probability gives to phrases that would go without.
    """
    held = np.bincount(ballot.row, minlength=len(values))
    pieces = len(ballot.row) + np.flatnonzero(held[len(ballot.row) :])
    if len(pieces) < values.shape[1]:
        return values
    loss = (values[pieces].max(axis=1, keepdims=True) - values[pieces]) / temperature
    weight = (held[pieces] / len(ballot.row)) ** MINDS
    given, phrase = linear_sum_assignment(loss * weight[:, None])
    values, given = values.copy(), pieces[given]
    # Just ahead of the phrase that it takes the place of: what was given is no more certain than that.
    values[given, phrase] = np.nextafter(values[given].max(axis=1), np.float32(np.inf))
    return values


def probabilities(values: Float32[np.ndarray, "R T"], temperature: float) -> Float32[np.ndarray, "R T"]:
    """Softmax (R,T) of cosines over the phrases."""
    return torch.softmax(torch.from_numpy(values) / temperature, dim=1).numpy()


def _of_mesh(
    shape: Shape,
    anchors: Anchors,
    values: Float32[np.ndarray, "M S"],
    asked: int,
    voting: str,
    less: float,
) -> tuple[Pieces, Float32[np.ndarray, "M S"]]:
    """Components, regions, or components with those of two minds cut into regions; and the values (M,S) that vote.

    less  by how much a phrase that has a piece of its own is lowered in those of two minds, with "matched"
    """
    assert shape.faces is not None
    face = anchors.place
    crease = CREASE_DEGREES if voting == "regions" else None
    pairs = face_pairs(shape.points, shape.faces) if anchors.pairs is None else anchors.pairs
    if crease is None and anchors.piece is not None:
        piece = anchors.piece.astype(np.int64)
    else:
        piece = mesh_pieces(shape.points, shape.faces, crease, pairs).astype(np.int64)
    if voting == "matched":
        values = _less_of_elsewhere(Pieces(piece[face], piece), values, asked, less)
    if voting in ("pieces", "matched"):
        split = _of_two_minds(_tally(Pieces(piece[face], piece), values, asked))
        if split.any():
            regions = mesh_pieces(shape.points, shape.faces, CREASE_DEGREES, pairs)
            # Neighbours through a shared edge are in one component, so a region lies within one.
            piece = np.where(split[piece], piece.max() + 1 + regions, piece)
    return Pieces(piece[face], piece), values


def _less_of_elsewhere(
    pieces: Pieces, values: Float32[np.ndarray, "M S"], asked: int, less: float
) -> Float32[np.ndarray, "M S"]:
    """Values (M,S), those in pieces of two minds lowered by `less` for phrases that agreeing pieces are called.

    Whoever models the trigger as a piece seldom moulds a second one onto the body: what looks like it there is not.
    """
    tally = _tally(pieces, values, asked)
    torn = _of_two_minds(tally)
    owner = (tally.held > 0) & (tally.agreement >= AGREEMENT)
    elsewhere = np.unique(tally.mean[owner, :asked].argmax(axis=1))
    if not torn.any() or len(elsewhere) == asked:
        return values
    values = values.copy()
    values[np.ix_(np.flatnonzero(torn[pieces.of_anchor]), elsewhere)] -= less
    return values


def _together(
    shape: Shape, pieces: Pieces, tally: Tally, votes: Bool[np.ndarray, "P"]
) -> tuple[Pieces, Tally, Bool[np.ndarray, "G"]]:
    """Pieces of the same form as one, whether or not an anchor lies on each; those that may not vote stay alone."""
    assert shape.faces is not None
    form = alike(shape.points, shape.faces, pieces.of_face)
    barred = (tally.held > 0) & ~votes
    form[barred] = form.max() + 1 + np.arange(int(barred.sum()))
    count = int(form.max()) + 1
    held = np.bincount(form, tally.held, minlength=count)
    mean = np.zeros((count, tally.mean.shape[1]), dtype=np.float32)
    np.add.at(mean, form, tally.mean * tally.held[:, None])
    mean /= np.maximum(held, 1)[:, None].astype(np.float32)
    may = held > 0
    may[form[barred]] = False
    together = Tally(held.astype(np.int64), mean, np.ones(count, dtype=np.float32))
    return Pieces(form[pieces.of_anchor], form[pieces.of_face]), together, may


def cloud_ballot(shape: Shape, anchors: Anchors, values: Float32[np.ndarray, "M S"]) -> Ballot:
    """A cloud whose points answer smoothly; those of a large one that are not smoothed follow the nearest that are."""
    asked = finite = np.flatnonzero(shape.finite)
    if len(finite) > MOST_POINTS:
        others = np.setdiff1d(finite, anchors.place)
        wanted = max(MOST_POINTS - (len(finite) - len(others)), 0)
        some = choose(len(others), wanted, np.random.default_rng(0))  # every tenth might lie on lines
        asked = np.union1d(others[some], anchors.place)
    own, count = np.searchsorted(asked, anchors.place), len(values)
    smooth = smoothed(shape.points[asked], own, values)
    row = np.full(len(shape.points), -1, dtype=np.int32)
    row[asked] = count + np.arange(len(asked))
    if len(asked) < len(finite):
        rest = finite[row[finite] < 0]
        row[rest] = count + nearest_assignment(shape.points[rest], shape.points[asked])
    return Ballot(
        replace(anchors, points=anchors.points.led(row)),
        np.concatenate([values, smooth]),
        count + own,
        pieces=False,
    )


def _tally(pieces: Pieces, values: Float32[np.ndarray, "M S"], asked: int) -> Tally:
    piece, count = pieces.of_anchor, int(pieces.of_face.max()) + 1
    held = np.bincount(piece, minlength=count)
    mean = np.zeros((count, values.shape[1]), dtype=np.float32)
    np.add.at(mean, piece, values)
    mean /= np.maximum(held, 1)[:, None]
    same = values[:, :asked].argmax(axis=1) == mean[:, :asked].argmax(axis=1)[piece]
    agreement = np.bincount(piece, same, minlength=count) / np.maximum(held, 1)
    return Tally(held, mean, agreement.astype(np.float32))


def _of_two_minds(tally: Tally) -> Bool[np.ndarray, "P"]:
    return (tally.held > LARGEST * tally.held.sum()) & (tally.agreement < AGREEMENT)


def _led(shape: Shape, anchors: Anchors, row: Int32[np.ndarray, "F"]) -> Anchors:
    """Anchors whose faces lead to their piece's row (F,) where it is not -1."""
    assert shape.faces is not None
    assert anchors.faces is not None
    point_row = np.full(len(shape.points), -1, dtype=np.int32)
    # A vertex on the border of two pieces follows the last face that names it: either answer is right there.
    corners = np.repeat(row, 3)
    point_row[shape.faces.reshape(-1)[corners >= 0]] = corners[corners >= 0]
    return replace(anchors, points=anchors.points.led(point_row), faces=anchors.faces.led(row))
