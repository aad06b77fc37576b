"""Affordance data sets: every layout twin is read, converted and checked; every damage is named with its place."""

import csv
import os
import pickle
import shutil

import numpy as np
import pytest

from partwise.datasets import (
    affordancenet,
    affordancenet_partial,
    affordancenet_rotated,
    laso,
    openad,
    openad_partial,
    piad,
    piadv2,
)
from partwise.datasets.affordance_words import (
    AFFORDANCENET_LABELS,
    LASO_LABELS,
    OBJECTS,
    OPENAD_LABELS,
    OPENAD_SYNONYMS,
    PIAD_LABELS,
    PIADV2_LABELS,
    PIADV2_OBJECTS,
    canonical,
    object_named,
    spoken,
)
from partwise.datasets.converted import Converted
from partwise.errors import InputError, MissingDataError, UnsafeError

SETS = (
    affordancenet,
    affordancenet_partial,
    affordancenet_rotated,
    openad,
    openad_partial,
    laso,
    piad.SEEN,
    piad.UNSEEN,
    piadv2.SEEN,
    piadv2.UNSEEN_OBJ,
    piadv2.UNSEEN_AFF,
)


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """A mock copy of the official files of every data set."""
    root = tmp_path_factory.mktemp("copies")
    for data in SETS:
        data.mock(root / data.SOURCE.name, seed=0)
    return root


@pytest.fixture
def copy(copies, tmp_path):
    """A copy of a mock that may be broken."""

    def of(data):
        return shutil.copytree(copies / data.SOURCE.name, tmp_path / "copy")

    return of


def only(root, split):
    """A LASO copy without its other splits, which saves reading them."""
    for path in root.glob("*.pkl"):
        if not path.stem.endswith(split):
            path.unlink()
    return root


def rewritten(path, change):
    content = pickle.loads(path.read_bytes())
    change(content)
    path.write_bytes(pickle.dumps(content))


@pytest.mark.parametrize("data", SETS, ids=lambda data: data.SOURCE.name)
def test_a_mock_is_converted_and_only_its_counts_are_wrong(data, copies, tmp_path):
    root = copies / data.SOURCE.name
    problems = data.check(root)
    assert all(", expected " in line for line in problems), problems
    manifest = data.convert(root, tmp_path)
    found = Converted(tmp_path, data.SOURCE.name)
    assert found.manifest == manifest
    assert manifest.missing == ()
    assert manifest.licence
    for split in manifest.splits:
        item = found.split(split)[0]
        assert item.points.shape == (2048, 3)
        assert item.category in manifest.label_names
        assert np.linalg.norm(item.points, axis=1).max() <= 1 + 1e-6
        found.verify(split)


def test_the_same_source_gives_the_same_bytes(copies, tmp_path):
    for data in (openad, piadv2.SEEN):
        for name in ("a", "b"):
            data.convert(copies / data.SOURCE.name, tmp_path / name)
        files = [path for path in sorted((tmp_path / "a").rglob("*")) if path.is_file()]
        for path in files:
            assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_another_seed_gives_another_mock(copies, tmp_path):
    openad.mock(tmp_path, seed=1)
    name = "full_shape_val_data.pkl"
    assert (tmp_path / name).read_bytes() != (copies / "openad" / name).read_bytes()


def test_full_shapes_keep_every_value(copies, tmp_path):
    affordancenet.convert(copies / "affordancenet", tmp_path)
    source = pickle.loads((copies / "affordancenet" / "full_shape_val_data.pkl").read_bytes())
    split = Converted(tmp_path, "affordancenet").split("val")
    for record, item in zip(source, split, strict=True):
        cloud = record["full_shape"]
        np.testing.assert_array_equal(item.points, cloud["coordinate"].astype(np.float32))
        assert (item.uid, item.category) == (record["shape_id"], record["semantic class"])
        for name in AFFORDANCENET_LABELS:
            column = cloud["label"][name][:, 0]
            if name in item.heat_names:
                np.testing.assert_array_equal(item.heat[:, item.heat_names.index(name)], column)
            else:
                assert not column.any()


