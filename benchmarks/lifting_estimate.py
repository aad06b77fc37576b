"""What a large library costs to lift, on paper: hours, money and terabytes from the measured unit costs.

    python benchmarks/lifting_estimate.py                              800,000 objects, as docs/lifting.md has it
    python benchmarks/lifting_estimate.py --objects 10000 --core-price 0.03
    python benchmarks/lifting_estimate.py --pictures-per-second 2000   with encoders on GPUs of that measured rate

Reads benchmarks/results/lifting.json. Measured there: processor seconds of the engine for one mesh of 5,120 faces
(read, draw 12 views of 224 pixels, project, pool, write) and of the encoder for its 12 pictures, one thread. Everything
else is arithmetic. The price of a core-hour is an example to replace, no measurement; so are a GPU's price and rate.
"""

from __future__ import annotations

import argparse
import json

from machine import RESULTS

from partwise.lift.lifting import PRESETS
from partwise.lift.shards import bytes_per_shape

VIEWS = 12


def estimate(
    objects: int, core_price: float, gpu_price: float = 0.0, pictures_per_second: float | None = None
) -> str:
    """The estimate as a Markdown table, with the formula below it."""
    measured = json.loads((RESULTS / "lifting.json").read_text())
    engine = measured["memory"]["engine_only_seconds_per_shape"]
    rows = ["| encoder | seconds a shape | core-hours | on 64 cores | cost |", "|---|---|---|---|---|"]
    for tower in measured["encoders"]:
        seconds = engine + tower["seconds"]
        hours = objects * seconds / 3600
        rows.append(
            f"| {tower['size_of']} on the CPU | {engine:.2f} + {tower['seconds']:.2f} | {hours:,.0f} | "
            f"{hours / 64 / 24:,.1f} days | {hours * core_price:,.0f} |"
        )
    hours = objects * engine / 3600
    if pictures_per_second is None:
        rows.append(
            f"| on a GPU | {engine:.2f} + {VIEWS} / rate | {hours:,.0f} + GPU | {hours / 64:,.1f} hours + GPU | "
            f"{hours * core_price:,.0f} + GPU |"
        )
    else:
        gpu_hours = objects * VIEWS / pictures_per_second / 3600
        rows.append(
            f"| on a GPU at {pictures_per_second:g} pictures a second | {engine:.2f} + "
            f"{VIEWS / pictures_per_second:.4f} | {hours:,.0f} + {gpu_hours:,.0f} GPU-hours | "
            f"{hours / 64:,.1f} hours | {hours * core_price + gpu_hours * gpu_price:,.0f} |"
        )
    rows += [
        "",
        f"cost = objects x (engine + encoder seconds) / 3600 x price of a core-hour; here {objects:,} objects at "
        f"{core_price:g}.",
        "",
        "| preset, 768 features | patches only | with `--keep-points` |",
        "|---|---|---|",
    ]
    for name, config in PRESETS.items():
        sizes = [
            objects * bytes_per_shape(config.points, config.groups, config.neighbours, 768, keep) / 1e12
            for keep in (False, True)
        ]
        rows.append(f"| `{name}` | {sizes[0]:.2f} TB | {sizes[1]:.2f} TB |")
    return "\n".join(rows)


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=800_000)
    parser.add_argument("--core-price", type=float, default=0.04, help="of one core for an hour: an example")
    parser.add_argument("--gpu-price", type=float, default=0.0, help="of one GPU for an hour")
    parser.add_argument("--pictures-per-second", type=float, help="of one GPU, as you measured it")
    options = parser.parse_args()
    print(estimate(options.objects, options.core_price, options.gpu_price, options.pictures_per_second))


if __name__ == "__main__":
    main()
