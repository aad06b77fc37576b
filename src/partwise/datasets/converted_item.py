"""One shape of a converted data set, and its file: an NPZ of plain arrays, checked when made and when read."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from partwise.errors import InputError, MissingDataError, UnsafeError
from partwise.io.limits import DEFAULT_LIMITS

# A name in a folder of ours: no separators, no leading dot, short enough for every file system.
_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,149}")
# The earliest date that a ZIP can hold: no file of ours tells when it was written.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_KEYS = ("category", "colors", "faces", "heat", "heat_names", "labels", "normals", "points")
_DTYPES = {
    "points": np.float32,
    "normals": np.float32,
    "colors": np.uint8,
    "faces": np.int32,
    "labels": np.int32,
    "heat": np.float32,
}


@dataclass(frozen=True)
class Item:
    """One shape of a split, as its source has it: nothing moved, scaled or dropped.

    uid         its name in the data set, also that of its file: letters, digits and _ . + -. What shows the same
                object, such as views of it, is named object+view
    category    what the object is, in one spelling for all data sets where aliases are known
    points      (N,3) float32 in the units and the frame of the source
    normals     (N,3) float32, colors (N,3) uint8, faces (F,3) int32 into points: where the source has them
    labels      (N,) int32 into the manifest's label_names of the category; -1 is unlabelled
    heat        (N,A) float32 in 0..1, one column for each of heat_names. An affordance without a column is 0

    Raises InputError naming the field that does not fit.
    """

    uid: str
    category: str
    # Shapes and dtypes are checked below at any time, not only under tests: the arrays come from files.
    points: np.ndarray
    normals: np.ndarray | None = None
    colors: np.ndarray | None = None
    faces: np.ndarray | None = None
    labels: np.ndarray | None = None
    heat: np.ndarray | None = None
    heat_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.uid, "uid")
        if not self.category:
            raise InputError(f"{self.uid}: category is empty: say what the object is")
        n = len(self.points)
        shapes = {"points": (n, 3), "normals": (n, 3), "colors": (n, 3), "labels": (n,)}
        shapes["heat"] = (n, len(self.heat_names))
        shapes["faces"] = (0 if self.faces is None else len(self.faces), 3)
        for name, dtype in _DTYPES.items():
            array = getattr(self, name)
            if array is None:
                continue
            if array.shape != shapes[name] or array.dtype != dtype:
                raise InputError(
                    f"{self.uid}: {name} is {array.dtype} {array.shape}, "
                    f"expected {np.dtype(dtype)} {shapes[name]}"
                )
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise InputError(f"{self.uid}: {name} holds NaN or infinity: the source is damaged")
        if not n:
            raise InputError(f"{self.uid}: points is empty: a shape has at least one")
        self._check_ranges(n)

    @property
    def object(self) -> str:
        """The object that this shows, the same for all its views: what a bootstrap draws, what must not leak."""
        return object_of(self.uid)

    def _check_ranges(self, n: int) -> None:
        if self.faces is not None and self.faces.size and not 0 <= self.faces.min() <= self.faces.max() < n:
            raise InputError(f"{self.uid}: faces name points {self.faces.min()}..{self.faces.max()} of {n}")
        if self.labels is not None and self.labels.min() < -1:
            raise InputError(f"{self.uid}: labels start at {self.labels.min()}, the least is -1 (unlabelled)")
        if (self.heat is None) != (not self.heat_names):
            raise InputError(f"{self.uid}: heat and heat_names come together: one name for each column")
        if len(set(self.heat_names)) != len(self.heat_names) or "" in self.heat_names:
            raise InputError(f"{self.uid}: heat_names are {self.heat_names}: each once, none empty")
        if self.heat is not None and not 0 <= self.heat.min() <= self.heat.max() <= 1:
            raise InputError(f"{self.uid}: heat lies in {self.heat.min()}..{self.heat.max()}, expected 0..1")


def object_of(uid: str) -> str:
    """The object that a uid names: what stands before the first "+"."""
    return uid.partition("+")[0]


def check_name(name: str, what: str) -> None:
    """Raises InputError for a name that cannot be that of a file inside a data set's folder."""
    if not _SAFE_NAME.fullmatch(name):
        raise InputError(
            f"the {what} {name[:80]!r} cannot name a file: up to 150 letters, digits and _ . + -, no dot in front"
        )


def item_bytes(item: Item) -> tuple[bytes, str]:
    """The NPZ of an item, the same for the same item, and the SHA-256 of what it holds.

    The digest is of the arrays, not of their packing, so it does not depend on the version of zlib.
    """
    arrays: dict[str, np.ndarray] = {"category": np.array(item.category)}
    arrays |= {name: getattr(item, name) for name in _DTYPES if getattr(item, name) is not None}
    if item.heat_names:
        arrays["heat_names"] = np.array(item.heat_names)
    stream, digest = io.BytesIO(), hashlib.sha256()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in sorted(arrays):
            data = io.BytesIO()
            np.lib.format.write_array(
                data, np.asarray(arrays[name], order="C"), version=(1, 0), allow_pickle=False
            )
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", _ZIP_EPOCH), data.getvalue(), zipfile.ZIP_DEFLATED, 1
            )
            digest.update(name.encode() + data.getvalue())
    return stream.getvalue(), digest.hexdigest()


def read_item(path: Path, uid: str) -> Item:
    """The item in a file.

    Raises MissingDataError; InputError naming the file and the key; UnsafeError for a bomb or a pickle.
    """
    if not path.is_file():
        raise MissingDataError(f"{path} is not there, but the manifest lists it: convert the data set again")
    try:
        arrays = _arrays(path)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, SyntaxError, zipfile.LargeZipFile) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is damaged ({error}): convert the data set again") from None
    missing = {"category", "points"} - arrays.keys()
    if missing:
        raise InputError(f"{path} has no {', '.join(sorted(missing))}: convert the data set again")
    for key in ("category", "heat_names"):
        if key in arrays and (arrays[key].dtype.kind != "U" or arrays[key].ndim != (key == "heat_names")):
            raise InputError(f"{path}: {key} is {arrays[key].dtype} {arrays[key].shape}, expected text")
    numbers = {key: arrays[key] for key in _DTYPES if key in arrays}
    names = tuple(str(name) for name in arrays.get("heat_names", ()))
    try:
        return Item(uid, str(arrays["category"]), heat_names=names, **numbers)
    except (InputError, IndexError, TypeError) as error:
        raise InputError(f"{path}: {error}") from None


def _arrays(path: Path) -> Mapping[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        allowed = {f"{key}.npy": key for key in _KEYS}
        unknown = sorted({info.filename for info in infos} - allowed.keys())
        if unknown or len(infos) > len(_KEYS):
            raise InputError(
                f"{path} holds {', '.join(unknown)[:200] or 'a name twice'}: expected some of {', '.join(_KEYS)}"
            )
        DEFAULT_LIMITS.check_expansion(path.stat().st_size, sum(info.file_size for info in infos))
        for info in infos:
            with archive.open(info) as stream:
                arrays[allowed[info.filename]] = _array(stream.read(), f"{path}: {allowed[info.filename]}")
    return arrays


def _array(data: bytes, what: str) -> np.ndarray:
    if data[:1] == b"\x80":
        raise UnsafeError(f"{what} is a pickle, which could run code: convert the data set again")
    try:
        return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except (ValueError, SyntaxError, MemoryError, OverflowError) as error:
        raise InputError(f"{what} is damaged ({str(error)[:100]}): convert the data set again") from None
