"""Part words of machines that fly, dive, lift, count and print: name -> (other words, gloss)."""

from __future__ import annotations

WORDS = {
    "ballast": ("sandbag, ballast bag, ballast weight", "the weight that is thrown off to rise"),
    "bucket": ("scoop, digging bucket, shovel bucket", "the toothed scoop that digs"),
    "cockpit": ("canopy, flight deck, pilot's cabin", "the glass room where the pilot sits"),
    "envelope": ("balloon, gas bag, balloon skin", "the great bag that holds the hot air"),
    "gimbal": ("camera gimbal, camera mount, stabilizer", "the joint that keeps a camera level"),
    "hydraulic cylinder": ("hydraulic ram, lift cylinder, piston", "the piston that moves a heavy arm"),
    "motor": ("electric motor, rotor motor, drive", "what turns the propeller"),
    "rotor": ("main rotor, rotor assembly, rotors", "the turning wings that lift a helicopter"),
    "rotor blade": ("main rotor blade, blade, rotor wing", "one of the turning wings that lift a helicopter"),
    "sail tower": ("conning tower, tower, fin", "the tower on the back of a submarine"),
    "skid": ("landing skid, skids, landing runner", "the bar that a helicopter lands on"),
    "tail boom": ("tail beam, boom, rear boom", "the long beam that carries the tail"),
    "tail rotor": ("rear rotor, anti-torque rotor, tail propeller", "the small rotor at the end of a tail"),
    "porthole": ("viewport, round window, bull's eye", "a small round window"),
    "periscope": ("viewing mast, lookout tube, scope", "the tube one looks out of the water through"),
    "skirt": ("balloon skirt, mouth, throat", "the open cloth at the mouth of a balloon"),
    "parachute valve": ("crown ring, top valve, vent flap", "the flap on the top that lets hot air out"),
    "thruster": ("propulsor, side propeller, jet", "a small propeller that pushes it any way"),
    "ballast tank": ("float, buoyancy tank, pontoon", "the tank that is filled with water to sink"),
    "stripe": ("coloured band, belt, ring of colour", "a band of another colour"),
    "carriage": (
        "fork carriage, lift carriage, sliding carriage",
        "the part that slides up and down or to and fro",
    ),
    "load guard": (
        "load backrest, backrest grid, fork guard",
        "the grid that keeps a load from falling back",
    ),
    "pallet": ("wooden pallet, skid, platform", "the flat boards that goods stand on"),
    "turntable": ("slewing ring, swivel, turning base", "the disc that the upper part turns on"),
    "paper": ("sheet of paper, sheets, paper stack", "the sheets that are printed on"),
    "output tray": ("paper output, exit tray, catch tray", "where the printed sheets come out"),
    "paper tray": ("paper feeder, input tray, sheet feeder", "where the blank sheets are put in"),
    "goods": ("products, snacks, bottles", "what is for sale"),
    "coin slot": ("coin insert, money slot, slot", "where coins go in"),
    "card reader": ("card terminal, payment terminal, card slot", "what reads a bank card"),
    "globe": ("glass globe, candy globe, glass ball", "the clear vessel that shows what is in it"),
    "mail slot": ("letter slot, letterbox opening, slit", "the opening that letters go through"),
    "newspaper holder": (
        "paper holder, newspaper hook, magazine rail",
        "what holds a newspaper under a letter box",
    ),
}
