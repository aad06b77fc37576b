"""`partwise doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from partwise.cli.progress import step

if TYPE_CHECKING:
    from partwise.doctor import Examination
    from partwise.shape import Shape

# Asked about when nobody says what the object has; all of them are in the text bank.
COMMON_PARTS = ("body", "base", "handle", "leg", "wheel", "lid", "door", "seat")


@dataclass(frozen=True)
class Doctor:
    """Say what a file holds, what was assumed about it, and how steady its labels are.

    Examples:
        partwise doctor scan.pcd
        partwise doctor chair.glb seat back leg
    """

    input: tyro.conf.Positional[Path]
    """Any file that `partwise segment` reads."""
    phrases: tyro.conf.Positional[tuple[str, ...]] = ()
    """Parts to test the steadiness of labels with; better the parts it has, default: a few common ones."""
    model: str = "partwise-small"
    """Checkpoint folder or hub id."""
    up: str | None = None
    """Axis that points up: y, z, x, -y, -z, -x."""
    units: str | None = None
    """m, cm, mm or in."""
    json: bool = False
    """Print JSON."""

    def run(self) -> None:
        """Examine, then ask the model the same question in several ways."""
        from partwise.doctor import examine, stability
        from partwise.predict import Segmenter
        from partwise.shape import Shape

        with step(f"reading {self.input}"):
            shape = Shape.read(self.input, up=self.up, units=self.units)
        with step("examining"):
            found = examine(shape)
        phrases = self.phrases or COMMON_PARTS
        with step("asking in several ways"):
            steady = stability(Segmenter.from_pretrained(self.model), shape, phrases)
        if self.json:
            report = {
                "examination": {**asdict(found), "one_sided": found.one_sided},
                "warnings": list(shape.warnings),
            }
            report["up"], report["units"] = [shape.up, shape.up_reason], [shape.units, shape.units_reason]
            report["stability"] = {"phrases": list(phrases), **asdict(steady)}
            print(json.dumps(report))
            return
        print("\n".join(_report(shape, found)))
        print(
            f"labels     kept by {steady.resampled:.0%} when sampled again, "
            f"{steady.yaw:.0%} when turned about the up "
            f"axis, {steady.rotated:.0%} when turned at random (worst of 3; {', '.join(phrases)})"
        )


def _report(shape: Shape, found: Examination) -> list[str]:
    """The examination in words, one line a finding."""
    unit = "" if shape.units == "unknown" else f" {shape.units}"
    size = " x ".join(f"{v:.4g}" for v in found.extent)
    what = "a cloud" if found.faces is None else f"a mesh of {found.faces:,} faces,"
    lines = [
        f"file       {shape.source}: {what} {found.points:,} {'points' if found.faces is None else 'vertices'}",
        f"extent     {size}{unit} ({shape.units_reason})",
        f"up         +{shape.up.upper()} ({shape.up_reason})".replace("+-", "-"),
    ]
    if found.spacing is not None:
        lines.append(f"spacing    {found.spacing:.4g}{unit} between neighbours (median)")
    lines.append(f"not finite {found.not_finite:,} points" + (" (label -1)" if found.not_finite else ""))
    lines.append(f"duplicates {found.duplicates:,} points")
    if found.open_edges is not None:
        holes = "closed" if found.open_edges == 0 else f"open: {found.open_edges:,} edges with one face"
        lines.append(
            f"surface    {holes}; {found.pieces:,} connected pieces; {found.flat_faces:,} faces without area"
        )
    if found.one_view is not None:
        seen = (
            "a one-sided scan, or thin: expect weaker labels"
            if found.one_sided
            else "seen from several sides"
        )
        lines.append(f"coverage   {seen} (one viewer sees up to {found.one_view:.0%} of the points)")
    named = [name for name in shape.geometry.node_names if name.strip()]
    if named:
        lines.append(f"nodes      {len(named)}: {', '.join(named[:8])}{', ...' if len(named) > 8 else ''}")
    return lines + [f"note       {warning}" for warning in shape.warnings]
