"""One labelled shape as points: what every data set here yields and every recipe takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int16

from partwise.errors import InputError


@dataclass(frozen=True)
class PartName:
    """What one part of one object is called.

    name      the fine name, a plain word: "slat"
    coarse    what someone who names only the large parts would call it: "back"
    synonyms  other phrases that people type for it, the category's own included: "slats", "slat of the chair"
    """

    name: str
    coarse: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """Points on one object, with a part name and soft affordances at each.

    points       (N,3) positions, y up unless the scan turned them, about metres
    normals      (N,3) unit normals
    labels       (N,) index into parts; -1 where there is no trustworthy name
    parts        the names, no name twice
    category     what the object is: "chair"
    uid          the same for the same shape, drawn the same way
    affordances  the actions that the columns of heat stand for
    heat         (N,A) how well each point serves each action, 0..1
    colors       (N,3) RGB, 0..1, where the data have them
    """

    points: Float32[np.ndarray, "N 3"]
    normals: Float32[np.ndarray, "N 3"]
    labels: Int16[np.ndarray, "N"]
    parts: tuple[PartName, ...]
    category: str
    uid: str
    affordances: tuple[str, ...]
    heat: Float32[np.ndarray, "N A"]
    colors: Float32[np.ndarray, "N 3"] | None = None

    def __post_init__(self) -> None:
        n = len(self.points)
        if self.heat.shape != (n, len(self.affordances)):
            raise InputError(
                f"heat is {self.heat.shape} for {n} points and {len(self.affordances)} affordances: "
                "give one row for each point and one column for each affordance"
            )
        if self.colors is not None and self.colors.shape != (n, 3):
            raise InputError(f"colors are {self.colors.shape} for {n} points: give red, green, blue for each")
        if n and not -1 <= self.labels.min() <= self.labels.max() < len(self.parts):
            raise InputError(
                f"labels lie in {self.labels.min()}..{self.labels.max()} with {len(self.parts)} parts: "
                "use -1 or an index into parts"
            )

    def coarse_labels(self) -> tuple[Int16[np.ndarray, "N"], tuple[str, ...]]:
        """The labels at the coarse level: (indices (N,) with -1 kept, the coarse names they point into)."""
        names = tuple(dict.fromkeys(part.coarse for part in self.parts))
        lookup = np.array([names.index(part.coarse) for part in self.parts] + [-1], dtype=np.int16)
        return lookup[self.labels], names
