"""The experiments on LM-AD: one benchmark, one budget, several models, three seeds; results, tables and pictures.

    python scripts/lmad_experiments.py run out/lmad            # resumes; each finished run leaves a JSON file
    python scripts/lmad_experiments.py run out/lmad aqm-3-started 1 CHECKPOINT    # of `partwise train cmat`
    python scripts/lmad_experiments.py report out/lmad         # benchmarks/results/lmad.json and the plot
    python scripts/lmad_experiments.py sentences out/lmad      # the trained models, asked in whole sentences
    python scripts/lmad_experiments.py attention out/lmad      # maps of the middle blocks and the attention lift

The data are procedural shapes of 14 categories with 12 labels; everything else is in the constants below.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from lmad_pictures import attention_picture, depth_plot
from machine import save

from partwise.datasets.heat_pack import HeatPack, write_heat_pack
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.world.surface import Scan
from partwise.encoders.asking import make_prompt, open_language
from partwise.encoders.bert import BertText
from partwise.encoders.prompt import Prompt
from partwise.evaluate.labels import confusions, make_case, pooled, pooled_interval
from partwise.files import atomic_path
from partwise.models.backbones import TokensConfig
from partwise.models.lmad import LMAD, MINILM, LMADConfig
from partwise.models.openad import ClosedSetConfig, OpenADConfig
from partwise.models.pointnet2 import PointNet2Config
from partwise.pretrained import build_model, open_pretrained
from partwise.train.affordance import train
from partwise.train.affordance_presets import AffordanceConfig, small

RESULTS = Path(__file__).parent.parent / "benchmarks" / "results" / "lmad.json"
IMAGES = Path(__file__).parent.parent / "docs" / "images"

CATEGORIES = (
    *("mug", "bottle", "kettle", "bucket", "chair", "sofa", "bed"),
    *("table", "laptop", "monitor", "knife", "scissors", "door", "microwave"),
)
LABELS = (
    "grasp",
    "contain",
    "open",
    "support",
    "press",
    "move",
    "sit",
    "pour",
    "cut",
    "lay",
    "display",
    "none",
)
# OpenAD's zero-shot words where it has one for the label; "pour", which it uses itself, becomes "tip".
SYNONYMS = (
    *("grab", "accommodate", "unlock", "bear", "thumb", "reposition"),
    *("take a seat", "tip", "slice", "rest", "demonstrate", "none"),
)
SENTENCES = (*(f"where would you {label} this" for label in LABELS[:-1]), "none")
POINTS, TRAIN_EACH, TEST_EACH = 512, 20, 8
STEPS, BATCH, SEEDS = 480, 4, (1, 2, 3)

ENCODER = PointNet2Config(centers=(128, 32), width=8, neighbours=8)
TRANSFORMER = TokensConfig(
    groups=32,
    group_size=16,
    token_width=48,
    token_hidden=(16, 32, 64),
    depth=3,
    heads=4,
    drop_path=0.0,
    out=32,
)


def lmad(blocks: int, **changes: object) -> LMADConfig:
    """LM-AD around MiniLM in the size of these experiments."""
    base = LMADConfig(ENCODER, MINILM, point_width=64, decoder_heads=4, blocks=0, dropout=0.0)
    return replace(base, blocks=blocks, **changes)


def arms(start: str = "") -> dict[str, AffordanceConfig]:
    """Name -> settings. All see the same shapes in the same order for as many steps.

    start  a checkpoint of `partwise train cmat`, on whose encoder the arms "...-started" stand
    """
    models = {
        "cosine": OpenADConfig(ENCODER, MINILM.width),
        "xattn": lmad(0),
        "aqm-1": lmad(1),
        "aqm-3": lmad(3),
        "aqm-6": lmad(6),
        "closed": ClosedSetConfig(ENCODER, len(LABELS)),
        "aqm-3-bert-insert": lmad(3, insert="bert"),
        "cosine-transformer": OpenADConfig(TRANSFORMER, MINILM.width),
        "cosine-started": OpenADConfig(TRANSFORMER, MINILM.width),
        "aqm-3-started": lmad(3, backbone=TRANSFORMER),
        "aqm-3-transformer": lmad(3, backbone=TRANSFORMER),
        "aqm-12-random": lmad(12, language=replace(MINILM, layers=12)),
        "aqm-6-random": lmad(6),
    }
    found = {
        name: replace(
            small(model, STEPS),
            labels=LABELS,
            points=POINTS,
            batch=BATCH,
            save_every=150,
            validate_every=STEPS,
        )
        for name, model in models.items()
    }
    for name in found:
        if name.endswith("random"):
            found[name] = replace(found[name], random_language=True)
        if name.endswith("started"):
            found[name] = replace(found[name], start=start)
    sentences = tuple((sentence,) for sentence in SENTENCES)
    found["aqm-3-sentences"] = replace(found["aqm-3"], wordings=sentences)
    return found


MAIN = ("cosine", "xattn", "aqm-1", "aqm-3", "aqm-6")


def packs(out: Path) -> tuple[HeatPack, HeatPack]:
    """Training and test shapes, made once: other seeds, the same categories."""
    for name, seed, each in (("train", 11, TRAIN_EACH), ("test", 12, TEST_EACH)):
        folder = out / name
        if not (folder / "shapes.json").is_file():
            count = each * len(CATEGORIES)
            world = ProceduralShapes(seed, CATEGORIES, Scan(points=POINTS), count)
            write_heat_pack(folder, (world[index] for index in range(count)), POINTS)
    return HeatPack(out / "train"), HeatPack(out / "test")


def run(out: Path, names: Sequence[str], seeds: Sequence[int], start: str = "") -> None:
    """Train and test every arm with every seed that has no result yet."""
    torch.set_num_threads(1)
    training, test = packs(out)
    encoder = open_language()
    configs = arms(start)
    for seed in seeds:
        for name in names:
            result = out / f"{name}-{seed}.json"
            if result.is_file():
                continue
            config = replace(configs[name], seed=seed)
            started = time.process_time()
            folder = train(config, training, out / f"{name}-{seed}", encoder)
            trained = time.process_time() - started
            content = {
                "arm": name,
                "seed": seed,
                "train_cpu_s": round(trained, 1),
                **measure(folder, test, encoder),
            }
            content["test_cpu_s"] = round(time.process_time() - started - trained, 1)
            with atomic_path(result) as temporary:
                temporary.write_text(json.dumps(content), encoding="utf-8")
            (out / f"{name}-{seed}" / "state.safetensors").unlink()
            print(
                name, seed, {key: value["miou"] for key, value in content.items() if isinstance(value, dict)}
            )


def measure(folder: Path, test: HeatPack, encoder: BertText) -> dict[str, object]:
    """Pooled figures on the test shapes with the trained words and with words never trained on."""
    checkpoint = open_pretrained(folder)
    model = build_model(checkpoint)
    sentences = bool(checkpoint.config["training"]["wordings"])
    cases = [
        make_case(sample, LABELS, POINTS, "full", np.random.default_rng([977, index]))
        for index, sample in enumerate(test)
    ]
    found: dict[str, object] = {"parameters": sum(p.numel() for p in model.parameters())}
    asked = {"closed": SENTENCES if sentences else LABELS, "zeroshot": SYNONYMS}
    if checkpoint.config["architecture"] == "closedset":
        asked.pop("zeroshot")
    for protocol, words in asked.items():
        prompt = (
            Prompt(ids=torch.arange(len(LABELS))[:, None])
            if checkpoint.config["architecture"] == "closedset"
            else make_prompt(words, model.reads, encoder)
        )
        tables = confusions(model, cases, prompt)
        scores = pooled(tables)
        found[protocol] = {
            "miou": scores.miou,
            "accuracy": scores.accuracy,
            "mean_accuracy": scores.mean_accuracy,
            "iou": dict(zip(LABELS, scores.iou.tolist(), strict=True)),
            "interval_over_shapes": pooled_interval(tables).tolist(),
        }
    return found


def sentences(out: Path) -> None:
    """Ask models that were trained on single words in whole sentences; adds to the results of their runs."""
    torch.set_num_threads(1)
    _, test = packs(out)
    encoder = open_language()
    cases = [
        make_case(sample, LABELS, POINTS, "full", np.random.default_rng([977, index]))
        for index, sample in enumerate(test)
    ]
    for seed in SEEDS:
        for name in ("cosine", "aqm-1", "aqm-6"):
            result = out / f"{name}-{seed}.json"
            content = json.loads(result.read_text())
            if "sentences" in content:
                continue
            model = build_model(open_pretrained(out / f"{name}-{seed}" / "checkpoint"))
            tables = confusions(model, cases, make_prompt(SENTENCES, model.reads, encoder))
            content["sentences"] = {"miou": pooled(tables).miou}
            with atomic_path(result) as temporary:
                temporary.write_text(json.dumps(content), encoding="utf-8")
            print(name, seed, content["sentences"])


def report(out: Path) -> None:
    """Gather the results of all runs into one file, and draw mIoU against depth."""
    runs = [json.loads(path.read_text()) for path in sorted(out.glob("*-[0-9].json"))]
    _, test = packs(out)
    shapes = {label: sum(label in sample.affordances for sample in test) for label in LABELS[:-1]}
    table: dict[str, dict[str, object]] = {}
    for name in arms():
        own = [entry for entry in runs if entry["arm"] == name]
        if not own:
            continue
        row: dict[str, object] = {"seeds": [entry["seed"] for entry in own]}
        row["train_cpu_s"] = round(float(np.mean([entry["train_cpu_s"] for entry in own])), 1)
        for protocol in ("closed", "zeroshot", "sentences"):
            values = [entry[protocol]["miou"] for entry in own if protocol in entry]
            if values:
                row[protocol] = summary(values)
        table[name] = row
    chance = {name: chance_miou(test, name) for name in ("none everywhere", "random label")}
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
        "chance": chance,
        "table": table,
        "paired": pairs(runs),
        "runs": runs,
    }
    if RESULTS.is_file():  # the attention figures are written by their own command
        content["attention"] = json.loads(RESULTS.read_text()).get("attention")
    save("lmad", content)
    depths = {
        protocol: {
            "cosine": table["cosine"].get(protocol),
            **{depth: table[name].get(protocol) for depth, name in zip((0, 1, 3, 6), MAIN[1:], strict=True)},
        }
        for protocol in ("closed", "zeroshot")
        if all(name in table for name in MAIN)
    }
    if depths:
        depth_plot(depths, IMAGES / "lmad_depth.png")
    for name, row in table.items():
        print(name, {key: row[key] for key in row if key != "seeds"})
    print(json.dumps(content["paired"], indent=1))


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


def pairs(runs: Sequence[dict]) -> dict[str, dict[str, object]]:
    """Differences of arms of equal seed, with intervals over the seeds."""
    found: dict[str, dict[str, object]] = {}
    wanted = (
        ("aqm-6", "xattn"),
        ("aqm-3", "xattn"),
        ("aqm-1", "xattn"),
        ("xattn", "cosine"),
        ("aqm-6", "cosine"),
    )
    for first, second in wanted:
        for protocol in ("closed", "zeroshot"):
            by_seed = {
                (entry["arm"], entry["seed"]): entry[protocol]["miou"] for entry in runs if protocol in entry
            }
            seeds = [s for s in SEEDS if (first, s) in by_seed and (second, s) in by_seed]
            if seeds:
                values = [by_seed[first, s] - by_seed[second, s] for s in seeds]
                found.setdefault(f"{first} - {second}", {})[protocol] = summary(values)
    return found


def chance_miou(test: HeatPack, kind: str) -> float:
    """mIoU of answers that look at no point."""
    rng = np.random.default_rng(0)
    tables = np.zeros((len(LABELS), len(LABELS)), dtype=np.int64)
    for index, sample in enumerate(test):
        case = make_case(sample, LABELS, POINTS, "full", np.random.default_rng([977, index]))
        guess = (
            rng.integers(0, len(LABELS), POINTS)
            if kind == "random label"
            else np.full(POINTS, len(LABELS) - 1)
        )
        np.add.at(tables, (case.label, guess), 1)
    return pooled(tables[None]).miou


@torch.inference_mode()
def attention_lifts(model: LMAD, test: HeatPack, encoder: BertText) -> dict[str, float]:
    """Attention inside the true region over the region's share of points, for the middle blocks that look.

    The mean over heads and the label's own tokens; the mean over all (shape, label) pairs with 2 % to 60 % of the
    points inside. 1 is chance.
    """
    prompt = make_prompt(LABELS[:-1], "ids", encoder)
    looking = model.config.looking
    middle = [place for place, block in enumerate(looking) if 1 <= block <= 4] or list(range(len(looking)))
    lifts, per_label = [], {label: [] for label in LABELS[:-1]}
    per_block: dict[int, list[float]] = {block: [] for block in looking}
    for index, sample in enumerate(test):
        case = make_case(sample, LABELS, POINTS, "full", np.random.default_rng([977, index]))
        embedding = model(torch.from_numpy(case.points)[None])
        attention = model.attention(embedding, prompt)
        maps = word_maps(attention, prompt, middle)
        of_block = [word_maps(attention, prompt, [place]) for place in range(len(looking))]
        for column, label in enumerate(LABELS[:-1]):
            inside = case.heat[:, column] >= 0.5
            if 0.02 <= inside.mean() <= 0.6:
                lifts.append(float(maps[column][inside].sum() / inside.mean()))
                per_label[label].append(lifts[-1])
                for block, own in zip(looking, of_block, strict=True):
                    per_block[block].append(float(own[column][inside].sum() / inside.mean()))
    means = {label: float(np.mean(values)) for label, values in per_label.items() if values}
    blocks = {f"block {block}": float(np.mean(values)) for block, values in per_block.items()}
    return {"mean": float(np.mean(lifts)), "pairs": len(lifts), **blocks, **means}


def word_maps(attention: torch.Tensor, prompt: Prompt, layers: Sequence[int]) -> np.ndarray:
    """(T,N) mean over the given layers, all heads and the tokens between [CLS] and [SEP]."""
    places = torch.arange(prompt.ids.shape[1])
    words = prompt.mask & (places > 0) & (places < prompt.mask.sum(dim=1, keepdim=True) - 1)
    mean = attention[list(layers), 0].mean(dim=(0, 3))  # (T,S,N)
    return ((mean * words[..., None]).sum(dim=1) / words.sum(dim=1)[:, None]).numpy()


def attention(out: Path) -> None:
    """Draw the middle blocks' maps of the deepest model on test shapes, and measure the lift of every seed."""
    _, test = packs(out)
    encoder = open_language()
    figures: dict[str, object] = {}
    for seed in SEEDS:
        model = build_model(open_pretrained(out / f"aqm-6-{seed}" / "checkpoint"))
        figures[f"trained, seed {seed}"] = attention_lifts(model, test, encoder)
        if seed == SEEDS[0]:
            shown = model
    torch.manual_seed(0)
    fresh = LMAD(lmad(6)).eval()
    fresh.read_language(encoder.model)
    figures["fresh layers, real language model"] = attention_lifts(fresh, test, encoder)
    pictures = []
    for category, label in (("mug", "contain"), ("chair", "sit"), ("knife", "cut"), ("laptop", "display")):
        index = next(i for i, sample in enumerate(test) if sample.category == category)
        case = make_case(test[index], LABELS, POINTS, "full", np.random.default_rng([977, index]))
        prompt = make_prompt([label], "ids", encoder)
        with torch.inference_mode():
            maps = word_maps(
                shown.attention(shown(torch.from_numpy(case.points)[None]), prompt), prompt, range(1, 5)
            )
        pictures.append((f"{category}: {label}", case.points, case.heat[:, LABELS.index(label)], maps[0]))
    attention_picture(pictures, IMAGES / "lmad_attention.png")
    content = json.loads(RESULTS.read_text())
    content["attention"] = figures
    save("lmad", content)
    print(json.dumps(figures, indent=1))


def main() -> None:
    """Dispatch on the first argument."""
    what, out = sys.argv[1], Path(sys.argv[2])
    if what == "run":
        names = sys.argv[3].split(",") if len(sys.argv) > 3 else MAIN
        seeds = [int(s) for s in sys.argv[4].split(",")] if len(sys.argv) > 4 else SEEDS
        run(out, names, seeds, sys.argv[5] if len(sys.argv) > 5 else "")
    else:
        {"report": report, "attention": attention, "sentences": sentences}[what](out)


if __name__ == "__main__":
    main()
