"""Files: whole or not at all, and where caches live."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from partwise.errors import InputError

# Seconds without a write after which a temporary file is no live writer's.
STALE = 24 * 3600
# What the disk says when it takes no more: full, over quota, read-only, broken, file too large.
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG)


@contextmanager
def atomic_path(path: str | os.PathLike[str], *, sync: bool = True) -> Iterator[Path]:
    """A temporary name in the same folder, with the same suffix, that becomes `path` when the block succeeds.

    After an exception, or an interruption that Python sees, the old file is as it was and the temporary one is gone.
    A killed process may leave the hidden temporary file behind, but never half a `path`; whoever writes the same
    `path` a day later removes it. Raises InputError if the folder is missing or closed to us, if `path` is a folder, or
    if the disk takes no more.

    sync  waits until the bytes are on the disk, so that a power cut leaves no empty file: False where one is no loss

    Example:
        >>> with atomic_path("notes.txt") as temporary:
        ...     _ = temporary.write_text("whole")
    """
    path = Path(path)
    check_target(path)
    _remove_stale(path)
    # Not tempfile: its files are private to the user, while results should follow the umask like any other file.
    temporary = path.with_name(f"{_temporary_stem(path)}{secrets.token_hex(6)}{path.suffix}")
    with refusals_of_disk(path):
        try:
            yield temporary
            if sync:
                flush(temporary)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        # The new name itself must survive a power cut; Windows cannot open folders.
        if sync and os.name == "posix":
            flush(path.parent)


@contextmanager
def refusals_of_disk(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what the disk says while `path` is written into InputError: no permission, full, read-only, broken."""
    try:
        yield
    except PermissionError as error:
        raise InputError(
            f"no permission to write {path}: choose another folder, or change its mode"
        ) from error
    except OSError as error:
        if error.errno not in DISK:
            raise
        raise InputError(
            f"cannot write {path}: {os.strerror(error.errno)}; make room or choose another disk, then try again "
            "(what was there before is kept)"
        ) from error


def append(path: str | os.PathLike[str], text: str) -> None:
    """Add a line or more to the end of a text file. Raises InputError if the disk takes no more.

    What a full disk or a kill tore stays at the end, without a line break: who reads the file leaves it out.
    """
    with refusals_of_disk(path), open(path, "a", newline="", encoding="utf-8") as file:
        file.write(text)


def make_folder(path: str | os.PathLike[str]) -> Path:
    """The folder, made with those above it if it is not there. Raises InputError if it cannot be made."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a NUL inside the name
        raise InputError(f"cannot make the folder {str(path)!r} ({error}): name another one") from error
    return Path(path)


def _remove_stale(path: Path) -> None:
    """Remove temporary files of `path` that nobody has written to for a day: their writers were killed.

    By age, as git and ccache do: a process number says nothing of a writer on another machine or in another container.
    """
    ours = re.compile(re.escape(_temporary_stem(path)) + r"[0-9a-f]{12}" + re.escape(path.suffix))
    with contextlib.suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if ours.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):  # another user's, or another writer was faster
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > STALE:
                        os.unlink(entry.path)


def _temporary_stem(path: Path) -> str:
    return f".{path.stem[:100]}."


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


def flush(path: Path) -> None:
    """Wait until the bytes of a file, or the names in a folder, are on the disk."""
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
