"""PIADv2 (Shao et al., CVPR 2025), Unseen_aff: the test asks 6 new affordances. See piadv2_files."""

from __future__ import annotations

from pathlib import Path

from partwise.datasets.manifest import Manifest
from partwise.datasets.piadv2_files import check_piadv2, convert_piadv2, mock_piadv2, piadv2_source

SETTING = "Unseen_aff"
SOURCE = piadv2_source(SETTING)


def convert(source_root: Path | str, out_root: Path | str) -> Manifest:
    """Write the converted layout: a shape for each cloud and affordance, as the source has them."""
    return convert_piadv2(SOURCE, Path(source_root), out_root, SETTING)


def check(source_root: Path | str) -> list[str]:
    """What is wrong with a copy, a line each; empty if it is whole."""
    return check_piadv2(SOURCE, Path(source_root), SETTING)


def mock(root: Path | str, seed: int) -> None:
    """Write a synthetic copy of the layout: a cloud and an image of each mock object and affordance."""
    mock_piadv2(Path(root), SETTING, seed)
