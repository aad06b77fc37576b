"""Point operations against literal slow twins, and their rules for ties, small and odd clouds."""

import numpy as np
import pytest
import torch

from partwise.errors import InputError
from partwise.farthest import _farthest_numpy, _farthest_torch, farthest_points
from partwise.points import (
    ball,
    choose,
    face_normals,
    fit_box,
    gather,
    interpolate,
    nearest,
    nearest_assignment,
    normals_from,
    random_rotation,
    sample_surface,
    thinnest,
    triangle_areas,
)


def clouds():
    """Clouds that hurt: random, with duplicates, on a grid (exact ties), with a dense core at the origin."""
    generator = torch.Generator().manual_seed(0)
    random = torch.randn(300, 3, generator=generator) * 0.4
    duplicates = random[torch.randint(0, 40, (300,), generator=generator)]
    axis = torch.linspace(-1, 1, 7)
    grid = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)[:300]
    core = random.clone()
    core[::3] *= 0.01
    return {"random": random, "duplicates": duplicates, "grid": grid, "core": core}


def farthest_twin(points, count, rule):
    """The rules word by word, one candidate at a time."""
    points = points.numpy()
    n = len(points)
    threads = min(512, 1 << (n.bit_length() - 1))
    bits = threads.bit_length() - 1

    def preference(k):
        if rule == "plain":
            return (k,)
        return (int(format(k % threads, f"0{bits}b")[::-1], 2), k)

    eligible = [
        rule == "plain" or float(np.float32(x * x + y * y) + np.float32(z * z)) > 1e-3 for x, y, z in points
    ]
    distance = [np.float32(1e10)] * n
    chosen = [0]
    for _ in range(count - 1):
        a = points[chosen[-1]]
        best = None
        for k in range(n):
            if not eligible[k]:
                continue
            dx, dy, dz = points[k] - a
            distance[k] = min(distance[k], dx * dx + dy * dy + dz * dz)
            if best is None or (-distance[k], preference(k)) < (-distance[best], preference(best)):
                best = k
        chosen.append(0 if best is None else best)
    return chosen


@pytest.mark.parametrize("rule", ["plain", "pointnet2"])
@pytest.mark.parametrize("name", clouds())
def test_farthest_points_follows_its_rules(name, rule):
    points = clouds()[name]
    assert farthest_points(points[None], 40, rule)[0].tolist() == farthest_twin(points, 40, rule)


@pytest.mark.parametrize("skip_origin", [False, True])
@pytest.mark.parametrize("name", clouds())
def test_fast_farthest_points_equals_the_torch_loop(name, skip_origin):
    points = torch.stack([clouds()[name], clouds()[name].flip(0)])
    start = torch.tensor([3, 17])
    assert torch.equal(
        _farthest_numpy(points, 64, start, skip_origin), _farthest_torch(points, 64, start, skip_origin)
    )


@pytest.mark.gpu
@pytest.mark.parametrize("rule", ["plain", "pointnet2"])
@pytest.mark.parametrize("n", [33, 1024, 5000, 20_000])
def test_farthest_points_on_a_gpu_are_those_of_the_cpu(n, rule):
    points = torch.rand(3, n, 3, generator=torch.Generator().manual_seed(n)) - 0.5
    ours = farthest_points(points.cuda(), 32, rule).cpu()
    assert torch.equal(ours, farthest_points(points, 32, rule))


def test_farthest_points_when_nothing_is_eligible_repeats_the_first():
    assert farthest_points(torch.zeros(1, 40, 3), 5, "pointnet2")[0].tolist() == [0] * 5


def test_farthest_points_refuses_more_than_there_are():
    with pytest.raises(InputError, match="5 of 4 points"):
        farthest_points(torch.rand(1, 4, 3), 5)
    with pytest.raises(InputError, match="fancy"):
        farthest_points(torch.rand(1, 4, 3), 2, "fancy")


