"""One recipe for every affordance model: OpenAD, LM-AD, PointNet++ and DGCNN without words, PointRefer, LAS.

It takes samples with heat, whatever data set they come from, and differs between models in nothing but the model.
Read `train` from top to bottom; everything random follows from (seed, step), so a killed run resumes bit for bit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from tqdm import tqdm

from partwise.checkpoint import save_checkpoint
from partwise.datasets.sample import Sample
from partwise.encoders.bert import BertText
from partwise.encoders.text import TextEncoder
from partwise.errors import InputError
from partwise.evaluate.heat_maps import heat_means
from partwise.evaluate.labels import confusions, pooled, predicted
from partwise.evaluate.table import UNSELECTED
from partwise.files import make_folder
from partwise.losses import dice_loss, focal_terms, inverse_log_weights
from partwise.models.las import LasConfig
from partwise.models.lmad import LMAD, LMADConfig
from partwise.models.openad import ClosedSet, ClosedSetConfig, OpenAD, OpenADConfig
from partwise.models.pointalign3d import PointAlign3D
from partwise.models.pointlas import PointLas, PointLasConfig
from partwise.models.pointrefer import PointRefer, PointReferConfig
from partwise.models.runtime import checked_device
from partwise.pretrained import build_model, open_pretrained, weights_sha256
from partwise.train.affordance_batches import Batch, Batches, label_counts
from partwise.train.affordance_data import samples_sha256
from partwise.train.affordance_phrases import Phrases, Questions
from partwise.train.affordance_presets import AffordanceConfig
from partwise.train.encoded_las import EncodedLas
from partwise.train.point_encoders import fitted, freeze, take_encoder
from partwise.train.shown import Pictures, open_pictures
from partwise.train.state import Curves, TrainingState

REPORT_EVERY = 10
COLUMNS = ("loss", "rate", "score")
ARCHITECTURE_OF = {
    OpenAD: "openad",
    ClosedSet: "closedset",
    LMAD: "lmad",
    PointRefer: "pointrefer",
    PointLas: "pointlas",
}


def train(
    config: AffordanceConfig,
    samples: Sequence[Sample],
    out: Path,
    encoder: TextEncoder,
    validation: Sequence[Sample] = (),
    device: str = "cpu",
    questions: Questions | None = None,
    pictures: Pictures | None = None,
) -> Path:
    """Train on samples with heat; returns the checkpoint folder OUT/checkpoint.

    encoder     of the words; LM-AD takes its language model over from it
    questions   of each object and label, numbered; asked one at a time in the place of the labels' wordings
    pictures    of each object and label, where config.pictures names who reads them; without data they are simulated
    validation  asked now and then, cut from the training split; with config.select "best" it picks what is kept

    A run that was killed goes on where it stood. Raises InputError for samples without any of the labels, for a device
    that is not there and for a loss that is not finite, CheckpointError if OUT holds a run with other settings.
    """
    place = checked_device(device)
    make_folder(out)
    if config.start:
        config = fitted(config, open_pretrained(config.start))
    model = make_model(config, encoder).to(place)
    if config.start:
        take_encoder(model, open_pretrained(config.start))
    if config.freeze:
        freeze(model)
    phrases = Phrases.of(config, model, encoder, questions, open_pictures(config, pictures))
    batches = Batches(config, samples, model)
    weights = class_weights(config, batches).to(place)
    optimizer = torch.optim.AdamW(parameter_groups(model, config), weight_decay=config.weight_decay)
    inputs = {"list of samples": samples_sha256(samples), "start checkpoint": weights_sha256(config.start)}
    state = TrainingState({"model": model}, optimizer, inputs=inputs)
    state.load(out, asdict(config))
    curves = Curves(out, COLUMNS, state.step)
    best = _best_so_far(out) if state.step else -math.inf
    bar = tqdm(total=config.steps, initial=state.step, unit="step", smoothing=0.1)
    for batch in batches.prefetched(range(state.step, config.steps), phrases):
        loss, rate = train_step(model, batch, phrases, optimizer, config, weights, state.step)
        state.advance(loss)
        bar.update()
        done, score = state.step == config.steps, math.nan
        if validation and (done or state.step % config.validate_every == 0):
            score = validate(model, validation, phrases, config)
            bar.write(f"step {state.step}: validation {score:.4f}")
            if config.select == "best" and score > best:
                best = score
                save_model(out / "checkpoint", model, config, {"step": state.step, "score": score})
        if state.step % REPORT_EVERY == 0 or done or score == score:
            bar.set_postfix(loss=f"{loss:.3f}")
            curves.add(state.step, loss=loss, rate=rate, score=score)
        if done or state.step % config.save_every == 0:
            state.save(out, asdict(config))
    bar.close()
    if config.select == "last" or not validation:
        save_model(out / "checkpoint", model, config, {"step": state.step, "score": None})
    return out / "checkpoint"


def train_step(
    model: Any,
    batch: Batch,
    phrases: Phrases,
    optimizer: torch.optim.Optimizer,
    config: AffordanceConfig,
    weights: Float[Tensor, "C"],
    step: int,
) -> tuple[float, float]:
    """One update: the loss, and the factor on `config.rate`."""
    model.train()
    if config.freeze:
        freeze(model)
    torch.manual_seed(config.seed * 1_000_003 + step)  # dropout
    for group in optimizer.param_groups:
        group["lr"] = group["base_rate"] * schedule(config, group["base_rate"], step, batch.epoch)
    if config.norm_halving:
        momentum = max(0.01, 0.1 * 0.5 ** (batch.epoch // config.norm_halving))
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.momentum = momentum
    batch = batch.to(next(model.parameters()).device)
    logits = predicted(model, batch.points, batch.prompt, phrases.none_score(model), batch.geometry)
    loss = compute_loss(logits, batch, config, weights)
    loss.backward()
    if config.clip_norm:
        nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], config.clip_norm)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item(), schedule(config, config.rate, step, batch.epoch)


def compute_loss(
    logits: Float[Tensor, "B N T"], batch: Batch, config: AffordanceConfig, weights: Float[Tensor, "C"]
) -> Float[Tensor, ""]:
    """Weighted cross-entropy for labels that compete; focal and dice loss for heat, in the form that the config names.

    "hm" is the loss of LASO and IAGNet, its focal part guarded as they do; the others are those of LAS.
    """
    if config.task == "labels":
        return F.cross_entropy(logits.flatten(0, 1), batch.label.flatten(), weight=weights)
    heat = torch.sigmoid(logits)
    focal = focal_terms(heat, batch.heat, guard="add" if config.dice == "hm" else "clamp").mean()
    dice = dice_loss(heat, batch.heat, form=config.dice)
    if dice.ndim:  # (B,Q): an action that is not offered has no overlap to gain
        dice = (dice * batch.offered).sum() / batch.offered.sum().clamp(min=1)
    return config.focal_weight * focal + config.dice_weight * dice


def make_model(config: AffordanceConfig, encoder: TextEncoder) -> Any:
    """A fresh model of the config's kind, its language model taken over from `encoder` where it has one inside."""
    torch.manual_seed(config.seed)
    kind = config.model
    if isinstance(kind, LMADConfig):
        model = LMAD(kind)
        if config.random_language:
            return model
        if not isinstance(encoder, BertText):
            raise InputError(f"LM-AD is built around a BERT, {encoder.name} is {type(encoder).__name__}")
        model.read_language(encoder.model)
        return model
    if isinstance(kind, OpenADConfig):
        return OpenAD(kind)
    if isinstance(kind, ClosedSetConfig):
        return ClosedSet(kind)
    if isinstance(kind, PointReferConfig):
        return PointRefer(kind)
    model = PointLas(kind) if isinstance(kind, PointLasConfig) else make_las(kind, config.encoder)
    if config.pictures is not None:
        model.head.picture_tail = config.pictures.tail()
    return model


