"""LAS: its sizes are the release's, phrases do not disturb each other, what is absent is refused or stood in for."""

import pytest
import torch

from partwise.encoders.prompt import Prompt
from partwise.errors import InputError
from partwise.models.las import Las, LasConfig, Seen

SMALL = LasConfig(token_width=12, text_width=10, width=16, feedforward=24, layers=2, heads=4, head_width=8)


def seen(batch=2, points=40, groups=6, width=12, vectors=None):
    generator = torch.Generator().manual_seed(0)
    return Seen(
        torch.rand(batch, points, 3, generator=generator),
        torch.rand(batch, groups, 3, generator=generator),
        torch.rand(batch, groups, width, generator=generator),
        None if vectors is None else torch.rand(batch, points, vectors, generator=generator),
    )


def words(phrases=3, length=5, width=10):
    generator = torch.Generator().manual_seed(1)
    mask = torch.ones(phrases, length, dtype=torch.bool)
    mask[0, 2:] = False
    return Prompt(tokens=torch.rand(phrases, length, width, generator=generator), mask=mask)


def las(config):
    torch.manual_seed(0)
    model = Las(config).eval()
    for parameter in model.parameters():  # as small as this, a fresh one answers zero to everything
        torch.nn.init.normal_(parameter, std=0.3)
    return model


@pytest.mark.parametrize("upsampling", ["after", "before"])
def test_a_phrase_is_answered_alike_alone_and_among_others(upsampling):
    model = las(LasConfig(**{**SMALL.__dict__, "upsampling": upsampling}))
    prompt = words()
    together = model.logits(seen(), prompt)
    assert together.shape == (2, 40, 3)
    for index in range(3):
        one = Prompt(tokens=prompt.tokens[index : index + 1], mask=prompt.mask[index : index + 1])
        assert torch.allclose(model.logits(seen(), one)[..., 0], together[..., index], atol=1e-5)
    assert together.std(dim=2).min() > 0  # and the phrases do matter


def test_padding_of_a_phrase_changes_nothing():
    model, prompt = las(SMALL), words()
    longer = Prompt(
        tokens=torch.cat([prompt.tokens, torch.full((3, 4, 10), 9.0)], dim=1),
        mask=torch.cat([prompt.mask, torch.zeros(3, 4, dtype=torch.bool)], dim=1),
    )
    assert torch.allclose(model.logits(seen(), prompt), model.logits(seen(), longer), atol=1e-5)


def test_the_order_of_the_points_does_not_matter():
    model, shape = las(SMALL), seen()
    order = torch.randperm(40, generator=torch.Generator().manual_seed(2))
    turned = Seen(shape.points[:, order], shape.centers, shape.tokens)
    assert torch.allclose(model.logits(turned, words()), model.logits(shape, words())[:, order], atol=1e-5)


def test_more_phrases_than_one_chunk():
    model = las(SMALL)
    many = Prompt(tokens=torch.rand(130, 1, 10), mask=torch.ones(130, 1, dtype=torch.bool))
    heat = model.logits(seen(batch=1), many)
    last = Prompt(tokens=many.tokens[129:], mask=many.mask[129:])
    assert heat.shape == (1, 40, 130)
    assert torch.allclose(heat[..., 129], model.logits(seen(batch=1), last)[..., 0], atol=1e-5)


def test_words_pictures_or_both():
    model = las(LasConfig(**{**SMALL.__dict__, "image_width": 7}))
    picture = torch.rand(1, 9, 7)
    only_words = model.logits(seen(), words())
    both = model.logits(seen(), Prompt(tokens=words().tokens, mask=words().mask, image=picture))
    only_picture = model.logits(seen(), Prompt(image=picture))
    assert only_words.shape == both.shape == (2, 40, 3)
    assert only_picture.shape == (2, 40, 1)
    assert not torch.allclose(only_words, both, atol=1e-4)
    each = torch.rand(3, 9, 7)
    paired = model.logits(seen(), Prompt(tokens=words().tokens, mask=words().mask, image=each))
    last = Prompt(tokens=words().tokens[2:], mask=words().mask[2:], image=each[2:])
    assert torch.allclose(paired[..., 2:], model.logits(seen(), last), atol=1e-5)
    with pytest.raises(InputError, match="holds nothing"):
        model.logits(seen(), Prompt())


