"""Bars and lines as pictures, for reports: drawn with Pillow, at twice the size and reduced."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from partwise.errors import InputError
from partwise.io.legend import text_font
from partwise.io.names import printable

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

_INK, _FAINT, _GRID = (38, 44, 54), (112, 120, 132), (226, 229, 234)
# Blue and amber first: they differ for every kind of sight, and in grey.
_SERIES = (
    (54, 99, 225),
    (232, 150, 40),
    (72, 180, 153),
    (225, 81, 99),
    (126, 81, 180),
    (126, 54, 81),
    (0, 108, 126),
)
_FINER = 2
_TEXT = 26.0  # pixels of the large drawing


@dataclass(frozen=True)
class Bar:
    """One value with its interval; low and high are None where there is none; NaN is a bar that is missing."""

    value: float
    low: float | None = None
    high: float | None = None


def bar_chart(
    rows: Sequence[tuple[str, Sequence[Bar]]],
    series: Sequence[str],
    title: str,
    line: float | None = None,
    width: int = 900,
) -> Image:
    """Horizontal bars, a group for each row and a colour for each series; values from 0, written beside the bars.

    line   a value to mark throughout, such as that of the first condition
    Raises InputError without rows, or for a row that has not one bar for each series.
    """
    if not rows or any(len(bars) != len(series) for _, bars in rows):
        raise InputError(f"a chart needs rows of {len(series)} bars each, one for each series")
    thick, gap = 30, 22
    left, right = _label_width([name for name, _ in rows]), 110
    top = 130 if len(series) > 1 else 90
    group = thick * len(series) + gap
    size = (_FINER * width, top + group * len(rows) + 60)
    canvas, draw = _canvas(size)
    highest = max(_top(bar) for _, bars in rows for bar in bars)
    highest = max(highest, line or 0.0, 1e-9)
    span = size[0] - left - right

    def place(value: float) -> float:
        return left + span * value / highest

    draw.text((30, 24), printable(title), font=text_font(_TEXT * 1.2, title), fill=_INK)
    if len(series) > 1:
        _names(draw, series, (left, 80))
    for tick in _ticks(highest):
        draw.line((place(tick), top - 8, place(tick), size[1] - 52), fill=_GRID, width=2)
        draw.text(
            (place(tick), size[1] - 44),
            f"{tick:g}",
            font=text_font(_TEXT * 0.8, ""),
            fill=_FAINT,
            anchor="ma",
        )
    if line is not None:
        draw.line((place(line), top - 8, place(line), size[1] - 52), fill=_INK, width=3)
    for number, (name, bars) in enumerate(rows):
        y = top + number * group
        middle = y + thick * len(series) / 2
        draw.text((left - 18, middle), printable(name), font=text_font(_TEXT, name), fill=_INK, anchor="rm")
        for index, bar in enumerate(bars):
            _bar(draw, bar, (y + index * thick, thick), place, _SERIES[index % len(_SERIES)])
    return _reduced(canvas)


def line_chart(
    steps: Sequence[str],
    series: Mapping[str, Sequence[float]],
    title: str,
    width: int = 900,
    height: int = 520,
) -> Image:
    """One line for each series over the steps, from 0 up; the names beside the ends of the lines. NaN breaks a line.

    Raises InputError without series, or for one that has not a value for each step.
    """
    if not series or any(len(values) != len(steps) for values in series.values()) or len(steps) < 2:
        raise InputError(f"a chart of lines needs two steps or more, and series of {len(steps)} values")
    size = (_FINER * width, _FINER * height)
    canvas, draw = _canvas(size)
    left, right, top, bottom = 110, 60 + _label_width(list(series)), 100, 70
    highest = max(1e-9, float(np.nanmax([list(values) for values in series.values()])))
    tall, span = size[1] - top - bottom, size[0] - left - right

    def place(step: int, value: float) -> tuple[float, float]:
        return left + span * step / (len(steps) - 1), size[1] - bottom - tall * value / highest

    draw.text((30, 24), printable(title), font=text_font(_TEXT * 1.2, title), fill=_INK)
    for tick in _ticks(highest):
        y = place(0, tick)[1]
        draw.line((left, y, size[0] - right, y), fill=_GRID, width=2)
        draw.text((left - 14, y), f"{tick:g}", font=text_font(_TEXT * 0.8, ""), fill=_FAINT, anchor="rm")
    for number, step in enumerate(steps):
        draw.text(
            (place(number, 0.0)[0], size[1] - bottom + 14),
            printable(step),
            font=text_font(_TEXT * 0.8, step),
            fill=_FAINT,
            anchor="ma",
        )
    ends = {}
    for index, (name, values) in enumerate(series.items()):
        color = _SERIES[index % len(_SERIES)]
        known = [place(step, value) for step, value in enumerate(values) if not np.isnan(value)]
        if len(known) > 1:
            draw.line(known, fill=color, width=6, joint="curve")
        for x, y in known:
            draw.ellipse((x - 8, y - 8, x + 8, y + 8), fill=color)
        ends[name] = known[-1][1] if known else size[1] - bottom
    for (name, y), index in zip(_apart(ends), _order(ends), strict=True):
        color = _SERIES[index % len(_SERIES)]
        draw.text(
            (size[0] - right + 24, y), printable(name), font=text_font(_TEXT, name), fill=color, anchor="lm"
        )
    return _reduced(canvas)


def stacked(images: Sequence[Image]) -> Image:
    """Pictures one below the other on white. Raises InputError if there are none."""
    from PIL import Image

    if not images:
        raise InputError("no picture was given: nothing to stack")
    sheet = Image.new("RGB", (max(one.width for one in images), sum(one.height for one in images)), "white")
    top = 0
    for one in images:
        sheet.paste(one, (0, top))
        top += one.height
    return sheet


def _canvas(size: tuple[int, int]) -> tuple[Image, ImageDraw]:
    from PIL import Image, ImageDraw

    canvas = Image.new("RGB", size, "white")
    return canvas, ImageDraw.Draw(canvas)


def _reduced(canvas: Image) -> Image:
    from PIL.Image import Resampling

    return canvas.resize((canvas.width // _FINER, canvas.height // _FINER), Resampling.LANCZOS)


def _bar(
    draw: ImageDraw,
    bar: Bar,
    row: tuple[int, int],
    place: Callable[[float], float],
    color: tuple[int, int, int],
) -> None:
    """The bar, its interval as a thin line, its value behind both."""
    if np.isnan(bar.value):
        return
    top, thick = row
    draw.rectangle((place(0.0), top + 2, place(bar.value), top + thick - 3), fill=color)
    end = place(bar.value)
    if bar.low is not None and bar.high is not None:
        middle = top + thick // 2
        draw.line((place(bar.low), middle, place(bar.high), middle), fill=_INK, width=3)
        for edge in (place(bar.low), place(bar.high)):
            draw.line((edge, middle - 7, edge, middle + 7), fill=_INK, width=3)
        end = max(end, place(bar.high))
    font = text_font(_TEXT * 0.85, "")
    beside = (end + 12, top + thick / 2)
    text = f"{bar.value:.1f}"
    draw.text(beside, text, font=font, fill=_INK, anchor="lm", stroke_width=4, stroke_fill="white")


def _names(draw: ImageDraw, series: Sequence[str], corner: tuple[int, int]) -> None:
    """A swatch and a name for each series, in a row."""
    x, y = float(corner[0]), corner[1]
    for index, name in enumerate(series):
        font = text_font(_TEXT, name)
        draw.rectangle((x, y + 4, x + 24, y + 28), fill=_SERIES[index % len(_SERIES)])
        draw.text((x + 36, y + 16), printable(name), font=font, fill=_INK, anchor="lm")
        x += 36 + font.getlength(printable(name)) + 48


def _label_width(names: Sequence[str]) -> int:
    return 60 + round(max(text_font(_TEXT, name).getlength(printable(name)) for name in names))


def _top(bar: Bar) -> float:
    if np.isnan(bar.value):
        return 0.0
    return bar.value if bar.high is None else max(bar.value, bar.high)


def _ticks(highest: float) -> list[float]:
    """Round values from 0 up to the highest, four to eight of them."""
    step = 10.0 ** np.floor(np.log10(highest))
    for part in (1.0, 0.5, 0.2, 0.1):
        if highest / (step * part) >= 4:
            step *= part
            break
    return [round(float(tick), 9) for tick in np.arange(0, highest + 1e-12, step)]


def _order(ends: Mapping[str, float]) -> list[int]:
    """Numbers of the series from top to bottom."""
    heights = list(ends.values())
    return sorted(range(len(heights)), key=lambda index: heights[index])


def _apart(ends: Mapping[str, float]) -> list[tuple[str, float]]:
    """Names with their heights, top to bottom, moved down where one would cover another."""
    placed: list[tuple[str, float]] = []
    names = list(ends)
    for index in _order(ends):
        y = ends[names[index]]
        if placed:
            y = max(y, placed[-1][1] + _TEXT + 8)
        placed.append((names[index], y))
    return placed
