"""One unit of a library: its inputs hashed, drawn, encoded and written, or kept if it is there. Every engine does this.

The two halves, `draw_unit` and `encode_unit`, may run in different processes; `make_unit` does both shape by shape.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from partwise.errors import InputError, MissingExtraError, PartwiseError
from partwise.files import file_sha256
from partwise.lift.lifting import DenseEncoder, DrawnShape, LiftConfig, draw_shape, encode_shape
from partwise.lift.pool import Job
from partwise.lift.shards import (
    Failure,
    LiftedShape,
    UnitHeader,
    read_header,
    unit_key,
    unit_path,
    write_unit,
)
from partwise.shape import Shape

log = logging.getLogger(__name__)
LONGEST_REASON = 1000
# Told the name of each input before it is touched, so that somebody knows what killed a worker.
Touch = Callable[[str], None]


@dataclass(frozen=True)
class UnitSettings:
    """What every unit of a run has in common.

    folder, hash  of the run: where units go, and the hash of everything that decides their numbers
    grid          tokens (h, w) of one picture
    batch         pictures in one pass of the encoder
    retry         make units again in which something failed
    """

    folder: Path
    hash: str
    config: LiftConfig
    grid: tuple[int, int]
    batch: int = 16
    retry: bool = False


@dataclass(frozen=True)
class UnitResult:
    """A unit that is on disk: its key, shapes and failures, and whether it was there before."""

    key: str
    shapes: int
    failures: tuple[Failure, ...]
    kept: bool


@dataclass(frozen=True, eq=False)
class DrawnUnit:
    """A unit between its halves: for each input the drawn shape or the reason why there is none."""

    key: str
    shapes: tuple[DrawnShape | Failure, ...]


def make_unit(settings: UnitSettings, encoder: DenseEncoder, job: Job, touch: Touch) -> UnitResult:
    """Make one unit, or keep it if the same bytes were lifted with the same settings before."""
    key, digests, there = _opened(settings, job)
    if there is not None:
        return there
    outcomes = [
        _encoded(settings, encoder, _drawn(settings, job, name, digest, touch))
        for name, digest in digests.items()
    ]
    return _written(settings, key, outcomes)


def draw_unit(settings: UnitSettings, job: Job, touch: Touch) -> DrawnUnit | UnitResult:
    """The first half, without an encoder: pictures and geometry of every input, or the unit that is there."""
    key, digests, there = _opened(settings, job)
    if there is not None:
        return there
    return DrawnUnit(
        key, tuple(_drawn(settings, job, name, digest, touch) for name, digest in digests.items())
    )


def encode_unit(
    settings: UnitSettings, encoder: DenseEncoder, unit: DrawnUnit, poison: dict[str, str], touch: Touch
) -> UnitResult:
    """The second half: features of every drawn shape, and the unit on disk. `poison` is left alone, see `Job`."""
    outcomes = []
    for shape in unit.shapes:
        if shape.source in poison:
            outcomes.append(Failure(shape.source, shape.sha256, "Poison", poison[shape.source]))
            continue
        touch(shape.source)
        outcomes.append(_encoded(settings, encoder, shape))
    return _written(settings, unit.key, outcomes)


def _opened(settings: UnitSettings, job: Job) -> tuple[str, dict[str, str], UnitResult | None]:
    """Key and hashes of the inputs, and the unit if it need not be made."""
    digests = {name: _digest(path) for name, path in job.inputs}
    key = unit_key(settings.hash, list(digests.items()))
    header = _existing(unit_path(settings.folder, key))
    if header is None or (settings.retry and header.failures):
        return key, digests, None
    return key, digests, UnitResult(key, len(header.shapes), header.failures, kept=True)


def _drawn(settings: UnitSettings, job: Job, name: str, digest: str, touch: Touch) -> DrawnShape | Failure:
    """One input drawn, or the reason why not. Only a missing package stops the run."""
    if name in job.poison:
        return Failure(name, digest, "Poison", job.poison[name])
    touch(name)
    try:
        shape = Shape.read(dict(job.inputs)[name], up=settings.config.up)
        return replace(draw_shape(shape, settings.grid, settings.config, digest), source=name)
    except MissingExtraError:
        raise
    except Exception as error:  # one file must never cost the others; the reason goes into the unit
        return _failure(name, digest, error)


def _encoded(
    settings: UnitSettings, encoder: DenseEncoder, shape: DrawnShape | Failure
) -> LiftedShape | Failure:
    if isinstance(shape, Failure):
        return shape
    try:
        return encode_shape(shape, encoder, settings.config, settings.batch)
    except Exception as error:  # as above
        return _failure(shape.source, shape.sha256, error)


def _failure(name: str, digest: str, error: Exception) -> Failure:
    if not isinstance(error, PartwiseError):
        log.error("%s could not be lifted", name, exc_info=error)
    return Failure(name, digest, type(error).__name__, str(error)[:LONGEST_REASON])


def _written(settings: UnitSettings, key: str, outcomes: list[LiftedShape | Failure]) -> UnitResult:
    shapes = [outcome for outcome in outcomes if isinstance(outcome, LiftedShape)]
    failures = tuple(outcome for outcome in outcomes if isinstance(outcome, Failure))
    write_unit(settings.folder, key, settings.hash, shapes, failures)
    return UnitResult(key, len(shapes), failures, kept=False)


def _digest(path: str) -> str:
    """Hash of a file, or of nothing if it cannot be read: its unit then says why."""
    try:
        return file_sha256(path)
    except OSError:
        return ""


def _existing(path: Path) -> UnitHeader | None:
    try:
        return read_header(path) if path.is_file() else None
    except InputError:
        return None
