"""Part data sets from the official layout to the converted one, proven on layout twins; every damage is named."""

import json
import os
import pickle
import shutil
import sys

import h5py
import numpy as np
import pytest

from partwise.datasets import (
    faust,
    objaverse_general,
    own_objects,
    partnete,
    scanobjectnn,
    shapenetpart,
    shapenetpart_hdf5,
)
from partwise.datasets.catalogue import DATASETS, found_counts
from partwise.datasets.converted import Converted
from partwise.datasets.entries import MOST_PROBLEMS
from partwise.datasets.hdf5 import read_hdf5
from partwise.datasets.procedural import training_categories
from partwise.datasets.shapenetpart_names import FIND3D_NAMES, NAMES, POINTCLIPV2_NAMES, SYNSETS, first_labels
from partwise.errors import InputError, MissingDataError, MissingExtraError, UnsafeError
from partwise.io.read import read_geometry

MOCK_COUNTS = {
    "shapenetpart": {"train": 32, "val": 16, "test": 32},
    "shapenetpart-hdf5": {"train": 32, "val": 16, "test": 32},
    "partnete": {"test": 4},
    "scanobjectnn-part": {"train": 15, "test": 15},
    "faust-coarse": {"test": 3},
    "objaverse-general": {"seen": 2, "unseen": 2, "shapenetpart": 2},
    "procedural": {"held-out-seeds": len(training_categories()), "held-out-categories": 40},
    "objects": {"train": 2, "val": 1},
}
PUBLISHED = (*(name for name in MOCK_COUNTS if name != "procedural"),)


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """A twin of every published set, undamaged."""
    root = tmp_path_factory.mktemp("twins")
    for name in MOCK_COUNTS:
        DATASETS[name].mock(root / name, 0)
    return root


@pytest.fixture
def twin(twins, tmp_path):
    """A copy of one twin, to be damaged; smaller where each file takes a process of its own."""

    def copy(name, whole=False):
        shutil.copytree(twins / name, tmp_path / name)
        for folder in sorted((tmp_path / name).glob("test/*"))[4:]:  # categories of PartNetE
            shutil.rmtree(folder)
        for file in () if whole else ("ply_data_train0.h5", "ply_data_test1.h5"):
            (tmp_path / name / "hdf5_data" / file).unlink(missing_ok=True)
        return tmp_path / name

    return copy


def files_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# -- every set, from twin to loader -----------------------------------------------------------------------------------


def test_the_names_are_those_of_the_modules():
    assert all(module.SOURCE.name == name for name, module in DATASETS.items())
    assert set(MOCK_COUNTS) <= set(DATASETS)


@pytest.mark.parametrize("name", MOCK_COUNTS)
def test_a_twin_is_converted_and_read_back(name, twin, tmp_path):
    out = tmp_path / "out"
    manifest = DATASETS[name].convert(twin(name, whole=True), out)
    assert manifest.counts() == MOCK_COUNTS[name]
    data = Converted(out, name)
    assert data.manifest == manifest
    for split in manifest.splits:
        for item in data.split(split):
            names = manifest.names_of(item.uid, item.category)
            assert len(set(names)) == len(names)
            assert 0 <= item.labels.max() < len(names)
            assert item.points.std() > 0
        data.verify(split)
    counts = found_counts(data, ["gone shapes"])
    assert counts["objects"] == sum(MOCK_COUNTS[name].values())
    assert counts["gone shapes"] == 0


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_same_files_give_the_same_bytes(name, twin, tmp_path):
    original = twin(name)
    DATASETS[name].convert(original, tmp_path / "one")
    DATASETS[name].convert(original, tmp_path / "two")
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_twin_follows_from_its_seed(name, twins, tmp_path):
    DATASETS[name].mock(tmp_path / "again", 0)
    assert files_of(tmp_path / "again") == files_of(twins / name)
    DATASETS[name].mock(tmp_path / "other", 1)
    assert files_of(tmp_path / "other") != files_of(twins / name)


