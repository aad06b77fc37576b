"""Farthest point sampling: one definition, and for each device the loop that is fast on it.

Squared distances are added in the order x, y, z, as in `partwise.points`, so that every loop chooses the same points.
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from partwise.errors import InputError

# A candidate this close to the origin (squared) is padding to pointnet2_ops and is never selected.
ORIGIN_SQUARED = 1e-3
# pointnet2_ops reduces with at most this many threads; decides which of several equally far points wins.
FPS_THREADS = 512
# Larger clouds do not fit the registers of one block of a GPU.
MOST_IN_ONE_BLOCK = 16_384


def farthest_points(
    points: Float[Tensor, "B N 3"],
    count: int,
    rule: str = "plain",
    start: Int64[Tensor, "B"] | None = None,
) -> Int64[Tensor, "B G"]:
    """Farthest point sampling: indices (B,G) of `count` points, each the farthest from those before it.

    rule "plain": from `start` (default index 0), the lowest index wins a tie.
    rule "pointnet2": as the CUDA kernel of pointnet2_ops does it: points within 0.0316 of the origin are never
    chosen (index 0 still opens), ties go to the smallest bit-reversed (index mod threads), then the smallest index,
    and index 0 repeats when no candidate is left.

    Raises InputError if count is not within 1..N or the rule is unknown.
    """
    batch, n, _ = points.shape
    if not 1 <= count <= n:
        raise InputError(
            f"{count} of {n} points were asked for: ask for 1..{n}, or sample with replacement first"
        )
    if rule not in ("plain", "pointnet2"):
        raise InputError(f"unknown farthest point rule {rule!r}: use 'plain' or 'pointnet2'")
    points = points.detach().float()
    if start is None:
        start = torch.zeros(batch, dtype=torch.int64, device=points.device)
    order = _tie_order(n).to(points.device) if rule == "pointnet2" else None
    if order is not None:  # with candidates in this order, "first of the equals" is the kernel's choice
        points = points[:, order]
        start = torch.argsort(order)[start]
    if points.device.type == "cpu":
        search = _farthest_numpy
    else:
        search = _farthest_cuda if _fits_triton(points) else _farthest_torch
    chosen = search(points, count, start, rule == "pointnet2")
    return order[chosen] if order is not None else chosen


def _fits_triton(points: Float[Tensor, "B N 3"]) -> bool:
    """Whether the GPU's own kernel is at hand and takes clouds of this size."""
    return points.is_cuda and points.shape[1] <= MOST_IN_ONE_BLOCK and find_spec("triton") is not None


def _farthest_cuda(
    points: Float[Tensor, "B N 3"], count: int, start: Int64[Tensor, "B"], skip_origin: bool
) -> Int64[Tensor, "B G"]:
    """The same loop in one kernel: on a GPU the plain one is all launches."""
    from partwise.farthest_triton import farthest

    return farthest(points, count, start, ORIGIN_SQUARED if skip_origin else 0.0)


def _farthest_torch(
    points: Float[Tensor, "B N 3"], count: int, start: Int64[Tensor, "B"], skip_origin: bool
) -> Int64[Tensor, "B G"]:
    """The plain loop, for any device: one distance update and one argmax a step."""
    x, y, z = points.unbind(-1)
    rows = torch.arange(len(points), device=points.device)
    distance = torch.full_like(x, 1e10)
    if skip_origin:
        distance[(x * x + y * y + z * z).double() <= ORIGIN_SQUARED] = -1.0
    chosen = torch.empty(len(points), count, dtype=torch.int64, device=points.device)
    last = start
    for step in range(count):
        chosen[:, step] = last
        dx, dy, dz = (axis - axis[rows, last, None] for axis in (x, y, z))
        distance = torch.minimum(distance, dx * dx + dy * dy + dz * dz)
        best, last = distance.max(dim=1)
        last = torch.where(best < 0, start, last)  # no candidate left
    return chosen


def _farthest_numpy(
    points: Float[Tensor, "B N 3"], count: int, start: Int64[Tensor, "B"], skip_origin: bool
) -> Int64[Tensor, "B G"]:
    """The same loop in NumPy with buffers reused: faster on a CPU, where the cost of torch's calls rules."""
    chosen = np.empty((len(points), count), dtype=np.int64)
    for row, cloud in enumerate(points.numpy()):
        x, y, z = np.ascontiguousarray(cloud.T)
        distance = np.full(len(x), 1e10, dtype=np.float32)
        if skip_origin:
            distance[(x * x + y * y + z * z).astype(np.float64) <= ORIGIN_SQUARED] = -1.0
        square, other = np.empty_like(x), np.empty_like(x)
        last = int(start[row])
        for step in range(count):
            chosen[row, step] = last
            np.subtract(x, x[last], out=square)
            np.multiply(square, square, out=square)
            for axis in (y, z):
                np.subtract(axis, axis[last], out=other)
                np.multiply(other, other, out=other)
                np.add(square, other, out=square)
            np.minimum(distance, square, out=distance)
            last = int(distance.argmax())
            if distance[last] < 0:
                last = int(start[row])
    return torch.from_numpy(chosen)


def _tie_order(n: int) -> Int64[Tensor, "N"]:
    """Indices 0..N-1 in the order in which pointnet2_ops prefers them among equally far points."""
    threads = min(FPS_THREADS, 1 << (n.bit_length() - 1))
    bits = threads.bit_length() - 1
    slot = np.arange(n) % threads
    reverse = np.zeros(n, dtype=np.int64)
    for bit in range(bits):
        reverse |= ((slot >> bit) & 1) << (bits - 1 - bit)
    return torch.from_numpy(np.argsort(reverse, kind="stable"))
