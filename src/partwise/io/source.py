"""The bytes of one file, and the only way from it to the files beside it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from partwise.errors import InputError, MissingDataError, PartwiseError, UnsafeError
from partwise.io.limits import Limits


@dataclass(frozen=True)
class Source:
    """A file that was read whole: what every format reader takes."""

    path: Path
    data: bytes
    limits: Limits

    def beside(self, uri: str, max_bytes: int | None = None) -> bytes | None:
        """The bytes of a file that this file names, or None if it cannot be read; never leaves the folder.

        Reads `max_bytes` at most, the limit of one file by default.
        Raises UnsafeError for another scheme or host, an absolute path, or a path or link out of the folder.
        """
        target = confine(self.path.parent, uri)
        try:
            if not target.is_file():
                return None
            size = target.stat().st_size
            if max_bytes is None:
                _check_size(size, self.limits)
                max_bytes = size
            with target.open("rb") as stream:
                return stream.read(min(size, max_bytes))
        except OSError:  # no permission, or a name that is too long
            return None


def open_source(path: str | os.PathLike[str], limits: Limits) -> Source:
    """Read a regular file whole, after a look at its kind and size.

    Raises MissingDataError if there is no such file or no permission, InputError for a folder, a device or an
    empty file, UnsafeError beyond limits.max_file_bytes.
    """
    path = Path(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError("this is a folder: name one file in it")
        if not stat.S_ISREG(status.st_mode):  # a pipe would block and a device may never end
            raise InputError("this is a device or a pipe, not a file: write it to a file first")
        _check_size(status.st_size, limits)
        with path.open("rb") as stream:
            data = stream.read(status.st_size)  # no more: Python takes the memory before it reads
    except PartwiseError:
        raise
    except FileNotFoundError:
        raise MissingDataError(
            "there is no such file: check the spelling and the folder you are in"
        ) from None
    except PermissionError:
        raise MissingDataError("no permission to read this file: change its mode, or copy it") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL inside the name
        raise InputError(f"this cannot be opened ({error}): check the name") from error
    if not data:
        raise InputError("the file is empty: export or download it again")
    return Source(path, data, limits)


def confine(folder: Path, uri: str) -> Path:
    """The path that a relative URI names below `folder`, links resolved.

    Raises UnsafeError for anything that points elsewhere.
    """
    try:
        parts = urlsplit(uri)
        name = unquote(parts.path).replace("\\", "/")
    except ValueError as error:
        raise UnsafeError(
            f"it names {uri[:200]!r}, which is no address ({error}): pack everything in one file"
        ) from error
    outside = bool(parts.scheme or parts.netloc) or "\0" in name or name.startswith("/") or ":" in name
    root = folder.resolve()
    try:
        target = root if outside else (root / name).resolve()
    except (OSError, RuntimeError) as error:  # a name too long, or links in a circle
        raise UnsafeError(f"it names {uri[:200]!r}, which cannot be resolved ({error})") from error
    if outside or not target.is_relative_to(root):
        raise UnsafeError(
            f"it names {uri[:200]!r}, which is outside its own folder and is never fetched: "
            "put that file beside this one, or pack everything in one file (GLB)"
        )
    return target


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.max_file_bytes:
        raise UnsafeError(
            f"{size:,} bytes, but at most {limits.max_file_bytes:,} are read: "
            "if you trust the file, read it with Limits(max_file_bytes=...)"
        )
