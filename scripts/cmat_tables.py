"""The tables of docs/experiments_cmat.md as Markdown, from benchmarks/results/cmat.json and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

ASKED = {"image": "a picture", "both": "words and a picture"}
# The row of words alone is an arm of the ablation: the encoder that was asked with pictures too.
WORDS = "rec+aff, tuned"
# What the rows of the sweep are held against; it has its row in the other tables, too.
BASE = "rec+aff"


def tables(content: dict[str, Any]) -> str:
    """All tables, in the order of the page."""
    made = (token_table, balance_table, arm_table, difference_table, sweep_table, asked_table)
    return "\n\n".join(make(content) for make in made)


def token_table(content: dict[str, Any]) -> str:
    """What pre-training did to the tokens: agreement with the teacher, and the terms of the loss at the end."""
    rows = [
        [
            name,
            each(run["agreement"], 2),
            *(
                number(float(np.mean([step[term] for step in run["last"]])), places)
                for term, places in (("rec", 4), ("aff", 3), ("div", 2))
            ),
        ]
        for name, run in content["pretraining"].items()
        if name == BASE or name not in content["sweep"]
    ]
    return table(("trained with", "agreement, one a seed", "rec", "aff", "div"), rows)


def balance_table(content: dict[str, Any]) -> str:
    """Vectors that are free to move under the two losses alone."""
    rows = [
        [
            str(row["tokens"]),
            f"{row['axis']}, {row['weight']:g}" if row["weight"] else "none",
            *(number(row[name], 2) for name in ("within_part", "between_parts", "correlation")),
        ]
        for row in content["balance"]
    ]
    heads = ("tokens", "l_div over, weight", "cosine within a part", "between parts")
    return table((*heads, "correlation with the teacher"), rows)


def arm_table(content: dict[str, Any]) -> str:
    """LAS on each encoder."""
    heads = ("encoder", "aIoU, one a seed", "mean", "SIM", "AUC")
    swept = {f"{name}, frozen" for name in content["sweep"] if name != BASE}
    return table(heads, [scores(name, arm) for name, arm in content["arms"].items() if name not in swept])


def difference_table(content: dict[str, Any]) -> str:
    """Differences of two arms at equal seeds."""
    rows = [
        [name, each(found, 3, signed=True), mean(found, signed=True)]
        for name, found in content["paired"].items()
        if name not in map(against_base, content["sweep"])
    ]
    return table(("difference in aIoU", "one a seed", "mean"), rows)


def sweep_table(content: dict[str, Any]) -> str:
    """Other weights, other numbers of patches, errors of lifting: teacher, tokens, LAS on the frozen encoder."""
    rows = []
    for name, teacher in content["sweep"].items():
        run, arm = content["pretraining"][name], content["arms"][f"{name}, frozen"]
        difference = content["paired"].get(against_base(name))
        rows.append(
            [
                name,
                *(number(teacher[figure], 2) for figure in ("seen", "agreement")),
                each(run["agreement"], 2),
                each(arm["aiou"], 3),
                "" if difference is None else mean(difference, signed=True),
                f"{np.mean(run['cpu_s']):.0f} + {np.mean(arm['cpu_s']):.0f}",
            ]
        )
    heads = ("trained with", "points seen", "agreement of the teacher", "of the tokens, one a seed")
    return table((*heads, "aIoU, one a seed", f"less that of {BASE}", "seconds"), rows)


def against_base(name: str) -> str:
    """The key of a row's difference from the base."""
    return f"{name} - {BASE}, frozen"


def asked_table(content: dict[str, Any]) -> str:
    """Words, pictures, both."""
    found = {f"words ({WORDS})": content["arms"].get(WORDS)}
    found |= {name: content["prompts"].get(kind) for kind, name in ASKED.items()}
    rows = [scores(name, arm) for name, arm in found.items() if arm is not None]
    return table(("asked by", "aIoU, one a seed", "mean", "SIM", "AUC"), rows)


def scores(name: str, arm: dict[str, Any]) -> list[str]:
    """A row of figures: aIoU with its interval, the others by their means."""
    means = [number(arm[figure]["mean"], 3) for figure in ("sim", "auc")]
    return [name, each(arm["aiou"], 3), mean(arm["aiou"]), *means]


def each(summary: dict[str, Any], places: int, signed: bool = False) -> str:
    """The values, one a seed."""
    return ", ".join(number(value, places, signed) for value in summary["values"])


def mean(summary: dict[str, Any], signed: bool = False) -> str:
    """The mean, and its interval if there were seeds enough for one."""
    found = number(summary["mean"], 3, signed)
    if summary["interval"] is None:
        return found
    low, high = (number(end, 3, signed) for end in summary["interval"])
    return f"{found} ({low} to {high})"


def number(value: float, places: int, signed: bool = False) -> str:
    """A figure of so many places; what rounds to zero has no minus."""
    rounded = round(value, places) + 0.0
    return f"{rounded:+.{places}f}" if signed else f"{rounded:.{places}f}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "|" + "|".join(cells) + "|" if cells[0] == "---" else "| " + " | ".join(cells) + " |"
        for cells in lines
    )
