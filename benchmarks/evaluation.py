"""What an evaluation costs besides the model: a pass over 2,874 mock ShapeNetPart shapes of 2,048 points.

    python benchmarks/evaluation.py            prints, writes benchmarks/results/evaluation.json
    python benchmarks/evaluation.py --every 1  asks the model about every shape instead of every 48th

The mock has the categories and counts of the official test split, points on boxes, and labels in runs; it is converted
and read as the real set is. The harness goes through all shapes with an answer that costs nothing: reading, questions,
counting, the log that survives a kill, figures with their intervals. The default model answers every 48th shape in the
same run. Times are processor time, so that other work on the machine disturbs them less; the share is per shape.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from machine import save
from metrics_speed import CATEGORIES, POINTS

from partwise import Segmenter
from partwise.datasets.converted import write_converted
from partwise.datasets.converted_item import Item
from partwise.datasets.manifest import Manifest
from partwise.datasets.shapenetpart_names import NAMES
from partwise.evaluate.ask import Answerer, SegmenterAnswers
from partwise.evaluate.protocol import Protocol, load_protocol, with_seeds
from partwise.evaluate.questions import Question
from partwise.evaluate.results import ModelNotes
from partwise.evaluate.run import evaluate
from partwise.evaluate.sources import open_source
from partwise.metrics import PartTally, part_scores

PROTOCOL = "shapenetpart/standard"


def items(seed: int = 0) -> list[Item]:
    """The mock split: points on the sides of boxes, parts in runs along the longest axis, some parts absent."""
    rng = np.random.default_rng(seed)
    made = []
    for category, (count, parts) in CATEGORIES.items():
        assert len(NAMES[category]) == parts
        for number in range(count):
            points = rng.random((POINTS, 3)) - 0.5
            side = rng.integers(0, 3, POINTS)
            points[np.arange(POINTS), side] = np.where(rng.random(POINTS) < 0.5, -0.5, 0.5)
            points *= rng.uniform(0.2, 1.0, 3)
            present = int(rng.integers(1, parts + 1))
            order = points[:, int(np.ptp(points, axis=0).argmax())].argsort().argsort()
            labels = (order * present // POINTS).astype(np.int32)
            made.append(Item(f"{category}_{number:04d}", category, points.astype(np.float32), labels=labels))
    return made


class Known:
    """Answers at no cost: the truth with every fifth point moved to the first part."""

    notes, origin, config = ModelNotes("known", sha256="0" * 64), "measured", {}

    def __init__(self) -> None:
        self.seconds = 0.0

    def answer(self, question: Question, seed: int) -> np.ndarray:
        start = time.process_time()
        answer = question.truth.copy()
        answer[::5] = 0
        self.seconds += time.process_time() - start
        return answer


class Timed:
    """Another's answers, and the processor time that they took for every n-th question; the rest cost nothing."""

    def __init__(self, inner: Answerer, every: int) -> None:
        self.inner, self.every, self.seconds, self.asked, self._number = inner, every, 0.0, 0, 0
        self.notes, self.origin = inner.notes, inner.origin

    @property
    def config(self) -> dict:
        return self.inner.config

    def answer(self, question: Question, seed: int) -> np.ndarray:
        self._number += 1
        if self._number % self.every:
            return np.zeros_like(question.truth)
        start = time.process_time()
        answer = self.inner.answer(question, seed)
        self.seconds += time.process_time() - start
        self.asked += 1
        return answer


def harness_seconds(protocol: Protocol, root: Path, log: Path | None) -> tuple[float, float]:
    """Processor and wall time of a whole pass, without the answers."""
    known = Known()
    cpu, wall = time.process_time(), time.perf_counter()
    result = evaluate(protocol, open_source(protocol, root), known, log=log)
    assert result.data.samples == protocol.samples
    return time.process_time() - cpu - known.seconds, time.perf_counter() - wall


def metric_seconds(made: list[Item]) -> float:
    """Processor time of counting every shape by itself and of the figures: the share of the metrics alone."""
    truth = [item.labels[None].astype(np.int64) for item in made if item.labels is not None]
    start = time.process_time()
    tally = PartTally()
    for item, labels in zip(made, truth, strict=True):
        tally.update(labels, labels, len(NAMES[item.category]), item.category)
    part_scores(tally.result(), "absent_counts_one")
    return time.process_time() - start


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--every", type=int, default=48)
    every = parser.parse_args().every
    torch.set_num_threads(1)
    protocol, made = with_seeds(load_protocol(PROTOCOL), 1), items()
    segmenter = Segmenter.from_pretrained()
    usual = segmenter.config.points
    record = segmenter.record
    notes = ModelNotes(record.name, record.revision, record.sha256)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_converted(
            root,
            Manifest("shapenetpart", label_names=NAMES, licence="none", converter="benchmark", made_up=True),
            {"test": made},
        )
        harness_seconds(protocol, root, None)  # warm-up
        harness, wall = harness_seconds(protocol, root, root / "log.jsonl")
        rows = {}
        for name, points in (("fast", usual), ("sharp", 2 * usual)):
            segmenter.config = replace(segmenter.config, points=points)
            asked = Timed(SegmenterAnswers(segmenter, protocol, notes), every)
            evaluate(protocol, open_source(protocol, root), asked)
            each = asked.seconds / asked.asked
            rows[name] = {
                "points": points,
                "model_ms_a_shape": 1e3 * each,
                "shapes_asked": asked.asked,
                "harness_share": harness / len(made) / each,
            }
        again, _ = harness_seconds(protocol, root, root / "again.jsonl")
    metrics = metric_seconds(made)
    print(
        f"harness: {harness:.2f} s of {wall:.2f} s wall for {len(made):,} shapes, {again:.2f} s when measured again"
    )
    print(f"of it counting and figures: {metrics:.2f} s")
    for name, row in rows.items():
        print(
            f"{name}: {row['points']} points, {row['model_ms_a_shape']:.0f} ms a shape over {row['shapes_asked']}: "
            f"harness {100 * row['harness_share']:.2f} % of the model"
        )
    save(
        "evaluation",
        {
            "protocol": PROTOCOL,
            "shapes": len(made),
            "points": POINTS,
            "harness_s": harness,
            "harness_again_s": again,
            "harness_wall_s": wall,
            "metrics_s": metrics,
            "models": rows,
        },
    )


if __name__ == "__main__":
    main()
