"""A protocol run from end to end on tiny converted data: figures, log, resuming, re-scoring and bad predictions."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import write_checkpoint

from partwise import Segmenter
from partwise.cli import main
from partwise.datasets.converted import Pair, write_converted
from partwise.datasets.converted_item import Item
from partwise.datasets.manifest import Manifest
from partwise.errors import InputError, MissingDataError
from partwise.evaluate import figures
from partwise.evaluate.ask import SegmenterAnswers
from partwise.evaluate.predictions import FolderAnswers
from partwise.evaluate.protocol import Step, load_protocol, with_seeds
from partwise.evaluate.questions import questions
from partwise.evaluate.results import ModelNotes, read_result
from partwise.evaluate.run import evaluate
from partwise.evaluate.sources import open_source
from partwise.metrics import (
    affordancenet_means,
    cmat_pooled,
    cmat_scores,
    count_parts,
    heat_scores,
    join_counts,
    label_confusion,
    label_scores,
    official_means,
    part_scores,
)

NOTES = ModelNotes("test", sha256="c" * 64)
PARTS = {"Chair": ("back", "seat", "leg", "arm"), "Mug": ("handle", "cup")}
AFFORDANCES = ("grasp", "pour", "wrap_grasp")


def cloud(rng, points=128):
    return rng.random((points, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Three shapes with parts, three with heat and pairs, two with one label for each point."""
    folder, rng = tmp_path_factory.mktemp("converted"), np.random.default_rng(0)
    chairs = [
        Item(f"chair{i}", "Chair", cloud(rng), labels=rng.integers(-1, 3, 128).astype(np.int32))
        for i in (0, 1)
    ]
    mug = Item("mug", "Mug", cloud(rng), labels=rng.integers(0, 2, 128).astype(np.int32))
    facts = {"licence": "none", "converter": "test"}
    write_converted(folder, Manifest("shapenetpart", label_names=PARTS, **facts), {"test": [*chairs, mug]})
    warm = [
        Item(f"{c}{i}", c, cloud(rng), heat=rng.random((128, 3)).astype(np.float32), heat_names=AFFORDANCES)
        for c, i in (("mug", 0), ("mug", 1), ("vase", 0))
    ]
    pairs = [Pair(item.uid, f"where to {a}", None, a, 0) for item in warm for a in AFFORDANCES]
    names = {"mug": AFFORDANCES, "vase": AFFORDANCES}
    write_converted(folder, Manifest("laso", label_names=names, **facts), {"test": warm}, {"test": pairs})
    write_converted(folder, Manifest("affordancenet", label_names=names, **facts), {"test": warm})
    labels = tuple(load_labels())
    hard = [
        Item(f"h{i}", "Mug", cloud(rng), labels=rng.integers(0, 19, 128).astype(np.int32)) for i in (0, 1)
    ]
    write_converted(folder, Manifest("openad", label_names={"Mug": labels}, **facts), {"val": hard})
    return folder


def load_labels():
    from partwise.evaluate.protocol import load_names

    return load_names("openad")["*"]


class Fixed:
    """Answers drawn from the key and the seed, whatever the shape: what the figures should be is then known."""

    notes, origin, config = NOTES, "measured", {"by": "test"}

    def __init__(self):
        self.asked = []

    def answer(self, question, seed):
        self.asked.append(question.key)
        rng = np.random.default_rng(
            [seed, len(question.key), question.truth.size, int(question.key[-1] == "1")]
        )
        if question.truth.dtype.kind == "f":
            return rng.random(question.truth.shape).astype(np.float32)
        return rng.integers(-1 if question.allow_none else 0, question.labels, len(question.truth))


def run(name, root, **kwargs):
    protocol = kwargs.pop("protocol", None) or with_seeds(load_protocol(name), 2)
    return evaluate(protocol, open_source(protocol, root), Fixed(), **kwargs)


