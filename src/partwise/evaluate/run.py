"""A protocol run from end to end: ask, measure, log each sample, sum up."""

from __future__ import annotations

import hashlib
import platform
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from partwise import __version__
from partwise.errors import InputError
from partwise.evaluate.ask import Answerer
from partwise.evaluate.figures import summarise
from partwise.evaluate.log import RunLog
from partwise.evaluate.measure import measure
from partwise.evaluate.protocol import Protocol
from partwise.evaluate.questions import Question, questions, without_points
from partwise.evaluate.results import DataNotes, Result
from partwise.evaluate.sources import Source

# A line of progress after this many samples.
SAY_EVERY = 100


def evaluate(
    protocol: Protocol,
    source: Source,
    answerer: Answerer,
    limit: int | None = None,
    log: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Result:
    """Ask every question of a protocol with each of its seeds and sum up the answers.

    limit  only the first samples; the result says so
    log    a .jsonl that is written as the run goes and taken up again after a kill
    say    hears of progress

    Raises what reading data, asking and measuring raise, naming shape and key; what was measured before stays in
    the log.
    """
    if limit is not None and limit < 1:
        raise InputError(f"limit is {limit}: 1 at least")
    record = protocol.record()
    # Further seeds go into the same log.
    same = {key: value for key, value in record.items() if key != "seeds"}
    header = {"protocol": same, "model": asdict(answerer.notes), "config": answerer.config}
    kept = RunLog(log, {**header, "origin": answerer.origin, "versions": versions()})
    asked: list[Question] = []
    measured = []
    digest = hashlib.sha256()
    for number, seed in enumerate(protocol.seeds):
        rows = []
        for question in questions(protocol, source, seed, limit):
            name = _fingerprint(question)
            if number == 0:
                digest.update(name.encode())
                asked.append(without_points(protocol, question))
            known = kept.get(seed, question.key, name)
            if known is None:
                found = measure(protocol, question, answerer.answer(question, seed))
                known = kept.add(seed, question.key, name, found)
            rows.append(known)
            if len(rows) % SAY_EVERY == 0:
                say(f"{protocol.id}: seed {seed}: {len(rows):,} samples")
        if number == 0:
            _check(protocol, asked, digest.hexdigest(), limit)
        measured.append(rows)
    figures, samples = summarise(protocol, asked, measured)
    place = protocol.dataset, protocol.split
    data = DataNotes(*place, digest.hexdigest(), len(asked), limit, source.mock, source.partial)
    return Result(
        protocol=record,
        model=answerer.notes,
        data=data,
        origin=answerer.origin,
        seeds=protocol.seeds,
        config=answerer.config,
        versions=versions(),
        figures=figures,
        samples=samples,
    )


def versions() -> dict[str, str]:
    """What numbers may depend on besides the data."""
    return {
        "partwise": __version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def _fingerprint(question: Question) -> str:
    """SHA-256 of what a question is made of: its name, points, words and truth."""
    digest = hashlib.sha256("\0".join((question.key, question.up, *question.phrases)).encode())
    for array in (question.points, question.colors, question.rows, question.truth):
        if array is not None:
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _check(protocol: Protocol, asked: list[Question], sha256: str, limit: int | None) -> None:
    keys = [question.key for question in asked]
    if len(set(keys)) != len(keys):
        twice = next(key for key, number in Counter(keys).items() if number > 1)
        raise InputError(f"{protocol.id}: the sample {twice!r} comes twice: the data set is damaged")
    if limit is None and protocol.data_sha256 not in (None, sha256):
        raise InputError(
            f"{protocol.id} is fixed to data with the hash {str(protocol.data_sha256)[:12]}, found {sha256[:12]}: "
            "this copy of the data set differs"
        )
