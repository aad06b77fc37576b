"""PointCLIP V2 (Zhu et al., ICCV 2023), its zero-shot part segmentation, without what was searched on the test set.

Depth pictures from ten sides, CLIP's patch tokens, and for each point the sum of its pixels' scores over the views
that see it. A score is linear in the tokens, so the tokens are carried to the points once and any number of phrases
asked afterwards. Sentences and view weights of the release were chosen on the test labels; here the prompts are the
segmenter's templates and all views weigh the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from partwise.anchors import Anchors
from partwise.encoders.vision import Aligned
from partwise.errors import InputError
from partwise.lift.lifting import DenseEncoder
from partwise.lifted.viewing import TowerConfig, Viewer, ViewingConfig, check_propagation
from partwise.shape import Shape


@dataclass(frozen=True)
class PointCLIPv2Config:
    """How the shape is seen, and how far scores are smoothed.

    smoothing   side of the average over tokens, 6 of 14 in the release; 1 for none
    """

    viewing: ViewingConfig
    smoothing: int = 6

    def __post_init__(self) -> None:
        if self.smoothing < 1:
            raise InputError(f"smoothing is {self.smoothing} tokens: use 1 for none, or more")
        if self.viewing.tower.aligned is None:
            raise InputError(
                "the tower must speak the language of the text: say how it is aligned, 'tokens' or 'values'"
            )

    @classmethod
    def of(cls, clip: str, revision: str | None = None, aligned: Aligned = "tokens") -> PointCLIPv2Config:
        """The published settings around a CLIP (or, with aligned="values", SigLIP) by folder or hub id."""
        tower = TowerConfig(clip, revision, aligned)
        return cls(ViewingConfig(tower, "pointclipv2", "pointclipv2", pictures="depth"))


class PointCLIPv2:
    """A shape seen through CLIP: cosines of every point with any phrases. Nothing in it is learned.

    sha256   of the tower's weights
    """

    answers: ClassVar[str] = "cosine"

    def __init__(self, config: PointCLIPv2Config, encoder: DenseEncoder) -> None:
        self.config, self.sha256 = config, encoder.revision
        self.reads_colors = config.viewing.pictures == "colour"
        self._viewer = Viewer(config.viewing, encoder)

    @classmethod
    def open(cls, config: PointCLIPv2Config) -> PointCLIPv2:
        """Load the tower. Raises what `VisionEncoder.open` raises."""
        return cls(config, config.viewing.tower.open())

    def to(self, device: str | torch.device) -> PointCLIPv2:
        """Move the tower; what it says of a shape comes back to the CPU. Returns itself."""
        self._viewer.to(device)
        return self

    def see(self, shape: Shape, anchors: Anchors, seed: int = 0) -> Float[Tensor, "N D"]:
        """The mean over the seeing views of each anchor's smoothed unit tokens (N,D); nothing here is random.

        Raises InputError if there is nothing to see.
        """
        return self._viewer.lift(shape, anchors, self._smooth).features

    def similarity(
        self, embedding: Float[Tensor, "N D"], text: Float[Tensor, "T E"], propagation: str = "points"
    ) -> Float[Tensor, "1 N T"]:
        """The mean over the seeing views of the cosines at each anchor's place, for phrases (T,E), E = D.

        The release multiplies by 100 and sums; a mean ranks phrases alike and does not grow with the views.
        Raises InputError if the phrases were embedded by another model.
        """
        check_propagation(propagation)
        if text.shape[1] != embedding.shape[1]:
            raise InputError(
                f"phrase vectors have {text.shape[1]} numbers, the picture tokens {embedding.shape[1]}: "
                "use the text tower of the same model"
            )
        return (embedding @ F.normalize(text.cpu(), dim=-1).mT)[None]

    def _smooth(self, tokens: Float[Tensor, "V h w D"]) -> Float[Tensor, "V h w D"]:
        """Unit tokens, each the mean over a window of its neighbours; the border repeats."""
        unit = F.normalize(tokens, dim=-1).permute(0, 3, 1, 2)
        before, after = (self.config.smoothing - 1) // 2, self.config.smoothing // 2
        padded = F.pad(unit, (before, after, before, after), mode="replicate")
        return F.avg_pool2d(padded, self.config.smoothing, stride=1).permute(0, 2, 3, 1)
