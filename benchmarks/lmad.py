"""Latency of LM-AD for 18 labels: one pass that shares the points' keys and values, against 18 separate ones.

    python benchmarks/lmad.py            # two threads, the sizes of the paper (random weights: time does not depend)

The paper states 72 ms a shape on a GPU that it does not name. Writes benchmarks/results/lmad_latency.json.
"""

from __future__ import annotations

import time
from dataclasses import replace

import torch
from machine import save, sgemm_gflops

from partwise.encoders.asking import make_prompt, open_language, select
from partwise.encoders.prompt import Prompt
from partwise.models.lmad import LMAD, MINILM, LMADConfig
from partwise.models.openad import OpenAD, OpenADConfig
from partwise.train.affordance_presets import OPENAD_LABELS, SMALL_POINTS

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


@torch.inference_mode()
def seconds(work, repeats: int) -> list[float]:
    """Wall time of each of several runs after a warm-up."""
    work()
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return found


@torch.inference_mode()
def measure(config: LMADConfig, prompt: Prompt, points: torch.Tensor) -> dict[str, object]:
    """Times of one pass for all labels, of its two halves, and of a whole pass for each label."""
    torch.manual_seed(0)
    model = LMAD(config).eval()
    labels = len(WORDS)
    single = [select(prompt, torch.tensor([row])) for row in range(labels)]

    def together() -> torch.Tensor:
        return model.logits(model(points), prompt)

    def apart() -> torch.Tensor:
        return torch.cat([model.logits(model(points), one) for one in single], dim=-1)

    embedding = model(points)
    difference = float((together() - apart()).abs().max())
    whole, looks, words = (
        min(seconds(work, 5))
        for work in (together, lambda: model(points), lambda: model.logits(embedding, prompt))
    )
    one = min(seconds(lambda: model.logits(model(points), single[0]), 3))
    separate = min(seconds(apart, 1))
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "all_labels_s": round(whole, 4),
        "points_once_s": round(looks, 4),
        "labels_s": round(words, 4),
        "one_label_s": round(one, 4),
        "separate_passes_s": round(separate, 4),
        "times_faster": round(separate / whole, 2),
        "largest_difference": difference,
        "times_the_paper_s_72_ms": round(whole * 1000 / PAPER_MS, 1),
    }


def main() -> None:
    """Measure every case and save."""
    torch.set_num_threads(2)
    prompt = make_prompt(WORDS, "ids", open_language())
    points = torch.rand(1, 2048, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    points = points / points.norm(dim=-1).max()
    result: dict[str, object] = {"labels": WORDS, "points": 2048, "sgemm_gflops": round(sgemm_gflops(), 1)}
    for name, config in cases().items():
        result[name] = measure(config, prompt, points)
        print(name, result[name], flush=True)
    model = OpenAD(OpenADConfig()).eval()
    vectors = Prompt(vectors=torch.rand(18, 512, generator=torch.Generator().manual_seed(1)))
    with torch.inference_mode():
        took = min(seconds(lambda: model.logits(model(points), vectors), 5))
    result["OpenAD, the released sizes, 18 labels"] = {"all_labels_s": round(took, 4)}
    print("OpenAD", took)
    save("lmad_latency", result)


if __name__ == "__main__":
    main()
