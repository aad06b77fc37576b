"""The affordance recipe on converted data sets: hard labels and soft heat, words and questions, every setting."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from partwise.cli import main
from partwise.datasets import affordancenet, laso, openad, openad_partial, piad, shapenetpart
from partwise.datasets.affordance_words import OPENAD_LABELS, OPENAD_SYNONYMS
from partwise.datasets.converted import Converted
from partwise.datasets.converted_samples import HeatSamples, affordance_labels, as_sample, cut, entries_of
from partwise.encoders.asking import open_language
from partwise.errors import CheckpointError, InputError, MissingDataError
from partwise.evaluate.heat_maps import heat_means
from partwise.evaluate.labels import confusions, pooled
from partwise.evaluate.results import read_result
from partwise.models.openad import OpenADConfig
from partwise.pretrained import build_model, open_pretrained
from partwise.train.affordance import make_model, train
from partwise.train.affordance_batches import KEPT_SHAPES, Batches
from partwise.train.affordance_data import open_data
from partwise.train.affordance_phrases import Phrases
from partwise.train.affordance_presets import TINY_POINTS, preset, small


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Layout twins of a few data sets, converted."""
    base = tmp_path_factory.mktemp("data")
    for data in (affordancenet, openad, openad_partial, laso, piad.SEEN, shapenetpart):
        data.mock(base / "official" / data.SOURCE.name, 0)
        data.convert(base / "official" / data.SOURCE.name, base)
    return base


@pytest.fixture(scope="module")
def language():
    return open_language()


def test_hard_labels_come_as_heat_of_0_and_1(root):
    data = Converted(root, "openad")
    item = data.split("val")[0]
    sample = as_sample(item, OPENAD_LABELS)
    labels = np.full(len(item.points), OPENAD_LABELS.index("none"))
    for column, name in enumerate(sample.affordances):
        labels[sample.heat[:, column] == 1] = OPENAD_LABELS.index(name)
    np.testing.assert_array_equal(labels, item.labels)
    assert set(np.unique(sample.heat)) <= {0.0, 1.0}
    assert "none" not in sample.affordances
    nothing = as_sample(replace(item, labels=np.full(len(item.points), 18, np.int32)), OPENAD_LABELS)
    assert nothing.heat.shape == (len(item.points), 0)


def test_one_affordance_of_a_shape(root):
    item = Converted(root, "laso").split("test")[0]
    sample = as_sample(item, (), "pour")
    assert sample.affordances == ("pour",)
    np.testing.assert_array_equal(sample.heat[:, 0], item.heat[:, item.heat_names.index("pour")])
    assert not as_sample(item, (), "stab").heat.any()


def test_the_cut_keeps_objects_whole_and_does_not_depend_on_the_run(root):
    data = Converted(root, "openad-partial")
    split = data.split("train")
    trained, kept = cut(split, entries_of(data, "train", by_pair=False))
    objects = [{split[entry.row].object for entry in part} for part in (trained, kept)]
    assert not objects[0] & objects[1]
    assert len(trained) + len(kept) == len(split)
    assert cut(split, entries_of(data, "train", by_pair=False)) == (trained, kept)
    with pytest.raises(InputError, match="cannot be cut"):
        cut(split, trained[:1])


def test_geal_leaves_its_pairs_out_of_training(root):
    data = Converted(root, "laso")
    every = entries_of(data, "train", by_pair=True)
    left = entries_of(data, "train", by_pair=True, keeps=laso.geal_trains_on)
    split = data.split("train")
    gone = {(split[e.row].category, e.affordance) for e in set(every) - set(left)}
    assert gone
    assert all(category in laso.GEAL_HELD_OUT[affordance] for category, affordance in gone)
    assert all(laso.geal_trains_on(split[e.row].category, e.affordance) for e in left)
    opened = open_data(root / "laso", "heat", "full", "geal")
    config = opened.applied(preset("pointrefer", "tiny", opened.labels))
    assert config.binary
    assert config.data.variant == "geal"
    batch = Batches(config, opened.samples, None).make(
        0, Phrases.of(config, make_model(config, open_language()), open_language(), opened.questions)
    )
    assert set(torch.unique(batch.heat).tolist()) <= {0.0, 1.0}


