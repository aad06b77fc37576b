"""LASO (Li et al., CVPR 2024): questions about 8,434 shapes, each answered by a mask of soft heat.

Layout: `anno_{train,val,test}.pkl`, a list of {shape_id, class (lower case), affordance, mask (N,)};
`objects_{train,val,test}.pkl`, {shape_id: (N,3)}; `Affordance-Question.csv`: Object, Affordance, Question0..Question14.
Training draws one of questions 1..14, evaluation asks question 0.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from partwise.datasets.affordance_words import LASO_LABELS, OBJECTS, canonical, object_named
from partwise.datasets.converted import Pair
from partwise.datasets.converted_item import Item
from partwise.datasets.heat_twins import OFFERS, cloud, spot, write_pickle
from partwise.datasets.manifest import Manifest
from partwise.datasets.pickled import read_pickle
from partwise.datasets.shape_pickles import heat_item, value
from partwise.datasets.source import DatasetSource
from partwise.datasets.streams import SplitFiles, Words, check_splits, convert_splits
from partwise.errors import InputError

SPLITS, QUESTIONS = ("train", "val", "test"), 15
CSV = "Affordance-Question.csv"
UNKNOWN = "unknown"  # an object without annotation: kept, and reported by `check`
SOURCE = DatasetSource(
    name="laso",
    title="LASO",
    where="the link in the README of github.com/yl3800/LASO",
    licence="the repository names none; shapes descend from PartNet and ShapeNet: research, no redistribution",
    files=(*(f"{kind}_{split}.pkl" for split in SPLITS for kind in ("anno", "objects")), CSV),
    counts={"pairs": 19_751, "objects": 8_434, "train pairs": 16_120},
)
WORDS = Words(OBJECTS, LASO_LABELS)

# GEAL (CVPR 2025) takes these pairs out of training and tests on the whole test file.
GEAL_HELD_OUT: dict[str, tuple[str, ...]] = {
    "contain": ("Microwave", "Vase", "Mug", "TrashCan"),
    "cut": ("Scissors",),
    "display": ("Display", "Laptop"),
    "grasp": ("Mug", "Scissors", "Earphone", "Hat"),
    "move": ("Table",),
    "open": ("Microwave", "TrashCan", "Door", "Bottle"),
    "pour": ("Mug", "TrashCan", "Vase"),
    "press": ("Keyboard",),
    "stab": ("Scissors",),
    "support": ("Chair", "Bed"),
    "wrap_grasp": ("Vase", "Mug"),
}
# CMAT (CVPR 2026) trains on everything and filters the test file instead.
CMAT_UNSEEN_OBJECTS = ("Bed", "Dishwasher", "Microwave", "Scissors", "Vase", "Laptop")
CMAT_UNSEEN_LABELS = (
    *("contain", "lay", "sit", "wrap_grasp", "open", "display", "stab", "grasp", "press", "cut"),
)


def geal_trains_on(category: str, affordance: str) -> bool:
    """Whether GEAL's split keeps a pair in training."""
    return category not in GEAL_HELD_OUT.get(affordance, ())


def cmat_unseen(category: str, affordance: str) -> bool:
    """Whether CMAT's filter counts a test pair as unseen."""
    return category in CMAT_UNSEEN_OBJECTS and affordance in CMAT_UNSEEN_LABELS


def cmat_seen(category: str, affordance: str) -> bool:
    """Whether CMAT's filter counts a test pair as seen: the other 17 objects, all affordances but pull."""
    return category not in CMAT_UNSEEN_OBJECTS and affordance != "pull"


# The variants by name: training pairs of "geal", test pairs of the other two.
PAIR_FILTERS: dict[str, Callable[[str, str], bool]] = {
    "geal": geal_trains_on,
    "cmat-unseen": cmat_unseen,
    "cmat-seen": cmat_seen,
}


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Write the converted layout: a pair for each annotation, with its question 0; the manifest has all questions."""
    root = Path(source_root)

    def asked(manifest: Manifest, _: Collection[str]) -> Manifest:
        return replace(manifest, questions=questions(root / CSV))

    return convert_splits(SOURCE, root, out_root, _splits(root), WORDS, asked)


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a copy, a line each; empty if it is whole."""
    return check_splits(SOURCE, source_root, _splits(Path(source_root)), WORDS)


def _splits(root: Path) -> dict[str, SplitFiles]:
    found = {}
    for split in SPLITS:
        copy = _Copy(root / f"anno_{split}.pkl", root / f"objects_{split}.pkl", root / CSV)
        names = (copy.annotations.name, copy.objects.name, CSV)
        found[split] = SplitFiles(names, copy.items, copy.pairs)
    return found


