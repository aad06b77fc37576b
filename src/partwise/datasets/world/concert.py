"""What a band brings along: brass, accordions, xylophones."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, loft, slab, sweep, tray, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing, middle
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.outlines import arc, curve, helix, rectangle, regular


def brass(rng: np.random.Generator) -> Assembly:
    """Brass instruments: trumpet or cornet, trombone, tuba, French horn, bugle. The bell looks forward or up."""
    make = pick(rng, (_trumpet, _trombone, _tuba, _french_horn, _bugle), (4, 3, 2, 2, 1))
    a, low, high = make(rng)
    a.afford("play", "mouthpiece", "valve", "valve button")
    a.afford("press", "valve button", "water key")
    a.afford("wrapgrasp", "valve")
    a.afford("grasp", "hand slide", "brace", "tuning slide")
    a.afford("grasp", "tube", where=middle("z", low, high))
    a.afford("pull", "hand slide", "tuning slide")
    a.afford("listen", "flared bell", where=facing("z", softness=0.7))
    return a


def _bell(rng: np.random.Generator, narrow: Number, wide: Number, long: Number) -> Mesh:
    """The flare at the end of a brass instrument, from y = 0 up to its open rim at y = `long`."""
    start = rng.uniform(0.55, 0.75)
    shares = ((0.0, 0.0), (0.12, start), (0.42, 0.9), (1.0, 1.0))
    shape = [(narrow + (wide - narrow) * share, long * y) for share, y in shares]
    return vessel(curve(shape, 9), narrow * 0.4, max(14, roundness(rng)))


def _mouth(thin: Number) -> Mesh:
    """A cup on a short shank that points to -z from the origin."""
    shape = [(thin, -0.005), (thin * 0.8, 0.05), (thin * 1.2, 0.06), (thin * 2.2, 0.08), (thin * 2.2, 0.085)]
    return lathe(shape, 12).turned("x", -90)


def _valves(a: Assembly, rng: np.random.Generator, at: tuple[Number, Number, Number], size: Number) -> None:
    """Three or four upright pistons around the point `at`, `size` high, and what the fingers press."""
    count, step = int(pick(rng, (3, 3, 4))), size * 0.24
    case = cylinder(size * 0.11, size, around=12, bevel=size * 0.02).row(count, z=step)
    a.add("valve", case.at(at[0], at[1] - size / 2, at[2]))
    stalk = cylinder(size * 0.03, size * 0.12, around=6)
    knob = join([stalk, cylinder(size * 0.08, size * 0.03, around=10).at(y=size * 0.11)]).row(count, z=step)
    a.add("valve button" if chance(rng, 0.75) else "valve", knob.at(at[0], at[1] + size / 2, at[2]))


def _trumpet(rng: np.random.Generator) -> tuple[Assembly, float, float]:
    """A tube folded once around the valves, the bell in front."""
    a = Assembly(pick(rng, ("trumpet", "trumpet", "cornet")))
    thin, back, fore = rng.uniform(0.006, 0.008), rng.uniform(0.16, 0.24), rng.uniform(0.14, 0.22)
    drop, x = rng.uniform(0.08, 0.12), 0.016
    bend = arc(drop / 2, 90, -90, 9)[:, [2, 1, 0]] - [0, drop / 2, 0]
    lead = np.concatenate([[[0, 0, -back]], np.add(bend, [0, 0, fore]), [[0, -drop, 0.03]]])
    a.add("tube", tube(lead, thin, 8))
    if chance(rng, 0.6):
        a.add("tuning slide", tube(np.add(bend, [0, 0, fore + 0.012]), thin * 1.4, 8))
    turn = bend[::-1] * [1, 1, -1] + [x * 2, 0, -back * 0.7]
    start = np.concatenate([[[x * 2, -drop, 0]], turn, [[x * 2, 0, fore * 0.6]]])
    a.add("tube", tube(start, np.linspace(thin, thin * 1.5, len(start)), 8))
    flare = _bell(rng, thin * 1.5, rng.uniform(0.05, 0.065), rng.uniform(0.14, 0.22))
    a.add("flared bell", flare.turned("x", 90).at(x=x * 2, z=fore * 0.55))
    a.add("mouthpiece", _mouth(thin * 0.8).at(z=-back))
    _valves(a, rng, (x, -drop * 0.6, 0), drop * 1.7)
    if chance(rng, 0.6):
        ring_path = arc(0.014, 0, 360, 13)[:-1]
        a.add("finger ring", tube(ring_path, 0.003, 6, closed=True).turned("y", 90).at(0, 0.012, fore * 0.5))
    if chance(rng, 0.5):
        a.add("brace", box(x * 2.4, 0.006, 0.006).row(2, z=back * 1.1).at(x=x, y=-0.003))
    if chance(rng, 0.5):
        a.add("water key", box(0.008, 0.006, 0.045, bevel=0.002).at(y=-drop - thin - 0.004, z=fore))
    return a, -back, fore


def _trombone(rng: np.random.Generator) -> tuple[Assembly, float, float]:
    """A hand slide in front, the bell over the player's shoulder; the slide is out or in."""
    a = Assembly("trombone")
    thin, gap = rng.uniform(0.007, 0.01), rng.uniform(0.09, 0.13)
    long, out = rng.uniform(0.55, 0.7), rng.uniform(0.0, 0.3)
    turn = arc(gap / 2, 90, -90, 9)[:, [2, 1, 0]]
    inner = tube([[0, 0, 0], [0, 0, long]], thin * 0.8, 8).at(y=gap / 2)
    a.add("tube", inner + inner.at(y=-gap))
    slide = np.concatenate([[[0, gap / 2, out]], np.add(turn, [0, 0, long + out]), [[0, -gap / 2, out]]])
    a.add("hand slide", tube(slide, thin * 1.15, 8))
    bar = box(0.012, gap, 0.012).at(y=-gap / 2)
    a.add("brace", bar.at(z=0.03), *([bar.at(z=out + 0.03)] if out > 0.05 else []))
    x, rear = 0.09, -rng.uniform(0.28, 0.36)
    crook = arc(x / 2, 180, 360, 9)[:, [0, 2, 1]] + [-x / 2, 0, rear]
    back = np.concatenate([[[0, -gap / 2, 0.02]], crook[::-1] - [0, gap / 2, 0], [[-x, -gap / 2, 0.05]]])
    a.add("tube", tube(back, np.linspace(thin, thin * 1.5, len(back)), 8))
    if chance(rng, 0.6):
        a.add("tuning slide", tube(crook - [0, gap / 2, 0.01], thin * 1.9, 8))
    flare = _bell(rng, thin * 1.5, rng.uniform(0.09, 0.12), rng.uniform(0.28, 0.4))
    a.add("flared bell", flare.turned("x", 90).at(x=-x, y=-gap / 2, z=0.04))
    a.add("mouthpiece", _mouth(thin).at(y=gap / 2))
    if chance(rng, 0.6):
        a.add(
            "brace",
            box(x, 0.01, 0.012).row(2, z=abs(rear) * 0.6).at(x=-x / 2, y=-gap / 2 - 0.005, z=rear / 2),
        )
    return a, 0.0, 0.25


