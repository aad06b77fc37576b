"""PointRefer: its published size, what padding may and may not change, and questions that must be refused."""

import pytest
import torch
from torch import nn

from partwise.encoders.asking import select
from partwise.encoders.prompt import Prompt
from partwise.errors import InputError
from partwise.models.pointnet2 import PointNet2Config
from partwise.models.pointrefer import PointRefer, PointReferConfig

TINY = PointReferConfig(
    PointNet2Config(centers=(16, 8), width=4, neighbours=4), 4, 6, 8, width=64, heads=2, hidden=16, up=16
)
POINTS = torch.rand(2, 40, 3, generator=torch.Generator().manual_seed(5))


def prompt_of(length, seed=0):
    generator = torch.Generator().manual_seed(seed)
    mask = torch.ones(3, length, dtype=torch.bool)
    mask[0, 2:] = False
    return Prompt(tokens=torch.rand(3, length, 8, generator=generator), mask=mask)


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = PointRefer(TINY).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.uniform_(0, 0.3)
    return model


def test_parameters_are_as_published():
    # 13,708,857 with the output head that the release builds and never uses: 512 -> 64, batch norm, 64 -> 1.
    unused = 512 * 64 + 64 + 2 * 64 + 64 + 1
    assert sum(p.numel() for p in PointRefer(PointReferConfig()).parameters()) == 13_708_857 - unused


@torch.no_grad()
def test_padding_is_not_heard(model):
    short = prompt_of(4)
    garbage = short.tokens.clone()
    garbage[0, 2:] = 9.0
    other = Prompt(tokens=garbage, mask=short.mask)
    seen = model(POINTS)
    torch.testing.assert_close(model.logits(seen, other), model.logits(seen, short), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_release_hears_padding(model):
    torch.manual_seed(0)
    release = PointRefer(PointReferConfig(**{**TINY.__dict__, "masking": "release"})).eval()
    release.load_state_dict(model.state_dict())
    short = prompt_of(4)
    garbage = short.tokens.clone()
    garbage[0, 2:] = 9.0
    seen = release(POINTS)
    found, other = (release.logits(seen, Prompt(tokens=t, mask=short.mask)) for t in (short.tokens, garbage))
    assert (found - other)[..., 0].abs().max() > 1e-4
    torch.testing.assert_close(found[..., 1:], other[..., 1:])


@torch.no_grad()
def test_questions_do_not_know_of_each_other(model):
    prompt = prompt_of(4)
    seen = model(POINTS)
    found = model.logits(seen, prompt)
    assert found.shape == (2, 40, 3)
    assert found.std() > 1e-4
    own = select(prompt, torch.tensor([[2, 0], [1, 1]]))
    each = model.logits(seen, own)
    torch.testing.assert_close(each[0], found[0][:, [2, 0]], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(each[1], found[1][:, [1, 1]], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_answer_is_the_mean_of_products_over_real_tokens(model):
    prompt = select(prompt_of(4), torch.tensor([0]))
    seen = model(POINTS)
    tokens, real = model._questions(prompt, 2)
    x0, x1, x2, x3 = seen.features
    first, second, third = seen.geometry.levels
    text, real = tokens[:, 0], real[:, 0]
    x3 = model.block(x3, text, real)
    x2 = model.block(model.up3(x2, x3, third), text, real)
    x1 = model.block(model.up2(x1, x2, second), text, real)
    points = model.up1(x0, x1, first)
    products = model.decoder(text, points, real) @ points.mT
    expected = (products * real[..., None]).sum(dim=1) / real.sum(dim=1, keepdim=True)
    torch.testing.assert_close(model.logits(seen, prompt)[..., 0], expected, atol=1e-4, rtol=1e-4)


def test_everything_trains(model):
    model.train()
    model.logits(model(POINTS), prompt_of(4)).square().mean().backward()
    still = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().max() > 0]
    # A key's bias alone shifts all scores alike; biases before a batch norm are taken away again.
    assert all(name.endswith(("key.bias", "bias")) for name in still), still


def test_questions_that_are_refused(model):
    seen = model(POINTS)
    with pytest.raises(InputError, match="tokens"):
        model.logits(seen, Prompt(vectors=torch.rand(2, 8)))
    with pytest.raises(InputError, match=r"7 tokens.*at most 6"):
        model.logits(seen, prompt_of(7))
    with pytest.raises(InputError, match=r"9 numbers.*8"):
        model.logits(seen, Prompt(tokens=torch.rand(1, 3, 9)))
    with pytest.raises(InputError, match="at least one point"):
        model(torch.rand(1, 0, 3))
    with pytest.raises(InputError, match="'all' or 'release'"):
        PointReferConfig(masking="some")
    with pytest.raises(InputError, match="16 times"):
        PointRefer(PointReferConfig(PointNet2Config(width=8)))
