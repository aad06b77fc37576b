"""The brushes: small closed meshes with outward faces from a few numbers, in microseconds.

Upright brushes (box, cylinder, lathe, vessel, tray, slab) stand on y = 0 around the y axis. Flat ones
(extrude, ring) lie in the x-y plane, half their depth before it and half behind. Curved ones (sweep, tube,
sheet) are where their points are. The front of an object is +z. Sizes are full widths in metres.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from jaxtyping import Float64, Int64, Num

from partwise.datasets.world.mesh import Mesh, Number
from partwise.datasets.world.outlines import ellipse, rectangle
from partwise.errors import InputError, MissingExtraError


def loft(
    rings: Num[np.ndarray, "R S 3"],
    closed: bool = False,
    fill: Int64[np.ndarray, "T 3"] | None = None,
) -> Mesh:
    """A skin over R rings of S points each; the first and last ring are filled, or joined if `closed`.

    Faces look outward if the rings rise along y and turn from +x to +z. `fill` (T,3) are the triangles of a
    cap where the ring is not convex.
    """
    count, size = rings.shape[:2]
    faces = [_skin(count, size, closed)]
    if not closed:
        fill = _fan(size) if fill is None else fill
        faces += [fill, fill[:, ::-1] + (count - 1) * size]
    return Mesh(np.asarray(rings, dtype=np.float64).reshape(-1, 3), np.concatenate(faces))


@lru_cache(maxsize=512)
def _skin(count: int, size: int, closed: bool) -> Int64[np.ndarray, "F 3"]:
    """Two triangles for every step along the rings and around them."""
    ring = np.arange(count if closed else count - 1)[:, None]
    here, right = np.arange(size)[None, :], (np.arange(size)[None, :] + 1) % size
    above = (ring + 1) % count
    a, b, c, d = ring * size + here, above * size + here, ring * size + right, above * size + right
    return np.stack([a, b, c, c, b, d], axis=-1).reshape(-1, 3)


@lru_cache(maxsize=128)
def _fan(size: int) -> Int64[np.ndarray, "T 3"]:
    middle = np.arange(1, size - 1)
    return np.stack([np.zeros_like(middle), middle, middle + 1], axis=1)


def box(width: Number, height: Number, depth: Number, bevel: Number = 0.0) -> Mesh:
    """A box standing on y = 0, its edges cut off by `bevel` if that is given."""
    bevel = min(bevel, 0.49 * width, 0.49 * height, 0.49 * depth)
    if bevel <= 0:
        outline = rectangle(width, depth)
        return slab(outline, height)
    wide, small = rectangle(width, depth, bevel, 1), rectangle(width - 2 * bevel, depth - 2 * bevel, 1e-6, 1)
    rings = [_lay(small, 0.0), _lay(wide, bevel), _lay(wide, height - bevel), _lay(small, height)]
    return loft(np.stack(rings))


def box_between(low: Iterable[Number], high: Iterable[Number], bevel: Number = 0.0) -> Mesh:
    """The box from the corner `low` to the corner `high`."""
    low, high = np.array(list(low), np.float64), np.array(list(high), np.float64)
    x, _, z = (low + high) / 2
    return box(*(high - low), bevel=bevel).at(x, low[1], z)


def cylinder(
    radius: Number, height: Number, top: Number | None = None, bevel: Number = 0.0, around: int = 20
) -> Mesh:
    """A cylinder standing on y = 0, or a cone or tapered leg if the radius at the `top` differs."""
    top = radius if top is None else top
    bevel = min(bevel, 0.45 * height, 0.9 * max(radius, 1e-9))
    if bevel <= 0:
        return lathe([(radius, 0), (top, height)], around)
    edge = min(bevel, top)
    return lathe([(radius - bevel, 0), (radius, bevel), (top, height - bevel), (top - edge, height)], around)


def lathe(
    profile: Num[np.ndarray, "P 2"] | list,
    around: int | Num[np.ndarray, "S 2"] = 24,
    closed: bool = False,
) -> Mesh:
    """A profile of (radius, y) turned about the y axis; from low to high it faces outward.

    Open ends are closed with flat discs. `closed`: the profile is a loop and the solid a ring. `around`: how
    many steps, or an outline of diameter 1 in (x, z) to follow instead of a circle.
    """
    profile = np.asarray(profile, dtype=np.float64)
    outline = ellipse(1.0, count=around) if isinstance(around, int) else around
    if not closed:
        ends = [profile[:1] * [0, 1], profile, profile[-1:] * [0, 1]]
        profile = np.concatenate(ends[int(profile[0, 0] <= 0) : 3 - int(profile[-1, 0] <= 0)])
    size = len(outline)
    rings = np.empty((len(profile), size, 3))
    rings[:, :, 0::2] = 2 * profile[:, None, :1] * outline[None]
    rings[:, :, 1] = profile[:, 1:]
    return Mesh(rings.reshape(-1, 3), _skin(len(profile), size, closed))


def vessel(
    profile: Num[np.ndarray, "P 2"] | list, wall: Number, around: int | Num[np.ndarray, "S 2"] = 24
) -> Mesh:
    """A hollow body open at the top: `profile` is the outside (radius, y) from the bottom to the rim."""
    outside = np.asarray(profile, dtype=np.float64)
    if outside[0, 0] > 0:
        outside = np.concatenate([outside[:1] * [0, 1], outside])
    return lathe(np.concatenate([outside, inset(outside, wall)[::-1]]), around)


def inset(profile: Num[np.ndarray, "P 2"], wall: Number) -> Float64[np.ndarray, "P 2"]:
    """The profile moved inward by `wall`, mitred at corners, never across the axis."""
    along = np.diff(profile, axis=0)
    out = np.stack([along[:, 1], -along[:, 0]], axis=1) / (
        np.linalg.norm(along, axis=1, keepdims=True) + 1e-12
    )
    before, after = np.concatenate([out[:1], out]), np.concatenate([out, out[-1:]])
    mitre = (before + after) / np.maximum(1 + (before * after).sum(axis=1, keepdims=True), 0.5)
    inner = profile - wall * mitre
    inner[:, 0] = np.where(profile[:, 0] <= 0, 0.0, np.maximum(inner[:, 0], 0.0))
    inner[-1, 1] = profile[-1, 1]
    return inner


def tray(width: Number, height: Number, depth: Number, wall: Number, floor: Number | None = None) -> Mesh:
    """A box open at the top, standing on y = 0: drawers, bins, and lying on its back a cabinet's carcass."""
    floor = wall if floor is None else floor
    outer, inner = rectangle(width, depth), rectangle(width - 2 * wall, depth - 2 * wall)
    return loft(np.stack([_lay(outer, 0.0), _lay(outer, height), _lay(inner, height), _lay(inner, floor)]))


