# The lab of virtual machines; included by the Makefile. Needs root and Debian's packages (lab-packages), nothing else.

LAB := PYTHONPATH=$(CURDIR)/tests/lab $(BIN)/python -m firebreak_lab
LAB_PYTEST := PYTHONPATH=tests/tools:tests/lab:tests/platform $(BIN)/python -m pytest -p no_skips
FLEET ?= drifted
HOSTS ?=
HOST ?=

.PHONY: lab-packages
lab-packages: ## install what the lab needs from Debian
	@tests/tools/apt_install tests/lab/packages.txt

.PHONY: lab-images
lab-images: $(DEV) ## make the lab's disk images ahead of time
	@$(LAB) images

.PHONY: lab-up
lab-up: $(DEV) ## start the drifted fleet (FLEET=... for another, HOSTS="..." for some of its hosts)
	@$(LAB) up --fleet $(FLEET) $(HOSTS)
	@echo "try:  ansible-playbook -i inventories/lab playbooks/report_drift.yml      make lab-ssh HOST=pending      make lab-down"

.PHONY: lab-down
lab-down: $(DEV) ## stop the lab, whatever became of it (ARGS=--all for every lab of yours)
	@$(LAB) down $(ARGS)

.PHONY: lab-status
lab-status: $(DEV) ## the lab's hosts
	@$(LAB) status

.PHONY: lab-ssh
lab-ssh: $(DEV) ## a shell on a host of the lab: HOST=pending (ARGS="uname -r" for a command)
	@$(if $(HOST),,$(error name the host: make lab-ssh HOST=pending))$(LAB) ssh $(HOST) $(ARGS)

.PHONY: lab-reboot
lab-reboot: $(DEV) ## let a host of the lab reboot and wait for it: HOST=pending
	@$(if $(HOST),,$(error name the host: make lab-reboot HOST=pending))$(LAB) reboot $(HOST)

# Each part of it runs within the minutes that .ci/budget gives it, and what the parts before it left over. The scenarios of molecule that every run takes stand here, each with
# a line there; test-lab-full takes the others too.
SCENARIOS := template kernel live_patching kata hypervisor
MORE_SCENARIOS := default enforce
LAB_SPARE := $(CURDIR)/.cache/lab_spare
# Who is killed with -9 passes nothing on: the kernel tells what is guarded that its parent is gone, and it cleans up.
GUARDED := setpriv --pdeathsig TERM
WITHIN := LAB_SPARE=$(LAB_SPARE) LAB_PYTHON=$(BIN)/python $(GUARDED) tests/lab/within
MOLECULE := MOLECULE_GLOB='extensions/molecule/*/molecule.yml' $(BIN)/molecule test --scenario-name

.PHONY: test-lab
test-lab: $(DEV) lab-packages ## the end-to-end tests on emulated machines (root; about 30 minutes); leaves nothing behind but cached images
	@PYTHONPATH=tests/lab $(GUARDED) $(BIN)/python tests/lab/leaving_nothing.py make --no-print-directory lab-parts

.PHONY: lab-parts
lab-parts:
	@mkdir -p $(dir $(LAB_SPARE)) && : >$(LAB_SPARE)
	@$(WITHIN) images env $(LAB) images --fleet drifted --fleet proof $(SCENARIOS:%=--fleet extensions/molecule/%/molecule.yml)
	@$(WITHIN) default env $(LAB_PYTEST) -q --durations=5 tests/lab --ignore=tests/lab/full --ignore=tests/lab/mutations
	@$(WITHIN) proof env $(LAB_PYTEST) -q --durations=5 tests/lab/mutations
	@for scenario in $(SCENARIOS); do $(WITHIN) $$scenario env $(MOLECULE) $$scenario; done
	@echo "left out: molecule's scenarios $(MORE_SCENARIOS), machines with bullseye and sid, roots of trixie and testing, boots with Secure Boot, klp-build, holes, and healing; make test-lab-full runs them"

.PHONY: test-proof
test-proof: $(DEV) lab-packages ## scan and proof on hosts that are tampered with (part of test-lab)
	@$(LAB_PYTEST) -q --durations=5 tests/lab/mutations

.PHONY: proof-table
proof-table: $(DEV) ## write what the last test-proof kept of what caught each mutation into docs/proof.md
	@$(BIN)/python tests/lab/mutation_table.py

.PHONY: test-lab-full
test-lab-full: test-lab .venv-eda/.ready ## test-lab, molecule's other scenarios, machines with bullseye and sid, roots of trixie and testing in Ubuntu's layout, boots with Secure Boot, a kernel patched by its own klp-build, and machines that ansible-rulebook has live-patched
	@tests/tools/apt_install tests/lab/full/packages.txt
	@tests/tools/apt_install tests/eda/packages.txt
	@for scenario in $(MORE_SCENARIOS); do $(MOLECULE) $$scenario; done
	@$(LAB_PYTEST) -q --durations=5 tests/lab/full
