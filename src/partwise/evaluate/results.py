"""`Result`, what every evaluation leaves behind: one model under one protocol, sample by sample, as one JSON file.

Schema "partwise-result/1":

    schema    "partwise-result/1"
    protocol  the whole protocol as it was obeyed, see partwise.evaluate.protocol
    model     {name, revision, sha256, runtime, trained_on, selected_on}; sha256 is of the weights file. trained_on
              lists the categories of the training data, selected_on names the split that the checkpoint was picked
              on, "none" for the last one; null where nobody said
    data      {dataset, split, sha256, samples, limit, mock, partial}; sha256 is of the points, words and truths that
              were asked, limit is null for the whole split, mock marks a synthetic twin of a data set, partial a copy
              that lacks something
    origin    "measured": our Segmenter answered; "rescored": predictions of another system were read from files
    seeds     [0, 1, 2]
    config    how the model was asked: options of the segmenter, or what the predictions say of themselves
    versions  {partwise, torch, numpy, python}
    figures   {figure: {value, std, low, high, by_seed}}: mean and standard deviation over seeds, and the 95 % interval
              of a bootstrap over objects; std is null for one seed, low and high where there is nothing to redraw
    samples   [{key, object, category, values: {figure: [one number for each seed, null where undefined]},
                measure: [what the figures are made of, for each seed]}]

Figures: parts `miou`, `ciou`, `part_miou`, `accuracy`; heat `auc`, `aiou`, `sim`, `mae`, `kld`, or `simcos` where the
protocol takes a cosine; 3D AffordanceNet `map`, `mauc`, `maiou`, `mse`; labels `miou`, `acc`, `macc`. All are in 0..1
except `kld` and `mse`. `values` of a sample are what the figure averages: `iou` for parts, the name of the figure for
heat. Pooled figures have no value of a sample; there `measure` holds the counts of each sample.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from partwise.errors import InputError, MissingDataError
from partwise.io.tables import write_json

SCHEMA = "partwise-result/1"


@dataclass(frozen=True)
class ModelNotes:
    """Which weights answered, and what is known of how they came about; None where nobody said."""

    name: str
    revision: str | None = None
    sha256: str | None = None
    runtime: str = "torch"
    trained_on: tuple[str, ...] | None = None
    selected_on: str | None = None


@dataclass(frozen=True)
class DataNotes:
    """What was asked: see the schema in the module's docstring."""

    dataset: str
    split: str
    sha256: str
    samples: int
    limit: int | None = None
    mock: bool = False
    partial: bool = False


@dataclass(frozen=True)
class Figure:
    """A mean over seeds with its spread, and the bootstrap interval over objects; None where there is none."""

    value: float
    std: float | None
    low: float | None
    high: float | None
    by_seed: tuple[float, ...]


@dataclass(frozen=True)
class SampleRow:
    """One sample: `values` by figure, a number for each seed with NaN where undefined, and `measure` for each seed."""

    key: str
    object: str
    category: str
    values: Mapping[str, tuple[float, ...]]
    measure: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Result:
    """One model under one protocol."""

    protocol: Mapping[str, Any]
    model: ModelNotes
    data: DataNotes
    origin: str
    seeds: tuple[int, ...]
    config: Mapping[str, Any]
    versions: Mapping[str, str]
    figures: Mapping[str, Figure]
    samples: tuple[SampleRow, ...]

    def values(self, figure: str) -> Float64[np.ndarray, "S K"]:
        """What a figure averages, one row for each sample and one column for each seed; NaN where undefined.

        Raises InputError if the samples have no such value.
        """
        known = sorted({name for row in self.samples for name in row.values})
        if figure not in known:
            raise InputError(
                f"the samples of {self.protocol.get('id')} have no value {figure!r}: they have "
                f"{', '.join(known) or 'none, its figures are pooled'}"
            )
        empty = (float("nan"),) * len(self.seeds)
        return np.array([row.values.get(figure, empty) for row in self.samples], dtype=np.float64)

    def objects(self) -> list[str]:
        """The object of each sample, to cluster a bootstrap by."""
        return [row.object for row in self.samples]

    def categories(self) -> list[str]:
        """The category of each sample."""
        return [row.category for row in self.samples]


def write_result(path: str | os.PathLike[str], result: Result) -> None:
    """Write a result as JSON, whole or not at all. Raises InputError for a folder that is not there."""
    write_json(path, {"schema": SCHEMA, **_as_dict(result)})


def read_result(path: str | os.PathLike[str]) -> Result:
    """Read a result. Raises MissingDataError without the file, InputError naming file and key for anything else."""
    path = Path(path)
    if not path.is_file():
        raise MissingDataError(f"there is no result at {path}: make one with `partwise eval`")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is not JSON ({error}): expected a result of `partwise eval`") from None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        found = content.get("schema") if isinstance(content, dict) else type(content).__name__
        raise InputError(
            f"{path} has schema {found!r}, expected {SCHEMA!r}: is it a result of `partwise eval`?"
        )
    absent = [field.name for field in fields(Result) if field.name not in content]
    if absent:
        raise InputError(f"{path} lacks {', '.join(absent)}: evaluate again")
    try:
        return _from_dict(content)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise InputError(f"{path} is damaged ({error}): evaluate again") from None


def _as_dict(result: Result) -> dict[str, Any]:
    shallow = {field.name: getattr(result, field.name) for field in fields(result)}
    shallow["model"], shallow["data"] = asdict(result.model), asdict(result.data)
    shallow["figures"] = {name: asdict(figure) for name, figure in result.figures.items()}
    shallow["samples"] = [
        {field.name: getattr(row, field.name) for field in fields(row)} for row in result.samples
    ]
    return shallow


def _from_dict(content: Mapping[str, Any]) -> Result:
    model = dict(content["model"])
    if model.get("trained_on") is not None:
        model["trained_on"] = tuple(model["trained_on"])
    figures = {
        name: Figure(**{**figure, "value": _number(figure["value"]), "by_seed": _numbers(figure["by_seed"])})
        for name, figure in content["figures"].items()
    }
    samples = tuple(
        SampleRow(
            row["key"],
            row["object"],
            row["category"],
            {name: _numbers(values) for name, values in row["values"].items()},
            tuple(row.get("measure", ())),
        )
        for row in content["samples"]
    )
    return Result(
        protocol=content["protocol"],
        model=ModelNotes(**model),
        data=DataNotes(**content["data"]),
        origin=content["origin"],
        seeds=tuple(content["seeds"]),
        config=content["config"],
        versions=content["versions"],
        figures=figures,
        samples=samples,
    )


def _numbers(values: Sequence[float | None]) -> tuple[float, ...]:
    return tuple(_number(value) for value in values)


def _number(value: float | None) -> float:
    """JSON has no NaN: it is written as null."""
    return float("nan") if value is None else float(value)
