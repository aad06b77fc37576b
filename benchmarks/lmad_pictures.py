"""Pictures of the LM-AD experiments, drawn with Pillow: mIoU against depth, and attention on shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from partwise.io.palette import heat_colors

INK, PALE, SERIES = (30, 30, 30), (215, 215, 215), {"closed": (31, 119, 180), "zeroshot": (214, 90, 30)}
NAMES = {"closed": "trained words", "zeroshot": "words never trained on"}


def depth_plot(depths: Mapping[str, Mapping[Any, Mapping[str, Any]]], path: Path) -> None:
    """mIoU against the number of blocks that look at the points; each dot a seed, the line their mean."""
    width, height, left, bottom, top = 900, 560, 90, 90, 60
    places = ["cosine", 0, 1, 3, 6]
    image = Image.new("RGB", (width, height), "white")
    draw, font, small = ImageDraw.Draw(image), ImageFont.load_default(20), ImageFont.load_default(16)
    values = [v for rows in depths.values() for row in rows.values() for v in row["values"]]
    most = max(0.1, np.ceil(max(values) * 20) / 20)

    def at(place: Any, value: float) -> tuple[float, float]:
        # Depth to scale; the cosine, which has no attention at all, stands apart on the left.
        x = left + 60 if place == "cosine" else left + 200 + place / 6 * (width - left - 260)
        return x, height - bottom - value / most * (height - bottom - top)

    for step in range(round(most / 0.05) + 1):
        y = at(0, step * 0.05)[1]
        draw.line([(left, y), (width - 30, y)], fill=PALE)
        draw.text((left - 10, y), f"{step * 0.05:.2f}", fill=INK, font=small, anchor="rm")
    for place in places:
        label = {"cosine": "cosine\n(OpenAD)", 0: "0\n(plain cross-\nattention)"}.get(place, str(place))
        draw.multiline_text(
            (at(place, 0)[0], height - bottom + 8), label, fill=INK, font=small, anchor="ma", align="center"
        )
    draw.text(
        (left, 20),
        "pooled mIoU against the blocks of the language model that look at the points",
        fill=INK,
        font=font,
    )
    for number, (protocol, rows) in enumerate(depths.items()):
        color = SERIES[protocol]
        line = [at(place, rows[place]["mean"]) for place in places[1:]]
        draw.line(line, fill=color, width=3)
        for place in places:
            x, y = at(place, rows[place]["mean"])
            draw.ellipse([x - 6, y - 6, x + 6, y + 6], fill=color)
            for value in rows[place]["values"]:
                x, y = at(place, value)
                draw.ellipse([x - 3, y - 3, x + 3, y + 3], outline=color)
        draw.rectangle([width - 260, 60 + 26 * number, width - 244, 76 + 26 * number], fill=color)
        draw.text((width - 236, 68 + 26 * number), NAMES[protocol], fill=INK, font=small, anchor="lm")
    image.save(path, optimize=True)


def attention_picture(
    shapes: Sequence[tuple[str, np.ndarray, np.ndarray, np.ndarray]], path: Path, size: int = 300
) -> None:
    """One column a shape (title, points (N,3), true heat (N,), attention (N,)): truth above, attention below.

    Attention runs from 0 to ten times what even attention gives a point, the same scale for every shape.
    """
    image = Image.new("RGB", (size * len(shapes) + 110, 2 * size + 40), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(18)
    for row, text in enumerate(("truth", "attention of\nthe middle\nblocks")):
        draw.multiline_text((8, 40 + size * row + size / 2), text, fill=INK, font=font, anchor="lm")
    for column, (title, points, truth, attention) in enumerate(shapes):
        draw.text((110 + size * (column + 0.5), 20), title, fill=INK, font=font, anchor="mm")
        shown = np.clip(attention * len(attention) / 10, 0, 1)
        for row, heat in enumerate((truth, shown)):
            corner = (110 + size * column, 40 + size * row)
            _draw_points(draw, points, heat, corner, size)
    image.save(path, optimize=True)


def _draw_points(
    draw: ImageDraw.ImageDraw, points: np.ndarray, heat: np.ndarray, corner: tuple[int, int], size: int
) -> None:
    """Points from the front, a little from above and the side, the near ones over the far ones."""
    yaw, pitch = np.radians(30), np.radians(20)
    x = points[:, 0] * np.cos(yaw) + points[:, 2] * np.sin(yaw)
    z = -points[:, 0] * np.sin(yaw) + points[:, 2] * np.cos(yaw)
    y, depth = (
        points[:, 1] * np.cos(pitch) - z * np.sin(pitch),
        points[:, 1] * np.sin(pitch) + z * np.cos(pitch),
    )
    colors = heat_colors(heat.astype(np.float32))
    scale = size * 0.46
    for index in np.argsort(depth):
        px, py = corner[0] + size / 2 + x[index] * scale, corner[1] + size / 2 - y[index] * scale
        draw.ellipse([px - 4, py - 4, px + 4, py + 4], fill=tuple(int(c) for c in colors[index][:3]))
