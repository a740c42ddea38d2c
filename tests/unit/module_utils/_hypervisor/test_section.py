# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``hypervisor`` on recorded hosts: current, replaced, removed, copied, hidden, vanished and hostile machine monitors."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import Answer
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import running_monitors
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import section as hypervisor_section
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor.facts import FACTS
from hypervisor_world import ARGV, DENIED, FIXTURES, NEW, NOW, OLD, PACKAGE, QEMU, RPM, UPTIME, Machine, debian, elf
from recorded_host import RecordedHost


def test_a_current_monitor_has_its_packages_version() -> None:
    section = debian().process(4242, QEMU, ARGV, 100, elf(NEW)).scan()
    assert section.facts["processes"] == [{
        "pid": 4242, "component": "qemu", "exe": QEMU, "deleted": False, "version": PACKAGE, "version_how": "package", "build_id": NEW,
        "stale": False, "reason": "", "started_at": "2025-11-24T02:06:40Z", "guest": "web1", "machine_type": "pc-i440fx-1.7",
        "machine_type_in_effect": "pc-i440fx-1.7"}]
    assert section.facts["components"] == [
        {"name": "qemu", "package": "qemu-system-x86", "module": None, "version": PACKAGE, "path": QEMU, "build_id": NEW}]
    assert section.facts["machine_types"] == ["pc-i440fx-1.7"] == section.facts["deprecated_machine_types"]
    assert section.facts["is_host"] is True and section.facts["is_guest"] is False and section.facts["under"] == "none"
    assert [(entry["fact"], entry["reason"]) for entry in section.nulls] == [
        ("hypervisor.xen.version", "not_applicable"), ("hypervisor.xen.image_replaced", "not_applicable"),
        ("hypervisor.ladder.guest_kernel", "not_asked")]


def test_a_replaced_monitor_is_stale_and_its_text_tells_its_version() -> None:
    text = b"\0QEMU emulator version 7.2.9 (Debian 1:7.2+dfsg-7+deb12u6)\n\0"
    process = debian().process(4242, QEMU + " (deleted)", ARGV, 55, elf(OLD, text)).only_process()
    assert process["stale"] is True and process["deleted"] is True and process["exe"] == QEMU
    assert process["reason"] == f"its binary {QEMU} was replaced: build {OLD} runs, build {NEW} is installed"
    assert (process["version"], process["version_how"]) == ("1:7.2+dfsg-7+deb12u6", "binary_text")


def test_a_reinstalled_build_is_not_stale() -> None:
    process = debian().process(4242, QEMU + " (deleted)", ARGV, 55, elf(NEW)).only_process()
    assert (process["stale"], process["version"], process["version_how"]) == (False, PACKAGE, "build_id")
    assert process["reason"] == "the file was replaced by the same build"


def test_a_removed_monitor_is_stale() -> None:
    process = Machine().process(4242, QEMU + " (deleted)", ARGV, 55, elf(OLD)).only_process()
    assert (process["stale"], process["reason"], process["version"]) == (True, f"its binary {QEMU} was removed", None)


def test_a_path_that_cannot_be_looked_at_is_no_removed_binary() -> None:
    machine = debian().process(4242, QEMU, ARGV, 100, elf(NEW))
    machine.recording["stat"][QEMU] = {"problem": "needs_root", "detail": "Permission denied"}
    process = machine.only_process()
    assert (process["stale"], process["reason"]) == (None, "what lies at its path could not be looked at (needs_root)")


def test_a_file_restored_under_the_old_name_is_told_by_its_inode() -> None:
    """Neither ' (deleted)' nor a missing file shows it: a bind mount or a hard link kept the old file alive."""
    process = debian().process(4242, QEMU, ARGV, 55, elf(OLD)).only_process()
    assert (process["stale"], process["deleted"]) == (True, False)


def test_a_name_that_really_ends_in_deleted() -> None:
    name = QEMU + " (deleted)"
    process = Machine().file(name, 55, elf(OLD)).process(4242, name, ARGV, 55, elf(OLD)).only_process()
    assert (process["exe"], process["deleted"], process["stale"]) == (name, False, False)


