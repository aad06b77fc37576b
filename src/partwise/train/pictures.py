"""Simulated pictures of actions: another object, rendered, and the place of the action covered as a hand covers it.

No camera took them and no person is in them. They stand in for the interaction pictures of PIAD, so that questions by
picture can be trained and compared without data; nothing they give may be reported as a result on photographs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor

from partwise.checks import real_number
from partwise.datasets.procedural import CATEGORIES
from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.surface import Surface
from partwise.encoders.pixels import PictureEncoder, picture_tokens
from partwise.errors import InputError
from partwise.lift.cameras import on_sphere, perspective
from partwise.lift.render import MeshScene
from partwise.points import face_normals
from partwise.shape import Shape

# What covers the place of the action, in red, green, blue.
HAND = np.array([214, 130, 90], dtype=np.float32)
SIZE = 96
# Views of an object of which the one that shows most of the action is taken.
VIEWS = 4
# Objects of a category that are looked at for whether it offers an action.
TRIES = 4


def check_asked(asked: tuple[float, float, float]) -> None:
    """Raise InputError unless these are the shares of steps that ask in words, in pictures and in both."""
    shares = [real_number("asked", share, 0, 1) for share in asked]
    if len(shares) != 3 or abs(sum(shares) - 1) > 1e-6:
        raise InputError(f"asked is {asked}: give the shares of words, pictures and both, which add up to 1")


def words_or_pictures(asked: tuple[float, float, float], rng: np.random.Generator) -> tuple[bool, bool]:
    """Whether a step asks in words, and whether it shows pictures.

    asked  shares of the steps that ask in words, in pictures and in both
    """
    kind = rng.choice(3, p=asked)
    return kind != 1, kind != 0


@dataclass
class SimulatedPictures:
    """Pictures of any action on any category, a pure function of (seed, category, action, number).

    each   different pictures of one action on one category; they are made when asked for, and kept as tokens
    """

    encoder: PictureEncoder
    categories: Sequence[str]
    seed: int = 0
    each: int = 4
    _tokens: dict[tuple[str, str, int], Float[Tensor, "Q V"]] = field(default_factory=dict)
    _offers: dict[str, frozenset[str]] = field(default_factory=dict)

    def offering(self, action: str) -> tuple[str, ...]:
        """The categories of which some objects offer an action."""
        if not self._offers:
            for category in self.categories:
                objects = [self._object(category, number) for number in range(TRIES)]
                self._offers[category] = frozenset(a for thing in objects for a in thing.affordances())
        return tuple(category for category, actions in self._offers.items() if action in actions)

    def tokens(self, category: str, action: str, number: int) -> Float[Tensor, "Q V"]:
        """Patch tokens of picture `number` of an action on a category. Raises InputError if none offers it."""
        key = (category, action, number % self.each)
        if key not in self._tokens:
            self._tokens[key] = picture_tokens([self.picture(*key)], self.encoder)[0].half()
        return self._tokens[key].float()

    def picture(self, category: str, action: str, number: int) -> UInt8[np.ndarray, "H W 3"]:
        """The picture itself, of the first object from `number` on that offers the action."""
        for attempt in range(4 * TRIES):
            thing = self._object(category, number + attempt * self.each)
            if action in thing.affordances():
                return best_picture(thing, action, np.random.default_rng([self.seed, number, attempt]))
        raise InputError(f"no {category} offers {action!r}: ask for a category of `offering({action!r})`")

    def any_tokens(self, action: str, rng: np.random.Generator) -> Float[Tensor, "Q V"]:
        """A picture of an action on any category that offers it, in a training batch."""
        offering = self.offering(action)
        if not offering:
            raise InputError(f"none of {len(self.categories)} categories offers {action!r}: drop the action")
        for category in rng.permutation(offering):
            try:
                return self.tokens(str(category), action, int(rng.integers(self.each)))
            except InputError:  # rare in this category: another one shows it as well
                continue
        raise InputError(f"no object shows {action!r}: drop the action")

    def _object(self, category: str, number: int) -> Assembly:
        return CATEGORIES[category](
            np.random.default_rng([self.seed, self.categories.index(category), number])
        )


def best_picture(thing: Assembly, action: str, rng: np.random.Generator) -> UInt8[np.ndarray, "H W 3"]:
    """Of a few views around an object the one that shows most of the action.

    Needs the extra `lift` for ray casting (MissingExtraError).
    """
    surface = thing.surface()
    scene = MeshScene(Shape.of(surface, up="y"))
    first, elevation = rng.uniform(0, 360), rng.uniform(10, 40)
    shots = [
        action_picture(thing, action, surface, scene, (first + turn, elevation))
        for turn in range(0, 360, 360 // VIEWS)
    ]
    return max(shots, key=lambda shot: shot[1])[0]


def action_picture(
    thing: Assembly,
    action: str,
    surface: Surface,
    scene: MeshScene,
    angles: tuple[float, float],
    size: int = SIZE,
) -> tuple[UInt8[np.ndarray, "H W 3"], float]:
    """An object seen from (azimuth, elevation) in degrees, covered in the colour of a hand where the action is hot.

    Also how many pixels are covered.
    """
    azimuth, elevation = angles
    camera = perspective(2.9 * on_sphere(azimuth, elevation), size, 40.0)
    view = scene.render(camera)
    color = view.color[..., :3].reshape(-1, 3).astype(np.float32)
    face, depth = view.ids.reshape(-1), view.depth.reshape(-1)
    shown = np.flatnonzero(face >= 0)
    start, direction = camera.rays
    seen = start[shown] + direction[shown] * depth[shown, None]
    frame = scene.frame
    places = (seen.astype(np.float64) @ frame.rotation) / frame.scale + frame.centre
    normals = face_normals(surface.vertices[surface.faces[face[shown]]])
    # A surface seen from behind has its normal towards the object's inside; heat is asked of the side that is seen.
    towards = (normals * (direction[shown] @ frame.rotation)).sum(axis=1, keepdims=True)
    normals = np.where(towards > 0, -normals, normals)
    heat = thing.heat(places, normals, surface.face_part[face[shown]])[:, thing.affordances().index(action)]
    color[shown] += heat[:, None] * (HAND - color[shown])
    return color.round().astype(np.uint8).reshape(size, size, 3), float(heat.sum())
