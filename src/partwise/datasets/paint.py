"""SIMULATED colours of parts, for shapes that have none: what colour as an input could bring, under known conditions.

No data set of affordances at hand has colours. Painted shapes tell two things apart that real colours mix: where a
part ends, and what a part is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float32

from partwise.datasets.sample import Sample
from partwise.errors import InputError

# RGB of what things are made of, 0..1; several tints each.
MATERIALS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "steel": ((0.75, 0.76, 0.78), (0.55, 0.57, 0.60)),
    "brass": ((0.72, 0.58, 0.25), (0.55, 0.38, 0.18)),
    "black plastic": ((0.10, 0.10, 0.11), (0.20, 0.20, 0.22)),
    "light plastic": ((0.90, 0.90, 0.86), (0.78, 0.74, 0.66)),
    "bright plastic": ((0.80, 0.15, 0.12), (0.95, 0.55, 0.10)),
    "wood": ((0.62, 0.42, 0.22), (0.42, 0.26, 0.14)),
    "cloth": ((0.25, 0.35, 0.60), (0.60, 0.20, 0.30)),
    "linen": ((0.95, 0.92, 0.84), (0.70, 0.82, 0.90)),
    "glass": ((0.15, 0.25, 0.30), (0.55, 0.75, 0.72)),
}
# What parts of a name are mostly made of. A name that is not here has no colour of its own.
TYPICAL: dict[str, str] = {
    **dict.fromkeys(("blade", "jaw", "spout", "rack", "column", "caster", "band", "rim"), "steel"),
    **dict.fromkeys(("hinge", "lock", "handle plate", "pivot", "guard", "pommel"), "brass"),
    **dict.fromkeys(("handle", "keyboard", "touchpad", "stand", "base", "foot"), "black plastic"),
    **dict.fromkeys(("body", "shell", "panel", "lid"), "light plastic"),
    **dict.fromkeys(("button", "knob", "cap", "cork", "label"), "bright plastic"),
    **dict.fromkeys(("leg", "tabletop", "door", "frame", "slat", "rung", "shelf", "headboard"), "wood"),
    **dict.fromkeys(("footboard", "drawer", "door panel", "back rail", "ladder"), "wood"),
    **dict.fromkeys(("seat", "back", "arm", "cushion", "back cushion"), "cloth"),
    **dict.fromkeys(("mattress", "pillow", "blanket"), "linen"),
    **dict.fromkeys(("screen", "display", "window", "glass", "neck"), "glass"),
}
KINDS = ("boundary", "typical")
# Share of the parts that are not of their typical material, for kind "typical".
ODD = 0.15
# Spread of a part's tint from shape to shape, of a shape's light, and of single points.
TINT, LIGHT, GRAIN = 0.05, 0.15, 0.03


def paint(sample: Sample, kind: str, rng: np.random.Generator) -> Sample:
    """The sample with a simulated colour for each part, the same material all over a part.

    kind  "boundary": any material for any part, so that colours show where parts end and nothing else;
          "typical": mostly the material that parts of this name have, so that colours also say what a part is

    Both draw from the same materials, with the same noise. Points without a part have a colour each at random.
    Raises InputError for another kind.
    """
    if kind not in KINDS:
        raise InputError(f"unknown colours {kind!r}: use one of {', '.join(KINDS)}")
    parts = [_part_color(part.name, kind, rng) for part in sample.parts]
    table = np.array([*parts, (0.0, 0.0, 0.0)])
    colors = table[sample.labels]
    stray = sample.labels == -1
    colors[stray] = rng.random((int(stray.sum()), 3))
    light = 1 - LIGHT * rng.random()
    colors = light * colors + rng.normal(0, GRAIN, colors.shape)
    return replace(sample, colors=np.clip(colors, 0, 1).astype(np.float32))


def _part_color(name: str, kind: str, rng: np.random.Generator) -> Float32[np.ndarray, "3"]:
    """One tint of the part's material, a little off."""
    odd = kind == "boundary" or rng.random() < ODD or name not in TYPICAL
    material = str(rng.choice(list(MATERIALS))) if odd else TYPICAL[name]
    tints = MATERIALS[material]
    tint = np.array(tints[int(rng.integers(len(tints)))])
    return (tint + rng.normal(0, TINT, 3)).astype(np.float32)
