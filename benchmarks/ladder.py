"""The ladder from patches to points: what each rung can reach, reaches, and costs.

    python benchmarks/ladder.py --objects FOLDER     writes benchmarks/results/ladder.json

On the meshes of the val split of FOLDER that have two or more named parts, asked for these names; IoU by surface area,
mean over parts, then over objects. Ceilings carry perfect labels over to the faces; the other rungs are the model's.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from machine import save

from partwise import Segmenter, Shape
from partwise.datasets.objects import RealObjects
from partwise.layers.patches import group
from partwise.points import nearest_assignment, sample_surface


def area_iou(found: np.ndarray, truth: np.ndarray, area: np.ndarray, count: int) -> float:
    """Mean over parts of the IoU by area; faces without a name do not count."""
    named = truth >= 0
    found, truth, area = found[named], truth[named], area[named]
    either = [area[(found == k) | (truth == k)].sum() for k in range(count)]
    both = [area[(found == k) & (truth == k)].sum() for k in range(count)]
    return float(np.mean([b / e for b, e in zip(both, either, strict=True) if e > 0]))


def ceilings(shape: Shape, truth: np.ndarray, count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Face labels from perfect labels on patches and on sampled points, carried over by the nearest."""
    middle = shape.points[shape.faces].mean(axis=1)
    result = {}
    for points, patches in ((2048, 128), (8192, 512)):
        xyz, face, _ = sample_surface(shape.points, shape.faces, points, rng)
        own = truth[face]
        result[f"perfect labels on {points} points"] = own[nearest_assignment(middle, xyz)]
        found = group(torch.from_numpy(xyz).float()[None], patches, 32, "plain")
        votes = np.stack([np.bincount(row[row >= 0], minlength=count) for row in own[found.index[0].numpy()]])
        centers = found.centers[0].numpy().astype(np.float64)
        result[f"perfect labels on {patches} patches"] = votes.argmax(axis=1)[
            nearest_assignment(middle, centers)
        ]
    return result


def main() -> None:
    """Measure every rung, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=Path, required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--model", default="partwise-small")
    parser.add_argument("--name", default="ladder", help="of the result file")
    arguments = parser.parse_args()
    segmenter = Segmenter.from_pretrained(arguments.model)
    objects = RealObjects(arguments.objects, arguments.split)
    rungs: dict[str, dict] = {
        "patches": {"propagation": "nearest", "voting": "none"},
        "decoder": {"voting": "none"},
        "decoder + components": {"voting": "components"},
        "decoder + regions": {"voting": "regions"},
        "decoder, 4,096 points": {"points": 4096, "voting": "none"},
        "decoder, 4,096 points + components": {"points": 4096, "voting": "components"},
    }
    iou: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for index in range(len(objects)):
        surface, parts = objects.surface(index), objects.parts(index)
        shape = Shape.read(objects.root / objects.rows[index]["path"], up="y")
        corners = shape.points[shape.faces]
        area = (
            np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
        )
        truth, names = surface.face_part.astype(np.int64), [part.name for part in parts]
        for rung, labels in ceilings(shape, truth, len(names), np.random.default_rng(index)).items():
            iou.setdefault(rung, []).append(area_iou(labels, truth, area, len(names)))
        iou.setdefault("largest part everywhere", []).append(
            area_iou(
                np.full(len(truth), np.bincount(truth[truth >= 0], area[truth >= 0]).argmax()),
                truth,
                area,
                len(names),
            )
        )
        for rung, options in rungs.items():
            start = time.perf_counter()
            answer = segmenter.segment(shape, names, **options)
            seconds.setdefault(rung, []).append(time.perf_counter() - start)
            iou.setdefault(rung, []).append(area_iou(answer.face_labels, truth, area, len(names)))
    result = {"objects": len(objects), "split": arguments.split, "rungs": {}}
    for rung, values in iou.items():
        took = f"{1000 * np.median(seconds[rung]):7.1f} ms" if rung in seconds else ""
        print(f"{rung:<40} {100 * np.mean(values):5.1f} {took}")
        result["rungs"][rung] = {
            "miou": float(np.mean(values)),
            "median_ms": 1000 * float(np.median(seconds[rung])) if rung in seconds else None,
        }
    save(arguments.name, {"model": segmenter.record.name, "sha256": segmenter.record.sha256, **result})


if __name__ == "__main__":
    main()
