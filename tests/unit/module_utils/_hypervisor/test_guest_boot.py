# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rung ``guest``: what is booted of a release, what is not, and what a console proves. The console is one of a real guest under KVM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import guest_boot, kvm
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import section as hypervisor_section
from recorded_host import RecordedHost

CONSOLE = (Path(__file__).parent / "fixtures" / "guest_console.txt").read_text()
ENDED = "said what was waited for"
TREE = "/opt/kata-3.32.0"
QEMU = f"{TREE}/bin/qemu-system-x86_64"
KERNEL = f"{TREE}/share/kata-containers/vmlinux-6.1.0-202"
NAMED = f"{TREE}/share/kata-containers/vmlinux.container"
FILE = ["file", 0o755, 0, 0, 9, 0.0, 0.0, 1, 5]
DIRECTORY = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 1, 2]
BOOT = guest_boot.Boot([QEMU], KERNEL, "6.1.0")


def release(**changes: Any) -> dict[str, Any]:
    """A host with a release in force, and with KVM."""
    recording: dict[str, Any] = {
        "uname": ["Linux", "h", "6.1.0", "", "x86_64"], "readlink": {"/opt/kata": TREE, NAMED: KERNEL},
        "read": {"/proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu svm\n"},
        "stat": {QEMU: FILE, KERNEL: FILE, kvm.REGISTERED: DIRECTORY, kvm.DEVICE: ["character", 0o660, 0, 104, 0, 0.0, 0.0, 5, 11]},
        "ioctl": {f"{kvm.DEVICE}@{kvm.GET_API_VERSION}+0": 12}, "create_vm": {kvm.DEVICE: 0}, "run_guest": {kvm.DEVICE: 0}}
    for question, answers in changes.items():
        recording[question] = {**recording[question], **answers} if isinstance(answers, dict) else answers
    return recording


def test_the_release_boots_its_own_kernel_with_its_own_monitor_and_kvm() -> None:
    boot = guest_boot.find(RecordedHost(release()), "/opt/kata")
    assert isinstance(boot, guest_boot.Boot)
    assert (boot.argv[0], boot.kernel, boot.pinned) == (QEMU, KERNEL, "6.1.0")
    line = " ".join(boot.argv)
    assert "-machine q35,accel=kvm -cpu host" in line and f"-kernel {KERNEL} -append console=ttyS0" in line
    assert "-L" not in boot.argv


def test_the_release_s_firmware_is_used_where_it_brings_one() -> None:
    data = f"{TREE}/share/kata-qemu/qemu"
    boot = guest_boot.find(RecordedHost(release(stat={data: DIRECTORY})), "/opt/kata")
    assert isinstance(boot, guest_boot.Boot) and boot.argv[1:3] == ["-L", data]


@pytest.mark.parametrize(("changes", "reason", "why"), [
    ({"uname": ["Linux", "h", "6.1.0", "", "aarch64"]}, "unsupported", "no machine to boot a guest kernel in is known for a host aarch64"),
    ({"stat": {QEMU: {"problem": "absent"}}, "realpath": {}}, "absent", f"{QEMU} is missing"),
    ({"readlink": {NAMED: f"{TREE}/share/kata-containers/vmlinux-none"}}, "unparsable", "does not say which version is pinned"),
    ({"stat": {QEMU: [*FILE[:1], 0o777, 0, *FILE[3:]]}}, "not_applicable", f"others than root may write {QEMU} (owner 0, mode 0777)"),
    ({"stat": {KERNEL: [*FILE[:1], 0o644, 1000, *FILE[3:]]}}, "not_applicable", f"others than root may write {KERNEL} (owner 1000, mode 0644)"),
    ({"stat": {f"{TREE}/bin": [*DIRECTORY[:1], 0o775, 0, *DIRECTORY[3:]]}}, "not_applicable",
     f"others than root may write {TREE}/bin (owner 0, mode 0775)"),
])
def test_what_is_not_booted(changes: dict[str, Any], reason: str, why: str) -> None:
    recording = release(**{key: value for key, value in changes.items() if key != "realpath"})
    recording["stat"].setdefault(f"{TREE}/share/kata-containers/vmlinux-none", FILE)
    if "realpath" in changes:
        recording["realpath"] = {QEMU: {"problem": "absent", "detail": QEMU}}
    missing = guest_boot.find(RecordedHost(recording), "/opt/kata")
    assert isinstance(missing, guest_boot.Missing) and missing.reason == reason and why in missing.detail


