"""Stage 1: patches learn their lifted features, a killed run ends where a whole one does, stage 2 takes over."""

import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import lift_helpers
import numpy as np
import pytest
import torch

from partwise import Segmenter, Shape
from partwise.datasets.packed import write_pack
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.world.surface import Scan
from partwise.encoders.asking import open_embedder
from partwise.errors import CheckpointError, InputError, MissingDataError
from partwise.lift.lifting import LiftConfig
from partwise.lift.precompute import RunConfig, find_inputs, lift_library
from partwise.lift.shards import LiftedShards
from partwise.models.patchalign3d import PatchAlign3D, PatchAlign3DConfig
from partwise.models.pointalign3d import PointAlign3DConfig
from partwise.pretrained import build_model, open_pretrained
from partwise.train.align_dino import (
    PAPER,
    PRESETS,
    RELEASE,
    AlignDinoConfig,
    as_taught,
    make_batch,
    teach,
    train,
)
from partwise.train.align_jointly import AlignJointlyConfig
from partwise.train.align_jointly import train as train_jointly
from partwise.train.align_text import make_module
from partwise.train.align_text_presets import TINY as STAGE2
from partwise.train.batches import BatchConfig
from partwise.train.state import TrainingState

SIZES = PointAlign3DConfig(token_hidden=(16, 32, 64), token_width=32, width=48, depth=2)
CONFIG = AlignDinoConfig(
    replace(SIZES.encoder(), groups=16, group_size=8),
    steps=8,
    batch=4,
    rate=2e-3,
    head_rate=5e-3,
    save_every=2,
)


@pytest.fixture(scope="module")
def lifted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lifted")
    lift_helpers.write_shapes(folder / "in", 10)
    lift = LiftConfig(cameras="cops", size=64, points=256, groups=16, neighbours=8)
    lift_library(
        find_inputs([folder / "in"]), folder / "out", lift, lift_helpers.open_colours, RunConfig(workers=0)
    )
    return folder / "out"


def losses(out):
    rows = (out / "curves.csv").read_text().splitlines()[1:]
    return [float(row.split(",")[1]) for row in rows]


def test_ten_shapes_are_learned(lifted, tmp_path):
    train(replace(CONFIG, steps=20), lifted, tmp_path / "a")
    train(replace(CONFIG, steps=120), lifted, tmp_path / "b")
    assert losses(tmp_path / "b")[-1] < 0.7 * losses(tmp_path / "a")[-1]


def test_a_process_killed_outright_resumes_bit_for_bit(lifted, tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from pathlib import Path\n"
        "import torch; torch.set_num_threads(1)\n"
        "from test_align_dino import CONFIG, train; from dataclasses import replace\n"
        f"train(replace(CONFIG, steps=30), Path({str(lifted)!r}), Path(sys.argv[1]))"
    )

    def start(out):
        return subprocess.Popen(
            [sys.executable, "-c", code, str(out)], env={**os.environ, "OMP_NUM_THREADS": "1"}
        )

    killed = start(tmp_path / "a")
    deadline = time.monotonic() + 120
    while not (tmp_path / "a" / "state.safetensors").is_file() and time.monotonic() < deadline:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / "a" / "checkpoint").exists()
    assert start(tmp_path / "a").wait() == start(tmp_path / "b").wait() == 0
    first, second = (tmp_path / name / "checkpoint" / "model.safetensors" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_stage_two_takes_the_encoder_and_leaves_the_head(lifted, tmp_path):
    folder = train(replace(CONFIG, steps=1), lifted, tmp_path / "a")
    stage1 = build_model(open_pretrained(folder))
    assert isinstance(stage1, PatchAlign3D)
    model = make_module(replace(STAGE2, model=replace(SIZES, group_size=8)), folder).model
    ours, theirs = model.encoder.state_dict(), stage1.state_dict()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours if not key.startswith("head."))
    assert ours["head.weight"].shape != theirs["head.weight"].shape
    with pytest.raises(InputError, match="other sizes"):
        make_module(replace(STAGE2, model=PatchAlign3DConfig()), folder)


