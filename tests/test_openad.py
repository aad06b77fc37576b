"""OpenAD against the numbers of its official code, and what a prompt must be."""

import json
from dataclasses import asdict

import pytest
import torch
from golden_pack import load_pack

from partwise.encoders.prompt import Prompt
from partwise.errors import CheckpointError, InputError
from partwise.layers.pointnet2 import mixed
from partwise.models.backbones import TokensConfig
from partwise.models.dgcnn import DgcnnConfig
from partwise.models.openad import ClosedSet, ClosedSetConfig, OpenAD, OpenADConfig, from_official
from partwise.models.pointnet2 import PointNet2Config
from partwise.pretrained import config_from

TINY = PointNet2Config(centers=(16, 4), width=4, neighbours=4)


@pytest.fixture(scope="module")
def golden():
    groups, _ = load_pack("openad_small")
    state = {
        key: value.float() if value.is_floating_point() else value for key, value in groups["state"].items()
    }
    model = OpenAD(OpenADConfig())
    model.load_state_dict(from_official(state, "golden"))
    return groups["in"], groups["out"], model.eval().requires_grad_(False), state


def chosen(given):
    return [given["fps_idx_sa1"].long(), given["fps_idx_sa2"].long()]


@torch.no_grad()
def test_parity_of_every_stage(golden):
    given, expected, model, _ = golden
    net = model.backbone
    points = given["points"].mT.contiguous()
    fine, coarse = net.look(points, chosen=chosen(given)).levels
    x1 = net.down1(points, points, fine)
    x2 = net.down2(fine.centers, x1, coarse)
    x3 = net.whole(coarse.centers, x2)
    x2_up = net.up3(x2, x3, None)
    x1_up = net.up2(x1, x2_up, coarse)
    x0 = net.up1(torch.cat([points, points], dim=-1), x1_up, fine)
    stages = {"sa1": x1, "sa2": x2, "fp3": x2_up, "fp2": x1_up, "fp1": x0, "feat": model.project(x0)}
    for name, found in stages.items():
        rows = given[f"rows_{name}"].long()
        torch.testing.assert_close(found[:, rows].mT, expected[name], atol=2e-5, rtol=0, msg=name)
    torch.testing.assert_close(x3.mT, expected["sa3"], atol=2e-5, rtol=0)


@torch.no_grad()
def test_parity_of_the_answer(golden):
    given, expected, model, _ = golden
    points = given["points"].mT.contiguous()
    geometry = model.backbone.look(points, chosen=chosen(given))
    logits = model.logits(model(points, geometry), Prompt(vectors=given["text"].T))
    found = logits.log_softmax(dim=-1)
    rows = given["rows_log_softmax"].long()
    torch.testing.assert_close(found[:, rows].mT, expected["log_softmax"], atol=3e-5, rtol=0)
    top = found.topk(2, dim=-1).values
    clear = top[..., 0] - top[..., 1] > 1e-4
    assert torch.equal(found.argmax(dim=-1)[clear], expected["argmax"].long()[clear])
    assert clear.float().mean() > 0.999


@torch.no_grad()
def test_parity_notices_another_start(golden):
    given, expected, model, _ = golden
    points = given["points"].mT.contiguous()
    start = torch.full((2,), 7)
    geometry = model.backbone.look(points, start=start)
    logits = model.logits(model(points, geometry), Prompt(vectors=given["text"].T)).log_softmax(dim=-1)
    rows = given["rows_log_softmax"].long()
    assert (logits[:, rows].mT - expected["log_softmax"]).abs().max() > 0.01


def test_parameters_are_as_published():
    assert sum(p.numel() for p in OpenAD(OpenADConfig()).parameters()) == 1_782_765


def test_official_keys_are_all_or_nothing(golden):
    state = dict(golden[3])
    state["sa9.weight"] = state.pop("conv1.weight")
    with pytest.raises(CheckpointError, match=r"conv1.weight.*sa9.weight"):
        from_official(state, "other.t7")


