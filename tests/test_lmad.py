"""LM-AD: the acceptance list of its page, real BERT files in their real format, and prompts that must be refused."""

import json
from dataclasses import asdict, replace

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from partwise.checkpoint import save_checkpoint
from partwise.encoders.asking import make_prompt, open_language, select
from partwise.encoders.bert import Bert, BertConfig, BertText
from partwise.encoders.prompt import Prompt
from partwise.errors import CheckpointError, InputError, MissingDataError
from partwise.models.lmad import BERT_BASE, LMAD, MINILM, LMADConfig
from partwise.models.pointnet2 import PointNet2Config
from partwise.pretrained import build_model, open_pretrained

LANGUAGE = BertConfig(60, 24, 4, 2, 48, 16, 2, 1e-12)
TINY = LMADConfig(
    PointNet2Config(centers=(16, 4), width=4, neighbours=4), LANGUAGE, 16, 2, blocks=4, dropout=0.0
)


def awake(model):
    """Everything random, gates open, norms with weights of their own: nothing hides behind a zero or a one."""
    generator = torch.Generator().manual_seed(3)
    for name, parameter in model.named_parameters():
        if "gate" in name:
            parameter.data.fill_(0.7)
        elif "norm" in name:
            parameter.data.copy_(torch.rand(parameter.shape, generator=generator) + 0.5)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.copy_(torch.rand(module.running_mean.shape, generator=generator))
    return model.eval()


@pytest.fixture
def model():
    torch.manual_seed(0)
    return awake(LMAD(TINY))


@pytest.fixture
def prompt():
    ids = torch.tensor([[1, 5, 2, 0, 0], [1, 6, 7, 8, 2], [1, 9, 10, 2, 0]])
    return Prompt(ids=ids, mask=ids > 0)


POINTS = torch.rand(2, 40, 3, generator=torch.Generator().manual_seed(5))


def naive(model, points, ids, mask):
    """One label at a time, keys and values anew, the decoder as the page writes it."""
    h_c = model.project(model.backbone(points))
    columns = []
    for row, real in zip(ids, mask, strict=True):
        h = model.language.embed(row[None].expand(len(points), -1))
        real = real[None].expand(len(points), -1)
        for number, block in enumerate(model.language.blocks):
            h = block.attend(h, real)
            if str(number) in model.looks:
                look = model.looks[str(number)]
                key, value = look.key_value(look.point_norm(h_c)).chunk(2, dim=-1)
                q, k, v = (
                    x.unflatten(-1, (look.heads, -1)).transpose(1, 2)
                    for x in (look.query(look.norm(h) if look.gate is not None else h), key, value)
                )
                c = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v
                c = look.out(c.transpose(1, 2).flatten(2))
                h = h + torch.tanh(look.gate) * c if look.gate is not None else look.norm(h + c)
            h = block.feed_forward(h)
        d = model.decoder
        key, value = d.key_value(h).chunk(2, dim=-1)
        q, k, v = (
            x.unflatten(-1, (d.heads, -1)).transpose(1, 2) for x in (d.query(d.query_norm(h_c)), key, value)
        )
        scores = (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(~real[:, None, None], -1e9)
        answer = d.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))
        o = h_c + answer if d.residual else answer
        columns.append(d.leave(F.gelu(d.enter(d.norm(o))))[..., 0])
    return torch.stack(columns, dim=-1)


@pytest.mark.parametrize("insert", ["gated", "bert"])
@pytest.mark.parametrize("residual", [True, False])
def test_shared_keys_and_folded_decoder_equal_the_naive_way(insert, residual, prompt):
    torch.manual_seed(0)
    model = awake(LMAD(replace(TINY, insert=insert, residual=residual)))
    with torch.no_grad():
        found = model.logits(model(POINTS), prompt)
        expected = naive(model, POINTS, prompt.ids, prompt.mask)
    assert found.std() > 1e-3
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-4)


@torch.no_grad()
def test_closed_gates_leave_the_language_model_as_it_was(model, prompt):
    for look in model.looks.values():
        look.gate.zero_()
    plain = model.language(prompt.ids, prompt.mask)
    for points in (POINTS, POINTS * 0.3):
        words, real = model.read(model(points), prompt)
        for shape in words:
            torch.testing.assert_close(shape[prompt.mask], plain[prompt.mask], atol=1e-5, rtol=0)
    assert torch.equal(real[0], prompt.mask)


