"""The last blocks of a picture tower train with the head, as in the release, and nothing else of the tower does."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import write_checkpoint
from test_afford import CONFIG

from partwise import Segmenter, Shape
from partwise.cli import main
from partwise.encoders.pixels import PictureTower, picture_tokens
from partwise.errors import InputError
from partwise.train import afford as recipe

SIZES = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 48}


@pytest.fixture(scope="module")
def towers(tmp_path_factory):
    """Tiny DINOv2 and DINOv3 of three blocks with random weights, saved as the real ones are."""
    t = pytest.importorskip("transformers")
    torch.manual_seed(0)
    models = {
        "dinov2": t.Dinov2Model(t.Dinov2Config(**SIZES, patch_size=14, image_size=56)),
        "dinov3": t.DINOv3ViTModel(t.DINOv3ViTConfig(**SIZES, patch_size=16, num_register_tokens=4)),
    }
    folders = {name: tmp_path_factory.mktemp(name) for name in models}
    for name, model in models.items():
        model.save_pretrained(folders[name])
    return folders


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", ["dinov2", "dinov3"])
def test_before_training_the_two_parts_are_the_tower(towers, photo, kind):
    whole, cut = PictureTower(str(towers[kind])), PictureTower(str(towers[kind]), train=2)
    expected = picture_tokens([photo], whole.open())
    tail = cut.tail()
    assert tail is not None
    assert isinstance(tail.more, torch.nn.LayerNorm) == (
        kind == "dinov3"
    )  # the release adds a norm to DINOv3
    tail.more = torch.nn.Identity()
    assert torch.allclose(tail(picture_tokens([photo], cut.open())), expected, atol=1e-5)
    assert len(tail.blocks) == 2
    assert whole.tail() is None


@pytest.fixture(scope="module")
def trained(towers, tmp_path_factory):
    """A checkpoint whose head was trained for a few steps with pictures, through a tower whose last blocks trained."""
    folder = write_checkpoint(tmp_path_factory.mktemp("tail") / "model", "pointalign3d")
    tower = PictureTower(str(towers["dinov2"]), train=2)
    config = replace(recipe.with_pictures(CONFIG, tower), asked=(0.0, 0.5, 0.5), average=0.0)
    head = recipe.train(config, Segmenter.from_pretrained(folder), folder.parent / "run")
    head.rename(folder / "afford")
    return folder, config


def test_only_the_last_two_blocks_change(towers, trained):
    folder, config = trained
    head = Segmenter.from_pretrained(folder).head
    assert head is not None
    published, tuned = config.pictures.tail(), head.model.picture_tail
    assert tuned is not None
    for name, before in published.state_dict().items():
        moved = (tuned.state_dict()[name] - before).abs().max()
        # A block's attention takes no notice of a bias that all keys share.
        assert (moved > 0) == name.startswith("blocks.") or name.endswith("key.bias"), name
    whole = PictureTower(str(towers["dinov2"])).open()
    again = type(whole).open(towers["dinov2"], size=whole.size)
    for (name, kept), (_, fresh) in zip(
        whole.model.named_parameters(), again.model.named_parameters(), strict=True
    ):
        assert torch.equal(kept, fresh), name


def test_the_blocks_train_at_a_tenth_of_the_rate(trained):
    _, config = trained
    head = recipe.make_head(config)
    rest, blocks = recipe.parameter_groups(head, config)
    assert blocks["base_rate"] == pytest.approx(0.1 * rest["base_rate"])
    assert {id(p) for p in blocks["params"]} == {id(p) for p in head.picture_tail.blocks.parameters()}
    assert all(p.requires_grad for p in (*rest["params"], *blocks["params"]))
    assert len(recipe.parameter_groups(recipe.make_head(replace(config, pictures=None)), config)) == 1


def test_a_tuned_head_is_asked_with_pictures(trained, photo):
    segmenter = Segmenter.from_pretrained(trained[0])
    cloud = Shape.of(np.random.default_rng(1).normal(size=(600, 3)), up="y")
    seen = segmenter.afford(cloud, images=[photo, 255 - photo])
    assert seen.heat.shape == (600, 2)
    assert np.isfinite(seen.heat).all()
    assert segmenter.afford(cloud, ["grasp"], photo).phrases == ("grasp",)


def test_what_cannot_be_trained_says_so(towers, tmp_path):
    with pytest.raises(InputError, match="has no blocks to train"):
        PictureTower("pixels", train=2).open()
    with pytest.raises(InputError, match="has 3"):
        PictureTower(str(towers["dinov2"]), train=4).open()
    command = ["train", "afford", str(tmp_path / "run"), "--preset", "tiny", "--pictures", "pixels"]
    assert main([*command, "--pictures-train", "2"]) == 2
