"""Published pickles, for converters only: read by a restricted unpickler in a process of its own, here only as data.

Arrays of numbers and text, dicts, lists, tuples, sets, texts, numbers. A pickle that names anything else is refused and
nothing of it is called.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from partwise.errors import InputError, MissingDataError, UnsafeError

# What reading may take: NumPy itself and the file several times over; a slow disk and a slow processor.
SPARE_BYTES, BYTES_PER_BYTE = 2**30, 8
START_SECONDS, SECONDS_PER_MEGABYTE = 20, 1.0
# Each thread of NumPy's algebra reserves memory, which would count against the limit.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_FORBIDDEN = 4  # exit code of the program


def read_pickle(path: Path, kind: str) -> Iterator[Any]:
    """The elements of the outermost list, the (key, value) pairs of the outermost dict, or the one value, one by one.

    kind  "list", "dict" or "value": what the file holds

    A `.npy` file that wraps a dict is read too. Raises MissingDataError; UnsafeError if the pickle names anything but
    arrays and plain containers; InputError if it is damaged, holds another kind, or needs more memory or time than its
    size explains.
    """
    if not path.is_file():
        raise MissingDataError(f"{path} is not there")
    size = path.stat().st_size
    seconds = int(START_SECONDS + SECONDS_PER_MEGABYTE * size / 2**20)
    program = Path(__file__).parent / "isolated" / "plain_pickle.py"
    memory = SPARE_BYTES + BYTES_PER_BYTE * size
    command = [sys.executable, "-I", str(program), str(path.resolve()), str(memory), str(seconds)]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | ONE_THREAD,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        clock = threading.Timer(10 * seconds, child.kill)  # only until the first record, then we set the pace
        clock.start()
        try:
            found, count = _record(child.stdout)
            clock.cancel()
            if found != kind:
                raise InputError(f"{path} holds a {found}, expected a {kind}: is it another file of the set?")
            for _ in range(count):
                yield _record(child.stdout)
            if child.wait() == 0:
                return
        except EOFError:
            child.wait()
        finally:
            clock.cancel()
            child.kill()
        raise _failure(path, child.returncode, child.stderr.read().decode(errors="replace"))


def _failure(path: Path, code: int, said: str) -> Exception:
    reason = said.strip().splitlines()[-1][:200] if said.strip() else f"exit code {code}"
    if code == _FORBIDDEN:
        return UnsafeError(
            f"{path} names {reason}: a pickle of arrays and plain containers was expected. Nothing was called; "
            "obtain the file from its authors again"
        )
    return InputError(
        f"{path} cannot be read ({reason}): it is truncated, damaged, no pickle, or too large for this machine"
    )


def _record(stream: IO[bytes]) -> Any:
    """The next value. Raises EOFError at a premature end."""
    lengths = stream.read(16)
    if len(lengths) < 16:
        raise EOFError
    text_size, blob_size = struct.unpack("<QQ", lengths)
    text, blob = stream.read(text_size), stream.read(blob_size)
    if len(text) < text_size or len(blob) < blob_size:
        raise EOFError
    return _value(json.loads(text), blob)


def _value(tree: Any, blob: bytes) -> Any:
    if not isinstance(tree, list):
        return tree
    tag, *rest = tree
    if tag == "array":
        code, shape, start = rest
        return np.frombuffer(blob, np.dtype(code), prod(shape), start).reshape(shape)
    if tag == "bytes":
        return bytes.fromhex(rest[0])
    if tag == "dict":
        return {_value(key, blob): _value(value, blob) for key, value in rest}
    return {"list": list, "tuple": tuple, "set": set}[tag](_value(element, blob) for element in rest)
