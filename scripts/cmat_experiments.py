"""The ablation of CMAT at a small size: pre-training losses and teachers, then LAS on each encoder, three seeds.

    python scripts/cmat_experiments.py all out/cmat          # everything below, one after the other; resumes

    python scripts/cmat_experiments.py run out/cmat          # lift, pre-train, train LAS; resumes
    python scripts/cmat_experiments.py run out/cmat 1,2      # these seeds only, so that several processes may share
    python scripts/cmat_experiments.py report out/cmat       # benchmarks/results/cmat.json, and its tables in Markdown
    python scripts/cmat_experiments.py pictures out/cmat     # docs/images/cmat_features.png

Procedural shapes of 14 categories, and a SIMULATED teacher that knows their parts: no vision encoder is involved.
All settings are in the constants of cmat_setup.py and below.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from cmat_balance import balances
from cmat_prompts import KINDS, SHOWN, TESTED, action_pictures, probe_prompts
from cmat_setup import (
    ENCODER,
    FEWER_VIEWS,
    HELD_EACH,
    LIFTED_EACH,
    LOOKS,
    MORE_PATCHES,
    PATCHES,
    POINTS,
    TURNS,
    agreement,
    lift,
    packs,
    stored_patches,
    teacher_quality,
)
from cmat_tables import tables
from lmad_report import IMAGES, summary
from lmad_setup import CATEGORIES, LABELS
from machine import RESULTS, save

from partwise.datasets.heat_pack import HeatPack
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.world.surface import Scan
from partwise.encoders.asking import make_prompt, open_language
from partwise.evaluate.heat_maps import heat_means
from partwise.files import atomic_path
from partwise.layers.tokens import PatchEncoder
from partwise.lift.cameras import cmat_paper
from partwise.lift.preview import feature_colors, paint_features
from partwise.lift.render import MeshScene, render_views
from partwise.lift.shards import LiftedShape, LiftedShards
from partwise.models.las import LasConfig
from partwise.models.pointlas import PointLasConfig
from partwise.models.pointmae import PointMAEConfig
from partwise.models.pointnet2 import PointNet2Config
from partwise.pretrained import build_model, open_pretrained
from partwise.shape import Shape
from partwise.train.affordance import train as train_affordance
from partwise.train.affordance_presets import AffordanceConfig
from partwise.train.cmat import train as train_cmat
from partwise.train.cmat_presets import CmatConfig

ACTIONS = LABELS[:-1]
SEEDS = (1, 2, 3)
CMAT = CmatConfig(
    PointMAEConfig(ENCODER, decoder_depth=1, decoder_heads=4),
    steps=150,
    batch=16,
    rate=1e-3,
    warmup=20,
    affinity_weight=0.0,
    diversity_weight=0.0,
    save_every=150,
)
HEAD = LasConfig(96, 384, 0, "vectors", 96, 192, 2, 4, 48, dropout=0.0)
LAS = AffordanceConfig(
    PointLasConfig(ENCODER, HEAD),
    steps=160,
    labels=ACTIONS,
    task="heat",
    points=POINTS,
    batch=8,
    rate=2e-3,
    point_rate=5e-4,
    warmup=20,
    halving=0,
    class_weights="none",
    select="last",
    save_every=160,
    validate_every=160,
)


def pretrainings() -> dict[str, tuple[CmatConfig, str]]:
    """Name -> settings and teacher. The teacher of `rec` is not listened to."""
    aff, div = {"affinity_weight": 0.1}, {"affinity_weight": 0.1, "diversity_weight": 0.2}
    return {
        "rec": (CMAT, "middle"),
        "rec+aff": (replace(CMAT, **aff), "middle"),
        "rec+aff+div patch": (replace(CMAT, **div), "middle"),
        "rec+aff+0.1 div patch": (replace(CMAT, **aff, diversity_weight=0.02), "middle"),
        "rec+aff+div batch": (replace(CMAT, **div, koleo_axis="batch"), "middle"),
        "rec+distill": (replace(CMAT, distill_weight=0.1), "middle"),
        "rec+aff, low noise": (replace(CMAT, **aff), "low"),
        "rec+aff, high noise": (replace(CMAT, **aff), "high"),
        **sweep(),
    }


def sweep() -> dict[str, tuple[CmatConfig, str]]:
    """What `rec+aff` becomes with other weights of l_aff, other numbers of patches, errors of lifting."""
    base = replace(CMAT, affinity_weight=0.1)
    errors = [*(f"{views} views" for views in FEWER_VIEWS), *(f"turned {turn} degrees" for turn in TURNS)]
    return {
        **{f"weight {weight:g}": (replace(base, affinity_weight=weight), "middle") for weight in (0.01, 1.0)},
        **{
            f"{patches} patches": (
                replace(base, model=replace(base.model, encoder=replace(ENCODER, groups=patches))),
                f"{patches} patches",
            )
            for patches in MORE_PATCHES
        },
        **{error: (base, error) for error in errors},
    }


def tasks() -> list[tuple[str, str]]:
    """(encoder, how): what LAS is trained on, and whether the encoder stays as it is."""
    frozen = [("no training", "frozen"), *((name, "frozen") for name in pretrainings())]
    tuned = [
        (name, "tuned")
        for name in ("rec", "rec+aff", "rec+aff+div patch", "rec+aff+0.1 div patch", "rec+distill")
    ]
    return [*frozen, *tuned, ("Point-MAE from scratch", "tuned"), ("PointNet++ from scratch", "tuned")]


def run(out: Path, seeds: Sequence[int]) -> None:
    """Everything that has no result yet; each finished run leaves a JSON file."""
    torch.set_num_threads(1)
    started = time.process_time()
    lift(out / "lifted", 21, LIFTED_EACH, [name for name, look in LOOKS.items() if look.noise])
    lift(out / "held", 24, HELD_EACH, list(LOOKS))
    labelled, test = packs(out)
    print(f"shapes: {time.process_time() - started:.0f} s of processor time", flush=True)
    for seed in seeds:
        for name, (config, teacher) in pretrainings().items():
            pretrain(out, name, replace(config, seed=seed), teacher)
        for encoder, how in tasks():
            probe(out, encoder, how, seed, labelled, test)
    ask(out, seeds, labelled, test)
    if not (out / "balance.json").is_file():
        write(out / "balance.json", balances())


def pretrain(out: Path, name: str, config: CmatConfig, teacher: str) -> None:
    """One pre-training run and how its affinities agree with the parts of shapes it has not seen."""
    folder = out / "pretrained" / f"{name}-{config.seed}"
    result = folder / "result.json"
    if result.is_file():
        return
    started = time.process_time()
    checkpoint = train_cmat(config, out / "lifted" / teacher, folder)
    seconds = time.process_time() - started
    model = build_model(open_pretrained(checkpoint))
    content = {
        "agreement": agreement(model.encoder, out),
        "last": last_row(folder),
        "cpu_s": round(seconds, 1),
    }
    write(result, content)
    (folder / "state.safetensors").unlink()


def last_row(folder: Path) -> dict[str, float]:
    """The terms of the loss at the end of a run."""
    rows = [line.split(",") for line in (folder / "curves.csv").read_text().splitlines()]
    return {name: float(value) for name, value in zip(rows[0], rows[-1], strict=True)}


def probe(out: Path, encoder: str, how: str, seed: int, labelled: HeatPack, test: HeatPack) -> None:
    """LAS trained on one encoder, tested on shapes that nothing was trained on."""
    folder = out / "las" / f"{encoder}, {how}-{seed}"
    result = folder / "result.json"
    if result.is_file():
        return
    config = replace(LAS, seed=seed, freeze=how == "frozen")
    if encoder in pretrainings():
        config = replace(config, start=str(out / "pretrained" / f"{encoder}-{seed}" / "checkpoint"))
    elif encoder == "PointNet++ from scratch":
        small = PointNet2Config(centers=(64, PATCHES), width=24, neighbours=8)
        config = replace(config, model=PointLasConfig(small, HEAD), point_rate=LAS.rate)
    elif how == "tuned":
        config = replace(config, point_rate=LAS.rate)  # nothing to be careful with
    language, started = open_language(), time.process_time()
    checkpoint = train_affordance(config, labelled, folder, language)
    seconds = time.process_time() - started
    model = build_model(open_pretrained(checkpoint))
    prompt = make_prompt(ACTIONS, "vectors", language)
    means = heat_means(model, test, lambda category: prompt, ACTIONS, POINTS)
    content = {
        "encoder": encoder,
        "how": how,
        "seed": seed,
        "parameters": sum(p.numel() for p in model.parameters()),
        **{name: getattr(means, name) for name in ("aiou", "sim", "auc", "mae", "samples")},
        "cpu_s": round(seconds, 1),
    }
    write(result, content)
    (folder / "state.safetensors").unlink()
    print(f"{encoder}, {how}, seed {seed}: aIoU {means.aiou:.4f} SIM {means.sim:.4f}", flush=True)


def ask(out: Path, seeds: Sequence[int], labelled: HeatPack, test: HeatPack) -> None:
    """Pictures, with and without words, on the encoder of `rec+aff`, which trains on: its own row is words alone."""
    results = {(kind, seed): out / "prompts" / f"{kind}-{seed}.json" for seed in seeds for kind in KINDS}
    if all(path.is_file() for path in results.values()):
        return
    pictures = action_pictures(ACTIONS, 31, SHOWN), action_pictures(ACTIONS, 32, TESTED)
    language = open_language()
    (out / "prompts").mkdir(exist_ok=True)
    for (kind, seed), path in results.items():
        if not path.is_file():
            start = out / "pretrained" / f"rec+aff-{seed}" / "checkpoint"
            content = probe_prompts(
                kind, replace(LAS, seed=seed), start, (labelled, test), pictures, language
            )
            write(path, content)
            print(f"asked by {kind}, seed {seed}: aIoU {content['aiou']:.4f}", flush=True)


def write(path: Path, content: object) -> None:
    """JSON, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content), encoding="utf-8")


