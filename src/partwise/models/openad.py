"""OpenAD: the cosine of a point's vector with a label's; and its closed-set sibling, which knows no words.

Nguyen et al., Open-Vocabulary Affordance Detection in 3D Point Clouds, IROS 2023.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from partwise.encoders.prompt import Prompt
from partwise.errors import CheckpointError, InputError
from partwise.layers.pointnet2 import Geometry, Projection
from partwise.models.backbones import BackboneConfig, check_ids, make_backbone
from partwise.models.pointnet2 import PointNet2Config

# ln(1/0.07), where CLIP starts. OpenAD multiplies with the number itself; CLIP would with its exponential.
SCALE = 2.6593


@dataclass(frozen=True)
class OpenADConfig:
    """Sizes; the defaults are those of the released PointNet++ weights with CLIP ViT-B/32."""

    backbone: BackboneConfig = field(default_factory=PointNet2Config)
    text_width: int = 512


@dataclass(frozen=True)
class PointVectors:
    """What one pass leaves behind: a vector (B,N,D) for every point."""

    features: Float[Tensor, "B N D"]


class OpenAD(nn.Module):
    """Encoder, one projection into the text space, and a learned scale on the cosine.

    Example:
        >>> model = OpenAD(OpenADConfig(PointNet2Config(centers=(16, 4), width=4, neighbours=4), 8)).eval()
        >>> seen = model(torch.rand(1, 64, 3))
        >>> model.logits(seen, Prompt(vectors=torch.rand(5, 8))).shape
        torch.Size([1, 64, 5])
    """

    reads: ClassVar[str] = "vectors"
    answers: ClassVar[str] = "softmax"

    def __init__(self, config: OpenADConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = make_backbone(config.backbone)
        self.project = Projection(self.backbone.out_width, config.text_width)
        self.scale = nn.Parameter(torch.tensor(SCALE))

    def forward(self, points: Float[Tensor, "B N C"], geometry: Geometry | None = None) -> PointVectors:
        """One pass over canonical clouds (B,N,C); any number of labels can be compared with it."""
        return PointVectors(self.project(self.backbone(points, geometry)))

    def logits(self, embedding: PointVectors, prompt: Prompt) -> Float[Tensor, "B N T"]:
        """scale * cosine of every point with every label; a softmax over T answers.

        Raises InputError if the prompt has no vectors or they are of another width.
        """
        text = check_ids(prompt.vectors, self.reads)
        if text.shape[-1] != self.config.text_width:
            raise InputError(
                f"label vectors have {text.shape[-1]} numbers, this model was trained with {self.config.text_width}: "
                "use the text encoder it was trained with"
            )
        features = F.normalize(embedding.features, dim=-1)
        return self.scale * (features @ F.normalize(text, dim=-1).mT)


@dataclass(frozen=True)
class ClosedSetConfig:
    """An encoder and the number of labels it can tell apart."""

    backbone: BackboneConfig = field(default_factory=PointNet2Config)
    labels: int = 19


class ClosedSet(nn.Module):
    """PointNet++ or DGCNN with one output for each label of a fixed list: what a model without words reaches.

    Prompts are numbers of labels, (T,1); the words themselves are not read.
    """

    reads: ClassVar[str] = "ids"
    answers: ClassVar[str] = "softmax"

    def __init__(self, config: ClosedSetConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = make_backbone(config.backbone)
        width = self.backbone.out_width
        self.project = Projection(width, width)
        self.drop = nn.Dropout(0.5)
        self.classify = nn.Linear(width, config.labels)

    def forward(self, points: Float[Tensor, "B N C"], geometry: Geometry | None = None) -> PointVectors:
        """One pass: an output for each label at each point."""
        x = F.relu(self.project(self.backbone(points, geometry)))
        return PointVectors(self.classify(self.drop(x)))

    def logits(self, embedding: PointVectors, prompt: Prompt) -> Float[Tensor, "B N T"]:
        """The outputs of the labels numbered in the prompt. Raises InputError for a number it was not trained on."""
        numbers = check_ids(prompt.ids, self.reads)[..., 0]
        if numbers.numel() and not 0 <= int(numbers.min()) <= int(numbers.max()) < self.config.labels:
            raise InputError(
                f"labels {numbers.min()}..{numbers.max()} were asked for, this model knows "
                f"0..{self.config.labels - 1}: "
                "a closed-set model answers its own labels only"
            )
        if numbers.ndim == 1:
            return embedding.features[..., numbers]
        return embedding.features.gather(2, numbers[:, None].expand(-1, embedding.features.shape[1], -1))


def from_official(state: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The state dict of a released OpenAD checkpoint (PointNet++) in the names of this file.

    1x1 convolutions become Linear weights. Raises CheckpointError listing every missing and unexpected key.
    """
    table = official_names()
    missing, unexpected = sorted(table.keys() - state.keys()), sorted(state.keys() - table.keys())
    if missing or unexpected:
        raise CheckpointError(
            f"{name} is not a PointNet++ OpenAD checkpoint: missing keys {missing or 'none'}, "
            f"unexpected keys {unexpected or 'none'}"
        )
    return {
        ours: state[theirs].flatten(1) if state[theirs].ndim > 2 else state[theirs]
        for theirs, ours in table.items()
    }


def official_names() -> dict[str, str]:
    """Official key -> key of `OpenAD`."""
    layers = {"conv1": "project.linear", "bn1": "project.norm"}
    for level, scales in ((1, 3), (2, 2)):
        for scale in range(scales):
            for depth in range(3):
                ours = f"backbone.down{level}.scales.{scale}"
                layers[f"sa{level}.conv_blocks.{scale}.{depth}"] = f"{ours}.linears.{depth}"
                layers[f"sa{level}.bn_blocks.{scale}.{depth}"] = f"{ours}.norms.{depth}"
    for theirs, ours, depths in (
        ("sa3", "whole", 3),
        ("fp3", "up3", 2),
        ("fp2", "up2", 2),
        ("fp1", "up1", 2),
    ):
        for depth in range(depths):
            layers[f"{theirs}.mlp_convs.{depth}"] = f"backbone.{ours}.layers.linears.{depth}"
            layers[f"{theirs}.mlp_bns.{depth}"] = f"backbone.{ours}.layers.norms.{depth}"
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    table = {"logit_scale": "scale"}
    for theirs, ours in layers.items():
        kinds = norm if ours.split(".")[-2] == "norms" or ours.endswith("norm") else ("weight", "bias")
        table |= {f"{theirs}.{kind}": f"{ours}.{kind}" for kind in kinds}
    return table
