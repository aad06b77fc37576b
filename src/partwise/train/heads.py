"""Affordance heads of a part segmenter, whichever recipe trains them: tried on it, given their threshold, saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from partwise.checkpoint import save_checkpoint
from partwise.datasets.procedural import ProceduralShapes, training_categories
from partwise.datasets.world.surface import Scan
from partwise.encoders.actions import trained_wordings
from partwise.evaluate.heat import evaluate_heat, offer_threshold
from partwise.models.finish import Finish
from partwise.models.las import Las
from partwise.predict import Segmenter
from partwise.pretrained import AffordHead

# Calibration and validation shapes come from seeds far from those of training.
APART = 1_000_000


def shapes(seed: int, count: int, points: int = 2048) -> ProceduralShapes:
    """Shapes of the training categories."""
    return ProceduralShapes(seed, training_categories(), Scan(points=points, kind="mixed"), count)


def with_head(
    segmenter: Segmenter, head: Las, offered_above: float = 0.5, finish: Finish | None = None
) -> Segmenter:
    """The same segmenter with this head."""
    return Segmenter(
        segmenter.model,
        segmenter.embedder,
        segmenter.config,
        segmenter.record,
        AffordHead(head.eval(), offered_above, "in training", finish=finish),
    )


def save_head(
    folder: Path,
    segmenter: Segmenter,
    head: Las,
    calibration: ProceduralShapes,
    training: Mapping[str, Any],
    **more: Any,
) -> None:
    """Write the head of a segmenter that was opened from a checkpoint, its "offered" calibrated on these shapes.

    They are asked in any of the wordings that training draws from: plain words alone are seen more strongly than the
    questions of people, who would be told "not offered" too often.
    training, more   kept in its config
    """
    rng = np.random.default_rng(calibration.seed)
    _, offers = evaluate_heat(
        with_head(segmenter, head),
        calibration,
        lambda action: str(rng.choice(trained_wordings(action))),
        priors=False,
    )
    config = {
        "architecture": "las",
        "model": asdict(head.config),
        "encoder_sha256": segmenter.record.sha256,
        "offered_above": round(offer_threshold(offers), 4),
        **more,
        "training": dict(training),
    }
    save_checkpoint(folder, config, head.state_dict())
