"""Actions in the words that people ask for them: the affordances of 3D AffordanceNet and PIADv2, and how each is said.

All but PIADv2's "speak", which heads have not been trained on; it can be asked for like any other words.
Training draws from these; any other wording goes through the text encoder all the same.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np
from jaxtyping import Float32

# The last wording of each is never trained on: it measures whether a new wording is understood.
ACTIONS: dict[str, tuple[str, ...]] = {
    "grasp": (
        "grasp",
        "grip",
        "grab",
        "hold",
        "where to grasp",
        "where would you hold this",
        "where can i grab this",
    ),
    "contain": (
        "contain",
        "put things in",
        "store",
        "fill",
        "where can i put something inside",
        "where to put things in",
    ),
    "open": (
        "open",
        "opening it",
        "where do i open it",
        "how do you open this",
        "what do i touch to open it",
    ),
    "support": (
        "support",
        "put things on",
        "hold things up",
        "where can i put a cup",
        "place something on top",
    ),
    "press": (
        "press",
        "push the button",
        "click",
        "press down",
        "where do i press",
        "which button do i touch",
    ),
    "move": ("move", "roll", "what moves", "which part turns or rolls", "the part that moves"),
    "push": ("push", "push it", "where do i push", "where to push it away", "push with your hand"),
    "pull": ("pull", "pull out", "drag", "where do i pull", "pull it towards you"),
    "ride": ("ride", "ride on it", "where does the rider go", "where do you sit to ride", "get on and ride"),
    "sit": ("sit", "sit down", "where can i sit", "where would you sit on this", "take a seat"),
    "display": ("display", "show pictures", "look at the screen", "where is it shown", "watch it"),
    "wrapgrasp": (
        "wrap grasp",
        "wrap your hand around",
        "hold it with the whole hand",
        "close your hand around it",
    ),
    "lift": ("lift", "raise", "pick up", "where would you lift this", "lift it up"),
    "pour": ("pour", "pour out", "where does it pour out", "where does the liquid come out", "pour from"),
    "cut": ("cut", "slice", "where does it cut", "the part that cuts", "what is it that cuts things"),
    "carry": ("carry", "carry it", "where would you hold it to carry it", "take it along"),
    "lay": ("lay", "lie down", "where can i lie down", "where would you sleep", "stretch out on it"),
    "stab": ("stab", "pierce", "the part that stabs", "which end pierces"),
    "beat": ("beat", "hit", "strike", "the part that strikes", "hit something with it"),
    "wear": ("wear", "put it on", "where does it go on the body", "the part that is worn"),
    "clean": ("clean", "sweep", "wipe", "the part that cleans", "sweep the floor with it"),
    "play": ("play", "play music", "where do you play it", "make music on it"),
    "listen": ("listen", "hear", "where does the sound come out", "listen with it"),
}

# Actions so close that one is not wrong where only the other was meant: never taught as an absence of each other.
RELATED: tuple[frozenset[str], ...] = (
    frozenset({"grasp", "wrapgrasp", "lift", "carry", "pull", "move"}),
    frozenset({"push", "press", "move"}),
    frozenset({"open", "pull", "push", "press"}),
    frozenset({"sit", "ride", "lay", "support"}),
    frozenset({"contain", "support", "pour"}),
    frozenset({"cut", "stab"}),
)


def trained_wordings(action: str) -> tuple[str, ...]:
    """The wordings of an action that training draws from."""
    return ACTIONS[action][:-1]


def new_wording(action: str) -> str:
    """The wording of an action that is kept for measuring."""
    return ACTIONS[action][-1]


def drawn_actions(
    offered: Sequence[str], count: int, rng: np.random.Generator, doubtful: Set[str] = frozenset()
) -> list[str]:
    """`count` actions to ask a shape about: up to half of those it offers, the rest of those it surely does not.

    doubtful  those of which nobody knows, which are not asked

    A shape with few questions is asked them again.
    """
    known = [a for a in offered if a in ACTIONS]
    absent = [a for a in ACTIONS if unrelated(a, offered) and a not in doubtful]
    asked = rng.permutation(known)[: max(1, count // 2)].tolist()
    asked += rng.permutation(absent)[: count - len(asked)].tolist()
    return (asked * count)[:count]


def heat_for(
    asked: Sequence[str], offered: Sequence[str], heat: Float32[np.ndarray, "N A"]
) -> Float32[np.ndarray, "N Q"]:
    """Heat (N,Q) for the actions asked, from that (N,A) for those offered; 0 for the others."""
    columns = [offered.index(action) if action in offered else len(offered) for action in asked]
    return np.pad(heat, ((0, 0), (0, 1)))[:, columns]


def unrelated(action: str, offered: Sequence[str]) -> bool:
    """Whether a shape that offers these actions can be taught not to offer `action`."""
    return action not in offered and not any(
        action in group and not group.isdisjoint(offered) for group in RELATED
    )
