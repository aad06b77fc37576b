"""Colours of parts and of scores: the same word looks the same in every file and on every day."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8

# Found by maximising the smallest OKLab distance over four kinds of sight: normal, and the three kinds of colour
# blindness simulated as in Machado et al. 2009. None is near white, black or the grey of "none".
_PALETTE = (
    (54, 99, 225), (252, 189, 252), (189, 99, 0), (234, 135, 216), (153, 243, 207), (243, 135, 90),
    (225, 81, 99), (72, 180, 153), (99, 135, 198), (126, 54, 81), (0, 108, 126), (81, 135, 81),
    (189, 27, 9), (45, 180, 252), (54, 72, 153), (180, 45, 117), (162, 117, 252), (225, 189, 45),
    (171, 108, 153), (189, 243, 81), (108, 171, 9), (63, 99, 0), (63, 225, 135), (126, 81, 180),
)  # fmt: skip
NONE_COLOR = (190, 192, 196)

# Equal steps of OKLab lightness, pale grey (no) over amber to dark red (yes): it reads in black and white as well.
_HEAT = (
    (223, 227, 232), (222, 204, 156), (213, 180, 96), (213, 148, 51), (216, 109, 0),
    (209, 68, 0), (190, 26, 34), (159, 2, 53), (121, 8, 70),
)  # fmt: skip


def part_colors(names: Sequence[str]) -> UInt8[np.ndarray, "T 3"]:
    """RGB (T,3) for T names, fixed by the name alone unless two names of one result want the same colour.

    Each name ranks the colours by its own hash. Names choose in the order given, so a phrase added at the end changes
    no earlier colour. Beyond 24 names the colours come back darker, then lighter. Case, spaces and punctuation do not
    count.

    Example:
        >>> part_colors(["Arm rest", "arm_rest"]).tolist()
        [[45, 180, 252], [45, 180, 252]]
    """
    chosen: dict[str, UInt8[np.ndarray, "3"]] = {}
    free: list[int] = []
    rounds = -1
    for name in names:
        key = _key(name)
        if key in chosen:
            continue
        if not free:
            free = list(range(len(_PALETTE)))
            rounds += 1
        wish = hashlib.sha256(key.encode()).digest()  # 32 bytes: the first 24 rank the 24 colours
        slot = max(free, key=lambda index: (wish[index], index))
        free.remove(slot)
        chosen[key] = _shaded(_PALETTE[slot], rounds)
    return np.array([chosen[_key(name)] for name in names], dtype=np.uint8).reshape(-1, 3)


def heat_colors(values: Float[np.ndarray, "N"]) -> UInt8[np.ndarray, "N 3"]:
    """RGB (N,3) of scores (N,) on the absolute scale 0..1; beyond it the ends, NaN the grey of "none".

    Never stretched to the values at hand: that would always light something up.
    """
    scale = np.linspace(0, 1, len(_HEAT))
    anchors = np.array(_HEAT, dtype=np.float64)
    colors = np.stack([np.interp(values, scale, anchors[:, channel]) for channel in range(3)], axis=1)
    colors[np.isnan(values)] = NONE_COLOR
    return np.rint(colors).astype(np.uint8)


def painted(labels: np.ndarray, colors: UInt8[np.ndarray, "T 3"]) -> UInt8[np.ndarray, "M 3"]:
    """RGB (M,3) of labels (M,) into colours (T,3); -1 becomes the grey of "none"."""
    return np.concatenate([colors, np.array([NONE_COLOR], dtype=np.uint8)])[labels]


def srgb_to_linear(colors: UInt8[np.ndarray, "*rows C"]) -> Float[np.ndarray, "*rows C"]:
    """Bytes as screens show them to linear light in 0..1 (IEC 61966-2-1), which is what glTF stores."""
    fraction = np.asarray(colors, dtype=np.float64) / 255.0
    return np.where(fraction <= 0.04045, fraction / 12.92, ((fraction + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(light: Float[np.ndarray, "*rows C"]) -> UInt8[np.ndarray, "*rows C"]:
    """Linear light, clipped to 0..1, to bytes as screens show them."""
    light = np.clip(light, 0.0, 1.0)
    fraction = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(fraction * 255).astype(np.uint8)


def _key(name: str) -> str:
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", name).casefold().replace("_", " "))
    return " ".join(words)


def _shaded(color: tuple[int, int, int], rounds: int) -> UInt8[np.ndarray, "3"]:
    """The colour itself in round 0, then mixed more and more with black (odd rounds) and white (even rounds)."""
    share = (0.0, 0.35, 0.45, 0.6)[min(rounds, 3)]
    target = 0.0 if rounds % 2 else 255.0
    return np.rint(np.array(color) * (1 - share) + target * share).astype(np.uint8)
