"""Charts show the numbers that they are given, where they are expected."""

import numpy as np
import pytest

from partwise.errors import InputError
from partwise.io.chart import Bar, bar_chart, line_chart, stacked

BLUE, AMBER = (54, 99, 225), (232, 150, 40)


def colored(image, color):
    """Pixels of a colour, up to the smoothing of edges."""
    return np.abs(np.asarray(image).astype(int) - color).max(axis=2) < 12


def test_bars_are_as_long_as_their_values():
    rows = [("one", [Bar(80.0), Bar(20.0)]), ("two", [Bar(40.0, 30.0, 50.0), Bar(float("nan"))])]
    image = bar_chart(rows, ["first", "second"], "a chart")
    below_names = np.asarray(image)[60:]
    blue = colored(below_names, BLUE)
    lengths = sorted({int(n) for n in blue.sum(axis=1) if n}, reverse=True)
    assert lengths[0] == pytest.approx(2 * np.median([n for n in lengths if n < 0.7 * lengths[0]]), rel=0.12)
    amber = colored(below_names, AMBER).sum(axis=1)
    assert amber.max() == pytest.approx(lengths[0] / 4, abs=3)
    assert (amber > 0).sum() < 20, "the missing bar is not drawn"


def test_a_marked_value_and_an_interval_are_drawn():
    plain = bar_chart([("one", [Bar(50.0)])], ["a"], "t")
    marked = bar_chart([("one", [Bar(50.0)])], ["a"], "t", line=25.0)
    ranged = bar_chart([("one", [Bar(50.0, 40.0, 50.0)])], ["a"], "t")
    dark = [(np.asarray(image).max(axis=2) < 90).sum() for image in (plain, marked, ranged)]
    assert dark[1] > dark[0]
    assert dark[2] > dark[0]


def test_lines_fall_where_values_fall():
    image = line_chart(["1", "2", "3"], {"falling": [10.0, 5.0, 0.0], "flat": [10.0, 10.0, 10.0]}, "lines")
    pixels = colored(image, BLUE)
    columns = np.flatnonzero(pixels.any(axis=0))[::40]
    heights = [np.flatnonzero(pixels[:, column]).mean() for column in columns[:8]]
    assert heights == sorted(heights)
    flat = np.flatnonzero(colored(image, AMBER).any(axis=1))
    assert len(flat) < 60


def test_names_of_lines_that_end_together_are_apart():
    image = line_chart(["1", "2"], {"first": [3.0, 4.0], "second": [5.0, 4.0]}, "lines")
    right = np.asarray(image)[:, -100:]
    rows = [np.flatnonzero(colored(right, color).any(axis=1)) for color in (BLUE, AMBER)]
    assert not set(rows[0].tolist()) & set(rows[1].tolist())


def test_stacking_and_bad_charts():
    one = bar_chart([("one", [Bar(1.0)])], ["a"], "t")
    assert stacked([one, one]).size == (one.width, 2 * one.height)
    with pytest.raises(InputError, match="nothing to stack"):
        stacked([])
    with pytest.raises(InputError, match="rows of 2 bars"):
        bar_chart([("one", [Bar(1.0)])], ["a", "b"], "t")
    with pytest.raises(InputError, match="two steps or more"):
        line_chart(["1"], {"a": [1.0]}, "t")
