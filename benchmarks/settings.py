"""The default's fast and sharp settings against the official-size encoder, in one run.

    python benchmarks/settings.py     writes benchmarks/results/settings.json

Whole `segment` calls on a cloud of 10,000 points and on a mesh, five phrases in the text bank, with and without votes.
The rounds are interleaved, so that whatever else the machine does falls on all alike; wall time on all cores, and
processor time of all threads. The official-size encoder has random weights and a folded tokenizer, and no votes.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

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
OFFICIAL = "official size, 2,048 points"
SETTINGS = {
    "640 points": {"points": 640, "draws": 1},
    "fast, 768 points": {"points": 768, "draws": 1},
    "fast, 768 points, no votes": {"points": 768, "draws": 1, "voting": "none"},
    "1,536 points, one draw": {"points": 1536, "draws": 1},
    "sharp, 1,536 points, two draws": {"points": 1536},
    "sharp, no votes": {"points": 1536, "voting": "none"},
}


def main() -> None:
    """Time the rounds, print, save."""
    small = Segmenter.from_pretrained()
    torch.manual_seed(0)
    model = PatchAlign3D(PatchAlign3DConfig(text_width=384)).eval().requires_grad_(False)
    official = Segmenter(with_runtime(model, "torch", "random", "."), small.embedder, SegmenterConfig())
    chair = next(iter(ProceduralShapes(0, ("chair",), Scan(points=10_000), length=1, heat=False)))
    shapes = {
        "cloud of 10,000 points": Shape.of(chair.points, up="y"),
        "car.glb": Shape.read(Path(__file__).parent.parent / "examples" / "objects" / "car.glb"),
    }
    result: dict[str, dict] = {}
    for title, shape in shapes.items():
        works = {OFFICIAL: partial(official.segment, shape, PHRASES)}
        works |= {
            name: partial(small.segment, shape, PHRASES, **options) for name, options in SETTINGS.items()
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
        for turn in range(ROUNDS + 1):
            for name, work in works.items():
                start = time.perf_counter(), time.process_time()
                work()
                if turn:  # the first round warms up
                    taken[name].append((time.perf_counter() - start[0], time.process_time() - start[1]))
        medians = {name: 1000 * np.median(values, axis=0) for name, values in taken.items()}
        result[title] = {}
        for name, (wall, processor) in medians.items():
            share = medians[name] / medians[OFFICIAL]
            print(
                f"{title:<24} {name:<30} {wall:6.1f} ms {processor:6.1f} ms of processor time, "
                f"{share[0]:.2f} and {share[1]:.2f} of the official size"
            )
            result[title][name] = {"ms": wall, "processor_ms": processor, "of_official": share.tolist()}
    save(
        "settings",
        {"unit": "ms, median", "rounds": ROUNDS, "points_of_mesh": len(shapes["car.glb"].points), **result},
    )


if __name__ == "__main__":
    main()
