"""What every benchmark here shares: best-of timing, the machine's own matrix product, and the record of the run."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import torch

from partwise import __version__

RESULTS = Path(__file__).parent / "results"


def best_seconds(work: Callable[[], object], repeats: int = 7, at_least: float = 0.0) -> float:
    """Shortest of several runs after one warm-up; goes on until `at_least` seconds have been spent."""
    work()
    best, spent, done = float("inf"), 0.0, 0
    while done < repeats or spent < at_least:
        start = time.perf_counter()
        work()
        took = time.perf_counter() - start
        best, spent, done = min(best, took), spent + took, done + 1
    return best


def sgemm_gflops(size: int = 1536) -> float:
    """GFLOP/s of one large fp32 matrix product with the current number of threads: the ceiling of this run."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    return 2 * size**3 / best_seconds(lambda: a @ b, repeats=9) / 1e9


def save(name: str, result: dict) -> None:
    """Write benchmarks/results/NAME.json with the machine beside the figures."""
    cpu = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")),
        platform.processor(),
    )
    flags = next((line for line in _cpuinfo() if line.startswith("flags")), "")
    machine = {
        "date": date.today().isoformat(),
        "cpu": cpu,
        "cores": torch.get_num_threads(),
        "avx512": [flag for flag in ("avx512f", "avx512_vnni", "avx512_bf16") if flag in flags],
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "partwise": __version__,
    }
    if torch.cuda.is_available():
        machine["gpu"] = torch.cuda.get_device_name()
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({"machine": machine, **result}, indent=2) + "\n")


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
