"""Real objects: names come from the nodes, faults are named."""

import json

import numpy as np
import pytest
import trimesh
from io_files import FACES, TETRAHEDRON, Gltf

from partwise.datasets.objects import RealObjects
from partwise.datasets.world.surface import Scan
from partwise.datasets.world.words import vocabulary
from partwise.errors import InputError, MissingDataError


@pytest.fixture
def corpus(tmp_path):
    scene = trimesh.Scene()
    lift = np.eye(4)
    lift[1, 3] = 2.0
    scene.add_geometry(trimesh.creation.box((1, 1, 1)), node_name="fridge_A", geom_name="Cube.1")
    scene.add_geometry(
        trimesh.creation.box((1, 1, 1)), node_name="door_L", geom_name="Cube.2", transform=lift
    )
    lift = lift.copy()
    lift[1, 3] = 4.0
    scene.add_geometry(trimesh.creation.box((1, 1, 1)), node_name="junk", geom_name="Cube.3", transform=lift)
    scene.export(tmp_path / "fridge.glb")
    trimesh.Scene(trimesh.creation.icosphere()).export(tmp_path / "rock.glb")
    names = {"fridge_A": "body", "door_L": "door", "junk": None}
    nodes = [{"name": node, "clean_part_name": name} for node, name in names.items()]
    rows = [
        {"path": "fridge.glb", "category": "fridge", "split": "train", "nodes": nodes},
        {
            "path": "rock.glb",
            "category": "rock",
            "split": "val",
            "nodes": [{"name": "x", "clean_part_name": None}],
        },
    ]
    (tmp_path / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return tmp_path


def test_names_and_transforms_come_from_the_nodes(corpus):
    objects = RealObjects(corpus)
    assert len(objects) == 1
    sample = objects[0]
    assert [part.name for part in sample.parts] == ["body", "door"]
    assert sample.category == "fridge"
    assert sample.heat.shape == (2048, 0)
    height = sample.points[:, 1]
    np.testing.assert_array_equal(sample.labels == 0, height < 1)
    np.testing.assert_array_equal(sample.labels == 1, (height > 1) & (height < 3))
    np.testing.assert_array_equal(sample.labels == -1, height > 3)
    assert "fridge door" in sample.parts[1].synonyms


def test_samples_are_repeatable(corpus):
    a, b = RealObjects(corpus, scan=Scan(kind="scan"))[0], RealObjects(corpus, scan=Scan(kind="scan"))[0]
    np.testing.assert_array_equal(a.points, b.points)
    assert not np.array_equal(a.points, RealObjects(corpus, seed=1)[0].points)


def test_unlabelled_objects_are_there_when_asked_for(corpus):
    assert len(RealObjects(corpus, "val")) == 0
    everything = RealObjects(corpus, "all", least_names=0)
    assert [sample.category for sample in everything] == ["fridge", "rock"]
    assert (everything[1].labels == -1).all()


def test_the_folder_may_come_from_the_environment(corpus, monkeypatch):
    monkeypatch.setenv("PARTWISE_OBJECTS", str(corpus))
    assert len(RealObjects()) == 1


def test_a_node_with_several_materials_is_one_part(corpus):
    made = Gltf()
    halves = [
        {"attributes": {"POSITION": made.array(TETRAHEDRON + shift, "<f4")}, "indices": indices}
        for shift in (0.0, 3.0)
        for indices in [made.array(FACES.reshape(-1), "<u2")]
    ]
    made.add("meshes", {"name": "Cube", "primitives": halves})
    made.add("nodes", {"name": "door_L", "mesh": 0})
    made.add("scenes", {"nodes": [0]})
    (corpus / "fridge.glb").write_bytes(made.glb())
    surface = RealObjects(corpus).surface(0)
    assert surface.face_part.tolist() == [1] * 8


def test_held_out_categories_can_be_left_out(corpus):
    assert len(RealObjects(corpus, without=("fridge",))) == 0
    assert len(RealObjects(corpus, without=("rock",))) == 1


def test_real_parts_get_the_words_of_the_world(corpus):
    body, door = RealObjects(corpus).parts(0)
    assert set(vocabulary()["door"].synonyms) <= set(door.synonyms)
    assert {"doors", "the door", "fridge door"} <= set(door.synonyms)
    assert "the body" in body.synonyms


def test_what_is_missing_is_named(corpus, tmp_path, monkeypatch):
    monkeypatch.delenv("PARTWISE_OBJECTS", raising=False)
    with pytest.raises(MissingDataError, match="PARTWISE_OBJECTS"):
        RealObjects()
    with pytest.raises(MissingDataError, match=r"no manifest\.jsonl"):
        RealObjects(tmp_path / "nowhere")
    (corpus / "fridge.glb").unlink()
    with pytest.raises(MissingDataError, match="named in the manifest"):
        RealObjects(corpus)[0]


def test_what_is_damaged_is_named(corpus):
    (corpus / "fridge.glb").write_bytes(b"glTF" + b"\0" * 40)
    with pytest.raises(InputError, match=r"fridge\.glb: .* can be read"):
        RealObjects(corpus)[0]
    (corpus / "manifest.jsonl").write_text('{"path": "a"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="line 1 "):
        RealObjects(corpus)
    row = {"path": "a", "category": "b", "split": "val", "nodes": [{"name": "x", "clean_part_name": None}]}
    for nodes in ("abc", [3], [{"name": "x"}], [{"name": "x", "clean_part_name": 3}]):
        (corpus / "manifest.jsonl").write_text(json.dumps(row | {"nodes": nodes}), encoding="utf-8")
        with pytest.raises(InputError, match="line 1 .* is damaged"):
            RealObjects(corpus)
    for key in ("path", "category", "split"):
        (corpus / "manifest.jsonl").write_text(json.dumps(row | {key: 3}), encoding="utf-8")
        with pytest.raises(InputError, match="no text"):
            RealObjects(corpus)
    (corpus / "manifest.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        RealObjects(corpus)
    with pytest.raises(InputError, match="unknown split"):
        RealObjects(corpus, "test")
