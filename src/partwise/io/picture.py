"""A picture of a labelled shape with its legend, made without a display or graphics library."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int, Int32, Int64, UInt8

from partwise.errors import InputError
from partwise.files import atomic_path
from partwise.io.camera import Camera, bounding_ball, to_y_up
from partwise.io.geometry import Geometry
from partwise.io.legend import Layout, draw_legend, draw_line, draw_title
from partwise.io.names import printable
from partwise.io.palette import linear_to_srgb, srgb_to_linear
from partwise.io.raster import barycentric, disc_ids, triangle_ids
from partwise.io.shade import floor_shadow, lit, open_sky, seen_on_floor, surface_sample
from partwise.io.surface import cloud_surface, corner_normals, face_areas

if TYPE_CHECKING:
    from PIL.Image import Image

_FINER = 2  # pixels per side that are averaged into one
_MOST_POINTS = 100_000  # of a cloud; more would fall on the same pixels
_FRONT, _BACK = (35.0, 24.0), (215.0, 24.0)  # azimuth and elevation in degrees
_CLEARLY = 0.1  # of the depth of the shape, that what is to be seen must lie behind its middle
# Faces or discs and places on the screen to normals and depths.
_Look = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
_SLICE = 65_536  # pixels at a time: small arrays stay in the processor's cache
_BEAD = np.float32(0.7)
_SHADOW = np.array([70, 78, 92], dtype=np.float32)


def render_picture(
    geometry: Geometry,
    colors: UInt8[np.ndarray, "M 3"],
    legend: Sequence[tuple[str, Sequence[int]]],
    size: tuple[int, int] = (1200, 900),
    title: str | None = None,
    up: str = "y",
    weight: Float[np.ndarray, "M"] | None = None,
) -> Image:
    """The shape from the front right and above, from behind as an inset, and the legend.

    colors (F,3) RGB of the faces of a mesh or (N,3) of the points of a cloud; legend holds (name, RGB); size is
    (width, height) in pixels; up is the axis that points up: y, z, x, -y, -z or -x; weight says how much there is to
    see at each face or point: where most of it lies behind, the view from behind is the large one. Points that are
    not finite are left out. Clouds beyond 100,000 points are thinned for the picture alone. Raises InputError if the
    colours do not fit, the size is below 320 x 240, or nothing is finite.

    Example:
        >>> cloud = Geometry(np.random.default_rng(0).random((500, 3)))
        >>> render_picture(cloud, np.full((500, 3), 90, np.uint8), [("all", (90, 90, 90))], (320, 240)).size
        (320, 240)
    """
    from PIL import Image

    if min(size[0] / 320, size[1] / 240) < 1:
        raise InputError(f"a picture of {size[0]} x {size[1]} has no room: ask for 320 x 240 or more")
    scene = _scene(geometry, colors, up)
    layout = Layout.of(size, legend, title)
    canvas = _background(*size)
    large, small = (_BACK, _FRONT) if _is_behind(geometry, weight, up) else (_FRONT, _BACK)
    _draw(canvas, scene, layout.main, large)
    if layout.inset is not None:
        _draw(canvas, scene, layout.inset, small)
    picture = Image.fromarray(np.rint(canvas).astype(np.uint8))
    draw_title(picture, layout, title)
    draw_legend(picture, layout, legend)
    return picture


def write_png(
    path: str | os.PathLike[str],
    geometry: Geometry,
    colors: UInt8[np.ndarray, "M 3"],
    legend: Sequence[tuple[str, Sequence[int]]],
    size: tuple[int, int] = (1200, 900),
    title: str | None = None,
    up: str = "y",
    weight: Float[np.ndarray, "M"] | None = None,
) -> None:
    """`render_picture` into a PNG file."""
    picture = render_picture(geometry, colors, legend, size, title, up, weight)
    with atomic_path(path) as temporary:
        picture.save(temporary, format="PNG")


def rarity(
    labels: Int[np.ndarray, "M"], size: Float64[np.ndarray, "M"] | None = None
) -> Float64[np.ndarray, "M"]:
    """One over the size of its part for each face or point: `weight` of a picture on which small parts are seen.

    Parts count alike, but not "none" (-1), nor the largest, which is seen from everywhere. size (M,) is the area of
    each face, None counts points.

    Example:
        >>> rarity(np.array([0, 0, 0, 1, 1, -1])).tolist()
        [0.0, 0.0, 0.0, 0.5, 0.5, 0.0]
    """
    whole = np.bincount(labels + 1, size, minlength=1)
    share = np.divide(1.0, whole, out=np.zeros(len(whole)), where=whole > 0)
    share[0] = share[whole.argmax()] = 0.0
    return share[labels + 1]


def side_by_side(images: Sequence[Image], columns: int, captions: Sequence[str]) -> Image:
    """Pictures side by side, row by row on white, each with a line of text above it.

    All cells have the size of the largest picture. Raises InputError unless there is one caption for each of one or
    more pictures.
    """
    from PIL import Image

    if not images or len(images) != len(captions) or columns < 1:
        raise InputError(
            f"{len(images)} pictures, {len(captions)} captions, {columns} columns: "
            "give one caption for each picture, and a column"
        )
    width, height = max(image.width for image in images), max(image.height for image in images)
    line = max(14, round(0.035 * width))
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (min(columns, len(images)) * width, rows * (height + 2 * line)), "white")
    for index, (image, caption) in enumerate(zip(images, captions, strict=True)):
        left, top = index % columns * width, index // columns * (height + 2 * line)
        draw_line(
            sheet, (left + line, top + line // 2), printable(caption), float(line), float(width - 2 * line)
        )
        sheet.paste(image, (left, top + 2 * line))
    return sheet


@dataclass(frozen=True)
class _Scene:
    """A shape ready to be drawn: centre 0, radius 1, +Y up.

    used     (U,) points that faces use, or all of a cloud
    albedo   (F or N, 3) linear colours
    normals  (F,3,3) at the corners of faces, or (N,3) of points
    radius   (N,) of the discs of a cloud, None for a mesh
    shadow   (X,Z) on the floor
    """

    points: Float64[np.ndarray, "N 3"]
    faces: Int64[np.ndarray, "F 3"] | None
    used: Int64[np.ndarray, "U"]
    albedo: Float32[np.ndarray, "M 3"]
    normals: Float32[np.ndarray, "M ..."]
    radius: Float64[np.ndarray, "N"] | None
    shadow: Float32[np.ndarray, "X Z"]


def _scene(geometry: Geometry, colors: UInt8[np.ndarray, "M 3"], up: str) -> _Scene:
    turn = to_y_up(up)
    expected = len(geometry.points) if geometry.faces is None else len(geometry.faces)
    if len(colors) != expected:
        raise InputError(f"{len(colors)} colours for {expected} faces or points: give one for each")
    finite = np.flatnonzero(np.isfinite(geometry.points).all(axis=1))
    if not len(finite) or expected == 0:
        raise InputError("nothing to draw: the shape has no face and no finite point")
    albedo = srgb_to_linear(colors).astype(np.float32)
    if geometry.faces is not None:
        used = np.flatnonzero(np.bincount(geometry.faces.reshape(-1)))
        centre, size = bounding_ball(geometry.points[used])
        points = (geometry.points - centre) @ (turn.T / size)
        normals = (corner_normals(geometry, geometry.faces) @ turn.T).astype(np.float32)
        shadow = floor_shadow(surface_sample(points, geometry.faces, 60_000))
        return _Scene(points, geometry.faces, used, albedo, normals, None, shadow)
    if len(finite) > _MOST_POINTS:
        finite = np.sort(np.random.default_rng(0).choice(finite, _MOST_POINTS, replace=False))
    normals, radius = cloud_surface(geometry, finite)
    centre, size = bounding_ball(geometry.points[finite])
    points = (geometry.points[finite] - centre) @ (turn.T / size)
    normals = (normals @ turn.T).astype(np.float32)
    everything = np.arange(len(points))
    return _Scene(points, None, everything, albedo[finite], normals, radius / size, floor_shadow(points))


def _is_behind(geometry: Geometry, weight: Float[np.ndarray, "M"] | None, up: str) -> bool:
    """Whether the weight lies clearly on the side of the shape that the front view does not see."""
    if weight is None or not weight.any():
        return False
    turn, azimuth = to_y_up(up), np.deg2rad(_FRONT[0])
    depth = geometry.points @ (turn.T @ np.array([np.sin(azimuth), 0.0, np.cos(azimuth)]))
    size = np.ones(len(depth))
    if geometry.faces is not None:
        depth, size = depth[geometry.faces].mean(axis=1), face_areas(geometry.points[geometry.faces])
    seen = np.isfinite(depth) & np.isfinite(size)
    depth, size, weight = depth[seen], size[seen], weight[seen]
    total, heavy = size.sum(), (size * weight).sum()
    if not total or not heavy:
        return False
    away = (depth * size).sum() / total - (depth * size * weight).sum() / heavy
    return bool(away > _CLEARLY * np.ptp(depth))


def _background(width: int, height: int) -> Float32[np.ndarray, "H W 3"]:
    """Near white, a little darker and cooler toward the floor."""
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None] ** 1.5
    top, bottom = np.array([252, 252, 253], dtype=np.float32), np.array([232, 235, 240], dtype=np.float32)
    return np.broadcast_to(top * (1 - share) + bottom * share, (height, width, 3)).copy()


def _draw(
    canvas: Float32[np.ndarray, "H W 3"],
    scene: _Scene,
    box: tuple[int, int, int, int],
    view: tuple[float, float],
) -> None:
    """One view of the scene into a box (left, top, right, bottom) of the canvas."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    margin = round(0.07 * min(width, height))
    radius = 0.0 if scene.radius is None else scene.radius
    frame = (left + margin, top + margin, right - margin, bottom - margin)
    camera = Camera.framing(scene.points[scene.used], radius, view, frame)
    # The shadow may leave the box, so that no straight edge cuts it.
    floor = float(scene.points[scene.used, 1].min())
    shadow = seen_on_floor(scene.shadow, floor, camera, canvas.shape[1], canvas.shape[0])[..., None]
    canvas += 0.55 * shadow * (_SHADOW - canvas)
    target = canvas[top:bottom, left:right]
    fine = camera.within(left, top, _FINER)
    color, seen = _shaded(scene, fine, _FINER * width, _FINER * height)
    cover = _shrunk(seen[..., None].astype(np.float32))
    target *= 1 - cover
    target += _shrunk(color)


