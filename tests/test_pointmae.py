"""Point-MAE against the official model (golden pack), its masks, its conversion."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from golden_pack import load_pack

from partwise.cli import main
from partwise.errors import CheckpointError, InputError, UnsafeError
from partwise.layers.tokens import PatchEncoder, PatchEncoderConfig
from partwise.losses import chamfer_loss
from partwise.models.pointmae import (
    PointMAE,
    PointMAEConfig,
    encoder_of,
    from_official,
    masked,
    split,
)
from partwise.predict import Segmenter
from partwise.pretrained import build_model, open_pretrained

SIZES = PatchEncoderConfig(width=36, heads=3)
TINY = PatchEncoderConfig(groups=8, group_size=4, token_hidden=(4, 8, 8), width=12, depth=1, heads=2)


def close(found, expected, tolerance):
    assert found.shape == expected.shape
    assert (found - expected).abs().max().item() <= tolerance


@pytest.fixture(scope="module")
def pack():
    return load_pack("pointmae_small")


@pytest.fixture(scope="module")
def model(pack):
    model = PointMAE(PointMAEConfig(SIZES, decoder_depth=2, decoder_heads=3))
    model.load_state_dict(from_official(pack[0]["mae"]))
    return model.eval()


@pytest.fixture(scope="module")
def golden(pack):
    """The pack's tensors of the pre-training model: (in, out)."""
    return tuple(
        {key.removeprefix("mae."): value for key, value in pack[0][side].items() if key.startswith("mae.")}
        for side in ("in", "out")
    )


@torch.no_grad()
def test_parity_every_stage(model, golden):
    given, out = golden
    seen = {}
    for part, blocks in (("enc", model.encoder.blocks), ("dec", model.decoder)):
        for number, block in enumerate(blocks.blocks):
            block.register_forward_hook(
                lambda _m, _i, y, name=f"{part}_block{number}": seen.update({name: y})
            )
    patches = model.encoder.patches(given["points"])
    assert torch.equal(patches.centers, out["center"])
    close(patches.local, out["neighborhood"], 1e-7)
    close(model.encoder.tokenizer(patches.local), out["tokens"], 5e-5)
    rebuilt = model(patches, given["mask"])
    for name, tolerance in (
        ("enc_block0", 3e-4),
        ("enc_block11", 3e-4),
        ("dec_block0", 5e-5),
        ("dec_block1", 5e-5),
    ):
        close(seen[name], out[name], tolerance)
    close(rebuilt.tokens, out["x_vis"], 5e-5)
    close(rebuilt.rebuilt.flatten(0, 1), out["rebuild_points"], 5e-5)
    loss = chamfer_loss(rebuilt.rebuilt.flatten(0, 1), rebuilt.truth().flatten(0, 1)).mean()
    assert loss.item() == pytest.approx(out["loss"].item(), abs=1e-6)


@torch.no_grad()
def test_parity_negative_controls_differ(model, golden, pack):
    given, out = golden
    wrong = PointMAE(model.config).eval()
    wrong.load_state_dict(model.state_dict())
    wrong.decoder_position = wrong.encoder.position
    rebuilt = wrong(wrong.encoder.patches(given["points"]), given["mask"])
    loss = chamfer_loss(rebuilt.rebuilt.flatten(0, 1), rebuilt.truth().flatten(0, 1)).mean().item()
    stated = pack[1]["negative_controls"]["decoder uses the encoder position MLP"]["loss"]
    assert loss == pytest.approx(stated, abs=1e-5)
    assert abs(loss - out["loss"].item()) > 1e-3


def test_parameters_of_the_published_encoder():
    assert sum(p.numel() for p in PatchEncoder(PatchEncoderConfig()).parameters()) == 21_825_024


def test_random_masks_hide_a_floor_of_the_share_anywhere():
    centers, noise = torch.rand(200, 26, 3), torch.rand(200, 26)
    mask = masked(centers, noise, 0.6)
    assert (mask.sum(dim=1) == 15).all()
    assert 0.4 < mask.float().mean(dim=0).min() < mask.float().mean(dim=0).max() < 0.8
    assert torch.equal(mask, masked(centers, noise, 0.6))
    assert (masked(torch.rand(1, 256, 3), torch.rand(1, 256), 0.6).sum() == 153).all()


def test_block_masks_hide_the_neighbours_of_one_patch():
    centers = torch.rand(5, 20, 3)
    mask = masked(centers, torch.rand(5, 20), 0.3, "block")
    assert (mask.sum(dim=1) == 6).all()
    for row, place in zip(mask, centers, strict=True):
        distance = torch.cdist(place, place)
        anchors = [
            i
            for i in range(20)
            if set(distance[i].argsort()[:6].tolist()) == set(row.nonzero()[:, 0].tolist())
        ]
        assert anchors


