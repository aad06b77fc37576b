"""PatchAlign3D against the official model (golden pack), and what its options promise."""

import json
from dataclasses import replace

import pytest
import torch
from golden_pack import GOLDEN, load_pack

from partwise.errors import CheckpointError, InputError
from partwise.farthest import farthest_points
from partwise.layers.patches import FoldedMiniPointNet, MiniPointNet
from partwise.models.patchalign3d import PatchAlign3D, PatchAlign3DConfig, from_official
from partwise.points import nearest

CONFIG = PatchAlign3DConfig(token_width=32, width=48, depth=3, heads=3, text_width=64)


@pytest.fixture(scope="module")
def pack():
    return load_pack("patchalign3d_small")


@pytest.fixture(scope="module")
def model(pack):
    model = PatchAlign3D(CONFIG)
    model.load_state_dict(from_official(pack[0]["model"], pack[0]["proj"]))
    return model.eval()


@pytest.fixture(scope="module", params=["plain", "folded"])
def either(request, model):
    return model if request.param == "plain" else model.folded()


@pytest.fixture(scope="module")
def embedding(either, pack):
    with torch.no_grad():
        return either(pack[0]["in"]["points_raw"])


def close(found, expected, tolerance):
    assert found.shape == expected.shape
    assert (found - expected).abs().max().item() <= tolerance


def test_parity_centres_and_neighbours_are_exact(pack):
    points = pack[0]["in"]["points_in"].transpose(1, 2)
    chosen = farthest_points(points, 128, "pointnet2")
    assert torch.equal(chosen, pack[0]["out"]["fps_idx"].long())
    centers = torch.gather(points, 1, chosen[..., None].expand(-1, -1, 3))
    assert torch.equal(nearest(centers, points, 32)[1], pack[0]["out"]["patch_idx"].long())
    assert torch.equal(nearest(points, centers, 1)[1][..., 0], pack[0]["out"]["nearest"].long())


def test_parity_negative_controls_differ(pack):
    points = pack[0]["in"]["points_in"].transpose(1, 2)
    assert (
        torch.equal(farthest_points(points, 128, "plain"), pack[0]["neg"]["fps_idx_no_origin_rule"].long())
        is False
    )
    assert not torch.equal(farthest_points(points, 128, "plain"), pack[0]["out"]["fps_idx"].long())


def test_parity_blocks_of_the_plain_model(model, pack):
    out = pack[0]["out"]
    seen = {}
    hooks = [
        block.register_forward_hook(lambda _m, _i, y, name=f"block{i}": seen.__setitem__(name, y))
        for i, block in enumerate(model.blocks.blocks)
    ]
    hooks.append(model.tokenizer.register_forward_hook(lambda _m, _i, y: seen.__setitem__("tokens", y)))
    hooks.append(model.reduce.register_forward_hook(lambda _m, _i, y: seen.__setitem__("tokens_reduced", y)))
    hooks.append(model.position.register_forward_hook(lambda _m, _i, y: seen.__setitem__("pos", y)))
    with torch.no_grad():
        model(pack[0]["in"]["points_raw"])
    for hook in hooks:
        hook.remove()
    for name in ("tokens", "tokens_reduced", "pos"):
        close(seen[name], out[name], 3e-5)
    for name in ("block0", "block1", "block2"):
        close(seen[name], out[name], 1e-4)


def test_parity_features_and_logits(embedding, pack):
    out = pack[0]["out"]
    close(embedding.tokens.transpose(1, 2), out["patch_emb"], 3e-5)
    close(embedding.features, out["patch_feat"], 5e-6)
    close(embedding.features @ pack[0]["in"]["text"].T / 0.07, out["logits"], 1e-4)


