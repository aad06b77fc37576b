"""Zero-shot segmenters from lifted features: real towers in the real format, and the simulated teacher as the tower."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh
from scipy.cluster.vq import kmeans2
from test_lift_simulated import chair
from test_text import tokenizer  # noqa: F401 (a fixture)
from test_vision import TINY, make

from partwise import Segmenter, Shape
from partwise.anchors import sample_anchors
from partwise.cli import main
from partwise.encoders.bank import PhraseEmbedder, TextBank
from partwise.errors import CheckpointError, InputError, MissingDataError
from partwise.farthest import farthest_points
from partwise.lift.cameras import LAYOUTS
from partwise.lift.render import depth_pictures, pictures, render_views, scene_of
from partwise.lift.simulated import SimulatedTeacher, SimulatedTower, name_embeddings
from partwise.lift.splat import CloudScene
from partwise.lifted.clusters import aggregate, k_means, name_clusters, neighbour_votes
from partwise.lifted.cops import COPS, COPSConfig
from partwise.lifted.pointclipv2 import PointCLIPv2, PointCLIPv2Config
from partwise.points import nearest, sample_surface
from partwise.predict import SegmenterConfig
from partwise.pretrained import save_zero_shot

NAMES = ("seat", "back", "leg")
ANCHORS = 3000


class CheckedTower(SimulatedTower):
    """Sees to it that the pictures are those of its views: it then says what an ideal tower would say of them."""

    def __init__(self, teacher, shape, labels, viewing):
        scene = scene_of(shape)
        if viewing.splats is not None:
            anchors = sample_anchors(shape, ANCHORS, "unit_sphere", 0)
            scene = CloudScene(Shape.of(anchors.original, up=shape.up), radius=viewing.splats)
            labels = labels[anchors.place]
        views = render_views(scene, LAYOUTS[viewing.cameras](viewing.size))
        super().__init__(teacher, views, labels, seed=1)
        self.draw = depth_pictures if viewing.pictures == "depth" else pictures

    def encode(self, images, batch=16):
        np.testing.assert_array_equal(images, self.draw(self.views))
        return super().encode(images, batch)


def simulated_segmenters(shape, labels, word_noise, splats=0.04):
    """PointCLIP V2 around a noisy tower with words, and COPS around it and a clear tower without words."""
    words = name_embeddings(3, 64, np.random.default_rng(0))
    looks = name_embeddings(3, 64, np.random.default_rng(7))  # another space: nothing ties it to the words
    pointclip = PointCLIPv2Config.of("simulated")
    cops = COPSConfig.of(pointclip, "simulated")
    cops = replace(cops, viewing=replace(cops.viewing, splats=splats))
    speaks = CheckedTower(
        SimulatedTeacher(words, view_noise=word_noise, token_noise=word_noise),
        shape,
        labels,
        pointclip.viewing,
    )
    sees = CheckedTower(SimulatedTeacher(looks), shape, labels, cops.viewing)
    bank = TextBank(NAMES, words.astype(np.float16), "simulated", "simulated")
    embedder = PhraseEmbedder(bank)
    naming = PointCLIPv2(pointclip, speaks)
    settings = {"propagation": "points", "points": ANCHORS}
    return (
        Segmenter(naming, embedder, SegmenterConfig(temperature=0.01, **settings)),
        Segmenter(COPS(cops, sees, naming), embedder, SegmenterConfig(temperature=0.1, **settings)),
    )


def areas_of(shape):
    a, b, c = (shape.points[shape.faces[:, corner]] for corner in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1)


def mean_iou(labels, truth, weight):
    """Over the three parts; every point or face counts by its weight."""
    both = [((labels == t) & (truth == t)) @ weight for t in range(3)]
    either = [((labels == t) | (truth == t)) @ weight for t in range(3)]
    return np.mean(np.array(both) / either)


def test_the_simulated_towers_find_the_parts_of_a_mesh_far_above_chance():
    shape, labels = chair()
    area = areas_of(shape)
    pointclip, cops = simulated_segmenters(shape, labels, word_noise=0.3)
    found = {s: mean_iou(s.segment(shape, NAMES).face_labels, labels, area) for s in (pointclip, cops)}
    chance = mean_iou(np.random.default_rng(0).integers(0, 3, len(labels)), labels, area)
    assert found[pointclip] > 0.75  # its window of six tokens blurs what it sees
    assert found[cops] > 0.85
    assert chance < 0.3
    cast = simulated_segmenters(shape, labels, word_noise=0.3, splats=None)[1]
    assert mean_iou(cast.segment(shape, NAMES).face_labels, labels, area) > 0.85


def test_the_simulated_towers_find_the_parts_of_a_cloud_far_above_chance():
    mesh, labels = chair()
    points, face, _ = sample_surface(mesh.points, mesh.faces, 6000, np.random.default_rng(0))
    shape, truth = Shape.of(points, up="y"), labels[face]
    for segmenter in simulated_segmenters(shape, truth, word_noise=0.3):
        assert mean_iou(segmenter.segment(shape, NAMES).labels, truth, np.ones(6000)) > 0.75


def test_clusters_of_a_clear_tower_mend_the_words_of_a_noisy_one():
    shape, labels = chair()
    pointclip, cops = simulated_segmenters(shape, labels, word_noise=4.0)
    alone, named = (
        mean_iou(s.segment(shape, NAMES).face_labels, labels, areas_of(shape)) for s in (pointclip, cops)
    )
    assert alone < 0.75
    assert named > alone + 0.1


def test_scores_of_points_are_sums_over_the_pictures():
    """The slow twin: a map of scores for each phrase and view, smoothed, blown up, read at each seen point's pixel."""
    shape, labels = chair()
    config = PointCLIPv2Config.of("simulated")
    teacher = SimulatedTeacher(name_embeddings(3, 16, np.random.default_rng(0)))
    tower = CheckedTower(teacher, shape, labels, config.viewing)
    model, anchors = PointCLIPv2(config, tower), sample_anchors(shape, 400, "unit_sphere", 0)
    text = torch.from_numpy(teacher.embeddings)
    found = model.similarity(model.see(shape, anchors), text)[0]
    tokens = torch.nn.functional.normalize(tower.encode(tower.draw(tower.views)), dim=-1)
    maps = (tokens @ text.T).permute(0, 3, 1, 2)
    maps = torch.nn.functional.avg_pool2d(torch.nn.ReplicationPad2d((2, 3, 2, 3))(maps), 6, 1)
    maps = torch.nn.functional.interpolate(maps, (224, 224), mode="bilinear")
    scene = scene_of(shape)
    points = scene.frame.apply(anchors.original)
    total, count = torch.zeros(400, 3), torch.zeros(400)
    for view, scores in zip(tower.views, maps, strict=True):
        place, depth = view.camera.project(points)
        for i in range(400):
            column, row = np.floor(place[i]).astype(int)
            if abs(view.depth[row, column] - depth[i]) <= 0.1 * scene.diagonal:
                total[i] += scores[:, row, column]
                count[i] += 1
    seen = count > 0
    assert seen.float().mean() > 0.9
    torch.testing.assert_close(found[seen], (total / count[:, None])[seen], atol=1e-5, rtol=1e-4)


