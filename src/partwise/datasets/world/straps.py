"""What small things hang by, and what no hand takes to use them: neck straps, wrist loops, cords that lie beside."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import sweep
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.mesh import Mesh, Number
from partwise.datasets.world.outlines import curve, ellipse, rectangle


def strapped(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], share: Number = 0.45
) -> None:
    """In this share of the throws a strap or cord on a body of (width, height, depth) on y = 0, to carry or wear it."""
    if not chance(rng, share):
        return
    name = pick(rng, ("strap", "cord"), (2, 1))
    a.add(name, _strap(rng, size, name == "cord"))
    a.afford(pick(rng, ("carry", "wear")), name)


def _strap(rng: np.random.Generator, size: tuple[Number, Number, Number], thin: bool) -> Mesh:
    """Over the body from side to side, in a loop from one corner, or down to the floor and along it."""
    wide, high, deep = size
    broad = min(wide, high)
    section = (
        ellipse(broad * rng.uniform(0.03, 0.06), count=6) if thin else rectangle(broad * 0.22, broad * 0.03)
    )
    half, top = wide / 2, high * rng.uniform(0.75, 0.97)
    style = pick(rng, ("over", "corner", "floor"), (3, 3, 2))
    if style == "over":
        rise, lean = max(wide, high) * rng.uniform(0.6, 2.2), rng.uniform(-0.8, 0.8)
        bulge = half * rng.uniform(1.0, 1.7)
        path = [
            (-half, top, 0),
            (-bulge, top + rise * 0.5, lean * rise * 0.4),
            (0, top + rise, lean * rise),
            (bulge, top + rise * 0.5, lean * rise * 0.4),
            (half, top, 0),
        ]
    elif style == "corner":
        side, end = pick(rng, (-1, 1)), pick(rng, (0.0, high))
        reach, drop = max(wide, high) * rng.uniform(0.5, 1.4), rng.uniform(-0.6, 0.6)
        start = np.array([side * half * 0.9, np.clip(end, high * 0.06, high * 0.94), 0])
        away = np.array([side * reach, (1 if end else -1) * reach * abs(drop), 0])
        across = np.array([-away[1], away[0], 0]) * rng.uniform(0.15, 0.35)
        path = [start, start + away * 0.55 + across, start + away, start + away * 0.55 - across, start]
    else:
        turn, far = pick(rng, (-1, 1)), wide * rng.uniform(0.8, 1.6)
        low, out = broad * 0.03, deep / 2 + wide * rng.uniform(0.4, 1.0)
        path = [
            (turn * half, top, 0),
            (turn * half * 1.5, top * 0.4, out * 0.3),
            (turn * far, low, out),
            (0, low, out * 1.5),
            (-turn * far, low, out),
            (-turn * half * 1.5, top * 0.4, out * 0.3),
            (-turn * half, top, 0),
        ]
    return sweep(curve(np.array(path, dtype=np.float64), 28), section)
