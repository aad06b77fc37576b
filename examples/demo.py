"""`make demo`: parts and actions of a real car and a real washing machine, and files to open.

Both objects were kept out of training. Their files carry part names of their own, which the model never sees; the
agreement that is printed is measured against them, by area.
"""

from pathlib import Path

import numpy as np

from partwise import Segmenter, Shape

HERE = Path(__file__).parent
OUT = Path("demo_out")
# Phrase to ask -> what the names of the file's own nodes contain where they mean it; the first that fits counts.
OBJECTS = {
    "car.glb": {
        "wheel": ("Wheel",),
        "window": ("__Windows",),
        "body": ("NormalCar1__",),
    },
    "washer.glb": {"door": ("Door",), "body": ("washer",)},
}


ACTIONS = {"car.glb": ("move", "ride"), "washer.glb": ("open", "where do i push")}


def main() -> None:
    """Ask both objects for parts and actions, compare parts with the files' own names, write every kind of result."""
    OUT.mkdir(exist_ok=True)
    segmenter = Segmenter.from_pretrained()
    for name, meanings in OBJECTS.items():
        shape = Shape.read(HERE / "objects" / name)
        look = segmenter.look(shape)  # one pass of the model serves parts and actions
        parts = segmenter.segment(look, list(meanings))
        print(f"{name}: {len(shape.faces):,} faces, asked for {', '.join(meanings)}")
        truth = np.array([own_label(node, meanings) for node in shape.geometry.node_names])[
            shape.geometry.face_node
        ]
        area = face_areas(shape)
        for index, phrase in enumerate(meanings):
            found, own = parts.face_labels == index, truth == index
            iou = area[found & own].sum() / area[found | own].sum()
            share = area[found].sum() / area.sum()
            print(f"  {phrase:<12} {share:6.1%} of the surface, IoU with the file's own {iou:.2f}")
        stem = OUT / Path(name).stem
        written = [
            parts.write(f"{stem}.parts{suffix}") for suffix in (".glb", ".html", ".png", ".ply", ".json")
        ]
        maps = segmenter.afford(look, ACTIONS[name])
        for action, strength, offered in zip(maps.phrases, maps.strength, maps.offered, strict=True):
            print(f"  {action!r}: {'offered' if offered else 'not offered'}, strength {strength:.2f}")
        written += [maps.write(f"{stem}.heat{suffix}") for suffix in (".glb", ".html", ".png")]
        print("  wrote " + ", ".join(map(str, written)))
    print(f"Open {OUT / 'car.parts.html'} in a browser, or {OUT / 'car.parts.glb'} in Blender.")


def own_label(node: str, meanings: dict[str, tuple[str, ...]]) -> int:
    """Index of the phrase that a node's name means, -1 for none."""
    fits = [i for i, words in enumerate(meanings.values()) if any(word in node for word in words)]
    return fits[0] if fits else -1


def face_areas(shape: Shape) -> np.ndarray:
    """Area (F,) of each face."""
    a, b, c = (shape.points[shape.faces[:, k]] for k in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


if __name__ == "__main__":
    main()
