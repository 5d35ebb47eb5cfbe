# `make` alone lists the targets. Each one sets up what it needs, and does nothing the second time.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
# Compiled modules and templates are kept, whatever the shell says: compiling anew would take a third of each render.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python
READY := .venv/.ready

.PHONY: help render check test acceptance prove tools catalogue gallery bench new explain schema lock

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

render: $(READY) ## render every environment into rendered/ (the main job)
	@$(PYTHON) -m cli render

check: $(READY) ## is rendered/ what the environments say?
	@$(PYTHON) -m cli render --check

test: $(READY) ## types, style, units, golden output, schemas, and the real programs that are at hand
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/mypy --no-error-summary
	@.venv/bin/yamllint --strict environments alerts rendered
	@$(PYTHON) -m pytest -m 'not acceptance and not prove' -n auto

acceptance: $(READY) tools ## every real program judges and runs the rendered files
	@$(PYTHON) -m pytest --all-programs -n 3 --dist loadgroup tests/native tests/acceptance

prove: $(READY) tools ## run for long, at the real intervals, break things, and write docs/proof.md; goes on where it was
	@$(PYTHON) -m pytest --all-programs -s -n 4 --dist loadgroup tests/prove; status=$$?; \
		$(PYTHON) -m tests.prove.report && case $$status in 0 | 5) ;; *) exit $$status ;; esac # 5: nothing was left to run

tools: $(READY) ## build the pinned programs into a cache outside the tree, and install Debian's
	@tools/setup.sh packages
	@$(PYTHON) -m tools.build

catalogue: $(READY) tools ## record again which series the programs emit, and tell what a new version breaks
	@before=$$(mktemp -d) && trap 'rm -r "$$before"' EXIT && cp metrics/catalogue/*.yaml "$$before" && \
		$(PYTHON) -m pytest --all-programs --record tests/acceptance/test_catalogue.py && \
		$(PYTHON) -m metrics.changes "$$before"

gallery: $(READY) tools ## draw every dashboard again from a running stack, into docs/gallery
	@$(PYTHON) -m pytest --all-programs --record tests/acceptance/test_dashboards.py

bench: $(READY) ## how fast, side by side with writing the same bytes
	@$(PYTHON) -m benchmarks.run

new: $(READY) ## make a new environment: make new NAME=osaka
	@test -n "$(NAME)" || { echo 'make new NAME=osaka [ARGS="--networking mirrored …"]'; exit 2; }
	@$(PYTHON) -m cli new $(NAME) $(ARGS)

schema: $(READY) ## write the JSON Schema of an environment from the model
	@$(PYTHON) -m cli schema

lock: $(READY) ## pin every package again, from pyproject.toml
	@tools/setup.sh lock

$(READY): requirements.lock tools/setup.sh
	@tools/setup.sh venv
	@touch $@
