"""Copy a trained checkpoint in half precision, as it ships inside the package, and the affordance head in it.

python scripts/ship_checkpoint.py runs/wide/checkpoint src/partwise/data/partwise-small \\
    --points 1536 --voting matched --balance 0.5 --even 0.4
python scripts/ship_checkpoint.py runs/afford/afford src/partwise/data/partwise-small/afford
"""

from __future__ import annotations

import argparse
from pathlib import Path

from torch import Tensor

from partwise.checkpoint import Checkpoint, open_checkpoint, save_checkpoint
from partwise.pretrained import HEAD


def main() -> None:
    """Read, halve, write; the README of the target stays."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--points", type=int, help="how many anchors a shape gets")
    parser.add_argument("--voting", help="how the pieces of a shape vote from now on")
    parser.add_argument("--balance", type=float, help="how far rare phrases are raised where pieces vote")
    parser.add_argument("--even", type=float, help="how much denser small pieces of a mesh are sampled")
    arguments = parser.parse_args()
    checkpoint = open_checkpoint(arguments.source)
    config = {key: value for key, value in checkpoint.config.items() if key != "format"}
    for name in ("points", "voting", "balance", "even"):
        if getattr(arguments, name) is not None:
            config["segmenter"] = {**config["segmenter"], name: getattr(arguments, name)}
    save_checkpoint(arguments.target, config, halved(checkpoint))
    if (arguments.source / HEAD).is_dir():
        head, encoder = open_checkpoint(arguments.source / HEAD), open_checkpoint(arguments.target)
        settings = {key: value for key, value in head.config.items() if key != "format"}
        # It was trained with these weights before they were halved, and names what it belongs to.
        save_checkpoint(arguments.target / HEAD, {**settings, "encoder_sha256": encoder.sha256}, halved(head))


def halved(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """Its tensors in half precision."""
    return {key: v.half() if v.is_floating_point() else v for key, v in checkpoint.state.items()}


if __name__ == "__main__":
    main()
