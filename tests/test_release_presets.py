"""CMAT and LAS as published: every number that paper and release state, and a few steps of each release preset."""

from dataclasses import asdict, replace

import lift_helpers
import numpy as np
import pytest
import torch
from test_las_recipe import roberta, small  # noqa: F401 (a fixture)
from test_picture_tail import towers  # noqa: F401 (a fixture)

from partwise.checkpoint import save_checkpoint
from partwise.cli import main
from partwise.datasets import laso
from partwise.encoders.asking import open_language
from partwise.encoders.pixels import PictureTower
from partwise.encoders.text import load_text_encoder
from partwise.errors import InputError
from partwise.layers.tokens import PatchEncoderConfig
from partwise.lift.lifting import PRESETS as LIFT
from partwise.lift.lifting import LiftConfig
from partwise.lift.precompute import RunConfig, find_inputs, lift_library
from partwise.lift.project import PROJECTIONS
from partwise.models.pointmae import PointMAEConfig
from partwise.predict import Segmenter
from partwise.pretrained import build_model, open_pretrained
from partwise.shape import Shape
from partwise.train import affordance, cmat
from partwise.train.affordance import make_model, parameter_groups, schedule, train
from partwise.train.affordance_batches import Batches
from partwise.train.affordance_data import open_data
from partwise.train.affordance_phrases import Phrases
from partwise.train.affordance_presets import MODELS, preset, with_pictures
from partwise.train.augment import NO_AUGMENT, Augment, varied
from partwise.train.cmat_presets import PRESETS as CMAT
from partwise.train.cmat_presets import TINY

SHAPES = 10_000  # that the epochs of pre-training are counted on
LASO_PAIRS = 16_120  # of its training split


# What paper and release say of LAS on LASO, in the words of the configs; the rest of the head is the same in both.
@pytest.mark.parametrize(
    ("size", "expected", "head", "patches"),
    [
        (
            "paper",
            {
                "point_rate": 1e-5,
                "rate": 1e-4,
                "batch": 16,
                "dice": "standard",
                "focal_weight": 1.0,
                "dice_weight": 1.0,
                "picture_blocks": 0,
                "augment": NO_AUGMENT,
            },
            "after",
            64,
        ),
        (
            "release",
            {
                "rate": 1e-5,
                "point_rate": 0.2 * 1e-5,
                "picture_rate": 0.1,
                "batch": 8,  # 4 to 8
                "dice": "release",
                "focal_weight": 0.5,
                "dice_weight": 1.0,
                "picture_blocks": 2,
                "augment": Augment(
                    probability=1.0, tilt=0.0, yaw=1.0, scale=(0.8, 1.2), shift=0.0, jitter=0.01
                ),
            },
            "before",
            128,
        ),
    ],
)
def test_las_has_the_numbers_of(size, expected, head, patches):
    config = preset("las", size)
    both = {
        "task": "heat",
        "questions": 1,
        "points": 2048,
        "weight_decay": 0.01,
        "least_rate": 1e-6,
        "warmup": 0,
        "halving": 0,
        "clip_norm": 1.0,
        "language": "FacebookAI/roberta-base",
        "pictures": None,
        "freeze": False,
    }
    assert {name: getattr(config, name) for name in both | expected} == pytest.approx(both | expected)
    assert config.steps == pytest.approx(100 * LASO_PAIRS / config.batch, abs=100)
    sizes, encoder = config.model.head, config.model.backbone
    assert (sizes.upsampling, sizes.reads, sizes.text_width, sizes.image_width) == (head, "tokens", 768, 0)
    assert (sizes.width, sizes.feedforward, sizes.head_width) == (512, 2048, 256)
    assert (sizes.layers, sizes.heads, sizes.dropout) == (6, 8, 0.1)
    assert (sizes.point_width, sizes.direct, sizes.geometry) == (0, 0, 0)
    assert (encoder.groups, encoder.group_size, encoder.width) == (patches, 32, 384)


@pytest.mark.parametrize(
    ("size", "rate", "weights", "widths", "patches", "pictures"),
    [
        ("release-piad", 1e-4, (1.0, 1.0), (256, 512, 128), 64, 5_162),
        ("release-piadv2", 1e-5, (0.5, 1.0), (512, 1024, 256), 128, 15_000),
    ],
)
def test_las_asks_piad_in_pictures_alone(size, rate, weights, widths, patches, pictures):
    config, head = preset("las", size), preset("las", size).model.head
    assert (config.rate, config.point_rate, config.picture_rate) == pytest.approx((rate, 0.2 * rate, 0.1))
    assert (config.focal_weight, config.dice_weight, config.dice) == (*weights, "release")
    assert (head.width, head.feedforward, head.head_width) == widths
    assert (head.text_width, head.image_width, head.upsampling) == (0, 768, "before")
    assert (config.model.backbone.groups, config.groups) == (patches, patches)
    assert (config.asked, config.picture_blocks) == ((0.0, 1.0, 0.0), 2)
    assert config.weight_decay in (1e-4, 1e-2)
    assert (config.least_rate, config.clip_norm, config.warmup, config.batch) == (1e-6, 1.0, 0, 8)
    assert config.steps == 100 * pictures // 8


