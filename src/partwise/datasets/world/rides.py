"""What one steers with a bar over two wheels: bicycle, kick scooter."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import deck, wheel, wire_wheel
from partwise.datasets.world.build import box, cylinder, slab, tube
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Number, join
from partwise.datasets.world.outlines import curve


def bicycle(rng: np.random.Generator) -> Assembly:
    """City, racing, mountain and children's bicycles."""
    a = Assembly("bicycle")
    radius, thick, reach = rng.uniform(0.26, 0.36), rng.uniform(0.025, 0.07), rng.uniform(0.48, 0.56)
    rim = wire_wheel(rng, radius, thick)
    a.add("wheel", rim.copies([(0, radius, reach), (0, radius, -reach)]))
    pipe, sides = rng.uniform(0.014, 0.024), int(pick(rng, (4, 6, 8)))
    hub = np.array([0, radius, -reach])
    crank = np.array([0, radius * rng.uniform(0.8, 1.0), -0.06])
    seat = np.array([0, radius + rng.uniform(0.35, 0.5), -0.22])
    head = np.array([0, radius + rng.uniform(0.34, 0.48), reach * 0.62])
    low = np.add(head, [0, -0.13, 0.03])
    drop = pick(rng, (0.0, 0.0, 0.2))
    spars = [(crank, seat), (seat - [0, drop, 0], head if not drop else low), (crank, low)]
    stays = [(np.add(hub, [0.05, 0, 0]), crank), (np.add(hub, [0.05, 0, 0]), seat - [0, 0.05, 0])]
    pair = join([tube([p, q], pipe * 0.6, sides) for p, q in stays]).both_sides()
    a.add("frame", *[tube([p, q], pipe, sides) for p, q in spars], pair)
    prong = tube(
        [low, [0.05, radius * 1.5, reach * 0.85], [0.05, radius, reach]], pipe * 0.7, sides
    ).both_sides()
    a.add("fork" if chance(rng, 0.4) else "frame", prong, tube([low, head], pipe * 1.2, sides))
    top = _steering(a, rng, head, pipe, sides)
    _saddle(a, rng, seat, pipe, sides)
    _crank(a, rng, crank)
    if chance(rng, 0.25):
        a.add("basket", box(0.3, 0.2, 0.2).at(y=top[1] - 0.18, z=top[2] + 0.18))
    a.afford("ride", "saddle", "frame")
    a.afford("sit", "saddle", where=facing())
    a.afford("grasp", "handle", "handlebar")
    a.afford("push", "pedal")
    return a


def _steering(
    a: Assembly, rng: np.random.Generator, head: Float[np.ndarray, "3"], pipe: Number, sides: int
) -> Float[np.ndarray, "3"]:
    """A straight or racing handlebar on its stem, with or without grips. Returns the middle of the bar."""
    top = np.add(head, [0, rng.uniform(0.06, 0.16), -0.03])
    wide, pull = rng.uniform(0.22, 0.34), rng.uniform(-0.12, 0.1)
    bar = curve(
        [[-wide, 0, pull], [-wide * 0.5, 0.02, 0], [0, 0, 0], [wide * 0.5, 0.02, 0], [wide, 0, pull]], 12
    )
    if chance(rng, 0.2):
        bar = curve(
            [
                [-wide, -0.12, 0.02],
                [-wide, -0.02, 0.1],
                [-wide, 0, 0],
                [0, 0, 0],
                [wide, 0, 0],
                [wide, -0.02, 0.1],
                [wide, -0.12, 0.02],
            ],
            21,
        )
    a.add("handlebar", tube(bar + top, pipe * 0.75, sides), tube([head, top], pipe, sides))
    if chance(rng, 0.55):
        grip = (
            cylinder(pipe * 1.2, 0.11, around=8)
            .turned("z", 90)
            .at(x=wide + 0.02, y=top[1] + bar[-1, 1], z=top[2] + bar[-1, 2])
        )
        a.add("handle", grip.both_sides())
    return top


def _saddle(
    a: Assembly, rng: np.random.Generator, seat: Float[np.ndarray, "3"], pipe: Number, sides: int
) -> None:
    """The saddle on its post."""
    post = np.add(seat, [0, rng.uniform(0.06, 0.16), -0.03])
    a.add("frame", tube([seat, post], pipe * 0.8, sides))
    saddle = slab(
        np.array([(-0.1, -0.13), (0.1, -0.13), (0.09, -0.02), (0.03, 0.12), (-0.03, 0.12), (-0.09, -0.02)]),
        0.05,
        bevel=0.015,
    )
    a.add("saddle", saddle.at(y=post[1], z=post[2]))


def _crank(a: Assembly, rng: np.random.Generator, crank: Float[np.ndarray, "3"]) -> None:
    """Pedals and chain ring, either of which may be missing."""
    if chance(rng, 0.65):
        arm = tube([[0.06, 0, 0], [0.08, -0.12, 0.1]], 0.012, 6)
        pedal = box(0.09, 0.025, 0.07).at(x=0.13, y=-0.13, z=0.1)
        pair = [mesh.at(*crank) for half in (arm, pedal) for mesh in (half, half.turned("z", 180))]
        a.add("pedal", *pair)
    if chance(rng, 0.4):
        a.add(
            "chain ring", cylinder(0.09, 0.012, around=16).turned("z", 90).at(x=0.05, y=crank[1], z=crank[2])
        )


def scooter(rng: np.random.Generator) -> Assembly:
    """Kick scooters."""
    a = Assembly("scooter")
    length, width, radius = rng.uniform(0.6, 1.0), rng.uniform(0.1, 0.15), rng.uniform(0.05, 0.09)
    deck_y = radius * 1.1
    a.add("deck", deck(rng, length, width, deck_y, 0))
    _scooter_front(a, rng, (width, deck_y, length), radius)
    a.afford("ride", "deck", where=facing())
    a.afford("support", "deck", where=facing())
    a.afford("grasp", "handle")
    return a


def _scooter_front(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], radius: Number
) -> None:
    """The wheels of a kick scooter, its pole and handlebar; `size` is (width, height, length) of the deck."""
    width, deck_y, length = size
    rim = wheel(rng, radius, 0.03)
    a.add("wheel", rim.copies([(0, radius, length * 0.62), (0, radius, -length * 0.5)]))
    high = rng.uniform(0.6, 0.9)
    a.add(
        "pole",
        tube(
            [[0, radius, length * 0.62], [0, radius * 2.2, length * 0.58], [0, high, length * 0.52]],
            0.018,
            8,
        ),
        box(width * 0.4, 0.04, 0.2).at(y=deck_y - 0.01, z=length * 0.5),
    )
    a.add("handlebar", cylinder(0.015, 0.36, around=8).turned("z", 90).at(x=0.18, y=high, z=length * 0.52))
    a.add(
        "handle",
        cylinder(0.021, 0.1, around=8).turned("z", 90).at(x=0.2, y=high, z=length * 0.52).both_sides(),
    )
