"""What the other readers get right on valid files: order, numbers, names, colours, grids."""

from __future__ import annotations

import io
import time
from functools import partial

import numpy as np
import pytest
from io_files import (
    CLOUD,
    COLORS,
    FACES,
    MTL,
    NORMALS,
    OBJ,
    OFF,
    TETRAHEDRON,
    pcd,
    picture,
    ply_binary,
    ply_text,
    seeds,
    stl_binary,
    stl_text,
    write_and_read,
)

from partwise.io.lzf import lzf_decompress
from partwise.io.read import READERS, read_geometry


@pytest.fixture
def read(tmp_path):
    """Write bytes under a name, read them back as Geometry; keywords are files beside it (name__ext)."""
    return partial(write_and_read, tmp_path)


def rgb(geometry: Geometry) -> np.ndarray:
    assert geometry.colors is not None
    assert (geometry.colors[:, 3] == 255).all()
    return geometry.colors[:, :3]


# -- OBJ, STL, OFF ----------------------------------------------------------------------------------------------------


def test_obj_keeps_order_names_and_materials(read):
    paint = picture([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]])
    shape = read("shape.obj", OBJ, shape__mtl=MTL, paint__png=paint)
    expected = [
        [0, 0, 0],
        [1, 0, 0],
        [1, 1, 0],
        [0, 1, 0],
        [0, 0, 1],
        [1, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
        [1, 1, 0],
    ]
    np.testing.assert_array_equal(shape.points, expected)  # v lines first, seam copies after them
    np.testing.assert_array_equal(shape.faces, [[0, 1, 2], [0, 2, 3], [4, 5, 6], [7, 8, 4]])
    assert shape.node_names == ("body", "lid")
    np.testing.assert_array_equal(shape.face_node, [0, 0, 1, 1])
    names = [shape.materials[index].name for index in shape.face_material]
    assert names == ["painted", "painted", "plain", "plain"]
    np.testing.assert_array_equal(shape.materials[names.index("plain") // 2].base_color, [0, 128, 255, 128])
    corners = shape.surface_colors(
        np.array([0, 0, 0, 1]), np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]) / 1.0
    )
    np.testing.assert_array_equal(corners[:, :3], [[0, 0, 255], [255, 255, 255], [0, 255, 0], [255, 0, 0]])
    np.testing.assert_array_equal(shape.normals[1], [0, 0, 1])


def test_obj_without_its_materials_warns(read):
    shape = read("shape.obj", OBJ)
    assert [material.name for material in shape.materials] == ["painted", "plain"]
    assert any("shape.mtl" in note for note in shape.warnings)
    np.testing.assert_array_equal(shape.materials[0].base_color, [204, 204, 204, 255])
    shape = read("shape.obj", OBJ, shape__mtl=MTL)
    assert any("paint.png" in note for note in shape.warnings)


@pytest.mark.parametrize(
    "path", [b"../secret.png", b"/etc/hostname", b"C:\\pictures\\wood.png", b"http://x.org/a.png"]
)
def test_obj_never_leaves_its_folder(read, tmp_path, path):
    (tmp_path.parent / "secret.png").write_bytes(picture(np.zeros((2, 2, 3))))
    shape = read("shape.obj", OBJ, shape__mtl=b"newmtl painted\nmap_Kd " + path)
    assert shape.materials[0].texture is None
    assert any("outside its own folder" in note for note in shape.warnings)


def test_obj_vertex_colours_continuation_and_cloud(read):
    cloud = read("a.obj", b"v 0 0 0 1 0 0\nv 1 2 3 0 \\\n0.5 1\n")
    assert cloud.faces is None
    np.testing.assert_array_equal(cloud.points, [[0, 0, 0], [1, 2, 3]])
    np.testing.assert_array_equal(rgb(cloud), [[255, 0, 0], [0, 128, 255]])


def test_obj_groups_are_nodes_without_objects(read):
    lines = ["v 0 0 0", "v 1 0 0", "v 0 1 0", "f 1 2 3", "g seat", "f 1 3 2"]
    shape = read("a.obj", "\r\n".join(lines).encode())
    assert shape.node_names == ("default", "seat")
    np.testing.assert_array_equal(shape.face_node, [0, 1])


@pytest.mark.parametrize(
    "data", [stl_binary(), stl_text(), stl_text().upper()], ids=["binary", "ascii", "capitals"]
)
def test_stl_welds_corners_and_keeps_faces(read, data):
    shape = read("a.stl", data)
    np.testing.assert_array_equal(shape.points, TETRAHEDRON[[0, 2, 1, 3]])  # order of first use
    np.testing.assert_array_equal(shape.points[shape.faces], TETRAHEDRON[FACES])
    assert shape.node_names == ()


def test_stl_solids_are_nodes(read):
    shape = read("a.stl", stl_text(("lid", "body")))
    assert shape.node_names == ("lid", "body")
    np.testing.assert_array_equal(shape.face_node, [0] * 4 + [1] * 4)


def test_off_plain_and_run_together(read):
    for data in (OFF, OFF.replace(b"OFF\n# tetrahedron\n", b"OFF")):
        shape = read("a.off", data)
        np.testing.assert_array_equal(shape.points, TETRAHEDRON)
        np.testing.assert_array_equal(shape.faces, FACES)


def test_off_colours_normals_polygons(read):
    vertices = (
        b"0 0 0 0 0 1 255 0 0 255\n1 0 0 0 0 1 0 255 0 255\n1 1 0 0 0 1 0 0 255 255\n0 1 0 0 0 1 9 9 9 255\n"
    )
    data = b"CNOFF\n4 2 0\n" + vertices + b"4 0 1 2 3\n3 0 1 2 0.5 0.5 0.5\n"
    shape = read("a.off", data)
    np.testing.assert_array_equal(shape.faces, [[0, 1, 2], [0, 2, 3], [0, 1, 2]])
    np.testing.assert_array_equal(rgb(shape), [[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]])
    np.testing.assert_array_equal(shape.normals, [[0, 0, 1]] * 4)
    assert shape.warnings == ("colours of faces are not read",)


# -- PLY, PCD ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "faces", [FACES.tolist(), [[0, 1, 2], [3, 2, 1, 0], [0, 1, 3]]], ids=["even", "uneven"]
)
def test_ply_binary(read, order, faces):
    shape = read("a.ply", ply_binary(order, faces))
    np.testing.assert_array_equal(shape.points, CLOUD[:4])
    np.testing.assert_array_equal(shape.normals, NORMALS[:4])
    np.testing.assert_array_equal(rgb(shape), COLORS[:4])
    expected = FACES if len(faces) == 4 else [[0, 1, 2], [3, 2, 1], [3, 1, 0], [0, 1, 3]]
    np.testing.assert_array_equal(shape.faces, expected)