@pytest.mark.parametrize(("size", "count"), [("release", 42_056_961), ("release-piad", 25_466_241)])
def test_the_release_has_the_published_number_of_weights(size, count, roberta):  # noqa: F811
    model = make_model(preset("las", size), load_text_encoder(roberta))
    assert sum(p.numel() for p in model.parameters()) == count


def test_rates_end_where_they_are_said_to():
    paper, release = preset("las", "paper"), preset("las", "release")
    for config in (paper, release):
        for rate in (config.rate, config.point_rate):
            first, last = (rate * schedule(config, rate, step, 0) for step in (0, config.steps))
            assert (first, last) == pytest.approx((rate, 1e-6))
            middle = rate * schedule(config, rate, config.steps // 2, 0)
            assert middle == pytest.approx((rate + 1e-6) / 2)
    assert [schedule(release, rate, release.steps, 0) for rate in (1e-7, 0.0)] == [1.0, 1.0]  # nothing rises
    assert schedule(replace(paper, least_rate=0.0), 1e-4, paper.steps, 0) == pytest.approx(0.01)
    halved = replace(paper, halving=1)
    assert schedule(halved, 1e-4, 5, 99) == pytest.approx(0.01)
    assert schedule(halved, 1e-5, 5, 99) == pytest.approx(0.1)
    with pytest.raises(InputError, match="least_rate is -1"):
        replace(paper, least_rate=-1.0)


def test_a_cloud_is_varied_as_the_release_does():
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(500, 6)).astype(np.float32)
    turned_only = Augment(probability=1.0, tilt=0.0, yaw=1.0, scale=(1.0, 1.0), shift=0.0, jitter=0.0)
    angles = []
    for seed in range(40):
        found = varied(cloud, turned_only, np.random.default_rng(seed))
        np.testing.assert_allclose(found[:, 1], cloud[:, 1], atol=1e-5)
        np.testing.assert_array_equal(found[:, 3:], cloud[:, 3:])
        plane, before = found[:, 0] + 1j * found[:, 2], cloud[:, 0] + 1j * cloud[:, 2]
        np.testing.assert_allclose(plane / before, (plane / before)[0], atol=1e-2)
        angles.append(np.angle((plane / before)[0]))
    assert min(angles) < -2 < 2 < max(angles)
    again = varied(cloud, turned_only, np.random.default_rng(39))
    np.testing.assert_array_equal(again, found)
    release = preset("las", "release").augment
    factors = []
    for seed in range(40):
        moved = varied(cloud, release, np.random.default_rng(seed))
        factor = (moved[:, 1] * cloud[:, 1]).sum() / (cloud[:, 1] ** 2).sum()
        assert (moved[:, 1] - factor * cloud[:, 1]).std() == pytest.approx(0.01, rel=0.15)
        factors.append(factor)
    assert 0.799 < min(factors) < 0.85 < 1.15 < max(factors) < 1.201
    assert varied(cloud, NO_AUGMENT, rng) is cloud
    with pytest.raises(InputError, match="leaves points out"):
        replace(preset("las", "release"), augment=replace(release, one_sided=0.5))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A layout twin of LASO, converted."""
    base = tmp_path_factory.mktemp("data")
    laso.mock(base / "official" / "laso", 0)
    laso.convert(base / "official" / "laso", base)
    return base / "laso"


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A small Point-MAE of 24 patches, as CMAT saves it."""
    folder = tmp_path_factory.mktemp("start")
    sizes = PatchEncoderConfig(24, 8, (8, 8, 16), 12, 1, 2)
    config = PointMAEConfig(sizes, decoder_depth=1, decoder_heads=2)
    torch.manual_seed(0)
    model = cmat.Pretraining(replace(TINY, model=config), 8).model
    save_checkpoint(folder, {"architecture": "pointmae", "model": asdict(config)}, model.state_dict())
    return folder


