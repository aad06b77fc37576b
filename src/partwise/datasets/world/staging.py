"""What stands on a stage: microphones, loudspeakers."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, carcass, cylinder, lathe, ring, slab, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing, towards
from partwise.datasets.world.fronts import key, turn_knob
from partwise.datasets.world.mesh import Mesh, Number, Piece
from partwise.datasets.world.music import tripod
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle
from partwise.datasets.world.pieces import cable, caster, foot, grip


def microphone(rng: np.random.Generator) -> Assembly:
    """Microphones: in the hand, on a floor stand with or without a boom, on a desk, in a studio."""
    a = Assembly("microphone")
    kind = pick(rng, ("hand", "floor", "boom", "desk", "studio"), (2, 2, 3, 3, 3))
    wand = _studio_mic(rng) if kind == "studio" or chance(rng, 0.15) else _hand_mic(rng)
    if kind == "hand":
        turn = pick(rng, (0, 90, 90))
        a.put(piece.changed(lambda m: m.turned("x", turn)) for piece in wand)
        if chance(rng, 0.5):
            end = curve([[0, 0, 0], [0, -0.06, 0.0], [0.05, -0.12, 0.02], [0.0, -0.2, 0.05]], 14)
            a.add("cable", tube(end, 0.003, 6).turned("x", turn))
    elif kind in ("floor", "boom"):
        _floor_stand(a, rng, wand, kind == "boom")
    else:
        _desk_stand(a, rng, wand, kind == "studio")
    a.afford("speak", "grille")
    a.afford("grasp", "handle", "knob")
    a.afford("wrapgrasp", "handle")
    a.afford("press", "switch", "button")
    a.afford("carry", "pole")
    a.afford("move", "base", "boom")
    return a


def _hand_mic(rng: np.random.Generator) -> list[Piece]:
    """A tapered handle from y = 0 up and a ball or basket of wire on it."""
    thick, long, around = rng.uniform(0.013, 0.017), rng.uniform(0.12, 0.18), max(10, roundness(rng))
    shape = [(thick * 0.75, 0), (thick, long * 0.8), (thick * 1.15, long)]
    size = thick * rng.uniform(1.5, 1.9)
    style = pick(rng, ("ball", "oval", "foam", "flat"))
    if style == "flat":
        head = lathe([(thick * 1.1, 0), (size, 0.012), (size, 0.03), (size * 0.6, 0.036)], around)
    else:
        tall = {"ball": 2.0, "oval": 2.6, "foam": 3.0}[style] * size
        head = ball(2 * size, tall, 2 * size, around=max(10, around)).at(y=tall * 0.4)
    pieces = [
        Piece("handle", lathe(shape, around)),
        Piece("grille", head.at(y=long)),
    ]
    if chance(rng, 0.5):
        band = lathe([(thick * 1.2, 0), (size * 1.03, 0.006), (size * 1.03, 0.01), (thick, 0.013)], around)
        pieces.append(Piece("ring", band.at(y=long + (0.012 if style == "flat" else size * 0.7))))
    if chance(rng, 0.65):
        press = box(0.008, 0.022, 0.006).at(y=long * 0.65, z=thick * 0.95)
        pieces.append(Piece(pick(rng, ("switch", "button")), press))
    return pieces


def _studio_mic(rng: np.random.Generator) -> list[Piece]:
    """A stout body with a wide basket of wire above it."""
    thick, low, high = rng.uniform(0.02, 0.028), rng.uniform(0.05, 0.11), rng.uniform(0.05, 0.08)
    around = pick(rng, (max(12, roundness(rng)), rectangle(1.0, 0.8, 0.2, 3)))
    basket = lathe([(thick, 0), (thick * 1.1, high * 0.6), (thick * 0.8, high)], around)
    pieces = [
        Piece("handle", lathe([(thick * 0.7, 0), (thick, 0.015), (thick, low)], around)),
        Piece("grille", basket.at(y=low)),
    ]
    if chance(rng, 0.5):
        pieces.append(Piece("knob", turn_knob(rng, 0.007).at(y=low * 0.5, z=thick * 0.9)))
    if chance(rng, 0.5):
        pieces.append(Piece("switch", box(0.006, 0.012, 0.006).at(y=low * 0.65, z=thick * 0.9)))
    return pieces


def _leaned(a: Assembly, wand: list[Piece], lean: Number, at: tuple[Number, Number, Number]) -> None:
    """The microphone with its handle's lower third at a point, its head leaned towards +z."""
    a.put((piece.changed(lambda m: m.at(y=-0.045).turned("x", lean)) for piece in wand), *at)


