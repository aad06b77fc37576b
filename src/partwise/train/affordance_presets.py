"""Settings of the affordance recipe: the published schedules, and small ones for a processor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from partwise.checks import keep_real, keep_seed, keep_whole
from partwise.datasets.affordance_words import OPENAD_LABELS
from partwise.encoders.bert import BertConfig
from partwise.encoders.pixels import PictureTower
from partwise.errors import InputError
from partwise.layers.tokens import PatchEncoderConfig
from partwise.models.dgcnn import DgcnnConfig
from partwise.models.las import LasConfig
from partwise.models.lmad import MINILM, LMADConfig
from partwise.models.openad import ClosedSetConfig, OpenADConfig
from partwise.models.pointlas import PointLasConfig
from partwise.models.pointnet2 import PointNet2Config
from partwise.models.pointrefer import PointReferConfig
from partwise.train.augment import NO_AUGMENT, Augment
from partwise.train.pictures import check_asked

ModelConfig = LMADConfig | OpenADConfig | ClosedSetConfig | PointReferConfig | LasConfig | PointLasConfig


@dataclass(frozen=True)
class DataNote:
    """Which converted data a run trains on: data set, split, its digest, the variant, and the objects in it."""

    dataset: str
    split: str
    digest: str
    variant: str
    categories: tuple[str, ...]


@dataclass(frozen=True)
class AffordanceConfig:
    """Settings of one run, saved beside its weights.

    model        of its kind, sizes and all; an encoder of 6 channels reads the colours of the samples, too
    labels       names of affordances as the data writes them, "none" last for task "labels"
    wordings     ways to say each label, drawn from in training; () says the labels themselves
    raw_words    say labels as they are written, `wrap_grasp` and all, as OpenAD was trained
    task         "labels": one label a point, cross-entropy; "heat": questions one by one, focal and dice loss
    setting      "full", "partial" (one view, another at every visit) or "rotated" (any way up)
    point_rate, language_rate, gate_rate   of the encoder, of the language model where it trains, of single numbers
    halving      epochs after which rates halve; 0: half a cosine over the run
    least_rate   where rates end; 0: at a hundredth of each
    norm_halving epochs after which the batch norms' momentum halves, from 0.1 down to 0.01; 0: never
    questions    asked about each shape at a time (task "heat")
    binary       heat above 0 counts as 1 in training, as GEAL has it
    dice         form of the dice loss for heat, see `losses.dice_loss`: "hm" (LASO), "standard" (LAS), "release" (its
                 released code); focal_weight, dice_weight: of the two losses
    select       "last" or "best" on the validation samples
    augment      how a shape is changed at each visit in training; all of its points stay
    pictures     the encoder of the pictures that LAS reads, None for words alone; picture_blocks: its last blocks that
                 train along, 2 in the release; picture_rate: of those, as a share of `rate`, 0.1 in the release
    asked        shares of the steps that ask in words, in pictures and in both, where there are pictures
    language     "minilm", a folder, or a hub id at the commit `language_revision`; random_language: keep the language
                 model's random weights, for comparison
    encoder      of LAS: a checkpoint with a point decoder
    start        a Point-MAE or CMAT checkpoint whose encoder the model gets, sizes and all; "": none. groups: patches
                 that it cuts a shape into, 0 for as many as it was trained with
    freeze       the patch encoder that the model stands on stays as it is
    data         what is trained on, for the record: a run does not go on with other data
    """

    model: ModelConfig
    steps: int
    labels: tuple[str, ...] = OPENAD_LABELS
    wordings: tuple[tuple[str, ...], ...] = ()
    raw_words: bool = False
    task: str = "labels"
    setting: str = "full"
    points: int = 2048
    batch: int = 16
    rate: float = 1e-3
    point_rate: float = 1e-3
    language_rate: float = 2e-5
    gate_rate: float = 1e-3
    weight_decay: float = 1e-4
    clip_norm: float = 1.0
    warmup: int = 0
    halving: int = 20
    least_rate: float = 0.0
    norm_halving: int = 0
    class_weights: str = "inverse-log"
    questions: int = 2
    binary: bool = False
    dice: str = "hm"
    focal_weight: float = 1.0
    dice_weight: float = 1.0
    select: str = "best"
    augment: Augment = NO_AUGMENT
    pictures: PictureTower | None = None
    picture_blocks: int = 0
    picture_rate: float = 0.1
    asked: tuple[float, float, float] = (0.4, 0.3, 0.3)
    language: str = "minilm"
    language_revision: str | None = None
    random_language: bool = False
    encoder: str = "partwise-small"
    start: str = ""
    groups: int = 0
    freeze: bool = False
    data: DataNote | None = None
    seed: int = 1
    save_every: int = 500
    validate_every: int = 1000

    def __post_init__(self) -> None:
        keep_whole(self, 1, "steps", "points", "batch", "questions", "save_every", "validate_every")
        keep_whole(self, 0, "warmup", "halving", "norm_halving", "picture_blocks", "groups")
        keep_real(self, 0, "rate", "point_rate", "language_rate", "gate_rate", "picture_rate", "least_rate")
        keep_real(self, 0, "weight_decay", "clip_norm", "focal_weight", "dice_weight")
        keep_seed(self)
        allowed = {
            "task": ("labels", "heat"),
            "setting": ("full", "partial", "rotated"),
            "class_weights": ("inverse-log", "none"),
            "select": ("last", "best"),
            "dice": ("hm", "standard", "release"),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise InputError(f"{name} is {getattr(self, name)!r}: use one of {', '.join(values)}")
        check_asked(self.asked)
        if self.augment.one_sided or self.augment.even:
            raise InputError(
                f"augment leaves points out (one_sided {self.augment.one_sided}, even {self.augment.even}), and heat "
                "is known at all of them: set both to 0; the setting 'partial' shows one side"
            )
        if len(set(self.labels)) != len(self.labels):
            twice = sorted({label for label in self.labels if self.labels.count(label) > 1})
            raise InputError(f"labels come more than once: {', '.join(twice)}; give each of them once")
        if self.task == "labels" and (len(self.labels) < 2 or self.labels[-1] != "none"):
            raise InputError(
                f"the labels are {', '.join(self.labels) or 'empty'}: give at least one and 'none' as the last"
            )
        if self.wordings and len(self.wordings) != len(self.labels):
            raise InputError(
                f"{len(self.wordings)} wordings for {len(self.labels)} labels: one tuple for each"
            )


# OpenAD's schedule: 200 epochs of 16,082 shapes in batches of 16.
OPENAD_PAPER = AffordanceConfig(
    OpenADConfig(), steps=201_000, raw_words=True, norm_halving=20, clip_norm=0.0, save_every=1000
)
LMAD_PAPER = AffordanceConfig(LMADConfig(), steps=201_000, rate=1e-4, gate_rate=1e-4, save_every=1000)
# LASO: 50 epochs of 16,120 questions.
POINTREFER_PAPER = AffordanceConfig(
    PointReferConfig(),
    steps=50_400,
    task="heat",
    labels=OPENAD_LABELS[:-1],
    questions=1,
    rate=1e-4,
    point_rate=1e-4,
    weight_decay=1e-3,
    halving=10,
    class_weights="none",
)

# CMAT + LAS: 100 epochs of LASO's questions through RoBERTa-base, the encoder (`start`) at a tenth of the rate.
ROBERTA = "FacebookAI/roberta-base"
LAS_PAPER = AffordanceConfig(
    PointLasConfig(PatchEncoderConfig(), LasConfig()),
    steps=100_800,
    task="heat",
    labels=OPENAD_LABELS[:-1],
    questions=1,
    dice="standard",
    rate=1e-4,
    point_rate=1e-5,
    weight_decay=0.01,
    halving=0,
    least_rate=1e-6,
    class_weights="none",
    language=ROBERTA,
)

# What is released, for LASO: 100 epochs in batches of 8, the point encoder at a fifth of the rate. The warm-up that its
# file names is never read. Field by field, with what is not known: docs/models/cmat.md.
LAS_RELEASE = replace(
    LAS_PAPER,
    model=PointLasConfig(PatchEncoderConfig(groups=128), LasConfig(upsampling="before")),
    groups=128,
    steps=201_500,
    batch=8,
    rate=1e-5,
    point_rate=2e-6,
    dice="release",
    focal_weight=0.5,
    picture_blocks=2,
    augment=Augment(probability=1.0, tilt=0.0, yaw=1.0, scale=(0.8, 1.2), shift=0.0, jitter=0.01),
)
# For PIAD and PIADv2, which it asks in pictures alone: as many epochs of all their pictures, 5,162 and about 15,000.
LAS_RELEASE_PIAD = replace(
    LAS_RELEASE,
    model=PointLasConfig(
        PatchEncoderConfig(groups=64),
        LasConfig(
            text_width=0, image_width=768, width=256, feedforward=512, head_width=128, upsampling="before"
        ),
    ),
    groups=64,
    steps=64_525,
    rate=1e-4,
    point_rate=2e-5,
    weight_decay=1e-4,
    focal_weight=1.0,
    augment=NO_AUGMENT,
    asked=(0.0, 1.0, 0.0),
    language="minilm",
)
LAS_RELEASE_PIADV2 = replace(
    LAS_RELEASE_PIAD,
    model=PointLasConfig(
        PatchEncoderConfig(groups=128),
        LasConfig(text_width=0, image_width=768, feedforward=1024, upsampling="before"),
    ),
    groups=128,
    steps=187_500,
    rate=1e-5,
    point_rate=2e-6,
    weight_decay=0.01,
    focal_weight=0.5,
)

SMALL_POINTS = PointNet2Config(centers=(128, 32), width=16, neighbours=16)
TINY_POINTS = PointNet2Config(centers=(32, 8), width=4, neighbours=8)
TINY_LANGUAGE = BertConfig(30_522, 24, 2, 2, 48, 64, 2, 1e-12)


def small(model: ModelConfig, steps: int = 1500) -> AffordanceConfig:
    """A run for a processor: 512 points, batches of 8, half a cosine, rates that so few steps need."""
    return AffordanceConfig(
        model,
        steps=steps,
        points=512,
        batch=8,
        rate=1e-3,
        point_rate=2e-3,
        gate_rate=1e-2,
        warmup=20,
        halving=0,
        select="last",
        save_every=250,
        validate_every=500,
    )


def lmad_small(blocks: int = 6) -> LMADConfig:
    """LM-AD around MiniLM: six blocks of width 384, real weights."""
    return LMADConfig(SMALL_POINTS, MINILM, point_width=64, decoder_heads=4, blocks=blocks, dropout=0.0)


def reading_colors(config: AffordanceConfig) -> AffordanceConfig:
    """The config with an encoder of 6 channels, which reads colours. Raises InputError if it has no place for them."""
    field = "points" if isinstance(config.model, PointReferConfig) else "backbone"
    encoder = getattr(config.model, field, None)
    if config.start or not isinstance(encoder, PointNet2Config | DgcnnConfig):
        raise InputError(
            f"{type(config.model).__name__} on {config.start or 'its encoder'} reads places alone: colours go "
            "into PointNet++ and DGCNN, from scratch"
        )
    return replace(config, model=replace(config.model, **{field: replace(encoder, channels=6)}))


def with_pictures(
    config: AffordanceConfig, tower: PictureTower, asked: tuple[float, float, float] | None = None
) -> AffordanceConfig:
    """The config of a LAS that also reads pictures through this encoder, or pictures alone if nothing else is asked.

    Raises InputError for another model, and what opening the encoder raises.
    """
    config = replace(config, asked=config.asked if asked is None else asked)
    kind = config.model
    head = kind.head if isinstance(kind, PointLasConfig) else kind
    if not isinstance(head, LasConfig):
        raise InputError(f"{type(kind).__name__} reads words alone: pictures go into LAS")
    text_width = 0 if config.asked[1] == 1 else head.text_width
    head = replace(head, image_width=tower.open().width, text_width=text_width)
    model = replace(kind, head=head) if isinstance(kind, PointLasConfig) else head
    return replace(config, model=model, pictures=tower.pinned(), picture_blocks=tower.train)


_SMALL: dict[str, ModelConfig] = {
    "lmad": lmad_small(),
    "openad": OpenADConfig(SMALL_POINTS, 384),
    "pointnet2": ClosedSetConfig(SMALL_POINTS, len(OPENAD_LABELS)),
    "dgcnn": ClosedSetConfig(DgcnnConfig(edges=16, width=16), len(OPENAD_LABELS)),
    "pointrefer": PointReferConfig(SMALL_POINTS, 16, text_width=384, width=256, hidden=512, up=256),
    "las": LasConfig(  # reads the tokens of MiniLM
        token_width=192,
        text_width=384,
        width=128,
        feedforward=256,
        layers=3,
        heads=4,
        head_width=64,
        dropout=0.0,
        point_width=384,
    ),
}
_TINY: dict[str, ModelConfig] = {
    "lmad": LMADConfig(TINY_POINTS, TINY_LANGUAGE, point_width=16, decoder_heads=2, blocks=2, dropout=0.0),
    "openad": OpenADConfig(TINY_POINTS, 384),
    "pointnet2": ClosedSetConfig(TINY_POINTS, len(OPENAD_LABELS)),
    "dgcnn": ClosedSetConfig(DgcnnConfig(edges=4, width=4), len(OPENAD_LABELS)),
    "pointrefer": PointReferConfig(TINY_POINTS, 4, text_width=384, width=64, heads=2, hidden=64, up=64),
    "las": _SMALL["las"],
}
_PAPER: dict[str, AffordanceConfig] = {
    "lmad": LMAD_PAPER,
    "openad": OPENAD_PAPER,
    "pointnet2": replace(OPENAD_PAPER, model=ClosedSetConfig()),
    "dgcnn": replace(OPENAD_PAPER, model=ClosedSetConfig(DgcnnConfig())),
    "pointrefer": POINTREFER_PAPER,
    "las": LAS_PAPER,
}
_PUBLISHED: dict[str, dict[str, AffordanceConfig]] = {
    "paper": _PAPER,
    "release": {"las": LAS_RELEASE},
    "release-piad": {"las": LAS_RELEASE_PIAD},
    "release-piadv2": {"las": LAS_RELEASE_PIADV2},
}
MODELS = tuple(_SMALL)


def presets_of(model: str) -> tuple[str, ...]:
    """The presets that a model has, the small ones first."""
    return ("tiny", "small", *(name for name, models in _PUBLISHED.items() if model in models))


def preset(model: str, size: str, labels: Sequence[str] | None = None) -> AffordanceConfig:
    """The settings of a model by name and size, for these labels. Raises InputError for another name."""
    if model not in MODELS:
        raise InputError(f"unknown model {model!r}: use one of {', '.join(MODELS)}")
    if size not in presets_of(model):
        raise InputError(f"{model} has no preset {size!r}: it has {', '.join(presets_of(model))}")
    if size in _PUBLISHED:
        config = _PUBLISHED[size][model]
    else:
        config = small((_SMALL if size == "small" else _TINY)[model])
        if model in ("pointrefer", "las"):
            config = replace(
                config,
                task="heat",
                labels=OPENAD_LABELS[:-1],
                class_weights="none",
                dice="standard" if model == "las" else "hm",
            )
        if size == "tiny":
            config = replace(
                config,
                steps=4,
                batch=2,
                points=128,
                save_every=2,
                validate_every=2,
                random_language=model == "lmad",
            )
    if labels is not None:
        config = replace(
            config, labels=tuple(label for label in labels if config.task == "labels" or label != "none")
        )
        if isinstance(config.model, ClosedSetConfig):
            config = replace(config, model=replace(config.model, labels=len(config.labels)))
    return config
