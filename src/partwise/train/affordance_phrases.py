"""What the affordance recipe says to a model: labels in all their wordings, or the numbered questions of a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from partwise.datasets.sample import Sample
from partwise.encoders.asking import make_prompt, select
from partwise.encoders.prompt import Prompt
from partwise.encoders.prompts import clean
from partwise.encoders.text import TextEncoder
from partwise.errors import InputError
from partwise.evaluate.labels import NONE, Case, make_case
from partwise.models.backbones import reads_colors
from partwise.models.lmad import LMAD
from partwise.models.openad import ClosedSet
from partwise.train.affordance_presets import AffordanceConfig
from partwise.train.pictures import words_or_pictures
from partwise.train.shown import PictureSource

# Validation shapes are drawn with a seed of their own, the same at every visit.
VALIDATION_SEED = 977
# {category: {label: questions by number}}, as the manifest of LASO has them.
Questions = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True)
class Phrases:
    """Every wording of every label in the form that a model reads, and the rows that say each label.

    of_category  rows that say each label to an object of a category, the first of them in evaluation, the others in
                 training; no rows where the category has no question about a label
    shown        pictures that go with the words or in their place, None for none
    """

    config: AffordanceConfig
    table: Prompt
    rows: tuple[tuple[int, ...], ...]
    of_category: Mapping[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)
    shown: PictureSource | None = None

    @classmethod
    def of(
        cls,
        config: AffordanceConfig,
        model: Any,
        encoder: TextEncoder,
        questions: Questions | None = None,
        shown: PictureSource | None = None,
    ) -> Phrases:
        """Encode the labels' wordings once, and numbered questions of each category.

        Raises InputError for one that the encoder cannot take, or for questions that are not asked one at a time.
        """
        labels = spoken_labels(config)
        if isinstance(model, ClosedSet):
            numbers = torch.arange(len(labels))[:, None]
            return cls(config, Prompt(ids=numbers), tuple((row,) for row in range(len(labels))))
        if questions and (config.task, config.questions) != ("heat", 1):
            raise InputError(
                f"numbered questions go with task 'heat' and 1 at a time, the settings say {config.task!r} and "
                f"{config.questions}: other labels of a shape may have no question"
            )
        said = config.wordings or tuple((label,) for label in labels)
        phrases: list[str] = []

        def numbered(wordings: Sequence[str]) -> tuple[int, ...]:
            phrases.extend(phrase_of(wording, config.raw_words) for wording in wordings)
            return tuple(range(len(phrases) - len(wordings), len(phrases)))

        rows = tuple(numbered(wordings) for wordings in said[: len(labels)])
        of_category = {
            category: tuple(numbered(asked.get(label, ())) for label in labels)
            for category, asked in (questions or {}).items()
        }
        return cls(config, make_prompt(phrases, model.reads, encoder), rows, of_category, shown)

    def plain(self) -> Prompt:
        """The first wording of each label, for all shapes."""
        return select(self.table, torch.tensor([rows[0] for rows in self.rows]))

    def drawn(self, rng: np.random.Generator) -> Prompt:
        """One wording of each label, for all shapes."""
        return select(self.table, torch.tensor([int(rng.choice(rows)) for rows in self.rows]))

    def plain_for(self, category: str) -> Prompt:
        """The first wording of each label for an object of this category: question 0 where it has questions.

        With the first picture where there are pictures, and without words where training never asks in them.
        """
        own = self.of_category.get(category, ((),) * len(self.rows))
        prompt = select(
            self.table, torch.tensor([(said or rows)[0] for said, rows in zip(own, self.rows, strict=True)])
        )
        words, pictures, both = self.config.asked
        if self.shown is None or not pictures + both:
            return prompt
        tokens = [self.shown.plain(category, label) for label in spoken_labels(self.config)]
        return _joined(prompt if words + both else None, torch.stack(tokens))

    def asked(
        self, columns: Int64[np.ndarray, "B Q"], categories: Sequence[str], rng: np.random.Generator
    ) -> Prompt:
        """Wordings or pictures of the labels in `columns`, each shape its own: any but the first where it has more."""
        rows = []
        for numbers, category in zip(columns, categories, strict=True):
            own = self.of_category.get(category, ((),) * len(self.rows))
            rows.append([int(rng.choice(own[number][1:] or self.rows[number])) for number in numbers])
        prompt = select(self.table, torch.tensor(rows))
        if self.shown is None:
            return prompt
        said, seen = words_or_pictures(self.config.asked, rng)
        if not seen:
            return prompt
        labels = spoken_labels(self.config)
        tokens = [
            torch.stack([self.shown.drawn(category, labels[number], rng) for number in numbers])
            for numbers, category in zip(columns, categories, strict=True)
        ]
        return _joined(prompt if said else None, torch.stack(tokens))

    def none_score(self, model: Any) -> Tensor | None:
        """The score of "none" where it is not a word (LM-AD's options "zero" and "learned"), else None."""
        return model.none_score if isinstance(model, LMAD) and model.config.none != "text" else None

    def case(self, sample: Sample, index: int) -> Case:
        """A validation case: the same points at every visit."""
        config, rng = self.config, np.random.default_rng([VALIDATION_SEED, index])
        colored = reads_colors(config.model)
        return make_case(sample, config.labels, config.points, config.setting, rng, colored)


def _joined(words: Prompt | None, image: Float[Tensor, "*B T Q V"]) -> Prompt:
    """Pictures with words, or alone."""
    return Prompt(image=image) if words is None else replace(words, image=image)


def phrase_of(label: str, raw: bool) -> str:
    """What a model is told for a label: `wrap_grasp` is said "wrap grasp", unless it is to be left as written."""
    said = label if raw else clean(label)
    if not said:
        raise InputError(f"the label {label!r} has no word in it: give it one")
    return said


def spoken_labels(config: AffordanceConfig) -> tuple[str, ...]:
    """The labels that a prompt holds: all, but for "none" where the model has a score of its own for it."""
    own = getattr(config.model, "none", "text") != "text"
    return tuple(label for label in config.labels if label != NONE or not own)
