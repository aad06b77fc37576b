"""Speed and memory of `segment`, as ratios within one run against the machine's own fp32 matrix product.

    python benchmarks/inference.py            prints the tables, writes benchmarks/results/inference.json

The official-size encoder is used with random weights: its speed does not depend on them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from machine import best_seconds, save, sgemm_gflops

from partwise import Segmenter, Shape
from partwise.encoders.bank import PhraseEmbedder, TextBank
from partwise.farthest import farthest_points
from partwise.layers.patches import group
from partwise.models.patchalign3d import PatchAlign3D, PatchAlign3DConfig
from partwise.models.runtime import with_runtime
from partwise.points import gather, nearest
from partwise.predict import SegmenterConfig

PHRASES = ["seat", "back", "leg", "arm", "cushion"]
# Multiply-adds of the plain encoder for one shape of 128 patches of 32 points (docs/models/patchalign3d.md).
MAC = {"tokenizer": 1.75e9, "blocks": 2.74e9 + 0.15e9, "head": 128 * 384 * 1280}
ONE_MILLION = """
import resource, sys, time
import numpy as np
from partwise import Segmenter, Shape
segmenter = Segmenter.from_pretrained()
cloud = np.random.default_rng(0).standard_normal((1_000_000, 3))
start = time.perf_counter()
parts = segmenter.segment(Shape.of(cloud, up="y"), ["seat", "back", "leg", "arm", "cushion"])
labels, confidence, scores = parts.labels, parts.confidence, parts.scores
took = time.perf_counter() - start
print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""


def cloud(batch: int, seed: int = 0) -> torch.Tensor:
    """Points (B,2048,3) in the unit sphere, spread like a surface: on random boxes."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1, 1, (batch, 2048, 3))
    points[np.arange(batch)[:, None], np.arange(2048), rng.integers(0, 3, (batch, 2048))] = 0.5
    points -= points.mean(1, keepdims=True)
    return torch.from_numpy(
        (points / np.linalg.norm(points, axis=2).max(1)[:, None, None]).astype(np.float32)
    )


def stages(model: PatchAlign3D, batch: int, ceiling: float) -> dict[str, dict[str, float]]:
    """Milliseconds per shape of each stage, and GFLOP/s against the ceiling where a stage is arithmetic."""
    folded = model.folded()
    points = cloud(batch)
    swapped = points[..., [0, 2, 1]].contiguous()
    centers = gather(swapped, farthest_points(swapped, 128, "pointnet2"))
    patches = group(swapped, 128, 32, "pointnet2")
    tokens = model.tokenizer(patches.local)
    position = torch.randn(batch, 129, 384)
    embedding = folded(points)
    text = F.normalize(torch.randn(5, 1280), dim=-1)
    work = {
        "sampling": lambda: farthest_points(swapped, 128, "pointnet2"),
        "neighbours": lambda: nearest(centers, swapped, 32),
        "tokenizer, plain": lambda: model.tokenizer(patches.local),
        "tokenizer, folded": lambda: folded.tokenizer(patches.local),
        "blocks": lambda: folded.blocks(position, position),
        "head": lambda: F.normalize(folded.head(embedding.tokens), dim=-1),
        "propagation": lambda: folded.similarity(embedding, text, "nearest"),
        "encoder, plain": lambda: model(points),
        "encoder, folded": lambda: folded(points),
    }
    total = sum(MAC.values())
    macs = {
        "tokenizer, plain": MAC["tokenizer"],
        "tokenizer, folded": MAC["tokenizer"],
        "blocks": MAC["blocks"],
    }
    macs |= {"head": MAC["head"], "encoder, plain": total, "encoder, folded": total}
    assert tokens.shape == (batch, 128, 256)
    rows = {}
    for name, call in work.items():
        seconds = best_seconds(call, repeats=9 if batch == 1 else 3)
        rows[name] = {"ms_per_shape": 1e3 * seconds / batch}
        if name in macs:
            rate = 2 * macs[name] * batch / seconds / 1e9
            rows[name] |= {"plain_gflops": rate, "of_ceiling": rate / ceiling}
    return rows


def whole_call(model: PatchAlign3D, ceiling: float) -> dict[str, float | bool]:
    """The whole `segment` call, points in to labels out, against the plain encoder's arithmetic at the ceiling."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((len(PHRASES), 1280))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    bank = TextBank(tuple(sorted(PHRASES)), vectors.astype(np.float16), "random", "0" * 64, "part_only", "")
    embedder = PhraseEmbedder(bank)
    shape = Shape.of(cloud(1)[0].numpy(), up="y")
    onednn = with_runtime(model, "torch-onednn", "", "")
    plain, folded, fast = (Segmenter(m, embedder, SegmenterConfig()) for m in (model, model.folded(), onednn))
    seconds = best_seconds(lambda: folded.segment(shape, PHRASES).labels, repeats=15)
    plain_seconds = best_seconds(lambda: plain.segment(shape, PHRASES).labels, repeats=15)
    arithmetic = 2 * sum(MAC.values()) / (ceiling * 1e9)
    answers = [segmenter.segment(shape, PHRASES).labels for segmenter in (plain, folded, fast)]
    equal = all(bool((answers[0] == other).all()) for other in answers[1:])
    onednn_seconds = best_seconds(lambda: fast.segment(shape, PHRASES).labels, repeats=15)
    return {
        "ms": 1e3 * seconds,
        "plain_ms": 1e3 * plain_seconds,
        "plain_arithmetic_at_ceiling_ms": 1e3 * arithmetic,
        "ratio": seconds / arithmetic,
        "plain_ratio": plain_seconds / arithmetic,
        "onednn_ms": 1e3 * onednn_seconds,
        "onednn_ratio": onednn_seconds / arithmetic,
        "labels_equal": equal,
    }


