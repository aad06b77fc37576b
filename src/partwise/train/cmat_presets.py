"""Settings of CMAT pre-training: the published ones, and small ones for a processor."""

from __future__ import annotations

from dataclasses import dataclass, replace

from partwise.checks import keep_real, keep_seed, keep_whole
from partwise.errors import InputError
from partwise.layers.tokens import PatchEncoderConfig
from partwise.models.pointmae import MASKS, PointMAEConfig
from partwise.train.distributed import check_pieces


@dataclass(frozen=True)
class CmatConfig:
    """Settings of one run, saved beside its weights. The reconstruction weighs 1.

    affinity_on    patches between which l_aff and l_div hold: "visible" ones (release) or "all" (the paper's formula),
                   which takes a second pass without mask
    teacher_pool   "stored": the patches and features of the shards as they are, pooled as the lifting did it (kNN group
                   or Voronoi cell); "group" or "voronoi": patches of this config's own, with the mean over their points
                   or their cells of what the shards say about each point
    koleo_axis     vectors that l_div drives apart: "patch"es of one cloud, the clouds of the "batch", or "all" patches
                   of the batch; the last two depend on the batch and on the number of processes
    distill_weight of 1 - cosine between each token's projection and its feature: the rival of CMAT, for comparison
    points         shown of each shape, unless the patches are those of the shards
    scale, shift   ranges of a factor and a translation for each axis on its own (Point-MAE)
    """

    model: PointMAEConfig
    steps: int
    batch: int = 128
    accumulate: int = 1
    points: int = 1024
    rate: float = 1e-4
    weight_decay: float = 0.05
    warmup: int = 0
    mask: str = "random"
    mask_ratio: float = 0.6
    affinity_weight: float = 0.1
    diversity_weight: float = 0.2
    distill_weight: float = 0.0
    affinity_on: str = "visible"
    teacher_pool: str = "stored"
    koleo_axis: str = "patch"
    scale: tuple[float, float] = (2 / 3, 3 / 2)
    shift: float = 0.2
    yaw: float = 0.0
    precision: str = "fp32"
    seed: int = 42
    save_every: int = 200
    validate_every: int = 1000

    def __post_init__(self) -> None:
        keep_whole(self, 1, "steps", "batch", "accumulate", "points", "save_every", "validate_every")
        keep_whole(self, 0, "warmup")
        keep_real(
            self, 0, "rate", "weight_decay", "affinity_weight", "diversity_weight", "distill_weight", "shift"
        )
        keep_real(self, 0, "mask_ratio", "yaw", most=1)
        keep_seed(self)
        allowed = {
            "mask": MASKS,
            "affinity_on": ("visible", "all"),
            "teacher_pool": ("stored", "group", "voronoi"),
            "koleo_axis": ("patch", "batch", "all"),
            "precision": ("fp32", "bf16", "fp16"),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise InputError(f"{name} is {getattr(self, name)!r}: use one of {', '.join(values)}")
        check_pieces(self.batch, self.accumulate)


# Epochs of the 10,000 shapes that the paper speaks of: 150, of which 15 (release: 5) are the linear start.
PAPER = CmatConfig(PointMAEConfig(), steps=11_719, warmup=1_172)
RELEASE = replace(
    PAPER,
    model=PointMAEConfig(PatchEncoderConfig(groups=256)),
    steps=15_625,
    warmup=521,
    batch=96,
    diversity_weight=0.0,
)
# Point-MAE's own pre-training, which listens to no teacher: 300 epochs of as many shapes, 10 of them the start.
POINTMAE = replace(PAPER, steps=23_438, warmup=781, rate=1e-3, affinity_weight=0.0, diversity_weight=0.0)
# The encoder of the shipped default, so that stage 2 at its size can start from it. A tenth of the paper's diversity:
# its own weight undoes the affinity between patches of a part (docs/experiments_cmat.md).
SMALL = CmatConfig(
    PointMAEConfig(
        PatchEncoderConfig(
            token_hidden=(64, 128, 256), width=192, depth=6, heads=3, drop_path=0.0, farthest_rule="plain"
        ),
        decoder_depth=2,
        decoder_heads=3,
    ),
    steps=1_000,
    batch=16,
    rate=1e-3,
    warmup=50,
    diversity_weight=0.02,
    teacher_pool="group",
    yaw=0.8,
)
TINY = replace(
    SMALL,
    model=PointMAEConfig(
        PatchEncoderConfig(16, 16, (16, 32, 64), 48, 2, 3, 0.0, "plain"), decoder_depth=1, decoder_heads=3
    ),
    points=256,
    steps=20,
    warmup=2,
    batch=4,
    save_every=10,
)
PRESETS = {"paper": PAPER, "release": RELEASE, "pointmae": POINTMAE, "small": SMALL, "tiny": TINY}