def test_partial_views_share_their_object(copies, tmp_path):
    openad_partial.convert(copies / "openad-partial", tmp_path)
    source = pickle.loads((copies / "openad-partial" / "partial_view_val_data.pkl").read_bytes())
    split = Converted(tmp_path, "openad-partial").split("val")
    clouds = [(r["shape_id"], cloud) for r in source for cloud in r["partial"].values()]
    for (shape, cloud), item in zip(clouds, split, strict=True):
        np.testing.assert_array_equal(item.labels, cloud["label"])
        assert item.object == shape
        assert item.uid != shape
    assert Converted(tmp_path, "openad-partial").manifest.label_names["Mug"] == OPENAD_LABELS


def test_rotations_turn_the_whole_shape(copies, tmp_path):
    root = copies / "affordancenet-rotated"
    affordancenet_rotated.convert(root, tmp_path)
    full = pickle.loads((root / "full_shape_test_data.pkl").read_bytes())
    turns = pickle.loads((root / "rotate_test_data.pkl").read_bytes())
    found = Converted(tmp_path, "affordancenet-rotated")
    item = found.split("test-so3")[1]
    expected = full[0]["full_shape"]["coordinate"] @ turns[0]["rotate"]["so3"][1].T
    np.testing.assert_allclose(item.points, expected, atol=1e-6)
    assert item.uid == "test0+so3-1"
    upright = found.split("test-z")[0]
    np.testing.assert_allclose(upright.points[:, 1], full[0]["full_shape"]["coordinate"][:, 1], atol=1e-6)


def test_laso_pairs_carry_question_0_and_the_manifest_all(copies, tmp_path):
    manifest = laso.convert(copies / "laso", tmp_path)
    found = Converted(tmp_path, "laso")
    annotations = pickle.loads((copies / "laso" / "anno_test.pkl").read_bytes())
    pairs, split = found.pairs("test"), found.split("test")
    for record, pair in zip(annotations, pairs, strict=True):
        item = split[split.row(pair.uid)]
        assert item.category.lower() == record["class"]
        mask = item.heat[:, item.heat_names.index(pair.affordance)]
        np.testing.assert_array_equal(mask, record["mask"])
        asked = manifest.questions[item.category][pair.affordance]
        assert len(asked) == 15
        assert (pair.phrase, pair.question_id) == (asked[0], 0)


def test_laso_variants_are_filters_of_pairs():
    assert not laso.geal_trains_on("Mug", "grasp")
    assert laso.geal_trains_on("Mug", "contain") is False
    assert laso.geal_trains_on("Bag", "grasp")
    assert laso.cmat_unseen("Bed", "lay")
    assert not laso.cmat_unseen("Bed", "support")
    assert not laso.cmat_unseen("Mug", "grasp")
    assert laso.cmat_seen("Mug", "grasp")
    assert not laso.cmat_seen("Door", "pull")
    assert not laso.cmat_seen("Bed", "lay")
    assert sum(map(len, laso.GEAL_HELD_OUT.values())) == 25
    for name, objects in laso.GEAL_HELD_OUT.items():
        assert name in LASO_LABELS
        assert set(objects) <= set(OBJECTS)


def test_piad_pairs_line_by_line_in_the_test_and_by_object_in_training(copies, tmp_path):
    piad.SEEN.convert(copies / "piad-seen", tmp_path)
    found = Converted(tmp_path, "piad-seen")
    images = (copies / "piad-seen" / "Seen" / "Img_Test.txt").read_text().split()
    clouds = (copies / "piad-seen" / "Seen" / "Point_Test.txt").read_text().split()
    for image, cloud, pair in zip(images, clouds, found.pairs("test"), strict=True):
        assert image == f"Data/{pair.image}"
        assert pair.uid.endswith(f"+{cloud.rsplit('/', 1)[1][:-4]}")
    split = found.split("train")
    for pair in found.pairs("train"):
        item = split[split.row(pair.uid)]
        assert f"_{item.category}_{pair.affordance}_" in pair.image
        assert pair.affordance in item.heat_names


