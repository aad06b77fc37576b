"""A result survives its file, and a damaged file is named."""

import json
import math

import numpy as np
import pytest

from partwise.errors import InputError, MissingDataError
from partwise.evaluate.results import (
    DataNotes,
    Figure,
    ModelNotes,
    Result,
    SampleRow,
    read_result,
    write_result,
)


def make_result(name="model", protocol="shapenetpart/standard", **changes):
    values = {
        "protocol": {"id": protocol, "version": 1},
        "model": ModelNotes(name, None, "a" * 64, "torch", ("chair",), "val"),
        "data": DataNotes("shapenetpart", "test", "b" * 64, 2, None, False),
        "origin": "measured",
        "seeds": (0, 1),
        "config": {"points": 2048},
        "versions": {"partwise": "0"},
        "figures": {"miou": Figure(0.5, 0.1, 0.4, 0.6, (0.4, 0.6))},
        "samples": (
            SampleRow("a", "a", "chair", {"iou": (0.4, 0.6)}, ({"common": [1]}, {"common": [2]})),
            SampleRow("b", "b", "chair", {"iou": (float("nan"), 0.6)}),
        ),
    }
    return Result(**{**values, **changes})


def test_a_result_survives_its_file(tmp_path):
    result = make_result()
    write_result(tmp_path / "r.json", result)
    again = read_result(tmp_path / "r.json")
    assert again.figures == result.figures
    assert again.model == result.model
    assert again.data == result.data
    assert again.samples[0] == result.samples[0]
    assert math.isnan(again.samples[1].values["iou"][0])
    np.testing.assert_array_equal(again.values("iou"), [[0.4, 0.6], [np.nan, 0.6]])
    assert again.objects() == ["a", "b"]
    assert again.categories() == ["chair", "chair"]


def test_a_value_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="have no value 'auc': they have iou"):
        make_result().values("auc")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[]", "schema 'list'"),
        ('{"schema": "other"}', "schema 'other'"),
        ('{"schema": "partwise-result/1"}', "lacks protocol, model"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, content, message):
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(InputError, match=message):
        read_result(tmp_path / "r.json")


def test_a_damaged_part_is_named(tmp_path):
    write_result(tmp_path / "r.json", make_result())
    content = json.loads((tmp_path / "r.json").read_text())
    content["samples"][0].pop("key")
    (tmp_path / "r.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="damaged.*key"):
        read_result(tmp_path / "r.json")


def test_a_missing_file_names_the_command(tmp_path):
    with pytest.raises(MissingDataError, match="partwise eval"):
        read_result(tmp_path / "none.json")
