"""The card of a default checkpoint: parts on three sets under seven conditions and by other words, actions on two.

Parts: (a) procedural shapes of training categories with seeds that were never trained on, (b) procedural categories
that were never trained on, (c) real objects, the val split, as clouds and as the meshes that their files hold. Clouds
are also asked about by glosses, words that were never trained on. Actions: (a) and (b), whose heat is known. The sharp
setting is the model's own number of anchors and draws of them, the fast one half as many, drawn once, and no votes on
clouds, which would take longer than all the rest.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32

from partwise import __version__
from partwise.datasets.objects import RealObjects
from partwise.datasets.own_procedural import HELD_OUT_TIMES, SEED_NEVER_TRAINED_ON
from partwise.datasets.procedural import HELD_OUT, ProceduralShapes, training_categories
from partwise.datasets.sample import Sample
from partwise.datasets.world.surface import Scan
from partwise.datasets.world.words import glosses
from partwise.encoders.actions import new_wording
from partwise.errors import InputError
from partwise.evaluate.conditions import CONDITIONS
from partwise.evaluate.heat import HeatScore, evaluate_heat, mean_heat, offer_auc
from partwise.evaluate.meshes import AS_MESHES, evaluate_meshes, mesh_confidences
from partwise.evaluate.parts import ShapeScore, evaluate_parts, mean_scores
from partwise.metrics.uncertainty import bootstrap_interval, reliability
from partwise.predict import Segmenter
from partwise.shape import Shape

POINTS = 10_000
HEAT_POINTS = 2_048
MESHES = "real objects, meshes"
GLOSSES = "asked by glosses"


def evaluate_default(
    segmenter: Segmenter,
    objects: Path,
    each: int = 1,
    held_out: Sequence[str] = HELD_OUT,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Everything that the card shows, as JSON types; `say` hears of each row as it comes.

    objects   the folder of real objects; each: shapes of every training category
    held_out  the categories that this model never met
    Raises MissingDataError without the objects, InputError if none of them is in the val split.
    """
    half = max(1, segmenter.config.points // 2)
    fast: dict[str, Any] = {"points": half, "draws": 1}
    result: dict[str, Any] = {
        "model": segmenter.record.name,
        "sha256": segmenter.record.sha256,
        "each": each,
        "held_out": list(held_out),
        "versions": {
            "partwise": __version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "parts": {},
        "actions": {},
    }
    for name, samples in _part_sets(objects, each, held_out).items():
        table: dict[str, Any] = {}
        for setting, options in {"sharp": {}, "fast": {**fast, "voting": "none"}}.items():
            for condition in CONDITIONS if setting == "sharp" else CONDITIONS[:3]:
                row = f"{setting}, {condition.name}"
                table[row] = _summary(evaluate_parts(segmenter, samples, condition, **options))
                say(f"{name}: {row}: mIoU {100 * table[row]['instance']:.1f}")
        row, asked = f"sharp, {GLOSSES}", [by_glosses(sample) for sample in samples]
        table[row] = _summary(evaluate_parts(segmenter, asked, CONDITIONS[0]))
        say(f"{name}: {row}: mIoU {100 * table[row]['instance']:.1f}")
        table["calibration"] = _curve(*_confidences(segmenter, samples))
        result["parts"][name] = table
    result["parts"][MESHES] = table = {}
    files = RealObjects(objects, split="val", least_names=2)
    for setting, options in {"sharp": {}, "fast": fast}.items():
        for condition in AS_MESHES:
            row = f"{setting}, {condition.name}"
            table[row] = _summary(evaluate_meshes(segmenter, files, condition, **options))
            say(f"{MESHES}: {row}: mIoU {100 * table[row]['instance']:.1f}")
    row = f"sharp, {GLOSSES}"
    table[row] = _summary(evaluate_meshes(segmenter, files, AS_MESHES[0], said=glosses))
    say(f"{MESHES}: {row}: mIoU {100 * table[row]['instance']:.1f}")
    table["calibration"] = _curve(*mesh_confidences(segmenter, files))
    if segmenter.head is not None:
        for name, samples in _heat_sets(each, held_out).items():
            result["actions"][name] = {
                "plain words": _heat_summary(*evaluate_heat(segmenter, samples)),
                "new wording": _heat_summary(*evaluate_heat(segmenter, samples, new_wording)),
            }
            say(f"{name}: actions: SIM {result['actions'][name]['plain words']['answer']['sim']:.3f}")
    return result


def by_glosses(sample: Sample) -> Sample:
    """The sample with what each part is in place of its name: "what one sits on to ride" for a saddle."""
    said = glosses([part.name for part in sample.parts])
    parts = (replace(part, name=gloss) for part, gloss in zip(sample.parts, said, strict=True))
    return replace(sample, parts=tuple(parts))


def card(result: dict[str, Any]) -> str:
    """The tables of the card in Markdown, from what `evaluate_default` returned."""
    sets = result["parts"]
    lines = ["| condition | " + " | ".join(sets) + " |", "|---|" + "---|" * len(sets)]
    for row in (row for row in next(iter(sets.values())) if row != "calibration"):
        cells = (f"{100 * table[row]['category']:.1f}" if row in table else "" for table in sets.values())
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    for baseline in ("largest", "random"):
        for condition in CONDITIONS:
            row = f"sharp, {condition.name}"
            cells = (f"{100 * table[row][baseline]:.1f}" if row in table else "" for table in sets.values())
            lines.append(f"| *{baseline}, {condition.name}* | " + " | ".join(cells) + " |")
    for name, table in sets.items():
        first = table["sharp, as is"]
        low, high = first["interval"]
        lines.append(
            f"\n{name}: {first['shapes']} shapes, instance mIoU {100 * first['instance']:.1f} "
            f"(95 % interval {100 * low:.1f} to {100 * high:.1f})"
        )
        lines.append(_calibration_line(name, table["calibration"]))
        for kind in ("by_category", "by_part") if name == MESHES else ("by_category",):
            scores = ", ".join(f"{key} {100 * value:.0f}" for key, value in first[kind].items())
            lines.append(f"\n{name}, {kind.replace('_', ' ')}: {scores}")
    if result["actions"]:
        lines += ["", *_action_lines(result["actions"])]
    return "\n".join(lines)


def _curve(confidence: Float[np.ndarray, "S"], correct: Bool[np.ndarray, "S"]) -> dict[str, Any]:
    """The reliability of answers as JSON types."""
    curve = vars(reliability(confidence, correct))
    return {key: np.asarray(value).tolist() for key, value in curve.items() if value is not None}


def _calibration_line(name: str, curve: dict[str, Any]) -> str:
    """How often an answer of each confidence is right, in percent."""
    bins = zip(curve["confidence"], curve["accuracy"], curve["count"], strict=True)
    pairs = ", ".join(f"{100 * said:.0f}: {100 * right:.0f}" for said, right, count in bins if count)
    return (
        f"\n{name}, confidence: right, {pairs}; expected calibration error {100 * curve['error']:.1f} points"
    )


def _action_lines(actions: dict[str, Any]) -> list[str]:
    lines = [
        "| actions | wording | SIM | aIoU | AUC | MAE | offered or not, AUC |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, table in actions.items():
        for wording, row in table.items():
            figures = " | ".join(f"{row['answer'][k]:.3f}" for k in ("sim", "aiou", "auc", "mae"))
            lines.append(f"| {name} | {wording} | {figures} | {row['offer_auc']:.3f} |")
        for baseline in ("uniform", "found_prior", "word_prior"):
            row = table["plain words"][baseline]
            figures = " | ".join(f"{row[k]:.3f}" for k in ("sim", "aiou", "auc", "mae"))
            lines.append(f"| {name} | *{baseline.replace('_', ' ')}* | {figures} | |")
    for name, table in actions.items():
        by_action = table["plain words"]["by_action"]
        lines.append(f"\n{name}, SIM by action: " + ", ".join(f"{a} {v:.2f}" for a, v in by_action.items()))
    return lines


def _part_sets(objects: Path, each: int, held_out: Sequence[str]) -> dict[str, list[Sample]]:
    scan, seen = Scan(points=POINTS, kind="mixed"), training_categories()
    held = ProceduralShapes(SEED_NEVER_TRAINED_ON, seen, scan, length=len(seen) * each, heat=False)
    count = len(held_out) * each * HELD_OUT_TIMES
    unseen = ProceduralShapes(SEED_NEVER_TRAINED_ON, tuple(held_out), scan, count, heat=False)
    real = RealObjects(objects, split="val", least_names=2, scan=Scan(points=POINTS, kind="cad"))
    if not len(real):
        raise InputError(
            f"{objects} has no object of the split val with two named parts: look at the splits in its manifest.jsonl"
        )
    return {
        "held-out seeds": list(held),
        "held-out categories": list(unseen),
        "real objects, clouds": list(real),
    }


def _heat_sets(each: int, held_out: Sequence[str]) -> dict[str, list[Sample]]:
    scan, seen = Scan(points=HEAT_POINTS, kind="mixed"), training_categories()
    held = ProceduralShapes(SEED_NEVER_TRAINED_ON, seen, scan, len(seen) * each)
    count = len(held_out) * each * HELD_OUT_TIMES
    unseen = ProceduralShapes(SEED_NEVER_TRAINED_ON, tuple(held_out), scan, count)
    return {"held-out seeds": list(held), "held-out categories": list(unseen)}


def _summary(scores: list[ShapeScore]) -> dict[str, Any]:
    mean = mean_scores(scores)
    by_part: dict[str, list[float]] = {}
    for score in scores:
        for phrase, iou in zip(score.phrases, score.iou, strict=True):
            by_part.setdefault(phrase, []).append(iou)
    interval = bootstrap_interval(np.array([score.mean for score in scores]), seed=0)
    return {
        "instance": mean.instance,
        "interval": [interval.low, interval.high],
        "category": mean.category,
        "shapes": mean.shapes,
        "largest": mean.largest,
        "random": mean.random,
        "by_category": mean.by_category,
        "by_part": {phrase: float(np.nanmean(values)) for phrase, values in sorted(by_part.items())},
    }


def _heat_summary(scores: list[HeatScore], offers: list) -> dict[str, Any]:
    by_action: dict[str, list[float]] = {}
    for score in scores:
        by_action.setdefault(score.action, []).append(score.answer[0])
    return {
        **{kind: mean_heat(scores, kind) for kind in ("answer", "uniform", "word_prior", "found_prior")},
        "maps": len(scores),
        "offer_auc": offer_auc(offers),
        "by_action": {action: float(np.mean(values)) for action, values in sorted(by_action.items())},
    }


def _confidences(
    segmenter: Segmenter, samples: list[Sample]
) -> tuple[Float32[np.ndarray, "S"], Bool[np.ndarray, "S"]]:
    """Confidence and correctness of every named point."""
    confidence, correct = [], []
    for sample in samples:
        named = sample.labels >= 0
        present = np.unique(sample.labels[named])
        if len(present) < 2:
            continue
        answer = segmenter.segment(Shape.of(sample.points, up="y"), [sample.parts[i].name for i in present])
        confidence.append(answer.confidence[named])
        correct.append(present[answer.labels[named]] == sample.labels[named])
    return np.concatenate(confidence), np.concatenate(correct)