def make_las(kind: LasConfig, name: str) -> EncodedLas:
    """LAS on the frozen encoder of a checkpoint. Raises InputError if that has no point decoder."""
    checkpoint = open_pretrained(name)
    encoder = build_model(checkpoint)
    if not isinstance(encoder, PointAlign3D):
        raise InputError(
            f"{name} has no point decoder, which LAS stands on: use 'partwise-small' or its like"
        )
    return EncodedLas(encoder, kind, checkpoint.sha256)


def parameter_groups(model: nn.Module, config: AffordanceConfig) -> list[dict[str, Any]]:
    """What trains, at which rate: encoders of points, words and pictures, single numbers (no decay), the rest."""
    rates = {
        "backbone": config.point_rate,
        "language": config.language_rate,
        "pictures": config.rate * config.picture_rate,
        "rest": config.rate,
    }
    groups: dict[str, list[nn.Parameter]] = {name: [] for name in (*rates, "scalars")}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        first = name.split(".")[0]
        kind = "backbone" if first.startswith(("down", "up", "backbone")) else first
        kind = "pictures" if ".picture_tail." in name else kind
        groups["scalars" if parameter.ndim == 0 else kind if kind in rates else "rest"].append(parameter)
    found: list[dict[str, Any]] = [
        {"params": groups[name], "base_rate": rate} for name, rate in rates.items() if groups[name]
    ]
    if groups["scalars"]:
        found.append({"params": groups["scalars"], "base_rate": config.gate_rate, "weight_decay": 0.0})
    return found


