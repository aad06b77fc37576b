"""How much one file may ask for. Checked against headers, before anything of that size is read or allocated."""

from __future__ import annotations

from dataclasses import dataclass

from partwise.errors import UnsafeError

# Small things may be packed as tightly as they like: a ratio only counts once the expanded side is this big.
HARMLESS_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Limits:
    """Upper bounds for one file; going over one raises UnsafeError (exit code 4). Raise them for data you trust.

    max_file_bytes      of the file itself, and of all files beside it that it names
    max_points          points, or vertices after instancing
    max_faces           triangles, after polygons are cut and instances are placed
    max_archive_members files inside an NPZ
    max_archive_bytes   expanded size of an NPZ, a compressed PCD or a LAZ file
    max_ratio           expanded size over stored size, once more than 64 MiB come out (archives and glTF instances)
    max_texture_pixels  of all textures of one file together
    """

    max_file_bytes: int = 2 * 2**30
    max_points: int = 50_000_000
    max_faces: int = 50_000_000
    max_archive_members: int = 1_000
    max_archive_bytes: int = 4 * 2**30
    max_ratio: float = 200.0
    max_texture_pixels: int = 2**27

    def check_points(self, count: int) -> None:
        """Raises UnsafeError if a header announces more than max_points."""
        _check(count, self.max_points, "points", "max_points")

    def check_faces(self, count: int) -> None:
        """Raises UnsafeError if a header announces more than max_faces."""
        _check(count, self.max_faces, "faces", "max_faces")

    def check_expansion(self, stored: int, expanded: int) -> None:
        """Raises UnsafeError if `stored` bytes on disk would become too many bytes in memory."""
        _check(expanded, self.max_archive_bytes, "bytes once expanded", "max_archive_bytes")
        if expanded > HARMLESS_BYTES and expanded > self.max_ratio * max(stored, 1):
            raise UnsafeError(
                f"{stored:,} bytes expand to {expanded:,}, more than {self.max_ratio:g} times as many: "
                "this looks like a bomb; if you trust it, read it with Limits(max_ratio=...)"
            )

    def check_pixels(self, count: int) -> None:
        """Raises UnsafeError if the textures together have more than max_texture_pixels."""
        _check(count, self.max_texture_pixels, "texture pixels", "max_texture_pixels")


DEFAULT_LIMITS = Limits()


def _check(count: int, limit: int, what: str, field: str) -> None:
    if count > limit:
        raise UnsafeError(
            f"{count:,} {what}, but at most {limit:,} are read: if you trust the file, read it with Limits({field}=...)"
        )
