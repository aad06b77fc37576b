"""Key names of the published Point-BERT family (Point-MAE, PatchAlign3D), and how a state dict is brought to ours."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from partwise.errors import CheckpointError

BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
AFFINE = ("weight", "bias")


def tokenizer_names() -> dict[str, str]:
    """Official key -> key of `PatchEncoder`, for the tokenizer."""
    layers = ((0, "enter", AFFINE), (1, "norm", BATCH_NORM), (3, "leave", AFFINE))
    return {
        f"encoder.{mlp}_conv.{number}.{field}": f"tokenizer.{mlp}.{layer}.{field}"
        for mlp in ("first", "second")
        for number, layer, fields in layers
        for field in fields
    }


def block_names(depth: int) -> dict[str, str]:
    """Key of `depth` blocks, which are called alike on both sides."""
    names = {}
    for block in range(depth):
        for layer in ("norm1", "norm2", "attn.proj", "mlp.fc1", "mlp.fc2"):
            names |= affine_names(f"blocks.{block}.{layer}", f"blocks.{block}.{layer}")
        names[f"blocks.{block}.attn.qkv.weight"] = f"blocks.{block}.attn.qkv.weight"
    return names


def encoder_names(depth: int) -> dict[str, str]:
    """Official key -> key of `PatchEncoder` of `depth` blocks; all but the class token and head of PatchAlign3D."""
    names = tokenizer_names() | prefixed(block_names(depth), "blocks.", "blocks.")
    for layer in ("0", "2"):
        names |= affine_names(f"pos_embed.{layer}", f"position.{layer}")
    return names | affine_names("norm", "norm")


def affine_names(theirs: str, ours: str) -> dict[str, str]:
    """Weight and bias of one layer."""
    return {f"{theirs}.{field}": f"{ours}.{field}" for field in AFFINE}


def prefixed(names: Mapping[str, str], theirs: str, ours: str) -> dict[str, str]:
    """The same names inside larger modules."""
    return {f"{theirs}{key}": f"{ours}{value}" for key, value in names.items()}


def depth_of(keys: Mapping[str, Tensor], prefix: str) -> int:
    """Number of blocks whose keys start with `prefix`, which ends before the block's number."""
    return len({key.removeprefix(prefix).split(".")[0] for key in keys if key.startswith(prefix)})


def translated(given: Mapping[str, Tensor], names: Mapping[str, str], what: str) -> dict[str, Tensor]:
    """The state dict `given` under our names; a convolution over single points, (O,I,1), becomes a Linear's (O,I).

    Raises CheckpointError listing every missing and unexpected key.
    """
    missing, unexpected = sorted(names.keys() - given.keys()), sorted(given.keys() - names.keys())
    if missing or unexpected:
        raise CheckpointError(
            f"not {what}: missing keys {missing or 'none'}, unexpected keys {unexpected or 'none'}"
        )
    return {
        ours: given[theirs].squeeze(-1)
        if theirs.endswith("weight") and given[theirs].ndim == 3
        else given[theirs]
        for theirs, ours in names.items()
    }
