# Everything a user, a teacher or a developer starts. `make` alone lists it.

PYTHON ?= python3
VENV ?= .venv
OUT ?= out
BIN := $(VENV)/bin
PY := $(BIN)/python
STAMP := $(VENV)/.stamp
ROOT_FLAG := $(if $(filter 0,$(shell id -u)),--allow-root)
SEEDS ?= 0 1
WORKERS ?= 1
COMMA := ,
DATA := $(if $(PETRETTO),--petretto $(PETRETTO)) $(if $(PHONONDB),--phonondb $(PHONONDB))
TUTORIALS := $(sort $(wildcard tutorials/*.ipynb))
NOTEBOOKS := $(sort $(wildcard notebooks/*.ipynb))

# The networks here are small: a second thread per process costs more in waiting than it computes.
OMP_NUM_THREADS ?= 1
export OMP_NUM_THREADS PYTHON VENV
export PYTHONUNBUFFERED = 1
# A backend named here would reach the notebooks' kernels and leave them without figures.
unexport MPLBACKEND

PAPERMILL := $(PY) -m papermill --kernel python3 --no-progress-bar

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv browser demo test check lint format types engines lab app tutorials bench experiments draft train weights clean distclean FORCE

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp holds the place it was made for: a checkout that was moved or copied gets its own set-up.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
$(STAMP): FORCE
endif
FORCE:

$(STAMP): pyproject.toml constraints.txt
	@bash scripts/venv.sh

venv: $(STAMP)  ## virtual environment with the pinned packages (quick when it is current)

browser:  ## Chromium for the browser tests, where it can be installed
	@bash scripts/browser.sh

demo: $(STAMP)  ## run the quickstart and predict the example crystals: figures and a page in out/
	@mkdir -p $(OUT)
	$(PAPERMILL) tutorials/00_quickstart.ipynb $(OUT)/quickstart.ipynb --cwd tutorials
	$(PY) scripts/notebook_to_html.py $(OUT)/quickstart.ipynb $(OUT)/quickstart.html
	$(BIN)/deepdos demo --out $(OUT)/figures
	@echo
	@echo "Done. What lies where:"
	@echo "  $(OUT)/quickstart.html    the quickstart with its figures; opens in any browser, no network needed"
	@echo "  $(OUT)/quickstart.ipynb   the same as an executed notebook"
	@echo "  $(OUT)/figures/           one figure per example crystal"
	@echo "Next: 'make lab' opens the quickstart live, with its linked widgets."

test: $(STAMP) browser check  ## everything CI checks: style, types, tests, tutorials, browser

check: lint types
	@# By file, because the cells of a notebook share a kernel and browser tests share a JupyterLab.
	$(PY) -m pytest -n 2 --dist loadfile --nbval-lax --nbval-current-env --nbval-cell-timeout 300 tests tutorials \
	  notebooks/label_validation.ipynb

lint: $(STAMP)  ## ruff, notebooks included
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) scripts/audit.py

.PHONY: audit wheel-check
audit: $(STAMP)  ## licences of everything the package needs; ONLINE=1: known vulnerabilities too
	$(PY) scripts/audit.py $(if $(ONLINE),--online)

CONSTRAINTS ?= constraints.txt
wheel-check:  ## the wheel in a fresh environment, without home, read-only (slow): CONSTRAINTS=constraints-oldest.txt
	CONSTRAINTS=$(CONSTRAINTS) bash scripts/wheel_check.sh

types: $(STAMP)  ## mypy on the package
	$(PY) -m mypy

format: $(STAMP)  ## rewrite sources to the house style; strip the experiments' notebooks
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	@$(PY) -m nbstripout --extra-keys "metadata.widgets metadata.papermill cell.metadata.papermill" $(NOTEBOOKS)

engines: $(STAMP)  ## GPAW, SevenNet and phonopy, for `deepdos label` (compiles; about two minutes)
	@bash scripts/engines.sh

lab: $(STAMP)  ## open the quickstart in JupyterLab
	$(PY) -m jupyter lab $(ROOT_FLAG) --LabApp.default_url=/lab/tree/tutorials/00_quickstart.ipynb

app: $(STAMP)  ## serve the explorer as a web page on this machine
	$(BIN)/deepdos app

tutorials: $(STAMP)  ## execute every chapter of the course where it lies, and write its page into out/tutorials
	@mkdir -p $(OUT)/tutorials
	$(PY) scripts/execute_tutorials.py $(if $(CHANGED),--changed)
	@set -e; for notebook in $(TUTORIALS); do \
	  $(PY) scripts/notebook_to_html.py $$notebook $(OUT)/tutorials/$$(basename $$notebook .ipynb).html; \
	done
	@echo "Done: pages in $(OUT)/tutorials/"

BOOK := $(OUT)/book
BOOK_CACHE := $(OUT)/book-cache
.PHONY: book
book: $(STAMP)  ## documentation, to be read offline, into out/book; FAST=1: without the live views
	$(if $(FAST),,$(PY) scripts/book_views.py $(BOOK_CACHE)/views/live)
	$(PY) -m sphinx -W --keep-going -q -b html -d $(BOOK_CACHE)/pages docs $(BOOK) \
	  $(if $(FAST),,-t live -D html_extra_path=$(abspath $(BOOK_CACHE)/views))
	@echo "Done: open $(BOOK)/index.html in any browser"

.PHONY: faults
faults: $(STAMP)  ## kill -9 at random moments, resume, compare: COMMANDS="sweep label screen train" KILLS=20
	$(PY) scripts/faults.py $(COMMANDS) --kills $(or $(KILLS),20)

bench: $(STAMP)  ## run the benchmarks into out/benchmarks
	@mkdir -p $(OUT)/benchmarks
	@set -e; for script in $(sort $(wildcard benchmarks/*.py)); do \
	  echo "== $$script"; \
	  $(PY) $$script --out $(OUT)/benchmarks; \
	done
	@set -e; for notebook in $(sort $(wildcard benchmarks/*.ipynb)); do \
	  echo "== $$notebook"; \
	  $(PAPERMILL) $$notebook $(OUT)/benchmarks/$$(basename $$notebook) --cwd benchmarks; \
	done

SOURCE := $(or $(abspath $(PETRETTO)),petretto)
EXPERIMENT = $(PAPERMILL) notebooks/$(1).ipynb $(OUT)/$(1).ipynb --cwd notebooks -p results results/$(2).csv \
	-p epochs 36 -p workers $(WORKERS) -y 'seeds: $(3)'
MOVED = -p epochs 12 -p draft_epochs 24 -p runs ../runs/moved \
	-y 'models: [deepdos, factor instead of transport, softmax instead of transport, no Stage II]'

experiments: $(STAMP)  ## every table of the comparison; hours on a CPU, resumable: PETRETTO=data.csv PHONONDB=folder WORKERS=2
	@mkdir -p $(OUT)
	$(call EXPERIMENT,benchmark,benchmark,[0$(COMMA) 1$(COMMA) 2]) -p source $(SOURCE)
	$(call EXPERIMENT,ablations,ablations,[0$(COMMA) 1$(COMMA) 2$(COMMA) 3$(COMMA) 4]) -p source $(SOURCE) $(MOVED)
	$(call EXPERIMENT,ablations,ablations_quarter,[0$(COMMA) 1$(COMMA) 2]) -p source $(SOURCE) $(MOVED) -p fraction 0.25
	$(call EXPERIMENT,ablations,ablations_tenth,[0$(COMMA) 1$(COMMA) 2]) -p source $(SOURCE) $(MOVED) -p fraction 0.1
	$(call EXPERIMENT,ablations,ablations_without_springs,[0$(COMMA) 1]) -p source $(SOURCE) -p runs ../runs/bare \
	  -p draft False -y 'strides: [4, 2, 1, 4, 2, 1]'
	$(call EXPERIMENT,ensemble,ensemble,[0$(COMMA) 1$(COMMA) 2$(COMMA) 3$(COMMA) 4$(COMMA) 5$(COMMA) 6$(COMMA) 7]) -p source $(SOURCE)
	$(call EXPERIMENT,data_efficiency,data_efficiency,[0]) -p source $(SOURCE) \
	  -y 'fractions: [0.05, 0.1, 0.25, 0.5, 1.0]' -y 'models: [deepdos, no springs, springs alone]'
	$(call EXPERIMENT,data_efficiency,data_efficiency_edos,[0]) -p kind edos -p runs ../runs/experiments-edos -p epochs 20 -p most 1 \
	  -y 'fractions: [0.25, 0.5, 1.0]' -y 'models: [deepdos, tight binding alone]'
	$(call EXPERIMENT,sites,sites_phdos,[0$(COMMA) 1$(COMMA) 2]) -p source $(SOURCE) -p phonondb "$(abspath $(PHONONDB))" \
	  -y 'variants_shown: [deepdos]'
	$(call EXPERIMENT,sites,sites_edos,[0]) -p kind edos -p runs ../runs/experiments-edos \
	  -y 'variants_shown: [deepdos, no tight binding, totals and sites]'
	$(call EXPERIMENT,gap_screen,gap_screen,[0]) -p runs ../runs/experiments-edos
	$(PY) scripts/score_tables.py

KIND ?= phdos
DRAFTS := runs/draft-$(KIND)
MADE_WITH := KIND=$(KIND) SEEDS="$(SEEDS)" $(if $(filter phdos,$(KIND)),PETRETTO=data.csv PHONONDB=folder )ARGS="$(ARGS)"

draft: $(STAMP)  ## learn the draft model that every seed reads: KIND=phdos PETRETTO=data.csv PHONONDB=folder
	$(BIN)/deepdos draft --kind $(KIND) --out $(DRAFTS) $(DATA)

train: draft  ## train an ensemble: KIND=phdos SEEDS="0 1" PETRETTO=data.csv PHONONDB=folder ARGS="..."
	@set -e; for seed in $(SEEDS); do \
	  echo "== seed $$seed"; \
	  $(BIN)/deepdos train --kind $(KIND) --out runs/$(KIND)-$$seed --seed $$seed \
	    --draft $(DRAFTS)/draft.safetensors $(DATA) $(ARGS); \
	done

weights: train  ## the same, then pack it with its scores and model card into runs/weights-KIND
	$(BIN)/deepdos pack --kind $(KIND) $(SEEDS:%=runs/$(KIND)-%) --out runs/weights-$(KIND) $(DATA) \
	  --command 'make weights $(MADE_WITH)'

.PHONY: gpu-check
gpu-check: $(STAMP)  ## train, break off, resume and predict on a GPU, with times (ARGS="--device cpu --small" tries it on a CPU)
	$(PY) scripts/gpu_check.py $(ARGS)

.PHONY: course-check
course-check: $(STAMP) browser  ## every chapter in JupyterLab, as a student runs it, with pictures (slow): CHAPTER=06
	DEEPDOS_COURSE=1 $(PY) -m pytest tests/browser/test_course.py $(if $(CHAPTER),-k $(CHAPTER))
	@echo "Done: look at the pictures in $(OUT)/screenshots/course/"

.PHONY: app-check
app-check: $(STAMP)  ## the app with VISITORS=20 at once and IN_TURN=50 one after the other: times, memory, kernels left
	@mkdir -p $(OUT)/benchmarks
	$(PY) benchmarks/visitors.py --visitors $(or $(VISITORS),20) --in-turn $(or $(IN_TURN),50) --out $(OUT)/benchmarks

clean:  ## remove outputs and caches
	rm -rf $(OUT) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -type d -prune -exec rm -rf {} +

distclean: clean  ## the same, and the virtual environment
	rm -rf $(VENV)