def one_million_points() -> dict[str, float]:
    """Seconds and resident gigabytes of a million points with the shipped model, in a process of its own."""
    runs = []
    for _ in range(3):
        out = subprocess.run(
            [sys.executable, "-c", ONE_MILLION], capture_output=True, text=True, check=True
        ).stdout
        runs.append([float(v) for v in out.split()])
    return {"seconds": min(r[0] for r in runs), "peak_gb": max(r[1] for r in runs)}


def cold_start() -> dict[str, object]:
    """Seconds of `partwise segment` from the shell, and the slowest imports (cumulative)."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "cloud.npy"
        np.save(source, cloud(1)[0].numpy())
        code = f"import sys; from partwise.cli import main; sys.exit(main(['segment', {str(source)!r}, 'seat', 'back', "
        code += f"'leg', '--out', {str(Path(folder) / 'out.ply')!r}]))"
        command = [sys.executable, "-c", code]
        seconds = best_seconds(lambda: subprocess.run(command, check=True, capture_output=True), repeats=3)
        trace = subprocess.run(
            [sys.executable, "-X", "importtime", *command[1:]], check=False, capture_output=True, text=True
        ).stderr
    slow = {}
    for line in trace.splitlines():
        parts = line.removeprefix("import time:").split("|")
        if len(parts) == 3 and parts[1].strip().isdigit():
            name = parts[2].strip()
            if "." not in name and int(parts[1]) > 50_000:
                slow[name] = round(int(parts[1]) / 1e6, 2)
    return {"seconds": seconds, "slow_imports_s": dict(sorted(slow.items(), key=lambda item: -item[1])[:10])}


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--skip-shipped", action="store_true", help="leave out what needs the shipped checkpoint"
    )
    arguments = parser.parse_args()
    model = PatchAlign3D(PatchAlign3DConfig()).eval().requires_grad_(False)
    result: dict[str, object] = {"encoder": {}, "segment": {}}
    threads_at_start = torch.get_num_threads()
    with torch.inference_mode():
        for threads in (1, 2):
            torch.set_num_threads(threads)
            ceiling = sgemm_gflops()
            print(f"\n{threads} thread(s): sgemm ceiling {ceiling:.0f} GFLOP/s")
            for batch in (1, 32):
                rows = stages(model, batch, ceiling)
                result["encoder"][f"{threads} threads, batch {batch}"] = {
                    "ceiling_gflops": ceiling,
                    "stages": rows,
                }
                print(f"  batch {batch:<28} ms/shape   plain GFLOP/s   of ceiling")
                for name, row in rows.items():
                    rate = (
                        f"{row['plain_gflops']:11.0f} {row['of_ceiling']:14.2f}"
                        if "of_ceiling" in row
                        else ""
                    )
                    print(f"    {name:<30} {row['ms_per_shape']:8.2f} {rate}")
            ceiling = max(ceiling, sgemm_gflops())
            call = whole_call(model, ceiling)
            result["segment"][f"{threads} threads"] = call
            print(
                f"  segment: {call['ms']:.1f} ms, {call['ratio']:.2f}x of the plain arithmetic at the ceiling "
                f"({call['plain_arithmetic_at_ceiling_ms']:.1f} ms); plain path {call['plain_ms']:.1f} ms, "
                f"{call['plain_ratio']:.2f}x; runtime torch-onednn {call['onednn_ms']:.1f} ms, "
                f"{call['onednn_ratio']:.2f}x; labels equal: {call['labels_equal']}"
            )
    torch.set_num_threads(threads_at_start)
    if not arguments.skip_shipped:
        result["one_million_points"] = one_million_points()
        result["cold_start"] = cold_start()
        print(f"\n1,000,000 points: {result['one_million_points']}")
        print(f"cold `partwise segment`: {result['cold_start']}")
    save("inference", result)


if __name__ == "__main__":
    main()
