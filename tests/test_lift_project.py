from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh
from lift_helpers import ColourEncoder
from scipy.ndimage import maximum_filter, minimum_filter

from partwise.errors import InputError
from partwise.io.geometry import Geometry
from partwise.lift import cameras
from partwise.lift.lifting import lift_onto
from partwise.lift.project import (
    CMAT_PAPER,
    CMAT_RELEASE,
    COPS,
    PATCHALIGN3D,
    POINTCLIPV2,
    Projection,
    Target,
    apply_weights,
    fill_unseen,
    lift_points,
    pool_patches,
    view_weights,
)
from partwise.lift.render import MeshScene, pictures, render_views, scene_of
from partwise.lift.scene import View
from partwise.points import sample_surface
from partwise.shape import Shape

EXACT = Projection(visibility="surface", lookup="nearest", unseen="nearest")


def mesh_shape(mesh: trimesh.Trimesh) -> Shape:
    geometry = Geometry(np.array(mesh.vertices, dtype=np.float64), faces=np.array(mesh.faces, dtype=np.int64))
    return Shape(geometry, "y", "given", "m", "given")


def sampled(shape: Shape, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return sample_surface(shape.points, shape.faces, count, np.random.default_rng(seed))


def target_of(scene, points: np.ndarray, faces: np.ndarray | None = None) -> Target:
    return Target(scene.frame.apply(points), faces, scene.diagonal, scene.depth_slack)


def pixel_tokens(views: list[View], values: np.ndarray) -> torch.Tensor:
    """A feature map as fine as the picture: values[id] at each pixel, zero on the background."""
    ids = np.stack([view.ids for view in views])
    return torch.from_numpy(np.where(ids[..., None] >= 0, values[ids], 0.0).astype(np.float32))


def test_a_feature_for_each_side_of_a_cube_comes_back_exact() -> None:
    shape = mesh_shape(trimesh.creation.box())
    scene = MeshScene(shape)
    views = render_views(scene, cameras.cmat_paper(112))
    points, faces, _ = sampled(shape, 3000)
    normals = np.array(trimesh.creation.box().face_normals)
    _, side = np.unique(np.round(normals), axis=0, return_inverse=True)
    values = np.eye(6)[side]
    target = target_of(scene, points, faces)
    # Away from the edges a pixel shows the point's own side only.
    inner = np.sort(np.abs(points), axis=1)[:, 1] < 0.47
    for projection in (EXACT, replace(EXACT, visibility="depth")):
        weights = view_weights(target, views, (112, 112), projection)
        lifted = lift_points(target, weights, pixel_tokens(views, values), projection).numpy()
        np.testing.assert_array_equal(lifted[inner], values[faces][inner].astype(np.float32))
        assert weights.seen[inner].all()
    # By face id alone not even an edge mixes: the pixel shows the very side.
    narrow = view_weights(target, views, (112, 112), replace(EXACT, tolerance=1e-9))
    lifted = lift_points(target, narrow, pixel_tokens(views, values), EXACT).numpy()
    assert (lifted.argmax(1) == side[faces])[narrow.seen].all()


def sphere_over_plane() -> tuple[Shape, np.ndarray]:
    """A sphere hovering over a plate, and for each face whether it belongs to the sphere."""
    sphere, plate = trimesh.creation.icosphere(3, 0.4), trimesh.creation.box([2, 0.02, 2])
    sphere.apply_translation([0, 0.6, 0])
    both = trimesh.util.concatenate([sphere, plate])
    return mesh_shape(both), np.arange(len(both.faces)) < len(sphere.faces)


@pytest.mark.parametrize("visibility", ["surface", "depth", "owner"])
@pytest.mark.parametrize("layout", [cameras.cmat_paper(96), cameras.find3d(96)])
def test_a_sphere_that_hides_a_plane_never_leaks(visibility: str, layout: tuple) -> None:
    shape, is_sphere = sphere_over_plane()
    scene = MeshScene(shape)
    views = render_views(scene, layout)
    points, faces, _ = sampled(shape, 4000)
    target = target_of(scene, points, faces)
    values = np.stack([is_sphere, ~is_sphere], axis=1).astype(float)
    tokens = pixel_tokens(views, values)
    weights = view_weights(target, views, (96, 96), replace(EXACT, visibility=visibility))
    lifted = apply_weights(weights, tokens).numpy()
    seen = weights.seen
    assert seen.mean() > 0.1
    wrong = np.where(is_sphere[faces], lifted[:, 1], lifted[:, 0])
    assert (wrong[seen] == 0).all()


@pytest.mark.parametrize("visibility", ["depth", "owner"])
def test_a_splatted_sphere_that_hides_a_plane_never_leaks(visibility: str) -> None:
    shape, is_sphere = sphere_over_plane()
    points, faces, _ = sampled(shape, 20_000)
    scene = scene_of(Shape.of(points, up="y"))
    views = render_views(scene, cameras.cmat_paper(96))
    of_sphere = is_sphere[faces]
    target = target_of(scene, points, np.arange(len(points)) if visibility == "owner" else None)
    weights = view_weights(target, views, (96, 96), replace(EXACT, visibility=visibility))
    tokens = pixel_tokens(views, np.stack([of_sphere, ~of_sphere], axis=1).astype(float))
    lifted = apply_weights(weights, tokens).numpy()
    wrong = np.where(of_sphere, lifted[:, 1], lifted[:, 0])
    assert weights.seen.mean() > 0.5
    assert (wrong[weights.seen] == 0).all()


def test_hidden_points_are_not_seen() -> None:
    inner, outer = trimesh.creation.icosphere(2, 0.5), trimesh.creation.icosphere(3, 1.0)
    shape = mesh_shape(trimesh.util.concatenate([inner, outer]))
    scene = MeshScene(shape)
    points, faces, _ = sampled(shape, 2000)
    weights = view_weights(
        target_of(scene, points, faces), render_views(scene, cameras.cmat_paper(64)), (16, 16)
    )
    hidden = faces < len(inner.faces)
    assert not weights.seen[hidden].any()
    assert weights.seen[~hidden].all()


@pytest.mark.parametrize(
    ("preset", "limit"), [(CMAT_PAPER, 0.005 * 2), (CMAT_RELEASE, 0.002)], ids=["share", "2 mm"]
)
def test_depth_decides_within_the_published_tolerance(preset: Projection, limit: float) -> None:
    """A flat square in the unit sphere has a diagonal of 2."""
    square = trimesh.Trimesh([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], [[0, 1, 2], [0, 2, 3]])
    scene = MeshScene(mesh_shape(square))
    camera = cameras.orthographic(np.array([0.0, 0.0, 3.0]), 32)
    view = scene.render(camera)
    offsets = np.array([0.0, 0.9, -0.9, 1.1, -1.1]) * limit
    points = np.stack([np.full(5, 0.1), np.full(5, 0.2), offsets], axis=1)
    weights = view_weights(Target(points, None, scene.diagonal), [view], (4, 4), preset)
    assert weights.seen.tolist() == [True, True, True, False, False]
    # The face decides alone where it is known, in the paper's reading only.
    on_face = Target(points, np.full(5, int(view.ids[12, 17])), scene.diagonal)
    by_face = view_weights(on_face, [view], (4, 4), preset).seen
    assert by_face.all() == (preset.visibility == "surface")


@pytest.mark.parametrize("lookup", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("preset", [CMAT_PAPER, CMAT_RELEASE, PATCHALIGN3D, COPS, POINTCLIPV2])
def test_view_weights_are_a_partition_of_unity(lookup: str, preset: Projection) -> None:
    shape = mesh_shape(trimesh.creation.torus(1.0, 0.3))
    scene = MeshScene(shape)
    points, faces, _ = sampled(shape, 800)
    views = render_views(scene, cameras.cops(64))
    weights = view_weights(target_of(scene, points, faces), views, (5, 7), replace(preset, lookup=lookup))
    total = np.asarray(weights.matrix.sum(axis=1)).reshape(-1)
    np.testing.assert_allclose(total[weights.seen], 1, atol=1e-5)
    assert (total[~weights.seen] == 0).all()
    assert weights.seen.mean() > 0.3
    # So a constant picture gives that constant to everything that is seen.
    lifted = apply_weights(weights, torch.full((10, 5, 7, 3), 2.5))
    np.testing.assert_allclose(lifted[weights.seen].numpy(), 2.5, atol=1e-4)


@pytest.mark.parametrize(("scale", "shift"), [(1e-9, 0.0), (1e9, 0.0), (1.0, 1e6), (250.0, -3e4)])
@pytest.mark.parametrize("preset", [CMAT_PAPER, PATCHALIGN3D])
def test_lifting_does_not_depend_on_scale_and_place(scale: float, shift: float, preset: Projection) -> None:
    mesh = trimesh.creation.annulus(0.4, 1.0, 0.5)
    results = []
    for factor, offset in ((1.0, 0.0), (scale, shift)):
        moved = mesh.copy()
        moved.vertices = moved.vertices * factor + offset
        shape = mesh_shape(moved)
        scene = MeshScene(shape)
        points, faces, _ = sampled(shape, 500)
        views = render_views(scene, cameras.cmat_paper(64))
        results.append(view_weights(target_of(scene, points, faces), views, (8, 8), preset))
    first, second = results
    # A ray that grazes an edge may change sides; nothing else may.
    assert (first.seen == second.seen).mean() > 0.99
    difference = np.abs((first.matrix - second.matrix).toarray()).sum(axis=1)
    assert (difference < 1e-3).mean() > 0.95


@pytest.mark.parametrize(("scale", "shift"), [(1e-9, 0.0), (1e9, 0.0), (40.0, 1e6)])
@pytest.mark.parametrize("as_cloud", [False, True])
def test_lifted_features_do_not_depend_on_scale_and_place(scale: float, shift: float, as_cloud: bool) -> None:
    """From the picture on: rendered, encoded, carried back."""
    mesh = trimesh.creation.annulus(0.4, 1.0, 0.5)
    points, place, _ = sampled(mesh_shape(mesh), 3000)
    results = []
    for factor, offset in ((1.0, 0.0), (scale, shift)):
        moved = mesh.copy()
        moved.vertices = moved.vertices * factor + offset
        there = points * factor + offset
        shape = Shape.of(there, up="y") if as_cloud else mesh_shape(moved)
        own = np.arange(len(points)) if as_cloud else place
        results.append(lift_onto(shape, there, own, cameras.cmat_paper(64), CMAT_PAPER, encode_colours))
    first, second = results
    assert (first.seen == second.seen).mean() > 0.99
    assert first.seen.mean() > 0.5
    assert ((first.features - second.features).abs().amax(dim=1) < 0.02).float().mean() > 0.97


def encode_colours(views) -> torch.Tensor:
    return ColourEncoder().encode(pictures(views))


def test_splats_and_rays_agree_on_visibility_of_a_dense_cloud() -> None:
    shape = mesh_shape(trimesh.creation.torus(1.0, 0.35))
    mesh_scene = MeshScene(shape)
    points, faces, _ = sampled(shape, 40_000)
    cloud_scene = scene_of(Shape.of(points, up="y"))
    layout = cameras.cmat_paper(128)
    target = Target(mesh_scene.frame.apply(points), faces, mesh_scene.diagonal, cloud_scene.depth_slack)
    depth_test = Projection(visibility="depth")
    # Both scenes are framed alike but for the box of the samples: compare pictures in the mesh's frame.
    cloud_scene.frame = mesh_scene.frame
    cloud_scene._points = torch.as_tensor(target.points)
    agree, on_smooth = [], []
    for camera in layout:
        rendered = mesh_scene.render(camera)
        by_ray = view_weights(target, [rendered], (1, 1), depth_test).seen
        by_splat = view_weights(target, [cloud_scene.render(camera)], (1, 1), depth_test).seen
        agree.append((by_ray == by_splat).mean())
        depth = np.where(np.isfinite(rendered.depth), rendered.depth, 9.0)
        column, row = np.floor(camera.project(target.points)[0]).astype(int).T
        jump = (maximum_filter(depth, 3) - minimum_filter(depth, 3))[row, column]
        on_smooth.append((by_ray == by_splat)[jump < 0.1].mean())
    assert np.mean(agree) > 0.9
    assert np.min(agree) > 0.88
    # They part where a disk hangs over an outline, or over a slope that the pixel cuts: elsewhere they are one.
    assert np.min(on_smooth) > 0.97


def slow_lookup(token_map: torch.Tensor, size: int, lookup: str) -> torch.Tensor:
    options = {} if lookup == "nearest" else {"align_corners": False}
    return torch.nn.functional.interpolate(
        token_map.permute(2, 0, 1)[None], (size, size), mode=lookup, **options
    )[0]


@pytest.mark.parametrize("lookup", ["nearest", "bilinear", "bicubic"])
def test_lookup_is_that_of_an_upsampled_map(lookup: str) -> None:
    """The slow twin: blow the token map up to the picture with torch, read the point's pixel."""
    shape = mesh_shape(trimesh.creation.icosphere(3))
    scene = MeshScene(shape)
    view = scene.render(cameras.cmat_paper(56)[2])
    points, faces, _ = sampled(shape, 400)
    target = target_of(scene, points, faces)
    tokens = torch.randn(1, 8, 8, 5, generator=torch.Generator().manual_seed(0))
    weights = view_weights(target, [view], (8, 8), Projection(lookup=lookup, snap=True))
    lifted = apply_weights(weights, tokens)
    whole = slow_lookup(tokens[0], 56, lookup)
    place, _ = view.camera.project(target.points)
    column, row = np.floor(place[weights.seen]).astype(int).T
    np.testing.assert_allclose(lifted[weights.seen].numpy(), whole[:, row, column].T.numpy(), atol=1e-5)


def test_owner_visibility_is_a_loop_over_pixels() -> None:
    """The slow twin of the PatchAlign3D and COPS rule, first point of the face and last pixel wins."""
    shape = mesh_shape(trimesh.creation.icosphere(2))
    scene = MeshScene(shape)
    views = render_views(scene, cameras.find3d(40)[:3])
    points, faces, _ = sampled(shape, 600)
    target = target_of(scene, points, faces)
    tokens = torch.randn(3, 40, 40, 4, generator=torch.Generator().manual_seed(1))
    weights = view_weights(target, views, (40, 40), replace(PATCHALIGN3D, lookup="nearest"))
    first = {}
    for index, face in enumerate(faces):
        first.setdefault(int(face), index)
    total, count = np.zeros((600, 4)), np.zeros(600)
    for number, view in enumerate(views):
        once: dict[int, np.ndarray] = {}
        for row in range(40):
            for column in range(40):
                owner = first.get(int(view.ids[row, column]))
                if owner is not None:
                    once[owner] = tokens[number, row, column].numpy()
        for owner, value in once.items():
            total[owner] += value
            count[owner] += 1
    expected = total / np.maximum(count, 1)[:, None]
    np.testing.assert_allclose(apply_weights(weights, tokens).numpy(), expected, atol=1e-5)
    np.testing.assert_array_equal(weights.seen, count > 0)


def test_unseen_points_take_from_their_neighbours() -> None:
    points = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [2.4, 0, 0], [9, 0, 0]])
    seen = np.array([True, True, False, False, False])
    features = torch.tensor([[1.0], [3.0], [0.0], [0.0], [0.0]])
    assert fill_unseen(features, seen, points, "zero") is features
    assert fill_unseen(features, seen, points, "nearest")[:, 0].tolist() == [1, 3, 3, 3, 3]
    assert fill_unseen(features, seen, points, "mean20")[:, 0].tolist() == [1, 3, 2, 2, 2]
    assert fill_unseen(features, np.ones(5, dtype=bool), points, "nearest") is features
    with pytest.raises(InputError, match="no view sees"):
        fill_unseen(features, np.zeros(5, dtype=bool), points, "nearest")


