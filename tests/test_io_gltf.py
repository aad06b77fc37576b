"""glTF and GLB: names, places, colours and textures come out right; files that contradict themselves are refused."""

from __future__ import annotations

import json
import os
import struct
from functools import partial

import numpy as np
import pytest
from io_files import (
    CLOUD,
    COLORS,
    FACES,
    TETRAHEDRON,
    Gltf,
    glb,
    gltf_with,
    picture,
    put,
    two_nodes,
    write_and_read,
    write_and_refuse,
)

from partwise.errors import InputError, MissingDataError, UnsafeError
from partwise.io.read import read_geometry


@pytest.fixture
def read(tmp_path):
    """Write bytes under a name, read them back as Geometry; keywords are files beside it (name__ext)."""
    return partial(write_and_read, tmp_path)


@pytest.fixture
def refuse(tmp_path):
    """Write bytes under a name, expect an error with these words."""
    return partial(write_and_refuse, tmp_path)


def rgb(geometry: Geometry) -> np.ndarray:
    assert geometry.colors is not None
    assert (geometry.colors[:, 3] == 255).all()
    return geometry.colors[:, :3]


def test_glb_names_places_and_joins_nodes(read):
    shape = read("mug.glb", two_nodes().glb())
    assert (shape.up, shape.units, shape.node_names) == ("y", "m", ("body", "lid"))
    np.testing.assert_allclose(shape.points[:4], TETRAHEDRON + np.array([0, 0, 10]))
    np.testing.assert_allclose(shape.points[4:], TETRAHEDRON * [-1, 1, 1] + [0, 2, 10])
    np.testing.assert_array_equal(shape.faces[:4], FACES)
    np.testing.assert_array_equal(shape.faces[4:], FACES[:, ::-1] + 4)  # mirrored, so turned round
    np.testing.assert_array_equal(shape.face_node, [0] * 4 + [1] * 4)
    assert [material.name for material in shape.materials] == ["red", "checks"]
    np.testing.assert_array_equal(shape.face_material, shape.face_node)


def test_glb_texture_gives_known_pixels(read):
    shape = read("mug.glb", two_nodes().glb())
    corner = np.eye(3)
    body = shape.surface_colors(np.array([0]), corner[:1])
    np.testing.assert_array_equal(body, [[255, 0, 0, 255]])
    # Face 4 is (1, 2, 0) of the lid; glTF's (0.25, 0.25) is the upper left pixel.
    lid = shape.surface_colors(np.array([4, 4, 4]), corner)
    np.testing.assert_array_equal(lid[:, :3], [[0, 255, 0], [0, 0, 255], [255, 0, 0]])


def test_gltf_with_a_buffer_inside_or_beside_is_the_same_as_glb(read):
    made = two_nodes()
    inside = read("mug.gltf", made.gltf())
    beside = read("mug.gltf", made.gltf("mug%2Ebin"), mug__bin=made.binary)
    packed = read("mug.glb", made.glb())
    np.testing.assert_array_equal(inside.points, packed.points)
    np.testing.assert_array_equal(beside.faces, packed.faces)


def test_gltf_texture_in_a_folder_below(tmp_path):
    made = two_nodes()
    made.root["images"] = [{"uri": "pictures/four.png"}]
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "four.png").write_bytes(picture(np.full((2, 2, 3), 9)))
    (tmp_path / "mug.gltf").write_bytes(made.gltf())
    assert read_geometry(tmp_path / "mug.gltf").materials[1].texture.shape == (2, 2, 3)


def test_glb_missing_texture_is_a_warning(read):
    made = two_nodes()
    made.root["images"] = [{"uri": "gone.png"}]
    shape = read("mug.gltf", made.gltf())
    assert shape.materials[1].texture is None
    assert any("gone.png" in note for note in shape.warnings)


def test_glb_broken_texture_is_a_warning(read):
    made = two_nodes()
    made.root["images"] = [{"bufferView": made.view(b"\x89PNG but no more")}]
    shape = read("mug.glb", made.glb())
    assert any("checks" in note for note in shape.warnings)


def test_glb_skins_lines_and_loose_points_are_told(read):
    made = two_nodes()
    made.root["nodes"][1]["skin"] = 0
    position = {"POSITION": made.array(TETRAHEDRON, "<f4")}
    made.root["meshes"][1]["primitives"] += [
        {"attributes": position, "mode": 1},
        {"attributes": position, "mode": 0},
    ]
    shape = read("mug.glb", made.glb())
    assert len(shape.faces) == 8
    assert len(shape.points) == 8
    assert [note.split(":")[0] for note in shape.warnings] == [
        "node 'body' is skinned",
        "node 'lid' holds loose points or lines beside the surface",
    ]


