"""Pictures of the LM-AD experiments, drawn with Pillow: mIoU against depth, and attention on shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from partwise.io.palette import heat_colors

INK, PALE, SERIES = (30, 30, 30), (215, 215, 215), {"closed": (31, 119, 180), "zeroshot": (214, 90, 30)}
NAMES = {"closed": "trained words", "zeroshot": "words never trained on"}


Color = tuple[int, int, int]
# Protocol -> depth, or "cosine" -> mean and values over seeds.
Rows = Mapping[str, Mapping[Any, Mapping[str, Any]]]


def depth_plot(real: Rows, random: Rows, path: Path) -> None:
    """mIoU against the number of blocks that look at the points; rings are seeds, lines join means.

    real    around a real language model: discs, drawn through
    random  with random weights in the language model: squares, dashed
    """
    width, height, left, bottom, top = 1000, 560, 90, 90, 60
    image = Image.new("RGB", (width, height), "white")
    draw, font, small = ImageDraw.Draw(image), ImageFont.load_default(20), ImageFont.load_default(16)
    values = [
        v for rows in (*real.values(), *random.values()) for row in rows.values() for v in row["values"]
    ]
    # A strip on top for the legend.
    most = np.ceil(max(values) * 20) / 20 + 0.1
    deepest = max(place for rows in random.values() for place in rows)

    def at(place: Any, value: float) -> tuple[float, float]:
        # Depth to scale; the cosine, which has no attention at all, stands apart on the left.
        x = left + 50 if place == "cosine" else left + 170 + place / deepest * (width - left - 230)
        return x, height - bottom - value / most * (height - bottom - top)

    for step in range(round(most / 0.05) + 1):
        y = at(0, step * 0.05)[1]
        draw.line([(left, y), (width - 30, y)], fill=PALE)
        draw.text((left - 10, y), f"{step * 0.05:.2f}", fill=INK, font=small, anchor="rm")
    for place in {**next(iter(real.values())), **next(iter(random.values()))}:
        label = {"cosine": "cosine\n(OpenAD)", 0: "0\n(plain cross-\nattention)"}.get(place, str(place))
        draw.multiline_text(
            (at(place, 0)[0], height - bottom + 8), label, fill=INK, font=small, anchor="ma", align="center"
        )
    title = "pooled mIoU against the blocks of the language model that look at the points"
    draw.text((left, 20), title, fill=INK, font=font)
    for column, (source, kind, said) in enumerate(
        ((real, "disc", "MiniLM"), (random, "square", "random language weights"))
    ):
        for number, (protocol, rows) in enumerate(source.items()):
            color = SERIES[protocol]
            # A little aside, where both were trained with as many blocks.
            spots = {p: (at(p, 0)[0] + (14 if kind == "square" and p in real[protocol] else 0)) for p in rows}
            line = [(spots[place], at(0, row["mean"])[1]) for place, row in rows.items() if place != "cosine"]
            _line(draw, line, color, dashed=kind == "square")
            for place, row in rows.items():
                _marker(draw, (spots[place], at(0, row["mean"])[1]), color, kind)
                for value in row["values"]:
                    x, y = spots[place], at(0, value)[1]
                    draw.ellipse([x - 3, y - 3, x + 3, y + 3], outline=color)
            corner = (left + 30 + 330 * column, top + 18 + 26 * number)
            _marker(draw, corner, color, kind)
            draw.text((corner[0] + 14, corner[1]), f"{NAMES[protocol]}, {said}", INK, small, "lm")
    image.save(path, optimize=True)


def _marker(draw: ImageDraw.ImageDraw, place: tuple[float, float], color: Color, kind: str) -> None:
    x, y = place
    if kind == "disc":
        draw.ellipse([x - 6, y - 6, x + 6, y + 6], fill=color)
    else:
        draw.rectangle([x - 6, y - 6, x + 6, y + 6], fill="white", outline=color, width=2)


def _line(
    draw: ImageDraw.ImageDraw, places: Sequence[tuple[float, float]], color: Color, dashed: bool
) -> None:
    """A line through places, whole or in dashes of about 10 pixels."""
    for (x0, y0), (x1, y1) in pairwise(places):
        steps = 2 * max(1, round(np.hypot(x1 - x0, y1 - y0) / 20)) if dashed else 1
        for step in range(0, steps, 2):
            low, high = step / steps, (step + 1) / steps
            ends = [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in (low, high)]
            draw.line(ends, fill=color, width=3)


def attention_picture(shapes: Sequence[tuple[str, np.ndarray, np.ndarray, np.ndarray]], path: Path) -> None:
    """One column a shape (title, points (N,3), true heat (N,), attention (N,)): truth above, attention below.

    Attention runs from 0 to ten times what even attention gives a point, the same scale for every shape.
    """
    columns = [
        (title, points, [_warm(truth), _warm(np.clip(attention * len(attention) / 10, 0, 1))])
        for title, points, truth, attention in shapes
    ]
    points_picture(columns, ("truth", "attention of\nthe middle\nblocks"), path)


def points_picture(
    columns: Sequence[tuple[str, np.ndarray, Sequence[np.ndarray]]],
    rows: Sequence[str],
    path: Path,
    size: int = 300,
) -> None:
    """The same shapes in several colourings: columns (title, points (N,3), colours (N,3) 0..255 for each row)."""
    image = Image.new("RGB", (size * len(columns) + 110, len(rows) * size + 40), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(18)
    for row, text in enumerate(rows):
        draw.multiline_text((8, 40 + size * row + size / 2), text, fill=INK, font=font, anchor="lm")
    for column, (title, points, colorings) in enumerate(columns):
        draw.text((110 + size * (column + 0.5), 20), title, fill=INK, font=font, anchor="mm")
        for row, colors in enumerate(colorings):
            _draw_points(draw, points, colors, (110 + size * column, 40 + size * row), size)
    image.save(path, optimize=True)


def _warm(heat: np.ndarray) -> np.ndarray:
    return heat_colors(heat.astype(np.float32))


def _draw_points(
    draw: ImageDraw.ImageDraw, points: np.ndarray, colors: np.ndarray, corner: tuple[int, int], size: int
) -> None:
    """Points from the front, a little from above and the side, the near ones over the far ones."""
    yaw, pitch = np.radians(30), np.radians(20)
    x = points[:, 0] * np.cos(yaw) + points[:, 2] * np.sin(yaw)
    z = -points[:, 0] * np.sin(yaw) + points[:, 2] * np.cos(yaw)
    y, depth = (
        points[:, 1] * np.cos(pitch) - z * np.sin(pitch),
        points[:, 1] * np.sin(pitch) + z * np.cos(pitch),
    )
    scale = size * 0.46
    for index in np.argsort(depth):
        px, py = corner[0] + size / 2 + x[index] * scale, corner[1] + size / 2 - y[index] * scale
        draw.ellipse([px - 4, py - 4, px + 4, py + 4], fill=tuple(int(c) for c in colors[index][:3]))
