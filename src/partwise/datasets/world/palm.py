"""Small things that lie in a palm: compasses, whistles, multimeters, music players, handheld games, scanners."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, ring, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Number, Piece
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle, squircle
from partwise.datasets.world.straps import strapped

Size = tuple[Number, Number, Number]


def compass(rng: np.random.Generator) -> Assembly:
    """A needle over a dial in a round or square case, lidded or open, or on a plate; lying or held upright."""
    a = Assembly("compass")
    form, name = pick(rng, ("lidded", "open", "plate"), (3, 2, 2)), pick(rng, ("case", "body"))
    wide = rng.uniform(0.05, 0.08)
    long, thick = wide * pick(rng, (1.0, rng.uniform(1.0, 1.35))), wide * rng.uniform(0.14, 0.32)
    if form == "plate":
        long, thick, name = wide * rng.uniform(1.4, 2.0), wide * rng.uniform(0.06, 0.12), "base"
    outline = rectangle(wide, long, wide * 0.12)
    if form != "plate" and chance(rng, 0.65):
        outline = ellipse(wide, long, 28) if chance(rng, 0.7) else squircle(wide, long, 5, 28)
    pieces = [Piece(name, slab(outline, thick, bevel=pick(rng, (0.0, 0.15)) * thick))]
    pieces += _rose(rng, wide * rng.uniform(0.34, 0.43), thick, long * (-0.15 if form == "plate" else 0.0))
    if form == "plate":
        hole = ring(ellipse(wide * 0.2, count=16), ellipse(wide * 0.12, count=16), thick * 1.2)
        pieces.append(Piece("ring", hole.turned("x", 90).at(y=thick / 2, z=long * 0.42)))
        mark = box(wide * 0.03, 0.001, long * 0.24).row(pick(rng, (1, 3)), x=wide * 0.2)
        pieces.append(Piece("pointer", mark.at(y=thick, z=long * 0.24)))
    elif chance(rng, 0.65):
        loop, bar = wide * rng.uniform(0.12, 0.28), wide * rng.uniform(0.015, 0.035)
        hoop = tube(arc(loop, 0, 360, 19)[:-1], bar, 6, closed=True).turned("x", 90)
        pieces.append(Piece("ring", hoop.at(y=thick / 2, z=long / 2 + loop * 0.95)))
    if form == "lidded":
        pieces += _lid(rng, outline, long, thick)
    upright = chance(rng, 0.4)  # held before the eye, its ring above or below
    if upright:
        turn = pick(rng, (0, 180))
        pieces = [piece.changed(lambda m: m.turned("y", turn).turned("x", 90)) for piece in pieces]
    a.put(pieces, y=long / 2 if upright else 0.0, z=-thick / 2 if upright else 0.0)
    strapped(a, rng, (wide, long, thick) if upright else (wide, thick, long), 0.55)
    a.afford("grasp", name)
    a.afford("open", "lid")
    a.afford("move", "rim")
    a.afford("display", "dial", "needle")
    return a


def _rose(rng: np.random.Generator, radius: Number, y: Number, z: Number) -> list[Piece]:
    """The rim that is turned, the dial in it and the needle over that."""
    high, around = radius * rng.uniform(0.1, 0.35), max(16, roundness(rng))
    outer, inner = ellipse(2 * radius, count=around), ellipse(1.7 * radius, count=around)
    rim = ring(outer, inner, high).turned("x", 90).at(y=high / 2 - 0.0005)
    face = cylinder(radius * 0.86, high * 0.25, around=around)
    needle = slab(squircle(radius * rng.uniform(0.16, 0.3), radius * 1.5, 1, 8), high * 0.15)
    needle += cylinder(radius * 0.1, high * 0.45, around=8).at(y=-high * 0.2)
    needle = needle.turned("y", rng.uniform(0, 360)).at(y=high * 0.45)
    return [
        Piece(name, mesh.at(y=y, z=z)) for name, mesh in (("rim", rim), ("dial", face), ("needle", needle))
    ]


def _lid(
    rng: np.random.Generator, outline: Float64[np.ndarray, "P 2"], long: Number, thick: Number
) -> list[Piece]:
    """A lid that stands open at the back: plain, with a mirror inside, or a frame with a sighting wire."""
    plate, kind = thick * rng.uniform(0.2, 0.4), pick(rng, ("plain", "mirror", "wire"))
    wide = float(np.ptp(outline[:, 0]))
    pieces = [Piece("lid", slab(outline, plate))]
    if kind == "wire":
        pieces = [
            Piece("lid", ring(outline, outline * 0.7, plate).turned("x", 90).at(y=plate / 2)),
            Piece("wire", box(wide * 0.03, plate * 0.4, long * 0.74).at(y=plate * 0.3)),
        ]
    elif kind == "mirror":
        pieces.append(Piece("mirror", slab(outline * 0.75, plate * 0.2).at(y=-plate * 0.19)))
    lean = rng.uniform(75, 165)
    opened = [
        piece.changed(lambda m: m.at(y=-plate, z=long / 2).turned("x", -lean).at(y=thick, z=-long / 2))
        for piece in pieces
    ]
    barrel = cylinder(plate * 0.7, wide * rng.uniform(0.25, 0.5), around=10).turned("z", 90)
    middle = (barrel.low[0] + barrel.high[0]) / 2
    return [*opened, Piece("hinge", barrel.at(x=-middle, y=thick - plate * 0.3, z=-long / 2))]


def whistle(rng: np.random.Generator) -> Assembly:
    """A drum with a flat mouthpiece, one to three slim pipes, or a flat one; a slot on top, a ring, a cord."""
    a = Assembly("whistle")
    form, wide = pick(rng, ("drum", "pipe", "flat"), (3, 2, 2)), rng.uniform(0.014, 0.024)
    high, long = wide * rng.uniform(0.45, 0.7), wide * rng.uniform(2.2, 3.2)
    if form == "drum":
        high = wide * rng.uniform(1.0, 1.5)
        drum = cylinder(high / 2, wide, bevel=pick(rng, (0.0, 0.1)) * wide, around=max(16, roundness(rng)))
        thin, reach = high * rng.uniform(0.3, 0.45), high * rng.uniform(0.7, 1.1)
        channel = box(wide * 0.92, thin, reach).at(y=high - thin, z=reach / 2)
        a.add("body", drum.turned("z", -90).at(x=-wide / 2, y=high / 2), channel)
        back, slot, end, level = -high / 2, high * 0.3, reach, high - thin / 2
        tip = box(wide * 0.8, thin * 0.75, high * rng.uniform(0.25, 0.5))
    elif form == "pipe":
        count, high = pick(rng, (1, 1, 2, 3)), wide * rng.uniform(0.5, 0.8)
        pipe = cylinder(high / 2, long, around=max(10, roundness(rng))).turned("x", 90)
        a.add("body", pipe.row(count, x=high * 0.95).at(y=high / 2, z=-long / 2))
        back, slot, end, level, wide = -long / 2, long * 0.25, long / 2, high / 2, high * count
        tip = box(wide * 0.75, high * 0.6, wide * 0.3 + high * 0.6)
        if chance(rng, 0.4):
            band = ellipse(high * 1.15, count=14) if count == 1 else rectangle(wide * 1.08, high * 1.08)
            a.add("collar", slab(band, high * 0.4).turned("x", 90).at(y=high / 2, z=-long * 0.2))
    else:
        a.add("body", slab(squircle(wide, long, rng.uniform(2.5, 5), 28), high, bevel=high * 0.25))
        back, slot, end, level = -long / 2, long * 0.15, long * 0.46, high / 2
        tip = box(wide * 0.6, high * 0.6, wide * rng.uniform(0.4, 0.7))
    depth = float(np.ptp(tip.vertices[:, 2]))
    a.add("mouthpiece", tip.at(y=level - float(tip.high[1]) / 2, z=end + depth * 0.45))
    gap = box(wide * 0.6, high * 0.06, wide * 0.2)
    a.add("slot", gap.at(y=high * 0.97, z=slot))
    loop, bar = wide * rng.uniform(0.18, 0.4), wide * rng.uniform(0.03, 0.06)
    hoop = tube(arc(loop, 0, 360, 17)[:-1], bar, 6, closed=True).turned("y", pick(rng, (0, 90)))
    hoop = hoop if np.ptp(hoop.vertices[:, 2]) > loop else hoop.turned("x", 90)
    a.add("ring", hoop.at(y=high / 2, z=back - loop * 0.95))
    strapped(a, rng, (wide, high, long), 0.5)
    a.afford("grasp", "body")
    a.afford("play", "mouthpiece")
    a.afford("listen", "slot")
    return a


def multimeter(rng: np.random.Generator) -> Assembly:
    """A tall case with a screen or needle gauge, a big dial, keys and jacks; probes on wires; some clamp a cable."""
    a = Assembly("multimeter")
    wide = rng.uniform(0.07, 0.1)
    high, deep = wide * rng.uniform(1.5, 2.3), wide * rng.uniform(0.28, 0.55)
    name, clamp = pick(rng, ("body", "case", "housing")), chance(rng, 0.3)
    outline = pick(rng, (rectangle(wide, high), rectangle(wide, high, wide * 0.15), squircle(wide, high, 6)))
    case = slab(outline, deep, bevel=pick(rng, (0.0, 0.12)) * deep).turned("x", 90)
    a.add(name, case.at(y=high / 2, z=-deep / 2))
    if chance(rng, 0.35):
        a.add("cover", ring(outline * 1.1, outline * 0.96, deep * rng.uniform(0.5, 0.85)).at(y=high / 2))
    z, level = deep / 2, high * rng.uniform(0.36, 0.4)
    if chance(rng, 0.65):
        a.add("screen", box(wide * 0.78, high * rng.uniform(0.16, 0.22), 0.003).at(y=high * 0.73, z=z))
    else:
        a.add("gauge", box(wide * 0.85, high * 0.26, 0.003).at(y=high * 0.68, z=z))
        hand = box(wide * 0.02, high * 0.2, 0.002).turned("z", rng.uniform(-45, 45))
        a.add("needle", hand.at(y=high * 0.7, z=z + 0.002))
    size = min(wide * rng.uniform(0.2, 0.32), high * 0.18)
    disc = lathe([(size, 0), (size * 0.92, size * 0.25), (size * 0.5, size * 0.3)], max(14, roundness(rng)))
    disc += box(size * 1.5, size * 0.45, size * 0.3).at(y=size * 0.1).turned("y", rng.uniform(0, 180))
    a.add("dial", disc.turned("x", 90).at(y=level, z=z - 0.001))
    if chance(rng, 0.75):
        key = pick(rng, (box(wide * 0.12, 0.004, wide * 0.08), cylinder(wide * 0.05, 0.005, around=10)))
        keys = key.turned("x", 90).row(pick(rng, (1, 2, 3, 4)), x=wide * 0.2)
        a.add("button", keys.at(y=high * 0.62, z=z - 0.001))
    if clamp:
        _jaws(a, rng, (wide, high, deep))
    _probes(a, rng, (wide, high, deep))
    if chance(rng, 0.3):
        bail = box(wide * 0.6, high * 0.7, deep * 0.08).turned("x", rng.uniform(12, 30))
        a.add("stand", bail.at(y=-bail.low[1], z=-z - bail.high[2] + deep * 0.06))
    strapped(a, rng, (wide, high, deep), 0.35)
    a.afford("grasp", name, "cover", "probe")
    a.afford("press", "button", "trigger")
    a.afford("move", "dial")
    a.afford("display", "screen", "gauge")
    a.afford("pull", "plug")
    a.afford("open", "jaw")
    return a


def _jaws(a: Assembly, rng: np.random.Generator, size: Size) -> None:
    """Two half rings on the top that close around a cable, and the trigger beside that parts them."""
    wide, high, deep = size
    radius, thick = wide * rng.uniform(0.36, 0.48), wide * rng.uniform(0.12, 0.18)
    section, gap = rectangle(deep * 0.6, thick), rng.uniform(1, 6)
    for start, stop in ((90 + gap, 268), (272, 450 - gap)):
        a.add("jaw", sweep(arc(radius, start, stop, 14), section).at(y=high + radius * 0.92))
    lever = box(wide * 0.16, high * 0.16, deep * 0.5, bevel=wide * 0.03).turned("z", -12)
    a.add("trigger", lever.at(x=wide * 0.5, y=high * 0.74))


def _probes(a: Assembly, rng: np.random.Generator, size: Size) -> None:
    """Two or three jacks low on the front; mostly two probes on wires that lie before or hang beside the case."""
    wide, high, deep = size
    count, y, z = pick(rng, (2, 3, 4)), high * rng.uniform(0.08, 0.14), deep / 2
    step, radius = wide * 0.8 / count, wide * 0.045
    jack = ring(ellipse(2 * radius, count=14), ellipse(radius, count=14), wide * 0.05)
    a.add("jack", jack.row(count, x=step).at(y=y, z=z))
    if chance(rng, 0.3):
        return
    out, long, lying = wide * rng.uniform(0.12, 0.25), wide * rng.uniform(0.8, 1.3), chance(rng, 0.6)
    for side in (-1, 1):
        x = side * step * (count - 1) / 2
        a.add("plug", cylinder(radius * 0.8, out, around=10).turned("x", 90).at(x=x, y=y, z=z))
        if lying:
            end = np.array(
                [x + side * wide * rng.uniform(0.0, 0.5), radius, z + wide * rng.uniform(0.9, 1.6)]
            )
            path = [(x, y, z + out), (x * 1.2, radius, z + out + wide * 0.3), tuple(end)]
            way = np.array([side * rng.uniform(-0.6, 0.6), 0.0, 1.0])
        else:
            end = np.array([side * wide * rng.uniform(0.65, 0.85), high * rng.uniform(0.3, 0.6), 0.0])
            path = [(x, y, z + out), (end[0], radius, z + out), (end[0] * 1.25, y, 0), tuple(end)]
            way = np.array([0.0, 1.0, 0.0])
        way /= np.linalg.norm(way)
        a.add("wire", tube(curve(path, 20), wide * 0.018, 6))
        rod = lathe([(radius * 0.6, 0), (radius, long * 0.2), (radius, long * 0.7)], 10)
        rod += cylinder(radius * 1.5, long * 0.05, around=10).at(y=long * 0.6)
        a.add("probe", rod.pointed(end, end + way))
        tip = cylinder(radius * 0.35, long * 0.32, radius * 0.12, around=8).at(y=long * 0.69)
        a.add("tip", tip.pointed(end, end + way))


def music_player(rng: np.random.Generator) -> Assembly:
    """Players for tapes, discs and files: a window, screen or wheel, small keys, earphones on a cord or a strap."""
    a = Assembly(pick(rng, ("music player", "cassette player", "portable player")))
    form, name = pick(rng, ("tape", "tall", "disc"), (3, 3, 2)), pick(rng, ("body", "case", "housing"))
    wide = {"tape": rng.uniform(0.1, 0.13), "tall": rng.uniform(0.04, 0.06), "disc": 0.14}[form]
    high = wide * {"tape": rng.uniform(0.65, 0.8), "tall": rng.uniform(1.4, 2.1), "disc": 1.0}[form]
    deep = wide * {"tape": rng.uniform(0.25, 0.4), "tall": 0.25, "disc": 0.2}[form]
    size, z = (wide, high, deep), deep / 2
    outline = (
        ellipse(wide, high, 32) if form == "disc" else rectangle(wide, high, wide * rng.uniform(0, 0.18))
    )
    case = slab(outline, deep, bevel=pick(rng, (0.0, 0.15)) * deep).turned("x", 90)
    a.add(name, case.at(y=high / 2, z=-z))
    if form == "tall":
        a.add("screen", box(wide * 0.8, high * rng.uniform(0.28, 0.42), 0.002).at(y=high * 0.52, z=z))
        radius = wide * rng.uniform(0.26, 0.36)
        if chance(rng, 0.65):
            wheel = ring(ellipse(2 * radius, count=24), ellipse(radius, count=24), deep * 0.12)
            a.add("dial", wheel.at(y=high * 0.27, z=z))
            a.add(
                "button",
                cylinder(radius * 0.4, deep * 0.06, around=14).turned("x", 90).at(y=high * 0.27, z=z),
            )
        else:
            key = box(radius * 0.5, deep * 0.1, radius * 0.5).turned("x", 90).at(y=radius * 0.75)
            a.add("button", key.around(4, "z").at(y=high * 0.27, z=z))
    else:
        a.add("lid", slab(outline * 0.86, deep * 0.12).turned("x", 90).at(y=high / 2, z=z - deep * 0.02))
        pane = ellipse(wide * 0.4, count=20) if form == "disc" else rectangle(wide * 0.5, high * 0.3)
        a.add("window", slab(pane, deep * 0.06).turned("x", 90).at(y=high * 0.52, z=z + deep * 0.09))
        key, count = box(wide * 0.08, deep * 0.16, deep * 0.3), pick(rng, (2, 3, 4, 5))
        if form == "disc":  # along the upper edge, on both sides of the middle
            keys = key.at(y=wide * 0.485).around(count, "z", -12.0 * (count - 1) / 2, 12.0 * (count - 1) / 2)
            a.add("button", keys.at(y=high / 2))
        else:
            a.add(
                "button", key.row(count, x=wide * 0.11).at(x=wide * rng.uniform(-0.15, 0.15), y=high - 0.001)
            )
    if form != "disc" and chance(rng, 0.4):
        knob = cylinder(deep * 0.3, deep * 0.2, around=14).turned("z", -90)
        a.add("knob", knob.at(x=wide * 0.495, y=high * rng.uniform(0.6, 0.8)))
    if chance(rng, 0.3):
        clip = box(wide * 0.3, high * 0.5, deep * 0.1).at(y=high * 0.3, z=-deep * 0.68)
        a.add("clip", clip + box(wide * 0.3, high * 0.07, deep * 0.24).at(y=high * 0.78, z=-deep * 0.6))
    if chance(rng, 0.5):
        _earphones(a, rng, size)
    else:
        strapped(a, rng, size, 0.7)
    a.afford("grasp", name)
    a.afford("press", "button")
    a.afford("move", "dial", "knob")
    a.afford("display", "screen")
    a.afford("open", "lid")
    a.afford("listen", "earphone")
    return a


def _earphones(a: Assembly, rng: np.random.Generator, size: Size) -> None:
    """A plug in the top or the bottom, a cord that forks, and a small shell at either end that lies before the case."""
    wide, high, deep = size
    bar, out = wide * 0.018, max(wide, high) * rng.uniform(0.5, 1.0)
    x, side = wide * rng.uniform(-0.25, 0.25), pick(rng, (-1, 1))
    stem, top = wide * 0.12, high - wide * 0.02
    a.add("plug", cylinder(bar * 2.2, stem, around=10).at(x=x, y=top))
    fork = (side * wide * rng.uniform(0.5, 0.9), bar, deep / 2 + out * 0.5)
    path = [
        (x, top + stem, 0),
        (x + side * wide * 0.25, top + stem * 1.8, 0),
        (side * wide * 0.8, high * 0.45, 0),
        fork,
    ]
    a.add("cord", tube(curve(path, 22), bar, 6))
    for turn in (-1, 1):
        end = (
            fork[0] + turn * wide * rng.uniform(0.15, 0.35),
            bar * 4,
            fork[2] + out * rng.uniform(0.5, 0.9),
        )
        middle = (fork[0] + turn * wide * 0.12, bar, (fork[2] + end[2]) / 2)
        a.add("cord", tube(curve([fork, middle, end], 12), bar, 6))
        bud = ball(bar * 8, around=10).at(*end) + ball(bar * 6, around=8).at(end[0], end[1], end[2] + bar * 4)
        a.add("earphone", bud)


def handheld_game(rng: np.random.Generator) -> Assembly:
    """A wide, tall or folding one: a screen, a directional pad, round buttons, sticks, shoulder keys, a wrist cord."""
    a = Assembly(pick(rng, ("handheld game", "handheld game console", "pocket game")))
    form, name = pick(rng, ("wide", "tall", "folding"), (3, 3, 2)), pick(rng, ("body", "case"))
    wide = rng.uniform(0.15, 0.24) if form == "wide" else rng.uniform(0.08, 0.13)
    high = wide * {"wide": rng.uniform(0.38, 0.52), "tall": rng.uniform(1.3, 1.7), "folding": 0.62}[form]
    deep, corner = min(wide, high) * rng.uniform(0.14, 0.3), min(wide, high) * rng.uniform(0.03, 0.3)
    outline, z = rectangle(wide, high, corner), deep / 2
    plate = slab(outline, deep, bevel=pick(rng, (0.0, 0.12)) * deep).turned("x", 90).at(y=high / 2, z=-z)
    a.add(name, plate)
    unit, spread, y = min(wide, high) * rng.uniform(0.9, 1.1), wide * 0.3, high * 0.32
    if form == "wide":
        spread, y = wide * 0.405, high * 0.62
        unit *= 0.85
        a.add("screen", box(wide * 0.56, high * 0.8, deep * 0.06).at(y=high * 0.1, z=z))
    elif form == "tall":
        a.add("screen", box(wide * 0.78, high * 0.38, deep * 0.06).at(y=high * 0.54, z=z))
    else:
        y = high * 0.5
        leaf = slab(outline, deep * 0.6).turned("x", 90).at(y=high / 2, z=-deep * 0.6)
        glass = box(wide * 0.6, high * 0.76, deep * 0.06).at(y=high * 0.12)
        lean = rng.uniform(0, 35)
        for part, mesh in (("lid", leaf), ("screen", glass)):
            a.add(part, mesh.turned("x", lean).at(y=high, z=z))
        joint = (
            cylinder(deep * 0.28, wide * 0.7, around=12).turned("z", 90).at(x=wide * 0.35, y=high, z=z * 0.7)
        )
        a.add("hinge", joint)
        if chance(rng, 0.6):
            a.add("screen", box(wide * 0.4, high * 0.6, deep * 0.06).at(y=high * 0.2, z=z))
            spread = wide * 0.36
    arm = unit * (0.055 if form == "folding" else 0.075)
    cross = box(arm * 3.2, arm * 0.7, arm) + box(arm, arm * 0.7, arm * 3.2)
    a.add("directional pad", cross.turned("x", 90).at(x=-spread, y=y, z=z - 0.0005))
    key = cylinder(arm * 0.62, arm * 0.6, around=12).turned("x", 90)
    keys = key.row(2, x=arm * 2.2, y=arm) if chance(rng, 0.4) else key.at(y=arm * 1.2).around(4, "z")
    a.add("button", keys.at(x=spread, y=y, z=z - 0.0005))
    if form == "tall" or chance(rng, 0.4):
        start = box(arm * 1.2, arm * 0.4, arm * 0.5).turned("x", 90).row(2, x=arm * 2)
        a.add("button", start.at(x=0 if form == "tall" else spread, y=high * 0.12, z=z - 0.0005))
    if form == "wide" and chance(rng, 0.7):
        stick = lathe([(arm * 0.6, 0), (arm * 0.5, arm * 0.7), (arm * 1.1, arm * 0.9), (arm, arm * 1.2)], 14)
        a.add("joystick", stick.row(2, x=2 * spread).turned("x", 90).at(y=high * 0.25, z=z))
    if form == "wide" or chance(rng, 0.3):
        bar = box(wide * 0.16, high * 0.06, deep * 0.6).at(x=wide * 0.36, y=high - high * 0.01)
        a.add("trigger", bar.both_sides())
    if form == "tall" and chance(rng, 0.6):
        slit = box(arm * 0.3, 0.002, arm * 3).turned("z", 30).row(4, x=arm * 0.9).turned("x", 90)
        a.add("speaker", slit.at(x=spread * 0.9, y=high * 0.1, z=z))
    strapped(a, rng, (wide, high, deep), 0.4)
    a.afford("grasp", name)
    a.afford("press", "button", "directional pad", "trigger")
    a.afford("push", "joystick")
    a.afford("play", "button", "directional pad")
    a.afford("display", "screen")
    a.afford("listen", "speaker")
    a.afford("open", "lid")
    return a


def barcode_scanner(rng: np.random.Generator) -> Assembly:
    """A thick bar or a thin terminal with a window at its upper end, a key or many, a cord or a strap."""
    a = Assembly(pick(rng, ("barcode scanner", "code scanner")))
    form, name = pick(rng, ("bar", "terminal")), pick(rng, ("body", "case", "housing"))
    wide = rng.uniform(0.045, 0.08)
    high = wide * (rng.uniform(2.0, 3.2) if form == "bar" else rng.uniform(1.7, 2.4))
    deep = wide * (rng.uniform(0.4, 0.7) if form == "bar" else rng.uniform(0.25, 0.4))
    z, bevel, headed = deep / 2, pick(rng, (0.0, 0.12)) * deep, chance(rng, 0.6)
    outline = pick(rng, (rectangle(wide, high, wide * 0.1), squircle(wide, high, rng.uniform(4, 8), 28)))
    a.add(name, slab(outline, deep, bevel=bevel).turned("x", 90).at(y=high / 2, z=-z))
    top = high * (1.06 if headed else 1.0)
    if headed:
        head = box(wide * 1.08, high * 0.16, deep * rng.uniform(1.1, 1.5), bevel=deep * 0.05)
        a.add("head", head.at(y=top - high * 0.16, z=deep * 0.1))
    pane = box(wide * 0.8, deep * 0.06, deep * 0.7).at(y=top - deep * 0.02, z=deep * 0.1 * headed)
    a.add(pick(rng, ("window", "glass")), pane)
    if form == "terminal":
        a.add("screen", box(wide * 0.78, high * 0.3, deep * 0.06).at(y=high * 0.48, z=z))
        key = box(wide * 0.14, deep * 0.1, wide * 0.1).turned("x", 90)
        keys = key.row(3, x=wide * 0.24).row(pick(rng, (2, 3)), y=wide * 0.18).at(y=high * 0.24, z=z)
    else:
        disc = cylinder(wide * rng.uniform(0.12, 0.22), deep * 0.12, around=max(10, roundness(rng)))
        keys = disc.turned("x", 90).at(y=high * rng.uniform(0.5, 0.65), z=z - 0.0005)
    a.add("button", keys)
    if chance(rng, 0.5):
        lamp = ball(wide * 0.09, around=8).row(pick(rng, (1, 2)), x=wide * 0.2)
        a.add("light", lamp.at(y=high * 0.84, z=z))
    if form == "bar" and chance(rng, 0.4):
        reach = wide * rng.uniform(0.8, 2.0)
        path = [(0, high * 0.06, -z), (0, high * 0.08, -z - wide * 0.3), (reach, 0, -z - wide * 0.7)]
        a.add("cord", tube(curve(path, 16), wide * 0.05, 8))
    else:
        strapped(a, rng, (wide, high, deep), 0.6)
    a.afford("grasp", name)
    a.afford("press", "button")
    a.afford("display", "screen")
    return a
