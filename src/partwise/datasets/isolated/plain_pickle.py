"""Read a published pickle of NumPy arrays and plain containers; write it to standard output as nothing but data.

A program of its own, run by partwise.datasets.pickled: reading a pickle means calling what it names, so it works in a
process that can name a handful of harmless things, write no file and take limited memory and time. It stands alone in
its folder because Python puts the folder of a program first in line for imports.

Arguments: the file, bytes of memory it may take, seconds of processor time it may take.

Output: a first record ("list", "dict" or "value", count), then one for each element of the outermost list or dict, or
one for any other value. A record is two little-endian 8-byte lengths, a JSON tree and raw array bytes. In the tree,
numbers, texts, true, false and null stand for themselves; the rest is ["list", ...], ["tuple", ...], ["set", ...],
["dict", [key, value], ...], ["bytes", hex], ["array", dtype, shape, offset].
"""

import json
import os
import pickle
import struct
import sys
from collections import OrderedDict

import numpy as np

FORBIDDEN = 4  # exit code: the pickle names something else


class Forbidden(Exception):
    """The pickle names something that is no array and no plain container."""


def latin1(text, encoding="latin1"):
    """What `_codecs.encode` does for the bytes in old pickles, for the one encoding that they use."""
    if encoding not in ("latin1", "latin-1") or not isinstance(text, str):
        raise Forbidden(f"_codecs.encode with {encoding!r}")
    return text.encode("latin1")


def rebuild(kind, shape, code):
    """What `numpy._reconstruct` does, for plain arrays only."""
    if kind is not np.ndarray:
        raise Forbidden(f"an array of type {kind!r}")
    return np.ndarray.__new__(np.ndarray, shape, code)


def scalar(dtype, data=None):
    """One NumPy number as a Python one."""
    if not isinstance(dtype, np.dtype) or dtype.hasobject or not isinstance(data, bytes):
        raise Forbidden("a NumPy scalar of objects")
    return np.frombuffer(data, dtype, 1)[0].item()


def from_buffer(data, dtype, shape, order):
    """What protocol 5 calls for contiguous arrays."""
    if dtype.hasobject:
        raise Forbidden("an array of objects over a buffer")
    return np.frombuffer(data, dtype).reshape(shape, order=order)


ALLOWED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): rebuild,
    ("numpy._core.multiarray", "_reconstruct"): rebuild,
    ("numpy.core.multiarray", "scalar"): scalar,
    ("numpy._core.multiarray", "scalar"): scalar,
    ("numpy.core.numeric", "_frombuffer"): from_buffer,
    ("numpy._core.numeric", "_frombuffer"): from_buffer,
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): latin1,
    ("builtins", "set"): set,
    ("builtins", "bytearray"): bytearray,
    ("__builtin__", "set"): set,
    ("__builtin__", "bytearray"): bytearray,
}


class Plain(pickle.Unpickler):
    """An unpickler that knows arrays and plain containers, and nothing else."""

    def find_class(self, module, name):
        """The harmless thing of that name; raises Forbidden for any other."""
        if (module, name) not in ALLOWED:
            raise Forbidden(f"{module}.{name}")
        return ALLOWED[module, name]

    def persistent_load(self, pid):
        """Refused: nothing outside the file."""
        raise Forbidden(f"a reference {pid!r} outside the file")


def tree(value, blob, depth=0):
    """A value as JSON; array bytes are appended to `blob`."""
    if depth > 32:
        raise Forbidden("containers nested deeper than 32")
    if value is None or isinstance(value, (bool, str, int, float)):
        return value
    if isinstance(value, (bytes, bytearray)):
        return ["bytes", bytes(value).hex()]
    if isinstance(value, np.generic):
        return tree(value.item(), blob, depth + 1)
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:  # np.save wraps a dict into one of these
            return tree(value.tolist(), blob, depth + 1)
        if value.dtype.kind not in "biufUS":
            raise Forbidden(f"an array of {value.dtype}")
        start = len(blob)
        blob += np.ascontiguousarray(value).tobytes()
        return ["array", value.dtype.str, list(value.shape), start]
    if isinstance(value, dict):
        pairs = [[tree(k, blob, depth + 1), tree(v, blob, depth + 1)] for k, v in value.items()]
        return ["dict", *pairs]
    for kind in (list, tuple, set):
        if isinstance(value, kind):
            elements = sorted(value, key=repr) if kind is set else value
            return [kind.__name__, *(tree(element, blob, depth + 1) for element in elements)]
    raise Forbidden(f"a {type(value).__name__}")


def send(stream, value):
    """Write one record."""
    blob = bytearray()
    text = json.dumps(tree(value, blob)).encode()
    stream.write(struct.pack("<QQ", len(text), len(blob)))
    stream.write(text)
    stream.write(blob)


def limit(memory, seconds):
    """No more memory and time than that, and no file at all."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    except (ImportError, ValueError, OSError):
        return  # Windows and some macOS have no such limits; the time limit of the caller stays


def main():
    """Exit code 0 if all was written, 4 if the pickle names what is not allowed."""
    path, memory, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    out = os.fdopen(os.dup(1), "wb", buffering=1 << 20)
    limit(memory, seconds)
    try:
        with open(path, "rb") as file:
            if file.read(6) == b"\x93NUMPY":  # np.save of a dict: a header, then the pickle
                file.seek(0)
                version = np.lib.format.read_magic(file)
                read = {
                    (1, 0): np.lib.format.read_array_header_1_0,
                    (2, 0): np.lib.format.read_array_header_2_0,
                }
                if version not in read or not read[version](file)[2].hasobject:
                    raise ValueError("an NPY file of plain numbers, which needs no unpickling")
            else:
                file.seek(0)
            # Old Python 2 pickles hold bytes where Python 3 has text: latin1 is what NumPy asks for.
            value = Plain(file, encoding="latin1").load()
        if isinstance(value, np.ndarray) and value.dtype.hasobject and value.ndim < 2:
            value = value.tolist()
        kind = type(value).__name__ if isinstance(value, (list, dict)) else "value"
        elements = value.items() if isinstance(value, dict) else value if kind == "list" else [value]
        send(out, [kind, len(value) if kind != "value" else 1])
        for element in elements:
            send(out, element)
        out.flush()
    except Forbidden as error:
        sys.stderr.write(f"{error}\n")
        return FORBIDDEN
    return 0


if __name__ == "__main__":
    sys.exit(main())
