"""From logits to heat: smoothed over patches, hottest places near 1 where the action is offered, low everywhere else.

On shapes of an unknown make a head's logits rise and fall all over, though it may still know the better places. So how
high a map reaches is one question, whether the shape offers the action at all, and where it is hot another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from partwise.errors import InputError
from partwise.layers.patches import membership_mean
from partwise.models.patchalign3d import PatchEmbedding
from partwise.points import gather

# An action is as strong as the mean of its hottest few anchors: one alone may be chance, a trigger has not many.
STRONGEST = 8


@dataclass(frozen=True)
class Finish:
    """How logits become heat; saved with a head. Chosen on categories that the head was not trained on.

    level      logit to which the hottest 64th of the points is brought, after smoothing over patches; None leaves the
               places as the logits have them
    certainty  logit of the factor on all heat for an action right at the threshold of "offered"
    steepness  how fast that factor falls below the threshold, and closes up to 1 above it, per logit
    own        what the logit of an anchor counts against those of its neighbours along the surface, in links to one of
               them (partwise.smoothing); None leaves logits as they are. Whoever asks smooths them before `heat`
    """

    HOTTEST: ClassVar[int] = 64

    level: float | None = 3.5
    certainty: float = 2.2
    steepness: float = 3.0
    own: float | None = None

    def __post_init__(self) -> None:
        if self.steepness < 0:
            raise InputError(f"steepness is {self.steepness}: a weaker action must not get more heat")
        if self.own is not None and not self.own > 0:
            raise InputError(f"own is {self.own}: an anchor must count more than 0, or None smooths nothing")

    def heat(
        self,
        logits: Float[Tensor, "B N T"],
        strength: Float[Tensor, "B T"],
        offered_above: float,
        patches: PatchEmbedding,
    ) -> Float[Tensor, "B N T"]:
        """Heat in [0,1] of the anchors that an encoder passed over.

        strength, offered_above   of each action, as `strength_of` counts it, and what it takes to be offered
        """
        placed = logits if self.level is None else self._levelled(logits, patches) + self.level
        return torch.sigmoid(placed) * self.factor(strength, offered_above)[:, None]

    def factor(self, strength: Float[Tensor, "*B T"], offered_above: float) -> Float[Tensor, "*B T"]:
        """What all heat of each action is multiplied with, in 0..1: it rises with the strength of the action."""
        above = torch.tensor(offered_above, dtype=strength.dtype, device=strength.device)
        beyond = strength.logit(1e-6) - above.logit(1e-6)
        return torch.sigmoid(self.steepness * beyond + self.certainty)

    def _levelled(self, logits: Float[Tensor, "B N T"], patches: PatchEmbedding) -> Float[Tensor, "B N T"]:
        """Logits smoothed over patches, the hottest points of each action at zero."""
        within = patches.patches
        means = gather(logits, within.index).mean(dim=2)  # (B,G,T)
        smooth = membership_mean(patches.points[..., [0, 2, 1]], within, means)
        count = max(1, smooth.shape[1] // self.HOTTEST)
        return smooth - smooth.topk(count, dim=1).values.mean(dim=1, keepdim=True)


def strength_of(heat: Float[Tensor, "*B N T"]) -> Float[Tensor, "*B T"]:
    """How strongly each action is seen: the mean of its eight hottest anchors."""
    return heat.topk(min(STRONGEST, heat.shape[-2]), dim=-2).values.mean(dim=-2)


# What is not offered is low everywhere, half of its heat at the threshold; where it is hot is left alone, but for what
# flows along the surface.
FADED = Finish(level=None, certainty=0.0, own=0.5)
