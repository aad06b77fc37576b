"""LAS trained with pictures by its recipe: those of PIAD and PIADv2, simulated ones, and what it can be asked then."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from partwise.checkpoint import save_checkpoint
from partwise.cli import main
from partwise.datasets import laso, piad, piadv2
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.world.surface import Scan
from partwise.encoders.asking import open_language, select
from partwise.encoders.pixels import PictureTower, PixelEncoder
from partwise.encoders.prompt import Prompt
from partwise.errors import CheckpointError, InputError, MissingDataError
from partwise.evaluate.heat_maps import heat_means
from partwise.evaluate.results import read_result
from partwise.io.photo import read_photo
from partwise.layers.tokens import PatchEncoderConfig
from partwise.models.las import LasConfig
from partwise.models.pointlas import PointLas, PointLasConfig
from partwise.models.pointmae import PointMAE, PointMAEConfig
from partwise.predict import Segmenter
from partwise.pretrained import build_model, open_pretrained
from partwise.shape import Shape
from partwise.train.affordance import make_model, parameter_groups, train
from partwise.train.affordance_batches import Batches
from partwise.train.affordance_data import open_data
from partwise.train.affordance_phrases import Phrases
from partwise.train.affordance_presets import preset, with_pictures
from partwise.train.shown import ListedPictures, open_pictures

SIZES = PatchEncoderConfig(groups=16, group_size=8, token_hidden=(8, 8, 16), width=12, depth=1, heads=2)
PIXELS = PictureTower("pixels")
PHOTO = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Layout twins of PIAD and PIADv2 with their pictures, and of LASO, which has none; converted."""
    base = tmp_path_factory.mktemp("data")
    for data in (piad.SEEN, piadv2.SEEN, laso):
        data.mock(base / "official" / data.SOURCE.name, 0)
        data.convert(base / "official" / data.SOURCE.name, base)
    return base


