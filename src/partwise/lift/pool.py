"""Worker processes for units of work, which may crash, hang or be killed without taking the run with them."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from typing import Any

from partwise.errors import InputError

# A shape on which this many workers died is poison. One death may be somebody else's fault: a full memory, a signal.
DEATHS = 2
# Workers that die before they reach a shape tell of a broken set-up, not of a broken shape.
DEATHS_AT_START = 3
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Job:
    """One unit of work: its inputs as (name, path), and those that must not be touched again, with the reason."""

    number: int
    inputs: tuple[tuple[str, str], ...]
    poison: dict[str, str] = field(default_factory=dict)


# What a worker runs on a job; it calls the second argument with the name of each input before it touches it.
Work = Callable[[Job, Callable[[str], None]], Any]


@dataclass(eq=False)
class _Worker:
    process: Any
    connection: Connection
    job: Job | None = None
    current: str | None = None
    since: float = 0.0


def run_jobs(
    jobs: Sequence[Job], prepare: Callable[[], Work], workers: int, time_limit: float
) -> Iterator[tuple[Job, Any]]:
    """Yield (job, result) as they finish. `prepare` runs once in each worker and must be picklable.

    workers 0 works in this process, without protection. An input that takes longer than `time_limit` seconds, or on
    which workers died twice, is named in the job's `poison` and the job is done again without it.
    Raises what `prepare` raised, or InputError if workers die before they touch an input.
    """
    if workers == 0:
        work = prepare()
        for job in jobs:
            yield job, work(job, _ignore)
        return
    pool = _Pool(list(reversed(jobs)), prepare, time_limit)
    try:
        while pool.waiting or pool.busy:
            while pool.waiting and len(pool.busy) < workers:
                pool.assign()
            yield from pool.collect()
    finally:
        pool.stop()


def _ignore(name: str) -> None:
    """In this process nobody watches over the inputs."""


class _Pool:
    def __init__(self, waiting: list[Job], prepare: Callable[[], Work], time_limit: float) -> None:
        self.waiting, self.prepare, self.time_limit = waiting, prepare, time_limit
        self.busy: list[_Worker] = []
        self.idle: list[_Worker] = []
        self.deaths: dict[str, int] = {}
        self.deaths_at_start = 0
        # A fresh interpreter: a fork would copy locked thread pools of torch and BLAS.
        self.context = multiprocessing.get_context("spawn")

    def assign(self) -> None:
        """Give the next job to an idle worker, or to a new one."""
        if not self.idle:
            mine, theirs = self.context.Pipe()
            process = self.context.Process(target=_serve, args=(theirs, self.prepare), daemon=True)
            process.start()
            theirs.close()
            self.idle.append(_Worker(process, mine))
        worker = self.idle.pop()
        worker.job, worker.current = self.waiting.pop(), None
        self.busy.append(worker)
        try:
            worker.connection.send(worker.job)
        except (BrokenPipeError, ConnectionResetError):
            self._died(worker, None)

    def collect(self) -> Iterator[tuple[Job, Any]]:
        """Results that are ready; notices deaths and late workers."""
        ready = wait([worker.connection for worker in self.busy], timeout=POLL_SECONDS)
        for worker in [worker for worker in self.busy if worker.connection in ready]:
            try:
                kind, content = worker.connection.recv()
            except (EOFError, ConnectionResetError):
                self._died(worker, None)
                continue
            if kind == "error":
                raise content
            if kind == "touch":
                worker.current, worker.since = content, time.monotonic()
                continue
            job = worker.job
            self.busy.remove(worker)
            self.idle.append(worker)
            if job is not None:
                yield job, content
        for worker in list(self.busy):
            if worker.current is not None and time.monotonic() - worker.since > self.time_limit:
                worker.process.kill()
                self._died(worker, f"took longer than {self.time_limit:g} s")

    def _died(self, worker: _Worker, reason: str | None) -> None:
        """Put the job of a dead worker back, without the input that is to blame."""
        worker.process.join()
        worker.connection.close()
        self.busy.remove(worker)
        job, name = worker.job, worker.current
        if job is None:
            return
        if name is None:
            self.deaths_at_start += 1
            if self.deaths_at_start >= DEATHS_AT_START:
                raise InputError(
                    f"{DEATHS_AT_START} workers ended with code {worker.process.exitcode} before their first shape: "
                    "try workers=0 to see why; is there enough memory for the encoder in each?"
                )
        else:
            self.deaths[name] = self.deaths.get(name, 0) + 1
            if reason is None and self.deaths[name] >= DEATHS:
                reason = f"{DEATHS} workers died on it, the last with code {worker.process.exitcode}"
            if reason is not None:
                job = replace(job, poison={**job.poison, name: reason})
        self.waiting.append(job)

    def stop(self) -> None:
        """End all workers; finished units are on disk already."""
        for worker in self.busy + self.idle:
            worker.process.kill()
            worker.process.join()
            worker.connection.close()


def _serve(connection: Connection, prepare: Callable[[], Work]) -> None:
    """The life of a worker: prepare once, then one job after another until the parent hangs up."""
    try:
        work = prepare()
        while True:
            job = connection.recv()
            connection.send(("done", work(job, lambda name: connection.send(("touch", name)))))
    except (EOFError, KeyboardInterrupt, BrokenPipeError):
        return
    except Exception as error:  # the parent raises it again, where a person can see it
        connection.send(("error", error))
