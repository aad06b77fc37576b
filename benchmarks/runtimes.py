"""The runtimes of a model against its plain twin: time for one shape, and how many labels stay the same.

    python benchmarks/runtimes.py                        writes benchmarks/results/runtimes.json, prints a table
    python benchmarks/runtimes.py --checkpoint FOLDER    measures these weights as well

PatchAlign3D has its official size and random weights, with the statistics of its batch norms taken from real
batches. Random words would give every point of such a model the same label, so it is asked for directions in which
its own features of another shape differ from the mean: labels mix, and many points are near a tie, which makes its
agreement a lower bound. Trained weights are asked for the part names of each shape.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from machine import RESULTS, save
from torch import Tensor

from partwise.datasets.procedural import ProceduralShapes
from partwise.encoders.bank import TextBank, default_bank_path
from partwise.layers.patches import group
from partwise.models.patchalign3d import PatchAlign3D, PatchAlign3DConfig
from partwise.models.pointalign3d import PointAlign3D, PointAlign3DConfig
from partwise.models.runtime import RUNTIMES, Model, with_runtime
from partwise.points import fit_box
from partwise.pretrained import SHIPPED, build_model, open_pretrained

SHAPES, ROUNDS = 24, 9
# Where the best phrase leads the second by more than this cosine, the label is called clear; see `agreement`.
CLEAR = 0.01


@dataclass(frozen=True)
class Case:
    """A model with shapes and, for each of them, the vectors (T,E) it is asked for."""

    name: str
    model: Model
    clouds: list[Tensor]
    texts: list[Tensor]


def samples(count: int, seed: int, box: str) -> tuple[list[Tensor], list[list[str]]]:
    """Procedural shapes of all categories, in the model's box, (1,2048,3) each, and the names of their parts."""
    clouds, names = [], []
    for sample in ProceduralShapes(seed=seed, length=count, heat=False):
        centre, scale = fit_box(sample.points.astype(np.float64), box)
        clouds.append(torch.from_numpy(((sample.points - centre) * scale).astype(np.float32))[None])
        names.append([part.name for part in sample.parts])
    return clouds, names


def random_case(name: str, model: Model) -> Case:
    """A model with random weights whose batch norms have seen eight batches, asked for directions of its own."""
    tokenizer = (model.encoder if isinstance(model, PointAlign3D) else model).tokenizer
    for norm in (tokenizer.first.norm, tokenizer.second.norm):
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches
    model.train()
    for seed in range(8):
        batch = torch.cat(samples(8, 100 + seed, "unit_sphere")[0])[..., [0, 2, 1]]
        tokenizer.point_features(group(batch, 128, 32, "plain").local)
    model.eval().requires_grad_(False)
    clouds, _ = samples(SHAPES, 1, "unit_sphere")
    features = [
        F.normalize(model(cloud).features[0], dim=-1) for cloud in samples(SHAPES, 2, "unit_sphere")[0]
    ]
    mean = torch.cat(features).mean(dim=0)
    texts = [F.normalize(f[torch.randperm(len(f))[:5]] - mean, dim=-1) for f in features]
    return Case(name, model, clouds, texts)


def trained_case(name: str) -> Case:
    """A checkpoint aligned with the shipped phrases, asked for the names of the parts of each shape."""
    checkpoint = open_pretrained(name)
    clouds, names = samples(SHAPES, 1, checkpoint.config["segmenter"]["box"])
    bank = TextBank.load(default_bank_path())
    texts = [torch.from_numpy(bank.lookup(words)[0]) for words in names]
    return Case(f"{Path(name).name}, trained", build_model(checkpoint), clouds, texts)


