# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of the machine that runs the tests says what this machine's own commands say.

Each fact is asked for a second time in another way than the scan's. A fact that this machine does not have must be null with a reason.
"""

from __future__ import annotations

import calendar
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost
from ansible_collections.firebreak.fleet.plugins.module_utils._scan import scan


def _sh(script: str) -> str | None:
    """What a shell prints, without the last newline; None where it prints nothing."""
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "LC_ALL": "C"})
    return done.stdout.rstrip("\n") or None


def _os_release(name: str) -> str | None:
    return _sh(f'. /etc/os-release; printf %s "${name}"')


def _number(script: str) -> int | None:
    text = _sh(script)
    return int(text) if text else None


def _module_parameter(name: str) -> str | None:
    return _sh(f"cat /sys/module/{name.replace('.', '/parameters/')} 2>/dev/null")


def _vulnerability_files() -> dict[str, str]:
    lines = (_sh("cd /sys/devices/system/cpu/vulnerabilities && grep -H . * || true") or "").splitlines()
    return dict(line.split(":", 1) for line in lines)


def _installed_images() -> list[str]:
    """Packages that hold a kernel image, as the package manager's own command line tells."""
    deb = _sh("dpkg-query -W -f '${db:Status-Abbrev}${Package}\\n' 'linux-image-[0-9]*' 2>/dev/null | sed -n 's/^.i. *//p' | grep -v -- -dbg")
    rpm = _sh("rpm -q --whatprovides kernel-uname-r --qf '%{NAME}\\n' 2>/dev/null | grep -v 'no package'")
    return sorted((deb or rpm or "").split())


# fact -> another way to learn it. Each says None where this machine cannot tell.
WAYS: dict[str, Callable[[], Any]] = {
    "os.id": lambda: _os_release("ID"),
    "os.version_id": lambda: _os_release("VERSION_ID"),
    "os.version_codename": lambda: _os_release("VERSION_CODENAME"),
    "os.name": lambda: _os_release("NAME"),
    "os.pretty_name": lambda: _os_release("PRETTY_NAME"),
    "os.support_end": lambda: _os_release("SUPPORT_END"),
    "os.id_like": lambda: (_os_release("ID_LIKE") or "").split(),
    "os.architecture": lambda: _sh("uname -m"),
    "os.machine_id": lambda: _sh("cat /etc/machine-id"),
    "os.hostname": lambda: _sh("uname -n"),
    "boot.boot_id": lambda: _sh("cat /proc/sys/kernel/random/boot_id"),
    "boot.cmdline": lambda: _sh("cat /proc/cmdline"),
    "boot.kexec_loaded": lambda: _sh("cat /sys/kernel/kexec_loaded 2>/dev/null") == "1",
    "kernel.running.release": lambda: _sh("uname -r"),
    "kernel.running.version": lambda: _sh("uname -v"),
    "kernel.installed": _installed_images,
    "cpu.vendor": lambda: _sh("sed -n 's/^vendor_id[[:space:]]*: //p' /proc/cpuinfo | head -n 1"),
    "cpu.model": lambda: _sh("sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1"),
    "cpu.logical_cpus": lambda: _number("getconf _NPROCESSORS_ONLN"),
    "cpu.vulnerabilities": _vulnerability_files,
    "cpu.smt.control": lambda: _sh("cat /sys/devices/system/cpu/smt/control 2>/dev/null"),
    "cpu.smt.active": lambda: {"0": False, "1": True}.get(_sh("cat /sys/devices/system/cpu/smt/active 2>/dev/null") or ""),
    "cpu.microcode.revisions": lambda: (_sh("sed -n 's/^microcode[[:space:]]*: //p' /proc/cpuinfo | sort -u") or "").split() or None,
    "hypervisor.is_guest": lambda: {"1": True}.get(_sh("grep -c -m 1 '^flags.* hypervisor' /proc/cpuinfo") or "", False),
    "hypervisor.kvm.loaded": lambda: Path("/sys/module/kvm").is_dir(),
    "hypervisor.kvm.modules": lambda: sorted((_sh("ls /sys/module | grep -E '^kvm(_|$)'") or "").split()),
}


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    return scan.scan(LiveHost(), [], {"available": True, "hypervisor_probe": "device"})


def _fact(record: dict[str, Any], path: str) -> Any:
    value: Any = record
    for key in path.split("."):
        value = None if value is None else value[key]
    return value


def _comparable(path: str, value: Any) -> Any:
    """A fact in the form in which the other way tells it."""
    if value is None:
        return None
    if path == "kernel.installed":
        return sorted(item["package"] for item in value)
    if path == "cpu.vulnerabilities":
        return {name: item["raw"] for name, item in value.items()}
    return sorted(value) if path in ("hypervisor.kvm.modules", "cpu.microcode.revisions") else value


def _reason(record: dict[str, Any], path: str) -> str | None:
    return next((null["reason"] for null in record["nulls"] if path == null["fact"] or path.startswith(null["fact"] + ".")), None)


@pytest.mark.parametrize("path", sorted(WAYS))
def test_fact_is_what_this_machine_says(record: dict[str, Any], path: str) -> None:
    seen, wanted = _comparable(path, _fact(record, path)), WAYS[path]()
    if wanted is None:
        assert seen is None
        assert _reason(record, path), f"{path} is null without a reason"
    else:
        assert seen == wanted


def test_at_least_25_facts_are_compared() -> None:
    assert len(WAYS) >= 25
    assert sum(way() is not None for way in WAYS.values()) >= 18


def test_times_are_those_of_this_boot(record: dict[str, Any]) -> None:
    booted = calendar.timegm(time.strptime(record["boot"]["booted_at"], "%Y-%m-%dT%H:%M:%SZ"))
    btime = int(re.findall(r"^btime (\d+)$", Path("/proc/stat").read_text(), re.MULTILINE)[0])
    assert abs(booted - btime) <= 2
    assert abs(record["boot"]["uptime_seconds"] - float(Path("/proc/uptime").read_text().split()[0])) < 60


def test_kvm_parameters_are_those_of_the_modules(record: dict[str, Any]) -> None:
    parameters = record["hypervisor"]["kvm"]["parameters"] or {}
    assert {name: _module_parameter(name) for name in parameters} == parameters


def test_no_section_failed_or_was_late(record: dict[str, Any]) -> None:
    assert [null for null in record["nulls"] if null["reason"] in ("section_failed", "deadline")] == []
