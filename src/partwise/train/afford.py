"""The affordance head of a part segmenter: LAS on its frozen encoder, taught by procedural shapes with soft heat.

Read `train` from top to bottom; everything random follows from (seed, step), so a killed run resumes bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Float32
from torch import Tensor, nn
from tqdm import tqdm

from partwise.checks import derived_seed, keep_real, keep_seed, keep_whole
from partwise.datasets.named_actions import GuessedObjects
from partwise.datasets.procedural import ProceduralShapes, training_categories
from partwise.encoders.actions import ACTIONS, drawn_actions, heat_for, trained_wordings
from partwise.encoders.pixels import PictureTower
from partwise.encoders.prompt import Prompt
from partwise.encoders.prompts import clean
from partwise.errors import InputError
from partwise.evaluate.heat import evaluate_heat, mean_heat
from partwise.files import make_folder
from partwise.losses import heat_losses
from partwise.models.finish import FADED, Finish
from partwise.models.las import Las, LasConfig, Seen
from partwise.models.pointalign3d import PointAlign3D
from partwise.predict import Segmenter
from partwise.train.align_text import update_average
from partwise.train.augment import BROAD_AUGMENT, Augment, augmented
from partwise.train.heads import APART, save_head, shapes, with_head
from partwise.train.pictures import SimulatedPictures, check_asked, words_or_pictures
from partwise.train.state import Curves, TrainingState
from partwise.train.words import WordTable

REPORT_EVERY = 20
COLUMNS = ("loss", "focal", "dice", "sim")
# Share of real objects where a folder of them is named.
REAL = 0.2


@dataclass(frozen=True)
class AffordConfig:
    """Settings of one run, saved beside its weights.

    points, answered   shown of each shape, and looked at by the losses
    updates            made of one look at a batch, each with noise of its own: the frozen encoder costs far more
    questions          asked about each shape: up to half of them for actions that it offers, the rest for others
    focal_weight, dice_weight, share_weight   of the losses, 1, 1 and 0 in the paper; the last two count offered actions
                       only. dice: its form, see `losses.dice_loss`
    word_noise, shape_noise   lengths of random vectors added to each phrase's unit vector, and to all vectors and
                       tokens of a shape alike: what is the same all over it tells its category, not its places
    real               share of the shapes that are real objects with guessed actions (`datasets/named_actions.py`)
    on                 training goes on from the head that the model has, with its sizes; only dropout is that of `head`
    finish             how the logits become heat when it is asked, None for their plain sigmoid
    pictures           the encoder of pictures to train with, None for a head that reads words only
    picture_rate       of its blocks that train along, as a share of `rate`; 0.1 in the release
    asked              shares of the steps that ask in words, in pictures and in both, where there are pictures
    calibration, validation   shapes on which the threshold of "offered" is set, and those of the validation, both of
                       seeds that training never draws
    """

    head: LasConfig
    steps: int
    batch: int = 16
    points: int = 2048
    answered: int = 1024
    updates: int = 1
    questions: int = 4
    rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: int = 50
    clip_norm: float = 1.0
    focal_weight: float = 1.0
    dice_weight: float = 1.0
    share_weight: float = 0.0
    dice: str = "standard"
    word_noise: float = 0.0
    shape_noise: float = 0.0
    average: float = 0.995
    augment: Augment = field(default_factory=lambda: BROAD_AUGMENT)
    real: float = 0.0
    on: bool = False
    finish: Finish | None = None
    pictures: PictureTower | None = None
    picture_rate: float = 0.1
    asked: tuple[float, float, float] = (0.4, 0.3, 0.3)
    calibration: int = 252
    validation: int = 126
    seed: int = 7
    save_every: int = 100
    validate_every: int = 200

    def __post_init__(self) -> None:
        keep_whole(self, 1, "steps", "batch", "points", "answered", "updates", "questions")
        keep_whole(self, 1, "calibration", "validation", "save_every", "validate_every")
        keep_whole(self, 0, "warmup")
        keep_real(self, 0, "rate", "weight_decay", "clip_norm", "focal_weight", "dice_weight", "share_weight")
        keep_real(self, 0, "word_noise", "shape_noise", "picture_rate")
        keep_real(self, 0, "average", "real", most=1)
        keep_seed(self)
        check_asked(self.asked)


SMALL = AffordConfig(
    LasConfig(
        token_width=192,
        text_width=384,
        reads="vectors",
        layers=0,
        dropout=0.2,
        point_width=384,
        direct=256,
        geometry=64,
    ),
    steps=600,
    updates=6,
    questions=8,
    rate=3e-3,
    warmup=15,
    answered=512,
    average=0.98,
    share_weight=1.0,
    word_noise=0.5,
    shape_noise=1.0,
    save_every=50,
    validate_every=600,
)
# Pictures have no place in a direct product: a head that reads them has a transformer, and as little of it as will do.
PICTURES = replace(SMALL.head, layers=1, width=64, feedforward=128, heads=4, head_width=32)
# For a head that trained along with its encoder: noise on words and shapes makes it bear those that are new.
ON = replace(SMALL, on=True, steps=400, rate=1e-3, finish=FADED, save_every=100, validate_every=200)
TINY = replace(
    SMALL,
    steps=4,
    batch=2,
    points=512,
    answered=256,
    calibration=12,
    validation=6,
    save_every=2,
    validate_every=2,
)
PRESETS = {"small": SMALL, "on": ON, "tiny": TINY}


def with_pictures(config: AffordConfig, tower: PictureTower) -> AffordConfig:
    """The same settings for a head that also reads pictures, through this encoder.

    Raises what opening it raises, and InputError for a run that goes on from another head.
    """
    if config.on:
        raise InputError("a head that was made for words alone cannot learn pictures: train one from scratch")
    head = replace(config.head if config.head.layers else PICTURES, image_width=tower.open().width)
    return replace(config, head=head, pictures=tower.pinned())


@dataclass(frozen=True)
class Sources:
    """What batches are made from: shapes, the vectors of all wordings, and real objects and pictures where used."""

    world: ProceduralShapes
    words: WordTable
    pictures: SimulatedPictures | None
    real: GuessedObjects | None

    @classmethod
    def of(cls, config: AffordConfig, segmenter: Segmenter, objects: Path | None = None) -> Sources:
        """Those of a run. Raises what opening the encoders and objects raises; InputError for objects left out."""
        if config.real and objects is None:
            raise InputError(f"{config.real:.0%} of the shapes are real objects, of no folder: name it")
        wordings = [w for a in ACTIONS for w in trained_wordings(a)]
        return cls(
            shapes(config.seed, config.steps * config.batch, config.points),
            WordTable.embed(wordings, segmenter.embedder),
            None
            if config.pictures is None
            else SimulatedPictures(config.pictures.open(), training_categories(), config.seed),
            GuessedObjects(objects, config.points, config.seed) if config.real and objects else None,
        )


@dataclass(frozen=True)
class Batch:
    """B shapes, Q questions about each, and how hot every point is for each of them."""

    points: Float[Tensor, "B N 3"]
    prompt: Prompt
    heat: Float[Tensor, "B N Q"]
    offered: Bool[Tensor, "B Q"]


def train(config: AffordConfig, segmenter: Segmenter, out: Path, objects: Path | None = None) -> Path:
    """Train a head for the model of `segmenter`, which stays as it is; returns the folder OUT/afford.

    objects  the folder of real objects, where `config.real` asks for some

    A run that was killed goes on where it stood. Raises InputError for a model without a point decoder or, where
    training goes on from it, without a head, and for a loss that is not finite; CheckpointError if OUT holds a run with
    other settings or another start.
    """
    encoder = segmenter.model
    if not isinstance(encoder, PointAlign3D) or segmenter.record.sha256 is None:
        raise InputError(
            f"{segmenter.record.name} is no saved model with a point decoder: use such a checkpoint"
        )
    config = fitted(config, segmenter)
    make_folder(out)
    torch.manual_seed(config.seed)
    head = make_head(config, segmenter.head.model if config.on and segmenter.head else None)
    averaged = deepcopy(head).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(parameter_groups(head, config), weight_decay=config.weight_decay)
    start = segmenter.head.sha256 if config.on and segmenter.head else None
    modules, inputs = {"head": head, "averaged": averaged}, {"start head": start}
    state = TrainingState(modules, optimizer, inputs=inputs)
    settings = {**asdict(config), "encoder": segmenter.record.sha256}
    state.load(out, settings)
    curves = Curves(out, COLUMNS, state.step)
    sources = Sources.of(config, segmenter, objects)
    bar = tqdm(total=config.steps, initial=state.step, unit="step")
    for batch in prefetched(config, sources, range(state.step, config.steps)):
        loss, focal, dice = train_step(head, encoder, batch, optimizer, config, state.step)
        state.advance(loss)
        update_average(averaged, head, min(config.average, state.step / (state.step + 10)))
        bar.update()
        done, score = state.step == config.steps, float("nan")
        if done or state.step % config.validate_every == 0:
            score = validate(segmenter, averaged, config)
            bar.write(f"step {state.step}: validation SIM {score:.4f}")
        if state.step % REPORT_EVERY == 0 or score == score:
            bar.set_postfix(loss=f"{loss:.3f}")
            curves.add(state.step, loss=loss, focal=focal, dice=dice, sim=score)
        if done or state.step % config.save_every == 0:
            state.save(out, settings)
    bar.close()
    apart = shapes(derived_seed(config.seed, APART + 1), config.calibration, config.points)
    more: dict[str, Any] = {"finish": None if config.finish is None else asdict(config.finish)}
    if start is not None:
        more["start_sha256"] = start
    if config.pictures is not None:
        more["pictures"] = asdict(config.pictures)
    save_head(out / "afford", segmenter, averaged, apart, asdict(config), **more)
    return out / "afford"


def fitted(config: AffordConfig, segmenter: Segmenter) -> AffordConfig:
    """The config with the sizes of the head that training goes on from. Raises InputError if there is none."""
    if not config.on:
        return config
    if segmenter.head is None:
        raise InputError(
            f"{segmenter.record.name} has no affordance head to go on from: train one from scratch"
        )
    sizes = segmenter.head.model.config
    if sizes.image_width:
        raise InputError(
            f"the affordance head of {segmenter.record.name} reads pictures: go on from one that reads words alone"
        )
    return replace(config, head=replace(sizes, dropout=config.head.dropout))


def make_head(config: AffordConfig, start: Las | None = None) -> Las:
    """A fresh head, or a copy of `start`; with the last blocks of the pictures' tower inside where they train."""
    head = Las(config.head)
    if start is not None:
        head.load_state_dict(start.state_dict())
    if config.pictures is not None:
        head.picture_tail = config.pictures.tail()
    return head


