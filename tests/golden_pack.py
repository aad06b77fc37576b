"""Reader of the golden packs in tests/golden (numbers computed with the official code of each model)."""

import json
from pathlib import Path

from safetensors.torch import load_file

GOLDEN = Path(__file__).parent / "golden"


def load_pack(name):
    """(tensors by prefix: {"in": {...}, "out": {...}, "model": {...}, ...}, sidecar dict) of a golden pack."""
    groups = {}
    for key, value in load_file(GOLDEN / f"{name}.safetensors").items():
        prefix, rest = key.split(".", 1)
        groups.setdefault(prefix, {})[rest] = value
    return groups, json.loads((GOLDEN / f"{name}.json").read_text())