@dataclass
class _Copy:
    """One split of a copy. It remembers who is asked about what while shapes are read, for the pairs after them."""

    annotations: Path
    objects: Path
    questions: Path
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def items(self) -> Iterator[Item]:
        """Every object of the split, with the masks of all its annotations."""
        masks = self._masks()
        for key, points in read_pickle(self.objects, "dict"):
            uid = str(key)
            where = f"{self.objects}, key {uid!r}"
            if not isinstance(points, np.ndarray) or points.ndim != 2 or points.shape[1] != 3:
                raise InputError(f"{where} is no (N,3) array")
            category, columns = masks.pop(uid, (UNKNOWN, {}))
            for name, mask in columns.items():
                if len(mask) != len(points):
                    raise InputError(
                        f"{where}: the mask of {name!r} has {len(mask)} values for {len(points)} points"
                    )
            yield heat_item(uid, category, np.ascontiguousarray(points, dtype=np.float32), columns, where)
        if masks:
            raise InputError(
                f"{self.objects} lacks {len(masks)} annotated shapes, {next(iter(masks))!r} is the first"
            )

    def pairs(self) -> Iterator[Pair]:
        """A pair for each annotation, in its order."""
        said = questions(self.questions)
        for uid, category, affordance in self.asked:
            if affordance not in said.get(category, {}):
                raise InputError(
                    f"{self.questions} has no question about {category} and {affordance}, but {uid} is annotated so"
                )
            yield Pair(uid, said[category][affordance][0], None, affordance, 0)

    def _masks(self) -> dict[str, tuple[str, dict[str, np.ndarray]]]:
        """Category and masks by affordance of each shape."""
        found: dict[str, tuple[str, dict[str, np.ndarray]]] = {}
        self.asked = []
        for uid, category, affordance, mask, where in _annotations(self.annotations):
            known, columns = found.setdefault(uid, (category, {}))
            if known != category:
                raise InputError(f"{where}: {uid} is a {category}, and a {known} before")
            if affordance in columns and not np.array_equal(columns[affordance], mask):
                raise InputError(f"{where}: {uid} has another mask of {affordance!r} before")
            columns[affordance] = mask
            self.asked.append((uid, category, affordance))
        return found


def _annotations(path: Path) -> Iterator[tuple[str, str, str, np.ndarray, str]]:
    for number, record in enumerate(read_pickle(path, "list")):
        where = f"{path}, element {number}"
        if not isinstance(record, dict):
            raise InputError(f"{where} is a {type(record).__name__}, expected a dict")
        category = object_named(value(record, "class", str, where))
        affordance = value(record, "affordance", str, where)
        if category is None or affordance not in LASO_LABELS:
            raise InputError(
                f"{where}: {record['class']!r} and {affordance!r} are no object and affordance of LASO"
            )
        mask = value(record, "mask", np.ndarray, where)
        if mask.dtype.kind not in "fiub" or mask.size != len(mask):
            raise InputError(f"{where}: mask is {mask.dtype} {mask.shape}, expected numbers (N,)")
        uid = str(value(record, "shape_id", (str, int), where))
        yield uid, category, affordance, mask.reshape(-1).astype(np.float32), where


def questions(path: Path) -> dict[str, dict[str, tuple[str, ...]]]:
    """The 15 questions of each object and affordance. Raises InputError naming the line."""
    keys = ("Object", "Affordance", *(f"Question{number}" for number in range(QUESTIONS)))
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig", errors="replace")))
    lacking = [key for key in keys if key not in (rows.fieldnames or ())]
    if lacking:
        raise InputError(f"{path}, line 1 has no column {', '.join(lacking)}")
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in rows:
        values = [(row[key] or "").strip() for key in keys]
        category = object_named(values[0])
        if category is None or values[1] not in LASO_LABELS or not all(values):
            raise InputError(
                f"{path}, line {rows.line_num}: {values[0]!r}, {values[1]!r} and {QUESTIONS} questions were expected "
                "to be an object, an affordance and no empty text"
            )
        found.setdefault(category, {})[values[1]] = tuple(values[2:])
    return found


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: two shapes of each mock object to train on, one in the other splits."""
    root = Path(root)
    for number, split in enumerate(SPLITS):
        rng = np.random.default_rng([seed, number])
        annotations: list[dict[str, Any]] = []
        objects: dict[str, np.ndarray] = {}
        for row, category in enumerate(list(OFFERS) * (2 if split == "train" else 1)):
            shape, points = f"{split}{row}", cloud(rng)
            objects[shape] = points.astype(np.float32)
            annotations += [
                {
                    "shape_id": shape,
                    "class": category.lower(),
                    "affordance": name,
                    "mask": spot(rng, points)[:, 0].astype(np.float32),
                }
                for name in LASO_LABELS
                if canonical(name) in OFFERS[category]
            ]
        write_pickle(root / f"anno_{split}.pkl", annotations)
        write_pickle(root / f"objects_{split}.pkl", objects)
    with (root / CSV).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Object", "Affordance", *(f"Question{number}" for number in range(QUESTIONS))])
        for category, offered in OFFERS.items():
            for name in LASO_LABELS:
                if canonical(name) in offered:
                    said = [
                        f"Mock question {number}: where would you {name} it?" for number in range(QUESTIONS)
                    ]
                    writer.writerow([category.lower(), name, *said])
