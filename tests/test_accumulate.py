"""Batches in pieces, one after another or on several processes: what stays the same and what does not."""

import os
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conftest import PATCH_CONFIG
from safetensors.torch import load_file
from test_align_dino import CONFIG as STAGE1
from test_align_dino import lifted  # noqa: F401 - a fixture
from test_train import BATCHES, SHORT, embedder, pack  # noqa: F401 - fixtures

from partwise.datasets.packed import Pack
from partwise.errors import InputError
from partwise.lift.shards import LiftedShards
from partwise.models.patchalign3d import PatchAlign3D
from partwise.train import align_dino
from partwise.train.align_text import make_module, parameter_groups, train_step
from partwise.train.batches import BatchConfig, Steps
from partwise.train.distributed import Workers
from partwise.train.words import WordTable

ALONE = Workers(0, 1, torch.device("cpu"))


def gradient(config, pack, words):  # noqa: F811
    """What one step of plain descent changes in each parameter that trains."""
    module = make_module(config, None)
    groups = parameter_groups(module, config)
    before = {name: p.detach().clone() for name, p in module.named_parameters() if p.requires_grad}
    batches = Steps(
        pack, words, config.batches, ALONE.pieces(config.batches.batch, config.batches.accumulate)
    )[0]
    optimizer, scaler = torch.optim.SGD(groups, lr=1.0), torch.amp.GradScaler("cpu", enabled=False)
    train_step(module, module, batches, optimizer, scaler, config, 0, ALONE)
    changed = {name: p.detach() for name, p in module.named_parameters()}
    return torch.cat([(changed[name] - value).flatten() for name, value in before.items()])


@pytest.mark.parametrize("blocks", [1, -1])
def test_pieces_have_the_gradient_of_the_whole_batch_where_batch_norms_are_frozen(pack, embedder, blocks):  # noqa: F811
    pack = Pack(pack)
    words = WordTable.embed(pack.phrases(), embedder)
    model = replace(PATCH_CONFIG, groups=32, group_size=16)
    config = replace(SHORT, model=model, train_blocks=blocks, clip_norm=0.0, point_weight=0.0, warmup=0)
    pieces = replace(config, batches=replace(BATCHES, accumulate=2))
    whole, parts = gradient(config, pack, words), gradient(pieces, pack, words)
    apart = float((whole - parts).norm() / whole.norm())
    if blocks == 1:
        assert apart < 1e-4
    else:  # the tokenizer's norms train, and see half a batch
        assert 1e-3 < apart < 0.5


def test_pieces_are_equal_or_refused():
    assert ALONE.pieces(6, 2) == [range(0, 3), range(3, 6)]
    second = Workers(1, 2, torch.device("cpu"))
    assert [list(piece) for piece in second.pieces(8, 2)] == [[1, 3], [5, 7]]
    with pytest.raises(
        InputError, match="batch of 6 cannot be made in 2 equal pieces for each of 2 processes"
    ):
        second.pieces(6, 2)
    with pytest.raises(InputError, match="equal pieces"):
        BatchConfig(batch=5, accumulate=2)
    for name in ("batch", "accumulate"):
        with pytest.raises(InputError, match=f"{name} is 0: give 1 or more"):
            BatchConfig(**{name: 0})


@pytest.mark.slow
def test_two_processes_teach_stage_one_as_one_does(lifted, tmp_path):  # noqa: F811
    config = replace(STAGE1, steps=3, accumulate=2)
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from pathlib import Path\n"
        "from test_align_dino import CONFIG, train; from dataclasses import replace\n"
        "train(replace(CONFIG, steps=3, accumulate=2), Path(sys.argv[1]), Path(sys.argv[2]))\n"
    )
    (tmp_path / "run.py").write_text(code)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-port=29518"]
    run = subprocess.run(
        [*command, str(tmp_path / "run.py"), str(lifted), str(tmp_path / "two")],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert run.returncode == 0, run.stderr
    shapes = list(LiftedShards(lifted))
    torch.manual_seed(config.seed)
    model = PatchAlign3D(replace(config.model, text_width=shapes[0].features.shape[1]))
    untrained, two = deepcopy(model), deepcopy(model)
    two.load_state_dict(load_file(tmp_path / "two" / "checkpoint" / "model.safetensors"))
    groups = align_dino.parameter_groups(model, config)
    optimizer = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    for step in range(3):  # every process sees its slots one by one
        batches = [align_dino.make_batch(shapes, config, step, range(slot, slot + 1)) for slot in range(4)]
        align_dino.train_step(model, batches, optimizer, scaler, config, step, ALONE)
    # Answers, not weights: a bias in front of a batch norm has no gradient but rounding, which Adam follows.
    points = align_dino.make_batch(shapes, config, 9, range(4)).points
    with torch.no_grad():
        answers, theirs, first = (m.train()(points).features for m in (model, two, untrained))
    assert torch.allclose(theirs, answers, atol=2e-3)
    assert float((first - answers).abs().max()) > 0.1
