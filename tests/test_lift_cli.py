"""`partwise lift` as a person runs it, with a tiny vision transformer saved in the real format."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_vision import make

from partwise.cli import main
from partwise.lift.shards import LiftedShards

OBJECTS = Path(__file__).parent.parent / "examples" / "objects"
SMALL = ["--size", "56", "--points", "256", "--groups", "16", "--neighbours", "8", "--per-unit", "1"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return make("dinov2", tmp_path_factory.mktemp("vit") / "tiny")


@pytest.fixture
def library(tmp_path):
    for name in ("car.glb", "washer.glb"):
        (tmp_path / "in").mkdir(exist_ok=True)
        shutil.copy(OBJECTS / name, tmp_path / "in" / name)
    return tmp_path / "in"


def test_real_objects_become_shards_once(library, encoder, tmp_path, capsys):
    (library / "broken.glb").write_bytes(b"glTF but not really")
    command = ["lift", str(library), "--out", str(tmp_path / "out"), "--encoder", str(encoder), *SMALL]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "3 shapes" in said
    assert "2 shapes (0 from before)" in said
    assert "set aside broken.glb" in said
    shards = LiftedShards(tmp_path / "out")
    assert shards.sources == ["car.glb", "washer.glb"]
    assert all(np.isfinite(shape.features).all() and shape.features.any() for shape in shards)
    before = (tmp_path / "out" / "manifest.json").read_bytes()
    assert main(command) == 0
    assert "2 shapes (2 from before)" in capsys.readouterr().out
    assert (tmp_path / "out" / "manifest.json").read_bytes() == before


def test_a_preview_shows_pictures_lifted_and_learned_features(library, encoder, tmp_path):
    sheet = tmp_path / "sheet.png"
    command = ["lift", str(library), "--out", str(tmp_path / "out"), "--encoder", str(encoder), *SMALL]
    assert main([*command, "--preview", str(sheet)]) == 0
    with Image.open(sheet) as image:
        picture = np.asarray(image)
    assert picture.shape[:2] == (2 * 3 * 56, 6 * 56)  # two shapes of three rows, six views
    assert len(np.unique(picture[56:112].reshape(-1, 3), axis=0)) > 50


def test_what_cannot_be_done_says_so(library, encoder, tmp_path, capsys):
    command = ["lift", str(library), "--out", str(tmp_path / "out"), "--encoder", str(encoder), *SMALL]
    assert main([*command, "--max-disk-gb", "0.0000001"]) == 2
    assert "the run needs" in capsys.readouterr().err
    assert main([*command, "--preview", "sheet.tiff"]) == 2
    assert main([*command, "--views", "5"]) == 2  # not an option that is silently lost
    assert main(["lift", str(tmp_path / "nowhere"), *command[2:]]) == 3
    assert main([*command[:5], str(tmp_path / "no_encoder"), *SMALL]) in (2, 3)
    assert not list((tmp_path / "out").glob("manifest.json"))


@pytest.mark.parametrize("preset", ["cmat_release", "patchalign3d", "cops"])
def test_presets_of_the_sources(library, encoder, tmp_path, preset):
    (library / "car.glb").unlink()
    command = ["lift", str(library), "--out", str(tmp_path / "out"), "--encoder", str(encoder), *SMALL]
    assert main([*command, "--preset", preset]) == 0
    settings = json.loads((tmp_path / "out" / "manifest.json").read_text())["settings"]
    assert settings["config"]["cameras"] == settings["config"]["projection"] == preset
    assert settings["config"]["points"] == 256  # what was said wins over the preset


def test_any_layout_and_features_of_every_point(library, encoder, tmp_path):
    (library / "car.glb").unlink()
    command = ["lift", str(library), "--out", str(tmp_path / "out"), "--encoder", str(encoder), *SMALL]
    assert main([*command, "--cameras", "uniform", "--views", "5", "--keep-points"]) == 0
    shards = LiftedShards(tmp_path / "out")
    assert len(shards.settings["cameras"]) == 5
    shape = shards[0]
    assert shape.point_features.shape == (256, shape.features.shape[1])
    pooled = shape.point_features[shape.patches].astype(np.float32).mean(axis=1)
    np.testing.assert_allclose(shape.features, pooled, atol=2e-3)


def test_presets_bring_points_and_patches(library, encoder, tmp_path):
    (library / "car.glb").unlink()
    command = [
        "lift",
        str(library),
        "--out",
        str(tmp_path / "out"),
        "--encoder",
        str(encoder),
        "--size",
        "56",
    ]
    assert main([*command, "--preset", "cmat_paper"]) == 0
    shape = LiftedShards(tmp_path / "out")[0]
    assert (shape.points.shape, shape.patches.shape) == ((1024, 3), (64, 32))
