"""The user's own `Segmenter` as the one who answers a protocol's questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, runtime_checkable
from typing import Protocol as Door

import numpy as np

from partwise.encoders.bank import PhraseEmbedder
from partwise.errors import InputError, MissingDataError
from partwise.evaluate.protocol import Protocol
from partwise.evaluate.questions import NONE, Question
from partwise.evaluate.results import ModelNotes
from partwise.io.geometry import Geometry
from partwise.look import Look
from partwise.metrics.heat import mean_vote
from partwise.predict import Segmenter
from partwise.shape import Shape

# Heat from which a point counts as having an affordance, where a model with heat is asked for labels.
HOT = 0.5


@runtime_checkable
class Answerer(Door):
    """Whoever answers: our `Segmenter`, or predictions that lie in files.

    `answer` gives for each of the M asked points a label (M,) with -1 for none, or a mask (M,P) of each part, or heat
    (M,) or (M,T). `config` is what a result records of how it was asked, `origin` is as in results.
    """

    notes: ModelNotes
    origin: str

    @property
    def config(self) -> dict[str, Any]: ...

    def answer(self, question: Question, seed: int) -> np.ndarray: ...


class SegmenterAnswers:
    """A segmenter under the rules of a protocol.

    images  the folder of the official data set, to ask by its pictures and not in words

    Raises InputError for a protocol that says why no model of ours can be asked.
    """

    origin = "measured"

    def __init__(
        self, segmenter: Segmenter, protocol: Protocol, notes: ModelNotes, images: Path | None = None
    ) -> None:
        if protocol.missing is not None:
            raise InputError(
                f"{protocol.id} cannot be asked: {protocol.missing}; predictions that follow it can be scored "
                "with --from"
            )
        self.notes, self.protocol, self.images = notes, protocol, images
        self.segmenter = _as_asked(segmenter, protocol)
        self._look: tuple[int, Look] | None = None

    @property
    def config(self) -> dict[str, Any]:
        """The segmenter's options, which of its doors answers came through, how it was asked, the head's hash."""
        through = "segment" if self.protocol.task == "parts" or self._by_words else "afford"
        asked_by = "words" if self.images is None else "pictures"
        head = self.segmenter.head.sha256 if through == "afford" and self.segmenter.head else None
        return {**asdict(self.segmenter.config), "through": through, "asked_by": asked_by, "head": head}

    @property
    def _by_words(self) -> bool:
        """Labels of affordances come from an affordance head where there is one, else from words that compete."""
        return self.protocol.task == "labels" and self.segmenter.head is None

    def answer(self, question: Question, seed: int) -> np.ndarray:
        """See `Answerer`. Raises what `Segmenter` raises, naming the question."""
        try:
            if self.protocol.task == "parts" or self._by_words:
                return self._labels(question, seed)
            if self.protocol.task == "labels":
                return self._hottest(question, seed)
            if self.images is not None:
                return self._heat(question, (), seed, self._picture(question, self.images))
            return self._heat(question, question.phrases, seed)
        except InputError as error:
            raise InputError(f"{question.key}: {error}") from error

    def _labels(self, question: Question, seed: int) -> np.ndarray:
        look = self._look_at(question, seed)
        found = self.segmenter.segment(look, question.phrases, allow_none=question.allow_none).labels
        return np.array([*question.answers, NONE])[found]

    def _hottest(self, question: Question, seed: int) -> np.ndarray:
        """The label of the hottest affordance, that of the word "none" where none reaches HOT."""
        none = [number for number, phrase in enumerate(question.phrases) if phrase == "none"]
        asked = [number for number in range(len(question.phrases)) if number not in none]
        heat = self._heat(question, [question.phrases[number] for number in asked], seed)
        cold = question.answers[none[0]] if none else NONE
        return np.where(heat.max(axis=1) >= HOT, np.array(question.answers)[asked][heat.argmax(axis=1)], cold)

    @staticmethod
    def _picture(question: Question, folder: Path) -> Path:
        if question.image is None:
            raise InputError("there is no picture in the question: ask in words")
        path = folder / question.image
        if not path.is_file():
            raise MissingDataError(
                f"{path} is not there: give the folder of the official data set as --images"
            )
        return path

    def _heat(
        self, question: Question, phrases: Sequence[str], seed: int, image: Path | None = None
    ) -> np.ndarray:
        votes = self.protocol.votes
        maps = [
            self.segmenter.afford(self._look_at(question, seed * votes + vote), phrases, image).heat
            for vote in range(votes)
        ]
        mean = mean_vote(np.stack(maps))
        return mean[:, 0] if question.truth.ndim == 1 and self.protocol.task == "heat" else mean

    def _look_at(self, question: Question, seed: int) -> Look:
        """One pass over the shape; questions about the same shape in a row share it."""
        if self._look is None or self._look[0] != seed or not _same_shape(self._look[1].shape, question):
            self._look = seed, self.segmenter.look(_shape(question), seed=seed)
        return self._look[1]


def _shape(question: Question) -> Shape:
    """What is asked about: points or vertices with their colours; of normals no model here makes use."""
    faces = None if question.faces is None else question.faces.astype(np.int64)
    colors = question.colors
    if colors is not None:
        colors = colors if question.rows is None else colors[question.rows]
        colors = np.pad(colors, ((0, 0), (0, 1)), constant_values=255)  # opaque
    geometry = Geometry(question.asked.astype(np.float64), faces, colors=colors)
    return Shape(geometry, question.up, "given", "unknown", "not needed", question.key)


def _same_shape(shape: Shape, question: Question) -> bool:
    asked = question.asked
    return shape.points.shape == asked.shape and np.array_equal(shape.points, asked.astype(np.float64))


def _as_asked(segmenter: Segmenter, protocol: Protocol) -> Segmenter:
    """The same model with the box and the templates that a protocol fixes."""
    config, embedder = segmenter.config, segmenter.embedder
    if protocol.box != "model":
        config = replace(config, box=protocol.box)
    if protocol.templates not in ("model", embedder.templates):
        config = replace(config, templates=protocol.templates)
        opened = segmenter.embedder
        embedder = PhraseEmbedder(None, lambda: opened.open_encoder(()), protocol.templates)
    asked = Segmenter(
        segmenter.model, embedder, config, segmenter.record, segmenter.head, pictures=segmenter.pictures
    )
    asked.labels = segmenter.labels
    return asked