def test_one_stage_learns_from_words_and_teacher_together(lifted, tmp_path):
    write_pack(
        tmp_path / "pack", ProceduralShapes(5, ("chair", "mug"), Scan(points=256), 8, heat=False), 8, 256
    )
    text = replace(
        STAGE2,
        model=replace(CONFIG.model, text_width=384),
        steps=30,
        batches=BatchConfig(batch=4, points=(256,)),
        train_blocks=-1,
        save_every=10,
    )
    config = AlignJointlyConfig(text, CONFIG)
    embedder = open_embedder("minilm", None, "part_only")
    folder = train_jointly(config, tmp_path / "pack", lifted, tmp_path / "run", embedder)
    rows = [line.split(",") for line in (tmp_path / "run" / "curves.csv").read_text().splitlines()[1:]]
    assert float(rows[-1][1]) < float(rows[0][1])
    assert float(rows[-1][2]) < float(rows[0][2])
    parts = Segmenter.from_pretrained(folder).segment(Shape.of(torch.rand(300, 3)), ["leg", "seat"])
    assert len(parts.labels) == 300
    # Finished runs are not run again, and one with other settings is refused.
    assert train_jointly(config, tmp_path / "pack", lifted, tmp_path / "run", embedder) == folder
    with pytest.raises(CheckpointError, match="other settings"):
        train_jointly(
            replace(config, distillation_weight=2.0), tmp_path / "pack", lifted, tmp_path / "run", embedder
        )
    point = replace(text, model=replace(SIZES, text_width=384))
    with pytest.raises(InputError, match="PatchAlign3DConfig"):
        train_jointly(
            AlignJointlyConfig(point, CONFIG), tmp_path / "pack", lifted, tmp_path / "other", embedder
        )


def test_turned_shapes_turn_with_their_centres(lifted):
    shapes = list(LiftedShards(lifted))
    plain = make_batch(shapes, CONFIG, 0, range(4))
    turned = make_batch(shapes, replace(CONFIG, yaw=1.0), 0, range(4))
    for still, moved in ((plain.points, turned.points), (plain.centers, turned.centers)):
        assert not torch.allclose(still, moved, atol=1e-3)
        assert torch.allclose(still[..., 1].sort(dim=1).values, moved[..., 1].sort(dim=1).values, atol=1e-5)
    # A centre is one of the points: its distance to them is zero before and after.
    assert torch.cdist(turned.centers, turned.points).amin(dim=2).max() < 1e-3


def test_half_precision_keeps_its_scaler(tmp_path):
    def fresh():
        model = torch.nn.Linear(2, 2)
        scaler = torch.amp.GradScaler("cpu", enabled=True, init_scale=8.0, growth_interval=3)
        return TrainingState({"model": model}, torch.optim.AdamW(model.parameters()), scaler=scaler)

    state = fresh()
    for _ in range(4):
        state.scaler.scale(state.modules["model"](torch.ones(1, 2)).sum()).backward()
        state.scaler.step(state.optimizer)
        state.scaler.update()
        state.step += 1
    state.save(tmp_path, {})
    again = fresh()
    assert again.load(tmp_path, {})
    assert again.scaler.state_dict() == state.scaler.state_dict()
    assert again.scaler.get_scale() == 16.0  # it grew once after three good steps


def test_data_that_are_missing_and_runs_of_other_settings(lifted, tmp_path):
    with pytest.raises(MissingDataError, match="partwise lift"):
        train(CONFIG, tmp_path, tmp_path / "run")
    train(replace(CONFIG, steps=2), lifted, tmp_path / "run")
    with pytest.raises(CheckpointError, match="other settings"):
        train(replace(CONFIG, steps=3), lifted, tmp_path / "run")
    with pytest.raises(InputError, match="equal pieces"):
        replace(CONFIG, batch=5, accumulate=2)
    with pytest.raises(InputError, match="precision"):
        replace(CONFIG, precision="fp8")


