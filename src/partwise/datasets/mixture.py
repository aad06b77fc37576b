"""What a model is trained on: shapes of the world, real objects, and how often each comes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

from partwise.checks import derived_seed, keep_seed, keep_whole
from partwise.datasets.objects import RealObjects
from partwise.datasets.procedural import HELD_OUT, ProceduralShapes, training_categories
from partwise.datasets.sample import Sample
from partwise.datasets.scenes import RealScenes
from partwise.datasets.world.surface import Scan
from partwise.errors import InputError

# Free compositions bring new bodies and the widest choice of words, so they come more often than a fixed category.
COMPOSED_WEIGHT = 3
# Shapes that a process makes at a time.
CHUNK = 16


@dataclass(frozen=True)
class TrainingShapes:
    """`count` procedural shapes, every real training object `repeats` times, each time drawn anew, then scenes.

    points   on each shape
    seed     of both: the same seed gives the same shapes
    objects  the folder of real objects; left out, there are none
    scenes   how many small scenes of whole real objects, which are asked for by what they are
    heat     where procedural shapes offer which action; of the others nothing is known
    workers  processes that make the shapes, which come in the same order all the same
    more     training categories that come more often: one turn more in every round for each time that one is named

    Held-out categories are in no part. Every third turn over the real objects is scan-like, the others CAD-like.
    Raises InputError for numbers out of range or no training category, MissingDataError for a folder without objects.
    """

    count: int
    points: int = 8192
    seed: int = 0
    objects: Path | None = None
    repeats: int = 1
    scenes: int = 0
    heat: bool = False
    workers: int = 1
    more: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        keep_whole(self, 1, "count", "points", "repeats", "workers")
        keep_whole(self, 0, "scenes")
        keep_seed(self)
        if self.scenes and self.objects is None:
            raise InputError(f"{self.scenes} scenes were asked for, of no objects: name their folder")
        # What is wrong with a folder or a name is said now, not once the first shapes are made.
        len(self)

    def __len__(self) -> int:
        return sum(map(len, _sources(self)))

    def __getitem__(self, index: int) -> Sample:
        """Shape `index`, the same in every process and in any order. Raises IndexError outside 0..len - 1."""
        left = index
        for source in _sources(self):
            if 0 <= left < len(source):
                return source[left]
            left -= len(source)
        raise IndexError(f"index {index} is not within 0..{len(self) - 1}")

    def __iter__(self) -> Iterator[Sample]:
        if self.workers == 1:
            yield from map(self.__getitem__, range(len(self)))
            return
        # Spawned rather than forked: threads of the parent do not outlive a fork.
        with ProcessPoolExecutor(self.workers, get_context("spawn")) as pool:
            yield from pool.map(self.__getitem__, range(len(self)), chunksize=CHUNK)


@lru_cache(1)
def _sources(shapes: TrainingShapes) -> list[ProceduralShapes | RealObjects | RealScenes]:
    """What the shapes are taken from, one source after the other. Each process opens its own, once."""
    scan = Scan(points=shapes.points, kind="mixed")
    categories = weighted_categories(shapes.more)
    world = ProceduralShapes(shapes.seed, categories, scan, shapes.count, heat=shapes.heat)
    if shapes.objects is None:
        return [world]
    objects = RealObjects(shapes.objects, "train", without=HELD_OUT)
    turns = [
        objects.redrawn(
            Scan(points=shapes.points, kind="scan" if turn % 3 == 2 else "cad"),
            derived_seed(shapes.seed, turn),
        )
        for turn in range(shapes.repeats)
    ]
    if not shapes.scenes:
        return [world, *turns]
    without = _words(HELD_OUT)
    scenes = RealScenes(shapes.scenes, shapes.objects, scan=scan, seed=shapes.seed, without=without)
    return [world, *turns, scenes]


def _words(names: tuple[str, ...]) -> set[str]:
    return {word for name in names for word in name.split()}


def weighted_categories(more: Sequence[str] = ()) -> tuple[str, ...]:
    """The turns of one round: the training categories, composed ones several times over, then those of `more`.

    Raises InputError if `more` names what is no training category.
    """
    fixed = training_categories()
    unknown = [name for name in more if name not in fixed]
    if unknown:
        raise InputError(f"{unknown} are no training categories: name some of {', '.join(fixed)}")
    composed = [name for name in fixed if name.startswith("composed ")]
    return (*fixed, *composed * (COMPOSED_WEIGHT - 1), *more)
