from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh

from partwise.errors import InputError, MissingExtraError
from partwise.io.geometry import Geometry, Material
from partwise.lift import cameras
from partwise.lift.paint import Paint
from partwise.lift.render import MeshScene, depth_pictures, pictures, render_views, scene_of
from partwise.lift.scene import UNLIT, Light, View
from partwise.lift.splat import CloudScene
from partwise.shape import Shape

VIEWS = cameras.cmat_paper(64)


def mesh_shape(mesh: trimesh.Trimesh, **fields: object) -> Shape:
    geometry = Geometry(
        np.array(mesh.vertices, dtype=np.float64), faces=np.array(mesh.faces, dtype=np.int64), **fields
    )
    return Shape(geometry, "y", "given", "m", "given")


def soup(rng: np.random.Generator, faces: int) -> Geometry:
    points = rng.random((faces * 3, 3))
    return Geometry(points, faces=np.arange(faces * 3).reshape(-1, 3))


def same(a: View, b: View) -> None:
    np.testing.assert_array_equal(a.ids, b.ids)
    np.testing.assert_allclose(a.depth, b.depth, rtol=1e-4)
    assert np.abs(a.color.astype(int) - b.color).max() <= 2


def test_depth_face_and_weights_say_the_same_place() -> None:
    scene = MeshScene(mesh_shape(trimesh.creation.icosphere(2)))
    corners = scene.frame.apply(scene_points := np.array(trimesh.creation.icosphere(2).vertices))
    assert len(scene_points) == 162
    faces = np.array(trimesh.creation.icosphere(2).faces)
    for camera in (*VIEWS[:3], cameras.find3d(64)[0]):
        view = scene.render(camera)
        shown = view.ids.reshape(-1) >= 0
        origins, directions = camera.rays
        by_depth = (origins + view.depth.reshape(-1, 1) * directions)[shown]
        weights = view.barycentric.reshape(-1, 3)
        by_weights = np.einsum("mk,mkc->mc", weights[shown], corners[faces[view.ids.reshape(-1)[shown]]])
        np.testing.assert_allclose(by_depth, by_weights, atol=1e-5)
        np.testing.assert_allclose(weights[shown].sum(1), 1, atol=1e-6)
        assert (weights[~shown] == 0).all()
        assert np.isinf(view.depth.reshape(-1)[~shown]).all()
        np.testing.assert_array_equal(view.color[..., 3] == 255, view.ids >= 0)
        assert (view.color[view.ids < 0][:, :3] == 255).all()


def test_sphere_silhouette_and_depth_are_analytic() -> None:
    view = MeshScene(mesh_shape(trimesh.creation.icosphere(5))).render(cameras.cmat_paper(128)[5])
    origins, directions = view.camera.rays
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    along = np.einsum("mc,mc->m", origins, unit)
    miss = np.sqrt((origins**2).sum(1) - along**2).reshape(128, 128)
    assert (view.ids[miss < 0.995] >= 0).all()
    assert (view.ids[miss > 1.0] < 0).all()
    centre = view.depth[64, 64]
    assert centre == pytest.approx(np.linalg.norm(view.camera.position) - 1, abs=2e-3)


def quad(texture: np.ndarray, base: tuple[int, int, int, int] = (255, 255, 255, 255)) -> Shape:
    """A square in the plane z = 0, facing +Z, its uv running from (0, 0) at the bottom left to (1, 1)."""
    points = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], dtype=np.float64)
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32)
    geometry = Geometry(
        points,
        faces=np.array([[0, 1, 2], [0, 2, 3]]),
        uv=uv,
        materials=(Material("paint", np.array(base, dtype=np.uint8), texture),),
        face_material=np.zeros(2, dtype=np.int32),
    )
    return Shape(geometry, "y", "given", "m", "given")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_textured_colours_at_known_pixels(channels: int) -> None:
    texture = np.random.default_rng(channels).integers(0, 256, (4, 4, channels), dtype=np.uint8)
    # The square's half side is 1/sqrt(2) in the canonical frame: 4 texels over 32 pixels, 8 each.
    camera = cameras.orthographic(np.array([0.0, 0.0, 3.0]), 32, half_extent=1 / np.sqrt(2))
    color = MeshScene(quad(texture), UNLIT).render(camera).color
    expected = texture[..., :1].repeat(3, 2) if channels <= 2 else texture[..., :3]
    np.testing.assert_array_equal(color[4::8, 4::8, :3], expected)


