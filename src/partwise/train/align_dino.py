"""PatchAlign3D stage 1: teach patches what lifted 2D features say about them, on the shards of the lifting engine.

Read `train` from top to bottom; everything random follows from (seed, step), so a killed run resumes bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float16, Float32
from torch import Tensor, nn
from tqdm import tqdm

from partwise.checkpoint import save_checkpoint
from partwise.errors import InputError
from partwise.files import make_folder
from partwise.lift.shards import LiftedShape, LiftedShards
from partwise.losses import distillation_loss
from partwise.models.patchalign3d import PatchAlign3D, PatchAlign3DConfig, PatchEmbedding
from partwise.models.pointalign3d import PointAlign3DConfig
from partwise.points import gather, nearest, random_rotation
from partwise.train.distributed import Workers, check_pieces
from partwise.train.state import Curves, TrainingState, check_counts

REPORT_EVERY = 20
COLUMNS = ("loss", "validation")


@dataclass(frozen=True)
class AlignDinoConfig:
    """Settings of one run, saved beside its weights.

    model   sizes of the encoder; the head has the teacher's width, whatever text_width says
    yaw     share of shapes turned about +Y with their patch centres; the release turns none
    """

    model: PatchAlign3DConfig
    steps: int
    batch: int = 32
    accumulate: int = 1
    rate: float = 1e-4
    head_rate: float = 5e-4
    weight_decay: float = 0.05
    yaw: float = 0.0
    precision: str = "fp32"
    seed: int = 42
    save_every: int = 200
    validate_every: int = 1000

    def __post_init__(self) -> None:
        check_counts(steps=self.steps, save_every=self.save_every, validate_every=self.validate_every)
        if self.precision not in ("fp32", "bf16", "fp16"):
            raise InputError(f"unknown precision {self.precision!r}: use fp32, bf16 or fp16")
        check_pieces(self.batch, self.accumulate)


# 100 epochs of 28,827 shapes in batches of 32; the release runs it in fp16 with a scaler.
PAPER = AlignDinoConfig(PatchAlign3DConfig(), steps=90_100)
RELEASE = replace(PAPER, precision="fp16")
SMALL = AlignDinoConfig(
    PointAlign3DConfig().encoder(), steps=1_000, batch=16, rate=1e-3, head_rate=1e-3, yaw=0.8
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
    """B shapes (N points) and their stored patches: centres (G of them) and unit teacher features."""

    points: Float[Tensor, "B N 3"]
    centers: Float[Tensor, "B G 3"]
    features: Float[Tensor, "B G D"]

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return Batch(*(x.to(device) for x in (self.points, self.centers, self.features)))


def train(
    config: AlignDinoConfig, lifted: Path, out: Path, device: str = "cpu", held_out: Path | None = None
) -> Path:
    """Train on the shards in `lifted`; returns OUT/checkpoint, to `start` stage 2 from. Killed runs go on.

    held_out  shards of other shapes, whose loss is measured every `validate_every` steps. It is no mIoU: what patches
              learn here are features of a vision model, which a phrase cannot be compared with

    All shapes are held in memory: 0.2 MB each at 2,048 points, 128 patches and 768 features.
    Raises MissingDataError, InputError or CheckpointError.
    """
    workers = Workers.start(device)
    make_folder(out)
    shards = LiftedShards(lifted)
    shapes = list(shards)
    if not shapes:
        raise InputError(f"{lifted} holds no lifted shape: look at its failures with `partwise lift`")
    validation = [] if held_out is None else open_held_out(held_out, shapes)
    torch.manual_seed(config.seed)
    model = PatchAlign3D(replace(config.model, text_width=shapes[0].features.shape[1])).to(workers.device)
    optimizer = torch.optim.AdamW(parameter_groups(model, config), weight_decay=config.weight_decay)
    scaler = torch.amp.GradScaler(workers.device.type, enabled=config.precision == "fp16")
    inputs = {"folder of lifted shapes": shards.identity()}
    state = TrainingState({"model": model}, optimizer, scaler=scaler, inputs=inputs)
    settings = {**asdict(config), "shapes": len(shapes)}
    state.load(out, settings)
    curves = Curves(out, COLUMNS, state.step) if workers.first else None
    parallel = workers.wrap(model)
    pieces = workers.pieces(config.batch, config.accumulate)
    bar = tqdm(total=config.steps, initial=state.step, disable=not workers.first, unit="step")
    while state.step < config.steps:
        batches = [make_batch(shapes, config, state.step, piece) for piece in pieces]
        loss = train_step(parallel, batches, optimizer, scaler, config, state.step, workers)
        state.step += 1
        bar.update()
        done, score = state.step == config.steps, float("nan")
        if validation and workers.first and (done or state.step % config.validate_every == 0):
            score = validate(model, validation, config, workers.device)
            bar.write(f"step {state.step}: loss of held-out shapes {score:.4f}")
        if curves is not None and (done or state.step % REPORT_EVERY == 0 or score == score):
            bar.set_postfix(loss=f"{loss:.3f}")
            curves.add(state.step, loss=loss, validation=score)
        if workers.first and (done or state.step % config.save_every == 0):
            state.save(out, settings)
    bar.close()
    if workers.first:
        description = {
            "architecture": "patchalign3d",
            "model": asdict(model.config),
            "training": asdict(config),
        }
        save_checkpoint(out / "checkpoint", {**description, "stage": 1}, model.state_dict())
    workers.stop()
    return out / "checkpoint"


def open_held_out(folder: Path, trained: Sequence[LiftedShape]) -> list[LiftedShape]:
    """The lifted shapes in `folder`, to validate on. Raises InputError for none, for some that are trained on, or for
    features of another teacher.
    """
    shapes = list(LiftedShards(folder))
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
    return shapes


def train_step(
    module: nn.Module,
    batches: Sequence[Batch],
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    config: AlignDinoConfig,
    step: int,
    workers: Workers,
) -> float:
    """One update from the accumulated batches: their mean loss."""
    module.train()
    torch.manual_seed(config.seed * 1_000_003 + step)  # drop-path
    total = 0.0
    for number, batch in enumerate(batches, start=1):
        with nullcontext() if number == len(batches) else workers.no_sync(module):
            loss = compute_loss(module, batch, config, workers.device)
            scaler.scale(loss / len(batches)).backward()
        total += loss.item() / len(batches)
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad(set_to_none=True)
    return total


@torch.no_grad()
def validate(
    model: PatchAlign3D, shapes: Sequence[LiftedShape], config: AlignDinoConfig, device: torch.device
) -> float:
    """Mean distillation loss of shapes as they were lifted, each counted once."""
    model.eval()
    total = 0.0
    for first in range(0, len(shapes), config.batch):
        rows = [
            (shape.points, shape.centers, unit(shape.features))
            for shape in shapes[first : first + config.batch]
        ]
        total += compute_loss(model, stacked(rows), config, device).item() * len(rows)
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
) -> Float[Tensor, ""]:
    """Mean distillation loss of one batch."""
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[config.precision]
    batch = batch.to(device)
    with torch.autocast(device.type, dtype, enabled=config.precision != "fp32"):
        embedding = model(batch.points)
    return teach(embedding.features, embedding, batch)


def teach(predicted: Float[Tensor, "B G D"], embedding: PatchEmbedding, batch: Batch) -> Float[Tensor, ""]:
    """Mean distillation loss; a patch is taught by the stored patch whose centre is nearest to its own (release)."""
    own = embedding.patches.centers[..., [0, 2, 1]]  # the encoder's centres, back with +Y up
    target = gather(batch.features, nearest(own, batch.centers, 1)[1][..., 0])
    valid = target.abs().sum(dim=-1) > 0  # nothing saw that patch
    return distillation_loss(predicted, target, valid).mean()


def make_batch(shapes: list[LiftedShape], config: AlignDinoConfig, step: int, slots: range) -> Batch:
    """The shapes in `slots` of the step's batch: a pure function of (seed, step, slot)."""
    return stacked([_row(shapes, config, step, slot) for slot in slots])


def stacked(rows: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Batch:
    """Points, centres and features of single shapes as one batch."""
    points, centers, features = (torch.from_numpy(np.stack(column)) for column in zip(*rows, strict=True))
    return Batch(points, centers, features)


def unit(features: Float16[np.ndarray, "G D"]) -> Float32[np.ndarray, "G D"]:
    """Features of unit length; those of patches that nothing saw stay zero."""
    wide = features.astype(np.float32)
    return wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-6)


def _row(
    shapes: list[LiftedShape], config: AlignDinoConfig, step: int, slot: int
) -> tuple[Float32[np.ndarray, "N 3"], Float32[np.ndarray, "G 3"], Float32[np.ndarray, "G D"]]:
    number = step * config.batch + slot
    order = np.random.default_rng([config.seed, number // len(shapes)]).permutation(len(shapes))
    shape = shapes[int(order[number % len(shapes)])]
    rng = np.random.default_rng([config.seed, step, slot])
    points, centers = rng.permutation(shape.points), shape.centers
    if rng.random() < config.yaw:
        turn = random_rotation(rng, "yaw").T.astype(np.float32)
        points, centers = points @ turn, centers @ turn
    return points.astype(np.float32), centers.astype(np.float32), unit(shape.features)
