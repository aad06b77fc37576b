"""What breadth is worth: more kinds of shapes, more words, harder words, shapes without labels; each on its own.

    export PARTWISE_OBJECTS=...                            # the folder of real objects
    python scripts/breadth_experiments.py data out/breadth         # packs and shards
    python scripts/breadth_experiments.py run out/breadth          # trains and tests; resumes
    python scripts/breadth_experiments.py run out/breadth 1,2      # these seeds only, so that several may share;
                                                                   # names of arms may follow
    python scripts/breadth_experiments.py report out/breadth       # benchmarks/results/breadth.json, and the table

Every arm has as many shapes and takes as many steps of text alignment as every other; what comes before is on top.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from alignment_setup import BATCH, SEEDS, TEXT, against, cell, finished, run_missing
from breadth_setup import HELD_EACH, MIXTURES, SHAPES, kept_words_met, pack, tests, unlabelled
from cmat_experiments import CMAT
from cmat_setup import POINTS
from lmad_report import summary
from machine import save

from partwise.datasets.packed import Pack
from partwise.datasets.sample import Sample
from partwise.encoders.asking import open_embedder
from partwise.encoders.bank import PhraseEmbedder
from partwise.evaluate.conditions import Condition
from partwise.evaluate.parts import evaluate_parts, mean_scores
from partwise.predict import Segmenter
from partwise.train import align_text, cmat
from partwise.train.batches import BatchConfig

BASE, LONG_BASE = "fixed categories, plain names", "fixed categories, plain names, 1,600 steps"
STEPS, LONG = 400, 1600
PLAIN = replace(TEXT, steps=STEPS, save_every=STEPS)
LOST = "lost to other words"  # known less paraphrased
TESTS = ("known", "paraphrased", LOST, "held out", "real", "new words")


@dataclass(frozen=True)
class Arm:
    """One row of the table: what is trained on, and what differs from the base in how it is asked about.

    before  shapes of the self-supervised start: "nothing", those of the pack "fixed", or the "whole" geometry
    base    the arm that it is compared with
    """

    batches: BatchConfig = PLAIN.batches
    mixture: str = "fixed"
    words: str = "synonyms"
    before: str = "nothing"
    steps: int = STEPS
    base: str = BASE


def arms() -> dict[str, Arm]:
    """Name -> arm."""
    plain = PLAIN.batches
    return {
        BASE: Arm(),
        "+ free compositions": Arm(mixture="composed"),
        "+ synonyms": Arm(replace(plain, synonyms=0.4)),
        "+ glosses": Arm(replace(plain, synonyms=0.4), words="glosses"),
        "+ 4 random names": Arm(replace(plain, distractors=4, distractor_kind="names")),
        "+ 4 names alike": Arm(replace(plain, distractors=4, distractor_kind="alike")),
        "+ real objects": Arm(mixture="real"),
        "+ scenes of real objects": Arm(mixture="scenes"),
        "all shapes, all words": Arm(replace(plain, synonyms=0.4), "all", "both"),
        "Point-MAE first, same shapes": Arm(before="fixed"),
        "Point-MAE first, all geometry": Arm(before="whole"),
        LONG_BASE: Arm(steps=LONG, base=LONG_BASE),
        "all shapes, all words, 1,600 steps": Arm(
            replace(plain, synonyms=0.4), "all", "both", steps=LONG, base=LONG_BASE
        ),
    }


def data(out: Path) -> None:
    """Everything that the runs read."""
    for arm in arms().values():
        folder = pack(out, arm.mixture, arm.words)
        print(folder, len(Pack(folder)), flush=True)
    for whole in (False, True):
        print(unlabelled(out, whole), flush=True)


def run(out: Path, seeds: Sequence[int], names: Sequence[str]) -> None:
    """Train and test the arms with every seed that has no result yet."""
    torch.set_num_threads(1)
    asked, embedder = tests(), open_embedder("minilm", None, "part_only")
    trained = {
        name for arm in arms().values() for name in Pack(pack(out, arm.mixture, arm.words)).other_words()
    }

    def work(name: str, seed: int) -> dict[str, float]:
        return measure(train_arm(out, name, seed, embedder), asked, trained)

    run_missing(out, names, seeds, work)


def train_arm(out: Path, name: str, seed: int, embedder: PhraseEmbedder) -> Path:
    """The checkpoint of one arm."""
    arm, folder = arms()[name], out / "runs" / f"{name}, seed {seed}"
    batches = replace(arm.batches, seed=seed)
    config = replace(PLAIN, batches=batches, steps=arm.steps, save_every=arm.steps)
    start = None
    if arm.before != "nothing":
        shards = unlabelled(out, arm.before == "whole")
        before = replace(CMAT, steps=STEPS, batch=BATCH, seed=seed, save_every=STEPS)
        start = cmat.train(before, shards, folder / "before")
    return align_text.train(config, pack(out, arm.mixture, arm.words), folder, embedder, start=start)


def measure(folder: Path, asked: dict[str, list[Sample]], trained: set[str]) -> dict[str, float]:
    """Instance mIoU of the user's own Segmenter on each test, and the mean IoU of plain names that no arm trained."""
    segmenter = Segmenter.from_pretrained(folder)
    scores = {name: evaluate_parts(segmenter, samples, Condition()) for name, samples in asked.items()}
    new = [
        iou
        for name in ("held out", "real")
        for score in scores[name]
        for phrase, iou in zip(score.phrases, score.iou, strict=True)
        if phrase not in trained
    ]
    means = {name: mean_scores(found) for name, found in scores.items()}
    return {
        **{name: mean.instance for name, mean in means.items()},
        "new words": float(np.mean(new)),
        "new words asked": len(new),
        **{f"largest, {name}": mean.largest for name, mean in means.items()},
        **{f"shapes, {name}": mean.shapes for name, mean in means.items()},
    }


