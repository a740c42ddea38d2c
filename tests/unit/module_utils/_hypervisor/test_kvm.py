# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""KVM's ladder and parameters on recorded hosts: which rung is reached, why not the next, and that nothing is opened too early."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import kvm
from recorded_host import RecordedHost

DIRECTORY = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 21, 7]
NODE = ["character", 0o660, 0, 104, 0, 0.0, 0.0, 5, 11]
API = f"{kvm.DEVICE}@{kvm.GET_API_VERSION}+0"
DENIED = {"problem": "needs_root", "detail": "Permission denied"}
READY: dict[str, Any] = {
    "stat": {kvm.REGISTERED: DIRECTORY, kvm.DEVICE: NODE}, "ioctl": {API: 12}, "create_vm": {kvm.DEVICE: 0}, "run_guest": {kvm.DEVICE: 0}}


class WatchedHost(RecordedHost):
    """A recorded host that counts how often a device is opened."""

    opened = 0

    def ioctl(self, *arguments: Any) -> Any:
        self.opened += 1
        return super().ioctl(*arguments)

    def create_vm(self, *arguments: Any) -> Any:
        self.opened += 1
        return super().create_vm(*arguments)


@pytest.mark.parametrize(("recording", "flags", "asked", "expected"), [
    (READY, ["vmx"], "device", ("device", "device", "")),
    (READY, [], "device", ("device", "device", "")),
    (READY, ["svm"], "vm", ("vm", "vm", "")),
    (READY, ["svm"], "vcpu", ("vcpu", "vcpu", "")),
    (READY, ["svm"], "guest", ("vcpu", "guest", "")),
    ({**READY, "run_guest": {kvm.DEVICE: {"problem": "unreadable", "detail": "Exec format error"}}}, ["vmx"], "vcpu",
     ("vm", "vcpu", "/dev/kvm: running a virtual processor: unreadable (Exec format error)")),
    ({}, [], "device", ("none", "device", "no driver serves /dev/kvm (/sys/class/misc/kvm is missing); the processor shows none of vmx, svm, sie")),
    ({}, ["sie"], "vm", ("flags", "vm", "no driver serves /dev/kvm (/sys/class/misc/kvm is missing)")),
    ({**READY, "stat": {kvm.REGISTERED: DIRECTORY}}, ["vmx"], "device", ("flags", "device", "/dev/kvm: absent (No such file or directory)")),
    ({**READY, "stat": {kvm.REGISTERED: DIRECTORY, kvm.DEVICE: DIRECTORY}}, ["vmx"], "device",
     ("flags", "device", "/dev/kvm is a directory, not a character device")),
    ({**READY, "ioctl": {API: DENIED}}, ["vmx"], "device", ("flags", "device", "/dev/kvm: needs_root (Permission denied)")),
    ({**READY, "ioctl": {API: 11}}, ["vmx"], "device", ("flags", "device", "/dev/kvm speaks version 11, wanted 12")),
    ({**READY, "create_vm": {kvm.DEVICE: {"problem": "unreadable", "detail": "Device or resource busy"}}}, ["vmx"], "vm",
     ("device", "vm", "/dev/kvm: creating a virtual machine: unreadable (Device or resource busy)")),
])
def test_each_rung(recording: dict[str, Any], flags: list[str], asked: str, expected: tuple[str, str, str]) -> None:
    assert kvm.climb(RecordedHost(recording), flags, asked) == expected


def test_a_node_without_a_driver_is_never_opened() -> None:
    """Opening a static device node makes the kernel load its module: a scan must not."""
    host = WatchedHost({**READY, "stat": {kvm.DEVICE: NODE}})
    assert kvm.climb(host, ["vmx"], "vm").rung == "flags"
    assert host.opened == 0


def test_a_machine_is_made_only_when_asked_for() -> None:
    host = WatchedHost(READY)
    assert kvm.climb(host, ["vmx"], "device").rung == "device"
    assert host.opened == 1


def test_parameters_of_every_module_of_kvm() -> None:
    host = RecordedHost({
        "listdir": {"/sys/module": ["ext4", "kvm", "kvm_amd", "kvmfr"]},
        "read": {
            "/sys/module/kvm/parameters/nx_huge_pages": "Y\n",
            "/sys/module/kvm_amd/parameters/nested": "1\n",
            "/sys/module/kvm_amd/parameters/sev": DENIED}})
    names = kvm.modules(host)
    assert names == ["kvm", "kvm_amd"]
    assert kvm.parameters(host, names) == ({"kvm.nx_huge_pages": "Y", "kvm_amd.nested": "1"}, ["kvm_amd.sev"])


def test_a_host_without_kvm() -> None:
    assert kvm.modules(RecordedHost({})) == []
    assert kvm.parameters(RecordedHost({}), []) == ({}, [])