def test_the_history_of_a_package_tells_the_version_of_what_has_no_text() -> None:
    machine = Machine().el9().file("/usr/libexec/virtiofsd", 100, elf(NEW))
    machine.recording["read"]["/var/log/dnf.rpm.log"] = (Path(__file__).parents[1] / "_packages/fixtures/dnf_rpm.log").read_text()
    machine.recording.update(now=1720000000.0)
    machine.recording["read"]["/proc/uptime"] = "10000000 1.0\n"
    argv = ["/usr/libexec/virtiofsd", "--fd=3"]
    # Boot was on 2024-03-09; 70 days later the process started, between the upgrades of May and July.
    process = machine.process(7, "/usr/libexec/virtiofsd;664f0aa1 (deleted)", argv, 55, elf(OLD), 70 * 86400.0).only_process()
    assert (process["component"], process["stale"]) == ("virtiofsd", True)
    assert (process["version"], process["version_how"]) == ("1.8.0-1.el9", "package_history")


def test_an_rpm_text_gets_the_packages_epoch() -> None:
    machine = Machine().el9().file("/usr/libexec/qemu-kvm", 100, elf(NEW))
    text = b"QEMU emulator version 8.0.0 (qemu-kvm-8.0.0-16.el9_3.3)\n"
    process = machine.process(7, "/usr/libexec/qemu-kvm (deleted)", ["/usr/libexec/qemu-kvm"], 55, elf(OLD, text)).only_process()
    assert process["version"] == "17:8.0.0-16.el9_3.3"


def test_el9s_components() -> None:
    machine = Machine().el9().file("/usr/libexec/qemu-kvm", 100, elf(NEW))
    named = {entry["package"]: (entry["name"], entry["version"], entry["path"], entry["build_id"]) for entry in machine.scan().facts["components"]}
    assert named["qemu-kvm-core"] == ("qemu", "17:8.2.0-11.el9_4.4", "/usr/libexec/qemu-kvm", NEW)
    assert named["qemu-kvm"] == ("qemu", "17:8.2.0-11.el9_4.4", None, None)
    assert named["virtiofsd"][2:] == ("/usr/libexec/virtiofsd", None)


def test_a_jailed_copy_of_the_installed_build_is_current() -> None:
    """Firecracker's jailer copies the binary into a root of the guest's own."""
    path = "/srv/jailer/firecracker/vm1/root/firecracker"
    machine = debian().file("/usr/local/bin/firecracker", 300, elf(NEW)).process(9, path, ["firecracker", "--id", "vm1"], 400, elf(NEW))
    process = machine.only_process()
    assert (process["component"], process["stale"], process["guest"]) == ("firecracker", False, "vm1")
    assert process["reason"] == "its binary is outside the system's folders, but of the build that is installed"


def test_a_replaced_cloud_hypervisor_outside_kata_is_read_as_stale() -> None:
    path = "/usr/local/bin/cloud-hypervisor"
    words = [path, "--api-socket", "/run/vm1.sock", "--kernel", "/srv/vmlinux", "--disk", "path=/srv/vm1.raw", "--memory", "size=1024M"]
    machine = debian().file(path, 300, elf(NEW)).process(9, f"{path} (deleted)", words, 400, elf(OLD))
    section = machine.scan()
    process, = section.facts["processes"]
    assert (process["component"], process["stale"], process["deleted"], process["version"]) == ("cloud-hypervisor", True, True, None)
    assert process["reason"] == f"its binary {path} was replaced: build {OLD} runs, build {NEW} is installed"
    component, = (row for row in section.facts["components"] if row["name"] == "cloud-hypervisor")
    assert component == {"name": "cloud-hypervisor", "package": None, "module": None, "version": None, "path": path, "build_id": NEW}
    assert section.facts["is_host"] is True


def test_a_container_is_not_compared_with_the_hosts_file() -> None:
    machine = debian()
    machine.recording["stat"]["/proc/4242/root"] = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 77, 2]
    process = machine.process(4242, QEMU, ARGV, 55, elf(OLD, b"QEMU emulator version 9.0.0\n"), device=77).only_process()
    assert (process["stale"], process["reason"]) == (None, "it runs in a root file system of its own (a container)")
    assert (process["version"], process["version_how"]) == ("9.0.0", "binary_text")


