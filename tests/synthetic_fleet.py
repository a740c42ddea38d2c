# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A realistic fleet of N host documents, the same for every run: for the report's tests, its pictures and the benchmarks.

``python tests/synthetic_fleet.py DIRECTORY N`` writes ``DIRECTORY/records/<host>.json`` and ``DIRECTORY/standards/<sha256>.json``.
Host ``i`` is the same in a fleet of any size. Most hosts are on one platform, some lag behind, a few are old, odd or silent.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "collections"))

from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.fleet import Fleet, Loaded, merge
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.evaluate import evaluate
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import Effective, effective
from synthetic_patching import live_patch, services

Document = dict[str, Any]

SCANNED_AT = datetime(2026, 11, 20, 6, 0, 0, tzinfo=timezone.utc)


class Kernel(NamedTuple):
    """One kernel a platform has shipped: what uname -r says, the package and its full version."""

    release: str
    package: str
    version: str


class Platform(NamedTuple):
    """One operating system release: os-release facts, its kernels from old to new, and its hypervisor packages."""

    weight: int
    id: str
    version_id: str
    codename: str
    name: str
    family: str
    flavour: str
    loader: str
    support_end: str | None
    qemu: tuple[str, ...]
    kernels: tuple[Kernel, ...]


def _debian(*pairs: tuple[str, str]) -> tuple[Kernel, ...]:
    return tuple(Kernel(f"{abi}-amd64", f"linux-image-{abi}-amd64", version) for abi, version in pairs)


def _ubuntu(*pairs: tuple[str, str]) -> tuple[Kernel, ...]:
    return tuple(Kernel(f"{abi}-generic", f"linux-image-{abi}-generic", version) for abi, version in pairs)


def _rpm(package: str, *versions: str) -> tuple[Kernel, ...]:
    return tuple(Kernel(f"{version}.x86_64", package, version) for version in versions)


DEBIAN_12 = Platform(
    150, "debian", "12", "bookworm", "Debian GNU/Linux", "debian", "amd64", "grub", "2028-06-30",
    ("1:7.2+dfsg-7+deb12u12", "1:7.2+dfsg-7+deb12u15", "1:7.2+dfsg-7+deb12u16"),
    _debian(("6.1.0-37", "6.1.140-1"), ("6.1.0-38", "6.1.147-1"), ("6.1.0-39", "6.1.148-1"), ("6.1.0-40", "6.1.153-1"), ("6.1.0-41", "6.1.158-1")))

PLATFORMS = (
    DEBIAN_12,
    Platform(11, "debian", "13", "trixie", "Debian GNU/Linux", "debian", "amd64", "grub", "2030-06-30",
             ("1:10.0.3+ds-0+deb13u1", "1:10.0.6+ds-0+deb13u2"),
             _debian(("6.12.48+deb13", "6.12.48-1"), ("6.12.57+deb13", "6.12.57-1"))),
    Platform(4, "debian", "11", "bullseye", "Debian GNU/Linux", "debian", "amd64", "grub", "2026-08-31",
             ("1:5.2+dfsg-11+deb11u3",), _debian(("5.10.0-34", "5.10.234-1"), ("5.10.0-36", "5.10.244-1"))),
    Platform(7, "ubuntu", "22.04", "jammy", "Ubuntu", "debian", "generic", "grub", "2027-06-01",
             ("1:6.2+dfsg-2ubuntu6.26", "1:6.2+dfsg-2ubuntu6.27"),
             _ubuntu(("5.15.0-151", "5.15.0-151.161"), ("5.15.0-160", "5.15.0-160.170"))),
    Platform(5, "ubuntu", "24.04", "noble", "Ubuntu", "debian", "generic", "grub", "2029-05-31",
             ("1:8.2.2+ds-0ubuntu1.10",), _ubuntu(("6.8.0-79", "6.8.0-79.79"), ("6.8.0-86", "6.8.0-86.87"))),
    Platform(4, "almalinux", "9.6", "", "AlmaLinux", "redhat", "", "grub-bls", "2032-06-01",
             ("17:9.1.0-15.el9_6.9",), _rpm("kernel-core", "5.14.0-570.12.1.el9_6", "5.14.0-570.55.1.el9_6")),
    Platform(2, "rhel", "8.10", "", "Red Hat Enterprise Linux", "redhat", "", "grub-bls", "2029-05-31",
             ("15:6.2.0-53.module+el8.10",), _rpm("kernel-core", "4.18.0-553.70.1.el8_10", "4.18.0-553.80.1.el8_10")),
    Platform(1, "sles", "15.6", "", "SLES", "suse", "default", "grub", "2027-12-31",
             ("8.2.10-150600.3.40.1",),
             (Kernel("6.4.0-150600.23.65-default", "kernel-default", "6.4.0-150600.23.65.1"),
              Kernel("6.4.0-150600.23.73-default", "kernel-default", "6.4.0-150600.23.73.1"))),
)

