"""`Segmenter.afford`: heat in the input's frame, one pass for any number of questions, written in every form."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import POINT_CONFIG, write_checkpoint
from safetensors.torch import load_file
from test_io_views import Page, unpack

from partwise import Segmenter, Shape
from partwise.cli import main
from partwise.encoders.actions import ACTIONS, RELATED, new_wording, trained_wordings, unrelated
from partwise.encoders.pixels import PictureTower
from partwise.errors import CheckpointError, InputError, MissingDataError
from partwise.evaluate.heat import Offer, evaluate_heat, mean_heat, offer_auc, offer_threshold
from partwise.models.las import LasConfig
from partwise.train import afford as recipe
from partwise.train.heads import shapes

HEAD = LasConfig(
    token_width=POINT_CONFIG.width,
    text_width=384,
    reads="vectors",
    width=16,
    feedforward=16,
    layers=1,
    heads=2,
    head_width=8,
    dropout=0.0,
    point_width=384,
)
CONFIG = replace(recipe.TINY, head=HEAD)
ASKED = ["grasp", "where can i sit", "pour"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A checkpoint with a head that a few steps were spent on."""
    folder = write_checkpoint(tmp_path_factory.mktemp("afford") / "model", "pointalign3d")
    run = folder.parent / "run"
    head = recipe.train(CONFIG, Segmenter.from_pretrained(folder), run)
    head.rename(folder / "afford")
    return folder


@pytest.fixture(scope="module")
def segmenter(folder):
    return Segmenter.from_pretrained(folder)


@pytest.fixture
def table(cloud):
    return Shape.of(cloud, up="y")


def test_heat_of_every_point_in_the_input_order(segmenter, table, cloud):
    maps = segmenter.afford(table, ASKED)
    assert maps.heat.shape == (len(cloud), 3)
    assert 0 <= maps.heat.min() <= maps.heat.max() <= 1
    assert maps.phrases == tuple(ASKED)
    assert maps.of("pour") == pytest.approx(maps.heat[:, 2])
    again = segmenter.afford(table, ASKED)
    assert np.array_equal(maps.heat, again.heat)
    alone = segmenter.afford(table, ["pour"])
    assert alone.heat[:, 0] == pytest.approx(maps.heat[:, 2], abs=1e-5)


def test_training_goes_on_from_the_head_that_the_model_has(segmenter, tmp_path):
    config = replace(CONFIG, on=True, head=replace(HEAD, width=8, dropout=0.1), steps=2, average=0.0)
    assert recipe.fitted(config, segmenter).head == replace(
        HEAD, dropout=0.1
    )  # the model's sizes, not the config's
    start = segmenter.head.model
    copy = recipe.make_head(recipe.fitted(config, segmenter), start)
    assert all(torch.equal(v, start.state_dict()[k]) for k, v in copy.state_dict().items())
    still = replace(config, rate=0.0, weight_decay=0.0)
    on = load_file(recipe.train(still, segmenter, tmp_path / "still") / "model.safetensors")
    assert all(torch.equal(on[name], kept) for name, kept in start.named_parameters())  # it started there
    config_of = json.loads((tmp_path / "still" / "afford" / "config.json").read_text())
    assert config_of["start_sha256"] == segmenter.head.sha256
    other = Segmenter(
        segmenter.model,
        segmenter.embedder,
        segmenter.config,
        segmenter.record,
        replace(segmenter.head, sha256="other"),
    )
    with pytest.raises(CheckpointError, match="another start head"):
        recipe.train(still, other, tmp_path / "still")
    bare = replace(segmenter.record, name="bare")
    headless = Segmenter(segmenter.model, segmenter.embedder, segmenter.config, bare)
    with pytest.raises(InputError, match="bare has no affordance head to go on from"):
        recipe.train(config, headless, tmp_path / "none")
    with pytest.raises(InputError, match="cannot learn pictures"):
        recipe.with_pictures(config, PictureTower("pixels"))


def test_one_pass_of_the_encoder_answers_parts_and_actions(segmenter, table, monkeypatch):
    passes = []
    monkeypatch.setattr(
        type(segmenter.model), "forward", _counted(type(segmenter.model).forward, passes), raising=True
    )
    look = segmenter.look(table)
    parts = segmenter.segment(look, ["leg", "table top"])
    maps = segmenter.afford(look, [f"{a} it" for a in ("grasp", "push", "lift")])
    assert len(passes) == 1
    monkeypatch.undo()
    assert np.array_equal(parts.labels, segmenter.segment(table, ["leg", "table top"]).labels)
    inside = maps.within(parts, "leg")
    assert (inside.heat <= maps.heat + 1e-6).all()
    assert inside.heat == pytest.approx(maps.heat * parts.scores[:, :1], abs=1e-5)
    assert (inside.strength < maps.strength).all()
    assert inside.offered.tolist() == (inside.strength >= maps.options["offered_above"]).tolist()
    with pytest.raises(InputError, match="different looks"):
        maps.within(segmenter.segment(table, ["leg", "table top"], seed=1), "leg")
    with pytest.raises(InputError, match="not asked for"):
        maps.within(parts, "lid")


