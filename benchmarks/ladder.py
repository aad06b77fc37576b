"""The ladder from patches to points: what each rung can reach, reaches, and costs.

    python benchmarks/ladder.py --objects FOLDER     writes benchmarks/results/ladder.json

On the meshes of the val split of FOLDER that have two or more named parts, asked for these names; IoU by surface area,
mean over parts, then over objects. Ceilings carry perfect labels over to the faces; the other rungs are the model's.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from machine import save

from partwise import Segmenter, Shape
from partwise.datasets.objects import RealObjects
from partwise.evaluate.meshes import area_iou, face_areas
from partwise.layers.patches import group
from partwise.points import nearest_assignment, sample_surface


def ceilings(shape: Shape, truth: np.ndarray, count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Face labels from perfect labels on patches and on sampled points, carried over by the nearest."""
    middle = shape.points[shape.faces].mean(axis=1)
    result = {}
    for points, patches in ((1536, 96), (2048, 128), (8192, 512)):
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


# Name -> what differs from the settings that the weights come with, and options of the call.
PLAIN = {"even": 0.0, "draws": 1}
RUNGS: dict[str, tuple[dict, dict]] = {
    "patches": (PLAIN | {"propagation": "nearest"}, {"voting": "none"}),
    "decoder": (PLAIN, {"voting": "none"}),
    "decoder + pieces, no balance": (PLAIN | {"balance": 0.0}, {"voting": "pieces"}),
    "decoder + components": (PLAIN, {"voting": "components"}),
    "decoder + regions": (PLAIN, {"voting": "regions"}),
    "decoder + pieces": (PLAIN, {"voting": "pieces"}),
    "decoder + matched pieces": (PLAIN, {"voting": "matched"}),
    "decoder, small pieces dense": ({"draws": 1}, {"voting": "none"}),
    "as it comes, one draw": ({"draws": 1}, {}),
    "as it comes": ({}, {}),
    "decoder, 768 points": (PLAIN, {"points": 768, "voting": "none"}),
    "as it comes, 768 points, one draw": ({"draws": 1}, {"points": 768}),
    "decoder, 2,048 points": (PLAIN, {"points": 2048, "voting": "none"}),
    "as it comes, 2,048 points": ({}, {"points": 2048}),
    "decoder, 4,096 points": (PLAIN, {"points": 4096, "voting": "none"}),
    "as it comes, 4,096 points": ({}, {"points": 4096}),
}


def main() -> None:
    """Measure every rung, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=Path, required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--model", default="partwise-small")
    parser.add_argument("--name", default="ladder", help="of the result file")
    arguments = parser.parse_args()
    segmenter = Segmenter.from_pretrained(arguments.model, head=False)
    objects = RealObjects(arguments.objects, arguments.split)
    iou: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for index in range(len(objects)):
        surface, names = objects.surface(index), [part.name for part in objects.parts(index)]
        shape = Shape.read(objects.root / objects.rows[index]["path"], up="y")
        area, truth = face_areas(shape), surface.face_part.astype(np.int64)
        answers = ceilings(shape, truth, len(names), np.random.default_rng(index))
        largest = np.bincount(truth[truth >= 0], area[truth >= 0]).argmax()
        answers["largest part everywhere"] = np.full(len(truth), largest)
        for rung, (changes, options) in RUNGS.items():
            asked = Segmenter(segmenter.model, segmenter.embedder, replace(segmenter.config, **changes))
            start = time.perf_counter()
            answer = asked.segment(shape, names, **options)
            seconds.setdefault(rung, []).append(time.perf_counter() - start)
            answers[rung] = answer.face_labels.astype(np.int64)
        for rung, labels in answers.items():
            iou.setdefault(rung, []).append(np.nanmean(area_iou(labels, truth, area, len(names))))
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
