"""Loss terms against the official values and slow readable twins, and what must not happen to their gradients."""

import json
import math

import numpy as np
import pytest
import torch
from golden_pack import GOLDEN, load_pack

from partwise.errors import InputError
from partwise.losses import (
    KOLEO_COLLAPSED,
    affinity,
    affinity_loss,
    batch_fractions,
    chamfer_loss,
    contrastive_loss,
    dice_loss,
    distillation_loss,
    focal_terms,
    inverse_log_weights,
    koleo_distances,
    koleo_loss,
    mean_over_asked,
    part_dice_loss,
    patch_fractions,
    patch_text_loss,
    patch_text_terms,
    point_text_loss,
)

OFFICIAL = json.loads((GOLDEN / "metrics.json").read_text())["official"]


@pytest.fixture(scope="module")
def pack():
    return load_pack("losses_small")


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


# -------------------- the official values


def official_maps():
    return (torch.tensor(OFFICIAL["inputs"][key]) for key in ("pred", "label"))


def test_parity_hm_loss():
    p, g = official_maps()
    expected = OFFICIAL["LASO_HM_Loss"]
    focal, dice = focal_terms(p, g, guard="add").mean(), dice_loss(p, g, "hm").mean()
    assert focal.item() == pytest.approx(expected["focal_part"], abs=1e-6)
    assert dice.item() == pytest.approx(expected["dice_part"], abs=1e-6)
    assert (focal + dice).item() == pytest.approx(expected["pred(B,N)"], abs=1e-6)
    assert dice_loss(p[..., None], g[..., None], "hm").mean().item() == pytest.approx(dice.item(), abs=1e-6)


def test_parity_las_loss():
    p, g = official_maps()
    expected, p = OFFICIAL["CMAT_LASLoss"], torch.logit(p.clamp(1e-4, 1 - 1e-4)).sigmoid()
    assert focal_terms(p, g).mean().item() == pytest.approx(expected["focal"], abs=1e-6)
    assert dice_loss(p, g, "release").item() == pytest.approx(expected["dice"], abs=1e-6)


@pytest.mark.parametrize("kind", ["hard", "soft"])
@pytest.mark.parametrize("precision", ["", "_float64"])
def test_parity_las_loss_with_saturated_logits_and_an_empty_sample(pack, kind, precision):
    tensors, sidecar = pack
    dtype = torch.float64 if precision else torch.float32
    p = tensors["in"]["cmat.loss.logits"].to(dtype).sigmoid()
    g, expected = tensors["in"][f"cmat.loss.target_{kind}"], sidecar["scalars"]["LASLoss"][kind + precision]
    focal, dice = focal_terms(p, g.to(dtype)).mean().item(), dice_loss(p, g.to(dtype), "release").item()
    rounding = 1e-4 if not precision else 1e-6
    assert focal == pytest.approx(expected["focal_loss"], rel=rounding)
    assert dice == pytest.approx(expected["dice_loss"], rel=rounding)
    assert focal + dice == pytest.approx(expected["total_loss"], rel=rounding)


def test_parity_affinity(pack):
    tensors, sidecar = pack
    student, teacher = (tensors["out"][f"cmat.stage1.{name}"] for name in ("x_vis", "teacher_visible"))
    for features, name in ((student, "student"), (teacher, "teacher")):
        torch.testing.assert_close(
            affinity(features), tensors["out"][f"cmat.stage1.gram_{name}"], rtol=0, atol=1e-5
        )
    loss = affinity_loss(student, teacher).mean().item()
    assert loss == pytest.approx(tensors["out"]["cmat.stage1.struct_loss"].item(), abs=1e-6)
    for wrong in sidecar["negative_controls"].values():
        assert abs(loss - wrong["struct_loss"]) > 1e-3


def test_parity_chamfer_of_point_mae(pack):
    tensors, _ = pack
    target = tensors["out"]["pointmae.neighborhood"][tensors["in"]["pointmae.mask"]]
    loss = chamfer_loss(tensors["out"]["pointmae.rebuild_points"], target).mean().item()
    assert loss == pytest.approx(tensors["out"]["pointmae.loss"].item(), abs=1e-6)


