"""`Protocol`, a complete recipe for a number, and the word lists that are part of it; both are files in the package.

A number without a protocol id is not a result. Whatever changes a number is a field here, so that two results with
one id compare; another prompt or rule is another file with another id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from jaxtyping import Float64

from partwise.errors import InputError, MissingDataError

TASKS = ("parts", "heat", "affordances", "labels")
CHOICES: dict[str, tuple[Any, ...]] = {
    "task": TASKS,
    "official_question": ("words", "pictures"),
    "box": ("model", "unit_sphere", "max_abs_075"),
    "rotation": (None, "stored"),
    "candidates": ("category", "present"),
    "extra": (None, "none", "other", "category"),
    "absent": (None, "one", "skip-gt", "skip-union"),
    "unlabelled": (None, "ignore", "false_positive", "own_class"),
    "threshold": (None, "inclusive", "strict"),
}
AVERAGING = {
    "parts": ("instance", "category", "part-first"),
    "heat": ("samples", "pooled"),
    "affordances": ("affordance-first",),
    "labels": ("pooled",),
}
# Asked as the data set itself spells its labels.
DATA_NAMES = "data"


@dataclass(frozen=True)
class Step:
    """One step from the points of a file to those that are asked about and scored.

    how   "random", or "farthest": farthest point sampling from a random start
    seed  fixed by the protocol; None follows the seed of the run, where the reference does not fix any
    """

    how: str
    count: int
    replacement: bool = False
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.how not in ("random", "farthest") or self.count < 1:
            raise InputError(
                f"a step of sampling {self.how!r} to {self.count}: use 'random' or 'farthest', 1 at least"
            )


@dataclass(frozen=True)
class Keep:
    """Which samples of a split are asked about; None takes all. Names are compared as `key_of` has them."""

    categories: tuple[str, ...] | None = None
    affordances: tuple[str, ...] | None = None
    question: int | None = None


@dataclass(frozen=True)
class Protocol:
    """A complete recipe: what is asked about which data, how answers are counted and averaged.

    id, version    "laso/official"; the version rises when the file changes the number
    benchmark      the name that `partwise eval` takes; its `headline` protocols run when no other is named
    title          one line on what is measured
    dataset, split folder and split of the converted data
    samples        how many the whole split has, where that is known
    data_sha256    of what is asked, where a copy has been verified; another copy is refused
    task           "parts", "heat" (a map for each pair), "affordances" (all maps of a shape), "labels" (one per point)
    names          lists of words, one round of questions for each; "data" asks as the data set spells its labels
    official_question   "words" or "pictures"; a table notes answers to the other
    phrase         how a word is put: "{part}", "{part} of a {category}", or "question" for that of the pair
    templates      of the text encoder, see encoders.prompts; "model" for those that the model was made with
    sampling       steps from a file's points to those asked about; none of them asks about every point
    box            that the model is given: "model" for the one it was trained in
    up             axis that points up, "data" for what the data set says
    rotation       None, or "stored": each shape is turned by one of the rotations that lie beside the protocols
    keep           which samples
    held_out       {affordance: categories} that must not have been trained on; they are also averaged on their own
    candidates     words that compete: all of the "category", or those "present" in the truth of the shape
    extra          one more answer: "none" (nothing fits), "other" (a word for it), "category" (the object's own name)
    absent         part absent from the truth: "one", "skip-gt", "skip-union", see metrics.parts
    unlabelled     points without a true label: "ignore", "false_positive", "own_class"
    averaging      one figure or more, the headline first: see AVERAGING
    threshold      of heat: "inclusive" (>= t, >= 0.5) or "strict" (> t, > 0.5, empty union 1; similarity is a cosine)
    uncounted      labels that the means leave out
    votes          forward passes with different seeds whose heat is averaged
    selection      the split on which checkpoints may be picked; None if there is none
    zero_shot      whether training on the tested categories is to be flagged
    beside         protocols without which a table notes that this one is half the answer
    seeds          the seeds of a run
    missing        what is not known and keeps our own models from being asked; predictions of others can be scored
    note           what a reader must know before comparing
    """

    id: str
    version: int
    benchmark: str
    headline: bool
    title: str
    dataset: str
    split: str
    samples: int | None
    data_sha256: str | None
    task: str
    names: tuple[str, ...]
    official_question: str
    phrase: str
    templates: str
    sampling: tuple[Step, ...]
    box: str
    up: str
    rotation: str | None
    keep: Keep
    held_out: Mapping[str, tuple[str, ...]]
    candidates: str
    extra: str | None
    absent: str | None
    unlabelled: str | None
    averaging: tuple[str, ...]
    threshold: str | None
    uncounted: tuple[str, ...]
    votes: int
    selection: str | None
    zero_shot: bool
    beside: tuple[str, ...]
    seeds: tuple[int, ...]
    missing: str | None
    note: str

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise InputError(
                    f"protocol {self.id}: {name} is {getattr(self, name)!r}, use one of {', '.join(map(str, known))}"
                )
        if not self.averaging or not set(self.averaging) <= set(AVERAGING[self.task]):
            raise InputError(
                f"protocol {self.id}: averaging {self.averaging} of {self.task}, use {AVERAGING[self.task]}"
            )
        if not self.names or not self.seeds or self.votes < 1:
            raise InputError(f"protocol {self.id} needs names, seeds and at least 1 vote")
        needed = {"parts": ("absent", "unlabelled"), "heat": ("threshold",)}.get(self.task, ())
        if absent := [name for name in needed if getattr(self, name) is None]:
            raise InputError(f"protocol {self.id} leaves {', '.join(absent)} open: {self.task} needs it")

    def record(self) -> dict[str, Any]:
        """The protocol in JSON's types, as its file has it."""
        return json.loads(json.dumps(asdict(self)))


@cache
def protocol_ids() -> tuple[str, ...]:
    """The ids of every protocol in the package, sorted."""
    folder = _folder()
    return tuple(
        sorted(
            f"{path.parent.name}/{path.stem}"
            for path in folder.glob("*/*.json")
            if path.parent.name != "names"
        )
    )


@cache
def load_protocol(name: str) -> Protocol:
    """A protocol of the package by its id, or of a user by the path of its .json, whose id must begin with "own/".

    Raises InputError for an unknown id or a damaged file, MissingDataError for a path that is not there.
    """
    if name in protocol_ids():
        return _read(_folder() / f"{name}.json")
    if not name.endswith(".json"):
        raise InputError(
            f"unknown protocol {name!r}: use one of {', '.join(protocol_ids())}, or a .json file"
        )
    if not Path(name).is_file():
        raise MissingDataError(f"there is no protocol at {name}: give an id or a file")
    protocol = _read(Path(name))
    if not protocol.id.startswith("own/"):
        raise InputError(
            f"{name} calls itself {protocol.id!r}: a protocol of your own has an id that begins with 'own/', "
            "so that its numbers never pass for those of another"
        )
    return protocol


def benchmarks() -> dict[str, tuple[Protocol, ...]]:
    """Benchmark names, each with its headline protocols."""
    found: dict[str, list[Protocol]] = {}
    for name in protocol_ids():
        protocol = load_protocol(name)
        found.setdefault(protocol.benchmark, [])
        if protocol.headline:
            found[protocol.benchmark].append(protocol)
    return {name: tuple(protocols) for name, protocols in sorted(found.items())}


def from_record(content: Mapping[str, Any], source: str) -> Protocol:
    """A protocol from JSON's types. Raises InputError naming source and field."""
    known = {field.name for field in fields(Protocol)}
    if strangers := sorted(content.keys() - known):
        raise InputError(f"{source} sets {', '.join(strangers)}, which a protocol does not have")
    if absent := sorted(known - content.keys()):
        raise InputError(f"{source} leaves {', '.join(absent)} open: a protocol states every field")
    try:
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
        }
        values["sampling"] = tuple(Step(**step) for step in content["sampling"])
        keep: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in content["keep"].items()}
        values["keep"] = Keep(**keep)
        values["held_out"] = {name: tuple(value) for name, value in content["held_out"].items()}
        return Protocol(**values)
    except (TypeError, AttributeError) as error:
        raise InputError(f"{source} is no protocol ({error})") from None


