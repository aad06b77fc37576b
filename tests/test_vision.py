from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from partwise.encoders.vision import VisionEncoder
from partwise.errors import CheckpointError, InputError, MissingDataError, MissingExtraError, UnsafeError

transformers = pytest.importorskip("transformers")
TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}


def make(kind: str, folder: Path) -> Path:
    """A tiny tower with random weights, saved as the real one would be."""
    torch.manual_seed(0)
    t = transformers
    build = {
        "dinov2": lambda: t.Dinov2Model(t.Dinov2Config(**TINY, patch_size=14, image_size=56)),
        "registers": lambda: t.Dinov2WithRegistersModel(
            t.Dinov2WithRegistersConfig(**TINY, patch_size=14, image_size=56, num_register_tokens=3)
        ),
        "dinov3": lambda: t.DINOv3ViTModel(t.DINOv3ViTConfig(**TINY, patch_size=16, num_register_tokens=4)),
        "vit": lambda: t.ViTModel(t.ViTConfig(**TINY, patch_size=16, image_size=64), add_pooling_layer=False),
        "siglip": lambda: t.SiglipVisionModel(t.SiglipVisionConfig(**TINY, patch_size=16, image_size=64)),
        "clip": lambda: t.CLIPVisionModelWithProjection(
            t.CLIPVisionConfig(**TINY, patch_size=16, image_size=64, projection_dim=20)
        ),
        "joint_clip": lambda: t.CLIPModel(
            t.CLIPConfig(
                vision_config={**TINY, "patch_size": 16, "image_size": 64},
                text_config={**TINY, "vocab_size": 50},
                projection_dim=24,
            )
        ),
        "joint_siglip": lambda: t.SiglipModel(
            t.SiglipConfig(
                vision_config={**TINY, "patch_size": 16, "image_size": 64},
                text_config={**TINY, "vocab_size": 50},
            )
        ),
    }
    build[kind]().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def towers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    kinds = ("dinov2", "registers", "dinov3", "vit", "siglip", "clip", "joint_clip", "joint_siglip")
    return {kind: make(kind, tmp_path_factory.mktemp(kind)) for kind in kinds}


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("kind", "patch", "prefix"),
    [
        ("dinov2", 14, 1),
        ("registers", 14, 4),
        ("dinov3", 16, 5),
        ("vit", 16, 1),
        ("siglip", 16, 0),
        ("clip", 16, 1),
        ("joint_clip", 16, 1),
        ("joint_siglip", 16, 0),
    ],
)
def test_every_family_gives_its_patch_tokens(towers, pictures, kind: str, patch: int, prefix: int) -> None:
    encoder = VisionEncoder.open(towers[kind])
    side = 64 // patch
    features = encoder.encode(pictures, batch=2)
    assert features.shape == (3, side, side, 32)
    assert encoder.width == 32
    assert features.dtype == torch.float32
    # What comes out is the last h*w tokens of the model's own output: nothing of the prefix, nothing lost.
    pixels = encoder._pixels(torch.from_numpy(pictures), side * patch, side * patch)
    options = {} if encoder.family.any_size else {"interpolate_pos_encoding": True}
    with torch.inference_mode():
        hidden = encoder.model(pixel_values=pixels, **options).last_hidden_state
    assert hidden.shape[1] == prefix + side * side
    torch.testing.assert_close(features.reshape(3, -1, 32), hidden[:, prefix:], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ["dinov2", "registers", "dinov3", "siglip", "clip"])
def test_a_token_answers_to_its_own_place_in_the_picture(towers, kind: str) -> None:
    """Change one patch of the picture: the token that changes most is the one that covers it, row and column."""
    encoder = VisionEncoder.open(towers[kind])
    patch = encoder.patch
    image = np.full((1, 4 * patch, 4 * patch, 3), 90, dtype=np.uint8)
    before = encoder.encode(image)
    for row, column in ((0, 3), (2, 1), (3, 3)):
        changed = image.copy()
        changed[0, row * patch : (row + 1) * patch, column * patch : (column + 1) * patch] = 230
        change = (encoder.encode(changed) - before).norm(dim=-1)[0]
        assert divmod(int(change.argmax()), 4) == (row, column)


