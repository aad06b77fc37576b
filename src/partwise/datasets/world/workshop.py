"""Guns of the workshop: power drills, glue guns and what presses a cartridge empty. They point to +z."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along
from partwise.datasets.world.build import box, cylinder, lathe, ring, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import curve, ellipse, rectangle, star
from partwise.datasets.world.pieces import posed
from partwise.datasets.world.squeezers import sealant_gun
from partwise.datasets.world.tools import GRASP, haft, laid


def power_drill(rng: np.random.Generator) -> Assembly:
    """Drills with a battery, heavy ones with a cable and a side handle, slim drivers, drills with a crank."""
    make = pick(rng, (_cordless, _corded, _driver, _crank_drill), (5, 3, 2, 2))
    pieces = make(rng)
    if make in (_driver, _crank_drill):
        actions = GRASP | {"press": ("button", "switch"), "push": ("switch", "knob"), "stab": ("bit",)}
        return laid(
            rng, "screwdriver" if make == _driver else "hand drill", pieces, actions | {"move": ("crank",)}
        )
    a = Assembly(pick(rng, ("power drill", "drill", "electric drill")))
    posed(a, rng, pieces, pick(rng, (("z", 90), ("x", -90))))
    a.afford("grasp", "handle", "grip", "side handle")
    a.afford("press", "trigger", "button", "switch")
    a.afford("pull", "trigger")
    a.afford("push", "switch")
    a.afford("stab", "bit")
    return a


def _chuck(rng: np.random.Generator, radius: Number, z: Number) -> list[Piece]:
    """The chuck along z from the place `z` on, most often with a bit in it."""
    long = rng.uniform(0.028, 0.045)
    side = [(radius, 0), (radius, long * 0.55), (radius * 0.55, long), (radius * 0.3, long)]
    pieces = [Piece("chuck", lathe(side, max(8, roundness(rng))).turned("x", 90).at(z=z - 0.002))]
    if chance(rng, 0.75):
        reach, thin = rng.uniform(0.05, 0.1), radius * rng.uniform(0.14, 0.28)
        round_bit = cylinder(thin, reach, around=8).at(y=-0.002) + cylinder(thin, thin * 2, 0, 8).at(
            y=reach - 0.003
        )
        twist = box(thin * 2, reach, thin * 0.9)
        rows = np.linspace(0, 1, 15)
        ribbon = sweep(np.stack([0 * rows, rows * reach, 0 * rows], 1), rectangle(thin * 2.2, thin * 0.9))
        bit = pick(rng, (round_bit, twist, ribbon.twisted(9000)))
        pieces.append(Piece("bit", bit.turned("x", 90).at(z=z + long - 0.004)))
    return pieces


def _trigger(rng: np.random.Generator, z: Number, y: Number, wide: Number) -> Mesh:
    """A trigger below `y` in front of a handle that is at `z`."""
    high = rng.uniform(0.022, 0.034)
    bow = [
        (z - 0.012, y),
        (z + 0.016, y),
        (z + 0.008, y - high * 0.55),
        (z + 0.013, y - high),
        (z - 0.012, y - high),
    ]
    return along(bow, wide)


def _pistol_grip(
    rng: np.random.Generator, drop: Number, lean: Number, z: Number, thick: Number
) -> list[Piece]:
    """A handle that runs down and back from (0, 0, z), now and then with a soft pad on it."""
    path = curve([[0, 0, z], [0, -drop * 0.5, z - lean * 0.35], [0, -drop, z - lean]], 9)
    oval = (
        ellipse(thick, thick * 1.35, 12)
        if chance(rng, 0.6)
        else rectangle(thick, thick * 1.3, thick * 0.3, 2)
    )
    name = pick(rng, ("handle", "handle", "grip"))
    pieces = [Piece(name, sweep(path, oval, np.linspace(1.1, 0.95, 9)))]
    if name == "handle" and chance(rng, 0.4):
        pad = sweep(path[3:8] - [0, 0, thick * 0.12], oval * 1.08)
        pieces.append(Piece("grip", pad, of="handle"))
    return pieces


def _cordless(rng: np.random.Generator) -> list[Piece]:
    """A drill with a battery under its handle."""
    radius, long = rng.uniform(0.026, 0.036), rng.uniform(0.11, 0.17)
    drop, lean, thick = rng.uniform(0.09, 0.12), rng.uniform(0.0, 0.03), rng.uniform(0.028, 0.034)
    body, around = pick(rng, ("body", "housing")), max(10, roundness(rng))
    side = [(radius * 0.8, 0), (radius, 0.012), (radius, long * 0.75), (radius * 0.85, long)]
    hull = lathe(side, around).scaled(1, 1, 1.15).turned("x", 90)
    pieces = [Piece(body, hull.at(z=-long * 0.4))]
    front, at = long * 0.6, rng.uniform(-0.02, 0.0)
    if chance(rng, 0.7):
        name = pick(rng, ("collar", "ring", "dial"))
        pieces.append(
            Piece(name, cylinder(radius * 0.86, 0.02, around=24).turned("x", 90).at(z=front - 0.002))
        )
        front += 0.016
    pieces += _chuck(rng, radius * rng.uniform(0.6, 0.75), front)
    pieces += [p.changed(lambda m: m.at(y=-radius * 0.8)) for p in _pistol_grip(rng, drop, lean, at, thick)]
    pieces.append(Piece("trigger", _trigger(rng, at + thick * 0.5, -radius * 0.95, thick * 0.6)))
    low = -radius * 0.8 - drop
    pack = box(thick * rng.uniform(1.7, 2.1), rng.uniform(0.03, 0.055), rng.uniform(0.09, 0.12), bevel=0.005)
    pack = pack.at(y=low - pack.high[1] + 0.006, z=at - lean + 0.012)
    pieces.append(Piece("battery", pack))
    if chance(rng, 0.5):
        foot = box(thick * 1.6, 0.014, 0.08, bevel=0.003).at(y=low, z=at - lean + 0.01)
        pieces.append(Piece(pick(rng, (body, "base")), foot))
        if chance(rng, 0.6):
            pieces.append(Piece("light", box(0.014, 0.009, 0.006).at(y=low + 0.002, z=at - lean + 0.051)))
    if chance(rng, 0.6):  # the catch that lets the battery go
        key = box(0.006, 0.012, 0.016, bevel=0.001).at(x=pack.high[0], y=low - 0.018, z=at - lean + 0.03)
        pieces.append(Piece("button", key.both_sides()))
    if chance(rng, 0.7):
        y = -radius * rng.uniform(0.86, 0.95)
        pieces.append(Piece("switch", box(thick * 1.35, 0.009, 0.014).at(y=y, z=at + thick * 0.55)))
    if chance(rng, 0.5):
        pieces.append(
            Piece("switch", box(0.014, 0.008, 0.02).at(y=radius * 1.12, z=rng.uniform(0, front * 0.6)))
        )
    if chance(rng, 0.5):
        slot = box(0.004, 0.004, 0.02).row(4, y=0.009).at(x=radius * 0.98, y=-0.002, z=-long * 0.22)
        pieces.append(Piece("vent", slot.both_sides()))
    return pieces


def _corded(rng: np.random.Generator) -> list[Piece]:
    """A heavy drill: a motor, a gear case, a handle across the front, a rod that stops at the depth, a cable."""
    high, long, wide = rng.uniform(0.06, 0.08), rng.uniform(0.17, 0.24), rng.uniform(0.05, 0.065)
    flank = [(-0.03, 0), (-0.03, high * 0.8), (-0.015, high), (long * 0.6, high), (long * 0.6, high * 0.1)]
    pieces = [Piece(pick(rng, ("body", "housing")), along(flank, wide))]
    axis, nose = high * 0.6, high * 0.38
    case = cylinder(nose, long * 0.3, nose * 0.75, around=16).turned("x", 90).at(y=axis, z=long * 0.59)
    pieces.append(Piece(pick(rng, ("collar", "barrel")), case))
    pieces += [p.changed(lambda m: m.at(y=axis)) for p in _chuck(rng, nose * 0.62, long * 0.88)]
    thick = rng.uniform(0.03, 0.036)
    if chance(rng, 0.5):  # a closed handle behind
        loop = curve(
            [[0, high * 0.85, -0.02], [0, high * 0.8, -0.1], [0, 0, -0.12], [0, -high * 0.55, -0.06]], 14
        )
        hoop = np.concatenate([loop, [[0, -high * 0.1, 0.02]]])
        pieces.append(Piece("handle", sweep(hoop, rectangle(thick * 0.8, thick * 0.8, thick * 0.25, 2))))
        pieces.append(Piece("trigger", box(thick * 0.5, 0.034, 0.02).at(y=high * 0.15, z=-0.095)))
        plug = np.array([0, -high * 0.5, -0.075])
    else:
        drop, lean = rng.uniform(0.09, 0.11), rng.uniform(0.0, 0.03)
        pieces += [p.changed(lambda m: m.at(y=0.004)) for p in _pistol_grip(rng, drop, lean, -0.008, thick)]
        pieces.append(Piece("trigger", _trigger(rng, -0.006 + thick * 0.5, 0.004, thick * 0.6)))
        plug = np.array([0, -drop + 0.004, -0.008 - lean])
    wire = plug + curve([[0, 0.006, 0], [0, -0.05, -0.01], [rng.uniform(-0.08, 0.08), -0.09, -0.1]], 12)
    pieces.append(Piece("cable", tube(wire, 0.0035, 6)))
    if chance(rng, 0.8):
        z, turn = long * 0.66, pick(rng, (90, -90, 180))
        hold = haft(rng, rng.uniform(0.1, 0.13), 0.032).at(y=nose * 0.9)
        band = ring(ellipse(nose * 2.3, count=20), ellipse(nose * 1.8, count=20), 0.018)
        pieces.append(Piece(pick(rng, ("side handle", "handle")), hold.turned("z", turn).at(y=axis, z=z)))
        pieces.append(Piece("ring" if chance(rng, 0.6) else "side handle", band.at(y=axis, z=z)))
        if chance(rng, 0.5):
            stop = (
                cylinder(0.004, long * 0.8, around=8)
                .turned("x", 90)
                .at(x=nose * 1.1, y=axis + 0.012, z=long * 0.5)
            )
            pieces.append(Piece("rod", stop))
    if chance(rng, 0.7):
        slot = box(0.004, high * 0.4, 0.005).row(5, z=0.012).at(x=wide / 2, y=high * 0.3, z=long * 0.15)
        pieces.append(Piece("vent", slot.both_sides()))
    if chance(rng, 0.6):
        pieces.append(Piece("switch", box(0.02, 0.01, 0.026, bevel=0.002).at(y=high - 0.002, z=long * 0.35)))
    return pieces


def _driver(rng: np.random.Generator) -> list[Piece]:
    """A slim driver one holds like a torch."""
    radius, long = rng.uniform(0.015, 0.024), rng.uniform(0.12, 0.2)
    side = curve(
        [(radius * 0.8, 0), (radius, long * 0.2), (radius * 0.85, long * 0.6), (radius * 0.95, long)], 12
    )
    pieces = [Piece(pick(rng, ("handle", "grip")), lathe(side, max(8, roundness(rng))))]
    head = cylinder(radius, long * 0.35, radius * 0.6, bevel=0.002, around=16).at(y=long - 0.002)
    pieces += [Piece(pick(rng, ("head", "body")), head)]
    tip = [p.changed(lambda m: m.turned("x", -90)) for p in _chuck(rng, radius * 0.45, 0.0)]
    pieces += [p.changed(lambda m: m.at(y=long * 1.35)) for p in tip]
    knob = box(0.01, 0.022, 0.008, bevel=0.002).row(int(rng.integers(1, 3)), y=0.028)
    pieces.append(Piece("button", knob.at(y=long * 0.75, z=radius * 0.88)))
    if chance(rng, 0.6):
        pieces.append(Piece("switch", box(radius * 2.3, 0.012, 0.01).at(y=long * 0.9)))
    if chance(rng, 0.5):
        pieces.append(
            Piece("light", cylinder(0.003, 0.004, around=8).turned("x", 90).at(y=long * 1.1, z=radius * 0.8))
        )
    return pieces


def _crank_drill(rng: np.random.Generator) -> list[Piece]:
    """A drill that one turns with a crank at a toothed wheel."""
    long, thick = rng.uniform(0.14, 0.2), rng.uniform(0.012, 0.018)
    pieces = [Piece("handle", haft(rng, 0.1, 0.034).mirrored("y").at(y=-long * 0.5))]
    pieces.append(
        Piece(pick(rng, ("frame", "shaft")), box(thick, long, thick, bevel=0.002).at(y=-long * 0.52))
    )
    pieces += [
        p.changed(lambda m: m.turned("x", -90).at(y=long * 0.46)) for p in _chuck(rng, thick * 0.9, 0.0)
    ]
    size, count = rng.uniform(0.07, 0.1), int(rng.integers(16, 26))
    wheel = slab(star(count, size, size * 0.88), 0.008).turned("z", -90).at(x=thick * 0.4)
    pieces.append(Piece(pick(rng, ("gear", "wheel")), wheel))
    reach = size * rng.uniform(0.6, 0.9)
    arm = box(0.006, reach, 0.014).at(x=thick * 0.4 + 0.009)
    pieces.append(Piece("crank", arm))
    knob = lathe(curve([(0.007, 0), (0.013, 0.02), (0.008, 0.04)], 7), 12).turned("z", -90)
    pieces.append(Piece("knob", knob.at(x=thick * 0.4 + 0.01, y=reach * 0.9)))
    if chance(rng, 0.5):
        stub = cylinder(0.01, 0.04, 0.013, around=12).turned("z", 90).at(x=-thick * 0.4)
        pieces.append(Piece("side handle", stub))
    return pieces


def glue_gun(rng: np.random.Generator) -> Assembly:
    """Hot-glue guns with a stick of glue and a wire stand; guns that press a cartridge of sealant empty."""
    make = pick(rng, (_hot_glue, _caulk, sealant_gun), (4, 2, 3))
    hot = make == _hot_glue
    a = Assembly(
        pick(rng, ("glue gun", "hot glue gun")) if hot else pick(rng, ("caulking gun", "sealant gun"))
    )
    posed(a, rng, make(rng), ("z", 90))
    a.afford("grasp", "handle", "grip")
    a.afford("press", "trigger", "switch", "lever", "release lever")
    a.afford("pull", "trigger", "plunger rod", "hook")
    a.afford("push", "glue stick", "switch")
    a.afford("pour", "nozzle")
    return a


def _hot_glue(rng: np.random.Generator) -> list[Piece]:
    """Body, tip, trigger and stick of a hot-glue gun that points to +z."""
    high, long, wide = rng.uniform(0.035, 0.05), rng.uniform(0.1, 0.15), rng.uniform(0.026, 0.036)
    drop, lean = rng.uniform(0.08, 0.11), rng.uniform(0.01, 0.035)
    flank = curve([(-0.045, high * 0.2), (-0.04, high), (long * 0.4, high), (long * 0.8, high * 0.8)], 10)
    flank = np.concatenate([flank, [(long * 0.8, high * 0.15), (0.0, -0.002)]])
    pieces = [Piece(pick(rng, ("body", "housing")), along(flank, wide))]
    axis = high * 0.5
    sleeve = cylinder(high * 0.36, 0.022, high * 0.28, around=14).turned("x", 90).at(y=axis, z=long * 0.79)
    tip = lathe([(high * 0.26, 0), (high * 0.1, 0.02), (high * 0.06, 0.03)], 12).turned("x", 90)
    pieces.append(Piece(pick(rng, ("collar", "nozzle")), sleeve))
    pieces.append(Piece("nozzle", tip.at(y=axis, z=long * 0.8 + 0.02)))
    pieces += _pistol_grip(rng, drop, lean, -0.015, wide * 0.85)
    pull = curve([[0, 0, 0.03], [0, -drop * 0.35, 0.022], [0, -drop * rng.uniform(0.6, 0.8), 0.03]], 8)
    pieces.append(Piece("trigger", sweep(pull, rectangle(wide * 0.55, 0.012))))
    if chance(rng, 0.8):
        rest, stick = rng.uniform(0.02, 0.12), rng.uniform(0.004, 0.006)
        pieces.append(
            Piece("glue stick", cylinder(stick, rest + 0.01, around=12).turned("x", -90).at(y=axis, z=-0.034))
        )
    if chance(rng, 0.6):
        half, down = wide * 0.75, high * 0.3 + drop * rng.uniform(0.5, 0.9)
        z = long * 0.55
        bow = [[-wide * 0.45, axis * 0.6, z], [-half, -down * 0.4, z + 0.02], [-half, -down, z + 0.04]]
        wire = np.array([*bow, *[[-x, y, at] for x, y, at in bow[::-1]]])
        pieces.append(Piece("stand", tube(wire, 0.0018, 6)))
    plug = np.array([0, -drop + 0.004, -0.015 - lean])
    if chance(rng, 0.75):
        wire = plug + curve([[0, 0, 0], [0, -0.05, -0.01], [rng.uniform(-0.06, 0.06), -0.08, -0.09]], 12)
        pieces.append(Piece("cable", tube(wire, 0.003, 6)))
    else:
        pack = box(wide * 1.6, 0.03, 0.07, bevel=0.004).at(y=plug[1] - 0.026, z=plug[2] + 0.01)
        pieces.append(Piece("battery", pack))
    if chance(rng, 0.6):
        pieces.append(Piece("switch", box(0.006, 0.01, 0.018).at(x=wide / 2, y=high * 0.45, z=0.01)))
    if chance(rng, 0.4):
        pieces.append(Piece("light", box(0.008, high * 0.6, 0.008).at(y=high * 0.6, z=0.0)))
    return pieces


def _caulk(rng: np.random.Generator) -> list[Piece]:
    """A frame with a cartridge in it, a rod that pushes, a trigger at the handle."""
    radius, long = rng.uniform(0.022, 0.028), rng.uniform(0.2, 0.25)
    pieces = []
    if chance(rng, 0.5):  # a half pipe, else two bars
        angle = np.radians(np.linspace(0, 180, 12))
        bow = np.stack([np.cos(angle), np.sin(angle)], 1)
        half = np.concatenate([bow * (radius + 0.004), bow[::-1] * (radius + 0.001)])  # open above
        trough = sweep(np.array([[0, 0, 0], [0, 0, long]]), half)
        pieces.append(Piece("frame", trough))
    else:
        side = box(0.012, 0.003, long).at(x=radius * 1.05, z=long / 2).both_sides()
        pieces.append(Piece("frame", side))
    hoop = ring(ellipse(radius * 2.4, count=20), ellipse(radius * 0.9, count=20), 0.004)
    back = cylinder(radius * 1.2, 0.005, around=20).turned("x", 90).at(z=-0.003)
    pieces.append(Piece("frame", join([hoop.at(z=long), back])))
    pieces.append(Piece("cartridge", cylinder(radius, long - 0.004, around=20).turned("x", 90).at(z=0.002)))
    cone = lathe([(radius * 0.35, 0), (radius * 0.3, 0.02), (radius * 0.08, rng.uniform(0.07, 0.1))], 12)
    pieces.append(Piece("nozzle", cone.turned("x", 90).at(z=long - 0.003)))
    out = rng.uniform(0.08, 0.2)
    rod = [[0, 0, 0.01], [0, 0, -out], [0, -0.03, -out - 0.004]]
    pieces.append(Piece("plunger rod", tube(rod, 0.004, 6)))
    body = along(
        [(0.004, -radius * 1.1), (0.004, radius * 0.5), (-0.05, radius * 0.4), (-0.05, -radius * 1.0)], 0.02
    )
    pieces.append(Piece("body", body))
    drop, lean = rng.uniform(0.09, 0.12), rng.uniform(0.01, 0.03)
    pieces += [
        p.changed(lambda m: m.at(y=-radius * 0.8)) for p in _pistol_grip(rng, drop, lean, -0.036, 0.02)
    ]
    pull = curve([[0, -radius * 0.7, -0.012], [0, -drop * 0.5, 0.004], [0, -drop, 0.018]], 8)
    pieces.append(Piece("trigger", sweep(pull, rectangle(0.014, 0.006))))
    if chance(rng, 0.7):
        pieces.append(Piece("lever", box(0.014, 0.022, 0.003).turned("x", -20).at(y=radius * 0.2, z=-0.052)))
    return pieces
