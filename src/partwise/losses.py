"""Loss terms of every recipe: pure functions of predictions and targets, reduced no further than one shape or sample.

Half precision is raised to float32 first. Recipes weigh and average; papers and sections stand at each function.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from partwise.errors import InputError

# KoLeo tokens closer than this have no useful gradient; recipes log how many there are.
KOLEO_COLLAPSED = 1e-4


def distillation_loss(
    predicted: Float[Tensor, "B G D"],
    target: Float[Tensor, "B G D"],
    valid: Bool[Tensor, "B G"] | None = None,
) -> Float[Tensor, "B"]:
    """Mean over patches of 1 - cosine to their 2D feature (PatchAlign3D, stage 1); 0 for a shape without a valid patch.

    valid marks the patches that have a target; all of them by default.
    """
    distance = 1 - F.cosine_similarity(_precise(predicted), _precise(target), dim=-1)
    if valid is None:
        return distance.mean(dim=1)
    return (distance * valid).sum(dim=1) / valid.sum(dim=1).clamp(min=1)


def patch_fractions(masks: Bool[Tensor, "B N T"], index: Int64[Tensor, "B G K"]) -> Float[Tensor, "B G T"]:
    """Share of the K points of each patch that lie in each of T masks, which may overlap (PatchAlign3D, stage 2).

    index holds the points of each patch. A point in no mask stays in the denominator, so rows need not sum to 1.
    """
    batch = torch.arange(len(masks), device=masks.device)[:, None, None]
    return masks[batch, index].float().mean(dim=2)


def patch_text_terms(
    logits: Float[Tensor, "B G T"],
    fractions: Float[Tensor, "B G T"],
    asked: Bool[Tensor, "B T"],
    power: float = 0.0,
) -> Float[Tensor, "B G T"]:
    """Binary cross-entropy of every patch with every phrase, against fractions in [0,1]; 0 where a phrase is not asked.

    Positives weigh max(1, K-1) ** power, K the phrases asked of the shape: power 1 is the release, 0.5 its root. For
    supervision point by point give N points in place of G patches.
    """
    logits = _precise(logits)
    weight = (asked.sum(dim=1)[:, None, None] - 1).clamp(min=1).to(logits.dtype) ** power
    target = fractions.to(logits.dtype)
    terms = F.binary_cross_entropy_with_logits(logits, target, reduction="none", pos_weight=weight)
    return terms * asked[:, None, :]


def patch_text_loss(
    logits: Float[Tensor, "B G T"],
    fractions: Float[Tensor, "B G T"],
    asked: Bool[Tensor, "B T"],
    power: float = 0.0,
    reduction: str = "sum",
) -> Float[Tensor, "B"]:
    """Alignment of patches with the phrases of their own shape (PatchAlign3D, stage 2); 0 for a shape asked nothing.

    The terms of `patch_text_terms`, as a "sum" over patches and phrases (the paper, with power 0) or their "mean" (the
    release, with power 1). Phrases with `asked` False are padding and count nowhere.
    Raises InputError for another reduction.
    """
    total = patch_text_terms(logits, fractions, asked, power).sum(dim=(1, 2))
    if reduction == "sum":
        return total
    if reduction == "mean":
        return total / (asked.sum(dim=1).clamp(min=1) * logits.shape[1])
    raise InputError(f"unknown reduction {reduction!r}: use 'sum' or 'mean'")


def batch_fractions(
    fractions: Float[Tensor, "B G T"], phrases: Int64[Tensor, "B T"], asked: Bool[Tensor, "B T"], count: int
) -> Float[Tensor, "B G P"]:
    """Fractions over the `count` = P phrases of the whole batch: with them, other shapes' phrases become negatives.

    phrases numbers each shape's phrases in 0..P-1, so a phrase that two shapes share is nobody's negative. Ask every
    patch about all P in `patch_text_loss`. A phrase that one shape lists twice keeps its larger fraction.
    """
    kept = fractions * asked[:, None, :]
    where = (phrases * asked)[:, None, :].expand_as(fractions)
    return fractions.new_zeros(*fractions.shape[:2], count).scatter_reduce(2, where, kept, "amax")


def mean_over_asked(losses: Float[Tensor, "B"], asked: Bool[Tensor, "B T"]) -> Float[Tensor, ""]:
    """Mean over the shapes that were asked something: one without a phrase is left out, not averaged in as zero."""
    some = asked.any(dim=1)
    return (losses * some).sum() / some.sum().clamp(min=1)


def point_text_loss(
    logits: Float[Tensor, "B N T"],
    labels: Int64[Tensor, "B N"],
    asked: Bool[Tensor, "B T"],
    balance: float = 0.0,
) -> Float[Tensor, "B"]:
    """Cross-entropy of each labelled point among the phrases asked of its shape, averaged over its points.

    labels index the T phrases; -1 is no label and does not count. A point weighs its part's share of the labelled
    points to the power of -balance: 0 makes points equal, 1 makes parts equal. 0 for a shape without labelled points.
    """
    logits = _precise(logits)
    # The lowest number rather than -inf: a shape that is asked nothing must not turn the batch into NaN.
    logits = logits.masked_fill(~asked[:, None, :], torch.finfo(logits.dtype).min)
    labelled = labels >= 0
    terms = F.cross_entropy(logits.mT, labels.clamp(min=0), reduction="none")  # (B,N)
    points = logits.new_zeros(asked.shape).scatter_add_(1, labels.clamp(min=0), labelled.to(logits.dtype))
    share = points / points.sum(dim=1, keepdim=True).clamp(min=1)
    weight = share.gather(1, labels.clamp(min=0)).clamp(min=1e-12) ** -balance * labelled
    return (terms * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1e-12)


def part_dice_loss(
    logits: Float[Tensor, "B N T"], labels: Int64[Tensor, "B N"], asked: Bool[Tensor, "B T"]
) -> Float[Tensor, "B"]:
    """Dice loss of each part that labelled points belong to, averaged over those parts (Milletari et al. 2016).

    labels index the T phrases; -1 is no label and does not count. Probabilities are a softmax over the phrases asked.
    A shape without labelled points costs 0.
    """
    logits = _precise(logits).masked_fill(~asked[:, None, :], torch.finfo(torch.float32).min)
    labelled = (labels >= 0)[..., None]
    target = F.one_hot(labels.clamp(min=0), logits.shape[-1]).to(logits.dtype) * labelled
    present = target.any(dim=1)
    terms = dice_loss(logits.softmax(dim=-1) * labelled, target)
    return (terms * present).sum(dim=1) / present.sum(dim=1).clamp(min=1)


def contrastive_loss(
    logits: Float[Tensor, "M M"], valid: Bool[Tensor, "M"] | None = None
) -> Float[Tensor, "M"]:
    """Symmetric cross-entropy of M masks with M names, pair i on the diagonal (Find3D); 0 where a pair is not valid.

    Invalid pairs, such as masks without a point, take no part as negatives either. Each row is the mean of both ways.
    """
    logits = _precise(logits)
    valid = torch.ones(len(logits), dtype=torch.bool, device=logits.device) if valid is None else valid
    lowest = torch.finfo(logits.dtype).min
    names = logits.masked_fill(~valid[None, :], lowest)
    masks = logits.mT.masked_fill(~valid[None, :], lowest)
    own = torch.arange(len(logits), device=logits.device)
    both = F.cross_entropy(names, own, reduction="none") + F.cross_entropy(masks, own, reduction="none")
    return torch.where(valid, both / 2, 0.0)


def focal_terms(
    probability: Float[Tensor, "*S"],
    target: Float[Tensor, "*S"],
    alpha: float = 0.25,
    gamma: float = 2.0,
    guard: str = "clamp",
) -> Float[Tensor, "*S"]:
    """Focal loss of each value against a target in [0,1], soft ones allowed (CMAT/LAS; Lin et al. 2017, section 3).

    guard keeps the logarithm finite: "clamp" takes p within 1e-6 of 0 and 1 (LAS), "add" adds 1e-6 to it (the HM loss
    of IAGNet and LASO). Raises InputError for another guard.
    """
    p = _precise(probability)
    g = target.to(p.dtype)
    if guard == "clamp":
        p = p.clamp(1e-6, 1 - 1e-6)
        log_yes, log_no = p.log(), (1 - p).log()
    elif guard == "add":
        log_yes, log_no = (p + 1e-6).log(), (1 - p + 1e-6).log()
    else:
        raise InputError(f"unknown guard {guard!r}: use 'clamp' or 'add'")
    return -alpha * (1 - p) ** gamma * g * log_yes - (1 - alpha) * p**gamma * (1 - g) * log_no


def dice_loss(
    probability: Float[Tensor, "B N *T"],
    target: Float[Tensor, "B N *T"],
    form: str = "standard",
    eps: float = 1e-6,
) -> Float[Tensor, "*S"]:
    """Dice loss over points, the second axis, against a target in [0,1].

    form "standard": 1 - (2 I + e) / (C + e) of each sample, I = sum p g, C = sum p + g; result (B,*T).
    form "hm": 1.5 - (I+ + e) / (C+ + e) - (I- + e) / (C- + e), foreground and background of each sample without the
    factor 2, so a perfect answer costs 0.5 (IAGNet, LASO); result (B,*T).
    form "release": as "hm" with the factor 2 and over all values at once (released LAS); one number, down to -0.5,
    that depends on the batch.
    Raises InputError for another form.
    """
    p = _precise(probability)
    g = target.to(p.dtype)
    if form not in ("standard", "hm", "release"):
        raise InputError(f"unknown dice form {form!r}: use 'standard', 'hm' or 'release'")
    axes = tuple(range(p.ndim)) if form == "release" else (1,)
    factor = 1.0 if form == "hm" else 2.0

    def overlap(a: Tensor, b: Tensor) -> Tensor:
        return (factor * (a * b).sum(axes) + eps) / ((a + b).sum(axes) + eps)

    if form == "standard":
        return 1 - overlap(p, g)
    return 1.5 - overlap(p, g) - overlap(1 - p, 1 - g)


def share_loss(
    probability: Float[Tensor, "B N T"], target: Float[Tensor, "B N T"], eps: float = 1e-6
) -> Float[Tensor, "B T"]:
    """1 - SIM: how much of the heat lies elsewhere once both maps add up to 1; 1 for an empty target.

    What the benchmarks' histogram intersection measures, so a map is not paid for being bold where it may be wrong.
    """
    p = _precise(probability)
    g = target.to(p.dtype)
    p, g = (x / x.sum(dim=1, keepdim=True).clamp(min=eps) for x in (p, g))
    return 1 - torch.minimum(p, g).sum(dim=1)


def heat_losses(
    probability: Float[Tensor, "B N T"],
    target: Float[Tensor, "B N T"],
    offered: Bool[Tensor, "B T"],
    form: str = "standard",
) -> tuple[Float[Tensor, ""], Float[Tensor, ""], Float[Tensor, ""]]:
    """Focal loss over everything; dice (of this form) and share loss over offered actions only.

    The map of an action that is not offered is empty: there is no overlap to gain.
    """
    dice, count = dice_loss(probability, target, form), offered.sum().clamp(min=1)
    dice = (dice * offered).sum() / count if dice.ndim else dice
    share = (share_loss(probability, target) * offered).sum() / count
    return focal_terms(probability, target).mean(), dice, share


def affinity(features: Float[Tensor, "B M D"]) -> Float[Tensor, "B M M"]:
    """Cosine of each patch with each other patch of its shape (CMAT); the row and column of a zero vector are 0."""
    features = _precise(features)
    with torch.autocast(features.device.type, enabled=False):
        unit = F.normalize(features, dim=-1)
        return unit @ unit.mT


def affinity_loss(
    student: Float[Tensor, "B M D"], teacher: Float[Tensor, "B M E"], valid: Bool[Tensor, "B M"] | None = None
) -> Float[Tensor, "B"]:
    """Mean squared difference of the two patch affinities, l_aff of CMAT, the diagonal included.

    valid drops patches, such as those the teacher never saw, from rows and columns; 0 for a shape without any.
    """
    square = (affinity(student) - affinity(teacher)) ** 2
    if valid is None:
        return square.mean(dim=(1, 2))
    pairs = valid[:, :, None] & valid[:, None, :]
    return (square * pairs).sum(dim=(1, 2)) / pairs.sum(dim=(1, 2)).clamp(min=1)


def koleo_distances(features: Float[Tensor, "B M D"], eps: float = 1e-8) -> Float[Tensor, "B M"]:
    """Distance of each unit vector to its nearest other one, which is chosen by cosine and without gradient (DINOv2).

    Raises InputError if there are fewer than two vectors.
    """
    if features.shape[1] < 2:
        raise InputError(f"{features.shape[1]} vectors have no nearest other: give at least 2")
    features = _precise(features)
    with torch.autocast(features.device.type, enabled=False):
        unit = features / features.norm(dim=-1, keepdim=True).clamp(min=eps)
        with torch.no_grad():
            cosine = unit @ unit.mT
            cosine.diagonal(dim1=1, dim2=2).fill_(-1.0)
            index = cosine.argmax(dim=-1)
        other = unit.gather(1, index[..., None].expand_as(unit))
        return (unit - other + eps).norm(dim=-1)


def koleo_loss(features: Float[Tensor, "B M D"], eps: float = 1e-8) -> Float[Tensor, "B"]:
    """Diversity l_div of CMAT: minus the mean logarithm of `koleo_distances` of each set; 0 for fewer than 2 vectors.

    One set is the patches of a shape. For the batch axis of DINO give `tokens.mean(1)[None]`, for all tokens together
    `tokens.flatten(0, 1)[None]`.
    """
    if features.shape[1] < 2:
        return _precise(features).new_zeros(len(features))
    return -(koleo_distances(features, eps) + eps).log().mean(dim=-1)


def chamfer_loss(predicted: Float[Tensor, "M K 3"], target: Float[Tensor, "M L 3"]) -> Float[Tensor, "M"]:
    """Chamfer-L2 of M small clouds: mean squared distance to the nearest point, both ways added (Point-MAE, l_rec)."""
    predicted, target = _precise(predicted), _precise(target)
    squared = ((predicted[:, :, None] - target[:, None]) ** 2).sum(dim=-1)  # (M,K,L)
    return squared.amin(dim=2).mean(dim=1) + squared.amin(dim=1).mean(dim=1)


def inverse_log_weights(counts: Int64[Tensor, "C"]) -> Float[Tensor, "C"]:
    """Class weights 1 / log(1.02 + share of the points) for a cross-entropy (ENet, section 5.2): within 1.4..50.5.

    The rule for OpenAD and LM-AD when their own weight files are not at hand. Raises InputError if nothing is counted.
    """
    total = int(counts.sum())
    if total <= 0 or int(counts.min()) < 0:
        raise InputError(
            f"class counts {counts.tolist()} hold no points or negative ones: count the training labels"
        )
    return 1 / torch.log(1.02 + counts.float() / total)


def _precise(x: Tensor) -> Tensor:
    """x in float32 if it is narrower."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
