from __future__ import annotations

import functools
import itertools
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import lift_helpers
import numpy as np
import pytest
import torch
import trimesh

from partwise.errors import InputError, MissingDataError, MissingExtraError
from partwise.lift.lifting import LiftConfig, draw_points, lift_shape, sample_points
from partwise.lift.precompute import (
    EncoderConfig,
    Progress,
    RunConfig,
    failures_text,
    find_inputs,
    lift_library,
)
from partwise.lift.shards import ARRAYS, LiftedShards, bytes_per_shape, read_arrays, unit_files
from partwise.shape import Shape

CONFIG = LiftConfig(cameras="cops", size=64, points=128, groups=16, neighbours=8)
HERE = RunConfig(workers=0, per_unit=2)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in unit_files(folder)}


def lift(
    source: Path,
    out: Path,
    config: LiftConfig = CONFIG,
    run: RunConfig = HERE,
    opener=lift_helpers.open_colours,
):
    return lift_library(find_inputs([source]), out, config, opener, run)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    lift_helpers.write_shapes(tmp_path / "in", 5)
    return tmp_path / "in"


def test_a_library_becomes_shards(library: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    report = lift_library(
        find_inputs([library]), tmp_path / "out", CONFIG, lift_helpers.open_colours, HERE, seen.append
    )
    assert (report.shapes, report.kept, report.failures) == (5, 0, ())
    assert len(seen) == 3
    assert seen[-1].done == 5
    assert all(a.done < b.done for a, b in itertools.pairwise(seen))
    assert seen[-1].eta == 0
    shards = LiftedShards(tmp_path / "out")
    assert shards.sources == [f"box_{i:02d}.ply" for i in range(5)]
    assert shards.settings["encoder"] == {"name": "mean colours", "sha256": "0" * 64, "width": 8}
    assert len(shards.settings["cameras"]) == 10
    for shape in shards:
        assert shape.features.shape == (16, 8)
        assert np.linalg.norm(shape.points, axis=1).max() <= 1 + 1e-5
        distance = np.linalg.norm(shape.points[None] - shape.centers[:, None], axis=-1)
        np.testing.assert_allclose(
            np.take_along_axis(distance, shape.patches, 1), np.sort(distance, axis=1)[:, :8], atol=1e-6
        )
        # Canonical points lie on the surface of the box they came from.
        back = shape.points @ np.linalg.inv(shape.to_canonical[:3, :3]).T
        back = back - np.linalg.inv(shape.to_canonical[:3, :3]) @ shape.to_canonical[:3, 3]
        mesh = trimesh.load(library / shape.source)
        half = mesh.extents / 2
        assert np.abs(np.abs(back) / half).max(axis=1) == pytest.approx(np.ones(128), abs=1e-5)


def test_running_again_changes_nothing_and_more_inputs_only_add(library: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    lift(library, out)
    before = contents(out)
    report = lift(library, out)
    assert (report.kept, report.shapes) == (5, 5)
    assert contents(out) == before
    trimesh.creation.icosphere(1).export(library / "a_first_name.ply")
    report = lift(library, out)
    assert (report.kept, report.shapes) == (5, 6)
    assert before.items() <= contents(out).items()
    assert sorted(LiftedShards(out).sources)[0] == "a_first_name.ply"


def test_changed_bytes_or_settings_are_lifted_again(library: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    lift(library, out)
    old = next(s for s in LiftedShards(out) if s.source == "box_00.ply")
    trimesh.creation.box([1, 3, 1]).export(library / "box_00.ply")
    report = lift(library, out)
    assert (report.kept, report.shapes) == (3, 5)
    new = next(s for s in LiftedShards(out) if s.source == "box_00.ply")
    assert new.sha256 != old.sha256
    assert lift(library, out, replace(CONFIG, seed=1)).kept == 0
    # The units of the first settings are still there: going back costs nothing.
    assert lift(library, out).kept == 5


@pytest.mark.parametrize(
    "harm",
    [lambda data: data[:50], lambda data: b"", lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]],
)
def test_damaged_units_are_made_again(library: Path, tmp_path: Path, harm) -> None:
    out = tmp_path / "out"
    lift(library, out)
    before = contents(out)
    victim = unit_files(out)[1]
    victim.write_bytes(harm(victim.read_bytes()))
    report = lift(library, out, run=replace(HERE, verify=True))
    assert report.kept < 5
    assert contents(out) == before


def test_bad_files_are_set_aside_with_the_reason(library: Path, tmp_path: Path) -> None:
    (library / "empty.ply").write_bytes(b"")
    (library / "broken.glb").write_bytes(b"glTF\2\0\0\0garbage")
    (library / "words.obj").write_text("no vertices here\n")
    (library / "point.xyz").write_text("1 1 1\n1 1 1\n")
    trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]], process=False).export(
        library / "flat.stl"
    )
    report = lift(library, tmp_path / "out")
    assert report.shapes == 5
    assert {f.source for f in report.failures} == {
        "empty.ply",
        "broken.glb",
        "words.obj",
        "point.xyz",
        "flat.stl",
    }
    assert all(f.message and f.error != "Poison" for f in report.failures)
    assert "flat.stl: InputError: " in failures_text(report.failures)
    # Failures are remembered, unless they are to be tried again.
    assert lift(library, tmp_path / "out").kept == 5
    (library / "empty.ply").write_bytes((library / "box_00.ply").read_bytes())
    assert lift(library, tmp_path / "out", run=replace(HERE, retry=True)).shapes == 6