@pytest.mark.parametrize("name", clouds())
@pytest.mark.parametrize("k", [1, 5, 32, 300])
def test_nearest_is_a_stable_sort(name, k):
    points = clouds()[name]
    queries = points[::7]
    distance, index = nearest(queries[None], points[None], k)
    d = queries[:, None] - points[None]
    expected = d[..., 0] * d[..., 0] + d[..., 1] * d[..., 1] + d[..., 2] * d[..., 2]
    values, order = expected.sort(dim=1, stable=True)
    assert torch.equal(index[0], order[:, :k])
    assert torch.equal(distance[0], values[:, :k])


def test_nearest_in_chunks_equals_in_one(monkeypatch):
    points = clouds()["random"]
    whole = nearest(points[None], points[None], 8)
    monkeypatch.setattr("partwise.points.PAIRS_AT_ONCE", 1000)
    chunked = nearest(points[None], points[None], 8)
    assert torch.equal(whole[0], chunked[0])
    assert torch.equal(whole[1], chunked[1])


def test_nearest_refuses_k_over_n():
    with pytest.raises(InputError, match="5 neighbours"):
        nearest(torch.rand(1, 2, 3), torch.rand(1, 4, 3), 5)


@pytest.mark.parametrize("k", [1, 4, 16, 400])
def test_ball_takes_the_first_in_index_order(k):
    points = clouds()["random"]
    queries = torch.cat([points[::20], torch.full((1, 3), 50.0)])
    found = ball(queries[None], points[None], 0.3, k)[0]
    for query, row in zip(queries, found.tolist(), strict=True):
        inside = [i for i, p in enumerate(points) if ((query - p) ** 2).sum() < 0.09][:k]
        expected = inside + [inside[0] if inside else 0] * (k - len(inside))
        assert row == expected


def test_interpolate_is_the_weighted_mean_of_three():
    points, queries = clouds()["random"], clouds()["random"][:50] + 0.05
    values = torch.randn(300, 4, generator=torch.Generator().manual_seed(1))
    found = interpolate(queries[None], points[None], values[None])[0]
    for query, row in zip(queries, found, strict=True):
        d = ((query - points) ** 2).sum(-1)
        order = d.argsort(stable=True)[:3]
        w = 1 / (d[order] + 1e-8)
        assert torch.allclose(row, (w / w.sum()) @ values[order], atol=1e-5)


def test_interpolate_with_fewer_points_than_neighbours():
    values = torch.tensor([[[1.0], [3.0]]])
    middle = interpolate(torch.zeros(1, 1, 3), torch.tensor([[[1.0, 0, 0], [-1.0, 0, 0]]]), values)
    assert middle.item() == pytest.approx(2.0)


def test_gather_takes_rows_of_each_batch():
    values = torch.arange(12.0).view(2, 3, 2)
    assert gather(values, torch.tensor([[2, 0], [1, 1]])).tolist() == [[[4, 5], [0, 1]], [[8, 9], [8, 9]]]


def test_nearest_assignment_agrees_with_nearest():
    points = clouds()["random"]
    queries = torch.randn(500, 3, generator=torch.Generator().manual_seed(2))
    assert (
        nearest_assignment(queries.numpy(), points.numpy()).tolist()
        == nearest(queries[None], points[None], 1)[1].flatten().tolist()
    )


def test_surface_samples_are_uniform_in_area_and_on_the_surface():
    vertices = np.array([[0, 0, 0], [3.0, 0, 0], [0, 1, 0], [0, 0, 5], [1, 0, 5], [0, 1, 5]])
    faces = np.array([[0, 1, 2], [3, 4, 5], [0, 0, 0]])
    positions, face, weights = sample_surface(vertices, faces, 8000, np.random.default_rng(0))
    assert np.bincount(face, minlength=3) / 8000 == pytest.approx([0.75, 0.25, 0], abs=0.02)
    assert np.allclose(weights.sum(1), 1)
    assert weights.min() >= 0
    assert np.allclose(np.einsum("mk,mkc->mc", weights, vertices[faces[face]]), positions)
    assert positions[face == 0].mean(0) == pytest.approx([1, 1 / 3, 0], abs=0.05)


