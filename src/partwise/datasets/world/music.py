"""What makes music: pianos and drums. The player of a piano sits at +z."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import (
    ball,
    box,
    cylinder,
    lathe,
    ring,
    slab,
    tube,
)
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing, middle
from partwise.datasets.world.fittings import washer
from partwise.datasets.world.fronts import key, turn_knob
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import arc, curve, rectangle
from partwise.datasets.world.pieces import caster, leg


def piano(rng: np.random.Generator) -> Assembly:
    """Pianos: upright, grand with a curved wing under its lid, electric on a stand."""
    kind = pick(rng, ("upright", "grand", "electric"), (3, 3, 2))
    a = Assembly({"upright": "piano", "grand": "grand piano", "electric": "electric piano"}[kind])
    {"upright": _upright, "grand": _grand, "electric": _electric}[kind](a, rng)
    if chance(rng, 0.3):
        high, z = rng.uniform(0.44, 0.52), rng.uniform(0.65, 0.8)
        wide = rng.uniform(0.35, 0.8)
        a.add("bench", box(wide, 0.06, 0.32, bevel=pick(rng, (0.0, 0.015))).at(y=high - 0.06, z=z))
        prop = leg(rng, high - 0.06, 0.045).at(x=wide / 2 - 0.04, z=0.12).four_corners()
        a.add("bench leg", prop.at(z=z), of="bench")
    a.afford("play", "key", "white key", "black key", where=facing())
    a.afford("press", "key", "white key", "black key", where=facing())
    a.afford("press", "pedal", "button")
    a.afford("push", "pedal")
    a.afford("open", "lid", "fallboard")
    a.afford("lift", "lid")
    a.afford("support", "music rest", where=facing("z", softness=0.6))
    a.afford("sit", "bench", where=facing())
    return a


def _keys(a: Assembly, rng: np.random.Generator, width: Number, y: Number, z: Number) -> None:
    """White and black keys in their pattern, `width` wide, their backs at `z` and their front towards +z."""
    count = int(rng.integers(14, 36))
    step, deep = width / count, rng.uniform(0.13, 0.16)
    white = box(step * 0.9, 0.02, deep).row(count, x=step).at(y=y, z=z + deep / 2)
    places = [(i - count / 2 + 1) * step for i in range(count - 1) if i % 7 in (0, 1, 3, 4, 5)]
    black = box(step * 0.5, 0.014, deep * 0.62).copies([(x, y + 0.018, z + deep * 0.32) for x in places])
    if chance(rng, 0.5):
        a.add("key", white, black)
    else:
        a.add("white key", white, of="keyboard")
        a.add("black key", black, of="keyboard")


def _upright(a: Assembly, rng: np.random.Generator) -> None:
    """A tall case with the keys on a shelf in front."""
    wide, high, deep = rng.uniform(1.3, 1.55), rng.uniform(1.0, 1.35), rng.uniform(0.28, 0.4)
    shelf, out, case = rng.uniform(0.6, 0.66), rng.uniform(0.24, 0.3), pick(rng, ("body", "case"))
    a.add(case, box(wide, high, deep, bevel=pick(rng, (0.0, 0.01))))
    front = deep / 2
    a.add("key bed" if chance(rng, 0.4) else case, box(wide, 0.05, out).at(y=shelf, z=front + out / 2))
    a.add(case, box(0.06, 0.13, out).at(x=wide / 2 - 0.03, y=shelf + 0.05, z=front + out / 2).both_sides())
    _keys(a, rng, wide - 0.14, shelf + 0.05, front + out - 0.18)
    if chance(rng, 0.6):
        flap = box(wide - 0.13, 0.16, 0.015).turned("x", -rng.uniform(2, 15))
        a.add("fallboard", flap.at(y=shelf + 0.055, z=front + 0.045))
    if chance(rng, 0.8):
        a.add("lid", box(wide + 0.03, 0.025, deep + 0.04).at(y=high))
    if chance(rng, 0.7):
        rest = box(wide * rng.uniform(0.4, 0.8), 0.2, 0.015).turned("x", -12)
        y = min(shelf + 0.24, high - 0.2)
        a.add("music rest", rest.at(y=y, z=front + 0.04), box(0.4, 0.015, 0.05).at(y=y, z=front + 0.025))
    if chance(rng, 0.75):
        prop = leg(rng, shelf, 0.06)
        a.add("leg", prop.at(x=wide / 2 - 0.06, z=front + out - 0.06).both_sides())
    _pedals(a, rng, 0.06, front + 0.05)
    if chance(rng, 0.4):
        roll = caster(rng, 0.06).at(x=wide / 2 - 0.08, y=-0.06, z=deep * 0.35)
        a.add("caster", roll.four_corners())


def _pedals(a: Assembly, rng: np.random.Generator, y: Number, z: Number) -> None:
    """Two or three brass tongues that stand out to the front."""
    tongue = slab(rectangle(0.04, 0.16, 0.018), 0.012)
    a.add("pedal", tongue.row(int(pick(rng, (2, 3, 3))), x=0.085).at(y=y, z=z))


def _grand(a: Assembly, rng: np.random.Generator) -> None:
    """A wing on three legs, its lid shut or on a prop."""
    wide, long, low, wall = rng.uniform(1.35, 1.55), rng.uniform(1.3, 2.3), rng.uniform(0.56, 0.64), 0.3
    bend = [(0.5, -0.3), (0.44, -0.47), (0.16, -0.66), (-0.1, -0.9), (-0.3, -1.0), (-0.5, -0.93)]
    wing = np.concatenate([[(-0.5, 0.0), (0.5, 0.0)], curve(bend, 14)])[::-1] * [wide, long]
    middle_point = wing.mean(axis=0)
    inner = (wing - middle_point) * 0.93 + middle_point
    case, top = pick(rng, ("body", "case")), low + wall
    a.add(case, ring(wing, inner, wall).turned("x", 90).at(y=low + wall / 2))
    a.add("soundboard" if chance(rng, 0.5) else case, slab(inner * [1.02, 1.01], 0.12).at(y=low + 0.01))
    if chance(rng, 0.6):
        wire = box(0.008, 0.006, long * 0.5).row(9, x=wide * 0.045)
        a.add("string", wire.at(x=-wide * 0.22, y=low + 0.127, z=-long * 0.36))
    a.add("key bed" if chance(rng, 0.4) else case, box(wide, 0.1, 0.26).at(y=low, z=0.12))
    a.add(case, box(0.06, 0.22, 0.25).at(x=wide / 2 - 0.03, y=low + 0.05, z=0.12).both_sides())
    _keys(a, rng, wide - 0.14, low + 0.1, 0.07)
    lean, lid = pick(rng, (0.0, 1.0, 1.0, 1.0)) * rng.uniform(18, 38), slab(wing * [1.01, 1.01], 0.025)
    a.add("lid", lid.at(x=wide / 2).turned("z", lean).at(x=-wide / 2, y=top))
    if lean:
        reach, angle = wide * 0.72, np.radians(lean)
        tip = [reach * np.cos(angle) - wide / 2, top + reach * np.sin(angle), -long * 0.25]
        a.add("prop", tube([[wide * 0.47, top - 0.02, -long * 0.2], tip], 0.012, 6))
    if chance(rng, 0.7):
        rest = box(wide * rng.uniform(0.4, 0.7), 0.24, 0.015).turned("x", -18)
        a.add("music rest", rest.at(y=top - 0.01, z=-0.03))
    prop = leg(rng, low, rng.uniform(0.08, 0.14))
    spots = [(wide * 0.4, 0, -0.05), (-wide * 0.4, 0, -0.05), (-wide * 0.28, 0, -long * 0.82)]
    a.add("leg", prop.copies(spots))
    lyre = box(0.03, low - 0.08, 0.03).at(x=0.07).both_sides() + box(0.3, 0.04, 0.08)
    a.add("pedal lyre" if chance(rng, 0.4) else case, lyre.at(y=0.08, z=-0.12))
    _pedals(a, rng, 0.095, -0.03)


def _electric(a: Assembly, rng: np.random.Generator) -> None:
    """A flat case with switches behind the keys, on crossed bars, legs or boards."""
    wide, deep, thick, y = rng.uniform(0.9, 1.4), rng.uniform(0.24, 0.34), rng.uniform(0.05, 0.1), 0.7
    name = pick(rng, ("body", "case"))
    a.add(name, box(wide, thick, deep, bevel=pick(rng, (0.0, 0.01))).at(y=y))
    _keys(a, rng, wide * 0.92, y + thick - 0.005, deep / 2 - 0.165)
    top, back = y + thick, -deep * 0.36
    switch = key(rng, 0.022, 0.016).turned("x", -90)
    a.add("button", switch.row(int(rng.integers(4, 12)), x=0.04).at(x=wide * 0.22, y=top, z=back))
    if chance(rng, 0.7):
        a.add("knob", turn_knob(rng, 0.014).turned("x", -90).row(4, x=0.05).at(-wide * 0.3, top, back))
    if chance(rng, 0.6):
        a.add("display", box(wide * 0.14, 0.008, 0.05).at(y=top - 0.003, z=back))
    if chance(rng, 0.5):
        rest = box(wide * 0.4, 0.2, 0.008).turned("x", -20)
        a.add("music rest", rest.at(y=top - 0.005, z=-deep * 0.46))
    style = pick(rng, ("cross", "legs", "sides"))
    half = wide * 0.32
    if style == "cross":
        spar = tube([[-half, 0.02, 0], [half, y - 0.01, 0]], 0.018, 6)
        rungs = box(0.04, 0.03, deep * 1.3).at(x=half).both_sides()
        beam = [spar.at(z=0.03), spar.mirrored("x").at(z=-0.03), rungs, rungs.at(y=y - 0.03)]
        a.add("stand", *beam)
    elif style == "legs":
        a.add("leg", leg(rng, y, 0.05).at(x=wide * 0.45, z=deep * 0.35).four_corners())
    else:
        board = box(0.03, y, deep * 0.9).at(x=wide * 0.46).both_sides()
        a.add("stand", board, box(wide * 0.92, 0.2, 0.02).at(y=y * 0.4, z=-deep * 0.3))
        _pedals(a, rng, y * 0.4 + 0.02, -deep * 0.3 + 0.06)


def tripod(high: Number, spread: Number, thick: Number) -> Mesh:
    """A pole from the floor's middle to y = `high` on three sloping feet that reach out to `spread`."""
    pole = cylinder(thick, high - 0.05, around=8).at(y=0.05)
    knee = min(0.3 * high, 1.2 * spread)
    ray = tube([[0, knee, 0], [spread, thick * 0.7, 0]], thick * 0.7, 6)
    return join([pole, ray.around(3, start=30)])