def _shaded(
    scene: _Scene, camera: Camera, width: int, height: int
) -> tuple[Float32[np.ndarray, "H W 3"], Bool[np.ndarray, "H W"]]:
    """Screen colours (H,W,3), 0 where nothing is, and where something is (H,W)."""
    ids, look = (_cloud_pixels if scene.faces is None else _mesh_pixels)(scene, camera, width, height)
    pixel = np.flatnonzero(ids >= 0)
    index = ids.reshape(-1)[pixel]
    rows, columns = np.divmod(pixel.astype(np.int32), np.int32(width))
    normals = np.empty((len(index), 3), dtype=np.float32)
    here = np.empty(len(index), dtype=np.float32)
    slices = [slice(start, start + _SLICE) for start in range(0, len(index), _SLICE)]
    for some in slices:
        places = np.stack([columns[some], rows[some]], axis=1).astype(np.float32) + np.float32(0.5)
        normals[some], here[some] = look(index[some], places)
    sky = _sky(rows, columns, here, normals, (height, width), camera.zoom)
    color = np.zeros((height * width, 3), dtype=np.float32)
    for some in slices:
        light = lit(scene.albedo[index[some]], normals[some], sky[some])
        color[pixel[some]] = _screen_colors(light)
    return color.reshape(height, width, 3), ids >= 0


