"""What the experiments on the alignment with words have in common: model, recipe, runs that resume, intervals."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from cmat_setup import ENCODER, POINTS
from lmad_report import summary

from partwise.files import atomic_path
from partwise.models.patchalign3d import PatchAlign3DConfig
from partwise.train.align_text_presets import AlignTextConfig
from partwise.train.alignment import RELEASE_OBJECTIVE
from partwise.train.augment import Augment
from partwise.train.batches import BatchConfig

SEEDS = (1, 2, 3)
STEPS, BATCH = 300, 8
PACK_POINTS = 2048
MODEL = PatchAlign3DConfig(
    groups=ENCODER.groups,
    group_size=ENCODER.group_size,
    token_hidden=ENCODER.token_hidden,
    token_width=ENCODER.width,
    width=ENCODER.width,
    depth=ENCODER.depth,
    heads=ENCODER.heads,
    drop_path=0.0,
    text_width=384,
    farthest_rule="plain",
)
TEXT = AlignTextConfig(
    MODEL,
    steps=STEPS,
    batches=BatchConfig(batch=BATCH, points=(POINTS,), augment=Augment(probability=1.0, tilt=0.0, yaw=0.7)),
    # The paper's objective starts at a bias of -10, which few steps cannot learn away: see its own row.
    objective=RELEASE_OBJECTIVE,
    train_blocks=-1,
    rate=1e-3,
    head_rate=1e-3,
    betas=(0.9, 0.98),
    warmup=20,
    cosine_schedule=True,
    clip_norm=1.0,
    save_every=STEPS,
)


def run_missing(
    out: Path, arms: Iterable[str], seeds: Sequence[int], work: Callable[[str, int], dict[str, Any]]
) -> None:
    """Figures of every arm with every seed that has no result yet; each finished run leaves a JSON file."""
    (out / "results").mkdir(exist_ok=True)
    names = list(arms)
    for seed in seeds:
        for name in names:
            result = out / "results" / f"{name}, seed {seed}.json"
            if result.is_file():
                continue
            start = time.process_time()
            row = {"arm": name, "seed": seed, **work(name, seed)}
            row["processor_s"] = round(time.process_time() - start, 1)
            with atomic_path(result) as temporary:
                temporary.write_text(json.dumps(row))
            print(json.dumps(row), flush=True)


def finished(out: Path) -> list[dict[str, Any]]:
    """The rows of all finished runs."""
    return [json.loads(path.read_text()) for path in sorted((out / "results").glob("*.json"))]


def against(rows: Sequence[dict[str, Any]], name: str, base: str, key: str) -> dict[str, Any]:
    """Difference of an arm from another, seed by seed: arms of one seed saw the same shapes in the same order."""
    values = {arm: {row["seed"]: row[key] for row in rows if row["arm"] == arm} for arm in (name, base)}
    both = sorted(values[name].keys() & values[base].keys())
    return summary([values[name][seed] - values[base][seed] for seed in both])


def cell(found: dict[str, Any]) -> str:
    """Mean and interval in percent."""
    if found["interval"] is None:
        return f"{100 * found['mean']:.1f}"
    low, high = found["interval"]
    return f"{100 * found['mean']:.1f} ({100 * low:.1f} to {100 * high:.1f})"
