"""DINOv2 or DINOv3, whichever is at hand, teaches CMAT through lifted features.

The towers are tiny, with random weights, in the format of the real ones. That they read the pictures of LAS is shown in
tests/test_las_pictures.py.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from test_vision import make

from partwise.cli import main
from partwise.lift.shards import LiftedShards

OBJECTS = Path(__file__).parent.parent / "examples" / "objects"


@pytest.mark.parametrize("kind", ["dinov2", "registers", "dinov3"])
def test_every_dino_teaches_cmat(kind, tmp_path):
    pytest.importorskip("embreex")
    tower = make(kind, tmp_path / kind)
    (tmp_path / "in").mkdir()
    shutil.copy(OBJECTS / "washer.glb", tmp_path / "in")
    sizes = ["--size", "112", "--points", "256", "--groups", "16", "--neighbours", "8"]
    lifted, cmat = (str(tmp_path / name) for name in ("lifted", "cmat"))
    assert main(["lift", str(tmp_path / "in"), "--out", lifted, "--encoder", str(tower), *sizes]) == 0
    (shape,) = LiftedShards(Path(lifted))
    assert np.isfinite(shape.features).all()
    assert shape.features.std(axis=0).max() > 0
    assert main(["train", "cmat", lifted, cmat, "--preset", "tiny", "--steps", "2"]) == 0
    saved = json.loads((tmp_path / "cmat" / "checkpoint" / "config.json").read_text())
    assert str(tower) in json.dumps(saved["teacher"])
    rows = (tmp_path / "cmat" / "curves.csv").read_text().splitlines()
    last = dict(zip(rows[0].split(","), rows[-1].split(","), strict=True))
    assert not last.pop("miou") + last.pop("largest_part")  # nothing to ask was named
    assert all(np.isfinite(float(value)) for value in last.values())
    assert float(last["aff"]) > 0
