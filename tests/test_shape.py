"""Shape: what it is made from, and what is assumed and said about axis and unit."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import trimesh
from PIL import Image

from partwise import Shape
from partwise.errors import InputError, MissingDataError


def test_from_arrays_and_lists():
    points = np.random.default_rng(0).random((10, 3))
    for data in (points, points.tolist(), torch.from_numpy(points), torch.from_numpy(points).float()):
        shape = Shape.of(data, up="y")
        assert np.allclose(shape.points, points)
        assert shape.points.dtype == np.float64
        assert not shape.is_mesh


def test_from_colored_points():
    points = np.random.default_rng(0).random((10, 6))
    assert Shape.of(points).geometry.colors[:, 3].tolist() == [255] * 10
    points[:, 3:] = [255, 0, 128]
    assert Shape.of(points).geometry.colors[0].tolist() == [255, 0, 128, 255]
    points[0, 3] = 300
    with pytest.raises(InputError, match="RGB"):
        Shape.of(points)


def test_from_trimesh():
    box = trimesh.creation.box()
    assert Shape.of(box).faces.shape == (12, 3)
    assert Shape.of(trimesh.Scene([box, box])).faces.shape == (24, 3)
    assert Shape.of(trimesh.PointCloud(box.vertices)).points.shape == (8, 3)


def test_from_open3d_by_its_attributes():
    points = np.random.default_rng(0).random((10, 3))
    cloud = SimpleNamespace(
        points=points,
        colors=points,
        normals=np.zeros((0, 3)),
        has_colors=lambda: True,
        has_normals=lambda: False,
    )
    geometry = Shape.of(cloud).geometry
    assert geometry.colors.shape == (10, 4)
    assert geometry.normals is None
    mesh = SimpleNamespace(vertices=points, triangles=np.array([[0, 1, 2]]), vertex_normals=points)
    geometry = Shape.of(mesh).geometry
    assert geometry.faces.tolist() == [[0, 1, 2]]
    assert np.allclose(geometry.normals, points)


def test_from_trimesh_with_colours_texture_and_names():
    box = trimesh.creation.box()
    box.visual.vertex_colors = np.arange(32).reshape(8, 4)
    assert Shape.of(box).geometry.colors.tolist() == np.arange(32).reshape(8, 4).tolist()
    image = Image.new("RGB", (2, 2), (10, 20, 30))
    uv = np.random.default_rng(0).random((8, 2))
    textured = trimesh.creation.box()
    textured.visual = trimesh.visual.TextureVisuals(uv=uv, image=image)
    geometry = Shape.of(textured).geometry
    weights = np.full((1, 3), 1 / 3)
    assert geometry.surface_colors(np.array([0]), weights).tolist() == [[10, 20, 30, 255]]
    scene = trimesh.Scene()
    scene.add_geometry(box, node_name="seat")
    scene.add_geometry(trimesh.creation.icosphere(1), node_name="knob", transform=np.diag([1, 1, 1, 1.0]))
    geometry = Shape.of(scene).geometry
    assert set(geometry.node_names) == {"seat", "knob"}
    assert np.bincount(geometry.face_node).tolist() == [12, 80]
    with pytest.raises(InputError, match="no mesh"):
        Shape.of(trimesh.Scene())


def test_a_shape_keeps_its_own_copy():
    points = np.random.default_rng(0).random((10, 3))
    shape = Shape.of(points)
    points[:] = 0
    assert shape.points.any()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((3, 100)), "transpose"),
        (np.zeros((0, 3)), r"\(0, 3\)"),
        (np.zeros((5, 4)), r"\(5, 4\)"),
        (np.zeros(5), r"\(5,\)"),
        (np.array([["a", "b", "c"]]), "real numbers"),
        (np.full((4, 3), np.nan), "none of the 4 points"),
        (np.zeros((4, 3), dtype=complex), "complex"),
        ([[1, 2, 3], [4, 5]], "array"),
        ("chair.glb", "not a shape"),
        (None, "not a shape"),
    ],
)
def test_what_is_no_shape(data, message):
    with pytest.raises(InputError, match=message):
        Shape.of(data)


def test_given_axis_and_unit_win_and_are_checked():
    shape = Shape.of(np.eye(3), up="+Z", units="mm")
    assert (shape.up, shape.up_reason, shape.units, shape.units_reason) == ("z", "given", "mm", "given")
    with pytest.raises(InputError, match="up axis 'w'"):
        Shape.of(np.eye(3), up="w")
    with pytest.raises(InputError, match="parsec"):
        Shape.of(np.eye(3), units="parsec")


def test_assumptions_are_said_aloud(tmp_path):
    np.save(tmp_path / "cloud.npy", np.eye(3) * 300)
    shape = Shape.read(tmp_path / "cloud.npy")
    assert shape.up == "y"
    assert shape.up_reason.startswith("assumed")
    assert any("--up" in warning for warning in shape.warnings)
    assert shape.units == "mm"
    assert "millimetres" in shape.units_reason
    assert Shape.of(np.eye(3) * 9).units == "unknown"


def test_formats_with_a_promise_or_a_custom(tmp_path):
    box = trimesh.creation.box()
    for suffix, axis, reason in (
        (".glb", "y", "format"),
        (".stl", "z", "customary"),
        (".obj", "y", "customary"),
    ):
        box.export(tmp_path / f"box{suffix}")
        shape = Shape.read(tmp_path / f"box{suffix}")
        assert shape.up == axis
        assert reason in shape.up_reason
        assert shape.is_mesh


def test_a_missing_file():
    with pytest.raises(MissingDataError, match=r"nowhere\.glb"):
        Shape.read("nowhere.glb")
