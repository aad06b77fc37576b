"""Old wooden machines on wheels: catapults, rams, towers, carts."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import cutout, on_axles, wheel
from partwise.datasets.world.build import box, cylinder, sweep, tray, tube
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Number
from partwise.datasets.world.outlines import curve, rectangle


def siege_machine(rng: np.random.Generator) -> Assembly:
    """Old wooden machines on wheels: catapult, ballista, ram, trebuchet, siege tower, cannon and handcart."""
    kind = pick(rng, ("catapult", "ballista", "ram", "trebuchet", "tower", "cart"), (3, 2, 2, 2, 2, 3))
    a = Assembly("cart" if kind == "cart" else kind if kind in ("catapult", "trebuchet") else f"siege {kind}")
    length, width = rng.uniform(1.6, 2.6), rng.uniform(0.9, 1.4)
    radius, beam = rng.uniform(0.2, 0.35), rng.uniform(0.1, 0.16)
    y, thick = radius, rng.uniform(0.1, 0.2)
    rim = wheel(rng, radius, thick, pick(rng, ("disc", "hub", "spoked")))
    count = 3 if kind == "ram" else 2
    places = np.linspace(-0.36, 0.36, count) * length if kind != "cart" or chance(rng, 0.5) else [0.0]
    a.add("wheel", on_axles(rim, width / 2 + thick * 0.7, places, radius))
    rails = box(beam, beam, length).at(x=width / 2 - beam / 2, y=y).both_sides()
    ties = box(width, beam, beam).row(3, z=length * 0.4).at(y=y)
    a.add("body", rails, ties)
    if kind == "cart":
        a.add("body", tray(width, rng.uniform(0.25, 0.6), length, 0.06).at(y=y + beam))
        pull = tube([[0, 0, 0], [0, 0.1, 0.5], [0, 0.3, 1.0]], 0.04, 6).at(
            x=width * 0.35, y=y + beam, z=length / 2
        )
        a.add(
            "handle",
            pull.both_sides(),
            cylinder(0.035, width * 0.7, around=8)
            .turned("z", 90)
            .at(x=width * 0.35, y=y + beam + 0.3, z=length / 2 + 1.0),
        )
    else:
        _siege_top(a, rng, kind, (width, y + beam, length), beam)
    if kind != "cart" and chance(rng, 0.6):
        high = a.surface().vertices[:, 1].max()
        rod = cylinder(0.03, 0.5, around=6).at(x=width * 0.3, y=high - 0.1)
        cloth = cutout([(0, 0), (0.4, 0.05), (0.3, 0.13), (0.4, 0.22), (0, 0.28)], 0.02).at(
            x=width * 0.3, y=high + 0.1
        )
        both = chance(rng, 0.5)
        a.add("flag", cloth.at(x=-width * 0.6) + cloth if both else cloth, rod.both_sides() if both else rod)
    a.afford("move", "wheel")
    a.afford("pull", "handle", "throwing arm")
    a.afford("contain", "body", where=facing())
    return a


def _siege_top(
    a: Assembly, rng: np.random.Generator, kind: str, size: tuple[Number, Number, Number], beam: Number
) -> None:
    """What stands on the wheeled frame of (width, height, length)."""
    width, y, length = size
    high = rng.uniform(0.8, 1.5) * (1.6 if kind in ("trebuchet", "tower") else 1.0)
    if kind == "tower":
        _tower(a, rng, size, high)
        return
    post = box(beam, high, beam).at(x=width / 2 - beam / 2, y=y)
    brace = box(beam * 0.8, high * 1.1, beam * 0.8).pointed(
        (width / 2 - beam / 2, y, -length * 0.35), (width / 2 - beam / 2, y + high, 0)
    )
    a.add("body", post.both_sides(), brace.both_sides(), box(width, beam, beam).at(y=y + high - beam / 2))
    if kind == "ram":
        _ram(a, size, high)
    elif kind == "ballista":
        _ballista(a, size, high, beam)
    else:
        _throwing_arm(a, rng, kind, (y, high, length), beam)


def _tower(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], high: Number) -> None:
    """A tapering tower with a bridge to let down."""
    width, y, length = size
    a.add(
        "body",
        box(width, high, length * 0.7).tapered(rng.uniform(0.6, 0.9)).at(y=y),
        box(width * 0.9, 0.4, length * 0.6).at(y=y + high),
    )
    a.add(
        "bridge",
        box(width * 0.6, 0.06, 0.8).turned("x", rng.uniform(-60, 10)).at(y=y + high, z=length * 0.3 + 0.35),
    )


def _ram(a: Assembly, size: tuple[Number, Number, Number], high: Number) -> None:
    """A hung log under a roof."""
    width, y, length = size
    log = cylinder(0.16, length * 1.25, around=10).turned("x", 90).at(y=y + high * 0.45, z=-length * 0.55)
    a.add(
        "ram",
        log,
        cylinder(0.2, 0.25, 0.05, around=10).turned("x", 90).at(y=y + high * 0.45, z=length * 0.7),
    )
    a.add(
        "roof",
        box(width * 0.75, 0.06, length).turned("z", 35).at(x=-width * 0.3, y=y + high).both_sides(),
    )


def _ballista(a: Assembly, size: tuple[Number, Number, Number], high: Number, beam: Number) -> None:
    """A crossbow on a stand with its arrow."""
    width, y, length = size
    bow = curve(
        [[-width, 0, -0.4], [-width * 0.5, 0, 0.1], [0, 0, 0.2], [width * 0.5, 0, 0.1], [width, 0, -0.4]],
        12,
    )
    a.add(
        "body",
        sweep(np.add(bow, [0, y + high, 0.4]), rectangle(beam * 0.6, beam * 0.6)),
        box(beam, beam, length).at(y=y + high),
    )
    a.add(
        "arrow",
        cylinder(0.04, length * 1.1, around=8).turned("x", 90).at(y=y + high + beam * 1.2, z=-length * 0.45),
        cylinder(0.1, 0.22, 0.005, around=8).turned("x", 90).at(y=y + high + beam * 1.2, z=length * 0.6),
    )


def _throwing_arm(
    a: Assembly, rng: np.random.Generator, kind: str, size: tuple[Number, Number, Number], beam: Number
) -> None:
    """The arm with its cup between posts, `size` being (foot, height, length); a trebuchet has a weight."""
    y, high, length = size
    arm, lean = length * rng.uniform(0.9, 1.3), rng.uniform(20, 75)
    bar = box(beam * 0.8, arm, beam * 0.8).at(y=-arm * 0.3).turned("x", -lean)
    cup = tray(0.4, 0.15, 0.4, 0.04).turned("x", 90).at(y=arm * 0.7).turned("x", -lean)
    pivot = y + high * (0.95 if kind == "trebuchet" else 0.4)
    a.add("throwing arm", bar.at(y=pivot), cup.at(y=pivot))
    if kind == "trebuchet":
        end = np.array([[0, -arm * 0.3, 0.0]]) @ np.array(
            [
                [1, 0, 0],
                [0, np.cos(np.radians(lean)), -np.sin(np.radians(lean))],
                [0, np.sin(np.radians(lean)), np.cos(np.radians(lean))],
            ]
        )
        a.add("weight", box(0.5, 0.45, 0.5).at(y=pivot + end[0, 1] - 0.5, z=end[0, 2]))
