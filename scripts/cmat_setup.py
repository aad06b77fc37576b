"""The shapes of the CMAT ablation, lifted with a simulated teacher, and how tokens agree with their parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lmad_setup import CATEGORIES, WIDE
from scipy.spatial.transform import Rotation
from torch import Tensor

from partwise.datasets.heat_pack import HeatPack, write_heat_pack
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.world.surface import Scan
from partwise.farthest import farthest_points
from partwise.layers.patches import Patches
from partwise.layers.tokens import PatchEncoder
from partwise.lift.cameras import cmat_paper
from partwise.lift.project import CMAT_PAPER, Target, lift_points, pool_patches, view_weights
from partwise.lift.render import MeshScene, render_views
from partwise.lift.scene import View
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


@dataclass(frozen=True)
class Look:
    """How the teacher sees the shapes, and what goes wrong between its pictures and the points.

    noise    length of the random vectors added to every view and every token; a part's own vector has length 1
    views    pictures kept of the paper's 12, others for each shape; those of 3 are among those of 6
    turn     degrees by which each camera is turned where it stands, about an axis of its own, after its picture was
             taken: the lifting looks points up where they are not
    patches  of each shape
    """

    noise: float = 1.0
    views: int = 12
    turn: float = 0.0
    patches: int = PATCHES


FEWER_VIEWS, TURNS, MORE_PATCHES = (6, 3), (2, 5), (64, 128, 256)
LOOKS = {
    "exact": Look(noise=0.0),
    "low": Look(noise=0.3),
    "middle": Look(),
    "high": Look(noise=3.0),
    **{f"{views} views": Look(views=views) for views in FEWER_VIEWS},
    **{f"turned {turn} degrees": Look(turn=turn) for turn in TURNS},
    **{f"{patches} patches": Look(patches=patches) for patches in MORE_PATCHES},
    **{f"exact, {patches} patches": Look(noise=0.0, patches=patches) for patches in MORE_PATCHES},
}


def lift(out: Path, seed: int, each: int, looks: Sequence[str]) -> None:
    """Shards of `each` shapes of every category for every look: rendered once, seen by each teacher."""
    missing = [name for name in looks if not (out / name / "manifest.json").is_file()]
    if not missing:
        return
    world = ProceduralShapes(seed, CATEGORIES, Scan(points=POINTS), each * len(CATEGORIES), heat=False)
    objects = [world.assembly(index) for index in range(len(world))]
    names = sorted({part.name for thing in objects for part in thing.parts()})
    every = sorted({*names, *_all_names()})
    embeddings = name_embeddings(len(every), TEACHER_WIDTH, np.random.default_rng(0))
    lifted: dict[str, list[LiftedShape]] = {name: [] for name in missing}
    for index, thing in enumerate(objects):
        label = np.array([every.index(part.name) for part in thing.parts()])
        for name, shape in zip(
            missing, look(thing.surface(), label, embeddings, index, missing), strict=True
        ):
            lifted[name].append(shape)
    for name, shapes in lifted.items():
        settings = {
            "encoder": {
                "name": f"simulated, noise {LOOKS[name].noise}",
                "sha256": "",
                "width": TEACHER_WIDTH,
            },
            "seed": seed,
            "look": asdict(LOOKS[name]),
        }
        digest = json_sha256(settings)
        key = unit_key(digest, [(shape.source, shape.sha256) for shape in shapes])
        write_unit(out / name, key, digest, shapes, [])
        write_manifest(out / name, settings, [key])


def _all_names() -> list[str]:
    """Names of the parts that the categories have, so that all shards give a name the same vector."""
    world = ProceduralShapes(21, CATEGORIES, Scan(points=POINTS), LIFTED_EACH * len(CATEGORIES), heat=False)
    return [part.name for index in range(len(world)) for part in world.assembly(index).parts()]


def look(
    surface: Any, label: np.ndarray, embeddings: np.ndarray, index: int, looks: Sequence[str]
) -> Iterator[LiftedShape]:
    """One object through the lifting engine, with the simulated teacher's every look at it."""
    shape = Shape.of(surface, up="y")
    scene = MeshScene(shape)
    views = render_views(scene, cmat_paper(SIZE))
    rng = np.random.default_rng([7, index])
    points, faces, _ = sample_surface(shape.points, shape.geometry.faces, POINTS, rng)
    target = Target(scene.frame.apply(points), faces, scene.diagonal)
    places = torch.from_numpy(target.points.astype(np.float32))
    for how in (LOOKS[name] for name in looks):
        teacher = SimulatedTeacher(embeddings, TOKEN, how.noise, how.noise)
        tokens = teacher.encode(views, label[surface.face_part], np.random.default_rng([8, index]))
        features, seen = lifted_features(how, target, views, tokens, index)
        centers = places[farthest_points(places[None], how.patches)[0]]
        patches = nearest(centers[None], places[None], NEIGHBOURS)[1][0]
        yield LiftedShape(
            f"procedural/{index}",
            f"{index:064x}",
            places.numpy(),
            faces.astype(np.int32),
            seen,
            centers.numpy(),
            patches.numpy().astype(np.int32),
            pool_patches(features, places, centers, patches).to(torch.float16).numpy(),
            scene.frame.matrix,
        )


