"""What one plays and trains on: slides, swings, seesaws, weights to lift."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, lathe, sheet, slab, sweep, tube
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import both, facing, middle, towards
from partwise.datasets.world.mesh import Mesh, Number
from partwise.datasets.world.outlines import arc, curve, ellipse, rectangle, regular


def playground_slide(rng: np.random.Generator) -> Assembly:
    """Slides: a ladder and a straight or wavy chute, a tower with a roof, a small one of plastic."""
    a = Assembly("slide")
    kind = pick(rng, ("ladder", "tower", "plastic"), (4, 3, 3))
    high = rng.uniform(0.6, 0.9) if kind == "plastic" else rng.uniform(1.3, 2.2)
    wide, long = rng.uniform(0.4, 0.6), high * rng.uniform(1.3, 1.9)
    name = pick(rng, ("chute", "slide"))
    bump = pick(rng, (0.0, 0.0, 0.08)) * high
    run = [[0, high, 0], [0, high, 0.12], [0, high * 0.55 + bump, long * 0.42], [0, high * 0.2, long * 0.78]]
    path = curve([*run, [0, 0.12, long * 0.94], [0, 0.11, long * 1.05]], 20)
    _chute(a, rng, name, path, wide)
    landing = -(wide if kind != "ladder" else 0.25)
    a.add("platform", box(wide, 0.05, -landing + 0.03).at(y=high - 0.06, z=landing / 2))
    _slide_steps(a, rng, kind, (wide, high, landing))
    if kind == "tower":
        post = box(0.06, high + 0.9, 0.06).at(x=wide / 2, z=-0.03)
        a.add("post", (post + post.at(z=landing + 0.06)).both_sides())
        a.add("railing", box(0.03, 0.45, -landing - 0.04).at(x=wide / 2, y=high, z=landing / 2).both_sides())
        if chance(rng, 0.7):
            pitch = box(wide * 0.85, 0.03, -landing * 1.2).turned("z", -35).at(x=wide * 0.3, y=high + 0.98)
            a.add("roof", pitch.at(z=landing / 2).both_sides())
    elif kind == "ladder":
        prop = tube([[wide * 0.4, 0, long * 0.5], [wide * 0.4, high * 0.45 + bump, long * 0.5]], 0.025, 8)
        a.add("support" if chance(rng, 0.5) else "leg", prop.both_sides())
    bow = curve(
        [[0, high - 0.03, landing], [0, high + 0.4, landing], [0, high + 0.42, 0], [0, high + 0.05, 0.15]], 12
    )
    if kind != "tower":
        a.add(
            "handrail" if chance(rng, 0.6) else "handle", tube(bow, 0.018, 8).at(x=wide * 0.48).both_sides()
        )
    a.afford("ride", name, where=facing("y", softness=0.6))
    a.afford("sit", name, "platform", where=both(facing("y", softness=0.4), towards("y", high - 0.3, high)))
    a.afford("support", "step", "rung", "platform", where=facing())
    a.afford("grasp", "handrail", "handle", "ladder rail", "railing")
    return a


def _chute(
    a: Assembly, rng: np.random.Generator, name: str, path: Float[np.ndarray, "P 3"], wide: Number
) -> None:
    """A bed with two raised edges, or a round trough, along the path."""
    across = np.linspace(-0.5, 0.5, 7) * wide
    if chance(rng, 0.4):
        rise = np.abs(np.linspace(-1, 1, 7)) ** 3 * wide * rng.uniform(0.25, 0.4)
        grid = path[None] + np.stack([across, rise, np.zeros(7)], axis=1)[:, None]
        a.add(name, sheet(grid, 0.018))
        return
    grid = path[None] + np.stack([across, np.zeros(7), np.zeros(7)], axis=1)[:, None]
    a.add(name, sheet(grid, 0.02))
    tall = rng.uniform(0.1, 0.18)
    edge = sweep(np.add(path, [wide / 2, tall / 2 - 0.01, 0]), rectangle(0.025, tall))
    a.add("side" if chance(rng, 0.6) else name, edge.both_sides())


def _slide_steps(
    a: Assembly, rng: np.random.Generator, kind: str, size: tuple[Number, Number, Number]
) -> None:
    """A ladder of two rails and rungs or treads, or the closed steps of a plastic slide."""
    wide, high, z = size
    count = max(3, int(high / 0.27))
    slope = rng.uniform(0.15, 0.5) * high
    heights = np.arange(1, count + 1) * high / (count + 1)
    if kind == "plastic":
        a.add("step", *[box(wide, y, slope / count * 1.02).at(z=z - slope * (1 - y / high)) for y in heights])
        wall = tube([[wide / 2, 0.0, z - slope], [wide / 2, high, z]], 0.04, 4)
        a.add("ladder rail", wall.both_sides())
        return
    a.add("ladder rail", tube([[wide / 2, 0, z - slope], [wide / 2, high, z]], 0.022, 8).both_sides())
    round_one = chance(rng, 0.5)
    for y in heights:
        spot = z - slope * (1 - y / high)
        if round_one:
            a.add("rung", cylinder(0.016, wide, around=8).turned("z", -90).at(x=-wide / 2, y=y, z=spot))
        else:
            a.add("step", box(wide, 0.025, 0.12).at(y=y, z=spot))


def swing(rng: np.random.Generator) -> Assembly:
    """Swings: one to three seats under a frame, a tyre, a bench with a canopy, a plank on a bough."""
    a = Assembly("swing")
    kind = pick(rng, ("frame", "bench", "bare"), (5, 3, 2))
    high = rng.uniform(1.7, 2.4)
    if kind == "bench":
        _bench_swing(a, rng, high)
    else:
        count = int(pick(rng, (1, 2, 2, 3))) if kind == "frame" else 1
        wide, name = 0.75 * count + 0.3, pick(rng, ("rope", "chain"))
        thick = rng.uniform(0.03, 0.05)
        for index in range(count):
            _hung_seat(a, rng, name, (index - (count - 1) / 2) * 0.75, high)
        beam = cylinder(thick, wide, around=10).turned("z", -90).at(x=-wide / 2, y=high)
        a.add("crossbar" if kind == "frame" else "branch", beam)
        if kind == "frame":
            spread = high * rng.uniform(0.3, 0.4)
            prop = tube([[wide / 2, 0, spread], [wide / 2, high, 0]], thick * 0.85, 8)
            a.add("leg", prop.four_corners())
            if chance(rng, 0.5):
                y = high * rng.uniform(0.3, 0.5)
                half = spread * (1 - y / high)
                a.add("brace", box(0.04, 0.05, 2 * half).at(x=wide / 2, y=y).both_sides())
    a.afford("sit", "seat", "tyre", where=facing("y", softness=0.6))
    a.afford("ride", "seat", "tyre")
    a.afford("grasp", "rope", "chain", where=middle("y", 0.6, 1.2))
    a.afford("push", "seat", "tyre", "back", where=facing("z", -1, 0.6))
    a.afford("pull", "rope", "chain", where=middle("y", 0.6, 1.2))
    a.afford("support", "back", where=facing("z", softness=0.6))
    a.afford("lay", "seat", where=facing())
    return a


def _hung_seat(a: Assembly, rng: np.random.Generator, name: str, x: Number, high: Number) -> None:
    """One seat on two ropes or chains: board, sling, bucket or tyre, perhaps swung forward."""
    lean, low = rng.uniform(-20, 20), rng.uniform(0.35, 0.5)
    style = pick(rng, ("board", "sling", "bucket", "tyre"), (4, 3, 2, 2))
    half, drop = rng.uniform(0.18, 0.25), low - high

    def hung(mesh: Mesh) -> Mesh:
        return mesh.turned("x", lean).at(x=x, y=high)

    if style == "tyre":
        hoop = tube(arc(0.26, 0, 360, 19)[:-1], 0.075, 8, closed=True)
        a.add("tyre", hung(hoop.at(y=drop + 0.2)))
        a.add(name, hung(tube([[0, drop + 0.44, 0], [0, 0, 0]], 0.012, 6)))
        return
    top = drop + (0.22 if style == "bucket" else 0.02)
    line = tube([[half, top, 0], [half, 0, 0]], 0.012, 6)
    if name == "chain" and chance(rng, 0.5):
        link = tube(rectangle(0.04, 0.12, 0.02, 1) @ np.eye(2, 3), 0.007, 3, closed=True)
        spots = [(half, y, 0) for y in np.arange(top + 0.05, 0.02, 0.1)]
        line = link.copies(spots[::2]) + link.turned("y", 90).copies(spots[1::2])
    a.add(name, hung(line.both_sides()))
    if style == "board":
        a.add("seat", hung(box(half * 2 + 0.06, 0.025, 0.19, bevel=0.006).at(y=drop)))
    elif style == "sling":
        bow = curve([[-half, 0.03, 0], [-half * 0.6, -0.08, 0], [half * 0.6, -0.08, 0], [half, 0.03, 0]], 10)
        a.add("seat", hung(sweep(bow, rectangle(0.16, 0.012)).at(y=drop)))
    else:
        grid_x, t = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(0, 1, 5), indexing="ij")
        angle = np.pi * (grid_x * 0.5 + 0.5)
        back = np.stack([half * np.cos(angle), t * 0.24, -0.16 * np.sin(angle)], -1)
        a.add("back", hung(sheet(back, 0.012).at(y=drop)))
        a.add("seat", hung(slab(ellipse(half * 2, 0.34, 20), 0.025).at(y=drop)))
        a.add("safety bar", hung(box(half * 2, 0.03, 0.03).at(y=drop + 0.19, z=0.02)))


def _bench_swing(a: Assembly, rng: np.random.Generator, high: Number) -> None:
    """A garden bench that hangs in a frame, with cushions or slats, often under a canopy."""
    wide, low, deep = rng.uniform(1.1, 1.7), rng.uniform(0.4, 0.48), rng.uniform(0.42, 0.5)
    tall = rng.uniform(0.45, 0.6)
    count = int(rng.integers(4, 7))
    if chance(rng, 0.5):
        slat = box(wide, 0.02, deep / count * 0.8)
        a.add("slat", slat.row(count, z=deep / count).at(y=low), of="seat")
        upright = box(wide, tall / count * 0.8, 0.02).row(count, y=tall / count)
        a.add(
            "back slat", upright.at(y=tall * 0.45).turned("x", -12).at(y=low + 0.02, z=-deep / 2), of="back"
        )
        rail = tube(
            [[0, low - 0.01, deep / 2], [0, low - 0.01, -deep / 2], [0, low + tall, -deep / 2 - 0.13]],
            0.018,
            6,
        )
        a.add("frame", rail.copies([(-wide * 0.35, 0, 0), (wide * 0.35, 0, 0), (0, 0, 0)]))
    else:
        a.add("seat", box(wide, 0.09, deep, bevel=0.02).at(y=low))
        a.add("back", box(wide, tall, 0.08, bevel=0.02).turned("x", -12).at(y=low + 0.05, z=-deep / 2))
    a.add("arm", box(0.05, 0.03, deep).at(x=wide / 2, y=low + 0.22).both_sides())
    a.add("arm", box(0.04, 0.24, 0.04).at(x=wide / 2, y=low, z=deep * 0.4).both_sides())
    name = pick(rng, ("chain", "rope"))
    line = tube([[0, low + 0.02, deep * 0.4], [0, high, 0]], 0.01, 6) + tube(
        [[0, low + 0.02, -deep * 0.45], [0, high, 0]], 0.01, 6
    )
    a.add(name, line.at(x=wide / 2 + 0.02).both_sides())
    span, spread = wide + 0.5, high * 0.34
    a.add("crossbar", cylinder(0.03, span, around=10).turned("z", -90).at(x=-span / 2, y=high))
    a.add("leg", tube([[span / 2, 0, spread], [span / 2, high, 0]], 0.026, 8).four_corners())
    a.add("brace", box(0.04, 0.04, spread * 1.9).at(x=span / 2, y=0.03).both_sides())
    if chance(rng, 0.6):
        grid_x, t = np.meshgrid([-span / 2, span / 2], np.linspace(-1, 1, 7), indexing="ij")
        cloth = np.stack([grid_x, high + 0.1 - 0.12 * t**2, t * spread], -1)
        a.add("canopy", sheet(cloth, 0.02))


def seesaw(rng: np.random.Generator) -> Assembly:
    """Seesaws: a plank on a frame or a log, seats with handles on springs, one with animals' heads."""
    a = Assembly("seesaw")
    long, wide = rng.uniform(1.6, 3.0), rng.uniform(0.18, 0.3)
    high, lean = rng.uniform(0.35, 0.6), pick(rng, (-1, 0, 1)) * rng.uniform(6, 13)
    thick = rng.uniform(0.04, 0.07)
    name = pick(rng, ("plank", "board", "beam"))
    bar = tube([[-long / 2, thick / 2, 0], [long / 2, thick / 2, 0]], thick * 0.8, 10)
    moving: list[tuple[str, Mesh]] = [(name, box(long, thick, wide) if name != "beam" else bar)]
    x = long / 2 - 0.22
    if name == "beam" or chance(rng, 0.5):
        disc, board = slab(ellipse(0.34, 0.3, 20), 0.05, bevel=0.012), box(0.34, 0.04, 0.28, bevel=0.01)
        moving.append(("seat", pick(rng, (disc, board)).at(x=x + 0.04, y=thick * 0.95).both_sides()))
        if chance(rng, 0.4):
            back = box(0.03, 0.26, 0.26, bevel=0.01).turned("z", -10).at(x=x + 0.2, y=thick + 0.03)
            moving.append(("back", back.both_sides()))
    bow = [[0, 0, -0.12], [0, 0.26, -0.12], [0, 0.26, 0.12], [0, 0, 0.12]]
    if chance(rng, 0.5):
        post = tube([[0, 0, 0], [0, 0.28, 0]], 0.018, 8) + cylinder(0.015, 0.3, around=8).turned("x", 90).at(
            y=0.28, z=-0.15
        )
    else:
        post = tube(curve(bow, 14), 0.015, 8)
    moving.append(("handle", post.at(x=x - 0.26, y=thick * 0.9).both_sides()))
    if chance(rng, 0.35):
        outline = np.array(
            [(0, 0), (0.1, 0), (0.12, 0.25), (0.28, 0.3), (0.27, 0.4), (0.1, 0.48), (0.0, 0.4)]
        )
        head = slab(outline, 0.05).turned("x", -90).at(z=0.025).turned("y", 180)
        moving.append(("head", head.at(x=x - 0.28, y=thick * 0.9).both_sides()))
    for word, mesh in moving:
        a.add(word, mesh.turned("z", lean).at(y=high))
    _fulcrum(a, rng, wide, high)
    if chance(rng, 0.4):
        y = high + np.sin(np.radians(abs(lean))) * -long * 0.45
        size = float(min(0.24, max(0.12, y)))
        rubber = tube(arc(size * 0.7, 0, 180, 9), size * 0.3, 8)
        a.add("tyre", rubber.at(x=long * 0.44).both_sides())
    seated = any(word == "seat" for word, _ in moving)
    a.afford("ride", "seat" if seated else name)
    a.afford("sit", "seat", where=facing("y", softness=0.5))
    if not seated:
        for end in (-long / 2, long / 2):
            a.afford("sit", name, where=both(facing("y", softness=0.5), towards("x", end * 0.5, end * 0.9)))
    a.afford("grasp", "handle")
    a.afford("push", "seat", "plank", "board", where=towards("x", long * 0.3, long * 0.5))
    a.afford("pull", "handle")
    a.afford("support", "back")
    return a