ROLES = ("hv", "hv", "hv", "k8s", "k8s", "web", "db", "ci")
SITES = ("fra1", "ams2", "iad3", "sin4")
CPUS = (
    ("AuthenticAMD", "AMD EPYC 9354 32-Core Processor", 64, "0xa101154"),
    ("AuthenticAMD", "AMD EPYC 7543 32-Core Processor", 64, "0xa0011de"),
    ("GenuineIntel", "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz", 64, "0xd000404"),
    ("GenuineIntel", "Intel(R) Xeon(R) E-2288G CPU @ 3.70GHz", 16, "0x100"),
)
CPU_WEIGHTS = (40, 30, 24, 6)

STANDARD: Document = {
    "name": "platform-2026.11",
    "os": {"id": "debian", "version_id": "12", "end_of_support": "forbidden", "support": "extended"},
    "kernel": {"running": DEBIAN_12.kernels[-1].release, "running_version": {"minimum": DEBIAN_12.kernels[-1].version},
               "default_boot": {"rule": "newest_installed"}, "reboot_pending": "forbidden"},
    "live_patch": {"protection": {"any_of": ["protected", "not_applicable"]}},
    "services": {"stale": "forbidden", "stale_until_reboot": "forbidden"},
    "cpu": {"vulnerabilities": {"all": "mitigated"}, "microcode_mixed": "forbidden"},
    "hypervisor": {"qemu": {"running": {"rule": "installed"}}},
    "containers": {"shared_kernel": {"maximum": 4}, "privileged": "forbidden"},
    "kata": {"version": {"minimum": "3.31.0"}, "stale_sandboxes": "forbidden"},
}

WAIVERS = [{"finding": "os.release", "owner": "platform@example.net", "reason": "moves to the standard in wave 7", "expires": "2026-12-31"}]

GENERATED_AT = "2026-11-20T06:04:00Z"
EFFECTIVE = effective({"firebreak_standard": STANDARD})
WAIVED = effective({"firebreak_standard": STANDARD, "firebreak_waivers": WAIVERS})


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class _Host:
    """The choices made for one host of the fleet, all drawn from its own seeded source."""

    def __init__(self, index: int, seed: int) -> None:
        self.index = index
        self.rng = random.Random(f"{seed}/{index}")
        self.patching = random.Random(f"{seed}/{index}/patching")
        self.machine_id = self.hex(32)
        self.role = self.rng.choice(ROLES)
        self.name = f"{self.role}-{SITES[index % len(SITES)]}-{index + 1:05d}.example.net"
        self.platform = self.rng.choices(PLATFORMS, weights=[platform.weight for platform in PLATFORMS])[0]
        self.cpu = self.rng.choices(CPUS, weights=CPU_WEIGHTS)[0]
        newest = len(self.platform.kernels) - 1
        self.lag = self.rng.choices((0, 1, 2, 3), weights=(84, 10, 4, 2))[0]
        self.running = max(newest - self.lag, 0)
        self.installed_newest = max(newest - (1 if self.rng.random() < 0.03 else 0), self.running)
        self.stuck_default = self.rng.random() < 0.02 and self.running < self.installed_newest
        self.is_hypervisor = self.role == "hv"
        self.stale_qemu = self.is_hypervisor and len(self.platform.qemu) > 1 and self.rng.random() < 0.08
        self.vulnerable_mds = self.cpu[1].startswith("Intel(R) Xeon(R) E-") and self.rng.random() < 0.4
        self.uptime_days = self.rng.randint(1, 40) + 70 * min(self.lag, 3)

    def hex(self, digits: int) -> str:
        return f"{self.rng.getrandbits(4 * digits):0{digits}x}"