def test_geal_is_no_variant_for_labels_that_compete(root):
    with pytest.raises(InputError, match="whole shapes were asked for"):
        open_data(root / "laso", "labels", "full", "geal")


def test_training_draws_questions_1_to_14_and_evaluation_asks_question_0(root, language):
    opened = open_data(root / "laso", "heat", "full")
    config = opened.applied(preset("pointrefer", "tiny", opened.labels))
    assert config.questions == 1
    model = make_model(config, language)
    phrases = Phrases.of(config, model, language, opened.questions)
    assert opened.questions is not None
    vectors = phrases.table.tokens
    assert vectors is not None
    labels = list(config.labels)
    rows = phrases.of_category["Mug"][labels.index("pour")]
    assert len(rows) == 15
    assert phrases.of_category["Mug"][labels.index("stab")] == ()
    plain = phrases.plain_for("Mug").tokens
    assert torch.equal(plain[labels.index("pour")], vectors[rows[0]])
    word = phrases.rows[labels.index("stab")][0]
    assert torch.equal(plain[labels.index("stab")], vectors[word])  # no question: the word itself
    column = np.full((1, 1), labels.index("pour"))
    rng, seen = np.random.default_rng(0), set()
    for _ in range(200):
        said = phrases.asked(column, ["Mug"], rng).tokens[0, 0]
        seen |= {row for row in rows if torch.equal(vectors[row], said)}
    assert seen == set(rows[1:])
    with pytest.raises(InputError, match="1 at a time"):
        Phrases.of(replace(config, questions=2), model, language, opened.questions)


@pytest.mark.parametrize(
    ("name", "model", "task"),
    [
        ("openad", "openad", "labels"),
        ("openad-partial", "pointnet2", "labels"),
        ("affordancenet", "lmad", "labels"),
        ("laso", "pointrefer", "heat"),
        ("piad-seen", "pointrefer", "heat"),
        ("affordancenet", "las", "heat"),
    ],
)
def test_every_kind_of_data_trains_and_notes_what_it_saw(name, model, task, root, tmp_path, capsys):
    arguments = ["train", model, str(tmp_path), "--preset", "tiny", "--data", str(root / name)]
    assert main(arguments) == 0, capsys.readouterr().err
    config = open_pretrained(tmp_path / "checkpoint").config
    note = config["training"]["data"]
    data = Converted(root, name)
    assert (note["dataset"], note["digest"]) == (name, data.digest("train"))
    assert config["training"]["task"] == task
    trained = open_data(root / name, task, "full").samples
    assert config["selected_on"] == "none"  # the tiny preset takes the last weights
    assert set(config["trained_on"]) == {sample.category for sample in trained}
    expected = [label for label in affordance_labels(data.manifest) if task == "labels" or label != "none"]
    assert config["labels"] == (expected if "none" in expected or task == "heat" else [*expected, "none"])


def test_a_run_is_scored_by_its_benchmark(root, tmp_path, capsys):
    """From a converted set to a row in a table: closed set and zero-shot of OpenAD, the held-out pairs of GEAL."""
    runs = {"openad": ("openad", [], 2), "pointrefer": ("laso", ["--variant", "geal"], 1)}
    for model, (name, options, protocols) in runs.items():
        out, data = tmp_path / model, ["--data", str(root / name)]
        assert main(["train", model, str(out), "--preset", "tiny", *data, *options]) == 0
        benchmark = "laso-unseen" if name == "laso" else name
        command = ["eval", benchmark, "--model", str(out / "checkpoint"), "--root", str(root), "--seeds", "1"]
        assert main([*command, "--out", str(out / "results")]) == 0, capsys.readouterr().err
        results = [read_result(path) for path in sorted((out / "results").glob("*.json"))]
        assert len(results) == protocols
        for result in results:
            assert result.model.selected_on == "none"
            assert result.data.samples in (8, 23)
            assert all(0 <= figure.value <= 1 for name, figure in result.figures.items() if "kld" not in name)