def drum(rng: np.random.Generator, radius: Number, high: Number, low: Number | None = None) -> list[Piece]:
    """One drum standing on y = 0: shell, skin, hoops and what tightens them; `low` is its radius below."""
    around = max(12, roundness(rng))
    low = radius if low is None else low
    pieces = [
        Piece("shell", cylinder(low, high, radius, around=around)),
        Piece("drumhead", cylinder(radius * 0.96, 0.012, around=around).at(y=high - 0.004)),
    ]
    edge = washer(radius * 0.95, radius * 1.04, 0.02, around)
    rims = edge.at(y=high - 0.008)
    if low == radius and chance(rng, 0.7):
        rims = rims + edge.at(y=-0.008)
    pieces.append(Piece("rim", rims))
    if chance(rng, 0.7):
        count, size = int(rng.integers(5, 9)), radius * rng.uniform(0.1, 0.16)
        lug = box(size, min(high * 0.4, size * 4), size * 0.8).at(y=high * 0.5, z=radius * 0.5 + low * 0.5)
        rod = cylinder(size * 0.2, high * 0.45, around=6).at(y=high * 0.55, z=radius * 1.02)
        pieces.append(Piece("lug", (lug + rod).around(count)))
    return pieces


def _cymbal(radius: Number, around: int) -> Mesh:
    """A thin plate on y = 0 that rises to a dome in its middle."""
    profile = [(radius, 0), (radius, 0.004), (radius * 0.3, radius * 0.1), (radius * 0.2, radius * 0.2)]
    return lathe([*profile, (radius * 0.05, radius * 0.24)], around)


