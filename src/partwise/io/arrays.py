"""NPY and NPZ to `Geometry`: plain arrays only, never a pickle."""

from __future__ import annotations

import io
import warnings
import zipfile
from dataclasses import replace
from math import prod

import numpy as np
from jaxtyping import Num, Shaped

from partwise.errors import InputError, UnsafeError
from partwise.io.colors import rgba_bytes
from partwise.io.columns import cloud, guessed_roles
from partwise.io.geometry import Geometry
from partwise.io.source import Source

# A shape and a number type fit in far less; NumPy refuses longer headers than 10,000 bytes itself.
HEADER_BYTES = 10_200
EXTRA_WIDTHS = {"normals": (3,), "colors": (3, 4), "faces": (3,)}


def read_npy(source: Source) -> Geometry:
    """Geometry of a cloud from one (N,3..) array; the meaning of further columns follows `guessed_roles`.

    Raises UnsafeError for an array of Python objects (a pickle), InputError for any other shape or number type.
    """
    return _cloud(source, _array(source.data, "the array"))


def read_npz(source: Source) -> Geometry:
    """Geometry from `points` (N,3..), or from the only array that is (N,3); optional `colors`, `normals`, `faces`.

    Sizes, counts and ratios come from the archive's directory, before anything is expanded. Raises UnsafeError for a
    bomb, an archive within the archive or a pickle, InputError for a damaged archive.
    """
    with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
        members = _checked_members(archive, source)
        geometry = _cloud(
            source, _array(archive.read(_points_member(archive, members)), "the array of points")
        )
        extra: dict[str, np.ndarray] = {}
        for key, widths in EXTRA_WIDTHS.items():
            if key not in members:
                continue
            extra[key] = _array(archive.read(members[key]), repr(key))
            if extra[key].ndim != 2 or extra[key].shape[1] not in widths:
                raise InputError(
                    f"{key!r} has the shape {extra[key].shape}, but {widths} columns were expected"
                )
        for key in extra.keys() - {"faces"}:
            if len(extra[key]) != len(geometry.points):
                raise InputError(
                    f"{key!r} has {len(extra[key])} rows for {len(geometry.points)} points: one for each"
                )
    if "normals" in extra:
        geometry = replace(geometry, normals=extra["normals"].astype(np.float32))
    if "colors" in extra:
        geometry = replace(geometry, colors=rgba_bytes(extra["colors"]))
    if "faces" in extra:
        source.limits.check_faces(len(extra["faces"]))
        if extra["faces"].dtype.kind == "f":
            raise InputError(
                f"'faces' is {extra['faces'].dtype}, but integers were expected: save vertex indices"
            )
        geometry = replace(geometry, faces=extra["faces"].astype(np.int64))
    return geometry


def _cloud(source: Source, array: Shaped[np.ndarray, "..."]) -> Geometry:
    if array.ndim != 2 or array.shape[1] < 3 or (array.shape[0] == 3 and array.shape[1] > 9):
        hint = ": it lies on its side, save it transposed" if array.ndim == 2 and array.shape[0] == 3 else ""
        raise InputError(f"an array of shape {array.shape}, but (N,3) or more columns was expected{hint}")
    source.limits.check_points(len(array))
    roles, notes = guessed_roles(array)
    return cloud(array, roles, notes)


def _array(data: bytes, what: str) -> Num[np.ndarray, "..."]:
    """The array of real numbers that NPY bytes hold.

    Raises UnsafeError if they hold Python objects, InputError if the header lies about the length.
    """
    if data.startswith(b"PK"):
        raise UnsafeError(f"{what} is an archive within the archive: save the arrays in one NPZ")
    shape, is_fortran, dtype, start = _array_header(data[:HEADER_BYTES], what)
    if dtype.kind not in "fiu":
        raise InputError(f"{what} is {dtype}, but real numbers were expected: save it as float32 or float64")
    count = prod(shape)
    if min(shape, default=0) < 0 or count * dtype.itemsize > len(data) - start:
        raise InputError(
            f"{what} announces the shape {shape} of {dtype}, {count * dtype.itemsize:,} bytes, but "
            f"{len(data) - start:,} follow: the file is truncated or lies"
        )
    return np.frombuffer(data, dtype, count, start).reshape(shape, order="F" if is_fortran else "C")


def _array_header(data: bytes, what: str) -> tuple[tuple[int, ...], bool, np.dtype, int]:
    """Shape, Fortran order, number type and first data byte of an NPY file."""
    if data[:1] == b"\x80":
        raise UnsafeError(
            f"{what} is a pickle, which could run code: save it with numpy.save(..., allow_pickle=False)"
        )
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise InputError(
                f"{what} has the NPY version {version}, but 1.0 or 2.0 was expected: save plain numbers"
            )
        is_first = version == (1, 0)
        read = np.lib.format.read_array_header_1_0 if is_first else np.lib.format.read_array_header_2_0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # headers of Python 2 are read all the same
            shape, is_fortran, dtype = read(stream)
    except InputError:
        raise
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise InputError(
            f"{what} has no readable NPY header ({str(error)[:100]}): truncated or damaged"
        ) from error
    if dtype.hasobject:
        raise UnsafeError(f"{what} holds Python objects (a pickle), which could run code: save plain numbers")
    return shape, is_fortran, dtype, stream.tell()


def _checked_members(archive: zipfile.ZipFile, source: Source) -> dict[str, zipfile.ZipInfo]:
    """The arrays of an archive by name, after its directory is found harmless."""
    infos = archive.infolist()
    limit = source.limits.max_archive_members
    if len(infos) > limit:
        raise UnsafeError(
            f"{len(infos):,} files in the archive, but at most {limit:,} are read: "
            "if you trust it, read it with Limits(max_archive_members=...)"
        )
    source.limits.check_expansion(len(source.data), sum(info.file_size for info in infos))
    for info in infos:
        if info.filename.lower().endswith((".zip", ".npz")):
            raise UnsafeError(
                f"{info.filename[:80]!r} is an archive within the archive: save the arrays in one NPZ"
            )
    return {info.filename[:-4]: info for info in infos if info.filename.endswith(".npy")}


def _points_member(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """The member `points`, or the only other (N,3) array."""
    if "points" in members:
        return members["points"]
    fitting = []
    for name, info in members.items():
        if name in EXTRA_WIDTHS:
            continue
        with archive.open(info) as stream:
            shape = _array_header(stream.read(HEADER_BYTES), repr(name))[0]
        if len(shape) == 2 and shape[1] == 3:
            fitting.append(info)
    if len(fitting) != 1:
        raise InputError(
            f"no array 'points', and {len(fitting)} others have the shape (N,3) "
            f"(arrays: {str(list(members))[:200]}): save the positions as 'points'"
        )
    return fitting[0]
