"""`partwise data`: sheets and packs, and what is refused before any work."""

import json

import numpy as np
import pytest
import trimesh
from PIL import Image

from partwise.cli import main
from partwise.datasets.mixture import COMPOSED_WEIGHT, TrainingShapes, weighted_categories
from partwise.datasets.packed import Pack
from partwise.datasets.procedural import HELD_OUT, training_categories
from partwise.errors import InputError, MissingDataError


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.fixture
def objects(tmp_path):
    """A fridge, and a teapot that must not be trained on."""
    folder, rows = tmp_path / "objects", []
    folder.mkdir()
    for category, split in (("fridge", "train"), ("teapot", "train"), ("oven", "val")):
        scene = trimesh.Scene()
        scene.add_geometry(trimesh.creation.box((1, 1, 1)), node_name="A")
        scene.add_geometry(trimesh.creation.box((1, 1, 2)), node_name="B")
        scene.export(folder / f"{category}.glb")
        nodes = [{"name": "A", "clean_part_name": "body"}, {"name": "B", "clean_part_name": "knob"}]
        rows.append({"path": f"{category}.glb", "category": category, "split": split, "nodes": nodes})
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["sheet.png", "sheet.jpg"])
def test_preview_writes_a_sheet(tmp_path, capsys, name):
    code, out, _ = run(
        capsys, "data", "preview", "--out", tmp_path / name, "--categories", "mug", "stool", "--each", 2
    )
    assert code == 0
    assert "4 shapes of 2 categories" in out
    with Image.open(tmp_path / name) as sheet:
        assert sheet.size == (4 * 240, 286)
        assert np.asarray(sheet.convert("RGB"))[:240].min() < 200


def test_pack_holds_the_world_and_the_real_objects(tmp_path, objects, capsys):
    code, out, err = run(
        capsys, "data", "pack", tmp_path / "pack", "--count", 5, "--points", 64,
        "--objects", objects, "--repeats", 3, "--seed", 2, "--heat",
    )  # fmt: skip
    assert code == 0, err
    assert "8 shapes" in out
    pack = Pack(tmp_path / "pack")
    assert [pack[i].category for i in range(5, 8)] == ["fridge"] * 3
    assert pack[0].uid.startswith("procedural/")
    assert pack[0].points.shape == (64, 3)
    assert not np.array_equal(pack[5].points, pack[6].points)
    assert (bool(pack[0].actions), pack[5].actions) == (True, ())
    code, _, err = run(capsys, "data", "pack", tmp_path / "pack", "--count", 5)
    assert code == 2
    assert "holds a pack already" in err


def test_the_same_seed_gives_the_same_pack(tmp_path, capsys):
    for name, seed, workers in (("a", 1, 1), ("b", 1, 2), ("c", 2, 1)):
        sizes = ("--count", 2, "--points", 32, "--workers", workers)
        assert run(capsys, "data", "pack", tmp_path / name, *sizes, "--seed", seed)[0] == 0
    a, b, c = (Pack(tmp_path / name)[1].points for name in "abc")
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_compositions_come_more_often_and_held_out_categories_never():
    turns = weighted_categories()
    assert not set(turns) & set(HELD_OUT)
    assert set(turns) == set(training_categories())
    assert turns.count("composed gadget") == COMPOSED_WEIGHT
    assert turns.count("chair") == 1
    assert weighted_categories(("chair", "chair"))[: len(turns)] == turns
    assert weighted_categories(("chair", "chair")).count("chair") == 3
    with pytest.raises(InputError, match=r"\['teapot'\] are no training categories"):
        weighted_categories(("chair", "teapot"))


def test_a_mixture_without_its_folder_says_so(tmp_path):
    with pytest.raises(MissingDataError, match=r"no manifest\.jsonl"):
        TrainingShapes(3, objects=tmp_path)
    shapes = TrainingShapes(3, points=32)
    assert len(shapes) == 3
    np.testing.assert_array_equal(shapes[2].points, list(shapes)[2].points)
    with pytest.raises(IndexError, match=r"3 is not within 0\.\.2"):
        shapes[3]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["preview", "--out", "{folder}/a.png", "--each", "0"], 2, "each is 0"),
        (["preview", "--out", "{folder}/a.png", "--columns", "0"], 2, "columns is 0"),
        (["preview", "--out", "{folder}/a.png", "--seed", "-1"], 2, "seed is -1"),
        (["preview", "--out", "{folder}/a.png", "--categories", "unicorn"], 2, "unicorn"),
        (["preview", "--out", "{folder}/a.docx"], 2, "a.docx"),
        (["preview", "--out", "{folder}/nowhere/a.png"], 2, "nowhere"),
        (["pack", "{folder}/pack", "--count", "0"], 2, "count is 0: give"),
        (["pack", "{folder}/pack", "--count", "1", "--points", "0"], 2, "points is 0: give"),
        (["pack", "{folder}/pack", "--count", "1", "--seed", "-1"], 2, "seed is -1: give"),
        (["pack", "{folder}/pack", "--count", "1", "--repeats", "0"], 2, "repeats is 0: give"),
        (["pack", "{folder}/file", "--count", "1"], 2, "is a file"),
        (["pack", "{folder}/pack", "--count", "1", "--objects", "{folder}"], 3, "manifest.jsonl"),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_work(tmp_path, capsys, arguments, code, message):
    (tmp_path / "file").write_text("")
    found, out, err = run(capsys, "data", *(a.format(folder=tmp_path) for a in arguments))
    assert found == code
    assert message in err
    assert out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("task", ["preview", "pack"])
def test_help_shows_examples(capsys, task):
    with pytest.raises(SystemExit) as stop:
        main(["data", task, "--help"])
    assert stop.value.code == 0
    assert f"partwise data {task}" in capsys.readouterr().out
