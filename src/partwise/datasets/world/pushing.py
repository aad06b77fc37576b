"""Seats on wheels that are pushed: stroller, pram, wheelchair."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along
from partwise.datasets.world.build import (
    ball,
    box,
    box_between,
    cylinder,
    pillow,
    sheet,
    tray,
    tube,
    vessel,
)
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Mesh, Number
from partwise.datasets.world.outlines import arc, curve, rectangle
from partwise.datasets.world.pieces import caster
from partwise.datasets.world.riding import WHEELS, Place, across, guard, rod, wheels


def push_bar(a: Assembly, rng: np.random.Generator, end: Place, thick: Number, back: Number = 0.0) -> None:
    """A bar across between (+-x, y, z), or two bent handles `back` from there, with grips."""
    x, y, z = end
    name, bar = pick(rng, ("push bar", "handle")), across(thick, 2 * x + 2 * thick, 8)
    if chance(rng, 0.6):
        a.add(name, bar.at(y=y, z=z))
        if chance(rng, 0.6):
            a.add("grip", across(thick * 1.6, x * rng.uniform(0.8, 1.7), 10).at(y=y, z=z))
    else:
        hook = curve([[x, y, z], [x, y + 0.04, z - 0.05], [x, y + 0.03, z - 0.12 - back]], 7)
        a.add("handle", tube(hook, thick, 6).both_sides())
        if chance(rng, 0.7):
            a.add("grip", tube(hook[3:] + np.array([0, 0, -0.02]), thick * 1.6, 8).both_sides())
    a.afford("grasp", "push bar", "handle", "grip")
    a.afford("push", "push bar", "handle", "grip")
    a.afford("move", "push bar", "handle")


def _hood(x: Number, hinge: Place, radius: Number, start: Number, stop: Number) -> Mesh:
    """A folding hood between two sides `x` from the middle, from one angle to another over its hinge."""
    u, t = np.meshgrid(np.linspace(-x, x, 7), np.radians(np.linspace(start, stop, 9)), indexing="ij")
    bulge = radius * (1 - 0.12 * (u / x) ** 4)
    top = sheet(np.stack([u, hinge[1] + bulge * np.sin(t), hinge[2] + bulge * np.cos(t)], -1), 0.012)
    fan = arc(radius * 0.88, start, stop, 9)[:, :2] + np.array([hinge[2], hinge[1]])
    side = along(np.concatenate([[[hinge[2], hinge[1]]], fan]), 0.01).at(x=x)
    return top + side.both_sides()


def stroller(rng: np.random.Generator) -> Assembly:
    """Strollers: folding buggies, joggers on three wheels, prams with a cot."""
    kind = pick(rng, ("buggy", "jogger", "pram"), (4, 2, 3))
    a = Assembly("pram" if kind == "pram" else "stroller")
    if kind == "pram":
        _pram(a, rng)
        return a
    big = kind == "jogger"
    r, x = rng.uniform(0.13, 0.19) if big else rng.uniform(0.065, 0.1), rng.uniform(0.19, 0.25)
    pipe, style = rng.uniform(0.009, 0.014), pick(rng, WHEELS)
    joint, rear = np.array([x, 0.56, -0.1]), np.array([x, r, -0.34])
    top = np.array([x, rng.uniform(0.95, 1.08), rng.uniform(-0.5, -0.42)])
    toe = np.array([x * (0.35 if big else 1.0), 2 * r + 0.03, 0.55 if big else 0.32])
    ahead = toe + np.array([0, r - toe[1], 0.02])
    a.add("frame", rod(pipe, top, joint, toe).both_sides(), rod(pipe, joint, rear).both_sides())
    a.add("frame", rod(pipe, rear * [-1, 1, 1], rear), rod(pipe, toe * [-1, 1, 1], toe))
    share = (0.56 - 0.43) / (0.56 - toe[1])
    rest = joint + (toe - joint) * share
    a.add("frame", rod(pipe, rest * [-1, 1, 1], rest))
    spots = [(s * (x + 0.025), r, rear[2]) for s in (1, -1)]
    wheels(a, rng, style, (r, r * rng.uniform(0.25, 0.4)), spots)
    front = [(0, r, ahead[2])] if big else [(s * (x + 0.02), r, ahead[2]) for s in (1, -1)]
    wheels(a, rng, style, (r, r * 0.3), front)
    fork = rod(pipe, toe, [0.04 if big else x, r, ahead[2]]).both_sides()
    a.add(
        pick(rng, ("fork", "frame")),
        fork,
        *([rod(pipe, [-0.05, r, ahead[2]], [0.05, r, ahead[2]])] if big else []),
    )
    push_bar(a, rng, top, pipe)
    lean, tall = rng.uniform(-32, -15), rng.uniform(0.42, 0.5)
    a.add("seat", box(2 * x, 0.04, rest[2] + 0.2, bevel=0.01).at(y=0.43, z=(rest[2] - 0.15) / 2))
    a.add(
        pick(rng, ("back", "seat")),
        box(2 * x - 0.01, tall, 0.03, bevel=0.01).turned("x", lean).at(y=0.44, z=-0.14),
    )
    if chance(rng, 0.6):
        strap = (
            box(0.03, tall * 0.7, 0.012)
            .at(x=0.07, z=0.019)
            .both_sides()
            .turned("x", lean)
            .at(y=0.44, z=-0.14)
        )
        a.add("belt", strap, box(0.03, 0.012, 0.18).at(y=0.466, z=-0.05))
    if chance(rng, 0.8):
        hinge = joint + (top - joint) * 0.55
        a.add("canopy", _hood(x, hinge, rng.uniform(0.26, 0.34), rng.uniform(20, 60), 150))
    a.add("footrest", box_between((-toe[0], toe[1], toe[2] - 0.1), (toe[0], toe[1] + 0.02, toe[2] + 0.03)))
    a.add(pick(rng, ("footrest", "seat")), rod(0.02, [0, toe[1], toe[2] - 0.06], [0, 0.44, rest[2]]))
    if chance(rng, 0.6):
        a.add("basket", tray(2 * x + 0.02, 0.12, 0.42, 0.01).at(y=2 * r * 0.6 + 0.12, z=-0.05))
    if chance(rng, 0.35):
        a.add("tray", box_between((-x, 0.62, 0.06), (x, 0.64, 0.18), 0.006))
        a.add("frame", rod(pipe, joint, [x, 0.63, 0.1]).both_sides())
    if chance(rng, 0.4):
        a.add("brake pedal", box(0.06, 0.015, 0.06).at(x=x * 0.7, y=r, z=rear[2] - 0.03).both_sides())
    _seat_actions(a)
    return a


def _seat_actions(a: Assembly) -> None:
    """What one does with a seat on wheels and what belongs to it."""
    a.afford("sit", "seat", "cushion", where=facing())
    a.afford("ride", "seat", "cushion")
    a.afford("support", "back", "arm", "footrest", "tray", where=facing())
    a.afford("support", "back", where=facing("z"))
    a.afford("contain", "basket", where=facing())
    a.afford("press", "brake pedal", "joystick")
    a.afford("pull", "brake lever", "canopy")


def _pram(a: Assembly, rng: np.random.Generator) -> None:
    """A cot on four wheels with a hood, a blanket and springs."""
    r, x, half = rng.uniform(0.12, 0.19), rng.uniform(0.19, 0.23), rng.uniform(0.38, 0.45)
    y, tall, style = rng.uniform(0.5, 0.58), rng.uniform(0.2, 0.28), pick(rng, WHEELS, (1, 1, 2, 4))
    wheels(a, rng, style, (r, 0.03), [(s * (x + 0.05), r, t * half * 0.75) for s in (1, -1) for t in (1, -1)])
    pipe = rng.uniform(0.009, 0.013)
    axle = rod(pipe, [-x - 0.05, r, half * 0.75], [x + 0.05, r, half * 0.75]).both_sides("z")
    cross = pick(rng, (True, False))
    leg = rod(pipe, [x, r, half * 0.75], [x, y - 0.005, (-0.6 if cross else 0.6) * half])
    under = across(pipe, 2 * x, 6).at(y=y - 0.005, z=half * 0.6).both_sides("z")
    a.add("frame", axle, leg.four_corners(), under)
    cot = vessel([(0.36, 0), (0.46, 0.06), (0.5, tall)], 0.02, rectangle(1, 1, 0.3, 5)).scaled(
        2 * x, 1, 2 * half
    )
    a.add(pick(rng, ("body", "basket")), cot.at(y=y))
    a.add("canopy", _hood(x, (x, y + tall - 0.03, -half * 0.45), half * 0.62, rng.uniform(50, 85), 185))
    cloth = pillow(1.8 * x, 0.08, half * 1.3, 6).at(y=y + tall - 0.04, z=half * 0.3)
    if chance(rng, 0.7):
        a.add("blanket", cloth)
    top = np.array([x, rng.uniform(0.95, 1.05), -half - 0.28])
    a.add("frame", rod(pipe, [x, y - 0.005, -half * 0.6], [x, y + 0.1, -half - 0.03], top).both_sides())
    push_bar(a, rng, top, pipe)
    if chance(rng, 0.4):
        a.add("basket" if chance(rng, 0.5) else "rack", tray(2 * x, 0.1, 1.5 * half, 0.012).at(y=r + 0.005))
    if chance(rng, 0.4):
        cover = guard(r + 0.02, 0.05, 30, 150).at(x=x + 0.05, y=r, z=half * 0.75)
        a.add(
            "mudguard",
            (cover + box(0.05, 0.03, 0.02).at(x=x + 0.03, y=2 * r + 0.005, z=half * 0.75)).four_corners(),
        )
    a.afford("lay", "blanket", where=facing())
    a.afford("contain", "body", "basket", where=facing())
    a.afford("ride", "blanket", "body", where=facing())
    a.afford("pull", "canopy")


def wheelchair(rng: np.random.Generator) -> Assembly:
    """Wheelchairs: with large wheels and push rims, with four small ones, with a motor and a joystick."""
    a = Assembly("wheelchair")
    kind = pick(rng, ("manual", "transit", "electric"), (4, 2, 3))
    r = rng.uniform(0.27, 0.31) if kind == "manual" else rng.uniform(0.14, 0.18)
    x, y, high = rng.uniform(0.2, 0.25), rng.uniform(0.46, 0.52), rng.uniform(0.88, 0.98)
    pipe, ahead, style = rng.uniform(0.01, 0.014), rng.uniform(0.18, 0.25), pick(rng, WHEELS, (1, 1, 1, 2))
    wide = 0.035 if kind == "manual" else rng.uniform(0.04, 0.08)
    wheels(a, rng, style, (r, wide), [(s * (x + 0.05), r, -0.16) for s in (1, -1)])
    a.add("frame", rod(pipe, [-x - 0.05, r, -0.16], [x + 0.05, r, -0.16]))
    if kind == "manual":
        hoop = tube(arc(r * 0.88, 0, 360, 25)[:-1], 0.008, 5, closed=True).turned("y", 90)
        stub = rod(0.005, [-0.04, 0, 0.8 * r], [0, 0, 0.88 * r], sides=4).around(4, "x")
        a.add("push rim", (hoop + stub).at(x=x + 0.105, y=r, z=-0.16).both_sides())
    size = rng.uniform(0.16, 0.22)
    a.add("caster", caster(rng, size).at(x=x, z=ahead).both_sides())
    post = rod(pipe, [x, r, -0.18], [x, high, -0.2])
    rail = rod(pipe, [x, y, -0.2], [x, y, ahead], [x, size * 0.95, ahead]) + rod(
        pipe, [x, r, -0.18], [x, r, ahead]
    )
    a.add("frame", post.both_sides(), rail.both_sides())
    if chance(rng, 0.6) and kind != "electric":
        brace = [[x, y, -0.05], [-x, r * 0.7 + 0.1, -0.05]]
        a.add("frame", rod(pipe, *brace) + rod(pipe, *brace).mirrored("x"))
        a.add("frame", rod(pipe, [x, y, -0.05], [x, r * 0.7 + 0.1, -0.05]).both_sides())
    a.add("seat", box(2 * x + 0.01, 0.03, ahead + 0.18, bevel=0.008).at(y=y - 0.01, z=(ahead - 0.18) / 2))
    if chance(rng, 0.35):
        a.add(
            "cushion", box(2 * x - 0.02, 0.06, ahead + 0.16, bevel=0.02).at(y=y + 0.02, z=(ahead - 0.16) / 2)
        )
    tall = high - y - rng.uniform(0.08, 0.16)
    a.add("back", box(2 * x + 0.01, tall, 0.025, bevel=0.008).at(y=high - tall - 0.04, z=-0.195))
    knob = rod(pipe, [x, high, -0.2], [x, high, -0.33])
    a.add(pick(rng, ("frame", "handle")), knob.both_sides())
    a.add(
        "handle", cylinder(pipe * 1.5, 0.09, around=8).turned("x", -90).at(x=x, y=high, z=-0.25).both_sides()
    )
    arm = y + rng.uniform(0.2, 0.25)
    a.add("arm", box(0.05, 0.035, 0.3, bevel=0.01).at(x=x + 0.015, y=arm, z=0.0).both_sides())
    a.add("frame", rod(pipe, [x, arm, -0.2], [x, arm, 0.12], [x, y, 0.13]).both_sides())
    _chair_extras(a, rng, kind, (x, y, arm, ahead))
    return a


def _chair_extras(
    a: Assembly, rng: np.random.Generator, kind: str, size: tuple[Number, Number, Number, Number]
) -> None:
    """Footrests, brakes, motor and joystick; `size` is (half width, seat, armrest, front)."""
    x, y, arm, ahead = size
    leg = rod(0.012, [x * 0.95, y, ahead], [x * 0.85, 0.13, ahead + 0.2])
    plate = box(x * 0.75, 0.015, 0.14, bevel=0.004).at(x=x * 0.55, y=0.12, z=ahead + 0.24)
    a.add(pick(rng, ("frame", "footrest")), leg.both_sides())
    a.add("footrest", plate.both_sides())
    if kind == "electric":
        a.add(
            pick(rng, ("battery", "housing")),
            box(2 * x - 0.05, y - 0.185, 0.36, bevel=0.02).at(y=0.18, z=0.0),
        )
        pod = box(0.06, 0.05, 0.1, bevel=0.01).at(x=x + 0.015, y=arm + 0.02, z=0.17)
        stick = rod(0.007, [x + 0.015, arm + 0.06, 0.18], [x + 0.015, arm + 0.11, 0.18])
        a.add(pick(rng, ("console", "joystick")), pod)
        a.add("joystick", stick, ball(0.03, around=8).at(x + 0.015, arm + 0.115, 0.18))
        if chance(rng, 0.5):
            a.add("headrest", box(0.26, 0.14, 0.06, bevel=0.02).at(y=y + 0.52, z=-0.19))
            a.add("frame", rod(0.012, [0, y + 0.3, -0.205], [0, y + 0.56, -0.205]))
    elif chance(rng, 0.6):
        stick = rod(0.009, [x + 0.01, y - 0.02, 0.13], [x + 0.04, y + 0.1, 0.2])
        a.add("brake lever", stick.both_sides())
    a.afford("grasp", "handle", "joystick", "push rim")
    a.afford("push", "handle", "push rim", "joystick")
    a.afford("move", "handle", "push rim")
    _seat_actions(a)
