"""A model with the temperatures that are learned beside it, and how it takes over the weights of an earlier one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from partwise.checkpoint import Checkpoint, load_strict
from partwise.checks import keep_real
from partwise.encoders.prompt import Prompt
from partwise.errors import InputError
from partwise.models.las import Las, LasConfig
from partwise.models.patchalign3d import PatchAlign3D, PatchAlign3DConfig, from_patch_encoder
from partwise.models.pointalign3d import PointAlign3D, PointAlign3DConfig, cosine
from partwise.models.pointmae import PointMAE, encoder_of
from partwise.pretrained import build_model, open_head


@dataclass(frozen=True)
class Objective:
    """How patches are compared with phrases, and what a wrong answer costs; the defaults are the paper's.

    Logits are cosine / tau + bias.

    tau        temperature, at the start
    bias       added to the logits, at the start; None for none
    learned    tau and bias are learned; False keeps them
    power      positives weigh max(1, K - 1) to this power, K the phrases asked of the shape
    reduction  "sum" over patches and phrases, or their "mean"
    """

    tau: float = 0.1
    bias: float | None = -10.0
    learned: bool = True
    power: float = 0.0
    reduction: str = "sum"

    def __post_init__(self) -> None:
        if self.reduction not in ("sum", "mean"):
            raise InputError(f"unknown reduction {self.reduction!r}: use sum or mean")
        keep_real(self, 0, "tau", "power")
        if self.tau < 0.01:
            raise InputError(f"tau is {self.tau}: 1/tau is kept at 100 or less, so start at 0.01 or more")


PAPER_OBJECTIVE = Objective()
RELEASE_OBJECTIVE = Objective(tau=0.07, bias=None, power=1.0, reduction="mean")


class Alignment(nn.Module):
    """A model with the temperatures and biases that are learned beside it: tau and b of patches, tau of points.

    1/tau is held as its logarithm and kept at 100 or less.

    objective  where tau and b of patches start, and whether they are learned
    actions  a head that learns where actions are from the points' vectors, so that these come to tell it; or None
    """

    def __init__(
        self, model: PatchAlign3D | PointAlign3D, objective: Objective, actions: LasConfig | None = None
    ) -> None:
        super().__init__()
        self.model = model
        self.log_scale = nn.Parameter(
            torch.tensor(float(np.log(1 / objective.tau))), requires_grad=objective.learned
        )
        self.bias = nn.Parameter(
            torch.tensor(float(objective.bias or 0)),
            requires_grad=objective.learned and objective.bias is not None,
        )
        has_points = isinstance(model, PointAlign3D)
        self.point_log_scale = nn.Parameter(torch.tensor(float(np.log(10.0))), requires_grad=has_points)
        self.actions = None if actions is None else Las(actions)

    def forward(
        self,
        points: Float[Tensor, "B N 3"],
        text: Float[Tensor, "B T E"],
        answered: int | None = None,
        phrases: Float[Tensor, "*B P E"] | None = None,
        actions: Float[Tensor, "B Q E"] | None = None,
    ) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
        """Logits of patches (B,G,P), the patches' point indices (B,G,K), and logits (B,N,T) of `answered` points.

        phrases  what patches are compared with, default `text`
        actions  words for actions; the last are the logits (B,N,Q) of points for them, None without

        The third are None for a model without a point decoder.
        """
        patch_text = text if phrases is None else phrases
        scale = self.log_scale.clamp(max=float(np.log(100.0))).exp()
        if not isinstance(self.model, PointAlign3D):
            patches = self.model(points)
            return cosine(patches.features, patch_text) * scale + self.bias, patches.patches.index, None, None
        embedding = self.model(points, answered)
        patch_logits = cosine(embedding.patches.features, patch_text) * scale + self.bias
        point_scale = self.point_log_scale.clamp(max=float(np.log(100.0))).exp()
        point_logits = cosine(embedding.features, text) * point_scale
        heat = None
        if self.actions is not None and actions is not None:
            heat = self.actions.logits(self.actions(embedding), Prompt(vectors=actions))
        return patch_logits, embedding.patches.patches.index, point_logits, heat


def action_head(model: PointAlign3DConfig) -> LasConfig:
    """The head that trains along: words through a small network, times the points' vectors, as in the shipped one."""
    return LasConfig(
        token_width=model.width,
        text_width=model.text_width,
        reads="vectors",
        layers=0,
        point_width=model.text_width,
        direct=256,
    )


def fitted(
    config: PatchAlign3DConfig | PointAlign3DConfig, checkpoint: Checkpoint
) -> PatchAlign3DConfig | PointAlign3DConfig:
    """The config with the sizes of a Point-MAE or CMAT encoder, if that is what the checkpoint holds."""
    source = build_model(checkpoint)
    if not isinstance(source, PointMAE):
        return config
    sizes = source.config.encoder
    narrow, middle, wide = sizes.token_hidden
    return replace(
        config,
        token_hidden=(narrow, middle, wide),
        token_width=sizes.width,
        width=sizes.width,
        depth=sizes.depth,
        heads=sizes.heads,
        class_token=False,
    )


def take_encoder(model: PatchAlign3D | PointAlign3D, checkpoint: Checkpoint) -> None:
    """Copy the encoder of a checkpoint, its head left out. Raises InputError if the sizes differ."""
    source = build_model(checkpoint)
    target = model.encoder if isinstance(model, PointAlign3D) else model
    if isinstance(source, PointMAE):
        theirs = from_patch_encoder(encoder_of(source.state_dict()))
    elif isinstance(source, (PatchAlign3D, PointAlign3D)):
        theirs = (source.encoder if isinstance(source, PointAlign3D) else source).state_dict()
    else:
        raise InputError(
            f"{checkpoint.name} is a {type(source).__name__}: start from PatchAlign3D, Point-MAE or CMAT"
        )
    sizes = [
        {key: v.shape for key, v in state.items() if not key.startswith("head.")}
        for state in (target.state_dict(), theirs)
    ]
    if sizes[0] != sizes[1]:
        raise InputError(
            f"{checkpoint.name} holds an encoder of other sizes than this run's: start from one of the same config"
        )
    target.load_state_dict({key: theirs[key] for key in sizes[0]}, strict=False)


def take_all(module: Alignment, checkpoint: Checkpoint) -> None:
    """Copy all weights of a checkpoint of the same model, and the temperature that its points answer with.

    Its affordance head is copied, too, if it is like the one that is to train along.
    Raises CheckpointError if the weights are of another model.
    """
    load_strict(module.model, checkpoint.state, checkpoint.name)
    head = None if module.actions is None else open_head(checkpoint)
    if head is not None and module.actions is not None and head.model.config == module.actions.config:
        module.actions.load_state_dict(head.model.state_dict())
    with torch.no_grad():
        module.point_log_scale.fill_(-float(np.log(checkpoint.config["segmenter"]["temperature"])))
