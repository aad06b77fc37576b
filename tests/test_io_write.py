"""Written files, read again: named parts in GLB, properties in PLY."""

import json
import struct

import numpy as np
import pytest
import trimesh

from partwise.errors import InputError
from partwise.io.geometry import Geometry, Material
from partwise.io.glb import write_glb
from partwise.io.limits import Limits
from partwise.io.palette import NONE_COLOR, part_colors, srgb_to_linear
from partwise.io.parts import split_instances
from partwise.io.read import read_geometry
from partwise.io.write_ply import write_ply

NAMES = ["seat", "leg", "unused"]


def table(shift=0.0):
    """A slab and two separate legs, (36 faces), with one face of the slab unlabelled."""
    boxes = [
        trimesh.creation.box((4, 0.2, 2)),
        trimesh.creation.box(
            (0.2, 2, 0.2), transform=trimesh.transformations.translation_matrix((1.5, -1.1, 0))
        ),
        trimesh.creation.box(
            (0.4, 2, 0.4), transform=trimesh.transformations.translation_matrix((-1.5, -1.1, 0))
        ),
    ]
    mesh = trimesh.util.concatenate(boxes)
    labels = np.repeat([0, 1, 1], 12).astype(np.int32)
    labels[0] = -1
    points = np.array(mesh.vertices, dtype=np.float64) + shift
    return Geometry(points, faces=np.array(mesh.faces, dtype=np.int64), up="z"), labels


def write_table(path, shift=0.0, **options):
    geometry, labels = table(shift)
    points = np.zeros(len(geometry.points), dtype=np.int32)
    record = {"schema": "partwise/1", "score": np.float32(0.5), "missing": float("nan")}
    write_glb(path, geometry, labels, points, NAMES, part_colors(NAMES), record, **options)
    return geometry, labels


def document(path):
    """The JSON chunk of a GLB, after checking the frame around it."""
    data = path.read_bytes()
    magic, version, total = struct.unpack("<4sII", data[:12])
    length, kind = struct.unpack("<I4s", data[12:20])
    assert (magic, version, total, kind, length % 4) == (b"glTF", 2, len(data), b"JSON", 0)
    rest, kind = struct.unpack("<I4s", data[20 + length : 28 + length])
    assert (kind, rest) == (b"BIN\0", len(data) - 28 - length)
    return json.loads(data[20 : 20 + length])


def test_glb_has_one_named_node_and_mesh_per_part(tmp_path):
    geometry, labels = write_table(tmp_path / "a.glb")
    scene = trimesh.load(tmp_path / "a.glb", process=False)
    assert [node["name"] for node in document(tmp_path / "a.glb")["nodes"]] == ["seat", "leg", "none"]
    assert set(scene.graph.nodes_geometry) == {"seat", "leg", "none"} == set(scene.geometry)
    counts = {name: len(mesh.faces) for name, mesh in scene.geometry.items()}
    assert counts == {"seat": 11, "leg": 24, "none": 1}
    assert sum(counts.values()) == len(geometry.faces)
    for label, name in enumerate(NAMES[:2]):
        expected = geometry.points[geometry.faces[labels == label]]
        np.testing.assert_allclose(scene.geometry[name].triangles, expected, atol=1e-6)


def test_glb_parts_own_their_vertices(tmp_path):
    write_table(tmp_path / "a.glb")
    written = document(tmp_path / "a.glb")
    used = [p["attributes"]["POSITION"] for mesh in written["meshes"] for p in mesh["primitives"]]
    assert len(set(used)) == 3
    assert [written["accessors"][k]["count"] for k in used] == [8, 16, 3]


def test_glb_materials_carry_name_and_linear_colour(tmp_path):
    write_table(tmp_path / "a.glb")
    found = {
        m["name"]: m["pbrMetallicRoughness"]["baseColorFactor"]
        for m in document(tmp_path / "a.glb")["materials"]
    }
    colors = dict(zip([*NAMES, "none"], [*part_colors(NAMES), np.array(NONE_COLOR, np.uint8)], strict=True))
    assert set(found) == {"seat", "leg", "none"}
    for name, factor in found.items():
        np.testing.assert_allclose(factor, [*srgb_to_linear(colors[name]), 1.0], atol=1e-5)


