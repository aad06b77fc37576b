"""Machines that print, sell and reckon: printer, vending machine, cash register."""

from __future__ import annotations

import numpy as np

from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.bodywork import along
from partwise.datasets.world.build import ball, box, carcass, cylinder, lathe, tray
from partwise.datasets.world.dice import chance, pick
from partwise.datasets.world.fields import facing
from partwise.datasets.world.fronts import bar, key, turn_knob
from partwise.datasets.world.mesh import Number
from partwise.datasets.world.pieces import cable, foot
from partwise.datasets.world.riding import rod


def printer(rng: np.random.Generator) -> Assembly:
    """Printers: low ones with a lid to scan under, boxes with paper behind, copiers on drawers."""
    kind = pick(rng, ("scanner", "upright", "copier"), (4, 3, 3))
    a = Assembly("printer" if kind != "copier" else "copier")
    wide, deep = rng.uniform(0.38, 0.48), rng.uniform(0.3, 0.4)
    high, low = rng.uniform(0.14, 0.22), 0.0
    bevel = pick(rng, (0.0, 0.008, 0.02))
    if kind == "copier":
        wide, deep, high = wide * 1.3, deep * 1.5, 0.3
        count = int(rng.integers(2, 5))
        for index in range(count):
            a.add("drawer", box(wide * 0.94, 0.14, 0.03).at(y=index * 0.15 + 0.06, z=deep / 2))
            grip = bar(rng, wide * 0.3, 0.03).turned("z", 90)
            a.add("handle", grip.at(y=index * 0.15 + 0.15, z=deep / 2 + 0.014))
        low = count * 0.15 + 0.06
        a.add("base", box(wide, low, deep, bevel=bevel))
    gap = high * 0.35
    a.add(
        "body",
        box(wide, gap, deep, bevel=bevel).at(y=low),
        box(wide, high * 0.35, deep, bevel=bevel).at(y=low + high * 0.65),
    )
    a.add("body", box(wide, high * 0.32, deep * 0.6).at(y=low + high * 0.34, z=-deep * 0.2))
    top = low + high
    a.add("output tray", box(wide * 0.6, 0.01, deep * 0.55).turned("x", -6).at(y=low + gap, z=deep * 0.45))
    if chance(rng, 0.6):
        a.add("paper", box(0.21, 0.012, 0.26).turned("x", -6).at(y=low + gap + 0.008, z=deep * 0.42))
    if kind == "upright" or chance(rng, 0.3):
        lean = rng.uniform(10, 30)
        a.add("paper tray", box(wide * 0.62, 0.2, 0.012).turned("x", -lean).at(y=top - 0.02, z=-deep * 0.4))
        a.add("paper", box(0.2, 0.24, 0.01).turned("x", -lean).at(y=top - 0.02, z=-deep * 0.37))
    if kind != "upright":
        _scanner(a, rng, (wide, deep), top)
    elif chance(rng, 0.7):
        a.add("drawer", box(wide * 0.7, 0.05, 0.02).at(y=0.01, z=deep / 2))
    _printer_panel(a, rng, (wide, high, deep), low)
    if chance(rng, 0.4) and kind != "copier":
        a.add("cable", cable(rng, (wide * 0.3, 0.03, -deep / 2), rng.uniform(0.2, 0.35)))
    if chance(rng, 0.5):
        a.add("foot", foot(rng, 0.015, 0.03).at(x=wide * 0.4, y=-0.014, z=deep * 0.4).four_corners())
    a.afford("press", "button")
    a.afford("open", "lid", "drawer")
    a.afford("lift", "lid")
    a.afford("pull", "drawer", "handle", where=facing("z"))
    a.afford("grasp", "handle", "paper")
    a.afford("contain", "output tray", "paper tray", where=facing(softness=0.7))
    a.afford("support", "glass", where=facing())
    a.afford("display", "display")
    return a


def _scanner(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number], top: Number) -> None:
    """The glass on a printer of (width, depth) at the height `top`, and its lid, shut or raised."""
    wide, deep = size
    angle = pick(rng, (0.0, 0.0, rng.uniform(15, 70)))
    lid = box(wide * 0.98, 0.03, deep * 0.9, bevel=0.006).at(z=deep * 0.45)
    a.add("glass", box(wide * 0.7, 0.006, deep * 0.6).at(y=top - 0.002, z=-deep * 0.04))
    a.add("lid", lid.turned("x", -angle).at(y=top, z=-deep * 0.46))
    a.add(
        "hinge",
        cylinder(0.012, 0.05, around=10)
        .turned("z", 90)
        .at(0.025, top + 0.006, -deep * 0.47)
        .row(2, x=wide * 0.5),
    )