def test_without_a_release_the_reason_names_it() -> None:
    assert guest_boot.find(RecordedHost({}), "/opt/kata") == guest_boot.Missing("absent", "/opt/kata: absent (/opt/kata)")


@pytest.mark.parametrize(("said", "ended", "outcome"), [
    (CONSOLE, ENDED, ("6.1.0-56-cloud-amd64", "")),
    (CONSOLE.replace("\n", "\r\n"), ENDED, ("6.1.0-56-cloud-amd64", "")),
    (CONSOLE.replace("ok\n", "o"), ENDED, ("6.1.0-56-cloud-amd64", "")),
    (CONSOLE.replace("6.1.0-56", "6.1.01-56"), ENDED, ("6.1.01-56-cloud-amd64",
     f"the guest kernel that came up is 6.1.01-56-cloud-amd64, {KERNEL} pins 6.1.0")),
    (CONSOLE.partition("[    9.98")[0], "no end in 60 s", ("6.1.0-56-cloud-amd64",
     f"{KERNEL} did not come up: no end in 60 s; its last line: evm: HMAC attrs: 0x1")),
    ("Could not access KVM kernel module: No such file or directory\n", "ended with status 1", (None,
     f"{KERNEL} did not say its version: ended with status 1; its last line: Could not access KVM kernel module: No such file or directory")),
    ("", "no end in 60 s", (None, f"{KERNEL} did not say its version: no end in 60 s")),
    ("Kernel panic - not syncing: VFS: Unable to mount root fs", ENDED, (None,
     f"{KERNEL} did not say its version: {ENDED}; its last line: Kernel panic - not syncing: VFS: Unable to mount root fs")),
])
def test_what_a_console_proves(said: str, ended: str, outcome: tuple[str | None, str]) -> None:
    assert guest_boot.judge(BOOT, said, ended) == outcome


def scan(recording: dict[str, Any], probe: str) -> Section:
    section = Section("hypervisor")
    hypervisor_section.collect(RecordedHost(recording), section, {"hypervisor_probe": probe})
    return section


def command() -> str:
    boot = guest_boot.find(RecordedHost(release()), "/opt/kata")
    assert isinstance(boot, guest_boot.Boot)
    return " ".join(boot.argv)


def test_the_record_has_the_rung_and_the_version_with_the_command_as_evidence() -> None:
    section = scan({**release(), "overhear": {command(): [CONSOLE, ENDED]}}, "guest")
    assert section.facts["ladder"] == {"asked": "guest", "guest_kernel": "6.1.0-56-cloud-amd64", "rung": "guest", "failed": ""}
    assert section.evidence["hypervisor.ladder.guest_kernel"] == command()


@pytest.mark.parametrize(("recording", "rung", "reason", "why"), [
    ({**release(), "overhear": {command(): ["", "no end in 60 s"]}}, "vcpu", "tool_failed", "did not say its version: no end in 60 s"),
    ({**release(), "overhear": {}}, "vcpu", "tool_failed", f"{QEMU}: absent"),
    (release(readlink={"/opt/kata": {"problem": "absent", "detail": "gone"}}), "vcpu", "absent", "/opt/kata: absent"),
    (release(ioctl={f"{kvm.DEVICE}@{kvm.GET_API_VERSION}+0": 11}), "flags", "not_applicable", "/dev/kvm speaks version 11"),
])
def test_a_rung_that_is_not_reached_is_null_with_its_reason(recording: dict[str, Any], rung: str, reason: str, why: str) -> None:
    section = scan(recording, "guest")
    ladder = section.facts["ladder"]
    assert (ladder["rung"], ladder["guest_kernel"]) == (rung, None)
    assert why in ladder["failed"]
    null, = (entry for entry in section.nulls if entry["fact"] == "hypervisor.ladder.guest_kernel")
    assert null["reason"] == reason and null["detail"] == ladder["failed"]


@pytest.mark.parametrize("probe", ["device", "vm", "vcpu"])
def test_nothing_is_booted_unless_it_is_asked_for(probe: str) -> None:
    class NoGuest(RecordedHost):
        def overhear(self, *arguments: Any, **named: Any) -> Any:
            raise AssertionError("a guest was started")

    section = Section("hypervisor")
    hypervisor_section.collect(NoGuest(release()), section, {"hypervisor_probe": probe})
    assert section.facts["ladder"]["rung"] == probe
