"""Build the text bank that the package ships, from data/vocabulary and the MiniLM folder.

Usage: python scripts/build_textbank.py [OUT.safetensors]   (about a minute on one core)
"""

from __future__ import annotations

import sys
from pathlib import Path

from make_phrases import all_phrases

from partwise.encoders.bank import build_bank, default_bank_path
from partwise.encoders.text import load_minilm

ATTRIBUTION = (
    "Vectors computed with sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0). "
    "Word lists by the partwise authors (Apache-2.0)."
)


def main() -> None:
    """Write the bank to the file named on the command line, or into the package."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else default_bank_path()
    bank = build_bank(
        all_phrases(),
        load_minilm(),
        attribution=ATTRIBUTION,
        progress=lambda done, total: print(f"\r{done} of {total} phrases", end="", file=sys.stderr),
    )
    bank.save(out)
    print(f"\n{len(bank)} phrases, {bank.width} wide, {out.stat().st_size / 1e6:.1f} MB in {out}")


if __name__ == "__main__":
    main()
