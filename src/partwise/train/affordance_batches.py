"""Batches of the affordance recipe: cases of shapes, the phrases they are asked, the answers. Pure in (seed, step)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from partwise.datasets.sample import Sample
from partwise.encoders.asking import make_prompt, select
from partwise.encoders.prompt import Prompt
from partwise.encoders.prompts import clean
from partwise.encoders.text import TextEncoder
from partwise.errors import InputError
from partwise.evaluate.labels import NONE, Case, make_case
from partwise.layers.pointnet2 import Geometry, side_by_side
from partwise.models.lmad import LMAD
from partwise.models.openad import ClosedSet
from partwise.train.affordance_presets import AffordanceConfig

# Validation shapes are drawn with a seed of their own, the same at every visit.
VALIDATION_SEED = 977


@dataclass(frozen=True)
class Batch:
    """B shapes, what they are asked, and the answers.

    label (B,N) for task "labels"; heat (B,N,Q) and offered (B,Q) for task "heat". geometry is None unless it was
    looked up beforehand.
    """

    points: Float[Tensor, "B N 3"]
    prompt: Prompt
    label: Int64[Tensor, "B N"]
    heat: Float[Tensor, "B N Q"]
    offered: Bool[Tensor, "B Q"]
    geometry: Geometry | None
    epoch: int

    def to(self, device: torch.device) -> Batch:
        """The same on a device; a geometry is made on the processor and stays only there."""
        if device.type == "cpu":
            return self
        moved = {name: getattr(self, name).to(device) for name in ("points", "label", "heat", "offered")}
        return replace(self, prompt=self.prompt.to(device), geometry=None, **moved)


@dataclass(frozen=True)
class Phrases:
    """Every wording of every label in the form that a model reads, and the rows that say each label."""

    config: AffordanceConfig
    table: Prompt
    rows: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, config: AffordanceConfig, model: Any, encoder: TextEncoder) -> Phrases:
        """Encode the labels' wordings once. Raises InputError for one that the encoder cannot take."""
        labels = spoken_labels(config)
        if isinstance(model, ClosedSet):
            numbers = torch.arange(len(labels))[:, None]
            return cls(config, Prompt(ids=numbers), tuple((row,) for row in range(len(labels))))
        said = config.wordings or tuple((label,) for label in labels)
        phrases, rows = [], []
        for wordings in said[: len(labels)]:
            rows.append(tuple(range(len(phrases), len(phrases) + len(wordings))))
            phrases += [phrase_of(wording, config.raw_words) for wording in wordings]
        return cls(config, make_prompt(phrases, model.reads, encoder), tuple(rows))

    def plain(self) -> Prompt:
        """The first wording of each label, for all shapes."""
        return select(self.table, torch.tensor([rows[0] for rows in self.rows]))

    def drawn(self, rng: np.random.Generator) -> Prompt:
        """One wording of each label, for all shapes."""
        return select(self.table, torch.tensor([int(rng.choice(rows)) for rows in self.rows]))

    def asked(self, columns: Int64[np.ndarray, "B Q"], rng: np.random.Generator) -> Prompt:
        """Wordings of the labels in `columns`, for each shape its own."""
        rows = [[int(rng.choice(self.rows[column])) for column in row] for row in columns]
        return select(self.table, torch.tensor(rows))

    def none_score(self, model: Any) -> Tensor | None:
        """The score of "none" where it is not a word (LM-AD's options "zero" and "learned"), else None."""
        return model.none_score if isinstance(model, LMAD) and model.config.none != "text" else None

    def case(self, sample: Sample, index: int) -> Case:
        """A validation case: the same points at every visit."""
        rng = np.random.default_rng([VALIDATION_SEED, index])
        return make_case(sample, self.config.labels, self.config.points, self.config.setting, rng)


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