def test_parity_stage_one_of_cmat(pack):
    out, mask = pack[0]["out"], pack[0]["in"]["cmat.stage1.mask"]
    points, centers = pack[0]["in"]["cmat.stage1.points"], out["cmat.stage1.center"]
    order = torch.cdist(centers, points, compute_mode="donot_use_mm_for_euclid_dist").argsort(
        dim=-1, stable=True
    )
    batch = torch.arange(len(points))[:, None, None]
    patches = points[batch, order[..., :32]] - centers[:, :, None]
    rebuilt = chamfer_loss(out["cmat.stage1.rebuild_points"], patches[mask]).mean()
    alike = affinity_loss(out["cmat.stage1.x_vis"], out["cmat.stage1.teacher_visible"]).mean()
    assert rebuilt.item() == pytest.approx(out["cmat.stage1.recon_loss"].item(), abs=1e-6)
    assert (rebuilt + 0.1 * alike).item() == pytest.approx(out["cmat.stage1.total_loss"].item(), abs=1e-6)


# -------------------- PatchAlign3D, Find3D


def test_distillation_equals_its_twin(generator):
    predicted, target = torch.randn(2, 2, 5, 7, generator=generator)
    valid = torch.tensor([[1, 1, 0, 0, 1], [0, 0, 0, 0, 0]], dtype=torch.bool)
    loss = distillation_loss(predicted, target, valid)
    expected = []
    for i in (0, 1, 4):
        a, b = predicted[0, i].tolist(), target[0, i].tolist()
        expected.append(1 - sum(map(float.__mul__, a, b)) / (math.hypot(*a) * math.hypot(*b)))
    assert loss[0].item() == pytest.approx(sum(expected) / 3, abs=1e-6)
    assert loss[1] == 0
    assert distillation_loss(predicted, 3 * predicted).abs().max() < 1e-6


def test_patch_fractions_count_overlapping_masks_and_unlabelled_points():
    masks = torch.tensor([[[1, 1], [1, 0], [0, 0], [0, 0]]], dtype=torch.bool)
    index = torch.tensor([[[0, 1, 2, 3], [0, 0, 1, 2], [2, 3, 2, 3]]])
    expected = torch.tensor([[[0.5, 0.25], [0.75, 0.5], [0.0, 0.0]]])
    assert torch.equal(patch_fractions(masks, index), expected)


def patch_text_twin(logits, fractions, asked, power, reduction):
    """One shape, one patch and one phrase at a time."""
    k = sum(asked)
    weight = max(1, k - 1) ** power
    total = 0.0
    for patch, shares in zip(logits, fractions, strict=True):
        for x, y, counts in zip(patch, shares, asked, strict=True):
            if counts:
                total -= weight * y * math.log(sigmoid(x)) + (1 - y) * math.log(1 - sigmoid(x))
    return total / (max(1, k) * len(logits)) if reduction == "mean" else total


@pytest.mark.parametrize(("power", "reduction"), [(0.0, "sum"), (1.0, "mean"), (0.5, "sum")])
def test_patch_text_loss_equals_its_twin(generator, power, reduction):
    logits = 2 * torch.randn(4, 6, 5, generator=generator)
    fractions = torch.rand(4, 6, 5, generator=generator)
    fractions[:, :, 1] = 0
    asked = torch.tensor(
        [[1, 1, 1, 1, 1], [1, 1, 0, 1, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0]], dtype=torch.bool
    )
    loss = patch_text_loss(logits, fractions, asked, power, reduction)
    for row in range(4):
        expected = patch_text_twin(
            logits[row].tolist(), fractions[row].tolist(), asked[row].tolist(), power, reduction
        )
        assert loss[row].item() == pytest.approx(expected, abs=1e-5)
    assert mean_over_asked(loss, asked).item() == pytest.approx(loss[:3].mean().item(), rel=1e-6)
    padding = logits.clone()
    padding[~asked[:, None].expand_as(logits)] = 99
    assert torch.equal(patch_text_loss(padding, fractions, asked, power, reduction), loss)


def test_positive_weight_follows_its_power():
    logits, fractions = torch.zeros(1, 1, 5), torch.ones(1, 1, 5)
    asked = torch.ones(1, 5, dtype=torch.bool)
    for power, weight in ((0.0, 1), (0.5, 2), (1.0, 4)):
        torch.testing.assert_close(
            patch_text_terms(logits, fractions, asked, power), torch.full((1, 1, 5), weight * math.log(2))
        )


