"""How voting, balance, even sampling and the number of points were chosen: on the training objects, then on val.

    python benchmarks/voting.py --objects FOLDER     writes benchmarks/results/voting.json

Category means of IoU by area on the files as they are and turned at random, of all training objects and of all of val.
"Absent" asks for two more phrases that the object does not have. "Hurt" and "helped" count objects whose IoU changes by
more than two points against no votes. All in one draw of the points, whatever the weights say.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from machine import save

import partwise.voting
from partwise import Segmenter, Shape
from partwise.datasets.objects import RealObjects
from partwise.evaluate.meshes import area_iou, face_areas
from partwise.points import random_rotation
from partwise.voting import ELSEWHERE

NOTICED = 0.02
# Voting, balance, even, points.
STRENGTHS = (0.35, 0.5, 0.65)
SHIPPED = ("matched", 0.5, 0.4, 1536)
SETTINGS = (
    ("none", 0.0, 0.0, 2048),
    *((voting, strength, 0.0, 2048) for voting in ("components", "regions") for strength in (0.0, 0.5)),
    *((voting, strength, 0.0, 2048) for voting in ("pieces", "matched") for strength in (0.0, *STRENGTHS)),
    *(("none", 0.0, even, 2048) for even in (0.25, 0.4, 0.5)),
    *(("matched", strength, even, 2048) for even in (0.25, 0.4, 0.5) for strength in STRENGTHS),
    *(("matched", strength, 0.4, points) for points in (1024, 1536) for strength in STRENGTHS),
)
# Each of them, and the one that ships with other steps down for what has a piece of its own.
TRIED = (*((setting, ELSEWHERE) for setting in SETTINGS), *((SHIPPED, less) for less in (0.0, 0.5, 2.0, 4.0)))
# Plain words for parts; those that an object has are not asked as absent ones.
OTHERS = (
    "wheel",
    "handle",
    "lid",
    "door",
    "window",
    "leg",
    "seat",
    "drawer",
    "blade",
    "button",
    "spout",
    "shelf",
)
SPLITS = ("train", "val")


def main() -> None:
    """Try every setting on both splits, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=Path, required=True)
    parser.add_argument("--model", default="partwise-small")
    arguments = parser.parse_args()
    segmenter = Segmenter.from_pretrained(arguments.model, head=False)
    result: dict[str, list] = {}
    for split in SPLITS:
        objects = RealObjects(arguments.objects, split)
        categories = [row["category"] for row in objects.rows]
        iou = np.array([one_object(segmenter, objects, index) for index in range(len(objects))])
        assert iou.shape == (len(objects), len(TRIED), 3)
        change = iou[..., 0] - iou[:, :1, 0]
        result[split] = [
            {
                "voting": voting,
                "balance": strength,
                "even": even,
                "points": points,
                "elsewhere": less,
                **dict(zip(("as_is", "turned", "absent"), by_category(iou[:, row], categories), strict=True)),
                "hurt": int((change[:, row] < -NOTICED).sum()),
                "helped": int((change[:, row] > NOTICED).sum()),
            }
            for row, ((voting, strength, even, points), less) in enumerate(TRIED)
        ]
        for line in result[split]:
            print(split, *line.values())
    save("voting", {"model": segmenter.record.name, "sha256": segmenter.record.sha256, **result})


def by_category(iou: np.ndarray, categories: list[str]) -> list[float]:
    """Mean over categories of their means, of each column."""
    groups = [iou[[c == name for c in categories]].mean(axis=0) for name in sorted(set(categories))]
    return np.mean(groups, axis=0).tolist()


def one_object(segmenter: Segmenter, objects: RealObjects, index: int) -> list[list[float]]:
    """Mean IoU of one object under each setting: as it is, turned, and asked for two parts too many."""
    shape = Shape.read(objects.root / objects.rows[index]["path"], up="y")
    truth = objects.surface(index).face_part.astype(np.int64)
    names, rng = [part.name for part in objects.parts(index)], np.random.default_rng(index)
    absent = [str(word) for word in rng.permutation(OTHERS) if word not in names][:2]
    turn = random_rotation(rng).astype(np.float64)
    turned = replace(shape, geometry=replace(shape.geometry, points=shape.points @ turn.T))
    area, scores, looks = face_areas(shape), [], {}
    for (voting, strength, even, points), less in TRIED:
        partwise.voting.ELSEWHERE = less
        config = replace(segmenter.config, voting=voting, balance=strength, even=even, draws=1)
        asked = Segmenter(segmenter.model, segmenter.embedder, config)
        if (even, points) not in looks:
            looks[even, points] = asked.look(shape, points=points), asked.look(turned, points=points)
        upright, fallen = looks[even, points]
        row = []
        for look, phrases in ((upright, names), (fallen, names), (upright, [*names, *absent])):
            found = asked.segment(look, phrases).face_labels.astype(np.int64)
            row.append(float(np.nanmean(area_iou(found, truth, area, len(phrases))[: len(names)])))
        scores.append(row)
    return scores


if __name__ == "__main__":
    main()
