"""Two results held against each other: what may be compared, the difference, the report, the pictures."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import share_like, write_checkpoint
from PIL import Image

from partwise.cli import main
from partwise.errors import InputError
from partwise.evaluate.compare import compare
from partwise.evaluate.compare_report import category_chart, markdown, names_of
from partwise.evaluate.figures import summarise
from partwise.evaluate.gallery import asked_again, gallery
from partwise.evaluate.measure import measure
from partwise.evaluate.protocol import load_protocol, with_seeds
from partwise.evaluate.questions import Question, questions
from partwise.evaluate.results import DataNotes, Figure, ModelNotes, Result, SampleRow
from partwise.evaluate.sources import open_source
from partwise.io.palette import heat_colors, part_colors
from partwise.metrics.uncertainty import paired_bootstrap

NAN = float("nan")


def result(values, name="ours", figure="miou", value="iou", **changes):
    """A result of samples (S,K) in two categories, two samples of each object."""
    values = np.array(values, dtype=float)
    rows = tuple(
        SampleRow(f"s{i}", f"o{i // 2}", "chair" if i < len(values) / 2 else "mug", {value: tuple(row)})
        for i, row in enumerate(values.tolist())
    )
    seeds = tuple(range(values.shape[1]))
    by_seed = tuple(np.nanmean(values, axis=0).tolist())
    figures = {figure: Figure(float(np.mean(by_seed)), None, None, None, by_seed)}
    figures["accuracy"] = Figure(0.5, None, None, None, (0.5,) * len(seeds))
    made = Result(
        protocol={"id": "own/test", "version": 1, "task": "parts", "seeds": list(seeds)},
        model=ModelNotes(name, sha256="a" * 64),
        data=DataNotes("test", "val", "b" * 64, len(rows)),
        origin="measured",
        seeds=seeds,
        config={"points": 1024},
        versions={},
        figures=figures,
        samples=rows,
    )
    return replace(made, **changes)


def pair(seed=0, shapes=40, gap=0.1):
    rng = np.random.default_rng(seed)
    hard = rng.random((shapes, 2))
    return result(hard + gap + 0.02 * rng.normal(size=hard.shape)), result(hard, "theirs")


def test_the_difference_is_that_of_the_paired_bootstrap_by_object():
    first, second = pair()
    found = compare(first, second)
    one, two = (r.values("iou").mean(axis=1) for r in (first, second))
    expected = paired_bootstrap(one, two, 0, clusters=[f"o{i // 2}" for i in range(40)])
    miou, accuracy = found.differences
    assert miou.paired == expected
    assert miou.verdict == "first"
    assert 0.09 < miou.paired.difference.low < 0.1 < miou.paired.difference.high < 0.11
    assert (accuracy.paired, accuracy.verdict) == (None, "open")
    assert compare(second, first).differences[0].verdict == "second"


def test_equal_models_and_few_objects_leave_it_open():
    first, _ = pair()
    same = compare(first, replace(first, model=ModelNotes("copy")))
    assert same.differences[0].verdict == "open"
    assert same.differences[0].paired.p_value == 1.0
    one_object = compare(result([[0.9], [0.8]]), result([[0.1], [0.2]], "theirs"))
    assert one_object.differences[0].paired is None


def test_category_means_are_redrawn_within_categories_and_lone_ones_have_no_interval():
    values = np.random.default_rng(0).random((8, 1))
    first, second = (result(v, figure="ciou") for v in (values, values / 2))
    interval = compare(first, second).differences[0].paired.difference
    expected = (values[:4].mean() + values[4:].mean()) / 4
    assert interval.mean == pytest.approx(expected)
    lone = [replace(r, samples=(r.samples[0], r.samples[-1])) for r in (first, second)]
    assert compare(*lone).differences[0].paired is None
    assert compare(first, second).categories["chair"][2] == 4


def test_less_error_is_better():
    first, second = pair()
    swap = {"figure": "mae", "value": "mae"}
    found = compare(result(first.values("iou"), **swap), result(second.values("iou"), **swap))
    assert found.differences[0].verdict == "second"
    assert found.worst(1)[0] == int(np.argmax(first.values("iou").mean(1) + second.values("iou").mean(1)))
    lead = (second.values("iou") - first.values("iou")).mean(axis=1)
    assert found.ahead(1, 1)[0] == int(np.argmin(lead))


def test_worst_and_ahead_skip_what_is_undefined():
    found = compare(result([[0.1], [0.9], [NAN], [0.5]]), result([[0.2], [0.3], [0.0], [0.6]], "theirs"))
    assert found.worst(9).tolist() == [0, 3, 1]
    assert found.ahead(0, 9).tolist() == [1]
    assert found.ahead(1, 9).tolist() == [0, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"protocol": {"id": "own/other", "version": 1}},
            "own/test version 1 and own/other version 1 cannot",
        ),
        ({"protocol": {"id": "own/test", "version": 2}}, "version 1 and own/test version 2 cannot"),
        (
            {"protocol": {"id": "own/test", "version": 1, "task": "parts", "absent": "one"}},
            "differ in absent",
        ),
        ({"data": DataNotes("test", "val", "c" * 64, 40)}, "the data differ: test/val bbbbbbbbbbbb"),
        ({"data": DataNotes("test", "val", "b" * 64, 40, limit=9)}, "the first 9"),
        (
            {"figures": {"miou": Figure(0.5, None, None, None, (0.5,))}},
            "only one of the results has accuracy",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(change, message):
    first, second = pair()
    with pytest.raises(InputError, match=message):
        compare(first, replace(second, **change))


def test_other_samples_are_refused():
    first, second = pair()
    with pytest.raises(InputError, match="differ from number 39 on, of 40 and 39"):
        compare(first, replace(second, samples=second.samples[:-1]))
    swapped = (*second.samples[:5], second.samples[6], second.samples[5], *second.samples[7:])
    with pytest.raises(InputError, match="differ from number 5 on"):
        compare(first, replace(second, samples=swapped))


def test_further_seeds_are_the_same_protocol():
    first, second = pair()
    more = replace(second, protocol={**second.protocol, "seeds": [0, 1, 2, 3]})
    assert compare(first, more).differences[0].verdict == "first"


def test_pooled_figures_have_no_interval_and_no_categories():
    first, second = pair()
    bare = [replace(r, samples=tuple(replace(s, values={}) for s in r.samples)) for r in (first, second)]
    found = compare(*bare)
    assert found.headline is None
    assert all(one.paired is None for one in found.differences)
    assert "by category" not in markdown(found)


def test_the_report_says_every_number_and_who_is_better():
    first, second = pair()
    text = markdown(compare(first, second), [("bars", "categories.png")])
    interval = compare(first, second).differences[0].paired.difference
    assert f"| {100 * interval.mean:+.2f} | {100 * interval.low:+.2f} to {100 * interval.high:+.2f} |" in text
    assert "| ours |" in text.splitlines()[6]
    assert "| chair | 20 |" in text
    assert "![bars](categories.png)" in text
    same = replace(second, model=first.model, config={"points": 2048})
    assert names_of(compare(first, same)) == ("ours (points 1024)", "ours (points 2048)")
    assert category_chart(compare(first, second)).size[0] == 900


@pytest.mark.parametrize("name", ["openad/closed-full", "affordancenet/official", "partnete/partslip"])
def test_pooled_figures_are_taken_again_over_the_same_objects(name):
    """Answers that are right at half the points against some that are right at a tenth, through the real figures."""
    protocol = with_seeds(load_protocol(name), 2)
    categories = ("chair", "mug") if protocol.task == "parts" else ("mug",)
    labels = 19 if protocol.task == "labels" else 3
    asked = [
        made_up(number, protocol.task, categories[number % len(categories)], labels) for number in range(8)
    ]
    results = []
    for share in (0.5, 0.1):
        rng = np.random.default_rng(0)
        measured = [[measure(protocol, q, near(q, share, rng)) for q in asked] for _ in protocol.seeds]
        figures, rows = summarise(protocol, asked, measured)
        base = result([[0.0, 0.0]])
        data = DataNotes("made up", "val", "b" * 64, len(rows))
        results.append(
            replace(base, protocol=protocol.record(), data=data, seeds=(0, 1), figures=figures, samples=rows)
        )
    found = {one.figure: one for one in compare(*results).differences}
    for figure in {"labels": ("miou",), "affordances": ("maiou", "map", "mauc", "mse")}.get(
        protocol.task, ("part_miou",)
    ):
        one = found[figure]
        assert one.verdict == "first", figure
        assert one.paired.difference.mean == pytest.approx(one.first - one.second, abs=5e-3), figure
        assert one.paired.difference.low < one.paired.difference.mean < one.paired.difference.high, figure
    same = compare(results[0], results[0])
    assert all(one.verdict == "open" for one in same.differences)


def made_up(number, task, category, labels):
    rng = np.random.default_rng(number)
    truth = rng.integers(0, labels, 300)
    if task == "affordances":
        truth = rng.random((300, labels)).astype(np.float32)
    words = tuple(f"word {i}" for i in range(labels))
    points = np.zeros((300, 3), dtype=np.float32)
    return Question(
        f"s{number}",
        f"o{number}",
        category,
        points,
        None,
        None,
        "y",
        words,
        tuple(range(labels)),
        labels,
        False,
        truth,
    )


def near(question, share, rng):
    """The truth at a share of the points, chance at the others."""
    right = rng.random(len(question.truth)) < share
    if question.truth.ndim == 2:
        return np.where(right[:, None], question.truth, rng.random(question.truth.shape)).astype(np.float32)
    return np.where(right, question.truth, rng.integers(0, question.labels, len(question.truth)))


class Truth:
    """Answers what is true, or the first label everywhere."""

    notes, origin, config = ModelNotes("truth"), "measured", {}

    def __init__(self, right):
        self.right = right

    def answer(self, question, seed):
        return question.truth if self.right else np.zeros_like(question.truth)


@pytest.mark.parametrize("name", ["own/procedural", "own/procedural-heat"])
def test_a_gallery_shows_truth_beside_answers(name):
    protocol = with_seeds(load_protocol(name), 1)
    source = open_source(protocol, None)
    keys = [question.key for question in questions(protocol, source, 0, 3)]
    asked = asked_again(protocol, source, [keys[2], keys[0]], limit=3)
    assert [question.key for question in asked] == [keys[2], keys[0]]
    image = np.asarray(
        gallery(protocol, asked, [("right", Truth(True)), ("wrong", Truth(False))], size=(320, 240))
    )
    assert image.shape[1] == 3 * 320
    cells = [image[30:260, i * 320 : (i + 1) * 320] for i in range(3)]
    assert np.array_equal(cells[0], cells[1])
    assert not np.array_equal(cells[0], cells[2])
    with pytest.raises(InputError, match=r"nobody is not asked"):
        asked_again(protocol, source, ["nobody"], limit=3)
    with pytest.raises(InputError, match="nothing to show"):
        gallery(protocol, [], [])


class Half:
    """Answers 1 in the front half of a shape, 0 behind."""

    notes, origin, config = ModelNotes("half"), "measured", {}

    def answer(self, question, seed):
        return (question.asked[:, 2] > 0).astype(question.truth.dtype)


@pytest.mark.parametrize("name", ["own/procedural", "own/procedural-heat"])
def test_a_row_is_seen_from_the_side_where_the_truth_has_something_small(name):
    protocol = with_seeds(load_protocol(name), 1)
    question = next(iter(questions(protocol, open_source(protocol, None), 0, 1)))
    ball = np.random.default_rng(0).normal(size=(2000, 3)).astype(np.float32)
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    words = {"phrases": ("shell", "spot"), "answers": (0, 1), "labels": 2}
    one = replace(question, points=ball, rows=None, faces=None, up="y", **words)
    color = heat_colors(np.ones(1))[0] if protocol.task == "heat" else part_colors(words["phrases"])[1]
    shares = {}
    for side, spot in (("front", ball[:, 2] > 0.8), ("back", ball[:, 2] < -0.8)):
        asked = replace(one, truth=spot.astype(question.truth.dtype))
        image = gallery(protocol, [asked], [("half", Half())], size=(400, 300))
        shares[side] = [share_like(image.crop((x, 28, x + 290, 328)), color) for x in (0, 400)]
    assert min(shares["front"][0], shares["back"][0]) > 0.01  # the spot is seen in both
    assert shares["front"][1] > 3 * shares["back"][1]  # and the answer from the same side


def test_the_command_compares_two_settings_of_one_model(tmp_path, capsys):
    model = write_checkpoint(tmp_path / "tiny", "pointalign3d")
    files = [tmp_path / "fast.json", tmp_path / "sharp.json"]
    for points, file in zip(("64", "256"), files, strict=True):
        command = [
            "eval",
            "procedural",
            "--protocol",
            "own/procedural",
            "--model",
            str(model),
            "--limit",
            "3",
        ]
        assert main([*command, "--seeds", "1", "--points", points, "--out", str(file)]) == 0
    out = tmp_path / "report"
    command = ["compare", *map(str, files), "--out", str(out), "--answers", str(model), str(model)]
    assert main([*command, "--gallery", "1"]) == 0
    text = (out / "compare.md").read_text()
    assert "points 64" in text
    for file in ("categories.png", "worst.png", "ahead.png"):
        assert file in text
        assert Image.open(out / file).width > 0
    assert main(["compare", *map(str, files)]) == 0
    assert "| miou |" in capsys.readouterr().out
    other = json.loads(files[1].read_text())
    other["protocol"]["id"] = "shapenetpart/standard"
    files[1].write_text(json.dumps(other))
    assert main(["compare", *map(str, files)]) == 2
    assert "cannot be compared" in capsys.readouterr().err


def test_points_are_for_a_model_under_a_protocol(tmp_path, capsys):
    for rest in (["default"], ["procedural", "--from", str(tmp_path)]):
        assert main(["eval", *rest, "--points", "64"]) == 2
        assert "--points is for a model under a protocol" in capsys.readouterr().err


def test_the_command_refuses_other_weights(tmp_path, capsys):
    model = write_checkpoint(tmp_path / "tiny", "pointalign3d")
    file = tmp_path / "one.json"
    command = ["eval", "procedural", "--protocol", "own/procedural", "--model", str(model), "--limit", "2"]
    assert main([*command, "--seeds", "1", "--out", str(file)]) == 0
    content = json.loads(file.read_text())
    content["model"]["sha256"] = "d" * 64
    file.write_text(json.dumps(content))
    command = ["compare", str(file), str(file), "--answers", str(model), str(model)]
    assert main([*command, "--gallery", "1"]) == 2
    assert "a gallery needs --out" in capsys.readouterr().err
    assert main([*command, "--gallery", "1", "--out", str(tmp_path / "x")]) == 2
    assert "the result is of dddddddddddd" in capsys.readouterr().err