@cache
def load_names(name: str) -> Mapping[str, Mapping[str, str]]:
    """A word list: {category: {label of the data set: word that is asked}}, in the order of the labels.

    The category "*" is any.

    Raises InputError for an unknown list.
    """
    path = _folder() / "names" / f"{name}.json"
    if not path.is_file():
        raise InputError(f"unknown list of words {name!r}: use one of {', '.join(names_lists())}")
    words = json.loads(path.read_text(encoding="utf-8"))["words"]
    return {key_of(category): labels for category, labels in words.items()}


def names_lists() -> tuple[str, ...]:
    """The word lists of the package."""
    return tuple(sorted(path.stem for path in (_folder() / "names").glob("*.json")))


def key_of(name: str) -> str:
    """The one spelling under which labels and categories are compared: "wrap_grasp", "Wrap Grasp" -> "wrapgrasp"."""
    return "".join(name.lower().replace("_", " ").split())


@cache
def stored_rotations() -> Float64[np.ndarray, "R 3 3"]:
    """The rotation matrices that lie beside the protocols, uniform over SO(3), from quaternions (w, x, y, z)."""
    stored = json.loads((_folder() / "rotations.json").read_text(encoding="utf-8"))["quaternions"]
    q = np.array(stored, dtype=np.float64)
    w, x, y, z = (q / np.linalg.norm(q, axis=1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def rotation_of(uid: str) -> Float64[np.ndarray, "3 3"]:
    """The stored rotation of a shape: which one follows from its name alone, whatever else is asked."""
    rotations = stored_rotations()
    return rotations[crc32(uid.encode()) % len(rotations)]


def with_seeds(protocol: Protocol, count: int | None) -> Protocol:
    """The protocol with seeds 0..count-1; its own seeds for None. Raises InputError for less than one."""
    if count is None:
        return protocol
    if count < 1:
        raise InputError(f"{count} seeds were asked for: 3 is usual, 1 the least")
    return replace(protocol, seeds=tuple(range(count)))


def _folder() -> Path:
    return Path(str(files("partwise") / "data" / "protocols"))


def _read(path: Path) -> Protocol:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is not JSON ({error})") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}, expected a protocol")
    return from_record(content, str(path))
