"""What people look at: the picture made without a display, and the page that opens from disk."""

import base64
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
import trimesh
from conftest import share_like
from PIL import Image

from partwise.errors import InputError
from partwise.io.camera import Camera, to_y_up
from partwise.io.geometry import Geometry
from partwise.io.html import write_html
from partwise.io.palette import heat_colors, part_colors
from partwise.io.picture import render_picture, side_by_side, write_png
from partwise.io.raster import barycentric, disc_ids, triangle_ids
from partwise.io.surface import cloud_surface, corner_normals

RED, BLUE = (200, 30, 40), (30, 60, 200)
SMALL = (400, 300)


def ball(subdivisions=3):
    mesh = trimesh.creation.icosphere(subdivisions=subdivisions)
    return Geometry(np.array(mesh.vertices), faces=np.array(mesh.faces, dtype=np.int64))


def test_picture_shows_both_colours_and_the_legend():
    geometry = ball()
    upper = geometry.points[geometry.faces].mean(axis=1)[:, 1] > 0
    colors = np.where(upper[:, None], np.uint8(RED), np.uint8(BLUE))
    legend = [("upper half", RED), ("lower half", BLUE)]
    picture = render_picture(geometry, colors, legend, SMALL)
    assert (picture.size, picture.mode) == (SMALL, "RGB")
    shape, key = (0, 0, 290, 300), (292, 0, 400, 100)
    assert share_like(picture, RED, shape) > 0.15
    assert share_like(picture, BLUE, shape) > 0.15
    assert share_like(picture, RED, (0, 0, 290, 100)) > share_like(picture, BLUE, (0, 0, 290, 100))
    assert share_like(picture, RED, key) > 0.003
    assert share_like(picture, BLUE, key) > 0.003
    corner = np.asarray(picture)[:8, :8]
    assert corner.min() > 245  # near white
    without = render_picture(geometry, colors, [], SMALL)
    assert share_like(without, RED, key) == 0
    assert without.tobytes() != picture.tobytes()
    again = render_picture(geometry, colors, legend, SMALL)
    assert again.tobytes() == picture.tobytes()


def test_picture_turns_the_up_axis_up():
    geometry = ball(2)
    top = geometry.points[geometry.faces].mean(axis=1)[:, 2] > 0
    colors = np.where(top[:, None], np.uint8(RED), np.uint8(BLUE))
    upper = (0, 0, 290, 120)
    picture = render_picture(geometry, colors, [], SMALL, up="z")
    assert share_like(picture, RED, upper) > 10 * share_like(picture, BLUE, upper)
    picture = render_picture(geometry, colors, [], SMALL, up="-z")
    assert share_like(picture, BLUE, upper) > 10 * share_like(picture, RED, upper)


@pytest.mark.parametrize(("up", "axis"), [("y", 2), ("z", 1)])
@pytest.mark.parametrize("cloud", [False, True])
def test_the_large_view_is_the_one_that_shows_what_there_is_to_see(up, axis, cloud):
    geometry = ball()
    places = geometry.points[geometry.faces].mean(axis=1)
    if cloud:
        geometry, places = Geometry(geometry.points), geometry.points
    sign = 1 if up == "y" else -1  # with z up, the front is -y
    behind = sign * places[:, axis] < -0.8
    colors = np.where(behind[:, None], np.uint8(RED), np.uint8(BLUE))
    shape = (0, 0, 290, 300)
    plain = render_picture(geometry, colors, [], SMALL, up=up)
    turned = render_picture(geometry, colors, [], SMALL, up=up, weight=behind.astype(np.float32))
    assert share_like(plain, RED, shape) < 0.01 < share_like(turned, RED, shape)
    for weight in (~behind, np.ones(len(places)), np.zeros(len(places))):
        same = render_picture(geometry, colors, [], SMALL, up=up, weight=weight.astype(np.float32))
        assert same.tobytes() == plain.tobytes()


