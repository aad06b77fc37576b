"""Write the tables of the model card from benchmarks/results/default_accuracy.json.

python scripts/model_card.py > tables.md
"""

from __future__ import annotations

import json
from pathlib import Path

RESULTS = Path(__file__).parent.parent / "benchmarks" / "results" / "default_accuracy.json"


def main() -> None:
    """Print one table of conditions, one of categories and parts, one of calibration."""
    sets = json.loads(RESULTS.read_text())["sets"]
    print("| condition | " + " | ".join(sets) + " |\n|---|" + "---|" * len(sets))
    for condition in next(iter(sets.values())):
        if condition != "calibration":
            cells = [f"{100 * table[condition]['category']:.1f}" for table in sets.values()]
            print(f"| {condition} | " + " | ".join(cells) + " |")
    for baseline in ("largest", "random"):
        cells = [f"{100 * table['fast, as is'][baseline]:.1f}" for table in sets.values()]
        print(f"| *{baseline}, as is* | " + " | ".join(cells) + " |")
    for name, table in sets.items():
        for kind in ("by_category", "by_part") if name == "real objects" else ("by_category",):
            row = table["fast, as is"][kind]
            print(
                f"\n{name}, {kind.replace('_', ' ')}: "
                + ", ".join(f"{k} {100 * v:.0f}" for k, v in row.items())
            )
        print(f"\n{name}: expected calibration error {100 * table['calibration']['error']:.1f} points")


if __name__ == "__main__":
    main()
