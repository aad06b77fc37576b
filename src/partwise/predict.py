"""`Segmenter`: the one call that person, viewer, benchmark and trainer use. Shapes and words in, Segmentation out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int64
from torch import Tensor, nn

from partwise.anchors import Anchors, sample_anchors
from partwise.encoders.bank import PhraseEmbedder, TextBank, default_bank_path
from partwise.encoders.prompts import clean_phrases
from partwise.encoders.text import load_text_encoder
from partwise.errors import InputError
from partwise.files import cache_folder
from partwise.models.runtime import with_runtime
from partwise.pretrained import build_model, config_from, open_pretrained
from partwise.segmentation import ModelRecord, Segmentation
from partwise.shape import Shape

# What "none" is compared with: words that fit anything, as in LERF (Kerr et al., ICCV 2023, section 3.3).
ANYTHING = ("object", "thing", "part", "stuff")


@runtime_checkable
class PartModel(Protocol):
    """What the segmenter asks of a model: one pass over the points, then any number of phrases."""

    def __call__(self, points: Float[Tensor, "B N 3"]) -> Any: ...

    def similarity(
        self, embedding: Any, text: Float[Tensor, "T E"], propagation: str = ...
    ) -> Float[Tensor, "B N T"]: ...


@dataclass(frozen=True)
class SegmenterConfig:
    """How shapes and words meet a model; saved with its weights.

    points       anchors sampled from a shape
    box          what the model was trained in: "unit_sphere" or "max_abs_075"
    propagation  from patches to anchors, see the model's `similarity`
    temperature  scores = softmax(cosine / temperature)
    templates    name of the prompt templates, see partwise.encoders.prompts
    text_encoder, text_revision   "minilm", a folder, or a hub id and its commit
    """

    points: int = 2048
    box: str = "unit_sphere"
    propagation: str = "nearest"
    temperature: float = 0.07
    templates: str = "part_only"
    text_encoder: str = "minilm"
    text_revision: str | None = None

    def __post_init__(self) -> None:
        if self.points < 1:
            raise InputError(f"points is {self.points}: ask for at least 1 anchor")
        if self.temperature <= 0:
            raise InputError(f"temperature is {self.temperature}: it must be positive")


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
        model: PartModel,
        embedder: PhraseEmbedder,
        config: SegmenterConfig | None = None,
        record: ModelRecord | None = None,
    ) -> None:
        self.model = model
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
    ) -> Segmenter:
        """A segmenter from the weights in this package ("partwise-small"), a folder, or a hub id at a revision.

        The official weights, "patchalign3d/patchalign3d-encoder", are downloaded and converted in one step.
        text_bank   phrases embedded before (`partwise textbank`); with it no text model is needed for them
        runtime     "torch", or what is faster on some processors: "torch-onednn", "onnx" (same labels), "torch-bf16",
                    "onnx-int8" (a few other labels); CPU only, onnx needs the extra `fast`; see docs/speed.md
        Raises MissingDataError, CheckpointError or UnsafeError.
        """
        place = _checked_device(device)
        if runtime != "torch" and place.type != "cpu":
            raise InputError(
                f"runtime {runtime!r} works on the CPU only, device is {str(place)!r}: use 'torch'"
            )
        checkpoint = open_pretrained(name, revision)
        model = with_runtime(build_model(checkpoint), runtime, checkpoint.sha256, cache_folder())
        config = config_from(SegmenterConfig, checkpoint.config.get("segmenter", {}), checkpoint.name)
        embedder = _embedder(config, text_bank)
        return cls(
            model.to(place),
            embedder,
            config,
            ModelRecord(checkpoint.name, checkpoint.revision, checkpoint.sha256, runtime),
        )

    def segment(
        self,
        shape: Shape,
        phrases: Sequence[str],
        *,
        allow_none: bool = False,
        none_below: float = 0.0,
        points: int | None = None,
        propagation: str | None = None,
        seed: int = 0,
    ) -> Segmentation:
        """Which phrase fits where. Answers every point, and every vertex and face of a mesh, in input order.

        allow_none   points that fit the words "object", "thing", "part" or "stuff" better than every phrase get
                     label -1; a single phrase is always asked this way, or it would win everywhere
        none_below   label -1 where the confidence is lower than this
        points       anchors to sample, default from the model
        seed         of the sampling; same seed, machine and versions: same labels

        Raises InputError (phrases, options) or MissingDataError (a phrase that no text encoder at hand knows).
        """
        config = replace(
            self.config,
            points=points or self.config.points,
            propagation=propagation or self.config.propagation,
        )
        words = clean_phrases(phrases)
        if not 0 <= none_below <= 1:
            raise InputError(f"none_below is {none_below}: confidences lie in 0..1")
        allow_none = allow_none or len(phrases) == 1
        anything = [word for word in ANYTHING if word not in words] if allow_none else []
        text = self.embedder.embed([*words, *anything])
        anchors = sample_anchors(shape, config.points, config.box, seed)
        scores, none = self._scores(anchors, text, len(phrases), config)
        options = {**asdict(config), "seed": seed, "allow_none": allow_none, "none_below": none_below}
        return Segmentation(
            shape=shape,
            phrases=tuple(phrases),
            row_scores=scores,
            row_none=none | (scores.max(axis=1) < none_below),
            point_row=anchors.point_row,
            face_row=anchors.face_row,
            anchors=anchors.original,
            transform=anchors.transform,
            model=self.record,
            options=options,
            warnings=(*shape.warnings, *anchors.warnings),
        )

    def _scores(
        self, anchors: Anchors, text: Float32[np.ndarray, "S E"], count: int, config: SegmenterConfig
    ) -> tuple[Float32[np.ndarray, "R T"], Bool[np.ndarray, "R"]]:
        """Probabilities (R,T) of the first `count` phrases, and where (R,) one of the others beats them."""
        device = next(self.model.parameters()).device if isinstance(self.model, nn.Module) else "cpu"
        with torch.inference_mode():
            embedding = self.model(torch.from_numpy(anchors.canonical)[None].to(device))
            cosine = self.model.similarity(embedding, torch.from_numpy(text).to(device), config.propagation)[
                0
            ]
            cosine = _with_face_means(cosine.float().cpu(), anchors.face_groups)  # (R,S)
            asked = cosine[:, :count]
            if cosine.shape[1] == count:
                return torch.softmax(asked / config.temperature, dim=1).numpy(), np.zeros(
                    len(cosine), dtype=bool
                )
            anything = cosine[:, count:].amax(dim=1, keepdim=True)
            scores = torch.softmax(torch.cat([asked, anything], dim=1) / config.temperature, dim=1)[:, :count]
            return scores.numpy(), (anything[:, 0] > asked.amax(dim=1)).numpy()


def _with_face_means(
    values: Float[Tensor, "M T"], groups: Int64[np.ndarray, "M"] | None
) -> Float[Tensor, "R T"]:
    """Anchor values (M,T), followed by one row for each face that anchors lie on: their mean."""
    if groups is None:
        return values
    index = torch.from_numpy(groups)
    total = torch.zeros(int(groups.max()) + 1, values.shape[1]).index_add_(0, index, values)
    return torch.cat([values, total / torch.bincount(index)[:, None]])


def _embedder(config: SegmenterConfig, text_bank: str | os.PathLike[str] | None) -> PhraseEmbedder:
    """Where a model's phrase vectors come from: a bank first, then its text encoder, opened only if needed."""
    bank = TextBank.load(Path(text_bank)) if text_bank is not None else None
    if bank is None and config.text_encoder == "minilm" and config.templates == "part_only":
        bank = TextBank.load(default_bank_path())
    # Naming a hub encoder in a checkpoint, and asking it a new phrase, is the consent to download it.
    on_hub = config.text_revision is not None
    return PhraseEmbedder(
        bank,
        lambda: load_text_encoder(config.text_encoder, revision=config.text_revision, allow_network=on_hub),
        config.templates,
    )


def _checked_device(name: str | torch.device) -> torch.device:
    """The device, if this machine has it."""
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"unknown device {name!r}: use 'cpu', 'cuda' or 'mps'") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError(
            f"device {str(device)!r} was asked for, but torch {torch.__version__} sees no CUDA device: use 'cpu'"
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InputError(
            f"device {str(device)!r} was asked for, but this machine has no Metal device: use 'cpu'"
        )
    return device
