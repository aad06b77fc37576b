"""PIAD (Yang et al., ICCV 2023): clouds with soft heat of 17 affordances, and images of people using such objects.

Layout, in `Seen/` and `Unseen/`: `Point_{Train,Test}.txt`, `Img_*.txt`, `Box_*.txt`, one path a line. A point file has
a line `shapeid Object x y z m1..m17` for each of 2,048 points; `Img_<split>_<Object>_<affordance>_<n>.jpg`; boxes are
LabelMe JSON. Test pairs image i with cloud i; training draws any clouds of the object that an image shows. Labels tell
about the object, not about the image, which only selects the affordance. There is no validation split.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from partwise.datasets.affordance_words import OBJECTS, PIAD_LABELS
from partwise.datasets.converted_item import Item
from partwise.datasets.heat_twins import OFFERS, cloud, spot
from partwise.datasets.image_pairs import ListedDataset, ListedSplit
from partwise.datasets.shape_pickles import heat_item
from partwise.datasets.source import DatasetSource
from partwise.datasets.streams import Words
from partwise.errors import InputError

SPLITS = {"train": "Train", "test": "Test"}
WORDS = Words(OBJECTS, PIAD_LABELS)
# What a whole copy of each setting holds.
COUNTS = {
    "Seen": {"train categories": 23, "test categories": 23},
    "Unseen": {"train categories": 17, "test categories": 6, "test affordances asked": 10},
}
UNSEEN_TEST_OBJECTS = ("Bed", "Dishwasher", "Microwave", "Scissors", "Vase", "Laptop")


def piad_source(setting: str) -> DatasetSource:
    """What is known about one of the two settings, "Seen" or "Unseen"."""
    return DatasetSource(
        name=f"piad-{setting.lower()}",
        title=f"PIAD, {setting}",
        where="the drive link in the README of github.com/yyvhang/IAGNet",
        licence="by statement of its authors for research only, commercial use on request; no redistribution",
        files=tuple(
            f"{setting}/{kind}_{split}.txt" for split in SPLITS.values() for kind in ("Point", "Img", "Box")
        ),
        counts=COUNTS[setting],
    )


def piad_splits(root: Path, setting: str) -> dict[str, ListedSplit]:
    """The two splits of a setting; images and boxes are only listed, clouds are read."""
    found = {}
    for split, spelled in SPLITS.items():
        points, images, boxes = (f"{setting}/{kind}_{spelled}.txt" for kind in ("Point", "Img", "Box"))
        found[split] = ListedSplit(
            root, points, images, (boxes,), _allowed(setting, split), read_points, _shown
        )
    return found


def _allowed(setting: str, split: str) -> tuple[str, ...]:
    if setting == "Seen":
        return OBJECTS
    return tuple(name for name in OBJECTS if (name in UNSEEN_TEST_OBJECTS) == (split == "test"))


def _shown(path: Path) -> tuple[str, str] | None:
    words = path.stem.split("_")  # Img_Train_Chair_sit_12
    return (words[2], words[3]) if len(words) == 5 and words[3] in PIAD_LABELS else None


def read_points(path: Path) -> Item:
    """The cloud of a point file, named by its shape id and its file. Raises InputError naming file and line."""
    rows = []
    text = path.read_text(encoding="utf-8", errors="replace")
    head: list[str] = []
    for number, line in enumerate(text.rstrip().splitlines(), start=1):
        words = line.split()
        head = head or words[:2]
        # The first two columns are text: ids such as 1e10 must not be read as numbers.
        try:
            values = np.array(words[2:], dtype=np.float64)
        except ValueError:
            values = np.full(1, np.nan)
        if words[:2] != head or len(values) != 3 + len(PIAD_LABELS) or not np.isfinite(values).all():
            raise InputError(
                f"{path}, line {number}: {line[:60]!r}, expected {' '.join(head)} x y z and {len(PIAD_LABELS)} numbers"
            )
        rows.append(values)
    if not rows:
        raise InputError(f"{path} is empty, expected 2,048 lines")
    table = np.stack(rows)
    columns = {
        name: table[:, 3 + index] for index, name in enumerate(PIAD_LABELS) if table[:, 3 + index].any()
    }
    return heat_item(f"{head[0]}+{path.stem}", head[1], table[:, :3].astype(np.float32), columns, str(path))


def mock_piad(root: Path, seed: int, setting: str) -> None:
    """Write a synthetic copy of a setting: a cloud and an image of each mock object and affordance."""
    for number, (split, spelled) in enumerate(SPLITS.items()):
        rng = np.random.default_rng([seed, number])
        lists: dict[str, list[str]] = {"Point": [], "Img": [], "Box": []}
        for category, offered in OFFERS.items():
            if category not in _allowed(setting, split):
                continue
            cloud_name = f"Point/{spelled}/{category}/Point_{spelled}_{category}_1.txt"
            _write_points(root / setting / cloud_name, rng, f"{split}{category.lower()}", category)
            for count, affordance in enumerate(offered, start=1):
                stem = f"Img_{spelled}_{category}_{affordance}_{count}"
                _write_image(root / setting / f"Img/{spelled}/{category}/{stem}.jpg", rng)
                lists["Img"].append(f"Data/{setting}/Img/{spelled}/{category}/{stem}.jpg")
                lists["Box"].append(f"Data/{setting}/Box/{spelled}/{category}/{stem}.json")
                box = root / setting / f"Box/{spelled}/{category}/{stem}.json"
                box.parent.mkdir(parents=True, exist_ok=True)
                box.write_text(json.dumps({"shapes": _BOXES}), encoding="utf-8")
                if split == "test" or count == 1:
                    lists["Point"].append(f"Data/{setting}/{cloud_name}")
        for kind, lines in lists.items():
            (root / setting / f"{kind}_{spelled}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


_BOXES = [
    {"label": "subject", "points": [[1.0, 1.0], [9.0, 9.0]], "shape_type": "rectangle"},
    {"label": "object", "points": [[4.0, 4.0], [15.0, 12.0]], "shape_type": "rectangle"},
]


def _write_points(path: Path, rng: np.random.Generator, shape: str, category: str) -> None:
    points = cloud(rng)
    table = [
        points,
        *(
            spot(rng, points) if name in OFFERS[category] else np.zeros((len(points), 1))
            for name in PIAD_LABELS
        ),
    ]
    lines = [" ".join(map(str, row)) for row in np.concatenate(table, axis=1).astype(np.float32).tolist()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{shape} {category} {line} \n" for line in lines), encoding="utf-8")


def _write_image(path: Path, rng: np.random.Generator) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 256, (16, 20, 3), dtype=np.uint8)).save(path)


def _dataset(setting: str) -> ListedDataset:
    splits, made_up = partial(piad_splits, setting=setting), partial(mock_piad, setting=setting)
    return ListedDataset(piad_source(setting), WORDS, splits, made_up)


SEEN = _dataset("Seen")  # 23 objects in training and test
UNSEEN = _dataset("Unseen")  # 17 objects in training, the 6 others in the test
