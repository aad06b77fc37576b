"""ScanObjectNN with part labels (Uy et al. 2019): real scans of 15 categories, the surroundings taken away.

Layout: `object_dataset_complete_with_parts/split_new.txt` (file, category id, `t` for test) and
`<category>/<name>.bin`, `<name>_part.bin`, float32 after one header value.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int32

from partwise.datasets.entries import Arrays, Entry, check_entries, convert_entries
from partwise.datasets.manifest import Manifest
from partwise.datasets.official import inside, present, read_lines, whole_labels
from partwise.datasets.source import DatasetSource
from partwise.datasets.twins import slabs
from partwise.errors import InputError

FOLDERS = ("object_dataset_complete_with_parts", "object_dataset_complete_with_parts_")
POINT_COLUMNS, PART_COLUMNS = 11, 2  # x y z nx ny nz r g b instance semantic; something, part
# Of the last column: not annotated, wall, floor. What is left and most frequent is the object.
BACKGROUND = (0, 1, 2)
SOURCE = DatasetSource(
    name="scanobjectnn-part",
    title="ScanObjectNN with parts",
    where="object_dataset_complete_with_parts.zip, by the form at hkust-vgd.github.io/scanobjectnn",
    licence="terms of ScanObjectNN and of the scans below it: research use, no redistribution",
    files=("split_new.txt",),
    counts={"categories": 15},
)
MOCK_POINTS = 160

# In the order of the category ids. Stored part ids count from 1; 0 is what no name fits, and becomes unlabelled.
NAMES: dict[str, tuple[str, ...]] = {
    "bag": ("bag body", "handle", "shoulder strap"),
    "bin": ("container", "outside frame", "cover"),
    "box": ("container", "containing things", "bottom", "cover"),
    "cabinet": ("countertop", "shelf", "frame", "drawer", "base", "door"),
    "chair": ("back", "arm", "base", "seat"),
    "desk": ("desktop", "base", "drawer"),
    "display": ("screen", "base"),
    "door": ("outside frame", "door"),
    "shelf": ("frame", "surface", "thing"),
    "table": ("tabletop", "base"),
    "bed": ("sleep area", "frame"),
    "pillow": ("pillow",),
    "sink": ("bowl", "faucet", "drain"),
    "sofa": ("back", "arm", "base", "seat"),
    "toilet": ("tank", "bowl", "cover", "seat", "base"),
}
# Stored part ids 0, 1, ... -> labels, where a name is left out: a bin's "base" (3), a chair's "head" (1).
REMAP: dict[str, tuple[int, ...]] = {"bin": (-1, 0, 1, -1, 2), "chair": (-1, -1, 0, 1, 2, 3)}


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Write the converted layout: of each scan the points of the object, -1 where no part name fits."""
    folder = _folder(Path(source_root))
    return convert_entries(SOURCE, folder, out_root, _entries(folder), NAMES)


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a copy, a line each; empty if it is whole."""
    return check_entries(SOURCE, source_root, _folder, _entries)


def _folder(root: Path) -> Path:
    shorter, longer = FOLDERS  # the publisher's archive and the release of COPS name it differently
    return inside(root, longer if (Path(root) / longer).is_dir() else shorter, "split_new.txt")


def _entries(folder: Path) -> list[Entry]:
    """Every row of split_new.txt. Raises MissingDataError without it, InputError for a damaged row."""
    path, categories, found = folder / "split_new.txt", tuple(NAMES), []
    for number, line in enumerate(read_lines(path), 1):
        words = line.split()
        known = len(words) in (2, 3) and words[1].isascii() and words[1].isdigit()
        if not known or int(words[1]) >= len(categories) or words[2:] not in ([], ["t"]):
            raise InputError(
                f"{path}, line {number}: {line[:60]!r}, but '<name>.bin <category 0..14>' was expected, "
                "with a t behind it for the test split"
            )
        category, stem = categories[int(words[1])], Path(words[0]).stem
        files = (folder / category / f"{stem}.bin", folder / category / f"{stem}_part.bin")
        split = "test" if words[2:] else "train"
        found.append(Entry(split, f"{category}_{stem}", category, files, partial(_read, *files, category)))
    return found


def _read(points_file: Path, parts_file: Path, category: str) -> Arrays:
    points, parts = _rows(points_file, POINT_COLUMNS), _rows(parts_file, PART_COLUMNS)
    if len(points) != len(parts):
        raise InputError(
            f"{parts_file}: {len(parts):,} rows for {len(points):,} points of {points_file.name}: "
            "one of the two files is truncated"
        )
    kind = points[:, -1]
    counted, counts = np.unique(kind[~np.isin(kind, BACKGROUND)], return_counts=True)
    if not len(counted):
        raise InputError(f"{points_file}: every point is background: the file is damaged")
    kept = kind == counted[np.argmax(counts)]  # the first of equals, as the published loaders have it
    remap = _remap(category)
    stored = whole_labels(np.where(kept, parts[:, -1], 0), 0, len(remap) - 1, parts_file)
    points = points[kept]
    arrays = {"points": points[:, :3], "labels": remap[stored[kept]]}
    if np.isfinite(points[:, 3:6]).all():  # a scanner knows no normal at a lone point
        arrays["normals"] = points[:, 3:6]
    rgb = points[:, 6:9]
    if np.isfinite(rgb).all():
        scale = 255.0 if rgb.max() <= 1.0 else 1.0  # the publisher does not say which of the two
        arrays["colors"] = np.clip(np.rint(rgb * scale), 0, 255).astype(np.uint8)
    return arrays


def _remap(category: str) -> Int32[np.ndarray, "K"]:
    """The label of each stored part id."""
    return np.array(REMAP.get(category, range(-1, len(NAMES[category]))), dtype=np.int32)


def _rows(path: Path, columns: int) -> Float32[np.ndarray, "R C"]:
    """The table of a file behind its header value. Raises InputError if the length or a value cannot be."""
    size = present(path).stat().st_size
    if size % 4 or size < 4 * (1 + columns) or (size // 4 - 1) % columns:
        raise InputError(
            f"{path}: {size:,} bytes, but 4 + 4 x {columns} x points were expected: the file is truncated"
        )
    values = np.fromfile(path, dtype="<f4")
    rows = values[1:].reshape(-1, columns)
    if columns == POINT_COLUMNS and values[0] != len(rows):
        raise InputError(
            f"{path}: it announces {values[0]:g} points, but {len(rows):,} follow: the file is truncated"
        )
    return rows


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: all 15 categories, one training and one test scan each."""
    rng, folder = np.random.default_rng(seed), Path(root) / FOLDERS[0]
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for index, category in enumerate(NAMES):
        (folder / category).mkdir(exist_ok=True)
        for number, mark in enumerate(("", "\tt")):
            points, normals, labels = slabs(rng, MOCK_POINTS, len(_remap(category)))
            kind = rng.choice([0.0, 1.0, 2.0, 5.0, 39.0], MOCK_POINTS, p=[0.1, 0.1, 0.1, 0.6, 0.1])
            rgb = rng.integers(0, 256, (MOCK_POINTS, 3))
            rows = np.column_stack([points, normals, rgb, np.arange(MOCK_POINTS) % 7, kind])
            name = f"scene{index:04d}_00_{number:05d}"
            _write(folder / category / f"{name}.bin", rows)
            _write(folder / category / f"{name}_part.bin", np.column_stack([kind, labels]))
            lines.append(f"{name}.bin\t{index}{mark}")
    (folder / "split_new.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write(path: Path, rows: np.ndarray) -> None:
    np.concatenate([[len(rows)], rows.reshape(-1)]).astype("<f4").tofile(path)
