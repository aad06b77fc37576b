"""What smoothing and fading do to the heat of the shipped affordance head, on new shapes of its training categories.

    python benchmarks/heat_finish.py     writes benchmarks/results/heat_finish.json

"Cold" is the largest heat of actions that are called "not offered", in the mean over them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from machine import save

from partwise import Segmenter, Shape
from partwise.datasets.procedural import ProceduralShapes, training_categories
from partwise.datasets.sample import Sample
from partwise.datasets.world.surface import Scan
from partwise.encoders.actions import ACTIONS
from partwise.evaluate.heat import evaluate_heat, mean_heat
from partwise.models.finish import FADED

SEED = 2_100_011
FINISHES = {
    "plain sigmoids": None,
    "faded": replace(FADED, own=None),
    "smoothed and faded, as it ships": FADED,
}


def coldness(segmenter: Segmenter, samples: list[Sample]) -> float:
    """Mean over actions that are called "not offered" of their largest heat."""
    largest: list[float] = []
    for sample in samples:
        maps = segmenter.afford(Shape.of(sample.points, up="y"), list(ACTIONS))
        largest += maps.heat[:, ~maps.offered].max(axis=0).tolist()
    return float(np.mean(largest))


def main() -> None:
    """Score every finish, print, save."""
    segmenter = Segmenter.from_pretrained("partwise-small")
    assert segmenter.head is not None
    seen = training_categories()
    samples = list(ProceduralShapes(SEED, seen, Scan(points=2048, kind="mixed"), len(seen)))
    rows: dict[str, dict[str, float]] = {}
    for name, finish in FINISHES.items():
        segmenter.head = replace(segmenter.head, finish=finish)
        rows[name] = mean_heat(evaluate_heat(segmenter, samples, priors=False)[0])
        rows[name]["cold"] = coldness(segmenter, samples)
        print(f"{name:<34}" + "  ".join(f"{key} {value:.3f}" for key, value in rows[name].items()))
    save("heat_finish", {"model": segmenter.record.sha256, "shapes": len(samples), "finishes": rows})


if __name__ == "__main__":
    main()
