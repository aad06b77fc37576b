"""Motor vehicles on roads: cars, buses and vans, lorries, motorbikes."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along, on_axles, pane, wheel
from partwise.datasets.world.build import ball, box, cylinder, loft, sweep, tray, tube
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.outlines import arc, curve, rectangle, rounded


def _ring(width: Number, y: Number, front: Number, back: Number) -> list[list[float]]:
    half = width / 2
    return [[half, y, back], [half, y, front], [-half, y, front], [-half, y, back]]


def cabin(
    low: list[list[float]], high: list[list[float]], shrink: Number, thick: Number
) -> tuple[Mesh, Mesh]:
    """A glass house between two rings of four corners, and panes on its four sides."""
    corners = np.array([low, high], dtype=np.float64)
    panes = []
    for side in range(4):
        nxt = (side + 1) % 4
        quad = corners[0, side], corners[0, nxt], corners[1, nxt], corners[1, side]
        if side in (0, 2):  # the long sides carry two windows each
            middle = (quad[0] + quad[1]) / 2, (quad[2] + quad[3]) / 2
            panes += [
                pane((quad[0], middle[0], middle[1], quad[3]), shrink, thick),
                pane((middle[0], quad[1], quad[2], middle[1]), shrink, thick),
            ]
        else:
            panes.append(pane(quad, shrink, thick))
    return loft(corners), join(panes)


def _lamps(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], y: Number) -> None:
    """Headlights and taillights on the ends of a body of (width, height, length)."""
    width, height, length = size
    wide, high = width * rng.uniform(0.15, 0.25), height * rng.uniform(0.1, 0.18)
    round_ones = chance(rng, 0.3)
    lamp = (
        cylinder(high * 0.7, 0.06, around=12).turned("x", 90)
        if round_ones
        else box(wide, high, 0.06).at(y=-high / 2)
    )
    x = width / 2 - wide * 0.62
    a.add("headlight", lamp.at(x=x, y=y, z=length / 2).both_sides(), of="light")
    back = box(wide, high, 0.06).at(y=-high / 2)
    a.add("taillight", back.at(x=x, y=y * 1.05, z=-length / 2).both_sides(), of="light")


def car(rng: np.random.Generator) -> Assembly:
    """Saloons, hatchbacks, off-roaders, sports cars, taxis and police cars."""
    kind = pick(rng, ("saloon", "hatch", "suv", "sport"), (4, 3, 3, 3))
    service = pick(rng, ("", "police ", "taxi"), (6, 1.5, 1))
    a = Assembly("taxi" if service == "taxi" else f"{service}car")
    length, width = rng.uniform(3.4, 4.9), rng.uniform(1.6, 2.0)
    tall = {"suv": 1.3, "sport": 0.75}.get(kind, 1.0)
    radius = rng.uniform(0.28, 0.38) * (1.15 if kind == "suv" else 1.0)
    floor, belt = radius * rng.uniform(0.6, 0.9), rng.uniform(0.85, 1.0) * tall**0.7
    top = belt + rng.uniform(0.45, 0.65) * tall**0.5
    f, b, drop = length / 2, -length / 2, rng.uniform(0.05, 0.35) * (belt - floor)
    hood, tail = f - length * rng.uniform(0.22, 0.32), b + length * rng.uniform(0.1, 0.2)
    if kind in ("hatch", "suv"):
        tail = b + length * 0.02
    side = [(b, floor), (b, belt * 0.95), (tail, belt), (hood, belt), (f, belt - drop), (f, floor)]
    if chance(rng, 0.5):
        for axle in (0.3, -0.3):
            bow = arc(radius * 1.15, 0, 180, 7)[:, :2] + [axle * length, floor]
            side += [tuple(point) for point in bow]
    bend = rng.uniform(0.0, 0.12)
    body = along(rounded(side[:6], bend) if bend > 0.04 and len(side) == 6 else side, width)
    low = _ring(width * 0.96, belt - 0.01, hood, tail)
    slope = (
        rng.uniform(0.3, 0.7),
        rng.uniform(0.1, 0.5) if kind in ("hatch", "suv") else rng.uniform(0.3, 0.7),
    )
    back = tail + slope[1]
    house, glass = cabin(low, _ring(width * rng.uniform(0.72, 0.88), top, hood - slope[0], back), 0.09, 0.035)
    a.add("body", body, house)
    if chance(rng, 0.7):
        a.add("window", glass)
    rim = wheel(rng, radius, rng.uniform(0.18, 0.28))
    a.add("wheel", on_axles(rim, width / 2 - 0.06, (0.3 * length, -0.3 * length), radius))
    if chance(rng, 0.7):
        _lamps(a, rng, (width, belt - floor, length), (belt - drop + floor) / 2 + 0.08)
    _car_extras(a, rng, (width, floor, length), (hood - slope[0] + back) / 2, top, service)
    if kind in ("saloon", "sport") and chance(rng, 0.2):
        posts = box(0.08, 0.16, 0.1).at(x=width * 0.3, y=belt * 0.95, z=b + 0.15).both_sides()
        a.add("spoiler", posts, box(width * 0.9, 0.05, 0.25).at(y=belt * 0.95 + 0.15, z=b + 0.12))
    a.afford("ride", "body", "window", where=facing("x"))
    a.afford("open", "door")
    return a


def _car_extras(
    a: Assembly,
    rng: np.random.Generator,
    size: tuple[Number, Number, Number],
    roof: Number,
    top: Number,
    service: str,
) -> None:
    """Bumpers, mirrors, doors, and what tells a taxi or a police car."""
    width, floor, length = size
    if chance(rng, 0.4):
        bar = box(width * 0.98, 0.2, 0.16, bevel=0.03)
        a.add("bumper", bar.at(y=floor, z=length / 2).both_sides("z"))
    if chance(rng, 0.25):
        a.add("door", box(0.03, 0.5, 0.9).at(x=width / 2, y=floor + 0.05).both_sides())
    if chance(rng, 0.25):
        a.add(
            "mirror", box(0.2, 0.14, 0.1).at(x=width / 2 + 0.06, y=top - 0.45, z=length * 0.15).both_sides()
        )
    if service == "police " and chance(rng, 0.85):
        a.add("light bar", box(width * 0.6, 0.12, 0.22, bevel=0.03).at(y=top, z=roof), of="light")
    if service == "taxi" and chance(rng, 0.8):
        a.add("sign", box(0.45, 0.16, 0.2).tapered(0.7).at(y=top, z=roof))


def bus(rng: np.random.Generator) -> Assembly:
    """Buses, school buses, vans and ambulances: boxes with rows of windows."""
    kind = pick(rng, ("bus", "school bus", "van", "ambulance"), (3, 2, 3, 2))
    a = Assembly(kind)
    big = kind.endswith("bus")
    length, width = (rng.uniform(7, 12), rng.uniform(2.2, 2.6)) if big else (rng.uniform(4.3, 6), 2.0)
    radius = rng.uniform(0.4, 0.5) if big else rng.uniform(0.3, 0.4)
    floor, top = radius * rng.uniform(0.6, 1.0), rng.uniform(2.6, 3.3) if big else rng.uniform(2.0, 2.6)
    belt = floor + (top - floor) * rng.uniform(0.4, 0.55)
    f, b = length / 2, -length / 2
    nose = length * rng.uniform(0.12, 0.2) if kind != "bus" else 0.0
    side = [(b, floor), (b, top), (f - nose * 1.4 - 0.1, top), (f - nose, belt), (f, belt - 0.15), (f, floor)]
    if not nose:
        side = [(b, floor), (b, top), (f - rng.uniform(0.0, 0.4), top), (f, belt), (f, floor)]
    a.add("body", along(rounded(side, rng.uniform(0.03, 0.2)), width))
    stop = f - nose * 1.4 - 0.25
    count = int(rng.integers(4, 9)) if big else int(pick(rng, (1, 2, 3)))
    start = b + 0.2 if big or kind == "van" else f - nose * 1.4 - 1.0
    each, tall = (stop - start) / count, (top - belt) * rng.uniform(0.55, 0.75)
    glass = box(0.05, tall, each * rng.uniform(0.75, 0.95)).row(count, z=each).at(z=(start + stop) / 2)
    screen = [(-width / 2, belt, f - nose), (width / 2, belt, f - nose)]
    high = f - nose * 1.4 - 0.1 if nose else side[2][0]
    screen += [(width / 2, top, high), (-width / 2, top, high)]
    rear = box(width * 0.8, tall, 0.05).at(y=belt, z=b)
    a.add("window", glass.at(x=width / 2, y=belt).both_sides(), pane(screen, 0.1, 0.06), rear)
    rim = wheel(rng, radius, rng.uniform(0.22, 0.32))
    a.add("wheel", on_axles(rim, width / 2 - 0.1, (f - max(nose, length * 0.15), b + length * 0.2), radius))
    if chance(rng, 0.7):
        style = pick(rng, ("ends", "skirt"))
        bar = box(width * 1.02, 0.25, 0.2).at(y=floor, z=f).both_sides("z")
        skirt = box(width * 1.03, (belt - floor) * 0.5, length * 1.01).at(y=floor)
        a.add("bumper", skirt if style == "skirt" else bar)
    lamp = box(0.25, 0.2, 0.12) if chance(rng, 0.5) else cylinder(0.13, 0.1, around=10).turned("x", 90)
    y = floor + (belt - floor) * 0.6
    a.add(
        "light",
        lamp.at(x=width * 0.36, y=y, z=f).both_sides(),
        lamp.at(x=width * 0.36, y=y, z=b).both_sides(),
    )
    if kind == "ambulance":
        a.add("light", box(width * 0.6, 0.18, 0.3).at(y=top, z=high - 0.4))
    if big and chance(rng, 0.5):
        a.add("door", box(0.08, top - floor - 0.4, 0.9).at(x=width / 2, y=floor + 0.1, z=f - nose - 0.8))
    a.afford("ride", "body", "window", where=facing("x"))
    a.afford("open", "door")
    return a


def truck(rng: np.random.Generator) -> Assembly:
    """Lorries with a box, an open bed, a tank or a tipper behind the cab."""
    a = Assembly("truck")
    width, cab, load = rng.uniform(2.1, 2.5), rng.uniform(1.6, 2.4), rng.uniform(3.0, 6.5)
    radius = rng.uniform(0.4, 0.55)
    floor, top = radius * 1.1, rng.uniform(2.3, 3.0)
    f, b = (cab + load) / 2, -(cab + load) / 2
    name = pick(rng, ("body", "cab"))
    nose = pick(rng, (0.0, rng.uniform(0.6, 1.0)))
    mid = (floor + top) / 2 + 0.1
    side = [
        (f - cab, floor),
        (f - cab, top),
        (f - nose - 0.3, top),
        (f - nose, mid),
        (f, mid - 0.1),
        (f, floor),
    ]
    a.add(name, along(side, width * 0.96))
    a.add("chassis" if name == "cab" else name, box(width * 0.6, 0.2, cab + load).at(y=floor - 0.1))
    front = [(-width * 0.48, mid, f - nose), (width * 0.48, mid, f - nose)]
    front += [(width * 0.48, top, f - nose - 0.3), (-width * 0.48, top, f - nose - 0.3)]
    pane_side = box(0.06, (top - mid) * 0.75, (cab - nose) * 0.5).at(
        x=width * 0.48, y=mid, z=f - nose - cab * 0.25 - 0.35
    )
    if chance(rng, 0.7):
        a.add("window", pane(front, 0.08, 0.06), pane_side.both_sides())
    kind = pick(rng, ("box", "bed", "tank", "logs"), (4, 3, 2, 1))
    z, room = b + load / 2, load - 0.15
    high = rng.uniform(1.6, 2.4)
    if kind == "box":
        a.add("container", box(width, high, room, bevel=pick(rng, (0.0, 0.04))).at(y=floor + 0.1, z=z))
    elif kind == "bed":
        a.add("bed", tray(width, rng.uniform(0.4, 1.2), room, 0.08).at(y=floor + 0.1, z=z))
    elif kind == "tank":
        barrel = cylinder(width / 2, room, bevel=0.2).turned("x", 90)
        a.add("container", barrel.at(y=floor + width / 2, z=z - room / 2))
    else:
        log = cylinder(0.25, room, around=8).turned("x", 90).at(z=z - room / 2)
        a.add("cargo", log.row(4, x=0.5).at(y=floor + 0.4), log.row(3, x=0.5).at(y=floor + 0.85))
        a.add("bed", box(width, 0.1, room).at(y=floor + 0.05, z=z))
    rim = wheel(rng, radius, 0.3)
    places = (f - cab * 0.5, b + load * 0.15, b + load * 0.15 + 2.2 * radius)
    a.add("wheel", on_axles(rim, width / 2 - 0.15, places, radius))
    if chance(rng, 0.5):
        a.add(
            "headlight", box(0.3, 0.2, 0.08).at(x=width * 0.33, y=floor + 0.25, z=f).both_sides(), of="light"
        )
    if chance(rng, 0.4):
        a.add("bumper", box(width, 0.28, 0.2).at(y=floor - 0.1, z=f))
    if chance(rng, 0.3):
        a.add(
            "exhaust pipe",
            cylinder(0.08, 1.8, around=8).at(x=width * 0.4, y=mid, z=f - cab - 0.05).both_sides(),
        )
    a.afford("support", "bed", where=facing())
    a.afford("contain", "bed", "container")
    a.afford("ride", name)
    return a


def motorbike(rng: np.random.Generator) -> Assembly:
    """Motorbikes and scooters."""
    a = Assembly("motorbike")
    radius, reach = rng.uniform(0.26, 0.34), rng.uniform(0.65, 0.8)
    thick = rng.uniform(0.1, 0.16)
    rim = wheel(rng, radius, thick, pick(rng, ("spoked", "dish", "hub")))
    a.add("wheel", rim.copies([(0, radius, reach), (0, radius, -reach)]))
    head = np.array([0, radius * 2 + rng.uniform(0.2, 0.35), reach * 0.55])
    fork = cylinder(0.025, 1.0, around=6)
    length = float(np.linalg.norm(head - [0, radius, reach]))
    leg = fork.scaled(1, length, 1).pointed((0, radius, reach), head).at(x=thick * 0.7)
    a.add("fork", leg.both_sides())
    seat_y = radius * 2 + rng.uniform(0.02, 0.15)
    spine = curve([head - [0, 0.1, 0], [0, seat_y, 0.1], [0, seat_y - 0.05, -reach * 0.8]], 10)
    a.add(
        "frame",
        sweep(spine, rectangle(0.1, 0.08)),
        tube([[0, radius, -reach], [0, radius * 0.9, 0.1], head - [0, 0.15, 0]], 0.04, 6),
    )
    a.add("engine", box(0.26, radius * 1.1, 0.45, bevel=0.04).at(y=radius * 0.55, z=0.02))
    tank = ball(0.26, 0.22, 0.5).at(y=seat_y + 0.1, z=0.22)
    a.add("fuel tank", tank)
    a.add("seat", box(0.26, 0.09, rng.uniform(0.5, 0.75), bevel=0.03).at(y=seat_y + 0.02, z=-0.32))
    wide = rng.uniform(0.3, 0.42)
    bar = curve(
        [[-wide, 0.05, -0.15], [-wide * 0.4, 0.08, 0], [wide * 0.4, 0.08, 0], [wide, 0.05, -0.15]], 10
    )
    a.add("handlebar", tube(bar + head, 0.018, 6))
    a.add(
        "handle",
        cylinder(0.026, 0.13, around=8)
        .turned("z", 90)
        .at(x=wide, y=head[1] + 0.05, z=head[2] - 0.14)
        .both_sides(),
    )
    a.add("headlight", ball(0.18, 0.18, 0.12, around=10).at(y=head[1] - 0.05, z=head[2] + 0.1), of="light")
    if chance(rng, 0.7):
        pipe = tube(
            [[0.14, radius, 0.1], [0.16, radius * 0.7, -0.2], [0.17, radius * 0.9, -reach - 0.1]], 0.045, 8
        )
        a.add("exhaust pipe", pipe)
    if chance(rng, 0.5):
        guard = arc(radius * 1.12, 40, 150, 8)[:, [2, 1, 0]] + [0, radius, reach]
        a.add("mudguard", sweep(guard, rectangle(0.02, thick * 1.2)))
    a.afford("ride", "seat")
    a.afford("sit", "seat", where=facing())
    a.afford("grasp", "handle", "handlebar")
    return a