def _tuba(rng: np.random.Generator) -> tuple[Assembly, float, float]:
    """A wide upright oval of tube, its bell to the sky, valves in front, the mouthpiece at the side."""
    a = Assembly(pick(rng, ("tuba", "tuba", "euphonium")))
    high, wide, thick = rng.uniform(0.5, 0.75), rng.uniform(0.26, 0.36), rng.uniform(0.028, 0.04)
    loop = rectangle(wide, high, wide * 0.48, 6)
    path = np.concatenate([loop[14:], loop[:13]])  # from the upper left round the bottom to the right
    whole = np.concatenate([path, np.zeros((len(path), 1))], axis=1)
    a.add("tube", tube(whole, np.linspace(thick, thick * 1.7, len(whole)), 10))
    inner = rectangle(wide * 0.62, high * 0.72, wide * 0.3, 5)
    second = np.concatenate([inner, np.full((len(inner), 1), thick * 0.9)], axis=1)
    a.add("tube", tube(second, thick * 0.55, 8, closed=True))
    flare = _bell(rng, thick * 1.7, wide * rng.uniform(0.5, 0.65), high * rng.uniform(0.45, 0.6))
    a.add("flared bell", flare.at(x=wide / 2, y=high * 0.2))
    side = [[-wide / 2, high * 0.3, 0], [-wide * 0.2, high * 0.45, 0.08], [0, high * 0.3, 0.14]]
    a.add("tube", tube(curve(side, 10), thick * 0.3, 8))
    a.add("mouthpiece", _mouth(0.008).turned("y", 180).at(y=high * 0.3, z=0.13))
    _valves(a, rng, (0, 0, thick * 2.2), high * 0.35)
    return a, -thick * 2, thick * 2


