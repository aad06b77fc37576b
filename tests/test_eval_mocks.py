"""Every protocol from the layout twin of its data to a table, with the default model."""

import pytest

from partwise import Segmenter
from partwise.cli import main
from partwise.cli.data_sets import prepare
from partwise.datasets.catalogue import dataset_module
from partwise.evaluate.protocol import benchmarks, load_protocol, protocol_ids
from partwise.evaluate.results import read_result

HEADLINES = benchmarks()
PROTOCOLS = [load_protocol(name) for name in protocol_ids()]


@pytest.fixture(scope="module")
def default_model():
    """The default model, opened once for all benchmarks."""
    return Segmenter.from_pretrained()


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


@pytest.mark.parametrize("benchmark", HEADLINES)
def test_every_protocol_runs_on_the_twin_of_its_data_set(
    benchmark, converted, default_model, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(Segmenter, "from_pretrained", lambda name: default_model)
    protocols = [one for one in PROTOCOLS if one.benchmark == benchmark and one.missing is None]
    root = tmp_path
    for dataset in {one.dataset for one in protocols} - {"procedural"}:
        root = converted(dataset)
    command = ["eval", benchmark, "--root", str(root), "--limit", "1", "--seeds", "1", "--out", str(tmp_path)]
    assert main([*command, "--protocol", *(one.id for one in protocols)]) == 0
    said = capsys.readouterr().out
    for protocol in protocols:
        result = read_result(tmp_path / f"{protocol.id.replace('/', '.')}.partwise-small.json")
        assert f"`{protocol.id}`" in said
        assert result.data.samples == 1
        assert result.model.sha256
        assert result.data.mock == (protocol.dataset != "procedural")
        headline = next(iter(result.figures.values()))
        assert 0 <= headline.value <= 1
    assert {one.id for one in HEADLINES[benchmark]} <= {one.id for one in protocols}


def test_a_folder_of_glb_files_needs_no_conversion(default_model, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Segmenter, "from_pretrained", lambda name: default_model)
    dataset_module("objects").mock(tmp_path / "glb", 0)
    out = tmp_path / "r.json"
    assert main(["eval", "objects", "--root", str(tmp_path / "glb"), "--seeds", "1", "--out", str(out)]) == 0
    assert read_result(out).categories() == ["lamp"]
    assert "`own/objects` mIoU" in capsys.readouterr().out
