"""The converted layout: what goes in comes out, the same bytes each time, and every damage is named."""

import json
import os
import pickle
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from partwise.datasets.converted import Converted, Item, Pair, write_converted
from partwise.datasets.manifest import Manifest
from partwise.datasets.pickled import read_pickle
from partwise.datasets.source import (
    DatasetSource,
    count_problems,
    empty_manifest,
    file_problems,
    present,
    require,
)
from partwise.errors import InputError, MissingDataError, UnsafeError

HEAT_NAMES = ("grasp", "pour")
BLANK = Manifest("toy", "public domain", "tests/1", label_names={"mug": (*HEAT_NAMES, "none")})


def item(uid="a", seed=0, **changes):
    rng = np.random.default_rng(seed)
    values = {
        "points": rng.normal(size=(20, 3)).astype(np.float32),
        "normals": rng.normal(size=(20, 3)).astype(np.float32),
        "colors": rng.integers(0, 256, (20, 3)).astype(np.uint8),
        "faces": rng.integers(0, 20, (7, 3)).astype(np.int32),
        "labels": rng.integers(-1, 3, 20).astype(np.int32),
        "heat": rng.random((20, 2)).astype(np.float32),
        "heat_names": HEAT_NAMES,
    }
    return Item(uid, "mug", **(values | changes))


def toy(root, items=None, pairs=None):
    items = [item("a"), item("b-2.x", 1)] if items is None else items
    rows = [Pair("a", "Where to pour?", None, "pour", 3), Pair("b-2.x", None, "img/a.jpg", "grasp")]
    return write_converted(root, BLANK, {"train": items, "empty": []}, {"train": pairs or rows})


def test_what_goes_in_comes_out(tmp_path):
    manifest = toy(tmp_path)
    found = Converted(tmp_path, "toy")
    assert found.manifest == manifest
    assert manifest.splits == {"train": ("a", "b-2.x"), "empty": ()}
    assert manifest.counts() == {"train": 2, "empty": 0}
    split = found.split("train")
    for before, after in zip([item("a"), item("b-2.x", 1)], split, strict=True):
        for name in ("points", "normals", "colors", "faces", "labels", "heat"):
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
            assert getattr(after, name).dtype == getattr(before, name).dtype
        assert (after.uid, after.category, after.heat_names) == (before.uid, "mug", HEAT_NAMES)
    assert [entry.uid for entry in split[1:]] == ["b-2.x"]
    assert split.row("b-2.x") == 1
    assert found.pairs("train")[0] == Pair("a", "Where to pour?", None, "pour", 3)
    assert found.pairs("train")[1].image == "img/a.jpg"
    found.verify("train")


def test_a_shape_with_points_only(tmp_path):
    bare = Item("a", "mug", np.zeros((1, 3), np.float32))
    write_converted(tmp_path, BLANK, {"train": [bare]})
    after = Converted(tmp_path, "toy").split("train")[0]
    assert after.heat is None
    assert after.labels is None
    assert after.heat_names == ()


def test_the_same_items_give_the_same_bytes(tmp_path):
    toy(tmp_path / "one")
    toy(tmp_path / "two")
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 4
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    other = toy(tmp_path / "three", [item("a"), item("b-2.x", 2)])
    assert other.digests["train"] != Converted(tmp_path / "one", "toy").digest("train")


def test_nothing_is_left_of_a_failed_conversion(tmp_path):
    def breaks():
        yield item("a")
        raise InputError("line 7 of the source is damaged")

    with pytest.raises(InputError, match="line 7"):
        toy(tmp_path, breaks())
    assert list(tmp_path.iterdir()) == []
    toy(tmp_path)
    with pytest.raises(InputError, match="there already"):
        toy(tmp_path)
    Converted(tmp_path, "toy").verify("train")