@torch.no_grad()
def test_labels_do_not_know_of_each_other(model, prompt):
    seen = model(POINTS)
    found = model.logits(seen, prompt)
    order = torch.tensor([2, 0, 1])
    torch.testing.assert_close(
        model.logits(seen, select(prompt, order)), found[..., order], atol=1e-5, rtol=1e-5
    )
    alone = model.logits(seen, select(prompt, torch.tensor([1])))
    torch.testing.assert_close(alone[..., 0], found[..., 1], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_labels_of_each_shape_equal_labels_for_all(model, prompt):
    seen = model(POINTS)
    own = select(prompt, torch.tensor([[0, 1, 2], [2, 1, 0]]))
    found = model.logits(seen, own)
    everyone = model.logits(seen, prompt)
    torch.testing.assert_close(found[0], everyone[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found[1], everyone[1][:, [2, 1, 0]], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_padding_changes_nothing(model, prompt):
    longer = Prompt(ids=F.pad(prompt.ids, (0, 4), value=7), mask=F.pad(prompt.mask, (0, 4)))
    seen = model(POINTS)
    torch.testing.assert_close(model.logits(seen, longer), model.logits(seen, prompt), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_many_labels_in_chunks(model, prompt, monkeypatch):
    seen = model(POINTS)
    many = select(prompt, torch.arange(500) % 3)
    found = model.logits(seen, many)
    assert found.shape == (2, 40, 500)
    torch.testing.assert_close(found[..., 300:303], model.logits(seen, prompt), atol=1e-5, rtol=1e-5)
    monkeypatch.setattr("partwise.layers.text_points.HIDDEN_AT_ONCE", 2000)
    torch.testing.assert_close(model.logits(seen, prompt), found[..., :3], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_no_blocks_is_plain_cross_attention(prompt):
    torch.manual_seed(0)
    model = awake(LMAD(replace(TINY, blocks=0)))
    seen = model(POINTS)
    assert not model.looks
    assert seen.keys_values == ()
    words = model.language(prompt.ids, prompt.mask)
    expected = model.decoder(seen.asking, words.expand(2, -1, -1, -1), prompt.mask.expand(2, -1, -1))
    torch.testing.assert_close(model.logits(seen, prompt), expected)
    with pytest.raises(InputError, match="no block"):
        model.attention(seen, prompt)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@torch.no_grad()
def test_attention_rows_sum_to_one(model, prompt, dtype):
    model = model.to(dtype)
    features = torch.rand(2, 40, 16).to(dtype)
    seen = model(POINTS.to(dtype)) if dtype == torch.float32 else None
    if seen is not None:
        maps = model.attention(seen, prompt)
        assert maps.shape == (4, 2, 3, 5, 2, 40)
        torch.testing.assert_close(maps.sum(-1), torch.ones(4, 2, 3, 5, 2))
        decoded = model.decode_attention(seen, prompt)
        torch.testing.assert_close(decoded.sum(-1), torch.ones(2, 3, 40, 2))
        assert decoded[:, 0, :, :, 3:].abs().max() == 0
    look = model.looks["0"]
    rows = look.weights(torch.rand(2, 5, 24).to(dtype), look.keys_values(features)[0])
    assert rows.dtype == torch.float32
    torch.testing.assert_close(rows.sum(-1), torch.ones(2, 2, 5), atol=1e-5, rtol=0)


def test_only_what_should_train_trains(prompt):
    torch.manual_seed(0)
    model = LMAD(TINY).train()
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    label = torch.randint(0, 3, (2, 40), generator=torch.Generator().manual_seed(1))
    for step in range(2):
        optimizer.zero_grad()
        logits = model.logits(model(POINTS), prompt)
        F.cross_entropy(logits.flatten(0, 1), label.flatten()).backward()
        inserted = {name: p.grad.abs().max().item() for name, p in model.looks.named_parameters()}
        moving = {name for name, size in inserted.items() if size > 0}
        if step == 0:
            assert moving == {f"{block}.gate" for block in range(4)}
        else:
            # A key's bias shifts all scores of a query alike, so only half of that bias can ever move.
            assert moving == set(inserted)
        assert all(p.grad is None for p in model.language.parameters())
        optimizer.step()


def test_tuning_choices():
    def tuned(tune):
        return {n for n, p in LMAD(replace(TINY, tune=tune)).language.named_parameters() if p.requires_grad}

    assert tuned("none") == set()
    assert len(tuned("all")) == len(list(Bert(LANGUAGE).parameters()))
    assert all("expand" in n or "contract" in n or "feed_forward" in n for n in tuned("ffn"))
    assert len(tuned("ffn")) == 6 * 4


@pytest.mark.parametrize(
    ("placed", "blocks", "expected"),
    [
        ("last", 3, (1, 2, 3)),
        ("first", 3, (0, 1, 2)),
        ("spread", 2, (1, 3)),
        ("spread", 4, (0, 1, 2, 3)),
        ("last", 0, ()),
        ("spread", 0, ()),
    ],
)
def test_which_blocks_look(placed, blocks, expected):
    assert replace(TINY, placed=placed, blocks=blocks).looking == expected


@torch.no_grad()
@pytest.mark.parametrize("words", ["inner", "mean"])
def test_fewer_words(words, prompt):
    torch.manual_seed(0)
    model = awake(LMAD(replace(TINY, words=words)))
    read, real = model.read(model(POINTS), prompt)
    assert real.sum(dim=-1).tolist() == [[1, 3, 2] if words == "inner" else [1, 1, 1]] * 2
    assert model.logits(model(POINTS), prompt).isfinite().all()
    assert read.shape == (2, 3, 5 if words == "inner" else 1, 24)


def test_prompts_that_are_refused(model, prompt):
    seen = model(POINTS)
    with pytest.raises(InputError, match="ids"):
        model.logits(seen, Prompt(vectors=torch.rand(2, 24)))
    with pytest.raises(InputError, match=r"17 tokens.*at most 16"):
        model.logits(seen, Prompt(ids=torch.ones(2, 17, dtype=torch.int64)))
    with pytest.raises(InputError, match="no label"):
        model.logits(seen, Prompt(ids=torch.ones(0, 3, dtype=torch.int64)))
    with pytest.raises(InputError, match="at least one point"):
        model(torch.rand(1, 0, 3))
    with torch.no_grad():
        assert model.logits(seen, select(prompt, torch.tensor([0]))).shape == (2, 40, 1)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"blocks": 5}, r"5 blocks.*has 4.*0..4"),
        ({"insert": "parallel"}, "gated, bert"),
        ({"tune": "some"}, "none, ffn, all"),
        ({"words": "first"}, "all, inner, mean"),
        ({"none": "maybe"}, "text, zero, learned"),
        ({"placed": "middle"}, "last, first, spread"),
        ({"decoder_heads": 3}, "16 does not divide"),
    ],
)
def test_options_that_are_refused(change, match):
    with pytest.raises(InputError, match=match):
        replace(TINY, **change)


def test_a_language_model_of_another_depth_is_refused(model):
    deeper = Bert(replace(LANGUAGE, layers=6))
    with pytest.raises(CheckpointError, match=r"6 blocks.*4 blocks"):
        model.read_language(deeper)


def test_a_checkpoint_of_another_depth_is_refused(model, tmp_path):
    config = {"architecture": "lmad", "model": asdict(replace(TINY, blocks=2))}
    save_checkpoint(tmp_path, config, model.state_dict())
    with pytest.raises(CheckpointError, match="2 of looks expected, 4 found; missing keys none"):
        build_model(open_pretrained(tmp_path))
    deeper = replace(TINY, language=replace(LANGUAGE, layers=12))
    save_checkpoint(tmp_path, config | {"model": asdict(deeper)}, model.state_dict())
    with pytest.raises(CheckpointError, match=r"12 of language\.blocks expected, 4 found"):
        build_model(open_pretrained(tmp_path))


def real_names(state, layers):
    """Our tensors under the names that bert-base-uncased's file has, TensorFlow's gamma and beta included."""
    table = {
        "words.weight": "bert.embeddings.word_embeddings.weight",
        "positions.weight": "bert.embeddings.position_embeddings.weight",
        "token_types.weight": "bert.embeddings.token_type_embeddings.weight",
        "norm.weight": "bert.embeddings.LayerNorm.gamma",
        "norm.bias": "bert.embeddings.LayerNorm.beta",
    }
    found = {theirs: state[ours] for ours, theirs in table.items()}
    names = {
        "projection": "attention.output.dense",
        "expand": "intermediate.dense",
        "contract": "output.dense",
        "attention_norm": "attention.output.LayerNorm",
        "feed_forward_norm": "output.LayerNorm",
    }
    for layer in range(layers):
        for kind in ("weight", "bias"):
            for ours, theirs in names.items():
                said = {"weight": "gamma", "bias": "beta"}[kind] if "norm" in ours else kind
                found[f"bert.encoder.layer.{layer}.{theirs}.{said}"] = state[f"blocks.{layer}.{ours}.{kind}"]
            parts = state[f"blocks.{layer}.query_key_value.{kind}"].chunk(3)
            for name, part in zip(("query", "key", "value"), parts, strict=True):
                found[f"bert.encoder.layer.{layer}.attention.self.{name}.{kind}"] = part
    found["bert.pooler.dense.weight"] = torch.rand(4, 4)
    found["cls.predictions.bias"] = torch.rand(4)
    return {key: value.clone().contiguous() for key, value in found.items()}


def write_bert(folder, config):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    torch.manual_seed(9)
    bert = Bert(config)
    save_file(real_names(bert.state_dict(), config.layers), folder / "model.safetensors")
    raw = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "vocab_size": config.vocabulary,
        "hidden_size": config.width,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "intermediate_size": config.hidden,
        "max_position_embeddings": config.positions,
        "type_vocab_size": config.token_types,
        "layer_norm_eps": config.eps,
    }
    (folder / "config.json").write_text(json.dumps(raw))
    vocabulary = {"[PAD]": 0, "[CLS]": 1, "[SEP]": 2, "[UNK]": 3, "grasp": 4, "sit": 5, "wrap": 6}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    return bert


