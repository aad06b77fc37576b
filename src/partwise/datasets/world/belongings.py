"""What people own: guitar, laptop, monitor, phone, camera, headphones, glasses, watch, walkie-talkie, torch."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import cutout
from partwise.datasets.world.build import box, cylinder, frame, lathe, pillow, ring, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle
from partwise.datasets.world.straps import strapped


def guitar(rng: np.random.Generator) -> Assembly:
    """Acoustic and electric guitars, ukuleles, violins."""
    a = Assembly(pick(rng, ("guitar", "guitar", "acoustic guitar", "ukulele", "violin")))
    wide, tall, deep = rng.uniform(0.3, 0.42), rng.uniform(0.42, 0.52), rng.uniform(0.04, 0.12)
    waist, top = rng.uniform(0.6, 0.75), rng.uniform(0.75, 0.95)
    right = curve(
        [
            (0.02, 0),
            (wide * 0.4, tall * 0.06),
            (wide * 0.5, tall * 0.28),
            (wide * 0.5 * waist, tall * 0.58),
            (wide * 0.5 * top, tall * 0.8),
            (wide * 0.3, tall * 0.98),
            (0.03, tall),
        ],
        20,
    )
    outline = np.concatenate([right, right[::-1] * [-1, 1]])
    a.add("body", cutout(outline, deep))
    reach, neck = rng.uniform(0.32, 0.46), rng.uniform(0.045, 0.06)
    own = chance(rng, 0.65)
    a.add("neck" if own else "body", box(neck, reach + 0.1, 0.022).at(y=tall - 0.1, z=deep / 2 + 0.006))
    y = tall + reach
    head = cutout([(-neck * 0.5, 0), (neck * 0.5, 0), (neck * 0.8, 0.16), (-neck * 0.8, 0.16)], 0.018)
    a.add("head" if own else "body", head.turned("x", -12).at(y=y - 0.005, z=deep / 2 + 0.006))
    strings = int(pick(rng, (4, 6)))
    z = deep / 2 + 0.022
    wire = box(0.0022, y - tall * 0.25, 0.0022).row(strings, x=neck * 0.75 / strings).at(y=tall * 0.25, z=z)
    if chance(rng, 0.8):
        a.add("string", wire)
    peg = join([cylinder(0.005, 0.035, around=6), box(0.018, 0.014, 0.008).at(y=0.03)]).turned("z", -90)
    if chance(rng, 0.8):
        side = peg.copies([(neck * 0.65, y + 0.03 + 0.045 * i, deep / 2) for i in range(strings // 2)])
        a.add("tuning peg", side.both_sides())
    if chance(rng, 0.6):
        a.add("bridge", box(wide * 0.4, 0.025, 0.016).at(y=tall * 0.24, z=deep / 2 + 0.008))
    if chance(rng, 0.4):
        a.add(
            "sound hole",
            cylinder(wide * 0.13, 0.004, around=20).turned("x", 90).at(y=tall * 0.58, z=deep / 2),
        )
    a.afford("play", "string", "neck", "body", where=facing("z"))
    a.afford("grasp", "neck", "body")
    return a


def _keys(rng: np.random.Generator, width: Number, depth: Number, high: Number) -> Mesh:
    rows, columns = int(rng.integers(4, 6)), int(rng.integers(8, 13))
    key = box(width / columns * 0.82, high, depth / rows * 0.82)
    return key.row(columns, x=width / columns).row(rows, z=depth / rows)


def laptop(rng: np.random.Generator) -> Assembly:
    """Laptops at any opening."""
    a = Assembly("laptop")
    width, depth, thick = rng.uniform(0.28, 0.4), rng.uniform(0.2, 0.27), rng.uniform(0.01, 0.022)
    a.add("base", box(width, thick, depth, bevel=pick(rng, (0, 0.003))))
    board = box(width * 0.88, 0.003, depth * 0.42).at(y=thick, z=-depth * 0.14)
    a.add(
        "keyboard",
        _keys(rng, width * 0.88, depth * 0.42, 0.005).at(y=thick, z=-depth * 0.14)
        if chance(rng, 0.5)
        else board,
    )
    if chance(rng, 0.5):
        a.add("touchpad", box(width * 0.3, 0.002, depth * 0.25).at(y=thick, z=depth * 0.29))
    opened, y = rng.uniform(-15, 45), thick
    lid = box(width, depth, thick * 0.6, bevel=pick(rng, (0, 0.002)))
    screen = box(width * 0.92, depth * 0.86, 0.003).at(y=depth * 0.08, z=thick * 0.3)
    a.add("lid", lid.turned("x", -opened).at(y=y, z=-depth / 2))
    a.add("screen", screen.turned("x", -opened).at(y=y, z=-depth / 2))
    if chance(rng, 0.5):
        bar = cylinder(thick * 0.5, width * 0.25, around=8).turned("z", 90).at(x=width * 0.125)
        a.add("hinge", bar.row(2, x=width * 0.6).at(y=y, z=-depth / 2))
    a.afford("display", "screen")
    a.afford("press", "keyboard", "touchpad", where=facing())
    a.afford("open", "lid")
    return a


def monitor(rng: np.random.Generator) -> Assembly:
    """Flat monitors, television sets and old tube monitors."""
    old = chance(rng, 0.35)
    a = Assembly(
        pick(rng, ("monitor", "television", "display"))
        if not old
        else pick(rng, ("crt monitor", "television"))
    )
    width = rng.uniform(0.35, 0.6) if old else rng.uniform(0.4, 1.1)
    high = width * (rng.uniform(0.7, 0.85) if old else rng.uniform(0.52, 0.65))
    deep, edge = (
        (width * rng.uniform(0.3, 0.5), 0.05) if old else (rng.uniform(0.02, 0.06), rng.uniform(0.015, 0.04))
    )
    lift = rng.uniform(0.04, 0.1) if old else rng.uniform(0.08, 0.25)
    name = pick(rng, ("shell", "body")) if old else pick(rng, ("frame", "body"))
    a.add(name, box(width, high, deep * 0.5).at(y=lift))
    if old:
        a.add(
            name,
            box(width * 0.9, deep, high * 0.9)
            .tapered(0.6)
            .turned("x", -90)
            .at(y=lift + high / 2, z=-deep * 0.2),
        )
    else:
        a.add(name, frame(width, high, edge, 0.02).at(y=lift + high / 2, z=deep * 0.25 + 0.01))
    glass = box(width - 2 * edge, high - 2 * edge, 0.012).at(y=lift + edge, z=deep * 0.25 + 0.005)
    a.add(
        "screen",
        pillow(width - 2 * edge, high - 2 * edge, 0.06, 5).at(y=lift + high / 2, z=deep * 0.25)
        if old and chance(rng, 0.6)
        else glass,
    )
    foot = (
        box(width * 0.45, 0.02, max(0.18, deep))
        if chance(rng, 0.5)
        else slab(ellipse(width * 0.5, max(0.2, deep), 20), 0.02)
    )
    a.add("base", foot)
    a.add(
        "stand" if not old else "base",
        box(0.07, lift + high * 0.3 * (not old), 0.03).at(y=0.01, z=-deep * 0.3),
    )
    if chance(rng, 0.6):
        style = (
            cylinder(0.012, 0.014, around=10).turned("x", 90)
            if chance(rng, 0.5)
            else box(0.025, 0.012, 0.014)
        )
        row = style.row(int(rng.integers(2, 6)), x=0.035).at(
            x=width * 0.25, y=lift + edge * 0.4, z=deep * 0.25 + 0.02
        )
        a.add("button", row)
    a.afford("display", "screen")
    a.afford("press", "button")
    return a


def keyboard(rng: np.random.Generator) -> Assembly:
    """Computer keyboards and pianos' little sisters."""
    a = Assembly("keyboard")
    width, depth, thick = rng.uniform(0.3, 0.5), rng.uniform(0.11, 0.17), rng.uniform(0.012, 0.03)
    a.add(pick(rng, ("body", "base", "case")), box(width, thick, depth, bevel=pick(rng, (0, 0.004))))
    a.add("key", _keys(rng, width * 0.93, depth * 0.85, 0.01).at(y=thick - 0.002))
    a.afford("press", "key", where=facing())
    return a


