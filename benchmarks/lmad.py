"""Latency of LM-AD for 18 labels: one pass that shares the points' keys and values, against 18 separate ones.

    python benchmarks/lmad.py            # two threads, wall time
    python benchmarks/lmad.py --cpu      # one thread, processor time: what a machine that others use can tell

Sizes of the paper and smaller ones, random weights: time does not depend on them. The paper states 72 ms a shape on
a GPU that it does not name. Each way writes its own entry of benchmarks/results/lmad_latency.json.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from machine import RESULTS, save

from partwise.datasets.affordance_words import OPENAD_LABELS
from partwise.encoders.asking import make_prompt, open_language, select
from partwise.encoders.prompt import Prompt
from partwise.models.lmad import LMAD, MINILM, LMADConfig
from partwise.models.openad import OpenAD, OpenADConfig
from partwise.train.affordance_presets import SMALL_POINTS

PAPER_MS = 72.0
WORDS = [label.replace("_", " ").lower() for label in OPENAD_LABELS[:-1]]


def cases() -> dict[str, LMADConfig]:
    """The paper's sizes, and what this machine's own language model gives."""
    paper = LMADConfig()
    return {
        "paper: BERT-base, 12 blocks, 512 wide": paper,
        "MiniLM, 6 blocks, 512 wide": replace(paper, language=MINILM, blocks=6),
        "small preset: MiniLM, 6 blocks, 64 wide": LMADConfig(
            SMALL_POINTS, MINILM, point_width=64, decoder_heads=4, blocks=6
        ),
    }


def shortest(work: Callable[[], object], clock: Callable[[], float], repeats: int) -> float:
    """Shortest of several runs by `clock`."""
    found = []
    for _ in range(repeats):
        started = clock()
        work()
        found.append(clock() - started)
    return min(found)


@torch.inference_mode()
def measure(
    config: LMADConfig, prompt: Prompt, points: torch.Tensor, clock: Callable[[], float]
) -> dict[str, object]:
    """Times of one pass for all labels, of its two halves, and of a whole pass for each label."""
    torch.manual_seed(0)
    model = LMAD(config).eval()
    single = [select(prompt, torch.tensor([row])) for row in range(len(WORDS))]

    def together() -> torch.Tensor:
        return model.logits(model(points), prompt)

    def apart() -> torch.Tensor:
        return torch.cat([model.logits(model(points), one) for one in single], dim=-1)

    embedding = model(points)
    difference = float((together() - apart()).abs().max())  # warms up as well
    whole = shortest(together, clock, 4)
    looks = shortest(lambda: model(points), clock, 4)
    words = shortest(lambda: model.logits(embedding, prompt), clock, 4)
    separate = shortest(apart, clock, 2)
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "all_labels_s": round(whole, 4),
        "points_once_s": round(looks, 4),
        "labels_s": round(words, 4),
        "separate_passes_s": round(separate, 4),
        "times_faster": round(separate / whole, 2),
        "largest_difference": difference,
        "times_the_paper_s_72_ms": round(whole * 1000 / PAPER_MS, 1),
    }


def main() -> None:
    """Measure every case and save."""
    processor = "--cpu" in sys.argv
    clock = time.process_time if processor else time.perf_counter
    torch.set_num_threads(1 if processor else 2)
    prompt = make_prompt(WORDS, "ids", open_language())
    points = torch.rand(1, 2048, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    points = points / points.norm(dim=-1).max()
    result: dict[str, object] = {}
    for name, config in cases().items():
        result[name] = measure(config, prompt, points, clock)
        print(name, result[name], flush=True)
    model = OpenAD(OpenADConfig()).eval()
    vectors = Prompt(vectors=torch.rand(18, 512, generator=torch.Generator().manual_seed(1)))
    with torch.inference_mode():
        took = shortest(lambda: model.logits(model(points), vectors), clock, 4)
    result["OpenAD, the released sizes"] = {"all_labels_s": round(took, 4)}
    print("OpenAD", took)
    path = RESULTS / "lmad_latency.json"
    before = json.loads(path.read_text()) if path.is_file() else {}
    kept = {key: before[key] for key in ("two threads, wall", "one thread, processor time") if key in before}
    which = "one thread, processor time" if processor else "two threads, wall"
    save("lmad_latency", {"labels": WORDS, "points": 2048, **kept, which: result})


if __name__ == "__main__":
    main()