@pytest.mark.parametrize("setting", ["partial", "rotated"])
def test_settings_train_on_converted_shapes(setting, root, tmp_path):
    arguments = ["train", "openad", str(tmp_path), "--preset", "tiny", "--setting", setting]
    assert main([*arguments, "--data", str(root / "openad")]) == 0
    assert open_pretrained(tmp_path / "checkpoint").config["training"]["setting"] == setting


def test_best_on_the_cut_is_selected_and_noted(root, language, tmp_path):
    opened = open_data(root / "openad", "labels", "full")
    config = opened.applied(preset("openad", "tiny", opened.labels))
    folder = train(replace(config, select="best"), opened.samples, tmp_path, language, opened.validation)
    found = open_pretrained(folder).config
    assert found["selected_on"] == "train"
    assert 0 <= found["chosen"]["score"] <= 1
    other = replace(config, select="best", data=replace(config.data, digest="0" * 64))
    with pytest.raises(CheckpointError):
        train(other, opened.samples, tmp_path, language, opened.validation)


def test_shapes_learned_by_heart_answer_in_their_words_and_in_synonyms(root, language, tmp_path):
    """Closed set and zero-shot: the same clouds, all words replaced at once, pooled."""
    data = Converted(root, "openad")
    split, labels = data.split("train"), affordance_labels(data.manifest)
    samples = HeatSamples(split, entries_of(data, "train", by_pair=False), labels)
    config = replace(
        small(OpenADConfig(TINY_POINTS, 384), 60),
        labels=labels,
        points=128,
        batch=8,
        raw_words=True,
        warmup=5,
    )
    model = build_model(open_pretrained(train(config, samples, tmp_path, language)))
    closed = Phrases.of(config, model, language)
    cases = [Batches(config, samples, model).case(i, np.random.default_rng(0)) for i in range(len(samples))]
    scores = pooled(confusions(model, cases, closed.plain()))
    zero = Phrases.of(replace(config, wordings=tuple((word,) for word in OPENAD_SYNONYMS)), model, language)
    others = pooled(confusions(model, cases, zero.plain()))
    untrained = pooled(confusions(make_model(config, language), cases, closed.plain()))
    assert scores.miou > 0.1  # four labels of the mock are nowhere and count 0 in the published mean
    assert scores.miou > 3 * untrained.miou
    assert 0 <= others.miou < scores.miou


def test_heat_is_scored_with_the_question_of_each_object(root, language):
    opened = open_data(root / "laso", "heat", "full")
    config = opened.applied(preset("pointrefer", "tiny", opened.labels))
    model = make_model(config, language)
    asked = []

    def prompt_of(category):
        asked.append(category)
        return Phrases.of(config, model, language).plain_for(category)

    means = heat_means(model, opened.validation, prompt_of, config.labels, 64)
    assert means.samples == len(opened.validation)
    assert asked == [sample.category for sample in opened.validation]


def test_large_sets_keep_nothing_in_memory(root, language, monkeypatch):
    opened = open_data(root / "openad", "labels", "full")
    config = opened.applied(preset("openad", "tiny", opened.labels))
    model = make_model(config, language)
    phrases = Phrases.of(config, model, language)
    kept = Batches(config, opened.samples, model)
    monkeypatch.setattr("partwise.train.affordance_batches.KEPT_SHAPES", 1)
    lean = Batches(config, opened.samples, model)
    assert KEPT_SHAPES > 1
    first, second = kept.make(0, phrases), lean.make(0, phrases)
    assert torch.equal(first.points, second.points)
    assert first.geometry is not None
    assert second.geometry is None
    assert not lean._cases


@pytest.mark.parametrize(
    ("name", "setting", "variant", "error", "match"),
    [
        ("openad-partial", "partial", None, InputError, "views already"),
        ("openad", "full", "geal", InputError, "openad has no training variant 'geal'"),
        ("laso", "full", "cmat-unseen", InputError, "laso has geal"),
        ("shapenetpart", "full", None, InputError, "16 lists of labels"),
        ("nowhere", "full", None, MissingDataError, "nowhere"),
        (None, "full", "geal", InputError, "converted LASO"),
    ],
)
def test_what_is_no_training_data_is_refused(name, setting, variant, error, match, root):
    with pytest.raises(error, match=match):
        open_data(None if name is None else root / name, "heat", setting, variant)
