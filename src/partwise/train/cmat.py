"""CMAT pre-training: rebuild hidden patches, and be alike where the lifted 2D features of the patches are alike.

CVPR 2026, arXiv 2510.08316, stage 1, on the shards of the lifting engine; where paper and release differ see
docs/models/cmat.md. Read `train` from top to bottom; everything random follows from (seed, step), so a killed run
resumes bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from tqdm import tqdm

from partwise.checkpoint import load_strict, save_checkpoint
from partwise.files import make_folder
from partwise.lift.shards import LiftedShards
from partwise.losses import (
    KOLEO_COLLAPSED,
    affinity_loss,
    chamfer_loss,
    distillation_loss,
    koleo_distances,
    koleo_loss,
)
from partwise.models.pointmae import PointMAE, Rebuilt, masked
from partwise.points import gather
from partwise.predict import SegmenterConfig
from partwise.pretrained import open_pretrained, weights_sha256
from partwise.train.cmat_batches import Batch, check_shapes, make_batch
from partwise.train.cmat_presets import CmatConfig
from partwise.train.distributed import Workers
from partwise.train.named_means import NAMED_COLUMNS, NamedShapes, as_patchalign
from partwise.train.state import Curves, TrainingState

REPORT_EVERY = 20
TERMS = ("rec", "aff", "div", "distill", "collapsed")
COLUMNS = ("loss", *TERMS, "rate", *NAMED_COLUMNS)


@dataclass(frozen=True)
class Outcome:
    """What a step looks at: the rebuilt patches, and the tokens (B,M,D) of the patches numbered in `chosen`.

    predicted  (B,M,E) features guessed from the tokens one by one, where that is trained too
    """

    rebuilt: Rebuilt
    tokens: Float[Tensor, "B M D"]
    chosen: Int64[Tensor, "B M"]
    predicted: Float[Tensor, "B M E"] | None


class Pretraining(nn.Module):
    """Point-MAE with what is learned beside it, as one module for all that a step needs of it.

    The head to the teacher's features exists only where they are regressed; the checkpoint leaves it out.
    """

    def __init__(self, config: CmatConfig, teacher_width: int) -> None:
        super().__init__()
        self.settings = config
        self.model = PointMAE(config.model)
        width = config.model.encoder.width
        self.guess = nn.Linear(width, teacher_width) if config.distill_weight else None

    def forward(self, batch: Batch) -> Outcome:
        """The masked pass, and a second one without mask if the affinity is to hold between all patches."""
        config, patches = self.settings, batch.patches()
        mask = masked(batch.centers, batch.noise, config.mask_ratio, config.mask)
        rebuilt = self.model(patches, mask)
        tokens, chosen = rebuilt.tokens, rebuilt.visible
        if config.affinity_on == "all":
            tokens = self.model.encoder(patches)
            chosen = torch.arange(mask.shape[1], device=mask.device).expand(len(mask), -1)
        predicted = None if self.guess is None else self.guess(tokens)
        return Outcome(rebuilt, tokens, chosen, predicted)


def train(
    config: CmatConfig,
    lifted: Path,
    out: Path,
    start: Path | None = None,
    device: str = "cpu",
    named: NamedShapes | None = None,
) -> Path:
    """Train on the shards in `lifted`; returns OUT/checkpoint, a PointMAE. Killed runs go on where they stood.

    start  a PointMAE checkpoint to go on from, such as the converted official weights
    named  labelled shapes that the user's own Segmenter is tried on before the first step and every `validate_every`
           of them, by names as the tokens see them
    All shapes are held in memory. Raises MissingDataError, InputError or CheckpointError.
    """
    workers = Workers.start(device)
    make_folder(out)
    shards = LiftedShards(lifted)
    shapes = list(shards)
    check_shapes(shapes, config, lifted)
    module = make_module(config, shapes[0].features.shape[1], start).to(workers.device)
    optimizer = torch.optim.AdamW(parameter_groups(module, config.weight_decay), lr=config.rate)
    scaler = torch.amp.GradScaler(workers.device.type, enabled=config.precision == "fp16")
    inputs = {"folder of lifted shapes": shards.identity(), "start checkpoint": weights_sha256(start)}
    state = TrainingState({"module": module}, optimizer, scaler=scaler, inputs=inputs)
    settings = {**asdict(config), "shapes": len(shapes)}
    resumed = state.load(out, settings)
    curves = Curves(out, COLUMNS, state.step if resumed else -1) if workers.first else None
    parallel = workers.wrap(module)
    pieces = workers.pieces(config.batch, config.accumulate)
    bar = tqdm(total=config.steps, initial=state.step, disable=not workers.first, unit="step", smoothing=0.1)
    points = len(shapes[0].points) if config.teacher_pool == "stored" else config.points
    if curves is not None and not resumed and (scores := validate(module, named, points)):
        curves.add(0, **scores)
    while state.step < config.steps:
        batches = [make_batch(shapes, config, state.step, piece) for piece in pieces]
        row = train_step(parallel, batches, optimizer, scaler, config, state.step, workers)
        state.advance(row["loss"])
        bar.update()
        done, scores = state.step == config.steps, {}
        if curves is not None and (done or state.step % config.validate_every == 0):
            scores = validate(module, named, points)
        if curves is not None and (done or state.step % REPORT_EVERY == 0 or scores):
            bar.set_postfix(loss=f"{row['loss']:.3f}")
            curves.add(state.step, **row, **scores)
        if workers.first and (done or state.step % config.save_every == 0):
            state.save(out, settings)
    bar.close()
    if workers.first:
        # The teacher's licence may follow the weights: its name is kept beside them.
        stage = {"teacher": shards.settings.get("encoder"), "stage": "cmat"}
        description = {"architecture": "pointmae", "model": asdict(config.model), "training": asdict(config)}
        save_checkpoint(out / "checkpoint", {**description, **stage}, module.model.state_dict())
    workers.stop()
    return out / "checkpoint"


def make_module(config: CmatConfig, teacher_width: int, start: Path | None = None) -> Pretraining:
    """A fresh model, or one with the weights of `start`. Raises CheckpointError if they do not fit."""
    torch.manual_seed(config.seed)
    module = Pretraining(config, teacher_width)
    if start is not None:
        checkpoint = open_pretrained(start)
        load_strict(module.model, checkpoint.state, checkpoint.name)
    return module


def validate(module: Pretraining, named: NamedShapes | None, points: int) -> dict[str, float]:
    """The columns of labelled shapes, shown as `points` and asked about by names as the tokens see them; or none."""
    return {} if named is None else named.columns(as_patchalign(module.model), SegmenterConfig(points))


def train_step(
    module: nn.Module,
    batches: Sequence[Batch],
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    config: CmatConfig,
    step: int,
    workers: Workers,
) -> dict[str, float]:
    """One update over the accumulated pieces: the row for the curves."""
    module.train()
    torch.manual_seed(config.seed * 1_000_003 + step)  # drop-path
    device = next(module.parameters()).device
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[config.precision]
    row: dict[str, float] = dict.fromkeys(("loss", *TERMS), 0.0)
    for number, batch in enumerate(batches, start=1):
        batch = batch.to(device)
        with workers.accumulating(module, number == len(batches)):
            with torch.autocast(device.type, dtype, enabled=config.precision != "fp32"):
                outcome = module(batch)
            terms = loss_terms(outcome, batch.teacher, config)
            loss = total_loss(terms, config)
            scaler.scale(loss / len(batches)).backward()
        for name, value in {"loss": loss, **terms}.items():
            row[name] += value.item() / len(batches)
    factor = schedule(config, step)
    for group in optimizer.param_groups:
        group["lr"] = config.rate * factor
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad(set_to_none=True)
    return {**row, "rate": config.rate * factor}


def loss_terms(
    outcome: Outcome, teacher: Float[Tensor, "B G E"], config: CmatConfig
) -> dict[str, Float[Tensor, ""]]:
    """The terms by name, not weighted; "collapsed" counts tokens that coincide with another and is no loss."""
    rebuilt, truth = outcome.rebuilt.rebuilt.flatten(0, 1), outcome.rebuilt.truth().flatten(0, 1)
    target = gather(teacher, outcome.chosen)
    valid = target.abs().sum(dim=-1) > 0  # nothing saw the others
    sets = koleo_sets(outcome.tokens, config.koleo_axis)
    zero = outcome.tokens.new_zeros(())
    close = koleo_distances(sets.detach()) < KOLEO_COLLAPSED if sets.shape[1] > 1 else zero
    predicted = outcome.predicted
    return {
        "rec": chamfer_loss(rebuilt, truth).mean(),
        "aff": affinity_loss(outcome.tokens, target, valid).mean(),
        "div": koleo_loss(sets).mean(),
        "distill": zero if predicted is None else distillation_loss(predicted, target, valid).mean(),
        "collapsed": close.sum(),
    }


def total_loss(terms: dict[str, Float[Tensor, ""]], config: CmatConfig) -> Float[Tensor, ""]:
    """l_rec + 0.1 l_aff + 0.2 l_div in the paper."""
    return (
        terms["rec"]
        + config.affinity_weight * terms["aff"]
        + config.diversity_weight * terms["div"]
        + config.distill_weight * terms["distill"]
    )


def koleo_sets(tokens: Float[Tensor, "B M D"], axis: str) -> Float[Tensor, "S R D"]:
    """The sets of vectors that are to be diverse: the "patch"es of each cloud, the "batch" of clouds, or "all"."""
    if axis == "patch":
        return tokens
    return tokens.mean(dim=1)[None] if axis == "batch" else tokens.flatten(0, 1)[None]


def parameter_groups(module: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Matrices decay; norms, biases and the mask token do not."""
    named = list(module.named_parameters())
    matrices = [p for name, p in named if p.ndim > 1 and not name.endswith("token")]
    rest = [p for name, p in named if p.ndim <= 1 or name.endswith("token")]
    return [{"params": matrices, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]


def schedule(config: CmatConfig, step: int) -> float:
    """Factor on the rate: a linear start, then half a cosine down to a hundredth."""
    if step < config.warmup:
        return (step + 1) / config.warmup
    passed = (step - config.warmup) / max(1, config.steps - config.warmup)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * passed))
