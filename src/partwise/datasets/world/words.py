"""What parts are called: the words of the world, their coarse names, the phrases people type, the actions.

Each room keeps its words beside its generators (words_furniture.py and so on); here they meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from partwise.datasets.world import (
    words_furniture,
    words_house,
    words_kitchen,
    words_machines,
    words_parts,
    words_play,
    words_world,
)
from partwise.errors import InputError

# The 24 actions of PIADv2 in its order; the 18 of 3D AffordanceNet are among them.
AFFORDANCES = (
    "grasp",
    "contain",
    "lift",
    "open",
    "lay",
    "sit",
    "support",
    "wrapgrasp",
    "pour",
    "move",
    "display",
    "push",
    "listen",
    "wear",
    "press",
    "cut",
    "stab",
    "carry",
    "ride",
    "clean",
    "play",
    "beat",
    "speak",
    "pull",
)


class Word(NamedTuple):
    """A part word: other words for it, and what it is in a few words."""

    synonyms: tuple[str, ...]
    gloss: str


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, Word]:
    """Every part word of the world. Raises InputError if two rooms explain the same word."""
    words: dict[str, Word] = {}
    for room in (
        words_furniture,
        words_house,
        words_kitchen,
        words_machines,
        words_parts,
        words_play,
        words_world,
    ):
        for name, (synonyms, gloss) in room.WORDS.items():
            if name in words:
                raise InputError(f"the part word {name!r} is explained twice: keep it in one room")
            words[name] = Word(tuple(s.strip() for s in synonyms.split(",") if s.strip()), gloss)
    return words


def phrases(name: str, category: str) -> tuple[str, ...]:
    """What people type for a part of an object: synonyms, plurals, and both with the object's own name."""
    words = vocabulary()
    heads = (name, *words[name].synonyms) if name in words else (name,)
    plurals = tuple(plural(head) for head in heads)
    own = [f"{category} {name}", f"{category} {plural(name)}", f"the {category}'s {name}"]
    for head in heads[:3]:
        own += [f"the {head}", f"{head} of a {category}", f"{head} of the {category}"]
    return tuple(dict.fromkeys(phrase for phrase in (*heads[1:], *plurals, *own) if phrase != name))


def glosses(names: Sequence[str]) -> list[str]:
    """For each part name what the part is in a few words; the name itself where it has no gloss of its own.

    No generator and no reader offers glosses as phrases, so a model trained on those has never met them.
    """
    known = vocabulary()
    found = [known[name].gloss if name in known else name for name in names]
    return [name if found.count(gloss) > 1 else gloss for name, gloss in zip(names, found, strict=True)]


def plural(word: str) -> str:
    """The plural of a part word, right for the words of the world."""
    irregular = {"foot": "feet", "knife": "knives", "shelf": "shelves", "leaf": "leaves", "tooth": "teeth"}
    stem, space, last = word.rpartition(" ")
    if last in irregular:
        return stem + space + irregular[last]
    if last.endswith("s") and not last.endswith(("ss", "us", "ens")):
        return word
    if last.endswith(("s", "x", "ch", "sh")):
        return word + "es"
    if last.endswith("y") and last[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def check_actions(actions: Iterable[str]) -> None:
    """Raises InputError for an action that no benchmark knows."""
    unknown = [action for action in actions if action not in AFFORDANCES]
    if unknown:
        raise InputError(f"unknown actions {unknown}: use some of {', '.join(AFFORDANCES)}")
