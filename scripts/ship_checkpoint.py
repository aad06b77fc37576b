"""Copy a trained checkpoint in half precision, as it ships inside the package, and the affordance head in it.

python scripts/ship_checkpoint.py runs/gpu/checkpoint src/partwise/data/partwise-small \\
    --points 1536 --voting matched --balance 0.5 --even 0.4 --mix old/partwise-small --share 0.7 --selected-on val
python scripts/ship_checkpoint.py runs/afford/afford src/partwise/data/partwise-small/afford
"""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from partwise.checkpoint import Checkpoint, open_checkpoint, save_checkpoint
from partwise.errors import CheckpointError, InputError
from partwise.pretrained import HEAD


def main() -> None:
    """Read, mix, halve, write; the README of the target stays."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--points", type=int, help="how many anchors a shape gets")
    parser.add_argument("--draws", type=int, help="how often they are sampled")
    parser.add_argument("--voting", help="how the pieces of a shape vote from now on")
    parser.add_argument("--balance", type=float, help="how far rare phrases are raised where pieces vote")
    parser.add_argument("--even", type=float, help="how much denser small pieces of a mesh are sampled")
    parser.add_argument("--mix", type=Path, help="the checkpoint that the source's training started from")
    parser.add_argument("--share", type=float, help="of the source, where it is mixed")
    parser.add_argument(
        "--own-head",
        action="store_true",
        help="leave the source's affordance head as it is: heads that were trained apart do not mix",
    )
    parser.add_argument(
        "--selected-on", help="the split whose figures were in sight when the share was chosen"
    )
    arguments = parser.parse_args()
    if (arguments.mix is None) != (arguments.share is None):
        parser.error("--mix and --share go together: with which checkpoint, and how much of the source")
    # All is read before anything is written: a head never ends beside an encoder that it does not belong to.
    checkpoint = opened(arguments.source, arguments.mix, arguments.share)
    ours = arguments.source / HEAD
    theirs = None if arguments.mix is None or arguments.own_head else arguments.mix / HEAD
    head = opened(ours, theirs, arguments.share) if ours.is_dir() else None
    config = {key: value for key, value in checkpoint.config.items() if key != "format"}
    for name in ("points", "draws", "voting", "balance", "even"):
        if getattr(arguments, name) is not None:
            config["segmenter"] = {**config["segmenter"], name: getattr(arguments, name)}
    if arguments.selected_on is not None:
        config["selected_on"] = arguments.selected_on
    save_checkpoint(arguments.target, config, halved(checkpoint))
    if head is not None:
        settings = {key: value for key, value in head.config.items() if key != "format"}
        # It was trained with these weights before they were halved, and names what it belongs to.
        settings["encoder_sha256"] = open_checkpoint(arguments.target).sha256
        save_checkpoint(arguments.target / HEAD, settings, halved(head))


def opened(source: Path, start: Path | None, share: float | None) -> Checkpoint:
    """The checkpoint in `source`, mixed with that in `start` if there is one."""
    checkpoint = open_checkpoint(source)
    return checkpoint if start is None or share is None else mixed(checkpoint, open_checkpoint(start), share)


def mixed(source: Checkpoint, start: Checkpoint, share: float) -> Checkpoint:
    """The checkpoint with the mean of its weights, of which `share`, and of those that its training started from.

    Such a mean may carry over better than either (WiSE-FT, arXiv 2109.01903). What the model is asked with is mixed
    likewise: temperatures by their logarithms, and where "offered" begins.
    Raises InputError for a share outside 0 to 1, CheckpointError for another model, or one that is asked otherwise.
    """
    if not 0 <= share <= 1:
        raise InputError(f"the share {share} is not from 0 to 1: say how much of the source there is to be")
    if kind(source) != kind(start):
        raise CheckpointError(f"{start.name} and {source.name} are of different models: mix two of one model")
    state = {
        key: share * value.float() + (1 - share) * start.state[key].float()
        if value.is_floating_point()
        else value
        for key, value in source.state.items()
    }
    config = {**source.config, "mixed": {"share": share, "with_sha256": start.sha256}}
    if "segmenter" in config:
        ours, theirs = (c.config["segmenter"]["temperature"] for c in (source, start))
        temperature = math.exp(share * math.log(ours) + (1 - share) * math.log(theirs))
        config["segmenter"] = {**config["segmenter"], "temperature": round(temperature, 5)}
    if "offered_above" in config:
        offered = share * config["offered_above"] + (1 - share) * start.config["offered_above"]
        config["offered_above"] = round(offered, 4)
    return replace(source, config=config, state=state)


def kind(checkpoint: Checkpoint) -> dict[str, Any]:
    """What two checkpoints must have in common to be mixed: sizes of weights, model, box and words."""
    segmenter = checkpoint.config.get("segmenter", {})
    return {
        "weights": {key: value.shape for key, value in checkpoint.state.items()},
        **{name: checkpoint.config.get(name) for name in ("architecture", "model")},
        **{name: segmenter.get(name) for name in ("box", "propagation", "templates", "text_encoder")},
    }


def halved(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """Its tensors in half precision."""
    return {key: v.half() if v.is_floating_point() else v for key, v in checkpoint.state.items()}


if __name__ == "__main__":
    main()
