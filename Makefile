# Two commands to remember: `make demo` and `make test`. Each sets up what it needs in .venv.

PYTHON ?= python3
BIN := .venv/bin
# Compiled code is kept, also where containers forbid it: tests start the program many times.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses auto --dist worksteal
PIP := PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: demo test test-all check killed bench golden browser screenshots clean

demo: .venv/.run  ## replay a week on the bundled samples
	@$(BIN)/newsletter demo

test: .venv/.dev  ## the fast tests
	@$(PYTEST)

test-all: .venv/.dev  ## the heavy ones too, and more examples of each property
	@$(PYTEST) -m "" --hypothesis-profile many

check: .venv/.dev  ## format, lint, types, arrows
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

killed: .venv/.dev  ## 300 kills, and their counts for the README
	@rm -f docs/killed.jsonl
	@KILLING_REPORT=docs/killed.jsonl $(BIN)/pytest -m heavy tests/killing/test_killed.py

bench: .venv/.dev  ## a table of ratios
	@$(PIP) --editable '.[benchmarks]'
	@$(BIN)/python -m benchmarks

golden: .venv/.dev  ## write the golden issue anew; read its diff before you commit it
	@$(BIN)/python -m tests.golden

browser: tests/browser/node_modules/.made  ## what judges the rendered issues: needs npm

screenshots: .venv/.dev  ## the golden issues as pictures in docs/: needs Chromium
	@$(BIN)/python -m tests.browser.screenshots

clean:
	rm -rf .venv demo build dist

tests/browser/node_modules/.made: tests/browser/package-lock.json
	@cd tests/browser && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

.venv/.run: pyproject.toml constraints.txt
	@$(PYTHON) -m venv .venv
	@echo "installing into .venv, once ..."
	@$(PIP) --editable .
	@touch $@

.venv/.dev: pyproject.toml constraints.txt
	@$(PYTHON) -m venv .venv
	@echo "installing into .venv, once ..."
	@$(PIP) --editable '.[dev]'
	@touch $@ .venv/.run
