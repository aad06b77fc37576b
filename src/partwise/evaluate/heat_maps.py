"""Heat maps of promptable models scored by the official figures of LASO and PIAD, one map a shape and affordance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from partwise.datasets.sample import Sample
from partwise.encoders.prompt import Prompt
from partwise.errors import InputError
from partwise.evaluate.labels import NONE, make_case, predicted
from partwise.metrics.heat import HeatMeans, HeatTally, official_means
from partwise.models.backbones import reads_colors


@torch.inference_mode()
def heat_means(
    model: Any,
    samples: Sequence[Sample],
    prompt_of: Callable[[str], Prompt],
    labels: Sequence[str],
    points: int,
    setting: str = "full",
) -> HeatMeans:
    """Means over all maps of affordances that the samples offer.

    prompt_of  says the labels in order, to an object of the category that it is given
    setting    how each shape is shown, see `make_case`; the same at every call

    The model is left in eval mode. Raises InputError if no sample offers any of the labels.
    """
    model.eval()
    device = next(model.parameters()).device
    tally, some, colored = HeatTally(), False, reads_colors(getattr(model, "config", None))
    for index, sample in enumerate(samples):
        rng = np.random.default_rng([index])
        case = make_case(sample, (*labels, NONE), points, setting, rng, colored)
        columns = np.flatnonzero(case.offered[:-1])
        if not len(columns):
            continue
        logits = predicted(model, torch.from_numpy(case.points)[None].to(device), prompt_of(case.category))[0]
        heat = torch.sigmoid(logits.float()).cpu().numpy()[:, columns]
        tally.update(heat.T.copy(), case.heat[:, columns].T.copy())
        some = True
    if not some:
        raise InputError(f"no sample offers any of {', '.join(labels)}: do their names match the data?")
    return official_means(tally.result())
