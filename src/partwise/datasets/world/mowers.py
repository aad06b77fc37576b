"""What one mows the lawn with: mowers with a motor, with a reel, or to ride on."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, box_between, cylinder, slab, sweep
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Number
from partwise.datasets.world.outlines import helix, rectangle
from partwise.datasets.world.riding import WHEELS, across, body, guard, rod, steering_wheel, wheels


def lawn_mower(rng: np.random.Generator) -> Assembly:
    """Lawn mowers: with an engine, with a reel of blades, or to ride on."""
    a = Assembly("lawn mower")
    kind = pick(rng, ("rotary", "reel", "ride-on"), (5, 2, 3))
    if kind == "ride-on":
        _ride_on(a, rng)
    elif kind == "reel":
        _reel(a, rng)
    else:
        _rotary(a, rng)
    a.afford("cut", "blade")
    a.afford("push", "handle", "push bar", "grip")
    a.afford("grasp", "handle", "push bar", "grip", "starter")
    a.afford("move", "handle", "push bar")
    a.afford("pull", "starter", "lever")
    a.afford("press", "switch", "lever")
    a.afford("open", "cap", "grass bag")
    a.afford("contain", "grass bag")
    a.afford("sit", "seat", where=facing())
    a.afford("ride", "seat")
    return a


def _rotary(a: Assembly, rng: np.random.Generator) -> None:
    """A deck on four wheels, a motor on it, a long handle with a bail, perhaps a bag behind."""
    x, half, low = rng.uniform(0.22, 0.28), rng.uniform(0.3, 0.38), rng.uniform(0.05, 0.08)
    r = rng.uniform(0.08, 0.11)
    rear = r * pick(rng, (1.0, 1.4))
    style = pick(rng, WHEELS[:3])
    wheels(a, rng, style, (r, 0.045), [(s * (x + 0.02), r, half * 0.8) for s in (1, -1)])
    wheels(a, rng, style, (rear, 0.045), [(s * (x + 0.02), rear, -half * 0.8) for s in (1, -1)])
    top = low + rng.uniform(0.11, 0.16)
    shape = rectangle(2 * x - 0.02, 2 * half, rng.uniform(0.06, 0.2), 5)
    a.add(pick(rng, ("deck", "body", "housing")), slab(shape, top - low, bevel=0.03).at(y=low))
    a.add(
        "blade",
        box(1.6 * x, 0.008, 0.05).turned("y", rng.uniform(0, 180)).at(y=low - 0.025),
        cylinder(0.02, 0.04, around=8).at(y=low - 0.03),
    )
    _motor(a, rng, top, (1.3 * x, 1.2 * half))
    root = np.array([x * 0.8, top - 0.04, -half * 0.85])
    end = np.array([x * 0.8, rng.uniform(0.92, 1.05), -half - rng.uniform(0.5, 0.7)])
    name = pick(rng, ("handle", "push bar"))
    a.add(name, rod(0.012, root, end, end * [-1, 1, 1], root * [-1, 1, 1]))
    if chance(rng, 0.5):
        a.add("grip", across(0.018, 1.2 * x, 8).at(*(end * [0, 1, 1])))
    if chance(rng, 0.6):
        pivot = end * 0.8 + root * 0.2
        out = np.add(end, [0, 0.03, 0.06])
        a.add("lever", rod(0.006, pivot, out, out * [-1, 1, 1], pivot * [-1, 1, 1]))
    if chance(rng, 0.4):
        a.add("switch", box(0.06, 0.06, 0.08, bevel=0.01).at(*(end * 0.85 + root * 0.15 - [0, 0.03, 0])))
    if chance(rng, 0.55):
        bag = box(1.5 * x, 0.3, 0.42, bevel=0.05).tapered(0.85)
        a.add("grass bag", bag.at(y=top - 0.08, z=-half - 0.16))


def _motor(a: Assembly, rng: np.random.Generator, top: Number, room: tuple[Number, Number]) -> None:
    """A petrol engine with tank, cap and starter on a deck at `top`, or the hood of an electric motor."""
    high = rng.uniform(0.16, 0.22)
    if chance(rng, 0.65):
        a.add("engine", cylinder(0.13, high * 0.6, bevel=0.02, around=14).at(y=top - 0.01))
        a.add(
            "engine",
            cylinder(0.1, high * 0.4, bevel=0.03, around=14).at(y=top + high * 0.55),
            box(0.1, high * 0.6, 0.2, bevel=0.01).at(y=top, z=0.1),
        )
        a.add(
            "fuel tank" if chance(rng, 0.5) else "engine",
            box(0.12, 0.1, 0.16, bevel=0.02).at(x=0.12, y=top + 0.04, z=-0.02),
        )
        a.add("cap", cylinder(0.032, 0.045, around=10).at(x=0.12, y=top + 0.13, z=-0.02))
        if chance(rng, 0.6):
            a.add("exhaust pipe", box(0.09, 0.06, 0.1, bevel=0.01).at(x=-0.13, y=top + 0.06, z=0.08))
        if chance(rng, 0.6):
            a.add(
                "starter",
                across(0.012, 0.1).at(0.0, top + high, -0.11),
                rod(0.005, [0, top + high * 0.9, -0.06], [0, top + high, -0.11]),
            )
    else:
        cover = slab(rectangle(*room, 0.08, 4), high, bevel=0.04).tapered(0.8)
        a.add(pick(rng, ("hood", "cover")), cover.at(y=top - 0.01, z=0.03))
        a.add(
            pick(rng, ("battery", "vent")),
            box(0.14, 0.05, 0.12, bevel=0.008).at(y=top + high - 0.025, z=0.05),
        )


def _reel(a: Assembly, rng: np.random.Generator) -> None:
    """Twisted blades between two wheels, a roller behind, a handle like a T."""
    r, x, count = rng.uniform(0.11, 0.14), rng.uniform(0.2, 0.26), int(rng.integers(4, 7))
    wheels(a, rng, pick(rng, WHEELS[:3]), (r, 0.05), [(s * (x + 0.04), r, 0) for s in (1, -1)])
    a.add("axle", across(0.014, 2 * x + 0.06).at(0, r, 0))
    path = helix(r * 0.75, 2 * x, 0.3, 9)
    strip = sweep(path - [0, x, 0], rectangle(0.004, 0.035)).around(count).turned("z", 90)
    disc = across(r * 0.7, 0.006, 12).copies([(s * x * 0.6, r, 0) for s in (-1, 0, 1)])
    a.add("blade", strip.at(y=r), disc)
    a.add("frame", box_between((x, r * 0.5, -0.17), (x + 0.012, r * 1.4, 0.05)).both_sides())
    a.add(
        "frame", across(0.012, 2 * x).at(0, 1.35 * r, 0.04), box_between((-x, 0.012, -0.06), (x, 0.03, -0.03))
    )
    a.add("roller", across(0.03, 2 * x + 0.02).at(0, 0.03, -0.15))
    a.add("frame", box_between((x, 0.01, -0.18), (x + 0.012, r * 0.6, -0.1)).both_sides())
    fork, end = np.array([0, 0.45, -0.45]), np.array([0, rng.uniform(0.9, 1.0), -rng.uniform(0.85, 1.0)])
    name = pick(rng, ("handle", "pole"))
    a.add(name, rod(0.012, [x, r, -0.1], fork).both_sides(), rod(0.015, fork, end))
    a.add("handle", across(0.014, 0.42).at(*end))
    if chance(rng, 0.7):
        a.add("grip", across(0.021, 0.13, 10).at(0.15, end[1], end[2]).both_sides())


def _ride_on(a: Assembly, rng: np.random.Generator) -> None:
    """A small vehicle with a cutting deck below, a seat and a steering wheel."""
    x, r, rear = rng.uniform(0.36, 0.42), rng.uniform(0.15, 0.18), rng.uniform(0.22, 0.26)
    half, style = rng.uniform(0.6, 0.7), pick(rng, WHEELS[:3])
    wheels(a, rng, style, (r, 0.13), [(s * x, r, half * 0.85) for s in (1, -1)])
    wheels(a, rng, style, (rear, 0.2), [(s * x, rear, -half * 0.7) for s in (1, -1)])
    a.add("chassis", box_between((-0.2, 0.18, -half * 0.9), (0.2, 0.3, half)))
    a.add(
        "chassis",
        across(0.03, 2 * x).at(0, r, half * 0.85),
        across(0.04, 2 * x).at(0, rear, -half * 0.7),
        box_between((-0.04, r, half * 0.8), (0.04, 0.2, half * 0.9)),
    )
    tip, tall = half + rng.uniform(0.05, 0.15), rng.uniform(0.3, 0.38)
    front = [
        (half * 0.15, 0.28 + tall / 2, 0.46, tall),
        (half * 0.7, 0.26 + tall / 2, 0.44, tall * 0.9),
        (tip, 0.24 + tall * 0.4, 0.34, tall * 0.6),
    ]
    a.add(pick(rng, ("hood", "body")), body(front, pick(rng, (3.0, 6.0)), pick(rng, (0, 6))))
    back = [
        (-half, 0.38, 2 * x * 0.8, 0.24),
        (-half * 0.5, 0.42, 2 * x * 0.85, 0.26),
        (-half * 0.15, 0.34, 0.6, 0.1),
    ]
    a.add("body", body(back, 5.0))
    a.add(pick(rng, ("step", "body")), box_between((-x, 0.27, -half * 0.4), (x, 0.31, half * 0.3)))
    a.add("deck", slab(rectangle(2 * x + 0.1, 0.55, 0.15, 5), 0.12, bevel=0.02).at(y=0.08, z=half * 0.1))
    a.add(
        "seat",
        box(0.42, 0.08, 0.38, bevel=0.03).at(y=0.52, z=-half * 0.55),
        box(0.2, 0.1, 0.2).at(y=0.45, z=-half * 0.55),
    )
    a.add(
        pick(rng, ("back", "seat")),
        box(0.42, rng.uniform(0.2, 0.36), 0.08, bevel=0.03)
        .turned("x", -12)
        .at(y=0.56, z=-half * 0.55 - 0.17),
    )
    steering_wheel(a, pick(rng, ("column", "body")), (0, 0.28 + tall + 0.18, half * 0.05), 0.16, 0.32, 55)
    if chance(rng, 0.5):
        a.add(
            "mudguard",
            guard(rear * 1.15, 0.22, 40, 150).at(x=x, y=rear, z=-half * 0.7).both_sides(),
            box_between((-x, rear * 1.9, -half * 0.75), (x, rear * 2.12, -half * 0.6)),
        )
    if chance(rng, 0.6):
        a.add(
            "headlight",
            ball(0.09, 0.07, 0.07, around=10).at(x=0.11, y=0.26 + tall * 0.55, z=tip - 0.04).both_sides(),
            of="light",
        )
    if chance(rng, 0.5):
        lever = rod(0.01, [x * 0.75, 0.4, -half * 0.45], [x * 0.8, 0.68, -half * 0.3]) + ball(
            0.045, around=8
        ).at(x * 0.8, 0.69, -half * 0.295)
        a.add("lever", lever)
    if chance(rng, 0.4):
        a.add("grass bag", box(2 * x * 0.8, 0.5, 0.4, bevel=0.06).at(y=0.28, z=-half - 0.16))