def _floor_stand(a: Assembly, rng: np.random.Generator, wand: list[Piece], boom: bool) -> None:
    """A pole on a plate or three feet, the microphone on its top or at the end of a boom."""
    high, thick = rng.uniform(0.9, 1.5), rng.uniform(0.009, 0.014)
    split = high * rng.uniform(0.5, 0.7)
    a.add(
        "pole", cylinder(thick, split, around=10), cylinder(thick * 0.7, high - split, around=10).at(y=split)
    )
    a.add("knob" if chance(rng, 0.5) else "collar", cylinder(thick * 1.7, 0.06, around=10).at(y=split - 0.03))
    if chance(rng, 0.5):
        disc = lathe([(0.15, 0), (0.15, 0.012), (0.05, 0.025), (thick, 0.04)], 24)
        a.add("base", disc)
    else:
        name = pick(rng, ("base", "leg"))
        a.add(name, tube([[0, 0.06, 0], [0.28, 0.008, 0]], thick * 0.8, 8).around(3, start=30))
        a.add(name, cylinder(thick * 2, 0.05, around=10).at(y=0.035))
    end, lean = np.array([0.0, high, 0.0]), rng.uniform(25, 70)
    if boom:
        reach, rise = rng.uniform(0.4, 0.7), rng.uniform(-0.05, 0.35)
        end = np.array([0.0, high + rise, reach])
        start = np.array([0, high - rise * 0.4, -reach * 0.4])
        a.add("boom", tube([start, end], thick * 0.7, 8))
        if chance(rng, 0.6):
            a.add("weight", cylinder(0.025, 0.08, around=12).at(y=-0.02).pointed(start, end))
        joint = cylinder(0.022, 0.04, around=12).turned("z", 90)
        a.add("knob", joint.at(x=0.02, y=high), box(0.012, 0.05, 0.02).at(x=0.028, y=high - 0.025))
    a.add("clip", box(0.042, 0.05, 0.036).turned("x", lean).at(*(end - [0, 0.02, 0])))
    _leaned(a, wand, lean, tuple(end))
    if chance(rng, 0.4):
        drop = curve([end, end * [1, 0.7, 0.6] + [0.05, 0, 0], [0.03, high * 0.4, 0], [0.1, 0.01, -0.3]], 20)
        a.add("cable", tube(drop, 0.004, 6))


def _desk_stand(a: Assembly, rng: np.random.Generator, wand: list[Piece], studio: bool) -> None:
    """A short pole or gooseneck on a foot; in a studio the microphone hangs in hoops, maybe behind a screen."""
    high, thick = rng.uniform(0.08, 0.2), rng.uniform(0.006, 0.01)
    style = pick(rng, ("disc", "block", "tripod"))
    if style == "disc":
        a.add("base", cylinder(rng.uniform(0.05, 0.08), 0.018, bevel=0.005, around=24))
    elif style == "block":
        a.add("base", box(0.1, 0.03, 0.13, bevel=0.006))
        a.add("button", key(rng, 0.022, 0.016).row(2, x=0.032).turned("x", -90).at(y=0.029, z=0.045))
    else:
        a.add("leg", tube([[0, 0.05, 0], [0.09, 0.005, 0]], thick, 6).around(3, start=30))
    if chance(rng, 0.4):
        path = curve([[0, 0.015, 0], [0, high * 0.6, -0.03], [0, high, 0.0]], 12)
        a.add("gooseneck", tube(path, thick, 8))
    else:
        a.add("pole", cylinder(thick, high - 0.015, around=10).at(y=0.015))
    end = (0.0, high, 0.0)
    if studio:
        half = rng.uniform(0.035, 0.045)
        hoop = tube(arc(half, 0, 360, 17)[:-1], 0.004, 6, closed=True).turned("x", 90)
        a.add("shock mount", hoop.row(2, y=0.03).at(y=high + 0.02))
        a.add("shock mount", cylinder(0.003, half, around=5).turned("z", -90).around(4).at(y=high + 0.02))
        lean: Number = 0
    else:
        lean = rng.uniform(10, 60)
        a.add("clip", box(0.042, 0.04, 0.036).turned("x", lean).at(y=high - 0.02))
    _leaned(a, wand, lean, end)
    if studio and chance(rng, 0.6):
        hoop = cylinder(0.06, 0.008, around=20).turned("x", 90).at(y=high + 0.09, z=0.09)
        neck = curve([[0, 0.03, 0], [0.07, high * 0.6, 0.06], [0.055, high + 0.07, 0.092]], 14)
        a.add("pop filter", hoop, tube(neck, 0.004, 6))
    if chance(rng, 0.3):
        a.add("cable", cable(rng, (0, 0.01, -0.03), 0.25))


