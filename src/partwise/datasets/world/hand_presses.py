"""More of what a hand squeezes: washer guns, staple and rivet guns, grease guns, presses of the kitchen, punches."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import cutout
from partwise.datasets.world.build import ball, box, cylinder, lathe, sweep, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Mesh, Number, Piece
from partwise.datasets.world.outlines import curve, ellipse, helix, rectangle
from partwise.datasets.world.squeezers import housing, screw_heads, squeeze, squeezed


def _along(mesh: Mesh, x: Number, y: Number = 0.0) -> Mesh:
    """What stands on y = 0 laid along +x from the place (x, y)."""
    return mesh.turned("z", -90).at(x=x, y=y)


def washer_gun(rng: np.random.Generator) -> Assembly:
    """Guns of pressure washers: grip and trigger under a housing, a long lance with a nozzle, a hose at the grip."""
    radius, lance = rng.uniform(0.007, 0.012), rng.uniform(0.15, 0.6)
    depth = radius * rng.uniform(2.2, 3.0)
    pair = squeeze(rng, rng.uniform(0.1, 0.15), rng.uniform(0.024, 0.034), depth)
    wide, high = pair.span * rng.uniform(1.1, 1.6), radius * rng.uniform(3.4, 5.0)
    front, y = wide * 0.48, high * rng.uniform(-0.1, 0.25)
    bend = rng.uniform(0, 0.12) if chance(rng, 0.4) else 0.0
    path = curve([[front, y, 0], [front + lance * 0.6, y, 0], [front + lance, y - lance * bend, 0]], 9)
    wider = radius * rng.uniform(1.2, 1.9)
    tip = lathe([(radius, 0), (wider, radius), (wider, radius * 3.5), (radius * 0.6, radius * 4)], 14)
    pieces = [
        Piece("body", housing(rng, wide, high, depth * 1.15)),
        Piece(pick(rng, ("grip", "handle", "body"), (2, 3, 3)), pair.grip.at(y=-high / 2)),
        Piece("trigger", pair.trigger.at(y=-high / 2)),
        Piece(pick(rng, ("lance", "tube", "rod")), tube(path, radius * 0.8, max(8, roundness(rng)))),
        Piece("nozzle", tip.pointed(path[-2], path[-1]).at(*(path[-1] - path[-2]) * 0.9)),
    ]
    if chance(rng, 0.6):
        sleeve = cylinder(radius * 1.5, lance * rng.uniform(0.2, 0.4), around=14)
        pieces.append(Piece(pick(rng, ("collar", "grip", "barrel")), _along(sleeve, front - 0.004, y)))
    if chance(rng, 0.35):
        stub = cylinder(radius * 1.2, rng.uniform(0.07, 0.1), around=12).at(x=front + lance * 0.25, y=y)
        pieces.append(Piece("side handle", stub))
    if chance(rng, 0.65):
        foot = pair.grip.vertices[pair.grip.vertices[:, 1].argmin()] - [0, high / 2 - 0.012, 0]
        run = [[0, 0, 0], [-0.02, -0.08, 0], [-0.14, -0.16, 0], [-0.28, -0.13, 0]]
        hose = tube(curve(run, 12) + foot * [1, 1, 0], radius * 0.7, 8)
        nut = cylinder(radius * 1.1, 0.03, around=6).at(*(foot * [1, 1, 0] - [0, 0.03, 0]))
        pieces += [Piece("hose", hose), Piece(pick(rng, ("connector", "nut")), nut)]
    if chance(rng, 0.4):
        pieces.append(screw_heads(rng, wide / 2, depth * 1.15, radius * 0.35))
    if chance(rng, 0.35):
        catch = box(radius * 1.4, radius, depth * 0.6).at(x=-wide * 0.2, y=high / 2 - radius * 0.2)
        pieces.append(Piece(pick(rng, ("lock", "button", "release lever")), catch))
    return squeezed(rng, "washer gun", pieces, {"move": ("lance",), "clean": ("nozzle",)})


def staple_gun(rng: np.random.Generator) -> Assembly:
    """Staple guns with a lever over a handle with a window, rivet guns with grip and trigger below a nose."""
    if chance(rng, 0.5):
        return squeezed(rng, "rivet gun", _rivet_gun(rng), {"contain": ("container",), "open": ("cap",)})
    long, deep, thick = rng.uniform(0.13, 0.19), rng.uniform(0.02, 0.032), rng.uniform(0.02, 0.028)
    high, nose = rng.uniform(0.055, 0.08), long * rng.uniform(0.22, 0.3)
    arm, rise = thick * rng.uniform(0.7, 1.0), high * rng.uniform(0.15, 0.5)
    section = rectangle(deep * rng.uniform(0.7, 1.0), arm, arm * pick(rng, (0.05, 0.4)), 2)
    bow = rng.uniform(-0.1, 0.12) * long
    hold = curve(
        [[nose * 0.4, high * 0.6, 0], [long * 0.6, high * 0.55 + bow * 0.5, 0], [long, high * 0.5, 0]], 8
    )
    share = rng.uniform(0.75, 1.1)
    top = high * 0.6 + arm * 1.5
    lever = curve(
        [
            [nose * 0.3, high - 0.006, 0],
            [long * 0.5 * share, top + rise, 0],
            [long * share, top + rise * 1.3, 0],
        ],
        8,
    )
    head = [(0, 0), (nose, 0), (nose, high), (nose * 0.5, high * 1.08), (0, high * rng.uniform(0.8, 1.0))]
    rail = box(long * rng.uniform(0.7, 0.95), thick * 0.5, deep * 0.8).at(y=0.002)
    rail = rail.at(x=-rail.low[0])
    pieces = [
        Piece(pick(rng, ("body", "head"), (3, 1)), cutout(head, deep * 1.1)),
        Piece(
            pick(rng, ("handle", "body", "grip"), (3, 3, 1)), sweep(hold, section, np.linspace(1.1, 0.9, 8))
        ),
        Piece(pick(rng, ("trigger", "lever"), (1, 2)), sweep(lever, section, np.linspace(1.0, 0.85, 8))),
        Piece(pick(rng, ("magazine", "rail", "base")), rail),
        Piece(pick(rng, ("nozzle", "plate", "tip")), box(0.006, 0.01, deep * 0.7).at(x=0.003, y=-0.007)),
    ]
    if chance(rng, 0.6):
        post = box(arm * 0.8, high * 0.55, deep * 0.8).at(x=rail.high[0] - arm * 0.5, y=thick * 0.2)
        pieces.append(Piece(pieces[1].name, post))
    pin = cylinder(thick * 0.16, deep * 1.3, around=10).turned("x", 90).at(z=-deep * 0.65)
    pieces.append(Piece(pick(rng, ("pivot", "screw")), pin.at(x=nose * 0.4, y=high * 0.9)))
    if chance(rng, 0.5):
        dial = cylinder(thick * 0.35, 0.012, around=12).at(x=nose * 0.5, y=high * 1.02)
        pieces.append(Piece(pick(rng, ("knob", "dial", "screw")), dial))
    if chance(rng, 0.4):
        pieces.append(Piece("latch", box(0.008, thick * 0.7, deep * 0.5).at(x=rail.high[0] + 0.002, y=0.001)))
    actions = {"open": ("latch",), "contain": ("magazine",), "move": ("knob", "dial")}
    return squeezed(rng, "staple gun", pieces, actions)


def _rivet_gun(rng: np.random.Generator) -> list[Piece]:
    """A head with a nose ahead, a cup for spent pins behind, grip and lever of the same make below."""
    radius = rng.uniform(0.012, 0.018)
    depth = radius * rng.uniform(1.4, 1.9)
    pair = squeeze(rng, rng.uniform(0.13, 0.18), rng.uniform(0.016, 0.024), depth)
    wide, high = pair.span * rng.uniform(1.1, 1.4), radius * rng.uniform(2.2, 3.2)
    front = wide * 0.47
    nose = lathe([(radius * 0.9, 0), (radius * 0.8, radius * 2), (radius * 0.4, radius * 3.2)], 14)
    bit = cylinder(radius * 0.3, radius * 1.2, around=int(pick(rng, (6, 10))))
    pieces = [
        Piece(pick(rng, ("body", "head"), (3, 1)), housing(rng, wide, high, radius * 2.1)),
        Piece(pick(rng, ("handle", "grip", "body"), (3, 1, 2)), pair.grip.at(y=-high / 2)),
        Piece(pick(rng, ("trigger", "lever", "handle"), (3, 3, 1)), pair.trigger.at(y=-high / 2)),
        Piece(pick(rng, ("nose", "barrel")), _along(nose, front)),
        Piece(pick(rng, ("nozzle", "tip")), _along(bit, front + radius * 3)),
    ]
    if chance(rng, 0.6):
        cup = cylinder(radius * 0.95, radius * rng.uniform(2, 4), around=14)
        pieces.append(Piece(pick(rng, ("cap", "container")), _along(cup, -front - cup.high[1] + 0.003)))
    if chance(rng, 0.5):
        spare = cylinder(radius * 0.25, radius * 0.8, around=6).turned("x", 90).row(3, x=radius)
        pieces.append(Piece("nut", spare.at(z=radius * 0.9)))
    if chance(rng, 0.4):
        hoop = tube(curve([[0, 0, 0], [0.012, -0.03, 0], [-0.012, -0.03, 0], [0, 0, 0]], 10)[:-1], 0.0015, 5)
        low = pair.grip.vertices[pair.grip.vertices[:, 1].argmin()] * [1, 1, 0]
        pieces.append(Piece("ring", hoop.at(*(low - [0, high / 2 - 0.008, 0]))))
    return pieces


def grease_gun(rng: np.random.Generator) -> Assembly:
    """Grease guns: a barrel with a rod behind, a head with a lever along the barrel or a pistol grip with trigger."""
    long, radius = rng.uniform(0.2, 0.32), rng.uniform(0.02, 0.03)
    ends = cylinder(radius * 1.08, radius * 0.8, bevel=radius * 0.1, around=18)
    barrel = cylinder(radius, long, around=max(12, roundness(rng)))
    head = box(radius * 1.7, radius * 1.8, radius * 1.5, bevel=radius * 0.15)
    reach = radius * 1.2
    pieces = [
        Piece(pick(rng, ("barrel", "tube", "body"), (3, 1, 1)), _along(barrel, -long)),
        Piece(pick(rng, ("cap", "collar")), _along(ends, -long - radius * 0.3)),
        Piece("head", head.at(x=radius * 0.7, y=-radius * 0.9)),
    ]
    rod = cylinder(radius * 0.13, long * rng.uniform(0.12, 0.5), around=8)
    back = -long - rod.high[1]
    pieces.append(Piece("plunger rod", _along(rod, back)))
    pull = cylinder(radius * 0.18, radius * 1.8, around=8).at(y=-radius * 0.9)
    pieces.append(Piece(pick(rng, ("handle", "plunger rod", "hook")), pull.at(x=back)))
    if chance(rng, 0.5):
        thick = radius * rng.uniform(0.55, 0.8)
        share, gape = rng.uniform(0.7, 1.05), rng.uniform(4, 22)
        arm = box(long * share, thick, radius * 0.8, bevel=thick * 0.2).at(x=-long * share / 2, y=-thick / 2)
        soft = (
            cylinder(thick * 0.85, long * share * 0.4, around=12).turned("z", 90).at(x=-long * share * 0.62)
        )
        link = box(radius * 0.4, radius * 1.4, radius * 0.7).at(x=radius * 0.6, y=-radius * 1.9)
        lift = {"x": radius * 0.6, "y": -radius * 1.75}
        pieces.append(Piece(pick(rng, ("lever", "trigger")), arm.turned("z", gape).at(**lift)))
        pieces.append(Piece(pick(rng, ("lever", "trigger", "grip")), soft.turned("z", gape).at(**lift)))
        pieces.append(Piece(pick(rng, ("head", "pivot")), link))
    else:
        pair = squeeze(rng, rng.uniform(0.1, 0.14), rng.uniform(0.018, 0.026), radius * rng.uniform(0.9, 1.3))
        wide = pair.span * 1.15
        place = {"x": radius * 0.7 + wide * 0.3, "y": -radius * 0.6}
        pieces.append(Piece("head", box(wide, radius * 1.2, radius * 1.4).at(x=place["x"], y=-radius * 0.6)))
        pieces.append(Piece(pick(rng, ("handle", "grip", "body")), pair.grip.at(**place)))
        pieces.append(Piece("trigger", pair.trigger.at(**place)))
        reach = place["x"] + wide * 0.45
    far = rng.uniform(0.1, 0.25)
    bend = pick(rng, (0.0, 0.6, -0.5)) * far
    run = curve([[reach, 0, 0], [reach + far * 0.5, 0, 0], [reach + far, bend, 0]], 10)
    pieces.append(Piece(pick(rng, ("hose", "tube")), tube(run, radius * rng.uniform(0.2, 0.32), 8)))
    joint = cylinder(radius * 0.42, radius * 1.3, around=int(pick(rng, (6, 12)))).pointed(run[-2], run[-1])
    pieces.append(Piece(pick(rng, ("nozzle", "connector")), joint.at(*(run[-1] - run[-2]) * 0.7)))
    if chance(rng, 0.4):
        valve = cylinder(radius * 0.25, radius * 0.7, around=6).at(x=radius * 0.3, y=radius * 0.8)
        pieces.append(Piece(pick(rng, ("valve", "button")), valve))
    more = {"pull": ("trigger", "plunger rod", "hook"), "contain": ("barrel",)}
    return squeezed(rng, "grease gun", pieces, more)


def garlic_press(rng: np.random.Generator) -> Assembly:
    """Garlic, lemon and potato presses: a basket on one handle, a plunger or bowl on the other, hinged in front."""
    size = rng.uniform(0.014, 0.02) * pick(rng, (1.0, 1.0, 2.2))
    long, gape = rng.uniform(0.1, 0.16) * (size / 0.017) ** 0.5, rng.uniform(3, 28)
    wide, thick = size * rng.uniform(0.6, 1.0), size * rng.uniform(0.4, 0.7)
    section = pick(
        rng, (ellipse(wide, thick, 10), rectangle(wide, thick), rectangle(wide, thick, thick * 0.4, 2))
    )
    bow = long * rng.uniform(-0.04, 0.1)
    t = np.linspace(0, 1, 9)
    spine = np.stack([size * 1.9 + long * t, bow * np.sin(np.pi * t), 0 * t], axis=1)
    limb = sweep(spine, section, np.linspace(0.8, rng.uniform(0.9, 1.4), 9))
    lemon = chance(rng, 0.35)
    ring_y = -size * 0.2
    if lemon:
        shell = [(size * 0.2, -size * 0.9), (size * 0.8, -size * 0.6), (size * 1.05, 0)]
        bowl = vessel(shell, size * 0.12, 18)
        stamp = ball(size * 1.7, size * 1.2, size * 1.7, 12)
    else:
        bowl = vessel([(size * 0.9, -size * 1.1), (size * 1.0, 0)], size * 0.14, max(8, roundness(rng)))
        stamp = cylinder(size * 0.75, size * 0.9, around=14).at(y=-size * 0.3)
    plate = box(size * 2.4, thick * 0.8, wide).at(x=size * 1.2, y=-thick * 0.4)
    arm = plate.at(x=-size * 0.4) + stamp.at(x=size, y=0)
    lug = box(size * 1.1, thick, wide * 1.1).at(x=-0.1 * size, y=-thick * 0.8)
    end = size * rng.uniform(0.2, 0.4)
    upper = {"y": thick * 0.6}
    pin = cylinder(thick * 0.4, wide * 1.7, around=10).turned("x", 90).at(x=-end * 0.2, y=0, z=-wide * 0.85)
    own = pick(rng, ("handle", "lever", "handle"))
    pieces = [
        Piece(pick(rng, ("basket", "bowl", "body")), bowl.at(x=size * 1.0) + lug),
        Piece("handle", limb.at(y=ring_y - thick * 0.2)),
        Piece(pick(rng, ("plunger", "plunger", "arm")), arm.turned("z", gape).at(**upper)),
        Piece(own, limb.mirrored("y").at(x=-size * 0.1).turned("z", gape).at(**upper)),
        Piece(pick(rng, ("pivot", "hinge")), pin),
    ]
    if chance(rng, 0.4):
        tips = ball(wide * 1.3, thick * 1.3, wide * 1.3, 10).at(x=spine[-1, 0])
        pieces.append(Piece("grip", tips.at(y=ring_y - thick * 0.2)))
        pieces.append(Piece("grip", tips.at(x=-size * 0.1).turned("z", gape).at(**upper)))
    more = {"contain": ("basket", "bowl"), "press": ("lever", "plunger", "handle")}
    return squeezed(rng, "lemon press" if lemon else "garlic press", pieces, more)


def hole_punch(rng: np.random.Generator) -> Assembly:
    """Hole punches: pliers with a die, desk punches with a lever plate over one, two or more heads."""
    if chance(rng, 0.5):
        return squeezed(rng, "hole punch", _punch_pliers(rng), {"press": ("lever", "trigger", "handle")})
    long, deep, high = rng.uniform(0.09, 0.14), rng.uniform(0.08, 0.12), rng.uniform(0.035, 0.06)
    heads = int(pick(rng, (1, 2, 2, 3, 4)))
    long *= 1 + 0.5 * (heads > 2)
    wall = box(0.004, high, deep * 0.35).at(z=-deep * 0.1)
    tilt, share = rng.uniform(8, 26), rng.uniform(0.75, 1.05)
    plate = box(long * 0.92, high * 0.14, deep * share, bevel=high * 0.05).at(z=deep * share / 2)
    pad = box(long * 0.7, high * 0.08, deep * 0.25, bevel=0.001).at(y=high * 0.12, z=deep * share * 0.8)
    lift = {"y": high * 0.9, "z": -deep * 0.28}
    post = (
        cylinder(high * 0.16, high * 0.8, around=14)
        .row(heads, x=long * 0.8 / heads)
        .at(y=0.004, z=-deep * 0.02)
    )
    rod = (
        cylinder(high * 0.1, long * 1.02, around=10)
        .turned("z", 90)
        .at(x=long * 0.51, y=lift["y"], z=lift["z"])
    )
    base = box(long, rng.uniform(0.006, 0.014), deep, bevel=0.002)
    pieces = [
        Piece("base", base),
        Piece(pick(rng, ("frame", "body")), wall.at(x=long * 0.46, z=-deep * 0.1).both_sides("x")),
        Piece(pick(rng, ("lever", "handle"), (3, 1)), plate.turned("x", -tilt).at(**lift)),
        Piece(pick(rng, ("punch", "punch", "head")), post),
        Piece(pick(rng, ("pivot", "hinge")), rod),
    ]
    if chance(rng, 0.5):
        pieces.append(Piece(pick(rng, ("pad", "grip")), pad.turned("x", -tilt).at(**lift)))
    if chance(rng, 0.5):
        gauge = box(long * rng.uniform(0.4, 0.9), 0.003, 0.014).at(x=long * 0.5, y=0.004, z=deep * 0.2)
        pieces.append(Piece(pick(rng, ("rail", "slider")), gauge))
    if chance(rng, 0.5):
        coil = tube(helix(high * 0.2, high * 0.7, 5, 40), high * 0.03, 5).at(y=0.004, z=-deep * 0.02)
        pieces.append(Piece("spring", coil.row(heads, x=long * 0.8 / heads)))
    a = Assembly("hole punch")
    a.put(pieces)
    a.afford("press", "lever", "handle", "pad", "grip")
    a.afford("lift", "base")
    a.afford("grasp", "handle", "lever")
    a.afford("move", "slider", "rail")
    return a


def _punch_pliers(rng: np.random.Generator) -> list[Piece]:
    """Two equal handles with a spring between, short jaws, a punch over a die or a wheel of punches."""
    long, wide, depth = rng.uniform(0.09, 0.14), rng.uniform(0.012, 0.02), rng.uniform(0.012, 0.02)
    pair = squeeze(rng, long, wide, depth)
    size, low = pair.span * 0.55, -wide * 0.4
    gape = size * rng.uniform(0.25, 0.5)
    jaw = cutout(
        [
            (0, low),
            (size * 0.9, low),
            (size * 0.9, gape * 0.5),
            (size * 0.55, gape),
            (size * 0.5, size * 1.9),
            (0.3 * size, size * 1.9),
            (size * 0.2, size * 0.6),
            (0, size * 0.5),
        ],
        depth,
    )
    core = cylinder(size * 0.45, depth * 1.15, around=14).turned("x", 90).at(y=size * 0.15, z=-depth * 0.57)
    die = cylinder(wide * 0.22, size * 0.4, around=10).turned("z", -90)
    top = size * 1.75
    pieces = [
        Piece(pick(rng, ("jaw", "jaw", "body")), jaw.both_sides("x")),
        Piece(pick(rng, ("handle", "grip", "body"), (4, 1, 1)), pair.grip),
        Piece(pick(rng, ("handle", "lever", "trigger")), pair.trigger),
        Piece("pivot", core),
        Piece(pick(rng, ("punch", "tip")), die.at(x=-size * 0.4, y=top) + die.at(x=size * 0.02, y=top)),
    ]
    if chance(rng, 0.4):
        disc = (
            cylinder(size * 0.75, depth * 0.8, around=18)
            .turned("x", 90)
            .at(x=-size * 0.55, y=top, z=-depth * 0.4)
        )
        pieces.append(Piece(pick(rng, ("wheel", "dial")), disc))
    if chance(rng, 0.5):
        coil = tube(helix(wide * 0.25, pair.span * 0.55, 5, 40), wide * 0.05, 5).turned("z", -90)
        pieces.append(Piece("spring", coil.at(x=-pair.span * 0.27, y=-long * 0.12)))
    return pieces