def carcass(width: Number, height: Number, depth: Number, wall: Number) -> Mesh:
    """A box standing on y = 0 and open to the front (+z): cabinets, shelves, ovens, fridges."""
    return tray(width, depth, height, wall).turned("x", 90).at(y=height / 2, z=-depth / 2)


def slab(outline: Num[np.ndarray, "P 2"], height: Number, bevel: Number = 0.0) -> Mesh:
    """A plate on y = 0 with the footprint `outline` in (x, z), its edges cut off by `bevel`."""
    fill = _fill(outline)
    if bevel <= 0:
        return loft(np.stack([_lay(outline, 0.0), _lay(outline, height)]), fill=fill)
    half = np.ptp(outline, axis=0) / 2
    small = outline * np.maximum(1 - bevel / half, 0.05)
    edge = min(bevel, height / 2)
    rings = [_lay(small, 0.0), _lay(outline, edge), _lay(outline, height - edge), _lay(small, height)]
    return loft(np.stack(rings), fill=fill)


def extrude(
    outline: Num[np.ndarray, "P 2"], depth: Number, holes: Sequence[Num[np.ndarray, "Q 2"]] = ()
) -> Mesh:
    """A plate with `outline` and `holes` in the x-y plane, from z = -depth / 2 to depth / 2.

    For a single hole `ring` is faster.
    """
    loops = [_counter_clockwise(outline)] + [_counter_clockwise(hole)[::-1] for hole in holes]
    sizes = np.cumsum([0] + [len(loop) for loop in loops])
    flat = np.concatenate(loops)
    faces = []
    for start, stop in pairwise(sizes):
        a = np.arange(start, stop)
        b = np.roll(a, -1)
        faces.append(
            np.concatenate(
                [np.stack([a, b, b + len(flat)], 1), np.stack([a, b + len(flat), a + len(flat)], 1)]
            )
        )
    fill = _fill(loops[0]) if not holes else _triangulate(flat, sizes[1:])
    faces += [fill[:, ::-1], fill + len(flat)]
    z = np.repeat([-depth / 2, depth / 2], len(flat))
    return Mesh(np.concatenate([np.tile(flat, (2, 1)), z[:, None]], axis=1), np.concatenate(faces))


