"""Names as means of an encoder's features: what they are, who is asked, and that a run is the same with and without."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch
from test_align_dino import CONFIG, lifted  # noqa: F401 - a fixture
from test_cmat import CONFIG as CMAT
from test_train import table

from partwise.cli import main
from partwise.datasets.own_objects import mock
from partwise.datasets.sample import PartName, Sample
from partwise.encoders.bank import PhraseEmbedder
from partwise.errors import InputError
from partwise.evaluate.conditions import Condition
from partwise.evaluate.parts import evaluate_parts, mean_scores
from partwise.models.patchalign3d import PatchAlign3D
from partwise.models.pointmae import PointMAE
from partwise.predict import Segmenter, SegmenterConfig
from partwise.shape import Shape
from partwise.train import cmat
from partwise.train.align_dino import train
from partwise.train.named_means import EACH, NamedShapes, as_patchalign, name_bank, unit_means

ASKED_AS = SegmenterConfig(points=256)


def named(number, top="top", leg="leg"):
    """A table of 256 points under other names; label 1 is the top."""
    sample = table(number, 256)
    return replace(sample, parts=(PartName(leg, leg), PartName(top, top)))


def test_the_mean_of_a_name():
    features = torch.tensor([[3.0, 0.0], [1.0, 4.0], [0.0, -2.0], [9.0, 9.0]])
    means = unit_means(features, np.array([0, 0, 2, -1], dtype=np.int16))
    assert set(means) == {0, 2}
    torch.testing.assert_close(means[0], torch.tensor([2.0, 2.0]) / 8**0.5)
    torch.testing.assert_close(means[2], torch.tensor([0.0, -1.0]))


def test_only_names_that_others_have_are_asked():
    labelled = [named(0, "top", "leg"), named(1, "top", "foot")]
    held_out = [named(2, "Top", "leg"), named(3, "top", "wheel"), named(4, "shelf", "wheel")]
    third = replace(named(5), parts=(*named(5).parts, PartName("wheel", "wheel")))
    labels = third.labels.copy()
    labels[:10] = 2
    shapes = NamedShapes.chosen(labelled, [*held_out, replace(third, labels=labels)], 0)
    assert [shape.uid for shape in shapes.asked] == ["table/2", "table/5"]
    assert shapes.left_out == 2
    assert (shapes.asked[1].labels[:10] == -1).all()
    np.testing.assert_array_equal(shapes.asked[1].labels[10:], labels[10:])
    with pytest.raises(InputError, match="none of 2 shapes .* one of 2 others"):
        NamedShapes.chosen(labelled, held_out[1:], 0)


def test_a_name_stands_on_few_shapes_drawn_by_the_seed():
    labelled = [named(number) for number in range(3 * EACH)] + [
        named(100, "top", "drawer"),
        named(101, "lamp", "bulb"),
    ]
    held_out = [named(200), named(201, "top", "drawer")]
    shapes = NamedShapes.chosen(labelled, held_out, 0)
    uids = [shape.uid for shape in shapes.known]
    assert EACH <= len(uids) <= EACH + 1  # nobody asks about the lamp
    assert "table/100" in uids
    assert "table/101" not in uids
    assert uids == [shape.uid for shape in NamedShapes.chosen(labelled, held_out, 0).known]
    assert uids != [shape.uid for shape in NamedShapes.chosen(labelled, held_out, 1).known]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return PatchAlign3D(replace(CONFIG.model, text_width=24)).eval()


def test_names_are_means_of_what_the_patches_say(model):
    """Against loops; a cloud of as many points as are asked for is taken whole and in order."""
    shapes = [named(0), named(1, "top", "Foot"), named(2)]
    bank = name_bank(model, shapes, ASKED_AS)
    assert bank.keys == ("foot", "leg", "top")
    segmenter, found = Segmenter(model, PhraseEmbedder(bank), ASKED_AS), {}
    for sample in shapes:
        look = segmenter.look(Shape.of(sample.points, up="y")).embedding
        places = look.points[0][:, [0, 2, 1]].double()
        patch = torch.cdist(places, look.patches.centers[0].double()).argmin(dim=1)
        each = look.features[0][patch]
        for label, part in enumerate(sample.parts):
            mean = each[torch.from_numpy(sample.labels == label)].mean(dim=0)
            found.setdefault(part.name.lower(), []).append(mean / mean.norm())
    for name, vector in zip(bank.keys, bank.vectors, strict=True):
        expected = torch.stack(found[name]).mean(dim=0)
        np.testing.assert_allclose(vector, expected / expected.norm(), atol=2e-3)


def test_the_segmenter_answers_by_these_names(model):
    shapes = NamedShapes.chosen([named(i) for i in range(4)], [named(4), named(5)], 0)
    scores = shapes.ask(model, ASKED_AS)
    segmenter = Segmenter(model, PhraseEmbedder(name_bank(model, shapes.known, ASKED_AS)), ASKED_AS)
    assert scores == mean_scores(evaluate_parts(segmenter, shapes.asked, Condition()))
    # Untrained patches tell high from low by their place: better than one name for all.
    assert scores.shapes == 2
    assert scores.instance > scores.largest


def rows_of(out):
    with (out / "curves.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_run_is_the_same_with_and_without(lifted, tmp_path, monkeypatch, capsys):  # noqa: F811
    shapes = NamedShapes.chosen([named(i) for i in range(3)], [named(8), named(9, "top", "wheel")], 0)
    config = replace(
        CONFIG, steps=6, save_every=2, validate_every=3, model=replace(CONFIG.model, drop_path=0.1)
    )
    whole = train(config, lifted, tmp_path / "a", named=shapes)
    rows = rows_of(tmp_path / "a")
    asked = {
        int(row["step"]): (float(row["miou"]), float(row["largest_part"])) for row in rows if row["miou"]
    }
    assert list(asked) == [0, 3, 6]
    assert all(0 < miou <= 1 and largest == pytest.approx(0.25) for miou, largest in asked.values())
    assert "of 1 labelled shapes by the means of 3 others, 1 left out" in capsys.readouterr().out

    plain = train(config, lifted, tmp_path / "b")
    assert not any(row["miou"] for row in rows_of(tmp_path / "b"))
    assert (whole / "model.safetensors").read_bytes() == (plain / "model.safetensors").read_bytes()

    import partwise.train.align_dino as recipe

    real, steps = recipe.train_step, []

    def stopping(*arguments):
        steps.append(1)
        if len(steps) in (1, 6):  # before anything is saved, and after the fourth step
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(recipe, "train_step", stopping)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            train(config, lifted, tmp_path / "c", named=shapes)
    stopped = train(config, lifted, tmp_path / "c", named=shapes)
    assert (whole / "model.safetensors").read_bytes() == (stopped / "model.safetensors").read_bytes()
    assert rows_of(tmp_path / "c") == rows


def test_the_tokens_of_point_mae_are_asked(lifted, tmp_path):  # noqa: F811
    model = PointMAE(CMAT.model).eval()
    points = torch.from_numpy(named(0).points)[None]
    with torch.no_grad():
        tokens = model.encoder(model.encoder.patches(points))
        features = as_patchalign(model).eval()(points).features
    torch.testing.assert_close(features, torch.nn.functional.normalize(tokens, dim=-1), atol=1e-4, rtol=0)
    shapes = NamedShapes.chosen([named(i) for i in range(3)], [named(8)], 0)
    config = replace(CMAT, steps=4, save_every=2, validate_every=2)
    folders = [cmat.train(config, lifted, tmp_path / run, named=n) for run, n in (("a", shapes), ("b", None))]
    asked = [[row["step"] for row in rows_of(tmp_path / run) if row["miou"]] for run in "ab"]
    assert asked == [["0", "2", "4"], []]
    weights = [(folder / "model.safetensors").read_bytes() for folder in folders]
    assert weights[0] == weights[1]


def test_real_objects_from_the_command_line(lifted, tmp_path):  # noqa: F811
    mock(tmp_path / "objects", 0)
    command = ["train", "dino", str(lifted), str(tmp_path / "run"), "--preset", "tiny", "--steps", "2"]
    assert main([*command, "--objects", str(tmp_path / "objects")]) == 0
    assert [row["step"] for row in rows_of(tmp_path / "run") if row["miou"]] == ["0", "2"]
    assert main([*command, "--objects", str(tmp_path / "nowhere")]) == 3
    command = ["train", "cmat", str(lifted), str(tmp_path / "cmat"), "--preset", "tiny", "--steps", "2"]
    assert main([*command, "--objects", str(tmp_path / "objects")]) == 0
    assert [row["step"] for row in rows_of(tmp_path / "cmat") if row["miou"]] == ["0", "2"]


def test_two_parts_of_one_name_are_one_question():
    legs = (PartName("leg", "leg"), PartName("Leg", "leg"), PartName("top", "top"))
    points = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    labels = np.array([0, 1, 1, 2, 2, -1], dtype=np.int16)
    none = np.zeros((6, 0), dtype=np.float32)
    shape = Sample(points, points, labels, legs, "table", "table/0", (), none)
    (asked,) = NamedShapes.chosen([shape], [shape], 0).asked
    assert asked.labels.tolist() == [0, 0, 0, 2, 2, -1]
