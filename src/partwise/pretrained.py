"""From a checkpoint to a model, and from the official files to a checkpoint."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import torch
from jaxtyping import Float
from torch import Tensor

from partwise.checkpoint import (
    CONFIG,
    Checkpoint,
    download,
    load_strict,
    open_checkpoint,
    read_foreign,
    save_checkpoint,
)
from partwise.encoders.asking import open_embedder
from partwise.encoders.bank import PhraseEmbedder
from partwise.encoders.pixels import PictureTower
from partwise.encoders.prompt import Prompt
from partwise.errors import CheckpointError
from partwise.files import cache_folder
from partwise.layers.tokens import PatchEncoderConfig
from partwise.lifted.cops import COPS, COPSConfig
from partwise.lifted.pointclipv2 import PointCLIPv2, PointCLIPv2Config
from partwise.models import openad, pointmae
from partwise.models.finish import Finish, strength_of
from partwise.models.las import Las, LasConfig
from partwise.models.lmad import LMAD, LMADConfig
from partwise.models.official import depth_of
from partwise.models.openad import ClosedSet, ClosedSetConfig, OpenAD, OpenADConfig
from partwise.models.patchalign3d import PatchAlign3D, PatchAlign3DConfig, from_official
from partwise.models.pointalign3d import PointAlign3D, PointAlign3DConfig, PointEmbedding
from partwise.models.pointlas import PointLas, PointLasConfig
from partwise.models.pointmae import PointMAE, PointMAEConfig
from partwise.models.pointrefer import PointRefer, PointReferConfig
from partwise.question import make_question

Model = PatchAlign3D | PointAlign3D
# Models that read a `Prompt`, each in its own form.
Promptable = OpenAD | ClosedSet | LMAD | PointRefer | PointLas
ARCHITECTURES: dict[str, tuple[type, type[Any]]] = {
    "patchalign3d": (PatchAlign3DConfig, PatchAlign3D),
    "pointalign3d": (PointAlign3DConfig, PointAlign3D),
    "openad": (OpenADConfig, OpenAD),
    "closedset": (ClosedSetConfig, ClosedSet),
    "lmad": (LMADConfig, LMAD),
    "pointrefer": (PointReferConfig, PointRefer),
    "pointmae": (PointMAEConfig, PointMAE),
    "pointlas": (PointLasConfig, PointLas),
}
# Segmenters without weights of their own: their config names frozen towers.
ZeroShot = PointCLIPv2 | COPS
ZERO_SHOT: dict[str, tuple[type, type[Any]]] = {
    "pointclipv2": (PointCLIPv2Config, PointCLIPv2),
    "cops": (COPSConfig, COPS),
}
# The affordance head of a checkpoint lies in a folder of its own beside it.
HEAD = "afford"
# Checkpoints inside the package.
SHIPPED = {"partwise-small": "data/partwise-small"}

OFFICIAL_HUB_ID, OFFICIAL_FILE = "patchalign3d/patchalign3d-encoder", "patchalign3d.pt"
# The text tower that the official weights are aligned with, and how its figures were obtained (spec: part_only).
OFFICIAL_SEGMENTER = {
    "points": 2048,
    "box": "unit_sphere",
    "propagation": "nearest",
    "temperature": 0.07,
    "templates": "part_only",
    "text_encoder": "laion/CLIP-ViT-bigG-14-laion2B-39B-b160k",
    "text_revision": "bc7788f151930d91b58474715fdce5524ad9a189",
}

# OpenAD asks CLIP ViT-B/32 for bare words; its scale is inside the model. No commit is named: give a folder or a bank.
OPENAD_SEGMENTER = {
    **{"points": 2048, "box": "unit_sphere", "temperature": 1.0, "templates": "part_only"},
    "text_encoder": "openai/clip-vit-base-patch32",
}

_TOKENIZER_WIDTHS = ("first.enter", "first.leave", "second.enter")

Config = TypeVar("Config")


@dataclass(frozen=True)
class AffordHead:
    """What answers questions about actions: the model, and how strong an answer must be for "offered".

    embedder  of its phrases, None for that of the checkpoint it belongs to
    pictures  which encoder reads its pictures, None for a head that was trained without any
    finish    how its logits become heat, None for their plain sigmoid
    """

    model: Las
    offered_above: float
    sha256: str
    embedder: PhraseEmbedder | None = None
    pictures: PictureTower | None = None
    finish: Finish | None = None

    def answer(
        self,
        embedding: PointEmbedding,
        prompt: Prompt,
        joined: Callable[[Tensor, float | None], Tensor],
    ) -> tuple[Float[Tensor, "D M T"], Float[Tensor, "T"]]:
        """Heat of the anchors of one shape, D draws of them, and the strength of each action, on the processor.

        joined  of values (D,M,T) and what an anchor's own counts: the mean over draws, see `partwise.look`
        Strength is that of a draw alone, in the mean: where "offered" begins does not move with their number.
        """
        logits = self.model.logits(self.model(embedding), prompt).float()  # (D,M,T)
        strength = strength_of(torch.sigmoid(logits)).mean(dim=0)
        logits = joined(logits, None if self.finish is None else self.finish.own)
        if self.finish is None:
            heat = torch.sigmoid(logits)
        else:
            each = strength.expand(len(logits), -1)
            heat = self.finish.heat(logits, each, self.offered_above, embedding.patches)
        return heat.cpu(), strength.cpu()

    def question(
        self, phrases: Sequence[str], images: Any, embedder: PhraseEmbedder
    ) -> tuple[Prompt, tuple[str, ...]]:
        """What is asked, on the head's device, and the name of each map; see `Segmenter.afford`.

        embedder  of the checkpoint, for a head without its own
        Raises InputError for phrases or pictures that cannot be asked.
        """
        prompt, names = make_question(
            phrases, images, self.model.reads, self.embedder or embedder, self.pictures
        )
        return prompt.to(next(self.model.parameters()).device), names


def with_encoder(opened: Checkpoint) -> tuple[Checkpoint, Checkpoint | None]:
    """What `partwise train las` wrote, as the encoder that it stands on and the head alone; others as they are, None.

    Raises CheckpointError for a head that does not name its encoder, and what opening that raises.
    """
    if opened.config.get("architecture") != "las":
        return opened, None
    if not isinstance(opened.config.get("encoder"), str):
        raise CheckpointError(
            f"{opened.name} is an affordance head without the encoder it was trained on: put it as "
            f"{HEAD!r} into the folder of that, and open the folder"
        )
    encoder = open_pretrained(opened.config["encoder"])
    return replace(encoder, name=opened.name, revision=opened.revision), opened


def open_head(checkpoint: Checkpoint, opened: Checkpoint | None = None) -> AffordHead | None:
    """The affordance head beside a checkpoint on this machine, or the one given; None if it has none.

    Raises CheckpointError if the head is damaged or was trained with another encoder.
    """
    name = checkpoint.name
    folder = (Path(str(files("partwise") / SHIPPED[name])) if name in SHIPPED else Path(name)) / HEAD
    if opened is None:
        if not folder.is_dir():
            return None
        opened = open_checkpoint(folder)
    trained_with = opened.config.get("encoder_sha256")
    if opened.config.get("architecture") != "las" or trained_with != checkpoint.sha256:
        raise CheckpointError(
            f"{opened.name} is an affordance head ({opened.config.get('architecture')!r}) for the encoder "
            f"{str(trained_with)[:12]}, this one is {checkpoint.sha256[:12]}: "
            "train it again with `partwise train afford` or `las`, or remove it"
        )
    model, tower = Las(config_from(LasConfig, opened.config.get("model", {}), opened.name)), tower_of(opened)
    if tower is not None:
        model.picture_tail = tower.tail()
    opened.load_into(model)
    words, revision = opened.config.get("text_encoder"), opened.config.get("text_revision")
    above, finish = float(opened.config["offered_above"]), opened.config.get("finish")
    return AffordHead(
        model.eval().requires_grad_(False),
        above,
        opened.sha256,
        None if words is None else open_embedder(words, revision, "plain"),
        tower,
        None if finish is None else config_from(Finish, finish, opened.name),
    )


def tower_of(checkpoint: Checkpoint) -> PictureTower | None:
    """Which encoder reads the pictures of a checkpoint, None where it was trained without any."""
    pictures = checkpoint.config.get("pictures")
    return None if pictures is None else config_from(PictureTower, pictures, checkpoint.name)


def build_model(checkpoint: Checkpoint) -> Model | Promptable | PointMAE | ZeroShot:
    """The model that a checkpoint describes, its weights loaded strictly, in eval mode.

    Raises CheckpointError if the architecture is unknown or the weights do not fit it, and for a zero-shot segmenter
    what opening its towers raises.
    """
    architecture = checkpoint.config.get("architecture")
    if architecture in ZERO_SHOT:
        if checkpoint.state:
            raise CheckpointError(
                f"{checkpoint.name} is a {architecture} segmenter, which has no weights of its own, but holds "
                f"{len(checkpoint.state)} tensors: use the folder that `partwise zeroshot` wrote"
            )
        config_class, model_class = ZERO_SHOT[architecture]
        return model_class.open(
            config_from(config_class, checkpoint.config.get("model", {}), checkpoint.name)
        )
    if architecture not in ARCHITECTURES:
        known = ", ".join([*ARCHITECTURES, *ZERO_SHOT])
        raise CheckpointError(
            f"{checkpoint.name} has architecture {architecture!r}; this version knows {known}"
        )
    config_class, model_class = ARCHITECTURES[architecture]
    model = model_class(config_from(config_class, checkpoint.config.get("model", {}), checkpoint.name))
    tower = tower_of(checkpoint)
    if tower is not None and isinstance(model, PointLas):
        model.head.picture_tail = tower.tail()
    checkpoint.load_into(model)
    return model.eval().requires_grad_(False)


def config_from(config_class: type[Config], values: Mapping[str, Any], name: str) -> Config:
    """A config dataclass from the JSON of checkpoint `name`; raises CheckpointError for a field it does not have."""
    known = {field.name for field in fields(config_class)}  # type: ignore[arg-type]
    strangers = sorted(values.keys() - known)
    if strangers:
        raise CheckpointError(
            f"{name} sets {', '.join(strangers)}, which {config_class.__name__} of this version does not have: "
            "use the version of partwise that saved it, or a newer one"
        )
    hints = get_type_hints(config_class)
    return config_class(**{key: _from_json(hints[key], value, name) for key, value in values.items()})


def _from_json(hint: Any, value: Any, name: str) -> Any:
    """A field's value: lists are tuples, an object is the config among the hint's alternatives with these fields."""
    if not isinstance(value, Mapping):
        return tuple(value) if isinstance(value, list) else value
    kinds: list[Any] = [kind for kind in (get_args(hint) or (hint,)) if is_dataclass(kind)]
    for kind in kinds:
        if {field.name for field in fields(kind)} == value.keys():
            return config_from(kind, value, name)
    raise CheckpointError(
        f"{name} has a part with the fields {', '.join(sorted(value))}, which is none of "
        f"{', '.join(kind.__name__ for kind in kinds)} of this version: use the version of partwise that saved it"
    )


def save_zero_shot(
    folder: str | os.PathLike[str],
    config: PointCLIPv2Config | COPSConfig,
    templates: str = "part_only",
    points: int | None = None,
) -> None:
    """Write the checkpoint folder of a zero-shot segmenter, to open like any other: its towers by name, no weights.

    The phrases go through the text side of the tower that names. points: anchors, default 10,000 for COPS as there,
    2,048 for PointCLIP V2.
    """
    cops = isinstance(config, COPSConfig)
    tower = (config.naming if cops else config).viewing.tower
    segmenter = {
        "points": points or (10_000 if cops else 2048),
        "propagation": "points",
        # PointCLIP V2 multiplies cosines by 100. Of votes, 4 of 7 against 3 should be a close call.
        "temperature": 0.1 if cops else 0.01,
        "templates": templates,
        "text_encoder": tower.source,
        "text_revision": tower.revision,
    }
    about = {
        "architecture": "cops" if cops else "pointclipv2",
        "model": asdict(config),
        "segmenter": segmenter,
    }
    # For the notes of an evaluation: no shape was trained on, and nothing was picked by a score.
    save_checkpoint(folder, {**about, "trained_on": [], "selected_on": "none"}, {})


def convert_patchalign3d(file: str | os.PathLike[str], folder: str | os.PathLike[str]) -> None:
    """Turn the official patchalign3d.pt (a dict with "model" and "proj") into a checkpoint folder.

    Read with torch's restricted reader. Raises UnsafeError, MissingDataError, or CheckpointError listing missing and
    unexpected keys by name.
    """
    content = read_foreign(file)
    absent = [entry for entry in ("model", "proj") if not isinstance(content.get(entry), Mapping)]
    if absent:
        raise CheckpointError(
            f"{file} has entries {sorted(map(str, content))}, but no {' and no '.join(absent)}: "
            "expected a PatchAlign3D stage 2 checkpoint"
        )
    state = from_official(content["model"], content["proj"])
    config = _patchalign3d_sizes(state)
    model = PatchAlign3D(config)
    load_strict(model, state, str(file))
    save_checkpoint(
        folder,
        {"architecture": "patchalign3d", "model": asdict(config), "segmenter": OFFICIAL_SEGMENTER},
        model.state_dict(),
    )


def convert_openad(file: str | os.PathLike[str], folder: str | os.PathLike[str]) -> None:
    """Turn a released OpenAD state dict (PointNet++; .t7 or .pth) into a checkpoint folder.

    Either the bare state dict, or one under "model_state_dict". Read with torch's restricted reader. Raises
    UnsafeError, MissingDataError, or CheckpointError listing missing and unexpected keys by name.
    """
    content = read_foreign(file)
    state = content.get("model_state_dict", content)
    if not isinstance(state, Mapping):
        raise CheckpointError(
            f"{file} holds a {type(state).__name__} under model_state_dict, expected tensors"
        )
    model = OpenAD(OpenADConfig())
    load_strict(model, openad.from_official(state, str(file)), str(file))
    config = {"architecture": "openad", "model": asdict(model.config), "segmenter": OPENAD_SEGMENTER}
    save_checkpoint(folder, config, model.state_dict())


def convert_pointmae(file: str | os.PathLike[str], folder: str | os.PathLike[str]) -> None:
    """Turn Point-MAE's pretrain.pth (a dict with "base_model") into a checkpoint folder that CMAT can start from.

    Read with torch's restricted reader. Raises UnsafeError, MissingDataError, or CheckpointError listing missing and
    unexpected keys by name.
    """
    content = read_foreign(file)
    if not isinstance(content.get("base_model"), Mapping):
        raise CheckpointError(
            f"{file} has entries {sorted(map(str, content))}, but no base_model: expected Point-MAE's pretrain.pth"
        )
    state = pointmae.from_official(content["base_model"])
    model = PointMAE(_pointmae_sizes(state))
    load_strict(model, state, str(file))
    save_checkpoint(folder, {"architecture": "pointmae", "model": asdict(model.config)}, model.state_dict())


def _pointmae_sizes(state: Mapping[str, Any]) -> PointMAEConfig:
    """Sizes read off the tensors; 64 groups and heads of 64 are the published ones."""
    hidden = [state[f"encoder.tokenizer.{mlp}.weight"].shape[0] for mlp in _TOKENIZER_WIDTHS]
    width = state["encoder.norm.weight"].shape[0]
    encoder = PatchEncoderConfig(
        group_size=state["rebuild.weight"].shape[0] // 3,
        token_hidden=tuple(hidden),
        width=width,
        depth=depth_of(state, "encoder.blocks.blocks."),
        heads=max(1, width // 64),
    )
    return PointMAEConfig(encoder, depth_of(state, "decoder.blocks."), max(1, width // 64))


def _patchalign3d_sizes(state: Mapping[str, Any]) -> PatchAlign3DConfig:
    """Sizes read off the tensors; groups, neighbours and heads of 64 are the published ones."""
    text_width, width = state["head.weight"].shape
    depth = len({key.split(".")[2] for key in state if key.startswith("blocks.blocks.")})
    return PatchAlign3DConfig(
        token_width=state["reduce.weight"].shape[1],
        width=width,
        depth=depth,
        heads=max(1, width // 64),
        text_width=text_width,
    )


def open_pretrained(name: str | os.PathLike[str], revision: str | None = None) -> Checkpoint:
    """A shipped checkpoint, a folder, a hub id, or the official PatchAlign3D id: downloaded and converted in one step.

    Raises MissingDataError, CheckpointError or UnsafeError.
    """
    if str(name) in SHIPPED:
        opened = open_checkpoint(Path(str(files("partwise") / SHIPPED[str(name)])))
        return replace(opened, name=str(name))
    if str(name) != OFFICIAL_HUB_ID or Path(name).is_dir():
        return open_checkpoint(name, revision)
    folder, commit = download(OFFICIAL_HUB_ID, [OFFICIAL_FILE], revision)
    converted = cache_folder() / "converted" / f"patchalign3d-{commit or 'main'}"
    if not (converted / CONFIG).is_file():  # written last, so its presence means a whole checkpoint
        convert_patchalign3d(folder / OFFICIAL_FILE, converted)
    opened = open_checkpoint(converted)
    return replace(opened, name=OFFICIAL_HUB_ID, revision=commit)


def weights_sha256(name: str | os.PathLike[str] | None) -> str | None:
    """Hash of the weights of a checkpoint, as runs that start from it note; None without one.

    Raises MissingDataError, CheckpointError or UnsafeError.
    """
    return open_pretrained(name).sha256 if name else None