def test_clouds_meshes_and_strange_sizes_go_together(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    sphere = trimesh.creation.icosphere(4)
    np.save(source / "cloud.npy", np.array(sphere.vertices, dtype=np.float32))
    np.save(source / "few.npy", np.array(sphere.vertices[:20], dtype=np.float32))
    for name, scale in (("tiny.ply", 1e-9), ("huge.ply", 1e9)):
        mesh = trimesh.creation.box()
        mesh.apply_scale(scale)
        mesh.export(source / name)
    trimesh.creation.box().export(source / "unit.ply")
    for projection in ("cmat_paper", "patchalign3d", "cops", "cmat_release"):
        report = lift(source, tmp_path / projection, replace(CONFIG, projection=projection))
        assert report.failures == ()
        assert all(np.isfinite(s.features).all() for s in LiftedShards(tmp_path / projection))
    shapes = {s.source: s for s in LiftedShards(tmp_path / "cmat_paper")}
    assert (shapes["cloud.npy"].faces == -1).all()
    assert shapes["cloud.npy"].seen.mean() > 0.85
    assert shapes["unit.ply"].faces.max() == 11


def test_lifting_one_shape_depends_on_its_content_only() -> None:
    shape = Shape.of(trimesh.creation.capsule(1.0, 0.3, count=[8, 8]), up="y")
    encoder = lift_helpers.open_colours()
    a, b = (lift_shape(shape, encoder, CONFIG, "ab" * 32) for _ in range(2))
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert not np.array_equal(a.points, lift_shape(shape, encoder, CONFIG, "cd" * 32).points)
    assert not np.array_equal(a.points, lift_shape(shape, encoder, replace(CONFIG, seed=1), "ab" * 32).points)
    cloud = Shape.of(np.array([[0.0, 0, 0], [1, 1, 1], [np.nan, 0, 0]]), up="y")
    assert set(sample_points(cloud, 50, np.random.default_rng(0))[1]) == {0, 1}


def test_cops_draws_the_points_and_every_seen_point_is_a_pixel() -> None:
    config = replace(CONFIG, cameras="cops", projection="cops", points=600, splats=0.04)
    mesh = trimesh.creation.icosphere(3)
    drawn = draw_points(Shape.of(mesh, up="y"), (4, 4), config, np.random.default_rng(0))
    assert drawn.weights.seen.mean() > 0.9
    assert drawn.target.faces is not None
    color = drawn.images[(drawn.images < 255).any(axis=-1)]
    assert (color == color[:, :1]).all()  # grey, whatever the mesh looks like
    assert np.linalg.norm(drawn.target.points, axis=1).max() == pytest.approx(1)
    as_faces = draw_points(
        Shape.of(mesh, up="y"), (4, 4), replace(config, splats=None), np.random.default_rng(0)
    )
    assert not np.array_equal(drawn.images, as_faces.images)
    colored = np.concatenate([np.array(mesh.vertices), np.full((len(mesh.vertices), 3), 9)], axis=1)
    cloud = draw_points(Shape.of(colored, up="y"), (4, 4), config, np.random.default_rng(0))
    assert set(cloud.images[(cloud.images < 255).any(axis=-1)].reshape(-1)) == {9}


def test_point_features_are_kept_on_request_and_foretold(library: Path, tmp_path: Path) -> None:
    lift(library, tmp_path / "out", replace(CONFIG, keep_points=True))
    shards = LiftedShards(tmp_path / "out")
    assert all(shape.point_features.shape == (128, 8) for shape in shards)
    arrays = [read_arrays(path) for path in unit_files(tmp_path / "out")]
    size = sum(array.nbytes for unit in arrays for array in unit.values())
    assert size == 5 * bytes_per_shape(128, 16, 8, 8, keep_points=True)


def test_the_disk_is_asked_before_anything_is_written(library: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="GB may be used"):
        lift(library, tmp_path / "out", run=replace(HERE, max_disk=10_000))
    assert unit_files(tmp_path / "out") == []


def test_inputs_are_found_and_named(library: Path, tmp_path: Path) -> None:
    (library / "notes.md").write_text("not a shape")
    assert set(find_inputs([library])) == {f"box_{i:02d}.ply" for i in range(5)}
    assert set(find_inputs([library / "box_01.ply"])) == {"box_01.ply"}
    with pytest.raises(InputError, match="share the name"):
        find_inputs([library, library / "box_01.ply"])
    with pytest.raises(MissingDataError, match="no file or folder"):
        find_inputs([tmp_path / "nowhere"])
    (tmp_path / "bare").mkdir()
    with pytest.raises(MissingDataError, match="no shape file"):
        find_inputs([tmp_path / "bare"])


def test_bad_settings_are_refused() -> None:
    with pytest.raises(InputError, match="unknown cameras"):
        LiftConfig(cameras="nowhere")
    with pytest.raises(InputError, match="unknown projection"):
        LiftConfig(projection="nothing")
    with pytest.raises(InputError, match="patches"):
        LiftConfig(points=10, groups=11)
    with pytest.raises(InputError, match="positive"):
        RunConfig(batch=0)


def test_a_missing_package_stops_the_run(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "embreex.mesh_construction", None)
    with pytest.raises(MissingExtraError):
        lift(library, tmp_path / "out")


@pytest.fixture
def tiny_encoder(tmp_path: Path) -> EncoderConfig:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    tiny = transformers.Dinov2Config(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        patch_size=14,
        image_size=56,
    )
    transformers.Dinov2Model(tiny).save_pretrained(tmp_path / "vit")
    return EncoderConfig(str(tmp_path / "vit"))


def test_a_saved_encoder_is_opened_and_recorded(
    library: Path, tmp_path: Path, tiny_encoder: EncoderConfig
) -> None:
    lift(library, tmp_path / "out", replace(CONFIG, size=56), HERE, tiny_encoder.open)
    shards = LiftedShards(tmp_path / "out")
    assert len(shards.settings["encoder"]["sha256"]) == 64
    assert shards[0].features.shape == (16, 16)
    assert np.abs(shards[0].features).max() > 0


@pytest.mark.slow
def test_two_workers_give_what_one_process_gives(
    library: Path, tmp_path: Path, tiny_encoder: EncoderConfig
) -> None:
    config = replace(CONFIG, size=56)
    lift(library, tmp_path / "one", config, HERE, tiny_encoder.open)
    report = lift(library, tmp_path / "two", config, RunConfig(workers=2, per_unit=2), tiny_encoder.open)
    assert report.shapes == 5
    assert contents(tmp_path / "one").keys() == contents(tmp_path / "two").keys()
    for a, b in zip(LiftedShards(tmp_path / "one"), LiftedShards(tmp_path / "two"), strict=True):
        np.testing.assert_allclose(a.features, b.features, atol=2e-3)
        np.testing.assert_array_equal(a.points, b.points)


def test_a_shape_that_kills_or_hangs_its_worker_is_poison(tmp_path: Path) -> None:
    source = tmp_path / "in"
    lift_helpers.write_shapes(source, 2)
    for name, color in (("deadly", (250, 20, 20, 255)), ("hanging", (20, 20, 250, 255))):
        mesh = trimesh.creation.box()
        mesh.visual.vertex_colors = np.tile(np.array(color, dtype=np.uint8), (8, 1))
        mesh.export(source / f"{name}.ply")
    run = RunConfig(workers=1, per_unit=4, time_limit=1.5)
    report = lift(source, tmp_path / "out", CONFIG, run, lift_helpers.open_deadly)
    reasons = {f.source: f.message for f in report.failures}
    assert reasons.keys() == {"deadly.ply", "hanging.ply"}
    assert "2 workers died" in reasons["deadly.ply"]
    assert "longer than 1.5 s" in reasons["hanging.ply"]
    assert report.shapes == 2


def test_a_worker_killed_in_the_middle_of_a_unit_costs_that_unit_only(tmp_path: Path) -> None:
    lift_helpers.write_shapes(tmp_path / "in", 12)
    run = RunConfig(workers=1, per_unit=3)
    lift(tmp_path / "in", tmp_path / "whole", run=replace(run, workers=0))
    opener = functools.partial(lift_helpers.open_killed_once, tmp_path / "calls")
    report = lift(tmp_path / "in", tmp_path / "out", run=run, opener=opener)
    assert (report.shapes, report.failures) == (12, ())
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    calls = (tmp_path / "calls").read_text().split()
    assert calls.count("killed") == 1
    assert 12 < len(calls) <= 12 + 3


def test_two_runs_on_one_folder_share_the_work(tmp_path: Path) -> None:
    lift_helpers.write_shapes(tmp_path / "in", 24)
    run = replace(HERE, per_unit=1)
    lift(tmp_path / "in", tmp_path / "whole", run=run)
    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(lift, tmp_path / "in", tmp_path / "out", run=run, opener=lift_helpers.open_slow)
            for _ in range(2)
        ]
        reports = [run.result() for run in both]
    assert [(report.shapes, report.failures) for report in reports] == [(24, ())] * 2
    # 24 if no unit was made twice; about the logarithm of their number is.
    assert sum(report.kept for report in reports) >= 12
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert len(LiftedShards(tmp_path / "out")) == 24


