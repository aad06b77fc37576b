"""`partwise eval default`: the whole card of a tiny model on a tiny corpus."""

import json

import pytest
from conftest import write_checkpoint
from test_afford import CONFIG, recipe
from test_objects import corpus  # noqa: F401 - a fixture

from partwise import Segmenter
from partwise.cli import main
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.world.surface import Scan
from partwise.datasets.world.words import phrases, vocabulary
from partwise.evaluate import default


@pytest.fixture
def small(monkeypatch):
    """Two categories and few points, so that the card takes seconds."""
    monkeypatch.setattr(default, "training_categories", lambda: ("mug", "stool"))
    monkeypatch.setattr(default, "POINTS", 10_000)
    monkeypatch.setattr(default, "HEAT_POINTS", 512)
    monkeypatch.setattr(default, "HELD_OUT_TIMES", 1)


def test_the_card_has_every_row(small, corpus, tmp_path, capsys, monkeypatch):  # noqa: F811
    asked, segment = set(), Segmenter.segment

    def noted(self, *arguments, **named):
        answer = segment(self, *arguments, **named)
        asked.add((answer.options["points"], answer.options["draws"]))
        return answer

    monkeypatch.setattr(Segmenter, "segment", noted)
    rows = [json.loads(line) for line in (corpus / "manifest.jsonl").read_text().splitlines()]
    rows[0]["split"] = "val"
    (corpus / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    folder = write_checkpoint(tmp_path / "model", "pointalign3d")
    head = recipe.train(CONFIG, Segmenter.from_pretrained(folder), tmp_path / "run")
    head.rename(folder / "afford")
    config = json.loads((folder / "config.json").read_text())
    config["segmenter"] |= {"points": 512, "draws": 2}
    (folder / "config.json").write_text(json.dumps(config))
    command = [
        "eval",
        "default",
        "--objects",
        str(corpus),
        "--model",
        str(folder),
        "--held-out",
        "wrench",
        "teapot",
    ]
    assert main([*command, "--out", str(tmp_path / "card.json")]) == 0
    said = capsys.readouterr().out
    result = json.loads((tmp_path / "card.json").read_text())
    clouds = ["held-out seeds", "held-out categories", "real objects, clouds"]
    assert list(result["parts"]) == [*clouds, "real objects, meshes"]
    turns = [f"{setting}, {turn}" for setting in ("sharp", "fast") for turn in ("as is", "random rotation")]
    for name, table in result["parts"].items():
        more = ["sharp, 512 points", "sharp, one-sided", "sharp, asked by glosses"]
        for row in turns + (more if name in clouds else []):
            low, high = table[row]["interval"]
            assert 0 <= low <= table[row]["instance"] <= high <= 1
            assert f"| {row} |" in said
    assert asked == {(512, 2), (256, 1)}  # sharp is what the weights say, fast half of the points, drawn once
    assert said.count("confidence: right, ") == len(result["parts"])
    assert sum(result["parts"]["real objects, meshes"]["calibration"]["count"]) > 0
    assert "sharp, asked by glosses" in result["parts"]["real objects, meshes"]
    assert set(result["actions"]) == {"held-out seeds", "held-out categories"}
    words = result["actions"]["held-out categories"]
    assert words["plain words"]["uniform"] == words["new wording"]["uniform"]
    assert 0 < words["plain words"]["answer"]["sim"] < 1
    assert "| *word prior* |" in said
    assert "fridge" in said


def test_glosses_are_what_no_generator_says():
    sample = next(iter(ProceduralShapes(0, ("bicycle",), Scan(points=256), length=1, heat=False)))
    asked = default.by_glosses(sample)
    assert "what one sits on to ride" in {part.name for part in asked.parts}
    assert len({part.name for part in asked.parts}) == len(sample.parts)
    said = {phrase for name in vocabulary() for phrase in (name, *phrases(name, "bicycle"))}
    assert not said & {word.gloss for word in vocabulary().values()}


def test_without_objects_the_card_is_not_made(tmp_path, capsys):
    assert main(["eval", "default", "--objects", str(tmp_path)]) == 3
    assert "manifest.jsonl" in capsys.readouterr().err


def test_objects_that_are_not_there_or_not_in_the_val_split_are_named(
    small,
    corpus,  # noqa: F811
    tmp_path,
    capsys,
):
    model = write_checkpoint(tmp_path / "model", "pointalign3d")
    command = ["eval", "default", "--model", str(model), "--held-out", "stool", "--objects"]
    assert main([*command, str(tmp_path / "nowhere")]) == 3
    assert "nowhere has no manifest.jsonl" in capsys.readouterr().err
    assert main([*command, str(corpus)]) == 2  # its val split holds an object without part names
    assert "no object of the split val with two named parts" in capsys.readouterr().err
