"""What a sweep does to shapes: each condition does what it says, to what it says, the same every time."""

import numpy as np
import pytest

from partwise.errors import InputError
from partwise.evaluate.conditions import SWEEPS, Condition, changed, conditioned
from partwise.evaluate.corruptions import KINDS, LEVELS, corrupted


def cloud(count=2000, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, 3)) * [1.0, 2.0, 0.5] + [5, -3, 1]).astype(np.float32)


def radius(points):
    return np.linalg.norm(points - points.mean(axis=0), axis=1).max()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", LEVELS)
def test_corruptions_keep_rows_and_truth_together(kind, level):
    points = cloud().astype(np.float64)
    moved, kept, added = corrupted(points, kind, level, np.random.default_rng(1))
    again = corrupted(points, kind, level, np.random.default_rng(1))
    assert all(np.array_equal(a, b) for a, b in zip((moved, kept, added), again, strict=True))
    assert len(moved) == len(kept) == len(set(kept.tolist()))
    share = {"drop global": (0.25, 0.375, 0.5, 0.625, 0.75)[level - 1], "drop local": 100 * level / 1024}
    assert len(kept) == pytest.approx(2000 * (1 - share.get(kind, 0)), abs=1)
    extra = {"add global": 10 * level / 1024, "add local": 100 * level / 1024}.get(kind, 0)
    assert len(added) == pytest.approx(2000 * extra, abs=1)
    if kind not in ("scale", "jitter", "rotate"):
        np.testing.assert_allclose(moved, points[kept], atol=1e-9)
    if len(added):
        assert np.linalg.norm(added - points.mean(axis=0), axis=1).max() <= radius(points) * (1 + 1e-9)


def test_corruptions_grow_with_the_level():
    points = cloud().astype(np.float64)
    for kind, least in (("jitter", 0.005), ("scale", 0.0), ("rotate", 0.0)):
        means = []
        for level in (1, 5):
            gaps = []
            for seed in range(20):
                moved, _, _ = corrupted(points, kind, level, np.random.default_rng(seed))
                gaps.append(np.linalg.norm(moved - points, axis=1).mean() / radius(points))
            means.append(np.mean(gaps))
        assert least < means[0] < means[1], kind


def test_a_turned_cloud_keeps_its_shape_and_a_stretched_one_does_not():
    points = cloud(300).astype(np.float64)
    pairs = np.linalg.norm(points[:, None] - points[None], axis=2)
    turned, _, _ = corrupted(points, "rotate", 5, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(turned[:, None] - turned[None], axis=2), pairs, atol=1e-8)
    assert not np.allclose(turned, points)
    stretched, _, _ = corrupted(points, "scale", 1, np.random.default_rng(0))
    factors = (stretched - points.mean(axis=0)) / (points - points.mean(axis=0))
    np.testing.assert_allclose(factors, np.broadcast_to(factors[0], factors.shape), rtol=1e-6)
    assert (factors[0] >= 1 / 1.6).all()
    assert (factors[0] <= 1.6).all()


def test_local_dropping_cuts_patches_and_not_single_points():
    """Of the neighbours of a dropped point most are dropped too; after global dropping they are not."""
    points = cloud().astype(np.float64)

    def together(kind):
        _, kept, _ = corrupted(points, kind, 2, np.random.default_rng(3))
        gone = np.setdiff1d(np.arange(len(points)), kept)
        near = np.argsort(np.linalg.norm(points[gone][:, None] - points[None], axis=2), axis=1)[:, 1:6]
        return np.isin(near, gone).mean()

    assert together("drop local") > 0.7
    assert together("drop global") < 0.5


@pytest.mark.parametrize("condition", [c for kind in SWEEPS.values() for c in kind if c.points != 8192])
def test_every_step_of_a_sweep_is_repeatable_and_keeps_labels_with_points(condition):
    points, labels = cloud(3000), np.arange(3000)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    first = changed(points, condition, np.random.default_rng(5), turn)
    second = changed(points, condition, np.random.default_rng(5), turn)
    assert np.array_equal(first[0], second[0])
    assert first[0].dtype == np.float32
    assert len(first[1]) <= len(first[0])
    assert len(set(first[1].tolist())) == len(first[1])
    if condition.rotation == "stored":
        return
    _, found = conditioned(points, labels, condition, np.random.default_rng(5))
    assert np.array_equal(found[: len(first[1])], first[1])
    assert (found[len(first[1]) :] == -1).all()


def test_what_the_plain_conditions_do():
    points, rng = cloud(), np.random.default_rng(0)
    np.testing.assert_allclose(changed(points, Condition(scale=100.0), rng)[0], 100 * points, rtol=1e-6)
    lying = changed(points, Condition(lying=True), rng)[0]
    assert lying[:, 1].std() == pytest.approx(points[:, 2].std(), rel=1e-4)
    assert np.linalg.det(np.linalg.lstsq(points, lying, rcond=None)[0]) == pytest.approx(1, abs=1e-4)
    quarter = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]], dtype=np.float32)
    np.testing.assert_allclose(
        changed(points, Condition(rotation="stored"), rng, quarter)[0], points @ quarter.T, atol=1e-5
    )
    noisy = changed(points, Condition(noise=0.02), rng)[0]
    assert np.std(noisy - points) == pytest.approx(0.02 * radius(points), rel=0.05)


def test_bad_conditions_are_named():
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="takes 9000 points, the shape has 2000"):
        changed(cloud(), Condition(points=9000), rng)
    with pytest.raises(InputError, match="stored rotation: give its matrix"):
        changed(cloud(), Condition("turned", rotation="stored"), rng)
    for bad in (("melt", 1), ("jitter", 6)):
        with pytest.raises(InputError, match="use one of scale, jitter"):
            corrupted(cloud().astype(np.float64), *bad, rng)
