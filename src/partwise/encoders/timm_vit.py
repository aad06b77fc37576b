"""Vision transformers saved by timm, rewritten as the DINOv2 folder that `transformers` opens.

timm itself needs torchvision. Its plain ViT is a DINOv2 whose layer scale is one, so one target serves both: with and
without layer scale, class token in or out of the positions, registers or none. Names are those of the published DINOv2
folders, which every version of transformers reads.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from partwise.encoders.towers import read_config
from partwise.errors import CheckpointError, MissingDataError
from partwise.files import atomic_path

# Heads follow from the width in every ViT that timm names; they cannot be read off the tensors.
HEADS = {192: 3, 384: 6, 768: 12, 1024: 16, 1280: 16}
# Heads that only classification needs.
LEFT_OUT = re.compile(r"(head|fc_norm|pre_logits)\.")
BLOCK = re.compile(r"blocks\.(\d+)\.(.+)")
PER_BLOCK = {
    "norm1": "norm1",
    "norm2": "norm2",
    "attn.proj": "attention.output.dense",
    "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2",
}


def convert_timm(folder: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
    """Rewrite a timm folder (config.json, model.safetensors) as a folder for `VisionEncoder`.

    Raises MissingDataError if a file is not there, CheckpointError for another architecture than a ViT with its class
    token, naming what does not fit.
    """
    folder, out = Path(folder), Path(out)
    described = read_config(folder)
    if "architecture" not in described or not (folder / "model.safetensors").is_file():
        raise MissingDataError(
            f"{folder} is no timm model: expected config.json with an architecture, and model.safetensors"
        )
    try:
        state = load_file(folder / "model.safetensors")
    except SafetensorError as error:
        raise CheckpointError(f"{folder} is damaged ({error}): copy or download it again") from None
    name = f"{folder} ({described['architecture']})"
    converted = renamed({key: value for key, value in state.items() if not LEFT_OUT.match(key)}, name)
    picture = described.get("pretrained_cfg", {})
    statistics = {f"image_{key}": picture[key] for key in ("mean", "std") if key in picture}
    out.mkdir(parents=True, exist_ok=True)
    texts = {"preprocessor_config.json": statistics, "config.json": _config(converted, name)}
    with atomic_path(out / "model.safetensors") as temporary:
        temporary.write_bytes(save(converted, metadata={"format": "pt"}))
    for file, content in texts.items():
        with atomic_path(out / file) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def renamed(state: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The tensors of a timm ViT under DINOv2's names. Raises CheckpointError listing what does not belong to one."""
    missing = [key for key in ("cls_token", "pos_embed", "patch_embed.proj.weight") if key not in state]
    if missing:
        raise CheckpointError(
            f"{name} has no {', '.join(missing)}: expected a vision transformer with a class token"
        )
    width = state["cls_token"].shape[-1]
    result = {"embeddings.mask_token": torch.zeros(1, width)}  # of its training; never used on whole pictures
    strangers = []
    for key, value in state.items():
        block = BLOCK.fullmatch(key)
        new = (
            _of_block(f"encoder.layer.{block[1]}.", block[2], value) if block else _outside(key, value, state)
        )
        strangers += [] if new else [key]
        result.update(new)
    if strangers:
        raise CheckpointError(
            f"{name} is another kind of vision transformer, it also has {', '.join(sorted(strangers)[:8])}: "
            "expected patches, class token, registers, attention with one qkv, MLP, layer scale"
        )
    for layer in {key.rsplit(".norm1.")[0] for key in result if ".norm1." in key}:
        for scale in ("layer_scale1", "layer_scale2"):
            result.setdefault(f"{layer}.{scale}.lambda1", torch.ones(width))
    return {key: value.contiguous() for key, value in result.items()}


def _of_block(layer: str, rest: str, value: Tensor) -> dict[str, Tensor]:
    """One tensor of a block, or three where query, key and value share one; empty if it is not of a plain block."""
    if rest in ("ls1.gamma", "ls2.gamma"):
        return {f"{layer}layer_scale{rest[2]}.lambda1": value}
    part, _, kind = rest.rpartition(".")
    if part == "attn.qkv":
        shares = zip(("query", "key", "value"), value.chunk(3), strict=True)
        return {f"{layer}attention.attention.{role}.{kind}": share.clone() for role, share in shares}
    return {f"{layer}{PER_BLOCK[part]}.{kind}": value} if part in PER_BLOCK else {}


def _outside(key: str, value: Tensor, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A tensor outside the blocks."""
    if key == "pos_embed":
        patches = round(value.shape[1] ** 0.5) ** 2 == value.shape[1]
        # Where only patches have places, the class token's is zero.
        return {
            "embeddings.position_embeddings": torch.cat([torch.zeros_like(value[:, :1]), value], 1)
            if patches
            else value
        }
    names = {
        "cls_token": "embeddings.cls_token",
        "reg_token": "embeddings.register_tokens",
        "patch_embed.proj.weight": "embeddings.patch_embeddings.projection.weight",
        "patch_embed.proj.bias": "embeddings.patch_embeddings.projection.bias",
        "norm.weight": "layernorm.weight",
        "norm.bias": "layernorm.bias",
    }
    return {names[key]: value} if key in names else {}


def _config(state: Mapping[str, Tensor], name: str) -> dict[str, Any]:
    """config.json of the converted tensors: all sizes but the heads are theirs."""
    width, _, patch, _ = state["embeddings.patch_embeddings.projection.weight"].shape
    if width not in HEADS:
        raise CheckpointError(f"{name} is {width} wide: heads are known for {', '.join(map(str, HEADS))}")
    registers = state.get("embeddings.register_tokens")
    side = round((state["embeddings.position_embeddings"].shape[1] - 1) ** 0.5)
    return {
        "model_type": "dinov2" if registers is None else "dinov2_with_registers",
        **({} if registers is None else {"num_register_tokens": registers.shape[1]}),
        "hidden_size": width,
        "num_attention_heads": HEADS[width],
        "num_hidden_layers": sum(key.endswith(".norm1.weight") for key in state),
        "mlp_ratio": state["encoder.layer.0.mlp.fc1.weight"].shape[0] // width,
        "patch_size": patch,
        "image_size": side * patch,
        "layer_norm_eps": 1e-6,
    }
