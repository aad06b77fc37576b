"""Predictions of other systems as files, so that their numbers can be computed under every protocol.

A folder holds predictions.json and one .npz for each sample, named by the sample's key; `partwise eval BENCHMARK
--questions FILE` lists the keys with what is asked. With several seeds each has a folder of its own: seed0, seed1, ...

    predictions.json  {"schema": "partwise-predictions/1", "model": {"name": "theirs", "sha256": "of the weights file"},
                       "seeds": [0], "asked_under": "the protocol whose words were asked, or null",
                       "trained_on": ["categories"] or null, "selected_on": "split" or null}
    <key>.npz         parts:  labels (N,), whole numbers; -1 is none; or masks (N,P) of 0 and 1, one for each part
                      labels: labels (N,), numbered in the order of the protocol's list
                      heat:   heat (N,) in 0..1; heat (N,T) where all T maps of a shape are asked

N is the number of points in the file of the data set, in its order, whatever a protocol samples of them.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from partwise.errors import InputError, MissingDataError
from partwise.evaluate.protocol import Protocol
from partwise.evaluate.questions import Question
from partwise.evaluate.results import ModelNotes
from partwise.io.limits import DEFAULT_LIMITS

SCHEMA = "partwise-predictions/1"
NOTES = "predictions.json"
KEYS = {"parts": ("labels", "masks"), "labels": ("labels",), "heat": ("heat",), "affordances": ("heat",)}


class FolderAnswers:
    """Predictions in a folder as the one who answers.

    Raises MissingDataError without predictions.json, InputError naming the key that does not fit.
    """

    origin = "rescored"

    def __init__(self, folder: Path, protocol: Protocol) -> None:
        self.folder, self.protocol = folder, protocol
        notes = _notes(folder)
        model = notes["model"]
        trained = notes.get("trained_on")
        self.notes = ModelNotes(
            name=str(model["name"]),
            sha256=model.get("sha256"),
            runtime="another system",
            trained_on=None if trained is None else tuple(map(str, trained)),
            selected_on=notes.get("selected_on"),
        )
        self.seeds = tuple(int(seed) for seed in notes["seeds"])
        self.asked_under = notes.get("asked_under")

    @property
    def config(self) -> dict[str, Any]:
        """Whose words were asked."""
        return {"asked_under": self.asked_under}

    def check(self, asked: Iterable[Question]) -> None:
        """Raises MissingDataError naming the files that are not there, before anything is scored."""
        keys = [question.key for question in asked]
        paths = [self._path(key, seed) for seed in self.seeds for key in keys]
        lacking = [str(path) for path in paths if not path.is_file()]
        if lacking:
            more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
            raise MissingDataError(
                f"{len(lacking)} of {len(paths)} predictions are missing: "
                f"{', '.join(lacking[:5])}{more}; a benchmark is scored whole, or not at all"
            )

    def answer(self, question: Question, seed: int) -> np.ndarray:
        """See `Answerer`. Raises MissingDataError, or InputError naming file and key."""
        path = self._path(question.key, seed)
        name, values = _read(path, KEYS[self.protocol.task])
        try:
            _check(name, values, question)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
        return values if question.rows is None else values[question.rows]

    def _path(self, key: str, seed: int) -> Path:
        folder = self.folder / f"seed{seed}"
        return (folder if folder.is_dir() else self.folder) / f"{key}.npz"


def _notes(folder: Path) -> dict[str, Any]:
    path = folder / NOTES
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: it says which model answered, see docs/benchmarks.md")
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is not JSON ({error})") from None
    if not isinstance(notes, dict) or notes.get("schema") != SCHEMA:
        raise InputError(f"{path}: schema is not {SCHEMA!r}: see docs/benchmarks.md")
    if not isinstance(notes.get("model"), dict) or not notes["model"].get("name"):
        raise InputError(
            f"{path}: model is {notes.get('model')!r}: give its name and the sha256 of its weights"
        )
    seeds = notes.get("seeds")
    if not isinstance(seeds, list) or not seeds or not all(type(seed) is int for seed in seeds):
        raise InputError(f"{path}: seeds is {seeds!r}: list the seed of each run, [0] for one")
    return notes


def _read(path: Path, keys: tuple[str, ...]) -> tuple[str, np.ndarray]:
    """The one array among `keys` that a file holds."""
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: a benchmark is scored whole, or not at all")
    try:
        with zipfile.ZipFile(path) as archive:
            expanded = sum(info.file_size for info in archive.infolist())
        DEFAULT_LIMITS.check_expansion(path.stat().st_size, expanded)
        with np.load(path, allow_pickle=False) as arrays:
            found = [key for key in keys if key in arrays.files]
            if len(found) != 1:
                raise InputError(
                    f"{path} holds {', '.join(arrays.files) or 'nothing'}: expected one of {', '.join(keys)}"
                )
            return found[0], arrays[found[0]]
    except (zipfile.BadZipFile, ValueError, OSError, EOFError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is damaged ({error}): write it again with np.savez") from None


def _check(name: str, values: np.ndarray, question: Question) -> None:
    """Raise InputError for a wrong length, type or range."""
    count = len(question.points)
    if values.ndim < 1 or len(values) != count:
        raise InputError(
            f"{name} has shape {values.shape}, {question.key} has {count} points: one row for each"
        )
    wanted = {"labels": 1, "masks": 2, "heat": question.truth.ndim}[name]
    columns = (question.labels,) if wanted == 2 else ()
    if values.shape != (count, *columns):
        raise InputError(f"{name} has shape {values.shape}, expected {(count, *columns)}")
    if name == "heat":
        bad = (
            ~((values >= 0) & (values <= 1))
            if values.dtype.kind == "f"
            else np.ones(values.shape, dtype=bool)
        )
        remedy = "heat is a float in 0..1"
    elif name == "masks":
        bad = ~np.isin(values, (0, 1))
        remedy = "a mask is 0 or 1"
    elif values.dtype.kind in "iu":
        bad = (values.astype(np.int64) < -1) | (values.astype(np.int64) >= question.labels)
        remedy = f"labels are 0..{question.labels - 1}, -1 for none"
    else:
        raise InputError(f"{name} is {values.dtype}, expected whole numbers")
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        raise InputError(f"{name} is {values[place]} at {place}: {remedy}")
