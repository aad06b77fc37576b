"""Heat maps against soft targets, one number per sample: AUC, AP, aIoU, SIM, KLD, MAE and their relatives.

A sample is one map over N points. Predictions and targets lie in [0,1]; a target of 0.5 or more is positive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float, Float64

from partwise.errors import InputError
from partwise.metrics.averages import known_mean, known_means
from partwise.metrics.ranking import curve_areas, overlaps, rank

# aIoU averages over these (IAGNet, LASO, AffordanceNet).
THRESHOLDS = np.linspace(0, 1, 20)
# Keeps sums and logarithms finite, in the places where the published code has it.
EPS = 1e-12
# Values scored at one time; with their sorted keys they stay in the processor's cache.
CHUNK = 1 << 17


@dataclass(frozen=True)
class HeatScores:
    """One number per sample, shape (S,*T). AUC, AP, aIoU and F1 are NaN for a target without a positive point.

    auc     area under the ROC curve, equal scores at their middle rank; NaN also without a negative point
    ap      average precision
    aiou    mean over THRESHOLDS of the IoU of {prediction >= t} with the positive points
    f1      of {prediction >= 0.5} with the positive points
    sim     histogram intersection of the two maps, each divided by its sum; soft target
    cosine  cosine of the two maps; soft target. Never to be called SIM
    kld     divergence of the prediction from the target, both divided by their sums; soft target
    mae     mean absolute difference; soft target
    mse     mean squared difference; soft target
    """

    auc: Float64[np.ndarray, "S *T"]
    ap: Float64[np.ndarray, "S *T"]
    aiou: Float64[np.ndarray, "S *T"]
    f1: Float64[np.ndarray, "S *T"]
    sim: Float64[np.ndarray, "S *T"]
    cosine: Float64[np.ndarray, "S *T"]
    kld: Float64[np.ndarray, "S *T"]
    mae: Float64[np.ndarray, "S *T"]
    mse: Float64[np.ndarray, "S *T"]


@dataclass(frozen=True)
class HeatMeans:
    """Means over samples. `skipped` samples have no positive point; AUC and aIoU are means over the others."""

    auc: float
    aiou: float
    sim: float
    kld: float
    mae: float
    samples: int
    skipped: int


@dataclass(frozen=True)
class AffordanceNetMeans:
    """Means over shapes, then over the T affordances; `mse` alone is summed over affordances, as published.

    by_affordance holds the T means of each figure, NaN for an affordance without a positive point anywhere.
    """

    ap: float
    auc: float
    aiou: float
    f1: float
    mse: float
    by_affordance: dict[str, Float64[np.ndarray, "T"]]


@dataclass(frozen=True)
class CmatScores:
    """One number per sample as the released CMAT evaluator defines them, shape (S,*T).

    auc     positives are targets > 0.5; 0.5 if there is only one class
    aiou    predictions > t, targets > 0.5; an empty union counts 1
    cosine  of the two maps; that evaluator calls it SIM
    """

    auc: Float64[np.ndarray, "S *T"]
    aiou: Float64[np.ndarray, "S *T"]
    cosine: Float64[np.ndarray, "S *T"]
    mae: Float64[np.ndarray, "S *T"]


def heat_scores(prediction: Float[np.ndarray, "S N *T"], target: Float[np.ndarray, "..."]) -> HeatScores:
    """Every per-sample figure of S shapes of N points, each with the T maps of the trailing axis if there is one.

    Raises InputError if shapes differ, or with the place of a value that is NaN or outside [0,1].

    Example:
        >>> scores = heat_scores(np.array([[0.9, 0.2, 0.1]]), np.array([[1.0, 0.0, 0.0]]))
        >>> float(scores.auc[0]), float(scores.ap[0])
        (1.0, 1.0)
    """
    return HeatScores(*_scored(prediction, target, _score, len(fields(HeatScores))))


def cmat_scores(prediction: Float[np.ndarray, "S N *T"], target: Float[np.ndarray, "..."]) -> CmatScores:
    """The figures of the released CMAT evaluator, sample by sample. Errors as in `heat_scores`."""
    return CmatScores(*_scored(prediction, target, _score_cmat, len(fields(CmatScores))))


def cmat_pooled(prediction: Float[np.ndarray, "*S"], target: Float[np.ndarray, "..."]) -> CmatScores:
    """The same over all points of all samples as one long map, which is what that release prints; fields (1,).

    Only for quoting it: none of these figures compares with a mean over samples.
    """
    return cmat_scores(prediction.reshape(1, -1), target.reshape(1, -1))


def mean_vote(passes: Float[np.ndarray, "V *S"]) -> Float[np.ndarray, "*S"]:
    """The map that V passes agree on, as LASO votes: their mean at every point, each pass with another sampling seed.

    Raises InputError if there are none.
    """
    if len(passes) == 0:
        raise InputError("no pass was given: a vote needs at least one, LASO takes 3")
    return passes.mean(axis=0, dtype=np.float64).astype(passes.dtype)


def official_means(scores: HeatScores, empty: str = "skip") -> HeatMeans:
    """Means over samples as IAGNet, LASO and GREAT report them.

    empty  "skip" leaves samples without positive points out of AUC and aIoU; "nan" lets one of them make these means
           NaN, which is what the test code of LASO does
    Raises InputError if there are no samples or the rule is unknown.
    """
    if empty not in ("skip", "nan"):
        raise InputError(f"unknown rule {empty!r} for samples without positive points: use 'skip' or 'nan'")
    _some(scores)
    mean = known_mean if empty == "skip" else np.mean
    return HeatMeans(
        auc=float(mean(scores.auc)),
        aiou=float(mean(scores.aiou)),
        sim=float(scores.sim.mean()),
        kld=float(scores.kld.mean()),
        mae=float(scores.mae.mean()),
        samples=scores.sim.size,
        skipped=int(np.isnan(scores.aiou).sum()),
    )


def affordancenet_means(scores: HeatScores) -> AffordanceNetMeans:
    """The figures of 3D AffordanceNet from scores (S,T) of S shapes and T affordances.

    Raises InputError if there are no samples or the scores have no affordance axis.
    """
    _some(scores)
    if scores.auc.ndim != 2:
        raise InputError(
            f"scores of shape {scores.auc.shape} have no affordance axis: score maps of shape (S,N,T)"
        )
    named = {name: known_means(getattr(scores, name), axis=0) for name in ("ap", "auc", "aiou", "f1")}
    named["mse"] = scores.mse.mean(axis=0)
    means = {name: known_mean(named[name]) for name in ("ap", "auc", "aiou", "f1")}
    return AffordanceNetMeans(**means, mse=float(named["mse"].sum()), by_affordance=named)


def join_scores(pieces: Sequence[HeatScores]) -> HeatScores:
    """The samples of all pieces, in order. Raises InputError if there are none."""
    if not pieces:
        raise InputError("no sample was scored: give at least one")
    names = [field.name for field in fields(HeatScores)]
    return HeatScores(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in names))


class HeatTally:
    """`HeatScores` gathered batch by batch; `result` equals one call over all samples, number for number."""

    def __init__(self) -> None:
        self._pieces: list[HeatScores] = []

    def update(self, prediction: Float[np.ndarray, "S N *T"], target: Float[np.ndarray, "..."]) -> None:
        """Add samples as in `heat_scores`; batches may differ in N."""
        self._pieces.append(heat_scores(prediction, target))

    def merge(self, other: HeatTally) -> None:
        """Append the samples of another tally, such as that of another process."""
        self._pieces.extend(other._pieces)

    def result(self) -> HeatScores:
        """All samples so far, in the order they came. Raises InputError if there are none."""
        self._pieces = [join_scores(self._pieces)]
        return self._pieces[0]


class CmatTally:
    """Points for `cmat_pooled` gathered batch by batch. A pooled AUC needs every point, so all are kept."""

    def __init__(self) -> None:
        self._pieces: list[tuple[np.ndarray, np.ndarray]] = []

    def update(self, prediction: Float[np.ndarray, "*S"], target: Float[np.ndarray, "..."]) -> None:
        """Add points. Raises InputError as in `heat_scores`, at once."""
        _check(prediction, target)
        self._pieces.append((prediction.ravel().copy(), target.ravel().copy()))

    def merge(self, other: CmatTally) -> None:
        """Append the points of another tally."""
        self._pieces.extend(other._pieces)

    def result(self) -> CmatScores:
        """The pooled figures so far. Raises InputError if there are no points."""
        if not self._pieces:
            raise InputError("no point was added: give at least one sample")
        prediction, target = (np.concatenate(parts) for parts in zip(*self._pieces, strict=True))
        return cmat_pooled(prediction, target)


def _scored(
    prediction: np.ndarray,
    target: np.ndarray,
    score: Callable[[np.ndarray, np.ndarray, np.ndarray], None],
    figures: int,
) -> Float64[np.ndarray, "F S *T"]:
    """`score` over chunks of rows: it gets predictions and targets (R,N) and fills the figures (F,R)."""
    _check(prediction, target)
    if prediction.ndim < 2 or prediction.shape[1] == 0:
        raise InputError(
            f"maps of shape {prediction.shape} are not samples of points: give (S,N), N at least 1"
        )
    p, g = (np.moveaxis(maps, 1, -1) for maps in (prediction, target))
    shape = p.shape[:-1]
    p, g = (maps.reshape(-1, maps.shape[-1]) for maps in (p, g))
    # Never coarser than the input: a rounded score could tie with another or cross a threshold.
    kind = np.result_type(p, g, np.float32)
    out = np.empty((figures, len(p)))
    size = max(1, CHUNK // p.shape[1])
    for start in range(0, len(p), size):
        rows = slice(start, start + size)
        p_rows, g_rows = (np.ascontiguousarray(maps[rows], dtype=kind) for maps in (p, g))
        score(p_rows, g_rows, out[:, rows])
    return out.reshape(figures, *shape)


def _score(p: Float[np.ndarray, "R N"], g: Float[np.ndarray, "R N"], out: Float64[np.ndarray, "F R"]) -> None:
    """Fill the rows of `out` in the order of the fields of HeatScores."""
    ranking = rank(p, g >= 0.5)
    auc, ap = curve_areas(ranking)
    truth = ranking.positives[:, None]
    found, right = overlaps(ranking, np.append(THRESHOLDS, 0.5))
    with np.errstate(invalid="ignore", divide="ignore"):
        iou = np.where(truth > 0, right / (found + truth - right), np.nan)
        f1 = np.where(truth > 0, 2 * right / (found + truth), np.nan)
    out[:4] = auc, ap, iou[:, :-1].mean(axis=1), f1[:, -1]
    p_share = p / (p.sum(axis=1, keepdims=True) + EPS)
    g_share = g / (g.sum(axis=1, keepdims=True) + EPS)
    out[4] = np.minimum(p_share, g_share).sum(axis=1)
    out[5] = _cosine(p, g)
    ratio = g_share / (p_share + EPS)
    ratio += EPS
    out[6] = _dot(np.log(ratio, out=ratio), g_share)
    difference = p - g
    out[8] = _dot(difference, difference) / p.shape[1]
    out[7] = np.abs(difference, out=difference).mean(axis=1)


def _score_cmat(
    p: Float[np.ndarray, "R N"], g: Float[np.ndarray, "R N"], out: Float64[np.ndarray, "F R"]
) -> None:
    """Fill the rows of `out` in the order of the fields of CmatScores."""
    ranking = rank(p, g > 0.5)
    auc, _ = curve_areas(ranking)
    found, right = overlaps(ranking, THRESHOLDS, strict=True)
    union = found + ranking.positives[:, None] - right
    out[0] = np.where(np.isnan(auc), 0.5, auc)
    out[1] = np.where(union == 0, 1.0, right / np.maximum(union, 1)).mean(axis=1)
    out[2] = _cosine(p, g)
    out[3] = np.abs(p - g).mean(axis=1)


def _cosine(p: Float[np.ndarray, "R N"], g: Float[np.ndarray, "R N"]) -> Float[np.ndarray, "R"]:
    """Cosine of the rows; 0 if one is zero throughout."""
    return _dot(p, g) / np.maximum(np.sqrt(_dot(p, p)) * np.sqrt(_dot(g, g)), EPS)


def _dot(p: Float[np.ndarray, "R N"], g: Float[np.ndarray, "R N"]) -> Float[np.ndarray, "R"]:
    """Inner product of each row, without the table of products."""
    return np.matmul(p[:, None], g[:, :, None])[:, 0, 0]


def _check(prediction: np.ndarray, target: np.ndarray) -> None:
    """Raise InputError for shapes that differ, or with the place of a value that is not in [0,1]."""
    if prediction.shape != target.shape:
        raise InputError(
            f"predictions {prediction.shape} do not match targets {target.shape}: one value for every point"
        )
    for kind, values in (("prediction", prediction), ("target", target)):
        if values.size and not (values.min() >= 0 and values.max() <= 1):  # NaN fails both
            place = tuple(int(i) for i in np.argwhere(~((values >= 0) & (values <= 1)))[0])
            raise InputError(
                f"{kind} {values[place]} at {place} is not in [0,1]: heat is a probability, so apply a sigmoid to "
                "scores and look for the sample that turned NaN"
            )


def _some(scores: HeatScores) -> None:
    if scores.sim.size == 0:
        raise InputError("no sample was scored: give at least one")
