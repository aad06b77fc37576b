"""The results of the experiments on LM-AD gathered: means, intervals, differences seed by seed, the plot of depth."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from lmad_pictures import depth_plot
from lmad_setup import (
    BATCH,
    CATEGORIES,
    LABELS,
    POINTS,
    SEEDS,
    STEPS,
    SYNONYMS,
    TEST_EACH,
    TRAIN_EACH,
    arms,
    case_of,
    packs,
)
from machine import save

from partwise.datasets.heat_pack import HeatPack
from partwise.datasets.paint import KINDS
from partwise.evaluate.labels import SETTINGS, pooled

RESULTS = Path(__file__).parent.parent / "benchmarks" / "results" / "lmad.json"
IMAGES = Path(__file__).parent.parent / "docs" / "images"
PROTOCOLS = ("closed", "zeroshot", "sentences", "closed, other colors", "zeroshot, other colors")
# Arms by the number of blocks that look at the points, for the plot: around the real language model, and without one.
DEPTHS = {"cosine": "cosine", 0: "xattn", 1: "aqm-1", 3: "aqm-3", 6: "aqm-6"}
RANDOM = {6: "aqm-6-random", 12: "aqm-12-random"}


def report(out: Path) -> None:
    """Gather the results of all runs into one file, and draw mIoU against depth."""
    runs = [json.loads(path.read_text()) for path in sorted(out.glob("*-[0-9].json"))]
    _, test = packs(out)
    shapes = {label: sum(label in sample.affordances for sample in test) for label in LABELS[:-1]}
    table = tabulated(runs)
    content = {
        "command": "python scripts/lmad_experiments.py run DIR; python scripts/lmad_experiments.py report DIR",
        "protocol": "own/procedural-12-labels: pooled over all test points, none counted, last weights",
        "settings": {
            "categories": CATEGORIES,
            "labels": LABELS,
            "synonyms": SYNONYMS,
            "points": POINTS,
            "training_shapes": TRAIN_EACH * len(CATEGORIES),
            "test_shapes": TEST_EACH * len(CATEGORIES),
            "steps": STEPS,
            "batch": BATCH,
        },
        "test_shapes_by_label": shapes,
        "chance": {name: chance_miou(test, name) for name in ("none everywhere", "random label")},
        "table": table,
        "paired": pairs(runs),
        "runs": runs,
    }
    if RESULTS.is_file():  # the attention figures are written by their own command
        content["attention"] = json.loads(RESULTS.read_text()).get("attention")
    save("lmad", content)
    if all(name in table for name in (*DEPTHS.values(), *RANDOM.values())):
        real, random = (
            {
                protocol: {depth: table[name][protocol] for depth, name in names.items()}
                for protocol in PROTOCOLS[:2]
            }
            for names in (DEPTHS, RANDOM)
        )
        depth_plot(real, random, IMAGES / "lmad_depth.png")
    for name, row in table.items():
        print(name, {key: row[key] for key in row if key != "seeds"})
    print(json.dumps(content["paired"], indent=1))


def tabulated(runs: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Arm -> its seeds, mean time of training, and a summary over seeds of what each protocol says."""
    table: dict[str, dict[str, Any]] = {}
    for name in arms():
        own = [flat(entry) for entry in runs if entry["arm"] == name]
        if not own:
            continue
        table[name] = {
            "seeds": [entry["seed"] for entry in own],
            "train_cpu_s": round(float(np.mean([entry["train_cpu_s"] for entry in own])), 1),
        }
        for protocol in PROTOCOLS:
            values = [entry[protocol] for entry in own if protocol in entry]
            if values:
                table[name][protocol] = summary(values)
    return table


def flat(entry: dict[str, Any]) -> dict[str, Any]:
    """A run with the mIoU of each protocol in the protocol's place, those on colours that mislead included."""
    found = {
        **entry,
        **{f"{key}, other colors": value for key, value in entry.get("other colors", {}).items()},
    }
    return {key: value["miou"] if key in PROTOCOLS else value for key, value in found.items()}


def summary(values: Sequence[float]) -> dict[str, object]:
    """Mean over seeds and its 95 % interval by Student's t (4.303 for three seeds); no interval for one seed."""
    mean = float(np.mean(values))
    quantile = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}.get(len(values))
    half = quantile * float(np.std(values, ddof=1)) / len(values) ** 0.5 if quantile else None
    return {
        "mean": mean,
        "values": list(values),
        "interval": None if half is None else [mean - half, mean + half],
    }


def pairs(runs: Sequence[dict[str, Any]]) -> dict[str, dict[str, object]]:
    """Differences of arms of equal seed, with intervals over the seeds."""
    by_seed = {(entry["arm"], entry["seed"]): flat(entry) for entry in runs}
    found: dict[str, dict[str, object]] = {}
    for first, second in compared():
        both = [(by_seed.get((first, seed), {}), by_seed.get((second, seed), {})) for seed in SEEDS]
        for protocol in PROTOCOLS[:2]:
            values = [
                one[protocol] - two[protocol] for one, two in both if protocol in one and protocol in two
            ]
            if values:
                found.setdefault(f"{first} - {second}", {})[protocol] = summary(values)
    return found


def compared() -> Iterator[tuple[str, str]]:
    """The pairs of arms whose difference answers a question."""
    yield from (("aqm-6", "xattn"), ("aqm-3", "xattn"), ("aqm-1", "xattn"), ("xattn", "cosine"))
    yield from (("aqm-6", "cosine"), ("aqm-3", "cosine"), ("aqm-3-bert-insert", "aqm-3"))
    yield from (("aqm-6-random", "aqm-6"), ("aqm-12-random", "aqm-6-random"))
    for model in ("cosine", "aqm-3"):
        yield from ((f"{model}-{arm}", model) for arm in ("transformer", "wide", "boundary", "typical"))
        yield f"{model}-wide", f"{model}-transformer"
        yield from ((f"{model}-{start}", f"{model}-wide") for start in ("pointmae", "started"))
        yield f"{model}-started", f"{model}-pointmae"
        yield f"{model}-typical", f"{model}-boundary"
    for arm in ("transformer", "wide", "pointmae", "started", *KINDS, *SETTINGS[1:]):
        yield f"aqm-3-{arm}", f"cosine-{arm}"


def chance_miou(test: HeatPack, kind: str) -> float:
    """mIoU of answers that look at no point."""
    rng = np.random.default_rng(0)
    tables = np.zeros((len(LABELS), len(LABELS)), dtype=np.int64)
    for index, sample in enumerate(test):
        case = case_of(index, sample)
        guess = (
            rng.integers(0, len(LABELS), POINTS)
            if kind == "random label"
            else np.full(POINTS, len(LABELS) - 1)
        )
        np.add.at(tables, (case.label, guess), 1)
    return pooled(tables[None]).miou