def _fulcrum(a: Assembly, rng: np.random.Generator, wide: Number, high: Number) -> None:
    """What it rocks on: two triangles with an axle, a log, a post with springs."""
    style = pick(rng, ("trestle", "log", "spring"))
    if style == "trestle":
        prop = tube([[0.22, 0, 0], [0, high, 0]], 0.025, 6).both_sides()
        a.add("stand" if chance(rng, 0.5) else "leg", prop.row(2, z=wide + 0.14))
        a.add("axle", cylinder(0.02, wide + 0.2, around=10).turned("x", 90).at(y=high, z=-wide / 2 - 0.1))
    elif style == "log":
        a.add(
            "base",
            cylinder(high / 2 + 0.01, wide * 1.8, around=16).turned("x", 90).at(y=high / 2, z=-wide * 0.9),
        )
    else:
        a.add("base", box(0.5, 0.05, wide * 1.6))
        path = arc(0.07, 0, 360 * 5, 60)[:, [0, 2, 1]]
        path[:, 1] = np.linspace(0.04, high + 0.01, 60)
        a.add("spring", tube(path, 0.014, 6).at(x=0.11).both_sides())


def weights(rng: np.random.Generator) -> Assembly:
    """What one lifts: dumbbells, barbells with plates, a bench with its bar on two forks, kettlebells."""
    kind = pick(rng, ("dumbbell", "barbell", "bench", "kettlebell"), (4, 2, 3, 2))
    a = Assembly({"bench": "weight bench"}.get(kind, kind))
    if kind == "kettlebell":
        size = rng.uniform(0.16, 0.24)
        shape = [
            (size * 0.3, 0),
            (size * 0.5, size * 0.35),
            (size * 0.45, size * 0.65),
            (size * 0.2, size * 0.85),
        ]
        name = pick(rng, ("weight", "body"))
        a.add(name, lathe(curve(shape, 9), max(12, roundness(rng))))
        bow = [[-size * 0.25, size * 0.68, 0], [-size * 0.36, size * 1.05, 0], [0, size * 1.25, 0]]
        bow = curve(bow + [[-x, y, z] for x, y, z in bow[1::-1]], 16)
        a.add("handle", tube(bow, size * 0.075, 8))
        if chance(rng, 0.4):
            disc = cylinder(size * 0.2, 0.01, around=16).turned("x", 90).at(y=size * 0.45, z=size * 0.48)
            a.add("label", disc)
    elif kind == "dumbbell":
        _bar_with_weights(a, rng, rng.uniform(0.2, 0.4), "handle")
    elif kind == "barbell":
        _bar_with_weights(a, rng, rng.uniform(1.2, 1.9), "bar")
    else:
        _weight_bench(a, rng)
    a.afford("grasp", "handle", "bar", where=middle("x", -0.25, 0.25))
    a.afford("lift", "handle", "bar", where=middle("x", -0.35, 0.35))
    a.afford("carry", "handle")
    a.afford("wrapgrasp", "handle")
    a.afford("lay", "seat", where=facing())
    a.afford("sit", "seat", where=facing())
    a.afford("support", "rack", "back")
    a.afford("push", "weight", "plate", where=middle("y", -1, 2))
    return a


