from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from scipy.spatial import KDTree

from partwise.errors import InputError
from partwise.farthest import farthest_points
from partwise.io.geometry import Geometry
from partwise.lift import cameras
from partwise.lift.preview import feature_colors, paint_features, preview_sheet
from partwise.lift.project import Projection, Target, lift_points, pool_patches, view_weights
from partwise.lift.render import MeshScene, render_views
from partwise.lift.simulated import SimulatedTeacher, SimulatedTower, name_embeddings, nearest_name
from partwise.points import nearest, sample_surface
from partwise.shape import Shape


def chair() -> tuple[Shape, np.ndarray]:
    """Seat, back and four legs of boxes, and the part of each face (0, 1, 2)."""
    boxes = [([1, 0.12, 1], [0, 0, 0], 0), ([1, 1, 0.12], [0, 0.55, -0.45], 1)]
    boxes += [([0.14, 0.9, 0.14], [x, -0.5, z], 2) for x in (-0.42, 0.42) for z in (-0.42, 0.42)]
    meshes, labels = [], []
    for size, place, label in boxes:
        mesh = trimesh.creation.box(size).subdivide()
        mesh.apply_translation(place)
        meshes.append(mesh)
        labels += [label] * len(mesh.faces)
    whole = trimesh.util.concatenate(meshes)
    geometry = Geometry(
        np.array(whole.vertices, dtype=np.float64), faces=np.array(whole.faces, dtype=np.int64)
    )
    return Shape(geometry, "y", "given", "m", "given"), np.array(labels)


@pytest.fixture(scope="module")
def scene_of_chair():
    shape, labels = chair()
    scene = MeshScene(shape)
    views = render_views(scene, cameras.cmat_paper())
    points, faces, _ = sample_surface(shape.points, shape.faces, 2048, np.random.default_rng(0))
    return Target(scene.frame.apply(points), faces, scene.diagonal), views, labels


def test_the_simulated_teacher_gives_back_the_names(scene_of_chair) -> None:
    target, views, labels = scene_of_chair
    embeddings = name_embeddings(3, 64, np.random.default_rng(0))
    teacher = SimulatedTeacher(embeddings)
    tokens = teacher.encode(views, labels, np.random.default_rng(1))
    assert tokens.shape == (12, 14, 14, 64)
    for lookup in ("nearest", "bilinear", "bicubic"):
        projection = Projection(lookup=lookup)
        weights = view_weights(target, views, (14, 14), projection)
        features = lift_points(target, weights, tokens, projection)
        truth = labels[target.faces]
        right = nearest_name(features, embeddings) == truth
        assert weights.seen.mean() > 0.85
        assert right[weights.seen].mean() > 0.9
        # Every miss lies on a border: another part is nearer than one token is wide (16 pixels of 224).
        token = 16 / views[0].camera.intrinsics[0, 0] * np.linalg.norm(views[0].camera.position)
        for part in range(3):
            missed = target.points[weights.seen & ~right & (truth == part)]
            if len(missed):
                distance, _ = KDTree(target.points[truth != part]).query(missed)
                assert (distance < token).mean() > 0.95


@pytest.mark.parametrize("name", ["car", "washer"])
def test_real_objects_give_back_the_names_of_their_pieces(name: str) -> None:
    shape = Shape.read(Path(__file__).parent.parent / "examples" / "objects" / f"{name}.glb")
    pieces = [
        node.split("__")[0] for node in shape.geometry.node_names
    ]  # one node for each colour of a piece
    count = len(set(pieces))
    labels = np.unique(pieces, return_inverse=True)[1][shape.geometry.face_node]
    scene = MeshScene(shape)
    views = render_views(scene, cameras.cmat_paper())
    points, faces, _ = sample_surface(shape.points, shape.faces, 4096, np.random.default_rng(0))
    target, truth = Target(scene.frame.apply(points), faces, scene.diagonal), labels[faces]
    embeddings = name_embeddings(count, 64, np.random.default_rng(0))
    weights = view_weights(target, views, (14, 14))
    tokens = SimulatedTeacher(embeddings).encode(views, labels, np.random.default_rng(1))
    right = nearest_name(lift_points(target, weights, tokens), embeddings) == truth
    assert right[weights.seen].mean() > 0.9
    # Every miss lies on a border at the tokens' resolution: some token that it reads shows another piece as well.
    plain = SimulatedTeacher(np.eye(count, dtype=np.float32), view_noise=0.0, token_noise=0.0)
    shares = weights.matrix @ plain.encode(views, labels, np.random.default_rng(0)).reshape(-1, count).numpy()
    others = shares.sum(axis=1) - shares[np.arange(len(truth)), truth]
    missed = weights.seen & ~right
    assert missed.sum() > 10
    assert (others[missed] > 0).all()
    assert (others[weights.seen] > 0).mean() < 0.5  # which most points are not


