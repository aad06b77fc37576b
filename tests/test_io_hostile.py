"""Nothing but a PartwiseError comes out of `read_geometry`, soon and without taking the machine along."""

from __future__ import annotations

import json
import os
import pickle
import struct
import time
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from io_files import (
    CLOUD,
    FACES,
    MTL,
    OBJ,
    TETRAHEDRON,
    bitmap_bomb,
    glb,
    gltf_with,
    instanced,
    las,
    laz_announcing,
    lying,
    npy,
    npy_announcing,
    npz,
    pcd,
    pcd_announcing,
    picture,
    ply_binary,
    ply_text,
    put,
    seeds,
    stl_binary,
    textured,
    two_nodes,
    write_and_refuse,
    zipped,
)

from partwise.errors import InputError, MissingDataError, PartwiseError, UnsafeError
from partwise.io.read import READERS, read_geometry


@pytest.fixture
def refuse(tmp_path):
    """Write bytes under a name, expect an error with these words."""
    return partial(write_and_refuse, tmp_path)


# -- the path itself --------------------------------------------------------------------------------------------------


def test_missing_file_is_missing_data(tmp_path):
    with pytest.raises(MissingDataError, match="no such file"):
        read_geometry(tmp_path / "gone.ply")


@pytest.mark.parametrize("name", ["chair", "chair.blend", ".ply", "archive.tar.gz"])
def test_unknown_extension_lists_the_known(refuse, name):
    refuse(InputError, r"unknown extension .*\.glb .*\.laz", name, b"whatever")


def test_folder_and_device_are_refused(tmp_path):
    (tmp_path / "folder.ply").mkdir()
    with pytest.raises(InputError, match="a folder"):
        read_geometry(tmp_path / "folder.ply")
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names on this system")
    os.mkfifo(tmp_path / "pipe.ply")
    with pytest.raises(InputError, match="a pipe"):
        read_geometry(tmp_path / "pipe.ply")


def test_names_that_no_system_takes(tmp_path):
    for name in ("a\0b.ply", "x" * 5000 + ".ply"):
        with pytest.raises(InputError, match="cannot be opened"):
            read_geometry(tmp_path / name)


def test_no_permission_is_missing_data(tmp_path, monkeypatch):
    (tmp_path / "a.ply").write_bytes(ply_binary("<"))

    def deny(*_args, **_keywords):
        raise PermissionError(13, "denied")

    monkeypatch.setattr(Path, "open", deny)  # chmod does not stop root
    with pytest.raises(MissingDataError, match="no permission"):
        read_geometry(tmp_path / "a.ply")


@pytest.mark.parametrize("extension", READERS)
def test_empty_and_blank_files(refuse, extension):
    refuse(InputError, "empty", f"a{extension}", b"")
    refuse(InputError, "expected|truncated|no points|no vertices|damaged", f"a{extension}", b"  \n\n ")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.glb", ply_binary("<"), r"is PLY: rename it to \.ply"),
        ("a.ply", two_nodes().glb(), r"is glTF: rename it to \.glb or \.gltf"),
        ("a.obj", npy(CLOUD), r"is NPY"),
        ("a.npy", npz(points=CLOUD), r"is NPZ"),
        ("a.xyz", pcd("ascii"), r"is PCD"),
        ("a.txt", las(), r"is LAS: rename it to \.las or \.laz"),
        ("a.glb", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ("a.glb", b"<!DOCTYPE html><html>404", "a web page"),
        ("a.stl", picture(np.zeros((2, 2, 3))), "a picture"),
        ("a.xyz", stl_binary(), "binary bytes"),
        ("a.npz", b"\x89HDF\r\n\x1a\n", "save the points as NPZ"),
        ("a.ply", b"\x1f\x8b\x08", "unpack it first"),
        ("a.ply", b"%PDF-1.7", "a PDF document"),
    ],
)
def test_lying_extensions(refuse, name, data, words):
    refuse(InputError, words, name, data)


# -- bombs and pickles ------------------------------------------------------------------------------------------------


