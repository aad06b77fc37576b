"""What one looks through: magnifying glass, telescope, microscope."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, ring, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing
from partwise.datasets.world.fronts import turn_knob
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import curve, ellipse, rectangle
from partwise.datasets.world.tools import GRASP, haft, laid


def magnifying_glass(rng: np.random.Generator) -> Assembly:
    """Round and square reading glasses, pocket lenses that turn out of a cover, lenses on a stand."""
    kind = pick(rng, ("round", "square", "pocket", "stand"), (5, 2, 2, 2))
    size, thick = rng.uniform(0.05, 0.11), rng.uniform(0.006, 0.014)
    eye = rectangle(size * 1.3, size, size * 0.12) if kind == "square" else ellipse(size, count=28)
    name = pick(rng, ("frame", "ring", "rim"))
    dome = lathe(
        [
            (size * 0.46, -thick * 0.1),
            (size * 0.46, thick * 0.1),
            (size * 0.3, thick * 0.3),
            (0, thick * 0.4),
        ],
        24,
    )
    pane = (
        slab(eye * 0.94, thick * 0.3).at(y=-thick * 0.15) if kind == "square" else dome + dome.mirrored("y")
    )
    lens = Piece(pick(rng, ("lens", "glass")), pane.turned("x", 90).at(y=size / 2))
    pieces = [lens, Piece(name, ring(eye * 1.06, eye * 0.92, thick).at(y=size / 2))]
    if kind == "pocket":
        arm = ring(ellipse(thick * 1.6, count=12), ellipse(thick * 0.6, count=12), thick * 0.4)
        flap = slab(rectangle(size * 1.1, size * 1.25, size * 0.3), thick * 0.3).turned("x", 90)
        shell = flap.at(y=-size * 0.55, z=thick * 0.6) + flap.at(y=-size * 0.55, z=-thick * 0.9)
        pin = cylinder(thick * 0.5, thick * 2.6, around=12).turned("x", 90).at(y=-thick * 0.8, z=-thick * 1.4)
        pieces += [Piece(name, arm.at(y=-thick * 0.7)), Piece("cover", shell), Piece("pivot", pin)]
        return laid(
            rng,
            "magnifying glass",
            pieces,
            {"grasp": ("cover",), "open": ("cover",)},
        )
    if kind == "stand":
        a = Assembly("magnifying glass")
        high, reach, tilt = rng.uniform(0.14, 0.26), rng.uniform(0.04, 0.1), rng.uniform(30, 80)
        a.put((p.changed(lambda m: m.turned("x", tilt)) for p in pieces), y=high, z=reach)
        bow = curve([[0, 0, -0.02], [0, high * 0.6, -0.03], [0, high, reach * 0.3], [0, high, reach]], 12)
        a.add(pick(rng, ("arm", "stem", "rod")), tube(bow, thick * 0.4, 8))
        a.add("base", cylinder(size * rng.uniform(0.45, 0.7), 0.014, bevel=0.003).at(y=-0.012))
        a.add("pivot", ball(thick * 1.6, around=10).at(y=high, z=reach))
        a.afford("move", "base", "arm", "stem", "rod")
        return a
    length, wide = size * rng.uniform(0.9, 1.6), thick * rng.uniform(1.2, 2.2)
    gap = size * rng.uniform(0.03, 0.2)
    hold = haft(rng, length, wide).at(y=-length - gap)
    pieces.append(Piece(pick(rng, ("handle", "handle", "grip")), hold))
    neck = cylinder(wide * 0.3, gap + thick, around=12).at(y=-gap - thick * 0.4)
    pieces.append(
        Piece(
            pick(rng, ("collar", name)),
            join([neck, cylinder(wide * 0.45, thick * 0.7).at(y=-gap - thick * 0.4)]),
        )
    )
    return laid(rng, "magnifying glass", pieces, GRASP)


def telescope(rng: np.random.Generator) -> Assembly:
    """Long tubes on a tripod, fat ones in a rocker box, spyglasses that one draws out."""
    kind = pick(rng, ("tripod", "rocker", "spyglass"), (5, 3, 2))
    a = Assembly("spyglass" if kind == "spyglass" else "telescope")
    if kind == "spyglass":
        _spyglass(a, rng)
        return a
    fat = kind == "rocker" or chance(rng, 0.3)
    long = rng.uniform(0.4, 0.8)
    radius = long * (rng.uniform(0.12, 0.17) if fat else rng.uniform(0.05, 0.08))
    stand = radius * 2.2 if kind == "rocker" else rng.uniform(0.5, 0.9)
    tilt, pivot = rng.uniform(15, 60), np.array([0.0, stand, 0.0])

    def lay(mesh: Mesh) -> Mesh:
        """What is made along z around the pivot, raised to look at the sky."""
        return mesh.turned("x", -tilt).at(*pivot)

    for name, mesh in _optics(rng, long, radius, kind == "rocker"):
        a.add(name, lay(mesh))
    if kind == "rocker":
        half = radius * 1.25
        wall = slab(rectangle(stand * 1.1, radius * 2.2, radius * 0.5), radius * 0.12).turned("z", 90)
        a.add("mount", wall.at(x=half + radius * 0.12, y=stand * 0.55).both_sides())
        a.add(
            "pivot",
            cylinder(radius * 0.35, radius * 0.36).turned("z", -90).at(x=radius * 0.97, y=stand).both_sides(),
        )
        a.add("base", cylinder(half * 1.3, radius * 0.16, around=24).at(y=-radius * 0.14))
    else:
        _tripod(a, rng, stand - radius * 1.05)
    a.afford("grasp", "tube", "eyepiece", "handle")
    a.afford("move", "tube", "leg", "base")
    a.afford("push", "tube")
    a.afford("open", "lens cap")
    return a


def _optics(rng: np.random.Generator, long: Number, radius: Number, mirror: bool) -> list[tuple[str, Mesh]]:
    """The tube along z around the origin with what is on it; with a mirror one looks in at the side of the far end."""
    name, front, back = pick(rng, ("tube", "body", "tube")), long * 0.6, -long * 0.4
    around = max(12, roundness(rng))
    parts = [(name, cylinder(radius, long, around=around).turned("x", 90).at(z=back))]
    if chance(rng, 0.6):
        hood = cylinder(radius * 1.12, long * 0.14, around=around).turned("x", 90).at(z=front - long * 0.13)
        parts.append(("shade" if chance(rng, 0.5) else name, hood))
    glass = cylinder(radius * 0.92, 0.006, around=around).turned("x", 90).at(z=front + 0.008)
    edge = ring(ellipse(radius * 2.1, count=24), ellipse(radius * 1.8, count=24), long * 0.05).at(z=front)
    parts += [(pick(rng, ("lens", "lens", "lens cap")), glass), (name, edge)]
    small, reach = radius * (0.16 if mirror else 0.4), long * (0.06 if mirror else 0.14)
    eye = [(small * 0.6, 0), (small * 0.6, reach * 0.6), (small, reach * 0.62), (small * 1.1, reach)]
    ocular = lathe(eye, 14)
    if mirror:
        z = front - long * 0.12
        parts.append(("eyepiece", ocular.at(y=radius * 0.98, z=z)))
    elif chance(rng, 0.5):
        elbow = [[0, 0, back + 0.005], [0, 0, back - long * 0.08], [0, radius * 0.7, back - long * 0.1]]
        parts.append((name, tube(elbow, small * 0.7, 10)))
        parts.append(("eyepiece", ocular.at(y=radius * 0.5, z=back - long * 0.1)))
    else:
        parts.append(("eyepiece", ocular.turned("x", -90).at(z=back + 0.002)))
    if not mirror and chance(rng, 0.7):
        knob = cylinder(small * 0.6, radius * 0.5, around=12).turned("z", -90).at(x=radius * 0.7)
        parts.append(("focus knob" if chance(rng, 0.6) else "knob", knob.both_sides().at(z=back + small)))
    if chance(rng, 0.6):  # the small telescope beside the large one
        side = cylinder(radius * 0.18, long * 0.22, radius * 0.24, around=12).turned("x", 90)
        post = (
            box(radius * 0.12, radius * 0.3, long * 0.03)
            .row(2, z=long * 0.12)
            .at(y=radius * 0.95, z=long * 0.1)
        )
        start = -long * 0.3 if not mirror else long * 0.1
        both = join([side.at(y=radius * 1.35), post]).at(z=start)
        parts.append(("finder scope", both))
    return parts


def _tripod(a: Assembly, rng: np.random.Generator, top: Number) -> None:
    """Three legs that spread below a mount whose head is at the height `top`, often with a tray or bars between."""
    spread, thick = top * rng.uniform(0.28, 0.45), rng.uniform(0.018, 0.03)
    hub = top - 0.05
    a.add(
        "mount",
        cylinder(thick, 0.06, around=12).at(y=hub),
        box(thick * 1.6, 0.05, thick * 2.2).at(y=top - 0.01),
    )
    rod = tube if chance(rng, 0.5) else beam
    half = top * rng.uniform(0.35, 0.55)
    knee = [0, half, spread * (hub - half) / hub + thick * half / hub]
    low = rod([[0, 0, spread], knee], thick * 0.36)
    leg = rod([knee, [0, hub + 0.01, thick * 0.8]], thick * 0.5)
    a.add("leg", join([leg, low]).around(3, start=60))
    if chance(rng, 0.5):
        a.add("foot", ball(thick, around=8).at(z=spread).around(3, start=60))
    if chance(rng, 0.5):
        reach = spread * (hub - half) / hub + thick * half / hub
        a.add("brace", beam([[0, half, 0], [0, half, reach]], thick * 0.25).around(3, start=60))
        if chance(rng, 0.6):
            a.add("tray", cylinder(reach * 0.6, 0.008, around=18).at(y=half))
    if chance(rng, 0.4):
        a.add("handle", tube([[0, hub + 0.03, 0], [0.06, hub - 0.02, -0.2]], thick * 0.3, 8))
    if chance(rng, 0.5):
        a.add("knob", turn_knob(rng, thick * 0.5).turned("y", 90).at(x=thick * 0.75, y=hub + 0.045))


def beam(path: list, radius: Number) -> Mesh:
    """A square bar between points."""
    return sweep(np.array(path, dtype=np.float64), rectangle(radius * 2.2, radius * 1.6))


def _spyglass(a: Assembly, rng: np.random.Generator) -> None:
    """Tubes that slide into one another, lying with the large end forward."""
    count, radius, long = int(rng.integers(2, 5)), rng.uniform(0.02, 0.032), rng.uniform(0.08, 0.14)
    z, tight = 0.0, rng.uniform(0.76, 0.86)
    for index in range(count):
        size = radius * tight**index
        name = "body" if index == 0 else "tube"
        a.add(name, cylinder(size, long, around=18).turned("x", 90).at(z=z - long))
        if chance(rng, 0.8):
            a.add("ring", cylinder(size * 1.1, long * 0.08, around=18).turned("x", 90).at(z=z - long))
        z -= long * rng.uniform(0.8, 0.97)
    last = radius * tight ** (count - 1)
    cup = lathe([(last * 0.8, 0), (last * 1.25, 0.012), (last, 0.02)], 16).turned("x", -90)
    a.add("eyepiece", cup.at(z=z + long * 0.03))
    a.add("ring", ring(ellipse(radius * 2.25, count=24), ellipse(radius * 1.8, count=24), 0.014).at(z=0.005))
    a.add("lens", lathe([(radius * 0.92, 0), (radius * 0.6, 0.004), (0, 0.006)], 20).turned("x", 90))
    a.afford("grasp", "body", "tube")
    a.afford("pull", "tube", "eyepiece")
    a.afford("wrapgrasp", "body")


def microscope(rng: np.random.Generator) -> Assembly:
    """Upright microscopes with one or two eyepieces, a turret of objectives, a stage; stereo ones on a column."""
    a = Assembly("microscope")
    high, wide = rng.uniform(0.28, 0.42), rng.uniform(0.12, 0.18)
    deep, stereo, two = wide * rng.uniform(1.2, 1.6), chance(rng, 0.25), chance(rng, 0.5)
    low = high * rng.uniform(0.06, 0.14)
    feet = slab(rectangle(wide, deep, wide * 0.25), low, bevel=low * 0.2)
    if chance(rng, 0.3):  # a horseshoe
        feet = box(wide * 0.25, low, deep).at(x=wide * 0.37).both_sides() + box(wide, low, deep * 0.7).at(
            z=-deep * 0.15
        )
    a.add("base", feet)
    back, thick = -deep * 0.32, wide * rng.uniform(0.2, 0.3)
    shelf, axis = high * 0.4, deep * 0.12
    top = high * 0.74
    if stereo:
        a.add(
            pick(rng, ("column", "pole")),
            cylinder(thick * 0.35, high * 0.85, around=14).at(y=low * 0.9, z=back),
        )
        a.add("arm", box(thick, thick, axis - back + 0.01).at(y=top - thick * 0.5, z=(axis + back) / 2))
    else:
        path = curve(
            [
                [0, low * 0.8, back],
                [0, shelf, back - thick * 0.7],
                [0, top * 0.95, back * 0.8],
                [0, top, axis],
            ],
            14,
        )
        a.add("arm", sweep(path, rectangle(thick * 0.8, thick, thick * 0.2, 2)))
    _head(a, rng, (wide, high, top, axis), two or stereo)
    if stereo:
        a.add("stage", cylinder(wide * 0.36, low * 0.25, around=24).at(y=low * 0.95, z=axis))
    else:
        _stage(a, rng, (wide, low, shelf, axis), (thick, back))
    coarse = cylinder(thick * 0.55, thick * 0.5, around=max(12, roundness(rng))).turned("z", -90)
    fine = cylinder(thick * 0.3, thick * 0.8, around=12).turned("z", -90)
    dials = join([coarse, fine]) if chance(rng, 0.6) else coarse
    y, z = (top, (axis + back) / 2) if stereo else (shelf * 0.7, back - thick * 0.45)
    a.add("focus knob" if chance(rng, 0.6) else "knob", dials.at(x=thick * 0.36, y=y, z=z).both_sides())
    a.afford("grasp", "arm", "column", "pole", "knob", "focus knob")
    a.afford("carry", "arm")
    a.afford("support", "stage", where=facing())
    a.afford("move", "base")
    return a


def _stage(
    a: Assembly,
    rng: np.random.Generator,
    size: tuple[Number, Number, Number, Number],
    arm: tuple[Number, Number],
) -> None:
    """Stage, clips and light of a microscope of (width, height of the base and of the stage, place along z).

    `arm` is (thickness, place along z) of what the stage is fixed to.
    """
    (wide, low, shelf, axis), (thick, back) = size, arm
    across = wide * rng.uniform(0.7, 0.95)
    plate = box(across, 0.014, across) if chance(rng, 0.7) else cylinder(across / 2, 0.014, around=24)
    a.add(
        "stage",
        plate.at(y=shelf, z=axis - across * 0.1),
        box(thick * 0.7, 0.02, axis - back + thick).at(y=shelf - 0.014, z=(axis + back) / 2 - thick * 0.5),
    )
    if chance(rng, 0.6):
        clip = box(0.006, 0.004, across * 0.5).turned("y", 12).at(x=across * 0.22, y=shelf + 0.012, z=axis)
        a.add("clip", clip.both_sides())
    if chance(rng, 0.5):
        a.add("lamp", cylinder(wide * 0.2, low * 0.6, wide * 0.14, around=16).at(y=low * 0.95, z=axis))
    else:
        dish = cylinder(wide * 0.2, 0.008, around=18).turned("x", 35).at(y=shelf * 0.55, z=axis)
        a.add("mirror glass", dish, box(0.012, shelf * 0.55 - low, 0.012).at(y=low * 0.9, z=axis))


def _head(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number, Number], two: bool
) -> None:
    """Tube, eyepieces and turret of a microscope; `size` is (width, height, height of the arm, place along z)."""
    wide, high, top, axis = size
    radius, lean = wide * rng.uniform(0.11, 0.15), rng.uniform(0, 50)
    block = box(wide * 0.36, high * 0.12, wide * 0.4, bevel=0.004)
    shell = pick(rng, ("head", "body"))
    a.add(shell, block.at(y=top - high * 0.05, z=axis))
    long = (high - top) * rng.uniform(0.7, 1.0)
    cup = lathe(
        [(radius * 0.8, 0), (radius * 0.8, long * 0.25), (radius * 1.15, long * 0.3), (radius, long * 0.4)],
        14,
    )
    for name, mesh in (("tube", cylinder(radius, long, around=16)), ("eyepiece", cup.at(y=long))):
        leaned = mesh.turned("x", lean)
        placed = leaned.turned("y", 8).at(x=wide * 0.16).both_sides() if two else leaned
        a.add(name, placed.at(y=top + high * 0.03, z=axis))
    disc = cylinder(radius * 1.5, high * 0.03, radius * 1.2, around=18)
    a.add("nosepiece", disc.at(y=top - high * 0.075, z=axis))
    count = int(rng.integers(1, 5))
    reach = top - high * 0.07 - high * 0.44
    tip = lathe([(radius * 0.22, 0), (radius * 0.5, reach * 0.3), (radius * 0.5, reach * 0.95)], 12).at(
        y=-reach * 0.95
    )
    ones = (
        join(
            [
                tip.scaled(1, s, 1).turned("x", 22).at(z=-radius * 0.75).turned("y", 360 / count * i)
                for i, s in enumerate((0.9, 0.55, 0.7, 0.45)[:count])
            ]
        )
        if count > 1
        else tip
    )
    a.add(pick(rng, ("objective", "lens")), ones.at(y=top - high * 0.07, z=axis))