@pytest.mark.parametrize(
    ("items", "pairs", "match"),
    [
        ([item("a"), item("A")], None, "twice"),
        ([item("a", labels=np.full(20, 3, np.int32))], None, "a: labels: 3 is beyond the 3 names"),
        ([item("a", heat_names=("grasp", "fly"))], None, "a: heat_names: fly"),
        ([replace(item("a"), category="jug")], None, "'jug' has no label_names"),
        ([item("a")], [Pair("c", None, None, "pour")], "'c', which is no shape"),
    ],
)
def test_what_is_not_written(tmp_path, items, pairs, match):
    with pytest.raises(InputError, match=match):
        toy(tmp_path, items, pairs)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"uid": "../a"}, "cannot name a file"),
        ({"uid": ".hidden"}, "cannot name a file"),
        ({"uid": "a\0b"}, "cannot name a file"),
        ({"points": np.zeros((20, 2), np.float32)}, r"points is float32 \(20, 2\)"),
        ({"points": np.zeros((20, 3))}, "points is float64"),
        (
            {"points": np.zeros((0, 3), np.float32)},
            r"normals is float32 \(20, 3\), expected float32 \(0, 3\)",
        ),
        ({"points": np.full((20, 3), np.nan, np.float32)}, "points holds NaN"),
        ({"heat": np.full((20, 2), 1.5, np.float32)}, r"heat lies in 1.5..1.5"),
        ({"heat": np.full((20, 2), np.nan, np.float32)}, "heat holds NaN"),
        ({"heat": None}, "come together"),
        ({"heat_names": ("grasp", "grasp")}, "each once"),
        ({"labels": np.full(20, -2, np.int32)}, "start at -2"),
        ({"labels": np.zeros(19, np.int32)}, "labels is int32"),
        ({"faces": np.full((1, 3), 20, np.int32)}, "faces name points 20..20 of 20"),
    ],
)
def test_what_is_no_item(changes, match):
    with pytest.raises(InputError, match=match):
        item(**changes)


def rewrite(path, **arrays):
    with np.load(path) as archive:
        content = {key: archive[key] for key in archive.files}
    np.savez(path, **{key: value for key, value in (content | arrays).items() if value is not None})


