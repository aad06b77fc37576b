"""Recipes: they learn, they resume bit for bit after a kill, they refuse what does not fit."""

import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import PATCH_CONFIG, POINT_CONFIG

from partwise import Segmenter, Shape
from partwise.checkpoint import open_checkpoint
from partwise.datasets.packed import Pack, write_pack
from partwise.datasets.sample import PartName, Sample
from partwise.encoders.actions import ACTIONS, trained_wordings
from partwise.encoders.asking import open_embedder
from partwise.encoders.bank import PhraseEmbedder, TextBank, default_bank_path
from partwise.errors import CheckpointError, InputError, MissingDataError
from partwise.models.pointalign3d import PointAlign3D, cosine
from partwise.train.align_text import compute_losses, make_module, parameter_groups, set_mode, train
from partwise.train.align_text_presets import PRESETS
from partwise.train.alignment import PAPER_OBJECTIVE
from partwise.train.augment import BROAD_AUGMENT, NO_AUGMENT, augmented
from partwise.train.batches import BatchConfig, ask_actions, make_batch, mislabelled, prefetched
from partwise.train.distributed import Workers
from partwise.train.state import STATE
from partwise.train.words import WordTable, ask

TABLE = (PartName("leg", "support", ("legs", "table leg")), PartName("table top", "table top", ("tabletop",)))


def table(number, points=1024):
    """A table whose legs and top are told by height alone."""
    rng = np.random.default_rng(number)
    xyz = rng.uniform([-0.5, 0, -0.3], [0.5, 0.7, 0.3], (points, 3)).astype(np.float32)
    top = np.arange(points) < points // 2
    xyz[top, 1] = 0.7
    return Sample(
        points=xyz,
        normals=np.zeros_like(xyz),
        labels=top.astype(np.int16),
        parts=TABLE,
        category="table",
        uid=f"table/{number}",
        affordances=(),
        heat=np.zeros((points, 0), dtype=np.float32),
    )


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pack")
    write_pack(folder, (table(i) for i in range(10)), 10, 1024)
    return folder


@pytest.fixture(scope="module")
def embedder():
    return PhraseEmbedder(TextBank.load(default_bank_path()))


@pytest.fixture(scope="module")
def reader():
    """An embedder with the text model behind the bank."""
    return open_embedder("minilm", None, "part_only")


BATCHES = BatchConfig(batch=4, points=(256,), synonyms=0.3, coarse=0.2, distractors=2, augment=NO_AUGMENT)
SHORT = replace(
    PRESETS["tiny"],
    model=replace(POINT_CONFIG, points_per_group=8),
    steps=6,
    batches=BATCHES,
    save_every=2,
    average=0.9,
)


