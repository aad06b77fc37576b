"""Settings of stage 2: presets say what the paper and the release do, and each option does what it says."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import PATCH_CONFIG
from test_train import BATCHES, SHORT, TABLE, embedder, pack, table  # noqa: F401 - fixtures

from partwise.checkpoint import open_checkpoint
from partwise.datasets.packed import Pack, write_pack
from partwise.datasets.sample import PartName
from partwise.errors import InputError
from partwise.train.align_text import compute_losses, make_module, parameter_groups, set_mode, train
from partwise.train.align_text_presets import PRESETS, AlignTextConfig
from partwise.train.alignment import PAPER_OBJECTIVE, RELEASE_OBJECTIVE, Objective
from partwise.train.augment import NO_AUGMENT
from partwise.train.batches import Batch, BatchConfig, make_batch
from partwise.train.words import WordTable

PATCHES = replace(PATCH_CONFIG, groups=32, group_size=16, text_width=384)


def test_presets_are_what_the_paper_and_the_release_say():
    paper, release = PRESETS["paper"], PRESETS["release"]
    assert (paper.rate, paper.head_rate, paper.weight_decay, paper.batches.batch) == (1e-4, 5e-4, 0.05, 32)
    assert (paper.train_blocks, paper.precision, paper.freeze, paper.decay_scalars) == (
        1,
        "fp32",
        "still",
        False,
    )
    assert paper.objective == Objective(tau=0.1, bias=-10.0, learned=True, power=0.0, reduction="sum")
    assert release.objective == Objective(tau=0.07, bias=None, learned=True, power=1.0, reduction="mean")
    assert (release.train_blocks, release.freeze, release.decay_scalars) == (1, "release", True)
    assert (release.batches.box, release.asked_box) == ("max_abs_075", "unit_sphere")
    assert (release.batches.drop_category, release.batches.augment.probability) == (True, 0.0)
    assert (paper.batches.box, paper.asked_box, paper.batches.drop_category) == ("unit_sphere", None, False)
    # What neither of them states is torch's; the legs of the shipped default keep what they were trained with.
    made = set(PRESETS) - {"paper", "release"}
    assert paper.betas == release.betas == (0.9, 0.999)
    assert {PRESETS[name].betas for name in made} == {(0.9, 0.98)}
    assert {PRESETS[name].objective for name in made} == {PAPER_OBJECTIVE}
    assert {PRESETS[name].freeze for name in made} == {"still"}
    assert {PRESETS[name].batches.box for name in made} == {"unit_sphere"}
    assert not any(PRESETS[name].decay_scalars or PRESETS[name].batches.drop_category for name in made)
    with pytest.raises(InputError, match="int4"):
        AlignTextConfig(PATCH_CONFIG, steps=1, precision="int4")
    with pytest.raises(InputError, match="unknown freeze"):
        replace(paper, freeze="half")
    with pytest.raises(InputError, match="unknown asked_box"):
        replace(paper, asked_box="cube")
    with pytest.raises(InputError, match="unknown reduction"):
        Objective(reduction="max")
    with pytest.raises(InputError, match="tau is 0"):
        Objective(tau=0.0)


STILL_NAMES = {"blocks", "norm", "head"}
MOVING_NAMES = STILL_NAMES | {"reduce", "cls_token", "cls_position"}


@pytest.mark.parametrize(("freeze", "expected"), [("still", STILL_NAMES), ("release", MOVING_NAMES)])
def test_what_moves_in_three_steps_is_what_the_freeze_rule_says(pack, embedder, tmp_path, freeze, expected):  # noqa: F811
    model = replace(PATCHES, drop_path=0.5)
    config = replace(
        SHORT, steps=3, model=model, train_blocks=1, point_weight=0.0, freeze=freeze, average=0.0
    )
    before = make_module(config, None)
    folder = train(config, pack, tmp_path, embedder)
    after, start = open_checkpoint(folder).state, before.model.state_dict()
    moved = {name for name in start if not torch.equal(start[name], after[name])}
    parameters = {name for name, _ in before.model.named_parameters()}
    assert {name.split(".")[0] for name in moved & parameters} == expected
    last = f"blocks.blocks.{model.depth - 1}."
    assert all(name.startswith(last) for name in moved & parameters if name.startswith("blocks."))
    # Batch statistics of the tokenizer, which trains with neither rule.
    drifted = moved - parameters
    assert drifted == (set(start) - parameters if freeze == "release" else set())
    parameter_groups(before, config)
    set_mode(before, config)
    assert before.model.blocks.blocks[0].drop_path.training == (freeze == "release")


@pytest.mark.parametrize("decay", [False, True])
def test_temperatures_decay_in_the_release_only(decay):
    config = replace(SHORT, decay_scalars=decay, objective=RELEASE_OBJECTIVE, model=PATCH_CONFIG)
    module = make_module(config, None)
    optimizer = torch.optim.AdamW(parameter_groups(module, config), weight_decay=0.05, lr=1.0)
    module.log_scale.grad = torch.zeros(())
    start = module.log_scale.item()
    assert start == pytest.approx(np.log(1 / 0.07))
    optimizer.step()
    assert module.log_scale.item() == pytest.approx(0.95 * start if decay else start)


def test_every_term_of_the_objective_is_a_field(pack, embedder):  # noqa: F811
    words = WordTable.embed([*Pack(pack).phrases(), "wheel", "lid", "spout", "screen"], embedder)
    batch = make_batch(Pack(pack), words, replace(BATCHES, distractors=8), 3, range(4))
    assert batch.asked.sum(dim=1).max() > 3  # else positives weigh 1 by any power
    patch = replace(SHORT, model=PATCHES)

    def loss(objective):
        config = replace(patch, objective=objective)
        module = make_module(config, None).eval()
        learned = [p for p in (module.log_scale, module.bias) if p.requires_grad]
        assert len(learned) == (0 if not objective.learned else 1 + (objective.bias is not None))
        with torch.no_grad():
            return compute_losses(module, batch, config, torch.device("cpu"))[0].item()

    plain = Objective(tau=0.07, bias=None)
    base = loss(plain)
    assert loss(replace(plain, learned=False)) == base
    assert loss(replace(plain, power=1.0)) > loss(replace(plain, power=0.5)) > base
    assert loss(replace(plain, reduction="mean")) < base / 32
    assert loss(replace(plain, tau=0.1)) != base
    assert loss(replace(plain, bias=-10.0)) != base
    # A fixed temperature leaves no scalar to train.
    fixed = replace(patch, objective=replace(plain, learned=False))
    assert parameter_groups(make_module(fixed, None), fixed)[2]["params"] == []


def test_a_run_with_fixed_temperature_trains(pack, embedder, tmp_path):  # noqa: F811
    model = PATCHES
    objective = replace(RELEASE_OBJECTIVE, learned=False)
    config = replace(SHORT, steps=2, model=model, objective=objective, point_weight=0.0)
    saved = open_checkpoint(train(config, pack, tmp_path, embedder)).config["training"]
    assert saved["objective"]["learned"] is False


def test_a_part_that_is_called_as_its_category_is_dropped(embedder, tmp_path):  # noqa: F811
    sample = table(0)
    whole = replace(sample, parts=(TABLE[0], PartName("Table ", "table", ())), uid="table/whole")
    nothing = replace(whole, labels=np.ones_like(sample.labels), uid="table/nothing")
    write_pack(tmp_path, [whole, nothing], 2, 1024)
    words = WordTable.embed(Pack(tmp_path).phrases(), embedder)
    config = BatchConfig(batch=2, points=(256,), augment=NO_AUGMENT, drop_category=True)
    kept, dropped = (
        make_batch(Pack(tmp_path), words, replace(config, drop_category=drop), 0, range(2))
        for drop in (False, True)
    )
    assert torch.equal(kept.points, dropped.points)
    assert sorted(kept.asked.sum(dim=1).tolist()) == [1, 2]
    assert sorted(dropped.asked.sum(dim=1).tolist()) == [0, 1]
    row = int(dropped.asked.sum(dim=1).argmax())
    assert dropped.rows[row, 0] == words.row["leg"]
    assert torch.equal(dropped.labels[row] == 0, kept.labels[row] == 0)
    assert set(dropped.labels[1 - row].tolist()) == {-1}
    # A shape with nothing left is skipped: the loss is that of the other one alone.
    run = replace(SHORT, model=PATCHES)
    module = make_module(run, None).eval()
    with torch.no_grad():
        both = compute_losses(module, dropped, run, torch.device("cpu"))[0]
        fields = (dropped.points, dropped.labels, dropped.text, dropped.asked, dropped.rows)
        alone = compute_losses(module, Batch(*(x[row : row + 1] for x in fields)), run, torch.device("cpu"))[
            0
        ]
    assert both.item() == pytest.approx(alone.item(), rel=1e-5)


def test_a_run_may_train_in_one_box_and_be_asked_in_another(pack, embedder, tmp_path):  # noqa: F811
    model = PATCHES
    batches = replace(BATCHES, box="max_abs_075")
    words = WordTable.embed(Pack(pack).phrases(), embedder)
    shown = make_batch(Pack(pack), words, batches, 0, range(4)).points
    assert shown.abs().amax(dim=(1, 2)).tolist() == pytest.approx([0.75] * 4, abs=1e-5)
    config = replace(SHORT, steps=1, model=model, batches=batches, point_weight=0.0)
    for asked, box in ((None, "max_abs_075"), ("unit_sphere", "unit_sphere")):
        folder = train(replace(config, asked_box=asked), pack, tmp_path / box, embedder)
        assert open_checkpoint(folder).config["segmenter"]["box"] == box
