"""Metrics against the official values, against slow readable twins, and gathered in batches against all at once."""

import json
from dataclasses import astuple, fields
from math import inf, isnan, log, nan, sqrt
from statistics import fmean

import numpy as np
import pytest
from golden_pack import GOLDEN

from partwise.errors import InputError
from partwise.metrics import (
    ABSENT_RULES,
    CalibrationTally,
    CmatScores,
    CmatTally,
    HeatScores,
    HeatTally,
    LabelTally,
    PartTally,
    affordancenet_means,
    batch_category_miou,
    bootstrap_interval,
    cmat_pooled,
    cmat_scores,
    count_masks,
    count_parts,
    heat_scores,
    instance_iou,
    join_counts,
    label_confusion,
    label_scores,
    mean_vote,
    official_means,
    paired_bootstrap,
    part_first_scores,
    part_iou,
    part_scores,
    pooled_part_scores,
    reliability,
)

PACK = json.loads((GOLDEN / "metrics.json").read_text())
OFFICIAL = PACK["official"]


def numbers(values):
    return np.array([nan if value is None else value for value in values])


# -------------------- the official values


def golden_shapes():
    """One tally of the five hand-checkable shapes, ids made local to their category."""
    pack, tally = PACK["shapenetpart"], PartTally()
    for shape in pack["shapes"]:
        ids = pack["parts_of_category"][shape["category"]]
        found, truth = (np.array([shape[key]]) - ids[0] for key in ("pred", "gt"))
        tally.update(found, truth, len(ids), shape["category"])
    return tally.result()


@pytest.mark.parametrize("rule", ABSENT_RULES)
def test_parity_shapenetpart(rule):
    expected, counts = PACK["shapenetpart"]["expected"][rule], golden_shapes()
    scores = part_scores(counts, rule)
    np.testing.assert_allclose(
        instance_iou(counts, rule), [one["value"] for one in expected["instance_iou"]], rtol=0, atol=1e-12
    )
    assert scores.instance == pytest.approx(expected["instance_mIoU"]["value"], abs=1e-12)
    assert scores.category == pytest.approx(expected["category_mIoU"]["value"], abs=1e-12)
    assert scores.by_category == pytest.approx(
        {name: one["value"] for name, one in expected["category_iou"].items()}, abs=1e-12
    )
    assert scores.accuracy == pytest.approx(
        PACK["shapenetpart"]["expected"]["point_accuracy"]["value"], abs=1e-12
    )
    assert (scores.shapes, scores.skipped) == (5, 0)


@pytest.mark.parametrize("batch", [2, 5])
def test_parity_category_miou_of_the_released_evaluator(batch):
    rule = "skip_parts_absent_from_gt"
    expected = PACK["shapenetpart"]["expected"][rule][f"category_mIoU_released_evaluator_batch_size_{batch}"]
    assert batch_category_miou(golden_shapes(), rule, batch) == pytest.approx(expected["value"], abs=1e-12)


def test_parity_partslip():
    pack, tally = PACK["partnete_partslip"], PartTally()
    for shape in pack["shapes"]:
        masks = np.array([shape["masks"][part] for part in pack["parts"][shape["category"]]], dtype=bool)
        tally.update_masks(masks.T[None], np.array([shape["gt"]]), shape["category"])
    scores, expected = part_first_scores(tally.result()), pack["expected"]
    for category, parts in expected["part_iou"].items():
        values = [parts[name]["value"] for name in pack["parts"][category]]
        np.testing.assert_allclose(scores.by_part[category], values, rtol=0, atol=1e-12)
        assert scores.by_category[category] == pytest.approx(
            expected["category_mIoU"][category]["value"], abs=1e-12
        )
    assert scores.miou == pytest.approx(expected["mIoU"]["value"], abs=1e-12)
    shape_first = part_scores(tally.result(), "skip_parts_absent_from_gt").category
    assert shape_first == pytest.approx(
        expected["shape_first_mIoU(contrast, not the PartSLIP definition)"]["value"], abs=1e-12
    )