def loudspeaker(rng: np.random.Generator) -> Assembly:
    """Loudspeakers: a hi-fi box or tower, a stage box on a tripod, a guitar amplifier, a horn on a bracket."""
    kind = pick(rng, ("box", "stage", "amplifier", "horn"), (4, 3, 3, 2))
    a = Assembly({"amplifier": "guitar amplifier"}.get(kind, pick(rng, ("loudspeaker", "speaker"))))
    make = {"box": _speaker_box, "stage": _stage_box, "amplifier": _amplifier, "horn": _horn_speaker}
    top = make[kind](a, rng)
    a.afford("listen", "speaker", "woofer", "tweeter", "cone", "grille", where=facing("z", softness=0.7))
    a.afford("press", "button", "switch")
    a.afford("grasp", "handle", "knob")
    a.afford("carry", "handle")
    a.afford("lift", "handle")
    a.afford("move", "caster", "stand")
    a.afford("support", "body", where=towards("y", top - 0.05, top))
    return a


def _membrane(rng: np.random.Generator, radius: Number) -> Mesh:
    """A speaker around the origin that looks to +z: a shallow bowl with a cap in its middle, in a ring."""
    shape = [(0.2, 0.45), (0.3, 0.3), (0.82, 0.75), (0.86, 0.95), (1.0, 0.85), (1.0, 0)]
    deep = rng.uniform(0.15, 0.35)
    turned = np.array(shape[::-1]) * [radius, radius * deep]
    return lathe(turned, max(14, roundness(rng))).turned("x", 90)


