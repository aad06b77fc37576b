"""Votes of clouds: smooth answers against superpoints that vote, by accuracy and by time.

    python benchmarks/superpoints.py --objects FOLDER     writes benchmarks/results/superpoints.json

Category means of IoU of clouds of 10,000 points, as they are and turned at random, with 768 and 1,536 anchors, and with
512 points, noise and one side, with 1,536; every third training object, where the numbers in partwise.smoothing were
chosen, and all of val. Time: the best of a few ballots on the first cloud, one thread each. Superpoints, the former
way, join near points whose normals hardly differ, and take one answer where they hold a few anchors that agree.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from machine import best_seconds, save
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from partwise import Segmenter, Shape
from partwise.anchors import Anchors
from partwise.datasets.objects import RealObjects
from partwise.datasets.world.surface import Scan
from partwise.evaluate.conditions import CONDITIONS
from partwise.evaluate.parts import evaluate_parts, mean_scores
from partwise.points import normals_from
from partwise.voting import Ballot, cloud_ballot

POINTS = 10_000
STRIDE = {"train": 3, "val": 1}
ANCHORS = (768, 1536)
NEIGHBOURS, LINKS, REACH, BEND_DEGREES = 12, 6, 2.0, 15.0
LEAST_ANCHORS, AGREEMENT = 4, 0.75


def superpoints(points: np.ndarray) -> np.ndarray:
    """The superpoint of each point: its nearest neighbours whose normals, from a dozen of them, hardly differ."""
    distance, index = cKDTree(points).query(points, k=NEIGHBOURS)
    normal = normals_from(points, index)
    a, b = np.repeat(np.arange(len(points)), LINKS), index[:, :LINKS].reshape(-1)
    close = distance[:, :LINKS].reshape(-1) <= REACH * np.median(distance[:, LINKS])
    smooth = np.abs((normal[a] * normal[b]).sum(axis=1)) > np.cos(np.deg2rad(BEND_DEGREES))
    linked = a[close & smooth], b[close & smooth]
    links = csr_array((np.ones(len(linked[0])), linked), shape=(len(points), len(points)))
    return connected_components(links, directed=False)[1]


def by_superpoints(shape: Shape, anchors: Anchors, values: np.ndarray) -> Ballot:
    """A ballot in which superpoints with enough anchors that agree take their mean."""
    piece = superpoints(shape.points)
    of_anchor, count = piece[anchors.place], int(piece.max()) + 1
    held = np.bincount(of_anchor, minlength=count)
    mean = np.zeros((count, values.shape[1]), dtype=np.float32)
    np.add.at(mean, of_anchor, values)
    mean /= np.maximum(held, 1)[:, None]
    same = values.argmax(axis=1) == mean.argmax(axis=1)[of_anchor]
    agreement = np.bincount(of_anchor, same, minlength=count) / np.maximum(held, 1)
    votes = (held >= LEAST_ANCHORS) & (agreement >= AGREEMENT)
    row = np.full(count, -1, dtype=np.int32)
    row[votes] = len(values) + np.arange(int(votes.sum()))
    own = np.where(votes[of_anchor], row[of_anchor], np.arange(len(values)))
    led = replace(anchors, points=anchors.points.led(row[piece]))
    return Ballot(led, np.concatenate([values, mean[votes]]), own)


WAYS: dict[str, Callable[[Shape, Anchors, np.ndarray], Ballot] | None] = {
    "no votes": None,
    "superpoints vote": by_superpoints,
    "smooth answers": cloud_ballot,
}


def main() -> None:
    """Score each way on both splits, time it, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=Path, required=True)
    parser.add_argument("--model", default="partwise-small")
    arguments = parser.parse_args()
    segmenter = Segmenter.from_pretrained(arguments.model, head=False)
    silent = Segmenter(
        segmenter.model, segmenter.embedder, replace(segmenter.config, voting="none", balance=0.0)
    )
    turned = [c for c in CONDITIONS if c.name in ("as is", "random rotation")]
    spoiled = [c for c in CONDITIONS if c.name in ("512 points", "noise 1 %", "one-sided")]
    asked_for = [(points, c) for points in ANCHORS for c in turned] + [(ANCHORS[-1], c) for c in spoiled]
    result: dict[str, dict] = {}
    for split, stride in STRIDE.items():
        objects = RealObjects(arguments.objects, split, scan=Scan(points=POINTS, kind="cad"))
        samples = [objects[index] for index in range(0, len(objects), stride)]
        for title, way in WAYS.items():
            asked = silent if way is None else segmenter
            with patch("partwise.voting.cloud_ballot", way):
                scores = {
                    f"{points} anchors, {condition.name}": mean_scores(
                        evaluate_parts(asked, samples, condition, points=points)
                    ).category
                    for points, condition in asked_for
                }
            result.setdefault(title, {})[split] = {"objects": len(samples), **scores}
            print(split, title, *(f"{100 * score:.1f}" for score in scores.values()), flush=True)
    torch.set_num_threads(1)
    look = segmenter.look(Shape.of(samples[0].points, up="y"))
    values = np.random.default_rng(0).normal(0, 0.1, (len(look.anchors.place), 5)).astype(np.float32)
    for title, way in WAYS.items():
        if way is not None:
            result[title]["ms"] = 1000 * best_seconds(partial(way, look.shape, look.anchors, values), 30)
            print(title, f"{result[title]['ms']:.1f} ms for five phrases")
    save("superpoints", {"model": segmenter.record.name, "sha256": segmenter.record.sha256, **result})


if __name__ == "__main__":
    main()
