"""What questions about actions cost: one pass of the encoder, then a little for each prompt.

    python benchmarks/afford.py     writes benchmarks/results/afford.json

Median milliseconds on a cloud of 2,048 points, words in the text bank, all threads that torch takes. Also the two
places of the upsampling in LAS at the sizes of the release (LASO), with random weights and one prompt of 20 tokens.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from machine import save

from partwise import Segmenter, Shape
from partwise.datasets.procedural import ProceduralShapes
from partwise.encoders.prompt import Prompt
from partwise.models.las import Las, LasConfig, Seen

REPEATS = 15


def median_ms(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median time of several runs after one warm-up, in milliseconds."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - start))
    return float(np.median(taken))


def main() -> None:
    """Time, print, save."""
    segmenter = Segmenter.from_pretrained()
    mug = next(iter(ProceduralShapes(0, ("mug",), length=1)))
    shape = Shape.of(mug.points, up="y")
    look = segmenter.look(shape)
    phrases = list(segmenter.embedder.bank.keys)
    result: dict[str, object] = {"look": median_ms(lambda: segmenter.look(shape))}
    for count in (1, 3, 10, 30, 100):
        asked = phrases[:count]
        result[f"afford, {count} prompts"] = median_ms(lambda asked=asked: segmenter.afford(shape, asked))
    result["afford after a look, 3 prompts"] = median_ms(lambda: segmenter.afford(look, phrases[:3]))
    seen = Seen(torch.rand(1, 2048, 3), torch.rand(1, 128, 3), torch.rand(1, 128, 384))
    prompt = Prompt(tokens=torch.rand(1, 20, 768), mask=torch.ones(1, 20, dtype=torch.bool))
    for upsampling in ("after", "before"):
        las = Las(LasConfig(upsampling=upsampling)).eval()
        with torch.inference_mode():
            result[f"LAS of the release, upsampling {upsampling}"] = median_ms(
                lambda las=las: las.logits(seen, prompt), 3
            )
    for name, value in result.items():
        print(f"{name:<45} {value:8.1f} ms")
    save("afford", {"unit": "ms, median", **result})


if __name__ == "__main__":
    main()
