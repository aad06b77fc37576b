"""LAS on patch tokens (paper) against LAS on all points (release): time, memory and accuracy.

    python benchmarks/las_placement.py      writes benchmarks/results/las_placement.json

Cost: the sizes of the release for LASO with random weights, 128 patches, 2,048 points, one prompt of 20 tokens, one
thread, processor time; memory is what the process grows by while it answers. Accuracy: two small heads that differ in
nothing else, on the frozen encoder of partwise-small, the same procedural shapes and questions; SIM on other seeds.
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


def accuracy(place: str, steps: int, shapes: int) -> dict[str, float]:
    """SIM, aIoU and the processor seconds of a training, for one placement."""
    segmenter = Segmenter.from_pretrained(head=False)
    config = recipe.AffordConfig(
        replace(HEAD, upsampling=place), steps=steps, batch=8, answered=512, warmup=15, rate=2e-3
    )
    torch.manual_seed(0)
    head = Las(config.head)
    optimizer = torch.optim.AdamW(recipe.parameter_groups(head, config), weight_decay=config.weight_decay)
    sources, start = recipe.Sources.of(config, segmenter), time.process_time()
    for step, batch in enumerate(recipe.prefetched(config, sources, range(steps))):
        recipe.train_step(head, segmenter.model, batch, optimizer, config, step)
    spent = time.process_time() - start
    apart = heads.shapes(config.seed + heads.APART, shapes, config.points)
    scores, _ = evaluate_heat(heads.with_head(segmenter, head), apart, priors=False)
    found = mean_heat(scores)
    return {"sim": found["sim"], "aiou": found["aiou"], "maps": len(scores), "training seconds": spent}


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--shapes", type=int, default=24)
    parser.add_argument("--cost-only", action="store_true", help="keep the accuracies of the last run")
    parser.add_argument("--cost-of", choices=PLACES, help="print the cost of one placement and stop")
    arguments = parser.parse_args()
    if arguments.cost_of:
        print(json.dumps(cost(arguments.cost_of)))
        return
    result: dict[str, Any] = {"steps": arguments.steps, "batch": 8, "shapes": arguments.shapes}
    if arguments.cost_only:
        result = json.loads((RESULTS / "las_placement.json").read_text(encoding="utf-8"))
        result.pop("machine")
    for place in PLACES:
        command = [sys.executable, __file__, "--cost-of", place]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = (
            result[place]["accuracy"]
            if arguments.cost_only
            else accuracy(place, arguments.steps, arguments.shapes)
        )
        result[place] = {"cost": json.loads(answer), "accuracy": found}
        print(place, result[place])
    save("las_placement", result)


if __name__ == "__main__":
    main()