def test_parity_satr_and_its_contrast():
    pack = PACK["faust_satr"]
    number = {name: i for i, name in enumerate(pack["labels"])}
    counts = join_counts(
        [
            count_parts(
                *(np.array([[number.get(name, -1) for name in mesh[key]]]) for key in ("pred", "gt")), parts=4
            )
            for mesh in pack["meshes"]
        ]
    )
    scores, expected = part_first_scores(counts), pack["expected"]
    np.testing.assert_allclose(
        scores.by_part[""],
        [expected["part_iou"][name]["value"] for name in pack["labels"]],
        rtol=0,
        atol=1e-12,
    )
    assert scores.miou == pytest.approx(expected["mIoU_part_first(SATR)"]["value"], abs=1e-12)
    contrast = expected["instance_first_all_labels_empty_union_one(PatchAlign3D generic)"]
    assert part_scores(counts, "absent_counts_one").instance == pytest.approx(
        contrast["mIoU"]["value"], abs=1e-12
    )


def test_parity_openad():
    pack = OFFICIAL["OpenAD_evaluation"]
    found, truth = np.array(pack["logits"]).argmax(axis=1), np.array(pack["label"])
    confusion, expected = label_confusion(found, truth, 5), pack["values"]
    scores = label_scores(confusion)
    assert scores.miou == pytest.approx(expected["mIoU"], abs=1e-9)
    assert scores.accuracy == pytest.approx(expected["Acc"], abs=1e-12)
    assert scores.mean_accuracy == pytest.approx(expected["mAcc"], abs=1e-9)
    np.testing.assert_allclose(scores.iou, expected["IoU_per_class"], rtol=0, atol=1e-8)
    without = label_scores(confusion, without=[4])
    assert without.miou == pytest.approx(expected["mIoU_without_none(not official)"], abs=1e-8)
    assert isnan(without.iou[4])


def test_parity_laso_and_iagnet():
    p, g = (np.array(OFFICIAL["inputs"][key], dtype=np.float32) for key in ("pred", "label"))
    scores, laso, iagnet = heat_scores(p, g), OFFICIAL["LASO_eval_lyc"], OFFICIAL["IAGNet_utils_eval"]
    for name, values in (
        ("aiou", laso["aIoU_per_sample"]),
        ("auc", laso["AUC_per_sample"]),
        ("sim", laso["SIM_per_sample"]),
        ("mae", laso["MAE_per_sample"]),
        ("kld", iagnet["KLD_per_sample"]),
    ):
        np.testing.assert_allclose(getattr(scores, name), numbers(values), rtol=0, atol=1e-6, err_msg=name)
    means, overall = official_means(scores), iagnet["overall"]
    got = (means.sim, means.auc, means.aiou, means.mae)
    assert got == pytest.approx([overall[k] for k in ("SIM", "AUC_nanmean", "aIoU_nanmean", "MAE")], abs=1e-6)
    assert (means.samples, means.skipped) == (4, 1)
    plain = official_means(scores, empty="nan")
    assert isnan(plain.auc)
    assert isnan(plain.aiou)
    assert plain.sim == means.sim


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_parity_cmat(kind):
    p, g = (np.array(OFFICIAL["inputs"][key], dtype=np.float32).astype(kind) for key in ("pred", "label"))
    pooled, expected = cmat_pooled(p, g), OFFICIAL["CMAT_pooled"]
    got = [float(value[0]) for value in astuple(pooled)]
    assert got == pytest.approx([expected[key] for key in ("auc", "aiou", "sim", "mae")], abs=1e-6)
    single = cmat_scores(p, g)
    for sample, one in enumerate(OFFICIAL["CMAT_per_sample_same_functions"]):
        got = [float(value[sample]) for value in astuple(single)]
        assert got == pytest.approx([one[key] for key in ("auc", "aiou", "sim", "mae")], abs=1e-6)
    np.testing.assert_allclose(heat_scores(p, g).cosine, single.cosine, rtol=0, atol=1e-7)


def test_parity_affordancenet():
    q = np.random.RandomState(5).rand(2, 3, 2048).astype(np.float32)
    target = np.random.RandomState(6).rand(2, 2048, 3)
    target = np.clip(target * 1.8 - 0.8, 0, 1).astype(np.float32)
    target[1, :, 2] = 0
    means = affordancenet_means(heat_scores(q.transpose(0, 2, 1), target))
    expected = OFFICIAL["AffordanceNet_evaluation"]["values"]
    for ours, theirs in (("ap", "AP"), ("auc", "AUC"), ("aiou", "aIOU"), ("mse", "MSE")):
        values = list(expected["per_class"][theirs].values())
        np.testing.assert_allclose(means.by_affordance[ours], values, rtol=0, atol=1e-6, err_msg=theirs)
    got = (means.ap, means.auc, means.aiou, means.mse)
    assert got == pytest.approx(list(expected["mean"].values()), abs=1e-6)


