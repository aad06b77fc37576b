"""`partwise convert`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from partwise.cli.progress import step


@dataclass(frozen=True)
class Convert:
    """Turn official weights into a checkpoint folder (config.json and model.safetensors).

    timm: a vision transformer saved by timm, into a folder for `partwise lift --encoder`.

    Examples:
        partwise convert patchalign3d patchalign3d.pt checkpoints/patchalign3d
        partwise convert pointmae pretrain.pth checkpoints/pointmae
        partwise convert timm ./vit_small_patch14_dinov2.lvd142m towers/dinov2-small
    """

    kind: tyro.conf.Positional[Literal["patchalign3d", "openad", "pointmae", "timm"]]
    """Whose weights."""
    file: tyro.conf.Positional[Path]
    """The downloaded file; for timm, the folder. Read with torch's restricted reader; nothing in it is run."""
    out: tyro.conf.Positional[Path]
    """The folder to write."""

    def run(self) -> None:
        """Convert, or list what does not fit."""
        from partwise.encoders.timm_vit import convert_timm
        from partwise.pretrained import convert_openad, convert_patchalign3d, convert_pointmae

        converters = {
            "patchalign3d": convert_patchalign3d,
            "openad": convert_openad,
            "pointmae": convert_pointmae,
            "timm": convert_timm,
        }
        with step(f"converting {self.file}"):
            converters[self.kind](self.file, self.out)
        print(f"wrote {self.out}")
