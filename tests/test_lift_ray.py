"""The engine on Ray: its actors in this process, and (slow) real ones, equal to the local engine byte for byte."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import lift_helpers
import numpy as np
import pytest
import trimesh

from partwise.errors import InputError, MissingExtraError
from partwise.lift.lifting import LiftConfig
from partwise.lift.on_ray import Actors, DrawActor, EncodeActor, _check_size
from partwise.lift.pool import Job
from partwise.lift.precompute import RunConfig, find_inputs, lift_library
from partwise.lift.shards import LiftedShards, unit_files, unit_path
from partwise.lift.unit import UnitResult, UnitSettings, make_unit

CONFIG = LiftConfig(cameras="cops", size=64, points=128, groups=16, neighbours=8, keep_points=True)
ACTORS = Actors(workers=2, encoders=1, gpus=0.0, threads=1, time_limit=60.0)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in unit_files(folder)}


def jobs_in(folder: Path) -> Job:
    lift_helpers.write_shapes(folder, 3)
    (folder / "broken.ply").write_bytes(b"ply?")
    return Job(0, tuple((name, str(path)) for name, path in sorted(find_inputs([folder]).items())))


def test_the_two_halves_make_the_unit_that_one_process_makes(tmp_path):
    job, encoder = jobs_in(tmp_path / "in"), lift_helpers.open_colours()
    whole = UnitSettings(tmp_path / "whole", "s", CONFIG, encoder.grid(64, 64))
    halves = UnitSettings(tmp_path / "halves", "s", CONFIG, encoder.grid(64, 64))
    expected = make_unit(whole, encoder, job, lambda name: None)
    draw = DrawActor(halves, tmp_path / "notes", ACTORS)
    encode = EncodeActor(halves, tmp_path / "notes", ACTORS, lift_helpers.open_colours)
    row = encode(draw({"job": job}))
    assert row["unit"] == expected
    assert (expected.shapes, len(expected.failures)) == (3, 1)
    assert contents(tmp_path / "whole") == contents(tmp_path / "halves")
    assert list((tmp_path / "notes").iterdir()) == []
    again = draw({"job": job})  # a unit that is there is not drawn again
    assert again["unit"] == UnitResult(expected.key, 3, expected.failures, kept=True)
    assert encode(again)["unit"].kept
    assert unit_path(tmp_path / "halves", expected.key).exists()


def test_the_encoder_leaves_alone_what_killed_it(tmp_path):
    job, encoder = jobs_in(tmp_path / "in"), lift_helpers.open_colours()
    settings = UnitSettings(tmp_path / "out", "s", CONFIG, encoder.grid(64, 64))
    drawn = DrawActor(settings, tmp_path / "notes", ACTORS)({"job": job})
    note = tmp_path / "notes" / "0.jsonl"
    note.write_text('["begin"]\n["touch", "box_01.ply"]\n' * 2)
    result = EncodeActor(settings, tmp_path / "notes", ACTORS, lift_helpers.open_colours)(drawn)["unit"]
    assert {f.source: f.error for f in result.failures}["box_01.ply"] == "Poison"
    assert result.shapes == 2


def test_a_cluster_that_is_too_small_is_told():
    _check_size({"CPU": 3.0}, ACTORS)
    with pytest.raises(InputError, match="need 3 CPU, the Ray cluster has 2"):
        _check_size({"CPU": 2.0}, ACTORS)
    on_gpu = Actors(workers=2, encoders=2, gpus=1.0, threads=1, time_limit=60.0)
    assert on_gpu.needs == {"CPU": 2, "GPU": 2.0}
    with pytest.raises(InputError, match="need 2 GPU, the Ray cluster has 0"):
        _check_size({"CPU": 2.0}, on_gpu)
    with pytest.raises(InputError, match="workers must be 1 or more"):
        RunConfig(engine="ray", workers=0)


def test_gpus_of_a_cluster_are_for_encoders(tmp_path):
    lift_helpers.write_shapes(tmp_path / "in", 1)
    inputs, config = find_inputs([tmp_path / "in"]), replace(CONFIG, drawn_on="cuda")
    with pytest.raises(InputError, match="drawn on CPUs"):
        lift_library(inputs, tmp_path / "out", config, lift_helpers.open_colours, RunConfig(engine="ray"))


def test_without_ray_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    lift_helpers.write_shapes(tmp_path / "in", 1)
    with pytest.raises(MissingExtraError, match=r"partwise\[scale\]"):
        lift_library(
            find_inputs([tmp_path / "in"]),
            tmp_path / "out",
            CONFIG,
            lift_helpers.open_colours,
            RunConfig(engine="ray"),
        )


@pytest.fixture(scope="module")
def ray_here():
    """A real Ray on this machine with room for three actors; the machine's own core count does not matter."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    ray = pytest.importorskip("ray")
    here = str(Path(__file__).parent)  # actors import the toy encoder from here
    path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    ray.init(
        num_cpus=3,
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=200_000_000,
        runtime_env={"env_vars": {"PYTHONPATH": path}},
    )
    yield
    ray.shutdown()


@pytest.mark.slow
@pytest.mark.usefixtures("ray_here")
def test_two_ray_workers_give_the_local_bytes_and_go_on_where_a_run_stopped(tmp_path):
    lift_helpers.write_shapes(tmp_path / "in", 9)
    (tmp_path / "in" / "broken.ply").write_bytes(b"ply?")
    inputs = find_inputs([tmp_path / "in"])
    local, ray = RunConfig(workers=0, per_unit=2), RunConfig(engine="ray", workers=2, per_unit=2)
    lift_library(inputs, tmp_path / "local", CONFIG, lift_helpers.open_colours, local)
    done = []
    report = lift_library(
        inputs, tmp_path / "ray", CONFIG, lift_helpers.open_colours, ray, lambda p: done.append(p.done)
    )
    assert (report.shapes, report.kept, [f.source for f in report.failures]) == (9, 0, ["broken.ply"])
    assert sorted(done) == done
    assert done[-1] == 10
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")
    manifests = [(tmp_path / name / "manifest.json").read_bytes() for name in ("local", "ray")]
    assert manifests[0] == manifests[1]
    unit_files(tmp_path / "ray")[0].unlink()
    again = lift_library(inputs, tmp_path / "ray", CONFIG, lift_helpers.open_colours, ray)
    assert again.kept in (7, 8)
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")
    assert len(LiftedShards(tmp_path / "ray")) == 9


@pytest.mark.slow
@pytest.mark.usefixtures("ray_here")
def test_shapes_that_kill_or_hang_ray_actors_are_set_aside(tmp_path):
    lift_helpers.write_shapes(tmp_path / "in", 4)
    for name, color in (("deadly", (250, 20, 20, 255)), ("hanging", (20, 20, 250, 255))):
        mesh = trimesh.creation.box()
        mesh.visual.vertex_colors = np.tile(np.array(color, dtype=np.uint8), (8, 1))
        mesh.export(tmp_path / "in" / f"{name}.ply")
    report = lift_library(
        find_inputs([tmp_path / "in"]),
        tmp_path / "out",
        CONFIG,
        lift_helpers.open_deadly,
        RunConfig(engine="ray", workers=1, per_unit=3, time_limit=3.0),
    )
    reasons = {failure.source: failure.message for failure in report.failures}
    assert reasons == {"deadly.ply": "2 workers died on it", "hanging.ply": "took longer than 3 s"}
    assert report.shapes == 4
