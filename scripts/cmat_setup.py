"""The shapes of the CMAT ablation, lifted with a simulated teacher, and how tokens agree with their parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lmad_setup import CATEGORIES, WIDE

from partwise.datasets.heat_pack import HeatPack, write_heat_pack
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.world.surface import Scan
from partwise.farthest import farthest_points
from partwise.layers.patches import Patches
from partwise.layers.tokens import PatchEncoder
from partwise.lift.cameras import cmat_paper
from partwise.lift.project import CMAT_PAPER, Target, lift_points, pool_patches, view_weights
from partwise.lift.render import MeshScene, render_views
from partwise.lift.shards import LiftedShape, LiftedShards, json_sha256, unit_key, write_manifest, write_unit
from partwise.lift.simulated import SimulatedTeacher, name_embeddings
from partwise.losses import affinity
from partwise.points import gather, nearest, sample_surface
from partwise.shape import Shape

# Shapes of each category: for pre-training without labels, for LAS with labels, for the test, for the affinity's test.
LIFTED_EACH, LABELLED_EACH, TEST_EACH, HELD_EACH = 20, 6, 8, 3
POINTS = 512
# The encoder that the experiments on LM-AD have from scratch, so that width and start can be told apart.
ENCODER = WIDE.encoder()
PATCHES, NEIGHBOURS = ENCODER.groups, ENCODER.group_size
# Pictures of 112 pixels in tokens of 8: the paper's grid of 14 x 14.
SIZE, TOKEN, TEACHER_WIDTH = 112, 8, 256
# Length of the random vectors added to every view and every token; a part's own vector has length 1.
NOISE = {"exact": 0.0, "low": 0.3, "middle": 1.0, "high": 3.0}


def lift(out: Path, seed: int, each: int, levels: Sequence[str]) -> None:
    """Shards of `each` shapes of every category for every noise level: rendered once, looked at by each teacher."""
    missing = [level for level in levels if not (out / level / "manifest.json").is_file()]
    if not missing:
        return
    world = ProceduralShapes(seed, CATEGORIES, Scan(points=POINTS), each * len(CATEGORIES), heat=False)
    objects = [world.assembly(index) for index in range(len(world))]
    names = sorted({part.name for thing in objects for part in thing.parts()})
    every = sorted({*names, *_all_names()})
    embeddings = name_embeddings(len(every), TEACHER_WIDTH, np.random.default_rng(0))
    lifted: dict[str, list[LiftedShape]] = {level: [] for level in missing}
    for index, thing in enumerate(objects):
        label = np.array([every.index(part.name) for part in thing.parts()])
        for level, shape in look(thing.surface(), label, embeddings, index, missing).items():
            lifted[level].append(shape)
    for level, shapes in lifted.items():
        settings = {
            "encoder": {"name": f"simulated, noise {NOISE[level]}", "sha256": "", "width": TEACHER_WIDTH},
            "seed": seed,
        }
        digest = json_sha256(settings)
        key = unit_key(digest, [(shape.source, shape.sha256) for shape in shapes])
        write_unit(out / level, key, digest, shapes, [])
        write_manifest(out / level, settings, [key])


def _all_names() -> list[str]:
    """Names of the parts that the categories have, so that all shards give a name the same vector."""
    world = ProceduralShapes(21, CATEGORIES, Scan(points=POINTS), LIFTED_EACH * len(CATEGORIES), heat=False)
    return [part.name for index in range(len(world)) for part in world.assembly(index).parts()]


def look(
    surface: Any, label: np.ndarray, embeddings: np.ndarray, index: int, levels: Sequence[str]
) -> dict[str, LiftedShape]:
    """One object through the lifting engine, with the simulated teacher at every level of noise."""
    shape = Shape.of(surface, up="y")
    scene = MeshScene(shape)
    views = render_views(scene, cmat_paper(SIZE))
    rng = np.random.default_rng([7, index])
    points, faces, _ = sample_surface(shape.points, shape.geometry.faces, POINTS, rng)
    target = Target(scene.frame.apply(points), faces, scene.diagonal)
    weights = view_weights(target, views, (SIZE // TOKEN, SIZE // TOKEN), CMAT_PAPER)
    places = torch.from_numpy(target.points.astype(np.float32))
    centers = places[farthest_points(places[None], PATCHES)[0]]
    patches = nearest(centers[None], places[None], NEIGHBOURS)[1][0]
    found = {}
    for level in levels:
        teacher = SimulatedTeacher(embeddings, TOKEN, NOISE[level], NOISE[level])
        tokens = teacher.encode(views, label[surface.face_part], np.random.default_rng([8, index]))
        features = pool_patches(lift_points(target, weights, tokens, CMAT_PAPER), places, centers, patches)
        found[level] = LiftedShape(
            f"procedural/{index}",
            f"{index:064x}",
            places.numpy(),
            faces.astype(np.int32),
            weights.seen,
            centers.numpy(),
            patches.numpy().astype(np.int32),
            features.to(torch.float16).numpy(),
            scene.frame.matrix,
        )
    return found


def packs(out: Path) -> tuple[HeatPack, HeatPack]:
    """Labelled and test shapes, of other seeds than the lifted ones."""
    for name, seed, each in (("labelled", 22, LABELLED_EACH), ("test", 23, TEST_EACH)):
        if not (out / name / "shapes.json").is_file():
            count = each * len(CATEGORIES)
            world = ProceduralShapes(seed, CATEGORIES, Scan(points=POINTS), count)
            write_heat_pack(out / name, (world[index] for index in range(count)), POINTS)
    return HeatPack(out / "labelled"), HeatPack(out / "test")


@torch.inference_mode()
def agreement(encoder: PatchEncoder, out: Path) -> float:
    """Correlation of token cosines with the noiseless teacher's, over pairs of patches of each held-out shape."""
    found = []
    for shape in LiftedShards(out / "held" / "exact"):
        tokens = encoder(stored_patches(shape))
        truth = affinity(torch.from_numpy(shape.features.astype(np.float32))[None])[0]
        upper = torch.triu_indices(PATCHES, PATCHES, 1)
        pair = torch.stack([affinity(tokens)[0][upper[0], upper[1]], truth[upper[0], upper[1]]])
        if pair.std(dim=1).min() > 1e-6:
            found.append(float(torch.corrcoef(pair)[0, 1]))
    return float(np.mean(found))


def stored_patches(shape: LiftedShape) -> Patches:
    """The patches of a lifted shape, as a batch of one."""
    points, centers = torch.from_numpy(shape.points)[None], torch.from_numpy(shape.centers)[None]
    index = torch.from_numpy(shape.patches.astype(np.int64))[None]
    return Patches(centers, index, gather(points, index) - centers[:, :, None])