BINARY_PLY = ply_binary("<").decode("latin-1")
TEXT_PLY = ply_text(TETRAHEDRON, FACES).decode()
BOMBS = {
    "picture 54 bytes": ("a.glb", lambda: textured(bitmap_bomb()), UnsafeError),
    "picture below Pillow's own limit": ("a.glb", lambda: textured(bitmap_bomb(12_000, 12_000)), UnsafeError),
    "npz ratio": (
        "a.npz",
        lambda: zipped({"points.npy": npy_announcing((10_000_000, 1), bytes(80_000_000))}),
        UnsafeError,
    ),
    "npz in npz": ("a.npz", lambda: zipped({"inner.npz": npz(points=CLOUD)}), UnsafeError),
    "npz in npy": ("a.npz", lambda: zipped({"points.npy": npz(points=CLOUD)}), UnsafeError),
    "npz members": ("a.npz", lambda: zipped({f"{i}.npy": b"" for i in range(1001)}), UnsafeError),
    "npz lying array": ("a.npz", lambda: zipped({"points.npy": npy_announcing((10**9, 3))}), InputError),
    "npy lying": ("a.npy", lambda: npy_announcing((10**12, 3)), InputError),
    "npy overflow": ("a.npy", lambda: npy_announcing((2**62, 2**62)), InputError),
    "npy negative": ("a.npy", lambda: npy_announcing((-3, 3)), InputError),
    "ply vertices": ("a.ply", lambda: lying(BINARY_PLY, "vertex 4", "vertex 4000000000"), InputError),
    "ply text": ("a.ply", lambda: lying(TEXT_PLY, "vertex 4", "vertex 40000000"), InputError),
    "ply digits": ("a.ply", lambda: lying(TEXT_PLY, "vertex 4", "vertex 4" + "0" * 9000), PartwiseError),
    "pcd points": ("a.pcd", lambda: pcd_announcing(300_000_000), UnsafeError),
    "pcd ratio": ("a.pcd", lambda: pcd_announcing(40_000_000), UnsafeError),
    "las points": ("a.las", lambda: las()[:107] + struct.pack("<I", 40_000_000) + las()[111:], InputError),
    "laz ratio": ("a.laz", lambda: laz_announcing(40_000_000), UnsafeError),
    "off counts": ("a.off", lambda: b"OFF\n4000000000 4000000000 0\n0 0 0\n", InputError),
    "stl count": ("a.stl", lambda: bytes(80) + b"\xff\xff\xff\xff" + bytes(100), InputError),
    "gltf count": ("a.glb", lambda: gltf_with(put("accessors", 0, "count", 4 * 10**9)), UnsafeError),
    "gltf instances": ("a.glb", lambda: instanced(250), UnsafeError),
    "gltf buffers": (
        "a.gltf",
        lambda: b'{"asset":{"version":"2.0"},"buffers":[{"byteLength":4000000000}]}',
        UnsafeError,
    ),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_bombs_are_refused_at_once(tmp_path, kind):
    name, make, error = BOMBS[kind]
    (tmp_path / name).write_bytes(make())
    tracemalloc.start()
    try:
        start = time.perf_counter()
        with pytest.raises(error):
            read_geometry(tmp_path / name)
        seconds = time.perf_counter() - start
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seconds < 1
    assert peak < 100 * 2**20


def test_primitives_are_counted_after_instancing(refuse, monkeypatch):
    monkeypatch.setattr("partwise.io.gltf.MAX_PRIMITIVES", 5)
    made = two_nodes()
    made.root["meshes"][0]["primitives"] *= 6
    refuse(UnsafeError, "7 primitives", "a.glb", made.glb())


def test_texture_bomb_beside_an_obj(refuse, tmp_path):
    (tmp_path / "shape.mtl").write_bytes(MTL)
    (tmp_path / "paint.png").write_bytes(bitmap_bomb())
    refuse(UnsafeError, "3,600,000,000 texture pixels|texture is refused", "a.obj", OBJ)


class _Payload:
    """Unpickling this makes a folder."""

    def __reduce__(self):
        return os.mkdir, ("payload_ran",)


def test_pickles_never_run(refuse, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    objects = np.array([_Payload(), _Payload()], dtype=object)
    refuse(UnsafeError, "pickle", "a.npy", npy(objects))
    refuse(UnsafeError, "pickle", "a.npz", npz(points=objects))
    refuse(UnsafeError, "pickle", "b.npz", zipped({"points.npy": pickle.dumps(_Payload())}))
    for name in ("c.npy", "c.npz", "c.xyz", "c.glb"):
        refuse(UnsafeError, "pickle", name, pickle.dumps(_Payload()))
    assert not (tmp_path / "payload_ran").exists()


# -- mutations --------------------------------------------------------------------------------------------------------

TOKENS = [
    b"-1",
    b"99999999999",
    b"4294967295",
    b"nan",
    b"1e400",
    b"\0",
    b"\xff\xff\xff\xff",
    b"\0\0\0\x80",
    b"{",
    b" ",
    b"\n",
]
VALUES = [
    -1,
    0,
    3,
    10**9,
    -(2**70),
    "x",
    None,
    [],
    {},
    True,
    1.5,
    float("nan"),
    [1] * 16,
    [1e300] * 3,
    "../x",
    5126,
    "VEC4",
]
# What a mistake of ours would look like; a damaged file must be understood well enough not to cause one.
OURS = (TypeError, AttributeError, NameError, KeyError, IndexError, AssertionError, UnboundLocalError)


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    data = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(data) if rng.random() < 0.5 else min(len(data), 400)))
        token = TOKENS[rng.integers(len(TOKENS))]
        match rng.integers(5):
            case 0:
                data[at] = int(rng.integers(256))
            case 1:
                data[at:at] = token
            case 2:
                data[at : at + len(token)] = token
            case 3:
                del data[at : at + int(rng.integers(1, 20))]
            case _:
                data[at:at] = data[at : at + int(rng.integers(1, 40))]
        data = data or bytearray(b" ")
    return bytes(data)


