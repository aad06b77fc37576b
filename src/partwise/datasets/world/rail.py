"""What rolls on rails or tracks: locomotives, wagons, tanks."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along, cutout, on_axles, outward, wheel
from partwise.datasets.world.build import ball, box, cylinder, lathe, loft, ring, tray
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Number
from partwise.datasets.world.outlines import rectangle, rounded


def train(rng: np.random.Generator) -> Assembly:
    """Locomotives, passenger wagons and goods wagons."""
    kind = pick(rng, ("front", "wagon", "container", "flat", "steam"), (3, 3, 3, 1, 1.5))
    a = Assembly(pick(rng, ("locomotive", "train")) if kind in ("front", "steam") else "train wagon")
    length, width = rng.uniform(7, 14), rng.uniform(2.2, 2.8)
    radius = rng.uniform(0.3, 0.45)
    floor, top = radius * rng.uniform(1.1, 1.8), rng.uniform(2.8, 3.6)
    f = length / 2
    a.add("body", box(width * 0.8, 0.25, length).at(y=floor - 0.2))
    if kind in ("front", "wagon"):
        _coach(a, rng, (width, floor, length), top, kind == "front")
    elif kind == "steam":
        girth = width * rng.uniform(0.32, 0.4)
        y = floor + girth
        boiler = cylinder(girth, length * 0.62, bevel=0.08, around=roundness(rng) + 6).turned("x", 90)
        a.add("boiler", boiler.at(y=y, z=f - length * 0.62))
        a.add("chimney", cylinder(0.22, 0.9, 0.32, around=12).at(y=y + girth * 0.9, z=f - 0.8))
        if chance(rng, 0.6):
            a.add("dome", ball(0.8, 0.8, 0.8, around=12).at(y=y + girth, z=f - length * 0.35))
        a.add("cab", box(width, top - floor, length * 0.3).at(y=floor, z=length * 0.16 - f))
        a.add("window", box(width + 0.08, 0.7, length * 0.15).at(y=top - 1.1, z=length * 0.17 - f))
        a.add("roof", box(width * 1.12, 0.12, length * 0.35).at(y=top, z=length * 0.16 - f))
    elif kind == "container":
        high = rng.uniform(1.0, top - floor)
        style = pick(rng, ("box", "open", "tank"))
        if style == "box":
            mesh = box(width, high, length * 0.92, bevel=pick(rng, (0.0, 0.05)))
        elif style == "open":
            mesh = tray(width, high, length * 0.92, 0.1)
        else:
            mesh = (
                cylinder(width * 0.48, length * 0.9, bevel=0.3)
                .turned("x", 90)
                .at(y=width * 0.48, z=-length * 0.45)
            )
        a.add("container", mesh.at(y=floor + 0.05))
    rim = wheel(rng, radius, 0.16, pick(rng, ("disc", "hub", "spoked")))
    step = radius * 2.3
    groups = (
        (f - length * 0.2, length * 0.2 - f) if kind != "steam" else (f - 2 * step, 0.0, length * 0.2 - f)
    )
    places = [z + s * step / 2 for z in groups for s in (-1, 1)]
    a.add("wheel", on_axles(rim, width * 0.42, places, radius))
    if kind == "steam" or chance(rng, 0.3):
        bar = cylinder(0.2, 0.25, around=10).turned("x", 90).at(x=width * 0.3, y=floor - 0.05, z=f)
        a.add("buffer", (bar.both_sides()).both_sides("z"))
    a.afford("ride", "body", where=facing("x"))
    a.afford("contain", "container")
    return a


def _coach(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], top: Number, leads: bool
) -> None:
    """The closed body of a coach or engine of (width, floor height, length), with windows, vents and lamps."""
    width, floor, length = size
    f, nose = length / 2, rng.uniform(0.2, 2.0) if leads else 0.0
    section = rounded(
        [(-width / 2, floor), (-width / 2, top - 0.4), (0, top), (width / 2, top - 0.4), (width / 2, floor)],
        0.3,
    )
    rings = [np.c_[section, np.full(len(section), z)] for z in (-f, f - nose)]
    if leads:
        tip = (section - [0, floor]) * [0.85, rng.uniform(0.45, 0.8)] + [0, floor]
        rings.append(np.c_[tip, np.full(len(tip), f)])
    hull = loft(np.stack(rings))
    a.add("body", outward(hull))
    count = int(rng.integers(3, 12))
    reach = (length - nose) * 0.85
    tall, each = rng.uniform(0.5, 0.9), reach / count
    y = floor + (top - floor) * 0.5
    if chance(rng, 0.75):
        row = box(0.08, tall, each * rng.uniform(0.5, 0.9)).row(count, z=each).at(z=-nose / 2)
        a.add("window", row.at(x=width / 2, y=y - tall * 0.3).both_sides())
        if leads:
            a.add("window", box(width * 0.75, tall, 0.3).turned("x", -20).at(y=y - 0.05, z=f - nose * 0.55))
    if chance(rng, 0.45):
        vent = box(width * rng.uniform(0.3, 0.6), 0.2, 0.8, bevel=0.03)
        a.add("vent", vent.row(int(rng.integers(2, 5)), z=length * 0.2).at(y=top - 0.08))
    if chance(rng, 0.4):
        a.add(
            "door",
            box(0.1, top - floor - 0.6, 0.9)
            .at(x=width / 2, y=floor + 0.1, z=length * 0.42 - nose)
            .both_sides(),
        )
    if leads and chance(rng, 0.7):
        a.add(
            "light",
            cylinder(0.16, 0.14, around=10)
            .turned("x", 90)
            .at(x=width * 0.3, y=floor + 0.5, z=f)
            .both_sides(),
        )


def tank(rng: np.random.Generator) -> Assembly:
    """Battle tanks: hull, turret and gun on two tracks."""
    a = Assembly("tank")
    length, width = rng.uniform(4.5, 6.5), rng.uniform(2.6, 3.4)
    side, wide, band = _tracks(a, rng, length, width)
    low, deck = band * 0.7, 2 * band + rng.uniform(0.1, 0.35)
    f, b = length / 2, -length / 2
    hull = [
        (b, deck - 0.15),
        (b + 0.2, low),
        (f - 0.5, low),
        (f, (low + deck) / 2),
        (f - rng.uniform(0.7, 1.3), deck),
        (b + 0.1, deck),
    ]
    a.add("body", along(hull, width - 2 * wide * 0.98))
    if chance(rng, 0.6):
        a.add("body", box(wide * 1.05, 0.12, length * 0.9).at(x=side, y=2 * band + 0.02).both_sides())
    _turret(a, rng, (width, deck, length))
    a.afford("move", "track", "wheel")
    a.afford("ride", "body", where=facing())
    return a


def _tracks(
    a: Assembly, rng: np.random.Generator, length: Number, width: Number
) -> tuple[Number, Number, Number]:
    """A belt on either side, most with road wheels. Returns their place in x, their width, half their height."""
    radius, wide = rng.uniform(0.25, 0.4), rng.uniform(0.35, 0.55)
    band, count = radius * 1.35, int(rng.integers(4, 7))
    run = length * rng.uniform(0.8, 0.95)
    shape = (
        rectangle(run, 2 * band, band * 0.95, 5)
        if chance(rng, 0.5)
        else rounded(
            [
                (-run * 0.4, -band),
                (run * 0.38, -band),
                (run / 2, band * 0.5),
                (run * 0.45, band),
                (-run * 0.45, band),
                (-run / 2, band * 0.5),
                (-run * 0.4, -band),
            ],
            0.15,
        )[:-1]
    )
    belt = ring(shape, shape * [1 - 0.16 / run, 1 - 0.08 / band], wide).turned("y", 90)
    side = width / 2 - wide / 2
    a.add("track", belt.at(x=side, y=band).both_sides())
    if chance(rng, 0.85):
        places = np.linspace(-run * 0.38, run * 0.36, count)
        rim = wheel(rng, min(radius, run * 0.36 / count), wide * 0.95, pick(rng, ("disc", "hub", "dish")))
        a.add("wheel", on_axles(rim, side, places, radius * 1.15))
    return side, wide, band


def _turret(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]) -> None:
    """Turret and gun on a hull of (width, height, length), some with a hatch or an antenna."""
    width, deck, length = size
    style = pick(rng, ("round", "box", "wedge"))
    broad, high = width * rng.uniform(0.4, 0.6), rng.uniform(0.4, 0.75)
    z = rng.uniform(-0.12, 0.08) * length
    if style == "round":
        turret = cylinder(broad / 2, high, broad * rng.uniform(0.3, 0.42), around=roundness(rng))
    elif style == "box":
        turret = box(broad, high, broad * 1.1, bevel=0.06).tapered(rng.uniform(0.7, 0.95))
    else:
        turret = cutout(
            [
                (-broad * 0.7, 0),
                (broad * 0.5, 0),
                (broad * 0.7, high * 0.4),
                (broad * 0.3, high),
                (-broad * 0.65, high),
            ],
            broad,
        ).turned("y", -90)
    turret = turret.turned("y", pick(rng, (0, 0, 0, rng.uniform(-60, 60)))).at(y=deck, z=z)
    a.add("turret", turret)
    if chance(rng, 0.6):
        a.add("hatch", cylinder(broad * 0.15, 0.12, around=12).at(x=broad * 0.12, y=deck + high, z=z))
    calibre, reach = rng.uniform(0.07, 0.13), length * rng.uniform(0.45, 0.75)
    muzzle = rng.uniform(1.0, 1.7)
    barrel = lathe(
        [
            (calibre * 1.3, 0),
            (calibre, 0.4),
            (calibre, reach - 0.35),
            (calibre * muzzle, reach - 0.34),
            (calibre * muzzle, reach),
        ],
        10,
    )
    up = rng.uniform(0.0, 0.25)
    start = np.array([0, deck + high * 0.5, z + broad * 0.4])
    a.add("gun", barrel.pointed(start, np.add(start, [0, up, 1])))
    if chance(rng, 0.4):
        a.add("antenna", cylinder(0.025, 1.3, around=5).at(x=-broad * 0.35, y=deck + high, z=z - broad * 0.3))