def _printer_panel(
    a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number], low: Number
) -> None:
    """Buttons in front of a printer of (width, height, depth) that stands at `low`; a display, a panel."""
    wide, high, deep = size
    panel_y, z = low + high * 0.82, deep / 2
    if chance(rng, 0.5):
        a.add(
            "panel",
            box(wide * 0.5, high * 0.26, 0.03).turned("x", -20).at(-wide * 0.2, panel_y - high * 0.12, z),
        )
        z += 0.012
    if chance(rng, 0.7):
        a.add(
            "display",
            box(wide * 0.16, high * 0.2, 0.012)
            .turned("x", -10)
            .at(-wide * 0.3, panel_y - high * 0.09, z + 0.006),
        )
    count = int(rng.integers(2, 6))
    a.add("button", key(rng, 0.018, 0.016).row(count, x=0.026).at(-wide * 0.08, panel_y, z + 0.004))


def vending_machine(rng: np.random.Generator) -> Assembly:
    """Vending machines: shelves behind a pane, a picture with keys beside it, a ball of sweets with a crank."""
    kind = pick(rng, ("snacks", "drinks", "sweets"), (4, 3, 3))
    a = Assembly("vending machine" if kind != "sweets" else "gumball machine")
    if kind == "sweets":
        _sweets(a, rng)
    else:
        _cabinet(a, rng, kind == "snacks")
    a.afford("press", "button")
    a.afford("push", "flap", where=facing("z"))
    a.afford("open", "flap", "lid", "door")
    a.afford("grasp", "crank", "knob", "handle")
    a.afford("pull", "handle")
    a.afford("contain", "globe", "shelf", where=facing(softness=0.7))
    a.afford("display", "display", "sign")
    return a


def _sweets(a: Assembly, rng: np.random.Generator) -> None:
    """A ball or a box of glass on a foot, a lid on it, a crank, a slot and a flap in front."""
    size, low = rng.uniform(0.16, 0.24), rng.uniform(0.1, 0.2)
    tall = pick(rng, (0.0, rng.uniform(0.5, 0.8)))
    if tall:
        a.add("base", lathe([(size * 0.8, 0), (size * 0.7, 0.03), (0.03, 0.05)], 20))
        a.add(pick(rng, ("pole", "stand")), cylinder(0.025, tall, around=12).at(y=0.02))
    square = chance(rng, 0.35)
    trunk = (
        box(size * 1.3, low, size * 1.1, bevel=0.01)
        if square
        else cylinder(size * 0.75, low, size * 0.5, around=20)
    )
    a.add("body", trunk.at(y=tall))
    y = tall + low
    a.add(
        "globe",
        (
            box(size * 1.2, size * 1.3, size * 1.05)
            if square
            else ball(size * 1.5, around=18).at(y=size * 0.62)
        ).at(y=y - 0.005),
    )
    top = y + size * (1.29 if square else 1.34)
    a.add("lid", cylinder(size * 0.42, 0.04, size * 0.3, around=18).at(y=top - 0.015))
    if chance(rng, 0.6):
        a.add("knob", ball(size * 0.2, around=10).at(y=top + 0.03))
    z = size * (0.55 if square else 0.6)
    a.add("plate", box(size * 0.7, low * 0.65, 0.03, bevel=0.004).at(y=tall + low * 0.3, z=z - 0.01))
    turn = rng.uniform(-40, 40)
    grip = box(size * 0.36, 0.02, 0.02, bevel=0.004).at(y=-0.01, z=0.035).turned("z", turn)
    a.add("crank", (cylinder(0.022, 0.04, around=14).turned("x", 90) + grip).at(y=tall + low * 0.6, z=z))
    a.add("coin slot", box(0.03, 0.012, 0.016, bevel=0.002).at(size * 0.2, tall + low * 0.8, z))
    a.add("flap", box(size * 0.3, low * 0.24, 0.014).turned("x", -20).at(y=tall + low * 0.06, z=z + 0.012))


