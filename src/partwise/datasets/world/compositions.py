"""Objects that do not exist: a core and parts fixed to it where such parts belong, with the words for them.

A model that has met "antenna" on a hundred different bodies knows an antenna on the next; fixed categories
cannot teach that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from partwise.datasets.world import forms
from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, pillow, slab, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.outlines import curve, ellipse, rectangle


class Kind(NamedTuple):
    """A family of part words that look alike: where they sit, how large they are beside the core, how many.

    words   one of them becomes the part's name
    shapes  forms it may take
    places  of "top", "under", "side", "front", "back", "rim", "crown" (as wide as the top)
    size    share of the core's mean width
    many    "one", "row", "pair", "four"
    """

    words: tuple[str, ...]
    shapes: tuple[forms.Form, ...]
    places: tuple[str, ...]
    size: tuple[Number, Number]
    many: tuple[str, ...]


f = forms
COMMON = (
    Kind(
        ("handle", "grip"),
        (f.arch, f.stick, f.cranked),
        ("top", "side", "front"),
        (0.3, 0.8),
        ("one", "pair"),
    ),
    Kind(("strap", "belt"), (f.arch,), ("top", "back", "side"), (0.6, 1.1), ("one", "pair")),
    Kind(("leg", "support"), (f.post, f.rod, f.horn), ("under",), (0.5, 1.3), ("four",)),
    Kind(("foot",), (f.disc, f.block, f.dome), ("under",), (0.15, 0.3), ("four",)),
    Kind(("wheel",), (f.roller, f.disc), ("low",), (0.35, 0.65), ("pair", "four")),
    Kind(("knob", "button"), (f.bead, f.disc, f.dome), ("front", "top"), (0.1, 0.2), ("one", "row", "pair")),
    Kind(("lid", "cap"), (f.dome, f.disc, f.tile), ("crown",), (0.85, 1.1), ("one",)),
    Kind(("hook",), (f.crook,), ("side", "front", "top"), (0.25, 0.5), ("one", "pair", "row")),
    Kind(("spout", "nozzle"), (f.pipe, f.horn, f.cone), ("side1", "front"), (0.3, 0.7), ("one",)),
    Kind(("ring",), (f.hoop, f.band), ("top", "front", "side"), (0.25, 0.6), ("one", "pair")),
    Kind(("spike", "thorn"), (f.cone, f.horn), ("top", "side", "front"), (0.15, 0.4), ("row", "pair", "one")),
    Kind(("cushion", "pad"), (f.pad,), ("top",), (0.6, 1.0), ("one",)),
    Kind(("flag", "banner"), (f.cloth,), ("top",), (0.5, 1.1), ("one", "pair")),
    Kind(("roof", "cover"), (f.cone, f.dome, f.bell), ("crown",), (1.0, 1.3), ("one",)),
)
MACHINE = (
    Kind(("antenna", "aerial"), (f.rod, f.stick), ("top", "back"), (0.4, 1.2), ("one", "pair")),
    Kind(("blade", "fin"), (f.fan,), ("top", "side", "back"), (0.3, 0.7), ("one", "pair", "row")),
    Kind(("wing",), (f.span,), ("side",), (0.7, 1.5), ("pair",)),
    Kind(("screen", "display"), (f.tile,), ("front",), (0.4, 0.75), ("one",)),
    Kind(("label", "plate"), (f.tile,), ("front", "side1", "back"), (0.25, 0.5), ("one",)),
    Kind(("lens", "eyepiece"), (f.disc, f.dome, f.funnel), ("front",), (0.25, 0.5), ("one", "pair")),
    Kind(("light", "lamp"), (f.dome, f.bead, f.bell), ("front", "top"), (0.15, 0.35), ("one", "pair", "row")),
    Kind(("pipe", "tube"), (f.pipe,), ("top", "side", "back"), (0.4, 0.9), ("one", "pair")),
    Kind(("chimney", "exhaust"), (f.pipe, f.post), ("top",), (0.4, 0.9), ("one", "row")),
    Kind(("funnel", "horn"), (f.funnel,), ("top", "front"), (0.4, 0.8), ("one",)),
    Kind(("chain",), (f.links,), ("front", "side1", "under"), (0.5, 1.0), ("one",)),
    Kind(("spring", "coil"), (f.coil,), ("top", "under", "side"), (0.35, 0.8), ("one", "pair", "four")),
    Kind(("gear", "cog"), (f.gear,), ("side", "front", "top"), (0.3, 0.6), ("one", "pair")),
    Kind(("crank",), (f.cranked,), ("side1", "back"), (0.4, 0.8), ("one",)),
    Kind(("lever", "joystick"), (f.stick,), ("top", "front", "side1"), (0.3, 0.7), ("one", "pair")),
    Kind(("cable", "cord"), (f.cord,), ("back", "side1"), (0.6, 1.2), ("one",)),
    Kind(("plug",), (f.prongs,), ("back", "side1"), (0.2, 0.4), ("one",)),
    Kind(("vent", "grille"), (f.bars,), ("side", "front", "back"), (0.3, 0.6), ("one",)),
    Kind(("dial", "gauge"), (f.disc, f.band), ("front", "top"), (0.2, 0.4), ("one", "row")),
    Kind(("tank", "canister"), (f.post, f.block), ("back", "side"), (0.4, 0.8), ("one", "pair")),
    Kind(("arm", "boom"), (f.rod, f.post), ("side", "front"), (0.7, 1.3), ("pair", "one")),
    Kind(("claw", "gripper"), (f.paw,), ("front", "side"), (0.3, 0.6), ("one", "pair")),
    Kind(("turret", "dome"), (f.dome, f.block), ("top",), (0.4, 0.7), ("one",)),
    Kind(("sail",), (f.cloth, f.leafy), ("top",), (0.9, 1.6), ("one", "row")),
)
VESSEL = (
    Kind(("shelf", "tray"), (f.ledge,), ("front", "side"), (0.5, 0.9), ("one", "pair")),
    Kind(("drawer",), (f.bin_box,), ("front",), (0.3, 0.6), ("one", "row")),
    Kind(("door", "panel"), (f.tile,), ("front", "side"), (0.5, 0.8), ("one", "pair")),
    Kind(("rail", "bar"), (f.arch,), ("front", "side", "top"), (0.5, 0.9), ("one", "pair")),
    Kind(("cup", "bowl"), (f.bowl,), ("top",), (0.3, 0.7), ("one", "row")),
    Kind(("basket", "bin"), (f.bin_box,), ("front", "side", "top"), (0.4, 0.8), ("one",)),
    Kind(("pocket", "pouch"), (f.block, f.pad), ("front", "side"), (0.3, 0.6), ("one", "pair")),
    Kind(("neck", "collar"), (f.band, f.post), ("top",), (0.3, 0.5), ("one",)),
    Kind(("leaf", "petal"), (f.leafy,), ("top", "side"), (0.4, 0.9), ("one", "pair", "row")),
    Kind(("candle", "wick"), (f.post, f.rod), ("top",), (0.3, 0.7), ("one", "row")),
    Kind(("lampshade", "shade"), (f.bell,), ("top",), (0.5, 1.0), ("one",)),
    Kind(("latch", "lock"), (f.block, f.hoop), ("front",), (0.12, 0.25), ("one", "pair")),
    Kind(("stem", "pole"), (f.rod, f.post), ("under1", "top"), (0.8, 1.6), ("one",)),
)
CORES = (
    "body",
    "body",
    "body",
    "frame",
    "base",
    "shell",
    "tank",
    "board",
    "case",
    "housing",
    "block",
    "drum",
    "container",
    "hull",
    "trunk",
    "main part",
)


def core(rng: np.random.Generator) -> Mesh:
    """The piece that carries the rest, symmetric in x and z, 0.3 to 1.5 m large, around the origin."""
    w, h, d = rng.uniform(0.35, 1.2, 3)
    style = pick(
        rng,
        ("box", "soft", "round", "ball", "board", "tall", "turned", "hollow", "frame"),
        (4, 2, 3, 2, 2, 1, 2, 2, 1),
    )
    if style == "box":
        mesh = box(w, h, d, bevel=pick(rng, (0.0, 0.0, 0.06))).tapered(rng.uniform(0.6, 1.1))
    elif style == "soft":
        mesh = pillow(w, h, d, rng.uniform(2.5, 6))
    elif style == "round":
        mesh = cylinder(
            w / 2,
            h,
            w / 2 * rng.uniform(0.6, 1.2),
            bevel=pick(rng, (0.0, 0.05)),
            around=4 * max(2, roundness(rng) // 4),
        )
    elif style == "ball":
        mesh = ball(w, h, d)
    elif style == "board":
        mesh = slab(
            pick(rng, (rectangle(w, d), rectangle(w, d, 0.15), ellipse(w, d))), rng.uniform(0.04, 0.12)
        )
    elif style == "tall":
        mesh = cylinder(w * 0.15, h * 1.6, w * 0.12, around=12)
    elif style == "turned":
        radius = w / 2 * rng.uniform(0.4, 1.0, 4)
        mesh = lathe(curve(np.stack([radius, np.linspace(0, h, 4)], 1), 9).clip(0.02), 20)
    elif style == "hollow":
        mesh = vessel(
            [(w * 0.4, 0), (w / 2, h)], 0.04, pick(rng, (20, rectangle(1, 1), rectangle(1, 1, 0.2)))
        )
    else:
        post = box(0.06, h, 0.06).at(x=w / 2, z=d / 2).four_corners()
        mesh = join([post, *[box(w + 0.06, 0.06, d + 0.06).at(y=y) for y in (0, h - 0.06)]])
    return mesh.at(y=-(mesh.low[1] + mesh.high[1]) / 2)


AXES = {"top": 1, "rim": 1, "crown": 1, "under": 1, "under1": 1, "front": 2, "back": 2}


def land(
    mesh: Mesh, place: str, share: Float64[np.ndarray, "2"]
) -> tuple[Float64[np.ndarray, "3"], Float64[np.ndarray, "3"]]:
    """Where a ray at the place hits the mesh first, and which way is out; `share` is where across the face."""
    axis = AXES.get(place, 0)
    out = np.zeros(3)
    out[axis] = -1.0 if place in ("under", "under1", "back") else 1.0
    others = [k for k in range(3) if k != axis]
    low, high = mesh.low, mesh.high
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    for shrink in (1.0, 0.7, 0.4, 0.0):
        at = (low + high) / 2
        at[others] += share * shrink * (high - low)[others] / 2
        # Barycentric coordinates in the plane across the ray tell which triangles it crosses.
        u, v, w = (corner[:, others] - at[others] for corner in (a, b, c))
        areas = np.stack(
            [
                v[:, 0] * w[:, 1] - v[:, 1] * w[:, 0],
                w[:, 0] * u[:, 1] - w[:, 1] * u[:, 0],
                u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0],
            ],
            1,
        )
        total = areas.sum(axis=1)
        inside = (np.abs(total) > 1e-12) & ((areas >= -1e-12).all(axis=1) | (areas <= 1e-12).all(axis=1))
        if inside.any():
            depth = np.stack([a[inside, axis], b[inside, axis], c[inside, axis]], 1)
            hits = (areas[inside] * depth).sum(axis=1) / total[inside]
            at[axis] = hits.max() if out[axis] > 0 else hits.min()
            return at, out
    at[axis] = high[axis] if out[axis] > 0 else low[axis]
    return at, out


def fix(rng: np.random.Generator, mesh: Mesh, kind: Kind) -> Mesh:
    """One part or several of a kind, in place on the core."""
    width = float(np.mean((mesh.high - mesh.low)[[0, 2]]))
    place, many = pick(rng, kind.places), pick(rng, kind.many)
    size = rng.uniform(*kind.size) * width
    shape = pick(rng, kind.shapes)(rng)
    if place == "crown":
        top = mesh.vertices[mesh.vertices[:, 1] > mesh.high[1] - 0.1 * (mesh.high[1] - mesh.low[1]) - 1e-6]
        broad = np.maximum(np.ptp(top[:, [0, 2]], axis=0), 0.2 * width) * size / width
        return shape.scaled(broad[0], float(np.mean(broad)), broad[1]).at(y=mesh.high[1] - 0.005)
    shape = shape.scaled(size)
    if kind.words[0] != "shelf" and chance(rng, 0.4):
        shape = shape.turned("y", 90)
    share = np.zeros(2) if many == "one" and chance(rng, 0.6) else rng.uniform(-0.7, 0.7, 2)
    if place == "low":
        share = np.array([rng.uniform(-1.0, -0.6), rng.uniform(0.45, 0.85)])
    if many == "four":
        share = np.array([share[0] if place == "low" else rng.uniform(0.55, 0.9), rng.uniform(0.55, 0.9)])
    single = place in ("side1", "under1")
    if many == "pair" and place not in ("side", "low") and not single:
        share[1 if place in ("front", "back") else 0] = 0.0
        share[0 if place in ("front", "back") else 1] = 0.0
        share[0] = rng.uniform(0.3, 0.7)
    if many == "row":
        return _row(rng, mesh, shape, place, share)
    point, out = land(mesh, place, share)
    placed = shape.at(y=-0.03 * size).pointed(point, point + out)
    if single or (many == "one" and place != "low"):
        return placed
    if many == "four":
        return placed.four_corners()
    return placed.both_sides("x")


def _row(
    rng: np.random.Generator, mesh: Mesh, shape: Mesh, place: str, share: Float64[np.ndarray, "2"]
) -> Mesh:
    """Two to four of the shape side by side over the face."""
    count = int(rng.integers(2, 5))
    parts = []
    for step in np.linspace(-0.7, 0.7, count):
        point, out = land(
            mesh, place, np.array([step, share[1]]) if place != "side" else np.array([share[0], step])
        )
        parts.append(shape.pointed(point, point + out))
    return join(parts)


ACTIONS = {
    "grasp": ("handle", "grip", "knob", "crank", "lever", "joystick", "rail", "bar"),
    "carry": ("strap", "belt", "handle"),
    "press": ("button", "knob"),
    "contain": ("drawer", "basket", "bin", "tray", "cup", "bowl", "pocket", "pouch"),
    "open": ("lid", "cap", "door", "drawer", "latch"),
    "display": ("screen", "display"),
    "pull": ("handle", "chain", "lever"),
    "support": ("shelf", "cushion", "pad", "leg", "support", "body", "frame", "base", "board"),
    "move": ("wheel", *CORES),
    "cut": ("blade",),
    "pour": ("spout", "nozzle"),
}


def _compose(
    rng: np.random.Generator, category: str, kinds: tuple[Kind, ...], held: bool = False
) -> Assembly:
    """A core with two to six kinds of parts; `held` ones without a part for the hand are grasped by the core."""
    a = Assembly(category)
    mesh = core(rng)
    name = pick(rng, CORES)
    a.add(name, mesh)
    used = {name}
    order = rng.permutation(len(kinds))
    for index in order[: int(rng.integers(2, 7))]:
        kind = kinds[index]
        word = pick(rng, kind.words)
        if word not in used:
            used.add(word)
            a.add(word, fix(rng, mesh, kind))
    for action, parts in ACTIONS.items():
        if set(parts) & used:
            a.afford(action, *parts)
    if held and not set(ACTIONS["grasp"]) & used:
        a.afford("grasp", name)
    if not set(sum(ACTIONS.values(), ())) & used:
        a.afford("move", name)
    return a


def gadget(rng: np.random.Generator) -> Assembly:
    """Invented machines."""
    return _compose(rng, pick(rng, ("object", "machine", "device", "gadget")), COMMON + MACHINE, held=True)


def furnishing(rng: np.random.Generator) -> Assembly:
    """Invented containers and furniture."""
    return _compose(rng, pick(rng, ("object", "container", "thing", "furnishing")), COMMON + VESSEL)


def oddity(rng: np.random.Generator) -> Assembly:
    """Anything with anything."""
    return _compose(rng, "object", COMMON + MACHINE + VESSEL, held=True)


def creature(rng: np.random.Generator) -> Assembly:
    """Animals, robots and dolls: a trunk, a head, limbs."""
    a = Assembly(pick(rng, ("animal", "creature", "robot", "toy", "statue")))
    blocky, upright = chance(rng, 0.4), chance(rng, 0.4)
    w, h, d = rng.uniform(0.3, 0.5), rng.uniform(0.3, 0.5), rng.uniform(0.3, 0.9)
    if upright:
        h, d = h * 1.5, w * 0.7

    def lump(x: Number, y: Number, z: Number) -> Mesh:
        return box(x, y, z, bevel=0.03).at(y=-y / 2) if blocky else ball(x, y, z, around=14)

    a.add(pick(rng, ("body", "trunk", "torso")), lump(w, h, d))
    size = rng.uniform(0.2, 0.4)
    head = np.array([0, h * (0.5 if upright else 0.45) + size * 0.5, 0 if upright else d * 0.5 + size * 0.15])
    a.add("neck" if chance(rng, 0.5) else "head", tube([[0, h * 0.2, head[2] * 0.6], head], size * 0.25, 8))
    a.add("head", lump(size, size * rng.uniform(0.8, 1.1), size * rng.uniform(0.9, 1.2)).at(*head))
    _face(a, rng, head, size, f.block if blocky else f.leafy)
    long, thick = h * rng.uniform(0.6, 1.3), rng.uniform(0.07, 0.12)
    limb = box(thick, long, thick) if blocky else cylinder(thick * 0.4, long, thick * 0.6, around=10)
    leg = limb.at(x=w * 0.28, y=-h * 0.35 - long, z=0 if upright else d * 0.3)
    a.add("leg", leg.both_sides() if upright else leg.four_corners())
    if chance(rng, 0.5):
        foot = lump(thick * 1.4, thick * 0.8, thick * 2.2).at(x=w * 0.28, y=-h * 0.35 - long, z=thick * 0.5)
        a.add(
            pick(rng, ("foot", "paw")),
            foot.both_sides() if upright else join([foot.at(z=s * d * 0.3) for s in (1, -1)]).both_sides(),
        )
    if upright:
        arm = limb.at(y=-long).turned("z", rng.uniform(5, 80)).at(x=w * 0.45, y=h * 0.35)
        a.add("arm", arm.both_sides())
        if chance(rng, 0.5):
            tip = arm.vertices[np.argmax(np.linalg.norm(arm.vertices - [w * 0.45, h * 0.35, 0], axis=1))]
            a.add("hand", lump(thick * 1.5, thick * 1.5, thick * 1.5).at(*tip).both_sides())
    _tail_and_wings(a, rng, (w, h, d), thick)
    a.afford("move", "leg")
    return a


def _face(
    a: Assembly,
    rng: np.random.Generator,
    head: Float64[np.ndarray, "3"],
    size: Number,
    ear: Callable[[np.random.Generator], Mesh],
) -> None:
    """Nose, eyes, ears and horns on a head of a size, as far as it has them."""
    if chance(rng, 0.6):
        a.add(
            pick(rng, ("nose", "snout", "beak")),
            cylinder(size * 0.22, size * 0.4, size * 0.1, around=10)
            .turned("x", 90)
            .at(y=head[1] - size * 0.1, z=head[2] + size * 0.4),
        )
    if chance(rng, 0.6):
        a.add(
            "eye",
            ball(size * 0.2, around=8)
            .at(x=size * 0.25, y=head[1] + size * 0.15, z=head[2] + size * 0.43)
            .both_sides(),
        )
    for word, shape, scale in (("ear", ear, 0.45), ("horn", f.horn, 0.6)):
        if chance(rng, 0.6 if word == "ear" else 0.25):
            one = (
                shape(rng)
                .scaled(size * scale)
                .turned("z", -rng.uniform(5, 40))
                .at(x=size * 0.3, y=head[1] + size * 0.35, z=head[2])
            )
            a.add(word, one.both_sides())


def _tail_and_wings(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], thick: Number
) -> None:
    """What grows from a trunk of (width, height, depth), as far as it does."""
    w, h, d = size
    if chance(rng, 0.6):
        path = curve(
            [
                [0, h * 0.1, -d * 0.4],
                [0, h * rng.uniform(0, 0.5), -d * 0.7],
                [0, h * rng.uniform(-0.3, 1.0), -d * 0.9 - 0.1],
            ],
            9,
        )
        a.add("tail", tube(path, np.linspace(thick * 0.5, thick * 0.15, 9), 8))
    if chance(rng, 0.3):
        a.add(
            "wing",
            f.span(rng).scaled(rng.uniform(0.4, 0.8)).turned("z", -70).at(x=w * 0.3, y=h * 0.3).both_sides(),
        )