def _bar_with_weights(
    a: Assembly, rng: np.random.Generator, long: Number, name: str, y: Number | None = None, z: Number = 0.0
) -> None:
    """A bar along x with weights at its ends: six-sided or round heads, balls, or plates with collars."""
    small = name == "handle"
    style = pick(rng, ("hex", "round", "ball", "plates", "plates")) if small else "plates"
    radius = long * rng.uniform(0.16, 0.28) if small else rng.uniform(0.14, 0.22)
    thin = 0.015 if small else 0.013
    if style in ("hex", "round", "ball"):
        deep = long * rng.uniform(0.24, 0.32)
        outline = regular(6, 1.0) if style == "hex" else max(12, roundness(rng))
        body = ball(radius * 1.8, around=14).at(y=deep / 2)
        if style != "ball":
            body = lathe(
                [(radius * 0.85, 0), (radius, deep * 0.15), (radius, deep * 0.85), (radius * 0.85, deep)],
                outline,
            )
        heads = [("weight", body.at(y=long / 2 - deep))]
        inside = long / 2 - deep
    else:
        heads, at = [], long / 2 - (long * 0.04 if small else 0.03)
        count = int(pick(rng, (1, 2, 3)))
        plates = np.sort(rng.uniform(0.55, 1.0, count))
        for share in plates:
            deep = (long * 0.07 if small else 0.04) * rng.uniform(0.7, 1.0)
            at -= deep
            disc = [(thin, 0), (radius * share, deep * 0.1), (radius * share, deep * 0.9), (thin, deep)]
            heads.append(("plate", lathe(disc, max(14, roundness(rng))).at(y=at)))
        inside = at
        stop = cylinder(thin * 2, 0.02 if small else 0.03, around=int(pick(rng, (6, 10)))).at(
            y=long / 2 - long * 0.04
        )
        heads.append((pick(rng, ("collar", "nut", "screw")), stop))
    y = radius if y is None else y
    a.add(name, cylinder(thin, long, around=10).turned("z", -90).at(x=-long / 2, y=y, z=z))
    for word, mesh in heads:
        a.add(word, mesh.turned("z", -90).at(y=y, z=z).both_sides())
    if chance(rng, 0.5):
        sleeve = cylinder(thin * 1.35, min(inside * 1.2, 0.5), around=10).turned("z", -90)
        a.add("grip", sleeve.at(x=-min(inside * 1.2, 0.5) / 2, y=y, z=z), of=name)
        a.afford("grasp", "grip")


