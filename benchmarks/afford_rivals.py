"""The affordance head against its rivals on the same shapes: OpenAD trained on the same data, words alone, uniform.

    partwise train openad runs/openad --shapes 19200 --steps 4800
    python benchmarks/afford_rivals.py --openad runs/openad/checkpoint    writes benchmarks/results/afford_rivals.json

With `--save NAME` it writes another file there, for other categories. `--openad-from FILE` takes over the rows of an
OpenAD that was measured before, if it was on the same shapes.

Also how often the verdict "offered" or "not offered" is right, and SIM for each action of each held-out category. Those
are the categories of `--held-out`, which neither the encoder nor the heads have met.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from machine import save

from partwise import Segmenter
from partwise.datasets.procedural import HELD_OUT, ProceduralShapes, training_categories
from partwise.datasets.world.surface import Scan
from partwise.encoders.actions import new_wording
from partwise.errors import InputError
from partwise.evaluate.heat import HeatScore, Offer, evaluate_heat, mean_heat, offer_auc, offer_rates

SEED = 2_000_003
BASELINES = ("uniform", "found_prior", "word_prior")


def verdict(offers: list[Offer], above: float) -> dict[str, float]:
    """How well strengths part offered from other actions, and how often the verdict is right about each kind."""
    offered, absent = offer_rates(offers, above)
    return {"auc": offer_auc(offers), "offered called offered": offered, "absent called absent": absent}


def by_action(scores: list[HeatScore]) -> dict[str, dict[str, float]]:
    """Maps and mean SIM of each action of each category: the head's and the baselines'."""
    groups: dict[str, list[HeatScore]] = {}
    for score in scores:
        groups.setdefault(f"{score.category}, {score.action}", []).append(score)
    kinds = ("answer", *BASELINES)
    return {
        name: {"maps": len(group), **{kind: mean_heat(group, kind)["sim"] for kind in kinds}}
        for name, group in sorted(groups.items())
    }


def earlier_openad(file: Path, name: str, said: str, uniform: dict[str, float]) -> dict[str, float]:
    """OpenAD's row of an earlier file, where "uniform", which knows nothing but the shapes, has the same figures there.

    Raises InputError where it has others.
    """
    rows = json.loads(file.read_text(encoding="utf-8"))[name]
    if rows["uniform"] != uniform:
        raise InputError(f"{file} was measured on other shapes: train an OpenAD and name it as --openad")
    return rows[f"OpenAD, {said}"]


def main() -> None:
    """Ask everybody, print the table, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="partwise-small")
    parser.add_argument("--openad", type=Path, help="checkpoint of an OpenAD trained on the same data")
    parser.add_argument("--openad-from", type=Path, help="an earlier file of results that has its rows")
    parser.add_argument("--held-out", nargs="+", default=list(HELD_OUT))
    parser.add_argument("--each", type=int, default=10, help="shapes of every held-out category")
    parser.add_argument("--save", default="afford_rivals", help="name of the file of results")
    arguments = parser.parse_args()
    segmenter = Segmenter.from_pretrained(arguments.model)
    if arguments.openad and arguments.openad_from:
        parser.error("--openad and --openad-from are two ways to the same rows: give one")
    assert segmenter.head is not None, f"{arguments.model} has no affordance head"
    scan, seen, unseen = Scan(points=2048, kind="mixed"), training_categories(), tuple(arguments.held_out)
    sets = {
        "held-out seeds": ProceduralShapes(SEED, seen, scan, len(seen)),
        "held-out categories": ProceduralShapes(SEED, unseen, scan, len(unseen) * arguments.each),
    }
    result: dict[str, Any] = {"model": segmenter.record.sha256, "held_out": list(unseen)}
    for name, shapes in sets.items():
        samples = list(shapes)
        rows: dict[str, Any] = {}
        actions: dict[str, Any] = {}
        for wording in (str, new_wording):
            said = "plain words" if wording is str else "new wording"
            scores, offers = evaluate_heat(segmenter, samples, wording)
            rows[f"head, {said}"] = mean_heat(scores)
            rows[f"verdict, {said}"] = verdict(offers, segmenter.head.offered_above)
            if wording is str:
                rows |= {kind: mean_heat(scores, kind) for kind in BASELINES}
                actions = by_action(scores) if name == "held-out categories" else {}
            if arguments.openad:
                openad = Segmenter.from_pretrained(arguments.openad)
                rows[f"OpenAD, {said}"] = mean_heat(evaluate_heat(openad, samples, wording)[0])
            elif arguments.openad_from:
                rows[f"OpenAD, {said}"] = earlier_openad(arguments.openad_from, name, said, rows["uniform"])
        result[name] = {"maps": len(scores), **rows, "sim_by_action": actions}
        print(f"\n{name}, {len(scores)} maps")
        for row, figures in {**rows, **actions}.items():
            print(f"{row:<28}" + "  ".join(f"{key} {value:.3g}" for key, value in figures.items()))
    save(arguments.save, result)


if __name__ == "__main__":
    main()
