"""PatchAlign3D stage 2 and its point-sharp relative: align patches, and points, with the words for their parts.

Read `train` from top to bottom; everything random follows from (seed, step), so a killed run resumes bit for bit.
"""

from __future__ import annotations

from contextlib import nullcontext
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from tqdm import tqdm

from partwise.checkpoint import save_checkpoint
from partwise.datasets.packed import Pack
from partwise.encoders.bank import PhraseEmbedder
from partwise.errors import InputError
from partwise.evaluate.conditions import Condition
from partwise.evaluate.parts import evaluate_parts, mean_scores
from partwise.losses import (
    mean_over_asked,
    part_dice_loss,
    patch_fractions,
    patch_text_loss,
    point_text_loss,
)
from partwise.models.patchalign3d import PatchAlign3D, PatchAlign3DConfig
from partwise.models.pointalign3d import PointAlign3D, PointAlign3DConfig
from partwise.predict import Segmenter, SegmenterConfig
from partwise.pretrained import open_pretrained
from partwise.train.alignment import Alignment, fitted, take_all, take_encoder
from partwise.train.augment import BROAD_AUGMENT, NO_AUGMENT
from partwise.train.batches import Batch, BatchConfig, prefetched
from partwise.train.distributed import Workers
from partwise.train.state import Curves, TrainingState
from partwise.train.words import WordTable

REPORT_EVERY = 20
COLUMNS = ("loss", "patch_loss", "point_loss", "rate", "miou")


@dataclass(frozen=True)
class AlignTextConfig:
    """Settings of one run, saved beside its weights.

    objective    "paper": cosine / tau + b with both learned, BCE summed over patches and labels; "release": cosine * s,
                 positives weighted by K - 1, mean (see docs/models/patchalign3d.md)
    train_blocks blocks of the encoder that train, counted from the last; -1 for all of it
    patch_weight, point_weight   weights of the losses at patch and at point resolution
    balance      weight of a part in the point loss is its share to the power of minus this
    dice_weight  of the dice loss of every part that is to be seen, added to the point loss: it counts a small part
                 as much as a large one, as mIoU does
    answered     points of each shape that the point losses look at; all if None
    start_whole  a `start` is a checkpoint of this same model, and training goes on from all of it
    average      decay of the averaged weights that are saved; 0 saves the last ones
    """

    model: PatchAlign3DConfig | PointAlign3DConfig
    steps: int
    batches: BatchConfig = field(default_factory=BatchConfig)
    objective: str = "paper"
    train_blocks: int = 1
    rate: float = 1e-4
    head_rate: float = 5e-4
    weight_decay: float = 0.05
    warmup: int = 0
    cosine_schedule: bool = False
    clip_norm: float = 0.0
    patch_weight: float = 1.0
    point_weight: float = 0.0
    balance: float = 0.0
    dice_weight: float = 0.0
    answered: int | None = None
    start_whole: bool = False
    average: float = 0.0
    precision: str = "fp32"
    text_encoder: str = "minilm"
    save_every: int = 200
    validate_every: int = 1000

    def __post_init__(self) -> None:
        if self.precision not in ("fp32", "bf16", "fp16"):
            raise InputError(f"unknown precision {self.precision!r}: use fp32, bf16 or fp16")
        if self.objective not in ("paper", "release"):
            raise InputError(f"unknown objective {self.objective!r}: use paper or release")


# One epoch of the published set is 28,827 shapes; 100 epochs of batches of 32.
PAPER = AlignTextConfig(PatchAlign3DConfig(), steps=90_100)
RELEASE = replace(PAPER, objective="release", batches=BatchConfig(augment=NO_AUGMENT))
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
PRESETS = {"paper": PAPER, "release": RELEASE, "small": SMALL, "small-on": SMALL_ON, "tiny": TINY}


