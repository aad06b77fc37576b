"""Scripts, benchmarks and examples can be imported: what they use is still there, and nothing happens at import."""

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from partwise.checkpoint import Checkpoint, open_checkpoint, save_checkpoint
from partwise.errors import CheckpointError, InputError

ROOT = Path(__file__).parent.parent


def test_every_script_can_be_imported(tmp_path):
    files = sorted(
        path for room in ("scripts", "benchmarks", "examples") for path in (ROOT / room).glob("*.py")
    )
    assert len(files) > 20
    code = (
        "import importlib, sys\n"
        f"sys.path[:0] = {[str(ROOT / 'scripts'), str(ROOT / 'benchmarks'), str(ROOT / 'examples')]!r}\n"
        f"for name in {[path.stem for path in files]!r}: importlib.import_module(name)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout == ""
    assert not list(tmp_path.iterdir())


def test_one_command_ends_with_the_table_of_the_alignment(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), str(ROOT / "benchmarks"), *sys.path])
    import alignment_experiments as experiments

    saved = {}
    monkeypatch.setattr(experiments, "data", lambda out: [])
    monkeypatch.setattr(experiments, "train_arm", leave_state)
    monkeypatch.setattr(
        experiments,
        "measure",
        lambda arm, test: {
            **{c.name: len(arm[0]) + arm[1] / 10 for c in experiments.CONDITIONS[:3]},
            "largest": 0.18,
        },
    )
    monkeypatch.setattr(experiments, "save", saved.__setitem__)
    monkeypatch.setattr(sys, "argv", ["alignment_experiments.py", "run", str(tmp_path)])
    experiments.main()
    lines = capsys.readouterr().out.splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + len(experiments.arms()) + 1
    assert lines[-len(table) :] == table
    assert saved["alignment"]["table"]["jointly"]["difference"]["mean"] == len("jointly") - len(
        "stage 2 only"
    )
    ends = [
        (entry["tau at the end"]["mean"], entry["bias at the end"]["mean"])
        for entry in saved["alignment"]["table"].values()
    ]
    assert ends == [(pytest.approx(0.1), -8.0)] * len(experiments.arms())


def leave_state(out: Path, name: str, arm: Any, seed: int, embedder: object) -> tuple[str, int]:
    """What a run leaves of its temperature and bias, -7, -8 and -9 with seeds 1 to 3; the joint recipe nests them."""
    folder = out / "runs" / f"{name}, seed {seed}"
    folder.mkdir(parents=True)
    within = "module.alignment" if arm.before == "jointly" else "module"
    scalars = {f"{within}.log_scale": torch.tensor(10.0).log(), f"{within}.bias": torch.tensor(-6.0 - seed)}
    save_file(scalars, folder / "state.safetensors")
    return name, seed


def test_every_arm_about_objective_and_patches_changes_what_its_name_says_and_no_more(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), str(ROOT / "benchmarks"), *sys.path])
    import alignment_experiments as experiments

    base = leaves(asdict(experiments.TEXT))
    changes = {
        name: {key: value for key, value in leaves(asdict(arm.text)).items() if value != base[key]}
        for name, arm in experiments.arms().items()
        if name in experiments.objectives() | experiments.patches()
    }
    assert changes == {
        "tau 0.07 kept": {"objective.learned": False},
        "tau 0.1": {"objective.tau": 0.1},
        "tau 0.1, bias -10": {"objective.tau": 0.1, "objective.bias": -10.0},
        "tau 0.1, bias -10, both kept": {
            "objective.tau": 0.1,
            "objective.bias": -10.0,
            "objective.learned": False,
        },
        "positives weigh 1": {"objective.power": 0.0},
        "positives weigh sqrt(K - 1)": {"objective.power": 0.5},
        "sum over patches and phrases": {"objective.reduction": "sum", "patch_weight": 1 / 32},
        "64 patches of 16": {"model.groups": 64},
        "32 patches of 32": {"model.group_size": 32},
    }
    assert all(arm.before == "nothing" for arm in experiments.objectives().values())