def test_the_scale_multiplies_directly():
    torch.manual_seed(0)
    model = OpenAD(OpenADConfig(TINY, 6)).eval()
    seen = model(torch.rand(1, 32, 3))
    text = torch.rand(3, 6)
    cosine = torch.cosine_similarity(seen.features[:, :, None], text[None, None], dim=-1)
    torch.testing.assert_close(model.logits(seen, Prompt(vectors=text)), 2.6593 * cosine)


def test_labels_of_each_shape_or_of_all():
    torch.manual_seed(0)
    model = OpenAD(OpenADConfig(TINY, 6)).eval()
    seen = model(torch.rand(2, 32, 3))
    text = torch.rand(4, 6)
    own = model.logits(seen, Prompt(vectors=text.expand(2, -1, -1)))
    torch.testing.assert_close(own, model.logits(seen, Prompt(vectors=text)))


def test_bad_prompts_and_points_are_refused():
    model = OpenAD(OpenADConfig(TINY, 6)).eval()
    seen = model(torch.rand(1, 32, 3))
    with pytest.raises(InputError, match="vectors"):
        model.logits(seen, Prompt(ids=torch.zeros(2, 3, dtype=torch.int64)))
    with pytest.raises(InputError, match="5 numbers.*6"):
        model.logits(seen, Prompt(vectors=torch.rand(2, 5)))
    with pytest.raises(InputError, match="at least one point"):
        model(torch.rand(1, 0, 3))
    with pytest.raises(InputError, match=r"\(B,N,3\)"):
        model(torch.rand(1, 32, 6))


@pytest.mark.parametrize(
    "backbone",
    [
        TINY,
        PointNet2Config(channels=6, centers=(16, 4), width=4, neighbours=4),
        DgcnnConfig(edges=4, width=8),
        TokensConfig(8, 4, 12, (8, 8, 16), 1, 2, 0.0, 6),
    ],
    ids=["pointnet2", "colours", "dgcnn", "tokens"],
)
def test_every_encoder_trains_and_its_config_survives_json(backbone):
    torch.manual_seed(0)
    config = OpenADConfig(backbone, 6)
    assert config_from(OpenADConfig, json.loads(json.dumps(asdict(config))), "run") == config
    model = OpenAD(config)
    points = torch.rand(2, 40, getattr(backbone, "channels", 3))
    loss = model.logits(model(points), Prompt(vectors=torch.rand(3, 6))).square().mean()
    loss.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_an_unknown_encoder_is_refused():
    with pytest.raises(CheckpointError, match="voxels"):
        config_from(OpenADConfig, {"backbone": {"voxels": 3}}, "run")


def test_closed_set_knows_its_own_labels_only():
    torch.manual_seed(0)
    model = ClosedSet(ClosedSetConfig(TINY, 4)).eval()
    seen = model(torch.rand(2, 32, 3))
    numbers = torch.tensor([[2], [0]])
    found = model.logits(seen, Prompt(ids=numbers))
    torch.testing.assert_close(found, seen.features[..., [2, 0]])
    torch.testing.assert_close(model.logits(seen, Prompt(ids=numbers.expand(2, 2, 1))), found)
    with pytest.raises(InputError, match=r"4..4.*0..3"):
        model.logits(seen, Prompt(ids=torch.tensor([[4]])))


def test_interpolation_keeps_a_centre_s_own_value(golden):
    given, _, model, _ = golden
    points = given["points"].mT.contiguous()
    fine = model.backbone.look(points, chosen=chosen(given)).levels[0]
    values = torch.rand(2, 512, 3)
    at_centres = torch.gather(
        mixed(values, fine), 1, given["fps_idx_sa1"].long()[..., None].expand(-1, -1, 3)
    )
    torch.testing.assert_close(at_centres, values, atol=1e-3, rtol=0)