def test_patches_give_back_their_main_name(scene_of_chair) -> None:
    target, views, labels = scene_of_chair
    embeddings = name_embeddings(3, 64, np.random.default_rng(0))
    tokens = SimulatedTeacher(embeddings).encode(views, labels, np.random.default_rng(1))
    weights = view_weights(target, views, (14, 14))
    points = torch.from_numpy(target.points.astype(np.float32))
    centers = points[farthest_points(points[None], 128)[0]]
    index = nearest(centers[None], points[None], 32)[1][0]
    pooled = pool_patches(lift_points(target, weights, tokens), points, centers, index)
    shares = np.stack(
        [(labels[target.faces][index.numpy()] == part).mean(axis=1) for part in range(3)], axis=1
    )
    clear = shares.max(axis=1) == 1
    assert clear.mean() > 0.4
    assert (nearest_name(pooled, embeddings) == shares.argmax(axis=1))[clear].mean() > 0.9


def test_without_noise_a_token_is_its_share_of_names(scene_of_chair) -> None:
    _, views, labels = scene_of_chair
    embeddings = np.eye(3, dtype=np.float32)
    tokens = SimulatedTeacher(embeddings, view_noise=0.0, token_noise=0.0).encode(
        views[:2], labels, np.random.default_rng(0)
    )
    view = views[1]
    for row, column in ((7, 7), (4, 8), (0, 0)):
        block = view.ids[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16]
        expected = [(labels[block[block >= 0]] == part).sum() / 256 for part in range(3)]
        np.testing.assert_allclose(tokens[1, row, column].numpy(), expected, atol=1e-6)
    unnamed = SimulatedTeacher(embeddings, view_noise=0.0, token_noise=0.0).encode(
        views[:1], np.full_like(labels, -1), np.random.default_rng(0)
    )
    assert (unnamed == 0).all()


def test_noise_depends_on_the_view_and_the_seed(scene_of_chair) -> None:
    _, views, labels = scene_of_chair
    embeddings = name_embeddings(3, 32, np.random.default_rng(0))
    teacher = SimulatedTeacher(embeddings, view_noise=0.5, token_noise=0.0)
    a, b = (teacher.encode(views[:2], labels, np.random.default_rng(5)) for _ in range(2))
    torch.testing.assert_close(a, b)
    background = a[:, 0, 0]  # a corner shows nothing: only the view's own vector is left
    torch.testing.assert_close(background[0], a[0, 13, 13])
    assert (background[0] - background[1]).norm() > 0.2
    assert background.norm(dim=1).mean() == pytest.approx(0.5, abs=0.2)


def test_what_the_teacher_cannot_say_is_refused(scene_of_chair) -> None:
    _, views, labels = scene_of_chair
    embeddings = name_embeddings(2, 8, np.random.default_rng(0))
    with pytest.raises(InputError, match="no embedding"):
        SimulatedTeacher(embeddings).encode(views, labels, np.random.default_rng(0))
    with pytest.raises(InputError, match="whole tokens"):
        SimulatedTeacher(name_embeddings(3, 8, np.random.default_rng(0)), patch=15).encode(
            views, labels, np.random.default_rng(0)
        )
    with pytest.raises(InputError, match="views of this tower"):
        SimulatedTower(SimulatedTeacher(embeddings), views, labels).encode(
            np.zeros((2, 224, 224, 3), np.uint8)
        )
    assert name_embeddings(9, 4, np.random.default_rng(0)).shape == (9, 4)


def test_like_features_get_like_colours(scene_of_chair) -> None:
    target, views, labels = scene_of_chair
    embeddings = name_embeddings(3, 16, np.random.default_rng(0))
    truth = labels[target.faces]
    features = torch.from_numpy(
        embeddings[truth] + 0.02 * np.random.default_rng(1).standard_normal((2048, 16))
    )
    colors = feature_colors(features)
    means = np.stack([colors[truth == part].mean(axis=0) for part in range(3)])
    spread = max(colors[truth == part].std(axis=0)[:2].max() for part in range(3))
    apart = min(np.linalg.norm(means[i] - means[j]) for i in range(3) for j in range(i))
    assert apart > 4 * spread
    np.testing.assert_array_equal(colors, feature_colors(features * 7))
    # Two parts and noise have one direction that matters: what is left is not stretched into colours.
    alone = feature_colors(features[truth < 2]).astype(float)
    assert (np.ptp(np.quantile(alone, [0.02, 0.98], axis=0), axis=0)[1:] < 100).all()
    painted = paint_features(views[:2], target.points, colors)
    assert painted.shape == (2, 224, 224, 3)
    assert (painted[0][views[0].ids < 0] == 255).all()
    sheet = preview_sheet(views[:4], target.points, [features, features[:, :5]])
    assert sheet.shape == (3 * 224, 4 * 224, 3)
    with pytest.raises(InputError, match="three main directions"):
        feature_colors(features[:, :2])
    with pytest.raises(InputError, match="no views"):
        preview_sheet([], target.points, [])
