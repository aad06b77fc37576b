"""A simulated teacher: not a model, but what an ideal one with a coarse grid and noise would say about known parts.

It closes the loop without weights: pictures of a shape with named parts become tokens, the real engine lifts them,
and the names must come back. Nothing it produces may be reported as the result of a vision encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Int, UInt8
from torch import Tensor

from partwise.errors import InputError
from partwise.lift.scene import View


@dataclass(frozen=True, eq=False)
class SimulatedTeacher:
    """Every pixel says the embedding of the part it shows; a token is the mean over its pixels plus noise.

    embeddings   (C,D) one unit vector for each part name
    patch        side of a token in pixels
    view_noise   length of a random vector added to all tokens of a view: how differently two views see one part
    token_noise  length of a random vector added to each token
    """

    embeddings: Float32[np.ndarray, "C D"]
    patch: int = 16
    view_noise: float = 0.3
    token_noise: float = 0.3

    def encode(
        self, views: Sequence[View], labels: Int[np.ndarray, "F"], rng: np.random.Generator
    ) -> Float[Tensor, "V h w D"]:
        """Tokens (V,h,w,D) of pictures of a shape whose faces (or points) carry `labels` (F,), -1 for unnamed.

        Background and unnamed parts say nothing (zero). Raises InputError if a picture is not whole tokens, or a
        label has no embedding.
        """
        if len(labels) and labels.max() >= len(self.embeddings):
            raise InputError(f"label {labels.max()} has no embedding: there are {len(self.embeddings)}")
        tokens = np.stack([self._shares(view, labels) for view in views]) @ self.embeddings  # (V,h,w,D)
        width = self.embeddings.shape[1]
        for level, shape in ((self.view_noise, (len(views), 1, 1, width)), (self.token_noise, tokens.shape)):
            tokens += rng.standard_normal(shape) * (level / np.sqrt(width))
        return torch.from_numpy(tokens.astype(np.float32))

    def _shares(self, view: View, labels: Int[np.ndarray, "F"]) -> Float[np.ndarray, "h w C"]:
        """The share of each token's pixels that each name holds (h,w,C)."""
        height, width = view.ids.shape
        if height % self.patch or width % self.patch:
            raise InputError(
                f"a picture of {height} x {width} is not whole tokens of {self.patch} pixels: resize it"
            )
        h, w, count = height // self.patch, width // self.patch, len(self.embeddings)
        label = np.where(view.ids >= 0, labels[view.ids], -1)
        row, column = np.nonzero(label >= 0)
        token = (row // self.patch) * w + column // self.patch
        cells = np.bincount(token * count + label[row, column], minlength=h * w * count)
        return cells.reshape(h, w, count) / self.patch**2


class SimulatedTower:
    """The teacher behind the calls of an encoder, for one shape, so that whole segmenters can be tried without weights.

    It knows the shape's parts and reads nothing off the pictures: they must be those of `views`, in their order.
    """

    name, revision = "simulated teacher", "simulated"

    def __init__(
        self, teacher: SimulatedTeacher, views: Sequence[View], labels: Int[np.ndarray, "F"], seed: int = 0
    ) -> None:
        self.teacher, self.views, self.labels, self.seed = teacher, views, labels, seed
        self.width = teacher.embeddings.shape[1]

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of tokens for pictures of this size."""
        return height // self.teacher.patch, width // self.teacher.patch

    def encode(self, images: UInt8[np.ndarray, "V H W 3"], batch: int = 16) -> Float[Tensor, "V h w D"]:
        """What the teacher says of its views. Raises InputError for another number or size of pictures."""
        expected = (len(self.views), *self.views[0].ids.shape)
        if images.shape[:3] != expected:
            raise InputError(f"the pictures are {images.shape[:3]}, the views of this tower are {expected}")
        return self.teacher.encode(self.views, self.labels, np.random.default_rng(self.seed))


def name_embeddings(count: int, width: int, rng: np.random.Generator) -> Float32[np.ndarray, "C D"]:
    """`count` random unit vectors (C,D), mutually orthogonal while D allows, in place of a text encoder's."""
    vectors = rng.standard_normal((count, width))
    if count <= width:
        vectors = np.linalg.qr(vectors.T)[0].T
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def nearest_name(
    features: Float[Tensor, "N D"], embeddings: Float32[np.ndarray, "C D"]
) -> Int[np.ndarray, "N"]:
    """The name (N,) whose embedding has the largest cosine with each feature."""
    return (features @ torch.as_tensor(embeddings, device=features.device).T).argmax(dim=1).cpu().numpy()
