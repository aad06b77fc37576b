"""What the segmenter asks of a model that is compared with phrases by their vectors."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from partwise.anchors import Anchors
from partwise.shape import Shape


@runtime_checkable
class PartModel(Protocol):
    """What the segmenter asks of a model: one pass over the points, then any number of phrases."""

    def __call__(self, points: Float[Tensor, "B N 3"]) -> Any: ...

    def similarity(
        self, embedding: Any, text: Float[Tensor, "T E"], propagation: str = ...
    ) -> Float[Tensor, "B N T"]: ...


@runtime_checkable
class SeesShapes(Protocol):
    """A model that looks at the shape itself, its surface and colours, and not at the anchors alone.

    answers       "cosine", or "votes": shares of 0..1 that say nothing of how well a phrase fits
    sha256        of the weights behind it
    reads_colors  whether the shape's colours change what it answers
    """

    answers: ClassVar[str]
    sha256: str
    reads_colors: bool

    def see(self, shape: Shape, anchors: Anchors, seed: int) -> Any: ...

    def similarity(
        self, embedding: Any, text: Float[Tensor, "T E"], propagation: str = ...
    ) -> Float[Tensor, "B N T"]: ...
