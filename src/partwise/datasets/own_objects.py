"""Real objects with named nodes (a folder of GLB files and manifest.jsonl, see `objects`), through the same door."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from partwise.datasets.entries import convert_samples
from partwise.datasets.manifest import Manifest
from partwise.datasets.objects import RealObjects
from partwise.datasets.source import DatasetSource, file_problems
from partwise.datasets.twins import boxes
from partwise.datasets.world.surface import Scan
from partwise.errors import PartwiseError
from partwise.io.geometry import Geometry
from partwise.io.glb import write_glb

SPLITS = ("train", "val")
SOURCE = DatasetSource(
    name="objects",
    title="real objects with named nodes",
    where="a folder of your own: GLB files and manifest.jsonl, one object a line with path, category, split and nodes",
    licence="that of each object, as manifest.jsonl says",
    files=("manifest.jsonl",),
)
MOCK_OBJECTS = {"train": ("cabinet", "mug"), "val": ("lamp",)}


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Draw 2,048 points on every object with at least two part names and write the converted layout."""
    sets = {split: RealObjects(source_root, split, scan=Scan()) for split in SPLITS}
    return convert_samples(
        SOURCE, Path(source_root), out_root, sets, lambda sample: Path(source_root) / sample.uid
    )


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a folder, a line each: manifest, missing or damaged files; empty if it is whole."""
    problems = file_problems(SOURCE, Path(source_root))
    if problems:
        return problems
    try:
        objects = RealObjects(source_root, "all", least_names=0)
    except PartwiseError as error:
        return [str(error)]
    for index in range(len(objects)):
        try:
            objects.surface(index)
        except PartwiseError as error:
            problems.append(str(error))
    return problems


def mock(root: Path | str, seed: int) -> None:
    """Write three objects of two named boxes each, and their manifest."""
    rng, folder, rows = np.random.default_rng(seed), Path(root), []
    folder.mkdir(parents=True, exist_ok=True)
    names, colors = ("body", "knob"), np.array([[200, 60, 60], [60, 60, 200]], dtype=np.uint8)
    for split, categories in MOCK_OBJECTS.items():
        for category in categories:
            points, faces = boxes(rng, 2)
            face_labels = np.repeat(np.arange(2, dtype=np.int32), len(faces) // 2)
            labels = np.repeat(np.arange(2, dtype=np.int32), len(points) // 2)
            write_glb(
                folder / f"{category}.glb", Geometry(points, faces), face_labels, labels, names, colors, {}
            )
            nodes = [{"name": name, "clean_part_name": name} for name in names]
            rows.append({"path": f"{category}.glb", "category": category, "split": split, "nodes": nodes})
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "manifest.jsonl").write_text(text, encoding="utf-8")
