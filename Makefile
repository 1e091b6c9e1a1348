# Two verbs do all set-up: `make train` runs the main job on drawn data, `make test` runs every check.

RECIPE ?= sketches
ARGS   ?=
VENV   := .venv
READY  := $(VENV)/.ready
TOOLS  := $(VENV)/.ready-dev
RUNNER := $(VENV)/bin/competition

# When make began, and what it did before the main job, with its seconds.
TOOK  := $(VENV)/.took
BEGAN := $(shell rm -f $(TOOK); date +%s)

# Data sets that are drawn where they are missing, also for variants of their recipe; another recipe names its data.
DRAWABLE := sketches fgo cifar10 flowers painters
SAMPLE   := $(patsubst %_published,%,$(patsubst %_resnet,%,$(patsubst %_efficientnet,%,$(RECIPE))))
ifeq ($(DATA),)
ifneq ($(filter $(SAMPLE),$(DRAWABLE)),)
DATA   := data/$(SAMPLE)
DRAWN  := data/$(SAMPLE)
endif
endif

# The first Python 3.11 or 3.12; uv where it exists, else venv and pip; the gpu extra with an NVIDIA GPU.
SUPPORTED = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
PYTHON    = $(shell for p in python3 python3.12 python3.11; do $$p -c '$(SUPPORTED)' 2>/dev/null && echo $$p && break; done)
GPU       = $(shell nvidia-smi -L 2>/dev/null | grep GPU)
ifneq ($(shell command -v uv),)
CREATE    = uv venv --quiet --python $(PYTHON)
INSTALL   = VIRTUAL_ENV=$(VENV) uv pip install --quiet
else
CREATE    = $(PYTHON) -m venv
INSTALL   = $(VENV)/bin/pip install --quiet
endif

# What some commands need besides: the pages of report and audit, serving, exporting, TensorBoard.
EXTRAS ?= report,serve,export,tensorboard

COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
          --no-annotate --no-header

.DEFAULT_GOAL := help
.PHONY: help train train-cluster folds cv submit extras browser test fuzz torture bench lint format lock clean

help: ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

train: $(READY) $(DRAWN) ## train and score [RECIPE=sketches] [DATA=dir] [RUN=dir] [ARGS="--epochs 1 4"]
	$(RUNNER) train $(RECIPE) $(if $(DATA),--data $(DATA)) $(if $(RUN),--run $(RUN)) $(ARGS)
	@test ! -f $(TOOK) || echo "before: $$(paste -sd, $(TOOK) | sed 's/,/, /g')"

train-cluster: $(READY) $(DRAWN) ## train with several processes here, as on several machines [WORKERS=2] [RUN=dir] and as train
	$(VENV)/bin/python deploy/local.py $(or $(WORKERS),2) $(RUNNER) train $(RECIPE) $(if $(DATA),--data $(DATA)) \
	    --run $(or $(RUN),runs/$(RECIPE)-cluster) $(ARGS)

folds: $(READY) $(DRAWN) ## make the folds that experiments share [DATA=dir] [ARGS="--folds 5 --test-share 0.1"]
	$(RUNNER) folds --data $(or $(DATA),data/$(RECIPE)) $(if $(filter-out sketches,$(RECIPE)),--recipe $(RECIPE)) $(ARGS)

cv: $(READY) $(DRAWN) ## train once a fold, score all images together [RECIPE] [DATA] [RUN] [ARGS="--folds 5 --seeds 1"]
	$(RUNNER) cv $(RECIPE) $(if $(DATA),--data $(DATA)) $(if $(RUN),--run $(RUN)) $(ARGS)

submit: $(READY) ## answer the questions with the newest finished run, or RUN=dir [ARGS=...]
	$(RUNNER) submit $(RUN) $(ARGS)

extras: $(READY) ## install what some commands need besides [EXTRAS=report,serve,export,tensorboard]
	grep -v '^ ' requirements-dev.lock | sed 's/ \\$$//' > $(VENV)/versions.txt
	$(INSTALL) --constraint $(VENV)/versions.txt --no-build-isolation -e ".[$(EXTRAS)]"

browser: ## install Chromium from the system's packages, for the tests of pages (as root, or with sudo)
	@for name in chromium chromium-browser google-chrome; do command -v $$name && exit; done; \
	command -v apt-get > /dev/null || { echo "there is no apt-get here: install Chromium by hand"; exit 1; }; \
	root=$$(test $$(id -u) = 0 || echo sudo -n); \
	get="timeout 300 apt-get -qq -o Acquire::http::Timeout=30"; \
	$$root $$get update && $$root env DEBIAN_FRONTEND=noninteractive $$get install -y chromium > /dev/null

test: $(TOOLS) ## run every check in two processes, the fast ones first [ARGS="tests/layouts -x"]
	$(VENV)/bin/python -m pytest -n 2 $(ARGS)

fuzz: $(TOOLS) ## spoil files of every kind that is read, 11,000 of them; see that each is read or refused [ARGS=-x]
	HYPOTHESIS_PROFILE=fuzz $(VENV)/bin/python -m pytest -n 2 tests/fuzz $(ARGS)

torture: $(TOOLS) ## kill 21 trainings at drawn moments: does each go on to the same end? [ARGS="21 SEED"]
	$(VENV)/bin/python tests/torture.py $(ARGS)

bench: $(READY) ## measure speed against its goals, 11 minutes [DATA=dir] [ARGS="input training"]
	$(VENV)/bin/python -m benchmarks $(ARGS) $(if $(filter-out $(DRAWN),$(DATA)),--data $(DATA))

lint: $(TOOLS) ## check style and formatting
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

format: $(TOOLS) ## put style and formatting right
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

lock: ## resolve the dependencies again (needs uv)
	$(COMPILE) --upgrade --extra install --extra dev -o requirements-dev.lock pyproject.toml
	cp requirements-dev.lock requirements.lock
	$(COMPILE) --extra install -o requirements.lock pyproject.toml

clean: ## remove the environment and all caches; runs, data and submissions stay
	rm -rf $(VENV) cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(DRAWABLE:%=data/%): | $(READY)
	@echo "$(RUNNER) draw $@ --recipe $(@F)"
	@began=$$(date +%s); $(RUNNER) draw $@ --recipe $(@F) && echo "drawing $$(($$(date +%s) - began)) s" >> $(TOOK)

# Created when missing, installed again when what is locked changes. Training and submitting need the first lock alone.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed, and none is on the PATH"; exit 1; }
	@echo "installing into $(VENV) with $(PYTHON); the first time takes a minute or two"
	test -x $(VENV)/bin/python || $(CREATE) $(VENV)
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	$(if $(GPU),$(INSTALL) --no-build-isolation -e ".[gpu]")
	@echo "installing $$(($$(date +%s) - $(BEGAN))) s" >> $(TOOK)
	@touch $@

# Tests, notebooks, style.
$(TOOLS): $(READY) requirements-dev.lock
	$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@
