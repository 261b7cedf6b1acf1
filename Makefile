# make book   the handbook in both languages, at _build/site/index.html
# make test   every test and check
# make lint   style, types, imports
# make bench  speed, as ratios within one run; MILLIONS="1 10" leaves out a hundred million messages
# make fuzz   mutated exports, half an hour of them; MINUTES=5 for less
# make mutants  break the metrics on purpose and see whether their tests notice; METRICS="growth tiers" for some
# make stamp  note that a Chinese page follows its English source
# make lock   renew requirements.lock from pyproject.toml
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
UV := $(BIN)/uv pip
INSTALL := $(UV) install -q --python $(BIN)/python --compile-bytecode -c requirements.lock -r pyproject.toml
# More than the cores: some tests wait for a browser, a stopped run, or Spark.
WORKERS ?= 3
.DELETE_ON_ERROR:
MINUTES ?= 30
.PHONY: book test lint bench fuzz mutants stamp lock clean

book: .venv/book
	@$(BIN)/shequn book

test: .venv/test lint
	@$(BIN)/shequn book
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/test
	$(BIN)/python tests/bench.py
	$(BIN)/python tests/bench_metrics.py $(MILLIONS)
	$(BIN)/python tests/sources/bench_readers.py

fuzz: .venv/test
	$(BIN)/python tests/sources/fuzz.py --minutes $(MINUTES)

mutants: .venv/test
	@$(INSTALL) --extra build --extra test --extra mutants
	$(BIN)/python tests/mutants.py $(METRICS)

stamp: .venv/test
	$(BIN)/python tests/book/stamp.py

# uv first, by pip and by the hash in the lock; then everything else by uv, hashes checked too.
.venv/uv: requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed (Debian: sudo apt install python3 python3-venv)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; this is $$($(PYTHON) --version)."; exit 1; }
	@echo "Setting up .venv (once)…"
	@$(PYTHON) -m venv .venv || { echo "No venv module (Debian: sudo apt install python3-venv)."; rm -rf .venv; exit 1; }
	@sed -n '/^uv==/,/# via/p' requirements.lock > .venv/uv.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@touch $@

.venv/book: .venv/uv pyproject.toml
	@echo "Installing what the book needs, as pinned in requirements.lock…"
	@$(INSTALL) --extra build
	@$(UV) install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/test: .venv/book
	@echo "Installing what the tests need…"
	@$(INSTALL) --extra build --extra test
	@$(INSTALL) --extra engines || test -z "$$CI" || exit 1  # without it tests on Spark and ClickHouse skip, and say so
	@touch $@

lock: .venv/uv
	$(UV) compile pyproject.toml --all-extras --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 -o requirements.lock

clean:
	rm -rf _build
