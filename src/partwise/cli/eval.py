"""`partwise eval`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from partwise.cli.progress import step
from partwise.errors import InputError, MissingDataError

if TYPE_CHECKING:
    from partwise.evaluate.ask import Answerer
    from partwise.evaluate.protocol import Protocol
    from partwise.evaluate.results import Result
    from partwise.predict import Segmenter


@dataclass(frozen=True)
class Eval:
    """Score a model on a benchmark, or the predictions of another system.

    A benchmark runs its headline protocols; docs/benchmarks.md lists both. `default` draws the tables of a default
    checkpoint's card: parts under seven conditions, actions. A run that was stopped goes on where it was.

    Examples:
        partwise eval procedural --limit 10
        partwise eval shapenetpart --root data --model runs/small/checkpoint --out results
        partwise eval laso --root data --from predictions --out theirs.json
        partwise eval default --objects assets --out card.json
    """

    benchmark: tyro.conf.Positional[str]
    """What is scored: shapenetpart, partnete, laso, piad-seen, openad, ..., or default."""
    model: str = "partwise-small"
    """Checkpoint folder or hub id."""
    root: Path | None = None
    """The folder of converted data sets (`partwise data prepare`); for `objects`, of GLB files."""
    protocol: tuple[str, ...] = ()
    """Protocol ids, or a .json of your own; default: the headline protocols of the benchmark."""
    seeds: int | None = None
    """Runs with the seeds 0, 1, ...; default: those of the protocol, or of the predictions."""
    out: Path | None = None
    """A folder for one result each, or a .json for a single one; default: this folder. The log lies beside it."""
    points: int | None = None
    """Points that the model looks at; default: those it was made with. Twice as many are sharper and slower."""
    draws: int | None = None
    """How often they are sampled; default: as often as the model says."""
    limit: int | None = None
    """Only the first samples; the result says so."""
    predictions: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    """A folder with predictions of another system, which are scored instead of a model."""
    questions: Path | None = None
    """Write what is asked, a line of JSON for each sample, to this file, and stop."""
    images: Path | None = None
    """The folder of the official data set, to ask by its pictures (PIAD, PIADv2) and not in words."""
    trained_on: tuple[str, ...] | None = None
    """Categories that the model was trained on; default: what its config says, if it does."""
    selected_on: str | None = None
    """The split that the checkpoint was picked on, none if it is the last; default: what its config says."""
    objects: Path | None = None
    """Of `default`: a folder of GLB files with manifest.jsonl; its val split is scored."""
    each: int = 1
    """Of `default`: shapes of every training category; five times as many of each held-out one."""
    held_out: tuple[str, ...] = ()
    """Of `default`: categories that this model never met; default: those that packs leave out."""

    def run(self) -> None:
        """Evaluate, print the tables, save."""
        said = {"points": self.points, "draws": self.draws}
        sampling = {name: value for name, value in said.items() if value is not None}
        if sampling and (self.benchmark == "default" or self.predictions is not None):
            raise InputError(
                f"--{next(iter(sampling))} is for a model under a protocol: default has its own, predictions are made"
            )
        if self.benchmark == "default":
            return self._default()
        from partwise.evaluate.table import draw, entry_of_result

        protocols = self._protocols()
        if self.questions is not None:
            return self._write_questions(protocols, self.questions)
        places = self._places(protocols)
        results = self._results(protocols, places, sampling)
        entries = [entry_of_result(result) for result in results if result.model.sha256]
        if entries:
            print(draw(entries))
        if len(entries) < len(results):
            print("note: the predictions do not say which weights made them, so no table takes their results")
        print("\nwrote " + ", ".join(map(str, places)))

    def _protocols(self) -> list[Protocol]:
        from partwise.evaluate.protocol import benchmarks, load_protocol, with_seeds

        known = benchmarks()
        if self.benchmark not in known and self.benchmark != "own":
            raise InputError(
                f"unknown benchmark {self.benchmark!r}: use one of {', '.join(known)}, own (with a --protocol "
                "of your own), or default"
            )
        chosen = [load_protocol(name) for name in self.protocol] or list(known.get(self.benchmark, ()))
        if not chosen:
            raise InputError("own needs --protocol with a .json of your own: see docs/benchmarks.md")
        for protocol in chosen:
            if protocol.benchmark != self.benchmark:
                raise InputError(f"{protocol.id} belongs to the benchmark {protocol.benchmark!r}")
        return [with_seeds(protocol, self.seeds) for protocol in chosen]

    def _places(self, protocols: list[Protocol]) -> list[Path]:
        """A file for the result of each protocol; checked before the work, not after it."""
        from partwise.files import check_target

        if self.out is not None and self.out.suffix == ".json":
            if len(protocols) > 1:
                raise InputError(
                    f"{self.benchmark} has {len(protocols)} protocols, {self.out} holds one result: name a folder, "
                    "or one --protocol"
                )
            check_target(self.out)
            return [self.out]
        folder = self.out or Path(".")
        folder.mkdir(parents=True, exist_ok=True)
        who = (self.predictions or Path(self.model)).name
        places = [folder / f"{protocol.id.replace('/', '.')}.{who}.json" for protocol in protocols]
        for place in places:
            check_target(place)
        return places

    def _results(
        self, protocols: list[Protocol], places: list[Path], sampling: dict[str, int]
    ) -> list[Result]:
        from partwise.evaluate.results import write_result
        from partwise.evaluate.run import evaluate
        from partwise.evaluate.sources import open_source

        segmenter = None
        if self.predictions is None:
            with step("loading the model"):
                from partwise.predict import Segmenter

                segmenter = Segmenter.from_pretrained(self.model)
                segmenter.config = replace(segmenter.config, **sampling)
        results = []
        for protocol, place in zip(protocols, places, strict=True):
            source = open_source(protocol, self.root)
            protocol, answerer = self._answerer(protocol, segmenter)
            result = evaluate(
                protocol,
                source,
                answerer,
                self.limit,
                place.with_suffix(".log.jsonl"),
                lambda line: print(line, file=sys.stderr, flush=True),
            )
            write_result(place, result)
            results.append(result)
        return results

    def _answerer(self, protocol: Protocol, segmenter: Segmenter | None) -> tuple[Protocol, Answerer]:
        """Who answers, and the protocol with the seeds that there are answers for."""
        from partwise.evaluate.ask import SegmenterAnswers
        from partwise.evaluate.predictions import FolderAnswers
        from partwise.evaluate.questions import questions
        from partwise.evaluate.sources import open_source

        if segmenter is not None:
            return protocol, SegmenterAnswers(segmenter, protocol, self._notes(segmenter), self.images)
        folder = self.predictions
        if folder is None:
            raise MissingDataError("neither a model nor predictions were given")
        answers = FolderAnswers(folder, protocol)
        protocol = replace(protocol, seeds=answers.seeds[: self.seeds])
        answers.check(questions(protocol, open_source(protocol, self.root), 0, self.limit))
        return protocol, answers

    def _notes(self, segmenter: Segmenter) -> Any:
        from partwise.evaluate.results import ModelNotes
        from partwise.pretrained import open_pretrained

        config = open_pretrained(self.model).config
        trained = self.trained_on if self.trained_on is not None else config.get("trained_on")
        record = segmenter.record
        return ModelNotes(
            record.name,
            record.revision,
            record.sha256,
            record.runtime,
            None if trained is None else tuple(trained),
            self.selected_on or config.get("selected_on"),
        )

    def _write_questions(self, protocols: list[Protocol], path: Path) -> None:
        from partwise.evaluate.questions import questions
        from partwise.evaluate.sources import open_source
        from partwise.files import atomic_path

        with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as file:
            for protocol in protocols:
                for question in questions(protocol, open_source(protocol, self.root), 0, self.limit):
                    row = {"protocol": protocol.id, "key": question.key, "category": question.category}
                    row |= {"points": len(question.points), "phrases": question.phrases}
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
        print(f"wrote {path}")

    def _default(self) -> None:
        with step("loading the model"):
            from partwise.datasets.procedural import HELD_OUT
            from partwise.evaluate.default import card, evaluate_default
            from partwise.files import check_target
            from partwise.io.tables import write_json
            from partwise.predict import Segmenter

            if self.objects is None:
                raise MissingDataError("default scores real objects too: give their folder as --objects")
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