def test_masks_that_cannot_be():
    with pytest.raises(InputError, match="random or block"):
        masked(torch.rand(1, 8, 3), torch.rand(1, 8), 0.5, "grid")
    with pytest.raises(InputError, match="at least one"):
        masked(torch.rand(1, 8, 3), torch.rand(1, 8), 0.05)
    with pytest.raises(InputError, match="same number"):
        split(torch.tensor([[True, False, False], [True, True, False]]))
    with pytest.raises(InputError, match="decoder_heads"):
        PointMAEConfig(TINY, decoder_heads=5)


def test_what_is_hidden_does_not_reach_the_tokens():
    torch.manual_seed(0)
    model = PointMAE(PointMAEConfig(TINY, 1, 2)).eval()
    patches = model.encoder.patches(torch.rand(2, 40, 3))
    mask = masked(patches.centers, torch.rand(2, 8), 0.5)
    tokens = model(patches, mask).tokens
    moved = replace(patches, local=patches.local + mask[..., None, None] * 5.0)
    assert torch.equal(model(moved, mask).tokens, tokens)
    assert not torch.equal(model(patches, ~mask).tokens, tokens)


def official(model, prefix=""):
    """The state of a tiny model under the official keys, convolutions and all."""
    renamed = {}
    for key, value in model.state_dict().items():
        for ours, theirs in (
            ("encoder.tokenizer.first.enter", "MAE_encoder.encoder.first_conv.0"),
            ("encoder.tokenizer.first.norm", "MAE_encoder.encoder.first_conv.1"),
            ("encoder.tokenizer.first.leave", "MAE_encoder.encoder.first_conv.3"),
            ("encoder.tokenizer.second.enter", "MAE_encoder.encoder.second_conv.0"),
            ("encoder.tokenizer.second.norm", "MAE_encoder.encoder.second_conv.1"),
            ("encoder.tokenizer.second.leave", "MAE_encoder.encoder.second_conv.3"),
            ("encoder.position.", "MAE_encoder.pos_embed."),
            ("encoder.blocks.", "MAE_encoder.blocks."),
            ("encoder.norm.", "MAE_encoder.norm."),
            ("decoder_position.", "decoder_pos_embed."),
            ("decoder.", "MAE_decoder."),
            ("decoder_norm.", "MAE_decoder.norm."),
            ("rebuild.", "increase_dim.0."),
        ):
            if key.startswith(ours):
                key = theirs + key.removeprefix(ours)
                break
        is_conv = ("conv." in key and value.ndim == 2) or key == "increase_dim.0.weight"
        renamed[prefix + key] = value[..., None] if is_conv else value
    return renamed


@pytest.mark.parametrize("prefix", ["", "module."])
def test_the_published_file_becomes_a_checkpoint(tmp_path, prefix, capsys):
    sizes = replace(TINY, width=64, heads=1, groups=64)
    model = PointMAE(PointMAEConfig(sizes, 1, 1))
    torch.save({"base_model": official(model, prefix), "epoch": 300}, tmp_path / "pretrain.pth")
    assert main(["convert", "pointmae", str(tmp_path / "pretrain.pth"), str(tmp_path / "out")]) == 0
    again = build_model(open_pretrained(tmp_path / "out"))
    assert isinstance(again, PointMAE)
    assert again.config == model.config
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in model.state_dict().items())
    with pytest.raises(CheckpointError, match="knows no words"):
        Segmenter.from_pretrained(tmp_path / "out")
    encoder = PatchEncoder(sizes)
    encoder.load_state_dict(encoder_of(again.state_dict()))
    assert torch.equal(encoder.norm.weight, model.encoder.norm.weight)


def test_files_that_are_something_else(tmp_path):
    state = official(PointMAE(PointMAEConfig(TINY, 1, 2)))
    state["cls_head.weight"] = state.pop("mask_token")
    with pytest.raises(
        CheckpointError, match=r"missing keys \['mask_token'\], unexpected keys \['cls_head.weight'\]"
    ):
        from_official(state)
    torch.save({"model": state}, tmp_path / "a.pth")
    assert (
        main(["convert", "pointmae", str(tmp_path / "a.pth"), str(tmp_path / "out")])
        == CheckpointError.exit_code
    )
    torch.save({"base_model": state, "hook": np.random.default_rng}, tmp_path / "b.pth")
    assert (
        main(["convert", "pointmae", str(tmp_path / "b.pth"), str(tmp_path / "out")]) == UnsafeError.exit_code
    )
    assert not (tmp_path / "out").exists()
