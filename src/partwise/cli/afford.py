"""`partwise afford`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from partwise.cli.progress import step


@dataclass(frozen=True)
class Afford:
    """Find where a mesh or point cloud serves an action: heat from 0 to 1 on every point.

    Examples:
        partwise afford mug.glb grasp pour
        partwise afford chair.ply "where can i sit" --out seat.ply seat.png
        partwise afford mug.glb grasp --within handle --region 0.5 --json
        partwise afford mug.glb grasp pour --parts handle body --out heat.glb
        partwise afford mug.glb --image pouring.jpg --model checkpoints/pictures
    """

    input: tyro.conf.Positional[Path]
    """GLB, glTF, OBJ, STL, OFF, PLY, PCD, XYZ, TXT, CSV, NPY, NPZ, LAS or LAZ."""
    phrases: tyro.conf.Positional[tuple[str, ...]] = ()
    """Actions or questions: grasp pour "where would you hold this to carry it" ..."""
    image: tuple[Path, ...] = ()
    """A picture of the action for all phrases, or one for each; without phrases each is a question of its own. Needs a
    model that was trained with pictures."""
    within: str | None = None
    """Only where this part is: the heat is multiplied with the part's score."""
    parts: tuple[str, ...] = ()
    """Name these parts in the same look, too. Each file gets one of parts beside it: heat.parts.glb beside heat.glb."""
    region: float | None = None
    """List connected regions of at least this heat (0..1), with boxes and contact points, in the record."""
    model: str = "partwise-small"
    """Checkpoint folder or hub id."""
    out: tuple[Path, ...] = ()
    """Files to write; the suffix decides: .glb .ply .npz .json .png .html. Default: INPUT.heat.glb (a mesh) or
    INPUT.heat.ply (a cloud), and INPUT.heat.json, in this folder."""
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
    seed: int = 0
    """Of the sampling."""
    json: bool = False
    """Print the record as JSON."""

    def run(self) -> None:
        """Read, ask, write, report."""
        with step("loading the model"):
            from partwise.predict import Segmenter
            from partwise.segmentation import check_output

            for path in self.out:  # before the work, not after it
                check_output(path)
            segmenter = Segmenter.from_pretrained(self.model, device=self.device)
        from partwise.shape import Shape

        with step(f"reading {self.input}"):
            shape = Shape.read(self.input, up=self.up, units=self.units)
        with step("asking"):
            look = segmenter.look(shape, points=self.points, draws=self.draws, seed=self.seed)
            maps = segmenter.afford(look, self.phrases, self.image or None)
            parts = segmenter.segment(look, self.parts) if self.parts else None
            if self.within is not None:
                known = parts if parts is not None and self.within in self.parts else None
                maps = maps.within(known or segmenter.segment(look, [self.within]), self.within)
            record = maps.record(self.region)
        written = []
        for path in self.out or self._default_outputs(shape.is_mesh):
            with step(f"writing {path}"):
                written.append(str(maps.write(path, self.region)))
                if parts is not None:
                    beside = path.with_name(f"{path.stem.removesuffix('.heat')}.parts{path.suffix}")
                    written.append(str(parts.write(beside)))
        named = {} if parts is None else {"parts": parts.record()}
        if self.json:
            print(json.dumps({**record, **named, "written": written}))
            return
        for action in record["actions"]:
            verdict = "offered" if action["offered"] else "not offered"
            print(f"{action['name']:<40} {verdict:<12} strength {action['strength']:.2f}")
            for region in action.get("regions", ()):
                print("\n".join(f"    {line}" for line in _lines(region)))
        for label in named["parts"]["labels"] if named else ():
            print(f"{label['name']:<40} {label['count'] / max(1, record['points']):.1%} of the points")
        for warning in record["warnings"]:
            print(f"note: {warning}")
        print("wrote " + ", ".join(written))

    def _default_outputs(self, is_mesh: bool) -> list[Path]:
        stem = self.input.stem
        return [Path(f"{stem}.heat.{'glb' if is_mesh else 'ply'}"), Path(f"{stem}.heat.json")]


def _lines(region: dict[str, Any]) -> list[str]:
    """A region as text, in the unit of the input."""
    area, normal = (
        "unknown" if region[name] is None else ("about " if region[f"{name}_estimated"] else "") + said
        for name, said in (("area", _short(region["area"])), ("normal", _short(region["normal"])))
    )
    return [
        f"region of {region['points']} points around {_short(region['centroid'])}: area {area}, normal {normal},",
        f"    sides {_short(region['box']['sides'])}, best contact at {_short(region['contacts'][0]['point'])}",
    ]


def _short(value: float | list[float] | None) -> str:
    """Three digits are enough to read."""
    if isinstance(value, list):
        return ", ".join(f"{c:.3g}" for c in value)
    return "" if value is None else f"{value:.3g}"
