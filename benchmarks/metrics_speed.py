"""Speed of the metrics against straightforward per-sample loops on the same arrays, equal to 1e-6.

    python benchmarks/metrics_speed.py        prints a table, writes benchmarks/results/metrics_speed.json

The arrays have the size of the ShapeNetPart test split: 2,874 shapes of 2,048 points with 2 to 6 parts, labels int32
and heat float32 as partwise holds them. The loops are NumPy as one writes it by hand: one shape, one part, one
threshold at a time. Times are processor time, so other work on the machine disturbs the ratios less.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

import numpy as np
from machine import save

from partwise.metrics import (
    ABSENT_RULES,
    CmatTally,
    HeatTally,
    PartTally,
    cmat_pooled,
    count_parts,
    heat_scores,
    official_means,
    part_first_scores,
    part_scores,
)

POINTS = 2048
# Shapes and parts of the 16 categories of the split.
CATEGORIES = {
    "Airplane": (341, 4), "Bag": (14, 2), "Cap": (11, 2), "Car": (158, 4), "Chair": (704, 4), "Earphone": (14, 3),
    "Guitar": (159, 3), "Knife": (80, 2), "Lamp": (286, 4), "Laptop": (83, 2), "Motorbike": (51, 6), "Mug": (38, 2),
    "Pistol": (44, 3), "Rocket": (12, 3), "Skateboard": (31, 3), "Table": (848, 3),
}  # fmt: skip


def labelled(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Found and true labels (S,N), parts (S,) and categories (S,): parts in runs, some absent, a fifth mistaken."""
    rng = np.random.default_rng(seed)
    names = [name for name, (count, _) in CATEGORIES.items() for _ in range(count)]
    parts = np.array([CATEGORIES[name][1] for name in names])
    present = np.ceil(rng.random(len(names)) * parts)
    truth = np.sort((rng.random((len(names), POINTS)) * present[:, None]).astype(np.int32), axis=1)
    other = (rng.random(truth.shape) * parts[:, None]).astype(np.int32)
    return np.where(rng.random(truth.shape) < 0.8, truth, other), truth, parts, names