def test_settings_hold_what_they_say(copies, tmp_path):
    for data in (piad.UNSEEN, piadv2.UNSEEN_OBJ, piadv2.UNSEEN_AFF):
        data.convert(copies / data.SOURCE.name, tmp_path)
    objects = {
        split: {item.category for item in Converted(tmp_path, "piad-unseen").split(split)}
        for split in ("train", "test")
    }
    assert objects["test"] == {"Bed", "Laptop"}
    assert not objects["train"] & objects["test"]
    asked = {
        split: {pair.affordance for pair in Converted(tmp_path, "piadv2-unseen-aff").pairs(split)}
        for split in ("train", "test")
    }
    assert not asked["train"] & asked["test"]


@pytest.mark.parametrize(
    ("data", "gone", "split"),
    [
        (affordancenet, "full_shape_test_data.pkl", "test"),
        (laso, "anno_val.pkl", "val"),
        (piad.SEEN, "Seen/Box_Test.txt", "test"),
        (piadv2.SEEN, "Seen/hk_train.txt", "train"),
    ],
)
def test_a_partial_copy_names_what_it_lacks(data, gone, split, copy, tmp_path):
    root = copy(data)
    (root / gone).unlink()
    manifest = data.convert(root, tmp_path / "out")
    assert gone in manifest.missing
    assert split not in manifest.splits
    assert f"{gone} is missing" in data.check(root)
    with pytest.raises(MissingDataError, match=gone):
        Converted(tmp_path / "out", data.SOURCE.name).split(split)


@pytest.mark.parametrize("data", SETS, ids=lambda data: data.SOURCE.name)
def test_an_empty_folder_says_where_the_data_are(data, tmp_path):
    with pytest.raises(MissingDataError, match="github.com"):
        data.convert(tmp_path, tmp_path / "out")
    assert any("missing" in line for line in data.check(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_pictures_that_lack_are_named_and_not_needed(copy, tmp_path):
    root = copy(piad.SEEN)
    shutil.rmtree(root / "Seen" / "Img")
    manifest = piad.SEEN.convert(root, tmp_path / "out")
    assert any(line.startswith("23 images of Seen/Img_Test.txt") for line in manifest.missing)
    assert any("23 images of Seen/Img_Train.txt" in line for line in piad.SEEN.check(root))
    assert len(Converted(tmp_path / "out", "piad-seen").pairs("test")) == 23


def poison(value):
    def change(content):
        content[1]["full_shape"] |= value

    return change


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (poison({"label": np.full(2048, 19)}), r"element 1 \(val1\).*label lies in 19..19.*0..18"),
        (poison({"label": np.full(2048, 0.5)}), "element 1.*whole numbers"),
        (poison({"label": np.zeros(2047, int)}), r"label is int64 \(2047,\) for 2048"),
        (poison({"coordinate": np.zeros((2048, 2))}), r"element 1.*coordinate is float64 \(2048, 2\)"),
        (poison({"coordinate": np.full((2048, 3), np.nan)}), "element 1.*finite"),
        (lambda content: content[0].pop("shape_id"), "element 0 has no 'shape_id'"),
        (lambda content: content[0].update({"semantic class": "Spaceship"}), "element 0.*'Spaceship'"),
        (lambda content: content[0].update({"affordance": ["fly"]}), "element 0.*'affordance' is"),
        (lambda content: content[0].update({"full_shape": 3}), "'full_shape' is a int"),
        (lambda content: content.insert(0, 7), "element 0 is a int"),
    ],
)
def test_damaged_shapes_are_named(change, match, copy, tmp_path):
    root = copy(openad)
    rewritten(root / "full_shape_val_data.pkl", change)
    with pytest.raises(InputError, match=match):
        openad.convert(root, tmp_path / "out")
    assert not (tmp_path / "out" / "openad").exists()
    problems = openad.check(root)
    assert sum("full_shape_val_data.pkl" in line for line in problems) == 1
    assert problems[-1] == "8 train shapes, expected 16,082"  # that of a split that was read; no more of val


def test_heat_out_of_range_is_named(copy, tmp_path):
    root = copy(affordancenet)
    name = "full_shape_train_data.pkl"
    rewritten(root / name, lambda c: c[2]["full_shape"]["label"].update({"cut": np.full((2048, 1), 1.5)}))
    with pytest.raises(InputError, match=f"{name}, element 2.*1.5, expected 0..1"):
        affordancenet.convert(root, tmp_path / "out")
    rewritten(root / name, lambda c: c[2]["full_shape"]["label"].pop("cut"))
    with pytest.raises(InputError, match="element 2.*no 'cut'"):
        affordancenet.convert(root, tmp_path / "out")


