# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firmware that guests were booted with, against the file at its path now."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import guest_firmware
from hypervisor_world import NEW, NOW, QEMU, UPTIME, Machine, debian, elf

CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
STARTED = NOW - UPTIME + 50000.0
OWN = {"stat": ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 9, 800]}
CONTAINER = "it runs in a root file system of its own (a container)"
LIBVIRTS = '{"driver":"file","filename":"%s","node-name":"libvirt-pflash0-storage","read-only":true}'


def guest(*argv: str, program: str = QEMU, uid: int = 0) -> Machine:
    machine = debian().process(4242, program, [program, "-name", "guest=web1", "-machine", "pc-q35-7.2", *argv], 100, elf(NEW), uid=uid)
    machine.recording["listdir"] = {"/proc/4242/fd": []}
    machine.recording["read"]["/var/lib/dpkg/status"] += "\nPackage: ovmf\nStatus: install ok installed\nArchitecture: all\nVersion: 2022.11-6\n"
    machine.recording["read"]["/var/lib/dpkg/info/ovmf.list"] = f"{CODE}\n/usr/share/OVMF/OVMF_VARS_4M.fd\n"
    return machine.file(CODE, 70, b"code", mtime=STARTED - 9e6, ctime=STARTED - 9e5)


def holding(machine: Machine, link: str, inode: int, uid: int = 0) -> Machine:
    machine.recording["listdir"]["/proc/4242/fd"] = ["11"]
    machine.recording["readlink"]["/proc/4242/fd/11"] = link
    return machine.file("/proc/4242/fd/11", inode, b"code", uid=uid)


def rows(machine: Machine) -> list[dict[str, Any]]:
    return [row for row in machine.scan().facts["processes"] if row["component"] == "ovmf"]


@pytest.mark.parametrize(("link", "inode", "stale", "reason", "version"), [
    (CODE, 70, False, "", "2022.11-6"), (CODE + " (deleted)", 69, True, f"{CODE} was replaced since the guest was started", None)])
def test_a_guest_keeps_the_flash_that_it_was_started_with(link: str, inode: int, stale: bool, reason: str, version: str | None) -> None:
    """pve-devel 2026-04: the host's code image changes under all guests, and each has what it was started with."""
    row, = rows(holding(guest("-blockdev", LIBVIRTS % CODE), link, inode))
    assert (row["pid"], row["guest"], row["exe"]) == (4242, "web1", CODE)
    assert (row["stale"], row["reason"], row["version"]) == (stale, reason, version)


def test_firmware_of_any_name_is_told_by_its_place_on_the_command_line() -> None:
    own = "/var/lib/images/web1-code.img"
    machine = holding(guest("-drive", f"if=pflash,format=raw,readonly=on,file={own}"), own + " (deleted)", 69)
    row, = rows(machine)
    assert (row["exe"], row["stale"], row["reason"]) == (own, True, f"{own} was removed")


@pytest.mark.parametrize(("changes", "stale"), [
    ({"mtime": STARTED - 100.0, "ctime": STARTED - 100.0}, False), ({"mtime": STARTED + 100.0, "ctime": STARTED + 100.0}, True),
    ({"mtime": STARTED - 9e6, "ctime": STARTED + 100.0}, None)])
def test_firmware_that_was_read_once_is_judged_by_its_times(changes: dict[str, float], stale: bool | None) -> None:
    row, = rows(guest("-bios", CODE).file(CODE, 71, b"code", **changes))
    assert row["stale"] is stale


@pytest.mark.parametrize(("said", "stale"), [(STARTED - 9e5, False), (STARTED + 100.0, True), ("-", None), (0, None)])
def test_firmware_whose_inode_was_touched_is_judged_by_its_birth(said: Any, stale: bool | None) -> None:
    """A hard link, a new owner or a label moves the inode's time; a package's new file is born."""
    machine = guest("-bios", CODE).file(CODE, 71, b"code", mtime=STARTED - 9e6, ctime=STARTED + 100.0)
    machine.recording["run"][f"stat --dereference --format=%W {CODE}"] = [0, f"{said if isinstance(said, str) else int(said)}\n", ""]
    row, = rows(machine)
    assert row["stale"] is stale


def test_firmware_of_a_container_is_its_images_business() -> None:
    machine = holding(guest(), CODE, 69)
    machine.recording["stat"]["/proc/4242/root"] = OWN["stat"]
    row, = rows(machine)
    assert (row["stale"], row["reason"]) == (None, CONTAINER)


@pytest.mark.parametrize(("machine", "why"), [
    (holding(guest(), "/home/eve/OVMF_CODE.fd (deleted)", 69, uid=1000), "a user's own file"),
    (holding(guest(program="/home/eve/qemu-system-x86_64", uid=1000), CODE + " (deleted)", 69), "a user's own program"),
    (holding(guest(), "/usr/share/OVMF/OVMF_VARS_4M.fd (deleted)", 69), "variables are no code"), (guest("-kernel", "/boot/vmlinuz"), "no firmware")])
def test_what_decides_nothing(machine: Machine, why: str) -> None:
    assert rows(machine) == [], why


@pytest.mark.parametrize("name", [
    "OVMF.fd", "OVMF_CODE.secboot.fd", "OVMF_CODE_4M.ms.fd", "OVMF.amdsev.fd", "OVMF.inteltdx.secboot.fd", "OVMF_CODE_4M.secboot.qcow2",
    "AAVMF_CODE.no-secboot.fd", "QEMU_EFI.fd", "QEMU_EFI-silent-pflash.raw", "RISCV_VIRT_CODE.fd", "CLOUDHV.fd", "edk2-x86_64-secure-code.fd",
    "edk2-aarch64-code.fd", "ovmf-x86_64-ms-4m-code.bin", "aavmf-aarch64-code.bin"])
def test_names_of_code_as_distributions_have_them(name: str) -> None:
    assert guest_firmware.is_firmware(f"/usr/share/{name}")


@pytest.mark.parametrize("name", ["OVMF_VARS.fd", "OVMF_VARS_4M.ms.fd", "ovmf-x86_64-ms-vars.bin", "edk2-arm-vars.fd", "AAVMF_VARS.fd",
                                  "web1_VARS.fd"])
def test_names_of_variables(name: str) -> None:
    assert not guest_firmware.is_firmware(f"/usr/share/{name}")
