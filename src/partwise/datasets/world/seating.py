"""More to sit on: stool, bench, sofa."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import box, cylinder, lathe, pillow, slab, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import both, facing, towards
from partwise.datasets.world.mesh import Mesh, Number, join
from partwise.datasets.world.outlines import arc, ellipse, rectangle, squircle
from partwise.datasets.world.pieces import foot, leg, splayed, star_base


def stool(rng: np.random.Generator) -> Assembly:
    """Three- and four-legged stools, bar stools with a ring for the feet, swivel stools, poufs."""
    a = Assembly("stool")
    width, height, thick = (
        rng.uniform(0.28, 0.45),
        pick(rng, (rng.uniform(0.4, 0.5), rng.uniform(0.6, 0.8))),
        rng.uniform(0.02, 0.07),
    )
    depth = width * rng.uniform(0.7, 1.0)
    shape = pick(rng, ("round", "square", "oval", "padded", "saddle"), (4, 3, 1, 3, 1))
    around = roundness(rng)
    outlines = {
        "round": ellipse(width, count=around),
        "oval": ellipse(width, depth, around + 4),
        "square": rectangle(width, depth, pick(rng, (0.0, 0.04))),
        "saddle": squircle(width, depth, 4, 24),
        "padded": ellipse(width, count=around),
    }
    a.add("seat", slab(outlines[shape], thick, bevel=pick(rng, (0, 0.3)) * thick).at(y=height))
    if shape == "padded":
        a.add("cushion", pillow(width * 0.98, thick * 2, width * 0.98, 2.6).at(y=height + thick), of="seat")
    base = pick(rng, ("legs", "three", "star", "column"), (4, 2, 1, 2))
    size, spread = rng.uniform(0.022, 0.045), rng.uniform(0.0, 0.08)
    if base in ("legs", "three"):
        one, far = leg(rng, height, size), width * 0.36
        if base == "legs":
            legs = splayed(one, spread, spread).at(x=far, z=far * depth / width).four_corners()
        else:
            legs = splayed(one, 0.0, spread).at(z=far).around(3)
        a.add("leg", legs)
        y, radius = height * rng.uniform(0.2, 0.4), far * 1.25 + spread * 0.5
        if chance(rng, 0.45) and base == "legs":
            bar = box(2 * far + spread, size * 0.6, size * 0.6).at(y=y, z=far * depth / width + spread * 0.6)
            a.add("rung", bar.both_sides("z"), of="leg")
        elif chance(rng, 0.3):
            hoop = arc(radius, 0, 360, 21)[:-1, [0, 2, 1]]
            a.add("footrest", tube(hoop, size * 0.35, 6, closed=True).at(y=y))
    else:
        low = 0.02
        if base == "star":
            a.put(star_base(rng, width * 0.7, casters=chance(rng, 0.7)))
            low = width * 0.14
        else:
            a.add("base", lathe([(width * 0.55, 0), (width * 0.55, 0.015), (0.04, 0.05)], around + 4))
        a.add("column", cylinder(0.026, height - low, around=12).at(y=low), of="base")
        if chance(rng, 0.4):
            hoop = arc(width * 0.4, 0, 360, 21)[:-1, [0, 2, 1]]
            arms = box(width * 0.8, 0.012, 0.012)
            ring_ = join([tube(hoop, 0.01, 6, closed=True), arms, arms.turned("y", 90)])
            a.add("footrest", ring_.at(y=height * 0.35))
    a.afford("sit", "seat", "cushion", where=facing())
    a.afford("move", "seat")
    return a


def bench(rng: np.random.Generator) -> Assembly:
    """Park, garden, piano and picnic benches, with and without a back and arms."""
    a = Assembly("bench")
    width, depth, height = rng.uniform(0.9, 2.0), rng.uniform(0.3, 0.5), rng.uniform(0.4, 0.48)
    thick, size = rng.uniform(0.025, 0.07), rng.uniform(0.04, 0.08)
    if chance(rng, 0.5):
        count = int(rng.integers(2, 6))
        a.add("seat", box(width, thick, depth / count * 0.85).row(count, z=depth / count).at(y=height))
    else:
        a.add("seat", box(width, thick, depth, bevel=pick(rng, (0, 0.2)) * thick).at(y=height))
        if chance(rng, 0.3):
            a.add("cushion", pillow(width, 0.09, depth, 6).at(y=height + thick + 0.03), of="seat")
    style, x = pick(rng, ("legs", "panels", "trestle", "blocks")), width / 2 - size * 1.5
    if style == "legs":
        a.add("leg", leg(rng, height, size).at(x=x, z=depth / 2 - size * 0.7).four_corners())
    elif style == "panels":
        a.add("leg", box(size * 0.7, height, depth * 0.9).at(x=x).both_sides())
    elif style == "trestle":
        slant = splayed(box(size, height, size), 0, depth * 0.25).at(z=depth * 0.2).both_sides("z")
        a.add("leg", slant.at(x=x * 0.85).both_sides())
        a.add("rung", box(2 * x * 0.85, size * 0.6, size * 0.6).at(y=height * 0.5), of="leg")
    else:
        a.add("base", box(size * 3, height, depth * 0.85).at(x=x * 0.8).both_sides())
    if chance(rng, 0.55):
        tall, lean = rng.uniform(0.3, 0.5), rng.uniform(4, 18)
        post = box(size * 0.7, tall + thick, size * 0.5).at(x=x).both_sides()
        count = int(rng.integers(1, 4))
        strip = box(width, tall / count * rng.uniform(0.5, 0.9), size * 0.4).row(count, y=tall / count)
        back = [("back", strip.at(y=tall * 0.55, z=size * 0.4)), ("back", post)]
        if chance(rng, 0.3):
            bars = box(0.03, tall, 0.02).row(int(width / 0.1), x=0.098)
            back = [("slat", bars), ("back", post), ("back", box(width, 0.06, 0.035).at(y=tall))]
        for name, mesh in back:
            a.add(name, mesh.turned("x", -lean).at(y=height, z=-depth / 2 + size * 0.3), of="back")
        if chance(rng, 0.5):
            high = rng.uniform(0.18, 0.24)
            arm = join(
                [
                    box(size, size * 0.6, depth).at(y=high),
                    box(size * 0.6, high, size * 0.6).at(z=depth * 0.42),
                ]
            )
            a.add("arm", arm.at(x=x, y=height + thick).both_sides())
    a.afford("sit", "seat", "cushion", where=facing())
    a.afford("sit", "back", where=both(facing("z"), towards("y", height + 0.5, height)))
    a.afford("lay", "seat", where=facing())
    return a


def _soft(rng: np.random.Generator, blocky: bool, size: tuple[Number, Number, Number]) -> Mesh:
    """A block or cushion of (width, height, depth) standing on y = 0."""
    width, height, depth = size
    if blocky:
        return box(width, height, depth, bevel=pick(rng, (0.0, 0.02)))
    return pillow(width, height, depth, rng.uniform(5, 9)).at(y=height / 2)


def sofa(rng: np.random.Generator) -> Assembly:
    """Armchairs, couches and corner sofas: base, arms, back, cushions on legs or on the floor."""
    a = Assembly("sofa")
    places = int(rng.integers(1, 4))
    arm_wide = rng.uniform(0.08, 0.25)
    width, depth = places * rng.uniform(0.55, 0.75), rng.uniform(0.75, 1.0)
    lift, low = pick(rng, (0.0, rng.uniform(0.04, 0.18))), rng.uniform(0.16, 0.3)
    thick, tall = rng.uniform(0.1, 0.2), rng.uniform(0.35, 0.6)
    blocky, seat_y = chance(rng, 0.5), lift + low
    base_name = pick(rng, ("base", "seat", "body"))
    a.add(base_name, box(width, low, depth).at(y=lift))
    back_thick = rng.uniform(0.15, 0.25)
    back = _soft(rng, blocky, (width, tall + thick, back_thick)).turned("x", -rng.uniform(0, 10))
    a.add("back", back.at(y=seat_y, z=back_thick / 2 - depth / 2))
    if chance(rng, 0.85):
        high = low + thick + rng.uniform(0.08, 0.25)
        arm = _soft(rng, blocky, (arm_wide, high, depth))
        if chance(rng, 0.3):
            roll = cylinder(arm_wide * 0.65, depth, around=14).turned("x", 90).at(y=high, z=-depth / 2)
            arm = join([arm, roll.at(z=depth / 2 - roll.low[2] / 2 - roll.high[2] / 2 - depth / 2)])
        a.add("arm", arm.at(x=width / 2 + arm_wide / 2, y=lift).both_sides())
    count, deep = pick(rng, (places, places, 1)), depth - back_thick
    pad = _soft(rng, blocky and chance(rng, 0.7), (width / count * 0.98, thick, deep))
    seat_name = "seat" if base_name != "seat" and chance(rng, 0.6) else "cushion"
    a.add(seat_name, pad.row(count, x=width / count).at(y=seat_y, z=back_thick / 2))
    if chance(rng, 0.5):
        soft = pillow(width / count * 0.95, tall * 0.85, 0.18, 4).turned("x", -12)
        row = soft.row(count, x=width / count)
        a.add(
            "back cushion", row.at(y=seat_y + thick + tall * 0.4, z=back_thick - depth / 2 + 0.07), of="back"
        )
    if chance(rng, 0.3):
        loose = pillow(0.4, 0.4, 0.14, 3).turned("x", -25).turned("y", rng.uniform(-30, 30))
        a.add("pillow", loose.at(x=width * 0.3, y=seat_y + thick + 0.2, z=back_thick - depth / 2 + 0.2))
    wing = rng.uniform(0.4, 0.8)
    if places > 1 and chance(rng, 0.25):
        block = box(width / places, low, wing).at(
            x=width / 2 - width / places / 2, y=lift, z=depth / 2 + wing / 2
        )
        a.add(base_name, block)
        long = _soft(rng, blocky, (width / places * 0.98, thick, wing)).at(y=seat_y, z=depth / 2 + wing / 2)
        a.add(seat_name, long.at(x=width / 2 - width / places / 2))
    if lift:
        size = rng.uniform(0.03, 0.07)
        one = leg(rng, lift, size) if lift > 0.08 else foot(rng, lift, size)
        spot = one.at(x=width / 2 - size, z=depth / 2 - size)
        a.add("leg" if lift > 0.08 else "foot", spot.four_corners())
    a.afford("sit", "seat", "cushion", where=both(facing(), towards("y", seat_y, seat_y + thick)))
    a.afford("sit", "back", "back cushion", where=both(facing("z"), towards("y", seat_y + 0.9, seat_y)))
    a.afford("lay", "seat", "cushion", where=both(facing(), towards("y", seat_y, seat_y + thick)))
    a.afford("support", "arm", where=facing())
    return a
