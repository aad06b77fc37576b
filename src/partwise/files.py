"""Files: whole or not at all, and where caches live."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from partwise.errors import InputError


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary name in the same folder, with the same suffix, that becomes `path` when the block succeeds.

    After an exception, or an interruption that Python sees, the old file is as it was and the temporary one is gone.
    A killed process may leave the hidden temporary file behind, but never half a `path`. Raises InputError if the
    folder is missing or closed to us, or if `path` is a folder.

    Example:
        >>> with atomic_path("notes.txt") as temporary:
        ...     _ = temporary.write_text("whole")
    """
    path = Path(path)
    check_target(path)
    # Not tempfile: its files are private to the user, while results should follow the umask like any other file.
    temporary = path.with_name(f".{path.stem[:100]}.{secrets.token_hex(6)}{path.suffix}")
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)
    except PermissionError as error:
        raise InputError(
            f"no permission to write {path}: choose another folder, or change its mode"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    if os.name == "posix":  # the new name itself must survive a power cut; Windows cannot open folders
        _flush(path.parent)


def check_target(path: Path) -> None:
    """Raise InputError if no file can be written at `path`: its folder is missing, or it is a folder itself."""
    try:
        if "\0" in str(path):
            raise InputError(f"cannot write {str(path)!r}: a name holds no NUL")
        if not path.parent.is_dir():
            raise InputError(
                f"cannot write {path.name!r}: the folder {str(path.parent)!r} does not exist, create it first"
            )
        if path.is_dir():
            raise InputError(f"cannot write {str(path)!r}: it is a folder, name a file in it")
    except (ValueError, OSError) as error:  # a NUL inside the name, or a name that is too long
        if isinstance(error, InputError):
            raise
        raise InputError(f"cannot write {str(path)!r}: {error}") from error


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def cache_folder() -> Path:
    """PARTWISE_CACHE or ~/.cache/partwise; not created here."""
    return Path(os.environ.get("PARTWISE_CACHE") or "~/.cache/partwise").expanduser()


def file_sha256(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