def test_aggregation_is_two_rounds_of_neighbours():
    """The slow twin: every point holds its own feature; both rounds search among all points."""
    rng = np.random.default_rng(0)
    points = torch.from_numpy(rng.random((300, 3)).astype(np.float32))
    features = torch.from_numpy(rng.random((300, 5)).astype(np.float32))
    found = aggregate(points, features, count=20, near=6, alike=35)
    chosen = farthest_points(points[None], 20)[0]
    owner = nearest(points[None], points[chosen][None], 1)[1][0, :, 0]
    level = features
    for space in ("xyz", "feature"):
        here, there = (points, points[chosen]) if space == "xyz" else (level, level[chosen])
        index = torch.cdist(there, here).topk(6 if space == "xyz" else 35, largest=False).indices
        level = level[index].mean(dim=1)[owner]
    np.testing.assert_array_equal(found.owner, owner.numpy())
    np.testing.assert_allclose(found.features[found.owner], level.numpy(), atol=1e-5)
    assert found.sizes.sum() == 300
    few = aggregate(points[:4], features[:4], 256, 10, 90)
    np.testing.assert_allclose(few.features, features[:4].mean(0).expand(4, 5).numpy(), atol=1e-6)


def test_k_means_with_weights_is_k_means_with_repeated_rows():
    """The twin is SciPy's, on every row as often as it weighs; both reach the best of many starts."""
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(c, 0.5, (12, 4)) for c in (0, 3, 6)])
    weights = rng.integers(1, 6, len(rows))
    repeated = np.repeat(rows, weights, axis=0)

    def inertia(cluster, data):
        return sum(
            np.square(data[cluster == c] - data[cluster == c].mean(0)).sum() for c in np.unique(cluster)
        )

    ours = k_means(rows, weights, 4, 30, 50, np.random.default_rng(1))
    theirs = [kmeans2(repeated, 4, iter=50, minit="++", rng=np.random.default_rng(s))[1] for s in range(30)]
    best = min(inertia(cluster, repeated) for cluster in theirs)
    assert inertia(np.repeat(ours, weights), repeated) == pytest.approx(best, rel=1e-3)
    # More restarts never keep a worse one, and the same seed says the same.
    spread = [
        inertia(np.repeat(k_means(rows, weights, 4, n, 50, np.random.default_rng(3)), weights), repeated)
        for n in (1, 5, 20)
    ]
    assert spread[0] >= spread[1] >= spread[2]
    np.testing.assert_array_equal(ours, k_means(rows, weights, 4, 30, 50, np.random.default_rng(1)))
    assert len(np.unique(k_means(np.ones((9, 2)), np.ones(9, dtype=np.int64), 3, 2, 5, rng))) == 1


