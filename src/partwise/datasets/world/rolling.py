"""What one rides on wheels and pedals: tricycle, quad bike, exercise bike."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import (
    ball,
    box,
    box_between,
    cylinder,
    tray,
    tube,
)
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Number
from partwise.datasets.world.outlines import curve, helix, rectangle
from partwise.datasets.world.riding import (
    WHEELS,
    Place,
    across,
    body,
    guard,
    pedals,
    rod,
    saddle,
    steering,
    wheels,
)


def tricycle(rng: np.random.Generator) -> Assembly:
    """Children's tricycles, low ones with a seat like a tub, and grown-ups' with a basket."""
    a = Assembly("tricycle")
    kind = pick(rng, ("child", "low", "cargo"), (4, 3, 3))
    scale = rng.uniform(0.9, 1.1) * (2.0 if kind == "cargo" else 1.0)
    front = scale * rng.uniform(0.12, 0.16) * (1.25 if kind == "low" else 1.0)
    rear = front * (rng.uniform(0.85, 1.0) if kind == "cargo" else rng.uniform(0.45, 0.7))
    reach, track = scale * rng.uniform(0.28, 0.34), scale * rng.uniform(0.16, 0.21)
    seat_y = {"child": 0.32 * scale, "low": rear + 0.08, "cargo": 0.4 * scale}[kind]
    thick, pipe = (
        front * (0.13 if kind == "cargo" else rng.uniform(0.2, 0.4)),
        scale * rng.uniform(0.009, 0.014),
    )
    style = pick(rng, WHEELS)
    wheels(a, rng, style, (front, thick), [(0, front, reach)])
    wheels(a, rng, style, (rear, thick), [(x, rear, -reach) for x in (track, -track)])
    crown = np.array([0, 2 * front + 2 * pipe, reach * 0.88])
    top = np.array([0, max(seat_y + scale * rng.uniform(0.14, 0.22), crown[1] + 0.08), reach * 0.72])
    leg = rod(pipe * 0.8, [thick * 0.8, front, reach], [thick * 0.8, crown[1], crown[2]], crown)
    a.add(pick(rng, ("fork", "frame")), leg.both_sides(), rod(pipe, crown, top))
    under = np.array([0, seat_y, -reach * rng.uniform(0.4, 0.6)])
    neck, low = crown * 0.6 + top * 0.4, min(seat_y * 0.8, rear * 1.4)
    spine = curve([neck, [0, low, 0.1 * reach], under * [1, 0.7, 0.8], under], 12)
    axle = rod(pipe, [-track, rear, -reach], [track, rear, -reach])
    a.add("frame", tube(spine, pipe * 1.2), rod(pipe, under, [0, rear, -reach]))
    a.add(pick(rng, ("axle", "frame")), axle)
    steering(a, rng, top, track * rng.uniform(0.9, 1.3), pipe * 0.8)
    if kind == "cargo":
        hub = [0, low - pipe, 0.1 * reach]
        pedals(a, rng, hub, 0.08, 0.16)
        a.add("chain ring", across(0.09, 0.012, 16).at(0.05, *hub[1:]))
        bed = tray(1.6 * track, 0.25, 0.4, 0.015).tapered(1.1).at(y=2 * rear + 0.02, z=-reach)
        a.add("basket", bed)
        a.add("frame", rod(pipe, [0, rear, -reach], [0, 2 * rear + 0.03, -reach]))
    else:
        pedals(a, rng, [0, front, reach], thick * 0.9, front * 0.6)
        step = box_between((-track, rear, -reach * 1.15), (track, rear + 0.012, -reach * 0.85), 0.003)
        a.add("step", step)
    _perch(a, rng, kind == "low", scale, under)
    if kind == "child" and chance(rng, 0.35):
        stick = [[0.05, rear, -reach], [0.05, 0.7, -reach * 1.5], [0, 0.74, -reach * 1.54]]
        a.add("push bar", rod(pipe * 0.8, *stick).both_sides())
    if chance(rng, 0.35):
        a.add("mudguard", guard(front + 0.03 * scale, thick * 1.3, 25, 150).at(y=front, z=reach))
    a.afford("ride", "saddle", "seat", "frame")
    a.afford("sit", "saddle", "seat", where=facing())
    a.afford("support", "back", where=facing("z"))
    a.afford("support", "step", where=facing())
    a.afford("contain", "basket", where=facing())
    a.afford("push", "push bar")
    a.afford("grasp", "push bar")
    return a


def _perch(a: Assembly, rng: np.random.Generator, low: bool, scale: Number, under: Place) -> None:
    """A saddle at `under`, or on a low tricycle a seat with a back."""
    if not low:
        a.add("saddle", saddle(rng, scale * 0.17, scale * 0.2).at(*under))
        return
    _, y, z = under
    wide = rng.uniform(0.24, 0.3)
    back = box(wide, rng.uniform(0.18, 0.3), 0.03, bevel=0.012).turned("x", rng.uniform(-20, -8))
    a.add("seat", box(wide, 0.03, 0.26, bevel=0.012).at(y=y, z=z))
    a.add(pick(rng, ("back", "seat")), back.at(y=y + 0.005, z=z - 0.12))


def quad_bike(rng: np.random.Generator) -> Assembly:
    """Quad bikes: farm ones with racks, racing ones with a nose and springs."""
    a = Assembly("quad bike")
    farm = chance(rng, 0.55)
    radius, wide, reach = rng.uniform(0.24, 0.32), rng.uniform(0.17, 0.26), rng.uniform(0.55, 0.68)
    x, deck = rng.uniform(0.36, 0.46), radius * 2 + rng.uniform(0.0, 0.08)
    style = pick(rng, WHEELS[:3], (2, 1, 1))
    wheels(a, rng, style, (radius, wide), [(s * x, radius, t * reach) for s in (1, -1) for t in (1, -1)])
    bars = rod(0.03, [-x, radius, 0], [x, radius, 0]).copies([(0, 0, reach), (0, 0, -reach)])
    a.add("frame", bars)
    a.add(
        "frame",
        rod(0.025, [0.13, radius, -reach], [0.13, radius * 0.8, 0], [0.13, radius, reach]).both_sides(),
    )
    a.add("engine", box(0.27, deck - radius, 0.42, bevel=0.03).at(y=radius * 0.85))
    for k in range(3):
        a.add("engine", box(0.31, 0.018, 0.3).at(y=radius * 1.1 + 0.05 * k))
    tip = reach + rng.uniform(0.1, 0.25)
    nose = [(0.18, deck + 0.02, 0.24, 0.2), (reach, deck + 0.02, 0.42, 0.2), (tip, deck - 0.06, 0.3, 0.1)]
    a.add("body", body(nose, pick(rng, (2.5, 4.0, 8.0)), pick(rng, (0, 7))))
    rear = [(-reach - 0.2, deck, 0.4, 0.1), (-0.2, deck, 0.3, 0.14), (0.2, deck - 0.05, 0.26, 0.2)]
    a.add("body", body(rear, 4.0))
    start, stop = (20, 160) if farm else (40, 140)
    bow = (
        guard(radius * 1.18, wide * 1.15, start, stop)
        .at(x=x, y=radius)
        .copies([(0, 0, reach), (0, 0, -reach)])
    )
    beam = box(x, 0.03, 0.3).at(x=x / 2, y=deck - 0.03).copies([(0, 0, reach), (0, 0, -reach)])
    a.add(pick(rng, ("mudguard", "mudguard", "body")), bow.both_sides(), beam.both_sides())
    seat = [
        (-reach * 0.95, deck + 0.12, 0.26, 0.1),
        (-0.2, deck + 0.09, 0.27, 0.13),
        (0.12, deck + 0.1, 0.18, 0.1),
    ]
    a.add("seat", body(seat, 4.0, 6))
    a.add(pick(rng, ("fuel tank", "body")), ball(0.22, 0.2, 0.32, around=12).at(y=deck + 0.1, z=0.2))
    if chance(rng, 0.3):
        a.add("cap", cylinder(0.045, 0.08, around=10).at(y=deck + 0.17, z=0.2))
    top = np.array([0, deck + rng.uniform(0.28, 0.4), 0.3])
    a.add(pick(rng, ("handlebar", "body")), rod(0.025, [0, deck, 0.42], top))
    steering(a, rng, top, rng.uniform(0.33, 0.42), 0.014)
    _quad_extras(a, rng, farm, (radius, x, deck, reach, tip))
    a.afford("ride", "seat")
    a.afford("sit", "seat", where=facing())
    a.afford("support", "rack", "footrest", where=facing())
    a.afford("open", "cap")
    return a


def _quad_extras(
    a: Assembly, rng: np.random.Generator, farm: bool, size: tuple[Number, Number, Number, Number, Number]
) -> None:
    """Racks, bumper, lights, footrests, exhaust, springs; `size` is (wheel radius, track, deck, reach, tip)."""
    radius, x, deck, reach, tip = size
    if farm:
        for z in (reach, -reach):
            y = deck + 0.17 + 0.03 * (z < 0)
            bars = rod(0.012, [0, y, z - 0.2], [0, y, z + 0.2], sides=6).row(6, x=0.12)
            edge = rectangle(0.66, 0.4)
            hoop = tube(np.column_stack([edge[:, 0], np.full(4, y), edge[:, 1] + z]), 0.014, 6, closed=True)
            legs = rod(0.012, [0.14, deck - 0.05, z], [0.14, y, z]).both_sides()
            a.add("rack", bars, hoop, legs)
    else:
        spring = tube(helix(0.035, 0.26, 4, 25), 0.008, 4)
        lower, upper = (x * 0.65, radius, reach), (x * 0.3, deck, reach - 0.05)
        a.add("spring", spring.pointed(lower, upper).both_sides(), rod(0.014, lower, upper).both_sides())
    bar = rod(
        0.018,
        [-0.2, deck - 0.15, tip - 0.1],
        [-0.2, deck - 0.15, tip + 0.06],
        [0.2, deck - 0.15, tip + 0.06],
        [0.2, deck - 0.15, tip - 0.1],
    )
    if chance(rng, 0.7):
        a.add(
            "bumper",
            bar.row(2, y=0.12).at(y=-0.06),
            rod(0.016, [0.2, deck - 0.15, tip + 0.06], [0.2, deck - 0.27, tip + 0.06]).both_sides(),
            rod(0.018, [0.12, radius, reach], [0.12, deck - 0.15, tip + 0.06]).both_sides(),
        )
    lamp = ball(0.11, 0.09, 0.1, around=10) if chance(rng, 0.5) else box(0.1, 0.06, 0.08, bevel=0.01)
    a.add("headlight", lamp.at(x=0.13, y=deck + 0.02, z=(reach + tip) / 2).both_sides(), of="light")
    if chance(rng, 0.3):
        a.add(
            "taillight",
            box(0.08, 0.05, 0.03).at(x=0.12, y=deck - 0.02, z=-reach - 0.2).both_sides(),
            of="light",
        )
    a.add(
        pick(rng, ("footrest", "frame")),
        box_between((0.1, radius * 0.75, -0.15), (x + 0.05, radius * 0.75 + 0.03, 0.2)).both_sides(),
    )
    if chance(rng, 0.7):
        pipe = rod(0.025, [0.1, radius * 1.3, 0], [0.17, radius * 1.3, -0.3]) + cylinder(
            0.05, 0.35, around=10
        ).turned("x", -90).at(x=0.17, y=radius * 1.3, z=-0.28)
        a.add("exhaust pipe", pipe)


def exercise_bike(rng: np.random.Generator) -> Assembly:
    """Exercise bikes: upright, with a bare flywheel to spin, or low with a chair to lean back in."""
    a = Assembly("exercise bike")
    kind = pick(rng, ("upright", "spin", "recumbent"))
    pipe, reach = rng.uniform(0.02, 0.035), rng.uniform(0.42, 0.5) * (1.35 if kind == "recumbent" else 1.0)
    foot = across(pipe, rng.uniform(0.42, 0.55), int(pick(rng, (4, 8, 12)))).at(y=pipe)
    a.add(pick(rng, ("base", "frame")), foot.at(z=reach), foot.at(z=-reach))
    a.add("frame", rod(pipe, [0, pipe, -reach], [0, pipe * 1.6, reach]))
    if chance(rng, 0.6):
        cap = across(pipe * 1.2, 0.06).at(x=0.25, y=pipe * 1.2)
        a.add(pick(rng, ("foot", "wheel")), cap.at(z=reach).both_sides())
    y, z = rng.uniform(0.3, 0.38), reach * (0.3 if kind == "recumbent" else 0.05)
    flywheel = across(rng.uniform(0.19, 0.24), rng.uniform(0.03, 0.06), 24)
    ahead = np.array([0, y + 0.02, z + 0.32])
    if kind == "spin":
        a.add("flywheel", flywheel.at(*ahead), across(0.05, 0.1).at(*ahead))
        prong = rod(pipe * 0.7, [0.06, pipe, reach], [0.06, ahead[1], ahead[2]], [0.06, y + 0.3, z + 0.2])
        a.add("frame", prong.both_sides(), rod(pipe, [0, y, z], [0, pipe, -reach * 0.2]))
        if chance(rng, 0.6):
            a.add("cover", box(0.025, 0.12, 0.42, bevel=0.01).at(x=0.05, y=y - 0.06, z=z + 0.15))
    else:
        case = across(0.24, rng.uniform(0.1, 0.16), 20).scaled(
            1, rng.uniform(0.9, 1.2), rng.uniform(1.1, 1.5)
        )
        a.add("housing", case.at(0, y, z + 0.12), box(0.1, y, 0.3).at(z=z + 0.12))
        if chance(rng, 0.5):
            a.add("flywheel", flywheel.at(y=y, z=z + 0.28))
    pedals(a, rng, [0, y, z], 0.1, rng.uniform(0.14, 0.17))
    head = np.array([0, rng.uniform(1.0, 1.2), z + rng.uniform(0.25, 0.35)])
    a.add("frame", rod(pipe, [0, y + 0.1, z + 0.2], head))
    steering(a, rng, head, rng.uniform(0.2, 0.28), pipe * 0.6)
    if kind != "spin" or chance(rng, 0.5):
        console = box(0.24, 0.17, 0.04, bevel=0.01).turned("x", 205).at(y=head[1] + 0.16, z=head[2])
        a.add(pick(rng, ("housing", "console")), console)
        a.add("frame", rod(pipe * 0.8, head, head + np.array([0, 0.1, -0.03])))
        a.add("screen", box(0.17, 0.09, 0.02).turned("x", 205).at(y=head[1] + 0.13, z=head[2] - 0.03))
    if kind == "recumbent":
        _recline(a, rng, reach, pipe)
    else:
        under = np.array([0, rng.uniform(0.8, 0.95), -reach * 0.5])
        a.add(pick(rng, ("frame", "post")), rod(pipe * 0.9, [0, pipe, -reach * 0.2], under))
        a.add("saddle", saddle(rng, rng.uniform(0.18, 0.26), 0.28).at(*under))
    if chance(rng, 0.5):
        turned_by = ball(0.06, around=10) if kind == "spin" else cylinder(0.035, 0.07).turned("x", -90)
        a.add("knob", turned_by.at(y=y + 0.5, z=z + 0.26))
    a.afford("sit", "saddle", "seat", where=facing())
    a.afford("ride", "saddle", "seat")
    a.afford("display", "screen")
    a.afford("grasp", "knob", "side handle")
    a.afford("support", "back", where=facing("z"))
    return a


def _recline(a: Assembly, rng: np.random.Generator, reach: Number, pipe: Number) -> None:
    """The chair of a bike to lean back on, its rail and the handles beside the seat."""
    y, z = rng.uniform(0.38, 0.5), -reach * 0.62
    a.add(
        "frame", rod(pipe * 1.3, [0, 0.2, reach * 0.1], [0, y - 0.05, z]), rod(pipe, [0, pipe, z], [0, y, z])
    )
    a.add("seat", box(0.4, 0.07, 0.36, bevel=0.025).at(y=y, z=z))
    back = box(rng.uniform(0.32, 0.42), rng.uniform(0.4, 0.6), 0.06, bevel=0.025)
    a.add("back", back.turned("x", -15).at(y=y + 0.08, z=z - 0.22))
    a.add("frame", rod(pipe, [0, y, z], [0, y + 0.02, z - 0.24], [0, y + 0.3, z - 0.32]))
    bar = [[0, y - 0.02, z], [0.27, y - 0.02, z], [0.27, y + 0.12, z + 0.04], [0.27, y + 0.14, z + 0.22]]
    a.add("side handle", rod(pipe * 0.6, *bar).both_sides())
    a.add("lever", rod(0.01, [0, y - 0.005, z + 0.1], [0.3, y - 0.005, z + 0.12]))
    a.afford("push", "lever")
