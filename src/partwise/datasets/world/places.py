"""What stands outdoors: houses, windmills, lamps and lights, trees, flags, goals."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along, cutout
from partwise.datasets.world.build import ball, box, cylinder, frame, lathe, slab, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import facing
from partwise.datasets.world.mesh import join
from partwise.datasets.world.outlines import arc, rectangle, star


def house(rng: np.random.Generator) -> Assembly:
    """Houses, barns, sheds and towers."""
    kind = pick(rng, ("house", "barn", "barn", "tower"))
    a = Assembly(kind)
    width, depth, high = rng.uniform(4, 8), rng.uniform(5, 11), rng.uniform(2.5, 4.5)
    if kind == "tower":
        width = depth = rng.uniform(3, 4)
        high *= 2.2
        a.add(
            "body",
            pick(
                rng,
                (cylinder(width / 2, high, width * 0.45, around=16), box(width, high, depth).tapered(0.85)),
            ),
        )
        a.add("roof", cylinder(width * 0.6, high * 0.4, 0.02, around=pick(rng, (4, 8, 16))).at(y=high))
    else:
        peak, over = high + width * rng.uniform(0.25, 0.5), rng.uniform(0.2, 0.5)
        knee = (
            (width * 0.36, high + (peak - high) * 0.65)
            if kind == "barn" and chance(rng, 0.5)
            else (width * 0.25, (peak + high) / 2)
        )
        right = [(width / 2, 0), (width / 2, high), knee]
        wall = [(0, peak), *[(-x, y) for x, y in right[::-1]], *right]
        a.add("body", cutout(wall, depth))
        edge = [(width / 2 + over, high - over * 0.5), knee, (0, peak)]
        thick = 0.2
        roof = [*edge, *[(-x, y) for x, y in edge[:2][::-1]]]
        a.add("roof", cutout(roof + [(x, y + thick) for x, y in roof[::-1]], depth + 2 * over))
        if chance(rng, 0.5) and kind == "house":
            a.add("chimney", box(0.6, 1.6, 0.6).at(x=width * 0.25, y=knee[1] - 0.2, z=-depth * 0.2))
    front = depth / 2 if kind != "tower" else depth * 0.46
    tall, wide = min(2.2, high * 0.8), 1.0 if kind != "barn" else rng.uniform(1.5, 3)
    a.add("door", box(wide, tall, 0.2).at(z=front))
    if kind == "barn" and chance(rng, 0.4):
        a.add("door", box(wide, tall, 0.2).at(z=-front))
    pane = box(0.9, 1.0, 0.2)
    if kind != "tower":
        count = int(rng.integers(2, 5))
        a.add(
            "window",
            pane.turned("y", 90).row(count, z=depth * 0.8 / count).at(x=width / 2, y=high * 0.4).both_sides(),
        )
        a.add(
            "window",
            pane.at(y=high * 0.9, z=front)
            if kind == "barn"
            else pane.at(x=width * 0.32, y=high * 0.4, z=front).both_sides(),
        )
    else:
        a.add("window", pane.row(2, y=high * 0.28).at(y=high * 0.6, z=front))
    a.afford("open", "door")
    return a


def windmill(rng: np.random.Generator) -> Assembly:
    """Tower mills and farm windmills."""
    a = Assembly("windmill")
    high, wide = rng.uniform(5, 9), rng.uniform(2.2, 3.5)
    if chance(rng, 0.6):
        a.add("body", cylinder(wide / 2, high, wide * rng.uniform(0.3, 0.42), around=max(8, roundness(rng))))
        a.add(
            "roof",
            pick(
                rng,
                (
                    ball(wide * 0.85, wide * 0.8, wide * 0.85),
                    cylinder(wide * 0.45, wide * 0.6, 0.02, around=12),
                ),
            ).at(y=high),
        )
        front, reach, count = wide * 0.45, high * rng.uniform(0.45, 0.65), int(pick(rng, (4, 4, 6)))
        vane = join([box(0.12, reach, 0.12), box(0.7, reach * 0.75, 0.06).at(x=0.35, y=reach * 0.22)])
        a.add("blade", vane.around(count, "z", start=rng.uniform(0, 90)).at(y=high * 0.98, z=front + 0.15))
        a.add(
            "hub" if chance(rng, 0.4) else "body",
            cylinder(0.18, 0.5, around=10).turned("x", 90).at(y=high * 0.98, z=front - 0.2),
        )
        if chance(rng, 0.6):
            a.add("door", box(0.9, 1.8, 0.2).at(z=wide * 0.49))
    else:
        leg = tube([[wide * 0.4, 0, wide * 0.4], [0.25, high, 0.25]], 0.09, 6).four_corners()
        ties = [box(s, 0.1, s).at(y=y) for y, s in ((high * 0.3, wide * 0.62), (high * 0.6, wide * 0.42))]
        a.add("body", leg, *ties, cylinder(0.12, 1.4, around=8).turned("x", 90).at(y=high, z=-0.8))
        vane = box(0.4, 1.0, 0.05).turned("y", 25).at(y=0.35)
        a.add("blade", vane.around(int(rng.integers(10, 18)), "z").at(y=high, z=0.6))
        a.add(
            "tail",
            cutout([(0, -0.1), (1.2, -0.6), (1.2, 0.6), (0, 0.1)], 0.06).turned("y", 90).at(y=high, z=-0.6),
        )
    a.afford("move", "blade")
    return a


def street_light(rng: np.random.Generator) -> Assembly:
    """Traffic lights, street lamps, traffic signs."""
    kind = pick(rng, ("traffic light", "street lamp", "traffic sign"))
    a = Assembly(kind)
    high, thick = rng.uniform(2.2, 4.5), rng.uniform(0.05, 0.09)
    a.add("pole", cylinder(thick, high, thick * 0.8, around=max(6, roundness(rng))))
    if chance(rng, 0.6):
        a.add("base", cylinder(thick * 3, 0.15, thick * 2, around=12))
    if kind == "traffic light":
        wide, count = rng.uniform(0.3, 0.4), int(pick(rng, (2, 3, 3)))
        a.add(
            pick(rng, ("body", "case")),
            box(wide, wide * count, wide * 0.7, bevel=0.02).at(y=high - wide * count * 0.5, z=thick),
        )
        lamp = cylinder(wide * 0.36, 0.08, around=14).turned("x", 90)
        a.add("light", lamp.row(count, y=wide).at(y=high, z=thick + wide * 0.34))
    elif kind == "street lamp":
        if chance(rng, 0.5):
            a.add("light", ball(0.4, rng.uniform(0.4, 0.6), 0.4).at(y=high + 0.15))
            a.add("cap", cylinder(0.26, 0.18, 0.04, around=12).at(y=high + 0.33))
        else:
            reach = rng.uniform(0.5, 1.2)
            a.add(
                "arm",
                tube(
                    [[0, high - 0.1, 0], [0, high + 0.3, reach * 0.3], [0, high + 0.35, reach]],
                    thick * 0.7,
                    8,
                ),
            )
            a.add("light", box(0.25, 0.12, 0.6, bevel=0.03).at(y=high + 0.27, z=reach + 0.2))
    else:
        plate = pick(
            rng,
            (
                arc(0.35, 0, 360, 25)[:-1, :2],
                arc(0.4, 0, 360, 9)[:-1, :2],
                arc(0.4, 90, 450, 4)[:-1, :2],
                rectangle(0.5, 0.7),
            ),
        )
        a.add("sign", cutout(plate, 0.04).at(y=high - 0.2, z=thick))
    a.afford("display", "light", "sign")
    return a


def tree(rng: np.random.Generator) -> Assembly:
    """Broadleaved trees, firs, Christmas trees, palms and potted flowers."""
    kind = pick(rng, ("broad", "fir", "christmas", "palm"))
    a = Assembly("christmas tree" if kind == "christmas" else "tree")
    high, thick = rng.uniform(2, 5), rng.uniform(0.1, 0.25)
    a.add("trunk", cylinder(thick, high * 0.75, thick * 0.6, around=max(6, roundness(rng))))
    if kind == "broad":
        for _ in range(int(rng.integers(1, 5))):
            size = high * rng.uniform(0.35, 0.6)
            x, z = rng.uniform(-0.2, 0.2, 2) * high
            a.add(
                "leaves",
                ball(size, size * 0.9, size, around=10).at(
                    x=float(x), y=high * rng.uniform(0.6, 0.9), z=float(z)
                ),
            )
    elif kind == "palm":
        bow = tube(
            [[0, 0, 0], [0.2, 0.1, 0], [0.6, 0, 0], [1, -0.4, 0]], np.array([0.08, 0.1, 0.08, 0.01]), 5
        )
        a.add(
            "leaves",
            bow.scaled(high * 0.4, high * 0.4, high * 1.0).around(int(rng.integers(5, 9))).at(y=high * 0.6),
        )
    else:
        tiers = int(rng.integers(2, 5))
        for tier in range(tiers):
            size, y = high * (0.32 - 0.2 * tier / tiers), high * (0.2 + 0.65 * tier / tiers)
            a.add("leaves", cylinder(size, high * 0.9 / tiers, 0.01, around=max(6, roundness(rng))).at(y=y))
            if kind == "christmas":
                globe = ball(high * 0.05, around=8).at(x=size * 0.92, y=y + 0.02)
                a.add("ball", globe.around(int(rng.integers(3, 7)), start=rng.uniform(0, 90)))
        if kind == "christmas":
            a.add("star", cutout(star(5, high * 0.16, high * 0.07), 0.05).at(y=high * 1.12))
    a.afford("grasp", "trunk")
    return a


def court(rng: np.random.Generator) -> Assembly:
    """Basketball hoops, goals and flags on poles."""
    kind = pick(rng, ("basketball hoop", "goal", "flag"))
    a = Assembly(kind)
    if kind == "basketball hoop":
        high, wide = rng.uniform(2, 3), rng.uniform(0.9, 1.6)
        a.add("pole", box(0.1, high, 0.1) if chance(rng, 0.4) else cylinder(0.06, high, around=10))
        a.add("board", box(wide, wide * 0.7, 0.05).at(y=high - 0.2, z=0.1))
        a.add(
            "hoop",
            tube(arc(0.24, 0, 360, 21)[:-1][:, [0, 2, 1]], 0.02, 6, closed=True).at(y=high, z=0.4),
            box(0.1, 0.04, 0.1).at(y=high - 0.02, z=0.15),
        )
        if chance(rng, 0.5):
            a.add(
                "net",
                lathe([(0.14, 0), (0.15, 0), (0.24, 0.35), (0.23, 0.35)], 12, closed=True).at(
                    y=high - 0.36, z=0.4
                ),
            )
        if chance(rng, 0.5):
            a.add("base", box(0.7, 0.12, 0.8))
        a.afford("contain", "hoop", "net")
    elif kind == "goal":
        wide, high, deep = rng.uniform(1.5, 3), rng.uniform(1, 1.8), rng.uniform(0.5, 1.2)
        bar, x = 0.05, wide / 2
        path = np.array([[-x, 0, 0], [-x, high, 0], [x, high, 0], [x, 0, 0]])
        a.add(
            "frame",
            tube(path, bar, 8),
            tube([[x, 0, -deep], [x, 0, 0]], bar * 0.8, 6).both_sides(),
            tube([[-x, 0, -deep], [x, 0, -deep]], bar * 0.8, 6),
        )
        back = np.array([[x, 0, -deep], [x, high, -deep * 0.3], [-x, high, -deep * 0.3], [-x, 0, -deep]])
        strings = [
            tube([back[0] + (back[3] - back[0]) * t, back[1] + (back[2] - back[1]) * t], 0.012, 4)
            for t in np.linspace(0.05, 0.95, 12)
        ]
        strings += [
            tube([back[0] + (back[1] - back[0]) * t, back[3] + (back[2] - back[3]) * t], 0.012, 4)
            for t in np.linspace(0.1, 0.95, 7)
        ]
        a.add("net", *strings)
        a.afford("contain", "net")
    else:
        high, wide = rng.uniform(1, 4), rng.uniform(0.4, 1.2)
        a.add("pole", cylinder(0.03, high, around=8))
        a.add("flag", frame(wide, wide * 0.6, wide * 0.29, 0.02).at(x=wide / 2, y=high - wide * 0.3))
        if chance(rng, 0.5):
            a.add("ball", ball(0.1, around=8).at(y=high))
        if chance(rng, 0.4):
            a.add("base", slab(rectangle(0.5, 0.5), 0.08))
        a.afford("display", "flag", where=facing("z"))
        a.afford("grasp", "pole")
    return a


def cannon(rng: np.random.Generator) -> Assembly:
    """Old cannons on wheels."""
    a = Assembly("cannon")
    reach, radius = rng.uniform(1.2, 2.0), rng.uniform(0.12, 0.2)
    profile = [
        (radius * 0.4, -0.15),
        (radius, 0),
        (radius * 0.75, reach * 0.8),
        (radius, reach * 0.92),
        (radius * 0.9, reach),
        (radius * 0.5, reach),
        (radius * 0.5, reach * 0.8),
    ]
    y = rng.uniform(0.4, 0.6)
    own = chance(rng, 0.5)
    a.add(
        "barrel" if own else "body",
        lathe(profile, 16).turned("x", 90 - rng.uniform(0, 15)).at(y=y + radius, z=-reach * 0.4),
    )
    a.add(
        "body",
        along(
            [(-reach * 0.6, 0.1), (-reach * 0.5, y * 0.8), (reach * 0.35, y), (reach * 0.4, 0.15)],
            radius * 2.2,
        ),
    )
    rim = cylinder(y * 0.55, 0.1, around=14).turned("z", 90)
    a.add("wheel", rim.at(x=radius * 1.1 + 0.12, y=y * 0.55).both_sides())
    a.afford("move", "wheel")
    return a
