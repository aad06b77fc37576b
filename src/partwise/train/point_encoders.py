"""How the affordance recipe stands on a trained Point-MAE or CMAT encoder: sizes, weights, whether it trains on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from partwise.checkpoint import Checkpoint, load_strict
from partwise.errors import InputError
from partwise.layers.tokens import PatchEncoder
from partwise.models.backbones import Tokens, TokensConfig
from partwise.models.las import LasConfig
from partwise.models.lmad import LMADConfig
from partwise.models.openad import ClosedSetConfig, OpenADConfig
from partwise.models.pointlas import PointLasConfig
from partwise.models.pointmae import PointMAE, encoder_of
from partwise.pretrained import build_model
from partwise.train.affordance_presets import AffordanceConfig


def fitted(config: AffordanceConfig, checkpoint: Checkpoint) -> AffordanceConfig:
    """The config with the checkpoint's encoder below its model, in the checkpoint's sizes, and with `groups` patches.

    Raises InputError if the checkpoint is no Point-MAE, or the model cannot stand on one.
    """
    sizes, kind = _source(checkpoint).config.encoder, config.model
    if config.groups:
        sizes = replace(sizes, groups=config.groups)
    if isinstance(kind, PointLasConfig):
        head = replace(kind.head, token_width=sizes.width)
        return replace(config, model=PointLasConfig(sizes, head))
    if isinstance(kind, LasConfig):
        head = replace(kind, token_width=sizes.width, point_width=0, direct=0)
        return replace(config, model=PointLasConfig(sizes, head))
    if isinstance(kind, (LMADConfig, OpenADConfig, ClosedSetConfig)):
        backbone = TokensConfig(
            groups=sizes.groups,
            group_size=sizes.group_size,
            token_width=sizes.width,
            token_hidden=sizes.token_hidden,
            depth=sizes.depth,
            heads=sizes.heads,
            drop_path=sizes.drop_path,
        )
        return replace(config, model=replace(kind, backbone=backbone))
    raise InputError(
        f"{type(kind).__name__} has no place for a Point-MAE encoder: train lmad, openad, pointnet2, dgcnn or las"
    )


def take_encoder(model: Any, checkpoint: Checkpoint) -> None:
    """Copy the encoder of a Point-MAE checkpoint. Raises CheckpointError if it does not fit."""
    encoder = point_encoder(model)
    if encoder is None:
        raise InputError(f"{type(model).__name__} has no patch encoder to take {checkpoint.name} over")
    load_strict(encoder, encoder_of(_source(checkpoint).state_dict()), checkpoint.name)


def point_encoder(model: Any) -> PatchEncoder | None:
    """The patch encoder that a model stands on, if it does."""
    backbone = getattr(model, "backbone", None)
    if isinstance(backbone, Tokens):
        return backbone.encoder
    return backbone if isinstance(backbone, PatchEncoder) else None


def freeze(model: Any) -> None:
    """Keep the encoder as it is: no gradients, and its batch norms and drop-path at rest."""
    encoder = point_encoder(model)
    if encoder is None:
        raise InputError(
            f"{type(model).__name__} has no patch encoder to freeze: start from Point-MAE or CMAT"
        )
    encoder.requires_grad_(False).eval()


def _source(checkpoint: Checkpoint) -> PointMAE:
    source = build_model(checkpoint)
    if not isinstance(source, PointMAE):
        raise InputError(
            f"{checkpoint.name} is a {type(source).__name__}: start from a Point-MAE or CMAT checkpoint"
        )
    return source
