"""States of training runs: a run goes on with what it began with, or not at all."""

import shutil
from dataclasses import replace

import pytest
import torch
from lift_helpers import open_colours, write_shapes
from safetensors.torch import load_file, save_file
from test_train import SHORT, embedder, pack, table  # noqa: F401 - fixtures

from partwise.cli import main
from partwise.datasets.packed import write_pack
from partwise.errors import CheckpointError, InputError
from partwise.lift.lifting import LiftConfig
from partwise.lift.precompute import RunConfig, find_inputs, lift_library
from partwise.lift.shards import LiftedShards
from partwise.train import align_dino, cmat
from partwise.train.afford import PRESETS as HEADS
from partwise.train.affordance_presets import preset as preset_of
from partwise.train.align_text import train
from partwise.train.cmat_presets import PRESETS as CMAT
from partwise.train.state import STATE, TrainingState


def fresh(**inputs):
    module = torch.nn.Linear(2, 2)
    return TrainingState({"module": module}, torch.optim.AdamW(module.parameters()), inputs=inputs)


def test_a_state_names_the_inputs_that_differ(tmp_path):
    fresh(pack="a", start=None).save(tmp_path, {"rate": 1.0})
    assert fresh(pack="a", start=None).load(tmp_path, {"rate": 1.0})
    with pytest.raises(CheckpointError, match="a run on another pack: go on with the same"):
        fresh(pack="b", start=None).load(tmp_path, {"rate": 1.0})
    with pytest.raises(CheckpointError, match="another pack and another start"):
        fresh(pack="b", start="c").load(tmp_path, {"rate": 1.0})


def test_a_state_of_an_earlier_version_goes_on(tmp_path):
    fresh().save(tmp_path, {})
    tensors = load_file(tmp_path / STATE)
    save_file(tensors, tmp_path / STATE, metadata={"step": "3", "config": "{}"})
    state = fresh(pack="a")
    assert state.load(tmp_path, {})
    assert state.step == 3


@pytest.mark.parametrize(
    "header",
    [
        None,
        {"step": "1"},
        {"config": "{}"},
        {"step": "one", "config": "{}"},
        {"step": "1", "config": "{"},
        {"step": "1", "config": "3"},
        {"step": "1", "config": "{}", "inputs": "[1]"},
    ],
)
def test_a_state_without_a_whole_header_is_damaged(header, tmp_path):
    fresh().save(tmp_path, {})
    save_file(load_file(tmp_path / STATE), tmp_path / STATE, metadata=header)
    with pytest.raises(CheckpointError, match=f"{STATE} is damaged .*: delete it to start anew"):
        fresh().load(tmp_path, {})


def test_stage_two_goes_on_with_the_same_pack_and_start_only(pack, embedder, tmp_path):  # noqa: F811
    write_pack(tmp_path / "other", (table(i) for i in range(10, 20)), 10, 1024)
    short = replace(SHORT, steps=2)
    first = train(short, pack, tmp_path / "first", embedder)
    second = train(replace(short, rate=0.01), pack, tmp_path / "second", embedder)
    train(short, pack, tmp_path / "run", embedder, start=first)
    with pytest.raises(CheckpointError, match="a run on another pack:"):
        train(short, tmp_path / "other", tmp_path / "run", embedder, start=first)
    for start in (None, second):
        with pytest.raises(CheckpointError, match="a run on another start checkpoint:"):
            train(short, pack, tmp_path / "run", embedder, start=start)
    # The same data in another place are the same.
    shutil.copytree(pack, tmp_path / "moved")
    train(short, tmp_path / "moved", tmp_path / "run", embedder, start=first)


def test_lifted_shapes_of_another_run_are_refused(tmp_path):
    write_shapes(tmp_path / "in", 4)
    for name, views in (("a", 64), ("b", 48)):
        lift = LiftConfig(cameras="cops", size=views, points=256, groups=16, neighbours=8)
        lift_library(
            find_inputs([tmp_path / "in"]), tmp_path / name, lift, open_colours, RunConfig(workers=0)
        )
    assert len(LiftedShards(tmp_path / "a")) == len(LiftedShards(tmp_path / "b"))
    stage1 = replace(align_dino.TINY, steps=1, batch=2)
    align_dino.train(stage1, tmp_path / "a", tmp_path / "stage1")
    with pytest.raises(CheckpointError, match="another folder of lifted shapes:"):
        align_dino.train(stage1, tmp_path / "b", tmp_path / "stage1")
    tiny = replace(CMAT["tiny"], steps=1, batch=2)
    first = cmat.train(tiny, tmp_path / "a", tmp_path / "cmat")
    with pytest.raises(CheckpointError, match="another folder of lifted shapes:"):
        cmat.train(tiny, tmp_path / "b", tmp_path / "cmat")
    with pytest.raises(CheckpointError, match="another start checkpoint:"):
        cmat.train(tiny, tmp_path / "a", tmp_path / "cmat", start=first)


def test_runs_of_no_step_are_refused(pack, tmp_path, capsys):  # noqa: F811
    for config in (SHORT, align_dino.TINY, CMAT["tiny"], HEADS["small"], preset_of("openad", "tiny")):
        for name in ("steps", "save_every"):
            with pytest.raises(InputError, match=f"{name} is 0: give 1 or more"):
                replace(config, **{name: 0})
    command = ["train", "patchalign3d", str(pack), str(tmp_path / "run"), "--preset", "tiny", "--steps", "-3"]
    assert main(command) == 2
    assert "steps is -3: give 1 or more" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_damaged_shard_stops_a_run_before_its_first_step(tmp_path):
    write_shapes(tmp_path / "in", 2)
    lift = LiftConfig(cameras="cops", size=48, points=256, groups=16, neighbours=8)
    lift_library(
        find_inputs([tmp_path / "in"]), tmp_path / "lifted", lift, open_colours, RunConfig(workers=0)
    )
    (unit,) = (tmp_path / "lifted").glob("units/*/*.safetensors")
    whole = unit.read_bytes()
    for damaged in (whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:], whole[:-100], b""):
        unit.write_bytes(damaged)
        with pytest.raises(InputError, match=f"{unit.name} is damaged.*lift its shapes again"):
            align_dino.train(align_dino.TINY, tmp_path / "lifted", tmp_path / "run")
    assert list((tmp_path / "run").iterdir()) == []
