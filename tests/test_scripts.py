"""Scripts, benchmarks and examples can be imported: what they use is still there, and nothing happens at import."""

import subprocess
import sys
from pathlib import Path

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