def _counted(function, passes):
    def forward(self, *arguments, **named):
        passes.append(1)
        return function(self, *arguments, **named)

    return forward


@pytest.mark.parametrize("kind", ["mesh", "cloud"])
@pytest.mark.parametrize("suffix", [".glb", ".ply", ".npz", ".json", ".png", ".html"])
def test_every_form_is_written_and_read_back(segmenter, cloud, box_mesh, tmp_path, kind, suffix):
    shape = Shape.of(box_mesh if kind == "mesh" else cloud, up="y")
    maps = segmenter.afford(shape, ASKED)
    path = maps.write(tmp_path / f"heat{suffix}", above=0.01)
    if suffix == ".json":
        record = json.loads(path.read_text())
        assert [a["name"] for a in record["actions"]] == ASKED
        assert all(a["regions"] for a in record["actions"])
    elif suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            assert arrays["heat"] == pytest.approx(maps.heat)
            assert ("face_heat" in arrays) == (kind == "mesh")
    elif suffix in (".glb", ".ply"):
        back = Shape.read(path, up="y")
        assert len(back.points) >= min(len(shape.points), 8)
    elif suffix == ".html":
        page = json.loads(Page(path.read_text(encoding="utf-8")).data)
        assert (page["opens"], page["names"][0], page["scored"]) == (0, "grasp", 3)
        stored = unpack(page, "scores", "u1").reshape(3, -1)
        assert np.sort(stored[0]) == pytest.approx(np.sort(255 * maps.of("grasp")), abs=0.51)
    else:
        assert path.stat().st_size > 2_000


def test_ply_is_coloured_by_heat_and_keeps_each_map(segmenter, table, tmp_path):
    from partwise.io.palette import heat_colors

    maps = segmenter.afford(table, ASKED)
    path = maps.write(tmp_path / "heat.ply")
    header, _, body = path.read_bytes().partition(b"end_header\n")
    assert b"score_where_can_i_sit" in header
    fields = [("xyz", "<f4", 3), ("rgb", "u1", 3), ("label", "<i4"), ("score", "<f4"), ("each", "<f4", 3)]
    rows = np.frombuffer(body, dtype=fields, count=len(maps.heat))
    assert rows["each"] == pytest.approx(maps.heat)
    assert np.array_equal(rows["rgb"], heat_colors(maps.heat.max(axis=1)))


def test_bad_questions_and_models_without_a_head(segmenter, table, tmp_path):
    for phrases in ([], "grasp", ["  "], ["grasp", "Grasp!"], ["x" * 500]):
        with pytest.raises(InputError):
            segmenter.afford(table, phrases)
    with pytest.raises(InputError, match="not asked for"):
        segmenter.afford(table, ["grasp"]).of("pour")
    bare = Segmenter.from_pretrained(write_checkpoint(tmp_path / "bare", "pointalign3d"))
    with pytest.raises(MissingDataError, match="no affordance head"):
        bare.afford(table, ["grasp"])
    with pytest.raises(InputError, match="point decoder"):
        recipe.train(CONFIG, Segmenter.from_pretrained(write_checkpoint(tmp_path / "p")), tmp_path / "run")


def test_a_thousand_questions(segmenter, table):
    known = list(segmenter.embedder.bank.keys[:1000])
    maps = segmenter.afford(table, known)
    assert maps.row_heat.shape[1] == 1000
    assert np.isfinite(maps.row_heat).all()


def test_a_head_for_another_encoder_is_refused(folder, tmp_path):
    other = tmp_path / "other"
    torch.manual_seed(5)
    write_checkpoint(other, "pointalign3d")
    weights = other / "model.safetensors"
    from safetensors.torch import load_file, save_file

    state = load_file(weights)
    state["decoder.head.bias"] += 1
    save_file(state, weights)
    (other / "afford").mkdir()
    for name in ("config.json", "model.safetensors"):
        (other / "afford" / name).write_bytes((folder / "afford" / name).read_bytes())
    with pytest.raises(CheckpointError, match="for the encoder"):
        Segmenter.from_pretrained(other)