def test_mean20_looks_at_twenty_points_only() -> None:
    points = np.concatenate([np.arange(30)[:, None] * 0.01, np.zeros((30, 2))], axis=1)
    points = np.concatenate([points, [[100.0, 0, 0]]])
    seen = np.zeros(31, dtype=bool)
    seen[[25, 30]] = True
    features = torch.zeros(31, 1)
    features[25], features[30] = 2.0, 8.0
    filled = fill_unseen(features, seen, points, "mean20")
    assert filled[0] == 2  # none of the 20 nearest is seen: the nearest seen point
    assert filled[20] == 2
    assert (filled[:30] == 2).all()


def test_patches_pool_neighbours_or_cells() -> None:
    rng = np.random.default_rng(0)
    points = torch.from_numpy(rng.random((50, 3)).astype(np.float32))
    features = torch.from_numpy(rng.random((50, 4)).astype(np.float32))
    centers = points[:6]
    index = torch.cdist(centers, points).topk(5, largest=False).indices
    near = pool_patches(features, points, centers, index)
    np.testing.assert_allclose(near[2].numpy(), features[index[2]].mean(0).numpy(), atol=1e-6)
    cells = pool_patches(features, points, centers, index, CMAT_RELEASE)
    owner = torch.cdist(points, centers).argmin(1)
    for g in range(6):
        np.testing.assert_allclose(cells[g].numpy(), features[owner == g].mean(0).numpy(), atol=1e-6)
    unit = pool_patches(features, points, centers, index, PATCHALIGN3D)
    np.testing.assert_allclose(unit.norm(dim=1).numpy(), 1, atol=1e-6)
    empty = pool_patches(
        features, points, torch.cat([centers, centers[:1]]), torch.cat([index, index[:1]]), CMAT_RELEASE
    )
    assert (empty == 0).all(dim=1).sum() == 1


