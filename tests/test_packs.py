"""Packs: what is written is read again, and what is damaged, cut off or of another format is refused with its name."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from test_full_disk import contents, full_disk

from partwise.datasets.heat_pack import HeatPack, write_heat_pack
from partwise.datasets.packed import MOST_ACTIONS, Pack, write_pack
from partwise.datasets.sample import PartName, Sample
from partwise.errors import InputError, MissingDataError


def sample(number, points=256):
    """A random cloud of two parts and one action."""
    rng = np.random.default_rng(number)
    labels = (rng.random(points) < 0.5).astype(np.int16)
    return Sample(
        points=rng.normal(size=(points, 3)).astype(np.float32),
        normals=np.zeros((points, 3), np.float32),
        labels=labels,
        parts=(PartName("leg", "support", ("legs",)), PartName("seat", "seat", ())),
        category="chair",
        uid=f"chair/{number}",
        affordances=("sit",),
        heat=labels[:, None].astype(np.float32),
    )


def samples(count=3):
    return [sample(number) for number in range(count)]


def write_parts(folder, given):
    write_pack(folder, given, len(given), 256, heat=True)


def write_heat(folder, given):
    write_heat_pack(folder, given, 256)


KINDS = pytest.mark.parametrize(("write", "read"), [(write_parts, Pack), (write_heat, HeatPack)])


def change_list(folder, change):
    path = folder / "shapes.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(change(content) or content))


@KINDS
def test_a_pack_of_another_format_is_refused(write, read, tmp_path):
    write(tmp_path, samples())
    version = json.loads((tmp_path / "shapes.json").read_text())["format"]
    later = version.replace("/1", "/2")
    change_list(tmp_path, lambda content: content.update(format=later))
    with pytest.raises(InputError, match=re.escape(f"format {later!r}, expected {version!r}")):
        read(tmp_path)
    change_list(tmp_path, lambda content: content.pop("format") and None)
    with pytest.raises(InputError, match="format None"):
        read(tmp_path)


@KINDS
@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda content: [1, 2], "a list, expected an object"),
        (lambda content: content.pop("shapes") and None, 'no list "shapes"'),
        (lambda content: content.update(shapes={"a": 1}), 'no list "shapes"'),
        (lambda content: content["shapes"].insert(0, "chair"), 'no list "shapes"'),
        (lambda content: content["shapes"][1].pop("uid") and None, "shape 1 is incomplete"),
        (lambda content: content["shapes"][2].update(category=3), "shape 2 is incomplete"),
    ],
)
def test_a_damaged_list_is_named(write, read, change, match, tmp_path):
    write(tmp_path, samples())
    change_list(tmp_path, change)
    with pytest.raises(InputError, match=re.escape(f"{tmp_path / 'shapes.json'} is damaged") + ".*" + match):
        read(tmp_path)


@pytest.mark.parametrize("parts", [3, [["leg", "support"]], [["leg", 3, []]], [["leg", "support", [None]]]])
def test_parts_without_their_names_are_refused(parts, tmp_path):
    write_parts(tmp_path, samples())
    change_list(tmp_path, lambda content: content["shapes"][1].update(parts=parts))
    with pytest.raises(InputError, match="shape 1 is incomplete"):
        Pack(tmp_path)


def test_actions_that_the_list_does_not_know_are_refused(tmp_path):
    write_heat(tmp_path, samples())
    change_list(tmp_path, lambda content: content["shapes"][0].update(offered=["fly"]))
    with pytest.raises(InputError, match="shape 0 is incomplete"):
        HeatPack(tmp_path)
    change_list(tmp_path, lambda content: content.update(names="sit"))
    with pytest.raises(InputError, match='no list "names"'):
        HeatPack(tmp_path)


@KINDS
def test_arrays_that_are_cut_off_or_of_another_pack(write, read, tmp_path):
    write(tmp_path / "pack", samples())
    whole = (tmp_path / "pack" / "points.npy").read_bytes()
    for damaged in (b"", whole[:50], whole[:-1], b"PK\x03\x04" + whole):
        (tmp_path / "pack" / "points.npy").write_bytes(damaged)
        with pytest.raises(InputError, match=r"points\.npy is damaged"):
            read(tmp_path / "pack")
    for wrong in (np.zeros(3), np.array(1.0), np.zeros((3, 256, 3), complex)):
        np.save(tmp_path / "pack" / "points.npy", wrong)
        with pytest.raises(InputError, match=r"points\.npy is damaged \(.*expected numbers on 3 axes"):
            read(tmp_path / "pack")
    np.save(tmp_path / "pack" / "points.npy", np.zeros((3, 255, 3), np.float16))
    with pytest.raises(InputError, match="do not belong together"):
        read(tmp_path / "pack")
    with pytest.raises(MissingDataError, match=r"no shapes\.json, points\.npy"):
        read(tmp_path)


@KINDS
def test_a_full_disk_leaves_the_pack_that_was_there(write, read, tmp_path):
    write(tmp_path, samples())
    before = contents(tmp_path)
    with full_disk(2048), pytest.raises(InputError, match=r"\.npy: File too large; make room"):
        write(tmp_path, [sample(number) for number in range(5, 8)])
    assert contents(tmp_path) == before
    assert len(read(tmp_path)) == 3


@KINDS
def test_a_kill_between_arrays_and_list_leaves_no_pack(write, read, tmp_path, monkeypatch):
    write(tmp_path, samples())

    def killed(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"{read.__module__}.write_index", killed)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, [sample(number) for number in range(5, 8)])
    with pytest.raises(MissingDataError, match=r"no shapes\.json"):
        read(tmp_path)


def test_maps_that_a_shape_lacks_are_holes(tmp_path):
    given = [
        replace(sample(number, 4096), affordances=(), heat=np.zeros((4096, 0), np.float32))
        for number in range(8)
    ]
    given[3] = sample(3, 4096)
    write_pack(tmp_path, given, 8, 4096, heat=True)
    file = (tmp_path / "heat.npy").stat()
    assert file.st_size > 8 * MOST_ACTIONS * 4096
    assert file.st_blocks * 512 < file.st_size / 8
    np.testing.assert_allclose(Pack(tmp_path)[3].heat, given[3].heat)


def test_the_identity_of_a_pack_is_that_of_its_arrays_and_words(tmp_path):
    given = samples()
    for name in ("a", "b"):
        write_parts(tmp_path / name, given)
    write_parts(tmp_path / "moved", [replace(given[0], points=given[1].points), *given[1:]])
    write_parts(tmp_path / "named", [replace(given[0], category="stool"), *given[1:]])
    found = [Pack(tmp_path / name).identity() for name in ("a", "b", "moved", "named")]
    assert found[0] == found[1]
    assert len(set(found)) == 3
