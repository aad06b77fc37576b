"""The shapes and words of the experiments on breadth: mixtures, wordings kept for the test, shapes without labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from alignment_setup import PACK_POINTS
from cmat_setup import NEIGHBOURS, PATCHES, POINTS

from partwise.datasets.objects import RealObjects
from partwise.datasets.packed import Pack, write_pack
from partwise.datasets.procedural import HELD_OUT, ProceduralShapes, training_categories
from partwise.datasets.sample import PartName, Sample
from partwise.datasets.scenes import RealScenes
from partwise.datasets.world.surface import Scan
from partwise.datasets.world.words import plural, vocabulary
from partwise.farthest import farthest_points
from partwise.lift.shards import LiftedShape, json_sha256, unit_key, write_manifest, write_unit
from partwise.points import fit_box, nearest

# Shapes in every pack; of the world for training without labels, beside every real training object.
SHAPES, UNLABELLED = 1000, 1600
HELD_EACH = 8  # test shapes of every held-out category; of a known one there is one
SCAN = Scan(points=PACK_POINTS)
COMPOSED = tuple(name for name in training_categories() if name.startswith("composed "))
FIXED = tuple(name for name in training_categories() if name not in COMPOSED)
# Shares of the shapes in a pack, by where they come from.
MIXTURES = {
    "fixed": {"fixed": 1.0},
    "composed": {"fixed": 2 / 3, "composed": 1 / 3},
    "real": {"fixed": 2 / 3, "real": 1 / 3},
    "scenes": {"fixed": 2 / 3, "scenes": 1 / 3},
    "all": {"fixed": 0.4, "composed": 0.2, "real": 0.2, "scenes": 0.2},
}


@lru_cache(maxsize=1)
def kept_words() -> dict[str, str]:
    """Part word -> the first of its synonyms that is no part word itself: asked in the test, never in training."""
    words = vocabulary()
    found = {name: [s for s in word.synonyms if s not in words] for name, word in words.items()}
    return {name: synonyms[0] for name, synonyms in found.items() if synonyms}


@lru_cache(maxsize=1)
def _kept_pattern() -> re.Pattern[str]:
    kept = {form for word in kept_words().values() for form in (word, plural(word))}
    return re.compile(r"\b(" + "|".join(map(re.escape, sorted(kept, key=len, reverse=True))) + r")\b")


def worded(sample: Sample, words: str) -> Sample:
    """The sample with what may be said in place of a name: "synonyms", "glosses" or "both", none with a kept word."""
    parts = []
    for part in sample.parts:
        said = part.synonyms if words != "glosses" else ()
        if words != "synonyms" and part.name in vocabulary():
            said = (*said, vocabulary()[part.name].gloss)
        parts.append(replace(part, synonyms=tuple(s for s in said if not _kept_pattern().search(s))))
    return replace(sample, parts=tuple(parts))


def paraphrased(sample: Sample) -> Sample:
    """The sample with the kept word for each part that has one of its own; the others keep their names."""
    taken = {part.name for part in sample.parts}
    parts = []
    for part in sample.parts:
        word = kept_words().get(part.name, part.name)
        name = part.name if word in taken else word
        taken.add(name)
        parts.append(PartName(name, part.coarse, part.synonyms))
    return replace(sample, parts=tuple(parts))


def kept_words_met(folder: Path) -> list[str]:
    """Words kept for the test that are in a pack all the same, since a real object or its part is called so."""
    return sorted({*kept_words().values()} & {*Pack(folder).phrases()})


def pack(out: Path, mixture: str, words: str) -> Path:
    """The pack of a mixture in these words, made if it is not there."""
    folder = out / "packs" / f"{mixture}, {words}"
    if not (folder / "shapes.json").is_file():
        samples = (worded(sample, words) for sample in mixed(MIXTURES[mixture]))
        write_pack(folder, samples, SHAPES, PACK_POINTS)
    return folder


def mixed(shares: dict[str, float]) -> Iterator[Sample]:
    """SHAPES shapes of the sources by their shares; the first source fills what rounding leaves."""
    counts = {source: int(SHAPES * share) for source, share in shares.items()}
    counts["fixed"] += SHAPES - sum(counts.values())
    for source, count in counts.items():
        yield from of_source(source, count)


def of_source(source: str, count: int) -> Iterable[Sample]:
    """`count` training shapes of one source."""
    if source == "real":
        objects = RealObjects(scan=SCAN, without=HELD_OUT)
        order = np.random.default_rng(31).permutation(len(objects))
        return (
            objects.sample(int(order[index % len(objects)]), np.random.default_rng([31, index]))
            for index in range(count)
        )
    if source == "scenes":
        return RealScenes(count, scan=SCAN, seed=31, without={w for name in HELD_OUT for w in name.split()})
    return ProceduralShapes(31, FIXED if source == "fixed" else COMPOSED, SCAN, count, heat=False)


def tests() -> dict[str, list[Sample]]:
    """Test name -> shapes whose part names are what is asked."""
    known = list(ProceduralShapes(33, FIXED, SCAN, len(FIXED), heat=False))
    return {
        "known": known,
        "paraphrased": [paraphrased(sample) for sample in known],
        "held out": list(ProceduralShapes(33, HELD_OUT, SCAN, HELD_EACH * len(HELD_OUT), heat=False)),
        "real": list(RealObjects(split="val", scan=SCAN)),
    }


def unlabelled(out: Path, whole: bool) -> Path:
    """Shards without any teacher: of the shapes in the pack "fixed", or of the world and every real training object."""
    folder = out / "unlabelled" / ("whole" if whole else "fixed")
    if (folder / "manifest.json").is_file():
        return folder
    if whole:
        world = ProceduralShapes(35, training_categories(), Scan(points=POINTS), UNLABELLED, heat=False)
        objects = RealObjects(scan=Scan(points=POINTS), least_names=0, without=HELD_OUT)
        clouds = [sample.points for source in (world, objects) for sample in source]
    else:
        labelled = Pack(pack(out, "fixed", "synonyms"))
        clouds = [labelled[index].points[:POINTS] for index in range(len(labelled))]
    shapes = [without_teacher(cloud, index) for index, cloud in enumerate(clouds)]
    settings = {"encoder": {"name": "none", "sha256": "", "width": 1}, "shapes": len(shapes)}
    digest = json_sha256(settings)
    key = unit_key(digest, [(shape.source, shape.sha256) for shape in shapes])
    write_unit(folder, key, digest, shapes, [])
    write_manifest(folder, settings, [key])
    return folder


def without_teacher(cloud: np.ndarray, index: int) -> LiftedShape:
    """A cloud (N,3) as the pre-training takes it; no feature is known of any patch."""
    centre, scale = fit_box(cloud.astype(np.float64), "unit_sphere")
    places = torch.from_numpy(((cloud - centre) * scale).astype(np.float32))
    centers = places[farthest_points(places[None], PATCHES)[0]]
    patches = nearest(centers[None], places[None], NEIGHBOURS)[1][0]
    return LiftedShape(
        f"cloud/{index}",
        f"{index:064x}",
        places.numpy(),
        np.full(len(places), -1, dtype=np.int32),
        np.zeros(len(places), dtype=bool),
        centers.numpy(),
        patches.numpy().astype(np.int32),
        np.zeros((PATCHES, 1), dtype=np.float16),
        np.eye(4),
    )
