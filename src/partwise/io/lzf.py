"""LZF decompression, as binary_compressed PCD files need it: a byte-oriented Lempel-Ziv without entropy coding.

Plain Python that moves runs rather than bytes, so that a wheel needs no compiler.
"""

from __future__ import annotations

from partwise.errors import InputError


def lzf_decompress(data: bytes, size: int) -> bytes:
    """Exactly `size` bytes out of LZF data.

    A control byte c < 32 is followed by c + 1 literal bytes. Otherwise c >> 5 is a length less 2 (7: one more byte is
    added to it) and the low five bits with the next byte a distance less 1 back into the output.
    Raises InputError if the data end early, point before the start or give another size.
    """
    out = bytearray()
    at, end = 0, len(data)
    try:
        while at < end and len(out) <= size:
            control = data[at]
            at += 1
            if control < 32:
                out += data[at : at + control + 1]
                at += control + 1
                continue
            length = (control >> 5) + 2
            if length == 9:
                length += data[at]
                at += 1
            distance = ((control & 31) << 8) + data[at] + 1
            at += 1
            start = len(out) - distance
            if start < 0:
                raise InputError("compressed data point before their start: the file is damaged")
            if distance >= length:
                out += out[start : start + length]
            else:  # the run overlaps what it writes: a pattern that repeats
                out += (out[start:] * (length // distance + 1))[:length]
    except IndexError:
        raise InputError("compressed data end in the middle of a run: the file is truncated") from None
    if len(out) != size or at != end:
        raise InputError(
            f"compressed data give {len(out):,} bytes, but {size:,} were announced: truncated or damaged"
        )
    return bytes(out)
