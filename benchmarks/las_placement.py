"""LAS on patch tokens (paper) against LAS on all points (release): time, memory and accuracy.

    python benchmarks/las_placement.py      writes benchmarks/results/las_placement.json

Cost: the sizes of the release for LASO with random weights, 128 patches, 2,048 points, one prompt of 20 tokens, one
thread, processor time; memory is what the process grows by while it answers. Accuracy: two small heads that differ in
nothing else, on the frozen encoder of partwise-small, the same procedural shapes and questions; SIM and aIoU on shapes
of another seed, the same for all. Each of `--seeds` trainings has its own first weights, shapes and questions.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import RESULTS, save

from partwise import Segmenter
from partwise.encoders.prompt import Prompt
from partwise.evaluate.heat import evaluate_heat, mean_heat
from partwise.models.las import Las, LasConfig, Seen
from partwise.train import afford as recipe
from partwise.train import heads

PLACES = ("after", "before")
REPEATS = 5
# Of the training shapes; the head's own weights begin with 0.
FIRST_SEED = 7
HEAD = LasConfig(
    token_width=192,
    text_width=384,
    reads="vectors",
    width=64,
    feedforward=128,
    layers=2,
    heads=4,
    head_width=32,
    dropout=0.0,
)


def cost(place: str) -> dict[str, float]:
    """Median processor time of an answer in milliseconds, and its memory in MiB; run in a process of its own."""
    torch.set_num_threads(1)
    las = Las(LasConfig(upsampling=place)).eval()
    generator = torch.Generator().manual_seed(0)
    shapes = ((1, 2048, 3), (1, 128, 3), (1, 128, 384))
    seen = Seen(*(torch.rand(size, generator=generator) for size in shapes))
    prompt = Prompt(tokens=torch.rand(1, 20, 768), mask=torch.ones(1, 20, dtype=torch.bool))
    before, taken = _kib("VmRSS"), []
    with torch.inference_mode():
        for _ in range(REPEATS):
            start = time.process_time()
            las.logits(seen, prompt)
            taken.append(1000 * (time.process_time() - start))
    return {"ms": float(np.median(taken)), "mib": (_kib("VmHWM") - before) / 1024}


def _kib(field: str) -> int:
    """Memory of this process as Linux counts it: VmRSS now, VmHWM at most since it started."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise RuntimeError(f"/proc/self/status has no {field}: memory is measured on Linux only")


def accuracy(place: str, steps: int, shapes: int, seed: int) -> dict[str, float]:
    """SIM, aIoU and the processor seconds of one training, for one placement."""
    segmenter = Segmenter.from_pretrained(head=False)
    config = recipe.AffordConfig(
        replace(HEAD, upsampling=place),
        steps=steps,
        batch=8,
        answered=512,
        warmup=15,
        rate=2e-3,
        seed=FIRST_SEED + seed,
    )
    torch.manual_seed(seed)
    head = Las(config.head)
    optimizer = torch.optim.AdamW(recipe.parameter_groups(head, config), weight_decay=config.weight_decay)
    sources, start = recipe.Sources.of(config, segmenter), time.process_time()
    for step, batch in enumerate(recipe.prefetched(config, sources, range(steps))):
        recipe.train_step(head, segmenter.model, batch, optimizer, config, step)
    spent = time.process_time() - start
    apart = heads.shapes(FIRST_SEED + heads.APART, shapes, config.points)
    scores, _ = evaluate_heat(heads.with_head(segmenter, head), apart, priors=False)
    found = mean_heat(scores)
    return {"sim": found["sim"], "aiou": found["aiou"], "maps": len(scores), "training seconds": spent}


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--shapes", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each placement")
    parser.add_argument("--cost-only", action="store_true", help="keep the accuracies of the last run")
    parser.add_argument("--accuracy-only", action="store_true", help="keep the costs of the last run")
    parser.add_argument("--cost-of", choices=PLACES, help="print the cost of one placement and stop")
    arguments = parser.parse_args()
    if arguments.cost_of:
        print(json.dumps(cost(arguments.cost_of)))
        return
    last: dict[str, Any] = {}
    if arguments.cost_only or arguments.accuracy_only:
        last = json.loads((RESULTS / "las_placement.json").read_text(encoding="utf-8"))
    settings = {"steps": arguments.steps, "batch": 8, "shapes": arguments.shapes}
    if arguments.cost_only:
        settings = {name: last[name] for name in settings}
    result: dict[str, Any] = {**settings}
    for place in PLACES:
        result[place] = {
            "cost": last[place]["cost"] if arguments.accuracy_only else measured(place),
            "accuracy": last[place]["accuracy"] if arguments.cost_only else trained(place, arguments),
        }
        print(place, result[place], flush=True)
    save("las_placement", result)


def measured(place: str) -> dict[str, float]:
    """The cost of a placement, in a process of its own."""
    command = [sys.executable, __file__, "--cost-of", place]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def trained(place: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Figures of all trainings of a placement, one a seed, with mean and standard deviation over them."""
    torch.set_num_threads(1)
    runs = [accuracy(place, arguments.steps, arguments.shapes, seed) for seed in range(arguments.seeds)]
    values = {name: [run[name] for run in runs] for name in ("sim", "aiou", "training seconds")}
    spread = {
        name: {"mean": float(np.mean(found)), "std": float(np.std(found, ddof=1)) if len(found) > 1 else None}
        for name, found in values.items()
    }
    return {"maps": runs[0]["maps"], "runs": values, **spread}


if __name__ == "__main__":
    main()