def schedule(config: AffordanceConfig, rate: float, step: int, epoch: int) -> float:
    """Factor on a rate: halved every `halving` epochs (OpenAD), or half a cosine if 0.

    It ends at a hundredth, or where the rate is `least_rate`; a rate below that stays as it is.
    """
    warm = min(1.0, (step + 1) / max(1, config.warmup))
    least = 0.01
    if config.least_rate:
        least = 1.0 if rate <= config.least_rate else config.least_rate / rate
    if config.halving:
        return warm * max(least, 0.5 ** (epoch // config.halving))
    return warm * (least + (1 - least) * 0.5 * (1 + math.cos(math.pi * step / config.steps)))


def class_weights(config: AffordanceConfig, batches: Batches) -> Float[Tensor, "C"]:
    """Weights of the labels in the cross-entropy, from the training samples; ones if the config says so."""
    if config.task == "heat" or config.class_weights == "none":
        return torch.ones(len(config.labels))
    return inverse_log_weights(torch.from_numpy(label_counts(batches)))


def validate(model: Any, samples: Sequence[Sample], phrases: Phrases, config: AffordanceConfig) -> float:
    """mIoU over all labels for labels, mean aIoU for heat; every shape in the config's setting, drawn the same."""
    if config.task == "heat":
        labels, points = config.labels, config.points
        return heat_means(model, samples, phrases.plain_for, labels, points, config.setting).aiou
    prompt = phrases.plain()
    cases = [phrases.case(sample, index) for index, sample in enumerate(samples)]
    none = phrases.none_score(model)
    return pooled(confusions(model, cases, prompt, None if none is None else float(none))).miou


def save_model(folder: Path, model: Any, config: AffordanceConfig, chosen: dict[str, Any]) -> None:
    """Write the checkpoint with its whole training config and how its weights were chosen."""
    content: dict[str, Any] = {
        "model": asdict(config.model),
        "labels": list(config.labels),
        "training": asdict(config),
        "chosen": chosen,
    }
    if config.data is not None:
        content["trained_on"] = list(config.data.categories)
        content["selected_on"] = UNSELECTED if chosen["score"] is None else config.data.split
    if config.pictures is not None:
        content["pictures"] = asdict(config.pictures)
    if isinstance(model, EncodedLas):
        content |= {
            "architecture": "las",
            "encoder": config.encoder,
            "encoder_sha256": model.encoder_sha256,
            "offered_above": 0.5,
            "text_encoder": config.language,
            "text_revision": config.language_revision,
        }
        save_checkpoint(folder, content, model.head.state_dict())
        return
    content["architecture"] = ARCHITECTURE_OF[type(model)]
    content["segmenter"] = {
        "points": config.points,
        "text_encoder": config.language,
        "text_revision": config.language_revision,
        "temperature": 1.0,
        "templates": "part_only",
    }
    save_checkpoint(folder, content, model.state_dict())


def _best_so_far(out: Path) -> float:
    """The validation score of the checkpoint that a resumed run has kept."""
    path = out / "checkpoint" / "config.json"
    if not path.is_file():
        return -math.inf
    score = json.loads(path.read_text(encoding="utf-8")).get("chosen", {}).get("score")
    return -math.inf if score is None else float(score)