def test_unit_points_have_length_one() -> None:
    shape = mesh_shape(trimesh.creation.icosphere(2))
    scene = MeshScene(shape)
    points, faces, _ = sampled(shape, 100)
    target = target_of(scene, points, faces)
    weights = view_weights(target, render_views(scene, cameras.cops(32)), (4, 4), PATCHALIGN3D)
    tokens = torch.randn(10, 4, 4, 8, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(
        lift_points(target, weights, tokens, PATCHALIGN3D).norm(dim=1).numpy(), 1, atol=1e-5
    )


def test_what_does_not_fit_is_refused() -> None:
    scene = MeshScene(mesh_shape(trimesh.creation.box()))
    target = target_of(scene, np.zeros((2, 3)))
    view = scene.render(cameras.cops(16)[0])
    with pytest.raises(InputError, match="no views"):
        view_weights(target, [], (2, 2))
    with pytest.raises(InputError, match=r"\(1, 3, 3\)"):
        apply_weights(view_weights(target, [view], (2, 2)), torch.zeros(1, 3, 3, 4))
    with pytest.raises(InputError, match="owner"):
        view_weights(target, [view], (2, 2), COPS)
    with pytest.raises(InputError, match="tolerance"):
        Projection(tolerance=0.0)


@pytest.mark.gpu
def test_weights_apply_on_a_gpu() -> None:
    shape = mesh_shape(trimesh.creation.icosphere(2))
    scene = MeshScene(shape)
    points, faces, _ = sampled(shape, 300)
    weights = view_weights(target_of(scene, points, faces), render_views(scene, cameras.cops(32)), (4, 4))
    tokens = torch.randn(10, 4, 4, 8, generator=torch.Generator().manual_seed(0))
    on_gpu = apply_weights(weights, tokens.cuda())
    assert on_gpu.is_cuda
    torch.testing.assert_close(on_gpu.cpu(), apply_weights(weights, tokens), atol=1e-5, rtol=1e-5)
