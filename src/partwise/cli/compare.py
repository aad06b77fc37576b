"""`partwise compare`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from partwise.cli.progress import step
from partwise.errors import InputError

if TYPE_CHECKING:
    from partwise.evaluate.ask import Answerer
    from partwise.evaluate.compare import ComparedResults
    from partwise.evaluate.protocol import Protocol
    from partwise.evaluate.results import Result


@dataclass(frozen=True)
class Compare:
    """Whether one model is better than another: two results of `partwise eval` under one protocol.

    Figures with the interval of their difference, each category, and in a folder compare.md, categories.png and, where
    the models can be asked again, worst.png and ahead.png: truth beside both answers.

    Examples:
        partwise compare fast.json sharp.json
        partwise compare fast.json sharp.json --out fast-sharp --gallery 4
        partwise compare ours.json theirs.json --root data --answers runs/small/checkpoint predictions --gallery 4
    """

    first: tyro.conf.Positional[Path]
    """A result of `partwise eval`."""
    second: tyro.conf.Positional[Path]
    """Another, under the same protocol."""
    out: Path | None = None
    """A folder for report and pictures; it is made if it is not there. Default: the report is printed alone."""
    gallery: int = 0
    """Shapes in each gallery; they are asked again."""
    answers: tuple[str, str] | None = None
    """Checkpoint folder or hub id of each, or its folder of predictions; default: the names in the results."""
    root: Path | None = None
    """The folder of converted data sets; for `objects`, of GLB files."""

    def run(self) -> None:
        """Compare, print, write."""
        from partwise.evaluate.compare import compare
        from partwise.evaluate.compare_report import category_chart, markdown
        from partwise.evaluate.results import read_result
        from partwise.files import atomic_path

        if self.gallery < 0 or (self.gallery and self.out is None):
            raise InputError("a gallery needs --out, a folder for its pictures, and a count of 1 or more")
        compared = compare(read_result(self.first), read_result(self.second))
        if self.out is None:
            print(markdown(compared))
            return
        self.out.mkdir(parents=True, exist_ok=True)
        pictures: list[tuple[str, str]] = []
        images: dict[str, Any] = {}
        if compared.headline is not None:
            pictures.append(("by category", "categories.png"))
            images["categories.png"] = category_chart(compared)
        if self.gallery and compared.headline is not None:
            for file, caption, image in self._galleries(compared):
                images[file] = image
                pictures.append((caption, file))
        for file, image in images.items():
            with atomic_path(self.out / file) as temporary:
                image.save(temporary, format="PNG")
        text = markdown(compared, pictures)
        with atomic_path(self.out / "compare.md") as temporary:
            temporary.write_text(text, encoding="utf-8")
        print(text)
        print(f"wrote {self.out}: " + ", ".join(["compare.md", *images]))

    def _galleries(self, compared: ComparedResults) -> list[tuple[str, str, Any]]:
        """File, caption and picture: where both fail, and where one is furthest ahead."""
        from partwise.evaluate.compare_report import caption_of, names_of
        from partwise.evaluate.gallery import asked_again, gallery
        from partwise.evaluate.protocol import from_record
        from partwise.evaluate.sources import open_source

        protocol = from_record(compared.first.protocol, str(self.first))
        source, limit = open_source(protocol, self.root), compared.first.data.limit
        with step("loading the models"):
            names = self.answers or (compared.first.model.name, compared.second.model.name)
            results = compared.first, compared.second
            answerers = [
                (called, _answerer(protocol, result, name))
                for called, result, name in zip(names_of(compared), results, names, strict=True)
            ]
        half = -(-self.gallery // 2)
        chosen = {
            "worst": compared.worst(self.gallery),
            "ahead": [*compared.ahead(0, half), *compared.ahead(1, self.gallery - half)],
        }
        captions = {"worst": "where both do worst", "ahead": "where one is furthest ahead of the other"}
        made = []
        for kind, samples in chosen.items():
            if not len(samples):
                continue
            rows = {compared.first.samples[int(i)].key: int(i) for i in samples}
            asked = asked_again(protocol, source, list(rows), limit)
            image = gallery(protocol, asked, answerers, lambda q, r=rows: caption_of(compared, r[q.key]))
            made.append((f"{kind}.png", captions[kind], image))
        return made


def _answerer(protocol: Protocol, result: Result, name: str) -> Answerer:
    """Who gave a result, asked as it was then. Raises InputError for other weights."""
    from partwise.evaluate.ask import SegmenterAnswers
    from partwise.evaluate.predictions import FolderAnswers
    from partwise.predict import Segmenter, SegmenterConfig

    if result.origin == "rescored":
        return FolderAnswers(Path(name), protocol)
    segmenter = Segmenter.from_pretrained(name)
    if segmenter.record.sha256 != result.model.sha256:
        raise InputError(
            f"{name} has weights {str(segmenter.record.sha256)[:12]}, the result is of "
            f"{str(result.model.sha256)[:12]}: name the right ones with --answers"
        )
    known: Sequence[str] = [field.name for field in fields(SegmenterConfig)]
    options = {key: value for key, value in result.config.items() if key in known}
    segmenter.config = replace(segmenter.config, **options)
    return SegmenterAnswers(segmenter, protocol, result.model)
