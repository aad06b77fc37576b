"""An object under construction: meshes with part names, and the actions that its parts serve."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float, Float32, Int16

from partwise.datasets.sample import PartName
from partwise.datasets.world.fields import Field, everywhere
from partwise.datasets.world.mesh import Mesh, Number, Piece, join
from partwise.datasets.world.surface import Surface
from partwise.datasets.world.words import check_actions, phrases
from partwise.errors import InputError


class Assembly:
    """Collects the named meshes of one object.

    >>> from partwise.datasets.world.build import box, cylinder
    >>> stool = Assembly("stool")
    >>> stool.add("seat", cylinder(0.18, 0.03).at(y=0.45))
    >>> stool.add("leg", box(0.03, 0.45, 0.03).at(x=0.12, z=0.12).four_corners())
    >>> stool.afford("sit", "seat")
    >>> [part.name for part in stool.parts()]
    ['seat', 'leg']
    """

    def __init__(self, category: str) -> None:
        self.category = category
        self._meshes: list[tuple[str, Mesh]] = []
        self._coarse: dict[str, str] = {}
        self._actions: list[tuple[str, tuple[str, ...], Field]] = []

    def add(self, name: str, *meshes: Mesh, of: str | None = None) -> None:
        """Meshes that carry a part name; the same name may come again.

        `of` is the coarse part it belongs to (a "slat" `of` the "back"); left out, the name is its own coarse
        name. Raises InputError if the name came before with another coarse part.
        """
        coarse = self._coarse.setdefault(name, of or name)
        if coarse != (of or name):
            raise InputError(
                f"{name!r} of a {self.category} is part of {coarse!r} and of {of or name!r}: give one "
                "a longer name"
            )
        self._meshes += [(name, mesh) for mesh in meshes]

    def put(self, pieces: Iterable[Piece], x: Number = 0.0, y: Number = 0.0, z: Number = 0.0) -> None:
        """Ready-made pieces, all moved by (x, y, z)."""
        for piece in pieces:
            self.add(piece.name, piece.mesh.at(x, y, z), of=piece.of)

    def afford(self, action: str, *parts: str, where: Field | None = None) -> None:
        """Declares that the named parts serve an action, at places weighed by a field (default: everywhere).

        Parts that the object does not have are skipped, so optional parts need no case of their own. Declared
        twice, the larger heat holds.
        """
        check_actions([action])
        self._actions.append((action, parts, where or everywhere()))

    def parts(self) -> tuple[PartName, ...]:
        """The part names in the order in which they were added."""
        return tuple(
            PartName(name, coarse, phrases(name, self.category))
            for name, coarse in self._coarse.items()
            if any(name == other for other, _ in self._meshes)
        )

    def surface(self) -> Surface:
        """All meshes as one surface, each face with the index of its part."""
        names = [part.name for part in self.parts()]
        whole = join(mesh for _, mesh in self._meshes)
        counts = [len(mesh.faces) for _, mesh in self._meshes]
        part = np.array([names.index(name) for name, _ in self._meshes], dtype=np.int16)
        return Surface(whole.vertices, whole.faces, np.repeat(part, counts))

    def affordances(self) -> tuple[str, ...]:
        """The declared actions that some part of the object serves, each once, in the order of declaration."""
        present = {name for name, _ in self._meshes}
        return tuple(dict.fromkeys(action for action, parts, _ in self._actions if present & set(parts)))

    def heat(
        self,
        points: Float[np.ndarray, "N 3"],
        normals: Float[np.ndarray, "N 3"],
        labels: Int16[np.ndarray, "N"],
    ) -> Float32[np.ndarray, "N A"]:
        """The heat of every action of `affordances()` at points of the surface, before any rotation or noise."""
        names, actions = [part.name for part in self.parts()], self.affordances()
        heat = np.zeros((len(points), len(actions)), dtype=np.float32)
        for action, parts, field in self._actions:
            if action not in actions:
                continue
            rows = np.flatnonzero(np.isin(labels, [names.index(part) for part in parts if part in names]))
            level = np.clip(field(points[rows], normals[rows]), 0.0, 1.0)
            column = actions.index(action)
            heat[rows, column] = np.maximum(heat[rows, column], level)
        return heat