def _os_facts(host: _Host) -> Document:
    platform = host.platform
    version = f"{platform.version_id} ({platform.codename})" if platform.codename else platform.version_id
    return {
        "id": platform.id,
        "id_like": {"ubuntu": ["debian"], "almalinux": ["rhel", "centos", "fedora"], "rhel": ["fedora"], "sles": ["suse"]}.get(platform.id, []),
        "version_id": platform.version_id, "version_codename": platform.codename or None, "name": platform.name,
        "pretty_name": f"{platform.name} {version}", "family": platform.family, "architecture": "x86_64",
        "machine_id": host.machine_id, "hostname": host.name.split(".")[0], "container": "none",
        "image_based": False, "image_tool": "none", "support_end": platform.support_end,
    }


def _reboot_signals(host: _Host) -> list[Document]:
    waits = host.running < host.installed_newest
    source = "/run/reboot-required" if host.platform.family == "debian" else "needs-restarting -r"
    package = host.platform.kernels[host.installed_newest].package
    return [{"source": source, "required": waits, "packages": [package] if waits else [], "detail": "newer kernel installed" if waits else ""}]


def _boot_facts(host: _Host, now: datetime) -> Document:
    booted = now - timedelta(days=host.uptime_days, seconds=host.rng.randint(0, 86399))
    boot_id = host.hex(32)
    kernel = host.platform.kernels[host.running]
    return {
        "boot_id": "-".join((boot_id[:8], boot_id[8:12], boot_id[12:16], boot_id[16:20], boot_id[20:])),
        "booted_at": _iso(booted), "uptime_seconds": int((now - booted).total_seconds()),
        "cmdline": f"BOOT_IMAGE=/boot/vmlinuz-{kernel.release} root=UUID={host.hex(8)}-0001-4000-8000-{host.hex(12)} ro quiet",
        "reboot_required": host.running < host.installed_newest, "signals": _reboot_signals(host),
        "kexec_loaded": False, "secure_boot": host.rng.random() < 0.6,
    }


def _kernel_item(kernel: Kernel, flavour: str) -> Document:
    return {"release": kernel.release, "flavour": flavour, "package": kernel.package, "package_version": kernel.version}


def _kernel_facts(host: _Host) -> Document:
    platform, kernels = host.platform, host.platform.kernels
    newest, default = kernels[host.installed_newest], kernels[host.running if host.stuck_default else host.installed_newest]
    distribution = "Debian" if platform.id == "debian" else platform.name
    source = "linux" if platform.family == "debian" else None
    installed = [{**_kernel_item(kernel, platform.flavour), "source": source, "image": f"/boot/vmlinuz-{kernel.release}", "image_present": True}
                 for kernel in kernels[max(0, host.running - 1):host.installed_newest + 1]]
    version = f"#1 SMP PREEMPT_DYNAMIC {distribution} {kernels[host.running].version} (2026-10-30)"
    return {
        "running": {**_kernel_item(kernels[host.running], platform.flavour), "version": version},
        "installed": installed,
        "newest_installed": {"release": newest.release, "package_version": newest.version},
        "default_boot": {"release": default.release, "package_version": default.version, "entry": f"{platform.name}, with Linux {default.release}",
                         "loader": platform.loader, "how": "GRUB_DEFAULT=0" if platform.loader == "grub" else "saved_entry"},
        "one_shot": {"set": False, "entry": None, "release": None},
        "available": {**{key: value for key, value in _kernel_item(kernels[-1], "").items() if key != "flavour"},
                      "repository": f"{platform.codename or platform.id}-security/main", "cache_age_seconds": host.rng.randint(600, 80000),
                      "held": [], "phased": False, "hidden": []},
        "managers": [{"name": "unattended-upgrades", "active": True, "detail": "security"}] if platform.family == "debian" else [],
        "version_order": "dpkg" if platform.family == "debian" else "rpm",
    }


_NOT_AFFECTED = ("gather_data_sampling", "ghostwrite", "indirect_target_selection", "itlb_multihit", "l1tf", "meltdown", "mmio_stale_data",
                 "old_microcode", "reg_file_data_sampling", "retbleed", "spec_rstack_overflow", "srbds", "tsa", "tsx_async_abort", "vmscape")