def test_pictures_are_resized_and_normalised_as_the_published_processor_does(towers) -> None:
    encoder = VisionEncoder.open(towers["dinov2"], size=28)
    image = np.full((1, 50, 70, 3), 128, dtype=np.uint8)
    pixels = encoder._pixels(torch.from_numpy(image), 28, 28)
    assert pixels.shape == (1, 3, 28, 28)
    expected = (128 / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    np.testing.assert_allclose(pixels[0].mean(dim=(1, 2)).numpy(), expected, atol=1e-5)
    assert encoder.encode(image).shape == (1, 2, 2, 32)
    # A horizontal ramp stays a horizontal ramp.
    ramp = np.tile(np.linspace(0, 255, 70).astype(np.uint8)[None, None, :, None], (1, 50, 1, 3))
    pixels = encoder._pixels(torch.from_numpy(ramp), 28, 28)[0, 0]
    assert (pixels.diff(dim=1) > 0).all()
    assert pixels.diff(dim=0).abs().max() < 1e-4


def test_the_folder_names_its_own_statistics(towers, tmp_path: Path) -> None:
    folder = make("dinov2", tmp_path)
    (folder / "preprocessor_config.json").write_text(
        '{"image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.5, 0.5]}'
    )
    assert VisionEncoder.open(folder).family.mean == (0.1, 0.2, 0.3)
    (folder / "preprocessor_config.json").write_text('{"image_mean": [0.1], "image_std": [0.5, 0.5, 0.0]}')
    with pytest.raises(CheckpointError, match="three numbers"):
        VisionEncoder.open(folder)
    (folder / "preprocessor_config.json").write_text("{")
    with pytest.raises(CheckpointError, match="JSON"):
        VisionEncoder.open(folder)


@pytest.mark.parametrize("half_type", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kind", ["registers", "dinov3", "siglip"])
def test_batches_and_half_precision_change_nothing_that_matters(towers, pictures, kind, half_type) -> None:
    encoder = VisionEncoder.open(towers[kind])
    whole = encoder.encode(pictures)
    torch.testing.assert_close(encoder.encode(pictures, batch=1), whole, atol=1e-5, rtol=1e-4)
    half = encoder.to("cpu", half_type).encode(pictures)
    assert half.dtype == torch.float32
    cosine = torch.nn.functional.cosine_similarity(half, whole, dim=-1)
    assert cosine.min() > 0.99
    assert encoder.encode(pictures[:0]).shape == (0, 4, 4, 32)


@pytest.mark.parametrize(
    ("kind", "width", "aligned"),
    [
        ("clip", 20, "values"),
        ("clip", 20, "tokens"),
        ("joint_clip", 24, "values"),
        ("joint_clip", 24, "tokens"),
        ("siglip", 32, "values"),
        ("joint_siglip", 32, "values"),
    ],
)
def test_aligned_features_live_in_the_text_space(towers, pictures, kind: str, width: int, aligned) -> None:
    encoder = VisionEncoder.open(towers[kind], aligned=aligned)
    features = encoder.encode(pictures)
    assert features.shape == (3, 4, 4, width)
    assert encoder.width == width
    assert not torch.allclose(features[0], features[1])


def test_siglip_aligned_is_the_pooling_head_with_one_token(towers, pictures) -> None:
    """The slow twin: the model's own head, called on a single token at a time."""
    encoder = VisionEncoder.open(towers["siglip"], aligned="values")
    features = encoder.encode(pictures[:1])[0].reshape(-1, 32)
    head = getattr(encoder.model, "vision_model", encoder.model).head
    pixels = encoder._pixels(torch.from_numpy(pictures[:1]), 64, 64)
    with torch.inference_mode():
        hidden = encoder.model(pixel_values=pixels, interpolate_pos_encoding=True).last_hidden_state[0]
        expected = torch.stack([head(token[None, None])[0] for token in hidden])
    torch.testing.assert_close(features, expected, atol=1e-5, rtol=1e-4)


def test_clip_aligned_is_the_joint_space_when_attention_stays_at_home(towers, pictures) -> None:
    """The slow twin: the last layer's attention with an identity attention map, then norm and projection."""
    encoder = VisionEncoder.open(towers["clip"], aligned="values")
    features = encoder.encode(pictures[:1])[0].reshape(-1, 20)
    tower = encoder.model.vision_model
    pixels = encoder._pixels(torch.from_numpy(pictures[:1]), 64, 64)
    with torch.inference_mode():
        states = encoder.model(pixel_values=pixels, output_hidden_states=True).hidden_states
        last = tower.encoder.layers[-1]
        heads = last.self_attn.v_proj(last.layer_norm1(states[-2])).reshape(1, -1, 2, 16).transpose(1, 2)
        mixed = (torch.eye(heads.shape[2]) @ heads).transpose(1, 2).reshape(1, -1, 32)
        expected = encoder.model.visual_projection(tower.post_layernorm(last.self_attn.out_proj(mixed)))
    torch.testing.assert_close(features, expected[0, 1:], atol=1e-5, rtol=1e-4)


def test_clip_tokens_go_where_the_class_token_goes(towers, pictures) -> None:
    """The twin is the model itself: its image vector is the class token on the very same way."""
    encoder = VisionEncoder.open(towers["clip"], aligned="tokens")
    pixels = encoder._pixels(torch.from_numpy(pictures[:1]), 64, 64)
    with torch.inference_mode():
        output = encoder.model(pixel_values=pixels)
        ours = encoder._align(encoder.model, output)[0]
    torch.testing.assert_close(ours[0], output.image_embeds[0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(
        encoder.encode(pictures[:1])[0].reshape(-1, 20), ours[1:], atol=1e-5, rtol=1e-4
    )


def test_a_record_of_the_weights_is_kept(towers) -> None:
    encoder = VisionEncoder.open(towers["dinov2"])
    assert len(encoder.revision) == 64
    assert encoder.name == str(towers["dinov2"])
    assert not any(p.requires_grad for p in encoder.model.parameters())
    assert not encoder.model.training


def test_a_hub_id_at_its_commit_is_found_in_the_local_cache(
    towers, pictures, tmp_path: Path, monkeypatch
) -> None:
    """The layout that huggingface_hub keeps its downloads in; nothing is fetched."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    commit = "0123456789abcdef" * 2 + "01234567"
    snapshot = tmp_path / "models--someone--tiny-dino" / "snapshots" / commit
    shutil.copytree(towers["dinov2"], snapshot)
    encoder = VisionEncoder.open("someone/tiny-dino", revision=commit)
    assert encoder.name == "someone/tiny-dino"
    torch.testing.assert_close(
        encoder.encode(pictures), VisionEncoder.open(towers["dinov2"]).encode(pictures)
    )
    with pytest.raises(MissingDataError, match="allow the network"):
        VisionEncoder.open("someone/tiny-dino", revision=commit[::-1])


def test_what_cannot_be_loaded_says_why(towers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingDataError, match="no hub id"):
        VisionEncoder.open(tmp_path / "nowhere")
    with pytest.raises(InputError, match="40 hex digits"):
        VisionEncoder.open("someone/some-model", revision="main")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingDataError, match="allow the network"):
        VisionEncoder.open()
    with pytest.raises(MissingDataError, match=r"config\.json"):
        VisionEncoder.open(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "resnet"}')
    with pytest.raises(CheckpointError, match="'resnet'"):
        VisionEncoder.open(tmp_path)
    (tmp_path / "config.json").write_text((towers["dinov2"] / "config.json").read_text())
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(UnsafeError, match="pickled"):
        VisionEncoder.open(tmp_path)
    with pytest.raises(InputError, match="no text side"):
        VisionEncoder.open(towers["dinov2"], aligned="values")
    with pytest.raises(InputError, match="use values"):
        VisionEncoder.open(towers["siglip"], aligned="tokens")
    with pytest.raises(InputError, match="multiple of 14"):
        VisionEncoder.open(towers["dinov2"], size=30)
    with pytest.raises(InputError, match="smaller than one patch"):
        VisionEncoder.open(towers["dinov2"]).encode(np.zeros((1, 8, 8, 3), dtype=np.uint8))


def test_weights_with_holes_or_of_another_shape_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = make("dinov2", tmp_path)
    state = load_file(folder / "model.safetensors")
    dropped = {key: value for key, value in state.items() if "layer.1" not in key}
    save_file(dropped, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match="lacks"):
        VisionEncoder.open(folder)
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "hidden_size": 64}))
    with pytest.raises(CheckpointError, match="do not fit"):
        VisionEncoder.open(folder)
    (folder / "model.safetensors").write_bytes(b"\0" * 40)
    with pytest.raises(CheckpointError):
        VisionEncoder.open(folder)


def test_without_transformers_the_extra_is_named(towers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r"partwise\[lift\]"):
        VisionEncoder.open(towers["dinov2"])
