"""From labelled triangles to points: every surface as a CAD file has it, or only what a scanner could see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int16, Int64
from scipy.spatial import KDTree

from partwise.errors import InputError
from partwise.points import choose, random_rotation

# Viewpoints of a full scan. Fewer miss the insides of cups; more add time and nothing a scan would hold.
VIEWS = 20
# Points on the screens per shape: more resolve thinner gaps and cost time in proportion.
SCREEN_POINTS = 12_000
# Area of a screen pixel in units of the surface area that one screen point stands for.
PIXEL_SHARE = 3.0
# Cosine between view and normal below which a view does not count.
GRAZING = 0.2
# How far, in pixels, a neighbour may stand out of a point's tangent plane: the hollow of a curved wall.
CURVATURE = 0.08
KINDS = ("cad", "scan", "mixed")
ROTATIONS = ("none", "yaw", "full")


@dataclass(frozen=True)
class Surface:
    """Labelled triangles: vertices (V,3), faces (F,3), face_part (F,) index of a part or -1."""

    vertices: Float64[np.ndarray, "V 3"]
    faces: Int64[np.ndarray, "F 3"]
    face_part: Int16[np.ndarray, "F"]


@dataclass(frozen=True)
class Scan:
    """How a shape is turned into points.

    points     how many
    kind       "cad": every surface, insides too; "scan": what is seen from outside; "mixed": a coin decides
    one_sided  share of the shapes that are seen from one side only (whatever the kind)
    density    how unevenly points lie, 0 even, 1 about tenfold differences across the object
    noise      standard deviation of the noise, as a share of the object's largest extent
    outliers   share of points thrown anywhere in the surrounding box; they have no label and no heat
    rotation   "none", "yaw" (about y) or "full"
    """

    points: int = 2048
    kind: str = "cad"
    one_sided: float = 0.0
    density: float = 0.0
    noise: float = 0.0
    outliers: float = 0.0
    rotation: str = "none"

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.rotation not in ROTATIONS:
            raise InputError(
                f"kind {self.kind!r}, rotation {self.rotation!r}: use one of {KINDS} and of {ROTATIONS}"
            )
        if self.points < 1 or not (0 <= self.one_sided <= 1 and 0 <= self.outliers < 1):
            raise InputError(
                f"points {self.points}, one_sided {self.one_sided}, outliers {self.outliers}: "
                "points are at least 1, shares lie in 0..1"
            )


@dataclass(frozen=True)
class Drawn:
    """Points on a surface: positions (N,3), unit normals (N,3) of their faces, face indices (N,)."""

    points: Float64[np.ndarray, "N 3"]
    normals: Float64[np.ndarray, "N 3"]
    face: Int64[np.ndarray, "N"]

    def __getitem__(self, rows: Int64[np.ndarray, "M"] | Bool[np.ndarray, "N"]) -> Drawn:
        return Drawn(self.points[rows], self.normals[rows], self.face[rows])


class Sampler:
    """Draws points uniform in area; areas and normals are worked out once. Raises InputError without area."""

    def __init__(self, surface: Surface) -> None:
        self.corners = surface.vertices[surface.faces]
        a, b, c = self.corners.transpose(1, 0, 2)
        cross = _cross(b - a, c - a)
        double_area = np.sqrt(np.einsum("fc,fc->f", cross, cross))
        self.normals = cross / np.maximum(double_area, 1e-300)[:, None]
        self.area_up_to = np.cumsum(double_area) / 2
        if len(self.area_up_to) == 0 or not 0 < self.area_up_to[-1] < np.inf:
            raise InputError(f"the {len(surface.faces)} faces span no area: give a surface with some")

    def draw(self, count: int, rng: np.random.Generator, even: bool = False) -> Drawn:
        """`count` points; `even` spreads them with few gaps (for screens), else they are independent."""
        if even:  # additive recurrence of the plastic number: consecutive points of a face keep apart
            step = np.arange(count)
            place = (step + 0.5) / count
            u, v = (0.7548776662466927 * step) % 1.0, (0.5698402909980532 * step) % 1.0
        else:
            place, u, v = np.sort(rng.random(count)), rng.random(count), rng.random(count)
        face = np.searchsorted(self.area_up_to, place * self.area_up_to[-1], side="right")
        face = np.minimum(face, len(self.area_up_to) - 1)
        root = np.sqrt(u)
        weights = np.stack([1 - root, root * (1 - v), root * v], axis=1)
        return Drawn(np.einsum("nk,nkc->nc", weights, self.corners[face]), self.normals[face], face)


def draw(surface: Surface, scan: Scan, rng: np.random.Generator) -> Drawn:
    """`scan.points` points in random order, seen and spaced as the scan says; no noise or rotation yet."""
    sampler = Sampler(surface)
    outside = scan.kind == "scan" or (scan.kind == "mixed" and rng.random() < 0.5)
    one_sided = rng.random() < scan.one_sided
    if not (outside or one_sided or scan.density):
        return sampler.draw(scan.points, rng)[rng.permutation(scan.points)]
    screens = Screens(sampler, _viewpoints(rng, one_sided), rng) if outside or one_sided else None
    thin = _density(surface, scan.density, rng) if scan.density else None
    kept: list[Drawn] = []
    # A few rounds are enough for any shape of which a scanner sees a tenth; then points repeat.
    for _ in range(6):
        some = sampler.draw(2 * scan.points, rng)
        if thin is not None:
            some = some[rng.random(len(some.points)) < thin(some.points)]
        kept.append(some if screens is None else some[screens.see(some)])
        if sum(len(part.points) for part in kept) >= scan.points:
            break
    found = Drawn(*(np.concatenate([getattr(p, f) for p in kept]) for f in ("points", "normals", "face")))
    if not len(found.points):  # nothing faces the viewer: a sheet seen from behind
        found = sampler.draw(scan.points, rng)
    return found[choose(len(found.points), scan.points, rng)][rng.permutation(scan.points)]


class Screens:
    """Screens around a shape that tell which points a scanner sees.

    Every view drops evenly spread points of the surface on a grid of pixels and keeps the nearest of each
    pixel. A point is hidden from a view if the one kept in its pixel is nearer and stands out of the point's
    own tangent plane: so a thin board hides what touches its back, and no flat face hides itself however
    coarse the pixels are.
    """

    def __init__(
        self, sampler: Sampler, views: Float64[np.ndarray, "K 3 3"], rng: np.random.Generator
    ) -> None:
        cover = sampler.draw(SCREEN_POINTS, rng, even=True).points
        self.views, self.cover = views.astype(np.float32), cover.astype(np.float32)
        low, high = self.cover.min(axis=0), self.cover.max(axis=0)
        self.middle = (low + high) / 2
        self.pixel = float(np.sqrt(PIXEL_SHARE * sampler.area_up_to[-1] / SCREEN_POINTS))
        self.side = int(np.linalg.norm(high - low) / self.pixel) + 3
        pixel, depth = self._project(self.cover)
        least = np.full(len(views) * self.side**2, np.inf, dtype=np.float32)
        np.minimum.at(least, pixel.ravel(), depth.ravel())
        first = depth <= least[pixel]
        # Where no point fell, the pixel holds -1.
        self.nearest = np.full(len(least), -1, dtype=np.int32)
        self.nearest[pixel[first]] = np.nonzero(first)[1]

    def see(self, drawn: Drawn) -> Bool[np.ndarray, "N"]:
        """Which of the points some view sees."""
        points, normals = drawn.points.astype(np.float32), drawn.normals.astype(np.float32)
        pixel, _ = self._project(points)
        view, row = np.nonzero(self.views[:, 2] @ normals.T > GRAZING)
        other = self.nearest[pixel[view, row]]
        gap = self.cover[other] - points[row]
        out = np.einsum("mc,mc->m", gap, normals[row]) > CURVATURE * self.pixel
        nearer = np.einsum("mc,mc->m", gap, self.views[view, 2]) > 0
        seen = np.zeros(len(points), dtype=bool)
        seen[row[~(out & nearer & (other >= 0))]] = True
        return seen

    def _project(
        self, points: Float32[np.ndarray, "N 3"]
    ) -> tuple[Int64[np.ndarray, "K N"], Float32[np.ndarray, "K N"]]:
        """For every view the pixel of each point in the one long screen, and its depth (small is near)."""
        seen = self.views @ (points - self.middle).T
        cell = (seen[:, :2] / self.pixel + self.side / 2).astype(np.int32)
        np.clip(cell, 0, self.side - 1, out=cell)
        first = np.arange(len(self.views))[:, None] * self.side**2
        return first + cell[:, 0].astype(np.int64) * self.side + cell[:, 1], -seen[:, 2]


def _viewpoints(rng: np.random.Generator, one_sided: bool) -> Float64[np.ndarray, "K 3 3"]:
    """Camera frames; the third row points at the camera. One from a person's height, or many all around."""
    if one_sided:
        height = rng.uniform(-0.1, 0.8)
        angle = rng.uniform(0, 2 * np.pi)
        towards = np.array(
            [[np.cos(angle) * np.sqrt(1 - height**2), height, np.sin(angle) * np.sqrt(1 - height**2)]]
        )
    else:
        step = np.arange(VIEWS)
        height = 1 - (2 * step + 1) / VIEWS
        angle = step * (np.pi * (3 - np.sqrt(5))) + rng.uniform(0, 2 * np.pi)
        flat = np.sqrt(1 - height**2)
        towards = np.stack([flat * np.cos(angle), height, flat * np.sin(angle)], axis=1)
    side = _cross(np.tile([0.0, 1.0, 0.0], (len(towards), 1)), towards)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    return np.stack([side, _cross(towards, side), towards], axis=1)


