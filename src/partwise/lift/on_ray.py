"""Units on a Ray cluster: actors that draw on CPUs, actors that encode on GPUs (or CPUs), with Ray Data in between.

The folder of the run and the inputs must be visible on every node, under the same paths. Drawn units travel through
Ray's object store and wait there for an encoder; features are written by the actor that made them.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from partwise.errors import InputError, MissingExtraError, PartwiseError
from partwise.lift.attempts import Attempt
from partwise.lift.lifting import DenseEncoder
from partwise.lift.pool import Job
from partwise.lift.unit import DrawnUnit, UnitResult, UnitSettings, draw_unit, encode_unit

# Ray Data plans every block ahead; beyond this many, a block takes several units.
MOST_BLOCKS = 10_000


@dataclass(frozen=True)
class Actors:
    """How many actors draw and encode, the share of a GPU for each encoder, torch threads, seconds for one input."""

    workers: int
    encoders: int
    gpus: float
    threads: int
    time_limit: float

    @property
    def needs(self) -> dict[str, float]:
        """What the cluster must have for all of them to run at one time."""
        on_cpu = 0 if self.gpus else self.encoders
        return {"CPU": float((self.workers + on_cpu) * self.threads), "GPU": self.encoders * self.gpus}


class DrawActor:
    """Draws units. Ray restarts it when it dies; the notes of its attempts say which input to leave alone."""

    def __init__(self, settings: UnitSettings, notes: Path, actors: Actors) -> None:
        torch.set_num_threads(actors.threads)
        self.settings, self.notes, self.actors = settings, notes, actors

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """{"job"} to {"job", "unit"}: a DrawnUnit, or the UnitResult of a unit that is there."""
        job: Job = row["job"]
        with Attempt(_note_of(self.notes, job), self.actors.time_limit) as attempt:
            unit = draw_unit(self.settings, replace(job, poison=attempt.poison), attempt.touch)
        return {"job": job, "unit": unit}


class EncodeActor:
    """Encodes drawn units and writes them."""

    def __init__(
        self,
        settings: UnitSettings,
        notes: Path,
        actors: Actors,
        open_encoder: Callable[[], DenseEncoder],
    ) -> None:
        torch.set_num_threads(actors.threads)
        self.settings, self.notes, self.actors = settings, notes, actors
        self.encoder = open_encoder()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """{"job", "unit"} to {"job", "unit"}: the UnitResult of a unit on disk."""
        job, unit = row["job"], row["unit"]
        note = _note_of(self.notes, job)
        if isinstance(unit, DrawnUnit):
            with Attempt(note, self.actors.time_limit) as attempt:
                unit = encode_unit(self.settings, self.encoder, unit, attempt.poison, attempt.touch)
        note.unlink(missing_ok=True)
        return {"job": job, "unit": unit}


def _note_of(notes: Path, job: Job) -> Path:
    return notes / f"{job.number}.jsonl"


def run_jobs_on_ray(
    jobs: Sequence[Job], settings: UnitSettings, open_encoder: Callable[[], DenseEncoder], actors: Actors
) -> Iterator[tuple[Job, UnitResult]]:
    """Yield (job, result) as they finish. Uses the Ray that is connected, or RAY_ADDRESS, or starts one here.

    Raises MissingExtraError without Ray, InputError if the cluster is too small or an actor cannot start.
    """
    try:
        import ray
        import ray.data
        from ray.exceptions import RayError
    except ImportError as error:
        raise MissingExtraError("ray", "scale", "--engine ray") from error
    ours = not ray.is_initialized()
    if ours:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    bars, context.enable_progress_bars = context.enable_progress_bars, False  # the caller draws its own
    # Inputs and units are named to actors that stand in other folders.
    settings = replace(settings, folder=settings.folder.resolve())
    notes = settings.folder / "attempts" / uuid.uuid4().hex
    try:
        _check_size(ray.cluster_resources(), actors)
        items = [{"job": replace(job, inputs=_absolute(job.inputs))} for job in jobs]
        data: Any = ray.data.from_items(items, override_num_blocks=min(len(items), MOST_BLOCKS))
        for row in _planned(data, settings, notes, open_encoder, actors).iter_rows():
            yield row["job"], row["unit"]
    except RayError as error:
        raise _reason(error) from error
    finally:
        shutil.rmtree(notes, ignore_errors=True)
        with contextlib.suppress(OSError):  # another run on the same folder still has notes there
            notes.parent.rmdir()
        context.enable_progress_bars = bars
        if ours:
            ray.shutdown()


def _planned(
    data: Any,
    settings: UnitSettings,
    notes: Path,
    open_encoder: Callable[[], DenseEncoder],
    actors: Actors,
) -> Any:
    """The two steps on a Ray data set of jobs; nothing runs before its rows are asked for."""
    from ray.data import ActorPoolStrategy

    return data.map(
        DrawActor,
        fn_constructor_args=(settings, notes, actors),
        compute=ActorPoolStrategy(size=actors.workers),
        num_cpus=actors.threads,
    ).map(
        EncodeActor,
        fn_constructor_args=(settings, notes, actors, open_encoder),
        compute=ActorPoolStrategy(size=actors.encoders),
        num_cpus=0 if actors.gpus else actors.threads,
        num_gpus=actors.gpus,
    )


def _absolute(inputs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(Path(path).resolve())) for name, path in inputs)


def _check_size(there: Mapping[str, float], actors: Actors) -> None:
    """Ray would wait for ever for a node that nobody adds."""
    for kind, needed in actors.needs.items():
        if needed > there.get(kind, 0):
            raise InputError(
                f"the actors need {needed:g} {kind}, the Ray cluster has {there.get(kind, 0):g}: "
                "ask for fewer workers or encoders, or connect to a larger cluster with RAY_ADDRESS"
            )


def _reason(error: BaseException) -> PartwiseError:
    """What really went wrong under Ray's wrappings, for a person."""
    cause: BaseException | None = error
    while cause is not None:
        inner = getattr(cause, "cause", None)
        if isinstance(inner, PartwiseError):
            return inner
        cause = inner if isinstance(inner, BaseException) else cause.__cause__
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return InputError(f"the run on Ray stopped: {lines[-1]}")
