"""Sweeps: every condition asked on the same samples, held against the shapes as they are."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import write_checkpoint
from PIL import Image

from partwise.cli import main
from partwise.errors import InputError
from partwise.evaluate.conditions import Condition
from partwise.evaluate.protocol import load_protocol, rotation_of, with_seeds
from partwise.evaluate.questions import questions
from partwise.evaluate.results import ModelNotes
from partwise.evaluate.sources import open_source
from partwise.evaluate.sweep import changed_question, sweep
from partwise.evaluate.sweep_report import chart, markdown


class ByHeight:
    """Knows the truth at every height of the shapes as they are: what moves a point up or down misleads it."""

    notes, origin, config = ModelNotes("by height"), "measured", {}

    def __init__(self, protocol, source, limit):
        self.known = {}
        for question in questions(protocol, source, 0, limit):
            order = np.argsort(question.asked[:, 1])
            self.known[question.key] = question.asked[order, 1], question.truth[order]

    def answer(self, question, seed):
        heights, truth = self.known[question.key]
        place = np.clip(np.searchsorted(heights, question.points[:, 1]), 0, len(truth) - 1)
        return truth[place]


@pytest.fixture(scope="module", params=["own/procedural", "own/procedural-heat"])
def swept(request):
    protocol = with_seeds(load_protocol(request.param), 1)
    source, limit = open_source(protocol, None), 3 if protocol.task == "parts" else 10
    kinds = ("rotation", "points", "noise", "scale", "up", "corruptions")
    return sweep(protocol, source, ByHeight(protocol, source, limit), kinds, limit)


def test_a_sweep_finds_what_misleads(swept):
    by_name = {row.condition.name: row for row in swept.rows}
    assert swept.samples == (3 if swept.headline == "miou" else 10)
    base = swept.rows[0].figures[swept.headline].value
    assert base > (
        0.95 if swept.headline == "miou" else 0.4
    )  # soft targets: the truth itself has no aIoU of 1
    for name in ("yaw", "512 points", "drop global 5"):  # nothing that changes a height
        assert by_name[name].figures[swept.headline].value > 0.85 * base, name
    for name in ("SO(3), stored", "wrong up axis", "noise 5 %", "scale x100", "jitter 5"):
        assert by_name[name].figures[swept.headline].value < 0.95 * base, name
        assert by_name[name].moved.difference.high < 0, name
    levels = [by_name[f"noise {percent} %"].figures[swept.headline].value for percent in (0.5, 1, 2, 5)]
    assert levels[0] > levels[1] > levels[2] > levels[3] or swept.headline != "miou"
    assert list(swept.skipped) == ["8,192 points"]
    assert swept.skipped["8,192 points"].endswith(" has 4,096 points")


def test_a_sweep_is_the_same_again(swept):
    protocol = with_seeds(load_protocol(swept.protocol), 1)
    source = open_source(protocol, None)
    again = sweep(protocol, source, ByHeight(protocol, source, swept.samples), ("noise",), swept.samples)
    mine = [row for row in swept.rows if row.kind == "noise"]
    assert [row.figures for row in again.rows[1:]] == [row.figures for row in mine]


def test_its_table_and_picture(swept):
    text = markdown(swept)
    row = next(line for line in text.splitlines() if line.startswith("| wrong up axis"))
    found = next(r for r in swept.rows if r.condition.lying)
    assert f"| {100 * found.figures[swept.headline].value:.1f} |" in row
    assert f"{100 * found.moved.difference.mean:+.1f}" in row
    assert "Left out: 8,192 points" in text
    plain = replace(swept, rows=tuple(r for r in swept.rows if r.condition.corruption is None))
    assert chart(swept).height > chart(plain).height
    record = json.loads(json.dumps(swept.record()))
    assert len(record["rows"]) == len(swept.rows)
    assert record["rows"][1]["condition"]["rotation"] == "yaw"


def test_changed_questions_keep_truth_with_points_and_say_things_otherwise():
    protocol = load_protocol("own/procedural")
    question = next(iter(questions(protocol, open_source(protocol, None), 0, 1)))
    fewer = changed_question(question, Condition("few", points=300), 0)
    rows = [np.flatnonzero((question.asked == point).all(axis=1))[0] for point in fewer.points[:20]]
    assert np.array_equal(fewer.truth[:20], question.truth[rows])
    more = changed_question(question, Condition("dirty", corruption=("add local", 3)), 0)
    assert len(more.points) > len(question.asked) == len(more.truth)
    said = changed_question(question, Condition("said", words="{phrase} of a {category}"), 0)
    assert said.phrases == tuple(f"{p} of a {question.category.lower()}" for p in question.phrases)
    turned = changed_question(question, Condition("turned", rotation="stored"), 0)
    np.testing.assert_allclose(turned.points, question.asked @ rotation_of(question.object).T, atol=1e-5)


class ByColor:
    """Knows nothing but the colours, each the number of its label."""

    notes, origin, config = ModelNotes("by colour"), "measured", {}

    def answer(self, question, seed):
        if question.colors is None:
            raise InputError("no colours")
        return question.colors[:, 0].astype(np.int64)


def test_colours_follow_their_points_through_a_sweep():
    protocol = with_seeds(load_protocol("own/procedural"), 1)
    source, items, names = open_source(protocol, None), [], {}
    for _, item in zip(range(2), source.items, strict=False):
        names[item.uid] = source.names(item)
        items.append(replace(item, colors=np.repeat(item.labels[:, None], 3, axis=1).astype(np.uint8)))
    colored = replace(source, items=items, names=lambda item: names[item.uid])
    kinds = ("rotation", "points", "partial", "scale", "corruptions")
    swept = sweep(protocol, colored, ByColor(), kinds, reads_colors=True)
    assert {row.figures["accuracy"].value for row in swept.rows} == {1.0}
    adding = [f"{kind} {level}" for kind in ("add global", "add local") for level in range(1, 6)]
    assert list(swept.skipped) == ["8,192 points", *adding]
    assert swept.skipped["add local 1"] == "the model reads colours, and added points have none"
    assert "Left out: add global 1, add global 2" in markdown(swept)
    with pytest.raises(InputError, match="no colours"):
        sweep(protocol, colored, ByColor(), ["corruptions"])


def test_bad_sweeps_are_named():
    protocol = with_seeds(load_protocol("own/procedural"), 1)
    source = open_source(protocol, None)
    answers = ByHeight(protocol, source, 1)
    with pytest.raises(InputError, match="unknown sweep melting: use some of rotation"):
        sweep(protocol, source, answers, ["melting"])
    answers.origin = "rescored"
    with pytest.raises(InputError, match="a sweep needs a model"):
        sweep(protocol, source, answers, ["up"])


def test_the_command_writes_table_record_and_picture(tmp_path, capsys):
    model = write_checkpoint(tmp_path / "tiny", "pointalign3d")
    command = ["sweep", "procedural", "--model", str(model), "--limit", "2", "--out", str(tmp_path / "swept")]
    assert main([*command, "--kinds", "up", "words"]) == 0
    assert "| wrong up axis |" in capsys.readouterr().out
    assert Image.open(tmp_path / "swept" / "sweep.png").width > 0
    record = json.loads((tmp_path / "swept" / "sweep.json").read_text())
    assert [row["kind"] for row in record["rows"]] == ["as is", "up", "words", "words", "words"]
    assert main([*command, "--kinds", "melting"]) == 2
    assert "unknown sweep melting" in capsys.readouterr().err
    assert main(["sweep", "nothing", "--out", str(tmp_path)]) == 2
    assert "unknown benchmark 'nothing'" in capsys.readouterr().err