def _stick(rng: np.random.Generator, length: Number) -> Mesh:
    """A drumstick or soft beater along y, its head above."""
    if chance(rng, 0.5):
        return join([cylinder(0.007, length, 0.005, around=8), ball(0.014, 0.02, around=8).at(y=length)])
    return join([cylinder(0.006, length, around=8), ball(0.035, 0.04, around=10).at(y=length)])


def drums(rng: np.random.Generator) -> Assembly:
    """Drums: a whole kit, a snare on its stand, bongos, a goblet or barrel drum, kettledrums, frame drums."""
    make = pick(rng, (_kit, _snare, _bongos, _tall_drum, _kettledrum, _frame_drum), (5, 2, 2, 3, 2, 2))
    a = make(rng)
    a.afford("beat", "drumhead", "cymbal", where=facing("y", softness=0.6))
    a.afford("play", "drumhead", "cymbal", where=facing("y", softness=0.6))
    a.afford("press", "pedal")
    a.afford("push", "pedal")
    a.afford("grasp", "drumstick", "handle")
    a.afford("carry", "strap")
    a.afford("sit", "seat", where=facing())
    return a


def _kit(rng: np.random.Generator) -> Assembly:
    """Bass drum in front, toms upon it, snare, floor tom, cymbals, pedal, now and then the stool behind."""
    a = Assembly("drum kit")
    bass, long = rng.uniform(0.25, 0.3), rng.uniform(0.35, 0.45)
    a.put((p.changed(lambda m: m.turned("x", 90)) for p in drum(rng, bass, long)), y=bass)
    spur = tube([[bass * 0.9, bass, long * 0.7], [bass * 1.3, 0.01, long * 0.8]], 0.01, 6)
    a.add("leg", spur.both_sides())
    for side in (-1, 1):
        size, lean = rng.uniform(0.12, 0.17), rng.uniform(5, 25)
        turn = [p.changed(lambda m, t=lean: m.turned("x", -t)) for p in drum(rng, size, size * 1.4)]
        a.put(turn, x=side * 0.19, y=bass * 2 + 0.06, z=long * 0.5)
    a.add("stand", cylinder(0.014, 0.2, around=8).at(x=0.12, y=bass * 2 - 0.03, z=long * 0.5).both_sides())
    for x, size, high in ((0.42, 0.18, 0.55), (-0.48, 0.19, 0.48)):
        tall = high * (0.3 if x > 0 else 0.72)
        a.put(drum(rng, size, tall), x=x, y=high - tall, z=-0.25)
        if x > 0:
            a.add("stand", tripod(high - tall, 0.2, 0.012).at(x=x, z=-0.25))
        else:
            prop = cylinder(0.009, high * 0.8, around=6).at(z=size + 0.01).around(3)
            a.add("leg", prop.at(x=x, z=-0.25))
    around = max(14, roundness(rng))
    spots = [(0.7, 0.8, 0.0, 0.16), (0.55, 1.15, 0.5, 0.22), (-0.6, 1.1, 0.45, 0.24)]
    for x, y, z, size in spots[: int(pick(rng, (2, 3, 3)))]:
        a.add("cymbal", _cymbal(size, around).turned("x", rng.uniform(-25, 0)).at(x, y, z))
        a.add("stand", tripod(y + 0.05, 0.24, 0.01).at(x=x, z=z))
        if y < 1:
            a.add("cymbal", _cymbal(size, around).turned("x", 180).at(x, y - 0.03, z))
            a.add("pedal", box(0.07, 0.015, 0.24).turned("x", 10).at(x=x, y=0.05, z=z - 0.12))
    a.add("pedal", box(0.08, 0.015, 0.28).turned("x", -14).at(y=0.05, z=-0.17))
    a.add("beater", tube([[0, 0.06, -0.05], [0, bass * 0.9, -0.06]], 0.008, 6), ball(0.06).at(0, bass, -0.05))
    if chance(rng, 0.4):
        a.add("seat", cylinder(0.17, 0.07, bevel=0.02).at(y=0.45, z=-0.75))
        a.add("stand", tripod(0.46, 0.22, 0.016).at(z=-0.75))
    return a