def phone(rng: np.random.Generator) -> Assembly:
    """Mobile phones, tablets, walkie-talkies, remote controls and calculators."""
    kind = pick(rng, ("phone", "tablet", "walkie talkie", "remote control", "calculator"), (3, 1, 3, 2, 1))
    a = Assembly(kind)
    width, high = rng.uniform(0.06, 0.08), rng.uniform(0.12, 0.17)
    deep = {"walkie talkie": 0.035, "remote control": 0.02}.get(kind, 0.009)
    if kind == "tablet":
        width, high = width * 2.4, high * 1.6
    if kind == "remote control":
        width *= 0.65
    a.add(
        "body",
        slab(rectangle(width, deep, deep * pick(rng, (0.0, 0.4)), 3), high, bevel=pick(rng, (0.0, 0.003))),
    )
    z = deep / 2
    if kind in ("phone", "tablet"):
        a.add("screen", box(width * 0.9, high * 0.86, 0.002).at(y=high * 0.07, z=z))
        a.add(
            "camera",
            cylinder(0.007, 0.004, around=12)
            .turned("x", -90)
            .row(int(pick(rng, (1, 2, 3))), y=0.018)
            .at(x=width * 0.3, y=high * 0.85, z=-z),
        )
        a.add("button", box(0.003, 0.02, 0.005).at(x=width / 2, y=high * 0.65))
    else:
        if kind != "remote control":
            a.add("screen", box(width * 0.75, high * 0.2, 0.003).at(y=high * 0.7, z=z))
        key = pick(rng, (box(0.011, 0.009, 0.005), cylinder(0.006, 0.005, around=10).turned("x", 90)))
        a.add("button", key.row(3, x=width * 0.27).row(4, y=high * 0.13).at(y=high * 0.35, z=z))
    if kind == "walkie talkie":
        a.add(
            "antenna", cylinder(0.008, rng.uniform(0.06, 0.15), 0.006, around=10).at(x=-width * 0.3, y=high)
        )
        a.add(
            "dial",
            cylinder(0.009, 0.016, around=12).row(int(pick(rng, (1, 2))), x=0.022).at(x=width * 0.2, y=high),
        )
        if chance(rng, 0.6):
            a.add("switch", box(0.006, 0.04, 0.014).at(x=width / 2, y=high * 0.55))
        a.afford("speak", "body", where=facing("z"))
    strapped(a, rng, (width, high, deep))
    a.afford("display", "screen")
    a.afford("press", "button", "switch", where=facing("z"))
    a.afford("grasp", "body")
    return a


