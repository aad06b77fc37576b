"""Batches of the affordance recipe: cases of shapes, the phrases they are asked, the answers. Pure in (seed, step)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int64
from torch import Tensor

from partwise.datasets.sample import Sample
from partwise.encoders.prompt import Prompt
from partwise.errors import InputError
from partwise.evaluate.labels import NONE, Case, make_case
from partwise.layers.pointnet2 import Geometry, side_by_side
from partwise.models.backbones import reads_colors
from partwise.train.affordance_phrases import Phrases
from partwise.train.affordance_presets import AffordanceConfig
from partwise.train.augment import varied

# Points, heat and neighbourhoods of a shape take about a mebibyte at the published sizes.
KEPT_SHAPES = 4000


@dataclass(frozen=True)
class Batch:
    """B shapes, what they are asked, and the answers.

    label (B,N) for task "labels"; heat (B,N,Q) and offered (B,Q) for task "heat". geometry is None unless it was
    looked up beforehand.
    """

    points: Float[Tensor, "B N C"]
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


class Batches:
    """Samples as batches. Full shapes are always drawn the same; of a few thousand the neighbourhoods are kept."""

    def __init__(self, config: AffordanceConfig, samples: Sequence[Sample], model: Any) -> None:
        if not len(samples):
            raise InputError("there are no training samples: give at least one")
        self.config, self.samples, self.model = config, samples, model
        self.labels = config.labels if NONE in config.labels else (*config.labels, NONE)
        self._cases: dict[int, Case] = {}
        self._geometry: dict[int, Geometry | None] = {}
        self._keeps = config.setting == "full" and len(samples) <= KEPT_SHAPES

    def case(self, index: int, rng: np.random.Generator) -> Case:
        """A shape in the config's setting; the full shape is kept, a view or a rotation is drawn anew."""
        config, colored = self.config, reads_colors(self.config.model)
        if config.setting != "full":
            return make_case(self.samples[index], self.labels, config.points, config.setting, rng, colored)
        if index in self._cases:
            return self._cases[index]
        own = np.random.default_rng([config.seed, index])
        case = make_case(self.samples[index], self.labels, config.points, "full", own, colored)
        if self._keeps:
            self._cases[index] = case
        return case

    def geometry(self, index: int, case: Case) -> Geometry | None:
        """Neighbourhoods of a full shape, looked up at its first visit; None where the model is to look for itself.

        So it is for shapes that are changed at each visit.
        """
        find = getattr(getattr(self.model, "backbone", self.model), "look", None)
        if find is None or not self._keeps or self.config.augment.probability:
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
        points = [case.points for case in cases]
        if config.augment.probability:
            points = [varied(cloud, config.augment, rng) for cloud in points]
        return Batch(
            points=torch.from_numpy(np.stack(points)),
            prompt=prompt,
            label=torch.from_numpy(np.stack([case.label for case in cases])),
            heat=torch.from_numpy(
                np.stack([self._heat(case)[:, c] for case, c in zip(cases, columns, strict=True)])
            ),
            offered=torch.from_numpy(
                np.stack([np.array(case.offered)[c] for case, c in zip(cases, columns, strict=True)])
            ),
            geometry=side_by_side(known) if len(known) == len(cases) else None,
            epoch=epoch,
        )

    def _heat(self, case: Case) -> Float32[np.ndarray, "N T"]:
        return (case.heat > 0).astype(np.float32) if self.config.binary else case.heat

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
        return chosen, phrases.asked(chosen, [case.category for case in cases], rng)

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