def test_one_phrase_alone_keeps_a_positive_weight_of_one():
    """K - 1 is 0 there: without the floor a shape of one part would learn nothing from the release's objective."""
    loss = patch_text_loss(
        torch.zeros(1, 3, 1), torch.ones(1, 3, 1), torch.ones(1, 1, dtype=torch.bool), 1.0, "mean"
    )
    assert loss.item() == pytest.approx(math.log(2))


def test_batch_fractions_make_other_shapes_phrases_negatives():
    fractions = torch.tensor([[[0.5, 0.25]], [[1.0, 0.75]]])
    asked = torch.tensor([[True, True], [True, False]])
    wide = batch_fractions(fractions, torch.tensor([[2, 0], [0, 1]]), asked, 3)
    assert wide.tolist() == [[[0.25, 0.0, 0.5]], [[1.0, 0.0, 0.0]]]
    twice = batch_fractions(fractions, torch.tensor([[1, 1], [1, 1]]), asked, 2)
    assert twice.tolist() == [[[0.0, 0.5]], [[0.0, 1.0]]]


def point_text_twin(logits, labels, asked, balance):
    """One shape, point by point."""
    found = [label for label in labels if label >= 0]
    total = weights = 0.0
    for row, label in zip(logits, labels, strict=True):
        if label < 0:
            continue
        bottom = sum(math.exp(x) for x, counts in zip(row, asked, strict=True) if counts)
        weight = (found.count(label) / len(found)) ** -balance
        total += weight * (math.log(bottom) - row[label])
        weights += weight
    return total / weights


@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_point_text_loss_equals_its_twin(generator, balance):
    logits = torch.randn(3, 20, 4, generator=generator)
    labels = torch.randint(-1, 3, (3, 20), generator=generator)
    labels[2] = -1
    asked = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0], [0, 0, 0, 0]], dtype=torch.bool)
    loss = point_text_loss(logits, labels, asked, balance)
    for row in range(2):
        expected = point_text_twin(logits[row].tolist(), labels[row].tolist(), asked[row].tolist(), balance)
        assert loss[row].item() == pytest.approx(expected, abs=1e-5)
    assert loss[2] == 0


def test_a_shape_asked_nothing_does_not_spoil_the_gradient(generator):
    logits = torch.randn(2, 5, 3, generator=generator, requires_grad=True)
    asked = torch.tensor([[True, True, False], [False, False, False]])
    labels = torch.tensor([[0, 1, 1, -1, 0], [-1] * 5])
    fractions = torch.rand(2, 5, 3, generator=generator)
    for power, reduction in ((0.0, "sum"), (1.0, "mean")):
        loss = (
            patch_text_loss(logits, fractions, asked, power, reduction).sum()
            + point_text_loss(logits, labels, asked).sum()
        )
        (gradient,) = torch.autograd.grad(loss, logits)
        assert torch.isfinite(gradient).all()
        assert gradient[0, :, :2].abs().min() > 0
        assert (gradient[1] == 0).all()
        assert (gradient[0, :, 2] == 0).all()


def test_contrastive_loss_equals_its_twin(generator):
    logits = torch.randn(5, 5, generator=generator)
    valid = torch.tensor([True, True, False, True, True])
    loss, rows = contrastive_loss(logits, valid), logits.tolist()
    kept = [i for i in range(5) if valid[i]]
    for i in range(5):
        names = math.log(sum(math.exp(rows[i][j]) for j in kept)) - rows[i][i]
        masks = math.log(sum(math.exp(rows[j][i]) for j in kept)) - rows[i][i]
        assert loss[i].item() == pytest.approx((names + masks) / 2 if valid[i] else 0.0, abs=1e-5)
    torch.testing.assert_close(contrastive_loss(logits[:2, :2]), contrastive_loss(logits[:2, :2], valid[:2]))


# -------------------- heat: CMAT, LAS