def _mesh_pixels(
    scene: _Scene, camera: Camera, width: int, height: int
) -> tuple[Int32[np.ndarray, "H W"], _Look]:
    """Faces (H,W) on the screen, and what gives normals (M,3) in camera axes and depths (M,) at places on them."""
    faces = np.asarray(scene.faces)
    flat, depth = camera.project(scene.points)
    axes = camera.axes.T.astype(np.float32)

    def look(face: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        weights = barycentric(flat, depth, faces[face], places)
        normals = np.einsum("mk,mkc->mc", weights, scene.normals[face]) @ axes
        return _toward_camera(normals), np.einsum("mk,mk->m", weights, depth[faces[face]])

    return triangle_ids(flat, depth, faces, width, height), look


def _cloud_pixels(
    scene: _Scene, camera: Camera, width: int, height: int
) -> tuple[Int32[np.ndarray, "H W"], _Look]:
    """The same for the discs of a cloud."""
    size = np.asarray(scene.radius, dtype=np.float32)
    flat, depth = camera.project(scene.points)
    radius = np.float32(camera.zoom) * size / depth
    normals = _toward_camera(scene.normals @ camera.axes.T.astype(np.float32))

    def look(disc: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return _rounded(normals[disc], (places - flat[disc]) / radius[disc, None], radius[disc]), depth[disc]

    return disc_ids(flat, depth, radius, size, width, height), look


def _rounded(
    normals: Float32[np.ndarray, "M 3"], place: Float32[np.ndarray, "M 2"], radius: Float32[np.ndarray, "M"]
) -> Float32[np.ndarray, "M 3"]:
    """Normals bent like those of a ball, the more the larger its disc: few points look like beads, many like a skin.

    place (M,2) from the middle of the disc in radii, radius (M,) in pixels.
    """
    bend = _BEAD * np.clip((radius - 8) / 24, 0, 1)  # from 8 pixels on, in full at 32
    bent = normals.copy()
    bent[:, 0] += bend * place[:, 0]
    bent[:, 1] -= bend * place[:, 1]  # rows count down
    return _toward_camera(bent)


def _screen_colors(light: Float32[np.ndarray, "M 3"]) -> Float32[np.ndarray, "M 3"]:
    """linear_to_srgb through a table of 4,096 steps: powers of millions of pixels would take a third of the time."""
    table = linear_to_srgb(np.linspace(0, 1, 4096)).astype(np.float32)
    return table[np.clip(light * 4095 + 0.5, 0, 4095).astype(np.int16)]


def _sky(
    rows: Int32[np.ndarray, "M"],
    columns: Int32[np.ndarray, "M"],
    depths: Float32[np.ndarray, "M"],
    normals: Float32[np.ndarray, "M 3"],
    shape: tuple[int, int],
    zoom: float,
) -> Float32[np.ndarray, "M"]:
    """open_sky at the pixels, computed at half the resolution: it has no fine detail."""
    half = (shape[0] // _FINER, shape[1] // _FINER)
    depth = np.zeros(half, dtype=np.float32)
    direction = np.zeros((*half, 3), dtype=np.float32)
    seen = np.zeros(half, dtype=bool)
    r, c = rows // _FINER, columns // _FINER
    depth[r, c], direction[r, c], seen[r, c] = depths, normals, True
    return open_sky(depth, direction, seen, zoom / _FINER)[r, c]


def _toward_camera(normals: Float32[np.ndarray, "M 3"]) -> Float32[np.ndarray, "M 3"]:
    """Unit normals, turned over where they point away: both sides of a face are lit alike."""
    length = np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), np.float32(1e-9))
    return normals / np.copysign(length, normals[:, 2:])


def _shrunk(fine: Float32[np.ndarray, "H W C"]) -> Float32[np.ndarray, "h w C"]:
    """The mean of each block of pixels."""
    offsets = [(row, column) for row in range(_FINER) for column in range(_FINER)]
    total = sum(fine[row::_FINER, column::_FINER] for row, column in offsets)
    return total * np.float32(1 / len(offsets))