def train(
    config: AlignTextConfig,
    data: Path,
    out: Path,
    embedder: PhraseEmbedder,
    validation: list[Any] | None = None,
    start: Path | None = None,
    device: str = "cpu",
) -> Path:
    """Train on a pack; returns the checkpoint folder OUT/checkpoint. A run that was killed goes on where it stood.

    validation  samples that the user's own Segmenter is tried on every `validate_every` steps
    start       a checkpoint whose encoder is taken over, such as that of stage 1 or of CMAT, which brings its sizes
    Raises MissingDataError, InputError or CheckpointError.
    """
    workers = Workers.start(device)
    out.mkdir(parents=True, exist_ok=True)
    pack = Pack(data)
    words = WordTable.embed(pack.phrases(), embedder)
    if start is not None:
        config = replace(config, model=fitted(config.model, open_pretrained(start)))
    module = make_module(config, start).to(workers.device)
    averaged = deepcopy(module).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(
        parameter_groups(module, config), betas=(0.9, 0.98), weight_decay=config.weight_decay
    )
    scaler = torch.amp.GradScaler(workers.device.type, enabled=config.precision == "fp16")
    state = TrainingState({"module": module, "averaged": averaged}, optimizer, scaler=scaler)
    resumed = state.load(out, asdict(config))
    curves = Curves(out, COLUMNS, state.step) if workers.first else None
    if resumed and workers.first:
        tqdm.write(f"resuming {out} at step {state.step}")
    parallel = workers.wrap(module)
    bar = tqdm(total=config.steps, initial=state.step, disable=not workers.first, unit="step", smoothing=0.1)
    for batches in prefetched(pack, words, config.batches, range(state.step, config.steps), workers):
        losses, factor = train_step(module, parallel, batches, optimizer, scaler, config, state.step, workers)
        state.step += 1
        update_average(averaged, module, min(config.average, state.step / (state.step + 10)))
        bar.update()
        done = state.step == config.steps
        score = float("nan")
        if validation and workers.first and (done or state.step % config.validate_every == 0):
            score = validate(averaged, config, embedder, validation)
            bar.write(f"step {state.step}: validation mIoU {score:.4f}")
        if curves is not None and (state.step % REPORT_EVERY == 0 or done or score == score):
            total = config.patch_weight * losses[0] + config.point_weight * losses[1]
            bar.set_postfix(loss=f"{total:.3f}")
            curves.add(
                state.step, loss=total, patch_loss=losses[0], point_loss=losses[1], rate=factor, miou=score
            )
        if workers.first and (done or state.step % config.save_every == 0):
            state.save(out, asdict(config))
    bar.close()
    if workers.first:
        save_model(out / "checkpoint", averaged, config, embedder)
    workers.stop()
    return out / "checkpoint"


def train_step(
    module: Alignment,
    parallel: nn.Module,
    batches: list[Batch],
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    config: AlignTextConfig,
    step: int,
    workers: Workers,
) -> tuple[Float[np.ndarray, "2"], float]:
    """One update from the accumulated batches: (patch loss, point loss) and the factor on the rates."""
    set_mode(module, config)
    torch.manual_seed(config.batches.seed * 1_000_003 + step)  # drop-path
    factor = schedule(config, step)
    for group in optimizer.param_groups:
        group["lr"] = group["base_rate"] * factor
    losses = np.zeros(2)
    for number, batch in enumerate(batches):
        last = number == len(batches) - 1
        with nullcontext() if last else workers.no_sync(parallel):
            patch_loss, point_loss = compute_losses(parallel, batch, config, workers.device)
            loss = config.patch_weight * patch_loss + config.point_weight * point_loss
            scaler.scale(loss / len(batches)).backward()
        losses += np.array([patch_loss.item(), point_loss.item()]) / len(batches)
    if config.clip_norm:
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_([p for p in module.parameters() if p.requires_grad], config.clip_norm)
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad(set_to_none=True)
    return losses, factor


def make_module(config: AlignTextConfig, start: Path | None) -> Alignment:
    """A fresh model with its temperatures, or one that goes on from the checkpoint `start`."""
    torch.manual_seed(config.batches.seed)
    model = (
        PointAlign3D(config.model)
        if isinstance(config.model, PointAlign3DConfig)
        else PatchAlign3D(config.model)
    )
    module = Alignment(model, config.objective)
    if start is not None and config.start_whole:
        take_all(module, open_pretrained(start))
    elif start is not None:
        take_encoder(model, open_pretrained(start))
    return module


