"""A question about actions, in words, in pictures or in both, as the `Prompt` that a model reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from partwise.encoders.asking import embedded_prompt
from partwise.encoders.bank import PhraseEmbedder
from partwise.encoders.pixels import PictureTower, picture_tokens
from partwise.encoders.prompt import Prompt
from partwise.encoders.prompts import clean_phrases, listed
from partwise.errors import InputError
from partwise.io.photo import photos_of


def make_question(
    phrases: Sequence[str], images: Any, reads: str, embedder: PhraseEmbedder, tower: PictureTower | None
) -> tuple[Prompt, tuple[str, ...]]:
    """What is asked of T maps, and the name of each: its phrase, or its picture where nothing is said.

    images  a picture, or a list of them, see `photos_of`; None for none. One goes with all phrases, as many as there
            are phrases go with them in order
    reads   the form of words that the model reads, see `encoders.asking.make_prompt`
    tower   which encoder reads the model's pictures, None for weights that were trained without any

    Raises InputError for phrases or pictures that cannot be asked, MissingDataError for an encoder that is not here.
    """
    prompt, names = Prompt(), listed(phrases)
    if images is None or names:
        prompt = embedded_prompt(clean_phrases(phrases), reads, embedder)
    if images is None:
        return prompt, names
    if tower is None:
        raise InputError(
            "these weights were trained without pictures: ask in words, or train others with "
            "`partwise train afford OUT --pictures ENCODER` or `partwise train las OUT --pictures ENCODER`"
        )
    photos, titles = photos_of(images)
    if names and len(photos) not in (1, len(names)):
        raise InputError(
            f"{len(photos)} pictures for {len(names)} phrases: give one picture for all, or one for each"
        )
    return replace(prompt, image=picture_tokens(photos, tower.open())), names or titles
