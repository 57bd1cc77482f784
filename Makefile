# make demo | make test | make docs: each sets up .venv on first use; only Python (>= 3.11) and make are needed.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

DOCS_READY := .venv/.docs-ready

.PHONY: demo test lint types docs check clean
demo: $(READY)
	$(BIN)/datayield demo

test: $(READY)
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder  # in the order of tests/conftest.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

docs: $(DOCS_READY)  # the variable hides an announcement of MkDocs 2 that is no warning of ours
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

check: lint types docs test

clean:
	rm -rf .venv build dist site .mypy_cache .ruff_cache .pytest_cache

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

$(DOCS_READY): $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[docs]"
	touch $@
