"""Robustness: a benchmark asked again with shapes or words changed, each time held against the shapes as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from zlib import crc32

import numpy as np
from jaxtyping import Float64

from partwise.errors import InputError
from partwise.evaluate.ask import Answerer
from partwise.evaluate.conditions import SWEEPS, Condition, changed
from partwise.evaluate.corruptions import ADDING
from partwise.evaluate.figures import DRAWS, LEVEL, lonely, summarise
from partwise.evaluate.measure import Measure, measure
from partwise.evaluate.protocol import Protocol, rotation_of
from partwise.evaluate.questions import Question, questions, without_points
from partwise.evaluate.results import Figure
from partwise.evaluate.sources import Source
from partwise.metrics.averages import known_means
from partwise.metrics.uncertainty import Comparison, paired_bootstrap

# A line of progress after this many samples, each of which is asked under every condition.
SAY_EVERY = 10


@dataclass(frozen=True)
class SweepRow:
    """One condition: its figures, and how far the headline moved on the same samples.

    moved   None for a pooled figure, and where all samples are of one object
    """

    kind: str
    condition: Condition
    figures: Mapping[str, Figure]
    moved: Comparison | None


@dataclass(frozen=True)
class Sweep:
    """All conditions of one model under one protocol; the first row is the shapes as they are.

    skipped   conditions that the data cannot give, with the reason
    """

    protocol: str
    model: str
    samples: int
    seeds: tuple[int, ...]
    rows: tuple[SweepRow, ...]
    skipped: Mapping[str, str]

    @property
    def headline(self) -> str:
        """The first figure of the protocol."""
        return next(iter(self.rows[0].figures))

    def record(self) -> dict[str, Any]:
        """Everything in JSON's types."""
        rows = [
            {
                "kind": row.kind,
                "condition": asdict(row.condition),
                "figures": {name: asdict(figure) for name, figure in row.figures.items()},
                "moved": None if row.moved is None else asdict(row.moved),
            }
            for row in self.rows
        ]
        return {
            "schema": "partwise-sweep/1",
            "protocol": self.protocol,
            "model": self.model,
            "samples": self.samples,
            "seeds": list(self.seeds),
            "rows": rows,
            "skipped": dict(self.skipped),
        }


def sweep(
    protocol: Protocol,
    source: Source,
    answerer: Answerer,
    kinds: Sequence[str],
    limit: int | None = None,
    say: Callable[[str], None] = lambda line: None,
    reads_colors: bool = False,
) -> Sweep:
    """Ask a protocol's questions as they are and under every condition of each kind, see SWEEPS.

    Meshes are asked as the points they are scored at, so that the first row differs from `partwise eval` there. What is
    random follows from the seed, the names of the condition and the sample. `reads_colors` says that colours change the
    answers: what adds points to coloured shapes is then left out, for these would have none. Raises InputError for an
    unknown kind, or answers that do not depend on the points, such as those of files.
    """
    if unknown := sorted(set(kinds) - set(SWEEPS)):
        raise InputError(f"unknown sweep {', '.join(unknown)}: use some of {', '.join(SWEEPS)}")
    if answerer.origin != "measured":
        raise InputError("predictions of another system answer the points as they are: a sweep needs a model")
    runs = [_Run("as is", Condition()), *(_Run(kind, one) for kind in kinds for one in SWEEPS[kind])]
    skipped = _unsaid(protocol, runs)
    for number, seed in enumerate(protocol.seeds):
        for run in runs:
            run.measured.append([])
        for count, question in enumerate(questions(protocol, source, seed, limit), 1):
            for run in runs:
                if run.condition.name not in skipped and (
                    reason := _lacks(question, run.condition, reads_colors)
                ):
                    skipped[run.condition.name] = reason
                if run.condition.name not in skipped:
                    run.ask(protocol, answerer, question, seed, number == 0)
            if count % SAY_EVERY == 0:
                say(f"seed {seed}: {count:,} samples under {len(runs) - len(skipped)} conditions")
    runs = [run for run in runs if run.condition.name not in skipped]
    figures, values = zip(*(run.summary(protocol) for run in runs), strict=True)
    objects = [question.object for question in runs[0].asked]
    nowhere, rows = [""] * len(objects), []
    for run, found, mine in zip(runs, figures, values, strict=True):
        moved = None
        if run is not runs[0] and mine is not None and not lonely(mine - values[0], objects, nowhere):
            moved = paired_bootstrap(mine, values[0], 0, DRAWS, LEVEL, objects)
        rows.append(SweepRow(run.kind, run.condition, found, moved))
    return Sweep(protocol.id, answerer.notes.name, len(objects), protocol.seeds, tuple(rows), skipped)


def changed_question(question: Question, condition: Condition, seed: int) -> Question:
    """A question about the shape under a condition; the truth is that of the first points, those added have none.

    Colours go with their points; where points were added, which have no colour, nothing has.
    """
    number = [seed, crc32(question.key.encode()), crc32(condition.name.encode())]
    stored = rotation_of(question.object) if condition.rotation == "stored" else None
    points, rows = changed(question.asked, condition, np.random.default_rng(number), stored)
    phrases = tuple(
        condition.words.format(phrase=phrase, category=question.category.lower())
        for phrase in question.phrases
    )
    colors = question.colors
    if colors is not None:
        asked = colors if question.rows is None else colors[question.rows]
        colors = asked[rows] if len(rows) == len(points) else None
    changes = {"points": points, "colors": colors, "phrases": phrases, "truth": question.truth[rows]}
    return replace(question, faces=None, rows=None, **changes)


@dataclass
class _Run:
    """One condition as it is asked: its questions without their points, and what each answer was worth by seed."""

    kind: str
    condition: Condition
    asked: list[Question] = field(default_factory=list)
    measured: list[list[Measure]] = field(default_factory=list)

    def ask(self, protocol: Protocol, answerer: Answerer, question: Question, seed: int, first: bool) -> None:
        altered = changed_question(question, self.condition, seed)
        answer = answerer.answer(altered, seed)[: len(altered.truth)]
        self.measured[-1].append(measure(protocol, altered, answer))
        if first:
            self.asked.append(without_points(protocol, altered))

    def summary(self, protocol: Protocol) -> tuple[Mapping[str, Figure], Float64[np.ndarray, "S"] | None]:
        """Figures, and the mean over seeds of each sample's headline where it has one."""
        figures, samples = summarise(protocol, self.asked, self.measured)
        name = next(iter(figures))
        name = "iou" if name in ("miou", "ciou") else name
        if name not in samples[0].values:
            return figures, None
        return figures, known_means(np.array([row.values[name] for row in samples], dtype=np.float64), axis=1)


def _lacks(question: Question, condition: Condition, reads_colors: bool) -> str | None:
    """Why a condition cannot be had of a sample; None where it can."""
    if condition.points is not None and condition.points > len(question.truth):
        return f"{question.key} has {len(question.truth):,} points"
    adds = condition.corruption is not None and condition.corruption[0] in ADDING
    if adds and reads_colors and question.colors is not None:
        return "the model reads colours, and added points have none"
    return None


def _unsaid(protocol: Protocol, runs: Sequence[_Run]) -> dict[str, str]:
    """Conditions whose words a protocol does not let be put otherwise, with the reason."""
    if protocol.phrase == "question":
        reason = "the data set asks in whole sentences"
    elif protocol.task == "labels":
        reason = "one of the words is none, which cannot be put otherwise"
    else:
        return {}
    return {run.condition.name: reason for run in runs if run.condition.words != Condition().words}