def _weakness(raw: str, state: str, smt: str = "not_applicable") -> Document:
    return {"raw": raw, "state": state, "host": state, "guest_to_host": state, "smt": smt}


def _cpu_facts(host: _Host) -> Document:
    vendor, model, logical, revision = host.cpu
    weaknesses = {name: _weakness("Not affected", "not_affected") for name in _NOT_AFFECTED}
    weaknesses["spectre_v1"] = _weakness("Mitigation: usercopy/swapgs barriers and __user pointer sanitization", "mitigated")
    weaknesses["spectre_v2"] = _weakness("Mitigation: Enhanced / Automatic IBRS; IBPB: conditional; RSB filling", "mitigated")
    weaknesses["spec_store_bypass"] = _weakness("Mitigation: Speculative Store Bypass disabled via prctl", "mitigated")
    weaknesses["mds"] = _weakness("Not affected", "not_affected")
    if host.vulnerable_mds:
        weaknesses["mds"] = _weakness("Vulnerable: Clear CPU buffers attempted, no microcode; SMT vulnerable", "vulnerable", "vulnerable")
    return {
        "vendor": vendor, "model": model, "logical_cpus": logical, "vulnerabilities": dict(sorted(weaknesses.items())),
        "smt": {"control": "on", "active": True}, "microcode": {"revisions": [revision], "consistent": True}, "mitigation_options": [],
    }


def _guests(host: _Host, now: datetime) -> list[Document]:
    processes = []
    for number in range(host.rng.randint(1, 4) if host.is_hypervisor else 0):
        stale = host.stale_qemu and number == 0
        processes.append({
            "pid": 2000 + host.rng.randint(0, 60000), "component": "qemu", "exe": "/usr/bin/qemu-system-x86_64", "deleted": stale,
            "version": host.platform.qemu[-2 if stale else -1], "version_how": "package history" if stale else "package", "stale": stale,
            "reason": "the binary was replaced after the process started" if stale else "",
            "started_at": _iso(now - timedelta(days=host.rng.randint(1, max(host.uptime_days, 2)) - 0.5)),
            "guest": f"vm-{host.hex(6)}", "machine_type": "pc-q35-5.2" if host.rng.random() < 0.05 else "pc-q35-7.2"})
    return processes


def _hypervisor_facts(host: _Host, now: datetime) -> Document:
    processes = _guests(host, now)
    module = "kvm_amd" if host.cpu[0] == "AuthenticAMD" else "kvm_intel"
    types = sorted({process["machine_type"] for process in processes})
    component = {"name": "qemu", "package": "qemu-system-x86", "version": host.platform.qemu[-1],
                 "path": "/usr/bin/qemu-system-x86_64", "build_id": host.hex(40)}
    return {
        "is_host": host.is_hypervisor, "is_guest": not host.is_hypervisor, "under": "none" if host.is_hypervisor else "kvm",
        "ladder": {"rung": "device" if host.is_hypervisor else "none", "asked": "device",
                   "failed": "" if host.is_hypervisor else "the processor shows neither svm nor vmx"},
        "kvm": {"loaded": host.is_hypervisor, "modules": ["kvm", module] if host.is_hypervisor else [],
                "parameters": {f"{module}.nested": "0", "kvm.nx_huge_pages": "auto"} if host.is_hypervisor else {}},
        "components": [component] if host.is_hypervisor else [], "processes": processes,
        "machine_types": types, "deprecated_machine_types": [name for name in types if name == "pc-q35-5.2"],
    }


_IMAGES = ("registry.example.net/shop/web:412", "registry.example.net/shop/api:98", "registry.example.net/infra/node-exporter:1.8", "postgres:16")
_CONTAINERD = {"debian": "1.6.20~ds1-1+deb12u1", "redhat": "1.7.27-3.1.el9", "suse": "1.7.27-150000.123.1"}


