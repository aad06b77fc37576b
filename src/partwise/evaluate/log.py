"""The log of a run: a line for each sample as it is measured, so that a killed run goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from partwise.errors import InputError
from partwise.files import append, check_target, refusals_of_disk
from partwise.io.tables import plain

SCHEMA = "partwise-log/1"


class RunLog:
    """Measures by (seed, key), each handed to the system before the next is made. Without a path nothing is kept.

    A killed process loses nothing; a power cut may lose the last lines, which are then measured again.

    header  what the run is; a log of another run is refused

    Raises InputError for a log of another run, or a damaged line other than the last, which a kill may have torn.
    """

    def __init__(self, path: Path | None, header: Mapping[str, Any]) -> None:
        self._path = path
        self._measures: dict[tuple[int, str], tuple[str, dict[str, Any]]] = {}
        if path is None:
            return
        check_target(path)
        first = json.loads(json.dumps(plain({"schema": SCHEMA, **header})))
        whole = self._read(path, first) if path.is_file() else 0
        with refusals_of_disk(path):
            if whole:
                with path.open("r+b") as file:  # what a kill tore off
                    file.truncate(whole)
            else:
                path.write_text(json.dumps(first, ensure_ascii=False) + "\n", encoding="utf-8")

    def __len__(self) -> int:
        return len(self._measures)

    def get(self, seed: int, key: str, asked: str) -> dict[str, Any] | None:
        """The measure of a sample, None if there is none yet. `asked` identifies the points, words and truth.

        Raises InputError if the sample was another one when it was measured.
        """
        found = self._measures.get((seed, key))
        if found is not None and found[0] != asked:
            raise InputError(
                f"{self._path} has a measure of {key!r} with other points, words or truth: the data set has changed; "
                "remove the log, or name another output"
            )
        return None if found is None else found[1]

    def add(self, seed: int, key: str, asked: str, measure: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a measure; what comes back is as the log would give it later."""
        kept = json.loads(json.dumps(plain(measure)))
        self._measures[(seed, key)] = asked, kept
        if self._path is not None:
            line = json.dumps({"seed": seed, "key": key, "asked": asked, "measure": kept}, ensure_ascii=False)
            append(self._path, line + "\n")
        return kept

    def _read(self, path: Path, first: Mapping[str, Any]) -> int:
        """Take over what a log holds; the number of its bytes that are whole lines."""
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        lines = data[:whole].decode("utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                if number == 1:
                    self._check(path, row, first)
                else:
                    self._measures[(int(row["seed"]), str(row["key"]))] = (
                        str(row["asked"]),
                        dict(row["measure"]),
                    )
            except InputError:
                raise
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(f"line {number} of {path} is damaged ({error}): remove the log") from None
        return whole

    @staticmethod
    def _check(path: Path, row: Any, first: Mapping[str, Any]) -> None:
        if not isinstance(row, dict) or row.get("schema") != SCHEMA:
            raise InputError(f"{path} is no log of `partwise eval`: name another output")
        different = [key for key in first if row.get(key) != first[key]]
        if different:
            raise InputError(
                f"{path} is the log of another run, its {', '.join(different)} differ: "
                "remove it, or name another output"
            )
