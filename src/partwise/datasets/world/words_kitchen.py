"""Part words of the kitchen: name -> (other words, gloss)."""

from __future__ import annotations

WORDS = {
    "cap": ("bottle cap, screw cap, top", "what is screwed or pressed onto an opening"),
    "cork": ("stopper, plug, bung", "what is pushed into a bottle's neck"),
    "drawer handle": (
        "pull handle, basket handle, drawer grip",
        "what a drawer of a machine is pulled out by",
    ),
    "drip tray": ("drip catcher, drip grid, catch tray", "the tray that catches drops under a spout or tap"),
    "label": ("sticker, tag, brand label", "the paper around a bottle or jar"),
    "lid knob": ("cover knob, knob of the lid, lid handle", "the knob a lid is lifted by"),
    "lid": ("cover, top, cap", "what covers an opening from above"),
    "neck": ("bottleneck, throat, narrow part", "the narrow part below the opening"),
    "rim": ("lip, edge, brim", "the edge around the opening"),
    "spout": ("nozzle, beak, pouring spout", "what liquid is poured from"),
    "tap lever": (
        "tap handle, tap paddle, dispensing lever",
        "what is pushed down so that a tap gives water",
    ),
    "tap": ("spigot, water tap, dispensing tap", "the small spout with a valve that lets water out"),
    "water bottle": ("water jug, carboy, water canister", "the large bottle upside down on a water cooler"),
}
