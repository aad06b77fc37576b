"""The words of the affordance data sets: labels in published order, objects, and the one table of spellings.

Converted data keep the spelling of their source. What joins data sets, or speaks to a model, goes through `canonical`.
"""

from __future__ import annotations

# 3D AffordanceNet, in the order and spelling of its files. OpenAD's files put "none" behind them.
AFFORDANCENET_LABELS = (
    *("grasp", "contain", "lift", "openable", "layable", "sittable", "support", "wrap_grasp", "pourable"),
    *("move", "displaY", "pushable", "pull", "listen", "wear", "press", "cut", "stab"),
)
OPENAD_LABELS = (*AFFORDANCENET_LABELS, "none")
# OpenAD's zero-shot test: the same shapes asked in these words, in the same order.
OPENAD_SYNONYMS = (
    *("grab", "accommodate", "raise", "unlock", "rest", "take a seat", "bear", "wrap", "pour"),
    *("reposition", "demonstrate", "push", "drag", "hear", "clothe", "thumb", "slice", "jab", "none"),
)
LASO_LABELS = (
    *("lay", "sit", "support", "grasp", "lift", "contain", "open", "wrap_grasp", "pour", "move", "display"),
    *("push", "pull", "listen", "wear", "press", "cut", "stab"),
)
PIAD_LABELS = (
    *("grasp", "contain", "lift", "open", "lay", "sit", "support", "wrapgrasp", "pour", "move", "display"),
    *("push", "listen", "wear", "press", "cut", "stab"),
)
PIADV2_LABELS = (*PIAD_LABELS, "carry", "ride", "clean", "play", "beat", "speak", "pull")

# The 23 objects of 3D AffordanceNet, OpenAD, PIAD and LASO.
OBJECTS = (
    *("Bag", "Bed", "Bowl", "Clock", "Dishwasher", "Display", "Door", "Earphone", "Faucet", "Hat"),
    *("StorageFurniture", "Keyboard", "Knife", "Laptop", "Microwave", "Mug", "Refrigerator", "Chair"),
    *("Scissors", "Table", "TrashCan", "Vase", "Bottle"),
)
# The 43 of PIADv2, in the order of its code.
PIADV2_OBJECTS = (
    *("Bag", "Microphone", "Toothbrush", "TrashCan", "Bicycle", "Guitar", "Glasses", "Hat", "Microwave"),
    *("Backpack", "Door", "Scissors", "Bowl", "Baseballbat", "Mop", "Dishwasher", "Bed", "Keyboard", "Clock"),
    *("Vase", "Knife", "Suitcase", "Hammer", "Refrigerator", "Chair", "Umbrella", "Bucket", "Display"),
    *("Earphone", "Motorcycle", "StorageFurniture", "Fork", "Broom", "Skateboard", "Tennisracket", "Laptop"),
    *("Table", "Bottle", "Faucet", "Kettle", "Surfboard", "Mug", "Spoon"),
)

_ALIASES = {
    "openable": "open",
    "layable": "lay",
    "sittable": "sit",
    "pourable": "pour",
    "pushable": "push",
}
_SPOKEN = {"wrapgrasp": "wrap grasp"}


def canonical(name: str) -> str:
    """The one spelling of an affordance, that of PIADv2: "wrap_grasp" -> "wrapgrasp", "displaY" -> "display".

    >>> canonical("Wrap Grasp"), canonical("sittable"), canonical("hang")
    ('wrapgrasp', 'sit', 'hang')
    """
    joined = "".join(name.lower().replace("_", " ").split())
    return _ALIASES.get(joined, joined)


def spoken(name: str) -> str:
    """An affordance as a person says it: "wrap_grasp" -> "wrap grasp", "sittable" -> "sit"."""
    return _SPOKEN.get(canonical(name), canonical(name))


def object_named(name: str) -> str | None:
    """The published spelling of one of the 23 objects, whatever its case ("trashcan"); None for any other."""
    return next((known for known in OBJECTS if known.lower() == name.lower()), None)