def _snare(rng: np.random.Generator) -> Assembly:
    """A flat drum on a tripod, or one with a strap to march with, and its sticks."""
    a = Assembly(pick(rng, ("drum", "snare drum")))
    radius, high, marching = rng.uniform(0.15, 0.2), rng.uniform(0.1, 0.32), chance(rng, 0.5)
    base = 0.0 if marching else rng.uniform(0.4, 0.6)
    a.put(drum(rng, radius, high), y=base)
    if marching:
        sling = [[-radius, high * 0.9, 0], [-radius * 0.9, high * 2, -0.1], [0, high * 2 + 0.3, -0.16]]
        a.add("strap", tube(curve(sling + [[-x, y, z] for x, y, z in sling[1::-1]], 18), 0.012, 6))
    else:
        a.add("stand", tripod(base, radius * 1.3, 0.012))
        arm = tube([[0, base - 0.04, 0], [radius * 1.06, base, 0], [radius * 1.06, base + 0.05, 0]], 0.008, 6)
        a.add("stand", arm.around(3))
    if chance(rng, 0.7):
        for turn in (-18, 24):
            stick = _stick(rng, 0.36).at(y=-0.16).turned("x", 90).turned("y", turn)
            a.add("drumstick", stick.at(x=turn * 0.002, y=base + high + 0.02))
    return a