def test_glb_tells_record_and_frame_in_extras(tmp_path):
    write_table(tmp_path / "a.glb")
    extras = trimesh.load(tmp_path / "a.glb").metadata["partwise"]
    assert extras["schema"] == "partwise/1"
    assert extras["score"] == 0.5
    assert extras["missing"] is None
    assert extras["frame"] == {"up": "z", "units": None, "offset": [0.0, 0.0, 0.0]}


def test_glb_far_from_the_origin_keeps_its_detail(tmp_path):
    geometry, labels = write_table(tmp_path / "far.glb", shift=1e6 + 1 / 3)
    scene = trimesh.load(tmp_path / "far.glb", process=False)
    matrix, _ = scene.graph["leg"]
    offset = document(tmp_path / "far.glb")["scenes"][0]["extras"]["partwise"]["frame"]["offset"]
    np.testing.assert_array_equal(matrix[:3, 3], offset)
    mesh = scene.geometry["leg"].copy().apply_transform(matrix)
    np.testing.assert_allclose(
        mesh.triangles, geometry.points[geometry.faces[labels == 1]], rtol=0, atol=1e-6
    )


def test_glb_reads_back_with_the_names_of_its_parts(tmp_path):
    _, labels = write_table(tmp_path / "a.glb")
    again = read_geometry(tmp_path / "a.glb", Limits())
    assert [again.node_names[k] for k in np.unique(again.face_node)] == ["seat", "leg", "none"]
    assert np.bincount(again.face_node).tolist() == [11, 24, 1]
    assert len(labels) == len(again.faces)


def test_glb_cloud_has_a_node_of_points_per_part(tmp_path):
    points = np.random.default_rng(0).random((60, 3))
    points[7] = np.nan
    labels = np.arange(60, dtype=np.int32) % 3 - 1
    write_glb(tmp_path / "c.glb", Geometry(points), None, labels, ["a", "b"], part_colors(["a", "b"]), {})
    scene = trimesh.load(tmp_path / "c.glb")
    assert {name: len(cloud.vertices) for name, cloud in scene.geometry.items()} == {
        "a": 19,
        "b": 20,
        "none": 20,
    }
    np.testing.assert_allclose(scene.geometry["b"].vertices, points[labels == 1], atol=1e-7)
    light = srgb_to_linear(part_colors(["b"])[0])
    accessor = document(tmp_path / "c.glb")["meshes"][1]["primitives"][0]
    assert accessor["mode"] == 0
    np.testing.assert_allclose(scene.geometry["b"].colors[0, :3] / 255, light, atol=1 / 200)


def test_glb_keeps_materials_on_request(tmp_path):
    geometry, labels = table()
    texture = np.arange(4 * 2 * 3, dtype=np.uint8).reshape(4, 2, 3)
    materials = (
        Material("wood", np.array([200, 100, 50, 255], np.uint8), texture),
        Material("glass", np.array([10, 20, 30, 128], np.uint8)),
    )
    uv = np.random.default_rng(0).random((len(geometry.points), 2)).astype(np.float32)
    geometry = Geometry(
        geometry.points,
        geometry.faces,
        uv=uv,
        materials=materials,
        face_material=(np.arange(36) % 2).astype(np.int32),
    )
    path = tmp_path / "kept.glb"
    write_glb(
        path, geometry, labels, np.zeros(24, np.int32), NAMES, part_colors(NAMES), {}, keep_material=True
    )
    written = document(path)
    assert [m["name"] for m in written["materials"]] == ["wood", "glass"]
    assert [m.get("alphaMode") for m in written["materials"]] == [None, "BLEND"]
    assert [len(mesh["primitives"]) for mesh in written["meshes"]] == [2, 2, 1]
    again = read_geometry(path, Limits())
    names = [material.name for material in again.materials]
    wood = again.materials[names.index("wood")]
    np.testing.assert_array_equal(wood.texture, texture)
    np.testing.assert_array_equal(wood.base_color, materials[0].base_color)
    corners = again.points[again.faces[np.array(again.face_material) == names.index("wood")]]
    assert len(corners) == 18
    lookup = {tuple(np.round(point, 5)): row for row, point in enumerate(geometry.points)}
    for face, point in zip(again.faces.reshape(-1), again.points[again.faces.reshape(-1)], strict=True):
        np.testing.assert_allclose(again.uv[face], uv[lookup[tuple(np.round(point, 5))]], atol=1e-5)