def test_glb_that_requires_more_than_is_read_warns(read):
    made = two_nodes()
    made.root["extensionsRequired"] = ["EXT_mesh_gpu_instancing", "KHR_materials_unlit"]
    shape = read("mug.glb", made.glb())
    assert [note for note in shape.warnings if "requires" in note] == [
        "it requires 'EXT_mesh_gpu_instancing', which is not read: look at the result before you trust it"
    ]


def test_glb_primitives_share_vertices_and_names(read):
    made = Gltf()
    position = made.array(TETRAHEDRON, "<f4")
    halves = [made.array(FACES[:2].reshape(-1), "<u1"), made.array(FACES[2:].reshape(-1), "<u4")]
    made.add("materials", {"name": "a"})
    made.add("materials", {"name": "b"})
    parts = [
        {"attributes": {"POSITION": position}, "indices": half, "material": n}
        for n, half in enumerate(halves)
    ]
    made.add("meshes", {"primitives": parts})
    made.add("nodes", {"name": "guitar stand", "mesh": 0})
    shape = read("stand.glb", made.glb())
    assert shape.node_names == ("guitar stand",)
    assert len(shape.points) == 4
    np.testing.assert_array_equal(shape.faces, FACES)
    np.testing.assert_array_equal(shape.face_material, [0, 0, 1, 1])


def test_glb_matrix_normals_and_colours(read):
    made = Gltf()
    attributes = {
        "POSITION": made.array(TETRAHEDRON, "<f4"),
        "NORMAL": made.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, 0.8, 0]], "<f4"),
        "COLOR_0": made.array([[0, 128, 255, 255]] * 4, "<u1", normalized=True),
    }
    made.add(
        "meshes",
        {"primitives": [{"attributes": attributes, "indices": made.array(FACES.reshape(-1), "<u2")}]},
    )
    # Column-major: x turns to y, y to -x, then y is stretched by 2; moved by (5, 6, 7).
    made.add("nodes", {"mesh": 0, "matrix": [0, 2, 0, 0, -1, 0, 0, 0, 0, 0, 1, 0, 5, 6, 7, 1]})
    shape = read("a.glb", made.glb())
    np.testing.assert_allclose(shape.points[1], [5, 8, 7])
    np.testing.assert_allclose(shape.points[2], [4, 6, 7])
    expected = np.array([-0.8, 0.3, 0]) / np.linalg.norm([-0.8, 0.3, 0])  # inverse transpose: y is halved
    np.testing.assert_allclose(shape.normals, [[0, 1, 0], [-1, 0, 0], [0, 0, 1], expected], atol=1e-6)
    np.testing.assert_array_equal(rgb(shape), [[0, 128, 255]] * 4)
    assert (shape.materials, shape.face_material) == ((), None)
    assert shape.node_names == ("node_0",)


def test_glb_rotation_quaternion(read):
    made = two_nodes()
    made.root["nodes"][0] = {
        "name": "mug",
        "rotation": [0, 0, 2**-0.5, 2**-0.5],
        "children": [1],
    }  # 90 about z
    shape = read("mug.glb", made.glb())
    np.testing.assert_allclose(shape.points[1:3], [[0, 1, 0], [-1, 0, 0]], atol=1e-7)
    assert shape.node_names == ("body",)


@pytest.mark.parametrize(
    ("mode", "indices", "expected"),
    [
        (5, [0, 1, 2, 3], [[0, 1, 2], [2, 1, 3]]),
        (6, [0, 1, 2, 3], [[0, 1, 2], [0, 2, 3]]),
        (4, None, [[0, 1, 2]]),
    ],
)
def test_glb_strips_fans_and_bare_triangles(read, mode, indices, expected):
    made = Gltf()
    part = {"attributes": {"POSITION": made.array(TETRAHEDRON, "<f4")}, "mode": mode}
    if indices is not None:
        part["indices"] = made.array(indices, "<u1")
    made.add("meshes", {"primitives": [part]})
    made.add("nodes", {"mesh": 0})
    np.testing.assert_array_equal(read("a.glb", made.glb()).faces, expected)


