"""`partwise sweep`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import tyro

from partwise.cli.progress import step
from partwise.errors import InputError

# Not the corruptions, which alone are thirty-five runs.
USUAL = ("rotation", "points", "noise", "partial", "scale", "up", "words")


@dataclass(frozen=True)
class Sweep:
    """How steady a model is: a benchmark asked again with shapes turned, thinned, noisy, half seen or said otherwise.

    Writes sweep.json, sweep.md and sweep.png. `corruptions` are seven kinds at five levels.

    Examples:
        partwise sweep procedural --limit 20 --out sweep
        partwise sweep shapenetpart --root data --model runs/small/checkpoint --kinds rotation corruptions --out sweep
    """

    benchmark: tyro.conf.Positional[str]
    """A benchmark of `partwise eval`, or the id of one protocol."""
    out: Path
    """A folder for the three files; it is made if it is not there."""
    model: str = "partwise-small"
    """Checkpoint folder or hub id."""
    root: Path | None = None
    """The folder of converted data sets; for `objects`, of GLB files."""
    kinds: tuple[str, ...] = USUAL
    """What is changed: rotation, points, noise, partial, scale, up, words, corruptions."""
    seeds: int = 1
    """Runs with the seeds 0, 1, ..."""
    limit: int | None = None
    """Only the first samples."""

    def run(self) -> None:
        """Ask, write, print the table."""
        with step("loading the model"):
            from partwise.evaluate.ask import SegmenterAnswers
            from partwise.evaluate.conditions import SWEEPS
            from partwise.evaluate.protocol import benchmarks, load_protocol, protocol_ids, with_seeds
            from partwise.evaluate.results import ModelNotes
            from partwise.evaluate.sources import open_source
            from partwise.evaluate.sweep import sweep
            from partwise.evaluate.sweep_report import chart, markdown
            from partwise.files import atomic_path
            from partwise.io.tables import write_json
            from partwise.predict import Segmenter

            if unknown := sorted(set(self.kinds) - set(SWEEPS)):  # before the work, not after it
                raise InputError(f"unknown sweep {', '.join(unknown)}: use some of {', '.join(SWEEPS)}")
            known = benchmarks()
            if self.benchmark in known:
                protocol = known[self.benchmark][0]
            elif self.benchmark in protocol_ids() or self.benchmark.endswith(".json"):
                protocol = load_protocol(self.benchmark)
            else:
                raise InputError(
                    f"unknown benchmark {self.benchmark!r}: use one of {', '.join(known)}, or a protocol"
                )
            protocol = with_seeds(protocol, self.seeds)
            source = open_source(protocol, self.root)
            segmenter = Segmenter.from_pretrained(self.model)
            record = segmenter.record
            answers = SegmenterAnswers(
                segmenter, protocol, ModelNotes(record.name, record.revision, record.sha256)
            )
        found = sweep(
            protocol,
            source,
            answers,
            self.kinds,
            self.limit,
            lambda line: print(line, file=sys.stderr, flush=True),
            segmenter.reads_colors,
        )
        self.out.mkdir(parents=True, exist_ok=True)
        text = markdown(found)
        write_json(self.out / "sweep.json", found.record())
        with atomic_path(self.out / "sweep.md") as temporary:
            temporary.write_text(text + "\n![sweep](sweep.png)\n", encoding="utf-8")
        with atomic_path(self.out / "sweep.png") as temporary:
            chart(found).save(temporary, format="PNG")
        print(text)
        print(f"wrote {self.out}/sweep.json, sweep.md, sweep.png")