def test_an_encoder_that_does_not_open_is_told_at_once(library: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such encoder"):
        lift(library, tmp_path / "out", opener=lift_helpers.open_broken)


def test_a_killed_run_is_resumed_to_the_same_bytes(tmp_path: Path) -> None:
    source = tmp_path / "in"
    lift_helpers.write_shapes(source, 12)
    lift(source, tmp_path / "whole")
    script = (
        "from pathlib import Path; import lift_helpers, test_lift_precompute as t;"
        f"t.lift(Path({str(source)!r}), Path({str(tmp_path / 'cut')!r}), opener=lift_helpers.open_slow)"
    )
    deaths = 0
    for moment in (0.0, 0.3):
        process = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parent)
        have = len(unit_files(tmp_path / "cut"))
        deadline = time.monotonic() + 60
        while (
            len(unit_files(tmp_path / "cut")) == have
            and process.poll() is None
            and time.monotonic() < deadline
        ):
            time.sleep(0.01)
        time.sleep(moment)
        deaths += process.poll() is None
        process.kill()
        process.wait()
        with pytest.raises(MissingDataError):
            LiftedShards(tmp_path / "cut")
    assert deaths >= 1
    left = len(unit_files(tmp_path / "cut"))
    assert 0 < left < 6
    report = lift(source, tmp_path / "cut")
    assert report.kept >= 2 * left
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