class WatchedHost(RecordedHost):
    """A recorded host that remembers the paths and commands it was asked for."""

    def __init__(self, recording: dict[str, Any]) -> None:
        super().__init__(recording)
        self.asked: list[str] = []
        self.bytes_read: list[str] = []
        self.commands: list[Any] = []

    def read_bytes(self, path: str, size: int = 4 * 1024 * 1024, offset: int = 0) -> Answer:
        self.asked.append(path)
        if path.startswith("/usr/") or path.endswith("/exe"):
            self.bytes_read.append(path)
        return super().read_bytes(path, size, offset)

    def read(self, path: str, limit: int = 4 * 1024 * 1024) -> Answer:
        self.asked.append(path)
        return super().read(path, limit)

    def stat(self, path: str, follow: bool = True) -> Answer:
        self.asked.append(path)
        return super().stat(path, follow)

    def run(self, argv: Any, timeout: float = 20.0, limit: int = 16 * 1024 * 1024) -> Answer:
        self.commands.append(argv)
        return super().run(argv, timeout, limit)


@pytest.mark.parametrize("link", ["/home/mallory/qemu-system-x86_64", "/usr/../home/mallory/qemu-kvm", "/tmp/usr/bin/qemu-kvm (deleted)"])
def test_a_path_that_a_user_chose_is_never_touched(link: str) -> None:
    machine = debian().process(666, link, ["/home/mallory/qemu-kvm"], 55, elf(OLD, b"QEMU emulator version 99.0.0\n"), uid=1000)
    host, section = WatchedHost(machine.recording), Section("hypervisor")
    hypervisor_section.collect(host, section, {})
    process, = section.facts["processes"]
    assert (process["stale"], process["version"], process["reason"]) == (None, None, "its binary is outside the system's folders")
    assert not [asked for asked in host.asked if "mallory" in asked or asked.startswith("/tmp")]
    assert not host.commands


OWN = ["/home/mallory/qemu-system-x86_64", "-machine", "pc-i440fx-2.1"]


@pytest.mark.parametrize(("link", "file_of", "run_by", "is_judged"), [
    (OWN[0], 1000, 1000, False), (OWN[0] + " (deleted)", 1000, 1000, False), ("/home/mallory/virtiofsd", 1000, 1001, False),
    ("/usr/bin/qemu-system-x86_64", 1000, 1000, False),
    # Root runs it, or root owns it: a guest of libvirt's, a session's guest, a container's image.
    (OWN[0], 1000, 0, True), ("/usr/bin/qemu-system-x86_64", 0, 107, True), ("/opt/qemu/bin/qemu-system-x86_64", 0, 1000, True)])
def test_nothing_is_judged_by_a_users_own_program(link: str, file_of: int, run_by: int, is_judged: bool) -> None:
    machine = debian()
    before = machine.scan().facts
    machine.process(666, link, [link, *OWN[1:]], 55, elf(OLD), uid=file_of)
    machine.recording["stat"]["/proc/666"] = ["directory", 0o555, run_by, run_by, 0, 0.0, 0.0, 5, 666]
    facts = machine.scan().facts
    judged = ("processes", "machine_types", "deprecated_machine_types", "removed_machine_types", "is_host")
    assert ({name: facts[name] for name in judged} != {name: before[name] for name in judged}) is is_judged
    assert [row["user"] for row in facts["lookalikes"]] == ([] if is_judged else [run_by])


def test_a_crowd_of_lookalikes_hides_no_monitor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_monitors, "MONITORS_LIMIT", 20)
    monkeypatch.setattr(running_monitors, "LOOKALIKES_LIMIT", 10)
    machine = debian()
    for pid in range(5000, 5030):
        machine.process(pid, OWN[0], OWN, 55, elf(OLD), uid=1000)
        machine.recording["stat"][f"/proc/{pid}"] = ["directory", 0o555, 1000, 1000, 0, 0.0, 0.0, 5, pid]
    machine.process(99999, QEMU, ARGV, 56, elf(OLD))
    facts = machine.scan().facts
    assert ([row["pid"] for row in facts["processes"]], len(facts["lookalikes"])) == ([99999], 10)


