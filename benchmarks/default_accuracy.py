"""Accuracy of the shipped default: the tables of its model card.

    python benchmarks/default_accuracy.py --objects FOLDER     writes benchmarks/results/default_accuracy.json

Three sets, asked for their plain part names, all points scored: (a) procedural shapes of training categories with
seeds that were never trained on, (b) procedural categories that were never trained on, (c) real objects, the val split
of FOLDER. Each under the conditions of partwise.evaluate.parts, with the answers "largest part everywhere" and
"random" beside ours.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from machine import save

from partwise import Segmenter
from partwise.datasets.objects import RealObjects
from partwise.datasets.procedural import HELD_OUT, ProceduralShapes, training_categories
from partwise.datasets.world.surface import Scan
from partwise.evaluate.parts import CONDITIONS, evaluate_parts, mean_scores
from partwise.metrics.uncertainty import reliability

POINTS = 10_000
SEED_NEVER_TRAINED_ON = 1_000_003


def sets(objects: Path, each: int, held_out: Sequence[str]) -> dict[str, list]:
    """The labelled samples of each set."""
    scan = Scan(points=POINTS, kind="mixed")
    seen = training_categories()
    held = ProceduralShapes(SEED_NEVER_TRAINED_ON, seen, scan, length=len(seen) * each, heat=False)
    unseen = ProceduralShapes(SEED_NEVER_TRAINED_ON, held_out, scan, len(held_out) * each * 5, heat=False)
    real = RealObjects(objects, split="val", least_names=2, scan=Scan(points=POINTS, kind="cad"))
    return {"held-out seeds": list(held), "held-out categories": list(unseen), "real objects": list(real)}


def main() -> None:
    """Evaluate, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=Path, required=True)
    parser.add_argument("--model", default="partwise-small")
    parser.add_argument("--each", type=int, default=2, help="shapes of each training category")
    parser.add_argument(
        "--held-out", nargs="+", default=HELD_OUT, help="categories that this model never met"
    )
    parser.add_argument("--name", default="default_accuracy", help="of the result file")
    arguments = parser.parse_args()
    segmenter = Segmenter.from_pretrained(arguments.model)
    settings = {"fast": segmenter.config.points, "sharp": 2 * segmenter.config.points}
    result: dict[str, object] = {
        "model": segmenter.record.name,
        "sha256": segmenter.record.sha256,
        "sets": {},
    }
    for name, samples in sets(arguments.objects, arguments.each, arguments.held_out).items():
        table: dict[str, dict] = {}
        for setting, points in settings.items():
            for condition in CONDITIONS if setting == "fast" else CONDITIONS[:3]:
                scores = evaluate_parts(segmenter, samples, condition, points=points)
                mean = mean_scores(scores)
                row = {"instance": mean.instance, "category": mean.category, "shapes": mean.shapes}
                row |= {"largest": mean.largest, "random": mean.random}
                if condition.name == "as is":
                    row["by_category"] = mean.by_category
                    row["by_part"] = part_means(scores)
                table[f"{setting}, {condition.name}"] = row
                print(
                    f"{name:<20} {setting:<5} {condition.name:<16} mIoU {100 * mean.instance:5.1f}  "
                    f"cIoU {100 * mean.category:5.1f}  largest {100 * mean.largest:5.1f}  "
                    f"random {100 * mean.random:5.1f}  ({mean.shapes} shapes)",
                    flush=True,
                )
        result["sets"][name] = table
        curve = reliability(*confidences(segmenter, samples))
        result["sets"][name]["calibration"] = {
            key: np.asarray(value).tolist() for key, value in vars(curve).items() if value is not None
        }
    save(arguments.name, result)


def part_means(scores: list) -> dict[str, float]:
    """Mean IoU of every part name, over the shapes that have it."""
    found: dict[str, list[float]] = {}
    for score in scores:
        for phrase, iou in zip(score.phrases, score.iou, strict=True):
            found.setdefault(phrase, []).append(iou)
    return {phrase: float(np.mean(values)) for phrase, values in sorted(found.items())}


def confidences(segmenter: Segmenter, samples: list) -> tuple[np.ndarray, np.ndarray]:
    """Confidence and correctness of every named point."""
    from partwise import Shape

    confidence, correct = [], []
    for sample in samples:
        present = np.unique(sample.labels[sample.labels >= 0])
        if len(present) < 2:
            continue
        answer = segmenter.segment(Shape.of(sample.points, up="y"), [sample.parts[i].name for i in present])
        named = sample.labels >= 0
        confidence.append(answer.confidence[named])
        correct.append(present[answer.labels[named]] == sample.labels[named])
    return np.concatenate(confidence), np.concatenate(correct)


if __name__ == "__main__":
    main()