def report(out: Path) -> None:
    """benchmarks/results/cmat.json and its tables: means, intervals over seeds, differences of arms of equal seed."""
    rows = [json.loads(path.read_text()) for path in sorted(out.glob("las/*/result.json"))]
    arms: dict[str, Any] = {}
    for encoder, how in tasks():
        own = [row for row in rows if (row["encoder"], row["how"]) == (encoder, how)]
        if own:
            arms[f"{encoder}, {how}"] = {
                name: summary([row[name] for row in own]) for name in ("aiou", "sim", "auc", "mae")
            } | {"parameters": own[0]["parameters"], "cpu_s": [row["cpu_s"] for row in own]}
    trained: dict[str, Any] = {}
    for name in pretrainings():
        found = [
            json.loads(path.read_text())
            for seed in SEEDS
            if (path := out / "pretrained" / f"{name}-{seed}" / "result.json").is_file()
        ]
        if found:
            trained[name] = {
                "agreement": summary([row["agreement"] for row in found]),
                "last": [row["last"] for row in found],
                "cpu_s": [row["cpu_s"] for row in found],
            }
    asked: dict[str, Any] = {}
    for kind in KINDS:
        found = [json.loads(path.read_text()) for path in sorted(out.glob(f"prompts/{kind}-*.json"))]
        if found:
            figures = {name: summary([row[name] for row in found]) for name in ("aiou", "sim", "auc", "mae")}
            asked[kind] = {**figures, "cpu_s": [row["cpu_s"] for row in found]}
    seconds = sum(sum(part["cpu_s"]) for part in (*arms.values(), *trained.values(), *asked.values()))
    save(
        "cmat",
        {
            "teacher": "simulated: it knows the parts; no vision encoder is involved",
            "cpu_minutes": round(seconds / 60, 1),
            "arms": arms,
            "pretraining": trained,
            "prompts": asked,
            "sweep": {
                name: teacher_quality(out, pretrainings()[name][1])
                for name in ("rec+aff", *sweep())
                if name in trained and f"{name}, frozen" in arms
            },
            "balance": json.loads((out / "balance.json").read_text()),
            "paired": pairs(rows),
        },
    )
    print(tables(json.loads((RESULTS / "cmat.json").read_text())))


