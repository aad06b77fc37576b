"""A checkpoint is a folder: config.json and model.safetensors. Loaded strictly; nothing is ever unpickled from it."""

from __future__ import annotations

import json
import os
import pickle
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from partwise.errors import CheckpointError, MissingDataError, UnsafeError
from partwise.files import atomic_path, file_sha256, flush, make_folder

FORMAT = "partwise/1"
CONFIG, WEIGHTS = "config.json", "model.safetensors"
# "language.blocks.3.expand.weight": the stack, and the number of one of its layers.
_NUMBERED = re.compile(r"(.+?)\.(\d+)\.")


@dataclass(frozen=True)
class Checkpoint:
    """An opened checkpoint: its config, its tensors, and what identifies it in records."""

    name: str
    revision: str | None
    sha256: str
    config: dict[str, Any]
    state: dict[str, Tensor]

    def load_into(self, module: nn.Module) -> None:
        """Copy the tensors into `module` strictly.

        Raises CheckpointError listing every missing, unexpected or misshapen key.
        """
        load_strict(module, self.state, self.name)


def load_strict(module: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """Copy `state` into `module`; half precision is widened to the module's own.

    Raises CheckpointError listing every missing, unexpected or misshapen key of `name`.
    """
    own = module.state_dict()
    missing, unexpected = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
    misshapen = [
        f"{key} {tuple(state[key].shape)}, expected {tuple(own[key].shape)}"
        for key in sorted(own.keys() & state.keys())
        if own[key].shape != state[key].shape
    ]
    if missing or unexpected or misshapen:
        raise CheckpointError(
            f"{name} does not fit {type(module).__name__}: {_other_depths(state, own)}"
            f"missing keys {missing or 'none'}, unexpected keys {unexpected or 'none'}, "
            f"wrong shapes {misshapen or 'none'}. Use the config.json that was saved with these weights"
        )
    module.load_state_dict(state)


def _other_depths(found: Iterable[str], expected: Iterable[str]) -> str:
    """Which stacks of numbered layers are of another length, said before hundreds of keys are listed."""
    layers = [{match.groups() for match in map(_NUMBERED.match, keys) if match} for keys in (found, expected)]
    here, there = (Counter(stack for stack, _ in several) for several in layers)
    return "".join(
        f"{there[stack]} of {stack} expected, {here[stack]} found; "
        for stack in sorted(here.keys() & there.keys())
        if here[stack] != there[stack]
    )


def save_checkpoint(
    folder: str | os.PathLike[str], config: Mapping[str, Any], state: Mapping[str, Tensor]
) -> None:
    """Write config.json and model.safetensors, each whole or not at all.

    Both are on the disk before either gets its name, and the config of a checkpoint that was there goes before its
    weights do: a kill leaves the old pair, the new one, or a folder without config, never weights with the config of
    others. Raises InputError if the disk is full; the old pair is then as it was.
    """
    folder = make_folder(folder)
    description = json.dumps({"format": FORMAT, **config}, indent=2) + "\n"
    weights = save({key: value.detach().cpu().contiguous() for key, value in state.items()})
    with atomic_path(folder / CONFIG) as new_config:
        new_config.write_text(description, encoding="utf-8")
        flush(new_config)
        with atomic_path(folder / WEIGHTS) as new_weights:
            new_weights.write_bytes(weights)
            flush(new_weights)
            (folder / CONFIG).unlink(missing_ok=True)


def open_checkpoint(name: str | os.PathLike[str], revision: str | None = None) -> Checkpoint:
    """A checkpoint folder on this machine, or a hub id "owner/name" at a pinned `revision`.

    Raises MissingDataError if there is neither, CheckpointError if it is damaged or of another format, UnsafeError
    if it holds pickled weights only.
    """
    folder = Path(name)
    if not folder.is_dir():
        folder, revision = download(str(name), [CONFIG, WEIGHTS], revision)
    for part in (CONFIG, WEIGHTS):
        if not (folder / part).is_file():
            pickled = [
                p.name for p in folder.iterdir() if p.suffix in (".pt", ".pth", ".bin", ".ckpt", ".pkl")
            ]
            if pickled and part == WEIGHTS:
                raise UnsafeError(
                    f"{name} holds {pickled[0]}, a pickle: convert it first with `partwise convert`"
                )
            raise MissingDataError(
                f"{folder} has no {part}: a checkpoint folder holds {CONFIG} and {WEIGHTS}"
            )
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        state = load_file(folder / WEIGHTS)
    except (json.JSONDecodeError, UnicodeDecodeError, SafetensorError) as error:
        raise CheckpointError(f"{folder} is damaged ({error}): copy or download it again") from None
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        found = config.get("format") if isinstance(config, dict) else type(config).__name__
        raise CheckpointError(
            f"{folder / CONFIG} has format {found!r}, expected {FORMAT!r}: is it a partwise checkpoint?"
        )
    return Checkpoint(str(name), revision, file_sha256(folder / WEIGHTS), config, state)


def download(repository: str, files: list[str], revision: str | None = None) -> tuple[Path, str | None]:
    """(folder, commit) of these files of a hub repository, from the hub's cache if they are there.

    Raises MissingDataError if the name is no hub id, the hub cannot be reached or the files are not there.
    """
    if repository.count("/") != 1 or repository.startswith((".", "/", "~")) or repository.endswith("/"):
        raise MissingDataError(
            f"no folder {repository!r} here: give the path of a checkpoint folder or a hub id owner/name"
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(repository, revision=revision, allow_patterns=files))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise MissingDataError(
            f"{repository!r} is no folder here and could not be downloaded ({reason}): check the name and the network, "
            "or copy the folder here and give its path"
        ) from None
    commit = folder.name if folder.parent.name == "snapshots" else revision
    return folder, commit


def read_foreign(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The dict in a foreign .pt or .pth file, by torch's restricted reader: tensors and plain containers only.

    Raises UnsafeError if the file asks for anything else, with no fallback; MissingDataError, CheckpointError.
    """
    if not Path(path).is_file():
        raise MissingDataError(f"no file {path}: give the path of the downloaded checkpoint")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "weights_only" in str(error) or "Unsupported" in str(error):
            raise UnsafeError(
                f"{path} asks to run code while it is read; it was not read: {_first_line(error)}"
            ) from None
        raise CheckpointError(f"{path} is not a torch checkpoint: {_first_line(error)}") from None
    except (RuntimeError, EOFError, KeyError, ValueError, OSError) as error:
        raise CheckpointError(f"{path} is damaged or not a torch checkpoint: {_first_line(error)}") from None
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds a {type(content).__name__}, expected a dict of tensors")
    return content


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