def _cabinet(a: Assembly, rng: np.random.Generator, snacks: bool) -> None:
    """The tall case: goods on shelves behind a pane, or a lit front with keys for each drink."""
    wide, high, deep = rng.uniform(0.75, 1.1), rng.uniform(1.65, 1.95), rng.uniform(0.6, 0.85)
    split, low = wide * rng.uniform(0.66, 0.74), high * 0.24
    x, f = (split - wide) / 2 + 0.02, deep / 2
    if snacks:
        room = high - low - 0.1
        a.add("body", carcass(split, room, deep, 0.04).at(x=x, y=low))
        a.add("body", box(wide, low, deep), box(wide, 0.1, deep).at(y=high - 0.1))
        a.add("body", box(wide - split - 0.02, room, deep).at(x=x + wide / 2, y=low))
        rows, columns = int(rng.integers(3, 6)), int(rng.integers(3, 6))
        step, cell = room / rows, (split - 0.1) / columns
        a.add(
            "shelf",
            box(split - 0.08, 0.02, deep * 0.8).row(rows, y=step).at(x, low + room / 2 - step * 0.45, -0.02),
        )
        item = (
            box(cell * 0.6, step * 0.55, 0.14, bevel=0.01)
            if chance(rng, 0.5)
            else lathe([(cell * 0.28, 0), (cell * 0.28, step * 0.45), (cell * 0.1, step * 0.65)], 10)
        )
        a.add(
            "goods",
            item.row(columns, x=cell).row(rows, y=step).at(x, low + room / 2 - step * 0.45 + 0.02, f * 0.6),
        )
        a.add(
            pick(rng, ("glass", "window")),
            box(split - 0.06, room - 0.04, 0.012).at(x=x, y=low + 0.02, z=f - 0.01),
        )
    else:
        a.add("body", box(wide, high, deep, bevel=pick(rng, (0.0, 0.03))))
        a.add("sign", box(split, high * 0.66, 0.03, bevel=0.008).at(x=x, y=low + 0.03, z=f))
    out = x + wide / 2
    room = wide - split
    rows, columns = (
        (int(rng.integers(3, 6)), int(rng.integers(2, 4))) if snacks else (int(rng.integers(5, 9)), 1)
    )
    across, down = room * 0.8 / columns, 0.42 / rows
    one = key(rng, min(across, 0.1) * 0.7, down * 0.65)
    a.add("button", one.row(columns, x=across).row(rows, y=down).at(out, high * 0.66, f))
    if chance(rng, 0.7):
        a.add("display", box(room * 0.75, 0.08, 0.016).at(out, high * 0.82, f))
    a.add("coin slot", box(room * 0.28, 0.06, 0.02, bevel=0.004).at(out - room * 0.18, high * 0.46, f))
    if chance(rng, 0.5):
        a.add("card reader", box(room * 0.34, 0.12, 0.05, bevel=0.008).at(out + room * 0.2, high * 0.43, f))
    a.add(
        "flap",
        box(split * 0.85, low * 0.5, 0.025, bevel=0.006).turned("x", rng.uniform(-8, 0)).at(x, low * 0.25, f),
    )
    if chance(rng, 0.5):
        a.add("lock", cylinder(0.022, 0.03, around=12).turned("x", 90).at(out + room * 0.3, high * 0.36, f))
    if chance(rng, 0.4):
        a.add("handle", bar(rng, 0.25, 0.05).at(wide / 2 - 0.04, high * 0.25, f))
    a.add("foot", foot(rng, 0.06, 0.08).at(x=wide * 0.42, y=-0.058, z=deep * 0.42).four_corners())


def cash_register(rng: np.random.Generator) -> Assembly:
    """Cash registers: brass ones with rows of round keys and a crank, plastic ones, a screen on a drawer."""
    kind = pick(rng, ("old", "plastic", "screen"), (3, 4, 3))
    a = Assembly("cash register")
    wide, deep, low = rng.uniform(0.34, 0.44), rng.uniform(0.36, 0.44), rng.uniform(0.09, 0.12)
    a.add(pick(rng, ("base", "body")), box(wide, low, deep, bevel=pick(rng, (0.0, 0.006))))
    out = rng.uniform(0.01, 0.22) if chance(rng, 0.5) else 0.012
    drawer = tray(wide * 0.9, low * 0.62, deep * 0.8, 0.012)
    a.add("drawer", drawer.at(y=low * 0.2, z=deep * 0.1 + out))
    a.add("drawer", box(wide * 0.94, low * 0.75, 0.016).at(y=low * 0.12, z=deep / 2 + out + 0.006))
    lip = deep / 2 + out + 0.01
    a.add(pick(rng, ("handle", "knob")), turn_knob(rng, 0.016).at(y=low * 0.55, z=lip))
    if chance(rng, 0.6):
        a.add(
            "lock", cylinder(0.012, 0.02, around=12).turned("x", 90).at(wide * 0.32, low * 0.55, lip - 0.004)
        )
    if kind == "screen":
        _till_screen(a, rng, (wide, low, deep))
    else:
        _till_keys(a, rng, kind == "old", (wide, low, deep))
    a.afford("press", "key", "button")
    a.afford("open", "drawer", "lock", where=facing("z"))
    a.afford("pull", "drawer", "knob", "handle", "crank", "paper", where=facing("z"))
    a.afford("grasp", "knob", "handle", "crank")
    a.afford("contain", "drawer", where=facing())
    a.afford("display", "display", "screen", where=facing("z"))
    return a


