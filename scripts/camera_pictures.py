"""Draw the demo's car as each camera layout sees it, for docs/lifting.md.

python scripts/camera_pictures.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from partwise import Shape
from partwise.lift.cameras import LAYOUTS, UNIFORM
from partwise.lift.lifting import PRESETS, LiftConfig, draw_points

ROOT = Path(__file__).parent.parent
SIDE = 150
COLUMNS = 6


def main() -> None:
    """One sheet for each layout in docs/images."""
    car = Shape.read(ROOT / "examples" / "objects" / "car.glb")
    # PatchAlign3D reads Find3D's views: one sheet is enough.
    for name in (*(layout for layout in LAYOUTS if layout != "patchalign3d"), UNIFORM):
        config = replace(PRESETS.get(name, LiftConfig(cameras=name)), size=224)
        views = draw_points(car, (16, 16), config, np.random.default_rng(0)).images
        cells = [
            np.asarray(Image.fromarray(view).resize((SIDE, SIDE), Image.Resampling.LANCZOS)) for view in views
        ]
        blank = np.full((SIDE, SIDE, 3), 255, dtype=np.uint8)
        cells += [blank] * (-len(cells) % COLUMNS)
        rows = [np.concatenate(cells[i : i + COLUMNS], axis=1) for i in range(0, len(cells), COLUMNS)]
        Image.fromarray(np.concatenate(rows)).save(
            ROOT / "docs" / "images" / f"lift_{name}.png", optimize=True
        )


if __name__ == "__main__":
    main()
