"""What a model is trained on: shapes of the world, real objects, and how often each comes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

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


class TrainingShapes:
    """`count` procedural shapes, every real training object `repeats` times, each time drawn anew, then scenes.

    points   on each shape
    seed     of both: the same seed gives the same shapes
    objects  the folder of real objects; left out, there are none
    scenes   how many small scenes of whole real objects, which are asked for by what they are
    heat     where procedural shapes offer which action; of the others nothing is known
    workers  processes that make the procedural shapes, which come in the same order all the same

    Held-out categories are in no part. Every third turn over the real objects is scan-like, the others CAD-like.
    Raises InputError for numbers out of range, MissingDataError for a folder without objects.
    """

    def __init__(
        self,
        count: int,
        points: int = 8192,
        seed: int = 0,
        objects: Path | None = None,
        repeats: int = 1,
        scenes: int = 0,
        heat: bool = False,
        workers: int = 1,
    ) -> None:
        if min(count, points, repeats, workers) < 1 or min(seed, scenes) < 0:
            raise InputError(
                f"count {count}, points {points}, seed {seed}, repeats {repeats}, scenes {scenes}, workers {workers}: "
                "the seed and the scenes are at least 0, the others at least 1"
            )
        if scenes and objects is None:
            raise InputError(f"{scenes} scenes were asked for, of no objects: name their folder")
        self._workers = workers
        self._world = ProceduralShapes(
            seed, weighted_categories(), Scan(points=points, kind="mixed"), count, heat=heat
        )
        kinds = ["scan" if turn % 3 == 2 else "cad" for turn in range(repeats)] if objects else []
        self._real = [
            RealObjects(
                objects, "train", scan=Scan(points=points, kind=kind), seed=seed + turn, without=HELD_OUT
            )
            for turn, kind in enumerate(kinds)
        ]
        scan = Scan(points=points, kind="mixed")
        self._scenes = (
            RealScenes(scenes, objects, scan=scan, seed=seed, without=_words(HELD_OUT)) if scenes else []
        )

    def __len__(self) -> int:
        return len(self._world) + sum(map(len, self._real)) + len(self._scenes)

    def __iter__(self) -> Iterator[Sample]:
        if self._workers == 1:
            yield from self._world
        else:
            # Spawned rather than forked: threads of the parent do not outlive a fork.
            with ProcessPoolExecutor(self._workers, get_context("spawn")) as pool:
                yield from pool.map(self._world.__getitem__, range(len(self._world)), chunksize=CHUNK)
        for objects in self._real:
            yield from objects
        yield from self._scenes


def _words(names: tuple[str, ...]) -> set[str]:
    return {word for name in names for word in name.split()}


def weighted_categories() -> tuple[str, ...]:
    """The training categories, the composed ones several times over: the turns of one round."""
    fixed = training_categories()
    composed = [name for name in fixed if name.startswith("composed ")]
    return (*fixed, *composed * (COMPOSED_WEIGHT - 1))