def test_clusters_are_named_one_to_one_and_neighbours_vote():
    guess = np.array([5, 5, 5, 2, 2, 2, 2, 5])
    cluster = np.array([1, 1, 1, 0, 0, 0, 0, 0])
    assert name_clusters(cluster, guess).tolist() == [5, 5, 5, 2, 2, 2, 2, 2]
    # Both clusters look most like name 5; only one may have it.
    assert name_clusters(np.array([0, 0, 0, 1, 1]), np.array([5, 5, 5, 5, 2])).tolist() == [5, 5, 5, 2, 2]
    points = torch.tensor([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [10, 0, 0]])
    votes = neighbour_votes(points, np.array([0, 1, 0, 1]), 2, 3)
    torch.testing.assert_close(votes[1], torch.tensor([2 / 3, 1 / 3]))
    assert votes.argmax(dim=1).tolist() == [0, 0, 0, 1]


@pytest.fixture(scope="module")
def towers(tmp_path_factory, tokenizer):  # noqa: F811
    """A tiny joint CLIP and SigLIP with their tokenizer, and a tiny DINOv2, as transformers saves them."""
    root = tmp_path_factory.mktemp("towers")
    import transformers

    text = {**TINY, "vocab_size": len(tokenizer), "max_position_embeddings": 64}
    image = {**TINY, "patch_size": 16, "image_size": 64}
    torch.manual_seed(0)
    transformers.CLIPModel(
        transformers.CLIPConfig(text_config=text, vision_config=image, projection_dim=24)
    ).save_pretrained(root / "clip")
    transformers.SiglipModel(
        transformers.SiglipConfig(text_config=text, vision_config=image)
    ).save_pretrained(root / "siglip")
    for name in ("clip", "siglip"):
        tokenizer.save_pretrained(root / name)
    make("dinov2", root / "dino")
    return root


