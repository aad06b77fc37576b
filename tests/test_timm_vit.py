"""Vision transformers of timm: the converted folder against a plain forward pass on the tensors as timm names them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from partwise.cli import main
from partwise.encoders.timm_vit import convert_timm
from partwise.encoders.vision import VisionEncoder
from partwise.errors import CheckpointError, MissingDataError

pytest.importorskip("transformers")
WIDTH, HEADS, PATCH, SIDE, DEPTH = 192, 3, 8, 4, 2


def timm_state(
    registers: int = 0, scaled: bool = False, class_has_place: bool = True
) -> dict[str, torch.Tensor]:
    """Random tensors under the names that timm gives a ViT, its classifier among them."""
    g = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=g) * 0.1

    state = {
        "cls_token": draw(1, 1, WIDTH),
        "pos_embed": draw(1, SIDE**2 + class_has_place, WIDTH),
        "patch_embed.proj.weight": draw(WIDTH, 3, PATCH, PATCH),
        "patch_embed.proj.bias": draw(WIDTH),
        "norm.weight": 1 + draw(WIDTH),
        "norm.bias": draw(WIDTH),
        "head.weight": draw(10, WIDTH),
        "head.bias": draw(10),
    }
    if registers:
        state["reg_token"] = draw(1, registers, WIDTH)
    for i in range(DEPTH):
        sizes = {"attn.qkv": (3 * WIDTH, WIDTH), "attn.proj": (WIDTH, WIDTH)}
        sizes |= {"mlp.fc1": (4 * WIDTH, WIDTH), "mlp.fc2": (WIDTH, 4 * WIDTH)}
        for name, (rows, columns) in sizes.items():
            state[f"blocks.{i}.{name}.weight"], state[f"blocks.{i}.{name}.bias"] = (
                draw(rows, columns),
                draw(rows),
            )
        for name in ("norm1", "norm2"):
            state[f"blocks.{i}.{name}.weight"], state[f"blocks.{i}.{name}.bias"] = (
                1 + draw(WIDTH),
                draw(WIDTH),
            )
        if scaled:
            state[f"blocks.{i}.ls1.gamma"], state[f"blocks.{i}.ls2.gamma"] = 1 + draw(WIDTH), 1 + draw(WIDTH)
    return state


def plain_forward(s: dict[str, torch.Tensor], pixels: torch.Tensor) -> torch.Tensor:
    """A pre-norm vision transformer as its paper has it (Dosovitskiy et al., 2021); patch tokens after the norm."""

    def norm(x: torch.Tensor, key: str) -> torch.Tensor:
        return F.layer_norm(x, (WIDTH,), s[f"{key}.weight"], s[f"{key}.bias"], 1e-6)

    def linear(x: torch.Tensor, key: str) -> torch.Tensor:
        return F.linear(x, s[f"{key}.weight"], s[f"{key}.bias"])

    x = F.conv2d(pixels, s["patch_embed.proj.weight"], s["patch_embed.proj.bias"], stride=PATCH)
    x, cls = x.flatten(2).mT, s["cls_token"].expand(len(pixels), -1, -1)
    with_class = s["pos_embed"].shape[1] > SIDE**2
    x = torch.cat([cls, x], 1) + s["pos_embed"] if with_class else torch.cat([cls, x + s["pos_embed"]], 1)
    if "reg_token" in s:
        x = torch.cat([x[:, :1], s["reg_token"].expand(len(x), -1, -1), x[:, 1:]], 1)
    for i in range(DEPTH):
        b = f"blocks.{i}"
        q, k, v = (
            linear(norm(x, f"{b}.norm1"), f"{b}.attn.qkv")
            .unflatten(-1, (3, HEADS, -1))
            .permute(2, 0, 3, 1, 4)
        )
        mixed = ((q @ k.mT / (WIDTH / HEADS) ** 0.5).softmax(-1) @ v).transpose(1, 2).flatten(2)
        x = x + linear(mixed, f"{b}.attn.proj") * s.get(f"{b}.ls1.gamma", torch.ones(WIDTH))
        hidden = F.gelu(linear(norm(x, f"{b}.norm2"), f"{b}.mlp.fc1"))
        x = x + linear(hidden, f"{b}.mlp.fc2") * s.get(f"{b}.ls2.gamma", torch.ones(WIDTH))
    return norm(x, "norm")[:, -(SIDE**2) :]


def write(folder: Path, state: dict[str, torch.Tensor], **described) -> Path:
    folder.mkdir(exist_ok=True)
    save_file(state, folder / "model.safetensors")
    picture = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4], "input_size": [3, 32, 32]}
    described = {
        "architecture": "vit_tiny_patch8_32",
        "num_classes": 10,
        "pretrained_cfg": picture,
        **described,
    }
    (folder / "config.json").write_text(json.dumps(described))
    return folder


@pytest.mark.parametrize("registers", [0, 3])
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("class_has_place", [False, True])
def test_tokens_are_those_of_a_plain_pass(tmp_path, registers, scaled, class_has_place):
    state = timm_state(registers, scaled, class_has_place)
    convert_timm(write(tmp_path / "timm", state), tmp_path / "out")
    encoder = VisionEncoder.open(tmp_path / "out")
    assert encoder.family.mean == (0.5, 0.4, 0.3)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    pixels = encoder._pixels(torch.from_numpy(pictures), 32, 32)
    tokens = encoder.encode(pictures).reshape(2, -1, WIDTH)
    torch.testing.assert_close(tokens, plain_forward(state, pixels), atol=2e-5, rtol=1e-4)


def test_the_command_converts_and_refusals_name_the_reason(tmp_path, capsys):
    source = write(tmp_path / "timm", timm_state())
    assert main(["convert", "timm", str(source), str(tmp_path / "out")]) == 0
    assert VisionEncoder.open(tmp_path / "out").width == WIDTH
    with pytest.raises(CheckpointError, match="partwise convert timm"):
        VisionEncoder.open(source)
    state = load_file(source / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"attn_pool\.q\.weight"):
        convert_timm(write(source, {**state, "attn_pool.q.weight": torch.zeros(1)}), tmp_path / "none")
    with pytest.raises(CheckpointError, match="q_norm"):
        convert_timm(
            write(source, {**state, "blocks.0.attn.q_norm.weight": torch.zeros(1)}), tmp_path / "none"
        )
    del state["cls_token"]
    with pytest.raises(CheckpointError, match="no cls_token"):
        convert_timm(write(source, state), tmp_path / "none")
    (source / "model.safetensors").write_bytes(b"\0" * 9)
    with pytest.raises(CheckpointError, match="damaged"):
        convert_timm(source, tmp_path / "none")
    (source / "config.json").write_text('{"model_type": "dinov2"}')
    with pytest.raises(MissingDataError, match="no timm model"):
        convert_timm(source, tmp_path / "none")
    assert not (tmp_path / "none").exists()