def test_depth_pictures_are_black_where_near_and_never_white_on_the_shape() -> None:
    scene = MeshScene(mesh_shape(trimesh.creation.icosphere(4)))
    view = scene.render(cameras.pointclipv2(64)[0])
    grey = depth_pictures([view])[0]
    assert (grey[..., :1] == grey).all()
    assert (grey[view.ids < 0] == 255).all()
    # The near pole has nearness 1, the rim of the sphere 1/2: v = 1.3 and 0.8.
    assert grey[32, 32, 0] <= 1
    assert grey[view.ids >= 0].max() == pytest.approx(255 * (1 - 0.8 / 1.3), abs=6)
    nearer = np.argsort(view.depth[view.ids >= 0], kind="stable")
    assert (np.diff(grey[view.ids >= 0][nearer, 0].astype(int)) >= 0).all()


def test_base_colour_multiplies_the_texture_and_a_missing_texture_is_plain() -> None:
    camera = cameras.orthographic(np.array([0.0, 0.0, 3.0]), 8)
    white = np.full((2, 2, 3), 255, dtype=np.uint8)
    assert tuple(MeshScene(quad(white, (100, 50, 200, 255)), UNLIT).render(camera).color[4, 4]) == (
        100,
        50,
        200,
        255,
    )
    shape = quad(white, (9, 8, 7, 255))
    bare = replace(shape, geometry=replace(shape.geometry, uv=None))
    assert tuple(MeshScene(bare, UNLIT).render(camera).color[4, 4, :3]) == (9, 8, 7)


def test_a_textured_glb_shows_its_texels_at_known_pixels(tmp_path) -> None:
    from PIL import Image

    texture = np.zeros((2, 2, 3), dtype=np.uint8)
    texture[0, 0], texture[0, 1], texture[1, 0], texture[1, 1] = (
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
        (255, 255, 0),
    )
    material = trimesh.visual.material.PBRMaterial(baseColorTexture=Image.fromarray(texture))
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    points = [[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]
    mesh = trimesh.Trimesh(points, [[0, 1, 2], [0, 2, 3]], process=False)
    mesh.visual = trimesh.visual.TextureVisuals(uv=uv, material=material)
    mesh.export(tmp_path / "quad.glb")
    camera = cameras.orthographic(np.array([0.0, 0.0, 3.0]), 32, half_extent=1 / np.sqrt(2))
    color = MeshScene(Shape.read(tmp_path / "quad.glb"), UNLIT).render(camera).color
    np.testing.assert_array_equal(color[8::16, 8::16, :3], texture)


@pytest.mark.parametrize("colored", [False, True])
def test_paint_agrees_with_the_plain_reading_of_the_materials(colored: bool) -> None:
    rng = np.random.default_rng(5)
    geometry = soup(rng, 200)
    materials = tuple(
        Material(str(i), rng.integers(1, 256, 4, dtype=np.uint8), texture)
        for i, texture in enumerate(
            [None, rng.integers(0, 256, (5, 9, 3), dtype=np.uint8), np.zeros((1, 1, 1), np.uint8)]
        )
    )
    geometry = replace(
        geometry,
        uv=rng.normal(0, 3, (600, 2)).astype(np.float32),
        materials=materials,
        face_material=rng.integers(-1, 3, 200).astype(np.int32),
        colors=rng.integers(0, 256, (600, 4), dtype=np.uint8) if colored else None,
    )
    face = rng.integers(0, 200, 5000).astype(np.int32)
    weights = rng.dirichlet([1, 1, 1], 5000).astype(np.float32)
    fast = Paint(geometry, geometry.faces).at(face, weights[:, 1].copy(), weights[:, 2].copy())
    fast = fast.view(np.uint8).reshape(-1, 4)[:, :3]
    plain = geometry.surface_colors(face.astype(np.int64), weights)[:, :3]
    # A place within rounding of a texel border may fall to either side.
    assert (np.abs(fast.astype(int) - plain) <= 1).all(axis=1).mean() > 0.999


def test_a_plain_mesh_is_grey_and_vertex_colours_show() -> None:
    sphere = trimesh.creation.icosphere(1)
    grey = MeshScene(mesh_shape(sphere), UNLIT).render(VIEWS[0])
    assert set(grey.color[grey.ids >= 0][:, 0]) == {178}
    colors = np.tile(np.array([10, 200, 30, 255], dtype=np.uint8), (len(sphere.vertices), 1))
    green = MeshScene(mesh_shape(sphere, colors=colors), UNLIT).render(VIEWS[0])
    assert {tuple(c) for c in green.color[green.ids >= 0]} == {(10, 200, 30, 255)}


def test_light_shapes_the_picture_and_ignores_flipped_faces() -> None:
    box = trimesh.creation.box()
    view = MeshScene(mesh_shape(box)).render(VIEWS[1])
    assert len(np.unique(view.color[view.ids >= 0][:, 0])) >= 3  # three sides, three shades
    box.invert()
    flipped = MeshScene(mesh_shape(box)).render(VIEWS[1])
    np.testing.assert_array_equal(view.color, flipped.color)
    wrong = -np.array(box.vertices, dtype=np.float32)
    np.testing.assert_array_equal(
        view.color, MeshScene(mesh_shape(box, normals=wrong)).render(VIEWS[1]).color
    )
    dark = MeshScene(mesh_shape(box), Light(ambient=0.0, head=0.0, fill=0.0, background=(1, 2, 3))).render(
        VIEWS[1]
    )
    assert (dark.color[dark.ids >= 0][:, :3] == 0).all()
    assert tuple(dark.color[0, 0]) == (1, 2, 3, 0)


@pytest.mark.parametrize(
    ("scale", "shift"), [(1e-9, 0.0), (1e9, 0.0), (1.0, 1e6), (1000.0, -5e7), (0.001, 3.0)]
)
def test_pictures_do_not_depend_on_scale_and_place(scale: float, shift: float) -> None:
    mesh = trimesh.creation.capsule(1.0, 0.4, count=[8, 8])
    moved = mesh.copy()
    moved.vertices = moved.vertices * scale + shift
    for camera in VIEWS[:3]:
        a, b = (MeshScene(mesh_shape(m)).render(camera) for m in (mesh, moved))
        assert (a.ids != b.ids).mean() < 1e-3  # rays that graze an edge
        both = (a.ids >= 0) & (b.ids >= 0)
        np.testing.assert_allclose(a.depth[both], b.depth[both], atol=1e-4)


def test_up_axis_turns_the_shape_before_the_cameras_look() -> None:
    mesh = trimesh.creation.box([1, 2, 3])
    mesh.vertices[0] *= 1.3
    turned = mesh.copy()
    turned.vertices = mesh.vertices @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]).T  # +Y becomes +Z
    z_up = replace(mesh_shape(turned), up="z")
    same(MeshScene(mesh_shape(mesh)).render(VIEWS[4]), MeshScene(z_up).render(VIEWS[4]))


