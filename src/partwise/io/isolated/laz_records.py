"""Expand the LAZ file on standard input to raw point records on standard output.

A program of its own, run by partwise.io.las: the decompressor is compiled code that a damaged file can hold up for
minutes or make abort, so it works where time and memory are limited. It stands alone in its folder because Python puts
the folder of a program first in line for imports.

Arguments: bytes of memory it may take, bytes it shall write.
"""

import io
import sys


def main() -> int:
    """Exit code 0 if exactly the announced bytes were written."""
    import laspy

    memory, expected = int(sys.argv[1]), int(sys.argv[2])
    _limit_memory(memory)
    stream = io.BytesIO(sys.stdin.buffer.read())
    # One thread: the parallel decompressor needs address space for each.
    with laspy.LasReader(stream, laz_backend=laspy.LazBackend.Lazrs, read_evlrs=False) as reader:
        records = reader.read().points.array.tobytes()
    if len(records) != expected:
        return 1
    sys.stdout.buffer.write(records)
    return 0


def _limit_memory(size: int) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    except (ImportError, ValueError, OSError):
        return  # Windows and some macOS have no such limit; the time limit of the caller stays


if __name__ == "__main__":
    sys.exit(main())