def _french_horn(rng: np.random.Generator) -> tuple[Assembly, float, float]:
    """Rings of tube around levers and valves, the wide bell beside them."""
    a = Assembly("french horn")
    radius, thin = rng.uniform(0.12, 0.16), rng.uniform(0.008, 0.011)
    turns = rng.uniform(1.6, 2.4)
    coil = helix(radius, 0.05, turns, round(26 * turns))[:, [0, 2, 1]]
    a.add("tube", tube(coil, np.linspace(thin * 0.8, thin * 1.4, len(coil)), 8))
    inner = np.add(arc(radius * 0.6, 0, 360, 21)[:-1], [0, 0, 0.025])
    a.add("tube", tube(inner, thin * 0.8, 8, closed=True))
    strut = tube([[radius * 0.55, 0, 0.025], [radius, 0, 0.025]], 0.005, 6)
    a.add("brace", strut.around(3, "z", start=40))
    case = cylinder(0.022, 0.03, around=12).turned("x", 90).row(3, x=0.05)
    a.add("valve", case.at(z=0.01))
    paddle = box(0.014, 0.05, 0.006, bevel=0.002).row(3, x=0.022)
    a.add(
        "lever", paddle.at(x=-radius * 0.3, y=radius * 0.4, z=0.028), box(0.09, 0.01, 0.01).at(0, 0.0, 0.035)
    )
    a.add("lever", tube([[-radius * 0.3, radius * 0.42, 0.028], [0, 0.0, 0.03]], 0.004, 6))
    end = coil[-1]
    flare = _bell(rng, thin * 1.6, radius * rng.uniform(0.85, 1.0), radius * 1.3)
    a.add(
        "flared bell", flare.pointed(end, end + np.cross([0, 0, 1.0], end * [1, 1, 0]) + [0, 0, radius * 0.5])
    )
    start, tip = coil[0], coil[0] + [0.02, radius * 0.9, 0]
    a.add("tube", tube([start, tip], thin * 0.7, 8))
    a.add("mouthpiece", _mouth(thin * 0.7).turned("x", 90).mirrored("y").at(*tip))
    a.afford("press", "lever")
    return a, -0.02, 0.07