def camera(rng: np.random.Generator) -> Assembly:
    """Photo cameras with a lens, buttons, now and then a flash, a dial and a strap."""
    a = Assembly("camera")
    width, high, deep = rng.uniform(0.1, 0.14), rng.uniform(0.06, 0.09), rng.uniform(0.03, 0.06)
    a.add("body", box(width, high, deep, bevel=0.004))
    radius, reach = high * rng.uniform(0.3, 0.45), rng.uniform(0.02, 0.08)
    a.add(
        "lens",
        lathe(
            [
                (radius, 0),
                (radius, reach * 0.6),
                (radius * 0.9, reach * 0.65),
                (radius * 0.9, reach),
                (radius * 0.7, reach),
                (radius * 0.6, reach * 0.8),
            ],
            18,
        )
        .turned("x", 90)
        .at(y=high * 0.48, z=deep / 2),
    )
    a.add("button", cylinder(0.006, 0.007, around=10).at(x=width * 0.36, y=high))
    if chance(rng, 0.6):
        a.add("flash", box(0.03, 0.018, 0.025).tapered(0.8).at(y=high))
    if chance(rng, 0.4):
        a.add("dial", cylinder(0.01, 0.008, around=14).at(x=-width * 0.32, y=high))
    if chance(rng, 0.4):
        a.add(
            "strap",
            sweep(
                curve(
                    [
                        [-width / 2, high * 0.8, 0],
                        [-width * 0.8, high * 2, -0.05],
                        [0, high * 3, -0.1],
                        [width * 0.8, high * 2, -0.05],
                        [width / 2, high * 0.8, 0],
                    ],
                    16,
                ),
                rectangle(0.015, 0.003),
            ),
        )
    a.afford("press", "button")
    a.afford("grasp", "body")
    return a


def flashlight(rng: np.random.Generator) -> Assembly:
    """Flashlights and binoculars."""
    if chance(rng, 0.35):
        return _binoculars(rng)
    a = Assembly("flashlight")
    radius, reach = rng.uniform(0.014, 0.022), rng.uniform(0.1, 0.2)
    a.add("body", cylinder(radius, reach, around=roundness(rng)))
    a.add(
        "head",
        cylinder(radius, 0.04, radius * 1.6, around=16).at(y=reach),
        cylinder(radius * 1.6, 0.015, around=16).at(y=reach + 0.04),
    )
    a.add("lens", cylinder(radius * 1.4, 0.003, around=16).at(y=reach + 0.054))
    a.add("button", box(0.01, 0.02, 0.008).at(y=reach * 0.7, z=radius))
    strapped(a, rng, (2 * radius, reach, 2 * radius))
    a.afford("press", "button")
    a.afford("grasp", "body")
    return a