def test_a_shape_that_is_listed_twice_is_kept_twice(copy, tmp_path):
    root = copy(openad)
    rewritten(root / "full_shape_val_data.pkl", lambda content: content.append(content[0]))
    manifest = openad.convert(root, tmp_path / "out")
    assert manifest.splits["val"][-1] == "val0+again2"


def test_rotations_of_other_shapes_are_refused(copy, tmp_path):
    root = copy(affordancenet_rotated)
    rewritten(root / "rotate_val_data.pkl", lambda content: content.reverse())
    with pytest.raises(InputError, match="element 0 is not the shape val0"):
        affordancenet_rotated.convert(root, tmp_path / "out")


class Bomb:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.system, (f"touch {self.trace}",)


def test_a_hostile_copy_is_refused_and_leaves_no_trace(copy, tmp_path):
    root = copy(laso)
    rewritten(root / "anno_train.pkl", lambda content: content.append(Bomb(tmp_path / "trace")))
    with pytest.raises(UnsafeError, match="anno_train.pkl"):
        laso.convert(root, tmp_path / "out")
    assert any("anno_train.pkl" in line for line in laso.check(root))
    assert not (tmp_path / "trace").exists()
    assert not (tmp_path / "out" / "laso").exists()


@pytest.mark.parametrize(
    ("file", "change", "match"),
    [
        ("anno_val.pkl", lambda c: c[0].update({"affordance": "fly"}), "element 0.*'fly'"),
        ("anno_val.pkl", lambda c: c[0].update({"class": "spaceship"}), "element 0.*'spaceship'"),
        ("anno_val.pkl", lambda c: c[0].update({"mask": np.zeros(7)}), "7 values for 2048"),
        ("anno_val.pkl", lambda c: c[1].update({"class": "bed"}), "element 1.*a Bed, and a Mug"),
        ("anno_val.pkl", lambda c: c.append({**c[0], "mask": c[1]["mask"]}), "another mask of 'grasp'"),
        ("objects_val.pkl", lambda c: c.pop("val0"), "lacks 1 annotated shapes, 'val0'"),
        ("objects_val.pkl", lambda c: c.update({"val0": np.zeros(7)}), r"key 'val0' is no \(N,3\)"),
    ],
)
def test_damaged_laso_is_named(file, change, match, copy, tmp_path):
    root = only(copy(laso), "val")
    rewritten(root / file, change)
    with pytest.raises(InputError, match=match):
        laso.convert(root, tmp_path / "out")


def test_laso_questions_are_checked_line_by_line(copy):
    path = copy(laso) / laso.CSV
    rows = list(csv.reader(path.read_text().splitlines()))
    for change, match in (
        (lambda r: r[3].__setitem__(0, "spaceship"), "line 4: 'spaceship'"),
        (lambda r: r[3].__setitem__(9, ""), "line 4"),
        (lambda r: r[0].__setitem__(4, "Query2"), "line 1 has no column Question2"),
    ):
        broken = [list(row) for row in rows]
        change(broken)
        path.write_text("\n".join(",".join(row) for row in broken))
        with pytest.raises(InputError, match=match):
            laso.questions(path)


def test_a_pair_without_a_question_is_named(copy, tmp_path):
    root = only(copy(laso), "val")
    rows = (root / laso.CSV).read_text().splitlines()
    (root / laso.CSV).write_text("\n".join(row for row in rows if not row.startswith("mug,pour")))
    with pytest.raises(InputError, match="no question about Mug and pour, but val0"):
        laso.convert(root, tmp_path / "out")


def test_an_object_without_annotation_is_kept_and_reported(copy, tmp_path):
    root = only(copy(laso), "val")
    rewritten(root / "objects_val.pkl", lambda c: c.update({"lonely": np.zeros((2048, 3), np.float32)}))
    laso.convert(root, tmp_path / "out")
    assert Converted(tmp_path / "out", "laso").split("val")[-1].category == laso.UNKNOWN
    assert any("lonely: unknown object" in line for line in laso.check(root))


