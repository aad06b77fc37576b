"""Questions for training shapes: which phrase stands for which part this time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int16, Int64
from torch import Tensor

from partwise.datasets.sample import PartName
from partwise.encoders.bank import PhraseEmbedder
from partwise.encoders.prompts import clean

# Phrases embedded in one call; bounds the memory of a text encoder.
CHUNK = 512


@dataclass(frozen=True)
class WordTable:
    """Vectors (P,E) of all phrases that a pack uses, and the row of each cleaned phrase."""

    vectors: Float[Tensor, "P E"]
    row: dict[str, int]

    @classmethod
    def embed(cls, phrases: list[str], embedder: PhraseEmbedder) -> WordTable:
        """Embed every phrase once. Raises MissingDataError if one needs a text model and none is at hand."""
        cleaned = sorted({clean(phrase) for phrase in phrases} - {""})
        chunks = [embedder.embed(cleaned[i : i + CHUNK]) for i in range(0, len(cleaned), CHUNK)]
        return cls(torch.from_numpy(np.concatenate(chunks)), {phrase: i for i, phrase in enumerate(cleaned)})


@dataclass(frozen=True)
class Question:
    """Rows of the T phrases in the word table, and the labels (N,) as indices into them, -1 for no name."""

    rows: list[int]
    labels: Int64[np.ndarray, "N"]


def ask(
    parts: tuple[PartName, ...],
    labels: Int16[np.ndarray, "N"],
    words: WordTable,
    coarse: float,
    synonyms: float,
    distractors: int,
    rng: np.random.Generator,
) -> Question:
    """A question about the parts that are to be seen: fine or coarse names, some of them said in another way.

    Parts that come out with the same phrase become one. Distractors are phrases that no part of the shape goes by.
    """
    use_coarse = rng.random() < coarse
    lookup = np.full(len(parts) + 1, -1, dtype=np.int64)  # the last entry is that of label -1
    rows: list[int] = []
    said: dict[str, str] = {}  # a name is said in one way within a question
    for index in np.unique(labels[labels >= 0]):
        part = parts[index]
        name = part.coarse if use_coarse else part.name
        if name not in said:
            swap = bool(part.synonyms) and not use_coarse and rng.random() < synonyms
            said[name] = part.synonyms[rng.integers(len(part.synonyms))] if swap else name
        row = words.row[clean(said[name])]
        if row not in rows:
            rows.append(row)
        lookup[index] = rows.index(row)
    own = {words.row[clean(p)] for part in parts for p in (part.name, part.coarse, *part.synonyms)}
    for row in rng.integers(0, len(words.row), distractors).tolist():
        if row not in own and row not in rows:
            rows.append(row)
    return Question(rows, lookup[labels])
