"""Training LM-AD: shapes per second against the arithmetic limit, in one run.

    python benchmarks/lmad_training.py                                  # small preset, one thread, processor time
    python benchmarks/lmad_training.py --preset paper --device cuda     # the published sizes on a GPU

One step of the recipe on made-up shapes, 19 labels, random language weights, in fp32. The limit is what the matrix
products of forward and backward would take at the rate of one large product on the same device in the same run.
Neighbourhoods are looked up before on a processor, as the recipe does with whole shapes, and in passing on a GPU.
Each device and preset writes its own entry of benchmarks/results/lmad_training.json.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace

import torch
from lmad import shortest
from machine import RESULTS, save
from torch.utils.flop_counter import FlopCounterMode

from partwise.encoders.asking import open_language
from partwise.train.affordance import make_model, parameter_groups, train_step
from partwise.train.affordance_batches import Batch
from partwise.train.affordance_phrases import Phrases
from partwise.train.affordance_presets import AffordanceConfig, preset


def main() -> None:
    """Count, time, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--preset", default="small", choices=("small", "paper"))
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    torch.set_num_threads(1)
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    config = replace(preset("lmad", arguments.preset), random_language=True)
    language = open_language()
    model = make_model(config, language).to(device)
    phrases = Phrases.of(config, model, language)
    optimizer = torch.optim.AdamW(parameter_groups(model, config), weight_decay=config.weight_decay)
    weights, batch = torch.ones(len(config.labels), device=device), made_up(config, model, phrases, device)

    def step() -> None:
        train_step(
            model, batch, phrases, optimizer, config, weights, 0
        )  # reads the loss, so a GPU has finished

    with FlopCounterMode(display=False) as counter:
        step()
    flops, ceiling = counter.get_total_flops(), product_gflops(device)
    seconds, limit = shortest(step, clock, 5), flops / ceiling / 1e9
    result = {
        "machine": torch.cuda.get_device_name() if device.type == "cuda" else "one thread, processor time",
        "points": config.points,
        "batch": config.batch,
        "shapes_per_second": config.batch / seconds,
        "gflop_per_shape": flops / config.batch / 1e9,
        "ceiling_gflops": ceiling,
        "limit_shapes_per_second": config.batch / limit,
        "of_limit": limit / seconds,
    }
    for name, value in result.items():
        print(f"{name:<26} {value if isinstance(value, str) else round(value, 3)}")
    path = RESULTS / "lmad_training.json"
    before = json.loads(path.read_text()) if path.is_file() else {}
    kept = {key: value for key, value in before.items() if key != "machine"}
    save("lmad_training", {**kept, f"{arguments.preset}, {device.type}": result})


def made_up(
    config: AffordanceConfig, model: torch.nn.Module, phrases: Phrases, device: torch.device
) -> Batch:
    """Shapes of random points with random labels: what they show does not change what a step costs."""
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(config.batch, config.points, 3, generator=generator) * 1.1 - 0.55
    labels = len(config.labels)
    return Batch(
        points=points,
        prompt=phrases.plain(),
        label=torch.randint(0, labels, points.shape[:2], generator=generator),
        heat=torch.zeros(*points.shape[:2], labels),
        offered=torch.ones(config.batch, labels, dtype=torch.bool),
        geometry=model.backbone.look(points) if device.type == "cpu" else None,
        epoch=0,
    ).to(device)


def product_gflops(device: torch.device) -> float:
    """GFLOP/s of one large fp32 product on the device."""
    size = 1536 if device.type == "cpu" else 8192
    a, b = (torch.randn(size, size, device=device) for _ in range(2))

    def work() -> None:
        a @ b
        if device.type == "cuda":
            torch.cuda.synchronize()

    clock = time.process_time if device.type == "cpu" else time.perf_counter
    return 2 * size**3 / shortest(work, clock, 9) / 1e9


if __name__ == "__main__":
    main()
