"""Batches of labelled shapes and questions: a pure function of (seed, step, slot), made one step ahead."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields

import numpy as np
import torch
from jaxtyping import Bool, Float, Int16, Int64
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from partwise.checks import keep_real, keep_seed, keep_whole, whole_number
from partwise.datasets.packed import Pack, PackedShape
from partwise.encoders.actions import drawn_actions, heat_for, trained_wordings
from partwise.encoders.prompts import clean
from partwise.errors import InputError, PartwiseError
from partwise.train.augment import Augment, augmented
from partwise.train.distributed import Workers, check_pieces
from partwise.train.words import WordTable, ask


@dataclass(frozen=True)
class BatchConfig:
    """What a batch is made of.

    accumulate   equal pieces that a batch is worked through in, to save memory; batch norms that train see one piece
                 at a time, so the gradients are those of the whole batch only where they are frozen
    points       how many points a shape is shown with; one of these at random for every batch
    coarse       share of shapes asked by coarse names; synonyms, of names replaced by one
    distractors  names of other shapes added to each question; never the right answer
    distractor_kind   any "phrases" of the pack, any part "names", or names "alike" in words to those asked
    drop_category  a part that is called as its shape's category is not asked for, and its points have no name
    label_noise  share of the points whose label becomes that of another part of the shape (an ablation)
    actions      questions about actions, beside those about parts, where the pack knows of any
    """

    batch: int = 32
    accumulate: int = 1
    points: tuple[int, ...] = (2048,)
    box: str = "unit_sphere"
    coarse: float = 0.0
    synonyms: float = 0.0
    distractors: int = 0
    distractor_kind: str = "phrases"
    drop_category: bool = False
    label_noise: float = 0.0
    actions: int = 0
    augment: Augment = field(default_factory=Augment)
    seed: int = 42

    def __post_init__(self) -> None:
        kinds = ("phrases", "names", "alike")
        if self.distractor_kind not in kinds:
            raise InputError(f"unknown distractor_kind {self.distractor_kind!r}: use {' or '.join(kinds)}")
        object.__setattr__(self, "points", tuple(whole_number("points", count, 1) for count in self.points))
        keep_whole(self, 1, "batch", "accumulate")
        keep_whole(self, 0, "distractors", "actions")
        keep_real(self, 0, "coarse", "synonyms", "label_noise", most=1)
        keep_seed(self)
        check_pieces(self.batch, self.accumulate)


@dataclass(frozen=True)
class Batch:
    """B shapes, what is asked of each, and the answer: labels index T phrases or are -1; `asked` marks real ones.

    rows     of the phrases in the word table, 0 where nothing is asked
    actions  what is asked about actions beside the parts, None for nothing
    """

    points: Float[Tensor, "B N 3"]
    labels: Int64[Tensor, "B N"]
    text: Float[Tensor, "B T E"]
    asked: Bool[Tensor, "B T"]
    rows: Int64[Tensor, "B T"]
    actions: ActionQuestions | None = None


@dataclass(frozen=True)
class ActionQuestions:
    """Q actions that each shape is asked for, and how hot each of its points is; `asked` is False where none is known.

    offered  whether the shape offers the action at all
    """

    text: Float[Tensor, "B Q E"]
    heat: Float[Tensor, "B N Q"]
    offered: Bool[Tensor, "B Q"]
    asked: Bool[Tensor, "B"]


def make_batch(pack: Pack, words: WordTable, config: BatchConfig, step: int, slots: range) -> Batch:
    """The shapes in `slots` of the step's batch: a pure function of (seed, step, slot)."""
    shapes, questions, actions = [], [], []
    count = int(np.random.default_rng([config.seed, step]).choice(config.points))
    for slot in slots:
        number = step * config.batch + slot
        order = np.random.default_rng([config.seed, number // len(pack)]).permutation(len(pack))
        shape = pack[int(order[number % len(pack)])]
        rng = np.random.default_rng([config.seed, step, slot])
        points, kept = augmented(shape.points, shape.labels, config.augment, count, config.box, rng)
        labels = shape.labels[kept]
        if config.drop_category:
            labels = without_category(labels, shape)
        if config.label_noise:
            labels = mislabelled(labels, config.label_noise, rng)
        asking = (config.coarse, config.synonyms, config.distractors, rng, config.distractor_kind)
        question = ask(shape.parts, labels, words, *asking)
        shapes.append(points)
        questions.append(question)
        if config.actions:
            actions.append(ask_actions(shape, kept, words, config.actions, rng))
    widest = max(1, *(len(q.rows) for q in questions))
    text = torch.zeros(len(shapes), widest, words.vectors.shape[1])
    asked = torch.zeros(len(shapes), widest, dtype=torch.bool)
    rows = torch.zeros(len(shapes), widest, dtype=torch.int64)
    for row, question in enumerate(questions):
        text[row, : len(question.rows)] = words.vectors[question.rows]
        asked[row, : len(question.rows)] = True
        rows[row, : len(question.rows)] = torch.tensor(question.rows, dtype=torch.int64)
    labels = torch.from_numpy(np.stack([q.labels for q in questions]))
    return Batch(
        torch.from_numpy(np.stack(shapes)), labels, text, asked, rows, stacked(actions) if actions else None
    )


def ask_actions(
    shape: PackedShape, kept: Int64[np.ndarray, "N"], words: WordTable, count: int, rng: np.random.Generator
) -> ActionQuestions:
    """`count` questions about the actions of one shape (B is 1), each in one of its wordings."""
    text = torch.zeros(1, count, words.vectors.shape[1])
    if not shape.actions:
        nothing = torch.zeros(1, count, dtype=torch.bool)
        return ActionQuestions(text, torch.zeros(1, len(kept), count), nothing, nothing[:, 0])
    asked = drawn_actions(shape.actions, count, rng)
    for column, action in enumerate(asked):
        text[0, column] = words.vectors[words.row[clean(str(rng.choice(trained_wordings(action))))]]
    heat = heat_for(asked, shape.actions, shape.heat[kept])
    offered = torch.from_numpy(heat.max(axis=0) >= 0.5)[None]
    return ActionQuestions(text, torch.from_numpy(heat)[None], offered, torch.ones(1, dtype=torch.bool))


def stacked(questions: list[ActionQuestions]) -> ActionQuestions:
    """Those of single shapes as one batch."""
    names = [field.name for field in fields(ActionQuestions)]
    return ActionQuestions(*(torch.cat([getattr(q, name) for q in questions]) for name in names))


def without_category(labels: Int16[np.ndarray, "N"], shape: PackedShape) -> Int16[np.ndarray, "N"]:
    """Labels (N,), -1 where the part is called as the category, which names the whole shape and no part of it."""
    named = [row for row, part in enumerate(shape.parts) if clean(part.name) == clean(shape.category)]
    return np.where(np.isin(labels, named), -1, labels).astype(np.int16)


def mislabelled(
    labels: Int16[np.ndarray, "N"], share: float, rng: np.random.Generator
) -> Int16[np.ndarray, "N"]:
    """Labels (N,) of which `share` are drawn anew from the parts that the shape shows."""
    shown = np.unique(labels[labels >= 0])
    if len(shown) == 0:
        return labels
    wrong = (rng.random(len(labels)) < share) & (labels >= 0)
    return np.where(wrong, rng.choice(shown, len(labels)), labels).astype(np.int16)


class Steps(Dataset[list[Batch] | PartwiseError]):
    """The accumulated batches of each step: one of each piece of its slots; what a pack refuses, in their place.

    A process of its own could raise it only with its whole traceback for a message.
    """

    def __init__(self, pack: Pack, words: WordTable, config: BatchConfig, pieces: list[range]) -> None:
        self.pack, self.words, self.config, self.pieces = pack, words, config, pieces

    def __getitem__(self, step: int) -> list[Batch] | PartwiseError:
        try:
            return [make_batch(self.pack, self.words, self.config, step, piece) for piece in self.pieces]
        except PartwiseError as error:
            return error


def prefetched(
    pack: Pack, words: WordTable, config: BatchConfig, steps: range, workers: Workers, makers: int = 0
) -> Iterator[list[Batch]]:
    """The accumulated batches of each step, made ahead in a thread, or in `makers` processes of their own.

    A thread is enough beside a processor that trains; a GPU waits for it. The batches are the same.
    Raises InputError for fewer than no makers, and what reading the pack raises.
    """
    if makers < 0:
        raise InputError(f"{makers} processes cannot make batches: give --makers 0, a thread, or more")
    batches = Steps(pack, words, config, workers.pieces(config.batch, config.accumulate))
    for made in _ahead(batches, steps, makers):
        if isinstance(made, PartwiseError):
            raise made
        yield made


def _ahead(batches: Steps, steps: range, makers: int) -> Iterator[list[Batch] | PartwiseError]:
    if makers:
        yield from DataLoader(batches, batch_size=None, sampler=steps, num_workers=makers, prefetch_factor=4)
        return
    with ThreadPoolExecutor(1) as pool:
        coming = [pool.submit(batches.__getitem__, step) for step in steps[:1]]
        for step in steps:
            made = coming.pop().result()
            coming += [pool.submit(batches.__getitem__, step + 1)] if step + 1 in steps else []
            yield made
