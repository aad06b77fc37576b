"""`partwise segment`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from partwise.cli.progress import step


@dataclass(frozen=True)
class Segment:
    """Name the parts of a mesh or point cloud.

    Examples:
        partwise segment chair.glb seat back leg
        partwise segment scan.ply handle body lid --up z --out scan_parts.ply scan_parts.html
        partwise segment mug.obj handle cup --allow-none --json
    """

    input: tyro.conf.Positional[Path]
    """GLB, glTF, OBJ, STL, OFF, PLY, PCD, XYZ, TXT, CSV, NPY, NPZ, LAS or LAZ."""
    phrases: tyro.conf.Positional[tuple[str, ...]]
    """What to look for: seat back "chair leg" ..."""
    model: str = "partwise-small"
    """Checkpoint folder or hub id."""
    out: tuple[Path, ...] = ()
    """Files to write; the suffix decides: .glb .ply .npz .json .png .html. Default: INPUT.parts.glb (a mesh) or
    INPUT.parts.ply (a cloud), and INPUT.parts.json, in this folder."""
    up: str | None = None
    """Axis that points up: y, z, x, -y, -z, -x."""
    units: str | None = None
    """m, cm, mm or in."""
    points: int | None = None
    """Points sampled for the model."""
    draws: int | None = None
    """How often they are sampled, 1 to 8: answers are means over all draws; two cost nearly twice the time."""
    device: str = "cpu"
    """cpu, cuda or mps."""
    runtime: str = "torch"
    """torch, torch-onednn, torch-bf16, onnx or onnx-int8; the first use of an onnx runtime exports the model, which
    takes seconds."""
    allow_none: bool = False
    """Leave points unnamed that fit no phrase."""
    none_below: float = 0.0
    """Leave points unnamed whose confidence is lower, 0..1."""
    voting: Literal["none", "components", "regions", "pieces", "matched"] | None = None
    """Let the pieces of a mesh take one label each, and raise rare phrases: connected components, smooth regions, or
    pieces of either kind; matched: besides, every phrase gets a piece, and pieces of one form the same. With the last
    two, answers flow over a cloud along its surface. Default from the model."""
    seed: int = 0
    """Of the sampling."""
    json: bool = False
    """Print the record as JSON."""

    def run(self) -> None:
        """Read, segment, write, report."""
        with step("loading the model"):
            from partwise.predict import Segmenter
            from partwise.segmentation import check_output

            for path in self.out:  # before the work, not after it
                check_output(path)
            segmenter = Segmenter.from_pretrained(self.model, device=self.device, runtime=self.runtime)
        from partwise.shape import Shape

        with step(f"reading {self.input}"):
            shape = Shape.read(self.input, up=self.up, units=self.units)
        with step("segmenting"):
            parts = segmenter.segment(
                shape,
                self.phrases,
                allow_none=self.allow_none,
                none_below=self.none_below,
                points=self.points,
                draws=self.draws,
                voting=self.voting,
                seed=self.seed,
            )
        written = []
        for path in self.out or self._default_outputs(shape.is_mesh):
            with step(f"writing {path}"):
                written.append(str(parts.write(path)))
        record = parts.record()
        if self.json:
            print(json.dumps({**record, "written": written}))
            return
        total = max(1, record["points"])
        for label in [*record["labels"], {**record["none"], "name": "(none)"}]:
            if label["count"] or label["id"] >= 0:
                score = f"  confidence {label['score']:.2f}" if label.get("score") is not None else ""
                print(f"{label['name']:<24} {label['count'] / total:6.1%} of the points{score}")
        for warning in record["warnings"]:
            print(f"note: {warning}")
        print("wrote " + ", ".join(written))

    def _default_outputs(self, is_mesh: bool) -> list[Path]:
        stem = self.input.stem
        return [Path(f"{stem}.parts.{'glb' if is_mesh else 'ply'}"), Path(f"{stem}.parts.json")]
