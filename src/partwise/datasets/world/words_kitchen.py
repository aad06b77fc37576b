"""Part words of the kitchen: name -> (other words, gloss)."""

from __future__ import annotations

WORDS = {
    "cap": ("bottle cap, screw cap, top", "what is screwed or pressed onto an opening"),
    "cork": ("stopper, plug, bung", "what is pushed into a bottle's neck"),
    "label": ("sticker, tag, brand label", "the paper around a bottle or jar"),
    "lid": ("cover, top, cap", "what covers an opening from above"),
    "neck": ("bottleneck, throat, narrow part", "the narrow part below the opening"),
    "rim": ("lip, edge, brim", "the edge around the opening"),
    "spout": ("nozzle, beak, pouring spout", "what liquid is poured from"),
}
