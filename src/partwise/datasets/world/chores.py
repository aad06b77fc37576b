"""What one irons, dries and sprays with: iron, hair dryer, spray bottle."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along
from partwise.datasets.world.build import box, cylinder, lathe, ring, slab, sweep, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import both, facing, middle, outward
from partwise.datasets.world.mesh import Number, Piece, join
from partwise.datasets.world.outlines import curve, ellipse, rectangle
from partwise.datasets.world.pieces import cable, posed


def iron(rng: np.random.Generator) -> Assembly:
    """Steam irons, old solid irons with a wooden handle, charcoal irons with a lid: the point looks to +z."""
    kind = pick(rng, ("steam", "solid", "charcoal"), (6, 2, 2))
    a = Assembly("iron")
    long, wide = rng.uniform(0.2, 0.28), rng.uniform(0.1, 0.13)
    right = curve(
        [(wide * 0.42, -long / 2), (wide / 2, -long * 0.15), (wide * 0.36, long * 0.2), (0, long / 2)], 11
    )
    sole = np.concatenate([right, right[-2::-1] * [-1, 1]])
    low, high = rng.uniform(0.008, 0.016), rng.uniform(0.035, 0.06) * (1.5 if kind == "charcoal" else 1)
    shell = slab(sole * 0.94, high, bevel=pick(rng, (0.0, 0.004)))
    if kind == "steam":
        shell = shell.tapered(rng.uniform(0.5, 0.8))
    pieces = [Piece(pick(rng, ("soleplate", "soleplate", "base")), slab(sole, low))]
    pieces.append(Piece("body", shell.at(y=low - 0.001)))
    top = low + high
    pieces += _steam(rng, (long, wide, top)) if kind == "steam" else _cast(rng, (long, wide, top), sole, kind)
    if kind == "steam" and chance(rng, 0.7):
        a.put(pieces)
        handle = next(piece.mesh for piece in pieces if piece.name == "handle").vertices
        _, y, z = handle[handle[:, 2].argmin()]
        a.add("cable", cable(rng, (0, y, z + 0.004), rng.uniform(0.12, 0.3)))
    else:
        posed(a, rng, pieces, ("x", -90))
    a.afford("grasp", "handle")
    a.afford("lift", "handle")
    a.afford("press", "button")
    a.afford("open", "lid", "latch")
    a.afford("push", "handle")
    return a


def _steam(rng: np.random.Generator, size: tuple[Number, Number, Number]) -> list[Piece]:
    """Handle, dial, buttons and tank on an electric iron of (length, width, height of the body)."""
    (long, wide, top), pieces = size, []
    rise, thick = rng.uniform(0.045, 0.06), rng.uniform(0.011, 0.015)
    front = [[0, top - 0.012, long * 0.2], [0, top + rise * 0.8, long * 0.16]]
    rear = [[0, top + rise, -long * 0.25], [0, top + rise * 0.5, -long * 0.42], [0, top - 0.02, -long * 0.36]]
    if chance(rng, 0.35):  # open at the back
        rear = [[0, top + rise, -long * 0.1], [0, top + rise * 0.95, -long * 0.42]]
        front = [
            [0, top - 0.012, long * 0.22],
            [0, top + rise * 0.4, long * 0.2],
            [0, top + rise, long * 0.1],
        ]
        stub = box(wide * 0.3, rise * 1.05, long * 0.1, bevel=0.004)
        pieces = [Piece("handle", stub.at(y=top - 0.006, z=-long * 0.38))] if chance(rng, 0.6) else []
    loop = sweep(curve([*front, *rear], 18), ellipse(2.4 * thick, 2 * thick, 10))
    pieces.insert(0, Piece("handle", loop))
    dial = cylinder(wide * 0.2, 0.012, wide * 0.17, around=max(12, roundness(rng)))
    if chance(rng, 0.7):
        pieces.append(Piece(pick(rng, ("dial", "knob")), dial.at(y=top - 0.002, z=-long * 0.02)))
    knob = cylinder(0.007, 0.012, around=12).row(int(rng.integers(1, 3)), x=0.018)
    pieces.append(Piece("button", knob.at(y=top + rise * 0.8 + thick * 0.7, z=long * 0.12)))
    if chance(rng, 0.5):
        pieces.append(
            Piece(
                "nozzle",
                cylinder(0.008, 0.016, 0.005, around=10).turned("x", 70).at(y=top - 0.008, z=long * 0.25),
            )
        )
    if chance(rng, 0.4):
        tank = slab(rectangle(wide * 0.42, long * 0.2, 0.01), 0.03, bevel=0.004)
        pieces.append(Piece("tank", tank.at(y=top - 0.008, z=long * 0.22)))
    return pieces


def _cast(
    rng: np.random.Generator, size: tuple[Number, Number, Number], sole: Float64[np.ndarray, "P 2"], kind: str
) -> list[Piece]:
    """The handle on its posts, and the lid of an iron for charcoal."""
    long, _, top = size
    pieces = []
    if kind == "charcoal":
        pieces.append(Piece("lid", slab(sole * 0.97, 0.008).at(y=top - 0.002)))
        pieces.append(Piece("latch", box(0.014, 0.03, 0.01).at(y=top - 0.02, z=long * 0.47)))
        pieces.append(
            Piece("hinge", cylinder(0.005, 0.05, around=8).turned("z", 90).at(x=0.025, y=top, z=-long * 0.47))
        )
        top += 0.005
    rise, reach = rng.uniform(0.04, 0.06), long * rng.uniform(0.24, 0.32)
    post = box(0.016, rise + 0.004, 0.008)
    pieces.append(
        Piece("support" if chance(rng, 0.6) else "handle", post.at(y=top - 0.003, z=reach).both_sides("z"))
    )
    profile = curve([(0.01, 0), (0.015, reach), (0.01, 2 * reach + 0.02)], 7)
    bar = lathe(profile, roundness(rng)).turned("x", 90).at(y=top + rise, z=-reach - 0.01)
    return [*pieces, Piece("handle", bar)]


def hair_dryer(rng: np.random.Generator) -> Assembly:
    """Hair dryers like a pistol, folding ones, rings on a stick; with a flat nozzle, a diffuser or neither."""
    kind = pick(rng, ("pistol", "folding", "ring"), (5, 2, 2))
    a = Assembly("hair dryer")
    radius, long = rng.uniform(0.034, 0.048), rng.uniform(0.15, 0.22)
    drop, around = rng.uniform(0.1, 0.14), max(12, roundness(rng))
    body, z = pick(rng, ("body", "housing")), 0.05
    if kind == "ring":
        long *= 0.45
        outer, inner = ellipse(2 * radius, count=28), ellipse(1.1 * radius, count=28)
        pieces = [
            Piece(body, ring(outer, inner, long).at(z=long / 2)),
            Piece("rim", ring(outer * 1.04, inner * 0.9, 0.008).at(z=long)),
        ]
        mouth, front, z = radius * 0.75, long, long / 2
    else:
        mouth, front = radius * rng.uniform(0.62, 0.85), long
        side = [
            (radius * 0.7, 0),
            (radius, long * 0.1),
            (radius * 1.05, long * 0.3),
            (radius * 0.85, long * 0.6),
            (mouth, long),
        ]
        pieces = [Piece(body, lathe(curve(side, 12), around).turned("x", 90))]
        bars = box(radius * 1.3, 0.004, 0.008).row(6, y=radius * 0.2).at(y=-0.002)
        hoop = ring(ellipse(radius * 1.5, count=20), ellipse(radius * 1.2, count=20), 0.012)
        pieces.append(Piece(pick(rng, ("grille", "vent")), join([bars, hoop])))
    pieces += _nozzle(rng, mouth, front)
    thick, lean = radius * rng.uniform(0.6, 0.75), rng.uniform(-5, 15) if kind != "ring" else 0
    outline = rectangle(thick * 1.05, thick * 1.3, thick * pick(rng, (0.2, 0.5)))
    hold = [Piece("handle", slab(outline, drop, bevel=0.004).at(y=-drop))]
    for name, y in ((pick(rng, ("switch", "button")), -0.3), ("button", -0.55)):
        hold.append(Piece(name, box(0.011, 0.02, 0.01, bevel=0.002).at(y=drop * y, z=thick * 0.64)))
    if chance(rng, 0.4):
        hold.append(
            Piece("ring", ring(ellipse(0.026, count=14), ellipse(0.016, count=14), 0.005).at(y=-drop - 0.01))
        )
    if chance(rng, 0.7):
        wire = curve(
            [
                [0, -drop + 0.004, 0],
                [0, -drop - 0.06, -0.01],
                [rng.uniform(-0.06, 0.06), -drop - 0.13, -0.08],
            ],
            14,
        )
        hold.append(Piece("cable", tube(wire, 0.004, 6)))
    if kind == "folding":
        pin = cylinder(thick * 0.62, thick * 1.5, around=14).at(y=-thick * 0.75).turned("z", 90)
        hold.append(Piece("hinge", pin))
        lean = pick(rng, (0, 40, 75))
    start = radius * (0.9 if kind != "folding" else 1.05)
    pieces += [p.changed(lambda m: m.turned("x", -lean).at(y=-start, z=z)) for p in hold]
    posed(a, rng, pieces, ("z", 90))
    a.afford("grasp", "handle")
    a.afford("press", "button", "switch")
    return a


def _nozzle(rng: np.random.Generator, mouth: Number, front: Number) -> list[Piece]:
    """What is put on the mouth of a hair dryer, which lies at z = `front`."""
    style = pick(rng, ("flat", "diffuser", "none"), (4, 2, 2))
    if style == "none":
        return [
            Piece(
                "nozzle",
                ring(ellipse(2.1 * mouth, count=20), ellipse(1.6 * mouth, count=20), 0.014).at(z=front),
            )
        ]
    if style == "diffuser":
        cup = vessel([(mouth * 0.95, 0), (mouth, 0.03), (mouth * 2, 0.06), (mouth * 2, 0.075)], 0.004)
        prong = cylinder(0.004, 0.03, 0.002, around=6).at(x=mouth * 1.2, y=0.034).around(7)
        return [Piece("diffuser", join([cup, prong]).turned("x", 90).at(z=front - 0.006))]
    wide = rng.uniform(1.3, 1.8)

    def flatten(p: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "V 3"]:
        share = p[:, 1:2] / p[:, 1].max()
        return p * np.concatenate([1 + (wide - 1) * share, np.ones_like(share), 1 - 0.75 * share], axis=1)

    spout = vessel([(mouth * 1.02, 0), (mouth, 0.015), (mouth * 0.9, rng.uniform(0.05, 0.07))], 0.003).warped(
        flatten
    )
    return [Piece("nozzle", spout.turned("x", 90).at(z=front - 0.006))]


def spray_bottle(rng: np.random.Generator) -> Assembly:
    """Bottles with a trigger, soap dispensers with a pump, spray cans."""
    kind = pick(rng, ("trigger", "pump", "can"), (5, 3, 3))
    a = Assembly({"trigger": "spray bottle", "pump": "soap dispenser", "can": "spray can"}[kind])
    radius = rng.uniform(0.028, 0.045)
    tall = radius * rng.uniform(2.8, 5.0)
    outline = pick(rng, (ellipse(1, count=20), ellipse(0.8, 1.2, 20), rectangle(1.2, 0.85, 0.15)))
    neck = radius * rng.uniform(0.3, 0.42)
    if kind == "can":
        shoulder = [(radius * 0.92, tall + 0.006), (radius * 0.4, tall + 0.02)]
        side = np.array([(radius * 0.95, 0), (radius, 0.004), (radius, tall), *shoulder])
        a.add("body", lathe(side, 24))
        _can_top(a, rng, radius, tall + 0.019)
    else:
        waist = rng.uniform(0.7, 1.0)
        side = curve(
            [
                (radius * 0.95, 0),
                (radius, tall * 0.25),
                (radius * waist, tall * 0.6),
                (radius * 0.85 * waist, tall * 0.82),
                (neck, tall),
            ],
            14,
        )
        a.add("body", lathe(np.concatenate([side, [(neck, tall + 0.012)]]), outline))
        rib = cylinder(neck * 1.35, 0.018, around=pick(rng, (12, 16, 24)))
        a.add(pick(rng, ("collar", "cap")), rib.at(y=tall + 0.004))
        if kind == "trigger":
            _trigger_head(a, rng, tall + 0.02, neck)
        else:
            _pump(a, rng, tall + 0.02, (neck, radius))
    if chance(rng, 0.5):
        y = np.linspace(tall * 0.12, tall * rng.uniform(0.4, 0.55), 4)
        paper = np.stack([1.02 * np.interp(y, side[:, 1], side[:, 0]), y], axis=1)
        a.add("label", lathe(paper, 24 if kind == "can" else outline))
    a.afford("wrapgrasp", "body", "label", where=both(outward(), middle("y", 0, tall)))
    a.afford("grasp", "body", where=outward())
    a.afford("press", "trigger", "pump", "button")
    if kind == "pump":
        a.afford("press", "head", where=facing())
    a.afford("pull", "trigger")
    a.afford("open", "cap", "lid")
    return a


def _can_top(a: Assembly, rng: np.random.Generator, radius: Number, top: Number) -> None:
    """The rim and the button of a spray can, or the cap over them."""
    hoop = [(radius * 0.85, 0), (radius * 1.02, 0), (radius * 1.02, 0.005), (radius * 0.85, 0.005)]
    a.add("rim", lathe(hoop, 24, closed=True).at(y=top - 0.015))
    if chance(rng, 0.35):
        high = radius * rng.uniform(0.8, 1.4)
        a.add(
            pick(rng, ("cap", "lid")),
            cylinder(radius * 0.94, high, radius * 0.85, bevel=0.004, around=24).at(y=top - 0.012),
        )
        return
    a.add("button", cylinder(radius * 0.3, 0.016, radius * 0.24, around=14).at(y=top - 0.002))
    a.add(
        "nozzle", cylinder(0.0035, radius * 0.18, around=8).turned("x", 90).at(y=top + 0.008, z=radius * 0.22)
    )


def _trigger_head(a: Assembly, rng: np.random.Generator, top: Number, neck: Number) -> None:
    """The head of a spray bottle that stands on its collar, nozzle to the front."""
    wide, size = neck * rng.uniform(1.2, 1.7), rng.uniform(0.85, 1.25)
    side = np.array(
        [(-0.022, 0), (0.012, 0), (0.018, 0.014), (0.045, 0.02), (0.045, 0.036), (0.0, 0.042), (-0.03, 0.034)]
    )
    a.add("head", along(side * size, wide).at(y=top - 0.001))
    front, y = 0.045 * size, top + 0.028 * size
    a.add(
        "nozzle",
        pick(
            rng,
            (box(0.02, 0.02, 0.014).at(y=-0.01, z=0.007), cylinder(0.009, 0.015, around=12).turned("x", 90)),
        ).at(y=y, z=front - 0.002),
    )
    pull = curve([[0, 0.018, 0.026], [0, -0.005, 0.04], [0, rng.uniform(-0.04, -0.025), 0.036]], 8)
    a.add("trigger", sweep(pull * size, rectangle(wide * 0.75, 0.005)).at(y=top))


def _pump(a: Assembly, rng: np.random.Generator, top: Number, size: tuple[Number, Number]) -> None:
    """The stem, the plunger and the spout of a soap dispenser with the radii `size` of neck and body."""
    neck, radius = size
    stem, out = rng.uniform(0.015, 0.04), radius * rng.uniform(0.8, 1.5)
    a.add("stem", cylinder(neck * 0.4, stem, around=12).at(y=top))
    cap, y = cylinder(neck * 1.1, 0.014, neck * 0.9, around=16), top + stem + 0.006
    a.add(pick(rng, ("pump", "head")), cap.at(y=top + stem - 0.002))
    beak = curve([[0, y, 0], [0, y, out * 0.7], [0, y - 0.014, out]], 9)
    a.add(pick(rng, ("spout", "nozzle")), tube(beak, np.linspace(0.006, 0.004, 9), 10))
