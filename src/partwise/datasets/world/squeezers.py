"""What a hand squeezes: a fixed grip and, beside it, a trigger of about the same length. Clamps, reachers, guns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import cutout
from partwise.datasets.world.build import box, cylinder, lathe, sweep, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Mesh, Number, Piece
from partwise.datasets.world.outlines import curve, ellipse, rectangle
from partwise.datasets.world.tools import laid

ACTIONS = {
    "grasp": ("grip", "handle", "side handle"),
    "wrapgrasp": ("grip", "handle", "tube", "barrel"),
    "press": ("trigger", "lever", "button", "release lever"),
    "pull": ("trigger", "rod", "hook"),
}


class Squeeze(NamedTuple):
    """A grip and a trigger that hang from y = 0 side by side, around x = 0; `span` is their width at the top."""

    grip: Mesh
    trigger: Mesh
    span: float


def squeeze(rng: np.random.Generator, long: Number, wide: Number, depth: Number) -> Squeeze:
    """Grip and trigger in one style, equal in thickness, the trigger 60 to 110 % as long; either may be in front."""
    corner = min(wide, depth) * pick(rng, (0.0, 0.2, 0.45))
    section = ellipse(depth, wide, 12) if chance(rng, 0.3) else rectangle(depth, wide, corner, 2)
    count = 7
    t = np.linspace(0, 1, count)
    bow = long * pick(rng, (0.0, 1.0)) * rng.uniform(-0.14, 0.14)
    gap, spread = wide * rng.uniform(1.15, 2.0), long * rng.uniform(0.0, 0.3)
    taper = 1 + (rng.uniform(0.65, 1.2) - 1) * t
    if chance(rng, 0.3):
        taper = taper * (
            1 + 0.15 * np.sin(t * rng.uniform(6, 16))
        )  # a swell for the palm, or for the fingers

    def limb(x: Number, slope: Number, length: Number, bend: Number, scale: Number) -> Mesh:
        across = x + slope * t + bend * np.sin(np.pi * t)
        spine = np.stack([across, wide * 0.4 - (length + wide * 0.4) * t, np.zeros(count)], axis=1)
        return sweep(spine, section * [1.0, scale], taper)

    share = rng.uniform(0.6, 1.1)
    grip = limb(-gap / 2, 0.0, long, bow, 1.0)
    bend = bow * pick(rng, (1.0, 1.0, -1.0))
    trigger = limb(gap / 2, spread, long * share, bend, rng.uniform(0.7, 1.05)).scaled(
        1, 1, rng.uniform(0.75, 1.0)
    )
    lean = rng.uniform(-16, 20)
    parts = [mesh.turned("z", lean) for mesh in (grip, trigger)]
    if chance(rng, 0.5):
        parts = [mesh.mirrored("x") for mesh in parts]
    return Squeeze(parts[0], parts[1], gap + wide)


def squeezed(
    rng: np.random.Generator, category: str, pieces: list[Piece], more: dict[str, tuple[str, ...]]
) -> Assembly:
    """As `laid`, with what such tools offer and more: the body is grasped where it takes in the grip."""
    named = {piece.name for piece in pieces}
    grasp = {} if named & set(ACTIONS["grasp"]) else {"grasp": ("body", "tube", "barrel")}
    return laid(rng, category, pieces, ACTIONS | grasp | more)


def housing(rng: np.random.Generator, width: Number, height: Number, depth: Number) -> Mesh:
    """What grip and trigger hang from, around the origin: a block, a bevelled block, a lens or a drum."""
    style = pick(rng, ("block", "bevel", "slope", "oval"))
    if style == "block":
        return box(width, height, depth).at(y=-height / 2)
    if style == "bevel":
        return box(width, height, depth, bevel=height * 0.2).at(y=-height / 2)
    w, h = width / 2, height / 2
    if style == "slope":
        cut = rng.uniform(0.2, 0.7)
        return cutout([(-w, -h), (w, -h), (w, h * cut), (w * cut, h), (-w * 0.9, h), (-w, h * 0.4)], depth)
    return cutout(rectangle(width, height, height * 0.48, 4), depth)


def screw_heads(rng: np.random.Generator, half: Number, depth: Number, radius: Number) -> Piece:
    """Two or three screws that hold the halves of a housing together, on its side."""
    head = cylinder(radius, depth * 1.06, around=10).turned("x", 90).at(z=-depth * 0.53)
    return Piece(pick(rng, ("screw", "screw", "pivot")), head.row(int(pick(rng, (1, 2, 3))), x=half * 0.6))


def _clamp_jaw(rng: np.random.Generator, style: str, reach: Number, deep: Number, depth: Number) -> Mesh:
    """A jaw from the bar (y = 0) up that grips towards -x at x = 0."""
    low = -deep * 0.5
    if style == "block":
        return box(deep, reach - low, depth, bevel=deep * pick(rng, (0.0, 0.15))).at(x=deep / 2, y=low)
    if style == "wedge":
        sides = [(0, low), (deep * 1.5, low), (deep * 1.5, reach * 0.25), (deep * 0.5, reach), (0, reach)]
        return cutout(sides, depth)
    inner, outer = (0, reach * 0.65), (deep * 1.2, reach * 0.55)
    sides = [(deep * 0.4, low), (deep * 1.2, low), outer, (deep * 0.5, reach), (0, reach), inner]
    return cutout([*sides, (deep * 0.4, reach * 0.45)], depth)


def squeeze_clamp(rng: np.random.Generator) -> list[Piece]:
    """A one-handed bar clamp or spreader: a jaw ends the bar, a body on it has another, and grip and trigger below."""
    length, reach = rng.uniform(0.2, 0.6), rng.uniform(0.05, 0.1)
    thick, deep = rng.uniform(0.014, 0.026), rng.uniform(0.014, 0.032)
    depth, place = rng.uniform(0.018, 0.036), length * rng.uniform(0.2, 0.7)
    pair = squeeze(rng, rng.uniform(0.07, 0.14), rng.uniform(0.016, 0.03), depth * rng.uniform(0.6, 1.0))
    wide, high = pair.span * rng.uniform(1.15, 1.6), thick * rng.uniform(1.8, 3.0)
    style = pick(rng, ("block", "wedge", "arm"))
    end = _clamp_jaw(rng, style, reach, deep, depth * rng.uniform(0.7, 1.0)).at(x=length - deep * 1.2)
    spreads = chance(rng, 0.12)  # turned round, the jaws look outwards and push apart
    face = place + (-wide / 2 if spreads else wide / 2)
    moving = _clamp_jaw(rng, style, reach * rng.uniform(0.75, 1.05), deep, depth * 0.95)
    if spreads:
        end = end.at(x=deep * 1.2 - length).mirrored("x").at(x=length)
    else:
        moving = moving.mirrored("x")
    bar = box(length, thick, depth * rng.uniform(0.15, 0.5)).at(x=length / 2, y=-thick / 2)
    if chance(rng, 0.25):
        bar = cylinder(thick * 0.45, length, around=roundness(rng)).turned("z", -90)
    middle = -high * rng.uniform(0.1, 0.35)
    bottom = middle - high / 2
    end_name, bar_name = pick(rng, (("jaw", "bar"), ("jaw", "jaw"), ("head", "bar")), (5, 2, 1))
    pieces = [
        Piece(bar_name, bar),
        Piece(end_name, end),
        Piece(pick(rng, ("jaw", "body"), (3, 2)), moving.at(x=face)),
        Piece("body", housing(rng, wide, high, depth * 1.05).at(x=place, y=middle)),
        Piece(pick(rng, ("body", "grip", "handle"), (6, 2, 2)), pair.grip.at(x=place, y=bottom)),
        Piece("trigger", pair.trigger.at(x=place, y=bottom)),
    ]
    if not spreads and chance(rng, 0.55):
        soft = box(deep * rng.uniform(0.3, 0.6), reach * rng.uniform(0.4, 0.6), depth * rng.uniform(1.0, 1.3))
        y, name = reach * rng.uniform(0.35, 0.5), pick(rng, ("pad", "jaw"), (3, 2))
        pieces += [Piece(name, soft.at(x=x, y=y)) for x in (length - deep * 1.25, face + deep * 0.05)]
    if chance(rng, 0.45):
        catch = box(thick * 0.3, thick * rng.uniform(0.9, 1.6), depth * 0.5).turned("z", rng.uniform(-40, 40))
        side = pick(rng, (-1, 1)) * wide * 0.45
        named = pick(rng, ("lever", "release lever", "body"))
        pieces.append(Piece(named, catch.at(x=place + side, y=bottom - thick * 0.7)))
    if chance(rng, 0.3):
        pieces.append(screw_heads(rng, wide / 2, depth * 1.05, thick * 0.22))
        pieces[-1] = pieces[-1].changed(lambda mesh: mesh.at(x=place, y=middle))
    if chance(rng, 0.3):
        stop = cylinder(thick * 0.2, depth * 1.2, around=8).turned("x", 90)
        pieces.append(Piece(pick(rng, ("pin", "bar")), stop.at(x=thick * 0.5, z=-depth * 0.6)))
    return pieces


def reacher(rng: np.random.Generator) -> Assembly:
    """Reachers and litter pickers: a long tube, jaws that close at its end, grip and trigger at the other."""
    long, radius = rng.uniform(0.25, 0.8), rng.uniform(0.008, 0.014)
    depth = radius * rng.uniform(1.8, 2.6)
    pair = squeeze(rng, rng.uniform(0.08, 0.12), rng.uniform(0.018, 0.028), depth)
    wide, high = pair.span * rng.uniform(1.1, 1.4), radius * rng.uniform(3.0, 4.2)
    square = chance(rng, 0.3)
    shaft = box(radius * 1.7, long, radius * 1.7) if square else cylinder(radius, long, around=roundness(rng))
    pieces = [
        Piece(pick(rng, ("tube", "rod", "bar"), (3, 1, 1)), shaft.turned("z", -90)),
        Piece("body", housing(rng, wide, high, depth * 1.2)),
        Piece(pick(rng, ("grip", "handle", "body"), (2, 3, 2)), pair.grip.at(y=-high / 2)),
        Piece("trigger", pair.trigger.at(y=-high / 2)),
    ]
    claw, half = rng.uniform(0.07, 0.13), rng.uniform(0.02, 0.045)
    tip_y = half * pick(rng, (0.0, 0.4, 1.0)) + 0.006  # closed, half open, open
    bend = curve(
        [[0, 0.004, 0], [claw * 0.4, half, 0], [claw * 0.8, half * 0.6 + tip_y * 0.6, 0], [claw, tip_y, 0]], 9
    )
    finger = sweep(bend, rectangle(radius * rng.uniform(1.2, 2.4), radius * 0.5), np.linspace(1, 0.7, 9))
    pieces.append(Piece(pick(rng, ("jaw", "claw"), (2, 1)), finger.both_sides("y").at(x=long)))
    collar = box(radius * 3, radius * 3, radius * 2.6, bevel=radius * 0.4).at(x=long, y=-radius * 1.5)
    pieces.append(Piece(pick(rng, ("head", "pivot")), collar))
    tip = pick(rng, ("cup", "pad", "none"))
    if tip == "cup":
        cup = lathe([(radius * 0.6, 0), (radius * 1.6, radius * 1.4), (radius * 1.3, radius * 1.4)], 14)
        pieces.append(Piece("pad", cup.at(y=-radius * 1.4 - tip_y).both_sides("y").at(x=long + claw)))
    elif tip == "pad":
        pad = box(claw * 0.2, radius * 0.6, radius * 3).at(x=claw * 0.92, y=tip_y + half * 0.1 - 0.003)
        pieces.append(Piece("pad", pad.both_sides("y").at(x=long)))
    if chance(rng, 0.5):
        pull = tube([[0, -radius * 1.2, 0], [long, -radius * 1.2, 0]], radius * 0.18, 6)
        pieces.append(Piece(pick(rng, ("wire", "rod")), pull))
    if chance(rng, 0.35):
        lug = box(radius * 1.6, radius * 0.8, depth * 0.5).at(x=-wide * 0.2, y=high / 2 - radius * 0.2)
        pieces.append(Piece(pick(rng, ("button", "lock")), lug))
    return squeezed(rng, "reacher", pieces, {"move": ("tube",)})


def sealant_gun(rng: np.random.Generator) -> list[Piece]:
    """A caulking gun along +x: a rod with a hook pushes a plate through a cradle; grip and trigger behind."""
    long, radius, rod = rng.uniform(0.2, 0.28), rng.uniform(0.022, 0.03), rng.uniform(0.003, 0.005)
    pair = squeeze(rng, rng.uniform(0.09, 0.13), rng.uniform(0.016, 0.026), rng.uniform(0.016, 0.026))
    wide, high, depth = pair.span * 1.15, radius * rng.uniform(1.2, 2.0), rng.uniform(0.022, 0.034)
    start = wide / 2
    block = housing(rng, wide, high, depth)
    pushed = long * rng.uniform(0.05, 0.5)
    shaft = cylinder(rod, long + wide, around=8).turned("z", -90).at(x=start + pushed - long - wide)
    crook = [[0, 0, 0], [-0.014, 0, 0], [-0.02, -0.02, 0], [-0.01, -0.04, 0]]
    hook = tube(curve(crook, 9), rod, 6).at(x=start + pushed - long - wide)
    plate = cylinder(radius * 0.85, 0.006, around=16).turned("z", -90).at(x=start + pushed)
    grip = pick(rng, ("grip", "handle", "body"), (2, 3, 2))
    pieces = [
        Piece("body", block),
        Piece(grip, pair.grip.at(y=-high / 2)),
        Piece("trigger", pair.trigger.at(y=-high / 2)),
        Piece("plunger rod", shaft),
        Piece(pick(rng, ("hook", "plunger rod", "handle")), hook),
        Piece(pick(rng, ("piston", "plate")), plate),
    ]
    ends = cylinder(radius * 1.06, 0.004, around=18).turned("z", -90)
    style = pick(rng, ("cradle", "bars", "barrel"))
    if style == "cradle":
        half = np.radians(np.linspace(180, 360, 10))
        ring_out = np.stack([np.cos(half), np.sin(half)], 1) * radius * 1.08
        trough = cutout(np.concatenate([ring_out, ring_out[::-1] * 0.93]), long).turned("y", 90)
        pieces.append(Piece(pick(rng, ("frame", "tray")), trough.at(x=start + long / 2)))
    elif style == "bars":
        rail = cylinder(rod * 0.9, long, around=8).turned("z", -90).at(y=-radius, z=radius * 0.35)
        pieces.append(Piece("frame", rail.both_sides("z").at(x=start)))
    else:
        pieces.append(Piece("barrel", cylinder(radius * 1.06, long, around=18).turned("z", -90).at(x=start)))
    pieces.append(
        Piece("frame" if style != "barrel" else "barrel", ends.at(x=start - 0.003) + ends.at(x=start + long))
    )
    if style == "barrel" or chance(rng, 0.75):
        load = (
            cylinder(radius * 0.9, long - pushed - 0.004, around=18)
            .turned("z", -90)
            .at(x=start + pushed + 0.004)
        )
        spout = lathe([(radius * 0.45, 0), (radius * 0.35, 0.02), (0.003, rng.uniform(0.06, 0.1))], 12)
        pieces += [] if style == "barrel" else [Piece("cartridge", load)]
        pieces.append(Piece("nozzle", spout.turned("z", -90).at(x=start + long)))
    if chance(rng, 0.6):
        catch = box(0.018, 0.004, depth * 0.7).turned("z", 20).at(x=-start - 0.006, y=high * 0.2)
        pieces.append(Piece("release lever", catch))
    return pieces


def hose_nozzle(rng: np.random.Generator) -> Assembly:
    """Garden spray guns and fuel nozzles: a barrel or spout ahead, a hose below or behind, trigger beside the grip."""
    radius, long = rng.uniform(0.013, 0.02), rng.uniform(0.06, 0.12)
    pair = squeeze(rng, rng.uniform(0.08, 0.12), rng.uniform(0.018, 0.026), rng.uniform(0.018, 0.026))
    wide, high = pair.span * rng.uniform(1.05, 1.3), radius * rng.uniform(1.9, 2.6)
    pieces = [
        Piece("body", housing(rng, wide, high, radius * 2)),
        Piece(pick(rng, ("grip", "handle", "body"), (2, 3, 2)), pair.grip.at(y=-high / 2)),
        Piece(pick(rng, ("trigger", "lever"), (3, 1)), pair.trigger.at(y=-high / 2)),
    ]
    front, style = wide * 0.45, pick(rng, ("jet", "rose", "fuel"))
    if style == "fuel":
        spine = curve([[front, 0, 0], [front + long, 0, 0], [front + long * 1.9, -long * 0.7, 0]], 10)
        pieces.append(Piece(pick(rng, ("spout", "nozzle", "tube")), tube(spine, radius * 0.6, 12)))
        collar = cylinder(radius * 0.95, long * 0.3, around=14).turned("z", -90).at(x=front)
        pieces.append(Piece("collar", collar))
        low = min(pair.grip.low[1], pair.trigger.low[1]) - high / 2
        hoop = [[front, -high * 0.3, 0], [front + 0.02, low * 0.5, 0], [front, low, 0], [-front, low, 0]]
        hoop += [[-front - 0.015, low * 0.5, 0], [-front, -high * 0.3, 0]]
        loop = sweep(
            curve(hoop, 18),
            rectangle(radius, 0.005),
        )
        pieces.append(Piece("guard", loop))
    else:
        barrel = cylinder(radius, long, radius * rng.uniform(0.6, 1.0), around=16).turned("z", -90)
        pieces.append(Piece(pick(rng, ("barrel", "body")), barrel.at(x=front)))
        wider = radius * (rng.uniform(0.9, 1.3) if style == "jet" else rng.uniform(1.6, 2.4))
        head = lathe(
            [(radius * 0.6, 0), (wider, wider * 0.7), (wider, wider * 1.2), (wider * 0.6, wider * 1.25)], 18
        )
        pieces.append(
            Piece("nozzle" if style == "jet" else "head", head.turned("z", -90).at(x=front + long - 0.004))
        )
        if style == "rose" and chance(rng, 0.6):
            face = cylinder(wider * 0.8, 0.004, around=16).turned("z", -90)
            pieces.append(Piece("nozzle", face.at(x=front + long - 0.004 + wider * 1.22)))
    back = np.array([-front, 0, 0])
    if chance(rng, 0.7):
        joint = cylinder(radius * 0.75, 0.03, around=int(pick(rng, (6, 12)))).turned("z", 90)
        pieces.append(Piece("connector", joint.at(x=-front + 0.004)))
        back = back - [0.02, 0, 0]
        if chance(rng, 0.6):
            sag = rng.uniform(0.05, 0.2)
            run = curve(
                [back, back - [0.05, 0, 0], back - [0.12, sag * 0.4, 0], back - [0.14, sag + 0.05, 0]], 12
            )
            pieces.append(Piece("hose", tube(run, radius * 0.55, 8)))
    if chance(rng, 0.35):
        dial = cylinder(radius * 0.6, radius * 0.5, around=12).at(x=wide * 0.1, y=high * 0.48)
        pieces.append(Piece(pick(rng, ("knob", "dial", "button")), dial))
    return squeezed(rng, "hose nozzle", pieces, {"pour": ("nozzle", "spout")})