def asked(name, root, seed=0):
    protocol = load_protocol(name)
    for question in questions(protocol, open_source(protocol, root), seed):
        yield question, Fixed().answer(question, seed)


def part_counts(root):
    return [
        count_parts(answer[None], question.truth[None], question.labels, question.category)
        for question, answer in asked("shapenetpart/standard", root)
    ]


def test_parts_are_the_metrics_of_the_same_answers(root):
    result = run("shapenetpart/standard", root)
    tables = [
        count_parts(a[None], q.truth[None], q.labels, q.category)
        for q, a in asked("shapenetpart/standard", root)
    ]
    expected = part_scores(join_counts(tables), "absent_counts_one")
    assert result.figures["miou"].by_seed[0] == expected.instance
    assert result.figures["ciou"].by_seed[0] == expected.category
    assert result.figures["miou"].low < result.figures["miou"].value < result.figures["miou"].high
    assert result.figures["miou"].std > 0
    assert (
        result.figures["ciou"].low is None
    )  # one mug cannot be drawn again, so the interval would be too narrow
    np.testing.assert_allclose(result.values("iou").mean(axis=0), result.figures["miou"].by_seed)
    assert result.objects() == ["chair0", "chair1", "mug"]
    assert result.data.samples == 3
    assert result.seeds == (0, 1)


@pytest.mark.parametrize(
    ("rule", "name"), [("skip-gt", "skip_parts_absent_from_gt"), ("skip-union", "skip_empty_union")]
)
def test_the_rule_for_absent_parts_is_obeyed(root, rule, name):
    class Few(Fixed):
        def answer(self, question, seed):
            return super().answer(question, seed) % 3  # the arm of a chair is in no truth, nor in an answer

    protocol = replace(load_protocol("shapenetpart/standard"), absent=rule, seeds=(0,))
    result = evaluate(protocol, open_source(protocol, root), Few())
    tables = [
        count_parts(Few().answer(q, 0)[None], q.truth[None], q.labels, q.category)
        for q, _ in asked("shapenetpart/standard", root)
    ]
    assert result.figures["miou"].value == part_scores(join_counts(tables), name).instance
    assert result.figures["miou"].value < part_scores(join_counts(tables), "absent_counts_one").instance


def test_unlabelled_points_count_as_the_protocol_says(root):
    base = replace(load_protocol("shapenetpart/standard"), seeds=(0,))
    figures = [
        run("", root, protocol=replace(base, unlabelled=rule)).samples[0].measure[0]["found"]
        for rule in ("ignore", "false_positive", "own_class")
    ]
    assert sum(figures[0]) < sum(figures[1]) == 128
    assert len(figures[2]) == 5


def test_part_first_is_a_mean_over_shapes_of_each_part_first(root):
    protocol = replace(
        load_protocol("shapenetpart/standard"), absent="skip-gt", averaging=("part-first",), seeds=(0,)
    )
    result = run("", root, protocol=protocol)
    ious = {}
    for question, answer in asked("shapenetpart/standard", root):
        for part in range(question.labels):
            truth, found = question.truth == part, (answer == part) & (question.truth >= 0)
            if truth.any():
                ious.setdefault((question.category, part), []).append(
                    (truth & found).sum() / (truth | found).sum()
                )
    by_category = {}
    for (category, _), values in ious.items():
        by_category.setdefault(category, []).append(np.mean(values))
    expected = np.mean([np.mean(values) for values in by_category.values()])
    assert result.figures["part_miou"].value == pytest.approx(expected, abs=1e-12)


def test_heat_is_the_official_means(root):
    result = run("laso/official", root)
    scores = [
        heat_scores(a[None].astype(float), q.truth[None].astype(float))
        for q, a in asked("laso/official", root)
    ]
    for name in ("auc", "aiou", "sim", "mae"):
        expected = np.mean([getattr(one, name)[0] for one in scores])
        assert result.figures[name].by_seed[0] == pytest.approx(expected, abs=1e-12)
    assert official_means(scores[0]).sim == pytest.approx(result.values("sim")[0, 0])
    assert "simcos" not in result.figures


