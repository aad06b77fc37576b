"""A library of shapes to lifted patch features: resumable, idempotent, and not stopped by any single file.

Work is cut into units of some shapes. A unit is named by the hash of its settings and inputs and written atomically;
running again skips what is there, redoes what is damaged or changed, and adds what is new. The manifest comes last.
Several runs may share a folder: at worst a unit is made twice, to the same bytes.
"""

from __future__ import annotations

import functools
import logging
import random
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from partwise.encoders.vision import DEFAULT, VisionEncoder
from partwise.errors import InputError, MissingDataError
from partwise.io.read import READERS
from partwise.lift.lifting import DenseEncoder, LiftConfig
from partwise.lift.on_ray import Actors, run_jobs_on_ray
from partwise.lift.pool import Job, Work, run_jobs
from partwise.lift.shards import (
    Failure,
    bytes_per_shape,
    json_sha256,
    read_arrays,
    read_header,
    unit_files,
    unit_path,
    write_manifest,
)
from partwise.lift.unit import UnitResult, UnitSettings, make_unit

log = logging.getLogger(__name__)
# Never fill a disk to the brim: others write there too.
DISK_RESERVE = 2**30


@dataclass(frozen=True)
class EncoderConfig:
    """Which vision encoder each worker opens, and how; see `VisionEncoder.open`."""

    source: str = DEFAULT
    revision: str | None = None
    allow_network: bool = False
    size: int | None = None
    device: str = "cpu"
    half: bool = False

    def open(self) -> DenseEncoder:
        """Load it. Raises what `VisionEncoder.open` raises."""
        encoder = VisionEncoder.open(
            self.source, revision=self.revision, allow_network=self.allow_network, size=self.size
        )
        return encoder.to(self.device, torch.float16 if self.half else None)


@dataclass(frozen=True)
class RunConfig:
    """How a run is carried out; nothing here changes a number on disk.

    engine      "local": processes of this machine; "ray": actors of a Ray cluster (extra `scale`)
    workers     local: processes, each with its own encoder, 0 works in this process; ray: actors that draw
    encoders    ray: actors that encode
    gpus        ray: share of a GPU for each actor that encodes
    threads     of torch in each worker or actor
    per_unit    shapes in a unit: what a crash can cost, and the size of a file
    batch       pictures in one pass of the encoder
    time_limit  seconds for one shape before it is set aside
    max_disk    bytes the run may take; None: what is free, less a reserve
    verify      compare finished units with their hashes (reads them whole) before they are kept
    retry       try failed shapes again
    """

    engine: Literal["local", "ray"] = "local"
    workers: int = 1
    encoders: int = 1
    gpus: float = 0.0
    threads: int = 1
    per_unit: int = 32
    batch: int = 16
    time_limit: float = 600.0
    max_disk: int | None = None
    verify: bool = False
    retry: bool = False

    def __post_init__(self) -> None:
        counts = (self.threads, self.encoders, self.per_unit, self.batch)
        least = 0 if self.engine == "local" else 1
        if self.workers < least or min(counts) < 1 or not self.time_limit > 0 or self.gpus < 0:
            raise InputError(
                f"{self}: workers must be {least} or more, gpus 0 or more, other numbers positive"
            )


@dataclass(frozen=True)
class Progress:
    """Where a run stands: shapes done (kept ones and failures too) of all, and seconds; eta None before the first."""

    done: int
    total: int
    failed: int
    seconds: float
    eta: float | None


@dataclass(frozen=True)
class LiftReport:
    """What a run did: shapes in the result, those kept from before, failures with their reasons, bytes, seconds."""

    folder: Path
    shapes: int
    kept: int
    failures: tuple[Failure, ...]
    bytes_on_disk: int
    seconds: float


def find_inputs(paths: Iterable[str | Path]) -> dict[str, Path]:
    """Every readable shape file under `paths`: name -> path, names relative to the folder they were found in.

    Raises MissingDataError if a path does not exist or nothing is found, InputError if two files share a name.
    """
    found: dict[str, Path] = {}
    for path in map(Path, paths):
        if not path.exists():
            raise MissingDataError(f"no file or folder {path}: check the path")
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            if path.is_dir() and file.suffix.lower() not in READERS:
                continue
            name = file.relative_to(path).as_posix() if path.is_dir() else file.name
            if name in found:
                raise InputError(
                    f"{found[name]} and {file} would share the name {name!r}: lift their common folder"
                )
            found[name] = file
    if not found:
        raise MissingDataError(f"no shape file found: expected one of {', '.join(READERS)}")
    return found


