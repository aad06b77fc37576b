"""The command line: exit codes, one line on stderr, no half files, JSON that parses."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from partwise.cli import main


@pytest.fixture
def table(tmp_path, cloud, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("table.npy", cloud)
    return tmp_path / "table.npy"


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_segment_writes_by_default_and_reports(checkpoint, table, tmp_path, capsys):
    code, out, _ = run(capsys, "segment", table, "table top", "leg", "--model", checkpoint)
    assert code == 0
    assert "table top" in out
    assert {p.name for p in tmp_path.iterdir()} == {"table.npy", "table.parts.ply", "table.parts.json"}


def test_segment_writes_what_is_asked_and_prints_json(checkpoint, table, tmp_path, capsys):
    code, out, _ = run(
        capsys, "segment", table, "leg", "seat", "--model", checkpoint, "--up", "z", "--json",
        "--out", tmp_path / "a.npz", tmp_path / "b.html",
    )  # fmt: skip
    record = json.loads(out)
    assert code == 0
    assert record["up"]["axis"] == "z"
    assert record["written"] == [str(tmp_path / "a.npz"), str(tmp_path / "b.html")]
    assert sum(label["count"] for label in record["labels"]) == 5000


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["segment", "nowhere.glb", "leg"], 3, "nowhere.glb"),
        (["segment", "{table}", "leg", "LEG"], 2, "both 'leg'"),
        (["segment", "{table}", "leg", "seat", "--out", "a.docx"], 2, "a.docx"),
        (["segment", "{table}", "leg", "seat", "--up", "w"], 2, "up axis 'w'"),
        (["segment", "{table}", "leg", "seat", "--none-below", "7"], 2, "none_below"),
        (["segment", "{table}", "leg", "seat", "--device", "abacus"], 2, "abacus"),
        (["segment", "{table}", "leg", "seat", "--model", "no/such/model"], 3, "no/such/model"),
        (["segment", "broken.ply", "leg"], 2, "broken.ply"),
        (["segment", "pickled.npy", "leg"], 4, "pickled.npy"),
        (["doctor", "nowhere.glb"], 3, "nowhere.glb"),
        (["convert", "patchalign3d", "nowhere.pt", "out"], 3, "nowhere.pt"),
        (["textbank", "nowhere.txt", "bank.safetensors"], 3, "nowhere.txt"),
        (["textbank", "words.txt", "nowhere/bank.safetensors"], 2, "create it first"),
        (["info", "nowhere"], 3, "nowhere"),
    ],
)
def test_errors_are_one_line_with_their_exit_code(
    checkpoint, table, tmp_path, capsys, arguments, code, message
):
    (tmp_path / "broken.ply").write_bytes(b"ply\nformat binary_little_endian 1.0\nelement vertex 99")
    np.save(tmp_path / "pickled.npy", np.array([{}], dtype=object), allow_pickle=True)
    before = {p.name for p in tmp_path.iterdir()}
    arguments = [a.format(table=table) for a in arguments]
    if arguments[0] == "segment" and "--model" not in arguments:
        arguments += ["--model", str(checkpoint)]
    found, out, err = run(capsys, *arguments)
    assert found == code
    assert message in err
    lines = [line for line in err.splitlines() if not line.endswith(" ...")]  # progress, on a slow machine
    assert len(lines) == 1
    assert out == ""
    assert {p.name for p in tmp_path.iterdir()} == before


def test_a_reader_that_leaves_the_help_is_no_error():
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [sys.executable, "-m", "partwise.cli", "eval", "--help"],
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (0, b"")


def test_doctor_describes_and_tests(checkpoint, table, capsys):
    code, out, _ = run(capsys, "doctor", table, "table top", "leg", "--model", checkpoint)
    assert code == 0
    for word in ("extent", "up", "spacing", "duplicates", "coverage", "labels"):
        assert word in out
    code, out, _ = run(capsys, "doctor", table, "table top", "leg", "--model", checkpoint, "--json")
    report = json.loads(out)
    assert 0 <= report["stability"]["rotated"] <= 1
    assert report["examination"]["points"] == 5000


def test_doctor_without_words_asks_about_common_parts(checkpoint, table, capsys):
    code, out, _ = run(capsys, "doctor", table, "--model", checkpoint)
    assert code == 0
    assert "handle" in out
    assert "turned at random" in out


def test_info_of_a_checkpoint(checkpoint, capsys):
    code, out, _ = run(capsys, "info", checkpoint, "--json")
    report = json.loads(out)
    assert code == 0
    assert report["model"]["segmenter"]["points"] == 2048
    assert report["versions"]["torch"]
    assert run(capsys, "info", checkpoint)[0] == 0


def test_help_shows_examples(capsys):
    for command in ("segment", "doctor", "convert", "textbank", "info"):
        with pytest.raises(SystemExit) as stop:
            main([command, "--help"])
        assert stop.value.code == 0
        text = capsys.readouterr().out
        assert "Example" in text
        assert text.count(f"partwise {command}") >= 2  # the usage line, and an example


def test_wrong_usage_exits_with_2():
    run = subprocess.run(
        [sys.executable, "-c", "from partwise.cli import entry; entry()"], capture_output=True
    )
    assert run.returncode == 2


def test_a_reader_that_leaves_early_is_no_error(checkpoint):
    code = f"from partwise.cli import main; raise SystemExit(main(['info', {str(checkpoint)!r}]))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait()
