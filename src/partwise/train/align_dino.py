"""PatchAlign3D stage 1: teach patches what lifted 2D features say about them, on the shards of the lifting engine.

Read `train` from top to bottom; everything random follows from (seed, step), so a killed run resumes bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float16, Float32
from torch import Tensor, nn
from tqdm import tqdm

from partwise.checkpoint import save_checkpoint
from partwise.checks import keep_real, keep_seed, keep_whole
from partwise.errors import InputError
from partwise.files import make_folder
from partwise.lift.shards import LiftedShape, LiftedShards
from partwise.losses import distillation_loss
from partwise.models.patchalign3d import PatchAlign3D, PatchAlign3DConfig, PatchEmbedding
from partwise.models.pointalign3d import PointAlign3DConfig
from partwise.points import fit_box, gather, nearest, random_rotation
from partwise.predict import SegmenterConfig
from partwise.train.distributed import Workers, check_pieces
from partwise.train.named_means import NAMED_COLUMNS, NamedShapes
from partwise.train.state import Curves, TrainingState

REPORT_EVERY = 20
COLUMNS = ("loss", "validation", "centre_distance", *NAMED_COLUMNS)


@dataclass(frozen=True)
class AlignDinoConfig:
    """Settings of one run, saved beside its weights.

    model   sizes of the encoder; the head has the teacher's width, whatever text_width says
    target  "own": a patch is taught the mean over its own points, where the shards keep features of points
            (`partwise lift --keep-points`); otherwise, and with "stored", what the stored patch with the nearest
            centre has (the release)
    box     that shapes are shown in, "unit_sphere" or "max_abs_075"; as they were lifted if None
    yaw     share of shapes turned about +Y with their patch centres; the release turns none
    """

    model: PatchAlign3DConfig
    steps: int
    batch: int = 32
    accumulate: int = 1
    rate: float = 1e-4
    head_rate: float = 5e-4
    weight_decay: float = 0.05
    target: str = "own"
    box: str | None = None
    yaw: float = 0.0
    precision: str = "fp32"
    seed: int = 42
    save_every: int = 200
    validate_every: int = 1000

    def __post_init__(self) -> None:
        keep_whole(self, 1, "steps", "batch", "accumulate", "save_every", "validate_every")
        keep_real(self, 0, "rate", "head_rate", "weight_decay")
        keep_real(self, 0, "yaw", most=1)
        keep_seed(self)
        if self.precision not in ("fp32", "bf16", "fp16"):
            raise InputError(f"unknown precision {self.precision!r}: use fp32, bf16 or fp16")
        if self.target not in ("own", "stored"):
            raise InputError(f"unknown target {self.target!r}: use own or stored")
        if self.box not in (None, "unit_sphere", "max_abs_075"):
            raise InputError(f"unknown box {self.box!r}: use unit_sphere, max_abs_075 or None")
        check_pieces(self.batch, self.accumulate)


# 100 epochs of 28,827 shapes in batches of 32; the release runs it in fp16 with a scaler.
PAPER = AlignDinoConfig(PatchAlign3DConfig(), steps=90_100, box="unit_sphere")
RELEASE = replace(PAPER, precision="fp16", target="stored", box="max_abs_075")
SMALL = AlignDinoConfig(
    PointAlign3DConfig().encoder(),
    steps=1_000,
    batch=16,
    rate=1e-3,
    head_rate=1e-3,
    target="stored",
    yaw=0.8,
)
TINY = replace(
    SMALL,
    model=PointAlign3DConfig(width=96, depth=2, token_hidden=(32, 64, 128), token_width=64).encoder(),
    steps=20,
    batch=4,
    save_every=10,
)
PRESETS = {"paper": PAPER, "release": RELEASE, "small": SMALL, "tiny": TINY}


@dataclass(frozen=True)
class Batch:
    """B shapes (N points) and their stored patches: centres (G of them) and unit teacher features.

    point_features  the teacher's of every point; None if patches are taught what the stored ones have
    """

    points: Float[Tensor, "B N 3"]
    centers: Float[Tensor, "B G 3"]
    features: Float[Tensor, "B G D"]
    point_features: Float16[Tensor, "B N D"] | None = None

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        given = (self.points, self.centers, self.features, self.point_features)
        return Batch(*(x.to(device) for x in given if x is not None))


@dataclass(frozen=True)
class Validation:
    """What a run is validated on; either may be missing.

    held_out  lifted shapes that are not trained on
    named     labelled shapes, asked about `asked_as`
    """

    held_out: Sequence[LiftedShape]
    named: NamedShapes | None
    asked_as: SegmenterConfig


def train(
    config: AlignDinoConfig,
    lifted: Path,
    out: Path,
    device: str = "cpu",
    held_out: Path | None = None,
    named: NamedShapes | None = None,
) -> Path:
    """Train on the shards in `lifted`; returns OUT/checkpoint, to `start` stage 2 from. Killed runs go on.

    Before the first step, and then every `validate_every` of them:
    held_out  shards of other shapes, whose loss is measured
    named     labelled shapes that the user's own Segmenter is tried on, by names as the patches see them

    All shapes are held in memory: 0.2 MB each at 2,048 points, 128 patches and 768 features; 3.4 MB each where the
    features of points are kept and used.
    Raises MissingDataError, InputError or CheckpointError.
    """
    workers = Workers.start(device)
    make_folder(out)
    shards = LiftedShards(lifted)
    shapes = as_taught(shards, config)
    if not shapes:
        raise InputError(f"{lifted} holds no lifted shape: look at its failures with `partwise lift`")
    kept_back = [] if held_out is None else open_held_out(held_out, shapes, config)
    validation = Validation(kept_back, named, asked_as(shapes, config))
    torch.manual_seed(config.seed)
    model = PatchAlign3D(replace(config.model, text_width=shapes[0].features.shape[1])).to(workers.device)
    optimizer = torch.optim.AdamW(parameter_groups(model, config), weight_decay=config.weight_decay)
    scaler = torch.amp.GradScaler(workers.device.type, enabled=config.precision == "fp16")
    inputs = {"folder of lifted shapes": shards.identity()}
    state = TrainingState({"model": model}, optimizer, scaler=scaler, inputs=inputs)
    settings = {**asdict(config), "shapes": len(shapes)}
    resumed = state.load(out, settings)
    curves = Curves(out, COLUMNS, state.step if resumed else -1) if workers.first else None
    parallel = workers.wrap(model)
    pieces = workers.pieces(config.batch, config.accumulate)
    bar = tqdm(total=config.steps, initial=state.step, disable=not workers.first, unit="step")
    if config.target == "own" and shapes[0].point_features is None and workers.first:
        bar.write("no features of points were kept: patches are taught by the nearest stored ones")
    if curves is not None and not resumed and (scores := validate(model, validation, config)):
        curves.add(0, **scores)
    while state.step < config.steps:
        batches = [make_batch(shapes, config, state.step, piece) for piece in pieces]
        loss, apart = train_step(parallel, batches, optimizer, scaler, config, state.step, workers)
        state.advance(loss)
        bar.update()
        done, scores = state.step == config.steps, {}
        if curves is not None and (done or state.step % config.validate_every == 0):
            scores = validate(model, validation, config)
        if curves is not None and (done or state.step % REPORT_EVERY == 0 or scores):
            bar.set_postfix(loss=f"{loss:.3f}")
            curves.add(state.step, loss=loss, centre_distance=apart, **scores)
        if workers.first and (done or state.step % config.save_every == 0):
            state.save(out, settings)
    bar.close()
    if workers.first:
        save_model(out / "checkpoint", model, config)
    workers.stop()
    return out / "checkpoint"


def as_taught(shapes: Iterable[LiftedShape], config: AlignDinoConfig) -> list[LiftedShape]:
    """All shapes; features of points only if patches are to be taught the mean over their own."""
    if config.target == "own":
        return list(shapes)
    return [replace(shape, point_features=None) for shape in shapes]


def open_held_out(folder: Path, trained: Sequence[LiftedShape], config: AlignDinoConfig) -> list[LiftedShape]:
    """The lifted shapes in `folder`, to validate on. Raises InputError for none, for some that are trained on, or for
    features of another teacher, or of points in one folder only.
    """
    shapes = as_taught(LiftedShards(folder), config)
    seen = {shape.sha256 for shape in trained} & {shape.sha256 for shape in shapes}
    if not shapes or seen:
        raise InputError(
            f"{folder} holds {len(shapes)} lifted shapes, {len(seen)} of which are trained on: "
            "lift others to validate on"
        )
    widths = [given[0].features.shape[1] for given in (shapes, trained)]
    if widths[0] != widths[1]:
        raise InputError(
            f"{folder} holds features of width {widths[0]}, those to train on have {widths[1]}: "
            "lift both with the same encoder"
        )
    if (shapes[0].point_features is None) != (trained[0].point_features is None):
        raise InputError(
            f"features of points are kept in one of {folder} and the folder to train on: lift both with "
            '--keep-points or without, or take the target "stored"'
        )
    return shapes


def asked_as(shapes: Sequence[LiftedShape], config: AlignDinoConfig) -> SegmenterConfig:
    """How labelled shapes are asked about: as many points as the lifted ones have, up to the usual number."""
    points = min(len(shapes[0].points), SegmenterConfig.points)
    return SegmenterConfig(points, config.box or "unit_sphere")


def save_model(folder: Path, model: PatchAlign3D, config: AlignDinoConfig) -> None:
    """Write the checkpoint that stage 2 starts from, with the whole training config."""
    sizes, training = asdict(model.config), asdict(config)
    description = {"architecture": "patchalign3d", "model": sizes, "training": training, "stage": 1}
    save_checkpoint(folder, description, model.state_dict())


def train_step(
    module: nn.Module,
    batches: Sequence[Batch],
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    config: AlignDinoConfig,
    step: int,
    workers: Workers,
) -> tuple[float, float]:
    """One update from the accumulated batches: their mean loss, and how far stored centres are from own ones."""
    module.train()
    torch.manual_seed(config.seed * 1_000_003 + step)  # drop-path
    total = apart = 0.0
    for number, batch in enumerate(batches, start=1):
        with workers.accumulating(module, number == len(batches)):
            loss, distance = compute_loss(module, batch, config, workers.device)
            scaler.scale(loss / len(batches)).backward()
        total += loss.item() / len(batches)
        apart += distance.item() / len(batches)
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad(set_to_none=True)
    return total, apart


def validate(model: PatchAlign3D, validation: Validation, config: AlignDinoConfig) -> dict[str, float]:
    """The columns of what there is to validate on, said as well: loss of held-out shapes, mIoU of labelled ones."""
    columns = {}
    if validation.held_out:
        columns["validation"] = held_out_loss(model, validation.held_out, config)
        tqdm.write(f"loss of held-out shapes {columns['validation']:.4f}")
    if validation.named is not None:
        columns |= validation.named.columns(model, validation.asked_as)
    return columns


@torch.no_grad()
def held_out_loss(model: PatchAlign3D, shapes: Sequence[LiftedShape], config: AlignDinoConfig) -> float:
    """Mean distillation loss of shapes as they were lifted, each counted once."""
    model.eval()
    total, device = 0.0, model.head.weight.device
    for first in range(0, len(shapes), config.batch):
        rows = [_row(shape, config.box) for shape in shapes[first : first + config.batch]]
        total += compute_loss(model, stacked(rows), config, device)[0].item() * len(rows)
    return total / len(shapes)


def parameter_groups(model: PatchAlign3D, config: AlignDinoConfig) -> list[dict[str, object]]:
    """Encoder and head with their rates."""
    head = {id(parameter) for parameter in model.head.parameters()}
    return [
        {"params": [p for p in model.parameters() if id(p) not in head], "lr": config.rate},
        {"params": list(model.head.parameters()), "lr": config.head_rate},
    ]


def compute_loss(
    model: nn.Module, batch: Batch, config: AlignDinoConfig, device: torch.device
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Mean distillation loss of one batch, and the mean distance of `teach`."""
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[config.precision]
    batch = batch.to(device)
    with torch.autocast(device.type, dtype, enabled=config.precision != "fp32"):
        embedding = model(batch.points)
    return teach(embedding.features, embedding, batch)


