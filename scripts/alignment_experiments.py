"""The ablations of PatchAlign3D's training: one small world, one budget, three seeds; results and a table.

    python scripts/alignment_experiments.py run out/alignment       # resumes; each finished run leaves a JSON file
    python scripts/alignment_experiments.py report out/alignment    # the table alone, of the runs finished so far

A run ends with the table and writes benchmarks/results/alignment.json.

Procedural shapes of 14 categories. The 2D teacher is *simulated* (partwise.lift.simulated): no vision weights were at
hand. Every arm takes as many steps of text alignment as every other; stages before it come on top and are counted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from alignment_setup import (
    BATCH,
    MODEL,
    PACK_POINTS,
    SEEDS,
    STEPS,
    TEXT,
    against,
    cell,
    finished,
    run_missing,
)
from cmat_experiments import CMAT
from cmat_setup import LIFTED_EACH, POINTS, lift
from lmad_report import summary
from lmad_setup import CATEGORIES
from machine import save
from safetensors import safe_open

from partwise.datasets.packed import write_pack
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.sample import Sample
from partwise.datasets.world.surface import Scan
from partwise.encoders.asking import open_embedder
from partwise.encoders.bank import PhraseEmbedder
from partwise.evaluate.conditions import CONDITIONS
from partwise.evaluate.parts import evaluate_parts, mean_scores
from partwise.predict import Segmenter
from partwise.train import align_dino, align_jointly, align_text, cmat
from partwise.train.align_dino import AlignDinoConfig
from partwise.train.align_jointly import AlignJointlyConfig
from partwise.train.align_text_presets import AlignTextConfig
from partwise.train.alignment import PAPER_OBJECTIVE
from partwise.train.state import STATE

TEST_EACH = 6
TEACHER = "middle"  # of the noise levels in cmat_experiments
DINO = AlignDinoConfig(
    MODEL,
    steps=STEPS,
    batch=BATCH,
    rate=1e-3,
    head_rate=1e-3,
    target="stored",
    yaw=0.7,
    save_every=STEPS,
)


@dataclass(frozen=True)
class Arm:
    """One row of the table: the text alignment, and what the encoder went through before."""

    text: AlignTextConfig
    before: str = "nothing"  # "stage 1", "jointly", "Point-MAE" or "CMAT"


def arms() -> dict[str, Arm]:
    """Name -> arm."""
    point = replace(TEXT, supervision="point")
    found = {
        "stage 2 only": Arm(TEXT),
        "jointly": Arm(TEXT, "jointly"),
        "two stages, head only": Arm(replace(TEXT, train_blocks=0), "stage 1"),
        "two stages, last block (paper)": Arm(replace(TEXT, train_blocks=1), "stage 1"),
        "two stages, last 2 blocks": Arm(replace(TEXT, train_blocks=2), "stage 1"),
        "two stages, all blocks": Arm(TEXT, "stage 1"),
        "from Point-MAE, all blocks": Arm(TEXT, "Point-MAE"),
        "from CMAT, all blocks": Arm(TEXT, "CMAT"),
        "negatives of the batch": Arm(replace(TEXT, negatives="batch")),
        "8 distractors": Arm(replace(TEXT, batches=replace(TEXT.batches, distractors=8))),
        # A sum over patches in place of a mean, so its weight is smaller.
        "paper's objective": Arm(replace(TEXT, objective=PAPER_OBJECTIVE, patch_weight=1 / MODEL.groups)),
        "point-level": Arm(point),
    }
    for noise in (0.3, 0.6):
        for name, text in (("patch-level", TEXT), ("point-level", point)):
            noisy = replace(text, batches=replace(text.batches, label_noise=noise))
            found[f"{name}, {noise:.0%} wrong labels"] = Arm(noisy)
    return {**found, **objectives(), **patches()}


def objectives() -> dict[str, Arm]:
    """Name -> arm that differs from stage 2 only in what a patch's answer costs, by one field of the objective.

    Three arms change more than one: "tau 0.1, bias -10" two fields, "tau 0.1, bias -10, both kept" three, and the sum
    comes with a weight of the loss. That is 1 / patches, as in the paper's objective above, so that clipping does not
    set its scale: what is left of the change is that a shape counts as often as it has phrases.
    """
    base = TEXT.objective
    published = replace(base, tau=PAPER_OBJECTIVE.tau, bias=PAPER_OBJECTIVE.bias)
    found = {
        "tau 0.07 kept": replace(base, learned=False),
        "tau 0.1": replace(base, tau=PAPER_OBJECTIVE.tau),
        "tau 0.1, bias -10": published,
        "tau 0.1, bias -10, both kept": replace(published, learned=False),
        "positives weigh 1": replace(base, power=0.0),
        "positives weigh sqrt(K - 1)": replace(base, power=0.5),
    }
    summed = replace(TEXT, objective=replace(base, reduction="sum"), patch_weight=1 / MODEL.groups)
    return {
        **{name: Arm(replace(TEXT, objective=objective)) for name, objective in found.items()},
        "sum over patches and phrases": Arm(summed),
    }


def patches() -> dict[str, Arm]:
    """Name -> arm that differs from stage 2 only in how many patches there are, or how many points each has."""
    sizes = ((2 * MODEL.groups, MODEL.group_size), (MODEL.groups, 2 * MODEL.group_size))
    return {
        f"{groups} patches of {size}": Arm(
            replace(TEXT, model=replace(MODEL, groups=groups, group_size=size))
        )
        for groups, size in sizes
    }


def data(out: Path) -> list[Sample]:
    """The shapes: lifted for the teachers, packed for the words, and those of the test, which have other seeds."""
    lift(out / "lifted", 21, LIFTED_EACH, (TEACHER,))
    count = LIFTED_EACH * len(CATEGORIES)
    if not (out / "pack" / "shapes.json").is_file():
        world = ProceduralShapes(21, CATEGORIES, Scan(points=PACK_POINTS), count, heat=False)
        write_pack(out / "pack", world, count, PACK_POINTS)
    test = ProceduralShapes(23, CATEGORIES, Scan(points=PACK_POINTS), TEST_EACH * len(CATEGORIES), heat=False)
    return list(test)


def run(out: Path) -> None:
    """Train and test every arm with every seed that has no result yet, then report."""
    torch.set_num_threads(1)
    test, embedder = data(out), open_embedder("minilm", None, "part_only")

    def work(name: str, seed: int) -> dict[str, float]:
        return measure(train_arm(out, name, arms()[name], seed, embedder), test)

    run_missing(out, arms(), SEEDS, work)
    report(out)


def train_arm(out: Path, name: str, arm: Arm, seed: int, embedder: PhraseEmbedder) -> Path:
    """The checkpoint of one arm; what comes before it is trained once for each seed and shared."""
    folder = out / "runs" / f"{name}, seed {seed}"
    text = replace(arm.text, batches=replace(arm.text.batches, seed=seed))
    dino = replace(DINO, seed=seed)
    if arm.before == "jointly":
        config = AlignJointlyConfig(text, dino)
        return align_jointly.train(config, out / "pack", out / "lifted" / TEACHER, folder, embedder)
    start = before(out, arm.before, seed, dino)
    return align_text.train(text, out / "pack", folder, embedder, start=start)


def before(out: Path, kind: str, seed: int, dino: AlignDinoConfig) -> Path | None:
    """The checkpoint that the text alignment starts from."""
    if kind == "nothing":
        return None
    folder = out / "before" / f"{kind}, seed {seed}"
    if (folder / "checkpoint" / "config.json").is_file():
        return folder / "checkpoint"
    shards = out / "lifted" / TEACHER
    if kind == "stage 1":
        return align_dino.train(dino, shards, folder)
    weight = 0.0 if kind == "Point-MAE" else 0.1  # the paper's weight of the affinity
    config = replace(CMAT, steps=STEPS, batch=BATCH, affinity_weight=weight, seed=seed)
    return cmat.train(config, shards, folder)


def measure(folder: Path, test: Sequence[Sample]) -> dict[str, float]:
    """Instance mIoU of the user's own Segmenter, as is and turned at random, each patch answering for its points."""
    segmenter = Segmenter.from_pretrained(folder)
    means = {c.name: mean_scores(evaluate_parts(segmenter, test, c)) for c in CONDITIONS[:3]}
    return {**{name: mean.instance for name, mean in means.items()}, "largest": means["as is"].largest}


