"""Any file that partwise understands to `Geometry`: one door for a person, a program and a fuzzer alike."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np

from partwise.errors import InputError, MissingExtraError, PartwiseError, UnsafeError
from partwise.io.arrays import read_npy, read_npz
from partwise.io.delimited import read_delimited
from partwise.io.geometry import Geometry
from partwise.io.gltf import read_gltf
from partwise.io.las import read_las
from partwise.io.limits import DEFAULT_LIMITS, Limits
from partwise.io.obj import read_obj
from partwise.io.off import read_off
from partwise.io.pcd import read_pcd
from partwise.io.ply import read_ply
from partwise.io.source import Source, open_source
from partwise.io.stl import read_stl

# Extension: format, reader.
READERS = {
    ".glb": ("glTF", read_gltf),
    ".gltf": ("glTF", read_gltf),
    ".obj": ("OBJ", read_obj),
    ".stl": ("STL", read_stl),
    ".off": ("OFF", read_off),
    ".ply": ("PLY", read_ply),
    ".pcd": ("PCD", read_pcd),
    ".xyz": ("text", read_delimited),
    ".txt": ("text", read_delimited),
    ".csv": ("text", read_delimited),
    ".pts": ("text", read_delimited),
    ".asc": ("text", read_delimited),
    ".npy": ("NPY", read_npy),
    ".npz": ("NPZ", read_npz),
    ".las": ("LAS", read_las),
    ".laz": ("LAS", read_las),
}
# First bytes that leave no doubt: format, and what to say about files that are no shape at all.
MAGIC = {
    b"glTF": "glTF",
    b"ply\n": "PLY",
    b"ply\r": "PLY",
    b"# .PCD": "PCD",
    b"\x93NUMPY": "NPY",
    b"PK\x03\x04": "NPZ",
    b"LASF": "LAS",
    b"OFF\n": "OFF",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself (run: git lfs pull)",
    b"<!DOCTYPE": "a web page, probably an error page of the download",
    b"<html": "a web page, probably an error page of the download",
    b"\x1f\x8b": "gzip data (unpack it first)",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"%PDF": "a PDF document",
    b"\x89HDF": "HDF5 data (save the points as NPZ)",
    b"\x7fELF": "a program",
}
FLOAT32_MAX = float(np.finfo(np.float32).max)


def read_geometry(path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> Geometry:
    """Read a mesh or a point cloud; the extension names the format and the first bytes must agree.

    Nothing is fetched, nothing unpickled, nothing outside the file's own folder is opened, and counts are
    checked against the file before memory is taken. docs/bad_input.md lists what is refused and how.

    Raises MissingDataError (no such file, or a part of it is elsewhere), InputError (it cannot be read, or
    holds no shape), UnsafeError (it is too big, or asks for what is not done); each starts with the path.
    Nothing else, whatever the file holds.

    Example:
        >>> np.save("cloud.npy", np.eye(3))
        >>> read_geometry("cloud.npy").points.shape
        (3, 3)
    """
    place = os.fspath(path)
    try:
        extension = os.path.splitext(place)[1].lower()
        if extension not in READERS:
            known = " ".join(READERS)
            raise InputError(f"unknown extension {extension!r}: use one of {known}, or convert it first")
        name, reader = READERS[extension]
        source = open_source(path, limits)
        _check_magic(source, name)
        with np.errstate(all="ignore"):  # overflow shows as Inf, which is checked
            return _checked(reader(source), limits)
    except MissingExtraError:
        raise
    except PartwiseError as error:
        raise type(error)(f"{place}: {error}") from error
    except MemoryError as error:
        raise UnsafeError(
            f"{place}: it needs more memory than there is: read a smaller part of it"
        ) from error
    except Exception as error:  # whatever a damaged file makes NumPy, Pillow or zipfile raise
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise InputError(f"{place}: it cannot be read ({reason}): truncated or damaged") from error


def _check_magic(source: Source, expected: str) -> None:
    """Raises InputError if the first bytes belong to another format than the extension says."""
    if source.data[:1] == b"\x80" and source.data[1:2] in b"\2\3\4\5" and expected != "STL":
        raise UnsafeError(
            "it is a pickle, which could run code: save plain arrays (NPZ) or a mesh format instead"
        )
    found = next((kind for magic, kind in MAGIC.items() if source.data.startswith(magic)), expected)
    if found == expected:
        return
    extensions = [extension for extension, (name, _) in READERS.items() if name == found]
    if not extensions:
        raise InputError(f"the file is {found}, not {expected}: give the shape itself")
    raise InputError(
        f"the extension says {expected}, but the file is {found}: rename it to {' or '.join(extensions)}"
    )


def _checked(geometry: Geometry, limits: Limits) -> Geometry:
    """The same geometry if every reader's promise holds: something is there, and it is finite where it must be."""
    points, notes = geometry.points, list(geometry.warnings)
    limits.check_points(len(points))
    if len(points) == 0:
        raise InputError("it holds no points and no vertices: export it again")
    if geometry.faces is not None and len(geometry.faces) == 0:
        notes.append("it has no faces: read as a point cloud")
        geometry = replace(
            geometry, faces=None, materials=(), face_material=None, node_names=(), face_node=None, uv=None
        )
    finite = np.isfinite(points).all(axis=1)
    what = "point" if geometry.faces is None else "vertex"
    huge = finite & (np.abs(points) > FLOAT32_MAX).any(axis=1)
    if huge.any():
        row = int(np.argmax(huge))
        raise InputError(
            f"{what} {row} is {_row(points[row])}, beyond what single precision holds: rescale it"
        )
    missing = len(points) - int(finite.sum())
    if missing and geometry.faces is not None:
        row = int(np.argmin(finite))
        raise InputError(
            f"vertex {row} is {_row(points[row])}, and so are {missing - 1} others: repair the mesh"
        )
    if missing == len(points):
        raise InputError(f"none of the {len(points):,} points has finite coordinates: nothing to look at")
    if missing:
        notes.append(
            f"{missing:,} of {len(points):,} points are NaN or infinite: kept in place, without an answer"
        )
    return replace(geometry, warnings=tuple(notes))


def _row(values: np.ndarray) -> str:
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"
