"""Which affordance head carries over to categories that it has not met: a few arms on the same encoded shapes.

    python scripts/afford_experiments.py      writes benchmarks/results/afford_experiments.json

The encoder is frozen, so batches pass it once and every arm trains on them. A fifth of the training categories is set
aside to choose by; the held-out categories of the world stay out of it. The encoder itself has met the ones set aside,
so figures here compare arms and say nothing about new categories.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from partwise import Segmenter
from partwise.datasets.procedural import ProceduralShapes, training_categories
from partwise.datasets.world.surface import Scan
from partwise.evaluate.heat import evaluate_heat, mean_heat, offer_auc
from partwise.models.las import Las, Seen, seen_by
from partwise.models.pointalign3d import PointAlign3D
from partwise.train import afford as recipe

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

QUIET = {"word_noise": 0.0, "shape_noise": 0.0}
TRANSFORMER = {"layers": 1, "width": 64, "feedforward": 128, "heads": 4, "head_width": 32, "dropout": 0.2}
ARMS = {
    "product": ({}, {**QUIET, "share_weight": 0.0}),
    "product, noise": ({}, {"share_weight": 0.0}),
    "product, noise, share loss (shipped)": ({}, {}),
    "product, twice the shape noise, share loss": ({}, {"shape_noise": 2.0}),
    "product and one layer": (TRANSFORMER, {**QUIET, "share_weight": 0.0}),
    "product and one layer, noise, share loss": (TRANSFORMER, {}),
    "one layer alone, noise, share loss": ({**TRANSFORMER, "direct": 0}, {}),
}


def encoded(
    config: recipe.AffordConfig, segmenter: Segmenter, categories: tuple[str, ...]
) -> list[tuple[Seen, recipe.Batch]]:
    """The batches of a run on these categories, each with what the encoder saw, in half precision."""
    encoder = segmenter.model
    assert isinstance(encoder, PointAlign3D), "the model needs a point decoder"
    scan = Scan(points=config.points, kind="mixed")
    world = ProceduralShapes(config.seed, categories, scan, config.steps * config.batch)
    sources, kept = replace(recipe.Sources.of(config, segmenter), world=world), []
    for step in range(config.steps):
        batch = recipe.make_batch(config, sources, step)
        with torch.no_grad():
            seen = seen_by(encoder(batch.points, config.answered))
        assert seen.vectors is not None, "a point decoder gives vectors"
        kept.append((replace(seen, tokens=seen.tokens.half(), vectors=seen.vectors.half()), batch))
    return kept


class Kept(torch.nn.Module):
    """In the encoder's place: what it saw of each batch."""

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        assert seen.vectors is not None, "a point decoder gives vectors"
        self.seen = replace(seen, tokens=seen.tokens.float(), vectors=seen.vectors.float())

    def forward(self, points: torch.Tensor, answered: int) -> Seen:
        """The same again."""
        return self.seen


def main() -> None:
    """Encode once, train and ask every arm, print and save."""
    from machine import save

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=recipe.SMALL.steps)
    parser.add_argument("--shapes", type=int, default=36, help="asked about on each side")
    arguments = parser.parse_args()
    segmenter = Segmenter.from_pretrained(head=False)
    config = replace(recipe.SMALL, steps=arguments.steps, answered=256)
    order = np.random.default_rng(5).permutation(training_categories()).tolist()
    aside, used = tuple(order[: len(order) // 5]), tuple(order[len(order) // 5 :])
    batches = encoded(config, segmenter, used)
    scan = Scan(points=config.points, kind="mixed")
    sides = {
        name: list(ProceduralShapes(config.seed + recipe.APART, categories, scan, arguments.shapes))
        for name, categories in (("used", used), ("set aside", aside))
    }
    result: dict[str, object] = {"steps": config.steps, "updates": config.updates, "set aside": list(aside)}
    for arm, (sizes, changes) in ARMS.items():
        settings = replace(config, head=replace(config.head, **sizes), **changes)
        torch.manual_seed(settings.seed)
        head, start = Las(settings.head), time.process_time()
        optimizer = torch.optim.AdamW(head.parameters(), lr=settings.rate, weight_decay=settings.weight_decay)
        for step, (seen, batch) in enumerate(batches):
            recipe.train_step(head, Kept(seen), batch, optimizer, settings, step)
        spent, row = time.process_time() - start, {}
        for name, samples in sides.items():
            scores, offers = evaluate_heat(recipe.with_head(segmenter, head, 0.0), samples, priors=False)
            found = mean_heat(scores)
            row[name] = {"sim": found["sim"], "aiou": found["aiou"], "offered or not": offer_auc(offers)}
            result[f"uniform, {name}"] = mean_heat(scores, "uniform")
        result[arm] = {**row, "training seconds": spent}
        print(f"{arm:<46}", result[arm], flush=True)
    save("afford_experiments", result)


if __name__ == "__main__":
    main()