def heated(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Predictions and soft targets (S,N) in [0,1]; about one sample in fifty has no positive point."""
    rng = np.random.default_rng(seed)
    target = np.clip(rng.random((count, POINTS), dtype=np.float32) * 1.6 - 0.6, 0, 1)
    target[rng.random(count) < 0.02] *= 0.4
    noise = rng.random(target.shape, dtype=np.float32)
    return np.clip(0.6 * target + 0.5 * noise, 0, 1), target


def part_loop(
    found: np.ndarray, truth: np.ndarray, parts: np.ndarray, names: list[str], absent: str
) -> tuple:
    """Instance and category mIoU under one rule, shape by shape and part by part."""
    of_shape: dict[str, list[float]] = {}
    for shape in range(len(truth)):
        of_part = []
        for part in range(parts[shape]):
            common = np.sum((found[shape] == part) & (truth[shape] == part))
            union = np.sum((found[shape] == part) | (truth[shape] == part))
            if absent == "skip_parts_absent_from_gt" and np.sum(truth[shape] == part) == 0:
                continue
            if union > 0:
                of_part.append(common / union)
            elif absent == "absent_counts_one":
                of_part.append(1.0)
        of_shape.setdefault(names[shape], []).append(np.mean(of_part))
    instance = np.mean([value for values in of_shape.values() for value in values])
    return float(instance), float(np.mean([np.mean(values) for values in of_shape.values()]))


def part_first_loop(found: np.ndarray, truth: np.ndarray, parts: np.ndarray, names: list[str]) -> float:
    """Mean over shapes per part, then over parts, then over categories."""
    means: dict[str, list[float]] = {}
    for name in sorted(set(names)):
        rows = [shape for shape in range(len(names)) if names[shape] == name]
        for part in range(parts[rows[0]]):
            values = []
            for shape in rows:
                if np.sum(truth[shape] == part) > 0:
                    common = np.sum((found[shape] == part) & (truth[shape] == part))
                    values.append(common / np.sum((found[shape] == part) | (truth[shape] == part)))
            if values:
                means.setdefault(name, []).append(np.mean(values))
    return float(np.mean([np.mean(values) for values in means.values()]))


def accuracy_loop(found: np.ndarray, truth: np.ndarray) -> float:
    """Share of right points."""
    return sum(np.sum(found[shape] == truth[shape]) for shape in range(len(truth))) / truth.size


def all_parts_loop(found: np.ndarray, truth: np.ndarray, parts: np.ndarray, names: list[str]) -> list[float]:
    """Every part figure, by one loop each."""
    figures = [value for rule in ABSENT_RULES for value in part_loop(found, truth, parts, names, rule)]
    return [*figures, part_first_loop(found, truth, parts, names), accuracy_loop(found, truth)]


def one_rule(
    found: np.ndarray, truth: np.ndarray, parts: np.ndarray, names: list[str]
) -> tuple[float, float]:
    """The same as part_loop under the first rule, by partwise."""
    scores = part_scores(count_parts(found, truth, parts, names), ABSENT_RULES[0])
    return scores.instance, scores.category


def all_parts(found: np.ndarray, truth: np.ndarray, parts: np.ndarray, names: list[str]) -> list[float]:
    """The same as all_parts_loop, by partwise: one count, then arithmetic on it."""
    counts = count_parts(found, truth, parts, names)
    scores = [part_scores(counts, rule) for rule in ABSENT_RULES]
    figures = [value for score in scores for value in (score.instance, score.category)]
    return [*figures, part_first_scores(counts).miou, scores[0].accuracy]


def auc_of(p: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve of one sample by the trapezoidal rule over its distinct scores."""
    order = np.argsort(-p, kind="stable")
    last = np.append(np.flatnonzero(np.diff(p[order])), len(p) - 1)
    right = np.append(0, np.cumsum(positive[order])[last])
    wrong = np.append(0, np.cumsum(~positive[order])[last])
    return float(np.sum(np.diff(wrong) * (right[1:] + right[:-1]) / 2) / (right[-1] * wrong[-1]))


def ap_of(p: np.ndarray, positive: np.ndarray) -> float:
    """Average precision of one sample over its distinct scores."""
    order = np.argsort(-p, kind="stable")
    last = np.append(np.flatnonzero(np.diff(p[order])), len(p) - 1)
    right = np.cumsum(positive[order])[last]
    return float(np.sum(np.diff(right, prepend=0) * right / (last + 1)) / right[-1])


def aiou_of(p: np.ndarray, positive: np.ndarray) -> float:
    """Mean IoU of one sample over 20 thresholds."""
    ious = [np.sum((p >= t) & positive) / np.sum((p >= t) | positive) for t in np.linspace(0, 1, 20)]
    return float(np.mean(ious))


def f1_of(p: np.ndarray, positive: np.ndarray) -> float:
    """F1 of one sample at 0.5."""
    return float(2 * np.sum((p >= 0.5) & positive) / (np.sum(p >= 0.5) + np.sum(positive)))


def sim_of(p: np.ndarray, g: np.ndarray) -> float:
    """Histogram intersection of one sample."""
    return float(np.sum(np.minimum(p / (np.sum(p) + 1e-12), g / (np.sum(g) + 1e-12))))


def kld_of(p: np.ndarray, g: np.ndarray) -> float:
    """Kullback-Leibler divergence of one sample."""
    p, g = p / (np.sum(p) + 1e-12), g / (np.sum(g) + 1e-12)
    return float(np.sum(g * np.log(g / (p + 1e-12) + 1e-12)))


def heat_loop(prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Every heat figure (9,S): one sample and one figure at a time, as evaluators of this field are written."""
    rows = []
    for p, g in zip(prediction, target, strict=True):
        positive = g >= 0.5
        ranked = [
            measure(p, positive) if positive.any() else np.nan for measure in (auc_of, ap_of, aiou_of, f1_of)
        ]
        cosine = np.sum(p * g) / (np.linalg.norm(p) * np.linalg.norm(g))
        rows.append(
            [*ranked, sim_of(p, g), cosine, kld_of(p, g), np.mean(np.abs(p - g)), np.mean((p - g) ** 2)]
        )
    return np.array(rows).T


def heat(prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The same as heat_loop, by partwise."""
    s = heat_scores(prediction, target)
    return np.stack([s.auc, s.ap, s.aiou, s.f1, s.sim, s.cosine, s.kld, s.mae, s.mse])


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Least processor time of several runs after one warm-up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def row(slow: Callable[[], object], fast: Callable[[], object], repeats: int) -> dict[str, float]:
    """Milliseconds of both, their ratio and the largest difference of their answers."""
    difference = np.nanmax(np.abs(np.asarray(slow()) - np.asarray(fast())))
    loop, ours = seconds(slow, 2), seconds(fast, repeats)
    return {
        "loop_ms": 1e3 * loop,
        "ours_ms": 1e3 * ours,
        "ratio": loop / ours,
        "largest_difference": float(difference),
    }


def streamed(
    found: np.ndarray, truth: np.ndarray, parts: np.ndarray, names: list[str]
) -> tuple[float, float]:
    """one_rule, fed 32 shapes at a time as an evaluation is."""
    tally = PartTally()
    for start in range(0, len(found), 32):
        rows = slice(start, start + 32)
        tally.update(found[rows], truth[rows], parts[rows], names[rows])
    scores = part_scores(tally.result(), ABSENT_RULES[0])
    return scores.instance, scores.category


def heat_streamed(prediction: np.ndarray, target: np.ndarray) -> list[float]:
    """Official means and the pooled ones, fed 32 samples at a time."""
    samples, pooled = HeatTally(), CmatTally()
    for start in range(0, len(prediction), 32):
        samples.update(prediction[start : start + 32], target[start : start + 32])
        pooled.update(prediction[start : start + 32], target[start : start + 32])
    means, long = official_means(samples.result()), pooled.result()
    return [means.auc, means.aiou, means.sim, means.mae, float(long.auc[0]), float(long.aiou[0])]


def heat_at_once(prediction: np.ndarray, target: np.ndarray) -> list[float]:
    """The same as heat_streamed in one call each."""
    means, long = official_means(heat_scores(prediction, target)), cmat_pooled(prediction, target)
    return [means.auc, means.aiou, means.sim, means.mae, float(long.auc[0]), float(long.aiou[0])]


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    labels, maps = labelled(), heated(sum(count for count, _ in CATEGORIES.values()))
    rows = {
        "part IoU, one rule": row(
            lambda: part_loop(*labels, ABSENT_RULES[0]), lambda: one_rule(*labels), repeats
        ),
        "part IoU, every figure": row(lambda: all_parts_loop(*labels), lambda: all_parts(*labels), repeats),
        "part IoU, one rule, 32 at a time": row(
            lambda: part_loop(*labels, ABSENT_RULES[0]), lambda: streamed(*labels), repeats
        ),
        "heat, all nine figures": row(lambda: heat_loop(*maps), lambda: heat(*maps), max(3, repeats // 3)),
    }
    both = rows["part IoU, every figure"], rows["heat, all nine figures"]
    rows["every part and heat figure"] = {
        "loop_ms": sum(one["loop_ms"] for one in both),
        "ours_ms": sum(one["ours_ms"] for one in both),
        "ratio": sum(one["loop_ms"] for one in both) / sum(one["ours_ms"] for one in both),
        "largest_difference": max(one["largest_difference"] for one in both),
    }
    assert one_rule(*labels) == streamed(*labels)
    assert heat_at_once(*maps) == heat_streamed(*maps)
    assert all(one["largest_difference"] <= 1e-6 for one in rows.values())
    print(f"{'':34}{'loops ms':>10}{'ours ms':>10}{'ratio':>8}{'difference':>12}")
    for name, one in rows.items():
        print(
            f"{name:34}{one['loop_ms']:10.1f}{one['ours_ms']:10.1f}{one['ratio']:8.1f}{one['largest_difference']:12.1e}"
        )
    print("streamed results are equal to those of one call, bit for bit")
    save(
        "metrics_speed",
        {"shapes": len(labels[0]), "points": POINTS, "cpu_count": os.cpu_count(), "rows": rows},
    )


if __name__ == "__main__":
    main()
