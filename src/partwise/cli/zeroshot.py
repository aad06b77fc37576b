"""`partwise zeroshot`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from partwise.cli.progress import step


@dataclass(frozen=True)
class ZeroShot:
    """Set up a segmenter that was never trained: frozen image towers, their features carried to 3D, and words.

    OUT becomes a checkpoint folder that names the towers; `partwise segment --model OUT` and all the rest take it.
    The towers are opened once, so that a wrong name is found now.

    Examples:
        partwise zeroshot pointclipv2 checkpoints/pointclipv2 --clip ./clip-vit-base-patch16
        partwise zeroshot cops checkpoints/cops --clip ./siglip-base-patch16-224 --aligned values --vision ./dinov2-base
    """

    kind: tyro.conf.Positional[Literal["pointclipv2", "cops"]]
    """pointclipv2: CLIP's scores of depth pictures. cops: DINO features in clusters, which pointclipv2 names."""
    out: tyro.conf.Positional[Path]
    """The folder to write."""
    clip: str
    """The tower that knows words, CLIP or SigLIP, image and text side: a local folder, or a hub id."""
    clip_revision: str | None = None
    """Commit of a hub id."""
    aligned: Literal["tokens", "values"] = "tokens"
    """How its patches meet words: last tokens, as in PointCLIP V2, or values, as in MaskCLIP and for SigLIP."""
    vision: str = "facebook/dinov2-base"
    """The tower that tells parts apart, for cops: a local folder, or a hub id; the default is downloaded if need be."""
    vision_revision: str | None = None
    """Commit of a hub id; the default tower has one."""
    templates: str = "part_only"
    """Set of prompts that each phrase is written into: part_only or plain."""
    points: int | None = None
    """Anchors on each shape; default 10,000 for cops, 2,048 for pointclipv2."""

    def run(self) -> None:
        """Name the towers, open them, write the folder."""
        with step("opening the towers"):
            from partwise.lifted.cops import COPS, COPSConfig
            from partwise.lifted.pointclipv2 import PointCLIPv2, PointCLIPv2Config
            from partwise.pretrained import save_zero_shot

            config = PointCLIPv2Config.of(_place(self.clip), self.clip_revision, self.aligned)
            if self.kind == "cops":
                config = COPSConfig.of(config, _place(self.vision), self.vision_revision)
                COPS.open(config)
            else:
                PointCLIPv2.open(config)
        save_zero_shot(self.out, config, self.templates, self.points)
        print(f"wrote {self.out}")


def _place(source: str) -> str:
    """A local folder by its whole path, since the checkpoint may be opened from elsewhere; a hub id as it is."""
    return str(Path(source).resolve()) if Path(source).is_dir() else source
