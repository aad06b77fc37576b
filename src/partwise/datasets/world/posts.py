"""Public things on a foot or a wall with one or two buttons: fountains, posts, intercoms, heaters."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along
from partwise.datasets.world.build import ball, box, cylinder, extrude, lathe, ring, slab, tray, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing, inward
from partwise.datasets.world.fronts import key, turn_knob
from partwise.datasets.world.mesh import Mesh
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle
from partwise.datasets.world.panels import handset, stud
from partwise.datasets.world.pieces import cable


def drinking_fountain(rng: np.random.Generator) -> Assembly:
    """Drinking fountains: a basin on a column, a box on a wall, with a bubbler and a button or a lever."""
    a = Assembly("drinking fountain")
    column = chance(rng, 0.65)
    radius, high = rng.uniform(0.15, 0.2), rng.uniform(0.75, 0.95)
    around = max(16, roundness(rng))
    if column:
        thick = radius * rng.uniform(0.35, 0.6)
        stem = [
            (thick * 1.2, 0.02),
            (thick, 0.1),
            (thick * rng.uniform(0.6, 1.0), high * 0.6),
            (thick, high - 0.06),
        ]
        post = lathe(stem, around) if chance(rng, 0.6) else box(thick * 1.8, high - 0.03, thick * 1.6)
        a.add(pick(rng, ("column", "pedestal")), post)
        a.add("base", cylinder(radius * rng.uniform(0.7, 1.0), 0.03, around=around))
        bowl = [(radius * 0.3, 0), (radius * 0.8, 0.04), (radius, rng.uniform(0.08, 0.13))]
        a.add(pick(rng, ("basin", "bowl")), vessel(bowl, 0.012, around).at(y=high - 0.07))
        rim, front = high + 0.02, radius
    else:
        wide, deep, tall = radius * 2.2, radius * 1.8, rng.uniform(0.25, 0.5)
        a.add("body", box(wide, tall, deep, bevel=0.01).at(y=high - tall))
        a.add("basin", tray(wide * 0.98, 0.05, deep * 0.98, 0.02).at(y=high - 0.004))
        a.add("wall plate", box(wide * 1.05, tall * 1.5, 0.015).at(y=high - tall, z=-deep / 2 - 0.004))
        rim, front = high + 0.045, deep / 2
    a.add("drain", cylinder(0.025, 0.004, around=12).at(y=high - 0.059 if column else high + 0.044 - 0.03))
    back, rise = -front * 0.75, rng.uniform(0.03, 0.07)
    foot = [
        [0, rim - 0.08, back],
        [0, rim + rise * 0.4, back],
        [0, rim + rise, back + 0.02],
        [0, rim + rise, back + 0.06],
    ]
    a.add(pick(rng, ("spout", "nozzle")), tube(curve(foot, 10), 0.011, 8))
    size = rng.uniform(0.02, 0.05)
    if column:
        place = (0.0, high - 0.035, radius * 0.72)
        a.add("button", cylinder(size / 2, 0.05, around=12).turned("x", 65).at(*place))
    elif chance(rng, 0.7):
        a.add("button", key(rng, size, size).at(x=pick(rng, (0.0, 0.1)), y=high - 0.06, z=front))
    else:
        bar = box(radius * 1.1, 0.03, 0.02, bevel=0.005)
        a.add("push bar", bar.at(y=high - 0.07, z=front + 0.006))
    a.afford("press", "button", "push bar")
    a.afford("push", "button", "push bar")
    a.afford("contain", "basin", "bowl", where=inward())
    a.afford("pour", "spout", "nozzle")
    a.afford("support", "base", where=facing())
    return a


def call_post(rng: np.random.Generator) -> Assembly:
    """Posts with one button: at a crossing, for help, to stop a machine, on a round, square or no foot."""
    a = Assembly("call post")
    high, around = rng.uniform(0.8, 1.3), max(10, roundness(rng))
    thick = high * rng.uniform(0.025, 0.06)
    pole = cylinder(thick, high, thick * rng.uniform(0.8, 1.0), around=around)
    if chance(rng, 0.3):
        pole = box(thick * 2, high, thick * 2)
    a.add(pick(rng, ("pole", "post", "column")), pole)
    foot = high * rng.uniform(0.12, 0.22)
    if chance(rng, 0.5):
        a.add("base", lathe([(foot, 0), (foot, 0.015), (foot * 0.4, 0.04)], around))
    else:
        a.add("base", box(foot * 1.7, 0.02, foot * 1.7))
        a.add("bolt", cylinder(0.012, 0.03, around=6).at(x=foot * 0.65, z=foot * 0.65).four_corners())
    wide = high * rng.uniform(0.08, 0.13)
    tall, deep = wide * rng.uniform(1.2, 2.2), wide * rng.uniform(0.5, 0.9)
    lean = pick(rng, (0, 0, -30))
    y, z = high * rng.uniform(0.8, 0.95) - tall * 0.5, thick * 0.5 + deep / 2

    def lay(mesh: Mesh) -> Mesh:
        return mesh.turned("x", lean).at(y=y, z=z)

    front = deep / 2
    a.add(pick(rng, ("body", "case")), lay(box(wide, tall, deep, bevel=pick(rng, (0.0, 0.006)))))
    size = wide * rng.uniform(0.14, 0.3)
    dome = lathe([(size, 0), (size, size * 0.3), (size * 0.6, size * 0.7)], 16).turned("x", 90)
    a.add("button", lay(dome.at(y=tall * 0.32, z=front - 0.002)))
    if chance(rng, 0.5):
        a.add(
            "button ring",
            lay(cylinder(size * 1.5, 0.006, around=16).turned("x", 90).at(y=tall * 0.32, z=front - 0.002)),
        )
    upper = pick(rng, ("label", "light", "grille", "display"))
    if upper == "grille":
        a.add(upper, lay(box(wide * 0.6, 0.004, 0.005).row(4, y=tall * 0.06).at(y=tall * 0.75, z=front)))
    elif upper == "light":
        a.add(
            upper,
            lay(cylinder(wide * 0.14, 0.008, around=12).turned("x", 90).at(y=tall * 0.78, z=front - 0.002)),
        )
    else:
        a.add(upper, lay(box(wide * 0.75, tall * 0.25, 0.005).at(y=tall * 0.66, z=front)))
    if chance(rng, 0.4):
        a.add("sign", cylinder(wide * 0.9, 0.008, around=24).turned("x", 90).at(y=high + wide * 0.8))
    elif chance(rng, 0.5):
        a.add("cap", ball(thick * 2.3, around=12).at(y=high))
    a.afford("press", "button")
    a.afford("push", "button")
    a.afford("display", "display", "label", "sign", "light", where=facing("z", softness=0.7))
    a.afford("listen", "grille")
    a.afford("speak", "grille")
    a.afford("grasp", "pole", "post")
    return a


def intercom(rng: np.random.Generator) -> Assembly:
    """Door stations with rows of bell buttons, indoor stations with a receiver, panels with a screen."""
    a = Assembly("intercom")
    kind = pick(rng, ("bells", "receiver", "screen"), (4, 3, 3))
    wide, deep = rng.uniform(0.09, 0.16), rng.uniform(0.015, 0.035)
    high = wide * (rng.uniform(1.5, 2.4) if kind != "screen" else rng.uniform(0.7, 1.3))
    a.add(
        pick(rng, ("body", "wall plate")),
        slab(rectangle(wide, high, wide * pick(rng, (0.0, 0.08, 0.2))), deep)
        .turned("x", 90)
        .at(y=high / 2, z=-deep / 2),
    )
    z, size = deep / 2, wide * rng.uniform(0.08, 0.14)
    if kind == "bells":
        columns, rows = int(pick(rng, (1, 1, 2))), int(rng.integers(1, 9))
        pitch = min(high * 0.5 / rows, size * 1.8)
        one = key(rng, size, pitch * 0.6).at(x=wide * 0.14).row(columns, x=wide * 0.44).row(rows, y=pitch)
        a.add("button", one.at(y=high * 0.34, z=z))
        plate = box(wide * 0.22, pitch * 0.6, 0.002).at(x=-wide * 0.08, y=-pitch * 0.3)
        a.add("label", plate.row(columns, x=wide * 0.44).row(rows, y=pitch).at(y=high * 0.34, z=z))
        if chance(rng, 0.5):
            lens = [(wide * 0.1, 0), (wide * 0.09, 0.005), (wide * 0.03, 0.009)]
            a.add("lens", lathe(lens, 14).turned("x", 90).at(x=wide * 0.25, y=high * 0.86, z=z))
    elif kind == "receiver":
        x = -wide * 0.22
        for piece in handset(rng, high * 0.95):
            a.add(
                piece.name,
                piece.mesh.turned("z", 90).turned("y", 90).at(x, high * 0.5, z - 0.002),
                of=piece.of,
            )
        a.add(
            "button",
            key(rng, size, size).row(int(rng.integers(1, 4)), y=size * 1.7).at(wide * 0.25, high * 0.3, z),
        )
    else:
        a.add("screen", box(wide * 0.62, high * 0.6, 0.004).at(x=-wide * 0.1, y=high * 0.3, z=z))
        count = int(rng.integers(1, 5))
        a.add(
            "button",
            key(rng, size * 0.8, size * 0.8).row(count, y=size * 1.3).at(wide * 0.36, high * 0.55, z),
        )
    low = high * (0.78 if kind == "bells" else 0.72 if kind == "receiver" else 0.12)
    x = -wide * 0.15 if kind != "receiver" else wide * 0.25
    a.add("grille", box(wide * 0.34, 0.002, 0.004).row(5, y=high * 0.022).at(x, low, z))
    a.afford("press", "button")
    a.afford("push", "button")
    a.afford("speak", "mouthpiece")
    a.afford("listen", "grille", "earpiece")
    a.afford("speak", "grille")
    a.afford("grasp", "handset")
    a.afford("lift", "handset")
    a.afford("display", "screen", "label")
    return a


def thermostat(rng: np.random.Generator) -> Assembly:
    """Thermostats: a ring to turn on a round plate, a box with a display and keys, one with a slider."""
    a = Assembly("thermostat")
    kind = pick(rng, ("round", "keys", "slider"), (3, 3, 2))
    wide, deep = rng.uniform(0.07, 0.13), rng.uniform(0.015, 0.03)
    high = wide if kind == "round" else wide * rng.uniform(0.65, 1.0)
    outline = rectangle(wide, high, wide * pick(rng, (0.0, 0.08, 0.2)))
    if kind == "round" and chance(rng, 0.7):
        outline = ellipse(wide, count=28)
    a.add(
        pick(rng, ("wall plate", "body", "base")),
        slab(outline, deep, bevel=deep * 0.3).turned("x", 90).at(y=high / 2, z=-deep / 2),
    )
    z, y, size = deep / 2, high / 2, wide * rng.uniform(0.05, 0.1)
    if kind == "round":
        radius = wide * rng.uniform(0.32, 0.42)
        bezel = lathe(
            [(radius * 0.8, 0), (radius, 0), (radius * 0.97, 0.02), (radius * 0.8, 0.02)], 28, closed=True
        )
        a.add("dial", bezel.turned("x", 90).at(y=y, z=z - 0.002))
        a.add("display", cylinder(radius * 0.79, 0.015, around=24).turned("x", 90).at(y=y, z=z - 0.001))
        if chance(rng, 0.6):
            one = key(rng, size, size).row(int(pick(rng, (1, 2))), x=size * 1.6)
            a.add("button", one.at(y=y - radius * 0.4, z=z + 0.013))
    else:
        a.add("display", box(wide * 0.56, high * 0.4, 0.003).at(x=-wide * 0.12, y=high * 0.45, z=z))
        count = int(pick(rng, (1, 2, 2, 3)))
        a.add("button", key(rng, size, size).row(count, y=size * 1.8).at(wide * 0.36, y, z))
        if kind == "slider":
            a.add("slot", box(wide * 0.7, 0.004, 0.002).at(y=high * 0.2, z=z))
            knob = box(0.008, 0.014, 0.01, bevel=0.002)
            a.add("slider", knob.at(x=wide * rng.uniform(-0.3, 0.3), y=high * 0.2 - 0.005, z=z + 0.003))
        elif chance(rng, 0.5):
            a.add("knob", turn_knob(rng, wide * 0.09).at(-wide * 0.2, high * 0.22, z))
    a.afford("press", "button")
    a.afford("push", "slider", "button")
    a.afford("move", "dial", "slider", "knob")
    a.afford("grasp", "dial", "knob")
    a.afford("display", "display", where=facing("z"))
    return a


def vanity_mirror(rng: np.random.Generator) -> Assembly:
    """Mirrors on a foot: a disc or an oval in a fork or on a stem, light around it, a tiny switch on the foot."""
    a = Assembly("vanity mirror")
    radius, around = rng.uniform(0.07, 0.13), max(16, roundness(rng))
    stem, low = radius * rng.uniform(0.4, 1.6), rng.uniform(0.012, 0.025)
    tall = pick(rng, (1.0, 1.0, 1.3))
    y, foot = low + stem + radius * tall, radius * rng.uniform(0.6, 0.85)
    square = chance(rng, 0.3)
    base = (
        slab(rectangle(foot * 1.8, foot * 1.4, 0.015), low)
        if square
        else cylinder(foot, low, foot * 0.92, around=around)
    )
    a.add("base", base)
    tilt = rng.uniform(-15, 5)

    def lay(mesh: Mesh) -> Mesh:
        return mesh.turned("x", tilt).at(y=y)

    outer = ellipse(2 * radius, 2 * radius * tall, 28)
    a.add("frame", lay(ring(outer, outer * 0.9, 0.014)))
    a.add("mirror glass", lay(extrude(outer * 0.91, 0.006)))
    if chance(rng, 0.5):
        a.add("light", lay(ring(outer * 0.88, outer * 0.78, 0.004).at(z=0.004)))
    if chance(rng, 0.4) and tall == 1.0:
        fork = arc(radius * 1.06, 180, 360, 17)
        a.add("mount", tube(fork, 0.006, 8).at(y=y))
        pin = cylinder(0.01, 0.02, around=12).turned("z", -90).at(x=radius * 0.98)
        a.add("knob", pin.at(y=y).both_sides())
        a.add("pole", cylinder(0.007, stem, around=10).at(y=low - 0.004))
    else:
        a.add("pole", cylinder(0.008, stem + 0.008, around=10).at(y=low - 0.004))
        a.add("ball joint", ball(0.024, around=10).at(y=low + stem - 0.002))
    size, spot = radius * rng.uniform(0.06, 0.16), foot * (0.55 if square else 0.7)
    if chance(rng, 0.75):
        a.add(
            "button",
            stud(rng, size, size).row(int(pick(rng, (1, 1, 1, 2, 3))), x=size * 1.6).at(y=low, z=spot),
        )
    else:
        a.add("switch", box(size, 0.006, size * 0.6).turned("z", 8).at(y=low - 0.002, z=spot))
    if chance(rng, 0.4):
        a.add("cable", cable(rng, (0, low * 0.5, -foot * (0.7 if square else 0.95)), radius * 2))
    a.afford("press", "button", "switch")
    a.afford("push", "switch", "frame")
    a.afford("display", "mirror glass", where=facing("z"))
    a.afford("grasp", "pole", "knob")
    a.afford("move", "base", "frame")
    a.afford("lift", "pole")
    return a


def patio_heater(rng: np.random.Generator) -> Assembly:
    """Outdoor heaters: a column on a drum or a round foot, the burner and a wide hood above, a knob, a lighter."""
    a = Assembly("patio heater")
    high, around = rng.uniform(1.9, 2.3), max(14, roundness(rng))
    foot, thick = high * rng.uniform(0.1, 0.14), high * rng.uniform(0.014, 0.022)
    drum = chance(rng, 0.65)
    deck = high * rng.uniform(0.28, 0.36) if drum else 0.05
    if drum:
        a.add("base", cylinder(foot * 1.12, 0.04, around=around))
        a.add("body", cylinder(foot, deck - 0.03, foot * rng.uniform(0.7, 1.0), around=around).at(y=0.03))
        if chance(rng, 0.6):
            shell = box(foot * 0.8, deck * 0.6, 0.012).at(y=deck * 0.2, z=foot * 0.93)
            a.add("door", shell)
            a.add("handle", box(0.012, 0.09, 0.03).at(x=foot * 0.3, y=deck * 0.45, z=foot * 0.93 + 0.016))
    else:
        a.add("base", lathe([(foot * 1.2, 0), (foot * 1.2, 0.02), (foot * 0.5, deck)], around))
    a.add("pole", cylinder(thick, high * 0.82 - deck, around=12).at(y=deck - 0.004))
    y = high * 0.8
    head = high * rng.uniform(0.042, 0.055)
    a.add("burner", cylinder(head, high * 0.1, head * rng.uniform(0.9, 1.3), around=around).at(y=y))
    hood = lathe(
        [(head * 2.9, 0), (head * 2.8, 0.012), (head * 1.2, high * 0.045), (0, high * 0.055)], around
    )
    a.add("heat reflector", hood.at(y=y + high * 0.1 - 0.004))
    box_low = y - high * 0.075
    a.add("control box", box(head * 1.7, high * 0.08, head * 1.7, bevel=0.006).at(y=box_low))
    z, size = head * 0.85, head * rng.uniform(0.4, 0.65)
    a.add("knob", turn_knob(rng, head * 0.38).at(x=-head * 0.4, y=box_low + high * 0.04, z=z))
    a.add("button", key(rng, size, size).at(x=head * 0.45, y=box_low + high * 0.04, z=z))
    if chance(rng, 0.5):
        side = cylinder(0.07, 0.03, around=14).turned("z", 90).at(x=0.015, y=0.06, z=-foot * 1.05)
        a.add("wheel", side.at(x=foot * 0.6).both_sides())
    a.afford("press", "button")
    a.afford("grasp", "pole", "knob", "handle")
    a.afford("push", "button", "pole")
    a.afford("open", "door", "handle")
    a.afford("pull", "handle")
    a.afford("move", "pole", "wheel")
    return a


def hand_dryer(rng: np.random.Generator) -> Assembly:
    """Dryers on a wall: a rounded or square box with one big or small button, or a swivel nozzle below."""
    a = Assembly("hand dryer")
    wide, deep = rng.uniform(0.22, 0.3), rng.uniform(0.12, 0.18)
    high = wide * rng.uniform(0.8, 1.3)
    kind = pick(rng, ("box", "loaf", "wedge"))
    if kind == "wedge":
        top = deep * rng.uniform(0.4, 0.7)
        side = [
            (deep / 2, 0),
            (deep / 2, high * 0.6),
            (top - deep / 2, high),
            (-deep / 2, high),
            (-deep / 2, 0),
        ]
        shape = along(side, wide)
    else:
        corner = wide * (rng.uniform(0.2, 0.4) if kind == "loaf" else 0.03)
        shape = (
            slab(rectangle(wide, high, corner), deep, bevel=deep * 0.1)
            .turned("x", 90)
            .at(y=high / 2, z=-deep / 2)
        )
    a.add(pick(rng, ("body", "case")), shape)
    a.add("wall plate", box(wide * 1.05, high * 1.05, 0.008).at(y=-high * 0.025, z=-deep / 2 - 0.003))
    z, radius, y = deep / 2, wide * rng.uniform(0.04, 0.13), high * rng.uniform(0.3, 0.5)
    a.add(
        "button",
        lathe([(radius, 0), (radius, 0.006), (radius * 0.7, 0.012)], 18).turned("x", 90).at(y=y, z=z - 0.001),
    )
    if chance(rng, 0.5):
        a.add("button ring", cylinder(radius * 1.4, 0.005, around=18).turned("x", 90).at(y=y, z=z - 0.001))
    pipe = cylinder(wide * 0.11, 0.05, wide * 0.09, around=14)
    a.add("nozzle", pipe.turned("x", 150).at(y=0.02, z=deep * 0.22))
    if chance(rng, 0.6):
        slot = box(0.004, high * 0.35, deep * 0.4).row(2, x=wide)
        a.add("vent", slot.at(y=high * 0.25, z=-deep * 0.1))
    if chance(rng, 0.5):
        a.add("label", box(wide * 0.4, high * 0.1, 0.003).at(y=high * 0.12, z=z))
    if chance(rng, 0.4):
        a.add(
            "light",
            cylinder(0.007, 0.005, around=8).turned("x", 90).at(x=wide * 0.3, y=high * 0.45, z=z - 0.001),
        )
    a.afford("press", "button")
    a.afford("push", "button")
    a.afford("move", "nozzle")
    a.afford("display", "label", "light")
    return a