def _bongos(rng: np.random.Generator) -> Assembly:
    """Two small drums, one wider than the other, with a block between them."""
    a = Assembly("bongos")
    high, sizes = rng.uniform(0.15, 0.22), (rng.uniform(0.08, 0.1), rng.uniform(0.1, 0.125))
    gap = rng.uniform(0.03, 0.06)
    for side, size in zip((-1, 1), sizes, strict=True):
        a.put(drum(rng, size, high, size * rng.uniform(0.7, 0.95)), x=side * (size + gap / 2))
    a.add("block", box(gap + 0.08, high * 0.35, 0.06).at(y=high * 0.4))
    return a


def _tall_drum(rng: np.random.Generator) -> Assembly:
    """A goblet, barrel or tub drum as tall as a table, with ropes, feet or a stand."""
    kind = pick(rng, ("goblet", "barrel", "tub"))
    a = Assembly("drum" if kind != "barrel" else "conga drum")
    high, radius, around = rng.uniform(0.45, 0.8), rng.uniform(0.13, 0.2), max(12, roundness(rng))
    shape = {
        "goblet": [(0.7, 0), (0.45, 0.35), (0.42, 0.5), (0.85, 0.72), (1.0, 1.0)],
        "barrel": [(0.7, 0), (1.05, 0.4), (1.2, 0.62), (1.0, 1.0)],
        "tub": [(0.9, 0), (1.0, 1.0)],
    }[kind]
    a.add("shell", lathe(curve(np.array(shape) * [radius, high], 10), around))
    a.add("drumhead", cylinder(radius * 0.98, 0.015, around=around).at(y=high - 0.003))
    hoop = tube(arc(radius * 1.02, 0, 360, around + 1)[:-1], 0.012, 6, closed=True).turned("x", 90)
    a.add("rim", hoop.at(y=high - 0.02))
    if chance(rng, 0.6):
        ends = [
            (radius * 1.03, high - 0.02, 0),
            (radius * (0.9 if kind != "barrel" else 1.22), high * 0.66, 0),
        ]
        a.add("rope", tube(ends, 0.006, 5).around(int(rng.integers(10, 18))))
    if kind != "goblet" and chance(rng, 0.5):
        a.add("foot", box(0.04, 0.09, 0.04).at(x=radius * 0.7, y=-0.07).around(3))
    return a