def test_the_command_line(folder, cloud, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("table.npy", cloud)
    command = ["afford", "table.npy", "grasp", "where can i sit", "--model", str(folder), "--up", "y"]
    assert main([*command, "--region", "0.001"]) == 0
    said = capsys.readouterr().out
    assert "offered" in said
    assert re.search(r"region of \d+ points around -?[\d.e-]+, .*: area about [\d.e-]+, normal ", said)
    assert re.search(r"sides [\d.e-]+, [\d.e-]+, [\d.e-]+, best contact at -?[\d.e-]+, ", said)
    assert (tmp_path / "table.heat.ply").is_file()
    assert main([*command, "--within", "leg", "--json", "--out", "x.json"]) == 0
    assert json.loads(capsys.readouterr().out)["options"]["within"] == "leg"
    looks = []
    monkeypatch.setattr(Segmenter, "look", _counted(Segmenter.look, looks))
    assert main([*command, "--parts", "leg", "top", "--within", "leg"]) == 0
    assert len(looks) == 1
    assert re.search(r"^top +[\d.]+% of the points", capsys.readouterr().out, re.M)
    assert main([*command, "--parts", "leg", "top", "--json", "--out", "y.npz"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["written"] == ["y.npz", "y.parts.npz"]
    assert [part["name"] for part in said["parts"]["labels"]] == ["leg", "top"]
    for name in ("table.parts.ply", "table.parts.json", "y.parts.npz"):
        assert (tmp_path / name).is_file()
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert main([*command, "--region", "2"]) == 2
    assert main([*command, "--out", "heat.bmp"]) == 2


def test_a_killed_run_resumes_bit_for_bit(folder, tmp_path):
    code = (
        "import sys, torch; from pathlib import Path; torch.set_num_threads(1);"
        f"sys.path.insert(0, {os.path.dirname(__file__)!r});"
        "from test_afford import CONFIG, recipe; from dataclasses import replace; from partwise import Segmenter;"
        "config = replace(CONFIG, steps=12, validate_every=100);"
        f"recipe.train(config, Segmenter.from_pretrained({str(folder)!r}), Path(sys.argv[1]))"
    )

    def start(out):
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.Popen([sys.executable, "-c", code, str(out)], env=environment)

    killed = start(tmp_path / "a")
    deadline = time.monotonic() + 120
    while not (tmp_path / "a" / "state.safetensors").is_file() and time.monotonic() < deadline:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / "a" / "afford").exists()
    assert start(tmp_path / "a").wait() == 0
    assert start(tmp_path / "b").wait() == 0
    first, second = (tmp_path / name / "afford" / "model.safetensors" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_four_shapes_are_learned(folder):
    segmenter = Segmenter.from_pretrained(folder)
    config = replace(
        CONFIG, batch=4, points=512, answered=512, augment=replace(CONFIG.augment, probability=0.0)
    )
    batch = recipe.make_batch(config, recipe.Sources.of(config, segmenter), 0)
    torch.manual_seed(0)
    head = recipe.Las(replace(HEAD, width=32, feedforward=32))
    steady = replace(config, steps=10**6, warmup=1, rate=1e-2)
    optimizer = torch.optim.AdamW(recipe.parameter_groups(head, steady))
    first = recipe.train_step(head, segmenter.model, batch, optimizer, steady, 0)[0]
    for step in range(1, 60):
        last = recipe.train_step(head, segmenter.model, batch, optimizer, steady, step)[0]
    assert last < 0.5 * first


def test_a_batch_asks_as_many_questions_as_it_should(segmenter):
    config = replace(CONFIG, questions=30)  # more than there are actions
    batch = recipe.make_batch(config, recipe.Sources.of(config, segmenter), 0)
    assert batch.prompt.vectors.shape[:2] == batch.offered.shape == (config.batch, 30)
    assert batch.offered.any(dim=1).all()
    assert not batch.offered.all()


def test_evaluation_knows_a_perfect_answer_from_none(segmenter):
    samples = list(shapes(CONFIG.seed + 99, 6, CONFIG.points))
    scores, offers = evaluate_heat(segmenter, samples)
    means = mean_heat(scores, "uniform")
    assert 0 < means["sim"] < 1
    assert len(offers) > len(scores) > 0
    sure = [Offer("grasp", 0.9, True), Offer("pour", 0.2, False), Offer("sit", 0.8, True)]
    assert offer_auc(sure) == 1.0
    assert 0.2 < offer_threshold(sure) < 0.8
    with pytest.raises(InputError, match="not"):
        offer_threshold(sure[:1])


def test_words_of_actions():
    assert len(ACTIONS) >= 23
    said = [wording for wordings in ACTIONS.values() for wording in wordings]
    assert len(said) == len(set(said))
    assert all(len(trained_wordings(a)) >= 2 and new_wording(a) not in trained_wordings(a) for a in ACTIONS)
    assert all(group <= set(ACTIONS) for group in RELATED)
    assert not unrelated("lift", ("grasp",))
    assert unrelated("pour", ("grasp",))


def test_the_command_line_trains_a_head(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(recipe, "PRESETS", {"tiny": replace(CONFIG, steps=1)})
    command = ["train", "afford", str(tmp_path / "run"), "--model", str(folder), "--preset", "tiny"]
    assert main(command) == 0
    assert str(tmp_path / "run" / "afford") in capsys.readouterr().out
    assert (tmp_path / "run" / "afford" / "model.safetensors").is_file()
