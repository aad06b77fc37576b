"""The written part of a picture: where things go, the title and the legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from partwise.io.names import printable

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont

_INK, _FAINT = (38, 44, 54), (112, 120, 132)
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Layout:
    """Boxes (left, top, right, bottom) in pixels; inset and legend are None where there is no room or need.

    unit   one step of the design: 12 pixels in a picture of 1200 x 900
    """

    main: Box
    inset: Box | None
    legend: Box | None
    title: Box | None
    unit: float

    @classmethod
    def of(
        cls, size: tuple[int, int], legend: Sequence[tuple[str, Sequence[int]]], title: str | None
    ) -> Layout:
        """A column for the legend on the right with the inset below it, the title above, the rest for the shape."""
        width, height = size
        unit = min(width / 100, height / 75)
        edge = round(2.5 * unit)
        top = round(7 * unit) if title else 0
        column = round(width - 27 * unit)
        middle = round(height - 24 * unit)
        return cls(
            main=(0, top, column, height),
            inset=(column, middle, width - edge, height - edge),
            legend=(column, max(top, edge), width - edge, middle - edge) if legend else None,
            title=(edge, edge, width - edge, top) if title else None,
            unit=unit,
        )


def draw_title(picture: Image, layout: Layout, title: str | None) -> None:
    """One line at the top left, cut to the width."""
    if layout.title is not None and title is not None:
        left, top, right, _ = layout.title
        draw_line(picture, (left, top), printable(title), 2.6 * layout.unit, float(right - left))


def draw_line(picture: Image, place: tuple[int, int], text: str, size: float, width: float) -> None:
    """One line of text from its top left corner, letters `size` pixels high, cut to `width` pixels."""
    from PIL import ImageDraw

    font = text_font(size, text)
    ImageDraw.Draw(picture).text(place, _cut(text, font, width), font=font, fill=_INK)


def draw_legend(picture: Image, layout: Layout, legend: Sequence[tuple[str, Sequence[int]]]) -> None:
    """A swatch and a name for each entry, in the largest letters that fit; what does not fit is counted."""
    from PIL import ImageDraw

    if layout.legend is None:
        return
    left, top, right, bottom = layout.legend
    names = [printable(name) for name, _ in legend]
    for scale, columns in ((1.0, 1), (0.85, 1), (0.72, 1), (0.62, 2), (0.5, 2)):
        unit = layout.unit * scale
        font = text_font(2.1 * unit, "".join(names))
        width = (right - left) / columns
        entries = [_wrap(name, font, width - 4.2 * unit) for name in names]
        places = _flow(
            [len(lines) * 3.0 * unit + 0.5 * unit for lines in entries], bottom - top - 3.0 * unit, columns
        )
        if len(places) == len(entries):
            break
    draw = ImageDraw.Draw(picture)
    for (column, y), lines, (_, color) in zip(places, entries, legend, strict=False):
        x, y = left + column * width, top + y
        _swatch(picture, (round(x), round(y + 0.45 * unit)), round(2.1 * unit), color)
        for index, text in enumerate(lines):
            draw.text(
                (x + 3.4 * unit, y + (index + 0.5) * 3.0 * unit), text, font=font, fill=_INK, anchor="lm"
            )
    if len(places) < len(entries):
        rest = f"and {len(entries) - len(places)} more"
        draw.text((left, bottom - 1.5 * unit), rest, font=font, fill=_FAINT, anchor="lm")


def _flow(heights: Sequence[float], room: float, columns: int) -> list[tuple[int, float]]:
    """Column and top of the entries that fit one below the other, column after column."""
    places, column, y = [], 0, 0.0
    for height in heights:
        if y + height > room and y > 0:
            column, y = column + 1, 0.0
        if column == columns:
            break
        places.append((column, y))
        y += height
    return places


def _swatch(picture: Image, corner: tuple[int, int], side: int, color: Sequence[int]) -> None:
    """A rounded square with smooth corners: drawn four times larger, then reduced."""
    from PIL import Image, ImageDraw

    side = max(side, 4)
    mask = Image.new("L", (4 * side, 4 * side), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 4 * side - 1, 4 * side - 1), radius=side, fill=255)
    mask = mask.resize((side, side), Image.Resampling.LANCZOS)
    picture.paste(tuple(int(channel) for channel in color), corner, mask)


def text_font(size: float, text: str) -> FreeTypeFont | ImageFont:
    """Pillow's own font, the same everywhere; for letters it lacks the first usual system font there is."""
    from PIL import ImageFont

    size = max(size, 8)
    if not text.isascii():
        for name in ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "arial.ttf"):
            try:
                return ImageFont.truetype(name, size)
            except OSError:
                continue
    return ImageFont.load_default(size)


def _wrap(text: str, font: FreeTypeFont | ImageFont, width: float) -> list[str]:
    """At most three lines of whole words; a word that is too long, and the last line, are cut."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > 3:
        lines = [*lines[:2], " ".join(lines[2:])]
    return [_cut(line, font, width) for line in lines]


def _cut(text: str, font: FreeTypeFont | ImageFont, width: float) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}...") > width:
        text = text[:-1]
    return f"{text}..."
