"""`Segmentation`, what comes out everywhere: a label and a score for every point and face, in the input's own frame."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64, Int32, Shaped

from partwise import __version__
from partwise.errors import InputError
from partwise.files import check_target
from partwise.io.glb import write_glb
from partwise.io.html import write_html
from partwise.io.palette import NONE_COLOR, part_colors
from partwise.io.picture import rarity, write_png
from partwise.io.surface import face_areas
from partwise.io.tables import write_json, write_npz
from partwise.io.write_ply import write_ply
from partwise.shape import Shape

NONE = -1
SUFFIXES = (".glb", ".ply", ".npz", ".json", ".png", ".html")


@dataclass(frozen=True)
class ModelRecord:
    """Which weights answered, and how: name or path, hub revision, SHA-256 of the weights file, runtime."""

    name: str
    revision: str | None = None
    sha256: str | None = None
    runtime: str = "torch"


def check_output(path: str | os.PathLike[str]) -> Path:
    """The path, if a result can be written there; raises InputError for an unknown suffix or a missing folder."""
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"cannot write {path.name!r}: the suffix decides the form, use one of {' '.join(SUFFIXES)}"
        )
    check_target(path)
    return path


def at_rows(
    values: Shaped[np.ndarray, "R ..."], rows: Int32[np.ndarray, "M"], nowhere: int
) -> Shaped[np.ndarray, "M ..."]:
    """The values (M,...) of rows (M,), `nowhere` where the row is -1: how anchors answer for points."""
    found = values[rows]
    found[rows < 0] = nowhere
    return found


def place_of(phrase: str, phrases: Sequence[str]) -> int:
    """Which of the phrases it is. Raises InputError for one that was not asked for."""
    if phrase not in phrases:
        raise InputError(f"{phrase!r} was not asked for; the phrases are {', '.join(map(repr, phrases))}")
    return phrases.index(phrase)


def asked_record(
    shape: Shape, model: ModelRecord, options: Mapping[str, Any], warnings: Sequence[str]
) -> dict[str, Any]:
    """How an answer came about, for its JSON sidecar: what is needed to ask the same again."""
    return {
        "up": {"axis": shape.up, "reason": shape.up_reason},
        "units": {"unit": shape.units, "reason": shape.units_reason},
        "model": asdict(model),
        "options": dict(options),
        "warnings": list(warnings),
        "versions": {"partwise": __version__, "torch": torch.__version__, "numpy": np.__version__},
    }


@dataclass(frozen=True)
class Segmentation:
    """The answer to one question about one shape.

    A model looks at M anchors (sampled points); points and faces take over the scores of a row of `row_scores`: that
    of their nearest anchor, or of the mean of the anchors on a face. So five million points with hundreds of phrases
    cost little until `scores` is asked for.

    shape       what was asked about
    phrases     the T phrases, as given
    row_scores  (R,T) probabilities over the phrases; the first M rows belong to the anchors
    point_row   (N,) row of each point; -1 where the coordinates are not finite
    face_row    (F,) row of each face, None for a cloud
    anchors     (M,3) sampled points, input frame
    transform   (4,4) from the input frame to the canonical one (centred, model's box, +Y up)
    none_below  points whose confidence is lower get label -1, "none"
    options     how it was asked: seed, points, draws, voting, templates, temperature
    """

    shape: Shape
    phrases: tuple[str, ...]
    row_scores: Float32[np.ndarray, "R T"]
    point_row: Int32[np.ndarray, "N"]
    face_row: Int32[np.ndarray, "F"] | None
    anchors: Float64[np.ndarray, "M 3"]
    transform: Float64[np.ndarray, "4 4"]
    model: ModelRecord
    row_none: Bool[np.ndarray, "R"]
    options: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @cached_property
    def row_labels(self) -> Int32[np.ndarray, "R"]:
        """Label (R,) of each row."""
        return np.where(self.row_none, NONE, self.row_scores.argmax(axis=1)).astype(np.int32)

    @cached_property
    def labels(self) -> Int32[np.ndarray, "N"]:
        """Index into `phrases` for each point (N,); -1 for none and for points without finite coordinates."""
        return at_rows(self.row_labels, self.point_row, NONE)

    @cached_property
    def confidence(self) -> Float32[np.ndarray, "N"]:
        """Score of the best phrase for each point (N,), in [0,1]."""
        return at_rows(self.row_scores.max(axis=1), self.point_row, 0)

    @property
    def scores(self) -> Float32[np.ndarray, "N T"]:
        """Probability of each phrase at each point (N,T); made anew at each call, 4 N T bytes."""
        return at_rows(self.row_scores, self.point_row, 0)

    @cached_property
    def face_labels(self) -> Int32[np.ndarray, "F"] | None:
        """Index into `phrases` for each face (F,), -1 for none; None for a cloud."""
        return None if self.face_row is None else self.row_labels[self.face_row]

    @property
    def face_scores(self) -> Float32[np.ndarray, "F T"] | None:
        """Probability of each phrase on each face (F,T); None for a cloud."""
        return None if self.face_row is None else self.row_scores[self.face_row]

    @property
    def anchor_labels(self) -> Int32[np.ndarray, "M"]:
        """Label (M,) of each anchor."""
        return self.row_labels[: len(self.anchors)]

    def mask(self, phrase: str) -> Bool[np.ndarray, "N"]:
        """Which points (N,) are `phrase`. Raises InputError if it was not asked for."""
        return self.labels == place_of(phrase, self.phrases)

    def record(self) -> dict[str, Any]:
        """The JSON sidecar: one entry per phrase and everything needed to ask the same again."""
        colors = part_colors(self.phrases)
        return {
            "schema": "partwise/1",
            "source": self.shape.source,
            "labels": [self._label_record(index, colors[index]) for index in range(len(self.phrases))],
            "none": {
                "id": NONE,
                "color": list(map(int, NONE_COLOR)),
                "count": int((self.labels == NONE).sum()),
            },
            "points": len(self.point_row),
            "faces": None if self.face_row is None else len(self.face_row),
            "transform": self.transform.tolist(),
            **asked_record(self.shape, self.model, self.options, self.warnings),
        }

    def _label_record(self, index: int, color: np.ndarray) -> dict[str, Any]:
        """Count, score and place of one part; lengths and areas in the shape's own unit."""
        here = self.labels == index
        entry: dict[str, Any] = {
            "id": index,
            "name": self.phrases[index],
            "color": [int(c) for c in color],
            "count": int(here.sum()),
            "score": round(float(self.confidence[here].mean()), 4) if here.any() else None,
        }
        if self.face_labels is None or self.shape.faces is None:
            entry["centroid"] = self.shape.points[here].mean(axis=0).tolist() if here.any() else None
            return entry
        faces = self.shape.faces[self.face_labels == index]
        a, b, c = (self.shape.points[faces[:, k]] for k in range(3))
        cross = np.cross(b - a, c - a) / 2
        area = np.linalg.norm(cross, axis=1)
        total, mean_normal = float(area.sum()), cross.sum(axis=0)
        length = float(np.linalg.norm(mean_normal))
        entry["faces"], entry["area"] = len(faces), total
        entry["centroid"] = (area @ (a + b + c) / 3 / total).tolist() if total > 0 else None
        entry["normal"] = (mean_normal / length).tolist() if length > 1e-12 * max(total, 1e-300) else None
        return entry

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the result; the suffix decides: .glb .ply .npz .json .png .html. Whole file or none.

        Raises InputError for another suffix or a folder that does not exist.
        """
        path = check_output(path)
        suffix = path.suffix.lower()
        geometry, colors = replace(self.shape.geometry, up=self.shape.up), part_colors(self.phrases)
        if suffix == ".glb":
            write_glb(path, geometry, self.face_labels, self.labels, self.phrases, colors, self.record())
        elif suffix == ".ply":
            write_ply(path, geometry, self.labels, self.confidence, self.scores, self.phrases, colors)
        elif suffix == ".npz":
            write_npz(path, self._arrays())
        elif suffix == ".json":
            write_json(path, self.record())
        elif suffix == ".png":
            painted, legend = self._painted(colors), self._legend(colors)
            write_png(path, geometry, painted, legend, up=self.shape.up, weight=self._rarity())
        else:
            labels = self.labels if self.face_labels is None else self.face_labels
            title = Path(self.shape.source).name
            write_html(path, geometry, labels, self.scores, self.phrases, colors, title, self.record())
        return path

    def _arrays(self) -> dict[str, np.ndarray]:
        arrays = {
            "points": self.shape.points,
            "labels": self.labels,
            "scores": self.scores,
            "confidence": self.confidence,
            "phrases": np.array(self.phrases),
            "transform": self.transform,
        }
        if self.shape.faces is not None and self.face_labels is not None:
            arrays |= {"faces": self.shape.faces, "face_labels": self.face_labels}
        return arrays

    def _painted(self, colors: np.ndarray) -> np.ndarray:
        """RGB (F,3) of faces, or (N,3) of the points of a cloud."""
        labels = self.labels if self.face_labels is None else self.face_labels
        return np.concatenate([colors, np.array([NONE_COLOR], dtype=np.uint8)])[labels]

    def _rarity(self) -> Float64[np.ndarray, "M"]:
        """What a picture should show, for each face, or point of a cloud."""
        if self.face_labels is None or self.shape.faces is None:
            return rarity(self.labels)
        return rarity(self.face_labels, np.nan_to_num(face_areas(self.shape.points[self.shape.faces])))

    def _legend(self, colors: np.ndarray) -> list[tuple[str, tuple[int, ...]]]:
        legend = [(name, tuple(map(int, color))) for name, color in zip(self.phrases, colors, strict=True)]
        labels = self.labels if self.face_labels is None else self.face_labels
        return [*legend, ("none", tuple(map(int, NONE_COLOR)))] if (labels == NONE).any() else legend