def agreement(case: Case, runtime: Model) -> dict[str, float]:
    """Shares of points with the label of the plain model: of all, and of those with a clear label."""
    same, clear, cosine = [], [], []
    for cloud, text in zip(case.clouds, case.texts, strict=True):
        expected, found = case.model(cloud), runtime(cloud)
        scores = case.model.similarity(expected, text)[0]
        best = scores.topk(2, dim=-1).values
        same.append(runtime.similarity(found, text)[0].argmax(-1) == scores.argmax(-1))
        clear.append(best[:, 0] - best[:, 1] > CLEAR)
        cosine.append(F.cosine_similarity(found.features, expected.features, dim=-1).min())
    all_same, all_clear = torch.cat(same), torch.cat(clear)
    return {
        "same_labels": all_same.float().mean().item(),
        "same_clear_labels": all_same[all_clear].float().mean().item(),
        "clear_share": all_clear.float().mean().item(),
        "lowest_cosine": torch.stack(cosine).min().item(),
    }


def milliseconds(models: dict[str, Model], cloud: Tensor, text: Tensor) -> dict[str, float]:
    """Best time from points to cosines of each model; they take turns, so that a busy moment hits all of them."""
    best = dict.fromkeys(models, float("inf"))
    for _ in range(ROUNDS):
        for name, model in models.items():
            for _ in range(3):  # the first runs refill the caches after another model
                start = time.perf_counter()
                model.similarity(model(cloud), text)
                best[name] = min(best[name], 1e3 * (time.perf_counter() - start))
    return best


def measure(case: Case) -> dict[str, dict[str, float]]:
    """One row for the plain model and for each runtime."""
    rows: dict[str, dict[str, float]] = {name: {} for name in ("plain", *RUNTIMES)}
    with tempfile.TemporaryDirectory() as cache:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            models = {"plain": case.model}
            for runtime in RUNTIMES:
                start = time.perf_counter()
                models[runtime] = with_runtime(case.model, runtime, "benchmark", cache)
                rows[runtime][f"open_s_{'first' if threads == 1 else 'again'}"] = time.perf_counter() - start
            times = milliseconds(models, case.clouds[0], case.texts[0])
            for name, model in models.items():
                rows[name][f"ms_{threads}_threads"] = times[name]
                rows[name][f"times_torch_{threads}_threads"] = times["torch"] / times[name]
                if threads == 1:
                    rows[name] |= agreement(case, model)
    return rows


def table(rows: dict[str, dict[str, float]]) -> str:
    """The rows as Markdown; `torch` is the plain model folded, and what is used unless another is asked for."""
    columns = {
        "1 thread": lambda r: f"{r['ms_1_threads']:.1f} ms, {r['times_torch_1_threads']:.2f}x",
        "2 threads": lambda r: f"{r['ms_2_threads']:.1f} ms, {r['times_torch_2_threads']:.2f}x",
        "same labels": lambda r: f"{100 * r['same_labels']:.2f} %",
        "same clear labels": lambda r: f"{100 * r['same_clear_labels']:.2f} %",
        "lowest cosine": lambda r: f"{r['lowest_cosine']:.5f}",
        "opened first, again": lambda r: (
            f"{r['open_s_first']:.1f} s, {r['open_s_again']:.1f} s" if "open_s_first" in r else ""
        ),
    }
    lines = ["| runtime | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [
        f"| {name} | " + " | ".join(cell(row) for cell in columns.values()) + " |"
        for name, row in rows.items()
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure every case, print its table, write the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", action="append", default=[], help="folder of trained weights")
    trained = list(parser.parse_args().checkpoint)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    package = RESULTS.parent.parent / "src" / "partwise"
    trained += [name for name, place in SHIPPED.items() if (package / place / "config.json").is_file()]
    result = {"clear_margin": CLEAR, "shapes": SHAPES, "cases": {}}
    with torch.inference_mode():
        cases = [
            random_case("PatchAlign3D, official size, random weights", PatchAlign3D(PatchAlign3DConfig()))
        ]
        cases += [trained_case(name) for name in trained]
        if not trained:
            cases.append(random_case("PointAlign3D, random weights", PointAlign3D(PointAlign3DConfig())))
        for case in cases:
            torch.set_num_threads(1)
            rows = measure(case)
            result["cases"][case.name] = rows
            print(
                f"\n{case.name}: {100 * rows['torch']['clear_share']:.0f} % of the labels are clear\n\n{table(rows)}"
            )
    save("runtimes", result)


if __name__ == "__main__":
    main()