# -------------------- slow readable twins


def part_twin(found, truth, parts, absent):
    """Part IoU of one shape, points counted one at a time; None where a part does not count."""
    ious = []
    for part in range(parts):
        common = union = present = 0
        for a, b in zip(found, truth, strict=True):
            if b < 0:
                continue
            common += a == part and b == part
            union += a == part or b == part
            present += b == part
        if absent == "skip_parts_absent_from_gt" and present == 0:
            ious.append(None)
        elif union == 0:
            ious.append(1.0 if absent == "absent_counts_one" else None)
        else:
            ious.append(common / union)
    return ious


def some_labels(seed, shapes=12, points=50, widest=5):
    """Labels with parts that are absent, unlabelled points, points found to be nothing, whole shapes of one part."""
    rng = np.random.default_rng(seed)
    parts = rng.integers(1, widest + 1, shapes)
    truth = rng.integers(
        -1, np.minimum(parts, rng.integers(1, widest + 1, shapes))[:, None], (shapes, points)
    )
    found = np.where(rng.random(truth.shape) < 0.6, truth, rng.integers(-1, parts[:, None], truth.shape))
    truth[0], truth[1] = -1, 0
    return found, truth, parts, [f"kind {i % 4}" for i in range(shapes)]


@pytest.mark.parametrize("rule", ABSENT_RULES)
@pytest.mark.parametrize(("seed", "points"), [(0, 50), (1, 1), (2, 1024), (3, 1030)])
def test_part_iou_equals_its_twin(rule, seed, points):
    found, truth, parts, names = some_labels(seed, points=points)
    iou = part_iou(count_parts(found, truth, parts, names), rule)
    means: dict[str, list[float]] = {}
    for shape in range(len(found)):
        expected = part_twin(found[shape], truth[shape], parts[shape], rule)
        np.testing.assert_allclose(iou[shape, : parts[shape]], numbers(expected), rtol=0, atol=1e-12)
        assert np.isnan(iou[shape, parts[shape] :]).all()
        counted = [value for value in expected if value is not None]
        if counted:
            means.setdefault(names[shape], []).append(fmean(counted))
    scores = part_scores(count_parts(found, truth, parts, names), rule)
    assert scores.instance == pytest.approx(fmean(value for values in means.values() for value in values))
    assert scores.category == pytest.approx(fmean(fmean(values) for values in means.values()))
    assert scores.skipped == len(found) - sum(map(len, means.values()))
    labelled = truth >= 0
    assert scores.accuracy == pytest.approx((found == truth)[labelled].mean())


def test_unlabelled_points_are_false_positives_on_request():
    found, truth = np.array([[0, 0, 1, 1]]), np.array([[0, -1, 1, -1]])
    assert instance_iou(count_parts(found, truth, 2), "skip_empty_union") == [1.0]
    counts = count_parts(found, truth, 2, unlabelled="false_positive")
    assert instance_iou(counts, "skip_empty_union") == [0.5]
    masks = found[..., None] == np.arange(2)
    assert instance_iou(count_masks(masks, truth), "skip_empty_union") == [0.5]
    assert instance_iou(count_masks(masks, truth, unlabelled="ignore"), "skip_empty_union") == [1.0]


@pytest.mark.parametrize("unlabelled", ["ignore", "false_positive"])
def test_masks_of_labels_count_as_the_labels_do(unlabelled):
    found, truth, _, names = some_labels(4)
    by_label = count_parts(found, truth, 5, names, unlabelled)
    by_mask = count_masks(found[..., None] == np.arange(5), truth, names, unlabelled)
    for field in fields(by_label):
        assert np.array_equal(getattr(by_label, field.name), getattr(by_mask, field.name)), field.name


def test_more_parts_than_fit_a_byte():
    labels = np.arange(300).reshape(1, 300)
    counts = count_parts(labels, labels, 300)
    assert counts.common.sum() == 300
    assert part_scores(counts, "absent_counts_one").instance == 1.0


def test_many_equal_points_do_not_overflow_a_byte():
    labels = np.zeros((2, 10_000), dtype=np.int16)
    assert count_parts(labels, labels, 3).common.tolist() == [[10_000, 0, 0]] * 2


