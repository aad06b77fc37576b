"""The procedural world as a data set: labelled shapes without end, each a pure function of (seed, index)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from partwise.checks import checked_seed, whole_number
from partwise.datasets.paint import KINDS, paint
from partwise.datasets.sample import Sample
from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.categories import CATEGORIES, HELD_OUT
from partwise.datasets.world.surface import Scan, draw, soften, spoil
from partwise.errors import InputError


def training_categories() -> tuple[str, ...]:
    """The categories that a model may be trained on."""
    return tuple(name for name in CATEGORIES if name not in HELD_OUT)


class ProceduralShapes:
    """`length` shapes of the world, made when asked for; the categories take turns.

    `categories` defaults to `training_categories()`. `heat=False` leaves the affordances out, which saves
    time. `colors`, "boundary" or "typical", gives simulated colours (`paint`) and leaves the shapes as they are.
    Shape `index` is the same in every process and in any order of access.

    >>> chairs = ProceduralShapes(seed=1, categories=["chair"], length=2)
    >>> chairs[0].points.shape, chairs[0].category
    ((2048, 3), 'chair')

    Raises InputError for an unknown category or a seed or length that is none, IndexError outside 0..length - 1.
    """

    def __init__(
        self,
        seed: int = 0,
        categories: Sequence[str] | None = None,
        scan: Scan | None = None,
        length: int = 10_000,
        heat: bool = True,
        colors: str | None = None,
    ) -> None:
        self.categories = tuple(training_categories() if categories is None else categories)
        unknown = [name for name in self.categories if name not in CATEGORIES]
        if unknown or not self.categories:
            raise InputError(f"unknown categories {unknown}: use some of {', '.join(CATEGORIES)}")
        if colors is not None and colors not in KINDS:
            raise InputError(f"unknown colours {colors!r}: use one of {', '.join(KINDS)}, or None")
        self.seed, self.length = checked_seed(seed), whole_number("length", length, 0)
        self.scan, self.heat, self.colors = scan or Scan(), heat, colors

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(self.length))

    def assembly(self, index: int) -> Assembly:
        """The object itself, before it becomes points."""
        return CATEGORIES[self.categories[index % len(self.categories)]](self._dice(index, 0))

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < self.length:
            raise IndexError(f"index {index} is not within 0..{self.length - 1}")
        rng = self._dice(index, 1)
        assembly = self.assembly(index)
        uid = f"procedural/{self.categories[index % len(self.categories)]}/{self.seed}/{index}"
        sample = self._sample(assembly, rng, uid)
        return sample if self.colors is None else paint(sample, self.colors, self._dice(index, 2))

    def _dice(self, index: int, stream: int) -> np.random.Generator:
        # Streams of their own, so that another scan or other colours of the same seed show the same object.
        return np.random.default_rng([self.seed, index, stream])

    def _sample(self, assembly: Assembly, rng: np.random.Generator, uid: str) -> Sample:
        surface = assembly.surface()
        drawn = draw(surface, self.scan, rng)
        labels = surface.face_part[drawn.face]
        names = assembly.affordances() if self.heat else ()
        heat = np.zeros((len(labels), 0), dtype=np.float32)
        if names:
            heat = soften(drawn.points, assembly.heat(drawn.points, drawn.normals, labels))
        points, normals, stray = spoil(drawn.points, drawn.normals, self.scan, rng)
        labels = np.where(stray, np.int16(-1), labels)
        heat = np.where(stray[:, None], np.float32(0), heat)
        return Sample(points, normals, labels, assembly.parts(), assembly.category, uid, names, heat)
