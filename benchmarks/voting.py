"""How voting was chosen: agreement and largest piece on the training objects, then what that does to the val objects.

    python benchmarks/voting.py --objects FOLDER     writes benchmarks/results/voting.json

IoU by surface area as in ladder.py. "Hurt" and "helped" count objects whose IoU changes by more than two points.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from unittest.mock import patch

import numpy as np
from ladder import area_iou
from machine import save

from partwise import Segmenter, Shape, voting
from partwise.datasets.objects import RealObjects

NOTICED = 0.02


def main() -> None:
    """Try every pair of numbers on both splits, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=Path, required=True)
    arguments = parser.parse_args()
    segmenter = Segmenter.from_pretrained()
    tried = [("none", 1.0, 1.0), *product(("components", "regions"), (0.5, 0.6, 0.75, 0.85), (0.3, 0.5, 1.0))]
    result: dict[str, list] = {}
    for split in ("train", "val"):
        objects = RealObjects(arguments.objects, split)
        iou = np.array([one_object(segmenter, objects, index, tried) for index in range(len(objects))])
        change = iou - iou[:, :1]
        result[split] = [
            {
                "voting": kind,
                "agreement": agreement,
                "largest": largest,
                "miou": float(iou[:, column].mean()),
                "hurt": int((change[:, column] < -NOTICED).sum()),
                "helped": int((change[:, column] > NOTICED).sum()),
            }
            for column, (kind, agreement, largest) in enumerate(tried)
        ]
        for row in result[split]:
            print(split, *row.values())
    save("voting", {"model": segmenter.record.name, "sha256": segmenter.record.sha256, **result})


def one_object(segmenter: Segmenter, objects: RealObjects, index: int, tried: list) -> list[float]:
    """IoU of one object under each of the votings, from one look at it."""
    surface, names = objects.surface(index), [part.name for part in objects.parts(index)]
    shape = Shape.read(objects.root / objects.rows[index]["path"], up="y")
    corners = shape.points[shape.faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    look, truth = segmenter.look(shape), surface.face_part.astype(np.int64)
    scores = []
    for kind, agreement, largest in tried:
        with patch.object(voting, "AGREEMENT", agreement), patch.object(voting, "LARGEST", largest):
            answer = segmenter.segment(look, names, voting=kind)
        scores.append(area_iou(answer.face_labels, truth, area, len(names)))
    return scores


if __name__ == "__main__":
    main()