def test_damaged_lists_and_clouds_are_named(copy, tmp_path):
    root = copy(piad.SEEN)
    lines = (root / "Seen" / "Point_Test.txt").read_text()
    for text, error, match in (
        (lines.split("\n", 1)[1], InputError, "23 images.*22 clouds"),
        (f"../../etc/passwd\n{lines}", InputError, "Point_Test.txt, line 1.*passwd"),
        (f"{'x' * 300}/a.txt\n{lines}", InputError, "Point_Test.txt, line 1"),
        (f"a\0b.txt\n{lines}", InputError, "Point_Test.txt, line 1"),
        (f"Seen/nowhere.txt\n{lines}", MissingDataError, "Point_Test.txt, line 1.*nowhere"),
    ):
        (root / "Seen" / "Point_Test.txt").write_text(text)
        with pytest.raises(error, match=match):
            piad.SEEN.convert(root, tmp_path / "out")
    (root / "Seen" / "Point_Test.txt").write_text(lines)
    images = (root / "Seen" / "Img_Test.txt").read_text()
    (root / "Seen" / "Img_Test.txt").write_text(images.replace("Chair_sit", "Chair_fly"))
    with pytest.raises(InputError, match="Img_Test.txt, line.*Chair_fly"):
        piad.SEEN.convert(root, tmp_path / "out")
    (root / "Seen" / "Img_Test.txt").write_text(images)
    (root / "Seen" / "Box_Test.txt").write_text("one\n")
    with pytest.raises(InputError, match="23 images.*has 1 lines"):
        piad.SEEN.convert(root, tmp_path / "out")


def test_damaged_point_files_are_named(copy):
    from partwise.datasets.piad import read_points

    path = next((copy(piad.SEEN) / "Seen" / "Point").rglob("*.txt"))
    rows = path.read_text().splitlines()
    for change, match in (
        (lambda r: [*r[:5], r[5].rsplit(" ", 2)[0], *r[6:]], "line 6"),
        (lambda r: [*r[:5], r[5].replace("0.0", "zero", 1), *r[6:]], "line 6"),
        (lambda r: [*r[:5], f"other {r[5].split(' ', 1)[1]}", *r[6:]], "line 6"),
        (lambda r: [], "empty"),
        (lambda r: [r[0].replace(" 0.0", " 2.0"), *r[1:]], "expected 0..1"),
    ):
        path.write_text("\n".join(change(rows)))
        with pytest.raises(InputError, match=match):
            read_points(path)


def test_damaged_npy_clouds_are_named(copy, tmp_path):
    from partwise.datasets.piadv2 import read_cloud

    path = next((copy(piadv2.SEEN) / "Seen" / "Point").rglob("*.npy"))
    trace = tmp_path / "trace"
    np.save(path, np.zeros((2048, 3)))
    with pytest.raises(InputError, match=r"float64 \(2048, 3\)"):
        read_cloud(path)
    path.write_bytes(b"\x93NUMPY broken")
    with pytest.raises(InputError, match="no NPY array"):
        read_cloud(path)
    path.write_bytes(pickle.dumps(Bomb(trace)))
    with pytest.raises(UnsafeError):
        read_cloud(path)
    np.save(path, np.array(Bomb(trace), dtype=object))
    with pytest.raises(UnsafeError, match="Python objects"):
        read_cloud(path)
    with pytest.raises(InputError, match="lies in no"):
        read_cloud(tmp_path / "x.npy")
    assert not trace.exists()


def test_words_are_in_published_number_and_one_spelling():
    assert [len(AFFORDANCENET_LABELS), len(OPENAD_LABELS), len(OPENAD_SYNONYMS)] == [18, 19, 19]
    assert [len(LASO_LABELS), len(PIAD_LABELS), len(PIADV2_LABELS)] == [18, 17, 24]
    assert [len(set(OBJECTS)), len(set(PIADV2_OBJECTS))] == [23, 43]
    spelled = {canonical(name) for name in (*AFFORDANCENET_LABELS, *LASO_LABELS)}
    assert spelled == set(PIAD_LABELS) | {"pull"}
    assert spelled <= set(PIADV2_LABELS)
    assert object_named("storagefurniture") == "StorageFurniture"
    assert object_named("spaceship") is None
    assert [spoken(name) for name in ("wrap_grasp", "sittable", "cut")] == ["wrap grasp", "sit", "cut"]
