"""Where water runs: faucet, sink, toilet, bathtub, shower."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.build import ball, box, cylinder, frame, lathe, ring, slab, tray, tube, vessel
from partwise.datasets.world.dice import chance, pick, roundness
from partwise.datasets.world.fields import both, facing, inward, towards
from partwise.datasets.world.fronts import bar
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.outlines import curve, ellipse, rectangle, squircle


def _spout(rng: np.random.Generator, reach: Number, rise: Number, thick: Number) -> Mesh:
    """A water pipe from the origin up and forward (+z): swan neck, straight arm or right angle."""
    style = pick(rng, ("swan", "arm", "angle"), (4, 2, 2))
    if style == "swan":
        path = curve(
            [
                [0, 0, 0],
                [0, rise * 0.7, 0],
                [0, rise, reach * 0.5],
                [0, rise * 0.7, reach],
                [0, rise * 0.5, reach],
            ],
            18,
        )
    elif style == "arm":
        path = np.array([[0, 0, 0], [0, rise * 0.5, reach * 0.95], [0, rise * 0.35, reach]])
    else:
        path = np.array([[0, 0, 0], [0, rise, 0], [0, rise, reach], [0, rise * 0.8, reach]])
    return tube(path, thick, int(pick(rng, (4, 8, 12))))


def _tap_handle(rng: np.random.Generator, size: Number) -> Mesh:
    """A grip to turn, standing on y = 0: lever, cross, round or capstan."""
    style = pick(rng, ("lever", "cross", "round", "bulb"))
    stem = cylinder(size * 0.3, size * 0.7, around=10)
    if style == "lever":
        blade = box(size * 0.5, size * 0.25, size * 2.6, bevel=size * 0.1).at(z=size * 1.1)
        return join([stem, blade.turned("x", -rng.uniform(0, 25)).at(y=size * 0.6)])
    if style == "cross":
        rod = cylinder(size * 0.18, size * 2.2, around=8).at(y=-size * 1.1).turned("z", 90)
        return join([stem, rod.at(y=size * 0.7), rod.turned("y", 90).at(y=size * 0.7)])
    if style == "round":
        return join(
            [stem, cylinder(size * 0.8, size * 0.7, size * 0.65, around=roundness(rng)).at(y=size * 0.5)]
        )
    line = curve([[size * 0.3, 0], [size * 0.5, size], [size * 0.3, size * 1.8], [0.0, size * 2.2]], 9)
    return lathe(line, roundness(rng))


def tap(rng: np.random.Generator, scale: Number, names: tuple[str, str, str]) -> list[Piece]:
    """A tap at the origin, its parts called (base, spout, handle): one, two or no grips."""
    (base, spout, handle), pieces = names, []
    thick, rise, reach = 0.013 * scale, rng.uniform(0.08, 0.28) * scale, rng.uniform(0.1, 0.22) * scale
    around, size = roundness(rng), rng.uniform(0.014, 0.024) * scale
    low = rng.uniform(0.03, 0.1) * scale
    pieces.append(Piece(base, cylinder(thick * rng.uniform(1.3, 1.9), low, thick * 1.3, around=around)))
    if chance(rng, 0.5):
        pieces.append(Piece(base, cylinder(thick * 2.4, 0.008 * scale, around=around)))
    pieces.append(Piece(spout, _spout(rng, reach, rise, thick * rng.uniform(0.7, 1.0)).at(y=low * 0.9)))
    grip, style = _tap_handle(rng, size), pick(rng, ("two", "side", "top", "bridge"), (3, 2, 2, 2))
    if style == "side":
        pieces.append(Piece(handle, grip.turned("z", -90).at(x=thick * 1.4, y=low * 0.6)))
    elif style == "top":
        pieces.append(Piece(handle, grip.turned("x", -50).at(y=low * 0.9, z=-thick)))
    else:
        far = rng.uniform(0.05, 0.1) * scale
        if style == "bridge":
            pieces.append(
                Piece(
                    base, cylinder(thick * 0.8, 2 * far, around=10).at(y=-far).turned("z", 90).at(y=low * 0.6)
                )
            )
        post = cylinder(thick * 1.1, low * 0.8, around=around).at(x=far)
        pieces.append(Piece(base, post.both_sides()))
        pieces.append(Piece(handle, grip.at(x=far, y=low * 0.78).both_sides()))
    return pieces


def faucet(rng: np.random.Generator) -> Assembly:
    """Kitchen and bath taps with one or two handles; a lever on a post with a head."""
    a = Assembly("faucet")
    if chance(rng, 0.2):  # a simple mixer: a head on a post, its long handle to the side
        radius, high = rng.uniform(0.02, 0.035), rng.uniform(0.08, 0.2)
        a.add("base", cylinder(radius * 2, 0.02, around=20), cylinder(radius * 0.8, high, around=16))
        a.add("head", cylinder(radius * 1.4, radius * 2.5, around=roundness(rng)).at(y=high))
        reach = rng.uniform(0.1, 0.2)
        grip = cylinder(radius * 0.5, reach, radius * 0.8, around=12).turned("x", 90 + rng.uniform(-20, 20))
        a.add("handle", grip.turned("y", rng.uniform(0, 360)).at(y=high + radius))
    else:
        a.put(tap(rng, 1.0, ("base", "spout", pick(rng, ("handle", "handle", "lever")))))
    a.afford("grasp", "handle", "lever")
    a.afford("open", "handle", "lever")
    a.afford("push", "handle", "lever")
    return a


def sink(rng: np.random.Generator) -> Assembly:
    """Wash basins on a column, on the wall or in a cupboard, with a tap and a drain."""
    a = Assembly("sink")
    width, depth, high = rng.uniform(0.45, 0.8), rng.uniform(0.38, 0.55), rng.uniform(0.75, 0.95)
    deep = rng.uniform(0.12, 0.2)
    style = pick(rng, ("column", "wall", "cupboard"))
    if style == "cupboard":
        a.add("body", tray(width * 1.3, high - 0.03, depth, 0.02))
        face = box(width * 0.62, (high - deep) * 0.85, 0.02).row(2, x=width * 0.64)
        a.add("door", face.at(y=(high - deep) * 0.08, z=depth / 2 + 0.01))
        if chance(rng, 0.7):
            pull = bar(rng, 0.12, 0.03).row(2, x=0.12)
            a.add("handle", pull.at(y=(high - deep) * 0.7, z=depth / 2 + 0.02))
        hole = rectangle(width * 0.8, depth * 0.6, 0.03)
        outer = rectangle(width * 1.36, depth * 1.06, 0.005)
        a.add("countertop", ring(outer, hole, 0.03).turned("x", -90).at(y=high - 0.015))
        a.add("basin", tray(width * 0.8, deep, depth * 0.6, 0.008).at(y=high - deep))
    else:
        outline = pick(rng, (ellipse(1.0, depth / width, 24), squircle(1.0, depth / width, 5, 24)))
        line = curve([[width * 0.2, 0], [width * 0.42, deep * 0.5], [width * 0.5, deep]], 7)
        a.add("basin", vessel(line, 0.02, outline).at(y=high - deep))
        if style == "column":
            a.add("base", lathe([(0.11, 0), (0.075, 0.1), (0.07, high - deep)], roundness(rng)).at(z=-0.04))
    a.add("drain", cylinder(0.03, 0.012, around=12).at(y=high - deep + 0.016))
    pieces = tap(rng, 1.0, ("faucet", "faucet", "faucet" if chance(rng, 0.5) else "lever"))
    a.put(pieces, y=high - 0.01, z=-depth * 0.4)
    a.afford("contain", "basin", where=inward())
    a.afford("open", "lever", "handle")
    a.afford("support", "countertop", where=facing())
    return a


def toilet(rng: np.random.Generator) -> Assembly:
    """Toilets: bowl, seat, lid up or down, tank with a button or lever."""
    a = Assembly("toilet")
    width, long, high = rng.uniform(0.34, 0.42), rng.uniform(0.45, 0.58), rng.uniform(0.36, 0.44)
    power = pick(rng, (2.2, 3.0, 8.0))
    outline = squircle(width, long, power, 24)  # full size, so the profile below goes up to 0.5
    boxy = chance(rng, 0.2)
    foot_share = rng.uniform(0.45, 0.8)
    line = [(0.5 * foot_share, 0), (0.5 * foot_share * 0.9, high * 0.4), (0.5, high * 0.8), (0.5, high)]
    a.add("bowl", vessel(np.array(line), 0.14 * 0.5, outline))
    if boxy:
        a.add("bowl", box(width * 0.6, high * 0.6, long * 0.7).at(z=-long * 0.15))
    y, inner = high, outline * 0.66
    if chance(rng, 0.7):
        a.add("seat", ring(outline * 1.03, inner, 0.025).turned("x", 90).at(y=y + 0.0125))
        y += 0.026
    cover = slab(outline * 1.03, 0.022, bevel=0.006).at(z=long / 2)
    angle = pick(rng, (0.0, 0.0, 95.0, rng.uniform(20, 100)))
    a.add("lid", cover.turned("x", -angle).at(y=y, z=-long / 2))
    tank_high = rng.uniform(0.3, 0.42)
    if chance(rng, 0.85):
        name = "tank" if chance(rng, 0.8) else "bowl"
        deep = rng.uniform(0.15, 0.22)
        z = -long / 2 - deep / 2 - 0.03
        a.add(
            name,
            box(width * 1.1, tank_high, deep, bevel=0.015).at(y=high * 0.9, z=z),
            box(width * 0.5, high * 0.9, deep).at(z=z),
        )
        a.add(name, box(width * 1.15, 0.03, deep * 1.1, bevel=0.008).at(y=high * 0.9 + tank_high, z=z))
        top = high * 0.9 + tank_high + 0.03
        if chance(rng, 0.5):
            a.add("button", cylinder(0.03, 0.016, around=14).at(y=top, z=z))
        else:
            a.add(
                "lever",
                box(0.1, 0.025, 0.025, bevel=0.005).at(x=-width * 0.35, y=top - 0.1, z=z + deep / 2 + 0.02),
            )
    a.afford("sit", "seat", "lid", where=facing())
    a.afford("open", "lid", where=facing())
    a.afford("press", "button", "lever")
    a.afford("contain", "bowl", where=inward())
    return a


def bathtub(rng: np.random.Generator) -> Assembly:
    """Bathtubs: built in as a block, free-standing, on feet; with a tap, a drain, a rim."""
    a = Assembly("bathtub")
    width, long, high = rng.uniform(0.65, 0.9), rng.uniform(1.4, 1.9), rng.uniform(0.45, 0.62)
    outline = squircle(1.0, width / long, pick(rng, (2.5, 4.0, 12.0)), 32)
    lift = 0.0
    if chance(rng, 0.4):
        lift = rng.uniform(0.06, 0.14)
        claw = ball(0.1, lift * 1.5, 0.1, around=8).at(y=lift * 0.7)
        a.add("foot", claw.at(x=long * 0.33, z=width * 0.3).four_corners())
    flare = rng.uniform(0.75, 0.98)
    line = curve([[long * 0.45 * flare, 0], [long * 0.48, high * 0.5], [long * 0.5, high]], 6)
    a.add("body", vessel(line, rng.uniform(0.03, 0.07), outline).at(y=lift))
    if chance(rng, 0.5):
        edge = np.stack([outline[:, 0] * long, np.full(32, lift + high), outline[:, 1] * long], 1)
        a.add("rim", tube(edge, 0.03, 6, closed=True), of="body")
    a.add("drain", cylinder(0.035, 0.015, around=12).at(x=long * 0.3, y=lift + 0.06))
    pieces = tap(rng, 1.2, ("faucet", "faucet", "faucet" if chance(rng, 0.5) else "lever"))
    turned = [piece.changed(lambda mesh: mesh.turned("y", -90)) for piece in pieces]
    a.put(turned, x=long * 0.47, y=lift + high)
    a.afford("contain", "body", where=inward())
    a.afford("sit", "body", where=both(inward(), towards("y", lift + 0.3, lift + 0.05)))
    a.afford("open", "lever")
    return a


def shower(rng: np.random.Generator) -> Assembly:
    """Shower cabins: tray, glass walls in a frame, a door with a handle, a shower head."""
    a = Assembly("shower")
    width, depth, high = rng.uniform(0.75, 1.1), rng.uniform(0.75, 1.0), rng.uniform(1.8, 2.2)
    step, thick = rng.uniform(0.05, 0.2), rng.uniform(0.015, 0.04)
    a.add("body", tray(width, step, depth, 0.05))
    post = box(thick, high, thick).at(x=width / 2 - thick, z=depth / 2 - thick).four_corners()
    a.add("body", post, box(width, high, 0.02).at(z=-depth / 2))
    pane = box(0.008, high - step, depth - 2 * thick).at(x=width / 2 - thick, y=step)
    a.add("glass", pane.both_sides() if chance(rng, 0.6) else pane)
    half = pick(rng, (0.5, 1.0))
    leaf_width = (width - 2 * thick) * half
    framed = chance(rng, 0.5)
    leaf = box(leaf_width, high - step, 0.01)
    if framed:
        leaf = frame(leaf_width, high - step, thick, thick).at(y=(high - step) / 2)
    angle = rng.uniform(20, 90) if chance(rng, 0.3) else 0.0
    parts = [("door", leaf)]
    if framed:
        parts.append(("glass", box(leaf_width - 2 * thick, high - step - 2 * thick, 0.006).at(y=thick)))
    parts.append(
        ("handle", bar(rng, rng.uniform(0.15, 0.5), 0.05).at(x=leaf_width * 0.42, y=high * 0.45, z=0.01))
    )
    for name, mesh in parts:
        turned = (
            mesh.at(x=leaf_width / 2).turned("y", -angle).at(x=thick - width / 2, y=step, z=depth / 2 - thick)
        )
        a.add(name, turned)
    if half < 1:
        a.add("glass", box(leaf_width, high - step, 0.008).at(x=width / 4, y=step, z=depth / 2 - thick))
    path = curve([[0, 0, 0], [0, 0.12, 0.05], [0, 0.1, 0.22]], 8)
    a.add(
        "pole",
        cylinder(0.013, high * 0.5, around=8).at(y=high * 0.45, z=0.05 - depth / 2),
        tube(np.add(path, [0, high * 0.92, 0.05 - depth / 2]), 0.012, 6),
    )
    a.add(
        "shower head",
        lathe([(0.08, 0), (0.08, 0.012), (0.02, 0.04)], 16).at(y=high * 0.99, z=0.27 - depth / 2),
    )
    a.afford("open", "handle", "door")
    a.afford("pull", "handle")
    return a
