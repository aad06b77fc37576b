"""What lifts and digs: forklift, excavator."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along
from partwise.datasets.world.build import ball, box, box_between, cylinder, sweep, tube
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Number, join
from partwise.datasets.world.outlines import arc, rectangle
from partwise.datasets.world.riding import WHEELS, Place, across, rod, steering_wheel, wheels


def _piston(a: Assembly, start: Place, stop: Place, thick: Number) -> None:
    """A cylinder from one place towards another and the thinner rod that comes out of it."""
    start, stop = np.asarray(start, dtype=np.float64), np.asarray(stop, dtype=np.float64)
    half = start * 0.45 + stop * 0.55
    a.add("hydraulic cylinder", rod(thick, start, half, sides=10), rod(thick * 0.55, half, stop, sides=8))


def forklift(rng: np.random.Generator) -> Assembly:
    """Forklifts with a seat under a guard, and stackers that one walks behind."""
    kind = pick(rng, ("seated", "stacker"), (7, 3))
    a = Assembly("forklift" if kind == "seated" else "pallet stacker")
    wide, long = rng.uniform(0.95, 1.25), rng.uniform(1.4, 1.9)
    tall, up = rng.uniform(1.9, 2.5), rng.uniform(0.05, 1.0)
    if kind == "seated":
        _lift_body(a, rng, (wide, long))
        front = long * 0.5 + 0.14
    else:
        wide *= 0.75
        front = 0.35
        _stacker_body(a, rng, wide, front)
    _mast(a, rng, (wide, tall, front), up)
    a.afford("ride", "seat")
    a.afford("sit", "seat", where=facing())
    a.afford("lift", "fork")
    a.afford("carry", "fork", "pallet", where=facing())
    a.afford("support", "fork", "step", "pallet", where=facing())
    a.afford("pull", "lever")
    a.afford("push", "lever", "pedal")
    a.afford("grasp", "lever", "handle", "grip")
    a.afford("press", "button")
    a.afford("move", "wheel", "handle")
    return a


def _mast(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], up: Number) -> None:
    """Rails of (width, height, place along z), the carriage at the height `up` with two prongs, a chain."""
    wide, tall, z = size
    x = wide * rng.uniform(0.26, 0.34)
    rails = box(0.09, tall, 0.12).at(x=x, y=0.06, z=z).both_sides()
    bars = box(2 * x, 0.09, 0.06).copies([(0, 0.15, z), (0, tall * 0.55, z - 0.03), (0, tall - 0.03, z)])
    a.add("mast", rails, bars)
    _piston(a, (0, 0.15, z - 0.02), (0, tall * rng.uniform(0.7, 0.95), z - 0.02), 0.05)
    if chance(rng, 0.6):
        a.add("chain", box(0.035, tall * 0.85 - up, 0.02).at(x=x * 0.45, y=up + 0.1, z=z + 0.04).both_sides())
    plate = box(2 * x + 0.12, 0.1, 0.06).copies([(0, up + 0.04, z + 0.09), (0, up + 0.38, z + 0.09)])
    a.add("carriage", plate, box(0.07, 0.44, 0.06).at(x=x * 0.95, y=up + 0.04, z=z + 0.085).both_sides())
    if chance(rng, 0.55):
        grid = box(0.035, 0.75, 0.035).row(5, x=x * 0.48).at(y=up + 0.42, z=z + 0.09)
        a.add("load guard", grid, box(2 * x + 0.06, 0.05, 0.05).at(y=up + 1.15, z=z + 0.09), of="carriage")
    reach, spread, thick = rng.uniform(0.9, 1.2), x * rng.uniform(0.5, 0.85), 0.045
    side = [(0, 0), (reach, 0.0), (reach, 0.015), (thick, thick), (thick, 0.5), (0, 0.5)]
    a.add("fork", along(side, 0.13).at(x=spread, y=up, z=z + 0.13).both_sides())
    if chance(rng, 0.3):
        boards = box(0.9, 0.03, 0.14).row(5, z=reach * 0.22).copies([(0, 0.13, 0), (0, 0, 0)])
        blocks = box(0.1, 0.11, reach).row(3, x=0.38).at(y=0.02)
        a.add("pallet", (boards + blocks).at(y=up + thick, z=z + 0.2 + reach / 2))
        if chance(rng, 0.5):
            crate = box(0.8, rng.uniform(0.3, 0.7), reach * 0.9)
            a.add("cargo", crate.at(y=up + thick + 0.155, z=z + 0.2 + reach / 2))


def _lift_body(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number]) -> None:
    """The counterweight, seat, wheel, pedals and overhead guard of a forklift of (width, length)."""
    wide, long = size
    radius = rng.uniform(0.24, 0.32)
    floor, deck, b = radius * 1.1, rng.uniform(0.75, 0.9), -long / 2
    a.add(
        "body", box_between((-wide * 0.42, radius * 0.6, b + 0.1), (wide * 0.42, floor + 0.1, -b), bevel=0.03)
    )
    side = [
        (b, radius * 0.8),
        (b + 0.2, radius * 0.55),
        (b + 0.55, radius * 0.6),
        (b + 0.55, deck),
        (b + 0.12, deck),
        (b, deck - 0.2),
    ]
    a.add(pick(rng, ("weight", "body")), along(side, wide * 0.92))
    hood = box_between((-wide * 0.33, floor, b + 0.5), (wide * 0.33, deck - 0.05, 0.12), bevel=0.04)
    a.add(pick(rng, ("engine", "body")), hood)
    style = pick(rng, WHEELS[:2])
    x = wide * 0.44
    wheels(a, rng, style, (radius, 0.2), [(s * x, radius, -b - 0.18) for s in (-1, 1)])
    wheels(a, rng, style, (radius * 0.8, 0.16), [(s * x, radius * 0.8, b + 0.35) for s in (-1, 1)])
    a.add("seat", box(0.46, 0.12, 0.44, bevel=0.04).at(y=deck - 0.06, z=-0.14))
    a.add(pick(rng, ("back", "seat")), box(0.44, 0.5, 0.1, bevel=0.04).turned("x", -10).at(y=deck, z=-0.34))
    steering_wheel(a, "column", (0, deck + 0.26, 0.32), 0.17, 0.6, 60)
    for place in range(int(rng.integers(1, 4))):
        x = 0.24 + place * 0.09
        foot, tip = (x, floor + 0.05, 0.5), (x, deck + 0.22, 0.38)
        a.add("lever", rod(0.016, foot, tip), ball(0.055, around=8).at(*tip))
    if chance(rng, 0.5):
        tread = box(0.1, 0.03, 0.13).turned("x", -30).at(0.12, floor + 0.13, 0.42)
        a.add(
            "pedal",
            tread.both_sides(),
            rod(0.02, (0.12, floor, 0.48), (0.12, floor + 0.14, 0.44)).both_sides(),
        )
    if chance(rng, 0.5):
        a.add("step", box(0.12, 0.05, 0.35).at(wide * 0.46, radius * 0.9, 0.1).both_sides())
    roof, half = 2.05, wide * 0.38
    posts = rod(0.035, (half, deck - 0.1, b + 0.25), (half, roof, b + 0.4)).both_sides()
    posts += rod(0.035, (half, floor, -b - 0.05), (half, roof, -b - 0.45)).both_sides()
    depth = -2 * b - 0.85
    middle = (-b - 0.45 + b + 0.4) / 2
    slats = box(2 * half, 0.05, 0.05).row(6, z=depth / 5).at(y=roof, z=middle)
    a.add(pick(rng, ("roof", "frame")), slats, box(0.06, 0.06, depth).at(half, roof, middle).both_sides())
    a.add("frame", posts)
    lamp = cylinder(0.07, 0.09, around=12).turned("x", 90).at(half, roof - 0.16, -b - 0.4)
    if chance(rng, 0.6):
        a.add("headlight", lamp.both_sides(), of="light")
    if chance(rng, 0.4):
        a.add(
            "canister",
            cylinder(0.15, 0.6, bevel=0.05, around=14).turned("z", 90).at(0.3, deck + 0.14, b + 0.22),
        )


def _stacker_body(a: Assembly, rng: np.random.Generator, wide: Number, front: Number) -> None:
    """A case behind the mast with a tiller to walk behind, buttons at its head, legs with rollers."""
    tall = rng.uniform(0.75, 1.0)
    a.add("body", box(wide * 0.85, tall, front + 0.28, bevel=0.04).at(y=0.08, z=front * 0.5 - 0.19))
    legs = box(0.12, 0.07, 1.0).at(x=wide * 0.42, y=0.06, z=front + 0.4).both_sides()
    a.add("leg", legs, box(wide * 0.95, 0.09, 0.2).at(y=0.06, z=front))
    places = [(s * wide * 0.42, 0.07, z) for s in (-1, 1) for z in (front + 0.8, -0.15)]
    wheels(a, rng, "plain", (0.07, 0.08), places)
    head = np.array([0, tall + 0.3, -0.75])
    a.add("pole", rod(0.035, (0, tall * 0.5, -0.2), head, sides=8))
    loop = np.column_stack([rectangle(0.34, 0.18, 0.06), np.zeros(20)])
    a.add("handle", tube(loop, 0.018, 6, closed=True).turned("x", 40).at(*head))
    a.add("head", box(0.12, 0.07, 0.14, bevel=0.015).at(*head))
    count = int(rng.integers(2, 4))
    a.add(
        "button", cylinder(0.014, 0.02, around=10).row(count, x=0.035).at(head[0], head[1] + 0.068, head[2])
    )
    if chance(rng, 0.5):
        a.add("display", box(0.16, 0.02, 0.1).at(y=tall + 0.07, z=front * 0.3))


def _tracks(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], half: Number) -> None:
    """Two belts of (length, height, width), `half` beside the middle, with their rollers between cheeks."""
    long, high, wide = size
    outline = np.column_stack(
        [rectangle(long, high, high * 0.48, 5) + np.array([0, high / 2]), np.zeros(24)]
    )[:, [2, 1, 0]]
    belt = sweep(outline, rectangle(wide, high * 0.14), closed=True)
    a.add("track", belt.at(x=half).both_sides())
    end = long / 2 - high / 2
    rollers = [across(high * 0.36, wide * 0.85).at(z=z) for z in (end, -end)]
    rollers += [across(high * 0.2, wide * 0.7).at(y=-high * 0.2).row(4, z=end * 0.4)]
    a.add(pick(rng, ("wheel", "roller")), join(rollers).at(half, high / 2).both_sides())
    a.add("chassis", box(2 * half, high * 0.4, long * 0.45).at(y=high * 0.35))


def _cab(a: Assembly, rng: np.random.Generator, low: Place, size: Place, bare: bool) -> None:
    """A cab of `size` (width, height, depth) that stands on `low`: posts, panes, maybe a door with a handle.

    A `bare` one has no panes at its sides, so that its seat and its levers are seen.
    """
    (x, y, z), (w, h, d) = low, size
    frame = [box(0.08, h, 0.08).at(w / 2 - 0.04, 0, d / 2 - 0.04).four_corners()]
    frame += [box(w, h * 0.3, d), box(w * 1.04, 0.08, d * 1.04).at(y=h - 0.04)]
    a.add("cab", join(frame).at(x, y, z))
    pane = box(w - 0.16, h * 0.62, 0.03).copies([(0, h * 0.32, d / 2 - 0.03), (0, h * 0.32, 0.03 - d / 2)])
    side = box(0.03, h * 0.62, d - 0.16).at(x=w / 2 - 0.03, y=h * 0.32)
    a.add("window", (pane + (side.both_sides() if not bare else side)).at(x, y, z))
    if chance(rng, 0.6):
        a.add("door", box(0.05, h * 0.85, d * 0.6, bevel=0.01).at(x + w / 2 + 0.02, y + 0.06, z))
        a.add("handle", box(0.06, 0.05, 0.2).at(x + w / 2 + 0.06, y + h * 0.42, z + d * 0.15))
    if bare:
        a.add(
            "seat",
            box(0.5, 0.14, 0.5, bevel=0.03).at(x, y + h * 0.3, z - 0.1),
            box(0.48, 0.55, 0.1).at(x, y + h * 0.35, z - 0.3),
        )
        for sign in (-1, 1):
            tip = (x + sign * w * 0.3, y + h * 0.52, z + d * 0.25)
            a.add("lever", rod(0.02, (tip[0], y + h * 0.25, tip[2]), tip), ball(0.07, around=8).at(*tip))


def excavator(rng: np.random.Generator) -> Assembly:
    """Excavators on tracks or wheels, their cab glazed or bare; a bucket, a hammer or a claw at the end."""
    a = Assembly("excavator")
    wide, long, high = rng.uniform(1.9, 2.5), rng.uniform(2.4, 3.4), rng.uniform(0.6, 0.85)
    if chance(rng, 0.75):
        _tracks(a, rng, (long, high, wide * 0.24), wide * 0.4)
    else:
        places = [(s * wide * 0.4, high * 0.6, z) for s in (-1, 1) for z in (long * 0.36, -long * 0.36)]
        wheels(a, rng, "disc", (high * 0.6, 0.4), places)
        a.add("chassis", box(wide * 0.45, high * 0.5, long * 0.9).at(y=high * 0.45))
        a.add(
            "chassis",
            across(0.09, wide * 0.8).copies([(0, high * 0.6, long * 0.36), (0, high * 0.6, -long * 0.36)]),
        )
    a.add(pick(rng, ("turntable", "base")), cylinder(wide * 0.3, 0.3, around=20).at(y=high * 0.75))
    y, deep = high * 0.75 + 0.26, long * 0.42
    a.add("body", box(wide * 0.95, 0.22, deep * 2, bevel=0.03).at(y=y, z=-deep * 0.25))
    tall = rng.uniform(0.6, 0.85)
    a.add("engine", box(wide * 0.92, tall, deep, bevel=0.06).at(y=y + 0.2, z=-deep * 0.72))
    if chance(rng, 0.5):
        a.add(
            "weight",
            cylinder(wide * 0.47, tall * 0.9, around=24).scaled(1, 1, 0.5).at(y=y + 0.18, z=-deep * 1.12),
        )
    if chance(rng, 0.6):
        a.add("exhaust pipe", cylinder(0.06, 0.45, around=10).at(-wide * 0.25, y + tall + 0.15, -deep * 0.7))
    a.add(
        "vent",
        box(0.04, 0.05, deep * 0.55)
        .row(4, y=0.1)
        .at(wide * 0.46, y + 0.2 + tall * 0.5, -deep * 0.72)
        .both_sides(),
    )
    _cab(a, rng, (wide * 0.27, y + 0.2, deep * 0.25), (wide * 0.4, 1.45, deep * 1.05), chance(rng, 0.5))
    _digging_arm(a, rng, (-wide * 0.1, y + 0.35, deep * 0.45))
    if chance(rng, 0.35):
        blade = along([(0, 0), (0.1, 0), (0.16, 0.25), (0.1, 0.5), (0, 0.5), (0.06, 0.25)], wide)
        arms = box(0.12, 0.12, 0.5).at(wide * 0.2, high * 0.35, long * 0.5).both_sides()
        a.add("blade", blade.at(y=0.03, z=long / 2 + 0.22))
        a.add("bracket", arms)
    a.afford("ride", "cab", "seat", "window", where=facing("x"))
    a.afford("sit", "seat", where=facing())
    a.afford("contain", "bucket", where=facing(softness=0.6))
    a.afford("lift", "bucket", "claw")
    a.afford("open", "door")
    a.afford("grasp", "handle", "lever")
    a.afford("pull", "handle", "lever")
    a.afford("push", "lever", "blade")
    a.afford("move", "track", "wheel")
    return a


def _digging_arm(a: Assembly, rng: np.random.Generator, start: tuple[Number, Number, Number]) -> None:
    """Boom, stick and tool ahead of `start`, with the pistons that move them."""
    x, y, z = start
    knee = np.array([x, y + rng.uniform(1.4, 2.0), z + rng.uniform(1.2, 1.7)])
    end = np.array([x, y + rng.uniform(0.6, 1.1), knee[2] + rng.uniform(0.9, 1.3)])
    wrist = np.array([x, rng.uniform(0.7, 1.2), end[2] - rng.uniform(0.0, 0.5)])
    thick = rng.uniform(0.2, 0.28)
    path = np.array([start, knee, end])
    a.add("boom", sweep(path, rectangle(thick * 1.1, thick * 1.5), np.array([1.0, 1.3, 0.8])))
    a.add(
        "arm",
        sweep(
            np.array([end + (end - wrist) * 0.3, end, wrist]),
            rectangle(thick * 0.9, thick * 1.2),
            np.array([0.7, 1.2, 0.7]),
        ),
    )
    pins = across(thick * 0.35, thick * 1.8, 10)
    a.add("pivot", pins.at(*end), pins.at(*wrist), pins.at(*start))
    _piston(a, (x, y - 0.15, z + 0.25), knee * 0.7 + np.array(start) * 0.3 - [0, thick, -thick], 0.07)
    _piston(a, knee + np.array([0, thick, 0]), end + (end - wrist) * 0.28 + [0, thick * 0.5, 0], 0.06)
    tool = pick(rng, ("bucket", "hammer", "claw"), (6, 1, 1))
    if tool == "bucket":
        w, r = rng.uniform(0.55, 0.9), rng.uniform(0.42, 0.55)
        bow = arc(r, 120, 320, 10)[:, [2, 1, 0]]
        shell = sweep(bow, rectangle(w, 0.06))
        cheek = along([*(arc(r, 120, 320, 10)[:, :2])], 0.05).at(x=w / 2).both_sides()
        tooth = box(0.08, 0.07, 0.16).row(4, x=w * 0.28).at(*(bow[-1] + [0, 0, 0.04]))
        place = wrist - [0, r * 0.55, r * 0.3]
        a.add("bucket", (shell + cheek).at(*place))
        a.add("tooth", tooth.at(*place), of="bucket")
    elif tool == "hammer":
        a.add("hammer", box(0.3, 0.7, 0.35, bevel=0.04).at(x, wrist[1] - 0.62, wrist[2]))
        a.add("tip", cylinder(0.02, 0.6, 0.07, around=10).at(x, wrist[1] - 1.15, wrist[2]))
    else:
        finger = sweep(arc(0.35, 90, 230, 8)[:, [2, 1, 0]] + [0, -0.35, 0], rectangle(0.12, 0.06)).at(y=0.05)
        a.add("claw", finger.around(int(pick(rng, (2, 3, 4)))).at(*wrist), ball(0.25, around=10).at(*wrist))
