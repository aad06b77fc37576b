"""The default's fast and sharp settings against the official-size encoder, in one run.

    python benchmarks/settings.py     writes benchmarks/results/settings.json

Whole `segment` calls on a cloud of 10,000 points, five phrases in the text bank; the rounds are interleaved, so that
whatever else the machine does falls on all alike. The official-size encoder has random weights and 384-wide text.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from machine import save

from partwise import Segmenter, Shape
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.world.surface import Scan
from partwise.models.patchalign3d import PatchAlign3D, PatchAlign3DConfig
from partwise.models.runtime import with_runtime
from partwise.predict import SegmenterConfig

PHRASES = ["seat", "back", "leg", "handle", "body"]
ROUNDS = 25


def main() -> None:
    """Time the rounds, print, save."""
    small = Segmenter.from_pretrained()
    torch.manual_seed(0)
    model = PatchAlign3D(PatchAlign3DConfig(text_width=384)).eval().requires_grad_(False)
    official = Segmenter(with_runtime(model, "torch", "random", "."), small.embedder, SegmenterConfig())
    chair = next(iter(ProceduralShapes(0, ("chair",), Scan(points=10_000), length=1, heat=False)))
    shape = Shape.of(chair.points, up="y")
    works = {
        "official size, 2,048 points": lambda: official.segment(shape, PHRASES),
        "fast, 2,048 points": lambda: small.segment(shape, PHRASES),
        "sharp, 4,096 points": lambda: small.segment(shape, PHRASES, points=4096),
    }
    taken: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(ROUNDS + 1):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            if turn:  # the first round warms up
                taken[name].append(1000 * (time.perf_counter() - start))
    medians = {name: float(np.median(values)) for name, values in taken.items()}
    whole = medians["official size, 2,048 points"]
    for name, median in medians.items():
        print(f"{name:<30} {median:7.1f} ms  {median / whole:.2f} of the official size")
    save("settings", {"unit": "ms, median", **medians})


if __name__ == "__main__":
    main()
