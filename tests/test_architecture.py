"""The house: every import runs down, nothing heavy is imported at the top of a module, budgets are kept."""

import ast
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "partwise"
# From the ground up. A module may import from its own room and from floors below; rooms of one floor do not meet.
FLOORS = (
    ("errors", "__init__"),
    ("files", "farthest_triton", "checks"),
    ("io", "points", "farthest", "losses", "metrics", "checkpoint", "encoders"),
    ("shape", "pieces", "smoothing", "layers"),
    ("anchors", "segmentation", "regions", "models", "datasets", "lift"),
    ("contracts", "lifted", "heatmaps", "voting", "question"),
    ("pretrained", "look"),
    ("predict",),
    ("doctor", "evaluate"),
    ("train",),
    ("cli",),
)
HEAVY = {
    "transformers",
    "embreex",
    "laspy",
    "h5py",
    "onnx",
    "onnxruntime",
    "manifold3d",
    "shapely",
    "viser",
    "ray",
    "warp",
    "matplotlib",
}
LINES, FUNCTION_LINES, PARAMETERS = 400, 60, 8

MODULES = sorted(SOURCE.rglob("*.py"))


def room(path):
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return parts[0]


def floor(name):
    for level, rooms in enumerate(FLOORS):
        if name in rooms:
            return level
    raise AssertionError(f"{name} stands on no floor: put it into FLOORS of tests/test_architecture.py")


def imported_rooms(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "partwise":
            parts = node.module.split(".")
            if len(parts) > 1:
                yield parts[1], node.lineno
            else:
                names = [a.name for a in node.names]
                yield from (
                    (name if (SOURCE / f"{name}.py").exists() else "__init__", node.lineno) for name in names
                )
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("partwise."):
                    yield alias.name.split(".")[1], node.lineno


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_run_down(path):
    if path == SOURCE / "__init__.py":
        return  # the front door, which shows what is upstairs
    here = room(path)
    for there, line in imported_rooms(ast.parse(path.read_text())):
        assert there == here or floor(there) < floor(here), f"{path}:{line}: {here} must not import {there}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_heavy_packages_are_imported_late(path):
    for node in ast.parse(path.read_text()).body:
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        for name in names:
            assert name.split(".")[0] not in HEAVY, (
                f"{path}:{node.lineno}: import {name} inside the function that needs it"
            )


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_budgets(path):
    text = path.read_text()
    assert len(text.splitlines()) <= LINES, f"{path} is longer than {LINES} lines: is it one idea?"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1
            arguments = [a.arg for a in node.args.args + node.args.kwonlyargs if a.arg not in ("self", "cls")]
            assert length <= FUNCTION_LINES, f"{path}:{node.lineno} {node.name} has {length} lines"
            assert len(arguments) <= PARAMETERS, (
                f"{path}:{node.lineno} {node.name} has {len(arguments)} parameters"
            )


@pytest.mark.parametrize(
    "word", ["pickle.load", ".cuda()", "eval(", "exec(", "allow_pickle=True", "shell=True"]
)
def test_nothing_dangerous(word):
    pattern = {"eval(": " eval(", "exec(": " exec("}.get(word, word)
    found = [str(p) for p in MODULES if pattern in p.read_text()]
    assert not found, f"{word} in {found}"


def test_no_paths_of_one_machine():
    for path in [*MODULES, *(SOURCE.parent.parent / "docs").rglob("*.md")]:
        text = path.read_text()
        for start in ("/home/", "/root/", "/mnt/", "/Users/"):
            assert start not in text, f"{path} names {start}"


def test_import_touches_no_network_and_no_file_outside():
    import subprocess

    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise RuntimeError('network')\n"
        "socket.socket.connect = refuse\n"
        "import partwise, partwise.predict, partwise.cli\n"
        f"print(sorted(set({sorted(HEAVY)}) & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
