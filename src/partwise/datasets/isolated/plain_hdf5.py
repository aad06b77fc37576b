"""Read named arrays of numbers from an HDF5 file; write them to standard output, one NPY after the other.

A program of its own, run by partwise.datasets.hdf5: the HDF5 library is a large native parser, so a hostile file
meets it in a process that takes limited memory and time and writes no file. It stands alone in its folder because
Python puts the folder of a program first in line for imports.

Arguments: the file, bytes of memory it may take, seconds of processor time it may take, the most rows of an array, and
the names. Exit code 4, and the reason on standard error, for values that lie elsewhere; 1 for any other trouble.
"""

import io
import os
import sys

import numpy as np

FORBIDDEN = 4


class Forbidden(Exception):
    """The file points elsewhere."""


def read(file, name, most_rows):
    """One array, after a look at its kind and size. Raises Forbidden if it or its values lie outside the file."""
    import h5py

    if isinstance(file.get(name, getlink=True), (h5py.ExternalLink, h5py.SoftLink)):
        raise Forbidden(f"key {name!r}: it points elsewhere, which is never followed")
    array = file.get(name)
    if not isinstance(array, h5py.Dataset):
        raise ValueError(f"key {name!r}: there is no such array")
    if array.external or array.is_virtual:
        raise Forbidden(f"key {name!r}: its values lie in another file, which is never opened")
    if array.dtype.kind not in "fiu" or not array.shape or array.shape[0] > most_rows:
        raise ValueError(
            f"key {name!r}: {array.dtype} {array.shape}, but at most {most_rows} rows of numbers"
        )
    return array[...]


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
    """0 if all was written."""
    import h5py

    path, memory, seconds, most_rows, *names = sys.argv[1:]
    out = os.fdopen(os.dup(1), "wb", buffering=1 << 20)
    limit(int(memory), int(seconds))
    try:
        with h5py.File(path, "r") as file:
            for name in names:
                stream = io.BytesIO()  # NumPy cannot write into a pipe
                np.lib.format.write_array(stream, np.ascontiguousarray(read(file, name, int(most_rows))))
                out.write(stream.getbuffer())
        out.flush()
    except Forbidden as error:
        sys.stderr.write(f"{error}\n")
        return FORBIDDEN
    except Exception as error:  # whatever a damaged file makes the library raise
        sys.stderr.write(f"{' '.join(str(error).split())[:300] or type(error).__name__}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
