# Firebreak: everything that is done with this repository has a target here. `make help` lists them.
# Works from a fresh clone in any folder; needs GNU make, and a Python 3.11 or newer that `tests/tools/find_python` finds.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
INVENTORY ?= inventories/local
ARGS ?=
WORKERS ?= 2

# Nothing of this checkout's Ansible is kept in, or taken from, the user's home, and this checkout's collection comes first.
export ANSIBLE_HOME := $(CURDIR)/.ansible
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
ifdef ANSIBLE_COLLECTIONS_PATH
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/collections:$(ANSIBLE_COLLECTIONS_PATH)
endif
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONDONTWRITEBYTECODE := 1
unexport PYTHONPATH PYTHONHOME MAKEFLAGS

RUN := $(VENV)/.run-ready
DEV := $(VENV)/.dev-ready
# What keeps one core busy runs beside others of its kind, the longest first; pytest takes all cores by itself.
ALL_OF = $(MAKE) --no-print-directory --keep-going WORKERS=$(WORKERS)
PYTEST := PYTHONPATH=tests/tools $(BIN)/python -m pytest -p no_skips

.PHONY: help
help: ## list the targets
	@printf 'To use Firebreak:\n  make drift INVENTORY=your/inventory\n\nTo work on it:\n'
	@sed -nE 's/^([a-z][a-z_-]*):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | sort -u | awk -F'|' '{printf "  make %-14s %s\n", $$1, $$2}'

# ---- the environment -------------------------------------------------------------------------------------------------

$(RUN): requirements.lock
	@tests/tools/make_venv $(VENV) requirements.lock $(RUN)

$(DEV): requirements-dev.lock
	@tests/tools/make_venv $(VENV) requirements-dev.lock $(DEV)
	@touch $(RUN)

.PHONY: venv
venv: $(DEV) ## make the developer's environment in .venv

# ---- use -------------------------------------------------------------------------------------------------------------

.PHONY: drift
drift: $(RUN) ## report this machine's drift (INVENTORY=... for a fleet, ARGS=... for ansible-playbook)
	@$(BIN)/ansible-playbook -i $(INVENTORY) playbooks/report_drift.yml $(ARGS)
	@echo "Ansible is in $(BIN): to type ansible-playbook as documents do, put it on your path with: . $(BIN)/activate"

# ---- tests that need only Python and the package index ------------------------------------------------------------------

.PHONY: test
test: $(DEV) ## everything that needs only Python and the package index; nothing is skipped
	@failed=; $(ALL_OF) --jobs=$(WORKERS) --output-sync=target sanity lint docs-check || failed=yes; \
	$(ALL_OF) unit contract || failed=yes; [[ -z $$failed ]]

.PHONY: lint
lint: ruff mypy yamllint ansible-lint changelog-lint ## all linters

.PHONY: ruff
ruff: $(DEV)
	@$(BIN)/ruff check .

# Through the links, so that a module has the name that ansible-core gives it. Without a cache: mypy keeps "no such module"
# in it for packages without __init__.py, which is then believed after the module has come.
.PHONY: mypy
mypy: $(DEV) ## strict types: plugins as Python 3.10, tests and tools as 3.11
	@$(BIN)/mypy --cache-dir=/dev/null collections/ansible_collections/firebreak/fleet/plugins
	@$(BIN)/mypy --cache-dir=/dev/null --python-version 3.11 src tests hatch_build.py packaging docs/generate.py docs/site.py

.PHONY: yamllint
yamllint: $(DEV)
	@$(BIN)/yamllint --strict .

.PHONY: ansible-lint
ansible-lint: $(DEV)
	@$(BIN)/ansible-lint --offline --strict -q

.PHONY: changelog-lint
changelog-lint: $(DEV)
	@$(BIN)/antsibull-changelog lint

.PHONY: unit
unit: $(DEV) ## unit tests
	@$(PYTEST) -q -n $(WORKERS) --dist worksteal tests/unit

.PHONY: contract
contract: $(DEV) ## every way in: checkout, ansible-galaxy, artifact, wheel, AWX; the rules of the house
	@$(PYTEST) -q -n $(WORKERS) --dist worksteal tests/contract

.PHONY: sanity
sanity: $(DEV) ## ansible-test sanity on the built artifact, with an empty ignore file
	@$(BIN)/python tests/tools/sanity.py

