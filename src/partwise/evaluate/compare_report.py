"""A comparison on paper: Markdown, and bars of each category."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from partwise.evaluate.compare import LESS_IS_BETTER, NO_SHARE, ComparedResults, Difference
from partwise.evaluate.results import Result
from partwise.io.chart import Bar, bar_chart
from partwise.metrics.uncertainty import Interval

if TYPE_CHECKING:
    from PIL.Image import Image


def names_of(compared: ComparedResults) -> tuple[str, str]:
    """What the two results are called: the models, with what differs in how they were asked where the names agree."""
    first, second = compared.first, compared.second
    if first.model.name != second.model.name:
        return first.model.name, second.model.name
    keys = sorted(
        key for key in {*first.config, *second.config} if first.config.get(key) != second.config.get(key)
    )
    if keys:
        one, two = (", ".join(f"{key} {r.config.get(key)}" for key in keys) for r in (first, second))
        return f"{first.model.name} ({one})", f"{second.model.name} ({two})"
    return f"{first.model.name} (first)", f"{second.model.name} (second)"


def markdown(compared: ComparedResults, pictures: Sequence[tuple[str, str]] = ()) -> str:
    """The whole comparison; pictures are (caption, file) beside it."""
    one, two = names_of(compared)
    first = compared.first
    lines = [
        f"# {one} against {two}",
        "",
        f"Protocol `{first.protocol.get('id')}` version {first.protocol.get('version')}, "
        f"{first.data.dataset}/{first.data.split}, {first.data.samples:,} samples"
        + ("" if first.data.limit is None else f" (the first {first.data.limit})")
        + f". Seeds {_seeds(first)} and {_seeds(compared.second)}.",
        "",
        f"| figure | {one} | {two} | difference | 95 % interval | p | better |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_row(difference, (one, two)) for difference in compared.differences]
    lines += [
        "",
        "Differences are first minus second on the same samples, redrawn by object; p is two-sided and never 0. "
        "Figures without an interval cannot be taken again over drawn objects.",
    ]
    if compared.headline is not None:
        lines += _categories(compared, (one, two))
    for caption, file in pictures:
        lines += ["", f"![{caption}]({file})"]
    return "\n".join(lines) + "\n"


def category_chart(compared: ComparedResults, most: int = 40) -> Image:
    """Bars of both results for each category with intervals; beyond `most`, those that differ most."""
    factor = _factor(compared)
    rows = sorted(compared.categories.items(), key=lambda one: -abs(one[1][0].mean - one[1][1].mean))[:most]
    bars = [(f"{name} ({count})", [_bar(i, factor) for i in (a, b)]) for name, (a, b, count) in sorted(rows)]
    unit = ", %" if factor == 100 else ""
    title = f"{compared.headline} by category{unit}: {compared.first.protocol.get('id')}"
    return bar_chart(bars, names_of(compared), title)


def caption_of(compared: ComparedResults, sample: int) -> str:
    """The two values of a sample."""
    factor = _factor(compared)
    a, b = (factor * values[sample] for values in compared.values)
    return f"{compared.headline} {a:.0f} and {b:.0f}"


def _categories(compared: ComparedResults, names: tuple[str, str]) -> list[str]:
    lines = ["", f"## {compared.headline} by category", ""]
    lines += [f"| category | samples | {names[0]} | {names[1]} | difference |", "|---|---|---|---|---|"]
    factor = _factor(compared)
    for name, (a, b, count) in compared.categories.items():
        cells = f"{factor * a.mean:.1f} | {factor * b.mean:.1f} | {factor * (a.mean - b.mean):+.1f}"
        lines.append(f"| {name} | {count} | {cells} |")
    return lines


def _bar(interval: Interval, factor: int) -> Bar:
    """A category of one object has an interval without width, which is none."""
    if interval.low == interval.high:
        return Bar(factor * interval.mean)
    return Bar(factor * interval.mean, factor * interval.low, factor * interval.high)


def _row(one: Difference, names: tuple[str, str]) -> str:
    factor = 100 if one.percent else 1
    cells = [one.figure + (" (less is better)" if one.figure in LESS_IS_BETTER else "")]
    cells += [f"{factor * one.first:.2f}", f"{factor * one.second:.2f}"]
    if one.paired is None:
        difference = one.first - one.second
        return "| " + " | ".join([*cells, f"{factor * difference:+.2f}", "", "", ""]) + " |"
    interval = one.paired.difference
    cells += [
        f"{factor * interval.mean:+.2f}",
        f"{factor * interval.low:+.2f} to {factor * interval.high:+.2f}",
    ]
    better = {"first": names[0], "second": names[1], "open": "open"}[one.verdict]
    return "| " + " | ".join([*cells, f"{one.paired.p_value:.3f}", better]) + " |"


def _factor(compared: ComparedResults) -> int:
    return 1 if compared.headline in NO_SHARE else 100


def _seeds(result: Result) -> str:
    return ", ".join(map(str, result.seeds))
