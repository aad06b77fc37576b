"""A sweep on paper: one table and one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partwise.evaluate.compare import NO_SHARE
from partwise.evaluate.corruptions import KINDS, LEVELS
from partwise.evaluate.sweep import Sweep, SweepRow
from partwise.io.chart import Bar, bar_chart, line_chart, stacked

if TYPE_CHECKING:
    from PIL.Image import Image


def markdown(sweep: Sweep) -> str:
    """A row for each condition: every figure, and how far the headline moved with its interval."""
    names = list(sweep.rows[0].figures)
    lines = [
        f"# {sweep.model} under `{sweep.protocol}`, swept",
        "",
        f"{sweep.samples:,} samples, seeds {', '.join(map(str, sweep.seeds))}. The change is that of {sweep.headline} "
        "on the same samples, with the 95 % interval of a bootstrap by object.",
        "",
        "| condition | " + " | ".join(names) + " | change | 95 % interval |",
        "|---|" + "---|" * (len(names) + 2),
    ]
    for row in sweep.rows:
        cells = [f"{_factor(name) * figure.value:.1f}" for name, figure in row.figures.items()]
        lines.append(f"| {_name(row)} | " + " | ".join([*cells, *_moved(sweep, row)]) + " |")
    for reason in dict.fromkeys(sweep.skipped.values()):
        names = ", ".join(name for name, why in sweep.skipped.items() if why == reason)
        lines += ["", f"Left out: {names}, because {reason}."]
    return "\n".join(lines) + "\n"


def chart(sweep: Sweep) -> Image:
    """Bars of the headline with its intervals, marked at the value as is; corruptions as a line for each kind."""
    factor, unit = _factor(sweep.headline), "" if sweep.headline in NO_SHARE else ", %"
    plain = [row for row in sweep.rows if row.condition.corruption is None]
    base = factor * sweep.rows[0].figures[sweep.headline].value
    bars = []
    for row in plain:
        figure = row.figures[sweep.headline]
        low, high = (None if edge is None else factor * edge for edge in (figure.low, figure.high))
        bars.append((_name(row), [Bar(factor * figure.value, low, high)]))
    title = f"{sweep.headline}{unit}: {sweep.model} under {sweep.protocol}"
    pictures = [bar_chart(bars, [sweep.headline], title, line=base)]
    by_kind = {
        kind: [base, *(_at(sweep, kind, level, factor) for level in LEVELS)]
        for kind in KINDS
        if any(row.condition.corruption == (kind, 1) for row in sweep.rows)
    }
    if by_kind:
        steps = ["as is", *(f"level {level}" for level in LEVELS)]
        pictures.append(line_chart(steps, by_kind, f"{sweep.headline}{unit} by corruption"))
    return stacked(pictures)


def _at(sweep: Sweep, kind: str, level: int, factor: int) -> float:
    row = next(row for row in sweep.rows if row.condition.corruption == (kind, level))
    return factor * row.figures[sweep.headline].value


def _moved(sweep: Sweep, row: SweepRow) -> tuple[str, str]:
    if row.moved is None:
        return "", ""
    factor, change = _factor(sweep.headline), row.moved.difference
    return f"{factor * change.mean:+.1f}", f"{factor * change.low:+.1f} to {factor * change.high:+.1f}"


def _name(row: SweepRow) -> str:
    said = {"words": "words: ", "corruptions": "corrupted: "}
    return said.get(row.kind, "") + row.condition.name


def _factor(figure: str) -> int:
    return 1 if figure in NO_SHARE else 100
