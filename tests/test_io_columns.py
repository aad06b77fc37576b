"""Clouds as bare columns, in text and arrays, and what the columns are taken for; LAS and LAZ."""

from __future__ import annotations

import sys
from functools import partial

import numpy as np
import pytest
from io_files import CLOUD, COLORS, FACES, NORMALS, TETRAHEDRON, las, npy, npz, write_and_read

from partwise.errors import MissingExtraError
from partwise.io.read import read_geometry


@pytest.fixture
def read(tmp_path):
    """Write bytes under a name, read them back as Geometry; keywords are files beside it (name__ext)."""
    return partial(write_and_read, tmp_path)


def rgb(geometry: Geometry) -> np.ndarray:
    assert geometry.colors is not None
    assert (geometry.colors[:, 3] == 255).all()
    return geometry.colors[:, :3]


def text(*columns: np.ndarray, separator: str = " ") -> bytes:
    rows = np.concatenate([np.atleast_2d(column.T).T for column in columns], axis=1)
    return "\n".join(separator.join(f"{value:.9g}" for value in row) for row in rows).encode()


@pytest.mark.parametrize("separator", [" ", "\t", ",", ", ", ";"])
def test_text_separators(read, separator):
    shape = read("a.txt", text(CLOUD, separator=separator))
    np.testing.assert_allclose(shape.points, CLOUD, rtol=1e-7)
    assert shape.warnings == ()


def test_text_decimal_commas(read):
    np.testing.assert_array_equal(read("a.csv", b"1,5;2;3\n4;5,25;6\n").points, [[1.5, 2, 3], [4, 5.25, 6]])


label = np.arange(60) % 3
intensity = np.linspace(-2000, 2000, 60)


@pytest.mark.parametrize(
    ("columns", "has_normals", "has_colors"),
    [
        ((CLOUD,), False, False),
        ((CLOUD, NORMALS), True, False),
        ((CLOUD, COLORS), False, True),
        ((CLOUD, COLORS / 255), False, True),
        ((CLOUD, NORMALS, label), True, False),
        ((CLOUD, COLORS, label), False, True),
        ((CLOUD, intensity, COLORS), False, True),
        ((CLOUD, COLORS, NORMALS), True, True),
        ((CLOUD, NORMALS, COLORS), True, True),
        ((CLOUD, intensity), False, False),
        ((CLOUD, intensity, intensity, intensity), False, False),
    ],
    ids=["3", "normals", "rgb", "rgb01", "n+label", "rgb+label", "i+rgb", "rgb+n", "n+rgb", "4", "6 unknown"],
)
def test_text_columns_by_their_values(read, columns, has_normals, has_colors):
    shape = read("a.xyz", text(*columns))
    np.testing.assert_allclose(shape.points, CLOUD, rtol=1e-7)
    assert (shape.normals is not None, shape.colors is not None) == (has_normals, has_colors)
    if has_normals:
        np.testing.assert_allclose(shape.normals, NORMALS, rtol=1e-6)
    if has_colors:
        np.testing.assert_array_equal(rgb(shape), COLORS)
    assert bool(shape.warnings) == (len(columns) > 1)  # every guess is told


def test_text_header_decides(read):
    rows = text(label, NORMALS, COLORS, CLOUD, separator=",")
    for head in (b"label,nx,ny,nz,Red,Green,Blue,X,Y,Z\n", b"# label,nx,ny,nz,r,g,b,x,y,z\n"):
        shape = read("a.csv", head + rows)
        np.testing.assert_allclose(shape.points, CLOUD, rtol=1e-7)
        np.testing.assert_allclose(shape.normals, NORMALS, rtol=1e-6)
        np.testing.assert_array_equal(rgb(shape), COLORS)
        assert shape.warnings == ()


def test_text_count_words_comments_and_byte_order_mark(read):
    assert len(read("a.pts", b"2\n1 2 3\n4 5 6\n").points) == 2
    assert "announces 7" in read("a.pts", b"7\n1 2 3\n4 5 6\n").warnings[0]
    assert len(read("a.xyz", b"\xef\xbb\xbf# made by hand\n1 2 3\n// four\n\n4 5 6\n").points) == 2
    np.testing.assert_array_equal(read("a.csv", b"1,2,3,chair\n4,5,6,table\n").points, [[1, 2, 3], [4, 5, 6]])


def test_text_keeps_nan_rows(read):
    shape = read("a.xyz", b"1 2 3\nnan nan nan\n4 5 6\n")
    assert np.isnan(shape.points[1]).all()
    assert len(shape.points) == 3


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<f2", "<i4"])
def test_npy_of_any_number_type(read, dtype):
    values = (CLOUD * 100).astype(dtype)
    np.testing.assert_array_equal(read("a.npy", npy(values)).points, values.astype(np.float64))
    np.testing.assert_array_equal(
        read("a.npy", npy(np.asfortranarray(values))).points, values.astype(np.float64)
    )


def test_npy_further_columns(read):
    shape = read("a.npy", npy(np.concatenate([CLOUD, NORMALS], axis=1)))
    np.testing.assert_array_equal(shape.normals, NORMALS)


def test_npz_named_and_only_array(read):
    shape = read("a.npz", npz(True, points=TETRAHEDRON, faces=FACES, colors=COLORS[:4], normals=NORMALS[:4]))
    np.testing.assert_array_equal(shape.faces, FACES)
    np.testing.assert_array_equal(rgb(shape), COLORS[:4])
    np.testing.assert_array_equal(shape.normals, NORMALS[:4])
    shape = read("a.npz", npz(cloud=CLOUD, label=label))
    np.testing.assert_array_equal(shape.points, CLOUD)


@pytest.mark.parametrize("version", [(1, 2), (1, 4)])
def test_las_in_full_precision(read, version):
    shape = read("a.las", las(version=version))
    expected = np.rint(CLOUD / 0.001).astype(np.float64) * 0.001 + [500_000, 4_000_000, 100]
    np.testing.assert_allclose(shape.points, expected, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(rgb(shape), COLORS)


def test_laz_equals_las(read, tmp_path):
    laspy = pytest.importorskip("laspy")
    pytest.importorskip("lazrs")
    plain = read("a.las", las())
    laspy.read(tmp_path / "a.las").write(tmp_path / "a.laz")
    packed = read_geometry(tmp_path / "a.laz")
    np.testing.assert_array_equal(packed.points, plain.points)
    np.testing.assert_array_equal(packed.colors, plain.colors)


def test_laz_without_laspy_names_the_extra(read, monkeypatch):
    monkeypatch.setitem(sys.modules, "laspy", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    data = bytearray(las())
    data[104] |= 0x80
    with pytest.raises(MissingExtraError, match=r"partwise\[las\]"):
        read("a.laz", bytes(data))