def lift_library(
    inputs: dict[str, Path],
    folder: str | Path,
    config: LiftConfig,
    open_encoder: Callable[[], DenseEncoder],
    run: RunConfig | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> LiftReport:
    """Lift every input (see `find_inputs`) into `folder`, resuming whatever is there, and close it with the manifest.

    `open_encoder` is called in each worker and must be picklable: `EncoderConfig(...).open`.
    A shape that cannot be lifted becomes a failure of its unit with the reason, and the run goes on.
    Raises InputError if the disk is too small before anything is written, and what `open_encoder` raises.
    """
    run, folder, begin = run or RunConfig(), Path(folder), time.monotonic()
    if run.engine == "ray" and config.drawn_on != "cpu":
        raise InputError(
            f"on Ray, pictures are drawn on CPUs, not on {config.drawn_on!r}: leave the GPUs to encoders"
        )
    encoder = open_encoder()
    settings, width = config.settings(encoder), encoder.width
    unit = UnitSettings(
        folder,
        json_sha256(settings),
        config,
        encoder.grid(config.size, config.size),
        run.batch,
        run.retry,
    )
    opener = functools.partial(_same, encoder) if in_process(run) else open_encoder
    del encoder
    (folder / "units").mkdir(parents=True, exist_ok=True)
    kept, fresh = _plan(inputs, folder, unit.hash, run)
    # Two runs on one folder, in orders of their own, seldom meet on a unit: whoever comes second finds it there. The
    # order shows nowhere in the result, and no clocks are compared.
    random.Random(uuid.uuid4().int).shuffle(fresh)
    size = bytes_per_shape(config.points, config.groups, config.neighbours, width, config.keep_points)
    _check_disk(folder, size * sum(map(len, fresh)), run.max_disk)
    jobs = [
        Job(number, tuple((name, str(inputs[name])) for name in names))
        for number, names in enumerate(kept + fresh)
    ]
    results: dict[str, UnitResult] = {}
    tally = _Tally(len(inputs), begin, on_progress)
    for job, result in _carried_out(jobs, unit, run, opener):
        results[job.inputs[0][0]] = result
        tally.add(result)
    ordered = [results[name] for name in sorted(results)]
    write_manifest(folder, settings, [result.key for result in ordered])
    return LiftReport(
        folder,
        sum(result.shapes for result in ordered),
        sum(result.shapes for result in ordered if result.kept),
        tuple(failure for result in ordered for failure in result.failures),
        sum(unit_path(folder, result.key).stat().st_size for result in ordered),
        time.monotonic() - begin,
    )


def _plan(
    inputs: dict[str, Path], folder: Path, settings_hash: str, run: RunConfig
) -> tuple[list[list[str]], list[list[str]]]:
    """Names by unit: the units that are there already, as they are, then everything else in order.

    The content of an old unit's inputs is compared later, by the worker: it hashes them anyway.
    """
    free = set(inputs)
    kept = []
    for path in unit_files(folder):
        try:
            header = read_header(path)
            if run.verify:
                read_arrays(path)
        except InputError as error:
            log.warning("%s", error)
            path.unlink()
            continue
        ours = header.settings == settings_hash and bool(header.sources) and free.issuperset(header.sources)
        if ours and not (run.retry and header.failures):
            names = sorted(header.sources)
            kept.append(names)
            free.difference_update(names)
    rest = sorted(free)
    return kept, [rest[start : start + run.per_unit] for start in range(0, len(rest), run.per_unit)]


def _check_disk(folder: Path, needed: int, max_disk: int | None) -> None:
    available = shutil.disk_usage(folder).free - DISK_RESERVE if max_disk is None else max_disk
    if needed > available:
        raise InputError(
            f"the run needs {needed / 1e9:.2f} GB in {folder}, and {max(available, 0) / 1e9:.2f} GB may be used: "
            "free some space, choose another folder, or lift fewer points or patches"
        )


def in_process(run: RunConfig) -> bool:
    """Whether shapes are lifted by the calling process itself."""
    return run.engine == "local" and run.workers == 0


def _carried_out(
    jobs: Sequence[Job], unit: UnitSettings, run: RunConfig, opener: Callable[[], DenseEncoder]
) -> Iterator[tuple[Job, UnitResult]]:
    if run.engine == "ray":
        actors = Actors(run.workers, run.encoders, run.gpus, run.threads, run.time_limit)
        return run_jobs_on_ray(jobs, unit, opener, actors)
    return run_jobs(jobs, functools.partial(_prepare, unit, run, opener), run.workers, run.time_limit)


def _same(encoder: DenseEncoder) -> DenseEncoder:
    return encoder


def _prepare(settings: UnitSettings, run: RunConfig, open_encoder: Callable[[], DenseEncoder]) -> Work:
    """What a worker does first: one encoder, and no more threads than it was given."""
    if run.workers:
        torch.set_num_threads(run.threads)
    return functools.partial(make_unit, settings, open_encoder())


class _Tally:
    """Counts shapes and estimates the time left from those that were really made."""

    def __init__(self, total: int, begin: float, on_progress: Callable[[Progress], None] | None) -> None:
        self.total, self.begin, self.on_progress = total, begin, on_progress
        self.done = self.made = self.failed = 0

    def add(self, result: UnitResult) -> None:
        """Count a finished unit and tell whoever asked."""
        count = result.shapes + len(result.failures)
        self.done += count
        self.failed += len(result.failures)
        self.made += 0 if result.kept else count
        if self.on_progress is None:
            return
        seconds = time.monotonic() - self.begin
        eta = seconds / self.made * (self.total - self.done) if self.made else None
        self.on_progress(Progress(self.done, self.total, self.failed, seconds, eta))


def failures_text(failures: Sequence[Failure]) -> str:
    """One line for each failure, for a report."""
    return "\n".join(f"{f.source}: {f.error}: {f.message}" for f in failures)
