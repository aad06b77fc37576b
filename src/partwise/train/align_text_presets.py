"""Settings of the text alignment recipe: PatchAlign3D stage 2 as published and released, and the shipped default's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from partwise.checks import keep_real, keep_whole
from partwise.errors import InputError
from partwise.models.patchalign3d import PatchAlign3DConfig
from partwise.models.pointalign3d import PointAlign3DConfig
from partwise.train.alignment import PAPER_OBJECTIVE, RELEASE_OBJECTIVE, Objective
from partwise.train.augment import BROAD_AUGMENT, NO_AUGMENT
from partwise.train.batches import BatchConfig


@dataclass(frozen=True)
class AlignTextConfig:
    """Settings of one run, saved beside its weights.

    objective    temperature, bias, weight of positives and reduction of the patch loss: PAPER_OBJECTIVE,
                 RELEASE_OBJECTIVE or one of your own
    supervision  "patch": fractional labels of patches; "point": every point by its own label, with the logits of the
                 patch whose centre is nearest (an ablation)
    negatives    "shape": phrases of the same shape only; "batch": those of all shapes of the batch (an ablation)
    train_blocks blocks of the encoder that train, counted from the last; -1 for all of it
    freeze       of what does not train: "still" keeps it in eval mode, batch statistics and drop-path included; with
                 "release" statistics drift and drop-path goes on, and the Linear before the blocks and the class token
                 train along
    betas        of AdamW
    decay_scalars  weight decay pulls at temperatures and biases, too
    asked_box    the box that the checkpoint is asked in; the one that it trains in, `batches.box`, if None
    patch_weight, point_weight   weights of the losses at patch and at point resolution
    balance      weight of a part in the point loss is its share to the power of minus this
    dice_weight  of the dice loss of every part that is to be seen, added to the point loss: it counts a small part
                 as much as a large one, as mIoU does
    heat_weight  of the losses of the affordance head that trains along and learns where actions are
                 (`BatchConfig.actions`); its gradient goes into the encoder
    calibration  procedural shapes, of seeds that training never draws, on which that head's "offered" is set
    answered     points of each shape that the point losses look at; all if None
    start_whole  a `start` is a checkpoint of this same model, and training goes on from all of it
    average      decay of the averaged weights that are saved; 0 saves the last ones
    """

    model: PatchAlign3DConfig | PointAlign3DConfig
    steps: int
    batches: BatchConfig = field(default_factory=BatchConfig)
    objective: Objective = PAPER_OBJECTIVE
    supervision: str = "patch"
    negatives: str = "shape"
    train_blocks: int = 1
    freeze: str = "still"
    rate: float = 1e-4
    head_rate: float = 5e-4
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.999)
    decay_scalars: bool = False
    warmup: int = 0
    cosine_schedule: bool = False
    clip_norm: float = 0.0
    patch_weight: float = 1.0
    point_weight: float = 0.0
    balance: float = 0.0
    dice_weight: float = 0.0
    heat_weight: float = 0.0
    calibration: int = 252
    answered: int | None = None
    start_whole: bool = False
    average: float = 0.0
    precision: str = "fp32"
    text_encoder: str = "minilm"
    asked_box: str | None = None
    save_every: int = 200
    validate_every: int = 1000

    def __post_init__(self) -> None:
        keep_whole(self, 1, "steps", "calibration", "save_every", "validate_every")
        keep_whole(self, 0, "warmup")
        keep_whole(self, -1, "train_blocks")
        if self.answered is not None:
            keep_whole(self, 1, "answered")
        keep_real(self, 0, "rate", "head_rate", "weight_decay", "clip_norm", "balance")
        keep_real(self, 0, "patch_weight", "point_weight", "dice_weight", "heat_weight")
        keep_real(self, 0, "average", most=1)
        allowed = {
            "precision": ("fp32", "bf16", "fp16"),
            "supervision": ("patch", "point"),
            "negatives": ("shape", "batch"),
            "freeze": ("still", "release"),
            "asked_box": (None, "unit_sphere", "max_abs_075"),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise InputError(
                    f"unknown {name} {getattr(self, name)!r}: use {' or '.join(map(str, values))}"
                )
        sharp = isinstance(self.model, PointAlign3DConfig)
        if self.heat_weight and not (sharp and self.batches.actions):
            raise InputError(
                f"heat_weight {self.heat_weight} with {self.batches.actions} questions about actions on "
                f"{type(self.model).__name__}: it needs a model with a point decoder, and questions"
            )


# One epoch of the published set is 28,827 shapes; 100 epochs of batches of 32.
PAPER = AlignTextConfig(PatchAlign3DConfig(), steps=90_100)
# The release trains in the box that its clouds are stored in and is evaluated in the unit sphere.
RELEASE = replace(
    PAPER,
    objective=RELEASE_OBJECTIVE,
    freeze="release",
    decay_scalars=True,
    batches=BatchConfig(box="max_abs_075", drop_category=True, augment=NO_AUGMENT),
    asked_box="unit_sphere",
)
SMALL = AlignTextConfig(
    PointAlign3DConfig(),
    steps=1_500,
    batches=BatchConfig(
        batch=32,
        accumulate=2,
        points=(2048, 2048, 2048, 4096),
        coarse=0.15,
        synonyms=0.4,
        distractors=4,
        augment=BROAD_AUGMENT,
    ),
    train_blocks=-1,
    rate=1.5e-3,
    head_rate=1.5e-3,
    betas=(0.9, 0.98),
    warmup=100,
    cosine_schedule=True,
    clip_norm=1.0,
    patch_weight=0.01,  # the paper's loss is a sum over 128 patches
    point_weight=1.0,
    balance=0.5,
    average=0.995,
    precision="bf16",
    save_every=50,
    validate_every=100,
)
# The second leg of the shipped default, from the weights of the first: other shapes, and small parts count as much.
SMALL_ON = replace(
    SMALL,
    steps=3_400,
    batches=replace(
        SMALL.batches,
        batch=16,
        accumulate=1,
        points=(2048, 2048, 2048, 1024, 4096),
        augment=replace(BROAD_AUGMENT, yaw=0.5, full=0.25),
        seed=43,
    ),
    rate=1e-3,
    head_rate=1e-3,
    dice_weight=0.5,
    answered=1024,
    start_whole=True,
    average=0.998,
    precision="fp32",
    save_every=100,
    validate_every=200,
)
# The third leg: small parts as dense as pieces of a mesh are sampled, coarser clouds, scenes of whole objects.
SMALL_EVEN = replace(
    SMALL_ON,
    steps=4_000,
    batches=replace(
        SMALL_ON.batches,
        points=(1024, 1024, 2048),
        distractors=2,
        augment=replace(SMALL_ON.batches.augment, even=0.6),
        seed=44,
    ),
    rate=7e-4,
    head_rate=7e-4,
    dice_weight=1.0,
)
# The fourth leg: a wider world, half the time as fine clouds and half as coarse ones.
SMALL_WIDE = replace(
    SMALL_EVEN,
    steps=3_700,
    batches=replace(SMALL_EVEN.batches, points=(768, 1024, 2048, 2048), seed=45),
    rate=6e-4,
    head_rate=6e-4,
)
# The fifth leg: wider still, and every procedural shape is asked for its actions, too.
SMALL_ACTIONS = replace(
    SMALL_WIDE,
    batches=replace(SMALL_WIDE.batches, actions=4, seed=46),
    rate=5e-4,
    head_rate=5e-4,
    heat_weight=1.0,
)
# The sixth leg: things held by their body, squeezed, pressed; more questions about actions, and they count more.
SMALL_HELD = replace(
    SMALL_ACTIONS,
    steps=3_400,
    batches=replace(SMALL_ACTIONS.batches, actions=6, seed=47),
    heat_weight=1.5,
)
# All of it in one leg, for a GPU: more shapes in minutes than the six legs before saw in nearly six hours.
SMALL_GPU = replace(
    SMALL_HELD,
    steps=6_400,
    batches=replace(SMALL_HELD.batches, batch=96, points=(768, 1024, 1536, 2048, 3072, 4096), seed=48),
    rate=1.5e-3,
    head_rate=1.5e-3,
    warmup=400,
    answered=2048,
    start_whole=False,
    average=0.999,
    precision="bf16",
    save_every=1_000,
    validate_every=2_000,
)
# A leg of the same kind from the weights of the sixth, and once more from those of the seventh.
SMALL_GPU_ON = replace(
    SMALL_GPU,
    steps=7_200,
    batches=replace(SMALL_GPU.batches, batch=64, seed=49),
    rate=1e-3,
    head_rate=1e-3,
    warmup=200,
    start_whole=True,
)
# An encoder of the published size, with the same decoder.
OFFICIAL_SIZE = replace(
    SMALL_GPU,
    model=PointAlign3DConfig(
        token_hidden=(128, 256, 512), token_width=256, width=384, depth=12, heads=6, drop_path=0.1
    ),
    steps=5_000,
    batches=replace(SMALL_GPU.batches, batch=48, seed=50),
    rate=7e-4,
    head_rate=7e-4,
    warmup=600,
)
TINY = replace(
    SMALL,
    model=PointAlign3DConfig(width=96, depth=2, token_hidden=(32, 64, 128), token_width=64, decoder_width=96),
    steps=60,
    batches=BatchConfig(batch=4, points=(512,)),
    warmup=5,
    average=0.0,
    precision="fp32",
    save_every=20,
    validate_every=20,
)
PRESETS = {
    "paper": PAPER,
    "release": RELEASE,
    "small": SMALL,
    "small-on": SMALL_ON,
    "small-even": SMALL_EVEN,
    "small-wide": SMALL_WIDE,
    "small-actions": SMALL_ACTIONS,
    "small-held": SMALL_HELD,
    "small-gpu": SMALL_GPU,
    "small-gpu-on": SMALL_GPU_ON,
    "official-size": OFFICIAL_SIZE,
    "tiny": TINY,
}
