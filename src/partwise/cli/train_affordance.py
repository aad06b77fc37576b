"""`partwise train lmad` and the models it is compared to: one recipe, one set of options."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import tyro

from partwise.cli.progress import step
from partwise.errors import InputError, MissingExtraError


@dataclass(frozen=True)
class TrainAffordance:
    """What all affordance models share; a tenth of the training objects is kept back to select on."""

    MODEL: ClassVar[str] = ""

    out: tyro.conf.Positional[Path]
    """The folder of the run: state, curves.csv, checkpoint."""
    preset: Literal["tiny", "small", "paper", "release", "release-piad", "release-piadv2"] = "small"
    """paper: the published sizes and schedule; release, of las alone: what its released code does where it differs from
    the paper, on LASO or on the set that is named; small: minutes to an hour on a processor; tiny: seconds."""
    data: Path | None = None
    """A data set that `partwise data prepare` wrote, or a heat pack; without it procedural shapes are made."""
    variant: str | None = None
    """geal: LASO without the pairs that GEAL keeps for its test, masks above 0 taken as 1."""
    shapes: int = 600
    """Procedural shapes to make where there is no data."""
    setting: Literal["full", "partial", "rotated"] = "full"
    """Whole shapes, one view of them (cut here; a -partial data set has its own), or any way up."""
    colors: bool = False
    """Read the colours of the points, too; the model then asks for them wherever it is used."""
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
                from partwise.train.affordance_data import open_data
                from partwise.train.affordance_presets import preset, reading_colors
            except ImportError as error:
                raise MissingExtraError(str(error.name), "train", "training") from error

            task = preset(self.MODEL, self.preset).task
            data = open_data(
                self.data, task, self.setting, self.variant, self.shapes, self.seed, self._images
            )
            config = data.applied(preset(self.MODEL, self.preset, data.labels))
            changes: dict[str, Any] = {"setting": self.setting, "seed": self.seed, "freeze": self.freeze}
            changes |= {} if self.start is None else {"start": str(self.start)}
            changes |= {} if self.steps is None else {"steps": self.steps}
            changes |= {} if self.language is None else {"language": self.language}
            encoder = self._encoder(str(changes.get("language", config.language)))
            config = self._changed(replace(config, **changes), encoder)
            config = reading_colors(config) if self.colors else config
        written = train(
            config,
            data.samples,
            self.out,
            encoder,
            data.validation,
            self.device,
            data.questions,
            data.pictures,
        )
        print(f"wrote {written}")

    @property
    def _images(self) -> Path | None:
        """The folder of pictures, for a model that reads them."""
        return None

    def _changed(self, config: Any, encoder: Any) -> Any:
        """The config with the options that one model alone has, and as its text encoder wants it."""
        return config

    def _encoder(self, language: str) -> Any:
        """The text encoder: a BERT, which LM-AD is built around."""
        from partwise.encoders.asking import open_language

        return open_language(language)


@dataclass(frozen=True)
class TrainLMAD(TrainAffordance):
    """LM-AD: a language model that looks at the points in every block.

    Examples:
        partwise train lmad runs/lmad --preset tiny
        partwise train lmad runs/lmad --preset paper --data data/openad --language ./bert-base-uncased --device cuda
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
    """PointRefer: a question guides the decoder of PointNet++.

    Examples:
        partwise train pointrefer runs/laso --preset paper --data data/laso
        partwise train pointrefer runs/geal --preset paper --data data/laso --variant geal
    """

    MODEL: ClassVar[str] = "pointrefer"


@dataclass(frozen=True)
class TrainLas(TrainAffordance):
    """LAS by the same recipe as the other affordance models, on the frozen encoder of the shipped checkpoint.

    With `--start`, on that encoder instead, and the two train together.

    Examples:
        partwise train las runs/las --start runs/cmat/checkpoint
        partwise train las runs/laso --preset paper --data data/laso --language ./roberta-base --dice hm
        partwise train las runs/release --preset release --data data/laso --language ./roberta-base --device cuda
        partwise train las runs/piad --preset release-piad --data data/piad-seen --images PIAD --pictures ./dinov3
        partwise train las runs/piad --data data/piad-seen --images PIAD --pictures ./dinov2-base
    """

    MODEL: ClassVar[str] = "las"

    upsampling: Literal["after", "before"] | None = None
    """Whether the transformer works on patch tokens (paper) or on all points (release). Default: the preset's."""
    dice: Literal["standard", "hm", "release"] | None = None
    """Form of the dice loss: of each sample, of LASO, or over the batch as released. Default: the preset's."""
    language_revision: str | None = None
    """The full commit of a hub id."""
    pictures: str | None = None
    """Read pictures as well, through this encoder: a folder or hub id of DINOv2, DINOv3 or their like, or "pixels",
    which needs no weights. Without data they are simulated: rendered objects with the place of the action covered."""
    pictures_revision: str | None = None
    """The full commit of a hub id."""
    pictures_train: int | None = None
    """Last blocks of that encoder that train along, at a tenth of the rate: 0 in the paper, 2 in the release. Default:
    the preset's."""
    images: Path | None = None
    """With `pictures` and PIAD or PIADv2 as data: the folder of the official copy, which holds the pictures."""
    asked: tuple[float, float, float] | None = None
    """With `pictures`: shares of the steps that ask in words, in pictures and in both. 0 1 0 is the paper's LAS for
    PIAD, which reads no words at all (the paper preset then still opens its text tower: --language minilm will do)."""

    @property
    def _images(self) -> Path | None:
        return self.images

    def _changed(self, config: Any, encoder: Any) -> Any:
        kind = config.model
        head = getattr(kind, "head", kind)
        width = encoder.token_width if head.reads == "tokens" else encoder.width
        head = replace(head, upsampling=self.upsampling or head.upsampling, text_width=width)
        model = replace(kind, head=head) if hasattr(kind, "head") else head
        config = replace(
            config, model=model, dice=self.dice or config.dice, language_revision=self.language_revision
        )
        if self.pictures is None and self.asked is not None:
            raise InputError(
                "--asked shares the steps between words and pictures: name who reads these, --pictures"
            )
        if self.pictures is None:
            return config
        from partwise.encoders.pixels import PictureTower
        from partwise.train.affordance_presets import with_pictures

        blocks = config.picture_blocks if self.pictures_train is None else self.pictures_train
        tower = PictureTower(self.pictures, self.pictures_revision, train=blocks)
        return with_pictures(config, tower, self.asked)

    def _encoder(self, language: str) -> Any:
        """Any tower that gives tokens or vectors: RoBERTa in the paper."""
        from partwise.encoders.text import load_text_encoder

        return load_text_encoder(
            language, revision=self.language_revision, allow_network=self.language_revision is not None
        )