def test_damaged_shapes_are_named(tmp_path):
    toy(tmp_path)
    folder = tmp_path / "toy" / "train"
    split = Converted(tmp_path, "toy").split("train")
    whole = (folder / "a.npz").read_bytes()
    for arrays, match in (
        ({"points": None}, "a.npz has no points"),
        ({"heat": np.full((20, 2), 9, np.float32)}, r"a.npz: a: heat lies"),
        ({"labels": np.full(20, 7, np.int32)}, "a.npz: labels: 7 is beyond"),
        ({"category": np.array(3)}, "a.npz: category is int64"),
        ({"category": np.array("jug")}, "a.npz: category: 'jug'"),
        ({"extra": np.zeros(3)}, "a.npz holds extra.npy"),
        ({"points": np.float32(3)}, "a.npz"),
        ({"heat_names": np.array("grasp")}, "heat_names is"),
    ):
        rewrite(folder / "a.npz", **arrays)
        with pytest.raises(InputError, match=match):
            split[0]
        (folder / "a.npz").write_bytes(whole)
    (folder / "a.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="a.npz is damaged"):
        split[0]
    (folder / "a.npz").unlink()
    with pytest.raises(MissingDataError, match="a.npz is not there"):
        split[0]
    with pytest.raises(MissingDataError):
        Converted(tmp_path, "toy").verify("train")


def test_a_pickle_in_a_converted_shape_is_refused(tmp_path):
    toy(tmp_path)
    path = tmp_path / "toy" / "train" / "a.npz"
    rewrite(path, points=np.array([Bomb(tmp_path / "trace")], dtype=object))
    split = Converted(tmp_path, "toy").split("train")
    with pytest.raises(InputError, match="points is damaged.*allow_pickle"):
        split[0]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("points.npy", pickle.dumps(Bomb(tmp_path / "trace")))
    with pytest.raises(UnsafeError, match="pickle"):
        split[0]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("points.npy", bytes(200_000_000))
    with pytest.raises(UnsafeError, match="bomb"):
        split[0]
    assert not (tmp_path / "trace").exists()


def test_another_shape_in_its_place_is_found_by_verify(tmp_path):
    toy(tmp_path)
    folder = tmp_path / "toy" / "train"
    (folder / "a.npz").write_bytes((folder / "b-2.x.npz").read_bytes())
    with pytest.raises(InputError, match="digest"):
        Converted(tmp_path, "toy").verify("train")


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("{", "line 2"),
        ('{"id": "a"}', "line 2.*expected the keys"),
        ('{"id": "z", "phrase": null, "image": null, "affordance": "x", "question_id": 1}', "line 2.*'z'"),
        ('{"id": "a", "phrase": 3, "image": null, "affordance": "x", "question_id": 1}', "line 2.*phrase"),
        ('{"id": "a", "phrase": null, "image": null, "affordance": "x", "question_id": -1}', "line 2.*-1"),
        ("[1, 2]", "line 2"),
        ("[" * 100_000, "line 2"),
    ],
)
def test_damaged_pairs_are_named(tmp_path, line, match):
    toy(tmp_path)
    path = tmp_path / "toy" / "pairs_train.jsonl"
    path.write_text(path.read_text().splitlines()[0] + "\n" + line + "\n")
    with pytest.raises(InputError, match=match):
        Converted(tmp_path, "toy").pairs("train")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"version": 9}, "version 9"),
        ({"dataset": "other"}, "holds 'other'"),
        ({"splits": {"train": ["a", "a"]}}, "twice"),
        ({"splits": {"train": ["../../a"]}}, "cannot name a file"),
        ({"splits": {"../train": []}}, "cannot name a file"),
        ({"splits": ["a"]}, "splits is damaged"),
        ({"splits": {"train": "a"}}, "splits is damaged"),
        ({"source_files": [{"name": "x"}]}, "source_files is damaged"),
        ({"licence": None}, "licence is damaged"),
        ({"up": "x"}, "up is 'x'"),
        ({"surprise": 1}, "surprise"),
        ({"surprise": 1, "version": 9}, "version 9"),
    ],
)
def test_damaged_manifests_are_named(tmp_path, changes, match):
    toy(tmp_path)
    path = tmp_path / "toy" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(InputError, match=match):
        Converted(tmp_path, "toy")


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingDataError, match="partwise data prepare toy"):
        Converted(tmp_path, "toy")
    write_converted(tmp_path, replace(BLANK, missing=("test.pkl",)), {"train": [item()]})
    found = Converted(tmp_path, "toy")
    with pytest.raises(MissingDataError, match=r"without a split 'test'.*train; missing were test\.pkl"):
        found.split("test")
    with pytest.raises(MissingDataError, match="pairs_train"):
        found.pairs("train")
    with pytest.raises(InputError, match="'b' is not a shape"):
        found.split("train").row("b")
    with pytest.raises(InputError, match="cannot name"):
        Converted(tmp_path, "../toy")
    (tmp_path / "toy" / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="no JSON"):
        Converted(tmp_path, "toy")


