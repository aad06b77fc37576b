"""PatchAlign3D stage 2 and its point-sharp relative: align patches, and points, with the words for their parts.

Read `train` from top to bottom; everything random follows from (seed, step), so a killed run resumes bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn
from tqdm import tqdm

from partwise.checkpoint import save_checkpoint
from partwise.checks import derived_seed
from partwise.datasets.packed import Pack
from partwise.encoders.actions import ACTIONS, trained_wordings
from partwise.encoders.bank import PhraseEmbedder
from partwise.errors import InputError
from partwise.evaluate.conditions import Condition
from partwise.evaluate.parts import evaluate_parts, mean_scores
from partwise.files import make_folder
from partwise.losses import (
    batch_fractions,
    heat_losses,
    mean_over_asked,
    part_dice_loss,
    patch_fractions,
    patch_text_loss,
    point_text_loss,
)
from partwise.models.finish import FADED
from partwise.models.patchalign3d import PatchAlign3D
from partwise.models.pointalign3d import PointAlign3D, PointAlign3DConfig
from partwise.points import gather, nearest
from partwise.predict import Segmenter, SegmenterConfig
from partwise.pretrained import HEAD, open_pretrained, weights_sha256
from partwise.train.align_text_presets import AlignTextConfig
from partwise.train.alignment import Alignment, action_head, fitted, take_all, take_encoder
from partwise.train.batches import ActionQuestions, Batch, prefetched
from partwise.train.distributed import Workers
from partwise.train.heads import APART, save_head, shapes
from partwise.train.state import Curves, TrainingState
from partwise.train.words import WordTable

REPORT_EVERY = 20
COLUMNS = ("loss", "patch_loss", "point_loss", "heat_loss", "rate", "miou")


def train(
    config: AlignTextConfig,
    data: Path,
    out: Path,
    embedder: PhraseEmbedder,
    validation: list[Any] | None = None,
    start: Path | None = None,
    device: str = "cpu",
    makers: int = 0,
) -> Path:
    """Train on a pack; returns the checkpoint folder OUT/checkpoint. A run that was killed goes on where it stood.

    validation  samples that the user's own Segmenter is tried on every `validate_every` steps
    start       a checkpoint whose encoder is taken over, such as that of stage 1 or of CMAT, which brings its sizes
    makers      processes that make the batches, 0 for a thread: a GPU needs several
    Raises MissingDataError, InputError or CheckpointError.
    """
    workers = Workers.start(device)
    make_folder(out)
    pack = Pack(data)
    words = word_table(pack, config, embedder)
    if start is not None:
        config = replace(config, model=fitted(config.model, open_pretrained(start)))
    module = make_module(config, start).to(workers.device)
    averaged = deepcopy(module).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(
        parameter_groups(module, config), betas=config.betas, weight_decay=config.weight_decay
    )
    scaler = torch.amp.GradScaler(workers.device.type, enabled=config.precision == "fp16")
    inputs = {"pack": pack.identity(), "start checkpoint": weights_sha256(start)}
    state = TrainingState({"module": module, "averaged": averaged}, optimizer, scaler=scaler, inputs=inputs)
    resumed = state.load(out, asdict(config))
    curves = Curves(out, COLUMNS, state.step) if workers.first else None
    if resumed and workers.first:
        tqdm.write(f"resuming {out} at step {state.step}")
    parallel = workers.wrap(module)
    bar = tqdm(total=config.steps, initial=state.step, disable=not workers.first, unit="step", smoothing=0.1)
    todo = range(state.step, config.steps)
    for batches in prefetched(pack, words, config.batches, todo, workers, makers):
        losses, factor = train_step(module, parallel, batches, optimizer, scaler, config, state.step, workers)
        state.advance(float(losses.sum()))
        update_average(averaged, module, min(config.average, state.step / (state.step + 10)))
        bar.update()
        done = state.step == config.steps
        score = float("nan")
        if validation and workers.first and (done or state.step % config.validate_every == 0):
            score = validate(averaged, config, embedder, validation)
            bar.write(f"step {state.step}: validation mIoU {score:.4f}")
        if curves is not None and (state.step % REPORT_EVERY == 0 or done or score == score):
            total = float(losses @ weights(config))
            bar.set_postfix(loss=f"{total:.3f}")
            values = dict(zip(COLUMNS, (total, *losses, factor, score), strict=True))
            curves.add(state.step, **values)
        if workers.first and (done or state.step % config.save_every == 0):
            state.save(out, asdict(config))
    bar.close()
    if workers.first:
        save_model(out / "checkpoint", averaged, config, embedder, pack.categories())
    workers.stop()
    return out / "checkpoint"


def word_table(pack: Pack, config: AlignTextConfig, embedder: PhraseEmbedder) -> WordTable:
    """The words that stand for parts in the pack, and those for actions if they are asked about.

    Raises InputError for words of another width than the model's, and for questions about actions of a pack without
    heat.
    """
    words = WordTable.embed(pack.phrases(), embedder, pack.other_words())
    width, expected = words.vectors.shape[1], config.model.text_width
    if width != expected:
        raise InputError(
            f"the words of the text encoder {config.text_encoder!r} are {width} numbers each, the model takes "
            f"{expected}: paper and release want the folder of OpenCLIP's ViT-bigG/14 (1280) as --text-encoder, the "
            "other presets minilm (384)"
        )
    if not config.batches.actions:
        return words
    if not pack.has_heat():
        raise InputError(
            f"{config.batches.actions} questions about actions, of a pack that knows of none: pack the shapes with "
            "`partwise data pack --heat`"
        )
    return words.also([w for action in ACTIONS for w in trained_wordings(action)], embedder)


def train_step(
    module: Alignment,
    parallel: nn.Module,
    batches: list[Batch],
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    config: AlignTextConfig,
    step: int,
    workers: Workers,
) -> tuple[Float[np.ndarray, "3"], float]:
    """One update from the accumulated batches: (patch loss, point loss, heat loss) and the factor on the rates."""
    set_mode(module, config)
    torch.manual_seed(config.batches.seed * 1_000_003 + step)  # drop-path
    factor = schedule(config, step)
    for group in optimizer.param_groups:
        group["lr"] = group["base_rate"] * factor
    losses = np.zeros(3)
    for number, batch in enumerate(batches, start=1):
        with workers.accumulating(parallel, number == len(batches)):
            terms = torch.stack(compute_losses(parallel, batch, config, workers.device))
            loss = terms @ torch.from_numpy(weights(config)).to(terms)
            scaler.scale(loss / len(batches)).backward()
        losses += terms.detach().double().cpu().numpy() / len(batches)
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
    head = (
        action_head(config.model)
        if config.heat_weight and isinstance(config.model, PointAlign3DConfig)
        else None
    )
    module = Alignment(model, config.objective, head)
    if start is not None and config.start_whole:
        take_all(module, open_pretrained(start))
    elif start is not None:
        take_encoder(model, open_pretrained(start))
    return module


def parameter_groups(module: Alignment, config: AlignTextConfig) -> list[dict[str, Any]]:
    """What trains, at which rate: encoder, head (with decoder), and the scalars, which decay in the release only."""
    encoder = module.model.encoder if isinstance(module.model, PointAlign3D) else module.model
    if config.train_blocks >= 0:
        encoder.requires_grad_(False)
        encoder.head.requires_grad_(True)
        encoder.norm.requires_grad_(True)
        for block in list(encoder.blocks.blocks)[len(encoder.blocks.blocks) - config.train_blocks :]:
            block.requires_grad_(True)
        if config.freeze == "release":
            encoder.reduce.requires_grad_(True)
            for token in (encoder.cls_token, encoder.cls_position):
                if token is not None:
                    token.requires_grad_(True)
    heads = {
        id(p) for name, p in module.model.named_parameters() if "head." in name or name.startswith("decoder.")
    }
    along = [] if module.actions is None else list(module.actions.parameters())
    scalars = [p for p in (module.log_scale, module.bias, module.point_log_scale) if p.requires_grad]
    trained = [p for p in module.model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if id(p) not in heads], "base_rate": config.rate},
        {"params": [*(p for p in trained if id(p) in heads), *along], "base_rate": config.head_rate},
        {
            "params": scalars,
            "base_rate": config.head_rate,
            **({} if config.decay_scalars else {"weight_decay": 0.0}),
        },
    ]


def set_mode(module: Alignment, config: AlignTextConfig) -> None:
    """Training mode where something trains; frozen modules stay in eval mode, statistics and drop-path included.

    The release forgot that: there they stay in training mode.
    """
    module.train()
    if config.freeze == "release":
        return
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
) -> tuple[Float[Tensor, ""], Float[Tensor, ""], Float[Tensor, ""]]:
    """Patch loss, point loss and heat loss of one batch, each averaged over its shapes."""
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[config.precision]
    points, labels, text, asked, rows = (
        x.to(device) for x in (batch.points, batch.labels, batch.text, batch.asked, batch.rows)
    )
    phrases = text
    if config.negatives == "batch":  # every shape is compared with all that are asked of any
        rows = torch.where(asked, rows, rows[asked][0])
        known, rows = torch.unique(rows, return_inverse=True)
        phrases = text.new_zeros(len(known), text.shape[2]).index_copy_(0, rows[asked], text[asked])
    with torch.autocast(device.type, dtype, enabled=config.precision != "fp32"):
        actions = None if batch.actions is None else batch.actions.text.to(device)
        patch_logits, index, point_logits, heat_logits = module(
            points, text, config.answered, phrases, actions
        )
    masks = F.one_hot(labels + 1, text.shape[1] + 1)[..., 1:].bool()
    if config.supervision == "point":
        centers = gather(points, index[..., 0])  # a patch's first point is its centre
        patch_logits = gather(patch_logits, nearest(points, centers, 1)[1][..., 0])
        fractions = masks.float()
    else:
        fractions = patch_fractions(masks, index)
    if config.negatives == "batch":
        fractions = batch_fractions(fractions, rows, asked, len(phrases))
    everything = asked.new_ones(len(points), len(phrases)) if config.negatives == "batch" else asked
    power, reduction = config.objective.power, config.objective.reduction
    patch_loss = patch_text_loss(patch_logits, fractions, everything, power, reduction)
    patch_loss = mean_over_asked(patch_loss, asked)
    nothing = patch_loss.new_zeros(())
    if point_logits is None:
        return patch_loss, nothing, nothing
    labels = labels[:, : point_logits.shape[1]]
    point_loss = point_text_loss(point_logits, labels, asked, config.balance)
    if config.dice_weight:
        point_loss = point_loss + config.dice_weight * part_dice_loss(point_logits, labels, asked)
    point_loss = mean_over_asked(point_loss, asked)
    if heat_logits is None or batch.actions is None:
        return patch_loss, point_loss, nothing
    return patch_loss, point_loss, action_loss(heat_logits, batch.actions)


def action_loss(logits: Float[Tensor, "B N Q"], actions: ActionQuestions) -> Float[Tensor, ""]:
    """Focal, dice and share loss of the shapes whose actions are known, as the affordance head weighs them."""
    known = actions.asked.to(logits.device)
    heat = actions.heat[:, : logits.shape[1]].to(logits.device)
    if not bool(known.any()):
        return 0 * logits.sum()  # the head still takes part in the step, as DDP wants it
    offered = actions.offered.to(logits.device)[known]
    return torch.stack(heat_losses(torch.sigmoid(logits[known]), heat[known], offered)).sum()


def weights(config: AlignTextConfig) -> Float[np.ndarray, "3"]:
    """Those of the patch loss, the point loss and the heat loss."""
    return np.array([config.patch_weight, config.point_weight, config.heat_weight])


@torch.no_grad()
def update_average(averaged: nn.Module, module: nn.Module, decay: float) -> None:
    """averaged = decay * averaged + (1 - decay) * module, buffers included; whole numbers are copied."""
    pairs = list(zip(averaged.state_dict().values(), module.state_dict().values(), strict=True))
    smooth = [pair for pair in pairs if pair[0].is_floating_point()]
    # All at once: on a GPU, two hundred small calls a step would be felt.
    get_ema_multi_avg_fn(decay)([ours for ours, _ in smooth], [theirs for _, theirs in smooth], None)
    for ours, theirs in pairs:
        if not ours.is_floating_point():
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
        box=config.asked_box or config.batches.box,
        templates=embedder.templates,
        text_encoder=config.text_encoder,
    )
    if not isinstance(module.model, PointAlign3D):
        return common
    temperature = float(torch.exp(-module.point_log_scale.clamp(max=float(np.log(100.0)))))
    return replace(common, propagation="decoder", temperature=round(temperature, 5))


def save_model(
    folder: Path,
    module: Alignment,
    config: AlignTextConfig,
    embedder: PhraseEmbedder,
    categories: Sequence[str],
) -> None:
    """Write the checkpoint that `Segmenter.from_pretrained` opens, with the whole training config, and its head.

    categories  of the shapes it was trained on; nothing was selected, the last weights are kept
    """
    architecture = "pointalign3d" if isinstance(module.model, PointAlign3D) else "patchalign3d"
    save_checkpoint(
        folder,
        {
            "architecture": architecture,
            "model": asdict(config.model),
            "segmenter": asdict(segmenter_config(module, config, embedder)),
            "training": asdict(config),
            "trained_on": list(categories),
            "selected_on": "none",
        },
        module.model.state_dict(),
    )
    if module.actions is None:
        return
    segmenter = Segmenter.from_pretrained(str(folder), head=False)
    segmenter.embedder = embedder
    apart = shapes(derived_seed(config.batches.seed, APART + 1), config.calibration)
    save_head(folder / HEAD, segmenter, module.actions.cpu(), apart, asdict(config), finish=asdict(FADED))
