"""`partwise train`: one subcommand for each recipe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from partwise.cli.progress import step
from partwise.cli.train_affordance import (
    TrainDgcnn,
    TrainLas,
    TrainLMAD,
    TrainOpenAD,
    TrainPointNet2,
    TrainPointRefer,
)
from partwise.errors import MissingExtraError

if TYPE_CHECKING:
    from partwise.train.named_means import NamedShapes


@dataclass(frozen=True)
class TrainPatchAlign3D:
    """Stage 2 of PatchAlign3D: align patches, and points where the model has a decoder, with the words for their parts.

    Killed runs go on where they stood when the same command is given again. Several processes: put
    `torchrun --nproc-per-node N -m -- partwise.cli` in place of `partwise`.

    Examples:
        partwise train patchalign3d packs/train runs/small --preset small --objects assets
        partwise train patchalign3d packs/train runs/on --preset small-on --start runs/small/checkpoint
        partwise train patchalign3d packs/train runs/paper --preset paper --text-encoder ./bigG_text --device cuda
    """

    pack: tyro.conf.Positional[Path]
    """A folder written by `partwise data pack`."""
    out: tyro.conf.Positional[Path]
    """The folder of the run: state, curves.csv, checkpoint."""
    preset: Literal[
        "paper",
        "release",
        "small",
        "small-on",
        "small-even",
        "small-wide",
        "small-actions",
        "small-held",
        "small-gpu",
        "small-gpu-on",
        "official-size",
        "tiny",
    ] = "small"
    """paper and release: PatchAlign3D as published; small, then small-on, small-even, small-wide, small-actions and
    small-held, each from the checkpoint before: the default as it came about on two cores; small-gpu-on: its last leg,
    on a GPU; small-gpu: the same in one leg, in minutes on a GPU; official-size: likewise, with an encoder of the
    published size; tiny: seconds, to try things out. small-actions, small-held, both small-gpu and official-size read
    a pack with heat (`partwise data pack --heat`)."""
    steps: int | None = None
    """Instead of the preset's own number."""
    seed: int | None = None
    """Instead of the preset's own, as for a second run whose weights are to be averaged with those of a first."""
    start: Path | None = None
    """A checkpoint whose encoder is taken over, such as that of stage 1; the later small ones take all of it."""
    objects: Path | None = None
    """A folder of GLB files with manifest.jsonl; its val split is asked about now and then."""
    text_encoder: str = "minilm"
    """minilm or the folder of a text tower; its width must be the preset's."""
    device: str = "cpu"
    """cpu or cuda."""
    makers: int = 0
    """Processes that make the batches; 0 is a thread, which is enough without a GPU."""

    def run(self) -> None:
        """Load the words, train, say where the checkpoint is."""
        with step("loading"):
            try:
                from partwise.train.align_text import train
                from partwise.train.align_text_presets import PRESETS
            except ImportError as error:
                raise MissingExtraError(str(error.name), "train", "training") from error
            from partwise.datasets.objects import RealObjects
            from partwise.encoders.bank import PhraseEmbedder, TextBank, default_bank_path
            from partwise.encoders.text import load_text_encoder

            config = replace(PRESETS[self.preset], text_encoder=self.text_encoder)
            if self.steps is not None:
                config = replace(config, steps=self.steps)
            if self.seed is not None:
                config = replace(config, batches=replace(config.batches, seed=self.seed))
            bank = TextBank.load(default_bank_path()) if self.text_encoder == "minilm" else None
            embedder = PhraseEmbedder(bank, lambda: load_text_encoder(self.text_encoder))
            validation = list(RealObjects(self.objects, split="val", least_names=2)) if self.objects else None
        folder = train(
            config, self.pack, self.out, embedder, validation, self.start, self.device, self.makers
        )
        print(f"wrote {folder}")


