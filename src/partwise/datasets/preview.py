"""Contact sheets: many labelled clouds on one picture, for looking at data before training on it."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image, ImageDraw, ImageFont

from partwise.datasets.sample import Sample

CAPTION = 46  # pixels under each picture
UNNAMED = (150, 150, 150)
# Looking from the front, from the right and from above: where furniture shows most.
YAW, PITCH = np.radians(-32.0), np.radians(24.0)
LIGHT = np.array([-0.35, 0.75, 0.55])


def contact_sheet(samples: Sequence[Sample], columns: int = 8, cell: int = 240, dot: int = 3) -> Image.Image:
    """One picture per sample in a grid, points coloured by part, the part names under it in the same colours.

    `cell` is the side of one picture and `dot` that of one point, in pixels. Needs no display.
    """
    columns = max(1, min(columns, len(samples)))
    rows = -(-len(samples) // columns)
    sheet = Image.new("RGB", (columns * cell, max(1, rows) * (cell + CAPTION)), "white")
    draw = ImageDraw.Draw(sheet)
    for index, sample in enumerate(samples):
        x, y = index % columns * cell, index // columns * (cell + CAPTION)
        colors = part_colors(len(sample.parts))
        sheet.paste(Image.fromarray(_splat(sample, colors, cell, dot)), (x, y))
        _caption(draw, sample, colors, (x + 4, y + cell), cell - 8)
    return sheet


def part_colors(count: int) -> UInt8[np.ndarray, "P 3"]:
    """`count` colours that are easy to tell apart: hues a golden ratio apart, two brightnesses in turn."""
    hsv = [
        ((0.58 + 0.618034 * i) % 1.0, 0.62 if i % 2 == 0 else 0.85, 0.95 if i % 3 else 0.8)
        for i in range(count)
    ]
    return np.array(
        [[round(255 * c) for c in colorsys.hsv_to_rgb(*color)] for color in hsv], np.uint8
    ).reshape(-1, 3)


def _splat(
    sample: Sample, colors: UInt8[np.ndarray, "P 3"], cell: int, dot: int
) -> UInt8[np.ndarray, "H W 3"]:
    """The cloud seen from the fixed viewpoint, nearest point on top."""
    seen, normals = (rows @ _camera().T for rows in (sample.points, sample.normals))
    low, high = seen.min(axis=0), seen.max(axis=0)
    scale = 0.9 * (cell - dot) / max(float((high - low)[:2].max()), 1e-9)
    pixel = (seen[:, :2] - (low + high)[:2] / 2) * scale + cell / 2
    order = np.argsort(seen[:, 2])
    # Either side of a thin sheet should look lit, so the sign of the normal is left out.
    shade = 0.45 + 0.55 * np.abs(normals @ (_camera() @ LIGHT / np.linalg.norm(LIGHT)))
    palette = np.concatenate([colors, [UNNAMED]]).astype(np.float64)
    return _paint(pixel[order], (palette[sample.labels] * shade[:, None])[order], cell, dot)


def _paint(
    pixel: Float[np.ndarray, "N 2"], color: Float[np.ndarray, "N 3"], cell: int, dot: int
) -> UInt8[np.ndarray, "H W 3"]:
    image = np.full((cell, cell, 3), 255, np.uint8)
    offsets: Int[np.ndarray, "D 2"] = np.stack(np.meshgrid(*[np.arange(dot) - dot // 2] * 2), -1).reshape(
        -1, 2
    )
    place = np.clip(np.rint(pixel)[:, None, :].astype(np.int64) + offsets, 0, cell - 1).reshape(-1, 2)
    image[cell - 1 - place[:, 1], place[:, 0]] = np.repeat(color, len(offsets), axis=0).astype(np.uint8)
    return image


def _camera() -> Float[np.ndarray, "3 3"]:
    c, s = np.cos(YAW), np.sin(YAW)
    yaw = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    c, s = np.cos(PITCH), np.sin(PITCH)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ yaw


def _caption(
    draw: ImageDraw.ImageDraw,
    sample: Sample,
    colors: UInt8[np.ndarray, "P 3"],
    corner: tuple[int, int],
    width: int,
) -> None:
    """Category on the first line, then the part names, each in its colour, as many as fit."""
    title, small = ImageFont.load_default(13), ImageFont.load_default(10)
    x, y = corner
    draw.text((x, y), sample.category, fill="black", font=title)
    at, line = x, y + 16
    for part, color in zip(sample.parts, colors, strict=True):
        needs = draw.textlength(part.name + "  ", font=small)
        if at + needs > x + width:
            at, line = x, line + 10
        if line > y + CAPTION - 10:
            return
        draw.text((at, line), part.name, fill=tuple(int(c * 0.75) for c in color), font=small)
        at += needs