def ring(outer: Num[np.ndarray, "P 2"], inner: Num[np.ndarray, "P 2"], depth: Number) -> Mesh:
    """A plate in the x-y plane with one hole whose outline has as many points as the outer one."""
    if len(outer) != len(inner):
        raise InputError(f"the outlines have {len(outer)} and {len(inner)} points: give both the same count")
    rings = np.stack([_lay(outer, 0.0), _lay(outer, depth), _lay(inner, depth), _lay(inner, 0.0)])
    lying = loft(rings, closed=True)
    return Mesh(lying.vertices[:, [0, 2, 1]] - [0, 0, depth / 2], lying.faces[:, ::-1])


def frame(width: Number, height: Number, border: Number, depth: Number) -> Mesh:
    """A rectangular frame in the x-y plane around the origin: doors, windows, pictures, screens."""
    return ring(rectangle(width, height), rectangle(width - 2 * border, height - 2 * border), depth)


def sweep(
    path: Num[np.ndarray, "P 3"],
    section: Num[np.ndarray, "S 2"],
    scale: Number | Num[np.ndarray, "P"] = 1.0,
    closed: bool = False,
) -> Mesh:
    """A section drawn along a path, `scale` times as large at each point; `closed` joins the two ends.

    The section's first axis lies across the plane of the path and its second axis in it. Frames hang on the
    direction in which the path moves least, which keeps them from twisting on anything but knots.
    """
    path = np.asarray(path, dtype=np.float64)
    if closed:
        along = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
    else:
        along = np.empty_like(path)
        along[1:-1], along[0], along[-1] = path[2:] - path[:-2], path[1] - path[0], path[-1] - path[-2]
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-12
    spread = along.T @ along / len(along) + np.diag([2e-6, 3e-6, 1e-6])  # a straight path prefers z, then x
    across = np.linalg.eigh(spread)[1][:, 0]
    across *= np.sign(across[np.abs(across).argmax()])
    first = across - (along @ across)[:, None] * along
    first /= np.linalg.norm(first, axis=1, keepdims=True) + 1e-12
    second = np.cross(first, along)
    offset = section[None, :, :1] * first[:, None] + section[None, :, 1:] * second[:, None]
    rings = path[:, None] + offset * np.broadcast_to(scale, len(path))[:, None, None]
    return loft(rings, closed=closed, fill=None if closed else _fill(section))


def tube(
    path: Num[np.ndarray, "P 3"] | list,
    radius: Number | Num[np.ndarray, "P"],
    sides: int = 8,
    closed: bool = False,
) -> Mesh:
    """A round rod along a path: handles, spouts, cables, legs. `radius` may change from point to point."""
    return sweep(np.asarray(path, dtype=np.float64), ellipse(2.0, count=sides), radius, closed)


