# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a host that does everything right, for tests that then break one thing at a time."""

from __future__ import annotations

import copy
from datetime import datetime, timezone
from typing import Any

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=timezone.utc)

_GOLDEN: dict[str, Any] = {
    "schema": "firebreak.record/1",
    "scanned_at": "2026-11-24T05:59:58Z",
    "os": {"id": "debian", "version_id": "13", "version_codename": "trixie", "family": "debian", "architecture": "x86_64",
           "image_based": False, "image_tool": "none", "container": "none", "support_end": None,
           "image": {"booted": None, "reference": None, "version": None, "next": None},
           "altered_files": [], "shadowed_programs": []},
    "boot": {"uptime_seconds": 86400 * 3, "cmdline": "root=/dev/vda1 ro quiet", "reboot_required": False, "signals": [],
             "kexec_loaded": False, "secure_boot": True,
             "trust": {"mode": "enforced", "next_boot": "allowed", "next_boot_stage": None, "next_boot_outcome": None,
                       "next_boot_reason": "signed by debian_secure_boot_ca", "entry": {"name": "Boot0001"},
                       "certificates": [{"name": "microsoft_uefi_ca_2023", "sha256": "f6" * 32, "not_after": "2038-06-13"}],
                       "sbat_level": "2025021800 shim,4 grub,5", "ready_for_2023_shim": True, "survives_2011_revocation": True, "pending": [],
                       "kernels": [], "fallbacks": [], "components": [], "revoked_components": [], "modules_refused": [], "pk_test_key": False}},
    "kernel": {
        "version_order": "dpkg",
        "running": {"release": "6.12.57-amd64", "flavour": "amd64", "package": "linux-image-6.12.57-amd64", "package_version": "6.12.57-1"},
        "installed": [{"release": "6.12.57-amd64", "flavour": "amd64", "package": "linux-image-6.12.57-amd64",
                       "package_version": "6.12.57-1", "image_present": True, "image_altered": False, "complete": True, "initrd_missing": False}],
        "stray_images": [],
        "modules": [],
        "newest_installed": {"release": "6.12.57-amd64", "package_version": "6.12.57-1"},
        "default_boot": {"release": "6.12.57-amd64", "package_version": "6.12.57-1", "entry": "0", "loader": "grub", "how": "GRUB_DEFAULT=0"},
        "one_shot": {"set": False, "entry": None, "release": None},
        "available": {"release": "6.12.57-amd64", "package_version": "6.12.57-1", "cache_age_seconds": 3600, "held": [], "hidden": []},
        "managers": [{"name": "unattended-upgrades", "active": True, "detail": ""}],
    },
    "cpu": {
        "vulnerabilities": {
            "meltdown": {"raw": "Not affected", "state": "not_affected", "host": "not_affected", "guest_to_host": "not_applicable",
                         "smt": "not_applicable"},
            "mds": {"raw": "Mitigation: Clear CPU buffers; SMT disabled", "state": "mitigated", "host": "mitigated", "guest_to_host": "mitigated",
                    "smt": "mitigated"}},
        "smt": {"control": "off", "active": False},
        "microcode": {"revisions": ["0x2b000643"], "consistent": True},
        "mitigation_options": [],
    },
    "hypervisor": {
        "is_host": True, "is_guest": False, "under": "none", "ladder": {"rung": "device", "asked": "device", "failed": None},
        "kvm": {"loaded": True, "modules": ["kvm", "kvm_intel"], "parameters": {"kvm_intel.nested": "N", "kvm.nx_huge_pages": "auto"}},
        "components": [{"name": "qemu", "package": "qemu-system-x86", "version": "1:10.0.2+ds-2", "path": "/usr/bin/qemu-system-x86_64"}],
        "processes": [{"pid": 812, "component": "qemu", "exe": "/usr/bin/qemu-system-x86_64", "deleted": False, "stale": False,
                       "version": "1:10.0.2+ds-2", "guest": "web1", "machine_type": "pc-q35-10.0"}],
        "machine_types": ["pc-q35-10.0"], "deprecated_machine_types": [],
        "guest_trust": [{"path": "/var/lib/libvirt/qemu/nvram/web1_VARS.fd", "guest": "web1", "mode": "enforced", "ready_for_2023_shim": True}],
    },
    "containers": {
        "engines": [{"name": "containerd", "path": "/usr/bin/containerd", "package": "containerd", "version": "1.7.24~ds1-6+deb13u1",
                     "running": True, "pid": 700, "started_at": "2026-11-21T06:00:00Z", "stale": False, "reason": ""}],
        "items": [{"id": "c1", "engine": "containerd", "namespace": "k8s.io", "sandbox": "p1", "is_pod": False, "name": "shop/web",
                   "image": "registry.example.org/shop/web:1", "runtime": "kata", "shim": "/opt/kata-4.1.0/bin/containerd-shim-kata-v2",
                   "isolation": "kata", "reason": "", "pid": None, "nested": False, "privileged": False, "host_pid": False,
                   "host_network": False, "user": 0, "started_at": "2026-11-22T06:00:00Z"}],
        "unlisted": 0, "counts": {"host_kernel": 0, "sandboxed": 1, "unknown": 0, "privileged": 0, "host_pid": 0, "nested": 0, "unexplained": 0},
        "unexplained": [], "nested_shims": 0,
    },
    "kata": {
        "installed": True, "origin": "release", "version": "4.1.0", "tree": "/opt/kata-4.1.0", "flavours": ["go"],
        "trees": [{"path": "/opt/kata-4.1.0", "version": "4.1.0", "in_force": True, "made_by": "firebreak"}], "other_installers": [],
        "components": [],
        "handlers": [{"engine": "containerd", "name": "kata", "shim": "/opt/kata/bin/containerd-shim-kata-v2", "config": None,
                      "source": "/etc/containerd/conf.d/50-kata.toml", "dead": "", "loaded": True}],
        "configurations": [{"path": "/opt/kata/c.toml", "file": "/opt/kata-4.1.0/c.toml", "handlers": ["containerd/kata"], "dialect": "go",
                            "monitor": "qemu", "drop_ins": ["/opt/kata-4.1.0/config.d/50-firebreak-hardening.toml"], "strays": [],
                            "unknown_keys": [], "settings": {}, "unmet": {"baseline": [], "strict": [], "confidential": []}, "problem": ""}],
        "orphans": [], "leftovers": [],
        "sandboxes": [{"id": "p1", "namespace": "k8s.io", "version": "4.1.0", "shim": "/opt/kata-4.1.0/bin/containerd-shim-kata-v2", "shim_pid": 900,
                       "vmm": "/opt/kata-4.1.0/bin/qemu-system-x86_64", "vmm_pid": 901, "vmm_name": "qemu", "virtiofsd": None,
                       "virtiofsd_pid": None, "guest_kernel": "6.18.35-202", "guest_image": None, "started_at": "2026-11-22T06:00:00Z",
                       "stale": False, "reasons": []}],
    },
    "services": {"stale": [], "unread": [], "examined": 120, "in_containers": 0,
                 "active": ["chrony.service", "ssh.service"], "failed": [], "masked": []},
    "evidence": {"kernel.running.release": "/proc/sys/kernel/osrelease", "kernel.running": "/proc/version", "boot.cmdline": "/proc/cmdline"},
    "nulls": [],
}


def golden(changes: dict[str, Any] | None = None, nulls: dict[str, str] | None = None) -> dict[str, Any]:
    """A copy of the golden record with values changed by dotted path, and facts made null with a reason."""
    record = copy.deepcopy(_GOLDEN)
    for path, value in (changes or {}).items():
        _put(record, path, value)
    for path, reason in (nulls or {}).items():
        _put(record, path, None)
        record["nulls"].append({"fact": path, "reason": reason, "detail": "a detail"})
    return record


def _put(record: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    place = record
    for name in parents:
        place = place[name]
    place[last] = value
