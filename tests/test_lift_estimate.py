"""The paper estimate in the docs is what its command prints, and its arithmetic holds."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def estimate(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import lifting_estimate

    yield lifting_estimate.estimate
    for name in ("lifting_estimate", "machine"):
        sys.modules.pop(name, None)


def test_the_docs_show_what_the_command_prints(estimate):
    assert estimate(800_000, 0.04) in (ROOT / "docs" / "lifting.md").read_text()


def test_hours_and_money_follow_from_the_measured_seconds(estimate):
    measured = json.loads((ROOT / "benchmarks" / "results" / "lifting.json").read_text())
    seconds = measured["memory"]["engine_only_seconds_per_shape"] + measured["encoders"][0]["seconds"]
    cells = [cell.strip() for cell in estimate(1_000_000, 0.5).splitlines()[2].split("|")]
    hours = float(cells[3].replace(",", ""))
    assert hours == pytest.approx(1e6 * seconds / 3600, abs=0.5)
    assert float(cells[5].replace(",", "")) == pytest.approx(0.5 * hours, abs=0.5)
    on_gpu = estimate(1_000_000, 0.0, gpu_price=2.0, pictures_per_second=1000.0).splitlines()[4]
    assert on_gpu.split("|")[-2].strip() == f"{2 * 12e6 / 1000 / 3600:,.0f}"
