"""Questions for training shapes: which phrase stands for which part this time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float, Int16, Int64
from torch import Tensor

from partwise.datasets.sample import PartName
from partwise.encoders.bank import PhraseEmbedder
from partwise.encoders.prompts import clean
from partwise.errors import InputError

# Phrases embedded in one call; bounds the memory of a text encoder.
CHUNK = 512


@dataclass(frozen=True)
class WordTable:
    """Vectors (P,E) of all phrases that a pack uses, and the row of each cleaned phrase.

    distracting  how many of the rows, counted from the first, may distract
    names  row of each fine name -> rows of the phrases that may stand for the same part, whichever explains the other
    """

    vectors: Float[Tensor, "P E"]
    row: dict[str, int]
    distracting: int
    names: dict[int, set[int]] = field(default_factory=dict)

    @classmethod
    def embed(
        cls, phrases: list[str], embedder: PhraseEmbedder, other_words: Mapping[str, Set[str]] | None = None
    ) -> WordTable:
        """Embed every phrase once. Raises MissingDataError if one needs a text model and none is at hand, InputError
        for no phrase.

        other_words  of each fine name, as `Pack.other_words` gives them; distractors that are names need them
        """
        cleaned = sorted({clean(phrase) for phrase in phrases} - {""})
        if not cleaned:
            raise InputError("nothing to train on is named: give shapes whose parts have names")
        chunks = [embedder.embed(cleaned[i : i + CHUNK]) for i in range(0, len(cleaned), CHUNK)]
        row = {phrase: i for i, phrase in enumerate(cleaned)}
        names: dict[int, set[int]] = {row[clean(name)]: set() for name in other_words or ()}
        for name, others in (other_words or {}).items():
            for other in others - {name}:
                names[row[clean(name)]].add(row[clean(other)])
                if row[clean(other)] in names:
                    names[row[clean(other)]].add(row[clean(name)])
        return cls(torch.from_numpy(np.concatenate(chunks)), row, len(row), names)

    def also(self, phrases: Sequence[str], embedder: PhraseEmbedder) -> WordTable:
        """This table and further phrases, which do not distract. Raises as `embed` does."""
        new = sorted({clean(phrase) for phrase in phrases} - self.row.keys())
        row = {**self.row, **{phrase: len(self.vectors) + i for i, phrase in enumerate(new)}}
        vectors = torch.cat([self.vectors, torch.from_numpy(embedder.embed(new))]) if new else self.vectors
        return replace(self, vectors=vectors, row=row)


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
    distractor_kind: str = "phrases",
) -> Question:
    """A question about the parts that are to be seen: fine or coarse names, some of them said in another way.

    Parts that come out with the same phrase become one. Distractors are phrases that no part of the shape goes by:
    any of the table's "phrases", any of its "names", or one of the names "alike" in words to those asked.
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
    if distractor_kind == "phrases":
        found = rng.integers(0, words.distracting, distractors).tolist()
    else:
        own |= {other for row in own & words.names.keys() for other in words.names[row]}
        found = other_names(words, rows, own, distractors, distractor_kind, rng)
    for row in found:
        if row not in own and row not in rows:
            rows.append(row)
    return Question(rows, lookup[labels])


def other_names(
    words: WordTable, asked: list[int], own: set[int], count: int, kind: str, rng: np.random.Generator
) -> list[int]:
    """Rows of up to `count` names outside `own`: of all "names", or of the few most "alike" to those asked.

    Always taking the nearest would show the same few again and again, so it is drawn from three times as many.
    """
    names = np.array(sorted(words.names.keys() - own), dtype=np.int64)
    if kind == "alike" and asked:
        likeness = (words.vectors[names] @ words.vectors[asked].T).amax(dim=1)
        names = names[torch.argsort(likeness, descending=True).numpy()[: 3 * count]]
    return rng.permutation(names)[:count].tolist()