def _density(surface: Surface, strength: float, rng: np.random.Generator):
    """A smooth random share of points to keep, between about 0.1 ** strength and 1."""
    low, high = surface.vertices.min(axis=0), surface.vertices.max(axis=0)
    wave = rng.normal(size=(2, 3)) * 3.0
    wave /= np.maximum(high - low, 0.1 * (high - low).max() + 1e-12)
    phase = rng.uniform(0, 2 * np.pi, 2)
    return lambda points: 0.1 ** (strength * (0.5 + 0.25 * np.cos(points @ wave.T + phase).sum(axis=1)))


def spoil(
    points: Float64[np.ndarray, "N 3"],
    normals: Float64[np.ndarray, "N 3"],
    scan: Scan,
    rng: np.random.Generator,
) -> tuple[Float32[np.ndarray, "N 3"], Float32[np.ndarray, "N 3"], Bool[np.ndarray, "N"]]:
    """Noise, outliers and rotation: (points, normals, which rows are outliers)."""
    low, high = points.min(axis=0), points.max(axis=0)
    stray = np.zeros(len(points), dtype=bool)
    if scan.noise:
        points = points + rng.normal(size=points.shape) * (scan.noise * float((high - low).max()))
    if scan.outliers:
        stray = rng.random(len(points)) < scan.outliers
        middle, half = (low + high) / 2, 0.6 * (high - low) + 0.05 * float((high - low).max())
        points = np.where(stray[:, None], middle + half * rng.uniform(-1, 1, points.shape), points)
    turn = np.eye(3) if scan.rotation == "none" else random_rotation(rng, scan.rotation).astype(np.float64)
    return (points @ turn.T).astype(np.float32), (normals @ turn.T).astype(np.float32), stray


def soften(
    points: Float[np.ndarray, "N 3"], heat: Float32[np.ndarray, "N A"], k: int = 8
) -> Float32[np.ndarray, "N A"]:
    """Heat averaged over the k nearest points, so that it fades across part borders as people's marks do."""
    if heat.shape[1] == 0 or len(points) <= k:
        return heat
    return heat[KDTree(points).query(points, k)[1]].mean(axis=1)


def _cross(a: Float[np.ndarray, "N 3"], b: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 3"]:
    """Row by row; several times faster than np.cross on thousands of rows."""
    ax, ay, az = a.T
    bx, by, bz = b.T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1)
