"""`partwise train lmad` and the models it is compared to: one recipe, one set of options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import tyro

from partwise.cli.progress import step
from partwise.errors import InputError, MissingExtraError


@dataclass(frozen=True)
class TrainAffordance:
    """What all affordance models share; a tenth of the shapes is kept back to validate on."""

    MODEL: ClassVar[str] = ""

    out: tyro.conf.Positional[Path]
    """The folder of the run: state, curves.csv, checkpoint."""
    preset: Literal["tiny", "small", "paper"] = "small"
    """paper: the published sizes and schedule; small: minutes to an hour on a processor; tiny: seconds."""
    data: Path | None = None
    """A heat pack (`partwise.datasets.heat_pack`) of any data set; without it procedural shapes are made."""
    shapes: int = 600
    """Procedural shapes to make where there is no data."""
    setting: Literal["full", "partial", "rotated"] = "full"
    """Whole shapes, one view of them, or any way up."""
    language: str | None = None
    """minilm, or the folder of a BERT; the paper preset of LM-AD needs bert-base-uncased."""
    start: Path | None = None
    """A Point-MAE or CMAT checkpoint: its encoder takes the place of the model's own, sizes and all."""
    freeze: bool = False
    """With `start`: that encoder stays as it is."""
    steps: int | None = None
    """Instead of the preset's own number."""
    seed: int = 1
    """Of everything random."""
    device: str = "cpu"
    """cpu or cuda."""

    def run(self) -> None:
        """Make or open the shapes, train, say where the checkpoint is."""
        with step("loading"):
            try:
                from partwise.train.affordance import train
                from partwise.train.affordance_presets import preset
            except ImportError as error:
                raise MissingExtraError(str(error.name), "train", "training") from error

            samples = self._samples()
            config = preset(self.MODEL, self.preset, _labels(samples))
            changes: dict[str, Any] = {"setting": self.setting, "seed": self.seed, "freeze": self.freeze}
            changes |= {} if self.start is None else {"start": str(self.start)}
            changes |= {} if self.steps is None else {"steps": self.steps}
            changes |= {} if self.language is None else {"language": self.language}
            encoder = self._encoder(str(changes.get("language", config.language)))
            config = self._changed(replace(config, **changes), encoder)
        kept = max(1, len(samples) // 10)
        print(f"wrote {train(config, samples[kept:], self.out, encoder, samples[:kept], self.device)}")

    def _changed(self, config: Any, encoder: Any) -> Any:
        """The config with the options that one model alone has, and as its text encoder wants it."""
        return config

    def _encoder(self, language: str) -> Any:
        """The text encoder: a BERT, which LM-AD is built around."""
        from partwise.encoders.asking import open_language

        return open_language(language)

    def _samples(self) -> list[Any]:
        from partwise.datasets.heat_pack import HeatPack
        from partwise.datasets.procedural import ProceduralShapes
        from partwise.datasets.world.surface import Scan

        if self.data is not None:
            samples = list(HeatPack(self.data))
        else:
            world = ProceduralShapes(self.seed, scan=Scan(points=2048, kind="mixed"), length=self.shapes)
            samples = list(world)
        if len(samples) < 2:
            raise InputError(
                f"{len(samples)} shapes are too few: one at least to train on, and one to validate"
            )
        return samples


def _labels(samples: Sequence[Any]) -> tuple[str, ...]:
    """The labels of the samples and "none": in OpenAD's order if they are OpenAD's, else in that of the alphabet."""
    from partwise.datasets.affordance_words import OPENAD_LABELS

    found = sorted({name for sample in samples for name in sample.affordances})
    known = set(found) <= set(OPENAD_LABELS)
    return OPENAD_LABELS if known else (*(name for name in found if name != "none"), "none")


@dataclass(frozen=True)
class TrainLMAD(TrainAffordance):
    """LM-AD: a language model that looks at the points in every block.

    Examples:
        partwise train lmad runs/lmad --preset tiny
        partwise train lmad runs/lmad --preset paper --data packs/openad --language ./bert-base-uncased --device cuda
    """

    MODEL: ClassVar[str] = "lmad"


@dataclass(frozen=True)
class TrainOpenAD(TrainAffordance):
    """OpenAD: the cosine of a point's vector with a word's."""

    MODEL: ClassVar[str] = "openad"


@dataclass(frozen=True)
class TrainPointNet2(TrainAffordance):
    """PointNet++ with one output for each label: no words at all."""

    MODEL: ClassVar[str] = "pointnet2"


@dataclass(frozen=True)
class TrainDgcnn(TrainAffordance):
    """DGCNN with one output for each label: no words at all."""

    MODEL: ClassVar[str] = "dgcnn"


@dataclass(frozen=True)
class TrainPointRefer(TrainAffordance):
    """PointRefer: a question guides the decoder of PointNet++."""

    MODEL: ClassVar[str] = "pointrefer"


@dataclass(frozen=True)
class TrainLas(TrainAffordance):
    """LAS by the same recipe as the other affordance models, on the frozen encoder of the shipped checkpoint.

    With `--start`, on that encoder instead, and the two train together.

    Examples:
        partwise train las runs/las --start runs/cmat/checkpoint
        partwise train las runs/laso --preset paper --data packs/laso --language ./roberta-base --dice hm
    """

    MODEL: ClassVar[str] = "las"

    upsampling: Literal["after", "before"] = "after"
    """Whether the transformer works on patch tokens (paper) or on all points (release)."""
    dice: Literal["standard", "hm", "release"] | None = None
    """Form of the dice loss: of each sample, of LASO, or over the batch as released. Default: the preset's."""
    language_revision: str | None = None
    """The full commit of a hub id."""

    def _changed(self, config: Any, encoder: Any) -> Any:
        kind = config.model
        head = getattr(kind, "head", kind)
        width = encoder.token_width if head.reads == "tokens" else encoder.width
        head = replace(head, upsampling=self.upsampling, text_width=width)
        model = replace(kind, head=head) if hasattr(kind, "head") else head
        return replace(config, model=model, dice=self.dice or config.dice)

    def _encoder(self, language: str) -> Any:
        """Any tower that gives tokens or vectors: RoBERTa in the paper."""
        from partwise.encoders.text import load_text_encoder

        return load_text_encoder(
            language, revision=self.language_revision, allow_network=self.language_revision is not None
        )