def test_ply_text_with_colours_uv_and_quads(read):
    properties = (
        "property float red\nproperty float green\nproperty float blue\nproperty float s\nproperty float t\n"
    )
    rows = [f"{x:g} {y:g} {z:g} 0 0.5 1 {x:g} {y:g}" for x, y, z in TETRAHEDRON]
    shape = read("a.ply", ply_text(TETRAHEDRON, [[0, 1, 2, 3], [0, 1, 2]], properties, rows))
    np.testing.assert_array_equal(shape.faces, [[0, 1, 2], [0, 2, 3], [0, 1, 2]])
    np.testing.assert_array_equal(rgb(shape), [[0, 128, 255]] * 4)
    np.testing.assert_array_equal(shape.uv, TETRAHEDRON[:, :2])


def test_ply_without_faces_is_a_cloud(read):
    shape = read("a.ply", ply_text(CLOUD))
    assert shape.faces is None
    np.testing.assert_allclose(shape.points, CLOUD)


def test_ply_skips_elements_before_the_vertices(read):
    head = b"ply\r\nformat binary_little_endian 1.0\r\n"
    head += b"element camera 2\r\nproperty list uchar short way\r\nproperty double f\r\n"
    head += (
        b"element vertex 2\r\nproperty double x\r\nproperty double y\r\nproperty double z\r\nend_header\r\n"
    )
    body = b"\1\7\0" + np.float64(1).tobytes() + b"\2\7\0\7\0" + np.float64(1).tobytes()
    shape = read("a.ply", head + body + np.array([[1.5, 2, 3], [4, 5, 6]]).tobytes())
    np.testing.assert_array_equal(shape.points, [[1.5, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize("data", ["ascii", "binary", "binary_compressed"])
def test_pcd_points_colours_normals(read, data):
    shape = read("a.pcd", pcd(data))
    np.testing.assert_allclose(shape.points, CLOUD, rtol=1e-7)
    np.testing.assert_allclose(shape.normals, NORMALS, rtol=1e-7)
    np.testing.assert_array_equal(rgb(shape), COLORS)
    assert shape.grid is None


def test_pcd_organised_keeps_grid_and_nan(read):
    data = bytearray(pcd("binary", 12, 5))
    at = data.index(b"DATA binary\n") + 12
    data[at : at + 4] = np.float32(np.nan).tobytes()
    shape = read("a.pcd", bytes(data))
    assert shape.grid == (5, 12)
    assert np.isnan(shape.points[0, 0])
    np.testing.assert_array_equal(shape.points[1:], CLOUD[1:])
    assert any("1 of 60" in note for note in shape.warnings)


def test_lzf_references_that_overlap():
    assert lzf_decompress(bytes([0, 7, 0xE0, 10, 0]), 20) == b"\7" * 20
    assert lzf_decompress(bytes([2, 1, 2, 3, 0x60, 2]), 8) == bytes([1, 2, 3, 1, 2, 3, 1, 2])


# -- all formats ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", seeds())
def test_every_format_reads_and_reads_the_same_twice(read, name):
    shape = read(name, seeds()[name])
    again = read(name.upper(), seeds()[name])
    assert len(shape.points) >= 4
    np.testing.assert_array_equal(shape.points, again.points)


def test_every_extension_has_a_seed():
    extensions = {"." + name.rpartition(".")[2] for name in seeds()}
    assert extensions | {".laz"} == set(READERS)


def test_mesh_without_faces_is_a_cloud_with_a_warning(read):
    shape = read("a.off", b"OFF\n2 0 0\n0 0 0\n1 1 1\n")
    assert shape.faces is None
    assert shape.warnings == ("it has no faces: read as a point cloud",)


def test_a_million_points_are_read_in_good_time(tmp_path):
    """Bounds are loose, for a busy machine: they catch a loop over points, not a slow day."""
    points = np.random.default_rng(0).normal(size=(1_000_000, 3)).astype(np.float32)
    stream = io.BytesIO()
    np.save(stream, points)
    head = "ply\nformat binary_little_endian 1.0\nelement vertex 1000000\n"
    head += "property float x\nproperty float y\nproperty float z\nend_header\n"
    (tmp_path / "a.npy").write_bytes(stream.getvalue())
    (tmp_path / "a.ply").write_bytes(head.encode() + points.tobytes())
    for name in ("a.npy", "a.ply"):
        start = time.perf_counter()
        shape = read_geometry(tmp_path / name)
        assert time.perf_counter() - start < 1.5
        np.testing.assert_array_equal(shape.points[-1], points[-1])
