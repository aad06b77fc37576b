"""Real objects with named parts: a folder of GLB files and its manifest, as samples like those of the world.

The folder holds manifest.jsonl, one object per line: `path`, `category`, `split` and `nodes`, a list of
{`name`, `clean_part_name` or null}. Names sit on the scene nodes of the files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np

from partwise.checks import checked_seed
from partwise.datasets.sample import PartName, Sample
from partwise.datasets.world.surface import Scan, Surface, draw, spoil
from partwise.datasets.world.words import phrases
from partwise.errors import InputError, MissingDataError
from partwise.io.read import read_geometry

ENVIRONMENT = "PARTWISE_OBJECTS"
SPLITS = ("train", "val", "all")


class RealObjects:
    """The objects of one split, sampled as `scan` says.

    root         the folder; left out, the environment variable PARTWISE_OBJECTS names it
    split        "train", "val" or "all"
    least_names  how many different part names an object needs; 0 takes every object
    seed         sample `index` is a pure function of (seed, index)
    without      categories to leave out, as the held-out ones are in training

    Raises MissingDataError without folder, manifest or file, InputError for a damaged line or file
    and for a seed that is none.
    """

    def __init__(
        self,
        root: Path | str | None = None,
        split: str = "train",
        least_names: int = 2,
        scan: Scan | None = None,
        seed: int = 0,
        without: Collection[str] = (),
    ) -> None:
        if split not in SPLITS:
            raise InputError(f"unknown split {split!r}: use one of {', '.join(SPLITS)}")
        self.root, self.scan, self.seed = _folder(root), scan or Scan(), checked_seed(seed)
        rows = [row for row in _manifest(self.root / "manifest.jsonl") if split in ("all", row["split"])]
        rows = [row for row in rows if row["category"] not in without]
        self.rows = [row for row in rows if len(set(_names(row))) >= least_names]
        self._surfaces: dict[int, Surface] = {}

    def redrawn(self, scan: Scan, seed: int) -> RealObjects:
        """The same objects drawn in another way; files that were read are not read again."""
        twin = copy(self)
        twin.scan, twin.seed = scan, seed
        return twin

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} is not within 0..{len(self) - 1}")
        return self.sample(index, np.random.default_rng([self.seed, index]))

    def sample(self, index: int, rng: np.random.Generator) -> Sample:
        """Object `index` as points drawn with `rng`; no affordances are known of it."""
        row, surface = self.rows[index], self.surface(index)
        drawn = draw(surface, self.scan, rng)
        points, normals, stray = spoil(drawn.points, drawn.normals, self.scan, rng)
        labels = np.where(stray, np.int16(-1), surface.face_part[drawn.face])
        heat = np.zeros((len(points), 0), dtype=np.float32)
        return Sample(points, normals, labels, self.parts(index), row["category"], row["path"], (), heat)

    def parts(self, index: int) -> tuple[PartName, ...]:
        """The part names of object `index`, each once, in the order of its nodes, with the world's words for them."""
        row = self.rows[index]
        return tuple(PartName(n, n, phrases(n, row["category"])) for n in dict.fromkeys(_names(row)))

    def surface(self, index: int) -> Surface:
        """The triangles of object `index`, each with the index of its part or -1."""
        if index not in self._surfaces:
            row = self.rows[index]
            self._surfaces[index] = _surface(self.root / row["path"], row)
        return self._surfaces[index]


def _folder(root: Path | str | None) -> Path:
    root = root or os.environ.get(ENVIRONMENT)
    if not root:
        raise MissingDataError(f"no folder of objects was given: pass root=... or set {ENVIRONMENT} to it")
    if not (Path(root) / "manifest.jsonl").is_file():
        raise MissingDataError(
            f"{root} has no manifest.jsonl: give the folder that holds the GLB files and their manifest, "
            f"as root=... or in {ENVIRONMENT}"
        )
    return Path(root)


def _manifest(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as UTF-8 text ({error}): restore the file") from None
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            rows.append({key: row[key] for key in ("path", "category", "split", "nodes")})
            texts = [row["path"], row["category"], row["split"], *(node["name"] for node in row["nodes"])]
            texts += _names(row)
            if not all(isinstance(text, str) for text in texts):
                raise TypeError("a name, path, category or split that is no text")
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"line {number} of {path} is damaged ({error!r}): "
                "expected JSON with path, category, split and nodes"
            ) from None
    return rows


def _names(row: dict[str, Any]) -> list[str]:
    return [node["clean_part_name"] for node in row["nodes"] if node["clean_part_name"]]


def _surface(path: Path, row: dict[str, Any]) -> Surface:
    """All triangles of a file, each with the index of its node's name among the part names, or -1."""
    if not path.is_file():
        raise MissingDataError(f"{path} is named in the manifest but is not there: complete the folder")
    geometry = read_geometry(path)
    if geometry.faces is None or geometry.face_node is None:
        raise InputError(f"{path} holds no triangles under named nodes: restore the file")
    names = list(dict.fromkeys(_names(row)))
    clean = {node["name"]: node["clean_part_name"] for node in row["nodes"]}
    part = [names.index(clean[node]) if clean.get(node) else -1 for node in geometry.node_names]
    return Surface(geometry.points, geometry.faces, np.asarray(part, dtype=np.int16)[geometry.face_node])
