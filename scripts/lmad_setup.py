"""What the experiments on LM-AD have in common: shapes, labels, the models that are compared, their budget."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from partwise.datasets.heat_pack import HeatPack, write_heat_pack
from partwise.datasets.paint import KINDS
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.sample import Sample
from partwise.datasets.world.surface import Scan
from partwise.evaluate.labels import SETTINGS, Case, make_case
from partwise.models.backbones import TokensConfig
from partwise.models.lmad import MINILM, LMADConfig
from partwise.models.openad import ClosedSetConfig, OpenADConfig
from partwise.models.pointnet2 import PointNet2Config
from partwise.train.affordance_presets import AffordanceConfig, small

CATEGORIES = (
    *("mug", "bottle", "kettle", "bucket", "chair", "sofa", "bed"),
    *("table", "laptop", "monitor", "knife", "scissors", "door", "microwave"),
)
LABELS = (
    "grasp",
    "contain",
    "open",
    "support",
    "press",
    "move",
    "sit",
    "pour",
    "cut",
    "lay",
    "display",
    "none",
)
# OpenAD's zero-shot words where it has one for the label; "pour", which it uses itself, becomes "tip".
SYNONYMS = (
    *("grab", "accommodate", "unlock", "bear", "thumb", "reposition"),
    *("take a seat", "tip", "slice", "rest", "demonstrate", "none"),
)
SENTENCES = (*(f"where would you {label} this" for label in LABELS[:-1]), "none")
POINTS, TRAIN_EACH, TEST_EACH = 512, 20, 8
STEPS, BATCH, SEEDS = 480, 4, (1, 2, 3)

ENCODER = PointNet2Config(centers=(128, 32), width=8, neighbours=8)
COLORED = replace(ENCODER, channels=6)
TRANSFORMER = TokensConfig(
    groups=32,
    group_size=16,
    token_width=48,
    token_hidden=(16, 32, 64),
    depth=3,
    heads=4,
    drop_path=0.0,
    out=32,
)
# The encoder that CMAT and Point-MAE are trained with here (cmat_setup.py), so that width and start can be told apart.
WIDE = replace(TRANSFORMER, token_width=96, token_hidden=(32, 64, 128), depth=4, out=128)


def lmad(blocks: int, **changes: object) -> LMADConfig:
    """LM-AD around MiniLM in the size of these experiments."""
    base = LMADConfig(ENCODER, MINILM, point_width=64, decoder_heads=4, blocks=0, dropout=0.0)
    return replace(base, blocks=blocks, **changes)


def arms(start: str = "") -> dict[str, AffordanceConfig]:
    """Name -> settings. All see the same shapes in the same order for as many steps.

    Arms "...-partial" and "...-rotated" are trained and tested in that setting. Arms "...-boundary" and "...-typical"
    read simulated colours of that kind, see `packs`.

    start  a checkpoint of `partwise train cmat`, on whose encoder the arms "...-started" (CMAT) and "...-pointmae"
           (reconstruction alone) stand
    """
    models = {
        "cosine": OpenADConfig(ENCODER, MINILM.width),
        "xattn": lmad(0),
        "aqm-1": lmad(1),
        "aqm-3": lmad(3),
        "aqm-6": lmad(6),
        "closed": ClosedSetConfig(ENCODER, len(LABELS)),
        "aqm-3-bert-insert": lmad(3, insert="bert"),
        "cosine-transformer": OpenADConfig(TRANSFORMER, MINILM.width),
        "cosine-started": OpenADConfig(WIDE, MINILM.width),
        "aqm-3-started": lmad(3, backbone=WIDE),
        "aqm-3-transformer": lmad(3, backbone=TRANSFORMER),
        "cosine-wide": OpenADConfig(WIDE, MINILM.width),
        "aqm-3-wide": lmad(3, backbone=WIDE),
        "cosine-pointmae": OpenADConfig(WIDE, MINILM.width),
        "aqm-3-pointmae": lmad(3, backbone=WIDE),
        **{f"cosine-{kind}": OpenADConfig(COLORED, MINILM.width) for kind in KINDS},
        **{f"aqm-3-{kind}": lmad(3, backbone=COLORED) for kind in KINDS},
        **{f"cosine-{setting}": OpenADConfig(ENCODER, MINILM.width) for setting in SETTINGS[1:]},
        **{f"aqm-3-{setting}": lmad(3) for setting in SETTINGS[1:]},
        "aqm-12-random": lmad(12, language=replace(MINILM, layers=12)),
        "aqm-6-random": lmad(6),
    }
    found = {
        name: replace(
            small(model, STEPS),
            labels=LABELS,
            points=POINTS,
            batch=BATCH,
            save_every=150,
            validate_every=STEPS,
        )
        for name, model in models.items()
    }
    for name in found:
        if name.endswith(SETTINGS[1:]):
            found[name] = replace(found[name], setting=name.split("-")[-1])
        if name.endswith("random"):
            found[name] = replace(found[name], random_language=True)
        if name.endswith(("started", "pointmae")):
            found[name] = replace(found[name], start=start)
    sentences = tuple((sentence,) for sentence in SENTENCES)
    found["aqm-3-sentences"] = replace(found["aqm-3"], wordings=sentences)
    return found


MAIN = ("cosine", "xattn", "aqm-1", "aqm-3", "aqm-6")


def colors_of(name: str) -> str | None:
    """The simulated colours that an arm reads, if it does."""
    return next((kind for kind in KINDS if name.endswith(f"-{kind}")), None)


def packs(out: Path, colors: str | None = None) -> tuple[HeatPack, HeatPack]:
    """Training and test shapes, made once: other seeds, the same categories. Colours are painted on the same shapes."""
    after = "" if colors is None else f"-{colors}"
    for name, seed, each in (("train", 11, TRAIN_EACH), ("test", 12, TEST_EACH)):
        folder = out / f"{name}{after}"
        if not (folder / "shapes.json").is_file():
            count = each * len(CATEGORIES)
            world = ProceduralShapes(seed, CATEGORIES, Scan(points=POINTS), count, colors=colors)
            write_heat_pack(folder, (world[index] for index in range(count)), POINTS)
    return HeatPack(out / f"train{after}"), HeatPack(out / f"test{after}")


def case_of(index: int, sample: Sample, setting: str = "full", colored: bool = False) -> Case:
    """A test shape as every model sees it."""
    return make_case(sample, LABELS, POINTS, setting, np.random.default_rng([977, index]), colored)
