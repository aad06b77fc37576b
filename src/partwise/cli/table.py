"""`partwise table`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro


@dataclass(frozen=True)
class Table:
    """Draw results of `partwise eval` beside published figures. Two protocols never share a column.

    Examples:
        partwise table results/*.json
        partwise table ours.json --protocol shapenetpart/standard --format latex --out table.tex
        partwise table --benchmark piad-seen piad-unseen
    """

    results: tyro.conf.Positional[tuple[Path, ...]] = ()
    """Results of `partwise eval`."""
    benchmark: tuple[str, ...] = ()
    """Also the published figures of these benchmarks, a table for each."""
    everything: bool = False
    """Also the published figures of every benchmark."""
    protocol: str | None = None
    """Draw this column alone; a result under another protocol is refused."""
    published: bool = True
    """Put published figures of the same protocols beside the results."""
    format: Literal["markdown", "latex"] = "markdown"
    """What is written."""
    out: Path | None = None
    """A file for the tables; default: they are printed."""

    def run(self) -> None:
        """Read, refuse what must not be compared, draw."""
        from partwise.evaluate.results import read_result
        from partwise.evaluate.table import entry_of_result, one_column, tables
        from partwise.files import atomic_path, check_target

        if self.out is not None:
            check_target(self.out)
        entries = [entry_of_result(read_result(path)) for path in self.results]
        if self.protocol is not None:
            one_column(entries, self.protocol)
        text = tables(entries, self.published, self.benchmark, self.everything, self.format)
        if self.out is None:
            print(text)
            return
        with atomic_path(self.out) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
        print(f"wrote {self.out}")
