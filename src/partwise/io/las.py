"""LAS and LAZ (airborne and terrestrial scans) to `Geometry`. LAZ is expanded by laspy in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from partwise.errors import InputError, MissingExtraError
from partwise.io.colors import rgba_bytes
from partwise.io.geometry import Geometry
from partwise.io.source import Source

# LAS 1.4 specification, revision 15: where red, green, blue start in the records of each point format that has them,
# and the shortest record of each format.
COLOR_OFFSETS = {2: 20, 3: 28, 5: 28, 7: 30, 8: 30, 10: 30}
RECORD_BYTES = (20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67)
HEADER_BYTES, HEADER_BYTES_14 = 227, 375
NOTE_BYTES = 54  # header of a variable length record
COMPRESSED = 0x80  # set in the point format of a LAZ file
# What expanding may take: seconds to start and per million points, bytes beside the points themselves.
START_SECONDS, SECONDS_PER_MILLION, SPARE_BYTES = 10.0, 10.0, 2**30
# Each thread of NumPy's algebra reserves memory, which would count against the limit.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class _Header:
    """What the public header block says, as far as positions and colours need it."""

    points: int
    start: int
    record: int
    format: int
    is_compressed: bool
    scale: tuple[float, float, float]
    offset: tuple[float, float, float]


def read_las(source: Source) -> Geometry:
    """Geometry of a cloud in the coordinates of the file (float64, nothing subtracted), with colours if any are set.

    Raises InputError if the header does not fit the length or the data cannot be expanded, UnsafeError if they would
    explode, MissingExtraError for LAZ without laspy.
    """
    header = _header(source.data)
    source.limits.check_points(header.points)
    size = header.points * header.record
    body = source.data[header.start :]
    if header.is_compressed:
        source.limits.check_expansion(len(source.data), size)
        body = _expanded(source.data, header, size)
    if len(body) < size:
        raise InputError(
            f"{header.points:,} points of {header.record} bytes need {size:,} bytes, but {len(body):,} follow: "
            "the file is truncated or lies"
        )
    if header.points == 0:
        raise InputError("it holds no points: export it again")
    records = np.ndarray((header.points, 3), "<i4", body, 0, (header.record, 4))
    return Geometry(
        points=records * np.array(header.scale) + np.array(header.offset),
        colors=_colors(body, header),
    )


def _header(data: bytes) -> _Header:
    """The header; raises InputError if it is cut off or announces what does not exist."""
    if len(data) < HEADER_BYTES or not data.startswith(b"LASF"):
        raise InputError(
            "a LAS header of 227 bytes that starts with 'LASF' was expected: truncated, or no LAS file"
        )
    start, notes, kind, record, points = struct.unpack_from("<IIBHI", data, 96)
    if tuple(data[24:26]) >= (1, 4) and len(data) >= HEADER_BYTES_14:
        points = struct.unpack_from("<Q", data, 247)[0] or points
    number = kind & 0x3F
    if number >= len(RECORD_BYTES) or record < RECORD_BYTES[number] or start < HEADER_BYTES:
        raise InputError(
            f"point format {number} with {record} bytes from byte {start} does not exist: the file is damaged"
        )
    if HEADER_BYTES + notes * NOTE_BYTES > start:
        raise InputError(
            f"{notes:,} variable length records before byte {start:,} do not fit: the file is damaged"
        )
    scale, offset = struct.unpack_from("<3d", data, 131), struct.unpack_from("<3d", data, 155)
    return _Header(points, start, record, number, bool(kind & COMPRESSED), scale, offset)


def _expanded(data: bytes, header: _Header, size: int) -> bytes:
    """The point records of a LAZ file, from a child with limited time and memory."""
    if importlib.util.find_spec("laspy") is None or importlib.util.find_spec("lazrs") is None:
        raise MissingExtraError("laspy[lazrs]", "las", "reading LAZ (compressed LAS)")
    program = Path(__file__).parent / "isolated" / "laz_records.py"
    command = [sys.executable, str(program), str(SPARE_BYTES + 4 * (len(data) + size)), str(size)]
    seconds = START_SECONDS + SECONDS_PER_MILLION * header.points / 1e6
    try:
        done = subprocess.run(
            command,
            input=data,
            capture_output=True,
            timeout=seconds,
            check=False,
            env=os.environ | ONE_THREAD,
        )
    except subprocess.TimeoutExpired:
        raise InputError(
            f"the compressed points took more than {seconds:.0f} s: the file is damaged"
        ) from None
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        reason = lines[-1][:200] if lines else f"exit code {done.returncode}"
        raise InputError(
            f"the compressed points cannot be expanded ({reason}): the file is truncated or damaged"
        )
    return done.stdout


def _colors(body: bytes, header: _Header) -> UInt8[np.ndarray, "N 4"] | None:
    """RGBA (N,4), or None if the format has no colours or the scanner set none."""
    if header.format not in COLOR_OFFSETS:
        return None
    at = COLOR_OFFSETS[header.format]
    colors = np.ndarray((header.points, 3), "<u2", body, at, (header.record, 2))
    return rgba_bytes(colors) if colors.any() else None