def test_instances_become_nodes_with_suffixes(tmp_path):
    geometry, labels = table()
    pieces, names, part = split_instances(geometry, labels, NAMES)
    assert names == ["seat", "leg", "leg_2"]
    assert part.tolist() == [0, 1, 1]
    assert np.bincount(pieces + 1).tolist() == [1, 11, 12, 12]
    assert geometry.points[geometry.faces[pieces == 1]][..., 0].max() < 0  # the thicker leg comes first
    points = np.zeros(len(geometry.points), dtype=np.int32)
    write_glb(tmp_path / "i.glb", geometry, pieces, points, names, part_colors(NAMES)[part], {})
    assert set(trimesh.load(tmp_path / "i.glb").graph.nodes_geometry) == {"seat", "leg", "leg_2", "none"}
    with pytest.raises(InputError, match="no connected pieces"):
        split_instances(Geometry(np.zeros((3, 3))), labels, NAMES)


def test_instances_join_across_split_vertices():
    corners = np.array(
        [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [5, 0, 0], [6, 0, 0], [5, 1, 0]]
    )
    geometry = Geometry(corners.astype(np.float64), faces=np.arange(9).reshape(3, 3))
    pieces, names, _ = split_instances(geometry, np.zeros(3, np.int32), ["a"])
    assert pieces.tolist() == [0, 0, 1]
    assert names == ["a", "a_2"]


@pytest.mark.parametrize(
    ("labels", "names", "message"),
    [
        (np.zeros(5, np.int32), NAMES, "5 labels for 36 faces or points"),
        (np.full(36, 3, np.int32), NAMES, "labels run from 3 to 3 with 3 names"),
        (np.full(36, -2, np.int32), NAMES, "labels run from -2"),
        (np.zeros(36, np.int32), NAMES[:2], "2 names but 3 colours"),
        (None, NAMES, "one label for each face"),
    ],
)
def test_glb_refuses_labels_that_do_not_fit(tmp_path, labels, names, message):
    geometry, _ = table()
    with pytest.raises(InputError, match=message):
        write_glb(tmp_path / "x.glb", geometry, labels, np.zeros(24, np.int32), names, part_colors(NAMES), {})
    assert list(tmp_path.iterdir()) == []


def test_glb_node_names_are_unique_and_printable(tmp_path):
    names = ["none", "a\0b\nc", "a b c", "椅子"]
    labels = np.arange(-1, 4, dtype=np.int32)
    write_glb(tmp_path / "n.glb", Geometry(np.eye(5, 3)), None, labels, names, part_colors(names), {})
    assert [n["name"] for n in document(tmp_path / "n.glb")["nodes"]] == [
        "none",
        "a b c",
        "a b c_2",
        "椅子",
        "none_2",
    ]


@pytest.mark.parametrize("points", [np.full((2, 3), np.nan), np.full((2, 3), 1e300) * [[1], [-1]]])
def test_glb_refuses_what_float32_cannot_hold(tmp_path, points):
    with pytest.raises(InputError, match=r"no finite point|too large"):
        write_glb(
            tmp_path / "x.glb", Geometry(points), None, np.zeros(2, np.int32), ["a"], part_colors(["a"]), {}
        )


