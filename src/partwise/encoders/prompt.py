"""`Prompt`: what a person says or shows, encoded in the form that a model asks for."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor


@dataclass(frozen=True)
class Prompt:
    """T phrases in one of three forms, and perhaps pictures. A model states which form it reads; the rest is None.

    The leading *B is there in training, where every shape may have phrases of its own, and absent in use.

    vectors   (*B,T,E) one unit vector for each phrase (OpenAD, PatchAlign3D)
    tokens    (*B,T,L,W) the frozen text tower's state of each token (LAS, PointRefer)
    ids       (*B,T,L) token ids, for a model with the language model inside (LM-AD)
    mask      (*B,T,L) which tokens are real
    image     (*B,T,Q,V) patch tokens of a picture for each phrase, or (*B,1,Q,V) of one for all (LAS)
    """

    vectors: Float[Tensor, "*B T E"] | None = None
    tokens: Float[Tensor, "*B T L W"] | None = None
    ids: Int64[Tensor, "*B T L"] | None = None
    mask: Bool[Tensor, "*B T L"] | None = None
    image: Float[Tensor, "*B P Q V"] | None = None

    def to(self, device: torch.device | str) -> Prompt:
        """The same prompt on a device."""
        parts = (getattr(self, field.name) for field in fields(self))
        return Prompt(*(None if part is None else part.to(device) for part in parts))
