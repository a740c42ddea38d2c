# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs virtual machines on a host: programs on disk and processes."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..promises import Wanted, hold
from ..proof import Proof

# The programs that run guests themselves.
RUN_GUESTS = frozenset(("qemu", "cloud-hypervisor", "firecracker", "crosvm", "openvmm", "stratovirt", "kvmtool"))
# systemd's names (systemd-detect-virt) where the standard has others.
_NAMES = {"oracle": "virtualbox"}
# What systemd takes for plain KVM, or may, by the maker of the machine's ACPI tables.
_MAKERS = {"FIRECK": "firecracker", "CLOUDH": "cloud-hypervisor", "AMAZON": "amazon"}


class Program(NamedTuple):
    """A program on disk, and the package that brought it; both empty where none did."""

    kind: str
    path: str
    package: str
    version: str


class Process(NamedTuple):
    """A process; ``state`` says whether it runs what would be started now (installed), or not (replaced); apart: nobody knows."""

    kind: str
    pid: str
    program: str
    state: str
    machine: str


def programs(proof: Proof) -> list[Program]:
    """Every program for virtual machines in the folders of programs."""
    return [Program(*cells) for cells in proof.rows("programs") if len(cells) == 4]


def processes(proof: Proof) -> list[Process]:
    """Every process of such a program."""
    return [Process(*cells) for cells in proof.rows("monitors") if len(cells) == 5]


def is_promised(proof: Proof, wanted: Wanted, version: str) -> bool:
    """Whether a version is the promised one."""
    __tracebackhide__ = True
    return proof.compare(version, str(wanted.target)) >= 0 if wanted.form == "minimum" else version in wanted.accepted


def under(proof: Proof) -> str:
    """What the host runs under by systemd's word, and by its ACPI tables where that is KVM, in the standard's words."""
    __tracebackhide__ = True
    said, *tables = proof.says("under").split("\n")
    makers = {line.partition(" ")[2] for line in tables if line.startswith("maker ")}
    if said.strip() == "kvm":
        hold("hidden" not in makers, f"{proof.host} runs under KVM, and without root nobody can tell which monitor: its ACPI tables are root's")
        return next((name for maker, name in _MAKERS.items() if maker in makers), "kvm")
    return _NAMES.get(said.strip(), said.strip())


_SOFTWARE = re.compile(r"(?:[0-9]+:)?([0-9]+(?:\.[0-9]+){1,2})")


def hold_xen(proof: Proof, wanted: Wanted) -> None:
    """The Xen in force says its release; the revision of its package only shows where nothing was replaced since the boot."""
    __tracebackhide__ = True
    said = dict(line.split(" ", 1) for line in proof.says("xen").splitlines())
    if not said:
        return
    packages = [program.version for program in programs(proof) if program.kind == "xen" and program.version]
    targets = packages if wanted.form == "rule" else [str(value) for value in wanted.accepted]
    releases = {match.group(1) for match in map(_SOFTWARE.match, targets) if match}
    running = said["version"]
    later = wanted.form == "minimum" and all(proof.compare(running, release) > 0 for release in releases)
    hold(running in releases or later, f"{proof.host} runs Xen {running}; the standard promises {wanted} ({', '.join(targets)})")
    hold("replaced" not in said, f"{proof.host} runs Xen {running}, whose image was replaced since the boot, so nobody can tell its revision")
    is_plain = all(target in releases for target in targets)
    hold(later or is_plain or any(target in packages for target in targets),
         f"{proof.host} runs Xen {running}, which does not tell whether it is {' or '.join(targets)}")


def machine_types(proof: Proof) -> set[str]:
    """The machine types of all guests, running, defined and saved, by the names that the installed QEMU has for what they say."""
    rows = [line.split() for line in proof.says("machine_types").splitlines()]
    aliases = {cells[1]: cells[2] for cells in rows if cells[0] == "alias" and len(cells) == 3}
    default = next((cells[1] for cells in rows if cells[0] == "default"), "")
    running = {process.machine or default for process in processes(proof) if process.kind == "qemu"}
    return {aliases.get(name, name) for name in running | set(proof.says("machines_defined").split())}


def known_machine_types(proof: Proof, word: str) -> set[str]:
    """What the installed QEMU "has", or calls "deprecated"."""
    return {cells[1] for cells in map(str.split, proof.says("machine_types").splitlines()) if cells[0] == word}
