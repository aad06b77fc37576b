"""Speed of the lifting engine: ray casting against the bare library, its share of a lift, throughput, memory.

    python benchmarks/lifting.py                     writes benchmarks/results/lifting.json
    python benchmarks/lifting.py --steps rays share  measures these again and keeps the rest of the file
    python benchmarks/lifting.py --shapes 100        a shorter memory run

Ratios are taken within one run: rounds take turns, the figure is the median of the rounds. Times are processor time of
this process, so that other work on the machine counts little; throughput is the clock on the wall. Towers have random
weights and the size of the real ones: the speed is the same.
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
from machine import RESULTS, save

from partwise.encoders.vision import VisionEncoder
from partwise.io.geometry import Geometry, Material
from partwise.lift import cameras
from partwise.lift.lifting import LiftConfig, sample_points
from partwise.lift.precompute import EncoderConfig, RunConfig, find_inputs, lift_library
from partwise.lift.project import Target, apply_weights, view_weights
from partwise.lift.render import MeshScene, pictures, render_views
from partwise.lift.scene import View
from partwise.shape import Shape

ROUNDS = 15
FACES = (1_000, 50_000, 500_000)


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


def in_turn(*tasks: Callable[[], object], rounds: int = ROUNDS) -> np.ndarray:
    """Processor seconds (tasks, rounds) of tasks that take turns; a first round warms up and is not kept."""
    seconds = np.zeros((len(tasks), rounds + 1))
    for number in range(rounds + 1):
        for index, task in enumerate(tasks):
            start = time.process_time()
            task()
            seconds[index, number] = time.process_time() - start
    return seconds[:, 1:]


def rays(faces: int, textured: bool) -> dict[str, float]:
    """Our pictures (rays, cast, colour, buffers) against `EmbreeScene.run` with the same rays, ready made."""
    shape = bumpy_sphere(faces, textured)
    scene = MeshScene(shape)
    views = cameras.cmat_paper()
    ready = [tuple(np.ascontiguousarray(part) for part in camera.rays) for camera in views]
    bare, ours = in_turn(
        lambda: [scene.caster.tree.run(*pair, output=1) for pair in ready],
        lambda: [scene.render(camera) for camera in views],
    )
    count = len(views) * views[0].height * views[0].width
    return {
        "faces": len(shape.faces),
        "textured": textured,
        "bare_rays_per_second": round(count / float(np.median(bare))),
        "our_rays_per_second": round(count / float(np.median(ours))),
        "overhead": round(float(np.median(ours / bare)) - 1, 3),
    }


def save_vit(folder: Path, width: int) -> Path:
    """A tower of the size of DINOv2-small (width 384) or -base (768) with random weights."""
    from transformers import Dinov2Config, Dinov2Model

    torch.manual_seed(0)
    size = {"hidden_size": width, "num_hidden_layers": 12, "num_attention_heads": width // 64}
    Dinov2Model(Dinov2Config(**size, patch_size=14, image_size=518)).save_pretrained(folder)
    return folder


def _draw(scene: MeshScene, views: tuple[cameras.Camera, ...]) -> np.ndarray:
    return pictures(render_views(scene, views))


def _carry(target: Target, shots: list[View], tokens: torch.Tensor) -> torch.Tensor:
    return apply_weights(view_weights(target, shots, (16, 16)), tokens)


def share(work: Path) -> list[dict[str, float]]:
    """Seconds of each step of one lift of 2,048 points from 12 views of 224 pixels, for meshes of three sizes."""
    small = VisionEncoder.open(save_vit(work / "small", 384))
    views, rows = cameras.cmat_paper(), []
    for faces in FACES:
        shape = bumpy_sphere(faces, textured=True)
        points, place = sample_points(shape, 2048, np.random.default_rng(0))
        scene = MeshScene(shape)
        shots = render_views(scene, views)
        target = Target(scene.frame.apply(points), place, scene.diagonal)
        images = pictures(shots)
        tokens = small.encode(images)
        steps = {
            "build": functools.partial(MeshScene, shape),
            "render": functools.partial(_draw, scene, views),
            "back_project": functools.partial(_carry, target, shots, tokens),
            "encode": functools.partial(small.encode, images),
        }
        seconds = in_turn(*steps.values(), rounds=5)
        build, draw, back, encode = seconds
        rows.append(
            {
                "faces": len(shape.faces),
                **{
                    f"{name}_ms": round(1e3 * float(np.median(row)), 1)
                    for name, row in zip(steps, seconds, strict=True)
                },
                "render_and_back_project_share_of_encode": round(float(np.median((draw + back) / encode)), 3),
                "with_build": round(float(np.median((build + draw + back) / encode)), 3),
            }
        )
    return rows


def encoders(work: Path) -> list[dict[str, object]]:
    """Processor seconds of 12 pictures of 224 pixels in towers of two sizes, one thread."""
    images = np.random.default_rng(0).integers(0, 256, (12, 224, 224, 3), dtype=np.uint8)
    rows = []
    for name, width in (("DINOv2-small", 384), ("DINOv2-base", 768)):
        encoder = VisionEncoder.open(save_vit(work / name, width))
        seconds = in_turn(functools.partial(encoder.encode, images), rounds=3)
        rows.append({"size_of": name, "width": width, "seconds": round(float(np.median(seconds)), 3)})
    return rows


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


def throughput(work: Path, shapes: int) -> list[dict[str, float]]:
    """Whole pipeline from files to shards with 1 and 2 workers of one thread each; starting workers is not counted."""
    write_meshes(work / "throughput", shapes)
    inputs = find_inputs([work / "throughput"])
    opener = EncoderConfig(str(save_vit(work / "small", 384))).open
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
        rows.append(
            {
                "workers": workers,
                "shapes_per_hour": round(3600 * (last - first) / (end - begin)),
                "load": round(os.getloadavg()[0], 2),
            }
        )
    rows[1]["speed_up"] = round(rows[1]["shapes_per_hour"] / rows[0]["shapes_per_hour"], 2)
    return rows


def memory(work: Path, shapes: int) -> dict[str, float]:
    """Resident memory of one process along a run of many shapes."""
    write_meshes(work / "memory", min(shapes, 50))
    files = sorted((work / "memory").iterdir())
    inputs = {f"{i:05d}.ply": files[i % len(files)] for i in range(shapes)}
    resident: list[int] = []
    start = time.process_time()
    lift_library(
        inputs,
        work / "flat",
        LiftConfig(),
        MeanColours,
        RunConfig(workers=0),
        lambda p: resident.append(_resident()),
    )
    seconds = time.process_time() - start
    tenth = max(1, len(resident) // 10)
    return {
        "shapes": shapes,
        "after_a_tenth_mb": round(resident[tenth - 1] / 1e6, 1),
        "at_the_end_mb": round(resident[-1] / 1e6, 1),
        "largest_mb": round(max(resident) / 1e6, 1),
        "engine_only_seconds_per_shape": round(seconds / shapes, 4),
    }


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Run what was asked for and write the result."""
    steps: dict[str, Callable[[Path, argparse.Namespace], object]] = {
        "rays": lambda work, options: [rays(faces, flag) for faces in FACES for flag in (False, True)],
        "share": lambda work, options: share(work),
        "encoders": lambda work, options: encoders(work),
        "throughput": lambda work, options: throughput(work, options.lifts),
        "memory": lambda work, options: memory(work, options.shapes),
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", nargs="+", choices=list(steps), default=list(steps))
    parser.add_argument("--shapes", type=int, default=1000, help="shapes of the memory run")
    parser.add_argument("--lifts", type=int, default=24, help="shapes of the throughput run")
    options = parser.parse_args()
    torch.set_num_threads(1)
    path = RESULTS / "lifting.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    result = {name: kept[name] for name in steps if name in kept and name not in options.steps}
    load = {name: figure for name, figure in kept.get("load", {}).items() if name in result}
    with tempfile.TemporaryDirectory() as work:
        for name in options.steps:
            before = os.getloadavg()[0]
            result[name] = steps[name](Path(work), options)
            load[name] = [round(before, 2), round(os.getloadavg()[0], 2)]
            print(name, json.dumps(result[name], indent=1), flush=True)
    save("lifting", {**{name: result[name] for name in steps if name in result}, "load": load})


if __name__ == "__main__":
    main()
