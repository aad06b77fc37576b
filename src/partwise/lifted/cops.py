"""COPS (Garosi et al., WACV 2025): DINO features lifted, smoothed and clustered; clusters named through PointCLIP V2.

The release keeps the k-means restart that scores best against the ground truth; here the one of least inertia is kept.
As there, the anchors are drawn as grey disks (those of a coloured cloud in their colours); `splats=None` in the viewing
shows a mesh itself with its textures instead.
Read literally, its run flag takes DINO's embedding output; here it is the last layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from partwise.anchors import Anchors
from partwise.encoders.vision import DEFAULT, DEFAULT_REVISION
from partwise.errors import InputError
from partwise.lift.lifting import DenseEncoder
from partwise.lifted.clusters import Superpoints, aggregate, k_means, name_clusters, neighbour_votes
from partwise.lifted.pointclipv2 import PointCLIPv2, PointCLIPv2Config
from partwise.lifted.viewing import TowerConfig, Viewer, ViewingConfig, check_propagation
from partwise.shape import Shape


@dataclass(frozen=True)
class COPSConfig:
    """How the shape is seen, who names the clusters, and the sizes of COPS.

    superpoints   of both levels
    near, alike   points averaged in space, and in feature space
    restarts, iterations   of k-means
    votes         nearest points whose majority labels a point, itself among them
    """

    viewing: ViewingConfig
    naming: PointCLIPv2Config
    superpoints: int = 256
    near: int = 10
    alike: int = 90
    restarts: int = 10
    iterations: int = 50
    votes: int = 7

    def __post_init__(self) -> None:
        for name in ("superpoints", "near", "alike", "restarts", "iterations", "votes"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}: it must be at least 1")

    @classmethod
    def of(cls, naming: PointCLIPv2Config, vision: str = DEFAULT, revision: str | None = None) -> COPSConfig:
        """The published settings around a DINO by folder or hub id; the default one knows its own commit."""
        if vision == DEFAULT and revision is None:
            revision = DEFAULT_REVISION
        return cls(ViewingConfig(TowerConfig(vision, revision), "cops", "cops", splats=0.04), naming)


@dataclass(frozen=True, eq=False)
class Gathered:
    """A shape seen once: anchors (N,3), smoothed features, what PointCLIP V2 saw (N,E), and the seed of k-means."""

    points: Float[Tensor, "N 3"]
    superpoints: Superpoints
    named: Float[Tensor, "N E"]
    seed: int


class COPS:
    """Two frozen towers: one says which points belong together, the other what they are called.

    sha256   of both towers' weights together
    """

    answers: ClassVar[str] = "votes"

    def __init__(self, config: COPSConfig, encoder: DenseEncoder, naming: PointCLIPv2) -> None:
        self.config = config
        self.sha256 = sha256(f"{encoder.revision}{naming.sha256}".encode()).hexdigest()
        self.reads_colors = config.viewing.pictures == "colour" or naming.reads_colors
        self._viewer, self._naming = Viewer(config.viewing, encoder), naming

    @classmethod
    def open(cls, config: COPSConfig) -> COPS:
        """Load both towers. Raises what `VisionEncoder.open` raises."""
        return cls(config, config.viewing.tower.open(), PointCLIPv2.open(config.naming))

    def to(self, device: str | torch.device) -> COPS:
        """Move both towers; what they say of a shape comes back to the CPU. Returns itself."""
        self._viewer.to(device)
        self._naming.to(device)
        return self

    def see(self, shape: Shape, anchors: Anchors, seed: int = 0) -> Gathered:
        """Both towers look once; clusters wait for the phrases. Raises InputError if there is nothing to see."""
        lifted = self._viewer.lift(shape, anchors)
        points = torch.from_numpy(lifted.target.points.astype(np.float32))
        config = self.config
        gathered = aggregate(points, lifted.features, config.superpoints, config.near, config.alike)
        return Gathered(points, gathered, self._naming.see(shape, anchors, seed), seed)

    def similarity(
        self, embedding: Gathered, text: Float[Tensor, "T E"], propagation: str = "points"
    ) -> Float[Tensor, "1 N T"]:
        """The share of each anchor's neighbours that vote for each phrase (T,E): 0..1, not a cosine.

        There are as many clusters as phrases that PointCLIP V2 finds somewhere.
        """
        check_propagation(propagation)
        guess = self._naming.similarity(embedding.named, text)[0].argmax(dim=1).numpy()
        groups, config = embedding.superpoints, self.config
        cluster = k_means(
            groups.features,
            groups.sizes,
            len(np.unique(guess)),
            config.restarts,
            config.iterations,
            np.random.default_rng(embedding.seed),
        )
        label = name_clusters(cluster[groups.owner], guess)
        return neighbour_votes(embedding.points, label, len(text), config.votes)[None]