class Bomb:
    """What a hostile pickle holds: a call when it is read."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.system, (f"touch {self.trace}",)


CONTENT = [
    {
        "shape_id": "a",
        "points": np.arange(6, dtype=np.float64).reshape(2, 3),
        "label": {"grasp": np.zeros((2, 1), np.float32), 3: (True, None, b"\x00\xff", {1, 2})},
        "column": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "number": np.float32(0.5),
        "names": np.array(["x", "yy"]),
    },
    "text",
]


def same(a, b):
    if isinstance(b, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and bool((a == b).all())
    if isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in b)
    return a == b


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_pickles_are_read(tmp_path, protocol):
    path = tmp_path / "data.pkl"
    path.write_bytes(pickle.dumps(CONTENT, protocol))
    found = list(read_pickle(path, "list"))
    assert same(found[0], CONTENT[0])
    assert found[1] == "text"
    with pytest.raises(InputError, match="holds a list, expected a dict"):
        list(read_pickle(path, "dict"))


def test_dicts_come_as_pairs_and_arrays_of_dicts_are_opened(tmp_path):
    (tmp_path / "d.pkl").write_bytes(pickle.dumps({"a": np.ones(2), 3: "x"}))
    found = dict(read_pickle(tmp_path / "d.pkl", "dict"))
    assert same(found, {"a": np.ones(2), 3: "x"})
    np.save(tmp_path / "label.npy", {"semantic_seg": np.arange(4)})  # pyright: ignore[reportArgumentType]
    assert same(dict(read_pickle(tmp_path / "label.npy", "dict")), {"semantic_seg": np.arange(4)})
    (tmp_path / "array.pkl").write_bytes(pickle.dumps(np.arange(3)))
    assert same(next(read_pickle(tmp_path / "array.pkl", "value")), np.arange(3))


def test_a_pickle_that_calls_code_is_refused_and_leaves_no_trace(tmp_path):
    trace = tmp_path / "trace"
    for number, content in enumerate(
        (Bomb(trace), [{"shape_id": Bomb(trace)}], {"a": np.array([Bomb(trace)], dtype=object)})
    ):
        path = tmp_path / f"{number}.pkl"
        path.write_bytes(pickle.dumps(content))
        with pytest.raises(UnsafeError, match="system"):
            list(read_pickle(path, "list"))
    np.save(tmp_path / "label.npy", np.array(Bomb(trace), dtype=object))
    with pytest.raises(UnsafeError, match="system"):
        list(read_pickle(tmp_path / "label.npy", "dict"))
    assert not trace.exists()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (pickle.dumps(CONTENT)[:-40], InputError),
        (b"", InputError),
        (b"no pickle at all", InputError),
        (b"\x93NUMPY\x01\x00 broken", InputError),
        (pickle.dumps(np.random.default_rng(0)), UnsafeError),
        (b"cnumpy\nndarray\n((J\xff\xff\xff\x7fJ\xff\xff\xff\x7ftR.", InputError),  # 32 exabytes
        (b"P1\n.", UnsafeError),  # a persistent id
        (b"c_codecs\nencode\n(Vx\nVzlib_codec\ntR.", UnsafeError),
        (b"(" * 1000 + b"l" * 1000 + b".", InputError),
    ],
)
def test_damaged_and_odd_pickles_are_refused(tmp_path, content, error):
    path = tmp_path / "data.pkl"
    path.write_bytes(content)
    with pytest.raises(error, match="data.pkl"):
        list(read_pickle(path, "value"))
    with pytest.raises(MissingDataError):
        next(read_pickle(tmp_path / "none.pkl", "value"))


def test_a_source_says_what_it_lacks(tmp_path):
    source = DatasetSource(
        "toy",
        "Toy",
        "behind the form of its authors",
        "research",
        ("a.txt", "b/"),
        {"shapes": 3},
        {"a.txt": "0" * 64},
    )
    assert file_problems(source, tmp_path / "nowhere") == [f"no folder {tmp_path / 'nowhere'}"]
    assert file_problems(source, tmp_path) == ["a.txt is missing", "b/ is missing"]
    with pytest.raises(MissingDataError, match=r"lacks a\.txt.*behind the form"):
        require(source, tmp_path, ["a.txt"])
    with pytest.raises(MissingDataError, match="no folder.*behind the form"):
        present(source, tmp_path / "nowhere", ["a.txt"])
    (tmp_path / "a.txt").write_text("x")
    assert present(source, tmp_path, ["a.txt", "b/"]) == ["a.txt"]
    require(source, tmp_path, ["a.txt"])
    assert "published was 000000000000" in file_problems(source, tmp_path)[1]
    assert count_problems(source, {"shapes": 2, "others": 1}) == ["2 shapes, expected 3"]
    manifest = empty_manifest(source, tmp_path, ["a.txt"], units="metre")
    assert manifest.missing == ("b/",)
    assert manifest.source_files[0].bytes == 1
    assert manifest.units == "metre"
