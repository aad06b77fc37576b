"""The recipe of LAS as published: RoBERTa's tokens, two rates, each form of the dice loss, both places to upsample."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from partwise.cli import main
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.world.surface import Scan
from partwise.encoders.asking import open_language
from partwise.encoders.prompt import Prompt
from partwise.encoders.text import load_text_encoder
from partwise.evaluate.heat_maps import heat_means
from partwise.layers.tokens import PatchEncoder, PatchEncoderConfig
from partwise.losses import dice_loss, focal_terms
from partwise.models.las import Las, LasConfig
from partwise.models.pointlas import PointLas, PointLasConfig
from partwise.predict import Segmenter
from partwise.pretrained import build_model, open_pretrained
from partwise.shape import Shape
from partwise.train.affordance import compute_loss, make_model, parameter_groups, train
from partwise.train.affordance_batches import Batches
from partwise.train.affordance_phrases import Phrases
from partwise.train.affordance_presets import ROBERTA, preset

LABELS = ("grasp", "sit", "contain")


@pytest.fixture(scope="module")
def roberta(tmp_path_factory):
    """A tiny RoBERTa with random weights, saved as the real one is."""
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = ["<s>", "<pad>", "</s>", "<unk>", *LABELS]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    special = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    folder = tmp_path_factory.mktemp("roberta")
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {
        "hidden_size": 20,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "vocab_size": 7,
        "max_position_embeddings": 40,
    }
    transformers.RobertaModel(transformers.RobertaConfig(**sizes)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def shapes():
    return list(ProceduralShapes(2, ("mug", "chair"), Scan(points=256), 6))


def small(config, roberta):
    """The paper's settings at a size for tests."""
    sizes = PatchEncoderConfig(groups=16, group_size=8, token_hidden=(8, 8, 16), width=12, depth=1, heads=2)
    head = replace(config.model.head, token_width=12, text_width=20, width=16, feedforward=16, layers=2)
    head = replace(head, heads=2, head_width=8)
    return replace(
        config,
        model=PointLasConfig(sizes, head),
        language=str(roberta),
        points=64,
        batch=2,
        steps=3,
        save_every=3,
    )


def test_the_paper_preset_is_the_paper(roberta):
    config = preset("las", "paper")
    assert config.language == ROBERTA
    assert (config.rate, config.point_rate, config.weight_decay, config.clip_norm) == (1e-4, 1e-5, 0.01, 1.0)
    assert (config.dice, config.focal_weight, config.dice_weight, config.batch) == ("standard", 1.0, 1.0, 16)
    assert config.model == PointLasConfig(PatchEncoderConfig(), LasConfig())
    count = sum(p.numel() for p in make_model(config, load_text_encoder(roberta)).parameters())
    encoder, head = PatchEncoder(PatchEncoderConfig()), Las(LasConfig())
    assert count == sum(p.numel() for part in (encoder, head) for p in part.parameters())


def test_the_paper_recipe_trains_on_tokens_of_roberta_at_two_rates(roberta, shapes, tmp_path):
    config = small(preset("las", "paper", LABELS), roberta)
    encoder = load_text_encoder(config.language)
    model = make_model(config, encoder)
    groups = parameter_groups(model, config)
    assert [group["base_rate"] for group in groups] == [1e-5, 1e-4]
    assert sum(p.numel() for p in groups[0]["params"]) == sum(p.numel() for p in model.backbone.parameters())
    folder = train(config, shapes, tmp_path, encoder)
    trained = build_model(open_pretrained(folder))
    assert isinstance(trained, PointLas)
    phrases = Phrases.of(config, trained, encoder)
    assert phrases.table.tokens.shape[-1] == 20
    assert phrases.table.mask.all(dim=1).any()
    moved = (trained.backbone.norm.weight - model.backbone.norm.weight).abs().max()
    assert 0 < moved < 1e-3  # both parts train, the encoder slowly


