"""The generated docs are what their command writes, and the worked example is that of the specification."""

import importlib.util
import json
from pathlib import Path

ROOT = Path(__file__).parent.parent


def script(name="benchmark_docs"):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_docs_are_what_their_command_writes():
    for name, text in script().pages().items():
        written = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert written == text, f"docs/{name} is stale: run python scripts/benchmark_docs.py"


def test_the_worked_example_is_that_of_the_specification():
    made = script()
    heat = made.heat()
    assert "| `laso/official` | .5492 | .2227 | .4739 |  | .3801 |" in heat
    assert "| `laso-seen/cmat-pooled` | .5549 | .1775 |  | .5966 | .3801 |" in heat
    assert ".5396, .4552, .4348, .4658" in heat
    assert "| pooled, none counted (OpenAD) | .0618 | .1354 | .0941 |" in made.labels()
    assert ".7721 for three of them" in made.labels()


def test_the_tables_of_the_ablation_are_those_of_its_results():
    page = (ROOT / "docs" / "experiments_cmat.md").read_text(encoding="utf-8")
    content = json.loads((ROOT / "benchmarks" / "results" / "cmat.json").read_text(encoding="utf-8"))
    made = script("cmat_tables")
    tables = made.tables(content).split("\n\n")
    assert len(tables) == 6
    for table in tables:
        assert table in page, f"run python scripts/cmat_experiments.py report DIR: the page lacks\n{table}"
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert rows == "\n".join(tables).splitlines()
    assert made.number(-0.0004, 2) == "0.00"
    assert made.number(-0.0004, 3, signed=True) == "+0.000"
