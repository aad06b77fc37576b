"""Vacuum cleaners: a suction head, what it hangs on, and what gathers the dust."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along, wheel
from partwise.datasets.world.build import ball, box, cylinder, lathe, pillow, ring, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.mesh import Mesh, Number
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle, rounded
from partwise.datasets.world.pieces import cable, caster


def vacuum_cleaner(rng: np.random.Generator) -> Assembly:
    """Cleaners on wheels with a hose, drums, upright ones, sticks, robots: they clean towards +z."""
    kind = pick(rng, ("canister", "drum", "upright", "stick", "robot"), (4, 2, 3, 3, 2))
    a = Assembly("robot vacuum" if kind == "robot" else "vacuum cleaner")
    if kind in ("canister", "drum"):
        start = _canister(a, rng) if kind == "canister" else _drum(a, rng)
        _wand(a, rng, start)
    else:
        {"upright": _upright, "stick": _stick, "robot": _robot}[kind](a, rng)
    a.afford("grasp", "grip", "handle")
    a.afford("push", "grip", "handle")
    a.afford("carry", "handle")
    a.afford("press", "button", "switch", "trigger", "pedal")
    a.afford("clean", "floor head", "brush")
    a.afford("move", "floor head", "wheel", "caster")
    a.afford("open", "lid", "latch")
    return a


def _head(rng: np.random.Generator, wide: Number) -> Mesh:
    """The foot that slides over the floor, its tube joining at the middle of its rear edge."""
    deep, high = wide * rng.uniform(0.3, 0.45), rng.uniform(0.035, 0.06)
    side = [(-deep * 0.5, 0), (deep * 0.5, 0), (deep * 0.5, high * 0.5), (0, high), (-deep * 0.5, high)]
    return along(side, wide) + ball(high * 1.1, around=12).at(y=high * 0.6, z=-deep * 0.5)


def _wand(a: Assembly, rng: np.random.Generator, start: tuple[Number, Number, Number]) -> None:
    """Hose, bent grip, tube and head; the hose leaves the machine at `start` towards +z."""
    x, high, foot = rng.uniform(-0.2, 0.2), rng.uniform(0.75, 0.95), start[2] + rng.uniform(0.75, 1.0)
    thick, rise = rng.uniform(0.014, 0.02), rng.uniform(0.04, 0.09)
    top = np.array([x, high, foot - high * rng.uniform(0.5, 0.75)])
    back = top + np.array([0, rise, -0.13])
    low = np.array([x, 0.04, foot])
    sag = (np.array(start) + back) / 2 * np.array([1, 0.55, 1])
    bends = [
        np.add(start, [0, 0.02, 0.12]),
        sag + np.array([0.1, 0, 0.1]),
        back + np.array([0, -0.14, -0.12]),
    ]
    path = curve(np.array([start, *bends, back]), 24)
    ridges = 1.25 + 0.15 * np.cos(np.arange(24) * np.pi)
    a.add("hose", tube(path, thick * ridges, 8))
    a.add(
        pick(rng, ("grip", "handle")),
        tube(curve([top, top + np.array([0, rise * 0.8, -0.05]), back], 8), thick * 1.25, 10),
    )
    if chance(rng, 0.5):  # two tubes, one slid into the other
        mid = (top + low) / 2
        a.add("tube", tube([top, mid], thick * 1.15, 12), tube([mid, low], thick, 12))
    else:
        a.add("tube", tube([top, low], thick, 12))
    a.add("floor head", _head(rng, rng.uniform(0.24, 0.32)).at(x, 0, foot))
    if chance(rng, 0.5):
        a.add("button", box(0.012, 0.012, 0.03).at(*(top + np.array([0, rise * 0.8 + thick, -0.05]))))


def _canister(a: Assembly, rng: np.random.Generator) -> tuple[Number, Number, Number]:
    """A low body on two wheels and a caster. Returns where the hose begins."""
    wide, high, long = rng.uniform(0.24, 0.32), rng.uniform(0.18, 0.26), rng.uniform(0.34, 0.46)
    low = 0.03
    a.add("body", pillow(wide, high, long, rng.uniform(2.5, 5)).at(y=low + high / 2))
    radius = high * rng.uniform(0.28, 0.45)
    rim = wheel(rng, radius, 0.03, pick(rng, ("disc", "hub"))).at(x=wide * 0.47, y=radius, z=-long * 0.25)
    a.add("wheel", rim.both_sides())
    a.add("caster", caster(rng, 0.06).at(z=long * 0.28))
    y = low + high
    rise, reach = np.array([-0.03, 0.04, 0.04, -0.03]), long * np.array([0.2, 0.12, -0.12, -0.2])
    bow = np.stack([0 * rise, y + rise, reach], axis=1)
    a.add(
        "handle",
        tube(curve(bow, 14), 0.011, 8),
    )
    press = cylinder(0.022, 0.02, around=14) if chance(rng, 0.6) else box(0.05, 0.02, 0.03, bevel=0.004)
    a.add(
        pick(rng, ("button", "pedal", "switch")),
        press.at(x=wide * 0.25, y=y - 0.032, z=-long * 0.18).both_sides(),
    )
    if chance(rng, 0.5):
        a.add("vent", box(wide * 0.5, 0.006, 0.02).row(4, y=0.018).at(y=low + high * 0.5, z=-long * 0.49))
    if chance(rng, 0.5):
        a.add("cable", cable(rng, (0.05, low + high * 0.35, -long * 0.48), rng.uniform(0.2, 0.4), 0.004))
    a.add("collar", cylinder(0.032, 0.05, around=14).turned("x", 90).at(y=low + high * 0.6, z=long * 0.42))
    return (0.0, low + high * 0.6, long * 0.5)


def _drum(a: Assembly, rng: np.random.Generator) -> tuple[Number, Number, Number]:
    """An upright drum on casters with a motor on top. Returns where the hose begins."""
    radius, tall, size = rng.uniform(0.15, 0.2), rng.uniform(0.22, 0.36), rng.uniform(0.05, 0.08)
    a.add(
        pick(rng, ("tank", "body", "drum")), lathe([(radius * 0.95, 0), (radius, tall)], 24).at(y=size * 0.9)
    )
    a.add("caster", caster(rng, size).at(x=radius * 0.66, z=radius * 0.66).four_corners())
    y = size * 0.9 + tall
    dome = rounded(
        [(radius * 1.04, 0), (radius * 1.04, 0.04), (radius * 0.8, 0.11), (radius * 0.6, 0.13)], 0.03
    )
    a.add(pick(rng, ("lid", "cover")), lathe(dome, 24).at(y=y - 0.002))
    clasp = box(0.03, 0.07, 0.016, bevel=0.003).at(y=y - 0.035, z=radius * 1.03)
    a.add("latch", clasp.turned("y", 90) + clasp.turned("y", -90))
    span = radius * 0.5
    a.add(
        "handle",
        tube(
            np.array([[-span, y + 0.1, 0], [-span, y + 0.18, 0], [span, y + 0.18, 0], [span, y + 0.1, 0]]),
            0.012,
            8,
        ),
    )
    a.add("switch", box(0.03, 0.014, 0.018).at(y=y + 0.118, z=radius * 0.5))
    a.add("collar", cylinder(0.036, 0.05, around=14).turned("x", 90).at(y=size + tall * 0.7, z=radius * 0.92))
    return (0.0, size + tall * 0.7, radius * 0.92 + 0.045)


def _upright(a: Assembly, rng: np.random.Generator) -> None:
    """A body that leans back over a wide head, with a bag or a dust container, and a long handle."""
    wide, tall, lean = rng.uniform(0.28, 0.36), rng.uniform(0.5, 0.65), rng.uniform(8, 35)
    deep, low = rng.uniform(0.22, 0.3), 0.09
    side = rounded(
        [(-deep / 2, 0.015), (deep / 2, 0.015), (deep / 2, low * 0.6), (0, low), (-deep / 2, low)], 0.02
    )
    a.add("floor head", along(side, wide))
    a.add(
        "wheel",
        cylinder(0.035, 0.03, around=14)
        .turned("z", 90)
        .at(x=wide * 0.5 + 0.01, y=0.035, z=-deep * 0.4)
        .both_sides(),
    )
    if chance(rng, 0.4):
        a.add(
            "brush",
            cylinder(0.016, wide * 0.8, around=10).turned("z", 90).at(x=wide * 0.4, y=0.016, z=deep * 0.42),
        )

    def lay(mesh: Mesh) -> Mesh:
        return mesh.turned("x", -lean).at(y=low * 0.7, z=-deep * 0.25)

    thick = wide * rng.uniform(0.4, 0.6)
    spine = pick(rng, ("body", "housing"))
    bag = chance(rng, 0.5)
    a.add(
        spine,
        lay(
            slab(
                rectangle(thick, 0.07 if not bag else 0.05, 0.02),
                tall * (1.0 if not bag else 0.5),
                bevel=0.006,
            )
        ),
    )
    _gather(a, rng, bag, (thick, tall), lay)
    _push_bar(a, rng, (tall, 0.0 if bag else 0.036), lay)


def _gather(
    a: Assembly,
    rng: np.random.Generator,
    bag: bool,
    size: tuple[Number, Number],
    lay: Callable[[Mesh], Mesh],
) -> None:
    """What holds the dust of an upright cleaner whose body is (thickness, height)."""
    thick, tall = size
    if bag:
        sack = lathe(
            curve([(0.035, 0), (0.09, tall * 0.3), (0.08, tall * 0.7), (0.03, tall)], 10), 18
        ).scaled(1, 1, 0.75)
        a.add("dust bag", lay(sack.at(y=0.09, z=0.062)))
        a.add("pole", lay(cylinder(0.016, tall * 0.6, around=10).at(y=tall * 0.45, z=-0.01)))
    else:
        a.add(
            "dust container",
            lay(cylinder(thick * 0.4, tall * 0.5, around=18).at(y=tall * 0.25, z=thick * 0.3)),
        )
        a.add(
            "lid", lay(cylinder(thick * 0.42, 0.035, thick * 0.3, around=18).at(y=tall * 0.75, z=thick * 0.3))
        )
        if chance(rng, 0.5):
            bow = curve(
                [
                    [thick * 0.4, 0.1, -0.03],
                    [thick * 0.7, tall * 0.5, -0.08],
                    [thick * 0.3, tall * 0.95, -0.02],
                ],
                16,
            )
            a.add("hose", lay(tube(bow, 0.018, 8)))


def _push_bar(
    a: Assembly, rng: np.random.Generator, top: tuple[Number, Number], lay: Callable[[Mesh], Mesh]
) -> None:
    """The pole above an upright cleaner of (height, half its depth, 0 if the switch is on the pole), its handle."""
    (tall, out), reach = top, rng.uniform(0.35, 0.5)
    a.add("pole", lay(cylinder(0.014, reach, around=10).at(y=tall - 0.02)))
    grip = curve([[0, 0, 0], [0, 0.06, -0.01], [0, 0.13, -0.06], [0, 0.12, -0.1]], 10)
    if chance(rng, 0.5):
        grip = arc(0.06, -90, 250, 18)[:, [2, 1, 0]] + np.array([0, 0.06, 0])
    a.add(pick(rng, ("handle", "grip")), lay(tube(grip, 0.017, 8).at(y=tall + reach - 0.03)))
    press = box(0.02, 0.03, 0.012, bevel=0.002)
    press = press.at(y=tall * 0.92, z=out) if out else press.at(y=tall + reach * 0.7, z=0.012)
    a.add(pick(rng, ("button", "switch")), lay(press))


def _stick(a: Assembly, rng: np.random.Generator) -> None:
    """A small motor with handle and trigger on a long tube, its head on the floor."""
    lean, reach, radius = rng.uniform(15, 40), rng.uniform(0.55, 0.75), rng.uniform(0.045, 0.06)

    def lay(mesh: Mesh) -> Mesh:
        return mesh.turned("x", -lean).at(y=0.04)

    a.add("floor head", _head(rng, rng.uniform(0.22, 0.3)).at(z=0.05))
    a.add("tube", lay(cylinder(0.016, reach, around=12)))
    up = rng.uniform(0.1, 0.15)
    a.add("dust container", lay(cylinder(radius, up, around=18).at(y=reach - 0.01)))
    a.add(
        pick(rng, ("body", "housing")),
        lay(
            lathe([(radius * 1.05, 0), (radius * 1.1, 0.06), (radius * 0.7, 0.1)], 18).at(
                y=reach + up - 0.012
            )
        ),
    )
    y = reach + up
    loop = curve(
        [[0, y + 0.05, -radius], [0, y + 0.07, -0.15], [0, y - 0.06, -0.17], [0, y - 0.075, -radius * 0.9]],
        16,
    )
    a.add("handle", lay(sweep(loop, ellipse(0.026, 0.03, 10))))
    a.add("trigger", lay(box(0.01, 0.014, 0.028).at(*(loop[5] - np.array([0, 0.024, 0])))))
    if chance(rng, 0.6):
        a.add("battery", lay(box(0.05, 0.06, 0.05, bevel=0.004).at(y=y - 0.12, z=-0.165)))
    if chance(rng, 0.5):
        a.add(
            "vent",
            lay(
                ring(ellipse(radius * 1.3, count=18), ellipse(radius * 0.9, count=18), 0.01)
                .turned("x", 90)
                .at(y=y + 0.086)
            ),
        )
    if chance(rng, 0.4):
        a.add("brush", cylinder(0.014, 0.2, around=10).turned("z", 90).at(x=0.1, y=0.014, z=0.1))


def _robot(a: Assembly, rng: np.random.Generator) -> None:
    """A flat disc that drives by itself."""
    radius, high = rng.uniform(0.15, 0.18), rng.uniform(0.07, 0.1)
    outline = ellipse(2 * radius, count=36)
    if chance(rng, 0.3):  # square in front
        outline = np.where(outline[:, 1:] > 0, np.clip(outline * 1.25, -radius, radius), outline)
    a.add("body", slab(outline, high * 0.85, bevel=0.006).at(y=high * 0.15))
    half = outline[outline[:, 1] >= -1e-9]
    half = half[np.argsort(-np.arctan2(half[:, 1], half[:, 0]))]
    rail = np.stack([half[:, 0], np.full(len(half), high * 0.55), half[:, 1]], axis=1)
    a.add("bumper", sweep(rail, rectangle(high * 0.5, radius * 0.08)))
    a.add(
        "wheel",
        cylinder(high * 0.35, 0.025, around=16)
        .turned("z", 90)
        .at(x=radius * 0.7, y=high * 0.35)
        .both_sides(),
    )
    arm = (
        cylinder(0.003, radius * 0.35, around=6)
        .turned("z", 90)
        .around(3)
        .at(radius * 0.75, 0.012, radius * 0.55)
    )
    a.add("brush", arm, cylinder(0.012, high * 0.3, around=10).at(radius * 0.75, 0.008, radius * 0.55))
    if chance(rng, 0.6):
        a.add("sensor", cylinder(radius * 0.25, 0.022, around=20).at(y=high - 0.002, z=-radius * 0.2))
    press = cylinder(radius * 0.11, 0.006, around=16).at(y=high - 0.002, z=radius * 0.5)
    a.add("button", press if chance(rng, 0.5) else press.row(3, x=radius * 0.3))
    if chance(rng, 0.5):
        a.add("lid", slab(rectangle(radius, radius * 0.5, 0.02), 0.006).at(y=high - 0.002, z=-radius * 0.62))
