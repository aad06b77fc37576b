"""Two results under one protocol, held against each other shape by shape: is one better, where, and by how much.

A difference of two means says little; the same shapes were asked, so their differences are drawn again, by object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from partwise.errors import InputError
from partwise.evaluate.compare_pooled import paired_figure
from partwise.evaluate.figures import DRAWS, LEVEL, lonely
from partwise.evaluate.results import Result
from partwise.metrics.averages import known_means
from partwise.metrics.uncertainty import Comparison, Interval, bootstrap_interval, paired_bootstrap

# Figures of which less is better, and those that are no share.
LESS_IS_BETTER = ("mae", "kld", "mse")
NO_SHARE = ("kld", "mse")
# What two results may differ in: further seeds are the same protocol.
FREE = ("seeds",)


@dataclass(frozen=True)
class Difference:
    """One figure of both results; `paired` is of first minus second.

    It is None for a figure that cannot be taken again over drawn objects, and where there are too few of them.
    """

    figure: str
    first: float
    second: float
    paired: Comparison | None

    @property
    def verdict(self) -> str:
        """ "first", "second", or "open" where the interval holds 0 or there is none."""
        if self.paired is None or self.paired.difference.low <= 0 <= self.paired.difference.high:
            return "open"
        return "first" if (self.paired.difference.mean > 0) != (self._name in LESS_IS_BETTER) else "second"

    @property
    def _name(self) -> str:
        return self.figure.rsplit("/", 1)[-1]

    @property
    def percent(self) -> bool:
        """Whether the figure is a share, to be written in percent."""
        return self._name not in NO_SHARE


@dataclass(frozen=True)
class ComparedResults:
    """Everything that two results say about each other.

    headline    the value of a sample that shapes and categories are compared by; None where every figure is pooled, and
                then `values` and `categories` are empty
    values      mean over seeds of each sample of both, NaN where undefined
    categories  {name: (interval of the first, of the second, samples)}
    """

    first: Result
    second: Result
    differences: tuple[Difference, ...]
    headline: str | None
    values: tuple[Float64[np.ndarray, "S"], Float64[np.ndarray, "S"]]
    categories: Mapping[str, tuple[Interval, Interval, int]]

    def worst(self, count: int) -> Int64[np.ndarray, "W"]:
        """Samples that both do badly: least mean of the two values first."""
        return _least((self.values[0] + self.values[1]) / 2 * self._sign, count)

    def ahead(self, which: int, count: int) -> Int64[np.ndarray, "W"]:
        """Samples where the first (0) or second (1) is furthest ahead of the other; only those where it is ahead."""
        lead = (self.values[which] - self.values[1 - which]) * self._sign
        found = _least(-lead, count)
        return found[lead[found] > 0]

    @property
    def _sign(self) -> int:
        return -1 if self.headline in LESS_IS_BETTER else 1


def compare(first: Result, second: Result, seed: int = 0) -> ComparedResults:
    """Hold two results against each other. Raises InputError unless protocol, data and samples are the same."""
    check_comparable(first, second)
    differences = tuple(_difference(first, second, name, seed) for name in first.figures)
    headline = next((name for figure in first.figures if (name := _value_name(first, figure))), None)
    if headline is None:
        return ComparedResults(first, second, differences, None, (np.zeros(0), np.zeros(0)), {})
    values = _sample_values(first, headline), _sample_values(second, headline)
    return ComparedResults(first, second, differences, headline, values, _by_category(first, values, seed))


def check_comparable(first: Result, second: Result) -> None:
    """Raise InputError, saying what differs, unless two results are of one protocol, the same data and samples."""
    ours, theirs = first.protocol, second.protocol
    if ours.get("id") != theirs.get("id") or ours.get("version") != theirs.get("version"):
        raise InputError(
            f"protocol {ours.get('id')} version {ours.get('version')} and {theirs.get('id')} version "
            f"{theirs.get('version')} cannot be compared: evaluate both under one protocol"
        )
    fields = sorted(name for name in {*ours, *theirs} - set(FREE) if ours.get(name) != theirs.get(name))
    if fields:
        raise InputError(
            f"both results call themselves {ours.get('id')}, but differ in {', '.join(fields)}: evaluate again "
            "with one version of the protocol"
        )
    if first.data.sha256 != second.data.sha256 or first.data.limit != second.data.limit:
        raise InputError(
            f"the data differ: {_data(first)} and {_data(second)}; evaluate both on one copy, with one --limit"
        )
    keys = [[row.key for row in result.samples] for result in (first, second)]
    if keys[0] != keys[1]:
        place = next((i for i, (a, b) in enumerate(zip(*keys, strict=False)) if a != b), min(map(len, keys)))
        raise InputError(
            f"the samples differ from number {place} on, of {len(keys[0])} and {len(keys[1])}: evaluate again"
        )
    if set(first.figures) != set(second.figures):
        odd = sorted(set(first.figures) ^ set(second.figures))
        raise InputError(f"only one of the results has {', '.join(odd)}: evaluate again with one version")


def _data(result: Result) -> str:
    limit = "all" if result.data.limit is None else f"the first {result.data.limit}"
    return f"{result.data.dataset}/{result.data.split} {result.data.sha256[:12]} ({limit})"


def _difference(first: Result, second: Result, figure: str, seed: int) -> Difference:
    one, two = first.figures[figure].value, second.figures[figure].value
    name = _value_name(first, figure)
    if name is None:
        return Difference(figure, one, two, paired_figure(first, second, figure))
    values = [_sample_values(result, name) for result in (first, second)]
    categories = first.categories() if figure == "ciou" else None
    # Without two objects to exchange an interval has no width, which would look like certainty.
    if lonely(values[0] - values[1], first.objects(), categories or [""] * len(first.samples)):
        return Difference(figure, one, two, None)
    paired = paired_bootstrap(values[0], values[1], seed, DRAWS, LEVEL, first.objects(), categories)
    return Difference(figure, one, two, paired)


def _value_name(result: Result, figure: str) -> str | None:
    """The name among the samples' values of what a figure averages over shapes; None for other figures."""
    known = {name for row in result.samples for name in row.values}
    name = "iou" if figure in ("miou", "ciou") else figure
    return name if name in known else None


def _sample_values(result: Result, name: str) -> Float64[np.ndarray, "S"]:
    """Mean over seeds of each sample."""
    return known_means(result.values(name), axis=1)


def _by_category(
    result: Result, values: tuple[np.ndarray, np.ndarray], seed: int
) -> dict[str, tuple[Interval, Interval, int]]:
    names, objects = np.array(result.categories()), np.array(result.objects())
    known = ~np.isnan(values[0] + values[1])
    table = {}
    for name in sorted(set(names[known].tolist())):
        mine = known & (names == name)
        clusters = objects[mine].tolist()
        one, two = (bootstrap_interval(v[mine], seed, DRAWS, LEVEL, clusters) for v in values)
        table[name] = (one, two, int(mine.sum()))
    return table


def _least(values: Float64[np.ndarray, "S"], count: int) -> Int64[np.ndarray, "W"]:
    """Places of the `count` least values that are known, least first."""
    order = np.argsort(values, kind="stable")
    return order[~np.isnan(values[order])][:count]
