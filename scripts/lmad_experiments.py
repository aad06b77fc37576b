"""The experiments on LM-AD: one benchmark, one budget, several models, three seeds; results, tables and pictures.

    python scripts/lmad_experiments.py run out/lmad            # resumes; each finished run leaves a JSON file
    python scripts/lmad_experiments.py run out/lmad aqm-3-started 1,2,3 "FOLDER, seed {seed}/checkpoint"
                                                               # checkpoints of `partwise train cmat`, one a seed
    python scripts/lmad_experiments.py report out/lmad         # benchmarks/results/lmad.json and the plot
    python scripts/lmad_experiments.py sentences out/lmad      # the trained models, asked in whole sentences
    python scripts/lmad_experiments.py attention out/lmad      # maps of the middle blocks and the attention lift
    python scripts/lmad_experiments.py colors out/lmad         # a picture of the simulated colours

The data are procedural shapes of 14 categories with 12 labels; shapes, models and budget are in lmad_setup.py.
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

from lmad_pictures import attention_picture, points_picture
from lmad_report import IMAGES, RESULTS, report
from lmad_setup import (
    LABELS,
    MAIN,
    SEEDS,
    SENTENCES,
    SYNONYMS,
    arms,
    case_of,
    colors_of,
    lmad,
    packs,
)
from machine import save

from partwise.datasets.heat_pack import HeatPack
from partwise.datasets.paint import KINDS
from partwise.encoders.asking import make_prompt, open_language
from partwise.encoders.bert import BertText
from partwise.encoders.prompt import Prompt
from partwise.evaluate.labels import confusions, pooled, pooled_interval
from partwise.files import atomic_path
from partwise.models.backbones import reads_colors
from partwise.models.lmad import LMAD
from partwise.pretrained import build_model, open_pretrained
from partwise.train.affordance import train


def run(out: Path, names: Sequence[str], seeds: Sequence[int], start: str = "") -> None:
    """Train and test every arm with every seed that has no result yet. `start` may name "{seed}"."""
    torch.set_num_threads(1)
    encoder = open_language()
    for seed in seeds:
        configs = arms(start.format(seed=seed))
        for name in names:
            result = out / f"{name}-{seed}.json"
            if result.is_file():
                continue
            training, test = packs(out, colors_of(name))
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
            if colors_of(name) == "typical":  # what it makes of colours that say nothing of the parts
                astray = measure(folder, packs(out, "boundary")[1], encoder)
                content["other colors"] = {key: astray[key] for key in ("closed", "zeroshot")}
            content["test_cpu_s"] = round(time.process_time() - started - trained, 1)
            with atomic_path(result) as temporary:
                temporary.write_text(json.dumps(content), encoding="utf-8")
            (out / f"{name}-{seed}" / "state.safetensors").unlink()
            print(
                name,
                seed,
                {key: value["miou"] for key, value in content.items() if key in ("closed", "zeroshot")},
            )


def measure(folder: Path, test: HeatPack, encoder: BertText) -> dict[str, object]:
    """Pooled figures on the test shapes with the trained words and with words never trained on."""
    checkpoint = open_pretrained(folder)
    model = build_model(checkpoint)
    sentences = bool(checkpoint.config["training"]["wordings"])
    setting, colored = checkpoint.config["training"]["setting"], reads_colors(model.config)
    cases = [case_of(index, sample, setting, colored) for index, sample in enumerate(test)]
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
    cases = [case_of(index, sample) for index, sample in enumerate(test)]
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
        case = case_of(index, sample)
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
        case = case_of(index, test[index])
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


def colors(out: Path) -> None:
    """Draw test shapes in both kinds of simulated colours."""
    painted = {kind: packs(out, kind)[1] for kind in KINDS}
    columns = []
    for category in ("mug", "chair", "knife", "kettle"):
        index = next(i for i, sample in enumerate(painted[KINDS[0]]) if sample.category == category)
        cases = [case_of(index, pack[index], colored=True).points for pack in painted.values()]
        columns.append((category, cases[0][:, :3], [127.5 * (case[:, 3:] + 1) for case in cases]))
    points_picture(columns, [f"{kind}\ncolours" for kind in KINDS], IMAGES / "lmad_colors.png")


def main() -> None:
    """Dispatch on the first argument."""
    what, out = sys.argv[1], Path(sys.argv[2])
    if what == "run":
        names = sys.argv[3].split(",") if len(sys.argv) > 3 else MAIN
        seeds = [int(s) for s in sys.argv[4].split(",")] if len(sys.argv) > 4 else SEEDS
        run(out, names, seeds, sys.argv[5] if len(sys.argv) > 5 else "")
    else:
        {"report": report, "attention": attention, "sentences": sentences, "colors": colors}[what](out)


if __name__ == "__main__":
    main()
