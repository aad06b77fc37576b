"""`partwise info`."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from typing import Any

import tyro

from partwise import __version__


@dataclass(frozen=True)
class Info:
    """Say which versions, devices, words and models are at hand, or what is in a checkpoint.

    Examples:
        partwise info
        partwise info checkpoints/patchalign3d
    """

    model: tyro.conf.Positional[str] = "partwise-small"
    """Checkpoint folder or hub id."""
    json: bool = False
    """Print JSON."""

    def run(self) -> None:
        """Collect and print."""
        report = {**_surroundings(), "model": _model(self.model)}
        if self.json:
            print(json.dumps(report))
            return
        for key, value in report.items():
            if isinstance(value, dict):
                print(f"{key}")
                for name, entry in value.items():
                    print(f"  {name:<14} {entry}")
            else:
                print(f"{key:<16} {value}")


def _surroundings() -> dict[str, Any]:
    import numpy as np
    import torch

    from partwise.encoders.bank import TextBank, default_bank_path
    from partwise.encoders.text import find_minilm
    from partwise.files import cache_folder

    devices = ["cpu"] + [
        f"cuda:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())
    ]
    bank = TextBank.load(default_bank_path())
    return {
        "versions": {
            "partwise": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "devices": ", ".join(devices + (["mps"] if torch.backends.mps.is_available() else [])),
        "threads": torch.get_num_threads(),
        "text bank": f"{len(bank):,} phrases of {bank.encoder}, templates {bank.templates}",
        "text model": str(find_minilm() or "not installed: phrases outside the bank need it"),
        "cache": str(cache_folder()),
    }


def _model(name: str) -> dict[str, Any]:
    from partwise.pretrained import ZeroShot, build_model, open_pretrained

    checkpoint = open_pretrained(name)
    model = build_model(checkpoint)
    # A zero-shot segmenter has no weights of its own: what identifies it are those of its towers.
    towers = isinstance(model, ZeroShot)
    parameters = 0 if towers else sum(p.numel() for p in model.parameters())
    config = {key: value for key, value in checkpoint.config.items() if key != "format"}
    return (
        {
            "name": checkpoint.name,
            "revision": checkpoint.revision,
            "sha256": model.sha256 if towers else checkpoint.sha256,
        }
        | config
        | {"parameters": f"{parameters:,}"}
    )
