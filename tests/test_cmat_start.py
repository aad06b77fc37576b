"""What CMAT and Point-MAE trained is used: by stage 2 of PatchAlign3D, by OpenAD and LM-AD, by LAS."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from partwise.checkpoint import save_checkpoint
from partwise.cli import main
from partwise.datasets.packed import write_pack
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.world.surface import Scan
from partwise.encoders.asking import open_language
from partwise.encoders.prompt import Prompt
from partwise.errors import InputError
from partwise.layers.tokens import PatchEncoderConfig
from partwise.models.las import LasConfig
from partwise.models.openad import OpenADConfig
from partwise.models.patchalign3d import PatchAlign3DConfig
from partwise.models.pointalign3d import PointAlign3DConfig
from partwise.models.pointlas import PointLas, PointLasConfig
from partwise.models.pointmae import PointMAE, PointMAEConfig, encoder_of
from partwise.models.pointnet2 import PointNet2Config
from partwise.points import nearest
from partwise.predict import Segmenter
from partwise.pretrained import build_model, open_pretrained
from partwise.train.affordance import make_model, train
from partwise.train.affordance_presets import preset
from partwise.train.align_text import make_module
from partwise.train.align_text_presets import TINY as STAGE2
from partwise.train.alignment import fitted
from partwise.train.point_encoders import fitted as fitted_affordance
from partwise.train.point_encoders import point_encoder

SIZES = PatchEncoderConfig(12, 8, (8, 16, 32), 24, 2, 3, 0.1, "plain")
LABELS = ("contain", "sit", "none")


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A Point-MAE with weights that are not those of its start, as CMAT saves it."""
    folder = tmp_path_factory.mktemp("start")
    torch.manual_seed(3)
    model = PointMAE(PointMAEConfig(SIZES, 1, 3))
    for value in model.state_dict().values():
        if value.is_floating_point():
            value.copy_(value + 0.1 * torch.rand_like(value))
    config = {"encoder": SIZES.__dict__, "decoder_depth": 1, "decoder_heads": 3}
    save_checkpoint(folder, {"architecture": "pointmae", "model": config}, model.state_dict())
    return folder


@pytest.fixture(scope="module")
def encoder(start):
    return build_model(open_pretrained(start)).encoder


@pytest.fixture(scope="module")
def shapes():
    return list(ProceduralShapes(2, ("chair", "mug"), Scan(points=128), 4))


@pytest.mark.parametrize("kind", [PatchAlign3DConfig(farthest_rule="plain"), PointAlign3DConfig()])
def test_stage_two_sees_what_the_encoder_saw(kind, start, encoder):
    config = replace(STAGE2, model=fitted(kind, open_pretrained(start)))
    model = make_module(config, start).model.eval()
    target = model.encoder if isinstance(config.model, PointAlign3DConfig) else model
    points = torch.rand(2, 192, 3)
    patches = replace(encoder.config, groups=12)
    assert target.config.class_token is False
    with torch.no_grad():
        seen = encoder.patches(points)
        swapped = [x[..., [0, 2, 1]] for x in (seen.local, seen.centers)]
        tokens = target.encode(target.tokenizer(swapped[0]), swapped[1])
        assert torch.allclose(tokens, encoder(seen), atol=1e-5)
        assert not torch.allclose(
            target.encode(target.tokenizer(seen.local), seen.centers), encoder(seen), atol=1e-3
        )
        whole = model(points)
    assert patches.width == config.model.width
    assert (
        (whole.patches if isinstance(config.model, PointAlign3DConfig) else whole).features.isfinite().all()
    )


def test_a_checkpoint_of_stage_one_keeps_the_sizes_of_the_run(start):
    kind = PointAlign3DConfig(width=48, token_width=32, depth=2)
    shipped = open_pretrained("partwise-small")
    assert fitted(kind, shipped) == kind
    with pytest.raises(InputError, match="other sizes"):
        make_module(replace(STAGE2, model=kind), start)


