"""Colour as an input: simulated colours, packs that keep them, a run on them, and shapes that have none."""

from dataclasses import replace

import numpy as np
import pytest

from partwise.anchors import colored_anchors, sample_anchors
from partwise.cli import main
from partwise.datasets.heat_pack import HeatPack, write_heat_pack
from partwise.datasets.paint import MATERIALS, TYPICAL, paint
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.world.surface import Scan
from partwise.encoders.asking import open_language
from partwise.errors import InputError
from partwise.evaluate.heat_maps import heat_means
from partwise.evaluate.labels import make_case
from partwise.io.geometry import Material
from partwise.models.backbones import TokensConfig, reads_colors
from partwise.models.dgcnn import DgcnnConfig
from partwise.models.openad import OpenADConfig
from partwise.models.pointnet2 import PointNet2Config
from partwise.models.pointrefer import PointReferConfig
from partwise.predict import Segmenter
from partwise.pretrained import build_model, open_pretrained
from partwise.shape import Shape
from partwise.train.affordance import make_model, train
from partwise.train.affordance_phrases import Phrases
from partwise.train.affordance_presets import preset, reading_colors, small

CATEGORIES = ("mug", "chair", "knife", "monitor")
LABELS = ("contain", "sit", "cut", "display", "none")
COLORED = PointNet2Config(channels=6, centers=(32, 8), width=4, neighbours=8)


def world(colors, length=4, **scan):
    return ProceduralShapes(3, CATEGORIES, Scan(points=192, **scan), length, colors=colors)


@pytest.fixture(scope="module")
def shapes():
    return list(world("typical"))


@pytest.fixture(scope="module")
def trained(shapes, tmp_path_factory):
    """A checkpoint of a few steps on colours."""
    config = replace(small(OpenADConfig(COLORED, 384), 4), labels=LABELS, points=128, batch=2)
    return train(config, shapes, tmp_path_factory.mktemp("run"), open_language(), shapes[:1])


def cloud(sample):
    return Shape.of(np.concatenate([sample.points, np.rint(sample.colors * 255)], axis=1), up="y")


def material_of(colors):
    """The material whose tint is nearest to the mean colour, brightness set aside."""
    mean = colors.mean(axis=0)
    tints = [(name, np.array(tint)) for name, several in MATERIALS.items() for tint in several]
    return min(
        tints, key=lambda entry: min(np.abs(mean - light * entry[1]).sum() for light in (1.0, 0.93, 0.86))
    )[0]


@pytest.mark.parametrize("kind", ["boundary", "typical"])
def test_colours_are_a_function_of_seed_and_index_and_leave_the_shape_alone(kind):
    first, again, plain = world(kind), world(kind), world(None)
    assert np.array_equal(first[2].colors, again[2].colors)
    assert not np.array_equal(first[2].colors[0], world(kind, 8)[6].colors[0])
    for painted, bare in zip(first, plain, strict=True):
        assert bare.colors is None
        assert np.array_equal(painted.points, bare.points)
        assert np.array_equal(painted.heat, bare.heat)
        assert painted.colors.min() >= 0
        assert painted.colors.max() <= 1
        for part in np.unique(painted.labels):  # one material all over a part, but for the grain
            assert painted.colors[painted.labels == part].std(axis=0).max() < 0.06


def test_typical_colours_say_what_a_part_is_and_boundaries_do_not():
    right = {}
    for kind in ("boundary", "typical"):
        hits = [
            material_of(sample.colors[sample.labels == number]) == TYPICAL[part.name]
            for sample in world(kind, 40)
            for number, part in enumerate(sample.parts)
            if part.name in TYPICAL and (sample.labels == number).sum() > 3
        ]
        right[kind] = np.mean(hits)
    assert right["typical"] > 0.65
    assert right["boundary"] < 0.25


def test_points_without_a_part_have_colours_of_their_own():
    sample = world("typical", outliers=0.2)[0]
    stray = sample.labels == -1
    assert stray.any()
    assert sample.colors[stray].std(axis=0).min() > 0.15


def test_a_pack_keeps_colours(shapes, tmp_path):
    write_heat_pack(tmp_path / "pack", shapes, 192)
    for before, after in zip(shapes, HeatPack(tmp_path / "pack"), strict=True):
        assert np.abs(before.colors - after.colors).max() <= 0.5 / 255 + 1e-6
    with pytest.raises(InputError, match="1 of 2 samples have colours"):
        write_heat_pack(tmp_path / "half", [shapes[0], world(None)[1]], 192)
    write_heat_pack(tmp_path / "pack", world(None), 192)
    assert HeatPack(tmp_path / "pack")[0].colors is None
    np.save(tmp_path / "pack" / "colors.npy", np.zeros((3, 192, 3), np.uint8))
    with pytest.raises(InputError, match="do not belong together"):
        HeatPack(tmp_path / "pack")