def leaves(tree: dict[str, Any], path: str = "") -> dict[str, Any]:
    """Path with dots -> value of nested settings."""
    found = {}
    for key, value in tree.items():
        found |= leaves(value, f"{path}{key}.") if isinstance(value, dict) else {path + key: value}
    return found


def test_the_page_of_the_benchmarks_names_every_script_and_every_result():
    page = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    rooms = (ROOT / "benchmarks").glob("*.py"), (ROOT / "benchmarks" / "results").iterdir()
    assert not {path.name for room in rooms for path in room if f"`{path.name}`" not in page}
    for row in (line.split("|") for line in page.splitlines() if line.startswith("| `")):
        script = row[1].strip().strip("`")
        assert (ROOT / script if "/" in script else ROOT / "benchmarks" / script).is_file()
        shown = [word for word in row[-2].replace("`", "").replace(",", " ").split() if word.endswith(".md")]
        assert all((ROOT / name).is_file() for name in shown)
        written = [word.strip("`;") for word in row[-3].split() if ".json" in word]
        assert all((ROOT / "benchmarks" / "results" / name).is_file() for name in written)


def test_a_shipped_mixture_lies_between_a_training_and_its_start(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
    from ship_checkpoint import mixed

    def checkpoint(
        weight: float, temperature: float, rows: int = 2, templates: str = "part_only"
    ) -> Checkpoint:
        state = {"head.weight": torch.full((rows, 3), weight), "norm.num_batches_tracked": torch.tensor(7)}
        segmenter = {"temperature": temperature, "templates": templates}
        config = {"segmenter": segmenter, "offered_above": weight / 10}
        return Checkpoint("some", None, f"sha of {weight}", config, state)

    mean = mixed(checkpoint(4.0, 0.04), checkpoint(8.0, 0.01), 0.75)
    torch.testing.assert_close(mean.state["head.weight"], torch.full((2, 3), 5.0))
    assert mean.state["norm.num_batches_tracked"] == 7
    assert mean.config["segmenter"]["temperature"] == pytest.approx(0.04**0.75 * 0.01**0.25, abs=1e-5)
    assert mean.config["offered_above"] == pytest.approx(0.5)
    assert mean.config["mixed"] == {"share": 0.75, "with_sha256": "sha of 8.0"}
    with pytest.raises(InputError, match="1.5 is not from 0 to 1"):
        mixed(checkpoint(4.0, 0.04), checkpoint(8.0, 0.01), 1.5)
    with pytest.raises(CheckpointError, match="of different models"):
        mixed(checkpoint(4.0, 0.04), checkpoint(8.0, 0.01, rows=3), 0.5)
    with pytest.raises(CheckpointError, match="of different models"):
        mixed(checkpoint(4.0, 0.04), checkpoint(8.0, 0.01, templates="clip"), 0.5)


def test_a_mixture_may_keep_its_own_head(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
    import ship_checkpoint

    for name, weight in (("leg", 1.0), ("start", 3.0)):
        config = {"architecture": "x", "segmenter": {"temperature": 0.02, "points": 1536}}
        save_checkpoint(tmp_path / name, config, {"w": torch.full((2,), weight)})
        head = {"architecture": "las", "offered_above": 0.5, "encoder_sha256": "other"}
        save_checkpoint(tmp_path / name / "afford", head, {"h": torch.full((2,), weight)})
    arguments = ["--mix", str(tmp_path / "start"), "--share", "0.5", "--draws", "2", "--selected-on", "val"]
    for flags, expected in (([], 2.0), (["--own-head"], 1.0)):
        target = tmp_path / f"ship{len(flags)}"
        monkeypatch.setattr(sys, "argv", ["ship", str(tmp_path / "leg"), str(target), *arguments, *flags])
        ship_checkpoint.main()
        whole, head = open_checkpoint(target), open_checkpoint(target / "afford")
        assert whole.state["w"].tolist() == [2.0, 2.0]
        assert head.state["h"].tolist() == [expected] * 2
        assert head.config["encoder_sha256"] == whole.sha256
        assert whole.config["segmenter"] == {"temperature": 0.02, "points": 1536, "draws": 2}
        assert whole.config["selected_on"] == "val"
