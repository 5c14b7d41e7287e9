# `make help` says what there is. Everything runs in .venv, made once from requirements.lock.

STUDY ?= data/example
SEED ?=
# more than there are cores: tests with a browser or a server wait a good part of their time
WORKERS ?= 3
PYTHON ?= python3 python3.13 python3.12 python3.11 python

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif

READY := .venv/ready
# with CI=true nothing is skipped, so Spark is there too
SPARK := $(if $(filter true,$(CI)),.venv/ready-spark)
OLDEST := $(shell sed -n 's/^requires-python = ">=\(.*\)"/\1/p' pyproject.toml)

# The caller's own pip settings for indexes and certificates still count; only the chatter is turned off.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_ROOT_USER_ACTION := ignore

# Sets $$python to the first of $(PYTHON) that is new enough and can make environments, or ends with one line.
define FIND_PYTHON
python=; \
for candidate in $(PYTHON); do \
  if "$$candidate" -c 'import sys; sys.exit(sys.version_info[:3] < tuple(map(int, "$(OLDEST)".split("."))))' 2>/dev/null; \
  then python=$$candidate; break; fi; \
done; \
if [ -z "$$python" ]; then \
  echo "Python $(OLDEST) or newer is needed and was not found as: $(PYTHON). Install one from python.org, or name it: make PYTHON=/path/to/python3" >&2; \
  exit 1; \
fi; \
if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
  echo "$$python cannot make environments. On Debian and Ubuntu: sudo apt install python3-venv" >&2; \
  exit 1; \
fi
endef

.PHONY: help talk app lab test lint calibration lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

talk: $(READY) ## read the study, run the notebooks, write the decks and pages to slides/; STUDY=path SEED=number
	@$(BIN)/ambassador-net present "$(STUDY)" --to slides/ --notebooks notebooks/ $(if $(SEED),--seed $(SEED))

app: $(READY) ## the demo with a kernel behind it, in the browser; STUDY=path
	@$(BIN)/ambassador-net app "$(STUDY)"

lab: $(READY) ## the notebooks in JupyterLab
	@$(BIN)/jupyter lab notebooks

test: $(READY) $(SPARK) ## the tests; with CI=true also the slow ones and Spark's, and no browser test may skip
ifeq ($(CI),true)
	@# files go to workers in the order that tests/conftest.py gives them, the longest first
	@# one process for Spark's: each would start a cluster of its own
	@status=0; $(BIN)/python -m pytest -m spark || status=$$?; $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not spark" || status=$$?; exit $$status
else
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow and not spark"
endif

lint: $(READY) ## ruff and mypy, as the pre-commit hooks and public CI run them
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

calibration: $(READY) ## rerun the worlds behind the verdicts and write docs/calibration.md and calibration-sayings.md
	@$(BIN)/python -m ambassador_net.power.calibration --to docs/calibration.md --workers $(WORKERS) --resume build/calibration
	@$(BIN)/python -m ambassador_net.power.sayings.calibration --to docs/calibration-sayings.md --workers $(WORKERS)

lock: ## renew requirements.lock and requirements-spark.lock within the bounds of pyproject.toml
	@set -e; $(FIND_PYTHON); \
	place=$$(mktemp -d); trap 'rm -rf "$$place"' EXIT; \
	uv=uv; \
	if ! command -v uv >/dev/null; then \
	  "$$python" -m venv "$$place"; \
	  "$$place/$(BIN:.venv/%=%)/python" -m pip install -qq uv; \
	  uv="$$place/$(BIN:.venv/%=%)/uv"; \
	fi; \
	compile="$$uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url --no-emit-find-links --no-annotate"; \
	$$compile --extra all --group build pyproject.toml -o requirements.lock >/dev/null; \
	"$$python" -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["spark"], sep="\n")' \
	  | $$compile - -o requirements-spark.lock >/dev/null

clean: ## remove the environment and everything built; the next command sets up anew
	@rm -rf .venv slides/*.html slides/*.pdf slides/build notebooks/build \
	  .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find src tests notebooks benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/ready-spark: $(READY) requirements-spark.lock
	@echo "Installing Spark: about 0.5 GB, this once" >&2
	@$(BIN)/python -m pip install -qq --require-hashes --no-deps --no-build-isolation -r requirements-spark.lock
	@touch $@

$(READY): requirements.lock pyproject.toml
	@set -e; $(FIND_PYTHON); \
	echo "Making .venv with $$("$$python" --version)" >&2; \
	"$$python" -m venv .venv; \
	echo "Installing what requirements.lock names: about 1 GB, this once" >&2; \
	$(BIN)/python -m pip install -qq --require-hashes --no-deps -r requirements.lock; \
	echo "Installing ambassador-net" >&2; \
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .; \
	touch $@
