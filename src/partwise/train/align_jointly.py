"""PatchAlign3D in one stage, as the paper's ablation has it: distillation and text alignment together, from scratch.

The published result is worse than two stages (spec: 50.2 against 56.9 mIoU on ShapeNetPart); this recipe is there to
measure that, not to be used. Everything random follows from (seed, step), so a killed run resumes bit for bit.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from tqdm import tqdm

from partwise.datasets.packed import Pack
from partwise.encoders.bank import PhraseEmbedder
from partwise.errors import InputError
from partwise.files import make_folder
from partwise.lift.shards import LiftedShards
from partwise.models.patchalign3d import PatchAlign3D
from partwise.train import align_dino, align_text
from partwise.train.align_dino import AlignDinoConfig
from partwise.train.align_text_presets import AlignTextConfig
from partwise.train.alignment import Alignment
from partwise.train.batches import prefetched
from partwise.train.distributed import Workers
from partwise.train.state import Curves, TrainingState

REPORT_EVERY = 20
COLUMNS = ("text_loss", "distillation_loss", "centre_distance")


@dataclass(frozen=True)
class AlignJointlyConfig:
    """Settings of one run: those of the two stages, and what the distillation weighs (the paper does not say; 1).

    Steps, rates and the model are those of `text`; of `dino` count the batch, the target, the box, the turns and the
    seed.
    """

    text: AlignTextConfig
    dino: AlignDinoConfig
    distillation_weight: float = 1.0


class TaughtAlignment(nn.Module):
    """An `Alignment` and the head that speaks to the 2D teacher, which is thrown away afterwards."""

    def __init__(self, alignment: Alignment, teacher_width: int) -> None:
        super().__init__()
        if not isinstance(alignment.model, PatchAlign3D):
            raise InputError(
                f"one-stage training is made for PatchAlign3D, the config's model is "
                f"{type(alignment.model).__name__}: use PatchAlign3DConfig"
            )
        self.alignment = alignment
        self.teacher_head = nn.Linear(alignment.model.config.width, teacher_width)

    def forward(self, batch: align_dino.Batch) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Distillation loss of a batch of lifted shapes, of the tokens below the text head; distance of `teach`."""
        embedding = self.alignment.model(batch.points)
        return align_dino.teach(self.teacher_head(embedding.tokens), embedding, batch)


def train(config: AlignJointlyConfig, data: Path, lifted: Path, out: Path, embedder: PhraseEmbedder) -> Path:
    """Train on a pack and on lifted shards, one batch of each a step, on one CPU process; returns OUT/checkpoint.

    Raises MissingDataError, InputError or CheckpointError.
    """
    workers = Workers.start("cpu")
    make_folder(out)
    pack, shards = Pack(data), LiftedShards(lifted)
    shapes = align_dino.as_taught(shards, config.dino)
    words = align_text.word_table(pack, config.text, embedder)
    module = TaughtAlignment(align_text.make_module(config.text, None), shapes[0].features.shape[1])
    groups = align_text.parameter_groups(module.alignment, config.text)
    groups.append({"params": list(module.teacher_head.parameters()), "base_rate": config.text.head_rate})
    optimizer = torch.optim.AdamW(groups, betas=config.text.betas, weight_decay=config.text.weight_decay)
    inputs = {"pack": pack.identity(), "folder of lifted shapes": shards.identity()}
    state = TrainingState({"module": module}, optimizer, inputs=inputs)
    state.load(out, asdict(config))
    curves, steps = Curves(out, COLUMNS, state.step), range(state.step, config.text.steps)
    bar = tqdm(total=config.text.steps, initial=state.step, unit="step")
    for batches in prefetched(pack, words, config.text.batches, steps, workers):
        module.train()
        torch.manual_seed(config.text.batches.seed * 1_000_003 + state.step)  # drop-path
        factor = align_text.schedule(config.text, state.step)
        for group in optimizer.param_groups:
            group["lr"] = group["base_rate"] * factor
        text_loss = torch.stack(
            [
                align_text.compute_losses(module.alignment, batch, config.text, workers.device)[0]
                for batch in batches
            ]
        ).mean()
        taught, apart = module(
            align_dino.make_batch(shapes, config.dino, state.step, range(config.dino.batch))
        )
        (config.text.patch_weight * text_loss + config.distillation_weight * taught).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        state.advance(text_loss.item() + taught.item())
        bar.update()
        done = state.step == config.text.steps
        if done or state.step % REPORT_EVERY == 0:
            values = (text_loss.item(), taught.item(), apart.item())
            curves.add(state.step, **dict(zip(COLUMNS, values, strict=True)))
        if done or state.step % config.text.save_every == 0:
            state.save(out, asdict(config))
    bar.close()
    align_text.save_model(out / "checkpoint", module.alignment, config.text, embedder, pack.categories())
    return out / "checkpoint"