def teach(
    predicted: Float[Tensor, "B G D"], embedding: PatchEmbedding, batch: Batch
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Mean distillation loss, and how far the centre of what a patch is taught is from its own, in the mean.

    A patch is taught the mean over its own points (paper), which is 0 away, or, without features of points, what the
    stored patch with the nearest centre has (release).
    """
    if batch.point_features is not None:
        target = gather(batch.point_features, embedding.patches.index).float().mean(dim=2)
        distance = predicted.new_zeros(())
    else:
        own = embedding.patches.centers[..., [0, 2, 1]]  # the encoder's centres, back with +Y up
        squared, index = nearest(own, batch.centers, 1)
        target, distance = gather(batch.features, index[..., 0]), squared.sqrt().mean()
    valid = target.abs().sum(dim=-1) > 0  # nothing saw that patch
    return distillation_loss(predicted, target, valid).mean(), distance


def make_batch(shapes: list[LiftedShape], config: AlignDinoConfig, step: int, slots: range) -> Batch:
    """The shapes in `slots` of the step's batch: a pure function of (seed, step, slot)."""
    return stacked([_drawn(shapes, config, step, slot) for slot in slots])


def stacked(rows: Sequence[tuple[np.ndarray, ...]]) -> Batch:
    """Points, centres, features and, if there are any, features of points of single shapes as one batch."""
    return Batch(*(torch.from_numpy(np.stack(column)) for column in zip(*rows, strict=True)))


def unit(features: Float16[np.ndarray, "G D"]) -> Float32[np.ndarray, "G D"]:
    """Features of unit length; those of patches that nothing saw stay zero."""
    wide = features.astype(np.float32)
    return wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-6)


def _row(shape: LiftedShape, box: str | None) -> tuple[np.ndarray, ...]:
    """One shape of the batch in its box: the fields of `Batch` without the first axis."""
    points, centers = shape.points, shape.centers
    if box is not None:
        centre, scale = fit_box(points.astype(np.float64), box)
        points, centers = (((x - centre) * scale).astype(np.float32) for x in (points, centers))
    own = () if shape.point_features is None else (shape.point_features,)
    return points, centers, unit(shape.features), *own


def _drawn(
    shapes: list[LiftedShape], config: AlignDinoConfig, step: int, slot: int
) -> tuple[np.ndarray, ...]:
    """The shape of one slot, its points in a new order, perhaps turned."""
    number = step * config.batch + slot
    order = np.random.default_rng([config.seed, number // len(shapes)]).permutation(len(shapes))
    shape = shapes[int(order[number % len(shapes)])]
    rng = np.random.default_rng([config.seed, step, slot])
    points, centers, features, *own = _row(shape, config.box)
    order = rng.permutation(len(points))
    points = points[order]
    if rng.random() < config.yaw:
        turn = random_rotation(rng, "yaw").T.astype(np.float32)
        points, centers = points @ turn, centers @ turn
    return points, centers, features, *(x[order] for x in own)