PAIRS = (
    ("rec+aff", "rec"),
    ("rec+aff+div patch", "rec+aff"),
    ("rec+aff+0.1 div patch", "rec+aff"),
    ("rec+aff+div batch", "rec+aff"),
    ("rec+aff", "rec+distill"),
    ("rec+aff, low noise", "rec+aff"),
    ("rec+aff, high noise", "rec+aff"),
    ("rec", "no training"),
    ("rec+aff", "Point-MAE from scratch"),
    ("Point-MAE from scratch", "PointNet++ from scratch"),
    ("weight 0.01", "rec"),
    ("weight 1", "rec"),
    *((name, "rec+aff") for name in sweep()),
)


def pairs(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """aIoU of the first arm minus that of the second at equal seed, with the interval over seeds."""
    by_run = {(row["encoder"], row["how"], row["seed"]): row["aiou"] for row in rows}
    found = {}
    for first, second in PAIRS:
        for how in ("frozen", "tuned"):
            seeds = [s for s in SEEDS if (first, how, s) in by_run and (second, how, s) in by_run]
            if seeds:
                values = [by_run[first, how, s] - by_run[second, how, s] for s in seeds]
                found[f"{first} - {second}, {how}"] = summary(values)
    for encoder in dict.fromkeys(encoder for encoder, _ in tasks()):
        own = [[by_run.get((encoder, how, seed)) for how in ("tuned", "frozen")] for seed in SEEDS]
        values = [tuned - frozen for tuned, frozen in own if tuned is not None and frozen is not None]
        if values:
            found[f"{encoder}, tuned - frozen"] = summary(values)
    return found


DRAWN = ("mug", "chair", "kettle", "scissors", "laptop")


def pictures(out: Path) -> None:
    """Patch tokens as colours, before and after: untrained, reconstruction alone, with affinity, and the teacher."""
    torch.manual_seed(SEEDS[0])
    encoders = {"untrained": PatchEncoder(ENCODER).eval()}
    for name in ("rec", "rec+aff", "rec+aff+div patch", "rec+distill"):
        checkpoint = open_pretrained(out / "pretrained" / f"{name}-{SEEDS[0]}" / "checkpoint")
        encoders[name] = build_model(checkpoint).encoder
    held = list(LiftedShards(out / "held" / "exact"))
    world = ProceduralShapes(24, CATEGORIES, Scan(points=POINTS), HELD_EACH * len(CATEGORIES), heat=False)
    columns = []
    for category in DRAWN:
        index = CATEGORIES.index(category)
        columns.append(column(world.assembly(index).surface(), held[index], encoders))
    names = [*encoders, "teacher\nwithout noise"]
    side, left = 220, 170
    sheet = Image.new("RGB", (left + side * len(DRAWN), 36 + side * len(names)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for row, name in enumerate(names):
        draw.multiline_text((8, 36 + side * (row + 0.5)), name, fill=(30, 30, 30), font=font, anchor="lm")
    for x, (category, shots) in enumerate(zip(DRAWN, columns, strict=True)):
        draw.text((left + side * (x + 0.5), 18), category, fill=(30, 30, 30), font=font, anchor="mm")
        for y, shot in enumerate(shots):
            sheet.paste(Image.fromarray(shot), (left + side * x, 36 + side * y))
    sheet.save(IMAGES / "cmat_features.png", optimize=True)


@torch.inference_mode()
def column(surface: Any, shape: LiftedShape, encoders: dict[str, PatchEncoder]) -> list[np.ndarray]:
    """One object painted with the features of every encoder and of the teacher; a point takes its nearest patch's."""
    scene = MeshScene(Shape.of(surface, up="y"))
    view = render_views(scene, cmat_paper(220)[:1])
    patches = stored_patches(shape)
    features = [encoder(patches)[0] for encoder in encoders.values()]
    features.append(torch.from_numpy(shape.features.astype(np.float32)))
    places = shape.centers.astype(np.float64)
    return [paint_features(view, places, feature_colors(feature))[0] for feature in features]


def main() -> None:
    """Dispatch on the first argument."""
    what, out = sys.argv[1], Path(sys.argv[2])
    seeds = [int(s) for s in sys.argv[3].split(",")] if len(sys.argv) > 3 else SEEDS
    steps = {"run": lambda out: run(out, seeds), "report": report, "pictures": pictures}
    for name in steps if what == "all" else (what,):
        steps[name](out)


if __name__ == "__main__":
    main()
