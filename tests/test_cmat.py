"""CMAT pre-training: the official losses come out, four shapes are learned by heart, a killed run ends the same."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import lift_helpers
import numpy as np
import pytest
import torch
from golden_pack import load_pack

from partwise.cli import main
from partwise.errors import CheckpointError, InputError, MissingDataError
from partwise.layers.patches import Patches, group
from partwise.layers.tokens import PatchEncoderConfig
from partwise.lift.lifting import LiftConfig
from partwise.lift.precompute import RunConfig, find_inputs, lift_library
from partwise.lift.project import Projection, pool_patches
from partwise.lift.shards import LiftedShards
from partwise.models.pointmae import PointMAE, PointMAEConfig, from_official
from partwise.points import gather
from partwise.pretrained import build_model, open_pretrained
from partwise.train.cmat import (
    Outcome,
    Pretraining,
    koleo_sets,
    loss_terms,
    make_module,
    parameter_groups,
    schedule,
    total_loss,
    train,
)
from partwise.train.cmat_batches import make_batch, point_features
from partwise.train.cmat_presets import PAPER, PRESETS, RELEASE, SMALL, TINY

SIZES = PatchEncoderConfig(16, 8, (8, 16, 32), 24, 2, 3, 0.1, "plain")
CONFIG = replace(
    TINY, model=PointMAEConfig(SIZES, 1, 3), steps=6, warmup=2, batch=4, teacher_pool="stored", save_every=2
)


@pytest.fixture(scope="module")
def lifted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lifted")
    lift_helpers.write_shapes(folder / "in", 4)
    lift = LiftConfig(cameras="cops", size=64, points=256, groups=16, neighbours=8)
    lift_library(
        find_inputs([folder / "in"]), folder / "out", lift, lift_helpers.open_colours, RunConfig(workers=0)
    )
    return folder / "out"


@pytest.fixture(scope="module")
def shapes(lifted):
    return list(LiftedShards(lifted))


def curve(out, name):
    rows = [row.split(",") for row in (out / "curves.csv").read_text().splitlines()]
    return [float(row[rows[0].index(name)]) for row in rows[1:]]


@torch.no_grad()
def test_parity_stage_one():
    tensors, sidecar = load_pack("cmat_small")
    given, out = (
        {
            key.removeprefix("stage1."): value
            for key, value in tensors[side].items()
            if key.startswith("stage1.")
        }
        for side in ("in", "out")
    )
    sizes = PatchEncoderConfig(width=36, depth=2, heads=3)
    config = replace(RELEASE, model=PointMAEConfig(sizes, decoder_depth=1, decoder_heads=3))
    module = Pretraining(config, 24).eval()
    module.model.load_state_dict(from_official(tensors["stage1"]))
    points = given["points"]
    patches = module.model.encoder.patches(points)
    assert torch.equal(patches.centers, out["center"])
    pooled = {}
    for how in ("voronoi", "neighbours"):
        rows = zip(given["teacher"], points, patches.centers, patches.index, strict=True)
        pooled[how] = torch.stack([pool_patches(*row, Projection(pool=how)) for row in rows])
    assert (pooled["voronoi"] - out["teacher_group"]).abs().max() < 5e-5
    rebuilt = module.model(patches, given["mask"])
    assert (rebuilt.tokens - out["x_vis"]).abs().max() < 5e-5
    outcome = Outcome(rebuilt, rebuilt.tokens, rebuilt.visible, None)
    terms = loss_terms(outcome, pooled["voronoi"], config)
    for name, expected in (("rec", "recon_loss"), ("aff", "struct_loss")):
        assert terms[name].item() == pytest.approx(out[expected].item(), abs=1e-6)
    assert total_loss(terms, config).item() == pytest.approx(out["total_loss"].item(), abs=1e-6)
    wrong = sidecar["negative_controls"]["teacher pooled over kNN groups instead of Voronoi cells"][
        "struct_loss"
    ]
    assert loss_terms(outcome, pooled["neighbours"], config)["aff"].item() == pytest.approx(wrong, abs=1e-5)


@pytest.mark.parametrize(("diversity", "falls"), [(0.0, "aff"), (0.2, "div")])
def test_four_shapes_are_learned_by_heart(diversity, falls, lifted, shapes, tmp_path):
    # The teacher of these shapes finds all patches alike, and l_div drives them apart: each is tried without the other.
    config = replace(CONFIG, steps=80, rate=3e-3, warmup=5, scale=(1.0, 1.0), shift=0.0, save_every=80)
    config = replace(config, diversity_weight=diversity)
    batch = make_batch(shapes, config, 0, range(4))
    before = loss_terms(make_module(config, 8).eval()(batch), batch.teacher, config)
    module = make_module(config, 8, train(config, lifted, tmp_path))
    after = loss_terms(module.eval()(batch), batch.teacher, config)
    assert after["rec"] < 0.6 * before["rec"]
    assert after[falls] < (0.5 * before["aff"] if falls == "aff" else before["div"])
    assert after["collapsed"] == 0
    assert len(curve(tmp_path, "rec")) == 4


def test_a_run_that_was_stopped_ends_as_a_whole_one(lifted, tmp_path, monkeypatch):
    whole = train(CONFIG, lifted, tmp_path / "a")
    import partwise.train.cmat as recipe

    plain = recipe.train_step

    def stopping(*arguments):
        if arguments[-2] == 3:
            raise KeyboardInterrupt
        return plain(*arguments)

    monkeypatch.setattr(recipe, "train_step", stopping)
    with pytest.raises(KeyboardInterrupt):
        train(CONFIG, lifted, tmp_path / "b")
    monkeypatch.setattr(recipe, "train_step", plain)
    assert not (tmp_path / "b" / "checkpoint").exists()
    resumed = train(CONFIG, lifted, tmp_path / "b")
    first, second = (folder / "model.safetensors" for folder in (whole, resumed))
    assert first.read_bytes() == second.read_bytes()
    assert (tmp_path / "a" / "curves.csv").read_text() == (tmp_path / "b" / "curves.csv").read_text()


def test_two_processes_learn_one_model(lifted, tmp_path):
    # Every parameter takes part in every step, or torch would refuse the second one.
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from pathlib import Path\n"
        "import torch; torch.set_num_threads(1)\n"
        "from test_cmat import CONFIG, train; from dataclasses import replace\n"
        "config = replace(CONFIG, steps=3, affinity_on='all', distill_weight=0.5)\n"
        f"train(config, Path({str(lifted)!r}), Path(sys.argv[1]))"
    )
    port = str(20000 + os.getpid() % 20000)
    command = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", port]
    (tmp_path / "run.py").write_text(code)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [sys.executable, *command, str(tmp_path / "run.py"), str(tmp_path / "out")],
        env=environment,
        check=True,
    )
    assert isinstance(build_model(open_pretrained(tmp_path / "out" / "checkpoint")), PointMAE)
    assert np.isfinite(curve(tmp_path / "out", "loss")).all()


@pytest.mark.parametrize("pool", ["stored", "group", "voronoi"])
@pytest.mark.parametrize("on", ["visible", "all"])
def test_options_of_affinity(shapes, pool, on):
    config = replace(CONFIG, teacher_pool=pool, affinity_on=on, points=128)
    batch = make_batch(shapes, config, 0, range(2))
    assert batch.teacher.shape == (2, 16, shapes[0].features.shape[1])
    assert torch.equal(batch.teacher, make_batch(shapes, config, 0, range(2)).teacher)
    outcome = make_module(config, 8)(batch)
    assert outcome.tokens.shape[1] == (16 if on == "all" else 7)
    assert outcome.rebuilt.rebuilt.shape == (2, 9, 8, 3)
    total_loss(loss_terms(outcome, batch.teacher, config), config).backward()


def test_the_three_poolings_say_nearly_the_same(shapes):
    plain = replace(CONFIG, scale=(1.0, 1.0), shift=0.0, points=256)
    means = [
        make_batch(shapes, replace(plain, teacher_pool=pool), 0, range(4)).teacher.mean(dim=1)
        for pool in ("stored", "group", "voronoi")
    ]
    for other in means[1:]:
        assert torch.nn.functional.cosine_similarity(means[0], other).min() > 0.97
    assert not torch.equal(means[1], means[2])


def test_a_point_gets_the_mean_of_the_patches_that_hold_it(shapes):
    shape = shapes[0]
    found = point_features(shape).numpy()
    features = shape.features.astype(np.float32)
    for point in (0, 7, 100):
        holders = [g for g, patch in enumerate(shape.patches) if point in patch]
        if not holders:
            holders = [int(np.linalg.norm(shape.centers - shape.points[point], axis=1).argmin())]
        np.testing.assert_allclose(found[point], features[holders].mean(axis=0), atol=1e-5)
    own = np.random.default_rng(0).standard_normal((256, 8)).astype(np.float16)
    assert np.array_equal(point_features(replace(shape, point_features=own)).numpy(), own.astype(np.float32))


def test_patches_move_with_their_points(shapes):
    batch = make_batch(shapes, replace(CONFIG, yaw=1.0), 0, range(4))
    # A stored centre is the nearest point of its own patch, before and after.
    assert batch.patches().local[:, :, 0].abs().max() < 1e-4
    assert not torch.allclose(batch.points, make_batch(shapes, CONFIG, 0, range(4)).points, atol=1e-2)


def test_patches_that_nothing_saw_do_not_count(shapes):
    config = replace(CONFIG, affinity_on="all", distill_weight=1.0)
    batch = make_batch(shapes, config, 0, range(2))
    outcome = make_module(config, 8).eval()(batch)
    blind = batch.teacher.clone()
    blind[:, 3] = 0
    told = batch.teacher.clone()
    told[:, 3] = torch.randn(told.shape[-1])
    terms = loss_terms(outcome, blind, config)
    keep = [g for g in range(16) if g != 3]
    fewer = Outcome(
        outcome.rebuilt, outcome.tokens[:, keep], outcome.chosen[:, keep], outcome.predicted[:, keep]
    )
    for name in ("aff", "distill"):
        assert torch.allclose(terms[name], loss_terms(fewer, told, config)[name], atol=1e-6)
        assert not torch.allclose(terms[name], loss_terms(outcome, told, config)[name], atol=1e-4)


def test_the_axis_of_diversity():
    tokens = torch.randn(3, 5, 4)
    assert torch.equal(koleo_sets(tokens, "patch"), tokens)
    assert torch.allclose(koleo_sets(tokens, "batch"), tokens.mean(dim=1)[None])
    assert koleo_sets(tokens, "all").shape == (1, 15, 4)
    batch_of_one = Outcome(*_rebuilt_of(tokens[:1]), None)
    config = replace(CONFIG, koleo_axis="batch")
    terms = loss_terms(batch_of_one, torch.randn(1, 5, 6), config)
    assert terms["div"] == terms["collapsed"] == 0  # one vector has no neighbour
    same = Outcome(*_rebuilt_of(torch.ones(2, 5, 4)), None)
    assert loss_terms(same, torch.randn(2, 5, 6), CONFIG)["collapsed"] == 10


def _rebuilt_of(tokens):
    from partwise.models.pointmae import Rebuilt

    points = torch.rand(len(tokens), 20, 3)
    patches = group(points, 5, 4, "plain")
    order = torch.arange(5).expand(len(tokens), -1)
    assert isinstance(patches, Patches)
    rebuilt = Rebuilt(
        patches, order[:, :2], order[:, 2:], tokens[:, :2], gather(points, patches.index[:, 2:])
    )
    return rebuilt, tokens, order


def test_regression_has_a_head_and_the_checkpoint_has_none(lifted, tmp_path):
    config = replace(CONFIG, steps=2, affinity_weight=0.0, diversity_weight=0.0, distill_weight=1.0)
    folder = train(config, lifted, tmp_path)
    model = build_model(open_pretrained(folder))
    assert isinstance(model, PointMAE)
    assert curve(tmp_path, "distill")[-1] > 0
    assert open_pretrained(folder).config["teacher"]["name"] == "mean colours"


def test_going_on_from_other_weights(lifted, tmp_path):
    first = train(replace(CONFIG, steps=1), lifted, tmp_path / "a")
    module = make_module(CONFIG, 8, first)
    state = build_model(open_pretrained(first)).state_dict()
    assert all(torch.equal(value, state[key]) for key, value in module.model.state_dict().items())
    with pytest.raises(CheckpointError, match="wrong shapes"):
        make_module(replace(CONFIG, model=PointMAEConfig(replace(SIZES, width=12), 1, 3)), 8, first)


def test_norms_biases_and_the_mask_token_do_not_decay():
    module = make_module(CONFIG, 8)
    matrices, rest = parameter_groups(module, 0.05)
    assert matrices["weight_decay"] == 0.05
    assert rest["weight_decay"] == 0.0
    assert all(p.ndim == 2 for p in matrices["params"])
    assert any(p is module.model.mask_token for p in rest["params"])
    assert len(matrices["params"]) + len(rest["params"]) == len(list(module.parameters()))


def test_presets_and_schedule():
    assert (PAPER.affinity_weight, PAPER.diversity_weight, PAPER.mask_ratio) == (0.1, 0.2, 0.6)
    assert (PAPER.batch, PAPER.rate, PAPER.weight_decay) == (128, 1e-4, 0.05)
    assert PAPER.warmup / PAPER.steps == pytest.approx(15 / 150, abs=1e-3)
    assert PAPER.model == PointMAEConfig()
    assert (RELEASE.batch, RELEASE.model.encoder.groups, RELEASE.diversity_weight) == (96, 256, 0.0)
    assert RELEASE.warmup / RELEASE.steps == pytest.approx(5 / 150, abs=1e-3)
    alone = PRESETS["pointmae"]
    assert (alone.rate, alone.affinity_weight, alone.diversity_weight, alone.model) == (
        1e-3,
        0,
        0,
        PAPER.model,
    )
    assert alone.warmup / alone.steps == pytest.approx(10 / 300, abs=1e-3)
    assert set(PRESETS) == {"paper", "release", "pointmae", "small", "tiny"}
    assert schedule(SMALL, 0) == pytest.approx(1 / 50)
    assert schedule(SMALL, 49) == 1.0
    assert schedule(SMALL, 999) == pytest.approx(0.01, abs=1e-3)


def test_what_is_refused(lifted, tmp_path):
    with pytest.raises(MissingDataError, match="partwise lift"):
        train(CONFIG, tmp_path, tmp_path / "run")
    other = replace(CONFIG, model=PointMAEConfig(replace(SIZES, groups=12), 1, 3))
    with pytest.raises(InputError, match=r"16 patches of 8.*--groups 12"):
        train(other, lifted, tmp_path / "run")
    with pytest.raises(InputError, match="--points 999"):
        train(replace(CONFIG, teacher_pool="group", points=999), lifted, tmp_path / "run")
    train(replace(CONFIG, steps=1), lifted, tmp_path / "run")
    with pytest.raises(CheckpointError, match="other settings"):
        train(replace(CONFIG, steps=2), lifted, tmp_path / "run")
    for changes in (
        {"koleo_axis": "point"},
        {"teacher_pool": "mean"},
        {"affinity_on": "none"},
        {"mask": "grid"},
    ):
        with pytest.raises(InputError, match="use one of"):
            replace(CONFIG, **changes)
    with pytest.raises(InputError, match="equal pieces"):
        replace(CONFIG, batch=5, accumulate=2)


def test_the_command(lifted, tmp_path, capsys):
    arguments = ["train", "cmat", str(lifted), str(tmp_path / "run"), "--preset", "tiny", "--steps", "2"]
    assert main([*arguments, "--koleo-axis", "all", "--groups", "12", "--affinity-on", "all"]) == 0
    config = open_pretrained(tmp_path / "run" / "checkpoint").config
    assert config["training"]["koleo_axis"] == "all"
    assert config["model"]["encoder"]["groups"] == 12
    assert main([*arguments[:3], str(tmp_path / "other"), "--preset", "paper"]) == InputError.exit_code
    assert "--groups 64" in capsys.readouterr().err
