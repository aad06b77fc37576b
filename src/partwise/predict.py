"""`Segmenter`: the one call that person, viewer, benchmark and trainer use. Shapes and words in, Segmentation out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor

from partwise.anchors import Anchors, checked_sampling, with_face_means
from partwise.checks import keep_real, keep_whole
from partwise.contracts import PartModel, SeesShapes
from partwise.encoders.asking import embedded_prompt, open_embedder
from partwise.encoders.bank import PhraseEmbedder
from partwise.encoders.pixels import PictureTower
from partwise.encoders.prompt import Prompt
from partwise.encoders.prompts import clean_phrases, listed
from partwise.errors import CheckpointError, InputError, MissingDataError
from partwise.files import cache_folder
from partwise.heatmaps import Heatmaps
from partwise.look import Look, device_of, look_at, sees_colors
from partwise.models.finish import strength_of
from partwise.models.openad import ClosedSet
from partwise.models.pointalign3d import PointEmbedding
from partwise.models.pointmae import PointMAE
from partwise.models.runtime import checked_device, with_runtime
from partwise.pretrained import (
    AffordHead,
    Model,
    Promptable,
    build_model,
    config_from,
    open_head,
    open_pretrained,
    tower_of,
    with_encoder,
)
from partwise.question import make_question
from partwise.segmentation import ModelRecord, Segmentation
from partwise.shape import Shape
from partwise.voting import probabilities, vote, weigh

# What "none" is compared with: words that fit anything, as in LERF (Kerr et al., ICCV 2023, section 3.3).
ANYTHING = ("object", "thing", "part", "stuff")


@dataclass(frozen=True)
class SegmenterConfig:
    """How shapes and words meet a model; saved with its weights.

    points       anchors sampled from a shape
    box          what the model sees shapes in: "unit_sphere" or "max_abs_075"
    propagation  from patches to anchors, see the model's `similarity`
    temperature  scores = softmax(cosine / temperature)
    templates    name of the prompt templates, see partwise.encoders.prompts
    text_encoder, text_revision   "minilm", a folder, or a hub id and its commit
    voting       of the pieces of a mesh, or along the surface of a cloud, see partwise.voting
    balance      how far phrases that score low all over are raised where pieces vote, 0 to 1
    even         how much denser small pieces of a mesh are sampled, 0 to 1, see partwise.anchors
    draws        how often anchors are sampled; what is answered at a place is a mean over all draws
    """

    points: int = 2048
    box: str = "unit_sphere"
    propagation: str = "nearest"
    temperature: float = 0.07
    templates: str = "part_only"
    text_encoder: str = "minilm"
    text_revision: str | None = None
    voting: str = "none"
    balance: float = 0.0
    even: float = 0.0
    draws: int = 1

    def __post_init__(self) -> None:
        checked_sampling(self.points, self.draws)
        keep_whole(self, 1, "points", "draws")
        keep_real(self, 0, "temperature")
        keep_real(self, 0, "balance", "even", most=1)
        if self.temperature == 0:
            raise InputError("temperature is 0: it divides, so give more")


class Segmenter:
    """Names the parts of shapes with words that are chosen at run time.

    Example:
        >>> segmenter = Segmenter.from_pretrained("runs/my_checkpoint")
        >>> parts = segmenter.segment(Shape.read("chair.glb"), ["seat", "back", "leg"])
        >>> parts.labels, parts.confidence
        >>> parts.write("chair_parts.glb")
    """

    def __init__(
        self,
        model: PartModel | SeesShapes | Promptable,
        embedder: PhraseEmbedder,
        config: SegmenterConfig | None = None,
        record: ModelRecord | None = None,
        head: AffordHead | None = None,
        labels: Sequence[str] = (),
        pictures: PictureTower | None = None,
    ) -> None:
        """`labels` are the words of a closed-set model, in the order of its outputs; `pictures` reads those of LAS."""
        self.pictures = pictures
        self.labels = clean_phrases(labels) if labels else ()
        self.model = model
        self.head = head
        self.embedder = embedder
        self.config = config or SegmenterConfig()
        self.record = record or ModelRecord(type(model).__name__)

    @classmethod
    def from_pretrained(
        cls,
        name: str | os.PathLike[str] = "partwise-small",
        revision: str | None = None,
        device: str | torch.device = "cpu",
        text_bank: str | os.PathLike[str] | None = None,
        runtime: str = "torch",
        head: bool = True,
    ) -> Segmenter:
        """A segmenter from the weights in this package ("partwise-small"), a folder, or a hub id at a revision.

        The official weights, "patchalign3d/patchalign3d-encoder", are downloaded and converted in one step.
        text_bank   phrases embedded before (`partwise textbank`); with it no text model is needed for them
        runtime     "torch", or what is faster on some processors: "torch-onednn", "onnx" (same labels), "torch-bf16",
                    "onnx-int8" (a few other labels); CPU only, onnx needs the extra `fast`; see docs/speed.md
        head        False leaves out the affordance head, such as one that is to be trained anew
        Raises MissingDataError, CheckpointError or UnsafeError.
        """
        place = checked_device(device)
        if runtime != "torch" and place.type != "cpu":
            raise InputError(
                f"runtime {runtime!r} works on the CPU only, device is {str(place)!r}: use 'torch'"
            )
        checkpoint, alone = with_encoder(open_pretrained(name, revision))
        model = build_model(checkpoint)
        if isinstance(model, PointMAE):
            raise CheckpointError(
                f"{checkpoint.name} is an encoder that knows no words yet: train a model on it, "
                f"`partwise train patchalign3d PACK OUT --start {checkpoint.name}`"
            )
        if isinstance(model, Model):
            model = with_runtime(model, runtime, checkpoint.sha256, cache_folder())
        elif runtime != "torch":
            raise InputError(f"runtime {runtime!r} is not made for {type(model).__name__}: use 'torch'")
        config = config_from(SegmenterConfig, checkpoint.config.get("segmenter", {}), checkpoint.name)
        embedder = open_embedder(
            config.text_encoder,
            config.text_revision,
            config.templates,
            text_bank,
            isinstance(model, Promptable) and model.reads == "ids",
        )
        sha256 = model.sha256 if isinstance(model, SeesShapes) else checkpoint.sha256
        record = ModelRecord(checkpoint.name, checkpoint.revision, sha256, runtime)
        actions = open_head(checkpoint, alone) if head else None
        if actions is not None:
            actions.model.to(place)
        labels = checkpoint.config.get("labels", ())
        return cls(model.to(place), embedder, config, record, actions, labels, tower_of(checkpoint))

    @property
    def reads_colors(self) -> bool:
        """Whether the colours of a shape change the answers; else its places alone do."""
        return sees_colors(self.model)

    def look(
        self, shape: Shape, *, points: int | None = None, draws: int | None = None, seed: int = 0
    ) -> Look:
        """One pass of the model over a shape, to give to `segment` and `afford` in the shape's place.

        points, draws   anchors to sample, and how often: the model passes over each draw by itself; default from the
                        model
        Raises InputError for numbers out of bounds, and for several draws where the model sees the shape itself.
        """
        config = self.config
        points = config.points if points is None else points
        draws = config.draws if draws is None else draws
        return look_at(shape, self.model, config.box, config.even, points, draws, seed)

    def segment(
        self,
        shape: Shape | Look,
        phrases: Sequence[str],
        *,
        allow_none: bool = False,
        none_below: float = 0.0,
        points: int | None = None,
        draws: int | None = None,
        voting: str | None = None,
        seed: int = 0,
    ) -> Segmentation:
        """Which phrase fits where. Answers every point, and every vertex and face of a mesh, in input order.

        shape        or a `Look` at one, which brings its own points, draws and seed
        allow_none   points that fit the words "object", "thing", "part" or "stuff" better than every phrase get
                     label -1; a single phrase is always asked this way, or it would win everywhere
        none_below   label -1 where the confidence is lower than this
        points       anchors to sample, default from the model
        draws        how often to sample them, default from the model: two cost nearly twice the time, and what is
                     answered hangs less on where anchors fell
        voting       "pieces": connected pieces and smooth patches of a mesh take one label each, what a cloud answers
                     flows along its surface, and rare phrases are raised (not with allow_none); "matched": besides,
                     pieces of one form vote together and every phrase gets one; "components", "regions": just these of
                     a mesh; "none"; default from the model
        seed         of the sampling; same seed, machine and versions: same labels

        Raises InputError (phrases, options) or MissingDataError (a phrase that no text encoder at hand knows).
        """
        words = clean_phrases(phrases)
        if not 0 <= none_below <= 1:
            raise InputError(f"none_below is {none_below}: confidences lie in 0..1")
        allow_none = allow_none or len(phrases) == 1
        anything = [word for word in ANYTHING if word not in words] if allow_none else []
        if isinstance(self.model, Promptable):  # such a model knows "none" from its training
            asked = allow_none and self.model.answers == "softmax" and "none" not in words
            anything = ["none"] if asked else []
            text = self._prompt([*words, *anything], self.model)
        else:
            text = self.embedder.embed([*words, *anything])
        look = self._looked(shape, points=points, draws=draws, seed=seed)
        voting = voting or self.config.voting
        config = replace(self.config, points=look.points, draws=look.draws, voting=voting)
        anchors, scores, none = self._scores(look, text, len(phrases), config, allow_none)
        options = {**asdict(config), "seed": look.seed, "allow_none": allow_none, "none_below": none_below}
        return Segmentation(
            shape=look.shape,
            phrases=tuple(phrases),
            row_scores=scores,
            row_none=none | (scores.max(axis=1) < none_below),
            point_row=anchors.point_row,
            face_row=anchors.face_row,
            anchors=anchors.original,
            transform=anchors.transform,
            model=self.record,
            options=options,
            warnings=(*look.shape.warnings, *anchors.warnings),
        )

    def afford(
        self,
        shape: Shape | Look,
        phrases: Sequence[str] = (),
        images: Any = None,
        *,
        points: int | None = None,
        draws: int | None = None,
        seed: int = 0,
    ) -> Heatmaps:
        """Where a shape serves each action: verbs ("grasp"), phrases ("where to sit"), questions or pictures of it.

        Answers every point, vertex and face in input order with heat in [0,1]; phrases do not compete. An action that
        the shape does not offer has low heat everywhere and `offered` False.

        shape   or a `Look` at one, which brings its own points, draws and seed
        images  a picture, or a list of them: paths, PIL images or arrays. One goes with all phrases, as many as there
                are phrases go with them in order; without phrases each is a question of its own

        Raises InputError (phrases, pictures), MissingDataError (these weights have no affordance head, or a phrase or
        picture that no encoder at hand knows).
        """
        sampling = {"points": points, "draws": draws, "seed": seed}
        if self.head is None and isinstance(self.model, Promptable):
            return self._afford_directly(shape, phrases, images, sampling)
        if self.head is None and images is not None:
            raise InputError(f"{self.record.name} has no head that reads pictures: ask in words")
        if self.head is None and isinstance(self.model, SeesShapes) and self.model.answers == "cosine":
            return self._relevancy(shape, phrases, sampling)
        if self.head is None:
            raise MissingDataError(
                f"{self.record.name} has no affordance head: use 'partwise-small', or train one with "
                "`partwise train afford`"
            )
        prompt, names = self.head.question(phrases, images, self.embedder)
        look = self._looked(shape, **sampling)
        if not isinstance(look.embedding, PointEmbedding):
            raise InputError(f"{self.record.name} has no point decoder, which its affordance head builds on")
        with torch.inference_mode():
            heat, strength = self.head.answer(look.embedding, prompt, look.joined)  # (D,M,T), (T,)
        above, options = self.head.offered_above, {"head": self.head.sha256}
        return replace(self._heatmaps(look, names, heat, above, options, strength), finish=self.head.finish)

    def _afford_directly(
        self, shape: Shape | Look, phrases: Sequence[str], images: Any, sampling: dict[str, Any]
    ) -> Heatmaps:
        """Heat from a model that reads prompts itself. Labels that compete are each compared with "none" alone."""
        model, names = self.model, listed(phrases)
        assert isinstance(model, Promptable), "afford sees to it"
        competing = model.answers == "softmax"
        if images is None:
            words = clean_phrases(phrases)
            prompt = self._prompt([*words, *(["none"] if competing else [])], model)
        else:
            prompt, names = make_question(phrases, images, model.reads, self.embedder, self.pictures)
            prompt = prompt.to(device_of(self.model))
        look = self._looked(shape, **sampling)
        with torch.inference_mode():
            logits = look.joined(model.logits(look.embedding, prompt).float().cpu())  # (D,M,S)
            heat = torch.sigmoid(
                logits[..., : len(names)] - (logits[..., len(names) :] if competing else 0.0)
            )
        return self._heatmaps(look, names, heat, 0.5, {})

    def _relevancy(self, shape: Shape | Look, phrases: Sequence[str], sampling: dict[str, Any]) -> Heatmaps:
        """Heat from cosines alone: each phrase against the words that fit anything (LERF, section 3.3)."""
        text = np.concatenate([self.embedder.embed(phrases), self.embedder.embed(ANYTHING)])
        look = self._looked(shape, **sampling)
        with torch.inference_mode():
            cosine = self._compare(look, text, False)
            asked, anything = cosine[..., : len(phrases)], cosine[..., len(phrases) :].amax(-1, keepdim=True)
            heat = torch.sigmoid((asked - anything) / self.config.temperature)
        return self._heatmaps(look, phrases, heat, 0.5, {})

    def _looked(self, shape: Shape | Look, **sampling: Any) -> Look:
        """The look that was given, or one at the shape that was."""
        return shape if isinstance(shape, Look) else self.look(shape, **sampling)

    def _heatmaps(
        self,
        look: Look,
        phrases: Sequence[str],
        heat: Float[Tensor, "D M T"],
        offered_above: float,
        options: dict[str, Any],
        strength: Float[Tensor, "T"] | None = None,
    ) -> Heatmaps:
        # As strong as a draw sees it in the mean: among more anchors the hottest few would be hotter.
        strong = (strength_of(heat).mean(dim=0) if strength is None else strength).numpy()
        anchors, sampled = look.anchors, {"points": look.points, "draws": look.draws, "seed": look.seed}
        return Heatmaps(
            shape=look.shape,
            phrases=tuple(phrases),
            row_heat=with_face_means(heat.flatten(0, 1), anchors.face_groups).numpy(),
            strength=strong,
            offered=strong >= offered_above,
            point_row=anchors.point_row,
            face_row=anchors.face_row,
            anchors=anchors.original,
            transform=anchors.transform,
            model=self.record,
            options={**sampled, "offered_above": offered_above, **options},
            warnings=(*look.shape.warnings, *anchors.warnings),
        )

    def _prompt(self, words: Sequence[str], model: Any) -> Prompt:
        """The phrases in the form that a model reads."""
        if isinstance(model, ClosedSet):
            unknown = [word for word in words if word not in self.labels]
            if unknown:
                raise InputError(
                    f"{', '.join(map(repr, unknown))}: {self.record.name} knows its own labels only: "
                    f"{', '.join(self.labels)}"
                )
            return Prompt(
                ids=torch.tensor([[self.labels.index(word)] for word in words], device=device_of(self.model))
            )
        return embedded_prompt(words, model.reads, self.embedder).to(device_of(self.model))

    def _scores(
        self, look: Look, text: Any, count: int, config: SegmenterConfig, allow_none: bool
    ) -> tuple[Anchors, Float32[np.ndarray, "R T"], Bool[np.ndarray, "R"]]:
        """Anchors and their rows: probabilities (R,T) of the first `count` phrases, and where (R,) another wins."""
        with torch.inference_mode():
            cosine = self._compare(look, text, allow_none).flatten(0, 1)
            cosine = with_face_means(cosine, look.anchors.face_groups).numpy()  # (R,S)
        ballot = vote(look.shape, look.anchors, cosine, count, config.voting, config.temperature)
        if cosine.shape[1] == count:
            cosine = weigh(ballot, config.temperature, config.balance, config.voting)
            return (
                ballot.anchors,
                probabilities(cosine, config.temperature),
                np.zeros(len(cosine), dtype=bool),
            )
        cosine = ballot.settled(ballot.values)
        asked, anything = cosine[:, :count], cosine[:, count:].max(axis=1, keepdims=True)
        scores = probabilities(np.concatenate([asked, anything], axis=1), config.temperature)[:, :count]
        return ballot.anchors, scores, anything[:, 0] > asked.max(axis=1)

    def _compare(self, look: Look, text: Any, allow_none: bool) -> Float[Tensor, "D M S"]:
        """What the model makes of each anchor and phrase: cosines with vectors, or its logits for a prompt."""
        if isinstance(self.model, Promptable):
            logits = self.model.logits(look.embedding, text)
            # Independent heatmaps say "none" by staying below one half, which is a logit of 0.
            at_zero = allow_none and self.model.answers == "sigmoid"
            values = torch.nn.functional.pad(logits, (0, 1)) if at_zero else logits
        else:
            vectors = torch.from_numpy(text).to(device_of(self.model))
            values = self.model.similarity(look.embedding, vectors, self.config.propagation)
        return look.joined(values.float().cpu())