def test_held_out_pairs_have_figures_of_their_own(root):
    result = run("laso-unseen/geal", root)
    # A vase to grasp is the only pair here that GEAL trains on.
    held = [row.values["aiou"][0] for row in result.samples if not row.key.endswith("vase0.grasp")]
    assert len(held) == len(result.samples) - 1
    assert result.figures["held_out/aiou"].by_seed[0] == pytest.approx(np.mean(held))


def test_pooled_heat_is_one_long_map_and_its_similarity_a_cosine(root):
    result = run("laso-seen/cmat-pooled", root)
    pairs = list(asked("laso-seen/cmat-pooled", root))
    found, truth = np.concatenate([a for _, a in pairs]), np.concatenate([q.truth for q, _ in pairs])
    expected = cmat_pooled(found, truth)
    assert result.figures["aiou"].by_seed[0] == float(expected.aiou[0])
    assert result.figures["simcos"].by_seed[0] == float(expected.cosine[0])
    assert "sim" not in result.figures
    assert result.samples[0].measure == ()
    for name in ("aiou", "simcos", "mae"):
        figure = result.figures[name]
        assert figure.low < figure.value < figure.high
    assert result.figures["auc"].low is None
    with pytest.raises(InputError, match="its figures are pooled"):
        result.values("aiou")


def test_affordancenet_is_over_shapes_then_over_affordances(root):
    result = run("affordancenet/official", root)
    pairs = list(asked("affordancenet/official", root))
    answers, truths = (
        np.stack(one).astype(np.float64) for one in zip(*[(a, q.truth) for q, a in pairs], strict=True)
    )
    assert answers.shape == (3, 128, 18)
    expected = affordancenet_means(heat_scores(answers, truths))
    for name, value in (
        ("map", expected.ap),
        ("mauc", expected.auc),
        ("maiou", expected.aiou),
        ("mse", expected.mse),
    ):
        assert result.figures[name].by_seed[0] == pytest.approx(value, abs=1e-12)


def test_labels_are_pooled_and_none_counts_or_not(root):
    result = run("openad/closed-full", root)
    table = sum(label_confusion(a, q.truth, 19) for q, a in asked("openad/closed-full", root))
    assert result.figures["miou"].by_seed[0] == pytest.approx(label_scores(table).miou, abs=1e-12)
    assert result.figures["miou"].low < result.figures["miou"].high
    rounds = run("openad/no-none36", root)
    tables = [np.zeros((19, 19), int), np.zeros((19, 19), int)]
    for number, (question, answer) in enumerate(asked("openad/no-none36", root)):
        tables[number % 2] += label_confusion(answer, question.truth, 19)
    expected = np.mean([label_scores(one, without={18}).miou for one in tables])
    assert rounds.figures["miou"].by_seed[0] == pytest.approx(expected, abs=1e-12)


def test_a_killed_run_goes_on_where_it_was(root, tmp_path):
    protocol = replace(load_protocol("shapenetpart/standard"), seeds=(0, 1))
    log, source = tmp_path / "run.log.jsonl", open_source(protocol, root)
    whole = evaluate(protocol, source, Fixed(), log=log)
    lines = log.read_text().splitlines(keepends=True)
    assert len(lines) == 1 + 6
    log.write_text("".join(lines[:4]) + lines[4][:20])  # three samples, and one torn by the kill
    again = Fixed()
    resumed = evaluate(protocol, source, again, log=log)
    assert len(again.asked) == 3
    assert resumed.figures == whole.figures
    assert resumed.samples == whole.samples
    assert log.read_text().splitlines() == [line.rstrip("\n") for line in lines]


