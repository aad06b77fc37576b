"""The default on a GPU: how many shapes a second, against one call at a time and against the processor beside it.

    python benchmarks/gpu.py     writes benchmarks/results/gpu.json

Clouds of the sharp and of the fast setting, five phrases; sampling and reading of files are not in it. Then whole
`segment` calls, one cloud after the other, and farthest points in one kernel against the plain loop.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from machine import best_seconds, save

from partwise import Segmenter, Shape
from partwise.farthest import _farthest_cuda, _farthest_torch

PHRASES = ["seat", "back", "leg", "handle", "body"]
BATCHES = (1, 8, 64, 256)
POINTS = (768, 1536)


def main() -> None:
    """Time, print, save."""
    cpu, gpu = (Segmenter.from_pretrained(device=device, head=False) for device in ("cpu", "cuda"))
    text = torch.from_numpy(gpu.embedder.embed(PHRASES)).cuda()
    result: dict[str, dict[str, float]] = {}
    for points in POINTS:
        name = f"shapes a second, {points:,} points"
        result[name] = {}
        for batch in BATCHES:
            clouds = torch.rand(batch, points, 3, device="cuda") - 0.5

            def work(clouds: torch.Tensor = clouds) -> None:
                with torch.inference_mode():
                    gpu.model.similarity(gpu.model(clouds), text)

            result[name][f"batch {batch}"] = batch / on_gpu(work)
        alone = torch.rand(1, points, 3) - 0.5

        def beside(alone: torch.Tensor = alone) -> None:
            with torch.inference_mode():
                cpu.model.similarity(cpu.model(alone), text.cpu())

        result[name][f"processor, {torch.get_num_threads()} threads"] = 1 / best_seconds(beside)
    cloud = Shape.of(np.random.default_rng(0).random((10_000, 3)), up="y")
    result["ms of segment, cloud of 10,000 points"] = {
        "gpu": 1000 * best_seconds(lambda: gpu.segment(cloud, PHRASES)),
        "processor": 1000 * best_seconds(lambda: cpu.segment(cloud, PHRASES)),
    }
    clouds, start = torch.rand(64, 2048, 3, device="cuda"), torch.zeros(64, dtype=torch.int64, device="cuda")
    result["ms of 128 farthest of 2,048 points, batch 64"] = {
        "kernel": 1000 * on_gpu(lambda: _farthest_cuda(clouds, 128, start, False)),
        "plain loop": 1000 * on_gpu(lambda: _farthest_torch(clouds, 128, start, False)),
    }
    for name, figures in result.items():
        print(name, {key: round(value, 2) for key, value in figures.items()})
    save("gpu", result)


def on_gpu(work: Callable[[], object]) -> float:
    """Shortest seconds of several runs, each waited for."""

    def waited() -> None:
        work()
        torch.cuda.synchronize()

    return best_seconds(waited)


if __name__ == "__main__":
    main()