@dataclass(frozen=True)
class TrainDino:
    """Stage 1 of PatchAlign3D: teach patches the lifted 2D features that `partwise lift` wrote.

    Killed runs go on where they stood when the same command is given again. Stage 2 starts from OUT/checkpoint. Several
    processes: put `torchrun --nproc-per-node N -m -- partwise.cli` in place of `partwise`.

    Examples:
        partwise train dino lifted runs/stage1 --preset small --held-out lifted_val --objects assets
        partwise train patchalign3d packs/train runs/stage2 --start runs/stage1/checkpoint
    """

    lifted: tyro.conf.Positional[Path]
    """A folder written by `partwise lift`; paper takes its preset patchalign3d with --keep-points, release without."""
    out: tyro.conf.Positional[Path]
    """The folder of the run: state, curves.csv, checkpoint."""
    preset: Literal["paper", "release", "small", "tiny"] = "small"
    """paper and release: PatchAlign3D as published; small: the encoder of the shipped default; tiny: seconds."""
    steps: int | None = None
    """Instead of the preset's own number."""
    held_out: Path | None = None
    """Another folder written by `partwise lift`, of other shapes: their loss is measured now and then."""
    objects: Path | None = None
    """A folder of GLB files with manifest.jsonl; its val split is asked about now and then. A name is then the mean of
    what patches say where the train split has it; nothing is trained on that."""
    device: str = "cpu"
    """cpu or cuda."""

    def run(self) -> None:
        """Train, say where the checkpoint is."""
        with step("loading"):
            try:
                from partwise.train.align_dino import PRESETS, train
            except ImportError as error:
                raise MissingExtraError(str(error.name), "train", "training") from error
            config = PRESETS[self.preset]
            if self.steps is not None:
                config = replace(config, steps=self.steps)
            named = named_objects(self.objects, config.seed)
        print(f"wrote {train(config, self.lifted, self.out, self.device, self.held_out, named)}")


@dataclass(frozen=True)
class TrainCmat:
    """CMAT pre-training: Point-MAE that is alike where the lifted 2D features of `partwise lift` are alike.

    Killed runs go on where they stood when the same command is given again. OUT/checkpoint is what
    `partwise train patchalign3d`, `las`, `openad` and `lmad` take as `--start`. Several processes: put
    `torchrun --nproc-per-node N -m -- partwise.cli` in place of `partwise`.

    Examples:
        partwise train cmat lifted runs/cmat --preset small
        partwise train cmat lifted runs/cmat --preset paper --start checkpoints/pointmae --device cuda
        partwise train patchalign3d packs/train runs/stage2 --start runs/cmat/checkpoint
    """

    lifted: tyro.conf.Positional[Path]
    """A folder written by `partwise lift`; paper and pointmae take its preset cmat_paper, release its cmat_release."""
    out: tyro.conf.Positional[Path]
    """The folder of the run: state, curves.csv, checkpoint."""
    preset: Literal["paper", "release", "pointmae", "small", "tiny"] = "small"
    """paper and release: CMAT as published; pointmae: Point-MAE as published, which listens to no teacher; small: the
    encoder of the shipped default; tiny: seconds, to try things out."""
    affinity_on: Literal["visible", "all"] | None = None
    """Patches whose affinities are matched; all takes a second pass."""
    teacher_pool: Literal["stored", "group", "voronoi"] | None = None
    """The patches of the shards, or own ones with the mean over their points or Voronoi cells."""
    koleo_axis: Literal["patch", "batch", "all"] | None = None
    """What the diversity loss drives apart: patches of a cloud, clouds of the batch, all patches."""
    affinity_weight: float | None = None
    """Of the affinity loss, instead of the preset's: 0.1 in the paper, 0.01 in a second file of the release."""
    diversity_weight: float | None = None
    """Of the diversity loss, instead of the preset's: 0.2 in the paper, 0 in the release."""
    mask: Literal["random", "block"] | None = None
    """Which patches are hidden: any, or the neighbours of one."""
    groups: int | None = None
    """Patches of a cloud, instead of the preset's number."""
    start: Path | None = None
    """A Point-MAE checkpoint to go on from, such as a converted one."""
    steps: int | None = None
    """Instead of the preset's own number."""
    seed: int | None = None
    """Of everything random."""
    objects: Path | None = None
    """A folder of GLB files with manifest.jsonl; its val split is asked about as by `partwise train dino`."""
    device: str = "cpu"
    """cpu or cuda."""

    def run(self) -> None:
        """Train, say where the checkpoint is."""
        with step("loading"):
            try:
                from partwise.train.cmat import train
                from partwise.train.cmat_presets import PRESETS
            except ImportError as error:
                raise MissingExtraError(str(error.name), "train", "training") from error
        config = PRESETS[self.preset]
        names = (
            *("affinity_on", "teacher_pool", "koleo_axis", "affinity_weight", "diversity_weight", "mask"),
            *("steps", "seed"),
        )
        config = replace(config, **{n: v for n in names if (v := getattr(self, n)) is not None})
        if self.groups is not None:
            encoder = replace(config.model.encoder, groups=self.groups)
            config = replace(config, model=replace(config.model, encoder=encoder))
        named = named_objects(self.objects, config.seed)
        print(f"wrote {train(config, self.lifted, self.out, self.start, self.device, named)}")