@pytest.mark.parametrize("dice", ["standard", "hm", "release"])
def test_the_loss_is_focal_plus_the_named_dice(roberta, shapes, dice):
    config = small(preset("las", "paper", LABELS), roberta)
    config = replace(config, dice=dice, focal_weight=0.5, dice_weight=2.0, questions=2)
    encoder = load_text_encoder(config.language)
    model = make_model(config, encoder)
    batch = Batches(config, shapes, model).make(0, Phrases.of(config, model, encoder))
    logits = torch.randn(batch.heat.shape, generator=torch.Generator().manual_seed(0))
    heat = logits.sigmoid()
    term = dice_loss(heat, batch.heat, form=dice)
    if dice != "release":
        term = (term * batch.offered).sum() / batch.offered.sum()
    guard = "add" if dice == "hm" else "clamp"
    expected = 0.5 * focal_terms(heat, batch.heat, guard=guard).mean() + 2.0 * term
    assert torch.allclose(compute_loss(logits, batch, config, torch.ones(3)), expected)


def test_the_command_line_takes_the_options_of_las(roberta, tmp_path, capsys):
    command = ["train", "las", str(tmp_path / "run"), "--preset", "tiny", "--shapes", "4", "--steps", "1"]
    options = ["--language", str(roberta), "--upsampling", "before", "--dice", "release"]
    assert main([*command, *options]) == 0
    saved = json.loads((tmp_path / "run" / "checkpoint" / "config.json").read_text())
    assert saved["model"]["upsampling"] == "before"
    assert saved["model"]["text_width"] == 20
    assert saved["training"]["dice"] == "release"
    assert "wrote" in capsys.readouterr().out


def test_las_learns_four_shapes_from_the_tokens_of_minilm(tmp_path):
    world = ProceduralShapes(3, ("mug", "chair", "knife", "monitor"), Scan(points=256), 4)
    four, language = [world[index] for index in range(4)], open_language()
    sizes = PatchEncoderConfig(
        groups=24, group_size=12, token_hidden=(16, 32, 48), width=48, depth=1, heads=2
    )
    head = LasConfig(48, 384, 0, "tokens", 48, 64, 1, 2, 32, dropout=0.0)
    config = preset("las", "tiny", ("contain", "sit", "cut", "display"))
    config = replace(config, model=PointLasConfig(sizes, head), points=192, batch=4, warmup=5)
    config = replace(
        config, steps=200, rate=1e-2, point_rate=1e-2, clip_norm=1.0, save_every=200, validate_every=200
    )
    trained = build_model(open_pretrained(train(config, four, tmp_path, language)))
    before, after = (
        heat_means(model, four, Phrases.of(config, model, language).plain_for, config.labels, 192)
        for model in (make_model(config, language), trained)
    )
    assert before.auc < 0.7
    assert after.auc > 0.85
    assert after.aiou > 2 * before.aiou


@pytest.mark.parametrize("size", ["small", "tiny"])
def test_the_embedded_presets_read_the_tokens_of_minilm_and_are_asked_without_a_network(
    size, shapes, tmp_path, monkeypatch
):
    def refuse(*arguments):
        raise RuntimeError("network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    language = open_language()
    config = replace(preset("las", size, LABELS), steps=1, batch=2, points=256, save_every=1)
    assert (config.language, config.model.reads, config.model.text_width) == (
        "minilm",
        "tokens",
        language.token_width,
    )
    segmenter = Segmenter.from_pretrained(train(config, shapes, tmp_path, language))
    assert segmenter.head is not None
    assert segmenter.head.embedder is not None
    look = segmenter.look(Shape.of(shapes[0].points, up="y"), points=256)
    asked = ("sit", "where would you hold this to pour?")
    found = segmenter.afford(look, asked).heat
    assert found.shape == (256, 2)
    tokens, mask = language.tokens(["sit", "where would you hold this to pour"])
    prompt = Prompt(tokens=torch.from_numpy(tokens), mask=torch.from_numpy(mask))
    with torch.inference_mode():
        expected, _ = segmenter.head.answer(look.embedding, prompt, look.joined)
    assert np.allclose(found, expected.flatten(0, 1).numpy()[look.anchors.point_row], atol=1e-6)
