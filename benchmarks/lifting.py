"""Speed of the lifting engine: ray casting against the bare library, its share of a lift, throughput, memory.

    python benchmarks/lifting.py                 writes benchmarks/results/lifting.json
    python benchmarks/lifting.py --shapes 100    a shorter memory run

Ratios are taken within one run, rounds interleaved, best of each; absolute times belong to the machine in the file.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
import trimesh
from machine import save

from partwise.encoders.vision import VisionEncoder
from partwise.io.geometry import Geometry, Material
from partwise.lift import cameras
from partwise.lift.lifting import LiftConfig, sample_points
from partwise.lift.precompute import EncoderConfig, RunConfig, find_inputs, lift_library
from partwise.lift.project import Target, apply_weights, view_weights
from partwise.lift.render import MeshScene, pictures, render_views
from partwise.shape import Shape

ROUNDS = 15


class MeanColours:
    """An encoder that costs nothing, so that the engine alone is measured."""

    name, revision, width = "mean colours", "0" * 64, 384

    def grid(self, height: int, width: int) -> tuple[int, int]:
        return height // 14, width // 14

    def encode(self, images: np.ndarray, batch: int = 16) -> torch.Tensor:
        v, h, w, _ = images.shape
        cells = images.reshape(v, h // 14, 14, w // 14, 14, 3).mean(axis=(2, 4), dtype=np.float32)
        return torch.from_numpy(np.tile(cells / 255, (1, 1, 1, 128)))


def bumpy_sphere(faces: int, textured: bool = False) -> Shape:
    """A closed surface of about `faces` faces with relief; with `textured`, a 1024-pixel texture."""
    side = int(np.sqrt(faces / 2))
    u, v = np.meshgrid(np.linspace(0, 1, side + 1), np.linspace(0.001, 0.999, side + 1))
    radius = 1 + 0.1 * np.sin(24 * u * np.pi) * np.sin(12 * v * np.pi)
    turn, rise = 2 * np.pi * u, np.pi * (v - 0.5)
    points = radius[..., None] * np.stack(
        [np.cos(rise) * np.cos(turn), np.sin(rise), np.cos(rise) * np.sin(turn)], -1
    )
    corner = np.arange((side + 1) * side).reshape(side, side + 1)[:, :-1].reshape(-1)
    a, b, c, d = corner, corner + 1, corner + side + 2, corner + side + 1
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    extra = {}
    if textured:
        texture = np.random.default_rng(0).integers(0, 256, (1024, 1024, 3), dtype=np.uint8)
        extra = {
            "uv": np.stack([u, v], -1).reshape(-1, 2).astype(np.float32),
            "materials": (Material("noise", np.full(4, 255, dtype=np.uint8), texture),),
            "face_material": np.zeros(len(triangles), dtype=np.int32),
        }
    return Shape(Geometry(points.reshape(-1, 3), faces=triangles, **extra), "y", "given", "m", "given")


def best_of(*tasks: Callable[[], object]) -> list[float]:
    """Best seconds of each task over rounds in which they take turns."""
    best = [np.inf] * len(tasks)
    for _ in range(ROUNDS):
        for index, task in enumerate(tasks):
            start = time.perf_counter()
            task()
            best[index] = min(best[index], time.perf_counter() - start)
    return best


def rays(faces: int, textured: bool) -> dict[str, float]:
    """Our pictures (rays, cast, colour, buffers) against `EmbreeScene.run` with the same rays, ready made."""
    shape = bumpy_sphere(faces, textured)
    start = time.perf_counter()
    scene = MeshScene(shape)
    build = time.perf_counter() - start
    views = cameras.cmat_paper()
    ready = [tuple(np.ascontiguousarray(part) for part in camera.rays()) for camera in views]
    bare, ours = best_of(
        lambda: [scene._tree.run(*pair, output=1) for pair in ready],
        lambda: [scene.render(camera) for camera in views],
    )
    count = len(views) * views[0].height * views[0].width
    return {
        "faces": len(shape.faces),
        "textured": textured,
        "build_ms": round(1e3 * build, 1),
        "bare_rays_per_second": round(count / bare),
        "our_rays_per_second": round(count / ours),
        "overhead": round(ours / bare - 1, 3),
    }


def save_small_vit(folder: Path) -> Path:
    """A tower of DINOv2-small's size with random weights: the speed is that of the real one."""
    from transformers import Dinov2Config, Dinov2Model

    torch.manual_seed(0)
    size = {"hidden_size": 384, "num_hidden_layers": 12, "num_attention_heads": 6}
    Dinov2Model(Dinov2Config(**size, patch_size=14, image_size=518)).save_pretrained(folder)
    return folder


