"""Farthest points in one kernel for each cloud: the fast path of `partwise.farthest.farthest_points` on a GPU.

The plain loop launches a dozen kernels for every point it chooses; here the cloud stays in registers from the first
point to the last. `farthest._farthest_torch` is its plain twin. Only imported where there is a GPU: Triton comes with
the CUDA builds of torch.
"""

from __future__ import annotations

from typing import Any, no_type_check

import torch
import triton
import triton.language as tl
from jaxtyping import Float, Int64
from torch import Tensor


@triton.jit
@no_type_check
def _farthest(xyz, start, chosen, n, count, ORIGIN: tl.constexpr, BLOCK: tl.constexpr):
    cloud = tl.program_id(0).to(tl.int64)
    place = tl.arange(0, BLOCK)
    inside = place < n
    axes = xyz + cloud * 3 * n
    x = tl.load(axes + place, inside, other=0.0)
    y = tl.load(axes + n + place, inside, other=0.0)
    z = tl.load(axes + 2 * n + place, inside, other=0.0)
    distance = tl.where(inside, 1e10, -2.0)
    if ORIGIN > 0:
        near = (x * x + y * y + z * z).to(tl.float64) <= ORIGIN
        distance = tl.where(inside & near, -1.0, distance)
    first = tl.load(start + cloud)
    last = first
    for step in range(count):
        tl.store(chosen + cloud * count + step, last)
        dx = x - tl.load(axes + last)
        dy = y - tl.load(axes + n + last)
        dz = z - tl.load(axes + 2 * n + last)
        distance = tl.minimum(distance, dx * dx + dy * dy + dz * dz)
        best, index = tl.max(distance, 0, return_indices=True)
        last = tl.where(best < 0, first, index.to(tl.int64))  # no candidate left


def farthest(
    points: Float[Tensor, "B N 3"], count: int, start: Int64[Tensor, "B"], origin_squared: float
) -> Int64[Tensor, "B G"]:
    """Indices (B,G) of `count` points of float32 clouds on a GPU, as the plain loop chooses them.

    origin_squared  points this close to the origin, squared, are never chosen; 0 for none
    """
    batch, n, _ = points.shape
    axes = points.mT.contiguous()
    chosen = torch.empty(batch, count, dtype=torch.int64, device=points.device)
    block = triton.next_power_of_2(n)
    kernel: Any = _farthest  # triton.jit makes it a thing that is launched on a grid
    with torch.cuda.device_of(points):
        kernel[(batch,)](
            axes,
            start.contiguous(),
            chosen,
            n,
            count,
            ORIGIN=origin_squared,
            BLOCK=block,
            num_warps=min(16, max(4, block // 256)),
            enable_fp_fusion=False,  # a product and a sum rounded once would choose other points
        )
    return chosen
