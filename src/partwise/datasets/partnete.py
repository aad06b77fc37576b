"""PartNetE (PartNet-Ensembled, Liu et al. 2023): dense coloured clouds of 45 categories with semantic labels.

Layout: `PartNetE_meta.json` and `test/<Category>/<id>/{pc.ply, label.npy}`. label.npy is a pickled dictionary of
`semantic_seg` and `instance_seg` (N,), so it goes through the restricted reader.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np

from partwise.datasets.entries import Arrays, Entry, check_entries, convert_entries
from partwise.datasets.manifest import Manifest
from partwise.datasets.official import inside, read_json, whole_labels
from partwise.datasets.pickled import read_pickle
from partwise.datasets.source import DatasetSource
from partwise.datasets.twins import slabs, write_cloud
from partwise.errors import InputError
from partwise.io.read import read_geometry

NAMES: dict[str, tuple[str, ...]] = {
    "Bottle": ("lid",),
    "Box": ("lid",),
    "Bucket": ("handle",),
    "Camera": ("button", "lens"),
    "Cart": ("wheel",),
    "Chair": ("arm", "back", "leg", "seat", "wheel"),
    "Clock": ("hand",),
    "CoffeeMachine": ("button", "container", "knob", "lid"),
    "Dishwasher": ("door", "handle"),
    "Dispenser": ("head", "lid"),
    "Display": ("base", "screen", "support"),
    "Door": ("frame", "door", "handle"),
    "Eyeglasses": ("body", "leg"),
    "Faucet": ("spout", "switch"),
    "FoldingChair": ("seat",),
    "Globe": ("sphere",),
    "Kettle": ("lid", "handle", "spout"),
    "Keyboard": ("cord", "key"),
    "KitchenPot": ("lid", "handle"),
    "Knife": ("blade",),
    "Lamp": ("base", "body", "bulb", "shade"),
    "Laptop": ("keyboard", "screen", "shaft", "touchpad", "camera"),
    "Lighter": ("lid", "wheel", "button"),
    "Microwave": ("display", "door", "handle", "button"),
    "Mouse": ("button", "cord", "wheel"),
    "Oven": ("door", "knob"),
    "Pen": ("cap", "button"),
    "Phone": ("lid", "button"),
    "Pliers": ("leg",),
    "Printer": ("button",),
    "Refrigerator": ("door", "handle"),
    "Remote": ("button",),
    "Safe": ("door", "switch", "button"),
    "Scissors": ("blade", "handle", "screw"),
    "Stapler": ("body", "lid"),
    "StorageFurniture": ("door", "drawer", "handle"),
    "Suitcase": ("handle", "wheel"),
    "Switch": ("switch",),
    "Table": ("door", "drawer", "leg", "tabletop", "wheel", "handle"),
    "Toaster": ("button", "slider"),
    "Toilet": ("lid", "seat", "button"),
    "TrashCan": ("footpedal", "lid", "door"),
    "USB": ("cap", "rotation"),
    "WashingMachine": ("door", "button"),
    "Window": ("window",),
}

FOLDER = "data"
META = "PartNetE_meta.json"
SOURCE = DatasetSource(
    name="partnete",
    title="PartNetE (PartNet-Ensembled), test",
    where="huggingface.co/datasets/minghua/PartSLIP: data/test.zip (9.4 GB) unpacked beside PartNetE_meta.json",
    licence="terms of PartNet-Mobility: non-commercial research, no redistribution",
    files=(META, *(f"test/{category}/" for category in NAMES)),
    counts={"test shapes": 1906, "categories": 45},
)
MOCK_POINTS = 300
MOCK_SHAPES = 1  # of each category


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Write the converted layout: dense clouds with colours, -1 where a point belongs to none of the parts."""
    folder = _folder(Path(source_root))
    return convert_entries(SOURCE, folder, out_root, _entries(folder), NAMES)


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a copy, a line each; empty if it is whole."""
    return check_entries(SOURCE, source_root, _folder, _entries)


def _folder(root: Path) -> Path:
    return inside(root, FOLDER, META)


def _entries(folder: Path) -> list[Entry]:
    """Every shape folder, categories in the order of NAMES, shapes by name. Raises InputError for another meta file."""
    meta = read_json(folder / META, dict)
    for category, names in NAMES.items():
        if meta.get(category) != list(names):
            raise InputError(
                f"{folder / META}, key {category!r}: {meta.get(category)!r}, but {list(names)} was published: "
                "get the file again"
            )
    found = []
    for category in NAMES:
        for shape in sorted(path for path in (folder / "test" / category).glob("*") if path.is_dir()):
            files = (shape / "pc.ply", shape / "label.npy")
            uid = f"{category}_{shape.name}"
            found.append(Entry("test", uid, category, files, partial(_read, *files, category)))
    return found


def _read(cloud: Path, label_file: Path, category: str) -> Arrays:
    geometry = read_geometry(cloud)
    stored = dict(read_pickle(label_file, "dict")).get("semantic_seg")
    place = f"{label_file}, key 'semantic_seg'"
    if not isinstance(stored, np.ndarray) or stored.shape != (len(geometry.points),):
        found = getattr(stored, "shape", type(stored).__name__)
        raise InputError(
            f"{place}: found {found}, but one label for each of {len(geometry.points):,} points of pc.ply"
        )
    arrays = {
        "points": geometry.points.astype(np.float32),
        "labels": whole_labels(stored, -1, len(NAMES[category]) - 1, place),
    }
    if geometry.colors is None:
        raise InputError(f"{cloud}: the cloud has no colours, but the published ones have: get it again")
    return arrays | {"colors": np.ascontiguousarray(geometry.colors[:, :3])}


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: all 45 categories, a small cloud each, a third of it unlabelled."""
    rng, folder = np.random.default_rng(seed), Path(root)
    folder.mkdir(parents=True, exist_ok=True)
    meta = {category: list(names) for category, names in NAMES.items()}
    (folder / META).write_text(json.dumps(meta), encoding="utf-8")
    for index, (category, names) in enumerate(NAMES.items()):
        for number in range(MOCK_SHAPES):
            shape = folder / "test" / category / str(100 * index + number)
            shape.mkdir(parents=True, exist_ok=True)
            points, _, labels = slabs(rng, MOCK_POINTS, len(names))
            labels[rng.random(MOCK_POINTS) < 1 / 3] = -1
            colors = rng.integers(0, 256, (MOCK_POINTS, 3)).astype(np.uint8)
            write_cloud(shape / "pc.ply", points, colors)
            stored = {"semantic_seg": labels, "instance_seg": labels.copy()}
            with (shape / "label.npy").open("wb") as file:
                np.save(file, np.array(stored, dtype=object))
