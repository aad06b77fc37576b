"""Votes within the pieces of a mesh: faces that hang together, or lie on one smooth patch, are likely one part.

A model sees scattered anchors; the mesh knows where its pieces end. A piece takes one answer, the mean of its anchors',
but only where they largely agree already: a body with its handle moulded on is one piece and two parts. The numbers
below were chosen on the training objects: of 210, components then help 70 and hurt 4 by more than two points of IoU.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32, Int64
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from partwise.anchors import Anchors
from partwise.errors import InputError
from partwise.shape import Shape

VOTING = ("none", "components", "regions")
# Vertices this close, in parts of the largest extent, are one: files repeat vertices along seams of texture and normal.
WELD = 1e-5
# Two faces that meet at a sharper bend than this do not lie on one smooth patch.
CREASE_DEGREES = 35.0
# The share of a piece's anchors that must have its winning label before it votes, and how many anchors it needs.
AGREEMENT = 0.75
LEAST_ANCHORS = 3
# A piece with more of the anchors than this is the body of the object, with parts moulded on: it does not vote.
LARGEST = 0.5


def vote(
    shape: Shape,
    anchors: Anchors,
    scores: Float32[np.ndarray, "R T"],
    none: Bool[np.ndarray, "R"],
    voting: str,
) -> tuple[Anchors, Float32[np.ndarray, "Q T"], Bool[np.ndarray, "Q"]]:
    """Anchors whose faces and vertices point to a row for their piece where it votes, with these rows added.

    voting "components" lets connected pieces vote, "regions" their smooth patches, "none" nothing. A cloud has no
    pieces: it comes back as it is. Raises InputError for another name.
    """
    if voting not in VOTING:
        raise InputError(f"unknown voting {voting!r}: use one of {', '.join(VOTING)}")
    if voting == "none" or shape.faces is None or anchors.face_row is None:
        return anchors, scores, none
    count = len(anchors.original)
    piece = pieces(shape.points, shape.faces, CREASE_DEGREES if voting == "regions" else None)
    own = piece[anchors.place]
    total = int(piece.max()) + 1
    mean = np.zeros((total, scores.shape[1]), dtype=np.float32)
    np.add.at(mean, own, scores[:count])
    held = np.bincount(own, minlength=total)
    mean /= np.maximum(held, 1)[:, None]
    agree = np.bincount(own, scores[:count].argmax(axis=1) == mean.argmax(axis=1)[own], minlength=total)
    empty = np.bincount(own, none[:count], minlength=total) > held / 2
    votes = (held >= LEAST_ANCHORS) & (held <= LARGEST * count) & (agree >= AGREEMENT * held)
    row = np.full(total, -1, dtype=np.int32)
    row[votes] = len(scores) + np.arange(int(votes.sum()))
    face_row = np.where(row[piece] >= 0, row[piece], anchors.face_row).astype(np.int32)
    point_row = anchors.point_row.copy()
    # A vertex on the border of two pieces follows the last face that names it: either answer is right there.
    corners = np.repeat(row[piece], 3)
    point_row[shape.faces.reshape(-1)[corners >= 0]] = corners[corners >= 0]
    voted = replace(anchors, point_row=point_row, face_row=face_row)
    return voted, np.concatenate([scores, mean[votes]]), np.concatenate([none, empty[votes]])


def pieces(
    points: Float64[np.ndarray, "N 3"], faces: Int64[np.ndarray, "F 3"], crease: float | None = None
) -> Int32[np.ndarray, "F"]:
    """The connected piece of each face (F,), over welded vertices; edges bent by more than `crease` degrees part it."""
    extent = float(np.ptp(points, axis=0).max()) or 1.0
    _, welded = np.unique(np.round(points / (WELD * extent)).astype(np.int64), axis=0, return_inverse=True)
    corners = welded.reshape(-1)[faces]
    edges = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    face = np.tile(np.arange(len(faces)), 3)
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    edges, face = edges[order], face[order]
    same = (edges[1:] == edges[:-1]).all(axis=1)
    a, b = face[:-1][same], face[1:][same]
    if crease is not None:
        normal = _normals(points[faces])
        # Winding is not to be trusted, so a face may bend either way; a flat fold shows in neither.
        smooth = np.abs((normal[a] * normal[b]).sum(axis=1)) >= np.cos(np.deg2rad(crease))
        a, b = a[smooth], b[smooth]
    links = coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(faces), len(faces)))
    return connected_components(links, directed=False)[1].astype(np.int32)


def _normals(corners: Float64[np.ndarray, "F 3 3"]) -> Float64[np.ndarray, "F 3"]:
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
