"""Write the word list of the shipped text bank, from the short lists in data/vocabulary and the procedural world.

Usage: python scripts/make_phrases.py OUT.txt

The lists hold the knowledge (which object has which part); the grammar is here: plurals, "leg of a chair",
"where to grasp". The same lists always give the same file.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from partwise.datasets.world.words import vocabulary
from partwise.encoders.actions import ACTIONS
from partwise.encoders.prompts import clean

VOCABULARY = Path(__file__).resolve().parents[1] / "data" / "vocabulary"

IRREGULAR = {
    "foot": "feet",
    "tooth": "teeth",
    "goose": "geese",
    "mouse": "mice",
    "man": "men",
    "woman": "women",
    "child": "children",
    "person": "people",
    "leaf": "leaves",
    "shelf": "shelves",
    "knife": "knives",
    "wolf": "wolves",
    "half": "halves",
    "loaf": "loaves",
    "calf": "calves",
    "scarf": "scarves",
    "die": "dice",
    "hoof": "hooves",
}
# Words that are already plural, or that nobody counts.
NO_PLURAL = {
    "sheep",
    "fish",
    "deer",
    "moose",
    "elk",
    "salmon",
    "shrimp",
    "squid",
    "lego",
    "none",
    "everything",
}


def entries(name: str) -> Iterator[str]:
    """Comma-separated entries of a list file, in order; `#` lines are comments."""
    for line in lines(name):
        yield from (entry.strip() for entry in line.split(",") if entry.strip())


def lines(name: str) -> list[str]:
    """Lines of a list file without comments and blanks."""
    text = (VOCABULARY / name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def table(name: str) -> Iterator[tuple[list[str], list[str]]]:
    """Rows `a, b: x, y` of a table file, as (["a", "b"], ["x", "y"])."""
    for line in lines(name):
        left, right = line.split(":")
        yield [entry.strip() for entry in left.split(",")], [entry.strip() for entry in right.split(",")]


def plural(noun: str) -> str | None:
    """English plural of the last word ("shelf" -> "shelves"), or None where there is none."""
    start, _, word = noun.rpartition(" ")
    if word in NO_PLURAL or word.endswith("s") or " of " in noun or not word.isalpha():
        return None
    if word in IRREGULAR:
        ending = IRREGULAR[word]
    elif word.endswith(("x", "z", "ch", "sh")):
        ending = word + "es"
    elif word.endswith("y") and word[-2:-1] not in set("aeiou"):
        ending = word[:-1] + "ies"
    else:
        ending = word + "s"
    return f"{start} {ending}".strip()


def with_article(noun: str) -> str:
    """ "a chair", "an axe", "scissors" (a word that is always plural takes none)."""
    if noun.endswith("s") and not noun.endswith(("ss", "us")):
        return noun
    vowel = noun[0] in "aeio" or noun.startswith("um")  # "umbrella", but "a unicycle"
    return f"{'an' if vowel else 'a'} {noun}"


def with_plural(nouns: Iterable[str]) -> Iterator[str]:
    """Each noun and its plural."""
    for noun in nouns:
        yield noun
        many = plural(noun)
        if many:
            yield many


def part_phrases() -> Iterator[str]:
    """ "handle", "handles"; "the handle" for the parts that at least three rows of objects have."""
    yield from with_plural(entries("parts.txt"))
    rows = Counter(part for _, parts in table("object_parts.txt") for part in parts)
    yield from (f"the {part}" for part, count in rows.items() if count >= 3)


def composed_phrases() -> Iterator[str]:
    """ "chair leg" for two names of a row; "chairs" and "leg of a chair" for its first name."""
    for objects, parts in table("object_parts.txt"):
        yield from objects
        yield from parts
        yield from with_plural(objects[:1])
        yield from (f"{thing} {part}" for thing in objects[:2] for part in parts)
        yield from (f"{part} of {with_article(objects[0])}" for part in parts)


def qualified_phrases() -> Iterator[str]:
    """ "left wing", "wooden leg": every `with` word before every part of the `on` line below it."""
    words: list[str] = []
    for (kind,), values in table("qualifiers.txt"):
        if kind == "with":
            words = values
        else:
            yield from (f"{word} {part}" for word in words for part in values)


def action_phrases() -> Iterator[str]:
    """ "grasp", "grasping", "graspable", "where to grasp", "open the lid"."""
    for line in lines("actions.txt"):
        verb, gerund, adjective = (cell.strip() for cell in line.split("|"))
        yield from (
            verb,
            gerund,
            f"to {verb}",
            f"where to {verb}",
            f"something to {verb}",
            f"used for {gerund}",
        )
        if adjective:
            yield adjective
    for (action,), parts in table("action_parts.txt"):
        for part in parts:
            yield from (f"{action} the {part}", f"{action} {part}")


def world_phrases() -> Iterator[str]:
    """Every part name of the procedural world with its plural, its other names, and every wording of an action."""
    for name, word in vocabulary().items():
        yield from with_plural([name])
        yield from word.synonyms
    for wordings in ACTIONS.values():
        yield from wordings


def all_phrases() -> list[str]:
    """Every phrase once, cleaned, sorted."""
    sources = (
        part_phrases(),
        entries("objects.txt"),
        composed_phrases(),
        qualified_phrases(),
        action_phrases(),
        entries("materials.txt"),
        entries("asset_names.txt"),
        entries("benchmark_names.txt"),
        lines("questions.txt"),
        world_phrases(),
    )
    cleaned = {clean(phrase) for source in sources for phrase in source}
    return sorted(cleaned - {""})


def main() -> None:
    """Write the list to the file named on the command line."""
    phrases = all_phrases()
    Path(sys.argv[1]).write_text("\n".join(phrases) + "\n", encoding="utf-8")
    print(f"{len(phrases)} phrases in {sys.argv[1]}")


if __name__ == "__main__":
    main()
