"""How a zero-shot segmenter looks at a shape: which tower, from where, at what kind of picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from partwise.anchors import Anchors
from partwise.encoders.vision import Aligned, VisionEncoder
from partwise.errors import InputError
from partwise.lift.cameras import LAYOUTS
from partwise.lift.lifting import DenseEncoder, PointFeatures, lift_onto
from partwise.lift.project import PROJECTIONS
from partwise.lift.render import depth_pictures, pictures
from partwise.lift.scene import View
from partwise.shape import Shape


@dataclass(frozen=True)
class TowerConfig:
    """A frozen image tower by name: the segmenter's own checkpoint holds no weights.

    source, revision   a local folder, or a hub id and its commit
    aligned            the way into the text space, see `VisionEncoder`; None for a tower without one
    """

    source: str
    revision: str | None = None
    aligned: Aligned | None = None

    def open(self) -> VisionEncoder:
        """Load it; a hub id with its commit is the consent to download. Raises what `VisionEncoder.open` raises."""
        return VisionEncoder.open(
            self.source,
            revision=self.revision,
            allow_network=self.revision is not None,
            aligned=self.aligned,
        )


@dataclass(frozen=True)
class ViewingConfig:
    """A tower and what it is shown.

    cameras, projection  names in `cameras.LAYOUTS` and `project.PROJECTIONS`
    size                 side of a picture in pixels
    pictures             "colour", or grey "depth"
    splats               None shows the faces of a mesh; a radius (canonical units) shows the anchors as disks instead
    """

    tower: TowerConfig
    cameras: str
    projection: str
    size: int = 224
    pictures: Literal["colour", "depth"] = "colour"
    splats: float | None = None

    def __post_init__(self) -> None:
        for name, known in (
            ("cameras", LAYOUTS),
            ("projection", PROJECTIONS),
            ("pictures", ("colour", "depth")),
        ):
            if getattr(self, name) not in known:
                raise InputError(f"unknown {name} {getattr(self, name)!r}: use one of {', '.join(known)}")
        if self.splats is not None and not self.splats > 0:
            raise InputError(f"splats of radius {self.splats} draw nothing: give a positive radius, or None")


class Viewer:
    """A tower with its eyes: turns a shape into one feature for each anchor."""

    def __init__(self, config: ViewingConfig, encoder: DenseEncoder) -> None:
        self.config, self.encoder = config, encoder
        self._cameras = LAYOUTS[config.cameras](config.size)
        self._draw = depth_pictures if config.pictures == "depth" else pictures

    def to(self, device: str | torch.device) -> Viewer:
        """Move the tower; rendering and lifting stay on the CPU. Returns itself."""
        if isinstance(self.encoder, VisionEncoder):
            self.encoder.to(device)
        return self

    @torch.inference_mode()
    def lift(
        self,
        shape: Shape,
        anchors: Anchors,
        change: Callable[[Float[Tensor, "V h w D"]], Float[Tensor, "V h w D"]] = lambda tokens: tokens,
    ) -> PointFeatures:
        """Features of the anchors, in their order; `change` is done to the tokens before they are carried to 3D.

        Raises InputError if there is nothing to see, MissingExtraError without embreex for a mesh.
        """

        def encode(views: Sequence[View]) -> Float[Tensor, "V h w D"]:
            return change(self.encoder.encode(self._draw(views)).float().cpu())

        projection = PROJECTIONS[self.config.projection]
        splats = self.config.splats
        if shape.is_mesh and splats is None and projection.visibility == "owner":
            # Owners are splatted points. The one owner of a large face would leave the face's other anchors blind.
            projection = replace(projection, visibility="surface")
        return lift_onto(shape, anchors.original, anchors.place, self._cameras, projection, encode, splats)


def check_propagation(propagation: str) -> None:
    """Lifted segmenters have no patches: they answer each anchor itself. Raises InputError for anything else."""
    if propagation != "points":
        raise InputError(
            f"propagation {propagation!r} spreads patch labels, and a lifted segmenter has none: leave it out"
        )