def named_objects(folder: Path | None, seed: int) -> NamedShapes | None:
    """Both splits of a folder of real objects, for recipes that learn no words; None without a folder."""
    if folder is None:
        return None
    from partwise.datasets.objects import RealObjects
    from partwise.train.named_means import NamedShapes

    return NamedShapes.chosen(RealObjects(folder, "train"), RealObjects(folder, "val"), seed)


@dataclass(frozen=True)
class TrainAfford:
    """The affordance head of a checkpoint: LAS on its frozen encoder, taught by procedural shapes that it makes itself.

    Killed runs go on where they stood when the same command is given again. Copy OUT/afford into the checkpoint's
    folder to use it.

    Examples:
        partwise train afford runs/afford
        partwise train afford runs/afford --model runs/small/checkpoint --steps 2000
        partwise train afford runs/on --model runs/gpu/checkpoint --preset on
        partwise train afford runs/pictures --pictures ./dinov2-base
    """

    out: tyro.conf.Positional[Path]
    """The folder of the run: state, curves.csv, afford."""
    model: str = "partwise-small"
    """The checkpoint that gets the head; it needs a point decoder."""
    preset: Literal["small", "on", "tiny"] = "small"
    """small: minutes of one core; on: from the head that the model has, which needs one that reads words alone, with
    noise that makes it bear new wordings and shapes; tiny: seconds, to try things out."""
    steps: int | None = None
    """Instead of the preset's own number."""
    objects: Path | None = None
    """A folder of GLB files with manifest.jsonl: a fifth of the shapes come from its train split, with actions guessed
    from the names of their parts."""
    pictures: str | None = None
    """Read pictures as well, through this encoder: a folder or hub id of DINOv2, DINOv3 or their like, or "pixels",
    which needs no weights. They are simulated: rendered objects with the place of the action covered."""
    pictures_revision: str | None = None
    """The full commit of a hub id."""
    pictures_train: int = 0
    """Last blocks of that encoder that train along, at a tenth of the rate: 0 in the paper, 2 in the release."""

    def run(self) -> None:
        """Load the model, train, say where the head is."""
        with step("loading"):
            try:
                from partwise.train.afford import PRESETS, REAL, train, with_pictures
            except ImportError as error:
                raise MissingExtraError(str(error.name), "train", "training") from error
            from partwise.encoders.pixels import PictureTower
            from partwise.predict import Segmenter

            config = PRESETS[self.preset]
            if self.steps is not None:
                config = replace(config, steps=self.steps)
            if self.pictures is not None:
                config = with_pictures(
                    config, PictureTower(self.pictures, self.pictures_revision, train=self.pictures_train)
                )
            if self.objects is not None:
                config = replace(config, real=REAL)
            segmenter = Segmenter.from_pretrained(self.model, head=config.on)
        print(f"wrote {train(config, segmenter, self.out, self.objects)}")


@dataclass(frozen=True)
class Train:
    """Train a model; each recipe is one readable script in partwise/train."""

    recipe: (
        Annotated[TrainPatchAlign3D, tyro.conf.subcommand("patchalign3d", prefix_name=False)]
        | Annotated[TrainDino, tyro.conf.subcommand("dino", prefix_name=False)]
        | Annotated[TrainCmat, tyro.conf.subcommand("cmat", prefix_name=False)]
        | Annotated[TrainAfford, tyro.conf.subcommand("afford", prefix_name=False)]
        | Annotated[TrainLMAD, tyro.conf.subcommand("lmad", prefix_name=False)]
        | Annotated[TrainOpenAD, tyro.conf.subcommand("openad", prefix_name=False)]
        | Annotated[TrainPointNet2, tyro.conf.subcommand("pointnet2", prefix_name=False)]
        | Annotated[TrainDgcnn, tyro.conf.subcommand("dgcnn", prefix_name=False)]
        | Annotated[TrainPointRefer, tyro.conf.subcommand("pointrefer", prefix_name=False)]
        | Annotated[TrainLas, tyro.conf.subcommand("las", prefix_name=False)]
    )

    def run(self) -> None:
        """Run the recipe."""
        self.recipe.run()