def _container(host: _Host, number: int, now: datetime) -> Document:
    """One container of a node: most are behind Kata, some share the kernel, a few of these are privileged."""
    shares = host.rng.random() < 0.12
    return {
        "id": host.hex(64), "engine": "containerd", "namespace": "k8s.io", "sandbox": host.hex(64), "is_pod": False,
        "name": f"shop/app-{number}", "image": host.rng.choice(_IMAGES), "runtime": "runc" if shares else "kata",
        "shim": "/usr/bin/containerd-shim-runc-v2" if shares else "/opt/kata-4.1.0/bin/containerd-shim-kata-v2",
        "isolation": "host_kernel" if shares else "kata", "reason": "", "pid": 3000 + number if shares else None,
        "privileged": shares and host.rng.random() < 0.05, "host_pid": False, "host_network": shares and host.rng.random() < 0.2, "user": 0,
        "nested": False,
        "started_at": _iso(now - timedelta(hours=host.rng.randint(1, 900)))}


def _containers_facts(host: _Host, now: datetime) -> Document:
    items = [_container(host, number, now) for number in range(host.rng.randint(4, 14) if host.role == "k8s" else 0)]
    sharing = [item for item in items if item["isolation"] == "host_kernel"]
    engine = {"name": "containerd", "path": "/usr/bin/containerd", "package": "containerd", "version": _CONTAINERD[host.platform.family],
              "running": True, "pid": 800, "started_at": _iso(now - timedelta(days=host.uptime_days - 0.5)), "stale": False, "reason": ""}
    return {
        "engines": [engine] if host.role == "k8s" else [], "items": items, "unlisted": 0, "unexplained": [], "nested_shims": 0,
        "counts": {"host_kernel": len(sharing), "sandboxed": len(items) - len(sharing), "unknown": 0,
                   "privileged": sum(item["privileged"] for item in sharing), "host_pid": 0, "nested": 0, "unexplained": 0},
    }


def _sandbox(host: _Host, item: Document, old: bool) -> Document:
    tree = "/opt/kata-4.0.0" if old else "/opt/kata-4.1.0"
    reasons = [f"{part}: it is of {tree}, in force is /opt/kata-4.1.0" for part in ("shim", "vmm", "guest kernel")] if old else []
    return {
        "id": item["sandbox"], "namespace": "k8s.io", "version": tree[10:], "shim": f"{tree}/bin/containerd-shim-kata-v2",
        "shim_pid": 4000 + host.rng.randint(0, 50000), "vmm": f"{tree}/bin/qemu-system-x86_64", "vmm_pid": 4000 + host.rng.randint(0, 50000),
        "vmm_name": "qemu", "virtiofsd": f"{tree}/libexec/virtiofsd", "virtiofsd_pid": 4000 + host.rng.randint(0, 50000),
        "guest_kernel": "6.18.20-199" if old else "6.18.35-202", "guest_image": None, "started_at": item["started_at"], "stale": old,
        "reasons": reasons}


def _kata_facts(host: _Host, items: list[Document]) -> Document:
    has = host.role == "k8s"
    lags = host.rng.random() < 0.15
    sandboxes = [_sandbox(host, item, lags and host.rng.random() < 0.3) for item in items if item["isolation"] == "kata"]
    handler = {"engine": "containerd", "name": "kata", "shim": "/opt/kata/bin/containerd-shim-kata-v2", "config": None,
               "source": "/etc/containerd/conf.d/50-firebreak-kata.toml", "dead": "", "loaded": True}
    tree = {"path": "/opt/kata-4.1.0", "version": "4.1.0", "in_force": True, "made_by": "firebreak"}
    return {
        "installed": has, "origin": "release" if has else "none", "version": "4.1.0" if has else None, "tree": "/opt/kata-4.1.0" if has else None,
        "flavours": ["go"] if has else [], "trees": [tree] if has else [], "other_installers": [], "components": [],
        "handlers": [handler] if has else [], "configurations": [], "sandboxes": sandboxes, "orphans": [], "leftovers": []}


_SOURCES = {
    "os.id": "/etc/os-release", "os.version_id": "/etc/os-release", "os.machine_id": "/etc/machine-id",
    "boot.boot_id": "/proc/sys/kernel/random/boot_id", "boot.cmdline": "/proc/cmdline",
    "kernel.running.release": "uname -r", "kernel.installed": "dpkg-query -W", "kernel.default_boot": "/boot/grub/grub.cfg",
    "kernel.available": "apt-cache policy", "live_patch.protection": "computed", "services.stale": "/proc",
    "cpu.vulnerabilities": "/sys/devices/system/cpu/vulnerabilities", "hypervisor.processes": "/proc",
    "containers.items": "/run/*/io.containerd.runtime.v2.task", "kata.sandboxes": "/proc", "kata.tree": "/opt/kata",
}


