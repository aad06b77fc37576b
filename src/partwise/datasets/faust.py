"""FAUST with the coarse labels of SATR (Abdelreheem et al. 2023): meshes of people, a label on each vertex.

Layout: `meshes.txt` (one <name>.obj a line), `scans/<name>.obj` and `coarse_gt.json` ({name: [a word per vertex]}).
FAUST itself comes by registration, the labels from the repository of SATR.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from partwise.datasets.entries import Arrays, Entry, check_entries, convert_entries
from partwise.datasets.manifest import Manifest
from partwise.datasets.official import inside, read_json, read_lines
from partwise.datasets.source import DatasetSource
from partwise.datasets.twins import boxes
from partwise.errors import InputError
from partwise.io.read import read_geometry

FOLDER = "FAUST"
CATEGORY = "human"  # as COPS asks; SATR asks about a man
NAMES: dict[str, tuple[str, ...]] = {CATEGORY: ("arm", "head", "leg", "torso")}
SOURCE = DatasetSource(
    name="faust-coarse",
    title="FAUST with the coarse labels of SATR",
    where="meshes: faust-leaderboard.is.tuebingen.mpg.de, by registration; labels and meshes.txt: the data folder of "
    "github.com/Samir55/SATR",
    licence="FAUST licence: non-commercial research, by registration",
    files=("meshes.txt", "coarse_gt.json", "scans/"),
)
MOCK_SHAPES = 3


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Write the converted layout: every mesh is a shape of the split `test`, points are its vertices."""
    folder = _folder(Path(source_root))
    return convert_entries(SOURCE, folder, out_root, _entries(folder), NAMES)


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a copy, a line each; empty if it is whole."""
    return check_entries(SOURCE, source_root, _folder, _entries)


def _folder(root: Path) -> Path:
    return inside(root, FOLDER, "coarse_gt.json")


def _entries(folder: Path) -> list[Entry]:
    """Every mesh of meshes.txt. Raises MissingDataError or InputError for a damaged or incomplete list."""
    path = folder / "coarse_gt.json"
    labels, found = read_json(path, dict), []
    for number, line in enumerate(read_lines(folder / "meshes.txt"), 1):
        if not line.strip():
            continue
        name = line.strip().removesuffix(".obj")
        if name not in labels or not name or Path(name).name != name:
            raise InputError(
                f"{folder / 'meshes.txt'}, line {number}: {line[:60]!r} has no labels in coarse_gt.json: "
                "take both files from the same release"
            )
        mesh = folder / "scans" / f"{name}.obj"
        read = partial(_read, mesh, labels[name], f"{path}, key {name!r}")
        found.append(Entry("test", name, CATEGORY, (mesh, path), read))
    return found


def _read(mesh: Path, words: Any, place: str) -> Arrays:
    names = NAMES[CATEGORY]
    if not isinstance(words, list):
        raise InputError(f"{place}: a {type(words).__name__}, but a list of words was expected")
    wrong = next((row for row, word in enumerate(words) if word not in names), None)
    if wrong is not None:
        raise InputError(
            f"{place}, vertex {wrong}: {words[wrong]!r}, but one of {', '.join(names)} was expected"
        )
    geometry = read_geometry(mesh)
    if geometry.faces is None or len(geometry.points) != len(words):
        raise InputError(
            f"{place}: {len(words):,} labels for {len(geometry.points):,} vertices of {mesh.name}"
        )
    return {
        "points": geometry.points.astype(np.float32),
        "faces": geometry.faces.astype(np.int32),
        "labels": np.array([names.index(word) for word in words], dtype=np.int32),
    }


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: three bodies of stacked boxes, one box a part."""
    rng, folder = np.random.default_rng(seed), Path(root) / FOLDER
    (folder / "scans").mkdir(parents=True, exist_ok=True)
    labels = {}
    for number in range(MOCK_SHAPES):
        name, (points, faces) = f"tr_scan_{number:03d}", boxes(rng, len(NAMES[CATEGORY]))
        lines = [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in points]
        lines += [f"f {a} {b} {c}" for a, b, c in faces + 1]
        (folder / "scans" / f"{name}.obj").write_text("\n".join(lines) + "\n", encoding="utf-8")
        labels[name] = [word for word in NAMES[CATEGORY] for _ in range(8)]
    (folder / "coarse_gt.json").write_text(json.dumps(labels), encoding="utf-8")
    names = "".join(f"{name}.obj\n" for name in labels)
    (folder / "meshes.txt").write_text(names, encoding="utf-8")
