"""The affordance recipe: four shapes learned by heart, runs that go on, options that change what they say."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from partwise.cli import main
from partwise.datasets.heat_pack import HeatPack, write_heat_pack
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.sample import Sample
from partwise.datasets.world.surface import Scan
from partwise.encoders.asking import open_language
from partwise.errors import CheckpointError, InputError, MissingDataError
from partwise.evaluate.heat_maps import heat_means
from partwise.evaluate.labels import confusions, make_case, pooled, pooled_interval
from partwise.models.lmad import LMAD, MINILM, LMADConfig
from partwise.models.openad import ClosedSetConfig, OpenADConfig
from partwise.models.pointnet2 import PointNet2Config
from partwise.predict import Segmenter
from partwise.pretrained import build_model, convert_openad, open_pretrained
from partwise.shape import Shape
from partwise.train.affordance import class_weights, make_model, train, train_step
from partwise.train.affordance_batches import Batches
from partwise.train.affordance_phrases import Phrases
from partwise.train.affordance_presets import MODELS, AffordanceConfig, preset, small

LABELS = ("contain", "sit", "cut", "display", "none")
POINTS = PointNet2Config(centers=(48, 12), width=8, neighbours=8)


@pytest.fixture(scope="module")
def shapes():
    world = ProceduralShapes(3, ("mug", "chair", "knife", "monitor"), Scan(points=256), 4)
    return [world[index] for index in range(4)]


@pytest.fixture(scope="module")
def language():
    return open_language()


def small_run(model, **changes):
    return replace(small(model, 100), labels=LABELS, points=192, batch=4, **changes)


def lmad(blocks, **changes):
    config = LMADConfig(POINTS, MINILM, point_width=32, decoder_heads=2, blocks=0, dropout=0.0)
    return replace(config, blocks=blocks, **changes)


@pytest.mark.parametrize(
    ("model", "least"),
    [
        (OpenADConfig(POINTS, 384), 0.6),
        (ClosedSetConfig(POINTS, len(LABELS)), 0.6),
        (lmad(1, none="learned"), 0.7),
    ],
    ids=["openad", "closed set", "lmad"],
)
def test_four_shapes_are_learned_by_heart(model, least, shapes, language, tmp_path):
    config = small_run(model)
    folder = train(config, shapes, tmp_path, language)
    checkpoint = open_pretrained(folder)
    assert checkpoint.config["labels"] == list(LABELS)
    trained = build_model(checkpoint)
    phrases = Phrases.of(config, trained, language)
    batches = Batches(config, shapes, trained)
    none = phrases.none_score(trained)
    tables = confusions(
        trained,
        [batches.case(i, np.random.default_rng(0)) for i in range(4)],
        phrases.plain(),
        None if none is None else float(none),
    )
    assert pooled(tables).miou > least
    low, high = pooled_interval(tables, draws=100)
    assert 0 <= low <= high <= 1


def test_pointrefer_learns_four_shapes(shapes, language, tmp_path):
    config = replace(preset("pointrefer", "tiny", LABELS), points=192, batch=4, rate=3e-3, point_rate=3e-3)
    config = replace(config, steps=60, save_every=60, validate_every=60)
    trained = build_model(open_pretrained(train(config, shapes, tmp_path, language)))
    auc = []
    for model in (make_model(config, language), trained):
        phrases = Phrases.of(config, model, language)
        auc.append(heat_means(model, shapes, phrases.plain_for, config.labels, 192).auc)
    assert auc[0] < 0.65
    assert auc[1] > 0.75


@pytest.mark.parametrize("model", MODELS)
def test_every_tiny_preset_trains(model, shapes, language, tmp_path):
    config = preset(model, "tiny", LABELS)
    config = replace(config, points=256 if model == "las" else 96)
    folder = train(config, shapes, tmp_path, language, shapes[:2])
    saved = json.loads((folder / "config.json").read_text())
    assert saved["architecture"] == {"pointnet2": "closedset", "dgcnn": "closedset"}.get(model, model)
    rows = (tmp_path / "curves.csv").read_text().splitlines()
    assert rows[0] == "step,loss,rate,score"
    assert rows[-1].startswith("4,")
    if model == "las":  # a head alone
        assert Segmenter.from_pretrained(folder).head is not None
    else:
        build_model(open_pretrained(folder))


@pytest.mark.gpu
@pytest.mark.parametrize("model", MODELS)
def test_every_tiny_preset_trains_and_validates_on_a_gpu(model, shapes, language, tmp_path):
    config = preset(model, "tiny", LABELS)
    config = replace(config, points=256 if model == "las" else 96)
    train(config, shapes, tmp_path, language, shapes[:2], device="cuda")
    *_, score = (tmp_path / "curves.csv").read_text().splitlines()[-1].split(",")
    assert 0 <= float(score) <= 1


def test_a_killed_run_goes_on_bit_for_bit(shapes, language, tmp_path):
    config = replace(preset("lmad", "tiny", LABELS), setting="partial", points=64, save_every=2)
    whole = train(config, shapes, tmp_path / "whole", language, shapes[:1])

    class Killed(Exception):
        pass

    def kill(*arguments):
        if arguments[-1] == 3:
            raise Killed
        return train_step(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("partwise.train.affordance.train_step", kill)
        with pytest.raises(Killed):
            train(config, shapes, tmp_path / "killed", language, shapes[:1])
    resumed = train(config, shapes, tmp_path / "killed", language, shapes[:1])
    first, second = (open_pretrained(folder).state for folder in (whole, resumed))
    assert all(torch.equal(first[key], second[key]) for key in first)
    for others in (shapes[:3], [replace(shapes[0], heat=1 - shapes[0].heat), *shapes[1:]]):
        with pytest.raises(CheckpointError, match="a run on another list of samples:"):
            train(config, others, tmp_path / "killed", language, shapes[:1])
    with pytest.raises(CheckpointError, match="seed"):
        train(replace(config, seed=9), shapes, tmp_path / "killed", language)


def test_the_best_weights_are_kept(shapes, language, tmp_path, monkeypatch):
    scores = iter([0.5, 0.2])
    monkeypatch.setattr("partwise.train.affordance.validate", lambda *_: next(scores))
    config = replace(preset("openad", "tiny", LABELS), select="best")
    folder = train(config, shapes, tmp_path, language, shapes[:1])
    assert json.loads((folder / "config.json").read_text())["chosen"] == {"step": 2, "score": 0.5}


def test_settings_show_other_sides(shapes):
    rng = np.random.default_rng(0)
    full = make_case(shapes[1], LABELS, 256, "full", rng)
    part = make_case(shapes[1], LABELS, 100, "partial", rng)
    turned = make_case(shapes[1], LABELS, 256, "rotated", rng)
    assert np.linalg.norm(full.points, axis=1).max() == pytest.approx(1, abs=1e-5)
    assert len(part.points) == 100
    before, after = (np.linalg.norm(case.points[:, None] - case.points, axis=-1) for case in (full, turned))
    assert np.allclose(np.sort(before, axis=None), np.sort(after, axis=None), atol=1e-4)
    assert not np.allclose(np.sort(full.points, axis=0), np.sort(turned.points, axis=0), atol=1e-2)
    assert set(np.unique(full.label)) <= {1, 4}
    assert (full.label == 1).any()


def test_a_point_gets_its_hottest_label():
    heat = np.array([[0.9, 0.6], [0.4, 0.3], [0.5, 0.7]], dtype=np.float32)
    points = np.eye(3, dtype=np.float32)
    sample = Sample(points, points, np.full(3, -1, np.int16), (), "x", "x/1", ("cut", "sit"), heat)
    case = make_case(sample, ("sit", "lift", "cut", "none"), 3, "full", np.random.default_rng(0))
    assert case.label.tolist() == [2, 3, 0]
    assert case.offered == (True, False, True, False)


@pytest.mark.parametrize("task", ["labels", "heat"])
def test_questions_of_a_batch(task, shapes, language):
    labels = LABELS if task == "labels" else LABELS[:-1]
    wordings = tuple((label, f"where to {label}") for label in labels)
    config = AffordanceConfig(
        OpenADConfig(POINTS, 384), 4, labels, wordings, task=task, points=64, batch=4, class_weights="none"
    )
    model = make_model(config, language)
    phrases = Phrases.of(config, model, language)
    assert phrases.table.vectors.shape == (2 * len(labels), 384)
    batch = Batches(config, shapes, model).make(0, phrases)
    if task == "labels":
        assert batch.prompt.vectors.shape == (5, 384)
        return
    assert batch.prompt.vectors.shape == (4, 2, 384)
    assert batch.offered[:, 0].all()
    assert batch.heat[..., 0].amax(dim=1).min() > 0.5
    for row in range(4):
        assert any(torch.equal(batch.prompt.vectors[row, 0], vector) for vector in phrases.table.vectors)


def test_none_is_no_word_where_it_has_a_score(shapes, language):
    for none, count in (("text", 5), ("zero", 4), ("learned", 4)):
        config = small_run(lmad(1, none=none))
        model = make_model(config, language)
        assert isinstance(model, LMAD)
        phrases = Phrases.of(config, model, language)
        assert phrases.plain().ids.shape[0] == count
        assert model.none_score.requires_grad == (none == "learned")


def test_class_weights_follow_the_counts(shapes, language):
    config = small_run(OpenADConfig(POINTS, 384))
    batches = Batches(config, shapes, make_model(config, language))
    weights = class_weights(config, batches)
    assert weights[-1] == weights.min()  # most points have no affordance
    odd = replace(config, labels=("fly", "none"))
    unknown = Batches(odd, shapes, make_model(odd, language))
    with pytest.raises(InputError, match="names match"):
        class_weights(odd, unknown)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"labels": ("sit", "sit", "none")}, "more than once: sit"),
        ({"labels": ("none",)}, "at least one"),
        ({"labels": ("sit", "cut")}, "'none' as the last"),
        ({"wordings": (("sit",),)}, "1 wordings for 5"),
        ({"setting": "upside"}, "full, partial, rotated"),
        ({"task": "both"}, "labels, heat"),
    ],
)
def test_settings_that_are_refused(changes, match):
    with pytest.raises(InputError, match=match):
        replace(small_run(OpenADConfig(POINTS, 384)), **changes)


def test_heat_pack_gives_samples_back(shapes, tmp_path):
    assert write_heat_pack(tmp_path / "pack", shapes, 256) == 4
    pack = HeatPack(tmp_path / "pack")
    assert len(pack) == 4
    for before, after in zip(shapes, pack, strict=True):
        assert after.affordances == before.affordances
        assert (after.category, after.uid) == (before.category, before.uid)
        assert np.abs(after.heat - before.heat).max() <= 0.5 / 255 + 1e-6
        centred = before.points - before.points.mean(axis=0)
        assert np.allclose(after.points, centred / np.linalg.norm(centred, axis=1).max(), atol=1e-3)
    with pytest.raises(InputError, match="takes 99"):
        write_heat_pack(tmp_path / "other", shapes, 99)
    with pytest.raises(InputError, match="at least one"):
        write_heat_pack(tmp_path / "other", [], 99)
    (tmp_path / "pack" / "heat.npy").write_bytes(b"broken")
    with pytest.raises(InputError, match="damaged"):
        HeatPack(tmp_path / "pack")
    with pytest.raises(MissingDataError, match=r"points.npy"):
        HeatPack(tmp_path / "nowhere")


def test_heat_is_scored_by_the_official_means(shapes, language):
    config = preset("pointrefer", "tiny", LABELS)
    model = make_model(config, language)
    phrases = Phrases.of(config, model, language)
    means = heat_means(model, shapes, phrases.plain_for, config.labels, 96)
    assert means.samples == 4
    assert 0 <= means.aiou <= 1
    with pytest.raises(InputError, match="fly"):
        heat_means(model, shapes, phrases.plain_for, ("fly",), 96)


def test_the_command_trains_on_shapes_that_it_makes_itself(tmp_path, capsys):
    code = main(["train", "lmad", str(tmp_path / "run"), "--preset", "tiny", "--shapes", "6"])
    assert code == 0
    assert (tmp_path / "run" / "checkpoint" / "model.safetensors").is_file()
    assert "checkpoint" in capsys.readouterr().out


def test_the_command_converts_openad(tmp_path):
    from partwise.models.openad import OpenAD, official_names

    torch.manual_seed(0)
    ours = OpenAD(OpenADConfig()).state_dict()
    state = {}
    for theirs, name in official_names().items():
        value = ours[name]
        if "conv" in theirs and theirs.endswith("weight"):
            value = value.view(*value.shape, *([1, 1] if "blocks" in theirs else [1]))
        state[theirs] = value
    torch.save({"model_state_dict": state}, tmp_path / "openad.pth")
    assert main(["convert", "openad", str(tmp_path / "openad.pth"), str(tmp_path / "openad")]) == 0
    model = build_model(open_pretrained(tmp_path / "openad"))
    assert all(torch.equal(value, ours[key]) for key, value in model.state_dict().items())
    state.pop("conv1.weight")
    torch.save(state, tmp_path / "short.t7")
    with pytest.raises(CheckpointError, match="conv1.weight"):
        convert_openad(tmp_path / "short.t7", tmp_path / "short")
    assert not (tmp_path / "short").exists()


@pytest.mark.parametrize("model", ["lmad", "openad", "pointnet2", "dgcnn", "pointrefer"])
def test_the_segmenter_asks_every_model_alike(model, shapes, language, tmp_path):
    config = replace(preset(model, "tiny", LABELS), points=64)
    segmenter = Segmenter.from_pretrained(train(config, shapes, tmp_path, language))
    shape = Shape.of(shapes[0].points, up="y")
    look = segmenter.look(shape)
    found = segmenter.segment(look, ["sit", "cut"])
    assert found.scores.shape == (256, 2)
    assert np.allclose(found.scores.sum(axis=1), 1, atol=1e-5)
    single = segmenter.segment(look, ["sit"])  # asked against "none"
    assert single.scores.shape == (256, 1)
    assert single.scores.max() < 1
    heat = segmenter.afford(look, ["sit", "cut"])
    assert heat.heat.shape == (256, 2)
    assert 0 <= heat.heat.min() <= heat.heat.max() <= 1
    alone = segmenter.afford(look, ["cut"])
    assert np.allclose(alone.heat[:, 0], heat.heat[:, 1], atol=1e-5)
    twice = segmenter.look(shape, draws=2)
    assert segmenter.segment(twice, ["sit", "cut"]).row_scores.shape == (128, 2)
    assert segmenter.afford(twice, ["sit", "cut"]).row_heat.shape == (128, 2)
    with pytest.raises(InputError):
        segmenter.afford(look, ["sit", "sit"])
    with pytest.raises(InputError, match="runtime"):
        Segmenter.from_pretrained(tmp_path / "checkpoint", runtime="torch-bf16")
    if model in ("pointnet2", "dgcnn"):
        with pytest.raises(InputError, match="fly.*contain, sit, cut, display, none"):
            segmenter.segment(look, ["fly", "sit"])
    elif model == "lmad":
        many = [f"thing {number}" for number in range(500)]
        assert segmenter.afford(look, many).heat.shape == (256, 500)
        with pytest.raises(InputError, match=r"73 tokens.*at most 64"):
            segmenter.afford(look, ["very " * 70 + "long"])