def test_glb_of_points_is_a_cloud(read):
    made = Gltf()
    attributes = {"POSITION": made.array(CLOUD, "<f4"), "COLOR_0": made.array(COLORS / 255, "<f4")}
    made.add("meshes", {"primitives": [{"attributes": attributes, "mode": 0}]})
    made.add("nodes", {"mesh": 0})
    shape = read("a.glb", made.glb())
    assert shape.faces is None
    np.testing.assert_array_equal(shape.points, CLOUD)
    np.testing.assert_array_equal(rgb(shape), COLORS)


def test_glb_sparse_strided_and_moved_texture(read):
    made = Gltf()
    wide = made.array(np.concatenate([TETRAHEDRON, TETRAHEDRON + 5], axis=1)[:, :3], "<f4")
    made.root["bufferViews"][0]["byteStride"] = 12
    index, value = made.array([3], "<u1"), made.array([[0, 0, 9]], "<f4")
    rows = made.root["accessors"]
    rows[wide]["sparse"] = {
        "count": 1,
        "indices": {"bufferView": rows[index]["bufferView"], "componentType": 5121},
        "values": {"bufferView": rows[value]["bufferView"]},
    }
    uv = made.array([[0, 0], [1, 0], [0, 1], [1, 1]], "<f4")
    made.add("images", {"bufferView": made.view(picture(np.zeros((2, 2, 3))))})
    made.add("textures", {"source": 0})
    move = {"offset": [0.5, 0.25], "scale": [2, 1]}
    info = {"index": 0, "texCoord": 1, "extensions": {"KHR_texture_transform": move}}
    made.add("materials", {"pbrMetallicRoughness": {"baseColorTexture": info}})
    part = {"attributes": {"POSITION": wide, "TEXCOORD_1": uv}, "material": 0}
    made.add("meshes", {"primitives": [{**part, "indices": made.array(FACES.reshape(-1), "<u1")}]})
    made.add("nodes", {"mesh": 0})
    shape = read("a.glb", made.glb())
    np.testing.assert_array_equal(shape.points[3], [0, 0, 9])
    np.testing.assert_allclose(shape.uv, [[0.5, 0.75], [2.5, 0.75], [0.5, -0.25], [2.5, -0.25]])


def test_glb_agrees_with_trimesh(read, tmp_path):
    trimesh = pytest.importorskip("trimesh")
    shape = read("mug.glb", two_nodes().glb())
    other = trimesh.load(tmp_path / "mug.glb", process=False, force="scene").to_mesh()
    mine = trimesh.Trimesh(shape.points, shape.faces, process=False)
    assert mine.volume == pytest.approx(other.volume)
    np.testing.assert_allclose(mine.bounds, other.bounds, atol=1e-6)


# The third byte of view 2, a float of 0.25, is 128: far beyond the four elements of accessor 0.
FAR_SPARSE = {
    "count": 1,
    "indices": {"bufferView": 2, "byteOffset": 2, "componentType": 5121},
    "values": {"bufferView": 0},
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put("nodes", 1, "children", [0]), "not a tree"),
        (put("nodes", 0, "children", [1, 1]), "not a tree"),
        (put("nodes", 0, "children", [0]), "not a tree"),
        (put("nodes", 0, "children", [99]), r"nodes\[99\]"),
        (put("scenes", 0, "nodes", []), "no mesh"),
        (put("scene", 7), r"scenes\[7\]"),
        (put("nodes", 1, "mesh", -1), r"meshes\[-1\]"),
        (put("nodes", 1, "matrix", [float("nan")] * 16), "16 numbers"),
        (put("nodes", 1, "rotation", [0, 0, 0, 0]), "rotation"),
        (put("nodes", 1, "scale", [1e300] * 3), "3 numbers"),
        (put("accessors", 0, "count", 5), "truncated or damaged"),
        (put("accessors", 0, "count", -1), "'count'"),
        (put("accessors", 0, "count", "four"), "'count'"),
        (put("accessors", 0, "componentType", 99), "component type"),
        (put("accessors", 0, "type", "MAT4"), "3"),
        (put("accessors", 0, "byteOffset", 10**12), "truncated or damaged"),
        (put("bufferViews", 0, "byteOffset", 10**12), "truncated or damaged"),
        (put("bufferViews", 0, "byteStride", 4), "truncated or damaged"),
        (put("accessors", 0, "sparse", FAR_SPARSE), "replaces elements beyond its 4"),
        (put("accessors", 0, "sparse", {**FAR_SPARSE, "count": 99}), "truncated"),
        (put("bufferViews", 0, "buffer", 3), r"buffers\[3\]"),
        (put("meshes", 0, "primitives", 0, "indices", 2), "1"),
        (put("meshes", 0, "primitives", 0, "material", [1]), r"materials\[\[1\]\]"),
        (put("meshes", 0, "primitives", 0, "attributes", {}), r"accessors\[None\]"),
        (put("meshes", 0, "primitives", [7]), "not objects"),
        (put("materials", 0, "pbrMetallicRoughness", "baseColorFactor", [2, "x", 1, 1]), "4 numbers"),
        (put("asset", {"version": "1.0"}), "version 1.0"),
        (put("extensionsRequired", ["KHR_draco_mesh_compression"]), "without mesh compression"),
        (put("nodes", "none"), "'nodes'"),
        (put("nodes", ["none"]), "'nodes'"),
    ],
)
def test_gltf_that_contradicts_itself(refuse, change, words):
    refuse(InputError, words, "a.glb", gltf_with(change))