def record(host: _Host, now: datetime = SCANNED_AT) -> Document:
    """The record (schema firebreak.record/1) of one synthetic host."""
    names = ("os", "boot", "kernel", "live_patch", "services", "cpu", "hypervisor", "containers", "kata")
    containers = _containers_facts(host, now)
    boot = _boot_facts(host, now)
    release = host.platform.kernels[host.running].release
    return {
        "schema": "firebreak.record/1", "scanned_at": _iso(now),
        "scanner": {"version": "0.1.0", "python": "3.11.2", "uid": 0, "deadline_seconds": 60},
        "seconds": {name: round(host.rng.uniform(0.002, 0.08), 4) for name in names},
        "os": _os_facts(host), "boot": boot, "kernel": _kernel_facts(host), "cpu": _cpu_facts(host),
        "live_patch": live_patch(host.patching, host.platform.id, release), "services": services(host.patching, boot["booted_at"]),
        "hypervisor": _hypervisor_facts(host, now), "containers": containers, "kata": _kata_facts(host, containers["items"]),
        "evidence": dict(_SOURCES), "nulls": [],
    }


_LOST = (
    (0.025, "unreachable", "Failed to connect to the host via ssh: connect to host {name} port 22: No route to host"),
    (0.035, "python_too_old", "{name}: Python 3.6 or newer is wanted, seen: python3 (Python 3.4.3): status 75"),
    (0.045, "scan_failed", "{name}: the scan ended with status 1 and without a record: Permission denied"),
)


def judged_by(index: int) -> Effective:
    """The standard of host ``index``; every fifth host has a waiver of its own."""
    return WAIVED if index % 5 == 0 else EFFECTIVE


def document(index: int, seed: int = 2026, now: datetime = SCANNED_AT) -> Document:
    """The host document (schema firebreak.host/1) of host ``index``, judged as a scan judges it."""
    host = _Host(index, seed)
    lost = host.rng.random()
    failure, text = next(((failure, text) for share, failure, text in _LOST if lost < share), (None, None))
    seen = None if failure else record(host, now)
    if seen and index % 97 == 96:  # a cloned machine: two inventory names, one machine-id
        seen["os"]["machine_id"] = _Host(index - 1, seed).machine_id
    standard = judged_by(index)
    result = evaluate(seen, standard, now, failure)
    return {
        "schema": "firebreak.host/1", "host": host.name, "scanned_at": _iso(now), **result.as_data(), "standard": standard.sha256,
        "record": seen, "error": text.format(name=host.name) if text else None,
    }


def documents(count: int, seed: int = 2026, now: datetime = SCANNED_AT) -> Iterator[Document]:
    """The documents of a fleet of ``count`` hosts, one at a time."""
    for index in range(count):
        yield document(index, seed, now)


def fleet(items: Iterable[Document]) -> Fleet:
    """The fleet of these host documents, as a report has it."""
    loaded = (Loaded(str(item.get("host")), item) for item in items)
    return merge(loaded, [], {str(EFFECTIVE.sha256): STANDARD}, GENERATED_AT)


def write(directory: Path, count: int, seed: int = 2026, now: datetime = SCANNED_AT) -> None:
    """Lay the fleet out as a scan would: ``records/<host>.json`` and ``standards/<sha256>.json`` below ``directory``."""
    (directory / "records").mkdir(parents=True, exist_ok=True)
    (directory / "standards").mkdir(exist_ok=True)
    (directory / "standards" / f"{EFFECTIVE.sha256}.json").write_text(EFFECTIVE.canonical)
    for item in documents(count, seed, now):
        (directory / "records" / f"{item['host']}.json").write_text(json.dumps(item, sort_keys=True, separators=(",", ":")))


def main() -> None:
    """Write a fleet from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=2026)
    arguments = parser.parse_args()
    write(arguments.directory, arguments.count, arguments.seed)


if __name__ == "__main__":
    main()