def test_a_lookalike_in_a_users_own_mount_namespace_is_not_believed() -> None:
    process = debian().process(666, QEMU + " (deleted)", ARGV, 55, elf(OLD, b"QEMU emulator version 99.0.0\n"), uid=1000).only_process()
    assert (process["stale"], process["version"], process["reason"]) == (None, None, "its binary belongs to user 1000, not to root")


@pytest.mark.parametrize(("mounts", "stale"), [
    ({"/proc/4242/exe": 31, "/usr/bin": 31}, True),
    ({"/proc/4242/exe": 77, "/usr/bin": 31}, None),
    ({}, None),
])
def test_the_layers_of_an_overlay_are_one_file_system(mounts: dict[str, int], stale: bool | None) -> None:
    machine = debian().process(4242, QEMU + " (deleted)", ARGV, 55, elf(OLD), device=9)
    machine.recording["mount_id"] = mounts
    assert machine.only_process()["stale"] is stale


def test_without_privilege_the_names_are_seen_and_the_loss_is_said() -> None:
    machine = debian().process(4242, DENIED, ARGV, 55, elf(OLD)).process(12, DENIED, [], 0, b"")
    machine.recording.update(uid=1000)
    machine.recording["read"]["/proc/12/stat"] = "12 (kvm) S 2 " + "0 " * 17 + "5 0 0\n"
    process = machine.only_process()
    assert (process["pid"], process["component"], process["guest"], process["exe"]) == (4242, "qemu", "web1", None)
    assert (process["stale"], process["deleted"], process["version"]) == (None, None, None)
    assert process["reason"] == "its binary could not be examined (needs_root)"


def test_hidden_processes_are_not_taken_for_none() -> None:
    machine = debian()
    machine.recording.update(uid=1000)
    machine.recording["read"]["/proc/mounts"] = "proc /proc proc rw,hidepid=2 0 0\n"
    section = machine.scan()
    assert section.facts["processes"] is None and section.facts["machine_types"] is None
    assert {entry["reason"] for entry in section.nulls if "machine_type" in entry["fact"] or "processes" in entry["fact"]} == {"needs_root"}


class VanishingHost(RecordedHost):
    """The second look at a process finds another one: it ended, and its number was given away."""

    looks = 0

    def read(self, path: str, limit: int = 4 * 1024 * 1024) -> Answer:
        answer = super().read(path, limit)
        if path != "/proc/4242/stat":
            return answer
        self.looks += 1
        return answer if self.looks == 1 else Answer(answer.value.replace("5000000", "5000001"), None, "")


def test_a_process_that_ends_meanwhile_is_left_out() -> None:
    machine = debian().process(4242, QEMU, ARGV, 100, elf(NEW))
    section = Section("hypervisor")
    hypervisor_section.collect(VanishingHost(machine.recording), section, {})
    assert section.facts["processes"] == []
    del machine.recording["read"]["/proc/4242/stat"]
    assert machine.scan().facts["processes"] == []


def test_a_thousand_guests_cost_one_look_at_the_binary() -> None:
    machine = debian()
    for pid in range(1000, 2000):
        machine.process(pid, QEMU + " (deleted)", ARGV, 55, elf(OLD, b"QEMU emulator version 7.2.9\n"))
    host, section = WatchedHost(machine.recording), Section("hypervisor")
    hypervisor_section.collect(host, section, {})
    assert len(section.facts["processes"]) == 1000
    # The header, the version text and the installed file's header: everything else is a stat.
    assert len(host.bytes_read) == 3 + len(section.facts["components"])
    assert {process["version"] for process in section.facts["processes"]} == {"7.2.9"}


def test_only_numbers_in_proc_are_processes() -> None:
    machine = debian()
    for name in ("self", "thread-self", "\u00b2", "\u0663", "12a", "sys"):
        machine.recording["readlink"][f"/proc/{name}/exe"] = QEMU
    assert machine.scan().facts["processes"] == []


def test_a_flood_of_lookalikes_is_too_large_and_no_silent_cut() -> None:
    machine = debian()
    for pid in range(1, running_monitors.MONITORS_LIMIT + 2):
        machine.recording["readlink"][f"/proc/{pid}/exe"] = "/home/mallory/kvm"
    section = machine.scan()
    assert section.facts["processes"] is None
    assert {"fact": "hypervisor.processes", "reason": "too_large", "detail": "/proc"} in section.nulls


