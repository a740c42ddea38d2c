# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules from outside of the kernel's tree: what is loaded, what lies on disk, and what the next boot's kernel has."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel import modules
from recorded_host import RecordedHost

RUNS, NEXT = "6.1.0-28-amd64", "6.1.0-31-amd64"
# Of a host with ZFS and NVIDIA's driver (flags POE), and one that is signed and of the tree.
LOADED = """zfs 6000640 12 - Live 0x0000000000000000 (POE)
spl 135168 1 zfs, Live 0x0000000000000000 (OE)
nvidia_drm 94208 4 - Live 0x0000000000000000 (POE)
ext4 1003520 1 - Live 0x0000000000000000
kvm 1142784 0 - Live 0x0000000000000000 (E)
going 16384 0 - Unloading 0x0000000000000000 (O-)
proc_version_2 16384 1 - Live 0x0000000000000000 (OEK)
"""
DEP = "updates/dkms/zfs.ko.xz: updates/dkms/spl.ko.xz\nupdates/dkms/nvidia-drm.ko: updates/dkms/nvidia.ko\nkernel/fs/ext4/ext4.ko:\n"


def _host(dep: str | None, **answers: Any) -> RecordedHost:
    read = {"/proc/modules": LOADED.replace("going 16384 0 - Unloading 0x0000000000000000 (O-)\n", ""),
            "/sys/module/zfs/version": "2.1.11-1\n", "/sys/module/zfs/srcversion": "AAA\n",
            "/sys/module/nvidia_drm/version": "525.147.05\n", "/sys/module/nvidia_drm/srcversion": "BBB\n"}
    if dep is not None:
        read[f"/lib/modules/{NEXT}/modules.dep"] = dep
    said = {f"modinfo -k {RUNS} -F version zfs": "2.1.11-1\n", f"modinfo -k {RUNS} -F srcversion zfs": "AAA\n",
            f"modinfo -k {RUNS} -F version nvidia_drm": "535.216.01\n", f"modinfo -k {RUNS} -F srcversion nvidia_drm": "CCC\n",
            f"modinfo -k {RUNS} -F version spl": [1, "", "modinfo: ERROR: Module spl not found.\n"]}
    return RecordedHost({"uname": ["Linux", "h", RUNS, "#1", "x86_64"], "read": {**read, **answers}, "run": said})


def _rows(host: RecordedHost, following: str | None) -> dict[str, dict[str, Any]]:
    section = Section("kernel")
    modules.put_modules(host, section, following)
    return {row["name"]: row for row in section.facts["modules"]}


def test_only_modules_from_outside_of_the_tree_are_named() -> None:
    assert modules.from_outside(LOADED) == ["going", "nvidia_drm", "spl", "zfs"]


def test_what_is_loaded_is_held_against_the_disk_and_the_next_boot() -> None:
    rows = _rows(_host(DEP), NEXT)
    assert rows["zfs"] == {"name": "zfs", "version": "2.1.11-1", "on_disk_version": "2.1.11-1", "replaced": False, "in_next_boot": True}
    assert rows["nvidia_drm"] == {
        "name": "nvidia_drm", "version": "525.147.05", "on_disk_version": "535.216.01", "replaced": True, "in_next_boot": True}
    assert rows["spl"]["replaced"] is None


@pytest.mark.parametrize(("dep", "following", "there"), [("kernel/fs/ext4/ext4.ko:\n", NEXT, False), (None, NEXT, None), (DEP, None, None)])
def test_a_module_that_the_next_kernel_lacks(dep: str | None, following: str | None, there: bool | None) -> None:
    """openzfs/zfs#3801: the new kernel was installed, and DKMS built nothing for it."""
    assert _rows(_host(dep), following)["zfs"]["in_next_boot"] is there


@pytest.mark.parametrize("reason", ["needs_root", "unreadable", "absent"])
def test_a_list_that_cannot_be_read_is_a_reason(reason: str) -> None:
    section = Section("kernel")
    modules.put_modules(_host(DEP, **{"/proc/modules": {"problem": reason, "detail": "x"}}), section, NEXT)
    assert [null["reason"] for null in section.nulls] == [reason]


def test_a_kernel_without_modules_has_none_from_outside() -> None:
    assert _rows(RecordedHost({"listdir": {"/proc": ["1", "cmdline"]}}), NEXT) == {}