def test_a_case_carries_the_colours_of_its_points(shapes):
    sample = shapes[1]
    bare, colored = (
        make_case(sample, LABELS, 100, "rotated", np.random.default_rng(4), flag) for flag in (False, True)
    )
    assert np.array_equal(colored.points[:, :3], bare.points)
    wanted = {tuple(row) for row in (2 * sample.colors - 1).round(5)}
    assert {tuple(row) for row in colored.points[:, 3:].round(5)} <= wanted
    with pytest.raises(InputError, match=r"no colours.*3 channels"):
        make_case(replace(sample, colors=None), LABELS, 100, "full", np.random.default_rng(0), True)


def test_which_models_read_colours():
    assert reads_colors(OpenADConfig(COLORED, 8))
    assert reads_colors(OpenADConfig(DgcnnConfig(channels=6), 8))
    assert reads_colors(PointReferConfig(COLORED, width=64))
    assert not reads_colors(OpenADConfig(TokensConfig(), 8))
    assert not reads_colors(OpenADConfig())
    assert not reads_colors(None)


def test_heat_is_trained_and_scored_with_colours(shapes, tmp_path):
    config = preset("pointrefer", "tiny", LABELS)
    config = reading_colors(replace(config, steps=2))
    language = open_language()
    train(config, shapes, tmp_path, language, shapes[:1])
    model = make_model(config, language)
    phrases = Phrases.of(config, model, language)
    assert heat_means(model, shapes, phrases.plain_for, config.labels, 96).samples == 4
    with pytest.raises(InputError, match="no colours"):
        train(config, list(world(None)), tmp_path / "bare", language)


def test_the_segmenter_reads_the_colours_of_a_cloud(trained, shapes):
    segmenter = Segmenter.from_pretrained(trained)
    shape = cloud(shapes[0])
    look = segmenter.look(shape, points=192)
    case = make_case(shapes[0], LABELS, 192, "full", np.random.default_rng(0), True)
    place = look.anchors.place  # the recipe and the segmenter see the same six numbers
    seen = colored_anchors(shape, look.anchors)
    assert np.allclose(seen[np.argsort(place)][:, 3:], 2 * shapes[0].colors - 1, atol=1 / 255)
    assert case.points.shape == seen.shape
    found = segmenter.segment(look, ["sit", "cut"]).scores
    geometry = replace(shape.geometry, colors=255 - shape.geometry.colors)
    other = segmenter.segment(replace(shape, geometry=geometry), ["sit", "cut"], points=192).scores
    assert np.abs(found - other).max() > 1e-4
    assert segmenter.afford(look, ["sit"]).heat.shape == (192, 1)
    assert segmenter.reads_colors
    assert not Segmenter.from_pretrained().reads_colors


def test_a_shape_without_colours_is_refused_by_a_model_that_reads_them(trained, shapes):
    segmenter = Segmenter.from_pretrained(trained)
    bare = Shape.of(shapes[0].points, up="y")
    for ask in (segmenter.segment, segmenter.afford):
        with pytest.raises(InputError, match=r"no colours.*trained with them"):
            ask(bare, ["sit", "cut"])


def test_the_command_reads_the_colours_of_a_pack(shapes, tmp_path, capsys):
    write_heat_pack(tmp_path / "pack", shapes, 192)
    options = ["--preset", "tiny", "--data", str(tmp_path / "pack"), "--colors"]
    assert main(["train", "openad", str(tmp_path / "run"), *options]) == 0
    assert reads_colors(build_model(open_pretrained(tmp_path / "run" / "checkpoint")).config)
    assert (
        main(["train", "lmad", str(tmp_path / "bare"), "--preset", "tiny", "--shapes", "4", "--colors"]) == 2
    )
    assert "no colours" in capsys.readouterr().err


def test_encoders_without_a_place_for_colours_are_refused():
    for config in (preset("las", "tiny"), replace(preset("openad", "tiny"), start="cmat")):
        with pytest.raises(InputError, match=r"places alone.*PointNet\+\+ and DGCNN"):
            reading_colors(config)
    assert reads_colors(reading_colors(preset("pointrefer", "tiny")).model)
    assert reads_colors(reading_colors(preset("dgcnn", "tiny")).model)


def test_colours_of_a_mesh_come_from_its_materials(box_mesh):
    count = len(box_mesh.faces)
    red, blue = (
        Material(n, np.array(c, np.uint8)) for n, c in (("a", (255, 0, 0, 255)), ("b", (0, 0, 255, 255)))
    )
    of_face = (np.arange(count) >= count // 2).astype(np.int32)
    shape = Shape.of(box_mesh, up="y")
    geometry = replace(shape.geometry, materials=(red, blue), face_material=of_face)
    shape = replace(shape, geometry=geometry)
    anchors = sample_anchors(shape, 64, "unit_sphere", 0)
    seen = colored_anchors(shape, anchors)
    assert np.array_equal(
        seen[:, 3:], np.array([[1, -1, -1], [-1, -1, 1]], np.float32)[of_face[anchors.place]]
    )
    corners = shape.points[shape.faces[anchors.place]]
    assert np.allclose(np.einsum("mk,mkc->mc", anchors.corner_weights, corners), anchors.original)


def test_wrong_colours_are_refused(shapes):
    with pytest.raises(InputError, match="boundary, typical"):
        ProceduralShapes(colors="rainbow")
    with pytest.raises(InputError, match="boundary, typical"):
        paint(shapes[0], "rainbow", np.random.default_rng(0))
