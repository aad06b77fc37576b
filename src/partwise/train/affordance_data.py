"""What the affordance recipe trains on: converted data sets, heat packs or the procedural world, in one form."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from partwise.checks import checked_seed
from partwise.datasets.affordance_words import OPENAD_LABELS, spoken
from partwise.datasets.converted import Converted
from partwise.datasets.converted_samples import NONE, HeatSamples, affordance_labels, cut, entries_of
from partwise.datasets.heat_pack import HeatPack
from partwise.datasets.laso import PAIR_FILTERS
from partwise.datasets.manifest import MANIFEST
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.world.surface import Scan
from partwise.errors import InputError
from partwise.train.affordance_phrases import Questions
from partwise.train.affordance_presets import AffordanceConfig, DataNote
from partwise.train.shown import Pictures

# Variants of LASO that change what is trained on; the others only filter the test.
TRAINING_VARIANTS = ("geal",)


@dataclass(frozen=True)
class TrainingData:
    """Samples to train on and to select on, the labels of the data with "none" last, and how they are said.

    wordings   one tuple for each label; () says the labels themselves
    questions  numbered ones, in place of the labels
    pictures   files for each object and label, beside the labels or in their place
    note       which converted data these are
    """

    samples: Sequence[Any]
    validation: Sequence[Any]
    labels: tuple[str, ...]
    wordings: tuple[tuple[str, ...], ...] = ()
    questions: Questions | None = None
    pictures: Pictures | None = None
    note: DataNote | None = None

    def applied(self, config: AffordanceConfig) -> AffordanceConfig:
        """The config with what the data ask for; its labels are those of the data already."""
        changes: dict[str, Any] = {"data": self.note}
        if self.wordings:
            changes["wordings"] = self.wordings[: len(config.labels)]
        if self.questions or self.pictures:
            changes["questions"] = 1
        if self.note is not None and self.note.variant == "geal":
            changes["binary"] = True
        return replace(config, **changes)


def open_data(
    folder: Path | None,
    task: str,
    setting: str,
    variant: str | None = None,
    shapes: int = 600,
    seed: int = 1,
    images: Path | None = None,
) -> TrainingData:
    """The folder of a converted data set or of a heat pack; None makes `shapes` procedural ones from a seed.

    task     "labels" takes whole shapes; "heat" asks LASO's questions one by one
    variant  of a data set: "geal" (LASO without the pairs that GEAL holds out)
    images   the folder of the official copy of PIAD or PIADv2: each training pair is a cloud and what pictures show

    Raises MissingDataError without the data, InputError for a variant or a setting that the data do not have, or a
    seed that is none.
    """
    checked_seed(seed)
    if folder is not None and (folder / MANIFEST).is_file():
        return _converted(folder, task, setting, variant, images)
    if images is not None:
        raise InputError(f"{images} holds pictures of a converted data set: name its folder as data")
    if variant is not None:
        raise InputError(f"the variant {variant!r} is one of the converted LASO: name its folder as data")
    if folder is not None:
        return _plain(list(HeatPack(folder)))
    return _plain(list(ProceduralShapes(seed, scan=Scan(points=2048, kind="mixed"), length=shapes)))


def samples_sha256(samples: Sequence[Any]) -> str:
    """What identifies samples at little cost: how many there are, and the first and the last of them, whole."""
    digest = hashlib.sha256(str(len(samples)).encode())
    for sample in (samples[0], samples[len(samples) - 1]):
        digest.update("\0".join((sample.uid, sample.category, *sample.affordances)).encode())
        for values in (sample.points, sample.heat):
            digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _converted(
    folder: Path, task: str, setting: str, variant: str | None, images: Path | None
) -> TrainingData:
    data = Converted(folder.resolve().parent, folder.resolve().name)
    name, labels = data.manifest.dataset, affordance_labels(data.manifest)
    if setting == "partial" and name.endswith("-partial"):
        raise InputError(f"the shapes of {name} are views already: leave the setting at 'full'")
    if variant is not None and (name != "laso" or variant not in TRAINING_VARIANTS):
        raise InputError(
            f"{name} has no training variant {variant!r}: laso has {', '.join(TRAINING_VARIANTS)}"
        )
    pictures = None if images is None else _pictures(data, images)
    by_pair = task == "heat" and bool(data.manifest.questions or pictures)
    keeps = None if variant is None else PAIR_FILTERS[variant]
    split = data.split("train")
    trained, kept = cut(split, entries_of(data, "train", by_pair, keeps))
    samples = HeatSamples(split, trained, labels)
    wanted = labels if pictures is None else {name for shown in pictures.values() for name in shown}
    with_none = (*(label for label in labels if label != NONE and label in wanted), NONE)
    return TrainingData(
        samples,
        HeatSamples(split, kept, labels),
        with_none,
        # OpenAD's words are its labels, as written; all others are said in plain words.
        wordings=() if NONE in labels else tuple((spoken(label),) for label in with_none),
        questions=data.manifest.questions if by_pair and pictures is None else None,
        pictures=pictures,
        note=DataNote(name, "train", data.digest("train"), variant or "", samples.categories()),
    )


def _pictures(data: Converted, images: Path) -> Pictures:
    """Files of the training pictures by object and affordance, in the order of the pairs, none twice."""
    split, found = data.split("train"), {}
    shown = [(split.row(pair.uid), pair) for pair in data.pairs("train") if pair.image is not None]
    if not shown:
        raise InputError(f"{data.manifest.dataset} does not ask by pictures: leave --images out")
    category = {row: split[row].category for row in dict.fromkeys(row for row, _ in shown)}
    for row, pair in shown:
        found.setdefault(category[row], {}).setdefault(pair.affordance, {})[images / str(pair.image)] = None
    return {name: {label: tuple(paths) for label, paths in of.items()} for name, of in found.items()}


def _plain(samples: list[Any]) -> TrainingData:
    """Samples of which the first tenth is kept back."""
    if len(samples) < 2:
        raise InputError(f"{len(samples)} shapes are too few: one at least to train on, and one to validate")
    kept = max(1, len(samples) // 10)
    return TrainingData(samples[kept:], samples[:kept], _labels(samples))


def _labels(samples: Sequence[Any]) -> tuple[str, ...]:
    """The labels of the samples and "none": in OpenAD's order if they are OpenAD's, else in that of the alphabet."""
    found = sorted({name for sample in samples for name in sample.affordances})
    known = set(found) <= set(OPENAD_LABELS)
    return OPENAD_LABELS if known else (*(name for name in found if name != NONE), NONE)
