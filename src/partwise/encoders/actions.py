"""Actions in the words that people ask for them: the affordances of 3D AffordanceNet and PIADv2, and how each is said.

All but PIADv2's "speak", which heads have not been trained on; it can be asked for like any other words.
Training draws from these; any other wording goes through the text encoder all the same.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np
from jaxtyping import Float32

# The last wording of each is never trained on: it measures whether a new wording is understood.
_SAID = {
    "grasp": (
        "grasp; grip; grab; hold; where to grasp; where would you hold this; grip it firmly; hold it in your "
        "hand; pick it up by this; where does the hand go; where should a robot grasp it; the part to hold; "
        "where do i take hold of it; best place to grip; how do you hold it; hold it while using it; where do "
        "i hold it to use it; hold it while pouring; where do i hold it to cut with it; grasp it to drink; "
        "hold it to clean with it; where to hold it to open it; where can i grab this"
    ),
    "contain": (
        "contain; put things in; store; fill; where can i put something inside; hold liquid; keep things "
        "inside; where does the water go; where do things go in; the inside of it; what holds the contents; "
        "stow things away; load it; where is it filled; where to put things in"
    ),
    "open": (
        "open; opening it; where do i open it; how do you open this; open it up; open the door; take the lid "
        "off; where is it opened; lift the lid; pull it open; the part that opens; where do i open this; "
        "unlock and open; what do i touch to open it"
    ),
    "support": (
        "support; put things on; hold things up; where can i put a cup; set something down on it; carry a "
        "load; where can i put something down; what holds the weight; bear weight; the surface to put things "
        "on; rest something on it; stand things on it; what supports things; place something on top"
    ),
    "press": (
        "press; push the button; click; press down; where do i press; push a button; switch it on; press the "
        "button; where is the switch; tap; turn it on and off; press with a finger; where do i click; push "
        "down on it with a finger; which button do i touch"
    ),
    "move": (
        "move; roll; what moves; which part turns or rolls; turn it; rotate; spin; slide it; what can be "
        "moved; where does it roll; the wheels turn; which part is movable; turn with your fingers; the part "
        "that moves"
    ),
    "push": (
        "push; push it; where do i push; where to push it away; shove; push it along; push it forward; where "
        "do i push it; push it shut; lean on it and push; where should a robot push; push with your hand"
    ),
    "pull": (
        "pull; pull out; drag; where do i pull; tug; pull on it; haul it; where do i pull it; where to pull; "
        "draw it out; pull with your hand; drag it along; pull it towards you"
    ),
    "ride": (
        "ride; ride on it; where does the rider go; where do you sit to ride; mount it and ride; where does "
        "the driver sit; drive; travel on it; where does one ride; stand on it and ride; where do i get on; "
        "where does the passenger go; get on and ride"
    ),
    "sit": (
        "sit; sit down; where can i sit; where would you sit on this; sit on it; sit here; where to sit; the "
        "place to sit; somewhere to sit; sit down on it; where do people sit; what do i sit on; take a seat"
    ),
    "display": (
        "display; show pictures; look at the screen; where is it shown; show information; show the time; read "
        "the display; where is the picture; where do i look to see it; the part that shows pictures; read the "
        "numbers; see the image; watch it"
    ),
    "wrapgrasp": (
        "wrap grasp; wrap your hand around; hold it with the whole hand; grasp it around the middle; hold it "
        "around the body; wrap your fingers around; grip it with the full hand; power grasp; hold the whole "
        "thing; grab it around; close your hand around it"
    ),
    "lift": (
        "lift; raise; pick up; where would you lift this; pick it up; raise it; lift it off; where do i lift "
        "it; where to pick it up; heave; lift from here; hold it to lift it; lift it up"
    ),
    "pour": (
        "pour; pour out; where does it pour out; where does the liquid come out; pour it out; pour water out "
        "of it; tip it out; empty it; where does it come out; the part that pours; where do i pour from it; "
        "let the liquid flow out; serve a drink from it; pour from"
    ),
    "cut": (
        "cut; slice; where does it cut; the part that cuts; chop; trim; cut with it; the sharp part; saw "
        "through; which part is sharp; carve; where is it sharp; what is it that cuts things"
    ),
    "carry": (
        "carry; carry it; where would you hold it to carry it; carry it around; carry by hand; where do i "
        "carry it; take it with you; hold it to carry it; transport it by hand; sling it over the shoulder; "
        "bring it somewhere; take it along"
    ),
    "lay": (
        "lay; lie down; where can i lie down; where would you sleep; lay down on it; sleep on it; where to "
        "sleep; rest lying down; where do i lie; lie on it; nap; stretch out on it"
    ),
    "stab": (
        "stab; pierce; the part that stabs; poke; prick; spear something; thrust; the pointed end; the sharp "
        "tip; poke a hole with it; stick it into something; which end pierces"
    ),
    "beat": (
        "beat; hit; strike; the part that strikes; pound; knock; hammer something; smash; where does it hit; "
        "the part you hit with; drive in a nail; whack; hit something with it"
    ),
    "wear": (
        "wear; put it on; where does it go on the body; put on; dress in it; where do i put my head or feet "
        "in; wear it on the body; strap it on; what touches the body; wear on the head; the part that is worn"
    ),
    "clean": (
        "clean; sweep; wipe; the part that cleans; scrub; dust; wash with it; clean with it; where does it "
        "clean; wipe something off; brush off; vacuum; suck up dirt; sweep the floor with it"
    ),
    "play": (
        "play; play music; where do you play it; play a tune; play notes; strike the keys; where do the "
        "fingers play; play the instrument; play a game; pluck the strings; where do i play music on it; make "
        "music on it"
    ),
    "listen": (
        "listen; hear; where does the sound come out; hear music; hear it; where is the sound; the part that "
        "makes sound; hear sound from it; put it on your ears; play sound aloud; listen with it"
    ),
}
ACTIONS: dict[str, tuple[str, ...]] = {action: tuple(said.split("; ")) for action, said in _SAID.items()}

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
