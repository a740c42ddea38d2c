# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs virtual machines: what is installed, what really runs, and how KVM is set."""

from fnmatch import fnmatchcase

from firebreak_proof.promises import Wanted, hold, promise
from firebreak_proof.proof import Proof
from firebreak_proof.views import monitors


@promise("hypervisor.*.presence", finding="hypervisor.*.installed")
def test_programs_for_virtual_machines_are_there_as_promised(proof: Proof, wanted: Wanted) -> None:
    kind = wanted.key.split(".")[1]
    found = [program.path for program in monitors.programs(proof) if program.kind == kind]
    if wanted.value == "required":
        hold(bool(found), f"{proof.host} has no {kind} installed; the standard promises it")
    else:
        hold(not found, f"{proof.host} has {kind} installed ({', '.join(found)}); the standard forbids it")


@promise("hypervisor.*.installed")
def test_the_promised_version_is_installed(proof: Proof, wanted: Wanted) -> None:
    kind = wanted.key.split(".")[1]
    for program in (program for program in monitors.programs(proof) if program.kind == kind):
        hold(bool(program.version), f"{proof.host} has {program.path}, which no package brought, so nobody can tell its version")
        hold(monitors.is_promised(proof, wanted, program.version),
             f"{proof.host} has {program.package} {program.version}; the standard promises {wanted}")


@promise("hypervisor.*.running")
def test_what_runs_is_what_is_promised(proof: Proof, wanted: Wanted) -> None:
    kind = wanted.key.split(".")[1]
    if kind == "xen":
        monitors.hold_xen(proof, wanted)
        return
    for process in (process for process in monitors.processes(proof) if process.kind == kind):
        hold(process.state != "apart",
             f"{proof.host}'s process {process.pid} runs the {process.program} of a container, and nobody can tell what would be started there now")
        hold(process.state == "installed",
             f"{proof.host}'s process {process.pid} runs a {process.program} that has been replaced on disk since it began")
        if wanted.form != "rule":
            versions = [program.version for program in monitors.programs(proof) if program.path == process.program]
            hold(bool(versions) and monitors.is_promised(proof, wanted, versions[0]),
                 f"{proof.host}'s process {process.pid} runs {process.program} {versions or 'of no known version'}; the standard promises {wanted}")


@promise("hypervisor.kvm.*")
def test_kvm_is_set_as_promised(proof: Proof, wanted: Wanted) -> None:
    name = wanted.key.removeprefix("hypervisor.kvm.")
    found = {cells[0]: cells[1] for cells in proof.rows("kvm") if len(cells) == 2}
    hold(name in found, f"{proof.host} has no loaded module with the parameter {name}, so nobody can tell; the standard promises {wanted}")
    # The kernel reads these for yes and no; force is a yes of nx_huge_pages, and auto is never read again.
    yes, no = ("Y", "1", "y", "yes", "on", "true"), ("N", "0", "n", "no", "off", "false")
    accepted = {text for value in wanted.accepted
                for text in (yes if value is True or value in (*yes, "force") else no if value is False or value in no else (str(value),))}
    hold(found[name] in accepted, f"{proof.host} has {name} set to {found[name]}; the standard promises {wanted}")


@promise("hypervisor.is_host", finding="hypervisor.role")
def test_the_host_has_the_promised_role(proof: Proof, wanted: Wanted) -> None:
    kinds = {program.kind for program in monitors.programs(proof)} & monitors.RUN_GUESTS
    running = [process for process in monitors.processes(proof) if process.kind in monitors.RUN_GUESTS]
    rungs = proof.says("ladder").split()
    able = bool(running) or ("device" in rungs and bool(kinds)) or bool({"xen", "held"} & set(rungs))
    hold(able == wanted.value, f"{proof.host} {'can' if able else 'cannot'} run virtual machines; the standard promises "
                               f"that it {'can' if wanted.value else 'cannot'}")


@promise("hypervisor.under")
def test_the_host_runs_under_what_is_promised(proof: Proof, wanted: Wanted) -> None:
    seen = monitors.under(proof)
    hold(seen in wanted.accepted, f"{proof.host} runs under {seen}; the standard promises {wanted}")


@promise("hypervisor.ladder")
def test_the_host_can_do_what_sandboxes_need(proof: Proof, wanted: Wanted) -> None:
    rungs = proof.says("ladder").split()
    if wanted.value in ("vm", "vcpu") and "device" in rungs:
        rungs += proof.says("virtual_machine").split()
    hold(wanted.value in rungs,
         f"{proof.host} reaches {rungs[-1] if rungs else 'nothing'} of what virtual machines need; the standard promises {wanted}")


@promise("hypervisor.machine_types", finding="hypervisor.machine_type")
def test_guests_have_promised_machine_types(proof: Proof, wanted: Wanted) -> None:
    types = monitors.machine_types(proof)
    hold("" not in types, f"{proof.host} runs a guest that names no machine type, and its QEMU has no default, so nobody can tell")
    others = sorted(name for name in types if not any(fnmatchcase(name, pattern) for pattern in wanted.accepted))
    hold(not others, f"{proof.host} has guests of the machine types {', '.join(others)}; the standard promises {wanted}")


@promise("hypervisor.deprecated_machine_types", finding="hypervisor.machine_type_deprecated")
def test_no_guest_has_a_deprecated_machine_type(proof: Proof, wanted: Wanted) -> None:
    found = sorted(monitors.machine_types(proof) & monitors.known_machine_types(proof, "deprecated"))
    hold(not found, f"{proof.host} has guests of deprecated machine types: {', '.join(found)}; the standard forbids that")


@promise("hypervisor.removed_machine_types", finding="hypervisor.machine_type_removed")
def test_the_installed_qemu_can_take_every_guest(proof: Proof, wanted: Wanted) -> None:
    known = monitors.known_machine_types(proof, "has")
    lost = sorted(monitors.machine_types(proof) - known) if known else []
    hold(not lost, f"{proof.host} has guests of machine types that its installed QEMU does not have: {', '.join(lost)}; the standard forbids that")