def test_part_first_leaves_out_a_part_that_never_occurs():
    counts = count_parts(np.array([[0, 0, 2]]), np.array([[0, 0, 0]]), 3, "mug")
    scores = part_first_scores(counts)
    assert scores.by_part["mug"][0] == pytest.approx(2 / 3)
    assert np.isnan(scores.by_part["mug"][1:]).all()
    assert scores.miou == pytest.approx(2 / 3)


def test_part_first_under_every_rule():
    found, truth = np.array([[0, 0, 1, 1], [0, 0, 2, 0]]), np.array([[0, 0, 1, 0], [0, 0, 0, 0]])
    counts = count_parts(found, truth, 3)
    first = (2 / 3 + 3 / 4) / 2
    for rule, expected in (
        ("skip_parts_absent_from_gt", (first, 1 / 2, None)),
        ("skip_empty_union", (first, 1 / 2, 0)),
        ("absent_counts_one", (first, 3 / 4, 1 / 2)),
    ):
        scores = part_first_scores(counts, rule)
        np.testing.assert_allclose(scores.by_part[""], numbers(expected), rtol=0, atol=1e-12)
        assert scores.miou == pytest.approx(fmean(value for value in expected if value is not None))


@pytest.mark.parametrize("points", [64, 256])
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.int64])
def test_parts_without_an_unlabelled_point(points, kind):
    """Every point has a label and the points fill whole words: nothing needs to be set aside."""
    rng = np.random.default_rng(0)
    parts = np.array([1, 2, 5, 8, 9])
    found, truth = ((rng.random((5, points)) * parts[:, None]).astype(kind) for _ in range(2))
    counts = count_parts(found, truth, parts)
    for shape, count in enumerate(parts):
        for part in range(count):
            a, b = found[shape] == part, truth[shape] == part
            assert counts.common[shape, part] == (a & b).sum()
            assert (counts.found[shape, part], counts.truth[shape, part]) == (a.sum(), b.sum())
    assert counts.found.sum() == counts.truth.sum() == found.size


def test_a_shape_of_more_points_than_float32_counts():
    labels = np.zeros((1, (1 << 24) + 1), dtype=np.int8)
    assert count_parts(labels, labels, 1).common.tolist() == [[(1 << 24) + 1]]


def test_pooled_parts_equal_one_long_shape():
    found, truth, _, _ = some_labels(5)
    pooled = pooled_part_scores(count_parts(found, truth, 5, "x"))
    long = part_iou(count_parts(found.reshape(1, -1), truth.reshape(1, -1), 5), "skip_empty_union")
    np.testing.assert_allclose(pooled.by_part["x"], long[0], rtol=0, atol=1e-12)
    assert pooled.miou == pytest.approx(np.nanmean(long))


def label_twin(found, truth, labels, without):
    """OpenAD's figures, point by point."""
    ious, recalls, right, total = [], [], 0, 0
    for label in range(labels):
        both = sum(a == label == b for a, b in zip(found, truth, strict=True))
        present = sum(b == label for b in truth)
        union = sum(label in (a, b) for a, b in zip(found, truth, strict=True))
        if label not in without:
            ious.append(both / (union + 1e-6))
            recalls.append(both / (present + 1e-6))
            right, total = right + both, total + present
    return fmean(ious), right / total, fmean(recalls)


@pytest.mark.parametrize("without", [(), (3,), (0, 3)])
def test_label_scores_equal_their_twin(without):
    rng = np.random.default_rng(0)
    truth = rng.choice([0, 1, 3], 200)
    found = np.where(rng.random(200) < 0.5, truth, rng.integers(0, 5, 200))
    scores = label_scores(label_confusion(found, truth, 5), without)
    got = (scores.miou, scores.accuracy, scores.mean_accuracy)
    assert got == pytest.approx(label_twin(found.tolist(), truth.tolist(), 5, without), abs=1e-12)


def test_labels_of_each_shape_are_parts_too():
    """The per-instance variant of the OpenAD figures: the labels of a shape counted as its parts."""
    found, truth = np.array([[0, 0, 2, 1], [2, 2, 2, 2]]), np.array([[0, 1, 2, 2], [2, 2, 2, 0]])
    scores = part_scores(count_parts(found, truth, 3), "skip_empty_union")
    assert scores.instance == pytest.approx(((1 / 2 + 0 + 1 / 2) / 3 + (0 + 3 / 4) / 2) / 2)