@pytest.mark.parametrize("count", [2048, 120_000])
def test_sparse_and_dense_clouds_look_solid(count):
    points = np.random.default_rng(0).normal(size=(count, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    colors = np.where(points[:, 2:] + points[:, :1] > 0, np.uint8(RED), np.uint8(BLUE))  # the front is red
    picture = render_picture(Geometry(points), colors, [], SMALL)
    middle = (110, 110, 180, 190)
    assert share_like(picture, RED, middle) > 0.95


@pytest.mark.parametrize(
    "points",
    [
        [[1e6, 2, 3]],
        [[0, 0, 0], [0, 0, 1e-30]],
        np.zeros((20, 3)),
        np.linspace(0, 1, 40)[:, None] * [[1, 1, 1]],
        [[0, 0, 0], [np.nan, 0, 0], [0, np.inf, 0], [1e9, 0, 0]],
    ],
    ids=["one", "tiny", "equal", "line", "not finite"],
)
def test_odd_clouds_are_drawn(points):
    points = np.array(points, dtype=np.float64)
    picture = render_picture(Geometry(points), np.tile(np.uint8(RED), (len(points), 1)), [], SMALL)
    assert share_like(picture, RED, (0, 0, 290, 300)) > 0.0005


def test_picture_refuses_what_does_not_fit():
    geometry = ball(1)
    with pytest.raises(InputError, match="3 colours for 80"):
        render_picture(geometry, np.zeros((3, 3), np.uint8), [])
    with pytest.raises(InputError, match="no room"):
        render_picture(geometry, np.zeros((80, 3), np.uint8), [], (100, 100))
    with pytest.raises(InputError, match="nothing to draw"):
        render_picture(Geometry(np.full((2, 3), np.nan)), np.zeros((2, 3), np.uint8), [])
    with pytest.raises(InputError, match="unknown up axis 'w'"):
        render_picture(geometry, np.zeros((80, 3), np.uint8), [], up="w")


def test_long_legends_and_titles_stay_inside(tmp_path):
    legend = [(f"a part with a long name, number {k}", RED if k % 2 else BLUE) for k in range(64)]
    colors = np.tile(np.uint8(RED), (80, 1))
    write_png(tmp_path / "a.png", ball(1), colors, legend, (800, 600), "title " * 80)
    picture = np.asarray(Image.open(tmp_path / "a.png"))
    background = picture[:, -1:].astype(int)
    assert np.abs(picture[:400, -18:].astype(int) - background[:400]).max() < 12  # a clean right margin
    assert (picture[:60].min(axis=(0, 2)) < 100).any()  # the title


def test_side_by_side():
    pictures = [Image.new("RGB", (100, 80), color) for color in (RED, BLUE, RED)]
    sheet = side_by_side(pictures, 2, ["first", "second", "größe"])
    assert sheet.width == 200
    assert 0.17 < share_like(sheet, BLUE) < 0.2
    assert sheet.convert("L").crop((0, 0, 100, 28)).getextrema()[0] < 100  # ink
    with pytest.raises(InputError, match="1 captions"):
        side_by_side(pictures, 2, ["one"])


def brute_force_ids(flat, depth, faces, width, height):
    """The slow twin of triangle_ids: every triangle at every pixel."""
    y, x = np.mgrid[:height, :width] + 0.5
    pixels = np.stack([x, y], axis=-1).reshape(-1, 2)
    best, ids = np.full(len(pixels), -np.inf), np.full(len(pixels), -1)
    for index, face in enumerate(faces):
        a, b, c = flat[face].astype(np.float64)
        matrix = np.array([[a[0], b[0], c[0]], [a[1], b[1], c[1]], [1, 1, 1]])
        weights = np.linalg.solve(matrix, np.c_[pixels, np.ones(len(pixels))].T).T
        near = weights @ (1 / depth[face].astype(np.float64))
        hit = (weights >= 0).all(axis=1) & (near > best)
        best[hit], ids[hit] = near[hit], index
    return ids.reshape(height, width)


def test_triangles_equal_the_slow_twin():
    generator = np.random.default_rng(3)
    flat = generator.uniform(-10, 60, (60, 2)).astype(np.float32)
    depth = generator.uniform(3, 6, 60).astype(np.float32)
    faces = np.arange(60).reshape(20, 3)
    fast = triangle_ids(flat, depth, faces, 48, 40)
    slow = brute_force_ids(flat, depth, faces, 48, 40)
    assert (fast == slow).mean() > 0.998  # pixel centres on an edge may fall either way
    assert len(np.unique(slow)) > 8


def test_discs_cover_their_circles_and_the_nearest_wins():
    flat = np.array([[20, 20], [24, 20]], dtype=np.float32)
    depth = np.array([5, 4], dtype=np.float32)
    radius, bulge = np.array([6, 3], dtype=np.float32), np.zeros(2, dtype=np.float32)
    ids = disc_ids(flat, depth, radius, bulge, 40, 40)
    y, x = np.mgrid[:40, :40] + 0.5
    first, second = (np.hypot(x - cx, y - 20) <= r for cx, r in ((20, 6), (24, 3)))
    np.testing.assert_array_equal(ids, np.where(second, 1, np.where(first, 0, -1)))


def test_barycentric_is_corrected_for_perspective():
    camera = Camera(np.eye(3), 100.0, (50.0, 50.0))
    corners = np.array([[0, 0, 1.0], [1, 0, -1.0], [0, 1, 0.0]])
    expected = np.array([[0.2, 0.5, 0.3]])
    flat, depth = camera.project(corners)
    pixel, _ = camera.project(expected @ corners)
    np.testing.assert_allclose(barycentric(flat, depth, np.array([[0, 1, 2]]), pixel), expected, atol=1e-4)


def test_camera_fills_its_frame_and_its_rays_agree():
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (200, 3))
    camera = Camera.framing(points, 0.0, (35.0, 24.0), (10, 20, 110, 220))
    flat, depth = camera.project(points)
    low, high = flat.min(axis=0), flat.max(axis=0)
    np.testing.assert_allclose((low + high) / 2, (60, 120), atol=0.01)
    assert max((high - low) / (100, 200)) == pytest.approx(1, abs=1e-3)
    eye, rays = camera.rays(120, 240)
    column, row = np.floor(flat[0]).astype(int)
    assert np.linalg.norm(eye + rays[row, column] * depth[0] - points[0]) < 2 * depth[0] / camera.zoom
    for up in ("x", "y", "z", "-x", "-y", "-z"):
        axis = np.eye(3)["xyz".index(up[-1])] * (-1 if up[0] == "-" else 1)
        np.testing.assert_array_equal(to_y_up(up) @ axis, [0, 1, 0])
        assert np.linalg.det(to_y_up(up)) == pytest.approx(1)


def test_normals_are_smooth_on_a_ball_and_sharp_on_a_box():
    geometry = ball(3)
    normals = corner_normals(geometry, geometry.faces)
    np.testing.assert_allclose(normals, geometry.points[geometry.faces], atol=0.02)
    box = trimesh.creation.box()
    geometry = Geometry(np.array(box.vertices), faces=np.array(box.faces, dtype=np.int64))
    flat = np.repeat(box.face_normals[:, None], 3, axis=1)
    np.testing.assert_allclose(corner_normals(geometry, geometry.faces), flat, atol=1e-6)
    points = np.random.default_rng(0).random((500, 3)) * (1, 1, 0)
    normals, radius = cloud_surface(Geometry(points), np.arange(500))
    np.testing.assert_allclose(np.abs(normals[:, 2]), 1, atol=1e-6)
    assert 0.5 / np.sqrt(500) < np.median(radius) < 2 / np.sqrt(500)


class Page(HTMLParser):
    """Text of the title and of the data element, and every address that a tag names."""

    def __init__(self, text):
        super().__init__()
        self.title, self.data, self.links, self.scripts, self._inside = "", "", [], 0, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        self.links += [value for name, value in attrs if name in ("src", "href")]
        self._inside = "data" if ("id", "data") in attrs else tag

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, text):
        if self._inside == "title":
            self.title += text
        if self._inside == "data":
            self.data += text