def test_the_release_preset_trains_on_a_small_laso(data, start, roberta, tmp_path):  # noqa: F811
    opened = open_data(data, "heat", "full")
    config = opened.applied(small(preset("las", "release", opened.labels), roberta))
    config = replace(config, start=str(start), groups=16, save_every=1)
    language = load_text_encoder(config.language)
    folder = train(config, opened.samples, tmp_path, language, (), questions=opened.questions)
    trained = build_model(open_pretrained(folder))
    assert trained.config.backbone.groups == 16  # the preset's, not the 24 of the checkpoint
    assert trained.config.head.upsampling == "before"
    rows = [row.split(",") for row in (tmp_path / "curves.csv").read_text().splitlines()]
    assert all(np.isfinite(float(row[1])) for row in rows[1:])
    saved = open_pretrained(folder).config["training"]
    assert (saved["augment"]["yaw"], saved["dice"], saved["focal_weight"]) == (1.0, "release", 0.5)
    segmenter = Segmenter.from_pretrained(folder)
    heat = segmenter.afford(Shape.of(opened.samples[0].points, up="y"), ["grasp"], points=64).heat
    assert np.isfinite(heat).all()


def test_each_visit_changes_the_shape_and_not_its_heat(data, roberta):  # noqa: F811
    opened = open_data(data, "heat", "full")
    config = opened.applied(small(preset("las", "release", opened.labels), roberta))
    language = load_text_encoder(config.language)
    model = make_model(config, language)
    batches = Batches(config, opened.samples, model)
    phrases = Phrases.of(config, model, language, opened.questions)
    first, again = batches.make(0, phrases), batches.make(0, phrases)
    assert torch.equal(first.points, again.points)
    plain = Batches(replace(config, augment=NO_AUGMENT), opened.samples, model).make(0, phrases)
    assert torch.equal(first.heat, plain.heat)
    assert not torch.allclose(first.points, plain.points, atol=0.05)
    sizes = first.points.norm(dim=-1).amax(dim=1) / plain.points.norm(dim=-1).amax(dim=1)
    assert ((sizes > 0.75) & (sizes < 1.25)).all()


def test_pictures_bring_their_last_two_blocks_at_a_tenth_of_the_rate(towers, roberta):  # noqa: F811
    config = small(preset("las", "release"), roberta)
    tower = PictureTower(str(towers["dinov3"]), train=config.picture_blocks)
    config = with_pictures(config, tower)
    model = make_model(config, load_text_encoder(roberta))
    groups = parameter_groups(model, config)
    assert [group["base_rate"] for group in groups] == pytest.approx([2e-6, 1e-6, 1e-5])
    assert len(model.head.picture_tail.blocks) == 2
    tail = [p for p in model.head.picture_tail.parameters() if p.requires_grad]
    assert sum(p.numel() for p in groups[1]["params"]) == sum(p.numel() for p in tail)


@pytest.fixture
def captured(monkeypatch):
    """The configs that the command line trains with; nothing is trained."""
    seen = []

    def note(config, *_):
        seen.append(config)

    monkeypatch.setattr(affordance, "train", note)
    monkeypatch.setattr(cmat, "train", note)
    return seen


def test_the_command_line_reaches_the_release(captured, data, towers, roberta, tmp_path):  # noqa: F811
    command = ["train", "las", str(tmp_path / "run"), "--preset", "release", "--language", str(roberta)]
    assert main([*command, "--data", str(data), "--start", "checkpoints/pointmae"]) == 0
    opened = open_data(data, "heat", "full")
    expected = opened.applied(preset("las", "release", opened.labels))
    head = replace(expected.model.head, text_width=20)  # of the small text tower
    expected = replace(
        expected,
        model=replace(expected.model, head=head),
        language=str(roberta),
        start="checkpoints/pointmae",
    )
    assert captured.pop() == expected
    shown = [*command, "--shapes", "4", "--pictures", str(towers["dinov2"])]
    for options, blocks, upsampling in (([], 2, "before"), (["--pictures-train", "0"], 0, "before")):
        assert main([*shown, *options]) == 0
        config = captured.pop()
        assert (config.pictures.train, config.picture_blocks) == (blocks, blocks)
        assert config.model.head.upsampling == upsampling
    assert main([*command, "--shapes", "4", "--upsampling", "after"]) == 0
    assert captured.pop().model.head.upsampling == "after"
    command[command.index("release")] = "release-piad"
    assert main([*command, "--shapes", "4", "--pictures", str(towers["dinov2"])]) == 0
    config = captured.pop()
    assert (config.asked, config.pictures.train) == ((0.0, 1.0, 0.0), 2)
    assert (config.model.head.text_width, config.model.head.image_width) == (0, 32)


def test_a_preset_that_asks_in_pictures_says_so_without_any(tmp_path, capsys):
    command = ["train", "las", str(tmp_path / "run"), "--preset", "release-piad", "--shapes", "4"]
    assert main(command) == InputError.exit_code
    assert "ask in pictures alone, and there is no encoder" in capsys.readouterr().err
    assert not (tmp_path / "run" / "checkpoint").exists()