@torch.no_grad()
@pytest.mark.parametrize("layers", [4, 12])
def test_a_bert_in_the_format_of_bert_base_is_taken_over(layers, tmp_path):
    deep = replace(LANGUAGE, layers=layers)
    bert = write_bert(tmp_path, deep)
    language = open_language(tmp_path)
    model = LMAD(replace(TINY, language=deep, blocks=layers)).eval()
    model.read_language(language.model)
    prompt = make_prompt(["grasp", "wrap grasp", "sit"], "ids", language)
    assert prompt.ids.tolist() == [[1, 4, 2, 0], [1, 6, 4, 2], [1, 5, 2, 0]]
    words, _ = model.read(model(POINTS), prompt)  # fresh gates are closed
    expected = bert(prompt.ids, prompt.mask)
    torch.testing.assert_close(words[0][prompt.mask], expected[prompt.mask], atol=1e-5, rtol=0)
    with pytest.raises(InputError, match=r"18 tokens.*at most 16"):
        make_prompt(["grasp " * 16], "ids", language)


def test_open_language_says_what_is_missing(tmp_path):
    with pytest.raises(MissingDataError, match="bert-base-uncased"):
        open_language(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="config"):
        open_language(tmp_path)


def test_prompts_in_every_form():
    language = open_language()
    assert isinstance(language, BertText)
    assert language.model.config == MINILM
    assert make_prompt(["grasp"], "vectors", language).vectors.shape == (1, 384)
    tokens = make_prompt(["grasp", "take a seat"], "tokens", language)
    assert tokens.tokens.shape == (2, 5, 384)
    assert tokens.mask.sum(dim=1).tolist() == [3, 5]
    with pytest.raises(InputError, match="vectors, tokens or ids"):
        make_prompt(["grasp"], "pictures", language)
    with pytest.raises(InputError, match="empty list"):
        make_prompt([], "ids", language)


def test_sizes_of_the_paper():
    with torch.device("meta"):
        model = LMAD(LMADConfig())
    counts = {name: sum(p.numel() for p in module.parameters()) for name, module in model.named_children()}
    assert model.config.language == BERT_BASE
    assert counts["backbone"] + counts["project"] == 1_782_764
    assert 108e6 < counts["language"] < 111e6
    assert 23.6e6 < counts["looks"] < 23.8e6
    assert 1.2e6 < counts["decoder"] < 1.7e6
