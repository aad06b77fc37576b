"""What a training run refuses, before its first step or where it goes wrong; what was saved before stays whole."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import write_checkpoint
from lift_helpers import open_colours, write_shapes
from safetensors import safe_open
from test_afford import CONFIG as HEAD
from test_align_dino import CONFIG as DINO
from test_train import PATCH_CONFIG, SHORT, embedder, pack  # noqa: F401 - fixtures

from partwise import Segmenter
from partwise.cli import main
from partwise.datasets.packed import Pack
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.world.surface import Scan
from partwise.encoders.asking import open_language
from partwise.errors import InputError
from partwise.lift.lifting import LiftConfig
from partwise.lift.precompute import RunConfig, find_inputs, lift_library
from partwise.models.openad import OpenADConfig
from partwise.models.pointnet2 import PointNet2Config
from partwise.train import afford, affordance, align_dino, align_jointly, align_text, cmat
from partwise.train.affordance_presets import small
from partwise.train.align_text_presets import PRESETS
from partwise.train.cmat_presets import PRESETS as CMAT
from partwise.train.distributed import Workers
from partwise.train.state import STATE, TrainingState
from partwise.train.words import WordTable

NAN = float("nan")
FEW = {"steps": 4, "save_every": 2}


@pytest.fixture(scope="module")
def lifted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lifted")
    write_shapes(folder / "in", 4)
    lift = LiftConfig(cameras="cops", size=48, points=256, groups=16, neighbours=8)
    lift_library(find_inputs([folder / "in"]), folder / "out", lift, open_colours, RunConfig(workers=0))
    return folder / "out"


def copied(pack, folder):  # noqa: F811
    """A pack to do harm to."""
    shutil.copytree(pack, folder)
    return folder


def spoiled(real, good):
    """The function, whose answers are NaN after the first `good`."""
    calls = []

    def answer(*arguments, **options):
        calls.append(1)
        found = real(*arguments, **options)
        if len(calls) <= good:
            return found
        if isinstance(found, dict):
            return {key: NAN * value for key, value in found.items()}
        return NAN * found if isinstance(found, torch.Tensor) else type(found)(NAN * value for value in found)

    return answer


def run_text(out, request):
    config = replace(SHORT, **FEW)
    align_text.train(config, request.getfixturevalue("pack"), out, request.getfixturevalue("embedder"))


def run_dino(out, request):
    align_dino.train(replace(DINO, batch=2, **FEW), request.getfixturevalue("lifted"), out)


def run_jointly(out, request):
    text = replace(SHORT, model=replace(DINO.model, text_width=384), **FEW)
    config = align_jointly.AlignJointlyConfig(text, replace(DINO, batch=2))
    packed, lifted, embedder = map(request.getfixturevalue, ("pack", "lifted", "embedder"))  # noqa: F811
    align_jointly.train(config, packed, lifted, out, embedder)


def run_cmat(out, request):
    cmat.train(replace(CMAT["tiny"], batch=2, **FEW), request.getfixturevalue("lifted"), out)


def run_affordance(out, _request):
    points = PointNet2Config(centers=(48, 12), width=8, neighbours=8)
    config = replace(
        small(OpenADConfig(points, 384), 4), labels=("contain", "none"), points=192, batch=2, save_every=2
    )
    world = ProceduralShapes(3, ("mug",), Scan(points=256), 2)
    affordance.train(config, [world[0], world[1]], out, open_language())


def run_afford(out, _request):
    segmenter = Segmenter.from_pretrained(write_checkpoint(out.parent / "model", "pointalign3d"))
    afford.train(replace(HEAD, updates=1, validate_every=100, **FEW), segmenter, out)


@pytest.mark.parametrize(
    ("run", "module", "name"),
    [
        (run_text, align_text, "compute_losses"),
        (run_dino, align_dino, "compute_loss"),
        (run_jointly, align_dino, "teach"),
        (run_cmat, cmat, "loss_terms"),
        (run_affordance, affordance, "compute_loss"),
        (run_afford, afford, "heat_losses"),
    ],
)
def test_a_loss_that_is_no_number_ends_every_recipe_before_it_is_saved(
    run, module, name, request, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, name, spoiled(getattr(module, name), 2))
    with pytest.raises(InputError, match="loss of step 3 is nan: .*what was saved before is whole"):
        run(tmp_path / "run", request)
    with safe_open(tmp_path / "run" / STATE, "pt") as state:
        assert state.metadata()["step"] == "2"
        assert all(bool(torch.isfinite(state.get_tensor(key)).all()) for key in state.keys())  # noqa: SIM118
    assert not (tmp_path / "run" / "checkpoint").exists()
    assert not (tmp_path / "run" / "afford").exists()


def test_weights_that_are_not_finite_are_never_saved(tmp_path):
    module = torch.nn.Linear(2, 2)
    state = TrainingState({"module": module}, torch.optim.AdamW(module.parameters()))
    state.save(tmp_path, {})
    before = (tmp_path / STATE).read_bytes()
    state.advance(1.0)
    with torch.no_grad():
        module.bias[0] = float("inf")
    with pytest.raises(InputError, match="module.bias is not finite after step 1: .*whole"):
        state.save(tmp_path, {})
    assert (tmp_path / STATE).read_bytes() == before


def test_a_scaler_leaves_out_steps_that_overflow_until_its_scale_is_used_up():
    module = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    state = TrainingState({"module": module}, optimizer, scaler=scaler)
    before = module.weight.detach().clone()

    def overflow():
        loss = float("inf") * module(torch.ones(1, 2)).sum() ** 2
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        state.advance(loss.item())

    overflow()  # scale 2
    overflow()  # scale 1
    assert torch.equal(module.weight, before)
    with pytest.raises(InputError, match="loss of step 3 is inf"):
        overflow()


def test_half_precision_trains_through_the_steps_that_its_scaler_leaves_out(pack, embedder, tmp_path):  # noqa: F811
    config = replace(SHORT, steps=3, precision="fp16")
    folder = align_text.train(config, pack, tmp_path, embedder)
    assert (folder / "model.safetensors").is_file()


def test_a_pack_with_points_that_are_not_finite_says_which_shape(pack, embedder, tmp_path, capsys):  # noqa: F811
    folder = copied(pack, tmp_path / "pack")
    points = np.load(folder / "points.npy", mmap_mode="r+")
    points[3, 5] = np.nan
    points.flush()
    opened = Pack(folder)
    assert len(opened[2].points) == 1024
    with pytest.raises(InputError, match=r"shape 3 of the pack \(table/3\) has points that are not finite"):
        opened[3]
    command = ["train", "patchalign3d", str(folder), str(tmp_path / "run"), "--preset", "tiny"]
    for makers in ("0", "1"):
        assert main([*command, "--makers", makers]) == 2
        said = capsys.readouterr().err
        assert "partwise: shape 3 of the pack" in said
        assert "Traceback" not in said
    assert not (tmp_path / "run" / "checkpoint").exists()


@pytest.mark.parametrize("label", [2, 99, -2])
def test_a_pack_with_labels_of_no_part_is_refused_when_it_is_opened(pack, tmp_path, label):  # noqa: F811
    folder = copied(pack, tmp_path / "pack")
    labels = np.load(folder / "labels.npy", mmap_mode="r+")
    labels[7, 100] = -1  # no name: allowed
    labels.flush()
    Pack(folder)
    labels[7, 100:] = 0
    labels[7, 100] = label
    labels.flush()
    least, most = min(label, 0), max(label, 1)
    with pytest.raises(InputError, match=f"shape 7 has 2 parts and labels from {least} to {most}"):
        Pack(folder)


@pytest.mark.parametrize("name", ["paper", "release"])
def test_words_of_another_width_are_refused_before_the_first_step(pack, tmp_path, name, capsys):  # noqa: F811
    out = tmp_path / "run"
    assert main(["train", "patchalign3d", str(pack), str(out), "--preset", name]) == 2
    said = capsys.readouterr().err
    assert "'minilm' are 384 numbers each, the model takes 1280" in said
    assert "--text-encoder" in said
    assert list(out.iterdir()) == []


def test_one_stage_refuses_words_of_another_width_too(pack, lifted, embedder, tmp_path):  # noqa: F811
    config = align_jointly.AlignJointlyConfig(replace(SHORT, model=replace(PATCH_CONFIG, text_width=9)), DINO)
    with pytest.raises(InputError, match="384 numbers each, the model takes 9"):
        align_jointly.train(config, pack, lifted, tmp_path, embedder)


def test_words_of_nothing_are_refused(embedder):  # noqa: F811
    with pytest.raises(InputError, match="nothing to train on is named"):
        WordTable.embed(["", " "], embedder)


def test_devices_that_are_not_there_are_refused(pack, tmp_path, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    commands = (
        ["patchalign3d", str(pack), str(tmp_path / "a")],
        ["openad", str(tmp_path / "b"), "--shapes", "20"],
    )
    for command in commands:
        for device, reason in (("cuda", "sees no CUDA device"), ("foo", "unknown device 'foo'")):
            assert main(["train", *command, "--preset", "tiny", "--device", device]) == 2
            assert reason in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="sees no CUDA device"):
        Workers.start("cuda")


def test_fewer_than_no_makers_are_refused(pack, embedder, tmp_path, capsys):  # noqa: F811
    command = [
        "train",
        "patchalign3d",
        str(pack),
        str(tmp_path / "run"),
        "--preset",
        "tiny",
        "--makers",
        "-1",
    ]
    assert main(command) == 2
    assert "-1 processes cannot make batches" in capsys.readouterr().err
    assert not (tmp_path / "run" / STATE).exists()


def test_every_preset_that_asks_for_actions_is_one_that_the_help_names(pack, tmp_path, capsys):  # noqa: F811
    with pytest.raises(SystemExit):
        main(["train", "patchalign3d", "--help"])
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "small-actions, small-held, both small-gpu and official-size read a pack with heat" in said
    asking = {name for name, preset in PRESETS.items() if preset.batches.actions}
    assert asking == {"small-actions", "small-held", "small-gpu", "small-gpu-on", "official-size"}