def _till_screen(a: Assembly, rng: np.random.Generator, size: tuple[Number, Number, Number]) -> None:
    """A screen on a stand over a drawer of (width, height, depth), and a card reader with keys."""
    wide, low, deep = size
    a.add(
        "stand",
        box(0.08, 0.12, 0.05).at(y=low - 0.01, z=-deep * 0.15),
        box(0.22, 0.015, 0.18).at(y=low - 0.002, z=-deep * 0.12),
    )
    case = box(wide * 0.85, 0.25, 0.03, bevel=0.008).turned("x", -18).at(y=low + 0.09, z=-deep * 0.05)
    shown = (
        box(wide * 0.78, 0.21, 0.008).at(y=0.02, z=0.015).turned("x", -18).at(y=low + 0.09, z=-deep * 0.05)
    )
    a.add("body", case)
    a.add("screen", shown)
    a.add(
        "card reader",
        box(0.07, 0.03, 0.13, bevel=0.006).turned("x", 12).at(wide * 0.33, low + 0.012, deep * 0.28),
    )
    a.add(
        "button",
        key(rng, 0.014, 0.011)
        .row(3, x=0.018)
        .row(3, y=0.016)
        .turned("x", -78)
        .at(wide * 0.33, low + 0.045, deep * 0.3),
    )


def _till_keys(a: Assembly, rng: np.random.Generator, old: bool, size: tuple[Number, Number, Number]) -> None:
    """A sloping case with rows of keys under a display, on a drawer of (width, height, depth)."""
    wide, low, deep = size
    tall = rng.uniform(0.16, 0.26) * (1.3 if old else 1.0)
    front, back = deep * 0.36, -deep * 0.46
    side = [
        (back, 0),
        (front, 0),
        (front, tall * 0.22),
        (back * 0.2, tall * 0.75),
        (back * 0.2, tall),
        (back, tall),
    ]
    a.add("body", along(side, wide * 0.94).at(y=low - 0.002))
    slope = float(np.degrees(np.arctan2(tall * 0.53, front - back * 0.2)))
    mid, rise = (front + back * 0.2) / 2, low + tall * 0.485
    columns, rows = int(rng.integers(4, 8)), int(rng.integers(3, 5))
    one = cylinder(0.013, 0.03, 0.015, around=12) if old else box(0.026, 0.014, 0.024, bevel=0.003)
    grid = one.row(columns, x=wide * 0.8 / columns).row(rows, z=0.042)
    a.add(pick(rng, ("key", "button")), grid.turned("x", slope).at(y=rise - 0.005, z=mid))
    a.add("display", box(wide * 0.7, tall * 0.24, 0.012).at(y=low + tall * 0.75, z=back * 0.2))
    if old:
        a.add("trim", box(wide * 0.8, tall * 0.35, 0.05, bevel=0.01).at(y=low + tall - 0.01, z=back * 0.55))
        hub = (wide * 0.47, low + tall * 0.45, 0.0)
        turn = np.add(hub, [0.03, rng.uniform(-0.08, 0.08), 0.09])
        a.add(
            "crank",
            rod(0.009, hub, np.add(hub, [0.03, 0, 0]), turn),
            cylinder(0.014, 0.06, 0.011, around=10).turned("z", -90).at(*turn),
        )
    elif chance(rng, 0.7):
        a.add(
            "paper",
            box(0.055, 0.08, 0.004).turned("x", -15).at(wide * 0.28, low + tall - 0.01, back * 0.6),
        )
        a.add(
            "spool",
            cylinder(0.025, 0.06, around=14)
            .turned("z", 90)
            .at(wide * 0.28 + 0.03, low + tall + 0.01, back * 0.75),
        )