def _binoculars(rng: np.random.Generator) -> Assembly:
    a = Assembly("binoculars")
    radius = rng.uniform(0.022, 0.03)
    barrel = (
        lathe([(radius * 0.6, 0), (radius * 0.6, 0.05), (radius, 0.09), (radius, 0.15)], 16)
        .turned("x", 90)
        .at(x=radius * 1.3)
    )
    a.add("body", barrel.both_sides(), box(radius * 1.6, 0.012, 0.05).at(z=0.04))
    a.add(
        "lens",
        cylinder(radius * 0.9, 0.003, around=16).turned("x", 90).at(x=radius * 1.3, z=0.149).both_sides(),
    )
    a.add(
        "eyepiece",
        cylinder(radius * 0.75, 0.015, around=14).turned("x", 90).at(x=radius * 1.3, z=-0.013).both_sides(),
    )
    strapped(a, rng, (radius * 4, radius, radius), 0.5)
    a.afford("grasp", "body")
    return a


def wearable(rng: np.random.Generator) -> Assembly:
    """Headphones, glasses and watches."""
    kind = pick(rng, ("headphones", "glasses", "watch"))
    a = Assembly(kind)
    {"headphones": _headphones, "glasses": _glasses, "watch": _watch}[kind](a, rng)
    return a


def _headphones(a: Assembly, rng: np.random.Generator) -> None:
    radius, size = rng.uniform(0.075, 0.09), rng.uniform(0.03, 0.042)
    bow = arc(radius, 0, 180, 16)
    a.add("headband", sweep(bow, rectangle(rng.uniform(0.012, 0.03), 0.006)))
    shell = lathe([(size * 0.6, 0), (size, 0.012), (size, 0.022)], 16).turned("z", 90)
    soft = lathe(
        [(size * 0.5, 0.022), (size, 0.022), (size * 1.02, 0.035), (size * 0.55, 0.035)], 16, closed=True
    ).turned("z", 90)
    a.add("ear cup", shell.at(x=radius + 0.02).both_sides())
    a.add("ear cushion", soft.at(x=radius + 0.02).both_sides())
    if chance(rng, 0.4):
        a.add(
            "microphone",
            tube(
                curve([[radius, -0.02, 0.01], [radius * 0.95, -0.06, 0.06], [radius * 0.6, -0.09, 0.09]], 8),
                0.004,
                6,
            ),
        )
    a.afford("listen", "ear cup", "ear cushion")
    a.afford("wear", "headband", "ear cushion")


def _glasses(a: Assembly, rng: np.random.Generator) -> None:
    wide, high = rng.uniform(0.048, 0.06), rng.uniform(0.03, 0.05)
    eye = pick(rng, (ellipse(wide, high, 20), rectangle(wide, high, high * 0.25, 4)))
    x = wide / 2 + 0.01
    a.add("frame", ring(eye * 1.08, eye * 0.92, 0.005).at(x=x).both_sides(), box(0.022, 0.004, 0.004))
    a.add("lens", cutout(eye * 0.93, 0.002).at(x=x).both_sides())
    end = x + wide / 2
    path = np.array([[end, 0.004, 0], [end + 0.004, 0.004, -0.1], [end, -0.02, -0.135]])
    a.add("temple" if chance(rng, 0.7) else "frame", tube(path, 0.0028, 6).both_sides())
    a.afford("wear", "temple", "frame")


def _watch(a: Assembly, rng: np.random.Generator) -> None:
    radius, wide = rng.uniform(0.026, 0.034), rng.uniform(0.016, 0.024)
    round_one = chance(rng, 0.6)
    face = (
        cylinder(wide * 0.85, 0.01, around=20, bevel=0.001)
        if round_one
        else box(wide * 1.5, 0.01, wide * 1.6, bevel=0.001)
    )
    a.add("case", face.at(y=radius - 0.002))
    a.add(
        "display",
        (cylinder(wide * 0.75, 0.002, around=20) if round_one else box(wide * 1.25, 0.002, wide * 1.3)).at(
            y=radius + 0.007
        ),
    )
    a.add("strap", sweep(arc(radius, 70, -250, 26)[:, [2, 1, 0]], rectangle(wide, 0.003)))
    a.add("buckle", frame(wide * 1.3, 0.012, 0.003, 0.006).turned("x", 90).at(y=-radius - 0.001))
    if chance(rng, 0.5):
        a.add("knob", cylinder(0.003, 0.006, around=8).turned("z", -90).at(x=wide * 0.8, y=radius + 0.003))
    a.afford("wear", "strap")
    a.afford("display", "display")
