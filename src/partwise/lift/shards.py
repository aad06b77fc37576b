"""Lifted patch features on disk: the one place that knows the format.

    FOLDER/manifest.json                        written last: settings, encoder, cameras, the list of units
    FOLDER/units/<2 hex>/<key>.safetensors      some shapes, stacked; the key is a hash of settings and inputs

A unit appears whole or not at all and describes itself in its header, so a killed run is resumed from the units that
are there, and a unit that was made from the same bytes with the same settings is never made again.
"""

from __future__ import annotations

import bisect
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float16, Float32, Float64, Int32
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from partwise.errors import InputError, MissingDataError
from partwise.files import atomic_path, make_folder

FORMAT = "partwise-lift/1"
MANIFEST = "manifest.json"


@dataclass(frozen=True, eq=False)
class LiftedShape:
    """What lifting keeps of one shape: N points, G patches of K points, features of width D.

    source, sha256  name of the input file and the hash of its bytes
    points          (N,3) in the canonical frame: +Y up, box centre at the origin, inside the unit sphere
    faces           (N,) face of the input mesh each point lies on, -1 in a cloud
    seen            (N,) points that some view saw; the others borrowed their feature
    centers         (G,3) patch centres
    patches         (G,K) indices of the points of each patch, nearest first
    features        (G,D) patch features of the teacher
    to_canonical    (4,4) from the frame of the input file to that of `points`
    point_features  (N,D) features of the points themselves, None if only those of patches were kept
    """

    source: str
    sha256: str
    points: Float32[np.ndarray, "N 3"]
    faces: Int32[np.ndarray, "N"]
    seen: Bool[np.ndarray, "N"]
    centers: Float32[np.ndarray, "G 3"]
    patches: Int32[np.ndarray, "G K"]
    features: Float16[np.ndarray, "G D"]
    to_canonical: Float64[np.ndarray, "4 4"]
    point_features: Float16[np.ndarray, "N D"] | None = None


ARRAYS = ("points", "faces", "seen", "centers", "patches", "features", "to_canonical")
# Only there where a run was asked to keep it.
EXTRA_ARRAY = "point_features"


@dataclass(frozen=True)
class Failure:
    """A shape that gave no features, and why."""

    source: str
    sha256: str
    error: str
    message: str


@dataclass(frozen=True)
class UnitHeader:
    """What a unit says about itself: settings hash, its shapes in order, its failures, a hash of its arrays."""

    format: str
    settings: str
    shapes: tuple[tuple[str, str], ...]  # (source, sha256)
    failures: tuple[Failure, ...]
    sha256: str

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of all inputs that this unit has dealt with."""
        return tuple(name for name, _ in self.shapes) + tuple(failure.source for failure in self.failures)


def bytes_per_shape(points: int, groups: int, neighbours: int, width: int, keep_points: bool = False) -> int:
    """Size of one shape on disk in bytes, header left out."""
    patches = groups * (12 + 4 * neighbours + 2 * width)
    return points * (12 + 4 + 1 + (2 * width if keep_points else 0)) + patches + 128


def json_sha256(value: object) -> str:
    """Hash of plain data, the same for the same content."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def unit_key(settings: str, inputs: Sequence[tuple[str, str]]) -> str:
    """Name of a unit: settings hash and (source, sha256) of its inputs in order."""
    return json_sha256([FORMAT, settings, list(inputs)])[:40]


def unit_path(folder: Path, key: str) -> Path:
    """Where a unit lives; two levels keep folders small."""
    return folder / "units" / key[:2] / f"{key}.safetensors"


def write_unit(
    folder: Path, key: str, settings: str, shapes: Sequence[LiftedShape], failures: Sequence[Failure]
) -> Path:
    """Write one unit atomically and return its path. All shapes have the same N, G, K and D."""
    names = ARRAYS if not shapes or shapes[0].point_features is None else (*ARRAYS, EXTRA_ARRAY)
    arrays = {name: np.stack([getattr(shape, name) for shape in shapes]) for name in names} if shapes else {}
    header = UnitHeader(
        FORMAT, settings, tuple((s.source, s.sha256) for s in shapes), tuple(failures), _arrays_sha256(arrays)
    )
    path = unit_path(folder, key)
    make_folder(path.parent)
    with atomic_path(path) as temporary:
        # Not save_file: its error on a full disk is that of a damaged file.
        temporary.write_bytes(save(arrays, metadata={"partwise": json.dumps(asdict(header))}))
    return path


