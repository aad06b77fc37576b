"""Speed of the procedural world: shapes per second on one core, as CAD-like and scan-like clouds.

    python benchmarks/world.py        prints a table, writes benchmarks/results/world.json

Shapes of 2,048 and of 8,192 points from all training categories in turn, with and without affordance heat. Times are
processor time of one thread, so other work on the machine disturbs them less.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy is loaded

import argparse
import time

import torch
from machine import save

from partwise.datasets.procedural import ProceduralShapes, training_categories
from partwise.datasets.world.surface import Scan


def shapes_per_second(shapes: ProceduralShapes) -> float:
    """Shapes made per second of processor time, after one shape of warm-up."""
    _ = shapes[0]
    start = time.process_time()
    for _ in shapes:
        pass
    return len(shapes) / (time.process_time() - start)


def main() -> None:
    """Measure every setting in turn."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="shapes of each category")
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    count, rows = rounds * len(training_categories()), []
    print("| points | kind | heat | shapes per second |\n|---|---|---|---|")
    for points in (2048, 8192):
        for kind in ("cad", "scan"):
            for heat in (False, True):
                world = ProceduralShapes(seed=0, scan=Scan(points=points, kind=kind), length=count, heat=heat)
                rate = round(shapes_per_second(world), 1)
                rows.append({"points": points, "kind": kind, "heat": heat, "shapes_per_second": rate})
                print(f"| {points:,} | {kind} | {'yes' if heat else 'no'} | {rate} |", flush=True)
    save("world", {"shapes": count, "categories": len(training_categories()), "speed": rows})


if __name__ == "__main__":
    main()