def unpack(payload, key, dtype):
    return np.frombuffer(base64.b64decode(payload[key]), dtype)


def write_ball(path, names=("cap", "rest"), title="ball.glb", **options):
    geometry = ball(2)
    labels = (geometry.points[geometry.faces].mean(axis=1)[:, 1] < 0.6).astype(np.int32)
    labels[:7] = -1
    scores = np.random.default_rng(0).random((len(geometry.points), 2)).astype(np.float32)
    write_html(
        path, geometry, labels, scores, list(names), part_colors(list(names)), title, {"schema": "partwise/1"}
    )
    return geometry, labels, scores


def test_page_is_one_file_without_network(tmp_path):
    write_ball(tmp_path / "a.html")
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert not re.search(r"(https?:)?//[a-z0-9.-]+\.[a-z]{2,}/", text)
    assert "http://" not in text
    assert "https://" not in text
    assert "default-src 'none'" in text
    page = Page(text)
    assert page.links == ["data:,"]
    assert page.title == "ball.glb"
    assert len(text) < 200_000


def test_page_holds_the_arrays(tmp_path):
    geometry, labels, scores = write_ball(tmp_path / "a.html")
    payload = json.loads(Page((tmp_path / "a.html").read_text(encoding="utf-8")).data)
    count = len(geometry.points)
    points = unpack(payload, "positions", "<f4").reshape(-1, 3) + payload["centre"]
    np.testing.assert_allclose(points, geometry.points, atol=1e-6)
    faces = unpack(payload, "faces", "<u4").reshape(-1, 3)
    assert [part["name"] for part in payload["parts"]] == ["cap", "rest", "none"]
    for part in payload["parts"]:
        own = faces[part["start"] // 3 : (part["start"] + part["count"]) // 3]
        np.testing.assert_array_equal(own, geometry.faces[labels == part["label"]])
    assert sum(part["share"] for part in payload["parts"]) == pytest.approx(1)
    stored = unpack(payload, "scores", "u1").reshape(2, count)
    np.testing.assert_allclose(stored / 255, scores.T, atol=0.5 / 255 + 1e-6)
    np.testing.assert_array_equal(
        unpack(payload, "heat", "u1").reshape(-1, 3), heat_colors(np.linspace(0, 1, 256))
    )
    assert len(unpack(payload, "normals", "i1")) == 9 * len(faces)
    assert payload["record"] == {"schema": "partwise/1"}
    assert payload["opens"] == -1  # with the parts
    assert payload["notes"] == []


def test_page_of_a_cloud_leaves_out_nan_and_says_so(tmp_path):
    points = np.random.default_rng(0).random((30, 3)) + 1e6
    points[4] = np.nan
    labels = np.arange(30) % 2
    scores = np.full((30, 2), np.nan, np.float32)
    cloud, names = Geometry(points, up="z"), ["a", "b"]
    write_html(tmp_path / "c.html", cloud, labels, scores, names, part_colors(names), "c", {})
    payload = json.loads(Page((tmp_path / "c.html").read_text(encoding="utf-8")).data)
    assert payload["faces"] is None
    assert payload["notes"] == ["Left out, without finite coordinates: 1."]
    shown = unpack(payload, "positions", "<f4").reshape(-1, 3) + payload["centre"]
    order = [row for label in (0, 1) for row in np.flatnonzero(labels == label) if row != 4]
    np.testing.assert_allclose(shown, points[order], atol=1e-6)
    matrix = np.array(payload["toWorld"]).reshape(4, 4).T[:3, :3]
    np.testing.assert_allclose(np.linalg.norm(matrix @ [0, 0, 1]), abs(matrix[1, 2]))
    assert payload["pointRadius"] > 0


def test_page_thins_big_clouds(tmp_path, monkeypatch):
    monkeypatch.setattr("partwise.io.html._MOST_POINTS", 100)
    monkeypatch.setattr("partwise.io.html._MOST_SCORES", 150)
    points = np.random.default_rng(0).random((300, 3))
    names = ["a", "b"]
    labels, scores = np.zeros(300, np.int32), np.ones((300, 2))
    write_html(tmp_path / "c.html", Geometry(points), labels, scores, names, part_colors(names), "c", {})
    payload = json.loads(Page((tmp_path / "c.html").read_text(encoding="utf-8")).data)
    assert len(unpack(payload, "positions", "<f4")) == 300
    assert payload["scored"] == 1
    assert [note.split(" ")[0] for note in payload["notes"]] == ["Showing", "Heat"]


EVIL = ('</script><script>document.title="x"</script>', "{{data}}<img src=x onerror=alert(1)>\u2028")


def test_names_cannot_break_out_of_the_page(tmp_path):
    write_ball(tmp_path / "plain.html")
    write_ball(tmp_path / "evil.html", EVIL, EVIL[0] + EVIL[1])
    plain, evil = (
        Page((tmp_path / name).read_text(encoding="utf-8")) for name in ("plain.html", "evil.html")
    )
    assert evil.scripts == plain.scripts == 2
    assert evil.links == plain.links
    assert evil.title == EVIL[0] + EVIL[1]
    assert json.loads(evil.data)["names"] == list(EVIL)


def test_page_refuses_what_does_not_fit(tmp_path):
    geometry, one = ball(1), part_colors(["a"])
    scores = np.ones((len(geometry.points), 1))
    with pytest.raises(InputError, match="2 labels for 80 faces"):
        write_html(tmp_path / "a.html", geometry, np.zeros(2, np.int32), scores, ["a"], one, "", {})
    with pytest.raises(InputError, match="scores"):
        write_html(tmp_path / "a.html", geometry, np.zeros(80, np.int32), scores[:5], ["a"], one, "", {})
    assert list(tmp_path.iterdir()) == []


BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")


FLAGS = (
    "--headless --no-sandbox --use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader "
    "--disable-background-networking --disable-quic --no-first-run --virtual-time-budget=10000"
)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")


def browse(page, *flags):
    """What a browser without a window says of a page."""
    command = [BROWSER, *FLAGS.split(), *flags, f"--user-data-dir={page.parent / 'profile'}", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.slow
@needs_browser
def test_a_browser_draws_the_page(tmp_path):
    write_ball(tmp_path / "a.html", EVIL, "a <b>title</b>")
    page = browse(tmp_path / "a.html", "--dump-dom")
    assert 'data-state="ready"' in page
    legend = page[page.index('id="legend"') : page.index('id="heat"')]
    assert legend.count("<li>") == 3
    assert "&lt;/script&gt;" in legend


@pytest.mark.slow
@needs_browser
def test_a_browser_opens_a_page_of_heat_with_the_heat_of_the_first_phrase(tmp_path):
    """Heat of 0.4 on one side of a ball, where no part is named: warm colours on the screen, and not a grey ball."""
    geometry, names = ball(3), ["sit", "grasp"]
    labels, heat = np.full(len(geometry.faces), -1, np.int32), np.zeros((len(geometry.points), 2))
    heat[geometry.points[:, 2] > 0, 0] = 0.4
    colored = []
    for name, schema in (("heat", "partwise-heat/1"), ("parts", "partwise/1")):
        page, shot = tmp_path / f"{name}.html", tmp_path / f"{name}.png"
        write_html(page, geometry, labels, heat, names, part_colors(names), "ball", {"schema": schema})
        browse(page, f"--screenshot={shot}", "--window-size=800,600")
        with Image.open(shot) as image:
            view = np.asarray(image.convert("RGB"), dtype=int)[:, :500]  # the panel is on the right
        colored.append(float((view.max(axis=2) - view.min(axis=2) > 40).mean()))
    assert colored[0] > 0.05
    assert colored[1] < 0.001
