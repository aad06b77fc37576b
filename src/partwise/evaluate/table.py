"""Tables of results beside published figures, in Markdown and LaTeX, and what they refuse.

1 a column has one protocol id   2 each row is marked reported, reproduced-by-us or reproduced-by-others
3 another prompt or word list is another id   4 training on the tested categories is flagged
5 selection on another split than the protocol allows is flagged   6 a cosine is printed as SIMcos, never SIM
7 a result without seeds, weights hash or data hash is refused
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from partwise.errors import InputError
from partwise.evaluate.protocol import from_record, key_of, load_protocol, protocol_ids
from partwise.evaluate.published import PERCENT, Published, check_similarity, only_reported, published
from partwise.evaluate.results import Result

TITLES = {
    "miou": "mIoU",
    "ciou": "cIoU",
    "part_miou": "part mIoU",
    "aiou": "aIoU",
    "auc": "AUC",
    "sim": "SIM",
    "simcos": "SIMcos",
    "mae": "MAE",
    "held_out/aiou": "aIoU, held-out pairs",
    "maiou": "maIoU",
    "map": "mAP",
    "mauc": "mAUC",
    "mse": "MSE",
    "acc": "Acc",
    "macc": "mAcc",
    "accuracy": "accuracy",
    "seconds": "seconds",
}
# What a model says that was not picked among checkpoints.
UNSELECTED = "none"
# Fewer seeds than this are noted.
FEW_SEEDS = 3


@dataclass(frozen=True)
class Entry:
    """One row of a column: printed figures of a model under a protocol, how they came about, and notes to them."""

    model: str
    protocol: str
    mark: str
    figures: Mapping[str, str]
    notes: tuple[str, ...] = ()


def entry_of_result(result: Result) -> Entry:
    """A result as a row.

    Raises InputError for one without seeds, weights hash or data hash, for one whose protocol is not that of its id,
    and for a cosine that calls itself SIM.
    """
    name, protocol = result.model.name, from_record(result.protocol, f"the result of {result.model.name}")
    for what, value in (
        ("seeds", result.seeds),
        ("a hash of the weights", result.model.sha256),
        ("a hash of the data", result.data.sha256),
    ):
        if not value:
            raise InputError(f"the result of {name} under {protocol.id} has no {what}: it cannot be repeated")
    if protocol.id in protocol_ids():
        ours, theirs = load_protocol(protocol.id).record(), protocol.record()
        changed = sorted(key for key in ours if key != "seeds" and ours[key] != theirs[key])
        if changed:
            raise InputError(
                f"the result of {name} calls itself {protocol.id}, but its {', '.join(changed)} differ from that "
                "protocol: evaluate again, or give the variant an id of its own"
            )
    check_similarity(protocol.id, result.figures)
    figures = {
        key: _printed(key, figure.value, figure.std, figure.low, figure.high)
        for key, figure in result.figures.items()
        if key in TITLES
    }
    return Entry(name, protocol.id, "reproduced-by-us", figures, tuple(_notes(result)))


def entry_of_published(row: Published) -> Entry:
    """A published row, with source and caveat as its note."""
    notes = [f"{row.source}; {row.place} ({row.tier}). {row.caveat}".strip()]
    if row.trained_on_test_categories:
        notes.append("Trained on the tested categories.")
    if row.selected_on_reported_split:
        notes.append("Selected on the reported split.")
    return Entry(
        row.model,
        row.protocol,
        row.mark,
        {key: _as_published(key, value) for key, value in row.figures.items()},
        tuple(notes),
    )


def one_column(entries: Sequence[Entry], protocol: str) -> None:
    """Raise InputError unless all entries are of one protocol: two of them never share a column."""
    others = [entry for entry in entries if entry.protocol != protocol]
    if others:
        raise InputError(
            f"{others[0].model} was scored under {others[0].protocol}, the column is {protocol}: "
            "two protocols never share a column"
        )


def tables(
    entries: Sequence[Entry],
    beside: bool = True,
    wanted: Sequence[str] = (),
    everything: bool = False,
    form: str = "markdown",
) -> str:
    """A table for each benchmark, our entries first, what is known of the protocols below.

    beside      published figures of the same protocols come along
    wanted      so do all published figures of these benchmarks; everything: of all

    Raises InputError for an unknown benchmark, and as `draw` does.
    """
    rows = [(benchmark_of(row.protocol), entry_of_published(row)) for row in published()]
    known = {benchmark for benchmark, _ in rows} | {benchmark_of(name) for name in protocol_ids()}
    if strangers := [name for name in wanted if name not in known]:
        raise InputError(f"unknown benchmark {strangers[0]!r}: use one of {', '.join(sorted(known))}")
    ours = {entry.protocol for entry in entries}
    ours |= {name for one in ours & {*protocol_ids()} for name in load_protocol(one).beside}
    taken = [(benchmark_of(entry.protocol), entry) for entry in _with_company(entries)]
    taken += [
        (benchmark, entry)
        for benchmark, entry in rows
        if everything or benchmark in wanted or (beside and entry.protocol in ours)
    ]
    groups: dict[str, list[Entry]] = {}
    for benchmark, entry in taken:
        groups.setdefault(benchmark, []).append(entry)
    if not groups:
        raise InputError("there is nothing to draw: give results, or benchmarks with published figures")
    parts = []
    for benchmark, group in groups.items():
        head = f"### {benchmark}\n\n" if form == "markdown" and len(groups) > 1 else ""
        parts.append(head + draw(sorted(group, key=_order), form) + _described(group, form))
    return "\n\n".join(parts)


def _with_company(entries: Sequence[Entry]) -> list[Entry]:
    """The entries, with a note where the same model lacks a protocol that belongs beside."""
    there = {(entry.model, entry.protocol) for entry in entries}
    found = []
    for entry in entries:
        beside = load_protocol(entry.protocol).beside if entry.protocol in protocol_ids() else ()
        lacking = [name for name in beside if (entry.model, name) not in there]
        notes = [f"Half the answer: {name} of the same model belongs beside it." for name in lacking]
        found.append(replace(entry, notes=(*entry.notes, *notes)))
    return found


def benchmark_of(protocol: str) -> str:
    """The benchmark that a protocol belongs to."""
    return load_protocol(protocol).benchmark if protocol in protocol_ids() else protocol.split("/")[0]


def draw(entries: Sequence[Entry], form: str = "markdown") -> str:
    """One table: a row for each model and mark, a column for each protocol and figure, notes below.

    Raises InputError for no entries, two results of one model in one column, or an unknown form.
    """
    if form not in ("markdown", "latex"):
        raise InputError(f"unknown format {form!r}: use 'markdown' or 'latex'")
    if not entries:
        raise InputError("there is nothing to draw: give results, or a benchmark with published figures")
    columns = [
        (protocol, figure)
        for protocol in dict.fromkeys(entry.protocol for entry in entries)
        for figure in TITLES
        if any(figure in entry.figures for entry in entries if entry.protocol == protocol)
    ]
    notes: list[str] = []
    rows: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for entry in entries:
        row = rows.setdefault((entry.model, entry.mark), {})
        places = [_place(notes, note) for note in entry.notes]
        # Repeated below each figure, a note would be read more often than the figure.
        for number, (figure, text) in enumerate(
            (figure, entry.figures[figure]) for figure in TITLES if figure in entry.figures
        ):
            cell = entry.protocol, figure
            if cell in row:
                raise InputError(
                    f"{entry.model} ({entry.mark}) comes twice under {entry.protocol}: name the models apart"
                )
            row[cell] = text + (f" [{','.join(map(str, places))}]" if places and number == 0 else "")
    heads = ["model", "", *(f"`{protocol}` {TITLES[figure]}" for protocol, figure in columns)]
    body = [[*key, *(cells.get(column, "") for column in columns)] for key, cells in rows.items()]
    footer = [f"[{number}] {note}" for number, note in enumerate(notes, start=1)]
    return _latex(heads, body, footer) if form == "latex" else _markdown(heads, body, footer)


def _order(entry: Entry) -> tuple[bool, bool]:
    """Headline protocols first, published figures without a known protocol last."""
    known = entry.protocol in protocol_ids()
    return not known, not (known and load_protocol(entry.protocol).headline)


def _described(entries: Sequence[Entry], form: str) -> str:
    """What the ids of the columns mean, a line each."""
    lines = []
    for name in dict.fromkeys(entry.protocol for entry in entries):
        if name in protocol_ids():
            protocol = load_protocol(name)
            lines.append(f"`{name}`: {protocol.title}. {protocol.note}".strip())
        elif name in only_reported():
            lines.append(f"`{name}`: {only_reported()[name]}")
    if form == "latex":
        return "".join(f"\n\\par {_escaped(line)}" for line in lines)
    return "\n\n" + "\n".join(f"- {line}" for line in lines) if lines else ""


def _notes(result: Result) -> list[str]:
    protocol, model = from_record(result.protocol, "the result"), result.model
    tested = {key_of(category) for category in result.categories()}
    notes = []
    if model.trained_on is None:
        notes.append("The training categories are not stated.")
    elif protocol.zero_shot and (both := tested & {key_of(category) for category in model.trained_on}):
        notes.append(f"Trained on {len(both)} of the {len(tested)} tested categories.")
    if model.selected_on is None:
        notes.append("The split of selection is not stated.")
    elif model.selected_on == protocol.split:
        notes.append("Selected on the reported split.")
    elif model.selected_on not in (UNSELECTED, protocol.selection):
        notes.append(f"Selected on {model.selected_on}, the protocol says {protocol.selection or 'none'}.")
    if result.data.mock:
        notes.append("Made-up data (partwise data mock): the figures mean nothing.")
    elif result.data.partial:
        notes.append("A partial copy of the data set: see its manifest.")
    if result.data.limit is not None:
        notes.append(f"Only the first {result.data.samples:,} samples.")
    if protocol.samples is not None and result.data.samples != protocol.samples:
        notes.append(f"{result.data.samples:,} of {protocol.samples:,} samples: not the whole split.")
    if len(result.seeds) < FEW_SEEDS:
        notes.append(f"{len(result.seeds)} seed{'s' if len(result.seeds) > 1 else ''}.")
    by = result.config.get("asked_by", protocol.official_question)
    if by != protocol.official_question:
        notes.append(f"Asked by {by}, the official question is one of {protocol.official_question}.")
    asked = result.config.get("asked_under", protocol.id)
    if asked != protocol.id:
        notes.append(f"Answers to the words of {asked or 'an unknown protocol'}, scored by these rules.")
    return notes


def _printed(name: str, value: float, std: float | None, low: float | None, high: float | None) -> str:
    """ "53.1 ± 0.2 (51.0 to 55.2)": mean and deviation over seeds, 95 % interval over objects."""
    times, places = (100, 1) if name.rsplit("/")[-1] in PERCENT else (1, 3)
    text = f"{times * value:.{places}f}"
    if std is not None:
        text += f" ± {times * std:.{places}f}"
    if low is not None and high is not None:
        text += f" ({times * low:.{places}f} to {times * high:.{places}f})"
    return text


def _as_published(name: str, value: float) -> str:
    """With the decimals that are printed for such a figure, or all that it was published with."""
    least = 0 if name == "seconds" else 1 if name in PERCENT else 3
    return max(f"{value:.{least}f}", f"{value:g}", key=len)


def _place(notes: list[str], note: str) -> int:
    if note not in notes:
        notes.append(note)
    return notes.index(note) + 1


def _markdown(heads: list[str], body: list[list[str]], footer: list[str]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in body]
    return "\n".join([*lines, *([""] if footer else []), *(f"{line}  " for line in footer)]).rstrip()


def _latex(heads: list[str], body: list[list[str]], footer: list[str]) -> str:
    lines = [f"\\begin{{tabular}}{{ll{'r' * (len(heads) - 2)}}}", "\\toprule"]
    lines += [" & ".join(map(_escaped, heads)) + " \\\\", "\\midrule"]
    lines += [" & ".join(map(_escaped, row)) + " \\\\" for row in body]
    lines += ["\\bottomrule", "\\end{tabular}"]
    return "\n".join([*lines, *(f"\\par {_escaped(line)}" for line in footer)])


def _escaped(text: str) -> str:
    for sign in "\\&%$#_{}":
        text = text.replace(sign, "\\textbackslash " if sign == "\\" else f"\\{sign}")
    return text.replace("±", "$\\pm$").replace("`", "")
