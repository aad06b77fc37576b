"""What questions about actions cost: one pass of the encoder, then a little for each prompt.

    python benchmarks/afford.py     writes benchmarks/results/afford.json

Best and median milliseconds, and processor milliseconds, on a cloud of 2,048 points; words in the text bank. On a
busy machine only the processor time of one thread says something: `--threads 1`. Two threads wait for each other there.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from machine import save

from partwise import Segmenter, Shape
from partwise.datasets.procedural import ProceduralShapes

REPEATS = 7


def milliseconds(work: Callable[[], object]) -> dict[str, float]:
    """Best and median time of several runs after one warm-up, and the least processor time."""
    work()
    taken, spent = [], []
    for _ in range(REPEATS):
        start, busy = time.perf_counter(), time.process_time()
        work()
        taken.append(1000 * (time.perf_counter() - start))
        spent.append(1000 * (time.process_time() - busy))
    return {"best": min(taken), "median": float(np.median(taken)), "processor": min(spent)}


def main() -> None:
    """Time, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    threads = parser.parse_args().threads
    torch.set_num_threads(threads)
    segmenter = Segmenter.from_pretrained()
    mug = next(iter(ProceduralShapes(0, ("mug",), length=1)))
    shape = Shape.of(mug.points, up="y")
    look = segmenter.look(shape)
    phrases = list(segmenter.embedder.bank.keys)
    result: dict[str, dict[str, float]] = {"look": milliseconds(lambda: segmenter.look(shape))}
    for count in (1, 3, 10, 30, 100, 1000):
        asked = phrases[:count]
        result[f"afford, {count} prompts"] = milliseconds(lambda asked=asked: segmenter.afford(shape, asked))
    result["afford after a look, 3 prompts"] = milliseconds(lambda: segmenter.afford(look, phrases[:3]))
    for name, figures in result.items():
        print(f"{name:<32}" + "  ".join(f"{key} {value:8.1f}" for key, value in figures.items()))
    save("afford", {"model": segmenter.record.sha256, "unit": "ms", "threads": threads, **result})


if __name__ == "__main__":
    main()
