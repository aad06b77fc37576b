"""Superpoints of clouds: cells of a grid against neighbours of every point, by what votes gain and by time.

    python benchmarks/superpoints.py --objects FOLDER     writes benchmarks/results/superpoints.json

Category means of IoU of clouds of 10,000 points, as they are and turned at random, in both settings of the default;
every third training object, where the numbers in partwise.pieces were chosen, and all of val. Time: the best of a few
runs on the first cloud, one thread each.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from machine import best_seconds, save
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from partwise import Segmenter
from partwise.datasets.objects import RealObjects
from partwise.datasets.world.surface import Scan
from partwise.evaluate.conditions import CONDITIONS
from partwise.evaluate.parts import evaluate_parts, mean_scores
from partwise.pieces import BEND_DEGREES, cloud_pieces
from partwise.points import normals_from

POINTS = 10_000
STRIDE = {"train": 3, "val": 1}
ANCHORS = (768, 1536)
NEIGHBOURS, LINKS, REACH = 12, 6, 2.0


def by_neighbours(points: np.ndarray) -> np.ndarray:
    """The superpoint of each point: its nearest neighbours whose normals, from a dozen of them, hardly differ."""
    distance, index = cKDTree(points).query(points, k=NEIGHBOURS)
    normal = normals_from(points, index)
    a, b = np.repeat(np.arange(len(points)), LINKS), index[:, :LINKS].reshape(-1)
    close = distance[:, :LINKS].reshape(-1) <= REACH * np.median(distance[:, LINKS])
    smooth = np.abs((normal[a] * normal[b]).sum(axis=1)) > np.cos(np.deg2rad(BEND_DEGREES))
    linked = a[close & smooth], b[close & smooth]
    links = csr_matrix((np.ones(len(linked[0])), linked), shape=(len(points), len(points)))
    return connected_components(links, directed=False)[1].astype(np.int32)


WAYS: dict[str, Callable[[np.ndarray], np.ndarray] | None] = {
    "no votes": None,
    "neighbours of points": by_neighbours,
    "cells of a grid": cloud_pieces,
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
    conditions = [c for c in CONDITIONS if c.name in ("as is", "random rotation")]
    result: dict[str, dict] = {}
    for split, stride in STRIDE.items():
        objects = RealObjects(arguments.objects, split, scan=Scan(points=POINTS, kind="cad"))
        samples = [objects[index] for index in range(0, len(objects), stride)]
        for title, way in WAYS.items():
            asked = silent if way is None else segmenter
            with patch("partwise.voting.cloud_pieces", way):
                scores = {
                    f"{points} anchors, {condition.name}": mean_scores(
                        evaluate_parts(asked, samples, condition, points=points)
                    ).category
                    for points in ANCHORS
                    for condition in conditions
                }
            result.setdefault(title, {})[split] = {"objects": len(samples), **scores}
            print(split, title, *(f"{100 * score:.1f}" for score in scores.values()), flush=True)
    cloud = samples[0].points.astype(np.float64)
    for title, way in WAYS.items():
        if way is not None:
            result[title]["ms"] = 1000 * best_seconds(lambda way=way: way(cloud), repeats=30)
            print(title, f"{result[title]['ms']:.1f} ms")
    save("superpoints", {"model": segmenter.record.name, "sha256": segmenter.record.sha256, **result})


if __name__ == "__main__":
    main()