def test_all_points_none():
    none = np.full((2, 7), 4)
    scores = label_scores(label_confusion(none, none, 5))
    assert scores.accuracy == 1.0
    assert scores.miou == pytest.approx(1 / 5, abs=1e-6)
    with pytest.raises(InputError, match="no point has one of the 4 labels"):
        label_scores(label_confusion(none, none, 5), without=[4])


def heat_twin(p, g):
    """The figures of one sample in the order of HeatScores, pair by pair and threshold by threshold."""
    positive = [value >= 0.5 for value in g]
    yes = [a for a, b in zip(p, positive, strict=True) if b]
    no = [a for a, b in zip(p, positive, strict=True) if not b]
    auc = ap = aiou = f1 = nan
    if yes and no:
        auc = fmean((a > b) + 0.5 * (a == b) for a in yes for b in no)
    if yes:
        ap = fmean(sum(b >= a for b in yes) / sum(b >= a for b in p) for a in yes)
        ious = []
        for t in np.linspace(0, 1, 20):
            found = [a >= t for a in p]
            both = sum(a and b for a, b in zip(found, positive, strict=True))
            ious.append(both / (sum(found) + len(yes) - both))
        aiou = fmean(ious)
        f1 = 2 * sum(a >= 0.5 for a in yes) / (sum(a >= 0.5 for a in p) + len(yes))
    ps, gs = [a / (sum(p) + 1e-12) for a in p], [b / (sum(g) + 1e-12) for b in g]
    sim = sum(map(min, ps, gs))
    lengths = sqrt(sum(a * a for a in p) * sum(b * b for b in g))
    cosine = sum(a * b for a, b in zip(p, g, strict=True)) / lengths if lengths else 0.0
    kld = sum(b * log(b / (a + 1e-12) + 1e-12) for a, b in zip(ps, gs, strict=True))
    mae = fmean(abs(a - b) for a, b in zip(p, g, strict=True))
    mse = fmean((a - b) ** 2 for a, b in zip(p, g, strict=True))
    return [auc, ap, aiou, f1, sim, cosine, kld, mae, mse]


def some_heat(points=60):
    """Predictions and targets (9,N), each row another way to hurt."""
    rng = np.random.default_rng(0)
    p, g = rng.random((9, points)), np.clip(rng.random((9, points)) * 1.6 - 0.6, 0, 1)
    p[1] = np.round(p[1] * 4) / 4  # many ties
    p[2] = 0.5  # one score
    p[3] = np.linspace(0, 1, 20)[rng.integers(0, 20, points)]  # on the thresholds
    g[3] = np.round(g[3] * 4) / 4  # some at exactly 0.5
    p[4] = 0
    g[5] = 0  # nothing positive
    g[6] = 1  # nothing negative
    g[7] = np.round(g[7])
    p[7] = g[7]  # perfect
    p[8], g[8] = 0, 0
    return p, g


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("points", [60, 1, 2])
def test_heat_scores_equal_their_twin(kind, points):
    p, g = (maps.astype(kind) for maps in some_heat(points))
    scores = heat_scores(p, g)
    for row in range(len(p)):
        expected = heat_twin(p[row].astype(np.float64).tolist(), g[row].astype(np.float64).tolist())
        got = [float(getattr(scores, field.name)[row]) for field in fields(HeatScores)]
        assert got == pytest.approx(expected, abs=1e-6, nan_ok=True), f"row {row}"


def test_cmat_counts_thresholds_strictly_and_empty_unions_as_one():
    p, g = some_heat()
    scores = cmat_scores(p, g)
    for row in range(len(p)):
        ious = []
        for t in np.linspace(0, 1, 20):
            found, positive = p[row] > t, g[row] > 0.5
            union = (found | positive).sum()
            ious.append((found & positive).sum() / union if union else 1.0)
        assert scores.aiou[row] == pytest.approx(fmean(ious), abs=1e-12)
    assert scores.auc[5] == scores.auc[6] == 0.5
    assert scores.aiou[8] == 1.0
    assert scores.cosine[8] == 0.0