def test_the_commands_of_a_whole_path(start, tmp_path, monkeypatch, capsys):
    write_pack(tmp_path / "pack", ProceduralShapes(5, ("chair", "mug"), Scan(points=512), 6), 6, 512)
    arguments = [str(tmp_path / "stage2"), "--preset", "tiny", "--steps", "2", "--start", str(start)]
    assert main(["train", "patchalign3d", str(tmp_path / "pack"), *arguments]) == 0
    segmenter = Segmenter.from_pretrained(tmp_path / "stage2" / "checkpoint")
    assert segmenter.model.encoder.config.class_token is False
    assert segmenter.model.encoder.config.width == 24
    assert segmenter.model.encoder.cls_token is None


@pytest.mark.parametrize("name", ["openad", "lmad"])
def test_openad_and_lmad_stand_on_it(name, start, encoder, shapes, tmp_path):
    language = open_language()
    config = replace(
        preset(name, "tiny", LABELS), start=str(start), freeze=True, points=96, random_language=False
    )
    if name == "lmad":
        config = replace(config, random_language=True)
    folder = train(config, shapes, tmp_path, language)
    model = build_model(open_pretrained(folder))
    theirs = encoder.state_dict()
    assert all(torch.equal(value, theirs[key]) for key, value in point_encoder(model).state_dict().items())
    tuned = train(replace(config, freeze=False), shapes, tmp_path / "tuned", language)
    ours = point_encoder(build_model(open_pretrained(tuned))).state_dict()
    assert not torch.equal(ours["norm.weight"], theirs["norm.weight"])


def test_las_stands_on_it(start, encoder, shapes, tmp_path):
    config = replace(preset("las", "tiny", LABELS), start=str(start), points=96)
    folder = train(replace(config, freeze=True), shapes, tmp_path / "frozen", open_language())
    model = build_model(open_pretrained(folder))
    assert isinstance(model, PointLas)
    points = torch.rand(1, 96, 3)
    patches = encoder.patches(points)
    assert torch.equal(model(points).tokens, encoder(patches))
    assert torch.equal(model(points).centers, patches.centers)
    words = Prompt(tokens=torch.rand(3, 5, 384), mask=torch.ones(3, 5, dtype=torch.bool))
    assert model.logits(model(points), words).shape == (1, 96, 3)
    tuned = train(config, shapes, tmp_path / "tuned", open_language())
    moved = build_model(open_pretrained(tuned)).backbone.state_dict()
    assert not torch.equal(moved["norm.weight"], encoder.norm.weight)
    heat = Segmenter.from_pretrained(tuned).afford(_shape(shapes[0]), ["sit", "contain"]).heat
    assert heat.shape == (128, 2)
    assert np.isfinite(heat).all()


def _shape(sample):
    from partwise.shape import Shape

    return Shape.of(sample.points, up="y")


def test_las_on_pointnet2(shapes, tmp_path):
    kind = PointLasConfig(
        PointNet2Config(centers=(32, 8), width=4, neighbours=8),
        LasConfig(
            token_width=16, text_width=384, reads="vectors", width=16, feedforward=16, layers=1, heads=2
        ),
    )
    config = replace(preset("las", "tiny", LABELS), model=kind, points=96)
    model = build_model(open_pretrained(train(config, shapes, tmp_path, open_language())))
    seen = model(torch.rand(2, 96, 3))
    assert seen.tokens.shape == (2, 8, 16)
    distance, _ = nearest(seen.centers, seen.points, 1)
    assert distance.max() == 0
    with pytest.raises(InputError, match="token_width 16"):
        replace(kind, head=LasConfig())


def test_what_cannot_be_started_from(start, encoder):
    with pytest.raises(InputError, match="Point-MAE or CMAT"):
        fitted_affordance(preset("openad", "tiny", LABELS), open_pretrained("partwise-small"))
    with pytest.raises(InputError, match="no place"):
        fitted_affordance(preset("pointrefer", "tiny", LABELS), open_pretrained(start))
    config = fitted_affordance(preset("openad", "tiny", LABELS), open_pretrained(start))
    assert isinstance(config.model, OpenADConfig)
    model = make_model(config, open_language())
    assert point_encoder(model).state_dict().keys() == encoder_of(encoder.state_dict()).keys()
    with pytest.raises(InputError, match="to freeze"):
        train(
            replace(preset("openad", "tiny", LABELS), freeze=True), [], start.parent / "run", open_language()
        )
