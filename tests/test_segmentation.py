"""Results on disk: what a person opens afterwards."""

import json
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from PIL import Image

from partwise import Shape
from partwise.errors import InputError
from partwise.io.palette import part_colors

PHRASES = ["table top", "leg", "drawer"]


@pytest.fixture(scope="module")
def mesh_parts(segmenter, box_mesh):
    return segmenter.segment(Shape.of(box_mesh.subdivide().subdivide(), up="z", units="m"), PHRASES)


def test_glb_has_one_node_per_part_with_its_own_geometry(mesh_parts, tmp_path):
    scene = trimesh.load(mesh_parts.write(tmp_path / "box.glb"), process=False)
    present = {PHRASES[i] for i in np.unique(mesh_parts.face_labels)}
    assert set(scene.graph.nodes_geometry) == present
    faces = {}
    for node in scene.graph.nodes_geometry:
        faces[node] = len(scene.geometry[scene.graph[node][1]].faces)
    assert faces == {PHRASES[i]: n for i, n in enumerate(np.bincount(mesh_parts.face_labels)) if n}
    assert np.allclose(
        scene.bounds, [mesh_parts.shape.points.min(0), mesh_parts.shape.points.max(0)], atol=1e-6
    )


def test_ply_npz_and_json_tell_the_same(segmenter, shape, tmp_path):
    parts = segmenter.segment(shape, PHRASES)
    data = trimesh.load(parts.write(tmp_path / "a.ply")).metadata["_ply_raw"]["vertex"]["data"]
    assert np.array_equal(np.asarray(data["label"]).ravel(), parts.labels)
    assert np.allclose(np.asarray(data["score_table_top"]).ravel(), parts.scores[:, 0])
    with np.load(parts.write(tmp_path / "a.npz"), allow_pickle=False) as arrays:
        assert np.array_equal(arrays["labels"], parts.labels)
        assert arrays["phrases"].tolist() == PHRASES
        assert np.array_equal(arrays["points"], shape.points)
    record = json.loads(parts.write(tmp_path / "a.json").read_text())
    assert [label["count"] for label in record["labels"]] == np.bincount(parts.labels, minlength=3).tolist()
    assert record["model"]["sha256"] == parts.model.sha256
    assert np.allclose(record["transform"], parts.transform)
    assert record["schema"] == "partwise/1"


def test_areas_and_normals_of_a_mesh(mesh_parts):
    labels = mesh_parts.record()["labels"]
    total = sum(label["area"] for label in labels)
    assert total == pytest.approx(6 + 6 * 0.25)  # two boxes, their touching faces included
    for label in labels:
        if label["normal"] is not None:
            assert np.linalg.norm(label["normal"]) == pytest.approx(1)


@pytest.mark.parametrize("side", [-1, 1])  # with z up, the front is -y
def test_the_picture_looks_at_the_side_of_the_small_part(mesh_parts, tmp_path, side):
    shape = mesh_parts.shape
    depth = side * shape.points[shape.faces].mean(axis=1)[:, 1]
    small = depth > depth.max() - 1e-6
    scores, row = np.eye(2, dtype=np.float32), np.zeros(len(shape.points), dtype=np.int32)
    parts = replace(
        mesh_parts,
        phrases=("box", "lid"),
        row_scores=scores,
        row_none=np.zeros(2, dtype=bool),
        point_row=row,
        face_row=small.astype(np.int32),
    )
    with Image.open(parts.write(tmp_path / "a.png")) as picture:
        large = np.asarray(picture.convert("RGB"))[:, : picture.width * 2 // 3].astype(np.float64)
    large /= np.linalg.norm(large, axis=2, keepdims=True)
    hues = part_colors(parts.phrases) / np.linalg.norm(part_colors(parts.phrases), axis=1, keepdims=True)
    box, lid = ((large @ hue > 0.99).mean() for hue in hues)
    assert lid > 0.02
    assert box > 0.02


def test_png_and_html_are_written(mesh_parts, tmp_path):
    assert mesh_parts.write(tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    page = mesh_parts.write(tmp_path / "a.html").read_text()
    assert "table top" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


@pytest.mark.parametrize("name", ["a.docx", "a", "missing_folder/a.glb"])
def test_what_cannot_be_written(mesh_parts, tmp_path, name):
    with pytest.raises(InputError):
        mesh_parts.write(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_masks(mesh_parts):
    assert np.array_equal(mesh_parts.mask("leg"), mesh_parts.labels == 1)
    with pytest.raises(InputError, match="'wing' was not asked for"):
        mesh_parts.mask("wing")
