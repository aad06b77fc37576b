"""Published HDF5 files, for converters only: read by the HDF5 library in a process of its own, here only as arrays."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from partwise.datasets.pickled import ONE_THREAD
from partwise.errors import InputError, MissingDataError, MissingExtraError, UnsafeError

# What reading may take: the library itself and the file many times over, as it is compressed; a slow disk.
SPARE_BYTES, BYTES_PER_BYTE = 2**30, 32
START_SECONDS, SECONDS_PER_MEGABYTE = 20, 1.0
_FORBIDDEN = 4  # exit code of the program


def require_h5py() -> Any:
    """The package h5py. Raises MissingExtraError."""
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError("h5py", "data", "reading HDF5 files") from error
    return h5py


def read_hdf5(path: Path, names: Sequence[str], most_rows: int) -> dict[str, np.ndarray]:
    """The named arrays of numbers of a file.

    Raises MissingExtraError, MissingDataError; UnsafeError if an array lies in another file; InputError if one is
    absent or larger than `most_rows`, or the file is damaged or needs more memory or time than its size explains.
    """
    require_h5py()
    if not path.is_file():
        raise MissingDataError(f"{path}: the file is missing: complete the copy, or unpack it again")
    size = path.stat().st_size
    seconds = int(START_SECONDS + SECONDS_PER_MEGABYTE * size / 2**20)
    memory = SPARE_BYTES + BYTES_PER_BYTE * size
    program = Path(__file__).parent / "isolated" / "plain_hdf5.py"
    options = [str(path.resolve()), str(memory), str(seconds), str(most_rows), *names]
    try:
        child = subprocess.run(
            [sys.executable, "-I", str(program), *options],
            env=os.environ | ONE_THREAD,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10 * seconds,
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"{path}: it takes longer than {10 * seconds} s to read: it is damaged") from None
    if child.returncode == 0:
        stream = io.BytesIO(child.stdout)
        return {name: np.lib.format.read_array(stream, allow_pickle=False) for name in names}
    said = child.stderr.decode(errors="replace").strip().splitlines()
    reason = said[-1] if said else f"exit code {child.returncode}"
    if child.returncode == _FORBIDDEN:
        raise UnsafeError(f"{path}, {reason}")
    raise InputError(f"{path}, {reason}: it cannot be read as HDF5, it is truncated or damaged: get it again")