@pytest.fixture(scope="module")
def language():
    return open_language()


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A small Point-MAE, as CMAT saves it."""
    folder = tmp_path_factory.mktemp("start")
    torch.manual_seed(3)
    config = {"encoder": SIZES.__dict__, "decoder_depth": 1, "decoder_heads": 2}
    model = PointMAE(PointMAEConfig(SIZES, 1, 2))
    save_checkpoint(folder, {"architecture": "pointmae", "model": config}, model.state_dict())
    return folder


@pytest.fixture(scope="module", params=["dinov2", "dinov3"])
def tower(request, tmp_path_factory):
    """A tiny DINOv2 or DINOv3 with random weights, saved as the real one is."""
    t = pytest.importorskip("transformers")
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "dinov2":
        model = t.Dinov2Model(t.Dinov2Config(**sizes, patch_size=14, image_size=56))
    else:
        model = t.DINOv3ViTModel(t.DINOv3ViTConfig(**sizes, patch_size=16, num_register_tokens=4))
    model.save_pretrained(folder)
    return folder


def cloud(count=600):
    return Shape.of(np.random.default_rng(1).normal(size=(count, 3)), up="y")


def tiny(**changes):
    """Settings of seconds on an encoder of its own."""
    head = LasConfig(12, 384, 0, "tokens", 16, 16, 1, 2, 8, dropout=0.0)
    config = preset("las", "tiny", ("contain", "grasp", "sit", "cut"))
    config = replace(config, model=PointLasConfig(SIZES, head), points=64, batch=4)
    return replace(config, **changes)


@pytest.mark.parametrize("name", ["piad-seen", "piadv2-seen"])
def test_from_pairs_of_clouds_and_pictures_to_a_row_in_a_table(name, root, start, tmp_path, capsys):
    run, images = tmp_path / "run", ["--images", str(root / "official" / name)]
    options = ["--preset", "tiny", "--data", str(root / name), "--pictures", "pixels"]
    assert main(["train", "las", str(run), *options, *images, "--start", str(start)]) == 0
    saved = json.loads((run / "checkpoint" / "config.json").read_text())
    assert saved["architecture"] == "pointlas"
    assert saved["pictures"] == {
        "source": "pixels",
        "revision": None,
        "sha256": PixelEncoder.revision,
        "train": 0,
    }
    assert saved["training"]["questions"] == 1
    segmenter = Segmenter.from_pretrained(run / "checkpoint")
    look = segmenter.look(cloud())
    words, picture = segmenter.afford(look, ["grasp"]), segmenter.afford(look, images=PHOTO)
    both = segmenter.afford(look, ["grasp"], PHOTO)
    assert (words.phrases, picture.phrases, both.phrases) == (("grasp",), ("picture 1",), ("grasp",))
    heats = [found.heat for found in (words, picture, both)]
    assert all(np.isfinite(heat).all() and heat.shape == (600, 1) for heat in heats)
    assert not any(np.allclose(heats[a], heats[b], atol=1e-6) for a, b in ((0, 1), (0, 2), (1, 2)))
    two = segmenter.afford(look, images=[255 - PHOTO, PHOTO])
    assert np.allclose(two.heat[:, 1], picture.heat[:, 0], atol=1e-5)
    command = ["eval", name, "--model", str(run / "checkpoint"), "--root", str(root), "--seeds", "1"]
    assert main([*command, *images, "--out", str(tmp_path / "results")]) == 0, capsys.readouterr().err
    (result,) = [read_result(path) for path in (tmp_path / "results").glob("*.json")]
    assert result.config["asked_by"] == "pictures"


def test_a_pair_shows_pictures_of_its_object_and_affordance(root, language):
    name = "piadv2-seen"
    opened = open_data(root / name, "heat", "full", images=root / "official" / name)
    assert opened.pictures is not None
    assert set(opened.labels) == {label for of in opened.pictures.values() for label in of} | {"none"}
    base = opened.applied(preset("las", "tiny", opened.labels))
    config = with_pictures(replace(base, model=tiny().model, points=64), PIXELS, (0.0, 1.0, 0.0))
    assert config.model.head.text_width == 0
    model = make_model(config, language)
    phrases = Phrases.of(config, model, language, None, open_pictures(config, opened.pictures))
    batches = Batches(config, opened.samples, model)
    encoder = PixelEncoder()
    for step in range(6):
        batch = batches.make(step, phrases)
        assert (batch.prompt.vectors, batch.prompt.tokens, batch.prompt.mask) == (None, None, None)
        for slot in range(config.batch):
            sample = opened.samples[batches._row(step * config.batch + slot)]
            (label,) = sample.affordances
            files = opened.pictures[sample.category][label]
            shown = [encoder.encode(read_photo(path)[None]).flatten(1, 2)[0] for path in files[1:] or files]
            assert any(torch.allclose(batch.prompt.image[slot, 0], one, atol=2e-3) for one in shown)
    plain = phrases.plain_for(sample.category)
    first = encoder.encode(read_photo(files[0])[None]).flatten(1, 2)[0]
    assert plain.tokens is None
    assert torch.allclose(plain.image[config.labels.index(label)], first, atol=2e-3)
    again = Batches(config, opened.samples, model).make(5, phrases)
    assert torch.equal(again.prompt.image, batch.prompt.image)


@pytest.mark.parametrize(
    ("asked", "words", "pictures"),
    [((1.0, 0.0, 0.0), True, False), ((0.0, 1.0, 0.0), False, True), ((0.0, 0.0, 1.0), True, True)],
)
def test_steps_ask_in_words_in_pictures_and_in_both(asked, words, pictures, root, language):
    opened = open_data(root / "piad-seen", "heat", "full", images=root / "official" / "piad-seen")
    base = opened.applied(replace(tiny(), labels=opened.labels[:-1]))
    config = with_pictures(base, PIXELS, asked)
    model = make_model(config, language)
    phrases = Phrases.of(config, model, language, None, open_pictures(config, opened.pictures))
    batch = Batches(config, opened.samples, model).make(0, phrases)
    plain = phrases.plain_for("Mug")
    for prompt in (batch.prompt, plain):
        assert (prompt.tokens is not None, prompt.image is not None) == (words, pictures)
    assert model.logits(model(batch.points), batch.prompt).shape == (4, 64, 1)


def test_the_picture_decides_where_it_is_hot(language, tmp_path):
    """Two actions at two places of every shape, told apart by nothing but the colour of a picture."""
    shapes, labels = list(ProceduralShapes(3, ("mug",), Scan(points=256), 4)), ("contain", "wrapgrasp")
    pictures = {"mug": {label: (tmp_path / f"{label}.png",) for label in labels}}
    for label, color in zip(labels, ((230, 20, 20), (20, 20, 230)), strict=True):
        Image.new("RGB", (32, 32), color).save(tmp_path / f"{label}.png")
    sizes = replace(SIZES, groups=24, group_size=12, token_hidden=(16, 32, 48), width=48)
    head = LasConfig(48, 384, 0, "tokens", 48, 64, 1, 2, 32, dropout=0.0)
    config = tiny(model=PointLasConfig(sizes, head), labels=labels, points=192, warmup=5, questions=1)
    config = replace(config, steps=120, rate=1e-2, point_rate=1e-2, save_every=120, validate_every=120)
    config = with_pictures(config, PIXELS, (0.0, 1.0, 0.0))
    folder = train(config, shapes, tmp_path / "run", language, pictures=pictures)
    trained, source = build_model(open_pretrained(folder)), ListedPictures(PixelEncoder(), pictures)

    def shown(order):
        image = torch.stack([source.plain("mug", label) for label in order])
        return heat_means(trained, shapes, lambda category: Prompt(image=image), labels, 192)

    right, wrong = shown(labels), shown(labels[::-1])
    assert right.auc > 0.68
    assert right.auc > wrong.auc + 0.1
    assert right.sim > wrong.sim + 0.05


def test_blocks_of_the_tower_train_and_are_kept(tower, root, start, language, tmp_path):
    name = "piad-seen"
    opened = open_data(root / name, "heat", "full", images=root / "official" / name)
    config = opened.applied(preset("las", "tiny", opened.labels))
    config = with_pictures(replace(config, start=str(start)), PictureTower(str(tower), train=1))
    folder = train(config, opened.samples, tmp_path, language, (), "cpu", None, opened.pictures)
    trained = build_model(open_pretrained(folder))
    assert isinstance(trained, PointLas)
    published, tuned = config.pictures.tail(), trained.head.picture_tail
    moved = {
        key: (tuned.state_dict()[key] - before).abs().max() for key, before in published.state_dict().items()
    }
    assert max(value for key, value in moved.items() if key.startswith("blocks.")) > 0
    assert all(value == 0 for key, value in moved.items() if key.startswith("norm."))
    groups = parameter_groups(trained.requires_grad_(True), config)
    rates = [group["base_rate"] for group in groups]
    assert rates == pytest.approx([config.point_rate, 0.1 * config.rate, config.rate])
    found = Segmenter.from_pretrained(folder).afford(cloud(), images=[PHOTO, 255 - PHOTO])
    assert np.isfinite(found.heat).all()
    assert not np.allclose(found.heat[:, 0], found.heat[:, 1], atol=1e-7)


def test_without_data_the_pictures_are_simulated(language, tmp_path, monkeypatch):
    """On the frozen encoder of the shipped checkpoint: the head is kept alone, names its encoder, opens with it."""
    pytest.importorskip("embreex")
    monkeypatch.setattr("partwise.train.shown.training_categories", lambda: ("mug", "chair"))
    config = with_pictures(preset("las", "tiny", ("contain", "sit")), PIXELS, (0.0, 0.5, 0.5))
    config = replace(config, points=256, steps=2)
    folder = train(config, _samples(256), tmp_path, language, _samples(256)[:2])
    saved = json.loads((folder / "config.json").read_text())
    assert (saved["architecture"], saved["encoder"]) == ("las", "partwise-small")
    segmenter = Segmenter.from_pretrained(folder)
    look = segmenter.look(cloud())
    found = segmenter.afford(look, ["grasp", "sit"], PHOTO)
    assert found.heat.shape == (600, 2)
    assert found.options["head"] == open_pretrained(folder).sha256
    assert segmenter.segment(look, ["seat", "leg"]).scores.shape == (600, 2)
    assert segmenter.afford(look, images=PHOTO).phrases == ("picture 1",)


def test_a_head_alone_needs_the_encoder_that_it_was_trained_on(tmp_path):
    shipped = open_pretrained("partwise-small")
    save_checkpoint(tmp_path / "lost", {"architecture": "las", "model": {}}, {})
    with pytest.raises(CheckpointError, match="without the encoder"):
        Segmenter.from_pretrained(tmp_path / "lost")
    config = {"architecture": "las", "encoder": "partwise-small", "encoder_sha256": "0" * 64}
    save_checkpoint(tmp_path / "other", config, {})
    with pytest.raises(CheckpointError, match=shipped.sha256[:12]):
        Segmenter.from_pretrained(tmp_path / "other")


def test_select_takes_the_pictures_along():
    rows, image = torch.tensor([[2, 0], [1, 1]]), torch.rand(3, 5, 7)
    prompt = Prompt(vectors=torch.rand(3, 4), image=image)
    assert torch.equal(select(prompt, rows).image, image[rows])
    assert torch.equal(
        select(replace(prompt, image=image[:1]), rows).image, image[:1].expand(2, 2, 1, 5, 7)[:, :, 0]
    )


def test_what_cannot_be_shown_says_so(root, start, tmp_path, capsys):
    data, images = ["--data", str(root / "piad-seen")], ["--images", str(root / "official" / "piad-seen")]
    pixels = ["--pictures", "pixels"]
    wrong = {
        "no encoder to read them": [*data, *images],
        "give the folder of the official copy": [*data, *pixels],
        "are not there": [*data, *pixels, "--images", str(tmp_path)],
        "laso does not ask by pictures": ["--data", str(root / "laso"), *pixels, *images],
        "name its folder as data": [*pixels, *images],
        "name who reads these": ["--asked", "0", "1", "0"],
        "add up to 1": [*data, *images, *pixels, "--asked", "1", "1", "0"],
        "has no blocks to train": [*data, *images, *pixels, "--pictures-train", "2"],
    }
    for number, (message, options) in enumerate(wrong.items()):
        command = ["train", "las", str(tmp_path / str(number)), "--preset", "tiny", "--shapes", "2"]
        assert main([*command, *options, "--start", str(start)]) in (2, 3), message
        said = " ".join(capsys.readouterr().err.split())
        assert message in said, said
    with pytest.raises(InputError, match="reads words alone"):
        with_pictures(preset("pointrefer", "tiny"), PIXELS)
    with pytest.raises(InputError, match="no picture shows 'fly'"):
        ListedPictures(PixelEncoder(), {}).plain("Mug", "fly")
    with pytest.raises(MissingDataError, match="1 of 1 pictures"):
        ListedPictures(PixelEncoder(), {"Mug": {"grasp": (tmp_path / "gone.jpg",)}})


def test_a_model_of_words_refuses_pictures(root, language, tmp_path):
    folder = train(tiny(steps=2), _samples(), tmp_path, language)
    segmenter = Segmenter.from_pretrained(folder)
    with pytest.raises(InputError, match="trained without pictures"):
        segmenter.afford(cloud(), ["grasp"], PHOTO)
    closed = preset("pointnet2", "tiny", ("contain", "sit", "none"))
    segmenter = Segmenter.from_pretrained(
        train(replace(closed, points=64, steps=2), _samples(), tmp_path / "closed", language)
    )
    with pytest.raises(InputError):
        segmenter.afford(cloud(), ["sit"], PHOTO)


def _samples(points=128):
    return list(ProceduralShapes(3, ("mug", "chair"), Scan(points=points), 4))
