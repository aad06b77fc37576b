"""A disk that takes no more: one error with a name, exit code 2, and every file that was there as it was.

The disk is a limit on the size of a file, which the system enforces at the same calls, with another number.
"""

import contextlib
import os
import resource
import subprocess
import sys

import numpy as np
import pytest
import torch
from test_train import pack  # noqa: F401 - a fixture

from partwise import files
from partwise.checkpoint import open_checkpoint, save_checkpoint
from partwise.cli import main
from partwise.errors import InputError
from partwise.evaluate.log import RunLog
from partwise.lift.shards import LiftedShape, read_header, write_unit
from partwise.train.state import Curves, TrainingState


@contextlib.contextmanager
def full_disk(room=4096):
    """No file can grow beyond `room` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("suffix", ["ply", "npz", "json", "html", "png"])
def test_segment_ends_with_exit_code_2_and_leaves_the_old_result(checkpoint, cloud, tmp_path, capsys, suffix):
    np.save(tmp_path / "table.npy", cloud)
    (tmp_path / f"result.{suffix}").write_bytes(b"old")
    before = contents(tmp_path)
    command = ["segment", tmp_path / "table.npy", "table top", "leg", "--model", checkpoint]
    with full_disk(64):
        code = main([*map(str, command), "--out", str(tmp_path / f"result.{suffix}")])
    message = capsys.readouterr().err
    assert code == 2
    assert f"cannot write {tmp_path / f'result.{suffix}'}: File too large; make room" in message
    assert "Traceback" not in message
    assert contents(tmp_path) == before


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
@pytest.mark.parametrize("checkpoint", ["patchalign3d"], indirect=True)
def test_an_answer_that_standard_output_cannot_take(checkpoint):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "partwise.cli", "info", str(checkpoint)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr == "partwise: cannot write: No space left on device; make room, then try again\n"


def test_checkpoints_and_states_stay_as_they_were(tmp_path):
    module = torch.nn.Linear(40, 40)
    state = TrainingState({"module": module}, torch.optim.AdamW(module.parameters()))
    state.save(tmp_path, {})
    save_checkpoint(tmp_path / "checkpoint", {"architecture": "x"}, module.state_dict())
    before = contents(tmp_path)
    torch.nn.init.zeros_(module.weight)
    with full_disk():
        with pytest.raises(InputError, match=r"state\.safetensors: File too large"):
            state.save(tmp_path, {})
        with pytest.raises(InputError, match=r"model\.safetensors: File too large"):
            save_checkpoint(tmp_path / "checkpoint", {"architecture": "x"}, module.state_dict())
    assert contents(tmp_path) == before
    assert open_checkpoint(tmp_path / "checkpoint").config["architecture"] == "x"


def test_a_run_on_a_full_disk_ends_with_one_line_after_its_bar(pack, tmp_path, capsys):  # noqa: F811
    command = ["train", "patchalign3d", str(pack), str(tmp_path / "run"), "--preset", "tiny", "--steps", "1"]
    with full_disk():
        assert main(command) == 2
    lines = capsys.readouterr().err.replace("\r", "\n").splitlines()
    message = f"partwise: cannot write {tmp_path / 'run' / 'state.safetensors'}: File too large"
    assert [line.startswith(message) for line in lines if "partwise: " in line] == [True]


def test_a_row_that_a_full_disk_tore_is_left_out_when_the_run_goes_on(tmp_path):
    curves = Curves(tmp_path, ("loss",), 0)
    curves.add(20, loss=1.0)
    size = curves.path.stat().st_size
    with full_disk(size + 4), pytest.raises(InputError, match=r"curves\.csv: File too large"):
        curves.add(4000, loss=2.0)
    assert curves.path.read_text().splitlines()[-1] == "4000"
    again = Curves(tmp_path, ("loss",), 5000)
    again.add(5001, loss=3.0)
    assert again.path.read_text().split() == ["step,loss", "20,1", "5001,3"]


def test_a_log_goes_on_where_the_disk_was_full(tmp_path):
    path = tmp_path / "run.jsonl"
    log = RunLog(path, {"run": 1})
    log.add(0, "a", "asked", {"x": 1})
    with full_disk(path.stat().st_size + 10), pytest.raises(InputError, match=r"run\.jsonl: File too large"):
        log.add(0, "b", "asked", {"x": 2})
    again = RunLog(path, {"run": 1})
    assert again.get(0, "a", "asked") == {"x": 1}
    assert again.get(0, "b", "asked") is None
    with full_disk(0), pytest.raises(InputError, match=r"new\.jsonl: File too large"):
        RunLog(tmp_path / "new.jsonl", {})


def test_lifted_units_appear_whole_or_not_at_all(tmp_path):
    shape = LiftedShape(
        source="a.glb",
        sha256="0" * 64,
        points=np.zeros((400, 3), np.float32),
        faces=np.zeros(400, np.int32),
        seen=np.zeros(400, bool),
        centers=np.zeros((8, 3), np.float32),
        patches=np.zeros((8, 4), np.int32),
        features=np.zeros((8, 16), np.float16),
        to_canonical=np.eye(4),
    )
    with full_disk(), pytest.raises(InputError, match="File too large"):
        write_unit(tmp_path, "ab12", "settings", [shape], [])
    assert contents(tmp_path) == {}
    assert len(read_header(write_unit(tmp_path, "ab12", "settings", [shape], [])).shapes) == 1


def test_other_errors_of_the_system_keep_their_names(tmp_path):
    with pytest.raises(IsADirectoryError), files.refusals_of_disk(tmp_path):
        tmp_path.read_bytes()


def test_folders_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for name in ("file", "file/below", "a\0b"):
        with pytest.raises(InputError, match="cannot make the folder"):
            files.make_folder(tmp_path / name)
    assert files.make_folder(str(tmp_path / "a" / "b")).is_dir()