def test_gltf_deep_and_broken_json(refuse, tmp_path):
    refuse(InputError, "JSON", "a.gltf", b"[" * 200_000)
    refuse(InputError, "JSON", "a.gltf", b'{"a":' * 200_000)
    refuse(InputError, "JSON", "a.gltf", two_nodes().gltf()[:-9])
    refuse(InputError, "no object", "a.gltf", b"[1]")
    refuse(InputError, "JSON", "a.glb", glb(b"\xff\xfe{}", b""))
    made = two_nodes()  # deep node chains are legal
    for index in range(5000):
        made.root["nodes"].append({"children": [index + 4]})
    made.root["nodes"].append({"mesh": 0})
    made.root["scenes"] = [{"nodes": [3]}]
    assert len(write_and_read(tmp_path, "deep.glb", made.glb()).faces) == 4


def test_glb_chunk_headers(refuse):
    data = two_nodes().glb()
    refuse(InputError, "GLB version 1", "a.glb", data[:4] + struct.pack("<I", 1) + data[8:])
    refuse(InputError, "truncated", "a.glb", data[:8] + struct.pack("<I", len(data) + 4) + data[12:])
    refuse(InputError, "truncated", "a.glb", data[:12] + struct.pack("<I", 2**31) + data[16:])
    refuse(InputError, "starts with 20", "a.glb", data[:15])


@pytest.mark.parametrize(
    "uri",
    [
        "http://example.org/a.bin",
        "https://example.org/a.bin",
        "file:///etc/passwd",
        "//example.org/a.bin",
        "/etc/passwd",
        "../secret.bin",
        "%2e%2e/secret.bin",
        "..\\secret.bin",
        "below/../../secret.bin",
        pytest.param("link.bin", marks=pytest.mark.skipif(os.name == "nt", reason="links need rights there")),
        "C:\\a.bin",
        "a%00.bin",
        "http://[",
    ],
)
def test_gltf_external_uris_are_never_opened(refuse, tmp_path, uri, monkeypatch):
    made = two_nodes()
    (tmp_path.parent / "secret.bin").write_bytes(made.binary)
    if uri == "link.bin":
        (tmp_path / uri).symlink_to(tmp_path.parent / "secret.bin")
    monkeypatch.setattr("socket.socket", None)
    refuse(UnsafeError, "it names", "a.gltf", made.gltf(uri))
    made.root["images"] = [{"uri": uri}]
    refuse(UnsafeError, "it names", "a.gltf", made.gltf())


def test_gltf_missing_buffers(refuse, tmp_path):
    made = two_nodes()
    refuse(MissingDataError, "gone.bin.*not there", "a.gltf", made.gltf("gone.bin"))
    (tmp_path / "short.bin").write_bytes(made.binary[:-8])
    refuse(InputError, "truncated", "a.gltf", made.gltf("short.bin"))
    text = json.dumps({**made.root, "buffers": [{"byteLength": 10}]}).encode()
    refuse(MissingDataError, "binary chunk", "a.gltf", text)
    refuse(InputError, "base64", "a.gltf", made.gltf("data:application/octet-stream;base64,@@@"))
    refuse(InputError, "base64", "a.gltf", made.gltf("data:text/plain,hello"))


def test_gltf_index_beyond_its_vertices(refuse):
    made = Gltf()
    part = {
        "attributes": {"POSITION": made.array(TETRAHEDRON, "<f4")},
        "indices": made.array([0, 1, 4], "<u2"),
    }
    made.add("meshes", {"primitives": [part]})
    made.add("nodes", {"mesh": 0})
    refuse(InputError, "vertex 4, but its primitive has 4", "a.glb", made.glb())
