"""The phrase cache: small files on disk.

A cache entry carries its own sha256, so a torn or damaged one is noticed and simply made again.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float16

from partwise.errors import InputError
from partwise.files import atomic_path, cache_folder

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
        with contextlib.suppress(OSError, InputError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(path, sync=False) as temporary:
                temporary.write_bytes(hashlib.sha256(payload).digest() + payload)
