"""Small scenes of whole real objects, each named as what it is.

Most real objects at hand have no named parts, but every one says what it is. Two to five of them side by side, or one
on another, make a shape whose parts are "barrel", "sword" and "lantern": many more words, and shapes of no generator.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from partwise.checks import checked_seed, whole_number
from partwise.datasets.objects import RealObjects
from partwise.datasets.sample import PartName, Sample
from partwise.datasets.world.surface import Scan, Surface, draw, spoil
from partwise.datasets.world.words import phrases
from partwise.errors import InputError
from partwise.points import random_rotation

LEAST, MOST = 2, 5
# Largest extents of the objects of a scene, relative to each other.
SIZES = (0.35, 1.0)
STACKED = 0.3


class RealScenes:
    """`count` scenes of the objects of one split, sampled as `scan` says.

    root     the folder of real objects, as for `RealObjects`
    without  words that no category of an object in a scene may hold, as those of held-out categories
    seed     scene `index` is a pure function of (seed, index)

    Raises MissingDataError or InputError for the folder and its files, InputError for a count or seed that is none.
    """

    def __init__(
        self,
        count: int,
        root: Path | str | None = None,
        split: str = "train",
        scan: Scan | None = None,
        seed: int = 0,
        without: Collection[str] = (),
    ) -> None:
        self.count, self.seed, self.scan = whole_number("count", count, 0), checked_seed(seed), scan or Scan()
        self.objects = RealObjects(root, split, least_names=0)
        banned = set(without)
        self.usable = [
            index for index, row in enumerate(self.objects.rows) if not banned & set(row["category"].split())
        ]
        if len({self.objects.rows[index]["category"] for index in self.usable}) < LEAST:
            raise InputError(
                f"{self.objects.root} has fewer than {LEAST} categories of objects: no scene to make"
            )

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(self.count))

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < self.count:
            raise IndexError(f"index {index} is not within 0..{self.count - 1}")
        rng = np.random.default_rng([self.seed, index])
        wanted = int(rng.integers(LEAST, MOST + 1))
        names: list[str] = []
        placed: list[Surface] = []
        for choice in rng.permutation(self.usable):
            name = self.objects.rows[int(choice)]["category"]
            if name not in names:
                names.append(name)
                placed.append(self._sized(int(choice), rng))
            if len(names) == wanted:
                break
        surface = _set_down(placed, rng)
        drawn = draw(surface, self.scan, rng)
        points, normals, stray = spoil(drawn.points, drawn.normals, self.scan, rng)
        labels = np.where(stray, np.int16(-1), surface.face_part[drawn.face])
        parts = tuple(PartName(name, name, phrases(name, "scene")) for name in names)
        heat = np.zeros((len(points), 0), dtype=np.float32)
        return Sample(points, normals, labels, parts, "scene", f"scene/{self.seed}/{index}", (), heat)

    def _sized(self, index: int, rng: np.random.Generator) -> Surface:
        """One object on the ground, turned about the up axis, its largest extent drawn from SIZES."""
        whole = self.objects.surface(index)
        used = whole.vertices[np.unique(whole.faces)]
        extent = float(np.ptp(used, axis=0).max()) or 1.0
        size = np.exp(rng.uniform(*np.log(SIZES)))
        turn = random_rotation(rng, "yaw")
        vertices = ((whole.vertices - used.mean(axis=0)) * (size / extent)) @ turn.T
        vertices[:, 1] -= vertices[whole.faces.reshape(-1), 1].min()
        return Surface(vertices, whole.faces, whole.face_part)


def _set_down(objects: list[Surface], rng: np.random.Generator) -> Surface:
    """One surface of all: a row of objects with small gaps, some on top of the one before; face_part numbers them.

    A wide one on top may reach over its neighbours.
    """
    vertices, faces, parts = [], [], []
    edge = height = middle = 0.0
    count = 0
    for number, one in enumerate(objects):
        low, high = _bounds(one)
        if number and rng.random() < STACKED:
            shift = np.array([middle - (low[0] + high[0]) / 2, height, 0.0])
            height += high[1]
        else:
            gap = rng.uniform(0.02, 0.25)
            shift = np.array([edge + gap - low[0], 0.0, rng.uniform(-0.2, 0.2)])
            middle, height = float(shift[0] + (low[0] + high[0]) / 2), float(high[1])
            edge += gap + float(high[0] - low[0])
        vertices.append(one.vertices + shift)
        faces.append(one.faces + count)
        parts.append(np.full(len(one.faces), number, dtype=np.int16))
        count += len(one.vertices)
    return Surface(np.concatenate(vertices), np.concatenate(faces), np.concatenate(parts))


def _bounds(surface: Surface) -> tuple[Float64[np.ndarray, "3"], Float64[np.ndarray, "3"]]:
    used = surface.vertices[surface.faces.reshape(-1)]
    return used.min(axis=0), used.max(axis=0)
