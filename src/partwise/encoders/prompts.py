"""The one place for words: how a phrase is cleaned and which prompts it becomes.

Training, evaluation, the text bank and the command line all come here, so they ask the same words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from partwise.errors import InputError

# A phrase is a name or a short question. Longer text is a mistake (a file pasted into the wrong argument).
MAX_CHARACTERS = 400

_PART_ONLY = ("{}", "a {}", "{} part")
_PART_PLUS_CATEGORY = ("a {} of a {}", "the {} of a {}", "{} of {}", "a {} part of a {}")

# Order matters: a prompt list is averaged in this order, and the disk cache is keyed by the list.
# `part_only` is what all published PatchAlign3D figures use; `plain` is the bare phrase.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "plain": ("{}",),
    "part_only": _PART_ONLY,
    "part_plus_cat": _PART_PLUS_CATEGORY,
    "ensemble": _PART_ONLY + _PART_PLUS_CATEGORY,
}

_NOT_WORD_OR_SPACE = re.compile(r"[^\w\s]")


def clean(phrase: str) -> str:
    """Bring a phrase to its one spelling: lower case, `_` and punctuation to spaces, single spaces.

    Letters of every script stay. An accent typed as a separate code point is joined to its letter first
    (Unicode NFC), otherwise it would count as punctuation and split the word.

    >>> clean("  Wrap_Grasp!  the   MUG's-handle ")
    'wrap grasp the mug s handle'
    """
    text = unicodedata.normalize("NFC", phrase).strip().lower().replace("_", " ")
    return " ".join(_NOT_WORD_OR_SPACE.sub(" ", text).split())


def listed(phrases: Any) -> tuple[Any, ...]:
    """The phrases as a tuple, whatever holds them. Raises InputError for None, a number or the like."""
    if not isinstance(phrases, Iterable):
        raise InputError(
            f"expected a list of phrases, found {phrases!r:.60} ({type(phrases).__name__}): write ['seat', 'back']"
        )
    return tuple(phrases)


def clean_phrases(phrases: Sequence[object]) -> tuple[str, ...]:
    """Clean a list of phrases, in order, and refuse what cannot be answered.

    Raises InputError for one bare string, what is no list, an empty one, anything that is not a str, more than
    400 characters, nothing left after cleaning, and two phrases that become the same words.
    """
    if isinstance(phrases, str):
        raise InputError(
            f"expected a list of phrases, found one string {phrases[:60]!r}: write [{phrases[:60]!r}]"
        )
    phrases = listed(phrases)
    if len(phrases) == 0:
        raise InputError("expected at least one phrase, found an empty list: name a part or an action")
    seen: dict[str, str] = {}
    for position, phrase in enumerate(phrases):
        if not isinstance(phrase, str):
            raise InputError(
                f"phrase {position} is a {type(phrase).__name__}, expected a str: {phrase!r:.60}"
            )
        words = _clean_or_refuse(phrase)
        if words in seen:
            raise InputError(
                f"phrases {seen[words]!r} and {phrase!r} are both {words!r} after cleaning: "
                "each phrase needs its own words, drop one"
            )
        seen[words] = phrase
    return tuple(seen)


def prompts(phrase: str, templates: str = "part_only", category: str | None = None) -> list[str]:
    """Write a phrase into every template of a set.

    `category` is the object's name ("mug"); only the sets `part_plus_cat` and `ensemble` use it and both
    need it. Raises InputError for an unknown set, a missing category and text that is empty after cleaning.

    >>> prompts("Handle")
    ['handle', 'a handle', 'handle part']
    """
    if templates not in TEMPLATES:
        raise InputError(f"unknown template set {templates!r}, expected one of {', '.join(TEMPLATES)}")
    words = _clean_or_refuse(phrase)
    if not needs_category(templates):
        return [template.format(words) for template in TEMPLATES[templates]]
    if category is None:
        raise InputError(
            f"template set {templates!r} needs the object's name: pass category, for example 'mug'"
        )
    return [template.format(words, _clean_or_refuse(category)) for template in TEMPLATES[templates]]


def needs_category(templates: str) -> bool:
    """Whether a template set names the object as well as the part."""
    return any(template.count("{}") > 1 for template in TEMPLATES[templates])


def _clean_or_refuse(phrase: str) -> str:
    if len(phrase) > MAX_CHARACTERS:
        raise InputError(
            f"phrase of {len(phrase)} characters, expected at most {MAX_CHARACTERS}: "
            f"use a name or a short question ({phrase[:40]!r}...)"
        )
    words = clean(phrase)
    if not words:
        raise InputError(f"nothing is left of the phrase {phrase!r} after cleaning: use letters or digits")
    return words