def test_an_empty_host_says_why_for_each_null() -> None:
    section = Section("hypervisor")
    hypervisor_section.collect(RecordedHost({}), section, {})
    assert section.facts["ladder"]["rung"] == "none"
    assert section.facts["is_host"] is None
    assert {entry["fact"]: entry["reason"] for entry in section.nulls} == {
        "hypervisor.is_host": "absent",
        "hypervisor.xen.version": "not_applicable", "hypervisor.components": "unsupported", "hypervisor.processes": "absent",
        "hypervisor.lookalikes": "absent",
        "hypervisor.machine_types": "absent", "hypervisor.deprecated_machine_types": "absent",
        "hypervisor.removed_machine_types": "absent", "hypervisor.xen.image_replaced": "not_applicable",
        "hypervisor.ladder.guest_kernel": "not_asked"}


@pytest.mark.parametrize(("run", "reason"), [
    ([20, "package qemu-kvm is not installed\n", "error: cannot open Packages database in /var/lib/rpm\n"], "tool_failed"),
    ([1, "", ""], "tool_failed"),
    ({"problem": "deadline", "detail": "rpm: no answer in 20 s"}, "deadline"),
])
def test_a_package_manager_that_fails_is_a_null_with_a_reason(run: Any, reason: str) -> None:
    machine = Machine().el9().file("/usr/libexec/qemu-kvm", 100, elf(NEW))
    machine.recording["run"][RPM] = run
    section = machine.scan()
    assert section.facts["components"] is None
    assert [entry["reason"] for entry in section.nulls if entry["fact"] == "hypervisor.components"] == [reason]


def test_a_dpkg_status_that_cannot_be_read_is_a_null_with_a_reason() -> None:
    machine = debian()
    machine.recording["stat"]["/var/lib/dpkg/status"] = ["file", 0o600, 0, 0, 1, 0.0, 0.0, 1, 9]
    machine.recording["read"]["/var/lib/dpkg/status"] = DENIED
    assert {"fact": "hypervisor.components", "reason": "needs_root", "detail": "/var/lib/dpkg/status: Permission denied"} in machine.scan().nulls


def test_a_host_without_a_monitor_asks_no_package_manager() -> None:
    for machine in (Machine().debian(), Machine().el9()):
        host, section = WatchedHost(machine.recording), Section("hypervisor")
        hypervisor_section.collect(host, section, {})
        assert section.facts["components"] == []
        assert not host.commands and not [asked for asked in host.asked if asked.startswith("/var/lib/dpkg/info")]


def test_a_program_where_packages_put_theirs_and_of_no_package_is_a_component() -> None:
    machine = debian()
    machine.recording["read"]["/var/lib/dpkg/status"] = "Package: bash\nStatus: install ok installed\nVersion: 5\n"
    found = machine.scan().facts["components"]
    assert {(row["name"], row["package"], row["path"]) for row in found} == {("qemu", None, "/usr/bin/qemu-system-x86_64")}


DEFINITION = "<domain type='kvm'><name>web &amp; db</name><os><type arch='x86_64' machine='pc-q35-5.2'>hvm</type></os></domain>"
STATE = """<domstatus state='running' reason='booted' pid='4242'>
  <domain type="kvm" id="1"><name>web &amp; db</name><os><type machine="pc-q35-8.2">hvm</type></os>
  <devices><hostdev mode="subsystem" type="pci"/></devices></domain></domstatus>"""


def test_libvirts_documents_are_read() -> None:
    machine = debian()
    machine.recording["read"]["/etc/libvirt/qemu/web.xml"] = DEFINITION
    machine.recording["read"]["/run/libvirt/qemu/web.xml"] = STATE
    machine.recording["read"]["/run/libvirt/qemu/lone.xml"] = STATE.replace("web &amp; db", "lone").replace("4242", "7").replace("hostdev", "disk")
    machine.recording["read"]["/etc/libvirt/qemu/note.txt"] = "<type machine='pc'>"
    machine.recording["read"]["/etc/libvirt/qemu/default.xml"] = "<network><name>default</name></network>"
    facts = machine.scan().facts
    assert facts["defined_machine_types"] == ["pc-q35-5.2", "pc-q35-8.2"]
    for guest in facts["guests"]:
        assert [guest.pop(name) for name in ("cpu_mode", "cpu_model", "cpu_flags", "nested", "started_at")] == [None, None, [], None, None]
    assert facts["guests"] == [
        {"name": "lone", "pid": 7, "persistent": False, "pinned_by": [], "machine_type": "pc-q35-8.2", "defined_machine_type": None,
         "saved_machine_type": None},
        {"name": "web & db", "pid": 4242, "persistent": True, "pinned_by": ["hostdev"], "machine_type": "pc-q35-8.2",
         "defined_machine_type": "pc-q35-5.2", "saved_machine_type": None}]


