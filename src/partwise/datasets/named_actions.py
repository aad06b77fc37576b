"""Actions of real objects, guessed from the names of their parts: what the procedural world does with such parts.

Nobody has said where one grasps the real objects. A part called "lid" is opened in most shapes of the world, so it is
taken to be opened in a real one; what is less clear is neither taught as there nor as absent. Guesses, not labels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from partwise.datasets.objects import RealObjects
from partwise.datasets.procedural import HELD_OUT, ProceduralShapes, training_categories
from partwise.datasets.sample import Sample
from partwise.datasets.world.surface import Scan
from partwise.encoders.actions import ACTIONS, heat_for
from partwise.errors import InputError

# Shapes of each category that the guesses are learned from, points on each, and how few make a part too small to count.
EACH, POINTS, FEWEST_POINTS = 4, 1024, 4
# A name says something if so many shapes have it. A part serves an action if its mean heat is WARM; the name stands for
# the action if that share of its parts serve it, and is in doubt down to the other.
FEWEST_SHAPES, WARM, CLEAR, DOUBTFUL = 3, 0.3, 0.7, 0.05


@dataclass(frozen=True)
class NamedActions:
    """What the name of a part says: how hot it is for each clear action, and which others are in doubt."""

    clear: Mapping[str, Mapping[str, float]]
    doubtful: Mapping[str, frozenset[str]]

    @classmethod
    def of_world(cls, seed: int) -> NamedActions:
        """Learned from the training categories: three seconds of one core, the same for the same seed."""
        categories = training_categories()
        scan = Scan(points=POINTS, kind="cad")
        heat: dict[str, list[np.ndarray]] = defaultdict(list)
        for sample in ProceduralShapes(seed, categories, scan, EACH * len(categories)):
            maps = heat_for(tuple(ACTIONS), sample.affordances, sample.heat)
            for index, part in enumerate(sample.parts):
                own = sample.labels == index
                if own.sum() >= FEWEST_POINTS:
                    heat[part.name].append(maps[own].mean(axis=0))
        clear, doubtful = {}, {}
        for name, rows in heat.items():
            values = np.stack(rows)
            if len(values) >= FEWEST_SHAPES:
                served = (values >= WARM).mean(axis=0)
                clear[name] = {
                    action: float(values[values[:, k] >= WARM, k].mean())
                    for k, action in enumerate(ACTIONS)
                    if served[k] >= CLEAR
                }
                doubtful[name] = frozenset(
                    a for a, share in zip(ACTIONS, served, strict=True) if DOUBTFUL <= share < CLEAR
                )
        return cls(clear, doubtful)

    def offered(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The clear actions of these parts, in the order of ACTIONS; none if a name says nothing.

        An action that is clear for one part and in doubt for another is left out: a camera with a handle may be held
        by its body as well, and heat on the handle alone would teach that it is not.
        """
        if any(name not in self.clear for name in names):
            return ()
        doubtful = frozenset().union(*(self.doubtful[name] for name in names))
        return tuple(a for a in ACTIONS if a not in doubtful and any(a in self.clear[n] for n in names))


@dataclass(frozen=True)
class Guess:
    """A real object with guessed heat, and the actions that nothing is known of."""

    sample: Sample
    doubtful: frozenset[str]


class GuessedObjects:
    """The real training objects whose part names say what they are for; held-out categories are left out.

    Raises what `RealObjects` raises, and InputError if no object is among them.
    """

    def __init__(self, root: Path | str, points: int, seed: int) -> None:
        self._objects = RealObjects(
            root, "train", scan=Scan(points=points, kind="mixed"), seed=seed, without=HELD_OUT
        )
        self._actions = NamedActions.of_world(seed)
        self._rows = [i for i in range(len(self._objects)) if self._actions.offered(self._names(i))]
        if not self._rows:
            raise InputError(f"no object in {root} has parts whose names say what they are for: leave it out")

    def __len__(self) -> int:
        return len(self._rows)

    def drawn(self, rng: np.random.Generator) -> Guess:
        """One of the objects, drawn anew with this generator."""
        row = self._rows[int(rng.integers(len(self._rows)))]
        sample, names, clear = self._objects.sample(row, rng), self._names(row), self._actions.clear
        offered = self._actions.offered(names)
        # The last row stands for label -1.
        by_part = np.array([*([clear[n].get(a, 0.0) for a in offered] for n in names), [0.0] * len(offered)])
        doubtful = frozenset().union(*(self._actions.doubtful[name] for name in names))
        heat = by_part[sample.labels].astype(np.float32)
        return Guess(replace(sample, affordances=offered, heat=heat), doubtful - {*offered})

    def _names(self, index: int) -> tuple[str, ...]:
        return tuple(part.name for part in self._objects.parts(index))
