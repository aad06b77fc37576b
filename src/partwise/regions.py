"""From a heatmap to places that a hand can go to: connected regions with boxes, normals and contact points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from partwise.errors import InputError
from partwise.points import normals_from
from partwise.shape import Shape

# Anchors this many median gaps apart still belong together. Of points scattered at random, one in 2 ** 9 lies more than
# three gaps from any other and would be a region of its own; more than four gaps, one in 2 ** 16.
REACH = 4.0
CONTACTS = 5
# Contact points are kept this share of the region's largest side apart, so that they are choices and not one spot.
APART = 0.15
# Neighbours of an anchor: these many say which way the surface lies there, and fewer, which reach over its edges less,
# how much of it the anchor stands for.
AROUND, CLOSE = 10, 4


@dataclass(frozen=True)
class Box:
    """An oriented box: centre (3,), unit axes as rows (3,3), longest first, and full side lengths (3,)."""

    center: Float64[np.ndarray, "3"]
    axes: Float64[np.ndarray, "3 3"]
    sides: Float64[np.ndarray, "3"]


@dataclass(frozen=True)
class Region:
    """One connected hot place, in the input's frame and unit.

    points    indices of the input points that belong to it
    area      of the faces whose corners all belong to it; without such faces `area_estimated`: what its anchors stand
              for by the gaps between them; None if the shape has too few
    normal    unit mean normal of these faces, or as a cloud's points store it; else `normal_estimated`: of the planes
              that anchors nearby lie in, turned away from the middle of the shape, for which side is out is not known;
              None where they cancel or the shape has too few anchors
    contacts  (C,3) places on it, hottest first, a little apart from each other
    heat      (C,) at the contacts
    """

    points: Int64[np.ndarray, "K"]
    centroid: Float64[np.ndarray, "3"]
    area: float | None
    area_estimated: bool
    normal: Float64[np.ndarray, "3"] | None
    normal_estimated: bool
    box: Box
    contacts: Float64[np.ndarray, "C 3"]
    heat: Float32[np.ndarray, "C"]

    def record(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "points": len(self.points),
            "index": self.points.tolist(),
            "centroid": self.centroid.tolist(),
            "area": self.area,
            "area_estimated": self.area_estimated,
            "normal": None if self.normal is None else self.normal.tolist(),
            "normal_estimated": self.normal_estimated,
            "box": {
                "center": self.box.center.tolist(),
                "axes": self.box.axes.tolist(),
                "sides": self.box.sides.tolist(),
            },
            "contacts": [
                {"point": point.tolist(), "heat": round(float(heat), 4)}
                for point, heat in zip(self.contacts, self.heat, strict=True)
            ],
        }


def find_regions(
    shape: Shape,
    anchors: Float64[np.ndarray, "M 3"],
    heat: Float32[np.ndarray, "M"],
    point_row: Int32[np.ndarray, "N"],
    above: float,
) -> tuple[Region, ...]:
    """Connected groups of anchors whose heat (M,) reaches `above`, hottest first; none if none does.

    Anchors are connected over a few typical gaps. Points and faces belong to the region of their anchor.
    Raises InputError for a threshold outside (0,1].
    """
    if not 0 < above <= 1:
        raise InputError(f"region threshold is {above}: heat lies in 0..1, give a number above 0 up to 1")
    hot = np.flatnonzero(heat >= above)
    if not len(hot):
        return ()
    group_of = np.full(len(anchors) + 1, -1)
    group_of[hot] = _groups(anchors, hot)
    # Rows beyond the anchors are means over faces; points always name an anchor.
    members = np.where(point_row < 0, -1, group_of[np.clip(point_row, -1, len(anchors) - 1)])
    sheet, regions = _sheet(anchors), []
    for number in range(int(group_of.max()) + 1):
        own = hot[group_of[hot] == number]
        points = np.flatnonzero(members == number)
        facing = _facing(shape, members == number)
        area_estimated, normal_estimated = facing is None or not shape.is_mesh, facing is None
        area = None
        if facing is not None and shape.is_mesh:
            area = float(np.linalg.norm(facing, axis=1).sum())
        elif sheet is not None:
            area = float(sheet.areas[own].sum())
        if facing is None and sheet is not None:
            facing = sheet.normals[own]
        order = own[np.argsort(-heat[own], kind="stable")]
        box = oriented_box(anchors[own])
        chosen = _apart(anchors[order], APART * float(box.sides.max()))[:CONTACTS]
        regions.append(
            Region(
                points,
                anchors[own].mean(axis=0),
                area,
                area_estimated,
                None if facing is None else _mean(facing),
                normal_estimated,
                box,
                anchors[order[chosen]],
                heat[order[chosen]],
            )
        )
    return tuple(sorted(regions, key=lambda region: (-float(region.heat[0]), -len(region.points))))


def oriented_box(points: Float64[np.ndarray, "M 3"]) -> Box:
    """The box along the principal axes of points (M,3), its longest side first."""
    center = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - center, full_matrices=True)
    axes = axes * np.array([[1.0], [1.0], [np.sign(np.linalg.det(axes)) or 1.0]])
    along = (points - center) @ axes.T
    low, high = along.min(axis=0), along.max(axis=0)
    order = np.argsort(low - high, kind="stable")
    turned = axes[order]
    if np.linalg.det(turned) < 0:
        turned = turned * np.array([[1.0], [1.0], [-1.0]])
    return Box(center + (low + high) / 2 @ axes, turned, (high - low)[order])


def _groups(anchors: Float64[np.ndarray, "M 3"], hot: Int64[np.ndarray, "H"]) -> Int32[np.ndarray, "H"]:
    """The connected group of each hot anchor."""
    # Those of a small cloud are drawn again; there is no gap between an anchor and itself.
    places = np.unique(anchors, axis=0)
    nearest = cKDTree(places).query(places, k=min(2, len(places)))[0].reshape(len(places), -1)[:, -1]
    pairs = cKDTree(anchors[hot]).query_pairs(REACH * float(np.median(nearest)), output_type="ndarray")
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(hot), len(hot)))
    return connected_components(links, directed=False)[1]


@dataclass(frozen=True)
class _Sheet:
    """The surface that anchors lie on, as far as they tell: unit normals (M,3), and areas (M,) that they stand for."""

    normals: Float64[np.ndarray, "M 3"]
    areas: Float64[np.ndarray, "M"]


def _sheet(anchors: Float64[np.ndarray, "M 3"]) -> _Sheet | None:
    """None for fewer than five places, which say too little of a surface.

    A disc that reaches to the k-th neighbour holds k anchors' worth of surface, in the mean over scattered anchors.
    """
    places, place, times = np.unique(anchors, axis=0, return_inverse=True, return_counts=True)
    count = min(AROUND, len(places) - 1)
    if count < CLOSE:
        return None
    distance, neighbours = cKDTree(places).query(places, k=count + 1)
    normals, middle = normals_from(places, neighbours), places.mean(axis=0)
    normals *= np.where(np.einsum("mc,mc->m", normals, places - middle) < 0, -1.0, 1.0)[:, None]
    areas = np.pi * distance[:, CLOSE] ** 2 / CLOSE / times
    place = place.reshape(-1)
    return _Sheet(normals[place], areas[place])


def _facing(shape: Shape, inside: np.ndarray) -> Float64[np.ndarray, "K 3"] | None:
    """Normals of the faces whose corners are all inside, as long as their areas, or of a cloud's points as stored.

    None where there are none that could be used.
    """
    if shape.faces is None:
        stored = shape.geometry.normals
        vectors = np.zeros((0, 3)) if stored is None else stored[inside].astype(np.float64)
        vectors = vectors[np.isfinite(vectors).all(axis=1) & (vectors != 0).any(axis=1)]
    else:
        corners = shape.points[shape.faces[inside[shape.faces].all(axis=1)]]
        vectors = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    return vectors if len(vectors) else None


def _mean(vectors: Float64[np.ndarray, "K 3"]) -> Float64[np.ndarray, "3"] | None:
    """The unit vector along their sum; None where they cancel."""
    total, reach = vectors.sum(axis=0), float(np.linalg.norm(vectors, axis=1).sum())
    length = float(np.linalg.norm(total))
    return total / length if length > 1e-6 * max(reach, 1e-300) else None


def _apart(points: Float64[np.ndarray, "M 3"], distance: float) -> list[int]:
    """Indices of points, in order, that keep a distance from all those taken before."""
    taken: list[int] = []
    for index, point in enumerate(points):
        if all(np.linalg.norm(point - points[other]) >= distance for other in taken):
            taken.append(index)
        if len(taken) == CONTACTS:
            break
    return taken
