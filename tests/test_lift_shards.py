from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from partwise.errors import InputError, MissingDataError
from partwise.lift.shards import (
    ARRAYS,
    Failure,
    LiftedShape,
    LiftedShards,
    bytes_per_shape,
    read_arrays,
    read_header,
    unit_files,
    unit_key,
    unit_path,
    write_manifest,
    write_unit,
)

SETTINGS = {"config": 1}


def lifted(seed: int) -> LiftedShape:
    rng = np.random.default_rng(seed)
    return LiftedShape(
        f"shape_{seed}.glb",
        f"{seed:064x}",
        rng.random((40, 3)).astype(np.float32),
        rng.integers(0, 9, 40).astype(np.int32),
        rng.random(40) > 0.3,
        rng.random((6, 3)).astype(np.float32),
        rng.integers(0, 40, (6, 5)).astype(np.int32),
        rng.standard_normal((6, 7)).astype(np.float16),
        rng.random((4, 4)),
    )


def write_run(folder: Path, units: list[list[int]]) -> list[str]:
    from partwise.lift.shards import json_sha256

    keys = []
    for seeds in units:
        key = unit_key(json_sha256(SETTINGS), [(f"shape_{s}.glb", f"{s:064x}") for s in seeds])
        write_unit(
            folder,
            key,
            json_sha256(SETTINGS),
            [lifted(s) for s in seeds],
            [Failure("bad.glb", "", "E", "why")],
        )
        keys.append(key)
    write_manifest(folder, SETTINGS, keys)
    return keys


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_run(tmp_path, [[0, 1, 2], [3], [4, 5]])
    shards = LiftedShards(tmp_path)
    assert len(shards) == 6
    assert shards.settings == SETTINGS
    assert shards.sources == [f"shape_{i}.glb" for i in range(6)]
    assert [f.source for f in shards.failures] == ["bad.glb"] * 3
    for index, shape in enumerate(shards):
        expected = lifted(index)
        assert (shape.source, shape.sha256) == (expected.source, expected.sha256)
        for name in ARRAYS:
            np.testing.assert_array_equal(getattr(shape, name), getattr(expected, name))
            assert getattr(shape, name).dtype == getattr(expected, name).dtype
    np.testing.assert_array_equal(shards[-1].points, lifted(5).points)
    with pytest.raises(IndexError):
        shards[6]


def test_the_same_content_gives_the_same_bytes_and_name(tmp_path: Path) -> None:
    a, b = write_run(tmp_path / "a", [[1, 2]]), write_run(tmp_path / "b", [[1, 2]])
    assert a == b
    assert unit_path(tmp_path / "a", a[0]).read_bytes() == unit_path(tmp_path / "b", b[0]).read_bytes()
    other = unit_key("other settings", [("shape_1.glb", "0")])
    assert len({other, *a}) == 2
    assert unit_key("s", [("x", "1"), ("y", "2")]) != unit_key("s", [("y", "2"), ("x", "1")])


def test_the_size_on_disk_is_foretold(tmp_path: Path) -> None:
    key = write_run(tmp_path, [list(range(50))])[0]
    foretold = 50 * bytes_per_shape(40, 6, 5, 7)
    arrays = read_arrays(unit_path(tmp_path, key))
    assert foretold == sum(array.nbytes for array in arrays.values())


def test_a_unit_of_failures_only_is_a_unit(tmp_path: Path) -> None:
    path = write_unit(tmp_path, "ab" * 20, "s", [], [Failure("x", "1", "InputError", "empty")])
    assert read_header(path).failures == (Failure("x", "1", "InputError", "empty"),)
    assert read_header(path).sources == ("x",)
    assert read_arrays(path) == {}


def test_damage_is_noticed(tmp_path: Path) -> None:
    key = write_run(tmp_path, [[0, 1]])[0]
    path = unit_path(tmp_path, key)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:4], b"", b"\xff" * 100):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="damaged"):
            read_header(path)
    flipped = bytearray(whole)
    flipped[-10] ^= 1
    path.write_bytes(bytes(flipped))
    assert read_header(path).sources
    with pytest.raises(InputError, match="do not match their hash"):
        read_arrays(path)
    with pytest.raises(InputError, match="do not match their hash"):
        _ = LiftedShards(tmp_path)[0]
    assert LiftedShards(tmp_path, verify=False)[0].source == "shape_0.glb"


def test_a_unit_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partwise.lift.shards.FORMAT", "partwise-lift/0")
    write_run(tmp_path, [[0]])
    monkeypatch.undo()
    with pytest.raises(InputError, match="partwise-lift/0"):
        read_header(unit_files(tmp_path)[0])
    with pytest.raises(InputError, match="partwise-lift/0"):
        LiftedShards(tmp_path)


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    wrong = replace(lifted(1), features=lifted(1).features[:, :3])
    with pytest.raises(ValueError, match="shape"):
        write_unit(tmp_path, "cd" * 20, "s", [lifted(0), wrong], [])
    assert unit_files(tmp_path) == []
    (tmp_path / "units" / "ab").mkdir(parents=True)
    (tmp_path / "units" / "ab" / ".half.123.safetensors").write_bytes(b"half")
    assert unit_files(tmp_path) == []


def test_an_unfinished_or_broken_run_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="resume"):
        LiftedShards(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        LiftedShards(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"format": "x"}))
    with pytest.raises(InputError, match="'x'"):
        LiftedShards(tmp_path)
