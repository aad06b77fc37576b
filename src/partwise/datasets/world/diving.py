"""What dives: submarines of the navy, of picture books and of research."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, slab, tray, tube
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing
from partwise.datasets.world.fittings import washer
from partwise.datasets.world.mesh import Number, join
from partwise.datasets.world.outlines import arc, curve, ellipse
from partwise.datasets.world.riding import across, body, rod


def submarine(rng: np.random.Generator) -> Assembly:
    """Submarines: long grey ones with a tower, round ones with portholes, small ones of glass with arms."""
    kind = pick(rng, ("naval", "round", "research"), (3, 4, 3))
    a = Assembly("submarine")
    {"naval": _naval, "round": _round_boat, "research": _research}[kind](a, rng)
    a.afford("ride", "hull", "cockpit", where=facing("x"))
    a.afford("open", "hatch", "hand wheel")
    a.afford("grasp", "hand wheel", "claw", "handle", "rail")
    a.afford("pull", "handle")
    a.afford("move", "propeller", "rudder", "thruster")
    a.afford("support", "deck", "skid", where=facing())
    a.afford("display", "light")
    return a


def _screw(
    a: Assembly, rng: np.random.Generator, place: tuple[Number, Number, Number], radius: Number
) -> None:
    """A propeller that looks back from `place`, maybe in a ring."""
    x, y, z = place
    blade = slab(ellipse(radius, radius * rng.uniform(0.4, 0.7), 12), radius * 0.06)
    blade = blade.turned("x", 35).at(x=radius * 0.5)
    screw = blade.around(int(rng.integers(3, 6))).turned("x", -90)
    hub = cylinder(radius * 0.2, radius * 0.5, radius * 0.06, around=12).turned("x", -90).at(z=radius * 0.2)
    a.add("propeller", (screw + hub).at(x, y, z))
    if chance(rng, 0.3):
        hoop = washer(radius * 1.1, radius * 1.2, radius * 0.4, 24).turned("x", -90)
        hoop = hoop.at(x, y, z + radius * 0.2)
        a.add("guard", hoop, box(radius * 2.25, radius * 0.08, radius * 0.15).at(x, y, z))


def _fins(a: Assembly, rng: np.random.Generator, spot: tuple[Number, Number, Number], reach: Number) -> None:
    """Rudders above and below and planes on both sides; `spot` is (height, z, thickness of the hull there)."""
    y, z, thick = spot
    outline = np.array([(0, -0.5), (0, 0.5), (1, 0.15), (1, -0.5)]) * reach
    fin = slab(outline, reach * 0.09).at(x=thick * 0.3, y=-reach * 0.045)
    a.add("rudder", join([fin.turned("z", 90), fin.turned("z", -90)]).at(y=y, z=z))
    a.add(pick(rng, ("rudder", "fin")), fin.both_sides().at(y=y, z=z))


def _naval(a: Assembly, rng: np.random.Generator) -> None:
    """A long hull with a tower, masts, hatches and a cross of rudders."""
    long, wide = rng.uniform(6, 9), rng.uniform(0.8, 1.1)
    y, f = wide / 2, long / 2
    shares = [(-1, 0.12), (-0.72, 0.62), (-0.3, 1), (0.6, 1), (0.9, 0.7), (1, 0.1)]
    a.add("hull", body([(s * f, y, w * wide, w * wide) for s, w in shares], 2.0, 18))
    if chance(rng, 0.5):
        a.add("deck", box(wide * 0.4, 0.08, long * 0.6, bevel=0.02).at(y=wide - 0.05))
    spot, tall = f * rng.uniform(0.0, 0.35), wide * rng.uniform(0.6, 0.9)
    outline = [(0, 0.6), (0.16, 0.35), (0.16, -0.3), (0, -0.75), (-0.16, -0.3), (-0.16, 0.35)]
    a.add("sail tower", slab(np.array(outline) * [1, wide], tall).at(y=wide - 0.06, z=spot))
    top = wide - 0.06 + tall
    if chance(rng, 0.6):
        a.add("fin", box(wide * 1.3, 0.05, wide * 0.3, bevel=0.01).at(y=top - tall * 0.4, z=spot + 0.1))
    eye = rod(0.035, (0, top - 0.05, spot + 0.15), (0, top + 0.5, spot + 0.15), sides=8)
    a.add("periscope", eye, box(0.1, 0.1, 0.14).at(y=top + 0.47, z=spot + 0.18))
    if chance(rng, 0.6):
        high = top + rng.uniform(0.3, 0.7)
        a.add("antenna", rod(0.022, (0, top - 0.05, spot - 0.2), (0, high, spot - 0.2)))
    cover = cylinder(0.16, 0.09, around=16)
    a.add("hatch", cover.copies([(0, wide - 0.03, z) for z in (f * 0.55, -f * 0.3)]))
    _fins(a, rng, (y, -f * 0.8, wide * 0.4), wide * 0.6)
    _screw(a, rng, (0, y, -f), wide * rng.uniform(0.32, 0.42))


def _round_boat(a: Assembly, rng: np.random.Generator) -> None:
    """A short round hull with portholes and a neck with a hatch, as in picture books."""
    long, wide = rng.uniform(1.8, 2.8), rng.uniform(0.9, 1.2)
    high, f = wide * rng.uniform(0.9, 1.15), long / 2
    y = high / 2 + 0.1
    shares = [(-1, 0.2), (-0.6, 0.8), (0, 1), (0.65, 0.85), (1, 0.3)]
    a.add("hull", body([(s * f, y, w * wide, w * high) for s, w in shares], 2.0, 16))
    size, count, edge = wide * 0.12, int(rng.integers(2, 4)), wide / 2 - 0.08
    pane = cylinder(size, 0.12, around=16).turned("z", -90)
    a.add("porthole", pane.row(count, z=wide * 0.4).at(edge, y + high * 0.08, 0.05).both_sides())
    if chance(rng, 0.7):
        hoop = washer(size, size * 1.4, 0.14).turned("z", -90).row(count, z=wide * 0.4)
        a.add("rim", hoop.at(edge, y + high * 0.08, 0.05).both_sides(), of="porthole")
    if chance(rng, 0.7):
        a.add("cockpit", ball(wide * 0.62, high * 0.62, wide * 0.5, around=16).at(y=y, z=f * 0.86))
    tall = high * rng.uniform(0.3, 0.5)
    top = y + high * 0.42 + tall
    neck = cylinder(wide * 0.26, tall, wide * 0.22, around=18)
    a.add(pick(rng, ("sail tower", "hull")), neck.at(y=y + high * 0.42, z=0.05))
    a.add("hatch", cylinder(wide * 0.25, 0.06, bevel=0.015, around=18).at(y=top - 0.005, z=0.05))
    _hatch_grip(a, rng, wide * 0.11, top)
    if chance(rng, 0.8):
        bend = [(0, y + high * 0.35, 0), (0, top + high * 0.35, 0), (0, top + high * 0.42, 0.06)]
        a.add("periscope", rod(0.035, *bend, (0, top + high * 0.42, 0.2), sides=8).at(z=-wide * 0.38))
    if chance(rng, 0.5):
        lamp = cylinder(0.09, 0.18, 0.12, around=14).turned("x", 90)
        a.add("light", lamp.at(wide * 0.3, y + high * 0.3, f * 0.3).both_sides())
    _fins(a, rng, (y + 0.03, -f * 0.78, wide * 0.5), wide * 0.34)
    _screw(a, rng, (0, y + 0.05, -f - 0.02), wide * rng.uniform(0.26, 0.36))


def _hatch_grip(a: Assembly, rng: np.random.Generator, radius: Number, top: Number) -> None:
    """The wheel or the handle that opens a hatch at the height `top`, or neither."""
    if chance(rng, 0.5):
        hoop = tube(arc(radius, 0, 360, 13)[:-1], 0.018, 6, closed=True).turned("x", 90)
        bar = rod(0.012, (-radius, 0, 0), (radius, 0, 0)) + cylinder(0.02, 0.08, around=8).at(y=-0.06)
        a.add("hand wheel", (hoop + bar).at(y=top + 0.1, z=0.05))
    elif chance(rng, 0.6):
        a.add("handle", tube(arc(radius, 0, 180, 9), 0.018, 6).at(y=top + 0.045, z=0.05))


def _research(a: Assembly, rng: np.random.Generator) -> None:
    """A ball of glass before a hull, on skids, with tanks, thrusters, lamps and arms."""
    wide, long = rng.uniform(1.1, 1.5), rng.uniform(1.5, 2.2)
    y = wide * 0.5 + 0.3
    a.add("cockpit", ball(wide, around=18).at(y=y, z=long * 0.2))
    shares = [(-0.75, 0.3), (-0.3, 0.82), (0.15, 1.04)]
    a.add("hull", body([(s * long, y, w * wide, w * wide) for s, w in shares], 3.0))
    tank = cylinder(wide * 0.18, long * 1.1, bevel=wide * 0.08, around=14).turned("x", 90)
    a.add(pick(rng, ("ballast tank", "tank")), tank.at(wide * 0.6, y - wide * 0.25, -long * 0.7).both_sides())
    x = wide * 0.45
    foot = rod(0.05, (x, 0.05, -long * 0.6), (x, 0.05, long * 0.35), sides=8)
    leg = rod(0.04, (x, 0.05, 0), (x, y - wide * 0.3, 0)).copies([(0, 0, -long * 0.4), (0, 0, long * 0.1)])
    a.add("skid", foot.both_sides(), leg.both_sides())
    a.add("hatch", cylinder(wide * 0.24, 0.12, around=18).at(y=y + wide * 0.46, z=long * 0.02))
    low, high = y + wide * 0.3, y + wide * 0.62
    corners = [
        (0.3, low, -long * 0.1),
        (0.3, high, -long * 0.12),
        (0.3, high, -long * 0.4),
        (0.3, low, -long * 0.4),
    ]
    a.add("rail", rod(0.022, *corners).both_sides())
    lamp = cylinder(0.08, 0.14, 0.11, around=12).turned("x", 90).at(y=y + wide * 0.42, z=long * 0.3)
    a.add("light", lamp.row(int(rng.integers(2, 5)), x=0.26))
    a.add("bracket", box(0.95, 0.07, 0.07).at(y=y + wide * 0.34, z=long * 0.32))
    _claws(a, rng, (wide, long, y))
    pod = cylinder(wide * 0.13, wide * 0.3, around=16).turned("x", 90)
    pod = pod.at(wide * 0.52, y + wide * 0.15, -long * 0.5)
    axle = across(0.05, wide * 0.4).at(wide * 0.38, y + wide * 0.15, -long * 0.4)
    a.add("thruster", (pod + axle).both_sides())
    _screw(a, rng, (0, y, -long * 0.78), wide * 0.26)
    if chance(rng, 0.5):
        stay = rod(0.03, (0.2, 0.2, long * 0.5), (0.2, y - wide * 0.3, long * 0.3)).both_sides()
        a.add("basket", tray(wide * 0.6, 0.16, 0.4, 0.03).at(y=0.12, z=long * 0.62), stay)
        a.afford("contain", "basket", where=facing())


def _claws(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]) -> None:
    """One or two arms with an elbow and three fingers; `size` is (width, length, height of the middle)."""
    wide, long, y = size
    shoulder, elbow = (wide * 0.48, y - wide * 0.3, long * 0.05), (wide * 0.55, y - wide * 0.3, long * 0.75)
    hand = (wide * 0.25, y - wide * 0.45, long)
    finger = tube(curve([(0, 0, 0), (0.08, 0, 0.1), (0.02, 0, 0.22)], 7), 0.025, 5).around(3, "z").at(*hand)
    arm = rod(0.045, shoulder, elbow, hand, sides=8) + ball(0.13, around=8).at(*elbow)
    both = chance(rng, 0.6)
    a.add("arm", arm.both_sides() if both else arm)
    a.add("claw", finger.both_sides() if both else finger, of="arm")