def test_a_stray_vertex_does_not_shrink_the_shape() -> None:
    box = trimesh.creation.box()
    points = np.concatenate([np.array(box.vertices), [[1e6, 0, 0], [np.nan, 0, 0]]])
    stray = Shape(Geometry(points, faces=np.array(box.faces)), "y", "given", "m", "given")
    same(MeshScene(stray).render(VIEWS[0]), MeshScene(mesh_shape(box)).render(VIEWS[0]))


def test_threads_give_the_same_pictures() -> None:
    scene = MeshScene(mesh_shape(trimesh.creation.icosphere(3)))
    for a, b in zip(render_views(scene, VIEWS), render_views(scene, VIEWS, threads=3), strict=True):
        np.testing.assert_array_equal(a.color, b.color)
        np.testing.assert_array_equal(a.depth, b.depth)
    assert pictures(render_views(scene, VIEWS)).shape == (12, 64, 64, 3)


def test_broken_surfaces_render_what_there_is() -> None:
    rng = np.random.default_rng(0)
    assert (MeshScene(Shape(soup(rng, 50), "y", "given", "m", "given")).render(VIEWS[0]).ids >= 0).any()
    box = trimesh.creation.box()
    faces = np.concatenate([np.array(box.faces), np.zeros((5, 3), dtype=np.int64), [[0, 1, 0]]])
    partly = Shape(Geometry(np.array(box.vertices), faces=faces), "y", "given", "m", "given")
    view = MeshScene(partly).render(VIEWS[0])
    assert view.ids.max() < 12
    twice = np.concatenate([np.array(box.faces)] * 2)
    doubled = Shape(Geometry(np.array(box.vertices), faces=twice), "y", "given", "m", "given")
    np.testing.assert_array_equal(MeshScene(doubled).render(VIEWS[0]).color, view.color)


def test_no_surface_is_a_typed_error() -> None:
    points = np.random.default_rng(0).random((6, 3))
    flat = np.array([[0, 0, 1], [2, 2, 2]])
    with pytest.raises(InputError, match="no faces"):
        MeshScene(Shape(Geometry(points, faces=np.zeros((0, 3), dtype=np.int64)), "y", "given", "m", "given"))
    with pytest.raises(InputError, match="no faces"):
        MeshScene(Shape.of(points, up="y"))
    with pytest.raises(InputError, match="zero area"):
        MeshScene(Shape(Geometry(points, faces=flat), "y", "given", "m", "given"))
    with pytest.raises(InputError, match="radius is 0"):
        MeshScene(Shape(Geometry(np.zeros((3, 3)), faces=np.array([[0, 1, 2]])), "y", "given", "m", "given"))
    with pytest.raises(InputError, match="radius is 0"):
        scene_of(Shape.of(np.ones((5, 3)), up="y"))


