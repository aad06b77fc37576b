"""Around the written files: plain tables, whole files or none, safe names, colours that stay."""

import json
import os
import time

import numpy as np
import pytest

from partwise.errors import InputError
from partwise.files import STALE, atomic_path
from partwise.io.names import printable, slug, unique
from partwise.io.palette import NONE_COLOR, heat_colors, part_colors, srgb_to_linear
from partwise.io.tables import plain, write_json, write_npz


def test_npz_is_plain(tmp_path):
    arrays = {"labels": np.arange(3, dtype=np.int32), "phrases": np.array(["a", "b"])}
    write_npz(tmp_path / "a.npz", arrays)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as loaded:
        assert set(loaded) == set(arrays)
        np.testing.assert_array_equal(loaded["labels"], arrays["labels"])
    with pytest.raises(InputError, match="'bad' holds Python objects"):
        write_npz(tmp_path / "b.npz", {"bad": np.array([None, {}], dtype=object)})
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_json_holds_numpy_and_no_nan(tmp_path):
    record = {"n": np.int64(3), "xs": np.array([1.5, np.inf]), "t": (1, "ü\ud800"), "p": tmp_path}
    write_json(tmp_path / "a.json", record)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert "ü" in text
    assert json.loads(text) == {"n": 3, "xs": [1.5, None], "t": [1, "ü\ud800"], "p": str(tmp_path)}
    with pytest.raises(InputError, match="a set cannot be kept"):
        plain({"x": {1}})


def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "result.glb"
    target.write_bytes(b"old")

    def fail():
        with atomic_path(target) as temporary:
            assert (temporary.parent, temporary.suffix) == (tmp_path, ".glb")
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
    with atomic_path(target) as temporary:
        temporary.write_bytes(b"new")
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_rename_that_fails_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    target = tmp_path / "bank"
    target.write_bytes(b"old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"), atomic_path(target) as temporary:
        temporary.write_bytes(b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_writer_left_goes_with_the_next_write_a_day_later(tmp_path):
    target = tmp_path / "result.glb"
    killed, running = atomic_path(target), atomic_path(target)
    left, live = killed.__enter__(), running.__enter__()
    others = [
        tmp_path / name for name in (f"{left.name}x", "result.glb.0123456789ab", ".other.0123456789ab.glb")
    ]
    long_ago = time.time() - STALE - 60
    for path in (left, live, *others):
        path.write_bytes(b"half")
        if path != live:
            os.utime(path, (long_ago, long_ago))
    (tmp_path / ".result.0123456789ab.glb").symlink_to(others[0])
    with atomic_path(target) as temporary:
        temporary.write_bytes(b"new")
    assert not left.exists()
    kept = {target, live, *others, tmp_path / ".result.0123456789ab.glb"}
    assert set(tmp_path.iterdir()) == kept
    assert target.read_bytes() == b"new"
    running.__exit__(None, None, None)  # the live writer ends as if nobody had been there
    assert target.read_bytes() == b"half"
    assert not live.exists()


@pytest.mark.parametrize("name", ["missing/a.json", ".", "a" * 300 + ".json"])
def test_places_that_cannot_be_written(tmp_path, name):
    with pytest.raises(InputError, match="cannot write"):
        write_json(tmp_path / name, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("seat", "seat"),
        ("../../x", "x"),
        ("..\\..\\C:\\x", "c_x"),
        ("a\0b", "a_b"),
        ("NUL", "nul_"),
        ("con", "con_"),
        ("LPT9", "lpt9_"),
        ("", "name_e3b0c442"),
        ("...", "name_ab5df625"),
        ("Büro-Stuhl", "buro_stuhl"),
        ("椅子", "name_e57f49ca"),
        ("x" * 500, "x" * 64),
    ],
)
def test_slug(name, safe):
    assert slug(name) == safe


def test_names_are_unique_and_on_one_line():
    assert unique(["a", "a", "a_2", "a", "b"]) == ["a", "a_3", "a_2", "a_4", "b"]
    assert printable(" a\r\nb\x00\u2028c ") == "a b c"
    assert printable("\n") == "unnamed"
    assert len(printable("y" * 999)) == 200


def oklab(colors):
    """OKLab (Björn Ottosson, 2020) of linear colours."""
    to_cones = np.array([[0.4122, 0.5363, 0.0515], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]])
    to_lab = np.array([[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]])
    return np.cbrt(np.clip(colors, 0, 1) @ to_cones.T) @ to_lab.T


# Sight without the long, middle or short cones, on linear colours: Machado et al. 2009, severity 1.
SIGHT = {
    "normal": (np.eye(3), 0.11),
    "no red": ([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]], 0.06),
    "no green": ([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]], 0.06),
    "no blue": ([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]], 0.05),
}


@pytest.mark.parametrize("sight", SIGHT)
def test_palette_is_distinct_for_every_kind_of_sight(sight):
    matrix, least = SIGHT[sight]
    colors = np.concatenate([part_colors([f"part {k}" for k in range(24)]), np.array([NONE_COLOR], np.uint8)])
    assert len(np.unique(colors, axis=0)) == 25
    seen = oklab(srgb_to_linear(colors) @ np.array(matrix).T)
    distance = np.linalg.norm(seen[:, None] - seen, axis=-1)
    assert distance[~np.eye(25, dtype=bool)].min() > least


def test_a_name_keeps_its_colour():
    golden = {"seat": (45, 180, 252), "leg": (189, 99, 0), "handle": (189, 243, 81), "wheel": (54, 72, 153)}
    for name, color in golden.items():
        assert tuple(part_colors([name])[0]) == color
        assert tuple(part_colors([f" {name.upper()}_ "])[0]) == color
    names = [f"n{k}" for k in range(10)]
    np.testing.assert_array_equal(part_colors([*names, "one more"])[:10], part_colors(names))
    assert len(np.unique(part_colors([f"n{k}" for k in range(72)]), axis=0)) == 72
    assert part_colors([]).shape == (0, 3)


def test_heat_is_absolute_and_evenly_spaced():
    ends = heat_colors(np.array([0.0, 1.0]))
    np.testing.assert_array_equal(heat_colors(np.array([-3.0, 7.0])), ends)
    np.testing.assert_array_equal(heat_colors(np.array([np.nan], np.float32))[0], NONE_COLOR)
    lightness = oklab(srgb_to_linear(heat_colors(np.linspace(0, 1, 21))))[:, 0]
    steps = -np.diff(lightness)
    assert steps.min() > 0.8 * steps.mean() > 0
    assert steps.max() < 1.2 * steps.mean()
