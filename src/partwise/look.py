"""`Look`: a shape that a model has passed over, and what several draws of its anchors say together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from scipy.sparse import csr_array
from torch import Tensor, nn

from partwise.anchors import Anchors, checked_sampling, colored_anchors, sample_anchors
from partwise.checks import checked_seed
from partwise.contracts import SeesShapes
from partwise.errors import InputError
from partwise.models.backbones import reads_colors
from partwise.points import blend, blend_weights
from partwise.shape import Shape
from partwise.smoothing import evened, surface_links


@dataclass(frozen=True)
class Look:
    """A shape that a model has passed over once; any number of questions about it cost no further pass.

    embedding             of a batch of D shapes: the draws of anchors, each passed over by itself
    points, draws, seed   how it was sampled
    """

    shape: Shape
    anchors: Anchors
    embedding: Any
    points: int
    draws: int
    seed: int

    def joined(self, values: Float[Tensor, "D M T"], own: float | None = None) -> Float[Tensor, "D M T"]:
        """The mean over draws of what each says at an anchor; values of one draw are left as they are.

        values  of the M anchors of each draw. Where they stand, another draw says what its three nearest anchors say,
                weighted as in `partwise.points.interpolate`. Cosines and logits, not what a sigmoid made of them: that
                hides how sure a draw is.
        own     with it the mean flows on along the surface that the anchors lie on: each counts so much against its
                neighbours there, see `partwise.smoothing`
        """
        total = values
        for shift, (index, weight) in enumerate(self._others, 1):
            others = values.roll(-shift, dims=0)
            total = total + blend(others, index.to(values.device), weight.to(values.device))
        mean = total / self.draws
        if own is None:
            return mean
        even = evened(self._links, mean.flatten(0, 1).float().cpu().numpy(), own)
        return torch.from_numpy(even).reshape(mean.shape).to(mean)

    @cached_property
    def _links(self) -> csr_array:
        """Between the anchors of all draws, along the surface."""
        return surface_links(self.anchors.canonical)

    @cached_property
    def _others(self) -> list[tuple[Int64[Tensor, "D M K"], Float32[Tensor, "D M K"]]]:
        """For each shift, the anchors that lie nearest in the draw that is so many further on, and their weights."""
        places = self.anchors.canonical.reshape(self.draws, -1, 3)
        found = []
        for shift in range(1, self.draws):
            pairs = zip(places, np.roll(places, -shift, axis=0), strict=True)
            index, weight = zip(*(blend_weights(own, other) for own, other in pairs), strict=True)
            found.append((torch.from_numpy(np.stack(index)), torch.from_numpy(np.stack(weight))))
        return found


def look_at(
    shape: Shape, model: Any, box: str, even: float, points: Any, draws: Any = 1, seed: Any = 0
) -> Look:
    """One pass of a model over a shape.

    box, even, points, draws, seed   how it is sampled, see `partwise.anchors`
    Raises InputError for numbers out of bounds, and for several draws where the model sees the shape itself.
    """
    points, draws = checked_sampling(points, draws)
    if draws > 1 and isinstance(model, SeesShapes):
        raise InputError(
            f"draws is {draws}, but {type(model).__name__} looks at the shape itself, not at draws of points: "
            "leave it at 1"
        )
    seed = checked_seed(seed)
    anchors = sample_anchors(shape, points, box, seed, even, draws)
    with torch.inference_mode():
        if isinstance(model, SeesShapes):
            embedding = model.see(shape, anchors, seed)
        else:
            seen = colored_anchors(shape, anchors) if sees_colors(model) else anchors.canonical
            drawn = torch.from_numpy(seen).unflatten(0, (draws, points))  # (D,M,3 or 6)
            embedding = model(drawn.to(device_of(model)))
    return Look(shape, anchors, embedding, points, draws, seed)


def sees_colors(model: Any) -> bool:
    """Whether the colours of a shape change what this model answers; else its places alone do."""
    if isinstance(model, SeesShapes):
        return model.reads_colors
    return reads_colors(getattr(model, "config", None))


def device_of(model: Any) -> torch.device:
    """Where a model computes; zero-shot segmenters hand over on the processor."""
    return next(model.parameters()).device if isinstance(model, nn.Module) else torch.device("cpu")
