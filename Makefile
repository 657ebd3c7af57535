# Two commands to remember: `make demo` and `make test`. Each sets up what it needs in .venv.

PYTHON ?= python3
BIN := .venv/bin
# Compiled code is kept, also where containers forbid it: tests start the program many times.
# Some tests wait more than they work: one process more than there are cores takes a tenth less.
WORKERS := $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)' 2>/dev/null)
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal
PIP := PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --disable-pip-version-check

VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null)
# .venv/.python holds the version of the Python that made .venv, once all was installed.
MADE_BY := $(shell test -x $(BIN)/python && cat .venv/.python 2>/dev/null)

.PHONY: demo test test-all check killed bench mutate golden browser screenshots clean

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

killed: .venv/.dev  ## 300 kills, and their counts for docs/ledger.md
	@rm -f docs/killed.jsonl
	@KILLING_REPORT=docs/killed.jsonl $(BIN)/pytest -m heavy tests/killing/test_killed.py

bench: .venv/.dev  ## a table of ratios
	@$(PIP) --editable '.[benchmarks]'
	@$(BIN)/python -m benchmarks

mutate: .venv/.dev  ## how many changes of the code that holds the promises the tests catch
	@$(PIP) --editable '.[mutation]'
	@$(BIN)/python -m tests.mutation

golden: .venv/.dev  ## write the golden issue anew; read its diff before you commit it
	@$(BIN)/python -m tests.golden

browser: tests/browser/node_modules/.made  ## what judges the rendered issues: needs npm

screenshots: .venv/.dev  ## the pictures in docs/, of the demo's issue, too: needs Chromium
	@$(BIN)/python -m tests.browser.screenshots

clean:
	rm -rf .venv demo build dist

tests/browser/node_modules/.made: tests/browser/package-lock.json
	@cd tests/browser && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

.venv/.run: pyproject.toml constraints.txt
	$(call install,.)
	@touch $@

.venv/.dev: pyproject.toml constraints.txt
	$(call install,.[dev])
	@touch $@ .venv/.run

ifneq ($(VERSION),$(MADE_BY))
.PHONY: .venv/.run .venv/.dev  # half-made, or made by another Python: it is made anew
NEW_VENV := $(PYTHON) -m venv --clear .venv
endif

define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) is $(or $(VERSION),not to be found):" \
	    "name another, for example \`make $(or $(MAKECMDGOALS),demo) PYTHON=python3.12\`" >&2; exit 1; }
	@$(NEW_VENV)
	@rm -f .venv/.python .venv/.run .venv/.dev
	@echo "installing into .venv, once ..."
	@$(PIP) --editable '$(1)'
	@echo $(VERSION) >.venv/.python
endef