def share(faces: int, encoder: VisionEncoder) -> dict[str, float]:
    """Seconds of each step of one lift of 2,048 points from 12 views of 224 pixels."""
    shape, views = bumpy_sphere(faces, textured=True), cameras.cmat_paper()
    points, place = sample_points(shape, 2048, np.random.default_rng(0))
    scene = MeshScene(shape)
    shots = render_views(scene, views)
    target = Target(scene.frame.apply(points), place, scene.diagonal)
    tokens = encoder.encode(pictures(shots))
    build, draw, back = best_of(
        lambda: MeshScene(shape),
        lambda: pictures(render_views(scene, views)),
        lambda: apply_weights(view_weights(target, shots, (16, 16)), tokens),
    )
    encode = []
    for _ in range(3):
        start = time.perf_counter()
        encoder.encode(pictures(shots))
        encode.append(time.perf_counter() - start)
    seconds = {"build": build, "render": draw, "back_project": back, "encode": min(encode)}
    return {
        "faces": len(shape.faces),
        **{f"{name}_ms": round(1e3 * value, 1) for name, value in seconds.items()},
        "render_and_back_project_share_of_encode": round((draw + back) / min(encode), 3),
        "with_build": round((build + draw + back) / min(encode), 3),
    }


def write_meshes(folder: Path, count: int) -> None:
    """`count` bumpy ellipsoids of 5,120 faces as PLY files."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for i in range(count):
        mesh = trimesh.creation.icosphere(4)
        mesh.vertices = mesh.vertices * rng.uniform(0.3, 1.0, 3) + 0.03 * rng.standard_normal(
            mesh.vertices.shape
        )
        mesh.export(folder / f"{i:05d}.ply")


def throughput(work: Path, encoder: Path, shapes: int) -> list[dict[str, float]]:
    """Whole pipeline from files to shards with 1 and 2 workers of one thread each; starting workers is not counted."""
    write_meshes(work / "throughput", shapes)
    inputs, opener = find_inputs([work / "throughput"]), EncoderConfig(str(encoder)).open
    rows = []
    for workers in (1, 2):
        moments: list[tuple[float, int]] = []
        run = RunConfig(workers=workers, per_unit=2)
        lift_library(
            inputs,
            work / f"out{workers}",
            LiftConfig(),
            opener,
            run,
            lambda p, moments=moments: moments.append((p.seconds, p.done)),
        )
        (begin, first), (end, last) = moments[workers - 1], moments[-1]
        rows.append({"workers": workers, "shapes_per_hour": round(3600 * (last - first) / (end - begin))})
    rows[1]["speed_up"] = round(rows[1]["shapes_per_hour"] / rows[0]["shapes_per_hour"], 2)
    return rows


def memory(work: Path, shapes: int) -> dict[str, float]:
    """Resident memory of one process along a run of many shapes."""
    write_meshes(work / "memory", min(shapes, 50))
    files = sorted((work / "memory").iterdir())
    inputs = {f"{i:05d}.ply": files[i % len(files)] for i in range(shapes)}
    resident: list[int] = []
    start = time.perf_counter()
    lift_library(
        inputs,
        work / "flat",
        LiftConfig(),
        MeanColours,
        RunConfig(workers=0),
        lambda p: resident.append(_resident()),
    )
    seconds = time.perf_counter() - start
    tenth = max(1, len(resident) // 10)
    return {
        "shapes": shapes,
        "after_a_tenth_mb": round(resident[tenth - 1] / 1e6, 1),
        "at_the_end_mb": round(resident[-1] / 1e6, 1),
        "largest_mb": round(max(resident) / 1e6, 1),
        "engine_only_shapes_per_hour": round(3600 * shapes / seconds),
    }


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Run everything and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", type=int, default=1000, help="shapes of the memory run")
    parser.add_argument("--lifts", type=int, default=24, help="shapes of the throughput run")
    options = parser.parse_args()
    torch.set_num_threads(1)
    steps: dict[str, Callable[[Path], object]] = {
        "rays": lambda _: [
            rays(faces, textured) for faces in (1_000, 50_000, 500_000) for textured in (False, True)
        ],
        "share": lambda work: [
            share(faces, VisionEncoder.open(save_small_vit(work / "vit")))
            for faces in (1_000, 50_000, 500_000)
        ],
        "throughput": lambda work: throughput(work, save_small_vit(work / "vit"), options.lifts),
        "memory": functools.partial(memory, shapes=options.shapes),
    }
    result: dict[str, object] = {"load_before": round(os.getloadavg()[0], 2)}
    with tempfile.TemporaryDirectory() as work:
        for name, step in steps.items():
            result[name] = step(Path(work))
            print(name, json.dumps(result[name], indent=1), flush=True)
    result["load_after"] = round(os.getloadavg()[0], 2)
    save("lifting", result)


if __name__ == "__main__":
    main()