def _weight_bench(a: Assembly, rng: np.random.Generator) -> None:
    """A padded bench under a bar that lies on two forks; the back may be raised."""
    low, wide, long = rng.uniform(0.4, 0.48), rng.uniform(0.25, 0.32), rng.uniform(1.0, 1.2)
    raised = pick(rng, (0.0, 0.0, 1.0)) * rng.uniform(15, 50)
    a.add("seat", box(wide, 0.07, long * 0.4, bevel=0.02).at(y=low, z=long * 0.3))
    pad = box(wide, 0.07, long * 0.6, bevel=0.02).at(z=-long * 0.3)
    a.add("back" if chance(rng, 0.6) else "seat", pad.turned("x", raised).at(y=low, z=long * 0.1))
    a.add("frame", box(0.06, 0.06, long * 0.95).at(y=low - 0.06))
    for z in (-long * 0.42, long * 0.42):
        a.add("leg", box(0.05, low - 0.05, 0.05).at(z=z), box(0.5, 0.045, 0.05).at(z=z))
    half, high = rng.uniform(0.36, 0.48), low + rng.uniform(0.5, 0.7)
    z = -long * 0.45
    a.add("rack" if chance(rng, 0.5) else "post", box(0.05, high, 0.05).at(x=half, z=z).both_sides())
    a.add("frame", box(2 * half, 0.05, 0.05).at(y=low - 0.06, z=z))
    hook = tube(
        [[half, high - 0.02, z], [half, high - 0.02, z + 0.07], [half, high + 0.05, z + 0.09]], 0.015, 6
    )
    a.add("hook", hook.both_sides())
    _bar_with_weights(a, rng, 2 * half + rng.uniform(0.5, 0.8), "bar", high + 0.007, z + 0.04)
