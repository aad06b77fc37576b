"""Answers flow along a smooth surface and stop at its edges, for any unit, place, number and order of points."""

import numpy as np
import pytest
import trimesh

from partwise.smoothing import evened, smoothed, surface_links

SIDES = 6


def cube(count=6000, anchors=300, wrong=0.25):
    """Points of a cube, which are anchors, the side of each, and values that name the sides, some wrong ones."""
    rng = np.random.default_rng(0)
    points = np.asarray(trimesh.sample.sample_surface(trimesh.creation.box((1, 1, 1)), count, seed=0)[0])
    axis = np.argmax(np.abs(points), axis=1)
    side = 2 * axis + (points[np.arange(count), axis] > 0)
    anchor = rng.permutation(count)[:anchors]
    said = np.where(rng.random(anchors) < wrong, rng.integers(0, SIDES, anchors), side[anchor])
    return points, anchor, side, np.eye(SIDES, dtype=np.float32)[said]


def test_sides_of_a_cube_outvote_errors_and_end_at_their_edges():
    points, anchor, side, values = cube()
    nearest = np.argmin(np.linalg.norm(points[:, None] - points[anchor], axis=2), axis=1)
    answer = smoothed(points, anchor, values)
    assert answer.shape == (6000, SIDES)
    assert answer.dtype == np.float32
    before, after = values[nearest].argmax(axis=1) == side, answer.argmax(axis=1) == side
    assert before.mean() < 0.8
    assert after.mean() > 0.95
    edge = (np.abs(points) > 0.45).sum(axis=1) > 1
    assert after[edge].mean() > before[edge].mean() + 0.08


def test_what_all_say_stays_as_it_is():
    points, anchor, _, values = cube()
    assert smoothed(points, anchor, np.full_like(values, 0.3)) == pytest.approx(0.3, abs=1e-4)


@pytest.mark.parametrize(("scale", "shift"), [(1e-120, 0.0), (1e120, 0.0), (1.0, 1e5)])
def test_unit_and_place_do_not_matter(scale, shift):
    points, anchor, _, values = cube()
    moved = smoothed(points * scale + shift, anchor, values)
    assert moved == pytest.approx(smoothed(points, anchor, values), abs=2e-2)


def test_the_order_of_the_points_does_not_matter():
    points, anchor, _, values = cube()
    order = np.random.default_rng(1).permutation(len(points))
    again = smoothed(points[order], np.argsort(order)[anchor], values)
    assert again == pytest.approx(smoothed(points, anchor, values)[order], abs=1e-4)


def test_an_island_without_an_anchor_takes_the_nearest_answer():
    points, anchor, _, values = cube(wrong=0.0)
    crumb = np.random.default_rng(2).normal((0.9, 0, 0), 1e-3, (40, 3))
    answer = smoothed(np.concatenate([points, crumb]), anchor, values)
    assert (answer[len(points) :].argmax(axis=1) == 1).all()  # of the side at x = 0.5


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((1, 3)),
        np.random.default_rng(0).normal(size=(5, 3)),
        np.ones((40, 3)),
        np.linspace(0, 1, 500)[:, None] * [1.0, 0, 0],
    ],
    ids=["one", "few", "equal", "line"],
)
def test_points_without_a_surface_are_answered_too(points):
    values = np.array([[0.2, 0.1]], dtype=np.float32)
    answer = smoothed(points, np.array([0]), values)
    assert answer == pytest.approx(np.tile(values, (len(points), 1)), abs=1e-5)


def test_an_anchor_that_was_drawn_again_is_one():
    points, anchor, _, values = cube()
    twice = smoothed(points, np.tile(anchor, 2), np.tile(values, (2, 1)))
    assert np.array_equal(twice, smoothed(points, anchor, values))


def test_the_gradients_come_near_the_solution():
    points, anchor, _, values = cube(800, 800)
    links = surface_links(points)
    counts = np.full(800, 0.5)
    whole = np.diag(links.toarray().sum(axis=1) + counts) - links.toarray()
    exact = np.linalg.solve(whole, counts[:, None] * values[np.argsort(anchor)])
    assert evened(links, values[np.argsort(anchor)], 0.5) == pytest.approx(exact, abs=0.02)


def test_points_that_all_say_something_are_evened_out():
    points, anchor, side, values = cube(3000, 3000)
    said = values[np.argsort(anchor)]
    before = (said.argmax(axis=1) == side).mean()
    little, much = (
        (evened(surface_links(points), said, own).argmax(axis=1) == side).mean() for own in (0.5, 50.0)
    )
    assert before < 0.8
    assert much == before  # who counts that much is not outvoted
    assert little > 0.96