def test_what_a_model_does_not_read_is_refused():
    with pytest.raises(InputError, match="reads words only"):
        las(SMALL).logits(seen(), Prompt(tokens=words().tokens, image=torch.rand(1, 9, 7)))
    with pytest.raises(InputError, match="holds nothing"):
        las(SMALL).logits(seen(), Prompt(vectors=torch.rand(3, 10)))
    with pytest.raises(InputError, match="point decoder"):
        las(LasConfig(**{**SMALL.__dict__, "point_width": 5})).logits(seen(), words())
    with pytest.raises(InputError, match="upsampling 'both'"):
        LasConfig(upsampling="both")
    with pytest.raises(InputError, match="both 0"):
        LasConfig(text_width=0)


def test_vectors_of_points_are_joined():
    model = las(LasConfig(**{**SMALL.__dict__, "point_width": 5, "reads": "vectors"}))
    prompt = Prompt(vectors=torch.rand(2, 10))
    assert not torch.allclose(
        model.logits(seen(vectors=5), prompt),
        model.logits(Seen(*list(seen().__dict__.values())[:3], torch.zeros(2, 40, 5)), prompt),
        atol=1e-4,
    )


def test_each_shape_may_have_phrases_of_its_own():
    model, shape = las(LasConfig(**{**SMALL.__dict__, "reads": "vectors"})), seen()
    own = torch.rand(2, 3, 10)
    together = model.logits(shape, Prompt(vectors=own))
    for row in range(2):
        alone = Seen(shape.points[row : row + 1], shape.centers[row : row + 1], shape.tokens[row : row + 1])
        assert torch.allclose(model.logits(alone, Prompt(vectors=own[row]))[0], together[row], atol=1e-5)


def test_the_direct_product_adds_what_words_and_points_share():
    config = LasConfig(**{**SMALL.__dict__, "point_width": 5, "reads": "vectors", "direct": 4})
    model, shape, prompt = las(config), seen(vectors=5), Prompt(vectors=torch.rand(2, 10))
    whole, added = model.logits(shape, prompt), model.direct(shape, prompt.vectors)
    model.direct = None
    assert torch.allclose(whole, model.logits(shape, prompt) + added, atol=1e-5)
    with pytest.raises(InputError, match="direct product"):
        LasConfig(**{**SMALL.__dict__, "direct": 4})


def test_without_layers_the_direct_product_is_all():
    config = LasConfig(**{**SMALL.__dict__, "point_width": 5, "reads": "vectors", "direct": 4, "layers": 0})
    model, shape, prompt = las(config), seen(vectors=5), Prompt(vectors=torch.rand(2, 10))
    assert {key.split(".")[0] for key in model.state_dict()} == {"direct"}
    words = model.direct.words(prompt.vectors)
    expected = 8 * torch.einsum("bne,te->bnt", shape.vectors, words[:, :5]) + words[:, 5]
    assert torch.allclose(model.logits(shape, prompt), expected, atol=1e-5)
    own = model.logits(shape, Prompt(vectors=torch.stack([prompt.vectors, prompt.vectors])))
    assert torch.allclose(own, expected, atol=1e-5)
    for wrong, said in (
        (Prompt(image=torch.rand(1, 9, 7)), "words only"),
        (Prompt(), "holds nothing"),
    ):
        with pytest.raises(InputError, match=said):
            model.logits(shape, wrong)
    with pytest.raises(InputError, match="point decoder"):
        model.logits(seen(), prompt)
    with pytest.raises(InputError, match="nothing but the direct product"):
        LasConfig(**{**SMALL.__dict__, "layers": 0})