@pytest.mark.parametrize("strict", [False, True])
def test_a_float32_score_meets_a_float64_threshold_exactly(strict):
    """float32(1/19) is above 1/19, float32(2/19) is below 2/19: neither may be rounded onto the other."""
    thresholds = np.linspace(0, 1, 20)
    p = thresholds.astype(np.float32)[None]
    g = np.ones_like(p)
    expected = [
        ((p[0].astype(np.float64) > t) if strict else (p[0].astype(np.float64) >= t)).mean()
        for t in thresholds
    ]
    score = cmat_scores(p, g).aiou if strict else heat_scores(p, g).aiou
    assert score[0] == pytest.approx(fmean(expected), abs=1e-12)


def test_maps_of_many_prompts_are_scored_one_by_one():
    p, g = some_heat()
    stacked = heat_scores(np.stack([p, p[::-1]], axis=2), np.stack([g, g[::-1]], axis=2))
    single = heat_scores(p, g)
    for field in fields(HeatScores):
        both = getattr(stacked, field.name)
        assert np.array_equal(both[:, 0], getattr(single, field.name), equal_nan=True)
        assert np.array_equal(both[:, 1], getattr(single, field.name)[::-1], equal_nan=True)


def test_a_vote_is_the_mean_of_the_passes():
    passes = np.random.default_rng(0).random((3, 2, 50)).astype(np.float32)
    vote = mean_vote(passes)
    assert vote.dtype == np.float32
    np.testing.assert_allclose(vote, (passes[0] + passes[1] + passes[2]) / 3, atol=1e-7)
    assert np.array_equal(mean_vote(passes[:1]), passes[0])


def test_half_precision_is_raised():
    p, g = (maps.astype(np.float16) for maps in some_heat())
    np.testing.assert_allclose(
        heat_scores(p, g).sim, heat_scores(p.astype(np.float32), g.astype(np.float32)).sim
    )


def test_inputs_are_left_as_they_were():
    p, g = some_heat()
    before = p.copy(), g.copy()
    heat_scores(p, g)
    cmat_pooled(p, g)
    assert np.array_equal(p, before[0])
    assert np.array_equal(g, before[1])


# -------------------- batch by batch, all at once


def test_parts_gathered_in_batches_are_equal():
    found, truth, parts, names = some_labels(6, shapes=40)
    once, first, second = count_parts(found, truth, parts, names), PartTally(), PartTally()
    for start, tally in ((0, first), (3, first), (10, second)):
        stop = {0: 3, 3: 10, 10: 40}[start]
        tally.update(found[start:stop], truth[start:stop], parts[start:stop], names[start:stop])
    first.merge(second)
    for rule in ABSENT_RULES:
        assert part_scores(first.result(), rule) == part_scores(once, rule)
    assert part_first_scores(first.result()).miou == part_first_scores(once).miou


def test_labels_gathered_in_batches_are_equal():
    rng = np.random.default_rng(0)
    found, truth = rng.integers(0, 19, (2, 30, 100))
    first, second = LabelTally(19), LabelTally(19)
    second.update(found[20:], truth[20:])
    first.update(found[:20], truth[:20])
    first.merge(second)
    assert np.array_equal(first.result(), label_confusion(found, truth, 19))
    with pytest.raises(InputError, match="5 labels does not fit"):
        first.merge(LabelTally(5))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_heat_gathered_in_batches_is_equal(kind):
    rng = np.random.default_rng(0)
    p, g = rng.random((2, 150, 1000)).astype(kind)  # more than one chunk
    p[::3] = np.round(p[::3], 2)
    first, second = HeatTally(), HeatTally()
    first.update(p[:1], g[:1])
    first.update(p[1:70], g[1:70])
    second.update(p[70:], g[70:])
    first.merge(second)
    once = heat_scores(p, g)
    for field in fields(HeatScores):
        assert np.array_equal(
            getattr(first.result(), field.name), getattr(once, field.name), equal_nan=True
        ), field.name


def test_pooled_heat_gathered_in_batches_is_equal():
    p, g = some_heat()
    first, second = CmatTally(), CmatTally()
    first.update(p[:4], g[:4])
    second.update(p[4:], g[4:])
    first.merge(second)
    once = cmat_pooled(p, g)
    for field in fields(CmatScores):
        assert np.array_equal(getattr(first.result(), field.name), getattr(once, field.name))


# -------------------- uncertainty


def test_bootstrap_covers_the_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for trial in range(200):
        interval = bootstrap_interval(rng.random(60), seed=trial, draws=300, level=0.9)
        hits += interval.low <= 0.5 <= interval.high
    assert 0.83 <= hits / 200 <= 0.95


