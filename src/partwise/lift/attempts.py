"""What a worker was doing when it died, where no parent can watch it: a short file for each unit of a run.

A worker notes an input before it touches it. Whoever takes the unit over reads what the last one was at. An input on
which workers died twice, or that took too long, is poison and is not touched again.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from partwise.files import make_folder, refusals_of_disk
from partwise.lift.pool import DEATHS

# How a worker ends itself when an input takes too long.
LATE_EXIT = 75


class Attempt:
    """One try at a unit: `with Attempt(path, time_limit) as attempt`, then `attempt.touch(name)` for each input.

    poison  inputs that must not be touched again, with the reason
    An input that takes longer than `time_limit` seconds ends the process; the next try finds it in `poison`.
    """

    def __init__(self, path: Path, time_limit: float) -> None:
        self.path, self.time_limit = path, time_limit
        self.poison: dict[str, str] = {}
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Attempt:
        self.poison = read_poison(self.path)
        self._note("begin")
        return self

    def __exit__(self, *_: object) -> None:
        self._cancel()
        self._note("end")

    def touch(self, name: str) -> None:
        """Note that this input comes next, and start its clock."""
        self._cancel()
        self._note("touch", name)
        self._timer = threading.Timer(self.time_limit, self._late, (name,))
        self._timer.daemon = True
        self._timer.start()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _late(self, name: str) -> None:
        self._note("late", name, f"took longer than {self.time_limit:g} s")
        os._exit(LATE_EXIT)

    def _note(self, *event: str) -> None:
        # One short write in append mode: a line is there whole or not at all, and survives the death of the process.
        make_folder(self.path.parent)
        with refusals_of_disk(self.path), self.path.open("ab", buffering=0) as file:
            file.write(json.dumps(event).encode() + b"\n")


def read_poison(path: Path) -> dict[str, str]:
    """Inputs to blame for what happened so far, with the reason; a touch that nothing follows is a death."""
    poison: dict[str, str] = {}
    deaths: dict[str, int] = {}
    current = None
    lines = path.read_bytes().splitlines() if path.exists() else []
    for kind, *rest in [*map(json.loads, lines), ["begin"]]:
        if kind == "touch":
            current = rest[0]
        elif kind == "late":
            poison[rest[0]], current = rest[1], None
        else:
            if kind == "begin" and current is not None:
                deaths[current] = deaths.get(current, 0) + 1
            current = None
    fatal = {name: f"{count} workers died on it" for name, count in deaths.items() if count >= DEATHS}
    return fatal | poison
