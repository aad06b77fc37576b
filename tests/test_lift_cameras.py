from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from partwise.errors import InputError
from partwise.lift import cameras


def elevations(layout: tuple[cameras.Camera, ...]) -> np.ndarray:
    directions = np.array([c.position / np.linalg.norm(c.position) for c in layout])
    return np.rad2deg(np.arcsin(np.clip(directions[:, 1], -1, 1)))


@pytest.mark.parametrize(
    ("layout", "count", "size"),
    [
        ("cmat_paper", 12, 224),
        ("cmat_release", 16, 378),
        ("cops", 10, 224),
        ("find3d", 10, 500),
        ("patchalign3d", 10, 518),
    ],
)
def test_layouts_have_their_published_counts_and_look_at_the_origin(
    layout: str, count: int, size: int
) -> None:
    views = cameras.LAYOUTS[layout]()
    assert len(views) == count
    for camera in views:
        assert (camera.height, camera.width) == (size, size)
        rotation = camera.world_to_camera[:3, :3]
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(rotation) == pytest.approx(1)
        place, depth = camera.project(np.zeros((1, 3)))
        np.testing.assert_allclose(place, [[size / 2, size / 2]], atol=1e-9)
        assert depth[0] == pytest.approx(np.linalg.norm(camera.position))
        # +Y points up in the picture: rows grow downwards.
        assert camera.project(np.array([[0, 0.1, 0]]))[0][0, 1] < size / 2


@pytest.mark.parametrize(
    "views",
    [
        cameras.cmat_paper(),
        cameras.uniform_sphere(7),
        cameras.uniform_sphere(7, field_of_view=None),
        cameras.cmat_release(),
        cameras.find3d(),
    ],
)
def test_the_unit_sphere_fits_in_every_picture(views: tuple[cameras.Camera, ...]) -> None:
    sphere = np.random.default_rng(0).standard_normal((4000, 3))
    sphere /= np.linalg.norm(sphere, axis=1, keepdims=True)
    for camera in views:
        place, _ = camera.project(sphere)
        assert place.min() >= -0.01
        assert place.max() <= camera.width + 0.01


def test_cmat_paper_is_an_icosahedron() -> None:
    positions = np.array([c.position for c in cameras.cmat_paper()])
    distance = pdist(positions / np.linalg.norm(positions, axis=1, keepdims=True))
    edge = 1 / np.sin(np.deg2rad(72))  # edge of an icosahedron in the unit sphere
    assert distance.min() == pytest.approx(edge, abs=1e-4)
    assert (np.abs(distance - edge) < 1e-4).sum() == 30
    assert (
        sorted(np.round(elevations(cameras.cmat_paper()), 1))
        == [-52.6] * 3 + [-10.8] * 3 + [10.8] * 3 + [52.6] * 3
    )


def test_cmat_release_rings() -> None:
    views = cameras.cmat_release(seed=3)
    np.testing.assert_allclose(elevations(views), [30] * 8 + [0] * 8, atol=1e-9)
    distances = [np.linalg.norm(c.position) for c in views]
    assert np.ptp(distances[:8]) == pytest.approx(0, abs=1e-12)
    assert all(2.4 <= d <= 2.8 for d in distances)
    assert views[0].intrinsics[0, 0] == pytest.approx(378 * 35 / 32)
    np.testing.assert_array_equal(views[5].world_to_camera, cameras.cmat_release(seed=3)[5].world_to_camera)


def test_find3d_alternates_and_is_orthographic() -> None:
    views = cameras.find3d()
    assert all(c.orthographic for c in views)
    np.testing.assert_allclose(elevations(views), [30, -20] * 5, atol=1e-9)


def test_uniform_sphere_spreads() -> None:
    positions = np.array([c.position for c in cameras.uniform_sphere(50)])
    assert np.linalg.norm(positions.mean(axis=0)) / np.linalg.norm(positions[0]) < 0.02
    flat = cameras.uniform_sphere(50, field_of_view=None)
    assert all(camera.orthographic for camera in flat)
    np.testing.assert_allclose([c.forward for c in flat], [c.forward for c in cameras.uniform_sphere(50)])
    with pytest.raises(InputError, match="0 views"):
        cameras.uniform_sphere(0)


@pytest.mark.parametrize(
    "build", [lambda eye: cameras.perspective(eye, 32, 50.0), lambda eye: cameras.orthographic(eye, 32)]
)
def test_rays_and_projection_are_inverse(build) -> None:
    for eye in (np.array([1.0, 2.0, -1.5]), np.array([0.0, 3.0, 0.0]), np.array([0.0, -3.0, 0.0])):
        camera = build(eye)
        origins, directions = camera.rays
        depth = np.linspace(1, 4, len(origins))
        place, found = camera.project((origins + depth[:, None] * directions).astype(np.float64))
        np.testing.assert_allclose(found, depth, atol=1e-5)
        row, column = np.divmod(np.arange(32 * 32), 32)
        np.testing.assert_allclose(place, np.stack([column, row], 1) + 0.5, atol=1e-3)


def test_bad_cameras_are_refused() -> None:
    with pytest.raises(InputError, match="origin"):
        cameras.look_from(np.zeros(3))
    with pytest.raises(InputError, match="0 x 0"):
        cameras.orthographic(np.ones(3), 0)


def test_points_behind_a_perspective_camera_have_no_place() -> None:
    camera = cameras.perspective(np.array([0.0, 0.0, 3.0]), 32, 50.0)
    place, depth = camera.project(np.array([[0.0, 0.0, 4.0]]))
    assert depth[0] == pytest.approx(-1)
    assert np.isnan(place).all()


def test_a_camera_is_plain_numbers_in_a_manifest() -> None:
    camera = cameras.cops()[0]
    record = camera.to_json()
    np.testing.assert_array_equal(np.array(record["world_to_camera"]), camera.world_to_camera)
    assert record["orthographic"] is False
