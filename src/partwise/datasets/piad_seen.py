"""PIAD (Yang et al., ICCV 2023), Seen: 23 objects in training and test. See piad_files."""

from __future__ import annotations

from pathlib import Path

from partwise.datasets.manifest import Manifest
from partwise.datasets.piad_files import check_piad, convert_piad, mock_piad, piad_source

SETTING = "Seen"
SOURCE = piad_source(SETTING)


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Write the converted layout: of each cloud the columns of heat that are not 0 everywhere."""
    return convert_piad(SOURCE, Path(source_root), out_root, SETTING)


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a copy, a line each; empty if it is whole."""
    return check_piad(SOURCE, Path(source_root), SETTING)


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: a cloud of each mock object, an image of each thing done with it."""
    mock_piad(Path(root), SETTING, seed)
