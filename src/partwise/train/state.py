"""The state of a training run on disk: written whole or not at all, resumed bit for bit."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from partwise.checkpoint import load_strict
from partwise.errors import CheckpointError, InputError
from partwise.files import append, atomic_path, make_folder

STATE = "state.safetensors"
_NOT_FINITE = (
    "look for NaN or infinite numbers in the data, or take a lower rate or precision fp32. "
    "Nothing of this step was saved; what was saved before is whole"
)


@dataclass
class TrainingState:
    """All that a recipe carries from one step to the next. Random numbers are not here: they follow from the step.

    inputs  what the run is made from beside its settings, such as "pack", each with its hash; None for nothing
    """

    modules: Mapping[str, nn.Module]
    optimizer: torch.optim.Optimizer
    step: int = 0
    scaler: torch.amp.GradScaler | None = None
    inputs: Mapping[str, str | None] = field(default_factory=dict)

    def advance(self, loss: float) -> None:
        """Count the step that was just made, with its loss. Raises InputError if that is not finite.

        Called before anything of the step is saved. A scaler of half precision leaves steps out that overflow, and
        recovers: there the loss has to be finite only once its scale, halved each time, is below 1.
        """
        self.step += 1
        recovers = self.scaler is not None and self.scaler.is_enabled() and self.scaler.get_scale() >= 1
        if not (math.isfinite(loss) or recovers):
            raise InputError(f"the loss of step {self.step} is {loss}: {_NOT_FINITE}")

    def save(self, folder: Path, config: Mapping[str, object]) -> None:
        """Write everything to FOLDER/state.safetensors. A full disk leaves the previous file as it was.

        So do weights that are not finite, as another process's loss or an infinite gradient leaves them: InputError.
        """
        tensors = {
            f"{name}.{key}": value
            for name, module in self.modules.items()
            for key, value in module.state_dict().items()
        }
        for name, value in tensors.items():
            if value.is_floating_point() and not bool(torch.isfinite(value).all()):
                raise InputError(f"{name} is not finite after step {self.step}: {_NOT_FINITE}")
        for index, parameter in enumerate(_parameters(self.optimizer)):
            for key, value in self.optimizer.state.get(parameter, {}).items():
                tensors[f"optimizer.{index}.{key}"] = torch.as_tensor(value)
        if self.scaler is not None and self.scaler.is_enabled():
            # Numbers that decide which steps of half precision are skipped: without them a resumed run differs.
            for key, value in self.scaler.state_dict().items():
                tensors[f"scaler.{key}"] = torch.as_tensor(value, dtype=torch.float64)
        # Clones: safetensors refuses tensors that share memory, as an average and its source may after loading.
        tensors = {key: value.detach().cpu().clone().contiguous() for key, value in tensors.items()}
        header = {
            "step": str(self.step),
            "config": json.dumps(config, sort_keys=True),
            "inputs": json.dumps(dict(self.inputs)),
        }
        with atomic_path(make_folder(folder) / STATE) as temporary:
            temporary.write_bytes(save(tensors, metadata=header))

    def load(self, folder: Path, config: Mapping[str, object]) -> bool:
        """Take up the run in `folder`; False if there is none.

        Raises CheckpointError if the file is damaged or belongs to a run with another config or other inputs.
        """
        path = folder / STATE
        if not path.is_file():
            return False
        try:
            with safe_open(path, "pt") as file:
                header = file.metadata() or {}
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
            before, step = dict(json.loads(header["config"])), int(header["step"])
            inputs = dict(json.loads(header.get("inputs", "{}")))  # states of old say nothing of them
        except (SafetensorError, KeyError, ValueError, TypeError) as error:
            reason = f"no {error} in its header" if isinstance(error, KeyError) else error
            raise CheckpointError(f"{path} is damaged ({reason}): delete it to start anew") from None
        now = json.loads(json.dumps(config))
        changed = sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
        if changed:
            raise CheckpointError(
                f"{folder} holds a run with other settings ({', '.join(changed)}): use the same, or another --out"
            )
        others = [key for key in inputs if inputs[key] != self.inputs.get(key)]
        if others:
            raise CheckpointError(
                f"{folder} holds a run on another {' and another '.join(others)}: go on with the same, or use "
                "another --out"
            )
        for name, module in self.modules.items():
            own = {
                key.removeprefix(f"{name}."): value
                for key, value in tensors.items()
                if key.startswith(f"{name}.")
            }
            load_strict(module, own, str(path))
        _load_optimizer(self.optimizer, tensors)
        if self.scaler is not None and self.scaler.is_enabled():
            self.scaler.load_state_dict(_scaler_state(self.scaler, tensors))
        self.step = step
        return True


def _parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _scaler_state(scaler: torch.amp.GradScaler, tensors: Mapping[str, Tensor]) -> dict[str, float | int]:
    """The scaler's own entries, whole numbers whole again."""
    now = scaler.state_dict()
    return {key: type(value)(tensors[f"scaler.{key}"].item()) for key, value in now.items()}


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Moments of each parameter; rates and groups come from the config."""
    for index, parameter in enumerate(_parameters(optimizer)):
        prefix = f"optimizer.{index}."
        entries = {
            key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)
        }
        if entries:
            on_device = {
                key: value if key == "step" else value.to(parameter.device) for key, value in entries.items()
            }
            optimizer.state[parameter] = on_device


class Curves:
    """curves.csv of a run: one row a report, cut back to the step that a resumed run starts from."""

    def __init__(self, folder: Path, columns: tuple[str, ...], resumed_at: int) -> None:
        self.path = folder / "curves.csv"
        self.columns = ("step", *columns)
        rows = []
        if self.path.is_file():
            text = self.path.read_text(encoding="utf-8", errors="replace")
            whole = text[: text.rfind("\n") + 1]  # what a kill or a full disk tore is no row
            rows = [
                row
                for row in csv.DictReader(whole.splitlines())
                if (row.get("step") or "").isdigit() and int(row["step"]) <= resumed_at
            ]
        with atomic_path(self.path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.columns, extrasaction="ignore", restval="")
            writer.writeheader()
            writer.writerows(rows)

    def add(self, step: int, **values: float) -> None:
        """Append one row; columns without a value stay empty. Raises InputError if the disk is full."""
        line = io.StringIO(newline="")
        csv.DictWriter(line, self.columns, restval="").writerow(
            {"step": step, **{key: f"{value:.6g}" for key, value in values.items() if value == value}}
        )
        append(self.path, line.getvalue())