def test_a_document_that_cannot_be_read_is_a_null_with_a_reason() -> None:
    machine = debian()
    machine.recording["read"]["/run/libvirt/qemu/web.xml"] = {"problem": "needs_root", "detail": "Permission denied"}
    section = machine.scan()
    assert (section.facts["guests"], section.facts["defined_machine_types"]) == (None, None)
    assert [null["fact"] for null in section.nulls if null["reason"] == "needs_root"] == ["hypervisor.guests", "hypervisor.defined_machine_types"]


def test_xens_control_domain_is_a_host() -> None:
    machine = Machine()
    machine.recording["read"].update({
        "/sys/hypervisor/type": "xen\n", "/sys/hypervisor/version/major": "4\n", "/sys/hypervisor/version/minor": "17\n",
        "/sys/hypervisor/version/extra": ".3\n", "/proc/xen/capabilities": "control_d\n"})
    section = machine.scan()
    assert section.facts["xen"]["version"] == "4.17.3"
    assert (section.facts["is_host"], section.facts["is_guest"]) == (True, False)


def test_every_fact_is_declared() -> None:
    declared = {fact.path.split(".")[0].split("[")[0].split("{")[0] for fact in FACTS}
    process_keys = {fact.path.partition("[].")[2] for fact in FACTS if fact.path.startswith("processes[]")}
    section = debian().process(4242, QEMU, ARGV, 100, elf(NEW)).scan()
    assert set(section.facts) == declared
    assert set(section.facts["processes"][0]) == process_keys


VIRTIOFSD = "/usr/libexec/virtiofsd"


@pytest.mark.parametrize(("mounts", "stale", "reason"), [
    ({"/proc/7/exe": 31, "/usr/libexec": 31}, True, f"its binary {VIRTIOFSD} was replaced"),
    ({"/proc/7/exe": 77, "/usr/libexec": 31}, None, "it runs in a root file system of its own (a container)"),
    ({}, None, "it runs in a root file system of its own (a container)")])
def test_a_sandbox_that_a_process_gave_itself_is_no_container(mounts: dict[str, int], stale: bool | None, reason: str) -> None:
    """virtiofsd moves its root to the folder that it shares; what it runs is still the file on the host's own mount."""
    machine = Machine().el9().file(VIRTIOFSD, 100, elf(NEW))
    machine.recording["stat"]["/proc/7/root"] = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 1, 900]
    machine.recording["mount_id"] = mounts
    process = machine.process(7, VIRTIOFSD + " (deleted)", [VIRTIOFSD, "--fd=3"], 55, elf(OLD)).only_process()
    assert process["stale"] is stale
    assert process["reason"].startswith(reason)


@pytest.mark.parametrize(("digests", "data", "stale", "reason"), [
    (["ab", "ab"], b"static", False, "the file was replaced by the same content"),
    (["ab", "cd"], b"static", True, "its binary /usr/local/bin/firecracker was replaced: build unknown runs, build unknown is installed"),
    ([], b"static", None, "its binary /usr/local/bin/firecracker was replaced, and neither file says of which build it is"),
    ([], b"statix", True, "its binary /usr/local/bin/firecracker was replaced: build unknown runs, build unknown is installed")])
def test_files_without_a_build_are_compared_by_what_they_hold(digests: list[str], data: bytes, stale: bool | None, reason: str) -> None:
    path = "/usr/local/bin/firecracker"
    machine = debian().file(path, 300, b"static").process(9, path + " (deleted)", ["firecracker"], 400, data)
    machine.recording["sha256"] = dict(zip(("/proc/9/exe", path), digests, strict=False))
    process = machine.only_process()
    assert (process["stale"], process["reason"]) == (stale, reason)


