"""Shapes as pictures: the truth beside one answer or more, to see what a figure stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from partwise.errors import InputError
from partwise.evaluate.ask import Answerer
from partwise.evaluate.protocol import Protocol
from partwise.evaluate.questions import Question, questions
from partwise.evaluate.sources import Source
from partwise.io.geometry import Geometry
from partwise.io.palette import heat_colors, painted, part_colors
from partwise.io.picture import rarity, render_picture, side_by_side

if TYPE_CHECKING:
    from PIL.Image import Image

SIZE = (480, 360)


def asked_again(
    protocol: Protocol, source: Source, keys: Sequence[str], limit: int | None = None
) -> list[Question]:
    """The questions with these keys, in the order of the keys. Raises InputError for a key that is not asked."""
    wanted, found = set(keys), {}
    for question in questions(protocol, source, protocol.seeds[0], limit):
        if question.key in wanted:
            found[question.key] = question
        if len(found) == len(wanted):
            break
    if missing := sorted(wanted - set(found)):
        raise InputError(f"{', '.join(missing)} is not asked by {protocol.id}: is --root the same data?")
    return [found[key] for key in keys]


def gallery(
    protocol: Protocol,
    asked: Sequence[Question],
    answerers: Sequence[tuple[str, Answerer]],
    caption: Callable[[Question], str] = lambda question: "",
    size: tuple[int, int] = SIZE,
) -> Image:
    """A row for each question: the truth, then each answer, coloured alike; parts and heat maps only.

    All of a row are seen from the side where the truth has its small parts, or its heat. Raises InputError without
    questions, or for a protocol with many maps for each shape.
    """
    if not asked or protocol.task == "affordances":
        raise InputError(
            f"nothing to show: {len(asked)} samples of {protocol.task}; a picture shows one answer a shape"
        )
    images, captions = [], []
    for question in asked:
        answers = [("truth", question.truth)]
        answers += [(name, one.answer(question, protocol.seeds[0])) for name, one in answerers]
        for number, (name, answer) in enumerate(answers):
            images.append(_picture(question, answer, size))
            captions.append(f"{question.category}: {caption(question)}" if number == 0 else name)
    return side_by_side(images, 1 + len(answerers), captions)


def _picture(question: Question, answer: np.ndarray, size: tuple[int, int]) -> Image:
    if answer.dtype.kind == "f":
        levels = np.array([1.0, 0.5, 0.0])
        legend = [
            (f"{question.phrases[0]} {level:.0%}", tuple(color))
            for level, color in zip(levels, heat_colors(levels).tolist(), strict=True)
        ]
        return _drawn(question, heat_colors(answer.astype(np.float64)), legend, size)
    if answer.ndim == 2:  # masks that may overlap: the first that holds a point names it
        answer = np.where(answer.any(axis=1), answer.argmax(axis=1), -1)
    names = {
        label: phrase for label, phrase in zip(question.answers, question.phrases, strict=True) if label >= 0
    }
    labels = sorted({*names, *answer[answer >= 0].tolist()})
    colors = part_colors([names.get(label, f"label {label}") for label in labels])
    rows = np.searchsorted(labels, np.maximum(answer, 0))
    palette = [
        (names.get(label, f"label {label}"), tuple(color))
        for label, color in zip(labels, colors.tolist(), strict=True)
    ]
    return _drawn(question, painted(np.where(answer >= 0, rows, -1), colors), palette, size)


def _drawn(question: Question, colors: np.ndarray, legend: Sequence, size: tuple[int, int]) -> Image:
    """The asked points as a cloud: truth and answer are one for each point, on meshes one for each vertex."""
    geometry, truth = Geometry(question.asked.astype(np.float64)), question.truth
    weight = truth if truth.dtype.kind == "f" else rarity(truth)
    return render_picture(geometry, colors, legend, size, up=question.up, weight=weight)
