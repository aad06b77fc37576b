"""Small things that a hand holds around their body: tape measures, stopwatches, canteens, speakers, sharpeners."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, pillow, ring, slab, tray, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Mesh
from partwise.datasets.world.outlines import ellipse, rectangle, squircle
from partwise.datasets.world.straps import strapped


def tape_measure(rng: np.random.Generator) -> Assembly:
    """A flat case with a tape that ends in a hook, a lock button, now and then a clip, a label and a wrist strap."""
    a = Assembly("tape measure")
    high = rng.uniform(0.055, 0.08)
    wide, deep = high * rng.uniform(0.95, 1.25), high * rng.uniform(0.35, 0.6)
    form, name = pick(rng, ("round", "soft", "edged")), pick(rng, ("case", "body", "case", "housing"))
    outline = {
        "round": ellipse(wide, high, 28),
        "soft": squircle(wide, high, rng.uniform(3, 6), 28),
        "edged": rectangle(wide, high, high * 0.12),
    }[form]
    case = slab(outline, deep, bevel=pick(rng, (0.0, 0.12)) * deep).turned("x", 90)
    a.add(name, case.at(y=high / 2, z=-deep / 2))
    broad, out = deep * rng.uniform(0.45, 0.7), wide * pick(rng, (0.08, rng.uniform(0.3, 1.6)))
    level = high * rng.uniform(0.05, 0.12)
    start = wide * (0.25 if form == "round" else 0.42)
    a.add("tape", box(out + wide / 2 - start, 0.001, broad).at(x=(out + wide / 2 + start) / 2, y=level))
    end = wide / 2 + out
    hook = box(0.002, high * 0.16, broad * 1.1).at(x=end, y=level - high * 0.11)
    a.add("hook", hook + box(high * 0.12, 0.002, broad * 0.9).at(x=end - high * 0.06, y=level + 0.001))
    a.add("button", _lock(rng, wide, high, deep, form == "round"))
    if chance(rng, 0.4):
        disc = cylinder(high * rng.uniform(0.25, 0.36), deep * 0.06, around=max(14, roundness(rng)))
        a.add("label", disc.turned("x", 90).at(y=high / 2, z=deep / 2 - 0.0005))
    if chance(rng, 0.5):
        clip = box(wide * 0.25, high * 0.7, deep * 0.05).at(y=high * 0.15, z=-deep * 0.62)
        a.add("clip", clip + box(wide * 0.25, high * 0.06, deep * 0.14).at(y=high * 0.79, z=-deep * 0.56))
    strapped(a, rng, (wide, high, deep), 0.5)
    a.afford("grasp", name)
    a.afford("press", "button")
    a.afford("pull", "hook", "tape")
    return a


def _lock(rng: np.random.Generator, wide: float, high: float, deep: float, round_: bool) -> Mesh:
    """On the top, or high on the front towards the tape."""
    key = box(wide * rng.uniform(0.15, 0.3), high * 0.1, deep * rng.uniform(0.35, 0.6), bevel=high * 0.02)
    if round_ or chance(rng, 0.5):
        return key.at(y=high * 0.96)
    return key.turned("z", -90).at(x=wide * 0.49, y=high * rng.uniform(0.6, 0.75))


def stopwatch(rng: np.random.Generator) -> Assembly:
    """A round or rounded case with a glass or screen, one to three buttons on top, a ring or a cord."""
    a = Assembly(pick(rng, ("stopwatch", "pocket watch"), (2, 1)))
    wide = rng.uniform(0.05, 0.08)
    high, deep = wide * pick(rng, (1.0, 1.0, rng.uniform(0.8, 1.3))), wide * rng.uniform(0.2, 0.4)
    outline = ellipse(wide, high, 28) if chance(rng, 0.65) else squircle(wide, high, rng.uniform(2.5, 4), 28)
    name = pick(rng, ("body", "case"))
    case = slab(outline, deep, bevel=pick(rng, (0.0, 0.2)) * deep).turned("x", 90)
    a.add(name, case.at(y=high / 2, z=-deep / 2))
    if chance(rng, 0.6):
        glass = lathe([(wide * 0.4, 0), (wide * 0.34, deep * 0.1), (0, deep * 0.16)], 24).turned("x", 90)
        a.add(pick(rng, ("glass", "dial")), glass.at(y=high / 2, z=deep / 2 - 0.0005))
        if chance(rng, 0.5):
            hoop = ring(ellipse(wide * 0.92, count=24), ellipse(wide * 0.8, count=24), deep * 0.2)
            a.add("rim", hoop.at(y=high / 2, z=deep / 2))
    else:
        a.add("screen", box(wide * 0.6, high * 0.3, 0.002).at(y=high * rng.uniform(0.35, 0.5), z=deep / 2))
    stem, count = deep * rng.uniform(0.2, 0.32), pick(rng, (1, 2, 3))
    key = cylinder(stem * 0.6, deep * 0.25, around=10)
    key += cylinder(stem, deep * rng.uniform(0.2, 0.4), around=12).at(y=deep * 0.24)
    for angle in {1: (0,), 2: (-35, 35), 3: (-38, 0, 38)}[count]:
        lean = np.deg2rad(angle)
        place = (np.sin(lean) * wide * 0.49, high / 2 + np.cos(lean) * high * 0.48)
        a.add("button", key.turned("z", -angle).at(x=place[0], y=place[1]))
    if chance(rng, 0.6):
        bow = tube(
            [
                (np.cos(t) * wide * 0.14, np.sin(t) * wide * 0.14, 0)
                for t in np.linspace(-0.5, np.pi + 0.5, 14)
            ],
            wide * 0.02,
        )
        a.add("ring", bow.at(y=high * 1.06 + deep * 0.3))
    strapped(a, rng, (wide, high, deep), 0.5)
    a.afford("grasp", name)
    a.afford("press", "button")
    a.afford("display", "screen", "dial")
    return a


def canteen(rng: np.random.Generator) -> Assembly:
    """Flat round flasks, hip flasks and field bottles: a body, a neck, a cap on a chain, often a strap."""
    form = pick(rng, ("round", "hip", "oval"))
    a = Assembly("hip flask" if form == "hip" else "canteen")
    high = rng.uniform(0.12, 0.2)
    wide = high * {"round": 1.0, "hip": rng.uniform(0.65, 0.85), "oval": rng.uniform(0.6, 0.8)}[form]
    deep = high * rng.uniform(0.18, 0.4)
    if form == "round":
        body = slab(ellipse(wide, high, 32), deep, bevel=deep * rng.uniform(0.15, 0.4)).turned("x", 90)
        body = body.at(y=high / 2, z=-deep / 2)
    elif form == "hip":
        body = slab(squircle(wide, deep, rng.uniform(2.5, 4), 28), high, bevel=deep * pick(rng, (0.0, 0.15)))
    else:
        body = pillow(wide, high, deep, rng.uniform(3, 5)).at(y=high / 2)
    a.add("body", body)
    radius, neck = deep * rng.uniform(0.22, 0.38), high * rng.uniform(0.05, 0.12)
    x = wide * (pick(rng, (0.0, 0.25)) if form == "hip" else 0.0)
    a.add("neck", cylinder(radius * 0.85, neck + high * 0.03, around=16).at(x=x, y=high * 0.97))
    top = high + neck
    cap = cylinder(radius * rng.uniform(1.1, 1.4), high * rng.uniform(0.08, 0.16), bevel=0.002, around=18)
    a.add("cap", cap.at(x=x, y=top - 0.002))
    if chance(rng, 0.5):
        side = pick(rng, (-1, 1))
        path = [
            (x + side * radius * 1.1, top + 0.005, 0),
            (x + side * radius * 2.2, top, 0),
            (x + side * radius * 2.0, high * 0.98, 0),
            (x + side * radius * 0.7, high * 0.99, 0),
        ]
        a.add("chain", tube(path, radius * 0.08))
    if chance(rng, 0.3):
        a.add("label", box(wide * 0.4, high * 0.3, 0.002).at(y=high * 0.35, z=deep / 2))
    strapped(a, rng, (wide, high, deep), 0.6)
    a.afford("grasp", "body")
    a.afford("contain", "body")
    a.afford("open", "cap")
    a.afford("pour", "neck")
    return a


def portable_speaker(rng: np.random.Generator) -> Assembly:
    """A box, pillow or lying roll with one or two cones to the front, buttons on top, a light, a strap."""
    a = Assembly("portable speaker")
    high = rng.uniform(0.06, 0.12)
    wide, deep = high * pick(rng, (1.0, rng.uniform(1.4, 2.6))), high * rng.uniform(0.5, 0.9)
    form, name = pick(rng, ("box", "pillow", "roll")), pick(rng, ("body", "case", "housing"))
    if form == "roll":
        deep = high
        body = cylinder(high / 2, wide, bevel=high * 0.06, around=28).turned("z", 90)
        a.add(name, body.at(x=wide / 2, y=high / 2))
    elif form == "pillow":
        a.add(name, pillow(wide, high, deep, rng.uniform(4, 8)).at(y=high / 2))
    else:
        a.add(name, box(wide, high, deep, bevel=pick(rng, (0.0, 0.08)) * high))
    count = 1 if wide < 1.3 * high or chance(rng, 0.4) else 2
    radius, out = high * rng.uniform(0.25, 0.4), high * rng.uniform(0.03, 0.25)
    cone = lathe(
        [(radius, 0), (radius, out), (radius * 0.85, out), (radius * 0.25, out * 0.3), (0, out * 0.4)],
        max(16, roundness(rng)),
    )
    row = cone.row(count, x=wide * 0.45).turned("x", 90)
    a.add("speaker", row.at(y=high / 2, z=deep / 2 - (0.004 if form == "box" else high * 0.03)))
    size, keys = high * rng.uniform(0.08, 0.14), pick(rng, (1, 2, 3, 4))
    key = (
        cylinder(size / 2, size * 0.4, around=12) if chance(rng, 0.6) else box(size, size * 0.35, size * 0.6)
    )
    a.add("button", key.row(keys, x=size * 1.8).at(x=wide * rng.uniform(-0.15, 0.15), y=high - size * 0.05))
    if chance(rng, 0.3):
        lamp = ball(high * 0.06, around=8).at(x=wide * 0.4, y=high * 0.2, z=deep / 2 * (form != "roll"))
        a.add("light", lamp if form != "roll" else lamp.at(z=high * 0.38))
    strapped(a, rng, (wide, high, deep), 0.55)
    a.afford("grasp", name)
    a.afford("press", "button")
    a.afford("listen", "speaker")
    return a


def pencil_sharpener(rng: np.random.Generator) -> Assembly:
    """A cased one with a crank behind, a round mouth in front and a drawer below, or an electric one."""
    a = Assembly("pencil sharpener")
    high = rng.uniform(0.08, 0.12)
    wide, deep = high * rng.uniform(0.55, 0.9), high * rng.uniform(0.7, 1.2)
    low, name = high * rng.uniform(0.3, 0.45), pick(rng, ("body", "case", "housing"))
    if chance(rng, 0.4):
        hull = slab(ellipse(wide, high, 28), deep, bevel=deep * pick(rng, (0.0, 0.1))).turned("x", 90)
        a.add(name, hull.at(y=high / 2, z=-deep / 2))
        low = high * 0.25
    else:
        a.add(name, box(wide, high, deep, bevel=high * pick(rng, (0.0, 0.08))))
    drawer = tray(wide * rng.uniform(0.6, 0.8), low * 0.75, deep * 0.8, wide * 0.04)
    a.add("drawer", drawer.at(y=high * 0.04 + low * 0.05, z=deep * rng.uniform(0.11, 0.2)))
    radius = wide * rng.uniform(0.14, 0.3)
    mouth = ring(ellipse(2 * radius, count=20), ellipse(radius, count=20), deep * rng.uniform(0.1, 0.4))
    a.add(pick(rng, ("rim", "ring")), mouth.at(y=high * 0.68, z=deep / 2))
    if chance(rng, 0.65):
        reach, arm = wide * rng.uniform(0.3, 0.5), wide * 0.06
        z = -deep / 2
        path = [(0, high * 0.62, z), (0, high * 0.62, z - deep * 0.12), (reach, high * 0.62, z - deep * 0.14)]
        a.add("crank", tube(path, arm))
        knob = cylinder(wide * 0.1, deep * 0.2, bevel=wide * 0.02, around=14).turned("x", -90)
        a.add("knob", knob.at(x=reach, y=high * 0.62, z=z - deep * 0.12))
    else:
        a.add("button", cylinder(wide * 0.1, high * 0.05, around=14).at(y=high * 0.99, z=-deep * 0.2))
    a.afford("grasp", name)
    a.afford("move", "crank", "knob")
    a.afford("press", "button")
    a.afford("pull", "drawer")
    return a