@pytest.mark.parametrize("guard", ["clamp", "add"])
def test_focal_equals_its_twin(generator, guard):
    p, g = torch.rand(2, 30, generator=generator), torch.rand(2, 30, generator=generator)
    p[0, :3], g[0, :3] = torch.tensor([0.0, 1.0, 0.5]), torch.tensor([1.0, 0.0, 0.0])
    terms = focal_terms(p.double(), g.double(), alpha=0.3, gamma=1.5, guard=guard)
    for x, y, term in zip(p.flatten().tolist(), g.flatten().tolist(), terms.flatten().tolist(), strict=True):
        x = min(max(x, 1e-6), 1 - 1e-6) if guard == "clamp" else x
        plus = 1e-6 if guard == "add" else 0.0
        expected = -0.3 * (1 - x) ** 1.5 * y * math.log(x + plus) - 0.7 * x**1.5 * (1 - y) * math.log(
            1 - x + plus
        )
        assert term == pytest.approx(expected, abs=1e-6)


def test_dice_of_perfect_wrong_and_empty_answers():
    g = torch.tensor([[1.0, 1, 0, 0], [0, 0, 0, 0]])
    standard, per_sample = dice_loss(g, g), dice_loss(g, g, "hm")
    torch.testing.assert_close(standard, torch.zeros(2))
    torch.testing.assert_close(per_sample, torch.tensor([0.5, -0.0]), rtol=0, atol=1e-6)
    assert dice_loss(g, g, "release").item() == pytest.approx(-0.5)
    assert dice_loss(1 - g, g).tolist() == pytest.approx([1.0, 1.0], abs=1e-5)


def test_dice_takes_each_prompt_as_a_sample(generator):
    p, g = torch.rand(2, 3, 10, 4, generator=generator)
    for form in ("standard", "hm"):
        each = torch.stack([dice_loss(p[..., t], g[..., t], form) for t in range(4)], dim=1)
        torch.testing.assert_close(dice_loss(p, g, form), each)
    x, y = p[0, :, 0].tolist(), g[0, :, 0].tolist()
    both = sum(a * b for a, b in zip(x, y, strict=True))
    assert dice_loss(p, g)[0, 0].item() == pytest.approx(1 - 2 * both / (sum(x) + sum(y)), abs=1e-5)


def test_affinity_drops_invalid_patches(generator):
    student, teacher = torch.randn(2, 5, 8, generator=generator), torch.randn(2, 5, 3, generator=generator)
    teacher[0, 2] = 0
    valid = torch.ones(2, 5, dtype=torch.bool)
    valid[0, 2], valid[1] = False, False
    kept = [0, 1, 3, 4]
    loss = affinity_loss(student, teacher, valid)
    assert loss[0].item() == pytest.approx(
        affinity_loss(student[:1, kept], teacher[:1, kept]).item(), abs=1e-6
    )
    assert loss[1] == 0
    assert affinity_loss(student, 2 * student).max() < 1e-10


def koleo_twin(vectors):
    """One vector at a time."""
    unit = [np.array(v) / max(np.linalg.norm(v), 1e-8) for v in vectors]
    logs = []
    for i, x in enumerate(unit):
        others = [j for j in range(len(unit)) if j != i]
        nearest = max(others, key=lambda j: float(x @ unit[j]))
        logs.append(math.log(np.linalg.norm(x - unit[nearest] + 1e-8) + 1e-8))
    return -sum(logs) / len(logs)


def test_koleo_equals_its_twin_on_every_axis(generator):
    tokens = torch.randn(3, 6, 5, generator=generator, dtype=torch.float64)
    expected = [koleo_twin(cloud.numpy()) for cloud in tokens]
    assert koleo_loss(tokens).tolist() == pytest.approx(expected, abs=1e-6)
    assert koleo_loss(tokens.mean(1)[None]).item() == pytest.approx(
        koleo_twin(tokens.mean(1).numpy()), abs=1e-6
    )
    assert koleo_loss(tokens.flatten(0, 1)[None]).item() == pytest.approx(
        koleo_twin(tokens.flatten(0, 1).numpy()), abs=1e-6
    )


def test_koleo_of_equal_tokens_is_large_finite_and_counted():
    tokens = torch.ones(1, 4, 3, requires_grad=True)
    loss = koleo_loss(tokens)
    assert loss.item() == pytest.approx(-math.log(1e-8 + 1e-8 * math.sqrt(3)), rel=1e-3)
    assert torch.isfinite(torch.autograd.grad(loss.sum(), tokens)[0]).all()
    assert (koleo_distances(tokens) < KOLEO_COLLAPSED).sum() == 4


