"""Draw the demo's car as each lifting preset sees it, for docs/lifting.md.

python scripts/camera_pictures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from partwise import Shape
from partwise.lift.lifting import PRESETS
from partwise.lift.render import pictures, render_views, scene_of

ROOT = Path(__file__).parent.parent
SIDE = 150
COLUMNS = 6


def main() -> None:
    """One sheet for each preset in docs/images."""
    scene = scene_of(Shape.read(ROOT / "examples" / "objects" / "car.glb"))
    for name, config in PRESETS.items():
        views = pictures(render_views(scene, config.views()))
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