def _bugle(rng: np.random.Generator) -> tuple[Assembly, float, float]:
    """A single oval turn of tube without valves, or a long straight fanfare trumpet with a cloth."""
    straight = chance(rng, 0.4)
    a = Assembly("fanfare trumpet" if straight else "bugle")
    thin, long = rng.uniform(0.007, 0.011), rng.uniform(0.5, 0.9) if straight else rng.uniform(0.25, 0.35)
    a.add("tube", tube([[0, 0, -long / 2], [0, 0, long / 2]], np.array([thin, thin * 1.4]), 8))
    flare = _bell(rng, thin * 1.4, rng.uniform(0.05, 0.075), rng.uniform(0.12, 0.25))
    a.add("flared bell", flare.turned("x", 90).at(z=long / 2 - 0.01))
    a.add("mouthpiece", _mouth(thin * 0.9).at(z=-long / 2))
    if straight:
        cloth = box(0.004, 0.22, 0.26).at(y=-0.22 - thin, z=long * 0.15)
        a.add("banner", cloth)
        a.add("string", cylinder(0.003, 0.03, around=5).row(2, z=0.2).at(y=-0.02 - thin, z=long * 0.15))
    else:
        oval = rectangle(long * 0.8, 0.1, 0.05, 5)
        loop = np.stack([np.full(len(oval), thin), oval[:, 1] - 0.05, oval[:, 0]], axis=1)
        a.add("tube", tube(loop, thin * 1.1, 8, closed=True))
        if chance(rng, 0.6):
            cord = curve([[thin, 0, -long * 0.3], [0.05, -0.22, 0], [thin, 0, long * 0.3]], 12)
            a.add("cord", tube(cord, 0.005, 6))
    return a, -long * 0.4, long * 0.4


def accordion(rng: np.random.Generator) -> Assembly:
    """Accordions with piano keys or buttons, concertinas: two ends and the bellows between them, drawn or shut."""
    small = chance(rng, 0.35)
    a = Assembly("concertina" if small else "accordion")
    if small:
        high = size = rng.uniform(0.15, 0.2)
        deep, long = rng.uniform(0.05, 0.07), rng.uniform(0.08, 0.25)
        outline = regular(int(pick(rng, (6, 6, 8))), size)
    else:
        high, size = rng.uniform(0.34, 0.46), rng.uniform(0.17, 0.22)
        deep, long = rng.uniform(0.1, 0.14), rng.uniform(0.1, 0.45)
        outline = rectangle(high, size, pick(rng, (0.0, 0.03)), 2)
    bow = pick(rng, (0.0, 1.0)) * rng.uniform(30, 100) * long / 0.3
    folds = 2 * int(max(4, long / 0.03)) + 1
    sizes = np.where(np.arange(folds) % 2, 0.98, rng.uniform(0.8, 0.9))
    rings = np.stack([outline[None, :, 0] * sizes[:, None], np.zeros((folds, len(outline)))], axis=2)
    rings = np.concatenate([rings, outline[None, :, 1:] * sizes[:, None, None]], axis=2)
    rings[:, :, 1] = np.linspace(-long / 2, long / 2, folds)[:, None]
    a.add("bellows", loft(rings).bent(bow / long).turned("z", -90))
    name = pick(rng, ("body", "case"))
    case = slab(outline, deep, bevel=pick(rng, (0.0, 0.008)))
    sides = [(1, name, case), (-1, name, case)]
    sides += _concertina_ends(rng, size, deep) if small else _accordion_ends(rng, (high, size, deep))
    for side, word, mesh in sides:
        # Each end is made on y = 0, its outer face up, and swung to where the bent bellows end.
        placed = mesh.turned("x", bow / 2)
        angle = np.radians(bow)
        radius = long / angle if bow else 0.0
        y, z = (radius * np.sin(angle / 2), radius * (1 - np.cos(angle / 2))) if bow else (long / 2, 0.0)
        placed = placed.at(y=y, z=z).turned("z", -90)
        a.add(word, placed if side > 0 else placed.mirrored("x"))
    a.afford("play", "key", "button")
    a.afford("press", "key", "button", "register switch")
    a.afford("pull", "hand strap", name)
    for sign in (1, -1):
        a.afford("push", name, where=facing("x", sign, 0.5))
    a.afford("grasp", "hand strap")
    a.afford("wear", "strap")
    return a