def test_presets():
    assert PAPER.model == PatchAlign3DConfig()
    assert (PAPER.batch, PAPER.rate, PAPER.head_rate, PAPER.weight_decay) == (32, 1e-4, 5e-4, 0.05)
    assert (PAPER.target, PAPER.box, PAPER.yaw, PAPER.precision) == ("own", "unit_sphere", 0.0, "fp32")
    assert replace(PAPER, precision="fp16", target="stored", box="max_abs_075") == RELEASE
    # The legs that were trained here keep the rule they were trained with.
    assert {(PRESETS[name].target, PRESETS[name].box) for name in ("small", "tiny")} == {("stored", None)}
    assert set(PRESETS) == {"paper", "release", "small", "tiny"}


def test_shapes_that_are_kept_back_are_asked_now_and_then(lifted, tmp_path):
    lift_helpers.write_shapes(tmp_path / "in", 14)
    for number in range(10):  # those of `lifted`
        next((tmp_path / "in").glob(f"*{number:02d}*")).unlink()
    lift = LiftConfig(cameras="cops", size=64, points=256, groups=16, neighbours=8)
    inputs = find_inputs([tmp_path / "in"])
    lift_library(inputs, tmp_path / "out", lift, lift_helpers.open_colours, RunConfig(workers=0))
    config = replace(CONFIG, steps=60, save_every=60, validate_every=30)
    train(config, lifted, tmp_path / "a", held_out=tmp_path / "out")
    rows = list(csv.DictReader((tmp_path / "a" / "curves.csv").open()))
    asked = {int(row["step"]): float(row["validation"]) for row in rows if row["validation"]}
    assert list(asked) == [0, 30, 60]
    assert asked[60] < asked[30] < 1
    train(config, lifted, tmp_path / "b")
    weights = [(tmp_path / run / "checkpoint" / "model.safetensors").read_bytes() for run in "ab"]
    assert weights[0] == weights[1]  # nothing is learned from them
    with pytest.raises(InputError, match="10 of which are trained on"):
        train(config, lifted, tmp_path / "c", held_out=lifted)


@pytest.fixture(scope="module")
def lifted_points(lifted):
    """The same shapes with the features of their points."""
    folder = lifted.parent / "points"
    lift = LiftConfig(cameras="cops", size=64, points=256, groups=16, neighbours=8, keep_points=True)
    inputs = find_inputs([lifted.parent / "in"])
    lift_library(inputs, folder, lift, lift_helpers.open_colours, RunConfig(workers=0))
    return folder


def cosine_to(target, predicted):
    return torch.nn.functional.cosine_similarity(target, predicted, dim=-1)


def test_patches_are_taught_by_their_own_points_or_by_the_nearest_stored_patch(lifted_points):
    """Both rules against loops over shapes and patches; features at random, so that each patch has its own."""
    rng = np.random.default_rng(0)
    shapes = [
        replace(
            shape,
            features=rng.standard_normal(shape.features.shape).astype(np.float16),
            point_features=rng.standard_normal(shape.point_features.shape).astype(np.float16),
        )
        for shape in LiftedShards(lifted_points)
    ]
    config = replace(CONFIG, yaw=0.5)
    own = make_batch(as_taught(shapes, config), config, 1, range(4))
    stored = make_batch(as_taught(shapes, replace(config, target="stored")), config, 1, range(4))
    assert stored.point_features is None
    assert torch.equal(own.points, stored.points)
    model = PatchAlign3D(replace(CONFIG.model, text_width=8)).eval()
    with torch.no_grad():
        embedding = model(own.points)
        losses = {"own": 0.0, "stored": 0.0}
        apart = 0.0
        for b in range(4):
            for g in range(16):
                vector = embedding.features[b, g]
                mean = torch.stack([own.point_features[b, i].float() for i in embedding.patches.index[b, g]])
                losses["own"] += 1 - float(cosine_to(mean.mean(dim=0), vector))
                centre = own.points[b, embedding.patches.index[b, g, 0]]
                distance = (stored.centers[b] - centre).norm(dim=1)
                losses["stored"] += 1 - float(cosine_to(stored.features[b, distance.argmin()], vector))
                apart += float(distance.min())
        for name, batch, expected in (("own", own, 0.0), ("stored", stored, apart / 64)):
            loss, found = teach(embedding.features, embedding, batch)
            assert loss.item() == pytest.approx(losses[name] / 64, abs=1e-5)
            assert found.item() == pytest.approx(expected, abs=1e-5)
    assert apart > 0
    assert losses["own"] != pytest.approx(losses["stored"], rel=0.01)


