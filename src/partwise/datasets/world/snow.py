"""What slides on snow: snowmobile, sled."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along
from partwise.datasets.world.build import ball, box, box_between, sheet, sweep, tube
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Number
from partwise.datasets.world.outlines import curve, helix, rectangle
from partwise.datasets.world.riding import (
    body,
    rod,
    steering,
    steering_wheel,
)


def snowmobile(rng: np.random.Generator) -> Assembly:
    """Snowmobiles: two skis before, a track behind, a long seat between."""
    a = Assembly("snowmobile")
    half, wide, x = rng.uniform(1.2, 1.5), rng.uniform(0.38, 0.5), rng.uniform(0.38, 0.5)
    high = rng.uniform(0.26, 0.34)
    loop = [
        (-half, high * 0.45),
        (-half * 0.92, high),
        (half * 0.2, high + 0.06),
        (half * 0.3, high * 0.6),
        (half * 0.12, 0),
        (-half * 0.88, 0),
    ]
    a.add("track", along(loop, wide))
    if chance(rng, 0.5):
        rib = box(wide * 1.02, 0.03, 0.03).row(11, z=half * 0.1)
        a.add("track", rib.at(z=-half * 0.38))
    a.add("body", box_between((-wide * 0.56, high + 0.02, -half), (wide * 0.56, high + 0.14, half * 0.3)))
    hood = [
        (-half * 0.05, high + 0.28, wide * 0.9, 0.4),
        (half * 0.35, high + 0.24, wide * 1.4, 0.42),
        (half * 0.8, high + 0.1, wide * rng.uniform(0.5, 1.1), 0.24),
    ]
    a.add(pick(rng, ("hood", "body")), body(hood, pick(rng, (2.5, 4.0, 8.0)), pick(rng, (0, 7))))
    tall = rng.uniform(0.16, 0.26)
    seat = [
        (-half * 0.85, high + 0.12 + tall / 2, wide * 0.7, tall),
        (-half * 0.3, high + 0.1 + tall / 2, wide * 0.75, tall * 0.9),
        (half * 0.08, high + 0.14 + tall / 2, wide * 0.5, tall),
    ]
    a.add("seat", body(seat, 4.0, 6))
    front = half * rng.uniform(0.55, 0.7)
    path = curve(
        [[x, 0.02, front - 0.45], [x, 0.02, front + 0.3], [x, 0.06, front + 0.5], [x, 0.2, front + 0.65]], 10
    )
    a.add("ski", sweep(np.maximum(path, [0, 0.016, -9]), rectangle(0.13, 0.03)).both_sides())
    if chance(rng, 0.5):
        loop_up = [[x, 0.19, front + 0.64], [x, 0.22, front + 0.45], [x, 0.05, front + 0.3]]
        a.add("ski", rod(0.012, *loop_up).both_sides())
    leg = rod(0.03, [x, 0.02, front], [x, high * 0.7, front]) + rod(
        0.025, [x, high * 0.6, front], [0.1, high + 0.1, front - 0.1]
    )
    a.add(pick(rng, ("fork", "frame")), leg.both_sides())
    if chance(rng, 0.6):
        spring = tube(helix(0.04, 0.3, 4, 25), 0.01, 4).pointed(
            (x, high * 0.6, front), (0.12, high + 0.3, front - 0.1)
        )
        a.add(
            "spring",
            (spring + rod(0.015, [x, high * 0.6, front], [0.12, high + 0.3, front - 0.1])).both_sides(),
        )
    _snow_fittings(a, rng, (half, wide, high))
    a.afford("ride", "seat")
    a.afford("sit", "seat", where=facing())
    a.afford("support", "footrest", where=facing())
    a.afford("lift", "bumper")
    return a


def _snow_fittings(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]) -> None:
    """Handlebar, windscreen, lamps, boards for the feet, rear bumper; `size` is (half length, width, track)."""
    half, wide, high = size
    head = np.array([0, high + rng.uniform(0.6, 0.7), half * 0.1])
    a.add("column", rod(0.03, [0, high + 0.35, half * 0.25], head))
    steering(a, rng, head, rng.uniform(0.3, 0.38), 0.016)
    if chance(rng, 0.7):
        lens = box(wide * 1.1, rng.uniform(0.2, 0.34), 0.02).tapered(0.75).turned("x", -25)
        a.add("window", lens.at(y=high + 0.4, z=half * 0.4))
    lamp = ball(0.14, 0.1, 0.1, around=10).at(x=wide * 0.3, y=high + 0.3, z=half * 0.58)
    a.add("headlight", lamp.both_sides(), of="light")
    board = box_between(
        (wide * 0.5, high * 0.8, -half * 0.8), (wide * 0.5 + 0.16, high * 0.8 + 0.03, half * 0.3)
    )
    if chance(rng, 0.7):
        a.add("footrest", board.both_sides())
    if chance(rng, 0.6):
        y, z = high + 0.08, -half
        bow = [
            [wide * 0.5, y, z + 0.1],
            [wide * 0.5, y, z - 0.12],
            [-wide * 0.5, y, z - 0.12],
            [-wide * 0.5, y, z + 0.1],
        ]
        riser = rod(0.016, [wide * 0.5, y, z - 0.12], [wide * 0.5, y + 0.14, z - 0.12]).both_sides()
        a.add("bumper", rod(0.018, *bow), rod(0.018, *np.add(bow, [0, 0.14, 0])), riser)


def sled(rng: np.random.Generator) -> Assembly:
    """Sleds: wooden ones of slats on runners, plastic tubs with brakes, bobs with a steering wheel."""
    a = Assembly("sled")
    kind = pick(rng, ("wooden", "tub", "bob"), (4, 3, 3))
    half, wide = rng.uniform(0.4, 0.6), rng.uniform(0.17, 0.24)
    if kind == "wooden":
        _slatted(a, rng, half, wide)
    else:
        s, t = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 13), indexing="ij")
        deep, rise = rng.uniform(0.1, 0.18), rng.uniform(0.06, 0.22)
        flank = deep * np.clip(np.abs(s) * 1.6 - 0.6, 0, 1) * (1 if kind == "tub" else 0.5)
        y = 0.02 + flank + rise * np.maximum(t - 0.4, 0) ** 2 * 2 + 0.8 * deep * np.maximum(-t - 0.75, 0) * 4
        y += 0.0 if kind == "tub" else 0.13
        x = s * wide * (1 - 0.35 * np.maximum(t - 0.3, 0))
        a.add(pick(rng, ("shell", "body")), sheet(np.stack([x, y, t * half], -1), 0.012))
        if kind == "tub":
            rib = box(0.03, 0.03, half * 1.3).at(x=wide * 0.35, y=0.0, z=-0.1 * half)
            a.add("runner", rib.both_sides())
            root = [wide * 0.98, deep + 0.02, -half * 0.1]
            stick = rod(0.012, root, np.add(root, [0.05, 0.02, 0]), np.add(root, [0.06, 0.16, -0.06]))
            a.add("brake lever", stick.both_sides())
        else:
            _bob(a, rng, half, wide)
    if chance(rng, 0.6) or kind == "tub":
        skin = a.surface().vertices
        x, y, z = np.abs(skin[skin[:, 2].argmax()]) - 0.01  # the tip, where the rope is tied
        far, mid, out = z + rng.uniform(0.15, 0.35), z + 0.1, max(x, 0.0) + rng.uniform(0.0, 0.08)
        loop = [[x, y, z], [out, y * 0.5, mid], [0, 0.01, far], [-out, y * 0.5, mid], [-x, y, z]]
        bow = np.maximum(curve(loop, 14), [-9, 0.006, -9])
        a.add("rope", tube(bow, 0.006, 5))
    a.afford("ride", "shell", "body", "seat", "slat", where=facing())
    a.afford("sit", "shell", "body", "seat", "slat", where=facing())
    a.afford("pull", "rope", "brake lever")
    a.afford("grasp", "brake lever", "rope", "side handle")
    a.afford("support", "back", where=facing("z"))
    return a


def _slatted(a: Assembly, rng: np.random.Generator, half: Number, wide: Number) -> None:
    """Two curved runners, struts, slats along or across, perhaps a back."""
    high, thick = rng.uniform(0.16, 0.26), rng.uniform(0.02, 0.032)
    curl = rng.uniform(0.05, 0.2)
    path = curve(
        [
            [wide, thick / 2, -half * 1.05],
            [wide, thick / 2, half * 0.6],
            [wide, high * 0.45, half + curl * 0.6],
            [wide, high + curl * 0.4, half + curl * 0.5],
        ],
        16,
    )
    path = np.maximum(path, [0, thick * 0.6, -9])  # the smooth curve dips before it rises
    a.add("runner", sweep(path, rectangle(thick, thick * 1.2)).both_sides())
    beam = box_between(
        (wide - thick / 2, high - thick, -half), (wide + thick / 2, high, half * 0.95)
    ).both_sides()
    post = box(thick, high, thick).at(x=wide).both_sides().row(int(pick(rng, (2, 3, 3))), z=half * 0.75)
    cross = box(2 * wide, thick, thick).at(y=high - thick).row(3, z=half * 0.75)
    a.add("frame", beam, cross)
    a.add(pick(rng, ("frame", "support")), post)
    count = int(rng.integers(3, 8))
    if chance(rng, 0.5):
        slat = box(2 * wide / count * 0.8, 0.014, 2 * half).row(count, x=2 * wide / count)
    else:
        slat = box(2 * wide + 0.04, 0.014, 1.8 * half / count * 0.8).row(count, z=1.9 * half / count)
    a.add(pick(rng, ("slat", "seat")), slat.at(y=high))
    if chance(rng, 0.4):
        upright = rod(
            0.012, [wide * 0.9, high, -half * 0.9], [wide * 0.9, high + 0.25, -half * 1.05]
        ).both_sides()
        bar = box(2 * wide, 0.03, 0.016).row(3, y=0.08, z=-0.02).at(y=high + 0.13, z=-half * 0.975)
        a.add("back", upright, bar)


def _bob(a: Assembly, rng: np.random.Generator, half: Number, wide: Number) -> None:
    """Skis under a shell, a seat, and a wheel or bar to steer the front ski."""
    ski = np.maximum(curve([[0, 0.015, -0.24], [0, 0.015, 0.12], [0, 0.09, 0.26]], 8), [0, 0.012, -9])
    blade = sweep(ski, rectangle(0.07, 0.02))
    a.add("ski", blade.at(x=wide * 0.7, z=-half * 0.6).both_sides(), blade.at(z=half * 0.65))
    struts = box(0.04, 0.17, 0.06)
    a.add(
        "support",
        struts.at(x=wide * 0.7, y=0.015, z=-half * 0.6).both_sides(),
        struts.at(y=0.015, z=half * 0.65),
    )
    a.add("seat", box(wide * 1.3, 0.05, half * 0.8, bevel=0.02).at(y=0.155, z=-half * 0.35))
    if chance(rng, 0.5):
        a.add("back", box(wide * 1.3, 0.16, 0.03, bevel=0.01).turned("x", -15).at(y=0.17, z=-half * 0.75))
    if chance(rng, 0.6):
        steering_wheel(a, "column", (0, 0.4, half * 0.28), wide * 0.5, 0.3, 45)
    else:
        a.add("column", rod(0.015, [0, 0.15, half * 0.55], [0, 0.38, half * 0.35]))
        steering(a, rng, [0, 0.38, half * 0.35], wide * 0.9, 0.012)
    a.add(
        "brake lever",
        rod(
            0.01,
            [wide * 0.9, 0.2, -half * 0.1],
            [wide * 1.15, 0.24, -half * 0.1],
            [wide * 1.15, 0.36, -half * 0.2],
        ).both_sides(),
    )