def report(out: Path) -> None:
    """Means with 95 % intervals by Student's t over the seeds, and differences from stage 2 alone."""
    rows, table = finished(out), {}
    print("| arm | as is | random yaw | random rotation | against stage 2 only |\n|---|---|---|---|---|")
    for name in arms():
        runs = [row for row in rows if row["arm"] == name]
        if not runs:
            continue
        entry = {c.name: summary([row[c.name] for row in runs]) for c in CONDITIONS[:3]}
        entry["difference"] = against(rows, name, "stage 2 only", "as is")
        ends = [scalars_at_the_end(out, name, row["seed"]) for row in runs]
        table[name] = {
            **entry,
            "tau at the end": summary([tau for tau, _ in ends]),
            "bias at the end": summary([bias for _, bias in ends]),
            "processor_s": float(np.mean([row["processor_s"] for row in runs])),
        }
        print(f"| {name} | " + " | ".join(map(cell, entry.values())) + " |")
    print(f"| *largest part everywhere* | {100 * rows[0]['largest']:.1f} | | | |")
    settings = {
        "categories": CATEGORIES,
        "train_each": LIFTED_EACH,
        "test_each": TEST_EACH,
        "steps": STEPS,
        "batch": BATCH,
        "points": POINTS,
        "teacher": f"simulated, noise level {TEACHER}",
    }
    save("alignment", {"settings": settings, "largest": rows[0]["largest"], "table": table, "runs": rows})


def scalars_at_the_end(out: Path, name: str, seed: int) -> tuple[float, float]:
    """Temperature and bias that the last step of a run left: how far learning moved them. No bias reads as 0."""
    with safe_open(out / "runs" / f"{name}, seed {seed}" / STATE, "pt") as state:
        keys = set(state.keys())
        within = (
            "module.alignment" if "module.alignment.bias" in keys else "module"
        )  # of the joint recipe, or alone
        log_scale, bias = (float(state.get_tensor(f"{within}.{key}")) for key in ("log_scale", "bias"))
    return float(np.exp(-log_scale)), bias


def main() -> None:
    """`run` or `report` in a folder."""
    tasks = {"run": run, "report": report}
    if len(sys.argv) != 3 or sys.argv[1] not in tasks:
        raise SystemExit(__doc__)
    out = Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    tasks[sys.argv[1]](out)


if __name__ == "__main__":
    main()
