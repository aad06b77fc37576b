"""Frozen vision encoders: one feature for each patch of a picture. DINOv2, DINOv3, SigLIP, CLIP and plain ViTs.

Everything goes through `transformers`; resizing and normalising are done here, so torchvision is never needed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from partwise.encoders.text import hub_folder
from partwise.encoders.towers import load_complete, quiet, read_config, weights_sha256
from partwise.errors import CheckpointError, InputError, MissingDataError, MissingExtraError

# DINOv2-base, Apache-2.0, at the commit that is current on its hub page.
DEFAULT = "facebook/dinov2-base"
DEFAULT_REVISION = "f9e44c814b77203eaa57a6bdbbd535f21ede1415"
# Ways from patch tokens into the space of the matching text tower, see `VisionEncoder`.
Aligned = Literal["values", "tokens"]
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
_HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@dataclass(frozen=True)
class Family:
    """How one kind of tower is built and read.

    class_name  in `transformers`
    class_token whether a class token stands before the patches (registers follow it, their number is in the config)
    any_size    whether other picture sizes need no flag: the positions adapt by themselves
    pooler      whether the class takes the option not to build a pooling layer, which dense features do not need
    mean, std   colour statistics, used where the folder names none
    """

    class_name: str
    class_token: bool
    any_size: bool
    pooler: bool
    mean: tuple[float, ...]
    std: tuple[float, ...]


# model_type of config.json. A joint image and text model costs its image tower only.
FAMILIES = {
    "dinov2": Family("Dinov2Model", True, True, False, *_IMAGENET),
    "dinov2_with_registers": Family("Dinov2WithRegistersModel", True, True, False, *_IMAGENET),
    "dinov3_vit": Family("DINOv3ViTModel", True, True, False, *_IMAGENET),
    "vit": Family("ViTModel", True, False, True, *_HALF),
    "clip": Family("CLIPVisionModelWithProjection", True, False, False, *_CLIP),
    "clip_vision_model": Family("CLIPVisionModelWithProjection", True, False, False, *_CLIP),
    "siglip": Family("SiglipVisionModel", False, False, False, *_HALF),
    "siglip_vision_model": Family("SiglipVisionModel", False, False, False, *_HALF),
}


class VisionEncoder:
    """A frozen image tower that gives dense patch features.

    patch, width   side of a patch in pixels; length D of a feature
    kind, prefix   model_type of the tower; tokens that stand before the patches
    size           side to which pictures are resized, a multiple of `patch`; None keeps each picture's own size,
                   rounded down to whole patches
    aligned        features in the space of the matching text tower. "values": CLIP through the value path of its last
                   layer and its projection (MaskCLIP, section 3.1), SigLIP through the value path of its pooling head;
                   "tokens": CLIP's last tokens as they are through norm and projection (PointCLIP V2's code)

    Example:
        >>> encoder = VisionEncoder.open("path/to/dinov2-base")       # doctest: +SKIP
        >>> encoder.encode(pictures).shape                            # doctest: +SKIP
        (12, 16, 16, 768)
    """

    def __init__(
        self, folder: Path, *, name: str, size: int | None = None, aligned: Aligned | None = None
    ) -> None:
        """Load config and safetensors weights from a local folder; `open` is the usual door.

        MissingExtraError without transformers, UnsafeError for pickled weights, CheckpointError for another kind of
        model or weights with holes, InputError for a size that is not whole patches.
        """
        described = read_config(folder)
        kind = described.get("model_type")
        if kind is None and "architecture" in described:
            raise CheckpointError(f"{folder} was saved by timm: rewrite it once with `partwise convert timm`")
        if kind not in FAMILIES:
            raise CheckpointError(f"{folder} holds a {kind!r} model, expected one of {', '.join(FAMILIES)}")
        self.name, self.revision = name, weights_sha256(folder)
        self.kind, self.family = kind, _with_statistics(FAMILIES[kind], folder)
        self.model = _load(folder, self.family)
        config = self.model.config
        self.patch = int(config.patch_size)
        self.prefix = int(self.family.class_token) + int(getattr(config, "num_register_tokens", 0))
        self._align = None if aligned is None else _aligning(kind, aligned, name)
        projected = aligned is not None and kind.startswith("clip")
        self.width = int(config.projection_dim if projected else config.hidden_size)
        if size is not None and (size < self.patch or size % self.patch):
            raise InputError(f"size {size} is not a whole number of patches: use a multiple of {self.patch}")
        self.size = size

    @classmethod
    def open(
        cls,
        source: Path | str = DEFAULT,
        *,
        revision: str | None = None,
        allow_network: bool = False,
        size: int | None = None,
        aligned: Aligned | None = None,
    ) -> VisionEncoder:
        """From a local folder, or a hub id with `revision`, the full commit (the default model knows its own).

        Without `allow_network` a hub id is looked up in the local hub cache only. Raises MissingDataError.
        """
        folder = Path(source)
        if not folder.is_dir():
            if str(source) == DEFAULT and revision is None:
                revision = DEFAULT_REVISION
            folder = _pinned_folder(str(source), revision, allow_network)
        return cls(folder, name=str(source), size=size, aligned=aligned)

    def to(self, device: str | torch.device, dtype: torch.dtype | None = None) -> VisionEncoder:
        """Move the weights; `torch.float16` or `torch.bfloat16` halves memory. Returns itself."""
        self.model.to(device=device, dtype=dtype)
        return self

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns (h, w) of patch features for pictures of this size in pixels.

        Raises InputError if the picture is smaller than one patch.
        """
        h, w = (side // self.patch for side in ((self.size, self.size) if self.size else (height, width)))
        if h < 1 or w < 1:
            raise InputError(
                f"a picture of {height} x {width} pixels is smaller than one patch of {self.patch}"
            )
        return h, w

    @torch.inference_mode()
    def encode(self, images: UInt8[Any, "V H W 3"], batch: int = 16) -> Float[Tensor, "V h w D"]:
        """Patch features (V,h,w,D) in float32 on the model's device; class and register tokens are left out.

        The whole picture is used: it is resized without cropping, so token (i, j) covers the same share of the
        picture as of the grid. `batch` pictures run at a time.
        """
        images = torch.as_tensor(images)
        h, w = self.grid(images.shape[1], images.shape[2])
        if not len(images):
            return torch.zeros(0, h, w, self.width, device=self.model.device)
        return torch.cat([self._encode(part, h, w) for part in images.split(batch)])

    def states(self, images: UInt8[Tensor, "V H W 3"], blocks: int) -> Float[Tensor, "V S D"]:
        """States of all tokens before the last `blocks` blocks, class and register tokens among them."""
        h, w = self.grid(images.shape[1], images.shape[2])
        pixels = self._pixels(images, h * self.patch, w * self.patch)
        options = {} if self.family.any_size else {"interpolate_pos_encoding": True}
        output = self.model(pixel_values=pixels, output_hidden_states=True, **options)
        return output.hidden_states[-1 - blocks].float()

    def _encode(self, images: UInt8[Tensor, "B H W 3"], h: int, w: int) -> Float[Tensor, "B h w D"]:
        pixels = self._pixels(images, h * self.patch, w * self.patch)
        options = {} if self.family.any_size else {"interpolate_pos_encoding": True}
        output = self.model(pixel_values=pixels, output_hidden_states=self._align is _clip_values, **options)
        hidden = self._align(self.model, output) if self._align else output.last_hidden_state
        # Order is [class, registers, patches]: what is not a patch is cut off at the front, and must be just that.
        if hidden.shape[1] != self.prefix + h * w:
            raise CheckpointError(
                f"{self.name} gave {hidden.shape[1]} tokens, expected {self.prefix} + {h} x {w}: "
                "is config.json the one of these weights?"
            )
        return hidden[:, self.prefix :].reshape(len(images), h, w, -1).float()

    def _pixels(self, images: UInt8[Tensor, "B H W 3"], height: int, width: int) -> Float[Tensor, "B 3 P Q"]:
        """Pictures resized (bicubic, antialiased, as the published processors do) and normalised."""
        pixels = images.to(self.model.device).permute(0, 3, 1, 2).float() / 255
        if pixels.shape[2:] != (height, width):
            pixels = functional.interpolate(pixels, (height, width), mode="bicubic", antialias=True).clamp(
                0, 1
            )
        mean, std = (
            torch.tensor(s, device=pixels.device).view(1, 3, 1, 1)
            for s in (self.family.mean, self.family.std)
        )
        return ((pixels - mean) / std).to(self.model.dtype)


def _aligning(kind: str, aligned: Aligned, name: str) -> Callable[[Any, Any], Tensor]:
    """How this kind of tower is brought into its text space."""
    if not kind.startswith(("clip", "siglip")):
        raise InputError(
            f"{name} is a {kind} model, which has no text side: aligned features need CLIP or SigLIP"
        )
    ways = {"values": _siglip_values}
    if kind.startswith("clip"):
        ways = {"values": _clip_values, "tokens": _clip_tokens}
    if aligned not in ways:
        raise InputError(
            f"{name} is a {kind} model and cannot be aligned by {aligned!r}: use {' or '.join(ways)}"
        )
    return ways[aligned]


def _clip_tokens(model: Any, output: Any) -> Float[Tensor, "B S D"]:
    """The last tokens through norm and projection, which training did to the class token alone."""
    return model.visual_projection(model.vision_model.post_layernorm(output.last_hidden_state))


def _clip_values(model: Any, output: Any) -> Float[Tensor, "B S D"]:
    """Tokens in CLIP's joint space: the last layer's attention replaced by its value path (MaskCLIP, section 3.1)."""
    tower = model.vision_model
    last = tower.encoder.layers[-1]
    values = last.self_attn.v_proj(last.layer_norm1(output.hidden_states[-2]))
    return model.visual_projection(tower.post_layernorm(last.self_attn.out_proj(values)))


def _siglip_values(model: Any, output: Any) -> Float[Tensor, "B S D"]:
    """Tokens in SigLIP's joint space: each one through the pooling head as if it were the only one.

    Attention over a single key returns its value, whatever the query, so the head reduces to linear maps and its MLP.
    """
    head = getattr(model, "vision_model", model).head
    attention, width = head.attention, output.last_hidden_state.shape[-1]
    value = functional.linear(
        output.last_hidden_state, attention.in_proj_weight[2 * width :], attention.in_proj_bias[2 * width :]
    )
    value = attention.out_proj(value)
    return value + head.mlp(head.layernorm(value))


def _load(folder: Path, family: Family) -> Any:
    """The image tower alone, in evaluation mode, frozen. CheckpointError if a tensor of it is missing."""
    try:
        import transformers
    except ImportError as error:
        raise MissingExtraError("transformers", "lift", "a vision encoder") from error
    tower = getattr(transformers, family.class_name, None)
    if tower is None:
        raise MissingExtraError("transformers", "lift", f"{family.class_name} (a newer version)")
    try:
        config = _tower_config(tower, folder)
    except (OSError, ValueError) as error:  # a config.json that transformers cannot read
        raise CheckpointError(f"{folder}/config.json does not fit {family.class_name}: {error}") from error
    options = {"add_pooling_layer": False} if family.pooler else {}
    with quiet(transformers):
        return load_complete(tower, folder, "image tower", config, **options)


def _tower_config(tower: Any, folder: Path) -> Any:
    config = tower.config_class.from_pretrained(folder)
    joint = read_config(folder)
    if "vision_config" in joint and "projection_dim" in joint:
        # A joint CLIP config keeps the true size on top and may carry a stale one in its image section.
        config.projection_dim = joint["projection_dim"]
    return config


def _with_statistics(family: Family, folder: Path) -> Family:
    """The family with the colour statistics of the folder's preprocessor_config.json, if it has one."""
    path = folder / "preprocessor_config.json"
    if not path.is_file():
        return family
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is not a readable JSON file: {error}") from error
    mean = tuple(settings.get("image_mean", family.mean))
    std = tuple(settings.get("image_std", family.std))
    if len(mean) != 3 or len(std) != 3 or not all(value > 0 for value in std):
        raise CheckpointError(
            f"{path} has image_mean {mean} and image_std {std}, expected three numbers each, std > 0"
        )
    return replace(family, mean=mean, std=std)


def _pinned_folder(repository: str, revision: str | None, allow_network: bool) -> Path:
    """The local folder of a hub repository at a full commit, downloaded only with consent."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise MissingDataError(
            f"vision model {repository!r} is no folder here and no hub id of the form owner/name"
        )
    if revision is None or not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise InputError(
            f"hub model {repository!r} came with revision {revision!r}, expected the 40 hex digits of a commit: "
            "copy them from the model's file list, a branch name could change under you"
        )
    return hub_folder(repository, revision, allow_network=allow_network)
