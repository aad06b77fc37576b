"""From phrases to a `Prompt` in the form that a model reads, and the language model that LM-AD is built around."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import torch

from partwise.encoders.bank import PhraseEmbedder, TextBank, default_bank_path
from partwise.encoders.bert import BertText
from partwise.encoders.prompt import Prompt
from partwise.encoders.text import TextEncoder, load_minilm, load_text_encoder
from partwise.errors import InputError, MissingDataError
from partwise.files import file_sha256


def open_language(source: Path | str = "minilm") -> BertText:
    """A BERT with its tokenizer: "minilm", or a folder such as that of bert-base-uncased.

    The folder holds config.json, tokenizer.json and model.safetensors, as Hugging Face saves them.
    Raises MissingDataError if it is not there, CheckpointError if it is another model.
    """
    if str(source) == "minilm":
        language = load_minilm()
        if not isinstance(language, BertText):
            raise InputError(f"{language.name} opened as {type(language).__name__}, expected a BERT")
        return language
    folder = Path(source)
    if not folder.is_dir():
        raise MissingDataError(
            f"no folder {str(source)!r}: give the folder of a BERT (config.json, tokenizer.json, "
            "model.safetensors), for instance a copy of google-bert/bert-base-uncased, or 'minilm'"
        )
    weights = folder / "model.safetensors"
    revision = file_sha256(weights) if weights.is_file() else hashlib.sha256(b"").hexdigest()
    return BertText(folder, name=folder.name, revision=revision)


def make_prompt(phrases: Sequence[str], reads: str, encoder: TextEncoder) -> Prompt:
    """T phrases as a model reads them: "vectors", "tokens" or "ids".

    A phrase is taken as it is written; underscores are no word to any tokenizer, so clean them before.
    Raises InputError for no phrase, one longer than the encoder's limit, or an encoder without such a form.
    """
    if reads == "vectors":
        return Prompt(vectors=torch.from_numpy(encoder.encode(phrases)))
    if reads == "tokens":
        tokens, mask = encoder.tokens(phrases)
        return Prompt(tokens=torch.from_numpy(tokens), mask=torch.from_numpy(mask))
    if reads == "ids":
        if not isinstance(encoder, BertText):
            raise InputError(
                f"the model reads token ids of a BERT, {encoder.name} is {type(encoder).__name__}: "
                "use the language model that it was trained with"
            )
        ids, mask = encoder.ids(phrases)
        return Prompt(ids=ids, mask=mask)
    raise InputError(f"unknown form {reads!r} of a prompt: use vectors, tokens or ids")


def embedded_prompt(words: Sequence[str], reads: str, embedder: PhraseEmbedder) -> Prompt:
    """Cleaned phrases as a model reads them; vectors come from the bank where it knows the phrase."""
    if reads == "vectors":
        return Prompt(vectors=torch.from_numpy(embedder.embed(words)))
    return make_prompt(words, reads, embedder.open_encoder(words))


def select(prompt: Prompt, rows: torch.Tensor) -> Prompt:
    """The phrases numbered in `rows`: (T,) gives one prompt for all shapes, (B,T) one for each of B shapes."""
    parts = (prompt.vectors, prompt.tokens, prompt.ids, prompt.mask)
    image = prompt.image
    if image is not None:
        image = image[rows if len(image) > 1 else torch.zeros_like(rows)]  # one picture goes with all phrases
    return Prompt(*(None if part is None else part[rows] for part in parts), image=image)


def open_embedder(
    source: str,
    revision: str | None,
    templates: str,
    text_bank: str | os.PathLike[str] | None = None,
    language: bool = False,
) -> PhraseEmbedder:
    """Where a model's phrase vectors come from: a bank first, then its text encoder, opened only if needed.

    source     "minilm", a folder, or a hub id with its commit `revision`
    text_bank  default: the shipped one where it fits
    language   of a model with a BERT inside, which needs that BERT's own tokenizer
    """
    bank = TextBank.load(Path(text_bank)) if text_bank is not None else None
    if bank is None and source == "minilm" and templates == "part_only":
        bank = TextBank.load(default_bank_path())
    if language:
        return PhraseEmbedder(bank, lambda: open_language(source), templates)
    # Naming a hub encoder in a checkpoint, and asking it a new phrase, is the consent to download it.
    return PhraseEmbedder(
        bank,
        lambda: load_text_encoder(source, revision=revision, allow_network=revision is not None),
        templates,
    )