def _concertina_ends(rng: np.random.Generator, size: Number, deep: Number) -> list[tuple[int, str, Mesh]]:
    """A few buttons and a strap for the hand on either end."""
    stud = cylinder(0.005, 0.012, around=8).row(5, x=size * 0.11).row(int(pick(rng, (2, 3))), z=0.02)
    bow = arc(size * 0.36, 0, 180, 11) * [1, 0.45, 1]
    strap = sweep(bow, rectangle(0.025, 0.004)).at(y=deep - 0.002, z=-size * 0.2)
    both_ends = [("button", stud.at(y=deep - 0.003, z=size * 0.15)), ("hand strap", strap)]
    return [(side, word, mesh) for side in (1, -1) for word, mesh in both_ends]


def _accordion_ends(
    rng: np.random.Generator, box_size: tuple[Number, Number, Number]
) -> list[tuple[int, str, Mesh]]:
    """Keys on one end, bass buttons and hand strap on the other, grille, switches, straps for the shoulders."""
    high, size, deep = box_size
    parts: list[tuple[int, str, Mesh]] = []
    board = box(high * 0.96, 0.035, 0.12).at(y=deep - 0.01, z=size * 0.35)
    parts.append((1, "keyboard", board))
    if chance(rng, 0.6):
        count = int(rng.integers(14, 25))
        word, one = "key", box(high * 0.9 / count * 0.85, 0.012, 0.11).row(count, x=high * 0.9 / count)
    else:
        word = "button"
        one = cylinder(0.007, 0.014, around=8).row(int(rng.integers(9, 15)), x=high * 0.065).row(3, z=0.028)
    parts.append((1, word, one.at(y=deep + 0.024, z=size * 0.35)))
    stud = cylinder(0.004, 0.01, around=6).row(int(rng.integers(8, 14)), x=0.022).row(4, z=0.02)
    parts.append((-1, "button", stud.at(y=deep - 0.003, z=size * 0.2)))
    bow = arc(high * 0.42, 0, 180, 11) * [1, 0.3, 1]
    parts.append((-1, "hand strap", sweep(bow, rectangle(0.05, 0.005)).at(y=deep - 0.002, z=-size * 0.2)))
    if chance(rng, 0.7):
        slats = box(high * 0.7, 0.008, 0.01).row(5, y=deep * 0.13)
        parts.append((1, "grille", slats.at(y=deep * 0.45, z=size / 2)))
    if chance(rng, 0.7):
        tab = box(0.018, 0.02, 0.008).row(int(rng.integers(3, 9)), x=0.026)
        parts.append((1, "register switch", tab.at(y=deep * 0.82, z=size / 2)))
    if chance(rng, 0.6):
        bow = [[-high * 0.4, deep * 0.5, -size * 0.45], [-high * 0.2, deep * 0.5, -size * 1.5]]
        bow = curve(bow + [[-x, y, z] for x, y, z in bow[::-1]], 14)
        parts.append((1, "strap", sweep(bow, rectangle(0.035, 0.006))))
        parts.append((-1, "strap", sweep(bow, rectangle(0.035, 0.006))))
    return parts