def mutated_json(data: bytes, rng: np.random.Generator) -> bytes:
    """A GLB with one to three JSON values replaced or dropped."""
    size = struct.unpack_from("<I", data, 12)[0]
    root = json.loads(data[20 : 20 + size])
    for _ in range(rng.integers(1, 4)):
        places = [root]
        for place in places:
            places += [
                child
                for child in (place.values() if isinstance(place, dict) else place)
                if isinstance(child, (dict, list)) and child
            ]
        place = places[rng.integers(len(places))]
        keys = list(place) if isinstance(place, dict) else range(len(place))
        if not keys:
            continue
        key = keys[rng.integers(len(keys))]
        if isinstance(place, dict) and rng.random() < 0.2:
            del place[key]
        else:
            place[key] = VALUES[rng.integers(len(VALUES))]
    return glb(json.dumps(root).encode(), data[28 + size :])


def survives(path: Path, data: bytes) -> bool:
    """True if it was read; False if it was refused in the way it should be."""
    path.write_bytes(data)
    cause = None
    try:
        shape = read_geometry(path)
    except PartwiseError as error:
        shape, cause = None, error.__cause__
    assert not isinstance(cause, OURS), repr(data)
    if shape is None:
        return False
    assert shape.faces is None or np.isfinite(shape.points).all()
    return True


@pytest.mark.parametrize("name", seeds())
def test_mutated_files_never_raise_anything_else(tmp_path, name):
    rng = np.random.default_rng(7)
    data = seeds()[name]
    read_anyway = sum(survives(tmp_path / name, mutated(data, rng)) for _ in range(60))
    assert read_anyway < 60  # the mutations do bite


def test_mutated_gltf_json(tmp_path):
    rng = np.random.default_rng(11)
    data = two_nodes().glb()
    read_anyway = sum(survives(tmp_path / "a.glb", mutated_json(data, rng)) for _ in range(400))
    assert 0 < read_anyway < 400


def test_damaged_laz_ends_in_time(tmp_path):
    """The decompressor is compiled code: it works in a child, so that neither a hang nor an abort reaches us."""
    laspy = pytest.importorskip("laspy")
    pytest.importorskip("lazrs")
    (tmp_path / "a.las").write_bytes(las())
    laspy.read(tmp_path / "a.las").write(tmp_path / "a.laz")
    good = (tmp_path / "a.laz").read_bytes()
    rng = np.random.default_rng(0)
    read_anyway = 0
    for _ in range(6):
        data = bytearray(good)
        for at in rng.integers(300, len(data), 4):
            data[at] = rng.integers(256)
        start = time.perf_counter()
        read_anyway += survives(tmp_path / "b.laz", bytes(data))
        assert time.perf_counter() - start < 15
    assert read_anyway < 6