def test_a_log_of_another_run_is_refused(root, tmp_path):
    log = tmp_path / "run.log.jsonl"
    run("shapenetpart/standard", root, log=log)
    with pytest.raises(InputError, match="another run, its protocol differ"):
        run("shapenetpart/patchalign3d", root, log=log)
    log.write_text(log.read_text().replace('"key": "chair1"', '"kee": "chair1"', 1))
    with pytest.raises(InputError, match="line 3 of .* is damaged"):
        run("shapenetpart/standard", root, log=log)
    log.write_text('{"a": 1}\n')
    with pytest.raises(InputError, match="no log"):
        run("shapenetpart/standard", root, log=log)


def test_an_answer_that_cannot_be_scored_leaves_the_log(root, tmp_path):
    class Broken(Fixed):
        def answer(self, question, seed):
            answer = super().answer(question, seed)
            return {"chair0": answer, "chair1": answer[:-1]}.get(question.key, answer + 0.5)

    log = tmp_path / "run.log.jsonl"
    protocol = load_protocol("shapenetpart/standard")
    with pytest.raises(InputError, match="chair1: 127 answers for 128 points"):
        evaluate(protocol, open_source(protocol, root), Broken(), log=log)
    assert '"key": "chair0"' in log.read_text()


def test_a_data_hash_and_a_limit_are_obeyed(root):
    result = run("shapenetpart/standard", root, limit=2)
    assert (result.data.samples, result.data.limit) == (2, 2)
    fixed = replace(load_protocol("shapenetpart/standard"), data_sha256="0" * 64)
    with pytest.raises(InputError, match="this copy of the data set differs"):
        run("", root, protocol=fixed)
    right = replace(fixed, data_sha256=run("shapenetpart/standard", root).data.sha256)
    assert run("", root, protocol=right).data.sha256 == right.data_sha256
    with pytest.raises(InputError, match="limit is 0"):
        run("shapenetpart/standard", root, limit=0)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("model") / "tiny", "pointalign3d")


def test_our_model_is_asked_as_the_protocol_says(root, small):
    segmenter = Segmenter.from_pretrained(small)
    for change, key, value in (
        ({"box": "max_abs_075"}, "box", "max_abs_075"),
        ({"templates": "plain"}, "templates", "plain"),
        ({}, "box", segmenter.config.box),
    ):
        protocol = replace(load_protocol("shapenetpart/standard"), **change)
        answers = SegmenterAnswers(segmenter, protocol, NOTES)
        assert answers.config[key] == value
        assert answers.segmenter.config.box == answers.config["box"]
        assert answers.segmenter.embedder.templates == answers.config["templates"]
    with pytest.raises(InputError, match="tuned prompts"):
        SegmenterAnswers(segmenter, load_protocol("shapenetpart/find3d-tuned"), NOTES)


def test_a_shape_keeps_its_colours_and_the_head_is_named(root):
    segmenter = Segmenter.from_pretrained()
    protocol = replace(
        load_protocol("partnete/partslip"), sampling=(Step("random", 40, False, 0),), names=("data",)
    )
    colors = np.arange(384, dtype=np.uint8).reshape(128, 3)
    source = open_source(load_protocol("shapenetpart/standard"), root)
    items = [replace(item, colors=colors) for item in source.items]
    question = next(questions(protocol, replace(source, items=items), 0))
    seen = SegmenterAnswers(segmenter, protocol, NOTES)._look_at(question, 0).shape
    np.testing.assert_array_equal(seen.geometry.colors[:, :3], colors[question.rows])
    heat = SegmenterAnswers(segmenter, load_protocol("laso/official"), NOTES)
    assert heat.config["head"] == segmenter.head.sha256


def test_votes_are_averaged_passes(root):
    segmenter = Segmenter.from_pretrained()
    protocol = load_protocol("laso/official-vote3")
    question = next(questions(protocol, open_source(protocol, root), 0))
    question = replace(question, points=cloud(np.random.default_rng(1), 3000), rows=None)
    three = SegmenterAnswers(segmenter, protocol, NOTES).answer(question, 1)
    once = SegmenterAnswers(segmenter, replace(protocol, votes=1), NOTES)
    single = [once.answer(question, seed) for seed in (3, 4, 5)]
    assert np.abs(single[0] - single[1]).max() > 0
    np.testing.assert_allclose(three, np.mean(single, axis=0), atol=1e-6)


