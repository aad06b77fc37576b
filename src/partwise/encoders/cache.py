"""Small files on disk: the phrase cache, and writing a file all at once.

A cache entry carries its own sha256, so a torn or damaged one is noticed and simply made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float16

from partwise.files import cache_folder

_DIGEST_BYTES = 32


class PhraseCache:
    """fp16 vectors by encoder weights and prompts, one small file each; safe with many processes at once."""

    def __init__(self, folder: Path | str | None = None) -> None:
        """`folder` None is PARTWISE_CACHE or ~/.cache/partwise; it is created by the first write."""
        self.folder = Path(folder) if folder else cache_folder()

    def path(self, revision: str, texts: Sequence[str]) -> Path:
        """Where the vector of these prompts lives; the prompts hold both phrase and templates.

        Only a hash reaches the file system: a bank file from a stranger may carry any `revision`.
        """
        name = hashlib.sha256("\n".join([revision, *texts]).encode()).hexdigest()
        return self.folder / "phrases" / name[:2] / name

    def read(self, revision: str, texts: Sequence[str]) -> Float16[np.ndarray, "D"] | None:
        """The stored vector, or None if there is none, it cannot be read or it is damaged."""
        try:
            data = self.path(revision, texts).read_bytes()
        except OSError:
            return None
        digest, payload = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
        if not payload or hashlib.sha256(payload).digest() != digest:
            return None
        return np.frombuffer(payload, dtype="<f2").astype(np.float16)

    def write(self, revision: str, texts: Sequence[str], vector: Float16[np.ndarray, "D"]) -> None:
        """Store a vector. A full or read-only disk is no error: the cache only saves time."""
        payload = vector.astype("<f2").tobytes()
        path = self.path(revision, texts)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, hashlib.sha256(payload).digest() + payload, sync=False)


def replace_file(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Write a file so that readers see the old content or the new, never half: temporary file, then a rename.

    `sync` waits until the bytes are on the disk, so that a power cut cannot leave an empty file behind.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