def test_bootstrap_is_the_same_for_the_same_seed_only():
    values = np.random.default_rng(0).random(50)
    assert bootstrap_interval(values, seed=1) == bootstrap_interval(values, seed=1)
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)


def test_bootstrap_by_cluster_does_not_believe_in_copies():
    values = np.random.default_rng(0).random(40)
    plain = bootstrap_interval(values, seed=0)
    copies = bootstrap_interval(np.repeat(values, 9), seed=0, clusters=np.repeat(np.arange(40), 9).tolist())
    fooled = bootstrap_interval(np.repeat(values, 9), seed=0)
    assert copies.high - copies.low == pytest.approx(plain.high - plain.low, rel=1e-6)
    assert fooled.high - fooled.low < 0.5 * (plain.high - plain.low)


def test_bootstrap_of_category_means():
    values = np.array([0.0, 0.2, 1.0, nan])
    interval = bootstrap_interval(values, seed=0, categories=["a", "a", "b", "b"])
    assert interval.mean == pytest.approx(0.55)
    assert interval.low == pytest.approx(0.5)
    assert interval.high == pytest.approx(0.6)


def test_paired_bootstrap_sees_a_small_steady_difference():
    rng = np.random.default_rng(0)
    hard = rng.random(100)
    better = np.clip(hard + 0.02 + 0.01 * rng.standard_normal(100), 0, 2)
    comparison = paired_bootstrap(better, hard, seed=0)
    assert comparison.difference.low > 0
    assert comparison.p_value < 0.01
    assert comparison.shapes == 100
    alone = bootstrap_interval(hard, seed=0)
    assert alone.high - alone.low > 5 * (comparison.difference.high - comparison.difference.low)


def test_paired_bootstrap_of_equals_finds_nothing():
    values = np.array([0.1, 0.5, nan, 0.9])
    comparison = paired_bootstrap(values, values, seed=0)
    assert comparison.p_value == 1.0
    assert comparison.difference.mean == 0.0
    assert comparison.shapes == 3


def test_reliability_equals_its_twin():
    rng = np.random.default_rng(0)
    confidence = rng.random(500).astype(np.float32)
    confidence[:3] = 0.0, 1.0, 0.2
    correct = rng.random(500) < confidence**2
    curve = reliability(confidence, correct, bins=10)
    error = 0.0
    for i in range(10):
        inside = [
            n for n, c in enumerate(confidence) if (c > curve.edges[i] or i == 0) and c <= curve.edges[i + 1]
        ]
        assert curve.count[i] == len(inside)
        assert curve.confidence[i] == pytest.approx(confidence[inside].mean(), abs=1e-6)
        assert curve.accuracy[i] == pytest.approx(correct[inside].mean(), abs=1e-12)
        error += len(inside) / 500 * abs(confidence[inside].mean() - correct[inside].mean())
    assert curve.error == pytest.approx(error, abs=1e-6)
    assert curve.worst == pytest.approx(np.abs(curve.confidence - curve.accuracy).max())


def test_reliability_of_a_sure_and_wrong_model():
    curve = reliability(np.ones(4), np.zeros(4, dtype=bool), bins=5)
    assert curve.error == curve.worst == 1.0
    assert curve.count.tolist() == [0, 0, 0, 0, 4]
    assert np.isnan(curve.accuracy[:4]).all()


def test_calibration_gathered_in_any_order_is_equal():
    rng = np.random.default_rng(0)
    confidence, correct = rng.random(1000), rng.random(1000) < 0.5
    once, first, second = reliability(confidence, correct), CalibrationTally(), CalibrationTally()
    first.update(confidence[300:], correct[300:])
    second.update(confidence[:300], correct[:300])
    first.merge(second)
    for field in ("count", "confidence", "accuracy"):
        assert np.array_equal(getattr(first.result(), field), getattr(once, field), equal_nan=True)
    assert first.result().error == once.error
    with pytest.raises(InputError, match="3 bins does not fit"):
        first.merge(CalibrationTally(3))


# -------------------- bad input

LABELS = np.zeros((2, 5), dtype=np.int64)
HEAT = np.zeros((2, 5))


def labels_with(value):
    wrong = LABELS.copy()
    wrong[1, 3] = value
    return wrong


