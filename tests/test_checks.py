"""Seeds, counts, weights and shares: every door refuses the same numbers, and none of them with a traceback."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from conftest import PATCH_CONFIG, write_checkpoint
from test_afford import CONFIG as HEAD
from test_train import SHORT

from partwise import Segmenter, Shape
from partwise.checks import MOST_SEED, checked_seed, derived_seed, real_number, whole_number
from partwise.cli import main
from partwise.datasets.mixture import TrainingShapes
from partwise.datasets.procedural import ProceduralShapes
from partwise.doctor import stability
from partwise.encoders.bank import PhraseEmbedder, TextBank, default_bank_path
from partwise.errors import InputError
from partwise.layers.tokens import PatchEncoderConfig
from partwise.lift.lifting import LiftConfig
from partwise.models.openad import OpenAD, OpenADConfig
from partwise.models.pointalign3d import PointAlign3DConfig
from partwise.models.pointmae import PointMAEConfig
from partwise.predict import SegmenterConfig
from partwise.train import afford, align_text
from partwise.train.afford import TINY as AFFORD
from partwise.train.affordance_presets import LAS_PAPER, MODELS, TINY_POINTS, preset
from partwise.train.align_dino import PRESETS as DINO
from partwise.train.align_text_presets import TINY as TEXT
from partwise.train.augment import Augment
from partwise.train.batches import BatchConfig
from partwise.train.cmat_presets import TINY as CMAT
from partwise.train.heads import APART

NO_COUNTS = [2.5, 512.0, "512", True, float("nan"), [512]]
NAN, INFINITE = float("nan"), float("inf")
RECIPES = {
    "afford": AFFORD,
    "cmat": CMAT,
    "dino": DINO["tiny"],
    "text": TEXT,
    "openad": preset("openad", "tiny"),
}


def test_whole_numbers_of_any_make_are_taken_as_int():
    for value in (3, np.int64(3), np.uint8(3)):
        found = whole_number("points", value, 3, 3)
        assert (found, type(found)) == (3, int)
    assert (checked_seed(0), checked_seed(MOST_SEED)) == (0, 2**32 - 1)


def test_what_is_out_of_bounds_is_told_the_bounds():
    with pytest.raises(InputError, match=r"^points is 0: give 1 to 131,072$"):
        whole_number("points", 0, 1, 131_072)
    with pytest.raises(InputError, match=r"^each is -1: give 1 or more$"):
        whole_number("each", -1, 1)
    for seed in (-1, 2**32):
        with pytest.raises(InputError, match=f"seed is {seed}: give 0 to 4,294,967,295"):
            checked_seed(seed)


def test_ordinary_seeds_are_counted_on_and_the_last_ones_begin_again():
    assert [derived_seed(seed, APART) for seed in (0, 7, 42)] == [1_000_000, 1_000_007, 1_000_042]
    assert [derived_seed(MOST_SEED, add) for add in (0, 1, APART)] == [MOST_SEED, 0, APART - 1]


def test_real_numbers_of_any_make_are_taken_as_float():
    for value in (1, 1.0, np.float32(1), np.int64(1)):
        found = real_number("even", value, 0, 1)
        assert (found, type(found)) == (1.0, float)
    with pytest.raises(InputError, match="^rate is inf: give 0 or more$"):
        real_number("rate", 10**400, 0)
    for value in (-0.1, 1.5, NAN, INFINITE):
        with pytest.raises(InputError, match=f"^even is {value}: give 0 to 1$"):
            real_number("even", value, 0, 1)
    for value in ("1", True, None, [1.0]):
        with pytest.raises(InputError, match=f"a {type(value).__name__}: give a number, 0 or more$"):
            real_number("rate", value, 0)


@pytest.mark.parametrize("value", [*NO_COUNTS, None], ids=repr)
def test_what_is_no_whole_number_is_told_its_kind(value):
    with pytest.raises(InputError, match=f"a {type(value).__name__}: give a whole number, 1 or more"):
        whole_number("points", value, 1)


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory):
    return Segmenter.from_pretrained(write_checkpoint(tmp_path_factory.mktemp("model") / "model"))


@pytest.fixture(scope="module")
def shipped():
    return Segmenter.from_pretrained()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("option", ["points", "draws", "seed"])
@pytest.mark.parametrize("value", NO_COUNTS, ids=repr)
def test_a_segmenter_refuses_counts_that_are_none(segmenter, shipped, cloud, option, value):
    shape = Shape.of(cloud, up="y")

    def look(shape, _, **options):
        return segmenter.look(shape, **options)

    for ask in (segmenter.segment, shipped.afford, look):
        with pytest.raises(InputError, match=f"{option} is .*give a whole number"):
            ask(shape, ["seat", "leg"], **{option: value})


@pytest.mark.usefixtures("unchecked")
def test_numbers_of_numpy_are_as_good(segmenter, cloud):
    shape, asked = Shape.of(cloud, up="y"), ["seat", "leg"]
    found = segmenter.segment(shape, asked, points=np.int64(256), seed=np.int32(3))
    assert np.array_equal(found.labels, segmenter.segment(shape, asked, points=256, seed=3).labels)
    assert {type(found.options[name]) for name in ("points", "seed")} == {int}  # a record is JSON


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("phrases", [None, 7])
def test_what_is_no_list_of_phrases_is_refused_by_every_kind_of_model(segmenter, shipped, cloud, phrases):
    shape, bank = Shape.of(cloud, up="y"), PhraseEmbedder(TextBank.load(default_bank_path()))
    directly = Segmenter(OpenAD(OpenADConfig(TINY_POINTS, 384)).eval(), bank)
    for ask in (segmenter.segment, shipped.segment, shipped.afford, directly.segment, directly.afford):
        with pytest.raises(
            InputError, match=rf"list of phrases, found {phrases} .*: write \['seat', 'back'\]"
        ):
            ask(shape, phrases)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", ["-1", "4294967296"])
def test_the_affordance_recipes_refuse_a_seed_before_they_make_shapes(model, seed, tmp_path, capsys):
    assert main(["train", model, str(tmp_path / "run"), "--preset", "tiny", "--seed", seed]) == 2
    said = capsys.readouterr().err
    assert f"partwise: seed is {seed}: give 0 to 4,294,967,295" in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_so_does_cmat(tmp_path, capsys):
    command = ["train", "cmat", str(tmp_path), str(tmp_path / "run"), "--preset", "tiny", "--seed", "-1"]
    assert main(command) == 2
    assert "partwise: seed is -1" in capsys.readouterr().err


@pytest.mark.parametrize("config", [AFFORD, CMAT, DINO["tiny"], TEXT.batches, preset("openad", "tiny")])
def test_no_config_holds_a_seed_that_is_none(config):
    with pytest.raises(InputError, match="seed is -1"):
        replace(config, seed=-1)


def test_the_last_seed_trains_a_head_to_its_end(tmp_path):
    segmenter = Segmenter.from_pretrained(write_checkpoint(tmp_path / "model", "pointalign3d"))
    config = replace(HEAD, seed=MOST_SEED, steps=1, updates=1, calibration=2, validation=2)
    config = replace(config, save_every=1, validate_every=1)
    assert (afford.train(config, segmenter, tmp_path / "run") / "model.safetensors").is_file()


def test_the_last_seed_calibrates_the_head_that_trained_along(tmp_path):
    batches = replace(SHORT.batches, seed=MOST_SEED, actions=2)
    config = replace(SHORT, batches=batches, heat_weight=1.0, calibration=2)
    embedder = PhraseEmbedder(TextBank.load(default_bank_path()))
    module = align_text.make_module(config, None).requires_grad_(False)
    align_text.save_model(tmp_path / "out", module, config, embedder, ["table"])
    assert (tmp_path / "out" / "afford" / "model.safetensors").is_file()


def test_the_last_seed_is_one_to_ask_again_from(segmenter, cloud):
    shape = Shape.of(cloud, up="y")
    assert 0 <= stability(segmenter, shape, ["seat", "leg"], trials=1, seed=MOST_SEED).resampled <= 1
    with pytest.raises(InputError, match="seed is -1"):
        stability(segmenter, shape, ["seat", "leg"], trials=1, seed=-1)


def test_the_procedural_world_refuses_it_where_it_is_opened():
    with pytest.raises(InputError, match="seed is -1"):
        ProceduralShapes(-1)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("config", RECIPES.values(), ids=RECIPES)
def test_recipes_keep_the_numbers_of_numpy_as_plain_ones(config):
    given = {"steps": np.int64(3), "rate": np.float32(0.5)}
    if hasattr(config, "seed"):
        given["seed"] = np.uint8(3)
    plain = {name: value.item() for name, value in given.items()}
    # A state holds its settings as JSON, and a run dies with the first that it cannot write.
    assert json.dumps(asdict(replace(config, **given))) == json.dumps(asdict(replace(config, **plain)))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    "kind",
    [SegmenterConfig, BatchConfig, LiftConfig, PatchEncoderConfig, PointAlign3DConfig, PointMAEConfig],
    ids=lambda kind: kind.__name__,
)
def test_so_do_the_settings_inside(kind):
    name, value = {
        SegmenterConfig: ("points", np.int64(512)),
        LiftConfig: ("seed", np.int64(3)),
        PointAlign3DConfig: ("neighbours", np.int64(3)),
        BatchConfig: ("points", (np.int64(512), np.int32(64))),
        PatchEncoderConfig: ("groups", np.int64(8)),
        PointMAEConfig: ("decoder_depth", np.int64(2)),
    }[kind]
    saved = json.loads(json.dumps(asdict(kind(**{name: value}))))
    assert saved[name] == (list(value) if isinstance(value, tuple) else value)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("config", RECIPES.values(), ids=RECIPES)
@pytest.mark.parametrize("value", [2.5, True, 0, "3"], ids=repr)
def test_no_recipe_takes_a_number_of_steps_that_is_none(config, value):
    for name in ("steps", "save_every"):
        with pytest.raises(InputError, match=f"^{name} is .*: give .*1 or more"):
            replace(config, **{name: value})


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("value", [2.5, -1, True], ids=repr)
def test_nor_do_shapes_batches_and_encoders_take_such_counts(value):
    for kind, names in (
        (ProceduralShapes, ["length"]),
        (BatchConfig, ["batch", "accumulate", "actions"]),
        (PatchEncoderConfig, ["groups", "group_size", "depth"]),
        (PointAlign3DConfig, ["points_per_group", "neighbours", "depth"]),
        (LiftConfig, ["points", "views", "seed"]),
        (lambda **options: replace(PATCH_CONFIG, **options), ["groups", "group_size", "depth"]),
        (
            lambda **options: TrainingShapes(**{"count": 2, **options}),
            ["count", "points", "scenes", "workers"],
        ),
    ):
        for name in names:
            with pytest.raises(InputError, match=f"^{name} is "):
                kind(**{name: value})
    with pytest.raises(InputError, match="^groups is 0: give 1 or more"):
        PatchEncoderConfig(groups=0)
    with pytest.raises(InputError, match="^temperature is 0: "):
        SegmenterConfig(temperature=0)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("config", "names"),
    [
        (LAS_PAPER, ["focal_weight", "dice_weight", "weight_decay", "rate", "least_rate"]),
        (AFFORD, ["focal_weight", "dice_weight", "share_weight", "word_noise", "rate"]),
        (CMAT, ["affinity_weight", "diversity_weight", "distill_weight", "rate"]),
        (TEXT, ["patch_weight", "point_weight", "dice_weight", "heat_weight", "rate"]),
        (DINO["tiny"], ["rate", "head_rate", "weight_decay"]),
        (TEXT.objective, ["tau", "power"]),
        (Augment(), ["tilt", "jitter", "probability"]),
        (SegmenterConfig(), ["temperature", "balance", "even"]),
    ],
    ids=lambda given: type(given).__name__,
)
@pytest.mark.parametrize("value", [-1.0, NAN, INFINITE, "a", True], ids=repr)
def test_weights_and_rates_are_numbers_of_0_or_more(config, names, value):
    for name in names:
        with pytest.raises(InputError, match=f"^{name} is .*: give .*0 "):
            replace(config, **{name: value})


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("config", [AFFORD, LAS_PAPER], ids=lambda given: type(given).__name__)
@pytest.mark.parametrize(
    "asked", [(0.5, 0.5), (0.5, 0.5, 0.5), (-1.0, 1.0, 1.0), (NAN, 0.0, 0.0), ("a", 0, 0)]
)
def test_the_shares_of_words_and_pictures_are_three_that_add_up_to_1(config, asked):
    with pytest.raises(InputError, match="^asked is "):
        replace(config, asked=asked)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (Augment(), "probability"),
        (Augment(), "one_sided"),
        (AFFORD, "real"),
        (TEXT, "average"),
        (CMAT, "mask_ratio"),
        (TEXT.batches, "label_noise"),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_shares_lie_between_0_and_1(config, name):
    with pytest.raises(InputError, match=f"^{name} is 2.0: give 0 to 1$"):
        replace(config, **{name: 2.0})
