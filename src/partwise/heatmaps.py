"""`Heatmaps`, what comes back for actions: how well every point and face serves each one, in the input's own frame."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64, Int32, UInt8

from partwise.errors import InputError
from partwise.files import atomic_path
from partwise.io.glb import write_glb
from partwise.io.html import write_html
from partwise.io.palette import heat_colors, part_colors
from partwise.io.picture import render_picture, side_by_side
from partwise.io.tables import write_json, write_npz
from partwise.io.write_ply import write_ply
from partwise.models.finish import Finish, strength_of
from partwise.regions import Region, find_regions
from partwise.segmentation import (
    NONE,
    ModelRecord,
    Segmentation,
    asked_record,
    at_rows,
    check_output,
    place_of,
)
from partwise.shape import Shape

# Heat in a GLB is a node for each tenth of the scale: named, coloured, and shown by any viewer without a setting.
BANDS = 10


@dataclass(frozen=True)
class Heatmaps:
    """The answer to one question about actions. Rows and anchors are as in `Segmentation`.

    row_heat   (R,T) heat in [0,1]; phrases do not compete
    strength   (T,) how hot the hottest few anchors are
    offered    (T,) whether the shape offers the action at all, by the threshold that came with the weights
    finish     how the head made heat of its logits, None for plain sigmoids
    """

    shape: Shape
    phrases: tuple[str, ...]
    row_heat: Float32[np.ndarray, "R T"]
    strength: Float32[np.ndarray, "T"]
    offered: Bool[np.ndarray, "T"]
    point_row: Int32[np.ndarray, "N"]
    face_row: Int32[np.ndarray, "F"] | None
    anchors: Float64[np.ndarray, "M 3"]
    transform: Float64[np.ndarray, "4 4"]
    model: ModelRecord
    options: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    finish: Finish | None = None

    @property
    def heat(self) -> Float32[np.ndarray, "N T"]:
        """Heat of each phrase at each point (N,T); 0 where coordinates are not finite. Made anew at each call."""
        return at_rows(self.row_heat, self.point_row, 0)

    @property
    def face_heat(self) -> Float32[np.ndarray, "F T"] | None:
        """Heat of each phrase on each face (F,T); None for a cloud."""
        return None if self.face_row is None else self.row_heat[self.face_row]

    @cached_property
    def hottest(self) -> Int32[np.ndarray, "R"]:
        """The hottest phrase of each row (R,), -1 where none of them reaches 0.5."""
        best = self.row_heat.argmax(axis=1)
        return np.where(self.row_heat.max(axis=1) >= 0.5, best, NONE).astype(np.int32)

    def of(self, phrase: str) -> Float32[np.ndarray, "N"]:
        """Heat of one phrase at each point (N,). Raises InputError if it was not asked for."""
        return self.heat[:, place_of(phrase, self.phrases)]

    def within(self, parts: Segmentation, name: str) -> Heatmaps:
        """These maps times the score of a part: where to grasp *the handle*.

        The part is asked as the whole was: strength is that of the product, and where the head fades what is weak, heat
        fades to that strength. So an action that the shape offers elsewhere stays low here, too.
        Raises InputError if the part was not asked for, or the two answers are not of one look at one shape.
        """
        count = len(self.row_heat)
        if len(parts.row_scores) < count or not np.array_equal(parts.anchors, self.anchors):
            raise InputError("parts and heat come from different looks: ask both of one `Segmenter.look`")
        if name not in parts.phrases:
            raise InputError(
                f"{name!r} was not asked for; the phrases are {', '.join(map(repr, parts.phrases))}"
            )
        # Rows that votes added to the parts follow the rows that both answers share.
        score = parts.row_scores[:count, parts.phrases.index(name)]
        heat = self.row_heat * np.where(parts.row_none[:count], 0.0, score)[:, None]
        strength = self._weakened(heat)
        if self.finish is not None:
            heat = heat * _ratio(*(self._factor(self.finish, s) for s in (strength, self.strength)))
        return replace(
            self,
            row_heat=heat.astype(np.float32),
            strength=strength,
            offered=strength >= self.options["offered_above"],
            options={**self.options, "within": name},
        )

    def _weakened(self, heat: Float32[np.ndarray, "R T"]) -> Float32[np.ndarray, "T"]:
        """Strength (T,) once heat is multiplied down to this (R,T): it falls as the hottest anchors do.

        Heat may be faded already while strength is counted before that, but the factor is one for all places of an
        action, so it leaves the ratio alone.
        """
        rows = slice(len(self.anchors))
        inside, whole = (
            strength_of(torch.from_numpy(h[rows].astype(np.float64))) for h in (heat, self.row_heat)
        )
        return (self.strength * _ratio(inside.numpy(), whole.numpy())).astype(np.float32)

    def _factor(self, finish: Finish, strength: Float32[np.ndarray, "T"]) -> Float64[np.ndarray, "T"]:
        """What the head multiplies all heat of actions of this strength with."""
        exact = torch.from_numpy(strength.astype(np.float64))
        return finish.factor(exact, self.options["offered_above"]).numpy()

    def regions(self, phrase: str, above: float = 0.5) -> tuple[Region, ...]:
        """Connected places where the heat reaches `above`, hottest first, with boxes and contact points.

        Raises InputError for a phrase that was not asked for or a threshold outside (0,1].
        """
        column = self.row_heat[: len(self.anchors), place_of(phrase, self.phrases)]
        return find_regions(self.shape, self.anchors, column, self.point_row, above)

    def record(self, above: float | None = None) -> dict[str, Any]:
        """The JSON sidecar: an entry for each phrase, with its regions above a threshold if one is given."""
        entries = []
        for index, phrase in enumerate(self.phrases):
            entry: dict[str, Any] = {
                "id": index,
                "name": phrase,
                "offered": bool(self.offered[index]),
                "strength": round(float(self.strength[index]), 4),
            }
            if above is not None:
                entry["regions"] = [region.record() for region in self.regions(phrase, above)]
            entries.append(entry)
        return {
            "schema": "partwise-heat/1",
            "source": self.shape.source,
            "actions": entries,
            "region_above": above,
            "points": len(self.point_row),
            "faces": None if self.face_row is None else len(self.face_row),
            "transform": self.transform.tolist(),
            **asked_record(self.shape, self.model, self.options, self.warnings),
        }

    def write(self, path: str | os.PathLike[str], above: float | None = None) -> Path:
        """Write the maps; the suffix decides: .glb .ply .npz .json .png .html. Whole file or none.

        A .png has a picture for each phrase, .ply and .npz hold all maps, .html shows them one at a time; the colours
        of .glb and .ply are those of the hottest phrase at each place. above is for the regions in a .json.
        Raises InputError for another suffix or a folder that does not exist.
        """
        path = check_output(path)
        suffix = path.suffix.lower()
        geometry = replace(self.shape.geometry, up=self.shape.up)
        if suffix == ".npz":
            write_npz(path, self._arrays())
        elif suffix == ".json":
            write_json(path, self.record(above))
        elif suffix == ".png":
            self._write_pictures(path)
        elif suffix == ".html":
            rows = self.point_row if self.face_row is None else self.face_row
            labels = at_rows(self.hottest, rows, NONE)
            colors, title = part_colors(self.phrases), Path(self.shape.source).name
            write_html(path, geometry, labels, self.heat, self.phrases, colors, title, self.record())
        elif suffix == ".glb":
            points, faces = self._bands(self.point_row), self._bands(self.face_row)
            names = [f"heat {k / BANDS:.1f}-{(k + 1) / BANDS:.1f}" for k in range(BANDS)]
            colors = heat_colors((np.arange(BANDS) + 0.5) / BANDS)
            assert points is not None
            write_glb(path, geometry, faces, points, names, colors, self.record())
        else:
            heat, labels = self.heat, at_rows(self.hottest, self.point_row, NONE)
            warm = heat.max(axis=1)
            write_ply(path, geometry, labels, warm, heat, self.phrases, heat_colors(warm))
        return path

    def _bands(self, rows: Int32[np.ndarray, "M"] | None) -> Int32[np.ndarray, "M"] | None:
        """Which tenth of the scale the hottest phrase reaches in each of these rows."""
        if rows is None:
            return None
        band = np.minimum((self.row_heat.max(axis=1) * BANDS).astype(np.int32), BANDS - 1)
        return at_rows(band, rows, NONE)

    def _arrays(self) -> dict[str, np.ndarray]:
        arrays = {
            "points": self.shape.points,
            "heat": self.heat,
            "phrases": np.array(self.phrases),
            "strength": self.strength,
            "offered": self.offered,
            "transform": self.transform,
        }
        if self.shape.faces is not None and self.face_heat is not None:
            arrays |= {"faces": self.shape.faces, "face_heat": self.face_heat}
        return arrays

    def _write_pictures(self, path: Path) -> None:
        """A picture for each phrase, side by side, all on the one scale 0..1, each from the side where the heat is."""
        geometry = replace(self.shape.geometry, up=self.shape.up)
        heat = self.heat if self.face_heat is None else self.face_heat
        size = (1200, 900) if len(self.phrases) == 1 else (800, 600)
        legend = [
            (f"{v:.1f}", tuple(map(int, heat_colors(np.array([v]))[0]))) for v in (1.0, 0.75, 0.5, 0.25, 0.0)
        ]
        pictures, captions = [], []
        for index, phrase in enumerate(self.phrases):
            colors: UInt8[np.ndarray, "M 3"] = heat_colors(heat[:, index])
            pictures.append(
                render_picture(geometry, colors, legend, size, up=self.shape.up, weight=heat[:, index])
            )
            captions.append(phrase if self.offered[index] else f"{phrase} (not offered)")
        columns = min(3, len(pictures))
        with atomic_path(path) as temporary:
            side_by_side(pictures, columns, captions).save(temporary, format="PNG")


def _ratio(part: Float64[np.ndarray, "T"], whole: Float64[np.ndarray, "T"]) -> Float64[np.ndarray, "T"]:
    """Part over whole, 0 where the whole is nothing."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