def ply_parts(path):
    """Header lines, vertices and faces of a PLY file as this package writes it."""
    data = path.read_bytes()
    end = data.index(b"end_header\n") + len(b"end_header\n")
    lines = data[:end].decode().splitlines()
    counts = {line.split()[1]: int(line.split()[2]) for line in lines if line.startswith("element")}
    kinds = {"float": "<f4", "uchar": "u1", "int": "<i4"}
    fields = [
        (line.split()[2], kinds[line.split()[1]])
        for line in lines
        if line.startswith("property") and "list" not in line
    ]
    vertices = np.frombuffer(data, np.dtype(fields), counts["vertex"], end)
    rest = data[end + vertices.nbytes :]
    return lines, vertices, np.frombuffer(rest, [("n", "u1"), ("corners", "<i4", 3)])


def test_ply_properties(tmp_path):
    geometry, _ = table()
    n = len(geometry.points)
    names = ["Seat!", "seat", "椅子 x"]
    scores = np.random.default_rng(0).random((n, 3)).astype(np.float32)
    labels = (np.arange(n) % 4 - 1).astype(np.int32)
    write_ply(tmp_path / "a.ply", geometry, labels, scores.max(axis=1), scores, names, part_colors(names))
    lines, vertices, faces = ply_parts(tmp_path / "a.ply")
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    assert "comment label 0 Seat!" in lines
    assert "comment property score_seat_2 label 1" in lines
    fixed = ("x", "y", "z", "red", "green", "blue", "label", "score")
    assert vertices.dtype.names == (*fixed, "score_seat", "score_seat_2", "score_x")
    np.testing.assert_array_equal(vertices["label"], labels)
    np.testing.assert_array_equal(vertices["score"], scores.max(axis=1))
    np.testing.assert_array_equal(vertices["score_seat_2"], scores[:, 1])
    np.testing.assert_array_equal(vertices["z"], geometry.points[:, 2].astype(np.float32))
    assert (vertices["red"][0], vertices["green"][0], vertices["blue"][0]) == NONE_COLOR
    np.testing.assert_array_equal(faces["corners"], geometry.faces)
    assert set(faces["n"]) == {3}
    mesh = trimesh.load(tmp_path / "a.ply", process=False)
    assert len(mesh.faces) == len(geometry.faces)
    np.testing.assert_array_equal(mesh.metadata["_ply_raw"]["vertex"]["data"]["label"].reshape(-1), labels)


def test_ply_cloud_keeps_nan_rows_and_warns_about_rounding(tmp_path):
    points = np.random.default_rng(0).random((10, 3)) + 1e6
    points[3] = np.nan
    one = np.ones((10, 1), np.float32)
    write_ply(
        tmp_path / "c.ply",
        Geometry(points),
        np.zeros(10, np.int32),
        one[:, 0],
        one,
        ["a"],
        part_colors(["a"]),
    )
    lines, vertices, faces = ply_parts(tmp_path / "c.ply")
    assert np.isnan(vertices["x"]).tolist() == [row == 3 for row in range(10)]
    assert len(faces) == 0
    assert any("float32 rounds" in line for line in lines)
    assert trimesh.load(tmp_path / "c.ply").vertices.shape == (10, 3)
    with pytest.raises(InputError, match="4 labels for 10"):
        write_ply(
            tmp_path / "d.ply",
            Geometry(points),
            np.zeros(4, np.int32),
            one[:4, 0],
            one[:4],
            ["a"],
            part_colors(["a"]),
        )


def test_ply_header_lines_cannot_be_broken_by_names(tmp_path):
    name = "x\nend_header\n" + "y" * 5000
    one = np.ones((1, 1), np.float32)
    write_ply(
        tmp_path / "n.ply",
        Geometry(np.ones((1, 3))),
        np.zeros(1, np.int32),
        one[0],
        one,
        [name],
        part_colors([name]),
    )
    lines, vertices, _ = ply_parts(tmp_path / "n.ply")
    assert vertices["x"] == 1
    assert max(map(len, lines)) < 250  # common readers stop at 256 letters a word
