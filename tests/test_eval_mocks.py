"""Every benchmark from its layout twin to a table with the default model: mock, convert, ask, measure, draw."""

import pytest

from partwise.cli import main
from partwise.cli.data_sets import prepare
from partwise.datasets.catalogue import DATASETS, dataset_module
from partwise.evaluate.protocol import benchmarks
from partwise.evaluate.results import read_result

HEADLINES = benchmarks()
READY = [name for name, several in HEADLINES.items() if several[0].dataset in DATASETS]


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """Data sets converted from their twins, made when first asked for."""
    folder = tmp_path_factory.mktemp("mocks")

    def root(dataset):
        if not (folder / "data" / dataset).is_dir():
            module = dataset_module(dataset)
            module.mock(folder / "official" / dataset, 0)
            prepare(module, folder / "official" / dataset, folder / "data", partial=True, made_up=True)
        return folder / "data"

    return root


@pytest.mark.parametrize("benchmark", READY)
def test_a_benchmark_runs_on_its_twin(benchmark, converted, tmp_path, capsys):
    protocols = HEADLINES[benchmark]
    root = converted(protocols[0].dataset) if protocols[0].dataset != "procedural" else tmp_path
    command = ["eval", benchmark, "--root", str(root), "--limit", "2", "--seeds", "1", "--out", str(tmp_path)]
    assert main(command) == 0
    said = capsys.readouterr().out
    for protocol in protocols:
        result = read_result(tmp_path / f"{protocol.id.replace('/', '.')}.partwise-small.json")
        assert f"`{protocol.id}`" in said
        assert 1 <= result.data.samples <= 2
        assert result.model.sha256
        assert result.data.mock == (protocol.dataset != "procedural")
        headline = next(iter(result.figures.values()))
        assert 0 <= headline.value <= 1