def _kettledrum(rng: np.random.Generator) -> Assembly:
    """A bowl with a skin, on legs with casters."""
    a = Assembly("kettledrum")
    radius, low, around = rng.uniform(0.28, 0.38), rng.uniform(0.3, 0.45), max(14, roundness(rng))
    high = radius * rng.uniform(0.9, 1.1)
    a.add("bowl", lathe(arc(1.0, -80, 0, 8)[:, :2] * [radius, high] + [0, low + high], around))
    a.add("drumhead", cylinder(radius * 0.97, 0.015, around=around).at(y=low + high - 0.002))
    edge = washer(radius * 0.96, radius * 1.05, 0.025, around)
    a.add("rim", edge.at(y=low + high - 0.01))
    count = int(rng.integers(3, 5))
    prop = tube([[radius * 0.95, low + high * 0.8, 0], [radius * 0.8, 0.05, 0]], 0.018, 8)
    a.add("leg", prop.around(count), box(radius * 0.85, 0.03, 0.04).at(radius * 0.42, 0.05).around(count))
    a.add("caster", caster(rng, 0.06).at(x=radius * 0.8).around(count))
    if chance(rng, 0.6):
        a.add("pedal", box(0.12, 0.02, 0.26).turned("x", 12).at(y=0.07, z=0.12))
    if chance(rng, 0.5):
        stick = _stick(rng, 0.36).at(y=-0.16).turned("x", 90).turned("y", 20)
        a.add("drumstick", stick.row(2, x=0.12).at(y=low + high + 0.025))
    return a


def _frame_drum(rng: np.random.Generator) -> Assembly:
    """Tambourines and hand drums: a narrow hoop, a skin, jingles in the hoop, sometimes a handle."""
    jingling = chance(rng, 0.6)
    a = Assembly("tambourine" if jingling else "hand drum")
    radius, high, around = rng.uniform(0.11, 0.2), rng.uniform(0.045, 0.07), max(14, roundness(rng))
    a.add("frame", washer(radius * 0.93, radius, high, around))
    if not jingling or chance(rng, 0.7):
        a.add("drumhead", cylinder(radius * 0.97, 0.006, around=around).at(y=high - 0.002))
    if jingling:
        disc = lathe([(0.02, 0), (0.02, 0.002), (0.008, 0.006)], 10)
        pair = (disc + disc.turned("x", 180).at(y=-0.004)).at(x=radius * 0.99, y=high / 2)
        a.add("jingle", pair.around(int(rng.integers(5, 10))))
    if chance(rng, 0.4):
        a.add("handle", cylinder(0.016, 0.14, around=10).turned("x", 90).at(y=high / 2, z=radius - 0.005))
    elif chance(rng, 0.6):
        a.add("drumstick", _stick(rng, 0.3).turned("x", 80).at(x=0.03, y=high + 0.015, z=-0.08))
    a.afford("wrapgrasp", "frame", where=middle("z", radius * 0.6, radius * 1.2))
    return a
