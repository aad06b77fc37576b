"""`partwise data list|check|prepare|mock`: counts that must match, partial copies that say so, exit codes."""

import json
import shutil

import pytest

from partwise.cli import main
from partwise.datasets import faust, objaverse_general, scanobjectnn
from partwise.datasets.catalogue import DATASETS
from partwise.datasets.converted import Converted
from partwise.datasets.procedural import training_categories

SOME_SETS = ("faust-coarse", "objaverse-general", "laso")


def run(capsys, *arguments):
    code = main(["data", *(str(argument) for argument in arguments)])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_list_names_source_licence_and_state(tmp_path, capsys):
    run(capsys, "mock", "faust-coarse", "--root", tmp_path, "--prepared")
    code, out, _ = run(capsys, "list", "--root", tmp_path, "--json")
    rows = {row["name"]: row for row in json.loads(out)["datasets"]}
    assert code == 0
    assert set(rows) == set(DATASETS)
    assert all(row["where"] and row["licence"] and row["title"] for row in rows.values())
    assert [name for name, row in rows.items() if row["prepared"]] == ["faust-coarse"]
    assert rows["faust-coarse"]["splits"] == {"test": 3}
    assert rows["faust-coarse"]["made_up"]
    assert rows["shapenetpart"]["counts"]["test shapes"] == 2874
    code, out, _ = run(capsys, "list", "--root", tmp_path)
    assert "faust-coarse: FAUST" in out
    assert "3 test; made up" in out


def test_list_tells_of_a_damaged_manifest(tmp_path, capsys):
    run(capsys, "mock", "faust-coarse", "--root", tmp_path, "--prepared")
    (tmp_path / "faust-coarse" / "manifest.json").write_text("{")
    code, out, _ = run(capsys, "list", "--root", tmp_path)
    assert code == 0
    assert "manifest.json is no JSON" in out


def test_a_whole_copy_is_checked_and_prepared(tmp_path, capsys):
    scanobjectnn.mock(tmp_path / "copy", 0)
    code, out, _ = run(capsys, "check", "scanobjectnn-part", "--root", tmp_path / "copy")
    assert (code, out.endswith("is whole\n")) == (0, True)
    code, out, _ = run(
        capsys, "prepare", "scanobjectnn-part", "--source", tmp_path / "copy", "--root", tmp_path / "data", "--json"
    )  # fmt: skip
    record = json.loads(out)
    assert code == 0
    assert record["counts"] == {"train shapes": 15, "test shapes": 15, "objects": 30, "categories": 15}
    assert record["missing"] == []
    assert Converted(tmp_path / "data", "scanobjectnn-part").manifest.missing == ()
    code, _, err = run(
        capsys, "prepare", "scanobjectnn-part", "--source", tmp_path / "copy", "--root", tmp_path / "data"
    )
    assert code == 2
    assert "is there already" in err


def test_counts_must_match_unless_partial(tmp_path, capsys):
    objaverse_general.mock(tmp_path / "copy", 0)
    arguments = ("prepare", "objaverse-general", "--source", tmp_path / "copy", "--root", tmp_path / "data")
    code, _, err = run(capsys, *arguments)
    assert code == 3
    assert "2 unseen shapes, expected 50" in err
    assert list((tmp_path / "data").iterdir()) == []
    code, out, _ = run(capsys, *arguments, "--partial")
    assert code == 0
    assert "missing: 2 shapenetpart shapes, expected 32" in out
    manifest = Converted(tmp_path / "data", "objaverse-general").manifest
    assert manifest.missing == (
        "2 seen shapes, expected 50",
        "2 unseen shapes, expected 50",
        "2 shapenetpart shapes, expected 32",
    )


def test_a_split_that_is_gone_is_a_mismatch(tmp_path, capsys):
    objaverse_general.mock(tmp_path / "copy", 0)
    shutil.rmtree(tmp_path / "copy" / "seenclass")
    _, _, err = run(
        capsys, "prepare", "objaverse-general", "--source", tmp_path / "copy", "--root", tmp_path / "data"
    )
    assert "0 seen shapes, expected 50" in err


def test_a_check_lists_what_is_wrong(tmp_path, capsys):
    faust.mock(tmp_path, 0)
    (tmp_path / "FAUST" / "scans" / "tr_scan_002.obj").unlink()
    code, out, err = run(capsys, "check", "faust-coarse", "--root", tmp_path, "--json")
    record = json.loads(out)
    assert code == 3
    assert not record["whole"]
    assert any("tr_scan_002.obj" in line for line in record["problems"])
    assert "tr_scan_002.obj" in err


@pytest.mark.parametrize("name", SOME_SETS)
def test_a_mock_says_that_it_is_one(name, tmp_path, capsys):
    code, out, _ = run(capsys, "mock", name, "--root", tmp_path, "--prepared", "--seed", 3, "--json")
    record = json.loads(out)
    assert code == 0
    manifest = Converted(tmp_path, name).manifest
    assert manifest.made_up
    assert list(manifest.missing) == record["missing"]
    code, _, err = run(capsys, "mock", name, "--root", tmp_path)
    assert code == 2
    assert "is there already" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("check", "modelnet", "--root", "."), 2, "unknown data set 'modelnet': use one of shapenetpart"),
        (("prepare", "partnete"), 3, "huggingface.co/datasets/minghua/PartSLIP"),
        (("prepare", "partnete", "--source", "nowhere"), 3, "PartNetE_meta.json"),
        (("check", "partnete", "--root", "nowhere"), 3, "PartNetE_meta.json"),
        (("mock", "partnete", "--root", "file.txt"), 2, "cannot make the folder"),
        (("mock", "partnete", "--root", "x", "--seed", "-1"), 2, "seed is -1"),
    ],
)
def test_refusals(arguments, code, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.txt").write_text("")
    found, _, err = run(capsys, *arguments)
    assert found == code
    assert message in err


def test_the_procedural_world_needs_no_source(tmp_path, capsys):
    code, out, _ = run(capsys, "prepare", "procedural", "--root", tmp_path)
    assert code == 0
    assert f"{len(training_categories())} held-out-seeds shapes" in out
    assert "categories" not in out.replace("held-out-categories", "")  # each shape has names of its own
    assert Converted(tmp_path, "procedural").manifest.missing == ()
