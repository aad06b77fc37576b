"""The generated docs are what their command writes, and the worked example is that of the specification."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parent.parent


def script():
    spec = importlib.util.spec_from_file_location("benchmark_docs", ROOT / "scripts" / "benchmark_docs.py")
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
