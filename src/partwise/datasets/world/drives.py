"""What one rides for work and play: tractor, rocking horse."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along
from partwise.datasets.world.build import ball, box, box_between, cylinder, sweep, tube
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Number
from partwise.datasets.world.outlines import curve, helix, rectangle
from partwise.datasets.world.riding import (
    WHEELS,
    across,
    body,
    guard,
    rod,
    saddle,
    steering_wheel,
    wheels,
)


def tractor(rng: np.random.Generator) -> Assembly:
    """Farm tractors, old ones with an open seat and newer ones with a cab; the front wheels are smaller."""
    a = Assembly("tractor")
    cab = chance(rng, 0.45)
    rear, wide = rng.uniform(0.65, 0.85), rng.uniform(0.3, 0.5)
    front = rear * rng.uniform(0.5, 0.75)
    x, back, ahead = rng.uniform(0.7, 0.85), -rng.uniform(0.5, 0.7), rng.uniform(1.1, 1.4)
    style = pick(rng, WHEELS[:3], (2, 1, 1))
    wheels(a, rng, style, (rear, wide), [(x, rear, back), (-x, rear, back)])
    wheels(a, rng, style, (front, wide * 0.65), [(x * 0.9, front, ahead), (-x * 0.9, front, ahead)])
    a.add("chassis", across(0.09, 2 * x).at(0, rear, back), across(0.06, 1.8 * x).at(0, front, ahead))
    low, top = front * 1.1, rear * 2 + rng.uniform(-0.1, 0.1)
    a.add("chassis", box_between((-0.2, front * 0.8, back - 0.25), (0.2, low + 0.15, ahead + 0.15)))
    tip = _hood(a, rng, low, top, ahead)
    if chance(rng, 0.75):
        pipe = cylinder(0.035, rng.uniform(0.5, 0.9), around=8) + cylinder(0.06, 0.25, around=10).at(y=0.15)
        a.add("exhaust pipe", pipe.at(x=pick(rng, (0, 0.15)), y=top - 0.08, z=ahead * rng.uniform(0.4, 0.7)))
    floor = low + 0.12
    a.add(
        pick(rng, ("step", "chassis")),
        box_between((-x + wide / 2, floor - 0.05, back), (x - wide / 2, floor, 0.25)),
    )
    arch = guard(rear * 1.12, wide * 1.1, 30, 160).at(x=x, y=rear, z=back)
    web = box_between((0.15, rear * 1.3, back - 0.15), (x, rear * 1.3 + 0.08, back + 0.1))
    a.add(
        "mudguard",
        arch.both_sides(),
        (web + box(0.06, rear * 0.85, 0.08).at(x=x - wide * 0.56, y=rear * 1.3, z=back)).both_sides(),
    )
    _driver(a, rng, cab, (x, floor, top, back))
    if chance(rng, 0.3):
        a.add("weight", box(0.05, 0.25, 0.16).row(6, x=0.075).at(y=low - 0.1, z=tip + 0.04))
    if chance(rng, 0.3):
        a.add(
            "hook",
            rod(0.035, [0, front, back - 0.2], [0, front, back - 0.45], [0, front + 0.08, back - 0.47]),
        )
    a.afford("ride", "seat", "cab", "body")
    a.afford("sit", "seat", where=facing())
    a.afford("support", "step", where=facing())
    a.afford("open", "hood")
    a.afford("pull", "lever", "hook")
    a.afford("push", "lever", "pedal")
    return a


def _hood(a: Assembly, rng: np.random.Generator, low: Number, top: Number, ahead: Number) -> float:
    """The hood between two heights over a front axle, the engine under it, grille and lamps. Returns its tip."""
    tip, power = ahead + rng.uniform(0.15, 0.35), pick(rng, (3.0, 5.0, 12.0))
    mid, high, drop = (low + top) / 2, top - low, rng.uniform(0.0, 0.15)
    hood = [
        (0.1, mid, 0.62, high),
        (ahead, mid - drop / 2, 0.56, high - drop),
        (tip, mid - drop, 0.5, high - 2 * drop),
    ]
    split = chance(rng, 0.5)
    if split:
        a.add("engine", box_between((-0.22, low, 0.2), (0.22, mid, ahead * 0.9)))
        a.add("engine", across(0.05, 0.5, 8).at(0, mid - 0.12, 0.5).row(4, z=0.17).at(z=0.1))
        hood = [(z, y + h * 0.2, w, h * 0.6) for z, y, w, h in hood]
        a.add("body", box_between((-0.25, low - 0.05, tip - 0.2), (0.25, mid, tip - 0.02)))
    a.add(pick(rng, ("hood", "body")), body(hood, power))
    if chance(rng, 0.6):
        a.add("grille", box(0.36, high * 0.5, 0.04).at(y=mid - high * 0.25 - drop, z=tip))
    lamp = cylinder(0.07, 0.1, around=12).turned("x", 90)
    spread = pick(rng, (0.14, 0.34))
    lamp = lamp.at(x=spread, y=mid + high * 0.2 - drop, z=tip - 0.05)
    if spread > 0.2:  # beside the hood, on stalks
        lamp += rod(0.025, [0.2, mid - drop, tip - 0.05], [spread, mid + high * 0.2 - drop, tip - 0.03])
    a.add("headlight", lamp.both_sides(), of="light")
    return tip


def _driver(
    a: Assembly, rng: np.random.Generator, cab: bool, size: tuple[Number, Number, Number, Number]
) -> None:
    """Seat, steering wheel, levers and pedals, in the open or in a cab; `size` is (track, floor, hood, axle)."""
    x, floor, top, back = size
    y, roof, half = top - 0.12, top + rng.uniform(0.85, 1.1), x * 0.62
    a.add("chassis", box_between((-0.12, floor, back - 0.1), (0.12, y, back + 0.1)))
    a.add("seat", body([(back - 0.22, y + 0.05, 0.44, 0.1), (back + 0.24, y + 0.04, 0.4, 0.1)]))
    rest = box(0.42, rng.uniform(0.15, 0.45), 0.08, bevel=0.03).turned("x", -10).at(y=y + 0.06, z=back - 0.2)
    a.add(pick(rng, ("back", "seat")), rest)
    steering_wheel(
        a, pick(rng, ("column", "chassis")), (0, top + 0.12, back + 0.5), 0.21, 0.55, rng.uniform(35, 60)
    )
    for side in (-1, 1):
        if chance(rng, 0.4):
            knob = ball(0.06, around=8).at(side * 0.3, y + 0.2, back + 0.32)
            a.add(
                "lever",
                rod(0.014, [side * 0.24, floor, back + 0.25], [side * 0.3, y + 0.2, back + 0.32]),
                knob,
            )
    if chance(rng, 0.3):
        pedal = box(0.09, 0.03, 0.12).at(0.2, floor + 0.1, 0.05) + rod(
            0.014, [0.2, floor, 0.1], [0.2, floor + 0.1, 0.05]
        )
        a.add("pedal", pedal.both_sides())
    ends = [(half, back - 0.35), (half, 0.2)]
    if not cab:
        if chance(rng, 0.45):
            bow = rod(
                0.04,
                [half, floor, back + 0.04],
                [half, roof, back - 0.1],
                [-half, roof, back - 0.1],
                [-half, floor, back + 0.04],
            )
            a.add("frame", bow)
        return
    posts = [
        box_between((u - 0.04, floor, v - 0.04), (u + 0.04, roof, v + 0.04)).both_sides() for u, v in ends
    ]
    sill = box_between((half - 0.05, floor, back - 0.35), (half + 0.05, y, 0.2)).both_sides()
    rear = box_between((-half, floor, back - 0.38), (half, y, back - 0.32))
    a.add("cab", *posts, sill, rear)
    a.add("roof", box_between((-half - 0.1, roof, back - 0.5), (half + 0.1, roof + 0.14, 0.35), 0.05))
    if chance(rng, 0.75):
        pane = box_between((half - 0.015, y, back - 0.32), (half + 0.015, roof, 0.17)).both_sides()
        wide = box_between((-half, y, -0.015), (half, roof, 0.015))
        a.add("window", pane, wide.at(z=0.2), wide.at(z=back - 0.35))


def rocking_horse(rng: np.random.Generator) -> Assembly:
    """Rocking horses: carved ones on bows, plain ones of boards, playground ones on a spring."""
    a = Assembly("rocking horse")
    kind = pick(rng, ("carved", "boards", "spring"), (4, 3, 3))
    y, half = rng.uniform(0.36, 0.48), rng.uniform(0.24, 0.3)
    if kind == "boards":
        wide = rng.uniform(0.1, 0.14)
        bow = [(z, 0.9 * z * z) for z in np.linspace(-0.42, 0.42, 9)]
        top = [(0.4, 0.21), (0.25, 0.24), (0.16, y - 0.04), (-0.2, y - 0.04), (-0.27, 0.24), (-0.4, 0.21)]
        board = along(bow + top, 0.018).at(x=wide).both_sides()
        a.add(pick(rng, ("rocker", "side")), board)
        a.add("seat", box_between((-wide, y - 0.06, -0.24), (wide, y - 0.04, 0.14)))
        back = box(2 * wide, rng.uniform(0.12, 0.26), 0.018).turned("x", -8)
        if chance(rng, 0.8):
            a.add(pick(rng, ("back", "seat")), back.at(y=y - 0.05, z=-0.22))
        if chance(rng, 0.6):
            a.add("footrest", across(0.014, 2 * wide + 0.2).at(y=0.14, z=0.2))
    else:
        wide = rng.uniform(0.2, 0.28)
        shape = [
            (-half, y + 0.02, wide * 0.7, 0.16),
            (-half * 0.6, y, wide, 0.24),
            (half * 0.4, y, wide * 0.9, 0.22),
        ]
        a.add("body", body([*shape, (half, y + 0.05, wide * 0.5, 0.16)], 2.3, 9))
        a.add("saddle", saddle(rng, wide * 0.9, half * 1.1).turned("y", 180).at(y=y + 0.08, z=-0.04))
        if kind == "carved":
            _bows(a, rng, y)
        else:
            a.add("base", cylinder(0.2, 0.02, around=20))
            spring = tube(helix(0.07, y - 0.13, rng.uniform(4, 6), 50), 0.014, 5)
            a.add("spring", spring.at(y=0.03), cylinder(0.08, 0.05, around=12).at(y=y - 0.14))
            a.add("footrest", across(0.014, 0.46).at(y=y - 0.09, z=0.08))
    _horse_head(a, rng, kind == "boards", y, half)
    tail = curve([[0, y + 0.04, -half * 0.95], [0, y + 0.1, -half - 0.08], [0, y - 0.12, -half - 0.12]], 9)
    if chance(rng, 0.8):
        tail = tail if kind != "boards" else tail + np.array([0, -0.06, half * 0.2])
        a.add("tail", tube(tail, np.linspace(0.012, 0.03, 9), 6))
    a.afford("ride", "saddle", "seat")
    a.afford("sit", "saddle", "seat", where=facing())
    a.afford("grasp", "handle")
    a.afford("support", "footrest", where=facing())
    a.afford("support", "back", where=facing("z"))
    a.afford("move", "rocker", "spring")
    return a


def _bows(a: Assembly, rng: np.random.Generator, y: Number) -> None:
    """Four legs on two bent runners, with bars between them."""
    wide, bend, reach = rng.uniform(0.15, 0.2), rng.uniform(0.35, 0.7), rng.uniform(0.45, 0.55)
    z = np.linspace(-reach, reach, 13)
    path = np.stack([np.full(13, wide), 0.012 + bend * z**2, z], 1)
    a.add("rocker", sweep(path, rectangle(0.035, 0.03)).both_sides())
    for end in (-0.7 * reach, 0.7 * reach):
        hoof = [wide, 0.02 + bend * end**2, end]
        thigh = [0.07, y - 0.03, end * 0.5]
        knee = np.add(hoof, thigh) / 2 + [0, 0, rng.uniform(-0.03, 0.04)]
        leg = tube(curve([thigh, knee, hoof], 6), np.linspace(0.05, 0.022, 6), 8)
        a.add("leg", leg.both_sides())
        a.add(
            pick(rng, ("rocker", "rung")),
            box(2 * wide, 0.025, 0.04).at(y=bend * (end * 1.15) ** 2, z=end * 1.15),
        )
    if chance(rng, 0.6):
        a.add("footrest", across(0.013, 2 * wide + 0.1).at(y=0.03, z=0.05))


def _horse_head(a: Assembly, rng: np.random.Generator, flat: bool, y: Number, half: Number) -> None:
    """Neck, head, ears, mane, eyes and the handle through them; `flat` is sawn from a board."""
    root, rise = np.array([0, y, half * 0.7]), rng.uniform(0.24, 0.32)
    if flat:
        root = np.array([0, y - 0.05, 0.14])
    poll = np.add(root, [0, rise, rng.uniform(0.08, 0.14)])
    nose = np.add(poll, [0, -rng.uniform(0.1, 0.16), rng.uniform(0.14, 0.18)])
    thick = 0.028 if flat else 0.13
    if flat:
        r, p, n = (v[[2, 1]] for v in (root, poll, nose))
        side = [
            np.add(r, [-0.1, 0]),
            np.add(r, [0.12, 0.0]),
            np.add((r + p) / 2, [0.08, -0.02]),
            np.add(n, [-0.06, -0.06]),
            np.add(n, [0.01, -0.05]),
        ]
        side += [
            np.add(n, [0.01, 0.02]),
            np.add(p, [0.04, 0.03]),
            np.add(p, [-0.06, 0.02]),
            (r + p) / 2 - [0.08, 0],
        ]
        a.add("head", along(np.array(side), thick))
    else:
        neck = curve([root, np.add(root * 0.5 + poll * 0.5, [0, -0.01, 0.03]), poll], 7)
        name = pick(rng, ("neck", "head", "body"))
        a.add(name, tube(neck, np.linspace(0.11, 0.06, 7), 10))
        skull = curve([np.add(poll, [0, 0.01, -0.04]), poll * 0.6 + nose * 0.4, nose], 7)
        a.add("head", tube(skull, np.array([0.04, 0.066, 0.068, 0.06, 0.05, 0.047, 0.035]), 10))
    ear = cylinder(0.024, 0.08, 0.004, around=6).turned("z", -12)
    a.add("ear", ear.at(x=thick * 0.25, y=poll[1] + 0.015, z=poll[2] - 0.01).both_sides())
    if chance(rng, 0.7):
        back = curve(
            [
                np.add(poll, [0, 0.05, -0.02]),
                np.add((root + poll) / 2, [0, 0.03, -0.075]),
                np.add(root, [0, 0.1, -0.09]),
            ],
            8,
        )
        a.add("mane", sweep(back, rectangle(thick * 0.35 + 0.012, 0.06)))
    if chance(rng, 0.6):
        place = poll * 0.6 + nose * 0.4
        a.add("eye", ball(0.03, around=8).at(thick * 0.48, place[1] + 0.02, place[2]).both_sides())
    bar = np.add(root * 0.45 + poll * 0.55, [0, 0, 0.01])
    a.add("handle", across(0.014, rng.uniform(0.26, 0.36)).at(*bar))