def test_ten_shapes_are_learned(pack, embedder, tmp_path):
    config = replace(
        SHORT, steps=60, save_every=60, average=0.0, batches=replace(BATCHES, synonyms=0.0, coarse=0.0)
    )
    train(config, pack, tmp_path, embedder, validation=[table(100 + i) for i in range(3)])
    with (tmp_path / "curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    config = open_checkpoint(tmp_path / "checkpoint").config
    assert (config["trained_on"], config["selected_on"]) == (["table"], "none")
    segmenter = Segmenter.from_pretrained(tmp_path / "checkpoint")
    from partwise.evaluate.conditions import Condition
    from partwise.evaluate.parts import evaluate_parts, mean_scores

    scores = mean_scores(evaluate_parts(segmenter, [table(200 + i) for i in range(3)], Condition()))
    assert scores.instance > 1.5 * max(scores.largest, scores.random)


@pytest.mark.parametrize("model", [POINT_CONFIG, PATCH_CONFIG], ids=["point", "patch"])
def test_a_resumed_run_ends_bit_for_bit_where_a_whole_one_does(pack, embedder, tmp_path, model, monkeypatch):
    model = (
        replace(model, points_per_group=8)
        if model is POINT_CONFIG
        else replace(model, groups=32, group_size=16)
    )
    config = replace(SHORT, model=model, point_weight=1.0 if model is not PATCH_CONFIG else 0.0)
    train(config, pack, tmp_path / "whole", embedder)
    import partwise.train.align_text as recipe

    real, calls = recipe.compute_losses, []

    def dies_in_step_five(*arguments):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(recipe, "compute_losses", dies_in_step_five)
    with pytest.raises(KeyboardInterrupt):
        train(config, pack, tmp_path / "killed", embedder)
    assert not (tmp_path / "killed" / "checkpoint").exists()
    monkeypatch.undo()
    train(config, pack, tmp_path / "killed", embedder)
    for name in ("model.safetensors", "config.json"):
        whole, resumed = (tmp_path / run / "checkpoint" / name for run in ("whole", "killed"))
        assert whole.read_bytes() == resumed.read_bytes()
    assert (tmp_path / "whole" / "curves.csv").read_text() == (tmp_path / "killed" / "curves.csv").read_text()


def test_a_process_killed_outright_resumes_bit_for_bit(pack, embedder, tmp_path):
    script = (
        "import sys; from pathlib import Path; import os, signal\n"
        "sys.path.insert(0, sys.argv[3]); import test_train as t\n"
        "import partwise.train.state as state, torch\n"
        # As many threads as here: other tests may have set them, and sums of other lengths end in other bits.
        f"torch.set_num_threads({torch.get_num_threads()})\n"
        "save = state.TrainingState.save\n"
        "def save_and_die(self, folder, config):\n"
        "    save(self, folder, config)\n"
        "    if self.step == 4: os.kill(os.getpid(), signal.SIGKILL)\n"
        "state.TrainingState.save = save_and_die\n"
        "bank = t.TextBank.load(t.default_bank_path())\n"
        "t.train(t.SHORT, Path(sys.argv[1]), Path(sys.argv[2]), t.PhraseEmbedder(bank))\n"
    )
    here = str(Path(__file__).parent)
    run = subprocess.run(
        [sys.executable, "-c", script, str(pack), str(tmp_path / "killed"), here], capture_output=True
    )
    assert run.returncode == -9
    train(SHORT, pack, tmp_path / "killed", embedder)
    train(SHORT, pack, tmp_path / "whole", embedder)
    files = [tmp_path / name / "checkpoint" / "model.safetensors" for name in ("killed", "whole")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_full_disk_keeps_the_last_state(pack, embedder, tmp_path, monkeypatch):
    train(replace(SHORT, steps=2), pack, tmp_path, embedder)
    before = (tmp_path / STATE).read_bytes()

    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    from partwise.train.state import TrainingState

    module = make_module(SHORT, None)
    with pytest.raises(InputError, match="No space left"):
        TrainingState({"module": module}, torch.optim.AdamW(module.parameters())).save(tmp_path, {})
    assert (tmp_path / STATE).read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_damaged_and_foreign_states_are_refused(pack, embedder, tmp_path):
    train(replace(SHORT, steps=2), pack, tmp_path, embedder)
    with pytest.raises(CheckpointError, match="other settings \\(rate\\)"):
        train(replace(SHORT, steps=2, rate=0.5), pack, tmp_path, embedder)
    (tmp_path / STATE).write_bytes((tmp_path / STATE).read_bytes()[:500])
    with pytest.raises(CheckpointError, match="damaged"):
        train(replace(SHORT, steps=2), pack, tmp_path, embedder)


def test_two_workers_train_as_one(pack, embedder, tmp_path):
    config = replace(
        SHORT,
        steps=2,
        model=replace(PATCH_CONFIG, groups=32, group_size=16),
        point_weight=0.0,
        train_blocks=0,
        average=0.0,
    )
    train(config, pack, tmp_path / "one", embedder)
    script = tmp_path / "run.py"
    script.write_text(
        "import sys; sys.path.insert(0, sys.argv[1])\nfrom pathlib import Path\nimport test_train as t\n"
        "from dataclasses import replace\n"
        "config = replace(t.SHORT, steps=2, model=replace(t.PATCH_CONFIG, groups=32, group_size=16), point_weight=0.0,"
        " train_blocks=0, average=0.0)\n"
        "bank = t.TextBank.load(t.default_bank_path())\n"
        "t.train(config, Path(sys.argv[2]), Path(sys.argv[3]), t.PhraseEmbedder(bank))\n"
    )
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nproc-per-node=2",
        "--master-port=29517",
        str(script),
    ]
    arguments = [str(Path(__file__).parent), str(pack), str(tmp_path / "two")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    run = subprocess.run([*command, *arguments], capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    from safetensors.torch import load_file

    one, two = (load_file(tmp_path / name / "checkpoint" / "model.safetensors") for name in ("one", "two"))
    assert all(torch.allclose(one[key], two[key], atol=1e-5) for key in one)


@pytest.mark.parametrize(("blocks", "expected"), [(0, set()), (1, {"1"}), (2, {"0", "1"})])
def test_only_the_last_blocks_train_and_the_rest_stays_in_eval_mode(blocks, expected):
    config = replace(SHORT, model=PATCH_CONFIG, train_blocks=blocks)
    module = make_module(config, None)
    parameter_groups(module, config)
    set_mode(module, config)
    trained = {name for name, p in module.model.named_parameters() if p.requires_grad}
    assert {name.split(".")[2] for name in trained if name.startswith("blocks.")} == expected
    assert {name.split(".")[0] for name in trained} - {"blocks"} == {"norm", "head"}
    assert not module.model.tokenizer.training  # batch statistics of frozen layers must not drift
    assert module.training


def test_batches_are_a_pure_function_of_seed_and_step(pack, embedder):
    words = WordTable.embed(Pack(pack).phrases(), embedder)
    config = replace(BATCHES, augment=BROAD_AUGMENT)
    first, again = (make_batch(Pack(pack), words, config, 3, range(4)) for _ in range(2))
    part = make_batch(Pack(pack), words, config, 3, range(2, 4))
    assert torch.equal(first.points, again.points)
    assert torch.equal(first.labels, again.labels)
    assert torch.equal(first.points[2:], part.points)
    assert not torch.equal(first.points, make_batch(Pack(pack), words, config, 4, range(4)).points)


def test_processes_make_the_batches_that_a_thread_makes(pack, embedder):
    words = WordTable.embed(Pack(pack).phrases(), embedder)
    alone = Workers(0, 1, torch.device("cpu"))
    ways = [list(prefetched(Pack(pack), words, BATCHES, range(2, 5), alone, makers)) for makers in (0, 2)]
    for (theirs,), (ours,) in zip(*ways, strict=True):
        assert torch.equal(theirs.points, ours.points)
        assert torch.equal(theirs.labels, ours.labels)
    assert len(ways[1]) == 3


def test_negatives_of_the_batch_and_supervision_by_points(pack, embedder):
    """Both ablations against the sums written out."""
    words = WordTable.embed(Pack(pack).phrases(), embedder)
    batch = make_batch(Pack(pack), words, replace(BATCHES, synonyms=0.8), 3, range(4))
    config = replace(SHORT, model=replace(PATCH_CONFIG, text_width=384), objective=PAPER_OBJECTIVE)
    module = make_module(config, None).eval()
    phrases = sorted(set(batch.rows[batch.asked].tolist()))
    assert len(phrases) > 2
    with torch.no_grad():
        embedding = module.model(batch.points)
        scale = module.log_scale.exp()
        logits = cosine(embedding.features, words.vectors[phrases]) * scale + module.bias
        nearest_patch = torch.cdist(batch.points[..., [0, 2, 1]], embedding.patches.centers).argmin(dim=2)
        expected = {"patch": 0.0, "point": 0.0}
        for b in range(4):
            point_phrase = torch.where(batch.labels[b] < 0, -1, batch.rows[b][batch.labels[b]])
            for column, row in enumerate(phrases):
                mine = (point_phrase == row).float()
                share = mine[embedding.patches.index[b]].mean(dim=1)
                expected["patch"] += binary(logits[b, :, column], share)
                expected["point"] += binary(logits[b, nearest_patch[b], column], mine)
        for supervision, total in expected.items():
            run = replace(config, negatives="batch", supervision=supervision)
            loss, *_ = compute_losses(module, batch, run, torch.device("cpu"))
            assert loss.item() == pytest.approx(total / 4, rel=1e-4)
        few, *_ = compute_losses(module, batch, config, torch.device("cpu"))
    assert few.item() < expected["patch"] / 4
    with pytest.raises(InputError, match="unknown negatives"):
        replace(config, negatives="none")


def binary(logits, target):
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="sum").item()


def test_wrong_labels_come_from_the_parts_that_are_shown():
    labels = np.repeat(np.array([0, 2, -1], dtype=np.int16), 1000)
    noisy = mislabelled(labels, 0.5, np.random.default_rng(0))
    assert (noisy[2000:] == -1).all()
    assert set(noisy[:2000]) == {0, 2}
    assert (
        0.2 < (noisy[:2000] != labels[:2000]).mean() < 0.3
    )  # half are drawn anew, half of these hit the same
    assert (mislabelled(labels[2000:], 0.5, np.random.default_rng(0)) == -1).all()


def test_questions_never_hold_a_wrong_distractor_or_two_equal_phrases(pack, embedder):
    words = WordTable.embed(
        ["leg", "legs", "table leg", "table top", "tabletop", "support", "seat"], embedder
    )
    labels = np.array([0, 1, -1, 1], dtype=np.int16)
    for seed in range(50):
        question = ask(TABLE, labels, words, 0.3, 0.5, 5, np.random.default_rng(seed))
        assert len(set(question.rows)) == len(question.rows)
        assert question.labels.tolist()[2] == -1
        assert set(question.rows[2:]) <= {words.row["seat"]}
        assert question.labels[0] != question.labels[1]


def test_distractors_that_are_names_are_no_other_words_for_what_is_asked(embedder):
    others: dict[str, set[str]] = {part.name: {part.coarse, *part.synonyms} for part in TABLE}
    others |= {"foot": {"leg"}, "seat": {"table top"}}
    far = {"wheel", "lid", "spout", "screen", "paw", "tray"}
    others |= {name: set() for name in far}
    words = WordTable.embed([*others, "legs", "table leg", "tabletop", "support"], embedder, others)
    labels, drawn = np.array([0, 1, -1, 1], dtype=np.int16), {"names": set(), "alike": set()}
    for seed in range(50):
        for kind, seen in drawn.items():
            question = ask(TABLE, labels, words, 0.0, 0.5, 1, np.random.default_rng(seed), kind)
            assert len(question.rows) == 3
            seen.update(question.rows[2:])
    # "foot" and "seat" are explained by words of the table, so they might be meant by them.
    assert drawn["names"] == {words.row[name] for name in far}
    asked = words.vectors[[words.row["leg"], words.row["table top"]]]
    nearest = max(drawn["names"], key=lambda row: float((words.vectors[row] @ asked.T).max()))
    assert nearest in drawn["alike"] < drawn["names"]
    with pytest.raises(InputError, match="distractor_kind"):
        BatchConfig(distractor_kind="hard")


def test_augmentation_keeps_labels_with_their_points():
    points = np.random.default_rng(0).random((2000, 3)).astype(np.float32)
    labels = (points[:, 1] > 0.5).astype(np.int16)
    moved, kept = augmented(
        points,
        labels,
        replace(BROAD_AUGMENT, full=0.0, tilt=0.0),
        500,
        "unit_sphere",
        np.random.default_rng(1),
    )
    assert moved.shape == (500, 3)
    top, low = moved[labels[kept] == 1, 1], moved[labels[kept] == 0, 1]
    assert top.min() > low.max() - 0.1  # jitter blurs the border a little
    same, _ = augmented(points, labels, NO_AUGMENT, 2000, "unit_sphere", np.random.default_rng(1))
    assert np.linalg.norm(same, axis=1).max() == pytest.approx(1, abs=1e-5)


def test_even_augmentation_draws_small_parts_densely():
    points = np.random.default_rng(0).random((4000, 3)).astype(np.float32)
    labels = np.where(np.arange(4000) < 40, -1, np.where(np.arange(4000) < 80, 0, 1)).astype(np.int16)
    shares = {}
    for even in (0.0, 1.0):
        drawn = [
            augmented(
                points, labels, replace(NO_AUGMENT, even=even), 400, "unit_sphere", np.random.default_rng(k)
            )
            for k in range(30)
        ]
        shares[even] = [np.mean([(labels[kept] == part).mean() for _, kept in drawn]) for part in (-1, 0)]
    assert shares[0.0] == pytest.approx([0.01, 0.01], abs=0.003)
    assert min(shares[1.0]) > 0.03
    kept = augmented(
        points, labels, replace(NO_AUGMENT, even=1.0), 9000, "unit_sphere", np.random.default_rng(0)
    )[1]
    assert len(kept) == 9000


@pytest.fixture(scope="module")
def heated():
    """Four tables to put things on and to lift by the legs, and one of which no action is known."""
    samples = [table(number) for number in range(5)]
    for number, sample in enumerate(samples[:4]):
        heat = np.stack([sample.labels == 1, (sample.labels == 0) * (0.6 + 0.1 * number)], axis=1)
        samples[number] = replace(sample, affordances=("support", "lift"), heat=heat.astype(np.float32))
    return samples


@pytest.fixture(scope="module")
def heated_pack(heated, tmp_path_factory):
    folder = tmp_path_factory.mktemp("heated")
    write_pack(folder, heated, 5, 1024, heat=True)
    return folder


def test_a_pack_keeps_the_heat_of_every_action(heated, heated_pack, pack, tmp_path):
    for sample, packed in zip(heated, (Pack(heated_pack)[i] for i in range(5)), strict=True):
        assert packed.actions == sample.affordances
        np.testing.assert_allclose(packed.heat, sample.heat, atol=0.5 / 255 + 1e-6)
    many = replace(heated[0], affordances=tuple(map(str, range(13))), heat=np.zeros((1024, 13), np.float32))
    with pytest.raises(InputError, match="room for 12"):
        write_pack(tmp_path / "many", [many], 1, 1024, heat=True)
    assert Pack(pack)[0].actions == ()
    assert Pack(pack)[0].heat.shape == (1024, 0)
    for name in ("points.npy", "labels.npy", "shapes.json"):
        (tmp_path / name).write_bytes((heated_pack / name).read_bytes())
    with pytest.raises(InputError, match="damaged"):
        Pack(tmp_path)


def test_questions_about_actions_follow_the_points(heated_pack, reader):
    pack = Pack(heated_pack)
    words = WordTable.embed(pack.phrases(), reader, pack.other_words())
    parts = words.distracting
    wordings = {w for action in ACTIONS for w in trained_wordings(action)}
    words = words.also(sorted(wordings), reader)
    assert words.distracting == parts < len(words.row)
    shape, kept = pack[0], np.random.default_rng(0).permutation(1024)[:300]
    drawn = ask_actions(shape, kept, words, 6, np.random.default_rng(1))
    again = ask_actions(shape, kept, words, 6, np.random.default_rng(1))
    assert torch.equal(drawn.heat, again.heat)
    maps = {tuple(column) for column in shape.heat[kept].T}
    for heat, offered in zip(drawn.heat[0].T.numpy(), drawn.offered[0], strict=True):
        assert tuple(heat) in maps if offered else heat.max() < 0.5
    assert int(drawn.offered.sum()) == 2
    config = replace(BATCHES, batch=5, actions=6)
    batch = make_batch(pack, words, config, 0, range(5))
    assert batch.actions.heat.shape == (5, 256, 6)
    assert batch.actions.asked.sum() == 4  # nothing is known of the table
    assert make_batch(pack, words, replace(config, actions=0), 0, range(5)).actions is None


def test_the_points_learn_where_actions_are(heated_pack, pack, reader, tmp_path):
    batches = replace(BATCHES, batch=5, actions=6)
    config = replace(
        SHORT, steps=40, save_every=40, average=0.0, batches=batches, heat_weight=1.0, calibration=6
    )
    folder = train(config, heated_pack, tmp_path, reader)
    with (tmp_path / "curves.csv").open() as file:
        losses = [float(row["heat_loss"]) for row in csv.DictReader(file)]
    assert losses[-1] < 0.8 * losses[0]
    assert not any("actions" in name for name in open_checkpoint(folder).state)
    maps = Segmenter.from_pretrained(str(folder)).afford(Shape.of(table(3).points, up="y"), ["sit"])
    assert 0 < maps.heat.max() <= 1
    head = open_checkpoint(folder / "afford").state
    started = make_module(replace(config, start_whole=True), folder).actions
    assert all(torch.equal(started.state_dict()[key], value) for key, value in head.items())
    with pytest.raises(InputError, match="data pack --heat"):
        train(config, pack, tmp_path / "cold", reader)
    with pytest.raises(InputError, match="point decoder, and questions"):
        replace(config, model=PATCH_CONFIG)
    with pytest.raises(InputError, match="0 questions"):
        replace(config, batches=BATCHES)


def test_a_batch_without_known_actions_costs_nothing(pack, embedder):
    words = WordTable.embed(Pack(pack).phrases(), embedder).also(["sit", "grasp"], embedder)
    config = replace(SHORT, batches=replace(BATCHES, actions=2), heat_weight=1.0)
    batch = make_batch(Pack(pack), words, config.batches, 0, range(4))
    module = make_module(config, None)
    *_, heat = compute_losses(module, batch, config, torch.device("cpu"))
    assert heat.item() == 0
    heat.backward()
    assert all(parameter.grad is not None for parameter in module.actions.parameters())


def test_packs_that_are_missing_or_damaged(pack, tmp_path):
    with pytest.raises(MissingDataError, match="partwise data pack"):
        Pack(tmp_path)
    for name in ("points.npy", "labels.npy", "shapes.json"):
        (tmp_path / name).write_bytes((pack / name).read_bytes())
    (tmp_path / "points.npy").write_bytes((pack / "points.npy").read_bytes()[:1000])
    with pytest.raises(InputError, match="damaged"):
        Pack(tmp_path)
    with pytest.raises(InputError, match="1024 points"):
        write_pack(tmp_path / "other", [table(0)], 1, 2048)


def test_the_command_line_trains_on_ten_shapes(pack, tmp_path, capsys):
    from partwise.cli import main

    command = ["train", "patchalign3d", str(pack), str(tmp_path / "run"), "--preset", "tiny", "--steps", "2"]
    assert main(command) == 0
    assert "checkpoint" in capsys.readouterr().out
    segmenter = Segmenter.from_pretrained(tmp_path / "run" / "checkpoint")
    answer = segmenter.segment(Shape.of(table(3).points, up="y"), ["leg", "table top"])
    assert answer.labels.shape == answer.confidence.shape == (1024,)
    assert set(answer.labels) <= {0, 1}
    assert np.isfinite(answer.scores).all()
    assert answer.scores.shape == (1024, 2)
    np.testing.assert_allclose(answer.scores.sum(axis=1), 1, atol=1e-5)
    assert main([*command[:2], str(tmp_path / "nowhere"), *command[3:]]) == 3
    assert main([*command[:3], str(tmp_path / "other"), *command[4:], "--seed", "7"]) == 0
    twins = [open_checkpoint(tmp_path / run / "checkpoint") for run in ("run", "other")]
    assert [twin.config["training"]["batches"]["seed"] for twin in twins] == [PRESETS["tiny"].batches.seed, 7]
    assert twins[0].sha256 != twins[1].sha256


def test_a_run_goes_on_from_all_weights_of_a_checkpoint(pack, embedder, tmp_path):
    config = replace(SHORT, model=POINT_CONFIG, steps=2, point_weight=1.0, dice_weight=0.5, answered=100)
    first = train(config, pack, tmp_path / "a", embedder)
    module = make_module(replace(config, start_whole=True), first)
    kept = open_checkpoint(first)
    assert all(torch.equal(module.model.state_dict()[key], value) for key, value in kept.state.items())
    temperature = kept.config["segmenter"]["temperature"]
    assert module.point_log_scale.exp().item() == pytest.approx(1 / temperature, rel=1e-4)
    other = replace(POINT_CONFIG, decoder_width=2 * POINT_CONFIG.decoder_width)
    with pytest.raises(CheckpointError, match="expected"):
        make_module(replace(config, model=other, start_whole=True), first)


def test_answering_fewer_points_changes_none_of_their_answers():
    model = PointAlign3D(POINT_CONFIG).eval()
    points = torch.rand(2, 300, 3, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(model(points, 64).features, model(points).features[:, :64], atol=1e-6)