def test_a_check_finds_that_a_twin_is_smaller(twin):
    assert shapenetpart.check(twin("shapenetpart")) == ["32 test shapes, expected 2,874"]
    assert partnete.check(twin("partnete"))[-2:] == [
        "4 test shapes, expected 1,906",
        "4 categories, expected 45",
    ]
    assert scanobjectnn.check(twin("scanobjectnn-part")) == []
    assert faust.check(twin("faust-coarse")) == []
    assert own_objects.check(twin("objects")) == []
    assert objaverse_general.check(twin("objaverse-general")) == [
        "2 seen shapes, expected 50",
        "2 unseen shapes, expected 50",
        "2 shapenetpart shapes, expected 32",
    ]


def test_a_check_compares_published_hashes(twin):
    problems = shapenetpart_hdf5.check(twin("shapenetpart-hdf5", whole=True))
    assert "ply_data_train5.h5 is missing" in problems
    assert "32 test shapes, expected 2,874" in problems
    assert any(
        line.startswith("ply_data_test1.h5 has the MD5") and "5eb63ae37883" in line for line in problems
    )
    assert len(problems) == 5 + 3 + 4


@pytest.mark.parametrize("name", PUBLISHED)
def test_an_empty_folder_is_no_copy(name, tmp_path):
    assert DATASETS[name].check(tmp_path)
    with pytest.raises(MissingDataError):
        DATASETS[name].convert(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# -- what the numbers mean --------------------------------------------------------------------------------------------


def test_shapenetpart_labels_count_from_zero_in_each_category(twins, tmp_path):
    root = twins / "shapenetpart" / shapenetpart.FOLDER
    manifest = shapenetpart.convert(twins / "shapenetpart", tmp_path)
    listed = json.loads((root / "train_test_split/shuffled_test_file_list.json").read_text())
    for name, item in zip(listed, Converted(tmp_path, "shapenetpart").split("test"), strict=True):
        _, synset, uid = name.split("/")
        rows = np.loadtxt(root / synset / f"{uid}.txt")
        assert item.uid == f"{synset}_{uid}"
        assert SYNSETS[item.category] == synset
        np.testing.assert_array_equal(item.labels + first_labels()[item.category], rows[:, 6])
        np.testing.assert_array_equal(item.points, rows[:, :3].astype(np.float32))
        np.testing.assert_array_equal(item.normals, rows[:, 3:6].astype(np.float32))
    assert manifest.label_names == NAMES


def test_a_few_listed_training_shapes_may_be_absent_as_in_the_published_archive(twin, tmp_path):
    root = twin("shapenetpart")
    path = first(root, "shuffled_train*")
    listed = json.loads(path.read_text())
    first(root, f"{listed[4].split('/')[2]}.txt").unlink()
    path.write_text(json.dumps([*listed, listed[0]]))  # and one that is listed twice
    assert shapenetpart.convert(root, tmp_path / "out").counts() == {"train": 31, "val": 16, "test": 32}


def test_both_layouts_of_shapenetpart_agree(twins, tmp_path):
    shapenetpart_hdf5.convert(twins / "shapenetpart-hdf5", tmp_path)
    data = Converted(tmp_path, "shapenetpart-hdf5")
    with h5py.File(twins / "shapenetpart-hdf5/hdf5_data/ply_data_test1.h5") as file:
        label, pid, points = (file[key][:] for key in ("label", "pid", "data"))
    items = list(data.split("test"))[16:]  # ply_data_test0 comes first
    for row, item in enumerate(items):
        assert item.category == list(NAMES)[label[row, 0]]
        np.testing.assert_array_equal(item.points, points[row])
        np.testing.assert_array_equal(item.labels + first_labels()[item.category], pid[row])


def test_the_names_of_each_protocol_stand_for_the_same_labels():
    assert sum(map(len, NAMES.values())) == 50
    assert {category: len(names) for category, names in FIND3D_NAMES.items()} == {
        category: len(names) for category, names in NAMES.items()
    }
    assert [category for category in NAMES if FIND3D_NAMES[category] != NAMES[category]] == [
        "Cap", "Car", "Chair", "Guitar", "Lamp", "Laptop", "Motorbike", "Pistol", "Rocket",
    ]  # fmt: skip
    assert POINTCLIPV2_NAMES["Lamp"] == ("leg or wire", "lampshade")
    assert len(partnete.NAMES) == 45
    assert sum(map(len, partnete.NAMES.values())) == 103


def test_shapes_with_a_label_are_counted_when_wanted(twins, tmp_path):
    shapenetpart.convert(twins / "shapenetpart", tmp_path)
    wanted = ("test shapes with data wire", "test shapes with handle", "val shapes with no such thing")
    counts = found_counts(Converted(tmp_path, "shapenetpart"), wanted)
    # Every shape of the twin has all its labels, two shapes of each category: bag, knife and mug have a handle.
    assert [counts[key] for key in wanted] == [2, 6, 0]


def test_scanobjectnn_keeps_the_object_and_leaves_out_names(tmp_path):
    folder = tmp_path / "object_dataset_complete_with_parts"
    (folder / "chair").mkdir(parents=True)
    (folder / "split_new.txt").write_text("a.bin\t4\tt\n")
    rows = np.zeros((8, 11), dtype=np.float32)
    rows[:, 0] = np.arange(8)
    rows[:, 6:9] = 200
    rows[:, 10] = [0, 1, 2, 5, 5, 5, 5, 9]  # unannotated, wall, floor, the chair, a table
    parts = np.column_stack([np.zeros(8), [1, 1, 1, 0, 1, 2, 5, 3]])
    np.concatenate([[8], rows.ravel()]).astype("<f4").tofile(folder / "chair/a.bin")
    np.concatenate([[8], parts.ravel()]).astype("<f4").tofile(folder / "chair/a_part.bin")
    scanobjectnn.convert(tmp_path, tmp_path / "out")
    item = Converted(tmp_path / "out", "scanobjectnn-part").split("test")[0]
    np.testing.assert_array_equal(item.points[:, 0], [3, 4, 5, 6])
    np.testing.assert_array_equal(item.labels, [-1, -1, 0, 3])  # none, head (left out), back, seat
    assert (item.colors == 200).all()
    assert scanobjectnn.NAMES["chair"] == ("back", "arm", "base", "seat")


def test_objaverse_names_are_those_of_the_object(twins, tmp_path):
    manifest = objaverse_general.convert(twins / "objaverse-general", tmp_path)
    data = Converted(tmp_path, "objaverse-general")
    folder = twins / "objaverse-general" / "seenclass"
    assert {item.category for item in data.split("seen")} == {"mug", "alarm clock"}
    for item in data.split("seen"):
        stored = np.load(folder / item.uid / "labels.npy")
        np.testing.assert_array_equal(item.labels, stored - 1)
        names = json.loads((folder / item.uid / "label_map.json").read_text())
        assert list(manifest.names_of(item.uid, item.category)) == list(names.values())
        geometry = read_geometry(folder / item.uid / "points5000.pcd")
        np.testing.assert_array_equal(item.colors, geometry.colors[:, :3])
        np.testing.assert_allclose(item.normals, geometry.normals)


def test_objaverse_may_call_its_first_folder_seen(twin):
    root = twin("objaverse-general")
    os.rename(root / "seenclass", root / "seen")
    assert "2 seen shapes, expected 50" in objaverse_general.check(root)
    shutil.copytree(root / "seen", root / "seenclass")
    assert "the same split twice" in objaverse_general.check(root)[-1]


# -- damage: named with file and line or key, nothing written, nothing run ---------------------------------------------


def first(root, pattern):
    return sorted(root.rglob(pattern))[0]


def edit_lines(path, number, line):
    lines = path.read_text().splitlines()
    lines[number - 1] = line
    path.write_text("\n".join(lines) + "\n")
    return f"{path.name}, line {number}"


def truncate(path, share=0.6):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path.name


def bad_word(root):
    return edit_lines(first(root, "0*/*.txt"), 7, "0 0 0 0 0 one 12")


def short_row(root):
    return edit_lines(first(root, "0*/*.txt"), 3, "0 0 0 0 0 1")


def nan_row(root):
    return edit_lines(first(root, "0*/*.txt"), 5, "nan 0 0 0 0 1 0")


def label_of_another_category(root):
    return edit_lines(first(root, "02691156/*.txt"), 9, "0 0 0 0 0 1 4")


def half_label(root):
    return edit_lines(first(root, "02691156/*.txt"), 9, "0 0 0 0 0 1 0.5")


def shape_gone(root):
    listed = json.loads(first(root, "shuffled_test*").read_text())[0].split("/")
    path = first(root, f"{listed[2]}.txt")
    path.unlink()
    return path.name


def many_shapes_gone(root):
    for name in json.loads(first(root, "shuffled_train*").read_text())[:21]:
        first(root, f"{name.split('/')[2]}.txt").unlink()
    return "and 20 other listed files are missing"


def list_is_no_json(root):
    path = first(root, "shuffled_val*")
    path.write_text('["shape_data/02691156/a",\n oops]')
    return f"{path.name}, line 2"


def list_leaves_the_folder(root):
    path = first(root, "shuffled_val*")
    path.write_text('["shape_data/02691156/x", "../../../etc/passwd"]')
    return f"{path.name}, entry 1"


def other_synset(root):
    return edit_lines(first(root, "synset*"), 2, "Sofa\t04256520")


SHAPENET = (
    bad_word, short_row, nan_row, label_of_another_category, half_label, shape_gone, many_shapes_gone, list_is_no_json,
    list_leaves_the_folder, other_synset,
)  # fmt: skip


def h5_truncated(root):
    return truncate(first(root, "ply_data_val0.h5"))


def h5_text(root):
    first(root, "ply_data_val0.h5").write_text("not found")
    return "ply_data_val0.h5"


def h5_without_labels(root):
    with h5py.File(first(root, "ply_data_val0.h5"), "a") as file:
        del file["pid"]
    return "ply_data_val0.h5, key 'pid'"


def h5_other_length(root):
    with h5py.File(first(root, "ply_data_val0.h5"), "a") as file:
        values = file["label"][:-1]
        del file["label"]
        file["label"] = values
    return "ply_data_val0.h5, key 'label': found the shape (15, 1)"


def h5_label_beyond(root):
    with h5py.File(first(root, "ply_data_val0.h5"), "a") as file:
        file["pid"][3, 100] = 50
    return "ply_data_val0.h5, key 'pid', shape 3, row 101: label 50"


def h5_category_beyond(root):
    with h5py.File(first(root, "ply_data_val0.h5"), "a") as file:
        file["label"][2] = 16
    return "ply_data_val0.h5, key 'label', row 3: label 16"


def h5_nan(root):
    with h5py.File(first(root, "ply_data_val0.h5"), "a") as file:
        file["data"][1, 5, 0] = np.nan
    return "ply_data_val0.h5, key 'data', shape 1"


HDF5 = (
    h5_truncated, h5_text, h5_without_labels, h5_other_length, h5_label_beyond, h5_category_beyond, h5_nan,
)  # fmt: skip


def pnet_labels(root, **stored):
    path = first(root, "label.npy")
    with path.open("wb") as file:
        np.save(file, np.array(stored, dtype=object))
    return f"{path.name}, key 'semantic_seg'"


def pnet_short_labels(root):
    return pnet_labels(root, semantic_seg=np.zeros(299, np.int64))


def pnet_no_labels(root):
    return pnet_labels(root, instance_seg=np.zeros(300, np.int64))


def pnet_label_beyond(root):
    return pnet_labels(root, semantic_seg=np.full(300, 7))


def pnet_truncated_cloud(root):
    return truncate(first(root, "pc.ply"))


def pnet_truncated_labels(root):
    return truncate(first(root, "label.npy"))


def pnet_other_names(root):
    path = root / partnete.META
    meta = json.loads(path.read_text()) | {"Lamp": ["body", "base", "bulb", "shade"]}
    path.write_text(json.dumps(meta))
    return "PartNetE_meta.json, key 'Lamp'"


PNET = (
    pnet_short_labels, pnet_no_labels, pnet_label_beyond, pnet_truncated_cloud, pnet_truncated_labels, pnet_other_names,
)  # fmt: skip


def scan_truncated(root):
    return truncate(first(root, "chair/*00.bin"))


def scan_lies(root):
    path = first(root, "chair/*00.bin")
    np.concatenate([[99], np.fromfile(path, "<f4")[1:]]).astype("<f4").tofile(path)
    return f"{path.name}: it announces 99 points"


def scan_shorter_parts(root):
    path = first(root, "chair/*_part.bin")
    np.fromfile(path, "<f4")[:-2].tofile(path)
    return f"{path.name}: 159 rows for 160 points"


def scan_label_beyond(root):
    path = first(root, "sofa/*_part.bin")
    kind = np.fromfile(str(path).replace("_part.bin", ".bin"), "<f4")[11::11]
    row = int(np.flatnonzero(kind == 5)[4])  # the object, see the twin
    values = np.fromfile(path, "<f4")
    values[2 + 2 * row] = 9
    values.tofile(path)
    return f"{path.name}, row {row + 1}: label 9"


def scan_all_background(root):
    path = first(root, "sofa/*00.bin")
    values = np.fromfile(path, "<f4")
    values[11::11] = 1
    values.tofile(path)
    return f"{path.name}: every point is background"


def scan_other_split(root):
    return edit_lines(first(root, "split_new.txt"), 4, "x.bin\t15\tt")


SCAN = (
    scan_truncated, scan_lies, scan_shorter_parts, scan_label_beyond, scan_all_background, scan_other_split,
)  # fmt: skip


def faust_labels(root, words):
    path = first(root, "coarse_gt.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"tr_scan_001": words}))
    return "coarse_gt.json, key 'tr_scan_001'"


def faust_short(root):
    return faust_labels(root, ["arm"] * 31)


def faust_other_word(root):
    return faust_labels(root, ["arm"] * 5 + ["tail"] * 27) + ", vertex 5: 'tail'"


def faust_no_list(root):
    return faust_labels(root, "arm")


def faust_other_mesh(root):
    return edit_lines(first(root, "meshes.txt"), 2, "tr_scan_009.obj")


def faust_mesh_outside(root):
    return edit_lines(first(root, "meshes.txt"), 2, "../tr_scan_001.obj")


FAUST = (faust_short, faust_other_word, faust_no_list, faust_other_mesh, faust_mesh_outside)


def objaverse_short(root):
    path = first(root, "labels.npy")
    np.save(path, np.load(path)[:-1])
    return f"{path.name}: found (4999,)"


def objaverse_label_beyond(root):
    path = first(root, "labels.npy")
    np.save(path, np.load(path) + 5)
    return f"{path.name}, row "


def objaverse_truncated_labels(root):
    return truncate(first(root, "labels.npy"))


def objaverse_truncated_cloud(root):
    return truncate(first(root, "points5000.pcd"))


def objaverse_gap(root):
    path = first(root, "label_map.json")
    path.write_text('{"1": "base", "3": "top"}')
    return f"{path.name}, key '2'"


def objaverse_odd_folder(root):
    os.rename(first(root, "unseen/*"), root / "unseen" / "sheep")
    return "sheep: the name of the folder is not <class>_<uid>"


OBJAVERSE = (
    objaverse_short, objaverse_label_beyond, objaverse_truncated_labels, objaverse_truncated_cloud, objaverse_gap,
    objaverse_odd_folder,
)  # fmt: skip
DAMAGE = [
    (name, damage)
    for name, damages in {
        "shapenetpart": SHAPENET,
        "shapenetpart-hdf5": HDF5,
        "partnete": PNET,
        "scanobjectnn-part": SCAN,
        "faust-coarse": FAUST,
        "objaverse-general": OBJAVERSE,
    }.items()
    for damage in damages
]


@pytest.mark.parametrize(("name", "damage"), DAMAGE, ids=lambda value: getattr(value, "__name__", value))
def test_damage_is_named(name, damage, twin, tmp_path):
    root = twin(name)
    place = damage(root)
    with pytest.raises((InputError, MissingDataError)) as caught:
        DATASETS[name].convert(root, tmp_path / "out")
    assert place in str(caught.value)
    assert not list((tmp_path / "out").glob("*"))
    assert any(place in line for line in DATASETS[name].check(root))


# -- code in data -----------------------------------------------------------------------------------------------------


class Payload:
    """Unpickled by a careless reader, it writes a file."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.system, (f"touch {self.trace}",)


def test_a_pickle_that_calls_code_is_refused(twin, tmp_path):
    root, trace = twin("partnete"), tmp_path / "trace"
    path = first(root, "label.npy")
    for wrapped in (True, False):
        with path.open("wb") as file:
            payload = {"semantic_seg": Payload(trace)}
            if wrapped:
                np.save(file, np.array(payload, dtype=object))
            else:
                pickle.dump(payload, file)
        with pytest.raises(UnsafeError, match=r"label\.npy.*system"):
            partnete.convert(root, tmp_path / "out")
        assert any("label.npy" in line and "system" in line for line in partnete.check(root))
    assert not trace.exists()


def test_an_object_array_is_refused_where_numbers_belong(twin, tmp_path):
    root, trace = twin("objaverse-general"), tmp_path / "trace"
    path = first(root, "labels.npy")
    for wrapped in (True, False):
        with path.open("wb") as file:
            if wrapped:
                np.save(file, np.array([Payload(trace)], dtype=object))
            else:
                pickle.dump(Payload(trace), file)
        with pytest.raises(UnsafeError, match=r"labels\.npy"):
            objaverse_general.convert(root, tmp_path / "out")
    assert not trace.exists()


@pytest.mark.parametrize("kind", ["link", "soft", "external", "virtual"])
def test_hdf5_that_points_elsewhere_is_refused(kind, twin, tmp_path):
    root = twin("shapenetpart-hdf5")
    path = first(root, "ply_data_val0.h5")
    with h5py.File(path, "a") as file:
        shape = file["pid"].shape
        del file["pid"]
        if kind == "link":
            file["pid"] = h5py.ExternalLink("ply_data_test0.h5", "/pid")
        elif kind == "soft":
            file["pid"] = h5py.SoftLink("/label")
        elif kind == "external":
            file.create_dataset("pid", shape, "u1", external=[(str(tmp_path / "secret"), 0, 10**6)])
        else:
            layout = h5py.VirtualLayout(shape, "u1")
            layout[:] = h5py.VirtualSource("ply_data_test0.h5", "pid", shape)
            file.create_virtual_dataset("pid", layout)
    with pytest.raises(UnsafeError, match=r"ply_data_val0\.h5, key 'pid'"):
        shapenetpart_hdf5.convert(root, tmp_path / "out")


def test_mutated_hdf5_never_takes_us_down(twins, tmp_path):
    original = (twins / "shapenetpart-hdf5/hdf5_data/ply_data_val0.h5").read_bytes()
    rng, path, refused = np.random.default_rng(0), tmp_path / "a.h5", 0
    for _ in range(8):
        data = bytearray(original)
        for place in rng.integers(0, 4000, 20):  # headers and trees lie in front
            data[place] = rng.integers(0, 256)
        path.write_bytes(data)
        try:
            assert set(read_hdf5(path, ("data", "label", "pid"), 100_000)) == {"data", "label", "pid"}
        except (InputError, UnsafeError):
            refused += 1
    assert refused > 4


def test_hdf5_that_announces_too_much_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:  # a few bytes on disk, terabytes once read
        file.create_dataset("data", (10**8, 2048, 3), "f4", chunks=(1, 2048, 3))
    with pytest.raises(InputError, match=r"a\.h5, key 'data'.*at most 100000 rows"):
        read_hdf5(tmp_path / "a.h5", ("data",), 100_000)
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.create_dataset("data", (90_000, 2048, 30), "f4", chunks=(1, 2048, 30))
    with pytest.raises(InputError, match=r"b\.h5"):
        read_hdf5(tmp_path / "b.h5", ("data",), 100_000)


def test_hdf5_needs_its_extra(twin, tmp_path, monkeypatch):
    root = twin("shapenetpart-hdf5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    for use in (shapenetpart_hdf5.check, lambda r: shapenetpart_hdf5.convert(r, tmp_path / "out")):
        with pytest.raises(MissingExtraError, match=r"partwise\[data\]"):
            use(root)


def test_a_check_of_another_folder_stops(twin):
    root = twin("shapenetpart")
    for path in root.rglob("0*/*.txt"):
        path.write_text("nothing")
    problems = shapenetpart.check(root)
    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[-1].startswith("stopped after 50 problems")