def test_the_release_for_piad_trains_on_simulated_pictures(towers, tmp_path):  # noqa: F811
    """For lack of PIAD: procedural shapes, and rendered pictures with the place of the action covered."""
    opened = open_data(None, "heat", "full", shapes=4)
    config = opened.applied(preset("las", "release-piad", ("grasp", "sit", "none")))
    language = open_language()
    config = replace(small(config, "minilm"), batch=1, steps=1)
    tower = PictureTower(str(towers["dinov2"]), train=config.picture_blocks)
    config = with_pictures(config, tower)
    assert config.model.head.text_width == 0
    trained = build_model(open_pretrained(train(config, opened.samples, tmp_path, language)))
    published = tower.tail()
    after, before = (list(tail.blocks.parameters()) for tail in (trained.head.picture_tail, published))
    assert any(not torch.equal(one, other) for one, other in zip(after, before, strict=True))


@pytest.mark.parametrize("model", [name for name in MODELS if name != "las"])
def test_other_models_have_no_release(model, tmp_path, capsys):
    assert main(["train", model, str(tmp_path / "run"), "--preset", "release"]) == InputError.exit_code
    assert f"{model} has no preset 'release': it has tiny, small, paper" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "batch", "start", "groups", "hidden", "diversity"),
    [("paper", 128, 15, 64, 38, 0.2), ("release", 96, 5, 256, 153, 0.0)],
)
def test_cmat_has_the_numbers_of(name, batch, start, groups, hidden, diversity):
    config, encoder = CMAT[name], CMAT[name].model.encoder
    assert (config.batch, config.points, encoder.groups, encoder.group_size) == (batch, 1024, groups, 32)
    assert int(config.mask_ratio * groups) == hidden
    assert (config.affinity_weight, config.diversity_weight) == (0.1, diversity)
    assert (config.affinity_on, config.koleo_axis, config.mask) == ("visible", "patch", "random")
    assert (config.rate, config.weight_decay, config.yaw) == (1e-4, 0.05, 0.0)
    assert config.steps == pytest.approx(150 * SHAPES / batch, abs=1)
    assert config.warmup == pytest.approx(start * SHAPES / batch, abs=1)
    assert (encoder.width, encoder.depth, encoder.heads, encoder.drop_path) == (384, 12, 6, 0.1)
    assert (config.model.decoder_depth, config.model.decoder_heads) == (4, 6)
    # Patches and pooling are those of the shards, which the lifting preset of the same name makes.
    assert config.teacher_pool == "stored"
    lift = LIFT[f"cmat_{name}"]
    assert (lift.points, lift.groups, lift.neighbours) == (1024, groups, 32)
    assert (len(lift.look), lift.size) == {"paper": (12, 224), "release": (16, 378)}[name]
    pool = {"paper": "neighbours", "release": "voronoi"}[name]
    assert PROJECTIONS[lift.projection].pool == pool


def test_the_release_of_cmat_trains_small_and_is_reached(captured, tmp_path, monkeypatch, capsys):
    assert main(["train", "cmat", "lifted", str(tmp_path / "run"), "--preset", "release"]) == 0
    assert captured.pop() == CMAT["release"]
    more = ["--affinity-weight", "0.01", "--diversity-weight", "0.1", "--mask", "block", "--groups", "64"]
    assert main(["train", "cmat", "lifted", str(tmp_path / "run"), "--preset", "release", *more]) == 0
    config = captured.pop()
    assert (config.affinity_weight, config.diversity_weight, config.mask) == (0.01, 0.1, "block")
    assert config.model.encoder.groups == 64
    for weight in ("-1", "nan", "inf"):
        options = ["--preset", "release", "--diversity-weight", weight]
        assert main(["train", "cmat", "lifted", str(tmp_path / "run"), *options]) == InputError.exit_code
        assert "diversity_weight is" in capsys.readouterr().err
    assert not captured
    monkeypatch.undo()
    lift_helpers.write_shapes(tmp_path / "in", 4)
    lift = LiftConfig("cmat_release", "cmat_release", size=48, points=256, groups=16, neighbours=8)
    lift_library(
        find_inputs([tmp_path / "in"]),
        tmp_path / "out",
        lift,
        lift_helpers.open_colours,
        RunConfig(workers=0),
    )
    sizes = PatchEncoderConfig(16, 8, (8, 16, 32), 24, 2, 3, 0.1)
    config = replace(
        CMAT["release"], model=PointMAEConfig(sizes, 1, 3), batch=4, steps=3, warmup=1, save_every=3
    )
    folder = cmat.train(config, tmp_path / "out", tmp_path / "run")
    assert open_pretrained(folder).config["training"]["diversity_weight"] == 0
    assert build_model(open_pretrained(folder)).config == config.model
