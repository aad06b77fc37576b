"""Bad shapes through the whole engine: a result or a typed error with its reason, and the batch goes on."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import lift_helpers
import numpy as np
import pytest
import trimesh

from partwise.io.geometry import Geometry, Material
from partwise.lift import cameras
from partwise.lift.lifting import LiftConfig, lift_shape
from partwise.lift.precompute import RunConfig, find_inputs, lift_library
from partwise.lift.render import MeshScene
from partwise.lift.shards import LiftedShards
from partwise.shape import Shape

CONFIG = LiftConfig(cameras="cops", size=64, points=128, groups=16, neighbours=8)
BOX = trimesh.creation.box()
CORNERS, FACES = np.array(BOX.vertices), np.array(BOX.faces)
RNG = np.random.default_rng(0)
SOUP = RNG.random((300, 3)), RNG.integers(0, 300, (400, 3))


def obj(points, faces=(), head="", corner="{}") -> str:
    """An OBJ file; `corner` formats a vertex number."""
    lines = [head] + ["v {!r} {!r} {!r}".format(*map(float, p)) for p in points]
    lines += ["f " + " ".join(corner.format(i + 1) for i in face) for face in faces]
    return "\n".join(lines) + "\n"


def glb(document: dict) -> bytes:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<III", 0x46546C67, 2, 20 + len(text))
    return head + struct.pack("<II", len(text), 0x4E4F534A) + text


GOOD = {
    "without_faces": obj(CORNERS),
    "some_zero_area": obj(CORNERS, [*FACES, [0, 0, 1], [2, 2, 2]]),
    "every_other_flipped": obj(CORNERS, [f[::-1] if i % 2 else f for i, f in enumerate(FACES)]),
    "inside_out": obj(CORNERS, FACES[:, ::-1]),
    "tiny_1e-9": obj(CORNERS * 1e-9, FACES),
    "huge_1e9": obj(CORNERS * 1e9, FACES),
    "missing_texture": obj(CORNERS, FACES, "mtllib gone.mtl\nusemtl m\nvt 0 0", "{}/1"),
    "normals_of_nothing": obj(CORNERS, FACES, "vn 0 0 0", "{}//1"),
    "soup": obj(*SOUP),
    "six_faces_on_one_edge": obj(CORNERS, [[0, 1, k] for k in range(2, 8)]),
    "every_face_twice": obj(CORNERS, [*FACES, *FACES]),
}
BAD = {
    "no_bytes": (b"", "empty"),
    "only_zero_area": (obj(CORNERS, [[0, 0, 1], [2, 2, 2]]), "span no area"),
    "all_in_one_place": (obj(np.zeros((8, 3)), FACES), "span no area"),
    "all_on_a_line": (obj(np.arange(24.0).reshape(8, 3), FACES), "span no area"),
    "wrong_index": (obj(CORNERS, [[0, 1, 99]]), "points to number 100"),
    "nan_corner": (obj(np.where(np.arange(8)[:, None] == 0, np.nan, CORNERS), FACES), "nan"),
    "infinite_corner": (obj(np.where(np.arange(8)[:, None] == 0, np.inf, CORNERS), FACES), "inf"),
    "too_large_to_square": (obj(CORNERS * 1e200, FACES), "rescale"),
    "too_small_to_divide": (obj(CORNERS * 1e-310, FACES), "span no area"),
}


@pytest.fixture(scope="module")
def lifted(tmp_path_factory):
    """All of them in one batch, with empty scenes among them; per_unit 3 mixes good and bad in one unit."""
    folder = tmp_path_factory.mktemp("bad")
    (folder / "in").mkdir()
    for name, content in {**GOOD, **{name: content for name, (content, _) in BAD.items()}}.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / "in" / f"{name}.obj").write_bytes(data)
    empty = {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": []}]}
    (folder / "in" / "empty_scene.glb").write_bytes(glb(empty))
    (folder / "in" / "no_scene.gltf").write_text('{"asset": {"version": "2.0"}}')
    (folder / "in" / "plain.obj").write_text(obj(CORNERS, FACES))
    run = RunConfig(workers=0, per_unit=3)
    report = lift_library(
        find_inputs([folder / "in"]), folder / "out", CONFIG, lift_helpers.open_colours, run
    )
    shapes = {Path(shape.source).stem: shape for shape in LiftedShards(folder / "out")}
    return shapes, {Path(f.source).stem: f for f in report.failures}


def test_the_batch_goes_on(lifted):
    shapes, failures = lifted
    assert shapes.keys() == {*GOOD, "plain"}
    assert failures.keys() == {*BAD, "empty_scene", "no_scene"}


@pytest.mark.parametrize("name", GOOD)
def test_what_can_be_seen_has_features(lifted, name):
    shape = lifted[0][name]
    assert np.isfinite(shape.features).all()
    assert shape.features.any()
    assert shape.seen.any()
    assert np.abs(shape.points).max() <= 1
    # Corners of the canonical frame come back to where the file has them.
    back = np.linalg.inv(shape.to_canonical)
    places = shape.points.astype(np.float64) @ back[:3, :3].T + back[:3, 3]
    extent = {"tiny_1e-9": 1e-9, "huge_1e9": 1e9}.get(name, 1.0)
    assert np.ptp(places, axis=0).max() == pytest.approx(extent, rel=0.15)


@pytest.mark.parametrize("name", [*BAD, "empty_scene", "no_scene"])
def test_what_cannot_is_set_aside_with_its_reason(lifted, name):
    failure = lifted[1][name]
    assert failure.error == "InputError"
    expected = BAD[name][1] if name in BAD else "no mesh and no points"
    assert expected in failure.message


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_size_does_not_change_a_feature(scale):
    encoder = lift_helpers.open_colours()
    plain, scaled = (
        lift_shape(
            Shape.of(trimesh.Trimesh(CORNERS * s, FACES, process=False), up="y"), encoder, CONFIG, "ab"
        )
        for s in (1.0, scale)
    )
    np.testing.assert_allclose(scaled.points, plain.points, atol=1e-5)
    np.testing.assert_allclose(scaled.features, plain.features, atol=0.05)


@pytest.mark.parametrize("uv", [np.nan, np.inf, -np.inf, 3e38])
def test_texture_places_that_are_no_numbers_paint_something(uv):
    places = np.full((8, 2), uv, dtype=np.float32)
    places[::2] = -uv
    texture = RNG.integers(0, 256, (16, 8, 3), dtype=np.uint8)
    white = np.full(4, 255, dtype=np.uint8)
    geometry = Geometry(
        CORNERS,
        faces=FACES,
        uv=places,
        materials=(Material("m", white, texture),),
        face_material=np.zeros(12, dtype=np.int32),
    )
    view = MeshScene(Shape(geometry, "y", "given", "m", "given")).render(cameras.cops(32)[0])
    assert (view.color[view.ids >= 0][:, 3] == 255).all()


@pytest.mark.slow
def test_ten_million_faces():
    """20 s of processor time, 3 GB: a closed surface of 10,000,000 faces goes through like any other."""
    side = 2236
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, side + 1), np.linspace(0.001, np.pi - 0.001, side + 1))
    points = np.stack([np.sin(v) * np.cos(u), np.cos(v), np.sin(v) * np.sin(u)], axis=-1).reshape(-1, 3)
    corner = np.arange((side + 1) * side).reshape(side, side + 1)[:, :-1].reshape(-1)
    a, b, c, d = corner, corner + 1, corner + side + 2, corner + side + 1
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    shape = Shape(Geometry(points, faces=faces), "y", "given", "m", "given")
    lifted = lift_shape(shape, lift_helpers.open_colours(), replace(CONFIG, size=224), "ab")
    assert len(faces) >= 9_990_000
    assert lifted.seen.mean() > 0.9
    assert lifted.faces.max() > 9_000_000
    assert np.isfinite(lifted.features).all()
