"""What one plays, speaks and shows pictures with: game controller, mouse, radio, megaphone, projector."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, ring, sheet, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing, near
from partwise.datasets.world.fronts import key, turn_knob
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.optics import beam
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle, squircle
from partwise.datasets.world.pieces import cable


def game_controller(rng: np.random.Generator) -> Assembly:
    """Pads with two grips, flat pads, arcade sticks: they lie flat, the player sits at +z."""
    kind = pick(rng, ("pad", "flat", "arcade"), (5, 3, 2))
    a = Assembly({"pad": "game controller", "flat": "gamepad", "arcade": "arcade stick"}[kind])
    if kind == "arcade":
        _arcade(a, rng)
    else:
        _pad(a, rng, kind == "pad")
    a.afford("press", "button", "directional pad", where=facing())
    a.afford("press", "trigger")
    a.afford("pull", "trigger")
    a.afford("push", "joystick")
    a.afford("grasp", "grip", "body")
    return a


def _pad(a: Assembly, rng: np.random.Generator, grips: bool) -> None:
    """A pad for two thumbs: with grips, sticks and triggers, or flat and without them."""
    wide, thick = rng.uniform(0.12, 0.16), rng.uniform(0.024, 0.036) if grips else rng.uniform(0.012, 0.02)
    deep, size = wide * rng.uniform(0.42, 0.55), wide * rng.uniform(0.13, 0.18)
    outline = squircle(wide, deep, rng.uniform(2.5, 6), 28)
    if not grips and chance(rng, 0.6):
        outline = rectangle(wide, deep, pick(rng, (0.0, 0.3, 0.5)) * deep)
    a.add("body", slab(outline, thick, bevel=thick * rng.uniform(0.1, 0.45)))
    left, inner = (-wide * 0.3, thick - 0.002, -deep * 0.1), (-wide * 0.15, thick - 0.002, deep * 0.22)
    cross = left
    if grips:
        end = [wide * rng.uniform(0.4, 0.52), thick * 0.1, deep * rng.uniform(0.8, 1.25)]
        path = curve([[wide * 0.33, thick * 0.5, 0], [wide * 0.41, thick * 0.45, deep * 0.5], end], 9)
        hold = tube(path, thick * np.array([0.46, 0.48, 0.5, 0.52, 0.52, 0.5, 0.47, 0.4, 0.2]), 12)
        a.add("grip" if chance(rng, 0.6) else "body", hold.both_sides())
        cap = size * rng.uniform(0.42, 0.6)
        stick = lathe([(cap * 0.5, 0), (cap * 0.4, cap * 0.7), (cap, cap * 0.8), (cap * 0.85, cap * 1.1)], 14)
        first, cross = (left, inner) if chance(rng, 0.5) else (inner, left)
        a.add("joystick", stick.copies([first, (wide * 0.15, thick - 0.002, deep * 0.22)]))
        lever = box(wide * 0.2, thick * 0.5, thick * 0.8, bevel=thick * 0.1).turned("x", 15)
        a.add("trigger", lever.at(x=wide * 0.29, y=thick * 0.1, z=-deep * 0.47).both_sides())
        if chance(rng, 0.5):
            upper = box(wide * 0.2, thick * 0.25, thick * 0.6, bevel=thick * 0.06)
            a.add("button", upper.at(x=wide * 0.29, y=thick * 0.66, z=-deep * 0.43).both_sides())
    bar = box(size, 0.006, size * 0.34)
    a.add("directional pad", (bar + bar.turned("y", 90)).at(*cross))
    dot, count = cylinder(size * 0.22, 0.008, bevel=0.002, around=12).at(x=size * 0.42), 4 if grips else 2
    a.add("button", dot.around(count).at(wide * 0.3, thick - 0.002, -deep * 0.1))
    a.add("button", box(0.009, 0.004, 0.005).row(2, x=wide * 0.12).at(y=thick - 0.001, z=-deep * 0.2))
    if chance(rng, 0.4):
        a.add("cable", cable(rng, (0, thick * 0.4, -deep * 0.47), rng.uniform(0.1, 0.2)))


def _arcade(a: Assembly, rng: np.random.Generator) -> None:
    """A box with one stick and rows of buttons."""
    wide, high, deep = rng.uniform(0.22, 0.38), rng.uniform(0.04, 0.08), rng.uniform(0.15, 0.24)
    a.add("body", box(wide, high, deep, bevel=pick(rng, (0.0, 0.006))))
    reach, size = rng.uniform(0.04, 0.07), rng.uniform(0.022, 0.036)
    tops = (ball(size), lathe([(size * 0.3, -size), (size * 0.55, 0), (size * 0.3, size * 0.4)], 14))
    top = pick(rng, tops).at(y=reach)
    stick = cylinder(0.006, reach, around=10) + cylinder(0.022, 0.004, around=16)
    own = chance(rng, 0.3)
    a.add("joystick", stick.at(-wide * 0.27, high - 0.001, 0))
    a.add("knob" if own else "joystick", top.at(-wide * 0.27, high, 0))
    rows, columns = int(rng.integers(1, 3)), int(rng.integers(2, 5))
    step = wide * 0.55 / max(columns, 3)
    disc = cylinder(step * 0.38, rng.uniform(0.006, 0.014), bevel=0.002, around=16)
    a.add("button", disc.row(columns, x=step).row(rows, z=step * 1.1).at(wide * 0.18, high - 0.001, 0))
    if chance(rng, 0.5):
        a.add("foot", cylinder(0.012, 0.012, around=10).at(wide * 0.42, -0.011, deep * 0.4).four_corners())
    a.afford("grasp", "joystick", "knob", where=near((-wide * 0.27, high + reach, 0), size))


def computer_mouse(rng: np.random.Generator) -> Assembly:
    """Computer mice, round or boxy or upright, and trackballs; the hand comes from +z, the buttons look to -z."""
    kind = pick(rng, ("round", "boxy", "upright", "trackball"), (5, 2, 2, 2))
    a = Assembly("trackball" if kind == "trackball" else "computer mouse")
    wide, long = rng.uniform(0.055, 0.07), rng.uniform(0.1, 0.125)
    high = rng.uniform(0.03, 0.042) * (1.5 if kind == "upright" else 1)
    lean = rng.uniform(0.5, 0.9) if kind == "upright" else 0.0
    power, thin = (6.0, 0.12) if kind == "boxy" else (rng.uniform(2.2, 3.2), rng.uniform(0.25, 0.5))

    def shape(low: Number, back: Number, front: Number, swell: Number, side: int = 0) -> Mesh:
        """The hump between two places along it, its underside at `low`, one half across if `side` is given."""
        s, t = np.meshgrid(np.linspace(-1, 1, 11), np.linspace(back, front, 9), indexing="ij")
        s = s if not side else side * (0.04 + 0.48 * (s + 1)) * 0.98
        half = (1 - np.abs(t) ** power) ** (1 / power) * wide / 2
        top = high * (1 - thin * np.maximum(-t, 0) ** 1.5) * (1 - np.abs(t) ** 5) ** 0.4
        y = low + swell + (top - low) * (1 - np.abs(s) ** 3) ** 0.5
        grid = np.stack([s * half - lean * y * 0.5 + lean * high * 0.25, y, t * long / 2], -1)
        return sheet(grid, 0.004)

    base = np.array([(x * wide * 0.49, z * long * 0.48) for x, z in squircle(2, 2, power, 28)])
    a.add("body", slab(base, high * 0.22), shape(0.004, -0.97, 0.97, 0.0))
    if kind == "trackball":
        size = wide * rng.uniform(0.5, 0.75)
        a.add("ball", ball(size).at(y=high * 0.95, z=-long * 0.12))
        a.add("button", shape(high * 0.4, 0.15, 0.8, 0.003, 1), shape(high * 0.4, 0.15, 0.8, 0.003, -1))
    else:
        back = rng.uniform(-0.3, 0.0)
        low = high * rng.uniform(0.3, 0.5)
        a.add("button", shape(low, -0.95, back, 0.003, 1), shape(low, -0.95, back, 0.003, -1))
        turn = cylinder(0.01, 0.008, around=16).turned("z", 90)
        z = -long * rng.uniform(0.22, 0.3)
        if kind != "boxy" or chance(rng, 0.6):
            a.add("scroll wheel", turn.at(x=0.004 - lean * high * 0.25, y=high - 0.006, z=z))
    if kind != "trackball" and chance(rng, 0.5):
        one = box(0.005, 0.006, long * 0.14, bevel=0.001).row(2, z=long * 0.17)
        a.add("button", one.at(x=-wide * 0.47 - lean * high * 0.1, y=high * 0.55))
    if chance(rng, 0.6):
        a.add("cable", cable(rng, (0, high * 0.25, -long * 0.47), rng.uniform(0.08, 0.2), 0.002))
    if chance(rng, 0.15):
        a.add("mouse mat", slab(rectangle(wide * 3, long * 1.8, 0.01), 0.003).at(y=-0.0028))
    a.afford("press", "button", "scroll wheel", where=facing())
    a.afford("move", "body")
    a.afford("grasp", "body")
    a.afford("wrapgrasp", "body")
    return a


def radio(rng: np.random.Generator) -> Assembly:
    """Portable radios, boom boxes, table radios with a dial, old ones with an arched case."""
    kind = pick(rng, ("portable", "boom box", "table", "arched"), (4, 3, 3, 2))
    a = Assembly("boom box" if kind == "boom box" else "radio")
    high = rng.uniform(0.12, 0.2)
    wide = high * {"boom box": rng.uniform(1.8, 2.4), "arched": rng.uniform(0.7, 0.9)}.get(kind, 1.5)
    deep, case = high * rng.uniform(0.3, 0.55), pick(rng, ("body", "case"))
    outline = rectangle(wide, high, high * pick(rng, (0.0, 0.08, 0.25)))
    if kind == "arched":
        outline = np.concatenate(
            [[(-wide / 2, -high / 2)], [(wide / 2, -high / 2)], arc(1, 0, 180, 15)[:, :2]]
        )
        outline[2:] *= [wide / 2, wide / 2]
        outline[2:, 1] += high / 2 - wide / 2
    a.add(
        case,
        slab(outline, deep, bevel=pick(rng, (0, 0.1)) * deep).turned("x", -90).at(y=high / 2, z=deep / 2),
    )
    z, size = deep / 2, high * rng.uniform(0.28, 0.36)
    places = {"boom box": (-wide * 0.32, wide * 0.32), "arched": (0.0,)}.get(kind, (-wide * 0.22,))
    name = pick(rng, ("speaker", "grille"))
    for x in places:
        y = high * (0.62 if kind == "arched" else 0.42)
        if name == "grille" and chance(rng, 0.6):
            a.add(name, box(size * 1.7, high * 0.02, 0.006).row(8, y=size * 0.2).at(x, y, z))
        else:
            cone = [(size, 0), (size, 0.01), (size * 0.85, 0.01), (size * 0.35, 0.003), (size * 0.1, 0.006)]
            a.add(name, lathe(cone, 20).turned("x", 90).at(x, y, z - 0.001))
    _tuner(a, rng, kind, (wide, high, deep))
    a.afford("listen", "speaker", "grille", where=facing("z"))
    a.afford("press", "button")
    a.afford("grasp", "handle", "knob", "dial")
    a.afford("carry", "handle")
    a.afford("lift", "handle")
    a.afford("pull", "antenna")
    a.afford("display", "display")
    return a


def _tuner(a: Assembly, rng: np.random.Generator, kind: str, size: tuple[Number, Number, Number]) -> None:
    """Knobs, scale, buttons, antenna and handle of a radio of (width, height, depth)."""
    (wide, high, deep), z = size, size[2] / 2
    if kind == "arched":
        a.add(
            "knob",
            turn_knob(rng, high * 0.055).row(int(rng.integers(2, 4)), x=wide * 0.26).at(y=high * 0.14, z=z),
        )
        a.add("display", box(wide * 0.4, high * 0.09, 0.005).at(y=high * 0.24, z=z))
        if chance(rng, 0.5):
            a.add("base", box(wide * 1.06, high * 0.06, deep * 1.1).at(y=-high * 0.04))
        return
    if kind == "boom box":
        a.add(pick(rng, ("door", "lid")), box(wide * 0.24, high * 0.32, 0.008).at(y=high * 0.12, z=z))
        a.add("button", box(wide * 0.035, high * 0.05, 0.012).row(6, x=wide * 0.042).at(y=high * 0.5, z=z))
        a.add("display", box(wide * 0.26, high * 0.13, 0.005).at(y=high * 0.68, z=z))
        a.add("knob", turn_knob(rng, high * 0.05).row(2, x=wide * 0.64).at(y=high * 0.9, z=z))
    else:
        if kind == "table" and chance(rng, 0.6):
            a.add("dial", turn_knob(rng, high * 0.25).at(wide * 0.26, high * 0.5, z))
        else:
            a.add("display", box(wide * 0.36, high * 0.2, 0.005).at(wide * 0.26, high * 0.62, z))
            a.add("knob", turn_knob(rng, high * 0.08).row(2, x=wide * 0.2).at(wide * 0.26, high * 0.3, z))
        if chance(rng, 0.6):
            top = box(wide * 0.06, 0.01, deep * 0.3).row(int(rng.integers(3, 7)), x=wide * 0.09)
            a.add("button", top.at(-wide * 0.1, high - 0.003, 0))
        if chance(rng, 0.4):
            a.add("foot", cylinder(0.01, 0.012, around=10).at(wide * 0.32, -0.011, deep * 0.3).four_corners())
    if kind != "table" or chance(rng, 0.4):
        lean, reach = rng.uniform(-50, 50), high * rng.uniform(0.7, 1.5)
        rod = cylinder(0.004, reach * 0.6, around=8) + cylinder(0.0025, reach, around=8)
        rod += ball(0.01, around=8).at(y=reach)
        a.add("antenna", rod.turned("z", lean).at(wide * 0.42, high * 0.93, -deep * 0.35))
    if kind != "table":
        lift, span, sunk = high * rng.uniform(0.2, 0.4), wide * rng.uniform(0.6, 0.9), -high * 0.1
        path = np.array(
            [[-span / 2, sunk, 0], [-span / 2, lift, 0], [span / 2, lift, 0], [span / 2, sunk, 0]]
        )
        bar = sweep(path, rectangle(deep * 0.2, high * 0.06, 0.003, 2))
        a.add("handle", bar.turned("x", pick(rng, (0, -40))).at(y=high))


def megaphone(rng: np.random.Generator) -> Assembly:
    """Megaphones with a pistol grip and trigger, cheer cones with a handle, some with a hand microphone."""
    kind = pick(rng, ("grip", "cone", "microphone"), (5, 3, 2))
    a = Assembly("megaphone")
    long, mouth, throat = rng.uniform(0.2, 0.4), rng.uniform(0.08, 0.14), rng.uniform(0.025, 0.04)
    middle, around = throat + (mouth - throat) * rng.uniform(0.3, 0.6), max(12, roundness(rng))
    outside = curve([[throat, 0], [middle, long * 0.6], [mouth, long]], 8)
    inside = outside[::-1] * [0.96, 1.0] - [0.003, 0]
    horn = lathe(np.concatenate([outside, inside]), around, closed=True)
    a.add(pick(rng, ("cone", "cone", "body")), horn.turned("x", 90))
    if chance(rng, 0.5):
        a.add("rim", _collar(mouth * 0.96, mouth * 1.04, 0.012, around).at(z=long - 0.006))
    if kind == "cone":
        a.add("mouthpiece", _collar(throat * 0.8, throat * 1.3, 0.02, 16).at(z=-0.018))
        z = long * np.array([0.25, 0.32, 0.65, 0.72])
        y = np.interp(z, outside[:, 1], outside[:, 0]) + np.array([-0.005, 0.05, 0.05, -0.005])
        a.add("handle", tube(np.stack([0 * z, y, z], 1), 0.009, 8))
    else:
        _loudhailer(a, rng, (long, mouth, throat), kind == "microphone")
    if chance(rng, 0.4):
        hang = [[0, -throat, 0.01], [-mouth, -mouth * 1.5, 0.02], [-mouth, -mouth * 1.4, long * 0.5]]
        belt = curve([*hang, [0, -middle, long * 0.62]], 14)
        a.add("strap", sweep(belt, rectangle(0.014, 0.003)))
    a.afford("speak", "mouthpiece", "microphone")
    a.afford("listen", "cone", where=facing("z", softness=0.7))
    a.afford("grasp", "grip", "handle")
    a.afford("press", "trigger", "button")
    a.afford("pull", "trigger")
    a.afford("carry", "strap", "handle")
    return a


def _collar(inner: Number, outer: Number, deep: Number, around: int) -> Mesh:
    """A ring around the z axis from z = 0 to `deep`."""
    return ring(ellipse(2 * outer, count=around), ellipse(2 * inner, count=around), deep).at(z=deep / 2)


def _loudhailer(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], cord: bool
) -> None:
    """The works behind a horn of (length, mouth, throat): case, grip, trigger, perhaps a microphone on a cord."""
    (_, mouth, throat), back, thick = size, rng.uniform(0.05, 0.12), size[2] * 0.75
    shell = cylinder(throat * 1.15, back, throat, around=20).turned("x", 90)
    a.add(pick(rng, ("case", "housing")), shell.at(z=-back + 0.006))
    cup = lathe([(throat * 0.9, 0), (throat * 0.5, 0.012), (throat * 0.8, 0.022)], 14).turned("x", 90)
    a.add("mouthpiece", cup.at(z=-back - 0.012))
    drop, z = rng.uniform(0.08, 0.12), -back * 0.5
    stick = slab(rectangle(thick, thick * 1.5, thick * 0.3, 3), drop).turned("x", rng.uniform(-14, 0))
    a.add(pick(rng, ("grip", "handle")), stick.at(y=-drop - throat * 0.75, z=z))
    pull = box(0.01, 0.028, 0.016, bevel=0.002)
    a.add(pick(rng, ("trigger", "button")), pull.at(y=-throat - 0.028, z=z + thick * 0.74))
    if cord:
        a.add("microphone", box(0.045, 0.065, 0.03, bevel=0.008).at(x=mouth * 1.4, y=-drop, z=-back))
        low = [[throat, 0, z], [mouth, -drop * 1.6, -back], [mouth * 1.4, -drop + 0.004, -back]]
        a.add("cord", tube(curve(low, 12), 0.004, 6))
    if chance(rng, 0.4):
        a.add("dial", cylinder(0.012, 0.012, around=14).at(y=throat * 1.02, z=z))


def projector(rng: np.random.Generator) -> Assembly:
    """Video projectors, slide projectors with a round tray, film projectors with two reels, overhead projectors."""
    kind = pick(rng, ("video", "slide", "film", "overhead"), (5, 2, 3, 2))
    a = Assembly("projector")
    wide, high, deep = rng.uniform(0.22, 0.36), rng.uniform(0.07, 0.12), rng.uniform(0.18, 0.28)
    if kind == "film":
        _film(a, rng)
    elif kind == "overhead":
        _overhead(a, rng, (wide, high * 1.3, wide))
    else:
        case, bevel = pick(rng, ("body", "case", "housing")), pick(rng, (0.0, 0.008))
        shape = rectangle(wide, deep, pick(rng, (0.001, 0.2)) * deep)
        a.add(case, box(wide, high, deep, bevel=bevel) if bevel else slab(shape, high))
        x = wide * pick(rng, (0.0, 0.25, -0.25)) if kind == "video" else 0.0
        _throw(a, rng, high * rng.uniform(0.3, 0.42), (x, high * 0.5, deep / 2))
        if kind == "slide":
            radius = min(wide, deep) * 0.45
            a.add("tray", cylinder(radius, 0.045, around=24).at(y=high - 0.002))
            a.add("tray", box(0.005, 0.02, radius * 0.35).at(y=high + 0.03, z=radius * 0.75).around(16))
            a.add("knob", turn_knob(rng, radius * 0.25).turned("x", -90).at(y=high + 0.04))
        else:
            blade = box(wide * 0.28, 0.005, 0.008).row(int(rng.integers(4, 8)), y=high * 0.09)
            a.add("vent", blade.at(x=-x or wide * 0.27, y=high * 0.5, z=deep / 2))
            a.add("dial", cylinder(0.014, 0.008, around=16).at(x=x, y=high - 0.003, z=deep * 0.36))
        one = key(rng, 0.016, 0.011).turned("x", -90).row(int(rng.integers(3, 6)), x=0.024)
        a.add(
            "button",
            one.at(
                x=-wide * 0.22 if kind == "video" else 0,
                y=high - 0.001,
                z=-deep * (0.2 if kind == "video" else 0.46),
            ),
        )
        a.add("foot", cylinder(0.012, 0.016, around=10).at(wide * 0.4, -0.014, deep * 0.36).four_corners())
        a.add("cable", cable(rng, (wide * 0.2, high * 0.3, -deep / 2), rng.uniform(0.1, 0.25)))
    a.afford("press", "button", "switch")
    a.afford("grasp", "handle", "knob", "dial")
    a.afford("carry", "handle")
    a.afford("lift", "handle")
    a.afford("support", "glass", where=facing())
    return a


def _throw(a: Assembly, rng: np.random.Generator, radius: Number, at: tuple[Number, Number, Number]) -> None:
    """The lens of a projector in its barrel, on a plane z = const and looking along z, perhaps with a ring."""
    reach = radius * rng.uniform(0.3, 1.6)
    barrel = lathe([(radius, 0), (radius, reach), (radius * 0.82, reach), (radius * 0.7, reach * 0.85)], 20)
    a.add(pick(rng, ("lens barrel", "tube")), barrel.turned("x", 90).at(*at))
    eye = lathe([(radius * 0.72, 0), (radius * 0.5, radius * 0.12), (0, radius * 0.18)], 18).turned("x", 90)
    a.add("lens", eye.at(at[0], at[1], at[2] + reach * 0.86))
    if chance(rng, 0.5):
        turn = ring(ellipse(radius * 2.2, count=20), ellipse(radius * 1.96, count=20), reach * 0.4)
        a.add("ring", turn.at(at[0], at[1], at[2] + reach * 0.5))


def _film(a: Assembly, rng: np.random.Generator) -> None:
    """Two reels on arms over a narrow case, its lens in front, knobs on the side, a lamp or a handle on top."""
    wide, high, deep = rng.uniform(0.1, 0.15), rng.uniform(0.18, 0.26), rng.uniform(0.16, 0.24)
    a.add(pick(rng, ("body", "case")), box(wide, high, deep, bevel=pick(rng, (0.0, 0.006))))
    a.add("base", box(wide * 1.5, 0.02, deep * 1.3).at(y=-0.018))
    _throw(a, rng, wide * 0.22, (0, high * 0.62, deep / 2))
    radius = rng.uniform(0.08, 0.12)
    disc = ring(ellipse(2 * radius, count=24), ellipse(1.75 * radius, count=24), 0.004)
    spoke = box(radius * 0.16, radius * 0.92, 0.004).around(int(pick(rng, (3, 4, 5))), "z")
    reel = join([disc, spoke]).row(2, z=0.024) + cylinder(radius * 0.25, 0.028).turned("x", 90).at(z=-0.014)
    reel = reel.turned("y", 90)
    spots = [
        (0.0, high + radius * 0.75, deep * 0.5 + radius * 0.4),
        (0.0, high + radius * 0.75, -deep * 0.5 - radius * 0.4),
    ]
    if chance(rng, 0.3):
        spots[1] = (0.0, radius * 1.1, -deep * 0.5 - radius * 1.1)
    x = wide * 0.5 + 0.03
    a.add("reel", reel.copies(spots).at(x=x))
    for _, y, z in spots:
        start = [wide * 0.42, min(high * 0.85, max(y, high * 0.3)), np.sign(z) * deep * 0.35]
        a.add(
            "arm",
            beam([start, [wide * 0.42, y, z]], 0.009),
            cylinder(0.007, x - wide * 0.3).turned("z", -90).at(wide * 0.4, y, z),
        )
    a.add("knob", turn_knob(rng, 0.018).turned("y", 90).row(2, y=0.06).at(x=wide / 2, y=high * 0.35))
    if chance(rng, 0.5):
        a.add("lamp", cylinder(wide * 0.36, 0.05, wide * 0.25, around=14).at(y=high - 0.002, z=-deep * 0.2))
    else:
        z = deep * np.array([0.3, 0.26, -0.26, -0.3])
        bow = np.stack([0 * z, high + np.array([-0.004, 0.035, 0.035, -0.004]), z], axis=1)
        a.add("handle", sweep(bow, rectangle(0.02, 0.008)))
    if chance(rng, 0.5):
        a.add("switch", box(0.01, 0.024, 0.012).at(x=wide / 2, y=high * 0.75))


def _overhead(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]) -> None:
    """A box with a glass top, and over it a head with lens and mirror on an arm."""
    wide, high, deep = size
    a.add("body", box(wide, high, deep, bevel=pick(rng, (0.0, 0.006))))
    a.add("glass", box(wide * 0.82, 0.006, deep * 0.82).at(y=high - 0.002))
    tall, x = rng.uniform(0.25, 0.38), wide * 0.46
    a.add(
        pick(rng, ("arm", "pole")),
        box(0.022, tall, 0.014).at(x=x, y=high * 0.8, z=-deep * 0.46),
        beam([[x, high * 0.8 + tall, -deep * 0.46], [0, high * 0.8 + tall, 0]], 0.012),
    )
    y = high * 0.8 + tall
    a.add("head", box(0.08, 0.05, 0.08, bevel=0.006).at(y=y - 0.03))
    a.add("lens", lathe([(0, -0.012), (0.026, -0.004), (0.03, 0.0)], 18).at(y=y - 0.029))
    a.add(
        "mirror glass",
        box(0.09, 0.006, 0.08).turned("x", -45).at(y=y + 0.045, z=-0.005),
        box(0.07, 0.03, 0.01).at(y=y + 0.015, z=-0.03),
    )
    a.add("knob", turn_knob(rng, 0.014).turned("y", 90).at(x=x + 0.01, y=y - tall * 0.3, z=-deep * 0.46))
    a.add("switch", box(0.02, 0.012, 0.006).at(x=-wide * 0.3, y=high * 0.5, z=deep / 2))
    if chance(rng, 0.5):
        a.add(
            "vent", box(wide * 0.3, 0.006, 0.006).row(4, y=0.014).at(x=wide * 0.2, y=high * 0.5, z=deep / 2)
        )
