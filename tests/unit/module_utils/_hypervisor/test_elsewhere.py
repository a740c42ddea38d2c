# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""QEMU that containers and snaps bring, compared with what would be started there now."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import owners
from hypervisor_world import ARGV, NEW, OLD, PACKAGE, QEMU, RPM, Machine, debian, elf

KVM = "/usr/libexec/qemu-kvm"
LAUNCHER = b"\0QEMU emulator version 9.1.0 (qemu-kvm-9.1.0-15.el9_6.4)\n\0"


@pytest.mark.parametrize(("daemon_root", "build", "stale", "reason"), [
    (800, OLD, False, "it runs in a root file system of its own (a container); its libvirt daemon (pid 5) would start the same"),
    (900, NEW, True, f"build {OLD} runs, its libvirt daemon (pid 5) would start build {NEW}"),
    (900, OLD, False, "it runs in a root file system of its own (a container); its libvirt daemon (pid 5) would start the same")])
def test_a_containers_qemu_is_compared_with_what_its_daemon_would_start(daemon_root: int, build: str, stale: bool, reason: str) -> None:
    """KubeVirt's launcher holds both; Kolla's nova_libvirt of a newer image finds the guests of the former one."""
    machine = Machine().el9().process(4242, KVM, [KVM, "-name", "a"], 55, elf(OLD, LAUNCHER), device=9).process(
        5, "/usr/sbin/virtqemud", ["/usr/sbin/virtqemud"], 56, elf(NEW), device=9)
    machine.recording["run"][RPM] = [20, "", ""]
    machine.recording["stat"]["/proc/4242/root"] = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 9, 800]
    machine.recording["stat"]["/proc/5/root"] = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 9, daemon_root]
    machine.file(f"/proc/5/root{KVM}", 70, elf(build), device=9)
    facts = machine.scan().facts
    process = next(row for row in facts["processes"] if row["component"] == "qemu")
    assert (process["stale"], process["reason"], process["version"]) == (stale, reason, "9.1.0-15.el9_6.4")
    assert {"name": "qemu", "package": None, "module": None, "version": "9.1.0-15.el9_6.4", "path": KVM, "build_id": OLD} in facts["components"]


def test_a_users_daemon_decides_nothing() -> None:
    machine = debian().process(4242, QEMU, ARGV, 55, elf(OLD), device=9).process(5, "/usr/sbin/libvirtd", ["libvirtd"], 56, elf(NEW), uid=1000)
    for pid in (4242, 5):
        machine.recording["stat"][f"/proc/{pid}/root"] = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 9, 800]
    machine.file(f"/proc/5/root{QEMU}", 55, elf(OLD), device=9)
    process = next(row for row in machine.scan().facts["processes"] if row["component"] == "qemu")
    assert process["stale"] is None


@pytest.mark.parametrize(("current", "stale"), [("33110", True), ("31333", False)])
def test_a_snaps_qemu_is_stale_where_another_revision_is_current(current: str, stale: bool) -> None:
    """canonical/lxd#18470: guests live across a refresh of the snap."""
    path = "/snap/lxd/31333/bin/qemu-system-x86_64"
    machine = debian().process(4242, path, [path, "-name", "a"], 55, elf(OLD), device=9)
    machine.recording["stat"]["/proc/4242/root"] = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 9, 800]
    machine.recording["realpath"] = {"/snap/lxd/current": f"/snap/lxd/{current}"}
    process = machine.only_process()
    assert (process["stale"], process["reason"]) == (stale, "revision 31333 of the snap lxd runs, 33110 is the current one" if stale else "")


def test_the_same_build_on_the_host_says_nothing_of_what_a_container_would_start() -> None:
    machine = debian(OLD).process(4242, QEMU, ARGV, 55, elf(OLD), device=9)
    machine.recording["stat"]["/proc/4242/root"] = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 9, 800]
    process = machine.only_process()
    assert (process["stale"], process["version"], process["version_how"]) == (None, PACKAGE, "build_id")


@pytest.mark.parametrize(("package", "path", "named"), [
    ("vendor-qemu-lts", "/usr/lib/vendor/qemu-system-x86_64", "vendor-qemu-lts"), ("acme-firecracker", "/usr/bin/firecracker", "acme-firecracker"),
    ("acme-crosvm", "/usr/bin/crosvm", "acme-crosvm"), ("azl-openvmm", "/usr/bin/openvmm", "azl-openvmm"),
    ("incus-base", "/usr/local/bin/qemu-system-x86_64", None), ("kata-containers", "/opt/kata/libexec/virtiofsd", None)])
@pytest.mark.parametrize("manager", ["dpkg", "rpm"])
def test_the_package_manager_is_asked_for_the_owner_of_a_program_that_no_known_package_brought(
        package: str, path: str, named: str | None, manager: str) -> None:
    machine = (debian() if manager == "dpkg" else Machine().el9()).file(path, 44, elf(NEW)).process(7, path, [path], 44, elf(NEW))
    machine.recording["run"].update({
        f"dpkg-query -S {path}": f"{package}: {path}\n", f"dpkg-query -W -f ${{Package}}\\t${{Version}}\\n -- {package}": f"{package}\t2:1.7-1\n",
        f"rpm -qf --queryformat {owners._FORM}\\n {path}": f"{package}\t2:1.7-1\n"})
    facts = machine.scan().facts
    row, = [row for row in facts["components"] if row["path"] == path]
    assert (row["package"], row["version"]) == ((package, "2:1.7-1") if named else (None, None))
    running, = [row for row in facts["processes"] if row["pid"] == 7]
    assert running["version"] == ("2:1.7-1" if named else None)


@pytest.mark.parametrize(("modules", "is_host"), [
    # Whatever the monitor is called (VirtualBox, somebody's own): each machine holds a reference to the module that makes it.
    ("kvm_amd 245760 2 - Live 0x0\nkvm 1409024 1 kvm_amd, Live 0x0\n", True), ("kvm_intel 487424 1 - Live 0x0\n", True),
    ("vboxdrv 712704 4 vboxnetadp,vboxnetflt, Live 0x0 (OE)\n", True), ("mshv_root 155648 1 - Live 0x0\n", True),
    ("kvm_amd 245760 0 - Live 0x0\nkvm 1409024 1 kvm_amd, Live 0x0\n", False), ("vboxdrv 712704 2 vboxnetadp,vboxnetflt, Live 0x0 (OE)\n", False),
    ("xfs 2166784 9 - Live 0x0\n", False), ("", False),
])
def test_a_host_of_guests_is_known_by_the_module_that_they_hold(modules: str, is_host: bool) -> None:
    machine = Machine().process(9, "/usr/bin/own-vmm", ["own-vmm", "run"], 400, elf(OLD))
    machine.recording["read"]["/proc/modules"] = modules
    assert machine.scan().facts["is_host"] is is_host


def test_where_processes_are_hidden_nobody_knows_whether_one_runs_guests() -> None:
    machine = Machine()
    machine.recording["uid"] = 1000
    machine.recording["read"]["/proc/mounts"] = "proc /proc proc rw,hidepid=2 0 0\n"
    section = machine.scan()
    assert section.facts["is_host"] is None
    assert [null["reason"] for null in section.nulls if null["fact"] == "hypervisor.is_host"] == ["needs_root"]