# ---- tests that need more ----------------------------------------------------------------------------------------------

.PHONY: system-packages
system-packages:
	@tests/tools/apt_install tests/system/packages.txt

.PHONY: test-system
test-system: $(DEV) system-packages ## differential and browser tests; installs what tests/system/packages.txt lists
	@$(PYTEST) -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder tests/system

# An environment of its own: an engine of events and its Java bridge are of no use to anything else here.
.venv-eda/.ready: requirements-dev.lock tests/eda/requirements.txt
	@tests/tools/make_venv .venv-eda requirements-dev.lock .venv-eda/.ready
	@tests/tools/make_venv .venv-eda tests/eda/requirements.txt .venv-eda/.ready

.PHONY: test-eda
test-eda: .venv-eda/.ready ## the fleet heals itself under a real ansible-rulebook; as root on Debian, a few minutes
	@tests/tools/apt_install tests/eda/packages.txt
	@PYTHONPATH=tests/tools .venv-eda/bin/python -m pytest -p no_skips -q --durations=5 tests/eda

.venv-ee/.ready: tests/ee/requirements.txt
	@tests/tools/make_venv .venv-ee tests/ee/requirements.txt .venv-ee/.ready

.PHONY: test-ee
test-ee: .venv-ee/.ready ## the contract inside of what execution-environment.yml lists; as root on Debian, a few minutes
	@tests/tools/apt_install tests/ee/packages.txt
	@PYTHONPATH=tests/tools:tests/lab .venv-ee/bin/python -m pytest -p no_skips -q --durations=5 tests/ee

.PHONY: test-matrix
test-matrix: $(DEV) ## every pair of interpreter and ansible-core that can be had here
	@$(BIN)/python tests/matrix/run_matrix.py

.PHONY: bench-packages
bench-packages:
	@tests/tools/apt_install tests/benchmarks/packages.txt

.PHONY: bench
bench: $(DEV) bench-packages ## scan against ping and the usual way; evaluation and report at 10,000 hosts
	@$(BIN)/python tests/benchmarks/bench.py $(ARGS)

# The lab of virtual machines brings its own targets: test-lab, lab-up and so on.
-include tests/lab/lab.mk

# ---- documents and release ---------------------------------------------------------------------------------------------

.PHONY: docs
docs: $(DEV) ## write the generated pages anew
	@$(BIN)/python docs/generate.py

.PHONY: docs-check
docs-check: $(DEV) ## fail if a generated page is not what its source says
	@$(BIN)/python docs/generate.py --check

# An environment of its own: what makes the site is of no use to anything else here.
.venv-docs/.ready: requirements-docs.txt
	@tests/tools/make_venv .venv-docs requirements-docs.txt .venv-docs/.ready

.PHONY: docs-site
docs-site: .venv-docs/.ready ## the documents as a site in build/docs-site, each link checked
	@.venv-docs/bin/python docs/site.py
	@.venv-docs/bin/mkdocs build --quiet --strict
	@echo "build/docs-site/index.html"

.PHONY: screenshot
screenshot: $(DEV) system-packages ## picture of a 200-host report for the README, light and dark
	@tests/tools/apt_install docs/images/fonts.txt
	@PYTHONPATH=collections:tests:tests/tools $(BIN)/python tests/tools/report_page.py $(ARGS)

.PHONY: dist
dist: $(DEV) ## what a release hands out, in dist/, signed with an ssh key where one is named: KEY=path
	@PYTHONPATH=tests/tools $(BIN)/python tests/tools/distributions.py dist $(KEY)

.PHONY: lock
lock: ## name each library anew with its version and digests: requirements.lock and requirements-dev.lock
	@tests/tools/lock .cache/lock

.PHONY: deb
deb: $(DEV) ## the Debian package with the command, its manual page and its completions, in dist/ (needs dpkg-deb)
	@rm -rf build/deb && mkdir -p build/deb
	@$(BIN)/ansible-galaxy collection build --force --output-path build/deb . >/dev/null
	@$(BIN)/python packaging/build_deb.py build/deb/firebreak-fleet-*.tar.gz dist

.PHONY: clean
clean: ## remove what these targets made in this folder
	@rm -rf .venv .venv-docs .venv-eda .venv-ee .ansible .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