def write_predictions(folder, name, root, change=lambda key, arrays: arrays, **notes):
    folder.mkdir()
    values = {
        "schema": "partwise-predictions/1",
        "model": {"name": "theirs", "sha256": "d" * 64},
        "seeds": [0],
    }
    (folder / "predictions.json").write_text(json.dumps({**values, **notes}))
    for question, answer in asked(name, root):
        key = "heat" if answer.dtype.kind == "f" else "labels"
        arrays = change(question.key, {key: answer})
        if arrays is not None:
            np.savez(folder / f"{question.key}.npz", **arrays)
    return folder


@pytest.mark.parametrize(
    "name", ["shapenetpart/standard", "laso/official", "openad/closed-full", "affordancenet/official"]
)
def test_predictions_in_files_score_as_the_same_answers_did(root, tmp_path, name):
    folder = write_predictions(tmp_path / "p", name, root)
    protocol = replace(load_protocol(name), seeds=(0,))
    found = evaluate(protocol, open_source(protocol, root), FolderAnswers(folder, protocol))
    assert found.figures == run("", root, protocol=protocol).figures
    assert found.origin == "rescored"
    assert found.model.name == "theirs"


def test_predictions_are_sampled_as_the_protocol_says(root, tmp_path):
    folder = write_predictions(tmp_path / "p", "shapenetpart/standard", root)
    protocol = replace(
        load_protocol("shapenetpart/standard"), seeds=(0,), sampling=(Step("random", 40, False, 0),)
    )
    answers = FolderAnswers(folder, protocol)
    for question in questions(protocol, open_source(protocol, root), 0):
        whole = np.load(folder / f"{question.key}.npz")["labels"]
        np.testing.assert_array_equal(answers.answer(question, 0), whole[question.rows])


def test_masks_may_overlap(root, tmp_path):
    def masks(key, arrays):
        return {"masks": np.ones((128, 2 if key == "mug" else 4), bool)}

    folder = write_predictions(tmp_path / "p", "shapenetpart/standard", root, masks)
    protocol = replace(load_protocol("shapenetpart/standard"), seeds=(0,))
    found = evaluate(protocol, open_source(protocol, root), FolderAnswers(folder, protocol))
    assert found.samples[2].measure[0]["found"] == [128, 128]


def poisoned(kind):
    def change(key, arrays):
        if "1" not in key:
            return arrays
        labels = arrays["labels"].copy()
        labels[7] = 9
        return {
            "range": {"labels": labels},
            "length": {"labels": labels[:-1]},
            "floats": {"labels": labels.astype(float)},
            "key": {"scores": labels},
            "both": {"labels": arrays["labels"], "masks": np.ones((128, 4), bool)},
            "masks": {"masks": np.full((128, 4), 2)},
            "missing": None,
            "pickle": {"labels": np.array([{}] * 128, dtype=object)},
        }[kind]

    return change


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("range", r"chair1.npz: labels is 9 at \(7,\): labels are 0..3, -1 for none"),
        ("length", r"chair1.npz: labels has shape \(127,\), chair1 has 128 points"),
        ("floats", "chair1.npz: labels is float64, expected whole numbers"),
        ("key", "chair1.npz holds scores: expected one of labels, masks"),
        ("both", "chair1.npz holds labels, masks"),
        ("masks", r"chair1.npz: masks is 2 at \(0, 0\)"),
        ("pickle", "chair1.npz is damaged"),
    ],
)
def test_a_bad_prediction_is_named_with_file_and_key(root, tmp_path, kind, message):
    folder = write_predictions(tmp_path / "p", "shapenetpart/standard", root, poisoned(kind))
    protocol = replace(load_protocol("shapenetpart/standard"), seeds=(0,))
    with pytest.raises(InputError, match=message):
        evaluate(protocol, open_source(protocol, root), FolderAnswers(folder, protocol))