@pytest.mark.parametrize(("argv", "machine_type", "in_effect"), [
    ([QEMU, "-name", "a"], None, "pc-i440fx-7.2"), ([QEMU, "-machine", "q35"], "q35", "pc-q35-7.2"),
    ([QEMU, "-readconfig", "/run/incus/a/qemu.conf"], "q35", "pc-q35-7.2"), ([QEMU, "-readconfig", "/home/x/qemu.conf"], None, "pc-i440fx-7.2")])
def test_the_machine_type_in_effect(argv: list[str], machine_type: str | None, in_effect: str) -> None:
    machine = debian()
    machine.recording["read"]["/run/incus/a/qemu.conf"] = '[machine]\n  type = "q35"\n'
    process = machine.process(4242, QEMU, argv, 100, elf(NEW)).only_process()
    assert (process["machine_type"], process["machine_type_in_effect"]) == (machine_type, in_effect)


def test_a_guest_that_the_installed_qemu_cannot_take() -> None:
    """pc-q35-5.0 runs on QEMU 7.2, 11.1 is installed, and another guest is defined or saved with a type that is gone as well."""
    machine = debian()
    machine.recording["read"]["/var/lib/dpkg/status"] = (FIXTURES / "dpkg_status.txt").read_text().replace(PACKAGE, "1:11.1.3+ds-1")
    machine.recording["read"]["/etc/libvirt/qemu/off1.xml"] = DEFINITION.replace("pc-q35-5.2", "pc-i440fx-2.12")
    machine.recording["stat"]["/var/lib/libvirt/qemu/save/web & db.save"] = ["file", 0o600, 0, 0, 9, 0.0, 0.0, 1, 77]
    head = b"LibvirtQemudSave" + b"\0" * 76 + DEFINITION.replace("pc-q35-5.2", "pc-q35-4.0").encode()
    machine.recording["read_bytes"]["/var/lib/libvirt/qemu/save/web & db.save@0+65536"] = base64.b64encode(head).decode()
    text = b"\0QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\n\0"
    machine.process(4242, QEMU + " (deleted)", [QEMU, "-machine", "pc-q35-5.0"], 55, elf(OLD, text))
    facts = machine.scan().facts
    assert facts["removed_machine_types"] == ["pc-i440fx-2.12", "pc-q35-4.0", "pc-q35-5.0"]
    assert facts["guests"][0]["saved_machine_type"] == "pc-q35-4.0"


@pytest.mark.parametrize(("ctime", "mtime", "birth", "replaced"), [
    (NOW - UPTIME - 10, 0.0, None, False), (NOW - 50, 0.0, NOW - 50, True), (NOW - 50, NOW - 50, None, True),
    # A link or an owner moves the inode's time alone; where nobody tells the birth, that may be all.
    (NOW - 50, 0.0, NOW - UPTIME - 10, False), (NOW - 50, 0.0, None, None),
])
def test_an_image_of_xen_that_was_written_since_the_boot(ctime: float, mtime: float, birth: float | None, replaced: bool | None) -> None:
    machine = debian()
    image = "/boot/xen-4.20-amd64.gz"
    machine.recording["read"]["/var/lib/dpkg/status"] = "Package: xen-hypervisor-4.20-amd64\nStatus: install ok installed\nVersion: 4.20.4-1\n"
    machine.recording["read"]["/var/lib/dpkg/info/xen-hypervisor-4.20-amd64.list"] = image + "\n"
    machine.recording["stat"]["/boot"] = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 1, 5]
    machine.file(image, 600, b"", ctime=ctime, mtime=mtime)
    machine.recording["run"][f"stat --dereference --format=%W {image}"] = [0, f"{int(birth)}\n" if birth else "-\n", ""]
    section = machine.scan()
    assert section.facts["xen"]["image_replaced"] is replaced


def test_kvm_of_software_is_told_by_its_module() -> None:
    machine = debian()
    machine.recording["read"]["/sys/module/kvm_pvm/parameters/x"] = "Y\n"
    assert machine.scan().facts["kvm"]["software"] is True