def test_points_keep_their_features_in_the_new_order(lifted_points):
    shapes = list(LiftedShards(lifted_points))
    batch = make_batch(shapes, CONFIG, 0, range(4))
    assert batch.point_features is not None
    for points, features in zip(batch.points, batch.point_features, strict=True):
        shape = next(s for s in shapes if {*map(tuple, s.points.tolist())} == {*map(tuple, points.tolist())})
        at = {tuple(place): row for row, place in enumerate(shape.points.tolist())}
        order = [at[tuple(place)] for place in points.tolist()]
        assert order != sorted(order)
        assert torch.equal(features, torch.from_numpy(shape.point_features)[order])


@pytest.mark.parametrize("target", ["own", "stored"])
def test_the_distance_of_stored_centres_is_logged(lifted_points, lifted, tmp_path, target, capsys):
    config = replace(CONFIG, steps=1, target=target)
    train(config, lifted_points, tmp_path / "points")
    train(config, lifted, tmp_path / "patches")
    for name in ("points", "patches"):
        head, row = (tmp_path / name / "curves.csv").read_text().splitlines()
        apart = float(row.split(",")[head.split(",").index("centre_distance")])
        assert (apart == 0) == (name == "points" and target == "own")
    # Where own features are asked for and there are none, the run says so and does as the release.
    assert capsys.readouterr().out.count("taught by the nearest stored ones") == (target == "own")
    weights = [
        (tmp_path / n / "checkpoint" / "model.safetensors").read_bytes() for n in ("points", "patches")
    ]
    assert (weights[0] == weights[1]) == (target == "stored")


def test_stage_one_shows_shapes_in_the_box_of_its_preset(lifted):
    shapes = list(LiftedShards(lifted))
    as_lifted = make_batch(shapes, CONFIG, 0, range(4))
    for box, measure in (
        ("unit_sphere", lambda x: x.norm(dim=2)),
        ("max_abs_075", lambda x: x.abs().amax(2)),
    ):
        batch = make_batch(shapes, replace(CONFIG, box=box), 0, range(4))
        reach = 1.0 if box == "unit_sphere" else 0.75
        assert measure(batch.points).amax(dim=1).tolist() == pytest.approx([reach] * 4, abs=1e-5)
        assert batch.points.mean(dim=1).abs().max() < 1e-5
        assert torch.cdist(batch.centers, batch.points).amin(dim=2).max() < 1e-3
        assert not torch.allclose(batch.points, as_lifted.points, atol=1e-3)
    with pytest.raises(InputError, match="unknown box"):
        replace(CONFIG, box="cube")
    with pytest.raises(InputError, match="unknown target"):
        replace(CONFIG, target="nearest")


def test_shapes_kept_back_are_lifted_as_those_to_train_on(lifted_points, tmp_path):
    lift_helpers.write_shapes(tmp_path / "in", 12)
    for number in range(10):
        (tmp_path / "in" / sorted(p.name for p in (lifted_points.parent / "in").iterdir())[number]).unlink()
    lift = LiftConfig(cameras="cops", size=64, points=256, groups=16, neighbours=8)
    inputs = find_inputs([tmp_path / "in"])
    lift_library(inputs, tmp_path / "held", lift, lift_helpers.open_colours, RunConfig(workers=0))
    with pytest.raises(InputError, match="--keep-points"):
        train(CONFIG, lifted_points, tmp_path / "a", held_out=tmp_path / "held")
    config = replace(CONFIG, steps=1, target="stored", box="unit_sphere")
    train(config, lifted_points, tmp_path / "b", held_out=tmp_path / "held")
    assert 0 < float((tmp_path / "b" / "curves.csv").read_text().splitlines()[-1].split(",")[2]) < 2