def report(out: Path) -> None:
    """Means, and differences from the arm's base, with 95 % intervals by Student's t over the seeds."""
    rows = [{**row, LOST: row["known"] - row["paraphrased"]} for row in finished(out)]
    table: dict[str, Any] = {}
    print(f"| arm | {' | '.join(TESTS)} |\n|---|{'---|' * len(TESTS)}")
    for name, arm in arms().items():
        runs = [row for row in rows if row["arm"] == name]
        if not runs:
            continue
        mean = {test: summary([row[test] for row in runs]) for test in TESTS}
        entry = {test: against(rows, name, arm.base, test) for test in TESTS}
        table[name] = {
            "mean": mean,
            "difference": entry,
            "processor_s": float(np.mean([row["processor_s"] for row in runs])),
        }
        shown = mean if name == arm.base else entry
        print(f"| {name} | " + " | ".join(cell(shown[test]) for test in TESTS) + " |")
    kind = {
        f"{one} - {two}": {test: against(rows, one, two, test) for test in TESTS}
        for one, two in (
            ("+ 4 names alike", "+ 4 random names"),
            ("Point-MAE first, all geometry", "Point-MAE first, same shapes"),
        )
        if one in table and two in table
    }
    for name, entry in kind.items():
        print(f"| {name} | " + " | ".join(cell(entry[test]) for test in TESTS) + " |")
    settings = {
        "shapes": SHAPES,
        "mixtures": MIXTURES,
        "steps": (STEPS, LONG),
        "batch": BATCH,
        "points": POINTS,
        "held_out_each": HELD_EACH,
        "kept_words_met": {
            folder.name: kept_words_met(folder) for folder in sorted((out / "packs").iterdir())
        },
    }
    save("breadth", {"settings": settings, "table": table, "paired": kind, "runs": rows})


def main() -> None:
    """`data`, `run` (perhaps with seeds) or `report` in a folder."""
    tasks = {"data": data, "report": report}
    task, words = sys.argv[1:2], sys.argv[3:]
    unknown = [name for name in words[1:] if name not in arms()]
    if len(sys.argv) < 3 or task[0] not in (*tasks, "run") or (words and task != ["run"]) or unknown:
        raise SystemExit(f"{__doc__}\nArms: {'; '.join(arms())}")
    out = Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    if task == ["run"]:
        run(out, [int(seed) for seed in words[0].split(",")] if words else SEEDS, words[1:] or list(arms()))
    else:
        tasks[task[0]](out)


if __name__ == "__main__":
    main()
