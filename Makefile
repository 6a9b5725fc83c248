# One command from nothing to figures: `make repro`. Needs Python 3.11 or newer, git and make.
PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help repro test fuzz lint format requirements clean

help:  ## list the targets
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/pinned: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "make: Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --requirement requirements.txt
	@touch $@

$(VENV)/pinned-dev: $(VENV)/pinned requirements-dev.txt
	$(VENV)/bin/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $@

repro: $(VENV)/pinned  ## set up .venv if needed and run the whole pipeline
	dvc repro

test: $(VENV)/pinned-dev  ## set up .venv if needed and run the tests
	pytest

fuzz: $(VENV)/pinned-dev  ## strange arrays for every estimator, for hours; it goes on where it was stopped
	PYTHONPATH=src python tests/fuzzing.py

lint: $(VENV)/pinned-dev  ## check style and types
	ruff check .
	ruff format --check .
	mypy

format: $(VENV)/pinned-dev  ## fix what ruff can fix
	ruff check --fix .
	ruff format .

# torch stays at the version pinned in requirements.txt, since the bits of training depend on it; edit it there to change it.
requirements: $(VENV)/pinned-dev  ## pin the newest versions that pyproject.toml allows, then run the tests
	grep '^torch==' requirements.txt > $(VENV)/torch.txt
	pip-compile --quiet --upgrade --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --extra pipeline --constraint $(VENV)/torch.txt --output-file requirements.txt pyproject.toml
	sed -i.bak 's/+cpu$$//' requirements.txt && rm requirements.txt.bak
	pip-compile --quiet --upgrade --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --extra pipeline --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
	sed -i.bak 's/+cpu$$//' requirements-dev.txt && rm requirements-dev.txt.bak

clean:  ## remove the environment and all results, but not the cache
	rm -rf $(VENV) .infoplane data/dataset.npz data/checkpoints data/activations data/estimates data/figures data/report.html
