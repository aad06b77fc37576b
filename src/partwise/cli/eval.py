"""`partwise eval`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from partwise.cli.progress import step


@dataclass(frozen=True)
class Eval:
    """Score a model. `default`: the tables of a default checkpoint's card: parts under seven conditions, actions.

    Examples:
        partwise eval default --objects assets
        partwise eval default --objects assets --model runs/small/checkpoint --each 2 --out card.json
    """

    benchmark: tyro.conf.Positional[Literal["default"]]
    """What is scored."""
    objects: Path
    """A folder of GLB files with manifest.jsonl; its val split is scored."""
    model: str = "partwise-small"
    """Checkpoint folder or hub id."""
    each: int = 1
    """Shapes of every training category; five times as many of each held-out one."""
    held_out: tuple[str, ...] = ()
    """Categories that this model never met; default: those that packs leave out."""
    out: Path | None = None
    """A file for everything measured, as JSON."""

    def run(self) -> None:
        """Evaluate, print the tables, save."""
        with step("loading the model"):
            from partwise.datasets.procedural import HELD_OUT
            from partwise.evaluate.default import card, evaluate_default
            from partwise.files import check_target
            from partwise.io.tables import write_json
            from partwise.predict import Segmenter

            if self.out is not None:  # before the work, not after it
                check_target(self.out)
            segmenter = Segmenter.from_pretrained(self.model)
        result = evaluate_default(
            segmenter,
            self.objects,
            self.each,
            self.held_out or HELD_OUT,
            lambda line: print(line, file=sys.stderr, flush=True),
        )
        print(card(result))
        if self.out is not None:
            write_json(self.out, result)
            print(f"\nwrote {self.out}")
