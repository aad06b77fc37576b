"""A library of shapes to lifted patch features: resumable, idempotent, and not stopped by any single file.

Work is cut into units of some shapes. A unit is named by the hash of its settings and inputs and written atomically;
running again skips what is there, redoes what is damaged or changed, and adds what is new. The manifest comes last.
"""

from __future__ import annotations

import functools
import logging
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from partwise.encoders.vision import DEFAULT, VisionEncoder
from partwise.errors import InputError, MissingDataError, MissingExtraError, PartwiseError
from partwise.files import file_sha256
from partwise.io.read import READERS
from partwise.lift.lifting import DenseEncoder, LiftConfig, lift_shape
from partwise.lift.pool import Job, Work, run_jobs
from partwise.lift.shards import (
    Failure,
    LiftedShape,
    UnitHeader,
    bytes_per_shape,
    json_sha256,
    read_arrays,
    read_header,
    unit_files,
    unit_key,
    unit_path,
    write_manifest,
    write_unit,
)
from partwise.shape import Shape

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

    workers     processes, each with its own encoder; 0 works in this process
    threads     of torch and BLAS in each worker
    per_unit    shapes in a unit: what a crash can cost, and the size of a file
    batch       pictures in one pass of the encoder
    time_limit  seconds for one shape before it is set aside
    max_disk    bytes the run may take; None: what is free, less a reserve
    verify      compare finished units with their hashes (reads them whole) before they are kept
    retry       try failed shapes again
    """

    workers: int = 1
    threads: int = 1
    per_unit: int = 32
    batch: int = 16
    time_limit: float = 600.0
    max_disk: int | None = None
    verify: bool = False
    retry: bool = False

    def __post_init__(self) -> None:
        if (
            self.workers < 0
            or self.threads < 1
            or self.per_unit < 1
            or self.batch < 1
            or not self.time_limit > 0
        ):
            raise InputError(f"{self}: workers must be 0 or more, all other numbers positive")


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


@dataclass(frozen=True)
class _UnitResult:
    key: str
    shapes: int
    failures: tuple[Failure, ...]
    kept: bool


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
    encoder = open_encoder()
    settings, width = config.settings(encoder), encoder.width
    opener = functools.partial(_same, encoder) if run.workers == 0 else open_encoder
    del encoder
    settings_hash = json_sha256(settings)
    (folder / "units").mkdir(parents=True, exist_ok=True)
    kept, fresh = _plan(inputs, folder, settings_hash, run)
    size = bytes_per_shape(config.points, config.groups, config.neighbours, width)
    _check_disk(folder, size * sum(map(len, fresh)), run.max_disk)
    jobs = [
        Job(number, tuple((name, str(inputs[name])) for name in names))
        for number, names in enumerate(kept + fresh)
    ]
    prepare = functools.partial(_prepare, folder, settings_hash, config, run, opener)
    results: dict[str, _UnitResult] = {}
    tally = _Tally(len(inputs), begin, on_progress)
    for job, result in run_jobs(jobs, prepare, run.workers, run.time_limit):
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


def _same(encoder: DenseEncoder) -> DenseEncoder:
    return encoder


def _prepare(
    folder: Path,
    settings_hash: str,
    config: LiftConfig,
    run: RunConfig,
    open_encoder: Callable[[], DenseEncoder],
) -> Work:
    """What a worker does first: one encoder, and no more threads than it was given."""
    if run.workers:
        torch.set_num_threads(run.threads)
    return functools.partial(make_unit, folder, settings_hash, config, run, open_encoder())


def make_unit(
    folder: Path,
    settings_hash: str,
    config: LiftConfig,
    run: RunConfig,
    encoder: DenseEncoder,
    job: Job,
    touch: Callable[[str], None],
) -> _UnitResult:
    """Make one unit, or keep it if the same bytes were lifted with the same settings before.

    `touch` is told the name of each input before it is opened. The building block of every engine.
    """
    digests = {name: _digest(path) for name, path in job.inputs}
    key = unit_key(settings_hash, list(digests.items()))
    header = _existing(unit_path(folder, key))
    if header is not None and not (run.retry and header.failures):
        return _UnitResult(key, len(header.shapes), header.failures, kept=True)
    shapes: list[LiftedShape] = []
    failures: list[Failure] = []
    for name, path in job.inputs:
        if name in job.poison:
            failures.append(Failure(name, digests[name], "Poison", job.poison[name]))
            continue
        touch(name)
        outcome = _lift_file(name, path, digests[name], encoder, config, run.batch)
        if isinstance(outcome, LiftedShape):
            shapes.append(outcome)
        else:
            failures.append(outcome)
    write_unit(folder, key, settings_hash, shapes, failures)
    return _UnitResult(key, len(shapes), tuple(failures), kept=False)


def _lift_file(
    name: str, path: str, digest: str, encoder: DenseEncoder, config: LiftConfig, batch: int
) -> LiftedShape | Failure:
    """Features of one file, or the reason why there are none. Only a missing package stops the run."""
    try:
        shape = Shape.read(path, up=config.up)
        lifted = lift_shape(shape, encoder, config, digest, batch)
    except MissingExtraError:
        raise
    except Exception as error:  # one file must never cost the others; the reason goes into the unit
        if not isinstance(error, PartwiseError):
            log.exception("%s could not be lifted", name)
        return Failure(name, digest, type(error).__name__, str(error)[:1000])
    return LiftedShape(**{**vars(lifted), "source": name})


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


class _Tally:
    """Counts shapes and estimates the time left from those that were really made."""

    def __init__(self, total: int, begin: float, on_progress: Callable[[Progress], None] | None) -> None:
        self.total, self.begin, self.on_progress = total, begin, on_progress
        self.done = self.made = self.failed = 0

    def add(self, result: _UnitResult) -> None:
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