@pytest.mark.parametrize("kind", ["pointclipv2", "cops"])
@pytest.mark.parametrize(("clip", "aligned"), [("clip", "tokens"), ("siglip", "values")])
def test_a_folder_that_names_towers_opens_like_any_checkpoint(towers, tmp_path, kind, clip, aligned, capsys):
    command = ["zeroshot", kind, str(tmp_path / "out"), "--clip", str(towers / clip), "--aligned", aligned]
    assert main([*command, "--vision", str(towers / "dino"), "--points", "500", "--templates", "plain"]) == 0
    written = json.loads((tmp_path / "out" / "config.json").read_text())
    assert written["architecture"] == kind
    segmenter = Segmenter.from_pretrained(tmp_path / "out")
    assert len(segmenter.record.sha256) == 64
    capsys.readouterr()
    assert main(["info", str(tmp_path / "out"), "--json"]) == 0
    about = json.loads(capsys.readouterr().out)["model"]
    assert (about["sha256"], about["parameters"]) == (segmenter.record.sha256, "0")
    assert segmenter.config.text_encoder == str(towers / clip)
    shape = Shape.of(trimesh.creation.annulus(0.4, 1.0, 0.5), up="y")
    first, again = (segmenter.segment(shape, ["cup handle", "leg"], allow_none=True) for _ in range(2))
    np.testing.assert_array_equal(first.scores, again.scores)
    assert first.face_labels.shape == (len(shape.faces),)
    assert np.isfinite(first.scores).all()
    cloud = segmenter.segment(Shape.of(np.random.default_rng(0).random((50, 3)), up="z"), ["leg", "seat"])
    assert cloud.scores.shape == (50, 2)
    if kind == "pointclipv2":
        heat = segmenter.afford(shape, ["grasp"])
        assert ((heat.heat >= 0) & (heat.heat <= 1)).all()
    else:
        with pytest.raises(MissingDataError, match="no affordance head"):
            segmenter.afford(shape, ["grasp"])


def test_what_does_not_fit_says_why(towers, tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main(["zeroshot", "pointclipv2", out, "--clip", str(towers / "siglip")]) == 2
    assert "use values" in capsys.readouterr().err
    assert main(["zeroshot", "cops", out, "--clip", str(towers / "clip"), "--vision", "nowhere"]) == 3
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="draw nothing"):
        replace(PointCLIPv2Config.of("x").viewing, splats=0.0)
    with pytest.raises(InputError, match="aligned"):
        PointCLIPv2Config(COPSConfig.of(PointCLIPv2Config.of("x"), "y").viewing)
    config = PointCLIPv2Config.of(str(towers / "clip"))
    save_zero_shot(tmp_path / "good", config, points=64)
    segmenter = Segmenter.from_pretrained(tmp_path / "good")
    shape = Shape.of(trimesh.creation.box(), up="y")
    with pytest.raises(InputError, match="looks at the shape itself"):
        segmenter.look(shape, draws=2)
    segmenter.config = replace(segmenter.config, propagation="nearest")
    with pytest.raises(InputError, match="leave it out"):
        segmenter.segment(shape, ["seat", "leg"])
    with pytest.raises(InputError, match="runtime"):
        Segmenter.from_pretrained(tmp_path / "good", runtime="torch-onednn")
    with pytest.raises(InputError, match="same model"):
        segmenter.model.similarity(torch.zeros(3, 24), torch.zeros(2, 7))
    from safetensors.torch import save_file

    save_file({"w": torch.zeros(1)}, tmp_path / "good" / "model.safetensors")
    with pytest.raises(CheckpointError, match="no weights of its own"):
        Segmenter.from_pretrained(tmp_path / "good")
