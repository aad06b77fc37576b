"""The registry of published results: every figure with its protocol, its source and what is doubtful about it.

Rows are files of the package. Figures are as printed: percent for IoU, AUC and accuracy, fractions for SIM and MAE. A
row whose protocol is not known, or is none of ours, has an id of its own in `only_reported`, and so a column of its
own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from partwise.errors import InputError
from partwise.evaluate.protocol import load_protocol, protocol_ids

MARKS = ("reported", "reproduced-by-us", "reproduced-by-others")
# Where a figure was seen: the paper, a log or README of the authors, a picture of a table, somebody else's
# re-evaluation, a summary of the paper, or worked out from other figures.
TIERS = ("paper", "log", "image", "third party", "summary", "derived")
# Printed in percent; the others as they are.
PERCENT = ("miou", "ciou", "part_miou", "accuracy", "aiou", "auc", "map", "mauc", "maiou", "acc", "macc")
PLAIN = ("sim", "simcos", "mae", "kld", "mse", "seconds")


@dataclass(frozen=True)
class Published:
    """One published row.

    figures   by name, as printed
    mark      "reported" by the authors of `source`, or "reproduced-by-others"
    place     where in the source; "not noted" if nobody wrote it down
    tier      one of TIERS
    read      the day on which the row was taken in
    trained_on_test_categories, selected_on_reported_split   None where it is not known
    caveat    what a reader must know before comparing
    """

    model: str
    protocol: str
    figures: Mapping[str, float]
    mark: str
    source: str
    place: str
    tier: str
    read: str
    trained_on_test_categories: bool | None
    selected_on_reported_split: bool | None
    caveat: str

    def __post_init__(self) -> None:
        where = f"published row {self.model!r} under {self.protocol!r}"
        if self.mark not in MARKS or self.tier not in TIERS:
            raise InputError(f"{where}: mark {self.mark!r} or tier {self.tier!r} is unknown")
        if not self.source or not self.place or not self.figures:
            raise InputError(f"{where} lacks source, place or figures")
        for name, value in self.figures.items():
            if name not in PERCENT + PLAIN:
                raise InputError(f"{where}: unknown figure {name!r}")
            highest = 100 if name in PERCENT else 1 if name in ("sim", "simcos", "mae") else 1e4
            if not 0 <= value <= highest:
                raise InputError(f"{where}: {name} is {value}, expected 0..{highest:g}")
        check_similarity(self.protocol, self.figures)


@cache
def published() -> tuple[Published, ...]:
    """Every row of the registry, file by file. Raises InputError for a damaged row."""
    known = {*protocol_ids(), *only_reported()}
    rows = []
    for path in sorted(_folder().glob("*.json")):
        for row in json.loads(path.read_text(encoding="utf-8")).get("rows", ()):
            rows.append(_row(row, path))
            if rows[-1].protocol not in known:
                raise InputError(f"{path.name}: {rows[-1].model}: unknown protocol {rows[-1].protocol!r}")
    return tuple(rows)


@cache
def only_reported() -> Mapping[str, str]:
    """Ids of published protocols that are not known well enough to be run, each with what is known."""
    return json.loads((_folder() / "only_reported.json").read_text(encoding="utf-8"))["protocols"]


def check_similarity(protocol: str, figures: Mapping[str, Any]) -> None:
    """Raise InputError for a similarity under the name of the other one: SIM is never a cosine."""
    if protocol not in protocol_ids():
        return
    threshold = load_protocol(protocol).threshold
    wrong = {"strict": "sim", "inclusive": "simcos"}.get(threshold or "", "")
    if wrong in figures:
        right = "simcos" if wrong == "sim" else "sim"
        raise InputError(f"{protocol}: its similarity is {right}, found {wrong}: SIM is never a cosine")


def _row(row: Mapping[str, Any], path: Path) -> Published:
    names = {field.name for field in fields(Published)}
    if row.keys() != names:
        raise InputError(f"{path.name}: a row has {sorted(row)}, expected {sorted(names)}")
    figures = {name: float(value) for name, value in row["figures"].items()}
    return Published(**{**row, "figures": figures})


def _folder() -> Path:
    return Path(str(files("partwise") / "data" / "published"))
