"""Progress of the command line: a word about whatever takes longer than a second."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_SECONDS = 1.0


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say `name` on stderr if the block takes longer than a second."""
    timer = threading.Timer(PATIENCE_SECONDS, lambda: print(f"{name} ...", file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