def xylophone(rng: np.random.Generator) -> Assembly:
    """Xylophones: a toy on a board, a glockenspiel in its case, a marimba with tubes on a stand."""
    kind = pick(rng, ("toy", "glockenspiel", "marimba"), (3, 2, 3))
    a = Assembly(kind if kind != "toy" else "xylophone")
    count = int(rng.integers(6, 13)) if kind != "marimba" else int(rng.integers(12, 24))
    big = kind == "marimba"
    wide, lift = (rng.uniform(0.9, 1.8), rng.uniform(0.75, 0.9)) if big else (rng.uniform(0.3, 0.5), 0.0)
    long, short = (rng.uniform(0.35, 0.5), 0.2) if big else (rng.uniform(0.14, 0.22), 0.08)
    step, thick = wide / count, 0.02 if big else 0.008
    lengths = np.linspace(long, short, count)
    xs = (np.arange(count) - (count - 1) / 2) * step
    top = lift + 0.045
    bevel = pick(rng, (0.0, 0.25)) * thick
    for x, deep in zip(xs, lengths, strict=True):
        a.add("tone bar", box(step * 0.85, thick, deep, bevel=bevel).at(x=x, y=top))
        if not big and chance(rng, 0.9):
            pin = cylinder(0.005, 0.007, around=6).at(x=x, y=top + thick - 0.002, z=deep * 0.36)
            a.add("screw", pin.both_sides("z"))
    near_end, far_end = lengths[0] * 0.36, lengths[-1] * 0.36
    rail = tube([[-wide / 2, 0, near_end], [wide / 2, 0, far_end]], 0.024 if big else 0.012, 4)
    name = pick(rng, ("frame", "body"))
    a.add(name, rail.both_sides("z").at(y=top - (0.02 if big else 0.01)))
    if kind == "glockenspiel":
        a.add(name, tray(wide + 0.06, top + 0.02, long + 0.06, 0.012))
        if chance(rng, 0.5):
            deep = long / 2 + 0.03
            lid = tray(wide + 0.06, 0.03, 2 * deep, 0.01).turned("x", 180).at(z=deep)
            a.add("lid", lid.turned("x", -rng.uniform(85, 120)).at(y=top + 0.02, z=-deep))
    else:
        _xylophone_ends(a, rng, name, (wide, lift, near_end, far_end), xs)
    for side in range(int(pick(rng, (1, 2, 2)))):
        head, reach = (0.04, 0.36) if big else (0.024, 0.2)
        stick = cylinder(head * 0.16, reach, around=8) + ball(head, around=10).at(y=reach)
        lying = stick.turned("x", 90).at(z=-reach * 0.3).turned("y", 40 - 70 * side)
        a.add("mallet", lying.at(x=(side - 0.5) * wide * 0.3, y=top + thick + head * 0.4))
    a.afford("beat", "tone bar", where=facing())
    a.afford("play", "tone bar", where=facing())
    a.afford("grasp", "mallet")
    a.afford("open", "lid")
    a.afford("press", "pedal")
    a.afford("move", "caster")
    return a


def _xylophone_ends(
    a: Assembly,
    rng: np.random.Generator,
    name: str,
    size: tuple[Number, Number, Number, Number],
    xs: Float[np.ndarray, "K"],
) -> None:
    """What stands under the rails: end boards; under a big one legs, casters, most often tubes, a pedal."""
    wide, lift, near_end, far_end = size
    if not lift:
        for x, deep in ((-wide / 2, near_end), (wide / 2, far_end)):
            a.add(name, box(0.02, 0.045, deep * 2.3).at(x=x))
        return
    for x, deep in ((-wide / 2, near_end), (wide / 2, far_end)):
        prop = box(0.035, lift + 0.03, 0.05).at(z=deep).both_sides("z")
        a.add("leg", prop.at(x=x))
        a.add(name, box(0.03, 0.05, 2 * deep + 0.1).at(x=x, y=lift * rng.uniform(0.15, 0.4)))
        a.add("caster", box(0.03, 0.05, 0.05).at(x=x, y=-0.05, z=deep).both_sides("z"))
    a.add(name, box(wide, 0.05, 0.03).at(y=lift * 0.4))
    if chance(rng, 0.8):
        drop = np.linspace(lift * 0.62, lift * 0.2, len(xs))
        for x, long in zip(xs, drop, strict=True):
            a.add("resonator", cylinder(wide / len(xs) * 0.36, long, around=8).at(x=x, y=lift + 0.03 - long))
    if chance(rng, 0.4):
        a.add("pedal", box(0.3, 0.02, 0.16).at(y=0.03, z=0.06), box(0.02, lift * 0.4, 0.02).at(y=0.03))