def parameter_groups(module: Alignment, config: AlignTextConfig) -> list[dict[str, Any]]:
    """What trains, at which rate: encoder, head (with decoder), and the scalars, which do not decay."""
    encoder = module.model.encoder if isinstance(module.model, PointAlign3D) else module.model
    if config.train_blocks >= 0:
        encoder.requires_grad_(False)
        encoder.head.requires_grad_(True)
        encoder.norm.requires_grad_(True)
        for block in list(encoder.blocks.blocks)[len(encoder.blocks.blocks) - config.train_blocks :]:
            block.requires_grad_(True)
    heads = {
        id(p) for name, p in module.model.named_parameters() if "head." in name or name.startswith("decoder.")
    }
    scalars = [p for p in (module.log_scale, module.bias, module.point_log_scale) if p.requires_grad]
    trained = [p for p in module.model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if id(p) not in heads], "base_rate": config.rate},
        {"params": [p for p in trained if id(p) in heads], "base_rate": config.head_rate},
        {"params": scalars, "base_rate": config.head_rate, "weight_decay": 0.0},
    ]


def set_mode(module: Alignment, config: AlignTextConfig) -> None:
    """Training mode where something trains; frozen modules stay in eval mode, statistics and drop-path included."""
    module.train()
    for child in module.modules():
        parameters = list(child.parameters())
        if parameters and not any(p.requires_grad for p in parameters):
            child.eval()


def schedule(config: AlignTextConfig, step: int) -> float:
    """Factor on the rates: linear warm-up, then constant or half a cosine down to 1 %."""
    warm = min(1.0, (step + 1) / max(1, config.warmup))
    if not config.cosine_schedule:
        return warm
    progress = max(0.0, (step - config.warmup) / max(1, config.steps - config.warmup))
    return warm * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * progress)))


def compute_losses(
    module: nn.Module, batch: Batch, config: AlignTextConfig, device: torch.device
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Patch loss and point loss of one batch, each averaged over its shapes."""
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[config.precision]
    points, labels, text, asked = (
        x.to(device) for x in (batch.points, batch.labels, batch.text, batch.asked)
    )
    with torch.autocast(device.type, dtype, enabled=config.precision != "fp32"):
        patch_logits, index, point_logits = module(points, text, config.answered)
    masks = F.one_hot(labels + 1, text.shape[1] + 1)[..., 1:].bool()
    patch_loss = patch_text_loss(patch_logits, patch_fractions(masks, index), asked, config.objective)
    patch_loss = mean_over_asked(patch_loss, asked)
    if point_logits is None:
        return patch_loss, patch_loss.new_zeros(())
    labels = labels[:, : point_logits.shape[1]]
    point_loss = point_text_loss(point_logits, labels, asked, config.balance)
    if config.dice_weight:
        point_loss = point_loss + config.dice_weight * part_dice_loss(point_logits, labels, asked)
    return patch_loss, mean_over_asked(point_loss, asked)


@torch.no_grad()
def update_average(averaged: nn.Module, module: nn.Module, decay: float) -> None:
    """averaged = decay * averaged + (1 - decay) * module, buffers included; whole numbers are copied."""
    for ours, theirs in zip(averaged.state_dict().values(), module.state_dict().values(), strict=True):
        if ours.is_floating_point():
            ours.lerp_(theirs, 1 - decay)
        else:
            ours.copy_(theirs)


def validate(
    module: Alignment, config: AlignTextConfig, embedder: PhraseEmbedder, samples: list[Any]
) -> float:
    """Instance mIoU of the user's own Segmenter on labelled samples, as they are."""
    segmenter = Segmenter(module.model.eval(), embedder, segmenter_config(module, config, embedder))
    return mean_scores(evaluate_parts(segmenter, samples, Condition())).instance


def segmenter_config(module: Alignment, config: AlignTextConfig, embedder: PhraseEmbedder) -> SegmenterConfig:
    """How the trained model is to be asked; points at the temperature they learned, patches at the published one."""
    common = SegmenterConfig(
        points=config.batches.points[0],
        box=config.batches.box,
        templates=embedder.templates,
        text_encoder=config.text_encoder,
    )
    if not isinstance(module.model, PointAlign3D):
        return common
    temperature = float(torch.exp(-module.point_log_scale.clamp(max=float(np.log(100.0)))))
    return replace(common, propagation="decoder", temperature=round(temperature, 5))


def save_model(folder: Path, module: Alignment, config: AlignTextConfig, embedder: PhraseEmbedder) -> None:
    """Write the checkpoint that `Segmenter.from_pretrained` opens, with the whole training config."""
    architecture = "pointalign3d" if isinstance(module.model, PointAlign3D) else "patchalign3d"
    save_checkpoint(
        folder,
        {
            "architecture": architecture,
            "model": asdict(config.model),
            "segmenter": asdict(segmenter_config(module, config, embedder)),
            "training": asdict(config),
        },
        module.model.state_dict(),
    )
