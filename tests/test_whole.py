"""Seeds and counts: every door refuses the same numbers, and none of them with a traceback."""

import numpy as np
import pytest
from conftest import write_checkpoint

from partwise import Segmenter, Shape
from partwise.cli import main
from partwise.datasets.procedural import ProceduralShapes
from partwise.encoders.bank import PhraseEmbedder, TextBank, default_bank_path
from partwise.errors import InputError
from partwise.models.openad import OpenAD, OpenADConfig
from partwise.train.afford import TINY as AFFORD
from partwise.train.affordance_presets import MODELS, TINY_POINTS, preset
from partwise.train.align_dino import PRESETS as DINO
from partwise.train.cmat_presets import TINY as CMAT
from partwise.whole import MOST_SEED, checked_seed, whole_number

NO_COUNTS = [2.5, 512.0, "512", True, float("nan"), [512]]


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
@pytest.mark.parametrize("option", ["points", "seed"])
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


@pytest.mark.parametrize("config", [AFFORD, CMAT, DINO["tiny"], preset("openad", "tiny")])
def test_no_config_holds_a_seed_that_is_none(config):
    with pytest.raises(InputError, match="seed is -1"):
        type(config)(**{**vars(config), "seed": -1})


def test_the_procedural_world_refuses_it_where_it_is_opened():
    with pytest.raises(InputError, match="seed is -1"):
        ProceduralShapes(-1)