def test_heat_that_turned_nan_is_named(root, tmp_path):
    def nan(key, arrays):
        heat = arrays["heat"].copy()
        heat[3] = np.nan
        return {"heat": heat} if key.startswith("00001") else arrays

    folder = write_predictions(tmp_path / "p", "laso/official", root, nan)
    protocol = load_protocol("laso/official")
    with pytest.raises(
        InputError, match=r"00001.mug0.pour.npz: heat is nan at \(3,\): heat is a float in 0..1"
    ):
        evaluate(replace(protocol, seeds=(0,)), open_source(protocol, root), FolderAnswers(folder, protocol))


def test_missing_predictions_are_counted_before_anything_is_scored(root, tmp_path):
    folder = write_predictions(tmp_path / "p", "shapenetpart/standard", root, poisoned("missing"))
    protocol = load_protocol("shapenetpart/standard")
    with pytest.raises(MissingDataError, match="1 of 3 predictions are missing: .*chair1.npz"):
        FolderAnswers(folder, protocol).check(questions(protocol, open_source(protocol, root), 0))


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        ({"schema": "x"}, "schema is not"),
        ({"model": {}}, "give its name"),
        ({"seeds": []}, "list the seed"),
    ],
)
def test_notes_that_do_not_fit_are_named(root, tmp_path, notes, message):
    folder = write_predictions(tmp_path / "p", "shapenetpart/standard", root, **notes)
    with pytest.raises(InputError, match=message):
        FolderAnswers(folder, load_protocol("shapenetpart/standard"))
    (folder / "predictions.json").unlink()
    with pytest.raises(MissingDataError, match="predictions.json"):
        FolderAnswers(folder, load_protocol("shapenetpart/standard"))


def test_the_command_runs_both_headlines_and_takes_predictions(root, small, tmp_path, capsys):
    out = tmp_path / "results"
    command = [
        "eval",
        "shapenetpart",
        "--root",
        str(root),
        "--model",
        str(small),
        "--seeds",
        "1",
        "--out",
        str(out),
    ]
    assert main([*command, "--trained-on", "chair", "--selected-on", "val"]) == 0
    said = capsys.readouterr().out
    assert "`shapenetpart/standard` mIoU" in said
    assert "`shapenetpart/patchalign3d` cIoU" in said
    assert "Trained on 1 of the 2 tested categories." in said
    result = read_result(out / "shapenetpart.standard.tiny.json")
    assert result.model.trained_on == ("chair",)
    assert (out / "shapenetpart.standard.tiny.log.jsonl").is_file()
    assert main(["eval", "shapenetpart", "--root", str(root), "--questions", str(tmp_path / "q.jsonl")]) == 0
    asked_for = [json.loads(line) for line in (tmp_path / "q.jsonl").read_text().splitlines()]
    assert asked_for[0]["phrases"] == ["back", "seat", "leg", "arm"]
    folder = write_predictions(
        tmp_path / "p", "shapenetpart/standard", root, asked_under="shapenetpart/find3d-name"
    )
    command = ["eval", "shapenetpart", "--root", str(root), "--from", str(folder)]
    assert (
        main([*command, "--protocol", "shapenetpart/standard", "--out", str(tmp_path / "theirs.json")]) == 0
    )
    assert "Answers to the words of shapenetpart/find3d-name" in capsys.readouterr().out


