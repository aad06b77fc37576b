"""Pictures, or words and pictures: LAS on the CMAT encoder of the ablation, asked in each of these ways.

Words alone are a row of the ablation itself.

The pictures are SIMULATED (partwise.train.pictures): another object, rendered, its hot place covered. They are read as
plain pixels, without a vision encoder; test pictures show other objects than training pictures.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cmat_setup import POINTS
from lmad_setup import CATEGORIES

from partwise.datasets.sample import Sample
from partwise.encoders.asking import make_prompt
from partwise.encoders.bert import BertText
from partwise.encoders.pixels import PixelEncoder
from partwise.encoders.prompt import Prompt
from partwise.evaluate.heat_maps import heat_means
from partwise.models.pointlas import PointLasConfig
from partwise.pretrained import open_pretrained
from partwise.train.affordance import make_model, parameter_groups, train_step
from partwise.train.affordance_batches import Batches, Phrases
from partwise.train.affordance_presets import AffordanceConfig
from partwise.train.pictures import SimulatedPictures
from partwise.train.point_encoders import fitted, take_encoder

KINDS = ("image", "both")
# Different pictures of each action in training, and in the test, where each is asked with in turn.
SHOWN, TESTED = 8, 3


@dataclass(frozen=True, kw_only=True)
class Shown(Phrases):
    """Phrases with pictures (T,R,Q,V), one of R at random; their words are given too, or not."""

    words: bool
    pictures: torch.Tensor

    def asked(self, columns: np.ndarray, categories: Sequence[str], rng: np.random.Generator) -> Prompt:
        """The questions of a batch."""
        prompt = super().asked(columns, categories, rng)
        drawn = torch.from_numpy(rng.integers(self.pictures.shape[1], size=columns.shape))
        image = self.pictures[torch.from_numpy(columns), drawn]
        return Prompt(vectors=prompt.vectors if self.words else None, image=image)


def action_pictures(actions: Sequence[str], seed: int, each: int) -> torch.Tensor:
    """Tokens (T,R,Q,V) of `each` pictures of every action, on any category that offers it."""
    source, rng = SimulatedPictures(PixelEncoder(), CATEGORIES, seed, each), np.random.default_rng(seed)
    return torch.stack([torch.stack([source.any_tokens(a, rng) for _ in range(each)]) for a in actions])


def probe_prompts(
    kind: str,
    base: AffordanceConfig,
    start: Path,
    samples: tuple[Sequence[Sample], Sequence[Sample]],
    pictures: tuple[torch.Tensor, torch.Tensor],
    language: BertText,
) -> dict[str, Any]:
    """Train LAS on (training, test) samples asked in one way, and test it asked in the same way."""
    checkpoint = open_pretrained(start)
    config = fitted(base, checkpoint)
    model_config = config.model
    assert isinstance(model_config, PointLasConfig)
    words = kind == "both"
    head = replace(
        model_config.head,
        text_width=model_config.head.text_width if words else 0,
        image_width=PixelEncoder.width,
    )
    config = replace(config, model=replace(model_config, head=head))
    started = time.process_time()
    model = make_model(config, language)
    take_encoder(model, checkpoint)
    plain = Phrases.of(config, model, language)
    phrases = Shown(config, plain.table, plain.rows, words=words, pictures=pictures[0])
    batches = Batches(config, samples[0], model)
    optimizer = torch.optim.AdamW(parameter_groups(model, config), weight_decay=config.weight_decay)
    ones = torch.ones(len(config.labels))
    for step in range(config.steps):
        train_step(model, batches.make(step, phrases), phrases, optimizer, config, ones, step)
    seconds = time.process_time() - started
    vectors = make_prompt(config.labels, "vectors", language).vectors if words else None
    prompts = [Prompt(vectors=vectors, image=image) for image in pictures[1].unbind(1)]
    means = [
        heat_means(model, samples[1], lambda category, prompt=prompt: prompt, config.labels, POINTS)
        for prompt in prompts
    ]
    figures = {
        name: float(np.mean([getattr(m, name) for m in means])) for name in ("aiou", "sim", "auc", "mae")
    }
    return {"kind": kind, "seed": config.seed, **figures, "cpu_s": round(seconds, 1)}