def lifted_features(
    how: Look, target: Target, views: Sequence[View], tokens: Tensor, index: int
) -> tuple[Tensor, np.ndarray]:
    """Features of the points (N,D), and which of them a view saw, through the cameras that this look believes in."""
    kept = np.sort(np.random.default_rng([9, index]).permutation(len(views))[: how.views])
    axes = np.random.default_rng([10, index]).standard_normal((len(views), 3))
    believed = [turned(views[view], how.turn, axes[view]) for view in kept]
    weights = view_weights(target, believed, (SIZE // TOKEN, SIZE // TOKEN), CMAT_PAPER)
    return lift_points(target, weights, tokens[torch.from_numpy(kept)], CMAT_PAPER), weights.seen


def turned(view: View, degrees: float, axis: np.ndarray) -> View:
    """A picture with a camera that did not take it: turned where it stands, about an axis in the camera's frame."""
    turn = Rotation.from_rotvec(np.deg2rad(degrees) * axis / np.linalg.norm(axis)).as_matrix()
    pose = view.camera.world_to_camera.copy()
    pose[:3] = turn @ pose[:3]
    return replace(view, camera=replace(view.camera, world_to_camera=pose))


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
    """How far the cosines of an encoder's tokens are those of the noiseless teacher, on held-out shapes.

    The patches are as many as the encoder was trained on.
    """
    exact = LiftedShards(out / "held" / exact_look(encoder.config.groups))
    return mean_correlation((encoder(stored_patches(shape)), stored_features(shape)) for shape in exact)


def teacher_quality(out: Path, look: str) -> dict[str, float]:
    """What lifting leaves of the teacher on held-out shapes: points seen, agreement with the noiseless one."""
    own = LiftedShards(out / "held" / look)
    exact = LiftedShards(out / "held" / exact_look(LOOKS[look].patches))
    pairs = ((stored_features(a), stored_features(b)) for a, b in zip(own, exact, strict=True))
    return {
        "agreement": mean_correlation(pairs),
        "seen": float(np.mean([shape.seen.mean() for shape in own])),
    }


def exact_look(patches: int) -> str:
    """The name of the noiseless look at so many patches."""
    return next(name for name, how in LOOKS.items() if how == Look(noise=0.0, patches=patches))


def mean_correlation(pairs: Iterable[tuple[Tensor, Tensor]]) -> float:
    """Correlation of the cosines of two descriptions (1,G,D) and (1,G,E) of a shape, over its pairs of patches.

    The mean over shapes; those that are one part all over say nothing.
    """
    found = []
    for described in pairs:
        upper = torch.triu_indices(described[0].shape[1], described[0].shape[1], 1)
        pair = torch.stack([affinity(features)[0][upper[0], upper[1]] for features in described])
        if pair.std(dim=1).min() > 1e-6:
            found.append(float(torch.corrcoef(pair)[0, 1]))
    return float(np.mean(found))


def stored_features(shape: LiftedShape) -> Tensor:
    """What a teacher said of the patches of a lifted shape, as a batch of one."""
    return torch.from_numpy(shape.features.astype(np.float32))[None]


def stored_patches(shape: LiftedShape) -> Patches:
    """The patches of a lifted shape, as a batch of one."""
    points, centers = torch.from_numpy(shape.points)[None], torch.from_numpy(shape.centers)[None]
    index = torch.from_numpy(shape.patches.astype(np.int64))[None]
    return Patches(centers, index, gather(points, index) - centers[:, :, None])