def test_parity_point_labels(either, embedding, pack):
    text, out = pack[0]["in"]["text"], pack[0]["out"]
    for how in ("nearest", "membership"):
        logits = either.similarity(embedding, text, how) / 0.07
        expected = out[f"point_logits_{how}"]
        covered = (
            torch.ones_like(out["patch_count"], dtype=torch.bool)
            if how == "nearest"
            else out["patch_count"] > 0
        )
        close(logits[covered], expected[covered], 1e-4)
        top = expected.topk(2, dim=-1).values
        clear = covered & ((top[..., 0] - top[..., 1]) > 2e-4)
        assert clear.float().mean() > 0.8
        assert torch.equal(logits.argmax(-1)[clear], out[f"pred_{how}"].long()[clear])


def test_membership_answers_uncovered_points_by_the_nearest_centre(model, embedding, pack):
    text, uncovered = pack[0]["in"]["text"], pack[0]["out"]["patch_count"] == 0
    assert uncovered.any()
    by_patch = model.similarity(embedding, text, "membership")
    assert torch.equal(by_patch[uncovered], model.similarity(embedding, text, "nearest")[uncovered])


def test_idw3_is_exact_at_a_centre(model, embedding, pack):
    text = pack[0]["in"]["text"]
    index = pack[0]["out"]["fps_idx"].long()
    at_centres = model.similarity(embedding, text, "idw3")[0, index[0]]
    close(at_centres, embedding.features[0] @ text.T, 1e-4)


def test_folded_tokenizer_agrees_with_the_concatenated_original():
    torch.manual_seed(0)
    net = MiniPointNet(256)
    for norm in (net.first.norm, net.second.norm):
        norm.running_mean.uniform_(-0.5, 0.5)
        norm.running_var.uniform_(0.5, 2)
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
        torch.nn.init.uniform_(norm.bias, -0.5, 0.5)
    net.eval()
    local = torch.randn(2, 16, 32, 3) * 0.1

    def literal(local):  # as published: concatenate [global, local] for every point
        x = local.flatten(0, 2)
        x = net.first.leave(net.first.norm(net.first.enter(x)).relu()).view(*local.shape[:3], -1)
        x = torch.cat([x.amax(2, keepdim=True).expand_as(x), x], dim=-1)
        x = net.second.leave(net.second.norm(net.second.enter(x.flatten(0, 2))).relu())
        return x.view(*local.shape[:3], -1).amax(2)

    with torch.no_grad():
        close(net(local), literal(local), 1e-5)
        close(FoldedMiniPointNet(net)(local), literal(local), 1e-5)


def test_strided_and_contiguous_input_agree(model, pack):
    points = pack[0]["in"]["points_raw"]
    strided = points.transpose(1, 2).contiguous().transpose(1, 2)
    with torch.no_grad():
        assert torch.equal(model(points).features, model(strided).features)


def test_official_full_size_keys_fit():
    keys = json.loads((GOLDEN / "patchalign3d_full_keys.json").read_text())["keys"]
    entries = {
        part: {k: torch.empty(v["shape"]) for k, v in keys[part].items()} for part in ("model", "proj")
    }
    state = from_official(entries["model"], entries["proj"])
    expected = {k: v.shape for k, v in PatchAlign3D(PatchAlign3DConfig()).state_dict().items()}
    assert {k: v.shape for k, v in state.items()} == expected


@pytest.mark.parametrize(
    "key", ["cls_pos", "encoder.first_conv.1.running_var", "blocks.blocks.1.mlp.fc1.bias"]
)
def test_official_checkpoint_with_a_key_missing_or_added_is_refused(pack, key):
    model, proj = dict(pack[0]["model"]), dict(pack[0]["proj"])
    value = model.pop(key)
    with pytest.raises(CheckpointError, match=f"missing keys .*{key}"):
        from_official(model, proj)
    model[key], model["surprise"] = value, value
    with pytest.raises(CheckpointError, match="unexpected keys .*surprise"):
        from_official(model, proj)


def test_wrong_options_are_named(model, embedding, pack):
    with pytest.raises(InputError, match="mebership"):
        model.similarity(embedding, pack[0]["in"]["text"], "mebership")
    with pytest.raises(InputError, match="multiple"):
        replace(CONFIG, heads=5)