def test_areas_and_normals_of_triangles_are_those_of_the_cross_product():
    corners = np.random.default_rng(0).normal(size=(50, 3, 3))
    corners[7] = corners[7, 0]  # without area
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(cross, axis=1)
    assert np.allclose(triangle_areas(corners), length / 2, rtol=1e-12, atol=0)
    assert np.allclose(face_normals(corners) * length[:, None], cross, rtol=1e-9, atol=1e-12)
    assert not face_normals(corners)[7].any()


def test_surface_without_area_is_refused():
    with pytest.raises(InputError, match="no area"):
        sample_surface(np.zeros((3, 3)), np.array([[0, 1, 2]]), 10, np.random.default_rng(0))


@pytest.mark.parametrize(("n", "count"), [(10, 10), (50, 10), (1000, 10), (3, 10)])
def test_choose_repeats_nothing_that_it_need_not(n, count):
    index = choose(n, count, np.random.default_rng(0))
    assert len(index) == count
    assert len(np.unique(index)) == min(n, count)
    if n == count:
        assert index.tolist() == list(range(n))


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1, 1e3, 1e30])
@pytest.mark.parametrize("box", ["unit_sphere", "max_abs_075"])
def test_fit_box_at_any_size(scale, box):
    points = np.random.default_rng(0).random((100, 3)) * scale
    centre, factor = fit_box(points, box)
    fitted = (points - centre) * factor
    reach = np.linalg.norm(fitted, axis=1).max() if box == "unit_sphere" else np.abs(fitted).max()
    assert reach == pytest.approx(1.0 if box == "unit_sphere" else 0.75)
    assert np.abs(fitted.mean(0)).max() < 1e-9


def test_fit_box_of_one_place_and_of_a_wrong_name():
    assert fit_box(np.ones((5, 3)), "unit_sphere")[1] == 1.0
    with pytest.raises(InputError, match="cube"):
        fit_box(np.random.default_rng(0).random((5, 3)), "cube")


@pytest.mark.parametrize("kind", ["yaw", "full"])
def test_random_rotations_are_rotations(kind):
    rotation = random_rotation(np.random.default_rng(0), kind)
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(rotation) == pytest.approx(1, abs=1e-6)
    assert (abs(rotation[1, 1] - 1) < 1e-6) == (kind == "yaw")


def test_normals_are_those_of_the_plane_that_neighbours_span():
    rng = np.random.default_rng(0)
    directions, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    plane = rng.normal(size=(50, 2)) @ directions[:2] + rng.normal(0, 1e-6, (50, 3))
    index = np.stack([rng.choice(50, 8, replace=False) for _ in range(50)])
    assert np.abs(normals_from(plane, index) @ directions[2]) == pytest.approx(1, abs=1e-6)


def test_the_thinnest_axis_is_the_first_eigenvector():
    rng = np.random.default_rng(0)
    spread = rng.normal(size=(500, 9, 3)) * rng.uniform(0.01, 1, size=(500, 1, 3))
    matrix = spread.transpose(0, 2, 1) @ spread * 10.0 ** rng.integers(-12, 12, size=(500, 1, 1))
    axis = thinnest(np.stack([matrix[:, i, j] for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))]))
    expected = np.linalg.eigh(matrix)[1][:, :, 0]
    assert np.abs((axis.T * expected).sum(axis=1)) == pytest.approx(1.0, abs=1e-9)


def test_the_thinnest_axis_of_a_line_a_ball_and_a_spot_is_not_known():
    line, ball, spot, disc = [1, 1, 0, 1, 0, 0], [2, 0, 0, 2, 0, 2], [0] * 6, [3, 0, 0, 3, 0, 0]
    axes = thinnest(np.array([line, ball, spot, disc], dtype=float).T).T
    assert not axes[:3].any()
    assert np.abs(axes[3]) == pytest.approx([0, 0, 1])


def test_nearest_of_huge_coordinates_is_found():
    points = np.random.default_rng(0).normal(size=(40, 3))
    queries = points[::3] + 1e-3
    assert np.array_equal(
        nearest_assignment(queries * 1e200, points * 1e200), nearest_assignment(queries, points)
    )
