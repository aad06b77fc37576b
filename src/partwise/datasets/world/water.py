"""What one rides on the water: jet ski, kayak, pedal boat."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, box_between, cylinder, lathe, pillow, sheet, tube
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Number
from partwise.datasets.world.outlines import curve
from partwise.datasets.world.riding import (
    across,
    body,
    pedals,
    rod,
    steering,
)


def jet_ski(rng: np.random.Generator) -> Assembly:
    """Jet skis: to sit on, or to stand on behind a pole that swings."""
    a = Assembly("jet ski")
    seated = chance(rng, 0.7)
    half, wide, y = rng.uniform(1.1, 1.6) * (1.0 if seated else 0.8), rng.uniform(0.75, 1.1), 0.28
    wide = wide if seated else wide * 0.75
    tip, power = rng.uniform(0.1, 0.35), pick(rng, (2.5, 4.0))
    keel = [(-half, y, wide * 0.9, 0.36), (0, y, wide, 0.5), (half * 0.55, y + tip / 3, wide * 0.8, 0.46)]
    keel.append((half, y + tip, wide * 0.15, 0.16))
    a.add("hull", body(keel, power, 9).at(y=0.02))
    edge = np.array([[w / 2 * 1.01, h + 0.02, z] for z, h, w, _ in curve(keel, 9)])
    if chance(rng, 0.6):
        a.add(pick(rng, ("bumper", "trim")), tube(edge, 0.035, 5).both_sides())
    a.add(
        "nozzle",
        lathe([(0.1, 0), (0.1, 0.1), (0.07, 0.22)], 12).turned("x", -90).at(y=y - 0.02, z=-half + 0.06),
    )
    top = y + 0.2
    if not seated:
        _standing(a, rng, (half, wide, top))
        return a
    deck = [(-half * 0.9, top, wide * 0.4, 0.24), (0, top + 0.02, wide * 0.42, 0.36)]
    deck += [(half * 0.3, top + 0.1, wide * 0.66, 0.5), (half * 0.8, top + tip * 0.8, wide * 0.3, 0.2)]
    a.add(pick(rng, ("body", "deck", "hull")), body(deck, power, 8))
    seat = [(-half * 0.88, top + 0.22, wide * 0.3, 0.16), (-half * 0.4, top + 0.22, wide * 0.36, 0.18)]
    seat += [(-half * 0.25, top + 0.28, wide * 0.34, 0.16), (half * 0.12, top + 0.26, wide * 0.2, 0.16)]
    a.add("seat", body(seat, 3.5, pick(rng, (0, 9))))
    well = box_between((wide * 0.2, top + 0.02, -half * 0.85), (wide * 0.42, top + 0.06, half * 0.1), 0.01)
    a.add("footrest", well.both_sides())
    head = np.array([0, top + rng.uniform(0.5, 0.6), half * rng.uniform(0.14, 0.22)])
    a.add(pick(rng, ("column", "body")), rod(0.05, [0, top + 0.2, half * 0.32], head))
    steering(a, rng, head, rng.uniform(0.32, 0.4), 0.018)
    if chance(rng, 0.5):
        lens = box(wide * 0.45, rng.uniform(0.15, 0.25), 0.025).tapered(0.7).turned("x", -35)
        a.add("window", lens.at(y=top + 0.3, z=half * 0.42))
    if chance(rng, 0.5):
        lid = box(wide * 0.4, 0.05, half * 0.25, bevel=0.02).turned("x", 18 - 10 * tip)
        a.add("hatch", lid.at(y=top + 0.25 + tip * 0.2, z=half * 0.5))
    if chance(rng, 0.4):
        a.add(
            "step", box_between((-wide * 0.3, y - 0.06, -half - 0.22), (wide * 0.3, y - 0.02, -half + 0.05))
        )
    if chance(rng, 0.4):
        bow = [
            [wide * 0.14, top + 0.15, -half * 0.86],
            [wide * 0.14, top + 0.28, -half],
            [0, top + 0.3, -half * 1.01],
        ]
        a.add("side handle", rod(0.018, *bow).both_sides())
    a.afford("ride", "seat")
    a.afford("sit", "seat", where=facing())
    a.afford("support", "footrest", "step", where=facing())
    a.afford("open", "hatch")
    a.afford("grasp", "side handle")
    return a


def _standing(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]) -> None:
    """The tray to stand in, the nose and the pole of a jet ski; `size` is (half length, width, deck height)."""
    half, wide, top = size
    pad = box_between((-wide * 0.28, top, -half * 0.95), (wide * 0.28, top + 0.04, half * 0.05), 0.01)
    a.add(pick(rng, ("pad", "deck")), pad)
    wall = box_between(
        (wide * 0.28, top - 0.05, -half * 0.95), (wide * 0.42, top + rng.uniform(0.1, 0.2), half * 0.3), 0.03
    )
    nose = [
        (0.05 * half, top + 0.08, wide * 0.7, 0.26),
        (half * 0.4, top + 0.08, wide * 0.66, 0.24),
        (half * 0.8, top + 0.06, wide * 0.25, 0.1),
    ]
    a.add("body", wall.both_sides())
    a.add(pick(rng, ("body", "hood")), body(nose, 3.0, 7))
    root = np.array([0, top + 0.18, half * 0.5])
    head = np.array([0, top + rng.uniform(0.55, 0.75), -half * rng.uniform(0.1, 0.25)])
    a.add("hinge", across(0.05, 0.2).at(*root))
    a.add("pole", rod(0.05, root, head), box(0.16, 0.05, 0.2, bevel=0.02).at(*head))
    steering(a, rng, head, rng.uniform(0.28, 0.36), 0.018)
    a.afford("ride", "pad", "deck", where=facing())
    a.afford("support", "pad", "deck", where=facing())
    a.afford("lift", "pole")
    a.afford("pull", "pole")


def paddled(rng: np.random.Generator) -> Assembly:
    """Kayaks to sit on, with a paddle, and pedal boats on two floats."""
    kayak = chance(rng, 0.5)
    a = Assembly("kayak" if kayak else "pedal boat")
    if kayak:
        _kayak(a, rng)
    else:
        _pedal_boat(a, rng)
    a.afford("ride", "hull", "seat", "deck", where=facing())
    a.afford("sit", "seat", where=facing())
    a.afford("grasp", "shaft", "handle", "lever")
    a.afford("carry", "handle")
    a.afford("pull", "lever", "handle")
    a.afford("open", "hatch")
    a.afford("support", "back", where=facing("z"))
    a.afford("support", "footrest", "deck", where=facing())
    return a


def _kayak(a: Assembly, rng: np.random.Generator) -> None:
    """A pointed hull with one seat or two on it, a paddle laid across, hatches, handles at the ends."""
    half, wide, high = rng.uniform(1.3, 2.1), rng.uniform(0.55, 0.75), rng.uniform(0.26, 0.34)
    lift = rng.uniform(0.0, 0.12)
    shape = [(-half, high * 0.6 + lift, 0.04, 0.12), (-half * 0.5, high / 2 + lift / 4, wide * 0.8, high)]
    shape += [(0, high / 2, wide, high), (half * 0.5, high / 2 + lift / 4, wide * 0.75, high)]
    a.add("hull", body([*shape, (half, high * 0.6 + lift, 0.04, 0.12)], pick(rng, (2.5, 4.0)), 11))
    spots = [-0.1 * half] if chance(rng, 0.65) else [-0.4 * half, 0.15 * half]
    for z in spots:
        a.add("seat", box(wide * 0.6, 0.05, 0.4, bevel=0.02).at(y=high - 0.02, z=z))
        a.add(
            "back",
            box(wide * 0.6, rng.uniform(0.2, 0.34), 0.05, bevel=0.02).turned("x", -12).at(y=high, z=z - 0.2),
        )
        if chance(rng, 0.6):
            peg = box(0.06, 0.08, 0.05).at(x=wide * 0.25, y=high - 0.05, z=z + 0.7)
            a.add("footrest", peg.both_sides())
    if chance(rng, 0.7):
        lid = cylinder(0.11, 0.035, bevel=0.01, around=16)
        a.add("hatch", lid.at(y=high - 0.02 + lift * 0.2, z=half * 0.45))
    if chance(rng, 0.7):
        bow = rod(0.012, [0.05, 0.1, 0], [0.05, 0.16, 0], [-0.05, 0.16, 0], [-0.05, 0.1, 0])
        bow = bow.turned("y", 90).at(y=high * 0.5 + lift, z=half * 0.93)
        a.add("handle", bow.both_sides("z"))
    reach, y, z = rng.uniform(0.95, 1.15), high + 0.05, spots[-1] + rng.uniform(0.25, 0.4)
    paddle = rod(0.016, [-reach, 0, 0], [reach, 0, 0])
    leaf = (
        pillow(0.42, 0.17, 0.025, 3.0, 14).turned("x", rng.uniform(-40, 90)).at(x=reach + 0.15).both_sides()
    )
    turn = rng.uniform(-20, 20)
    a.add("shaft", paddle.turned("y", turn).at(0, y, z), of="oar")
    a.add("blade", leaf.turned("y", turn).at(0, y, z), of="oar")


def _pedal_boat(a: Assembly, rng: np.random.Generator) -> None:
    """Two floats, a deck with seats for two, pedals, a paddle wheel, a lever to steer, perhaps a roof."""
    half, x, fat = rng.uniform(1.2, 1.6), rng.uniform(0.5, 0.65), rng.uniform(0.3, 0.4)
    shape = [
        (-half, fat * 0.6, fat * 0.6, fat * 0.6),
        (-half * 0.6, fat / 2, fat, fat),
        (0, fat / 2, fat, fat),
        (half * 0.6, fat / 2, fat, fat),
    ]
    shape.append((half, fat * 0.75, fat * 0.3, fat * 0.3))
    a.add("hull", body(shape, pick(rng, (2.3, 4.0)), 9).at(x=x).both_sides())
    deck = fat * 0.95
    a.add("deck", box_between((-x - 0.1, deck - 0.05, -half * 0.8), (x + 0.1, deck, half * 0.5)))
    hub = deck + 0.2
    for side in (x * 0.45, -x * 0.45):
        a.add("seat", box(x * 0.75, 0.12, 0.42, bevel=0.04).at(x=side, y=deck, z=-half * 0.3))
        back = box(x * 0.75, rng.uniform(0.3, 0.45), 0.08, bevel=0.03).turned("x", -14)
        a.add("back", back.at(x=side, y=deck + 0.08, z=-half * 0.3 - 0.22))
        pedals(a, rng, [side, hub, half * 0.18], 0.07, 0.13)
    a.add(pick(rng, ("axle", "frame")), across(0.018, 1.5 * x).at(0, hub, half * 0.18))
    a.add("support", box(0.04, 0.22, 0.06).at(x=x * 0.72, y=deck, z=half * 0.18).both_sides())
    paddles = box(2 * (x - fat / 2) - 0.06, 0.14, 0.015).at(y=0.02).around(6, "x")
    a.add("paddle wheel", (paddles + across(0.05, 2 * x - fat)).at(y=fat * 0.55, z=-half * 0.8 - 0.3))
    a.add(
        "frame",
        rod(
            0.02,
            [x - fat / 2 - 0.005, fat * 0.55, -half * 0.8 - 0.3],
            [x - fat / 2 - 0.005, deck - 0.02, -half * 0.7],
        ).both_sides(),
    )
    knob = ball(0.06, around=8).at(0, deck + 0.34, -half * 0.12)
    a.add("lever", rod(0.014, [0, deck - 0.02, -half * 0.08], [0, deck + 0.34, -half * 0.12]) + knob)
    if chance(rng, 0.5):
        tall, edge = deck + rng.uniform(1.2, 1.4), half * 0.55
        post = rod(0.02, [x, deck - 0.03, -edge], [x, tall, -edge]).both_sides()
        a.add("pole", post, rod(0.02, [x, deck - 0.03, edge * 0.7], [x, tall, edge * 0.7]).both_sides())
        u, t = np.meshgrid(
            np.linspace(-x - 0.1, x + 0.1, 7), np.linspace(-edge - 0.1, edge * 0.7 + 0.1, 5), indexing="ij"
        )
        bulge = tall + 0.15 * (1 - (u / x) ** 2) + 0.01
        a.add("canopy", sheet(np.stack([u, bulge, t], -1), 0.015))