def parameter_groups(head: Las, config: AffordConfig) -> list[dict[str, Any]]:
    """What trains at the full rate, and the blocks of the pictures' tower at a share of it."""
    tail = [] if head.picture_tail is None else [p for p in head.picture_tail.parameters() if p.requires_grad]
    known = {id(p) for p in tail}
    rest = [p for p in head.parameters() if p.requires_grad and id(p) not in known]
    groups = ((rest, config.rate), (tail, config.rate * config.picture_rate))
    return [{"params": group, "lr": rate, "base_rate": rate} for group, rate in groups if group]


def train_step(
    head: Las,
    encoder: nn.Module,
    batch: Batch,
    optimizer: torch.optim.Optimizer,
    config: AffordConfig,
    step: int,
) -> tuple[float, float, float]:
    """One look at a batch and the updates made of it; loss, focal and dice of the last."""
    torch.manual_seed(config.seed * 1_000_003 + step)  # dropout and noise
    factor = min(1.0, (step + 1) / max(1, config.warmup))
    factor *= 0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * step / config.steps))
    for group in optimizer.param_groups:
        group["lr"] = group["base_rate"] * factor
    with torch.no_grad():
        embedding = encoder(batch.points, config.answered)
    head.train()
    target = batch.heat[:, : config.answered]
    figures = (0.0, 0.0, 0.0)
    for _ in range(config.updates):
        heat = torch.sigmoid(head.logits(*noisy(head(embedding), batch.prompt, config)))
        focal, dice, share = heat_losses(heat, target, batch.offered, config.dice)
        loss = config.focal_weight * focal + config.dice_weight * dice + config.share_weight * share
        loss.backward()
        nn.utils.clip_grad_norm_(head.parameters(), config.clip_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        figures = (loss.item(), focal.item(), dice.item())
    return figures


def noisy(seen: Seen, prompt: Prompt, config: AffordConfig) -> tuple[Seen, Prompt]:
    """What the head sees and is asked, moved at random as the config says."""
    vectors, words = seen.vectors, prompt.vectors
    if config.shape_noise and vectors is not None:
        shift = torch.randn_like(vectors[:, :1]) * config.shape_noise / vectors.shape[-1] ** 0.5
        spread = seen.tokens.std() * config.shape_noise / 2
        seen = replace(
            seen,
            vectors=F.normalize(vectors + shift, dim=-1),
            tokens=seen.tokens + torch.randn_like(seen.tokens[:, :1]) * spread,
        )
    if config.word_noise and words is not None:
        shift = torch.randn_like(words) * config.word_noise / words.shape[-1] ** 0.5
        prompt = replace(prompt, vectors=F.normalize(words + shift, dim=-1))
    return seen, prompt


def make_batch(config: AffordConfig, sources: Sources, step: int) -> Batch:
    """A batch of the world's shapes and questions: a pure function of (seed, step)."""
    rows = [_row(config, sources, step, slot) for slot in range(config.batch)]
    points, heat, offered = (
        torch.from_numpy(np.stack([getattr(row, name) for row in rows]))
        for name in ("points", "heat", "offered")
    )
    table, words = sources.words, [[row.wordings[q] for q in range(config.questions)] for row in rows]
    vectors = table.vectors[torch.tensor([[table.row[clean(w)] for w in row] for row in words])]
    images = None
    if sources.pictures is not None:
        said, shown = words_or_pictures(config.asked, np.random.default_rng([config.seed, step]))
        images = torch.stack([torch.stack(row.images) for row in rows]) if shown else None
        vectors = vectors if said else None
    return Batch(points, Prompt(vectors=vectors, image=images), heat, offered)


@dataclass(frozen=True)
class _Row:
    """One shape of a batch, its Q questions in words and in pictures (none without), and the answers."""

    points: Float32[np.ndarray, "N 3"]
    wordings: list[str]
    images: list[Tensor]
    heat: Float32[np.ndarray, "N Q"]
    offered: Bool[np.ndarray, "Q"]


def _row(config: AffordConfig, sources: Sources, step: int, slot: int) -> _Row:
    rng, doubtful = np.random.default_rng([config.seed, step, slot]), frozenset()
    if sources.real is not None and rng.random() < config.real:
        guess = sources.real.drawn(rng)
        sample, doubtful = guess.sample, guess.doubtful
    else:
        sample = sources.world[step * config.batch + slot]
    points, chosen = augmented(
        sample.points, sample.labels, config.augment, config.points, "unit_sphere", rng
    )
    asked = drawn_actions(sample.affordances, config.questions, rng, doubtful)
    target = heat_for(asked, sample.affordances, sample.heat[chosen])
    wordings = [str(rng.choice(trained_wordings(action))) for action in asked]
    images = [] if sources.pictures is None else [sources.pictures.any_tokens(a, rng) for a in asked]
    return _Row(points, wordings, images, target, target.max(axis=0) >= 0.5)


def prefetched(config: AffordConfig, sources: Sources, steps: range) -> Iterator[Batch]:
    """The batch of each step, made one ahead in a thread."""
    with ThreadPoolExecutor(1) as pool:
        coming = [pool.submit(make_batch, config, sources, step) for step in steps[:1]]
        for step in steps:
            batch = coming.pop().result()
            coming += [pool.submit(make_batch, config, sources, step + 1)] if step + 1 in steps else []
            yield batch


def validate(segmenter: Segmenter, head: Las, config: AffordConfig) -> float:
    """Mean SIM of the user's own `afford` on shapes of other seeds, each action in its plain wording."""
    trial = with_head(segmenter, head, finish=config.finish)
    scores, _ = evaluate_heat(
        trial, shapes(derived_seed(config.seed, APART), config.validation, config.points), priors=False
    )
    return mean_heat(scores)["sim"]