class Batches:
    """Samples as batches. Full shapes are always drawn the same, so their neighbourhoods are looked up once."""

    def __init__(self, config: AffordanceConfig, samples: Sequence[Sample], model: Any) -> None:
        if not len(samples):
            raise InputError("there are no training samples: give at least one")
        self.config, self.samples, self.model = config, samples, model
        self.labels = config.labels if NONE in config.labels else (*config.labels, NONE)
        self._cases: dict[int, Case] = {}
        self._geometry: dict[int, Geometry | None] = {}

    def case(self, index: int, rng: np.random.Generator) -> Case:
        """A shape in the config's setting; the full shape is kept, a view or a rotation is drawn anew."""
        config = self.config
        if config.setting != "full":
            return make_case(self.samples[index], self.labels, config.points, config.setting, rng)
        if index not in self._cases:
            own = np.random.default_rng([config.seed, index])
            self._cases[index] = make_case(self.samples[index], self.labels, config.points, "full", own)
        return self._cases[index]

    def geometry(self, index: int, case: Case) -> Geometry | None:
        """Neighbourhoods of a full shape, looked up at its first visit; None for models that look for themselves."""
        find = getattr(getattr(self.model, "backbone", self.model), "look", None)
        if find is None or self.config.setting != "full":
            return None
        if index not in self._geometry:
            self._geometry[index] = find(torch.from_numpy(case.points)[None])
        return self._geometry[index]

    def make(self, step: int, phrases: Phrases) -> Batch:
        """The batch of a step: a pure function of (seed, step)."""
        config = self.config
        rng = np.random.default_rng([config.seed, step])
        epoch = step * config.batch // len(self.samples)
        numbers = [step * config.batch + slot for slot in range(config.batch)]
        rows = [self._row(number) for number in numbers]
        cases = [self.case(row, rng) for row in rows]
        found = [self.geometry(row, case) for row, case in zip(rows, cases, strict=True)]
        known = [geometry for geometry in found if geometry is not None]
        columns, prompt = self._asked(cases, phrases, rng)
        return Batch(
            points=torch.from_numpy(np.stack([case.points for case in cases])),
            prompt=prompt,
            label=torch.from_numpy(np.stack([case.label for case in cases])),
            heat=torch.from_numpy(
                np.stack([case.heat[:, c] for case, c in zip(cases, columns, strict=True)])
            ),
            offered=torch.from_numpy(
                np.stack([np.array(case.offered)[c] for case, c in zip(cases, columns, strict=True)])
            ),
            geometry=side_by_side(known) if len(known) == len(cases) else None,
            epoch=epoch,
        )

    def _row(self, number: int) -> int:
        order = np.random.default_rng([self.config.seed, number // len(self.samples)]).permutation(
            len(self.samples)
        )
        return int(order[number % len(self.samples)])

    def _asked(
        self, cases: Sequence[Case], phrases: Phrases, rng: np.random.Generator
    ) -> tuple[Int64[np.ndarray, "B Q"], Prompt]:
        """Which labels each shape is asked about: all, or a few that it offers filled up with others."""
        config = self.config
        if config.task == "labels":
            everything = np.arange(len(config.labels))
            return np.stack([everything] * len(cases)), phrases.drawn(rng)
        columns = []
        for case in cases:
            offered = np.flatnonzero(case.offered[: len(config.labels)])
            absent = np.setdiff1d(np.arange(len(config.labels)), offered)
            order = np.concatenate([rng.permutation(offered), rng.permutation(absent)])
            columns.append(order[: min(config.questions, len(order))])
        chosen = np.stack(columns)
        return chosen, phrases.asked(chosen, rng)

    def prefetched(self, steps: range, phrases: Phrases) -> Iterator[Batch]:
        """The batch of each step, made one ahead in a thread."""
        with ThreadPoolExecutor(1) as pool:
            coming = [pool.submit(self.make, step, phrases) for step in steps[:1]]
            for step in steps:
                batch = coming.pop().result()
                coming += [pool.submit(self.make, step + 1, phrases)] if step + 1 in steps else []
                yield batch


def label_counts(batches: Batches) -> Int64[np.ndarray, "T"]:
    """Points of each label in the training samples, each seen once."""
    config = batches.config
    total = np.zeros(len(config.labels), dtype=np.int64)
    for index in range(len(batches.samples)):
        case = batches.case(index, np.random.default_rng([config.seed, index]))
        total += np.bincount(case.label, minlength=len(total))
    if total[:-1].sum() == 0:
        raise InputError(
            f"no training point has one of the labels {', '.join(config.labels[:-1])}: do their names match the data?"
        )
    return total
