"""Several draws of anchors: the first is what one gives, all speak in one box, and what they say is a mean."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import write_checkpoint
from test_afford import CONFIG as HEAD
from test_afford import recipe

from partwise import Segmenter, Shape
from partwise.anchors import sample_anchors
from partwise.cli import main
from partwise.encoders.bank import PhraseEmbedder, TextBank, default_bank_path
from partwise.errors import InputError
from partwise.look import Look
from partwise.models.openad import OpenAD, OpenADConfig
from partwise.points import interpolate, nearest_assignment
from partwise.predict import SegmenterConfig
from partwise.train.affordance_presets import TINY_POINTS

PHRASES = ["table top", "leg", "drawer"]
POINTS = 256


@pytest.fixture(scope="module")
def actor(tmp_path_factory):
    """A segmenter with an affordance head that a few steps were spent on."""
    folder = write_checkpoint(tmp_path_factory.mktemp("draws") / "model", "pointalign3d")
    head = recipe.train(HEAD, Segmenter.from_pretrained(folder), folder.parent / "run")
    head.rename(folder / "afford")
    return Segmenter.from_pretrained(folder)


@pytest.fixture(params=["cloud", "holes", "whole", "small", "mesh"])
def thing(request, cloud, box_mesh):
    """A cloud, one with points that are not finite, one of POINTS points, one of fewer, and a mesh."""
    if request.param == "mesh":
        return Shape.of(box_mesh.subdivide().subdivide(), up="z")
    rng = np.random.default_rng(0)
    points = rng.permutation(cloud)[: {"whole": POINTS, "small": 100}.get(request.param, len(cloud))]
    if request.param == "holes":
        points[::7] = np.nan
    return Shape.of(points, up="y")


def test_the_first_draw_is_the_only_one_there_was(thing):
    one, three = (sample_anchors(thing, POINTS, "unit_sphere", 3, 0.4, draws) for draws in (1, 3))
    assert len(three.original) == 3 * POINTS
    for name in ("canonical", "original", "place"):
        assert np.array_equal(getattr(three, name)[:POINTS], getattr(one, name))
    assert np.array_equal(three.transform, one.transform)
    assert three.warnings == one.warnings
    for draw in three.canonical.reshape(3, POINTS, 3)[1:]:
        assert not np.array_equal(draw, one.canonical)


def test_each_draw_of_a_cloud_has_as_many_of_its_points_as_it_can(cloud):
    for count in (100, POINTS, 1000):
        places = sample_anchors(Shape.of(cloud[:count], up="y"), POINTS, "unit_sphere", 0, draws=3).place
        for draw in places.reshape(3, POINTS):
            assert len(np.unique(draw)) == min(count, POINTS)


def test_every_point_and_face_is_answered_the_same_at_each_call(segmenter, thing):
    parts, again = (segmenter.segment(thing, PHRASES, points=POINTS, draws=2, seed=5) for _ in range(2))
    assert np.array_equal(parts.row_scores, again.row_scores)
    assert np.array_equal(parts.labels, again.labels)
    assert len(parts.anchors) == 2 * POINTS
    assert parts.options["draws"] == 2
    finite = np.isfinite(thing.points).all(axis=1)
    assert (parts.labels[~finite] == -1).all()
    assert np.allclose(parts.scores[finite].sum(axis=1), 1, atol=1e-5)
    answered = parts.anchors[parts.point_row[finite]]
    assert np.array_equal(answered, parts.anchors[nearest_assignment(thing.points[finite], parts.anchors)])
    if thing.is_mesh:
        assert parts.face_labels.shape == (len(thing.faces),)
        assert parts.face_row.max() == len(parts.row_scores) - 1


def test_one_draw_answers_with_the_models_own_values(segmenter, shape):
    plain, said = segmenter.segment(shape, PHRASES), segmenter.segment(shape, PHRASES, draws=1)
    assert np.array_equal(plain.row_scores, said.row_scores)
    look, text = segmenter.look(shape), torch.from_numpy(segmenter.embedder.embed(PHRASES))
    with torch.inference_mode():
        cosine = segmenter.model.similarity(look.embedding, text, segmenter.config.propagation)
        assert torch.equal(look.joined(cosine), cosine)
    expected = torch.softmax(cosine[0] / segmenter.config.temperature, dim=1)
    assert np.array_equal(plain.row_scores, expected.numpy())


def test_what_draws_say_together_is_the_mean_of_what_each_says_there(shape):
    anchors = sample_anchors(shape, POINTS, "unit_sphere", 0, draws=3)
    look = Look(shape, anchors, None, POINTS, 3, 0)
    places = torch.from_numpy(anchors.canonical).view(3, POINTS, 3)
    values = torch.randn(3, POINTS, 2, generator=torch.Generator().manual_seed(0))
    found = look.joined(values)
    for own in range(3):
        said = [
            values[draw] if draw == own else interpolate(places[[own]], places[[draw]], values[[draw]])[0]
            for draw in range(3)
        ]
        assert torch.allclose(found[own], sum(said) / 3, atol=1e-4)
    same = torch.full((3, POINTS, 1), 0.25)
    assert torch.allclose(look.joined(same), same)


def test_the_model_passes_over_each_draw_by_itself(segmenter, shape):
    look = segmenter.look(shape, points=POINTS, draws=2)
    text = torch.from_numpy(segmenter.embedder.embed(PHRASES))
    how = segmenter.config.propagation
    with torch.inference_mode():
        both = segmenter.model.similarity(look.embedding, text, how)
        for draw, places in enumerate(look.anchors.canonical.reshape(2, POINTS, 3)):
            alone = segmenter.model.similarity(segmenter.model(torch.from_numpy(places)[None]), text, how)
            assert torch.allclose(both[draw], alone[0], atol=1e-5)


def test_actions_and_parts_share_a_look_of_two_draws(actor, thing, tmp_path):
    look = actor.look(thing, points=POINTS, draws=2)
    maps, parts = actor.afford(look, ["grasp it", "sit"]), actor.segment(look, PHRASES)
    assert np.array_equal(maps.heat, actor.afford(thing, ["grasp it", "sit"], points=POINTS, draws=2).heat)
    assert (maps.options["draws"], maps.options["points"]) == (2, POINTS)
    assert maps.heat.shape == (len(thing.points), 2)
    assert 0 <= maps.heat.min() <= maps.heat.max() <= 1
    inside = maps.within(parts, "leg")
    assert (inside.heat <= maps.heat + 1e-6).all()
    assert (inside.strength <= maps.strength).all()
    for answer in (maps, parts):
        record = json.loads(answer.write(tmp_path / "answer.json").read_text())
        assert record["options"]["draws"] == 2
        assert answer.write(tmp_path / "answer.glb").stat().st_size


def test_strength_is_the_mean_of_what_it_is_in_each_draw(actor, shape):
    look = actor.look(shape, points=POINTS, draws=2)
    alone = []
    for places in look.anchors.canonical.reshape(2, POINTS, 3):
        with torch.inference_mode():
            embedding = actor.model(torch.from_numpy(places)[None])
        one = sample_anchors(shape, POINTS, "unit_sphere", 0)
        alone.append(actor.afford(Look(shape, one, embedding, POINTS, 1, 0), ["grasp it", "sit"]).strength)
    assert actor.afford(look, ["grasp it", "sit"]).strength == pytest.approx(np.mean(alone, axis=0), abs=1e-5)


def test_a_model_that_reads_prompts_takes_several_draws(shape):
    bank = PhraseEmbedder(TextBank.load(default_bank_path()))
    torch.manual_seed(0)
    directly = Segmenter(
        OpenAD(OpenADConfig(TINY_POINTS, 384)).eval(), bank, SegmenterConfig(POINTS, draws=2)
    )
    parts, maps = directly.segment(shape, PHRASES), directly.afford(shape, PHRASES)
    assert len(parts.anchors) == len(maps.anchors) == 2 * POINTS
    assert maps.heat.shape == (len(shape.points), 3)
    assert parts.options["draws"] == maps.options["draws"] == 2


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draws": 0}, "draws is 0: give 1 to 8"),
        ({"draws": 9}, "draws is 9: give 1 to 8"),
        ({"draws": 2.0}, "draws is 2.0, a float: give a whole number"),
        ({"points": 100_000, "draws": 2}, "makes 200,000 anchors: give fewer of either, at most 131,072"),
    ],
)
def test_a_number_of_draws_that_cannot_be_is_refused(segmenter, actor, shape, options, message):
    for ask in (segmenter.segment, actor.afford):
        with pytest.raises(InputError, match=message):
            ask(shape, PHRASES, **options)
    with pytest.raises(InputError, match=message):
        replace(SegmenterConfig(), **options)


def test_the_shell_takes_draws(actor, cloud, tmp_path, capsys):
    file, folder = tmp_path / "table.npy", actor.record.name
    np.save(file, cloud)
    for command, words in (("segment", PHRASES), ("afford", ["grasp it"])):
        out = str(tmp_path / f"{command}.json")
        asked = [command, str(file), *words, "--model", folder, "--up", "y", "--out", out]
        assert main([*asked, "--points", str(POINTS), "--draws", "2", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["options"]["draws"] == 2
        assert main([*asked, "--draws", "9"]) == 2
        assert "draws is 9: give 1 to 8" in capsys.readouterr().err