def test_koleo_of_fewer_than_two_vectors():
    assert koleo_loss(torch.ones(2, 1, 3)).tolist() == [0, 0]
    with pytest.raises(InputError, match="1 vectors have no nearest other"):
        koleo_distances(torch.ones(2, 1, 3))


def test_chamfer_equals_its_twin(generator):
    predicted, target = torch.randn(3, 4, 3, generator=generator), torch.randn(3, 7, 3, generator=generator)
    for loss, a, b in zip(
        chamfer_loss(predicted, target).tolist(), predicted.tolist(), target.tolist(), strict=True
    ):
        there = sum(min(math.dist(p, q) ** 2 for q in b) for p in a) / len(a)
        back = sum(min(math.dist(p, q) ** 2 for p in a) for q in b) / len(b)
        assert loss == pytest.approx(there + back, abs=1e-5)


def test_inverse_log_weights():
    weights = inverse_log_weights(torch.tensor([0, 50, 50]))
    assert weights.tolist() == pytest.approx([1 / math.log(1.02)] + [1 / math.log(1.52)] * 2, rel=1e-5)


# -------------------- precision and bad input


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_raised_to_float32(generator, dtype):
    a, b = torch.rand(2, 2, 6, 6, generator=generator).to(dtype)
    asked = torch.ones(2, 6, dtype=torch.bool)
    for loss in (
        distillation_loss,
        lambda x, y: patch_text_loss(x, y, asked),
        lambda x, y: point_text_loss(x, torch.zeros(2, 6, dtype=torch.int64), asked),
        lambda x, y: contrastive_loss(x[0]),
        focal_terms,
        dice_loss,
        affinity_loss,
        lambda x, y: koleo_loss(x),
        lambda x, y: chamfer_loss(x[..., :3], y[..., :3]),
    ):
        value = loss(a, b)
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, loss(a.float(), b.float()))


def test_autocast_does_not_reach_the_affinities(generator):
    x, y = torch.randn(2, 2, 16, 32, generator=generator)
    plain = affinity_loss(x, y), koleo_loss(x)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(affinity_loss(x, y), plain[0])
        assert torch.equal(koleo_loss(x), plain[1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda x: patch_text_loss(x, x, torch.ones(1, 3, dtype=torch.bool), 1.0, "max"),
            "unknown reduction 'max'",
        ),
        (lambda x: focal_terms(x, x, guard="eps"), "unknown guard 'eps'"),
        (lambda x: dice_loss(x, x, "pooled"), "unknown dice form 'pooled'"),
        (lambda x: inverse_log_weights(torch.zeros(3, dtype=torch.int64)), "hold no points"),
    ],
)
def test_an_unknown_name_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call(torch.rand(1, 2, 3))


def test_part_dice_counts_a_small_part_as_much_as_a_large_one():
    labels = torch.tensor([[0] * 99 + [1, -1]])
    asked = torch.tensor([[True, True, False]])
    sure = torch.full((1, 101, 3), -20.0)
    sure[..., 0] = 20.0  # everything is called part 0, so part 1 is missed altogether
    assert part_dice_loss(sure, labels, asked).item() == pytest.approx(0.5 * (1 / 199) + 0.5, abs=1e-4)
    right = sure.clone()
    right[0, 99] = torch.tensor([-20.0, 20.0, -20.0])
    assert part_dice_loss(right, labels, asked).item() == pytest.approx(0.0, abs=1e-4)
    assert part_dice_loss(right, torch.full((1, 101), -1), asked).item() == 0.0


def test_the_share_loss_is_what_sim_leaves():
    from partwise.losses import share_loss
    from partwise.metrics.heat import heat_scores

    rng = np.random.default_rng(3)
    p, g = rng.random((3, 40, 2)), rng.random((3, 40, 2))
    loss = share_loss(torch.from_numpy(p), torch.from_numpy(g))
    assert loss.shape == (3, 2)
    assert loss.numpy() == pytest.approx(1 - heat_scores(p, g).sim, abs=1e-6)
    g[0, :, 0] = 0
    assert share_loss(torch.from_numpy(p), torch.from_numpy(g))[0, 0] == 1
    assert share_loss(torch.from_numpy(g), torch.from_numpy(g))[1:].abs().max() < 1e-9
