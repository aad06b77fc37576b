"""Ray casters: what a ray meets first. Embree on the CPU, Warp on a GPU (or, slower, on the CPU)."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float, Float32, Int32, Int64

from partwise.errors import InputError, MissingExtraError

# Farther than anything in the canonical frame.
FAR = 1e6


@dataclass(frozen=True, eq=False)
class Hits:
    """What each ray meets: the face (M,), -1 for none, the distance in directions, weights of corners two and three."""

    face: Int32[np.ndarray, "M"]
    depth: Float32[np.ndarray, "M"]
    u: Float32[np.ndarray, "M"]
    v: Float32[np.ndarray, "M"]


class Caster(Protocol):
    """A mesh ready for rays."""

    def cast(self, origins: Float32[np.ndarray, "M 3"], directions: Float32[np.ndarray, "M 3"]) -> Hits:
        """The first face on each ray, from either side."""
        ...


class EmbreeCaster:
    """Embree through embreex. Raises MissingExtraError without it."""

    def __init__(self, vertices: Float[np.ndarray, "N 3"], faces: Int64[np.ndarray, "F 3"]) -> None:
        try:
            from embreex.mesh_construction import TriangleMesh
            from embreex.rtcore_scene import EmbreeScene
        except ImportError as error:
            raise MissingExtraError("embreex", "lift", "ray casting") from error
        self.tree = EmbreeScene(robust=True)
        TriangleMesh(self.tree, vertices.astype(np.float32), faces.astype(np.int32))

    def cast(self, origins: Float32[np.ndarray, "M 3"], directions: Float32[np.ndarray, "M 3"]) -> Hits:
        """See `Caster`."""
        hit = self.tree.run(origins, directions, output=1)
        return Hits(hit["primID"], hit["tfar"], hit["u"], hit["v"])


class WarpCaster:
    """NVIDIA Warp: the same answers up to rounding, on "cuda" or "cpu".

    Raises MissingExtraError without warp-lang, InputError for a device that is not there.
    """

    def __init__(
        self, vertices: Float[np.ndarray, "N 3"], faces: Int64[np.ndarray, "F 3"], device: str = "cuda"
    ) -> None:
        wp = _warp()
        try:
            self.device = wp.get_device(device)
        except (ValueError, RuntimeError) as error:
            raise InputError(
                f"Warp has no device {device!r} here: cast rays with Embree on the CPU instead"
            ) from error
        self.mesh = wp.Mesh(
            points=wp.array(vertices.astype(np.float32), dtype=wp.vec3, device=self.device),
            indices=wp.array(faces.astype(np.int32).reshape(-1), dtype=wp.int32, device=self.device),
        )

    def cast(self, origins: Float32[np.ndarray, "M 3"], directions: Float32[np.ndarray, "M 3"]) -> Hits:
        """See `Caster`."""
        wp, count = _warp(), len(origins)
        starts, ways = (
            wp.array(np.ascontiguousarray(part), dtype=wp.vec3, device=self.device)
            for part in (origins, directions)
        )
        face = wp.empty(count, dtype=wp.int32, device=self.device)
        depth, u, v = (wp.empty(count, dtype=wp.float32, device=self.device) for _ in range(3))
        wp.launch(
            _kernel(),
            dim=count,
            inputs=[self.mesh.id, starts, ways],
            outputs=[face, depth, u, v],
            device=self.device,
        )
        return Hits(face.numpy(), depth.numpy(), u.numpy(), v.numpy())


def _warp() -> Any:
    try:
        import warp
    except ImportError as error:
        raise MissingExtraError("warp-lang", "gpu", "ray casting on a GPU") from error
    return warp


@functools.cache
def _kernel() -> Any:
    """Compiled on first use (seconds; Warp keeps it on disk). Warp reads its annotations as types, hence no strings."""
    wp = _warp()

    def nearest_face(mesh, starts, ways, face, depth, u, v):
        i = wp.tid()
        length = wp.length(ways[i])
        hit = wp.mesh_query_ray(mesh, starts[i], ways[i] / length, FAR)
        face[i] = -1
        depth[i] = 0.0
        u[i] = 0.0
        v[i] = 0.0
        if hit.result:
            face[i] = hit.face
            depth[i] = hit.t / length
            # Warp weighs the first two corners, a View the last two.
            u[i] = hit.v
            v[i] = 1.0 - hit.u - hit.v

    source = inspect.unwrap(
        nearest_face
    )  # Warp reads the source, which run-time checks of types may have wrapped
    floats, vectors = wp.array(dtype=wp.float32), wp.array(dtype=wp.vec3)
    source.__annotations__ = {
        "mesh": wp.uint64,
        "starts": vectors,
        "ways": vectors,
        "face": wp.array(dtype=wp.int32),
        "depth": floats,
        "u": floats,
        "v": floats,
    }
    return wp.kernel(source, enable_backward=False)
