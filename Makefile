# Everything starts here; `make help` lists it. Only make, a shell and a Python >= 3.12 are needed (see CONTRIBUTING.md
# for the plain commands). The order below is: use it, test it, change it.
PORT ?= 8000
AREA ?= foundation
SYSTEM ?= yes
PHUSA = .venv/bin/phusa
PYTEST = .venv/bin/python -m pytest
SETUP = scripts/setup.sh
export SYSTEM

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run demo setup assets test test-slow bench shows check format docs lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

# ---------------------------------------------------------------- use it
run: setup assets ## set up, build the demonstration city once, serve map and API on 127.0.0.1 (PORT=8000)
	@[ -e var/demo/workspace.yaml ] || $(PHUSA) demo --workspace var/demo
	@exec $(PHUSA) serve --workspace var/demo --port $(PORT)

demo: setup assets ## build the demonstration city anew in var/demo
	@$(PHUSA) demo --workspace var/demo --replace

setup: ## make or refresh .venv (PYTHON=/path names an interpreter)
	@$(SETUP)

assets: setup ## install the map's scripts from package-lock.json
	@.venv/bin/python scripts/assets.py || [ "$(MAKECMDGOALS)" != assets ]

# ---------------------------------------------------------------- test it
.test-setup:
	@$(SETUP) test
	@.venv/bin/python scripts/assets.py || true
	@scripts/system.sh

.dev-setup:
	@$(SETUP) dev

test: .test-setup ## set up and run every test of a few minutes (SYSTEM=no installs nothing by apt-get)
	@$(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder -m "not slow and not bench"

.slow-setup: .test-setup .dev-setup
	@scripts/system.sh slow

test-slow: .slow-setup ## the long tests
	@$(PYTEST) -m "slow and not bench"

bench: .test-setup ## the benchmarks, each beside a calibration line
	@$(PYTEST) -m bench -s || [ $$? -eq 5 ]  # 5: there is none yet

shows: .test-setup ## the tests that prove what an area promises, with their figures (AREA=foundation)
	@$(PYTEST) -q --shows=$(AREA)

# ---------------------------------------------------------------- change it
check: .dev-setup ## style, types and layers
	@.venv/bin/python -m ruff check
	@.venv/bin/python -m ruff format --check
	@.venv/bin/python -m mypy
	@.venv/bin/lint-imports

format: .dev-setup ## let ruff mend what it can
	@.venv/bin/python -m ruff check --fix
	@.venv/bin/python -m ruff format

docs: .dev-setup assets ## guides, decisions and reference as HTML in var/docs; a warning is an error
	@.venv/bin/python -m sphinx -E -W --keep-going -q -b html -d var/docs/.doctrees docs var/docs
	@echo "docs: var/docs/index.html"

lock: setup ## write requirements.lock and package-lock.json anew with the newest versions
	@scripts/lock.sh .venv/bin/python
	@.venv/bin/python scripts/assets.py --lock

clean: ## remove what was made, but no data: .venv, var/demo, var/docs, caches
	@rm -rf .venv var/demo var/docs spp/portal/static/vendor .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -not -path "./.git/*" -prune -exec rm -rf {} +
