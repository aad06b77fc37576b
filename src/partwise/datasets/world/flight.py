"""What flies by turning wings: helicopter, drone."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import wheel
from partwise.datasets.world.build import (
    ball,
    box,
    box_between,
    cylinder,
    pillow,
    ring,
    slab,
    tube,
)
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Number, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle, squircle
from partwise.datasets.world.riding import across, body, rod

Spot = tuple[Number, Number, Number]


def helicopter(rng: np.random.Generator) -> Assembly:
    """Helicopters: a glass bubble on a lattice tail, a cabin with a boom, a slim armed one, one with two rotors."""
    kind = pick(rng, ("bubble", "cabin", "attack", "tandem"), (3, 4, 2, 2))
    a = Assembly("helicopter")
    long, wide, high = rng.uniform(3.2, 4.4), rng.uniform(1.4, 1.9), rng.uniform(1.4, 1.9)
    lift = rng.uniform(0.5, 0.8)
    y, top = lift + high / 2, lift + high
    span, count = long * rng.uniform(0.95, 1.3), int(rng.integers(2, 6))
    if kind == "bubble":
        _bubble(a, rng, (long, wide, high), y)
        _rotor(a, rng, (0, top + 0.25, -0.25), (span, count), 0.6)
    elif kind == "tandem":
        long *= 1.9
        _cabin(a, rng, (long, wide, high), y, False)
        a.add(
            pick(rng, ("body", "tail")), box(wide * 0.4, 1.1, 1.3, bevel=0.1).at(y=top - 0.15, z=-long * 0.4)
        )
        _rotor(a, rng, (0, top + 0.15, long * 0.33), (span, 3), 0.35)
        _rotor(a, rng, (0, top + 1.2, -long * 0.4), (span, 3), 0.45)
    else:
        slim = wide * (0.65 if kind == "attack" else 1.0)
        _cabin(a, rng, (long, slim, high), y, True)
        a.add(
            pick(rng, ("engine", "body")),
            body([(-long * 0.35, top, slim * 0.6, 0.4), (long * 0.1, top + 0.05, slim * 0.65, 0.5)]),
        )
        _rotor(a, rng, (0, top + 0.2, -long * 0.08), (span, count), 0.4)
        if kind == "attack":
            a.add("wing", box(slim + 1.6, 0.12, 0.5, bevel=0.03).at(y=y, z=-long * 0.1))
            pod = cylinder(0.16, 1.1, 0.13, around=12).turned("x", 90).at(y=y - 0.14, z=-long * 0.1 - 0.5)
            a.add("missile", pod.at(x=slim / 2 + 0.6).both_sides())
            a.add("gun", rod(0.06, (0, lift + 0.2, long * 0.3), (0, lift + 0.05, long * 0.62), sides=8))
    _undercarriage(a, rng, kind, (long, wide, lift), y)
    a.afford("ride", "cockpit", "body", where=facing("x"))
    a.afford("open", "door")
    a.afford("grasp", "handle", "tail boom")
    a.afford("pull", "handle")
    a.afford("support", "skid", "step", where=facing())
    a.afford("move", "wheel", "tail boom")
    a.afford("display", "light")
    return a


def _rotor(
    a: Assembly, rng: np.random.Generator, place: Spot, size: tuple[Number, int], mast: Number
) -> None:
    """A mast of that height at `place` with a hub and (reach, count) blades on its top."""
    x, y, z = place
    (reach, count), start = size, rng.uniform(0, 360)
    a.add("pole", cylinder(0.09, mast + 0.25, around=10).at(x, y - 0.25, z), of="rotor")
    hub = cylinder(0.22, 0.16, 0.14, around=14)
    a.add("hub", hub.at(x, y + mast - 0.06, z), of="rotor")
    width = rng.uniform(0.16, 0.3)
    outline = squircle(reach, width, rng.uniform(4, 10), 16)
    blade = (
        slab(outline, 0.035).turned("x", rng.uniform(4, 12)).turned("z", rng.uniform(-3, 3)).at(x=reach / 2)
    )
    a.add("rotor blade", blade.around(count, start=start).at(x, y + mast + 0.02, z), of="rotor")


def _bubble(a: Assembly, rng: np.random.Generator, size: Spot, y: Number) -> None:
    """A ball of glass with seats, tank and engine behind it, and a lattice of rods for a tail."""
    long, wide, high = size
    a.add("cockpit", ball(wide, high, wide * 1.15, around=18).at(y=y, z=wide * 0.5))
    a.add("engine", box_between((-0.35, y - 0.6, -0.75), (0.35, y + 0.3, 0.02), bevel=0.05))
    a.add("engine", across(0.2, 0.9).at(0, y - 0.1, -0.4))
    tank = cylinder(0.24, 0.75, around=14, bevel=0.08).turned("x", 90).at(0.42, y + high * 0.42, -0.7)
    a.add("fuel tank", tank.both_sides())
    a.add("engine", box(0.25, high * 0.5, 0.3).at(y=y + 0.2, z=-0.25))
    end = np.array([0, y + high * 0.3, -long * 1.05])
    corners = ((0.35, y + 0.25, -0.7), (-0.35, y + 0.25, -0.7), (0, y - 0.45, -0.7))
    bars = [rod(0.035, corner, end, sides=5) for corner in corners]
    for share in (0.25, 0.5, 0.75):
        ends = [np.array(corner) * (1 - share) + end * share for corner in corners]
        bars.append(tube([*ends, ends[0]], 0.025, 5))
    a.add("tail boom", *bars)
    _tail(a, rng, end, long * 0.16)


def _cabin(a: Assembly, rng: np.random.Generator, size: Spot, y: Number, tail: bool) -> None:
    """A body that bears windows and doors, the glass at its front, a boom with fins behind it."""
    long, wide, high = size
    f, power = long / 2, rng.uniform(2.5, 5)
    lines = [
        (-f, y + high * 0.1, wide * 0.6, high * 0.6),
        (-f * 0.5, y, wide, high),
        (f * 0.45, y, wide, high),
    ]
    shell = [
        *lines,
        (f * 0.8, y - high * 0.12, wide * 0.8, high * 0.7),
        (f, y - high * 0.25, wide * 0.35, high * 0.3),
    ]
    a.add("body", body(shell, power))
    glass = [
        (f * 0.42, y + high * 0.14, wide * 0.96, high * 0.74),
        (f * 0.72, y + high * 0.07, wide * 0.82, high * 0.56),
    ]
    a.add("cockpit", body([*glass, (f * 0.93, y - high * 0.08, wide * 0.5, high * 0.3)], power))
    leaf = box(0.06, high * 0.68, f * 0.5, bevel=0.02).at(x=wide / 2 - 0.01, y=y - high * 0.36, z=f * 0.05)
    count = 1 if tail else int(rng.integers(3, 6))
    if chance(rng, 0.75):
        a.add("door", leaf.both_sides())
        a.add("handle", box(0.06, 0.05, 0.18).at(wide / 2 + 0.04, y - high * 0.08, -f * 0.12).both_sides())
    pane = box(0.05, high * 0.24, min(f * 0.32, 0.6), bevel=0.02).row(count, z=0.8)
    a.add("window", pane.at(wide / 2 + 0.02, y + high * 0.02, f * (0.05 if tail else -0.1)).both_sides())
    if not tail:
        return
    end = np.array([0, y + high * 0.28, -f - long * rng.uniform(0.65, 0.9)])
    a.add(
        "tail boom",
        body([(-f * 0.85, y + high * 0.15, wide * 0.4, high * 0.42), (end[2], end[1], 0.2, 0.24)], 2.5),
    )
    _tail(a, rng, end, long * rng.uniform(0.15, 0.2))


def _tail(a: Assembly, rng: np.random.Generator, end: np.ndarray, reach: Number) -> None:
    """The fin, the level wing and the small upright rotor at the `end` of a tail."""
    x, y, z = end
    if chance(rng, 0.8):
        fin = np.array(
            [(0, -0.05), (reach * 1.0, -0.05), (-reach * 0.1, reach * 1.5), (-reach * 0.6, reach * 1.5)]
        )
        upright = slab(fin, 0.07).turned("x", -90).turned("y", -90).at(x=-0.035)
        a.add("fin", upright.at(x, y, z), of="tail")
    a.add("tail", box(reach * 2.4, 0.06, reach * 0.6, bevel=0.02).at(x, y, z + reach * 1.4))
    a.add("tail rotor", across(0.07, 0.24).at(x + 0.1, y, z))
    blade = (
        slab(rectangle(reach * 0.95, 0.14, 0.04, 2), 0.03).at(x=reach * 0.5).turned("x", 10).turned("z", 90)
    )
    a.add("tail rotor", blade.around(pick(rng, (2, 3, 4)), "x").at(x + 0.2, y, z))


def _undercarriage(a: Assembly, rng: np.random.Generator, kind: str, size: Spot, y: Number) -> None:
    """Skids on bows, or wheels on struts, a step and a lamp; `size` is (length, width, height of the floor)."""
    long, wide, lift = size
    if kind == "bubble" or (kind == "cabin" and chance(rng, 0.75)):
        x, bar = wide * 0.6, long * 0.42
        path = [(x, 0.22, bar + 0.15), (x, 0.05, bar - 0.1), (x, 0.05, -bar)]
        a.add("skid", rod(0.05, *path, sides=8).both_sides())
        bow = curve(
            [
                [-x, 0.05, 0],
                [-x * 0.7, lift * 0.8, 0],
                [0, lift + 0.2, 0],
                [x * 0.7, lift * 0.8, 0],
                [x, 0.05, 0],
            ],
            15,
        )
        bows = tube(bow, 0.04, 6).copies([(0, 0, bar * 0.55), (0, 0, -bar * 0.35)])
        a.add(pick(rng, ("landing gear", "skid")), bows)
        if chance(rng, 0.4):
            a.add("step", box(0.14, 0.03, 0.4).at(x=x, y=0.1).both_sides())
    else:
        radius = lift * rng.uniform(0.38, 0.5)
        x, ends = wide * 0.42, (long * 0.3, -long * 0.28)
        disc = wheel(rng, radius, radius * 0.6)
        a.add("wheel", disc.copies([(s * x, radius, z) for s in (-1, 1) for z in ends]))
        strut = rod(0.06, (0, radius, 0), (-x * 0.4, y, 0)).at(x=x * 0.85)
        a.add("landing gear", join([strut.at(z=z) for z in ends]).both_sides())
    if chance(rng, 0.6):
        a.add("light", ball(0.2, around=10).at(y=lift + 0.08, z=long * (0.22 if kind != "bubble" else 0.1)))
    if kind == "bubble":
        a.add("light", rod(0.03, (0, lift + 0.3, 0.4), (0, lift - 0.05, 0.5)))


def drone(rng: np.random.Generator) -> Assembly:
    """Drones: a camera under four propellers, racing frames, ring guards, big ones with six or eight that carry."""
    kind = pick(rng, ("photo", "racing", "guarded", "carrier"), (4, 2, 2, 2))
    a = Assembly("drone")
    count = {"photo": 4, "racing": 4, "guarded": 4}.get(kind) or int(pick(rng, (6, 6, 8)))
    reach, y = rng.uniform(0.14, 0.24) * (1.6 if kind == "carrier" else 1.0), rng.uniform(0.08, 0.13)
    thick = reach * rng.uniform(0.07, 0.11)
    size = reach * rng.uniform(0.55, 0.8)
    _drone_body(a, rng, kind, size, y)
    start = 0.0 if kind == "carrier" and chance(rng, 0.5) else 180.0 / count
    _rotors(a, rng, kind, (reach, y, thick), (count, start))
    _drone_below(a, rng, kind, (size, reach, y), thick)
    if chance(rng, 0.5):
        a.add(
            "button",
            cylinder(size * 0.09, size * 0.1, around=12).at(
                y=y + size * (0.5 if kind == "racing" else 0.26), z=-size * 0.15
            ),
        )
    if chance(rng, 0.45):
        a.add(
            "light",
            ball(thick * 1.1, around=8).at(x=reach * 0.7, y=y - thick * 0.5, z=reach * 0.7).four_corners()
            if count == 4
            else ball(thick, around=8).at(y=y, z=-size * 0.55),
        )
    a.afford("grasp", "body", "plate", "arm")
    a.afford("press", "button")
    a.afford("lift", "body", "plate")
    a.afford("move", "propeller")
    a.afford("pull", "battery")
    a.afford("support", "landing gear", "hook")
    a.afford("display", "light")
    a.afford("carry", "hook")
    return a


def _drone_body(a: Assembly, rng: np.random.Generator, kind: str, size: Number, y: Number) -> None:
    """Two plates with a battery on top, a disc under a cover, or a rounded body, at the height y."""
    if kind == "racing":
        plate = slab(rectangle(size * 0.6, size * 1.4, size * 0.2), size * 0.04)
        a.add("plate" if chance(rng, 0.5) else "body", plate.row(2, y=size * 0.45).at(y=y))
        a.add(
            "rod",
            cylinder(size * 0.025, size * 0.45, around=6)
            .at(x=size * 0.22, y=y - size * 0.2, z=size * 0.5)
            .four_corners(),
        )
        a.add("battery", box(size * 0.4, size * 0.25, size * 0.9, bevel=0.004).at(y=y + size * 0.28))
    elif kind == "carrier":
        a.add(
            "body",
            cylinder(size * 0.55, size * 0.3, size * 0.45, bevel=0.01, around=roundness(rng) + 2).at(
                y=y - size * 0.1
            ),
        )
        a.add("cover", ball(size * 0.85, size * 0.4, size * 0.85, around=14).at(y=y + size * 0.2))
    else:
        long = size * rng.uniform(1.2, 1.9)
        a.add("body", pillow(size * 0.75, size * 0.42, long, rng.uniform(2.5, 6), 16).at(y=y))
        a.add(
            "battery",
            box(size * 0.5, size * 0.18, long * 0.5, bevel=0.004).at(y=y + size * 0.12, z=-long * 0.2),
        )


def _rotors(
    a: Assembly, rng: np.random.Generator, kind: str, size: Spot, ring_of: tuple[int, Number]
) -> None:
    """Arms of (reach, height, thickness), (count, first angle), each with a motor, a propeller, maybe a guard."""
    (reach, y, thick), (count, start) = size, ring_of
    rise = rng.uniform(-0.1, 0.25) * reach
    arm = tube(
        [[reach * 0.15, 0, 0], [reach, rise, 0]], thick * np.array([0.75, 0.55]), int(pick(rng, (4, 6, 8)))
    )
    a.add("arm", arm.around(count, start=start).at(y=y))
    motor = cylinder(thick * 1.1, thick * 1.6, around=14).at(x=reach, y=rise - thick * 0.6)
    a.add("motor", motor.around(count, start=start).at(y=y))
    span = reach * np.sin(np.pi / count) * rng.uniform(0.75, 0.95)
    pair = int(pick(rng, (2, 2, 3)))
    wing = slab(squircle(span, span * 0.2, 2.5, 12), thick * 0.16).turned("x", 14).at(x=span * 0.5)
    screw = wing.around(pair) + cylinder(thick * 0.4, thick * 0.7, around=8).at(y=-thick * 0.25)
    tops = [
        screw.turned("y", float(rng.uniform(0, 180)))
        .at(x=reach, y=rise + thick * 1.2)
        .turned("y", start + i * 360 / count)
        for i in range(count)
    ]
    a.add("propeller", *[top.at(y=y) for top in tops])
    if kind == "guarded":
        around = ellipse(span * 2.25, count=24)
        hoop = ring(around, around * 0.94, thick * 1.5).turned("x", 90).at(x=reach, y=rise + thick * 0.6)
        bars = box(span * 2.2, thick * 0.4, thick * 0.4).at(y=rise, x=reach)
        a.add("guard", (hoop + bars).around(count, start=start).at(y=y))


def _drone_below(a: Assembly, rng: np.random.Generator, kind: str, size: Spot, thick: Number) -> None:
    """Legs or bows to land on, camera on its gimbal, antenna; `size` is (body, reach, height of the body)."""
    body_size, reach, y = size
    if kind == "carrier" or (kind == "photo" and chance(rng, 0.4)):
        x = body_size * 0.75
        leg = rod(thick * 0.35, (body_size * 0.25, y, 0), (x, thick * 0.3, 0)).copies(
            [(0, 0, 0.25 * body_size), (0, 0, -0.25 * body_size)]
        )
        runner = rod(thick * 0.4, (x, thick * 0.4, -body_size * 0.7), (x, thick * 0.4, body_size * 0.7))
        a.add("landing gear", leg.both_sides(), runner.both_sides())
    elif kind == "racing":
        a.add("foot", cylinder(thick * 0.4, y, around=8).at(x=reach * 0.42, z=reach * 0.42).four_corners())
    else:
        post = cylinder(thick * 0.3, y + thick, thick * 0.55, around=8).at(x=reach * 0.66, z=reach * 0.66)
        a.add("leg" if chance(rng, 0.6) else "landing gear", post.four_corners())
    if chance(rng, 0.8) or kind == "photo":
        _camera_below(a, kind, body_size, y)
    elif kind == "carrier":
        a.add(
            "hook",
            rod(thick * 0.25, (0, y, 0), (0, y * 0.5, 0)),
            tube(arc(y * 0.12, -180, 90, 9), thick * 0.25, 6).at(y=y * 0.4),
        )
    if chance(rng, 0.4):
        a.add(
            "antenna",
            rod(thick * 0.16, (0, y, -body_size * 0.3), (0, y + body_size * 0.9, -body_size * 0.8))
            .at(x=body_size * 0.15)
            .both_sides(),
        )


def _camera_below(a: Assembly, kind: str, body_size: Number, y: Number) -> None:
    """A camera with its lens under the front of a body, hung in a gimbal or, on racing drones, fixed."""
    front = body_size * (0.3 if kind == "carrier" else 0.55)
    low = y - body_size * (0.32 if kind != "racing" else -0.12)
    wide = body_size * 0.26
    if kind != "racing":
        a.add(
            "gimbal",
            box(wide * 1.5, body_size * 0.06, wide, bevel=0.002).at(y=low + wide * 0.5, z=front * 0.8),
            box(wide * 0.14, wide * 1.2, wide * 0.5)
            .at(x=wide * 0.62, y=low - wide * 0.5, z=front * 0.8)
            .both_sides(),
        )
        a.add("gimbal", box(wide * 0.4, body_size * 0.35, wide * 0.4).at(y=low + wide * 0.4, z=front * 0.7))
    a.add("camera", box(wide * 1.1, wide, wide, bevel=wide * 0.15).at(y=low - wide * 0.45, z=front * 0.85))
    a.add(
        "lens",
        cylinder(wide * 0.38, wide * 0.3, around=14)
        .turned("x", 90)
        .at(y=low + wide * 0.05, z=front * 0.85 + wide * 0.45),
        of="camera",
    )