def heat_with(value):
    wrong = HEAT.copy()
    wrong[1, 3] = value
    return wrong


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: count_parts(labels_with(2), LABELS, 2), r"found label 2 at shape 1, point 3 .* 0\.\.1"),
        (lambda: count_parts(labels_with(258), LABELS, 2), "found label 258 at shape 1, point 3"),
        (lambda: count_parts(LABELS, labels_with(-2), 2), "true label -2 at shape 1, point 3"),
        (lambda: count_parts(LABELS, labels_with(1), np.array([2, 1])), "true label 1 at shape 1, point 3"),
        (
            lambda: count_parts(np.ones((2, 64), np.int32), np.zeros((2, 64), np.int32), np.array([2, 1])),
            "found label 1 at shape 1, point 0 .* has 1 parts",
        ),
        (
            lambda: count_parts(np.full((2, 64), 258), np.zeros((2, 64), np.int64), 2),
            "found label 258 at shape 0, point 0",
        ),
        (lambda: mean_vote(np.zeros((0, 5))), "no pass was given"),
        (lambda: count_masks(np.zeros((2, 5, 2), bool), labels_with(9)), "true label 9 at shape 1, point 3"),
        (
            lambda: count_parts(LABELS, np.zeros((2, 4), dtype=np.int64), 2),
            "2 answers of 5 points .* 2 truths of 4",
        ),
        (lambda: count_parts(LABELS, LABELS, 2, ["a"]), "2 part counts and 1 categories"),
        (lambda: count_parts(LABELS, LABELS, np.array([1, 0])), "shape 1 has 0 parts"),
        (lambda: count_parts(LABELS, LABELS, 2, "", "keep"), "unknown rule 'keep'"),
        (lambda: part_iou(count_parts(LABELS, LABELS, 2), "skip"), "unknown rule 'skip'"),
        (
            lambda: part_scores(count_parts(LABELS[:0], LABELS[:0], 2), ABSENT_RULES[0]),
            "no shape was counted",
        ),
        (lambda: PartTally().result(), "no shape was counted"),
        (lambda: label_confusion(labels_with(19), LABELS, 19), r"found label 19 at \(1, 3\)"),
        (lambda: label_confusion(LABELS, labels_with(-1), 19), r"true label -1 at \(1, 3\)"),
        (lambda: label_confusion(LABELS, LABELS[:1], 19), "do not match"),
        (lambda: heat_scores(heat_with(nan), HEAT), r"prediction nan at \(1, 3\) .* sigmoid"),
        (lambda: heat_scores(heat_with(inf), HEAT), r"prediction inf at \(1, 3\)"),
        (lambda: heat_scores(heat_with(-0.1), HEAT), r"prediction -0.1 at \(1, 3\)"),
        (lambda: heat_scores(HEAT, heat_with(1.5)), r"target 1.5 at \(1, 3\)"),
        (lambda: heat_scores(HEAT, HEAT[:, :4]), r"predictions \(2, 5\) do not match targets \(2, 4\)"),
        (lambda: heat_scores(HEAT[:, :0], HEAT[:, :0]), r"maps of shape \(2, 0\)"),
        (lambda: CmatTally().update(heat_with(nan), HEAT), "prediction nan"),
        (lambda: CmatTally().result(), "no point was added"),
        (lambda: HeatTally().result(), "no sample was scored"),
        (lambda: official_means(heat_scores(HEAT[:0], HEAT[:0])), "no sample was scored"),
        (lambda: official_means(heat_scores(HEAT, HEAT), "zero"), "unknown rule 'zero'"),
        (lambda: affordancenet_means(heat_scores(HEAT, HEAT)), "no affordance axis"),
        (lambda: bootstrap_interval(np.full(3, nan), seed=0), "none of the 3 values"),
        (lambda: bootstrap_interval(np.ones(3), seed=0, draws=0), "0 draws"),
        (lambda: bootstrap_interval(np.ones(3), seed=0, level=95.0), "level 95.0"),
        (lambda: bootstrap_interval(np.ones(3), seed=0, clusters=[1]), "1 clusters came with 3 values"),
        (lambda: paired_bootstrap(np.ones(3), np.ones(2), seed=0), "3 and 2 shapes"),
        (lambda: reliability(np.array([0.5, nan]), np.array([True, False])), "confidence nan at 1"),
        (lambda: reliability(np.array([0.5]), np.array([True, False])), "1 confidences came with 2 answers"),
        (lambda: reliability(np.zeros(0), np.zeros(0, bool)), "no answer"),
        (lambda: CalibrationTally(0), "0 bins"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
