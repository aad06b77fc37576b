"""PIADv2 (Shao et al., CVPR 2025, GREAT): clouds with one affordance each, and images of people at it.

Layout, in `Seen/`, `Unseen_obj/` and `Unseen_aff/`: `{Point,Img}_{train,test}.txt`, one path a line, and of each image
a line of text in `hk_*.txt` (what is done) and `ok_*.txt` (the object's form). Paths end in
`<Object>/<Instance>/<Affordance>/<file>`; a cloud is an NPY of (2048,4): x y z and the mask. Where a copy has
`*_val.txt` lists, they make a split "val".
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from partwise.datasets.affordance_words import PIADV2_LABELS, PIADV2_OBJECTS
from partwise.datasets.converted_item import Item
from partwise.datasets.heat_twins import OFFERS, cloud, spot
from partwise.datasets.image_pairs import ListedDataset, ListedSplit
from partwise.datasets.official import read_npy
from partwise.datasets.shape_pickles import heat_item
from partwise.datasets.source import DatasetSource
from partwise.datasets.streams import Words
from partwise.errors import InputError

SPLITS, LISTS = ("train", "test"), ("Point", "Img", "hk", "ok")
WORDS = Words(PIADV2_OBJECTS, PIADV2_LABELS)
# What a whole copy of each setting holds.
COUNTS = {
    "Seen": {"train categories": 43, "train affordances asked": 24},
    "Unseen_obj": {"train categories": 32, "test categories": 11, "test affordances asked": 13},
    "Unseen_aff": {"train categories": 41, "test categories": 11, "test affordances asked": 6},
}
# Objects that a setting keeps for its test, and those that it takes out of training.
UNSEEN_OBJECTS = (
    *("Baseballbat", "Bucket", "Clock", "Fork", "Kettle", "Laptop", "Mop", "Motorcycle", "Refrigerator"),
    *("Scissors", "Skateboard"),
)
UNSEEN_AFFORDANCES = ("carry", "listen", "lay", "pour", "cut", "pull")
NOT_TRAINED_UNSEEN_AFF = ("Backpack", "Suitcase")


def piadv2_source(setting: str) -> DatasetSource:
    """What is known about one of the settings "Seen", "Unseen_obj", "Unseen_aff"."""
    return DatasetSource(
        name=f"piadv2-{setting.lower().replace('_', '-')}",
        title=f"PIADv2, {setting}",
        where="the link in the README of github.com/yawen-shao/GREAT_code",
        licence="the repository names none: research, no redistribution",
        files=tuple(f"{setting}/{kind}_{split}.txt" for split in SPLITS for kind in LISTS),
        counts=COUNTS[setting],
    )


def piadv2_splits(root: Path, setting: str) -> dict[str, ListedSplit]:
    """The splits of a setting; images and texts are only listed, clouds are read."""
    names = [*SPLITS, *(["val"] if (root / setting / "Point_val.txt").is_file() else [])]
    found = {}
    for split in names:
        points, images, *texts = (f"{setting}/{kind}_{split}.txt" for kind in LISTS)
        found[split] = ListedSplit(
            root, points, images, tuple(texts), _allowed(setting, split), read_cloud, _shown
        )
    return found


def _allowed(setting: str, split: str) -> tuple[str, ...]:
    if setting == "Unseen_obj":
        return tuple(name for name in PIADV2_OBJECTS if (name in UNSEEN_OBJECTS) == (split == "test"))
    if setting == "Unseen_aff" and split != "test":
        return tuple(name for name in PIADV2_OBJECTS if name not in NOT_TRAINED_UNSEEN_AFF)
    return PIADV2_OBJECTS


def _shown(path: Path) -> tuple[str, str] | None:
    parts = path.parts
    return (parts[-4], parts[-2]) if len(parts) >= 4 and parts[-2] in PIADV2_LABELS else None


def read_cloud(path: Path) -> Item:
    """The cloud of a file, named object-instance+affordance-file. Raises InputError, UnsafeError for a pickle."""
    shown = _shown(path)
    if shown is None:
        raise InputError(f"{path} lies in no <Object>/<Instance>/<Affordance>")
    table = read_npy(path)
    if (
        table.ndim != 2
        or table.shape[1] != 4
        or table.dtype.kind not in "fiu"
        or not np.isfinite(table).all()
    ):
        raise InputError(f"{path} is {table.dtype} {table.shape}, expected finite (N,4): x y z and a mask")
    category, affordance = shown
    uid = f"{category}-{path.parts[-3]}".replace("+", "_") + f"+{affordance}-{path.stem}"
    uid = re.sub(r"[^A-Za-z0-9_.+-]", "_", uid)
    return heat_item(uid, category, table[:, :3].astype(np.float32), {affordance: table[:, 3]}, str(path))


def mock_piadv2(root: Path, seed: int, setting: str) -> None:
    """Write a synthetic copy of a setting: a cloud, an image and two texts of each mock object and affordance."""
    for number, split in enumerate(SPLITS):
        rng = np.random.default_rng([seed, number])
        lines: dict[str, list[str]] = {kind: [] for kind in LISTS}
        for category, affordance in _mock_offers(setting, split):
            place = f"{setting}/{{}}/{split}/{category}/{category.lower()}1/{affordance}"
            points = cloud(rng)
            table = np.concatenate([points, spot(rng, points)], axis=1).astype(np.float32)
            cloud_path, image_path = (f"{place.format(kind)}/{split}_1" for kind in ("Point", "Img"))
            (root / cloud_path).parent.mkdir(parents=True, exist_ok=True)
            np.save(root / f"{cloud_path}.npy", table, allow_pickle=False)
            (root / image_path).parent.mkdir(parents=True, exist_ok=True)
            picture = Image.fromarray(rng.integers(0, 256, (16, 20, 3), dtype=np.uint8))
            picture.save(root / f"{image_path}.jpg")
            lines["Point"].append(f"Data/{cloud_path}.npy")
            lines["Img"].append(f"Data/{image_path}.jpg")
            lines["hk"].append(f"Mock: a person is about to {affordance} the {category}.")
            lines["ok"].append(f"Mock: the form of the {category}.")
        for kind, text in lines.items():
            (root / setting / f"{kind}_{split}.txt").write_text("\n".join(text) + "\n", encoding="utf-8")


def _mock_offers(setting: str, split: str) -> list[tuple[str, str]]:
    """(object, affordance) that a mock split holds, by the rule of the setting."""
    offers = {**OFFERS, "Kettle": ("grasp", "pour"), "Suitcase": ("carry", "pull"), "Guitar": ("play",)}
    found = [
        (name, deed) for name, deeds in offers.items() if name in _allowed(setting, split) for deed in deeds
    ]
    if setting != "Unseen_aff":
        return found
    return [(name, deed) for name, deed in found if (deed in UNSEEN_AFFORDANCES) == (split == "test")]


def _dataset(setting: str) -> ListedDataset:
    splits, made_up = partial(piadv2_splits, setting=setting), partial(mock_piadv2, setting=setting)
    return ListedDataset(piadv2_source(setting), WORDS, splits, made_up)


SEEN = _dataset("Seen")  # 43 objects and 24 affordances in training and test
UNSEEN_OBJ = _dataset("Unseen_obj")  # the test shows 11 new objects
UNSEEN_AFF = _dataset("Unseen_aff")  # the test asks 6 new affordances
