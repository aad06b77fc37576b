"""Small things of the house: switch, lever, ladder, umbrella, broom, candle, picture, mirror, heater."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, extrude, frame, lathe, ring, sheet, slab, tube
from partwise.datasets.world.dice import between, chance, pick, roundness
from partwise.datasets.world.fields import facing, middle
from partwise.datasets.world.fronts import key, turn_knob
from partwise.datasets.world.mesh import join
from partwise.datasets.world.outlines import arc, ellipse, rectangle, regular
from partwise.datasets.world.pieces import foot


def button_box(rng: np.random.Generator) -> Assembly:
    """Push buttons on a box or plate, light switches, dials: one control or a few in a row."""
    a = Assembly("button box")
    size, around = between(rng, 0.05, 0.25), roundness(rng) + 2
    kind, count = pick(rng, ("button", "switch", "dial", "light")), pick(rng, (1, 1, 2, 3))
    thick = size * rng.uniform(0.1, 1.0) if kind == "button" else size * rng.uniform(0.08, 0.3)
    outline = pick(
        rng,
        (
            rectangle(size, size),
            rectangle(size, size, size * 0.1),
            ellipse(size, count=around),
            regular(8, size),
        ),
    )
    outline = outline * [count if len(outline) == 4 else 1.0, 1.0]
    step = size if len(outline) == 4 else size * 1.1
    plates = extrude(outline, thick) if len(outline) == 4 else extrude(outline, thick).row(count, x=step)
    a.add(pick(rng, ("body", "panel", "switch plate")), plates)
    z, radius = thick / 2, size * rng.uniform(0.2, 0.38)
    if kind == "button":
        out = radius * rng.uniform(0.3, 1.2)
        cap = cylinder(radius, out, radius * rng.uniform(0.7, 1.0), around=around).turned("x", 90)
        a.add("button", cap.row(count, x=step).at(z=z))
        if chance(rng, 0.4):
            hoop = ring(ellipse(radius * 2.6, count=20), ellipse(radius * 2.1, count=20), out * 0.8)
            a.add(pick(rng, ("rim", "button ring")), hoop.row(count, x=step).at(z=z + out * 0.4))
    elif kind == "switch":
        rocker = box(size * 0.45, size * 0.6, size * 0.12).at(y=-size * 0.3)
        if chance(rng, 0.4):
            rocker = cylinder(size * 0.07, size * 0.35, size * 0.1, around=10).turned(
                "x", 90 - rng.uniform(20, 50)
            )
        a.add(
            pick(rng, ("switch", "button")), rocker.turned("x", pick(rng, (-9, 9))).row(count, x=step).at(z=z)
        )
    elif kind == "dial":
        a.add(pick(rng, ("dial", "knob")), turn_knob(rng, radius).row(count, x=step).at(z=z))
    else:
        a.add("light", lathe(arc(radius, 0, 90, 6)[:, :2], around).turned("x", 90).row(count, x=step).at(z=z))
    if kind in ("button", "switch"):
        a.afford("press", "button", "switch")
        a.afford("push", "button", "switch")
    elif kind == "dial":
        a.afford("grasp", "dial", "knob")
    else:
        a.afford("display", "light")
    return a


def lever(rng: np.random.Generator) -> Assembly:
    """Levers to throw: a rod with a grip that turns on an axle in a base."""
    a = Assembly("lever")
    width, high, depth = rng.uniform(0.1, 0.25), rng.uniform(0.08, 0.35), rng.uniform(0.06, 0.2)
    if chance(rng, 0.5):
        dome = arc(1.0, 0, 180, 11)[:, :2] * [width * 0.8, high]
        a.add("base", extrude(dome, depth))
    else:
        a.add(
            "base",
            box(width, high, depth, bevel=pick(rng, (0.0, 0.02))),
            box(width * 1.5, 0.025, depth * 1.5),
        )
    long, thick = rng.uniform(0.15, 0.4), rng.uniform(0.008, 0.02)
    rod = (
        cylinder(thick, long, around=roundness(rng))
        if chance(rng, 0.6)
        else box(thick * 2, long, thick * 1.5)
    )
    lean, side = rng.uniform(-60, 60), chance(rng, 0.4)
    style = pick(rng, ("ball", "grip", "whole"), (3, 3, 2))
    name = pick(rng, ("rod", "lever"))
    pieces = [("handle" if style == "whole" else name, rod)]
    if style == "ball":
        pieces.append(
            (pick(rng, ("handle", "knob")), ball(thick * rng.uniform(3.5, 6), around=12).at(y=long))
        )
    elif style == "grip":
        grip = cylinder(thick * 1.7, long * 0.4, thick * 2, around=12).at(y=long * 0.65)
        a.add("handle", grip.turned("z", lean).at(x=side * (width * 0.5 + thick), y=high * 0.85))
    for part, mesh in pieces:
        a.add(part, mesh.turned("z", lean).at(x=side * (width * 0.5 + thick), y=high * 0.85))
    if chance(rng, 0.5):
        pin = cylinder(thick * 1.6, depth * 1.2, around=12).at(y=-depth * 0.6)
        a.add("axle", pin.turned("x", 90).at(x=side * (width * 0.5 + thick), y=high * 0.85))
    a.afford("grasp", "handle", "knob")
    a.afford("push", "handle", "lever", "knob")
    a.afford("pull", "handle", "lever", "knob")
    return a


def ladder(rng: np.random.Generator) -> Assembly:
    """Leaning ladders, step ladders and folding steps."""
    a = Assembly("ladder")
    width, height, count = rng.uniform(0.3, 0.5), between(rng, 0.6, 3.0), int(rng.integers(3, 10))
    thick, folding = rng.uniform(0.02, 0.045), chance(rng, 0.5)
    lean, around = rng.uniform(12, 22) if folding else rng.uniform(0, 15), roundness(rng)
    round_rungs = not folding and chance(rng, 0.5)
    rail = box(thick, height, thick * 1.8).at(x=width / 2).both_sides()
    if round_rungs:
        tread = cylinder(thick * 0.45, width, around=around).at(y=-width / 2).turned("z", 90)
    else:
        tread = box(width, thick * 0.6, thick * rng.uniform(1.5, 4.0))
    rungs = tread.row(count, y=height / (count + 0.7)).at(y=height / 2)
    a.add("rail", rail.turned("x", -lean))
    a.add("rung" if round_rungs else "step", rungs.turned("x", -lean))
    if folding:
        back = height * np.cos(np.radians(lean)), -2 * height * np.sin(np.radians(lean))
        top = [0.0, back[0], back[1] / 2]
        rear = box(thick, height, thick).at(x=width / 2 - thick).both_sides() + box(
            width, thick, thick * 0.6
        ).at(y=height * 0.25)
        a.add("leg", rear.turned("x", lean).at(z=back[1]))
        a.add("hinge", cylinder(thick, width * 1.05, around=10).at(y=-width * 0.525).turned("z", 90).at(*top))
    a.afford("support", "rung", "step", where=facing())
    a.afford("grasp", "rail", where=middle("y", 0, height))
    a.afford("carry", "rail", where=middle("y", 0, height))
    return a


def umbrella(rng: np.random.Generator) -> Assembly:
    """Umbrellas and parasols: open or furled, with a crook, a straight grip or a foot."""
    a = Assembly("umbrella")
    radius, count = rng.uniform(0.4, 0.7), int(rng.integers(6, 11))
    high, rise = radius * rng.uniform(1.2, 2.0), radius * rng.uniform(0.3, 0.6)
    opened = chance(rng, 0.75)
    reach = radius if opened else radius * 0.12
    if opened:
        turn = np.linspace(0, 2 * np.pi, 2 * count + 1)
        share = np.linspace(1.0, 0.02, 6)[:, None]
        r = reach * share * (1 - 0.06 * (np.arange(2 * count + 1) % 2))
        y = rise * (1 - share**2) + 0.03 * radius * share * (np.arange(2 * count + 1) % 2)
        grid = np.stack([r * np.cos(turn), y + high - rise, r * np.sin(turn)], axis=-1)
        a.add("canopy", sheet(grid, 0.004))
        stay = tube([[0, high - rise * 1.2, 0], [radius * 0.5, high - rise * 0.28, 0]], 0.004, 4)
        a.add("rib", stay.around(count))
    else:
        line = [
            (0.015, high * 0.3),
            (reach * 0.7, high * 0.4),
            (reach * 0.5, high * 0.75),
            (0.01, high * 0.98),
        ]
        a.add("canopy", lathe(line, count + 3))
    thick = rng.uniform(0.005, 0.012)
    a.add("pole", cylinder(thick, high * 1.06, around=8))
    style = pick(rng, ("crook", "straight", "stand"), (4, 2, 1 if opened else 0))
    if style == "stand":
        a.add("base", lathe([(0.2, 0), (0.2, 0.04), (0.03, 0.06), (0.025, 0.2)], roundness(rng) + 6))
    elif style == "crook":
        hook = np.add(arc(radius * 0.09, 180, 380, 12), [radius * 0.09, 0, 0])
        a.add("handle", tube(np.concatenate([[[0, radius * 0.2, 0]], hook]), thick * 2, 8))
    else:
        a.add("handle", cylinder(thick * 2.5, high * 0.16, thick * 1.8, around=10).at(y=-high * 0.05))
    a.afford("grasp", "handle")
    a.afford("carry", "handle")
    return a


def broom(rng: np.random.Generator) -> Assembly:
    """Brooms, brushes and mops: a long handle, a head, bristles."""
    a = Assembly("broom")
    high, thick = rng.uniform(0.8, 1.5), rng.uniform(0.009, 0.016)
    width, drop = rng.uniform(0.18, 0.5), rng.uniform(0.06, 0.2)
    lean = rng.uniform(0, 25)
    a.add("handle", cylinder(thick, high, around=roundness(rng)).turned("x", -lean).at(y=drop))
    if chance(rng, 0.35):
        a.add("bristles", cylinder(width * 0.3, drop * 2, thick * 2, around=14).scaled(1, 1, 0.5).at(y=-drop))
        if chance(rng, 0.5):
            a.add(
                "band",
                cylinder(width * 0.14, 0.03, width * 0.13, around=14).scaled(1, 1, 0.6).at(y=drop * 0.35),
            )
    else:
        a.add("head", box(width, 0.04, 0.06, bevel=0.008).at(y=drop - 0.02))
        tuft = box(0.014, drop, 0.012).tapered(0.7, 1.1)
        count = int(width / 0.022)
        a.add("bristles", tuft.row(count, x=width * 0.95 / count).row(2, z=0.028).at(y=-0.01))
    a.afford("grasp", "handle", where=middle("y", high * 0.4, high))
    a.afford("clean", "bristles")
    return a


def candle(rng: np.random.Generator) -> Assembly:
    """Candles with wick and flame, in a holder or a candelabrum."""
    a = Assembly("candle")
    radius, around = rng.uniform(0.01, 0.04), roundness(rng)
    tall = radius * rng.uniform(2.0, 10.0)
    arms, spread = pick(rng, (1, 1, 3)), radius * rng.uniform(4, 6)
    spots = [[(i - (arms - 1) / 2) * spread, 0, 0] for i in range(arms)]
    a.add("wax", cylinder(radius, tall, around=around).copies(spots))
    a.add("wick", cylinder(radius * 0.14, radius * 0.9, around=6).at(y=tall - 0.001).copies(spots))
    if chance(rng, 0.5):
        drop = lathe([(0, 0), (radius * 0.4, radius * 0.5), (radius * 0.25, radius), (0.0, radius * 1.8)], 10)
        a.add("flame", drop.at(y=tall + radius * 0.5).copies(spots))
    if arms > 1 or chance(rng, 0.7):
        dish = lathe(
            [
                (radius * 1.1, -radius * 0.3),
                (radius * 1.9, 0),
                (radius * 1.9, radius * 0.15),
                (0.0, radius * 0.1),
            ],
            around,
        )
        low = radius * rng.uniform(0.5, 6.0)
        base = [cylinder(radius * 2.4, radius * 0.4, radius * 1.4, around=around).at(y=-low - radius * 0.4)]
        base.append(cylinder(radius * 0.4, low, around=8).at(y=-low))
        if arms > 1:
            base.append(box(spread * (arms - 1), radius * 0.4, radius * 0.4).at(y=-radius * 0.5))
        a.add("base", join([dish.copies(spots), *base]))
        if arms == 1 and chance(rng, 0.4):
            a.add(
                "handle",
                tube(arc(radius, 0, 360, 13)[:-1], radius * 0.2, 6, closed=True).at(
                    x=radius * 2.9, y=radius * 0.2
                ),
            )
    a.afford("grasp", "handle", "base")
    a.afford("wrapgrasp", "wax")
    return a


def picture_frame(rng: np.random.Generator) -> Assembly:
    """Pictures and mirrors in a frame: on the wall, propped up, on a stand."""
    mirror = chance(rng, 0.45)
    a = Assembly("mirror" if mirror else "picture frame")
    width, ratio = between(rng, 0.12, 1.0), rng.uniform(0.6, 1.7)
    high, border = width * ratio, width * rng.uniform(0.04, 0.16)
    thick, oval = width * rng.uniform(0.03, 0.12), chance(rng, 0.25)
    inner = (width - 2 * border, high - 2 * border)
    if oval:
        edge, pane = ring(ellipse(width, high, 28), ellipse(*inner, 28), thick), ellipse(*inner, 28)
    else:
        edge, pane = frame(width, high, border, thick), rectangle(*inner)
    lean = rng.uniform(5, 20) if chance(rng, 0.4) else 0.0
    a.add("frame", edge.turned("x", -lean))
    inside = extrude(pane, thick * 0.4).turned("x", -lean)
    a.add("mirror glass" if mirror else "picture", inside)
    if lean:
        a.add(
            "stand",
            box(width * 0.15, high * 0.8, thick * 0.4).at(y=-high / 2).turned("x", lean).at(z=-high * 0.25),
        )
    elif mirror and chance(rng, 0.4):
        a.add("stand", box(width * 0.06, high * 1.1, thick).at(x=width * 0.56, y=-high * 0.7).both_sides())
        a.add("foot", box(width * 0.08, thick, high * 0.35).at(x=width * 0.56, y=-high * 0.7).both_sides())
    a.afford("display", "picture", "mirror glass", where=facing("z"))
    a.afford("grasp", "frame")
    return a


def heater(rng: np.random.Generator) -> Assembly:
    """Radiators and oil heaters: fins between pipes, a valve knob, feet or wheels, a control panel."""
    a = Assembly("heater")
    count, high = int(rng.integers(5, 14)), rng.uniform(0.4, 0.8)
    step, depth = rng.uniform(0.045, 0.08), rng.uniform(0.06, 0.2)
    width, lift = count * step, rng.uniform(0.04, 0.12)
    fin = box(step * rng.uniform(0.3, 0.8), high, depth, bevel=pick(rng, (0.0, 0.01)))
    a.add("fin", fin.row(count, x=step).at(y=lift))
    pipe = cylinder(0.018, width * 1.04, around=10).at(y=-width * 0.52).turned("z", 90)
    a.add("body", pipe.at(y=lift + 0.06), pipe.at(y=lift + high - 0.06))
    end = width / 2
    if chance(rng, 0.5):
        box_wide = rng.uniform(0.06, 0.1)
        a.add("body", box(box_wide, high * 0.95, depth * 1.05).at(x=end + box_wide / 2, y=lift))
        face = (
            turn_knob(rng, box_wide * 0.35)
            .row(2, y=0.12)
            .at(x=end + box_wide / 2, y=lift + high * 0.7, z=depth * 0.52)
        )
        a.add("knob", face)
        a.add("button", key(rng, 0.025, 0.02).at(x=end + box_wide / 2, y=lift + high * 0.4, z=depth * 0.52))
    else:
        a.add("knob", turn_knob(rng, 0.028).turned("y", 90).at(x=end + 0.02, y=lift + high - 0.06))
    if chance(rng, 0.5):
        disc = cylinder(lift * 0.45, 0.02, around=12).turned("z", 90).at(y=lift * 0.45)
        a.add("wheel", disc.at(x=end * 0.8, z=depth * 0.6).four_corners())
        a.add(
            "foot", slab(rectangle(0.03, depth * 1.4), lift * 0.4).at(x=end * 0.8, y=lift * 0.6).both_sides()
        )
    else:
        a.add("foot", foot(rng, lift, 0.04).at(x=end * 0.85, z=depth * 0.3).four_corners())
    a.afford("press", "button")
    a.afford("grasp", "knob")
    a.afford("move", "fin")
    return a
