"""Boxes for letters."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along
from partwise.datasets.world.build import box, cylinder, lathe, slab, tray
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing, inward
from partwise.datasets.world.fronts import bar
from partwise.datasets.world.outlines import arc
from partwise.datasets.world.riding import rod


def mailbox(rng: np.random.Generator) -> Assembly:
    """Boxes for letters: a tunnel on a post with a flag, a round pillar, one on the wall, one on four feet."""
    kind = pick(rng, ("tunnel", "pillar", "wall", "street"), (4, 2, 3, 3))
    a = Assembly("mailbox")
    {"tunnel": _tunnel, "pillar": _pillar, "wall": _wall_box, "street": _street_box}[kind](a, rng)
    a.afford("open", "door", "lid", "lock")
    a.afford("pull", "handle", "knob", "flag")
    a.afford("grasp", "handle", "knob", "post")
    a.afford("push", "flap", where=facing("z", softness=0.7))
    a.afford("lift", "flag", "lid")
    a.afford("contain", "body", where=inward(softness=0.8))
    a.afford("display", "sign", where=facing("z"))
    return a


def _tunnel(a: Assembly, rng: np.random.Generator) -> None:
    """A tunnel on a post with a door in front and a flag at its side."""
    wide, long, post = rng.uniform(0.17, 0.24), rng.uniform(0.42, 0.55), rng.uniform(0.9, 1.1)
    tall = wide * rng.uniform(0.6, 0.8)
    outline = np.array([(wide / 2, 0), *(arc(wide / 2, 0, 180, 11)[:, :2] + [0, tall]), (-wide / 2, 0)])
    shell = slab(outline, long).turned("x", -90).at(z=long / 2)
    a.add("body", shell.at(y=post))
    angle = pick(rng, (0.0, rng.uniform(20, 90)))
    door = slab(outline * 1.03, 0.014).turned("x", -90).at(z=0.012)
    grip = bar(rng, 0.05, 0.025).turned("z", 90).at(y=tall + wide * 0.3, z=0.01)
    a.add("door", door.turned("x", angle).at(y=post, z=long / 2))
    a.add(pick(rng, ("handle", "knob")), grip.turned("x", angle).at(y=post, z=long / 2))
    up = chance(rng, 0.5)
    arm = box(0.012, 0.2, 0.022).at(y=-0.01) + box(0.014, 0.07, 0.1).at(y=0.14, z=-0.04)
    a.add(
        "flag",
        arm.turned("x", 0 if up else 90).at(
            wide / 2 + 0.006, post + tall * 0.7, long * (0.2 if up else -0.1)
        ),
    )
    wood = pick(rng, (0.05, 0.09))
    a.add(
        "post",
        box(wood, post + 0.005, wood)
        if wood > 0.06 or chance(rng, 0.5)
        else cylinder(0.03, post + 0.005, around=14),
    )
    if chance(rng, 0.6):
        a.add(
            "bracket",
            box(wide * 0.8, 0.03, long * 0.8).at(y=post - 0.028),
            rod(0.02, (0, post * 0.72, 0), (0, post - 0.01, long * 0.32)),
        )
    if chance(rng, 0.4):
        a.add("base", cylinder(0.16, 0.06, 0.12, around=18))


def _pillar(a: Assembly, rng: np.random.Generator) -> None:
    """A round pillar with a slot, a door and a cap."""
    radius, tall = rng.uniform(0.2, 0.27), rng.uniform(1.2, 1.5)
    a.add("base", cylinder(radius * 1.12, 0.16, radius * 1.06, around=24))
    a.add("body", cylinder(radius, tall - 0.15, around=24).at(y=0.15))
    a.add(
        pick(rng, ("roof", "cap")),
        lathe([(radius * 1.12, 0), (radius * 1.14, 0.06), (radius * 0.8, 0.14), (0.02, 0.18)], 24).at(
            y=tall - 0.01
        ),
    )
    a.add("mail slot", box(radius * 1.1, 0.06, 0.1, bevel=0.01).at(y=tall * 0.84, z=radius * 0.86))
    a.add(
        "door", cylinder(radius * 1.02, tall * 0.45, around=24).scaled(0.72, 1, 1).at(y=tall * 0.26, z=0.012)
    )
    a.add("lock", cylinder(0.02, 0.05, around=10).turned("x", 90).at(radius * 0.4, tall * 0.5, radius * 0.86))
    if chance(rng, 0.7):
        a.add("sign", box(radius * 0.7, 0.16, 0.05).at(y=tall * 0.72, z=radius * 0.95 - 0.01))


def _wall_box(a: Assembly, rng: np.random.Generator) -> None:
    """A flat box for the wall with a lid above and a small door."""
    wide, tall, deep = rng.uniform(0.22, 0.36), rng.uniform(0.26, 0.4), rng.uniform(0.08, 0.13)
    a.add("body", tray(wide, tall, deep, 0.006))
    angle = pick(rng, (0.0, 20.0, 50.0))
    lid = box(wide * 1.06, 0.012, deep * 1.25, bevel=0.003).at(z=deep * 0.6)
    a.add("lid", lid.turned("x", 18 - angle).at(y=tall + 0.02, z=-deep * 0.55))
    a.add("body", box(wide, 0.03, 0.012).at(y=tall - 0.006, z=-deep * 0.48))
    a.add(
        "flap" if chance(rng, 0.6) else "mail slot",
        box(wide * 0.75, 0.04, 0.014, bevel=0.003).at(y=tall * 0.78, z=deep / 2),
    )
    a.add("door", box(wide * 0.85, tall * 0.5, 0.012).at(y=tall * 0.16, z=deep / 2))
    a.add(
        pick(rng, ("lock", "knob")),
        cylinder(0.011, 0.03, around=12).turned("x", 90).at(wide * 0.32, tall * 0.42, deep / 2),
    )
    if chance(rng, 0.5):
        loop = arc(0.03, 180, 360, 9)[:, [2, 1, 0]] + np.array([0, 0, deep * 0.4])
        a.add("newspaper holder", rod(0.005, *loop).at(x=wide * 0.3).both_sides())
    if chance(rng, 0.5):
        a.add("sign", box(wide * 0.5, 0.045, 0.012).at(y=tall * 0.55, z=deep / 2 + 0.004))


def _street_box(a: Assembly, rng: np.random.Generator) -> None:
    """A box with a round top on four feet; a flap with a handle takes the letters."""
    wide, deep, tall, leg = (
        rng.uniform(0.45, 0.6),
        rng.uniform(0.4, 0.55),
        rng.uniform(0.75, 0.95),
        rng.uniform(0.12, 0.25),
    )
    half = deep / 2
    top = [tuple(p) for p in arc(half, 0, 180, 11)[:, :2] + [0, tall]]
    a.add("body", along([(half, 0), *top, (-half, 0)], wide).at(y=leg))
    a.add("leg", box(0.06, leg + 0.01, 0.06).at(x=wide * 0.44, z=half * 0.85).four_corners())
    y = leg + tall + half * 0.5
    a.add(
        "flap",
        box(wide * 0.8, half * 0.6, 0.03, bevel=0.006).turned("x", -32).at(y=y - half * 0.25, z=half * 0.84),
    )
    a.add(
        "handle",
        bar(rng, wide * 0.4, 0.05).turned("z", 90).turned("x", -32).at(y=y + half * 0.12, z=half * 0.76),
    )
    a.add("door", box(wide * 0.8, tall * 0.6, 0.025, bevel=0.006).at(y=leg + tall * 0.12, z=half))
    a.add("lock", cylinder(0.02, 0.05, around=10).turned("x", 90).at(wide * 0.3, leg + tall * 0.45, half))
    if chance(rng, 0.5):
        a.add("sign", box(0.02, 0.2, 0.28).at(x=wide / 2, y=leg + tall * 0.6))
