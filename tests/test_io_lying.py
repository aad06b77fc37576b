"""Files that are cut off, or announce what they do not hold, or hold numbers that mean nothing."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from io_files import (
    CLOUD,
    FACES,
    OBJ,
    TETRAHEDRON,
    las,
    lying,
    npy,
    npz,
    pcd,
    ply_binary,
    ply_text,
    seeds,
    stl_binary,
    stl_text,
    two_nodes,
    write_and_read,
    write_and_refuse,
)

from partwise.errors import InputError, PartwiseError, UnsafeError
from partwise.io.limits import Limits


@pytest.fixture
def refuse(tmp_path):
    """Write bytes under a name, expect an error with these words."""
    return partial(write_and_refuse, tmp_path)


@pytest.mark.parametrize("name", seeds())
def test_truncated_anywhere(tmp_path, name):
    """Every prefix of every format either is refused or, in formats without a count, is a shorter shape."""
    data = seeds()[name]
    whole = len(write_and_read(tmp_path, name, data).points)
    for size in np.linspace(1, len(data) - 2, 40).astype(int):
        try:
            shape = write_and_read(tmp_path, name, data[:size])
        except PartwiseError:
            continue
        assert 0 < len(shape.points) <= whole


BINARY_PLY = ply_binary("<").decode("latin-1")
TEXT_PLY = ply_text(TETRAHEDRON, FACES).decode()
BINARY_PCD = pcd("binary").decode("latin-1")
SQUARE_OFF = "OFF\n4 1 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        (
            "a.ply",
            lying(BINARY_PLY, "element vertex 4", "element vertex 4000000"),
            "announces 4,000,000 vertex",
        ),
        ("a.ply", lying(BINARY_PLY, "element face 4", "element face 5"), "truncated"),
        ("a.ply", lying(BINARY_PLY, "element face 4", "element face -4"), "not understood"),
        ("a.ply", lying(BINARY_PLY, "list uchar int", "list int double"), "truncated|beyond the end"),
        ("a.ply", lying(BINARY_PLY, "list uchar int", "list float int"), "fractional length"),
        ("a.ply", lying(BINARY_PLY, "float nx", "string nx"), "not understood"),
        ("a.ply", lying(BINARY_PLY, "float nx", "float x"), "twice"),
        ("a.ply", lying(BINARY_PLY, "double y", "double why"), "no 'vertex' element"),
        ("a.ply", lying(BINARY_PLY, "binary_little", "binary_middle"), "not understood"),
        ("a.ply", lying(TEXT_PLY, "element vertex 4", "element vertex 9"), "announces 9 vertex"),
        ("a.ply", lying(TEXT_PLY, "3 0 2 1", "9 0 2 1"), "longer than its row"),
        ("a.ply", lying(TEXT_PLY, "3 0 2 1", "3 0 2 77"), r"vertices 0\.\.77"),
        ("a.ply", lying(TEXT_PLY, "3 0 2 1", "3 0 -2 1"), r"vertices -2\.\.3"),
        ("a.ply", lying(TEXT_PLY, "3 0 2 1", "3 0 2 0.5"), "whole number"),
        ("a.ply", lying(TEXT_PLY, "1 0 0", "1 zero 0"), "'zero'"),
        ("a.pcd", lying(BINARY_PCD, "WIDTH 60", "WIDTH 61"), "POINTS is 60"),
        (
            "a.pcd",
            lying(lying(BINARY_PCD, "WIDTH 60", "WIDTH 999").decode("latin-1"), "POINTS 60", "POINTS 999"),
            "lies",
        ),
        ("a.pcd", lying(BINARY_PCD, "SIZE 4 4", "SIZE 4"), "same length"),
        ("a.pcd", lying(BINARY_PCD, "TYPE F F", "TYPE F Q"), "does not exist"),
        ("a.pcd", lying(BINARY_PCD, "FIELDS x", "FIELDS q"), "no field 'x'"),
        ("a.pcd", lying(BINARY_PCD, "DATA binary", "DATA zipped"), "'zipped'"),
        ("a.pcd", pcd("binary_compressed")[:-7], "lies"),
        ("a.pcd", pcd("ascii")[:-300], "60 points announced"),
        ("a.stl", stl_binary()[:-1], "4 triangles"),
        ("a.stl", stl_binary()[:50], "no points"),
        ("a.stl", stl_text().replace(b"vertex 0 0 1\n", b"", 1), "11 vertices in 4 facets"),
        ("a.stl", stl_text().replace(b"vertex 0 0 1\n", b"vertex 0 one 1\n", 1), "not a number"),
        ("a.off", lying(SQUARE_OFF, "4 1 0", "4 2 0"), "2 faces"),
        ("a.off", lying(SQUARE_OFF, "4 1 0", "-4 1 0"), "counts"),
        ("a.off", lying(SQUARE_OFF, "4 0 1 2 3", "7 0 1 2 3"), "announces 7 corners"),
        ("a.off", lying(SQUARE_OFF, "4 0 1 2 3", "4 0 1 2 4"), r"vertices 0\.\.4"),
        ("a.off", lying(SQUARE_OFF, "OFF", "FOO"), "'OFF' was expected"),
        ("a.obj", OBJ.replace(b"4/4/1", b"9/4/1"), "number 9 of 5 vertices"),
        ("a.obj", OBJ.replace(b"4/4/1", b"4/9/1"), "number 9 of 4 texture"),
        ("a.obj", OBJ.replace(b"4/4/1", b"4/4/4"), "number 4 of 1 normals"),
        ("a.obj", OBJ.replace(b"f -1//1", b"f -9//1"), "number -9 of 5 vertices"),
        ("a.obj", OBJ.replace(b"4/4/1", b"0/4/1"), "number 0 of 5 vertices"),
        ("a.obj", OBJ.replace(b"4/4/1", b"4/4/1/1"), "no list of v"),
        ("a.obj", OBJ.replace(b"4/4/1", b"four"), "not a number"),
        ("a.obj", OBJ.replace(b"v 1 1 0", b"v 1 1"), "vertices"),
        ("a.obj", b"# nothing\n", "no vertices"),
        ("a.xyz", b"1 2 3\n4 5\n", "number of columns|column"),
        ("a.xyz", b"1 2 3\n4 5 six\n", "'six'"),
        ("a.xyz", b"1 2\n3 4\n", "x y z first"),
        ("a.csv", b"x,y,z\n", "no points"),
        ("a.las", las()[:-5], "lies"),
        ("a.las", las()[:100], "truncated"),
        ("a.las", las()[:100] + b"\xff\xff\xff\xff" + las()[104:], "variable length records"),
        ("a.las", las()[:104] + b"\x3f" + las()[105:], "point format 63"),
    ],
)
def test_lying_files(refuse, name, data, words):
    refuse(InputError, words, name, data)


def test_damaged_lzf(refuse):
    data = pcd("binary_compressed")
    head = data.index(b"compressed\n") + 11
    size = len(data) - head - 8
    backwards = data[: head + 8] + b"\xff" * size
    refuse(InputError, "before their start", "a.pcd", backwards)
    refuse(InputError, "bytes, but", "a.pcd", data[: head + 8] + b"\0" * size)


# -- shapes and numbers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (CLOUD[:, :2], r"shape \(60, 2\)"),
        (CLOUD.T, "lies on its side"),
        (CLOUD[None], r"shape \(1, 60, 3\)"),
        (CLOUD[0], r"shape \(3,\)"),
        (CLOUD.astype(complex), "complex128"),
        (CLOUD > 0, "bool"),
        (CLOUD.astype("S8"), "S8"),
        (np.zeros((0, 3)), "no points"),
        (np.float64(1), r"shape \(\)"),
        (np.zeros(4, dtype=[("x", "f4"), ("y", "f4"), ("z", "f4")]), "real numbers"),
    ],
)
def test_wrong_arrays(refuse, array, words):
    refuse(InputError, words, "a.npy", npy(array))
    refuse(InputError, words, "a.npz", npz(points=array))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": CLOUD, "b": CLOUD}, "2 others"),
        ({"label": np.arange(3)}, "no array 'points'"),
        ({"points": TETRAHEDRON, "faces": FACES + 1}, r"vertices 1\.\.4"),
        ({"points": TETRAHEDRON, "faces": FACES - 1}, r"vertices -1\.\."),
        ({"points": TETRAHEDRON, "faces": FACES.astype(float)}, "integers"),
        ({"points": TETRAHEDRON, "faces": FACES[:, :2]}, "'faces' has the shape"),
        ({"points": TETRAHEDRON, "colors": CLOUD}, "60 rows for 4"),
        ({"points": TETRAHEDRON, "colors": CLOUD[:4] * 1000}, "colours run"),
        ({"points": TETRAHEDRON, "normals": CLOUD}, "60 rows for 4"),
    ],
)
def test_wrong_archives(refuse, arrays, words):
    refuse(InputError, words, "a.npz", npz(**arrays))


@pytest.mark.parametrize("bad", ["nan", "inf", "-inf"])
def test_mesh_with_a_vertex_that_is_no_number(refuse, bad):
    rows = ["0 0 0", "1 0 0", f"0 {bad} 0", "0 0 1"]
    refuse(InputError, rf"vertex 2 is \(0, {bad}, 0\)", "a.ply", ply_text(TETRAHEDRON, FACES, rows=rows))


def test_cloud_of_nothing_finite(refuse):
    refuse(InputError, "none of the 60 points", "a.npy", npy(CLOUD * np.nan))


def test_cloud_keeps_rows_that_are_not_finite(tmp_path):
    points = CLOUD.copy()
    points[3], points[7, 1] = np.nan, np.inf
    shape = write_and_read(tmp_path, "a.npy", npy(points))
    np.testing.assert_array_equal(shape.points, points)
    assert shape.warnings == ("2 of 60 points are NaN or infinite: kept in place, without an answer",)


def test_coordinates_beyond_single_precision(refuse):
    refuse(InputError, "point 1 is .*rescale", "a.xyz", b"1 2 3\n1 1e39 3\n")
    refuse(InputError, "vertex 1 is .*rescale", "a.npz", npz(points=TETRAHEDRON * 1e39, faces=FACES))


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(max_file_bytes=60), "max_file_bytes"),
        (Limits(max_points=3), "max_points"),
        (Limits(max_faces=3), "max_faces"),
    ],
)
@pytest.mark.parametrize(
    "name", ["a.glb", "a.obj", "text.stl", "binary.stl", "a.off", "text.ply", "little.ply"]
)
def test_limits_hold_for_meshes_and_are_named(refuse, name, limits, words):
    refuse(UnsafeError, words, name, seeds()[name], limits)


@pytest.mark.parametrize(
    "name", ["a.xyz", "a.npy", "a.npz", "text.pcd", "binary.pcd", "compressed.pcd", "a.las"]
)
def test_limits_hold_for_clouds(refuse, name):
    refuse(UnsafeError, "max_points", name, seeds()[name], Limits(max_points=3))


def test_limits_on_textures_and_archives(refuse):
    refuse(UnsafeError, "max_texture_pixels", "a.glb", two_nodes().glb(), Limits(max_texture_pixels=3))
    refuse(
        UnsafeError, "max_archive_members", "a.npz", npz(points=CLOUD, a=CLOUD), Limits(max_archive_members=1)
    )
    refuse(UnsafeError, "max_archive_bytes", "a.npz", npz(points=CLOUD), Limits(max_archive_bytes=99))
    refuse(UnsafeError, "max_archive_bytes", "a.pcd", pcd("binary_compressed"), Limits(max_archive_bytes=99))