def _speaker_box(a: Assembly, rng: np.random.Generator) -> float:
    """A box or tower with one to four speakers of different size."""
    wide = rng.uniform(0.16, 0.28)
    high, deep = wide * rng.uniform(1.5, 4.2), wide * rng.uniform(0.8, 1.3)
    a.add("body", box(wide, high, deep, bevel=pick(rng, (0.0, 0.008, 0.02))))
    z, big = deep / 2, wide * rng.uniform(0.34, 0.43)
    named = chance(rng, 0.6)
    small = wide * rng.uniform(0.12, 0.2)
    rows = int(max(1, min(3, (high - 3 * small) // (2.4 * big))))
    high_name, low_name = ("tweeter", "woofer") if named else ("speaker", "speaker")
    for row in range(rows):
        a.add(low_name, _membrane(rng, big).at(y=high * 0.04 + big + row * 2.2 * big, z=z))
    a.add(high_name, _membrane(rng, small).at(y=high - small * 1.6, z=z))
    if chance(rng, 0.4) and high > 0.04 * high + 2.2 * big * rows + 5 * small:
        hole = ring(ellipse(small * 2, count=16), ellipse(small * 1.5, count=16), 0.012)
        a.add("bass port", hole.at(y=high - small * 4.2, z=z))
    if chance(rng, 0.3):
        a.add("knob", turn_knob(rng, wide * 0.06).at(x=wide * 0.34, y=high - wide * 0.1, z=z))
        a.add("button", key(rng, 0.014, 0.012).at(x=-wide * 0.36, y=high - wide * 0.1, z=z))
    if chance(rng, 0.4):
        a.add("foot", foot(rng, 0.02, 0.03).at(x=wide * 0.38, y=-0.018, z=deep * 0.36).four_corners())
    elif chance(rng, 0.3):
        tall = rng.uniform(0.4, 0.7)
        a.add("stand", cylinder(0.03, tall, around=12).at(y=-tall), box(wide, 0.02, deep).at(y=-tall - 0.02))
    return high


def _stage_box(a: Assembly, rng: np.random.Generator) -> float:
    """A box with slanted sides, handles and a grille, on a tripod or on its back edge as a monitor."""
    wide, high, deep = rng.uniform(0.3, 0.42), rng.uniform(0.5, 0.75), rng.uniform(0.28, 0.38)
    foot_print = np.array([(-0.5, 0.5), (-0.3, -0.5), (0.3, -0.5), (0.5, 0.5)]) * [wide, deep]
    a.add("body", slab(foot_print, high))
    z = deep / 2
    if chance(rng, 0.35):
        a.add("grille", box(wide * 0.9, high * 0.92, 0.014, bevel=0.005).at(y=high * 0.04, z=z + 0.005))
    else:
        a.add(pick(rng, ("woofer", "speaker")), _membrane(rng, wide * 0.4).at(y=high * 0.34, z=z))
        mouth = vessel([(0.04, 0), (0.06, 0.03), (0.5, 0.05)], 0.008, rectangle(1, 0.6, 0.1, 2)).scaled(wide)
        a.add("cone", mouth.turned("x", 90).at(y=high * 0.8, z=z - 0.005))
    side = grip(rng, 0.13)
    for sign in (1, -1):
        a.add("handle", side.mesh.turned("y", 100 * sign).at(x=sign * wide * 0.405, y=high * 0.6))
    if chance(rng, 0.6):
        a.add(
            "handle",
            tube([[-0.07, 0, 0], [-0.06, 0.03, 0], [0.06, 0.03, 0], [0.07, 0, 0]], 0.01, 6).at(y=high),
        )
    if chance(rng, 0.5):
        a.add("knob", turn_knob(rng, 0.012).turned("y", 180).row(4, x=0.04).at(y=high * 0.5, z=-deep / 2))
        a.add("switch", key(rng, 0.02, 0.03).turned("y", 180).at(y=high * 0.3, z=-deep / 2))
    if chance(rng, 0.7):
        tall = rng.uniform(0.8, 1.3)
        a.add("stand", tripod(tall, tall * 0.35, 0.017).at(y=-tall))
    elif chance(rng, 0.5):
        a.add("caster", caster(rng, 0.06).at(x=wide * 0.25, y=-0.06, z=deep * 0.35).four_corners())
    return high


def _amplifier(a: Assembly, rng: np.random.Generator) -> float:
    """A box with a cloth front, a strip of knobs above it, a handle on top."""
    wide, high, deep = rng.uniform(0.35, 0.65), rng.uniform(0.32, 0.55), rng.uniform(0.2, 0.28)
    strip = rng.uniform(0.07, 0.1)
    a.add("body", carcass(wide, high, deep, 0.018), box(wide - 0.03, high - strip, 0.02).at(y=0.01))
    cloth = box(wide - 0.03, high - strip - 0.02, 0.02).at(y=0.015, z=deep / 2 - 0.03)
    a.add("grille", cloth)
    panel = box(wide - 0.03, strip, 0.02).at(y=high - strip - 0.012, z=deep / 2 - 0.02)
    a.add("panel" if chance(rng, 0.6) else "body", panel)
    y, z = high - strip * 0.62, deep / 2 - 0.011
    a.add("knob", turn_knob(rng, 0.013).row(int(rng.integers(4, 9)), x=0.045).at(x=wide * 0.06, y=y, z=z))
    a.add("switch", box(0.012, 0.022, 0.014).at(x=-wide * 0.42, y=y - 0.011, z=z))
    if chance(rng, 0.5):
        plug = cylinder(0.011, 0.008, around=10).turned("x", 90)
        a.add("jack", plug.row(2, x=0.035).at(x=-wide * 0.34, y=y, z=z))
    bow = curve([[-0.1, 0, 0], [-0.07, 0.03, 0], [0.07, 0.03, 0], [0.1, 0, 0]], 10)
    a.add("handle", tube(bow, 0.009, 8).at(y=high - 0.003))
    if chance(rng, 0.5):
        corner = box(0.05, 0.05, 0.05, bevel=0.01).at(x=wide / 2 - 0.022, z=deep / 2 - 0.022)
        a.add("corner", corner.at(y=-0.004).four_corners(), corner.at(y=high - 0.046).four_corners())
    if chance(rng, 0.5):
        a.add("foot", cylinder(0.018, 0.02, around=10).at(wide * 0.42, -0.018, deep * 0.36).four_corners())
    return high


def _horn_speaker(a: Assembly, rng: np.random.Generator) -> float:
    """The loud horn of a station or a stadium, one or two on a bracket, maybe on a pole."""
    wide, long = rng.uniform(0.12, 0.22), rng.uniform(0.25, 0.4)
    around = pick(rng, (max(14, roundness(rng)), rectangle(1.2, 0.8, 0.1, 3)))
    shape = [(wide * 0.15, 0), (wide * 0.25, long * 0.45), (wide * 0.6, long * 0.85), (wide, long)]
    y = wide * 1.3
    flare = vessel(curve(shape, 8), 0.006, around).turned("x", 90)
    driver = cylinder(wide * 0.4, long * 0.35, bevel=0.01, around=16).turned("x", 90)
    a.add("cone", flare.at(y=y, z=0.03))
    a.add("body", driver.at(y=y, z=-long * 0.3))
    half = wide * 0.42
    bow = [[-half, y, -long * 0.1], [-half, 0.01, -long * 0.1], [half, 0.01, -long * 0.1]]
    a.add("bracket", tube([*bow, [half, y, -long * 0.1]], 0.012, 4))
    bolt = cylinder(0.018, 0.02, around=8).turned("z", -90).at(x=half, y=y, z=-long * 0.1)
    a.add("knob" if chance(rng, 0.5) else "bolt", bolt.both_sides())
    if chance(rng, 0.5):
        tall = rng.uniform(0.5, 1.6)
        a.add("pole", cylinder(0.025, tall, around=12).at(y=-tall, z=-long * 0.1))
        a.add("base", cylinder(0.15, 0.03, around=20).at(y=-tall, z=-long * 0.1))
    return 2 * wide