def test_without_embreex_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "embreex.mesh_construction", None)
    with pytest.raises(MissingExtraError, match=r"partwise\[lift\]"):
        MeshScene(mesh_shape(trimesh.creation.box()))


def test_splats_agree_with_a_plain_loop() -> None:
    rng = np.random.default_rng(2)
    normals = rng.normal(size=(60, 3))
    normals = (normals / np.linalg.norm(normals, axis=1, keepdims=True)).astype(np.float32)
    shape = Shape(Geometry(rng.normal(size=(60, 3)), normals=normals), "y", "given", "m", "given")
    scene = CloudScene(shape, radius=0.08)
    points = scene.frame.apply(shape.points)
    for camera in (cameras.cmat_paper(40)[1], cameras.find3d(40)[2]):
        view = scene.render(camera)
        place, depth = camera.project(points)
        zoom = camera.intrinsics[0, 0] * (np.ones(60) if camera.orthographic else 1 / depth)
        facing = normals.astype(np.float64) @ camera.world_to_camera[:3, :3].T
        winner, front = np.full((40, 40), -1), np.full((40, 40), np.inf)
        for row in range(40):
            for column in range(40):
                step = (column + 0.5, row + 0.5) - place
                tilt = -(facing[:, :2] * step).sum(1) / facing[:, 2] / zoom
                height = (depth + np.clip(tilt, -0.16, 0.16)).astype(np.float32)
                offset = np.hypot(*step.T)
                own = (np.floor(place) == (column, row)).all(1)
                near = np.flatnonzero((offset <= 0.08 * zoom) | own)
                if len(near):
                    winner[row, column] = near[np.argmin(height[near])]
                    front[row, column] = height[near].min()
        np.testing.assert_array_equal(view.ids, winner)
        shown = winner >= 0
        np.testing.assert_allclose(view.depth[shown], front[shown], rtol=1e-6)
        assert np.isinf(view.depth[~shown]).all()


def test_splats_keep_stored_colours_and_skip_points_that_are_not_finite() -> None:
    points = np.random.default_rng(0).random((500, 3))
    points[7] = np.nan
    colors = np.tile(np.array([1, 2, 3, 255], dtype=np.uint8), (500, 1))
    shape = Shape(Geometry(points, colors=colors), "y", "given", "m", "given")
    view = scene_of(shape).render(VIEWS[0])
    assert {tuple(c) for c in view.color[view.ids >= 0]} == {(1, 2, 3, 255)}
    assert 7 not in view.ids
    assert view.ids.max() > 400
    with pytest.raises(InputError, match="point cloud"):
        _ = view.barycentric


def test_grey_clouds_are_lit_with_stored_or_estimated_normals() -> None:
    sphere = trimesh.creation.icosphere(5).vertices
    stored = Geometry(np.array(sphere), normals=np.array(sphere, dtype=np.float32))
    a = scene_of(Shape(stored, "y", "given", "m", "given")).render(VIEWS[0])
    b = scene_of(Shape.of(np.array(sphere), up="y")).render(VIEWS[0])
    assert (a.ids == b.ids).mean() > 0.9
    assert np.abs(a.color.astype(int) - b.color).mean() < 2
    assert len(np.unique(a.color[a.ids >= 0][:, 0])) > 10
    flat = scene_of(Shape.of(np.array(sphere), up="y"), UNLIT).render(VIEWS[0])
    assert set(flat.color[flat.ids >= 0][:, 0]) == {179}


def test_a_disk_needs_a_radius_and_lone_points_are_drawn() -> None:
    shape = Shape.of(np.array([[0.0, 0, 0], [1, 1, 1]]), up="y")
    with pytest.raises(InputError, match="radius"):
        CloudScene(shape, radius=0.0)
    assert set(np.unique(CloudScene(shape, radius=1e-9).render(VIEWS[0]).ids)) == {-1, 0, 1}


@pytest.mark.gpu
def test_splats_on_a_gpu_are_those_of_the_cpu() -> None:
    shape = Shape.of(np.random.default_rng(0).normal(size=(5000, 3)), up="y")
    a, b = (scene_of(shape, device=device).render(VIEWS[0]) for device in ("cpu", "cuda"))
    assert torch.cuda.is_available()
    assert (a.ids == b.ids).mean() > 0.999