def test_the_command_runs_a_protocol_of_ones_own(root, small, tmp_path, capsys):
    record = {
        **load_protocol("shapenetpart/standard").record(),
        "id": "own/mine",
        "benchmark": "own",
        "samples": 3,
    }
    (tmp_path / "mine.json").write_text(json.dumps({**record, "names": ["data"], "seeds": [4]}))
    command = [
        "eval",
        "own",
        "--protocol",
        str(tmp_path / "mine.json"),
        "--root",
        str(root),
        "--model",
        str(small),
    ]
    assert main([*command, "--out", str(tmp_path)]) == 0
    assert "`own/mine` mIoU" in capsys.readouterr().out
    result = read_result(tmp_path / "own.mine.tiny.json")
    assert result.seeds == (4,)
    assert main(["table", str(tmp_path / "own.mine.tiny.json")]) == 0
    assert "| tiny | reproduced-by-us |" in capsys.readouterr().out.replace(str(small), "tiny")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["eval", "nothing"], 2, "unknown benchmark 'nothing'"),
        (
            ["eval", "laso", "--protocol", "shapenetpart/standard"],
            2,
            "belongs to the benchmark 'shapenetpart'",
        ),
        (["eval", "own"], 2, "--protocol with a .json"),
        (["eval", "shapenetpart", "--out", "one.json"], 2, "holds one result"),
        (["eval", "default"], 3, "--objects"),
        (["eval", "default", "--draws", "2"], 2, "--draws is for a model under a protocol"),
    ],
)
def test_a_wrong_command_is_explained(arguments, code, message, capsys):
    assert main(arguments) == code
    assert message in capsys.readouterr().err


def test_the_strict_threshold_scores_each_map_as_cmat_does(root):
    result = run("laso/cmat-per-sample", root)
    scores = [
        cmat_scores(answer[None].astype(float), question.truth[None].astype(float))
        for question, answer in asked("laso/cmat-per-sample", root)
    ]
    for name, field in (("aiou", "aiou"), ("simcos", "cosine"), ("auc", "auc")):
        expected = np.mean([getattr(one, field)[0] for one in scores])
        assert result.figures[name].by_seed[0] == pytest.approx(expected, abs=1e-12)
    assert "sim" not in result.figures


def test_a_pooled_interval_is_made_of_sums_that_give_the_figure(root):
    pairs = list(asked("laso-seen/cmat-pooled", root))
    sums = np.sum([figures._sums(answer, question.truth) for question, answer in pairs], axis=0)
    result = run("laso-seen/cmat-pooled", root)
    for name, value in figures._from_sums(sums[None]).items():
        assert result.figures[name].by_seed[0] == pytest.approx(value[0], abs=1e-6)


def test_a_model_that_reads_pictures_is_shown_them(root, tmp_path):
    segmenter = Segmenter.from_pretrained()
    protocol = load_protocol("piad-seen/official")
    laso = load_protocol("laso/official")
    question = next(questions(laso, open_source(laso, root), 0))
    shown = []

    class Sees(SegmenterAnswers):
        def _look_at(self, question, seed):
            return None

    answers = Sees(segmenter, protocol, NOTES, tmp_path)
    answers.segmenter.afford = lambda look, phrases, images: shown.append((phrases, images)) or Heat(128)
    with pytest.raises(InputError, match="no picture in the question"):
        answers.answer(question, 0)
    question = replace(question, image="Img/a.jpg")
    with pytest.raises(MissingDataError, match="--images"):
        answers.answer(question, 0)
    (tmp_path / "Img").mkdir()
    (tmp_path / "Img" / "a.jpg").write_bytes(b"")
    assert answers.answer(question, 0).shape == (128,)
    assert shown == [((), tmp_path / "Img" / "a.jpg")]
    assert answers.config["asked_by"] == "pictures"


class Heat:
    def __init__(self, points):
        self.heat = np.zeros((points, 1), np.float32)


def test_a_log_made_from_other_data_is_refused(root, tmp_path):
    log = tmp_path / "run.log.jsonl"
    protocol = replace(load_protocol("shapenetpart/standard"), seeds=(0,))
    source = open_source(protocol, root)
    evaluate(protocol, source, Fixed(), log=log)
    changed = [replace(item, points=item.points + np.float32(1)) for item in source.items]
    with pytest.raises(InputError, match="'chair0' with other points, words or truth"):
        evaluate(protocol, replace(source, items=changed), Fixed(), log=log)
