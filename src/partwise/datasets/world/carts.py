"""What one pushes or pulls to carry things: wheelbarrow, hand trolley, shopping cart."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import pane
from partwise.datasets.world.build import box, box_between, cylinder, pillow, sweep, tray, tube
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing, inward
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.outlines import curve, rectangle
from partwise.datasets.world.pieces import caster
from partwise.datasets.world.pushing import push_bar
from partwise.datasets.world.riding import WHEELS, Place, across, guard, rod, wheels


def lattice(a: Place, b: Place, c: Place, d: Place, rows: int, columns: int, radius: Number) -> Mesh:
    """Crossed wires over the face with corners a, b, c, d: `columns` from side ab to side dc, `rows` across."""
    a, b, c, d = (np.asarray(corner, dtype=np.float64) for corner in (a, b, c, d))
    wires = [rod(radius, a + (b - a) * s, d + (c - d) * s, sides=4) for s in np.linspace(0, 1, columns)]
    wires += [rod(radius, a + (d - a) * s, b + (c - b) * s, sides=4) for s in np.linspace(0, 1, rows)]
    return join(wires)


def wheelbarrow(rng: np.random.Generator) -> Assembly:
    """Wheelbarrows with one wheel or two before, garden carts, hand trolleys with a toe plate."""
    kind = pick(rng, ("wheelbarrow", "garden cart", "hand trolley"), (5, 2, 3))
    a = Assembly(kind)
    if kind == "hand trolley":
        _trolley(a, rng)
    elif kind == "garden cart":
        _garden_cart(a, rng)
    else:
        _barrow(a, rng)
    a.afford("contain", "tray", "bin", "body", where=inward())
    a.afford("support", "plate", where=facing())
    a.afford("grasp", "grip", "handle")
    a.afford("lift", "grip", "handle")
    a.afford("push", "grip", "handle")
    a.afford("move", "handle", "frame")
    a.afford("pour", "tray", "bin", where=facing("z"))
    return a


def _barrow(a: Assembly, rng: np.random.Generator) -> None:
    """Two rails from the axle to the grips, a tray on them, two legs."""
    r, x, end = rng.uniform(0.16, 0.22), rng.uniform(0.25, 0.32), np.array([0, rng.uniform(0.56, 0.64), -0.8])
    twin, square = chance(rng, 0.2), chance(rng, 0.4)
    axle, thick = np.array([0, r, 0.6]), rng.uniform(0.014, 0.02)
    slope = (end[1] - r) / 1.4

    def on_rail(z: Number, side: Number) -> Float[np.ndarray, "3"]:
        return np.array([side, r + slope * (0.6 - z), z])

    near = 0.2 if twin else 0.07
    path = np.array(
        [on_rail(0.6, near), on_rail(0.35, max(near, 0.12)), on_rail(-0.25, x * 0.8), on_rail(-0.8, x)]
    )
    rail = sweep(path, rectangle(thick * 2, thick * 2.6)) if square else tube(path, thick, 8)
    a.add("frame", rail.both_sides())
    style = pick(rng, WHEELS, (3, 2, 2, 1))
    wheels(
        a, rng, style, (r, rng.uniform(0.06, 0.1)), [(s * 0.28, r, 0.6) for s in (1, -1)] if twin else [axle]
    )
    a.add(pick(rng, ("axle", "frame")), across(0.012, 0.6 if twin else 0.17).at(*axle))
    tilt = float(np.degrees(np.arctan(slope)))
    flare, deep = rng.uniform(1.15, 1.5), rng.uniform(0.2, 0.3)
    pan = tray(0.42, deep, 0.62, 0.012).tapered(flare)
    if chance(rng, 0.3):
        pan = tray(0.46, deep, 0.66, 0.02)
    place = on_rail(0.02, 0) + np.array([0, thick, 0])
    a.add(pick(rng, ("tray", "bin", "body")), pan.turned("x", tilt).at(*place))
    beam = box(0.46, 0.03, 0.05).row(2, z=0.4).at(y=-0.03).turned("x", tilt)
    a.add("frame", beam.at(*place))
    knee, toe = on_rail(-0.22, x * 0.78), np.array([x * 0.78, thick, -0.3])
    leg = [knee, toe, toe + np.array([0, 0, 0.08]), on_rail(0.02, x * 0.7)]
    a.add("leg", rod(thick * 0.9, *leg).both_sides())
    if chance(rng, 0.5):
        a.add(pick(rng, ("leg", "rung")), rod(thick * 0.8, toe * [-1, 1, 1], toe).at(y=0.08))
    grip = cylinder(thick * 1.5, 0.13, bevel=0.004, around=8).pointed(
        on_rail(-0.83, x), on_rail(-0.5, x * 0.9)
    )
    a.add(pick(rng, ("grip", "handle")), grip.both_sides())
    if chance(rng, 0.4):
        bow = [
            [0.09, r, 0.6],
            [0.09, r * 0.9, 0.6 + r * 1.15],
            [-0.09, r * 0.9, 0.6 + r * 1.15],
            [-0.09, r, 0.6],
        ]
        a.add("bumper", rod(thick * 0.7, *bow))


def _garden_cart(a: Assembly, rng: np.random.Generator) -> None:
    """A box on two large wheels, pushed by a bow, on a prop when it stands."""
    r, x, y = rng.uniform(0.2, 0.3), rng.uniform(0.28, 0.36), rng.uniform(0.25, 0.3)
    wheels(
        a, rng, pick(rng, WHEELS), (r, rng.uniform(0.05, 0.08)), [(s * (x + 0.07), r, 0.05) for s in (1, -1)]
    )
    a.add("axle", across(0.015, 2 * x + 0.18).at(0, r, 0.05))
    a.add("frame", box(0.05, y - r + 0.06, 0.08).at(x=x * 0.8, y=r - 0.03, z=0.05).both_sides())
    pan = tray(2 * x, rng.uniform(0.26, 0.4), rng.uniform(0.75, 0.95), 0.018).tapered(rng.uniform(1.0, 1.12))
    a.add(pick(rng, ("bin", "body")), pan.at(y=y))
    bow = [[x, y + 0.05, -0.36], [x, 0.85, -0.85], [-x, 0.85, -0.85], [-x, y + 0.05, -0.36]]
    a.add("handle", rod(0.016, *bow))
    if chance(rng, 0.6):
        a.add("grip", across(0.025, x).at(0, 0.85, -0.85))
    a.add("leg", box(0.04, y, 0.04).at(x=x * 0.7, z=pick(rng, (-0.3, 0.3))).both_sides())


def _trolley(a: Assembly, rng: np.random.Generator) -> None:
    """Two uprights with rungs, a toe plate and two wheels at the foot, a handle at the top."""
    r, x, tall = rng.uniform(0.1, 0.14), rng.uniform(0.14, 0.19), rng.uniform(1.0, 1.2)
    wheels(a, rng, pick(rng, WHEELS[:3]), (r, 0.05), [(s * (x + 0.06), r, -0.1) for s in (1, -1)])
    a.add(pick(rng, ("axle", "frame")), across(0.012, 2 * x + 0.14).at(0, r, -0.1))
    a.add(
        "frame",
        rod(0.015, [x, 0.015, 0], [x, tall, 0]).both_sides(),
        rod(0.012, [x, r, -0.1], [x, 0.3, 0]).both_sides(),
    )
    a.add("plate", box_between((-x - 0.03, 0, -0.01), (x + 0.03, 0.012, rng.uniform(0.2, 0.28))))
    a.add(pick(rng, ("rung", "frame")), across(0.012, 2 * x).row(int(rng.integers(2, 5)), y=0.2).at(y=0.5))
    if chance(rng, 0.5):
        a.add(
            "handle",
            tube(
                curve(
                    [
                        [x, tall, 0],
                        [x * 0.9, tall + 0.08, -0.08],
                        [0, tall + 0.1, -0.12],
                        [-x * 0.9, tall + 0.08, -0.08],
                        [-x, tall, 0],
                    ],
                    13,
                ),
                0.015,
                8,
            ),
        )
    else:
        hook = curve([[x, tall, 0], [x, tall + 0.05, -0.05], [x, tall + 0.04, -0.16]], 7)
        a.add("frame", tube(hook, 0.015, 8).both_sides(), across(0.012, 2 * x).at(y=tall - 0.05))
        a.add("grip", tube(hook[4:] + np.array([0, 0, -0.02]), 0.024, 8).both_sides())
    if chance(rng, 0.35):
        cover = guard(r + 0.025, 0.06, 60, 170).at(x=x + 0.06, y=r, z=-0.1)
        a.add(
            "mudguard", (cover + box(0.07, 0.02, 0.09).at(x=x + 0.03, y=2 * r + 0.015, z=-0.05)).both_sides()
        )


def shopping_cart(rng: np.random.Generator) -> Assembly:
    """Shopping carts: a wire basket or two, a plastic tub, or a bag on two wheels to pull."""
    kind = pick(rng, ("wire", "tub", "two", "bag"), (4, 2, 2, 2))
    a = Assembly("shopping trolley" if kind == "bag" else "shopping cart")
    if kind == "bag":
        _bag_trolley(a, rng)
        return a
    x, half, y = rng.uniform(0.25, 0.3), rng.uniform(0.38, 0.48), rng.uniform(0.95, 1.05)
    pipe, size = rng.uniform(0.012, 0.017), rng.uniform(0.12, 0.16)
    narrow = rng.uniform(0.65, 0.85)
    a.add(
        "caster",
        caster(rng, size).at(x=x * narrow, z=half * 0.95).both_sides(),
        caster(rng, size).at(x=x, z=-half).both_sides(),
    )
    foot = np.array([x, size, -half])
    a.add(
        "frame",
        rod(pipe, foot, [x * narrow, size, half * 0.95]).both_sides(),
        rod(pipe, [x * narrow, size, half * 0.95], [-x * narrow, size, half * 0.95]),
    )
    grip_at = np.array([x, y, -half - rng.uniform(0.02, 0.1)])
    a.add("frame", rod(pipe, [x, size, -half * 0.7], [x, 0.5, -half], grip_at).both_sides())
    push_bar(a, rng, grip_at, pipe * 1.1)
    low, wire = rng.uniform(0.42, 0.5), rng.uniform(0.003, 0.005)
    if kind == "two":
        for level in (0.3, 0.7):
            tub = tray(2 * x - 0.02, 0.2, 1.5 * half, 0.01).tapered(1.08).at(y=level, z=-0.15 * half)
            a.add("basket", tub)
        a.add("frame", rod(pipe, [x, size, half * 0.3], [x, 0.9, half * 0.2]).both_sides())
    else:
        corner = [
            (0.85 * x, low, -half * 0.9),
            (0.85 * x * narrow, low + 0.05, half * 0.75),
            (x * narrow, 0.92, half),
            (x, 0.94, -half),
        ]
        _wire_basket(a, rng, np.array(corner), wire, kind == "tub")
        stay = rod(
            pipe, [x, 0.45, -half * 0.98], [0.85 * x, low, -half * 0.3], [0.6 * x, low + 0.03, half * 0.5]
        )
        a.add("frame", stay.both_sides(), rod(pipe, [x, 0.45, -half * 0.98], [-x, 0.45, -half * 0.98]))
    if chance(rng, 0.5):
        n, f = size + 0.01, half * 0.9
        a.add(
            "rack",
            lattice([-x, n, -half], [x, n, -half], [x * narrow, n, f], [-x * narrow, n, f], 4, 8, wire),
        )
    a.afford("contain", "basket", where=facing())
    a.afford("support", "rack", where=facing())
    a.afford("sit", "seat", where=facing())
    return a


def _wire_basket(
    a: Assembly, rng: np.random.Generator, corner: Float[np.ndarray, "4 3"], wire: Number, solid: bool
) -> None:
    """A basket that narrows to the front, of wires or of plates; `corner`: lower back, lower front, upper ones."""
    back, front, high, rear = corner
    flip = np.array([-1, 1, 1])
    faces = [
        (back * flip, back, front, front * flip),
        (back, front, high, rear),
        (front, front * flip, high * flip, high),
    ]
    faces += [(rear * flip, rear, back, back * flip)]
    for k, (p, q, r, s) in enumerate(faces):
        rows, columns = (6, 9) if k < 2 else (6, 7)
        panel = pane((p, q, r, s), 0.0, 0.01) if solid else lattice(p, q, r, s, rows, columns, wire)
        a.add("basket", panel.both_sides() if k == 1 else panel)
    rim = np.array([rear, high, high * flip, rear * flip])
    a.add("rim" if chance(rng, 0.5) else "basket", tube(rim, 0.01, 6, closed=True))
    if chance(rng, 0.5):
        z, tilt = rear[2] + 0.02, rng.uniform(0.1, 0.2)
        seat = box_between((-rear[0] * 0.9, 0.72, z), (rear[0] * 0.9, 0.735, z + tilt + 0.05))
        a.add("seat", seat)
        flap = lattice(
            [-rear[0] * 0.9, 0.73, z + tilt],
            [rear[0] * 0.9, 0.73, z + tilt],
            [rear[0] * 0.9, 0.93, z + tilt + 0.03],
            [-rear[0] * 0.9, 0.93, z + tilt + 0.03],
            3,
            7,
            wire,
        )
        a.add(pick(rng, ("back", "seat")), flap)


def _bag_trolley(a: Assembly, rng: np.random.Generator) -> None:
    """A tall bag on a frame with two wheels, pulled by a handle."""
    r, x, tall = rng.uniform(0.07, 0.11), rng.uniform(0.15, 0.19), rng.uniform(0.5, 0.6)
    low, style = r * 0.9, pick(rng, WHEELS[:3])
    wheels(a, rng, style, (r, 0.035), [(s * (x + 0.03), r, -0.08) for s in (1, -1)])
    a.add(pick(rng, ("axle", "frame")), across(0.01, 2 * x + 0.06).at(0, r, -0.08))
    high = tall + rng.uniform(0.38, 0.48)
    side = [
        [x * 0.85, low, 0.1],
        [x * 0.85, low, -0.11],
        [x * 0.85, high - 0.06, -0.14],
        [x * 0.6, high, -0.17],
    ]
    a.add("frame", rod(0.009, *side).both_sides())
    a.add(
        "frame",
        rod(
            0.009,
            [-x * 0.85, low, 0.1],
            [-x * 0.85, 0.008, 0.11],
            [x * 0.85, 0.008, 0.11],
            [x * 0.85, low, 0.1],
        ),
    )
    a.add("handle", across(0.014, 1.3 * x, 8).at(0, high, -0.17))
    bag = box(2 * x, tall, 0.22, bevel=pick(rng, (0.01, 0.04))).tapered(rng.uniform(0.95, 1.2))
    a.add(pick(rng, ("bag", "body")), bag.at(y=low, z=0.01))
    flap = (
        box(2.35 * x, 0.05, 0.26, bevel=0.02) if chance(rng, 0.6) else pillow(2.3 * x, 0.1, 0.27).at(y=0.03)
    )
    a.add(pick(rng, ("lid", "cover")), flap.at(y=low + tall - 0.03, z=0.01))
    if chance(rng, 0.5):
        a.add("pocket", box(1.3 * x, 0.2, 0.04, bevel=0.01).at(y=low + 0.1, z=0.125))
    if chance(rng, 0.5):
        strap = box(0.03, 0.16, 0.012).at(y=low + tall - 0.16, z=0.15)
        a.add("strap", strap)
        a.add("buckle", box(0.045, 0.03, 0.02).at(y=low + tall - 0.17, z=0.15))
    a.afford("contain", "bag", "body")
    a.afford("open", "lid", "cover", "buckle")
    a.afford("pull", "handle")
    a.afford("grasp", "handle")
    a.afford("carry", "handle")