def ball(width: Number, height: Number | None = None, depth: Number | None = None, around: int = 16) -> Mesh:
    """An ellipsoid around the origin by its full sizes; a sphere if only one is given."""
    height, depth = (width if size is None else size for size in (height, depth))
    angle = np.linspace(-np.pi / 2, np.pi / 2, around // 2 + 1)
    unit = lathe(np.stack([np.maximum(np.cos(angle), 0) / 2, np.sin(angle) / 2], axis=1), around)
    return unit.scaled(width, height, depth)


def pillow(width: Number, height: Number, depth: Number, power: Number = 4.0, around: int = 20) -> Mesh:
    """A cushion around the origin: an ellipsoid at power 2, nearer a box the higher (a superellipsoid)."""
    smooth = ball(2.0, around=around)

    def swell(points: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "V 3"]:
        size = (np.abs(points) ** power).sum(axis=1, keepdims=True) ** (1 / power)
        return points / np.maximum(size, 1e-9)

    return smooth.warped(swell).scaled(width / 2, height / 2, depth / 2)


def sheet(grid: Num[np.ndarray, "R S 3"], thickness: Number) -> Mesh:
    """A curved plate through a grid of points: seats, backrests, leaves, blankets, bonnets."""
    size = grid.shape[1]
    grid = np.asarray(grid, dtype=np.float64)
    normal = np.cross(np.gradient(grid, axis=0), np.gradient(grid, axis=1))
    normal *= thickness / 2 / (np.linalg.norm(normal, axis=2, keepdims=True) + 1e-12)
    step = np.arange(size - 1)
    back = 2 * size - 1 - step
    fill = np.concatenate([np.stack([step, step + 1, back], 1), np.stack([step + 1, back - 1, back], 1)])
    return loft(np.concatenate([grid + normal, (grid - normal)[:, ::-1]], axis=1), fill=fill)


def wobble(rng: np.random.Generator, amount: Number, length: Number) -> Callable:
    """A smooth random displacement for Mesh.warped: about `amount` metres, waves of about `length` metres."""
    waves = rng.normal(size=(4, 3)) / length * 2
    phase = rng.uniform(0, 2 * np.pi, 4)
    push = rng.normal(size=(4, 3)) * amount / 2
    return lambda points: points + np.sin(points @ waves.T + phase) @ push


def cut(mesh: Mesh, *tools: Mesh) -> Mesh:
    """The mesh without the volume of the tools. Takes milliseconds: only where no brush does it."""
    manifold = _manifold(mesh)
    for tool in tools:
        manifold = manifold - _manifold(tool)
    return _from_manifold(manifold)


def fuse(*meshes: Mesh) -> Mesh:
    """The union of the meshes, inner walls gone."""
    manifold = _manifold(meshes[0])
    for mesh in meshes[1:]:
        manifold = manifold + _manifold(mesh)
    return _from_manifold(manifold)


def _lay(outline: Num[np.ndarray, "P 2"], y: Number) -> Float64[np.ndarray, "P 3"]:
    """An outline in (x, z) at the height y."""
    return np.stack([outline[:, 0], np.full(len(outline), float(y)), outline[:, 1]], axis=1)


def _signed_area(outline: Num[np.ndarray, "P 2"]) -> float:
    x, y = outline.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _counter_clockwise(outline: Num[np.ndarray, "P 2"]) -> Float64[np.ndarray, "P 2"]:
    outline = np.asarray(outline, dtype=np.float64)
    return outline if _signed_area(outline) > 0 else outline[::-1]


def _fill(outline: Num[np.ndarray, "P 2"]) -> Int64[np.ndarray, "T 3"]:
    """Triangles over an outline: a fan if it is convex, else by ear clipping."""
    step = np.roll(outline, -1, axis=0) - outline
    after = np.roll(step, -1, axis=0)
    turn = step[:, 0] * after[:, 1] - step[:, 1] * after[:, 0]
    if (turn >= -1e-12).all():
        return _fan(len(outline))
    return _triangulate(outline, np.array([len(outline)]))


def _triangulate(points: Num[np.ndarray, "P 2"], ends: Int64[np.ndarray, "L"]) -> Int64[np.ndarray, "T 3"]:
    """Ear clipping of an outline with holes, all triangles counter-clockwise."""
    try:
        import mapbox_earcut
    except ImportError as error:
        raise MissingExtraError("mapbox_earcut", "train", "cutting an outline into triangles") from error
    faces = mapbox_earcut.triangulate_float64(
        np.ascontiguousarray(points, np.float64), ends.astype(np.uint32)
    )
    faces = faces.reshape(-1, 3).astype(np.int64)
    a, b, c = (points[faces[:, k]] for k in range(3))
    turn = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    return np.where(turn[:, None] < 0, faces[:, ::-1], faces)


def _manifold(mesh: Mesh):
    try:
        import manifold3d
    except ImportError as error:
        raise MissingExtraError("manifold3d", "train", "cutting and joining solids") from error
    # Poles and seams share places but not vertices: merge them, so that the solid is closed.
    places, index = np.unique(np.round(mesh.vertices, 9), axis=0, return_inverse=True)
    faces = index.reshape(-1)[mesh.faces]
    whole = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    solid = manifold3d.Manifold(
        manifold3d.Mesh64(np.ascontiguousarray(places), np.ascontiguousarray(faces[whole].astype(np.uint64)))
    )
    if solid.status() != manifold3d.Error.NoError:
        raise InputError(
            f"a mesh of {len(faces)} faces is not a closed solid ({solid.status()}): close it first"
        )
    return solid


def _from_manifold(solid) -> Mesh:
    result = solid.to_mesh64()
    return Mesh(np.asarray(result.vert_properties[:, :3], np.float64), np.asarray(result.tri_verts, np.int64))
