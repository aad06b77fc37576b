"""Training the default from scratch: samples per second against the arithmetic limit, in one run.

    python benchmarks/training.py [--points 2048]     writes benchmarks/results/training.json
    python benchmarks/training.py --device cuda       writes benchmarks/results/training_cuda.json

One step of the recipe (batch, precision, parts' losses and optimiser as in the preset `small-on`, on a GPU `small-gpu`)
on made-up shapes.
The limit is what the matrix products of forward and backward would take at the rate of one large product of the same
precision on the same device in the same run: what a step takes longer goes into everything else.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import torch
from machine import best_seconds, save, sgemm_gflops
from torch.utils.flop_counter import FlopCounterMode

from partwise.train.align_text import compute_losses, make_module, parameter_groups
from partwise.train.align_text_presets import SMALL_GPU, SMALL_ON
from partwise.train.batches import Batch

PHRASES = 8


def main() -> None:
    """Count, time, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--points", type=int, default=2048)
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    on_gpu = device.type == "cuda"
    config = SMALL_GPU if on_gpu else replace(SMALL_ON, start_whole=False)
    module = make_module(config, None).to(device)
    optimizer = torch.optim.AdamW(parameter_groups(module, config), weight_decay=config.weight_decay)
    batch = made_up(config.batches.batch, arguments.points, module.model.config.text_width)

    def step() -> None:
        patch_loss, point_loss, _ = compute_losses(module, batch, config, device)
        (config.patch_weight * patch_loss + config.point_weight * point_loss).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if on_gpu:
            torch.cuda.synchronize()

    with FlopCounterMode(display=False) as counter:
        step()
    flops = counter.get_total_flops()
    ceiling = cuda_gflops() if on_gpu else sgemm_gflops()
    seconds, limit = best_seconds(step, repeats=5), flops / ceiling / 1e9
    size = config.batches.batch
    result = {
        "device": str(device),
        "points": arguments.points,
        "batch": size,
        "samples_per_second": size / seconds,
        "gflop_per_sample": flops / size / 1e9,
        "ceiling_gflops": ceiling,
        "limit_samples_per_second": size / limit,
        "of_limit": limit / seconds,
        "hours_for_102400_samples": 102_400 / size * seconds / 3600,
    }
    for name, value in result.items():
        print(f"{name:<26} {value if isinstance(value, (str, int)) else round(value, 3)}")
    save("training_cuda" if on_gpu else "training", result)


def made_up(count: int, points: int, width: int) -> Batch:
    """Shapes of random points with random labels: what they show does not change what a step costs."""
    generator = torch.Generator().manual_seed(0)
    return Batch(
        torch.rand(count, points, 3, generator=generator) - 0.5,
        torch.randint(0, PHRASES, (count, points), generator=generator),
        torch.randn(count, PHRASES, width, generator=generator),
        torch.ones(count, PHRASES, dtype=torch.bool),
        torch.arange(PHRASES).expand(count, -1).contiguous(),
    )


def cuda_gflops(size: int = 8192) -> float:
    """GFLOP/s of one large product on the GPU, in the recipe's bf16."""
    a, b = (torch.randn(size, size, device="cuda", dtype=torch.bfloat16) for _ in range(2))

    def work() -> None:
        a @ b
        torch.cuda.synchronize()

    return 2 * size**3 / best_seconds(work) / 1e9


if __name__ == "__main__":
    main()