def read_header(path: Path) -> UnitHeader:
    """The header of a unit, without its arrays. Raises InputError if the file is damaged or no unit."""
    try:
        with safe_open(path, framework="numpy") as file:
            record = json.loads((file.metadata() or {})["partwise"])
        failures = tuple(Failure(**failure) for failure in record.pop("failures"))
        shapes = tuple((name, digest) for name, digest in record.pop("shapes"))
        header = UnitHeader(**record, shapes=shapes, failures=failures)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} is damaged or no unit of lifted features ({error}): lift its shapes again"
        ) from None
    if header.format != FORMAT:
        raise InputError(f"{path} has format {header.format!r}, expected {FORMAT!r}: lift its shapes again")
    return header


def read_arrays(path: Path, verify: bool = True) -> dict[str, np.ndarray]:
    """The stacked arrays of a unit, name -> (S,...). Raises InputError if their bytes are not those written."""
    header = read_header(path)
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is damaged ({error}): lift its shapes again") from None
    if verify and _arrays_sha256(arrays) != header.sha256:
        raise InputError(f"{path} is damaged (its arrays do not match their hash): lift its shapes again")
    return arrays


def unit_files(folder: Path) -> list[Path]:
    """All units of a folder in a fixed order; hidden temporary files of killed writers are no units."""
    return sorted(path for path in folder.glob("units/*/*.safetensors") if not path.name.startswith("."))


def write_manifest(folder: Path, settings: Mapping[str, Any], keys: Sequence[str]) -> None:
    """Close a run: what it was made with and which units belong to it. Units of other settings are not listed."""
    units = []
    for key in keys:
        header = read_header(unit_path(folder, key))
        failures = [asdict(failure) for failure in header.failures]
        units.append(
            {"key": key, "shapes": len(header.shapes), "sha256": header.sha256, "failures": failures}
        )
    record = {
        "format": FORMAT,
        "settings": dict(settings),
        "settings_sha256": json_sha256(settings),
        "units": units,
    }
    with atomic_path(folder / MANIFEST) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


class LiftedShards:
    """The shapes of a finished run, by number, in a fixed order. Units are read when they are needed.

    Example:
        >>> shards = LiftedShards("lifted")          # doctest: +SKIP
        >>> shards[0].features.shape                 # doctest: +SKIP
        (128, 768)
    """

    def __init__(self, folder: str | Path, verify: bool = True) -> None:
        """Open the manifest; `verify` compares every unit with its hash when it is first read.

        Raises MissingDataError without a manifest, InputError for another format.
        """
        self.folder, self.verify = Path(folder), verify
        path = self.folder / MANIFEST
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise MissingDataError(
                f"no {path}: the run was not finished, run `partwise lift` again to resume it"
            ) from None
        except ValueError as error:
            raise InputError(
                f"{path} is damaged ({error}): run `partwise lift` again to rewrite it"
            ) from None
        if record.get("format") != FORMAT:
            raise InputError(f"{path} has format {record.get('format')!r}, expected {FORMAT!r}: lift again")
        self.settings: dict[str, Any] = record["settings"]
        self.keys: list[str] = [unit["key"] for unit in record["units"]]
        self.failures = [Failure(**failure) for unit in record["units"] for failure in unit["failures"]]
        self._identity = json_sha256([(unit["key"], unit["sha256"]) for unit in record["units"]])
        self._ends = np.cumsum([unit["shapes"] for unit in record["units"]]).tolist()
        self._open: tuple[int, UnitHeader, dict[str, np.ndarray]] | None = None

    def identity(self) -> str:
        """SHA-256 of the units' names and hashes: two runs that share it hold the same shapes in the same order."""
        return self._identity

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> LiftedShape:
        """Shape number `index`. Neighbours share a unit, so reading in order reads every file once.

        Raises IndexError beyond the end, InputError if the unit is damaged.
        """
        if not -len(self) <= index < len(self):
            raise IndexError(f"shape {index} of {len(self)}")
        index %= len(self)
        unit = bisect.bisect_right(self._ends, index)
        if self._open is None or self._open[0] != unit:
            path = unit_path(self.folder, self.keys[unit])
            self._open = (unit, read_header(path), read_arrays(path, self.verify))
        _, header, arrays = self._open
        row = index - (self._ends[unit - 1] if unit else 0)
        source, digest = header.shapes[row]
        return LiftedShape(source, digest, **{name: array[row] for name, array in arrays.items()})

    def __iter__(self) -> Iterator[LiftedShape]:
        return (self[index] for index in range(len(self)))

    @cached_property
    def sources(self) -> list[str]:
        """Names of the inputs, by number; reads the header of every unit once."""
        headers = (read_header(unit_path(self.folder, key)) for key in self.keys)
        return [name for header in headers for name, _ in header.shapes]


def _arrays_sha256(arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()
