"""Draw docs/images/lift_preview.png and measure how much of a preview's colours is the parts'.

python scripts/preview_picture.py [FOLDER]

FOLDER of real objects (with manifest.jsonl): measure its val split instead of drawing the two example objects.
The lifted features come from the simulated teacher, which knows the parts: the sheet shows the engine and the learned
features of partwise-small, not what a real vision encoder sees. `partwise lift --preview` shows that.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from partwise import Segmenter, Shape
from partwise.datasets.objects import RealObjects
from partwise.io.geometry import Geometry
from partwise.lift.cameras import cmat_paper
from partwise.lift.lifting import lift_onto, sample_points
from partwise.lift.preview import feature_colors, preview_sheet
from partwise.lift.project import CMAT_PAPER
from partwise.lift.render import render_views, scene_of
from partwise.lift.simulated import SimulatedTeacher, name_embeddings

ROOT = Path(__file__).parent.parent
POINTS, WIDTH = 4096, 64
VIEWS = cmat_paper()
# What the nodes of the example objects are called, by the first of these words in their names; the rest is body.
PART_WORDS = ("wheel", "window", "headlight", "taillight", "door", "dark")


def main() -> None:
    """Print shares of the colours' variance that lie between parts; draw the sheet unless a folder is given."""
    segmenter, rows = Segmenter.from_pretrained(), []
    if len(sys.argv) > 1:
        for shape, part in labelled(RealObjects(sys.argv[1], "val")):
            rows.append(shares(*features_of(segmenter, shape, part)))
        print(f"mean of {len(rows)} objects: " + report(np.mean(rows, axis=0)))
        return
    sheets = []
    for file in sorted((ROOT / "examples" / "objects").glob("*.glb")):
        shape = Shape.read(file)
        part = np.array([part_of(name) for name in shape.geometry.node_names])[shape.geometry.face_node]
        points, of_points, lifted, learned = features_of(segmenter, shape, part)
        print(f"{file.name}: " + report(shares(points, of_points, lifted, learned)))
        sheets.append(preview_sheet(render_views(scene_of(shape), VIEWS[:6]), points, [lifted, learned]))
    picture = Image.fromarray(np.concatenate(sheets))
    picture = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)
    picture.save(ROOT / "docs" / "images" / "lift_preview.png", optimize=True)


def labelled(objects):
    """Meshes of real objects that have two named parts or more, and the part of each face; -1 without a name."""
    for index in range(len(objects)):
        surface = objects.surface(index)
        geometry = Geometry(surface.vertices.astype(np.float64), faces=surface.faces.astype(np.int64))
        yield Shape(geometry, "y", "given", "m", "given"), surface.face_part


def features_of(segmenter, shape, part):
    """Points, the part of each, the simulated teacher's lifted features and the learned ones, in canonical space."""
    rng = np.random.default_rng(0)
    teacher = SimulatedTeacher(name_embeddings(int(part.max()) + 1, WIDTH, rng))
    points, face = sample_points(shape, POINTS, rng)
    lifted = lift_onto(shape, points, face, VIEWS, CMAT_PAPER, lambda views: teacher.encode(views, part, rng))
    look = segmenter.look(Shape.of(lifted.target.points, up="y"), points=POINTS, draws=1)
    return lifted.target.points, part[face], lifted.features, look.embedding.features[0].clone()


def shares(points, part, lifted, learned):
    """The share of variance between parts of the place itself, of lifted colours, of learned colours."""
    colors = (points, feature_colors(lifted), feature_colors(learned))
    return [between_parts(values[part >= 0].astype(float), part[part >= 0]) for values in colors]


def between_parts(values: np.ndarray, part: np.ndarray) -> float:
    """1 if every part has one colour, 0 if all parts have the same mix."""
    own = np.unique(part, return_inverse=True)[1]
    means = np.stack([values[own == p].mean(axis=0) for p in range(own.max() + 1)])
    middle = values.mean(axis=0)
    return np.square(means[own] - middle).sum() / np.square(values - middle).sum()


def part_of(name: str) -> int:
    """The number of a node's part, by its name."""
    found = [number for number, word in enumerate(PART_WORDS) if word in name.lower()]
    return found[0] + 1 if found else 0


def report(values) -> str:
    """One line."""
    return "between parts: place {:.0%}, lifted (simulated) {:.0%}, learned {:.0%}".format(*values)


if __name__ == "__main__":
    main()
