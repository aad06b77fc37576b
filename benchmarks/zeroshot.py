"""The zero-shot segmenters around simulated towers on real objects: what the pipelines keep of what a tower knows.

    python benchmarks/zeroshot.py --objects FOLDER     writes benchmarks/results/zeroshot.json

No weights are in it: the simulated teacher knows the parts, adds noise, and forgets what is finer than its tokens. So
the figures bound what PointCLIP V2 and COPS lose by smoothing, clustering and naming; they say nothing of CLIP or
DINO. IoU by surface area as in ladder.py, mean over the val split.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
from machine import save

from partwise import Segmenter, Shape
from partwise.anchors import sample_anchors
from partwise.datasets.objects import RealObjects
from partwise.encoders.bank import PhraseEmbedder, TextBank
from partwise.evaluate.meshes import area_iou, face_areas
from partwise.lift.cameras import LAYOUTS
from partwise.lift.render import render_views, scene_of
from partwise.lift.simulated import SimulatedTeacher, SimulatedTower, name_embeddings
from partwise.lift.splat import CloudScene
from partwise.lifted.cops import COPS, COPSConfig
from partwise.lifted.pointclipv2 import PointCLIPv2, PointCLIPv2Config
from partwise.predict import SegmenterConfig

WIDTH, PATCH = 128, 16
# Length of the noise on tokens and on views of the tower with words; the tower without words has the teacher's own.
WORD_NOISE = (0.3, 2.0)
# Side of the window over which scores are averaged: of the release, and none.
SMOOTHING = (6, 1)


def main() -> None:
    """Score every object with every tower, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=Path, required=True)
    objects, rows = RealObjects(parser.parse_args().objects, "val"), []
    for index in range(len(objects)):
        rows.append(one_object(objects, index))
        print(
            objects.rows[index]["path"], {key: round(value, 3) for key, value in rows[-1].items()}, flush=True
        )
    means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
    print(f"mean of {len(rows)}:", {key: round(value, 3) for key, value in means.items()})
    save("zeroshot", {"towers": "simulated", "objects": len(rows), "mean": means})


def one_object(objects: RealObjects, index: int) -> dict[str, float]:
    """IoU of each pipeline at each noise and of two answers without a model; processor seconds of a segment call."""
    surface, names = objects.surface(index), [part.name for part in objects.parts(index)]
    shape = Shape.read(objects.root / objects.rows[index]["path"], up="y")
    truth, count = surface.face_part.astype(np.int64), len(names)
    area = face_areas(shape)
    rng = np.random.default_rng(index)
    words, looks = name_embeddings(count, WIDTH, rng), name_embeddings(count, WIDTH, rng)
    held = np.bincount(truth[truth >= 0], area[truth >= 0], minlength=count)
    row = {
        "random": mean_iou(rng.integers(0, count, len(truth)), truth, area, count),
        "largest part": mean_iou(np.full(len(truth), held.argmax()), truth, area, count),
    }
    for noise, smoothing in product(WORD_NOISE, SMOOTHING):
        pointclip = replace(PointCLIPv2Config.of("simulated"), smoothing=smoothing)
        for segmenter in segmenters(shape, truth, names, (words, looks), noise, pointclip):
            start, name = time.process_time(), type(segmenter.model).__name__
            found = segmenter.segment(shape, names).face_labels
            row[f"{name}, noise {noise}, window {smoothing}"] = mean_iou(found, truth, area, count)
            row[f"{name} seconds"] = time.process_time() - start
    return row


def mean_iou(found: np.ndarray, truth: np.ndarray, area: np.ndarray, count: int) -> float:
    """Mean over the parts of one object."""
    return float(np.nanmean(area_iou(found, truth, area, count)))


def segmenters(
    shape: Shape,
    truth: np.ndarray,
    names: list[str],
    spaces: tuple[np.ndarray, np.ndarray],
    noise: float,
    pointclip: PointCLIPv2Config,
) -> tuple[Segmenter, Segmenter]:
    """PointCLIP V2 around a tower with words, and COPS around it and a tower without; both know this shape alone."""
    words, looks = spaces
    cops = COPSConfig.of(pointclip, "simulated")
    anchors = sample_anchors(shape, 10_000, "unit_sphere", 0)  # which COPS draws
    cloud = CloudScene(Shape.of(anchors.original, up=shape.up), radius=cops.viewing.splats)
    speaks, sees = (
        SimulatedTower(teacher, render_views(scene, LAYOUTS[v.cameras](v.size)), labels)
        for teacher, scene, labels, v in (
            (SimulatedTeacher(words, PATCH, noise, noise), scene_of(shape), truth, pointclip.viewing),
            (SimulatedTeacher(looks, PATCH), cloud, truth[anchors.place], cops.viewing),
        )
    )
    embedder = PhraseEmbedder(TextBank(tuple(names), words.astype(np.float16), "simulated", "simulated"))
    naming = PointCLIPv2(pointclip, speaks)
    return (
        Segmenter(naming, embedder, SegmenterConfig(2048, propagation="points", temperature=0.01)),
        Segmenter(
            COPS(cops, sees, naming), embedder, SegmenterConfig(10_000, propagation="points", temperature=0.1)
        ),
    )


if __name__ == "__main__":
    main()
